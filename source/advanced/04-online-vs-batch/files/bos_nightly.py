"""Bo's nightly job: the risk of every return in a few CSV files, computed with Dask."""

import dask.dataframe as dd
import pandas as pd
from risk import FEATURES, load_model


def features(part):
    """Return the features of a partition: what the service does for one return, for a whole table at once."""
    table = pd.DataFrame(index=part.index)
    for name in ("distance_km", "duration_min", "climb_m", "km_since_service"):
        table[name] = part[name]
    table["tyre_pressure_bar"] = part["tyre_pressure_bar"].fillna(part["tyre_pressure_bar"].mean())
    table["speed_kmh"] = 60 * part["distance_km"] / part["duration_min"].clip(lower=3)
    table["bike_type"] = part["bike_type"].astype("category").cat.codes
    table["district"] = part["district"].astype("category").cat.codes
    table["hour"] = part["ended_at"].str[11:13].astype(int)
    table["weekend"] = pd.to_datetime(part["ended_at"].str[:10]).dt.dayofweek >= 5
    return table[FEATURES].astype("float32")  # half the memory


def score(paths, model_path):
    """Return a table with trip_id, the FEATURES and risk: a row for each return in the files, the bikes longest without service first."""
    model = load_model(model_path)
    returns = dd.read_csv(paths)
    table = returns.map_partitions(features, meta=dict.fromkeys(FEATURES, "float32"))
    ranked = table.sort_values("km_since_service", ascending=False).compute()
    ranked["risk"] = model.risks(ranked[FEATURES].to_numpy())
    ranked.insert(0, "trip_id", returns["trip_id"].compute().to_numpy())
    return ranked
