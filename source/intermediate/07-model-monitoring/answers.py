# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="report" points=14 why="another style: Evidently's preset, and its own tests say which columns"
def weekly_report(current, reference, path):
    empty = {name for name in INPUTS if current[name].count() == 0 or reference[name].count() == 0}
    columns = [name for name in INPUTS if name not in empty]
    roles = DataDefinition(numerical_columns=[n for n in NUMBERS if n not in empty], categorical_columns=list(CATEGORIES))
    (number_by, number_limit), (category_by, category_limit) = METHODS["numbers"], METHODS["categories"]
    preset = DataDriftPreset(columns=columns, num_method=number_by, num_threshold=number_limit, cat_method=category_by, cat_threshold=category_limit)
    report = Report([RowCount(), preset] + [MissingValueCount(column=name) for name in INPUTS], include_tests=True)
    result = report.run(Dataset.from_pandas(current, data_definition=roles), Dataset.from_pandas(reference, data_definition=roles))
    Path(path).write_text(result.json())
    failed = [test for test in result.dict()["tests"] if test["id"] == "drift" and test["status"] == "FAIL"]
    return empty | {test["metric_config"]["params"]["column"] for test in failed}

# %% grade_id="report" points=14 why="another style: categories turned into texts, no definition, written with json"
import json


def weekly_report(current, reference, path):
    now, before = (table[INPUTS].astype({name: str for name in CATEGORIES}) for table in (current, reference))
    metrics, left_out = [RowCount()], []
    for kind, names in (("numbers", NUMBERS), ("categories", CATEGORIES)):
        method, threshold = METHODS[kind]
        for name in names:
            metrics.append(MissingValueCount(column=name))
            if now[name].isna().all() or before[name].isna().all():
                left_out.append(name)
            else:
                metrics.append(ValueDrift(column=name, method=method, threshold=threshold))
    kept = [name for name in INPUTS if name not in left_out]
    definition = DataDefinition(numerical_columns=[n for n in kept if n in NUMBERS], categorical_columns=CATEGORIES)
    result = Report(metrics).run(*(Dataset.from_pandas(table, data_definition=definition) for table in (now, before))).dict()
    with open(path, "w") as file:
        json.dump(result, file, default=str)
    drifted = tuple(m["config"]["column"] for m in result["metrics"] if "threshold" in m["config"] and m["value"] >= m["config"]["threshold"])
    return drifted + tuple(left_out)

# %% grade_id="report" points=0 message="Does the data definition call it a category?" why="Cy's report: no definition, nothing pinned"
def weekly_report(current, reference, path):
    metrics = [RowCount()] + [MissingValueCount(column=name) for name in INPUTS] + [ValueDrift(column=name) for name in INPUTS]
    Report(metrics).run(current, reference).save_json(path)
    saved = report_table(path)
    return saved.loc[(saved["metric"] == "ValueDrift") & (saved["value"] >= saved["threshold"]), "column"].tolist()

# %% grade_id="report" points=4 message="whatever the table's size" why="pins the categories only: with so many rows the defaults are the same, and the visible tests pass"
def weekly_report(current, reference, path):
    definition = DataDefinition(numerical_columns=NUMBERS, categorical_columns=CATEGORIES)
    metrics = [RowCount()] + [MissingValueCount(column=name) for name in INPUTS]
    there = [name for name in INPUTS if current[name].notna().any() and reference[name].notna().any()]
    for name in there:
        if name in CATEGORIES:
            metrics.append(ValueDrift(column=name, method="jensenshannon", threshold=0.15))
        else:
            metrics.append(ValueDrift(column=name))
    now, before = (Dataset.from_pandas(table, data_definition=definition) for table in (current, reference))
    run = Report(metrics).run(now, before)
    run.save_json(path)
    saved = report_table(path)
    drift = saved[saved["metric"] == "ValueDrift"]
    return set(drift.loc[drift["value"] >= drift["threshold"], "column"]) | (set(INPUTS) - set(there))

# %% grade_id="report" points=0 message="Is week the current table" why="the two tables in the wrong order" name="wrong-5"
def weekly_report(current, reference, path):
    definition = DataDefinition(numerical_columns=NUMBERS, categorical_columns=CATEGORIES)
    metrics = [RowCount()] + [MissingValueCount(column=name) for name in INPUTS]
    there = [name for name in INPUTS if current[name].notna().any() and reference[name].notna().any()]
    for name in there:
        method, threshold = METHODS["numbers" if name in NUMBERS else "categories"]
        metrics.append(ValueDrift(column=name, method=method, threshold=threshold))
    now, before = (Dataset.from_pandas(table, data_definition=definition) for table in (current, reference))
    run = Report(metrics).run(before, now)
    run.save_json(path)
    saved = report_table(path)
    drift = saved[saved["metric"] == "ValueDrift"]
    return set(drift.loc[drift["value"] >= drift["threshold"], "column"]) | (set(INPUTS) - set(there))

# %% grade_id="report" points=0 message="report.json counts 0 missing pressures" why="looks at the table after the defaults" changes="wrong-5"
 def weekly_report(current, reference, path):
+    current, reference = prepare(current), prepare(reference)
@@
-    run = Report(metrics).run(before, now)
+    run = Report(metrics).run(now, before)

# %% grade_id="report" points=10 message="Leave out the drift of those two columns alone" why="compares every column: a dead sensor ends the report, and the visible tests pass" changes="wrong-5"
-    there = [name for name in INPUTS if current[name].notna().any() and reference[name].notna().any()]
+    there = INPUTS
@@
-    run = Report(metrics).run(before, now)
+    run = Report(metrics).run(now, before)

# %% grade_id="report" points=10 message="a column that cannot be compared is to be looked at" why="leaves a dead column out of the answer as well: passes what is visible" changes="wrong-5"
-    run = Report(metrics).run(before, now)
+    run = Report(metrics).run(now, before)
@@
-    return set(drift.loc[drift["value"] >= drift["threshold"], "column"]) | (set(INPUTS) - set(there))
+    return set(drift.loc[drift["value"] >= drift["threshold"], "column"])

# %% grade_id="report" points=10 message="it has no ValueDrift for" why="leaves out each column that has a missing value anywhere, if one is dead: passes what is visible" changes="wrong-5"
-    there = [name for name in INPUTS if current[name].notna().any() and reference[name].notna().any()]
+    dead = [name for name in INPUTS if current[name].isna().all()]
+    there = [name for name in INPUTS if name not in NUMBERS] if dead else INPUTS
@@
-    run = Report(metrics).run(before, now)
+    run = Report(metrics).run(now, before)

# %% grade_id="report" points=0 message="report.json is no JSON" why="saves the page for people"
def weekly_report(current, reference, path):
    metrics = [RowCount()] + [MissingValueCount(column=name) for name in INPUTS]
    for kind, names in [("numbers", NUMBERS), ("categories", CATEGORIES)]:
        metrics += [ValueDrift(column=name, method=METHODS[kind][0], threshold=METHODS[kind][1]) for name in names]
    definition = DataDefinition(numerical_columns=NUMBERS, categorical_columns=CATEGORIES)
    now, before = (Dataset.from_pandas(table, data_definition=definition) for table in (current, reference))
    run = Report(metrics).run(now, before)
    run.save_html(path)
    return [m["config"]["column"] for m in run.dict()["metrics"] if "threshold" in m["config"] and m["value"] >= m["config"]["threshold"]]

# %% grade_id="report" points=10 message="reference without any km_since_service, there is no report" why="looks for a dead column in the week alone: passes what is visible" changes="wrong-5"
-    there = [name for name in INPUTS if current[name].notna().any() and reference[name].notna().any()]
+    there = [name for name in INPUTS if current[name].notna().any()]
@@
-    run = Report(metrics).run(before, now)
+    run = Report(metrics).run(now, before)

# %% grade_id="report" points=10 message="it has no ValueDrift for distance_km" why="takes a column with few values for a dead one: passes what is visible" changes="wrong-5"
-    there = [name for name in INPUTS if current[name].notna().any() and reference[name].notna().any()]
+    there = [name for name in INPUTS if current[name].notna().mean() > 0.02 and reference[name].notna().mean() > 0.02]
@@
-    run = Report(metrics).run(before, now)
+    run = Report(metrics).run(now, before)

# %% grade_id="broken" points=14 why="another style: a table of shares by group, missing values counted as a value"
def excess(now, before):
    """Return by how much the share of missing values, and of the value that gained most, has grown."""
    one, two = now.value_counts(dropna=False, normalize=True), before.value_counts(dropna=False, normalize=True)
    grown = one.sub(two, fill_value=0)
    missing = grown[grown.index.isna()].sum()
    return missing, grown[~grown.index.isna()].max() if grown.index.notna().any() else 0


def broken_inputs(raw, reference):
    names = []
    parts = [(part, reference[reference["sensor_group"] == group]) for group, part in raw.groupby("sensor_group")]
    parts = [(now, before) for now, before in parts if len(now) >= 100 and len(before) >= 100]
    for name in raw.columns:
        if name != "sensor_group":
            found = [excess(now[name], before[name]) for now, before in parts]
            if any(missing >= 0.05 or value >= 0.1 for missing, value in found):
                names.append(name)
    return names

# %% grade_id="broken" points=14 why="another style: loops and collections.Counter"
from collections import Counter as Tally


def broken_inputs(raw, reference):
    broken = []
    for name in [column for column in raw if column != "sensor_group"]:
        sizes = [Tally(table["sensor_group"]) for table in (raw, reference)]
        for group in sorted(group for group in sizes[0] if min(size[group] for size in sizes) >= 100):
            tallies = []
            for table in (raw, reference):
                rows = table[table["sensor_group"] == group]
                values = ["gap" if value != value else float(value) for value in rows[name]]
                tallies.append({value: count / len(values) for value, count in Tally(values).items()})
            if any(share - tallies[1].get(value, 0) >= (0.05 if value == "gap" else 0.1) for value, share in tallies[0].items()):
                broken.append(name)
                break
    return tuple(broken)

# %% grade_id="broken" points=4 message="of the smallest sensor group is missing" why="looks at all rows together: a small group drowns, and the visible tests pass" name="wrong-3"
def broken_inputs(raw, reference):
    found = set()
    for group in [None]:
        now, before = (table if group is None else table[table["sensor_group"] == group] for table in (raw, reference))
        for name in raw.columns.drop("sensor_group"):
            more_gaps = now[name].isna().mean() - before[name].isna().mean()
            most = (now[name].value_counts() / len(now)).sub(before[name].value_counts() / len(before), fill_value=0).max()
            if more_gaps >= 0.05 or most >= 0.1:
                found.add(name)
    return found

# %% grade_id="broken" points=9 message="more bikes than before ended at docks of group C" why="looks at all rows as well: more bikes at docks that always had gaps are no fault; passes what is visible" changes="wrong-3"
-    for group in [None]:
-        now, before = (table if group is None else table[table["sensor_group"] == group] for table in (raw, reference))
+    for group in [None, *raw["sensor_group"].unique()]:
+        now, before = (table if group is None else table[table["sensor_group"] == group] for table in (raw, reference))
+        if min(len(now), len(before)) < 100:
+            continue

# %% grade_id="broken" points=9 message="20 rows are too few to tell" why="judges the smallest group as well: passes what is visible" changes="wrong-3"
-    for group in [None]:
+    for group in raw["sensor_group"].unique():

# %% grade_id="broken" points=5 message="one value has a third of the rows" why="counts what is missing, and no stand-in" name="wrong-6"
def broken_inputs(raw, reference):
    found = set()
    for group in raw["sensor_group"].unique():
        now, before = (table if group is None else table[table["sensor_group"] == group] for table in (raw, reference))
        if min(len(now), len(before)) < 100:
            continue
        for name in raw.columns.drop("sensor_group"):
            more_gaps = now[name].isna().mean() - before[name].isna().mean()
            most = (now[name].value_counts() / len(now)).sub(before[name].value_counts() / len(before), fill_value=0).max()
            if more_gaps >= 0.05:
                found.add(name)
    return found

# %% grade_id="broken" points=9 message="3.5 bar stands in" why="looks for stand-ins that it knows: passes what is visible" changes="wrong-6"
-            most = (now[name].value_counts() / len(now)).sub(before[name].value_counts() / len(before), fill_value=0).max()
-            if more_gaps >= 0.05:
+            most = max((now[name] == value).mean() - (before[name] == value).mean() for value in (-1, 0, 99, 999, -999))
+            if more_gaps >= 0.05 or most >= 0.1:

# %% grade_id="broken" points=9 message="and 0 is still more frequent" why="looks at the most frequent value alone: passes what is visible" changes="wrong-6"
-            most = (now[name].value_counts() / len(now)).sub(before[name].value_counts() / len(before), fill_value=0).max()
-            if more_gaps >= 0.05:
+            top = now[name].value_counts().index[:1]
+            most = sum((now[name] == value).mean() - (before[name] == value).mean() for value in top)
+            if more_gaps >= 0.05 or most >= 0.1:

# %% grade_id="broken" points=9 message="it was dark (0) in 27 of 100 rows" why="shares of the values that are there, not of the rows: passes what is visible" changes="wrong-6"
-            most = (now[name].value_counts() / len(now)).sub(before[name].value_counts() / len(before), fill_value=0).max()
-            if more_gaps >= 0.05:
+            most = now[name].value_counts(normalize=True).sub(before[name].value_counts(normalize=True), fill_value=0).max()
+            if more_gaps >= 0.05 or most >= 0.1:

# %% grade_id="broken" points=4 message="and light_lux has the gaps that it always had" why="forgets that some columns always have gaps: passes what is visible" changes="wrong-6"
-            more_gaps = now[name].isna().mean() - before[name].isna().mean()
-            most = (now[name].value_counts() / len(now)).sub(before[name].value_counts() / len(before), fill_value=0).max()
-            if more_gaps >= 0.05:
+            more_gaps = now[name].isna().mean()
+            most = (now[name].value_counts() / len(now)).sub(before[name].value_counts() / len(before), fill_value=0).max()
+            if more_gaps >= 0.05 or most >= 0.1:

# %% grade_id="broken" points=4 message="In another week" why="takes a frequent value for a stand-in, without the reference: passes what is visible" changes="wrong-6"
-            most = (now[name].value_counts() / len(now)).sub(before[name].value_counts() / len(before), fill_value=0).max()
-            if more_gaps >= 0.05:
+            most = (now[name].value_counts() / len(now)).max()
+            if more_gaps >= 0.05 or most >= 0.1:

# %% grade_id="broken" points=0 message="where a third of the pressures is missing" why="looks at the table after the defaults"
def broken_inputs(raw, reference):
    now, before = prepare(raw), prepare(reference)
    return {name for name in raw.columns.drop("sensor_group") if now[name].isna().mean() - before[name].isna().mean() >= 0.05}

# %% grade_id="late" points=14 why="another style: a loop and a dictionary of labels, the days as texts in the index"
def daily_quality(predictions, labels, now):
    newest = {}
    for label in labels.itertuples():
        if label.known_at <= now and (label.trip_id not in newest or label.known_at > newest[label.trip_id][0]):
            newest[label.trip_id] = (label.known_at, bool(label.needs_repair))
    table, made = {}, predictions[predictions["predicted_at"] <= now]
    for day, part in made.groupby(made["predicted_at"].dt.strftime("%Y-%m-%d")):
        pairs = [(alarm == 1, newest[trip][1]) for trip, alarm in zip(part["trip_id"], part["alarm"]) if trip in newest]
        hits = sum(alarm and label for alarm, label in pairs)
        alarms_there, broken = sum(alarm for alarm, _ in pairs), sum(label for _, label in pairs)
        known = len(pairs) * 100 >= 95 * len(part)
        table[day] = {
            "predictions": len(part),
            "coverage": len(pairs) / len(part),
            "precision": hits / alarms_there if known and alarms_there else None,
            "recall": hits / broken if known and broken else None,
        }
    return pd.DataFrame.from_dict(table, orient="index")

# %% grade_id="late" points=14 why="another style: columns of zeros and ones, summed by day"
def daily_quality(predictions, labels, now):
    known = labels.loc[labels["known_at"] <= now]
    known = known.loc[known.groupby("trip_id")["known_at"].idxmax()] if len(known) else known
    rows = predictions.query("predicted_at <= @now")
    rows = rows.assign(
        day=rows["predicted_at"].dt.date, label=rows["trip_id"].map(known.set_index("trip_id")["needs_repair"])
    )
    rows = rows.assign(
        predictions=1,
        known=rows["label"].notna(),
        rang=(rows["alarm"] == 1) & rows["label"].notna(),
        broken=rows["label"] == 1,
        hit=(rows["alarm"] == 1) & (rows["label"] == 1),
    )
    sums = rows.groupby("day")[["predictions", "known", "rang", "broken", "hit"]].sum().astype(float)
    sums["coverage"] = sums["known"] / sums["predictions"]
    enough = sums["coverage"] >= 0.95
    sums["precision"] = (sums["hit"] / sums["rang"]).where(enough)
    sums["recall"] = (sums["hit"] / sums["broken"]).where(enough)
    return sums.reset_index()[["day", "recall", "precision", "coverage", "predictions"]]

# %% grade_id="late" points=0 message="daily_quality has 2 rows" why="Bo's way: an inner join, so that days without labels vanish and coverage is always 1" name="wrong-3"
def daily_quality(predictions, labels, now):
    known = labels[labels["known_at"] <= now].sort_values("known_at").drop_duplicates("trip_id", keep="last")
    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
    rows = []
    for day, part in joined.groupby(joined['predicted_at'].dt.floor("D")):
        coverage = part["needs_repair"].notna().mean()
        truth = part[part["needs_repair"].notna()]
        precision = truth.loc[truth["alarm"] == 1, "needs_repair"].mean()
        recall = truth.loc[truth["needs_repair"] == 1, "alarm"].mean()
        if coverage < 0.95:
            precision = recall = math.nan
        rows.append((day, len(part), coverage, precision, recall))
    return pd.DataFrame(rows, columns=["day", "predictions", "coverage", "precision", "recall"])

# %% grade_id="late" points=0 message="daily_quality has 4 rows" why="by the day on which the label came in" changes="wrong-3"
-    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
-    rows = []
-    for day, part in joined.groupby(joined['predicted_at'].dt.floor("D")):
+    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='left')
+    rows = []
+    for day, part in joined.groupby(joined['known_at'].dt.floor("D")):

# %% grade_id="late" points=5 message="on 2 December, coverage is 1.0" why="knows the future" changes="wrong-3"
-    known = labels[labels["known_at"] <= now].sort_values("known_at").drop_duplicates("trip_id", keep="last")
-    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
+    known = labels.sort_values("known_at").drop_duplicates("trip_id", keep="last")
+    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='left')

# %% grade_id="late" points=5 message="on 1 December, precision is 1.0" why="takes the first label instead of the correction" changes="wrong-3"
-    known = labels[labels["known_at"] <= now].sort_values("known_at").drop_duplicates("trip_id", keep="last")
-    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
+    known = labels[labels["known_at"] <= now].sort_values("known_at").drop_duplicates("trip_id")
+    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='left')

# %% grade_id="late" points=0 message="on 2 December, precision is" why="takes a bike without a label for a sound one"
def daily_quality(predictions, labels, now):
    known = labels[labels["known_at"] <= now].sort_values("known_at").drop_duplicates("trip_id", keep="last")
    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='left')
    rows = []
    for day, part in joined.groupby(joined['predicted_at'].dt.floor("D")):
        coverage = part["needs_repair"].notna().mean()
        truth = part.fillna({"needs_repair": 0})
        precision = truth.loc[truth["alarm"] == 1, "needs_repair"].mean()
        recall = truth.loc[truth["needs_repair"] == 1, "alarm"].mean()

        rows.append((day, len(part), coverage, precision, recall))
    return pd.DataFrame(rows, columns=["day", "predictions", "coverage", "precision", "recall"])

# %% grade_id="late" points=9 message="In another log" why="takes the last row of the table for the newest label: passes what is visible" changes="wrong-3"
-    known = labels[labels["known_at"] <= now].sort_values("known_at").drop_duplicates("trip_id", keep="last")
-    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
+    known = labels[labels["known_at"] <= now].drop_duplicates("trip_id", keep="last")
+    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='left')

# %% grade_id="late" points=9 message="0.95 is enough" why="wants more than 0.95: passes what is visible" changes="wrong-3"
-    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
+    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='left')
@@
-        if coverage < 0.95:
+        if coverage <= 0.95:

# %% grade_id="late" points=9 message="however little" why="rounds the coverage, so that 18 of 19 are enough: passes what is visible" changes="wrong-3"
-    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
+    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='left')
@@
-        if coverage < 0.95:
+        if round(coverage, 2) < 0.95:

# %% grade_id="late" points=9 message="In a log with days without" why="writes 0 where there is nothing to divide by: passes what is visible" changes="wrong-3"
-    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
+    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='left')
@@
-        if coverage < 0.95:
-            precision = recall = math.nan
+        precision, recall = (math.nan if coverage < 0.95 else 0.0 if value != value else value for value in (precision, recall))

# %% grade_id="late" points=9 message="no day on which a prediction had been made by then" why="keeps predictions from after the moment: passes what is visible" changes="wrong-3"
-    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
+    joined = predictions.merge(known, on="trip_id", how='left')

# %% grade_id="late" points=5 message="on 1 December, predictions is 4" why="counts corrections as further predictions" changes="wrong-3"
-    known = labels[labels["known_at"] <= now].sort_values("known_at").drop_duplicates("trip_id", keep="last")
-    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='inner')
+    known = labels[labels["known_at"] <= now]
+    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how='left')

# %% grade_id="metrics" points=18 why="another style: edges by hand, and one dictionary of samples" name="right-1"
HAND = [0.02, 0.025, 0.03, 0.037, 0.046, 0.057, 0.07, 0.085, 0.105, 0.13, 0.16, 0.2, 0.24, 0.3, 0.37, 0.46, 0.57, 0.7, 0.87, 1.05, 1.3, 1.6, 2.0]


class Metrics:
    def __init__(self, registry):
        self.requests = Counter("repair_alarm_requests_total", "Requests answered", ["status"], registry=registry)
        self.seconds = Histogram("repair_alarm_seconds", "Time to the answer", registry=registry, buckets=HAND)
        self.missing = Counter("repair_alarm_missing_inputs_total", "Missing inputs", ["column"], registry=registry)
        self.queue = Gauge("repair_alarm_bikes_waiting", "Bikes waiting", registry=registry)

    def answered(self, trip, status, seconds):
        self.requests.labels(status).inc()
        self.seconds.observe(seconds)
        for name in NUMBERS:
            if trip[name] is None:
                self.missing.labels(name).inc()

    def waiting(self, bikes):
        self.queue.set(bikes)


def all_samples(page):
    """Return the samples of a page by name and labels."""
    found = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found[sample.name, frozenset(sample.labels.items())] = sample.value
    return found


def read_scrapes(first, second, seconds):
    old, new = all_samples(first), all_samples(second)
    requests = failed = 0.0
    buckets = {}
    for key, value in new.items():
        name, labels = key[0], dict(key[1])
        grown = value - old.get(key, 0) if value >= old.get(key, 0) else value
        if name == "repair_alarm_requests_total":
            requests += grown
            failed += grown if labels["status"] >= "500" else 0
        if name == "repair_alarm_seconds_bucket":
            buckets[float(labels["le"])] = buckets.get(float(labels["le"]), 0.0) + grown
    p95, edge_before, below = math.nan, 0.0, 0.0
    for edge in sorted(buckets):
        if requests and buckets[edge] >= 0.95 * buckets[math.inf]:
            p95 = edge_before
            if edge < math.inf:
                p95 += (edge - edge_before) * (0.95 * buckets[math.inf] - below) / (buckets[edge] - below)
            break
        edge_before, below = edge, buckets[edge]
    return {"requests_per_second": requests / seconds, "failed_share": failed / requests if requests else None, "p95_seconds": p95}

# %% grade_id="metrics" points=18 why="another style: pages read by regular expressions into a table, numpy for the quantile, children prepared beforehand"
class Metrics:
    def __init__(self, registry):
        names = ["repair_alarm_requests", "repair_alarm_missing_inputs", "repair_alarm_bikes_waiting", "repair_alarm_seconds"]
        self.by_status = Counter(names[0], "Answers", labelnames=("status",), registry=registry)
        by_column = Counter(names[1], "Gaps", labelnames=("column",), registry=registry)
        self.gaps = {name: by_column.labels(column=name) for name in NUMBERS}
        self.queue = Gauge(names[2], "Bikes", registry=registry)
        ratio = 1.25
        edges = [0.3 * ratio**power for power in range(-12, 9)]
        self.time = Histogram(names[3], "Seconds", buckets=tuple(edges), registry=registry)

    def answered(self, trip, status, seconds):
        self.by_status.labels(status=status).inc()
        self.time.observe(seconds)
        for name, counter in self.gaps.items():
            counter.inc(trip[name] is None)

    def waiting(self, bikes):
        self.queue.set(bikes)


def as_series(page):
    lines = [line for line in page.splitlines() if line and not line.startswith("#") and "_created" not in line]
    return pd.Series({line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}, dtype=float)


def read_scrapes(first, second, seconds):
    new, old = as_series(second), as_series(first)
    old = old.reindex(new.index).fillna(0)
    grown = (new - old).where(new >= old, new)
    requests = grown[grown.index.str.startswith("repair_alarm_requests_total")]
    failed = requests[requests.index.str.contains(r'status="5')]
    buckets = grown[grown.index.str.startswith("repair_alarm_seconds_bucket")]
    edge = buckets.index.str.extract(r'le="([^"]+)"', expand=False).astype(float)
    cumulative = buckets.groupby(edge).sum().sort_index()
    n = requests.sum()
    if n == 0:
        return dict(requests_per_second=0.0, failed_share=float("nan"), p95_seconds=float("nan"))
    finite = cumulative[np.isfinite(cumulative.index)]
    place = int((finite < 0.95 * cumulative.iloc[-1]).sum())
    if place == len(finite):
        p95 = finite.index[-1]
    else:
        edges, counts = np.r_[0, finite.index], np.r_[0, finite]
        p95 = np.interp(0.95 * cumulative.iloc[-1], counts[place : place + 2], edges[place : place + 2])
    return dict(requests_per_second=n / seconds, failed_share=failed.sum() / n, p95_seconds=p95)

# %% grade_id="metrics" points=13 message="a label or a metric grows with riders or trips" why="counts the riders by a label, in a metric of its own: passes what is visible" changes="right-1"
         self.queue = Gauge("repair_alarm_bikes_waiting", "Bikes waiting", registry=registry)
+        self.riders = Counter("repair_alarm_rider_requests", "Requests of a rider", ["rider_id"], registry=registry)
@@
                 self.missing.labels(name).inc()
+        self.riders.labels(trip["rider_id"]).inc()

# %% grade_id="metrics" points=9 message="Each once, in seconds?" why="times in milliseconds: passes what is visible" changes="right-1"
-HAND = [0.02, 0.025, 0.03, 0.037, 0.046, 0.057, 0.07, 0.085, 0.105, 0.13, 0.16, 0.2, 0.24, 0.3, 0.37, 0.46, 0.57, 0.7, 0.87, 1.05, 1.3, 1.6, 2.0]
+HAND = [10, 20, 30, 50, 80, 120, 200, 300, 400, 600, 900, 1300, 2000]
@@
-        self.seconds.observe(seconds)
+        self.seconds.observe(1000 * seconds)

# %% grade_id="metrics" points=14 message="No edge of the histogram is at 0.3 s" why="the client's own buckets: passes what is visible" changes="right-1"
-HAND = [0.02, 0.025, 0.03, 0.037, 0.046, 0.057, 0.07, 0.085, 0.105, 0.13, 0.16, 0.2, 0.24, 0.3, 0.37, 0.46, 0.57, 0.7, 0.87, 1.05, 1.3, 1.6, 2.0]
-
-
@@
-        self.seconds = Histogram("repair_alarm_seconds", "Time to the answer", registry=registry, buckets=HAND)
+        self.seconds = Histogram("repair_alarm_seconds", "Time to the answer", registry=registry)

# %% grade_id="metrics" points=14 message="which is off by more than 25 %" why="equal ratios, and too few of them: passes what is visible" changes="right-1"
-HAND = [0.02, 0.025, 0.03, 0.037, 0.046, 0.057, 0.07, 0.085, 0.105, 0.13, 0.16, 0.2, 0.24, 0.3, 0.37, 0.46, 0.57, 0.7, 0.87, 1.05, 1.3, 1.6, 2.0]
+HAND = sorted([*np.geomspace(0.02, 2.0, 11), 0.3])

# %% grade_id="metrics" points=14 message="expected at most 25" why="as many buckets as it takes: passes what is visible" changes="right-1"
-HAND = [0.02, 0.025, 0.03, 0.037, 0.046, 0.057, 0.07, 0.085, 0.105, 0.13, 0.16, 0.2, 0.24, 0.3, 0.37, 0.46, 0.57, 0.7, 0.87, 1.05, 1.3, 1.6, 2.0]
+HAND = sorted({0.3, *np.geomspace(0.005, 4, 60).round(4).tolist()})

# %% grade_id="metrics" points=13 message="whatever the status" why="counts gaps only in requests that were answered well: passes what is visible" changes="right-1"
-        for name in NUMBERS:
-            if trip[name] is None:
-                self.missing.labels(name).inc()
+        if status == 200:
+            for name in NUMBERS:
+                if trip[name] is None:
+                    self.missing.labels(name).inc()

# %% grade_id="metrics" points=13 message="None is missing" why="takes 0 for a missing value: passes what is visible" changes="right-1"
-            if trip[name] is None:
+            if not trip[name]:

# %% grade_id="metrics" points=8 message="the page should say: repair_alarm_bikes_waiting 12.0" why="a gauge that is added to" changes="right-1"
-        self.queue.set(bikes)
+        self.queue.inc(bikes)

# %% grade_id="metrics" points=9 message="8 requests were answered" why="reads the value of the second page instead of the increase" changes="right-1"
-        grown = value - old.get(key, 0) if value >= old.get(key, 0) else value
+        grown = value

# %% grade_id="metrics" points=14 message="an instance was restarted between the scrapes" why="knows no restart: passes what is visible" changes="right-1"
-        grown = value - old.get(key, 0) if value >= old.get(key, 0) else value
+        grown = value - old.get(key, 0)

# %% grade_id="metrics" points=9 message="p95 is 0.225 s" why="the upper edge of the bucket, without interpolation" changes="right-1"
-            p95 = edge_before
-            if edge < math.inf:
-                p95 += (edge - edge_before) * (0.95 * buckets[math.inf] - below) / (buckets[edge] - below)
+            p95 = edge

# %% grade_id="metrics" points=14 message="longer than the highest edge" why="interpolates to infinity: passes what is visible" changes="right-1"
-            p95 = edge_before
-            if edge < math.inf:
-                p95 += (edge - edge_before) * (0.95 * buckets[math.inf] - below) / (buckets[edge] - below)
+            p95 = edge_before + (edge - edge_before) * (0.95 * buckets[math.inf] - below) / (buckets[edge] - below)

# %% grade_id="metrics" points=14 message="a status appears that was not on the first page" why="knows 500 alone as a failure: passes what is visible" changes="right-1"
-            failed += grown if labels["status"] >= "500" else 0
+            failed += grown if labels["status"] == "500" else 0

# %% grade_id="reference" points=12 why="another style: the same week and its neighbours, of each year before, in a loop"
def choose_reference(history, week):
    parts = []
    for years in range(1, 4):
        centre = week - years * pd.Timedelta(days=364)
        near = (history["week"] - centre).abs() <= pd.Timedelta(days=7)
        parts.append(history[near & (history["incident"] == False)])  # noqa: E712
    return pd.concat(parts)

# %% grade_id="reference" points=12 why="another style: the newest earlier year whose week was sound"
def choose_reference(history, week):
    for years in range(1, 4):
        monday = week - pd.DateOffset(days=364 * years)
        rows = history.query("week == @monday and not incident")
        if len(rows) >= 100:
            return rows
    return rows

# %% grade_id="reference" points=12 why="another style: the calendar's week of all years before"
def choose_reference(history, week):
    before = history[history["week"] < week - pd.Timedelta(weeks=26)]
    same = before["week"].dt.isocalendar().week == pd.Timestamp(week).isocalendar().week
    return before.loc[same & ~before["incident"].astype(bool)]

# %% grade_id="reference" points=0 message="weeks alarm, expected at most 5" why="Cy's: the last month"
def choose_reference(history, week):
    return history[(history["week"] < week) & (history["week"] >= week - pd.Timedelta(weeks=4)) & ~history["incident"]]

# %% grade_id="reference" points=8 message="a market comes each year" why="last year's weeks, and Cy's last month where they are an incident: passes what is visible"
def choose_reference(history, week):
    near = (history["week"] - (week - pd.Timedelta(weeks=52))).abs() <= pd.Timedelta(weeks=1)
    rows = history[near & ~history["incident"]]
    if len(rows) < 100:
        rows = history[(history["week"] < week) & (history["week"] >= week - pd.Timedelta(weeks=4)) & ~history["incident"]]
    return rows

# %% grade_id="reference" points=8 message="Does the reference slip along?" why="the newest sound week: few alarms, and it slips along; passes what is visible"
def choose_reference(history, week):
    sound = history[(history["week"] < week) & ~history["incident"]]
    return sound[sound["week"] == sound["week"].max()]

# %% grade_id="reference" points=8 message="rows that were known to be wrong" why="the same week of last year, incidents included: passes what is visible"
def choose_reference(history, week):
    return history[history["week"] == week - pd.Timedelta(weeks=52)]

# %% grade_id="reference" points=8 message="go further back" why="the same week of last year, or nothing: passes what is visible"
def choose_reference(history, week):
    return history[(history["week"] == week - pd.Timedelta(weeks=52)) & ~history["incident"]]

# %% grade_id="reference" points=4 message="rows of the week itself or of later ones" why="the same month of all years, this one included"
def choose_reference(history, week):
    return history[(history["week"].dt.month == week.month) & ~history["incident"]]

# %% grade_id="reference" points=4 message="weeks alarm, expected at most 5" why="the same quarter of earlier years: too wide"
def choose_reference(history, week):
    return history[(history["week"] < week - pd.Timedelta(weeks=26)) & (history["week"].dt.quarter == week.quarter) & ~history["incident"]]

# %% grade_id="fifty" points=12 why="another style: Holm's step-down procedure"
def weekly_alarm(current, reference):
    values = {name: ks_2samp(current[name].dropna(), reference[name].dropna()).pvalue for name in current}
    named = set()
    for rank, (name, value) in enumerate(sorted(values.items(), key=lambda item: item[1])):
        if value > 0.05 / (len(values) - rank):
            break
        named.add(name)
    return named

# %% grade_id="fifty" points=12 why="another style: Benjamini and Hochberg's rule from scipy"
from scipy.stats import false_discovery_control


def weekly_alarm(current, reference):
    values = np.array([ks_2samp(current[name], reference[name], nan_policy="omit").pvalue for name in current.columns])
    return current.columns[false_discovery_control(values) < 0.05].tolist()

# %% grade_id="fifty" points=4 message="how often is at least one test wrong?" why="Cy's: 5 % for each column"
def weekly_alarm(current, reference):
    return [name for name in current if ks_2samp(current[name].dropna(), reference[name].dropna()).pvalue < 0.05]

# %% grade_id="fifty" points=4 message="and weekly_alarm names []" why="an alarm if half of the columns have drifted, as Evidently's preset has it"
def weekly_alarm(current, reference):
    drifted = [name for name in current if ks_2samp(current[name].dropna(), reference[name].dropna()).pvalue < 0.05]
    return drifted if len(drifted) >= 0.5 * len(current.columns) else []

# %% grade_id="fifty" points=8 message="has missing values and has shifted" why="Bonferroni, but a column with a missing value has no p-value: passes what is visible"
def weekly_alarm(current, reference):
    return [name for name in current if ks_2samp(current[name], reference[name]).pvalue < 0.05 / 50]

# %% grade_id="fifty" points=8 message="for more than its mean?" why="Bonferroni with a test of the mean: blind to a wider spread, and passes what is visible"
def weekly_alarm(current, reference):
    limit, named = 0.05 / len(current.columns), []
    for name in current.columns:
        now, before = current[name].dropna(), reference[name].dropna()
        z = (now.mean() - before.mean()) / math.sqrt(now.var() / len(now) + before.var() / len(before))
        if math.erfc(abs(z) / math.sqrt(2)) < limit:
            named.append(name)
    return named

# %% grade_id="fifty" points=8 message="however many rows there are" why="fixed limits that were tried out on 300 rows: passes what is visible"
def weekly_alarm(current, reference):
    named = []
    for name in current:
        now, before = current[name].dropna(), reference[name].dropna()
        if abs(now.mean() - before.mean()) > 0.5 * before.std() or now.std() > 1.7 * before.std():
            named.append(name)
    return named

# %% grade_id="fifty" points=4 message="and weekly_alarm names []" why="never alarms"
def weekly_alarm(current, reference):
    return []

# %% grade_id="rules" points=10 why="another style: narrower windows, shorter patience, products instead of quotients" name="right-1"
rules = """
groups:
  - name: repair-alarm
    rules:
      - alert: Failing
        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
        for: 6m
        labels: {severity: page}
        annotations:
          summary: "Failing"
          runbook_url: "https://wiki.metro-bikes.example/Failing"
      - alert: Down
        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
        for: 3m
        labels: {severity: page}
        annotations:
          summary: "Down"
          runbook_url: "https://wiki.metro-bikes.example/Down"
      - alert: Pressures
        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
        for: 6m
        labels: {severity: ticket}
        annotations:
          summary: "Pressures"
          runbook_url: "https://wiki.metro-bikes.example/Pressures"
"""
Path("rules.yml").write_text(rules)

# %% grade_id="rules" points=10 why="another style: made from Python's dictionaries, with a recorded series, the outage told by absence"
import yaml


def alert(name, expr, patience, severity):
    notes = {"summary": name, "description": expr, "runbook_url": f"https://wiki.metro-bikes.example/{name.lower()}"}
    return {"alert": name, "expr": expr, "for": patience, "labels": {"severity": severity, "tier": 1}, "annotations": notes}


total = "job:repair_alarm_requests:rate3m"
share = "sum without (instance, status, column) (rate(%s[3m])) / ignoring (status) " + total + " > 0.15"
made = [
    {"record": total, "expr": "sum without (instance, status) (rate(repair_alarm_requests_total[3m]))"},
    alert("AnswersFail", share % 'repair_alarm_requests_total{status!~"2..|4.."}', "7m", "page"),
    alert("Gone", 'absent(up{job="repair-alarm"} == 1) and on () vector(1)', "4m", "page"),
    alert("SensorsSilent", share % 'repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}', "7m", "ticket"),
    alert("OneGone", "avg(avg_over_time(up[5m] offset 30s)) < 0.9", "10m", "ticket"),
]
groups = [{"name": "ml", "interval": "30s", "limit": 10, "rules": made[:1]}, {"name": "ml-alerts", "rules": made[1:]}]
with open("rules.yml", "w") as file:
    yaml.safe_dump({"groups": groups}, file, sort_keys=False)

# %% grade_id="rules" points=0 message="fires when nothing is wrong" why="a limit just above the usual failures of one day" changes="right-1"
-        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
-        for: 6m
+        expr: sum(rate(repair_alarm_requests_total{status="500"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.003
+        for: 8m
@@
-        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
-        for: 3m
+        expr: sum(up) == 0
+        for: 5m
@@
-        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
-        for: 6m
+        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m

# %% grade_id="rules" points=3 message="with 'down' no alert of severity page fires" why="names one instance by its address of yesterday" changes="right-1"
-        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
-        for: 6m
+        expr: sum(rate(repair_alarm_requests_total{status=~"5.."}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m
@@
-        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
-        for: 3m
+        expr: up{instance="10.0.0.4:8000"} == 0
+        for: 5m
@@
-        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
-        for: 6m
+        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m

# %% grade_id="rules" points=7 message="With 'refused'" why="the app's mistakes wake Bo: passes what is visible" changes="right-1"
-        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
-        for: 6m
+        expr: sum(rate(repair_alarm_requests_total{status!="200"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.35
+        for: 8m
@@
-        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
-        for: 3m
+        expr: sum(up) == 0
+        for: 5m
@@
-        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
-        for: 6m
+        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m

# %% grade_id="rules" points=7 message="A window keeps a blip alive" why="a window of five minutes and for: 5m let a blip fire: passes what is visible" changes="right-1"
-        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
-        for: 6m
+        expr: sum(rate(repair_alarm_requests_total{status=~"5.."}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 5m
@@
-        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
-        for: 3m
+        expr: sum(up) == 0
+        for: 5m
@@
-        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
-        for: 6m
+        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m

# %% grade_id="rules" points=3 message="With 'quiet errors'" why="a number of errors a second instead of a share: passes what is visible" changes="right-1"
-        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
-        for: 6m
+        expr: sum(rate(repair_alarm_requests_total{status=~"5.."}[5m])) > 0.5
+        for: 8m
@@
-        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
-        for: 3m
+        expr: sum(up) == 0
+        for: 5m
@@
-        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
-        for: 6m
+        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m

# %% grade_id="rules" points=0 message="fires when nothing is wrong" why="each series divided by its own twin" changes="right-1"
-        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
-        for: 6m
+        expr: rate(repair_alarm_requests_total{status="500"}[5m]) / rate(repair_alarm_requests_total[5m]) > 0.1
+        for: 8m
@@
-        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
-        for: 3m
+        expr: sum(up) == 0
+        for: 5m
@@
-        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
-        for: 6m
+        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m

# %% grade_id="rules" points=3 message="no alert of severity page fires within 15 minutes" why="waits for twenty minutes" changes="right-1"
-        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
-        for: 6m
+        expr: sum(rate(repair_alarm_requests_total{status=~"5.."}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 20m
@@
-        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
-        for: 3m
+        expr: sum(up) == 0
+        for: 20m
@@
-        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
-        for: 6m
+        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m

# %% grade_id="rules" points=7 message="With 'blip of down'" why="wakes someone at once when the service cannot be reached: passes what is visible" changes="right-1"
-        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
-        for: 6m
+        expr: sum(rate(repair_alarm_requests_total{status=~"5.."}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m
@@
-        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
-        for: 3m
+        expr: sum(up) == 0
+        for: 1m
@@
-        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
-        for: 6m
+        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m

# %% grade_id="rules" points=3 message="With 'sensor' no alert of severity ticket fired" why="wakes someone for the sensors: passes what is visible" changes="right-1"
-        expr: sum(rate(repair_alarm_requests_total{status="500"}[2m])) > 0.25 * sum(rate(repair_alarm_requests_total[2m]))
-        for: 6m
+        expr: sum(rate(repair_alarm_requests_total{status=~"5.."}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m
@@
-        expr: max by (job) (max_over_time(up{job="repair-alarm"}[2m])) == bool 0 > 0
-        for: 3m
+        expr: sum(up) == 0
+        for: 5m
@@
-        expr: sum(increase(repair_alarm_missing_inputs_total{column=~"tyre.*"}[2m])) / sum(increase(repair_alarm_requests_total[2m])) >= 0.2
-        for: 6m
-        labels: {severity: ticket}
+        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
+        for: 8m
+        labels: {severity: page}

# %% grade_id="rules" points=7 message="and no address" why="no runbook" name="wrong-12"
rules = """
groups:
  - name: repair-alarm
    rules:
      - alert: Failing
        expr: sum(rate(repair_alarm_requests_total{status=~"5.."}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
        for: 8m
        labels: {severity: page}
        annotations:
          summary: "Failing"
          runbook_url: "TODO"
      - alert: Down
        expr: sum(up) == 0
        for: 5m
        labels: {severity: page}
        annotations:
          summary: "Down"
          runbook_url: "https://wiki.metro-bikes.example/Down"
      - alert: Pressures
        expr: sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m])) / sum(rate(repair_alarm_requests_total[5m])) > 0.1
        for: 8m
        labels: {severity: ticket}
        annotations:
          summary: "Pressures"
          runbook_url: "https://wiki.metro-bikes.example/Pressures"
"""
Path("rules.yml").write_text(rules)

# %% grade_id="rules" points=7 message="With 'one down'" why="wakes someone where one of two instances is gone: passes what is visible" changes="wrong-12"
-          runbook_url: "TODO"
-      - alert: Down
-        expr: sum(up) == 0
+          runbook_url: "https://wiki.metro-bikes.example/Failing"
+      - alert: Down
+        expr: up{job="repair-alarm"} == 0
