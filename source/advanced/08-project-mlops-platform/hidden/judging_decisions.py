"""Judges of the parts that decide: gate and monitor."""

from datetime import date, timedelta
from math import sqrt
from statistics import fmean, stdev

from judgekit import drawn

DISTRICTS = ["Harbour", "Old Town", "University", "Hillside", "Eastfield"]


def paired(rng, each, shift, spread, slices=None, names=DISTRICTS):
    """Return rows of a report: the candidate's error is `shift` more than the champion's, in a slice as `slices` says, ± `spread`.

    The differences have exactly that mean and that standard deviation in each slice, so that no case is decided by chance.
    """
    rows = []
    for name in names:
        number = each if isinstance(each, int) else each[name]
        mean = (slices or {}).get(name, shift)
        draws = [rng.gauss(0, 1) for _ in range(number)]
        if number > 1:
            middle, width = fmean(draws), stdev(draws)
            draws = [mean + spread * (draw - middle) / width for draw in draws]
        else:
            draws = [mean] * number
        for draw in draws:
            champion = 3.0 + spread * 4 + rng.random()
            rows.append({"district": name, "candidate": champion + draw, "champion": champion})
    rng.shuffle(rows)
    return rows


def judge_gate(ask, part):
    """Reports of candidates; `part`: mean, districts or limits."""
    rng = drawn("gate")

    def report(rows, candidate_mae=2.0, champion_mae=2.0, blocked=(), champion=True):
        before = {"version": "4", "mae": champion_mae, "fingerprint": "c0ffee"} if champion else None
        return {"rows": rows, "candidate": {"mae": candidate_mae, "fingerprint": "f00d", "data": "d"}, "champion": before, "blocked": list(blocked)}

    better, noise, few = paired(rng, 50, -0.5, 1.0), paired(rng, 50, -0.08, 1.0), paired(rng, 15, -0.9, 1.0)
    edge_in = -1.96 / sqrt(250)  # of 250 rows with one mean and a standard deviation of 1 in each slice, that of all is a little less
    slices = {"Hillside": 0.9}
    slice_worse, slice_noise = paired(rng, 50, -0.6, 1.0, slices), paired(rng, 50, -0.6, 1.0, {"Hillside": 0.2})
    small = paired(rng, {**dict.fromkeys(DISTRICTS, 60), "Hillside": 29}, -0.6, 1.0, {"Hillside": 2.0})
    enough = paired(rng, {**dict.fromkeys(DISTRICTS, 60), "Hillside": 30}, -0.6, 1.0, {"Hillside": 2.0})
    narrow = paired(rng, {**dict.fromkeys(DISTRICTS, 60), "Hillside": 30}, -0.6, 1.0, {"Hillside": 0.3548})  # with n instead of n − 1 it is worse
    single = paired(rng, {**dict.fromkeys(DISTRICTS, 60), "Eastfield": 1}, -0.6, 1.0)
    first = [{"district": row["district"], "candidate": row["candidate"], "champion": None} for row in better]
    other = [{**row, "district": {"Hillside": "Lakeside"}.get(row["district"], row["district"])} for row in slice_worse]
    equal = [{"district": row["district"], "candidate": row["champion"], "champion": row["champion"]} for row in better]
    always = [{**row, "candidate": row["champion"] - 0.25} for row in equal]
    cases = {
        "mean": [
            ("better by 0.5 ± 0.1 minutes, in all districts", report(better), []),
            ("better on the same trips, though its figure is worse than the one that the champion was registered with", report(better, 2.4, 1.6), []),
            ("worse on the same trips, though its figure is better than the one that the champion was registered with", report(paired(rng, 50, 0.05, 1.0), 1.5, 2.9), ["not better"]),
            ("better by 0.08 minutes, where ± 0.12 is noise", report(noise, 1.9, 2.0), ["not better"]),
            ("just short of being surely better", report(paired(rng, 50, edge_in * 0.93, 1.0)), ["not better"]),
            ("just surely better", report(paired(rng, 50, edge_in * 1.07, 1.0)), []),
            ("better by 0.6 minutes, in each trip nearly the same, with huge errors on both sides", report([{**row, "champion": row["champion"] + 40 * (n % 7), "candidate": row["candidate"] + 40 * (n % 7)} for n, row in enumerate(better)]), []),
            ("better by exactly a quarter of a minute in each trip", report(always), []),
            ("blocked, and much better", report(better, blocked=["aaaa", "f00d"]), ["blocked"]),
            ("blocked, and in the noise", report(noise, blocked=["f00d"]), ["blocked", "not better"]),
            ("others are blocked", report(better, blocked=["f00", "f00d1"]), []),
            ("no champion yet", report(first, champion=False), []),
            ("no champion yet, and blocked", report(first, champion=False, blocked=["f00d"]), ["blocked"]),
        ],
        "districts": [
            ("better in the mean, and worse in Hillside, 50 trips", report(slice_worse, 1.8, 2.0), ["worse: Hillside"]),
            ("the same in a district that is not on the city's list, Lakeside", report(other), ["worse: Lakeside"]),
            ("better in the mean, and in Hillside worse by 0.2 ± 0.28 minutes", report(slice_noise), []),
            ("worse in two districts", report(paired(rng, 60, -1.2, 1.0, {"Harbour": 0.8, "Eastfield": 0.9})), ["worse: Harbour", "worse: Eastfield"]),
        ],
        "limits": [
            ("29 trips in Hillside, in which it is worse: too few", report(small), []),
            ("30 trips in Hillside, in which it is worse", report(enough), ["worse: Hillside"]),
            ("30 trips in Hillside, worse by 0.355 ± 0.358 minutes", report(narrow), []),
            ("one trip alone in Eastfield", report(single), []),
            ("75 trips in all", report(few), ["few"]),
            ("80 trips in all, and on these surely worse: there is no comparison", report(paired(rng, 16, 0.9, 1.0)), ["few"]),
            ("99 trips, one too few, and better", report(better[:99]), ["few"]),
            ("100 trips, the fewest that are enough, and better by 0.9 minutes", report(paired(rng, 20, -0.9, 1.0)), []),
            ("no trips", report([]), ["few"]),
            ("the champion itself: all differences are 0, and so is the upper bound", report(equal, 2.0, 2.1), ["not better"]),
            ("no champion yet, 40 trips", report(first[:40], champion=False), ["few"]),
        ],
    }[part]  # fmt: skip
    told = ask("gate", [given for _, given, _ in cases])
    for (what, _, reasons), said in zip(cases, told, strict=False):
        _gate_said(said, reasons, what)


def _gate_said(said, reasons, what):
    assert not said["error"], f"The gate stopped at a candidate: {what}. {said['error']}"
    found = said["value"]
    assert isinstance(found, dict) and {"promote", "reasons"} <= set(found), f"The gate returned {found!r}, expected a dictionary with promote and reasons."
    assert found["promote"] is (not reasons), f"The gate says promote = {found['promote']!r} to a candidate, expected {not reasons}: {what}."
    assert set(found["reasons"]) == set(reasons), f"The gate gives the reasons {found['reasons']} to a candidate, expected {reasons}: {what}."


def window(rng, more=0.0, hill=0.0, now="2026-05-20", days=17, each=20, hill_each=None, coverage=1.0, base=1.5, spread=1.0, late=None, drift=None, reference_each=40, hill_reference=None, reference_spread=None):
    """Return a window in which the due errors are `more` minutes larger than before, in Hillside by `hill` more. Without chance in the means."""
    requests, labels = [], []
    start = date.fromisoformat(now) - timedelta(days)
    trip = 0
    for n in range(days):
        day = start + timedelta(n)
        due = (day + timedelta(3)).isoformat() <= now
        for district in DISTRICTS:
            number = hill_each if hill_each is not None and district == "Hillside" else each
            per_day = number // days + (n < number % days) if hill_each is not None and district == "Hillside" else each // 5
            for k in range(per_day):
                trip += 1
                predicted = rng.uniform(8, 30)
                size = base + (spread if (k + n) % 2 else -spread) * 0.9 + more + (hill if district == "Hillside" else 0.0)
                if not due:
                    size = late if late is not None else 0.1
                sign = rng.choice([-1, 1])
                requests.append({"trip": trip, "day": day.isoformat(), "district": district, "distance_km": rng.uniform(1, 8), "climb_m": 10.0, "rain_mm": 0.0, "predicted": predicted})
                if rng.random() < coverage:
                    label_day = min((day + timedelta(2)).isoformat(), now)
                    labels.append({"trip": trip, "minutes": predicted + sign * size, "received": label_day})
    reference = []
    for district in DISTRICTS:
        for k in range(hill_reference if hill_reference is not None and district == "Hillside" else reference_each):
            reference.append({"district": district, "error": base + (1 if k % 2 else -1) * (reference_spread or spread) * 0.9})
    rng.shuffle(labels)
    return {"now": now, "requests": requests, "labels": labels, "reference": reference, "drift": drift or {"distance_km": 0.05, "climb_m": 0.02, "rain_mm": 0.1}}


def judge_monitor(ask, part):
    """Windows of all kinds; `part` 1: broken inputs, labels and harmless drift; 2: harm."""
    rng = drawn(f"monitor {part}")
    moved = {"distance_km": 0.9, "climb_m": 0.05, "rain_mm": 0.31}

    def spoil(seen, name, value, share):
        rows = seen["requests"]
        for row in rng.sample(rows, round(share * len(rows))):
            row[name] = value(row[name]) if callable(value) else value
        return seen

    def newest(seen, name, value, number):
        for row in seen["requests"][-number:]:
            row[name] = value
        return seen

    def less(seen, keep):
        due = (date.fromisoformat(seen["now"]) - timedelta(3)).isoformat()
        days = {row["trip"]: row["day"] for row in seen["requests"]}
        there = sum(day <= due for day in days.values())
        old = [label for label in seen["labels"] if days[label["trip"]] <= due]
        return {**seen, "labels": old[: round(keep * there)] + [label for label in seen["labels"] if days[label["trip"]] > due]}

    def future(seen):
        known = [dict(label) for label in seen["labels"]]
        for label in known[::2]:
            label["received"] = "2026-05-21"
        return {**seen, "labels": known}

    def unanswered(seen, share):
        due = (date.fromisoformat(seen["now"]) - timedelta(3)).isoformat()
        rows = [row for row in seen["requests"] if row["day"] <= due]
        for row in rng.sample(rows, round(share * len(rows))):
            row["predicted"] = None
        return seen

    if part == 1:
        cases = [
            ("all is as it was", window(rng), "nothing", []),
            ("distance and rain have moved, and the errors have not", window(rng, drift=moved), "nothing", ["distance_km", "rain_mm"]),
            ("rain has moved by exactly 0.3", window(rng, drift={**moved, "distance_km": 0.0, "rain_mm": 0.3}), "nothing", []),
            ("the trips are shorter, and the errors smaller", window(rng, more=-0.4, drift=moved), "nothing", ["distance_km", "rain_mm"]),
            ("an eighth of the distances is in metres, and the errors are huge", spoil(window(rng, more=9, drift={"distance_km": 99.0, "climb_m": 0, "rain_mm": 0}), "distance_km", lambda km: km * 1000, 1 / 8), "mend", ["distance_km"]),
            ("3 % of the rain readings are missing", spoil(window(rng), "rain_mm", None, 0.03), "mend", ["rain_mm"]),
            ("3 % of the rain readings are below 0", spoil(window(rng), "rain_mm", -1.0, 0.03), "mend", ["rain_mm"]),
            ("3 % of the climbs are NaN", spoil(window(rng), "climb_m", float("nan"), 0.03), "mend", ["climb_m"]),
            ("3 % of the climbs are texts, 4 % of the distances 0", spoil(spoil(window(rng), "climb_m", "12", 0.03), "distance_km", 0.0, 0.04), "mend", ["distance_km", "climb_m"]),
            ("3 % of the rain readings are missing, all of them on the last day", newest(window(rng), "rain_mm", None, 10), "mend", ["rain_mm"]),
            ("1.5 % of the rain readings are missing", spoil(window(rng), "rain_mm", None, 0.015), "nothing", []),
            ("rain is missing for 3 %, and labels for half", less(spoil(window(rng), "rain_mm", None, 0.03), 0.5), "mend", ["rain_mm"]),
            ("labels are there for 70 % of what is due, and their errors are large", less(window(rng, more=3), 0.7), "wait", ["labels"]),
            ("three tenths of what is due were never answered (predicted None), and all labels are there", unanswered(window(rng, more=3), 0.3), "wait", ["labels"]),
            ("labels are there for 85 % of what is due", less(window(rng), 0.85), "nothing", []),
            ("labels are there for 85 % of what is due, with larger errors", less(window(rng, more=1.5), 0.85), "retrain", ["all", *DISTRICTS]),
            ("80 trips are due in all, each with its label, with large errors", window(rng, more=3, days=6, each=20), "wait", ["labels"]),
            ("half of the labels is dated later than now", future(window(rng, more=3)), "wait", ["labels"]),
        ]  # fmt: skip
    else:
        big = DISTRICTS
        cases = [
            ("the errors have grown by 1.5 minutes everywhere, and no feature has moved", window(rng, more=1.5), "retrain", ["all", *big]),
            ("the errors have grown by 0.7 minutes everywhere", window(rng, more=0.7), "retrain", ["all", *big]),
            ("the errors have grown by 0.4 minutes everywhere: surely, and little", window(rng, more=0.4, drift=moved), "nothing", ["distance_km", "rain_mm"]),
            ("the errors have grown by 2 minutes in Hillside alone", window(rng, hill=2.0), "retrain", ["Hillside"]),
            ("the errors have grown by 4 minutes in Hillside alone", window(rng, hill=4.0), "retrain", ["all", "Hillside"]),
            ("the errors have grown in Hillside by 2.5 minutes, where 29 labels are due and there", window(rng, hill=2.5, hill_each=31), "nothing", []),
            ("the errors have grown in Hillside by 2.5 minutes, where 30 labels are due and there", window(rng, hill=2.5, hill_each=32), "retrain", ["Hillside"]),
            ("the errors have grown in Hillside by 2 minutes, where 20 errors from before are known", window(rng, hill=2.0, hill_reference=20), "nothing", []),
            ("the errors have grown by 0.8 minutes, where single errors are so different that nobody can be sure", window(rng, more=0.8, base=12.0, spread=11.0, each=10), "nothing", []),
            ("the errors have grown by 0.7 minutes, where the errors from before are few and very different", window(rng, more=0.7, base=6.0, reference_each=30, reference_spread=5.5), "nothing", []),
            ("the last two days, whose labels are not due, look dreadful", window(rng, late=25.0), "nothing", []),
            ("the errors have grown by 1.5 minutes, and the last two days, whose labels are not due, look well", window(rng, more=1.5, late=0.0, days=10, each=40), "retrain", ["all", *big]),
        ]  # fmt: skip
    told = ask("monitor", [given for _, given, _, _ in cases])
    for (what, _given, decision, why), said in zip(cases, told, strict=False):
        assert not said["error"], f"The monitor stopped at a window in which {what}: {said['error']}"
        found = said["value"]
        assert isinstance(found, dict) and {"decision", "why"} <= set(found), f"The monitor returned {found!r}, expected a dictionary with decision and why."
        assert found["decision"] == decision, f"The monitor says {found['decision']!r} to a window in which {what}, expected {decision!r}. Its why: {found['why']}"
        assert set(found["why"]) == set(why), f"The monitor says {decision!r} to a window in which {what}, rightly; its why is {found['why']}, expected {why}."
