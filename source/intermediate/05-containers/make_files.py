"""Writes files/found/model/model.npz again: the alarm's model, trained on simulated trips."""

from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from metro_bikes import QUIET, simulate

COLUMNS = ["distance_km", "km_since_service", "climb_m"]

if __name__ == "__main__":
    trips = simulate(seed=5, trips=8_000, scenario=QUIET).trips
    scaler = StandardScaler().fit(trips[COLUMNS])
    model = LogisticRegression().fit(scaler.transform(trips[COLUMNS]), trips["needs_repair"])
    arrays = {"mean": scaler.mean_, "scale": scaler.scale_, "weights": model.coef_[0], "intercept": model.intercept_[0]}
    target = Path(__file__).with_name("files") / "found" / "model" / "model.npz"
    target.parent.mkdir(exist_ok=True)
    np.savez(target, columns=np.array(COLUMNS), threshold=8 / (8 + 40), **{name: np.round(value, 6) for name, value in arrays.items()})
