"""Write the models in files/models/, and files/keys.json, again, byte for byte: python make_files.py"""

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import PoissonRegressor

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from metro_bikes import QUIET, simulate  # noqa: E402

PRACTICE_KEYS = [  # as the notebook gives them; the file has their hashes
    ("town-hall", {"role": "reader"}, "mb_practice_town_hall_7Q2f"),
    ("noor", {"role": "admin"}, "mb_practice_noor_9Zk4"),
    ("tram-office", {"role": "reader", "expires": "2025-04-01T00:00:00Z"}, "mb_practice_tram_office_4Lp8"),
]
WEATHER = ["temperature_c", "rain_mm", "wind_mps"]


def fit(version: str, start: str, days: int) -> dict:
    """Fit one log-linear model: a level for each hour of the week, a weight for each kind of weather, a share for each station."""
    city = simulate(seed=11, trips=30_000, start=start, days=days, scenario=replace(QUIET, ebikes_day=0))
    trips = city.trips
    hours = city.weather.assign(trips=trips["started_at"].dt.floor("h").value_counts().reindex(city.weather["time"]).fillna(0).to_numpy())
    hour_of_week = (hours["time"].dt.dayofweek * 24 + hours["time"].dt.hour).to_numpy()
    X = np.hstack([np.eye(168)[hour_of_week], hours[WEATHER].to_numpy() / 10])
    model = PoissonRegressor(alpha=1e-3, max_iter=1000).fit(X, hours["trips"])
    level = model.intercept_ + model.coef_[:168]
    share = trips["start_station_id"].value_counts(normalize=True).sort_index()
    table = {str(station): [round(float(np.exp(x) * part), 4) for x in level] for station, part in share.items()}
    return {
        "version": version,
        "weather": {name: round(float(weight) / 10, 5) for name, weight in zip(WEATHER, model.coef_[168:], strict=True)},
        "trips": table,
    }


def main() -> None:
    """Fit version 1 on the first quarter of 2025, version 2 on the last; make version 3 of it, with one digit wrong."""
    folder = HERE / "files" / "models"
    folder.mkdir(exist_ok=True)
    texts = {version: json.dumps(fit(version, start, 90)) + "\n" for version, start in [("1", "2025-01-06"), ("2", "2025-09-29")]}
    texts["3"] = texts["2"].replace('"version": "2"', '"version": "3"')
    index = {version: hashlib.sha256(text.encode()).hexdigest() for version, text in texts.items()}
    texts["3"] = texts["3"].replace('"temperature_c": 0.0', '"temperature_c": 0.1')  # somebody's hand, after the hash was taken
    for version, text in texts.items():
        (folder / f"{version}.json").write_text(text)
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    entries = [{"name": name, **rights, "sha256": hashlib.sha256(key.encode()).hexdigest()} for name, rights, key in PRACTICE_KEYS]
    (folder.parent / "keys.json").write_text(json.dumps(entries, indent=1) + "\n")


if __name__ == "__main__":
    main()
