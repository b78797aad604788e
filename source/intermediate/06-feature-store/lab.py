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
#     minutes: 130
#     outcomes:
#     - Join features to training rows as they were at each row's moment, by hand and with Feast
#     - Find rows that a feature store loses or merges, and guarantee one row out for each row in
#     - Tell apart when something was true and when it was known, with late and corrected data
#     - Keep an online store fresh, and refuse its values when they are too old
#     - Write features that are the same in training and in service, and version what a model uses
#     prerequisites:
#     - why-models-fail
#     roadmap: Feature stores
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: feature-store
#     terms:
#       feature store: "A system that computes or keeps features once, and hands them out for training (past values) and in service (newest values)."
#       entity: "What a feature is about, and by whose key it is looked up: a station, a rider, a bike."
#       feature view: "A named group of features of one entity from one source, with the column of their times."
#       offline store: "The part of a feature store that holds the whole history, for training."
#       online store: "The part of a feature store that holds the newest values only, for quick answers in service."
#       point-in-time join: "A join that gives each row the values as they were at the row's own moment, never later ones."
#       leakage: "When a model is trained on something that it cannot know at the moment of its answer."
#       TTL: "Time to live: the age up to which a value counts; an older one is treated as missing."
#       event time: "The moment for which a value holds."
#       created time: "The moment at which a value was written down, and so could be known."
#       backfill: "To compute or load values of the past afterwards."
#       materialisation: "To copy the newest values from the offline into the online store."
#       on-demand feature view: "Features that are computed at the moment of asking, by one function, in training and in service."
#       feature service: "A named list of features in a feature store: what one version of a model uses."
#     title: Feature stores
#     tools:
#     - Feast
#     - pandas
#     - SQLite
# ---

# %% [markdown]
# # Feature stores
#
# ## Why this matters
#
# Monday 30 June 2025, Metro Bikes. Noor has two printouts before her. On one, from Cy's notebook, the new *departure forecast* is 1.7 bikes per hour off. On the other, from the first week in service, it is 2.7 bikes off, and the vans were where nobody wanted a bike.
#
# The forecast tells the planner, for a station and a type of bike, how many will leave in the next hour. It is given two numbers about the station: how many left in the last three hours, and how many in the last day. Nothing simpler than that, one would think.
#
# "It is the training–serving skew that we had in spring", says Bo: in service, the model sees other features than in training. "I have put the numbers into a *feature store*. It cannot happen any more." His training table has half as many rows as Cy's. Nobody knows where the other half is: there was no message, and the forecast trained, as always.
#
# A **feature store** keeps features once, for all models, and hands them out on two sides: past values for training, the newest values for the service. It takes much off your hands, and it has edges. You will use a real one, *Feast*, that many companies run, and find in its default settings three ways to lose data in silence. The lesson is not
# "do not use it". It is: **know what must come out, and check it.**

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `bikestore.py`, the team's module: it reads tables, opens the store, trains the forecast and measures it. Read the first line of each function, and all of `definitions`.
# - `reports.csv`: the stations' dock computers report every three hours. `reported_for` is the moment up to which they counted; `received_at` is when the report came in, usually minutes later, sometimes a day. A wrong report is followed by a *correction*: the same `reported_for`, a later `received_at`.
# - `inspections.csv`: the morning round writes down how many docks of a station work.
# - `questions.csv`: when the planner asked about which station, and what happened in the hour after: the rows to train on. Each question is asked for both types of bike.
# - `service_log.csv`: the questions of the week of 23 June, with the features that the service had at that moment.
#
# Times are in UTC. Errors are **mean absolute errors in bikes per hour**, for a station and a type. To see what a table promises, the forecast is trained on its rows before 17 June, and tried on those from 17 June on, which are *held out*.
#
# The cells make seven folders (`store`, `few`, `versions`, `online`, `bo`, `busy`, `released`) and `rows.png` beside this notebook. Each run makes them anew, and you may delete them when you are done.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from feast import FeatureService, FeatureStore, Field, OnDemandFeatureView
from feast.types import Float64
from IPython.display import Image

from bikestore import (
    TTL,
    as_inputs,
    error,
    in_online_store,
    new_store,
    newest,
    open_store,
    play,
    put,
    quiet,
    read_table,
    receive,
    services,
    train,
    unlike,
)

reports, inspections = read_table("reports.csv"), read_table("inspections.csv")
questions, service_log = read_table("questions.csv"), read_table("service_log.csv")
HALF_DAY = pd.Timedelta(hours=12)
print(
    f"{len(questions)} rows to train on, {len(service_log)} rows from the service, {len(reports)} reports of {reports['station_id'].nunique()} stations"
)


# %% [markdown]
# Some tests use seven questions to four stations, small enough to answer in your head:


# %% nbgrader={"grade": false, "grade_id": "little", "locked": true, "schema_version": 3, "solution": false, "task": false}
def at(clock, day=2):
    """Return a moment of 2 June 2025, in UTC."""
    return pd.Timestamp(f"2025-06-{day:02} {clock}", tz="UTC")


few_reports = pd.DataFrame(
    [
        (2, at("09:00"), at("09:05"), 5.0, 40.0),
        (1, at("09:00"), at("09:05"), 20.0, 85.0),
        (1, at("06:00"), at("06:05"), 10.0, 80.0),
        (4, at("12:00", 1), at("12:05", 1), 7.0, 60.0),
    ],
    columns=["station_id", "reported_for", "received_at", "departures_3h", "departures_24h"],
)
few_questions = pd.DataFrame(
    [
        (at("09:30"), 1, "classic", 3),
        (at("09:30"), 4, "classic", 2),
        (at("09:30"), 1, "ebike", 1),
        (at("05:00"), 1, "classic", 0),
        (at("08:59:59"), 1, "classic", 4),
        (at("09:00"), 2, "ebike", 1),
        (at("09:30"), 3, "classic", 6),
    ],
    columns=["asked_at", "station_id", "bike_type", "departures_next_hour"],
)
few_right = pd.DataFrame(
    {
        "departures_3h": [20, np.nan, 20, np.nan, 10, 5, np.nan],
        "departures_24h": [85, np.nan, 85, np.nan, 80, 40, np.nan],
    }
)
few_questions.join(few_right).style.format(na_rep="–", precision=0)


# %% [markdown]
# ## Part 1 · The value of that moment
#
# This is Cy's training table. Each question gets the report of the three hours in which it was asked:


# %% nbgrader={"grade": false, "grade_id": "cys-table", "locked": true, "schema_version": 3, "solution": false, "task": false}
def cys_table(rows, reports):
    """Return rows with the features of Cy's notebook."""
    window = newest(reports).assign(window=lambda table: table["reported_for"] - pd.Timedelta(hours=3))
    return rows.assign(window=rows["asked_at"].dt.floor("3h")).merge(
        window.drop(columns=["reported_for", "received_at"]), on=["station_id", "window"], how="left"
    )


cys = cys_table(questions, newest(reports))
cys_model = train(cys[cys["asked_at"] < at("00:00", 17)])
print(f"Cy's notebook promises: {error(cys_model, cys[cys['asked_at'] >= at('00:00', 17)]):.2f} bikes per hour off, on held-out rows")
print(f"in service it is:       {error(cys_model, service_log):.2f}")
cys.loc[[700], ["asked_at", "station_id", "window", "departures_3h", "departures_next_hour"]]

# %% [markdown]
# Look at that row, and ask: until when were these departures counted? Three hours from `window` on. A part of the hour that the model has to *foresee* is in them. In service that report does not exist yet. To train on what cannot be known at the moment of the answer is called **leakage**. The test on held-out rows does not notice it: they
# leak as well.
#
# What is right is a **point-in-time join**: each row gets the newest values *up to its own moment*, never later ones. And not any old value: one from last week says nothing about now. The age up to which a value counts is called its **TTL** (time to live).
#
# ### Exercise 1 — As of then
# *Difficulty ●●○ · about 12 minutes*
#
# Write `as_of(rows, reports, max_age)`. It returns the rows with the feature columns of `reports` added (all but `station_id`, `reported_for` and `received_at`): those of the newest report about the same station whose `reported_for` is not after the row's `asked_at`, and not more than `max_age` before it. Exactly at `asked_at`, or
# exactly `max_age` old, still counts. Where there is none, the features are `NaN`.
#
# A number that is missing in that report is missing in the row as well: the newest *report* counts, not the newest number.
#
# Each row comes back **once, in the order in which it came**, with all its columns. Its index is up to you. Forget `received_at` for now; here, there are no corrections.
#
# Done means: it gives the seven answers above, and the right ones for other stations, with rows and reports in no order.
#
# <details><summary>Hint 1</summary>pandas has a join for just that, by nearest time. It takes a direction, a tolerance, and columns that must be equal. It wants both tables sorted by time, and hands the rows back sorted: so remember where each row stood.</details>
# <details><summary>Hint 2</summary><code>pd.merge_asof</code>: <code>left_on</code> and <code>right_on</code> name the two times, <code>by</code> the station, <code>tolerance</code> is the age; its default direction is backward. Put <code>np.arange(len(rows))</code> into a column before, sort by it afterwards, and drop it.</details>


# %% nbgrader={"grade": false, "grade_id": "as-of", "locked": false, "schema_version": 3, "solution": true, "task": false}
def as_of(rows, reports, max_age):
    """Return the rows with the features of the newest report up to each row's moment, at most `max_age` old."""
    ### BEGIN SOLUTION
    place = rows.assign(place=np.arange(len(rows))).sort_values("asked_at")
    values = reports.drop(columns="received_at").sort_values("reported_for")
    joined = pd.merge_asof(place, values, left_on="asked_at", right_on="reported_for", by="station_id", tolerance=max_age)
    return joined.sort_values("place", ignore_index=True).drop(columns=["place", "reported_for"])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-as-of", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
wrong = unlike(as_of(few_questions, few_reports, HALF_DAY), few_questions, few_right)
assert not wrong, (
    f"as_of, asked about the seven questions: {wrong}. Each row gets the newest report of its station up to its moment, and no report older than 12 hours."
)
honest = as_of(questions, newest(reports), HALF_DAY)
assert len(honest) == len(questions), f"as_of returned {len(honest)} rows for the {len(questions)} of questions.csv."
promise_of_honest = error(train(honest[honest["asked_at"] < at("00:00", 17)]), honest[honest["asked_at"] >= at("00:00", 17)])
assert promise_of_honest > 1.85, (
    f"Trained on your table, the forecast promises {promise_of_honest:.2f} bikes per hour off. That is too good: no honest table of these rows gives less than 1.9. Something of the hour to be foreseen is still in it."
)

# %% nbgrader={"grade": true, "grade_id": "judge-as-of", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: as_of on other stations: questions on the second of a report, a second before and after it, and as old as max_age allows.
### BEGIN HIDDEN TESTS
import pandas as pd
from bikestore import unlike
from judgekit import fresh
from judging import HOUR, SECOND, draw_questions, draw_reports, truth

rng = fresh(1)
for hours in (12, 5):
    age = hours * HOUR
    there = draw_reports(rng, [3, 11, 7])
    there = there[rng.random(len(there)) < 0.7]
    rows = draw_questions(rng, there, 60, edges=[0 * SECOND, SECOND, -SECOND, age, age + SECOND, age - SECOND])
    try:
        said = as_of(rows, there, age)
    except Exception as error:
        raise AssertionError(f"On other stations as_of stopped with {type(error).__name__}: {error}") from None
    wrong = unlike(said, rows, truth(rows, there, age))
    assert not wrong, (
        f"On other stations, with a max_age of {hours} hours: {wrong}. A report counts from its own second on, and as long as it is not older than max_age."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-as-of-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: as_of with stations that never reported, two rows of one moment, other feature columns, reports with a missing number, and an index that says nothing.
### BEGIN HIDDEN TESTS
import numpy as np
import pandas as pd
from bikestore import unlike
from judgekit import fresh
from judging import HOUR, draw_questions, draw_reports, truth

rng = fresh(2)
there = draw_reports(rng, [2, 40, 5]).rename(columns={"departures_24h": "bikes"}).drop(columns="departures_3h")
there["bikes"] = there["bikes"].mask(rng.random(len(there)) < 0.2)
rows = draw_questions(rng, there, 80, strangers=[77], twins=25)
try:
    said = as_of(rows, there, 9 * HOUR)
except Exception as error:
    raise AssertionError(
        f"With the one feature 'bikes' and a station that never reported, as_of stopped with {type(error).__name__}: {error}"
    ) from None
wrong = unlike(said, rows, truth(rows, there, 9 * HOUR, names=["bikes"]))
assert not wrong, (
    f"With the one feature 'bikes', missing in a fifth of the reports, pairs of rows of one moment and a station that never reported: {wrong}."
)
### END HIDDEN TESTS

# %% tags=["uses-answers"]
honest_model = train(honest[honest["asked_at"] < at("00:00", 17)])
print(f"your table promises: {promise_of_honest:.2f} bikes per hour off, on held-out rows")
print(f"in service it is:    {error(honest_model, service_log):.2f}; Cy's was {error(cys_model, service_log):.2f}")

# %% [markdown]
# Your table promises a larger error than Cy's, and in service its forecast is the better one by half a bike. That is what leakage does: it makes the promise better and the model worse, for the model leans on what will not be there. Your promise is not quite kept, either. Why, is the question of Part 3.

# %% [markdown]
# ## Part 2 · The same with a feature store
#
# So each team writes its own `as_of`, and one of them gets it wrong. A feature store does it once for all. Feast's words:
#
# - An **entity** is what a feature is about, here the station; `station_id` is its key.
# - A **feature view** is a named group of features of an entity: where they lie, in which column stands their time, and their TTL. `definitions` in `bikestore.py` has two: `station_load` (12 hours) and `station_docks` (3 days).
# - The **offline store** holds the whole history, for training. Ours is a folder with Parquet files, and Feast reads them by its default, called `file` or `dask`.
# - The **online store** holds the newest values only, for the service. Ours is a SQLite file. It comes in Part 4.
#
# To *apply* definitions is to write them into the store's registry, a file as well. Then one asks, with rows that have a time and a key, for features by `view:feature`:

# %%
store = new_store("store", newest(reports), newest(inspections))
print("views:", [(view.name, str(view.ttl), [field.name for field in view.features]) for view in store.list_feature_views()])
store.get_historical_features(entity_df=questions.iloc[[700, 702]], features=["station_load:departures_3h", "station_docks:docks"]).to_df()


# %% [markdown]
# Two rows, each with the values of its moment, from two tables with different clocks. Now Bo's whole table:


# %% nbgrader={"grade": false, "grade_id": "bos-table", "locked": true, "schema_version": 3, "solution": false, "task": false}
def bos_table(folder, rows, features):
    """Return what the store gives for the rows."""
    with quiet():
        return open_store(folder).get_historical_features(entity_df=rows, features=features).to_df()


# %%
bos = bos_table("store", questions, ["station_load:departures_3h", "station_load:departures_24h"])
print(f"{len(questions)} rows in, {len(bos)} rows out")
bos_model = train(bos[bos["asked_at"] < at("00:00", 17)])
print(
    f"Bo's table promises {error(bos_model, bos[bos['asked_at'] >= at('00:00', 17)]):.2f} bikes per hour off; in service it is {error(bos_model, service_log):.2f}"
)
pd.DataFrame({"rows in": questions["bike_type"].value_counts(), "rows out": bos["bike_type"].value_counts()})

# %% [markdown]
# No error, no warning. Bo's first thought was that half the questions had no report. But those would have to come back with empty features. Let us ask the store your seven questions:

# %%
few_store = new_store("few", few_reports, inspections.iloc[:0])
print("asked:", [f"{row.station_id} {row.asked_at:%H:%M:%S} {row.bike_type}" for row in few_questions.itertuples()])
bos_table("few", few_questions, ["station_load:departures_3h"])

# %% [markdown]
# Compare row by row. This is what Feast's default offline store does, in version 0.67:
#
# 1. **It drops** rows whose only values are too new or past the TTL: station 1 at five o'clock, station 4. They do *not* come back with `NaN`, as they do from other offline stores, DuckDB's for one. (A station without any report, such as 3, does.)
# 2. **It merges** rows with the same key and time into one: of the two questions about station 1 at half past nine one is gone, and a label with it. That our rows differ in `bike_type` does not matter to it: that column is no key. This is a known bug of the file store, [issue 6787](https://github.com/feast-dev/feast/issues/6787); DuckDB's and the SQL stores do not have it.
#
# Lost rows are not a random sample. The first kind are questions about stations that have fallen silent: the model never learns what to do then, and no test on such a table says how it fares. Of the second kind chance decides which label stays. And the error of a week does not give it away: Bo's forecast is 2.1 bikes off in service, yours of Part 1 is 2.2, and that much is chance. (Halves of your table, drawn at random, give between 2.1 and 2.4.) Whoever looks at errors only does not see that half is gone. Whoever counts rows does.
#
# ### Exercise 2 — One row out for each row in
# *Difficulty ●●● · about 18 minutes*
#
# Write `training_table(folder, rows, features)`. It asks the store in the folder for features of rows that have `asked_at` and `station_id` (and other columns), and returns the rows, **each once and in their order**, with a column for each of the features, named without its view. A value is `NaN` if, and only if, **its own view** has none for that
# moment.
#
# How long a value counts is the view's affair: stores have other TTLs than ours. `features` may name several views, such as `["station_load:departures_3h", "station_docks:docks"]`; no two of them are named alike.
#
# Done means: for other stores and rows it returns what a point-in-time join by hand does, for one view and for two.
#
# <details><summary>Hint 1</summary>What you ask the store and what you return need not be the same rows. Ask for what it can answer: each pair of key and time once. Then join its answers to your rows, so that what it dropped comes back empty. And two views: a row that the first one drops, the second one never sees.</details>
# <details><summary>Hint 2</summary>Group the features by what stands before the colon, and ask one view at a time. From the rows take only <code>asked_at</code> and <code>station_id</code>, without duplicates; of the answer keep these two and the features; and <code>merge</code> it to the rows with <code>how="left"</code>. Such a merge keeps the
# order.</details>


# %% nbgrader={"grade": false, "grade_id": "training-table", "locked": false, "schema_version": 3, "solution": true, "task": false}
def training_table(folder, rows, features):
    """Return the rows, each once and in their order, with features from the store as they were at each row's moment."""
    ### BEGIN SOLUTION
    moments = rows[["asked_at", "station_id"]].drop_duplicates()
    by_view = {}
    for reference in features:
        by_view.setdefault(reference.split(":")[0], []).append(reference)
    for references in by_view.values():
        names = [reference.split(":")[1] for reference in references]
        found = bos_table(folder, moments, references)[["asked_at", "station_id", *names]]
        rows = rows.merge(found, on=["asked_at", "station_id"], how="left")
    return rows
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-training-table", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
new_store("few", few_reports, inspections.iloc[:0])
with quiet():
    said = training_table("few", few_questions, ["station_load:departures_3h", "station_load:departures_24h"])
wrong = unlike(said, few_questions, few_right)
assert not wrong, (
    f"training_table, asked about the seven questions: {wrong}. Each row must come back once, in its place; where the store has no value, it is NaN."
)

# %% nbgrader={"grade": true, "grade_id": "test-training-table-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
new_store("store", newest(reports), newest(inspections))
with quiet():
    whole = training_table("store", questions, ["station_load:departures_3h", "station_load:departures_24h"])
assert len(whole) == len(questions), f"training_table returned {len(whole)} rows for the {len(questions)} of questions.csv."
assert whole["departures_next_hour"].sum() == questions["departures_next_hour"].sum(), (
    "training_table changed the labels: their sum is not that of questions.csv. Rows were doubled, lost or mixed up."
)
assert 90 < whole["departures_3h"].isna().sum() < 130, (
    f"In {whole['departures_3h'].isna().sum()} rows departures_3h is missing, expected about 110: those of stations without a report of the last 12 hours."
)

# %% nbgrader={"grade": true, "grade_id": "judge-training-table", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: training_table on another store: one view, pairs of rows of one moment, stations that are silent, new or unknown, on the second of a report.
### BEGIN HIDDEN TESTS
from bikestore import TTL, new_store, unlike
from judgekit import fresh, own_folder
from judging import HOUR, SECOND, draw_inspections, draw_questions, draw_reports, truth

rng = fresh(3)
there = draw_reports(rng, [4, 9, 21], days=4)
there = there[~((there["station_id"] == 9) & (there["reported_for"] < there["reported_for"].min() + 40 * HOUR))]
rows = draw_questions(rng, there, 70, strangers=[88], edges=[0 * SECOND, -SECOND, 12 * HOUR], twins=20)
with own_folder() as place:
    new_store(place / "store", there, draw_inspections(rng, [4, 9], there))
    try:
        said = training_table(str(place / "store"), rows, ["station_load:departures_24h", "station_load:departures_3h"])
    except Exception as error:
        raise AssertionError(f"On another store training_table stopped with {type(error).__name__}: {error}") from None
wrong = unlike(said, rows, truth(rows, there, 12 * HOUR))
assert not wrong, f"On another store, with pairs of rows of one moment and stations that are silent for a time: {wrong}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-training-table-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: training_table on a store with other TTLs, with features of two views, of which one has a value where the other has none.
### BEGIN HIDDEN TESTS
from datetime import timedelta

from bikestore import new_store, unlike
from judgekit import fresh, own_folder
from judging import HOUR, draw_inspections, draw_questions, draw_reports, of_both

rng = fresh(4)
there = draw_reports(rng, [6, 2], days=3)
there = there[~((there["station_id"] == 2) & (there["reported_for"] > there["reported_for"].min() + 30 * HOUR))]
rounds = draw_inspections(rng, [6, 2], there)
rows = draw_questions(rng, there, 60, twins=12)
ttl = {"station_load": timedelta(hours=20), "station_docks": timedelta(hours=30)}
with own_folder() as place:
    new_store(place / "store", there, rounds, ttl)
    try:
        said = training_table(
            str(place / "store"), rows, ["station_load:departures_3h", "station_docks:docks", "station_load:departures_24h"]
        )
    except Exception as error:
        raise AssertionError(f"With features of two views training_table stopped with {type(error).__name__}: {error}") from None
wrong = unlike(said, rows, of_both(rows, there, rounds, ttl))
assert not wrong, (
    f"With features of two views, whose TTLs are 20 and 30 hours in this store: {wrong}. "
    "What one view drops must not take the other view's value with it, and how long a value counts, the store knows."
)
### END HIDDEN TESTS

# %% [markdown]
# What had been lost, station by station:

# %% tags=["uses-answers"]
per_station = pd.DataFrame(
    {
        "asked": questions["station_id"].value_counts(),
        "Bo's table": bos["station_id"].value_counts(),
        "yours, with a value": whole.dropna(subset="departures_3h")["station_id"].value_counts(),
        "yours": whole["station_id"].value_counts(),
    }
).fillna(0)
fig, ax = plt.subplots(figsize=(9, 3.6))
ax.bar(per_station.index, per_station["yours"], color="lightsteelblue", label="yours, without a value")
ax.bar(per_station.index, per_station["yours, with a value"], color="steelblue", label="yours, with a value")
ax.plot(per_station.index, per_station["Bo's table"], "kD", ms=5, label="Bo's table")
ax.set(xlabel="station", ylabel="rows to train on (count)", title="One row out for each row in", xticks=per_station.index)
ax.legend(loc="upper center", ncols=3, bbox_to_anchor=(0.5, -0.2))
fig.savefig("rows.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "rows.png",
    alt="Bars of rows per station, about 85 each, 74 at station 5 and 56 at station 13. Diamonds for Bo's table stand at half of each bar, lower at station 5. The part without a value is the whole bar of station 16, a quarter of the bar of station 5, and nothing elsewhere.",
)

# %% [markdown]
# Read it: at which station does Bo's table miss more than half? Which station has rows but never a value?
#
# <details><summary>What we see</summary>Everywhere half is gone: the two types of one question became one row. At station 5 it is more, for its modem was dead for six days, and what is older than 12 hours was dropped. Station 16 has never reported, and its rows came back, empty: only where a station has <em>some</em> values, of another time, are rows dropped.</details>
#
# **In older tutorials** you find `feast.ValueType` in lists of features, `Feature(…)`, `FeatureTable`, `event_timestamp_column=` and `batch_source=`. Today it is `Field(name=, dtype=)`, `FeatureView(source=)` and `timestamp_field=`. They also call `feast apply` and `feast materialize` on the command line; the same is done here from Python, for a command
# takes ten seconds to start. And no tutorial tells you about the rows.

# %% [markdown]
# ## Part 3 · Two clocks
#
# You have set `received_at` aside. Noor takes the service's log of the week of 23 June, and puts beside it what your table says about the same questions:

# %% tags=["uses-answers"]
asked = service_log.drop(columns=["departures_3h", "departures_24h"])
by_event = as_of(asked, newest(reports), HALF_DAY)
differ = ~np.isclose(by_event["departures_3h"], service_log["departures_3h"].astype(float), equal_nan=True)
print(f"{differ.sum()} of {len(asked)} rows differ: the model is trained on other numbers than it gets")
pd.DataFrame(
    {
        "asked_at": asked["asked_at"],
        "station_id": asked["station_id"],
        "in service": service_log["departures_3h"],
        "in training": by_event["departures_3h"],
    }
)[differ].head(4)

# %% [markdown]
# Half of them. Each report has two times. Its **event time**, `reported_for`: for which moment does it hold? And its **created time**, `received_at`: since when could anybody know? Usually minutes lie between them. But a modem was dead, and a report of nine o'clock came in at eight in the evening; or a dock computer had lost its count, and was *corrected*
# five hours later. And each day, by rule: while the network is busy, a dock that gets no answer tells of a departure twice. At about eight in the evening the doubles are removed, and the reports of 9, 12, 15 and 18 o'clock are corrected downwards. A table with the corrections has numbers that are right, and that no service ever saw by day.
#
# Which is right, then: the corrected value, because it is true, or the first one, because the service had it? **Train on what the service would have known.** A forecast that has learnt from clean numbers takes the doubles for bikes. You need not believe that: after this exercise you will measure it.
#
# ### Exercise 3 — What was known then
# *Difficulty ●●○ · about 14 minutes*
#
# Write `known_at(rows, reports, max_age)`. It is `as_of` with both clocks. Of the reports about the row's station that **had come in** by `asked_at` (`received_at` not after it), take the newest one by `reported_for`; of several versions of it the one received last. As before, it holds for a moment not after `asked_at` (a dock computer's clock may be wrong) and at most `max_age` before;
# rows come back once, in their order, with all their columns and with `NaN` where nothing was known.
#
# Done means: for the week of 23 June it says what the service's log says, in every row; and the right thing for other reports: late ones, corrections, and a report that comes in after a newer one.
#
# <details><summary>Hint 1</summary>A join by nearest time has one clock, and sorting by <code>received_at</code> is not enough: a report of six o'clock may come in after the one of nine, and is still the older. Think of all pairs of a row and a report about its station; which of them remain; and which of those is the last one.</details>
# <details><summary>Hint 2</summary>A <code>merge</code> by station alone gives all pairs (some hundred thousand, no problem). Number the rows before, so that you know whose pair it is; rows without a pair have to come back as well. What remains is to say "the newest, and of that the last received" as one sort.</details>


# %% nbgrader={"grade": false, "grade_id": "known-at", "locked": false, "schema_version": 3, "solution": true, "task": false}
def known_at(rows, reports, max_age):
    """Return the rows with the features that were known at each row's moment, at most `max_age` old."""
    ### BEGIN SOLUTION
    numbered = rows.reset_index(drop=True)
    pairs = numbered[["asked_at", "station_id"]].reset_index(names="number").merge(reports, on="station_id")
    age = pairs["asked_at"] - pairs["reported_for"]
    pairs = pairs[(pairs["received_at"] <= pairs["asked_at"]) & (age >= pd.Timedelta(0)) & (age <= max_age)]
    last = pairs.sort_values(["reported_for", "received_at"]).drop_duplicates("number", keep="last").set_index("number")
    return numbered.join(last.drop(columns=["asked_at", "station_id", "reported_for", "received_at"]))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-known-at", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
wrong = unlike(known_at(few_questions, few_reports, HALF_DAY), few_questions, few_right.where(few_questions["asked_at"] != at("09:00")))
assert not wrong, (
    f"known_at, asked about the seven questions: {wrong}. (The report of nine o'clock came in at five past: at nine it was not known.)"
)
week = service_log.drop(columns=["departures_3h", "departures_24h"])
logged = service_log[["departures_3h", "departures_24h"]].astype(float)
wrong = unlike(known_at(week, reports, HALF_DAY), week, logged)
assert not wrong, f"known_at and the service's log disagree: {wrong}. Which reports about that station had come in by then? Print them."

# %% nbgrader={"grade": true, "grade_id": "judge-known-at", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: known_at where a third of the reports comes in hours late, also after newer ones, some are dated ahead by a wrong clock, and questions on the second of a report's arrival.
### BEGIN HIDDEN TESTS
import pandas as pd
from bikestore import unlike
from judgekit import fresh
from judging import HOUR, SECOND, draw_questions, draw_reports, truth

rng = fresh(5)
there = draw_reports(rng, [5, 14], late=0.35)
rows = draw_questions(rng, there, 100, strangers=[60], twins=10)
there["reported_for"] += (rng.random(len(there)) < 0.1) * 7 * HOUR
arrivals = there.sample(20, random_state=1)
rows = pd.concat([rows, arrivals[["station_id"]].assign(asked_at=arrivals["received_at"], bike_type="ebike", departures_next_hour=1)])
try:
    said = known_at(rows, there, 10 * HOUR)
except Exception as error:
    raise AssertionError(f"On other reports known_at stopped with {type(error).__name__}: {error}") from None
wrong = unlike(said, rows, truth(rows, there, 10 * HOUR, received=True))
assert not wrong, (
    f"With reports of which a third comes in hours late, and a tenth is dated hours ahead by a wrong clock: {wrong}. "
    "Newest is what holds for the latest moment up to the question, not what came in last."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-known-at-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: known_at where every second report is corrected later: before a correction came in the first version counts, after it the corrected one.
### BEGIN HIDDEN TESTS
import pandas as pd
from bikestore import unlike
from judgekit import fresh
from judging import HOUR, SECOND, draw_questions, draw_reports, truth

rng = fresh(6)
there = draw_reports(rng, [8, 31], late=0.1, corrected=0.5)
rows = draw_questions(rng, there, 150)
last = there.groupby("station_id")["received_at"].max().reset_index()  # received within twelve hours, of a moment before them
last = last[["station_id"]].assign(asked_at=last["received_at"] + 12 * HOUR - 30 * SECOND, bike_type="ebike", departures_next_hour=1)
rows = pd.concat([rows, last])
try:
    said = known_at(rows, there, 12 * HOUR)
except Exception as error:
    raise AssertionError(f"On reports with corrections known_at stopped with {type(error).__name__}: {error}") from None
wrong = unlike(said, rows, truth(rows, there, 12 * HOUR, received=True))
assert not wrong, (
    f"With reports of which half is corrected later: {wrong}. Before a correction comes in the first version counts, after it the corrected one."
)
### END HIDDEN TESTS

# %% [markdown]
# Now the two tables, side by side: one with the corrected numbers, by event time alone, and one with what was known. What does each promise, and what does it give in service?

# %% tags=["uses-answers"]
known = known_at(questions, reports, HALF_DAY)
known_model = train(known[known["asked_at"] < at("00:00", 17)])
for name, table, model in [("event time alone", honest, honest_model), ("what was known", known, known_model)]:
    promise, in_service = error(model, table[table["asked_at"] >= at("00:00", 17)]), error(model, service_log)
    print(f"{name}: promises {promise:.2f} bikes per hour off; in service it is {in_service:.2f},")
    print(
        f"    and foresees {model.predict(as_inputs(service_log)).sum():.0f} departures where there were {service_log['departures_next_hour'].sum()}"
    )

# %% [markdown]
# The clean table promises less error than it gives, and foresees nearly a fifth too many bikes: it takes the doubles for departures. The other forecast has learnt what a count of 19 means at ten in the morning. It promises more error, gives less, and keeps its promise. (A week is short, do not trust the second decimal; the surplus of bikes is the clearer sign.)
# The doubles go one way, each day; that is why it matters here. Corrections that are rare and fall by chance, such as the lost counts, change next to nothing. Which kind yours are, you know when you have measured it.
#
# And Feast? It takes a `created_timestamp_column` and, since a short while, the argument `filter_by_created_timestamp=True`, which is off unless you ask. It is to do what you have just written by hand. Let us give the store *all* versions, and hold its answers about the week of 23 June against yours:

# %% tags=["uses-answers"]
once = week.drop_duplicates(["asked_at", "station_id"])
in_turn = reports.sort_values("received_at")
nth = in_turn.groupby(["station_id", "reported_for"]).cumcount()
apart = in_turn.assign(reported_for=in_turn["reported_for"] + nth * pd.Timedelta(milliseconds=1))
every_version = new_store("versions", reports, inspections)
for name, by_hand, both_clocks in [
    ("event time alone", as_of(once, newest(reports), HALF_DAY), False),
    ("both clocks", known_at(once, reports, HALF_DAY), True),
    ("both clocks, versions a millisecond apart", known_at(once, reports, HALF_DAY), True),
]:
    if "apart" in name:
        put("versions", "reports", apart)
    with quiet():
        given = every_version.get_historical_features(once, ["station_load:departures_3h"], filter_by_created_timestamp=both_clocks).to_df()
    pair = once[["asked_at", "station_id"]].merge(given, on=["asked_at", "station_id"]).merge(by_hand, on=["asked_at", "station_id"])
    other = ~np.isclose(pair["departures_3h_x"], pair["departures_3h_y"], equal_nan=True)
    print(f"{name}: {len(once)} questions, {len(once) - len(given)} dropped, {other.sum()} of the others differ from yours")

# %% [markdown]
# Here is the third edge. With event time alone, many rows get neither a leak nor a mistake of yours: of a report and its correction the store took *the older version*. It sorts by received time, then by event time, and its second sort does not keep the order of equals. So `created_timestamp_column`, which ought to break the tie, does so only by luck.
#
# With both clocks the future is kept out: what had not come in by the question is not seen. But the ties are still there. Where the report *and* its correction had come in, mostly in the evening, it is again the older one that counts. The last line has no ties, for each version of a report stands a millisecond after the one before it; and there Feast
# says what the service's log says.
#
# So keep two tables. **For training, all versions with both clocks**, no two of them at the same moment, and always with that argument. **For the online side, one row for each key and event time**: that is why `receive` in `bikestore.py` writes only the newest version of each report into the store. From here on we ask about *now*: what has come in is all there is, and the two
# clocks agree.

# %% [markdown]
# ## Part 4 · The online store
#
# The service cannot read through a month of reports for each question. It asks the **online store**, which holds one row for each station: its newest. To copy the newest values there is called **materialisation**. It has a *window*, from one event time to another:
#
# - `materialize(start, end)` copies, for each key, the newest value of the window, **over whatever is there**.
# - `materialize_incremental(end)` does so from the end of the last run on. That saves work, and is what most teams schedule.
#
# Bo's job runs five minutes past every third hour:


# %% nbgrader={"grade": false, "grade_id": "bos-refresh", "locked": true, "schema_version": 3, "solution": false, "task": false}
def bos_refresh(folder, now):
    """Bring the online store up to date."""
    open_store(folder).materialize_incremental(now)


def wednesday(folder):
    """Make a store as it was on Wednesday 25 June at 00:05, loaded for the first time. Return the moments at which the job runs on that day."""
    first = at("00:05", 25)
    new_store(folder, reports.iloc[:1], inspections.iloc[:1])
    receive(folder, reports, inspections, first)
    with quiet():
        open_store(folder).materialize(first - pd.Timedelta(days=3), first)
    return [first + pd.Timedelta(hours=hours) for hours in (3, 6, 9)]


def ages(folder, now):
    """Return how old the online store's values of station_load are, in hours, by station."""
    return (now - in_online_store(folder, "station_load", range(1, 17))["at"]) / pd.Timedelta(hours=1)


# %%
moments = wednesday("online")
play("online", bos_refresh, reports, inspections, moments)
ages("online", moments[-1]).round(1).to_frame("hours old").T

# %% [markdown]
# It is five past nine. Where the report of nine o'clock is not in yet, three hours are fine. But six of the fifteen stations that report stand at nine hours and more: these values were there before the first run. (Station 16 has never reported.) The job ran three times, and said that all is well.
#
# Think it through for one report, about six o'clock, that came in at eight past six. The run at 06:05 did not see it. The run at 09:05 looks for *event times* from 06:05 on: six o'clock is before that. It is skipped for good. The window moves by event time, and what comes in late, be it by four minutes, falls behind it.
#
# The other way round it goes wrong as well. A **backfill** loads values of the past afterwards. Cy materialises the week before once more, "to be sure", and what is older is written over what is newer:

# %%
before_backfill = in_online_store("online", "station_load", [1])["at"].iloc[0]
with quiet():
    open_store("online").materialize(at("00:00", 18), at("23:59", 20))
print("station 1: the values of", before_backfill, "became those of", in_online_store("online", "station_load", [1])["at"].iloc[0])

# %% [markdown]
# ### Exercise 4 — Fresh
# *Difficulty ●●○ · about 14 minutes*
#
# Write `refresh(folder, now)`, the job in the place of Bo's. After it has run, the online store holds for each station and **each view** the newest value up to `now` that the store's tables have, if that is not older than the view's TTL. (What else the online store holds does not matter.) It must not matter what came in late, when the job ran last, or
# what a backfill has done in between.
#
# Nothing from after `now` may get in, not even from minutes after it: the clock of station 7 is wrong on this morning, and at six o'clock it sends a report of ten past one.
#
# Done means: it holds for this Wednesday, and for other stores, with other TTLs.
#
# <details><summary>Hint 1</summary>Where must a window begin so that nothing that still counts is left out? You know the age from which on a value does not count any more. It is not the same for the two views.</details>
# <details><summary>Hint 2</summary>Go through <code>list_feature_views()</code>: each view has a <code>name</code> and a <code>ttl</code>. <code>materialize</code> takes a start, an end, and as <code>feature_views</code> a list of names.</details>


# %% nbgrader={"grade": false, "grade_id": "refresh", "locked": false, "schema_version": 3, "solution": true, "task": false}
def refresh(folder, now):
    """Bring the online store of each view up to date."""
    ### BEGIN SOLUTION
    store = open_store(folder)
    for view in store.list_feature_views():
        store.materialize(now - view.ttl, now, feature_views=[view.name])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-refresh", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
moments = wednesday("online")
play("online", refresh, reports, inspections, moments)
come_in = newest(reports[reports["received_at"] <= moments[-1]])
newest_by_hand = (
    come_in[come_in["reported_for"] <= moments[-1]].sort_values("reported_for").groupby("station_id").tail(1).set_index("station_id")
)
there = in_online_store("online", "station_load", range(1, 16))
for station, row in newest_by_hand.iterrows():
    if row["reported_for"] >= moments[-1] - HALF_DAY:
        got = there.loc[station]
        assert not got["at"] > moments[-1], (
            f"At {moments[-1]:%H:%M} the online store's value of station {station} is that of {got['at']}. That has not been yet: a window ends at `now`."
        )
        assert got["at"] == row["reported_for"], (
            f"At {moments[-1]:%H:%M} the online store's value of station {station} is that of {got['at']}, and the store's tables have one of {row['reported_for']}. "
            "Whatever still counts must be inside the window, also what came in late."
        )
        assert got["departures_3h"] == row["departures_3h"], (
            f"The online store has {got['departures_3h']:g} for station {station}, expected {row['departures_3h']:g}."
        )

# %% nbgrader={"grade": true, "grade_id": "judge-refresh", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: refresh on another store with late reports and a backfill between two runs: what its online store holds afterwards, for both views.
### BEGIN HIDDEN TESTS
import pandas as pd
from bikestore import in_online_store, new_store, newest, open_store, quiet, receive
from judgekit import fresh, own_folder
from judging import HOUR, draw_inspections, draw_reports

rng = fresh(7)
there = draw_reports(rng, [3, 8, 9, 15], late=0.3)
rounds = draw_inspections(rng, [3, 8, 9, 15], there)
rounds = rounds[~((rounds["station_id"] == 8) & (rounds["inspected_at"] > there["reported_for"].max() - 40 * HOUR))]
now = there["reported_for"].max() - 5 * HOUR
old = pd.DataFrame([{"station_id": 8, "inspected_at": now - 50 * HOUR, "received_at": now - 49 * HOUR, "docks": 21.0}])
rounds = pd.concat([rounds, old], ignore_index=True)
with own_folder() as place:
    folder = place / "store"
    new_store(folder, there.iloc[:1], rounds.iloc[:1])
    for moment in (now - 3 * HOUR, now):
        receive(folder, there, rounds, moment)
        try:
            refresh(str(folder), moment)
        except Exception as error:
            raise AssertionError(f"On another store refresh stopped with {type(error).__name__}: {error}") from None
        if moment < now:
            with quiet():
                open_store(folder).materialize(moment - 96 * HOUR, moment - 40 * HOUR, feature_views=["station_load"])
    for view, table, event, ttl in [("station_load", there, "reported_for", 12), ("station_docks", rounds, "inspected_at", 72)]:
        found = in_online_store(folder, view, [3, 8, 9, 15])
        known = newest(table[table["received_at"] <= now])
        known = known[known[event].between(now - ttl * HOUR, now)].sort_values(event).groupby("station_id").tail(1)
        for row in known.to_dict("records"):
            got, name = found.loc[row["station_id"]], found.columns[0]
            assert got["at"] == row[event] and got[name] == row[name], (
                f"On another store, with late reports and after a backfill, {view} of station {row['station_id']} is online with the value of {got['at']}; "
                f"its tables have one of {row[event]}, {(now - row[event]) / HOUR:.0f} hours old, and values count for {ttl} hours."
            )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-refresh-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: refresh on a store whose views have other TTLs, and with reports from after `now`.
### BEGIN HIDDEN TESTS
from datetime import timedelta

import pandas as pd
from bikestore import in_online_store, new_store, newest, open_store, put
from judgekit import fresh, own_folder
from judging import HOUR, SECOND, draw_inspections, draw_reports

rng = fresh(8)
there = draw_reports(rng, [12, 13, 20], days=7)
there = there[~((there["station_id"] == 13) & (there["reported_for"] > there["reported_for"].max() - 100 * HOUR))]
now = there["reported_for"].max() - 2 * HOUR
early = there[there["reported_for"] <= now]
wrong_clock = pd.DataFrame(
    [
        {"station_id": station, "reported_for": now + ahead, "received_at": now, "departures_3h": 999.0, "departures_24h": 999.0}
        for station, ahead in ((12, 30 * HOUR), (20, 30 * SECOND))
    ]
)
rounds = draw_inspections(rng, [12, 13, 20], there)
ttl = {"station_load": timedelta(days=6), "station_docks": timedelta(hours=30)}
with own_folder() as place:
    folder = place / "store"
    new_store(folder, early, rounds, ttl)
    put(folder, "reports", newest(pd.concat([early, wrong_clock])))
    try:
        refresh(str(folder), now)
    except Exception as error:
        raise AssertionError(f"On a store with other TTLs refresh stopped with {type(error).__name__}: {error}") from None
    found = in_online_store(folder, "station_load", [12, 13, 20])
assert not found["departures_3h"].eq(999).any(), (
    "On another store a report is online that is dated after `now`, by 30 hours or by 30 seconds. A window ends at `now`."
)
last = early.sort_values("reported_for").groupby("station_id").tail(1)
for row in last.itertuples():
    got = found.loc[row.station_id, "at"]
    assert got == row.reported_for, (
        f"On a store whose station_load counts for six days, station {row.station_id} is online with the value of {got}, expected that of {row.reported_for}. "
        "The TTL is the view's: ask the store for it."
    )
### END HIDDEN TESTS

# %% tags=["uses-answers"]
refreshed = ages("online", moments[-1])
wednesday("bo")
play("bo", bos_refresh, reports, inspections, moments)
pd.DataFrame({"Bo's, hours old": ages("bo", moments[-1]), "yours, hours old": refreshed}).round(1).T

# %% [markdown]
# Longer windows cost more reading, and a daily or hourly job can afford it. Where it cannot, Feast has another way in: with a `PushSource`, `store.push(…)` writes a value into the online store as soon as it comes in. Mind that there, too, the last one written stays: a late report that is pushed after a newer one is written over it, as in Cy's backfill. What one cannot do is to hope that nothing is late.

# %% [markdown]
# ## Part 5 · Too old to be true
#
# What if a station's modem is dead? Then no job has anything to copy, and what is online stays there. Here is the store with the four reports, brought up to date at half past nine:

# %% nbgrader={"grade": false, "grade_id": "dead-modem", "locked": true, "schema_version": 3, "solution": false, "task": false}
few_online = new_store("few", few_reports, inspections[inspections["station_id"] <= 2].head(8))
with quiet():
    few_online.materialize(at("00:00", 1), at("09:30"))


# %%
with quiet():
    answer = few_online.get_online_features(
        features=["station_load:departures_3h"], entity_rows=[{"station_id": 1}, {"station_id": 4}, {"station_id": 99}]
    ).to_dict(include_event_timestamps=True)
answer

# %% [markdown]
# Station 4's seven departures are those of *yesterday noon*. In training a value older than 12 hours was missing; the store knows the TTL, and it was you who saw to it that the rows stayed. Online the **TTL is not applied**: the store hands out what it has, however old. So the model meets in service what it never met in
# training. That is skew once more, and it comes with no message, just when something is broken.
#
# The answer's times are there if you ask for them: seconds since 1970, and 0 where there is no value.
#
# ### Exercise 5 — The same on both sides
# *Difficulty ●●○ · about 12 minutes*
#
# Write `online(folder, station_ids, features, now)`. It returns a table with the column `station_id` and a column for each feature, named without its view: a row for each of the ids, in their order (an id may occur twice). The values are those of the online store, but `NaN` where a value is older than its view's TTL, or where there is none.
# `now` is the moment of the question; exactly as old as the TTL still counts. Ask the online store, not the tables: where the service runs there are none.
#
# Done means: for stations, times and TTLs that you have not seen, it says what the training table says about that moment.
#
# <details><summary>Hint 1</summary>The store's registry knows each view's TTL, and <code>to_dict(include_event_timestamps=True)</code> the time of each value. Each feature has to be held against the TTL of its own view.</details>
# <details><summary>Hint 2</summary>The times of <code>docks</code> stand under <code>docks__ts</code>; <code>pd.to_datetime(…, unit="s", utc=True)</code> reads them. <code>get_feature_view</code> gives a view, and the view has a <code>ttl</code>. A value that is <code>None</code> becomes <code>NaN</code> in a Series of floats.</details>


# %% nbgrader={"grade": false, "grade_id": "online", "locked": false, "schema_version": 3, "solution": true, "task": false}
def online(folder, station_ids, features, now):
    """Return the online store's features for the stations, in order; NaN where older than the TTL at `now`."""
    ### BEGIN SOLUTION
    store = open_store(folder)
    asked = [{"station_id": int(station)} for station in station_ids]
    found = store.get_online_features(features=features, entity_rows=asked).to_dict(include_event_timestamps=True)
    table = pd.DataFrame({"station_id": list(station_ids)})
    for view, name in (reference.split(":") for reference in features):
        age = now - pd.Series(pd.to_datetime(found[f"{name}__ts"], unit="s", utc=True))
        table[name] = pd.Series(found[name], dtype=float).where(age <= store.get_feature_view(view).ttl)
    return table
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-online", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
new_store("few", few_reports, inspections[inspections["station_id"] <= 2].head(8))
with quiet():
    open_store("few").materialize(at("00:00", 1), at("09:30"))
    said = online("few", [4, 1, 99, 1], ["station_load:departures_3h", "station_docks:docks"], at("09:30"))
assert isinstance(said, pd.DataFrame) and {"station_id", "departures_3h", "docks"} <= set(said.columns), (
    f"online returned {type(said).__name__} {list(getattr(said, 'columns', []))}, expected a table with station_id, departures_3h and docks."
)
assert said["station_id"].tolist() == [4, 1, 99, 1], (
    f"Asked about the stations [4, 1, 99, 1], online answered about the stations {said['station_id'].tolist()}."
)
values = said["departures_3h"].astype(float).tolist()
assert np.isnan(values[0]), (
    f"At 09:30 online says that 3-hour departures of station 4 are {values[0]:g}. That value is of yesterday noon, and station_load counts for 12 hours: in training it is missing."
)
assert values[1] == values[3] == 20 and np.isnan(values[2]), (
    f"For the stations 1, 99, 1 online says {values[1:]}, expected 20, NaN, 20: station 1 has a value of nine o'clock, half an hour before the `now` that was given, and of station 99 nothing is known."
)
assert said["docks"].notna().tolist()[1::2] == [True, True], (
    f"The docks of station 1 were counted this morning, and online says {said['docks'].tolist()[1]}. Each feature has its own time, and its own view's TTL."
)

# %% nbgrader={"grade": true, "grade_id": "judge-online", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: online against the training table's truth, for both views: stations that are silent, unknown, or exactly as old as the TTL. The store's tables change after the online store was filled.
### BEGIN HIDDEN TESTS
import numpy as np
import pandas as pd
from bikestore import new_store, open_store, put, quiet, unlike
from judgekit import fresh, own_folder
from judging import DOCKS, HOUR, LOAD, SECOND, draw_inspections, draw_reports, of_both

rng = fresh(9)
there = draw_reports(rng, [2, 3, 4, 5, 6], days=4)
end = there["reported_for"].max()
there = there[~((there["station_id"].isin([3, 4, 6])) & (there["reported_for"] > end - 14 * HOUR))]
rounds = draw_inspections(rng, [2, 3, 5, 6], there)
rounds = rounds[~((rounds["station_id"] == 5) & (rounds["inspected_at"] > end - 60 * HOUR))]
border = there.loc[there["station_id"] == 3, "reported_for"].max() + 12 * HOUR
features = ["station_docks:docks", "station_load:departures_24h", "station_load:departures_3h"]
with own_folder() as place:
    new_store(place / "store", there, rounds)
    with quiet():
        open_store(place / "store").materialize(end - 200 * HOUR, min(border, end))
    put(place / "store", "reports", there.assign(**{name: there[name] + 5000 for name in LOAD}))
    put(place / "store", "inspections", rounds.assign(docks=rounds["docks"] + 5000))
    for now in (border, border + SECOND):
        ids = [int(i) for i in rng.permutation([2, 3, 4, 5, 6, 70, 3])]
        visible = there[there["reported_for"] <= min(border, end)], rounds[rounds["inspected_at"] <= min(border, end)]
        rows = pd.DataFrame({"asked_at": now, "station_id": ids})
        try:
            said = online(str(place / "store"), ids, features, now)
        except Exception as error:
            raise AssertionError(f"On another store online stopped with {type(error).__name__}: {error}") from None
        assert isinstance(said, pd.DataFrame), f"On another store online returned a {type(said).__name__}, expected a table."
        numbers = said.reindex(columns=[*LOAD, *DOCKS]).apply(pd.to_numeric, errors="coerce")
        assert not numbers.gt(4000).any(axis=None), (
            "On another store the tables were changed after the online store was filled, and online returned the tables' new numbers. "
            "The service asks the online store."
        )
        wrong = unlike(said.assign(asked_at=now) if len(said) == len(rows) else said, rows, of_both(rows, *visible))
        assert not wrong, f"On another store: {wrong}. That is what a training table says about this moment."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-online-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: online on a store whose views have other TTLs, and whose tables are empty by now.
### BEGIN HIDDEN TESTS
from datetime import timedelta

import pandas as pd
from bikestore import new_store, open_store, put, quiet, unlike
from judgekit import fresh, own_folder
from judging import HOUR, draw_inspections, draw_reports, of_both

rng = fresh(10)
there = draw_reports(rng, [1, 2, 3], days=3)
end = there["reported_for"].max()
there = there[~((there["station_id"] == 2) & (there["reported_for"] > end - 20 * HOUR))]
there = there[~((there["station_id"] == 3) & (there["reported_for"] > end - 6 * HOUR))]
rounds = draw_inspections(rng, [1, 2, 3], there)
rounds = rounds[rounds["inspected_at"] < end - 8 * HOUR]
ttl = {"station_load": timedelta(hours=30), "station_docks": timedelta(hours=7)}
rows = pd.DataFrame({"asked_at": end, "station_id": [3, 1, 2]})
with own_folder() as place:
    new_store(place / "store", there, rounds, ttl)
    with quiet():
        open_store(place / "store").materialize(end - 200 * HOUR, end)
    for name, table in (("reports", there), ("inspections", rounds)):
        put(place / "store", name, table.iloc[:0])
    try:
        said = online(
            str(place / "store"), [3, 1, 2], ["station_load:departures_3h", "station_load:departures_24h", "station_docks:docks"], end
        )
    except Exception as error:
        raise AssertionError(f"On a store with other TTLs online stopped with {type(error).__name__}: {error}") from None
wrong = unlike(said.assign(asked_at=end) if len(said) == 3 else said, rows, of_both(rows, there, rounds, ttl))
assert not wrong, (
    f"On a store where station_load counts for 30 hours and station_docks for 7, and whose tables were emptied after the online store was filled: {wrong}. "
    "The TTL is the view's: ask the store for it, and the online store for the values."
)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · A feature that is computed when it is asked for
#
# The planner's model wants one more feature, `busy`: do more bikes leave a station now than is usual for it? The number depends on two stored ones. In Feast that is an **on-demand feature view**: one function, which Feast calls on the whole table when it makes training data, and on a single row when the service asks. Written once, it cannot
# differ. Bo has written it:


# %% nbgrader={"grade": false, "grade_id": "bos-busy", "locked": true, "schema_version": 3, "solution": false, "task": false}
def bos_busy(inputs):
    """Return how busy the stations are: departures of three hours, compared to what is usual."""
    departures = inputs["departures_3h"].astype(float)
    return pd.DataFrame({"busy": (departures / departures.mean()).fillna(1.0)})


def both_sides(function, folder):
    """Return `busy` of the stations 1, 2 and 3 at half past nine: from the offline store, and online, asked one by one."""
    store = new_store(folder, few_reports, inspections.iloc[:0])
    view = OnDemandFeatureView(
        name="planning",
        sources=[store.get_feature_view("station_load")],
        schema=[Field(name="busy", dtype=Float64)],
        mode="pandas",
        udf=function,
        udf_string=function.__name__,
    )
    rows = pd.DataFrame({"asked_at": at("09:30"), "station_id": [1, 2, 3]})
    names = ["station_load:departures_3h", "station_load:departures_24h", "planning:busy"]
    with quiet():
        store.apply([view])
        trained_on = store.get_historical_features(rows, names).to_df().set_index("station_id")["busy"]
        store.materialize(at("00:00"), at("09:30"))
        served = {i: store.get_online_features(names, [{"station_id": i}]).to_dict()["busy"][0] for i in (1, 2, 3)}
    return pd.DataFrame({"in training": trained_on, "in service": pd.Series(served, dtype=float)})


# %%
both_sides(bos_busy, "busy")

# %% [markdown]
# One function, and yet the service sees another number: 1.0, for every station, always. The mean over the *batch* is the reason. In training a batch is the whole table, in service it is one row, and that is its own mean. **An on-demand function may look at its own row and nothing else.**
#
# "Usual" has to come from the row: a day has eight times three hours, so usual is an eighth of `departures_24h`.
#
# ### Exercise 6 — Row by row
# *Difficulty ●○○ · about 10 minutes*
#
# Write `busy(inputs)`. It gets a table with `departures_3h` and `departures_24h`, and returns a table with one column, `busy`, of floats: the departures of three hours, divided by an eighth of those of the day. A row each, in the order and with the index of `inputs`, which stays as it is. It is `NaN` where one of the two is missing, and also where
# nothing left the station all day.
#
# Done means: any batch gives what its rows give one by one.
#
# <details><summary>Hint 1</summary>Three traps: a missing count is not a count of zero; a division by zero gives no error in pandas, but infinity; and a frame made from a plain array has a new index.</details>
# <details><summary>Hint 2</summary>Divide column by column, which keeps <code>NaN</code> and the index by itself. Keep the usual number only <code>where</code> it is above zero, before dividing. <code>.to_frame("busy")</code> keeps the index.</details>


# %% nbgrader={"grade": false, "grade_id": "busy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def busy(inputs):
    """Return how busy each row's station is: departures of three hours over an eighth of the day's."""
    ### BEGIN SOLUTION
    numbers = inputs[["departures_3h", "departures_24h"]].astype(float)
    usual = numbers["departures_24h"] / 8
    return (numbers["departures_3h"] / usual.where(usual > 0)).to_frame("busy")
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-busy", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
given = few_reports[["departures_3h", "departures_24h"]].copy()
busy(given)
assert given.equals(few_reports[["departures_3h", "departures_24h"]]), (
    f"busy changed the table that it was given: its columns are {', '.join(given.columns)} now. Whoever calls it goes on with that table; work on a copy."
)
sides = both_sides(busy, "busy")
shown = f"busy of the stations 1, 2 and 3 is {sides['in training'].round(2).tolist()} in training and {sides['in service'].round(2).tolist()} in service"
assert np.allclose(sides["in training"], sides["in service"], equal_nan=True), f"{shown}. A row's value must not depend on the other rows."
assert np.allclose(sides["in training"], [20 / (85 / 8), 1.0, np.nan], equal_nan=True), (
    f"{shown}, expected {[round(20 / (85 / 8), 2), 1.0]} and NaN: 20 of 85 and 5 of 40 departures, over an eighth; and station 3 never reported."
)

# %% nbgrader={"grade": true, "grade_id": "judge-busy", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: busy on other batches and on their rows one by one: missing values, stations that nothing left, an odd index.
### BEGIN HIDDEN TESTS
import numpy as np
import pandas as pd
from judgekit import fresh

rng = fresh(11)
table = pd.DataFrame(
    {"departures_3h": rng.integers(0, 60, 40), "departures_24h": rng.integers(60, 700, 40)}, index=rng.permutation(40) + 500, dtype=float
)
table.iloc[0] = 0.0
table.iloc[1] = [5.0, 0.0]
table.iloc[2, 0] = np.nan
table.iloc[3, 1] = np.nan
right = (table["departures_3h"] / (table["departures_24h"] / 8)).where(table["departures_24h"] > 0)
for batch, what in [
    (table, "a batch of 40"),
    *((table.iloc[[row]], "one row") for row in range(6)),
]:
    try:
        said = busy(batch.copy())
    except Exception as error:
        raise AssertionError(f"busy stopped with {type(error).__name__} on {what}, {batch.iloc[0].to_dict()}: {error}") from None
    assert isinstance(said, pd.DataFrame) and "busy" in said and len(said) == len(batch), (
        f"For {what} busy returned no table with a column 'busy' and a row each."
    )
    assert list(said.index) == list(batch.index), (
        f"For {what} the index is not that of the inputs: joined to them, values land in the wrong rows."
    )
    got, wanted = pd.to_numeric(said["busy"], errors="coerce").to_numpy(float), right[batch.index].to_numpy()
    for row in np.flatnonzero(~np.isclose(got, wanted, equal_nan=True)):
        raise AssertionError(
            f"For {what}, busy is {got[row]:g} where the inputs are {batch.iloc[row].to_dict()}, expected {wanted[row]:g}."
        )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 7 · Named alike
#
# On Thursday the app's team registers a feature as well. Theirs is departures *per dock*, and they call it `busy`. Nobody has done anything wrong; a word like that is taken twice in every company. The service asks for `busy`, as before:


# %% nbgrader={"grade": false, "grade_id": "two-teams", "locked": true, "schema_version": 3, "solution": false, "task": false}
def apps_busy(inputs):
    """Return the app's team's busy: departures of three hours per dock."""
    return pd.DataFrame({"busy": inputs["departures_3h"].astype(float) / 25})


def add_app(folder):
    """Register the app's team's view in a store."""
    store = open_store(folder)
    view = OnDemandFeatureView(
        name="app",
        sources=[store.get_feature_view("station_load")],
        schema=[Field(name="busy", dtype=Float64)],
        mode="pandas",
        udf=apps_busy,
        udf_string="apps_busy",
    )
    with quiet():
        store.apply([view])
    return store


# %%
both_sides(bos_busy, "busy")
two_teams = add_app("busy")
for names in (["app:busy"], ["planning:busy"]):
    print(names, two_teams.get_online_features(names, [{"station_id": 1}]).to_dict())
try:
    two_teams.get_online_features(["app:busy", "planning:busy"], [{"station_id": 1}])
except Exception as problem:
    print(type(problem).__name__, str(problem)[:150])

# %% [markdown]
# Asked for both at once, Feast refuses, and tells you to use `full_feature_names=True`, which gives `app__busy` and `planning__busy`. Asked for one, it cannot know which you mean. A column named `busy` in a model's inputs says nothing; `planning:busy` does.
#
# So a model must not carry a list of short names. It should carry the name of a **feature service**: a list of features, with their views and in the order of the model's inputs, registered in the store. Training and service both ask for `demand_v3` and get the same. And what a model in use asks for is never changed: **a new list is a new version.**
#
# ```python
# store.apply([FeatureService(name="demand_v1", features=["station_load:departures_3h", "station_docks:docks"])])
# ```
#
# On Friday Ada applied a shorter list under the name `demand_v1`, to try something. Feast replaced the old one without a word, and the model in service got one feature where it wanted two.
#
# ### Exercise 7 — A new list is a new version
# *Difficulty ●●○ · about 10 minutes*
#
# Write `release(folder, name, features)`. It makes sure that a feature service with just these features, in this order, is registered, and returns its name:
#
# - If a version of `name` (`name_v1`, `name_v2`, …) has exactly this list, nothing is registered; its name is returned.
# - Otherwise the next free number after the highest gets it. Versions that are there never change.
#
# `services(folder)` in `bikestore.py` returns what is registered: `{name: ["view:feature", …]}`.
#
# Done means: in stores that you have not seen the registry holds what it should, and all that was there before.
#
# <details><summary>Hint 1</summary>Other models have services, too: <code>demand_night_v4</code> is no version of <code>demand</code>. And which is the highest of v9 and v10? As text, v9.</details>
# <details><summary>Hint 2</summary><code>re.fullmatch</code>, or <code>rpartition("_v")</code>, tells a name from its number. A number is one only as an <code>int</code>, and the first version has none before it. Feast keeps features of one view together; in all lists here they stand side by side, so that what <code>services</code> returns can be compared as it is.</details>


# %% nbgrader={"grade": false, "grade_id": "release", "locked": false, "schema_version": 3, "solution": true, "task": false}
def release(folder, name, features):
    """Return the name of the feature service with these features: one that is there, or the next version of `name`."""
    ### BEGIN SOLUTION
    numbers = [0]
    for service, held in services(folder).items():
        base, _, number = service.rpartition("_v")
        if base == name and number.isdigit():
            numbers.append(int(number))
            if held == list(features):
                return service
    new = f"{name}_v{max(numbers) + 1}"
    open_store(folder).apply([FeatureService(name=new, features=list(features))])
    return new
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-release", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
new_store("released", few_reports, inspections.iloc[:0])
short, long = ["station_load:departures_3h"], ["station_load:departures_3h", "station_docks:docks"]
with quiet():
    said = [release("released", "demand", wanted) for wanted in (short, long, short)]
assert said == ["demand_v1", "demand_v2", "demand_v1"], (
    f"Released a list, another one, and the first one again: release returned {said}, expected demand_v1, demand_v2, and demand_v1 once more."
)
registered = services("released")
assert registered == {"demand_v1": short, "demand_v2": long}, (
    f"The store's registry holds {registered}, expected {long} as demand_v2 beside {short} as demand_v1."
)

# %% nbgrader={"grade": true, "grade_id": "judge-release", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: release in a store with many versions and other models' services: the same features in another order, a gap in the numbers, more than nine versions.
### BEGIN HIDDEN TESTS
from bikestore import new_store, open_store, quiet, services
from feast import FeatureService
from judgekit import fresh, own_folder
from judging import draw_inspections, draw_reports

rng = fresh(12)
there = draw_reports(rng, [1], days=1)
three, day, docks = "station_load:departures_3h", "station_load:departures_24h", "station_docks:docks"
model = str(rng.choice(["demand", "load", "repair"]))
before = {
    f"{model}_v2": [three],
    f"{model}_v9": [three, day],
    f"{model}_v10": [docks],
    f"{model}_night_v14": [day, docks],
    f"old_{model}_v20": [docks, three],
}
with own_folder() as place:
    folder = place / "store"
    with quiet():
        new_store(folder, there, draw_inspections(rng, [1], there)).apply(
            [FeatureService(name=name, features=held) for name, held in before.items()]
        )
    expected = dict(before)
    for wanted, right, why in [
        ([docks, three], f"{model}_v11", f"only versions of {model} itself count, and after the highest, v10, comes v11"),
        ([three, day], f"{model}_v9", "that version has exactly this list"),
        ([day, three], f"{model}_v12", "the same features in another order are other inputs"),
        ([day, three], f"{model}_v12", "that version has exactly this list by now"),
    ]:
        try:
            said = release(str(folder), model, wanted)
        except Exception as error:
            raise AssertionError(f"In another store release stopped with {type(error).__name__}: {error}") from None
        expected.setdefault(right, wanted)
        assert said == right, (
            f"In a store with {', '.join(before)} release of {model} with {wanted} returned {said!r}, expected {right!r}: {why}."
        )
        assert services(folder) == expected, (
            f"After release of {model} with {wanted} the registry holds {services(folder)}, expected {expected}. What is there never changes."
        )
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# One question, on both sides: what the training table says about Wednesday at five past nine, and what the service gets at that moment. And for the past, where nobody can ask any more: what was known, against what the service wrote down.

# %% tags=["uses-answers"]
name = release("online", "demand", ["station_load:departures_3h", "station_load:departures_24h", "station_docks:docks"])
use = services("online")[name]
now = moments[-1]
with quiet():
    refresh("online", now)
    in_service = online("online", range(1, 17), use, now)
    in_training = training_table("online", pd.DataFrame({"asked_at": now, "station_id": range(1, 17)}), use)
same = np.isclose(in_service.drop(columns="station_id"), in_training[in_service.columns.drop("station_id")], equal_nan=True)
print(
    f"{name}: {same.sum()} of {same.size} values are the same on both sides, {int(in_service['departures_3h'].isna().sum())} stations have no departures_3h that counts"
)
past = np.isclose(known_at(week, reports, HALF_DAY)[logged.columns], logged, equal_nan=True)
print(f"the week of 23 June: {past.sum()} of {past.size} values are those of the service's log")

# %% [markdown]
# What to take to work tomorrow:
#
# - Count rows. Whatever joins features to your rows, as many must come out as went in, each with its label. One line of code.
# - Keep a simple, slow join that you trust, and hold the store's answers against it, once in a while, with fresh rows. That is how all three edges were found.
# - Write down two times for each value: for when it holds, and since when it is known. You cannot add the second one later. Train on what was known, not on what was corrected afterwards.
# - A job that copies "what is new since last time" loses what is late. An online value without its time is a rumour.
# - Ask both sides the same question at the same moment. If they differ, you have skew, whatever the architecture says.
#
# Noor crosses out "cannot happen any more" on the whiteboard and writes: "Is checked every night."

# %% [markdown]
# ## Going further
#
# - **Another offline store.** With `pip install "feast[duckdb]"` and `offline_store: {type: duckdb}` the store answers the seven questions by DuckDB. Which of the three edges are still there? (Mind that it resolves relative paths in another way.)
# - **A view that changes.** Apply `station_load` again with a TTL of one day. What does that do to `demand_v1`? Feast 0.67 can pin a view's version in a feature service, as `station_load@v1`: read how.
# - **Skew as a bell.** Turn the last cell into a check that runs each night and names the stations whose two sides differ.
#
# To read:
#
# - [Feast's documentation on point-in-time joins](https://docs.feast.dev/getting-started/concepts/point-in-time-joins)
# - [Feast's issue 6787, on rows that share key and time](https://github.com/feast-dev/feast/issues/6787)
# - Chip Huyen, *Designing Machine Learning Systems*, chapters 5 and 7: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
# - Andriy Burkov, *Machine Learning Engineering*, chapter 4 on features: [the book's page](http://www.mlebook.com/)
