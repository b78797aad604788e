"""Cy's measures for the risk register, and one of Rosa's. Each takes the system and returns a number."""

import pandas as pd
from deposit import INPUTS
from sklearn.metrics import roc_auc_score


def cys_ranking(day):
    cases = day["cases"].query("split == 'train'")
    return roc_auc_score(cases["unpaid"], cases["score"])


def rosas_scale(day):
    """Return the largest gap between mean score and share unpaid, of five parts of the recent applications, sorted by score."""
    cases = day["cases"].query("split == 'recent'")
    fifth = pd.qcut(cases["score"].rank(method="first"), 5, labels=False)
    means = cases.groupby(fifth)[["score", "unpaid"]].mean()
    return (means["score"] - means["unpaid"]).abs().max()


def cys_district(day):
    return float("district" in INPUTS)  # what the model does not know it cannot use


def cys_inputs(day):
    return day["requests"].isna().mean().mean()


def cys_fallback(day):
    return (day["requests"]["status"] != 200).mean()


def cys_slow(day):
    return day["requests"]["ms"].mean()


BY_NAME = {"ranking": cys_ranking, "district": cys_district, "inputs": cys_inputs, "fallback": cys_fallback, "slow": cys_slow}


def cys_check(risks, day):
    """Return green or red for each risk."""
    lights = {}
    for one in risks:
        measure = BY_NAME.get(one["measure"])
        value = measure(day) if measure else 0
        over = value > one["limit"] if one["red_if"] == "above" else value < one["limit"]
        lights[one["id"]] = "red" if over else "green"
    return lights
