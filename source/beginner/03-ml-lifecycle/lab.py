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
#     minutes: 90
#     outcomes:
#     - Find the stage at which a failed release broke, from the files that its stages handed over
#     - Refuse bad data by a contract whose limits come from what is possible, not from what was seen
#     - Hand over a trained model so that a stranger with a fresh clone can train it again
#     - Stop a model that is better on average and worse for a group, and retire one that no longer keeps its promise
#     - Judge a team's maturity level from evidence in its repository
#     prerequisites:
#     - why-models-fail
#     roadmap: ML lifecycle
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: ml-lifecycle
#     terms:
#       stages: "The steps from an idea to a model in use and its end; also the steps of a pipeline, each with inputs and outputs."
#       hand-over: "What one stage leaves for the next: files, with what must be known about them."
#       slice: "A part of the cases, such as one district, on which a model is measured separately."
#       data contract: "A checked agreement on what data must be like: columns, types, units, limits."
#       clone test: "To follow a repository's own instructions in a fresh clone: what is missing there was never handed over."
#       acceptance rule: "What a model must show before it may go into service, written down before it is measured."
#       pipeline: "Stages that a program runs in the order of their dependencies."
#       maturity levels: "Google's three degrees of MLOps: 0, by hand; 1, the pipeline is automated; 2, its delivery is, too."
#       continuous training: "To train a model again automatically, when new data come or its quality sinks."
#       CI: "Continuous integration: every change is built and tested by a machine."
#       CD: "Continuous delivery: what passed is brought to where it is used by a machine."
#     title: The ML lifecycle
#     tools:
#     - Git
#     - scikit-learn
#     - skops
#     - JSON and YAML
# ---

# %% [markdown]
# # The ML lifecycle
#
# ## Why this matters
#
# Monday 16 June 2025, quarter past nine, the support desk of Metro Bikes. Before you unlock a bike the app tells you how many minutes your ride will take, and you never pay for more minutes than that. The minutes come from a model, *ride time*.
# On Thursday a new one went live. Since then the e-bikes, bought for people who do not like hills, hardly move. The app promises 30 minutes for a ride of 22. People look at the price, shake their heads and take the bus.
#
# "But it is better", says Cy, who trained it. He has measured it: wrong by 2.9 minutes on average, and the old model by 3.2. That is true. Ada, who approves models, is puzzled: "I approved a model. On *Tuesday*." The one that went live was trained on Wednesday.
# Bo put live what lay in the folder. Nobody was careless. Each of them did a part, and between the parts something got lost.
#
# You are the team's ML engineer. Today you find the place where it broke. Then you walk a model through its whole life, and put a check at each place where one person's work becomes another's. By the end the same accident cannot happen, and you can say how
# far the team still has to go.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `rides.csv`, rides of 1 April to 15 June: where a ride started (`district`), on what (`bike_type`), the planned route (`distance_km`, `climb_m`), and how long the ride took (`minutes`). E-bikes came on 1 May; they are still rare.
# - `summer.csv`, rides of July and August, for Part 5.
# - `ridetime.py`, the model: `features` makes the columns that it sees, `fit` trains it. `lifecycle.py`: the team's agreements, and small tools for Git. Open both and read the first line of each function.
# - `colleagues.py`, which plays Ada, Bo and Cy.
#
# The notebook makes the folders `thursday`, `ridetime` and `neighbours`, `contract.json` and some pictures; all of them may be deleted.
#
# You need Git's `clone`, `commit`, `status` and `tag`, and you know what a hold-out is: rides that a model was not trained on.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
import re
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image

from colleagues import (
    HALF,
    MENDED,
    play_approval,
    play_evaluation,
    play_exports,
    play_neighbours,
    play_thursday,
    play_training,
    play_trials,
    start_repository,
)
from lifecycle import PIPELINE, STAGES, committed, files, git, picture, workflow
from ridetime import features, fit, mean_error, open_model, read_rides, save_model, sha256

rides = read_rides("rides.csv")
print(f"{len(rides)} rides, {(rides['bike_type'] == 'ebike').mean():.1%} of them on e-bikes; the hold-out begins on {HALF}")
rides.iloc[[0, 2400, 4000]]

# %% [markdown]
# ## Part 1 · Stages and hand-overs
#
# A model has a life, and it is a row of **stages**. At the end of each, somebody gives something to somebody else: a **hand-over**. If it is only said, it is gone. So the team writes each one into a small JSON file.
#
# | stage | the question | its hand-over says (fields) | made from |
# |:--|:--|:--|:--|
# | `contract` | Which data may we rely on? | `columns`, `min_rows` | the rides |
# | `features` | What does the model see? | `features` | the contract |
# | `train` | Which model came out, and of what? | `trained_until`, `model` | the rides, the features |
# | `evaluate` | How wrong is it, and for whom? | `mae`, `slices` | the model, the hold-out, the training |
# | `approve` | May it go live? Who says so? | `approved`, `reasons` | the model, the evaluation |
# | `release` | What is live, since when? | `version`, `since` | the model, the approval |
# | `monitor` | Which error was promised, when is it too much? | `promised`, `limit` | the release, the evaluation |
# | `retire` | Why is it gone, and what came after it? | `retired`, `successor` | the release, the monitoring |
#
# (`mae` is the mean absolute error in minutes. A **slice** is a part of the rides that matters by itself, such as those on e-bikes.) Each hand-over has three more fields: `by`, `at`, the time, and `made_from`. The last is the important one. It names the files that the hand-over was made from, each with its **SHA-256**: a
# *hash*, a fingerprint of the file's bytes. Change one byte, and the hash is another.
#
# Here is Thursday's folder, as you find it:

# %% nbgrader={"grade": false, "grade_id": "thursday", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_thursday("thursday", "rides.csv")

# %%
for path in sorted(Path("thursday").iterdir()):
    print(f"{path.name:22} {sha256(path)[:10]}…")
print(Path("thursday/ok_ada.json").read_text())

# %% [markdown]
# The names say little, and one of them lies. The *fields* say what a file is: `ok_ada.json` has `approved` and `reasons`, so it is an approval. And `made_from` says what Ada approved: a `model.skops` with a certain hash. Compare it with the hash of the `model.skops` that lies there.

# %% [markdown]
# ### Exercise 1 — Where did it break?
# *Difficulty ●●○ · about 15 minutes*
#
# Write `take_stock(folder)`. It returns a dictionary with a verdict for each of the eight stages in `STAGES` (a dictionary in `lifecycle.py`: each stage with its fields).
#
# Which file is whose hand-over:
#
# - Look at the `.json` files in the folder itself, not in folders inside it. A file that holds a JSON object with *all* the fields of a stage is a hand-over of that stage, whatever it is called. Other files may be broken or something else: leave them be.
# - If a stage has several, the one with the latest `at` counts. The others are *superseded*: nothing may stand on them any more.
#
# The verdict, in this order:
#
# - `missing`: the stage has no hand-over.
# - `stale`: something it was made from is not there any more. That is: a hash in its `made_from` is not the hash of any file that lies directly in the folder (superseded hand-overs do not count, nor do folders inside it). The names in `made_from` are those of that day and mean nothing. A hand-over that names nothing is stale, too.
# - `doubtful`: all that it was made from is there, but one of these is a hand-over that is not `sound` itself.
# - `sound`: the rest.
#
# Done means: it holds for Thursday's folder, and for others with other names and other faults. The first stage that is not sound is the one to go back to.
#
# <details><summary>Hint 1</summary>Do it in three passes: read and sort the files into stages; work out which files are current, as a dictionary from hash to path; then go through the stages in order. Since a hand-over is only made from earlier ones, the verdicts that you need are already there.</details>
# <details><summary>Hint 2</summary><code>json.loads</code> raises a <code>ValueError</code> for text that is not JSON, and may return a list: ask <code>isinstance(…, dict)</code>. The times are written so that they can be compared as texts: <code>max(several, key=…)</code>. <code>set(note["made_from"].values())</code> and
# <code>&lt;=</code> between sets do most of the rest.</details>


# %% nbgrader={"grade": false, "grade_id": "stock", "locked": false, "schema_version": 3, "solution": true, "task": false}
def take_stock(folder):
    """Return for each stage whether its hand-over in the folder is missing, stale, doubtful or sound."""
    ### BEGIN SOLUTION
    paths = [path for path in Path(folder).iterdir() if path.is_file()]
    notes = {stage: [] for stage in STAGES}
    for path in paths:
        try:
            note = json.loads(path.read_text()) if path.suffix == ".json" else None
        except ValueError:
            continue
        for stage, fields in STAGES.items():
            if isinstance(note, dict) and all(field in note for field in fields):
                notes[stage].append((note["at"], path, note.get("made_from", {})))
    newest = {stage: max(several, key=lambda one: one[0]) for stage, several in notes.items() if several}
    kept = {path for _, path, _ in newest.values()}
    superseded = {path for several in notes.values() for _, path, _ in several} - kept
    current = {sha256(path) for path in paths if path not in superseded}
    stage_of = {sha256(path): stage for stage, (_, path, _) in newest.items()}

    verdicts = {}
    for stage in STAGES:
        sources = set(newest[stage][2].values()) if stage in newest else None
        if sources is None:
            verdicts[stage] = "missing"
        elif not sources or not sources <= current:
            verdicts[stage] = "stale"
        elif all(verdicts[stage_of[source]] == "sound" for source in sources & set(stage_of)):
            verdicts[stage] = "sound"
        else:
            verdicts[stage] = "doubtful"
    return verdicts
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-stock", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
play_thursday("thursday", "rides.csv")
found = take_stock("thursday")
assert isinstance(found, dict) and set(found) == set(STAGES), (
    f"take_stock returned {found!r}, expected a dictionary with the eight stages {', '.join(STAGES)}."
)
for stage, right, why in [
    ("contract", "sound", "It was made from the rides.csv that lies there."),
    (
        "features",
        "sound",
        "There are two; the later one, columns_final.json, counts, and the contract that it was made from is there and sound.",
    ),
    (
        "train",
        "stale",
        "The latest is cy_train.json. It was made from an export of the rides that is not in the folder: no file has that hash.",
    ),
    (
        "evaluate",
        "doubtful",
        "All that results NEW.json was made from is there, but the training is stale, so what does the evaluation rest on?",
    ),
    (
        "approve",
        "stale",
        "ok_ada.json was made from another model.skops than the one that lies there, and from results.json, which is superseded.",
    ),
    ("release", "doubtful", "live.json was made from the model and the approval that lie there; the approval is not sound."),
    ("monitor", "missing", "No file has its fields. todo_cy.json is not even JSON."),
    ("retire", "missing", "No file has its fields."),
]:
    assert found[stage] == right, f"Stage {stage}: take_stock says {found[stage]!r}, expected {right!r}. {why}"

# %% nbgrader={"grade": true, "grade_id": "judge-stock", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: take_stock on other releases: a sound one, and ones in which a hand-over or a data file is gone or was changed afterwards. Among the files are a broken
# one, one that is a list, one with some of a stage's fields, and an older folder inside the folder.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import fresh
from judging_stock import make_release, stock

rng = fresh("stock")
with own_folder() as place:
    for number, (what, *faults) in enumerate(
        [
            ("a sound release",),
            ("a release without its evaluation", ("gone", "evaluate")),
            ("a release whose rides were changed after training", ("edited", "rides.csv")),
            ("a release whose model was exchanged after its approval", ("edited", "model.skops")),
            ("a release whose features were edited by one blank, and that was never watched", ("edited", "features"), ("gone", "monitor")),
        ]
    ):
        there = make_release(place / str(number), rng, *faults)
        right, before = stock(there), sorted(path.name for path in there.rglob("*"))
        try:
            said = take_stock(str(there))
        except Exception as error:
            raise AssertionError(f"On {what}, take_stock stopped with {type(error).__name__}: {error}") from None
        assert isinstance(said, dict), f"On {what}, take_stock returned {said!r}, expected a dictionary."
        for stage, verdict in right.items():
            assert said.get(stage) == verdict, f"On {what}, take_stock says of {stage}: {said.get(stage)!r}, expected {verdict!r}."
        assert before == sorted(path.name for path in there.rglob("*")), "take_stock changed the folder. Evidence is only read."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-stock-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: take_stock on releases in which a stage was done again later, from the same files, and in which a hand-over names nothing that it was made from.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import fresh
from judging_stock import make_release, stock

rng = fresh("again")
with own_folder() as place:
    for number, (what, *faults) in enumerate(
        [
            (
                "a release that was evaluated again after the approval: the approval rests on an evaluation that no longer counts",
                ("again", "evaluate"),
            ),
            ("a release whose contract was written again", ("again", "contract")),
            ("a release that was retired twice", ("again", "retire")),
            ("a release whose approval names nothing that it was made from", ("naming nothing", "approve")),
            ("a release with a second training, and without a release note", ("again", "train"), ("gone", "release")),
            (
                "a release that was trained on the rides alone, and whose contract was written again: nothing after its features rests on them",
                ("apart", "train"),
                ("again", "contract"),
            ),
        ]
    ):
        there = make_release(place / str(number), rng, *faults)
        right = stock(there)
        try:
            said = take_stock(there)
        except Exception as error:
            raise AssertionError(f"On {what}, take_stock stopped with {type(error).__name__}: {error}") from None
        for stage, verdict in right.items():
            assert said.get(stage) == verdict, f"On {what}, take_stock says of {stage}: {said.get(stage)!r}, expected {verdict!r}."
### END HIDDEN TESTS

# %% tags=["uses-answers"]
stock = take_stock("thursday")
picture({"Thursday 12 June": stock}, "thursday.png")
Image(
    "thursday.png",
    alt="Row of eight stages with a mark and a word each: contract and features sound, train stale, evaluate doubtful, approve stale, release doubtful, monitor and retire missing",
)

# %% [markdown]
# Read it from left to right. At which stage must the team start again? And which of the words belong to people who did nothing wrong themselves?
#
# <details><summary>What we see</summary>It broke at <code>train</code>. On Wednesday Cy trained once more, on an export that he had on his own machine. It ended in April, and e-bikes came in May: this model has never seen one. All that comes after rests on this, however
# carefully it was done. The approval is worse than doubtful: it was given to Tuesday's model. And <code>monitor</code> is missing, so it was the support desk that noticed.</details>
#
# So three things are needed. Data must be checked before anyone trains. A training must leave behind where its model came from. And what goes live must be what was approved. One after the other.

# %% [markdown]
# ## Part 2 · The data contract
#
# A **data contract** is an agreement between those who make data and those who use them: which columns there are, of which type, within which limits. It is a file, and a program checks it, each time that data arrive. Bo's first one looks like this:

# %%
bos_contract = {
    "min_rows": 1000,
    "columns": {
        "ride_id": {"type": "number", "unique": True},
        "day": {"type": "text"},
        "district": {"type": "text"},
        "bike_type": {"type": "text"},
        "distance_km": {"type": "number", "min": rides["distance_km"].min(), "max": rides["distance_km"].max()},
        "climb_m": {"type": "number"},
        "minutes": {"type": "number", "min": rides["minutes"].min(), "max": rides["minutes"].max()},
    },
}
bos_contract["columns"]["distance_km"]

# %% [markdown]
# What may stand in an entry, and what it asks of the column:
#
# | key | the column keeps it if |
# |:--|:--|
# | `type` | `"number"`: every value is a number, or a text that `pd.to_numeric` reads as one, such as `"4.2"`. `"text"`: every value is a text (a `str`) |
# | `min`, `max` | no number is below `min` or above `max`; the limits themselves are allowed. Only for numbers |
# | `allowed` | every value is in this list |
# | `missing` | at most this *share* of the values is missing (`None` or `NaN`), `0.1` is a tenth. **Without this key no value may be missing** |
# | `unique` | if it is `true`: no value comes twice |
#
# A missing value breaks `missing` at most, and no other key. `min_rows` is about the table: it has at least so many rows.
#
# Four exports have arrived. One of them is in order:

# %% nbgrader={"grade": false, "grade_id": "exports", "locked": true, "schema_version": 3, "solution": false, "task": false}
exports = play_exports("rides.csv")
for called, table in exports.items():
    print(
        f"{called:18} {len(table)} rides, up to {table['distance_km'].max():8.1f} km, first ride: {table['minutes'].tolist()[0]!r} minutes"
    )

# %% [markdown]
# ### Exercise 2 — A contract that holds
# *Difficulty ●●○ · about 15 minutes*
#
# **First**, write `violations(table, contract)`. It returns a list of the names of the columns that break the contract, each once, in any order; and in it the word `rows`, if there are too few. A column that the contract names and the table does not have breaks it. Columns of which the
# contract says nothing are fine. Bad tables are its daily bread: it must not stop with an error.
#
# **Then**, write a better contract than Bo's, in the same form, into the file `contract.json`. His limits are those of the rides that he had seen, and the very next month somebody rode further. What is *possible* is a better limit. You have asked around:
#
# - The five districts are those in `rides.csv`. There are `classic` bikes and `ebike`s; new kinds would be announced.
# - The app plans routes of up to 30 km. The highest dock lies 130 m above the lowest, so no climb is above 130 m, nor below −130 m.
# - Rides under one minute are not exported, and after three hours the app ends a ride.
# - The map service fails at times: up to 2 % of the rides have no climb. Nothing else is ever missing.
# - Each ride has its own `ride_id`. A month has never had fewer than 1,000 rides.
#
# Done means: `violations` finds what breaks any contract in this form, for tables of any kind; and with your contract it lets sound months pass, and refuses what has gone wrong.
#
# <details><summary>Hint 1</summary>Take one column at a time, and within it the values that are not missing: <code>values = table[name].dropna()</code>. For how many rows is a share of missing values not defined, and what does a comparison with NaN give?</details>
# <details><summary>Hint 2</summary><code>pd.to_numeric(values, errors="coerce")</code> turns what is not a number into NaN: then <code>.isna().any()</code> finds it. <code>values.map(lambda value: isinstance(value, str)).all()</code>, <code>.isin(…)</code> and <code>.duplicated()</code> do the rest.
# Write the file with <code>Path("contract.json").write_text(json.dumps(…))</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "contract", "locked": false, "schema_version": 3, "solution": true, "task": false}
def violations(table, contract):
    """Return the names of the columns that break the contract, and `rows` if the table has too few."""

    ### BEGIN SOLUTION
    def breaks(column, rule):
        values = column.dropna()
        if len(column) and column.isna().mean() > rule.get("missing", 0):
            return True
        if rule["type"] == "text" and not values.map(lambda value: isinstance(value, str)).all():
            return True
        if rule["type"] == "number":
            values = pd.to_numeric(values, errors="coerce")
            if values.isna().any() or (values < rule.get("min", -np.inf)).any() or (values > rule.get("max", np.inf)).any():
                return True
        not_allowed = "allowed" in rule and not values.isin(rule["allowed"]).all()
        return not_allowed or (rule.get("unique", False) and values.duplicated().any())

    broken = [name for name, rule in contract["columns"].items() if name not in table or breaks(table[name], rule)]
    return broken + ["rows"] * (len(table) < contract["min_rows"])
    ### END SOLUTION


### BEGIN SOLUTION
contract = {
    "min_rows": 1000,
    "columns": {
        "ride_id": {"type": "number", "unique": True},
        "day": {"type": "text"},
        "district": {"type": "text", "allowed": sorted(rides["district"].unique())},
        "bike_type": {"type": "text", "allowed": ["classic", "ebike"]},
        "distance_km": {"type": "number", "min": 0, "max": 30},
        "climb_m": {"type": "number", "min": -130, "max": 130, "missing": 0.02},
        "minutes": {"type": "number", "min": 1, "max": 180},
    },
}
Path("contract.json").write_text(json.dumps(contract, indent=1))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-contract", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
assert Path("contract.json").is_file(), "There is no file contract.json beside the notebook. Write your contract into it."
agreed = json.loads(Path("contract.json").read_text())
assert isinstance(agreed, dict) and {"columns", "min_rows"} <= set(agreed), (
    "contract.json lacks `columns` or `min_rows`, which every contract has."
)
for called, right, why in [
    (
        "July",
        [],
        "Somebody rode 18.6 km across the city and up the hill. That is possible, so it is no fault of the data: limits come from what can be.",
    ),
    ("new dock maker", ["distance_km"], "The distances from the Harbour are in metres."),
    ("sent twice", ["ride_id"], "The last 90 rides stand in it twice."),
    ("office programme", ["minutes"], "Somebody opened the table in an office programme, and 38.8 became '38,8', a text."),
]:
    try:
        said = violations(exports[called].copy(), agreed)
    except Exception as error:
        raise AssertionError(
            f"On the export {called!r}, violations stopped with {type(error).__name__}: {error}. Bad tables are its daily bread."
        ) from None
    assert isinstance(said, (list, tuple, set)), f"violations returned {said!r}, expected a list of names."
    assert sorted(said) == right, (
        f"The export {called!r}: violations says {sorted(said) or 'nothing'}, expected {right or 'nothing'}. {why}"
    )

# %% nbgrader={"grade": true, "grade_id": "judge-contract", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: violations on tables about docks and a contract for them: values on the limits and just beyond, wrong types, missing values and columns, few rows, and none.
### BEGIN HIDDEN TESTS
from judging import fresh, names_of
from judging_contract import dock_exports

docks, cases = dock_exports(fresh("docks"))
for what, table, right in cases:
    try:
        said = names_of(violations(table, docks), f"A table with {what}")
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"On a table about docks, {what}, violations stopped with {type(error).__name__}: {error}") from None
    assert said == right, (
        f"On a table about docks, {what}: violations says {sorted(said) or 'nothing'}, expected {sorted(right) or 'nothing'}."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-contract-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: violations with the contract that you wrote into contract.json, on sound months of other years, with rides longer than any so far, and on a dozen exports with one fault each.
### BEGIN HIDDEN TESTS
import json
from pathlib import Path

from judging import fresh, names_of
from judging_contract import faulty_exports, sound_exports

agreed = json.loads(Path("contract.json").read_text())
rng = fresh("exports")
for what, table in sound_exports(rng).items():
    said = names_of(violations(table, agreed), what)
    assert not said, f"Your contract refuses a sound export, {what}, for {sorted(said)}. A limit must leave room for all that is possible."
for what, (table, right) in faulty_exports(rng).items():
    said = names_of(violations(table, agreed), what)
    assert right <= said, (
        f"Your contract lets an export pass in which something is wrong: {what}. Expected {sorted(right)}, found {sorted(said) or 'nothing'}."
    )
    assert said == right, f"Your contract blames {sorted(said - right)} for an export whose fault is another: {what}."
### END HIDDEN TESTS

# %% [markdown]
# Would the contract have stopped Cy's export, which ended in April? Only if it had asked for e-bikes. A contract cannot know everything. That is why there are more stages.

# %% [markdown]
# ## Part 3 · A training that somebody else can repeat
#
# This is how Cy handed over a model until now:

# %% nbgrader={"grade": false, "grade_id": "as-found", "locked": true, "schema_version": 3, "solution": false, "task": false}
start_repository("ridetime", "rides.csv")
print(git("ridetime", "log", "--format=%an: %s"))


# %%
def train_as_found(repo):
    rides = read_rides(Path(repo, "rides.csv"))
    names = json.loads(Path(repo, "features.json").read_text())["features"]
    model = fit(features(rides, names), rides["minutes"])
    save_model(model, Path(repo, "model_final.skops"))
    return f"done, error {mean_error(rides['minutes'], model.predict(features(rides, names))):.2f}"


print(train_as_found("ridetime"))
with tempfile.TemporaryDirectory() as place:
    git(".", "clone", "--quiet", str(Path("ridetime").resolve()), f"{place}/clone")
    print("in a clone:", sorted(path.name for path in Path(place, "clone").iterdir() if path.name != ".git"))
Path("ridetime/model_final.skops").unlink()

# %% [markdown]
# The model lies in Cy's folder. Whoever clones the repository gets none, and cannot say either which rides it saw. It saw *all* of them, so the error is worth nothing. (A `.skops` file holds a scikit-learn model. Unlike a pickle it runs no code when it is opened.)
#
# A good hand-over passes the **clone test**: somebody who has nothing but a fresh clone finds the model, knows from which commit its data came, and can train it again.

# %% [markdown]
# ### Exercise 3 — The clone test
# *Difficulty ●●○ · about 12 minutes*
#
# Write `hand_over(repo, until)`. `repo` is a repository with `rides.csv` and `features.json`. The function
#
# 1. raises a `ValueError`, and changes nothing, if the repository's folder is not *clean*: if `git status --porcelain` prints anything. Then the files in the folder are not those of the commit, and no clone could repeat the training;
# 2. trains with `fit` on the `features` that `features.json` names, on the rides with `day` before `until`, and no others;
# 3. writes the model into `model.skops`, and its hand-over into `training.json`: `by` (any name), `at` (the time), `made_from` (the names of `rides.csv` and `features.json` with their SHA-256), `trained_until`, `model` (the SHA-256 of `model.skops`), and `commit`: the full id of the
#    commit that was the newest when `hand_over` began. Whoever checks it out has the very data and features of this training;
# 4. commits both files in one commit, and returns that commit's id.
#
# Done means: it passes the clone test, in this repository and in others, also when it is called again with another day.
#
# <details><summary>Hint 1</summary>Two commits play a role: the one that was the newest when you began, which holds the data, and the one that you make. A commit cannot hold its own id.</details>
# <details><summary>Hint 2</summary><code>git(repo, "rev-parse", "HEAD").strip()</code> gives the newest commit's id. Then <code>git(repo, "add", "model.skops", "training.json")</code> and <code>git(repo, "commit", "-m", "…")</code>. Use <code>sha256(Path(repo) / name)</code> after the file was written. The
# time: <code>datetime.now(UTC).isoformat(timespec="minutes")</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "train", "locked": false, "schema_version": 3, "solution": true, "task": false}
def hand_over(repo, until):
    """Train on the rides before `until`, commit the model with its note, and return the commit's id."""
    ### BEGIN SOLUTION
    folder = Path(repo)
    if git(folder, "status", "--porcelain").strip():
        raise ValueError(f"{folder} has changes that are not committed – commit them, or take them back, before you train")
    data_commit = git(folder, "rev-parse", "HEAD").strip()
    known = read_rides(folder / "rides.csv").query("day < @until")
    columns = json.loads((folder / "features.json").read_text())["features"]
    save_model(fit(features(known, columns), known["minutes"]), folder / "model.skops")
    note = {
        "by": "the ML engineer",
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "made_from": {name: sha256(folder / name) for name in ("rides.csv", "features.json")},
        "commit": data_commit,
        "trained_until": until,
        "model": sha256(folder / "model.skops"),
    }
    (folder / "training.json").write_text(json.dumps(note, indent=1))
    git(folder, "add", "model.skops", "training.json")
    git(folder, "commit", "--quiet", "-m", f"Train on the rides before {until}")
    return git(folder, "rev-parse", "HEAD").strip()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-train", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
start_repository("ridetime", "rides.csv")
data_commit = git("ridetime", "rev-parse", "HEAD").strip()
made = hand_over("ridetime", HALF)
newest = git("ridetime", "rev-parse", "HEAD").strip()
assert newest != data_commit, "After hand_over the newest commit is the same as before. Add model.skops and training.json, and commit them."
assert made == newest, f"hand_over returned {made!r}, expected the id of the commit that it made, {newest[:12]}…"
for name in ("model.skops", "training.json"):
    assert committed("ridetime", name), f"The newest commit does not hold {name}. A clone gets only what was committed."
training = json.loads(committed("ridetime", "training.json"))
lacking = [field for field in ("by", "at", "made_from", "trained_until", "model", "commit") if field not in training]
assert not lacking, f"training.json lacks the field {lacking[0]!r}."
assert training["commit"] == data_commit, (
    f"The field 'commit' is {training['commit']!r}, expected the commit that was the newest when hand_over began, {data_commit[:12]}…, in full."
)
assert training["model"] == sha256(committed("ridetime", "model.skops")), (
    "The field 'model' is not the SHA-256 of the model.skops that you committed."
)
for name in ("rides.csv", "features.json"):
    assert training["made_from"].get(name) == sha256(committed("ridetime", name)), (
        f"made_from does not name {name} with the SHA-256 of its bytes."
    )
column_names = sorted(getattr(open_model("ridetime/model.skops"), "feature_names_in_", []))
assert column_names == ["climb", "distance_km", "ebike_km"], (
    f"The model sees the columns {column_names or 'without names'}; features.json names distance_km, climb and ebike_km. Give `fit` the table that `features` makes."
)

# %% nbgrader={"grade": true, "grade_id": "judge-train", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: hand_over in another repository, as a stranger with a fresh clone sees it: is all there, and does training again give the same model? Then once more, up to another day.
### BEGIN HIDDEN TESTS
import pandas as pd
from judgekit import own_folder
from judging import fresh, run_git
from judging_train import as_a_stranger, disarm, training_repository

rng = fresh("train")
with own_folder() as place:
    repo, names, until = training_repository(place / "repo", rng)
    earlier = str((pd.Timestamp(until) - pd.Timedelta(days=9)).date())
    for number, day in enumerate([until, earlier]):
        before = run_git(repo, "rev-parse", "HEAD")
        try:
            said = hand_over(str(repo), day)
        except Exception as error:
            raise AssertionError(f"In another repository, hand_over stopped with {type(error).__name__}: {error}") from None
        disarm(repo)
        as_a_stranger(repo, place / f"clone {number}", names, day)
        assert run_git(repo, "rev-list", "--count", f"{before}..HEAD") == "1", (
            "hand_over made more than one commit; model and note belong into one."
        )
        assert said == run_git(repo, "rev-parse", "HEAD"), f"hand_over returned {said!r}, expected the id of the commit that it made."
        assert run_git(repo, "status", "--porcelain") == "", "After hand_over the repository's folder is not clean."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-train-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: hand_over in repositories whose folder is not clean: rides, or the features, were changed and not committed, or a file lies there that Git does not know.
### BEGIN HIDDEN TESTS
import json

from judgekit import own_folder
from judging import fresh, run_git
from judging_train import disarm, training_repository

rng = fresh("dirty")
with own_folder() as place:
    for number, what in enumerate(
        [
            "rides.csv was changed and not committed",
            "features.json was changed and only staged with `git add`",
            "an unknown file lies there",
        ]
    ):
        repo, names, until = training_repository(place / str(number), rng)
        if number == 0:
            (repo / "rides.csv").write_bytes((repo / "rides.csv").read_bytes().replace(b"classic", b"ebike", 50))
        elif number == 1:
            (repo / "features.json").write_text(json.dumps({"features": names[:1]}))
            run_git(repo, "add", "features.json")
        else:
            (repo / "rides_new.csv").write_text("ride_id\n")
        before, ended = (run_git(repo, "rev-parse", "HEAD"), run_git(repo, "status", "--porcelain")), "no error"
        try:
            hand_over(str(repo), until)
        except Exception as error:
            ended = type(error).__name__
        disarm(repo)
        assert ended == "ValueError", (
            f"In a folder in which {what}, hand_over ended with {ended}, expected a ValueError: no clone could repeat that training."
        )
        after = (run_git(repo, "rev-parse", "HEAD"), run_git(repo, "status", "--porcelain"))
        assert after == before, (
            f"In a folder in which {what}, hand_over refused, but changed the repository all the same. Check first, then work."
        )
### END HIDDEN TESTS

# %% [markdown]
# Train twice, and the SHA-256 is another: a `.skops` file also holds the time at which it was written. So the clone test compares *forecasts*. The hash says which file was handed over, not which numbers it gives.
#
# One thing is still missing from this hand-over: the *environment*, the versions of Python and of the packages. With another scikit-learn the same training may give another model, or none. That is a lab of its own, `reproducibility`.

# %% [markdown]
# ## Part 4 · Approved, by whom it serves
#
# Three candidates wait, and a table for each: the rides of June with the minutes that today's model forecasts (`live`; it is the one from before Thursday, Bo has put it back) and those of the candidate.

# %% nbgrader={"grade": false, "grade_id": "trials", "locked": true, "schema_version": 3, "solution": false, "task": false}
trials = play_trials("rides.csv")
for called, table in trials.items():
    print(
        f"{called:14} mean error {mean_error(table['minutes'], table['candidate']):.2f} minutes, today's model {mean_error(table['minutes'], table['live']):.2f}"
    )

# %% [markdown]
# All three look better. Now by slice:

# %%
shown = {"live": trials["Cy, Wednesday"].assign(candidate=trials["Cy, Wednesday"]["live"]), **trials}
wrong = {}
for called, table in shown.items():
    error = (table["minutes"] - table["candidate"]).abs()
    wrong[called] = pd.concat([error.groupby(table["bike_type"]).mean(), error.groupby(table["district"]).mean()])
ax = pd.DataFrame(wrong).plot.bar(figsize=(9, 3.4), width=0.8, color=["white", "sandybrown", "khaki", "steelblue"], edgecolor="black")
for bars, hatch in zip(ax.containers, ["", "//", "..", "xx"]):
    for bar in bars:
        bar.set_hatch(hatch)
ax.set(xlabel="slice of the rides of June", ylabel="mean absolute error (minutes)", title="Better on average. For whom?")
ax.legend(title="model", ncols=4, fontsize=8, title_fontsize=8)
ax.figure.savefig("slices.png", dpi=100, bbox_inches="tight")
plt.close(ax.figure)
Image(
    "slices.png",
    alt="Bar chart of the error in minutes of four models for two bike types and five districts: on e-bikes the model of Wednesday is wrong by nearly nine minutes and that of Tuesday by four, the live and the mended one by less than three; in the districts the candidates are mostly better than the live one",
)

# %% [markdown]
# Read it: for whom did Wednesday's model get better, and for whom worse? Would Tuesday's, the approved one, have been all right?
#
# <details><summary>What we see</summary>96 rides in 100 are on classic bikes. There Wednesday's model is better, since it knows about climbs. For e-bikes its error is three times as large, and the mean hardly notices. Tuesday's is no cure: it makes e-bikes slow uphill, where they are not. The mended one lets climbs count for classic bikes only.</details>
#
# The team writes down one **acceptance rule**, before anyone looks at the next candidate:
#
# > 1. `unanswered`: a candidate that gives no minutes (`NaN`) for any ride is refused, whatever its error. Nothing else is looked at.
# > 2. `mean`: over all rides the candidate's mean absolute error is at most 0.98 times that of the live model.
# > 3. In every slice of at least 40 rides the candidate's mean absolute error is at most 1.05 times that of the live model. The slices are: each district, each bike type, and each pair of both. A pair is named by both: `Hillside ebike`.
# > 4. In slices of 1 to 39 rides nothing can be judged. They do not stop a candidate. They go onto the list `watch`, for whoever monitors it.
#
# (It is a plain rule. With forty rides a mean varies by more than a twentieth, so once in a while a good candidate is refused by chance. The lab `model-versioning` weighs a gain against its *standard error* instead.)

# %% [markdown]
# ### Exercise 4 — Better for whom?
# *Difficulty ●●○ · about 10 minutes*
#
# Write `decide(rides)` for a table like the three above. It returns a dictionary with
#
# - `approved`: `True` or `False`;
# - `reasons`: a list of what stands against it: `unanswered`; or `mean` and the names of the slices that fail, all of them; an empty list if it is approved;
# - `watch`: a list of the names of the slices that are too small to judge. (If the candidate is `unanswered`, it does not matter what is in it.)
#
# Done means: it decides rightly on these three and on others, with other districts and bike types.
#
# <details><summary>Hint 1</summary>Compute both models' errors ride by ride first. Then the rule is the same for every way of slicing. A mean in pandas leaves NaN out without a word: look for it before.</details>
# <details><summary>Hint 2</summary>Make three Series of names, one of them <code>rides["district"] + " " + rides["bike_type"]</code>. For each: <code>errors.groupby(names).agg(…)</code>, or a loop over <code>names.unique()</code>. <code>len</code> of a group decides between rule 3 and rule 4.</details>


# %% nbgrader={"grade": false, "grade_id": "decide", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decide(rides):
    """Return whether the candidate is approved, what stands against it, and which slices to watch."""
    ### BEGIN SOLUTION
    if rides["candidate"].isna().any():
        return {"approved": False, "reasons": ["unanswered"], "watch": []}
    errors = rides[["live", "candidate"]].sub(rides["minutes"], axis=0).abs()
    reasons = ["mean"] if errors["candidate"].mean() > 0.98 * errors["live"].mean() else []
    watch = []
    for cut in (rides["district"], rides["bike_type"], rides["district"] + " " + rides["bike_type"]):
        for name, part in errors.groupby(cut):
            if len(part) < 40:
                watch.append(name)
            elif part["candidate"].mean() > 1.05 * part["live"].mean():
                reasons.append(name)
    return {"approved": not reasons, "reasons": reasons, "watch": watch}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-decide", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
decisions = {}
for called, table in trials.items():
    decisions[called] = decide(table.copy())
    assert isinstance(decisions[called], dict) and {"approved", "reasons", "watch"} <= set(decisions[called]), (
        f"decide returned {decisions[called]!r}, expected a dictionary with approved, reasons and watch."
    )
for called, against, why in [
    ("Cy, Wednesday", {"ebike"}, "On average it is better by a tenth, and on e-bikes its error is three times the live model's."),
    ("Cy, Tuesday", {"ebike"}, "On e-bikes its error is 1.4 times the live model's."),
    ("Bo, mended", set(), "It is better on average, and in no slice of 40 rides or more is it worse by more than a twentieth."),
]:
    said = decisions[called]
    assert set(said["reasons"]) == against, (
        f"{called}: the reasons against it are {sorted(said['reasons']) or 'none'}, expected {sorted(against) or 'none'}. {why}"
    )
    assert bool(said["approved"]) == (not against), (
        f"{called}: approved is {said['approved']}, and the reasons against it are {sorted(said['reasons']) or 'none'}."
    )
thin = {f"{district} ebike" for district in ("Eastfield", "Harbour", "Hillside", "Old Town", "University")}
assert set(decisions["Bo, mended"]["watch"]) == thin, (
    f"To be watched are {sorted(decisions['Bo, mended']['watch']) or 'none'}, expected the five pairs of a district and e-bikes: each has fewer than 40 rides."
)

# %% nbgrader={"grade": true, "grade_id": "judge-decide", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decide on other candidates in another city: better everywhere, better by too little, and better on average but worse in a district, or in a single pair of district and bike type.
### BEGIN HIDDEN TESTS
from judging import fresh
from judging_decide import compare_decision, trial

rng = fresh("decide")
for what, design in [
    ("A candidate that is better everywhere", {"all": 0.9}),
    ("A candidate that is better by 1 %, which is not enough", {"all": 0.99}),
    ("A candidate that is better on average and worse in one district", {"all": 0.8, "Mills": 1.12}),
    (
        "A candidate that is better in each district and on each bike type, and worse in one pair of them",
        {"all": 0.75, "Docks ebike": 1.3},
    ),
    ("A candidate that is worse by 3 % in one district, which is allowed", {"all": 0.85, "Airport": 1.03}),
    ("A candidate that is worse by 8 % in one district, which is not", {"all": 0.85, "Airport": 1.08}),
    ("A candidate that is worse everywhere", {"all": 1.2}),
]:
    rides = trial(rng, design)
    try:
        said = decide(rides)
    except Exception as error:
        raise AssertionError(f"{what}: decide stopped with {type(error).__name__}: {error}") from None
    compare_decision(said, rides, what)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-decide-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decide where slices are small, where one is just large enough, and where a candidate gives no answer for the rides that are hard.
### BEGIN HIDDEN TESTS
import numpy as np
from judging import fresh
from judging_decide import compare_decision, trial

rng = fresh("small")
small = trial(rng, {"all": 0.85, "Mills ebike": 2.5}, small=["Mills ebike"])
edge = trial(rng, {"all": 0.85, "Docks ebike": 1.6})
pair = (edge["district"] == "Docks") & (edge["bike_type"] == "ebike")
edge = edge[~pair | (pair.cumsum() <= 40)].reset_index(drop=True)
silent = trial(rng, {"all": 0.9, "ebike": 1.5})
silent["candidate"] = silent["candidate"].where(silent["bike_type"] != "ebike", np.nan)
once = trial(rng, {"all": 0.8})
once.loc[int(rng.integers(len(once))), "candidate"] = np.nan
for what, rides in [
    ("A candidate that is much worse in a slice of 10 rides", small),
    ("A candidate that is much worse in a district of 10 rides", trial(rng, {"all": 0.85, "Docks": 2.5}, small=["Docks"])),
    ("A candidate that is worse in a slice of exactly 40 rides", edge),
    ("A candidate that answers NaN for all e-bikes", silent),
    ("A candidate that answers NaN once", once),
]:
    try:
        said = decide(rides)
    except Exception as error:
        raise AssertionError(f"{what}: decide stopped with {type(error).__name__}: {error}") from None
    compare_decision(said, rides, what)
### END HIDDEN TESTS

# %% [markdown]
# A good mean cannot buy a bad slice any more. But a rule helps only if what goes live is what it was applied to.

# %% [markdown]
# ## Part 5 · Live, watched, retired
#
# Bo's script of Thursday, the whole of it:


# %%
def release_as_found(repo):
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--allow-empty", "-m", "new model live")
    git(repo, "tag", "--force", "live")


# %% [markdown]
# It takes whatever lies in the folder. Nobody looks whether there is an approval, or of what. And the tag `live` moves each time, so what was live last week is forgotten.
#
# ### Exercise 5 — The gate
# *Difficulty ●●○ · about 12 minutes*
#
# Write `release(repo)`. In the repository lie `model.skops`, `training.json`, `evaluation.json` and perhaps `approval.json`. What counts is what they are in the *newest commit*: what was not committed was not handed over. The first condition that fails decides, and its word is returned:
#
# 1. `unapproved`: there is no approval, or its `approved` is not `true`.
# 2. `mismatch`: the model's SHA-256 is not among the values of `made_from` of the evaluation *and* of the approval; or the evaluation's is not among those of the approval.
# 3. `own work`: the approval is `by` the same person as the training. (Anybody can type a name into a file. At work the platform knows who it was: a protected branch that only a second person can merge into, a signed commit.)
#
# If none fails, it writes `release.json`, with `by`, `at`, `made_from` (at least `model.skops` and `approval.json`), `version` (a whole number) and `since` (the day, such as `2025-06-18`), commits it, sets the tag `release-` and the version on that commit, and returns the tag. The version is one more than the highest so far, 1 at first.
#
# Done means: what was approved goes live, nothing else does, and where it refuses nothing changes: no commit, no tag.
#
# <details><summary>Hint 1</summary><code>committed(repo, name)</code> gives the bytes of a file in the newest commit, or <code>None</code>. You need four of them, and <code>sha256</code> takes bytes.</details>
# <details><summary>Hint 2</summary><code>git(repo, "tag", "--list", "release-*").split()</code> lists the tags, as text: is release-10 before or after release-9? Take the numbers out with <code>int(tag.removeprefix("release-"))</code>, and <code>max(…, default=0)</code>. To commit one file alone:
# <code>git(repo, "add", "release.json")</code>, then <code>git(repo, "commit", "-m", "…", "--", "release.json")</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "release", "locked": false, "schema_version": 3, "solution": true, "task": false}
def release(repo):
    """Release the model of the newest commit if its approval is in order; return the tag, or why not."""
    ### BEGIN SOLUTION
    content = {name: committed(repo, name) for name in ("model.skops", "training.json", "evaluation.json", "approval.json")}
    training, evaluation, approval = (json.loads(content[name] or b"{}") for name in ("training.json", "evaluation.json", "approval.json"))
    if approval.get("approved") is not True:
        return "unapproved"
    model, measured = sha256(content["model.skops"]), sha256(content["evaluation.json"])
    if model not in evaluation["made_from"].values() or not {model, measured} <= set(approval["made_from"].values()):
        return "mismatch"
    if approval["by"] == training["by"]:
        return "own work"
    version = 1 + max((int(tag.removeprefix("release-")) for tag in git(repo, "tag", "--list", "release-*").split()), default=0)
    now = datetime.now(UTC)
    said = {"by": "the gate", "at": now.isoformat(timespec="minutes"), "version": version, "since": f"{now:%Y-%m-%d}"}
    said["made_from"] = {name: sha256(content[name]) for name in ("model.skops", "approval.json")}
    Path(repo, "release.json").write_text(json.dumps(said, indent=1))
    git(repo, "add", "--", "release.json")
    git(repo, "commit", "--quiet", "-m", f"Release {version}", "--", "release.json")
    git(repo, "tag", f"release-{version}")
    return f"release-{version}"
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-release", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
start_repository("ridetime", "rides.csv", MENDED)
play_training("ridetime")
play_evaluation("ridetime")
said = release("ridetime")
assert said == "unapproved", f"There is no approval, and release says {said!r}, expected 'unapproved'."
play_approval("ridetime", approved=False, reasons=["ebike"])
said = release("ridetime")
assert said == "unapproved", (
    f"Ada wrote into the approval that it is not approved, and release says {said!r}, expected 'unapproved'. That the file exists is not enough."
)
play_approval("ridetime")
play_training("ridetime", until="2025-05-20")  # Cy, on Wednesday
said = release("ridetime")
assert said == "mismatch", (
    f"Cy trained once more after the approval, and release says {said!r}, expected 'mismatch': that was Thursday's accident."
)
tags = git("ridetime", "tag").split()
assert not tags, f"Where release refuses it must change nothing, and there is a tag {tags[0]!r}."
play_evaluation("ridetime")
play_approval("ridetime")
said = release("ridetime")
assert said == "release-1", f"All is in order, and release says {said!r}, expected 'release-1'."
tagged = git("ridetime", "ls-tree", "--name-only", "release-1").split()
assert "release.json" in tagged, "At the tag release-1 there is no release.json: commit it first, then set the tag."

# %% nbgrader={"grade": true, "grade_id": "judge-release", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: release in other repositories: in order, as the first, after ten others, or where a number is missing; and what is then at the tag.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import fresh, run_git
from judging_release import approved_repository, check_release
from judging_train import disarm

rng = fresh("release")
with own_folder() as place:
    for number, (what, *earlier) in enumerate(
        [
            ("A first release",),
            ("A release after release-1 to release-10", *range(1, 11)),
            ("A release after release-1 and release-3", 1, 3),
        ]
    ):
        repo = approved_repository(place / str(number), rng, trained_by="Bo", earlier=earlier)
        (repo / "notes.txt").write_text("not for others")
        try:
            said = release(str(repo))
        except Exception as error:
            raise AssertionError(f"{what}: release stopped with {type(error).__name__}: {error}") from None
        disarm(repo)
        check_release(said, repo, max(earlier, default=0) + 1, what)
        assert run_git(repo, "status", "--porcelain") == "?? notes.txt", (
            f"{what}: a file that had nothing to do with it was committed, or something was left uncommitted."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-release-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: release where the model or the evaluation was changed after the approval, where the approval lies in the folder and was not committed, and where somebody approved their own work.
### BEGIN HIDDEN TESTS
import json

from judgekit import own_folder
from colleagues import commit
from colleagues import stamp
from colleagues import write_json
from judging import fresh, run_git
from judging_release import approved_repository, train_again
from judging_train import disarm

rng = fresh("refuse")
with own_folder() as place:
    for number, (what, right, settings) in enumerate(
        [
            ("the model was trained again after the approval", "mismatch", {}),
            ("the evaluation was made again after the approval", "mismatch", {}),
            ("the approved model was never evaluated: the evaluation is of an earlier one", "mismatch", {}),
            ("the approval in the folder says yes, and the committed one says no", "unapproved", {"approved": False}),
            ("`approved` is the text 'no'", "unapproved", {"approved": "no"}),
            ("Cy approved what Cy had trained", "own work", {"trained_by": "Cy", "approved_by": "Cy"}),
            ("Cy approved his own work and then trained again", "mismatch", {"trained_by": "Cy", "approved_by": "Cy"}),
        ]
    ):
        repo = approved_repository(place / str(number), rng, earlier=(1,), **settings)
        approval = json.loads((repo / "approval.json").read_text())
        if number in (0, 6):
            train_again(repo, "2026-03-20")
        elif number == 1:
            evaluation = json.loads((repo / "evaluation.json").read_text())
            write_json(repo / "evaluation.json", {**evaluation, "mae": evaluation["mae"] / 2})
            commit(repo, "Evaluation, rounded", "Cy")
        elif number == 2:
            train_again(repo, "2026-03-20")
            write_json(repo / "approval.json", {**approval, **stamp("Ada", repo, "model.skops", "evaluation.json")})
            commit(repo, "Approval", "Ada")
        elif number == 3:
            write_json(repo / "approval.json", {**approval, "approved": True, "reasons": []})
        before = (run_git(repo, "rev-parse", "HEAD"), run_git(repo, "tag"))
        try:
            said = release(str(repo))
        except Exception as error:
            raise AssertionError(f"Where {what}, release stopped with {type(error).__name__}: {error}") from None
        disarm(repo)
        assert said == right, f"Where {what}, release says {said!r}, expected {right!r}."
        assert (run_git(repo, "rev-parse", "HEAD"), run_git(repo, "tag")) == before, (
            f"Where {what}, release refused, and yet made a commit or a tag."
        )
### END HIDDEN TESTS

# %% [markdown]
# The mended model goes live on 18 June, and here is its summer: `summer.csv` has all rides on e-bikes of eight weeks and a sample of the others, with what the model had predicted. How long a ride took is known at its end, so its error can be measured every week. (With other models one waits weeks for the truth.) `week` is the
# Monday on which the week began.
#
# To **monitor** a model means to compare what it does with what was *promised* at its approval: `promised` has the error of June, for each pair of district and bike type that could be judged, and for `all` rides.

# %% nbgrader={"grade": false, "grade_id": "summer", "locked": true, "schema_version": 3, "solution": false, "task": false}
summer = pd.read_csv("summer.csv")
june = trials["Bo, mended"]
june_errors = (june["minutes"] - june["candidate"]).abs().groupby(june["district"] + " " + june["bike_type"]).agg(["size", "mean"])
promised = {
    "all": round(mean_error(june["minutes"], june["candidate"]), 2),
    **june_errors["mean"][june_errors["size"] >= 40].round(2).to_dict(),
}
promised

# %%
weekly = summer.assign(error=(summer["minutes"] - summer["predicted"]).abs(), slice=summer["district"] + " " + summer["bike_type"])
enough = weekly.groupby(["week", "slice"])["error"].transform("size") >= 12  # in fewer rides a mean says little
table = weekly[enough].pivot_table(index="week", columns="slice", values="error")
fig, ax = plt.subplots(figsize=(9, 3.4))
for name in table.columns:
    worst = name in ("Old Town ebike", "Hillside classic", "Hillside ebike")
    marker = {"Old Town ebike": "s", "Hillside classic": "o", "Hillside ebike": "^"}.get(name)
    ax.plot(
        table.index,
        table[name] / promised.get(name, promised["all"]),
        marker=marker,
        color="black" if worst else "lightgrey",
        label=name if worst else None,
    )
in_all = weekly.groupby("week")["error"].mean() / promised["all"]
ax.plot(in_all.index, in_all, linestyle="--", linewidth=3, color="steelblue", label="all rides in the table")
ax.axhline(1.5, linestyle=":", color="firebrick", label="limit, 1.5 times the promise")
ax.set(
    xlabel="week beginning", ylabel="error as a multiple of the promised one", title="Which of these is an accident, and which is the end?"
)
ax.legend(fontsize=8)
ax.tick_params(axis="x", labelrotation=20)
fig.savefig("summer.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "summer.png",
    alt="Lines of the weekly error of ten slices and of all rides, as a multiple of the promised error: all rides stay near 1; both Hillside slices jump above the limit in the week of 14 July and are back a week later; Old Town e-bikes rise above the limit on 4 August and stay there",
)

# %% [markdown]
# Read it: what would you have seen in the mean over all rides? What is the difference between Hillside in July and the Old Town in August?
#
# <details><summary>What we see</summary>The mean says next to nothing, although e-bikes count more in this table than in the city. In the week of 14 July there was a festival in Hillside, the streets were full, and a week later all was as before. On 4 August the city limited e-bikes in the Old Town to 15 km/h. That does not pass: what the model learned is no longer true. (This is called <b>concept drift</b>.) And it hit a slice from the list <code>watch</code>, that nobody had been able to judge in June.</details>
#
# > **When a model is retired.** Slices are the pairs of district and bike type. A week is *bad* for a slice if the mean absolute error is more than 1.5 times the promised one. If nothing was promised for the slice, the promise for `all` counts. A week with fewer than 12 rides in a slice says nothing about it: it is skipped, as if
# > it were not there. The model is retired at the end of the first week in which some slice is bad for the second time in a row.

# %% [markdown]
# ### Exercise 6 — When is it over?
# *Difficulty ●●○ · about 8 minutes*
#
# Write `watch(log, promised)`. It returns `None` if the model may stay, and otherwise a dictionary: `week`, the week in which it is retired, and `slices`, the list of all slices that were bad for the second time in a row in that week.
#
# Done means: it is right about this summer, and about other logs, whose rows may come in any order. An alarm for a festival makes people deaf; no alarm at all is how this lab began.
#
# <details><summary>Hint 1</summary>One slice at a time: its weeks in order, without those that say nothing. Which week is the first that is bad after a bad one? Then compare the slices.</details>
# <details><summary>Hint 2</summary>After <code>.groupby(["slice", "week"])["error"].agg(["size", "mean"])</code> keep the rows with <code>size &gt;= 12</code>. Within a slice, <code>shift</code> puts a week's verdict beside the next one's. The rule ends at the <em>first</em> such week of all slices.</details>


# %% nbgrader={"grade": false, "grade_id": "watch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def watch(log, promised):
    """Return the week in which the model is retired and the slices that are the reason, or None."""
    ### BEGIN SOLUTION
    error, pair = (log["minutes"] - log["predicted"]).abs(), log["district"] + " " + log["bike_type"]
    weeks = error.groupby([pair, log["week"]]).agg(["size", "mean"])  # sorted by slice, then by week
    over = {}
    for name, rows in weeks[weeks["size"] >= 12].groupby(level=0):
        bad = rows["mean"].droplevel(0) > 1.5 * promised.get(name, promised["all"])
        twice = bad & bad.shift(fill_value=False)
        for week in twice.index[twice]:
            over.setdefault(week, []).append(name)
    return {"week": min(over), "slices": over[min(over)]} if over else None
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-watch", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
quiet = watch(summer[summer["week"] < "2025-08-04"].copy(), dict(promised))
assert quiet is None, (
    f"Until the end of July watch says {quiet!r}, expected None. One bad week in Hillside is no second one, and with fewer than 12 rides a week says nothing."
)
ended = watch(summer.copy(), dict(promised))
assert isinstance(ended, dict) and {"week", "slices"} <= set(ended), (
    f"watch returned {ended!r}, expected a dictionary with week and slices: the Old Town's e-bikes are bad from 4 August on."
)
assert str(ended["week"])[:10] == "2025-08-11", (
    f"watch retires the model in the week {ended['week']}, expected 2025-08-11: the second bad week in a row for the Old Town's e-bikes."
)
assert list(ended["slices"]) == ["Old Town ebike"], f"watch names {list(ended['slices'])}, expected ['Old Town ebike']."

# %% nbgrader={"grade": true, "grade_id": "judge-watch", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: watch on other logs: a quiet one, single bad weeks of different slices, two bad weeks with a good one between, and two slices that fail one after the other.
### BEGIN HIDDEN TESTS
from judging import fresh
from judging_release import compare_retirement, draw_log

rng = fresh("watch")
for what, plan in [
    ("A quiet log", {}),
    ("A log with bad weeks in a row, but of two different slices", {("Mills ebike", 3): (20, 2.0), ("Airport classic", 4): (20, 2.0)}),
    (
        "A log with two bad weeks of a slice and a good one between",
        {("Mills ebike", 3): (20, 2.0), ("Mills ebike", 4): (20, 1.0), ("Mills ebike", 5): (20, 2.0)},
    ),
    (
        "A log in which two slices fail, one a week after the other",
        {
            ("Mills classic", 5): (20, 1.9),
            ("Mills classic", 6): (20, 1.9),
            ("Airport ebike", 4): (20, 1.8),
            ("Airport ebike", 5): (20, 1.8),
        },
    ),
    (
        "A log in which two slices fail in the same week",
        {(name, week): (20, 1.8) for name in ("Mills ebike", "Airport classic") for week in (2, 3)},
    ),
]:
    log, promise = draw_log(rng, plan)
    try:
        said = watch(log, promise)
    except Exception as error:
        raise AssertionError(f"{what}: watch stopped with {type(error).__name__}: {error}") from None
    compare_retirement(said, log, promise, what)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-watch-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: watch where weeks have too few rides, or none: between two bad weeks, or as the second bad week; and where a slice has no promise of its own.
### BEGIN HIDDEN TESTS
from judging import fresh
from judging_release import compare_retirement, draw_log

rng = fresh("few")
for what, plan in [
    (
        "A log with a bad week, a week of 11 rides that says nothing, and a bad week",
        {("Mills ebike", 3): (20, 2.0), ("Mills ebike", 4): (11, 1.0), ("Mills ebike", 5): (20, 2.0)},
    ),
    (
        "A log with a bad week, a week without rides, and a bad week",
        {("Airport classic", 2): (20, 2.0), ("Airport classic", 3): (0, 1.0), ("Airport classic", 4): (20, 2.0)},
    ),
    ("A log with a bad week and a bad one of only 11 rides", {("Mills classic", 3): (20, 2.0), ("Mills classic", 4): (11, 2.0)}),
    ("A log with two bad weeks of exactly 12 rides", {("Mills classic", 5): (12, 2.0), ("Mills classic", 6): (12, 2.0)}),
    (
        "A log of a slice without a promise of its own, twice at 1.8 times the promise for all",
        {("Airport ebike", 1): (20, 1.8), ("Airport ebike", 2): (20, 1.8)},
    ),
    (
        "A log of a slice without a promise of its own, twice at 1.4 times the promise for all",
        {("Airport ebike", 1): (20, 1.4), ("Airport ebike", 2): (20, 1.4)},
    ),
]:
    log, promise = draw_log(rng, plan)
    try:
        said = watch(log, promise)
    except Exception as error:
        raise AssertionError(f"{what}: watch stopped with {type(error).__name__}: {error}") from None
    compare_retirement(said, log, promise, what)
### END HIDDEN TESTS

# %% [markdown]
# > **In older tutorials** the life of a model looks shorter, and its files are riskier:
# >
# > | older | today | why |
# > |:--|:--|:--|
# > | six phases that end with *deployment* (CRISP-DM, around 2000) | monitoring and maintenance are a phase of their own (CRISP-ML(Q), 2020) | A program keeps working when it is left alone. A model does not: the world changes. |
# > | `pickle.dump`, `joblib.dump` to hand over a model | `skops.io.dump` | Whoever opens a stranger's pickle runs a stranger's code. |
# > | `git checkout master`, a tag `latest` that moves | a default branch `main`, one tag for each release | Only a tag that stays says what was live last week. |

# %% [markdown]
# ## Part 6 · How mature is a team?
#
# September. Noor, who leads the team, has been to a conference: "Everyone there was at level 2. Where are we? And where are the teams next door, who say that *all* of theirs is automated?"
#
# **Maturity levels** say how much of a model's life runs without hands. We use the best-known ones, from Google's guide *MLOps: Continuous delivery and automation pipelines in machine learning* (you find it under *Going further*):
#
# - **Level 0, manual process.** People run scripts and notebooks, step by step, and hand a model over to those who put it live.
# - **Level 1, pipeline automation.** A **pipeline**, a row of steps that a program runs, trains, checks and publishes the model again when there is reason to. This is *continuous training*. It needs checks of data and model, since no human looks; something that sets it off; and a record of each run.
# - **Level 2, CI/CD automation.** Changes of the pipeline *itself* are tested and put into service by machines. (**CI**, continuous integration: every change is tested at once. **CD**, continuous delivery: what passed is put into service.)
#
# The guide describes; it does not measure. So that two people who look at one repository come to one verdict, we say here what counts. This is our reading, not Google's. All of it is judged on the *newest commit*; a file that is empty, or holds only blanks, counts as not there.
#
# | level | criterion | holds if |
# |:--|:--|:--|
# | 1 | `pipeline` | `pipeline.json` names a `runner` and `steps`, each with a `kind` and a `script`; runner and all scripts are there; among the kinds are `train` and `publish` |
# | 1 | `data check` | `pipeline` holds, and a step of kind `check-data` comes before `train` |
# | 1 | `model check` | `pipeline` holds, and a step of kind `check-model` comes after `train` and before `publish` |
# | 1 | `trigger` | a workflow that starts on `schedule` or `repository_dispatch` has a command `python RUNNER …` (with the runner's path, and the runner is there) |
# | 1 | `record` | in `runs/` there is a `.json` file whose `model` is the SHA-256 of the committed `model.skops` |
# | 1 | `no hands` | the last commit that changed `model.skops` was made by the machine: its author's e-mail is `PIPELINE` |
# | 2 | `tests` | a workflow that starts on `push` or `pull_request` has a command `pytest …` or `python -m pytest …`, and a file `test_….py`, in any folder, has a `def test_…` |
# | 2 | `delivery` | in one workflow that starts on `push`, a job runs pytest (as above), and another job, whose `needs` names it, runs `python deploy.py …`; and `deploy.py` is there |
#
# A **workflow** is a file that tells a server such as GitHub what to run, and when. It counts only as `.github/workflows/SOMETHING.yml` or `.yaml`. Its `on` names events: `schedule` is a clock, `repository_dispatch` a message from a program ("new data are here"), `push` and `pull_request` are changes of code. `workflow_dispatch` is a button. (The guide
# names starting by hand among the triggers. Alone it makes no training continuous, so here it does not count.)
#
# Workflows are written in YAML, which is JSON with fewer brackets; you need not know it today. `workflow` in `lifecycle.py` reads one, and `files` reads all files of the newest commit:

# %% nbgrader={"grade": false, "grade_id": "neighbours", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_neighbours("neighbours")
print(sorted(path.name for path in Path("neighbours").iterdir()))

# %%
tree = files("neighbours/night-job")
print(list(tree))
print(tree[".github/workflows/tests.yml"])
print(workflow(tree[".github/workflows/tests.yml"]))
print(json.loads(files("neighbours/dock-forecast")["pipeline.json"])["steps"][0])

# %% [markdown]
# ### Exercise 7 — The audit
# *Difficulty ●●● · about 18 minutes*
#
# Write `audit(repo)`. It returns two things:
#
# - the level: 2 if all eight criteria hold, otherwise 1 if the six of level 1 hold, otherwise 0;
# - the evidence: a dictionary with an entry for each criterion that *holds*, and no others. Its value is a path in the repository that shows it (for the first three `pipeline.json`; for `trigger` and `delivery` the workflow; for `record` the file in `runs/`; for `tests` the workflow or the file with the test), and for `no hands` the id of the commit.
#
# Done means: it is right about the three neighbours, and about repositories of which some only look automated.
#
# <details><summary>Hint 1</summary>One criterion, one small block of code. Start with <code>tree</code>: all files that are not blank. Which criteria depend on one another, and which do not? A team can have tests and no pipeline.</details>
# <details><summary>Hint 2</summary>A command is a list of words: <code>words[:2] == ["python", runner]</code>; <code>["echo", "pytest"]</code> runs no test. The hash needs bytes: <code>sha256(committed(repo, "model.skops"))</code>, if there is such a file. The last commit that changed it, and its author:
# <code>git(repo, "log", "-1", "--format=%H %ae", "--", "model.skops").split()</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "audit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def audit(repo):
    """Return the repository's maturity level, and for each criterion that holds what shows it."""
    ### BEGIN SOLUTION
    tree = {path: text for path, text in files(repo).items() if text.strip()}
    evidence = {}
    plan = json.loads(tree.get("pipeline.json", "{}"))
    runner, kinds = plan.get("runner"), [step["kind"] for step in plan.get("steps", [])]
    if {"train", "publish"} <= set(kinds) and {runner, *(step["script"] for step in plan["steps"])} <= set(tree):
        evidence["pipeline"] = "pipeline.json"
        trained, shipped = kinds.index("train"), kinds.index("publish")
        if "check-data" in kinds[:trained]:
            evidence["data check"] = "pipeline.json"
        if "check-model" in kinds[trained:shipped]:
            evidence["model check"] = "pipeline.json"

    def tested(job):
        return any(words[0] == "pytest" or words[:3] == ["python", "-m", "pytest"] for words in job["commands"])

    test_files = [path for path, text in tree.items() if re.search(r"(^|/)test_[^/]*\.py$", path) and "def test_" in text]
    for path in tree:
        if not re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path):
            continue
        flow = workflow(tree[path])
        jobs = flow["jobs"]
        started = any(words[:2] == ["python", runner] for job in jobs.values() for words in job["commands"])
        if flow["on"] & {"schedule", "repository_dispatch"} and runner in tree and started:
            evidence["trigger"] = path
        if flow["on"] & {"push", "pull_request"} and test_files and any(map(tested, jobs.values())):
            evidence["tests"] = path
        if "push" in flow["on"] and "deploy.py" in tree:
            rolled_out = [job for job in jobs.values() if ["python", "deploy.py"] in [words[:2] for words in job["commands"]]]
            if any(tested(jobs[name]) for job in rolled_out for name in job["needs"] & set(jobs)):
                evidence["delivery"] = path

    model = committed(repo, "model.skops")
    if model is not None:
        for path in tree:
            if path.startswith("runs/") and path.endswith(".json") and json.loads(tree[path]).get("model") == sha256(model):
                evidence["record"] = path
        commit, author = git(repo, "log", "-1", "--format=%H %ae", "--", "model.skops").split()
        if author == PIPELINE:
            evidence["no hands"] = commit
    first = {"pipeline", "data check", "model check", "trigger", "record", "no hands"}
    return int(first <= set(evidence)) + int(first | {"tests", "delivery"} <= set(evidence)), evidence
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-audit", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
play_neighbours("neighbours")
for team, right, holds, why in [
    (
        "night-job",
        0,
        {"tests", "delivery"},
        "It has tests and delivery of its code, and no pipeline that trains: levels are climbed in order.",
    ),
    (
        "dock-forecast",
        1,
        {"pipeline", "data check", "model check", "trigger", "record", "no hands"},
        "Its pipeline trains, checks and publishes by the clock, and the machine committed the model.",
    ),
    (
        "ticket-desk",
        0,
        {"pipeline", "data check", "model check", "record"},
        "In its newest commit the folder of workflows is empty but for .gitkeep (the workflow that lies there was never committed), and Cy committed the model.",
    ),
]:
    try:
        said = audit(f"neighbours/{team}")
    except Exception as error:
        raise AssertionError(f"On {team}, audit stopped with {type(error).__name__}: {error}") from None
    assert isinstance(said, (tuple, list)) and len(said) == 2 and isinstance(said[1], dict), (
        f"audit returned {said!r}, expected two things: a level, and a dictionary."
    )
    level, evidence = said
    assert set(evidence) == holds, f"{team}: audit has evidence for {sorted(evidence) or 'nothing'}; what holds is {sorted(holds)}. {why}"
    assert level == right, f"{team}: audit says level {level}, expected {right}. {why}"

# %% nbgrader={"grade": true, "grade_id": "judge-audit", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: audit on repositories of level 2 and 1, and on some that look so: the workflow is a button, announces a command without running it, lies where nobody reads it, or was never committed.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import fresh
from judging_audit import compare_audit, evidence_of, team

rng = fresh("audit")
with own_folder() as place:
    for number, (change, ci, what) in enumerate(
        [
            ("nothing", True, "On a repository of level 2"),
            ("nothing", False, "On a repository of level 1"),
            ("a button", True, "On a repository whose training starts by a button"),
            ("announced", False, "On a repository whose workflow only echoes the command"),
            ("commented out", False, "On a repository whose workflow has the command in a comment"),
            ("elsewhere", True, "On a repository whose workflow lies in `workflows/`, and another one uncommitted in the right folder"),
            ("switched off", False, "On a repository whose workflow is called train.yml.disabled"),
            ("no workflow", False, "On a repository whose folder of workflows is empty but for .gitkeep"),
            ("too deep", True, "On a repository whose workflow lies in a folder inside the folder of workflows"),
        ]
    ):
        repo = team(place / str(number), rng, change, ci)
        right = evidence_of(repo)
        try:
            said = audit(str(repo))
        except Exception as error:
            raise AssertionError(f"{what}, audit stopped with {type(error).__name__}: {error}") from None
        compare_audit(said, right, what)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-audit-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: audit where a check is missing, empty, gone or comes too late, where the model's last change was made by hand or has no record, where tests are announced or absent,
# and where there is no pipeline at all.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import fresh
from judging_audit import compare_audit, evidence_of, team

rng = fresh("audit 2")
with own_folder() as place:
    for number, (change, what) in enumerate(
        [
            ("checked too late", "On a repository whose model is checked after it was published"),
            ("data unchecked", "On a repository whose pipeline does not check its data"),
            ("checked after training", "On a repository whose data are checked after training"),
            ("step empty", "On a repository whose script for the check of data is blank"),
            ("step gone", "On a repository whose script for the check of the model is not there"),
            ("by hand", "On a repository in which Cy committed the newest model by hand"),
            ("by a namesake", "On a repository in which somebody else's machine, also called pipeline, committed the newest model"),
            ("no record", "On a repository whose newest model has no record"),
            ("other record", "On a repository with records of other models only"),
            ("no test", "On a repository without a single test function"),
            ("tests announced", "On a repository whose workflow only echoes pytest"),
            ("nobody waits", "On a repository whose delivery does not need the tests"),
            ("no pipeline", "On a repository with tests and without a pipeline"),
        ]
    ):
        repo = team(place / str(number), rng, change)
        right = evidence_of(repo)
        try:
            said = audit(str(repo))
        except Exception as error:
            raise AssertionError(f"{what}, audit stopped with {type(error).__name__}: {error}") from None
        compare_audit(said, right, what)
### END HIDDEN TESTS

# %% [markdown]
# The night job's team has excellent tests, and level 0: nobody trains its model but people. And the team that calls itself fully automated is at level 0 as well. Neither is a shame. A model that is trained once a year needs no pipeline. It is only good to know.

# %% [markdown]
# ## Putting it together
#
# Now one model walks through all eight stages, in a repository of its own, with your functions at the places where it broke in June. Ada measures and approves; you train.

# %% tags=["uses-answers"]
repo = start_repository("ridetime", "rides.csv", MENDED, contract="contract.json")  # your contract
assert not violations(read_rides(repo / "rides.csv"), json.loads(committed(repo, "contract.json")))
hand_over(repo, HALF)
play_evaluation(repo)
decision = decide(trials["Bo, mended"])
play_approval(repo, decision["approved"], decision["reasons"])
released = release(repo)
ended = watch(summer, promised)


def write_down(name, sources, **fields):
    said = {"by": "you", "at": "2025-08-18T09:00", "made_from": {source: sha256(repo / source) for source in sources}, **fields}
    (repo / name).write_text(json.dumps(said, indent=1))
    git(repo, "add", name)
    git(repo, "commit", "--quiet", "-m", name)


write_down("monitoring.json", ["release.json", "evaluation.json"], promised=promised, limit=1.5)
write_down("retirement.json", ["release.json", "monitoring.json"], retired=released, successor=None, reason=ended)
print(git(repo, "log", "--reverse", "--format=%an: %s"))
picture({"Thursday 12 June": take_stock("thursday"), released: take_stock(repo)}, "walk.png")
Image(
    "walk.png",
    alt="Two rows of eight stages with a mark and a word each: the release of Thursday 12 June is sound at two stages only, that of today is sound at all eight",
)

# %% [markdown]
# (`successor` is empty, since there is none yet: until there is, the app shows the planned distance and no minutes.) The `reason` in `retirement.json` says which riders the model failed, and from when on. Whoever makes its successor starts from there: with a contract that knows of speed limits. A life cycle is a circle.
#
# And Noor's question? Your own repository:

# %% tags=["uses-answers"]
level, evidence = audit(repo)
brought_by = {
    "pipeline": "Training pipelines",
    "data check": "Data versioning, Training pipelines",
    "model check": "CI/CD for ML",
    "trigger": "CI/CD for ML",
    "record": "Experiment tracking",
    "no hands": "Training pipelines",
    "tests": "CI/CD for ML",
    "delivery": "CI/CD for ML",
}
print(f"level {level}, evidence: {evidence or 'none'}")
pd.Series(
    {criterion: lab for criterion, lab in brought_by.items() if criterion not in evidence}, name="the lab that brings it"
).rename_axis("missing").to_frame()

# %% [markdown]
# Level 0. Every hand-over is in order, and every one was made by hand. That is not a contradiction: a level says how much runs *by itself*, not how well it is done. Order comes first, though. Who automates Thursday's folder gets Thursday's accident every night.
#
# You can tell Noor where the team is, what shows it, and what comes next.

# %% [markdown]
# ## Going further
#
# - **Your own team.** Run `take_stock` in your head over the last model that you put live, or saw put live: which of the eight hand-overs could you show somebody today?
# - **One criterion more.** Add to your contract that at least one ride in a hundred is on an e-bike, and check the rides before 1 May with it. What kind of limit is this, compared with the others?
# - **From 0 to 1.** Write `run_pipeline.py`, which calls your functions in a row and stops at the first that refuses. What is still missing for level 1?
#
# To read:
#
# - Google Cloud Architecture Center, [MLOps: Continuous delivery and automation pipelines in machine learning](https://cloud.google.com/architecture/mlops-continuous-delivery-and-automation-pipelines-in-machine-learning), the source of the three levels
# - Stefan Studer and others, [Towards CRISP-ML(Q): a machine learning process model with quality assurance](https://arxiv.org/abs/2003.05155), on stages and the risks in each
# - [ml-ops.org, the CRISP-ML(Q) process](https://ml-ops.org/content/crisp-ml), a short version with pictures
# - Andriy Burkov, *Machine Learning Engineering*: [the book's page, where it can be read](http://www.mlebook.com/wiki/doku.php), chapters on data, evaluation and deployment
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 6 on evaluating by slice: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
