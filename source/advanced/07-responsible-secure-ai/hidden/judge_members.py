"""Membership inference: answers of models to attack, and an attack on the learner's model."""

import numpy as np
import pandas as pd
from deposit import INPUTS
from population import draw_riders, fresh
from sklearn.metrics import log_loss, roc_auc_score


def leak_cases():
    """Return (table, the right AUC, what it is) for answers of several models."""
    rng, cases = fresh("leak"), []

    def table(n, memory, shift, what, wrong=0.0, wrong_of_members=0.0):
        period = rng.choice(["winter", "summer"], 3 * n, p=[0.6, 0.4])
        truth = 1 / (1 + np.exp(-rng.normal(-0.8, 1, 3 * n)))
        unpaid = (rng.random(3 * n) < np.where(period == "summer", np.clip(truth + shift, 0, 1), truth)).astype(int)
        member = (period == "winter") & (rng.random(3 * n) < 0.5)
        p = np.where(member & (rng.random(3 * n) < memory), 0.95 * unpaid, truth)
        p = np.where(rng.random(3 * n) < wrong, 1.0 - unpaid, p)  # sure, and wrong: a probability of 0 for what happened
        p = np.where(member & (rng.random(3 * n) < wrong_of_members), 1.0 - unpaid, p)
        frame = pd.DataFrame({"member": member, "period": period, "p": p, "unpaid": unpaid}).sample(frac=1, random_state=1)
        alike = frame[frame["period"] == "winter"]
        right = roc_auc_score(alike["member"], np.where(alike["unpaid"] == 1, alike["p"], 1 - alike["p"]))
        cases.append((frame.reset_index(drop=True), float(right), f"The periods are winter and summer here, not spring and autumn. {what}"))

    table(700, 0.0, 0.3, "A model that knows nothing by heart, and a summer in which more left a fee unpaid")
    table(700, 0.5, -0.2, "A model that knows half of its riders by heart")
    table(500, 0.9, 0.0, "A model that is sure, and sometimes wrong with a probability of 0 for what happened", wrong=0.05)
    table(500, 0.0, 0.0, "A model that knows its own riders worse than others, so that the AUC is below 0.5", wrong_of_members=0.3)
    return cases


def attack(train_and_score, salt, n=800):
    """Return the attack's AUC on a model of the learner's for n members and 3,000 others, and its log loss on these."""
    rng = fresh(f"attack {salt}")
    riders = draw_riders(rng, n + 3000)
    train, order = riders.iloc[:n], rng.permutation(n + 3000)
    said = train_and_score(train[[*INPUTS, "unpaid"]], riders.iloc[order][INPUTS].reset_index(drop=True))
    p = np.empty(n + 3000)
    found = np.asarray(said, dtype=float).ravel()
    assert len(found) == n + 3000 and bool(((found >= 0) & (found <= 1)).all()), (
        f"train_and_score returned {len(found)} numbers for {n + 3000} riders, expected a probability for each."
    )
    p[order] = found
    unpaid, member = riders["unpaid"].to_numpy(), np.arange(n + 3000) < n
    return roc_auc_score(member, np.where(unpaid == 1, p, 1 - p)), log_loss(unpaid[~member], p[~member])
