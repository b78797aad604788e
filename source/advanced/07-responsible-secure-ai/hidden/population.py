"""Riders of Metro Bikes who applied without a deposit, with their truth known, drawn from a seed: for make_files and the judges."""

import numpy as np
import pandas as pd

from judgekit import drawn

DISTRICTS = {"Harbour": 0.15, "Old Town": 0.2, "University": 0.2, "Hillside": 0.2, "Eastfield": 0.25}
INPUTS = ["failed_payments", "delay_days", "trips_per_month", "day_pass"]


def fresh(salt):
    """Return a NumPy generator of its own for each submission and each `salt`."""
    return np.random.default_rng(drawn(salt).randrange(2**32))


def draw_riders(rng, n, island=0, poorer="Eastfield"):
    """Return n riders, and `island` more in a new, small district.

    Columns: district, failed_payments (count), delay_days (mean delay of a payment, days), trips_per_month, day_pass (0 or 1),
    unpaid (0 or 1: whether a fee stayed unpaid in the year after).
    """
    places = np.array([*DISTRICTS, "Island"], dtype=object)
    names = places[[*rng.choice(len(DISTRICTS), n, p=list(DISTRICTS.values())), *[len(DISTRICTS)] * island]]
    n += island
    trouble = rng.normal(0, 1, n) + 1.1 * (names == poorer)
    table = {
        "district": names,
        "failed_payments": rng.poisson(np.exp(0.8 * trouble - 0.7)),
        "delay_days": np.exp(0.7 * trouble + rng.normal(0, 0.6, n)).round(2),
        "trips_per_month": np.exp(rng.normal(2, 0.6, n)).round(1),
        "day_pass": (rng.random(n) < 0.3).astype(int),
    }
    risk = 1.6 * trouble + 0.5 * table["day_pass"] - 2.0
    return pd.DataFrame(table).assign(unpaid=(rng.random(n) < 1 / (1 + np.exp(-risk))).astype(int))


def score_of(riders):
    """Return the deposit model's score of each rider, between 0 and 1: the coefficients of a logistic regression on 50,000 riders."""
    logit = (
        INTERCEPT
        + FAILED * np.log1p(riders["failed_payments"])
        + DELAY * np.log(riders["delay_days"] + 0.05)
        + DAY_PASS * riders["day_pass"]
    )
    return (1 / (1 + np.exp(-logit))).round(4)


INTERCEPT, FAILED, DELAY, DAY_PASS = -1.963, 0.76, 0.999, 0.395
