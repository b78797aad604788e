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
#     minutes: 150
#     outcomes:
#     - Declare a training pipeline in DVC so that a change runs the stages that it concerns, and only those
#     - Read a compiled Kubeflow pipeline, and find in it a model that is tested on its own training table
#     - Write steps with typed inputs and outputs that know nothing else, and that fail loudly
#     - Make a step safe to run twice, and safe to break off in the middle
#     - Build a pipeline with a fan-out, a quality gate that is decided at run time, retries, a cache that never serves old data, and an exit task that runs whatever happens
#     prerequisites:
#     - data-versioning
#     - model-versioning
#     roadmap: Training pipelines
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: training-pipelines
#     terms:
#       stage: "A step of a DVC pipeline: a command with the files and parameters that it reads and the files that it writes."
#       over-declared: "Said of a dependency that a stage names and does not read: it makes the stage run needlessly."
#       idempotent: "Said of a step that leaves the same state behind whether it runs once or several times."
#       component: "In Kubeflow Pipelines: a function with typed inputs and outputs that runs alone, on whichever machine."
#       artefact: "A file that one step hands to another, with a type, such as Dataset or Model, and metadata."
#       compiled pipeline: "A pipeline written down as a specification in YAML, which a cluster runs without the Python code that made it."
#       fan-out: "To run the same steps for each item of a list, side by side."
#       quality gate: "A condition on a measured number that decides whether a pipeline goes on to publish."
#       retry: "To run a failed step again, a limited number of times, because its failure may pass."
#       exit handler: "A group of tasks that an exit task waits for: when the group has ended, well or badly, the exit task runs."
#       exit task: "A task that runs when an exit handler's group has ended, well or badly: it tidies up, and tells."
#       pod: "What a Kubernetes cluster runs a step in: its own container, with its own empty disk, gone afterwards."
#     title: Training pipelines
#     tools:
#     - DVC
#     - Kubeflow Pipelines
# ---

# %% [markdown]
# # Training pipelines
#
# ## Why this matters
#
# Monday 20 October 2025, six in the morning, Metro Bikes. The bill for the night's training is on Noor's desk, 31 hours of rented machine since Friday, and so is a message from the Harbour: "You sent four vans. There were nine bikes."
#
# Both come from the *nightly training*. Every night a pipeline cuts the trips of the five districts into tables, trains a forecast for each, tests it, and publishes it for the van drivers. It has been green for three weeks. It trained all districts every night, though
# the trips of only one had been corrected. It did not train at all when Ada entered a holiday. Cy has since moved it to the city's cluster, with "a gate that stops bad models". On Saturday the gate let a bad model through. The ledger of all trainings says that Hillside was trained twice on Friday, which it was not. And on Sunday a training failed, and nobody heard of it.
#
# "A pipeline that is green", says Noor, "has only said that nobody stopped it." You are the team's ML engineer. You will go through the nightly training from the laptop to the cluster, mend it in seven places, and end with one that runs what it must, stops when it should, can be run again without fear, and is heard of whatever happens.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `trips.csv`, the trips that started in each district and hour, for four weeks up to yesterday, and `weather.csv`, each day's mean temperature in °C.
# - `nightly/`, the pipeline of scripts as it runs on the laptop, with DVC.
# - `bos_steps.py`, `cys_pipeline.py` and `cys_night.yaml`, what Bo and Cy left on the way to the cluster. `steps.py` holds steps that are sound.
# - `desk.py` and `cluster.py`, tools: read the first line of each function.
#
# A cell that begins with *Judged when you hand in* names what it judges: it gives all of its points or none.
#
# You know DVC from the labs before: it keeps files under their hashes, and in `dvc.lock` which hashes a pipeline had at its last run. You need no Kubernetes and no cluster today. All errors are mean absolute errors in trips per hour, if nothing else is said.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import csv
import json
import math
import os
import tempfile
from pathlib import Path

os.environ["DVC_SITE_CACHE_DIR"] = str(Path(".dvc-site").resolve())  # what it remembers stays in this folder
os.environ["DVC_GLOBAL_CONFIG_DIR"] = str(Path(".dvc-config").resolve())

import matplotlib.pyplot as plt
import yaml
from IPython.display import Image
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output

import steps
from cluster import load_spec
from desk import full_disk, own_disk, play_nightly, play_nights, repro, run_here

DISTRICTS = ["Eastfield", "Harbour", "Hillside", "Old-Town", "University"]
ON_LAPTOP = ["Eastfield", "Harbour", "Hillside"]


# The grader calls these two by name, in a process of their own.
def nights(folder, changes):
    """Play nights in a copy of a DVC pipeline, and return what ran in each: see play_nights in desk.py."""
    from desk import play_nights

    return play_nights(folder, changes)


def rehearse(compiled, runs):
    """Run a compiled pipeline on the small cluster, and return what each run tells: see rehearse in cluster.py."""
    from cluster import rehearse

    return rehearse(compiled, runs)


play_nightly("nightly-repo")
print(Path("nightly-repo/dvc.yaml").read_text())

# %% [markdown]
# ## Part 1 · What runs needlessly, and what not at all
#
# You see the `dvc.yaml` of the nightly training, in the folder `nightly-repo`. A **stage** is one step: its command (`cmd`), the files that it reads (`deps`), the entries of `params.yaml` that it uses (`params`) and what it writes (`outs`, `metrics`). `dvc repro` runs a stage if the
# hash of anything that it *declares* has changed. The stage `train` has a **`matrix`**: DVC makes three stages of it, `train@Eastfield` and so on, one for each district that is still trained on the laptop, and puts its name where `${item.district}` stands.
#
# Two mistakes are possible. A **forgotten dependency** is a file or parameter that a stage reads and does not declare: it changes, and nothing runs. An **over-declared** one is declared and not read, or larger than what is read: the stage runs for nothing. The first costs you the truth, the second money.
#
# Let us play four nights, each after somebody changed something during the day. (`play_nights` works in a copy.)

# %%
repro("nightly-repo")
days = {
    "nothing changed": {},
    "a holiday was entered": {"append": {"holidays.csv": "2025-10-07\n"}},
    "only 7 days to train on": {"params": {"train.last_days": 7}},
    "a comment in evaluate.py": {"append": {"evaluate.py": "\n# a comment\n"}},
}
for what, night in zip(days, play_nights("nightly-repo", list(days.values()))):
    print(f"{what:24} → {', '.join(night['ran']) or 'nothing ran'}")

# %% [markdown]
# The second and the third night are wrong. For a holiday everything should have run, and for seven days all three districts should have been trained again. And this is what a comment in `prepare.py` sets off, which changes no table at all: `prepare`, all of `train`, `evaluate`. Only `prepare` should run.
#
# One more word. A step is **idempotent** if it leaves the same behind whether it ran once or five times. In DVC this pays directly: if a stage runs and writes *the same bytes* as before, the stages after it have nothing to do. A time stamp in an output destroys that.
#
# ### Exercise 1 — The nightly bill
# *Difficulty ●●○ · about 17 minutes*
#
# Mend `nightly-repo`: the file `dvc.yaml`, and the scripts where they need it. Keep the names of stages, files and parameters, and what the scripts compute. Then reproduce it once, with `repro("nightly-repo")`.
#
# Done means: after whatever somebody changed, those stages run whose inputs have changed, and no others. For instance:
#
# | what changed | what runs |
# |:--|:--|
# | nothing | nothing |
# | a comment in `prepare.py` | `prepare` |
# | trips of Hillside, two weeks ago | `prepare`, `train@Hillside`, `evaluate` |
# | trips of Hillside in the first week, which is too old for `train.last_days` | `prepare`, `train@Hillside`, and not `evaluate`: the model is the same |
# | trips of Hillside on one of the last seven days, on which we test | `prepare`, `evaluate` |
# | a comment in `train.py` | all of `train`, and not `evaluate`: the models are the same |
#
# To begin again, run the set-up cell.
#
# <details><summary>Hint 1</summary>Go through the three scripts, and note each file and each parameter that they open. Compare with what is declared. Then look at what they write: is there anything that differs when the same thing is computed again?</details>
# <details><summary>Hint 2</summary>A stage can depend on one file inside another stage's folder, and <code>${item.district}</code> may stand in <code>deps</code>, too. Change <code>dvc.yaml</code> with <code>yaml.safe_load</code> and <code>yaml.safe_dump(…, sort_keys=False)</code>, scripts with
# <code>read_text().replace(old, new)</code>, or use JupyterLab's editor to find out what works and then write it down here.</details>

# %% nbgrader={"grade": false, "grade_id": "nightly", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Mend nightly-repo, and reproduce it.
### BEGIN SOLUTION
described = yaml.safe_load(Path("nightly-repo/dvc.yaml").read_text())
described["stages"]["prepare"]["deps"].append("holidays.csv")
described["stages"]["train"]["deps"] = ["train.py", "prepared/${item.district}.csv"]
described["stages"]["train"]["params"] = ["train.last_days"]
described["stages"]["evaluate"]["deps"] = ["evaluate.py", "prepared/test.csv", "models"]
Path("nightly-repo/dvc.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
script = Path("nightly-repo/train.py")
script.write_text(script.read_text().replace('"trained_at": datetime.now().isoformat(), ', ""))
repro("nightly-repo")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-nightly", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
four = play_nights(
    "nightly-repo",
    [
        {},
        {"append": {"holidays.csv": "2025-10-06\n"}},
        {"replace": {"data/trips.csv": ["2025-10-02T08:00,Hillside,", "2025-10-02T08:00,Hillside,9"]}},
        {"params": {"train.last_days": 7}},
    ],
)
for night, (what, expected, why) in zip(
    four,
    [
        ("Nothing changes", [], "Is the pipeline reproduced?"),
        (
            "A holiday is entered in holidays.csv",
            ["prepare", *(f"train@{d}" for d in ON_LAPTOP), "evaluate"],
            "prepare reads it, and the tables of all districts change.",
        ),
        (
            "Trips of Hillside are corrected",
            ["prepare", "train@Hillside", "evaluate"],
            "Each train stage reads one table, and evaluate all models.",
        ),
        ("train.last_days becomes 7", [*(f"train@{d}" for d in ON_LAPTOP), "evaluate"], "train.py reads this parameter."),
    ],
):
    assert not night["error"], f"{what}, and the pipeline stops: {night['error']}"
    missed = [stage for stage in expected if stage not in night["ran"]]
    needless = [stage for stage in night["ran"] if stage not in expected]
    assert not missed, f"{what}. Not run, and so out of date: {', '.join(missed)}. {why}"
    assert not needless, f"{what}. Run needlessly: {', '.join(needless)}. {why}"

# %% nbgrader={"grade": true, "grade_id": "judge-nightly", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from nightly-repo: nights in which a script or the trips of another district change, weeks ago or on a day that is tested on.
### BEGIN HIDDEN TESTS
from judge_nights import expect_nights, nights_of_changes

changes, expected = nights_of_changes()
expect_nights(nights("nightly-repo", changes), expected)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-nightly-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from nightly-repo: nights with other parameters and holidays. Do the right stages run, and are the errors in metrics.json right?
### BEGIN HIDDEN TESTS
from judge_nights import expect_nights, nights_of_settings

changes, expected = nights_of_settings()
expect_nights(nights("nightly-repo", changes), expected)
### END HIDDEN TESTS

# %% [markdown]
# What does DVC compare? *Content*: the bytes of what you declared, today and at the last run. Keep that in mind for Part 6.

# %% [markdown]
# ## Part 2 · Read a compiled pipeline
#
# The city has a cluster, and on it **Kubeflow Pipelines**, a system that runs pipelines on many machines. There a step is no script. It is a **component**: a function that declares what goes in and what comes out, with types. Small values are **parameters** (`str`, `int`, `float`, `bool`, lists and dictionaries). A file is an **artefact**: it has a type (`Dataset`, `Model`, `Metrics`), a place that
# the system chooses, `.path`, and **metadata**, a dictionary that is kept with it.
#
# Here are two components and a pipeline:


# %%
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def count(source: str, day: str, table: Output[Dataset]):
    import csv

    with open(source) as file:
        rows = [row for row in csv.DictReader(file) if row["hour"].startswith(day)]
    with open(table.path, "w") as file:
        file.write("\n".join(row["trips"] for row in rows))
    table.metadata["rows"] = len(rows)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def add(table: Input[Dataset]) -> int:
    with open(table.path) as file:
        return sum(map(int, file))


@dsl.pipeline(name="trips-of-a-day")
def trips_of_a_day(source: str, day: str = "2025-10-19") -> int:
    counted = count(source=source, day=day)
    return add(table=counted.outputs["table"]).output


run_here(trips_of_a_day, source=str(Path("trips.csv").resolve()))

# %% [markdown]
# This was Kubeflow's own *local runner*, which runs each step as a process on your machine. On a cluster a step runs in an **image**: a file system with a Python and its packages, packed up once and unpacked afresh for each step. `metro-bikes/steps:2.16`, the team's own, holds Python's standard library and `kfp` 2.16, and no more, no numpy and no pandas. Name the image yourself: the default of
# today, `python:3.11`, is not that of next year. (A step needs the package `kfp` where it runs, and by default calls `pip` for it first. `install_kfp_package=False` keeps it from that, and is right only for an image that has kfp, as ours does.)
#
# The function `trips_of_a_day` does not run when data flows. It runs *once*, when the pipeline is **compiled**: it only writes down which step gets what from whom. What goes to the cluster is what was written down, the **compiled pipeline**: a YAML file that says all that is to be run, and with what.

# %%
compiler.Compiler().compile(trips_of_a_day, "trips_of_a_day.yaml")
spec, _ = load_spec("trips_of_a_day.yaml")  # the pipeline; and what only one platform knows, which is nothing here
print(yaml.safe_dump(spec["root"], sort_keys=False))
print(yaml.safe_dump(spec["components"]["comp-add"], sort_keys=False))

# %% [markdown]
# How to read it:
#
# - `root.dag.tasks` holds the *tasks*, each with a name. `componentRef.name` says which component it uses. A second task of the step `add` would be called `add-2`.
# - `inputs.artifacts` of a task says where each artefact comes from: `taskOutputArtifact` with the task that made it (`producerTask`) and the name of its output (`outputArtifactKey`), or `componentInputArtifact`, an artefact that was given to the whole pipeline.
# - `components` says of each component its `inputDefinitions` and `outputDefinitions`; an artefact's type is `artifactType.schemaTitle`: `system.Dataset`, `system.Model`, `system.Metrics`.
# - `deploymentSpec` (not shown) holds the source code of each step.
#
# Now to Cy's pipeline of Saturday. He trained a second candidate, "smoothed", which won with an error of 2.3 trips per hour against 3.2; in service it is off by more than 4. Cy is on holiday, and so is his laptop. What we have is what went to the cluster, `cys_night.yaml`. That is enough.
#
# ### Exercise 2 — Who marks their own homework?
# *Difficulty ●●○ · about 14 minutes*
#
# Write `own_homework(path)`. It reads a compiled pipeline, and returns the names of those tasks that test a model on a table from which this model has learnt.
#
# - A task *tests* if it gets a model and makes none. A task that makes a model *trains*, with all the tables that it gets.
# - A model may be made from another model, by fine-tuning for instance. Then it has learnt from all tables of that one, too, and so on backwards.
# - Only one and the same artefact counts as the same table: two outputs of one task are two tables. A table can also come from the pipeline's own inputs.
#
# Look at the tasks in `root` alone. The order of the names does not matter.
#
# Done means: it finds Cy's mistake, and is right about compiled pipelines that you have not seen.
#
# <details><summary>Hint 1</summary>Write a helper that returns for a task its input artefacts as (type, origin), the origin as a pair of texts. Then one that returns all origins of tables from which a task's model has learnt; it calls itself for each model that the task gets.</details>
# <details><summary>Hint 2</summary>The type of a task's input <code>name</code> stands in <code>spec["components"][component]["inputDefinitions"]["artifacts"][name]</code>. Use <code>.get(…, {})</code> where something may be missing. A model given to the pipeline from outside has learnt from tables that we do
# not know: no task is blamed for that.</details>


# %% nbgrader={"grade": false, "grade_id": "homework", "locked": false, "schema_version": 3, "solution": true, "task": false}
def own_homework(path):
    """Return the names of the tasks in a compiled pipeline that test a model on a table from which it has learnt."""
    ### BEGIN SOLUTION
    spec, _ = load_spec(Path(path))
    tasks = spec["root"]["dag"]["tasks"]

    def types(name, way):
        return spec["components"][tasks[name]["componentRef"]["name"]].get(way, {}).get("artifacts", {})

    def inputs(name, kind):
        found = set()
        for key, source in tasks[name].get("inputs", {}).get("artifacts", {}).items():
            if types(name, "inputDefinitions")[key]["artifactType"]["schemaTitle"] == kind:
                made = source.get("taskOutputArtifact")
                found.add((made["producerTask"], made["outputArtifactKey"]) if made else ("", source["componentInputArtifact"]))
        return found

    def learnt_from(name):
        earlier = [learnt_from(maker) for maker, _ in inputs(name, "system.Model") if maker]
        return inputs(name, "system.Dataset").union(*earlier)

    def makes_model(name):
        return any(about["artifactType"]["schemaTitle"] == "system.Model" for about in types(name, "outputDefinitions").values())

    return [
        name
        for name in tasks
        if not makes_model(name)
        and any(learnt_from(maker) & inputs(name, "system.Dataset") for maker, _ in inputs(name, "system.Model") if maker)
    ]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-homework", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
blamed = own_homework("cys_night.yaml")
assert isinstance(blamed, (list, set, tuple)), f"own_homework returned a {type(blamed).__name__}, expected a list with names of tasks."
assert "evaluate" not in blamed, (
    "You blame `evaluate`. It tests the model of `train` on the test table, which this model has not seen: two outputs of one task are two tables."
)
assert "smooth" not in blamed, (
    "You blame `smooth`. It makes a model, so it trains: what it gets are its lessons. Blame the task that tests its model."
)
assert sorted(blamed) == ["evaluate-2"], (
    f"In cys_night.yaml you blame {sorted(blamed)}, expected ['evaluate-2']: `smooth` has learnt from prepare's test_table, and evaluate-2 tests its model on that same table."
)

# %% nbgrader={"grade": true, "grade_id": "judge-homework", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: own_homework on compiled pipelines that you have not seen, with models made from models, and tables that come from the pipeline's inputs.
### BEGIN HIDDEN TESTS
from judge_homework import homework_cases

for path, truth, what in homework_cases():
    try:
        said = own_homework(str(path))
    except Exception as problem:
        raise AssertionError(f"On a pipeline in which {what} own_homework stopped with {type(problem).__name__}: {problem}") from None
    said = sorted(map(str, said)) if isinstance(said, (list, set, tuple, frozenset)) else [f"a {type(said).__name__}"]
    blamed, missed = [name for name in said if name not in truth], [name for name in truth if name not in said]
    assert not blamed, f"In a pipeline in which {what} you blame {', '.join(blamed)}, which is innocent."
    assert not missed, f"In a pipeline in which {what} you miss {', '.join(missed)}."
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · Steps that know nothing else, and fail loudly
#
# What went to the cluster was each step's *source*, in the compiled pipeline. Nothing of your notebook is there: no import at its top, no variable, no file in its folder. On a cluster each step runs in a **pod**: its own container with its own, empty disk, which is gone when the step has ended. What a step needs must come in through its inputs, and what shall stay must go out through its outputs.
#
# Bo has written three steps for a question of Rosa's: how many trips a day does a degree of warmth bring? Open `bos_steps.py`. In his notebook they work:

# %%
import bos_steps

made = run_here(bos_steps.join, trips=str(Path("trips.csv").resolve()), weather=str(Path("weather.csv").resolve()))["days"]
print(f"The step succeeded. Its table: {made['text']!r}")

# %% [markdown]
# It succeeded, and its table has a header and no row. His step knows neither `csv` nor `Path`: those imports stand at the top of the file, not in the function. So there was a `NameError` inside the `try`, and then came `except Exception`.
#
# A step that hides its failure hands it on. The next one trains on nothing, or on zeros, and the run is green. **A step fails loudly** if it raises an exception as soon as it knows that its result would be wrong, with a message that says what is wrong and where. Then the run is red at the right place, and nothing after it runs.

# %% [markdown]
# ### Exercise 3 — Three steps for the cluster
# *Difficulty ●●● · about 20 minutes*
#
# Write the three components, with `@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)`. They use what is in this image: the standard library alone. Begin with Bo's, and mend what is wrong. Their inputs and outputs:
#
# | component | in | out |
# |:--|:--|:--|
# | `join` | `trips: str`, `weather: str` (paths of two files like `trips.csv` and `weather.csv`) | `days`, a `Dataset`: a CSV file with a row a day, in order, and the columns `day`, `trips` (the sum of all districts), `temperature_c` |
# | `fit` | `days`, a `Dataset`; `test_days: int` | `model`, a `Model`: a JSON file with `intercept` and `slope`, fitted to all days but the last `test_days` |
# | `score` | `model`, `days`, `test_days: int` | returns a `float`: the mean absolute error on the last `test_days` days, in trips per day |
#
# `test_days` is at least 1.
#
# Metadata: `days` has `rows` (how many), `first` and `last` (the days). `model` has `trained_on`, the number of days, and `last`, the last day that it was trained on.
#
# Loudly: `join` raises a `ValueError` that names the day if a day with trips has no temperature, or an empty one; and one that names the file if there is no trip in it. `fit` raises a `ValueError` if fewer than three days are left to train on.
#
# Done means: the pipeline in the test below, made of your components, compiles; it runs with Kubeflow's local runner, and on the cluster with other data, other parameters, and broken data.
#
# <details><summary>Hint 1</summary>A component's source is the function, with what stands inside it. A line is fitted by <code>statistics.linear_regression</code>. A file that another step needs goes out as <code>model: Output[Model]</code>: you write to <code>model.path</code>. No <code>try</code> is needed at all.</details>
# <details><summary>Hint 2</summary>Imports and constants go into the function's body, or become parameters. In <code>score</code>, take the last rows with <code>rows[-test_days:]</code>. Metadata is set with <code>days.metadata["rows"] = …</code>. Close what you write to, with <code>with open(…)</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "components", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The components join, fit and score.
### BEGIN SOLUTION
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def join(weather: str, trips: str, days: Output[Dataset]):
    """Write a row for each day: day, trips (the city's sum), temperature_c. Raises ValueError where there is no trip or no temperature."""
    import csv

    with open(weather, newline="") as lines:
        warmth = {line["day"]: line["temperature_c"] for line in csv.DictReader(lines)}
    sums = {}
    with open(trips, newline="") as lines:
        for line in csv.DictReader(lines):
            sums[line["hour"][:10]] = sums.get(line["hour"][:10], 0) + int(line["trips"])
    if not sums:
        raise ValueError(f"no trips in {trips}")
    for day in sums:
        if not warmth.get(day):
            raise ValueError(f"no temperature of {day} in {weather}")
    with open(days.path, "w") as table:
        print("day,trips,temperature_c", file=table)
        for day in sorted(sums):
            print(day, sums[day], warmth[day], sep=",", file=table)
    days.metadata.update({"rows": len(sums), "first": min(sums), "last": max(sums)})


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
    """Fit trips = intercept + slope * temperature_c to all days but the last ones. Raises ValueError for fewer than three days."""
    import csv
    import json
    from statistics import linear_regression

    with open(days.path, newline="") as lines:
        past = list(csv.DictReader(lines))
    past = past[: len(past) - test_days]
    if len(past) < 3:
        raise ValueError(f"{len(past)} days to train on, expected three or more")
    fitted = linear_regression([float(day["temperature_c"]) for day in past], [float(day["trips"]) for day in past])
    with open(model.path, "w") as target:
        json.dump({"intercept": fitted.intercept, "slope": fitted.slope}, target)
    model.metadata.update({"trained_on": len(past), "last": past[-1]["day"]})


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
    """Return how far the model is off on the last days, on average, in trips per day."""
    import csv
    import json

    with open(model.path) as kept:
        fitted = json.load(kept)
    with open(days.path, newline="") as lines:
        future = list(csv.DictReader(lines))[-test_days:]
    return sum(abs(fitted["intercept"] + fitted["slope"] * float(day["temperature_c"]) - float(day["trips"])) for day in future) / len(
        future
    )


### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-components", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
Path("degrees.yaml").unlink(missing_ok=True)
absent = [name for name in ("join", "fit", "score") if name not in globals()]
assert not absent, f"There is no component {', '.join(absent)}: does your cell run to its end?"
try:

    @dsl.pipeline(name="degrees")
    def degrees(trips: str, weather: str, test_days: int = 7) -> float:
        joined = join(trips=trips, weather=weather)
        fitted = fit(days=joined.outputs["days"], test_days=test_days)
        return score(model=fitted.outputs["model"], days=joined.outputs["days"], test_days=test_days).output

    compiler.Compiler().compile(degrees, "degrees.yaml")
except Exception as problem:
    raise AssertionError(
        f"The pipeline of your three components does not compile: {type(problem).__name__}: {problem}. Compare the names and types of inputs and outputs with the table."
    ) from None
degrees_spec, _ = load_spec("degrees.yaml")
slow = [
    name
    for name, executor in degrees_spec["deploymentSpec"]["executors"].items()
    if any("pip install" in word for word in executor["container"]["command"])
]
assert not slow, (
    f"{', '.join(slow)} calls pip before it runs: write @dsl.component(base_image='metro-bikes/steps:2.16', install_kfp_package=False), without packages to install."
)
types_of = {
    f"{name} {key}": about["artifactType"]["schemaTitle"]
    for name, one in degrees_spec["components"].items()
    for key, about in {
        **one.get("inputDefinitions", {}).get("artifacts", {}),
        **one.get("outputDefinitions", {}).get("artifacts", {}),
    }.items()
}
for place, kind in {
    "comp-join days": "Dataset",
    "comp-fit model": "Model",
    "comp-score model": "Model",
    "comp-score days": "Dataset",
}.items():
    assert types_of.get(place) == f"system.{kind}", (
        f"In the compiled pipeline {place.replace('comp-', '')} has the type {types_of.get(place, 'of a parameter')}, expected system.{kind}."
    )
try:
    mean_error = run_here(degrees, trips=str(Path("trips.csv").resolve()), weather=str(Path("weather.csv").resolve()))["Output"]
except RuntimeError as problem:
    raise AssertionError(
        f"Kubeflow's local runner stopped: {problem}. A step runs alone: what it uses must stand in its function or come in as an input."
    ) from None
assert abs(mean_error - 538.7) < 0.1, (
    f"score returned {mean_error:.1f} trips per day, expected 538.7. Is the error that of the last seven days alone? And was the model fitted without them?"
)

# %% nbgrader={"grade": true, "grade_id": "judge-components", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from degrees.yaml, on the cluster: other trips and weather, other numbers of test days. Table, model, metadata and error.
### BEGIN HIDDEN TESTS
from judge_components import expect_degrees
from judging import compiled_text

expect_degrees(rehearse, compiled_text("degrees.yaml"))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-components-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from degrees.yaml, on the cluster: broken data. Does the right step fail, with a message that says what is wrong?
### BEGIN HIDDEN TESTS
from judge_components import expect_loud
from judging import compiled_text

expect_loud(rehearse, compiled_text("degrees.yaml"))
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · A step that runs twice
#
# On Friday a machine of the cluster broke down, just after a step had entered Hillside's training into the *ledger* and before it could say so. The cluster ran the step again: that is called a **retry**, and it is right. Machines break and networks drop, and in most cases the second attempt succeeds. But this was Cy's step:


# %%
def cys_enter(ledger, run, district, error, rows):
    new = not os.path.exists(ledger)
    with open(ledger, "a") as file:
        if new:
            file.write("run,district,error,rows\n")
        file.write(f"{run},{district},{error},{rows}\n")


with tempfile.TemporaryDirectory() as place:
    cys_enter(f"{place}/ledger.csv", "0017", "Hillside", 3.25, 504)
    cys_enter(f"{place}/ledger.csv", "0017", "Hillside", 3.25, 504)  # the retry
    with full_disk(after=75):  # every file ends after 75 bytes; the system says "File too large" for that
        try:
            cys_enter(f"{place}/ledger.csv", "0017", "Harbour", 5.5, 504)
        except OSError as error:
            print(f"OSError: {error}\n")
    print(Path(f"{place}/ledger.csv").read_text())

# %% [markdown]
# Two lines for one training, and when the disk was full, half a line. Whoever reads the ledger at that moment, or after it, reads nonsense. Opening the file with `"w"` would be worse: then the old lines are gone at once.
#
# So two things are needed. The step must be **idempotent**: what it writes has a *key*, here run and district, and a second time replaces the first. And its writing must be **atomic**: whoever looks sees either all of the old state or all of the new. On a disk one writes a new file beside the old one, and when it is complete, renames it: `os.replace(new, old)` does that in one step. Whoever had opened the old file reads on in it, undisturbed.
#
# Renaming works within one disk. In a pod the temporary folder (`/tmp`) is the pod's own disk, and the ledger lies on another. From disk to disk a file can only be copied, piece by piece, and that is not atomic. (`shutil.move` looks like a rename, and copies if it must.)
#
# ### Exercise 4 — The ledger
# *Difficulty ●●○ · about 14 minutes*
#
# Write `enter(ledger, run, district, error, rows)`. It enters a training into the CSV file `ledger`, with the header `run,district,error,rows`.
#
# Done means:
#
# 1. If the file is not there yet, it is made. If there is a line of this run and district, it is replaced; if not, the new line comes last. All other lines stay, in their order, with their texts as they were. A run is a text: `0017` is not `17`. A district's name may hold a comma.
# 2. An `error` that is not a finite number from 0 on, or fewer than one row, raises a `ValueError`, and nothing is written.
# 3. If writing fails in the middle, the ledger is as it was before, the exception comes out, and a later attempt succeeds.
# 4. Whoever is reading the ledger while you write gets the old state or the new one, whole, and never a mixture. The temporary folder is on another disk.
#
# <details><summary>Hint 1</summary>Check first. Read all lines, make the new list of lines, write it to another file in the same folder, rename. With <code>csv.reader</code> everything stays text, commas included.</details>
# <details><summary>Hint 2</summary><code>math.isfinite</code> knows <code>nan</code> and <code>inf</code>. Look for the line whose first two entries are <code>[str(run), str(district)]</code>. Close the new file before <code>os.replace</code>: only then is it complete.</details>


# %% nbgrader={"grade": false, "grade_id": "ledger", "locked": false, "schema_version": 3, "solution": true, "task": false}
def enter(ledger, run, district, error, rows):
    """Enter a training into the ledger: one line for each run and district, however often it is entered."""
    ### BEGIN SOLUTION
    if not (math.isfinite(error) and error >= 0 and rows >= 1):
        raise ValueError(f"run {run}, {district}: error {error} on {rows} rows cannot be")
    lines = [["run", "district", "error", "rows"]]
    if os.path.exists(ledger):
        with open(ledger, newline="") as file:
            lines = list(csv.reader(file))
    line = [str(run), str(district), str(error), str(rows)]
    places = [number for number, one in enumerate(lines) if one[:2] == line[:2]]
    if places:
        lines[places[0]] = line
    else:
        lines.append(line)
    with open(f"{ledger}.new", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    os.replace(f"{ledger}.new", ledger)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "ledger-tools", "locked": true, "schema_version": 3, "solution": false, "task": false}
def read_ledger(path):
    """Return the ledger's lines, each a list of texts."""
    with open(path, newline="") as file:
        return list(csv.reader(file))


def enter_on_full_disk(ledger, run, district, error, rows):
    """Call enter on a disk that has room for 12 bytes more; return the name of the exception that came out, or "none"."""
    try:
        with full_disk(after=os.path.getsize(ledger) + 12):
            enter(ledger, run, district, error, rows)
    except Exception as problem:
        return type(problem).__name__
    return "none"


def enter_while_reading(ledger, run, district, error, rows):
    """Call enter when somebody has read half of the ledger, which is on a disk of its own; return all that they read, bytes in hexadecimal."""
    with open(ledger, "rb", buffering=0) as reader:
        first = reader.read(os.path.getsize(ledger) // 2)
        with own_disk(os.path.dirname(ledger)):
            enter(ledger, run, district, error, rows)
        return (first + reader.readall()).hex()


# %% nbgrader={"grade": true, "grade_id": "test-ledger", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
with tempfile.TemporaryDirectory() as place:
    ledger = os.path.join(place, "ledger.csv")
    for one in [
        ("0017", "Hillside", 3.25, 504),
        ("0017", "Harbour", 5.5, 504),
        ("0018", "Hillside", 3.5, 528),
        ("0017", "Hillside", 3.75, 480),
    ]:
        enter(ledger, *one)
    lines = read_ledger(ledger)
    assert lines[0] == ["run", "district", "error", "rows"], (
        f"The ledger begins with {lines[0]}, expected the header run,district,error,rows."
    )
    keys = [tuple(line[:2]) for line in lines[1:]]
    assert keys.count(("0017", "Hillside")) == 1, (
        f"Run 0017 of Hillside was entered twice, and has {keys.count(('0017', 'Hillside'))} lines. The second time replaces the first."
    )
    assert keys == [("0017", "Hillside"), ("0017", "Harbour"), ("0018", "Hillside")], (
        f"The lines are those of {keys}. A replaced line stays in its place, and the others stay as they are."
    )
    assert float(lines[1][2]) == 3.75 and int(float(lines[1][3])) == 480, (
        f"Hillside's line of run 0017 is {lines[1]}, expected the later entry: 3.75 on 480 rows."
    )
    for wrong in [math.nan, -1.0]:
        before = Path(ledger).read_bytes()
        try:
            enter(ledger, "0019", "Harbour", wrong, 504)
        except ValueError:
            pass
        else:
            raise AssertionError(f"An error of {wrong} was entered as if it were one. Raise a ValueError.")
        assert Path(ledger).read_bytes() == before, (
            f"With an error of {wrong} there came a ValueError, but the ledger was written all the same."
        )

# %% nbgrader={"grade": true, "grade_id": "judge-ledger", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: enter with many entries in a random order, some of them several times, with names and runs of all kinds, and impossible values.
### BEGIN HIDDEN TESTS
from judge_ledger import expect_ledger

expect_ledger(enter)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-ledger-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: enter on a disk that is full in the middle of the writing, and once more when there is room again; and enter while somebody reads.
### BEGIN HIDDEN TESTS
from judge_ledger import expect_whole

expect_whole(enter, enter_on_full_disk, enter_while_reading)
### END HIDDEN TESTS

# %% [markdown]
# A machine can also lose its power. Against that a careful program does `file.flush()` and `os.fsync(file.fileno())` before it closes the new file: only then is what it wrote on the disk, and not in the machine's memory alone. It costs some milliseconds, and no test here can cut the power.
#
# In a pipeline the run's own name is there for the asking: `dsl.PIPELINE_JOB_ID_PLACEHOLDER`, given to a step as an input, becomes the run's identity, and stays the same in every retry. That makes it a good key.

# %% [markdown]
# ## Part 5 · A fan-out and a gate
#
# Open `cys_pipeline.py`: the nightly training for the cluster. A **fan-out** runs the same steps for each district, and a **quality gate** decides whether the result is published. It reads well. Let us run what was compiled from it, with a limit of 0.1 trips per hour, which no model can keep. `rehearse` runs a compiled pipeline on a cluster in miniature, from `cluster.py`, by the rules
# of a real one: an empty pod for each attempt, conditions, loops, retries and a cache. We need it because Kubeflow's local runner (2.16) leaves just these out: a lone condition it never fulfils, and of `dsl.If` and `dsl.Else` it runs both; it tries nothing twice, and has no cache.
#
# `rehearse` takes a list of runs, one after the other on the same cluster. Each has its `arguments`, and may have `files` that arrive before it, `lost` pods (`{"publish": 1}`: the first pod of this step dies before it can report), and `"empty_store": True`. A step goes by the name of its function there.

# %%
import cys_pipeline

compiler.Compiler().compile(cys_pipeline.nightly, "cys_nightly.yaml")
place = {"source": "{data}/trips.csv", "store": "{store}", "day": "2025-10-20"}  # {data} and {store} are two folders of the rehearsal
files = {"trips.csv": Path("trips.csv").read_text()}
told = rehearse("cys_nightly.yaml", [{"arguments": {**place, "limit": 0.1}, "files": files}])[0]
for step in told["steps"]:
    print(f"{step['name']:12} {step['state']:10} {str(step['outputs'].get('Output', ''))[:6]}")
print("published:", sorted(told["store"]))

# %% [markdown]
# The mean error was above the limit, and three forecasts were published. Why? `if mean.output <= limit:` runs when the pipeline is *compiled*. At that time there is no error, only a placeholder for one. Comparing placeholders gives an object, and Python takes every object for true. So the branch `publish` was compiled, always, and `tell` never: look for a `triggerPolicy` in the YAML, there is none.
#
# What is to be decided while the pipeline runs must be written with Kubeflow's words:
#
# | at compile time | at run time |
# |:--|:--|
# | `if a <= b:` … `else:` | `with dsl.If(a <= b):` … `with dsl.Else():` |
# | `for one in names:` | `with dsl.ParallelFor(names) as one:` |
# | a list that grows in the loop | `dsl.Collected(…)` of an output, outside the loop: the outputs of all its turns |
#
# A small one, to see it work. It counts the trips of several days. (`.output` is the output of a step that has only one. `steps.evaluate` has two, its metrics and what it returns; what a step returns is found in `.outputs["Output"]`.)


# %%
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def busiest(trips: list[int]) -> int:
    return max(trips)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def send_vans(trips: int):
    print(f"More vans! There were {trips} trips on one day.")


@dsl.pipeline(name="small")
def small(days: list[str], source: str, limit: int):
    with dsl.ParallelFor(days) as day:
        counted = count(source=source, day=day)
        total = add(table=counted.outputs["table"])
    most = busiest(trips=dsl.Collected(total.output))
    with dsl.If(most.output > limit):
        send_vans(trips=most.output)


compiler.Compiler().compile(small, "small.yaml")
condition = next(task for name, task in load_spec("small.yaml")[0]["root"]["dag"]["tasks"].items() if name.startswith("condition"))
print(condition["triggerPolicy"])
for limit in (1_000, 10_000):
    asked = {"days": ["2025-10-17", "2025-10-18"], "source": "{data}/trips.csv", "limit": limit}
    told = rehearse("small.yaml", [{"arguments": asked, "files": files}])[0]
    print(f"limit {limit}: {[(step['state'], step['log']) for step in told['steps'] if step['name'] == 'send_vans']}")

# %% [markdown]
# **In older tutorials** you find Kubeflow Pipelines 1: `ContainerOp`, `func_to_container_op` and `create_component_from_func`; `dsl.Condition` where there is now `dsl.If` with `dsl.Elif` and `dsl.Else`; files handed on with `InputPath` and `OutputPath`; and a compiler that wrote a workflow for Argo. In version 2 components are made by `@dsl.component`, files are typed artefacts, and the compiler writes the
# specification that you have read. For DVC, older pages use `dvc run`, which is gone since DVC 3; stages stand in `dvc.yaml`.
#
# ### Exercise 5 — The gate
# *Difficulty ●●● · about 15 minutes*
#
# Write the pipeline `nightly(source, day, store, limit, districts)`, named `nightly`, with the steps in `steps.py` (`steps.prepare` and so on; `test_days` is 7, and `version` stays as it is until Part 6). `limit` is a number, `districts` a list of texts that is known only when the pipeline is run.
#
# Done means, at run time:
#
# 1. Each district in the list gets its own tables, its own model and its own error, and only those.
# 2. The gate looks at the **worst** district (`steps.worst`), since a good mean does not help the drivers at the Harbour. If its error is at most the limit, all models are published, by one `publish`.
# 3. Otherwise nothing is published, and `tell` runs instead, with the worst error. The message is yours.
# 4. If a step fails in any district, the run fails and nothing is published.
# 5. `publish` goes over the network, so it is **retried** up to three times after a failure. The steps before it are not retried: given the same table, a training that failed will fail again.
#
# Then compile it to `nightly.yaml`, in the same cell.
#
# <details><summary>Hint 1</summary>The loop is Cy's, the words for what is decided at run time are those of <code>small</code>. <code>publish</code> takes all models in one file: <code>steps.bundle</code> makes it of collected ones, before the gate. What is the opposite of "at most the limit"? <code>dsl.Else</code> spares you the question.</details>
# <details><summary>Hint 2</summary><code>dsl.Collected</code> takes <code>model.outputs["model"]</code>, too. A call of a step returns a task, and a task has <code>.set_retry(num_retries=…)</code>. Compile with <code>compiler.Compiler().compile(function, "file.yaml")</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "gate", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The pipeline nightly, compiled to nightly.yaml.
### BEGIN SOLUTION
@dsl.pipeline(name="nightly", description="All districts, and a gate that looks at the worst of them.")
def nightly(source: str, day: str, store: str, limit: float, districts: list[str]):
    """Train each district's model; publish all if the worst error is at most the limit, else tell the team."""
    with dsl.ParallelFor(districts) as district:
        cut = steps.prepare(source=source, district=district, test_days=7)
        trained = steps.train(train_table=cut.outputs["train_table"])
        tested = steps.evaluate(model=trained.outputs["model"], test_table=cut.outputs["test_table"])
    largest = steps.worst(errors=dsl.Collected(tested.outputs["Output"]))
    together = steps.bundle(models=dsl.Collected(trained.outputs["model"]))
    with dsl.If(largest.output <= limit):
        steps.publish(all_models=together.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
    with dsl.Else():
        steps.tell(message="a district is above the limit, nothing was published", error=largest.output)


compiler.Compiler().compile(nightly, "nightly.yaml")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-gate", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
assert Path("nightly.yaml").exists(), "There is no nightly.yaml: compile the pipeline in your cell."
monday = {"source": "{data}/trips.csv", "day": "2025-10-20", "store": "{store}", "districts": ["Eastfield", "Hillside", "Old-Town"]}
try:
    wide, narrow = rehearse(
        "nightly.yaml",
        [
            {"arguments": {**monday, "limit": 99.0}, "files": {"trips.csv": Path("trips.csv").read_text()}, "lost": {"publish": 1}},
            {"arguments": {**monday, "day": "2025-10-21", "limit": 0.1}, "empty_store": True},
        ],
    )
except TypeError as problem:
    raise AssertionError(f"nightly.yaml could not be run: {problem}. Are its parameters those of the exercise?") from None
ran = [(step["name"], step["item"]) for step in wide["steps"] if step["state"] == "SUCCEEDED"]
for district in monday["districts"]:
    assert ("train", district) in ran, (
        f"With the districts {monday['districts']} nobody trained {district} in a turn of a loop. What ran: {ran}. The list is known at run time only: dsl.ParallelFor."
    )
assert wide["state"] == "SUCCEEDED", (
    f"With a limit of 99, and the first pod of publish lost, the run failed: {wide['error']}. A pod can be lost; publish shall be retried."
)
assert sorted(wide["store"]) == [f"2025-10-20/{district}.csv" for district in monday["districts"]], (
    f"With a limit of 99 trips per hour there was published: {sorted(wide['store']) or 'nothing'}; expected one file for each of the three districts."
)
assert not narrow["store"], (
    f"With a limit of 0.1, which no model keeps, there was published: {sorted(narrow['store'])}. Is the gate decided at run time?"
)
assert [step["state"] for step in narrow["steps"] if step["name"] == "tell"] == ["SUCCEEDED"], (
    "With a limit of 0.1 `tell` did not run. Nobody learns that nothing was published."
)

# %% nbgrader={"grade": true, "grade_id": "judge-gate", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from nightly.yaml, on the cluster: other districts and trips, limits between the mean and the worst error, and exactly the worst one.
### BEGIN HIDDEN TESTS
from judge_gate import expect_gate
from judging import compiled_text

expect_gate(rehearse, compiled_text("nightly.yaml"))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-gate-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from nightly.yaml: a district whose trips are missing, pods that are lost again and again, and what is retried.
### BEGIN HIDDEN TESTS
from judge_gate import expect_stops
from judging import compiled_text

expect_stops(rehearse, compiled_text("nightly.yaml"))
### END HIDDEN TESTS

# %% [markdown]
# What does your gate see?

# %% tags=["uses-answers"]
told = rehearse("nightly.yaml", [{"arguments": {**place, "limit": 6.0, "districts": DISTRICTS}, "files": files}])[0]
errors = {step["item"]: step["outputs"]["Output"] for step in told["steps"] if step["name"] == "evaluate"}
fig, ax = plt.subplots(figsize=(8.5, 3))
bars = ax.barh(list(errors), list(errors.values()), color="lightsteelblue", edgecolor="steelblue")
ax.bar_label(bars, fmt="%.1f", label_type="center")
ax.axvline(sum(errors.values()) / len(errors), color="grey", linestyle=":", label="mean of the districts")
ax.axvline(6.0, color="black", linestyle="--", label="limit")
ax.set(xlabel="mean absolute error on the last seven days (trips per hour)", ylabel="district")
ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
fig.tight_layout()
fig.savefig("gate.png", dpi=100)
plt.close(fig)
Image(
    "gate.png",
    alt="Horizontal bars with the error of each of five districts in trips per hour, a dotted line at their mean and a dashed line at the limit of 6",
)

# %% [markdown]
# Decide with the picture: at which limits would Cy's mean have published a model that your gate stops?
#
# <details><summary>What we see</summary>At every limit between the dotted line, 5.0, and the longest bar, 6.7. The team's limit of 6 lies just there. Eastfield's small error hides the Harbour's large one: a mean is a poor gate wherever each part has its own users.</details>

# %% [markdown]
# ## Part 6 · A cache that never serves old data
#
# Now the bill. Kubeflow has a **cache**: a task whose component and inputs are the same as in an earlier run is not run again; its earlier outputs are taken. It is on for every task unless one switches it off with `.set_caching_options(False)`. You see it in the compiled pipeline as `cachingOptions`.
#
# But what are "the same inputs"? DVC compares contents. Kubeflow compares *parameters by their value*, and *artefacts by their identity*: the same artefact is one that came out of the same run of a step. It does not look into files. What does that do to the pipeline that you have just written? Here are three of its nights. Before the second, new trips have arrived. The third
# repeats the second, after somebody has emptied the store:

# %% tags=["uses-answers"]
half = "\n".join(Path("trips.csv").read_text().split("\n")[:1681]) + "\n"
asked = {**place, "limit": 99.0, "districts": ["Harbour", "Hillside"]}
tuesday = {**asked, "day": "2025-10-21"}


def tell_nights(compiled, nights_to_play):
    """Print of each night what ran, and how many trips are published for the Harbour's day."""
    for number, (night, told) in enumerate(zip(nights_to_play, rehearse(compiled, nights_to_play)), 1):
        ran = sorted({step["name"] for step in told["steps"] if step["state"] == "SUCCEEDED"})
        table = told["store"].get(f"{night['arguments']['day']}/Harbour.csv", "").splitlines()[1:]
        forecast = f"{sum(int(line.split(',')[1]) for line in table)} trips" if table else "nothing in the store"
        print(f"night {number} {told['state']}; Harbour: {forecast}; ran: {', '.join(ran) or 'nothing'}")


tell_nights(
    "nightly.yaml",
    [
        {"arguments": asked, "files": {"trips.csv": half}},
        {"arguments": tuesday, "files": files},
        {"arguments": tuesday, "empty_store": True},
    ],
)

# %% [markdown]
# If you have left the cache alone in Part 5, as most people do, the new trips were never read. `prepare` had the same inputs as the night before, among them a *path*, so it was not run. Everything after it had the same artefacts; `publish` alone ran, since the day was another, and published the old forecast once more. In the third night even `publish` came from the cache, and
# the store stayed empty. All green, all old.
#
# The next thing that everybody tries is to switch off the cache for `prepare`. Then the forecast is right. But its tables are *new artefacts* in every run, whatever they hold, so every district is trained again, each time, for the same trips. Imagine a rented hour for each. That was a part of the bill.
#
# And mind the steps that change something outside the pipeline: if their inputs are those of an earlier night, "take the earlier outputs" means that nothing is done.
#
# ### Exercise 6 — Old data, new bill
# *Difficulty ●●● · about 15 minutes*
#
# Write the pipeline `every_night(source, day, store, limit, districts)`, named `every-night`: what you wrote in Part 5, mended. Use the steps in `steps.py`, and steps of your own where you need them. Compile it to `every_night.yaml` in the same cell.
#
# Done means, night after night on the same cluster:
#
# 1. After a night whose models keep the limit, the store holds the day's forecasts, made from the trips that lie in `source` then, whatever was there before, in the file or in the store.
# 2. A district whose trips have changed is trained. If the file is, byte for byte, one of any earlier night, nobody is trained: all outputs of `train` come from the cache. (It may have been written anew all the same.)
# 3. Each night publishes, or tells, even if the very same was published or told before.
# 4. What you settled in Part 5 stays: the gate, the retries.
#
# The first two are judged with a limit that every model keeps.
#
# <details><summary>Hint 1</summary>Kubeflow compares parameters by their value. Which small value changes exactly when the trips change, and who can find it out anew each night, at little cost? Then read what <code>steps.prepare</code> can do with such a value.</details>
# <details><summary>Hint 2</summary>Go through the tasks of your pipeline, and ask of each: if it came from the cache tonight, what would be missed? A task that looks at the world outside, or changes it, cannot. A task that works from its inputs alone can. For the value: a component of your own returns a text, <code>-> str</code>, and <code>hashlib</code> makes one
# out of bytes.</details>


# %% nbgrader={"grade": false, "grade_id": "cache", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The pipeline every_night, compiled to every_night.yaml.
### BEGIN SOLUTION
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def fingerprint(source: str) -> str:
    """Return the SHA-256 of a file."""
    import hashlib

    with open(source, "rb") as trips:
        return hashlib.sha256(trips.read()).hexdigest()


@dsl.pipeline(name="every-night")
def every_night(source: str, day: str, store: str, limit: float, districts: list[str]):
    """Train what is new, and publish or tell in any case."""
    found = fingerprint(source=source).set_caching_options(False)
    with dsl.ParallelFor(districts) as district:
        cut = steps.prepare(source=source, district=district, test_days=7, version=found.output)
        trained = steps.train(train_table=cut.outputs["train_table"])
        tested = steps.evaluate(model=trained.outputs["model"], test_table=cut.outputs["test_table"])
    largest = steps.worst(errors=dsl.Collected(tested.outputs["Output"]))
    together = steps.bundle(models=dsl.Collected(trained.outputs["model"]))
    with dsl.If(largest.output <= limit):
        sent = steps.publish(all_models=together.outputs["all_models"], day=day, store=store)
        sent.set_retry(num_retries=3).set_caching_options(False)
    with dsl.Else():
        steps.tell(message="a district is above the limit, nothing was published", error=largest.output).set_caching_options(False)


compiler.Compiler().compile(every_night, "every_night.yaml")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-cache", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
assert Path("every_night.yaml").exists(), "There is no every_night.yaml: compile the pipeline in your cell."
every_trip = Path("trips.csv").read_text()
some_trips = "\n".join(every_trip.split("\n")[:1681]) + "\n"
there = {"source": "{data}/trips.csv", "store": "{store}", "limit": 99.0, "districts": ["Hillside", "Old-Town"]}
try:
    three = rehearse(
        "every_night.yaml",
        [
            {"arguments": {**there, "day": "2025-10-20"}, "files": {"trips.csv": some_trips}},
            {"arguments": {**there, "day": "2025-10-21"}},
            {"arguments": {**there, "day": "2025-10-22"}, "files": {"trips.csv": every_trip}},
        ],
    )
except TypeError as problem:
    raise AssertionError(f"every_night.yaml could not be run: {problem}. Are its parameters those of the exercise?") from None
for number, night in enumerate(three, 1):
    assert night["state"] == "SUCCEEDED", f"In night {number} the run failed: {night['error']}"
    assert f"2025-10-{19 + number}/Old-Town.csv" in night["store"], f"After night {number} its forecast of Old-Town is not in the store."
training = [{step["state"] for step in night["steps"] if step["name"] == "train"} for night in three]
assert three[2]["store"]["2025-10-22/Old-Town.csv"] != three[0]["store"]["2025-10-20/Old-Town.csv"], (
    "In night 3 there are new trips, and what was published is the forecast of night 1. Which step did not look?"
)
assert training[0] == training[2] == {"SUCCEEDED"}, (
    f"The trips are new in nights 1 and 3. `train` in night 1: {sorted(training[0])}, in night 3: {sorted(training[2])}; expected SUCCEEDED."
)
assert training[1] == {"CACHED"}, (
    f"In night 2 the trips are those of night 1, and `train` ran for hours all the same ({sorted(training[1])}). An artefact that was made again is another one: let the step that makes it come from the cache."
)
eight = three[2]["store"]["2025-10-22/Old-Town.csv"].split("\n")[9]
assert eight == "8,22", f"In night 3 the forecast of Old-Town says {eight!r} (hour, trips), expected '8,22'. Is it made from all trips?"

# %% nbgrader={"grade": true, "grade_id": "judge-cache", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from every_night.yaml, on the cluster: more nights, with trips that change by a single digit, and that come back.
### BEGIN HIDDEN TESTS
from judge_cache import expect_fresh
from judging import compiled_text

expect_fresh(rehearse, compiled_text("every_night.yaml"))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-cache-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from every_night.yaml, on the cluster: nights that repeat earlier ones, above and below the limit, a store that was emptied, a lost pod.
### BEGIN HIDDEN TESTS
from judge_cache import expect_done
from judging import compiled_text

expect_done(rehearse, compiled_text("every_night.yaml"))
### END HIDDEN TESTS

# %% [markdown]
# Here are the three nights of before once more, and a fourth, in which the first trips have come back:

# %% tags=["uses-answers"]
tell_nights(
    "every_night.yaml",
    [
        {"arguments": asked, "files": {"trips.csv": half}},
        {"arguments": tuesday, "files": files},
        {"arguments": tuesday, "empty_store": True},
        {"arguments": {**asked, "day": "2025-10-22"}, "files": {"trips.csv": half}},
    ],
)

# %% [markdown]
# ## Part 7 · Whatever happens
#
# The rest of the bill has another reason. On Sunday at eleven in the morning Bo started the training once more, by hand. A step failed, and the run stopped, as it should. But the step that gives the rented machine back stood at the end, and so did the one that writes the night's report for Noor. *What stands at the end does not run after a failure.* The machine stood idle until Monday at six, nineteen hours
# long, and nobody was told.
#
# What must be done whatever became of the rest is put into an **exit task**. The steps that it watches go into an **exit handler**: a group of tasks that the exit task waits for. When the group has ended, well or badly, the exit task runs. A small one, on sound trips and on broken ones:


# %%
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def last_word(day: str, status: dsl.PipelineTaskFinalStatus):
    print(f"{day}: {status.state}")


@dsl.pipeline(name="guarded")
def guarded(source: str, day: str):
    with dsl.ExitHandler(exit_task=last_word(day=day)):
        counted = count(source=source, day=day)
        add(table=counted.outputs["table"])


compiler.Compiler().compile(guarded, "guarded.yaml")
print(yaml.safe_dump({"last-word": load_spec("guarded.yaml")[0]["root"]["dag"]["tasks"]["last-word"]}, sort_keys=False))
broken = {"trips.csv": files["trips.csv"].replace("2025-10-17T08:00,Harbour,", "2025-10-17T08:00,Harbour,about ")}
for arrived in (files, broken):
    told = rehearse("guarded.yaml", [{"arguments": {"source": "{data}/trips.csv", "day": "2025-10-17"}, "files": arrived}])[0]
    print(told["state"], [(step["name"], step["state"], step["log"].strip()) for step in told["steps"]])

# %% [markdown]
# Read it:
#
# - `exit-handler-1` is the group. The exit task stands beside it, waits for it (`dependentTasks`), and has a strategy, `ALL_UPSTREAM_TASKS_COMPLETED`: it runs when the group has *ended*. All other tasks wait for a *success*.
# - The exit task is called first, and handed to `dsl.ExitHandler`. Its inputs are constants and the pipeline's own inputs. An output of a step inside would be missing after a failure, so the compiler refuses it.
# - Nobody gives the parameter of the type `dsl.PipelineTaskFinalStatus`. Kubeflow fills it in, with how the group ended. Its `state` is `SUCCEEDED` or `FAILED`. Write it down as it comes: some of Kubeflow's own clusters say `COMPLETE` for a success. And do not lean on its `error_message`, which many of them leave empty.
# - **What can fail lies inside.** What fails outside, before the group begins, the handler does not see. Conditions, loops and whole pipelines may lie inside; the handler itself stands at the outermost level of its pipeline, in no condition and no loop.
# - It mends nothing: the run stays `FAILED`. And after the exit task there is nobody else. So let it be short, and as sturdy as all that you wrote today.
# - If somebody *cancels* a run, nothing is started any more, no exit task either. Whoever stops a night by hand gives the machine back by hand.
#
# Kubeflow's local runner (2.16) does not help here, as it did not with conditions. It refuses a handler whose exit task takes the final status. Without one, it runs the exit task after a success, and not after a failure, the case that it is there for. So read the compiled pipeline, and rehearse failures. Ask also how old your cluster is: Kubeflow's own could not fill in the status before the middle of 2025
# ([the change that taught it](https://github.com/kubeflow/pipelines/pull/11953)), and there were versions that called a run a success if only its exit task was one ([the report of it](https://github.com/kubeflow/pipelines/issues/11405)).
#
# ### Exercise 7 — The last one turns off the light
# *Difficulty ●●○ · about 12 minutes*
#
# Write the pipeline `watched_night(source, day, store, limit, districts, desk)`, named `watched-night`, and compile it to `watched_night.yaml` in the same cell. It does what your `every_night` does, on a machine that is rented for it. (A pipeline can be called within another one like a step. `every_night(…)` is a task then.)
#
# `desk` is the folder of the rental desk. (In a rehearsal write `{desk}`. What it tells has, under `desk`, the files there and their texts.) `steps.rent` lays `rented.txt` there, and as long as it lies there, the city pays. Write the exit task yourself, as a component. It gives the machine back: it removes `rented.txt`. And it writes the night's report, a file on the desk that is named after the day, such as `2025-10-20.txt`. Its first line is the state in which the night ended, as Kubeflow says it.
#
# Done means:
#
# 1. The machine is rented before any district is trained.
# 2. Whichever step fails, or none: afterwards the machine is given back, and the report is right. A night above the limit, in which `tell` runs, has succeeded. A night in which a step fails for good has failed, and so has its run.
# 3. Renting is such a step. Its pod may be lost when the machine is already rented; or it fails and nothing is rented. The report is written in both cases.
# 4. The exit task is retried up to three times after a failure. Its pod, too, may be lost when all is done, and then the next attempt finds nothing to give back.
# 5. A night that repeats an earlier one rents, gives back and reports anew.
#
# <details><summary>Hint 1</summary>Ask three questions of each task. If it fails, who sees it (this part)? If it runs twice, what does the second time find (Part 4)? If it came from the cache, what would be missed (Part 6)?</details>
# <details><summary>Hint 2</summary>The exit task is a task like any other: what you settled for <code>publish</code> can be settled for it, too. <code>.after(…)</code> lets a task wait for another one that hands it nothing. Rehearse your pipeline with <code>"desk": "{desk}"</code> among the arguments and <code>"lost": {"rent": 1}</code>, and see
# what is left on the desk.</details>


# %% nbgrader={"grade": false, "grade_id": "closing", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The exit task, and the pipeline watched_night, compiled to watched_night.yaml.
### BEGIN SOLUTION
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def sign_off(day: str, desk: str, status: dsl.PipelineTaskFinalStatus):
    """Give the machine back, if there is one, and write the night's report."""
    import os

    if os.path.exists(os.path.join(desk, "rented.txt")):
        os.remove(os.path.join(desk, "rented.txt"))
    with open(os.path.join(desk, f"{day}.txt"), "w") as report:
        report.write(status.state)


@dsl.pipeline(name="watched-night")
def watched_night(source: str, day: str, store: str, limit: float, districts: list[str], desk: str):
    """Rent a machine, train and publish; give the machine back and report, whatever happens."""
    leaving = sign_off(day=day, desk=desk).set_retry(num_retries=3).set_caching_options(False)
    with dsl.ExitHandler(leaving, name="the night"):
        rented = steps.rent(day=day, desk=desk).set_caching_options(False)
        every_night(source=source, day=day, store=store, limit=limit, districts=districts).after(rented)


compiler.Compiler().compile(watched_night, "watched_night.yaml")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-closing", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
assert Path("watched_night.yaml").exists(), (
    "There is no watched_night.yaml: compile the pipeline in your cell, and read what the compiler says."
)
wanted = {"source": "{data}/trips.csv", "store": "{store}", "desk": "{desk}", "limit": 99.0}
try:
    calm, rough = rehearse(
        "watched_night.yaml",
        [
            {
                "arguments": {**wanted, "day": "2025-10-20", "districts": ["Hillside", "Old-Town"]},
                "files": {"trips.csv": Path("trips.csv").read_text()},
            },
            {"arguments": {**wanted, "day": "2025-10-21", "districts": ["Hillside", "Atlantis"]}},
        ],
    )
except TypeError as problem:
    raise AssertionError(f"watched_night.yaml could not be run: {problem}. Are its parameters those of the exercise?") from None
assert calm["state"] == "SUCCEEDED", f"In the first night the run failed: {calm['error']}"
assert "2025-10-20/Old-Town.csv" in calm["store"], "In the first night all went well, and the forecast of Old-Town is not in the store."
in_order = [step["name"] for step in calm["steps"] if step["state"] == "SUCCEEDED"]
for name, lacking in [("rent", "no machine was rented"), ("train", "nobody trained")]:
    assert name in in_order, f"In the first night {lacking}. What ran: {', '.join(in_order)}."
assert in_order.index("rent") < in_order.index("train"), (
    f"In the first night the machine was rented too late, after a training had begun: {', '.join(in_order)}. What makes a task wait?"
)
for night, day, state, what in [
    (calm, "2025-10-20", "SUCCEEDED", "In the first night all went well"),
    (rough, "2025-10-21", "FAILED", "In the second night a step failed, since there are no trips of Atlantis"),
]:
    assert night["state"] == state, f"{what}. The run is {night['state']}, expected {state}."
    assert "rented.txt" not in night["desk"], f"{what}, and the machine is still rented: rented.txt lies on the desk. What runs then?"
    assert f"{day}.txt" in night["desk"], (
        f"{what}. There is no report {day}.txt on the desk, only: {', '.join(night['desk']) or 'nothing'}."
    )
    assert night["desk"][f"{day}.txt"].strip().split("\n")[0].strip() == state, (
        f"{what}. The report says {night['desk'][f'{day}.txt'][:60]!r}, expected {state}: the state of the final status, as it comes."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-closing", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from watched_night.yaml: what waits for what, and what lies inside the handler; and six nights on the cluster: in four of them a step fails
# (rent, one of those that train and test, publish; and a district is missing), one is above the limit, and in one all goes well. All together.
### BEGIN HIDDEN TESTS
from judge_closing import expect_signed_off
from judging import compiled_text

expect_signed_off(rehearse, compiled_text("watched_night.yaml"))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-closing-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from watched_night.yaml, on the cluster: pods of the exit task that are lost, a night that repeats the one before, and a night in which nothing
# could be rented. All together.
### BEGIN HIDDEN TESTS
from judge_closing import expect_sturdy
from judging import compiled_text

expect_sturdy(rehearse, compiled_text("watched_night.yaml"))
### END HIDDEN TESTS

# %% [markdown]
# What does Noor find on the desk on Monday at six? A good night, one whose machine was lost as soon as it was rented, and one with trips that cannot be read:

# %% tags=["uses-answers"]
watched = {**place, "desk": "{desk}", "limit": 99.0, "districts": ["Harbour", "Hillside"]}
for told in rehearse(
    "watched_night.yaml",
    [
        {"arguments": {**watched, "day": "2025-10-18"}, "files": files},
        {"arguments": {**watched, "day": "2025-10-19"}, "lost": {"rent": 1}},
        {"arguments": {**watched, "day": "2025-10-20"}, "files": broken},
    ],
):
    print(f"the run {told['state']}; on the desk: {told['desk']}")

# %% [markdown]
# ## Putting it together
#
# Noor's two letters of that Monday have their answers. The bill: `dvc.yaml` now says what each stage reads, no more and no less, equal inputs give equal bytes, on the cluster a training runs once for each version of the trips, and never instead of looking, and a rented machine is given back whatever happens. The Harbour: the gate is decided at run time, and asks for the worst district. What to take to work tomorrow:
#
# - Declare what a step reads, exactly. What is forgotten is not run; what is over-declared is run for nothing.
# - A step gets everything through its inputs and gives everything through its outputs. Types and metadata make the hand-over readable for the one who comes after you.
# - Ask of every step: what if it runs twice? What if it breaks off in the middle? What if its input is empty?
# - Ask also what must be done after a failure. It belongs into an exit task, and all that can fail into its handler. A run that fails in silence costs more than one that fails.
# - Read what you send to the cluster. The compiled pipeline is the truth; the Python code is how you got there.
# - Know what a cache compares. DVC: contents. Kubeflow: values of parameters, identity of artefacts. Never cache a step that changes the world outside.
#
# What our small cluster leaves out: images that have to be built and pulled, access rights to the store, several teams who want the same machine, and pipelines that start while the last one is still running. And `publish` replaces one file after the other: between two of them the store holds a mixed day, until the step or its retry is done. A store that must not show that gets a whole folder, and then one atomic change of the name that readers follow. Kubeflow on Kubernetes has labs of its own, later.

# %% [markdown]
# ## Going further
#
# - **The reason, too.** The report says that the night has failed, and not why. Where could a step leave its reason, so that the exit task finds it, on any cluster? Rehearse it with a broken file.
# - **Fewer districts a night.** If the trips of one district change, does your pipeline train all of them? Let it train only that one. Which value would a step need in each turn of the loop?
# - **Two at once.** What happens to the ledger when two districts enter themselves at the same moment? Atomic writing alone does not help: look up *file locks*, and databases.
#
# To read:
#
# - [Kubeflow Pipelines, the user guides](https://www.kubeflow.org/docs/components/pipelines/user-guides/), and there the page on [caching](https://www.kubeflow.org/docs/components/pipelines/user-guides/core-functions/caching/) and the one on [control flow](https://www.kubeflow.org/docs/components/pipelines/user-guides/core-functions/control-flow/), with exit handlers
# - [DVC's documentation of dvc.yaml](https://doc.dvc.org/user-guide/project-structure/dvcyaml-files): matrix, templating, parameters
# - Hannes Hapke and Catherine Nelson, *Building Machine Learning Pipelines*: [the book's page at O'Reilly](https://www.oreilly.com/library/view/building-machine-learning/9781492053187/)
# - Google's guide, [continuous delivery and automation pipelines in machine learning](https://cloud.google.com/architecture/mlops-continuous-delivery-and-automation-pipelines-in-machine-learning)
