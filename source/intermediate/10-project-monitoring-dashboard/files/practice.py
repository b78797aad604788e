"""Small tables to try alarm rules on: not of the city, but made of chance, with a fault where you ask for one."""

import numpy as np
import pandas as pd
from service import DEFAULTS, FEATURES

START = pd.Timestamp("2026-01-05")


def practice_daily(seed, column=None, first=None, until=None, share=0.6, days=42):
    """Return daily panels of inputs (shares and drift only). In `column` a share is raised from day `first` up to before `until`."""
    rng = np.random.default_rng(seed)
    requests = rng.integers(60, 200, days)
    daily = pd.DataFrame({"requests": requests}, index=pd.date_range(START, periods=days, name="day"))
    for feature in FEATURES:
        if feature in DEFAULTS:
            daily[f"default_{feature}"] = rng.binomial(requests, 0.03) / requests
        daily[f"outside_{feature}"] = rng.binomial(requests, 0.003) / requests
        daily[f"drift_{feature}"] = np.linspace(0.1, 1.5, days) * rng.uniform(0.5, 1.5, days)  # the season
    if column:
        ill = (np.arange(days) >= first) & (np.arange(days) < (until or days))
        daily.loc[ill, column] = rng.binomial(requests[ill], share) / requests[ill]
    return daily


def practice_errors(seed, slice_of=None, value=None, first=None, until=None, times=4.0, days=42):
    """Return errors by trip. In the slice (`slice_of`: district, model or client) they are larger from day `first` up to before `until`."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(80, 200, days)
    day = np.repeat(np.arange(days), rows)
    n = len(day)
    errors = pd.DataFrame(
        {
            "day": START + pd.to_timedelta(day, unit="D"),
            "district": rng.choice(["Eastfield", "Harbour", "Hillside", "Old Town", "University"], n, p=[0.14, 0.24, 0.14, 0.28, 0.2]),
            "model": np.where((rng.random(n) < 0.15) & (day >= 20), "eta-4", "eta-3"),
            "client": np.where(rng.random(n) < 0.35, "web", "app/5.9"),
            "error": rng.gamma(1.2, 2.3, n),
        }
    )
    errors.loc[rng.random(n) < 0.05, "error"] = np.nan
    if slice_of:
        ill = (errors[slice_of] == value) & (day >= first) & (day < (until or days))
        errors.loc[ill, "error"] *= times
    return errors
