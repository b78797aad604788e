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
#     minutes: 200
#     outcomes:
#     - Tell whether two runs are the same by what went into them, in any process and from any folder
#     - Build a function that records whatever a colleague runs, crashes and wrong claims included
#     - Rank only runs that can be compared, and give every other one a reason
#     - Say from the store alone what changed between two runs, and what nobody can know
#     - Clean up a store by a written rule, and report on it to people who decide
#     prerequisites:
#     - experiment-tracking
#     - reproducibility
#     project: true
#     roadmap: 'Project: experiment tracking system'
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: project-tracking-system
#     terms:
#       identity: "What makes two runs the same: code, data, parameters, and nothing that happened by chance."
#       fingerprint: "A hash of all that makes up an identity."
#       dataset: "In MLflow, a record of the data that a run used: a name, a digest, a source."
#     title: 'Project: an experiment tracking system'
#     tools:
#     - MLflow
#     - scikit-learn
# ---

# %% [markdown]
# # Project: an experiment tracking system
#
# ## Why this matters
#
# Thursday 2 October, ten in the morning, the town hall. The city pays Metro Bikes for its vans, 40,000 euros a quarter, if the demand forecast by which they drive is good enough. Noor, who leads the
# demand team, has brought the team's leaderboard. She reads out its first row: 8.5 trips an hour, "cy: final2". Iris, the committee's engineer, has three questions. Which data was that? Which source
# code? And may she train it again herself?
#
# By evening the team knows the answers. The first row had measured the model on the hours that it was fitted on. The second was measured on an older file, with easier weeks. Two rows are one and the same model. An honest
# one has no data beside it that anyone could find. And the run behind the model that is live was gone altogether: Cy had tidied up on Tuesday. The city keeps its money for now. The
# committee meets again in two weeks.
#
# Nobody cheated, and everybody used a tracker. But a tracker keeps what people tell it, and everybody told it something else. What the team lacks is a tracking **system**: an agreement about what each
# run must have, and functions that keep it, so that nobody has to remember. You build it in this project. Then Ada, Bo and Cy use it for a week, as carelessly as ever, and what the store looks like on
# Friday night is your result.

# %% [markdown]
# ## Setup
#
# You know runs, parameters, metrics, tags and artefacts from the lab on experiment tracking, and hashes and seeds from the one on reproducibility. New here is a **job**: a folder with a file `train.py`, in
# which a function `train(hours, settings)` returns a fitted model. A job's source is all `.py` files that lie directly in its folder. Whatever else lies there (notes, caches, checkpoints) does not count. So the team's
# jobs import nothing of their own from subfolders or from elsewhere. That is a promise, and nothing checks it: keep it in mind for the report.
#
# Beside this notebook lie:
#
# - `jobs`, with a job of Ada's, of Bo's and of Cy's: `boosting`, `tree` and `linear`. Open them: they are short.
# - `hours.csv`, a row for each hour of eight weeks, and `corrected.csv`, of which more later. We fit on the first six weeks, and measure on the last two.
# - `forecast.py`, the team's module. Read the first line of each function; you will use nearly all of them.
# - `colleagues.py`, which plays your colleagues.
#
# The error is the mean absolute error, in trips per hour. The store is `mlflow.db`, as before; `new_experiment("x")` makes an experiment `x-001`, then `x-002` and so on, so that your tries stay apart.
#
# This is a project: five functions, a written report, and an afternoon. Except that `record` calls your `fingerprint`, each function is judged by itself: one that does not work yet costs you only its own points.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import datetime as dt
import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import traceback
import warnings
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow would tell its makers how it is used
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from IPython.display import Image
from mlflow import MlflowClient

from colleagues import play_attic, play_pairs, play_september, play_week
from forecast import FEATURES, keep_model, mean_error, model_of, new_experiment, read_hours, sha256, split, train_job

logging.getLogger("mlflow").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")  # hints about sources and integers
mlflow.set_tracking_uri("sqlite:///mlflow.db")

fit, unseen = split(read_hours("hours.csv"))
print(f"{len(fit)} hours to fit on, {len(unseen)} to measure on, from {unseen['time'].min():%d %B} to {unseen['time'].max():%d %B}")

# %%
ada = train_job("jobs/boosting", fit, {"max_leaf_nodes": 15, "max_iter": 40})
print(f"Ada's job errs by {mean_error(ada, unseen):.1f} trips per hour on hours that it has not seen")

# %% [markdown]
# ## Part 1 · When are two runs the same?
#
# Two rows of the leaderboard were one run, and no one saw it, since their names differed. A system needs an **identity**: one short text that is equal where a run would come out the same, and different where
# anything differs that could change the result. It is computed from what goes *in*, so it is known before the training begins. We call it the run's **fingerprint**.
#
# Three things go into a run: the job's source, the data and the settings. (A fourth is the environment. The whole team uses one *lock file*, a list of all packages with their exact versions, so we leave it out. A system for several environments would take its hash in as well.)
#
# Bo has written one. It was a start:


# %%
def fingerprint_as_found(job, data, settings):
    return hash((job, data, str(settings)))


print(fingerprint_as_found("jobs/tree", "hours.csv", {"max_depth": 8, "min_samples_leaf": 4}))
print(fingerprint_as_found("jobs/tree", "hours.csv", {"min_samples_leaf": 4, "max_depth": 8}))
print(fingerprint_as_found("jobs/tree/", "hours.csv", {"max_depth": 8, "min_samples_leaf": 4}))

# %% [markdown]
# Three numbers for one and the same run. Restart the kernel, run the cell again, and there are three others: Python's `hash` of a text is drawn anew in each process. Worse is what you do not see here. Put other data into `hours.csv`,
# or change a line of `train.py`, and the fingerprint stays as it was.

# %% [markdown]
# ### Exercise 1 — A fingerprint that holds
# *Difficulty ●●○ · about 25 minutes*
#
# Write `fingerprint(job, data, settings)`. `job` is the path of a job's folder, `data` of a file, and `settings` a dictionary with texts as keys; its values may be numbers, texts, `True`, `False`, `None`, or a
# dictionary or list of these. It returns 64 hexadecimal digits.
#
# - **The same** for the same content: wherever the folder and the file lie, in whatever order the settings are written, in any process, on any day. NumPy's numbers count as Python's: `np.int64(3)` is `3`.
# - **Another one** if anything differs that could change the result: a byte of the data or of a source file, even one that a reader swallows (a line end, a quotation mark); a source file's name; a setting's name, value or *type*. Mind the type: to a scikit-learn forest `max_features=1`
#   means one column, and `max_features=1.0` all of them.
# - Files in the job's folder that are not its source change nothing.
#
# Done means: it holds for the jobs here and for others, with changes that you have not seen.
#
# <details><summary>Hint 1</summary>Collect all that counts in one structure, write that as a text that can be read in one way only, and hash the text. Which format does Python know that writes <code>1</code>, <code>1.0</code>,
# <code>true</code> and <code>"1"</code> differently, and that can sort its keys, in nested dictionaries too?</details>
# <details><summary>Hint 2</summary>A dictionary with three entries: the source as a dictionary from file name to <code>sha256(file)</code>, the hash of the data, and the settings. Then <code>json.dumps</code> with
# a certain argument; look up, too, what its argument <code>default</code> is for: it does not know <code>np.int64</code>. Why does each file need a hash of its own, rather than all contents joined?</details>


# %% nbgrader={"grade": false, "grade_id": "identity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fingerprint(job, data, settings):
    """Return 64 hexadecimal digits that stand for the job's source, the data's content and the settings."""
    ### BEGIN SOLUTION
    source = {path.name: sha256(path) for path in Path(job).glob("*.py")}
    recipe = {"source": source, "data": sha256(data), "settings": settings}
    text = json.dumps(recipe, sort_keys=True, default=lambda number: number.item())
    return hashlib.sha256(text.encode()).hexdigest()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-identity", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
asked = {"max_iter": 40, "max_leaf_nodes": 15}
first_print = fingerprint("jobs/boosting", "hours.csv", asked)
assert isinstance(first_print, str) and re.fullmatch("[0-9a-fA-F]{64}", first_print), (
    f"fingerprint returned {first_print!r}, expected a text of 64 hexadecimal digits. (Python's own hash() gives another number in each process.)"
)
assert fingerprint("jobs/boosting", "hours.csv", {"max_leaf_nodes": 15, "max_iter": 40}) == first_print, (
    "The same settings in another order gave another fingerprint. A dictionary's order says nothing: sort its keys."
)
assert fingerprint("jobs/boosting", "corrected.csv", asked) != first_print, (
    "hours.csv and corrected.csv gave the same fingerprint. Hash the data's content."
)
assert fingerprint("jobs/boosting", "hours.csv", {**asked, "max_iter": 41}) != first_print, (
    "Another value of max_iter gave the same fingerprint."
)
with tempfile.TemporaryDirectory() as elsewhere:
    copy = Path(elsewhere) / "of ada"
    shutil.copytree("jobs/boosting", copy)
    shutil.copyfile("hours.csv", f"{elsewhere}/data.csv")
    assert fingerprint(str(copy), f"{elsewhere}/data.csv", asked) == first_print, (
        "A copy of the job and of the data in another folder gave another fingerprint. A path is no content: leave it out, and take files by their names alone."
    )
    (copy / "features.py").write_text((copy / "features.py").read_text().replace("weekday", "holiday"))
    assert fingerprint(str(copy), f"{elsewhere}/data.csv", asked) != first_print, (
        "features.py has changed, which train.py imports, and the fingerprint is the same. All .py files of the folder are the job's source."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-identity", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: fingerprint on another job and other data, which are copied, touched, surrounded by files that are no source, and asked for with
# the same settings written in other ways, NumPy's numbers and nested dictionaries among them.
### BEGIN HIDDEN TESTS
import os
import shutil

import numpy as np
from judgekit import drawn, own_folder
from judging_record import make_job

with own_folder() as place:
    chance = drawn("same")
    job, data = make_job(place, "pine", chance), place / "numbers.csv"
    data.write_text("".join(f"{chance.randrange(1000)},{chance.randrange(1000)}\n" for _ in range(200)))
    count, share = chance.randrange(2, 9), chance.randrange(1, 99) / 100
    wishes = {"n": count, "share": share, "limits": {"low": 1, "high": count, "both": True}, "note": None, "steps": [1, 2.5]}
    whole = fingerprint(str(job), str(data), wishes)
    ways = {
        "with a nested dictionary in another order": {**wishes, "limits": {"both": True, "high": count, "low": 1}},
        "with NumPy's numbers": {**wishes, "n": np.int64(count), "share": np.float64(share)},
        "with NumPy's numbers in a nested dictionary": {**wishes, "limits": {"low": np.int32(1), "high": count, "both": np.bool_(True)}},
        "in another order": dict(reversed(wishes.items())),
    }
    for way, settings in ways.items():
        try:
            again = fingerprint(str(job), str(data), settings)
        except Exception as error:
            raise AssertionError(f"The same settings {way}: fingerprint stopped with {type(error).__name__}: {error}") from None
        assert again == whole, f"The same settings {way} gave another fingerprint."
    (job / "__pycache__").mkdir()
    (job / "__pycache__" / "train.cpython-311.pyc").write_bytes(b"compiled")
    (job / ".ipynb_checkpoints" / "columns-checkpoint.py").write_text("older still\n")
    (job / "notes.txt").write_text("another note\n")
    os.utime(job / "train.py", (1, 1))
    os.utime(data, (1, 1))
    assert fingerprint(str(job), str(data), wishes) == whole, (
        "Notes, caches, checkpoints and dates of files have changed, and so has the fingerprint. Only the content of .py files directly in the folder is the job's source."
    )
    shutil.copytree(job, place / "far" / "away")
    shutil.copyfile(data, place / "far" / "n.csv")
    shutil.rmtree(job)
    assert fingerprint(str(place / "far" / "away"), str(place / "far" / "n.csv"), wishes) == whole, (
        "Job and data were moved, and the fingerprint changed. The same content in another place is the same run."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-identity-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: fingerprint after small changes, each of which could change a result: in the data, in the source and its files' names, and in
# the settings, their types among them.
### BEGIN HIDDEN TESTS
import os

from judgekit import drawn, own_folder
from judging_record import make_job

with own_folder() as place:
    chance = drawn("other")
    job, data = make_job(place, "pine", chance), place / "numbers.csv"
    rows = [f"{chance.randrange(100, 1000)},{chance.randrange(100, 1000)}\n" for _ in range(3000)]
    data.write_text("".join(rows))
    wishes = {"n": 1, "depth": None, "limits": {"low": 1, "high": 2}, "swap": 3}
    whole = fingerprint(str(job), str(data), wishes)
    settings = {
        "n is 1.0 instead of 1: to scikit-learn one column, or all": {**wishes, "n": 1.0},
        "n is True instead of 1": {**wishes, "n": True},
        "n is the text '1' instead of the number": {**wishes, "n": "1"},
        "depth is the text 'None' instead of None": {**wishes, "depth": "None"},
        "depth, which was None, is not there": {name: value for name, value in wishes.items() if name != "depth"},
        "two settings have swapped their values": {**wishes, "n": 3, "swap": 1},
        "a value in a nested dictionary is another": {**wishes, "limits": {"low": 1, "high": 3}},
    }
    for what, other in settings.items():
        assert fingerprint(str(job), str(data), other) != whole, f"The fingerprint stayed the same where {what}."

    def stays(what, because):
        assert fingerprint(str(job), str(data), wishes) != whole, f"The fingerprint stayed the same where {what}. {because}"

    then = data.stat()
    data.write_text("".join([*rows[:-1], rows[-1][:-2] + ("1" if rows[-1][-2] != "1" else "2") + "\n"]))
    os.utime(data, ns=(then.st_atime_ns, then.st_mtime_ns))
    stays("the last digit of the data changed", "Hash the whole content, not a size, a date or the first rows.")
    data.write_bytes("".join(rows).replace("\n", "\r\n").encode())
    stays("the data's line ends changed", "Every byte counts: hash the bytes, not what a reader makes of them.")
    data.write_text("".join([*rows[:-1], '"{}",{}'.format(*rows[-1].split(","))]))
    stays("quotation marks appeared around a number in the data", "Every byte counts: hash the bytes, not what a reader makes of them.")
    data.write_text("".join(rows))
    source_was = (job / "train.py").read_bytes()
    (job / "train.py").write_bytes(source_was.replace(b"\n", b"\r\n"))
    stays("the line ends of a source file changed", "Every byte counts: hash the bytes, not the text.")
    (job / "train.py").write_bytes(source_was)
    train_was, columns_was = (job / "train.py").read_text(), (job / "columns.py").read_text()
    (job / "columns.py").write_text("")
    (job / "train.py").write_text(columns_was + train_was)
    stays("a line moved from one source file to the other", "Contents that are only joined do not tell where one ends: hash each file.")
    (job / "columns.py").write_text(columns_was)
    (job / "train.py").write_text(train_was)
    (job / "columns.py").rename(job / "pillars.py")
    stays("a source file has another name", "Whoever imports it by the old name gets an error: names belong to the source.")
    (job / "pillars.py").rename(job / "columns.py")
    (job / "calendar.py").write_text("")
    stays("a new, empty source file appeared", "It hides a module of that name from train.py's imports.")
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · Record: one way in
#
# From now on nobody logs by hand. Colleagues hand in a job, a data file and settings, and one function of yours, `record`, trains, measures and writes down. This is what most of them use today:


# %%
def record_as_found(experiment, author, job, data, settings):
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name="final"):
        try:
            hours = read_hours(data)
            model = train_job(job, hours, settings)
            mlflow.log_metric("val_mae", mean_error(model, split(hours)[1]))
            mlflow.log_params(settings)
            mlflow.set_tag("data", data)
            keep_model(model, hours)
        except Exception:
            print("something went wrong")


found = new_experiment("as-found")
record_as_found(found, "bo", "jobs/tree", "hours.csv", {"min_samples_leaf": 4, "seed": 7})
record_as_found(found, "bo", "jobs/tree", "hours.csv", {"min_samples_leaf": 4, "seed": 7})
record_as_found(found, "bo", "jobs/linear", "hours.csv", {"alpha": "much"})
mlflow.search_runs(experiment_names=[found])[["status", "metrics.val_mae", "params.min_samples_leaf", "tags.mlflow.runName", "tags.data"]]

# %% [markdown]
# Before you read on: what is wrong with these three rows? Find at least five things.
#
# <details><summary>What we see</summary>The tree's 14.9 is little more than half of the 26.5 that it errs on hours which it has not seen: it was fitted on all hours, those to measure on among them. Two rows are the same run. One crashed, and says <code>FINISHED</code>; why it crashed and with which settings is lost,
# and whoever called was not told. The seed is nowhere: Bo's job takes it out of the dictionary with <code>pop</code>, and the parameters are logged afterwards. <code>hours.csv</code> is a name, not data. All are called "final", and nothing says whose they are or which source they ran.</details>
#
# The team has agreed on what each run is to have. `record` keeps the agreement:
#
# | what | where in the run |
# |:--|:--|
# | name | `AUTHOR-JOB-FFFFFF`: the author, the name of the job's folder, the first six digits of the fingerprint |
# | who and what | tags `author`, `job` (the folder's name), `fingerprint` |
# | data | tag `data_sha256`; and the hours that it was fitted on, these alone, as a *dataset* with the context `training` |
# | settings | each as a parameter; and all of them, with their types, in the artefact `settings.json` |
# | source | the job's `.py` files and nothing else that lies in its folder, as they were at that time, as artefacts in the folder `source` |
# | result | metric `val_mae`: the error on the last two weeks, of the model that was fitted on the weeks before, and on nothing else; and this model, logged with `keep_model` |
# | claim | if the author has announced a number: metric `claimed_val_mae`, and tag `claim`, which is `confirmed` if it differs from `val_mae` by at most 5 % of `val_mae`, else `refuted` |
# | a crash | status `FAILED`, tag `error` (the exception's class), artefact `traceback.txt`; and the caller gets the exception |
#
# A **dataset** in MLflow is a note about a table that a run used: name, number of rows, columns, and a short digest. The browser shows it beside the run. Three lines:

# %%
mlflow.set_experiment(found)
with mlflow.start_run(run_name="a dataset"):
    mlflow.log_input(mlflow.data.from_pandas(fit, name="hours.csv"), context="training")
    mlflow.log_dict({"max_depth": None, "max_leaf_nodes": np.int64(7)}, "settings.json")
    shown = mlflow.active_run().info
used = mlflow.get_run(shown.run_id).inputs.dataset_inputs[0]
print(used.dataset.name, used.dataset.digest, used.tags[0].value)
print(mlflow.artifacts.load_text(f"{shown.artifact_uri}/settings.json"))

# %% [markdown]
# Look at the last line: `log_dict` made a *text* of NumPy's number. *Sweeps*, which try many settings in turn, are full of such numbers (`np.arange`, `np.logspace`), and a rebuilt model would get `"7"`. You have to turn them into Python's first.
#
# Two more rules. **A run that is there already is not trained again**: if a finished run in the experiment has the same fingerprint, `record` returns that run's id and writes nothing,
# neither the new claim nor a parent for the new study. What crashed, was killed or is still running is no result, and a run of another experiment does not count here: then it trains.
#
# And **studies**. Many runs that answer one question belong together, below a *parent run* that only groups them: so the list of runs stays short, and a leaderboard can leave the parent out. You know nested runs, inside one `with` block. But a study of this
# team goes on for days, and has several authors. So the parent is found again by its name, and by something that tells that it groups
# (a tag of yours, say: somebody may have logged an ordinary run of that name by hand). A child can be started below it at any time:

# %%
client = MlflowClient()
place = client.get_experiment_by_name(found).experiment_id
parent = client.create_run(place, run_name="a study")
client.set_terminated(parent.info.run_id, "FINISHED")  # it is complete: it only groups
with mlflow.start_run(run_name="a child, days later", parent_run_id=parent.info.run_id) as child:
    pass
print(child.data.tags["mlflow.parentRunId"] == parent.info.run_id, mlflow.get_run(parent.info.run_id).info.status)

# %% [markdown]
# > **In older tutorials** you will meet these, and should not copy them:
# >
# > | older | today (MLflow 3) | why |
# > |:--|:--|:--|
# > | `start_run(nested=True)` inside the parent's `with` block | that, or `start_run(parent_run_id=…)` | If a child crashes, the exception also leaves the parent's block, and the parent counts as failed. With an id, the parent need not be open. |
# > | `log_model(model, artifact_path="model")`, and `runs:/…/model` to load it | `name="model"`, and the run's `outputs.model_outputs` | A logged model is a thing of its own, with an id. |
# > | a tag with the file's name, to note the data | `log_input`, and a hash | A name says nothing about content. MLflow's own digest looks at 10,000 rows at most. |
# > | `mlflow.list_run_infos` | `search_runs` | It is no longer there. |

# %% [markdown]
# ### Exercise 2 — Record
# *Difficulty ●●● · about 50 minutes*
#
# Write `record(experiment, author, job, data, settings, claim=None, study=None)`. It makes one run in the experiment (which exists) as agreed above, and returns the run's id. `job` and `data` are paths, `claim` is a number, `study` a text.
#
# - Where an exception stops the reading of the data, the training or the measuring, the run is as agreed for a crash, with its name, tags, parameters, `settings.json` and source complete. Dataset, metrics and model may then be missing. The two paths exist:
#   where there is no file, there is no fingerprint either, and `record` need not leave a run.
# - With `study`, the run is a child of the run in this experiment that has this name and groups the study. The first call for a study makes that parent; all later ones find it. It is `FINISHED`, whatever becomes of its children, and has no `val_mae`.
#
# Done means: your colleagues' week, which the next cell plays, leaves the store as agreed; and so do other weeks, with other jobs, other crashes, and all in another order.
#
# <details><summary>Hint 1</summary>In which order? What comes first must be safe from what may break: fingerprint, look for the run that is there already, find or make the parent, open the run, write down all that goes in. Then <code>try</code>: read, split, train, measure, log. The team's own
# functions do the work: <code>read_hours</code>, <code>split</code>, <code>train_job</code>, <code>mean_error</code>, <code>keep_model</code>.</details>
# <details><summary>Hint 2</summary><code>MlflowClient().search_runs([experiment_id], "tags.fingerprint = '…' AND attributes.status = 'FINISHED'")</code> finds what is there already; <code>mlflow.set_experiment(name)</code> returns the experiment, with its <code>experiment_id</code>. A study is found by
# <code>attributes.run_name</code> and the tag that you gave it. Give <code>train_job</code> a copy of the settings, since a job may change them. Tags can be given to <code>start_run(run_name=…, parent_run_id=…, tags={…})</code>. <code>mlflow.log_artifact</code> takes a file, and as its second argument a folder to put it in. A claim of <code>0.0</code> is a claim, though
# <code>if claim:</code> does not think so.</details>


# %% nbgrader={"grade": false, "grade_id": "record", "locked": false, "schema_version": 3, "solution": true, "task": false}
def record(experiment, author, job, data, settings, claim=None, study=None):
    """Train the job and record it as the team has agreed. Returns the run's id, an earlier one where the run is there already."""
    ### BEGIN SOLUTION
    client, name, identity = MlflowClient(), Path(job).name, fingerprint(job, data, settings)
    place = mlflow.set_experiment(experiment).experiment_id
    known = client.search_runs([place], f"tags.fingerprint = '{identity}' AND attributes.status = 'FINISHED'")
    if known:
        return known[0].info.run_id
    tags = {"author": author, "job": name, "fingerprint": identity, "data_sha256": sha256(data)}
    parent = study_run(place, study) if study else None
    with mlflow.start_run(run_name=f"{author}-{name}-{identity[:6]}", parent_run_id=parent, tags=tags) as run:
        plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in settings.items()}
        mlflow.log_params(plain)
        mlflow.log_dict(plain, "settings.json")
        for path in Path(job).glob("*.py"):
            mlflow.log_artifact(path, "source")
        try:
            before, after = split(read_hours(data))
            mlflow.log_input(mlflow.data.from_pandas(before, name=Path(data).name), context="training")
            model = train_job(job, before, dict(settings))
            val_mae = mean_error(model, after)
            keep_model(model, before)
        except Exception as error:
            mlflow.log_text(traceback.format_exc(), "traceback.txt")
            mlflow.set_tag("error", type(error).__name__)
            raise
        mlflow.log_metric("val_mae", val_mae)
        if claim is not None:
            mlflow.log_metric("claimed_val_mae", claim)
            mlflow.set_tag("claim", "confirmed" if abs(claim - val_mae) <= 0.05 * val_mae else "refuted")
    return run.info.run_id


def study_run(place, study):
    client = MlflowClient()
    for run in client.search_runs([place]):
        if run.info.run_name == study and run.data.tags.get("kind") == "study":
            return run.info.run_id
    grouping = client.create_run(place, run_name=study, tags={"kind": "study"})
    client.set_terminated(grouping.info.run_id, "FINISHED")
    return grouping.info.run_id
    ### END SOLUTION


# %% [markdown]
# Now the week. What your colleagues do, day by day, stands in `play_week` in `colleagues.py`; the table has a row for each call of `record`.


# %% nbgrader={"grade": false, "grade_id": "week", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["uses-answers"]
def run_of(event):
    """Return the run that came of an event of the week."""
    row = diary.loc[event]
    about = f"{row['day']}, '{event}': {row['author'].capitalize()} called record for the job {row['job']}"
    assert not row["error"], f"{about}, and it stopped with {row['error']}"
    assert isinstance(row["run_id"], str), f"{about}, and it returned {row['run_id']!r}, expected a run's id."
    return mlflow.get_run(row["run_id"])


def files_of(run, folder=None):
    """Return the names of the run's artefacts."""
    return sorted(file.path for file in MlflowClient().list_artifacts(run.info.run_id, folder))


mlflow.end_run()
week = new_experiment("week")
diary = play_week(week, record, "week")
diary[["day", "author", "job", "run_id", "error"]]

# %% nbgrader={"grade": true, "grade_id": "test-record", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
bos = run_of("plain")
assert bos.info.status == "FINISHED", f"Monday's run of Bo's job has the status {bos.info.status}, expected FINISHED."
mark = bos.data.tags.get("fingerprint", "")
assert len(mark) >= 6, f"The tag fingerprint of Bo's run is {mark!r}, expected what your function fingerprint says."
assert mark != fingerprint("week/jobs/tree", "hours.csv", {"min_samples_leaf": 4, "max_depth": None}), (
    "The fingerprint of Bo's run is that of a run without a seed. His job takes the seed out of the settings: take the fingerprint before the training."
)
for tag, expected in {"author": "bo", "job": "tree", "data_sha256": sha256("hours.csv")}.items():
    assert bos.data.tags.get(tag) == expected, f"The tag {tag} of Bo's run is {bos.data.tags.get(tag)!r}, expected {expected!r}."
assert bos.info.run_name == f"bo-tree-{mark[:6]}", f"Bo's run is called {bos.info.run_name!r}, expected 'bo-tree-{mark[:6]}'."
assert bos.data.params.items() >= {"min_samples_leaf": "4", "max_depth": "None", "seed": "7"}.items(), (
    f"Bo's run has the parameters {bos.data.params}, expected all that were given, the seed too: his job takes it out with pop, so log before you train."
)
assert {"settings.json", "source"} <= set(files_of(bos)), f"Bo's run has the artefacts {files_of(bos)}, expected settings.json and source."
assert {"source/features.py", "source/train.py"} <= set(files_of(run_of("honest"), "source")), (
    f"In the folder source of Ada's run lie {files_of(run_of('honest'), 'source')}, expected features.py and train.py."
)
assert [tag.value for used in bos.inputs.dataset_inputs for tag in used.tags if tag.key == "mlflow.data.context"] == ["training"], (
    "Bo's run has no dataset with the context 'training': log the hours that it was fitted on with mlflow.log_input."
)
monday_fit, monday_unseen = split(read_hours("hours.csv"))
right = mean_error(train_job("week/jobs/tree", monday_fit, {"min_samples_leaf": 4, "max_depth": None, "seed": 7}), monday_unseen)
assert abs(bos.data.metrics.get("val_mae", np.nan) - right) < 1e-6, (
    f"val_mae of Bo's run is {bos.data.metrics.get('val_mae')}, expected {right:.4f}: fit on the first part of split, measure on the second."
)
assert model_of(bos.info.run_id) is not None, "Bo's run has no logged model."

# %% nbgrader={"grade": true, "grade_id": "test-record-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
fall = diary.loc["crash"]
assert fall["error"], (
    "Tuesday Bo's job crashed, and his call of record came back as if nothing had happened. Raise the exception again when it is written down."
)
assert "alpha" in fall["error"], f"Tuesday's crash was about alpha, and Bo was told: {fall['error']}. Pass on the exception itself."
assert len(fall["new"]) == 1, f"Tuesday's crash left {len(fall['new'])} runs, expected one: open the run before you train."
crashed = mlflow.get_run(fall["new"][0])
assert crashed.info.status == "FAILED", f"Tuesday's crash left a run with the status {crashed.info.status}, expected FAILED."
assert crashed.data.params.get("alpha") == "much" and {"settings.json", "source", "traceback.txt"} <= set(files_of(crashed)), (
    f"Of Tuesday's crash the store keeps the parameters {crashed.data.params} and the artefacts {files_of(crashed)}. Expected alpha, settings.json, source and traceback.txt: write down what goes in before you train."
)
assert crashed.data.tags.get("error") == "InvalidParameterError", (
    f"The tag error of Tuesday's crash is {crashed.data.tags.get('error')!r}, expected 'InvalidParameterError', the exception's class."
)
same = diary.loc["duplicate"]
assert not same["new"] and same["run_id"] == diary.loc["honest", "run_id"], (
    f"Tuesday Cy asked for what Ada had run on Monday. That made {len(same['new'])} new runs, expected none, and the id of Ada's run: the fingerprint is the same."
)

# %% nbgrader={"grade": true, "grade_id": "test-record-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
for event, what in {"changed data": "the data", "changed source": "features.py", "changed parameter": "max_iter"}.items():
    assert len(diary.loc[event, "new"]) == 1, (
        f"{diary.loc[event, 'day']}, {what} had changed, and the call made {len(diary.loc[event, 'new'])} new runs, expected one: it is not the run that was there."
    )
kept_then = mlflow.artifacts.load_text(f"{run_of('honest').info.artifact_uri}/source/features.py")
assert "rain_mm" not in kept_then, "The source of Monday's run is Thursday's. It must be what ran then: log the files themselves."
for event, expected in {"honest": "confirmed", "liar": "refuted", "plain": None}.items():
    said = run_of(event).data.tags.get("claim")
    assert said == expected, (
        f"{diary.loc[event, 'day']}, '{event}': the tag claim is {said!r}, expected {expected!r}. Compare the claim, if there is one, with the val_mae that you measured."
    )
children = [mlflow.get_run(run_id) for event in diary.index if event.startswith("study") for run_id in diary.loc[event, "new"]]
parents = {child.data.tags.get("mlflow.parentRunId") for child in children} - {None}
assert len(parents) == 1, (
    f"The study 'leaves' has {len(parents)} parents, expected one, for Ada's runs of Wednesday and Bo's of Thursday alike."
)
above = mlflow.get_run(parents.pop())
assert above.info.run_name == "leaves" and above.info.status == "FINISHED", (
    f"The study's parent is called {above.info.run_name!r} and is {above.info.status}, expected 'leaves' and FINISHED, though one child crashed."
)
stored = json.loads(mlflow.artifacts.load_text(f"{run_of('study, 31').info.artifact_uri}/settings.json"))
assert stored == {"max_leaf_nodes": 31, "max_iter": 40}, (
    f"settings.json of a run of the study holds {stored}, expected max_leaf_nodes as the number 31: turn NumPy's numbers into Python's."
)

# %% nbgrader={"grade": true, "grade_id": "judge-record", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, on another week, with other jobs and data: are name, tags, parameters, settings.json, source and dataset of everyday runs as agreed?
### BEGIN HIDDEN TESTS
from judging_record import hidden_week, plain_settings, same_settings

spent = hidden_week(record)
for event in ("plain", "one more setting", "before", "no study"):
    run, asked = spent.run(event), spent.events[event].asked
    about = f"In another week, {spent.events[event]}"
    assert run.status == "FINISHED", f"{about}: the run has the status {run.status}, expected FINISHED."
    folder, digits = asked["job"].rpartition("/")[2], run.tags.get("fingerprint", "")
    for tag, right in {"author": asked["author"], "job": folder, "data_sha256": spent.events[event].data_sha256}.items():
        assert run.tags.get(tag) == right, f"{about}: the tag {tag} is {run.tags.get(tag)!r}, expected {right!r}."
    assert len(digits) >= 6, f"{about}: the tag fingerprint is {digits!r}, expected what fingerprint says."
    assert run.name == f"{asked['author']}-{folder}-{digits[:6]}", f"{about}: the run is called {run.name!r}, expected AUTHOR-JOB-FFFFFF."
    wishes = plain_settings(asked["settings"])
    for key, value in wishes.items():
        assert run.params.get(key) == str(value), f"{about}: the parameter {key} is {run.params.get(key)!r}, expected {str(value)!r}."
    assert same_settings(run.files.get("settings.json", b"").decode(), wishes), (
        f"{about}: settings.json holds {run.files.get('settings.json')}, expected {wishes}: as they were before the training, numbers as numbers."
    )
    for file, content in spent.events[event].source.items():
        assert run.files.get(f"source/{file}") == content, f"{about}: source/{file} is missing or is not the file that ran."
    more = sorted(path for path in run.files if path.startswith("source/") and path[7:] not in spent.events[event].source)
    assert not more, f"{about}: in the folder source lies {', '.join(more)} too. Keep what counts as source, the .py files directly in the job's folder, and nothing else."
    assert "training" in run.contexts, f"{about}: there is no dataset with the context training."
    wrong = [rows for rows in run.training_rows if rows not in (None, spent.events[event].fitted)]
    assert not wrong, (
        f"{about}: the dataset with the context training has {wrong[0]} rows, and the model was to be fitted on {spent.events[event].fitted} hours. What it is measured on is no training data."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-record-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, on the same other week: is val_mae the error on the last two weeks of a model that was fitted on the weeks before, and is the logged model that one?
### BEGIN HIDDEN TESTS
from judging_record import hidden_week

spent = hidden_week(record)
for event in ("plain", "one more setting", "study 2"):
    run, what = spent.run(event), spent.events[event]
    shown = run.metrics.get("val_mae", float("nan"))
    leak = abs(shown - what.seen) < 1e-6
    assert abs(shown - what.truth) < 1e-6, f"In another week, {what}: val_mae is {shown:.4f}, expected {what.truth:.4f}. " + (
        "That is the error of a model that was fitted on all hours: it has seen those that it is measured on."
        if leak
        else "Fit on the first part of split, measure on the second."
    )
    assert what.measured is not None, (
        f"In another week, {what}: the run has no logged model. A number whose model is gone cannot be checked."
    )
    assert not isinstance(what.measured, str), f"In another week, {what}: the logged model cannot be used ({what.measured})."
    assert abs(what.measured - shown) < 1e-6, (
        f"In another week, {what}: val_mae is {shown:.4f}, and the model that was logged errs by {what.measured:.4f}. It must be the very model that was measured."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-record-3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, on the same other week: what is left of crashes in training and in reading the data, what the caller heard, and whether the calls after it went well.
### BEGIN HIDDEN TESTS
from judging_record import hidden_week, same_settings

spent = hidden_week(record)
for event, kinds, clue in [
    ("crash in training", ["InvalidParameterError"], "max_depth"),
    ("crash in reading", ["KeyError"], "rain_mm"),
    ("crash, then again", ["OSError"], "scratch disk"),
]:
    what = spent.events[event]
    about = f"In another week, {what}, a {event.partition(',')[0]}"
    assert what.raised, f"{about}: the caller heard nothing. Raise the exception again."
    assert what.raised.partition(":")[0] in kinds, f"{about}: the caller got {what.raised}, expected the {kinds[0]} itself."
    assert len(what.new) == 1, f"{about}: it left {len(what.new)} runs, expected one. Whatever may break comes after the run is open."
    run = spent.runs[what.new[0]]
    assert run.status == "FAILED", f"{about}: the run has the status {run.status}, expected FAILED."
    assert run.tags.get("error") in kinds, f"{about}: the tag error is {run.tags.get('error')!r}, expected {kinds[0]!r}."
    text = run.files.get("traceback.txt", b"").decode()
    assert "Traceback" in text and clue in text, f"{about}: traceback.txt holds {text[:60]!r}, expected the whole traceback."
    assert same_settings(run.files.get("settings.json", b"").decode(), what.asked["settings"]), (
        f"{about}: the settings are lost; settings.json holds {run.files.get('settings.json')}."
    )
    lost = [file for file in what.source if f"source/{file}" not in run.files] + [
        tag for tag in ("author", "job", "fingerprint", "data_sha256") if tag not in run.tags
    ]
    assert not lost, f"{about}: the run lacks {', '.join(lost)}. A crash needs them most."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-record-4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, on the same other week: the same run, asked for twice by two authors; a run that crashed, asked for again when the cause was mended; a run that
# stands in another experiment; and one that is still running.
### BEGIN HIDDEN TESTS
from judging_record import hidden_week

spent = hidden_week(record)
spent.run("again")
twice = spent.events["again"]
assert twice.run_id == spent.events["plain"].run_id and not twice.new, (
    f"In another week a second author asked for a run that was there: {len(twice.new)} new runs, expected none and the first one's id. Author and claim are not what makes a run."
)
kept = spent.run("plain")
assert kept.tags.get("author") == spent.events["plain"].asked["author"] and "claimed_val_mae" not in kept.metrics, (
    "In another week a second author asked for a run that was there, and the run has changed. record writes nothing then."
)
retried = spent.run("repeated", " once more, after a crash")
assert retried.status == "FINISHED" and spent.events["repeated"].new == [retried.id], (
    f"In another week a job crashed for want of disk space, and was asked for again when there was some. What came back is a run with the status {retried.status}: a crash is no result, so train again, in a run of its own."
)
apart = spent.run("elsewhere", " in a second experiment")
assert spent.events["elsewhere"].new == [apart.id], (
    "In another week a run was asked for in a second experiment, and record returned that of the first. Only a run in the experiment itself is there already."
)
resumed = spent.run("after a stop", " once more, since the first was never finished")
assert spent.events["after a stop"].new == [resumed.id] and resumed.status == "FINISHED", (
    "In another week a notebook was closed while it trained, and its run stayed RUNNING. The same was asked for again, and record did not train. Only a finished run is a result."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-record-5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, on the same other week: data that changed under the same name, a changed source file, a changed parameter. Is each a run of its own, true to its day?
### BEGIN HIDDEN TESTS
from judging_record import hidden_week

spent, before = hidden_week(record), set()
for event in ("before", "other data", "other source", "other setting"):
    run, what = spent.run(event), spent.events[event]
    assert what.new == [run.id], (
        f"In another week, {what}, called '{event}': {len(what.new)} new runs, expected one. Something had changed since the last run."
    )
    assert abs(run.metrics.get("val_mae", -1.0) - what.truth) < 1e-6, (
        f"In another week, {what}, called '{event}': val_mae is {run.metrics.get('val_mae')}, expected {what.truth:.4f} on the data and source of that day."
    )
    assert run.tags.get("data_sha256") == what.data_sha256, (
        f"In another week, '{event}': the tag data_sha256 is not that of the file of that day."
    )
    stale = [file for file, content in what.source.items() if run.files.get(f"source/{file}") != content]
    assert not stale, f"In another week, '{event}': source/{stale[0]} is not what ran on that day."
    before.add(run.tags.get("fingerprint"))
assert len(before) == 4, f"In another week four different runs have {len(before)} different fingerprints."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-record-6", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, on the same other week: claims that are near enough, a little too bad, zero, and none at all.
### BEGIN HIDDEN TESTS
from judging_record import hidden_week

spent = hidden_week(record)
for name, right in {
    "claim near above": "confirmed",
    "claim near below": "confirmed",
    "claim too bad": "refuted",
    "claim zero": "refuted",
    "one more setting": None,
}.items():
    run, claim, truth = spent.run(name), spent.events[name].asked.get("claim"), spent.events[name].truth
    shown = run.metrics.get("claimed_val_mae")
    about = f"In another week somebody claimed {claim} where val_mae is {truth:.3f}"
    about += "" if claim is None else f", {abs(claim - truth) / truth:.2%} of val_mae away"
    assert run.tags.get("claim") == right, (
        f"{about}: the tag claim is {run.tags.get('claim')!r}, expected {right!r}. At most 5 % of val_mae (not of the claim), up or down."
    )
    assert shown == claim if claim is not None else shown is None, f"{about}: the metric claimed_val_mae is {shown}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-record-7", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, on the same other week: a study by two authors, with NumPy's numbers and a crash in the middle, and runs that belong to none.
### BEGIN HIDDEN TESTS
from judging_record import hidden_week, same_settings

spent = hidden_week(record)
members = [
    spent.run("study 1"),
    spent.run("study 2"),
    *(spent.runs[run_id] for run_id in spent.events["study, crash"].new if spent.runs[run_id].status == "FAILED"),
]
assert len(members) == 3, "In another week a run of a study crashed, and left no failed run."
tops = {run.parent for run in members}
assert len(tops) == 1 and None not in tops, (
    f"In another week three runs of one study have {len(tops - {None})} parents, expected one, also where another author goes on."
)
(top,) = (spent.runs.get(run_id) for run_id in tops)
assert top is None or top.id != spent.decoy, (
    "In another week the parent of a study's runs is a run that somebody had logged by hand, that bears the study's name and groups nothing. A name alone does not tell."
)
assert top is not None and top.name == "depths", "In another week the parent of a study's runs does not have the study's name."
assert top.status == "FINISHED", f"In another week a study has the status {top.status} after a child crashed, expected FINISHED."
assert "val_mae" not in top.metrics, "In another week a study's parent has a val_mae, and would stand on the leaderboard."
alone = [event for event in ("plain", "before", "no study") if spent.run(event).parent]
assert not alone, "In another week a run that belongs to no study has a parent."
for run, event in zip(members, ("study 1", "study 2")):
    assert same_settings(run.files.get("settings.json", b"").decode(), spent.events[event].asked["settings"]), (
        f"In another week a study's settings were NumPy's numbers; settings.json holds {run.files.get('settings.json')}, expected Python's."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · A leaderboard of what can be compared
#
# Here is the table that Noor read from, made by one line. It looks into September's experiment, which `play_september` writes as the team had it: half of the runs with tags, half without.

# %% nbgrader={"grade": false, "grade_id": "september", "locked": true, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
september = new_experiment("september")
play_september(september, "hours.csv")

# %%
leaderboard_as_found = mlflow.search_runs(experiment_names=[september], order_by=["metrics.val_mae ASC"])
leaderboard_as_found[["tags.mlflow.runName", "status", "metrics.val_mae", "tags.data_sha256", "tags.fingerprint"]]

# %% [markdown]
# Two numbers can be compared only if they measure the same thing: the errors of two different models, on the same hours, by the same formula. On a leaderboard each row that breaks this makes the others useless. So each run either gets a rank, or a **reason** why it has none:
#
# | reason | when |
# |:--|:--|
# | `group` | another run names it as its parent |
# | `unfinished` | its status is not `FINISHED` |
# | `no data hash` | it has no tag `data_sha256` |
# | `other data` | its tag `data_sha256` is not the SHA-256 of the file by which the leaderboard is made |
# | `no model` | it logged no model, so its number cannot be checked |
# | `refuted` | its `val_mae` is missing, or differs from the error that you measure by more than 1 % of the latter |
# | `duplicate` | it has the same fingerprint as a run that started earlier and has a rank |
#
# A run without a fingerprint is nobody's duplicate: nothing is known about it.

# %% [markdown]
# ### Exercise 3 — The leaderboard
# *Difficulty ●●● · about 35 minutes*
#
# Write `leaderboard(experiment, data)`. It returns a DataFrame with one row for each run in the experiment, and with the columns
#
# - `run_id` and `author` (the tag);
# - `val_mae`: the error of the run's *logged model* on the hours to measure on in the file `data`, as you measured it now; missing where you did not;
# - `rank`: 1 for the lowest error, then 2, 3, …, each once (equal errors in either order); missing for runs without a rank;
# - `reason`: one of the above for runs without a rank, an empty text for the others. If several reasons hold, any of them will do.
#
# Ranked runs come first, the best on top. Nothing in the store changes. All logged models here can be loaded. (At work one that cannot would be `no model` too.)
#
# Done means: it holds for September, and for other experiments: with none or many duplicates, with nobody's tags at all, and with no runs.
#
# <details><summary>Hint 1</summary>Go through the runs in the order in which they started. For each, ask one question after another; the first that holds is the reason. Only a run that passes all of them adds its fingerprint to those seen.</details>
# <details><summary>Hint 2</summary><code>mlflow.search_runs(experiment_names=[…], order_by=["attributes.start_time ASC"], output_format="list")</code> gives runs, whose tags are a dictionary: <code>run.data.tags.get("fingerprint")</code> is <code>None</code> where there is none. (In the table form a tag that
# no run has is not even a column.) Collect the parents' ids first. <code>model_of</code> and <code>mean_error</code> measure. At the end sort by rank: <code>pd.DataFrame(rows, columns=[…])</code> has its columns without any rows too.</details>


# %% nbgrader={"grade": false, "grade_id": "board", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaderboard(experiment, data):
    """Return a row for each run: run_id, author, val_mae (measured), rank, reason (why it has no rank)."""
    ### BEGIN SOLUTION
    runs = mlflow.search_runs(experiment_names=[experiment], order_by=["attributes.start_time ASC"], output_format="list")
    parents = {run.data.tags.get("mlflow.parentRunId") for run in runs}
    content, hours, seen, rows = sha256(data), split(read_hours(data))[1], set(), []
    for run in runs:
        tags, measured, reason = run.data.tags, None, ""
        if run.info.run_id in parents:
            reason = "group"
        elif run.info.status != "FINISHED":
            reason = "unfinished"
        elif "data_sha256" not in tags:
            reason = "no data hash"
        elif tags["data_sha256"] != content:
            reason = "other data"
        elif (model := model_of(run.info.run_id)) is None:
            reason = "no model"
        else:
            measured = mean_error(model, hours)
            shown = run.data.metrics.get("val_mae", float("inf"))
            if abs(shown - measured) > 0.01 * measured:
                reason = "refuted"
            elif tags.get("fingerprint") in seen:
                reason = "duplicate"
            else:
                seen |= {tags["fingerprint"]} if "fingerprint" in tags else set()
        rows.append({"run_id": run.info.run_id, "author": tags.get("author"), "val_mae": measured, "reason": reason})
    table = pd.DataFrame(rows, columns=["run_id", "author", "val_mae", "rank", "reason"])
    table["rank"] = table["val_mae"].astype(float).where(table["reason"] == "").rank(method="first")
    return table.sort_values("rank", ignore_index=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-board", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
board = leaderboard(september, "hours.csv")
assert isinstance(board, pd.DataFrame), f"leaderboard returned a {type(board).__name__}, expected a DataFrame."
assert {"run_id", "author", "val_mae", "rank", "reason"} <= set(board), (
    f"The leaderboard has the columns {list(board)}, expected run_id, author, val_mae, rank, reason."
)
assert len(board) == 11 and board["run_id"].nunique() == 11, (
    f"September has 11 runs, and the leaderboard {len(board)} rows, expected one for each run."
)
names = {run.info.run_id: run.info.run_name for run in mlflow.search_runs(experiment_names=[september], output_format="list")}
named = board.assign(name=board["run_id"].map(names)).set_index("name")
for name, expected, why in [
    ("cy: final2", "refuted", "Its number is the error on the hours that its model was fitted on. Measure the logged model on the others."),
    ("ada: boosting", "other data or refuted", "It was measured on summer.csv: easier weeks."),
    ("bo: tree again", "no data hash", "Its number is right, but nobody can know on which hours."),
    ("ada: leaves", "group or no model", "It only groups Ada's runs, though somebody logged a number to it."),
    ("cy: average", "no model", "Nobody can check its number."),
    ("bo: test", "unfinished or no model or refuted", "Its notebook was closed."),
    ("cy: copy of bo", "duplicate", "It has the fingerprint of Bo's tree, which started earlier."),
    ("bo: tree", "", "It is an honest run on this data, and the first with its fingerprint."),
]:
    said = named.loc[name, "reason"]
    said = "" if pd.isna(said) else said
    assert said in expected.split(" or "), f"September, '{name}': the reason is {said!r}, expected {expected!r}. {why}"

# %% nbgrader={"grade": true, "grade_id": "test-board-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
board = leaderboard(september, "hours.csv")
names = {run.info.run_id: run.info.run_name for run in mlflow.search_runs(experiment_names=[september], output_format="list")}
ranked = board[pd.to_numeric(board["rank"], errors="coerce").notna()]
assert [names[run_id] for run_id in ranked["run_id"]] == ["bo: tree", "ada: 15 leaves", "ada: 31 leaves"], (
    f"The ranked runs of September are {[names[run_id] for run_id in ranked['run_id']]}, expected Bo's tree, Ada's 15 and Ada's 31 leaves, in this order and on top."
)
assert ranked["rank"].tolist() == [1, 2, 3], f"The ranks are {ranked['rank'].tolist()}, expected 1, 2, 3."
measured_now = mean_error(model_of(ranked["run_id"].iloc[0]), split(read_hours("hours.csv"))[1])
assert abs(ranked["val_mae"].iloc[0] - measured_now) < 1e-6, (
    f"val_mae of the first row is {ranked['val_mae'].iloc[0]:.3f}, and its model errs by {measured_now:.3f}."
)
on_summer = leaderboard(september, "summer.csv")
first_there = on_summer[on_summer["rank"] == 1]["run_id"].map(names).tolist()
assert first_there == ["ada: boosting"], (
    f"On summer.csv the first rank belongs to {first_there}, expected 'ada: boosting': the only run on that data."
)

# %% nbgrader={"grade": true, "grade_id": "judge-board", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: another city's experiment, with runs for each of the reasons, numbers that are too good and too bad, and some that were rounded.
### BEGIN HIDDEN TESTS
from judgekit import drawn
from judgekit_mlflow import own_store
from judging import fresh_hours
from judging_board import check_board, make_board

with own_store() as folder:
    seed = drawn("board").randrange(10**6)
    for name, number in [("now", seed), ("then", seed + 1)]:
        fresh_hours(number).to_csv(folder / f"{name}.csv", index=False)
    now, then = (str(folder / f"{name}.csv") for name in ("now", "then"))
    kinds = [
        "good",
        "child",
        "crashed",
        "rounded",
        "no hash",
        "other data",
        "on train",
        "running",
        "no model",
        "too low",
        "child",
        "no number",
        "too high",
        "killed",
    ]
    experiment, truth = make_board(folder, "all-kinds", kinds, now, then)
    why = {
        "group": "Other runs name it as their parent, and its number is nobody's.",
        "on train": "Its val_mae is the error on the hours that it was fitted on.",
        "too low": "Its val_mae is 2 % lower than what its model makes.",
        "too high": "Its val_mae is above what its model makes by just over 1 % of what you measure (and just under 1 % of what was logged): a wrong number that makes a model look bad is wrong too.",
        "rounded": "Its val_mae was rounded to one decimal: well within 1 % of what its model makes.",
        "no number": "It has no val_mae.",
        "child": "That it has a parent is nothing against it.",
    }
    check_board(leaderboard(experiment, now), truth, "In another experiment", why)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-board-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: fingerprints. Some appear three times; of some the first run crashed, or was measured wrongly, or on other data; and several runs have none.
### BEGIN HIDDEN TESTS
from judgekit import drawn
from judgekit_mlflow import own_store
from judging import fresh_hours
from judging_board import check_board, make_board

with own_store() as folder:
    seed = drawn("twins").randrange(10**6)
    for name, number in [("now", seed), ("then", seed + 1)]:
        fresh_hours(number).to_csv(folder / f"{name}.csv", index=False)
    now, then = (str(folder / f"{name}.csv") for name in ("now", "then"))
    kinds = [
        "by hand",
        "good #1",
        "crashed #2",
        "too low #3",
        "duplicate #1",
        "good #2",
        "by hand",
        "good #3",
        "duplicate #2",
        "by hand",
        "duplicate #1",
    ]
    experiment, truth = make_board(folder, "twins", kinds, now, then)
    why = {
        "by hand": "It has no fingerprint, so it is nobody's duplicate, even if others have none either.",
        "good": "If an earlier run has its fingerprint, that one has no rank; the first run that deserves one gets it.",
        "duplicate": "An earlier run with its fingerprint has a rank.",
    }
    check_board(leaderboard(experiment, now), truth, "In an experiment with duplicates", why)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-board-3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: an experiment in which all was logged by hand, ranked by one data file and then by another; and an experiment without runs.
### BEGIN HIDDEN TESTS
from judgekit import drawn
from judgekit_mlflow import own_store
from judging import fresh_hours, make_experiment, runs_of
from judging_board import check_board, make_board, read_board

with own_store() as folder:
    seed = drawn("hand").randrange(10**6)
    for name, number in [("now", seed), ("then", seed + 1)]:
        fresh_hours(number).to_csv(folder / f"{name}.csv", index=False)
    now, then = (str(folder / f"{name}.csv") for name in ("now", "then"))
    experiment, truth = make_board(folder, "by-hand", ["by hand", "by hand", "no hash", "by hand"], now, then)

    def look():
        return [(run.info.run_id, run.info.status, run.data.tags, run.data.metrics) for run in runs_of(experiment)]

    store = look()
    try:
        first = leaderboard(experiment, now)
    except Exception as error:
        raise AssertionError(
            f"Where no run has a fingerprint or a parent, leaderboard stopped with {type(error).__name__}: {error}"
        ) from None
    check_board(first, truth, "In an experiment that was logged by hand")
    turned = {
        run_id: ("run", reasons if kind == "no hash" else {"other data", "refuted", *reasons} - {""}, error)
        for run_id, (kind, reasons, error) in truth.items()
    }
    check_board(leaderboard(experiment, then), turned, "By another data file")
    assert look() == store, "leaderboard has changed the store. It only reads."
    try:
        nothing = leaderboard(make_experiment(folder, "empty"), now)
    except Exception as error:
        raise AssertionError(f"In an experiment without runs leaderboard stopped with {type(error).__name__}: {error}") from None
    assert len(read_board(nothing, "In an experiment without runs")) == 0, "In an experiment without runs the leaderboard has rows."
### END HIDDEN TESTS

# %% [markdown]
# Of September's eleven rows three can be compared, and none of them shows anything like 8.5. Now the week that your system recorded, by the data as they are now, on Friday night:

# %% tags=["uses-answers"]
standing = leaderboard(week, "week/hours.csv")
names = {run.info.run_id: run.info.run_name for run in mlflow.search_runs(experiment_names=[week], output_format="list")}
standing.assign(run=standing["run_id"].map(names))[["run", "author", "val_mae", "rank", "reason"]]

# %% [markdown]
# Two rows were logged by hand in spite of you, by Cy, on Friday night. What became of them?

# %% [markdown]
# ## Part 4 · What changed?
#
# On Monday Ada's job had erred by 27 trips per hour. On Wednesday the same job with the same settings erred by 14, and on Thursday by less. Ada thinks that she has halved the error. Bo compares the runs with the function that the team has for this:


# %%
def what_changed_as_found(run_id, other_id):
    before, after = (mlflow.get_run(one).data.params for one in (run_id, other_id))
    return {name: (before.get(name), after.get(name)) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


# %% tags=["uses-answers"]
for event in ("changed data", "changed source", "changed parameter"):
    print(f"{event:18}", what_changed_as_found(diary.loc["honest", "run_id"], diary.loc[event, "run_id"]))

# %% [markdown]
# "Nothing", it says twice, and twice something had: it looks at the parameters alone. Parameters are also texts, in which `1` and `"1"` are alike. Since `record` keeps the data's hash, the source and the settings with their types, the store can answer the question properly, even after the files are gone.
#
# And where a run was logged by hand? Then nobody knows. **Unknown is not the same as unchanged**: a function that says "no change" because both hashes are missing is worse than none.

# %% [markdown]
# ### Exercise 4 — What changed?
# *Difficulty ●●○ · about 25 minutes*
#
# Write `what_changed(run_id, other_id)`. From the store alone, for runs that keep the team's agreement or break it, it returns a dictionary with three entries:
#
# - `"data"`: `True` if the tags `data_sha256` differ, `False` if not, and the text `"unknown"` if one of the runs has none.
# - `"source"`: a list of the names of those `.py` files in the artefact folder `source` that were changed, added or removed (other files that lie there do not count); `"unknown"` if one of the runs has no such folder.
# - `"settings"`: a dictionary from the name of each setting that differs to a pair, before and after, as they are in `settings.json`; the text `"not set"` stands for a setting that is not there. Values of different type differ, also `1`, `1.0` and `True`, and also deep inside lists and dictionaries. `"unknown"` if one of the runs has no `settings.json`.
#
# Done means: it answers for the pairs that `play_pairs` writes, and for others.
#
# <details><summary>Hint 1</summary>Write a small function for each of the three that reads it from one run, and gives <code>None</code> where there is nothing. Then compare two results. In Python <code>1 == 1.0 == True</code>: how could you compare so that they differ?</details>
# <details><summary>Hint 2</summary><code>MlflowClient().list_artifacts(run_id, "source")</code> lists files, each with a <code>path</code>, and nothing if there is no such folder. <code>mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{path}")</code> and <code>load_dict</code> read them. To compare values
# with their types at any depth, remember how you told them apart in Exercise 1.</details>


# %% nbgrader={"grade": false, "grade_id": "changes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def what_changed(run_id, other_id):
    """Return what differs between two runs: data (bool), source (list of files), settings ({name: (before, after)})."""
    ### BEGIN SOLUTION
    (data, source, settings), (other_data, other_source, other_settings) = contents(run_id), contents(other_id)
    changes = dict.fromkeys(["data", "source", "settings"], "unknown")
    if data and other_data:
        changes["data"] = data != other_data
    if source and other_source:
        changes["source"] = sorted(name for name in source.keys() | other_source.keys() if source.get(name) != other_source.get(name))
    if settings is not None and other_settings is not None:
        pairs = {name: (settings.get(name, "not set"), other_settings.get(name, "not set")) for name in settings | other_settings}
        changes["settings"] = {
            name: pair for name, pair in pairs.items() if len({json.dumps(value, sort_keys=True) for value in pair}) == 2
        }
    return changes


def contents(run_id):
    run, client = mlflow.get_run(run_id), MlflowClient()
    source = {
        file.path.split("/")[-1]: mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{file.path}")
        for file in client.list_artifacts(run_id, "source")
        if file.path.endswith(".py")
    }
    has_settings = "settings.json" in [file.path for file in client.list_artifacts(run_id)]
    settings = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/settings.json") if has_settings else None
    return run.data.tags.get("data_sha256"), source, settings
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-changes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
pairs = play_pairs(new_experiment("pairs"))
for event, data_is, source_is, settings_are, why in [
    ("nothing", False, [], {}, "These runs differ in the order of their settings alone."),
    ("data", True, [], {}, "The data's hashes differ."),
    ("source", False, ["features.py"], {}, "features.py has another line."),
    ("settings", False, [], {"max_leaf_nodes": (15, 31), "max_iter": ("not set", 80)}, "One setting has another value, and one is new."),
    (
        "by hand",
        "unknown",
        "unknown",
        "unknown",
        "The second run has no data hash, no source and no settings.json: unknown is not unchanged.",
    ),
]:
    change = what_changed(*pairs[event])
    assert isinstance(change, dict) and {"data", "source", "settings"} <= set(change), (
        f"what_changed returned {change!r}, expected a dictionary with data, source and settings."
    )
    assert change["data"] == data_is, f"Pair '{event}': data is {change['data']!r}, expected {data_is!r}. {why}"
    files = change["source"] if isinstance(change["source"], str) else sorted(change["source"])
    assert files == source_is, f"Pair '{event}': source is {files!r}, expected {source_is!r}. {why}"
    values = change["settings"] if isinstance(change["settings"], str) else {name: tuple(pair) for name, pair in change["settings"].items()}
    assert values == settings_are, f"Pair '{event}': settings is {values!r}, expected {settings_are!r}. {why}"

# %% nbgrader={"grade": true, "grade_id": "judge-changes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: other pairs, in which files were changed, added and removed, several things changed at once, and values changed only in type.
### BEGIN HIDDEN TESTS
import json

from judgekit import drawn
from judgekit_mlflow import own_store
from judging import make_experiment
from judging_changes import SOURCES, put_recorded, read_change

with own_store() as folder:
    experiment, chance = make_experiment(folder, "pairs"), drawn("pairs")
    low, high = sorted(chance.sample(range(2, 90), 2))
    settings = {"n": low, "max_features": 1, "depth": None, "warm": True, "limits": {"a": 1, "b": 2}}
    before = put_recorded(experiment, 0, SOURCES, settings)
    cases = [
        ("A source file was added", {**SOURCES, "helper.py": "X = 1\n"}, settings, "d" * 64, False, {"helper.py"}, {}),
        ("A source file was removed", {"train.py": SOURCES["train.py"]}, settings, "d" * 64, False, {"columns.py"}, {}),
        (
            "Two source files swapped their contents",
            dict(zip(SOURCES, reversed(SOURCES.values()))),
            settings,
            "d" * 64,
            False,
            set(SOURCES),
            {},
        ),
        (
            "Data, source and a setting changed",
            {**SOURCES, "columns.py": "\n"},
            {**settings, "n": high},
            "e" * 64,
            True,
            {"columns.py"},
            {"n": (low, high)},
        ),
        (
            "max_features changed from 1 to 1.0",
            SOURCES,
            {**settings, "max_features": 1.0},
            "d" * 64,
            False,
            set(),
            {"max_features": (1, 1.0)},
        ),
        ("warm changed from True to 1", SOURCES, {**settings, "warm": 1}, "d" * 64, False, set(), {"warm": (True, 1)}),
        ("n changed from a number to a text", SOURCES, {**settings, "n": str(low)}, "d" * 64, False, set(), {"n": (low, str(low))}),
        (
            "A setting that was None is gone",
            SOURCES,
            {name: value for name, value in settings.items() if name != "depth"},
            "d" * 64,
            False,
            set(),
            {"depth": (None, "not set")},
        ),
        ("A number in a nested setting changed from 1 to 1.0", SOURCES, {**settings, "limits": {"a": 1.0, "b": 2}}, "d" * 64, False, set(), {"limits": ({"a": 1, "b": 2}, {"a": 1.0, "b": 2})}),
        ("Notes lie beside the source, and a nested setting is written in another order", {**SOURCES, "notes.txt": "to do"}, {**settings, "limits": {"b": 2, "a": 1}}, "d" * 64, False, set(), {}),
    ]
    for number, (what, source, wishes, content, data_right, files_right, values_right) in enumerate(cases, 1):
        after = put_recorded(experiment, number, source, wishes, content)
        data_said, files_said, values_said = read_change(what_changed(before, after), what)
        assert data_said == data_right, f"{what}: data is {data_said!r}, expected {data_right!r}."
        assert files_said == files_right, f"{what}: source is {files_said!r}, expected {sorted(files_right)}."
        right = {name: json.dumps(list(pair)) for name, pair in values_right.items()}
        assert values_said == right, (
            f"{what}: settings is {values_said!r}, expected {values_right!r}: values with their types, before and after."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-changes-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: runs that lack the data's hash, the source or settings.json, one of the two or both; and empty settings, which are not missing ones.
### BEGIN HIDDEN TESTS
import json

from judgekit import drawn
from judgekit_mlflow import own_store
from judging import make_experiment
from judging_changes import SOURCES, put_recorded, read_change

with own_store() as folder:
    experiment, chance = make_experiment(folder, "gaps"), drawn("gaps")
    depth = chance.randrange(2, 20)
    whole = {"source": SOURCES, "settings": {"depth": depth}, "data": "d" * 64}
    cases = [
        ("Both runs have no data hash", {**whole, "data": None}, {**whole, "data": None}, ("unknown", set(), {})),
        ("The first run has no data hash", {**whole, "data": None}, whole, ("unknown", set(), {})),
        ("Both runs have no source", {**whole, "source": None}, {**whole, "source": None}, (False, "unknown", {})),
        ("The second run has no source", whole, {**whole, "source": None}, (False, "unknown", {})),
        ("Both runs have no settings.json", {**whole, "settings": None}, {**whole, "settings": None}, (False, set(), "unknown")),
        ("The first run has empty settings", {**whole, "settings": {}}, whole, (False, set(), {"depth": ("not set", depth)})),
        ("Both runs have empty settings", {**whole, "settings": {}}, {**whole, "settings": {}}, (False, set(), {})),
    ]
    for number, (what, one, two, (data_right, files_right, values_right)) in enumerate(cases):
        ids = [put_recorded(experiment, 2 * number + place, **content) for place, content in enumerate((one, two))]
        try:
            change = what_changed(*ids)
        except Exception as error:
            raise AssertionError(f"{what}: what_changed stopped with {type(error).__name__}: {error}") from None
        right = values_right if isinstance(values_right, str) else {name: json.dumps(list(pair)) for name, pair in values_right.items()}
        for part, said, expected in zip(("data", "source", "settings"), read_change(change, what), (data_right, files_right, right)):
            assert said == expected, (
                f"{what}: {part} is {said!r}, expected {expected!r}. Unknown is not unchanged, and empty is not missing."
            )
### END HIDDEN TESTS

# %% [markdown]
# Now the question about Ada's week has an answer:

# %% tags=["uses-answers"]
for before, after in [("honest", "changed data"), ("changed data", "changed source"), ("changed source", "changed parameter")]:
    errors = [mlflow.get_run(diary.loc[event, "run_id"]).data.metrics["val_mae"] for event in (before, after)]
    print(f"{errors[0]:.2f} → {errors[1]:.2f} trips per hour:", what_changed(diary.loc[before, "run_id"], diary.loc[after, "run_id"]))

# %% [markdown]
# How much of the way from 27 down to Friday's error is Ada's own work?
#
# <details><summary>What we see</summary>Nearly thirteen of it are the data: on three days of the last two weeks trips had been counted twice, and on Wednesday somebody put that right, in the same file. No model became better by it. What rain and more trees brought is a small part, and only that can be compared.</details>

# %% [markdown]
# ## Part 5 · Clean up, by a rule
#
# A store grows: crashed runs, forgotten ones, copies. Here is the function by which Cy had tidied up, and what it does to an experiment that `play_attic` fills with old runs, one of which stands behind the model that is live. In MLflow's registry a
# **registered model** is a name under which models are given out for use, each as a numbered **version**, and a version remembers the run that it comes from.


# %%
def tidy_up_as_found(experiment):
    for run in mlflow.search_runs(experiment_names=[experiment], output_format="list"):
        if run.info.status != "FINISHED" or "test" in run.info.run_name:
            mlflow.delete_run(run.info.run_id)


# %% nbgrader={"grade": false, "grade_id": "friday", "locked": true, "schema_version": 3, "solution": false, "task": false}
friday = dt.datetime(2025, 10, 10, 20, 0, tzinfo=dt.UTC)

# %%
attic = new_experiment("attic")
runs_there = play_attic(attic, "night-forecast", friday)
tidy_up_as_found(attic)
for name, run_id in runs_there.items():
    print(f"{mlflow.get_run(run_id).info.lifecycle_stage:8} {name}")

# %% [markdown]
# The run behind the live model is gone: its training was fine, then a plot crashed, and it counted as failed. Gone is the run that had been shown to the committee, the parent of a study whose child is alive, and a good run with an unlucky name. It kept all the copies.
#
# MLflow's `delete_run` is a soft one: the run gets the stage `deleted`, is no longer found by `search_runs`, and `MlflowClient().restore_run` brings it back, until somebody runs `mlflow gc`. Deleting a parent does not delete its children. Tags cannot be written to a run that is deleted.
#
# Should a team delete at all? Results: never. Whoever deletes what turned out badly makes the rest look better than it is. Rubbish: by a rule that was agreed *before*, and that leaves a reason. This is the team's:
#
# > 1. **What may go** is older than 30 days (from its start to `now`) and holds no result. Either it `crashed` (status `FAILED` or `KILLED`), or it was `abandoned` (any other status but `FINISHED`), or it is a `duplicate`: finished, with the fingerprint of a *finished* run that started earlier.
# > 2. **What stays in any case**: a run with the tag `keep`, whatever its value, an empty one too; a run from which a version of a registered model comes; and the parent of a run that stays, for whatever reason that one stays.
# > 3. Before a run is deleted it gets the tag `deleted_because`, with the word from rule 1.

# %% [markdown]
# ### Exercise 5 — The clean-up
# *Difficulty ●●○ · about 25 minutes*
#
# Write `clean_up(experiment, now, dry_run=True)`. It applies the rule to the experiment. `now` is a `datetime` with a time zone. It returns a dictionary from the id of each run that goes to the reason. With `dry_run=True` that is all: nothing in the store changes. With `dry_run=False` it tags and deletes these runs.
#
# Done means: it holds for the attic, and for others with other ages, studies and registered models.
#
# <details><summary>Hint 1</summary>Three steps: who may go, by rule 1; who of them stays after all, by rule 2; then, if it is no dry run, tag and delete. A parent is only decided when its children are.</details>
# <details><summary>Hint 2</summary>MLflow counts time in milliseconds since 1970, in UTC: <code>now.timestamp() * 1000 - run.info.start_time</code>. Whether a registered version comes from a run: <code>MlflowClient().search_model_versions(f"run_id = '{run_id}'")</code>. The parent of a run is in its tag
# <code>mlflow.parentRunId</code>. For duplicates go through the finished runs by start time; runs without a fingerprint are nobody's duplicate.</details>


# %% nbgrader={"grade": false, "grade_id": "attic", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clean_up(experiment, now, dry_run=True):
    """Return {run id: reason} of the runs that go by the team's rule; delete them if it is no dry run."""
    ### BEGIN SOLUTION
    client, going, seen = MlflowClient(), {}, set()
    runs = mlflow.search_runs(experiment_names=[experiment], order_by=["attributes.start_time ASC"], output_format="list")
    for run in runs:
        mark, status = run.data.tags.get("fingerprint"), run.info.status
        if status != "FINISHED":
            reason = "crashed" if status in ("FAILED", "KILLED") else "abandoned"
        else:
            reason = "duplicate" if mark in seen else ""
            seen |= {mark} - {None}
        old = now.timestamp() * 1000 - run.info.start_time > 30 * 24 * 3600 * 1000
        kept = "keep" in run.data.tags or client.search_model_versions(f"run_id = '{run.info.run_id}'")
        if reason and old and not kept:
            going[run.info.run_id] = reason
    for _ in runs:  # a parent that stays may have a parent itself
        for run in runs:
            if run.info.run_id not in going:
                going.pop(run.data.tags.get("mlflow.parentRunId"), None)
    for run_id, reason in going.items() if not dry_run else ():
        client.set_tag(run_id, "deleted_because", reason)
        client.delete_run(run_id)
    return going
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-attic", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
full_attic = new_experiment("attic")
by_name = play_attic(full_attic, "night-forecast", friday)
would_go = clean_up(full_attic, friday)
assert isinstance(would_go, dict), f"clean_up returned a {type(would_go).__name__}, expected a dictionary: run id and reason."
gone = [name for name, run_id in by_name.items() if mlflow.get_run(run_id).info.lifecycle_stage == "deleted"]
assert not gone, f"A dry run deleted {', '.join(gone)}. With dry_run=True, which is the default, nothing changes."
for name, expected, why in [
    ("live, its plot crashed", None, "A version of a registered model comes from it."),
    ("shown to the committee", None, "It has the tag keep."),
    ("crashed last week", None, "It is 8 days old."),
    ("third of three", None, "It is a duplicate, but 5 days old."),
    ("study", None, "It is the parent of a run that stays."),
    ("the repetition, a test", None, "It finished. The earlier run with its fingerprint crashed, and a name says nothing."),
    ("old and good", None, "It is a result, however old."),
    ("typing error", "crashed", "It failed 40 days ago."),
    ("notebook closed", "abandoned", "It has been running for 60 days."),
    ("first of three", None, "It is the first with its fingerprint."),
    ("second of three", "duplicate", "A finished run with its fingerprint started earlier."),
    ("empty study", "crashed", "It failed, and its only child goes too."),
]:
    said = would_go.get(by_name[name])
    assert said == expected, f"The attic, '{name}': clean_up says {said!r}, expected {expected!r}. {why}"
clean_up(full_attic, friday, dry_run=False)
left = mlflow.get_run(by_name["second of three"])
assert left.info.lifecycle_stage == "deleted" and left.data.tags.get("deleted_because") == "duplicate", (
    f"With dry_run=False the second of three is {left.info.lifecycle_stage}, and its tag deleted_because is {left.data.tags.get('deleted_because')!r}. Expected: deleted, with the reason. Write the tag before you delete."
)

# %% nbgrader={"grade": true, "grade_id": "judge-attic", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a dry run on another attic, at another time and in another time zone: does each run go or stay as the rule says, and for the right reason?
### BEGIN HIDDEN TESTS
import datetime as dt

from judgekit import drawn
from judgekit_mlflow import own_store
from judging import runs_of
from judging_attic import make_attic, stages

with own_store() as folder:
    hours_east = drawn("zone").choice([-7, 2, 9])
    then = dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=hours_east)))
    experiment, truth = make_attic(folder, "another-attic", then)
    before = [(run.info.run_id, run.info.lifecycle_stage, run.data.tags) for run in runs_of(experiment)]
    named = clean_up(experiment, then, dry_run=True)
    assert isinstance(named, dict), f"In another attic clean_up returned a {type(named).__name__}, expected a dictionary."
    strange = set(named) - set(stages(experiment))
    assert not strange, f"In another attic clean_up names {strange.pop()!r}, which is no run's id."
    for run_id, (kind, reasons) in truth.items():
        assert run_id in named or not reasons, f"In another attic a run stays that should go as {' or '.join(reasons)}: {kind}."
        assert run_id not in named or reasons, f"In another attic a run goes ({named[run_id]}) that should stay: {kind}."
        assert not reasons or named[run_id] in reasons, (
            f"In another attic a run ({kind}) goes as {named[run_id]!r}, expected {' or '.join(reasons)}."
        )
    after = [(run.info.run_id, run.info.lifecycle_stage, run.data.tags) for run in runs_of(experiment)]
    assert after == before, "A dry run on another attic has changed the store."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-attic-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: another attic is cleaned up, twice. What is left, what does it say of what went, and does the second time find anything more?
### BEGIN HIDDEN TESTS
import datetime as dt

from judgekit_mlflow import own_store
from judging import runs_of
from judging_attic import make_attic, stages
from mlflow import MlflowClient
from mlflow.entities import ViewType

with own_store() as folder:
    then = dt.datetime(2026, 5, 3, 6, tzinfo=dt.UTC)
    experiment, truth = make_attic(folder, "third-attic", then)
    named = clean_up(experiment, then, dry_run=False)
    stage, tags = stages(experiment), {run.info.run_id: run.data.tags for run in runs_of(experiment, ViewType.ALL)}
    for run_id, (kind, reasons) in truth.items():
        right = "deleted" if reasons else "active"
        assert stage.get(run_id) == right, f"After a clean-up a run ({kind}) is {stage.get(run_id)}, expected {right}."
        said = tags[run_id].get("deleted_because")
        assert said in reasons if reasons else said is None, (
            f"After a clean-up the tag deleted_because of a run ({kind}) is {said!r}, expected {' or '.join(reasons) or 'none'}."
        )
    assert set(named) == {run_id for run_id, (_, reasons) in truth.items() if reasons}, "clean_up deleted other runs than it returned."
    again = clean_up(experiment, then, dry_run=False)
    assert not again, f"A second clean-up at the same time took {len(again)} more runs, expected none."
    assert len(MlflowClient().search_model_versions("name = 'model-third-attic'")) == 2, "The clean-up took a version out of the registry."
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# Friday 10 October, eight in the evening. The week in a picture: what your system measured, and what people had announced.

# %% tags=["uses-answers"]
standing = leaderboard(week, "week/hours.csv")
by_id = {run.info.run_id: run for run in mlflow.search_runs(experiment_names=[week], output_format="list")}
best_first = standing[standing["rank"].notna()]
on_old_data = [
    run
    for run in reversed(by_id.values())
    if "val_mae" in run.data.metrics and run.data.tags.get("data_sha256") not in (None, sha256("week/hours.csv"))
]
fig, ax = plt.subplots(figsize=(8, 4.8))
groups = [
    ("measured, on Friday's data", [by_id[run_id] for run_id in best_first["run_id"]], best_first["val_mae"].astype(float), "lightsteelblue", ""),
    ("measured, on Monday's data (no rank)", on_old_data, [run.data.metrics["val_mae"] for run in on_old_data], "white", "//"),
]
for label, runs_here, errors, colour, hatch in groups:
    heights = [run.info.run_name for run in runs_here]
    ends = ax.barh(heights, errors, color=colour, edgecolor="slategrey", hatch=hatch, label=label)
    ax.bar_label(ends, fmt="%.1f", label_type="center", bbox={"fc": "white", "ec": "none", "pad": 1})
told = [run for _, runs_here, *_ in groups for run in runs_here if "claimed_val_mae" in run.data.metrics]
ax.plot(
    [run.data.metrics["claimed_val_mae"] for run in told],
    [run.info.run_name for run in told],
    "D",
    mfc="white",
    mec="black",
    clip_on=False,
    zorder=3,
    label="announced by its author",
)
ax.invert_yaxis()
ax.set(
    xlabel="mean absolute error, 15 to 28 September (trips per hour)",
    ylabel="run",
    title=f"The week: {len(best_first)} of {len(standing)} runs can be compared",
)
ax.legend(loc="upper center", bbox_to_anchor=(0.35, -0.13), ncol=3, fontsize=8)
ax.margins(x=0.1)
fig.savefig("week.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "week.png",
    alt="Bar chart of the measured error of each ranked run of the week, best on top, and below them, hatched, the runs on Monday's data; hollow diamonds show what the author had announced, and three diamonds lie far left of their bars' ends",
)

# %% [markdown]
# Read it: which announcements were wrong, and by how much? How far apart are the best three? What would Noor have read out, had she sorted by the diamonds?
#
# Then the rows without a rank. And what would the clean-up take of this week, if nobody touched the store for forty days? A dry run tells:

# %% tags=["uses-answers"]
why_not = standing[standing["rank"].isna()]
for _, row in why_not.iterrows():
    run = by_id[row["run_id"]]
    print(f"{row['reason']:13} {run.info.run_name:24} {run.data.tags.get('error', '')}")
print("In forty days, by the rule:")
for run_id, reason in clean_up(week, dt.datetime.now(dt.UTC) + dt.timedelta(days=40)).items():
    print(f"{reason:13} {by_id[run_id].info.run_name}")

# %% [markdown]
# One tool is left to give you. Is a lead of one trip per hour large or small? Both models were measured on the same fourteen days, and a rainy day is hard for both. So compare them **day by day**: take the difference of their errors on each day. If the
# differences all point the same way, the lead is no accident. Their mean is the lead. How far it would wander in another two weeks is told by its *standard error*: the differences' standard deviation, divided by the square root of their number. A lead of less than two
# standard errors may well be chance. (Days, not hours: the hours of one day are too much alike to count as 336 separate trials. Neighbouring days are alike as well, a little, so the true error is rather larger.) Here is the first against the third:

# %% tags=["uses-answers"]
def daily_lead(run_id, other_id, data):
    """Return, for each day to measure on, by how much the first run's model errs less than the other's (trips per hour)."""
    _, hours = split(read_hours(data))
    misses = [(hours["trips"] - model_of(one).predict(hours[FEATURES])).abs() for one in (run_id, other_id)]
    return (misses[1] - misses[0]).groupby(hours["time"].dt.date).mean()


lead = daily_lead(best_first["run_id"].iloc[0], best_first["run_id"].iloc[2], "week/hours.csv")
print(f"Better on {(lead > 0).sum()} of {len(lead)} days, by {lead.mean():.2f} on average, standard error {lead.std() / np.sqrt(len(lead)):.2f}")

# %% [markdown]
# ### Exercise 6 — The report to the committee
# *Difficulty ●●○ · about 40 minutes*

# %% [markdown] nbgrader={"grade": false, "grade_id": "report", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": true}
# Iris will read what you write, and decide whether the city pays. Write a report of 250 to 500 words in the text cell below, with one plot of your own in the code cell after it (not the one above). A person marks it. Take every number from the store, through your functions; name runs by their names.
#
# 1. **A recommendation** (4 points). Which run should go live? Give its error, the data and the source by which Iris can train it again, and say how sure you are that it is better than the next: is its lead larger than what another two weeks could bring? (`daily_lead` gives you the figures to say so.)
# 2. **What happened in the week** (4 points). Which numbers that somebody announced or logged were wrong, and how do you know? Why did Ada's error fall from Monday to Thursday, and what part of it is a better model?
# 3. **A plot that supports it** (4 points), made from the store: axes with units, a title that says what is to be seen, no meaning by colour alone, and one sentence below on what to see in it. For instance, the error of the best two runs day by day.
# 4. **What the system cannot do** (4 points). Name two ways in which a wrong number could still get onto your leaderboard, or a good one off it, and what you would change. And say of one rule of the clean-up when it would do harm.
#
# ### BEGIN MARK SCHEME
# The figures of the reference solution, in trips per hour; run names end in the learner's own fingerprints. Ranked on Friday: Ada's boosting with rain and 80 trees 11.8; Bo's with rain and 63 leaves 12.4; Ada's with rain 12.9; 31 leaves and Ada's first job on the
# corrected data 14.2 each; Cy's deep tree 14.8; 7 leaves 17.0; Bo's linear one 30.3. By day the first leads the second by 0.58 with a standard error of 0.37 (better on 10 of 14 days), and the third by 1.12 with 0.32.
#
# 1. Recommendation, 4 points. 1: names the run with rank 1 (or the second, with the reason that the two cannot be told apart) and its measured val_mae. 1: identifies the data by its SHA-256, not by "hours.csv" alone, and the source by the run's artefacts or its fingerprint. 2: sets the lead over the next run
#    against its spread (gains by day with a standard error, a bootstrap over days, other weeks; not over hours as if they were independent), and concludes that it is within the noise. 1 of these 2 for saying that two weeks are few, without a figure. 0 of 4 for a recommendation by a number that somebody claimed.
# 2. The week, 4 points. 1: of the claims to record, three were refuted: Cy's 7.3 (his tree's error on its own training hours; it makes 26.6), Bo's 12.0 (30.3), Cy's 0.0 (14.8); two of them are enough. 1: Cy's two runs by hand, one refuted and one without a data hash. 2: from 27.0 to 14.2 it was the corrected data, and
#    no model is better for it (1); only 14.2 to 11.8 can be compared: 1.3 for rain, 1.1 for more trees (1).
# 3. Plot, 4 points. 1: computed from the store, not typed in. 1: axes labelled with units. 1: the title or the sentence below says what it shows, and it does show it. 1: readable in grey: markers, hatches, labels or direct annotation. A repetition of the given plot earns at most 1 of the 4.
# 4. Limits, 4 points. 2: two real gaps with a remedy, one point each. For example: a job may open the file itself and fit on the hours to measure on; the environment is not in the fingerprint; the best of many on the same two weeks looks better than it is, so a test set that nobody looks at is needed; two calls at the
#    same moment both find no earlier run; anybody can write tags by hand, so a server with accounts is needed; a job that is random beyond the seeds, or that reads other files. 2: a sound case against a rule (1) and why it does harm (1). For example: crashed runs hold the evidence of a fault that comes back; a duplicate
#    may be cited by its id in a document; "abandoned" takes a training that runs for more than 30 days; failed attempts show how many were tried.
#
# Take off 1 in all if it is much longer than 500 words, or if its figures do not agree with the store.
# ### END MARK SCHEME

# %% [markdown]
# *Write your report here.*

# %%
# Your plot

# %% [markdown]
# The committee met again on Thursday 16 October. Iris asked her three questions, and each had an answer in the store. She trained the model again from the run's `source`, `settings.json` and the file with the right hash, and got the same number, to the last digit. What to take to work tomorrow:
#
# - An agreement that people must remember is none. Put it into the one function that everybody calls.
# - A run's identity is computed from what goes in: source, data, settings, with their types.
# - Measure yourself. Keep what was claimed beside it.
# - A row on a leaderboard has a rank or a reason.
# - Unknown is not unchanged.
# - Delete by a rule, softly, with a reason; and first as a dry run.

# %% [markdown]
# ## Going further
#
# - **A held-back test.** Whoever may try for a week finds a run that suits these two weeks. Cut two more weeks off, let `record` never touch them, and measure only the recommended run on them.
# - **A server.** With `mlflow.set_tracking_uri("http://…")` nothing else in your functions changes. What must be locked so that two people who call `record` at the same moment do not both train?
# - **Rebuild.** Write `rebuild(run_id, data)`: it fetches `source` and `settings.json` from the store, refuses data with another hash, trains, and compares with `val_mae`. All it needs is there.
#
# To read:
#
# - [MLflow's documentation, the chapter on tracking](https://mlflow.org/docs/latest/ml/tracking/), with datasets and parent runs
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 6 on model development and offline evaluation: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
# - Andriy Burkov, *Machine Learning Engineering*: [the book's own site](http://www.mlebook.com/)
# - [Google's guide to continuous delivery and automation pipelines in machine learning](https://cloud.google.com/architecture/mlops-continuous-delivery-and-automation-pipelines-in-machine-learning): what its metadata store records of each run
