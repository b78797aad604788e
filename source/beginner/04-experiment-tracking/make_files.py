"""Write hours.csv and july.csv again, byte for byte: python make_files.py"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from metro_bikes import hourly_demand, simulate  # noqa: E402

COLUMNS = ["time", "hour", "weekday", "holiday", "temperature_c", "rain_mm", "wind_mps", "trips"]


def main() -> None:
    """Simulate January to July, before the tram opens, and keep the weeks that the lab needs."""
    hours = hourly_demand(simulate(seed=67, trips=420_000, start="2025-01-01", days=208))[COLUMNS]
    hours["time"] = hours.time.dt.tz_localize(None)
    hours["holiday"] = hours.holiday.astype(int)
    for name, first, last in [("hours.csv", "2025-03-01", "2025-06-22"), ("july.csv", "2025-06-30", "2025-07-27")]:
        kept = hours[hours.time.between(first, f"{last} 23:00")]
        kept.to_csv(HERE / "files" / name, index=False, date_format="%Y-%m-%d %H:%M", lineterminator="\n")


if __name__ == "__main__":
    main()
