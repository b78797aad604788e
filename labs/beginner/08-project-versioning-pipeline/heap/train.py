"""Train the repair alarm, a logistic regression, and write it down as plain numbers."""

import json
from pathlib import Path

import pandas as pd
import yaml
from features import FEATURES, features
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

params = yaml.safe_load(Path("params.yaml").read_text())
C = 0.0005  # Bo: just for a try

trips = pd.read_csv("prepared/train.csv")
scaler = StandardScaler().fit(features(trips))
alarm = LogisticRegression(C=C).fit(scaler.transform(features(trips)), trips["needs_repair"])

fetch, miss = params["costs"]["fetch"], params["costs"]["miss"]
model = {
    "features": FEATURES,
    "mean": scaler.mean_.tolist(),
    "scale": scaler.scale_.tolist(),
    "weights": alarm.coef_[0].tolist(),
    "intercept": float(alarm.intercept_[0]),
    "threshold": fetch / (fetch + miss),  # from this probability on, to fetch the bike costs less than to leave it
}
Path("model.json").write_text(json.dumps(model, indent=1) + "\n")
