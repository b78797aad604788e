# ruff: noqa: B905, RUF021
"""What the judge cells of evaluation share: judges with faults, tables of scores, and what must come of them."""

import json

import numpy as np
import pandas as pd
from judging import _file


def exact_cases(chance):
    """Return answers, what is expected, the truth, and why."""
    n = chance.randint(2, 9)
    return [
        (f"It takes {n} minutes.", f"{n} minutes", True, "the words are there"),
        (f"It takes 1{n} minutes.", f"{n} minutes", False, "another number ends alike"),
        (f"It takes {n}0 minutes.", f"{n} minutes", False, "another number begins alike"),
        (f"It is 1.{n} km.", f"{n} km", False, "the digits after a decimal point are no number by themselves"),
        (f"It costs {n}.5 euros", f"{n}", False, "the digits before a decimal point are no number by themselves"),
        (f"It costs {n} euros.", f"{n} euros", True, "a full stop ends a sentence"),
        (f"{n}\n\tEUROS", f"{n} euros", True, "white space and capitals do not count"),
        (f"({n} euros)", f"{n} euros", True, "brackets are no part of the words"),
        (f"within {n} euroscepticisms", f"{n} euros", False, "the word goes on"),
        ("call 555 0177, please", "555 0177", True, "a comma follows"),
        ("write to a+b now", "a+b", True, "a plus sign stands for itself"),
        ("write to aab now", "a+b", False, "a plus sign stands for itself"),
        ("", None, True, "to say nothing is to abstain"),
        (None, None, True, "to say nothing is to abstain"),
        ("Sorry, I  do NOT know.", None, True, "it says that it does not know"),
        (f"I know: {n} euros.", None, False, "it answers"),
        ("", f"{n} euros", False, "nothing is said"),
        ("I do not know.", f"{n} euros", False, "the answer was known"),
    ]


def is_right(row):
    """Return whether the answer of a row of to_judge.json is right."""
    return _true_exact(row["outputs"], row["expectations"]["answer"])


def is_yes(value):
    """Return whether a mark is a yes."""
    return str(value).strip().lower() in ("yes", "true", "1", "1.0")


def rows_marked(traces):
    """Return for each trace of an evaluation its row of to_judge.json, by the question, and the marks in it: {name: (value, source)}."""
    rows, found = json.loads(_file("to_judge.json")), []
    for trace in traces:
        asked = f"{trace.data.request} {trace.info.request_preview}"
        row = next(
            (row for row in rows if row["inputs"]["question"] in asked or json.dumps(row["inputs"]["question"])[1:-1] in asked), None
        )
        marks = {one.name: (one.feedback.value, str(one.source.source_id)) for one in trace.info.assessments if one.feedback}
        found.append((row, marks))
    return found


def _true_exact(output, expected):
    at = output.find(expected)
    return at >= 0 and not output[at - 1 : at].isdigit()


def draw_judge(chance, kind):
    """Return the tables of another judge: single and pairs. What makes it unusable, if anything, is its habit alone."""
    for _ in range(500):
        single, pairs = _judge(chance, kind)
        found = true_audit(single, pairs)
        bias, place, agrees = found["length_bias"], found["position_bias"], found["kappa"] >= 0.65
        if {
            "long": agrees and bias > 0.25 and place <= 0.15,
            "short": agrees and bias < -0.25 and place <= 0.15,
            "first": agrees and abs(bias) <= 0.15 and place > 0.3,
            "second": agrees and abs(bias) <= 0.15 and place > 0.3,
            "fair": found["usable"],
        }.get(kind, True):
            return single, pairs
    raise RuntimeError(f"no judge of the kind {kind!r} could be drawn")


def _judge(chance, kind):
    n = chance.randint(41, 60)
    human = ["yes" if chance.random() < 0.55 else "no" for _ in range(n)]
    words = [chance.randint(4, 60) for _ in range(n)]
    if kind == "no wrong":
        human = ["yes"] * n
    marks = []
    for mark, length in zip(human, words):
        judged = mark if chance.random() < 0.96 else ("no" if mark == "yes" else "yes")
        if (
            kind == "long"
            and length > 32
            and chance.random() < 0.45
            or kind == "short"
            and length < 30
            and chance.random() < 0.45
            or kind == "yes"
        ):
            judged = "yes"
        if kind == "dice":
            judged = chance.choice(["yes", "no"])
        if kind == "three marks" and chance.random() < 0.1:
            judged = "unsure"
        marks.append(judged)
    shown, swapped = [], []
    for _ in range(chance.randint(20, 30)):
        first = chance.choice(["A", "B", "tie"])
        second = {"A": "B", "B": "A", "tie": "tie"}[first]
        if chance.random() < 0.12:
            second = first
        if kind in ("first", "second") and chance.random() < 0.5:
            first = second = "A" if kind == "first" else "B"
        if kind == "ties":
            first = second = "tie"
        shown.append(first)
        swapped.append(second)
    single = pd.DataFrame({"human": human, "judge": marks, "words": words})
    pairs = pd.DataFrame({"shown": shown, "swapped": swapped})
    return single, (pairs.head(0) if kind == "no pairs" else pairs)


def true_audit(single, pairs):
    """Return what audit must say."""
    n = len(single)
    agree = (single["human"] == single["judge"]).mean()
    shares = [table.value_counts() / n for table in (single["human"], single["judge"])]
    chance = sum(shares[0].get(mark, 0) * shares[1].get(mark, 0) for mark in set(shares[0].index))
    kappa = (agree - chance) / (1 - chance) if chance < 1 - 1e-12 else 0.0
    wrong = single[single["human"] == "no"]
    parts = [wrong[wrong["words"] > wrong["words"].median()], wrong[~(wrong["words"] > wrong["words"].median())]]
    long, short = ((part["judge"] == "yes").mean() if len(part) else 0.0 for part in parts)
    same = [a == b and a in ("A", "B") for a, b in zip(pairs["shown"], pairs["swapped"])]
    place = sum(same) / len(same) if same else 0.0
    found = {"kappa": float(kappa), "length_bias": float(long - short), "position_bias": place}
    return {**found, "usable": bool(kappa >= 0.6 and abs(long - short) <= 0.2 and place <= 0.2)}


def draw_evaluation(chance, kind):
    """Return another evaluation: question, slice, live, candidate."""
    for _ in range(300):
        table = _evaluation(chance, kind)
        right = true_gate(table)
        margins = [abs(right["low"]), abs(right["high"]), abs((right["worst_gain"] or 0) + 0.1)]
        means = table.assign(gain=table["candidate"].fillna(0) - table["live"].fillna(0)).groupby("slice")["gain"].mean()
        hides = kind != "few questions, many rows" or means.idxmin() != right["worst"]  # the small slice is the lowest, and does not count
        if min(margins) > 0.02 and right["decision"] == _WANTED[kind] and hides:
            return table
    raise RuntimeError(f"no evaluation of the kind {kind!r} could be drawn")


_WANTED = {
    "paired gain": "ship", "noise": "not proven", "loss": "block", "even loss": "block", "no answers": "ship", "plain gain": "ship", "worse slice": "block", "repeated noise": "not proven",
    "repeated gain": "ship", "uneven": "ship", "seven worse": "ship", "eight worse": "block", "only small slices": "ship", "few questions, many rows": "not proven",
}  # fmt: skip


def _evaluation(chance, kind):
    sizes = {"seven worse": [30, 23, 7], "eight worse": [30, 22, 8], "only small slices": [7] * 8}.get(kind, [24, 20, 16])
    names = chance.sample(["prices", "rules", "lost things", "app", "accidents", "winter", "groups", "data"], len(sizes))
    if kind == "few questions, many rows":
        sizes, names = [12, 6], names[:2]
    rows, number = [], 0
    gain = {
        "paired gain": 0.09, "noise": 0.03, "loss": -0.3, "even loss": -0.06, "no answers": 0.2, "plain gain": 0.22, "worse slice": 0.25, "repeated noise": 0.04,
        "repeated gain": 0.2, "uneven": 0.2, "seven worse": 0.2, "eight worse": 0.2, "only small slices": 0.2, "few questions, many rows": 0.13,
    }[kind]  # fmt: skip
    for which, (name, size) in enumerate(zip(names, sizes)):
        for _ in range(size):
            level = 0.5 if kind == "even loss" else chance.choice([0.0, 0.0, 0.3, 0.5, 0.8])
            shift = chance.gauss(gain, {"paired gain": 0.08, "even loss": 0.02}.get(kind, 0.25))
            if kind in ("worse slice", "seven worse", "eight worse") and which == len(sizes) - 1:
                shift = -abs(chance.gauss(0.3, 0.05))
                level = 0.8
            if kind == "few questions, many rows" and which == 1:
                shift -= 0.18
            times = {"repeated noise": 5, "repeated gain": 3, "uneven": chance.choice([1, 6]), "few questions, many rows": 12}.get(kind, 1)
            if kind == "uneven":  # what riders ask often has gained, the rest has not
                shift += 0.2 if times > 1 else -0.2
            for _ in range(times):
                live = min(1.0, max(0.0, level))
                candidate = min(1.0, max(0.0, level + shift))
                if kind == "no answers" and chance.random() < 0.25:
                    live, candidate = (float("nan"), candidate) if chance.random() < 0.8 else (live, float("nan"))
                rows.append({"question": f"q{number}", "slice": name, "live": live, "candidate": candidate})
            number += 1
    chance.shuffle(rows)
    return pd.DataFrame(rows)


def true_gate(table, seed=5):
    """Return what gate must say, up to the chance of the bootstrap."""
    difference = table["candidate"].fillna(0) - table["live"].fillna(0)
    sums, counts = (getattr(difference.groupby(table["question"]), what)().to_numpy(float) for what in ("sum", "count"))
    drawn = np.random.default_rng(seed).integers(len(sums), size=(4000, len(sums)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [2.5, 97.5])
    worst, worst_gain = None, None
    for name, rows in table.groupby("slice"):
        mean = difference[rows.index].mean()
        if rows["question"].nunique() >= 8 and (worst is None or mean < worst_gain):
            worst, worst_gain = name, float(mean)
    blocked = high < 0 or (worst is not None and worst_gain < -0.1)
    decision = "block" if blocked else "ship" if low > 0 else "not proven"
    return {"gain": float(difference.mean()), "low": low, "high": high, "worst": worst, "worst_gain": worst_gain, "decision": decision}


def check_gate(gate, table, kind):
    """Raise an AssertionError, with the reason, unless gate says the right thing about a table."""
    right = true_gate(table)
    try:
        found = gate(table.copy())
    except Exception as error:
        raise AssertionError(f"On another evaluation ({kind}) gate stopped with {type(error).__name__}: {error}") from None
    assert set(right) <= set(found), f"gate returns {sorted(found)}, expected {sorted(right)}."
    assert abs(found["gain"] - right["gain"]) < 1e-6, (
        f"On another evaluation ({kind}) the gain is {found['gain']:.4f}, expected {right['gain']:.4f}: the mean over all rows, a missing score counts as 0."
    )
    room = 0.012 + 0.12 * (right["high"] - right["low"])
    for name in ("low", "high"):
        assert abs(found[name] - right[name]) <= room, (
            f"On another evaluation ({kind}) the interval is {found['low']:.3f} to {found['high']:.3f}, expected about {right['low']:.3f} to {right['high']:.3f}: draw questions, each with all its rows and both scores; the mean is over all rows drawn."
        )
    assert found["worst"] == right["worst"], (
        f"On another evaluation ({kind}) the worst slice is {found['worst']!r}, expected {right['worst']!r}: of those with 8 different questions or more, or None."
    )
    same = (
        found["worst_gain"] is None
        if right["worst_gain"] is None
        else found["worst_gain"] is not None and abs(found["worst_gain"] - right["worst_gain"]) < 1e-6
    )
    assert same, f"On another evaluation ({kind}) worst_gain is {found['worst_gain']}, expected {right['worst_gain']}."
    assert found["decision"] == right["decision"], (
        f"On another evaluation ({kind}) the decision is {found['decision']!r}, expected {right['decision']!r}: {right['low']:.3f} to {right['high']:.3f}, worst slice {right['worst']} with {right['worst_gain']}."
    )
