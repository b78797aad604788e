"""Judges of a whole spring: the six parts of the learner's release together. Each event is played by itself, so that one loss is one."""

import world
from judging import begun, new_world, one_version, same, whats
from judging_audit import FIELDS, hashed
from trail import START

BEGIN = {"start": True, "by": "timer", "at": "2026-05-04T11:00:00Z"}


def call(part, function, *arguments):
    """Return the step that calls a function of a part, or of the stage."""
    return {"call": [part, function, list(arguments)], "by": "Ada", "at": "2026-05-04T10:00:00Z"}


def played(rehearse, name, scenes):
    """Return how things are after each step of each scene; `scenes` makes lists of (what it is, step) from the city."""
    seed, there = new_world(f"spring {name}")
    plans = scenes(there)
    told = rehearse("release", seed, [[step for _, step in scene] for scene in plans])
    for scene, states in zip(plans, told, strict=True):
        for (what, step), state in zip(scene, states, strict=True):
            if "crash" not in step:
                begun(state, f"Event {name!r}: at {what} it stopped")
    return told


def good(there, name="e-01", first="2026-03-02", factor=1.3, **crash):
    """Return the step in which trips come that take longer than in the winter."""
    return {"event": world.delivery(there, name, first, factor=factor), **crash}


def counts(state, version, data, models, what):
    """Fail where another version is the champion, or the stores do not hold so much."""
    found = (state["champion"], len(state["data"]), len(state["models"]))
    words = f"version {found[0]} is the champion, with {found[1]} data versions and {found[2]} models"
    assert found == (version, data, models), f"{what}: {words}, expected version {version}, {data} and {models}."


def grew(state, before, expected, what):
    """Fail where the trail's new entries are not those expected."""
    new = whats(state)[len(before["trail"]) :]
    assert new == expected, f"{what}: the trail grew by {new}, expected {expected}."


def judge_new_data(rehearse):
    """Good data become a version that holds the old rows, too; the model that learnt from them serves."""
    what = "Event 'new good data'"
    (start, state), = played(rehearse, "new good data", lambda there: [[("the beginning", {"look": True}), ("new good data", good(there))]])
    counts(state, "2", 2, 2, what)
    one_version(state, what)
    assert state["rows"] == start["rows"] + 700, f"{what}: the newest data have {state['rows']} rows, expected the {start['rows']} from before and the 700 new ones."
    grew(state, start, [("admitted", state["data"][-1]), ("registered", "2"), ("deployed", "2")], what)


def judge_again(rehearse):
    """An event that comes a second time has no effect."""
    what = "Event 'the same event again'"

    def scenes(there):
        event = good(there)
        return [[("new good data", event), ("the same event again", event)]]

    (first, state), = played(rehearse, "the same event again", scenes)
    same(state, first, what)
    grew(state, first, [], what)


def judge_bad_data(rehearse):
    """Bad data are in quarantine, with the reason, and nothing else has changed."""
    what = "Event 'bad data'"
    bad = lambda there: {"event": world.delivery(there, "e-02", "2026-03-16", "units", factor=1.3)}  # noqa: E731
    (start, state), = played(rehearse, "bad data", lambda there: [[("the beginning", {"look": True}), ("bad data", bad(there))]])
    same(state, start, f"{what}, a sixth of the distances in metres", ("data", "models", "champion", "wanted"))
    assert state["quarantined"] == {"d-e-02": ["distance_km"]}, f"{what}: in quarantine lies {state['quarantined']}, expected the delivery d-e-02 with the reason distance_km."
    grew(state, start, [("quarantined", "d-e-02")], what)


def judge_harmless(rehearse):
    """A drift that leaves the errors as they were is a line in the trail, and no more."""
    what = "Event 'harmless drift'"
    far = lambda there: {"event": world.window(there, "e-03", "2026-03-02", far=1.5)}  # noqa: E731
    (start, state), = played(rehearse, "harmless drift", lambda there: [[("the beginning", {"look": True}), ("harmless drift", far(there))]])
    same(state, start, f"{what}: trips are longer, and answers as good as before", ("data", "models", "champion", "wanted"))
    grew(state, start, [("nothing", "e-03")], what)


def judge_harmful(rehearse):
    """A drift that hurts: the labelled trips become data, and a model that learnt from them serves."""
    what = "Event 'harmful drift': trips take longer, most of all those to Hillside"
    hill = lambda there: {"event": world.window(there, "e-04", "2026-03-02", factor=1.35, hill=1.2)}  # noqa: E731
    (start, state), = played(rehearse, "harmful drift", lambda there: [[("the beginning", {"look": True}), ("harmful drift", hill(there))]])
    counts(state, "2", 2, 2, what)
    grew(state, start, [("retrain", "e-04"), ("admitted", state["data"][-1]), ("registered", "2"), ("deployed", "2")], what)


def judge_worse(rehearse):
    """A candidate that is better in the mean and worse in one district is registered, and refused."""
    what = "Event 'a worse candidate': better in the mean, and worse in Old Town"

    def scenes(there):
        feed = call("stage", "feed", there.trips("2026-03-02", factor=1.4))
        return [[("the beginning", feed), ("a worse candidate", {"event": world.proposal("e-05", "2026-03-17", there.model(1.4, {"Old Town": 1.6}))})]]

    (start, state), = played(rehearse, "a worse candidate", scenes)
    counts(state, "1", 2, 2, what)
    grew(state, start, [("registered", "2"), ("refused", "2")], what)
    why = state["trail"][-1]["why"]
    assert "Old Town" in why, f"{what}: the trail says why it was refused: {why!r}, expected the gate's reason, which names Old Town."


def judge_kill(rehearse):
    """A deployment that is killed: after a start all agrees, and the trail tells what serves; then the event comes again."""

    def scenes(there):
        event = good(there)
        return [[("the kill", {**event, "crash": [effect, 1]}), ("the start after it", BEGIN), ("the event again", event)] for effect in ("apply", "alias")]

    for effect, (_, begins, state) in zip(("apply", "alias"), played(rehearse, "a kill in a deployment", scenes), strict=True):
        what = f"Event 'a kill in a deployment', right after the effect {effect!r}"
        one_version(begins, f"{what}: after the start")
        told = ("deployed", "2") in whats(begins)
        assert told == (begins["champion"] == "2"), f"{what}: after the start version {begins['champion']} serves, and the trail {'has' if told else 'has no'} entry that 2 was deployed."
        if begins["champion"] == "2":  # gone forward; who has undone it gets the event again, which is judged below
            one_version(state, f"{what}: after the start, and the event again")


def judge_lost(rehearse):
    """An event that is killed before its deployment has begun comes again, and is finished: nothing lost, nothing twice."""
    what = "Event 'the killed event, again', killed right after its model was registered"

    def scenes(there):
        event = good(there)
        return [[("the kill", {**event, "crash": ["register", 1]}), ("the start after it", BEGIN), ("the event again", event)]]

    (_, _, state), = played(rehearse, "the killed event, again", scenes)
    counts(state, "2", 2, 2, what)
    said = whats(state)
    for entry in [("registered", "2"), ("deployed", "2")]:
        assert said.count(entry) == 1, f"{what}: the trail has {said.count(entry)} entries {entry}, expected one."


def judge_rollback(rehearse):
    """A rollback, and another: to what served before, which is not the number before."""
    what = "Event 'a rollback'"

    def scenes(there):
        spares = [(f"registering version {n + 2}", call("stage", "spare", there.model(1 + n / 10))) for n in range(4)]
        deployed = [(f"deploying version {version}", call("deployment", "deploy", version, "better", f"k-{version}")) for version in ("3", "5")]
        backs = [(f"rollback {name}", {"event": world.rollback(name, "2026-05-05", "riders complain")}) for name in ("e-06", "e-07")]
        return [[*spares, *deployed, *backs]]

    (*_, once, twice), = played(rehearse, "a rollback", scenes)
    one_version(once, what)
    assert once["champion"] == "3", f"{what}: 1, 3 and 5 have served, and after a rollback version {once['champion']} serves, expected 3, which served before."
    blocked = [one["version"] for one in once["models"] if "blocked" in one["tags"]]
    assert blocked == ["5"], f"{what}: the versions with the tag blocked are {blocked}, expected 5, which was left."
    assert twice["champion"] == "1", f"{what}: 1, 3 and 5 have served, and after a second rollback, another event, version {twice['champion']} serves, expected 1."


def judge_night(rehearse):
    """The night after a rollback: the same data bring the same model, and it stays away."""
    what = "Event 'the next night', after a rollback"
    back = {"event": world.rollback("e-06", "2026-03-17", "riders complain")}
    nights = [("the next night", {"event": world.nightly(name, day)}) for name, day in (("e-07", "2026-03-18"), ("e-08", "2026-03-19"))]
    (_, before, state, later), = played(rehearse, "the next night", lambda there: [[("new good data", good(there)), ("a rollback", back), *nights]])
    same(state, before, what, ("data", "models", "champion"))
    grew(state, before, [("refused", "2")], what)
    grew(later, state, [("refused", "2")], "Event 'the next night', two nights after a rollback")


def judge_cluster(rehearse):
    """The spring of the notebook, in another city, on the notebook's Kubernetes cluster."""
    seed, there = new_world("spring")
    plan = world.spring(there)
    told = dict(zip(plan, rehearse("release", seed, [list(plan.values())], True)[0], strict=True))
    for name, state in told.items():
        what = f"A spring on the cluster, after {name!r}"
        if "crash" not in name or name == "the event that had crashed, again":
            begun(state, what)
            one_version(state, what)
    after = START
    for number, line in enumerate(told["a candidate that is worse in Old Town"]["trail"], 1):
        right = hashed(after, {name: line[name] for name in FIELDS})
        assert (line["after"], line["hash"]) == (after, right), f"A spring on the cluster: line {number} of its trail is not right. Nobody has changed it, so nobody can trust it: is it the release's audit that wrote it?"
        after = right
    assert told["new good data"]["champion"] == "2", "A spring on the cluster, after 'new good data': version 1 serves still, expected 2."
