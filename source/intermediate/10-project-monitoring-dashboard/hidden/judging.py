"""What the judge cells share: logs of their own, drawn from LAB_SEED, with their truth."""

import json
import re

import numpy as np
import pandas as pd
from citylog import DAY, Story, labels_of, make, service_table, true_daily, true_errors, true_slices
from pageread import DAILY, INPUTS, PAGE_DAYS, agrees, number_in, read_page
from service import DEFAULTS, FEATURES, FIELDS, REFERENCE_DAYS

from judgekit import fresh, own_folder

MONDAYS = pd.date_range("2026-02-02", "2026-08-31", freq="7D")
DISTRICTS = ["Eastfield", "Hillside", "University"]
DISTRICT_SHARES = {"Eastfield": 0.14, "Harbour": 0.24, "Hillside": 0.14, "Old Town": 0.28, "University": 0.2}
NAMES = {"new": ["eta-4", "eta-5", "eta-3b"], "client": ["app/6.0", "metro/1.0", "app/5.10"]}
_kept = {}


def draw(rng, days, trips, story=None):
    """Return lines, counts, requests, labels and the midnight after the last day of a new log."""
    start = MONDAYS[int(rng.integers(len(MONDAYS)))]
    return *make(int(rng.integers(1, 10**6)), start, days, trips, story), (start + pd.Timedelta(days=days)).tz_localize("UTC")


def whole_line(lines):
    """Return the first line of an answered request that is whole, as a dictionary."""
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and set(FIELDS) <= set(entry) and str(entry["at"]).startswith("2026") and entry["status"] == 200:
            return entry
    raise RuntimeError("no line is whole")


def table_of(value, columns, what):
    """Return a table that the learner's function made, or say what it is instead."""
    assert isinstance(value, pd.DataFrame), f"{what} returned a {type(value).__name__}, expected a DataFrame."
    value = value.reset_index() if not set(columns) <= set(value) else value
    missing = [name for name in columns if name not in value]
    assert not missing, f"{what}: the table has no column {', '.join(missing)}. It has {', '.join(map(str, value.columns))}."
    return value


def days_of(values, what):
    """Return days as midnights without a zone, in whatever form they are: dates, times or texts."""
    try:
        return pd.to_datetime([pd.Timestamp(str(value)[:10]) for value in values])
    except (ValueError, TypeError) as error:
        raise AssertionError(f"{what}: the days cannot be read as days ({error}).") from None


# Alarms


def found_alarms(said, what):
    """Return {(kind, where): since} of a list of alarms."""
    if isinstance(said, pd.DataFrame):
        said = said.to_dict("records")
    assert isinstance(said, (list, tuple)), f"{what} returned a {type(said).__name__}, expected a list of dictionaries."
    alarms = {}
    for alarm in said:
        assert isinstance(alarm, dict) and {"kind", "where", "since"} <= set(alarm), (
            f"{what}: an alarm is {alarm!r}, expected a dictionary with kind, where and since."
        )
        key = (str(alarm["kind"]), str(alarm["where"]))
        assert key not in alarms, f"{what} rings twice for {key[1]} ({key[0]}): one alarm for one fault."
        alarms[key] = days_of([alarm["since"]], what)[0]
    return alarms


def check_alarms(said, truth, what, tolerance, why=""):
    """Compare alarms with the truth, {(kind, where): first day}."""
    alarms = found_alarms(said, what)
    for (kind, where), day in truth.items():
        assert (kind, where) in alarms, (
            f"{what}: no alarm of kind {kind!r} for {where!r}, where there is a fault since {day:%Y-%m-%d}. The alarms are {_named(alarms)}. {why}"
        )
        off = abs((alarms[kind, where] - day).days)
        assert off <= tolerance, (
            f"{what}: the alarm for {where!r} says since {alarms[kind, where]:%Y-%m-%d}, and the fault began on {day:%Y-%m-%d}. {tolerance} days off are allowed."
        )
    more = {key: day for key, day in alarms.items() if key not in truth}
    assert not more, f"{what}: there is an alarm for {_named(more)}, where nothing is wrong that would have to ring. {why}"


def _named(alarms):
    return ", ".join(f"{where} ({kind}, since {day:%Y-%m-%d})" for (kind, where), day in alarms.items()) or "none"


def daily_log(name, salt):
    """Return the daily panels of a drawn log, and what must ring. Drawn again until each fault is plain, and all else is calm."""
    if (name, salt) in _kept:
        return _kept[name, salt]
    rng = fresh(salt)
    for _ in range(60):
        days, story = 42, Story()
        fault = int(rng.integers(19, 33))
        which = str(rng.choice(list(DEFAULTS)))
        unit = str(rng.choice(["distance_km", "pressure_bar"]))
        share, more = rng.uniform(0.5, 0.75, 2)
        truth = {}
        if name in ("default", "both"):
            story.default.append((which, share, fault, None))
            truth["default", which] = fault
        if name in ("range", "both"):
            other = unit if name == "range" or unit != which else "distance_km"
            began = int(rng.integers(19, 36))
            story.units.append((other, more, began, None))
            truth["range", other] = began
        if name == "gap":
            story.default.append((which, share, fault, None))
            story.silent = int(rng.integers(fault + 2, 38))
            truth["default", which] = fault
        if name == "mended":
            story.default.append((which, share, int(rng.integers(16, 22)), int(rng.integers(25, 34))))
            story.units.append((unit, more, int(rng.integers(16, 24)), int(rng.integers(27, 34))))
        if name == "blips":
            for feature in DEFAULTS:
                on = int(rng.integers(18, 33))
                story.default.append((feature, 0.8, on, on + int(rng.integers(1, 3))))
            story.units.append((unit, more, int(rng.integers(18, 33)), None))
            story.units[-1] = (*story.units[-1][:3], story.units[-1][2] + 1)
            story.default.append((which, 0.9, 5, 6))  # in the reference, too
        if name == "calm":
            story.campaign, story.client, story.holiday = (24, 31), ("app/6.0", 20), int(rng.integers(15, 24))
            story.model = ("eta-4", 1.0, 1.0, 26)
        start = MONDAYS[int(rng.integers(len(MONDAYS)))]
        table, chance = service_table(int(rng.integers(1, 10**6)), start, days, 5_500, story)
        requests = table.assign(at=table["at"], status=200, minutes=table.minutes)[["id", "at", "client", "district", "model", *FEATURES, "minutes", "status", "ms"]]
        labels = labels_of(table, chance)
        daily = true_daily(requests, true_errors(requests, labels, (start + pd.Timedelta(days=days)).tz_localize("UTC")))
        if len(daily) == days and _is_plain(daily, story, truth):
            _kept[name, salt] = daily, {key: daily.index[day] for key, day in truth.items()}
            return _kept[name, salt]
    raise RuntimeError(f"no log of the kind {name!r} could be drawn")


def panels_with(rng, faults, usual=None, days=42):
    """Return daily panels of inputs, made of chance and exact: faults are (column, points above its median, first day, until), usual {column: share}."""
    daily = pd.DataFrame({"requests": rng.integers(60, 200, days)}, index=pd.date_range(rng.choice(MONDAYS), periods=days, name="day"))
    for column in [name for name in INPUTS if not name.startswith("drift_")]:
        daily[column] = np.clip((usual or {}).get(column, 0.02) + rng.uniform(-0.015, 0.015, days), 0, 1)
    for feature in FEATURES:
        daily[f"drift_{feature}"] = np.linspace(0.1, 1.5, days) * rng.uniform(0.5, 1.5, days)
    medians = daily.iloc[:REFERENCE_DAYS].median()
    for column, (low, high), first, until in faults:
        daily.iloc[first:until, daily.columns.get_loc(column)] = medians[column] + rng.uniform(low, high, len(daily.index[first:until]))
    return daily


def edge_panels(name, salt):
    """Return panels at the edges of what was agreed for the inputs, and what must ring."""
    rng = fresh(salt)
    heavy, light, over = (0.85, 0.95), (0.312, 0.35), (0.082, 0.095)
    first, second = rng.permutation([f"default_{name}" for name in DEFAULTS] + ["outside_distance_km", "outside_climb_m"])[:2]
    begin = int(rng.integers(24, 34))
    if name == "noisy start":  # four of the first days are bad, so is one before the fault, which is just large enough
        faults = [(first, heavy, on, on + long) for on, long in ((2, 1), (5, 2), (10, 1), (begin - 5, 1))] + [(first, light, begin, None)]
        truth = {first: begin}
    elif name == "three days":
        faults, truth = [(first, light, 39, None)], {first: 39}
    elif name == "two days":
        faults, truth = [(first, heavy, 41, None), (second, heavy, 40, None)], {}
    elif name == "three days ago":
        faults, truth = [(first, heavy, begin, 39)], {}
    else:  # "much as usual": a share that is large always, and one that has risen by less than ten points
        daily = panels_with(rng, [(first, over, 20, None), (second, over, 20, None)], {first: 0.27})
        return daily, {}
    daily = panels_with(rng, faults)
    kinds = {"default": "default", "outside": "range"}
    return daily, {(kinds[column.split("_")[0]], column.split("_", 1)[1]): daily.index[day] for column, day in truth.items()}


def _is_plain(daily, story, truth):
    ill = {("default", feature): [] for feature in DEFAULTS} | {("range", feature): [] for feature in FEATURES}
    for kind, faults in [("default", story.default), ("range", story.units)]:
        for feature, _, first, until in faults:
            ill[kind, feature] += range(first, until or len(daily))
    for (kind, feature), days in ill.items():
        values = daily[("default_" if kind == "default" else "outside_") + feature].to_numpy()
        above = values - np.nanmedian(values[:REFERENCE_DAYS])
        on = np.isin(np.arange(len(daily)), days)
        if np.nanmin(above[on], initial=1) < 0.33 or np.nanmax(above[~on], initial=0) > 0.09:
            return False
    return bool(daily.requests[daily.requests > 0].min() >= 18)


def error_log(name, salt):
    """Return the errors of a drawn log, and what must ring. Drawn again until each fault is plain, and all else is calm."""
    if (name, salt) in _kept:
        return _kept[name, salt]
    rng = fresh(salt)
    for _ in range(60):
        days, story, truth = 45, Story(), {}
        fault = int(rng.integers(20, 33))
        where = str(rng.choice(DISTRICTS))
        if name in ("district", "district and bikes"):
            story.slow.append((where, rng.uniform(1.5, 1.65), fault, None))
            truth["error", f"district={where}"] = fault
        if name == "model":
            new = str(rng.choice(NAMES["new"]))
            story.model = (new, rng.uniform(0.1, 0.13), rng.uniform(1.5, 1.6), fault)
            truth["error", f"model={new}"] = fault
        if name == "mended":
            story.slow.append((where, 1.6, int(rng.integers(18, 22)), int(rng.integers(27, 31))))
            story.model = ("eta-4", 0.5, 1.0, 20)
        if name == "calm":
            story.campaign, story.holiday = (24, 31), int(rng.integers(15, 24))
            story.client, story.model = (str(rng.choice(NAMES["client"])), 18), (str(rng.choice(NAMES["new"])), 0.6, 1.02, 26)
        if name in ("district and bikes", "calm"):
            others = [district for district in ["Harbour", "Old Town", *DISTRICTS] if district != where]
            story.forgotten = [(district, int(rng.integers(36, 41))) for district in rng.choice(others, 2, replace=False)] + [(others[2], 3)]
        start = MONDAYS[int(rng.integers(len(MONDAYS)))]
        table, chance = service_table(int(rng.integers(1, 10**6)), start, days, 13_000 if name == "model" else 9_000, story)
        requests = table.assign(status=200)[["id", "at", "client", "district", "model", *FEATURES, "minutes", "status", "ms"]]
        errors = true_errors(requests, labels_of(table, chance), (start + pd.Timedelta(days=days)).tz_localize("UTC"))
        if _errors_are_plain(errors, truth):
            first = errors.day.min()
            _kept[name, salt] = errors, {key: first + pd.Timedelta(days=day) for key, day in truth.items()}
            return _kept[name, salt]
    raise RuntimeError(f"no log of the kind {name!r} could be drawn")


def errors_with(rng, faults=(), bikes=(), usual=None, web=0.35, days=40):
    """Return errors by trip, made of chance, evenly spread in each slice: faults are (column, value, times, first day, until), usual {district: times}, bikes (district, days)."""
    districts = list(DISTRICT_SHARES)
    cells, at = np.array([(day, district, client) for day in range(days) for district in range(5) for client in range(2)]), []
    n = rng.integers(260, 340, days)[cells[:, 0]] * np.array(list(DISTRICT_SHARES.values()))[cells[:, 1]] * np.where(cells[:, 2], web, 1 - web)
    n = np.maximum(n.round().astype(int), 1)
    rows = np.repeat(np.arange(len(cells)), n)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(n) - n, n)
    place = (rank + rng.random(len(rows))) / n[rows]  # one value from each n-th of the distribution
    errors = pd.DataFrame({"day": cells[rows, 0], "district": np.array(districts)[cells[rows, 1]], "client": np.array(["app/5.9", "web"])[cells[rows, 2]]})
    errors["error"] = _GAMMA[(place.clip(0.002, 0.998) * 999).astype(int)] * errors["district"].map(usual or {}).fillna(1.0)
    for where, on in bikes:
        kept = errors[(errors["district"] == where) & errors["day"].isin(on)].groupby("day").sample(1, random_state=int(rng.integers(999)))
        at += list(kept.index)
    errors.loc[at, "error"] = 1380.0
    errors["model"] = np.where((rng.random(len(errors)) < 0.15) & (errors.day >= 20), "eta-4", "eta-3")
    for column, value, times, first, until in faults:
        errors.loc[(errors[column] == value) & (errors.day >= first) & (errors.day < (until or days)), "error"] *= times
    errors.loc[(rng.random(len(errors)) < 0.04) & ~errors.index.isin(at), "error"] = np.nan
    return errors.assign(day=rng.choice(MONDAYS) + pd.to_timedelta(errors.day, unit="D"))


_GAMMA = np.sort(np.random.default_rng(3).gamma(1.2, 2.3, 1000))


def edge_errors(name, salt):
    """Return errors at the edges of what was agreed for them, and what must ring."""
    rng, truth = fresh(salt), {}
    begin = int(rng.integers(22, 32))
    if name == "own usual":
        truth = {("error", "district=Hillside"): begin}
        errors = errors_with(rng, [("district", "Hillside", 3.5, begin, None)], usual={"Eastfield": 2.5, "Hillside": 0.5})
    elif name == "client":
        truth = {("error", "client=web"): 35}
        errors = errors_with(rng, [("client", "web", 3.5, 35, None)], web=0.12)
    elif name == "half as much again":
        errors = errors_with(rng, [("district", "Hillside", 1.5, 19, None)], usual={"Eastfield": 2.5})
    elif name == "bikes":
        errors = errors_with(rng, bikes=[("Old Town", range(34, 40)), ("Harbour", range(34, 40))])
    else:  # "one day": the last one, and elsewhere what was mended five days ago
        errors = errors_with(rng, [("district", "Harbour", 3.5, 39, None), ("district", "Hillside", 3.5, 20, 35)])
    return errors, {key: errors.day.min() + DAY * day for key, day in truth.items()}


def _errors_are_plain(errors, truth):
    errors = errors.dropna(subset="error")
    number = (errors.day - errors.day.min()).dt.days
    last = number.max()
    early = errors[number < REFERENCE_DAYS]
    usual = errors.error < 300  # without the forgotten bikes
    for column in ("district", "model", "client"):
        for value, rows in errors[usual].groupby(column):
            base = early[(early[column] == value) & (early.error < 300)].error
            base = base if len(base) else early[early.error < 300].error
            since = truth.get(("error", f"{column}={value}"))
            day = number[rows.index]
            daily = rows.error.groupby(day).agg(["mean", "median", "count"])
            if since is not None:
                ill = daily[daily.index >= since]
                if ill["count"].min() < 5 or (ill["mean"] / base.mean()).min() < 2.25 or (ill["median"] / base.median()).min() < 2.25:
                    return False
                if rows.error[day >= since].median() / base.median() < 3.2:
                    return False
                daily = daily[daily.index < since]
            end = last + 1 if since is None else since
            for width in (3, 4, 5, 7):
                window = rows.error[(day < end) & (day >= end - width)]
                if len(window) >= 10 and max(window.mean() / base.mean(), window.median() / base.median()) > 1.7:
                    return False
            tail = daily[daily.index > last - 3] if since is None else daily.iloc[:0]
            if len(tail) and tail["count"].min() >= 3 and min((tail["mean"] / base.mean()).min(), (tail["median"] / base.median()).min()) > 1.5:
                return False
    return True


# The page


def fresh_panels(rng, shift=0):
    """Return counts, daily panels, slices and the midnight after them, of a short log, `shift` requests a day more."""
    _, counts, requests, labels, end = draw(rng, 30, 2_500 + 30 * shift)
    errors = true_errors(requests, labels, end)
    return counts, true_daily(requests, errors), true_slices(errors), end


def page_of(build, counts, daily, slices, alarms, now):
    """Return what the learner's page says, read by the contract, and its source."""
    with own_folder() as place:
        build(counts, daily, slices, alarms, now, str(place / "index.html"))
        assert (place / "index.html").is_file(), "build_page has not written the file whose path it was given."
        source = (place / "index.html").read_text(encoding="utf-8", errors="replace")
    return {**read_page(source), "source": source}


def pictures_in(source):
    """Return what is drawn in each picture of a page: of an SVG the shapes and their places, without words and names; of others the data."""
    drawings = []
    for svg in re.findall(r"<svg.*?</svg>", source, re.S):
        svg = re.sub(r"<(defs|text|title|desc|metadata|style)\b.*?</\1>|<!--.*?-->", "", svg, flags=re.S)
        drawings.append("|".join(re.findall(r"""\s(?:d|points|x|y|x1|y1|x2|y2|cx|cy|r|width|height|transform|(?:xlink:)?href)\s*=\s*["'][^"'#][^"']*["']""", svg)))
    for data in re.findall(r"<img[^>]*?src=[\"']?(data:[^\"'>]+)", source):
        drawings.append(data)
    return drawings


def check_slices(said, slices, where):
    """Compare the slices on a page with the true ones."""
    for name, row in slices.iterrows():
        texts = [text for text in said["slices"].get(name, []) if text]
        assert texts, f"{where}, there is no visible element with data-slice={name!r}. The slices are {', '.join(slices.index)}."
        shown = " ".join(name.split())
        assert shown in texts[0], f"{where}, the slice {name!r} reads {texts[0]!r}, which lacks its name."
        numbers = [number_in(part) for part in re.findall(r"[-−]?\d[\d,]*(?:\.\d+)?", texts[0].replace(shown, " ", 1))]
        for column in ("usual", "recent"):
            assert any(abs(number - row[column]) <= 0.0051 for number in numbers), f"{where}, the slice {name!r} reads {texts[0]!r}, and lacks its {column} error, {row[column]:.2f} minutes."


def check_numbers(said, counts, daily, where):
    """Compare the numbers on a page with the true ones."""
    for name in ("lines", "corrupt", "repeated", "retries", "requests"):
        texts = said["counts"].get(name, [])
        assert texts and all(number_in(text) == counts[name] for text in texts), f"{where}, the count {name} reads {texts}, expected {counts[name]}."
    recent = daily.tail(PAGE_DAYS)
    wanted = [(name, day) for day in recent.index for name in DAILY] + [(name, recent.index[-1]) for name in INPUTS]
    for name, day in wanted:
        texts, true = [text for text in said["numbers"].get((name, f"{day:%Y-%m-%d}"), []) if text], daily.loc[day, name]
        assert texts, f"{where}, there is no visible element with data-metric={name!r} and data-day={f'{day:%Y-%m-%d}'!r}. The last {PAGE_DAYS} days are from {recent.index[0]:%Y-%m-%d} on."
        for text in texts:
            if pd.isna(true):
                words = "not due" if name in DAILY[3:] and daily.loc[day, "requests"] else "no data"
                assert words in text.lower() and not re.search(r"\d|nan", text.lower()), f"{where}, {name} of {day:%Y-%m-%d} reads {text!r}, expected the words {words!r}: there is no number."
            else:
                assert agrees(name, text, float(true)), f"{where}, {name} of {day:%Y-%m-%d} reads {text!r}, expected {true:.6g}, as finely as the text asks for, shares in %."
