"""Write the data in files/ again, byte for byte: python make_files.py"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1])]

from metro_bikes import QUIET, simulate  # noqa: E402

START, DAYS, STATIONS = pd.Timestamp("2025-06-02"), 28, 16
NEVER, SILENT, NEW = 16, 5, 13  # sends no reports at all; its modem is dead for six days; opens on the ninth day
WRONG_CLOCK, WRONG_DAY, AHEAD = 7, pd.Timestamp("2025-06-25"), pd.Timedelta("7h10min")  # its clock is ahead until nine o'clock
MINUTE, HOUR, DAY = (pd.Timedelta(1, unit) for unit in ("min", "h", "D"))


def reports_of(trips, rng):
    """Return what the stations' dock computers reported every three hours, late ones and corrections included.

    By day the network is busy, and a dock that gets no answer tells of a departure twice. The doubles since six o'clock are removed
    at about eight in the evening: a correction of the reports of 9, 12, 15 and 18 o'clock.
    """
    rows, rng_of_doubles = [], np.random.default_rng(78)
    for station in range(1, STATIONS + 1):
        starts = trips.loc[trips["station_id"] == station, "started_at"].to_numpy()
        twice = starts[rng_of_doubles.random(len(starts)) < 0.6]
        for at in pd.date_range(START + DAY, START + DAYS * DAY, freq="3h"):
            six, removed = at.normalize() + 6 * HOUR, at.normalize() + 20 * HOUR + int(rng_of_doubles.integers(0, 50)) * MINUTE
            number = {hours: int(((starts > at - hours * HOUR) & (starts <= at)).sum()) for hours in (3, 24)}
            first = {hours: number[hours] + int(((twice > max(six, at - hours * HOUR)) & (twice <= at)).sum()) for hours in (3, 24)}
            silent = station == SILENT and START + 10 * DAY < at <= START + 16 * DAY
            if station == NEVER or silent or (station == NEW and at < START + 9 * DAY):
                continue
            late = rng.random() < 0.07
            delay = rng.uniform(4, 30) * HOUR if late else rng.uniform(2, 14) * MINUTE
            received = (at + delay).floor("min")
            dated = at + AHEAD if station == WRONG_CLOCK and WRONG_DAY < at < WRONG_DAY + 9 * HOUR else at
            if rng.random() < 0.06:  # the dock computer had restarted and lost its count: a correction follows
                rows.append((station, dated, received, int(first[3] * rng.uniform(0, 0.4)), first[24] - first[3]))
                received = (received + rng.uniform(3, 20) * HOUR).floor("min")
            if six < at < removed and received < removed:
                rows.append((station, dated, received, first[3], first[24]))
                received = removed
            rows.append((station, dated, received, number[3], number[24]))
    columns = ["station_id", "reported_for", "received_at", "departures_3h", "departures_24h"]
    return pd.DataFrame(rows, columns=columns).sort_values(["received_at", "station_id"], ignore_index=True)


def inspections_of(stations, rng):
    """Return what the morning round found: how many docks of a station work."""
    rows = []
    for station in range(1, STATIONS + 1):
        docks = int(stations.loc[stations["station_id"] == station, "docks"].iloc[0])
        for day in range(DAYS):
            if rng.random() < 0.8 and not (station == NEW and day < 8):
                at = START + day * DAY + 5 * HOUR + int(rng.integers(0, 90)) * MINUTE
                rows.append((station, at, at + int(rng.integers(20, 120)) * MINUTE, docks - int(rng.binomial(docks, 0.08))))
    return pd.DataFrame(rows, columns=["station_id", "inspected_at", "received_at", "docks"])


def questions_of(trips, rng):
    """Return when the planner asked about which station and type of bike, and how many left in the hour after."""
    rows = []
    for station in range(1, STATIONS + 1):
        mine = trips[trips["station_id"] == station]
        first = START + (9 if station == NEW else 2) * DAY
        n = int(58 * ((START + DAYS * DAY - first) / DAY) / 26)
        minutes = np.sort(rng.choice(int((START + DAYS * DAY - first) / MINUTE) - 61, n, replace=False))
        for at in first + minutes * MINUTE:
            hour = mine[(mine["started_at"] > at) & (mine["started_at"] <= at + HOUR)]
            rows += [(at, station, kind, int((hour["bike_type"] == kind).sum())) for kind in ("classic", "ebike")]
    columns = ["asked_at", "station_id", "bike_type", "departures_next_hour"]
    return pd.DataFrame(rows, columns=columns).sort_values(["asked_at", "station_id"], kind="stable", ignore_index=True)


def logged(rows, reports):
    """Return what the service had at hand at each row's moment: the newest of the reports that had come in, at most 12 hours old."""
    found = []
    for row in rows.itertuples():
        there = reports[(reports["station_id"] == row.station_id) & (reports["received_at"] <= row.asked_at)]
        there = there[(there["reported_for"] <= row.asked_at) & (there["reported_for"] >= row.asked_at - 12 * HOUR)]
        there = there.sort_values(["reported_for", "received_at"]).tail(1)
        found.append((there["departures_3h"].iloc[0], there["departures_24h"].iloc[0]) if len(there) else (pd.NA, pd.NA))
    return pd.DataFrame(found, columns=["departures_3h", "departures_24h"], index=rows.index).astype("Int64")


def main() -> None:
    """Write the reports, the inspections, the planner's questions, and the service's log of the last week."""
    city = simulate(77, trips=150_000, start=str(START.date()), days=DAYS, scenario=replace(QUIET, ebikes_day=0, ebikes_share=1.0))
    trips = city.trips.rename(columns={"start_station_id": "station_id"})[["station_id", "started_at", "bike_type"]]
    trips["started_at"] = trips["started_at"].dt.tz_localize(None)
    trips = trips[trips["station_id"] <= STATIONS]
    rng = np.random.default_rng(77)
    reports, inspections, rows = reports_of(trips, rng), inspections_of(city.stations, rng), questions_of(trips, rng)
    last_week = rows["asked_at"] >= START + 21 * DAY
    week = rows[last_week]
    for name, table in [
        ("reports", reports),
        ("inspections", inspections),
        ("questions", rows[~last_week]),
        ("service_log", pd.concat([week, logged(week, reports)], axis=1)),
    ]:
        table.to_csv(HERE / "files" / f"{name}.csv", index=False, date_format="%Y-%m-%d %H:%M", lineterminator="\n")


if __name__ == "__main__":
    main()
