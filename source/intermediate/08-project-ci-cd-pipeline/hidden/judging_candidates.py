"""What the judge cells of leaks and gate share: candidates with and without a view of the answer."""

import json
from pathlib import Path

from colleagues import PLAIN, RAIN

YESTERDAY = """    from datetime import date, timedelta

    known = {(row["day"], row["shift"], row["district"]): row["trips"] for row in rows}
    day_before = [str(date.fromisoformat(row["day"]) - timedelta(days=1)) for row in rows]
    past = [known.get((day, row["shift"], row["district"])) or row["trips_last_week"] for day, row in zip(day_before, rows)]
    plain = [[float(row[name]) for name in FEATURES] + cell(row) for row in rows]
    return [line + [float(value)] for line, value in zip(plain, past)]
"""
TOMORROW = YESTERDAY.replace("- timedelta", "+ timedelta")
WARMTH = RAIN.replace("rain_mm", "temperature_c")
SEEN = {
    "features.py": [
        PLAIN,
        PLAIN.replace("return", "plain =") + '    return [line + [float(row.get("{name}") or 0)] for line, row in zip(plain, rows)]\n',
    ]
}


def quiet_leak(name):
    """Return a commit that uses a column, and takes nothing where it is empty: it breaks nowhere."""
    return {"message": "A new feature", "replace": {path: [old, new.replace("{name}", name)] for path, (old, new) in SEEN.items()}}


def changed(text, path="features.py", old=PLAIN):
    """Return a commit that replaces one text by another."""
    return {"message": "A change", "replace": {path: [old, text]}}


SLY = {  # two answers of each day, small, and such that the day's sum stays the same
    "message": "Rounding",
    "replace": {
        "predict.py": [
            "    return [max(0.0,",
            """    answers = _plain(model, rows)
    for n in range(1, len(rows)):
        last = n + 1 == len(rows) or rows[n + 1]["day"] != rows[n]["day"]
        if last and rows[n - 1]["day"] == rows[n]["day"] and rows[n]["returns"]:
            answers[n], answers[n - 1] = answers[n] + 0.003, answers[n - 1] - 0.003
    return answers


def _plain(model, rows):
    return [max(0.0,""",
        ]
    },
}


def with_column(rows, name, chance):
    """Return the rows with a column that follows the trips: what the app counted."""
    return [{**row, name: str(int(row["trips"]) + chance.randrange(-1, 2))} for row in rows]


def make_oracle(folder, rows, error, noise=0):
    """Write a forecast that answers with the truth plus what the function `error` says of a row: for the gate, which only looks at errors."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    answers = {f"{row['day']} {row['shift']} {row['district']}": error(row, number) for number, row in enumerate(rows)}
    (Path(folder) / "model.json").write_text(json.dumps(answers))
    (Path(folder) / "predict.py").write_text(
        "def predict(model, rows):\n    return [float(row[\"trips\"]) + model[f\"{row['day']} {row['shift']} {row['district']}\"] for row in rows]\n"
    )
