"""Write the lab's data again, byte for byte: night.log, the JSON and CSV files, and the wheels. python make_files.py"""

import base64
import hashlib
import json
import sys
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from metro_bikes import QUIET, simulate  # noqa: E402

DOCKFEED = '''"""Reads what the sensors in the docks send."""

import json

from tyreunits import to_bar


def read(path):
    """Return the pressure of each bike's front tyre in bar, by the bike's number."""
    with open(path, encoding="utf-8") as file:
        return {entry["bike"]: to_bar(entry["pressure_pa"]) for entry in json.load(file)}
'''
TYREUNITS_1 = '''"""Units of pressure."""


def to_bar(pressure):
    """Return a pressure, given in pascals, in bar."""
    return round(pressure / 100_000, 2)
'''
TYREUNITS_2 = '''"""Units of pressure."""


def to_bar(pressure):
    """Return a pressure, given in kilopascals, in bar."""
    return round(pressure / 100, 2)
'''
CHANGES = """tyreunits, what has changed

2.0.0 (4 April 2025)
  All functions now take kilopascals. Nobody thinks of a tyre in pascals.

1.1.0 (12 November 2024)
  Results are rounded to two decimals.

1.0.0 (3 June 2024)
  First release: to_bar takes pascals and returns bar.
"""
OFFERS = """name,region,price_per_hour,minutes
small-north,north,0.10,260
medium-north,north,0.24,130
large-north,north,0.52,70
gpu-north,north,1.90,25
medium-east,east,0.20,140
spot-south,south,0.08,130
"""
JOB = {
    "nights": 30,
    "minutes_available": 210,
    "home": "north",
    "data_gb": 400,
    "storage_per_gb": 0.02,
    "read_gb": 12,
    "egress_per_gb": 0.09,
    "free_egress_gb": 100,
}


def main() -> None:
    """Draw last night's log and readings, keep six weeks of trips, and pack three wheels."""
    files = HERE / "files"
    _write(files / "night.log", draw_log(np.random.default_rng(42)))
    readings, sensors = draw_readings(np.random.default_rng(8))
    _write(files / "readings.json", "[\n" + ",\n".join(map(json.dumps, readings)) + "\n]\n")
    _write(files / "sensors.json", "[\n" + ",\n".join(map(json.dumps, sensors)) + "\n]\n")
    trips = draw_trips(seed=23, trips=9_000)
    trips.to_csv(files / "trips.csv", index=False, lineterminator="\n")
    _write(files / "offers.csv", OFFERS)
    _write(files / "job.json", json.dumps(JOB, indent=2) + "\n")
    (files / "wheels").mkdir(exist_ok=True)
    _write(files / "wheels" / "tyreunits-CHANGES.txt", CHANGES)
    _pack(files / "wheels", "dockfeed", "1.4.2", DOCKFEED, ["tyreunits>=1.0"])
    _pack(files / "wheels", "tyreunits", "1.1.0", TYREUNITS_1)
    _pack(files / "wheels", "tyreunits", "2.0.0", TYREUNITS_2)


def draw_log(rng: np.random.Generator) -> str:
    """Return a night's log: five stations fail more often than the others, and durations look like statuses."""
    trouble = dict(zip(rng.choice(np.arange(1, 41), 5, replace=False).tolist(), (0.75, 0.6, 0.45, 0.3, 0.2), strict=True))
    at, lines = datetime(2025, 4, 7, 2, 0, 3), []
    for _ in range(8):
        for station in rng.permutation(np.delete(np.arange(1, 41), 11)).tolist():  # rules.json leaves out station 12
            for attempt in (1, 2, 3):
                at += timedelta(seconds=int(rng.integers(1, 9)))
                failed = rng.random() < trouble.get(station, 0.02)
                status = int(rng.choice([500, 502, 503, 504])) if failed else 404 if station == 31 else 200
                took = int(rng.integers(480, 620)) if rng.random() < 0.2 else int(rng.integers(20, 90))
                lines.append(f"{at.isoformat()}Z GET /stations/{station}/readings {status} {took}ms try={attempt}")
                if not failed:
                    break
        at += timedelta(seconds=int(rng.integers(1, 9)))
        status = 500 if rng.random() < 0.5 else 201
        lines.append(f"{at.isoformat()}Z POST /lists/night {status} {int(rng.integers(20, 90))}ms try=1")
    return "\n".join(lines) + "\n"


def draw_readings(rng: np.random.Generator) -> tuple[list[dict[str, object]], list[dict[str, int]]]:
    """Return the night's readings, some of them sent twice and some without a pressure, and the sensors' raw values of the same bikes."""
    readings: list[dict[str, object]] = []
    sensors = []
    for number in range(90):
        bar = max(1.2, round(float(rng.normal(3.3, 0.55)), 2))
        missing = rng.random() < 0.08
        reading = {
            "event_id": 70_000 + 3 * number,
            "bike": 101 + 7 * number,
            "station_id": int(rng.integers(1, 11)),
            "pressure_bar": "" if missing else str(bar),
            "km_since_service": int(rng.integers(5, 360)),
            "reports": int(rng.poisson(0.3)),
        }
        sensors.append({"bike": 101 + 7 * number, "pressure_pa": round(bar * 100_000)})
        readings.append(reading)
        if rng.random() < 0.25:
            readings.append(dict(reading))
    return readings, sensors


def draw_trips(seed: int, trips: int):
    """Return six weeks of trips in late winter, with what the workshop found; a few pressures are missing."""
    city = simulate(seed=seed, trips=trips, start="2025-01-01", days=76, scenario=QUIET)
    table = city.trips[city.trips.started_at >= "2025-02-03"]
    gone = np.random.default_rng(seed).random(len(table)) < 0.05
    return table.assign(
        day=table.started_at.dt.strftime("%Y-%m-%d"),
        tyre_pressure_bar=table.tyre_pressure_bar.mask(gone),
        needs_repair=table.needs_repair.astype(int),
    )[["day", "rider_id", "distance_km", "climb_m", "km_since_service", "tyre_pressure_bar", "needs_repair"]].reset_index(drop=True)


def _pack(folder: Path, name: str, version: str, code: str, requires: list[str] | None = None) -> None:
    """Write a wheel: a ZIP file with a module and what installers want to know of it."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(f"Requires-Dist: {r}\n" for r in requires or [])
    wheel = "Wheel-Version: 1.0\nGenerator: make_files\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    inside = {f"{name}.py": code, f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel}
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in inside.items())
    inside[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        for path, text in inside.items():
            file.writestr(zipfile.ZipInfo(path, (2025, 4, 4, 12, 0, 0)), text)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


if __name__ == "__main__":
    main()
