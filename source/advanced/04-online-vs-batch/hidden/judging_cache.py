"""What the judge cells of the cache share: requests, and how old an answer may be."""

import numpy as np
import pandas as pd
from app_log import draw_log


def draw_morning(rng, release):
    """Return the requests and changes of a morning with answers that are stale in both directions. Changes of one second come in any order."""
    while True:
        requests, changes = draw_log(
            int(rng.integers(1, 10**6)), hours=3, bikes=int(rng.integers(15, 30)), requests=900, rides_per_hour=1.5, release=release
        )
        same_second = requests.sample(80, random_state=int(rng.integers(10**6)))[["t", "bike"]].assign(risk=rng.beta(0.8, 2.0, 80).round(3))
        changes = pd.concat([changes, same_second]).drop_duplicates(["t", "bike"])
        changes["risk"] = changes["risk"].where(rng.random(len(changes)) > 0.12, 0.5)  # a half is unfit for riding
        changes = changes.sample(frac=1, random_state=int(rng.integers(10**6))).sort_values("t", kind="stable", ignore_index=True)
        upside_down = changes.assign(risk=1 - changes["risk"])
        if min(replayed(requests, one, 4_000)["dangerous"] for one in (changes, upside_down)) > 5:
            return requests, changes


def replayed(requests, changes, expiry):
    """Return how many answers were computed, stale and dangerous, with a cache whose answers are kept for so many seconds."""
    history = {
        bike: (group["t"].to_numpy(), group["risk"].to_numpy()) for bike, group in changes.sort_values("t", kind="stable").groupby("bike")
    }
    kept, count = {}, {"computed": 0, "stale": 0, "dangerous": 0}
    for t, bike, version in requests[["t", "bike", "version"]].itertuples(index=False):
        when, risks = history[bike]
        now = risks[np.searchsorted(when, t, side="right") - 1]
        had = kept.get((bike, version))
        if had is None or t - had[0] >= expiry:
            kept[bike, version] = had = (t, now)
            count["computed"] += 1
        count["stale"] += bool(had[1] != now)
        count["dangerous"] += bool(had[1] < 0.5 <= now)
    return count


def cost_of(count, prices):
    """Return the euros that a replay costs."""
    return count["computed"] * prices["compute"] + count["dangerous"] * prices["dangerous"]
