"""Cities, stories and cases that make_files.py and the judges draw, with their truth."""

import numpy as np
import pandas as pd

from metro_bikes import QUIET, simulate

MILES = 0.621371


def some_trips(seed, weeks, start="2025-03-03", per_day=100):
    """Return trips of quiet weeks (day 0 is a Monday) and the true probability that each bike needs repair.

    To the simulator's columns come what days have in common: tyres lose 0.012 bar a degree, and the app is slower on some days.
    """
    city = simulate(seed, trips=per_day * 7 * weeks, start=start, days=7 * weeks, riders=200, scenario=QUIET)
    rng = np.random.default_rng([seed, 1])
    table = city.trips
    day = ((table["started_at"] - city.weather["time"][0]) // pd.Timedelta(days=1)).to_numpy()
    colder = 0.012 * (city.weather["temperature_c"].to_numpy().reshape(-1, 24).mean(axis=1) - 11)[day]
    trips = pd.DataFrame({"day": day})
    trips["distance_km"] = table["distance_km"].round(1)
    trips["climb_m"] = table["climb_m"]
    trips["km_since_service"] = table["km_since_service"].round().astype(int)
    trips["tyre_pressure_bar"] = (table["tyre_pressure_bar"] + colder).round(2)
    slow = np.exp(0.08 * rng.normal(size=7 * weeks))[day]
    trips["unlock_seconds"] = (table["unlock_seconds"] * slow).round().astype(int)
    truth = city.truth.repair_probability.to_numpy()
    return trips, 1 / (1 + np.exp(-np.log(truth / (1 - truth)) + 1.8 * colder))


# Exercise 4: a unit


def a_unit_story(rng, kind, source=None, weeks=5, per_day=45, late=False):
    """Return trips as the sources sent them, the true distances in km, the source and the moment of the fault (None without any).

    kind: m or miles (one source sends metres or miles from a full hour on), bridge (one source's trips get shorter and quicker by a third, in
    truth), ebikes (one source's become longer and faster), snow (all are slower by a third), nothing. late: it concerns some 60 to 80 trips.
    """
    city = simulate(int(rng.integers(1, 10**6)), trips=per_day * 7 * weeks, start="2025-10-06", days=7 * weeks, riders=200, scenario=QUIET)
    table = city.trips.merge(city.stations[["station_id", "sensor_group"]], left_on="start_station_id", right_on="station_id")
    table = table.sort_values("started_at", ignore_index=True)
    trips = pd.DataFrame({"trip_id": table["trip_id"], "started_at": table["started_at"].dt.tz_localize(None)})
    trips["source"] = table["sensor_group"].astype(object)
    km, minutes = table["distance_km"].to_numpy(copy=True), table["duration_min"].to_numpy(copy=True)
    source = source or str(rng.choice(["A", "B", "C"]))
    start = trips["started_at"].iloc[0].normalize()
    by_source = {group: np.flatnonzero((trips["source"] == group).to_numpy()) for group in ("A", "B", "C")}
    while True:
        if late:
            moment = trips["started_at"].iloc[by_source[source][-int(rng.integers(60, 80))]].floor("h")
        else:
            moment = start + pd.Timedelta(hours=int(rng.integers(24 * 10, 24 * (7 * weeks - 8))))
        own, after = (trips["source"] == source).to_numpy(), (trips["started_at"] >= moment).to_numpy()
        if late or min(after[rows].sum() for rows in by_source.values()) >= 40:
            break
    if kind == "bridge":
        km, minutes = np.where(own & after, km * MILES, km), np.where(own & after, minutes * MILES, minutes)
    elif kind == "ebikes":
        km, minutes = np.where(own & after, km * 1.35, km), np.where(own & after, minutes * 0.97, minutes)
    elif kind == "snow":
        minutes = np.where(after, minutes / MILES, minutes)
    near = np.zeros(len(trips), dtype=bool)
    for rows in by_source.values():
        at = int(np.searchsorted(rows, np.flatnonzero(after)[0]))
        near[rows[max(at - 8, 0) : at + 8]] = True
    odd = rng.permutation(np.flatnonzero(~near))[:42]
    tours, hops, forgotten = odd[:14], odd[14:28], odd[28:]
    km[tours] = rng.uniform(45, 95, 14)
    minutes[tours] = km[tours] / rng.uniform(12, 15, 14) * 60
    km[hops] = rng.uniform(0.05, 0.3, 14)
    minutes[hops] = km[hops] / rng.uniform(9, 12, 14) * 60
    km[forgotten], minutes[forgotten] = rng.uniform(0.3, 3, 14), rng.uniform(600, 3000, 14)
    true = km.round(3)
    factor = {"m": 1000.0, "miles": MILES}.get(kind)
    trips["distance_km"] = np.where(own & after, (true * factor).round(3), true) if factor else true
    trips["duration_min"] = minutes.round(2)
    return trips, true, (source if factor else None), (moment if factor else None)


# Exercise 6: a backtest


def a_backtest(rng, truth, noise=1.2):
    """Return a year's backtest: what models trained through different weeks got wrong in every week after, per 1,000 trips."""
    rows = []
    for kind in truth["base"]:
        for trained in range(8, 41, 4):
            for week in range(trained + 1, 52):
                rows.append((kind, trained, week, true_errors(truth, kind, week - trained) + season(truth, week)))
    table = pd.DataFrame(rows, columns=["train_on", "trained_through", "week", "errors"])
    table["errors"] = (table["errors"] + rng.normal(0, noise, len(table))).round(2)
    return table.sort_values(["week", "trained_through", "train_on"], ignore_index=True), truth


def season(truth, week):
    """Return by how much more every model errs in a week, whatever its age: most before the year's end."""
    return truth["season"] * np.cos(2 * np.pi * (week - 47) / 52)


def true_errors(truth, kind, age):
    """Return errors per 1,000 trips, of an average week, of a model whose data ended `age` weeks ago."""
    return truth["base"][kind] + truth["slope"][kind] * age
