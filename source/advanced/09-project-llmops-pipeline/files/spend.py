"""A desk's hours, in money: riders ask, your budget.py chooses, and the bill runs. No model is asked: prices are drawn.

A request costs about 0.16 cents at metro-large and a nineteenth of that at metro-small. The budget is 30 cents an hour.
"""

import random
from collections import deque

BUDGET = 0.30
KINDS = {"calm": 1, "spike": 7, "storm": 30, "loop": 1}
PER_HOUR = 200
TARGETS = {  # what must hold, for each kind
    "calm": {"later": 0.0, "hard_large": 0.98, "share_of_all_large": 0.4},
    "spike": {"later": 0.02, "hard_large": 0.1},
    "storm": {"used": 0.7, "late_later": 0.02},
    "loop": {"later": 0.0, "hard_large": 0.8, "looper": 20},
}


def draw_requests(kind, seed):
    """Return three hours of requests: time (s), rider, hard, urgent, and what each model would cost (euros)."""
    dice, out = random.Random(f"spend {kind} {seed}"), []
    for hour, factor in enumerate([1, KINDS[kind], 1]):
        for number in range(PER_HOUR * factor):
            small = dice.uniform(0.00006, 0.0001)
            one = {"time": 3600 * (hour + dice.random()), "rider": f"r{dice.randrange(400 * factor)}", "hard": dice.random() < 0.25}
            out.append({**one, "urgent": number % 40 == 7, "small": small, "large": small * dice.uniform(18, 20)})
    if kind == "loop":
        for number in range(2400):  # a script of one rider that asks every second and a half, from the second hour on
            small = dice.uniform(0.00006, 0.0001)
            out.append({"time": 3600 + 1.5 * number, "rider": "loop", "hard": True, "urgent": False, "small": small, "large": small * 19})
    return sorted(out, key=lambda one: one["time"])


def play_hours(choose, kind, seed):
    """Let `choose` decide for each request; return how the hours went, and the euros of the last 60 minutes over time."""
    requests, memory = draw_requests(kind, seed), {}
    window, spent, by_rider, worst, line, decided = deque(), 0.0, {}, 0.0, [], []
    for one in requests:
        while window and window[0][0] <= one["time"] - 3600:
            _, rider, euros = window.popleft()
            spent -= euros
            by_rider[rider] = by_rider[rider][0] - 1, by_rider[rider][1] - euros
        asked, rider_spent = by_rider.get(one["rider"], (0, 0.0))
        seen = {"now": one["time"], "budget": BUDGET, "spent": max(0.0, spent), "rider_asked": asked, "rider_spent": max(0.0, rider_spent)}
        seen |= {"prices": {"metro-large": one["large"], "metro-small": one["small"]}, "hard": one["hard"], "urgent": one["urgent"]}
        said = choose({**seen, "memory": memory})
        if said not in ("metro-large", "metro-small", "later"):
            raise ValueError(f"choose returned {said!r}, expected metro-large, metro-small or later")
        euros = {"metro-large": one["large"], "metro-small": one["small"], "later": 0.0}[said]
        spent += euros
        window.append((one["time"], one["rider"], euros))
        by_rider[one["rider"]] = asked + 1, rider_spent + euros
        worst = max(worst, spent)
        decided.append(said)
        if len(decided) % 20 == 0:
            line.append((one["time"] / 60, spent))
    return {**_card(kind, requests, decided, worst), "minutes": [x for x, _ in line], "euros": [y for _, y in line]}


def _card(kind, requests, decided, worst):
    both = list(zip(requests, decided, strict=True))
    others = [(one, said) for one, said in both if one["rider"] != "loop" and not one["urgent"]]
    hard = [said for one, said in others if one["hard"]]
    late = [said for one, said in others if one["time"] > 9000]
    euros = sum({"metro-large": one["large"], "metro-small": one["small"], "later": 0.0}[said] for one, said in both)
    return {
        "kind": kind,
        "requests": len(both),
        "euros": euros,
        "worst_hour": worst,
        "used": worst / BUDGET,
        "later": sum(said == "later" for _, said in others) / len(others),
        "late_later": late.count("later") / len(late),
        "hard_large": sum(said == "metro-large" for said in hard) / len(hard),
        "share_of_all_large": euros / sum(one["large"] for one in requests),
        "urgent_later": sum(said == "later" for one, said in both if one["urgent"]),
        "looper": sum(said != "later" for one, said in both if one["rider"] == "loop"),
    }


def losses(card):
    """Return what an hour lost, as sentences."""
    aim, out = TARGETS[card["kind"]], []
    if card["worst_hour"] > BUDGET + 1e-9:
        out.append(
            f"in the dearest 60 minutes {card['worst_hour']:.3f} euros were spent, and the budget is {BUDGET:.2f}: "
            "count this request, too, and let the others leave a reserve for what is urgent"
        )
    if card["urgent_later"]:
        out.append(f"{card['urgent_later']} urgent questions were told 'later': keep a reserve for them")
    if card["later"] > aim.get("later", 1.0) + 1e-9:
        out.append(
            f"{card['later']:.1%} of the riders' questions were told 'later', expected {aim['later']:.0%} at most: small before none"
        )
    if card["late_later"] > aim.get("late_later", 1.0):
        out.append(
            f"in the last half hour {card['late_later']:.1%} were told 'later', expected {aim['late_later']:.0%} at most: "
            "the storm is over, and its bill has left the 60 minutes"
        )
    if card["hard_large"] < aim.get("hard_large", 0.0):
        taken = ": one rider has taken the others' share" if card["kind"] == "loop" else ""
        out.append(f"{card['hard_large']:.0%} of the hard questions went to metro-large, expected {aim['hard_large']:.0%} at least{taken}")
    if card["share_of_all_large"] > aim.get("share_of_all_large", 9):
        out.append(f"the price is {card['share_of_all_large']:.0%} of metro-large's, expected {aim['share_of_all_large']:.0%} at most")
    if card["used"] < aim.get("used", 0.0):
        out.append(
            f"{card['used']:.0%} of the budget was used, expected {aim['used']:.0%} at least: riders were sent away, and there was money"
        )
    if card["kind"] == "loop" and card["looper"] < aim["looper"]:
        out.append(f"the rider with the loop got {card['looper']} answers, expected {aim['looper']} at least: limited is not locked out")
    return out
