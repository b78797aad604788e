"""Bo's backfill: it went well once."""

from pathlib import Path

import pandas as pd
from risk import load_model


def backfill(arrivals, store, model_path):
    """Write the risk of all returns that have arrived to the store: a file for each day."""
    model = load_model(model_path)
    for path in Path(arrivals).glob("*.csv"):
        target = Path(store) / f"day={path.stem}.csv"
        if target.exists():  # done already
            continue
        returns = pd.read_csv(path)
        target.write_text("trip_id,risk,version\n")
        for trip in returns.to_dict("records"):
            (risk,) = model.answer([trip])
            with target.open("a") as file:
                file.write(f"{trip['trip_id']},{risk},{model.version}\n")
