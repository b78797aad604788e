"""The judge of quotas, of the fair queue, and of the capacity."""

import math

from judging import short

from judgekit import drawn

NAMES = ["velo-nord", "ciclo", "roda"]


def _draw_calls(rng, plans, now):
    """Yield (tenant, time, work): bursts, pauses, and a clock that now and then goes back."""
    for turn in range(220):
        name = rng.choice(NAMES if turn % 40 < 20 else NAMES[:1])
        now += rng.choice([0, 0.25, 0.5, 3, 11, 40]) if turn % 30 else 400
        burst = plans[name]["burst"]
        yield name, now - rng.choice([0, 0, 0, 1.5]), round(rng.choice([0.1, 0.5, 0.9, burst * 0.6, burst, burst * 1.2]), 3)


def judge_buckets(quota):
    """Fail where a bucket differs from what a token bucket is."""
    rng = drawn("buckets")
    plans = {name: {"rate": round(rng.uniform(0.5, 3), 2), "burst": round(rng.uniform(4, 20), 1), "weight": 1} for name in NAMES}
    levels, calls, truth, now = {}, [], [], 50_000.0
    name, plan = NAMES[1], plans[NAMES[1]]
    third = plan["burst"] / 3 / plan["rate"]  # seconds in which a third of the bucket comes in
    back = [
        (name, now + after * third, round(share * plan["burst"], 3))
        for after, share in ((0, 1), (1, 1), (0, 0.25), (1, 0.5), (0, 0.5), (1, 0.4))
    ]
    asked = [*back, *_draw_calls(rng, plans, now + 1000)]
    for name, then, work in asked:
        plan = plans[name]
        level, last = levels.get(name, (plan["burst"], then))
        full = min(plan["burst"], level + plan["rate"] * max(0.0, then - last))
        if abs(full - work) < 1e-3 and full < plan["burst"]:
            continue
        calls.append([name, work, then])
        if work > plan["burst"]:
            truth.append((413, None))
            continue
        levels[name] = (full, max(last, then))
        if work <= full + 1e-6:
            levels[name] = (full - work, max(last, then))
            truth.append(None)
        else:
            truth.append((429, (work - full) / plan["rate"]))
    said = quota("takes", calls, plans)
    for number, ((name, work, _), right, found) in enumerate(zip(calls, truth, said, strict=True), 1):
        what = f"call {number}, {name} with {work} s of work"
        assert not isinstance(found, str), f"{what}: take stopped with {found}. (The buckets have gone through JSON.)"
        if right is None:
            assert found is None, (
                f"{what}: refused with {found[0]}, although the bucket holds enough. Was a refused request charged, another tenant's, or a clock that went back?"
            )
        elif right[0] == 413:
            assert found and found[0] == 413, (
                f"{what}: more than the bucket ever holds, and the answer is {found}, expected 413: no Retry-After would be true"
            )
        else:
            assert found and found[0] == 429, f"{what}: the bucket does not hold that much, and the answer is {found}, expected 429"
            after = found[1]
            assert isinstance(after, int) and after >= 1, (
                f"{what}: Retry-After is {after!r}, expected a whole number of seconds, 1 at least"
            )
            assert right[1] - 0.01 <= after <= right[1] + 1.01, (
                f"{what}: Retry-After {after} s; the bucket holds enough in {right[1]:.2f} s: neither send them back too early nor keep them away"
            )


def judge_flood(quota):
    """Fail where a flood hurts the others, or where the hostile tenant does not get what it pays for, either."""
    rng = drawn("flood")
    for kind in ("flood", "batches"):
        hostile, seed, rate = rng.choice(NAMES), rng.randrange(10**6), round(rng.uniform(0.9, 1.3), 2)
        plans = {
            name: {"rate": rate if name == hostile else 2.0, "burst": 10.0 if name == hostile else 30.0, "weight": 1} for name in NAMES
        }
        found = quota("flood", seed, hostile, kind, plans, ["take"])
        assert "error" not in found, f"in a flood take stopped with {found.get('error')}"
        others, mine = found["others"], found["hostile"]
        what = {"flood": "120 requests a second", "batches": "8 huge batches a second"}[kind]
        refused = others["requests"] - others["answered"]
        assert refused <= 0.02 * others["requests"], (
            f"{hostile} sends {what}; of the others' {others['requests']} requests {refused} had no answer, expected nearly none: the quota is each tenant's own"
        )
        assert others["p95"] <= 0.6, (
            f"{hostile} sends {what}; the others' p95 is {others['p95']:.2f} s, expected 0.6 s at most: count work, not requests"
        )
        share = mine["work_per_second"] / rate
        assert 0.8 <= share <= 1.15, (
            f"{hostile} sends {what}; of the {rate} s of work a second in its plan it gets {share:.0%}, expected about all, not more and not less"
        )
        strange = set(mine["statuses"]) - {0, 200, 413, 429}
        assert not strange, f"{hostile} is over its quota and was refused with {strange}, expected 429: the fault is its own"


def judge_fair(quota):
    """Fail where the queue is not fair: by work, by weight, and to those who come later."""
    rng = drawn("fair")
    for kind in ("batches", "flood"):
        hostile, seed = rng.choice(NAMES), rng.randrange(10**6)
        plans = {name: {"rate": 99.0, "burst": 999.0, "weight": 1} for name in NAMES}
        found = quota("flood", seed, hostile, kind, plans, ["pick"])
        assert "error" not in found, f"in a flood pick stopped with {found.get('error')}"
        others = found["others"]
        what = {"flood": "120 requests a second", "batches": "8 huge batches a second"}[kind]
        assert others["p95"] <= 1.1 and others["answered"] >= 0.98 * others["requests"], (
            f"{hostile} sends {what}, within its quota; {others['answered']} of the others' {others['requests']} requests were answered, p95 {others['p95']:.2f} s; expected nearly all, and 1.1 s: serve whoever has had least work"
        )
    weights = {"velo-nord": rng.choice([2, 3]), "ciclo": 1, "roda": rng.choice([4, 5])}
    works = {name: round(rng.uniform(0.1, 0.9), 2) for name in NAMES}
    picks = quota("picks", weights, works, 400)
    had = {name: picks.count(name) * works[name] / weights[name] for name in NAMES}
    mean = sum(had.values()) / 3
    for name in NAMES:
        assert abs(had[name] - mean) <= 0.12 * mean, (
            f"with the weights {weights} and requests of {works} s, {name} got {had[name] / mean:.0%} of its share of the work, expected about 100%"
        )
    even = dict.fromkeys(NAMES, 1)
    late = rng.choice(NAMES)
    picks = quota("picks", even, dict.fromkeys(NAMES, 0.2), 420, [late, 300, 400])[300:]
    first = picks[:60].count(late)
    assert 12 <= first <= 28, (
        f"a tenant that was silent for 300 turns now floods: of the next 60 turns it gets {first}, expected about 20: time in which nobody asked is no credit, and no debt"
    )
    picks = quota("picks", even, dict.fromkeys(NAMES, 0.2), 720, [late, 600, 400, 60])
    assert late in picks[:60], f"three tenants wait, and {late} gets none of the first 60 turns"
    first = picks[600:660].count(late)
    assert 12 <= first <= 28, (
        f"a tenant that was served, and then silent for 540 turns, is back: of the next 60 turns it gets {first}, expected about 20: whoever was here before saves up nothing either"
    )


def judge_capacity(load, worlds, what):
    """Fail where a half hour's score card does not hold. `worlds`: [kind, …], the seeds are drawn here."""
    from loadplays import losses

    rng = drawn(f"capacity {what}")
    cards = load("capacity", [[kind, rng.randrange(10**6), *peak] for kind, *peak in worlds])
    for card in cards:
        lost = losses(card)
        assert not lost, f"{what}, a half hour of the kind {card['kind']}: {lost[0]}"


def judge_canary(load):
    """Fail where watch says something else than the rule does."""
    rng = drawn("canary")

    def minute(rate, stable, canary, share=0.1):
        asked = [rng.randint(int(0.9 * n), int(1.1 * n) + 1) for n in (rate * (1 - share), rate * share)]
        return {"stable": [asked[0], round(asked[0] * stable)], "canary": [asked[1], round(asked[1] * canary)]}

    def minutes(*parts):
        return [minute(*part[1:]) for part in parts for _ in range(part[0])]

    cases = [
        ("the canary is as good as the stable version, for 12 minutes", minutes((12, 600, 0.002, 0.002)), "wait"),
        ("the canary is as good as the stable version, for 20 minutes", minutes((20, 600, 0.002, 0.002)), "promote"),
        ("nobody has asked yet", [], "wait"),
        ("a fifth of the canary's answers are bad, for 5 minutes", minutes((5, 800, 0.002, 0.2)), "stop"),
        ("a fifth of the canary's answers are bad, for the first minute", minutes((1, 900, 0.0, 0.2)), "stop"),
        ("the canary gets bad after 14 good minutes, for 3", minutes((14, 600, 0.002, 0.0), (3, 600, 0.002, 0.25)), "stop"),
        ("the canary gets bad in its last three of 22 minutes", minutes((19, 600, 0.002, 0.0), (3, 600, 0.002, 0.3)), "stop"),
        (
            "the canary had a bad minute three minutes ago, and is well since",
            minutes((9, 600, 0.002, 0.0), (1, 600, 0.002, 0.9), (3, 600, 0.002, 0.0)),
            "wait",
        ),
        ("both versions have had many bad answers for 4 minutes", minutes((6, 600, 0.002, 0.0), (4, 600, 0.2, 0.2)), "wait"),
        ("both have bad answers, the canary three times as many", minutes((6, 900, 0.002, 0.0), (5, 900, 0.1, 0.3)), "stop"),
        (
            "at night: two of the canary's eight answers in 5 minutes were bad",
            [{"stable": [15, 0], "canary": [2, int(n > 2)]} for n in range(5)],
            "wait",
        ),
        (
            "at night, for 20 minutes, one bad answer of forty",
            [{"stable": [20, 0], "canary": [2, int(n == 7)]} for n in range(20)],
            "promote",
        ),
        ("3% of the canary's answers are bad: half of what stops it", minutes((8, 2000, 0.002, 0.03)), "wait"),
        ("the canary had no requests in the last minute", [*minutes((4, 600, 0.002, 0.3)), {"stable": [600, 1], "canary": [0, 0]}], "wait"),
        ("the stable version had no requests, the canary is bad", [{"stable": [0, 0], "canary": [60, 12]} for _ in range(4)], "stop"),
    ]
    said = load("watch", [case[1] for case in cases])
    for (what, _, right), found in zip(cases, said, strict=True):
        assert found == right, f"{what}: watch says {short(found)}, expected {right}"
    assert math.isfinite(len(said))
