"""Judges of the part events: with all other parts as found, which are right on the days that are played here."""

from datetime import date, timedelta

import world
from judging import begun, new_world, one_version, same, whats
from world import World


def calm(seed, name):
    """Return a window whose requests are the winter's: nothing has moved."""
    there = World(seed)
    rows = there.trips("2026-02-16", noise=world.WINTER)
    return {"id": name, "kind": "window", "at": "2026-03-02T05:00:00Z", "by": "monitor", "window": there.window(rows, "2026-03-02")}


def nudged(seed, name):
    """Return a window whose trips are the winter's, a little longer: drift that the monitor sees, and no more once they are data."""
    there = World(seed)
    rows = there.trips("2026-02-16", noise=world.WINTER)
    for row in rows:
        row["trip"] += 50_000
        row["day"] = (date.fromisoformat(row["day"]) + timedelta(28)).isoformat()
        row["distance_km"] = round(row["distance_km"] + 0.27, 2)
    return {"id": name, "kind": "window", "at": "2026-04-02T05:00:00Z", "by": "monitor", "window": there.window(rows, "2026-04-02")}


def empty(name):
    """Return a delivery that admission, as found, refuses."""
    return {"id": name, "kind": "delivery", "at": "2026-03-16T04:00:00Z", "by": "dock feed", "delivery": {"id": f"d-{name}", "rows": []}}


def story(state, since, event, expected, what, reasons=()):
    """Fail where the trail's new entries are not those expected: (what, subject), in order; or where none of them names a reason."""
    new = state["trail"][len(since["trail"]) :]
    found = [(entry["what"], entry["subject"]) for entry in new]
    assert found == expected, f"{what}: the trail grew by {found}, expected {expected}."
    for entry in new:
        assert (entry["who"], entry["when"]) == (event["by"], event["at"]), f"{what}: the entry {entry['what']!r} says {entry['who']!r} at {entry['when']!r}, expected {event['by']!r} at {event['at']!r}, as the event says."
        assert entry["why"], f"{what}: the entry {entry['what']!r} has no reason."
    for reason in reasons:
        whys = [entry["why"] for entry in new]
        assert any(reason in why for why in whys), f"{what}: the new entries' reasons (why) are {whys}, expected {reason!r} in one of them: that is what was decided on."


def lineage(state, version, event, gate, what):
    """Fail where a registered model does not say where it comes from."""
    one = next((one for one in state["models"] if one["version"] == version), None)
    assert one, f"{what}: the registry has the versions {[one['version'] for one in state['models']]}, expected version {version}, too."
    tags = one["tags"]
    assert tags.get("data") == state["data"][-1], f"{what}: the tag data of version {version} is {tags.get('data')!r}, expected the data version that it learnt from or was tested on, {state['data'][-1]!r}."
    assert tags.get("code"), f"{what}: version {version} has no tag code: which pipeline made it?"
    assert tags.get("event") == event["id"], f"{what}: the tag event of version {version} is {tags.get('event')!r}, expected {event['id']!r}."
    assert tags.get("gate") == gate, f"{what}: the tag gate of version {version} is {tags.get('gate')!r}, expected {gate!r}."
    assert one["mae"] is not None, f"{what}: version {version} was registered without the metric mae."


def judge_kinds(rehearse):
    """Each kind of event once, and what it must leave."""
    seed, there = new_world("kinds")
    good = world.delivery(there, "e-1", "2026-03-02", factor=1.13)
    bad, quiet = empty("e-2"), calm(seed, "e-3")
    far = world.window(there, "e-4", "2026-03-16", factor=1.13, far=2.0)
    poor = world.proposal("e-5", "2026-04-05", there.model(2.0))
    back = world.rollback("e-6", "2026-04-06", "riders complain")
    night = world.nightly("e-7", "2026-04-07")
    again = world.nightly("e-8", "2026-04-08")
    scene = [[{"event": each} for each in (good, bad, poor)], [{"event": each} for each in (far, night, again)]]
    (told, (start, calm_told), (deployed, gone_back)) = rehearse(["events"], seed, [scene, [[{"look": True}, {"event": quiet}]], [[{"event": good}, {"event": back}]]])
    begun(told[0], "New good data came, and handle stopped")
    one_version(told[0], "After new good data")
    assert (told[0]["champion"], len(told[0]["data"]), len(told[0]["models"])) == ("2", 2, 2), f"After new good data version {told[0]['champion']} serves, with {len(told[0]['data'])} data versions and {len(told[0]['models'])} models, expected version 2, with two and two."
    lineage(told[0], "2", good, "promoted", "After new good data")
    story(told[0], start, good, [("admitted", told[0]["data"][-1]), ("registered", "2"), ("deployed", "2")], "After new good data")
    begun(told[1], "Bad data came, and handle stopped")
    same(told[1], told[0], "Bad data came", ("data", "models", "champion", "wanted", "answering"))
    story(told[1], told[0], bad, [("quarantined", "d-e-2")], "After bad data", ["empty"])
    begun(told[2], "A poor model was proposed, and handle stopped")
    same(told[2], told[1], "A poor model was proposed", ("data", "champion", "wanted", "answering"))
    lineage(told[2], "3", poor, "refused", "After a poor model was proposed")
    story(told[2], told[1], poor, [("registered", "3"), ("refused", "3")], "After a poor model was proposed", ["not better"])
    begun(told[3], "The monitor said retrain, and handle stopped")
    assert len(told[3]["data"]) == 3, f"The monitor said retrain, and there are {len(told[3]['data'])} data versions, expected 3: the labelled trips of the window become data."
    assert told[3]["rows"] > told[2]["rows"] + 300, f"The monitor said retrain, and the newest data have {told[3]['rows'] - told[2]['rows']} rows more than before, expected the due trips with a label, some hundreds."
    assert len(told[3]["models"]) == 4, f"The monitor said retrain, and {len(told[3]['models'])} models are registered, expected 4."
    gate = told[3]["models"][-1]["tags"].get("gate")
    lineage(told[3], "4", far, gate, "After the monitor said retrain")
    story(told[3], told[2], far, [("retrain", "e-4"), ("admitted", told[3]["data"][-1]), ("registered", "4"), ("deployed" if gate == "promoted" else "refused", "4")], "After the monitor said retrain", ["distance_km"])
    begun(told[4], "The nightly training came, and handle stopped")
    same(told[4], told[3], "The nightly training gave a model that is registered already", ("data", "models", "champion", "wanted", "answering"))
    story(told[4], told[3], night, [("refused", "4")], "After a nightly training that gave a model that is registered already")
    begun(told[5], "A second nightly training came, and handle stopped")
    story(told[5], told[4], again, [("refused", "4")], "After a second night that brought nothing new")
    begun(calm_told, "The monitor said nothing, and handle stopped")
    same(calm_told, start, "The monitor said nothing")
    story(calm_told, start, quiet, [("nothing", "e-3")], "After the monitor said nothing")
    begun(gone_back, "A rollback was asked for, and handle stopped")
    assert gone_back["champion"] == "1" and deployed["champion"] == "2", f"A rollback was asked for, and the champion is version {gone_back['champion']}, expected 1."


def judge_twice(rehearse):
    """Events that come twice, at once or much later, and the same delivery under another event."""
    seed, there = new_world("twice")
    good = world.delivery(there, "e-1", "2026-03-02", factor=1.13)
    bad, quiet = empty("e-2"), calm(seed, "e-0")
    poor = world.proposal("e-5", "2026-04-05", there.model(2.0))
    other = {**good, "id": "e-11", "at": "2026-03-17T04:00:00Z"}
    back = world.rollback("e-6", "2026-04-06", "riders complain")
    first = [quiet, good, bad, poor]
    order = [*first, other, *first, back, back]
    told = rehearse(["events"], seed, [[{"event": each} for each in order]])[0]
    for state, each in zip(told, order, strict=False):
        begun(state, f"handle stopped at the event {each['id']} ({each['kind']})")
    done = told[len(first) - 1]
    assert len(done["models"]) == 3, f"After {len(first)} events {len(done['models'])} models are registered, expected 3."
    fourth = told[len(first)]
    same(fourth, done, "A delivery came under another event, whose trips are in the data already", ("data", "champion", "wanted", "answering"))
    for number, each in enumerate(first):
        state = told[len(first) + 1 + number]
        same(state, fourth, f"The event {each['id']} ({each['kind']}) came a second time, after others")
        assert whats(state) == whats(fourth), f"The event {each['id']} ({each['kind']}) came a second time, and the trail grew by {whats(state)[len(whats(fourth)):]}."
    same(told[-1], told[-2], "A rollback came twice")
    if told[-2]["champion"] == done["champion"]:
        raise AssertionError("A rollback was asked for, and the champion is the same as before.")


def judge_killed(rehearse):
    """Events whose handling is killed in the middle, and that come again."""
    seed, there = new_world("killed")
    good = world.delivery(there, "e-1", "2026-03-02", factor=1.13)
    far = nudged(seed, "e-4")
    plans = [(good, ["data", 1]), (good, ["register", 1]), (good, ["alias", 1]), (far, ["data", 1])]
    begins = {"start": True, "by": "timer", "at": "2026-06-01T00:00:00Z"}
    scenes = [[{"event": event, "crash": crash}, [begins, {"event": event}, {"event": event}]] for event, crash in plans]
    usual = {event["id"]: [{"event": event}] for event in (good, far)}
    told = rehearse(["events"], seed, [*scenes, *usual.values()])
    right = {name: scene[0] for name, scene in zip(usual, told[len(scenes) :], strict=False)}
    for name, state in right.items():
        begun(state, f"handle stopped at the event {name}")
    for (event, (effect, _)), scene in zip(plans, told, strict=False):
        what = f"The handling of a {event['kind']} was killed right after the effect {effect!r}; the event came again"
        for state in scene[1:]:
            begun(state, f"{what}, and it stopped")
        wanted = right[event["id"]]
        for state in scene[2:]:
            one_version(state, what)
            for name, words in (("data", "data versions"), ("models", "registered models"), ("trail", "entries in the trail")):
                assert len(state[name]) == len(wanted[name]), f"{what}: there are {len(state[name])} {words}, expected {len(wanted[name])}, as without a crash: nothing twice, nothing lost."
            assert state["champion"] == wanted["champion"], f"{what}: version {state['champion']} serves, expected {wanted['champion']}, as without a crash."
            assert state["trips"] == wanted["trips"] or sorted(state["trips"]) == sorted(wanted["trips"]), f"{what}: the newest data have other trips than without a crash."
            assert sorted(whats(state)) == sorted(whats(wanted)), f"{what}: the trail says {whats(state)}, expected {whats(wanted)}, as without a crash."
