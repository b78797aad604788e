"""Stories to practise on: trips whose labels are drawn anew, so that a rule can be tried on many autumns instead of one.

The trips are those of trips.csv.gz. In these stories the model in use is right until something happens: each label is drawn from its risk.
"""

import numpy as np
import pandas as pd
from risk import INPUTS, risks

START = pd.Timestamp("2025-09-29")  # day 0, a Monday
HISTORY_DAYS, STREAM_DAYS = 42, 84


def read_trips(path="trips.csv.gz"):
    """Return twenty quiet weeks, a row a trip: day (from 0 on), the model's INPUTS and unlock_seconds."""
    return pd.read_csv(path)


def logit(probability):
    """Return the log-odds of probabilities."""
    return np.log(probability / (1 - probability))


def same_mean(log_odds, mean):
    """Return probabilities with these log-odds, shifted by a constant so that their mean is as given."""
    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + np.exp(-log_odds - middle))).mean() < mean else (low, middle)
    return 1 / (1 + np.exp(-log_odds - low))


# Part 3: is it harmful?


def story_from(trips, probability, kind, rng, since_day, mean_delay=4.0):
    """Return a story as Part 3 has it, the moment of the change, and whether it is harmful or harmless.

    mean_delay: days until a label is known, on average, of a sound bike; of a broken one twice that.

    kind: app (a new app unlocks faster), cold (tyres lose 0.25 bar; the model knows what that means), pads (bad brake pads on all bikes),
    ebikes (every second trip on an e-bike: longer, and oftener in need of repair than the model can know).
    """
    after = (trips["day"] >= since_day).to_numpy()
    story, odds = trips.copy(), logit(np.asarray(probability))
    if kind == "app":
        story["unlock_seconds"] = np.where(after, story["unlock_seconds"] * 0.6, story["unlock_seconds"]).round()
    elif kind == "cold":
        story["tyre_pressure_bar"] = np.where(after, story["tyre_pressure_bar"] - 0.25, story["tyre_pressure_bar"]).round(2)
        odds = odds + 1.8 * 0.25 * after
    elif kind == "pads":
        odds = odds + 1.0 * after
    else:
        electric = after & (rng.random(len(trips)) < 0.5)
        story["distance_km"] = np.where(electric, story["distance_km"] * 1.35, story["distance_km"]).round(1)
        odds = odds + 1.9 * electric
    story["needs_repair"] = rng.random(len(story)) < 1 / (1 + np.exp(-odds))
    ended = story["day"].to_numpy() * 86_400 + rng.integers(6 * 3600, 86_400, len(story))
    delay = rng.gamma(2, mean_delay / 2, len(story)) * np.where(story["needs_repair"], 2, 1)
    story["ended_at"] = START + pd.to_timedelta(ended, unit="s")
    story["label_available_at"] = story["ended_at"] + pd.to_timedelta((delay * 86_400).astype(int), unit="s")
    story["risk"] = risks(story)
    columns = ["ended_at", *INPUTS, "unlock_seconds", "risk", "needs_repair", "label_available_at"]
    truth = "harmful" if kind in ("pads", "ebikes") else "harmless"
    return story[columns].sort_values("ended_at", ignore_index=True), START + pd.Timedelta(days=since_day), truth


def a_story(kind, seed, since_day=70, mean_delay=4.0):
    """Return story_from of our own trips."""
    trips = read_trips()
    return story_from(trips, risks(trips), kind, np.random.default_rng(seed), since_day, mean_delay)


def missed_interval(trips):
    """Return both ends of a 95 % interval for the mean of label minus risk of trips, by a bootstrap of whole days."""
    by_day = (trips["needs_repair"] - trips["risk"]).groupby(trips["ended_at"].dt.floor("D")).agg(["sum", "size"]).to_numpy()
    drawn = by_day[np.random.default_rng(0).integers(0, len(by_day), (1000, len(by_day)))].sum(axis=1)
    return np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])


# Part 5: the relation changes


def changed(trips, probability, kind):
    """Return the probabilities after the relation has changed, with as many repairs as before.

    kind: pads (wear comes from metres downhill, no longer from the km since the last service) or tubeless (pressure matters no more,
    distance does).
    """
    odds = logit(np.asarray(probability))
    if kind == "pads":
        odds = odds - 0.8 * (trips["km_since_service"] - 200) / 100 - 0.8 * trips["climb_m"] / 40
    else:
        odds = odds + 1.8 * (trips["tyre_pressure_bar"] - 3.5) + 0.4 * (trips["distance_km"] - 5)
    return same_mean(odds.to_numpy(), float(np.mean(probability)))


def colder(trips, probability, drift_day):
    """Return trips and probabilities if from a day on all tyres lose 0.25 bar, and so many more bikes break as the model foretells."""
    after = (trips["day"] >= drift_day).to_numpy()
    softer = trips.assign(tyre_pressure_bar=(trips["tyre_pressure_bar"] - 0.25 * after).round(2))
    return softer, 1 / (1 + np.exp(-logit(np.asarray(probability)) - (logit(risks(softer)) - logit(risks(trips)))))


def stream_from(trips, probability, rng, kind=None, drift_day=None):
    """Return a history of six weeks and the twelve weeks after it, both with day, INPUTS, risk and needs_repair.

    From drift_day on (a day of the trips; None: never) labels follow the changed relation. The kind "cold" has none: inputs change, and
    the model is right about what follows.
    """
    chance = np.asarray(probability)
    if kind == "cold":
        trips, chance = colder(trips, probability, drift_day)
    elif drift_day is not None:
        chance = np.where(trips["day"] >= drift_day, changed(trips, probability, kind), chance)
    table = trips[["day", *INPUTS]].assign(risk=risks(trips), needs_repair=rng.random(len(trips)) < chance)
    day = table["day"] - table["day"].min()
    past, later = day < HISTORY_DAYS, (day >= HISTORY_DAYS) & (day < HISTORY_DAYS + STREAM_DAYS)
    return table[past].reset_index(drop=True), table[later].reset_index(drop=True)


def a_stream(seed, kind=None, drift_day=None):
    """Return stream_from of our own trips: days 0 to 41 are the history, 42 to 125 the stream."""
    trips = read_trips()
    return stream_from(trips, risks(trips), np.random.default_rng(seed), kind, drift_day)
