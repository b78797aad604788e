"""What the alarm's answers would have cost on the days that it is tested on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from features import features

costs = yaml.safe_load(Path("params.yaml").read_text())["costs"]
model = json.loads(Path("model.json").read_text())
trips = pd.read_csv("prepared/test.csv")

score = (features(trips) - model["mean"]) / model["scale"] @ np.array(model["weights"]) + model["intercept"]
fetched = 1 / (1 + np.exp(-score)) >= model["threshold"]
broken = trips["needs_repair"] == 1
euros = costs["fetch"] * (fetched & ~broken) + costs["miss"] * (~fetched & broken)

metrics = {"trips": len(trips), "euros_per_1000_trips": round(float(euros.mean()) * 1000, 1), "missed": int((~fetched & broken).sum())}
Path("metrics.json").write_text(json.dumps(metrics) + "\n")
daily = pd.DataFrame({"trips": trips.groupby("day").size(), "euros": euros.groupby(trips["day"]).sum()})
daily.to_csv("daily.csv", lineterminator="\n")
