"""Small tools for the pipeline's checks. Only what Python itself brings: these run on every commit, and must start fast."""

import csv
import hashlib
import importlib
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # a changed file must never be answered from a cache


def read_table(path):
    """Return the rows of a CSV file: a dictionary of texts for each."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_table(path, rows):
    """Write rows to a CSV file."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_days(rows):
    """Return the last 14 days of a table, sorted: those that every candidate is tested on."""
    return sorted({row["day"] for row in rows})[-14:]


def predictor(folder):
    """Return the forecast in a folder as a function: it takes rows, and returns as many numbers.

    The folder holds predict.py, the modules that it imports, and model.json. Two folders may be open at once, each with its own code.
    """
    folder = Path(folder).resolve()
    model = json.loads((folder / "model.json").read_text())
    own = {path.stem for path in folder.glob("*.py")}
    before = {name: sys.modules.pop(name) for name in own if name in sys.modules}
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        predict = importlib.import_module("predict").predict
    finally:
        sys.path.remove(str(folder))
        for name in own:
            sys.modules.pop(name, None)
        sys.modules.update(before)
    return lambda rows: predict(model, rows)


def sha256(path):
    """Return the SHA-256 of a file's content, in 64 hexadecimal digits."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def live_release(store):
    """Return the folder of the release that is live in the store, or None if none is."""
    live = Path(store) / "live.json"
    return Path(store) / "releases" / json.loads(live.read_text())["version"] if live.exists() else None
