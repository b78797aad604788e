"""The team's monitor: how far a column has moved, and what a plan's alarms would have been, week by week."""

import json
from pathlib import Path

import numpy as np
from scipy.stats import ks_2samp, ttest_ind, wasserstein_distance

COLUMNS = ["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar", "unlock_seconds"]
METHODS = ["ks", "t_test", "wasserstein"]
BY_P_VALUE = ["ks", "t_test"]  # small means drift; of a distance, large means drift
HARM = {"tyre_pressure_bar": lambda values: values - 0.2, "distance_km": lambda values: values * 1.25}
WEEKS_BEFORE = 8  # no plan may look back further


def moved(reference, current):
    """Return how far the values have moved: the Wasserstein distance, in standard deviations of the reference, as Evidently norms it."""
    return wasserstein_distance(reference, current) / max(float(np.std(reference)), 0.001)


def measure(method, reference, current):
    """Return what a method says of two samples, the same as Evidently's method of that name: a p-value or a distance."""
    if method == "ks":
        return float(ks_2samp(reference, current).pvalue)
    if method == "t_test":
        return float(ttest_ind(reference, current).pvalue)
    return float(moved(reference, current))


def read_plan(path="plan.json"):
    """Return the plan in a file. Raises ValueError, with what is wrong, for one that cannot be played."""
    try:
        plan = json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}: write it with json.dumps") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    if not isinstance(plan, dict) or not {"method", "thresholds", "window_days", "reference_days"} <= set(plan):
        raise ValueError(f"{path} needs method, thresholds, window_days and reference_days")
    if plan["method"] not in METHODS:
        raise ValueError(f"{path} has the method {plan['method']!r}, expected one of {METHODS}")
    thresholds = plan["thresholds"]
    if not isinstance(thresholds, dict) or set(thresholds) != set(COLUMNS):
        raise ValueError(f"{path} needs a threshold for each of {COLUMNS}, and for no other column")
    if not all(isinstance(value, int | float) and value >= 0 for value in thresholds.values()):
        raise ValueError(f"{path} has a threshold that is no number from 0 on: {thresholds}")
    if plan["window_days"] not in (1, 7):
        raise ValueError(f"{path} has window_days {plan['window_days']!r}, expected 1 or 7")
    if plan["reference_days"] not in (7, 14, 28, 56):
        raise ValueError(f"{path} has reference_days {plan['reference_days']!r}, expected 7, 14, 28 or 56")
    return plan


def scores(plan, trips, week, columns=COLUMNS, spoil=None):
    """Return for each column what the method says of a week's windows, a list of 7 / window_days numbers.

    trips: a table with a column `day`, whole numbers from 0 on, a Monday. `spoil`: a function that changes the current values, as HARM has
    them. A window is compared with the `reference_days` before its week.
    """
    day = trips["day"].to_numpy()
    first = 7 * week
    said = {column: [] for column in columns}
    before = (day >= first - plan["reference_days"]) & (day < first)
    for start in range(first, first + 7, plan["window_days"]):
        current = (day >= start) & (day < start + plan["window_days"])
        for column in columns:
            values = trips[column].to_numpy()
            now = spoil(values[current]) if spoil else values[current]
            said[column].append(measure(plan["method"], values[before], now))
    return said


def alarms(plan, trips, week, columns=COLUMNS, spoil=None):
    """Return the columns that alarm in a week: a distance at or above the threshold, or a p-value below it, in one window or more."""
    by_p = plan["method"] in BY_P_VALUE
    said = scores(plan, trips, week, columns, spoil)
    return [
        column
        for column, values in said.items()
        if any(value < plan["thresholds"][column] if by_p else value >= plan["thresholds"][column] for value in values)
    ]
