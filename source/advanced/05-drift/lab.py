# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: advanced
#     minutes: 180
#     outcomes:
#     - Give a verdict on drift that does not flip with the number of rows
#     - Choose method, window and thresholds of a monitor by measured false alarms and detection
#     - Tell harmful from harmless changes by labels that come late, and find concept drift that shows in no input
#     - Find a wrong unit by its source and moment, and mend the data instead of retraining
#     - Decide from evidence whether to dismiss, mend, roll back or retrain, and compute a calendar of retraining from measured decay and costs
#     prerequisites:
#     - model-monitoring
#     - project-monitoring-dashboard
#     roadmap: Model drift and data drift
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: drift
#     terms:
#       data drift: "A change in the distribution of what goes into a model. It may harm or not."
#       concept drift: "A change of the relation between a model's inputs and what is true. The inputs may look as ever."
#       normed Wasserstein distance: "How far values have moved on average, in standard deviations of the reference."
#       bootstrap interval: "An interval for a value, from how far it strays if it is computed again and again on samples drawn with replacement from the sample itself."
#       multiple testing: "Many tests at once: some of them alarm by chance although each alarms rarely."
#       censored: "Said of a sample from which some cases are still missing, and not by accident."
#       ripe: "Here: said of a trip so old that its label would be known by now, whatever it says."
#       invariant: "What must hold whatever people do, such as a possible speed. What breaks it is a bug."
#       residual: "What happened less what the model foretold."
#       CUSUM: "A rule that adds up, day by day, how far a value is above what is usual, and alarms when the sum exceeds a limit."
#       decay: "How a model's errors grow with its age."
#       backtest: "To replay the past: models trained as if it were an earlier day, scored on what came after."
#       confounded: "Said of two causes that always come together in the data, such as age and season, so that their effects look like one."
#       shadow: "A version of a model that answers beside the one in use, without being used, so that both can be compared."
#       embedding: "A list of numbers that stands for the meaning of a text or picture: what is alike lies close together."
#     title: Model drift and data drift
#     tools:
#     - Evidently
#     - scipy
#     - pandas
# ---

# %% [markdown]
# # Model drift and data drift
#
# ## Why this matters
#
# Monday 16 February 2026, Metro Bikes. After each trip a model says how likely it is that the bike needs repair: the *repair risk*, version 14. Last autumn the team learnt to monitor it, and since then there are alarms. "Fine", says Noor, who leads the team. "And what do we do with them?"
#
# Here is what they did in one winter. In October the odometers of some docks changed to miles; an alarm rang, and Bo retrained the model on it. In November a new app came, the alarm rang, and Bo retrained again. In December the workshop fitted other brake pads, and **nothing rang at all**: all inputs looked as ever, and the risk was wrong for nine weeks. In January Cy halved the sample to save money, and every alarm went silent, although nothing else had changed. "We treat a smoke detector as if it were a fire brigade", says Rosa, who runs the workshop.
#
# **Data drift** is a change of what goes into a model. **Concept drift** is a change of the relation between what goes in and what is true. Neither is the same as *harm*. There is drift that harms nobody, and harm without any drift to be seen. Between an alarm and what one does about it lie questions that only data can answer: is it large, or just a large sample? Is it harmful? Is it the world or a bug? Since when? And what is the cheapest thing to do?
#
# Today you answer them one after the other, with Ada, Bo and Cy: each by a rule whose false alarms and misses have been measured.
#
# ## Setup
#
# Beside this notebook lie:
#
# - `trips.csv.gz`: twenty quiet weeks from Monday 29 September 2025 on, a row a trip: `day` (0 is that Monday), the model's four inputs in km, m, km and bar, and `unlock_seconds`.
# - `risk.py` and `risk.json`, the model in use. `watch.py`, the team's monitor; you need it in Part 2.
# - `practice.py` and `mondays.py`: stories to practise on. They draw anew what happened, so that you can try a rule on a hundred autumns.
# - `autumn.csv.gz` for Part 4, and `backtest.csv.gz` for Part 6.
#
# The data come from the course's simulator of the city. In it trips of the same day have weather and traffic in common, as real ones do, but different weeks have little in common beyond the season. At work one measures on real weeks. The exercises do not need each other; only the last cell needs all of them but Exercise 2.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
import math
from pathlib import Path

import evidently
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift
from IPython.display import Image

from mondays import a_monday
from practice import a_story, a_stream, missed_interval, read_trips
from risk import INPUTS, risks
from watch import COLUMNS, HARM, METHODS, alarms, measure, moved, read_plan, scores

DAY = pd.Timedelta(days=1)


# The judge uses the next four functions; you need none of them.


def many_verdicts(pairs, tolerance):
    """Return what verdict says of each pair of samples."""
    return [verdict(reference, current, tolerance) for reference, current in pairs]


def faults(tables):
    """Return for each table what find_fault says."""
    return [find_fault(table) for table in tables]


def played_streams(table, cases):
    """Return what concept_alarm says of streams cut from a table. A case: the first day, the labels from there on, and the last day of the stream."""
    said = []
    for first, labels, last in cases:
        own = table[(table["day"] >= first) & (table["day"] < first + 126)]
        own = own.assign(day=own["day"] - first, needs_repair=labels)
        past, later = own[own["day"] < 42], own[(own["day"] >= 42) & (own["day"] <= last)]
        said.append(concept_alarm(past.reset_index(drop=True), later.reset_index(drop=True)))
    return said


def answers_at(story, since, cases, tolerance):
    """Return what judge_change says of a story at each moment, with these labels; those not known by then come 300 days later still."""
    said = []
    for now, labels in cases:
        came = story["label_available_at"]
        then = story.assign(needs_repair=labels, label_available_at=came.mask(came > now, came + 300 * DAY))
        said.append(judge_change(then, since, now, tolerance))
    return said


trips = read_trips()
print("Evidently", evidently.__version__)
print(f"{len(trips)} trips of {trips['day'].max() + 1} days")
trips.head(3)

# %% [markdown]
# ## Part 1 · The verdict that flips
#
# Cy's idea in January was sound: to compare 20,000 rows a week costs money. So he sampled 1,500, then 900, then 100. But the alarm no longer said the same. First of all, here is what Evidently does by default with 900 and with 1,500 rows; `measure` of `watch.py` computes the same with scipy, only quicker:

# %%
rng = np.random.default_rng(1)
for size in (900, 1500):
    reference, current = rng.normal(0, 1, size), rng.normal(0.09, 1, size)
    definition = DataDefinition(numerical_columns=["x"])
    now, before = (Dataset.from_pandas(pd.DataFrame({"x": sample}), data_definition=definition) for sample in (current, reference))
    run = Report([ValueDrift(column="x")], include_tests=True).run(now, before).dict()
    metric, test = run["metrics"][0], run["tests"][0]
    name = "ks" if size <= 1000 else "wasserstein"
    print(f"{size} rows: {metric['config']['method']}, value {metric['value']:.4f} (by scipy {measure(name, reference, current):.4f}), {test['status'].value}")

# %% [markdown]
# Now the *same* shift, of 0.09 standard deviations, many times with samples of each size, and no shift at all beside it. How often would Evidently flag drift?

# %%
rows = []
for size, name in [(100, "ks"), (900, "ks"), (1500, "wasserstein"), (20_000, "wasserstein")]:
    flags = {}
    for shift in (0.09, 0.0):
        said = [measure(name, rng.normal(0, 1, size), rng.normal(shift, 1, size)) for _ in range(25 if size > 9999 else 100)]
        flags[f"flagged at a shift of {shift}"] = np.mean([value < 0.05 if name == "ks" else value >= 0.1 for value in said])
    rows.append({"rows": size, "method": name, **flags})
pd.DataFrame(rows).round(2)

# %% [markdown]
# The same shift is overlooked with 100 rows, flagged in a third to a half of the cases with 900 and 1,500, and less often with 20,000. There are two reasons.
#
# - The method changes. If the reference has up to 1,000 rows, Evidently compares a column of numbers (with more than five different values) by a Kolmogorov–Smirnov test and flags p-values **below** 0.05. Above that it takes the **normed Wasserstein distance**, how far the values have moved on average, in standard deviations of the reference, and flags values **from 0.1 on**: see [Evidently's page on how its drift methods are chosen](https://docs.evidentlyai.com/metrics/explainer_drift).
# - A p-value does not answer the question. It says how surprising the data would be if there were no shift *at all*. With enough rows the tiniest shift is surprising. With few, a large one is not. And the distance has an opposite fault: of two small samples without any shift it is large, by chance alone.
#
# What somebody wants to know is: *has it moved by more than we tolerate?* To that there are **three** answers, yes, no, and "cannot tell with so few rows". An *interval* gives them. If all of it lies above the tolerance: drift. All of it below: no drift. If the tolerance lies within it: cannot tell.
#
# Where does one get an interval for a distance? From a **bootstrap**: draw from each sample itself again and again, with replacement, and compute the distance each time. The *resamples* show how far it strays by chance. Look at that where nothing has moved at all:

# %%
for size in (100, 500, 1500):
    reference, current = rng.normal(0, 1, size), rng.normal(0, 1, size)
    again = [moved(rng.choice(reference, size), rng.choice(current, size)) for _ in range(100)]
    low, high = np.quantile(again, [0.025, 0.975])
    print(f"{size} rows, no shift: distance {moved(reference, current):.2f}, middle 95 % of the resamples {low:.2f} to {high:.2f}")

# %% [markdown]
# The true distance is 0, and the middle 95 % of the resamples does not hold it! For a distance is never negative: noise only adds to it. The samples have noise in them once, the resamples twice. With 100 rows and a tolerance of 0.1, which is Evidently's own limit, this so-called *percentile* interval would call drift nearly always where nothing has moved, and with 1,500 rows never: one more verdict that flips.
#
# What does hold is this: **the resamples are to the sample what the sample is to the truth.** If they lie up to 0.15 *above* the distance of the samples, then that distance may lie up to 0.15 above the true one. So go as far *down* from it as the resamples go up, and as far *up* as they go down. This is the basic **bootstrap interval**, and it takes the noise off again. (Near 0 no bootstrap is exact. With very few rows, compare the distance also with those of the same rows shuffled between the two samples: that is what chance alone does.) With such an interval fewer rows make "cannot tell" more frequent. They do not make a no into a yes, but for the few cases in a hundred that every interval has.
#
# **In older tutorials** drift is read from `result["metrics"][0]["result"]["drift_detected"]`. Since Evidently 0.7 `run` returns the result, and `include_tests=True` adds the test whose `status` you saw above. Do not read the value alone: of a p-value small means drift, of a distance large. Bo once took `value < 0.05` for drift, whatever the method.
#
# ### Exercise 1 — Yes, no, cannot tell
# *Difficulty ●●○ · about 17 minutes*
#
# Write the rule that does not flip. `verdict(reference, current, tolerance)` returns `"drift"`, `"no drift"` or `"cannot tell"`. It judges the normed Wasserstein distance (`moved(reference, current)` of the set-up computes it, as Evidently does) against the tolerance. Both samples are made of independent rows, and may have different sizes.
#
# Done means, on samples of other numbers:
#
# | rows | change | tolerance | verdict | the judge allows, for chance |
# |:--|:--|:--|:--|:--|
# | 100, 500 | shift of 0.03 | 0.2 | never "drift" | 6 others of 20, 2 of 6 |
# | 100, 500 | shift of 0.4, at 500 a spread 1.6 times as wide | 0.2 | never "no drift" | 6 of 20, 2 of 6 |
# | 500 | shift of 0.6 | 0.2 | "drift" | 1 of 5 |
# | 1,500 and more | shifts of 0.03, 0.1 and 0.4, the wider spread | 0.2 | the right one | hardly any |
# | 500, 1,500 | a shift of just the tolerance | 0.2 | "cannot tell", mostly | 6 of 9, 5 of 7 |
# | 100 | none at all | 0.1 | hardly ever "drift" | 5 of 20 |
# | 500 | none at all | 0.05 | hardly ever "drift" | 3 of 8 |
# | 5,000 against 100, and 100 against 5,000 | a shift of just the tolerance | 0.4 | "cannot tell", mostly | 9 of 20 |
#
# 100 resamples are enough, and the same samples get the same verdict each time. Another interval that meets the table is right, too.
#
# <details><summary>Hint 1</summary>Look at the distance of two samples of 100 rows without any shift, some times. How much of it is chance? And which of the two samples does the chance come from?</details>
# <details><summary>Hint 2</summary>The loop of the example gives you the resamples, of both samples; make the generator inside <code>verdict</code>, with a fixed seed. Let d be the distance of the samples. The upper quantile of the resamples lies so far above d: so far below d is the lower end. What is the upper end, then?</details>

# %% nbgrader={"grade": false, "grade_id": "verdict", "locked": false, "schema_version": 3, "solution": true, "task": false}
def verdict(reference, current, tolerance):
    """Return "drift", "no drift" or "cannot tell"."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(0)
    reference, current = np.asarray(reference), np.asarray(current)
    again = [moved(rng.choice(reference, len(reference)), rng.choice(current, len(current))) for _ in range(100)]
    distance = moved(reference, current)
    high, low = 2 * distance - np.quantile(again, [0.025, 0.975])
    return "drift" if low > tolerance else "no drift" if high < tolerance else "cannot tell"
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-verdict", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
some = np.random.default_rng(5)
for size, shift, expected in [(3000, 0.0, "no drift"), (3000, 0.5, "drift")]:
    said = verdict(some.normal(0, 1, size), some.normal(shift, 1, size), 0.2)
    assert said in ("drift", "no drift", "cannot tell"), f"verdict says {said!r}, expected 'drift', 'no drift' or 'cannot tell'."
    assert said == expected, f"Of {size} rows and a shift of {shift} standard deviations verdict says {said!r}, with a tolerance of 0.2 expected {expected!r}."
said = [verdict(some.normal(0, 1, 120), some.normal(0.2, 1, 120), 0.2) for _ in range(10)]
assert said.count("cannot tell") >= 4, f"Of ten pairs of 120 rows, whose shift is just the tolerance, verdict says {said}, expected 'cannot tell' in half of them or more (4 are enough here, for chance)."

# %% nbgrader={"grade": true, "grade_id": "judge-verdict", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: verdict on two samples of 100, 500, 1,500 and 6,000 rows, with shifts below, at and above the tolerance, with a wider spread, and without any change under smaller tolerances.
### BEGIN HIDDEN TESTS
from judging import close_calls, draw_pairs
from judgekit import fresh

for kind, tolerance, size, pairs, allowed, wrong_at_most, sentence in draw_pairs(fresh(2)):
    try:
        said = many_verdicts(pairs, tolerance)
    except Exception as error:
        raise AssertionError(f"On samples of {size} rows verdict stopped with {type(error).__name__}: {error}") from None
    wrong = [one for one in said if one not in allowed]
    assert len(wrong) <= wrong_at_most, (
        f"On {len(said)} pairs of samples of {size} rows, {kind}, with a tolerance of {tolerance}, verdict says {wrong[0]!r} in {len(wrong)}, expected at most {wrong_at_most}: {sentence}."
    )
pairs = close_calls(fresh(12))
said = many_verdicts(pairs * 3, 0.2)
other = [number for number in range(len(pairs)) if len(set(said[number :: len(pairs)])) > 1]
assert not other, f"Of the same two samples verdict says {said[other[0] :: len(pairs)]}, expected one answer each time: give the generator a seed in each call."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-verdict-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: verdict on samples of different sizes, 5,000 rows against 100 and 100 against 5,000, with a shift that is just the tolerance, and on 1,500 against 5,000.
### BEGIN HIDDEN TESTS
from judging import draw_unequal
from judgekit import fresh

for sizes, shift, pairs, allowed, wrong_at_most, sentence in draw_unequal(fresh(1)):
    try:
        said = many_verdicts(pairs, 0.4)
    except Exception as error:
        raise AssertionError(f"On samples of {sizes} rows verdict stopped with {type(error).__name__}: {error}") from None
    wrong = [one for one in said if one != allowed]
    assert len(wrong) <= wrong_at_most, (
        f"On {len(said)} pairs of samples, {sizes} rows, with a shift of {shift} and a tolerance of 0.4, verdict says {wrong[0]!r} in {len(wrong)}, expected {allowed!r}, but for {wrong_at_most} at most: {sentence}."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · A plan whose false alarms are measured
#
# The rule of Part 1 assumes that rows are independent. In a city they are not: on a cold Tuesday *all* tyres are a little softer. A thousand rows of one week are not a thousand independent witnesses, but seven days with a hundred witnesses each who have talked to each other. A p-value or an interval over rows does not know that. It alarms far too often. Look at Bo's plan, five Kolmogorov–Smirnov tests every day at 5 %, over our twenty quiet weeks:

# %%
bos_plan = {
    "method": "ks",
    "thresholds": dict.fromkeys(COLUMNS, 0.05),
    "window_days": 1,
    "reference_days": 28,
}
print("Bo's plan rings in", sum(bool(alarms(bos_plan, trips, week)) for week in range(8, 20)), "of 12 quiet weeks")
once_a_week = {**bos_plan, "window_days": 7}
rang = [alarms(once_a_week, trips, week) for week in range(8, 20)]
print("with a window of a week it rings in", sum(map(bool, rang)), "of 12")
print({column: sum(column in names for names in rang) for column in COLUMNS})

# %% [markdown]
# Against such dependence helps to calibrate **on blocks**: leave the days of a week together, measure what the method says of whole quiet *weeks*, and set the threshold by those. Then it does not matter by how much a p-value is wrong: it is just a number whose quiet range has been measured. Four things are yours to choose:
#
# - the *method*: `"ks"`, `"t_test"` (p-values: an alarm **below** the threshold) or `"wasserstein"` (an alarm **at or above** it),
# - the *window*, 1 or 7 days, with which a week is watched: with windows of a day the week rings if one of seven does;
# - the *reference*: the 7, 14, 28 or 56 days before the week. A long reference is precise, and out of season;
# - a *threshold* for each column. Five columns that each ring in one week of twenty ring together in nearly one of four: this is called **multiple testing**. A limit for the week must be shared among the columns.
#
# Harmful are, says Rosa, tyres that have lost 0.2 bar, and distances that are a quarter longer. `HARM` does that to the values of a column; nothing is known to be harmful in the other three, but they must be watched for the unexpected. The function `scores(plan, trips, week, columns, spoil)` says what the method says of each window of a week, `alarms(…)` which columns ring:

# %%
print(scores(once_a_week, trips, 9))
print(scores({**once_a_week, "method": "wasserstein"}, trips, 9, ["tyre_pressure_bar"], HARM["tyre_pressure_bar"]))

# %% [markdown]
# ### Exercise 2 — One false alarm in twenty weeks
# *Difficulty ●●● · about 17 minutes*
#
# Let your cell write the file `plan.json`, an object with `method`, `thresholds` (for each of the five `COLUMNS`), `window_days` and `reference_days`, such as Bo's. Done means, in other cities like ours, over all seasons:
#
# - in at most 5 % of the quiet weeks any column rings (the judge counts up to 11.5 % of 192 weeks, for chance);
# - of the weeks with harmful pressures at least 90 % ring for `tyre_pressure_bar`, and of those with harmful distances at least 90 % for `distance_km` (the judge counts from 80 % on);
# - each of the other three rings at the latest when its values are 1.5 times as large (the judge counts from 80 % on): a threshold that never rings watches nothing. (`climb_m` also has negative values; 1.5 times as large means a wider spread.)
#
# Sixteen quiet weeks are few: each column of a new week has a chance of one in seventeen to be above the largest of them. Leave room. How much there is, the harmful weeks tell you.
#
# <details><summary>Hint 1</summary>Collect for each column what the method says of all quiet weeks, and of the same weeks spoilt. Print both ranges for a few choices of method and window. Where is the gap widest?</details>
# <details><summary>Hint 2</summary>A threshold in the middle of the gap has room on both sides. The gap of a distance is wide with windows of a week. For the columns without known harm spoil them by 1.5 yourself, and do the same.</details>

# %% nbgrader={"grade": false, "grade_id": "plan", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
plan = {"method": "wasserstein", "thresholds": {}, "window_days": 7, "reference_days": 28}
for column in COLUMNS:
    spoil = HARM.get(column, lambda values: values * 1.5)
    quiet = [scores(plan, trips, week, [column])[column][0] for week in range(4, 20)]
    harmed = [scores(plan, trips, week, [column], spoil)[column][0] for week in range(4, 20)]
    plan["thresholds"][column] = round((max(quiet) + min(harmed)) / 2, 3)
    print(f"{column}: quiet up to {max(quiet):.2f}, harmed from {min(harmed):.2f}, threshold {plan['thresholds'][column]}")
Path("plan.json").write_text(json.dumps(plan))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-plan", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
try:
    your_plan = read_plan("plan.json")
except ValueError as error:
    raise AssertionError(f"The plan cannot be played: {error}.") from None
weeks = range(8, 20)
rang = {week: alarms(your_plan, trips, week) for week in weeks}
false = {week: names for week, names in rang.items() if names}
assert len(false) <= 1, f"In {len(false)} of our 12 quiet weeks since day 56 the plan rings, expected 1 at most: {false}."
for column, spoil in HARM.items():
    heard = sum(bool(alarms(your_plan, trips, week, [column], spoil)) for week in weeks)
    assert heard >= 10, f"Of our 12 weeks with harmful values of {column} the plan rings in {heard}, expected 10 or more."

# %% nbgrader={"grade": true, "grade_id": "judge-plan", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: plan.json over 192 quiet weeks of four other cities: in how many any column rings. A plan that hardly rings for harmful weeks earns nothing here.
### BEGIN HIDDEN TESTS
from judging import cities_of, false_alarms, heard_share
from judgekit import fresh
from pathlib import Path

from watch import HARM, read_plan

try:
    plan = read_plan(Path("plan.json"))
except ValueError as error:
    raise AssertionError(f"The plan cannot be played: {error}.") from None
cities = cities_of(fresh(3))
heard = min(heard_share(plan, cities[:1], column, spoil) for column, spoil in HARM.items())
assert heard >= 0.5, f"In another city the plan rings in {heard:.0%} of the harmful weeks only: a plan that hardly rings has no false alarms to measure."
share, worst = false_alarms(plan, cities)
assert share <= 0.115, (
    f"In four other cities the plan rings in {share:.1%} of the quiet weeks, most of all for {worst}; expected at most 5 % (11.5 % are counted, for chance). "
    "What has not happened in our few weeks can happen in others."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-plan-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: plan.json over the same weeks made harmful, and with the other three columns 1.5 times as large: how many of them ring.
### BEGIN HIDDEN TESTS
from judging import cities_of, false_alarms, heard_share
from judgekit import fresh
from pathlib import Path

from watch import COLUMNS, HARM, read_plan

try:
    plan = read_plan(Path("plan.json"))
except ValueError as error:
    raise AssertionError(f"The plan cannot be played: {error}.") from None
cities = cities_of(fresh(3), 2)
share, _ = false_alarms(plan, cities[:1])
assert share <= 0.5, f"In another city the plan rings in {share:.0%} of the quiet weeks: a plan that always rings finds nothing."
for column in COLUMNS:
    what = {"tyre_pressure_bar": "tyres that have lost 0.2 bar", "distance_km": "distances a quarter longer"}.get(column, "values 1.5 times as large")
    heard = heard_share(plan, cities, column, HARM.get(column, lambda values: values * 1.5))
    assert heard >= 0.8, f"In two other cities, of the weeks with {what} the plan rings for {column} in {heard:.0%}, expected at least 90 % (80 % are counted, for chance)."
### END HIDDEN TESTS

# %% [markdown]
# The picture shows why it works, for tyre pressures with a window of a week and four weeks of reference: what matters is not a famous number such as 0.05 or 0.1, but the gap.

# %%
shown = {"method": "wasserstein", "window_days": 7, "reference_days": 28}
column = "tyre_pressure_bar"
calm = [scores(shown, trips, week, [column])[column][0] for week in range(4, 20)]
soft = [scores(shown, trips, week, [column], HARM[column])[column][0] for week in range(4, 20)]
fig, axis = plt.subplots(figsize=(7, 3))
axis.plot(range(4, 20), calm, "o", label="as it was")
axis.plot(range(4, 20), soft, "^", label="0.2 bar less")
axis.axhline(0.1, linestyle=":", color="0.3", label="Evidently's default, 0.1")
axis.set(xlabel="week of our data", ylabel="distance (standard deviations)", ylim=(0, 0.9), title="Tyre pressure, quiet and harmful weeks")
axis.legend(loc="upper left", fontsize=8)
fig.tight_layout()
fig.savefig("gap.png", dpi=100)
plt.close(fig)
Image(
    "gap.png",
    alt="Points over the weeks 4 to 19. The distances of the quiet weeks lie between 0.02 and 0.16, six of the sixteen above a dotted line at Evidently's default of 0.1. The triangles of the harmful weeks lie between 0.38 and 0.66. Between the two is a wide gap.",
)

# %% [markdown]
# ## Part 3 · Harmful, or only different?
#
# An alarm says that something is different. Whether it matters has two parts. The first can be known at once: does what has moved *matter to the model*? Exchange one column at a time, and see how far the model's answers move. Here are four stories; in each, something changed on day 70:

# %%
rows = []
for kind in ("app", "cold", "pads", "ebikes"):
    story, since, _ = a_story(kind, seed=1)
    before, after = story[story["ended_at"] < since], story[story["ended_at"] >= since]
    for column in COLUMNS:
        distance = moved(before[column], after[column])
        if distance >= 0.3:
            swapped = before.assign(**{column: after[column].sample(len(before), replace=True, random_state=1).to_numpy()}) if column in INPUTS else before
            rows.append((kind, column, round(distance, 2), round(100 * (risks(swapped).mean() - before["risk"].mean()), 2)))
pd.DataFrame(rows, columns=["story", "column that moved", "distance", "moves the mean risk by (points)"])

# %% [markdown]
# `unlock_seconds` has moved far, and the model does not even have it as input: this is harmless, one would say. The cold moves the answers, so it is dangerous? And of the brake pads in the third story there is nothing to see at all. All three conclusions are too quick. Soft tyres *do* break more often, and the model knows by how much: its answers move, and they are right. With the brake pads they do not move, and are wrong. **Whether a change is harmful, only labels tell.**
#
# And labels are late. A sound bike is found sound after four days on average; a broken one first has to be fetched, which takes twice as long. So among the labels that *have* arrived of the last days, sound bikes are far too many. This is a **censored** sample: who is missing from it is no accident. Look at what one would have believed on each day about the bad brake pads:

# %%
story, since, _ = a_story("pads", seed=2)
story["missed"] = story["needs_repair"] - story["risk"]
for days in (5, 10, 20, 40, 60):
    now = since + days * DAY
    new = story[(story["ended_at"] >= since) & (story["ended_at"] < now)]
    arrived = new[new["label_available_at"] <= now]
    print(f"after {days:2} days {len(arrived):4} labels: missed repairs of 100 trips {100 * arrived['missed'].mean():5.1f}, in truth {100 * new['missed'].mean():4.1f}")

# %% [markdown]
# What the model misses is here the mean of label minus risk, in repairs of 100 trips: 0 for a model that is right on average. A trip is **ripe** when so much time has passed since it ended that its label would be there by now, *whatever it says*. How long that takes is in the past's labels, above all in those of broken bikes. (There is a finer way, to weight each label by how probable it was to have arrived. It is allowed.)
#
# ### Exercise 3 — What was known on that day
# *Difficulty ●●● · about 23 minutes*
#
# Write `judge_change(trips, since, now, tolerance=0.03)`. `trips` is a table such as `story`, with at least 70 days before the time `since` at which something changed. It returns, as one would have known at the time `now`,
#
# - `"harmful"` if the mean of label minus risk, of trips that ended since then, is above the tolerance,
# - `"harmless"` if it is below, also if it is negative,
# - `"wait"` if that cannot be told yet.
#
# The table knows the future: it has all labels, and `label_available_at` says when each came to be known. Use none that came after `now`, and not its delay either. `missed_interval(trips)` returns both ends of a 95 % interval for the mean of label minus risk of some trips. It draws whole days, for at work the labels of a day have something in common. An interval of your own is right, too.
#
# Done means, in other cities:
#
# | labels take on average (twice that if the bike is broken) | time since the change | answer |
# |:--|:--|:--|
# | 2 to 10 days | half a day | "wait" |
# | 2 to 3 days | 35 days | the right one, where the model misses 7 of 100 or more, or none |
# | 3 to 6 days | nine weeks | the right one, as above |
# | 6 days | 8 to 12 days | right or "wait" (1 of 18 may be wrong, for chance) |
# | 9 to 10 days | 35 and 40 days; the tolerance is 9/10 of what the model misses | never "harmless" (1 of 6 may be, for chance) |
# | 2 to 3 days, in a town with few trips | nine weeks; the tolerance is just what the model misses | "wait", mostly (3 of 12 others are allowed, for chance) |
#
# So no fixed number of days fits all. `a_story(kind, seed, mean_delay=9)` draws slow labels. One thing is not solved here: who asks again every Monday, each time with 95 %, has many chances to be wrong. For *repeated looks* make the interval wider, or wait until two Mondays agree.
#
# <details><summary>Hint 1</summary>First of all throw away what is not known at <code>now</code>. Then: of which trips would you know it by now if their bike had been broken?</details>
# <details><summary>Hint 2</summary>How long did nearly all labels of broken bikes take, of trips that ended so long ago that the slow ones are among them? A trip younger than that is not ripe. Are there ripe trips enough? Where does their interval lie?</details>

# %% nbgrader={"grade": false, "grade_id": "late", "locked": false, "schema_version": 3, "solution": true, "task": false}
def judge_change(trips, since, now, tolerance=0.03):
    """Return "harmful", "harmless" or "wait", by what was known at `now`."""
    ### BEGIN SOLUTION
    known = trips[trips["label_available_at"] <= now]
    broken = known[known["needs_repair"].astype(bool) & (known["ended_at"] < now - 45 * DAY)]
    patience = (broken["label_available_at"] - broken["ended_at"]).quantile(0.98)
    ripe = known[(known["ended_at"] >= since) & (known["ended_at"] <= now - patience)]
    if len(ripe) < 200:
        return "wait"
    low, high = missed_interval(ripe)
    return "harmful" if low > tolerance else "harmless" if high < tolerance else "wait"
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-late", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
for kind, expected in [("app", "harmless"), ("pads", "harmful")]:
    story, since, _ = a_story(kind, seed=3)
    said = judge_change(story.copy(), since, since + 12 * pd.Timedelta(hours=1))
    assert said == "wait", f"In the story {kind!r}, half a day after the change, judge_change says {said!r}, expected 'wait'."
    said = judge_change(story.copy(), since, since + 65 * DAY)
    assert said == expected, f"In the story {kind!r}, 65 days after the change, judge_change says {said!r}, expected {expected!r}: labels take 4 days there on average, and 8 if the bike is broken."

# %% nbgrader={"grade": true, "grade_id": "judge-late", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: judge_change in another city, where labels take 3 to 6 days, nine weeks and half a day after four kinds of change, of which two are harmful.
### BEGIN HIDDEN TESTS
import pandas as pd
from judging import draw_stories
from judgekit import fresh

for kind, story, since, truth, _ in draw_stories(fresh(4), ["app", "cold", "pads", "ebikes"]):
    for hours, expected in [(12, "wait"), (63 * 24, truth)]:
        try:
            said = judge_change(story, since, since + pd.Timedelta(hours=hours), 0.03)
        except Exception as error:
            raise AssertionError(f"In another city judge_change stopped with {type(error).__name__}: {error}") from None
        when = "half a day" if hours == 12 else "nine weeks"
        assert said == expected, f"In another city, {when} after {kind}, judge_change says {said!r}, expected {expected!r}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-late-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: judge_change 8, 10 and 12 days after changes, when few labels are there, and, where labels take 9 to 10 days, 35 and 40 days after harmful ones. What is not known yet is the opposite of what will be.
### BEGIN HIDDEN TESTS
from judging import draw_stories, mislead, missed, moments
from judgekit import fresh

wrong, all_early, later, all_later = [], 0, [], 0
for kind, story, since, truth, _ in draw_stories(fresh(5), ["pads", "ebikes", "app", "cold", "ebikes", "pads"], delays=(5.7, 6.0)):
    days = (8, 10, 12)
    said = answers_at(story, since, [(now, mislead(story, now, truth)) for now in moments(since, days)], 0.03)
    all_early += len(said)
    wrong += [(number, kind, one, truth) for number, one in zip(days, said) if one not in (truth, "wait")]
for kind, story, since, truth, _ in draw_stories(fresh(6), ["pads", "ebikes", "ebikes"], delays=(9.0, 10.0)):
    days = (35, 40)
    said = answers_at(story, since, [(now, mislead(story, now, truth)) for now in moments(since, days)], 0.9 * missed(story, since))
    all_later += len(said)
    later += [(number, kind) for number, one in zip(days, said) if one == "harmless"]
assert len(wrong) <= 1, (
    f"Of {all_early} early answers in another city {len(wrong)} are wrong: {wrong[0][0]} days after {wrong[0][1]} judge_change says {wrong[0][2]!r}, and it is {wrong[0][3]}. "
    "Labels that come after now must not count (here they say the opposite), and those that are there already are not a fair sample of all."
)
assert len(later) <= 1, (
    f"Of {all_later} answers 35 and 40 days after harmful changes in another city, with a tolerance of 9/10 of what the model misses, {len(later)} are 'harmless': {later[0][0]} days after {later[0][1]}, for one. "
    "The labels of broken bikes take 18 to 20 days there on average, and many take 40 and more: trips whose label would not be there by now if it said 'broken' are not ripe."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-late-3", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: judge_change 35 days after changes where labels take 2 to 3 days, and, in a town with few trips, nine weeks after, with a tolerance that is just what the model misses.
### BEGIN HIDDEN TESTS
from judging import draw_stories, mislead, missed, moments
from judgekit import fresh

for kind, story, since, truth, delay in draw_stories(fresh(17), ["app", "cold", "pads", "ebikes"], delays=(2.0, 3.0)):
    (now,) = moments(since, [35])
    (said,) = answers_at(story, since, [(now, mislead(story, now, truth))], 0.03)
    assert said == truth, (
        f"In another city, where labels take {delay:.1f} days on average, and {2 * delay:.1f} if the bike is broken, judge_change says {said!r} 35 days after {kind}, expected {truth!r}: thousands of trips are ripe by then. "
        "How long labels take must be measured by those that are known (the others come much later here, and say the opposite)."
    )
said = []
for _, story, since, *_ in draw_stories(fresh(18), ["pads", "ebikes"] * 6, delays=(2.0, 3.0)):
    said.append(judge_change(story[::8].reset_index(drop=True), since, moments(since, [63])[0], missed(story, since)))
other = [one for one in said if one != "wait"]
assert len(other) <= 3, (
    f"In a town with few trips, nine weeks after {len(said)} changes, with a tolerance that is just what the model misses, judge_change says {other[0]!r} and the like in {len(other)}, expected 'wait' but for 3 at most: how wide is the interval of what is ripe?"
)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · Bug, or drift?
#
# In October the alarm for `distance_km` rang, and Bo retrained. When the docks were mended in November, the new model was wrong once more. A **bug** in the data looks like drift, but must not be learnt: it has a source and a moment, and can be *undone*.
#
# How can one tell a bug from the world? By what cannot change. The world changes for all who live in it, gradually, and everything in it fits together: longer trips take longer. A bug is sudden, sits in **one** source, and breaks what must fit. Such a thing that must hold, whatever people do, is an **invariant**: here the speed, kilometres over minutes. Nobody rides at 800 km/h, nor can all riders of one third of the city, from three o'clock on, be slower by exactly the ratio of a kilometre to a mile.
#
# `autumn.csv.gz` has five weeks from 6 October on, as three sources sent them. The first seven days are known to be right.

# %% nbgrader={"grade": false, "grade_id": "autumn", "locked": true, "schema_version": 3, "solution": false, "task": false}
autumn = pd.read_csv("autumn.csv.gz", parse_dates=["started_at"])
UNITS = {"m": 1000.0, "miles": 0.621371}  # how many of it are a kilometre


def speed_off(trips):
    """Return the trips by time, and `off`: the logarithm of their speed, less the median of their source's first week."""
    table = trips.sort_values("started_at", kind="stable")
    speed = np.log(table["distance_km"] / table["duration_min"])
    first_week = table["started_at"] < table["started_at"].min() + 7 * DAY
    return table.assign(off=speed - table["source"].map(speed[first_week].groupby(table["source"]).median()))


def mend(trips, fault):
    """Return the table with all distances in km again, and all else as it was. The fault: None, or source, since and factor."""
    if fault is None:
        return trips.copy()
    source, since, factor = fault
    affected = (trips["source"] == source) & (trips["started_at"] >= since)
    return trips.assign(distance_km=trips["distance_km"].where(~affected, trips["distance_km"] / factor))


speed_off(autumn).head(3)

# %%
halves = np.where(autumn["started_at"] < autumn["started_at"].quantile(0.5), "first half", "second half")
autumn.groupby(["source", halves])["distance_km"].describe()[["count", "50%", "max"]].round(2)

# %% [markdown]
# The longest are no bug: there are day tours of 90 km. There are bikes that somebody forgot to lock, 1 km in 40 hours, and hops of 50 m to the next dock. They are rare, and all genuine. A rule such as "more than 30 km must be metres" destroys them, and leaves the hops in metres.
#
# ### Exercise 4 — Undo it
# *Difficulty ●●● · about 23 minutes*
#
# `find_fault(trips)` returns `None`, or the fault as a tuple `(source, since, factor)`: which source sends `distance_km` in another one of the `UNITS`, from which time on (of its first wrong trip, or any time after its last right one), and what a kilometre is multiplied with. `mend` of the cell above then undoes it, and `speed_off` helps to find it.
#
# Done means, in other autumns:
#
# - The fault is found, also if it is so young that only the last 60 trips of the source are affected. After `mend` no trip is wrong in metres, and at most six in miles, next to the moment.
# - No fault where the world has changed: one source's trips got shorter by a third *and took less time*, thanks to a bridge; one source got e-bikes, faster and longer; snow slowed down the whole city by a third.
# - There is one fault at most, it concerns 60 trips or more, and it lasts to the end of the table. Day tours, hops and forgotten bikes are anywhere.
#
# <details><summary>Hint 1</summary>What is a wrong unit in the column <code>off</code>? Which value of it says that a trip fits better to another unit than to km?</details>
# <details><summary>Hint 2</summary>For each source and unit give each trip a score: how much closer it is to the other unit than to km. From the moment on nearly all scores are above 0, before it nearly all below. What is largest exactly there? Then check that the rest really lies where the unit says, and that only one source does so.</details>

# %% nbgrader={"grade": false, "grade_id": "unit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def find_fault(trips):
    """Return None or (source, since, factor)."""
    ### BEGIN SOLUTION
    found = []
    for source, own in speed_off(trips).groupby("source"):
        off, times = own["off"].to_numpy(), own["started_at"].tolist()
        for factor in UNITS.values():
            shift = math.log(factor)
            score = np.clip(np.abs(off) - np.abs(off - shift), -abs(shift), abs(shift))
            begin = int(score[::-1].cumsum()[::-1].argmax())
            if len(off) - begin >= 40 and abs(np.median(off[begin:]) - shift) < abs(shift) / 2:
                found.append((source, times[begin], factor))
    return found[0] if len(found) == 1 else None
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-unit", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
fault = find_fault(autumn.copy())
assert fault is not None and len(fault) == 3, f"find_fault(autumn) returns {fault}, expected (source, since, factor): one source has changed its unit."
assert fault[0] == "B", f"find_fault(autumn) blames source {fault[0]!r}. In which source has the speed changed, between the first week and the last?"
assert math.isclose(fault[2], UNITS["miles"], rel_tol=1e-3), f"find_fault(autumn) has the factor {fault[2]}, expected one of {UNITS}, the one that fits the speeds."
whole = mend(autumn, fault)
pace = (whole["duration_min"] / whole["distance_km"])[whole["source"] == "B"]
last, first = pace[whole["started_at"] >= "2025-11-03"].median(), pace[whole["started_at"] < "2025-10-13"].median()
assert abs(last / first - 1) < 0.1, f"After mending, a km in source B takes {last:.1f} minutes in the last week, and {first:.1f} in the first."
calm = autumn[autumn["source"] != "B"]
assert find_fault(calm) is None, f"find_fault of the sources A and C alone returns {find_fault(calm)}, expected None."

# %% nbgrader={"grade": true, "grade_id": "judge-unit", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: find_fault in other autumns with metres or miles, early and late, with tours, hops and forgotten bikes.
### BEGIN HIDDEN TESTS
from judging import draw_faults, wrong_mending
from judgekit import fresh

stories = draw_faults(fresh(6), ["m", "miles", "m late", "miles late", "m", "miles"])
try:
    answers = faults([story[0] for _, story in stories])
except Exception as error:
    raise AssertionError(f"In another autumn find_fault stopped with {type(error).__name__}: {error}") from None
for (kind, story), answer in zip(stories, answers):
    wrong = wrong_mending(kind, story, answer)
    assert not wrong, f"In another autumn, where a source sends {'metres' if kind.startswith('m ') or kind == 'm' else 'miles'}{' in its last 60 to 80 trips' if 'late' in kind else ''}, {wrong}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-unit-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: find_fault where nothing is wrong: a bridge, e-bikes in one source, snow, and an autumn without any event.
### BEGIN HIDDEN TESTS
from judging import draw_faults, wrong_mending
from judgekit import fresh

stories = draw_faults(fresh(7), ["bridge", "ebikes", "snow", "nothing", "bridge", "snow"]) + draw_faults(fresh(8), ["m"])
try:
    answers = faults([story[0] for _, story in stories])
except Exception as error:
    raise AssertionError(f"In another autumn find_fault stopped with {type(error).__name__}: {error}") from None
assert answers[-1] is not None, "In another autumn, where a source sends metres, find_fault returns None: who never finds a fault cannot be right about their absence."
what = {"bridge": "one source's trips are shorter and take less time", "ebikes": "one source has got e-bikes", "snow": "snow slows down all", "nothing": "nothing happened"}
for (kind, story), answer in zip(stories[:-1], answers):
    wrong = wrong_mending(kind, story, answer)
    assert not wrong, f"In another autumn, in which {what[kind]}, {wrong}."
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · Nothing moves, and all is wrong
#
# In December the workshop fitted other brake pads. Since then wear no longer follows the kilometres since the last service, but the metres downhill. That is **concept drift**: the inputs look as ever, and the relation between them and the truth has changed. And it is a nasty one, for *as many bikes as before* need repair. So the mean of label minus risk is 0 as well:

# %%
history, stream = a_stream(seed=4, kind="pads", drift_day=70)
early, later = stream[stream["day"] < 70], stream[stream["day"] >= 70]
print("distance of the inputs:", {name: round(float(moved(early[name], later[name])), 2) for name in INPUTS})
for name, part in [("before", early), ("after", later)]:
    print(f"{name}: label minus risk {100 * (part['needs_repair'] - part['risk']).mean():5.2f} of 100")
later.assign(missed=100 * (later["needs_repair"] - later["risk"]), slice=pd.qcut(later["km_since_service"], 4)).groupby("slice", observed=True)["missed"].mean().round(1)

# %% [markdown]
# The table shows where it is: the **residual**, label minus risk, is no longer 0 *in each slice*. The model misses repairs where bikes are fresh from service, and sees too many where they are not. One sees it by slices, or all at once by the mean of *residual times input*, with the input standardised: it is 0 as long as the model uses this input rightly, and leaves 0 when the relation changes. `daily_z` computes that for each day, in standard deviations of a quiet day:

# %% nbgrader={"grade": false, "grade_id": "daily", "locked": true, "schema_version": 3, "solution": false, "task": false}
def daily_z(history, table):
    """Return, for each day of a table and each input, the sum of residual times standardised input, in standard deviations of the history's days."""
    middle, spread = history[INPUTS].mean(), history[INPUTS].std()

    def daily(some):
        product = ((some[INPUTS] - middle) / spread).mul(some["needs_repair"] - some["risk"], axis=0).groupby(some["day"])
        return product.sum().div(np.sqrt(product.size()), axis=0)

    usual = daily(history)
    return (daily(table) - usual.mean()) / usual.std()


daily_z(*a_stream(4, "pads", 70)).loc[66:75].round(1)

# %% [markdown]
# To find the moment in a stream there is a family of rules that add up evidence. **CUSUM** is the oldest: each day add to a sum how far the day is above what is usual, less an allowance, and never let it fall below 0:
#
# $$s_t = \max(0,\; s_{t-1} + z_t - k)$$
#
# with $z_t$ the day's value in standard deviations of a quiet day, and an allowance $k$ of 0.5, say. Ring when $s$ exceeds a limit $h$. (Page–Hinkley and ADWIN, which you find in libraries, are relatives of it.) Small lasting shifts add up; large single days do not. Which $h$? Tables in books assume one sum of normal values with a known mean. You watch several, and know six weeks. So **measure** the false alarms: on streams in which nothing happens.
#
# ### Exercise 5 — The silent one
# *Difficulty ●●● · about 20 minutes*
#
# Write `concept_alarm(history, stream)`. Both are tables with `day`, the four `INPUTS`, `risk` and `needs_repair`; the history is six quiet weeks, the stream the twelve weeks after it. It returns the first day on which it rings, a whole number, or `None`. On a day it may use the history, that day and the days of the stream before it, but none after. A stream should take less than half a second, for the judge plays more than a hundred. (All labels of a day are there here: what the table calls a day, you learn some weeks later. Part 3 has dealt with that.)
#
# Done means, in other cities:
#
# | of streams | rings | the judge counts, for chance |
# |:--|:--|:--|
# | quiet | in at most 5 % | up to 9 of 40 |
# | in which the relation changes, by brake pads or by tubeless tyres (pressure does not matter any more, distance does) | in at least 90 %, within 28 days after the change, and not before | from 28 of 40 on, and from 10 of 20 of each kind |
# | in a cold spell: softer tyres, more repairs, as foretold | hardly ever: it is no concept drift | up to 3 of 12 |
#
# What comes after the alarm changes nothing about it.
#
# `a_stream(seed)` gives as many quiet streams as you like, `a_stream(seed, "pads", 70)` and `a_stream(seed, "tubeless", 70)` drifted ones, `a_stream(seed, "cold", 70)` the harmless cold. All of them are of the same trips, only the labels are drawn anew: forty streams of one winter know nothing of other winters. Leave some room for those.
#
# <details><summary>Hint 1</summary>Two sums an input, one for up and one for down; it rings whichever is first. With NumPy all inputs go at once: <code>np.maximum(0, …)</code> of a row.</details>
# <details><summary>Hint 2</summary>Measure with forty quiet streams how high the sums climb, and with drifted ones how high they are after two weeks. Put the limit in between; the limit of a textbook, 4 or 5, is much too low here.</details>

# %% nbgrader={"grade": false, "grade_id": "concept", "locked": false, "schema_version": 3, "solution": true, "task": false}
def concept_alarm(history, stream):
    """Return the day of the first alarm, or None."""
    ### BEGIN SOLUTION
    z = daily_z(history, stream)
    up, down = np.zeros(len(INPUTS)), np.zeros(len(INPUTS))
    for day, values in zip(z.index, z.to_numpy()):
        up, down = np.maximum(0, up + values - 0.5), np.maximum(0, down - values - 0.5)
        if max(up.max(), down.max()) > 20:
            return int(day)
    return None
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-concept", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
quiet = [concept_alarm(*a_stream(seed)) for seed in range(10, 30)]
assert all(day is None or isinstance(day, int | np.integer) for day in quiet), f"concept_alarm returns {quiet}, expected whole numbers or None."
assert sum(day is not None for day in quiet) <= 3, f"In {sum(day is not None for day in quiet)} of 20 quiet streams concept_alarm rings, expected hardly ever (3 are counted, for chance)."
drifted = [concept_alarm(*a_stream(seed, "pads", 70)) for seed in range(20, 26)]
heard = [day for day in drifted if day is not None and 70 <= day <= 98]
assert len(heard) >= 4, f"The relation changes on day 70 of 6 streams, and concept_alarm rings on {drifted}, expected days from 70 to 98."

# %% nbgrader={"grade": true, "grade_id": "judge-concept", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: concept_alarm on 40 quiet streams of another city, and on 12 of a harmless cold; who never rings where the relation changes earns nothing here.
### BEGIN HIDDEN TESTS
from judging import draw_cold, draw_streams
from judgekit import fresh

quiet, drifted = draw_streams(fresh(9), [None] * 40 + ["pads"] * 3, split=40)
try:
    said = played_streams(*quiet[:2]) + played_streams(*drifted[:2])
except Exception as error:
    raise AssertionError(f"On a stream of another city concept_alarm stopped with {type(error).__name__}: {error}") from None
rang = [day for day in said[:40] if day is not None]
assert any(day is not None for day in said[40:]), "In 3 streams of another city the relation changes, and concept_alarm never rings: who is deaf has no false alarms."
assert len(rang) <= 9, (
    f"In {len(rang)} of 40 quiet streams of another city concept_alarm rings, expected at most 2 (9 are counted, for chance). "
    "Measure how high it climbs when nothing happens, on more than a few streams."
)
rang = [day for day in played_streams(*draw_cold(fresh(16), 12)) if day is not None]
assert len(rang) <= 3, (
    f"In 12 streams of another city the cold softens all tyres, and more bikes break, as the model foretells. concept_alarm rings in {len(rang)}, expected hardly ever (3 are counted, for chance): "
    "an alarm about the relation must take off the risk that was foretold."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-concept-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: concept_alarm on 40 streams of another city in which the relation changes, by brake pads or by tubeless tyres; and that it does not look ahead.
### BEGIN HIDDEN TESTS
from judging import draw_streams
from judgekit import fresh

words = {"pads": "wear follows the metres downhill, no longer the km since service", "tubeless": "pressure matters no more, distance does"}
kinds = ["pads"] * 20 + ["tubeless"] * 20
((table, cases, changes),) = draw_streams(fresh(10), kinds)
said = played_streams(table, cases)
heard = [day is not None and change <= day <= change + 28 for day, change in zip(said, changes)]
early = sum(day is not None and day < change for day, change in zip(said, changes))
for kind, found in [("pads", sum(heard[:20])), ("tubeless", sum(heard[20:]))]:
    assert found >= 10, (
        f"In 20 streams of another city the relation changes ({words[kind]}). Within 28 days, and not before, concept_alarm rings in {found}, expected 18 or more (10 are counted, for chance)."
    )
assert sum(heard) >= 28, (
    f"In 40 streams of another city the relation changes. Within 28 days concept_alarm rings in {sum(heard)}, expected 36 or more (28 are counted, for chance); "
    f"in {sum(day is None for day in said)} it never rings, in {early} too early."
)
rang = [number for number, day in enumerate(said) if day is not None][::10]
cut = played_streams(table, [(*cases[number][:2], said[number]) for number in rang])
assert cut == [said[number] for number in rang], (
    f"If the stream ends on the day of the alarm, concept_alarm says {cut} instead of {[said[number] for number in rang]}: it needs later days. It looks ahead, or it returns the day on which the change began instead of the day on which it rings."
)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · When to train anew
#
# "Then let us retrain every week", says Bo, "and be safe." But each retraining costs: compute, and now and then a new model that does harm until it is rolled back. On the other side a model errs more the older it gets: this is its **decay**. Between the two lies a period that is cheapest.
#
# A **backtest** replays the past: models are trained as if it were an earlier week, and scored in all the weeks after. `backtest.csv.gz` holds one of last year: `errors` of 1,000 trips in each `week`, by the week *through* which the model was `trained_through`, and on what it was trained (`train_on`): everything there was, or the last 12 weeks. A model's age is `week` less `trained_through`.

# %% nbgrader={"grade": false, "grade_id": "backtest", "locked": true, "schema_version": 3, "solution": false, "task": false}
backtest = pd.read_csv("backtest.csv.gz")
aged = backtest.assign(age=backtest["week"] - backtest["trained_through"])
print("Bo's decay, errors of 1,000 trips by age in weeks:")
print(aged.groupby(["train_on", "age"])["errors"].mean().unstack().loc[:, [1, 10, 20, 30, 40]].round(1))
print("Two models, trained on everything through these weeks, in the same weeks:")
two = aged[(aged["train_on"] == "everything") & aged["trained_through"].isin([8, 40]) & aged["week"].isin([44, 51])]
print(two.pivot(index="trained_through", columns="week", values="errors").round(1))

# %% [markdown]
# Bo's curve is wrong, and nearly everybody draws it so. Old ages were only seen at the end of the year, and in winter *every* model errs more: his decay is age and season in one, they are **confounded**. But in the same week old and young models had the same weather. What differs between them *there* is age.

# %% [markdown]
# ### Exercise 6 — How fast it decays
# *Difficulty ●●○ · about 15 minutes*
#
# `decay(backtest, train_on)` returns by how many errors of 1,000 trips a model trained on `train_on` gets worse with each week of age, in the same weather: one number. Errors grow with age in a straight line here.
#
# The judge brings backtests of other years, with columns like ours: a season that is stronger, or turned around; some rows missing; models that hardly decay, and such that decay fast. What is off by up to 0.15 is right.
#
# <details><summary>Hint 1</summary>Compare each model with the others of its week. What is left of a week's errors, if you take off their mean?</details>
# <details><summary>Hint 2</summary>In a late week the mean age is higher, too. Take the week's mean off both, errors and ages, and fit a line through what is left. <code>groupby(…).transform("mean")</code> gives each row its group's mean.</details>

# %% nbgrader={"grade": false, "grade_id": "decay", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decay(backtest, train_on):
    """Return the errors of 1,000 trips that each week of age adds, of models trained on `train_on`."""
    ### BEGIN SOLUTION
    own = backtest[backtest["train_on"] == train_on]
    own = own.assign(age=own["week"] - own["trained_through"])
    less = own[["errors", "age"]] - own.groupby("week")[["errors", "age"]].transform("mean")
    return (less["errors"] * less["age"]).sum() / (less["age"] ** 2).sum()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-decay", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
slopes = {way: decay(backtest, way) for way in ("everything", "last 12 weeks")}
for way, slope in slopes.items():
    assert np.ndim(slope) == 0 and np.isfinite(slope), f"decay(backtest, {way!r}) returns {slope!r}, expected one number."
assert slopes["last 12 weeks"] > slopes["everything"] + 0.1, f"decay returns {slopes}: a model that knows 12 weeks only ages faster than one that knows everything. Do you look at the rows of train_on alone?"
for way, bo in [("everything", 0.84), ("last 12 weeks", 1.24)]:
    assert slopes[way] < bo - 0.15, f"decay(backtest, {way!r}) returns {slopes[way]:.2f}. A line through Bo's curve rises by {bo:.2f} a week: is the season still in yours?"

# %% nbgrader={"grade": true, "grade_id": "judge-decay", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decay in four other years, with seasons of another strength and direction.
### BEGIN HIDDEN TESTS
from judging import draw_years, wrong_decay
from judgekit import fresh

for backtest, slopes in draw_years(fresh(15), kept=1.0):
    for way, slope in slopes.items():
        try:
            said = decay(backtest, way)
        except Exception as error:
            raise AssertionError(f"In another year decay(backtest, {way!r}) stopped with {type(error).__name__}: {error}") from None
        wrong = wrong_decay(said, backtest, way, slope)
        assert not wrong, f"In another year {wrong}"
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-decay-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decay in four years of which a third of the rows is missing.
### BEGIN HIDDEN TESTS
from judging import draw_years, wrong_decay
from judgekit import fresh

for backtest, slopes in draw_years(fresh(16), kept=0.67):
    for way, slope in slopes.items():
        try:
            said = decay(backtest, way)
        except Exception as error:
            raise AssertionError(f"In a year with missing rows decay(backtest, {way!r}) stopped with {type(error).__name__}: {error}") from None
        wrong = wrong_decay(said, backtest, way, slope)
        assert not wrong, f"In a year with missing rows {wrong}"
### END HIDDEN TESTS

# %% [markdown]
# From the decay follows the calendar; you have it, in the next cell. A model that goes live is already old by the delay of its labels: with a delay of 4 weeks and a new model every 3, it is used at the ages 5, 6 and 7. And the risk of a bad release is a cost of every retraining.

# %% tags=["uses-answers"]
trips_per_week, euros_per_error, label_delay_weeks = 6000, 9.0, 4
compute_euros, bad_release_euros = {"everything": 900, "last 12 weeks": 300}, 0.05 * 20_000
costs = {}
for way, own in aged.groupby("train_on"):
    slope = decay(backtest, way)
    at_zero = (own["errors"] - slope * own["age"]).mean()
    print(f"{way}: {at_zero:.1f} errors of 1,000 trips at age 0, and {slope:.2f} more each week")
    for weeks in range(1, 27):
        errors = (at_zero + slope * (label_delay_weeks + (weeks + 1) / 2)) * trips_per_week / 1000
        costs[weeks, way] = errors * euros_per_error + (compute_euros[way] + bad_release_euros) / weeks
table = pd.Series(costs).unstack().rename_axis("train every … weeks")
best_weeks, best_way = min(costs, key=costs.get)
print("cheapest: on", best_way, "every", best_weeks, "weeks")
table.loc[[1, 2, 4, 6, 8, 10, 13, 26]].round(0).astype(int)

# %% [markdown]
# Every week costs more than twice a year. Near the cheapest period the costs are flat: "about so many weeks" is all that a calendar needs. Change a price or the delay, and see which of the two ways wins, and when. At work decay is rarely a straight line, and one year's backtest knows one winter: compute it again each year.
#
# A calendar is for the decay that is always there. When something *happens*, one decides by evidence. That comes next.

# %% [markdown]
# ## Part 7 · Dismiss, mend, roll back, retrain
#
# Monday morning, something has rung. Bo can do four things:
#
# - **dismiss**: nothing is proven to be harmful. Note it, and look again next Monday;
# - **mend**: a source sends what is wrong. Repair the data, not the model, whatever else may be;
# - **roll back**: go back to the version before, for the new one is worse *on the same trips*;
# - **retrain**: the world has changed, and no version that we have is right. Train on data since the change, once there are enough of them.
#
# The order is not a matter of taste. Who retrains on broken data learns the break. Who rolls back because the world has changed gets an older model that is just as wrong. And a **shadow** makes the difference: the previous version keeps on answering beside the one in use, unheard, so that both can be compared on the same trips. Here is the evidence of such a morning; you have it for eight weeks and three sources:

# %%
a_monday(seed=1, release=(5, 0.5)).tail(12)

# %% [markdown]
# `version` was in use in that week, `previous_version` was its shadow. `ripe` are the trips whose labels must be there by now: none in the last two weeks. Of these trips `foretold` are the repairs that the version in use foretold (the sum of its risks), `foretold_by_previous` those of its shadow, and `found` the repairs that the workshop found. `speed_kmh` is the median speed, `missing` the share of pressures that are missing.
#
# Found and foretold differ by chance as well: of 600 expected repairs by about the square root, 25. Sum up before you judge.
#
# ### Exercise 7 — One action, and why
# *Difficulty ●●● · about 20 minutes*
#
# Write `decide(evidence)`. It returns a dictionary with
#
# - `action`: `"dismiss"`, `"mend"`, `"roll back"` or `"retrain"`;
# - `target`: of mend the source, such as `"B"`; of roll back the version to go back to, such as `"14"`; of retrain the first week, a whole number, whose labels follow the new relation; of dismiss `None`;
# - `reason`: a sentence of 20 characters or more for the log, which names the target (if there is one).
#
# What is right:
#
# 1. *mend* if, in the last week of the evidence, one source is not as it was in the first three weeks, and the other sources are: its median speed has changed by more than a quarter, or its share of missing pressures is 10 percentage points higher. Also if no label is there yet, and whatever else has happened.
# 2. Otherwise something is *harmful* if, from some week on up to the last ripe one, the repairs found are in every week at least a third more or less than foretold, over all sources. If not, *dismiss*: also if there was such a week, and the weeks after it are right again.
# 3. Harmful, and in the first of these weeks a new version came into use, and the version before it is about right on the same trips, summed over all ripe weeks since: *roll back* to it.
# 4. Harmful otherwise: *retrain*.
#
# "About right" is what chance explains: in these stories sums of a week, over all sources, then differ by less than a fifth. At work such limits are not given: they are measured, as in Part 2. What has always been so is not news: a source that always had gaps, a city that has always been slow.
#
# Done means: the action and its target are right on other Mondays. In some of them two things happen, but a bad release and a changed relation never on the same Monday: the first harmed week is the moment of whatever did harm. At most one source is ill at a time. `a_monday(seed, …)` draws Mondays with events of your choice; read its docstring.
#
# <details><summary>Hint 1</summary>Begin with the sources: two tables, the first three weeks and the last week, by source, and a ratio. If all three are off, it is the world.</details>
# <details><summary>Hint 2</summary>Sum found, foretold and foretold_by_previous by week, over all sources, and leave out weeks without ripe trips. In which weeks is the ratio off, up to the last ripe one without a gap? The first of these is the moment: which version was in use then, and which the week before?</details>

# %% nbgrader={"grade": false, "grade_id": "decide", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decide(evidence):
    """Return {"action": …, "target": …, "reason": …}."""
    ### BEGIN SOLUTION
    first = evidence[evidence["week"] <= evidence["week"].min() + 2].groupby("source")[["speed_kmh", "missing"]].mean()
    last = evidence[evidence["week"] == evidence["week"].max()].set_index("source")[["speed_kmh", "missing"]]
    slower = (last["speed_kmh"] / first["speed_kmh"] - 1).abs() > 0.25
    gaps = last["missing"] - first["missing"] > 0.1
    for what, sources in [("speed", slower), ("share of missing pressures", gaps)]:
        if sources.sum() == 1:
            source = str(sources.idxmax())
            return {"action": "mend", "target": source, "reason": f"The {what} changed in source {source} alone: its data are wrong."}
    ripe = evidence[evidence["ripe"] > 0]
    sums = ripe.groupby("week")[["found", "foretold", "foretold_by_previous"]].sum()
    off = (sums["found"] / sums["foretold"] - 1).abs() > 0.25
    if not off.iloc[-1]:
        return {"action": "dismiss", "target": None, "reason": "The repairs found are about as many as foretold."}
    right = off[~off].index
    since = int(right.max() + 1) if len(right) else int(off.index[0])
    versions = evidence.groupby("week")["version"].first()
    new = since > versions.index[0] and versions[since] != versions[since - 1]
    after = sums.loc[since:]
    if new and abs(after["found"].sum() / after["foretold_by_previous"].sum() - 1) < 0.25:
        target = str(versions[since - 1])
        return {"action": "roll back", "target": target, "reason": f"Since week {since} the new version is wrong where version {target} is right."}
    return {"action": "retrain", "target": since, "reason": f"Since week {since} no version foretells what is found: the relation has changed."}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-decide", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
for seed, events, action, target in [
    (1, {}, "dismiss", None),
    (2, {"unit": ("C", 5, 0.62)}, "mend", "C"),
    (3, {"release": (5, 0.5)}, "roll back", "14"),
    (4, {"relation": (4, 1.8)}, "retrain", 4),
]:
    said = decide(a_monday(seed, **events))
    assert isinstance(said, dict) and {"action", "target", "reason"} <= set(said), f"decide returns {said}, expected a dictionary with action, target, reason."
    assert said["action"] == action, f"On a Monday after {events or 'nothing'} decide says {said['action']!r}, expected {action!r}. Its reason: {said['reason']}"
    assert said["target"] == target, f"On a Monday after {events or 'nothing'} decide has the target {said['target']!r} for {action!r}, expected {target!r}."
    assert len(str(said["reason"])) >= 20 and (target is None or str(target) in str(said["reason"])), (
        f"The reason {said['reason']!r} should be a sentence, and name the target {target!r}."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-decide", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decide on other Mondays, each after one event or none: also harmless ones, changes in the last week, and what has always been so.
### BEGIN HIDDEN TESTS
from judging import draw_mondays, wrong_decision
from judgekit import fresh

for what, evidence, action, target in draw_mondays(fresh(13), "single"):
    try:
        said = decide(evidence)
    except Exception as error:
        raise AssertionError(f"On a Monday after this: {what}; decide stopped with {type(error).__name__}: {error}") from None
    wrong = wrong_decision(said, action, target)
    assert not wrong, f"On a Monday after this: {what}; {wrong}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-decide-2", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decide on Mondays after two events: a release beside a wrong unit, a change of the world beside a release, and others.
### BEGIN HIDDEN TESTS
from judging import draw_mondays, wrong_decision
from judgekit import fresh

for what, evidence, action, target in draw_mondays(fresh(14), "double"):
    try:
        said = decide(evidence)
    except Exception as error:
        raise AssertionError(f"On a Monday after this: {what}; decide stopped with {type(error).__name__}: {error}") from None
    wrong = wrong_decision(said, action, target)
    assert not wrong, f"On a Monday after this: {what}; {wrong}."
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# The winter once more, with what you have built. What would have been known, when, and what would have been done?

# %% tags=["uses-answers"]
fault = find_fault(autumn)
print(f"October:  source {fault[0]} sends another unit since {fault[1]:%d %B, %H:%M}. Mend {(mend(autumn, fault)['distance_km'] != autumn['distance_km']).sum()} trips, retrain nothing.")
story, since, _ = a_story("app", seed=5)
said = {days: judge_change(story, since, since + days * DAY) for days in (7, 21, 35, 49)}
print("November: the new app, by days since then:", said)
history, stream = a_stream(seed=6, kind="pads", drift_day=70)
print("December: new brake pads on day 70; the silent alarm rings on day", concept_alarm(history, stream))
print("          and what to do about it:", decide(a_monday(6, relation=(4, 1.8)))["action"])
few = [rng.normal(mean, 1, 500) for mean in (0, 0.15)]
print("January:  a shift of 0.15 in Cy's sample of 500 rows:", verdict(*few, 0.2))
print("and from now on, without any alarm: train on", best_way, "every", best_weeks, "weeks")

# %% [markdown]
# "So an alarm is a question", says Rosa. It is, and it has an order. What to take to work tomorrow:
#
# - Pin method and threshold, and say "cannot tell" where you cannot. A verdict must not depend on how many rows somebody could afford.
# - A threshold is measured: how often does it ring over *whole quiet weeks*, with all columns together, and how often in the weeks that hurt?
# - Whether a change is harmful, only labels tell. Use those that were known, of trips that are ripe.
# - Before you learn from data, ask whether they are true. A bug has a source, a moment, and breaks an invariant. It is mended.
# - The worst drift shows in no input. Watch residuals in slices, with a limit that you have measured.
# - Retrain by a calendar that has been computed, and by evidence; never because something is red.
#
# At work there is more than these four actions. Often the cheapest is to **recalibrate**: to correct the risk's level by the newest labels, and leave the model as it is. Ask also whether the ripe weeks since a change are enough to train on, put the new model through the same release check as any other, and tell those who use the risk what was wrong, and since when.
#
# What this lab's simulator does not have: labels that are wrong, or come only for bikes that the model itself sends to the workshop (then nobody knows what it missed, unless some bikes are checked at random); several changes that come slowly; people who adapt to the model. And where many columns are watched, or texts and pictures by an **embedding** (a list of numbers that stands for their meaning: what is alike lies close together), a common way is a *domain classifier*: a model that is to tell last month's rows from this week's. If it can do no better than by chance, nothing has moved. What "by chance" is must again be measured, on weeks.
#
# ## Going further
#
# - **Text.** Train a domain classifier on the support desk's tickets of two months. Replace all numbers by a sign first, keep all tickets of a rider in the same fold, and draw its AUC against what it is for pairs of quiet weeks.
# - **Sooner.** Exercise 3 decides after some weeks. Weight each label by one over the probability that it was to arrive by now. How many days do you gain, and what do you have to assume?
# - **Closer to the money.** In Exercise 2 give a false alarm and a missed week a price each, and choose the thresholds by the sum. What must a false alarm cost for the limit of 5 % to be the right one?
# - To read: [a survey on concept drift adaptation by Gama and others](https://doi.org/10.1145/2523813), [the paper Failing Loudly on methods to detect shifts of data](https://arxiv.org/abs/1810.11953), and the chapter on data distribution shifts in Chip Huyen's book *Designing Machine Learning Systems*.
