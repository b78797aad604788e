"""The judges of the provider's outages."""

from itertools import pairwise

from desk import draw_city
from judging import ran

from judgekit import drawn

SMALL, LARGE = "metro-small", "metro-large"


def question(rng):
    """Return a question, with its article, as a step."""
    city, known = draw_city(rng.randrange(10**9))
    one = rng.choice([one for one in known if one["fact"] in ("day-cost", "basket-load", "pause-time", "refund-days", "child-age")])
    return {"case": [one["question"], [next(each for each in city if each["id"] == one["article"])], "OWL-3300"]}


def judge_outages(play):
    """Event 13."""
    rng = drawn("outages")
    after = rng.uniform(1.5, 2.4)
    plays = [
        ("it is well after 3 seconds of 503", [{"what": 503, "until": rng.uniform(2, 2.9)}], None),
        ("two answers are lost on the way", [{"what": "lost", "times": 1}, {"what": 500, "times": 1}], None),
        ("429 with a Retry-After that can be waited for", [{"what": 429, "until": after, "after": after}], None),
        (
            "429 for a minute, with a Retry-After of 30 seconds, at the large model",
            [{"what": 429, "until": 60, "after": 30, "model": LARGE}],
            SMALL,
        ),
        ("the large model hangs for a minute", [{"what": "hang", "until": 60, "model": LARGE}], SMALL),
        ("the large model says 503 for a minute", [{"what": 503, "until": 60, "model": LARGE}], SMALL),
        (
            "the large model hangs, and the small one fails once",
            [{"what": "hang", "until": 60, "model": LARGE}, {"what": 503, "times": 1, "model": SMALL}],
            SMALL,
        ),
        ("all hangs", [{"what": "hang", "until": 60}], "not now"),
        ("all says 429, with a Retry-After of 20 seconds", [{"what": 429, "until": 60, "after": 20}], "not now"),
        *((f"{status}", [{"what": status}], "final") for status in (400, 401, 404)),
    ]
    for what, outages, who in plays:
        state = play(["outage"], [{"outages": outages}, question(rng)], rng.random())[1]
        ran(state, what)
        how, _ = state["value"]
        calls = state["calls"]
        assert state["seconds"] <= 8.001, f"{what}: the rider waits {state['seconds']:.1f} s, expected 8 at most, all tries together"
        assert len(calls) <= 16, f"{what}: one question made {len(calls)} calls: between two tries there is a pause, and it grows"
        if who in ("not now", "final"):
            assert how == "not now", f"{what}: the rider gets {how!r}, expected 'not now'"
            assert who != "final" or len(calls) == 1, (
                f"{what}: one question made {len(calls)} calls, expected 1: what will not pass is not tried again, nor asked of another model"
            )
        else:
            assert how == "model", (
                f"{what}: the rider gets {how!r}, and an answer could be had within the 8 s (all tries were over after {state['seconds']:.1f} s)"
                + (" from the small model" if who == SMALL else "")
            )
            assert who in (None, calls[-1]["model"]), f"{what}: {calls[-1]['model']} answered, expected {who}"
        asked = [outage.get("after") for outage in outages if outage.get("after")]
        for before, later in pairwise(calls):
            if before["what"] == 429 and before["model"] == later["model"] and asked:
                assert later["now"] - before["now"] >= asked[0] - 0.01, (
                    f"{what}: the next try came after {later['now'] - before['now']:.2f} s, and the provider had asked for {asked[0]:.2f}"
                )


def judge_single_failures(play, rng):
    """Fail where failures add up that minutes and answers lie between."""
    steps = []
    for times in [1] * 7 + [2]:
        steps += [{"wait": 120}, {"outages": [{"what": 503, "times": times}]}, question(rng)]
    for state in play(["outage"], steps, rng.random())[2::3]:
        ran(state, "single failures")
        used = list(dict.fromkeys(call["model"] for call in state["calls"]))
        assert used == [LARGE] and state["value"][0] == "model", (
            f"eight questions, two minutes apart; the first try fails, the next is well, and asked are {used}, expected {LARGE} alone: a success ends the row of failures"
        )


def judge_long_outage(play):
    """Event 14."""
    rng = drawn("long outage")
    judge_single_failures(play, rng)
    for what, model in (("hang", LARGE), (503, None)):
        steps = [{"outages": [{"what": what, "model": model, "until": 600}]}]
        for _ in range(140):
            steps += [question(rng), {"wait": 5}]
        states = play(["outage"], steps, rng.random())
        end = states[0]["now"] + 600
        there = [(state, step) for state, step in zip(states, steps, strict=True) if "case" in step]
        where = f"ten minutes in which {model or 'each model'} {'hangs' if what == 'hang' else 'says 503'}"
        for state, _ in there:
            ran(state, where)
        during = [state for state, _ in there if state["now"] <= end]
        for name in [model] if model else [LARGE, SMALL]:
            calls = sum(call["model"] == name and call["now"] < end for state, _ in there for call in state["calls"])
            assert calls <= 60, (
                f"{where}: {len(during)} questions made {calls} calls to {name}, expected 60 at most. Leave it alone for a while; what the breaker knows must be there when the next process starts"
            )
        waits = sum(state["seconds"] for state in during) / len(during)
        assert waits <= 2.0, (
            f"{where}: riders wait {waits:.1f} s on average, expected 2 s at most: who knows that it is down need not wait for it"
        )
        if model:
            lost = sum(state["value"][0] != "model" for state in during)
            assert lost == 0, f"{where}: {lost} of {len(during)} riders got no answer, and the small model was well"
        later = [state for state, _ in there if state["now"] > end + 70]
        for state in later:
            ran(state, f"after {where}")
            used = state["calls"][-1]["model"] if state["calls"] else "none"
            assert state["value"][0] == "model" and used == LARGE, (
                f"a minute after {where} {used} answers, expected {LARGE}: the breaker must let a try through"
            )


def judge_bill(play):
    """Event 15."""
    rng = drawn("bill")
    for what, outages in [
        ("one answer is lost", [{"what": "lost", "times": 1}]),
        ("two answers are lost", [{"what": "lost", "times": 2}]),
        ("the large model's answers are all lost", [{"what": "lost", "model": LARGE, "until": 60}]),
    ]:
        state = play(["outage"], [{"outages": outages}, question(rng)], rng.random())[1]
        ran(state, what)
        for name in (LARGE, SMALL):
            paid = sum(call["euros"] > 0 for call in state["calls"] if call["model"] == name)
            assert paid <= 1, f"{what}: {name} was paid {paid} times for one question. The tries of one piece of work have one key"
        refused = [call for call in state["calls"] if call["what"] == 409]
        assert not refused, f"{what}: the provider refused a call with 409: a key that had been used for another piece of work"
        assert state["value"][0] == "model", f"{what}: the rider gets {state['value'][0]!r}, and an answer could be had"
    states = play(["outage"], [question(rng) for _ in range(4)], rng.random())
    for state in states:
        ran(state, "four questions")
        assert state["value"][0] == "model" and not [call for call in state["calls"] if call["what"] == 409], (
            "four questions, and one was refused with 409: another question is another piece of work, with a key of its own"
        )
