"""Plays a city in which a forecast decides how many bikes the vans put out each morning, and so what anyone can ride."""

import numpy as np
import pandas as pd

STATIONS, FIRST_DAYS = 12, 14
NEW = slice(6, 12)  # the places of the stations 7 to 12


def play(forecast, seed, weeks=12, growth=0.0, inherited=False, new=False):
    """Return what happened: a row for each day and station, with `day` (from 0), `station`, `bikes` put out, `trips` and `demand`.

    In the first 14 days the vans put out plenty, as they had always done. Then, before each of `weeks` weeks, `forecast` is given the
    history (day, station, bikes, trips) and returns the bikes to put out at each station, every morning of that week.

    `growth` is the demand's growth in a week, as a share. If `inherited`, somebody else's forecast ran the first 14 days, and put out
    half of what people wanted. If `new`, the stations 7 to 12 are new: nobody could say what they need, so in the first 14 days a single
    bike was put out at each. Nobody but this module knows `demand`: who finds an empty station walks away and leaves no trace.
    """
    demand = _demand(seed, FIRST_DAYS + 7 * weeks, growth, new)
    at_first = np.round(demand[:FIRST_DAYS].mean(axis=0) * (0.5 if inherited else 2))
    if new:
        at_first[NEW] = 1
    happened = [_day(day, at_first, demand) for day in range(FIRST_DAYS)]
    for week in range(weeks):
        history = pd.concat(happened, ignore_index=True)[["day", "station", "bikes", "trips"]]
        wanted = dict(forecast(history))
        silent = [station for station in range(1, STATIONS + 1) if station not in wanted]
        if silent:
            raise ValueError(f"forecast says nothing of station {silent[0]} – return a number for each of the stations 1 to {STATIONS}")
        bikes = np.array([float(wanted[station]) for station in range(1, STATIONS + 1)])
        if not np.isfinite(bikes).all():
            raise ValueError(f"forecast said {wanted}, expected a number of bikes for each station")
        first = FIRST_DAYS + 7 * week
        happened += [_day(day, np.round(bikes.clip(0)), demand) for day in range(first, first + 7)]
    return pd.concat(happened, ignore_index=True)


def by_week(happened):
    """Return for each week: the `error` in trips per station and day, and per wanted trip the `served` ones and the bikes `put_out`."""
    later = happened[happened["day"] >= FIRST_DAYS]
    week = (later["day"] - FIRST_DAYS) // 7 + 1
    error = (later["bikes"] - later["trips"]).abs().groupby(week).mean()
    sums = later[["bikes", "trips", "demand"]].groupby(week).sum()
    table = {"error": error, "served": sums["trips"] / sums["demand"], "put_out": sums["bikes"] / sums["demand"]}
    return pd.DataFrame(table).rename_axis("week")


def _demand(seed, days, growth, new):
    """Return how many people want a bike: days × stations."""
    rng = np.random.default_rng([seed, 5])
    typical = rng.uniform(6, 30, STATIONS)
    if new:
        typical[NEW] += 15  # new stations are built where many people want to ride
    weather = rng.lognormal(0, 0.12, days)
    trend = (1 + growth) ** (np.arange(days) / 7)
    return rng.poisson(typical * (weather * trend)[:, None])


def _day(day, bikes, demand):
    trips = np.minimum(demand[day], bikes).astype(int)
    return pd.DataFrame(
        {"day": day, "station": np.arange(1, STATIONS + 1), "bikes": bikes.astype(int), "trips": trips, "demand": demand[day]}
    )
