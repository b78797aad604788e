"""Trips of a city that nobody has seen, what its models must be, and nights to run a pipeline in."""

import math
from datetime import date, timedelta
from statistics import fmean

from judgekit import drawn


def draw_city(salt):
    """Return the text of some districts' trips, the districts to train, and the truth: {district: (error, model)}. One is much worse."""
    chance = drawn(salt)
    names = chance.sample(["Quay", "Mill", "Abbey", "Park", "Castle", "North-End"], 4)
    first, lines, rows = date(2026, chance.randint(1, 11), 2), ["hour,district,trips"], []
    noise = dict(zip(names, [2, 4, 3, 26], strict=False))
    for number in range(17):
        day = first + timedelta(number)
        for hour in range(24):
            for where in names:
                trips = max(0, int(20 + 15 * math.sin(hour / 4) + 8 * (day.weekday() >= 5) + chance.gauss(0, noise[where])))
                lines.append(f"{day}T{hour:02}:00,{where},{trips}")
                rows.append((where, day, hour, trips))
    listed = chance.sample([names[3], *chance.sample(names[:3], 2)], 3)
    return "\n".join(lines) + "\n", listed, {where: truth_of([row for row in rows if row[0] == where]) for where in listed}


def truth_of(rows):
    """Return the error and the model {(weekend, hour): trips} that a district's rows must give."""
    days = sorted({day for _, day, _, _ in rows})
    seen = {}
    for _, day, hour, trips in rows:
        if day in days[:-7]:
            seen.setdefault((day.weekday() >= 5, hour), []).append(trips)
    model = {key: round(fmean(trips), 4) for key, trips in seen.items()}
    return fmean(abs(model[day.weekday() >= 5, hour] - trips) for _, day, hour, trips in rows if day in days[-7:]), model


def night_of(listed, limit, day="2026-12-24", **more):
    """Return a run of the nightly pipeline as `rehearse` takes it."""
    return {"arguments": {"source": "{data}/trips.csv", "store": "{store}", "day": day, "districts": listed, "limit": limit}, **more}


def two_of(trips, listed, truth):
    """Return a drawn city with the first two districts of its list alone."""
    return trips, listed[:2], {district: truth[district] for district in listed[:2]}
