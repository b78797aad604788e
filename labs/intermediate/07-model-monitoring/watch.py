"""The team's module for the repair alarm's monitoring: its tables, what becomes of its inputs, and cities and weeks to practise on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

NUMBERS = ["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"]
CATEGORIES = ["bike_type", "end_station_id"]
INPUTS = NUMBERS + CATEGORIES
DEFAULTS = {"tyre_pressure_bar": 3.5}  # what the service takes where an input is missing
METHODS = {"numbers": ("wasserstein", 0.1), "categories": ("jensenshannon", 0.15)}  # the team's methods and thresholds for drift
LIMIT = 0.4  # of `distance` in Part 5, in standard deviations: Part 5 says why


def read_table(path):
    """Return a CSV file as a table, its times in UTC."""
    table = pd.read_csv(path)
    for name in table.columns[table.columns.str.endswith("_at")]:
        table[name] = pd.to_datetime(table[name], utc=True)
    return table


def report_table(path):
    """Return what a report of Evidently that was saved as JSON says: a row a metric, with its column, method, threshold and value."""
    rows = []
    for metric in json.loads(Path(path).read_text())["metrics"]:
        config, value = metric["config"], metric["value"]
        kind = config["type"].split(":")[-1]
        number = value["count"] if isinstance(value, dict) and "count" in value else value
        rows.append((kind, config.get("column"), config.get("method"), config.get("threshold"), number))
    return pd.DataFrame(rows, columns=["metric", "column", "method", "threshold", "value"])


def prepare(raw):
    """Return the table as the model gets it: missing inputs replaced by their defaults."""
    return raw.fillna(DEFAULTS)


def distance(current, reference):
    """Return the Wasserstein distance of two columns, in standard deviations of the reference."""
    return wasserstein_distance(reference, current) / max(np.std(reference), 0.001)


def alarms(current, reference, columns=("duration_min", "distance_km", "climb_m")):
    """Return the columns whose distance between the two tables is LIMIT or more."""
    return [name for name in columns if distance(current[name], reference[name]) >= LIMIT]


def a_city(seed, years=4, trips=200, last_year_broken=False):
    """Return a city's trips, `trips` a week: week (its Monday), duration_min, distance_km, climb_m, and whether it was an incident.

    Seasons come and go. In August the commuters are away; from the first week of Advent to Christmas the market is open. No year is
    quite like another. In weeks marked as an incident the tables were known to be wrong.
    """
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2022-01-03")
    weeks = [start + pd.Timedelta(weeks=n) for n in range(52 * years)]
    advent, august = int(rng.integers(47, 49)), int(rng.integers(30, 32))
    side, season = rng.choice([-1, 1], 3), rng.uniform(0.45, 0.6)
    level = rng.normal(0, 0.04, (years, 3))
    shift, incident = np.zeros((len(weeks), 3)), np.zeros(len(weeks), dtype=bool)
    for n in range(len(weeks)):
        year, number = divmod(n, 52)
        shift[n] = -season * np.cos(2 * np.pi * (number - 3) / 52) * side + level[year]
        shift[n] += 0.75 * side * (advent <= number < advent + 4) - 0.75 * side * (august <= number < august + 4)
        incident[n] = last_year_broken and year == years - 2 and number >= advent - 3
    z = rng.normal(size=(len(weeks) * trips, 3)) + np.repeat(shift + 1.8 * incident[:, None], trips, axis=0)
    table = pd.DataFrame({"week": np.repeat(pd.DatetimeIndex(weeks), trips), "duration_min": 16 + 4 * z[:, 0], "distance_km": 4 + z[:, 1]})
    return table.assign(climb_m=30 * z[:, 2], incident=np.repeat(incident, trips)).round(3)


def fifty_columns(seed, rows):
    """Return a table of 50 numeric columns, in which nothing ever changes but chance. Some move together, some have missing values."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, 50))
    z[:, 10:20] = 0.8 * z[:, [9]] + 0.6 * z[:, 10:20]  # ten columns that move with column 9
    z[:, 20:30] = np.exp(0.6 * z[:, 20:30])
    z[:, 30:35] = np.clip(z[:, 30:35], 0, None)  # zero in every second row, as rain is
    table = pd.DataFrame(z, columns=[f"input_{n:02}" for n in range(50)]).round(4)
    gaps = rng.random((rows, 5)) < 0.06
    table.iloc[:, 45:] = table.iloc[:, 45:].mask(gaps)
    return table
