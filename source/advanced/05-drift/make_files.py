"""Write the data in files/ again, byte for byte: python make_files.py"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "files"), str(HERE / "hidden")]

from cities import a_backtest, a_unit_story, some_trips  # noqa: E402
from risk import INPUTS  # noqa: E402

from metro_bikes import QUIET, simulate  # noqa: E402


def main():
    """Write the model, twenty quiet weeks of trips, five weeks with a wrong unit and a backtest."""
    past = simulate(501, trips=80_000, start="2024-06-01", days=365, riders=300, scenario=QUIET).trips
    model = LogisticRegression(C=1e6, max_iter=2000).fit(past[INPUTS], past["needs_repair"])
    weights = [round(float(weight), 5) for weight in model.coef_[0]]
    rounded = {"version": 14, "inputs": INPUTS, "intercept": round(float(model.intercept_[0]), 4), "weights": weights}
    (HERE / "files" / "risk.json").write_text(json.dumps(rounded, indent=1) + "\n")

    trips, _ = some_trips(502, weeks=20, start="2025-09-29")
    write(trips, "trips")

    rng = np.random.default_rng(503)
    write(a_unit_story(rng, "miles", source="B")[0], "autumn")
    truth = {"base": {"everything": 42.0, "last 12 weeks": 38.0}, "slope": {"everything": 0.5, "last 12 weeks": 0.9}, "season": 9.0}
    write(a_backtest(rng, truth)[0], "backtest")


def write(table, name):
    """Write the table as a compressed CSV file, the same in every year."""
    text = table.to_csv(index=False, date_format="%Y-%m-%d %H:%M:%S", lineterminator="\n")
    (HERE / "files" / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
