"""The judges of calibration and release: biased judges, prompt changes, slices, crashes, histories."""

from desk import FIRST
from judges import KINDS, marks_for
from judging import ran
from stage import USUAL

from judgekit import drawn

SLICES = list(USUAL)


def choose_of(play, rng, worlds):
    """Fail where choose takes another judge than the right one. A world: (habits, the place of the right one or None, why)."""
    for habits, right, why in worlds:
        names = rng.sample(["anna", "bella", "carl", "dora", "emil", "fred", "gina", "hugo"], len(habits))
        offered = {name: {"habit": habit, "cents": cents} for name, (habit, cents) in zip(names, habits, strict=True)}
        (state,) = play(["calibration"], [{"choose": offered, "seed": rng.randrange(10**6)}])
        ran(state, "choose, with other judges")
        expected = None if right is None else names[right]
        taken = None if state["value"] is None else offered.get(state["value"], {"habit": "nobody's"})
        assert state["value"] == expected, (
            f"of judges with the habits {', '.join(habit for habit, _ in habits)} choose takes "
            f"{'none' if taken is None else 'the one that is ' + taken['habit']}, expected "
            f"{'none' if right is None else f'the {habits[right][0]} one for {habits[right][1]} cents'}: {why}"
        )


def judge_biased(play):
    """Event 1."""
    rng = drawn("biased")
    length, place = (
        "a judge that likes a length passes wrong answers of that length",
        "a judge that likes a place says nothing about the answers",
    )
    worlds = [
        ([("long", 0.1), ("fair", 0.5), ("fair", 0.3)], 2, f"{length}; among fair ones the cheapest is taken"),
        ([("short", 0.1), ("fair", 0.6)], 1, f"{length}, also of short ones"),
        ([("first", 0.1), ("fair", 0.2)], 1, place),
        ([("fair", 0.9), ("second", 0.2)], 0, f"{place}, also of the second place"),
        ([("long", 0.3), ("second", 0.1), ("short", 0.2), ("first", 0.4)], None, "none of them can be trusted"),
        ([("fair", 0.2)], 0, "a fair judge slips now and then"),
    ]
    choose_of(play, rng, worlds)


def judge_blind(play):
    """Event 2."""
    rng = drawn("blind")
    one, two, three = rng.sample(KINDS, 3)
    blind = "it agrees with people in nine of ten, and of one kind it knows nothing: look at each kind by itself"
    choose_of(
        play,
        rng,
        [
            ([(f"blind:{one}", 0.1), ("fair", 0.5)], 1, blind),
            ([(f"blind:{two}", 0.1), (f"harsh:{three}", 0.1)], None, blind),
            ([("fair", 0.7), (f"harsh:{one}", 0.2)], 0, blind),
            (
                [("yes", 0.01), ("dice", 0.02)],
                None,
                "three in four answers are right, so a judge that says yes to all agrees in three of four",
            ),
            ([("yes", 0.01), ("fair", 0.02)], 1, "a judge that says yes to all says nothing"),
            (
                [("loose", 0.1), ("fair", 0.5)],
                1,
                "it agrees in three of four, and chance alone agrees in nearly six of ten: its kappa is 0.4",
            ),
        ],
    )


def change(play, what, quality, decision, why, seed, judges=None):
    """Fail where a prompt is not decided about as it should be."""
    steps = [{"judges": judges}] if judges else []
    steps += [{"propose": ["m-1", "Another prompt.", "a change"], "quality": quality}]
    state = play(["release"], steps, seed)[-1]
    ran(state, f"propose, {what}")
    live = 2 if decision == "shipped" else 1
    said = (state["value"] or {}).get("decision")
    assert (said, state["live"]) == (decision, live), (
        f"{what}: propose says {said}, and version {state['live']} is live; expected {decision} and version {live}. {why}"
    )
    last = state["releases"][-1]
    assert (last["id"], last.get("decision")) == ("m-1", decision), (
        f"{what}: the journal's last entry on releases is {last}, expected one for m-1 with {decision}"
    )


def level(share):
    """Return a quality that is the same in all slices."""
    return dict.fromkeys(SLICES, share)


def moved(**by):
    """Return the usual quality, moved."""
    return {name: min(1.0, max(0.0, value + by.get(name, by.get("all", 0.0)))) for name, value in USUAL.items()}


def judge_changes(play):
    """Event 3."""
    rng = drawn("changes")
    gains = lambda quality, seed: sum(  # noqa: E731
        new["mark"] - old["mark"]
        for new, old in zip(marks_for("Another prompt.", quality, "fair", seed), marks_for(FIRST, USUAL, "fair", seed), strict=True)
    )
    nine = moved(prices=0.15, times=0.15, unknown=0.15)
    fair, flattering = {"habit": "fair", "cents": 0.4}, {"habit": "long", "cents": 0.1}
    change(play, "a prompt that is better everywhere", moved(all=0.18), "shipped", "", rng.random())
    change(
        play,
        "a prompt with some nine more right of 80 and none fewer",
        nine,
        "shipped",
        "Compared question by question it is proven; drawn apart it is not.",
        _seed_for([{"propose": ["ship", "Another prompt."], "quality": nine}], rng),
    )
    noise = moved(prices=0.15, times=-0.05, unknown=-0.05)
    seeds = [seed for seed in (rng.random() for _ in range(60)) if 1 <= gains(noise, seed) <= 2]
    change(
        play,
        "a prompt with one or two more right of 80, some won and some lost",
        noise,
        "refused",
        "That may be chance: the interval of the paired difference holds 0.",
        seeds[0],
    )
    change(play, "a prompt that is worse", moved(all=-0.08), "refused", "", rng.random())
    worse = {**moved(all=-0.09), "pleases": ["long"]}
    change(
        play,
        "a wordy prompt that is worse, and a judge on offer that likes long answers",
        worse,
        "refused",
        "The judge is the one that calibration.choose names.",
        rng.random(),
        {"bella": flattering, "anna": fair},
    )
    change(
        play,
        "a better prompt while no judge can be trusted",
        moved(all=0.18),
        "refused",
        "Without a judge nothing is known.",
        rng.random(),
        {"dice": {"habit": "dice", "cents": 0.1}},
    )


def judge_slices(play):
    """Event 4."""
    rng = drawn("slices")
    for part in SLICES:
        quality = {**moved(all=0.3), part: USUAL[part] - rng.uniform(0.2, 0.3)}
        change(
            play,
            f"a prompt that is better, and worse in the slice {part}",
            quality,
            "refused",
            "The riders of that slice are answered worse, whatever the mean says.",
            rng.random(),
        )
        quality = {**moved(all=0.3), part: USUAL[part] - 0.02}
        change(
            play,
            f"a prompt that is better, and the same in the slice {part} but for a question",
            quality,
            "shipped",
            "One of twenty is within what a slice may lose.",
            rng.random(),
        )


def told(state):
    """Return the version that the journal names last as shipped or gone back to."""
    return [one["version"] for one in state["releases"] if one["what"] == "rollback" or one["decision"] == "shipped"][-1]


def judge_crashes(play):
    """Event 5."""
    rng = drawn("crashes")
    usual, good, better = {"usual": level(0.2)}, level(0.5), level(0.8)  # so far apart that any gate ships them
    first = {"propose": ["m-1", "Be brief.", "first"], "quality": good}
    for what, again, effects in [
        ("a release", {"propose": ["m-2", "Be brief and kind.", "second"], "quality": better}, 6),
        ("a refused release", {"propose": ["m-2", "Be long.", "second"], "quality": level(0.2)}, 3),
        ("a rollback", {"rollback": ["m-2", "complaints"]}, 5),
    ]:
        for number in range(1, effects + 1):
            restart = [{"start": True, "kill": ["any", 1]}] if number % 2 else []
            later = [] if what == "a rollback" else [{"rollback": ["m-3", "back"]}]  # there, nothing is left to go back to
            steps = [first, {**again, "kill": ["any", number]}, *restart, {"start": True}, again, *later]
            states = play(["release"], [usual, *steps], rng.random())[1:]
            where = f"{what}, killed after its effect {number}"
            for state in states:
                ran(state, where)
            if not states[1]["killed"]:
                break
            started, resent = states[2 + len(restart)], states[3 + len(restart)]
            assert started["live"] == told(started), (
                f"{where}, and started again: version {started['live']} is live, and the journal names {told(started)} last. An intent is written first, and finished at the start."
            )
            ids = [one["id"] for one in resent["releases"]]
            assert ids == ["first", "m-1", "m-2"], (
                f"{where}, started, and the message again: the journal tells of {ids}, expected each message once"
            )
            texts = [one["text"] for one in resent["versions"]]
            assert len(texts) == len(set(texts)), (
                f"{where}, started, and the message again: a text is registered twice, {len(texts)} versions of {len(set(texts))} texts"
            )
            right = {"a release": 3, "a refused release": 2, "a rollback": 1}[what]
            assert resent["live"] == told(resent) == right, (
                f"{where}, started, and the message again: version {resent['live']} is live, the journal names {told(resent)}, expected {right}"
            )
            expected = {"a release": 2, "a refused release": 1, "a rollback": 1}[what]
            live = states[-1]["live"]
            assert live == expected, f"{where}, later called back: version {live} is live, expected {expected}"


def judge_history(play):
    """Event 6."""
    rng = drawn("history")
    steps, expected, bad_after, seed = [], [], rng.choice([3, 4]), rng.random()
    for number in range(2, 6):  # each so much better that any gate ships it
        steps.append({"propose": [f"ship {number}", f"Prompt {number}.", "better"], "quality": level(0.22 * number - 0.22)})
        if number == bad_after:
            steps.append({"propose": [f"bad {number}", "A bad prompt.", "worse"], "quality": level(0.02)})
    numbers = {}
    for step in steps:
        numbers.setdefault(step["propose"][1], len(numbers) + 2)
    live = [1]
    for step in steps:
        if step["propose"][0].startswith("ship"):
            live.append(numbers[step["propose"][1]])
        expected.append((live[-1], "what is better ships, what is worse does not"))
    for turn in range(2):
        gone = live.pop()
        back = {"rollback": [f"back {turn}", "complaints"]}
        steps += [back, back]
        expected += [(live[-1], "a rollback goes to what was live before"), (live[-1], "the same message again goes no further")]
    text = next(text for text, number in numbers.items() if number == gone)
    steps.append({"propose": ["once more", text, "again"], "quality": level(0.95)})
    expected.append((live[-1], "its text was called back"))
    steps.append({"propose": ["new", "Quite another prompt.", "new"], "quality": level(0.95)})
    live.append(len(numbers) + 2)
    expected.append((live[-1], "it is much better"))
    for turn in range(2, 2 + len(live) - 1):
        live.pop()
        steps.append({"rollback": [f"back {turn}", "complaints"]})
        expected.append((live[-1], "what was called back is never gone back to"))
    usual = {"usual": level(0.02)}
    states = play(["release"], [usual, *steps], seed)[1:]
    for step, state, (right, why) in zip(steps, states, expected, strict=True):
        kind = next(iter(step))
        ran(state, f"{kind} {step[kind][0]}")
        assert state["live"] == right, f"after {kind} {step[kind][0]!r} version {state['live']} is live, expected {right}: {why}"
    last = play(["release"], [usual, *steps, {"rollback": ["one more", "complaints"]}], seed)[-1]
    assert last["error"] and last["error"].startswith(("LookupError", "KeyError", "IndexError")) and last["live"] == 1, (
        f"no version was live before, and rollback: {last['error'] or last['value']}, version {last['live']} is live; expected a LookupError and version 1"
    )
    _again(play, rng)
    assert len(last["releases"]) == len(states[-1]["releases"]), "a rollback that could not be done stands in the journal"


def _again(play, rng):
    """Fail where a version that was called back lives again, since it had been live twice."""
    steps = [
        {"propose": ["ship one", "Prompt one.", "better"], "quality": level(0.35)},
        {"propose": ["ship two", "Prompt two.", "better"], "quality": level(0.65)},
        {"propose": ["ship three", "Prompt one.", "it learnt"], "quality": level(0.95)},
        {"rollback": ["four", "complaints"]},
        {"rollback": ["five", "complaints"]},
    ]
    states = play(["release"], [{"usual": level(0.1)}, *steps], rng.random())[1:]
    for step, state, right in zip(steps, states, [2, 3, 2, 3, 1], strict=True):
        kind = next(iter(step))
        ran(state, f"{kind} {step[kind][0]}")
        assert state["live"] == right, (
            f"a text was live, then another, then the first again; after {kind} {step[kind][0]!r} version {state['live']} is live, expected {right}: a text that is there is no new version, and what was called back is never gone back to"
        )


def _seed_for(steps, rng):
    """Return a seed with which chance decides nothing: whatever should ship surely does."""
    return next(seed for seed in (rng.random() for _ in range(500)) if _all_ship(steps, seed))


def _all_ship(steps, seed):
    """Return whether each prompt that should ship wins five questions or more against the last, and loses none."""
    live = marks_for(FIRST, USUAL, "fair", seed)
    for step in steps:
        new = marks_for(step["propose"][1], step["quality"], "fair", seed)
        gains = [a["mark"] - b["mark"] for a, b in zip(new, live, strict=True)]
        if step["propose"][0].startswith("ship"):
            if gains.count(1) < 5 or -1 in gains:
                return False
            live = new
    return True
