"""Write the data in files/ again, byte for byte: python make_files.py"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import pandas as pd  # noqa: E402

from metro_bikes import QUIET, simulate  # noqa: E402

SHIFTS = {"early": (5, 12), "late": (12, 19), "night": (19, 24)}


def shifts(seed: int, start: str, days: int) -> pd.DataFrame:
    """Return a row for each day, shift and district: weather, calendar, last week's trips, and what was known only afterwards."""
    city = simulate(seed=seed, trips=days * 700, start=start, days=days, scenario=QUIET)
    district = city.stations.set_index("station_id").district
    hours = {hour: name for name, (first, end) in SHIFTS.items() for hour in range(first, end)}

    def count(time: pd.Series, station: pd.Series) -> pd.Series:
        cells = pd.DataFrame({"day": time.dt.floor("D"), "shift": time.dt.hour.map(hours), "district": station.map(district)})
        return cells.dropna().groupby(["day", "shift", "district"]).size()

    weather = city.weather.assign(day=city.weather.time.dt.floor("D"), shift=city.weather.time.dt.hour.map(hours)).dropna()
    sky = weather.groupby(["day", "shift"]).agg(temperature_c=("temperature_c", "mean"), rain_mm=("rain_mm", "sum")).round(1)
    every = pd.MultiIndex.from_product(
        [sorted(sky.index.levels[0]), list(SHIFTS), sorted(city.stations.district.unique())], names=["day", "shift", "district"]
    )
    table = pd.DataFrame(index=every).reset_index().merge(sky.reset_index(), on=["day", "shift"])
    trips = count(city.trips.started_at, city.trips.start_station_id).reindex(every, fill_value=0)
    table["workday"] = ((table.day.dt.weekday < 5) & ~table.day.dt.strftime("%m-%d").isin(["05-01", "06-24"])).astype(int)
    week = pd.MultiIndex.from_arrays([table.day - pd.Timedelta(days=7), table["shift"], table.district])
    table["trips_last_week"] = trips.reindex(week).to_numpy()
    table["trips"] = trips.to_numpy()
    table["returns"] = count(city.trips.ended_at, city.trips.end_station_id).reindex(every, fill_value=0).to_numpy()
    table = table.dropna().astype({"trips_last_week": int})
    return table.assign(day=table.day.dt.strftime("%Y-%m-%d"))


DISTRICTS = ["Eastfield", "Harbour", "Hillside", "Old Town", "University"]
COLUMNS = {
    "day": {"type": "date", "known": "before"},
    "shift": {"type": "text", "values": list(SHIFTS), "known": "before"},
    "district": {"type": "text", "values": DISTRICTS, "known": "before"},
    "temperature_c": {"type": "number", "min": -25, "max": 42, "known": "before"},
    "rain_mm": {"type": "number", "min": 0, "max": 90, "known": "before"},
    "workday": {"type": "number", "values": [0, 1], "known": "before"},
    "trips_last_week": {"type": "number", "min": 0, "max": 5000, "known": "before"},
    "trips": {"type": "number", "min": 0, "max": 5000, "known": "after"},
    "returns": {"type": "number", "min": 0, "max": 5000, "known": "after", "may_be_empty": True},
}


def april_model(table: pd.DataFrame) -> dict[str, object]:
    """Return the model that has lain in Git since April: held back far too strongly, and fitted to what was there then."""
    sys.path.insert(0, str(HERE / "files" / "team"))
    sys.dont_write_bytecode = True
    import train

    train.RIDGE = 300.0
    return train.train(table[table.day < "2026-05-01"].astype(str).to_dict("records"))


def main() -> None:
    """Simulate twelve weeks of spring 2026 and the week that comes next; write what else lies in Git: contract, days off, model."""
    table = shifts(seed=812, start="2026-03-23", days=98)
    last = sorted(table.day.unique())[-7]
    team = HERE / "files" / "team"
    (team / "data").mkdir(parents=True, exist_ok=True)
    table[table.day < last].to_csv(team / "data" / "shifts.csv", index=False, lineterminator="\n")
    table[table.day >= last].to_csv(HERE / "files" / "next_week.csv", index=False, lineterminator="\n")
    columns = ",\n".join(f"    {json.dumps(name)}: {json.dumps(rule)}" for name, rule in COLUMNS.items())
    key = json.dumps(["day", "shift", "district"])
    (team / "contract.json").write_text(f'{{\n  "key": {key},\n  "columns": {{\n{columns}\n  }}\n}}\n')
    days_off = ["2025-01-01", "2025-04-21", "2025-05-01", "2025-06-24"]
    (team / "days_off.json").write_text(json.dumps({"year": 2025, "days_off": days_off}) + "\n")
    (team / "model.json").write_text(json.dumps(april_model(table)) + "\n")


if __name__ == "__main__":
    main()
