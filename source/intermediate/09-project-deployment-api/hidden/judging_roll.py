"""The judge of the roll: versions that behave and versions that do not, and what must be left in the end."""

from judging import once

from judgekit import drawn


def roll_scenarios():
    """Return for each scenario: its plan, its requests, whether it should succeed, and the patience."""
    chance = drawn("roll")
    ask = lambda ms: {"ask": ["POST", f"/v1/predict?{ms}", {}]}  # noqa: E731
    busy = [ask(chance.choice([20, 30, 40])), ask(chance.choice([350, 400])), ask(25), ask(10)]
    quick = [ask(15), ask(30)]
    return {
        "a good version, with slow requests under way": ({"2": {"READY_SECONDS": chance.choice([0.15, 0.25])}}, busy, True, 2.0),
        "a version that gets ready when the patience is long over": ({"2": {"READY_SECONDS": 3.5}}, quick, False, 1.0),
        "a version that dies while it starts": ({"2": {"DIES": "yes"}}, quick, False, 7.0),
        "a version that loads another model than it was asked for": ({"2": {"LOADS": "1"}}, quick, False, 1.0),
        "a version of which the second instance never gets ready": ({"2": {}, "2 #3": {"READY_SECONDS": "never"}}, busy, False, 1.5),
        "a good version, while one request takes for ever": (
            {"2": {}},
            [ask(20), ask(30), ask(20), {**ask(11_000), "once": True}],
            True,
            1.2,
        ),
    }


def play_rolls(play):
    """Play all scenarios to the learner's roll, at once."""
    asked = [{"plans": plans, "requests": requests, "patience": patience} for plans, requests, _, patience in roll_scenarios().values()]
    return once("rolls", lambda: dict(zip(roll_scenarios(), play(asked), strict=True)))


def judge_roll(play, names):
    """Fail where a roll lost a request, ended in another state, or left something running."""
    for name, (_, _, good, patience) in roll_scenarios().items():
        if not any(part in name for part in names):
            continue
        record = play_rolls(play)[name]
        assert not record["why"], f"{name}: your roll stopped with {record['why']}"
        stuck = "for ever" in name
        lost = [a for a in record["answers"] if a["status"] != 200 and not (stuck and a["seconds"] > patience)]
        assert not lost, (
            f"{name}: {len(lost)} of {len(record['answers'])} requests were lost (status {lost[0]['status']}). History: {_told(record)}"
        )
        expected = "2" if good else "1"
        serving = [list(pair) for pair in record["serving"]]
        assert serving == [[expected, expected]] * 2, (
            f"{name}: in the end these instances serve (asked for, loaded): {serving}, expected two of version {expected}. History: {_told(record)}"
        )
        assert record["alive"] == 2, (
            f"{name}: {record['alive']} processes are left running, expected the two that serve. History: {_told(record)}"
        )
        assert record["fewest"] >= 2, (
            f"{name}: at some time only {record['fewest']} instance served. Add the new one before you remove the old one. History: {_told(record)}"
        )
        assert "not ready" not in [what for what, _ in record["history"]], (
            f"{name}: an instance was added before it was ready. History: {_told(record)}"
        )
        assert record["result"] is good, f"{name}: roll returned {record['result']!r}, expected {good}."
        assert "dies" not in name or record["took"] < patience - 2, (
            f"{name}: the roll took {record['took']:.1f} s, with a patience of {patience:g} s. A process that has died will never get ready: who waits for it, and how long?"
        )
        limit = 3 * patience + 4
        assert record["took"] < limit, (
            f"{name}: the roll took {record['took']:.1f} s, with a patience of {patience} s. What did it wait for?"
        )


def _told(record):
    return ", ".join(f"{what} {version}" for what, version in record["history"])[:300]
