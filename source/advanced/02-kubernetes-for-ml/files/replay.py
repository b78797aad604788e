"""Replays a load against an autoscaler: a queue in plain Python. Each pod answers one request after the other, 50 ms each on average."""

import heapq
import random
from dataclasses import dataclass

SERVICE_SECONDS, STEP_SECONDS, START_SECONDS = 0.05, 15, 30


@dataclass
class Replay:
    """What became of a load: `p95` in seconds, `pod_minutes`, and for each step of 15 s its `pods` and its own p95, `latencies`."""

    p95: float
    pod_minutes: float
    pods: list
    latencies: list


def rush_hour(seed, peak=90.0):
    """Return requests per second for each step of 15 s in 20 minutes: quiet, a rush with two waves, quiet again."""
    rng = random.Random(seed)
    quiet, first, climb = rng.uniform(20, 28), rng.randint(12, 18), rng.randint(16, 20)
    rates = []
    for step in range(80):
        up = min(1.0, max(0.0, (step - first) / climb)) * min(1.0, max(0.0, (70 - step) / 8))
        wave = 0.12 * ((step % 16) / 8 - 1 if step % 16 < 8 else 1 - (step % 16) / 8)
        rates.append(max(5.0, (quiet + (peak - quiet) * up) * (1 + wave * up + rng.uniform(-0.08, 0.08))))
    return rates


def replay(rates, decide, low=2, high=14, seed=0):
    """Play a load. `decide(current, readings)` is asked every 15 s, and returns how many pods. A reading: a pod's utilisation in %."""
    rng = random.Random(seed)
    free = [0.0] * low  # when each pod is free again
    heapq.heapify(free)
    coming, latencies, steps, pods = [], [], [], []
    pod_seconds = 0.0
    for number, rate in enumerate(rates):
        begin, end = number * STEP_SECONDS, (number + 1) * STEP_SECONDS
        busy, mine, time = 0.0, [], begin
        while (time := time + rng.expovariate(rate)) < end:
            while coming and coming[0] <= time:
                heapq.heappush(free, heapq.heappop(coming))
            start = max(time, heapq.heappop(free))
            needs = rng.expovariate(1 / SERVICE_SECONDS)
            heapq.heappush(free, start + needs)
            busy += needs
            mine.append(start + needs - time)
        latencies += mine
        steps.append(sorted(mine)[int(0.95 * len(mine))] if mine else 0.0)
        current = len(free) + len(coming)
        pods.append(current)
        pod_seconds += current * STEP_SECONDS
        each = min(100.0, 100 * busy / (STEP_SECONDS * len(free)))
        wanted = max(low, min(high, decide(current, [each] * len(free) + [None] * len(coming))))
        for _ in range(current, wanted):
            heapq.heappush(coming, end + START_SECONDS)
        for _ in range(wanted, current):
            if coming:
                coming.pop()
            else:
                free.remove(min(free))
                heapq.heapify(free)
    return Replay(sorted(latencies)[int(0.95 * len(latencies))], pod_seconds / 60, pods, steps)
