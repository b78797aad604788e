"""What the judge cells share: fresh weeks, labels, pages of metrics and cities, and the truth about them."""

import math

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance
from watch import CATEGORIES, METHODS, NUMBERS

DAY, HOUR, SECOND = pd.Timedelta(days=1), pd.Timedelta(hours=1), pd.Timedelta(seconds=1)
GROUPS = ["A", "B", "C"]


# Exercise 1: a report


def draw_inputs(rng, rows, shift=None, missing=0.02, ebikes=0.3, stations=12):
    """Return a table of raw inputs; `shift` moves columns, in standard deviations."""
    z = {name: rng.normal(size=rows) + (shift or {}).get(name, 0) for name in NUMBERS}
    table = pd.DataFrame(
        {
            "ended_at": pd.Timestamp("2026-02-02", tz="UTC") + pd.to_timedelta(np.sort(rng.integers(0, 10_000, rows)), unit="min"),
            "end_station_id": rng.integers(1, stations + 1, rows) * 3,
            "sensor_group": rng.choice(GROUPS, rows),
            "bike_type": rng.choice(["classic", "ebike"], rows, p=[1 - ebikes, ebikes]),
            "distance_km": (4 + z["distance_km"]).round(2),
            "climb_m": (30 * z["climb_m"]).round().astype(int),
            "km_since_service": (200 + 80 * z["km_since_service"]).round(1),
            "tyre_pressure_bar": (3.5 + 0.4 * z["tyre_pressure_bar"]).round(2),
        }
    )
    table["tyre_pressure_bar"] = table["tyre_pressure_bar"].mask(rng.random(rows) < missing)
    return table


def true_drift(current, reference, name):
    """Return the column's drift, by the team's method, computed with scipy."""
    now, before = current[name].dropna(), reference[name].dropna()
    if name in NUMBERS:
        return wasserstein_distance(before, now) / max(float(np.std(before)), 0.001)
    shares = [part.value_counts(normalize=True) for part in (before, now)]
    one, two = shares[0].align(shares[1], fill_value=0)
    return float(jensenshannon(one, two))


def wrong_report(table, current, reference, dead=()):
    """Return what is wrong with the table of a report, or ''."""
    counts = table.loc[table["metric"] == "RowCount", "value"]
    if counts.empty:
        return "it has no RowCount"
    if counts.iloc[0] != len(current):
        return f"its RowCount is {counts.iloc[0]:g}, expected the {len(current)} of the current table"
    for name in [*NUMBERS, *CATEGORIES]:
        method, threshold = METHODS["numbers" if name in NUMBERS else "categories"]
        missing = table.loc[(table["metric"] == "MissingValueCount") & (table["column"] == name), "value"]
        if missing.empty:
            return f"it has no MissingValueCount for {name}"
        if missing.iloc[0] != current[name].isna().sum():
            return f"it counts {missing.iloc[0]:g} missing values of {name}, and the raw table has {current[name].isna().sum()}"
        if name in dead:
            continue
        drift = table[(table["metric"] == "ValueDrift") & (table["column"] == name)]
        if drift.empty:
            return f"it has no ValueDrift for {name}"
        drift = drift.iloc[0]
        if drift["method"] != method:
            return f"the drift of {name} was measured by {drift['method']!r}, expected {method!r}, whatever the table's size"
        if drift["threshold"] is None or not math.isclose(drift["threshold"], threshold):
            return f"the threshold for {name} is {drift['threshold']}, expected {threshold}"
        truth = true_drift(current, reference, name)
        if not math.isclose(drift["value"], truth, rel_tol=1e-6, abs_tol=1e-9):
            return f"the drift of {name} is {drift['value']:.4f}, and by scipy {truth:.4f}: the right two tables, in the right order, with the right types of columns?"
    return ""


def true_names(current, reference):
    """Return the columns to look at: those over their threshold, and those without any value."""
    found = set()
    for name in [*NUMBERS, *CATEGORIES]:
        _, threshold = METHODS["numbers" if name in NUMBERS else "categories"]
        if not current[name].notna().any() or not reference[name].notna().any() or true_drift(current, reference, name) >= threshold:
            found.add(name)
    return found


# Exercise 2: broken inputs


def draw_sensors(rng, rows, shares=(0.4, 0.45, 0.15), shift=0.0, rain=0.6, always=0.12, dark=0.0):
    """Return a table of measurements by sensor group, as sound as it gets: one column is often zero, one often missing (or 0), exactly so often."""
    group = np.repeat(GROUPS, [int(rows * share) for share in shares])
    n = len(group)
    table = pd.DataFrame(
        {
            "sensor_group": group,
            "distance_km": np.exp(rng.normal(1.2 + shift, 0.5, n)).round(2),
            "rain_mm": rng.gamma(1.5, 2, n).round(2) + 0.01,
            "light_lux": rng.normal(400 + 60 * shift, 90, n).round(1),
            "tyre_pressure_bar": rng.normal(3.5 - 0.3 * shift, 0.4, n).round(2),
        }
    )
    for one in GROUPS:
        put(table, rng, "rain_mm", 0.0, rain, one)
        chosen = rng.permutation(table.index[table["sensor_group"] == one])
        gaps, dim = round(always * len(chosen)), round(dark * len(chosen))
        table.loc[chosen[:gaps], "light_lux"] = np.nan
        table.loc[chosen[gaps : gaps + dim], "light_lux"] = 0.0
    order = rng.permutation(n)
    return table.iloc[order].reset_index(drop=True)


def put(table, rng, name, value, share, group=None):
    """Put the value into exactly this share of the column, in all rows or those of a group."""
    rows = table.index[(table["sensor_group"] == group) if group else slice(None)]
    table.loc[rng.choice(rows, round(share * len(rows)), replace=False), name] = value


def with_group(table, rng, name, rows):
    """Return the table with so many of its rows once more, as those of another sensor group."""
    more = table.sample(rows, random_state=int(rng.integers(2**31))).assign(sensor_group=name)
    return pd.concat([table, more], ignore_index=True)


# Exercise 3: late labels


def draw_log(rng, days=16, a_day=30, rate=0.35):
    """Return predictions and labels: a bike that is fetched is looked at soon, any other late; some labels are corrected."""
    start = pd.Timestamp("2026-03-02", tz="UTC") + int(rng.integers(0, 40)) * DAY
    rows = []
    for day in range(days):
        for _ in range(int(rng.integers(a_day - 8, a_day + 8))):
            rows.append(start + day * DAY + int(rng.integers(0, 86_400)) * SECOND)
        rows += [start + day * DAY, start + (day + 1) * DAY - SECOND]
    n = len(rows)
    predictions = pd.DataFrame({"trip_id": rng.permutation(n) + 5000, "predicted_at": rows})
    broken = rng.random(n) < rate
    predictions["alarm"] = (rng.random(n) < np.where(broken, 0.7, 0.2)).astype(int)
    wait = np.where(predictions["alarm"] == 1, rng.uniform(0.3, 1.5, n), rng.uniform(2, 8, n))
    known = (predictions["predicted_at"] + pd.to_timedelta(wait, unit="D")).dt.floor("s")
    labels = pd.DataFrame({"trip_id": predictions["trip_id"], "needs_repair": broken.astype(int), "known_at": known})
    again = labels[rng.random(n) < 0.08]
    labels.loc[again.index, "needs_repair"] = 1 - again["needs_repair"]
    again = again.assign(known_at=(again["known_at"] + pd.to_timedelta(rng.uniform(0.1, 4, len(again)), unit="D")).dt.floor("s"))
    labels = pd.concat([labels, again])
    mixed = [
        table.sample(frac=1, random_state=int(rng.integers(2**31))).reset_index(drop=True) for table in (predictions, labels)
    ]
    return mixed[0], mixed[1], start


def draw_moment(rng, days):
    """Return a log and a moment so many days after its beginning, at which no day's coverage is 0.95 or nearly so."""
    while True:
        predictions, labels, start = draw_log(rng)
        now = start + days * DAY + int(rng.integers(1, 20)) * HOUR
        if not any(0.94 < coverage < 0.96 for _, coverage, _, _ in true_quality(predictions, labels, now).values()):
            return predictions, labels, now


def true_quality(predictions, labels, now, least=0.95):
    """Return {day: (predictions, coverage, precision, recall)}, by counting."""
    newest = {}
    for row in labels[labels["known_at"] <= now].sort_values("known_at", kind="stable").itertuples():
        newest[row.trip_id] = row.needs_repair
    days = {}
    for row in predictions[predictions["predicted_at"] <= now].itertuples():
        days.setdefault(row.predicted_at.strftime("%Y-%m-%d"), []).append((row.alarm, newest.get(row.trip_id)))
    found = {}
    for day, pairs in days.items():
        known = [(alarm, label) for alarm, label in pairs if label is not None]
        hits = sum(1 for alarm, label in known if alarm and label)
        alarms, broken = sum(1 for alarm, _ in known if alarm), sum(1 for _, label in known if label)
        enough = len(known) >= least * len(pairs) - 1e-9
        found[day] = (
            len(pairs),
            len(known) / len(pairs),
            hits / alarms if enough and alarms else math.nan,
            hits / broken if enough and broken else math.nan,
        )
    return found


def wrong_quality(said, truth):
    """Return what is wrong with the learner's table, or ''."""
    names = ["predictions", "coverage", "precision", "recall"]
    if not isinstance(said, pd.DataFrame):
        return f"it is a {type(said).__name__}, expected a table"
    table = said if "day" in said.columns else said.rename_axis("day").reset_index()
    if lost := [name for name in names if name not in table.columns]:
        return f"the table has no column {lost[0]!r}"
    days = [pd.Timestamp(day).strftime("%Y-%m-%d") for day in table["day"]]
    if len(set(days)) < len(days):
        return "a day has more than one row"
    if set(days) != set(truth):
        odd = sorted(set(days) ^ set(truth))[0]
        return f"{odd} is {'missing: each day with predictions has a row' if odd in truth else 'no day on which a prediction had been made by then'}"
    if days != sorted(days):
        return "the days are not in order"
    for day, row in zip(days, table[names].itertuples(index=False), strict=False):
        for name, has, right in zip(names, row, truth[day], strict=False):
            has = math.nan if pd.isna(has) else float(has)
            if math.isnan(has) != math.isnan(right) or (not math.isnan(right) and abs(has - right) > 1e-3):
                return f"on {day}, {name} is {has:.3f}, expected {right:.3f}"
    return ""


# Exercise 4: metrics


def draw_events(rng, n, seconds, start=0, missing=0.2):
    """Return n answered requests, each of another rider."""
    events = []
    for i in range(n):
        trip = {"trip_id": 700_000 + start + i, "rider_id": 90_000 + start + i, "end_station_id": int(rng.integers(1, 41))}
        trip |= {"distance_km": round(float(rng.uniform(1, 9)), 2), "climb_m": int(rng.integers(-80, 80)), "km_since_service": 12.5}
        trip |= {"climb_m": 0} if i % 4 == 0 else {"km_since_service": 0.0} if i % 9 == 1 else {}
        trip["tyre_pressure_bar"] = None if rng.random() < missing else 3.4
        if rng.random() < 0.05:
            trip["distance_km"] = None
        if rng.random() < 0.03:
            trip["climb_m"] = None
        events.append(("answered", trip, int(rng.choice([200, 422, 500], p=[0.8, 0.12, 0.08])), float(seconds[i])))
    return events


def families(text):
    """Return {name: (type, {labels: value})} of a page of metrics, without what the client adds about creation."""
    from prometheus_client.parser import text_string_to_metric_families

    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                labels = frozenset(sample.labels.items())
                found.setdefault(sample.name, (family.type, {}))[1][labels] = sample.value
    return found


def histogram_quantile(q, buckets):
    """Return the quantile of {upper edge: cumulative count}, by linear interpolation within its bucket."""
    edges = sorted(buckets)
    if not edges or buckets[edges[-1]] == 0:
        return math.nan
    rank, below, low = q * buckets[edges[-1]], 0.0, 0.0
    for edge in edges:
        if buckets[edge] >= rank:
            if math.isinf(edge):
                return low
            return low + (edge - low) * (rank - below) / (buckets[edge] - below)
        below, low = buckets[edge], edge
    return math.nan


def draw_pages(rng, edges, requests=(400, 300), sigma=0.6, restarted=None, slow=False, new_status=False):
    """Return two pages of a service with two instances, and the truth about what happened between them: (requests, failed, buckets)."""
    pages, total, failed, grown = [[], []], 0.0, 0.0, dict.fromkeys([*edges, math.inf], 0.0)
    for number, instance in enumerate(("10.1.0.7:8000", "10.1.0.8:8000")):
        centre = float(rng.uniform(0.05, 0.5)) * (100 if slow else 1)
        old = rng.lognormal(math.log(centre * 0.6), sigma, requests[number] * 7)
        new = rng.lognormal(math.log(centre), sigma, requests[number])
        counts = [{edge: float((old <= edge).sum()) for edge in grown}]
        statuses = [{"200": float(len(old) - 30), "422": 10.0, "500": 20.0}]
        if restarted == number:  # everything is smaller than before
            counts.append({edge: math.floor(count * 0.3) for edge, count in counts[0].items()})
            n = counts[1][math.inf]
            statuses.append({"200": n - 9.0, "422": 3.0, "500": 6.0})
            step, answers = counts[1], statuses[1]
        else:
            step = {edge: float((new <= edge).sum()) for edge in grown}
            bad = int(rng.integers(5, len(new) // 4)) if len(new) else 0
            answers = {"200": float(len(new) - bad), "422": 0.0, "500": float(bad)}
            if new_status and bad:
                answers["500"], answers["503"] = bad - 2.0, 2.0
            counts.append({edge: counts[0][edge] + step[edge] for edge in grown})
            statuses.append({status: statuses[0].get(status, 0.0) + count for status, count in answers.items()})
        total += sum(answers.values())
        failed += sum(count for status, count in answers.items() if status.startswith("5"))
        grown = {edge: grown[edge] + step[edge] for edge in grown}
        for page, count, status in zip(pages, counts, statuses, strict=False):
            page.append((instance, count, status))
    return [_page(page) for page in pages], (total, failed, grown)


def _page(instances):
    lines = ["# HELP repair_alarm_requests_total Requests answered", "# TYPE repair_alarm_requests_total counter"]
    for instance, _, statuses in instances:
        lines += [f'repair_alarm_requests_total{{instance="{instance}",status="{s}"}} {count}' for s, count in statuses.items()]
    lines += ["# HELP repair_alarm_seconds Time to the answer", "# TYPE repair_alarm_seconds histogram"]
    for instance, counts, _ in instances:
        for edge, count in counts.items():
            lines.append(f'repair_alarm_seconds_bucket{{instance="{instance}",le="{"+Inf" if math.isinf(edge) else edge}"}} {count}')
        lines.append(f'repair_alarm_seconds_count{{instance="{instance}"}} {counts[math.inf]}')
        lines.append(f'repair_alarm_seconds_sum{{instance="{instance}"}} {0.2 * counts[math.inf]}')
    return "\n".join([*lines, "# HELP repair_alarm_bikes_waiting Bikes", "# TYPE repair_alarm_bikes_waiting gauge", "repair_alarm_bikes_waiting 12.0", ""])


# Exercise 5: references


def plant(history, weeks, column, shift):
    """Return the history with shifts, in standard deviations, added to a column in some weeks."""
    history, spread = history.copy(), {"duration_min": 4, "distance_km": 1, "climb_m": 30}[column]
    by_week = dict(zip(weeks, shift, strict=False))
    history[column] += history["week"].map(by_week).fillna(0).to_numpy() * spread
    return history


# Exercise 6: fifty columns


def drifted(rng, table, name, kind):
    """Return the table with a drift in one column: a shift, a wider spread, or a lower share of zeros."""
    table, column = table.copy(), table[name]
    if kind == "shift":
        table[name] = column + rng.choice([-1, 1]) * 0.9 * column.std()
    elif kind == "spread":
        table[name] = column.mean() + 2.6 * (column - column.mean())
    else:
        table[name] = column + 0.7 * (rng.random(len(column)) < 0.8)
    return table
