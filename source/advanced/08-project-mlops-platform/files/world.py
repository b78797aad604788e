"""The city, for this project: trips, what went wrong with some, and the events of a spring. All from a seed, with its truth known."""

import random
from datetime import date, timedelta

DISTRICTS = ["Harbour", "Old Town", "University", "Hillside", "Eastfield"]
WINTER, SPRING = 2.1, 1.5  # minutes: how far a trip is off, whatever one knows about it


class World:
    """A city of its own for each seed. Trips are numbered as they are drawn."""

    def __init__(self, seed):
        self.random = random.Random(f"{seed} city")
        self.number = self.random.randrange(1000, 9000)
        draw = self.random.uniform
        self.truth = {
            "intercepts": {name: draw(2, 4) for name in DISTRICTS},
            "slopes": {name: draw(3.6, 4.8) for name in DISTRICTS},
            "climb": draw(0.03, 0.05),
            "rain": draw(0.4, 0.7),
        }

    def trips(self, first, days=14, each=50, noise=SPRING, factor=1.0, hill=1.0, far=0.0):
        """Return trips of so many days. They take `factor` times as long, in Hillside `hill` times that, and are `far` km longer."""
        rows, start = [], date.fromisoformat(first)
        for day in range(days):
            for number in range(each):
                self.number += 1
                district = DISTRICTS[number % 5]
                row = {"trip": self.number, "day": (start + timedelta(day)).isoformat(), "district": district}
                row["distance_km"] = round(min(0.8 + far + self.random.gammavariate(2, 1.2), 25), 2)
                row["climb_m"] = float(max(-140, min(140, round(self.random.gauss(0, 30)))))
                row["rain_mm"] = round(max(0.0, self.random.gauss(-1, 2)), 1)
                longer = factor * (hill if district == "Hillside" else 1.0)
                exact = self.truth["intercepts"][district] + self.truth["slopes"][district] * row["distance_km"]
                exact += self.truth["climb"] * max(row["climb_m"], 0) + self.truth["rain"] * row["rain_mm"]
                row["minutes"] = round(max(1.5, longer * exact + self.random.gauss(0, noise)), 2)
                rows.append(row)
        return rows

    def delivery(self, name, rows):
        """Return rows as a delivery: what the docks' feed sends."""
        return {"id": name, "rows": rows}

    def window(self, rows, now, missing=0.05):
        """Return two weeks of requests and the labels that have come by `now`. Labels come after one to three days, some never."""
        labels = []
        for row in rows:
            late = 1 if row["minutes"] < 14 else 2 if row["minutes"] < 24 else 3
            received = (date.fromisoformat(row["day"]) + timedelta(late)).isoformat()
            if received <= now and self.random.random() > missing:
                labels.append({"trip": row["trip"], "minutes": row["minutes"], "received": received})
        self.random.shuffle(labels)
        requests = [{name: value for name, value in row.items() if name != "minutes"} for row in rows]
        return {"now": now, "requests": requests, "labels": labels}

    def model(self, factor=1.0, off=()):
        """Return a model that knows the truth, `factor` times; in a district of `off` (name: number) so many times that."""
        model = {name: dict(value) if isinstance(value, dict) else value * factor for name, value in self.truth.items()}
        for name in DISTRICTS:
            for part in ("intercepts", "slopes"):
                model[part][name] *= factor * dict(off).get(name, 1.0)
        return model


def spoilt(world, rows, how):
    """Return a copy of rows with one thing wrong: units, minutes, duplicates, conflict, column, text, nan, district, metres."""
    rows = [dict(row) for row in rows]
    some = world.random.sample(range(len(rows)), len(rows) // 6)
    if how == "units":
        for number in some:
            rows[number]["distance_km"] *= 1000
    elif how == "metres":  # all of them
        for row in rows:
            row["distance_km"] *= 1000
    elif how == "minutes":  # a sixth of the trips in hours
        for number in some:
            rows[number]["minutes"] = max(1.0, round(rows[number]["minutes"] / 60, 2))
            rows[number]["distance_km"] = max(rows[number]["distance_km"], 2.0)
    elif how == "duplicates":
        rows += [dict(rows[number]) for number in some[:3]]
    elif how == "column":
        rows = [{("rain" if name == "rain_mm" else name): value for name, value in row.items()} for row in rows]
    elif how == "text":
        rows[some[0]]["climb_m"] = str(rows[some[0]]["climb_m"])
    elif how == "nan":
        rows[some[0]]["rain_mm"] = float("nan")
    elif how == "district":
        rows[some[0]]["district"] = "Oldtown"
    return rows


# Events: what lies in the platform's queue. Plain data, each with an id.


def delivery(world, name, first, how="", **change):
    """Return the event that two weeks of trips were delivered; with `how` one thing is wrong with them."""
    rows = spoilt(world, world.trips(first, **change), how)
    at = f"{_after(first, 14)}T04:00:00Z"
    return {"id": name, "kind": "delivery", "at": at, "by": "dock feed", "delivery": {"id": f"d-{name}", "rows": rows}}


def window(world, name, first, how="", days=17, **change):
    """Return the event that the monitor has looked at the requests since a day."""
    now = _after(first, days)
    seen = world.window(world.trips(first, days=days, **change), now)
    if how == "units":
        for row in world.random.sample(seen["requests"], len(seen["requests"]) // 8):
            row["distance_km"] *= 1000
    return {"id": name, "kind": "window", "at": f"{now}T05:00:00Z", "by": "monitor", "window": seen}


def proposal(name, at, model, by="Cy"):
    """Return the event that somebody proposes a model of their own."""
    return {"id": name, "kind": "proposal", "at": f"{at}T10:00:00Z", "by": by, "model": model}


def rollback(name, at, why, by="Ada"):
    """Return the event that somebody wants the model before back."""
    return {"id": name, "kind": "rollback", "at": f"{at}T12:00:00Z", "by": by, "why": why}


def nightly(name, at):
    """Return the event of the nightly training."""
    return {"id": name, "kind": "nightly", "at": f"{at}T02:00:00Z", "by": "timer"}


def spring(world):
    """Return the events of a spring, in order, by name. The crash comes with {"crash": …} beside its event: see stage.play."""
    slow, fast, hill = 1.13, 0.95, 1.5  # 20 km/h at most in March and April; the bridge to Hillside is closed since April
    good = delivery(world, "e-01", "2026-03-02", factor=slow)
    late = delivery(world, "e-05", "2026-04-20", factor=fast, hill=hill)
    partly = world.model(fast, {"Hillside": hill, "Old Town": 1.4})
    steps = [
        ("new good data", {"event": good}),
        ("the same event again", {"event": good}),
        ("bad data", {"event": delivery(world, "e-02", "2026-03-16", "units", factor=slow)}),
        ("harmless drift", {"event": window(world, "e-03", "2026-03-16", factor=slow, far=1.5)}),
        ("harmful drift", {"event": window(world, "e-04", "2026-04-02", factor=slow, hill=hill)}),
        ("a crash in a deployment", {"event": late, "crash": ["apply", 1]}),
        ("the start after the crash", {"start": True, "by": "timer", "at": "2026-05-04T04:01:00Z"}),
        ("the event that had crashed, again", {"event": late}),
        ("a rollback", {"event": rollback("e-06", "2026-05-05", "riders complain: we arrive before we should")}),
        ("the next night", {"event": nightly("e-07", "2026-05-06")}),
        ("a candidate that is worse in Old Town", {"event": proposal("e-08", "2026-05-07", partly)}),
    ]
    return dict(steps)


def _after(day, days):
    return (date.fromisoformat(day) + timedelta(days)).isoformat()
