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
