"""What the judge cells of prices share: bills of both ways."""

from itertools import pairwise

import numpy as np

EVERY_MIN = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440]


def draw_prices(rng):
    """Return a price table."""
    return {
        "server_hour": round(float(rng.uniform(0.05, 0.3)), 3),
        "server_rows_per_s": int(rng.integers(2, 9)),
        "server_start_s": int(rng.choice([20, 50, 100, 200, 500, 900])),
        "job_hour": round(float(rng.uniform(0.15, 0.6)), 3),
        "job_rows_per_s": int(rng.integers(60, 400)),
        "job_start_s": int(rng.integers(20, 400)),
    }


def draw_demand(rng, quiet=None):
    """Return the rows of each hour of a day; a few hours at night have none."""
    hours = np.arange(24)
    shape = 0.2 + np.exp(-((hours - 8) ** 2) / 4) + 1.3 * np.exp(-((hours - 17) ** 2) / 6)
    rows = (shape * rng.uniform(2_000, 40_000)).round().astype(int)
    rows[: int(rng.integers(3, 7)) if quiet is None else quiet] = 0
    return [int(one) for one in rows]


def with_full_hour(prices, demand):
    """Return the demand with one hour whose rows fill its servers exactly."""
    full = 3600 * prices["server_rows_per_s"]
    return [*demand[:13], max(1, demand[13] // full) * full, *demand[14:]]


def all_plans(prices, demand):
    """Return each plan that can work, as (plan, every, the shortest limit in seconds for which it will do, euros a day)."""
    need = [-(-rows // (3600 * prices["server_rows_per_s"])) for rows in demand]
    found = [("online", None, 0, sum(max(one, 1) for one in need) * prices["server_hour"])]
    found.append(("online", None, prices["server_start_s"], sum(need) * prices["server_hour"]))
    minutes = np.repeat(np.array(demand) / 60, 60)
    for every in EVERY_MIN:
        seconds = prices["job_start_s"] + minutes.reshape(-1, every).sum(axis=1) / prices["job_rows_per_s"]
        if seconds.max() <= 60 * every:
            found.append(("batch", every, 60 * every + seconds.max(), float(seconds.sum()) / 3600 * prices["job_hour"]))
    return found


def allowed_plans(prices, demand, limit_min):
    """Return the euros a day of each plan that keeps the limit, by plan and interval."""
    euros = {}
    for plan, every, shortest, cost in all_plans(prices, demand):
        if shortest <= 60 * limit_min:
            euros[plan, every] = min(cost, euros.get((plan, every), cost))
    return euros


def winners(prices, demand):
    """Return the cheapest kind of plan for each limit from 1 to 240 minutes."""
    table = sorted(all_plans(prices, demand), key=lambda plan: plan[3])
    return [next(plan for plan, _, shortest, _ in table if shortest <= 60 * limit) for limit in range(1, 241)]


def online_limit(prices, demand):
    """Return the longest limit in whole minutes, up to 240, at which online is the cheapest; 0 if there is none."""
    return max((limit for limit, plan in enumerate(winners(prices, demand), 1) if plan == "online"), default=0)


def draw_twice(rng):
    """Return prices and a demand with which online is the cheapest for short limits, then a batch, then online again: its servers may sleep."""
    while True:
        prices, demand = draw_prices(rng), draw_demand(rng, quiet=6)
        prices["server_start_s"], prices["job_start_s"] = int(rng.choice([900, 1_500])), int(rng.integers(90, 260))
        plan = winners(prices, demand)
        if plan[0] == "online" and sum(one != other for one, other in pairwise(plan)) >= 3:
            return prices, demand


def draw_slow(rng):
    """Return prices and a demand with which a job every few minutes would be cheap and keep a limit of half an hour, but is not over in time."""
    prices, demand = draw_prices(rng), [10 * rows for rows in draw_demand(rng)]
    return {**prices, "job_start_s": 300, "job_hour": 0.01, "job_rows_per_s": max(demand) // 3600 + 1}, demand
