"""The trip-time service, simulated: the lines of its log and the labels, with incidents and harmless changes, and what is true of them."""

import gzip
import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from service import DEFAULTS, FEATURES, LABEL_HOURS, RANGES, REFERENCE_DAYS

from metro_bikes import QUIET, simulate

DAY = pd.Timedelta(days=1)
TO_OTHER_UNIT = {"pressure_bar": lambda v: (v * 14.504).round(1), "distance_km": lambda v: (v * 1000).round(0), "temperature_c": lambda v: (v * 1.8 + 32).round(1)}


@dataclass
class Story:
    """What happens in a log. Days count from 0; incidents last from `day` up to `until` (None: to the end)."""

    default: list = field(default_factory=list)  # (feature, share, day, until)
    units: list = field(default_factory=list)  # (feature, share, day, until)
    slow: list = field(default_factory=list)  # (district, factor on what trips take, day, until)
    model: tuple | None = None  # (name, share of requests, factor on what it says, day)
    client: tuple | None = None  # (new name, day): app/5.9 is called so from then on
    campaign: tuple | None = None  # (day, until): traffic doubles
    holiday: int | None = None  # traffic falls to a quarter on that day
    silent: int | None = None  # no line at all on that day
    forgotten: list = field(default_factory=list)  # (district, day): one trip of almost a day
    busy: tuple = ()  # (day, share): so many requests fail for good on that day


def service_table(seed, start, days, trips, story):
    """Return a row a request, as the service took it: features after filling in, what it said, what the trip took."""
    rng = np.random.default_rng([seed, 7])
    city = simulate(seed=seed, trips=2 * trips, start=str(start)[:10], days=days, riders=60, scenario=QUIET)
    table = city.trips.merge(city.stations[["station_id", "district", "sensor_group"]], left_on="start_station_id", right_on="station_id")
    table = table.sort_values("started_at", kind="stable", ignore_index=True)
    table["day"] = (table.started_at - city.weather.time[0]).dt.days
    keep = np.full(len(table), 0.5)
    if story.campaign:
        keep[table.day.between(story.campaign[0], story.campaign[1] - 1)] = 1.0
    if story.holiday is not None:
        keep[table.day == story.holiday] = 0.12
    if story.silent is not None:
        keep[table.day == story.silent] = 0.0
    table = table[rng.random(len(table)) < keep].reset_index(drop=True)
    n, day = len(table), table.day.to_numpy()
    hourly = city.weather.set_index("time").temperature_c
    temperature = hourly.reindex(table.started_at.dt.floor("h")).to_numpy()
    pressure = np.clip(rng.normal(3.5, 0.4, n), 1.5, 5.5).round(1)
    took = table.duration_min.to_numpy() * (1 + 0.004 * (15 - temperature)) * (1 + 0.06 * (3.5 - pressure))
    for district, factor, first, until in story.slow:
        took = np.where((table.district == district) & (day >= first) & (day < (until or days)), took * factor, took)
    for district, on in story.forgotten:
        rows = np.flatnonzero((table.district == district) & (day == on))
        if len(rows):
            took[rows[len(rows) // 2]] = 1400.0
    read = pd.DataFrame({"distance_km": table.distance_km.round(1).clip(0.3), "climb_m": table.climb_m, "temperature_c": temperature, "pressure_bar": pressure}).astype(float)
    sent = read.copy()
    glitch = rng.random(n) < 0.004
    sent.loc[glitch, "distance_km"] = 99.9
    node_b = rng.random(n) < 0.45
    for feature, share, first, until in story.units:
        hit = (rng.random(n) < share) & (day >= first) & (day < (until or days))
        sent.loc[hit, feature] = TO_OTHER_UNIT[feature](read.loc[hit, feature])
    for feature, value in DEFAULTS.items():
        gone = rng.random(n) < 0.03
        for named, share, first, until in story.default:
            if named == feature:
                gone |= (rng.random(n) < share) & (day >= first) & (day < (until or days))
        sent.loc[gone, feature] = value
    used = {name: sent[name].clip(*RANGES[name]) for name in FEATURES}  # the service keeps each input within its range
    used["distance_km"] = used["distance_km"].where(sent.distance_km <= 40, read.distance_km)
    minutes = used["distance_km"] / np.clip(14 - 0.03 * np.clip(used["climb_m"], -60, 120), 5, 20) * 60 + 0.75
    minutes = minutes * (1 + 0.004 * (15 - used["temperature_c"])) * (1 + 0.06 * (3.5 - used["pressure_bar"])) * 1.01
    model = np.full(n, "eta-3", dtype=object)
    if story.model:
        name, share, factor, first = story.model
        new = (rng.random(n) < share) & (day >= first)
        model[new] = name
        minutes = minutes.where(~new, minutes * factor)
    client = np.where(rng.random(n) < 0.35, "web", "app/5.9").astype(object)
    if story.client:
        client[(client == "app/5.9") & (day >= story.client[1])] = story.client[0]
    table = table.assign(**sent, minutes=minutes.clip(1, 240).round(1), took=took.round(1), model=model, client=client, node=np.where(node_b, "b", "a"))
    table["id"] = [f"q{100_000 + 3 * number + seed % 3}" for number in range(n)]
    table["at"] = table.started_at
    table["ms"] = np.exp(rng.normal(3.5, 0.35, n) + 0.9 * (rng.random(n) < 0.05)).round(0).astype(int) + 4
    return table[["id", "at", "node", "client", "start_station_id", "district", "model", *FEATURES, "minutes", "ms", "took", "day"]], rng


def lines_and_truth(table, rng, busy=()):
    """Return the log's lines (bytes), the counts of what they are, and the table of requests that is true of them."""
    kinds = {"repeated": 0, "retries": 0, "corrupt": 0}
    entries, rows = [], []
    bad_day, bad_share = busy or (-1, 0.0)
    for row in table.itertuples(index=False):
        chance = rng.random(6)
        attempts = [(row.at, row.node, 200, row.ms)]
        if row.day == bad_day and chance[5] < bad_share:
            attempts = [(row.at, row.node, 503, 3)]
            if chance[1] < 0.5:
                attempts.append((row.at + pd.Timedelta(seconds=4), "b", 503, 2))
        elif chance[0] < 0.02:  # failed: tried again, most of them with luck
            attempts = [(row.at, row.node, 503, int(2000 + 1000 * chance[3]))]
            if chance[1] < 0.8:
                attempts.append((row.at + pd.Timedelta(seconds=int(2 + 9 * chance[2])), "b" if row.node == "a" else "a", 200 if chance[4] < 0.85 else 503, row.ms))
        elif chance[0] < 0.035:  # answered, but too late for the client, which asks again
            attempts = [(row.at, row.node, 200, int(1500 + 700 * chance[3]))]
            attempts.append((row.at + pd.Timedelta(seconds=int(2 + 9 * chance[2])), "b" if row.node == "a" else "a", 200, row.ms))
        features = {name: getattr(row, name) for name in FEATURES}
        told = []
        for at, node, status, ms in attempts:
            text = f"{at:%Y-%m-%dT%H:%M:%S}Z" if node == "a" else f"{at + pd.Timedelta(hours=3):%Y-%m-%dT%H:%M:%S}+03:00"
            minutes = row.minutes if status == 200 else None
            entry = {"id": row.id, "at": text, "node": node, "client": row.client, "station": int(row.start_station_id), "district": row.district, "model": row.model, "features": features, "minutes": minutes, "status": status, "ms": int(ms)}
            raw = json.dumps(entry, separators=(",", ":")).encode()
            late = rng.random() * (1500 if node == "b" else 5)
            lot = rng.random()
            if lot < 0.004:
                raw = _spoil(raw, rng)
                kinds["corrupt"] += 1
            else:
                told.append((at, status, ms, minutes))
                if lot < 0.012:
                    entries.append((at.value + (late + 60) * 1e9, raw))
                    kinds["repeated"] += 1
            entries.append((at.value + late * 1e9, raw))
        if told:
            kinds["retries"] += len(told) - 1
            good = [attempt for attempt in told if attempt[1] == 200]
            at, status, ms, minutes = min(good) if good else max(told, key=lambda attempt: attempt[0])
            rows.append((row.id, at, row.client, row.district, row.model, *features.values(), np.nan if minutes is None else minutes, status, int(ms)))
    entries.sort(key=lambda entry: entry[0])
    lines = [raw for _, raw in entries]
    lines.append(lines[-1][:70])  # the service is writing
    kinds["corrupt"] += 1
    requests = pd.DataFrame(rows, columns=["id", "at", "client", "district", "model", *FEATURES, "minutes", "status", "ms"])
    counts = {"lines": len(lines), **kinds, "requests": len(requests)}
    assert counts["lines"] == sum(counts[name] for name in ("corrupt", "repeated", "retries", "requests"))
    return lines, counts, requests.sort_values("at", kind="stable", ignore_index=True)


def _spoil(raw, rng):
    """Return what is left of a line: cut off, run into another, no text, no record, or a record without its time."""
    how = int(rng.integers(0, 6))
    if how == 0:
        return raw[: int(rng.integers(12, len(raw) - 5))]
    if how == 1:
        return raw[: int(rng.integers(30, 90))] + raw
    if how == 2:
        return raw[:40] + b"\xff\xfe\x00\x80" + raw[44:]
    if how == 3:
        return rng.choice([b"null", b"[]", b"503", b'"stopped"'])
    entry = json.loads(raw)
    if how == 4:
        entry["at"] = str(rng.choice(["-", "", "0000-00-00T00:00:00Z"]))
    else:
        del entry[str(rng.choice(["id", "at", "features", "status"]))]
    return json.dumps(entry, separators=(",", ":")).encode()


def labels_of(table, rng):
    """Return what the docks reported: long trips late, a few never or twice, and the later report is the right one."""
    n = len(table)
    hours = np.exp(rng.normal(1.6, 1.0, n)) * np.clip(table.took / 25, 0.3, 3) + table.took / 60
    late = rng.random(n) < 0.01
    hours = np.where(late, LABEL_HOURS + 24 + 60 * rng.random(n), np.minimum(hours, LABEL_HOURS - 2))
    labels = pd.DataFrame({"id": table.id, "minutes": table.took, "received_at": table["at"] + pd.to_timedelta((hours * 3600).astype(int), unit="s")})
    labels = labels[rng.random(n) > 0.04]
    wrong = labels[rng.random(len(labels)) < 0.03].copy()
    wrong["minutes"] = 0.0
    wrong["received_at"] -= pd.to_timedelta(np.minimum(((wrong.received_at - table["at"].reindex(wrong.index)).dt.total_seconds() * 0.7).astype(int), 36_000), unit="s")
    return pd.concat([labels, wrong]).sort_values(["received_at", "id"], ignore_index=True)


def make(seed, start="2026-03-02", days=56, trips=6_000, story=None):
    """Return lines, counts, requests and labels of a log."""
    story = story or Story()
    table, rng = service_table(seed, start, days, trips, story)
    lines, counts, requests = lines_and_truth(table, rng, story.busy)
    return lines, counts, requests, labels_of(table, rng)


def write_log(path, lines):
    """Write the lines, the last of them without an end, packed with gzip."""
    path.write_bytes(gzip.compress(b"\n".join(lines), 9, mtime=0))


# What is true, computed once more


def true_errors(requests, labels, now):
    """Return a row for each answered request of a day that is due: with `day` and `error`, NaN without a label."""
    known = labels[labels.received_at <= now].sort_values("received_at", kind="stable").drop_duplicates("id", keep="last")
    day = requests["at"].dt.floor("D").dt.tz_localize(None)
    due = requests["at"].dt.floor("D") + DAY + pd.Timedelta(hours=LABEL_HOURS) <= now
    table = requests.assign(day=day)[due & (requests.status == 200)].reset_index(drop=True)
    return table.assign(error=(table.id.map(known.set_index("id").minutes) - table.minutes).abs())


def true_daily(requests, errors):
    """Return the panels: a row a day, its index the dates."""
    from scipy.stats import wasserstein_distance

    requests = requests.assign(day=requests["at"].dt.floor("D").dt.tz_localize(None))
    index = pd.date_range(requests.day.min(), requests.day.max(), freq="D", name="day")
    answered = requests[requests.status == 200]
    daily = pd.DataFrame({"requests": requests.groupby("day").size().reindex(index, fill_value=0)}, index=index)
    daily["error_rate"] = (requests.status != 200).groupby(requests.day).mean().reindex(index)
    daily["p95_ms"] = answered.groupby("day").ms.quantile(0.95).reindex(index)
    reference = answered[answered.day < index[0] + REFERENCE_DAYS * DAY]
    by_day = answered.groupby("day")
    for name in FEATURES:
        low, high = RANGES[name]
        if name in DEFAULTS:
            daily[f"default_{name}"] = (answered[name] == DEFAULTS[name]).groupby(answered.day).mean().reindex(index)
        daily[f"outside_{name}"] = ((answered[name] < low) | (answered[name] > high)).groupby(answered.day).mean().reindex(index)
        base, spread = reference[name].to_numpy(), reference[name].to_numpy().std()
        daily[f"drift_{name}"] = pd.Series({day: wasserstein_distance(base, rows[name]) / spread for day, rows in by_day}).reindex(index)
    groups = errors.groupby("day").error
    daily["coverage"] = (groups.count() / groups.size()).reindex(index)
    known = {day: np.sort(values.dropna().to_numpy()) for day, values in groups if values.notna().any()}
    for column, side in [("typical", 0), ("typical_low", -1), ("typical_high", 1)]:
        quantiles = {day: np.quantile(values, np.clip(0.5 + side * 0.98 / np.sqrt(len(values)), 0, 1)) for day, values in known.items()}
        daily[column] = pd.Series(quantiles, dtype=float).reindex(index)
    return daily


def true_slices(errors):
    """Return a row for each slice, its index `where`: the usual and the recent error, in minutes."""
    known = errors.dropna(subset=["error"])
    early, late = known[known.day < known.day.min() + REFERENCE_DAYS * DAY], known[known.day > known.day.max() - 5 * DAY]
    rows = {}
    for column in ("district", "model", "client"):
        usual = early.groupby(column).error.median()
        for value, recent in late.groupby(column).error.median().items():
            rows[f"{column}={value}"] = {"usual": usual.get(value, early.error.median()), "recent": recent}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["usual", "recent"]).rename_axis("where")
