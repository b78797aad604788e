"""The app's requests for the risk of a bike, and what really became of the bikes: a morning, drawn from a seed."""

import numpy as np
import pandas as pd


def draw_log(seed, hours=4, bikes=60, requests=2_500, rides_per_hour=0.8, release=True):
    """Return two tables. requests: t (s since the start), bike, version of the model that serves at t. changes: t, bike, risk (from t on).

    A bike's risk changes when it was ridden, and for all bikes when a new version of the model is released. Some bikes are asked for far
    more often than others.
    """
    rng, end = np.random.default_rng(seed), hours * 3600
    at = int(rng.integers(end // 3, 2 * end // 3)) if release else end + 1
    first, rows = int(rng.integers(1, 400)), []
    for bike in range(first, first + bikes):
        rides = rng.integers(1, end, rng.poisson(rides_per_hour * hours * rng.lognormal(0, 0.6)))
        for t in sorted({0, *(int(one) for one in rides), *([at] if release else [])}):
            rows.append((t, bike, round(float(rng.beta(0.8, 2.6)), 3)))
    changes = pd.DataFrame(rows, columns=["t", "bike", "risk"]).sort_values(["t", "bike"], ignore_index=True)
    share = 1 / np.arange(2, bikes + 2)
    asked = first + rng.choice(rng.permutation(bikes), requests, p=share / share.sum())
    table = pd.DataFrame({"t": np.sort(rng.integers(0, end, requests)), "bike": asked})
    return table.assign(version=np.where(table["t"] < at, "12", "13")), changes
