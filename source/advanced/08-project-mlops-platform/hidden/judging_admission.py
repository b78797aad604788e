"""Judges of the part admission."""

import world
from judging import begun, new_world, same
from world import World

from judgekit import drawn

COLUMNS = ["trip", "day", "district", "distance_km", "climb_m", "rain_mm", "minutes"]


def admit(name, rows):
    """Return the step that hands a delivery to admission."""
    return {"call": ["admission", "admit", [{"id": name, "rows": rows}]]}


def judge_good(rehearse):
    """Good deliveries, the same again, overlaps."""
    seed, there = new_world("good")
    rng = drawn("good rows")
    first, second, third = (there.trips(day, days=4) for day in ("2026-03-02", "2026-03-06", "2026-03-10"))
    overlap = first[-60:] + second
    rng.shuffle(overlap)
    slow = [dict(row) for row in third]
    for row in slow[:4]:  # four of 200, 2 %: forgotten bikes
        row["minutes"], row["distance_km"] = 200.0, 0.5
    edges = [dict(row) for row in there.trips("2026-03-14", days=2)]
    edges[0].update(distance_km=30.0, minutes=60.0, climb_m=-150.0)
    edges[1].update(distance_km=0.1, minutes=1.0, rain_mm=60.0, climb_m=150)
    edges[2].update(distance_km=3, climb_m=0, rain_mm=0, minutes=12)
    shuffled = [dict(reversed(row.items())) for row in rng.sample(first, len(first))]
    steps = [("a good delivery", "d-1", first, "admitted", first), ("the same delivery again", "d-1", first, "known", [])]
    steps += [("the same trips under another id, in another order", "d-2", shuffled, "known", [])]
    steps += [("a delivery of which 60 trips are in the data already", "d-3", overlap, "admitted", second)]
    steps += [("a delivery in which 2 % of the trips are slower than 2 km/h", "d-4", slow, "admitted", slow)]
    steps += [("a delivery with values on the contract's limits, and whole numbers", "d-5", edges, "admitted", edges)]
    later = there.trips("2026-03-18", days=2)
    steps += [("other trips, under an id that was admitted before", "d-1", later, "admitted", later)]
    told = rehearse(["admission"], seed, [[[admit(name, rows) for _, name, rows, _, _ in steps]]])[0]
    old, versions = [row["trip"] for row in World(seed).trips("2026-02-16", noise=world.WINTER)], 1
    for state, (what, _, _, status, new) in zip(told, steps, strict=False):
        begun(state, f"At {what} admit stopped")
        said = state["value"] if isinstance(state["value"], dict) else {}
        assert said.get("status") == status, f"At {what} admit returned {state['value']!r}, expected the status {status}."
        versions += bool(new)
        assert len(state["data"]) == versions, f"At {what} the data have {len(state['data'])} versions, expected {versions}: what is there already makes no new one."
        assert said.get("version") == state["data"][-1], f"At {what} admit returned the version {said.get('version')!r}, expected the newest one, {state['data'][-1]}."
        old += [row["trip"] for row in new]
        lost, twice = len(set(old) - set(state["trips"])), len(state["trips"]) - len(set(state["trips"]))
        assert not lost and not twice and len(state["trips"]) == len(old), f"At {what} the newest version has {len(state['trips'])} trips, expected {len(old)}: {lost} are missing, {twice} are there twice."
        assert not state["quarantined"], f"At {what} something was put into quarantine: {state['quarantined']}."


def judge_bad(rehearse):
    """Bad deliveries, one thing wrong with each."""
    seed, there = new_world("bad")
    rng = drawn("bad rows")
    good = there.trips("2026-03-02", days=6)
    early = World(seed).trips("2026-02-16", noise=world.WINTER)

    def changed(number=None, **change):
        rows = [dict(row) for row in good]
        rows[rng.randrange(len(rows)) if number is None else number].update(change)
        return rows

    def without(name):
        rows = [dict(row) for row in good]
        del rows[rng.randrange(len(rows))][name]
        return rows

    odd = [dict(row) for row in good]
    for row in rng.sample(odd, 8):  # 8 of 300: more than 2 %
        row["minutes"] = round(max(1.0, row["distance_km"] / 50 * 60), 2)
    odd = [row if row["minutes"] > 1 else {**row, "distance_km": 2.0, "minutes": 2.0} for row in odd]
    half = [*good, {**early[5], "minutes": round(early[5]["minutes"] + 1, 2)}]
    cases = [
        ("it has no rows", [], {"empty"}),
        ("a sixth of the distances is in metres", world.spoilt(there, good, "units"), {"distance_km"}),
        ("a row has no column rain_mm", without("rain_mm"), {"columns"}),
        ("a row has one column more", changed(rider="ana"), {"columns"}),
        ("one climb is true", changed(climb_m=True), {"climb_m"}),
        ("one trip is 250 minutes long", changed(minutes=250.0, distance_km=20.0), {"minutes"}),
        ("one day is 2026-02-30", changed(day="2026-02-30"), {"day"}),
        ("one district is Oldtown", changed(district="Oldtown"), {"district"}),
        ("a rain is a text and a district unknown", [{**row, "rain_mm": "0"} if n == 3 else {**row, "district": "?"} if n == 9 else row for n, row in enumerate(good)], {"rain_mm", "district"}),
        ("8 of 300 trips are faster than 45 km/h", odd, {"speed"}),
        ("three trips are there twice, equal", good + [dict(row) for row in rng.sample(good, 3)], {"duplicates"}),
        ("one trip is there twice, with other values", [*good, {**good[7], "minutes": round(good[7]["minutes"] + 1, 2)}], {"duplicates"}),
        ("a trip that is in the data comes with another duration", half, {"conflict"}),
        ("one trip comes with another duration, and one is there twice", [*half, dict(good[3])], {"conflict", "duplicates"}),
        ("8 of 301 trips are too fast, and one is there twice", [*odd, dict(odd[0])], {"speed", "duplicates"}),
    ]  # fmt: skip
    steps = [admit(f"b-{number}", rows) for number, (_, rows, _) in enumerate(cases)]
    told = rehearse(["admission"], seed, [[[admit("d-0", early), *steps, steps[1]]]])[0]
    before = told[0]
    for number, (what, _, reasons) in enumerate(cases):
        state = told[number + 1]
        begun(state, f"Admit stopped at a delivery, where {what}")
        same(state, before, f"A bad delivery came ({what})", ("data", "models", "champion", "wanted", "answering"))
        said = state["value"] if isinstance(state["value"], dict) else {}
        assert said.get("status") == "quarantined", f"A bad delivery came ({what}), and admit returned {state['value']!r}, expected the status quarantined."
        found = set(said.get("reasons") or [])
        assert found == reasons, f"A bad delivery came ({what}), and the reasons are {sorted(map(str, found))}, expected {sorted(reasons)}."
        put = state["quarantined"].get(f"b-{number}")
        assert put is not None and set(put) == reasons, f"A bad delivery came ({what}), and in quarantine stands {put}, expected {sorted(reasons)}."
    begun(told[-1], "Admit stopped at a bad delivery that came a second time")
    same(told[-1], told[-2], "A bad delivery came a second time")
