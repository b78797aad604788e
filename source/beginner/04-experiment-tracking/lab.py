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
#     - Record training runs so that a query of the store, not memory, says which model is best
#     - Audit a leaderboard by scoring the logged models again
#     - Make a failed run leave its settings and its traceback behind
#     - Log a cross-validation as nested runs, and any run so that it can be rebuilt
#     - Promote a model by a stated rule, and leave the reason in the registry
#     prerequisites: []
#     roadmap: Experiment tracking
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     - LLMOps / GenAIOps Engineer
#     slug: experiment-tracking
#     terms:
#       MAE: "Mean absolute error: how far off forecasts are on average, in the unit of what is forecast."
#       MLflow: "An open tool that records training runs, holds models and their versions, and traces LLM applications."
#       run: "One execution of a training, with all that was recorded of it."
#       experiment: "A named group of runs that answer the same question."
#       parameter: "A setting of a run that was chosen before it, such as a tree's depth."
#       metric: "A number that was measured in a run, such as an error; it may have many steps."
#       tag: "A text attached to a run, a model or a version, which may be changed later."
#       artefact: "A file that a run leaves: a plot, a table, a model."
#       logged model: "A model that a run recorded, with its signature and what it needs to be loaded."
#       sweep: "Runs over a grid or a sample of settings."
#       cross-validation: "To train and measure several times on other parts of the data, to see how far a result depends on the split."
#       folds: "The parts into which cross-validation divides the data."
#       nested runs: "Runs below a run: a parent for the whole, a child for each part."
#       hold-out: "Data that no choice has seen, kept for one last measurement."
#       standard error: "How far a mean of measurements would vary if they were drawn again."
#     title: Experiment tracking
#     tools:
#     - MLflow
#     - SQLite
#     - scikit-learn
# ---

# %% [markdown]
# # Experiment tracking
#
# ## Why this matters
#
# Monday 30 June, twenty to eight, Metro Bikes. All weekend the vans stood in the wrong places: heaps of bikes at the harbour, empty docks where people
# set off for work. On Friday the demand team had put a new forecast live. Its error was announced as 11 trips an hour, the best of the week. Over
# the weekend it was more than twice that.
#
# Noor, who leads the team, asks four questions. Which model is live? What was it trained on? Who measured that 11, and on which hours? What else was tried?
# Nobody can say. Three people trained models in three notebooks and pasted numbers into a chat.
#
# You are the team's new ML engineer. You will set up what was missing, an *experiment tracker*, and mend the mess with it, one question at a time. At the end
# a forecast is live that was chosen by a rule, and the reason stands beside it for anyone to read.

# %% [markdown]
# ## Setup
#
# `demand.py`, the team's module, and `colleagues.py`, which plays your three colleagues, lie beside this notebook. `hours.csv` has one row for each hour from
# 1 March to 22 June: what was known about the hour, and the number of trips that started in the city.
#
# - We *fit* models on `train`, *choose* between them on `validation`, and look at `test` once, after choosing. All three are cut by date, because
#   a forecast is always about later days than those it learned from.
# - The error is the **MAE**, the mean absolute error, in trips per hour: 15 means that the forecast is 15 trips off in a typical hour.
#
# The tracker is **MLflow**. It keeps its records in a *store*: here a database in one file, `mlflow.db` (SQLite), and the folder `mlruns` for files. For
# a team the same store lives on a server, and only the address in `set_tracking_uri` changes. Run this cell; the first time it takes some seconds, to create the database.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import hashlib
import json
import logging
import os
import secrets
import tempfile
import traceback
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow would tell its makers how it is used
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from IPython.display import Image
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import PoissonRegressor, Ridge
from sklearn.tree import DecisionTreeRegressor

from colleagues import play_friday, play_july, start_july_again
from demand import (
    FEATURES,
    REQUIREMENTS,
    TREES,
    finished_runs,
    mean_error,
    new_experiment,
    read_hours,
    train_forest,
)

logging.getLogger("mlflow").setLevel(logging.WARNING)
mlflow.set_tracking_uri("sqlite:///mlflow.db")

hours = read_hours("hours.csv")
train = hours[hours["time"] < "2025-05-12"]
validation = hours[(hours["time"] >= "2025-05-12") & (hours["time"] < "2025-06-02")]
test = hours[hours["time"] >= "2025-06-02"]
print(f"{len(train)} hours to fit on, {len(validation)} to choose on, {len(test)} to test on")
hours.iloc[[8, 32, 56]]

# %% [markdown]
# ## Part 1 · Runs: write down what you tried
#
# Six words, and you know MLflow's tracking:
#
# - A **run** is one execution of training code and everything that was written down about it. It has an id, a start, an end and a status.
# - An **experiment** is a named group of runs that answer one question.
# - A **parameter** is what you put in: a setting. It is kept as text and cannot change later.
# - A **metric** is what came out: a number.
# - A **tag** is a label. You may set it, and change it, at any time, also long after the run.
# - An **artefact** is a file that belongs to the run: a plot, a report, a traceback.
#
# A **logged model** is the fitted model itself, kept in the store with an id of its own and a link to its run. Here is one run that records all it needs:

# %%
baseline = new_experiment("baseline")
mlflow.set_experiment(baseline)

with mlflow.start_run(run_name="one tree"):  # the run ends with the block, whatever happens in it
    tree = DecisionTreeRegressor(max_depth=8, random_state=0).fit(train[FEATURES], train["trips"])
    mlflow.log_param("max_depth", 8)
    mlflow.log_metric("val_mae", mean_error(tree, validation))
    logged = mlflow.sklearn.log_model(
        tree,
        name="model",
        signature=infer_signature(train[FEATURES], tree.predict(train[FEATURES])),
        pip_requirements=REQUIREMENTS,
        skops_trusted_types=TREES,
    )
logged.model_uri

# %% [markdown]
# What `log_model` was told:
#
# - `signature`: names and types of the columns, so that a model which gets other ones says so.
# - `pip_requirements`: the packages, with versions, that the model needs. If you leave it out MLflow guesses, which takes about ten seconds.
# - `skops_trusted_types`: MLflow saves scikit-learn models with *skops*, a format that does not run code when it is opened. Types beyond plain numbers and
#   arrays must be listed by whoever logs the model. `TREES` in `demand.py` names the two that trees and forests are made of; linear models need none.
#
# Now ask the store. `search_runs` gives a table with a row for each run; parameters, metrics and tags are columns. It can filter and sort like a database:

# %%
rows = mlflow.search_runs(experiment_names=[baseline], filter_string="metrics.val_mae < 50", order_by=["metrics.val_mae ASC"])
rows[["run_id", "status", "params.max_depth", "metrics.val_mae"]]

# %% [markdown]
# From a run you get back to its model. Load it, and it forecasts:

# %%
run = mlflow.get_run(rows["run_id"][0])
model_id = run.outputs.model_outputs[0].model_id  # an empty list if the run logged no model
again = mlflow.sklearn.load_model(f"models:/{model_id}")
mean_error(again, validation)

# %% [markdown]
# `new_experiment("baseline")` made an experiment `baseline-001`, and makes `baseline-002` when you run the cell again. So each try at a question stays apart from
# the one before, and nothing is ever deleted: a store from which people delete what they do not like cannot answer Noor's questions.
#
# If you like to look at the store in a browser, open a terminal in this notebook's folder (this is optional, and takes half a minute to start):
# `MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow server --workers 1 --backend-store-uri sqlite:///mlflow.db --port 5000`. Then open `http://127.0.0.1:5000`.
# Ctrl+C in the terminal ends it. (The first word leaves out background jobs, which you do not need here.)

# %% [markdown]
# ### Exercise 1 — A sweep, and the question it answers
# *Difficulty ●○○ · about 15 minutes*
#
# A *sweep* trains one kind of model with many settings. Run one for the hourly demand, with any scikit-learn regressor that you like. Then let the store, not your
# eyes, find the best run, and measure that one on `test`.
#
# Done means, in the newest experiment whose name begins with `demand-sweep`:
#
# 1. At least eight finished runs, fitted on `train`. Each has the parameters that its model was built with. At least two parameters vary, and no two runs are the same.
# 2. Each has the metric `val_mae`, its model's MAE on `validation`, and its logged model.
# 3. The run with the lowest `val_mae`, and no other, has the metric `test_mae`: the MAE of *its own* model on `test`, logged once.
#
# The first line is written for you. Each time you run the cell it makes a new experiment, so earlier tries do no harm.
#
# <details><summary>Hint 1</summary>Two loops, one inside the other, around one <code>with</code> block like the one above. Everything that belongs to a run is logged inside its block. The choice
# comes after the loops: <code>search_runs</code> can sort.</details>
# <details><summary>Hint 2</summary>Keep the settings in a dictionary, and use the same dictionary twice: <code>HistGradientBoostingRegressor(**settings)</code> to build the model (try its
# <code>loss</code>, <code>max_leaf_nodes</code>, <code>learning_rate</code>) and <code>mlflow.log_params</code> to record it. To log to a run that has ended, open it again with
# <code>mlflow.start_run(run_id=…)</code>, or use <code>MlflowClient().log_metric(run_id, name, value)</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "sweep", "locked": false, "schema_version": 3, "solution": true, "task": false}
mlflow.set_experiment(new_experiment("demand-sweep"))

### BEGIN SOLUTION
for loss in ["squared_error", "poisson"]:
    for leaves in [7, 15, 31, 63]:
        settings = {"loss": loss, "max_leaf_nodes": leaves, "random_state": 0}
        with mlflow.start_run(run_name=f"{loss}, {leaves} leaves"):
            mlflow.log_params(settings)
            boosting = HistGradientBoostingRegressor(**settings).fit(train[FEATURES], train["trips"])
            mlflow.log_metric("val_mae", mean_error(boosting, validation))
            mlflow.sklearn.log_model(boosting, name="model", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)

(best,) = mlflow.search_runs(order_by=["metrics.val_mae ASC"], max_results=1, output_format="list")
winner = mlflow.sklearn.load_model(f"models:/{best.outputs.model_outputs[0].model_id}")
with mlflow.start_run(run_id=best.info.run_id):
    mlflow.log_metric("test_mae", mean_error(winner, test))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-sweep", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()  # in case one was left open
tried = finished_runs("demand-sweep")
assert len(tried) >= 8, (
    f"The newest experiment 'demand-sweep-…' has {len(tried)} finished runs, expected at least 8: one run for each setting that you try."
)
unmeasured = tried["metrics.val_mae"].isna().sum()
assert not unmeasured, f'{unmeasured} of {len(tried)} runs have no metric "val_mae". Log it inside the run, on the validation hours.'
modelless = sum(not mlflow.get_run(run_id).outputs.model_outputs for run_id in tried["run_id"])
assert not modelless, (
    f"{modelless} of {len(tried)} runs have no logged model. A number whose model is gone can never be checked: call log_model inside the run."
)
settings_tried = tried.filter(like="params.")
varying = [name.removeprefix("params.") for name in settings_tried if settings_tried[name].nunique() > 1]
assert len(varying) >= 2, (
    f"Parameters that vary: {', '.join(varying) or 'none'}; expected at least two. A setting that is not logged cannot be found again: log all that you pass to the model."
)
assert not settings_tried.duplicated().any(), (
    "Two runs have the very same parameters. Either they are the same run twice, or the setting in which they differ was not logged."
)

# %% nbgrader={"grade": true, "grade_id": "test-sweep-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
tried = finished_runs("demand-sweep")
tested = tried.dropna(subset=["metrics.test_mae"])
assert len(tested), (
    'No run has the metric "test_mae". Choose the best run by its val_mae, then log the error of its model on the test hours to that run.'
)
assert len(tested) == 1, (
    f'{len(tested)} runs have a "test_mae", expected one. Who looks at the test error of every run will choose by it, and then it is a second validation error.'
)
lowest, chosen = tried["metrics.val_mae"].min(), tested["metrics.val_mae"].iloc[0]
assert chosen == lowest, (
    f"The run with test_mae has val_mae {chosen:.2f}, but the lowest is {lowest:.2f}. The choice is made on the validation hours alone."
)

# %% nbgrader={"grade": true, "grade_id": "judge-sweep", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from your store: each run's logged model is loaded and scored again on the validation hours,
# and asked for the settings that it was built with. Do val_mae and the parameters say the truth?
### BEGIN HIDDEN TESTS
import mlflow
from demand import finished_runs, mean_error, read_hours
from judging import model_of

mlflow.set_tracking_uri("sqlite:///mlflow.db")
hours = read_hours("hours.csv")
fitted_on = hours[hours["time"] < "2025-05-12"]
chosen_on = hours[(hours["time"] >= "2025-05-12") & (hours["time"] < "2025-06-02")]
runs = finished_runs("demand-sweep")
assert len(runs) >= 8, f"The sweep left {len(runs)} finished runs in the store."
for run_id, row in runs.set_index("run_id").iterrows():
    model = model_of(mlflow.get_run(run_id))
    truth = mean_error(model, chosen_on)
    if abs(row["metrics.val_mae"] - truth) > 0.01 * truth:
        trained = abs(row["metrics.val_mae"] - mean_error(model, fitted_on)) < 0.01 * truth
        where = (
            "That is its error on the training hours."
            if trained
            else "It must be the mean absolute error of the model that the run logged."
        )
        raise AssertionError(
            f'A run logged "val_mae" {row["metrics.val_mae"]:.2f}, but its model errs by {truth:.2f} on the validation hours. {where}'
        )
    built_with = {name: str(value) for name, value in model.get_params(deep=True).items()}
    for name, value in row.filter(like="params.").dropna().items():
        name = name.removeprefix("params.")
        assert built_with.get(name, value) == value, (
            f"A run logged {name} = {value}, but its model was built with {name} = {built_with[name]}. Build the model from the same settings that you log."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-sweep-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from your store: is test_mae the error of the best run's own model on the test hours, logged once, and was that
# model fitted on the training hours alone? A copy of it is fitted on them to compare.
### BEGIN HIDDEN TESTS
import mlflow
from demand import FEATURES, finished_runs, mean_error, read_hours
from judging import model_of
from mlflow import MlflowClient
from sklearn.base import clone

mlflow.set_tracking_uri("sqlite:///mlflow.db")
hours = read_hours("hours.csv")
parts = {
    "training": hours[hours["time"] < "2025-05-12"],
    "validation": hours[(hours["time"] >= "2025-05-12") & (hours["time"] < "2025-06-02")],
    "test": hours[hours["time"] >= "2025-06-02"],
}
runs = finished_runs("demand-sweep").set_index("run_id")
with_test = runs[runs["metrics.test_mae"].notna()]
assert len(with_test) == 1 and with_test["metrics.val_mae"].iloc[0] <= runs["metrics.val_mae"].min(), (
    "test_mae belongs to the run with the lowest val_mae, and to no other."
)
winner_id = with_test.index[0]
history = MlflowClient().get_metric_history(winner_id, "test_mae")
assert len(history) == 1, f"test_mae was logged {len(history)} times; the test hours are looked at once."
model = model_of(mlflow.get_run(winner_id))
truth = mean_error(model, parts["test"])
assert abs(history[0].value - truth) <= 0.01 * truth, (
    f"The best run says test_mae {history[0].value:.2f}; the model that it logged errs by {truth:.2f} on the test hours."
)
refit = clone(model).fit(parts["training"][FEATURES], parts["training"]["trips"])
for part in ("validation", "test"):
    honest, seen = mean_error(refit, parts[part]), mean_error(model, parts[part])
    assert seen > 0.8 * honest, (
        f"The best model errs by {seen:.1f} on the {part} hours; fitted on `train` alone it errs by {honest:.1f}. It has seen {part} hours before: that is a leak."
    )
### END HIDDEN TESTS

# %% [markdown]
# A picture of your sweep. Each bar is a run; the mark is what the chosen one makes of the test hours.

# %% tags=["uses-answers"]
tried = finished_runs("demand-sweep").sort_values("metrics.val_mae", ascending=False, ignore_index=True)
fig, ax = plt.subplots(figsize=(7, 3.5))
ax.barh(tried.index, tried["metrics.val_mae"], color="lightsteelblue", label="validation, all runs")
ax.plot(tried["metrics.test_mae"], tried.index, "kD", label="test, chosen run")
ax.set_yticks(tried.index, tried["tags.mlflow.runName"])
ax.set(xlabel="mean absolute error (trips per hour)", ylabel="run", title="The sweep, best run on top")
ax.legend()
fig.savefig("sweep.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "sweep.png",
    alt="Bar chart of the validation error of each run of the sweep, best run on top, with the chosen run's test error as a black diamond",
)

# %% [markdown]
# Read it: how far apart are your best three runs, and how far is the chosen run's test error from its validation error?
#
# <details><summary>What we see in ours</summary>The loss matters much, the number of leaves, from 15 on, little: the best three lie within one and a half trips per hour. The chosen run errs by one trip more on
# test than on validation. Some of that is June, and some is the choice itself: who takes the lowest of eight numbers takes a lucky one. That is why we keep a test set, and why small
# differences come back in Part 4.</details>

# %% [markdown]
# ## Part 2 · Logged models: a number that can be checked
#
# Now Friday. Ada, Bo and Cy agree to run their notebooks once more, this time logging to your store. The cell below plays them.

# %% nbgrader={"grade": false, "grade_id": "friday", "locked": true, "schema_version": 3, "solution": false, "task": false}
mlflow.sklearn.autolog(disable=True)  # in case Exercise 1 left it on
mlflow.end_run()
friday = new_experiment("friday")
play_friday(friday, train, validation)
leaderboard = mlflow.search_runs(experiment_names=[friday], order_by=["metrics.val_mae ASC"])
leaderboard[["tags.mlflow.runName", "status", "metrics.val_mae"]]

# %% [markdown]
# There is the 11 of Friday's announcement: Bo's forest, at the top. It is the model that went live.
#
# A store keeps what people *tell* it. `val_mae` is a number that somebody's code wrote there, and code can measure on the wrong hours, or with the wrong formula. What cannot
# be mistaken in this way is the logged model: load it, measure it yourself, compare. For the run at the top:

# %%
top = mlflow.get_run(leaderboard["run_id"][0])
bos_forest = mlflow.sklearn.load_model(f"models:/{top.outputs.model_outputs[0].model_id}")
print(f"logged {top.data.metrics['val_mae']:.1f}, measured {mean_error(bos_forest, validation):.1f} trips per hour")

# %% [markdown]
# So it was never as good as its row. Which other rows are wrong? Not only those that look too good.
#
# > **In older tutorials** (MLflow 2) you will meet these, and should not copy them:
# >
# > | older | today (MLflow 3) | why |
# > |:--|:--|:--|
# > | `log_model(model, artifact_path="model")` | `log_model(model, name="model")` | A logged model is a thing of its own, with an id, no longer a folder inside the run. |
# > | `load_model(f"runs:/{run_id}/model")` | `load_model(f"models:/{model_id}")` | For the same reason. The old form still works, but is to go. |
# > | a folder `./mlruns` as the store | `sqlite:///mlflow.db`, or a server | The file store now stops with an error. |
# > | models saved as pickles | saved with skops | Opening a pickle runs whatever code is in it. |
# > | stages, `"Production"` | aliases, `@champion` | Any number of names, as your team needs them. You will use one at the end. |

# %% [markdown]
# ### Exercise 2 — Audit the leaderboard
# *Difficulty ●●○ · about 12 minutes*
#
# Write `audit(experiment, validation, tolerance)`. It scores every **finished** run's own logged model on the hours in `validation` and writes what it found into the store,
# onto that run:
#
# - the metric `audited_val_mae`: the MAE that you measured;
# - the tag `audit`: `confirmed` if the logged `val_mae` differs from it by at most `tolerance` (a share of the measured error: 0.02 is 2 %), else `refuted`;
# - a finished run that logged no model cannot be checked: it gets the tag `audit` = `no model`, and no metric.
#
# Done means: it does so on Friday's runs and on experiments that you have not seen, in a larger or a smaller city. It changes nothing else. `val_mae` stays as it was logged, because
# evidence is not tidied away; runs that failed stay as they are.
#
# <details><summary>Hint 1</summary>A run that has ended can still get tags and metrics, from a <code>MlflowClient</code>. With <code>output_format="list"</code>, <code>mlflow.search_runs</code> gives runs
# instead of a table: what they logged is in <code>run.data.metrics</code>, their models in <code>run.outputs.model_outputs</code>.</details>
# <details><summary>Hint 2</summary>Keep only the finished runs with <code>filter_string="attributes.status = 'FINISHED'"</code>. For each: if <code>run.outputs.model_outputs</code> is empty, set the tag
# and go on to the next. Otherwise load the model as above, measure with <code>mean_error</code>, compare the distance of the two numbers with
# <code>tolerance * measured</code>, and write with <code>client.log_metric(run_id, …)</code> and <code>client.set_tag(run_id, …)</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "audit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def audit(experiment, validation, tolerance=0.02):
    """Score every finished run's logged model again; write `audited_val_mae` and the tag `audit` onto the run."""
    ### BEGIN SOLUTION
    client = MlflowClient()
    finished = mlflow.search_runs(experiment_names=[experiment], filter_string="attributes.status = 'FINISHED'", output_format="list")
    for run in finished:
        run_id, models = run.info.run_id, run.outputs.model_outputs
        if not models:
            client.set_tag(run_id, "audit", "no model")
            continue
        measured = mean_error(mlflow.sklearn.load_model(f"models:/{models[0].model_id}"), validation)
        agrees = abs(run.data.metrics["val_mae"] - measured) <= tolerance * measured
        client.log_metric(run_id, "audited_val_mae", measured)
        client.set_tag(run_id, "audit", "confirmed" if agrees else "refuted")
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-audit", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
audited_friday = new_experiment("friday")
play_friday(audited_friday, train, validation)
audit(audited_friday, validation, tolerance=0.02)
found = mlflow.search_runs(experiment_names=[audited_friday], order_by=["metrics.val_mae ASC"]).set_index("tags.mlflow.runName")
for column in ("tags.audit", "metrics.audited_val_mae"):
    assert column in found, (
        f"After the audit no run has the {column.replace('tags.', 'tag ').replace('metrics.', 'metric ')}. Write it with a MlflowClient: the runs have ended."
    )
first = found.iloc[0]
assert first["tags.audit"] == "refuted", (
    f"The run at the top logged {first['metrics.val_mae']:.1f}, its model errs by more than twice that, and your audit says {first['tags.audit']!r}. Score the model that the run logged."
)
cy = found.loc["cy: boosting"]
assert cy["tags.audit"] == "refuted", (
    f"Cy logged {cy['metrics.val_mae']:.1f}; the model errs by {cy['metrics.audited_val_mae']:.1f}, and your audit says {cy['tags.audit']!r}. "
    "A number can be wrong by being too high: Cy logged the root of the mean squared error. A wrong number hides a good model as well as a bad one."
)
linear = found.loc["ada: linear"]
assert linear["tags.audit"] == "confirmed", (
    f"Ada's linear model is bad, but its number is right; your audit says {linear['tags.audit']!r}. An audit does not judge models, it judges numbers."
)

# %% nbgrader={"grade": true, "grade_id": "test-audit-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
found = mlflow.search_runs(experiment_names=[audited_friday])
assert "tags.audit" in found, "After the audit no run has the tag 'audit'."
(modelless,) = found[found["params.criterion"] == "poisson"].to_dict("records")
assert modelless["tags.audit"] == "no model", (
    f"Bo's second forest has no logged model, so nobody can check its number; your audit says {modelless['tags.audit']!r}, expected 'no model'."
)
(crashed,) = found[found["params.min_samples_leaf"] == "0"].to_dict("records")
assert crashed["status"] == "FAILED", (
    f"Cy's crashed run now has the status {crashed['status']}: opening a failed run again with start_run makes it look finished."
)
assert pd.isna(crashed["tags.audit"]), (
    f"Cy's run failed before it had a number, and your audit says {crashed['tags.audit']!r} of it. Leave failed runs as they are."
)
before = leaderboard.set_index("tags.mlflow.runName").sort_values("metrics.val_mae")["metrics.val_mae"].dropna()
after = found.set_index("tags.mlflow.runName").sort_values("metrics.val_mae")["metrics.val_mae"].dropna()
assert before.round(6).tolist() == after.round(6).tolist(), (
    "The audit changed a val_mae. What was logged is evidence: write your own number beside it, under its own name."
)

# %% nbgrader={"grade": true, "grade_id": "judge-audit", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what audit wrote about a week in a larger city, with a tolerance of 10 %: numbers that are too good and too bad, a
# run without a model and one that crashed.
### BEGIN HIDDEN TESTS
import mlflow
import numpy as np
from demand import FEATURES, REQUIREMENTS, TREES, mean_error, new_experiment, read_hours
from mlflow import MlflowClient
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.end_run()
hours = read_hours("hours.csv")
for place, share, tolerance, kinds in [
    ("city", 2.0, 0.1, ["on train", "honest", "7 % too high", "no model", "7 % too low", "crashed", "honest", "rmse"]),
    ("town", 0.08, 0.02, ["rounded", "7 % too low", "honest", "7 % too high"]),
]:
    there = hours.assign(trips=np.random.default_rng(len(kinds)).poisson(hours["trips"] * share))
    learned, unseen = there.iloc[:1344], there.iloc[1344:1680]
    week = new_experiment(f"week-{place}")
    mlflow.set_experiment(week)
    for number in np.random.default_rng(3).permutation(len(kinds)):
        kind = kinds[number]
        try:
            with mlflow.start_run(run_name=kind):
                model = [
                    DecisionTreeRegressor(min_samples_leaf=3, random_state=0),
                    Ridge(),
                    DecisionTreeRegressor(max_depth=7, random_state=0),
                ][number % 3]
                mlflow.log_param("kind", type(model).__name__)
                model.fit(learned[FEATURES], learned["trips"])
                if kind == "crashed":
                    raise ZeroDivisionError
                error = mean_error(model, unseen)
                squared = float(((unseen["trips"] - model.predict(unseen[FEATURES])) ** 2).mean() ** 0.5)
                shown = {
                    "on train": mean_error(model, learned),
                    "rmse": squared,
                    "7 % too low": 0.93 * error,
                    "7 % too high": 1.07 * error,
                    "rounded": round(error, 1),
                }
                mlflow.log_metric("val_mae", shown.get(kind, error))
                if kind != "no model":
                    mlflow.sklearn.log_model(model, name="model", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)
        except ZeroDivisionError:
            pass
    try:
        audit(week, unseen, tolerance=tolerance)
    except Exception as error:
        MlflowClient().set_experiment_tag(
            mlflow.get_experiment_by_name(week).experiment_id, "stopped", f"{type(error).__name__}: {error}"[:500]
        )
mlflow.end_run()

import mlflow
import numpy as np
from demand import newest_experiment, read_hours
from judging import first_metric, right_tag

mlflow.set_tracking_uri("sqlite:///mlflow.db")
experiment = mlflow.get_experiment_by_name(newest_experiment("week-city"))
assert "stopped" not in experiment.tags, f"In a larger city audit stopped with {experiment.tags['stopped']}"
hours = read_hours("hours.csv")
unseen = hours.assign(trips=np.random.default_rng(8).poisson(hours["trips"] * 2.0)).iloc[1344:1680]
runs = mlflow.search_runs(experiment_names=[experiment.name], output_format="list")
assert len(runs) == 8, f"Eight runs were audited, and the experiment now has {len(runs)}: write onto the runs, do not start new ones."
for run in runs:
    expected, said, kind = right_tag(run, unseen, 0.1), run.data.tags.get("audit"), run.info.run_name
    assert said == expected, f"In a larger city, with a tolerance of 10 %, a run ({kind}) got the tag {said!r}, expected {expected!r}."
    assert (run.info.status == "FAILED") == (kind == "crashed"), f"In a larger city the audit changed the status of a run ({kind})."
    assert run.data.metrics.get("val_mae") == first_metric(run, "val_mae"), (
        f"In a larger city the audit changed the val_mae of a run ({kind}). Write your number beside it."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-audit-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what audit wrote about a week in a small town, where errors are small, with a tolerance of 2 % and numbers that somebody
# rounded. Is audited_val_mae what the logged models make?
### BEGIN HIDDEN TESTS
import mlflow
import numpy as np
from demand import mean_error, newest_experiment, read_hours
from judging import first_metric, model_of, right_tag

mlflow.set_tracking_uri("sqlite:///mlflow.db")
experiment = mlflow.get_experiment_by_name(newest_experiment("week-town"))
assert "stopped" not in experiment.tags, f"In a small town audit stopped with {experiment.tags['stopped']}"
hours = read_hours("hours.csv")
unseen = hours.assign(trips=np.random.default_rng(4).poisson(hours["trips"] * 0.08)).iloc[1344:1680]
for run in mlflow.search_runs(experiment_names=[experiment.name], output_format="list"):
    logged, truth, said = first_metric(run, "val_mae"), mean_error(model_of(run), unseen), run.data.tags.get("audit")
    assert said == right_tag(run, unseen, 0.02), (
        f"In a small town a run logged {logged:.3f} and its model errs by {truth:.3f} trips per hour; your audit says {said!r}. The tolerance, 2 %, is a share of the measured error."
    )
    measured = run.data.metrics.get("audited_val_mae", np.nan)
    assert abs(measured - truth) < 1e-6, (
        f"In a small town audited_val_mae is {measured:.3f}; the run's model errs by {truth:.3f} on the hours that audit was given."
    )
### END HIDDEN TESTS

# %% [markdown]
# Sorted by the audited error, Friday's leaderboard looks different. Who should have gone live?

# %% tags=["uses-answers"]
audited = mlflow.search_runs(experiment_names=[audited_friday], order_by=["metrics.audited_val_mae ASC"])
audited[["tags.mlflow.runName", "status", "metrics.val_mae", "metrics.audited_val_mae", "tags.audit"]]

# %% [markdown]
# ## Part 3 · Runs that fail
#
# A forecast is trained again every night. The cell below is the job as you found it, and three of its nights. In the second night the weather
# service had renamed a column; in the third somebody had mistyped a setting.


# %%
def nightly_as_found(experiment, train, validation, settings):
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name="nightly"):
        try:
            model = train_forest(train, settings)
            mlflow.log_metric("val_mae", mean_error(model, validation))
            mlflow.log_params(settings)
        except Exception:
            print("something went wrong")


found_nights = new_experiment("nightly-as-found")
good = {"n_estimators": 20, "min_samples_leaf": 2, "random_state": 0}
nightly_as_found(found_nights, train, validation, good)
nightly_as_found(found_nights, train, validation.rename(columns={"temperature_c": "temp"}), good)
nightly_as_found(found_nights, train, validation, {**good, "min_samples_leaf": -2})
mlflow.search_runs(experiment_names=[found_nights])[["status", "params.n_estimators", "metrics.val_mae"]]

# %% [markdown]
# Three times `FINISHED`. Two nights left nothing: no setting, no reason. And whoever called the job was told that all went well, because the exception was *swallowed*: caught, and
# not raised again. So the vans drove by an old forecast for two days before anyone looked.
#
# A `with mlflow.start_run()` block does half of the work by itself: if an exception leaves the block, the run gets the status `FAILED`. The other half is yours: write the settings
# down *before* something can break, and the reason when it does. Two calls that help: `mlflow.log_text(text, "name.txt")` keeps a text as an artefact, and `traceback.format_exc()`,
# from Python's own library, gives the whole traceback of the exception that is being handled: which line of which file, called from where.

# %% [markdown]
# ### Exercise 3 — A crash that leaves something useful
# *Difficulty ●●○ · about 10 minutes*
#
# Write `nightly(experiment, train, validation, settings)`: the same job, but one that can be trusted. Each call makes exactly one run.
#
# - A good night: status `FINISHED`, every entry of `settings` as a parameter, the metric `val_mae`. No traceback.
# - A night on which anything goes wrong, in training or in measuring: status `FAILED`, every entry of `settings` as a parameter, the whole traceback as the artefact
#   `traceback.txt`, the class of the exception (such as `KeyError`) as the tag `error`. And the caller gets the exception, as it was raised.
#
# Done means: it holds for good nights, and for causes of failure that you have not seen.
#
# <details><summary>Hint 1</summary>Three questions: what must stand before the line that may break? Where must the <code>try</code> be, so that what you log still belongs to this run? What must the last
# line of the <code>except</code> block be?</details>
# <details><summary>Hint 2</summary>Inside the <code>with</code> block: first log the parameters; then <code>try</code> to train and measure; in <code>except Exception as error</code> log the text and the tag
# (<code>type(error).__name__</code> is the class's name), and end with a bare <code>raise</code>, which passes the same exception on.</details>


# %% nbgrader={"grade": false, "grade_id": "crash", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nightly(experiment, train, validation, settings):
    """Train and measure in one run of `experiment`. A failure is recorded in the run and raised again."""
    ### BEGIN SOLUTION
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name="nightly, safe"):
        mlflow.log_params(settings)
        try:
            val_mae = mean_error(train_forest(train, settings), validation)
        except Exception as error:
            mlflow.log_text(traceback.format_exc(), "traceback.txt")
            mlflow.set_tag("error", type(error).__name__)
            raise
        mlflow.log_metric("val_mae", val_mae)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-crash", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
good_nights = new_experiment("nightly")
night_settings = {"n_estimators": 20, "min_samples_leaf": 2, "random_state": 0}
nightly(good_nights, train, validation, night_settings)
assert mlflow.active_run() is None, "After the call a run is still open. Use `with mlflow.start_run():`, which ends it."
nights = mlflow.search_runs(experiment_names=[good_nights], output_format="list")
assert len(nights) == 1, f"One good night left {len(nights)} runs in its experiment, expected one."
assert nights[0].info.status == "FINISHED", f"A good night has the status {nights[0].info.status}, expected FINISHED."
assert set(night_settings) <= set(nights[0].data.params), (
    f"A good night logged the parameters {sorted(nights[0].data.params)}, expected {sorted(night_settings)}."
)
assert "val_mae" in nights[0].data.metrics, 'A good night has no metric "val_mae".'

# %% nbgrader={"grade": true, "grade_id": "test-crash-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
bad_nights = new_experiment("nightly")
raised = None
try:
    nightly(bad_nights, train, validation.rename(columns={"temperature_c": "temp"}), night_settings)
except NotImplementedError:
    raise
except Exception as error:
    raised = error
mlflow.end_run()
nights = mlflow.search_runs(experiment_names=[bad_nights], output_format="list")
assert len(nights) == 1, (
    f"One bad night left {len(nights)} runs, expected one. What is logged after the `with` block has ended opens a new run: handle the exception inside the block."
)
night = nights[0]
assert night.info.status == "FAILED", (
    f"A night that went wrong has the status {night.info.status}, expected FAILED. The status follows from an exception that leaves the `with` block."
)
assert raised is not None, (
    "The weather column was missing, and the caller heard nothing: the exception was swallowed. Raise it again after you have logged it."
)
assert type(raised) is KeyError, f"A KeyError went in, a {type(raised).__name__} came out. A bare `raise` passes on the exception itself."
assert set(night_settings) <= set(night.data.params), "The settings of the bad night are lost. Log them before the line that may break."
assert night.data.tags.get("error") == "KeyError", (
    f"The tag 'error' is {night.data.tags.get('error')!r}, expected 'KeyError': the class of the exception."
)
files = [file.path for file in MlflowClient().list_artifacts(night.info.run_id)]
assert "traceback.txt" in files, f"The bad night's artefacts are {files or 'none'}, expected 'traceback.txt'."

# %% nbgrader={"grade": true, "grade_id": "judge-crash", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what another good night left in the store. Are the settings complete, and is val_mae the error on the hours that nightly
# was given?
### BEGIN HIDDEN TESTS
# A good one with other settings, and three that fail for other reasons.
import mlflow
from demand import new_experiment, read_hours
from mlflow import MlflowClient

mlflow.set_tracking_uri("sqlite:///mlflow.db")
hours = read_hours("hours.csv")
train, test = hours[hours["time"] < "2025-05-12"], hours[hours["time"] >= "2025-06-02"]
validation = hours[(hours["time"] >= "2025-05-12") & (hours["time"] < "2025-06-02")]
small = {"n_estimators": 5, "max_depth": None, "max_features": 0.8, "criterion": "poisson", "random_state": 3}
for what, night in {
    "calm": (train.tail(600), test, small),
    "unknown": (train, validation, {**small, "n_tree": 5}),
    "empty": (train.head(0), validation, small),
    "tripless": (train, validation.drop(columns="trips"), small),
}.items():
    mlflow.end_run()
    place, came = new_experiment(f"night-{what}"), "nothing"
    try:
        nightly(place, *night)
    except Exception as error:
        came = type(error).__name__
    MlflowClient().set_experiment_tag(mlflow.get_experiment_by_name(place).experiment_id, "caller_got", came)

import mlflow
from demand import mean_error, newest_experiment, read_hours, train_forest
from judging import text_of

mlflow.set_tracking_uri("sqlite:///mlflow.db")
runs = mlflow.search_runs(experiment_names=[newest_experiment("night-calm")], output_format="list")
assert [run.info.status for run in runs] == ["FINISHED"], (
    f"Another good night left {len(runs)} runs: {', '.join(run.info.status for run in runs) or 'none'}."
)
wishes = {"n_estimators": 5, "max_depth": None, "max_features": 0.8, "criterion": "poisson", "random_state": 3}
params, metrics = runs[0].data.params, runs[0].data.metrics
lost = [name for name, value in wishes.items() if params.get(name) != str(value)]
assert not lost, f"On another good night these settings are not in the run as they were given: {', '.join(lost)}."
hours = read_hours("hours.csv")
forest = train_forest(hours[hours["time"] < "2025-05-12"].tail(600), wishes)
truth, shown = mean_error(forest, hours[hours["time"] >= "2025-06-02"]), metrics.get("val_mae", float("nan"))
assert abs(shown - truth) < 1e-6, (
    f"On another good night val_mae is {shown:.2f}; the error on the hours that nightly was given to measure on is {truth:.2f}."
)
assert text_of(runs[0], "traceback.txt") is None, "A good night has a traceback.txt: it looks like a failure."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-crash-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what three nights left that failed for other reasons than the one above. Could a colleague find the cause from the run
# alone, and did the caller hear of it?
### BEGIN HIDDEN TESTS
import mlflow
from demand import newest_experiment
from judging import text_of

mlflow.set_tracking_uri("sqlite:///mlflow.db")
small = {"n_estimators": "5", "max_depth": "None", "max_features": "0.8", "criterion": "poisson", "random_state": "3"}
disasters = {
    "unknown": ("an unknown setting", ["TypeError"], "n_tree"),
    "empty": ("an empty table", ["ValueError"], "in fit"),  # scikit-learn's own line, however the forest is built
    "tripless": ("hours without their trips", ["KeyError", "AttributeError"], "pandas"),
}
for short, (what, kinds, clue) in disasters.items():
    experiment = mlflow.get_experiment_by_name(newest_experiment(f"night-{short}"))
    came = experiment.tags.get("caller_got")
    assert came in kinds, (
        f"On a night with {what} a {kinds[0]} happened, and the caller got {came}. Handle every exception, and raise it again."
    )
    runs = mlflow.search_runs(experiment_names=[experiment.name], output_format="list")
    assert [run.info.status for run in runs] == ["FAILED"], (
        f"A night with {what} left {len(runs)} runs: {', '.join(run.info.status for run in runs) or 'none'}."
    )
    tag = runs[0].data.tags.get("error")
    assert tag == came, f"On a night with {what} the tag 'error' is {tag!r}; it is the class of whatever exception came, here {came}."
    assert small.items() <= runs[0].data.params.items(), (
        f"On a night with {what} settings were lost: the run has {sorted(runs[0].data.params)}."
    )
    text = text_of(runs[0], "traceback.txt") or ""
    assert "Traceback" in text and clue in text, (
        f"On a night with {what} traceback.txt holds {text[:60]!r}: that is not the whole traceback, which names the lines on the way to the error. A message alone does not say where."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · Nested runs: one candidate, many folds
#
# `val_mae` is measured on three weeks. Were they easy weeks? A *cross-validation* asks several times: it cuts the data into *folds*, pairs of hours to fit on and hours to
# measure on, and fits a new model for each. Ours are by date: fit on all hours before a Monday, measure on the week from then on, and move on to the next Monday. They end where `test` begins.

# %% nbgrader={"grade": false, "grade_id": "folds", "locked": true, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
fold_days = pd.date_range("2025-04-14", "2025-06-02", freq="7D")
folds = [
    (hours[hours["time"] < start], hours[(hours["time"] >= start) & (hours["time"] < stop)])
    for start, stop in zip(fold_days, fold_days[1:])
]
candidates = {
    "subset": {"n_estimators": 10, "max_features": 0.85, "random_state": 6},
    "poisson": {"n_estimators": 10, "criterion": "poisson", "random_state": 6},
    "coarse": {"n_estimators": 10, "min_samples_leaf": 5, "random_state": 6},
}
[(len(fitted_on), len(measured_on)) for fitted_on, measured_on in folds]

# %% [markdown]
# Bo had done this too, for three candidates. Here is his loop, and the leaderboard by which he told the team that `subset` wins:

# %%
bos_experiment = new_experiment("folds-as-found")
mlflow.set_experiment(bos_experiment)
for name, settings in candidates.items():
    for fitted_on, measured_on in folds:
        with mlflow.start_run(run_name=name):
            mlflow.log_params(settings)
            mlflow.log_metric("val_mae", mean_error(train_forest(fitted_on, settings), measured_on))

mlflow.search_runs(experiment_names=[bos_experiment], order_by=["metrics.val_mae ASC"])[["tags.mlflow.runName", "metrics.val_mae"]].head(6)

# %% [markdown]
# Twenty-one runs, all alike. His leaderboard compares *folds*, not candidates: at the top stands whoever was lucky in the easiest week. A fold is not a competitor. The candidate
# is, and its folds belong to it.
#
# MLflow has **nested runs** for this. A run that is started inside another one with `nested=True` is its *child*: the store remembers the *parent's* id in the child's tag
# `mlflow.parentRunId`, and the browser shows the children folded up below it.

# %%
mlflow.set_experiment(new_experiment("nesting"))
with mlflow.start_run(run_name="parent") as parent:
    for number in range(2):
        with mlflow.start_run(run_name=f"child {number}", nested=True):
            mlflow.log_metric("val_mae", 20 + number)  # goes to the child: the innermost open run
    mlflow.log_metric("val_mae_mean", 20.5)  # goes to the parent
only_parents = mlflow.search_runs(filter_string="tags.`mlflow.parentRunId` IS NULL")
only_parents[["tags.mlflow.runName", "metrics.val_mae_mean"]]

# %% [markdown]
# ### Exercise 4 — A cross-validation that can be compared
# *Difficulty ●●○ · about 10 minutes*
#
# Write `cross_validate(experiment, name, settings, folds)` for a forest (`train_forest`). `folds` is a list of pairs of tables: hours to fit on, hours to measure on.
#
# - One parent run, called `name`, with every entry of `settings` as a parameter and two metrics: `val_mae_mean` and `val_mae_std`, the mean of the folds' errors and their
#   standard deviation.
# - One child run for each fold, in the order given: the parameter `fold` (0, 1, 2, …) and the metric `val_mae`, the error of a model fitted on this fold's hours alone.
# - The parent has no `val_mae`, so that nobody sorts it among the folds by mistake.
#
# Done means: it holds for other candidates, and for folds of other number and size.
#
# <details><summary>Hint 1</summary>Two <code>with</code> blocks, one inside the other, and a list that collects the errors. Which metric is logged while which block is the innermost?</details>
# <details><summary>Hint 2</summary>Open the parent with <code>run_name=name</code> and log the settings. Then loop over <code>enumerate(folds)</code>: in a nested run fit, measure, log <code>fold</code> and
# <code>val_mae</code>, and append the error to a list. After the loop, still in the parent's block, log <code>np.mean</code> and <code>np.std</code> of the list.</details>


# %% nbgrader={"grade": false, "grade_id": "folds-logged", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cross_validate(experiment, name, settings, folds):
    """Log a parent run for the candidate and a child run for each fold."""
    ### BEGIN SOLUTION
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name=name):
        mlflow.log_params(settings)
        errors = []
        for number, (before, after) in enumerate(folds):
            with mlflow.start_run(run_name=f"{name}, fold {number}", nested=True):
                mlflow.log_param("fold", number)
                errors.append(mean_error(train_forest(before, settings), after))
                mlflow.log_metric("val_mae", errors[-1])
        mlflow.log_metrics({"val_mae_mean": np.mean(errors), "val_mae_std": np.std(errors)})
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-folds-logged", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
cv_experiment = new_experiment("folds")
for name, settings in candidates.items():
    cross_validate(cv_experiment, name, settings, folds)
    assert mlflow.active_run() is None, "After the call a run is still open. Use `with` blocks, which end their runs."
cv_runs = mlflow.search_runs(experiment_names=[cv_experiment], output_format="list")
parents = [run for run in cv_runs if "mlflow.parentRunId" not in run.data.tags]
assert len(parents) == 3, (
    f"Three candidates left {len(parents)} runs without a parent, expected 3. A fold's run is started inside the candidate's, with nested=True."
)
for parent_run in parents:
    which = f"'{parent_run.info.run_name}'"
    children = [run for run in cv_runs if run.data.tags.get("mlflow.parentRunId") == parent_run.info.run_id]
    assert len(children) == len(folds), f"Candidate {which} has {len(children)} child runs, expected {len(folds)}: one for each fold."
    assert all("val_mae" in child.data.metrics for child in children), (
        f'A fold of {which} has no metric "val_mae". Log it while the fold\'s run is the innermost open one.'
    )
    assert {"val_mae_mean", "val_mae_std"} <= set(parent_run.data.metrics), (
        f"Candidate {which} has the metrics {sorted(parent_run.data.metrics)}, expected val_mae_mean and val_mae_std. Log them in the parent's block, after the loop."
    )
    assert "val_mae" not in parent_run.data.metrics, (
        f"Candidate {which} has a val_mae of its own: it would stand among the folds, as in Bo's table."
    )
    mean_of_folds = np.mean([child.data.metrics["val_mae"] for child in children])
    assert abs(parent_run.data.metrics["val_mae_mean"] - mean_of_folds) < 1e-6, (
        f"Candidate {which} says val_mae_mean {parent_run.data.metrics['val_mae_mean']:.2f}; the mean of its folds is {mean_of_folds:.2f}."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-folds-logged", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what cross_validate left in the store for another candidate with five folds: parent, children, and their parameters.
### BEGIN HIDDEN TESTS
import mlflow
from demand import new_experiment, read_hours

mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.end_run()
hours = read_hours("hours.csv")
bounds = [300, 400, 700, 800, 1200, 1300]
unequal = [(hours.iloc[:start], hours.iloc[start:stop]) for start, stop in zip(bounds, bounds[1:])]
try:
    cross_validate(new_experiment("unequal"), "small forest", {"n_estimators": 4, "min_samples_leaf": 3, "random_state": 2}, unequal)
except Exception:
    pass  # the run that it leaves tells

import mlflow
from demand import newest_experiment

mlflow.set_tracking_uri("sqlite:///mlflow.db")
runs = mlflow.search_runs(experiment_names=[newest_experiment("unequal")], output_format="list")
tops = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
assert len(tops) == 1, f"One candidate with five folds left {len(tops)} runs without a parent."
(top,) = tops
assert top.info.run_name == "small forest", f"The parent is called {top.info.run_name!r}, expected the candidate's name, 'small forest'."
given = {"n_estimators": "4", "min_samples_leaf": "3", "random_state": "2"}
assert given.items() <= top.data.params.items(), f"The parent has the parameters {top.data.params}, expected {given} among them."
numbers = sorted(str(run.data.params.get("fold")) for run in runs if run is not top)
assert numbers == ["0", "1", "2", "3", "4"], (
    f"With five folds the children's parameter 'fold' is {', '.join(numbers) or 'missing'}; expected 0 to 4."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-folds-logged-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the numbers that cross_validate left for five folds of different size. Is each fold's error that of a model fitted on this
# fold's hours and measured on the others, and do mean and standard deviation follow from them?
### BEGIN HIDDEN TESTS
import mlflow
import numpy as np
from demand import mean_error, newest_experiment, read_hours, train_forest

mlflow.set_tracking_uri("sqlite:///mlflow.db")
hours = read_hours("hours.csv")
bounds = [300, 400, 700, 800, 1200, 1300]
pieces = [(hours.iloc[:start], hours.iloc[start:stop]) for start, stop in zip(bounds, bounds[1:])]
forests = [train_forest(before, {"n_estimators": 4, "min_samples_leaf": 3, "random_state": 2}) for before, _ in pieces]
truth = np.array([mean_error(forest, after) for forest, (_, after) in zip(forests, pieces)])
seen = np.array([mean_error(forest, before) for forest, (before, _) in zip(forests, pieces)])
runs = mlflow.search_runs(experiment_names=[newest_experiment("unequal")], output_format="list")
tops = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
below = sorted((run for run in runs if run not in tops), key=lambda run: run.data.params.get("fold", ""))
shown = np.array([run.data.metrics.get("val_mae", np.nan) for run in below])
same = len(shown) == len(truth) and np.allclose(shown, truth)
on_training = len(shown) == len(seen) and np.allclose(shown, seen)
why = (
    "Those are errors on the hours that the models were fitted on."
    if on_training
    else "Each fold fits a new model on its own first table and measures it on its second."
)
assert same, f"With five other folds the errors are {shown.round(1)}, expected {truth.round(1)}. {why}"
mean, deviation = (tops[0].data.metrics.get(name, np.nan) for name in ("val_mae_mean", "val_mae_std"))
assert abs(mean - truth.mean()) < 1e-6, (
    f"With folds of different size val_mae_mean is {mean:.2f}; the mean of the folds' errors is {truth.mean():.2f}: each fold counts the same."
)
deviations = truth.std(), truth.std(ddof=1)
assert min(abs(deviation - right) for right in deviations) < 1e-6, (
    f"val_mae_std is {deviation:.2f}; the standard deviation of the folds' errors is {deviations[0]:.2f}."
)
### END HIDDEN TESTS

# %% [markdown]
# Now the leaderboard compares candidates. Draw it with its folds:

# %% tags=["uses-answers"]
by_mean = sorted(parents, key=lambda run: run.data.metrics["val_mae_mean"])
table = pd.DataFrame(
    {
        candidate.info.run_name: {
            int(run.data.params["fold"]): run.data.metrics["val_mae"]
            for run in cv_runs
            if run.data.tags.get("mlflow.parentRunId") == candidate.info.run_id
        }
        for candidate in by_mean
    }
)
fig, ax = plt.subplots(figsize=(7, 5))
for fold, fold_errors in table.sort_index().iterrows():
    ax.plot(fold_errors.index, fold_errors, marker=f"${fold}$", markersize=9, linestyle=":", label=f"fold {fold}")
ax.errorbar(
    [run.info.run_name for run in by_mean],
    [run.data.metrics["val_mae_mean"] for run in by_mean],
    [run.data.metrics["val_mae_std"] for run in by_mean],
    fmt="ks",
    capsize=4,
    label="mean ± standard deviation",
)
ax.set(xlabel="candidate, best mean first", ylabel="mean absolute error (trips per hour)", title="Three candidates, seven weeks")
ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
fig.savefig("folds.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "folds.png",
    alt="Line chart of the errors of three candidates, one line for each of the seven folds, with each candidate's mean and a bar of one standard deviation",
)

# %% [markdown]
# Read it: who wins in the easy fold 1, and who on average? What do the long bars tell you, and what not?
#
# <details><summary>What we see</summary>In fold 1 <code>subset</code> is ahead; on average <code>poisson</code> is, by almost one trip per hour. The bars overlap widely, but mind what they show: how much
# <em>weeks</em> differ, for everybody. Compare within the same week, along a dotted line, and it is clearer: <code>poisson</code> is better in five of seven. You will use that idea, comparing day by day, in the
# last exercise.</details>

# %% [markdown]
# ## Part 5 · Rebuild it
#
# Noor wants Friday's forest trained again, exactly, to see where it went wrong. Bo has the parameters; they are in the store. Here is his function, called twice on the hours
# of spring, without those of `test`.

# %% nbgrader={"grade": false, "grade_id": "spring", "locked": true, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
hours[hours["time"] < "2025-06-02"].to_csv("spring.csv", index=False)


# %%
def train_as_found(experiment, csv, settings, cut):
    mlflow.set_experiment(experiment)
    with mlflow.start_run():
        mlflow.log_params(settings)
        table = read_hours(csv)
        forest = train_forest(table[table["time"] < cut], settings)
        mlflow.log_metric("val_mae", mean_error(forest, table[table["time"] >= cut]))


twice = new_experiment("rebuild-as-found")
for _ in range(2):
    train_as_found(twice, "spring.csv", {"n_estimators": 20, "max_features": 0.7}, cut="2025-05-12")
mlflow.search_runs(experiment_names=[twice])[["params.n_estimators", "params.max_features", "metrics.val_mae"]]

# %% [markdown]
# The same parameters, two models. To rebuild a run you need all that went into it, and three things are missing here:
#
# - **The seed.** A forest draws random numbers. `random_state` fixes them, if it is set, and it must be recorded like any other setting.
# - **The data.** "spring.csv" is a name, and tomorrow another file may have it. A *hash* is a fingerprint of the content: SHA-256 turns any file into 64 characters, and if one byte changes, so
#   do they. `hashlib.sha256(Path(csv).read_bytes()).hexdigest()` computes it.
# - **How it was used**: here `cut`, the day that divides the hours to fit on from those to measure on.
#
# Then there is the **code**. In a script inside a Git repository MLflow writes the commit into the tag `mlflow.source.git.commit`; in a notebook it does not, and you would set a tag
# yourself. We leave that to the lab on reproducibility.
#
# One trap when you read a run back: parameters are kept as *text*.

# %%
mlflow.set_experiment(new_experiment("texts"))
with mlflow.start_run() as run:
    mlflow.log_params({"max_depth": None, "bootstrap": False})
    mlflow.log_dict({"max_depth": None, "bootstrap": False}, "settings.json")  # an artefact keeps the types
kept = mlflow.get_run(run.info.run_id).data.params
print(kept, "– and bool('False') is", bool(kept["bootstrap"]))
print(mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/settings.json"))

# %% [markdown]
# ### Exercise 5 — A run that can be rebuilt
# *Difficulty ●●● · about 15 minutes*
#
# Write two functions.
#
# `train_recorded(experiment, csv, settings, cut)` does what Bo's function does, and returns the run's id. Besides the parameters and `val_mae` it records whatever `rebuild` will need; one
# thing in a form that others can read too: the tag `data_sha256`, the file's SHA-256 in hexadecimal. If `settings` has no `random_state`, choose one, use it and record it.
#
# `rebuild(run_id, csv)` gets nothing but the run's id and a file. It trains the model again as the run did and returns its error on the hours from `cut` on, the same to the last digit. If the
# file is not the one that the run was trained on, it raises a `ValueError` before it trains anything. A copy of the file in another folder *is* the same data.
#
# Done means: it works in another process and on another day, with a run id alone; for settings with numbers, words, `True`, `False` and `None`; and it refuses data in which a single digit has changed.
#
# <details><summary>Hint 1</summary>Write <code>rebuild</code> first, on paper: what does it need that is neither in <code>run_id</code> nor in the file? That is the list of what <code>train_recorded</code> must record, and in which
# types.</details>
# <details><summary>Hint 2</summary>Add a <code>random_state</code> if there is none (<code>secrets.randbelow(2**31)</code> draws a number). Keep settings and <code>cut</code> together with
# <code>mlflow.log_dict</code> as well as in the parameters, and read them back with <code>mlflow.artifacts.load_dict</code>. In <code>rebuild</code> compare the file's hash with
# <code>mlflow.get_run(run_id).data.tags["data_sha256"]</code> before anything else.</details>


# %% nbgrader={"grade": false, "grade_id": "rebuild", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_recorded(experiment, csv, settings, cut):
    """Train a forest on the hours in `csv` before `cut`, record all that a rebuild needs, return the run's id."""
    ### BEGIN SOLUTION
    recipe = {"settings": {"random_state": secrets.randbelow(2**31), **settings}, "cut": cut}
    mlflow.set_experiment(experiment)
    with mlflow.start_run() as run:
        mlflow.log_params({**recipe["settings"], "cut": cut})
        mlflow.log_dict(recipe, "recipe.json")
        mlflow.set_tag("data_sha256", fingerprint(csv))
        mlflow.log_metric("val_mae", follow(recipe, csv))
    return run.info.run_id
    ### END SOLUTION


def rebuild(run_id, csv):
    """Train the run's model again from what the store knows, and return its error. Raises ValueError if `csv` holds other data."""
    ### BEGIN SOLUTION
    run = mlflow.get_run(run_id)
    recorded, given = run.data.tags["data_sha256"], fingerprint(csv)
    if given != recorded:
        raise ValueError(f"{csv} is not the data of run {run_id}: its SHA-256 begins with {given[:8]}, the run's with {recorded[:8]}")
    return follow(mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/recipe.json"), csv)


def fingerprint(csv):
    return hashlib.sha256(Path(csv).read_bytes()).hexdigest()


def follow(recipe, csv):
    table = read_hours(csv)
    past = table["time"] < recipe["cut"]
    return mean_error(train_forest(table[past], recipe["settings"]), table[~past])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-rebuild", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
rebuilt_run = train_recorded(new_experiment("rebuild"), "spring.csv", {"n_estimators": 10, "max_features": 0.7}, "2025-05-12")
mlflow.end_run()
record = mlflow.get_run(rebuilt_run)
assert "val_mae" in record.data.metrics, 'The run has no metric "val_mae".'
fresh_error = rebuild(rebuilt_run, "spring.csv")
logged_error = record.data.metrics["val_mae"]
assert isinstance(fresh_error, float), f"rebuild returns a number, the error, not a {type(fresh_error).__name__}."
assert abs(fresh_error - logged_error) < 1e-9, (
    f"The run logged {logged_error:.6f}, rebuilt it errs by {fresh_error:.6f}. Something that went in was not recorded, or not used again: is there a random_state in the run?"
)

# %% nbgrader={"grade": true, "grade_id": "test-rebuild-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
rebuilt_run = train_recorded(new_experiment("rebuild"), "spring.csv", {"n_estimators": 5, "random_state": 4}, "2025-05-12")
tag = mlflow.get_run(rebuilt_run).data.tags.get("data_sha256")
assert tag == hashlib.sha256(Path("spring.csv").read_bytes()).hexdigest(), (
    f"The tag data_sha256 is {tag!r}, which is not the SHA-256 of the file's bytes."
)
refused = None
with tempfile.TemporaryDirectory() as elsewhere:
    longer = Path(elsewhere) / "spring.csv"
    longer.write_text(Path("spring.csv").read_text() + "2025-06-02 00:00:00,0.0,0.0,0.0,17.0,0.0,3.0,5\n")
    try:
        rebuild(rebuilt_run, longer)
    except ValueError as error:
        refused = error
assert refused is not None, (
    "The file has one hour more than the run was trained on, and rebuild did not refuse it. Compare its hash with the run's before training."
)

# %% nbgrader={"grade": true, "grade_id": "judge-rebuild", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: both functions, in a clean kernel, on another city's file and with other settings, among them True, False and None. The
# file is moved before the rebuild, and what the run says of its error is blotted out.
### BEGIN HIDDEN TESTS
from demand import mean_error, read_hours, train_forest
from judgekit_mlflow import own_store
from judging import fresh_hours, make_experiment
from mlflow import MlflowClient

with own_store() as folder:
    source, moved = folder / "city.csv", folder / "archive.csv"
    fresh_hours(seed=416, days=28).to_csv(source, index=False)
    wishes = {
        "n_estimators": 7,
        "bootstrap": False,
        "max_depth": None,
        "max_features": 0.5,
        "criterion": "poisson",
        "warm_start": True,
        "random_state": 11,
    }
    run_id = train_recorded(make_experiment(folder, "moving"), str(source), wishes, "2026-04-19")
    table = read_hours(source)
    truth = mean_error(train_forest(table[table["time"] < "2026-04-19"], wishes), table[table["time"] >= "2026-04-19"])
    shown = MlflowClient().get_run(run_id).data.metrics["val_mae"]
    assert abs(shown - truth) < 1e-9, (
        f"With fresh data and settings val_mae is {shown:.4f}, expected {truth:.4f}: fitted before the cut, measured from it on."
    )
    MlflowClient().log_metric(run_id, "val_mae", 999.0)
    source.rename(moved)
    try:
        answer = rebuild(run_id, str(moved))
    except Exception as error:
        raise AssertionError(f"The same file, moved, and rebuild stopped with {type(error).__name__}: {error}") from None
    assert answer != 999.0, "rebuild returned the number that the run had logged. It must train the model again and measure it."
    assert abs(answer - truth) < 1e-9, (
        f"Rebuilt with {wishes}, the error is {answer:.4f}, expected {truth:.4f}. Parameters come back as text: do True, False and None survive?"
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-rebuild-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rebuild, in a clean kernel, on data in which one digit was changed; and on a run whose settings had no seed.
### BEGIN HIDDEN TESTS
from judgekit_mlflow import own_store
from judging import fresh_hours, make_experiment
from mlflow import MlflowClient

with own_store() as folder:
    source, forged = folder / "city.csv", folder / "forged.csv"
    table = fresh_hours(seed=417, days=28)
    table.to_csv(source, index=False)
    run_id = train_recorded(make_experiment(folder, "seedless"), str(source), {"n_estimators": 4}, "2026-04-22")
    logged = MlflowClient().get_run(run_id).data.metrics["val_mae"]
    answer = rebuild(run_id, str(source))
    assert abs(answer - logged) < 1e-9, (
        f"No seed was given, the run logged {logged:.4f}, and rebuilt it errs by {answer:.4f}: choose a seed, use it and record it."
    )
    table.loc[500, "trips"] += 1
    table.to_csv(forged, index=False)
    outcome = "accepted it"
    try:
        rebuild(run_id, str(forged))
    except Exception as error:
        outcome = f"raised {type(error).__name__}"
    assert outcome == "raised ValueError", (
        f"One trip was added to one hour, and rebuild {outcome}, expected a ValueError. Hash the whole content: not a name, a size, a date or the first lines."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# Monday 28 July. For four weeks the city ran on a forecast that the team trained afresh at the end of June and registered. A *model registry* is the part of MLflow that keeps
# models by name. Each registration under a name makes a new **version**: 1, 2, 3, … An **alias** is a movable name for one of them. The vans' software loads
# `models:/demand-forecast@champion`, so to promote a version is to move the alias: no file is copied, no service changed, and back is as easy.
#
# Meanwhile your colleagues registered three candidates, all trained on the same hours. `july.csv` holds the four weeks since. It is our *hold-out*: hours that no model was trained, tuned or chosen on.

# %% nbgrader={"grade": false, "grade_id": "july", "locked": true, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
july = read_hours("july.csv")
play_july("demand-forecast", "hours.csv")
MlflowClient().get_model_version_by_alias("demand-forecast", "champion").version

# %%
client = MlflowClient()
errors = {}
for version in client.search_model_versions("name = 'demand-forecast'"):
    forecast = mlflow.sklearn.load_model(f"models:/demand-forecast/{version.version}").predict(july[FEATURES])
    errors[f"{version.version} ({version.description})"] = (july["trips"] - forecast).abs()
errors = pd.DataFrame(errors).sort_index(axis="columns")
wet = july["rain_mm"] > 0
summary = pd.DataFrame({"all hours": errors.mean(), "dry": errors[~wet].mean(), "rain": errors[wet].mean()})

ax = summary.plot.barh(figsize=(7, 4.5), width=0.8, color=["dimgray", "tan", "steelblue"])
for bars, hatch in zip(ax.containers, ["", "..", "//"]):
    ax.bar_label(bars, fmt="%.1f", padding=2)
    plt.setp(bars, hatch=hatch)
ax.invert_yaxis()
ax.legend()
ax.set(xlabel="mean absolute error in July (trips per hour)", ylabel="version", title="Version 1 is the champion", xlim=(0, 25))
ax.figure.savefig("july.png", dpi=100, bbox_inches="tight")
plt.close(ax.figure)
Image(
    "july.png",
    alt="Bar chart of the July error of four model versions in all hours, in dry hours and in rain: version 2 has the lowest error overall, but a higher one than the champion in rain",
)

# %% [markdown]
# Version 2 has the lowest error. Should it be the champion? Bo says yes. Noor asks what happens when it rains: then people leave their bikes wherever they are, and a
# van in the wrong place costs most. And Cy's version 3 is ahead of the champion by a fifth of a trip. Is that better, or is that July?
#
# Such questions are settled *before* the numbers are seen, or everyone finds the rule that fits their model. The team agrees on this one. A candidate is any version but the champion.
#
# > 1. **More than noise.** For each day take the champion's mean absolute error minus the candidate's: the day's *gain*. The mean of the gains must be greater than twice its
# >    *standard error*, the standard deviation of the gains divided by the square root of the number of days. (A mean that is smaller may well be luck. By day, because the hours of one
# >    day share its luck: 672 hours look like more evidence than they are.)
# > 2. **No slice pays for it.** A *slice* is a part of the hours that matters by itself; ours is rain. In hours with `rain_mm > 0` the candidate's MAE is at most 1.05 times the champion's.
# > 3. Of the candidates that meet 1 and 2 the one with the lowest MAE over all hours becomes the champion. If none does, the champion stays.

# %% [markdown]
# ### Exercise 6 — Promote by the rule
# *Difficulty ●●● · about 15 minutes*
#
# Write `decide(name, holdout)`. It applies the rule to the versions of the registered model `name` on the hours in `holdout`, and writes the outcome into the registry:
#
# - the alias `champion` moves, if the rule says so;
# - each candidate gets the tag `decision`, which is `promoted` or `rejected`, and the tag `reason`: a sentence with the figures behind it. For a rejected one it begins with the
#   condition it failed: `noise`, `rain`, or, if it met both but another was better, `outscored`. (If it failed both, either word will do.)
#
# Done means: it does so for July, and for other models and other weeks: none, one or several candidates that pass.
#
# <details><summary>Hint 1</summary>Write down each version's error hour by hour, once; everything in the rule is a mean over some of these hours. Collect who passes first, and move the alias
# once, at the end.</details>
# <details><summary>Hint 2</summary>With the absolute errors as pandas Series, <code>(champion_error - error).groupby(holdout["time"].dt.date).mean()</code> gives the gains by day, and <code>.sem()</code> of a Series
# is its standard error. Write with the client's <code>set_model_version_tag(name, version, key, value)</code> and <code>set_registered_model_alias(name, alias, version)</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "decide", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decide(name, holdout):
    """Apply the promotion rule to the versions of the registered model `name`; write alias, decisions and reasons."""
    ### BEGIN SOLUTION
    client = MlflowClient()
    champion = client.get_model_version_by_alias(name, "champion").version
    error = {}
    for registered in client.search_model_versions(f"name = '{name}'"):
        model = mlflow.sklearn.load_model(f"models:/{name}/{registered.version}")
        error[registered.version] = (holdout["trips"] - model.predict(holdout[FEATURES])).abs()
    todays = error.pop(champion)

    in_rain = holdout["rain_mm"] > 0
    reasons, passed = {}, {}
    for version, theirs in error.items():
        gains = (todays - theirs).groupby(holdout["time"].dt.date).mean()
        rain = theirs[in_rain].mean() / todays[in_rain].mean()
        figures = f"gain {gains.mean():.2f} ± {gains.sem():.2f} trips per hour, {rain:.2f} times the champion's error in rain"
        if gains.mean() <= 2 * gains.sem():
            reasons[version] = f"noise: {figures}"
        elif rain > 1.05:
            reasons[version] = f"rain: {figures}"
        else:
            passed[version] = theirs.mean()
            reasons[version] = f"outscored: {figures}"
    best = min(passed, key=passed.get, default=None)

    for version, reason in reasons.items():
        client.set_model_version_tag(name, version, "decision", "promoted" if version == best else "rejected")
        client.set_model_version_tag(name, version, "reason", reason.replace("outscored", "promoted") if version == best else reason)
    if best is not None:
        client.set_registered_model_alias(name, "champion", best)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-decide", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
start_july_again("demand-forecast")
decide("demand-forecast", july)
now = str(MlflowClient().get_model_version_by_alias("demand-forecast", "champion").version)
assert now != "2", (
    "Version 2 became the champion. It has the lowest error over all hours, but in rain its error is far above 1.05 times the champion's: condition 2 keeps it out."
)
assert now != "3", "Version 3 became the champion. Its mean gain is smaller than twice its standard error: condition 1 calls that noise."
assert now != "1", (
    "Version 1 is still the champion, but one candidate meets both conditions. Work out the gain, its standard error and the error in rain for each candidate by hand."
)

# %% nbgrader={"grade": true, "grade_id": "test-decide-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
mlflow.end_run()
start_july_again("demand-forecast")
decide("demand-forecast", july)
july_tags = {str(v.version): v.tags for v in MlflowClient().search_model_versions("name = 'demand-forecast'")}
for number, expected in {"2": "rejected", "3": "rejected", "4": "promoted"}.items():
    said = july_tags[number].get("decision")
    assert said == expected, f"The tag 'decision' of version {number} is {said!r}, expected {expected!r}."
    reason = july_tags[number].get("reason", "")
    assert any(letter.isdigit() for letter in reason), (
        f"The tag 'reason' of version {number} is {reason!r}, expected a sentence with figures: who reads it in a year has only that."
    )
for number, word in {"2": "rain", "3": "noise"}.items():
    reason = july_tags[number]["reason"]
    assert reason.startswith(word), (
        f"The reason for version {number} begins with {reason[:20]!r}, expected {word!r}: the condition that it failed."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-decide", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the registry that your notebook left. The rule is applied to the registered models again; is the champion the one that it names?
### BEGIN HIDDEN TESTS
import mlflow
from demand import read_hours
from judging import judge_versions
from mlflow import MlflowClient

mlflow.set_tracking_uri("sqlite:///mlflow.db")
verdict = judge_versions("demand-forecast", read_hours("july.csv"))
(right,) = [version for version, words in verdict.items() if words == {"promoted"}]
left = MlflowClient().get_model_version_by_alias("demand-forecast", "champion")
assert str(left.version) == right, f"The notebook left version {left.version} as the champion, which is not the one that the rule names."
assert left.tags.get("decision") == "promoted", f"The champion's tag 'decision' is {left.tags.get('decision')!r}, expected 'promoted'."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-decide-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what decide made of other weeks in which no candidate passes; one is ahead on average thanks to a few days only.
### BEGIN HIDDEN TESTS
# Two more models, whose versions err by design: `gain` trips per hour less than the champion on average,
# `swing` from day to day, and `rain` times the champion's error in rain.
import mlflow
import numpy as np
from demand import FEATURES, REQUIREMENTS, TREES, new_experiment, read_hours
from mlflow import MlflowClient
from sklearn.tree import DecisionTreeRegressor

mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.end_run()
hours = read_hours("hours.csv")
registry = MlflowClient()
for name, holdout, designs in [
    ("quiet-weeks", hours.iloc[-672:], [(0, 0, 1.0), (1.0, 4.0, 1.0), (6.0, 2.0, 1.3)]),
    ("busy-weeks", hours.iloc[-1344:-672], [(0, 0, 1.0), (3.0, 1.0, 0.9), (8.0, 2.0, 1.25), (5.0, 3.5, 1.03), (2.0, 0.8, 1.0)]),
]:
    rng, day = np.random.default_rng(12), holdout["time"].dt.dayofyear.to_numpy()
    base, sign = rng.uniform(25, 35, len(holdout)), rng.choice([-1.0, 1.0], len(holdout))
    if registry.search_registered_models(f"name = '{name}'"):
        registry.delete_registered_model(name)
    registry.create_registered_model(name)
    mlflow.set_experiment(new_experiment(name))
    for gain, swing, rain in designs:
        luck = rng.normal(size=28)
        luck = (luck - luck.mean()) / luck.std(ddof=1) * swing
        error = np.where(holdout["rain_mm"] > 0, base * rain, base - gain - luck[day - day.min()])
        designed = DecisionTreeRegressor(random_state=0).fit(holdout[FEATURES], holdout["trips"] + sign * error)
        with mlflow.start_run() as run:
            info = mlflow.sklearn.log_model(designed, name="model", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)
            registry.create_model_version(name, info.model_uri, run.info.run_id, model_id=info.model_id)
    registry.set_registered_model_alias(name, "champion", "1")
    try:
        decide(name, holdout)
        for version in registry.search_model_versions(f"name = '{name}'"):
            registry.set_model_version_tag(
                name, version.version, "first_call", f"{version.tags.get('decision')}, {version.tags.get('reason')}"
            )
        registry.set_registered_model_tag(name, "first_champion", str(registry.get_model_version_by_alias(name, "champion").version))
        decide(name, holdout)
    except Exception as error:
        registry.set_registered_model_tag(name, "stopped", f"{type(error).__name__}: {error}"[:500])

import mlflow
from demand import read_hours
from judging import judge_versions
from mlflow import MlflowClient

mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = MlflowClient()
tags = client.get_registered_model("quiet-weeks").tags
assert "stopped" not in tags, f"On other weeks decide stopped with {tags['stopped']}"
verdict = judge_versions("quiet-weeks", read_hours("hours.csv").iloc[-672:])
left = tags["first_champion"]
why = {
    "2": "Its gain is large on a few days and small or negative on the others: by day it is within the noise. The hours of a day are not independent.",
    "3": "In rain its error is 1.3 times the champion's.",
}
assert left == "1", f"On other weeks no candidate meets the rule, and version {left} became the champion. {why.get(left, '')}"
for version, words in verdict.items():
    decision, reason = client.get_model_version("quiet-weeks", version).tags["first_call"].split(", ", 1)
    assert decision == "rejected", (
        f"Where no candidate passes, the tag 'decision' of version {version} is {decision!r}, expected 'rejected'."
    )
    assert any(reason.startswith(word) for word in words), (
        f"Where no candidate passes, the reason for version {version} begins with {reason[:20]!r}, expected {' or '.join(words)}."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-decide-3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what decide made of other weeks in which several candidates pass, one of them slightly worse in rain; and a second call on
# the same weeks, which must not change the champion.
### BEGIN HIDDEN TESTS
import mlflow
from demand import read_hours
from judging import judge_versions
from mlflow import MlflowClient

mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = MlflowClient()
tags = client.get_registered_model("busy-weeks").tags
assert "stopped" not in tags, f"Where several candidates pass, decide stopped with {tags['stopped']}"
verdict = judge_versions("busy-weeks", read_hours("hours.csv").iloc[-1344:-672])
(right,) = [version for version, words in verdict.items() if words == {"promoted"}]
left = tags["first_champion"]
passing = [version for version, words in verdict.items() if words <= {"promoted", "outscored"}]
assert left == right, (
    f"On other weeks versions {', '.join(passing)} meet both conditions, and {right} has the lowest error of them; version {left} became the champion."
)
for version, words in verdict.items():
    decision, reason = client.get_model_version("busy-weeks", version).tags["first_call"].split(", ", 1)
    expected = "promoted" if version == right else "rejected"
    assert decision == expected, (
        f"Where several candidates pass, the tag 'decision' of version {version} is {decision!r}, expected {expected!r}."
    )
    assert version == right or any(reason.startswith(word) for word in words), (
        f"Where several candidates pass, the reason for version {version} begins with {reason[:20]!r}, expected {' or '.join(words)}."
    )
now = str(client.get_model_version_by_alias("busy-weeks", "champion").version)
assert now == right, f"A second call on the same weeks moved the champion from version {right} to {now}."
### END HIDDEN TESTS

# %% [markdown]
# And the vans? Their software does what it did all the time. It loads the champion, whichever that is:

# %% tags=["uses-answers"]
champion = client.get_model_version_by_alias("demand-forecast", "champion")
rush_hour = july[july["time"] == "2025-07-25 08:00"]
forecast = mlflow.sklearn.load_model("models:/demand-forecast@champion").predict(rush_hour[FEATURES])
print(
    f"For Friday 25 July, 8 to 9 o'clock, version {champion.version} says {forecast[0]:.0f} trips; there were {rush_hour['trips'].item()}."
)
print("Why this version?", champion.tags["reason"])
print("Trained on the file with the SHA-256", mlflow.get_run(champion.run_id).data.tags["data_sha256"])

# %% [markdown]
# Noor's four questions again. Which model is live: ask the alias. What it was trained on: the run behind the version, and the hash of its data. Who measured it, on which hours: you, again,
# from the logged model. What else was tried: every run is there, the failed ones too. The answers are no longer in anyone's head.

# %% [markdown]
# ## Going further
#
# - **Autologging.** `mlflow.sklearn.autolog(log_models=False)` logs parameters and training metrics of every fit by itself. Try it on your sweep: what does it log that you did not, and what does it not know?
# - **Datasets.** `mlflow.log_input(mlflow.data.from_pandas(train, name="hours"), context="training")` shows in the browser which data a run used. Its digest looks at the first 10,000 rows only; your
#   hash sees them all.
# - **A server.** Start one with the command from Part 1, set `mlflow.set_tracking_uri("http://127.0.0.1:5000")`, and nothing else in your code changes.
#
# To read:
#
# - [MLflow's documentation, the chapter on tracking](https://mlflow.org/docs/latest/ml/tracking/)
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 6 on model development and offline evaluation: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
# - [ml-ops.org, the principles of MLOps](https://ml-ops.org/content/mlops-principles): experiment tracking beside versioning, testing and monitoring
