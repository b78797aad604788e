"""Load traces, drawn from a seed: what the operators of other cities ask in half an hour.

A request is (seconds, tenant, rows, work in seconds).
"""

import gzip
import math
import random

from simulator import work_of

TENANTS = {"velo-nord": 0.45, "ciclo": 0.35, "roda": 0.2}  # and their shares of the requests
MINUTES = 24


def ramp(t, begin, climb, hold, fall):
    """Return a number from 0 to 1: up from `begin` in `climb` minutes, `hold` minutes at 1, down in `fall` minutes."""
    t -= begin
    return max(0.0, min(1.0, t / climb, (climb + hold + fall - t) / fall))


def shape(kind, rng, peak=None):
    """Return a function: requests a second at a minute. Kinds: rush, whistle (a final is over), waves, night."""
    low = rng.uniform(5, 7)
    if kind == "rush":
        begin, peak = rng.uniform(4, 6), peak or rng.uniform(26, 42)
        return lambda t: low + (peak - low) * ramp(t, begin, 6, 4, 5)
    if kind == "whistle":
        begin, low = rng.uniform(6, 9), low + 2
        peak = low * rng.uniform(3.2, 3.8)
        return lambda t: low + (peak - low) * ramp(t, begin, 0.4, 5, 3)
    if kind == "waves":
        begin, apart, more = rng.uniform(3, 4), rng.uniform(5.0, 5.6), rng.uniform(15, 22)
        return lambda t: low + more * max(ramp(t, begin + n * apart, 2, 0.8, 1.2) for n in range(3))
    if kind == "night":
        return lambda t: 0.5 + 0.3 * math.sin(t / 4)
    raise ValueError(f"no such trace: {kind}")


def draw_trace(kind, seed, rows=20, minutes=MINUTES, peak=None):
    """Return a trace, a list of requests in the order of time.

    `rows`: how many a request has on average; `peak`: of a rush, requests a second.
    """
    rng = random.Random(f"{kind} {seed}")
    rate = shape(kind, rng, peak)
    most = max(rate(step / 60) for step in range(60 * minutes)) * 1.05
    t, found = 0.0, []
    names, shares = list(TENANTS), list(TENANTS.values())
    while (t := t + rng.expovariate(most)) < 60 * minutes:
        if rng.random() * most < rate(t / 60):
            count = max(1, min(200, round(rng.lognormvariate(math.log(rows) - 0.08, 0.4))))
            found.append((round(t, 3), rng.choices(names, shares)[0], count, work_of(count) * rng.lognormvariate(-0.02, 0.2)))
    return found


def read_trace(path):
    """Return the trace in a file: gzipped CSV with seconds, tenant, rows, work_ms."""
    with gzip.open(path, "rt") as file:
        next(file)
        parts = [line.strip().split(",") for line in file]
    return [(float(t), tenant, int(rows), int(ms) / 1000) for t, tenant, rows, ms in parts]
