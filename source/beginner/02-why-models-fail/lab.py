# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: beginner
#     minutes: 120
#     outcomes:
#     - Find in a service's log since when its answers are wrong, while everything on the dashboard is green
#     - Build a bell that notices broken inputs the next morning, without knowing the truth
#     - Make notebook and service compute the same features, and prove it row by row
#     - Reconstruct an incident from commits, deploys, answers and messages
#     - Choose by simulation which of MLOps' controls to build first
#     prerequisites:
#     - readiness-check
#     roadmap: What is MLOps
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     - LLMOps / GenAIOps Engineer
#     slug: why-models-fail
#     terms:
#       MLOps: "Machine learning operations: what a team does so that a model in use stays right."
#       features: "The columns that a model is given for each case, computed from raw data."
#       service: "A program that waits for requests and answers them, over HTTP for instance."
#       in production: "In use, by people who rely on it."
#       log: "What a program writes about itself while it works, a line or entry for each event."
#       latency: "The time from a request to its answer."
#       monitoring: "To measure a running system all the time, and to tell somebody when a number is not as it should be."
#       false alarm: "An alarm when nothing is wrong."
#       reference window: "The stretch of data that new data are compared with: fixed, as the training data, or rolling, as the last 14 days."
#       training–serving skew: "A difference between the features that a model was trained on and those that it gets in service."
#       deploy: "To bring a version of code or model into service."
#       rollback: "To deploy the version before again."
#       post-mortem: "An account of an incident: what happened when, what made it possible, what would have prevented it. It blames nobody."
#       feedback loop: "When a model's output changes the data that it is later trained on."
#       censored: "Said of a count that was cut off by a limit: trips that did not start because there was no bike are not in the data."
#     title: Why models fail
#     tools:
#     - scikit-learn
#     - HTTP
#     - pandas
# ---

# %% [markdown]
# # Why models fail
#
# ## Why this matters
#
# Thursday 10 April 2025, eight in the morning, Metro Bikes. Nine drivers sit in the yard and play cards; there is work for three. They are mechanics, lent by Rosa, who runs the workshop, and in the workshop 240 broken bikes are
# waiting. It has been like that for weeks. "It is not fine", she writes.
#
# What calls the drivers in is a *forecast*: a model that says how many trips will start in the city in the next hour. Bo opens its dashboard. Every request was answered, nothing has crashed, and the model's file
# has not changed since the day when a test on held-out hours had found it good. Everything is green.
#
# That is how models fail. A program that fails stops, or says so. **A model that fails goes on and returns a number.** The number looks like any other, and nobody compares it with what happened.
#
# A model that people rely on every day is *in service*, or *in production*. What a team does so that such a model stays right is called **MLOps**, short for *machine learning operations*. You need not know anything about it. It is
# best understood from what goes wrong without it, and today is your fourth day: Noor, who leads the team, asks you to find out. You will look at four ways to fail, put each of them right, and at the end have eleven days of work to spend so that it does not happen again.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `forecast.py`, the team's module: how hours become *features* (the columns that a model is given), the model, its error. Open it, it is short.
# - `service.py`, the *service*: a small program that holds the model and answers requests over HTTP. Open it as well, and look at `bos_features`.
# - `autumn.csv`, the hours of September to November 2024, on which the model was trained.
# - `requests.csv`, the *log*: what the service was asked and what it answered, an hour a line, from 27 January to yesterday.
# - `spring.csv`, what the city was really like in these hours: the weather from an archive, and the trips. Trips are counted with a delay, so yesterday's are missing.
# - `vans.py`, `controls.py`, `incidents.csv` and the folder `incident`, for later.
#
# Temperatures are in °C, rain in mm, wind in m/s, and times in UTC. All errors are **mean absolute errors in trips per hour**: 15 means that in a typical hour the forecast is 15 trips off.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
from datetime import datetime, timezone
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image

from controls import CONTROLS, replay
from forecast import FEATURES, as_requests, mean_error, prepare, read_hours, train
from service import ForecastService, ask, bos_features
from vans import by_week, play

autumn, log, spring = read_hours("autumn.csv"), read_hours("requests.csv"), read_hours("spring.csv")
incidents = pd.read_csv("incidents.csv")
model = train(prepare(autumn), autumn["trips"])
print(f"{len(autumn)} hours to train on, {len(log)} requests answered since, {len(spring)} hours of which the trips are known")

# %% [markdown]
# ## Part 1 · Silent: the answer is 200, and it is wrong
#
# Here is the service, on your own machine. It runs while the `with` block does. `ask` sends it a request, and returns the *status* (in HTTP, 200 means "all is well") and what it said:

# %%
with ForecastService(model) as service:
    request = {"hour": "2025-03-18T08:00:00Z", "temperature_c": 3.4, "rain_mm": [0.0, 0.0, 0.2], "wind_mps": 3.1}
    print("a cold morning:     ", ask(service.url, request))
    print("the same, in °F:    ", ask(service.url, request | {"temperature_c": 38.1}))
    print("colder than nothing:", ask(service.url, request | {"temperature_c": -400.0}))

# %% [markdown]
# Three times 200. There is nothing colder than −273 °C, and the service has no opinion about that. Its dashboard counts statuses and measures *latency*, the time that an answer takes, and so sees this, week by week:

# %%
week_of = log["hour"].dt.strftime("week %V")
pd.DataFrame(
    {
        "answered": (log["status"] == 200).groupby(week_of).mean().map("{:.1%}".format),
        "failed requests": (log["status"] != 200).groupby(week_of).sum(),
        "median ms": log.groupby(week_of)["ms"].median(),
    }
).T

# %% [markdown]
# Everybody remembers 12 February, in week 07: the service moved to another machine, two requests failed, and it has been slow since. "There", says Ada, "is your day." Is it?
#
# A dashboard for programs cannot know. What is missing is the comparison of the answers with what happened. It is one line, and nobody had written it:

# %%
hourly_error = (log["answer"] - log.merge(spring[["hour", "trips"]], how="left")["trips"]).abs()
hourly_error.groupby(log["hour"].dt.date).mean().iloc[[2, 3, 4, 5, 38, 39, 40, -1]].round(1)

# %% [markdown]
# ### Exercise 1 — Since when?
# *Difficulty ●●○ · about 13 minutes*
#
# Write `first_bad_day(log, trips)`. It looks for a stretch of at least three days in a row of which **every day** is bad, and returns its first day. The stretch must still last: it ends with the last day whose trips are known. Bad days that are over are no stretch. If there is none, it returns `None`.
#
# A day is bad if its answers are much further from the truth than on an ordinary day of this service; twice as far may still be chance. Name a day as you like: as text (`"2025-02-12"`), date or time.
#
# `log` is a table as above. `trips` has the columns `hour` and `trips` (and may have others, as `spring` does), and ends a few days before the log. The first two weeks of a log were looked at by hand, and are fine, odd days apart. Do not trust "by hand" too far, though: such weeks may hold a fault that everybody has got used to,
# and a median, which odd days cannot move, will then call it ordinary, or hide it. It tells what is *usual*, not what is right.
#
# Done means: it finds the day in this log and in logs of other services. There you may meet answers that are too low; the right numbers at the wrong hours; a concert, after which all goes on as before; a bad week that was mended; a fault that is two days old; one day of the week that has always been bad; and a city that grows sixfold in nine
# weeks, where 20 trips off is a lot at first and nothing later, and all is well.
#
# <details><summary>Hint 1</summary>Look at the error of each day, computed hour by hour (day totals hide a forecast that is right at the wrong hours). What is an ordinary day? Let the log say so: compare with the <em>median</em> of its first two weeks, which a few odd days cannot move. In a growing city compare what is
# comparable: the errors of a day added up, divided by its trips.</details>
# <details><summary>Hint 2</summary><code>log.merge(trips[["hour", "trips"]], on="hour")</code> keeps the hours that are in both. Group by <code>hour.dt.strftime("%Y-%m-%d")</code>, and print each day's share as a multiple of the median of the first fourteen: which limit parts the ordinary days from the spring's last
# ones? Then go from the end backwards: the last day that is <em>not</em> bad ends the search. What comes after it is the stretch; is it long enough?</details>


# %% nbgrader={"grade": false, "grade_id": "since-when", "locked": false, "schema_version": 3, "solution": true, "task": false}
def first_bad_day(log, trips):
    """Return the first day of the stretch of wrong answers at the end of the known days; None if there is none of three days."""
    ### BEGIN SOLUTION
    known = log.merge(trips[["hour", "trips"]], on="hour").dropna(subset=["answer"])
    known["error"] = (known["answer"] - known["trips"]).abs()
    sums = known.groupby(known["hour"].dt.strftime("%Y-%m-%d"))[["error", "trips"]].sum()
    share = sums["error"] / sums["trips"]
    fine = share <= 2.5 * share.iloc[:14].median()
    stretch = [day for day in share.index if day > share.index[fine].max()]
    return stretch[0] if len(stretch) >= 3 else None
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-since-when", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
found = first_bad_day(log, spring)
assert found is not None, (
    "first_bad_day found no stretch of bad days. Look at the error of each day once more, in a plot: from one day on it never comes back."
)
found = pd.Timestamp(found).strftime("%Y-%m-%d")
wrong_days = {
    "2025-02-01": "That is the first Saturday. Saturdays are bad in every week, but the days after it are fine: no stretch.",
    "2025-02-12": "That day the answers became slow, not wrong. Latency is not the error: compare the answers with the trips.",
    "2025-03-07": "That evening there was a concert. Four days later the errors are as small as ever: no stretch.",
    "2025-03-08": "A Saturday after a concert; the days after it are fine again: no stretch.",
    "2025-03-24": "That day release 1.1 went live, but the answers had been wrong for days.",
    "2025-03-20": "By then the answers had been wrong for days. Three bad days make a stretch; it begins with the first of them, not with the third.",
}
assert found == "2025-03-18", f"first_bad_day says {found}. " + wrong_days.get(
    found,
    "Print the error of the days around it: the day before the stretch is ordinary, the first day of it is not, and neither is any day after it.",
)
early_march = first_bad_day(log[log["hour"] < "2025-03-12"], spring)
assert early_march is None or early_march is pd.NaT, (
    f"In the log up to 11 March first_bad_day says {early_march}, expected None. A concert, a Saturday or slow answers are no stretch of wrong answers."
)

# %% nbgrader={"grade": true, "grade_id": "judge-since-when", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: first_bad_day on the logs of three services of which the answers became too high, too low (and had been bad once before), or right at the wrong hours.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import as_day, draw_service

rng = fresh(1)
for kind, what in [
    (dict(fault="hot", weekly=True, concert=True), "the answers became too high, and one day of the week was always bad"),
    (dict(fault="low", mended=True), "five bad days were mended, and weeks later the answers became too low"),
    (dict(fault="clock"), "the answers became those of six hours before: a day's total is right, its hours are not"),
]:
    other_log, other_trips, truth = draw_service(rng, **kind)
    try:
        said = as_day(first_bad_day(other_log, other_trips))
    except Exception as error:
        raise AssertionError(f"On another service's log first_bad_day stopped with {type(error).__name__}: {error}") from None
    assert said == truth, f"In another service's log {what} on {truth}, and first_bad_day says {said}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-since-when-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: first_bad_day on the logs of services without a stretch of bad days that still lasts: a concert, a bad week that is over, a fault two days old, a city that grows.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import as_day, draw_service

rng = fresh(2)
for kind, what in [
    (dict(concert=True, weekly=True), "there was a concert, and one day of the week is always bad, but no stretch of bad days"),
    (dict(mended=True), "there were five bad days in a row, and every day since has been fine: bad days that are over are no stretch"),
    (dict(fault="hot", last=2), "only the last two known days are bad, and a stretch has at least three"),
    (
        dict(growth=6.0, weekly=True),
        "the city grows sixfold, and one day of the week is always bad; the errors of the others grow no faster than the trips",
    ),
]:
    other_log, other_trips, _ = draw_service(rng, **kind)
    try:
        said = as_day(first_bad_day(other_log, other_trips))
    except Exception as error:
        raise AssertionError(f"On another service's log first_bad_day stopped with {type(error).__name__}: {error}") from None
    assert said is None, f"In another service's log {what}: expected None, and first_bad_day says {said}."
### END HIDDEN TESTS

# %% [markdown]
# The dashboard that Bo had, and the one that he lacked:

# %% tags=["uses-answers"]
day_of = log["hour"].dt.normalize()
fig, (above, below) = plt.subplots(2, 1, figsize=(9, 5), sharex=True)
above.plot(log.groupby(day_of)["ms"].median(), color="grey")
above.set(ylabel="median latency (ms)", title="What the dashboard showed")
below.plot(hourly_error.groupby(day_of).mean(), "o-", ms=3, color="steelblue")
below.axvline(pd.Timestamp(first_bad_day(log, spring)), color="black", linestyle="--")
below.annotate(" your day", (pd.Timestamp(first_bad_day(log, spring)), 140))
below.set(xlabel="day of 2025", ylabel="mean absolute error\n(trips per hour)", title="What it did not show")
fig.tight_layout()
fig.savefig("silent.png", dpi=100)
plt.close(fig)
Image(
    "silent.png",
    alt="Two lines over the days from 27 January to 9 April. Above, the latency rises from 40 to 180 ms on 12 February and stays. Below, the error is about 15 trips per hour with a peak near 70 every Saturday and one on 7 March; from the dashed line, your day, on it lies between 70 and 150.",
)

# %% [markdown]
# Read it: what happened to the error on the day when the latency rose? How long was the forecast useless before this morning? And what are the peaks that come every seven days, from the very beginning?
#
# <details><summary>What we see</summary>On 12 February nothing happens to the error: a slow answer is as right or wrong as a quick one. From 18 March on every day is bad, for more than three weeks. And every Saturday since January has been nearly as bad; we come back to that in Part 3.</details>
#
# So it began on 18 March. What was different that day? Whoever knows *where* to look needs one line. The log keeps what the service was *given*; compare it with the archive:

# %%
joined = log.merge(spring, on="hour", suffixes=("_given", "_true"))
side_by_side = (
    joined.groupby(joined["hour"].dt.date)[["temperature_c_given", "temperature_c_true", "wind_mps_given", "wind_mps_true"]].mean().round(1)
)
side_by_side.loc[datetime(2025, 3, 16).date() : datetime(2025, 3, 20).date()]

# %% [markdown]
# 3 °C are 38 °F. Since 18 March the weather comes in degrees Fahrenheit. The model has never seen a temperature above 26, takes 38 for the finest summer day of its life, and sends out the drivers.
#
# This is a classic. In 1999 a space probe was lost at Mars because one program wrote pound-force seconds and another read newton-seconds ([NASA's page on the Mars Climate Orbiter](https://science.nasa.gov/mission/mars-climate-orbiter/)).

# %% [markdown]
# ## Part 2 · Watch what goes in
#
# At Metro Bikes the truth is known after two days. Often it takes months (does this customer pay back?), or never comes. The *inputs* are there at once. To look at inputs, answers and errors all the time, and to call someone when they change, is called **monitoring**.
#
# Cy has tried. His bell looks at yesterday's inputs every morning, and names the columns that differ much from the day before:


# %% nbgrader={"grade": false, "grade_id": "rings", "locked": true, "schema_version": 3, "solution": false, "task": false}
def rings(bell, feed, first, last):
    """Return what the bell names on each day of a feed from first to last, by day; it sees the 14 days before."""
    said = {}
    for day in pd.date_range(first, last):
        before = feed[(feed["hour"] >= day - pd.Timedelta(days=14)) & (feed["hour"] < day)]
        today = feed[(feed["hour"] >= day) & (feed["hour"] < day + pd.Timedelta(days=1))]
        columns = ["hour", "temperature_c", "rain_mm", "wind_mps"]
        named = bell(before[columns].reset_index(drop=True), today[columns].reset_index(drop=True))
        assert hasattr(named, "__iter__") and not isinstance(named, str), (
            f"bell returned {named!r}, expected a list of columns, empty if all is well."
        )
        said[f"{day:%Y-%m-%d}"] = set(named)
    return said


# %%
def cys_bell(before, day):
    limits = {"temperature_c": 4, "rain_mm": 1, "wind_mps": 3}
    return [column for column, limit in limits.items() if abs(day[column].mean() - before[column].tail(24).mean()) > limit]


healthy = rings(cys_bell, autumn, "2024-09-15", "2024-11-30") | rings(cys_bell, log, "2025-02-10", "2025-03-17")
print(f"rang on {sum(map(bool, healthy.values()))} of {len(healthy)} healthy days")
rings(cys_bell, log, "2025-03-16", "2025-03-22")

# %% [markdown]
# It did ring on 18 March. Nobody listened: it rings every five days, because the weather changes. A **false alarm** costs more than the minute that it takes. After the third nobody looks, and then the bell is worth nothing. And on 19 March, when Fahrenheit followed Fahrenheit, it had fallen silent.
#
# ### Exercise 2 — A bell that people believe
# *Difficulty ●●○ · about 16 minutes*
#
# Write `bell(before, day)`. `day` has the 24 hours of yesterday, `before` the 14 days before it; both have the columns `hour`, `temperature_c`, `rain_mm` and `wind_mps`, and a value that is missing is `NaN`. It returns a list of the columns that are broken; an empty list on most days.
#
# Broken is a column whose values
#
# - come in another **unit**: °F for °C, or km/h for m/s. This may happen in a cold week, when each value by itself could be true;
# - are **frozen**: the sensor repeats one value all day (rain that stands at one value above 0 all day is frozen, too);
# - are **missing** for half of the day or more.
#
# Not broken is a cold front, a storm, a dry day (rain is 0.0 all day then, and that is fine), a hot day in a hot summer, or some hours without a value, as long as they are fewer than half of the day.
#
# Done means: on feeds that you have not seen it names the broken column on the first or second broken day, without blaming others, and on healthy days it rings at most once in three weeks on average: not because the weather turned overnight, and not because of a few gaps.
#
# <details><summary>Hint 1</summary>Three questions for each column, and not every question suits every column. For the unit, look at how far yesterday's mean lies from what was usual in the 14 days: not in comparison with the day before, for fronts do that. What does a front do at most, and what does 0 °C → 32 °F do? For the wind a factor is a
# better measure than a difference.</details>
# <details><summary>Hint 2</summary>Missing: <code>day[column].isna().mean()</code>. Frozen: <code>nunique()</code> counts different values, missing ones left out. Unit: compare the mean of the day's temperatures with their mean in <code>before</code>, as a difference, and that of the wind as a ratio. For the limits print both for each day of <code>autumn</code> and for 18 March: which gap is there
# between the wildest healthy day and a changed unit (°F: what becomes of 0 °C? km/h: 3.6 times)? Then let <code>rings</code> tell how often your bell would have rung, and for what.</details>


# %% nbgrader={"grade": false, "grade_id": "bell", "locked": false, "schema_version": 3, "solution": true, "task": false}
def bell(before, day):
    """Return the columns of the feed that broke yesterday; `before` holds the 14 days before."""
    ### BEGIN SOLUTION
    broken = {column for column in ["temperature_c", "rain_mm", "wind_mps"] if day[column].isna().mean() >= 0.5}
    broken |= {column for column in ["temperature_c", "wind_mps"] if day[column].nunique() == 1}
    if day["rain_mm"].nunique() == 1 and day["rain_mm"].max() > 0:
        broken.add("rain_mm")
    if abs(day["temperature_c"].mean() - before["temperature_c"].mean()) > 15:
        broken.add("temperature_c")
    if day["wind_mps"].mean() > 2.5 * before["wind_mps"].mean():
        broken.add("wind_mps")
    return sorted(broken)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-bell", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
calm = rings(bell, autumn, "2024-09-15", "2024-11-30") | rings(bell, log, "2025-02-10", "2025-03-17")
false_alarms = {on: named for on, named in calm.items() if named}
example = next(iter(false_alarms), None)
assert len(false_alarms) <= 5, (
    f"On {len(calm)} healthy days your bell rang {len(false_alarms)} times, expected at most 5: the first on {example}, for {', '.join(sorted(false_alarms.get(example, [])))}. "
    "Look at that day: what was unusual, and must it ring for that? (Dry days and fronts are part of the weather.)"
)

# %% nbgrader={"grade": true, "grade_id": "test-bell-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
march = rings(bell, log, "2025-03-18", "2025-03-19")
assert any("temperature_c" in named for named in march.values()), (
    f"On 18 and 19 March, the first days in °F, your bell said {[sorted(named) for named in march.values()]}; expected temperature_c on one of them."
)
assert not any(named - {"temperature_c"} for named in march.values()), (
    f"On 18 and 19 March temperature_c broke and nothing else; your bell said {[sorted(named) for named in march.values()]}."
)
for spoilt, how, why in [
    (
        "wind_mps",
        lambda values: values * 0 + 3.4,
        "The wind was 3.4 m/s in each of the 24 hours. A frozen value has an ordinary mean: look at how much it varies.",
    ),
    ("rain_mm", lambda values: values * np.nan, "All values of the rain were missing, which is not the same as 0.0."),
]:
    odd = log.copy()
    odd[spoilt] = odd[spoilt].where(odd["hour"].dt.date != datetime(2025, 3, 4).date(), how(odd[spoilt]))
    (named,) = rings(bell, odd, "2025-03-04", "2025-03-04").values()
    assert named == {spoilt}, f"Your bell said {sorted(named)}, expected ['{spoilt}']. {why}"

# %% nbgrader={"grade": true, "grade_id": "judge-bell", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: bell on 126 healthy days of three other feeds: at most six rings. And on four healthy days of another: a mild day after a cold one, a windy after a calm one, a hot one, one with gaps.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import cut, draw_feed, draw_turns

rng = fresh(3)
rang, blamed = 0, {}
for _ in range(3):
    other = draw_feed(rng, 56)
    for number in range(14, 56):
        try:
            named = set(bell(*cut(other, number)))
        except Exception as error:
            raise AssertionError(f"On another feed bell stopped with {type(error).__name__}: {error}") from None
        rang += bool(named)
        for column in named:
            blamed[column] = blamed.get(column, 0) + 1
counts = ", ".join(f"{column} {count} times" for column, count in blamed.items())
assert rang <= 6, (
    f"On 126 healthy days of other feeds bell rang {rang} times, expected at most 6 ({counts}). Nobody listens to such a bell for long."
)
for before, day, what in draw_turns(rng):
    try:
        named = sorted(set(bell(before, day)))
    except Exception as error:
        raise AssertionError(f"On another feed, where {what}, bell stopped with {type(error).__name__}: {error}") from None
    assert not named, (
        f"On another feed {what}. Nothing was broken, and the 14 days before, taken together, were not very different; bell named {', '.join(named)}."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-bell-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: bell on seven feeds that break, each in another way, at other seasons. Does it name the column on the first or second day, and blame no other?
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import BROKEN, cut, draw_broken

rng = fresh(4)
blamed = []
for kind in BROKEN:
    other, column, number = draw_broken(rng, kind)
    try:
        said = [set(bell(*cut(other, at))) for at in (number, number + 1)]
    except Exception as error:
        raise AssertionError(f"On another feed ({kind}) bell stopped with {type(error).__name__}: {error}") from None
    day = cut(other, number)[1][column]
    shown = f"that day's values lie between {day.min()} and {day.max()}" if day.notna().any() else "that day has none"
    assert any(column in named for named in said), (
        f"On another feed ({kind}: {shown}) bell said {[sorted(named) for named in said]} on the first two days, expected {column}."
    )
    blamed += [kind for named in said if named - {column}][:1]
assert len(blamed) <= 2, (
    f"With {len(blamed)} of {len(BROKEN)} broken feeds bell named sound columns as well ({', '.join(blamed)}). Whoever is called must know where to look."
)
### END HIDDEN TESTS

# %% [markdown]
# When would your bell have called?

# %% tags=["uses-answers"]
heard = {on: sorted(named) for on, named in rings(bell, log, "2025-02-10", "2025-04-09").items() if named}
print(heard)

# %% [markdown]
# If it falls silent after some days, although the feed is still broken, then you know why: by then the broken days are part of "before". A bell notices a *change*. Whoever hears it must act. At work one therefore has a second
# bell beside this one. It compares with a **reference window** that stays where it is, most often the training data: it does not get used to a fault, and it goes on until somebody has mended it. It has its own weakness: it must know the seasons.

# %% [markdown]
# ## Part 3 · Same model, other features
#
# At a quarter to four Cy has the feed send °C again. All well? Leave out the weeks of Fahrenheit, and compare what the notebook promised in November with what the service delivered:

# %%
early = autumn["hour"] < "2024-11-17"
notebook_model = train(prepare(autumn)[early], autumn["trips"][early])
promise = mean_error(notebook_model.predict(prepare(autumn)[~early]), autumn["trips"][~early].to_numpy())
sound = log["hour"] < "2025-03-18"
print(f"notebook, November: {promise:.1f} trips per hour off, at {autumn['trips'][~early].mean():.0f} trips per hour")
print(
    f"service, spring:    {hourly_error[sound].mean():.1f} trips per hour off, at {spring['trips'][spring['hour'] < '2025-03-18'].mean():.0f} trips per hour"
)
hourly_error[sound].groupby(log["hour"].dt.day_name()).mean().round(1)

# %% [markdown]
# A larger error, in a calmer season, from the first day on. And those Saturdays. The drivers had thought that Saturdays are like that.
#
# The model is the same file. But a model does not see hours and weather: it sees *features*, and someone has to compute them. In the notebook that is `prepare`, which works on a whole table. The service gets one request at a time, so Bo wrote the same once more, from memory. Put side by side what the model
# saw in training and what the service would show it for *the very same hours*:

# %%
as_in_notebook = prepare(autumn)
as_in_service = pd.DataFrame([bos_features(request) for request in as_requests(autumn)])
pd.DataFrame(
    {
        "hours that differ": (as_in_notebook - as_in_service).abs().gt(1e-6).mean().map("{:.0%}".format),
        "by at most": (as_in_notebook - as_in_service).abs().max().round(2),
    }
)

# %%
as_requests(autumn[144:147])[-1]  # what a request looks like; a measurement that is missing is None

# %% [markdown]
# This is **training–serving skew**: the features in service are not those of the training. There is no error message, and the model's test does not notice either, for it runs in the notebook.
#
# Why did Bo not simply call `prepare`? Try it with a table of one row. `median()`, `mean()` and `std()` are then those of that one hour, and `rolling(3)` sees no earlier rain. What `prepare` computes *from the whole training table* is a part of the model, as much as its trees are. It must be **remembered** when the model is
# trained, and travel with it.
#
# ### Exercise 3 — One way to see an hour
# *Difficulty ●●○ · about 15 minutes*
#
# Write two functions:
#
# - `remember(table)` takes a training table and returns a dictionary of what has to travel with the model. It is kept in a JSON file, so it holds plain numbers, texts and lists.
# - `features(request, memory)` returns a dictionary with the five features of one request, equal to what `prepare` gave the model for that hour.
#
# Done means: for every hour of a training table, this one and others, the service sees what the model saw, to a millionth; asked one by one, in any order, whether temperature or rain are missing or not. (The wind is never missing in these tables.)
#
# <details><summary>Hint 1</summary>Go through <code>prepare</code> line by line, and ask of each: does it need this hour only, the hours just before (they are in the request), or the whole table? The last kind goes into the memory. Then compare with <code>bos_features</code>, line by line.</details>
# <details><summary>Hint 2</summary>The memory holds three numbers: the median of the temperatures, mean and standard deviation of the wind (pandas' <code>std()</code>; NumPy's divides by another number); <code>float(…)</code> makes them plain. <code>wet</code> is the sum of those of the three values that are not <code>None</code>. A temperature of
# 0.0 is not a missing one: ask <code>is None</code>. <code>datetime.fromisoformat(…).weekday()</code> counts as pandas does.</details>


# %% nbgrader={"grade": false, "grade_id": "skew", "locked": false, "schema_version": 3, "solution": true, "task": false}
def remember(table):
    """Return what `features` needs to know of the training table: a dictionary that JSON can hold."""
    ### BEGIN SOLUTION
    return {
        "median_temperature_c": float(table["temperature_c"].median()),
        "mean_wind_mps": float(table["wind_mps"].mean()),
        "std_wind_mps": float(table["wind_mps"].std()),
    }
    ### END SOLUTION


def features(request, memory):
    """Return the FEATURES of one request, as the notebook's `prepare` computes them: a dictionary."""
    ### BEGIN SOLUTION
    start, warmth = datetime.fromisoformat(request["hour"]), request["temperature_c"]
    return {
        "hour": start.hour,
        "weekend": int(start.weekday() >= 5),
        "temperature_c": memory["median_temperature_c"] if warmth is None else warmth,
        "wet": sum(rain for rain in request["rain_mm"] if rain is not None),
        "wind": (request["wind_mps"] - memory["mean_wind_mps"]) / memory["std_wind_mps"],
    }
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-skew", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
try:
    memory = json.loads(json.dumps(remember(autumn)))
except TypeError as problem:
    raise AssertionError(f"What remember returns does not fit into a JSON file: {problem}. Make its numbers plain with float(…).") from None
trained_on = prepare(autumn)
sample = np.r_[100:268, np.flatnonzero(autumn["temperature_c"].isna())[:20], np.flatnonzero(autumn["rain_mm"].isna())[:10]]
sent = as_requests(autumn)
for row in sample:
    seen = dict(features(sent[row], memory))
    for name in FEATURES:
        assert name in seen, f"features gave no {name!r}, expected all of {', '.join(FEATURES)}."
        right = trained_on[name][row]
        assert abs(float(seen[name]) - right) < 1e-6, (
            f"Skew in {name!r}: in training the model saw {right:.6g}, features gave {float(seen[name]):.6g}. The request was {sent[row]}."
        )

# %% nbgrader={"grade": true, "grade_id": "test-skew-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
saturday = spring[spring["hour"].dt.date == datetime(2025, 3, 1).date()]
asked = as_requests(spring[(spring["hour"] >= "2025-02-28 22:00") & (spring["hour"] < "2025-03-02")])[2:]
kept = json.dumps(remember(autumn))
with ForecastService(model, lambda request: features(request, json.loads(kept))) as service:
    replies = [ask(service.url, request) for request in asked]
failed = [said for status, said in replies if status != 200]
assert not failed, f"With your features the service failed on {len(failed)} of {len(replies)} requests: {failed[0]}"
off = mean_error([said["trips"] for _, said in replies], saturday["trips"].to_numpy())
assert off < 25, f"On Saturday 1 March the service is still {off:.0f} trips per hour off. With the features of the training it is about 15."

# %% nbgrader={"grade": true, "grade_id": "judge-skew", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: remember and features with another training table: all days of the week and hours, asked one by one in a random order, nothing missing.
### BEGIN HIDDEN TESTS
import json

from forecast import FEATURES, as_requests, prepare
from judgekit import fresh
from judging import draw_weather

rng = fresh(5)
table, _ = draw_weather(rng, 30)
try:
    memory = json.loads(json.dumps(remember(table)))
except Exception as error:
    raise AssertionError(f"With another training table remember failed: {type(error).__name__}: {error}") from None
trained_on, sent = prepare(table), as_requests(table)
complete = [i for i in range(len(table)) if sent[i]["temperature_c"] is not None and None not in sent[i]["rain_mm"]]
for row in rng.choice(complete, 200, replace=False).tolist():
    try:
        seen = dict(features(sent[row], memory))
        wrong = [name for name in FEATURES if not abs(float(seen[name]) - trained_on[name][row]) < 1e-6]
    except Exception as error:
        raise AssertionError(f"With another training table features stopped with {type(error).__name__}: {error}") from None
    assert not wrong, (
        f"With another training table there is skew in {wrong[0]!r}: in training the model saw {trained_on[wrong[0]][row]:.6g}, features gave "
        f"{float(seen[wrong[0]]):.6g}. The request was {sent[row]}. What belongs to a training table must come from the memory."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-skew-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: remember and features with another training table, and hours of which temperature or rain is missing, or exactly 0.
### BEGIN HIDDEN TESTS
import json

import numpy as np
from forecast import FEATURES, as_requests, prepare
from judgekit import fresh
from judging import draw_weather

rng = fresh(6)
table, _ = draw_weather(rng, 30)
spots = rng.choice(np.arange(10, len(table) - 10), 40, replace=False)
table.loc[spots[:20], "temperature_c"] = 0.0
table.loc[spots[20:30], "temperature_c"] = np.nan
for spot in spots[30:]:
    table.loc[spot : spot + int(rng.integers(0, 3)), "rain_mm"] = np.nan
memory = json.loads(json.dumps(remember(table)))
trained_on, sent = prepare(table), as_requests(table)
for row in rng.permutation(spots).tolist():
    try:
        seen = dict(features(sent[row], memory))
        wrong = [name for name in FEATURES if not abs(float(seen[name]) - trained_on[name][row]) < 1e-6]
    except Exception as error:
        raise AssertionError(f"The request {sent[row]} stopped features with {type(error).__name__}: {error}") from None
    assert not wrong, (
        f"Where a measurement is missing or 0 there is skew in {wrong[0]!r}: in training the model saw {trained_on[wrong[0]][row]:.6g}, features gave "
        f"{float(seen[wrong[0]]):.6g}. The request was {sent[row]}."
    )
### END HIDDEN TESTS

# %% [markdown]
# What the spring would have been like, up to 17 March:

# %% tags=["uses-answers"]
memory = remember(autumn)
as_trained = pd.DataFrame([features(request, memory) for request in as_requests(spring)])[FEATURES].astype(float)
mended = (model.predict(as_trained) - spring["trips"]).abs()[spring["hour"] < "2025-03-18"]
print(f"{hourly_error[sound].mean():.1f} trips per hour off with Bo's features, {mended.mean():.1f} with yours")
mended.groupby(spring["hour"].dt.day_name()).mean().round(1)

# %% [markdown]
# Not one new tree was grown for this. Two lessons for work: write features *once*, and use that code in training and in service. And test it as you just did: ask the service about hours of the training table.

# %% [markdown]
# ## Part 4 · The post-mortem
#
# Monday 14 April. Noor calls for a **post-mortem**: after an incident the team writes down what happened and when, what made it possible, and what would have prevented it. It does not ask whose fault it was. Who fears blame hides what the others must know.
#
# Everyone has a theory. Ada: "It came with release 1.1." Bo: "But we rolled that back." To *release* or *deploy* is to put a version of the code into service; a *rollback* deploys the version before. The evidence lies in the folder `incident`:

# %%
for name, text in {path.name: path.read_text() for path in sorted(Path("incident").glob("*.csv"))}.items():
    print(name, *text.splitlines()[:11], "", sep="\n")

# %% [markdown]
# - `answers.csv`: when the service was asked, what it said, and what it *should* have said: the same code, asked again with the archive's weather. (So the Saturdays do not count here.)
# - `chat.csv`: messages of the team.
# - `commits.csv`: the history of the service's code, as `git log` prints it, **the newest first**. `authored_at` says when a change was written, on someone's own machine. It may come into the history much later.
# - `deploys.csv`: when which commit was put into service. A commit brings with it **all that stand before it in the history**.
#
# Each source has its own clock. `asked_at` and `ts` are seconds since 1970 in UTC; `Z` means UTC; Cy, who works from Helsinki, is three hours ahead of it, and his laptop says so: `+03:00`.
#
# **In older tutorials** you find `datetime.utcfromtimestamp(…)` and `datetime.utcnow()`. Both return a time that does not know its zone, and two such times from different sources compare without a complaint. Since Python 3.12 they are deprecated. Today one writes `datetime.fromtimestamp(seconds, tz=timezone.utc)`, or for a whole column
# `pd.to_datetime(column, unit="s", utc=True)`; for texts with a zone `pd.to_datetime(column, utc=True)`.
#
# ### Exercise 4 — What happened when
# *Difficulty ●●● · about 18 minutes*
#
# Write `post_mortem(folder)`. It reads the four files in a folder and returns a dictionary:
#
# | key | what it holds |
# |:--|:--|
# | `began` | when the service was asked for the first answer that was *wrong*: more than 10 trips away from what it should have said, above or below |
# | `wrong_answers` | how many answers were wrong |
# | `noticed` | the time of the first message that mentions the forecast, in any spelling of upper and lower case, after it began |
# | `mended` | when the service was asked for the first answer after the last wrong one; `None` if the last answer in the file is wrong |
# | `suspects` | the commits that went live with the deploy that was in service when it began: all that were in it, and not in the deploy before it |
#
# Times are in UTC, of any type that pandas understands. At night there are few trips, so an answer may be right while everything is broken.
#
# Done means: it says the right things about this incident, and about others: with people in other zones, with rollbacks, with commits that were written long before they were merged, and one that is not over.
#
# <details><summary>Hint 1</summary>Make one clock of all the times first. "Mended" is not the first right answer after the beginning: go from the last wrong one. For the suspects do not look at when commits were written: find the two deploys, and read the history between their commits.</details>
# <details><summary>Hint 2</summary>Turn the history round, oldest first, as a list <code>history</code>. Of the deploys up to the beginning the last two matter. The suspects are a slice of <code>history</code> between the commits of these two; mind at which ends it is open (<code>history.index(…)</code> finds a
# place). For messages:
# <code>chat["text"].str.contains("forecast", case=False)</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "post-mortem", "locked": false, "schema_version": 3, "solution": true, "task": false}
def post_mortem(folder):
    """Return when the incident in a folder began, was noticed and mended, how many answers were wrong, and the suspects."""
    ### BEGIN SOLUTION
    answers, chat, commits, deploys = (pd.read_csv(Path(folder) / f"{name}.csv") for name in ("answers", "chat", "commits", "deploys"))
    asked = pd.to_datetime(answers["asked_at"], unit="s", utc=True)
    wrong = (answers["answer"] - answers["should_be"]).abs() > 10
    began, last = asked[wrong].iloc[0], asked[wrong].iloc[-1]
    right_again = asked[asked > last]

    said = pd.to_datetime(chat["ts"], unit="s", utc=True)
    noticed = said[(said > began) & chat["text"].str.contains("forecast", case=False)].min()

    history = commits["commit"].tolist()[::-1]
    earlier, live = deploys.loc[pd.to_datetime(deploys["at"], utc=True) <= began, "commit"].tolist()[-2:]
    return {
        "began": began,
        "wrong_answers": int(wrong.sum()),
        "noticed": noticed,
        "mended": right_again.iloc[0] if len(right_again) else None,
        "suspects": history[history.index(earlier) + 1 : history.index(live) + 1],
    }
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "times", "locked": true, "schema_version": 3, "solution": false, "task": false}
def utc_time_of(said):
    """Return a time in UTC, whatever its type; None for nothing."""
    if said is None or said is pd.NaT:
        return None
    time = pd.Timestamp(said)
    return time.tz_localize("UTC") if time.tz is None else time.tz_convert("UTC")


# %% nbgrader={"grade": true, "grade_id": "test-post-mortem", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
report = post_mortem("incident")
missing = {"began", "wrong_answers", "noticed", "mended", "suspects"} - set(report)
assert not missing, f"The report lacks {', '.join(sorted(missing))}."
for key, right, why in [
    (
        "began",
        "2025-03-18 05:55",
        "It is the time at which the first wrong answer was asked for, not the deploy's, and not the hour's that the forecast is for.",
    ),
    (
        "noticed",
        "2025-04-04 07:18:09",
        "Rosa writes 'Forecast', with a capital letter; what was said of the forecast before it began does not count.",
    ),
    (
        "mended",
        "2025-04-10 15:55",
        "Single right answers, at night, do not mean that it is mended: look for the first answer after the last wrong one.",
    ),
]:
    said = utc_time_of(report[key])
    assert said is not None and abs(said - utc_time_of(right)) < pd.Timedelta(seconds=1), f"'{key}' is {said}, expected {right} UTC. {why}"
assert report["wrong_answers"] == 413, (
    f"'wrong_answers' is {report['wrong_answers']}, expected 413: those more than 10 trips away from what they should have been, in either direction."
)

# %% nbgrader={"grade": true, "grade_id": "test-post-mortem-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
suspects = set(post_mortem("incident")["suspects"])
assert "e07a61b" not in suspects, "e07a61b is release 1.1, of 24 March. It came six days too late to be the cause."
assert "38bb4f6" not in suspects, (
    "38bb4f6 was written before the deploy of 17 March, but stands after its commit in the history: it went live on the 18th. When a change was written does not say when it was merged."
)
assert "c3a8f25" not in suspects, "c3a8f25 had been live since 14 March, without any harm: it was in the deploy before."
assert suspects == {"7f6e1d8", "a95d03c"}, (
    f"The suspects are {sorted(suspects)}, expected the two commits that went live with the deploy of 17 March, 23:52."
)

# %% nbgrader={"grade": true, "grade_id": "judge-post-mortem", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: began, noticed, mended and wrong_answers of two other incidents, one of them with answers too high and too low, the other not over.
### BEGIN HIDDEN TESTS
import tempfile
from pathlib import Path

from judgekit import fresh
from judging import as_time, draw_incident

rng = fresh(7)
with tempfile.TemporaryDirectory(prefix="judge-") as place:
    for name, over in [("one", True), ("two", False)]:
        truth = draw_incident(rng, Path(place) / name, mended=over, both_ways=over)
        where = "an incident that is over, some answers too high and others too low," if over else "an incident that is not over"
        try:
            report = post_mortem(str(Path(place) / name))
        except Exception as error:
            raise AssertionError(f"On {where} post_mortem stopped with {type(error).__name__}: {error}") from None
        for key in ("began", "noticed", "mended"):
            said = as_time(report.get(key))
            assert said == truth[key], f"On {where} '{key}' is {said}, expected {truth[key]}."
        assert report.get("wrong_answers") == truth["wrong_answers"], (
            f"On {where} 'wrong_answers' is {report.get('wrong_answers')}, expected {truth['wrong_answers']}."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-post-mortem-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the suspects in three other incidents, after a rollback, and with commits written long before they were merged.
### BEGIN HIDDEN TESTS
import tempfile
from pathlib import Path

from judgekit import fresh
from judging import draw_incident

rng = fresh(8)
with tempfile.TemporaryDirectory(prefix="judge-") as place:
    for number in range(3):
        truth = draw_incident(rng, Path(place) / str(number))
        try:
            said = set(post_mortem(str(Path(place) / str(number)))["suspects"])
        except Exception as error:
            raise AssertionError(f"On another incident post_mortem stopped with {type(error).__name__}: {error}") from None
        assert truth["too late"] not in said, (
            "On another incident a commit is among the suspects that was written before the deploy, but merged after it: it was not in service. Go by the history, not by the time of writing."
        )
        innocent, lacking = said - truth["suspects"], truth["suspects"] - said
        assert not innocent, f"On another incident {len(innocent)} commits are suspected that had been in the deploy before, or came later."
        assert not lacking, (
            f"On another incident {len(lacking)} of {len(truth['suspects'])} suspects are missing. A deploy brings all commits with it that were not in the one before it (after a rollback, in the older one)."
        )
### END HIDDEN TESTS

# %% [markdown]
# Noor reads your report aloud:

# %% tags=["uses-answers"]
report = post_mortem("incident")
it_began, it_was_noticed, it_was_mended = (utc_time_of(report[key]) for key in ("began", "noticed", "mended"))
messages = pd.read_csv("incident/commits.csv").set_index("commit")["message"]
print(f"{report['wrong_answers']} wrong answers, from {it_began:%d %B %H:%M} to {it_was_mended:%d %B %H:%M} UTC")
print(
    f"{(it_was_noticed - it_began).days} days until someone noticed, {(it_was_mended - it_was_noticed).days} days from then until it was mended"
)
print("Suspects:", *(f"{commit}  {messages[commit]}" for commit in report["suspects"]), sep="\n   ")

# %% [markdown]
# Of two suspects one is easy to convict: `weather: move to feed B`. Nothing in the code was wrong. Someone *else's* data had changed its meaning. The commit that was blamed and rolled back had nothing to do with it, and cost four days.
#
# Look at the two spans. Seventeen days to notice, six to mend. The first is what monitoring shortens, and it is nearly always the longer one.

# %% [markdown]
# ## Part 5 · A model that changes what it learns from
#
# The last failure needs no accident at all. In the University district Ada runs a small model that tells the vans how many bikes to put out at each of twelve stations in the morning. She has done everything right: the features are the same, the feed is sound, and every week the model is trained on the two newest weeks. And its error falls and falls:


# %%
def adas_forecast(history):
    """Return for each station how many bikes to put out every morning of the coming week."""
    newest = history[history["day"] > history["day"].max() - 14]
    return newest.groupby("station")["trips"].mean()


happened = play(adas_forecast, seed=3)
by_week(happened)[["error"]].T.round(2)

# %% [markdown]
# From 2.2 trips per station and day to 0.4, in twelve weeks. Meanwhile students complain that there is never a bike. `play` is a simulator, so it knows what no company knows: how many people *wanted* a bike, found none, and walked off.

# %%
by_week(happened).loc[[1, 3, 6, 9, 12]].round(2)

# %% [markdown]
# `served` is the share of wanted trips that took place. A quarter of the riders is lost, and the model is praised for it.
#
# If 20 people want a bike and 16 bikes stand there, the history says 16 trips. The model learns "16", and puts out 16, or 15, as on average it must. That is a **feedback loop**: the model's answers decide which data it will see. Statisticians call such data **censored**: of a station that was sold out we only
# know that *at least* so many wanted to ride. Loops are common: a fraud filter never learns whether those that it refused would have paid, a shop sells what it shows.
#
# ### Exercise 5 — Break the loop
# *Difficulty ●●● · about 20 minutes*
#
# Write your own `forecast(history)`. `history` has a row for each day and station, with `day`, `station`, `bikes` (put out in the morning) and `trips`. It returns, for each of the stations 1 to 12, how many bikes to put out every morning of the next week: a dictionary or a Series by station.
#
# Done means, over the weeks 5 to 12 of cities that you have not seen: on average at least **90 %** of the wanted trips take place, with at most **1.6** bikes put out for each wanted trip (bikes are few). Some of these cities grow by 5 % a week, some shrink by 5 %, and in some you take over from a forecast that has put
# out half of what people wanted, for as long as the history goes back.
#
# And in some the stations 7 to 12 are *new*. Nobody could say what they need, so a single bike was put out at each every morning. There, too, at least 90 % of the wanted trips must take place at the new stations in the weeks 5 to 12, while at the old ones at most **1.5** bikes are put out for each wanted trip: you cannot
# be quick everywhere. (What you return is rounded to whole bikes.) `play(forecast, seed=1, new=True)` plays such a city, and `by_week` also takes a part of the rows, those of some stations for instance.
#
# <details><summary>Hint 1</summary>The history tells you on which days a station was sold out. What do these days say about the demand, and what do the others say? And what would you have to <em>do</em>, not compute, to find out how many people want to ride from a station that is sold out every day?</details>
# <details><summary>Hint 2</summary>A surplus buys information. A station was sold out on a day if its trips reach its bikes. Count the trips of such days higher than they were, average by station over the newest days, and put a little on top. A station that was sold out on <em>every</em> day of a week is another case: you know next to nothing of it, and a
# little more than one bike is, rounded, one bike. Start there from <code>bikes</code>, and be bold. Try the numbers in <code>play(forecast, seed=1, growth=0.05)</code>, with <code>growth=-0.05</code>, <code>inherited=True</code> and <code>new=True</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "loop", "locked": false, "schema_version": 3, "solution": true, "task": false}
def forecast(history):
    """Return for each station how many bikes to put out every morning of the coming week."""
    ### BEGIN SOLUTION
    newest = history[history["day"] > history["day"].max() - 14]
    sold_out = newest["trips"] >= newest["bikes"]
    wanted = newest["trips"].where(~sold_out, newest["trips"] * 1.3)
    plan = 1.1 * wanted.groupby(newest["station"]).mean()
    last_week = newest["day"] > history["day"].max() - 7
    unknown = sold_out[last_week].groupby(newest["station"]).all()
    return plan.where(~unknown, 2 * newest[last_week].groupby("station")["bikes"].max())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-loop", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
for seed in (3, 4):
    weeks = by_week(play(forecast, seed=seed)).loc[5:].mean()
    assert weeks["served"] >= 0.9, (
        f"In the city with seed {seed} {weeks['served']:.1%} of the wanted trips took place in the weeks 5 to 12, expected at least 90 %. "
        "Where a station is sold out, trips are not demand: is your forecast still trained on what it allowed itself?"
    )
    assert weeks["put_out"] <= 1.6, (
        f"In the city with seed {seed} {weeks['put_out']:.2f} bikes were put out for each wanted trip, expected at most 1.6. There are not enough bikes for that."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-loop", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: forecast in cities of which the demand grows, or shrinks, by 5 % a week.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from vans import by_week, play

rng = fresh(9)
for growth, what in [(0.05, "grows by 5 % a week"), (-0.05, "shrinks by 5 % a week")] * 2:
    try:
        weeks = by_week(play(forecast, seed=int(rng.integers(100, 10**6)), growth=growth)).loc[5:].mean()
    except Exception as error:
        raise AssertionError(f"In a city that {what} forecast stopped with {type(error).__name__}: {error}") from None
    assert not weeks["served"] < 0.9, f"In a city that {what} {weeks['served']:.1%} of the wanted trips took place, expected at least 90 %."
    assert not weeks["put_out"] > 1.6, (
        f"In a city that {what} {weeks['put_out']:.2f} bikes were put out for each wanted trip, expected at most 1.6. Do old days still count?"
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-loop-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: forecast in cities where it takes over from a forecast that had put out half of what people wanted, and where half of the stations are new.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from vans import by_week, play

rng = fresh(10)
try:
    weeks = by_week(play(forecast, seed=int(rng.integers(100, 10**6)), inherited=True)).loc[5:].mean()
except Exception as error:
    raise AssertionError(f"Where every station was sold out every day forecast stopped with {type(error).__name__}: {error}") from None
assert not weeks["served"] < 0.9, (
    f"Taking over where every station was sold out every day, {weeks['served']:.1%} of the wanted trips took place in the weeks 5 to 12, expected at least 90 %. "
    "From such a history no average and no spread can tell the demand: more bikes must be put out to see it."
)
assert not weeks["put_out"] > 1.6, f"Taking over, {weeks['put_out']:.2f} bikes were put out for each wanted trip, expected at most 1.6."
for _ in range(2):
    try:
        happened = play(forecast, seed=int(rng.integers(100, 10**6)), new=True)
    except Exception as error:
        raise AssertionError(f"Where half of the stations are new forecast stopped with {type(error).__name__}: {error}") from None
    old, new = (by_week(happened[which]).loc[5:].mean() for which in (happened["station"] < 7, happened["station"] >= 7))
    assert not new["served"] < 0.9, (
        f"Where half of the stations are new, {new['served']:.1%} of the wanted trips took place at these in the weeks 5 to 12, expected at least 90 %. "
        "Two stations may have had the same number of trips, the one with bikes left over, the other sold out every day: does your forecast tell them apart? And a plan is rounded to whole bikes."
    )
    assert not old["put_out"] > 1.5, (
        f"Where half of the stations are new, {old['put_out']:.2f} bikes were put out for each wanted trip at the old ones, expected at most 1.5. "
        "They have bikes left over on most days: what works for a station that is sold out every day is wasted here."
    )
### END HIDDEN TESTS

# %% tags=["uses-answers"]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharex=True)
for name, which, style in [("Ada's", adas_forecast, "o--"), ("yours", forecast, "s-")]:
    weeks = by_week(play(which, seed=3))
    axes[0].plot(weeks["error"], style, ms=4, label=name)
    axes[1].plot(100 * weeks["served"], style, ms=4, label=name)
axes[0].set(xlabel="week", ylabel="error (trips per station and day)", ylim=(0, None), title="What is measured")
axes[1].set(xlabel="week", ylabel="wanted trips served (%)", ylim=(0, 102), title="What matters")
axes[0].legend()
fig.tight_layout()
fig.savefig("loop.png", dpi=100)
plt.close(fig)
Image(
    "loop.png",
    alt="Two plots over twelve weeks. Left, the measured error: Ada's falls from 2.2 towards 0.4 trips per station and day, yours stays higher. Right, the share of wanted trips that were served: Ada's falls from about 90 to about 75 per cent, yours stays at 90 or above.",
)

# %% [markdown]
# Read it: by the measured error, whose forecast is better? By what the city wants?
#
# <details><summary>What we see</summary>Ada's error falls from week to week, and in the end it is the smaller one (is it so in every week, beside yours?). Her forecast is easy to fulfil: where few bikes stand, few trips take place. Yours is further from the number of trips, for some bikes are always left over, and it serves almost everyone.</details>
#
# A metric that a model can improve by making the world worse is the wrong one. What helped here is to log what the model *decided* beside what happened (without the column `bikes` nobody could tell), and to buy information on purpose.

# %% [markdown]
# ## Part 6 · What to build first
#
# Four failures, one pattern: the model's file was good all the time. What failed was what stands around it: data, features, releases, people who do not know. MLOps is the set of habits and tools for just that. Its measures are called **controls**. Six of them, and what each is against:
#
# | control | what it is | what it does |
# |:--|:--|:--|
# | input contract | a written rule what inputs look like, checked at the service's door | broken inputs are refused; last week's plan has to do |
# | shared features | one code for notebook and service | skew cannot happen |
# | release gate | a new model must beat the old one on fresh data before it goes live | bad releases do not happen |
# | monitoring | bells on inputs, answers and errors | *any* failure is noticed the next morning |
# | rollback | the version before can be put back with one call | what came with a release is mended in a day |
# | retraining | a pipeline that trains, tests and releases by itself | a model that has become *stale*, because the world has changed, is renewed in a day |
#
# `incidents.csv` lists what went wrong in the company in the last twelve months. `replay` computes what these incidents would have cost, in euros, with some controls in place. Its rules are in `controls.py`, a dozen lines; they are rough, as such estimates are, but everyone can read and dispute them.

# %%
print(f"without any: {replay(incidents):,.0f} euros; with rollback: {replay(incidents, ['rollback']):,.0f} euros")
print("days of work:", CONTROLS)
incidents

# %% [markdown]
# ### Exercise 6 — Eleven days
# *Difficulty ●●○ · about 12 minutes*
#
# You have eleven person-days until summer. Ada wants the release gate, Bo a pipeline for retraining, "because that is what everyone has". Write `choose(incidents, budget)`. It returns the controls (a list, tuple or set of names) that may be built within `budget` person-days and with which the incidents would have cost least.
#
# Done means: nobody can name a cheaper outcome within the budget, for these incidents and for those of other companies.
#
# <details><summary>Hint 1</summary>Compute first what each control saves alone. Then monitoring and rollback together. Are the savings sums of one another? If not, a ranking of single controls can mislead, in both directions.</details>
# <details><summary>Hint 2</summary>Six controls make 64 sets: few enough to try them all. <code>combinations</code> gives those of one size; you need all sizes, also none at all. Leave out what takes longer than the budget allows, and let <code>replay</code> compare the rest.</details>


# %% nbgrader={"grade": false, "grade_id": "choose", "locked": false, "schema_version": 3, "solution": true, "task": false}
def choose(incidents, budget):
    """Return the controls, within the budget in person-days, with which the incidents would have cost least."""
    ### BEGIN SOLUTION
    sets = [chosen for size in range(len(CONTROLS) + 1) for chosen in combinations(CONTROLS, size)]
    affordable = [chosen for chosen in sets if sum(CONTROLS[control] for control in chosen) <= budget]
    return list(min(affordable, key=lambda chosen: replay(incidents, chosen)))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-choose", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
chosen = list(choose(incidents, 11))
days_of_work = sum(CONTROLS[control] for control in chosen)
assert days_of_work <= 11, f"{', '.join(chosen)} take {days_of_work} days to build, and you have 11."
would_cost = replay(incidents, chosen)
assert would_cost < 23_000, (
    f"With {', '.join(chosen) or 'nothing'} the incidents would have cost {would_cost:,.0f} euros. Some set within 11 days brings it below 23,000: what one control saves depends on which others are there."
)
assert not list(choose(incidents, 1)), f"For one day no control can be built, and choose said {choose(incidents, 1)}, expected none."

# %% nbgrader={"grade": true, "grade_id": "judge-choose", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: choose for other companies' incidents and budgets. Every set of controls is replayed to compare.
### BEGIN HIDDEN TESTS
from controls import CONTROLS, replay
from judgekit import fresh
from judging import best_loss, draw_dilemma, draw_incidents

rng = fresh(11)
companies = [(draw_incidents(rng), budget) for budget in (3, 6, 9, 12, 17, 25)]
for theirs, budget in [*companies, draw_dilemma(rng)]:
    try:
        said = set(choose(theirs, budget))
    except Exception as error:
        raise AssertionError(f"For another company's incidents choose stopped with {type(error).__name__}: {error}") from None
    days_of_work = sum(CONTROLS.get(control, 99) for control in said)
    assert days_of_work <= budget, f"For a budget of {budget} days choose said {sorted(said)}, which take {days_of_work}."
    cost, least = replay(theirs, said), best_loss(theirs, budget)
    assert cost <= least * 1.001 + 1, (
        f"For another company's incidents and {budget} days choose said {sorted(said)}: {cost:,.0f} euros. Another set brings it down to {least:,.0f}."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-choose-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: choose where no ranking of single controls gives the best set.
### BEGIN HIDDEN TESTS
from controls import CONTROLS, replay
from judgekit import fresh
from judging import best_loss, draw_dilemma

rng = fresh(12)
for _ in range(2):
    theirs, budget = draw_dilemma(rng)
    try:
        said = set(choose(theirs, budget))
    except Exception as error:
        raise AssertionError(f"For another company's incidents choose stopped with {type(error).__name__}: {error}") from None
    days_of_work = sum(CONTROLS.get(control, 99) for control in said)
    assert days_of_work <= budget, f"For a budget of {budget} days choose said {sorted(said)}, which take {days_of_work}."
    cost, least = replay(theirs, said), best_loss(theirs, budget)
    assert cost <= least * 1.001 + 1, (
        f"For another company's incidents and {budget} days choose said {sorted(said)}: {cost:,.0f} euros; the best set brings it down to {least:,.0f}. "
        "Controls work together and in each other's place: what one saves depends on the others, so compare whole sets."
    )
### END HIDDEN TESTS

# %% [markdown]
# How sure is the best choice? The second best set, the release gate and monitoring, costs 24,250 euros, 6 % more, and every number in the table is somebody's guess. We moved each price and each number of days at random by up to 30 %, two hundred times: the best set stayed the best in about three of four tables, and the release gate with
# monitoring won all others. So begin with monitoring: it is in both. The rest is close. Say so when you propose it, and give a range, not euros to the last digit.

# %% [markdown]
# ## Putting it together
#
# The spring once more, with what you have built:

# %% tags=["uses-answers"]
rang = next(day for day, named in rings(bell, log, "2025-03-18", "2025-04-09").items() if named)
asked_and_said = pd.read_csv("incident/answers.csv")
asked_when = pd.to_datetime(asked_and_said["asked_at"], unit="s", utc=True)
was_wrong = (asked_and_said["answer"] - asked_and_said["should_be"]).abs() > 10
stopped = utc_time_of(rang) + pd.Timedelta(days=1, hours=12)  # the bell looks at a day the morning after; at noon feed A is back
print(f"Rosa noticed on {it_was_noticed:%d %B}; your bell rings for {rang}, the morning after")
print(f"{was_wrong.sum()} wrong answers became {(was_wrong & (asked_when < stopped)).sum()}, had someone gone back to feed A by noon")
print(f"the error on other days: {hourly_error[sound].mean():.0f} trips per hour became {mended.mean():.0f}")
print(
    f"a year's incidents: {replay(incidents):,.0f} euros became {replay(incidents, choose(incidents, 11)):,.0f}, for eleven days of work: {', '.join(choose(incidents, 11))}"
)

# %% [markdown]
# What went wrong here, and where this course teaches what would have prevented it:
#
# | what failed | what was missing | where you learn it |
# |:--|:--|:--|
# | Nobody knew that the answers were wrong | monitoring | *Model monitoring*, *Drift* |
# | The feed changed its unit, and the service took it | a data contract | *ML lifecycle*, *Data versioning* |
# | Notebook and service differed | shared features, tested for parity | *Model serving*, *Feature stores* |
# | Nobody could say what was live since when | versions, and a record of releases | *Experiment tracking*, *Model versioning*, *Reproducibility* |
# | The wrong thing was rolled back, by hand | a release that is tested, and undone by one call | *CI/CD for ML*, *Model versioning* |
# | The world and the model changed each other | logged decisions, metrics that matter, retraining with a gate | *Training pipelines*, *Drift* |
#
# So what is MLOps? **It is how a team keeps a model right after the notebook: all that decides an answer is versioned, all that goes live is tested and can be undone, and all that is live is watched.** It takes machine learning, software engineering and operations, and it is more habit than tool. You did most of it today with pandas. The
# motto of this course puts it more sharply: *if it is not reproducible, monitored and versioned, it is not production ML.*
#
# What to take to work tomorrow:
#
# - "No errors" says that the program runs. Whether the model is right is another question, and somebody must ask it every day.
# - Ask your service about rows of the training data. If it does not see what the model saw, nothing else matters.
# - After an incident measure two spans: until noticed, until mended.
# - Ask of each model: does it change the data that it will learn from?
#
# On Tuesday Rosa has all her mechanics back. The next lab walks a model through its whole life, with a real hand-over at each stage.

# %% [markdown]
# ## Going further
#
# - **A contract at the door.** Give the service a check that answers 422 to a request that cannot be true. Which share of the Fahrenheit requests of March does a plain range for each value catch, and which do you only find by looking at a whole day?
# - **The Saturdays.** Let `first_bad_day` find a part of the hours that is always bad. For which other parts (night, rain, holidays) would you want to know the error by itself?
# - **A sharper simulator.** In `controls.py`, monitoring is always heard. What is the best choice for eleven days if a bell is believed only in one case of two, as Cy's would be?
#
# To read:
#
# - [Google's guide to MLOps, continuous delivery and automation pipelines in machine learning](https://cloud.google.com/architecture/mlops-continuous-delivery-and-automation-pipelines-in-machine-learning)
# - Martin Zinkevich, *Rules of Machine Learning*, rules 8 to 11 on monitoring (the tenth: "Watch for silent failures") and 29 to 37 on training–serving skew: [Google's page with all 43 rules](https://developers.google.com/machine-learning/guides/rules-of-ml)
# - D. Sculley and others, *Hidden Technical Debt in Machine Learning Systems* (2015): [the paper at NeurIPS](https://papers.nips.cc/paper/5656-hidden-technical-debt-in-machine-learning-systems)
# - Chip Huyen, *Designing Machine Learning Systems*, chapters 1 and 8: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
# - [ml-ops.org, machine learning operations in overview](https://ml-ops.org/)
# - [Google's book on site reliability, the chapter on post-mortems without blame](https://sre.google/sre-book/postmortem-culture/)
