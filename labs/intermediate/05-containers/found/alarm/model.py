"""The alarm's model: a logistic regression, read from a JSON file. Needs no other package."""

import json
import math
from pathlib import Path


def load(path):
    """Return the model in the file, a dictionary. Raises ValueError where it is damaged."""
    model = json.loads(Path(path).read_text())
    if not len(model["columns"]) == len(model["weights"]) == len(model["mean"]) == len(model["scale"]):
        raise ValueError(f"{path}: the model's columns and weights do not belong together")
    return model


def score(model, trip):
    """Return the probability, 0 to 1, that the bike needs repair after this trip."""
    steps = zip(model["columns"], model["mean"], model["scale"], model["weights"], strict=True)
    return 1 / (1 + math.exp(-model["intercept"] - sum(weight * (trip[column] - mean) / scale for column, mean, scale, weight in steps)))
