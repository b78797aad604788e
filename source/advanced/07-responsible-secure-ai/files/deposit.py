"""The deposit model's team module: what it reads, and how thresholds become decisions."""

import pandas as pd

INPUTS = ["failed_payments", "delay_days", "trips_per_month", "day_pass"]
TEAM = ["Noor", "Ada", "Bo", "Cy", "Rosa"]


def today():
    """Return the deposit system as it is today: {"cases": applications with their outcome, "requests": yesterday's requests}.

    cases: split ("train" or "recent"), district, the INPUTS, score (0 to 1), asked (1: had to leave a deposit), unpaid (0 or 1).
    requests: the INPUTS as they came in, status (HTTP), answer (the score that was returned), ms (time to answer).
    """
    return {"cases": pd.read_csv("applications.csv"), "requests": pd.read_csv("requests.csv")}


def asked_by(cases, thresholds):
    """Return who is asked for a deposit, a column of 0 and 1: whose score is at least the threshold of the district."""
    return (cases["score"] >= cases["district"].map(thresholds)).astype(int)


def at_share(cases, thresholds_at, share):
    """Return thresholds_at(level), with the level between 0 and 1 at which `share` of all cases is asked."""
    low, high = 0.0, 1.0
    for _ in range(20):
        level = (low + high) / 2
        low, high = (level, high) if asked_by(cases, thresholds_at(level)).mean() < share else (low, level)
    return thresholds_at(high)


def rescored(cases, factor):
    """Return the scores that the model would give if the delays of payments were `factor` times as long."""
    odds = cases["score"] / (1 - cases["score"]) * (factor * cases["delay_days"] + 0.05) / (cases["delay_days"] + 0.05)
    return odds / (1 + odds)
