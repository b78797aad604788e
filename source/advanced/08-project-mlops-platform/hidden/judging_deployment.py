"""Judges of the part deployment: on paper, since what counts is in which order the stores change."""

from judging import begun, new_world, one_version, same, whats

ADA, NOBODY = {"by": "Ada", "at": "2026-05-04T10:00:00Z"}, {"by": "timer", "at": "2026-05-04T11:11:00Z"}
MOST = 7  # effects after which something is killed
START = {"start": True, **NOBODY}


def call(function, *arguments, **more):
    """Return the step that calls a function of the part."""
    return {"call": ["deployment", function, list(arguments)], **ADA, **more}


def spares(there):
    """Return the steps that register the versions 2 and 3, and 4, which no pod can load."""
    return [{"call": ["stage", "spare", [model]]} for model in (there.model(1.1), there.model(1.2), {})]


def finished(state, version, key, what, kind="deployed"):
    """Fail where a version does not serve, or the trail does not say once that it was deployed."""
    one_version(state, what)
    assert state["champion"] == version, f"{what}: version {state['champion']} serves, expected {version}."
    entries = [entry for entry in state["trail"] if entry["what"] == kind and entry["key"] == key]
    assert len(entries) == 1 and entries[0]["subject"] == version, f"{what}: the trail says {[(e['what'], e['subject'], e['key']) for e in state['trail']]}, expected one entry {kind!r} about version {version} with the key {key!r}."
    assert entries[0]["who"] == "Ada", f"{what}: the trail's entry {kind!r} says that {entries[0]['who']} did it, expected Ada, who had asked for it, also where a restart has finished it."


def judge_deploy(rehearse):
    """Deployments without a crash: the plain one, the same again, one whose pods do not become ready."""
    seed, there = new_world("deploy")
    scenes = [
        [[call("deploy", "2", "better", "k-2"), call("deploy", "2", "better", "k-2"), START, call("deploy", "3", "even better", "k-3")]],
        [[call("deploy", "4", "looks good", "k-4"), START, call("deploy", "4", "looks good", "k-4"), call("deploy", "2", "better", "k-2"), call("rollback", "too slow", "r-2")]],
    ]
    plain, broken = rehearse(["deployment"], seed, scenes, before=spares(there))
    for state, what in zip(plain, ["A deployment of version 2", "The same deployment again", "A start with nothing to do", "A deployment of version 3"], strict=False):
        begun(state, what)
    finished(plain[0], "2", "k-2", "After a deployment of version 2")
    assert plain[0]["value"] is True, f"deploy returned {plain[0]['value']!r} after a deployment of version 2, expected True."
    finished(plain[1], "2", "k-2", "After the same deployment a second time")
    assert plain[1]["value"] is True, f"deploy returned {plain[1]['value']!r} to a key that had been deployed before, expected True, as the first time."
    loud = [name for name in plain[2]["effects"] if name != "write"]
    assert not loud and len(plain[2]["effects"]) == 0, f"A start with nothing to do had the effects {plain[2]['effects']}, expected none."
    finished(plain[3], "3", "k-3", "After a deployment of version 3")
    for state, what in zip(broken, ["A deployment whose pods do not become ready", "A start after it", "The same deployment again", "A deployment after it", "A rollback after it"], strict=False):
        begun(state, what)
    for state, what in ((broken[0], "After a deployment whose pods do not become ready"), (broken[1], "After a start after it"), (broken[2], "After the same deployment a second time")):
        one_version(state, what)
        assert state["champion"] == "1", f"{what}: version {state['champion']} is the champion, expected the one before, 1."
        entries = [(entry["what"], entry["subject"]) for entry in state["trail"] if entry["key"] == "k-4"]
        assert entries == [("failed", "4")], f"{what}: under the key of that deployment the trail says {entries}, expected one entry 'failed' about version 4."
    assert broken[0]["value"] is False and broken[2]["value"] is False, f"deploy returned {broken[0]['value']!r}, and a second time {broken[2]['value']!r}, for a version whose pods do not become ready, expected False."
    finished(broken[3], "2", "k-2", "After a deployment that followed a failed one")
    finished(broken[4], "1", "r-2", "After a rollback that followed it: version 4 has never served", "rolled back")


def judge_crash(rehearse):
    """A deployment that is killed after each of its effects, a start that is killed, a start, the same deployment again."""
    seed, there = new_world("crash")
    plain = [call("deploy", "2", "better", "k-2")]
    again = [START, call("deploy", "2", "better", "k-2"), START]
    scenes = [[call("deploy", "2", "better", "k-2", crash=["any", n]), {**START, "crash": ["any", 2]}, again] for n in range(1, MOST + 1)]
    usual, *killed = rehearse(["deployment"], seed, [plain, *scenes], before=spares(there))
    begun(usual[0], "A deployment of version 2")
    for number, told in enumerate(killed, 1):
        if not told[0]["killed"]:
            continue
        where = f"A deployment was killed after its effect {number} of {len(usual[0]['effects'])}, {usual[0]['effects'][number - 1]!r}"
        begun(told[2], f"{where}, and the start after it stopped")
        one_version(told[2], f"{where}. After a start")
        entries = [entry for entry in whats(told[2]) if entry == ("deployed", "2")]
        assert told[2]["champion"] in ("1", "2"), f"{where}. After a start version {told[2]['champion']} serves."
        assert len(entries) == (told[2]["champion"] == "2"), f"{where}. After a start version {told[2]['champion']} serves, and the trail has {len(entries)} entries 'deployed' about version 2."
        begun(told[3], f"{where}, and the same deployment, which came again, stopped")
        finished(told[3], "2", "k-2", f"{where}. After a start and the same deployment again")
        assert len(whats(told[4])) == 2 and not told[4]["effects"], f"{where}. In the end a start with nothing to do had the effects {told[4]['effects']}, and the trail has {whats(told[4])}."


def judge_rollback(rehearse):
    """Rollbacks: one, two, too many, the same again, after a new deployment, killed in the middle; and the night after."""
    seed, there = new_world("rollback")
    night = {"event": {"id": "e-night", "kind": "nightly", "at": "2026-05-06T02:00:00Z", "by": "timer"}}
    scenes = [
        [[call("deploy", "2", "better", "k-2"), call("deploy", "3", "better", "k-3"), call("rollback", "too slow", "r-3"), call("rollback", "too slow", "r-3"), call("rollback", "still", "r-2"), call("rollback", "once more", "r-1"), START]],
        [[call("deploy", "2", "better", "k-2"), call("rollback", "too slow", "r-2"), call("deploy", "3", "better", "k-3"), call("rollback", "too slow", "r-3")]],
        [[world_data(there), call("rollback", "riders complain", "r-5"), night]],
    ]  # fmt: skip
    first, second, nights = rehearse(["deployment"], seed, scenes, before=spares(there))
    for state, what in zip(first, ["A deployment of version 2", "A deployment of version 3", "A rollback", "The same rollback, with the same key", "A second rollback"], strict=False):
        begun(state, what)
    for state, what in zip(second, ["A deployment of version 2", "A rollback", "A deployment of version 3 after it", "A rollback after that"], strict=False):
        begun(state, what)
    finished(first[2], "2", "r-3", "After the versions 1, 2 and 3 had served, and a rollback", "rolled back")
    assert first[2]["value"] == "2", f"rollback returned {first[2]['value']!r}, expected the version that serves now, '2'."
    tags = {one["version"]: one["tags"].get("blocked") for one in first[2]["models"]}
    assert tags["3"] == "too slow" and not tags["2"] and not tags["1"], f"After a rollback from version 3 the tags blocked are {tags}, expected the reason at version 3 alone."
    finished(first[3], "2", "r-3", "After the same rollback a second time", "rolled back")
    assert not first[3]["effects"] or first[3]["champion"] == "2", "The same rollback a second time went one version further."
    finished(first[4], "1", "r-2", "After a second rollback", "rolled back")
    assert "ValueError" in first[5]["error"], f"A third rollback, with nothing before version 1: rollback said {first[5]['value']!r} {first[5]['error']}, expected a ValueError."
    same(first[5], first[4], "After a rollback with nothing before it", ("models", "champion", "wanted", "answering"))
    assert whats(first[6]) == whats(first[4]), f"A rollback with nothing before it, and a start: the trail grew to {whats(first[6])[-2:]}."
    finished(second[3], "1", "r-3", "Version 2 was rolled back, version 3 deployed, and then rolled back: 2 is blocked", "rolled back")
    begun(nights[1], "A rollback of a trained model")
    begun(nights[2], "The night after a rollback")
    finished(nights[1], "1", "r-5", "After a rollback of the model that new data had brought", "rolled back")
    one_version(nights[2], "In the night after a rollback")
    assert nights[2]["champion"] == "1", f"In the night after a rollback the same data gave the same model, and version {nights[2]['champion']} serves, expected 1: is the model that was rolled back tagged as blocked?"


def judge_rollback_killed(rehearse):
    """A rollback that is killed after each of its effects, a start, the same rollback again."""
    seed, there = new_world("rollback killed")
    again = [START, call("rollback", "too slow", "r-2"), START]
    scenes = [[call("rollback", "too slow", "r-2", crash=["any", n]), again] for n in range(1, MOST + 1)]
    usual, *killed = rehearse(["deployment"], seed, [[call("rollback", "too slow", "r-2")], *scenes], before=[*spares(there), call("deploy", "2", "better", "k-2")])
    begun(usual[0], "A rollback")
    for number, told in enumerate(killed, 1):
        if not told[0]["killed"]:
            continue
        where = f"A rollback was killed after its effect {number} of {len(usual[0]['effects'])}, {usual[0]['effects'][number - 1]!r}"
        begun(told[1], f"{where}, and the start after it stopped")
        one_version(told[1], f"{where}. After a start")
        entries = [entry for entry in whats(told[1]) if entry == ("rolled back", "1")]
        assert len(entries) == (told[1]["champion"] == "1"), f"{where}. After a start version {told[1]['champion']} serves, and the trail has {len(entries)} entries 'rolled back' about version 1."
        begun(told[2], f"{where}, and the same rollback, which came again, stopped")
        finished(told[2], "1", "r-2", f"{where}. After a start and the same rollback again", "rolled back")
        tags = {one["version"]: bool(one["tags"].get("blocked")) for one in told[3]["models"]}
        assert tags["2"] and not tags["1"], f"{where}. In the end the tag blocked is at {[name for name, there in tags.items() if there]}, expected at version 2 alone."


def world_data(there):
    """Return the event of new data that bring a better model."""
    import world

    return {"event": world.delivery(there, "e-data", "2026-03-02", factor=1.13)}
