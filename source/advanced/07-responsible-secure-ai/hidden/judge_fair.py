"""Cases for the judges of fairness: riders of other cities, and counts that are clear or not."""

import pandas as pd
from population import DISTRICTS, draw_riders, score_of


def draw_cases(rng, n, poorer, island=0):
    """Return cases as the learner's functions get them: district, score, unpaid."""
    cases = draw_riders(rng, n, island=island, poorer=poorer)
    return cases.assign(score=score_of(cases))[["district", "score", "unpaid"]]


def draw_city(rng, n, poorer, odd):
    """Return cases in which those who do not pay have higher scores in the district `odd`: one error rate can be equal without the other."""
    cases = draw_cases(rng, n, poorer)
    higher = (cases["district"] == odd) & (cases["unpaid"] == 1)
    return cases.assign(score=cases["score"].where(~higher, cases["score"] ** 0.4))


def rates(cases, asked):
    """Return, by district, selection rate, false positive rate and false negative rate."""
    table = cases.assign(asked=asked)
    paid, unpaid = table[table["unpaid"] == 0], table[table["unpaid"] == 1]
    return pd.DataFrame(
        {
            "selection_rate": table.groupby("district")["asked"].mean(),
            "false_positive_rate": paid.groupby("district")["asked"].mean(),
            "false_negative_rate": 1 - unpaid.groupby("district")["asked"].mean(),
        }
    )


APART = {"selection_rate": 0.04, "false_positive_rate": 0.045, "false_negative_rate": 0.09}
PLACES = list(DISTRICTS)


def counted(rng, rows):
    """Return cases with given counts: {district: (asked among payers, payers, riders who did not pay)}, in any order."""
    table = [(name, int(i < k), 0) for name, (k, n, _) in rows.items() for i in range(n)] + [
        (name, 1, 1) for name, (_, _, others) in rows.items() for _ in range(others)
    ]
    frame = pd.DataFrame(table, columns=["district", "asked", "unpaid"])
    return frame.sample(frac=1, random_state=int(rng.integers(2**31))).reset_index(drop=True)


def _district(rng, name, payers, others, power):
    """Return cases of one district with these numbers of riders who paid and who did not; their scores are raised to a power."""
    cases = draw_cases(rng, 12 * (payers + others), "Eastfield")
    picked = pd.concat([cases[cases["unpaid"] == 0].head(payers), cases[cases["unpaid"] == 1].head(others)])
    return picked.assign(district=name, score=(picked["score"] ** power).round(4))


def with_small(rng, cases):
    """Return the cases with three districts more: Island and Mill are just too small for a threshold of their own, Quay is not."""
    small = [_district(rng, "Island", 250, 45, 2), _district(rng, "Mill", 45, 250, 2), _district(rng, "Quay", 52, 52, 3)]
    return pd.concat([cases, *small], ignore_index=True)


def many_small(rng):
    """Return a city of large districts, and of fifteen small ones whose scores are high: a fifth of all riders."""
    stops = [_district(rng, f"Stop {number}", 40, 20, 0.4) for number in range(15)]
    return pd.concat([draw_cases(rng, 3600, "Eastfield"), *stops], ignore_index=True)
