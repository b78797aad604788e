"""What the judge cells of decisions share: trials, and what must be decided."""

import pandas as pd
from judging import names_of


def trial(rng, design, small=()):
    """Return rides with forecasts of two models whose errors are designed.

    `design` gives the candidate's error as a multiple of the live model's: by district, by bike type, by both, or `all`; the most special one counts. A slice
    of `small`, a district or a pair, keeps 10 rides.
    """
    n, districts, kinds = 2400, ["Airport", "Docks", "Mills"], ["classic", "ebike"]
    rides = pd.DataFrame(
        {"district": rng.choice(districts, n), "bike_type": rng.choice(kinds, n, p=[0.7, 0.3]), "minutes": rng.uniform(8, 60, n).round(1)}
    )
    for name in small:
        here = (rides["district"] + " " + rides["bike_type"]).eq(name) | rides["district"].eq(name)
        rides = rides[~here | (here.cumsum() <= 10)]
    rides = rides.reset_index(drop=True)
    error, sign = rng.uniform(2, 4, len(rides)), rng.choice([-1.0, 1.0], len(rides))
    pairs = rides["district"] + " " + rides["bike_type"]
    times = (
        pairs.map(design)
        .fillna(rides["district"].map(design))
        .fillna(rides["bike_type"].map(design))
        .fillna(design["all"])
        .to_numpy(dtype=float)
    )
    return rides.assign(
        live=rides["minutes"] + sign * error, candidate=rides["minutes"] + rng.choice([-1.0, 1.0], len(rides)) * error * times
    )


def decision(rides):
    """Return what `decide` must say: approved, reasons and watch."""
    if rides["candidate"].isna().any():
        return {"approved": False, "reasons": {"unanswered"}, "watch": None}
    live, candidate = (rides["live"] - rides["minutes"]).abs(), (rides["candidate"] - rides["minutes"]).abs()
    reasons, watch = set(), set()
    if not candidate.mean() <= 0.98 * live.mean():
        reasons.add("mean")
    pairs = rides["district"] + " " + rides["bike_type"]
    for names in (rides["district"], rides["bike_type"], pairs):
        for name in names.unique():
            here = (names == name).to_numpy()
            if here.sum() < 40:
                watch.add(name)
            elif candidate[here].mean() > 1.05 * live[here].mean():
                reasons.add(name)
    return {"approved": not reasons, "reasons": reasons, "watch": watch}


def compare_decision(said, rides, what):
    """Raise AssertionError where a decision is not the rule's."""
    right = decision(rides)
    if not isinstance(said, dict) or not {"approved", "reasons", "watch"} <= set(said):
        raise AssertionError(f"{what}: decide returned {said!r}, expected a dictionary with approved, reasons and watch.")
    reasons, watch = names_of(said["reasons"], what), names_of(said["watch"], what)
    shown = sorted(right["reasons"]) or "none"
    assert reasons == right["reasons"], f"{what}: the reasons against it are {sorted(reasons) or 'none'}, expected {shown}."
    assert bool(said["approved"]) == right["approved"], f"{what}: approved is {said['approved']}, expected {right['approved']}."
    assert right["watch"] is None or watch == right["watch"], (
        f"{what}: to be watched are {sorted(watch) or 'none'}, expected {sorted(right['watch']) or 'none'}."
    )
