"""Plays a load trace against replicas behind one queue, on a simulated clock: a discrete-event simulation, it jumps from event to event.

A request is (seconds, tenant, rows, work), work being the seconds for which it keeps a replica busy. A replica answers one request after
the other. Whoever has waited PATIENCE seconds has hung up. What it leaves out: the network, retries, replicas that die, noisy neighbours,
a model that gets slower when it is warm or cold, and the gateway's own time.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

TICK_SECONDS, START_SECONDS, PATIENCE = 15, 60, 2.0
GOOD_SECONDS = 0.5  # an answer within this time is a good one
FIXED_SECONDS, ROW_SECONDS = 0.08, 0.004  # measured at a small instance of the model service: a request, and each of its rows
CENTS_PER_REPLICA_HOUR = 18.0
MOST_REPLICAS = 24


def work_of(rows):
    """Return the seconds for which a request with so many rows keeps a replica busy, on average."""
    return FIXED_SECONDS + ROW_SECONDS * rows


@dataclass
class Run:
    """What became of a trace. `answers`: (seconds, tenant, rows, status, latency) of each request, status 0 where the caller hung up."""

    seconds: float
    answers: list = field(default_factory=list)
    ticks: list = field(default_factory=list)  # what the autoscaler saw, and `replicas`, ordered at that moment
    replica_seconds: float = 0.0
    work: float = 0.0  # seconds for which replicas were busy

    def latencies(self, tenants=None):
        """Return the latencies of all that were answered, sorted."""
        return sorted(a[4] for a in self.answers if a[3] == 200 and (tenants is None or a[1] in tenants))

    def p95(self, tenants=None):
        """Return the latency in seconds that 95 of 100 answers do not exceed; infinity where nothing was answered."""
        found = self.latencies(tenants)
        return found[int(0.95 * len(found))] if found else float("inf")

    def bad(self, begin=0.0, end=float("inf")):
        """Return how many requests there were in a time, and how many of them had no answer within GOOD_SECONDS."""
        some = [a for a in self.answers if begin <= a[0] < end]
        return len(some), sum(a[3] != 200 or a[4] > GOOD_SECONDS for a in some)

    def predictions(self):
        """Return how many rows were answered within GOOD_SECONDS."""
        return sum(a[2] for a in self.answers if a[3] == 200 and a[4] <= GOOD_SECONDS)

    def cents(self):
        """Return the bill for the replicas."""
        return self.replica_seconds / 3600 * CENTS_PER_REPLICA_HOUR

    def cents_per_1000(self):
        """Return what 1,000 good predictions cost, in cents; infinity where there were none."""
        return 1000 * self.cents() / self.predictions() if self.predictions() else float("inf")

    def turns(self):
        """Return how often the autoscaler changed its mind: more replicas, then fewer, then more …"""
        sizes = [tick["replicas"] for tick in self.ticks]
        steps = [b - a for a, b in pairwise(sizes) if a != b]
        return sum((a > 0) != (b > 0) for a, b in pairwise(steps))


def simulate(trace, replicas=None, admit=None, take=None, pick=None, start=2, seconds=None):
    """Play a trace, and return its Run.

    replicas(seen) is asked every 15 s how many replicas there should be; admit(seen) for each request: None, or (status, Retry-After);
    take(tenant, rows, now) before that, the tenant's quota: the same; pick(waiting) whose request a free replica takes next.
    """
    end = seconds or (TICK_SECONDS * (int(trace[-1][0]) // TICK_SECONDS + 1) if trace else TICK_SECONDS)
    run, memory = Run(end), {}
    queue = {}  # tenant (without pick, all together): waiting requests, oldest first
    waiting, waiting_work = 0, 0.0
    free, busy, drop = start, 0, 0  # `drop`: replicas that leave once they have answered
    busy_until = {}
    events = [(float(TICK_SECONDS), 0, "tick", None)]  # time, number, what, about
    number, coming, born = 1, [], 0  # `coming`: numbers of the replicas that start
    cancelled = set()
    since = {"busy": 0.0, "offered": 0.0, "arrivals": 0, "refused": 0, "at": 0.0}
    replica_count, last = start, 0.0
    at = 0

    def spend(now):
        nonlocal last
        run.replica_seconds += (replica_count + len(coming)) * (now - last)
        since["busy"] += busy * (now - last)
        last = now

    def serve(now):
        nonlocal waiting, waiting_work, free, busy, number
        while free and waiting:
            if pick is None:
                name = ""
            else:
                tenants = {name: line for name, line in queue.items() if line}
                name = pick({each: {"count": len(line), "rows": line[0][2], "waited": now - line[0][0]} for each, line in tenants.items()})
                if name not in tenants:
                    raise ValueError(f"pick returned {name!r}; {sorted(tenants)} are waiting")
            request = queue[name].popleft()
            waiting -= 1
            waiting_work -= work_of(request[2])
            if now - request[0] > PATIENCE:
                run.answers.append((request[0], request[1], request[2], 0, now - request[0]))
                continue
            free, busy = free - 1, busy + 1
            number += 1
            busy_until[number] = now + request[3]
            run.work += request[3]
            heapq.heappush(events, (now + request[3], number, "done", request))

    while at < len(trace) or events:
        if at < len(trace) and (not events or trace[at][0] < events[0][0]):
            request = trace[at]
            at += 1
            now, tenant, rows = request[0], request[1], request[2]
            spend(now)
            since["arrivals"] += 1
            since["offered"] += work_of(rows)
            said = take(tenant, rows, now) if take else None
            if said is None and admit is not None:
                ready = max(1, replica_count)
                left = sum(until - now for until in busy_until.values())
                said = admit({"now": now, "ready": replica_count, "starting": len(coming), "queue": waiting, "rows": rows,
                              "wait": 0.0 if free > 0 else (left + waiting_work) / ready})  # fmt: skip
            if said is not None:
                since["refused"] += 1
                run.answers.append((now, tenant, rows, int(said[0]), 0.0))
                continue
            queue.setdefault("" if pick is None else tenant, deque()).append(request)
            waiting += 1
            waiting_work += work_of(rows)
            serve(now)
            continue
        now, this, what, request = heapq.heappop(events)
        if what == "tick" and now > end:
            continue
        spend(now)
        if what == "done":
            busy -= 1
            del busy_until[this]
            run.answers.append((request[0], request[1], request[2], 200, now - request[0]))
            if drop:
                drop, replica_count = drop - 1, replica_count - 1
            else:
                free += 1
            serve(now)
        elif what == "born":
            if this in cancelled:
                continue
            coming.remove(this)
            replica_count, free = replica_count + 1, free + 1
            serve(now)
        elif replicas is not None:
            ready, length = replica_count - drop, now - since["at"]
            seen = {"now": now, "ready": ready, "starting": len(coming), "queue": waiting, "refused": since["refused"],
                    "busy": min(1.0, since["busy"] / length / max(1, replica_count)), "offered": since["offered"] / length,
                    "arrivals": since["arrivals"] / length}  # fmt: skip
            wanted = max(1, min(MOST_REPLICAS, int(replicas({**seen, "memory": memory}))))
            run.ticks.append({**seen, "replicas": wanted})
            since.update(busy=0.0, offered=0.0, arrivals=0, refused=0, at=now)
            for _ in range(ready + len(coming), wanted):
                if drop:  # one that was to leave stays
                    drop -= 1
                    continue
                number += 1
                coming.append(number)
                heapq.heappush(events, (now + START_SECONDS, number, "born", None))
            for _ in range(wanted, ready + len(coming)):
                if coming:
                    cancelled.add(coming.pop())
                elif free:
                    free, replica_count = free - 1, replica_count - 1
                else:
                    drop += 1
            heapq.heappush(events, (now + TICK_SECONDS, born, "tick", None))
        else:
            heapq.heappush(events, (now + TICK_SECONDS, born, "tick", None))
    run.answers.sort(key=lambda a: a[0])
    return run
