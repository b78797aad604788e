"""Weeks of trips, and the bikes of the days after them."""

import numpy as np
import pandas as pd

from metro_bikes import QUIET, simulate

BIKE = ["bike_id", "day", "distance_km", "climb_m", "km_since_service", "serviced_on", "tyre_pressure_bar"]


def weeks_and_bikes(seed, start="2025-06-30", weeks=9, trips=1100, bikes=40):
    """Return nine weekly tables of trips, {file name: table}, and the last bikes that came back until the Friday after them.

    `start` is a Monday. `serviced_on` is made up: since then the bike has done its km_since_service, at 3 to 12 km a day.
    """
    days = 7 * weeks + 5
    table = simulate(seed=seed, trips=trips + 500, start=start, days=days, scenario=QUIET).trips
    rng = np.random.default_rng(seed)
    ended = table.started_at.dt.tz_localize(None).dt.normalize()
    table["bike_id"] = rng.permutation(np.arange(1000, 1000 + 3 * len(table)))[: len(table)]
    table["day"] = ended.dt.strftime("%Y-%m-%d")
    table["km_since_service"] = table.km_since_service.round().astype(int) + 1
    in_use = np.ceil(table.km_since_service / rng.uniform(3, 12, len(table)))
    table["serviced_on"] = (ended - pd.to_timedelta(in_use, unit="D")).dt.strftime("%Y-%m-%d")
    table["needs_repair"] = table.needs_repair.astype(int)
    number = (ended - pd.Timestamp(start)).dt.days // 7
    first = pd.Timestamp(start).isocalendar().week
    columns = ["trip_id", *BIKE, "needs_repair"]
    tables = {f"week-{first + n}.csv": table.loc[number == n, columns].head(trips // weeks) for n in range(weeks)}
    return tables, table.loc[number == weeks, BIKE].tail(bikes)
