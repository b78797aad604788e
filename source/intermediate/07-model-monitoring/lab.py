# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: intermediate
#     minutes: 140
#     outcomes:
#     - Write a report on data and drift with Evidently whose every value can be computed again by hand
#     - Find broken sensors that a default hides, and measure a model's quality although labels come late
#     - Publish metrics for Prometheus with the right types, labels and buckets, and read rates and percentiles from two scrapes
#     - Choose a reference and a limit so that alarms are rare when nothing is wrong and sure when something is
#     - Write alerting rules that wake someone for an outage and not for a blip, with a runbook
#     prerequisites:
#     - why-models-fail
#     roadmap: Model monitoring
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: model-monitoring
#     terms:
#       drift: "A change in the distribution of data or of predictions between two stretches of time. It may harm a model or not."
#       data definition: "In Evidently, what says which columns are numbers, categories, targets or predictions."
#       Wasserstein distance: "How far, on average, values must be moved to turn one distribution into another; divided by a standard deviation it has no unit."
#       Jensen–Shannon distance: "A distance between two distributions over categories, from their shares: 0 for equal ones."
#       sentinel: "A value such as -1 or 999 that stands for a missing one."
#       precision: "The share of the alarms that were right."
#       recall: "The share of the cases to be found that were found."
#       coverage: "Here: the share of the predictions whose label is known by now."
#       Prometheus: "A program that fetches numbers from services every few seconds, stores them and evaluates rules on them."
#       scrape: "To fetch a service's page of metrics, as Prometheus does."
#       counter: "A metric that only grows, and begins again at 0 when its process restarts: read its increase, not its value."
#       gauge: "A metric that goes up and down, such as a length or a temperature."
#       histogram: "In Prometheus, a metric that counts observations up to each of some edges, its buckets."
#       cardinality: "The number of different label values of a metric. Each combination is a time series of its own, and costs memory."
#       p95: "The value that 95 % of the observations do not exceed."
#       family-wise false-alarm rate: "How often at least one of many tests alarms although nothing is wrong."
#       alerting rule: "A condition on metrics, and how long it must hold, after which someone is told."
#       runbook: "What to do when an alert fires, written for someone who was asleep a minute ago."
#     title: Model monitoring
#     tools:
#     - Evidently
#     - Prometheus metrics
#     - scipy
# ---

# %% [markdown]
# # Model monitoring
#
# ## Why this matters
#
# Monday 8 December 2025, Metro Bikes. In the mailbox of Noor, who leads the team, is a folder named *drift*. It holds hundreds of mails since August, one a morning for each column that alarms, all with the subject "DRIFT DETECTED". She has not opened one of the last hundred. "Every December", says Cy, whose program writes them. "And in March. And when it rains."
#
# At nine Rosa, who runs the workshop, comes up the stairs. For three weeks riders have been stranded with flat tyres, and always at the same stations. "Your *repair alarm* had called all of these bikes sound." The repair alarm is the model that says, after each trip, whether a van should fetch the bike. Its page is green. It answers each request within a blink. And on the page with its inputs nothing is missing.
#
# So this team has monitoring, a lot of it. It cries when nothing is wrong, and says nothing when something is. Nobody listens to it any more, and they are right. **An alarm is worth what happens after it.** A false alarm costs more than a look: it costs the next, true one.
#
# Today you build it anew, with Cy, with Ada and with Bo, who is on call: a report that can be checked, a look at what the sensors *really* send, a figure for quality that waits for its labels, numbers that a machine can scrape, references and limits that have been measured, and at the end a rule that wakes Bo at night, and a page that tells him what to do.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `watch.py`, the team's module: it reads tables, and `prepare` is what the service does with a trip before the model sees it. Read it down to `distance`.
# - `september.csv` and `week.csv`: what the app and the docks sent, a row a trip, in September, when all was well, and in the week of 1 December. Distances are in km, heights in m, pressures in bar, times in UTC.
# - `predictions.csv` and `labels.csv`: what the alarm said of 2,000 trips since 27 October, and what the workshop found since.
# - `scraping.py`, a small page of metrics and its reader, and `alerting.py`, which evaluates alerting rules. They come in Parts 4 and 7.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
import re
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import MissingValueCount, RowCount, ValueDrift
from evidently.presets import DataDriftPreset
from IPython.display import Image
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families
from scipy.spatial.distance import jensenshannon
from scipy.stats import fisher_exact, ks_2samp

from alerting import KINDS, RuleError, firings, play, read_rules
from scraping import scrape, serving
from watch import CATEGORIES, INPUTS, METHODS, NUMBERS, a_city, alarms, distance, fifty_columns, prepare, read_table, report_table

notebook_started = time.time()
september, week = read_table("september.csv"), read_table("week.csv")
predictions, labels = read_table("predictions.csv"), read_table("labels.csv")
print(f"{len(september)} trips of September, {len(week)} of last week; {len(predictions)} predictions, {len(labels)} labels")
week.head(3)

# %% [markdown]
# ## Part 1 · A report that you can check
#
# **Drift** is a change in the distribution of data between two stretches of time: here between September, the *reference*, and last week, the *current* data. Evidently is a library that measures it, with dozens of methods, and draws pages of it. A report is a list of metrics; one runs it on the two tables, current first. This is Cy's:

# %%
for rows in (len(week), 900):
    run = Report([ValueDrift(column=name) for name in INPUTS]).run(week.head(rows), september.head(rows))
    Path("cys.json").write_text(run.json())
    print(f"{rows} rows of each table:")
    print(report_table("cys.json").drop(columns="metric").round(4).to_string(index=False), "\n")

# %% [markdown]
# Look at `method`. Up to 1,000 rows of the reference Evidently compares numbers by a Kolmogorov–Smirnov test, and the value is a *p-value*: **small** means drift. Above that it takes a distance, and **large** means drift. So whoever exchanges a long reference for a short one measures with another yardstick, and a line that shows "the drift value" of both shows nothing. And station 40 is
# not twice as much as station 20: `end_station_id` is a name, but looks like a number, so it was treated as one.
#
# Two measures against it. A **data definition** says which columns are numbers and which are categories:
#
# ```python
# definition = DataDefinition(numerical_columns=[…], categorical_columns=[…])
# current = Dataset.from_pandas(table, data_definition=definition)
# ```
#
# And method and threshold are *pinned*: `ValueDrift(column="climb_m", method="psi", threshold=0.2)`. The team has agreed on two, they are in `METHODS`:
#
# - for numbers the **Wasserstein distance**, `"wasserstein"`: how far the values must be moved on average to turn one distribution into the other, in standard deviations of the reference. Drift from 0.1 on.
# - for categories the **Jensen–Shannon distance**, `"jensenshannon"`, from the categories' shares. Drift from 0.15 on.
#
# (`DataDriftPreset` bundles a `ValueDrift` for each column, and takes methods and thresholds as well.)
#
# Both distances are in scipy, so that everyone can compute each number again. A report whose numbers nobody can compute again is a picture.
#
# **In older tutorials** you find `from evidently.report import Report`, `TestSuite`, `ColumnMapping` and `metric_preset`. That was Evidently up to 0.6; in 0.7 it has moved to `evidently.legacy`. A `ColumnMapping` is a `DataDefinition` now, a test suite is `Report(…, include_tests=True)`, and `run` takes `(current, reference)` and returns the result instead of keeping it.
#
# ### Exercise 1 — The weekly report
# *Difficulty ●●○ · about 14 minutes*
#
# Write `weekly_report(current, reference, path)`. It runs a report on two tables such as `week` and `september` and saves it as JSON at `path` (`run.save_json(path)`; a page for people, by `save_html`, would be 3.7 MB). The report has
#
# - `RowCount`, and `MissingValueCount` for each of `INPUTS`,
# - `ValueDrift` for each of `INPUTS`, with the method and threshold of `METHODS`, whatever the size of the tables. The four `NUMBERS` are numbers, the two `CATEGORIES` are categories.
#
# It may hold more. A column that has no value at all in one of the two tables, whichever, cannot be compared: Evidently then stops, and the whole report is lost, on the very day when a sensor is dead. Leave out the drift of such a column, and of no other, however few values it has.
#
# It returns the names of the columns to look at (as list, tuple or set): those whose drift value is at or above the threshold, and those that could not be compared.
#
# Done means: every number in the file is what scipy gives, for weeks with 300 trips and with 3,000, and for one in which a sensor is dead.
#
# (A fixed threshold fits weeks of a certain size. We drew weeks of 300 trips from September itself, and compared them with September: by chance alone some column was at its threshold in nearly every second draw. With 1,100 trips it was so in one draw of a hundred. Part 6 comes back to that.)
#
# <details><summary>Hint 1</summary>Begin with one metric, save it, and look at it with <code>report_table</code>. Which column is compared by which method is a matter of two loops. Which columns have values you know before you run anything.</details>
# <details><summary>Hint 2</summary>Wrap both tables with <code>Dataset.from_pandas</code> and the same definition. After saving, <code>report_table(path)</code> has for each ValueDrift its value and its threshold. It cannot know of the columns that you left out. To find those, <code>notna()</code> on both tables.</details>


# %% nbgrader={"grade": false, "grade_id": "report", "locked": false, "schema_version": 3, "solution": true, "task": false}
def weekly_report(current, reference, path):
    """Save Evidently's report on the two tables as JSON, and return the columns to look at."""
    ### BEGIN SOLUTION
    comparable = [name for name in INPUTS if current[name].notna().any() and reference[name].notna().any()]
    definition = DataDefinition(numerical_columns=NUMBERS, categorical_columns=CATEGORIES)
    metrics = [RowCount(), *(MissingValueCount(column=name) for name in INPUTS)]
    for name in comparable:
        method, threshold = METHODS["numbers" if name in NUMBERS else "categories"]
        metrics.append(ValueDrift(column=name, method=method, threshold=threshold))
    now, before = (Dataset.from_pandas(table, data_definition=definition) for table in (current, reference))
    Report(metrics).run(now, before).save_json(str(path))
    table = report_table(path)
    drift = table[table["metric"] == "ValueDrift"]
    return [*drift.loc[drift["value"] >= drift["threshold"], "column"], *(name for name in INPUTS if name not in comparable)]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-report", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
Path("report.json").unlink(missing_ok=True)
named = weekly_report(week, september, "report.json")
assert Path("report.json").exists(), 'weekly_report(week, september, "report.json") left no file report.json: save what run returns with save_json.'
assert Path("report.json").read_text().lstrip().startswith("{"), "report.json is no JSON: save the run with save_json, not as a page."
saved = report_table("report.json")
assert {"RowCount", "MissingValueCount", "ValueDrift"} <= set(saved["metric"]), (
    f"report.json has the metrics {sorted(set(saved['metric']))}, expected RowCount, MissingValueCount and ValueDrift."
)
blanks = saved[saved["metric"] == "MissingValueCount"].set_index("column")["value"]
drifts = saved[saved["metric"] == "ValueDrift"].set_index("column")
assert set(INPUTS) <= set(blanks.index), f"MissingValueCount is there for {sorted(blanks.index)}, expected all six of INPUTS."
assert set(INPUTS) <= set(drifts.index), f"ValueDrift is there for {sorted(drifts.index)}, expected all six of INPUTS."
assert blanks["tyre_pressure_bar"] == week["tyre_pressure_bar"].isna().sum(), (
    f"report.json counts {blanks['tyre_pressure_bar']:g} missing pressures, and week has {week['tyre_pressure_bar'].isna().sum()}. Is week the current table, and as it came in?"
)
for name in NUMBERS:
    by_scipy = distance(week[name].dropna(), september[name].dropna())
    assert math.isclose(drifts.loc[name, "value"], by_scipy, rel_tol=1e-6), (
        f"The drift of {name} in report.json is {drifts.loc[name, 'value']:.5f}, and by scipy's Wasserstein distance {by_scipy:.5f}. Which table comes first, and which method is it?"
    )
for name in CATEGORIES:
    parts = week[name].value_counts(normalize=True).align(september[name].value_counts(normalize=True), fill_value=0)
    assert math.isclose(drifts.loc[name, "value"], jensenshannon(*parts), rel_tol=1e-6), (
        f"The drift of {name} in report.json is {drifts.loc[name, 'value']:.5f}, and by scipy's Jensen–Shannon distance of the shares {jensenshannon(*parts):.5f}. Does the data definition call it a category?"
    )
assert set(named) == {"climb_m"}, f"weekly_report names {sorted(named)}, expected climb_m alone: its drift is 0.101, its threshold 0.1."

# %% nbgrader={"grade": true, "grade_id": "judge-report", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: weekly_report on other weeks, with 320 and with 1,500 trips. Each number in the file is compared with scipy's.
### BEGIN HIDDEN TESTS
import tempfile

from judgekit import fresh
from judging import draw_inputs, true_names, wrong_report
from watch import report_table

rng = fresh(1)
with tempfile.TemporaryDirectory(prefix="judge-", dir=".") as folder:
    for rows, before in [(320, 560), (1500, 1100)]:
        now = draw_inputs(rng, rows, shift={"distance_km": 0.6}, ebikes=0.6)
        then = draw_inputs(rng, before)
        path = f"{folder}/report-{rows}.json"
        try:
            said = weekly_report(now, then, path)
        except Exception as error:
            raise AssertionError(f"On a week of {rows} trips weekly_report stopped with {type(error).__name__}: {error}") from None
        try:
            table = report_table(path)
        except (OSError, ValueError, KeyError) as error:
            raise AssertionError(f"On a week of {rows} trips the report cannot be read: {type(error).__name__}: {error}") from None
        wrong = wrong_report(table, now, then)
        assert not wrong, f"In the report on a week of {rows} trips, {wrong}."
        assert set(said) == true_names(now, then), (
            f"On a week of {rows} trips weekly_report names {sorted(set(said))}, expected {sorted(true_names(now, then))}: those whose drift is at or above its threshold."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-report-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: weekly_report on a week in which a sensor sent nothing at all, another one three values, and a column of the reference is empty.
### BEGIN HIDDEN TESTS
import tempfile

import numpy as np
from judgekit import fresh
from judging import draw_inputs, true_names, wrong_report
from watch import report_table

rng = fresh(2)
now, then = draw_inputs(rng, 700, shift={"climb_m": -0.5}), draw_inputs(rng, 900)
now["tyre_pressure_bar"] = then["km_since_service"] = np.nan
now.loc[now.index[3:], "distance_km"] = np.nan
where = "On a week without any tyre pressure, against a reference without any km_since_service"
with tempfile.TemporaryDirectory(prefix="judge-", dir=".") as folder:
    path = f"{folder}/report.json"
    try:
        said = weekly_report(now, then, path)
        table = report_table(path)
    except Exception as error:
        raise AssertionError(
            f"{where}, there is no report: {type(error).__name__}: {error}. Leave out the drift of those two columns alone."
        ) from None
    wrong = wrong_report(table, now, then, dead=["tyre_pressure_bar", "km_since_service"])
    assert not wrong, f"{where}, and with three distances, this is wrong in the report: {wrong}."
    expected = true_names(now, then)
    assert set(said) == expected, (
        f"{where}, weekly_report names {sorted(set(said))}, expected {sorted(expected)}: a column that cannot be compared is to be looked at, and so is each at or above its threshold."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · The sensor that nobody missed
#
# Your report on last week names one column, `climb_m`, by a hair's breadth: in winter fewer people ride down to the harbour for pleasure. Rosa's flat tyres are not in it. Or are they? Read it once more, not the drift this time:

# %% tags=["uses-answers"]
saved[saved["metric"] == "MissingValueCount"]

# %% [markdown]
# And here is the team's page with the inputs of the same week, on which nothing is missing:

# %%
pd.DataFrame(
    {
        "mean in September": prepare(september)[NUMBERS].mean(),
        "mean last week": prepare(week)[NUMBERS].mean(),
        "missing last week": prepare(week)[NUMBERS].isna().sum(),
    }
).round(2)

# %% [markdown]
# It looks at the table *after* `prepare`: as the model gets it, which sounded sensible. `prepare` replaces a missing pressure by the default of 3.5 bar, and that is what a sound tyre has. So a third of the bikes have had perfect tyres for three weeks. The mean is as ever, and the count of missing values is 0 **whatever happens**: on this page it can never be anything else. (The drift value would see something: it is 0.25 on the repaired
# tables, and 0.07 on the pressures that really came. But that is one more mail in the folder, and does not say what to mend.)
#
# **Monitor what came in, before anything repairs it.** And even that is not enough. Some docks send a default of their own: −1, 0, or the last value before they died, again and again. Such a stand-in is called a **sentinel** if everyone knows it, and a nasty surprise if not. You can tell it by its being *one* value: measured numbers repeat, but none of them takes a tenth of the rows overnight.
#
# ### Exercise 2 — What the sensors really sent
# *Difficulty ●●○ · about 14 minutes*
#
# Write `broken_inputs(raw, reference)`. Both are tables with a column `sensor_group`, whose dock sensors were used, and columns of measurements: all others. It returns the names of those that are broken in `raw`. A measurement is broken if, **in the rows of some sensor group**,
#
# - the share of missing values is at least 5 percentage points higher than in the rows of that group in the reference; or
# - some single value, whichever, has a share that is at least 10 percentage points higher than its share there.
#
# A share is one of rows, those with missing values included. Judge only groups that have **at least 100 rows in both tables**. (Of fewer rows nothing can be said by fixed points. We drew 20 rows from a group of September and compared them with the rest of that group: some column was called broken in four draws of ten. With 100 rows it was so in none of 300.)
#
# And not all rows together: if more bikes than before end at docks that always had gaps, there are more gaps, and nothing is broken.
#
# Done means: in other weeks it finds what is missing and what was filled in, also where only one group is concerned. It says nothing of a column that has always had gaps, of rain, which is 0 in most hours, of longer trips or colder tyres.
#
# <details><summary>Hint 1</summary>Write a function for one column of two sets of rows. Then call it for each group. The usual share of gaps, and of zeros, is in the reference: subtract it.</details>
# <details><summary>Hint 2</summary><code>value_counts()</code> counts all values at once; divide by the right number. A stand-in need not be the most frequent value, and it may be one that the reference has not: <code>.sub(…, fill_value=0)</code> subtracts two series also where one of them has a gap.</details>


# %% nbgrader={"grade": false, "grade_id": "broken", "locked": false, "schema_version": 3, "solution": true, "task": false}
def broken_inputs(raw, reference):
    """Return the measurements that are missing, or filled with one value, more often than in the reference."""
    ### BEGIN SOLUTION
    found = set()
    for group in raw["sensor_group"].unique():
        now, before = (table[table["sensor_group"] == group] for table in (raw, reference))
        if min(len(now), len(before)) < 100:
            continue
        for name in raw.columns.drop("sensor_group"):
            more_missing = now[name].isna().mean() - before[name].isna().mean()
            shares = [part[name].value_counts() / len(part) for part in (now, before)]
            more_of_one = shares[0].sub(shares[1].reindex(shares[0].index, fill_value=0)).max()
            if more_missing >= 0.05 or more_of_one >= 0.1:
                found.add(name)
    return found
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-broken", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
sent, sent_before = (table[["sensor_group", *NUMBERS]] for table in (week, september))
named = set(broken_inputs(sent, sent_before))
assert "tyre_pressure_bar" in named, f"broken_inputs names {sorted(named)} in last week's table, where a third of the pressures is missing."
assert set(named) == {"tyre_pressure_bar"}, f"broken_inputs names {sorted(named)}, and in last week's table only tyre_pressure_bar is broken."
named = broken_inputs(sent_before.iloc[750:], sent_before.iloc[:750])
assert not set(named), f"broken_inputs names {sorted(named)}, comparing two halves of September, in which all sensors worked."
named = broken_inputs(sent.assign(tyre_pressure_bar=sent["tyre_pressure_bar"].fillna(-1.0)), sent_before)
assert set(named) == {"tyre_pressure_bar"}, (
    f"The docks of group C send -1 instead of nothing, and broken_inputs names {sorted(named)}, expected tyre_pressure_bar: one value has a third of the rows."
)

# %% nbgrader={"grade": true, "grade_id": "judge-broken", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: broken_inputs on weeks in which values are missing: everywhere, in one small group, in one that is too small, or as often as ever.
### BEGIN HIDDEN TESTS
import numpy as np
from judgekit import fresh
from judging import draw_sensors, put, with_group

rng = fresh(3)
before = draw_sensors(rng, 1500)
mixed = draw_sensors(rng, 1500, always=0), draw_sensors(rng, 1100, always=0, shares=(0.25, 0.3, 0.45))
for table in mixed:
    put(table, rng, "light_lux", np.nan, 0.4, "C")
for what, expected, holes, (week, then) in [
    ("nothing is broken, and light_lux has the gaps that it always had", set(), [], (draw_sensors(rng, 1100), before)),
    ("one pressure in twelve is missing everywhere", {"tyre_pressure_bar"}, [("tyre_pressure_bar", 0.083, None)], (draw_sensors(rng, 1100), before)),
    (
        "a quarter of the distances of the smallest sensor group is missing",
        {"distance_km"},
        [("distance_km", 0.25, "C")],
        (draw_sensors(rng, 1100), before),
    ),
    (
        "a sensor is dead and another one has more gaps than before",
        {"tyre_pressure_bar", "rain_mm"},
        [("tyre_pressure_bar", 1.0, None), ("rain_mm", 0.12, None)],
        (draw_sensors(rng, 1100), before),
    ),
    ("the trips are longer and the tyres colder than in the reference", set(), [], (draw_sensors(rng, 1100, shift=0.6), before)),
    ("more bikes than before ended at docks of group C, whose light_lux always had gaps", set(), [], (mixed[1], mixed[0])),
    (
        "4 of the 20 pressures of group D are missing, and 20 rows are too few to tell",
        set(),
        [("tyre_pressure_bar", 0.2, "D")],
        (with_group(draw_sensors(rng, 1100), rng, "D", 20), with_group(before, rng, "D", 30)),
    ),
    ("the reference has no group E", set(), [], (with_group(draw_sensors(rng, 1100), rng, "E", 120), before)),
]:
    for name, share, group in holes:
        put(week, rng, name, np.nan, share, group)
    try:
        said = set(broken_inputs(week, then))
    except Exception as error:
        raise AssertionError(f"Where {what}, broken_inputs stopped with {type(error).__name__}: {error}") from None
    assert said == expected, f"In another week {what}: broken_inputs names {sorted(said)}, expected {sorted(expected)}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-broken-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: broken_inputs on weeks in which a value stands in for missing ones: any value, everywhere or in one group.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import draw_sensors, put

rng = fresh(4)
before = draw_sensors(rng, 1600)
odd = round(float(rng.uniform(390, 410)), 1)
for what, expected, holes, week, then in [
    ("3.5 bar stands in for a third of the pressures of group A", {"tyre_pressure_bar"}, [("tyre_pressure_bar", 3.5, 0.33, "A")], {}, {}),
    (f"a light sensor repeats its last value, {odd}, in 15 of 100 rows", {"light_lux"}, [("light_lux", odd, 0.15, None)], {}, {}),
    ("-1 stands in for a fifth of the rain of group A, and 0 is still more frequent", {"rain_mm"}, [("rain_mm", -1.0, 0.2, "A")], {}, {}),
    ("it rained a little less, and more hours than before have 0 mm", set(), [], {"rain": 0.65}, {}),
    (
        "it was dark (0) in 27 of 100 rows, in the reference in 20, and half of the rows of light_lux never had a value",
        set(),
        [],
        {"always": 0.5, "dark": 0.27},
        {"always": 0.5, "dark": 0.2},
    ),
    (
        "-1 stands in for distances of the smallest group, 0 for pressures of another",
        {"distance_km", "tyre_pressure_bar"},
        [("distance_km", -1.0, 0.2, "C"), ("tyre_pressure_bar", 0.0, 0.3, "B")],
        {},
        {},
    ),
]:
    week, then = draw_sensors(rng, 1200, **week), draw_sensors(rng, 1600, **then) if then else before
    for name, value, share, group in holes:
        put(week, rng, name, value, share, group)
    try:
        said = set(broken_inputs(week, then))
    except Exception as error:
        raise AssertionError(f"Where {what}, broken_inputs stopped with {type(error).__name__}: {error}") from None
    assert said == expected, f"In another week {what}: broken_inputs names {sorted(said)}, expected {sorted(expected)}."
### END HIDDEN TESTS

# %% [markdown]
# What is the right thing to do with a missing pressure? That is another question: fill it in, refuse the trip, or ask a model that needs none. Whatever it is, count it first.

# %% [markdown]
# ## Part 3 · Labels that come late
#
# "Did it do harm?", asks Noor. To answer that one needs *labels*: what the workshop found. Two figures are usual. **Precision** is the share of the alarms that were right: of the bikes that were fetched, those in need of repair. **Recall** is the share of the bikes in need of repair that the alarm found. Here is Bo's chart of it, as a table, week by week, computed on each label that there is:

# %%
newest = labels.sort_values("known_at").drop_duplicates("trip_id", keep="last")
bos = predictions.merge(newest, on="trip_id")
weeks = bos["predicted_at"].dt.strftime("week %V")
pd.DataFrame(
    {
        "labels": weeks.value_counts().sort_index(),
        "recall": bos[bos["needs_repair"] == 1].groupby(weeks)["alarm"].mean().round(2),
    }
).T

# %% [markdown]
# "It fell, and last week it recovered by itself", says Bo. It did not. A bike for which the alarm rings is fetched and looked at within two days. Any other is looked at at its next inspection, after three to ten days. So the first labels of a week are those of *alarms*: nearly all broken bikes that one knows of by then are those that the alarm found. **The newest labels are no sample. They come in the order
# in which the model itself sends them.** A metric on what has arrived so far always looks good at the end of the chart, just where one looks.
#
# The remedy is patience that can be measured: **coverage**, the share of a day's predictions whose label is known. Where it is too low, the honest figure is "not yet".
#
# ### Exercise 3 — Not yet
# *Difficulty ●●○ · about 14 minutes*
#
# Write `daily_quality(predictions, labels, now)`. It returns a table with a row for each day (in UTC) on which a prediction was made, in order, with the columns
#
# - `day`, as text, date or time (or as the index);
# - `predictions`, how many were made that day, and `coverage`, the share of them whose label was known at `now`;
# - `precision` and `recall` of that day's predictions, over those with a label. Where coverage, unrounded, is below 0.95 both are `NaN`; and so is one without anything to divide by.
#
# You will be asked about moments of the past, and both tables may hold what came later. A label that came in after `now` is not known yet. A prediction made after `now` does not exist yet, and counts nowhere. The workshop sometimes corrects itself. Then a trip has several labels, and the newest known one counts. Labels of trips that are not among the predictions do not matter.
#
# Done means: it gives the right figures for this small log, which you can count in your head, and for others.


# %% nbgrader={"grade": false, "grade_id": "small-log", "locked": true, "schema_version": 3, "solution": false, "task": false}
def at(text):
    """Return a moment of December 2025, in UTC, from a text such as '3 14:00'."""
    day, clock = text.split()
    return pd.Timestamp(f"2025-12-{int(day):02} {clock}", tz="UTC")


small_predictions = pd.DataFrame(
    [(1, at("1 00:00"), 1), (2, at("1 12:00"), 0), (3, at("1 23:59"), 1), (4, at("2 09:00"), 1), (5, at("2 10:00"), 0), (6, at("3 08:00"), 0)],
    columns=["trip_id", "predicted_at", "alarm"],
)
small_labels = pd.DataFrame(
    [(1, 1, at("2 15:00")), (3, 1, at("2 17:00")), (2, 1, at("6 12:00")), (4, 1, at("3 09:00")), (3, 0, at("4 11:00")), (5, 1, at("9 10:00"))],
    columns=["trip_id", "needs_repair", "known_at"],
)
small_labels

# %% [markdown]
# On 8 December all three labels of 1 December are known: two alarms, one of them right (trip 3 was corrected), and one of two broken bikes found. Of 2 December one label of two is known, of 3 December none.
#
# <details><summary>Hint 1</summary>First the labels: those known at <code>now</code>, the newest of each trip. Then join them to <em>all</em> predictions, so that those without a label stay: they are the denominator of the coverage. A missing label is neither broken nor sound.</details>
# <details><summary>Hint 2</summary>A <code>merge</code> with <code>how="left"</code> leaves <code>NaN</code> where there is no label; <code>dt.floor("D")</code> gives a time's day. Precision and recall have the same numerator and different denominators, and a share of an empty selection, by <code>.mean()</code>, is <code>NaN</code> already.</details>


# %% nbgrader={"grade": false, "grade_id": "late", "locked": false, "schema_version": 3, "solution": true, "task": false}
def daily_quality(predictions, labels, now):
    """Return predictions, coverage, precision and recall by day of prediction, as known at `now`."""
    ### BEGIN SOLUTION
    known = labels[labels["known_at"] <= now].sort_values("known_at", kind="stable").drop_duplicates("trip_id", keep="last")
    joined = predictions[predictions["predicted_at"] <= now].merge(known, on="trip_id", how="left")
    rows = []
    for day, part in joined.groupby(joined["predicted_at"].dt.floor("D")):
        coverage = part["needs_repair"].notna().mean()
        enough = part if coverage >= 0.95 else part.iloc[:0]
        precision = (enough.loc[(enough["alarm"] == 1) & enough["needs_repair"].notna(), "needs_repair"] == 1).mean()
        recall = (enough.loc[enough["needs_repair"] == 1, "alarm"] == 1).mean()
        rows.append((day, len(part), coverage, precision, recall))
    return pd.DataFrame(rows, columns=["day", "predictions", "coverage", "precision", "recall"])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-late", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
small = daily_quality(small_predictions, small_labels, at("8 08:00"))
assert {"predictions", "coverage", "precision", "recall"} <= set(small.columns), (
    f"daily_quality's columns are {list(small.columns)}, expected predictions, coverage, precision and recall beside the day."
)
assert len(small) == 3, f"The small log has predictions on three days, and daily_quality has {len(small)} rows."
for number, (day, expected) in enumerate({"1 December": (3, 1, 0.5, 0.5), "2 December": (2, 0.5, None, None), "3 December": (1, 0, None, None)}.items()):
    for name, right in zip(["predictions", "coverage", "precision", "recall"], expected):
        has = small[name].iloc[number]
        assert (pd.isna(has) if right is None else abs(float(has) - right) < 1e-6), (
            f"In the small log, on {day}, {name} is {has}, expected {'NaN, for too few labels are known' if right is None else right}."
        )
quality = daily_quality(predictions, labels, at("8 08:00"))
assert len(quality) == 42 and quality["predictions"].sum() == len(predictions), (
    f"daily_quality has {len(quality)} days and {quality['predictions'].sum()} predictions, expected 42 days and {len(predictions)}."
)

# %% nbgrader={"grade": true, "grade_id": "judge-late", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: daily_quality on other logs, at moments after which further predictions and labels came in, with corrections.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import draw_moment, true_quality, wrong_quality

rng = fresh(5)
for days in (16, 11, 13):
    asked, found, now = draw_moment(rng, days)
    try:
        said = daily_quality(asked, found, now)
    except Exception as error:
        raise AssertionError(f"On another log daily_quality stopped with {type(error).__name__}: {error}") from None
    wrong = wrong_quality(said, true_quality(asked, found, now))
    assert not wrong, (
        f"In another log, asked about {now:%Y-%m-%d %H:%M}: {wrong}. A day is the day of the prediction; a label counts once it is known, and the newest known one of a trip; what came after the moment changes nothing."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-late-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: daily_quality where a day has no label, no alarm or no broken bike, where coverage is 0.95 or hardly less, and where labels of strangers are about.
### BEGIN HIDDEN TESTS
import numpy as np
import pandas as pd
from judgekit import fresh
from judging import DAY, HOUR, SECOND, true_quality, wrong_quality

rng = fresh(6)
start = pd.Timestamp("2026-04-06", tz="UTC") + int(rng.integers(0, 90)) * DAY
rows, found = [], []
days = [("usual", 20, 20), ("usual", 19, 20), ("usual", 18, 20), ("usual", 18, 19), ("no alarm", 20, 20), ("no broken", 20, 20), ("usual", 0, 20), ("usual", 20, 20)]
for day, (what, known, made) in enumerate(days):
    for number in range(made):
        trip = 100 * day + number + 1
        alarm = int(what != "no alarm" and number in (0, 3, 5, 6, 9))
        rows.append((trip, start + day * DAY + number * HOUR + int(rng.integers(0, 3600)) * SECOND, alarm))
        if number < known:
            broken = int(what != "no broken" and number in (0, 1, 3, 8, 9, 12))
            found.append((trip, broken, start + (8 + day) * DAY + int(rng.integers(0, 3600)) * SECOND))
found += [(9000 + number, 1, start + 9 * DAY) for number in range(30)]
asked = pd.DataFrame(rows, columns=["trip_id", "predicted_at", "alarm"]).sample(frac=1, random_state=int(rng.integers(2**31)))
found = pd.DataFrame(found, columns=["trip_id", "needs_repair", "known_at"]).sample(frac=1, random_state=int(rng.integers(2**31)))
try:
    said = daily_quality(asked, found, start + 20 * DAY)
except Exception as error:
    raise AssertionError(f"On a log with odd days daily_quality stopped with {type(error).__name__}: {error}") from None
wrong = wrong_quality(said, true_quality(asked, found, start + 20 * DAY))
assert not wrong, (
    f"In a log with days without a label, an alarm or a broken bike, and with labels of strange trips: {wrong}. Below 0.95 is not yet, however little; 0.95 is enough; and nothing is divided by nothing."
)
### END HIDDEN TESTS

# %% [markdown]
# Draw it: recall over the last seven days, by Bo's way and by yours, with the coverage below.

# %% tags=["uses-answers"]
quality.index = pd.to_datetime(quality.get("day", quality.index), utc=True)
found_by_day = bos[bos["needs_repair"] == 1].groupby(bos["predicted_at"].dt.floor("D"))["alarm"].agg(["sum", "count"])
found_by_day = found_by_day.reindex(quality.index, fill_value=0)
over_a_week = found_by_day.rolling(7).sum()
naive = over_a_week["sum"] / over_a_week["count"]
honest = naive.where(quality["coverage"].rolling(7).min() >= 0.95)
fig, axes = plt.subplots(2, 1, figsize=(8, 5), sharex=True, height_ratios=[2, 1])
axes[0].plot(naive, "o:", ms=3, color="tab:gray", label="on all labels so far")
axes[0].plot(honest, "s-", ms=4, color="tab:blue", label="on days with a coverage of 0.95 or more")
axes[0].axvline(pd.Timestamp("2025-11-17", tz="UTC"), color="black", ls="--", lw=1)
axes[0].annotate("sensors of group C fall silent", (pd.Timestamp("2025-11-17", tz="UTC"), 0.92), xytext=(4, 0), textcoords="offset points")
axes[0].set(ylabel="recall over 7 days (share)", ylim=(0, 1), title="What was found of what was broken")
axes[0].legend(loc="lower left")
axes[1].bar(quality.index, quality["coverage"], width=0.8, color="tab:gray")
axes[1].axhline(0.95, color="black", lw=1)
axes[1].set(xlabel="day of the prediction (2025, UTC)", ylabel="coverage (share)", ylim=(0, 1.05))
fig.autofmt_xdate()
fig.savefig("recall.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "recall.png",
    alt="Two charts over the days from 27 October to 7 December. Above, the recall over seven days falls after 17 November; on all labels so far it rises again in December, while the line of days with enough labels ends in late November. Below, the coverage is 1 until late November and falls to 0 by 7 December.",
)

# %% [markdown]
# Read it: when could Bo have known, and when can you say whether December is better? And is the fall of your line more than chance? Count, on the days with enough labels:

# %% tags=["uses-answers"]
def found_of_broken(group):
    """Return the group's counts before the sensors fell silent and since, and how often chance alone makes such a difference."""
    before, since = (group.loc[part, "alarm"] for part in (group["predicted_at"] < "2025-11-17", group["predicted_at"] >= "2025-11-17"))
    p = fisher_exact([[part.sum(), (1 - part).sum()] for part in (before, since)]).pvalue
    return f"{before.sum()} of {len(before)}", f"{since.sum()} of {len(since)}", f"{p:.2f}"


covered_days = quality.index[quality["coverage"] >= 0.95]
broken_bikes = bos[(bos["needs_repair"] == 1) & bos["predicted_at"].dt.floor("D").isin(covered_days)]
in_c = broken_bikes["sensor_group"] == "C"
pd.DataFrame(
    {"all groups": found_of_broken(broken_bikes), "group C": found_of_broken(broken_bikes[in_c]), "groups A and B": found_of_broken(broken_bikes[~in_c])},
    index=["found before 17 November", "found since", "p (Fisher's exact test)"],
)

# %% [markdown]
# <details><summary>What we see</summary>The grey line recovers in December, where coverage falls: that is the illusion. Your line stops, and for December it says what is true: not yet. Your line falls, but over all groups 32 of 58 after 73 of 109 may be chance: a difference like it comes up in 18 of 100 cases in which nothing has changed. The fault, however, is known to lie in group C, and there it is 3 of 12 after 22 of 35, with p = 0.04; in groups A
# and B it is 29 of 46 after 51 of 74. That is a hint, and no proof: 12 bikes are few. So say the counts beside each share, and look where the fault is instead of at the average of all. Of all trips of these weeks, 15,000 and not 2,000, one could tell. And quality speaks two weeks late. It is no substitute for watching the inputs, which speak at once. One needs both.</details>

# %% [markdown]
# ## Part 4 · Numbers that a machine fetches
#
# A weekly report is for people. For minutes there is **Prometheus**: a program that fetches a page of numbers from each service every few seconds, stores them, and evaluates rules on them. To fetch the page is to **scrape** it. The page is plain text, and the library `prometheus_client` writes it. A metric has a type:
#
# - A **counter** only grows: requests answered. Its *value* means nothing, for it begins again at 0 when the process restarts; its *increase* between two scrapes is what one reads. Its name ends in `_total`.
# - A **gauge** goes up and down: bikes that wait for the workshop.
# - A **histogram** counts observations up to each of some edges, its *buckets*: of the answers, so many took up to 0.1 s, so many up to 0.3 s … From its buckets one reads shares and percentiles, of all instances together.
#
# A metric may have *labels*, such as `status`. Each combination of label values is a time series of its own in Prometheus' memory; their number is the metric's **cardinality**. This is Ada's attempt:


# %% nbgrader={"grade": false, "grade_id": "adas-metrics", "locked": true, "schema_version": 3, "solution": false, "task": false}
class AdasMetrics:
    """Ada's metrics of the repair alarm."""

    def __init__(self, registry):
        self.number = Gauge("requests", "Number of requests", ["rider_id", "status"], registry=registry)
        self.time = Histogram("latency", "Latency in ms", registry=registry)
        self.queue = Counter("bikes_waiting", "Bikes", registry=registry)

    def answered(self, trip, status, seconds):
        self.number.labels(trip["rider_id"], status).set(1)
        self.time.observe(1000 * seconds)

    def waiting(self, bikes):
        self.queue.inc(bikes)


def scrape_twice(before, between, kind=None):
    """Serve your Metrics (or another kind) over HTTP and scrape them after each of two lists of events. Return the two pages."""
    registry, pages = CollectorRegistry(), []
    metrics = (kind or Metrics)(registry)
    with serving(registry) as address:
        for events in (before, between):
            for name, *values in events:
                getattr(metrics, name)(*values)
            pages.append(scrape(address))
    return pages


def a_trip(number, **inputs):
    """Return a trip, as the app sends it."""
    own = {"trip_id": 7000 + number, "rider_id": 300 + number, "end_station_id": 5}
    return own | {"distance_km": 2.5, "climb_m": 4, "km_since_service": 120.0, "tyre_pressure_bar": 3.4} | inputs


morning = [("answered", a_trip(n), 200, 0.04) for n in range(8)] + [("waiting", 30)]
noon = [("answered", a_trip(20 + n, tyre_pressure_bar=None), 200, 0.05) for n in range(6)]
noon += [("answered", a_trip(30, distance_km=None), 422, 0.004), ("answered", a_trip(31), 500, 1.9), ("waiting", 12)]

# %%
page = scrape_twice(morning, noon, AdasMetrics)[1]
print("\n".join(line for line in page.splitlines() if not line.startswith("# HELP") and "_created" not in line))

# %% [markdown]
# How many requests were there? It cannot be said. A rider's second request leaves no trace, and with each rider the page gets a line longer: a year's riders are a million series, and that has brought down many a Prometheus. The histogram's edges go to 10, which is meant in seconds, and its times are in milliseconds: all answers but one are in the last bucket. And 42 bikes are said to wait.
#
# The usual way: base units (seconds, not ms), the unit in the name, a prefix for the system, and labels only with few values that are known beforehand.
#
# A percentile from buckets is an estimate. **p95** is the value that 95 % of the observations do not exceed. Prometheus finds the bucket in which it lies, and assumes that the observations in it are spread evenly (*linear interpolation*): if 90 of 100 took up to 0.1 s and 98 up to 0.3 s, then p95 = 0.1 + (95 − 90) / (98 − 90) · 0.2 = 0.225 s. The first bucket begins at 0. In the last one, which has no end, it gives up
# and says the highest edge. So edges belong where the values are, close enough together, and one exactly where you have made a promise: what share of the answers took longer than 0.3 s is then no estimate.
#
# ### Exercise 4 — A page of metrics, and how to read it
# *Difficulty ●●● · about 22 minutes*
#
# (a) Write the class `Metrics`, with the methods that `AdasMetrics` has. It registers in `registry`:
#
# | name on the page | type | labels | what |
# |:--|:--|:--|:--|
# | `repair_alarm_requests_total` | counter | `status` | requests answered |
# | `repair_alarm_seconds` | histogram | none | seconds from request to answer |
# | `repair_alarm_missing_inputs_total` | counter | `column` | inputs that were missing (`None`; a climb of 0 m is a value) in a request, whatever its status; one for each of the four `NUMBERS` that is missing |
# | `repair_alarm_bikes_waiting` | gauge | none | bikes that wait now |
#
# `answered(trip, status, seconds)` is called once a request, `waiting(bikes)` with the number of bikes that wait. The histogram has **at most 25 edges** (each costs a series). One is at 0.3, for the team has promised 0.3 seconds. And p95 must be right to **within 25 %** by interpolation, wherever between 20 ms and 2 s it lies, and **however the answers are spread**: also where all that lie between two edges lie close to one of them. Add no other metric.
#
# (b) Write `read_scrapes(first, second, seconds)`. It gets two pages of such metrics, as text, scraped so many seconds apart, and returns a dictionary about the time *between* them, all instances together:
#
# - `"requests_per_second"`;
# - `"failed_share"`, the share of the requests with a status from 500 on;
# - `"p95_seconds"`, by linear interpolation, as Prometheus does it.
#
# The pages may carry a further label, `instance`, for there are several processes. If a series is smaller than before, its process was restarted and counts from 0. A series that is only on the second page began at 0. If there was no request, the first is 0, and the last two are `None` or `NaN`.
#
# Done means: after any morning and noon the page tells the truth, and does not grow with the number of riders; and you read any two pages right.
#
# <details><summary>Hint 1</summary>(a) What is a good distance between edges, if a value may lie anywhere between two of them 25 % is allowed, and the estimate may lie at the other end? Equal <em>steps</em> are too wide below or too many; think of equal <em>ratios</em>. (b) Compute the increase of each series first, and add afterwards; the other way round a restart gets lost.</details>
# <details><summary>Hint 2</summary>(a) <code>np.geomspace</code> gives equal ratios; <code>Histogram(…, buckets=…)</code> takes any increasing edges. (b) <code>text_string_to_metric_families(page)</code> gives families with <code>samples</code>, and a sample has <code>name</code>, <code>labels</code> and <code>value</code>. Keep them in a dictionary by name and <code>frozenset(labels.items())</code>. Buckets are samples named <code>repair_alarm_seconds_bucket</code>, with
# their edge as a text in the label <code>le</code>, and <code>float("+Inf")</code> works. They are cumulative: each counts all up to its edge.</details>


# %% nbgrader={"grade": false, "grade_id": "metrics", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
EDGES = sorted({0.3, *np.geomspace(0.02, 2, 22).round(4).tolist()})


class Metrics:
    """The repair alarm's metrics."""

    def __init__(self, registry):
        self.requests = Counter("repair_alarm_requests", "Requests answered", ["status"], registry=registry)
        self.seconds = Histogram("repair_alarm_seconds", "Seconds from request to answer", buckets=EDGES, registry=registry)
        self.missing = Counter("repair_alarm_missing_inputs", "Inputs that were missing", ["column"], registry=registry)
        self.bikes = Gauge("repair_alarm_bikes_waiting", "Bikes that wait for the workshop", registry=registry)

    def answered(self, trip, status, seconds):
        self.requests.labels(status=str(status)).inc()
        self.seconds.observe(seconds)
        for name in NUMBERS:
            if trip.get(name) is None:
                self.missing.labels(column=name).inc()

    def waiting(self, bikes):
        self.bikes.set(bikes)


def samples_of(page):
    """Return {(name, labels): value} of a page."""
    families = text_string_to_metric_families(page)
    return {(sample.name, frozenset(sample.labels.items())): sample.value for family in families for sample in family.samples}


def read_scrapes(first, second, seconds):
    """Return requests per second, the share that failed and p95 in seconds, between two pages."""
    before, requests, failed, buckets = samples_of(first), 0.0, 0.0, {}
    for (name, labels), value in samples_of(second).items():
        old = before.get((name, labels), 0.0)
        grown, labels = value - old if value >= old else value, dict(labels)
        if name == "repair_alarm_requests_total":
            requests += grown
            failed += grown if int(labels["status"]) >= 500 else 0
        elif name == "repair_alarm_seconds_bucket":
            edge = float(labels["le"])
            buckets[edge] = buckets.get(edge, 0.0) + grown
    p95, below, low = math.nan, 0.0, 0.0
    rank = 0.95 * buckets.get(math.inf, 0.0)
    for edge, count in sorted(buckets.items()):
        if rank > 0 and count >= rank:
            p95 = low if math.isinf(edge) else low + (edge - low) * (rank - below) / (count - below)
            break
        below, low = count, edge
    return {"requests_per_second": requests / seconds, "failed_share": failed / requests if requests else math.nan, "p95_seconds": p95}


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-metrics", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
pages = scrape_twice(morning, noon)
for name, kind in [("repair_alarm_requests", "counter"), ("repair_alarm_seconds", "histogram"), ("repair_alarm_bikes_waiting", "gauge")]:
    found = re.search(rf"^# TYPE {name}(?:_total)? (\w+)", pages[1], re.M)
    assert found, f"The page has no metric {name}."
    assert found[1] == kind, f"On the page, {name} is a {found[1]}, expected a {kind}."
for line in ['repair_alarm_requests_total{status="200"} 14.0', 'repair_alarm_missing_inputs_total{column="tyre_pressure_bar"} 6.0', "repair_alarm_bikes_waiting 12.0"]:
    assert line in pages[1], (
        f"After 16 requests, 14 of them with status 200 and 6 without a pressure, and with 12 bikes waiting at last, the page should say: {line}"
    )
told = read_scrapes(*pages, 60)
assert isinstance(told, dict) and {"requests_per_second", "failed_share", "p95_seconds"} <= set(told), (
    f"read_scrapes returned {told}, expected a dictionary with requests_per_second, failed_share and p95_seconds."
)
assert math.isclose(told["requests_per_second"], 8 / 60, rel_tol=1e-6), (
    f"Between the two scrapes, 60 seconds apart, 8 requests were answered: {8 / 60:.4f} a second, and read_scrapes says {told['requests_per_second']}."
)
assert math.isclose(told["failed_share"], 1 / 8, rel_tol=1e-6), f"One of the 8 requests failed with 500, and read_scrapes says {told['failed_share']}."
of_the_text = "\n".join(
    f'repair_alarm_seconds_bucket{{le="{edge}"}} {count}' for edge, count in [("0.1", 90.0), ("0.3", 98.0), ("1.0", 100.0), ("+Inf", 100.0)]
)
of_the_text = '# TYPE repair_alarm_requests_total counter\nrepair_alarm_requests_total{status="200"} 100.0\n# TYPE repair_alarm_seconds histogram\n' + of_the_text + "\n"
told = read_scrapes("", of_the_text, 60)
assert math.isclose(told["p95_seconds"], 0.225, rel_tol=1e-6), (
    f"For the example in the text, p95 is 0.225 s, and read_scrapes says {told['p95_seconds']}."
)

# %% nbgrader={"grade": true, "grade_id": "judge-metrics", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your Metrics, served over HTTP and scraped twice, while 300 riders ask.
### BEGIN HIDDEN TESTS
import math

from judgekit import fresh
from judging import draw_events, families

rng = fresh(7)
told = [draw_events(rng, n, rng.lognormal(-2, 0.8, n), start=start) for n, start in ((120, 0), (180, 500))]
queue = [int(rng.integers(40, 60)), int(rng.integers(3, 20))]
events = [[*part, ("waiting", number + 7), ("waiting", number)] for part, number in zip(told, queue)]
try:
    pages = [families(page) for page in scrape_twice(*events)]
except Exception as error:
    raise AssertionError(f"Served and scraped, your Metrics stopped with {type(error).__name__}: {error}") from None
kinds = {
    "repair_alarm_requests_total": ("counter", {"status"}),
    "repair_alarm_seconds_bucket": ("histogram", {"le"}),
    "repair_alarm_missing_inputs_total": ("counter", {"column"}),
    "repair_alarm_bikes_waiting": ("gauge", set()),
}
for name, (kind, names) in kinds.items():
    assert name in pages[1], f"After 300 requests the page has no {name}."
    assert pages[1][name][0] == kind, f"{name} is a {pages[1][name][0]}, expected a {kind}."
    found = {label for labels in pages[1][name][1] for label, _ in labels}
    assert found == names, f"The labels of {name} are {sorted(found)}, expected {sorted(names) or 'none'}."
series = [sum(len(values) for _, values in page.values()) for page in pages]
assert series[1] <= 150, f"After 300 riders the page has {series[1]} series, and with few riders it has a few dozen: a label or a metric grows with riders or trips."
for number, page in enumerate(pages):
    seen = [event for part in told[: number + 1] for event in part]
    statuses = {str(status): sum(1 for event in seen if event[2] == status) for _, _, status, _ in seen}
    counted = {dict(labels)["status"]: value for labels, value in page["repair_alarm_requests_total"][1].items()}
    assert counted == statuses, f"Scrape {number + 1} counts requests by status as {counted}, expected {statuses}."
    for name in ("distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"):
        gaps = sum(1 for event in seen if event[1][name] is None)
        has = page["repair_alarm_missing_inputs_total"][1].get(frozenset({("column", name)}), 0)
        assert has == gaps, f"Scrape {number + 1} counts {has:g} missing values of {name}, expected {gaps}: None is missing, whatever the status, and 0 is not."
    spent = sum(event[3] for event in seen)
    assert math.isclose(page["repair_alarm_seconds_sum"][1][frozenset()], spent, rel_tol=1e-6), (
        f"Scrape {number + 1}: the times add up to {page['repair_alarm_seconds_sum'][1][frozenset()]:.1f}, and the requests took {spent:.1f} seconds. Each once, in seconds?"
    )
    waits = page["repair_alarm_bikes_waiting"][1][frozenset()]
    assert waits == queue[number], f"Scrape {number + 1} says that {waits:g} bikes wait, and it is {queue[number]}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-metrics-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your histogram's edges: how many, whether 0.3 is among them, and how far p95 is off at worst, from 20 ms to 2 s.
### BEGIN HIDDEN TESTS
import itertools
import math

import numpy as np
from judgekit import fresh
from judging import draw_events, families, histogram_quantile

rng = fresh(8)
try:
    page = families(scrape_twice(draw_events(rng, 3, [0.1, 0.1, 0.1]), [])[1])
except Exception as error:
    raise AssertionError(f"Served and scraped, your Metrics stopped with {type(error).__name__}: {error}") from None
assert "repair_alarm_seconds_bucket" in page, "The page has no repair_alarm_seconds_bucket: repair_alarm_seconds must be a histogram."
edges = sorted({float(dict(labels)["le"]) for labels in page["repair_alarm_seconds_bucket"][1]})
finite = [edge for edge in edges if math.isfinite(edge)]
assert len(finite) <= 25, f"The histogram has {len(finite)} edges, expected at most 25."
assert any(math.isclose(edge, 0.3) for edge in finite), (
    f"No edge of the histogram is at 0.3 s, so nobody can tell how many answers kept the promise. The edges are {finite}."
)
tried = []  # (what 95 % took, how long 949 or 900 of 1,000 answers took, how many are before it)
for low, high in itertools.pairwise([0.0, *edges]):
    tried += [(max(low * 1.001, 0.0201), 900), (min(high, 2.0), 949)]
for truth, faster in tried:
    low = max([edge for edge in [0.0, *edges] if edge < truth])
    if not 0.02 < truth <= 2 or (low == 0 and faster == 949):
        continue
    times = np.repeat([0.9 * low or truth, truth, 60.0], [faster, 51, 949 - faster])
    estimate = histogram_quantile(0.95, {edge: float((times <= edge).sum()) for edge in edges})
    assert abs(estimate / truth - 1) <= 0.26, (
        f"Where {faster} of 1,000 answers took up to {times[0]:.3f} s and the next 51 took {truth:.3f} s, p95 is {truth:.3f} s, and your buckets say {estimate:.3f} s, which is off by more than 25 %. Which edges are around that value?"
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-metrics-3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: read_scrapes on pages of services with two instances: one restarted, a new status, a p95 beyond the last edge, and no request at all.
### BEGIN HIDDEN TESTS
import math

from judgekit import fresh
from judging import draw_pages, histogram_quantile

rng = fresh(9)
edges = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.3, 2.0]
for what, kind in [
    ("two instances, one much slower than the other", dict(requests=(600, 60))),
    ("an instance was restarted between the scrapes", dict(restarted=0)),
    ("a status appears that was not on the first page", dict(new_status=True)),
    ("most answers took longer than the highest edge", dict(slow=True)),
]:
    pages, (requests, failed, buckets) = draw_pages(rng, edges, **kind)
    expected = {"requests_per_second": requests / 45, "failed_share": failed / requests, "p95_seconds": histogram_quantile(0.95, buckets)}
    try:
        said = read_scrapes(*pages, 45)
    except Exception as error:
        raise AssertionError(f"On two pages ({what}) read_scrapes stopped with {type(error).__name__}: {error}") from None
    for name, right in expected.items():
        has = said.get(name)
        assert has is not None and math.isclose(has, right, rel_tol=1e-3), (
            f"On two pages ({what}), {name} is {has if has is None else round(has, 4)}, expected {right:.4f}."
        )
pages, _ = draw_pages(rng, edges)
try:
    said = read_scrapes(pages[1], pages[1], 45)
except Exception as error:
    raise AssertionError(f"On two pages without a request between them read_scrapes stopped with {type(error).__name__}: {error}") from None
assert said["requests_per_second"] == 0, f"Between two equal pages there was no request, and read_scrapes says {said['requests_per_second']} a second."
for name in ("failed_share", "p95_seconds"):
    assert said[name] is None or math.isnan(said[name]), f"Between two equal pages there was no request, and {name} is {said[name]}, expected None or NaN."
### END HIDDEN TESTS

# %% [markdown]
# Prometheus does (b) for you; in its language, PromQL, p95 over five minutes is `histogram_quantile(0.95, sum by (le) (rate(repair_alarm_seconds_bucket[5m])))`. Note the order: rates first, then the sum over instances, then the quantile. An average of two instances' p95 is the p95 of nothing. (One difference: of a series that is new in the window Prometheus misses the first increase.) Newer versions also know *native histograms*, whose edges are equal ratios chosen by the library; they are for you once all your tools can read them.
#
# The lines named `_created` on the page are the client's, and can be switched off.

# %% [markdown]
# ## Part 5 · Compared with what?
#
# Now the mails. Each morning Cy's program compares the last week with "the last month", the four weeks before it. `a_city` makes cities to practise on: four years of trips, 200 a week, with seasons, a quiet August and a Christmas market, and **nothing wrong** in the last year. (Their years have 52 weeks; a `week` is its Monday.) `alarms` compares two tables by the Wasserstein distance, and alarms from 0.4 standard deviations on. That limit was measured: with 200 rows against 600 drawn alike, the distance is about 0.1 by chance, and above 0.22 once in a hundred times; no year is quite like another, and against the same weeks of other years it is above 0.26 once in a hundred times; and a shift of half a standard
# deviation goes over 0.4 in nine weeks of ten. A year of Cy's:


# %% nbgrader={"grade": false, "grade_id": "a-year", "locked": true, "schema_version": 3, "solution": false, "task": false}
def a_year(history, choose=None):
    """Play the last 52 weeks with your reference (or another). Return for each its number, the columns that alarmed, and what the reference was like."""
    played = []
    for number, (week, current) in enumerate(list(history.groupby("week"))[-52:], 1):
        chosen = (choose or choose_reference)(history, week)
        late, wrong = int((chosen["week"] >= week).sum()), int(chosen["incident"].sum())
        names = alarms(current, chosen) if len(chosen) else []
        played.append({"number": number, "week": week, "alarms": names, "rows": len(chosen), "too_late": late, "incidents": wrong})
    return played


def last_month(history, week):
    """Return Cy's reference: the four weeks before."""
    return history[(history["week"] < week) & (history["week"] >= week - pd.Timedelta(weeks=4))]


calm = a_city(seed=1)

# %%
cys_year = a_year(calm, last_month)
print("alarms in weeks:", [entry["number"] for entry in cys_year if entry["alarms"]])

# %% [markdown]
# When the market opens, all is different from November. When it is over, all is different from December. Both happen each year. That is no news, and an alarm should be news.
#
# A reference is a *question*. "Is this week like the last ones?", "like the data that the model was trained on?", "like this time of the year?" are three, and none is right for all. A short rolling reference also has a blind spot on the other side: if something slips by a little every week, the reference slips along, and no alarm ever rings.
#
# ### Exercise 5 — Like this time of the year?
# *Difficulty ●●○ · about 12 minutes*
#
# Write `choose_reference(history, week)`. It returns the rows of `history` with which the week is to be compared. Done means, in cities that you have not seen, over their last year:
#
# - at least 100 rows for each week, and **only from weeks before it**;
# - no rows of an `incident`: weeks whose tables were known to be wrong. In some cities that is the whole end of the year before, market included;
# - at most 5 of 52 weeks alarm where nothing is wrong and after such an incident at most one in three of weeks 48 to 50, in which the market opens (the judge counts up to 7 of 52, and of 18, for chance);
# - a week that is really different is noticed, and so is a column that slips by a tenth of a standard deviation each week, by the time it is one standard deviation off.
#
# <details><summary>Hint 1</summary>What was like the third week of Advent? What is there in the table if the last one is marked as an incident?</details>
# <details><summary>Hint 2</summary>A year is 52 weeks here, so <code>week - pd.Timedelta(weeks=52)</code> is one Monday that may help. It may be an incident. What does this city have of the same time of the year besides? The last month is no way out: before the market opens it knows nothing of the market.</details>


# %% nbgrader={"grade": false, "grade_id": "reference", "locked": false, "schema_version": 3, "solution": true, "task": false}
def choose_reference(history, week):
    """Return the rows with which a week is to be compared."""
    ### BEGIN SOLUTION
    same_weeks = [week - pd.Timedelta(weeks=52 * years) for years in (1, 2, 3)]
    return history[history["week"].isin(same_weeks) & ~history["incident"]]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-reference", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
your_year = a_year(calm)
assert min(entry["rows"] for entry in your_year) >= 100, (
    f"In some week the reference has only {min(entry['rows'] for entry in your_year)} rows, expected at least 100."
)
assert not any(entry["too_late"] for entry in your_year), (
    "The reference has rows of the week itself or of later ones: on that Monday they cannot be known, or are what is to be judged."
)
rang = [entry["number"] for entry in your_year if entry["alarms"]]
assert len(rang) <= 5, f"In a year in which nothing was wrong, {len(rang)} weeks alarm, expected at most 5: weeks {rang}. With what are they compared?"

# %% nbgrader={"grade": true, "grade_id": "judge-reference", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: choose_reference in other cities in which nothing is wrong in the last year; in most of them the end of the year before was an incident.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from watch import a_city, alarms

rng, in_advent = fresh(10), []
for broken in (False, True):
    city = a_city(int(rng.integers(1, 10**6)), last_year_broken=broken)
    try:
        year = a_year(city)
    except Exception as error:
        raise AssertionError(f"In another city choose_reference stopped with {type(error).__name__}: {error}") from None
    where = "In a city with an incident at the end of the year before" if broken else "In another city"
    late, wrong = sum(entry["too_late"] for entry in year), sum(entry["incidents"] for entry in year)
    assert not late, f"{where}, references have {late} rows that are not from earlier weeks."
    assert not wrong, f"{where}, references have {wrong} rows that were known to be wrong."
    fewest = min(year, key=lambda entry: entry["rows"])
    assert fewest["rows"] >= 100, f"{where}, the reference of week {fewest['number']} has {fewest['rows']} rows, expected at least 100: go further back."
    rang = [entry["number"] for entry in year if entry["alarms"]]
    assert len(rang) <= 7, f"{where}, {len(rang)} of 52 weeks alarm although nothing is wrong: weeks {rang}."
    in_advent += [bool(entry["alarms"]) for entry in year[-5:-2]] if broken else []
for _ in range(5):
    city = a_city(int(rng.integers(1, 10**6)), last_year_broken=True)
    in_advent += [bool(alarms(rows, choose_reference(city, monday))) for monday, rows in list(city.groupby("week"))[-5:-2]]
assert sum(in_advent) <= 7, (
    f"In six cities with an incident at the end of the year before, {sum(in_advent)} of the 18 weeks from 48 to 50 alarm, expected 6 at most (7, for chance): a market comes each year. With what are these weeks compared, if not with the last ones of their kind that were sound?"
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-reference-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: choose_reference in a city in which single weeks are different, and in one where a column slips a little each week.
### BEGIN HIDDEN TESTS
import numpy as np
import pandas as pd
from judgekit import fresh
from judging import plant
from watch import a_city

rng = fresh(11)
city = a_city(int(rng.integers(1, 10**6)))
mondays = [pd.Timestamp(monday) for monday in sorted(city["week"].unique())[-52:]]
odd = [int(number) for number in rng.choice([8, 14, 20, 24, 40, 44], 3, replace=False)]
sudden = plant(city, [mondays[number - 1] for number in odd], "duration_min", [1.2, 1.2, 1.2])
first = int(rng.integers(9, 14))
slow = plant(city, mondays[first - 1 : first + 11], "distance_km", 0.1 * np.arange(1, 13))
try:
    years = [a_year(history) for history in (sudden, slow)]
except Exception as error:
    raise AssertionError(f"In another city choose_reference stopped with {type(error).__name__}: {error}") from None
unseen = [number for number in odd if "duration_min" not in years[0][number - 1]["alarms"]]
assert not unseen, f"In week {unseen[0]} of another city all trips took longer than ever, by more than a standard deviation, and nothing alarms."
rang = [entry["number"] for entry in years[1][first + 8 : first + 11] if "distance_km" in entry["alarms"]]
assert len(rang) == 3, (
    f"In another city the distances grow by a tenth of a standard deviation each week for twelve weeks, and of the last three of them, one standard deviation off and more, {len(rang)} alarm, expected all. Does the reference slip along?"
)
### END HIDDEN TESTS

# %% tags=["uses-answers"]
print("Cy's:  alarms in weeks", [entry["number"] for entry in cys_year if entry["alarms"]])
print("yours: alarms in weeks", [entry["number"] for entry in your_year if entry["alarms"]])

# %% [markdown]
# It has a price: it needs years of history, and a lasting change, such as a new tariff that makes trips shorter, alarms for a whole year until someone says "this is how it is now". A monitoring that lasts has both, a seasonal reference and a list of known changes.

# %% [markdown]
# ## Part 6 · Fifty columns
#
# Bo wants to watch not four inputs but all fifty that the app sends. Cy had tried: each column gets a Kolmogorov–Smirnov test against the reference, and one with p < 0.05 alarms. `fifty_columns` draws tables in which *nothing* ever happens but chance:


# %% nbgrader={"grade": false, "grade_id": "a-week", "locked": true, "schema_version": 3, "solution": false, "task": false}
def a_week(seed):
    """Return a week of 50 columns and its reference, drawn alike: 300 rows and 900 rows."""
    table = fifty_columns(seed, 1200)
    return table.iloc[:300], table.iloc[300:]


def cys_alarm(current, reference):
    """Return the columns with p < 0.05."""
    return [name for name in current if ks_2samp(current[name], reference[name]).pvalue < 0.05]


# %%
cried = [cys_alarm(*a_week(seed)) for seed in range(10)]
print(f"{sum(bool(names) for names in cried)} of 10 weeks alarm, with {sum(map(len, cried))} columns in all")

# %% [markdown]
# A test at 5 % is wrong once in twenty times. That is what 5 % means. With fifty tests two or three are wrong each week: in nine weeks of ten some column alarms. What matters for whoever gets the mail is how often **at least one** test cries although nothing is wrong, the **family-wise false-alarm rate**.
#
# Evidently's presets take another way: the data set has drifted if half of the columns have. That never cries by chance. It does not cry, either, if one sensor of fifty measures in other units.
#
# ### Exercise 6 — One alarm in twenty weeks
# *Difficulty ●●○ · about 10 minutes*
#
# Write `weekly_alarm(current, reference)` for tables of many numeric columns. It returns the names of the columns that have drifted; none means no alarm. Done means, on weeks that you have not seen:
#
# - where nothing but chance changes, at most one week in twenty names any column, with 300 rows against 900 and in a small town with 30 against 90 (the judge plays weeks until it is sure: chance may make one in twenty look like one in ten, but not like one in three);
# - where one column has drifted, and there are 300 rows against 900, it is named in at least nine of ten weeks. The drift is a shift by 0.9 standard deviations, or a spread 2.6 times as wide with the same mean, or a column of many zeros that has lost most of them. It may happen in a column that has missing values.
#
# <details><summary>Hint 1</summary>If each of fifty tests may be wrong only so often that all together are wrong once in twenty weeks, how small must the limit for a single one be? And what does <code>ks_2samp</code> say to a column with a <code>NaN</code> in it?</details>
# <details><summary>Hint 2</summary>A limit on a distance cannot know how many rows there are; a p-value does. Look up the corrections named after Bonferroni or Holm: they hold however the columns hang together. (Benjamini–Hochberg's, <code>scipy.stats.false_discovery_control</code>, limits something else, but here does it too.) And look at what Cy's test says of <code>input_47</code>, which has gaps.</details>


# %% nbgrader={"grade": false, "grade_id": "fifty", "locked": false, "schema_version": 3, "solution": true, "task": false}
def weekly_alarm(current, reference):
    """Return the columns that have drifted, with at most one false alarm in twenty weeks."""
    ### BEGIN SOLUTION
    limit = 0.05 / len(current.columns)
    values = {name: (current[name].dropna(), reference[name].dropna()) for name in current.columns}
    return [name for name, (now, before) in values.items() if len(now) and len(before) and ks_2samp(now, before).pvalue < limit]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-fifty", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
cried = [seed for seed in range(100, 108) if len(weekly_alarm(*a_week(seed)))]
assert len(cried) <= 3, f"In {len(cried)} of 8 weeks without any drift weekly_alarm names columns, expected one in twenty: with 50 columns, how often is at least one test wrong?"
now, before = a_week(7)
named = weekly_alarm(now.assign(input_03=now["input_03"] + 0.9), before)
assert "input_03" in list(named), f"input_03 has shifted by 0.9 standard deviations, and weekly_alarm names {list(named)}."

# %% nbgrader={"grade": true, "grade_id": "judge-fifty", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: weekly_alarm on weeks without drift, with 300 rows and with 30, as many as it takes to tell a rate of one in twenty from one in three.
### BEGIN HIDDEN TESTS
import math

from judgekit import fresh
from watch import fifty_columns

rng = fresh(12)
cried, played = {300: 0, 30: 0}, 0
evidence = 0.0  # a sequential test: 6 % against 30 %, wrong once in 10,000 for who is right, once in 200 for who is not
while -5.3 < evidence < 9.2 and played < 90:
    rows = (300, 30)[played % 2]
    table = fifty_columns(int(rng.integers(1, 10**9)), 4 * rows)
    try:
        named = list(weekly_alarm(table.iloc[:rows], table.iloc[rows:]))
    except Exception as error:
        raise AssertionError(f"On a week without drift weekly_alarm stopped with {type(error).__name__}: {error}") from None
    cried[rows], played = cried[rows] + bool(named), played + 1
    evidence += math.log(0.30 / 0.06) if named else math.log(0.70 / 0.94)
assert evidence < 0, (
    f"In {cried[300]} of {(played + 1) // 2} weeks of 300 rows, and in {cried[30]} of {played // 2} of 30, all without drift, weekly_alarm names columns, expected one in twenty: the rate of all fifty tests together counts, however many rows there are."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-fifty-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: weekly_alarm on 8 weeks in which one column has drifted.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import drifted
from watch import fifty_columns

rng = fresh(13)
missed = []
for what, kind, columns in [
    ("has shifted by 0.9 standard deviations", "shift", (2, 25)),
    ("spreads 2.6 times as wide around the same mean", "spread", (5, 17)),
    ("has lost most of its zeros", "zeros", (31, 34)),
    ("has missing values and has shifted by 0.9 standard deviations", "shift", (45, 49)),
]:
    for number in columns:
        table = fifty_columns(int(rng.integers(1, 10**9)), 1200)
        name = f"input_{number:02}"
        try:
            said = list(weekly_alarm(drifted(rng, table.iloc[:300], name, kind), table.iloc[300:]))
        except Exception as error:
            raise AssertionError(f"On a week in which one column {what} weekly_alarm stopped with {type(error).__name__}: {error}") from None
        missed += [] if name in said else [what]
assert len(missed) <= 1, (
    f"In eight weeks one column had drifted, and weekly_alarm missed it in {len(missed)}, for instance one that {missed[-1]}. Is each column really tested, and for more than its mean?"
)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 7 · Who is woken, and by what
#
# What happens within minutes cannot wait for a weekly report. An **alerting rule** is a condition on metrics, and how long it must hold (`for`) before someone is told. In Prometheus it is written in YAML:
#
# ```yaml
# groups:
#   - name: repair-alarm
#     rules:
#       - alert: AdasRule
#         expr: repair_alarm_requests_total{status="500"} > 100
#         for: 1m
#         labels:
#           severity: page
#         annotations:
#           summary: "Many requests fail"
#           runbook_url: "https://wiki.metro-bikes.example/runbooks/repair-alarm#failing"
# ```
#
# `labels` say where it goes: `page` wakes somebody, `ticket` waits until morning. `annotations` say what it is, and where it is written what to do.
#
# `alerting.py` evaluates such rules, with a good part of PromQL. Its first lines say exactly which; what Prometheus has beyond that it refuses, and says so. (At work Prometheus itself does it: `promtool check rules` reads a file of rules, `promtool test rules` plays them.) Two words on it:
#
# - `rate(x[5m])` is the increase per second of each series of counter `x` over the last five minutes; restarts are taken care of.
# - An expression yields a list of series with values. A comparison *keeps* those for which it holds. The alert fires if one is kept for as long as `for` says. **Where there is no series, nothing is kept, and nothing fires**: a service that is dead has no failed requests.
#
# `play(kind)` gives ninety minutes of metrics, those of your page and `up`, which Prometheus itself adds: 1 for each instance that could be scraped, 0 for each that could not. Two instances answer; their addresses are others after each release. These kinds there are:

# %%
for kind, meaning in KINDS.items():
    print(f"{kind:<16}{meaning}")

# %% [markdown]
# Ada's rule, on three of them. In the last column are the minutes from the beginning of the event to the first alert:


# %% nbgrader={"grade": false, "grade_id": "adas-rule", "locked": true, "schema_version": 3, "solution": false, "task": false}
def rehearse(text, kinds=tuple(KINDS), seed=1):
    """Return what fires in each kind of ninety minutes: alert, severity, and minutes after the beginning of the event."""
    told = []
    for kind in kinds:
        series, begins = play(kind, seed)
        told += [(kind, name, severity, minute - begins) for name, severity, minute in firings(text, series)] or [(kind, "–", "–", math.nan)]
    return pd.DataFrame(told, columns=["what happens", "alert", "severity", "minutes after"])


adas_rule = """
groups:
  - name: repair-alarm
    rules:
      - alert: AdasRule
        expr: repair_alarm_requests_total{status="500"} > 100
        for: 1m
        labels:
          severity: page
"""

# %%
rehearse(adas_rule, ["fine", "errors", "down"])

# %% [markdown]
# It fires before anything has happened: the counter has been growing since the last release. And of `down` it has nothing to say: once the service is gone, there is no counter.
#
# ### Exercise 7 — Wake Bo, but only if
# *Difficulty ●●● · about 14 minutes*
#
# Let your cell write the file `rules.yml`, beside this notebook (a file from another editor is not handed in), with rules such that
#
# - with `errors`, `quiet errors` and `down` an alert of severity `page` fires within 15 minutes after it began, and not before;
# - with `sensor`, an alert of severity `ticket` does, and none of severity `page`;
# - with `fine`, `busy` and `refused`, and with each of the three blips, which last three minutes, nothing fires;
# - with `one down` nobody is woken: a ticket may be written, for the other instance still answers.
#
# Each alert has a severity (`page` or `ticket`), and the annotations `summary`, a sentence, and `runbook_url`, an address that begins with `https://`. The file must be one that Prometheus would take.
#
# Done means: so it is in ninety minutes that you have not seen. `rehearse(text)` plays them all, with another `seed` others.
#
# <details><summary>Hint 1</summary>Shares, not counts: at night ten failures are many, at noon few. Which statuses are the service's fault? And a condition on <code>rate(…[5m])</code> still holds for minutes after the trouble is over: how long does a blip of three minutes last in it, and what follows for <code>for</code>?</details>
# <details><summary>Hint 2</summary>Without <code>sum</code> each series is divided by its own twin, and all shares are 1. You need three rules, and one of them must not rest on the counters, which are gone when the service is. A blip of three minutes stays in a window of five for almost eight: a shorter window or a longer <code>for</code> outlasts it, and both together must leave enough of the fifteen.</details>

# %% nbgrader={"grade": false, "grade_id": "rules", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
rules = """
groups:
  - name: repair-alarm
    rules:
      - alert: RepairAlarmFailing
        expr: |
          sum(rate(repair_alarm_requests_total{status=~"5.."}[5m]))
            / sum(rate(repair_alarm_requests_total[5m])) > 0.1
        for: 8m
        labels:
          severity: page
        annotations:
          summary: "More than a tenth of the answers are errors of the service"
          runbook_url: "https://wiki.metro-bikes.example/runbooks/repair-alarm#answers-fail"
      - alert: RepairAlarmDown
        expr: sum(up{job="repair-alarm"}) == 0
        for: 5m
        labels:
          severity: page
        annotations:
          summary: "No instance of the repair alarm can be reached"
          runbook_url: "https://wiki.metro-bikes.example/runbooks/repair-alarm#down"
      - alert: TyrePressuresMissing
        expr: |
          sum(rate(repair_alarm_missing_inputs_total{column="tyre_pressure_bar"}[5m]))
            / sum(rate(repair_alarm_requests_total[5m])) > 0.1
        for: 8m
        labels:
          severity: ticket
        annotations:
          summary: "More than a tenth of the trips come without a tyre pressure"
          runbook_url: "https://wiki.metro-bikes.example/runbooks/repair-alarm#pressures-missing"
"""
Path("rules.yml").write_text(rules)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-rules", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
assert Path("rules.yml").exists(), "There is no file rules.yml beside the notebook: your cell has to write it."
assert Path("rules.yml").stat().st_mtime > notebook_started - 1, "rules.yml is older than this run of the notebook: your cell has to write it, each time anew."
written = Path("rules.yml").read_text()
try:
    alerts = read_rules(written)
except RuleError as error:
    raise AssertionError(f"rules.yml: {error}") from None
assert alerts, "rules.yml has no alert."
for alert in alerts:
    assert alert["labels"].get("severity") in ("page", "ticket"), f"rules.yml: {alert['alert']} has the severity {alert['labels'].get('severity')}, expected page or ticket."
    for name in ("summary", "runbook_url"):
        assert alert["annotations"].get(name), f"rules.yml: {alert['alert']} has no annotation {name}."
    url = alert["annotations"]["runbook_url"]
    assert re.match(r"https?://\S+\.\S+", url), f"rules.yml: the runbook_url of {alert['alert']} is {url!r}, and no address: nobody finds the runbook at night."
for row in rehearse(written, ["fine", "errors", "down"], seed=3).itertuples(index=False, name=None):
    if row[0] == "fine":
        assert row[1] == "–", f"rules.yml: {row[1]} fires when nothing is wrong."
    elif row[2] == "page":
        assert row[3] >= 0, f"rules.yml: {row[1]} fires {-row[3]:g} minutes before anything happens ({row[0]})."
for kind in ("errors", "down"):
    at_minute = [row[3] for row in rehearse(written, [kind], seed=3).itertuples(index=False, name=None) if row[2] == "page"]
    assert at_minute and min(at_minute) <= 15, f"rules.yml: with {kind!r} no alert of severity page fires within 15 minutes."

# %% nbgrader={"grade": true, "grade_id": "judge-rules", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rules.yml on other outages: whether page or ticket fires within 15 minutes, and not before.
### BEGIN HIDDEN TESTS
from pathlib import Path

from alerting import RuleError, firings, play
from judgekit import fresh

rng = fresh(14)
text = Path("rules.yml").read_text() if Path("rules.yml").is_file() else None
assert text is not None, "The notebook left no rules.yml."
for kind, severity in [("errors", "page"), ("quiet errors", "page"), ("down", "page"), ("sensor", "ticket")]:
    series, begins = play(kind, int(rng.integers(10**6)))
    try:
        told = firings(text, series)
    except RuleError as error:
        raise AssertionError(f"rules.yml cannot be evaluated: {error}") from None
    early = [name for name, _, minute in told if minute < begins]
    assert not early, f"With {kind!r}, {early[0]} fired before anything had happened."
    right = [minute - begins for _, level, minute in told if level == severity]
    assert right, f"With {kind!r} no alert of severity {severity} fired at all in the ninety minutes."
    assert min(right) <= 15, f"With {kind!r} the first alert of severity {severity} fired after {min(right):g} minutes, expected 15 at most."
    if kind == "sensor":
        woken = [name for name, level, _ in told if level == "page"]
        assert not woken, f"With 'sensor', {woken[0]} paged: missing pressures can wait until morning, and are a ticket."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-rules-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rules.yml where nothing may fire (fine, busy, refused, and blips of three minutes) or nobody may be woken (one down).
### BEGIN HIDDEN TESTS
from pathlib import Path

from alerting import KINDS, RuleError, firings, play, read_rules
from judgekit import fresh

rng = fresh(15)
text = Path("rules.yml").read_text() if Path("rules.yml").is_file() else None
assert text is not None, "The notebook left no rules.yml."
try:
    levels = {alert["labels"].get("severity") for alert in read_rules(text)}
    assert levels == {"page", "ticket"}, f"The severities in rules.yml are {sorted(map(str, levels))}, expected page and ticket: silence alone is no monitoring."
    for kind in KINDS:
        if kind in ("fine", "busy", "refused", "one down") or "blip" in kind:
            told = [fired for fired in firings(text, play(kind, int(rng.integers(10**6)))[0]) if kind != "one down" or fired[1] == "page"]
            assert not told, (
                f"With {kind!r} ({KINDS[kind]}), {told[0][0]} fired, and nobody should be told. "
                + ("A window keeps a blip alive: how long does the condition hold, and how long is 'for'?" if "blip" in kind else "Whose fault is it, how large is the share, and does anyone suffer?")
            )
except RuleError as error:
    raise AssertionError(f"rules.yml cannot be evaluated: {error}") from None
### END HIDDEN TESTS

# %% tags=["uses-answers"]
rehearse(Path("rules.yml").read_text())

# %% [markdown]
# ### Exercise 8 — The runbook
# *Difficulty ●●○ · about 10 minutes*
#
# A **runbook** is what an alert's link leads to: what to do, written for someone who was asleep a minute ago, or who came to the team last week. "Look into it" is no runbook.

# %% [markdown] nbgrader={"grade": false, "grade_id": "runbook", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": true}
# **Your runbook.** Add a new Markdown cell directly below this one, and write into it, in 150 to 350 words, the runbook of the alert on missing tyre pressures. A person marks it. Bo will follow it; he knows the service, but not this lab.
#
# 1. **What it means, and what it costs**: what has happened when this alert fires, what the service does meanwhile with the trips concerned, and who feels it. Use figures from this notebook. (2 points)
# 2. **What to check, in order**: at least three checks, each with where to look or what to call, and what each result would mean. One of them must tell broken sensors from a fault in the app. (2 points)
# 3. **What to do, and when it is over**: a measure for now, who has to be told or decides, what must *not* be done, and the number by which one sees that it is over. (2 points)
#
# ### BEGIN MARK SCHEME
# 1. Meaning and cost, 2 points. 1: pressures are missing in the raw input, and the service fills in 3.5 bar, a sound tyre, so the alarm stays silent about flat ones; its answers are still 200 and the prepared table shows nothing. 1: a consequence with a figure from the notebook: a third of the trips (all of group C) since 17 November;
#    recall in group C 3 of 12 after 22 of 35, with the counts or a word on chance; stranded riders. Half a point for a consequence without a figure.
# 2. Checks, 2 points. 1: three checks in a sensible order with a place or a call each (for instance: the metric by column and over time; `broken_inputs` on the raw table; missing share by sensor group or station; the last release of the app or of the docks). 1: one of them tells sensors from the app and says how: one sensor group or its
#    stations alone mean sensors, all stations or one app version mean the app. Half a point for checks without what their results mean.
# 3. Measures, 2 points. 1: something that helps tonight or tomorrow morning and an owner (for instance: tell Rosa, who has bikes at these stations looked at by hand; use an alarm without pressures there; the docks' supplier), and something not to do: no retraining on filled-in pressures, no raising of the alert's threshold, no change of the
#    default to silence it. 1: an end that can be measured: the share of missing pressures below the alert's limit for so long, and recall checked two weeks later, when labels have come in; the trips of the bad weeks marked as an incident so that they never become a reference.
#
# Take off 1 in all for a text that Bo could not follow without asking, or one that is much longer than 350 words.
# ### END MARK SCHEME

# %% [markdown]
# ## Putting it together
#
# The weeks since 17 November once more, with what you have built: what would have been known, and when?

# %% tags=["uses-answers"]
series, begins = play("sensor", seed=17)
ticket = next(minute for _, severity, minute in firings(Path("rules.yml").read_text(), series) if severity == "ticket")
print(f"{ticket - begins:g} minutes after the sensors fall silent: a ticket, and a runbook")
print("the Monday after: broken_inputs names", sorted(broken_inputs(sent, sent_before)))
known = quality[quality["recall"].notna() & (quality.index >= pd.Timestamp("2025-11-17", tz="UTC"))]
print(f"about two weeks later: recall of {len(known)} days can be told, the last of them {known.index[-1]:%d %B}")
print(
    f"in a year without an incident: {sum(bool(entry['alarms']) for entry in your_year)} weeks with an alarm, with Cy's reference {sum(bool(entry['alarms']) for entry in cys_year)}"
)

# %% [markdown]
# Three clocks. Metrics and rules speak within minutes, about the service and its raw inputs. Reports speak within a week, about distributions. Quality speaks when the labels are there, and about what one is paid for. Each is blind where another one sees.
#
# The folder *drift* is empty now. On the Tuesday a ticket came in, the first one in weeks, and Bo opened it. What to take to work tomorrow:
#
# - Pin method and threshold, and say which column is what. Compute one number of each report by hand, once.
# - Watch the raw input. A check that stands behind a default can only say "fine".
# - Put the coverage and the counts beside every metric on labels, and write "not yet" where they are low.
# - Counters are read by their increase, percentiles from summed buckets, labels have few values.
# - Before an alarm goes live, play it on a year in which nothing was wrong. Count.
# - Each alert has a `for`, a severity, and a runbook. If nobody would do anything, delete it.

# %% [markdown]
# ## Going further
#
# - **What the limit costs.** Draw, for shifts from 0 to 1 standard deviation, how often `weekly_alarm` notices one of 300 rows. How many rows would you need for a shift of 0.2?
# - **A page for people.** Save your report with `save_html` and open it. What on it would you show Rosa?
# - **Labels you can buy.** Let the workshop look at twenty bikes a day that the alarm called sound, chosen at random, within a day. What does that do to the coverage, and to the time until recall can be told?
# - **The promise.** "0.3 seconds for 95 % of the answers" has an edge of its histogram, and no rule. Write one, from the buckets `le="0.3"` and `le="+Inf"`, and a rehearsal for it by `promtool test rules`. Then read how a *burn rate* over two windows does it.
# - **A label more.** Give the counter of missing inputs the label `sensor_group`. How many series does it cost, and what would Bo see on the alert's own page?
#
# To read:
#
# - [Evidently's documentation, drift methods and their defaults](https://docs.evidentlyai.com/metrics/explainer_drift)
# - [Prometheus' documentation, best practices for naming metrics and labels](https://prometheus.io/docs/practices/naming/)
# - [Prometheus' documentation, histograms and summaries](https://prometheus.io/docs/practices/histograms/)
# - [Prometheus' documentation, alerting rules](https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/)
# - [Prometheus' documentation, unit tests for rules](https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/)
# - [Google's workbook on site reliability, the chapter on alerts from promises](https://sre.google/workbook/alerting-on-slos/)
# - [Google's book on site reliability, the chapter on monitoring distributed systems](https://sre.google/sre-book/monitoring-distributed-systems/)
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 8: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
