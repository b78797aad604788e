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
#     minutes: 240
#     outcomes:
#     - Build a pipeline that takes a commit from tests over training and a gate to a release, or stops it with a reason
#     - Find out by a test, not by reading, whether a model sees what it cannot know
#     - Decide by rule and measurement whether a candidate may replace what is live
#     - Keep lost keys, pull requests, silent servers and endless tests from harming a release
#     - Roll back to an earlier release in a minute, without training, and say what went wrong
#     prerequisites:
#     - ci-cd-for-ml
#     - project-versioning-pipeline
#     project: true
#     roadmap: "Project: CI/CD pipeline for ML"
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: project-ci-cd-pipeline
#     terms:
#       candidate: "A trained model with its code, before it is decided whether it may go live."
#       live: "Said of the release that answers the users now."
#       blindfold test: "Asking a model about days of the past with only what was known then: if its answers change, it sees what it cannot know."
#       gate: "A step of a pipeline that measures a candidate against what is live, and lets it through or not, by a rule."
#       manifest: "A file in a release that names its commit, and the hash of each of its files."
#       rollback: "Making an earlier release live again, unchanged."
#       post-mortem: "A written account of a failure: what happened, why it could, and what is changed so that it cannot again; without blame."
#     title: "Project: CI/CD pipeline for ML"
#     tools:
#     - GitHub Actions
#     - zizmor
#     - Git
#     - unittest
# ---

# %% [markdown]
# # Project: CI/CD pipeline for ML
#
# ## Why this matters
#
# Monday 22 June, a quarter past five in the morning. The planners' screens at Metro Bikes are empty. The *demand forecast*, which says how many trips will start in each district in each shift, answers every question with an error. The vans stay in the yard, and Harbour runs out of bikes before
# the first ferry.
#
# On Sunday evening Cy had pushed "a great new feature". The pipeline was green, and the forecast's error on the test days had fallen by a seventh, the best step in a year. The feature is the number of bikes *returned* in a shift. At a quarter past five nobody knows how many will be returned by noon.
#
# Rosa, who runs the workshop and the vans, asked for Friday's forecast back. There is a button for that, made by Ada: it trained today's code on today's data, and put *that* live under Friday's name. Then Noor, who leads the team, read the pipeline's log. Of the last thirty runs all were green. In
# nine of them tests had failed. In none had anyone compared the new model with the old one.
#
# You are the team's ML engineer. This is a project of about four hours. You write the checks, build the pipeline that runs them, and make a way back that is one. Then an ordinary week happens to it: seven commits of your colleagues, good ones and bad ones, and one rollback. What is live after each is your result.

# %% [markdown]
# ## Setup
#
# You know workflows, jobs, steps, expressions and `needs` from the lab on CI/CD. Some words for this project: a **candidate** is a trained model with its code, before it is decided whether it may go **live**, that is, answer the users.
#
# Beside this notebook lie:
#
# - `team`, the team's repository as it is. The cell below copies it to `forecast`, where you work. Read it, it is short: `features.py`, `train.py`, `predict.py` and `fetch.py`, `contract.json`, `tests`, `data/shifts.csv`.
# - `forecast/ci`, the pipeline's steps. `python ci/do.py gate` runs a step; its first lines tell of all of them. What a step *asks* is a function that you will write in this notebook. `ci/tools.py` has small tools for them: you will use nearly all. (It is the `tools.py` that lies beside this notebook.)
# - `forecast/.github/workflows`, Bo's `pipeline.yml` and Ada's `rollback.yml`, as found.
# - `runner.py`, which plays workflows on this machine, with `steps.py`, `actions.py`, `clock.py` and `expressions.py`. It is a teaching aid: its first lines say what it does not do. Its clock is a toy: whatever sleeps puts the clock forward instead of waiting.
# - `colleagues.py`, which plays Ada, Bo and Cy, and `next_week.csv`, the data that they will bring. `workbench.py` has tools for this notebook. Its `save` writes a function of yours, with the imports, functions, classes and values that it uses, into `forecast/ci`, where the pipeline finds it; the test cells call it.
#
# A row of `shifts.csv` is a shift (early, late, night) of a day in a district: the weather, whether it is a working day, the trips of the same shift a week before, the trips that started, and the bikes that were returned.
#
# The **store** holds the releases: `releases/r1`, `releases/r2` and so on, each with `model.json`, the code `features.py` and `predict.py`, the year's days off, and a **manifest**: a file `manifest.json` with the release's commit and the SHA-256 of each of its files. `live.json` names the release that is live. To write to the store takes a key,
# which the team keeps as GitHub's secret `STORE_KEY`.
#
# What counts is what your answer cells write, so edit nothing in `forecast` by hand. The checks run on each commit, so they should start fast: the setup imports all that you need. (pandas works as well, and costs each run half a second.)

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import datetime as dt
import json
import math
import os
import re
import shutil
import statistics
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import Image

from colleagues import KEY, SCEPTIC, lay_out, make_candidate, make_store, play_events, week
from runner import by_hand, play, pull_request, push, read_workflow
from tools import live_release, predictor, read_table, sha256, test_days
from workbench import keyholders, queues, save, schema_problems, security_findings, set_up

set_up("forecast")


def rehearse(events):
    """Play events to the pipeline in the folder forecast, each on its own from the same start. See play_events in colleagues.py."""
    from colleagues import play_events

    return play_events("forecast", events)


rows = read_table("forecast/data/shifts.csv")
contract = json.loads(Path("forecast/contract.json").read_text())
print(f"{len(rows)} rows; tested on {test_days(rows)[0]} to {test_days(rows)[-1]}")
rows[0]

# %% [markdown]
# ## Part 1 · The data keep the contract
#
# A pipeline is as good as its checks, so we begin with those. The first is the data contract, as you know it from earlier labs: `contract.json` says of each column its type, the limits or the allowed values, whether it may be empty, and when it is known. Ada once wrote a check for it:


# %%
def contract_problems_as_found(rows, contract):
    problems = []
    for name, rule in contract["columns"].items():
        try:
            values = [float(row[name]) for row in rows]
        except (KeyError, ValueError):
            continue  # must be a text
        if min(values) < rule.get("min", 0) or max(values) > rule.get("max", 1000):
            problems.append(f"{name}: values out of range")
    return problems


print(contract_problems_as_found(rows, contract))
print(contract_problems_as_found([{**row, "rain_mm": "n/a"} for row in rows], contract))
print(contract_problems_as_found([{**row, "trips": "nan"} for row in rows], contract))

# %% [markdown]
# All three times: nothing wrong. What she took for a text was a column of rubbish. And `nan` is neither below the minimum nor above the maximum: every comparison with it is false.
#
# ### Exercise 1 — Mend the check
# *Difficulty ●●○ · about 25 minutes*
#
# Write `contract_problems(rows, contract)`. It returns a list of sentences, empty if the rows keep the contract: at least one for each column that is at fault, which names the column, and one if keys are repeated. The rules:
#
# - The table has rows, and every column of the contract, also one that may be empty. It may have others: the contract does not speak of them.
# - A value is empty if it is `""`. Only a column with `"may_be_empty": true` may have empty values; the other rules hold for those that are not empty.
# - `"type": "date"`: written `2026-06-21`, in just this form, and such a day exists. `"type": "number"`: what `float` reads, and finite. `"type": "text"`: anything else.
# - `min` and `max`, where given, are limits for numbers, and belong to what is allowed.
# - `values`, where given: nothing else is allowed. For numbers, compare as numbers: `1.0` is `1`.
# - No two rows are equal in all columns of `key`.
#
# Done means: it holds for this table and this contract, and for others; and where nothing is wrong it says nothing. A check that cries wolf is switched off within a week.
#
# <details><summary>Hint 1</summary>Write a small function that says of one value and one column's rule whether it is kept, and answers as early as it can: empty, date, number, values. What is <code>float("nan") > 5</code>? And <code>float("inf")</code> where there is no maximum?</details>
# <details><summary>Hint 2</summary><code>dt.date.fromisoformat(value)</code> raises a <code>ValueError</code> for a day that does not exist, but it also reads other forms, such as <code>20260621</code>. <code>math.isfinite</code> tells of numbers. For keys, compare <code>len(rows)</code> with the length of a set of tuples.</details>


# %% nbgrader={"grade": false, "grade_id": "contract", "locked": false, "schema_version": 3, "solution": true, "task": false}
def contract_problems(rows, contract):
    """Return what is wrong with the rows by the contract: a list of sentences, empty where all is well."""
    ### BEGIN SOLUTION
    if not rows:
        return ["the table has no rows"]
    problems = [f"column {name} is missing" for name in contract["columns"] if name not in rows[0]]
    for name, rule in contract["columns"].items():
        bad = [row[name] for row in rows if name in row and not keeps(row[name], rule)]
        if bad:
            problems.append(f"column {name}: {len(bad)} values break the contract, such as {bad[0]!r}")
    keys = [tuple(row.get(name) for name in contract["key"]) for row in rows]
    if len(set(keys)) < len(keys):
        problems.append(f"{len(keys) - len(set(keys))} rows repeat the {', '.join(contract['key'])} of another")
    return problems


def keeps(value, rule):
    """Tell whether a value of the table keeps its column's rule."""
    if not value:
        return rule.get("may_be_empty", False)
    if rule["type"] == "date":
        try:
            return dt.date.fromisoformat(value).isoformat() == value
        except (ValueError, TypeError):
            return False
    if rule["type"] == "number":
        try:
            value = float(value)
        except (ValueError, TypeError):
            return False
        if not math.isfinite(value) or not rule.get("min", value) <= value <= rule.get("max", value):
            return False
    return "values" not in rule or value in rule["values"]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-contract", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
save("contract_check", contract_problems)  # so the pipeline's step `contract` asks it
found = contract_problems(rows, contract)
assert isinstance(found, list), f"contract_problems returned {found!r}, expected a list of sentences."
assert not found, f"The table keeps its contract, and contract_problems says: {found[0]}"
for what, column, faulty in [
    ("rain_mm is 'n/a' everywhere", "rain_mm", [{**row, "rain_mm": "n/a"} for row in rows]),
    ("one value of trips is 'nan'", "trips", [{**rows[0], "trips": "nan"}, *rows[1:]]),
    ("one temperature is 60, and the maximum 42", "temperature_c", [{**rows[0], "temperature_c": "60"}, *rows[1:]]),
    ("one district is 'Oldtown'", "district", [*rows[:-1], {**rows[-1], "district": "Oldtown"}]),
    ("there is no column workday", "workday", [{name: value for name, value in row.items() if name != "workday"} for row in rows]),
]:
    found = contract_problems(faulty, contract)
    assert any(column in str(problem) for problem in found), (
        f"In a copy of the table {what}. contract_problems says {found}; expected a sentence that names {column}."
    )
assert contract_problems([*rows, rows[7]], contract), (
    "A row is there twice, and contract_problems says nothing. The contract's key is day, shift and district."
)

# %% nbgrader={"grade": true, "grade_id": "judge-contract", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: contract_problems on another table with another contract, and with harmless changes. Does it keep silent?
### BEGIN HIDDEN TESTS
from judgekit import drawn
from judging import asked
from judging_contract import depot_contract, kept

depot_rules, nights = depot_contract(drawn("contract kept"))
for what, table in kept(depot_rules, nights):
    said = asked(contract_problems, table, depot_rules)
    assert not said, f"A table of depots keeps its contract ({what}), and contract_problems says: {said[0]}"
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-contract-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: contract_problems on that table with one fault at a time: in its columns, values, days and keys.
### BEGIN HIDDEN TESTS
from judgekit import drawn
from judging import asked
from judging_contract import breaches, depot_contract

chance = drawn("contract broken")
depot_rules, nights = depot_contract(chance)
for what, column, table in breaches(depot_rules, nights, chance):
    said = asked(contract_problems, table, depot_rules)
    assert said, f"In a table of depots {what}, and contract_problems finds nothing wrong."
    assert column is None or any(column in problem for problem in said), (
        f"In a table of depots {what}. The sentence does not name the column {column}: {said}"
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · The blindfold
#
# A *leak* is a feature that will not be known when the forecast is made. The contract says of each column when it is known: `before` the shift, or only `after` it. So Bo's check reads the source:


# %%
def leak_problems_as_found(candidate, rows, contract):
    source = Path(candidate, "features.py").read_text()
    return [
        f"features.py mentions {name}" for name, rule in contract["columns"].items() if rule["known"] == "after" and f'"{name}"' in source
    ]


make_candidate("tries/leak", {"replace": {"features.py": ['"trips_last_week"]', '"trips_last_week", "re" + "turns"]']}})
print(leak_problems_as_found("tries/leak", rows, contract))

# %% [markdown]
# Whoever puts the name together, or reads all columns in a loop, gets through; and who computes *yesterday's* trips, which are known this morning, is stopped. Reading is the wrong test. What matters is what the forecast *does*.
#
# So take a day of the past and put a **blindfold** on the forecast: give it only what was known on that morning, and ask about that day. Then ask again with everything in sight. If it does not use what it cannot know, it gives the same answers. This **blindfold test** needs no idea of how a leak is made.
#
# What was known on the morning of a day?
#
# - Of earlier days: everything, in all columns.
# - Of this day: the columns that the contract knows to be known `before`. All other columns are empty (`""`): those known `after`, and those of which the contract does not speak, since nobody has said when they are known. The columns as such are there: the server's table has them.
# - Of later days: nothing. They have no rows yet.
#
# `predictor(folder)`, from `tools.py`, gives you the forecast that lies in a folder, as a function: it takes rows, and returns as many numbers.

# %%
make_candidate("tries/base")
forecast = predictor("tries/base")
print([round(number, 1) for number in forecast(rows)[-3:]], "trips forecast;", [row["trips"] for row in rows[-3:]], "came")

# %% [markdown]
# ### Exercise 2 — The blindfold test
# *Difficulty ●●● · about 35 minutes*
#
# Write `leak_problems(candidate, rows, contract)`. `candidate` is the path of a folder with a forecast. For each of the last 14 days of the table (`test_days(rows)`) compare the forecast under the blindfold with the one that sees all rows. Return a list with one sentence, which names the day, for each day on which one of its answers differs, or on which the forecast breaks under the blindfold, however it breaks: a server
# without answers is no better than one with wrong ones. Computers round: a difference of up to a millionth, of the answer or of a trip, is none. The list is empty if it passes. That the forecast answers with all rows in sight you may take for granted.
#
# Done means: it finds leaks that you have not seen, in columns, in rows to come, of columns that the contract does not know; and passes honest features, such as yesterday's trips. `rows` stays as it is.
#
# <details><summary>Hint 1</summary>For one day, build the list of rows that the server would have had: drop some rows, keep some, and copy some with empty values. Compare only that day's answers: mind which answers belong to it, now that the list is shorter.</details>
# <details><summary>Hint 2</summary>Days are texts that sort: <code>row["day"] &lt; day</code>. First collect the names that the contract calls known before. Then each row of the day becomes a new dictionary with all its names, and with values for those names only. A forecast may break with any kind of exception, so
# <code>try</code> around the blindfolded call alone. <code>math.isclose</code> compares two numbers, not two lists; see its <code>rel_tol</code> and <code>abs_tol</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "leaks", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leak_problems(candidate, rows, contract):
    """Return a sentence for each test day on which the forecast needs what is not known yet: empty where it needs nothing of the kind."""
    ### BEGIN SOLUTION
    predict, problems = predictor(candidate), []
    before = {name for name, rule in contract["columns"].items() if rule["known"] == "before"}
    seeing = predict(rows)
    for day in test_days(rows):
        then = [
            row if row["day"] < day else {name: value if name in before else "" for name, value in row.items()}
            for row in rows
            if row["day"] <= day
        ]
        try:
            blind = [number for number, row in zip(predict(then), then, strict=True) if row["day"] == day]
        except Exception as error:
            problems.append(f"{day}: the forecast breaks without what is not known yet ({type(error).__name__}: {error})")
            continue
        open_eyed = [number for number, row in zip(seeing, rows, strict=True) if row["day"] == day]
        if not all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6) for a, b in zip(blind, open_eyed, strict=True)):
            problems.append(f"{day}: the forecast is another one without what is not known yet")
    return problems
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-leaks", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
save("leak_check", leak_problems)
make_candidate("tries/base")
found = leak_problems("tries/base", rows, contract)
assert isinstance(found, list), f"leak_problems returned {found!r}, expected a list of sentences."
assert not found, f"The forecast as it is uses nothing that is not known in the morning, and leak_problems says: {found[0]}"
make_candidate("tries/leak", week()[2]["commits"][0])
found = leak_problems("tries/leak", rows, contract)
assert len(found) == 14, (
    f"Cy's feature breaks on every one of the 14 test days, once returns are empty. leak_problems names {len(found)} of them."
)
assert test_days(rows)[3] in " ".join(map(str, found)), f"leak_problems does not say on which days: {found[0]}"
quiet = ["for name in FEATURES] +", 'for name in FEATURES] + [float(row["returns"] or 0)] +']
make_candidate("tries/quiet", {"replace": {"features.py": quiet}})
assert leak_problems("tries/quiet", rows, contract), (
    "This time the feature takes 0 where returns are empty. The forecast does not break, but its answers change: leak_problems noticed nothing."
)
assert rows == read_table("forecast/data/shifts.csv"), "leak_problems has changed the rows that it was given. Copy what you empty."

# %% nbgrader={"grade": true, "grade_id": "judge-leaks", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: leak_problems on honest candidates: yesterday's trips, a column that nobody uses, rows in another order.
### BEGIN HIDDEN TESTS
import json

from judgekit import drawn, own_folder
from colleagues import make_candidate
from judging import TEAM, asked, lab_rows
from judging_candidates import YESTERDAY, changed, with_column

chance, terms, table = drawn("honest"), json.loads((TEAM / "contract.json").read_text()), lab_rows()
shuffled = list(table)
chance.shuffle(shuffled)
with own_folder() as place:
    make_candidate(place / "base")
    make_candidate(place / "yesterday", changed(YESTERDAY))
    for what, folder, seen in [
        (
            "It reads the trips of all rows, which are empty for today, and uses those of yesterday, which are known in the morning",
            "yesterday",
            table,
        ),
        (
            "It is the forecast as it is, and the table has one more column, which nobody uses",
            "base",
            with_column(table, "unlocks", chance),
        ),
        ("It is the forecast as it is, and the rows stand in another order", "base", shuffled),
    ]:
        said = asked(leak_problems, str(place / folder), seen, terms)
        assert not said, f"An honest candidate. {what}. leak_problems says: {said[0]}"
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-leaks-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: leak_problems on candidates with leaks: quiet ones, some that appear on a single day, from columns that the contract does not know, from days to come.
### BEGIN HIDDEN TESTS
import json

from judgekit import drawn, own_folder
from colleagues import PLAIN
from colleagues import make_candidate
from judging import TEAM, asked, lab_rows
from judging_candidates import SLY, TOMORROW, changed, quiet_leak, with_column

chance, terms, table = drawn("leaky"), json.loads((TEAM / "contract.json").read_text()), lab_rows()
days, column = sorted({row["day"] for row in table})[-14:], chance.choice(["unlocks", "app_starts", "dock_events"])
one_day, wider = chance.choice(days[:-1]), with_column(table, column, chance)
rare = PLAIN.replace("[float(row[name])", f'[float(row[name]) + (1 / len(row["returns"]) if row["day"] == "{one_day}" else 0)')
with own_folder() as place:
    make_candidate(place / "sly", SLY)
    make_candidate(
        place / "unlisted",
        {
            **quiet_leak(column),
            "files": {"data/shifts.csv": "\n".join([",".join(wider[0]), *(",".join(row.values()) for row in wider)]) + "\n"},
        },
    )
    make_candidate(place / "tomorrow", changed(TOMORROW))
    make_candidate(place / "rare", changed(rare))
    for what, folder, seen, named in [
        (
            "If the returns are there, the last answer of each day is 0.003 trips larger, and the one before as much smaller",
            "sly",
            table,
            days,
        ),
        (
            f"It uses the column {column}, which the contract does not know: nobody has said that it is known before",
            "unlisted",
            wider,
            days,
        ),
        ("It uses the trips of the day after, where there is one", "tomorrow", table, days[:-1]),
        (f"On one day alone, {one_day}, it divides by the length of what is empty then, and breaks", "rare", table, [one_day]),
    ]:
        said = asked(leak_problems, str(place / folder), seen, terms)
        assert said, f"A candidate with a leak. {what}. leak_problems found nothing."
        unnamed = [day for day in named if not any(day in problem for problem in said)]
        assert not unnamed, f"A candidate with a leak. {what}. leak_problems does not name {unnamed[0]}: {len(said)} of {len(named)} days."
        assert len(said) == len(named), (
            f"A candidate with a leak. {what}. leak_problems names {len(said)} days, and it shows on {len(named)}."
        )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · The gate
#
# An honest candidate may still be worse than what the planners have. A **gate** is the step that measures it against the live release, and lets it through or not, by a rule that was written down before. The team has agreed on this one. The error is the mean absolute error, in trips a shift, over the last 14 days:
#
# 1. The candidate answers every row of the table, those of earlier days as well, with a finite number, and as many as there are rows. It does not break.
# 2. Over all rows of these days its error is at most 2 % above that of the live release.
# 3. In each single district it is at most 10 % above it.
# 4. If nothing is live yet, its error over all these rows is below that of a simple rule: as many trips as last week.
#
# Why not "better than what is live"? A commit that only tidies up gives an equal model, and must pass. And why the third rule? Look:

# %%
shutil.rmtree("tries/store", ignore_errors=True)
make_store("tries/store")
live = live_release("tries/store")
make_candidate("tries/sceptic", SCEPTIC)


def district_errors(predict):
    """Return the mean absolute error of each district over the test days, in trips a shift."""
    days, misses = set(test_days(rows)), {}
    for row, number in zip(rows, predict(rows), strict=True):
        if row["day"] in days:
            misses.setdefault(row["district"], []).append(abs(number - float(row["trips"])))
    return {district: statistics.fmean(values) for district, values in misses.items()}


bars = {"live": district_errors(predictor(live)), "candidate": district_errors(predictor("tries/sceptic"))}
fig, ax = plt.subplots(figsize=(8, 3.2))
for shift, (name, hatch) in enumerate([("live", ""), ("candidate", "//")]):
    ax.bar(
        [n + 0.38 * shift for n in range(5)],
        bars[name].values(),
        0.36,
        label=name,
        hatch=hatch,
        edgecolor="black",
        color=["lightsteelblue", "white"][shift],
    )
for n, error in enumerate(bars["live"].values()):
    ax.plot([n + 0.2, n + 0.56], [error * 1.1] * 2, color="black", lw=2, label="10 % above live" if n == 0 else None)
ax.set_xticks([n + 0.19 for n in range(5)], bars["live"])
ax.set(xlabel="district", ylabel="mean error, trips a shift", title="A candidate beside the live release, 8 to 21 June", ylim=(0, 22))
ax.legend(ncols=3)
fig.savefig("gate.png", dpi=100, bbox_inches="tight")
plt.close(fig)
print(
    {name: round(statistics.fmean(errors.values()), 2) for name, errors in bars.items()},
    "over all rows, of which each district has equally many",
)
Image(
    "gate.png",
    alt="Pairs of bars for each of five districts: the mean error of the live release and of a candidate, in trips a shift, with a line 10 percent above the live one",
)

# %% [markdown]
# Which rule would stop this candidate, and in which district? Would a look at the mean alone have done?
#
# Bo's gate was one line, `return ["worse"] if new > old else []`. Think of what it says of a candidate that answers `nan`.
#
# Two things make such a comparison fair. Both are asked about the *same* days, today, whatever each has said of itself when it was made. And the days must be unseen: the pipeline's step `cut` writes a table without them, and trains on that. What the training cannot reach it cannot learn by heart.
#
# ### Exercise 3 — The gate
# *Difficulty ●●○ · about 30 minutes*
#
# Write `gate_problems(candidate, live, rows)`. `candidate` and `live` are folders with a forecast; `live` is `None` if nothing is live. Return a list of sentences, one for each broken rule (for the third rule: one for each district, by name), empty if the candidate may pass. If the first rule is broken, there is nothing to measure, and its sentence is all.
#
# Done means: it follows the four rules, for these forecasts and for others, also where districts have unequally many rows; and `gate_problems` itself never breaks because of what a candidate does. Whoever reads the log sees at once all that is wrong.
#
# <details><summary>Hint 1</summary>First the answers themselves: are there any, how many, and is each a finite number? Only then compute. One function that gives the errors of any forecast, for all and by district, serves three times.</details>
# <details><summary>Hint 2</summary>Give <code>predict</code> all rows, since it may look at earlier ones, and take the test days' answers out of the result. <code>isinstance(number, (int, float)) and math.isfinite(number)</code> also holds for NumPy's floats. For the fourth rule the forecast is
# <code>lambda rows: [float(row["trips_last_week"]) for row in rows]</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "gate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gate_problems(candidate, live, rows):
    """Return which rules the candidate breaks: a list of sentences, empty where it may pass."""
    ### BEGIN SOLUTION
    try:
        answers = predictor(candidate)(rows)
    except Exception as error:
        return [f"the candidate breaks: {type(error).__name__}: {error}"]
    if len(answers) != len(rows) or not all(isinstance(number, (int, float)) and math.isfinite(number) for number in answers):
        return ["the candidate does not answer every row with a finite number"]
    new = mean_errors(answers, rows)
    if live is None:
        old = mean_errors([float(row["trips_last_week"]) for row in rows], rows)
        return (
            []
            if new["all"] < old["all"]
            else [f"all: the error is {new['all']:.1f} trips a shift, and last week's trips err by {old['all']:.1f}"]
        )
    old = mean_errors(predictor(live)(rows), rows)
    return [
        f"{name}: the error is {new[name]:.1f} trips a shift, and that of the live release {old[name]:.1f}"
        for name in new
        if new[name] > old[name] * (1.02 if name == "all" else 1.10)
    ]


def mean_errors(answers, rows):
    """Return the mean absolute error over the test days, for "all" and for each district."""
    days, misses = set(test_days(rows)), {}
    for row, number in zip(rows, answers, strict=True):
        if row["day"] in days:
            for name in ("all", row["district"]):
                misses.setdefault(name, []).append(abs(number - float(row["trips"])))
    return {name: statistics.fmean(values) for name, values in misses.items()}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-gate", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
save("gate", gate_problems)
for name, commits in {"base": [], "rain": week()[0]["commits"], "no rain": week()[1]["commits"], "sceptic": [SCEPTIC]}.items():
    make_candidate(f"tries/{name}", *commits)
shutil.rmtree("tries/store", ignore_errors=True)
make_store("tries/store")
live = live_release("tries/store")
found = gate_problems("tries/base", live, rows)
assert isinstance(found, list), f"gate_problems returned {found!r}, expected a list of sentences."
assert not found, f"The candidate is equal to what is live, and gate_problems says: {found[0]}"
found = gate_problems("tries/rain", live, rows)
assert not found, (
    f"Ada's candidate errs by 10.1 trips a shift, the live release by 10.3, and in no district it is 10 % worse. gate_problems says: {found[0]}"
)
assert gate_problems("tries/no rain", live, rows), (
    "Without rain the error rises from 10.3 to 11.9 trips a shift, and gate_problems finds no broken rule."
)
found = gate_problems("tries/sceptic", live, rows)
assert any("Old Town" in str(problem) for problem in found), (
    f"In Old Town the candidate of the picture errs far more than what is live. gate_problems says {found}; expected a sentence that names the district."
)
assert not gate_problems("tries/base", None, rows), (
    "Nothing is live, the candidate errs by 10.3 trips a shift, last week's number by 15.4, and gate_problems stops it."
)

# %% nbgrader={"grade": true, "grade_id": "judge-gate", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: gate_problems on pairs of forecasts just below and just above the limits of rules 2 and 3, errors of either sign.
### BEGIN HIDDEN TESTS
from judgekit import drawn, own_folder
from judging import DISTRICTS, asked, lab_rows
from judging_candidates import make_oracle

chance, table = drawn("limits"), lab_rows()
size, hit = chance.uniform(4, 12), chance.choice(DISTRICTS)


def miss(factor, one=1.0):
    return lambda row, number: size * (one if row["district"] == hit else factor) * (-1) ** number


with own_folder() as place:
    make_oracle(place / "live", table, miss(1.0))
    for name, factor, one, named in [
        ("1.5 % above in all districts", 1.015, 1.015, None),
        ("2.5 % above in all districts", 1.025, 1.025, ""),
        (f"1 % below, and 9 % above in {hit}", 0.99, 1.09, None),
        (f"10 % below, and 12 % above in {hit}", 0.9, 1.12, hit),
        (f"half as large, and three times as large in {hit}", 0.5, 3.0, hit),
        ("half as large everywhere", 0.5, 0.5, None),
    ]:
        make_oracle(place / name, table, miss(factor, one))
        said = asked(gate_problems, str(place / name), str(place / "live"), table)
        told = f"A candidate with an error that is {name}, compared with the live release. gate_problems says"
        assert named is not None or not said, f"{told}: {said[0] if said else ''}"
        assert named is None or said, f"{told} nothing, and lets it pass."
        assert not named or any(hit in problem for problem in said), f"{told}: {said[0]}. It does not name {hit}."
    make_oracle(place / "twice", table, miss(2.0, 2.0))
    said = asked(gate_problems, str(place / "twice"), str(place / "live"), table)
    unnamed = [district for district in DISTRICTS if not any(district in problem for problem in said)]
    assert len(said) > 5 and not unnamed, (
        f"A candidate with an error that is twice as large everywhere breaks rule 2, and rule 3 in five districts. gate_problems has {len(said)} sentences, and does not name {unnamed[0] if unnamed else 'that over all rows'}."
    )
    uneven = [row for row in table if row["district"] != hit or row["shift"] == "early"]
    for name, factor, one in [("live", 1.0, 1.0), ("candidate", 1.08, 0.5)]:
        make_oracle(place / f"uneven {name}", uneven, miss(factor, one))
    said = asked(gate_problems, str(place / "uneven candidate"), str(place / "uneven live"), uneven)
    assert said, (
        f"{hit} has a third of the rows of the other districts. A candidate errs half as much there, and 8 % more in all others: over all rows 3.5 % more. gate_problems lets it pass. Is its mean that of rows, or of districts?"
    )
    first = min(sorted({row["day"] for row in table})[-14:])
    make_oracle(place / "past", table, lambda row, number: size * (3.0 if row["day"] < first else 0.9) * (-1) ** number)
    said = asked(gate_problems, str(place / "past"), str(place / "live"), table)
    assert not said, (
        f"A candidate that errs a lot on earlier days, and less than the live release on the last 14. gate_problems says: {said[0] if said else ''}"
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-gate-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: gate_problems on candidates that answer with what is no finite number, or too few or too many; and where nothing is live yet.
### BEGIN HIDDEN TESTS
from judgekit import drawn, own_folder
from judging import asked, lab_rows
from judging_candidates import make_oracle

chance, table = drawn("answers"), lab_rows()
days = set(sorted({row["day"] for row in table})[-14:])
tested = [number for number, row in enumerate(table) if row["day"] in days]
at = chance.choice(tested[1:-1])
with own_folder() as place:
    make_oracle(place / "live", table, lambda row, number: 5.0 * (-1) ** number)
    for what, change in [
        ("answers nan to every row", 'return [float("nan") for row in rows]'),
        ("breaks", "raise KeyError('wind_mps')"),
        ("answers nan to a single row of an earlier day", 'return [float("nan"), *answers[1:]]'),
        ("answers nan to a single row", f'return [number if n != {at} else float("nan") for n, number in enumerate(answers)]'),
        ("answers inf to a single row", f'return [number if n != {at} else float("-inf") for n, number in enumerate(answers)]'),
        ("answers None to a single row", f"return [number if n != {at} else None for n, number in enumerate(answers)]"),
        ("leaves out the last row", "return answers[:-1]"),
        ("answers one time too often", "return answers + answers[-1:]"),
    ]:
        make_oracle(place / "candidate", table, lambda row, number: 1.0)
        code = (place / "candidate" / "predict.py").read_text().replace("return [", "answers = [", 1)
        (place / "candidate" / "predict.py").write_text(f"{code}    {change}\n")
        for live in (str(place / "live"), None):
            try:
                said = asked(gate_problems, str(place / "candidate"), live, table)
            except AssertionError:
                raise
            except Exception as error:
                raise AssertionError(f"A candidate {what}. gate_problems itself stopped with {type(error).__name__}: {error}") from None
            assert said, f"A candidate {what}, and gate_problems lets it pass{'' if live else ' where nothing is live yet'}."
    make_oracle(place / "equal", table, lambda row, number: float(row["trips_last_week"]) - float(row["trips"]))
    assert asked(gate_problems, str(place / "equal"), None, table), (
        "Nothing is live. The candidate answers with last week's trips, so its error is equal to that of the simple rule, and not below it. gate_problems lets it pass."
    )
    weekly = sum(abs(float(row["trips_last_week"]) - float(row["trips"])) for row in table if row["day"] in days) / len(tested)
    for factor, passes in [(0.93, True), (1.07, False)]:
        make_oracle(place / "first", table, lambda row, number, factor=factor: weekly * factor * (-1) ** number)
        said = asked(gate_problems, str(place / "first"), None, table)
        assert bool(said) != passes, (
            f"Nothing is live. The candidate's error is {factor:.0%} of that of last week's number on the last 14 days, and gate_problems {'stops it: ' + said[0] if said else 'lets it pass'}."
        )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · Keys in commits
#
# What is in Git is in Git for ever: in every clone, every fork, every backup. A key that was pushed is lost, even if the next commit removes it. It must be taken out of use. So the pipeline looks at what a push *adds*, in every one of its commits, not at what is there at the end. Here is what such a patch looks like, as `git log --patch` prints it:

# %% nbgrader={"grade": false, "grade_id": "patch", "locked": true, "schema_version": 3, "solution": false, "task": false}
token = "ghp_" + "Zk4Wq9LmT2xVb7NcR5yHs8JdG3fPa6QeUwXi"  # made up, and put together, so that no search takes this notebook for a leak
patch = f"""commit 4f1c
Author: Cy <cy@metro.example>

    Upload the report by itself

diff --git a/upload.py b/upload.py
--- a/upload.py
+++ b/upload.py
@@ -1,3 +1,3 @@
 import os
-TOKEN = "{token}"
+TOKEN = os.environ["TOKEN"]
diff --git a/README.md b/README.md
--- a/README.md
+++ b/README.md
@@ -4,2 +4,3 @@
 Keys
+Yours looks like mbk_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.
"""
print([line for line in patch.split("\n") if "token" in line.lower() or "mbk_" in line])

# %% [markdown]
# The search for suspicious words in the last line finds three things, and none of them should stop this commit: it *removes* a key, names a variable, and shows what a key looks like.
#
# ### Exercise 4 — Find the keys
# *Difficulty ●●○ · about 20 minutes*
#
# Write `find_secrets(patch)`. It returns a list with a dictionary for each key that the patch adds: `"file"`, its path, and `"secret"`, the first eight characters of the key and `…`. (The log of a pipeline is read by many. Who prints the whole key there has published it once more.) These are the kinds:
#
# | kind | what it looks like |
# |:--|:--|
# | the store's key | `mbk_` and 32 letters or digits |
# | GitHub's token | `ghp_` and 36 letters or digits |
# | a key of AWS, Amazon's cloud | `AKIA` and 16 capital letters or digits |
# | a private key | a line with `-----BEGIN`, perhaps one or two words in capitals, and `PRIVATE KEY-----` |
#
# - Only what is added counts: lines that begin with `+` (what was added may itself begin with a `+`, as in `++ item`), but not a file's header such as `+++ b/upload.py`. Commit messages do not count either.
# - The file's path is all of the header behind `b/`: it may have spaces. (Then Git writes a tab behind it, which is no part of the path.)
# - What stands in the middle of a longer run of letters, digits or `_` is no key.
# - A key whose characters behind the prefix are fewer than eight *different* ones is a placeholder, and no key. (This does not concern private keys.)
# - A line may hold several keys, also of the same kind.
#
# Done means: it finds them in patches that you have not seen, and nothing else.
#
# <details><summary>Hint 1</summary>Go through the lines and remember the file that the last <code>+++</code> named. Write one regular expression for each kind. What must not stand before and after it? Try it on a SHA-256 with <code>AKIA</code> in it.</details>
# <details><summary>Hint 2</summary><code>(?&lt;![A-Za-z0-9_])</code> before, and <code>(?![A-Za-z0-9_])</code> after a pattern say that no such character stands there; <code>\b</code> does nearly the same. <code>re.finditer</code> gives all of a line. <code>len(set(key[4:]))</code> counts different characters.</details>


# %% nbgrader={"grade": false, "grade_id": "secrets", "locked": false, "schema_version": 3, "solution": true, "task": false}
def find_secrets(patch):
    """Return the keys that a patch adds: a list of dictionaries with file and secret, of which only the beginning is shown."""
    ### BEGIN SOLUTION
    kinds = r"(?<!\w)(mbk_[A-Za-z0-9]{32}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})(?!\w)|(-----BEGIN [A-Z ]*PRIVATE KEY-----)"
    found, file = [], ""
    for line in patch.split("\n"):
        if line.startswith("+++ "):
            file = line.removeprefix("+++ ").removeprefix("b/").strip()
        elif line.startswith("+"):
            for match in re.finditer(kinds, line[1:]):
                if match[2] or len(set(match[1][4:])) >= 8:
                    found.append({"file": file, "secret": match[0][:8] + "…"})
    return found
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-secrets", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
save("secret_scan", find_secrets)
added = patch.replace("-TOKEN", "+TOKEN").replace('os.environ["TOKEN"]', f'"{KEY}"')
found = find_secrets(added)
assert isinstance(found, list) and all(isinstance(one, dict) for one in found), (
    f"find_secrets returned {found!r}, expected a list of dictionaries."
)
assert ("upload.py", token[:8] + "…") in [(one.get("file"), one.get("secret")) for one in found], (
    f"The patch adds a token of GitHub's in upload.py. find_secrets says {[(one.get('file'), str(one.get('secret'))[:9]) for one in found]}; expected file upload.py and secret {token[:8]}…"
)
assert len(found) == 2, f"The patch adds two keys, GitHub's and the store's, and a placeholder. find_secrets names {len(found)}."
found = find_secrets(patch)
assert not found, (
    f"The patch above only removes a key, and shows a placeholder. find_secrets names {found[0].get('file')}: {str(found[0].get('secret'))[:9]}"
)

# %% nbgrader={"grade": true, "grade_id": "judge-secrets", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: find_secrets on patches with keys of all kinds, in several files and commits.
### BEGIN HIDDEN TESTS
from judgekit import drawn
from judging_secrets import found_in, make_key, patch_of

chance = drawn("keys")
keys = {kind: make_key(kind, chance) for kind in ("mbk", "ghp", "aws", "pem")}
three = [make_key(kind, chance) for kind in ("mbk", "mbk", "aws")]
listed, legacy = make_key("ghp", chance), "-----BEGIN OLD RSA PRIVATE KEY-----"
commit = f"commit {chance.getrandbits(160):040x}\nAuthor: Bo <bo@metro.example>\n\n    Changes\n\n"
patches = {
    "config/settings.yaml": ([" store:", f"+  key: {keys['mbk']}"], [keys["mbk"]]),
    "deploy.sh": ([" #!/bin/bash", f"+curl -H 'Authorization: {keys['ghp']}' https://example.com", "-echo"], [keys["ghp"]]),
    "notes/cloud.md": ([f"+{keys['aws']}"], [keys["aws"]]),
    "server.pem": ([f"+{keys['pem']}", "+MIIEpAIBAAKCAQEA7"], [keys["pem"]]),
    "both.json": ([f'+{{"a": "{three[0]}","b":"{three[1]}", "c": "{three[2]}"}}'], three),
    "what is new.md": ([" Changes", f"++ {listed}", "+- nothing else"], [listed]),
    "legacy.pem": ([f"+{legacy}"], [legacy]),
}
whole = commit.join(["", *(patch_of(name, lines) for name, (lines, _) in patches.items())])
said = found_in(find_secrets, whole)
for name, (_, wanted) in patches.items():
    for key in wanted:
        assert (name, key[:8] + "…") in said, (
            f"A patch adds {key[:8]}… in '{name}', and find_secrets does not name it there. It says: {[(file, secret[:9]) for file, secret in said if file == name] or 'nothing of this file'}"
        )
assert not any(key in secret for _, secret in said for key in [*keys.values(), *three, listed] if len(key) > 9), (
    "find_secrets shows a whole key. The log is read by many."
)
assert len(said) == 9, f"The patches add nine keys, and find_secrets names {len(said)}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-secrets-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: find_secrets on patches that look suspicious and add no key: hashes, removed and unchanged lines, placeholders, keys that are too short or part of something longer.
### BEGIN HIDDEN TESTS
from judgekit import drawn
from judging_secrets import found_in, make_key, patch_of

chance = drawn("no keys")
mbk, ghp, aws = (make_key(kind, chance) for kind in ("mbk", "ghp", "aws"))
for what, line in [
    ("a line that is removed has a key", f"-key = '{mbk}'"),
    ("a line that has not changed has a key", f" key = '{ghp}'"),
    ("a placeholder", f"+key = 'mbk_{'x' * 32}'"),
    ("a placeholder of seven different characters", f"+token = 'ghp_{'abcdefg' * 6}"[:-6] + "'"),
    ("the name of a variable", "+secret_token = os.environ['STORE_KEY']  # never a password here"),
    ("a key that lacks its last character", f"+key = '{mbk[:-1]}'"),
    ("a hash with AKIA in it", f"+digest = '{chance.getrandbits(80):020X}{aws}{chance.getrandbits(80):020X}'"),
    ("a longer name that begins like a token", f"+{ghp}_and_more = 1"),
    ("a longer name that ends like a key", f"+x{mbk} = 1"),
    ("a public key", "+-----BEGIN PUBLIC KEY-----"),
]:
    said = found_in(find_secrets, patch_of("notes.md", [" Notes", line]))
    assert not said, f"A patch adds no key, but {what}. find_secrets names {said[0][1][:9] if said else ''}"
said = found_in(
    find_secrets, f"commit 1a2b\nAuthor: Cy <cy@metro.example>\n\n    {mbk} is out of use\n\n" + patch_of("notes.md", ["+Done."])
)
assert not said, "A commit's message names an old key, and the patch adds none. find_secrets names one."
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · The pipeline
#
# Now all of it in one workflow. This is Bo's, under which Monday happened. Before you mend it, let the week happen to it. An **event** here is a push (or a pull request, or a button pressed by hand), each played on its own: the same repository, the same store, in which `r2` is live.

# %% nbgrader={"grade": false, "grade_id": "bo", "locked": true, "schema_version": 3, "solution": false, "task": false}
print(Path("bo_pipeline.yml").read_text())
if not Path("as_found.json").exists():
    with tempfile.TemporaryDirectory() as place:
        set_up(f"{place}/forecast")
        Path("as_found.json").write_text(
            json.dumps({name: {**one, "parts": {}} for name, one in play_events(f"{place}/forecast", week()).items()})
        )
as_found = json.loads(Path("as_found.json").read_text())
for event in week():
    wanted = {True: "a new release", False: "still r2"}.get(event.get("released"), event.get("live"))
    print(f"{event['by']:5} {event['says']:42} should be live: {wanted:14} is live: {as_found[event['name']]['live']}")

# %% [markdown]
# Everything goes live: the worse model, the leak, Fahrenheit, a test of five hours; and Rosa, who wants r1 back, gets something new. The two rows that look right are not: open the release of Ada's good commit, and you find a `model.json` of April. It lay in Git, and so each job got it with its fresh checkout, while the model that the job `train` had made vanished with its machine.
#
# The faults are of kinds that you know: a failure that nobody sees (`|| true`, a pipe without `pipefail`, `if: always()`), a hand-over that does not happen, rights and secrets for everyone.
#
# What is new is the city's server: `fetch.py` asks it for the year's days off. It is silent at times, up to three times in a row, and then answers. Then `fetch.py` ends with exit code 75, "try again". A step that fails because of somebody else's machine may be tried again, a few times, with a pause. Nothing else may: a test that
# passes every second time is a failing test.
#
# Steps know of each other what the machine gives them: `STORE` (the store's folder) and `CITY_SERVER` are there in every step, as on a *self-hosted runner*, a machine of the team's own that works for GitHub. The store's key is the secret `STORE_KEY`, and `do.py` reads it from the environment variable of the same name.
#
# > **In older tutorials** you find `uses: actions/checkout@v2`, `set-output` and artifacts of version 3. The command `::set-output::` is deprecated in favour of the file `$GITHUB_OUTPUT`, artifact actions before v4 no longer work on github.com, and a tag such as `v4` can be moved to other code by whoever owns it, or has
# > broken into it: an action is named by its commit's hash, with the version as a comment.
#
# A small workflow in good form, and what the runner says of it. `play` gives for each job its result and its steps, each with its log:

# %%
SMALL = """\
name: tests
on: pull_request
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 12
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          persist-credentials: false
      - name: tests
        run: python -m unittest discover tests
"""
print(schema_problems(SMALL), security_findings(SMALL))
with tempfile.TemporaryDirectory() as place:
    lay_out("forecast", place)
    said = play(SMALL, f"{place}/hub", pull_request())
print(said["result"], "|", said["jobs"]["test"]["steps"][1]["log"].split("\n")[-2])

# %% [markdown]
# The actions you may need, and what the runner here knows of their inputs: of checkout `fetch-depth`, `ref`, `path`; of upload-artifact `name`, `path` (several lines, patterns such as `*.json`), `if-no-files-found`, `overwrite`; of download-artifact `name`, `path`, `pattern`, `merge-multiple`. An artifact keeps the folders below
# what its paths have in common: of `out/model.json` and `notes.txt`, the first stays in `out`. And one that is downloaded without a `name` comes in a folder of its name.
#
# ```
# actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
# actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0
# actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0
# ```
#
# (On GitHub `actions/setup-python` would come first. Here Python is there already, and the forecast uses nothing but what Python itself brings; its tests are written with `unittest`, so `python -m unittest discover tests` runs them, and starts fast.)

# %% [markdown]
# ### Exercise 5 — Build the pipeline
# *Difficulty ●●● · about 60 minutes*
#
# Write `forecast/.github/workflows/pipeline.yml` anew, or mend Bo's. The jobs and their names are yours. Done means:
#
# 1. **Released** is a commit that was pushed to `main` (not to another branch, and not as a tag) and passed everything: tests, contract, no keys, blindfold, gate. The release has the model that *this* commit's training gives on all rows but those of the test days, the commit's code, and the days off that the server gave. It is trained
#    once: the model that the gate measured is the one that is released, byte for byte. One release for each commit.
# 2. **Not released** is everything else, with a failed run: nothing is published to the store. That a step failed must never be hidden, also if it left something behind that looks good.
# 3. A **pull request** gets all checks that a push gets, from the keys to the gate, and is never released.
# 4. **Keys** are looked for in every commit of the push, those that were undone before its end among them. The step is `python ci/do.py secrets FROM TO`. The commit before a push is `github.event.before`; where a pull request starts from, `github.event.pull_request.base.sha`.
# 5. **Time**: a run takes at most 30 minutes from start to end, whatever hangs in it, and if all of it hangs. The limits (`timeout-minutes`) of jobs that wait for each other add up, and a job without one may take six hours. Honest tests may take up to 10 minutes.
# 6. The **server** may be silent three times in a row. If it stays silent, it is asked at most 12 times, and nothing is released.
# 7. **Rights and text**: GitHub's schema accepts the workflow, and `zizmor`, a program that looks for security problems in workflows, finds nothing of medium severity or above. The job that releases never runs twice at the same time, whatever the commits, and a run that is releasing is not cancelled by the next. This is what `concurrency` does, in a job or for the whole workflow: of the runs in a group of the same name only one is at work, and at most one waits. The store's key is there for the step that
#    needs it, and for no other.
#
# When you hand in, twenty other commits of the same kinds are played, some harmful, some harmless, to your pipeline with the checks that you wrote. Each loss comes with its reason. Where your check of Parts 1 to 4 is wrong, the kind of commit that it concerns is lost here, too.
#
# <details><summary>Hint 1</summary>Begin with three jobs: one that checks the commit, one that makes the candidate and judges it, one that releases. For which others must each wait? What has to be handed over from the second to the third, since each starts with an empty folder? What does <code>actions/checkout</code> fetch of the history if you say nothing?
# Play single events with <code>rehearse([week()[0]])</code> and look at <code>failed</code> in what comes back.</details>
# <details><summary>Hint 2</summary><code>fetch-depth: 0</code> fetches the whole history, <code>persist-credentials: false</code> leaves no key behind. Retry in Bash: <code>for attempt in 1 2 3 4; do code=0; COMMAND || code=$?; [ $code -eq 0 ] && exit 0; [ $code -eq 75 ] || exit $code; sleep 30; done; exit 75</code>.
# A release that must not happen for some events has an <code>if:</code>, as on <code>github.event_name</code> and <code>github.ref</code>, and <code>needs:</code> what must go well before. Without <code>shell: bash</code> a pipe ends with the exit code of its last command. Values from outside go through <code>env:</code> into a script, not through <code>${{ … }}</code> in its text. Secrets, too: <code>env: STORE_KEY: ${{ secrets.STORE_KEY }}</code> in the one step.</details>

# %% nbgrader={"grade": false, "grade_id": "pipeline", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write forecast/.github/workflows/pipeline.yml
### BEGIN SOLUTION
Path("forecast/.github/workflows/pipeline.yml").write_text("""\
name: from a commit to a release
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-24.04
    timeout-minutes: 12
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          fetch-depth: 0 # keys are looked for in all new commits
          persist-credentials: false
      - name: no keys
        env:
          FROM: ${{ github.event.before || github.event.pull_request.base.sha }}
          TO: ${{ github.sha }}
        run: python ci/do.py secrets "$FROM" "$TO"
      - name: the data keep the contract
        run: python ci/do.py contract
      - name: tests
        run: python -m unittest discover tests
  candidate:
    needs: check
    runs-on: ubuntu-24.04
    timeout-minutes: 12
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          persist-credentials: false
      - name: days off, from a server that is silent at times
        run: |
          for wait in 20 40 60 120 0; do
            if python fetch.py days_off.json; then exit 0; fi
            sleep $wait
          done
          exit 1
      - name: train without the test days
        run: |
          python ci/do.py cut
          python train.py build/past.csv model.json
      - name: blindfold
        run: python ci/do.py leaks
      - name: gate
        run: python ci/do.py gate
      - uses: actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0
        with:
          name: candidate
          path: |
            model.json
            days_off.json
          if-no-files-found: error
  release:
    needs: candidate
    if: github.event_name == 'push' && github.ref == 'refs/heads/main'
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    environment: production
    concurrency:
      group: store
      cancel-in-progress: false
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          persist-credentials: false
      - uses: actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0
        with:
          name: candidate
      - name: release
        env: { STORE_KEY: "${{ secrets.STORE_KEY }}" }
        run: python ci/do.py release
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-pipeline", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
from workbench import keyholders, queues, schema_problems, security_findings  # again, in case you have used a name of these

text = Path("forecast/.github/workflows/pipeline.yml").read_text()
assert not schema_problems(text), f"GitHub's schema does not accept pipeline.yml: {schema_problems(text)[0]}"
assert not security_findings(text), f"zizmor finds in pipeline.yml: {security_findings(text)[0]}"
flow = read_workflow(text)
doors = [name for name, job in flow["jobs"].items() if "do.py release" in json.dumps(job.get("steps", []))]
assert len(doors) == 1, f"{len(doors)} jobs run `do.py release`; expected one."
found = queues(text, "do.py release", "push")
assert found, "Two pushes within a minute would release at the same time. The job that releases needs `concurrency`."
shared = [queue for queue in found if queue["group"] == queue["other"]]
assert shared, (
    f"One push stands in the queue '{found[0]['group']}', the next in '{found[0]['other']}': they do not wait for each other. The group's name must be the same for every push."
)
assert not any(queue["cancels"] for queue in shared), "With cancel-in-progress the next push stops a run in the middle of its release."
holders = keyholders(text, "do.py release")
assert not holders, (
    f"The store's key is given to {holders[0]}, where whatever runs there, such as a colleague's test, can read it. Only the step that releases needs it."
)

# %% nbgrader={"grade": true, "grade_id": "test-pipeline-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
the_week = {event["name"]: event for event in week()}
mine = rehearse([event for name, event in the_week.items() if name != "rollback"])
for name, event in the_week.items():
    if name in mine:
        print(
            f"{event['by']:5} {event['says']:42} {'released' if mine[name]['released'] else 'not released':13} {'as it should be' if mine[name]['released'] == event['released'] else 'WRONG: ' + event['why']}"
        )
for name in ("good", "flaky"):
    one = mine[name]
    assert one["released"], (
        f"{the_week[name]['by']}: {the_week[name]['says']}. It should go live ({the_week[name]['why']}), and did not. {one['failed'][0] if one['failed'] else 'Runs: ' + one['result']}"
    )
    model = json.loads(one["parts"]["model.json"])
    assert one["parts"]["model.json"] != Path("team/model.json").read_text(), (
        f"{the_week[name]['says']}: the release has the model.json that has lain in Git since April. Each job starts with an empty folder: what the training made must be handed over."
    )
    assert model["last_day"] < test_days(rows)[0], (
        f"{the_week[name]['says']}: the model was fitted on days until {model['last_day']}, and tested from {test_days(rows)[0]} on. See the step `cut`."
    )
    assert "2026" in one["parts"]["days_off.json"], (
        f"{the_week[name]['says']}: the release has the days off of 2025, from Git. What fetch.py brings must be handed over, too."
    )

# %% nbgrader={"grade": true, "grade_id": "test-pipeline-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
assert mine["good"]["released"], "Ada's good commit is not released. A pipeline that stops everything is no pipeline."
for name in ("worse", "leak", "schema", "slow test", "secret"):
    one = mine[name]
    assert not one["released"], f"{the_week[name]['by']}: {the_week[name]['says']}. It went live, and should not: {the_week[name]['why']}."
    assert one["result"] == "failure", (
        f"{the_week[name]['by']}: {the_week[name]['says']}. It was not released, but the runs ended with: {one['result']}. Nobody will know why."
    )
    assert one["minutes"] <= 30, (
        f"{the_week[name]['by']}: {the_week[name]['says']}. The run took {one['minutes']:.0f} minutes until it ended; at most 30 are allowed."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a commit that only tidies up is played to your pipeline. Is it released, once, with its own code and days off, and with the very model that the gate measured?
### BEGIN HIDDEN TESTS
from judging_pipeline import expect_released, played

told, events = played(rehearse, 0)
expect_released(told, events, "refactor", "Bo tidies up train.py; the model stays the same, and notes when it was made")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a good pull request, and one with a failing test; a push to another branch, and of a tag. Do the pull requests get all checks, and is nothing released?
### BEGIN HIDDEN TESTS
from judging_pipeline import expect_checked, expect_kept, played

told, _ = played(rehearse, 0)
expect_kept(
    told, "pr good", "Ada opens a pull request with a good change", "A pull request is a question: only what is on main is released."
)
assert told["pr good"]["result"] == "success", (
    f"Ada opens a pull request with a good change, and the runs end with: {told['pr good']['result']}. {told['pr good']['failed'][0] if told['pr good']['failed'] else ''}"
)
expect_kept(told, "pr bad", "Bo opens a pull request with a failing test", "A pull request is never released.")
assert told["pr bad"]["result"] == "failure", (
    f"Bo opens a pull request with a failing test, and the runs end with: {told['pr bad']['result']}."
)
expect_checked(told, "pr good", "Ada opens a pull request with a good change")
expect_kept(told, "branch", "Ada pushes to the branch change", "Only what is pushed to main is released.")
expect_kept(told, "tag", "Ada pushes the tag v3", "Only what is pushed to main is released, and a tag is no branch.")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a candidate that is better everywhere, and one that is better in the mean and far worse in one district.
### BEGIN HIDDEN TESTS
from judging_pipeline import expect_kept, expect_released, played

told, events = played(rehearse, 0)
expect_released(told, events, "warmth", "Ada lets warmth count by shift and district: the error falls by a quarter")
expect_kept(
    told,
    "slice",
    "Bo pushes a candidate that is better in the mean, and more than 10 % worse in one district",
    "The gate's third rule would have stopped it: does a failed gate stop the release?",
)
assert told["slice"]["result"] == "failure", (
    "Bo pushes a candidate that breaks the gate's third rule. It is not released, but the run ends well: nobody will know why."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a feature of yesterday's trips, and a feature of a column that the contract does not know.
### BEGIN HIDDEN TESTS
from judging_pipeline import expect_kept, expect_released, played

told, events = played(rehearse, 0)
expect_released(told, events, "yesterday", "Ada uses yesterday's trips, which are known in the morning")
expect_kept(
    told,
    "unlisted",
    "Cy uses a column that the contract does not know, and that only fills up during the shift",
    "Does the blindfold test stop the release?",
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-5", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: new data: a week in another order of columns and with one more of them, a week that is there twice, a week with one spoilt value.
### BEGIN HIDDEN TESTS
from judging_pipeline import expect_kept, expect_released, played

told, events = played(rehearse, 1)
expect_released(told, events, "new week", "Ada brings the newest week; the columns stand in another order, and there is one more")
expect_kept(
    told, "twice", "Bo appends a week that was there already", "Does the contract's check run, and does its failure stop the release?"
)
expect_kept(
    told,
    "spoilt",
    "Bo brings the newest week with one spoilt value in it",
    "Does the contract's check run, and does its failure stop the release?",
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-6", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: an honest test of some minutes, a failing test, a training that ends with exit code 1; and how long a run may take by its limits.
### BEGIN HIDDEN TESTS
from pathlib import Path

from judging_pipeline import expect_kept, expect_released, limits_of, played

told, events = played(rehearse, 1)
expect_released(told, events, "long test", "Ada's thorough test takes less than 10 minutes")
expect_kept(told, "failing test", "Cy pushes a failing test", "A failing test must stop everything behind it.")
expect_kept(
    told,
    "failing training",
    "Cy's training writes a model, says that the fit did not converge, and ends with exit code 1",
    "Which step hides that? Without `shell: bash` a pipe ends with the exit code of its last command.",
)
most, chain = limits_of(Path("forecast/.github/workflows/pipeline.yml").read_text())
assert most <= 30, (
    f"If everything hangs, a run may take {most:g} minutes by its limits; at most 30 are allowed. Jobs that wait for each other, with their minutes: {', '.join(chain)}. (A job without timeout-minutes has 360.)"
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-7", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a README that shows what keys look like, and a push of two commits: the first adds a key, the second removes it.
### BEGIN HIDDEN TESTS
from judging_pipeline import expect_kept, expect_released, played

told, events = played(rehearse, 1)
expect_released(told, events, "placeholder", "Ada's README shows what a key looks like, and a hash")
expect_kept(
    told,
    "key came and went",
    "Cy pushes two commits: one adds a key, the next removes it",
    "The key is in Git for ever. Are all commits of the push looked at, or only what is there at its end?",
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-8", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the city's server is silent up to three times, then for ever; and a test that passes only when it is run a second time.
### BEGIN HIDDEN TESTS
from judging_pipeline import expect_kept, expect_released, played

told, events = played(rehearse, 1)
silent = events["silent"]["silent"]
expect_released(told, events, "silent", f"Ada pushes a good commit, and the city's server is silent {silent} times before it answers")
expect_kept(told, "down", "The city's server stays silent", "Without the days off there is no release.")
asked_for = told["down"]["asked"]
assert 4 <= asked_for <= 12, f"The city's server stays silent. It was asked {asked_for} times; expected 4 to 12, and then a failed run."
assert told["down"]["result"] == "failure", "The city's server stays silent, and the run ends well."
expect_kept(
    told,
    "lucky test",
    "Cy pushes a test that fails the first time and passes the second",
    "Only what fails because of somebody else's machine may be tried again.",
)
### END HIDDEN TESTS

# %% [markdown]
# The week, before and now. Every event should stand where its row says:

# %% tags=["uses-answers"]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
names = [name for name in the_week if name != "rollback"]
for ax, told, title in zip(axes, [as_found, mine], ["Bo's pipeline", "yours"]):
    for row, name in enumerate(names):
        right = told[name]["released"] == the_week[name]["released"]
        ax.plot(told[name]["released"], row, "o" if right else "X", ms=11, color="steelblue" if right else "firebrick")
        word = "April's model" if told is as_found and right else "right" if right else "wrong"
        ax.annotate(word, (told[name]["released"], row), xytext=(10, -4), textcoords="offset points", fontsize=8)
    ax.set_xticks([0, 1], ["not released", "released"])
    ax.set(xlabel="what became of the commit", title=title, xlim=(-0.5, 1.9), ylim=(len(names) - 0.5, -0.5))
axes[0].set_yticks(range(len(names)), [f"{the_week[name]['by']}: {name}" for name in names])
axes[0].set_ylabel("commit of the week")
fig.savefig("week.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "week.png",
    alt="Two charts side by side, for Bo's pipeline and for yours: a row for each of seven commits, with a mark that says whether it was released, and the word right, wrong or April's model beside it",
)

# %% [markdown]
# In Bo's pipeline, too, two commits went live that should, but what went live was April's model.
#
# ## Part 6 · The way back
#
# A **rollback** makes an earlier release live again, as it was. Nothing is trained: what is built anew on a bad morning is one more unknown. This is Ada's workflow, and a function that Bo proposes instead:


# %%
def rollback_as_found(store, version):
    Path(store, "live.json").write_text(json.dumps({"version": version}))


print(Path("ada_rollback.yml").read_text())
print("live:", Path("tries/store/live.json").read_text(), "\nr1:", Path("tries/store/releases/r1/manifest.json").read_text()[:150])

# %% [markdown]
# Read it as somebody who presses the button at a quarter past five. What happens for `r11`, which is a slip of the finger? For a release of which half was lost when the disk was full? For the input `$(rm -rf "$STORE")`? And if the city's server is silent just now?
#
# ### Exercise 6 — Roll back
# *Difficulty ●●○ · about 30 minutes*
#
# Write `rollback(store, version)`:
#
# 1. It begins with a check, also for the version that is live. If there is no such release, or if it is not whole, it raises a `LookupError` that says so, and nothing in the store changes. Not whole means: a file that the manifest names, whichever it is, is missing or has another SHA-256; or there is no manifest, or none that
#    can be read as one. A version is a plain name: what leads out of the folder of releases is no release, and what begins with a dot is none either, since `do.py` builds there.
# 2. Then, if the version is live already, nothing changes. If not, `live.json` holds `version` and `previous`, the version that was live before. It is replaced in one move, so that no one ever reads half of it.
#
# And write `forecast/.github/workflows/rollback.yml`: somebody starts it by hand and gives the input `version`. It rolls back by `python ci/do.py rollback VERSION`, and does nothing that could fail besides: on a bad morning tests, data and server are as
# they are. If the rollback is refused, the run fails. The rules of Exercise 5 for rights and text hold here, too; and a rollback waits for a release that is under way, so it stands in the same queue, and does not cancel what is in it.
#
# (Mind what GitHub's queue is: one run is at work, and *one* waits. A third that comes takes the place of the one that waits, which is cancelled: the next push may push Rosa's rollback out of the queue. So look whether it ran. And who has put the whole pipeline into the queue lets Rosa wait until its tests are through.)
#
# Done means: it holds for stores that you have not seen. The workflow is played with versions that are there, that are not, and that were written by somebody with bad intentions.
#
# <details><summary>Hint 1</summary>Check everything first, and write last. Which names are allowed: is it enough that the folder exists? Write to another file in the same folder, then <code>os.replace</code> it.</details>
# <details><summary>Hint 2</summary>Compare the name with those that are in the folder of releases, as <code>os.listdir</code> gives them. A manifest can be missing, can be no JSON, or JSON of another form, such as a list: each is another kind of exception, and all mean the same to Rosa. In the workflow, give the input to the script as an environment variable, in quotes. The queue is the
# <code>group</code> of <code>concurrency</code>: the same name in both workflows.</details>


# %% nbgrader={"grade": false, "grade_id": "rollback", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rollback(store, version):
    """Make an earlier release live again. Raises LookupError, and changes nothing, where there is none or it is not whole."""
    ### BEGIN SOLUTION
    store = Path(store)
    folder = store / "releases" / version
    if version not in os.listdir(store / "releases") or version.startswith("."):
        raise LookupError(f"there is no release {version!r}")
    try:
        wanted = dict(json.loads((folder / "manifest.json").read_text())["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LookupError(f"the manifest of {version} cannot be read: {error}") from error
    broken = [name for name, digest in wanted.items() if not (folder / name).is_file() or sha256(folder / name) != digest]
    if broken:
        raise LookupError(f"{version} is not whole: {', '.join(broken)}")
    before = json.loads((store / "live.json").read_text())["version"]
    if before != version:
        (store / ".live.json").write_text(json.dumps({"version": version, "previous": before}))
        os.replace(store / ".live.json", store / "live.json")


Path("forecast/.github/workflows/rollback.yml").write_text("""\
name: back to an earlier release
on:
  workflow_dispatch: { inputs: { version: { description: "the release, such as r1", required: true } } }
permissions:
  contents: read
jobs:
  rollback:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    environment: production
    concurrency:
      group: store
      cancel-in-progress: false
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          persist-credentials: false
      - name: back
        env: { VERSION: "${{ inputs.version }}", STORE_KEY: "${{ secrets.STORE_KEY }}" }
        run: python ci/do.py rollback "$VERSION"
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-rollback", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
save("rollback", rollback)
shutil.rmtree("tries/store", ignore_errors=True)
make_store("tries/store")
rollback("tries/store", "r1")
now = json.loads(Path("tries/store/live.json").read_text())
assert now.get("version") == "r1" and now.get("previous") == "r2", (
    f"After rollback to r1 live.json holds {now}, expected version r1 and previous r2."
)
try:
    rollback("tries/store", "r11")
except LookupError:
    pass
else:
    raise AssertionError("There is no r11, and rollback raised no LookupError.")
assert json.loads(Path("tries/store/live.json").read_text()) == now, (
    "The rollback to r11 was refused, and live.json has changed all the same."
)
text = Path("forecast/.github/workflows/rollback.yml").read_text()
assert not schema_problems(text), f"GitHub's schema does not accept rollback.yml: {schema_problems(text)[0]}"
assert not security_findings(text), f"zizmor finds in rollback.yml: {security_findings(text)[0]}"
here = queues(text, "do.py rollback", "workflow_dispatch")
there = queues(Path("forecast/.github/workflows/pipeline.yml").read_text(), "do.py release", "push")
assert here, "A rollback can meet a release that is under way: rollback.yml has no `concurrency`."
same = [queue for queue in here if not there or queue["group"] in [release["group"] for release in there]]
assert same, (
    f"rollback.yml stands in the queue '{here[0]['group']}', pipeline.yml in '{there[0]['group']}'. Only in the same queue do they wait for each other."
)
assert all(queue["group"] == queue["other"] for queue in same), (
    f"One rollback stands in the queue '{same[0]['group']}', the next in '{same[0]['other']}': they do not wait for each other."
)
assert not any(queue["cancels"] for queue in same), (
    "With cancel-in-progress Rosa's button stops a release that is under way, half-way through."
)
holders = keyholders(text, "do.py rollback")
assert not holders, f"In rollback.yml the store's key is given to {holders[0]}. Only the step that rolls back needs it."
rosa = rehearse([the_week["rollback"]])["rollback"]
assert rosa["live"] == "r1" and rosa["result"] == "success", (
    f"Rosa presses the button for r1. Live is {rosa['live']}, and the run ended with: {rosa['result']}. {rosa['failed'][0] if rosa['failed'] else ''}"
)
assert not rosa["asked"], "The rollback asks the city's server. If it is silent just then, there is no way back."

# %% nbgrader={"grade": true, "grade_id": "judge-rollback", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rollback in a store with whole and damaged releases, with names that are none; forth and back. Is the store otherwise as it was?
### BEGIN HIDDEN TESTS
import json

from judgekit import own_folder
from judging_rollback import state_of, store_with_more

with own_folder() as place:
    store = place / "far" / "store"
    store_with_more(store)
    before = state_of(store)
    for version, why in [
        ("r7", "there is no such release"),
        ("r3", "its model.json has another SHA-256 than the manifest says"),
        ("r4", "its features.py is missing"),
        ("r5", "it has no manifest"),
        ("r6", "its manifest cannot be read"),
        ("r8", "its days_off.json has another SHA-256 than the manifest says"),
        ("r10", "its manifest is a list, in which no file can be looked up"),
        ("", "the version is empty"),
        (".", "a dot is no release"),
        ("../releases/r1", "a path is no version"),
        (".r11", "a name with a dot in front is a release that was never finished"),
    ]:
        try:
            rollback(str(store), version)
        except Exception as error:
            kind = type(error).__name__
            assert isinstance(error, LookupError), (
                f"rollback to {version!r}: {why}. It stopped with {kind}: {error}; expected a LookupError."
            )
        else:
            raise AssertionError(f"rollback to {version!r}: {why}, and no LookupError was raised.")
        assert state_of(store) == before, f"rollback to {version!r}: {why}. It was refused, and the store has changed all the same."
    rollback(str(store), "r2")
    assert json.loads((store / "live.json").read_text()) == {"version": "r2", "previous": "r1"}, (
        "rollback to r2, which is live already, changed live.json."
    )
    for version, last in [("r1", "r2"), ("r2", "r1")]:
        with open(store / "live.json") as reader:
            rollback(str(store), version)
            then = reader.read()
        assert json.loads(then or "{}").get("version") == last, (
            f"Somebody has opened live.json to read it, and then rollback to {version} comes. They read {then[:40]!r}: the file was written over in place, and who reads it just then gets half of it. It must be replaced in one move."
        )
        now = json.loads((store / "live.json").read_text())
        assert now.get("version") == version and now.get("previous") == last, (
            f"After rollback from {last} to {version} live.json holds {now}."
        )
    others = {path for path in state_of(store) if path != "live.json"}
    assert others == {path for path in before if path != "live.json"}, (
        f"rollback left something in the store: {', '.join(sorted(others - set(before)))}"
    )
### END HIDDEN TESTS


# %% nbgrader={"grade": true, "grade_id": "judge-rollback-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your workflow, started by hand: for a release that is whole while the city's server is silent, for a damaged one, for one that is not there, and with a version that is a command.
### BEGIN HIDDEN TESTS
def pressed(version, **more):
    return {"name": version, "by": "Rosa", "on": "by hand", "inputs": {"version": version}, **more}


evil = 'r1"; touch "$STORE/owned"; echo "'
late = {
    "message": "Late on Friday",
    "files": {
        "tests/test_late.py": "import unittest\n\n\nclass Late(unittest.TestCase):\n    def test_late(self):\n        self.fail('later')\n"
    },
    "append": {"data/shifts.csv": "2026-06-22,early,Harbour,n/a,0,1,3,3,3\n"},
}
buttons = [pressed("r1", silent=10_000, commits=[late]), pressed("r9"), pressed(evil), pressed("r2", damage=["releases/r2/predict.py"])]
told = rehearse(buttons)
one = told["r1"]
assert one["live"] == "r1" and one["previous"] == "r2", (
    f"Rosa rolls back to r1 while the city's server is silent, a test fails and the data are spoilt. Live is {one['live']}. {one['failed'][0] if one['failed'] else 'Runs: ' + one['result']}"
)
assert one["result"] == "success" and one["asked"] == 0 and one["releases"] == ["r1", "r2"], (
    f"Rosa rolls back to r1. The run ended with {one['result']}, asked the server {one['asked']} times, and the store has {', '.join(one['releases'])}: a rollback does nothing but roll back."
)
for version, why in [("r9", "which is not there"), (evil, "which is a command and no version"), ("r2", "which is damaged")]:
    one = told[version]
    assert "owned" not in one["litter"], (
        "The version that was given is a command, and your workflow ran it. Inputs go into a script as environment variables."
    )
    assert one["live"] == "r2" and one["result"] == "failure", (
        f"Rosa rolls back to {version!r}, {why}. Live is {one['live']}, and the run ended with: {one['result']}; expected r2, as before, and a failure."
    )
### END HIDDEN TESTS

# %% [markdown]
# Rosa's button, at a quarter past five:

# %% tags=["uses-answers"]
print("live:", rosa["live"], "| before:", rosa["previous"], "| run:", rosa["result"], "| minutes:", rosa["minutes"])

# %% [markdown]
# ## Part 7 · In writing
#
# A pipeline is a set of decisions. Somebody will change yours in a year, and has to know why it is as it is. This part is read and marked by a person.

# %% [markdown]
# ### Exercise 7 — Post-mortem and decisions
# *Difficulty ●●○ · about 30 minutes*
#
# A **post-mortem** is a written account of a failure: what happened, why it could happen, and what is changed so that it cannot happen again. It blames nobody: who pushes a bad commit on a Sunday is one of us, and a pipeline is there for that. Noor, Rosa and your colleagues will read it. Write 350 to 550 words in your own words.

# %% [markdown] nbgrader={"grade": false, "grade_id": "page", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": true}
# **Your page.** Add a new Markdown cell directly below this one, and write into it:
#
# 1. **What happened on Monday 22 June**, in the order of time, with the effect on planners and riders. Which figures looked good, and why were they worth nothing? (2 points)
# 2. **Why it could happen.** At least three causes in pipeline and rollback as found, none of which is a person, each with the check or rule that now stands in its way. (4 points)
# 3. **Design decisions.** Choose three of these and give your reasons, with what it costs: in which order the checks run; what is tried again and what is not; why the gate compares on the same days and not by reported figures; why 2 % and 10 %; why the released model is not fitted on the test days as well; who may press the button. (3 points)
# 4. **What your pipeline does not catch.** At least two kinds of commits or failures that would still go live, and what you would do about the worse one. (3 points)
#
# ### BEGIN MARK SCHEME
# 1. What happened: 2 points.
#    - 1: the order: push on Sunday, green run, live; at the first shift returns are unknown, errors, vans stay; the "rollback" trained today's code and put that live, so the way back led to the same fault. A consequence for planners or riders is named.
#    - 1: the error on the test days fell (from about 10.3 to 8.8 trips a shift) because the feature was filled in afterwards; at forecast time it is empty. A figure measured with data that the forecast will not have says nothing of its use.
# 2. Why it could happen: 4 points; one for each cause with its measure, up to three, and one for writing without blame ("Cy should have known" costs this point).
#    - No test of what is known when: blindfold test, contract with `known`.
#    - Failures were hidden: `|| true`, `tee` without pipefail, `if: always()`: steps fail, jobs wait by `needs`.
#    - No comparison with the live release: gate. Or: training saw the test days: `cut`.
#    - Nothing was handed over between jobs, so what was tested was not what was released: artefact, one candidate through all steps.
#    - The rollback built anew instead of restoring, and checked nothing: manifest, hashes, no training.
#    - Keys and rights for every step, unpinned actions, pull requests that release.
# 3. Design decisions: 3 points, one each, for a reason together with a cost. Such as: cheap and decisive checks first, so that feedback comes early; training before the gate costs minutes of each run. Only the fetch is tried again, since its failure says nothing of the commit; a flaky test stays red until somebody mends it, which
#    blocks the team for a while. Same days: figures of different days are not comparable, and a reported figure can be wrong; it costs a second evaluation of the live release. 2 and 10 %: noise of 14 days against harm for one district; several small losses of 2 % in a row add up (half a point for the numbers alone, without this or a like thought). Not refitted: what was measured is what is released; it costs
#    14 days of data. The button: everyone on duty may go back, since it restores what was approved; a forward release needs review.
# 4. What it does not catch: 3 points: one for each of two real gaps, one for a sensible measure. Such as: a commit that changes the checks or the workflow itself (code owners, review, checks taken from a protected branch); slow erosion by 2 % each; a column declared "before" in the contract that is not; two pushes at nearly the same time that were both compared with the same live
#    release; drift after the release (monitoring); a key of a kind that no pattern knows; secrets in commit messages; colleagues' code that runs in the pipeline with access to the store's folder; equal test days used again and again, to which the models get tuned.
#
# Take off nothing for style. Take off 1 point where Rosa could not follow part 1.
# ### END MARK SCHEME

# %% [markdown]
# ## Putting it together
#
# The last event of the week, after all others. What was live after each, in your pipeline:

# %% tags=["uses-answers"]
for name, event in the_week.items():
    one = rosa if name == "rollback" else mine[name]
    why = f"  ({one['failed'][0][:90]}…)" if one["failed"] else ""
    print(f"{event['by']:5} {event['says']:42} live: {one['live']}{why}")

# %% [markdown]
# What to take to work tomorrow:
#
# - A green run says that nothing that was *looked at* has failed, and nothing that was hidden. Break your pipeline on purpose, once for every check, before you trust its colour.
# - Each check needs a harmless twin. What stops good commits is switched off, and then stops nothing.
# - Test what a model does, not what its source says: take away what it cannot know, and look.
# - One candidate goes through all steps. What was measured is, byte for byte, what is released.
# - Try again what fails because of somebody else, and only that. Put a limit to everything.
# - The way back restores, and does nothing else. Press the button on a quiet day.
#
# In the real world some things are harder. Between gate and release somebody else's release, or a rollback, may have changed what is live: then what was measured is not what is replaced. So note at the gate which release it was, and compare once more where you release. The key here is a toy: it lies in the store itself, and every step can reach the folder,
# so a test in a pull request could write to it. Real keys are kept from checks by machines and accounts of their own, and GitHub warns of pull requests from outside on a self-hosted runner. A pipeline in which colleagues can change the checks together with the code trusts them: protect the workflows and `ci` by owners whose review is required, and run checks from the protected branch where outsiders push. Training takes hours, so it runs only for what passed the cheap checks, and on
# machines that you pay for. Labels come late, and the last 14 days may have none. And the runner here is a toy: permissions, queues, approvals of environments and what the network does show only on GitHub itself, so keep a repository in which you can try.
#
# ## Going further
#
# - **A canary.** Let a new release answer a tenth of the questions for a day before it answers all. What would the store have to know? The lab on serving has the rule for stopping.
# - **Slow erosion.** With 2 % allowed each time, ten commits may lose 20 %. Compare also with the best release of the last quarter, and measure how often that would have stopped an honest commit.
# - **Who guards the gate?** Let the pipeline fail if a commit changes `ci` or `.github` together with `features.py`. Which harmless commits does that stop?
#
# To read:
#
# - [GitHub's documentation of the workflow syntax](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax)
# - [GitHub's guide to secure use of Actions](https://docs.github.com/en/actions/reference/security/secure-use)
# - [zizmor's list of audits, each with its remedy](https://docs.zizmor.sh/audits/)
# - [Google's guide to MLOps, continuous delivery and automation pipelines in machine learning](https://cloud.google.com/architecture/mlops-continuous-delivery-and-automation-pipelines-in-machine-learning)
# - [ml-ops.org, on principles of MLOps](https://ml-ops.org/content/mlops-principles)
# - Chip Huyen, *Designing Machine Learning Systems*: [the book's page](https://huyenchip.com/books/)
