"""Plays to the key ring, the quotas, and to the capacity, without HTTP. All arguments and results are plain data."""

import json
import math
import random
import sys
import tempfile
from bisect import bisect_left
from pathlib import Path

from simulator import CENTS_PER_REPLICA_HOUR, GOOD_SECONDS, simulate, work_of
from system import load_part, words_of
from traces import TENANTS, draw_trace

OBJECTIVE = 0.99  # of the requests should be good; the rest is the error budget
# For each kind of half hour, at most: the share of bad requests, how many times the cheapest possible bill, changes of mind.
TARGETS = {
    "rush": {"bad": 0.015, "cost": 3.2, "turns": 8},
    "heavy": {"bad": 0.025, "cost": 3.2, "turns": 8},
    "waves": {"bad": 0.03, "cost": 5.0, "turns": 8},
    "whistle": {"bad": 0.06, "cost": 4.2, "turns": 8},
    "night": {"bad": 0.015, "cost": 32.0, "turns": 4},
}


def play_capacity(worlds, folder="system"):
    """Play traces to capacity.py: each world is [kind, seed] or [kind, seed, peak]. Return a score card for each, as plain data."""
    capacity = load_part("capacity", folder)
    cards = []
    for kind, seed, *peak in worlds:
        trace = draw_trace("rush" if kind == "heavy" else kind, seed, 36 if kind == "heavy" else 20, peak=peak[0] if peak else None)
        try:
            card = score_card(kind, simulate(trace, capacity.replicas, capacity.admit, start=2))
            cards.append({**card, "full": capacity.admit({"now": 0.0, "ready": 2, "starting": 1, "queue": 60, "rows": 20, "wait": 5.0})})
        except Exception as error:
            cards.append({"kind": kind, "error": words_of(error)})
    return cards


def score_card(kind, run):
    """Return what is scored of a run."""
    count, bad = run.bad()
    times = [answer[0] for answer in run.answers]
    parts = [run.answers[bisect_left(times, begin) : bisect_left(times, begin + 300)] for begin in range(0, int(run.seconds) - 299, 60)]
    tails = [sorted(a[4] for a in part if a[3] == 200) for part in parts]
    burns = [sum(a[3] != 200 or a[4] > GOOD_SECONDS for a in part) / len(part) / (1 - OBJECTIVE) for part in parts if part]
    floor = 1000 * run.work / 3600 * CENTS_PER_REPLICA_HOUR / max(1, run.predictions())
    return {
        "kind": kind,
        "requests": count,
        "bad": bad / max(1, count),
        "p95": run.p95(),
        "worst_p95": max((tail[int(0.95 * len(tail))] for tail in tails if tail), default=math.inf),
        "worst_burn": max(burns, default=0.0),
        "hung_up": sum(a[3] == 0 for a in run.answers),
        "cents_per_1000": run.cents_per_1000(),
        "floor": floor,
        "times_floor": run.cents_per_1000() / floor if run.predictions() else math.inf,
        "turns": run.turns(),
        "replicas": [tick["replicas"] for tick in run.ticks],
        "offered": [tick["offered"] for tick in run.ticks],
    }


def losses(card):
    """Return what a score card misses, each as a sentence; an empty list where it holds."""
    if "error" in card:
        return [f"capacity.py stopped with {card['error']}"]
    kind, found = card["kind"], []
    want = TARGETS[kind]
    if kind == "whistle" and "full" in card:
        status, after = card["full"] if card["full"] else (200, None)
        if status == 200:
            found.append(
                "somebody who would wait 5 s is let in, and will have hung up by then: whom you cannot serve in time, tell at once"
            )
        elif status != 503:
            found.append(f"callers who are within their quota are refused with {status}, expected 503: the overload is ours")
        elif not (str(after).isdigit() and 1 <= int(after) <= 120):
            found.append(f"a refusal says Retry-After {after}, expected whole seconds from 1 to 120")
    if card["bad"] > want["bad"]:
        found.append(
            f"{card['bad']:.1%} of the requests had no answer within {GOOD_SECONDS} s, expected {want['bad']:.1%} at most "
            f"(the most replicas were {max(card['replicas'])})"
        )
    if card["hung_up"]:
        found.append(f"{card['hung_up']} callers waited 2 s and hung up, expected none: whom you cannot serve in time, tell at once")
    if card["worst_p95"] > GOOD_SECONDS:
        found.append(f"in the worst five minutes the p95 of the answers was {card['worst_p95']:.2f} s, expected {GOOD_SECONDS} s at most")
    if card["times_floor"] > want["cost"]:
        found.append(
            f"1,000 predictions cost {card['cents_per_1000']:.2f} cents, {card['times_floor']:.1f} times the floor of "
            f"{card['floor']:.2f}; expected {want['cost']} times at most"
        )
    if card["turns"] > want["turns"]:
        found.append(f"the autoscaler changed its mind {card['turns']} times, expected {want['turns']} at most: it thrashes")
    return found


def play_watch(histories, folder="system"):
    """Give each history of minutes to watch in capacity.py; return what it says."""
    capacity, said = load_part("capacity", folder), []
    for minutes in histories:
        try:
            said.append(capacity.watch([{side: list(pair) for side, pair in minute.items()} for minute in minutes]))
        except Exception as error:
            said.append(words_of(error))
    return said


def play_takes(calls, plans, folder="system"):
    """Give calls [tenant, work, now] to take in quota.py, one after the other; return what it says.

    The buckets go through JSON in between.
    """
    quota, buckets, said = load_part("quota", folder), {}, []
    for tenant, work, now in calls:
        try:
            answer = quota.take(buckets, tenant, work, now, dict(plans[tenant]))
            buckets = json.loads(json.dumps(buckets))
            said.append(None if answer is None else [answer[0], answer[1]])
        except Exception as error:
            said.append(words_of(error))
    return said


def play_picks(weights, works, count, later=None, folder="system"):
    """Let pick in quota.py choose `count` times among tenants that always wait, with requests of `works` seconds each.

    `later` = [tenant, after how many picks it comes, how many it then has, before how many picks it was there already]. Return the
    tenants in the order in which they were served.
    """
    quota, memory, said = load_part("quota", folder), {}, []
    left = {tenant: later[2] if later and tenant == later[0] else 10**6 for tenant in works}
    for turn in range(count):
        some = {tenant: {"count": left[tenant], "work": works[tenant], "waited": 1.0 + 0.1 * (len(works) - number)}
                for number, tenant in enumerate(works)
                if left[tenant] and not (later and tenant == later[0] and later[3:] <= [turn] and turn < later[1])}  # fmt: skip
        tenant = quota.pick(some, dict(weights), memory)
        if tenant not in some:
            raise ValueError(f"pick returned {tenant!r}; {sorted(some)} are waiting")
        left[tenant] -= 1
        said.append(tenant)
    return said


def flood(seed, hostile, kind, minutes=6):
    """Return a trace with a hostile tenant in it: "flood" (many small requests) or "batches" (huge ones), from the second minute on."""
    rng = random.Random(f"flood {seed} {kind}")
    polite = [name for name in TENANTS if name != hostile]
    found, t = [], 0.0
    while (t := t + rng.expovariate(8.0)) < 60 * minutes:
        rows = rng.randint(5, 35)
        found.append((t, rng.choice(polite), rows, work_of(rows) * rng.uniform(0.8, 1.2)))
    t, rate, rows = 60.0, *{"flood": (120.0, 1), "batches": (8.0, 200)}[kind]
    while (t := t + rng.expovariate(rate)) < 60 * minutes:
        found.append((t, hostile, rows, work_of(rows) * rng.uniform(0.8, 1.2)))
    return sorted(found)


def play_flood(seed, hostile, kind, plans, what, replicas=4, folder="system"):
    """Play a flood to quota.py on a fixed number of replicas; `what`: "take", "pick" or both in a list. Return a summary for each side."""
    quota, buckets, memory = load_part("quota", folder), {}, {}
    weights = {tenant: plan["weight"] for tenant, plan in plans.items()}

    def take(tenant, rows, now):
        return quota.take(buckets, tenant, work_of(rows), now, plans[tenant])

    def pick(waiting):
        some = {tenant: {"count": w["count"], "work": work_of(w["rows"]), "waited": w["waited"]} for tenant, w in waiting.items()}
        return quota.pick(some, weights, memory)

    try:
        trace = flood(seed, hostile, kind)
        run = simulate(trace, take=take if "take" in what else None, pick=pick if "pick" in what else None, start=replicas)
    except Exception as error:
        return {"error": words_of(error)}
    found = {}
    for side, names in (("others", set(TENANTS) - {hostile}), ("hostile", {hostile})):
        mine = [a for a in run.answers if a[1] in names]
        fine = [a for a in mine if a[3] == 200]
        found[side] = {
            "requests": len(mine),
            "answered": len(fine),
            "p95": run.p95(names),
            "statuses": sorted({a[3] for a in mine}),
            "work_per_second": sum(work_of(a[2]) for a in fine) / (run.seconds - (60 if side == "hostile" else 0)),
        }
    return found


def play_ring(script, ring, folder="system"):
    """Play steps to rotation.py; return for each [now, kid that signs, kids that verify, the same where the ring was read 60 s ago].

    Where rotation.py raises, it is the error's text.

    ["publish", now], ["withdraw", kid or "signer", now], ["look", now]; ["write"] writes the ring while a reader looks at the file at
    each line of Python, and returns how often it was unreadable; ["mode"] the file's permissions.
    """
    rotation, said, history = load_part("rotation", folder), [], [(float("-inf"), ring)]
    with tempfile.TemporaryDirectory(prefix="metro-") as place:
        path = Path(place) / "ring.json"
        path.write_text(json.dumps(ring))
        for what, *about in script:
            try:
                if what == "write":
                    said.append(_watched_write(rotation, path, ring))
                    continue
                if what == "mode":
                    said.append(path.stat().st_mode & 0o077)
                    continue
                if what == "ring":
                    said.append(ring)
                    continue
                now = about[-1]
                if what == "publish":
                    ring = rotation.publish(ring, now)
                elif what == "withdraw":
                    ring = rotation.withdraw(ring, rotation.signer(ring, now)["kid"] if about[0] == "signer" else about[0], now)
                rotation.write(str(path), ring)
                ring = rotation.read(str(path))
                history.append((now, ring))
                stale = [old for then, old in history if then <= now - 60][-1:] or [history[0][1]]
                both = [sorted(map(str, rotation.verifiers(some, now))) for some in (ring, stale[0])]
                said.append([now, str(rotation.signer(ring, now)["kid"]), *both])
            except Exception as error:
                said.append(words_of(error))
    return said


def _watched_write(rotation, path, ring):
    seen = {"unreadable": 0}

    def look(frame, event, _):
        try:
            seen["unreadable"] += not json.loads(path.read_text())["keys"]
        except (ValueError, KeyError, OSError):
            seen["unreadable"] += 1
        return look

    kept = path.read_bytes()
    sys.settrace(look)
    try:
        rotation.write(str(path), ring)
    finally:
        sys.settrace(None)
    path.write_bytes(kept)
    return seen["unreadable"]


def count_comparisons(authorization, keys, now, folder="system"):
    """Return how often door.py compares in constant time (hmac.compare_digest) while it looks at an Authorization, and what it says."""
    import hmac
    import secrets

    count, kept = [], hmac.compare_digest

    def counted(one, other):
        count.append(1)
        return kept(one, other)

    hmac.compare_digest = secrets.compare_digest = counted
    try:
        load_part("door", folder).enter(authorization, keys, set(), now)
        said = "let in"
    except Exception as error:
        said = words_of(error)
    finally:
        hmac.compare_digest = secrets.compare_digest = kept
    return len(count), said
