"""Writes into prepared/: for each district the trips to train on, in test.csv all districts' last days, in about.json when it was made."""

import csv
import json
from datetime import date, datetime
from pathlib import Path

import yaml

test_days = yaml.safe_load(Path("params.yaml").read_text())["prepare"]["test_days"]
holidays = Path("holidays.csv").read_text().split()[1:]
with open("data/trips.csv", newline="") as file:
    rows = list(csv.DictReader(file))
for row in rows:
    day = row["hour"][:10]
    row["kind"] = "free" if day in holidays or date.fromisoformat(day).weekday() >= 5 else "work"
days = sorted({row["hour"][:10] for row in rows})
tables = {"test": [row for row in rows if row["hour"][:10] in days[-test_days:]]}
for district in sorted({row["district"] for row in rows}):
    tables[district] = [row for row in rows if row["district"] == district and row["hour"][:10] in days[:-test_days]]

Path("prepared").mkdir(exist_ok=True)
for name, table in tables.items():
    with open(f"prepared/{name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["hour", "district", "trips", "kind"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
about = {"made_at": datetime.now().isoformat(), "rows": len(rows)}
Path("prepared/about.json").write_text(json.dumps(about))
