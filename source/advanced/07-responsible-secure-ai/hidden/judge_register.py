"""Systems for the judges of the register: healthy ones, and such as are broken in one way."""

import numpy as np
from deposit import INPUTS, asked_by
from population import draw_riders, score_of

LIMITS = {
    "ranking": (0.70, "below"),
    "scale": (0.10, "above"),
    "district": (0.08, "above"),
    "inputs": (0.05, "above"),
    "fallback": (0.05, "above"),
    "slow": (300, "above"),
}


def level(cases, share, pool):
    """Return a threshold for each district with which the same share of each `pool` (a filter of rows) is asked, and `share` of all."""
    low, high = 0.0, 1.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        thresholds = {name: float(rows.loc[pool(rows), "score"].quantile(1 - middle)) for name, rows in cases.groupby("district")}
        low, high = (middle, high) if asked_by(cases, thresholds).mean() < share else (low, middle)
    return thresholds


def healthy(rng, n=4000):
    """Return a system in which all is well: payers of all districts are asked equally often; a small district has few riders."""
    cases = draw_riders(rng, n + 1500, island=14)
    cases["score"] = score_of(cases)
    cases["split"] = np.where(np.arange(len(cases)) < 1500, "train", "recent")
    big = cases[cases["district"] != "Island"]
    thresholds = level(big, 0.25, lambda rows: rows["unpaid"] == 0)
    cases["asked"] = asked_by(cases, {**thresholds, "Island": 0.5})
    island = np.flatnonzero(cases["district"] == "Island")
    cases.loc[island, "unpaid"] = (np.arange(len(island)) % 2).astype(int)
    cases.loc[island, "asked"] = (np.arange(len(island)) % 4 < 2).astype(int)  # half of so few payers: chance, no alarm
    requests = draw_riders(rng, 1500)
    answer = score_of(requests)
    requests = requests[INPUTS].astype(float)
    for name in INPUTS:
        requests.loc[rng.random(len(requests)) < 0.01, name] = np.nan
    requests["status"] = np.where(rng.random(len(requests)) < 0.005, 503, 200)
    requests["answer"] = answer.mask(requests["status"] != 200)
    requests["ms"] = rng.gamma(8, 10, len(requests)).round(1)
    columns = ["split", "district", *INPUTS, "score", "asked", "unpaid"]
    return {"cases": cases[columns].reset_index(drop=True), "requests": requests}


def broken(system, how, rng):
    """Return a copy of the system that is broken: `how` is one of BREAKS."""
    cases, requests = system["cases"].copy(), system["requests"].copy()
    recent = np.flatnonzero(cases["split"] == "recent")
    payers = (cases["split"] == "recent") & (cases["unpaid"] == 0)
    score = cases.loc[recent, "score"]
    if how == "shuffled":
        cases.loc[recent, "score"] = rng.permutation(score)
    elif how == "halved":
        cases.loc[recent, "score"] = (score / 2).round(4)
    elif how == "squeezed":
        cases.loc[recent, "score"] = (0.75 * score.mean() + 0.25 * score).round(4)
    elif how == "one district":
        more = payers & (cases["district"] == str(rng.choice(["Harbour", "Old Town", "University"]))) & (cases["asked"] == 0)
        chosen = rng.choice(np.flatnonzero(more), int(0.25 * more.sum()), replace=False)
        fewer = np.flatnonzero(payers & (cases["district"] == "Hillside") & (cases["asked"] == 1))
        cases.loc[chosen, "asked"] = 1
        cases.loc[fewer[: len(fewer) // 3], "asked"] = 0
    elif how == "lowest fifth":
        low = payers & (cases["score"] <= score.quantile(0.2))
        cases.loc[low & (rng.random(len(cases)) < 0.17), "unpaid"] = 1
    elif how == "one column":
        requests.loc[rng.random(len(requests)) < 0.12, str(rng.choice(INPUTS))] = np.nan
    elif how == "column gone":
        requests = requests.rename(columns={str(rng.choice(INPUTS)): "renamed"})
    elif how == "same answer":
        requests.loc[(rng.random(len(requests)) < 0.3) & (requests["status"] == 200), "answer"] = 0.2
    elif how == "slow tail":
        requests.loc[rng.random(len(requests)) < 0.09, ["status", "answer", "ms"]] = [503, np.nan, 900.0]
    elif how == "no requests":
        requests = requests.iloc[:0]
    elif how == "no outcomes":
        cases["unpaid"] = cases["unpaid"].astype(float)
        cases.loc[recent, "unpaid"] = np.nan
    return {"cases": cases, "requests": requests}


BREAKS = {
    "shuffled": (["ranking"], "the recent scores are shuffled among the riders"),
    "halved": (["scale"], "every recent score is half of what it was"),
    "squeezed": (["scale"], "the recent scores are squeezed towards their mean, in the same order"),
    "lowest fifth": (["scale"], "of the fifth with the lowest scores, 17 % of those who paid do not pay any more"),
    "one district": (["district"], "payers of one district are asked far more often, those of another less"),
    "one column": (["inputs"], "12 % of one input are missing, the other three are complete"),
    "column gone": (["inputs"], "one input has another name since today"),
    "same answer": (["fallback"], "three of ten requests get the same answer, with status 200"),
    "slow tail": (["slow"], "9 % of the requests end after 900 ms with status 503, the others are quick"),
    "no requests": (["inputs", "fallback", "slow"], "there is not one request in the log"),
    "no outcomes": (["ranking", "scale", "district"], "the outcomes of the recent applications are missing"),
}


def quiet(system, how, rng):
    """Return a copy of a healthy system in which something is unusual and nothing is wrong: `how` is one of QUIET."""
    cases, requests = system["cases"].copy(), system["requests"].copy()
    recent = cases["split"] == "recent"

    def found(name, payers, asked, others):
        """Move payers, of whom some are asked, and others to a new district."""
        paid = rng.permutation(np.flatnonzero(recent & (cases["unpaid"] == 0) & (cases["district"] != "Island")))[:payers]
        unpaid = rng.permutation(np.flatnonzero(recent & (cases["unpaid"] == 1) & (cases["district"] != "Island")))[:others]
        cases.loc[[*paid, *unpaid], "district"] = name
        cases.loc[paid, "asked"] = (np.arange(payers) < asked).astype(int)

    if how == "few payers":
        found("Quay", 40, 24, 110)
    elif how == "chance":
        found("Quay", 120, 31, 40)
    elif how == "refused":
        requests.loc[rng.random(len(requests)) < 0.08, ["status", "answer"]] = [503, 0.0]
    return {"cases": cases, "requests": requests}


QUIET = {
    "few payers": ("district", "in a district of 150 riders 40 paid, and 24 of them were asked; so few do not count"),
    "chance": (
        "district",
        "in a district 31 of 120 payers were asked, more than elsewhere, and that may be chance: the intervals nearly meet",
    ),
    "refused": (
        "fallback",
        "8 % of the requests ended with status 503, and 0 stands for their answer; those with status 200 have answers of all kinds",
    ),
}
