"""Writes the mean absolute error of each district's model on the last days, in trips per hour."""

import csv
import json
from pathlib import Path
from statistics import fmean

errors = {}
with open("prepared/test.csv", newline="") as file:
    for row in csv.DictReader(file):
        model = json.loads(Path(f"models/{row['district']}.json").read_text())["trips"]
        said = model[f"{row['kind']} {row['hour'][11:13]}"]
        errors.setdefault(row["district"], []).append(abs(said - float(row["trips"])))
Path("metrics.json").write_text(json.dumps({district: round(fmean(errors[district]), 4) for district in sorted(errors)}) + "\n")
