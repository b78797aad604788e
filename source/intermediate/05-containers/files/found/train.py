"""Trains the alarm from data/trips.csv and writes model/model.npz. Runs on the training machine, never in the image."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

if __name__ == "__main__":
    trips, columns = pd.read_csv("data/trips.csv"), ["distance_km", "km_since_service", "climb_m"]
    scaler = StandardScaler().fit(trips[columns])
    model = LogisticRegression().fit(scaler.transform(trips[columns]), trips["needs_repair"])
    arrays = {"mean": scaler.mean_, "scale": scaler.scale_, "weights": model.coef_[0], "intercept": model.intercept_[0]}
    np.savez("model/model.npz", columns=np.array(columns), threshold=8 / (8 + 40), **arrays)
