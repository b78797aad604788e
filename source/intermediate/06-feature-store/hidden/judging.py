"""What the judge cells share: fresh stations, reports and questions, the truth about them, and a look into an online store."""


import numpy as np
import pandas as pd
from bikestore import TTL

HOUR, SECOND = pd.Timedelta(hours=1), pd.Timedelta(seconds=1)
LOAD, DOCKS = ["departures_3h", "departures_24h"], ["docks"]


def draw_reports(rng, stations, days=5, late=0.0, corrected=0.0):
    """Return reports every three hours or so: some come late, some are followed by a correction."""
    rows = []
    start = pd.Timestamp("2026-03-02", tz="UTC") + int(rng.integers(0, 60)) * 24 * HOUR
    for station in stations:
        for step in range(days * 8):
            at = start + step * 3 * HOUR + int(rng.integers(0, 3000)) * SECOND
            values = rng.integers(0, 90), rng.integers(100, 900)
            delay = rng.uniform(4, 20) * HOUR if rng.random() < late else rng.uniform(60, 1500) * SECOND
            received = (at + delay).floor("s")
            rows.append((station, at, received, *values))
            if rng.random() < corrected:
                again = (received + rng.uniform(0.2, 5) * HOUR).floor("s")
                rows.append((station, at, again, values[0] + rng.integers(5, 60), values[1] + rng.integers(5, 60)))
    table = pd.DataFrame(rows, columns=["station_id", "reported_for", "received_at", *LOAD]).astype(dict.fromkeys(LOAD, float))
    return table.sample(frac=1, random_state=int(rng.integers(2**31)), ignore_index=True)


def draw_inspections(rng, stations, reports):
    """Return an inspection a day, now and then none for days."""
    start = reports["reported_for"].min().floor("D") - 48 * HOUR
    days = int((reports["reported_for"].max() - start) / (24 * HOUR)) + 1
    rows = [
        (station, start + (24 * day + 5) * HOUR + int(rng.integers(0, 5000)) * SECOND, float(rng.integers(10, 40)))
        for station in stations
        for day in range(days)
        if rng.random() < 0.6
    ]
    table = pd.DataFrame(rows, columns=["station_id", "inspected_at", "docks"])
    return table.assign(received_at=table["inspected_at"] + HOUR)[["station_id", "inspected_at", "received_at", "docks"]]


def draw_questions(rng, reports, n=120, strangers=(), edges=(), twins=0):
    """Return questions in no order, with a label. `edges` are spans after a report at which some are asked; `twins` share a moment."""
    known = reports.drop_duplicates(["station_id", "reported_for"])
    first, last = known["reported_for"].min(), known["reported_for"].max()
    span = int((last - first) / SECOND) + 40 * 3600
    rows = [
        (first - 10 * HOUR + int(rng.integers(0, span)) * SECOND, int(rng.choice([*known["station_id"].unique(), *strangers])))
        for _ in range(n)
    ]
    for edge in edges:
        for report in known.sample(6, random_state=int(rng.integers(2**31))).itertuples():
            rows.append((report.reported_for + edge, report.station_id))
    rows = list(dict.fromkeys(rows))
    table = pd.DataFrame(rows, columns=["asked_at", "station_id"]).assign(bike_type="classic")
    if twins:
        table = pd.concat([table, table.sample(twins, random_state=int(rng.integers(2**31))).assign(bike_type="ebike")])
    table = table.sample(frac=1, random_state=int(rng.integers(2**31)))
    table.index = rng.permutation(len(table)) + 100  # an index that says nothing
    return table.assign(departures_next_hour=rng.integers(0, 9, len(table)))


def truth(rows, table, max_age, event="reported_for", names=LOAD, received=False):
    """Return, row by row, the values of the newest entry up to a row's moment, at most `max_age` old; `received`: that had come in by then."""
    found = []
    by_station = {station: part.sort_values([event, "received_at"]) for station, part in table.groupby("station_id")}
    for row in rows.itertuples():
        there = by_station.get(row.station_id)
        if there is not None:
            there = there[(there[event] <= row.asked_at) & (there[event] >= row.asked_at - max_age)]
            there = there[there["received_at"] <= row.asked_at] if received else there
        found.append([np.nan] * len(names) if there is None or there.empty else there[names].iloc[-1].tolist())
    return pd.DataFrame(found, columns=names, index=rows.index, dtype=float)


def of_both(rows, reports, inspections, ttl=TTL):
    """Return the truth about the features of both views."""
    load = truth(rows, reports, pd.Timedelta(ttl["station_load"]))
    return load.join(truth(rows, inspections, pd.Timedelta(ttl["station_docks"]), "inspected_at", DOCKS))
