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
#     minutes: 150
#     outcomes:
#     - Compare two versions of a compiled pipeline, and say what will run differently
#     - Find the hand-overs that work on one machine alone, and mend them
#     - Follow artefacts through the records of many runs, from a wrong table to every model that learnt from it
#     - Compute when a cluster takes a task from its cache, and write steps that can die at any moment without doubles or halves
#     - Build a pipeline of pipelines with branches, a bounded fan-out, limits for each step and machines of the right kind
#     prerequisites:
#     - training-pipelines
#     roadmap: Kubeflow
#     roles:
#     - AI Platform Engineer
#     - MLOps Engineer
#     slug: kubeflow-pipelines
#     terms:
#       executor: "In a compiled pipeline: the part that says how a component runs, with its image, its command, its environment and its resources."
#       platform specification: "The second document of a compiled pipeline: what only one kind of cluster understands, such as on which machines a step may run."
#       hand-over: "What one step leaves for another: in a pipeline only its parameters and artefacts, never a file's name."
#       lineage: "Which artefacts an artefact was made from, and which were made from it, over all runs."
#       metadata store: "Where a cluster keeps which task of which run read and wrote which artefacts."
#       fingerprint: "A short text computed from all that decides what a task gives: if two are equal, the cluster takes the earlier outputs."
#       transaction: "Several changes of a database that happen together or not at all."
#       node pool: "The machines of one kind in a cluster, known by a label."
#       taint: "A mark on machines that keeps away all pods which do not say that they tolerate it."
#       fan-in: "To bring together what the turns of a loop have made."
#     title: Kubeflow Pipelines
#     tools:
#     - Kubeflow Pipelines
# ---

# %% [markdown]
# # Kubeflow Pipelines
#
# ## Why this matters
#
# Monday 2 February 2026, seven in the morning. Metro Bikes now runs in four cities, and its night of trainings has moved to a Kubernetes cluster that it shares with the map team. Five messages wait for Noor.
#
# The map team: "Your night had all machines. Ours could not start." Lakeside: "It has been warm since Wednesday, and your forecast has not noticed." Northport: "No forecast since the move", under which Cy has written "it is green here". The auditors: "Your ledger says that you made 31 forecasts on Sunday. You have four cities." And the drivers of
# Kingsmere got two forecasts on Saturday and none on Sunday.
#
# All of it went through pipelines that compiled without a word. You know components, `dsl.If`, loops and the cache from the lab on training pipelines. Today you go where these tools end: into what the compiler wrote, what the cluster remembers, and what it does when a machine dies in the middle.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `trips.csv`, the trips that started in each city and hour, for three weeks up to yesterday; `holidays.txt`.
# - `thursday.yaml` and `friday.yaml`, what was sent to the cluster on 22 and 23 January; `lineage.json`, what the cluster remembers.
# - `cys_city.py` with `cys_helpers.py`, `bos_release.py`, `cys_record.py` (compiled: `cys_record.yaml`) and `cys_night.py`: what is broken. `steps.py` holds sound steps.
# - `cluster.py`, a small cluster, and `desk.py`, tools: read the first line of each function.
#
# The small cluster runs a compiled pipeline by the rules of a real one: read them at the top of `cluster.py`. Each attempt of a step runs in a *pod*, the box in which Kubernetes runs a program: it has an empty folder and an empty environment, and one that dies is a process that is really killed. Kubeflow's own local runner stands beside it. That one (2.16) is good for straight pipelines: it does not know `dsl.OneOf`, decides no
# condition, retries nothing and has no cache.
#
# All components here are written with `base_image="metro-bikes/steps:2.16", install_kfp_package=False`. A step needs the package kfp where it runs. By default each pod installs it with pip, each time; the team's own image has it already. (With a bare `python:3.11` and no installing, every step would die: "No module named kfp".)

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import Image
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Model, Output

import bos_release
import cys_city
import cys_night
import steps
from cluster import load_spec
from desk import by_day, node_pool, run_here

CITIES = ["Metro", "Northport", "Lakeside", "Kingsmere"]
HOLIDAYS = Path("holidays.txt").read_text().split()
for name in ("city_night", "release", "record", "night"):  # what you compiled yesterday is not judged today
    Path(f"{name}.yaml").unlink(missing_ok=True)


# A thin wrapper, which the grader needs.
def rehearse(compiled, runs):
    """Run a compiled pipeline on the small cluster, and return what each run tells: see rehearse in cluster.py."""
    from cluster import rehearse

    return rehearse(compiled, runs)


def show(run):
    """Print what became of a run's steps, and the first thing that went wrong."""
    for step in run["steps"]:
        print(f"{step['name']:11} {step['item'] or '':10} {step['state']:10} attempts: {step['attempts']}")
    print(run["state"], run["error"][:160])


# %% [markdown]
# ## Part 1 · What changed on Friday?
#
# A compiled pipeline is a file, and files have versions. "I only gave a step a nicer name, on that Friday", says Cy. `diff` shows more than a hundred lines. Most of them mean nothing: components and executors are numbered (`comp-train-2`), and one more step shifts the numbers; tasks are sorted by name. What matters is *what will run differently*. For that one must know where it stands:

# %%
spec, platform = load_spec("friday.yaml")
print("the pipeline's tasks:", list(spec["root"]["dag"]["tasks"]))
loop = spec["root"]["dag"]["tasks"]["for-loop-1"]
inside = spec["components"][loop["componentRef"]["name"]]["dag"]["tasks"]
print("in the loop:", list(inside))
one_city = spec["components"][inside["one-city"]["componentRef"]["name"]]["dag"]["tasks"]
print("in the pipeline in the loop:", list(one_city))
task = one_city["train"]
print("\nthe task train:", {key: value for key, value in task.items() if key != "inputs"})
component = spec["components"][task["componentRef"]["name"]]
executor = spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
print("its executor:", {key: value if key != "command" else "…" for key, value in executor.items()})

# %% [markdown]
# Three levels: a **task** says when something runs and with which inputs. Its **component** has either a `dag`, with tasks of its own (a loop, a condition, a pipeline in the pipeline), or an `executorLabel`. The **executor** says how: `image`, `command` and `args` (the source code is in there), `env`, `resources`. A file may have a second document, the **platform specification**, which only one kind of
# cluster understands: under `platforms`, `kubernetes`, `deploymentSpec`, `executors` it says by executor label on which machines a step may run. `load_spec` returns both.
#
# ### Exercise 1 — Only a nicer name
# *Difficulty ●●○ · about 20 minutes*
#
# Write `changes(old, new)`. It compares two compiled pipelines (paths) and returns a dictionary: from the path of a task, such as `"for-loop-1/one-city/train"`, to the words for what has changed there. Tasks in which nothing has changed are not in it. The words:
#
# | word | what differs |
# |:--|:--|
# | `added`, `removed` | the task is in one of the two alone. If a whole loop, condition or pipeline came or went, only itself is named, and nothing inside |
# | `inputs` | the task's `inputs` |
# | `when` | its `triggerPolicy` (the condition under which it runs), `parameterIterator` (the list that a loop runs over) or `iteratorPolicy` (how many turns at once) |
# | `caching` | whether `cachingOptions` has `enableCache` |
# | `retries` | its `retryPolicy` |
# | `image`, `env` | its executor's |
# | `code` | its executor's `command` or `args` |
# | `resources` | its executor's `resources`, or what the platform specification has for it |
#
# Nothing else counts: no numbers in the names of components and executors, no display name (`taskInfo`), no order, no version of the SDK. (`dependentTasks` is left out here, too. It mostly follows from the inputs; at work give it a word, for a removed `.after` matters.) Tasks are the same if their paths are.
#
# Done means: it is right about Friday, and about other pairs of compiled pipelines.
#
# <details><summary>Hint 1</summary>Write a helper that turns one compiled pipeline into a dictionary: path → {word: what stands there}. It calls itself where a component has a <code>dag</code>. Then compare two dictionaries.</details>
# <details><summary>Hint 2</summary>What do you need only to look things up? That must not be compared. Many entries are missing where nothing was said. And what can you tell from a path about the loop or pipeline around a task?</details>


# %% nbgrader={"grade": false, "grade_id": "changes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def changes(old, new):
    """Return what differs between two compiled pipelines: from the path of a task to a list of words."""

    ### BEGIN SOLUTION
    def described(path):
        spec, platform = load_spec(Path(path))
        machines = platform.get("platforms", {}).get("kubernetes", {}).get("deploymentSpec", {}).get("executors", {})
        found = {}

        def visit(dag, before):
            for name, task in dag["tasks"].items():
                component = spec["components"][task["componentRef"]["name"]]
                found[before + name] = about = {
                    "inputs": task.get("inputs"),
                    "when": [task.get(key) for key in ("triggerPolicy", "parameterIterator", "iteratorPolicy")],
                    "caching": task.get("cachingOptions", {}).get("enableCache", False),
                    "retries": task.get("retryPolicy"),
                }
                if "dag" in component:
                    visit(component["dag"], f"{before}{name}/")
                    continue
                label = component["executorLabel"]
                container = spec["deploymentSpec"]["executors"][label]["container"]
                about.update(image=container["image"], env=container.get("env"), code=[container["command"], container["args"]])
                about["resources"] = container.get("resources"), machines.get(label)

        visit(spec["root"]["dag"], "")
        return found

    before, after = described(old), described(new)
    told = {}
    for path in {**before, **after}:
        parent = path.rpartition("/")[0]
        if path not in after:
            if not parent or parent in after:
                told[path] = ["removed"]
        elif path not in before:
            if not parent or parent in before:
                told[path] = ["added"]
        else:
            words = [word for word in before[path] if before[path][word] != after[path].get(word)]
            if words:
                told[path] = words
    return told
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-changes", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
said = changes("thursday.yaml", "friday.yaml")
assert isinstance(said, dict), f"changes returned a {type(said).__name__}, expected a dictionary from paths to words."
said = {path: sorted({words} if isinstance(words, str) else words) for path, words in said.items()}
assert "for-loop-1/one-city/test" not in said, (
    f"At for-loop-1/one-city/test you found {said['for-loop-1/one-city/test']}. The step stands elsewhere in the file, and does what it did."
)
right = {
    "for-loop-1": ["when"],
    "for-loop-1/one-city": ["caching"],
    "for-loop-1/one-city/deliver": ["retries"],
    "for-loop-1/one-city/download": ["caching"],
    "for-loop-1/one-city/download-2": ["added"],
    "for-loop-1/one-city/train": ["resources"],
}
for path, words in right.items():
    assert said.get(path) == words, f"At {path} you found {said.get(path, 'nothing')}, expected {words}."
assert set(said) == set(right), f"You found changes at {sorted(set(said) - set(right))}, where nothing that counts has changed."
assert changes("friday.yaml", "friday.yaml") == {}, "You found changes between friday.yaml and itself."

# %% nbgrader={"grade": true, "grade_id": "judge-changes", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: changes on pairs of compiled pipelines that you have not seen, with conditions, pipelines in pipelines and platform specifications.
### BEGIN HIDDEN TESTS
from judging_changes import changes_cases, compare_changes

for older, newer, truth, what in changes_cases():
    try:
        said = changes(older, newer)
    except Exception as problem:
        raise AssertionError(f"Where {what}: changes stopped with {type(problem).__name__}: {problem}") from None
    compare_changes(said, truth, f"Where {what}")
### END HIDDEN TESTS

# %% [markdown]
# So much for the nicer name. Since that Friday all turns of the loop may run at once, each with a `train` that has lost its accelerator and may take 64 GB instead of 8: there are the map team's machines. A second download, a "backup" that nobody reads, runs in each city. `deliver` is not retried any more. And the cache of `download` is on: Cy had moved "no cache" from `download` to the whole `one-city`. Keep that in mind until Part 5.

# %% [markdown]
# ## Part 2 · Green here, red there
#
# A **hand-over** is what one step leaves for another. In the lab on training pipelines a step returned a path on its disk, and that was easy to see. Here is Cy's night for one city, with Kubeflow's own local runner, and then on the cluster:

# %%
told = run_here(cys_city.city_night, trips=str(Path("trips.csv").resolve()), city="Northport")
print("local runner:", told["Output"])
compiler.Compiler().compile(cys_city.city_night, "cys_city.yaml")
files = {"trips.csv": Path("trips.csv").read_text()}
show(rehearse("cys_city.yaml", [{"arguments": {"trips": "{data}/trips.csv", "city": "Northport"}, "files": files}])[0])
for left in ("clean.csv", "errors.csv"):
    print(left, "lies in your folder now, where Cy's steps left it" if Path(left).exists() else "is not there")
    Path(left).unlink(missing_ok=True)

# %% [markdown]
# The local runner starts each step as a process, too. But all of them share your disk, your folder, your modules and your environment, and one step's artefacts lie where the next one finds them. Whatever goes from step to step by these ways is not in the compiled pipeline, and does not exist on a cluster:
#
# - a variable of the notebook. Where a step uses it, the step fails everywhere, and you notice. Where it is a default value (`days: int = DAYS`), or the pipeline's function gives it to a step, its value *at the time of compiling* is written down, for all nights to come;
# - a module that lies in your folder, imported *inside* the function;
# - an environment variable that your notebook has set;
# - a file in the working folder, its name kept in an artefact's *metadata*, or in a dictionary that is a *parameter*;
# - a second file *beside* an artefact's path: only what lies at `.path` is uploaded (a file, or a folder with all that is in it);
# - an *input* that a step changes in place. Each reader on a cluster gets a copy of its own, and sees nothing of it.
#
# Most of these are loud on a cluster. The third need not be: `os.environ.get(…, "")` gives an empty text, no holiday is known, and the run is green.
#
# ### Exercise 2 — The night of one city
# *Difficulty ●●● · about 25 minutes*
#
# Mend `cys_city.py`: write the five steps and the pipeline anew in your cell, and compile it to `city_night.yaml`. Compute what Cy's pipeline computes, also for an hour of the day that the training days never had.
#
# - The pipeline is `city_night(trips: str, city: str, holidays: list, test_days: int = 7) -> str`, named `city-night`. `trips` is a file on a *volume*, a disk that every pod sees. `holidays` is known when the pipeline is run, as a list of days.
# - The steps keep the names `clean`, `mark`, `train`, `test` and `tell`. What they take and give is yours to change.
# - Every table is a `Dataset` and the model a `Model`, and each has in its metadata the `city`; the tables of `clean` and `mark` also `rows`, their number of rows. No metadata and no parameter holds a file's name.
# - No step changes an input, not even its own copy, and each has what it needs in its own source.
#
# Done means: local runner and cluster end with the same, right sentence, also for other trips, cities, holidays and test days.
#
# <details><summary>Hint 1</summary>Run <code>rehearse</code> on your pipeline after each change: it stops at the next hand-over that does not exist there. When it is green, compare its sentence with that of the local runner.</details>
# <details><summary>Hint 2</summary><code>mark</code> gives a table of its own, <code>marked: Output[Dataset]</code>. What stood beside the model can stand in the same JSON file. And the errors are a table, too, or <code>test</code> returns the worst hour itself.</details>


# %% nbgrader={"grade": false, "grade_id": "city", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The steps, and the pipeline city_night, compiled to city_night.yaml.
### BEGIN SOLUTION
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def clean(trips: str, table: Output[Dataset], city: str):
    """Write the trips of one city; no count above 400, which is a fault of a dock."""
    import csv

    with open(trips, newline="") as source:
        rows = [(row["hour"], min(int(row["trips"]), 400)) for row in csv.DictReader(source) if row["city"] == city]
    with open(table.path, "w") as target:
        target.write("hour,trips\n" + "".join(f"{hour},{count}\n" for hour, count in rows))
    table.metadata.update({"city": city, "rows": len(rows)})


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def mark(table: Input[Dataset], holidays: list, marked: Output[Dataset]):
    """Write the table with a column more: whether the hour is free, on weekends and holidays."""
    import csv
    from datetime import date

    with open(table.path, newline="") as source:
        rows = [(row["hour"], row["trips"], row["hour"][:10]) for row in csv.DictReader(source)]
    with open(marked.path, "w") as target:
        target.write("hour,trips,free\n")
        for hour, count, day in rows:
            target.write(f"{hour},{count},{int(day in holidays or date.fromisoformat(day).weekday() > 4)}\n")
    marked.metadata.update({"city": table.metadata["city"], "rows": len(rows)})


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def train(table: Input[Dataset], model: Output[Model], test_days: int):
    """Learn the mean trips of each hour, of free days and others, and of all, from all days but the last."""
    import csv
    import json
    from statistics import fmean

    with open(table.path, newline="") as source:
        lines = list(csv.DictReader(source))
    past = sorted({line["hour"][:10] for line in lines})[:-test_days]
    seen = {}
    for line in lines:
        if line["hour"][:10] in past:
            seen.setdefault(line["free"] + " " + line["hour"][11:13], []).append(int(line["trips"]))
    learnt = {
        "kinds": {kind: fmean(counts) for kind, counts in seen.items()},
        "mean": fmean(count for each in seen.values() for count in each),
    }
    with open(model.path, "w") as target:
        json.dump(learnt, target)
    model.metadata.update({"city": table.metadata["city"]})


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def test(table: Input[Dataset], model: Input[Model], test_days: int) -> dict:
    """Return the mean absolute error on the last days, in trips per hour, and the hour with the largest."""
    import csv
    import json
    from statistics import fmean

    with open(model.path) as source:
        learnt = json.load(source)
    with open(table.path, newline="") as source:
        lines = list(csv.DictReader(source))
    future = sorted({line["hour"][:10] for line in lines})[-test_days:]
    errors = []
    for line in lines:
        if line["hour"][:10] in future:
            said = learnt["kinds"].get(line["free"] + " " + line["hour"][11:13], learnt["mean"])
            errors.append((abs(said - int(line["trips"])), line["hour"]))
    return {"mae": fmean(error for error, _ in errors), "worst": max(errors)[1]}


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def tell(result: dict) -> str:
    """Say how far the model is off, and when most."""
    return f"off by {result['mae']:.2f} trips per hour, most at {result['worst']}"


@dsl.pipeline(name="city-night", description="One city, on any machine.")
def city_night(trips: str, city: str, holidays: list, test_days: int = 7) -> str:
    """Train and test a city's model."""
    cleaned = clean(trips=trips, city=city)
    table = mark(table=cleaned.outputs["table"], holidays=holidays).outputs["marked"]
    learnt = train(table=table, test_days=test_days)
    return tell(result=test(model=learnt.outputs["model"], table=table, test_days=test_days).output).output


compiler.Compiler().compile(city_night, "city_night.yaml")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-city", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
assert Path("city_night.yaml").exists(), "There is no city_night.yaml: compile the pipeline in your cell."
asked = {"city": "Northport", "holidays": HOLIDAYS}
right = "off by 12.19 trips per hour, most at 2026-01-28T17:00"
try:
    on_cluster = rehearse(
        "city_night.yaml",
        [{"arguments": {**asked, "trips": "{data}/trips.csv"}, "files": {"trips.csv": Path("trips.csv").read_text()}}],
    )[0]
except TypeError as problem:
    raise AssertionError(f"city_night.yaml could not be run: {problem}. Are its parameters those of the exercise?") from None
assert on_cluster["state"] == "SUCCEEDED", (
    f"On the cluster it stops: {on_cluster['error'][:300]}. What does this step use that is neither in its source nor among its inputs?"
)
missing = {"clean", "mark", "train", "test", "tell"} - {step["name"] for step in on_cluster["steps"]}
assert not missing, f"On the cluster there ran no step {', '.join(sorted(missing))}: keep the names."
assert on_cluster["outputs"].get("Output") == right, (
    f"On the cluster the pipeline returns {on_cluster['outputs'].get('Output')!r}, expected {right!r}. Cy's gives that on his laptop."
)
try:
    here = run_here(city_night, **asked, trips=str(Path("trips.csv").resolve()))
except RuntimeError as problem:
    raise AssertionError(f"Kubeflow's local runner stopped: {problem}") from None
assert here.get("Output") == right, f"With the local runner the pipeline returns {here.get('Output')!r}, expected {right!r}."

# %% nbgrader={"grade": true, "grade_id": "judge-city", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from city_night.yaml, on the cluster: other trips, cities, holidays and numbers of test days.
### BEGIN HIDDEN TESTS
from judging import compiled_text
from judging_city import expect_city

expect_city(rehearse, compiled_text("city_night.yaml"))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-city-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from city_night.yaml, on the cluster: types and metadata of the artefacts, file names in metadata and parameters; inputs that a step has changed; the same trips with other holidays.
### BEGIN HIDDEN TESTS
from judging import compiled_text
from judging_city import expect_handed_over

expect_handed_over(rehearse, compiled_text("city_night.yaml"))
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · What came of a wrong table
#
# Why all the types and metadata? Because of letters like this, from the workshop: "The counters of Lakeside's docks ran twice as fast on 21 January. Is anything of yours built on that?" Nobody can answer it from code. The cluster can: it keeps in its **metadata store** each execution of a task with the artefacts that it read and wrote. What an artefact was made from, and what was
# made from it, is its **lineage**.

# %%
records = json.loads(Path("lineage.json").read_text())
print(len(records["executions"]), "executions,", len(records["artefacts"]), "artefacts")
for one in [one for one in records["executions"] if one["run"] == "night-2"][:6]:
    print(one)
for identity, one in list(records["artefacts"].items())[:5]:
    print(identity, one)

# %% [markdown]
# Each artefact has an identity, a `type`, a `uri`, where it lies, and `metadata`. Each execution has its `inputs`, lists of identities, and its `outputs`. If a task came from the cache (`CACHED`), its outputs are the artefacts of the earlier execution. And a model of an earlier run comes into a run by `dsl.importer`, a task without inputs which gives a *new* artefact: only the `uri` shows
# that it is the old file.
#
# ### Exercise 3 — Recall
# *Difficulty ●●○ · about 15 minutes*
#
# Write `consequences(records, city, day)`: the trips of this city on this day were wrong.
#
# - Wrong from the start are the tables (`system.Dataset`) that were made from no artefact, of this `city`, whose `first` to `last` includes the day.
# - Whatever was made from a wrong artefact is wrong, in however many steps, in whichever run. Artefacts with the same `uri` are the same file.
#
# Return a dictionary with two lists of identities: `retrain`, the wrong models; and `retest`, the wrong figures (`system.Metrics`) of models that are right: these were tested on a wrong table, and only the test is to be done again.
#
# Done means: it is right about `lineage.json`, and about other records. The executions come in no order.
#
# <details><summary>Hint 1</summary>Keep a set of wrong artefacts, and let it grow: go through all executions again and again until a round adds nothing.</details>
# <details><summary>Hint 2</summary>There are two ways in which a round can add something: think of what reads, and of what lies at the same place. A table can be imported, too. And what decides about <code>retest</code> is not what the figures say of themselves, but which execution made them, from what.</details>


# %% nbgrader={"grade": false, "grade_id": "lineage", "locked": false, "schema_version": 3, "solution": true, "task": false}
def consequences(records, city, day):
    """Return which models must be trained again, and which figures computed again: {"retrain": […], "retest": […]}."""
    ### BEGIN SOLUTION
    artefacts, executions = records["artefacts"], records["executions"]
    derived = {made for one in executions if any(one["inputs"].values()) for made in one["outputs"].values()}
    wrong = set()
    for identity, about in artefacts.items():
        facts = about["metadata"]
        raw = about["type"] == "system.Dataset" and identity not in derived
        if raw and facts.get("city") == city and facts["first"] <= day <= facts["last"]:
            wrong.add(identity)
    size = -1
    while size != len(wrong):
        size = len(wrong)
        places = {artefacts[identity]["uri"] for identity in wrong}
        wrong |= {identity for identity, about in artefacts.items() if about["uri"] in places}
        for one in executions:
            if wrong & {identity for each in one["inputs"].values() for identity in each}:
                wrong |= set(one["outputs"].values())
    models = {identity for identity in wrong if artefacts[identity]["type"] == "system.Model"}
    of_wrong_models = {
        made
        for one in executions
        if models & {identity for each in one["inputs"].values() for identity in each}
        for made in one["outputs"].values()
    }
    figures = {identity for identity in wrong if artefacts[identity]["type"] == "system.Metrics"}
    return {"retrain": sorted(models), "retest": sorted(figures - of_wrong_models)}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-lineage", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def made_by(identity):
    """Say which task made an artefact of lineage.json."""
    one = next(one for one in records["executions"] if identity in one["outputs"].values())
    return f"{identity}, made by {one['task']} of {one['run']} from {one['inputs']}"


records = json.loads(Path("lineage.json").read_text())
wrong_day = "2026-01-21"
found = consequences(records, "Lakeside", wrong_day)
assert isinstance(found, dict) and set(found) == {"retrain", "retest"}, (
    f"consequences returned {type(found).__name__} {list(found) if isinstance(found, dict) else ''}, expected a dictionary with retrain and retest."
)
expected_lists = {"retrain": ["a247", "a619", "a688", "a695", "a818", "a954", "a981"], "retest": ["a481", "a544"]}
for word, expected in expected_lists.items():
    missed, blamed = sorted(set(expected) - set(found[word])), sorted(set(found[word]) - set(expected))
    assert not missed, f"Lakeside, {wrong_day}: {word} misses {made_by(missed[0])}."
    assert not blamed, f"Lakeside, {wrong_day}: {word} has too many, such as {made_by(blamed[0])}."
    assert len(found[word]) == len(expected), f"Lakeside, {wrong_day}: {word} names some artefacts more than once."

# %% nbgrader={"grade": true, "grade_id": "judge-lineage", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: consequences in the records of other nights, with models made from models, blends of several cities, imported models and cached tasks.
### BEGIN HIDDEN TESTS
from judging_lineage import expect_lineage

expect_lineage(consequences)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · Three ways, one of them
#
# Now Kingsmere. Open `bos_release.py`. Each morning a city gets one of three models: the new *candidate*, the *champion* that has been in service, or last year's trips, which takes an hour and wakes somebody. The rule: the candidate, if its error is at most the limit and at most the champion's. Otherwise the champion, if its error is at most the limit. Otherwise last year's trips.

# %%
compiler.Compiler().compile(bos_release.release, "bos_release.yaml")
for new, old in [(5.0, 5.5), (6.5, 5.0)]:
    asked = {"city": "Kingsmere", "store": "{store}", "new_error": new, "old_error": old, "limit": 6.0}
    run = rehearse("bos_release.yaml", [{"arguments": asked}])[0]
    ran = [step["name"] for step in run["steps"] if step["state"] == "SUCCEEDED" and step["name"] in ("promote", "keep", "fall_back")]
    print(f"candidate {new}, champion {old}: {' and '.join(ran) or 'nothing'}")

# %% [markdown]
# Both times two of the branches ran, and the drivers got two models, one after the other, in an order that nobody has decided. (And on Sunday, with Saturday's errors, `hand_over` came from the cache, so nobody got anything.) Each `dsl.If` is decided for itself. Branches that exclude one another are written as one: `dsl.If`, then `dsl.Elif`, then `dsl.Else`. The compiler makes of them conditions that exclude one another. And
# `dsl.OneOf` gives to the step after them the output of the branch that ran:


# %%
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def dress(with_what: str) -> str:
    return f"Riders need {with_what}."


@dsl.pipeline(name="weather")
def weather(celsius: float) -> str:
    with dsl.If(celsius < 0.0):
        cold = dress(with_what="gloves")
    with dsl.Elif(celsius < 15.0):
        cool = dress(with_what="a jacket")
    with dsl.Else():
        warm = dress(with_what="water")
    return dsl.OneOf(cold.output, cool.output, warm.output)


compiler.Compiler().compile(weather, "weather.yaml")
spec, _ = load_spec("weather.yaml")
branches = next(one["dag"] for name, one in spec["components"].items() if name.startswith("comp-condition-branches"))
for name, task in branches["tasks"].items():
    print(name, "runs if", task["triggerPolicy"]["condition"].replace("inputs.parameter_values", ""))
print("and its output is", json.dumps(branches["outputs"]["parameters"])[:170], "…")
for run in rehearse("weather.yaml", [{"arguments": {"celsius": celsius}} for celsius in (-3.0, 0.0, 20.0)]):
    print(run["outputs"])

# %% [markdown]
# Some limits. A condition compares two values, and knows no `and`. Nested conditions are possible, but then an `Else` belongs to the inner ones alone, and a `dsl.OneOf` cannot stand in another. What is more than one comparison is better decided in a *step*, which returns a text or a truth value, can be tested, and leaves its decision in the metadata store. `dsl.OneOf` also needs an output of an `Else` among its own, and artefacts that leave their branches by it must be of one type.
#
# ### Exercise 4 — The release
# *Difficulty ●●○ · about 15 minutes*
#
# Write the pipeline `release(city: str, store: str, new_error: float, old_error: float, limit: float)`, named `release`, with `steps.bring`, `steps.promote`, `steps.keep`, `steps.fall_back` and `steps.hand_over`, and steps of your own where you need them. Compile it to `release.yaml` in the same cell.
#
# Done means:
#
# 1. By the rule above, exactly one of `promote`, `keep` and `fall_back` runs. The two errors are what `bring` returns, whatever the pipeline was given.
# 2. `hand_over` stands once in the compiled pipeline, after the branches, and gives the drivers the model and the reason of the branch that ran.
# 3. It gives it to them each time, also if the same was given before.
#
# <details><summary>Hint 1</summary>Write the rule as a component with three numbers in and a text out, <code>-> str</code>. The branches compare this text.</details>
# <details><summary>Hint 2</summary><code>promote</code>, <code>keep</code> and <code>fall_back</code> have two outputs each, <code>released</code> and <code>Output</code>; each needs a <code>dsl.OneOf</code>. And what about the cache, for a step that changes the world outside?</details>


# %% nbgrader={"grade": false, "grade_id": "release", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The pipeline release, compiled to release.yaml.
### BEGIN SOLUTION
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def decide(new: float, old: float, limit: float) -> str:
    """Return which model the drivers get."""
    if new <= limit and new <= old:
        return "candidate"
    return "champion" if old <= limit else "last year"


@dsl.pipeline(name="release", description="One model for a city.")
def release(city: str, store: str, limit: float, new_error: float, old_error: float):
    """Release one of three models."""
    new = steps.bring(name="candidate", error=new_error)
    old = steps.bring(name="champion", error=old_error)
    decision = decide(new=new.outputs["Output"], old=old.outputs["Output"], limit=limit)
    with dsl.If(decision.output == "candidate"):
        promoted = steps.promote(model=new.outputs["model"])
    with dsl.Elif(decision.output == "champion"):
        kept = steps.keep(model=old.outputs["model"])
    with dsl.Else():
        fallen = steps.fall_back(city=city)
    given = steps.hand_over(
        model=dsl.OneOf(promoted.outputs["released"], kept.outputs["released"], fallen.outputs["released"]),
        reason=dsl.OneOf(promoted.outputs["Output"], kept.outputs["Output"], fallen.outputs["Output"]),
        city=city,
        store=store,
    )
    given.set_caching_options(False)


compiler.Compiler().compile(release, "release.yaml")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-release", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
assert Path("release.yaml").exists(), "There is no release.yaml: compile the pipeline in your cell."
cases = [(5.0, 5.5, "promote"), (6.5, 5.0, "keep"), (5.5, 7.0, "promote"), (7.0, 6.5, "fall_back")]
asked = {"city": "Kingsmere", "store": "{store}", "limit": 6.0}
try:
    runs = rehearse("release.yaml", [{"arguments": {**asked, "new_error": new, "old_error": old}} for new, old, _ in cases])
except TypeError as problem:
    raise AssertionError(f"release.yaml could not be run: {problem}. Are its parameters those of the exercise?") from None
for run, (new, old, branch) in zip(runs, cases):
    assert run["state"] == "SUCCEEDED", f"With the candidate's error {new} and the champion's {old} the run failed: {run['error'][:300]}"
    ran = [step["name"] for step in run["steps"] if step["state"] != "SKIPPED" and step["name"] in ("promote", "keep", "fall_back")]
    assert ran == [branch], (
        f"With the candidate's error {new}, the champion's {old} and the limit 6.0 there ran {ran}, expected {branch} alone."
    )
    given = json.loads(run["store"].get("Kingsmere.json", "{}")).get("reason")
    reason = {"promote": "promoted", "keep": "kept", "fall_back": "fallen back"}[branch]
    assert given == reason, f"With {new} and {old} the drivers got a model with the reason {given!r}, expected {reason!r}."

# %% nbgrader={"grade": true, "grade_id": "judge-release", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from release.yaml, on the cluster: errors on all sides of the limit and of one another, and exactly on it; cases that come again; a bring that returns other errors; the compiled branches.
### BEGIN HIDDEN TESTS
from judging import compiled_text
from judging_release import expect_branches

expect_branches(rehearse, compiled_text("release.yaml"))
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · When does the cluster not run a task?
#
# Lakeside's forecast has not noticed the warm days. Let us see what Cy's night did, one night after the other, each with the trips up to the day before. (`cys_night.py` is how it runs today; he has tidied it a little since that Friday. The cluster's cache was emptied on 27 January, so the first night begins afresh.)

# %%
compiler.Compiler().compile(cys_night.night, "cys_night.yaml")
NIGHTS = ["2026-01-28", "2026-01-29", "2026-01-30", "2026-01-31", "2026-02-01"]
where = {"source": "{data}", "store": "{store}"}
stale = rehearse(
    "cys_night.yaml", [{"arguments": where, "files": by_day(NIGHTS[n - 1] if n else "2026-01-27")} for n in range(len(NIGHTS))]
)
for day, run in zip(NIGHTS, stale):
    states = {step["state"] for step in run["steps"] if step["name"] == "download"}
    print(
        f"for {day}: download {', '.join(states)}; Lakeside's forecast is from trips up to {json.loads(run['store']['Lakeside.json'])['last']}"
    )

# %% [markdown]
# `download(day="yesterday")` ran once. "Yesterday" is a text, and it is the same every night. But had Cy not switched the cache off, for the whole `one-city`? Look at what the compiler wrote:

# %%
spec, _ = load_spec("cys_night.yaml")
outer = spec["components"]["comp-for-loop-2"]["dag"]["tasks"]["one-city"]
print("one-city:", outer["cachingOptions"])
for name, task in spec["components"][outer["componentRef"]["name"]]["dag"]["tasks"].items():
    print(f"   {name}: {task['cachingOptions']}")

# %% [markdown]
# `{}` says that the cache is off; for the pipeline *as a task*, which has no outputs of its own that could be kept. The tasks inside have options of their own. A cache is switched off where something runs.
#
# When exactly does a cluster take the outputs of an earlier task? For each task that may be cached it computes a **fingerprint**. If a task that succeeded earlier, in a pipeline of the same name, had the same, its outputs are taken. We have read the server's source for you; into the fingerprint go
#
# - of the executor: `image`, `command`, `args`, and `env` (older servers leave it out: there a changed variable gives old outputs);
# - the input *parameters*, names and values, those with a default value filled in. All numbers are of one kind, so 7 and 7.0 are the same; but `1` is not `true`, and `"7"` is not 7. The order of a list counts, the order of a dictionary does not;
# - the input *artefacts*, for each input the list of identities in its order. Never what is in them;
# - the *outputs*: names and types;
# - the names of volumes that are mounted, never what lies on them. (Ours are the same everywhere: leave them aside. Also a `cacheKey`, which `.set_caching_options(True, cache_key="v1")` writes and not every server reads.)
#
# And nothing else: not the task's name, nor resources, retries, or the machines on which it runs; not the time. It looks among the tasks of the same namespace, one team's part of the cluster.
#
# ### Exercise 5 — The fingerprint
# *Difficulty ●●● · about 20 minutes*
#
# Write `fingerprint(compiled, path, parameters, artefacts)`. `compiled` is a compiled pipeline (a path), `path` that of a task as in Exercise 1. `parameters` is what the task gets when it runs, a dictionary; those that it leaves to their default values are not in it. `artefacts` is a dictionary, from each input to a list of identities.
#
# Return a text; or `None` if the task itself may not be cached. Two tasks have the same text exactly if the cluster would take the outputs of the one for the other: the fingerprints are the same, and so are the names of the pipelines (`pipelineInfo`).
#
# Done means: it is right about Cy's night, and about pairs of tasks that you have not seen.
#
# <details><summary>Hint 1</summary>Collect all that counts in one structure of lists and dictionaries, and make a text of it: <code>json.dumps(…, sort_keys=True)</code>. Defaults stand in the component's <code>inputDefinitions</code>, as <code>defaultValue</code>.</details>
# <details><summary>Hint 2</summary>Try <code>json.dumps</code> on 7, 7.0, <code>True</code>, <code>"7"</code>: which does it keep apart that must be equal? Numbers can also stand inside of lists and dictionaries. And ask Python for <code>isinstance(True, int)</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "fingerprint", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fingerprint(compiled, path, parameters, artefacts):
    """Return the text by which a cluster finds a task's earlier outputs, or None if it does not look."""
    ### BEGIN SOLUTION
    spec, _ = load_spec(Path(compiled))
    component = spec["root"]
    for name in path.split("/"):
        task = component["dag"]["tasks"][name]
        component = spec["components"][task["componentRef"]["name"]]
    if not task.get("cachingOptions", {}).get("enableCache"):
        return None

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(one) for one in value]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    known = component.get("inputDefinitions", {}).get("parameters", {})
    values = {name: about["defaultValue"] for name, about in known.items() if "defaultValue" in about} | parameters
    container = spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
    counts = {
        "pipeline": spec["pipelineInfo"]["name"],
        "container": {word: container.get(word) for word in ("image", "command", "args", "env")},
        "parameters": plain(values),
        "artefacts": artefacts,
        "outputs": component.get("outputDefinitions"),
    }
    return json.dumps(counts, sort_keys=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-fingerprint", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
compiler.Compiler().compile(cys_night.night, "cys_night.yaml")
inner, thursdays = "for-loop-2/one-city/", "for-loop-1/one-city/"
lakeside = {"source": "/data", "city": "Lakeside", "day": "yesterday"}
first = fingerprint("cys_night.yaml", inner + "download", lakeside, {})
assert isinstance(first, str), (
    f"Cy's download may be cached, whatever is said of the pipeline around it, and fingerprint returned {first!r}, expected a text."
)
assert fingerprint("cys_night.yaml", inner + "download", dict(lakeside), {}) == first, (
    "The same task on the next night has another fingerprint: nothing that counts has changed."
)
assert fingerprint("cys_night.yaml", inner + "download", {**lakeside, "day": "2026-01-28"}, {}) != first, (
    "With another day download has the same fingerprint: it would be served from the cache."
)
one, other = (fingerprint("cys_night.yaml", inner + "train", {}, {"table": [identity]}) for identity in ("a001", "a002"))
assert one != other, "With another artefact train has the same fingerprint. An artefact counts by its identity."
assert one != fingerprint("cys_night.yaml", inner + "test", {}, {"table": ["a001"]}), (
    "train and test have the same fingerprint, and other code."
)
switched_off = fingerprint("thursday.yaml", thursdays + "download", lakeside, {})
assert switched_off is None, (
    f"On Thursday the cache of download was off, and fingerprint returned {str(switched_off)[:40]!r}, expected None."
)
assert fingerprint("thursday.yaml", thursdays + "train", {}, {"table": ["a001"]}) == one, (
    "train has other resources on Thursday, and the same code and inputs: for the cluster it is the same task, and for you it is not."
)

# %% nbgrader={"grade": true, "grade_id": "judge-fingerprint", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: fingerprint on pairs of tasks in compiled pipelines that you have not seen, each pair with one difference that counts, or does not.
### BEGIN HIDDEN TESTS
from judging_fingerprint import expect_fingerprints

expect_fingerprints(fingerprint)
### END HIDDEN TESTS

# %% [markdown]
# With such a function a team can say *before* a change is sent which tasks will run again, and what that costs. And it shows a trap for the careful: a training with other memory, or on another kind of machine, is not run again; a training with one more comment is.
#
# **In older tutorials** you find, for Kubeflow Pipelines 1, `task.execution_options.caching_strategy.max_cache_staleness = "P0D"`; in version 2 there is no age, only on or off, `.set_caching_options(False)`, and a key. Also `dsl.RUN_ID_PLACEHOLDER` (now `dsl.PIPELINE_JOB_ID_PLACEHOLDER`), `dsl.Condition` (now `dsl.If`), `set_gpu_limit` (now `set_accelerator_type` and `set_accelerator_limit`), and
# `ContainerOp.add_node_selector_constraint("cloud.google.com/gke-nodepool", …)`: since version 2 machines are chosen in the platform specification, which the package kfp-kubernetes writes.

# %% [markdown]
# ## Part 6 · Steps that die in the middle
#
# The auditors' ledger is a database with two tables: `runs` (run, city, error, rows) has a row for each forecast, and `forecasts` (run, city, hour, trips) its hours. Cy's pipeline (`cys_record.py`) enters each city in a step of its own. Cities on one cluster, a machine dies now and then, the step is retried:

# %%
two = {"source": "{data}/trips.csv", "cities": ["Lakeside", "Kingsmere"], "ledger": "{store}/ledger.db"}
run = rehearse("cys_record.yaml", [{"arguments": two, "files": files, "killed": {"enter": [7, 0]}, "lost": {"enter": 1}, "job": "r-0017"}])[
    0
]
show(run)
for table, rows in run["tables"]["ledger.db"].items():
    print(f"{table}: {len(rows)} rows, such as {rows[0]}")

# %% [markdown]
# `killed` lets the first pod of `enter` die at its seventh writing statement, and `lost` another one after its work, before it could report. Two forecasts of 24 hours; the ledger has more, under numbers that nobody knows. Three mistakes:
#
# - *No key.* `uuid4()` gives another number at each attempt. A run has an identity, which stays the same through all retries: `dsl.PIPELINE_JOB_ID_PLACEHOLDER`, a *placeholder*, stands in the compiled pipeline; given to a step as an input, it becomes the identity at run time.
# - *Piecewise.* Between two `commit`s the step can die, and then half of it is there for good. A **transaction** is a bundle of changes that happen together or not at all. In Python's `sqlite3` the first change opens one, and `commit` ends it; if the process dies before, nothing of it has happened. `with connection:` commits at its end, and takes back all if there was an exception.
# - *Adding instead of replacing.* A pod may have done all its work, and die before it says so.
#
# Would a unique key on the table and `INSERT OR REPLACE` do? Not alone. If a run is repeated with corrected trips and has fewer hours than before, the old ones stay. And `CREATE TABLE IF NOT EXISTS … PRIMARY KEY` does nothing where the table is there already, without the key.
#
# ### Exercise 6 — The ledger, once and whole
# *Difficulty ●●○ · about 15 minutes*
#
# Write the component `enter` and the pipeline `record(source: str, cities: list[str], ledger: str)`, named `record`, with `steps.foresee` for each city. Compile it to `record.yaml` in the same cell. Tables and columns stay Cy's; `run` is the identity of the pipeline's run.
#
# Done means:
#
# 1. After a run that succeeded, each of its cities has one row in `runs`, and in `forecasts` the rows of its forecast and no others, however many pods have died, and when.
# 2. At each moment the ledger has, for each run and city, what it had before, whole, or all of the new; nothing only where nothing was.
# 3. If the same run is started again, perhaps with a forecast of fewer hours, its rows replace the old ones. Rows of other runs and cities stay, also those that are in the ledger today.
# 4. `enter` is retried up to three times, and never comes from the cache.
#
# <details><summary>Hint 1</summary>What a run and city has in the ledger, away with it; what it has now, in; both in one transaction. A key is then not even needed.</details>
# <details><summary>Hint 2</summary>Count your commits: how many are there after the tables have been made? A step does not know its run's identity by itself; it must be among its inputs. To try it, let <code>rehearse</code> kill a run that is in the ledger already.</details>


# %% nbgrader={"grade": false, "grade_id": "ledger", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The component enter, and the pipeline record, compiled to record.yaml.
### BEGIN SOLUTION
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def enter(forecast: Input[Dataset], run: str, city: str, error: float, ledger: str):
    """Enter a city's forecast into the ledger, in the place of what this run has entered before."""
    import csv
    import sqlite3

    with open(forecast.path, newline="") as lines:
        hours = [(run, city, int(row["hour"]), int(row["trips"])) for row in csv.DictReader(lines)]
    book = sqlite3.connect(ledger, timeout=30)
    book.execute("CREATE TABLE IF NOT EXISTS runs (run TEXT, city TEXT, error REAL, rows INTEGER)")
    book.execute("CREATE TABLE IF NOT EXISTS forecasts (run TEXT, city TEXT, hour INTEGER, trips INTEGER)")
    with book:
        for table in ("runs", "forecasts"):
            book.execute(f"DELETE FROM {table} WHERE run = ? AND city = ?", (run, city))
        book.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", (run, city, error, len(hours)))
        book.executemany("INSERT INTO forecasts VALUES (?, ?, ?, ?)", hours)
    book.close()


@dsl.pipeline(name="record", description="Every forecast, once and whole.")
def record(source: str, ledger: str, cities: list[str]):
    """Make a forecast for each city, and enter it."""
    with dsl.ParallelFor(cities) as place:
        both = steps.foresee(source=source, city=place).outputs
        entered = enter(
            run=dsl.PIPELINE_JOB_ID_PLACEHOLDER,
            forecast=both["forecast"],
            city=place,
            ledger=ledger,
            error=both["Output"],
        )
        entered.set_retry(num_retries=3, backoff_duration="10s").set_caching_options(False)


compiler.Compiler().compile(record, "record.yaml")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-ledger", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
assert Path("record.yaml").exists(), "There is no record.yaml: compile the pipeline in your cell."
asked = {"source": "{data}/trips.csv", "cities": ["Lakeside", "Kingsmere"], "ledger": "{store}/ledger.db"}
trips = {"trips.csv": Path("trips.csv").read_text()}
try:
    quiet, rough = rehearse(
        "record.yaml",
        [{"arguments": asked, "files": trips, "job": "r-0017"}, {"arguments": asked, "job": "r-0018", "lost": {"enter": 1}}],
    )
except TypeError as problem:
    raise AssertionError(f"record.yaml could not be run: {problem}. Are its parameters those of the exercise?") from None
for run, job, what in [(quiet, "r-0017", "a quiet run"), (rough, "r-0018", "a run in which a pod of enter was lost after its work")]:
    assert run["state"] == "SUCCEEDED", f"After {what}: {run['error'][:300]}"
    held = run["tables"].get("ledger.db", {})
    assert set(held) >= {"runs", "forecasts"}, f"After {what} the ledger has the tables {sorted(held)}, expected runs and forecasts."
    keys = [(row[0], row[1]) for row in held["runs"]]
    assert {key[0] for key in keys} <= {"r-0017", "r-0018"}, (
        f"After {what} the ledger names the runs {sorted({key[0] for key in keys})}, expected the identities of the pipeline's runs, such as {job}."
    )
    for city in asked["cities"]:
        assert keys.count((job, city)) == 1, f"After {what} runs has {keys.count((job, city))} rows of {job} and {city}, expected one."
        hours = [row for row in held["forecasts"] if row[:2] == [job, city]]
        assert len(hours) == 24, f"After {what} forecasts has {len(hours)} rows of {job} and {city}, expected 24."

# %% nbgrader={"grade": true, "grade_id": "judge-ledger", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from record.yaml, on the cluster: a ledger with Cy's rows in it, pods that are killed in the middle or lost after their work, runs that are given up, new and repeated ones, runs that are repeated with fewer hours.
### BEGIN HIDDEN TESTS
from judging import compiled_text
from judging_ledger import expect_recorded

expect_recorded(rehearse, compiled_text("record.yaml"))
### END HIDDEN TESTS

# %% [markdown]
# Here one machine writes at a time. Several pods at once on one SQLite file wait for one another (`timeout`), if their disk can lock files, which network disks often cannot; a database server is the usual place for such a ledger. And rehearse retries on *your* server: some versions ignore `set_retry` for a task in a loop, as [an open issue](https://github.com/kubeflow/pipelines/issues/13897) says.

# %% [markdown]
# ## Part 7 · The night
#
# Last, the map team. Two pools of machines stand in the cluster. A **node pool** is the machines of one kind, known by a label: `pool=cpu`, and `pool=gpu`, two machines, each with one accelerator (a processor for training, such as a GPU). The latter carry a **taint**, a mark that keeps away all pods which do not say that they tolerate it. `desk.node_pool(task, "gpu")` writes both, label and toleration, into the platform specification. It does so by hand. At work the package kfp-kubernetes does that, which is not installed here: `kubernetes.add_node_selector(task, "pool", "gpu")`, and `kubernetes.add_toleration(task, key="pool", operator="Equal", value="gpu", effect="NoSchedule")`.
#
# What one step may take is said of the task, and stands in its executor: `.set_cpu_limit("4")`, `.set_memory_limit("8G")`, `.set_accelerator_type("nvidia.com/gpu")`, `.set_accelerator_limit(1)`. Kubernetes' units: `G` is a billion bytes, `Gi` is 2³⁰, `M` a million, and no unit is bytes. The compiler takes `"8"` without a word, and a pod with eight bytes never starts. A step without a limit may take the whole machine. A pipeline as a task cannot
# have limits or machines: say it of the steps inside.
#
# How many turns of a loop run at once says `dsl.ParallelFor(cities, parallelism=2)`. To bring together what the turns have made is called **fan-in**: `dsl.Collected(…)`. A pipeline in a pipeline is called like a step, and what it returns is its `.output`.
#
# And for "yesterday": the time for which a run was scheduled is the same in each retry, and also if a night is made up for later (a recurring run that *catches up*): `dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER`, given to a step as an input, becomes a text such as `2026-02-02T04:00:00Z`. A run that somebody starts by hand has no schedule, and gets the time at which it was created: then "yesterday" may be wrong, and green. (Servers from before the middle of 2026 left
# the placeholder as it is, says [the issue](https://github.com/kubeflow/pipelines/issues/12616). `steps.day_before` fails loudly there: no date begins with `{{$`.)
#
# ### Exercise 7 — The night of all cities
# *Difficulty ●●● · about 25 minutes*
#
# Write `night(source: str, store: str, cities: list[str])`, named `night`, from `cys_night.py`, with the steps in `steps.py`, and compile it to `night.yaml` in the same cell. The list of cities is known at run time.
#
# Done means:
#
# 1. For each city: `download` the trips up to the day before the scheduled one (`steps.day_before`), `train`, `test`, `deliver`, in a pipeline of their own. At most two cities at once (one is slow, but right).
# 2. `summary` gets the errors of all cities. If any step fails, the run fails.
# 3. `train` may take 4 CPUs, 8 GB of memory (`8G`; `8Gi` will do) and one `nvidia.com/gpu`, and runs in the pool `gpu`. Every other step has limits as well, of at most 1 CPU and 1 GB, asks for no accelerator and is bound to no pool.
# 4. `deliver` is retried up to twice, nothing else is. It runs each time, never from the cache; a night that is started again, or later, for the same scheduled time trains nothing again.
# 5. `announce` tells how the night has ended, whatever became of it, in the channel `#nights`. (That is an exit handler: `with dsl.ExitHandler(announce_task):` around all the rest. It gets its `status` by itself.)
#
# <details><summary>Hint 1</summary>Begin with <code>one_city</code>, which takes the day as a parameter and returns the error. A small helper that sets the limits of a task spares you repetition.</details>
# <details><summary>Hint 2</summary><code>summary</code> and <code>day_before</code> stand inside the exit handler, the call of <code>announce</code> before it. Ask of each step: does it look at the world outside, or change it? <code>download</code> looks; but a day's file is final, and the day is one of its inputs.</details>


# %% nbgrader={"grade": false, "grade_id": "night", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The pipeline night, compiled to night.yaml.
### BEGIN SOLUTION
def small(task):
    """Give a task the limits of most steps."""
    return task.set_cpu_limit("1").set_memory_limit("1G")


@dsl.pipeline(name="city-of-the-night")
def city_of_the_night(source: str, city: str, day: str, store: str) -> float:
    """Train a city's model on the trips up to a day, and deliver it; return its error."""
    got = small(steps.download(source=source, city=city, day=day))
    trained = steps.train(table=got.outputs["table"]).set_cpu_limit("4").set_memory_limit("8G")
    node_pool(trained.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1), "gpu")
    sent = small(steps.deliver(model=trained.outputs["model"], city=city, store=store))
    sent.set_retry(num_retries=2).set_caching_options(False)
    return small(steps.test(model=trained.outputs["model"], table=got.outputs["table"])).output


@dsl.pipeline(name="night", description="All cities, two at a time.")
def night(source: str, store: str, cities: list[str]):
    """Train and deliver the forecasts of all cities."""
    with dsl.ExitHandler(small(steps.announce(channel="#nights"))):
        day = small(steps.day_before(at=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER))
        with dsl.ParallelFor(cities, parallelism=2) as city:
            one = city_of_the_night(source=source, city=city, day=day.output, store=store)
        small(steps.summary(errors=dsl.Collected(one.output)))


compiler.Compiler().compile(night, "night.yaml")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-night", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
assert Path("night.yaml").exists(), "There is no night.yaml: compile the pipeline in your cell."
asked = {"source": "{data}", "store": "{store}", "cities": ["Lakeside", "Kingsmere"]}
try:
    friday, saturday = rehearse(
        "night.yaml",
        [
            {"arguments": asked, "files": by_day("2026-01-29"), "at": "2026-01-30T04:00:00Z"},
            {"arguments": asked, "files": by_day("2026-01-30"), "at": "2026-01-31T04:00:00Z", "lost": {"deliver": 1}},
        ],
    )
except TypeError as problem:
    raise AssertionError(f"night.yaml could not be run: {problem}. Are its parameters those of the exercise?") from None
for run, last in [(friday, "2026-01-29"), (saturday, "2026-01-30")]:
    assert run["state"] == "SUCCEEDED", f"In the night after {last} the run failed: {run['error'][:300]}"
    for city in asked["cities"]:
        given = json.loads(run["store"].get(f"{city}.json", "{}")).get("last")
        assert given == last, (
            f"In the night after {last} the forecast of {city} is made from trips up to {given}. Which task has not looked?"
        )
    for name in ("summary", "announce"):
        ran = [step["state"] for step in run["steps"] if step["name"] == name]
        assert ran == ["SUCCEEDED"], f"In the night after {last} {name} was {ran or 'missing'}, expected once SUCCEEDED."
spec, platform = load_spec("night.yaml")
limits = {label.removeprefix("exec-"): one["container"].get("resources", {}) for label, one in spec["deploymentSpec"]["executors"].items()}
bare = [name for name, given in limits.items() if "cpuLimit" not in given or "memoryLimit" not in given]
assert not bare, f"In the compiled pipeline {', '.join(bare)} may take all memory or all CPUs of its machine: set both limits."
assert "accelerator" in limits.get("train", {}), "In the compiled pipeline train asks for no accelerator."
assert platform.get("platforms"), "night.yaml has no second document: nothing says on which machines train may run."

# %% nbgrader={"grade": true, "grade_id": "judge-night", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from night.yaml: limits, accelerators, pools, the loop.
### BEGIN HIDDEN TESTS
from judging import compiled_text
from judging_night import expect_sized

expect_sized(compiled_text("night.yaml"))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-night-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from night.yaml, on the cluster: other cities and nights, a night that is started again later with an empty store, pods that are lost, a city without trips.
### BEGIN HIDDEN TESTS
from judging import compiled_text
from judging_night import expect_nights

expect_nights(rehearse, compiled_text("night.yaml"))
### END HIDDEN TESTS

# %% [markdown]
# What did "yesterday" cost Lakeside? The nights of Part 5 once more, with your pipeline, and what was forecast beside what came:

# %% tags=["uses-answers"]
fresh = rehearse(
    "night.yaml",
    [
        {"arguments": {**where, "cities": ["Lakeside"]}, "files": by_day(NIGHTS[n - 1] if n else "2026-01-27"), "at": f"{day}T04:00:00Z"}
        for n, day in enumerate(NIGHTS)
    ],
)


def missed(run, day):
    """Return how far a night's forecast of Lakeside was off on a day, in trips per hour."""
    from datetime import date

    learnt = json.loads(run["store"]["Lakeside.json"])["trips"]
    kind = "weekend" if date.fromisoformat(day).weekday() >= 5 else "workday"
    came = [line.split(",") for line in by_day()[f"{day}.csv"].splitlines() if ",Lakeside," in line]
    return sum(abs(learnt[f"{kind} {int(hour[11:13])}"] - int(trips)) for hour, _, trips in came) / len(came)


fig, ax = plt.subplots(figsize=(8, 3))
for label, nights, mark_of in [("Cy's night: «yesterday» from the cache", stale, "s--"), ("your night", fresh, "o-")]:
    ax.plot([day[5:] for day in NIGHTS], [missed(run, day) for run, day in zip(nights, NIGHTS)], mark_of, label=label)
ax.set(xlabel="day of 2026 (month-day)", ylabel="mean absolute error\n(trips per hour)", ylim=(0, None), title="Lakeside")
ax.legend()
fig.tight_layout()
fig.savefig("yesterday.png", dpi=100)
plt.close(fig)
Image(
    "yesterday.png",
    alt="Two lines over five days: the error of Lakeside's forecast in trips per hour, with Cy's cached night and with the learner's",
)

# %% [markdown]
# Read the picture: on which day are the two the same, and why? Where does the cache cost most?
#
# <details><summary>What we see</summary>On 28 January both know the same trips. On the 29th and 30th Lakeside's riders come in numbers that the old forecast has never seen, and it is off by up to 5 trips per hour more. On Saturday the 31st the two are equal: a weekend is forecast from weekend days, and there was no newer one. On Sunday Cy's is off by twice as much. Green and old looks like green and new until the world changes; that is why nobody noticed on the first day, nor on Saturday.</details>

# %% [markdown]
# ## Putting it together
#
# Five letters, answered. The map team has its machines: two turns at a time, limits on every step, and one kind of step in the pool with accelerators. Lakeside's forecast is from yesterday, because the day is an input. Northport's night runs on any machine. The ledger has a run once and whole. Kingsmere gets one model each morning. What to take to work tomorrow:
#
# - Compare compiled pipelines, not Python files, and compare what they mean. Put that into the review of each change.
# - On a cluster two steps share nothing but parameters and artefacts. Rehearse where this is true.
# - Metadata and lineage are for the day on which something was wrong. Fill them before.
# - Branches exclude one another only if they are written as one. Decide in a step, branch on its answer.
# - A cache knows a task by its fingerprint. What changes with time must be an input; options belong to the task that runs.
# - A step can die at any moment, also after its work. Its key comes from the run, and its changes come in one transaction.
#
# What the small cluster leaves out: queues and priorities between teams, images that must be pulled, access rights, several pods at a time, and what a scheduler makes of limits; the lab on Kubernetes has that.

# %% [markdown]
# ## Going further
#
# - **Fail fast.** With `dsl.ParallelFor` a failing city does not stop the others, but the run fails. Let the night deliver what it has, and tell which city is missing: which step decides, and what does `summary` collect?
# - **The cost of a change.** Write a function that takes two compiled pipelines and the records of the last run, and says which tasks will run again. You have both halves.
# - **Pages that nobody reads.** `announce` is loud in each night. Let it call somebody only if the second night in a row has failed. Where does it know that from?
#
# To read:
#
# - [Kubeflow Pipelines, the user guides](https://www.kubeflow.org/docs/components/pipelines/user-guides/), and there the page on [caching](https://www.kubeflow.org/docs/components/pipelines/user-guides/core-functions/caching/)
# - [The reference of kfp-kubernetes](https://kfp-kubernetes.readthedocs.io/): node selectors, tolerations, volumes, secrets
# - [The server's source for fingerprints](https://github.com/kubeflow/pipelines/blob/master/backend/src/v2/cacheutils/cache.go), in Go, a page long
# - Chip Huyen, *Designing Machine Learning Systems*: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/), chapter 10 on infrastructure
# - Full Stack Deep Learning, [the course](https://fullstackdeeplearning.com/course/2022/), the lectures on infrastructure and deployment
