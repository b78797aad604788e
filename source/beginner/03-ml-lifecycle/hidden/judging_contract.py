"""What the judge cells of contracts share: exports that keep one, and such that do not."""

import numpy as np
import pandas as pd
from judging import fresh_rides


def sound_exports(rng):
    """Return exports that no contract of the rides may refuse: {what: rides}."""
    plain, summer = fresh_rides(rng, ebikes=0.02), fresh_rides(rng, start="2026-07-01", ebikes=0.4)
    far = fresh_rides(rng, start="2026-10-01").copy()
    far.loc[[3, 40, 77], ["distance_km", "climb_m", "minutes"]] = [[26.4, 96, 158.0], [0.1, -126, 1.2], [23.0, 126, 171.5]]
    gaps = summer.assign(climb_m=summer["climb_m"].mask(np.arange(len(summer)) % 60 == 0), weather="dry")
    gaps["climb_m"] = gaps["climb_m"].fillna(summer["climb_m"].where(np.arange(len(summer)) % 60 != 0)).astype(float)
    return {
        "a spring with few e-bikes": plain,
        "rides of up to 26 km and 171 minutes": far,
        "1.7 % of climbs missing, and a column more": _thin(gaps, rng),
    }


def _thin(rides, rng):
    missing = np.flatnonzero(rides["climb_m"].isna())
    keep = rng.permutation(missing)[: int(len(rides) * 0.017)]
    return rides.assign(climb_m=rides["climb_m"].fillna(0.0).where(~np.isin(np.arange(len(rides)), keep)))


def faulty_exports(rng):
    """Return exports that the contract must refuse: {what: (rides, columns at fault)}."""
    rides = fresh_rides(rng)
    district = str(rng.choice(sorted(rides["district"].unique())))
    some = rides["district"] == district
    few = rng.random(len(rides)) < 0.2
    changed = {
        f"distances from {district} in metres": ("distance_km", rides["distance_km"].where(~some, rides["distance_km"] * 1000)),
        "a fifth of the rides in seconds": ("minutes", rides["minutes"].where(~few, rides["minutes"] * 60)),
        "climbs in feet": ("climb_m", rides["climb_m"] * 3.281),
        "a few rides that end before they begin": ("minutes", rides["minutes"].where(rng.random(len(rides)) > 0.01, -rides["minutes"])),
        "cargo bikes that nobody announced": ("bike_type", rides["bike_type"].where(~few, "cargo")),
        "districts in small letters": ("district", rides["district"].where(~some, district.lower())),
        "3 % of climbs missing": ("climb_m", rides["climb_m"].fillna(0.0).mask(np.arange(len(rides)) % 33 == 0)),
        "a few rides of half a minute": ("minutes", rides["minutes"].where(rng.random(len(rides)) > 0.01, 0.5)),
        "a few rides of three hours and a half": ("minutes", rides["minutes"].where(rng.random(len(rides)) > 0.01, 210.0)),
        "a few routes of 36 km, which the app does not plan": (
            "distance_km",
            rides["distance_km"].where(rng.random(len(rides)) > 0.01, 36.0),
        ),
        "3 % of the minutes missing": ("minutes", rides["minutes"].mask(np.arange(len(rides)) % 33 == 0)),
        "distances with a comma": ("distance_km", rides["distance_km"].map(lambda km: f"{km}".replace(".", ","))),
    }
    tables = {what: (rides.assign(**{column: values}), {column}) for what, (column, values) in changed.items()}
    tables["rides sent twice"] = (pd.concat([rides, rides.head(25)], ignore_index=True), {"ride_id"})
    tables["a column renamed"] = (rides.rename(columns={"climb_m": "elevation"}), {"climb_m"})
    tables["one day instead of a month"] = (rides.dropna().head(70), {"rows"})
    return tables


def dock_exports(rng):
    """Return a contract of other data, and tables with what breaks it: [(what, table, names)]."""
    bars = [float(rng.integers(1, 3)), float(rng.integers(6, 9))]
    contract = {
        "min_rows": 50,
        "columns": {
            "dock": {"type": "text", "unique": True},
            "maker": {"type": "text", "allowed": ["north", "south"], "missing": 0.1},
            "bar": {"type": "number", "min": bars[0], "max": bars[1], "missing": 0.05},
            "slots": {"type": "number", "allowed": [10, 20, 30]},
            "degrees": {"type": "number", "max": 60},
        },
    }
    n = 100
    good = pd.DataFrame(
        {
            "dock": [f"D{number:03}" for number in rng.permutation(n)],
            "maker": pd.Series(rng.choice(["north", "south"], n)).astype(object).mask(np.arange(n) < 10, None),
            "bar": pd.Series(rng.uniform(bars[0] + 0.1, bars[1] - 0.1, n).round(2)).mask(np.arange(n) % 20 == 3),
            "slots": rng.choice([10, 20, 30], n),
            "degrees": rng.normal(-20, 5, n).round(1),
        }
    )
    edge = good.assign(bar=[*bars, *good["bar"][2:]], degrees=[60.0, *good["degrees"][1:]])
    numbers = good.assign(maker=range(n))
    cases = [
        ("a sound table", good, set()),
        ("values right on the limits, which are allowed", edge, set()),
        ("a table with columns more, in another order", good.assign(note="x")[["note", *good.columns[::-1]]], set()),
        ("numbers that came as text, such as '4.2'", good.assign(degrees=good["degrees"].astype(str)), set()),
        ("exactly as many rows as asked for", good.iloc[10:60].assign(bar=bars[0]), set()),
        ("one value below the minimum", good.assign(bar=[bars[0] - 0.01, *good["bar"][1:]]), {"bar"}),
        ("one value above the maximum, where no minimum is given", good.assign(degrees=[*good["degrees"][:-1], 60.1]), {"degrees"}),
        ("a number that is not allowed", good.assign(slots=[11, *good["slots"][1:]]), {"slots"}),
        ("a word in a column of numbers", good.assign(bar=[*good["bar"][:-1], "flat"]), {"bar"}),
        ("numbers in a column of text", numbers, {"maker"}),
        ("more missing than allowed", good.assign(maker=good["maker"].mask(np.arange(n) < 11, None)), {"maker"}),
        ("one value missing where nothing is said about missing ones", good.assign(degrees=[np.nan, *good["degrees"][1:]]), {"degrees"}),
        ("a key that comes twice", good.assign(dock=[good["dock"][1], *good["dock"][1:]]), {"dock"}),
        ("two columns that are not there", good.drop(columns=["slots", "dock"]), {"slots", "dock"}),
        ("three faults at once", good.assign(slots=7, degrees=99.0).tail(49), {"slots", "degrees", "rows"}),
        ("no rows at all", good.head(0), {"rows"}),
    ]
    return contract, cases
