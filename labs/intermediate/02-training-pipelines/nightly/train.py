"""Learns one district's mean trips of each hour, of work days and free days, from the last days of its table."""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path
from statistics import fmean

import yaml

district = sys.argv[1]
last_days = yaml.safe_load(Path("params.yaml").read_text())["train"]["last_days"]
with open(f"prepared/{district}.csv", newline="") as file:
    rows = list(csv.DictReader(file))
days = sorted({row["hour"][:10] for row in rows})[-last_days:]
seen = {}
for row in rows:
    if row["hour"][:10] in days:
        seen.setdefault(f"{row['kind']} {row['hour'][11:13]}", []).append(float(row["trips"]))
trips = {kind: round(fmean(seen[kind]), 4) for kind in sorted(seen)}

Path("models").mkdir(exist_ok=True)
model = {"trained_at": datetime.now().isoformat(), "trips": trips}
Path(f"models/{district}.json").write_text(json.dumps(model, indent=1))
