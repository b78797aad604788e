"""What the judge cells of models and returns share: forecasts and what came back."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
from judging import MIDNIGHT
from risk import FEATURES, Model, as_row, save_model

COLUMNS = [
    "trip_id", "ended_at", "station", "district", "bike_type", "distance_km", "duration_min", "climb_m", "km_since_service", "tyre_pressure_bar",
]  # fmt: skip
DISTRICTS = ["Harbour", "Old Town", "University", "Hillside", "Eastfield"]


def draw_model(rng, version, path):
    """Write a model of this submission's own to a file, and return it. Many of its thresholds are values that occur; each feature stands in its trees."""
    scales = [
        (0.5, 9, 2),
        (3, 45, 1),
        (-40, 40, 0),
        (5, 400, 1),
        (2.5, 4.5, 2),
        (4, 22, 4),
        (-0.5, 1.5, 1),
        (-0.5, 4.5, 1),
        (0, 23, 0),
        (0.5, 0.6, 1),
    ]
    feature = rng.permuted(np.tile(np.arange(len(FEATURES)), 28)).reshape(-1, 7)
    trees = [
        {
            "feature": nodes.tolist(),
            "threshold": [round(float(rng.uniform(scales[node][0], scales[node][1])), scales[node][2]) for node in nodes],
            "leaf": rng.normal(0, 0.35, 8).round(5).tolist(),
        }
        for nodes in feature
    ]
    categories = {"bike_type": ["ebike", "classic"], "district": [str(name) for name in rng.permutation(DISTRICTS)]}
    content = {
        "version": str(version),
        "fill": round(float(rng.uniform(3.1, 3.4)), 3),
        "categories": categories,
        "base": -0.6,
        "trees": trees,
    }
    save_model(content, path)
    return Model(content)


def written(moment, hours):
    """Return a moment as a dock writes it whose clock is so many hours ahead."""
    if hours == "Z":
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="seconds")


def draw_returns(rng, count, day, ids, whole=False, bikes=("classic", "ebike"), pressure=True):
    """Return so many returns of a day (0 is a Friday): a table. Many end near midnight; clocks have many offsets."""
    near = rng.random(count) < 0.4
    second = np.where(near, rng.choice([0, 1], count) * 84_600 + rng.integers(0, 1_800, count), rng.integers(0, 86_400, count))
    moments = [MIDNIGHT + timedelta(days=day, seconds=int(one)) for one in second]
    km, minutes = rng.uniform(0.2, 9, count).round(2), rng.uniform(1, 45, count).round(1)
    minutes[rng.random(count) < 0.08] = 0.0
    table = pd.DataFrame(
        {
            "trip_id": ids,
            "ended_at": [written(moment, hours) for moment, hours in zip(moments, rng.choice([0, 1, -3.5, 5.5], count), strict=True)],
            "station": rng.integers(1, 41, count),
            "district": rng.choice([*DISTRICTS, "Docklands"], count),
            "bike_type": rng.choice(list(bikes), count),
            "distance_km": km.round(0).astype(int) if whole else km,
            "duration_min": minutes.round(0).astype(int) if whole else minutes,
            "climb_m": rng.integers(-60, 60, count) if whole else rng.uniform(-60, 60, count).round(1),
            "km_since_service": rng.uniform(0, 420, count).round(1),
            "tyre_pressure_bar": np.where(rng.random(count) < (0.25 if pressure else 1.0), np.nan, rng.uniform(2.2, 4.6, count).round(2)),
        }
    )
    return table[COLUMNS]


def slips(table):
    """Return for four features the trips in which Bo's job, its order mended, says something else than the service."""
    found = {"tyre_pressure_bar": set(), "speed_kmh": set(), "hour": set(), "weekend": set()}
    for trip in table.to_dict("records"):
        shown = datetime.fromisoformat(trip["ended_at"])
        utc = shown.astimezone(UTC)
        off = {
            "tyre_pressure_bar": trip["tyre_pressure_bar"] != trip["tyre_pressure_bar"],
            "speed_kmh": trip["duration_min"] < 3 and trip["distance_km"] > 0,
            "hour": shown.hour != utc.hour,
            "weekend": (shown.weekday() >= 5) != (utc.weekday() >= 5),
        }
        for name in found:
            found[name] |= {int(trip["trip_id"])} if off[name] else set()
    return found


def draw_ids(rng, count):
    """Return so many different numbers of trips, in no order."""
    return rng.permutation(np.arange(1, 4 * count) + int(rng.integers(10_000, 900_000)))[:count]


def truth(table, model):
    """Return what the service says about a table of returns: trip_id, the FEATURES, risk."""
    rows = [as_row(trip, model) for trip in table.to_dict("records")]
    right = pd.DataFrame(rows, columns=FEATURES, dtype=float)
    right.insert(0, "trip_id", table["trip_id"].to_numpy())
    return right.assign(risk=model.risks(rows))


def fault_in(said, right, what):
    """Return the sentence on the first thing in which a table differs from the service's; None if there is none. Rows may come in any order."""
    if not isinstance(said, pd.DataFrame):
        return f"{what}: score's table computes to {type(said).__name__}, expected a data frame."
    lacking = [name for name in right.columns if name not in said.columns]
    if lacking:
        return f"{what}: the table lacks the columns {', '.join(lacking)}."
    ids = pd.to_numeric(said["trip_id"]).astype("int64")
    if sorted(ids) != sorted(right["trip_id"]):
        return f"{what}: {len(said)} rows with {ids.nunique()} different trip_id, expected one for each of the {len(right)} lines and no others."
    said = said.assign(trip_id=ids).sort_values("trip_id", kind="stable").reset_index(drop=True)
    right = right.sort_values("trip_id", kind="stable").reset_index(drop=True)
    for name in right.columns[1:]:
        one, other = pd.to_numeric(said[name]).astype(float).to_numpy(), right[name].to_numpy()
        off = ~(np.abs(one - other) <= 1e-9)
        if off.any():
            at = int(np.flatnonzero(off)[0])
            return (
                f"{what}: {name} differs from the service's in {off.sum()} of {len(right)} rows. For the trip {right['trip_id'][at]} the job says {one[at]:.9g}, "
                f"the service {other[at]:.9g}."
            )
    return None
