# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="read-log" points=13 why="another style: pandas groups, text with errors replaced, a loop over ids"
def attempt_of(raw):
    try:
        entry = json.loads(raw.decode("utf-8"))
        at = pd.Timestamp(entry["at"])
        if pd.isna(at):
            return None
        row = {"id": entry["id"], "at": at.tz_convert("UTC")}
        for name in ("node", "station"):
            entry[name]
        for name in ("client", "district", "model", "minutes", "status", "ms"):
            row[name] = entry[name]
        for name in FEATURES:
            row[name] = entry["features"][name]
        return row
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

def read_log(path):
    raw_lines = gzip.decompress(Path(path).read_bytes()).split(b"\n")
    by_text, corrupt, repeated = {}, 0, 0
    for raw in raw_lines:
        if raw in by_text:
            repeated += 1
            continue
        row = attempt_of(raw)
        if row is None:
            corrupt += 1
        else:
            by_text[raw] = row
    by_id = {}
    for row in by_text.values():
        by_id.setdefault(row["id"], []).append(row)
    chosen = []
    for attempts in by_id.values():
        good = [row for row in attempts if row["status"] == 200]
        chosen.append(min(good, key=lambda row: row["at"]) if good else max(attempts, key=lambda row: row["at"]))
    table = pd.DataFrame(chosen)[COLUMNS]
    return table, {"lines": len(raw_lines), "corrupt": corrupt, "repeated": repeated, "requests": len(chosen), "retries": len(by_text) - len(chosen)}

# %% grade_id="read-log" points=13 why="another style: lines as a Series with duplicated, normalised table, group and pick"
def read_log(path):
    with gzip.open(path) as file:
        lines = pd.Series([line.strip(b"\n") for line in file])
    def load(line):
        try:
            found = json.loads(line)
        except ValueError:
            return None
        if not isinstance(found, dict) or not all(name in found for name in FIELDS):
            return None
        return found if re.search(r"(Z|[+-]\d\d:?\d\d)$", str(found["at"])) else None  # with a zone
    entries = lines.map(load)
    times = pd.to_datetime(entries.map(lambda entry: entry["at"] if entry else None), utc=True, errors="coerce", format="ISO8601")
    fine = times.notna()
    again = lines.duplicated() & fine
    kept = pd.DataFrame(entries[fine & ~again].tolist())
    kept["at"] = times[fine & ~again].to_numpy()
    kept["at"] = kept["at"].dt.tz_localize("UTC") if kept["at"].dt.tz is None else kept["at"]
    kept = pd.concat([kept.drop(columns="features"), pd.DataFrame(kept["features"].tolist())], axis=1)
    kept["bad"] = kept["status"] != 200
    kept["order"] = kept["at"].astype("int64") * np.where(kept["bad"], -1, 1)
    table = kept.sort_values(["bad", "order"]).groupby("id", sort=False).head(1)
    counts = {"lines": len(lines), "corrupt": int((~fine).sum()), "repeated": int(again.sum()), "retries": len(kept) - len(table), "requests": len(table)}
    return table[COLUMNS].reset_index(drop=True), counts

# %% grade_id="read-log" points=0 message="corrupt is 0" why="leaves out silently what cannot be read, as Bo did"
def read_log(path):
    rows, lines = [], 0
    with gzip.open(path, "rt", errors="ignore") as file:
        for line in file:
            lines += 1
            try:
                entry = json.loads(line)
                rows.append({**entry, **entry["features"], "at": pd.Timestamp(entry["at"]).tz_convert("UTC")})
            except Exception:
                pass
    table = pd.DataFrame(rows).sort_values("at").drop_duplicates("id")[COLUMNS]
    return table, {"lines": lines, "corrupt": 0, "repeated": 1, "retries": 3, "requests": len(table)}

# %% grade_id="read-log" points=0 message="first answered attempt in time" why="takes the first attempt, though it failed" name="wrong-4"
def read_log(path):
    counts, seen, rows = dict.fromkeys(["lines", "corrupt", "repeated", "retries", "requests"], 0), set(), []
    with gzip.open(path, "rb") as file:
        for line in file:
            line = line.rstrip(b"\n")
            counts["lines"] += 1
            try:
                entry = json.loads(line)
                if not set(FIELDS) <= set(entry):
                    raise ValueError(line)
                row = {**entry, **entry["features"], "at": pd.Timestamp(entry["at"]).tz_convert("UTC")}
            except (ValueError, TypeError):
                counts["corrupt"] += 1
                continue
            if line in seen:
                counts["repeated"] += 1
                continue
            seen.add(line)
            rows.append(row)
    table = pd.DataFrame(rows).sort_values("at").drop_duplicates("id")[COLUMNS]
    return table, {**counts, "retries": len(rows) - len(table), "requests": len(table)}

# %% grade_id="read-log" points=0 message="The latencies are" why="takes the last attempt, as the line that stands last" changes="wrong-4"
-    counts, seen, rows = dict.fromkeys(["lines", "corrupt", "repeated", "retries", "requests"], 0), set(), []
+    counts, seen, rows = dict.fromkeys(["lines", "corrupt", "repeated", "retries", "requests"], 0), set(), {}
@@
-            rows.append(row)
-    table = pd.DataFrame(rows).sort_values("at").drop_duplicates("id")[COLUMNS]
-    return table, {**counts, "retries": len(rows) - len(table), "requests": len(table)}
+            counts["retries"] += entry["id"] in rows
+            rows[entry["id"]] = row
+    table = pd.DataFrame(rows.values())[COLUMNS]
+    return table, {**counts, "requests": len(table)}

# %% grade_id="read-log" points=4 message="corrupt is" why="an object with a time is enough, whatever fields it lacks: passes what is visible"
def read_log(path):
    counts, seen, rows = dict.fromkeys(["lines", "corrupt", "repeated", "retries", "requests"], 0), set(), []
    with gzip.open(path, "rb") as file:
        for line in file:
            line = line.rstrip(b"\n")
            counts["lines"] += 1
            if line in seen:
                counts["repeated"] += 1
                continue
            seen.add(line)
            try:
                entry = json.loads(line)
                rows.append({**entry, **entry["features"], "at": pd.Timestamp(entry["at"]).tz_convert("UTC"), "ok": entry.get("status") == 200})
            except (ValueError, TypeError, KeyError):
                counts["corrupt"] += 1
    table = pd.DataFrame(rows)
    good = table[table["ok"]].sort_values("at").drop_duplicates("id")
    bad = table[~table["id"].isin(good["id"])].sort_values("at").drop_duplicates("id", keep="last")
    requests = pd.concat([good, bad])[COLUMNS]
    return requests, {**counts, "requests": len(requests), "retries": len(table) - len(requests)}

# %% grade_id="read-log" points=0 message="The latencies are" why="sorts times as texts, across zones" changes="wrong-4"
-                row = {**entry, **entry["features"], "at": pd.Timestamp(entry["at"]).tz_convert("UTC")}
+                row = {**entry, **entry["features"], "text": entry["at"], "at": pd.Timestamp(entry["at"]).tz_convert("UTC")}
@@
-    table = pd.DataFrame(rows).sort_values("at").drop_duplicates("id")[COLUMNS]
+    table = pd.DataFrame(rows).sort_values("text")
+    table["failed"] = table["status"] != 200
+    table = table.sort_values("failed", kind="stable").drop_duplicates("id")[COLUMNS]

# %% grade_id="read-log" points=0 message="UnicodeDecodeError" why="reads text: one broken byte, and all is over"
def read_log(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")
    return pd.DataFrame(columns=COLUMNS), {"lines": len(lines)}

# %% grade_id="read-log" points=4 message="corrupt is" why="pandas makes no error of a time that is empty, and the row has no time: passes what is visible" changes="wrong-4"
-    table = pd.DataFrame(rows).sort_values("at").drop_duplicates("id")[COLUMNS]
-    return table, {**counts, "retries": len(rows) - len(table), "requests": len(table)}
+    table = pd.DataFrame(rows)
+    good = table[table["status"] == 200].sort_values("at").drop_duplicates("id")
+    bad = table[~table["id"].isin(good["id"])].sort_values("at").drop_duplicates("id", keep="last")
+    requests = pd.concat([good, bad])[COLUMNS]
+    return requests, {**counts, "requests": len(requests), "retries": len(table) - len(requests)}

# %% grade_id="read-log" points=9 message="a byte that is no text in one of its names" why="reads text and replaces bytes that are none: passes what is visible" name="wrong-10"
def read_log(path):
    counts, seen, rows = dict.fromkeys(["lines", "corrupt", "repeated", "retries", "requests"], 0), set(), []
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        for line in file:
            line = line.rstrip("\n")
            counts["lines"] += 1
            try:
                entry = json.loads(line)
                if not set(FIELDS) <= set(entry):
                    raise ValueError(line)
                row = {**entry, **entry["features"], "at": pd.Timestamp(datetime.fromisoformat(entry["at"])).tz_convert("UTC")}
            except (ValueError, TypeError):
                counts["corrupt"] += 1
                continue
            if line in seen:
                counts["repeated"] += 1
                continue
            seen.add(line)
            rows.append(row)
    table = pd.DataFrame(rows)
    good = table[table["status"] == 200].sort_values("at").drop_duplicates("id")
    bad = table[~table["id"].isin(good["id"])].sort_values("at").drop_duplicates("id", keep="last")
    requests = pd.concat([good, bad])[COLUMNS]
    return requests, {**counts, "requests": len(requests), "retries": len(table) - len(requests)}

# %% grade_id="read-log" points=4 message="In another log" why="two attempts within one second are one repeated line: passes what is visible" changes="wrong-10"
-    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
-        for line in file:
-            line = line.rstrip("\n")
+    with gzip.open(path, "rb") as file:
+        for line in file:
+            line = line.rstrip(b"\n")
@@
-            if line in seen:
+            if (row["id"], row["at"]) in seen:
@@
-            seen.add(line)
+            seen.add((row["id"], row["at"]))

# %% grade_id="read-log" points=5 message="corrupt is 3, expected 4" why="a time without a zone is taken for one in the zone of the machine" changes="wrong-10"
-    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
-        for line in file:
-            line = line.rstrip("\n")
+    with gzip.open(path, "rb") as file:
+        for line in file:
+            line = line.rstrip(b"\n")
@@
-                row = {**entry, **entry["features"], "at": pd.Timestamp(datetime.fromisoformat(entry["at"])).tz_convert("UTC")}
+                row = {**entry, **entry["features"], "at": pd.Timestamp(datetime.fromisoformat(entry["at"]).astimezone(UTC))}

# %% grade_id="due-errors" points=12 why="another style: a left merge, dates compared, a group for the last report"
def due_errors(requests, labels, now):
    heard = labels.loc[~(labels["received_at"] > now)]
    newest = heard.loc[heard.groupby("id")["received_at"].idxmax(), ["id", "minutes"]].rename(columns={"minutes": "taken"})
    table = requests.query("status == 200").copy()
    table["day"] = pd.to_datetime(table["at"].dt.tz_convert("UTC").dt.strftime("%Y-%m-%d"))
    last_due = (now - pd.Timedelta(hours=LABEL_HOURS)).floor("D").tz_localize(None)  # days before this one are over long enough
    table = table[table["day"] < last_due].merge(newest, on="id", how="left")
    table["error"] = np.abs(table["minutes"] - table["taken"])
    return table.drop(columns="taken")

# %% grade_id="due-errors" points=12 why="another style: plain Python, a dictionary of labels, a loop"
def due_errors(requests, labels, now):
    taken = {}
    for report in sorted(labels.to_dict("records"), key=lambda report: report["received_at"]):
        if report["received_at"] <= now:
            taken[report["id"]] = report["minutes"]
    rows = []
    for row in requests.to_dict("records"):
        day = row["at"].normalize()
        if row["status"] != 200 or now - (day + pd.Timedelta(days=1)) < pd.Timedelta(hours=72):
            continue
        error = abs(taken[row["id"]] - row["minutes"]) if row["id"] in taken else float("nan")
        rows.append({**row, "day": day.tz_localize(None), "error": error})
    return pd.DataFrame(rows, columns=[*requests.columns, "day", "error"])

# %% grade_id="due-errors" points=4 message="q5 has no label, and stays" why="an inner merge: what has no label is gone"
def due_errors(requests, labels, now):
    known = labels[labels["received_at"] <= now].sort_values("received_at").drop_duplicates("id", keep="last")
    day = requests["at"].dt.floor("D")
    table = requests.assign(day=day.dt.tz_localize(None))[(day + pd.Timedelta(days=4) <= now) & (requests["status"] == 200)]
    table = table.merge(known.rename(columns={"minutes": "taken"}), on="id")
    return table.assign(error=(table["taken"] - table["minutes"]).abs())

# %% grade_id="due-errors" points=4 message="The 2nd of March is due from the 6th on" why="uses whatever labels are there, due or not" name="wrong-4"
def due_errors(requests, labels, now):
    known = labels[labels["received_at"] <= now].sort_values("received_at").drop_duplicates("id", keep="last")
    table = requests[requests["status"] == 200]
    table = table.assign(day=table["at"].dt.floor("D").dt.tz_localize(None))
    return table.assign(error=(table["id"].map(known.set_index("id")["minutes"]) - table["minutes"]).abs())

# %% grade_id="due-errors" points=4 message="of several reports the last one received by then counts" why="takes the report that stands last in the file" name="wrong-5"
def due_errors(requests, labels, now):
    known = labels[labels["received_at"] <= now].drop_duplicates("id", keep="last")
    day = requests["at"].dt.floor("D")
    table = requests.assign(day=day.dt.tz_localize(None))[(day + pd.Timedelta(days=4) <= now) & (requests["status"] == 200)]
    return table.assign(error=(table["id"].map(known.set_index("id")["minutes"]) - table["minutes"]).abs())

# %% grade_id="due-errors" points=8 message="the last one received by then counts" why="before now instead of at or before now" changes="wrong-5"
-    known = labels[labels["received_at"] <= now].drop_duplicates("id", keep="last")
+    known = labels[labels["received_at"] < now].sort_values("received_at").drop_duplicates("id", keep="last")

# %% grade_id="due-errors" points=8 message="by then" why="knows the future: takes labels that come after now; passes what is visible" changes="wrong-5"
-    known = labels[labels["received_at"] <= now].drop_duplicates("id", keep="last")
+    known = labels.sort_values("received_at").drop_duplicates("id", keep="last")

# %% grade_id="due-errors" points=4 message="The 2nd of March is due from the 6th on" why="72 hours after the request, not after the day's end" changes="wrong-4"
-    table = requests[requests["status"] == 200]
+    table = requests[(requests["at"] + pd.Timedelta(hours=72) <= now) & (requests["status"] == 200)]

# %% grade_id="due-errors" points=8 message="errors are wrong" why="what comes later than 72 hours after the day's end does not count: passes what is visible"
def due_errors(requests, labels, now):
    day = requests["at"].dt.floor("D")
    table = requests.assign(start=day, day=day.dt.tz_localize(None))[(day + pd.Timedelta(days=4) <= now) & (requests["status"] == 200)]
    pairs = table[["id", "start"]].merge(labels, on="id")
    in_time = pairs[pairs["received_at"] <= pairs["start"] + pd.Timedelta(days=4)]
    known = in_time.sort_values("received_at").drop_duplicates("id", keep="last").set_index("id")["minutes"]
    return table.drop(columns="start").assign(error=(table["id"].map(known) - table["minutes"]).abs())

# %% grade_id="due-errors" points=8 message="though no label had been received by then" why="fills in what is missing with what trips usually take, as the service does: passes what is visible, since no label of the small table is known there before"
def due_errors(requests, labels, now):
    known = labels[labels["received_at"] <= now].sort_values("received_at").drop_duplicates("id", keep="last")
    day = requests["at"].dt.floor("D")
    table = requests.assign(day=day.dt.tz_localize(None))[(day + pd.Timedelta(days=4) <= now) & (requests["status"] == 200)]
    taken = table["id"].map(known.set_index("id")["minutes"])
    usual = taken.groupby([table["district"], table["client"], table["model"]]).transform(lambda minutes: minutes.median() if len(minutes) >= 10 else np.nan)
    return table.assign(error=(taken.fillna(usual) - table["minutes"]).abs())

# %% grade_id="panels" points=14 why="another style: a loop over days, plain dictionaries"
def daily_panels(requests, errors):
    stamp = requests["at"].dt.tz_convert("UTC").dt.normalize()
    first, last = stamp.min(), stamp.max()
    good = requests["status"] == 200
    reference = requests[good & (stamp < first + pd.Timedelta(days=14))]
    rows = []
    for day in pd.date_range(first, last, freq="D"):
        part = requests[stamp == day]
        fine = part[part["status"] == 200]
        row = {"day": day.tz_localize(None), "requests": len(part), "error_rate": 1 - len(fine) / len(part) if len(part) else np.nan}
        row["p95_ms"] = np.percentile(fine["ms"], 95) if len(fine) else np.nan
        for name in FEATURES:
            low, high = RANGES[name]
            values = fine[name].to_numpy()
            row["outside_" + name] = 1 - np.mean((values >= low) & (values <= high)) if len(fine) else np.nan
            row["drift_" + name] = wasserstein_distance(reference[name], values) / reference[name].std(ddof=0) if len(fine) else np.nan
            if name in DEFAULTS:
                row["default_" + name] = np.mean(values == DEFAULTS[name]) if len(fine) else np.nan
        mine = errors[errors["day"] == row["day"]]["error"]
        known = mine.dropna()
        row["coverage"] = len(known) / len(mine) if len(mine) else np.nan
        row["typical"] = row["typical_low"] = row["typical_high"] = np.nan
        if len(known):
            reach = min(0.98 / len(known) ** 0.5, 0.5)
            row["typical_low"], row["typical"], row["typical_high"] = np.percentile(known, [50 - 100 * reach, 50, 50 + 100 * reach])
        rows.append(row)
    return pd.DataFrame(rows).set_index("day")

# %% grade_id="panels" points=14 why="another style: resample, and joins of several tables"
def daily_panels(requests, errors):
    table = requests.set_index("at").sort_index()
    table.index = table.index.tz_convert(None)
    fine = table[table["status"] == 200]
    every = table["status"].resample("D")
    panels = pd.DataFrame({"requests": every.size(), "error_rate": (table["status"] != 200).resample("D").mean()})
    panels = panels.join(fine["ms"].resample("D").quantile(0.95).rename("p95_ms"))
    until = table.index.min().normalize() + pd.Timedelta(14, "D")
    base = fine[fine.index < until]
    for name in FEATURES:
        inside = fine[name].between(*RANGES[name])
        panels = panels.join((1 - inside.resample("D").mean()).rename(f"outside_{name}"))
        def distance(values, name=name):
            return wasserstein_distance(values, base[name]) / np.std(base[name]) if len(values) else np.nan
        panels = panels.join(fine[name].resample("D").apply(distance).rename(f"drift_{name}"))
    for name, value in DEFAULTS.items():
        panels = panels.join(fine[name].eq(value).resample("D").mean().rename(f"default_{name}"))
    def bound(side):
        return lambda error: error.quantile(min(max(0.5 + side * 0.98 / max(error.count(), 1) ** 0.5, 0), 1))
    known = errors.groupby("day")["error"].agg(count="count", size="size", typical="median", typical_low=bound(-1), typical_high=bound(1))
    panels["coverage"] = known.pop("count") / known.pop("size")
    panels = panels.join(known)
    return panels.rename_axis("day")

# %% grade_id="panels" points=0 message="On the 3rd there was no request" why="groups by day: a day without requests has no row"
def daily_panels(requests, errors):
    requests = requests.assign(day=requests["at"].dt.floor("D").dt.tz_localize(None))
    return requests.groupby("day").agg(requests=("id", "size"), p95_ms=("ms", lambda ms: ms.quantile(0.95)))

# %% grade_id="panels" points=0 message="p95_ms is" why="the latency of failures counts too" name="wrong-4"
def daily_panels(requests, errors):
    requests = requests.assign(day=requests["at"].dt.floor("D").dt.tz_localize(None))
    days = pd.date_range(requests["day"].min(), requests["day"].max(), name="day")
    by_day = requests.groupby("day")
    return pd.DataFrame({"requests": by_day.size().reindex(days, fill_value=0), "error_rate": by_day["status"].agg(lambda status: (status != 200).mean()).reindex(days), "p95_ms": by_day["ms"].quantile(0.95).reindex(days)})

# %% grade_id="panels" points=0 message="error_rate is" why="fills what does not exist with 0" changes="wrong-4"
-    return pd.DataFrame({"requests": by_day.size().reindex(days, fill_value=0), "error_rate": by_day["status"].agg(lambda status: (status != 200).mean()).reindex(days), "p95_ms": by_day["ms"].quantile(0.95).reindex(days)})
+    return pd.DataFrame({"requests": by_day.size(), "error_rate": by_day["status"].agg(lambda status: (status != 200).mean())}).reindex(days).fillna(0)

# %% grade_id="panels" points=9 message="The reference is the answered requests of the first 14 days by the calendar" why="the last 14 days are the reference, the fault among them: passes what is visible" name="wrong-6"
def daily_panels(requests, errors):
    requests = requests.assign(day=requests["at"].dt.floor("D").dt.tz_localize(None))
    days = pd.date_range(requests["day"].min(), requests["day"].max(), name="day")
    answered = requests[requests["status"] == 200]
    by_day, per_day = answered.groupby("day"), errors.groupby("day")["error"]
    panels = {"requests": requests.groupby("day").size().reindex(days, fill_value=0), "error_rate": (requests["status"] != 200).groupby(requests["day"]).mean(), "p95_ms": by_day["ms"].quantile(0.95)}
    for name in FEATURES:
        low, high = RANGES[name]
        if name in DEFAULTS:
            panels[f"default_{name}"] = (answered[name] == DEFAULTS[name]).groupby(answered["day"]).mean()
        panels[f"outside_{name}"] = (~answered[name].between(low, high)).groupby(answered["day"]).mean()
        reference = answered[answered["day"] > days[-1] - pd.Timedelta(days=14)][name]
        panels[f"drift_{name}"] = by_day[name].apply(lambda values: wasserstein_distance(values, reference) / np.std(reference))
    known = {day: values.dropna() for day, values in per_day if values.notna().any()}
    low, middle, high = (pd.Series({day: values.quantile(np.clip(0.5 + side * 0.98 / len(values) ** 0.5, 0, 1)) for day, values in known.items()}, dtype=float) for side in (-1, 0, 1))
    panels |= {"coverage": per_day.count() / per_day.size(), "typical": middle, "typical_low": low, "typical_high": high}
    return pd.DataFrame({name: values.reindex(days) for name, values in panels.items()}, index=days)

# %% grade_id="panels" points=9 message="The reference is the answered requests of the first 14 days by the calendar" why="the first 14 days that have requests, which are 15 by the calendar: passes what is visible" changes="wrong-6"
     panels = {"requests": requests.groupby("day").size().reindex(days, fill_value=0), "error_rate": (requests["status"] != 200).groupby(requests["day"]).mean(), "p95_ms": by_day["ms"].quantile(0.95)}
+    reference = answered[answered["day"].isin(sorted(answered["day"].unique())[:14])]
@@
-        reference = answered[answered["day"] > days[-1] - pd.Timedelta(days=14)][name]
-        panels[f"drift_{name}"] = by_day[name].apply(lambda values: wasserstein_distance(values, reference) / np.std(reference))
+        panels[f"drift_{name}"] = by_day[name].apply(lambda values: wasserstein_distance(values, reference[name]) / np.std(reference[name]))

# %% grade_id="panels" points=5 message="typical_low is" why="the spread of the errors instead of the uncertainty of their median" changes="wrong-6"
-        reference = answered[answered["day"] > days[-1] - pd.Timedelta(days=14)][name]
-        panels[f"drift_{name}"] = by_day[name].apply(lambda values: wasserstein_distance(values, reference) / np.std(reference))
-    known = {day: values.dropna() for day, values in per_day if values.notna().any()}
-    low, middle, high = (pd.Series({day: values.quantile(np.clip(0.5 + side * 0.98 / len(values) ** 0.5, 0, 1)) for day, values in known.items()}, dtype=float) for side in (-1, 0, 1))
-    panels |= {"coverage": per_day.count() / per_day.size(), "typical": middle, "typical_low": low, "typical_high": high}
+        panels[f"drift_{name}"] = by_day[name].apply(lambda values: wasserstein_distance(values, answered[name]) / np.std(answered[name]))
+    panels |= {"coverage": per_day.count() / per_day.size(), "typical": per_day.median(), "typical_low": per_day.quantile(0.025), "typical_high": per_day.quantile(0.975)}

# %% grade_id="panels" points=5 message="typical is" why="the mean, with the interval of a mean, which reaches below zero" name="wrong-9"
def daily_panels(requests, errors):
    requests = requests.assign(day=requests["at"].dt.floor("D").dt.tz_localize(None))
    days = pd.date_range(requests["day"].min(), requests["day"].max(), name="day")
    answered = requests[requests["status"] == 200]
    by_day, per_day = answered.groupby("day"), errors.groupby("day")["error"]
    panels = {"requests": requests.groupby("day").size().reindex(days, fill_value=0), "error_rate": (requests["status"] != 200).groupby(requests["day"]).mean(), "p95_ms": by_day["ms"].quantile(0.95)}
    reference = answered[answered["day"] < days[0] + pd.Timedelta(days=14)]
    for name in FEATURES:
        low, high = RANGES[name]
        if name in DEFAULTS:
            panels[f"default_{name}"] = (answered[name] == DEFAULTS[name]).groupby(answered["day"]).mean()
        panels[f"outside_{name}"] = (~answered[name].between(low, high)).groupby(answered["day"]).mean()
        panels[f"drift_{name}"] = by_day[name].apply(lambda values: wasserstein_distance(values, reference[name]) / np.std(reference[name]))
    half = 1.96 * per_day.std() / np.sqrt(per_day.count())
    panels |= {"coverage": per_day.count() / per_day.size(), "typical": per_day.mean(), "typical_low": per_day.mean() - half, "typical_high": per_day.mean() + half}
    return pd.DataFrame({name: values.reindex(days) for name, values in panels.items()}, index=days)

# %% grade_id="panels" points=10 message="outside_temperature_c is" why="counts only what is too high" changes="wrong-6"
     panels = {"requests": requests.groupby("day").size().reindex(days, fill_value=0), "error_rate": (requests["status"] != 200).groupby(requests["day"]).mean(), "p95_ms": by_day["ms"].quantile(0.95)}
+    reference = answered[answered["day"] < days[0] + pd.Timedelta(days=14)]
@@
-        panels[f"outside_{name}"] = (~answered[name].between(low, high)).groupby(answered["day"]).mean()
-        reference = answered[answered["day"] > days[-1] - pd.Timedelta(days=14)][name]
-        panels[f"drift_{name}"] = by_day[name].apply(lambda values: wasserstein_distance(values, reference) / np.std(reference))
+        panels[f"outside_{name}"] = (answered[name] > high).groupby(answered["day"]).mean()
+        panels[f"drift_{name}"] = by_day[name].apply(lambda values: wasserstein_distance(values, reference[name]) / np.std(reference[name]))

# %% grade_id="panels" points=10 message="as the index and not as a column" why="the days are a column, and all that follows plots and names row numbers" changes="wrong-9"
-    half = 1.96 * per_day.std() / np.sqrt(per_day.count())
-    panels |= {"coverage": per_day.count() / per_day.size(), "typical": per_day.mean(), "typical_low": per_day.mean() - half, "typical_high": per_day.mean() + half}
-    return pd.DataFrame({name: values.reindex(days) for name, values in panels.items()}, index=days)
+    known = {day: values.dropna() for day, values in per_day if values.notna().any()}
+    low, middle, high = (pd.Series({day: values.quantile(np.clip(0.5 + side * 0.98 / len(values) ** 0.5, 0, 1)) for day, values in known.items()}, dtype=float) for side in (-1, 0, 1))
+    panels |= {"coverage": per_day.count() / per_day.size(), "typical": middle, "typical_low": low, "typical_high": high}
+    return pd.DataFrame({name: values.reindex(days) for name, values in panels.items()}, index=days).reset_index()

# %% grade_id="input-alarms" points=14 why="another style: the last three days decide, a reversed running minimum finds the start"
def input_alarms(daily):
    out = []
    for column in daily.columns:
        kind = {"default": "default", "outside": "range"}.get(column.split("_")[0])
        if kind is None:
            continue
        excess = daily[column].dropna() - daily[column].head(REFERENCE_DAYS).median()
        if (excess.tail(3) >= 0.15).all():
            over = (excess >= 0.15)[::-1].cummin()[::-1]
            out.append(dict(kind=kind, where=column.split("_", 1)[1], since=over.idxmax().date()))
    return out

# %% grade_id="input-alarms" points=14 why="another style: walks back day by day with the table's own limit of 30 points, plain Python, Timestamps"
def input_alarms(daily):
    alarms = []
    watched = [("default", f"default_{name}", name) for name in DEFAULTS] + [("range", f"outside_{name}", name) for name in FEATURES]
    for kind, column, name in watched:
        pairs = [(day, share) for day, share in zip(daily.index, daily[column]) if share == share]
        usual = float(np.median([share for day, share in pairs if day < daily.index[0] + pd.Timedelta(days=14)]))
        since, length = None, 0
        for day, share in reversed(pairs):
            if share - usual < 0.3:
                break
            since, length = day, length + 1
        if length > 2:
            alarms.append({"kind": kind, "where": name, "since": since})
    return alarms

# %% grade_id="input-alarms" points=0 message="in which the season alone moves" why="rings for drift"
def input_alarms(daily):
    alarms = []
    for name in FEATURES:
        bad = daily.index[daily[f"drift_{name}"] > 0.5]
        if len(bad):
            alarms.append({"kind": "range", "where": name, "since": f"{bad[0]:%Y-%m-%d}"})
    return alarms

# %% grade_id="input-alarms" points=5 message="expected one" why="names the column instead of the feature"
def input_alarms(daily):
    alarms = []
    for kind, prefix in [("default", "default_"), ("range", "outside_")]:
        for column in [name for name in daily if name.startswith(prefix)]:
            bad = daily[column].dropna() > daily[column].head(14).median() + 0.2
            good_days = bad.index[~bad]
            lasting = bad.index[bad.index > good_days.max()] if len(good_days) else bad.index
            if len(lasting) >= 3:
                alarms.append({"kind": kind, "where": column, "since": f"{lasting[0]:%Y-%m-%d}"})
    return alarms

# %% grade_id="input-alarms" points=9 message="the fault began on" why="a day without requests counts as a good one, so the fault seems to begin after it: passes what is visible"
def input_alarms(daily):
    alarms = []
    for kind, prefix in [("default", "default_"), ("range", "outside_")]:
        for column in [name for name in daily if name.startswith(prefix)]:
            bad = daily[column] > daily[column].head(14).median() + 0.2
            run = bad[::-1].cummin()[::-1]
            if run.sum() >= 3:
                alarms.append({"kind": kind, "where": column.removeprefix(prefix), "since": f"{bad.index[run][0]:%Y-%m-%d}"})
    return alarms

# %% grade_id="input-alarms" points=9 message="What is over is for the weekly report" why="any run of three bad days rings, also when it is long over: passes what is visible"
def input_alarms(daily):
    alarms = []
    for kind, prefix in [("default", "default_"), ("range", "outside_")]:
        for column in [name for name in daily if name.startswith(prefix)]:
            share = daily[column].dropna()
            bad = share > share.iloc[:14].median() + 0.2
            runs = (bad != bad.shift()).cumsum()[bad]
            for _, run in runs.groupby(runs):
                if len(run) >= 3:
                    alarms.append({"kind": kind, "where": column.removeprefix(prefix), "since": f"{run.index[0]:%Y-%m-%d}"})
    return alarms

# %% grade_id="input-alarms" points=4 message="and the fault began on" why="yesterday above 15 %, whatever is usual and however long: passes what is visible"
def input_alarms(daily):
    alarms = []
    for column in daily.columns:
        kind = {"default": "default", "outside": "range"}.get(column.split("_")[0])
        if kind is None:
            continue
        share = daily[column].dropna()
        if share.iloc[-1] > 0.15:
            since = (share > 0.15).idxmax()
            alarms.append({"kind": kind, "where": column.split("_", 1)[1], "since": since})
    return alarms

# %% grade_id="input-alarms" points=9 message="Ten points or less above a feature's own usual share" why="one limit for all features, without the usual share: passes what is visible" changes="solution"
-    """Return a list of alarms, each a dictionary with kind ("default" or "range"), where (a feature) and since."""
@@
-            bad = share > share.iloc[:REFERENCE_DAYS].median() + 0.2
+            bad = share > 0.3

# %% grade_id="input-alarms" points=9 message="One or two bad days are no fault that lasts" why="one bad day is enough if it is the last one: passes what is visible" changes="solution"
-    """Return a list of alarms, each a dictionary with kind ("default" or "range"), where (a feature) and since."""
@@
-            if len(lasting) >= 3:
+            if len(lasting) >= 1:

# %% grade_id="input-alarms" points=9 message="Ten points or less above a feature's own usual share" why="rings five points above the usual: passes what is visible" changes="solution"
-    """Return a list of alarms, each a dictionary with kind ("default" or "range"), where (a feature) and since."""
@@
-            bad = share > share.iloc[:REFERENCE_DAYS].median() + 0.2
+            bad = share > share.iloc[:REFERENCE_DAYS].median() + 0.05

# %% grade_id="input-alarms" points=9 message="The usual share is a median" why="the usual share is a mean, which a few bad days move: passes what is visible" changes="solution"
-    """Return a list of alarms, each a dictionary with kind ("default" or "range"), where (a feature) and since."""
@@
-            bad = share > share.iloc[:REFERENCE_DAYS].median() + 0.2
+            bad = share > share.iloc[:REFERENCE_DAYS].mean() + 0.2

# %% grade_id="error-alarms" points=14 why="another style: four days together, errors capped, the start by the last good day's mean"
def error_alarms(errors):
    table = errors[errors["error"].notna()].copy()
    table["error"] = table["error"].clip(upper=60)
    first, last = table["day"].min(), table["day"].max()
    start = table[table["day"] < first + pd.Timedelta(days=14)]
    found = []
    for column in ("client", "model", "district"):
        for value in table[column].unique():
            mine = table[table[column] == value]
            before = start[start[column] == value]["error"]
            usual = (before if len(before) else start["error"]).mean()
            recent = mine[mine["day"] > last - pd.Timedelta(days=4)]["error"]
            if len(recent) < 8 or recent.mean() < 2.2 * usual:
                continue
            by_day = mine.groupby("day")["error"].mean()
            calm = by_day.index[by_day < 1.9 * usual]
            since = by_day.index[by_day.index > calm.max()].min() if len(calm) else by_day.index.min()
            found.append({"kind": "error", "where": f"{column}={value}", "since": since})
    return found

# %% grade_id="error-alarms" points=14 why="another style: a table of daily medians by slice, weighted by its own reference, a running minimum"
def ratio_of(errors, column, value):
    early = errors["day"] < errors["day"].min() + pd.Timedelta(days=14)
    mine = errors[column] == value
    usual = errors.loc[mine & early, "error"] if (mine & early).sum() > 20 else errors.loc[early, "error"]
    days = sorted(errors["day"].unique())
    ratio = {}
    for number, day in enumerate(days):
        window = errors[mine & errors["day"].isin(days[max(0, number - 1) : number + 2])]["error"].dropna()
        if len(window) >= 5:
            ratio[day] = window.median() / usual.median()
    return pd.Series(ratio)

def error_alarms(errors):
    rung = []
    for column in ["model", "client", "district"]:
        for value in sorted(errors[column].unique()):
            ratio = ratio_of(errors, column, value)
            over = (ratio > 2)[::-1].cummin()[::-1]
            if over.sum() >= 4:
                rung.append(dict(kind="error", where=column + "=" + value, since=str(over.idxmax())[:10]))
    return rung

# %% grade_id="error-alarms" points=0 message="and the alarms are []" why="looks at the mean over all"
def error_alarms(errors):
    by_day = errors.groupby("day")["error"].mean()
    bad = by_day > 2 * by_day.iloc[:14].mean()
    return [{"kind": "error", "where": "all", "since": bad.idxmax()}] if bad.iloc[-3:].all() else []

# %% grade_id="error-alarms" points=5 message="ring for what lasts" why="any five bad days in a row ring, also when they are over"
def error_alarms(errors):
    known = errors.dropna(subset=["error"])
    early = known[known["day"] < known["day"].min() + pd.Timedelta(days=14)]
    alarms = []
    for column in ["district", "model", "client"]:
        for value, rows in known.groupby(column):
            own = early[early[column] == value]
            usual = (own if len(own) >= 30 else early)["error"].median()
            bad = rows.groupby("day")["error"].median().rolling(3, center=True, min_periods=1).median() > 2 * usual
            runs = (bad != bad.shift()).cumsum()[bad]
            long = [run for _, run in runs.groupby(runs) if len(run) >= 5]
            if long:
                alarms.append({"kind": "error", "where": f"{column}={value}", "since": f"{long[-1].index[0]:%Y-%m-%d}"})
    return alarms

# %% grade_id="error-alarms" points=5 message="and the alarms are []" why="one limit for all: 25 minutes"
def error_alarms(errors):
    alarms = []
    for column in ["district", "model", "client"]:
        for value, rows in errors.groupby(column):
            by_day = rows.groupby("day")["error"].median()
            if (by_day.tail(3) > 25).all():
                alarms.append({"kind": "error", "where": f"{column}={value}", "since": (by_day > 25).idxmax()})
    return alarms

# %% grade_id="error-alarms" points=4 message="One forgotten bike is no fault of the model" why="means over seven days: one forgotten bike rings; passes what is visible"
def error_alarms(errors):
    known = errors.dropna(subset=["error"])
    early = known[known["day"] < known["day"].min() + pd.Timedelta(days=14)]
    early = early[early["error"] < 300]
    alarms = []
    for column in ["district", "model", "client"]:
        for value, rows in known.groupby(column):
            own = early[early[column] == value]
            usual = (own if len(own) >= 30 else early)["error"].mean()
            week = rows[rows["day"] > known["day"].max() - pd.Timedelta(days=7)]
            if week["error"].mean() > 2.2 * usual:
                by_day = rows.groupby("day")["error"].mean()
                calm_days = by_day.index[by_day < 2 * usual]
                after = by_day.index[by_day.index > calm_days.max()] if len(calm_days) else by_day.index
                alarms.append({"kind": "error", "where": f"{column}={value}", "since": after.min() if len(after) else known["day"].max()})
    return alarms

# %% grade_id="error-alarms" points=9 message="A slice that did not exist in the first 14 days" why="a slice without a reference is left out, so a bad new version never rings: passes what is visible"
def error_alarms(errors):
    known = errors.dropna(subset=["error"])
    early = known[known["day"] < known["day"].min() + pd.Timedelta(days=REFERENCE_DAYS)]
    alarms = []
    for column in ["district", "model", "client"]:
        for value, rows in known.groupby(column):
            own = early[early[column] == value]
            usual = own["error"].median()
            bad = rows.groupby("day")["error"].median().rolling(3, center=True, min_periods=1).median() > 2 * usual
            good_days = bad.index[~bad]
            lasting = bad.index[bad.index > good_days.max()] if len(good_days) else bad.index
            if len(lasting) >= 3:
                alarms.append({"kind": "error", "where": f"{column}={value}", "since": f"{lasting[0]:%Y-%m-%d}"})
    return alarms

# %% grade_id="error-alarms" points=9 message="typical is what it does not move" why="means of three days, four of them in a row: passes what is visible" changes="solution"
-    """Return a list of alarms, each a dictionary with kind "error", where (column=value) and since."""
@@
-            usual = (own if len(own) >= 30 else early)["error"].median()
-            typical = rows.groupby("day")["error"].median().rolling(3, center=True, min_periods=1).median()
+            usual = (own if len(own) >= 30 else early)["error"].mean()
+            typical = rows.groupby("day")["error"].mean().rolling(3, min_periods=1).mean()
@@
-            if len(lasting) >= 3:
+            if len(lasting) >= 4:

# %% grade_id="error-alarms" points=4 message="The usual error is the slice's own" why="the usual error of all instead of the slice's own: passes what is visible" changes="solution"
-    """Return a list of alarms, each a dictionary with kind "error", where (column=value) and since."""
@@
-            usual = (own if len(own) >= 30 else early)["error"].median()
+            usual = early["error"].median()

# %% grade_id="error-alarms" points=9 message="Slices are the values of district, of model and of client" why="no slices by client: passes what is visible" changes="solution"
-    """Return a list of alarms, each a dictionary with kind "error", where (column=value) and since."""
@@
-    for column in ["district", "model", "client"]:
+    for column in ["district", "model"]:

# %% grade_id="error-alarms" points=4 message="A table in which" why="rings at 1.3 times the usual, and has no slices by client: passes what is visible" changes="solution"
-    """Return a list of alarms, each a dictionary with kind "error", where (column=value) and since."""
@@
-    for column in ["district", "model", "client"]:
+    for column in ["district", "model"]:
@@
-            bad = typical > 2 * usual
+            bad = typical > 1.3 * usual

# %% grade_id="error-alarms" points=9 message="One day is no fault that lasts" why="one bad day is enough if it is the last one: passes what is visible" changes="solution"
-    """Return a list of alarms, each a dictionary with kind "error", where (column=value) and since."""
@@
-            if len(lasting) >= 3:
+            if len(lasting) >= 1:

# %% grade_id="drill-down" points=7 why="another style: the preset with a pinned method, an id of its own, strings for paths"
def drill_down(requests, first, last, folder):
    os.makedirs(folder, exist_ok=True)
    good = requests[requests.status.eq(200)].copy()
    good["date"] = good["at"].dt.strftime("%Y-%m-%d")
    begin = requests["at"].min().normalize()
    old = good[good["at"] < begin + pd.Timedelta("14D")][FEATURES]
    new = good[(good["date"] >= first) & (good["date"] <= last)][FEATURES]
    schema = DataDefinition(numerical_columns=list(FEATURES))
    made = Report([DataDriftPreset(columns=list(FEATURES), num_method="wasserstein", num_threshold=0.5)]).run(
        Dataset.from_pandas(new, data_definition=schema), Dataset.from_pandas(old, data_definition=schema)
    )
    made.save_html(os.path.join(folder, "drill-down.html"))
    place = os.path.join(folder, "workspace")
    if os.path.isdir(place):
        shutil.rmtree(place)
    space = Workspace.create(place)
    project = space.create_project("bikes")
    space.add_run(project.id, made)
    values = {}
    for metric in made.dict()["metrics"]:
        if "column" in metric["config"]:
            values[metric["config"]["column"]] = float(metric["value"])
    return values

# %% grade_id="drill-down" points=7 why="another style: the numbers by SciPy, Evidently for the files alone"
def drill_down(requests, first, last, folder):
    folder = Path(folder)
    (folder / "workspace").mkdir(parents=True, exist_ok=True)
    answered = requests.loc[requests["status"] == 200]
    days = answered["at"].dt.date
    begin = requests["at"].dt.date.min()
    before = answered[days < (pd.Timestamp(begin) + pd.Timedelta(days=14)).date()]
    asked = answered[(days >= pd.Timestamp(first).date()) & (days <= pd.Timestamp(last).date())]
    run = Report([ValueDrift(column=name, method="wasserstein", threshold=0.5) for name in FEATURES]).run(
        Dataset.from_pandas(asked[FEATURES]), Dataset.from_pandas(before[FEATURES])
    )
    run.save_html(str(folder / "drill-down.html"))
    space = Workspace(str(folder / "workspace"))
    for project in space.list_projects():
        space.delete_project(project.id)
    space.add_run(space.create_project("Drill-down", description="last week").id, run)
    return {name: wasserstein_distance(before[name], asked[name]) / np.std(before[name].to_numpy()) for name in FEATURES}

# %% grade_id="drill-down" points=3 message="against the first 14 days by the calendar" why="all days before are the reference: passes what is visible" name="wrong-3"
def drill_down(requests, first, last, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "workspace", ignore_errors=True)
    table = requests[requests["status"] == 200]
    day = table["at"].dt.strftime("%Y-%m-%d")
    current, reference = table[(day >= first) & (day <= last)], table[day < first]
    run = Report([ValueDrift(column=name, method="wasserstein", threshold=0.5) for name in FEATURES]).run(Dataset.from_pandas(current[FEATURES]), Dataset.from_pandas(reference[FEATURES]))
    run.save_html(str(folder / "drill-down.html"))
    space = Workspace.create(str(folder / "workspace"))
    space.add_run(space.create_project("Trip times").id, run)
    return {name: float(metric["value"]) for name, metric in zip(FEATURES, run.dict()["metrics"])}

# %% grade_id="drill-down" points=0 message="are those of the reference" why="leaves the method to Evidently"
def drill_down(requests, first, last, folder):
    table = requests[requests["status"] == 200]
    early = table[table["at"] < table["at"].min() + pd.Timedelta(days=14)]
    asked = table[table["at"].between(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC") + pd.Timedelta(days=1))]
    run = Report([ValueDrift(column=name) for name in FEATURES]).run(Dataset.from_pandas(asked[FEATURES]), Dataset.from_pandas(early[FEATURES]))
    return {name: float(metric["value"]) for name, metric in zip(FEATURES, run.dict()["metrics"])}

# %% grade_id="drill-down" points=0 message="There is no report of Evidently" why="makes the numbers, and no report"
def drill_down(requests, first, last, folder):
    table = requests[requests["status"] == 200]
    day = table["at"].dt.strftime("%Y-%m-%d")
    early = table[table["at"] < table["at"].min().floor("D") + pd.Timedelta(days=14)]
    asked = table[(day >= first) & (day <= last)]
    return {name: wasserstein_distance(early[name], asked[name]) / np.std(early[name].to_numpy()) for name in FEATURES}

# %% grade_id="drill-down" points=3 message="runs lie in its workspace" why="the second call adds a second run: passes what is visible"
def drill_down(requests, first, last, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = requests[requests["status"] == 200]
    day = table["at"].dt.floor("D")
    current = table[day.between(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC"))]
    reference = table[day < requests["at"].min().floor("D") + pd.Timedelta(days=REFERENCE_DAYS)]
    run = Report([ValueDrift(column=name, method="wasserstein", threshold=0.5) for name in FEATURES]).run(Dataset.from_pandas(current[FEATURES]), Dataset.from_pandas(reference[FEATURES]))
    run.save_html(str(folder / "drill-down.html"))
    space = Workspace.create(str(folder / "workspace"))
    project = (space.list_projects() or [space.create_project("Trip times")])[0]
    space.add_run(project.id, run)
    return {name: float(metric["value"]) for name, metric in zip(FEATURES, run.dict()["metrics"])}

# %% grade_id="drill-down" points=3 message="answered requests of both days and those between" why="the last day ends at its midnight: passes what is visible" changes="wrong-3"
-    day = table["at"].dt.strftime("%Y-%m-%d")
-    current, reference = table[(day >= first) & (day <= last)], table[day < first]
+    current = table[table["at"].between(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC"))]
+    reference = table[table["at"] < requests["at"].min().floor("D") + pd.Timedelta(days=REFERENCE_DAYS)]

# %% grade_id="drill-down" points=3 message="has the threshold" why="leaves the threshold to Evidently, so the report calls all drifted: passes what is visible" changes="wrong-3"
-    day = table["at"].dt.strftime("%Y-%m-%d")
-    current, reference = table[(day >= first) & (day <= last)], table[day < first]
-    run = Report([ValueDrift(column=name, method="wasserstein", threshold=0.5) for name in FEATURES]).run(Dataset.from_pandas(current[FEATURES]), Dataset.from_pandas(reference[FEATURES]))
+    current = table[table["at"].dt.floor("D").between(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC"))]
+    reference = table[table["at"] < requests["at"].min().floor("D") + pd.Timedelta(days=REFERENCE_DAYS)]
+    run = Report([ValueDrift(column=name, method="wasserstein") for name in FEATURES]).run(Dataset.from_pandas(current[FEATURES]), Dataset.from_pandas(reference[FEATURES]))

# %% grade_id="drill-down" points=3 message="against the first 14 days by the calendar" why="14 times 24 hours from the first request instead of 14 days: passes what is visible" changes="wrong-3"
-    day = table["at"].dt.strftime("%Y-%m-%d")
-    current, reference = table[(day >= first) & (day <= last)], table[day < first]
+    current = table[table["at"].dt.floor("D").between(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC"))]
+    reference = table[table["at"] < requests["at"].min() + pd.Timedelta(days=REFERENCE_DAYS)]

# %% grade_id="page" points=14 why="another style: texts joined by hand, html.escape, PNG pictures, a list for the inputs" name="right-1"
import base64
from io import BytesIO


def words(metric, value, requests):
    if pd.isna(value):
        return "not due" if metric in DAILY[3:] and requests else "no data"
    if metric in ("requests", "p95_ms"):
        return f"{value:.0f}"
    return f"{value:.2f}" if metric.startswith(("typical", "drift")) else f"{100 * value:.1f} %"


def picture(values, label, alt):
    figure, axes = plt.subplots(figsize=(5, 2.5))
    axes.plot(values.index, values, "o-")
    axes.set_xlabel("day (UTC)")
    axes.set_ylabel(label)
    figure.autofmt_xdate()
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=60)
    plt.close(figure)
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def build_page(counts, daily, slices, alarms, now, page):
    first = min([str(alarm["since"])[:10] for alarm in alarms], default=None)
    out = ["<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Trip times</title><style>td { padding: 0 1em }</style></head><body>"]
    out.append(f"<h1>{len(alarms)} alarms, the first since {first}</h1>" if alarms else "<h1>No alarms</h1>")
    for alarm in alarms:
        where = html.escape(alarm["where"])
        out.append(f'<p data-alarm="{where}">{where}: {alarm["kind"]}, since {str(alarm["since"])[:10]}, {OWNERS[alarm["kind"]]} looks</p>')
    out.append(f'<p>Data up to <b data-as-of="{now:%Y-%m-%dT%H:%M}Z">{now:%Y-%m-%d %H:%M} UTC</b></p>')
    out.append("<p>" + ", ".join(f'<i data-count="{name}">{number}</i> {name}' for name, number in counts.items()) + "</p>")
    out.append(picture(daily["typical"], "typical error (min)", "A line: the typical error of the answers in minutes, day by day"))
    out.append(picture(daily["requests"], "requests a day", "A line: how many requests there were, day by day"))
    out.append("<h2>Days</h2><p>latency in ms, errors in min</p><table>")
    for day, row in daily.tail(PAGE_DAYS).iterrows():
        cells = "".join(f'<td data-metric="{name}" data-day="{day:%Y-%m-%d}">{words(name, row[name], row["requests"])}</td>' for name in DAILY)
        out.append(f"<tr><th>{day:%Y-%m-%d}</th>{cells}</tr>")
    out.append("</table><h2>Inputs</h2><ul>")
    for name in INPUTS:
        out.append(f'<li>{name}: <span data-metric="{name}" data-day="{daily.index[-1]:%Y-%m-%d}">{words(name, daily[name].iloc[-1], daily["requests"].iloc[-1])}</span></li>')
    out.append("</ul><h2>Slices</h2><ul>")
    for where, row in slices.iterrows():
        out.append(f'<li data-slice="{html.escape(where)}">{html.escape(where)}: usually {row.usual:.2f} min, now {row.recent:.2f} min</li>')
    out.append('</ul><a href="drill-down.html">More</a></body></html>')
    Path(page).write_text("\n".join(out), encoding="utf-8")

# %% grade_id="page" points=14 why="another style: string templates, pandas for the rows, drawings of SVG written by hand"
from string import Template

FRAME = Template("""<html lang="en-GB"><head><title>Dashboard of the trip-time service</title></head><body><header><h1>$headline</h1></header>
<ol>$alarms</ol><p data-as-of="$stamp">$readable UTC</p>$pictures
<h2>Days</h2><h3>p95 in ms, errors in min, the rest in % or plain</h3><table>$days</table><h2>Inputs of the last day</h2><dl>$inputs</dl>
<h2>Slices</h2><table>$parts</table><h2>Lines</h2><dl>$counts</dl><p><a title="Evidently" href=./drill-down.html>distributions</a></p></body></html>""")


def bars(values, what):
    top = values.max()
    rectangles = "".join(f'<rect x="{8 * number}" y="{60 - 60 * value / top:.1f}" width="6" height="{60 * value / top:.1f}"/>' for number, value in enumerate(values.fillna(0)))
    return f'<svg viewBox="0 0 {8 * len(values)} 60" role="img" fill="currentColor"><title>Bars by day: {what}; the largest is {top:.1f}, on {values.idxmax():%d %B}</title>{rectangles}</svg>'


def element(tag, metric, day, value, empty):
    if pd.isna(value):
        text = empty
    elif metric in ("error_rate", "coverage") or metric.startswith(("default", "outside")):
        text = f"{value:.2%}"
    elif metric == "requests":
        text = f"{int(value):,}"
    else:
        text = f"{value:,.3f} ms" if metric == "p95_ms" else f"{value:,.3f}"
    return f'<{tag} data-metric="{metric}" data-day="{day:%Y-%m-%d}T00:00">{text}</{tag}>'


def build_page(counts, daily, slices, alarms, now, page):
    recent = daily.iloc[-PAGE_DAYS:]
    days = []
    for day in recent.index:
        quiet = recent.loc[day, "requests"] == 0
        days.append(f"<tr><td>{day:%d %b}" + "".join(element("td", name, day, recent.loc[day, name], "no data" if quiet or name in DAILY[:3] else "not due yet") for name in DAILY))
    listed = ""
    for alarm in sorted(alarms, key=lambda alarm: str(alarm["since"])):
        safe = html.escape(str(alarm["where"]), quote=True)
        listed += f'<li data-alarm="{safe}"><strong>{alarm["kind"]}</strong> {safe} since <em>{pd.Timestamp(alarm["since"]):%Y-%m-%d}</em>: {OWNERS[alarm["kind"]]}</li>'
    text = FRAME.substitute(
        headline=f"{len(alarms)} alarm(s) since {min(str(alarm['since'])[:10] for alarm in alarms)}" if alarms else "All quiet. No alarms.",
        alarms=listed,
        stamp=now.isoformat(),
        readable=now.strftime("%Y-%m-%d %H:%M"),
        pictures=bars(daily["requests"], "requests a day to the service") + bars(daily["typical"], "typical error in minutes"),
        days="".join(days),
        inputs="".join(f"<dt>{name}</dt>" + element("dd", name, daily.index[-1], daily[name].iloc[-1], "no data") for name in INPUTS),
        parts="".join(f'<tr data-slice="{html.escape(where)}"><td>{html.escape(where)}<td>{usual:.3f}<td>{recent:.3f}' for where, usual, recent in slices.itertuples()),
        counts="".join(f'<dt>{name}</dt><dd data-count="{name}">{number:,}</dd>' for name, number in counts.items()),
    )
    with open(page, "w", encoding="utf-8") as file:
        file.write(text)

# %% grade_id="page" points=7 message="lacks" why="names of the log go into the page as they are" changes="right-1"
-        where = html.escape(alarm["where"])
+        where = alarm["where"]

# %% grade_id="page" points=11 message="Escape what comes from the log, in attributes too" why="escapes only angle brackets, so a quotation mark ends the attribute: passes what is visible" changes="right-1"
-        where = html.escape(alarm["where"])
+        where = html.escape(alarm["where"], quote=False)

# %% grade_id="page" points=6 message="expected 'not due'" why="what is not due is 0" changes="right-1"
-        return "not due" if metric in DAILY[3:] and requests else "no data"
+        return "0"

# %% grade_id="page" points=7 message="expected 2026-02-09T00:00Z" why="the time at which the page was built" changes="right-1"
 def build_page(counts, daily, slices, alarms, now, page):
+    now = pd.Timestamp.now(tz="UTC")

# %% grade_id="page" points=11 message="loads something from elsewhere" why="the style sheet is a file beside it, which the mail does not carry: passes what is visible" changes="right-1"
-    out = ["<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Trip times</title><style>td { padding: 0 1em }</style></head><body>"]
+    out = ["<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Trip times</title><link rel='stylesheet' href='page.css'></head><body>"]

# %% grade_id="page" points=10 message="shares in %" why="shares between 0 and 1: passes what is visible" changes="right-1"
-    return f"{value:.2f}" if metric.startswith(("typical", "drift")) else f"{100 * value:.1f} %"
+    return f"{value:.2f}" if metric.startswith(("typical", "drift")) else f"{value:.3f}"

# %% grade_id="page" points=11 message="The alternative texts of the pictures are" why="pictures without words: passes what is visible" changes="right-1"
-    out.append(picture(daily["typical"], "typical error (min)", "A line: the typical error of the answers in minutes, day by day"))
+    out.append(picture(daily["typical"], "mean error (min)", "chart of mae"))

# %% grade_id="page" points=11 message="What is drawn differs in 0 pictures" why="empty axes, with words of the day: passes what is visible" changes="right-1"
-import base64
-from io import BytesIO
-
-
@@
-    axes.plot(values.index, values, "o-")
+    axes.plot([], [], "o-")
@@
-    figure.autofmt_xdate()
-    buffer = BytesIO()
-    figure.savefig(buffer, format="png", dpi=60)
-    plt.close(figure)
-    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
+    drawing = svg_of(figure, f"{alt}; up to {values.index[-1]:%d %B} the largest is {values.max():.2f}")
+    plt.close(figure)
+    return drawing

# %% grade_id="page" points=10 message="expected the words 'no data'" why="every missing value is 'not due', also on the day when the service was silent: passes what is visible" changes="right-1"
-        return "not due" if metric in DAILY[3:] and requests else "no data"
+        return "not due"

# %% grade_id="page" points=10 message="expected" why="whole minutes: passes no test of two decimals" changes="right-1"
-    return f"{value:.2f}" if metric.startswith(("typical", "drift")) else f"{100 * value:.1f} %"
+    return f"{value:.2f}" if metric == "typical" else f"{value:.0f}" if metric.startswith(("typical", "drift")) else f"{100 * value:.1f} %"

# %% grade_id="page" points=7 message="expected one for each alarm" why="no elements of the contract for the alarms, a sentence instead" changes="right-1"
-        out.append(f'<p data-alarm="{where}">{where}: {alarm["kind"]}, since {str(alarm["since"])[:10]}, {OWNERS[alarm["kind"]]} looks</p>')
+        out.append(f'<p>{where}: {alarm["kind"]}, since {str(alarm["since"])[:10]}, {OWNERS[alarm["kind"]]} looks</p>')

# %% grade_id="page" points=3 message="in a visible element with data-slice" why="no slice on the page" changes="right-1"
-    out.append("</ul><h2>Slices</h2><ul>")
-    for where, row in slices.iterrows():
-        out.append(f'<li data-slice="{html.escape(where)}">{html.escape(where)}: usually {row.usual:.2f} min, now {row.recent:.2f} min</li>')

# %% grade_id="page" points=6 message="The number of lines on the page is" why="a rule in the style sheet takes all numbers from the screen" changes="right-1"
-    out = ["<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Trip times</title><style>td { padding: 0 1em }</style></head><body>"]
+    out = ["<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Trip times</title><style>td { padding: 0 1em } table, .small { display: none }</style></head><body>"]
@@
-    out.append("<p>" + ", ".join(f'<i data-count="{name}">{number}</i> {name}' for name, number in counts.items()) + "</p>")
+    out.append("<p class='small'>" + ", ".join(f'<i data-count="{name}">{number}</i> {name}' for name, number in counts.items()) + "</p>")
