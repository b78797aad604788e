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
#     - Find which of code, data, parameters and environment differs between two runs
#     - Mend a training that gives another result each time, whatever the cause
#     - Lock an environment by version and hash, and notice when a machine has drifted from its lock
#     - Declare a DVC stage whose lock says what its result was made from
#     - Rebuild an old result from its commit, and say whether it is the recorded one
#     prerequisites:
#     - model-versioning
#     roadmap: Reproducibility
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: reproducibility
#     terms:
#       reproducible: "Said of a result that comes out again from the recorded code, data, parameters and environment."
#       environment: "Python, the packages and their versions, the system and the settings that a program runs in."
#       deterministic: "Giving the same result from the same inputs, each time."
#       seed: "The number from which a generator of random numbers starts; the same seed gives the same numbers."
#       dependency: "What something needs: a package another package, a stage a file."
#       transitive: "Said of a dependency's dependencies."
#       lock: "A record of exactly what was used: versions and hashes of packages, or of a stage's inputs and outputs."
#       marker: "A condition behind a requirement, such as a Python version or a system, on which it is installed."
#     title: Reproducibility
#     tools:
#     - Python
#     - DVC
#     - pip and uv locks
#     - scikit-learn
# ---

# %% [markdown]
# # Reproducibility
#
# ## Why this matters
#
# Tuesday 9 September, nine in the morning. A visitor sits in Rosa's office, Ms Lindqvist, an expert for the insurance. On Friday, on the way down from Hillside, a rider's front brake failed. He broke an arm. The bike was number 1403. It had
# come back two hours before, the *repair alarm* had scored it, and it had been left standing for the next rider.
#
# The alarm is a model that gives each returned bike a score, its probability of needing repair. From 0.1667 on a van fetches it. For bike 1403 the registry's model says 0.151. "That is what your file says *today*", says
# Ms Lindqvist. "A file can be put there by anyone. Train it again, from your records, before my eyes. If it comes out the same, I believe you."
#
# Ada trains it again: 0.204. With that, the bike would have been fetched. Bo tries: 0.119. Cy: 0.182. All of them say that they have changed nothing. At noon the expert closes her folder. She will write that the company cannot show how its
# safety system came to its decision.
#
# A result is **reproducible** if somebody else, on another machine and another day, gets the same one from what was written down. The lab on model versioning taught you to *keep* a result. Now you learn to make it *again*. That is what
# gives a record its worth, and it is also how you find a bug, compare two ideas fairly, or come back to work after a holiday.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - nine weekly files in `trips`, from which the alarm learns; `params.yaml`, its settings; and `bikes.csv`, the bikes that came back in the last days until Friday, which it scores.
# - `tools.py`, the team's tools, `dvc_here.py`, which calls DVC, and `elsewhere.py`, which plays another machine. `colleagues.py` plays Ada, Bo, Cy, and Ivo from the depot.
# - `requirements.in`, `server.txt`, `wheels` and `mirror`, for the part on environments.
#
# You need Git's commits, and from DVC what the lab on model versioning taught: `dvc add` leaves a pointer in Git and puts the file into a cache; `dvc push` and `dvc pull` copy between the cache and a store that a team shares. All other words are explained.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import ast
import base64
import csv
import hashlib
import importlib.metadata
import json
import linecache
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from unittest.mock import patch

import matplotlib.pyplot as plt
import pandas as pd
import yaml
from IPython.display import Image
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from colleagues import opened, play_runs, play_samples, play_server, play_table
from dvc_here import dvc
from tools import diagnose, git, run_elsewhere, sha256

BIKE, FETCH_FROM = 1403, 0.1667
bikes = pd.read_csv("bikes.csv")
bikes[bikes["bike_id"] == BIKE]

# %% [markdown]
# ## Part 1 · The same, says who?
#
# A training's result follows from four things. If all four are the same, the result should be:
#
# - **code**: the programs that ran;
# - **data**: the table that they learnt from;
# - **parameters**: the settings that they were given;
# - **environment**: Python and all packages, with their versions.
#
# Five runs are left. Ada's of Friday is the one that went into the registry, the others are this morning's. Each is a folder with the four things and the score that came out:

# %% nbgrader={"grade": false, "grade_id": "runs", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_runs("runs", "trips")
for run in ("ada-friday", "ada-tuesday", "bo", "cy", "ivo"):
    print(f"{run:12} {Path('runs', run, 'score.txt').read_text().strip()}")
print(*sorted(path.relative_to("runs/bo").as_posix() for path in Path("runs/bo").rglob("*") if path.is_file()), sep="\n")

# %% [markdown]
# The quickest question is whether the files are the same, byte for byte:

# %%
for run in ("ada-tuesday", "bo", "cy", "ivo"):
    files = ("code/train.py", "trips.csv", "params.yaml", "packages.txt")
    print(f"{run:12}", {file: sha256(f"runs/{run}/{file}") == sha256(f"runs/ada-friday/{file}") for file in files})

# %% [markdown]
# If the answer is *yes*, we are done. If it is *no*, that need not mean anything. Ada's own two runs seem to differ in everything. Look:

# %%
for run in ("ada-friday", "ada-tuesday"):
    folder = Path("runs", run)
    print(folder / "params.yaml", folder.joinpath("params.yaml").read_text(), sep="\n")
    print(folder / "trips.csv", folder.joinpath("trips.csv").read_bytes()[:130], sep="\n", end="\n\n")

# %% [markdown]
# The settings are the same, written in another order. The trips are the same; a Windows program wrote the line ends as `\r\n`. A difference that makes none costs an hour each time that somebody looks into it. So compare what the files *mean*.
#
# ### Exercise 1 — What differs?
# *Difficulty ●○○ · about 12 minutes*
#
# Write `what_differs(a, b)`. It gets the folders of two runs and returns those of the words `code`, `data`, `parameters`, `environment` in which they differ, in any order; none if they are the same in all four.
#
# - **code**: all `.py` files in `code/`, however deep. They differ if a file is there on one side only, or if the *programs* differ. Comments, blank lines, line breaks and the kind of quotation marks do not count. Other files there do not count.
# - **data**: `trips.csv`. Same columns, same rows, **in the same order**: a program that splits a table by chance splits it by the rows' places. Numbers are compared as numbers (3.1 is 3.10), texts as texts; how lines end does not count.
# - **parameters**: `params.yaml`. Same keys and values, at every depth. The order of the keys does not count, that in a list does.
# - **environment**: `packages.txt`. Same packages with the same versions. The order of the lines, comments (from `#` to the end of the line) and how a name is written do not count: packaging tools take capital letters for small ones, and `-`, `_` and `.` for the same.
#
# Done means: it is right about these five runs, and about others.
#
# <details><summary>Hint 1</summary>Each of the four becomes easy when you read the file with something that understands it: Python's own parser, pandas, a YAML reader, and <code>canonicalize_name</code>, which is imported above. What they give can be compared.</details>
# <details><summary>Hint 2</summary><code>ast.dump(ast.parse(text))</code> is a program without its spacing and comments. Put these into a dictionary by the file's path relative to <code>code</code>; <code>Path.rglob("*.py")</code> looks in all depths. Tables have
# <code>equals</code>. <code>yaml.safe_load(text)</code> gives dictionaries and lists, and <code>==</code> between dictionaries does not look at the order.</details>


# %% nbgrader={"grade": false, "grade_id": "differs", "locked": false, "schema_version": 3, "solution": true, "task": false}
def what_differs(a, b):
    """Return in which of code, data, parameters and environment the runs in two folders differ."""

    ### BEGIN SOLUTION
    def meaning(run):
        run = Path(run)
        lines = [line.split("#")[0].strip() for line in (run / "packages.txt").read_text().splitlines()]
        packages = dict(line.split("==") for line in lines if line)
        return {
            "code": {str(file.relative_to(run)): ast.dump(ast.parse(file.read_text())) for file in (run / "code").rglob("*.py")},
            "data": pd.read_csv(run / "trips.csv"),
            "parameters": yaml.safe_load((run / "params.yaml").read_text()),
            "environment": {canonicalize_name(name): number for name, number in packages.items()},
        }

    one, other = meaning(a), meaning(b)
    return [thing for thing in one if not (one[thing].equals(other[thing]) if thing == "data" else one[thing] == other[thing])]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-differs", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
for run, right, why in [
    (
        "ada-tuesday",
        set(),
        "Her code was only tidied, her trips have other line ends, her settings and packages are written in another order.",
    ),
    ("bo", {"environment"}, "His scipy has another version."),
    ("cy", {"data", "parameters"}, "He changed a setting inside `forest`, and his rows come in another order. His code was only tidied."),
    ("ivo", {"code"}, "It is not in train.py: look deeper. His packages are Ada's, written in another way."),
]:
    said = what_differs("runs/ada-friday", f"runs/{run}")
    assert isinstance(said, (list, tuple, set, frozenset)), f"what_differs returned {said!r}, expected a list or set of words."
    assert set(said) == right, (
        f"ada-friday and {run}: what_differs says {', '.join(sorted(said)) or 'nothing'}, expected {', '.join(sorted(right)) or 'nothing'}. {why}"
    )

# %% nbgrader={"grade": true, "grade_id": "judge-differs", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what_differs on other pairs of runs: ones that only look different, and ones with a single small difference in one of the four things.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import make_pair

looks = {"tidied", "left-overs", "line ends", "zeros", "reordered", "respelt"}
for number, (changes, right) in enumerate(
    [
        (looks, set()),
        ({"deep module", "line ends", "respelt"}, {"code"}),
        ({"a new module", "reordered"}, {"code"}),
        ({"constant", "tidied"}, {"code"}),
        ({"rows swapped", "left-overs", "tidied"}, {"data"}),
        ({"a value", "zeros", "line ends"}, {"data"}),
        ({"an id", "zeros"}, {"data"}),
        ({"a day", "reordered"}, {"data"}),
        ({"a row less", "deep setting"}, {"data", "parameters"}),
        ({"setting gone", "respelt"}, {"parameters"}),
        ({"list reordered", "reordered"}, {"parameters"}),
        ({"a version", "respelt", "left-overs"}, {"environment"}),
        ({"a package more", "deep module"}, {"environment", "code"}),
    ]
):
    with own_folder() as folder:
        pair = make_pair(folder, f"pair {number}", changes)
        real, only = ", ".join(sorted(changes - looks)) or "nothing", ", ".join(sorted(changes & looks)) or "nothing"
        what = f"Two other runs, of which the second differs in {real} (and only looks different by: {only})"
        try:
            said = set(what_differs(*pair))
        except Exception as error:
            raise AssertionError(f"{what}: what_differs stopped with {type(error).__name__}: {error}") from None
        assert said == right, (
            f"{what}: what_differs says {', '.join(sorted(said)) or 'nothing'}, expected {', '.join(sorted(right)) or 'nothing'}."
        )
### END HIDDEN TESTS

# %% tags=["uses-answers"]
for run in ("ada-tuesday", "bo", "cy", "ivo"):
    print(f"{run:12}", ", ".join(what_differs("runs/ada-friday", f"runs/{run}")) or "nothing differs")

# %% [markdown]
# Three of the four had changed something after all, and now know what. But Ada had not. Code, data, parameters, environment: all the same, and yet 0.151 on Friday and 0.204 today. So the training itself is to blame.

# %% [markdown]
# ## Part 2 · The same again, elsewhere
#
# In the runs above its code was shortened to what one can compare at a glance. Here is the whole training, as the team runs it each day. `main` gets the names of three files or folders to read and of one to write. The last line writes the cell's text into the file `train_found.py`, so that it can run as a program.


# %% nbgrader={"grade": false, "grade_id": "save", "locked": true, "schema_version": 3, "solution": false, "task": false}
def save_cell(path):
    """Write the text of the cell that is running to a file, without the line that says so."""
    cell = linecache.getlines(sys._getframe(1).f_code.co_filename)  # IPython keeps it there, for tracebacks
    Path(path).write_text("".join(line for line in cell if not line.startswith("save_cell(")))


# %% nbgrader={"grade": false, "grade_id": "found", "locked": true, "schema_version": 3, "solution": false, "task": false}
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pandas as pd
import yaml
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split


def read_trips(folder):
    """Return the trips in the folder's CSV files, one file a week. Several are read at a time: the disk is slow."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        weeks = [pool.submit(pd.read_csv, path) for path in Path(folder).glob("*.csv")]
        return pd.concat([week.result() for week in as_completed(weeks)], ignore_index=True)


def add_wear(table, until):
    """Return the table with km_per_day, what the bike has done a day between its service and `until`."""
    days = (pd.to_datetime(until) - pd.to_datetime(table["serviced_on"])).dt.total_seconds() / 86_400
    return table.assign(km_per_day=table["km_since_service"] / days)


def main(trips, params, bikes, out):
    """Write a row for each bike in the file `bikes` to the file `out`: bike_id, and the score, its probability of needing repair."""
    settings = yaml.safe_load(Path(params).read_text())
    past = read_trips(trips)
    past = add_wear(past, until=past["day"])
    columns = list(set(past.columns) - {"trip_id", "bike_id", "day", "serviced_on", "needs_repair"})

    learned, held_out = train_test_split(past, test_size=0.25)
    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"])
    forest.fit(learned[columns], learned["needs_repair"])
    error = log_loss(held_out["needs_repair"], forest.predict_proba(held_out[columns])[:, 1])
    print(f"trained on {len(learned)} trips; log loss on the others {error:.3f}")

    yard = add_wear(pd.read_csv(bikes), until=pd.Timestamp.now())
    scores = forest.predict_proba(yard[columns])[:, 1].round(6)
    pd.DataFrame({"bike_id": yard["bike_id"], "score": scores}).to_csv(out, index=False)


save_cell("train_found.py")

# %% [markdown]
# How bad is it? We train 25 times, with the same four things, on the same machine. `patch` holds the clock at Tuesday morning, so that even the time is the same:

# %%
import train_found

scores_found = []
with patch.object(pd.Timestamp, "now", lambda: pd.Timestamp("2025-09-09 10:00")), patch("builtins.print"):
    for _ in range(25):
        train_found.main("trips", "params.yaml", "bikes.csv", "scores_found.csv")
        scores_found.append(pd.read_csv("scores_found.csv").set_index("bike_id")["score"][BIKE])

fig, ax = plt.subplots(figsize=(7, 2.8))
edges = [FETCH_FROM / 6 * n for n in range(15)]  # one of them is the threshold
ax.hist(scores_found, bins=edges, color="lightsteelblue", edgecolor="steelblue")
ax.axvline(FETCH_FROM, color="black", linestyle=":", label=f"fetched from {FETCH_FROM} on")
ax.set(
    xlabel=f"score of bike {BIKE} (probability of needing repair)",
    ylabel="trainings (number)",
    title="Nothing changed, 25 trainings",
)
ax.legend()
fig.savefig("scores.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "scores.png",
    alt="Histogram of bike 1403's score in 25 trainings that differ in nothing: the scores spread widely on both sides of the dotted line at 0.1667, from which on a bike is fetched",
)

# %% [markdown]
# Read it: between which scores does the bike lie? In how many of the trainings would it have been fetched?
#
# <details><summary>What we see</summary>The scores go from less than 0.1 to about 0.3, and the line runs through the middle: in about half of the trainings the bike is left standing. Whether a van came was decided by chance, and nobody knew. To Ms Lindqvist this
# picture is worse than any single number.</details>
#
# A program whose result depends on its inputs alone is **deterministic**. Four kinds of things make one that is not:
#
# | what | how it gets in | what mends it |
# |:--|:--|:--|
# | **chance** | a split, a sample, a model that draws numbers | a **seed**: the number from which a generator of random numbers starts. The same seed, the same numbers. *Everything* that draws needs one |
# | **order** | a folder lists its files in any order that it likes; of several threads, the one that is done first comes first | ask for an order, and keep it |
# | **hashes** | a `set` of texts comes in another order in each new process, because Python draws a new seed for the hashes of texts each time that it starts | `sorted(…)` before the order matters. (The environment variable `PYTHONHASHSEED` fixes that seed, but only if it is set *before* Python starts) |
# | **the clock** | "until now", "today" | make the time a parameter |
#
# The third is the least known. The same line, in three new processes:

# %%
for _ in range(3):
    line = "print(set(['climb_m', 'distance_km', 'km_per_day']))"
    print(
        subprocess.run(
            [sys.executable, "-c", line], capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "random"}
        ).stdout.strip()
    )

# %% [markdown]
# So it is not enough to run a cell twice. You must try new processes, on another machine, on another day. `elsewhere.py` plays that: machine 2 has another hash seed than machine 1, lists a folder in another order, has a disk of another pace, and shows
# another date. `run_elsewhere` gives what the program wrote there, as bytes:

# %%
for written in run_elsewhere("train_found.py", [(".", 1), (".", 2)]):
    print([line for line in written.decode().splitlines() if line.startswith(f"{BIKE},")], hashlib.sha256(written).hexdigest()[:12])


# %% nbgrader={"grade": false, "grade_id": "elsewhere", "locked": true, "schema_version": 3, "solution": false, "task": false}
def scores_of(jobs):
    """Return what train.py writes for each job, a folder and the number of a machine; or what it says, if it stops."""
    try:
        return {"scores": run_elsewhere("train.py", jobs), "says": ""}
    except RuntimeError as error:
        return {"scores": [], "says": str(error)}


Path("train.py").unlink(missing_ok=True)

# %% [markdown]
# ### Exercise 2 — The same bytes, wherever
# *Difficulty ●●● · about 20 minutes*
#
# Copy the training from its cell above into the cell below, above the last line, and mend it. The last line writes the cell into the file `train.py`, the program that counts. It must be one plain Python program: keep all that it needs in this cell, and let `main` take the same four arguments.
#
# Done means:
#
# 1. From the same trips, parameters and bikes it writes the same bytes: in new processes, on every machine, on every day.
# 2. All chance comes from `seed` in `params.yaml`: with another seed there, other scores come out. A bike's `km_per_day` is reckoned until `as_of`, which stands there too, the day on which the alarm is asked.
# 3. It is still the same training: a forest with `trees` and `leaf`, the same columns, a quarter of the trips held out, a score for each bike.
#
# There are more than three causes. When you have mended some, `diagnose("train.py")` tells what is left. It trains on machines that differ in one thing each, for instance:
#
#     {'nothing': 'the same', 'hash seed': 'the same', 'order of the files': 'OTHER SCORES', 'pace of the disk': 'the same', 'date': 'the same'}
#
# (If the scores change where *nothing* differs, look for chance and for threads first: they change all the other lines, too.)
#
# <details><summary>Hint 1</summary>Go through the program line by line with the table above in hand. What draws? There are two lines. What has no order of its own? There are three. And who asks what time it is?</details>
# <details><summary>Hint 2</summary>scikit-learn's functions and models take <code>random_state=…</code>. <code>sorted(…)</code> puts paths and names into an order. <code>as_completed</code> gives results as they come in: go through the list of what you submitted
# instead, or let <code>pool.map(function, paths)</code> keep the order. <code>settings["as_of"]</code> is a date that <code>pd.to_datetime</code> understands.</details>

# %% nbgrader={"grade": false, "grade_id": "trainer", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The mended training. The last line must stay.
### BEGIN SOLUTION
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import yaml
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split


def read_trips(folder):
    """Return the trips in the folder's CSV files, one file a week, in the order of their names."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        weeks = pool.map(pd.read_csv, sorted(Path(folder).glob("*.csv")))  # read side by side, given in this order
        return pd.concat(weeks, ignore_index=True)


def add_wear(table, until):
    """Return the table with km_per_day, what the bike has done a day between its service and `until`."""
    days = (pd.to_datetime(until) - pd.to_datetime(table["serviced_on"])).dt.total_seconds() / 86_400
    return table.assign(km_per_day=table["km_since_service"] / days)


def main(trips, params, bikes, out):
    """Write a row for each bike in the file `bikes` to the file `out`: bike_id, and the score, its probability of needing repair."""
    settings = yaml.safe_load(Path(params).read_text())
    past = read_trips(trips)
    past = add_wear(past, until=past["day"])
    columns = sorted(set(past.columns) - {"trip_id", "bike_id", "day", "serviced_on", "needs_repair"})

    learned, held_out = train_test_split(past, test_size=0.25, random_state=settings["seed"])
    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"], random_state=settings["seed"])
    forest.fit(learned[columns], learned["needs_repair"])
    error = log_loss(held_out["needs_repair"], forest.predict_proba(held_out[columns])[:, 1])
    print(f"trained on {len(learned)} trips; log loss on the others {error:.3f}")

    yard = add_wear(pd.read_csv(bikes), until=settings["as_of"])
    scores = forest.predict_proba(yard[columns])[:, 1].round(6)
    pd.DataFrame({"bike_id": yard["bike_id"], "score": scores}).to_csv(out, index=False)


### END SOLUTION
save_cell("train.py")

# %% nbgrader={"grade": true, "grade_id": "test-trainer", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
assert Path("train.py").is_file(), 'There is no train.py. The last line of the cell above writes it: save_cell("train.py").'
tried = scores_of([(".", 1), (".", 2)])
assert tried["scores"], f"train.py stopped: {tried['says']}. It must run by itself, with all its imports and functions in the one cell."
lines = tried["scores"][0].splitlines()
assert lines[0] == b"bike_id,score" and len(lines) == len(bikes) + 1, (
    f"train.py wrote {len(lines)} lines that begin with {lines[0].decode()!r}, expected bike_id,score and a line for each of {len(bikes)} bikes."
)
if tried["scores"][0] != tried["scores"][1]:
    found = diagnose("train.py")
    advice = {
        "nothing": "Something draws without a seed (the model alone is not all that draws), or a thread that is done first comes first",
        "hash seed": "The order of a set decides something. PYTHONHASHSEED set inside the program comes too late",
        "order of the files": "The order decides in which a folder lists its files",
        "pace of the disk": "The order decides in which threads are done",
        "date": "Something asks the clock",
    }
    cause = next((thing for thing, verdict in found.items() if verdict != "the same"), "hash seed")
    raise AssertionError(
        f'Machines 1 and 2 write different scores from the same inputs. They differ even where {cause} differs alone. {advice[cause]}. See diagnose("train.py").'
    )

# %% nbgrader={"grade": true, "grade_id": "judge-trainer", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: train.py on fresh trips, on three other machines and days. Are the bytes the same?
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import scores, training_folder

with own_folder() as folder:
    training_folder(folder / "fresh", "machines")
    fresh_run = scores_of([(str(folder / "fresh"), machine) for machine in (5, 6, 7)])
    assert fresh_run["scores"], f"On fresh trips train.py stopped: {fresh_run['says']}"
    first = scores(fresh_run["scores"][0])
    assert len(first) == 40 and first.between(0, 1).all() and first.std() > 0.02 and first.mean() < 0.5, (
        f"On fresh trips train.py gave {len(first)} scores with a mean of {first.mean():.2f}, expected one for each of 40 bikes, the probability of needing repair."
    )
    others = sorted({index for index, written in enumerate(fresh_run["scores"]) if written != fresh_run["scores"][0]})
    assert not others, (
        'On fresh trips train.py wrote other scores on another machine: chance without a seed, the order of files, threads or sets, or the clock. diagnose("train.py") helps to find it.'
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-trainer-2", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: train.py on fresh trips: with another seed, as_of, leaf or number of trees in params.yaml; with all dates, as_of too, 52 weeks earlier; and to how many trips the forest is fitted.
### BEGIN HIDDEN TESTS
import datetime
import json
import shutil

import yaml
from judgekit import own_folder
from judging import earlier, training_folder

with own_folder() as folder:
    settings = training_folder(folder / "base", "parameters")
    changes = {
        "seed": settings["seed"] + 1,
        "as_of": settings["as_of"] + datetime.timedelta(days=40),
        "leaf": 30,
        "trees": settings["trees"] // 2,
    }
    for name, value in changes.items():
        shutil.copytree(folder / "base", folder / name)
        (folder / name / "params.yaml").write_text(yaml.safe_dump({**settings, name: value}))
    earlier(folder / "base", folder / "earlier", days=364)
    names = ["base", *changes, "earlier"]
    jobs = [(str(folder / name), 30 + number) for number, name in enumerate(names)]
    jobs[0] = (jobs[0][0], {"hash": 30, "files": 30, "pace": 30, "date": 30, "rows": str(folder / "rows.json")})
    fresh_run = scores_of(jobs)
    assert fresh_run["scores"], f"On fresh trips and other parameters train.py stopped: {fresh_run['says']}"
    written = dict(zip(names, fresh_run["scores"]))
    why = {
        "seed": "A seed that is written into the code cannot be recorded, varied or compared: it is a parameter",
        "as_of": "A bike's km_per_day is reckoned until as_of: not until a date in the code, nor until the day of the trip",
        "leaf": "The forest's settings come from params.yaml, and the model stays what it was",
        "trees": "The forest's settings come from params.yaml, and the model stays what it was",
    }
    for name in changes:
        assert written[name] != written["base"], f"With another {name} in params.yaml train.py writes the very same scores. {why[name]}."
    assert written["earlier"] == written["base"], (
        "All dates lie 52 weeks earlier, as_of too: each bike was in use as long as before, so its score must be the same, and it is not. Something still asks the clock, "
        "a date is written into the code, or the scores still change from one machine to the next."
    )
    if (folder / "rows.json").is_file():
        trips = sum(len(path.read_text().splitlines()) - 1 for path in (folder / "base" / "trips").iterdir())
        fitted = max(json.loads((folder / "rows.json").read_text()))
        assert 0.7 * trips < fitted < 0.8 * trips, (
            f"train.py fitted its forest to {fitted} of {trips} trips, expected three quarters: a quarter is held out, or the log loss is measured on trips that the forest has seen."
        )
### END HIDDEN TESTS

# %% [markdown]
# From now on anyone can train the alarm of a day again. Friday's own training is lost for good: its seed was never written down. That is the honest answer to Ms Lindqvist, and it will cost the company money.
#
# And beware of a wrong conclusion. A seed makes the result *the same*, it does not make it *right*. With seed 7 you have picked one of the trainings in the picture, and another seed would be as good. A score that the seed can push over the line is
# not sure enough to decide about a brake. More trees, more trips, or the mean of many seeds make the spread smaller; fixing the seed only hides it. And whoever tries seeds until the figures look good has not improved anything.

# %% [markdown]
# ## Part 3 · Lock the environment
#
# The fourth thing, the environment, is the largest: a few packages that you name, and dozens that these need. Such a one is a **dependency**, and if it comes in only through others, a *transitive* one. A **lock** is a list of all of them, exact, from which the same
# environment can be installed again. The server's night job reads the docks' sensors. This is what it wants, and what was installed on Friday, as `pip freeze` listed it:

# %%
print(Path("requirements.in").read_text(), Path("server.txt").read_text(), sep="\n")

# %% [markdown]
# In `wheels` lie the packages (a *wheel* is a package in one file), old and new versions. In `mirror` lies Cy's copy of that folder. Both have `tyreunits` 1.1.0, the very version that the server had:

# %%
for folder in ("wheels", "mirror"):
    wheel = Path(folder, "tyreunits-1.1.0-py3-none-any.whl")
    print(wheel, "SHA-256", sha256(wheel)[:12])
    print(zipfile.ZipFile(wheel).read("tyreunits.py").decode().splitlines()[-1])

# %% [markdown]
# Cy had "only added the calibration" and packed it again, under the same number. `pip freeze` cannot see that: a version is a *name*, and a hash is the content, as with models. So a good lock has a line like this for each package:
#
#     dockfeed==1.4.2 --hash=sha256:0e8f…
#
# With hashes in the lock, pip installs nothing that is not named there, with version and hash. A requirement may also have a **marker**, a condition: `colours; sys_platform == "win32"` is needed on Windows alone.
#
# What would be installed? pip can say so without doing it, as a *report*, a file in JSON. (`--no-index --find-links` takes packages from a folder instead of the internet.)

# %%
pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
offline = ["--no-index", "--find-links", "wheels"]
subprocess.run([*pip, "install", "--dry-run", "--ignore-installed", *offline, "--report", "report.json", "hillmap"], check=True)
for item in json.loads(Path("report.json").read_text())["install"]:
    needs = item["metadata"].get("requires_dist", [])
    print(item["metadata"]["name"], item["metadata"]["version"], "needs", needs)
item["download_info"]["archive_info"]

# %% [markdown]
# `hillmap` brought `contour_lines`, and did not bring `wincolour`, whose marker does not hold here. But it brought version 2.3.0. The server had 2.2.0. *Newest* is not *what ran*.
#
# ### Exercise 3 — A lock of what ran
# *Difficulty ●●○ · about 12 minutes*
#
# Write `make_lock(wanted, record, wheels)`. It gets the paths of three things: a file of requirements, a file that `pip freeze` wrote, and a folder of wheels. It returns the text of a lock for this machine:
#
# - a line `name==version --hash=sha256:…` for each package that is wanted or needed, directly or through others. No line for anything else: the record also lists what other programs on the server use;
# - the version is the one in the record;
# - the hash is that of this version's wheel in the folder.
#
# Done means: it holds for this server and for others. There a name may be written in several ways, and needs may go deeper and have markers. Use what you like: pip, uv (if you have it), or the wheels' own metadata.
#
# <details><summary>Hint 1</summary>pip has an option for "if you need this package, then in that version": a <em>constraints</em> file, which looks like the record. The rest is in the report above.</details>
# <details><summary>Hint 2</summary><code>pip install --dry-run --ignore-installed … --report FILE -r WANTED -c RECORD</code>. The hash is in <code>item["download_info"]["archive_info"]["hashes"]["sha256"]</code>. In the lock one line a package is enough:
# <code>"\n".join(…)</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "lock", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_lock(wanted, record, wheels):
    """Return the text of a lock: what `wanted` needs, in the versions of `record`, with the hashes of the files in `wheels`."""
    ### BEGIN SOLUTION
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--dry-run", "--ignore-installed"]
    command += ["--no-index", "--find-links", wheels, "-r", wanted, "-c", record, "--report"]
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        subprocess.run([*command, report.name], check=True, capture_output=True)
        packages = json.loads(Path(report.name).read_text())["install"]
    lines = []
    for package in packages:
        name, number = package["metadata"]["name"], package["metadata"]["version"]
        lines.append(f"{name}=={number} --hash=sha256:{package['download_info']['archive_info']['hashes']['sha256']}\n")
    return "".join(sorted(lines))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-lock", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
lock = make_lock("requirements.in", "server.txt", "wheels")
assert isinstance(lock, str), f"make_lock returned a {type(lock).__name__}, expected the lock's text."
Path("alarm.lock").write_text(lock)
for package in ("dockfeed==1.4.2", "hillmap==0.3.1"):
    assert package in lock.lower().replace(" ", ""), (
        f"The lock has no {package}. Wanted is what requirements.in names, in the version that the server had."
    )
assert re.search(r"tyreunits\s*==\s*1\.1\.0", lock), (
    "The lock has no tyreunits==1.1.0. Nobody asks for it but dockfeed; it belongs to the environment all the same, in the version that the server had."
)


def try_lock(folder):
    """Return what pip says if it installs from the lock, with hashes, what lies in the folder; empty if all is well."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        "install",
        "--dry-run",
        "--ignore-installed",
        "--require-hashes",
    ]
    done = subprocess.run([*pip, "--no-index", "--find-links", folder, "-r", "alarm.lock"], capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""


refused = try_lock("wheels")
assert not refused, f"pip does not install from your lock (it lies in alarm.lock). It says: {refused[:600]}"
assert try_lock("mirror"), (
    "From your lock pip would install Cy's tyreunits in `mirror`, which has other content: its hash must not be in the lock."
)

# %% nbgrader={"grade": true, "grade_id": "judge-lock", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: make_lock for this server: is each package there, in the right version, with the hash of its wheel, and nothing else?
### BEGIN HIDDEN TESTS
from judging import check_lock
from tools import sha256

server = {"dockfeed": "1.4.2", "tyreunits": "1.1.0", "hillmap": "0.3.1", "contour_lines": "2.2.0"}
right = {name.replace("_", "-"): (number, sha256(f"wheels/{name}-{number}-py3-none-any.whl")) for name, number in server.items()}
check_lock(make_lock("requirements.in", "server.txt", "wheels"), right, "For this server")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-lock-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: make_lock for another server, with other packages: names written in several ways, needs of needs, markers, newer versions, and things that nobody needs.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import check_lock, make_wheelhouse

with own_folder() as folder:
    right = make_wheelhouse(folder, "wheels")
    try:
        lock = make_lock(str(folder / "requirements.in"), str(folder / "server.txt"), str(folder / "wheels"))
    except Exception as error:
        raise AssertionError(f"For another server make_lock stopped with {type(error).__name__}: {str(error)[:300]}") from None
    check_lock(lock, right, "For another server")
### END HIDDEN TESTS

# %% [markdown]
# At work one command does this. With uv: `uv pip compile --generate-hashes requirements.in -o requirements.lock`, then `uv pip sync --require-hashes requirements.lock`. Add `--universal`, and the lock has the lines for all systems, with their markers. Now you know what is in it, and why.
#
# > **In older tutorials** you will meet these, and should not copy them:
# >
# > | older | today | why |
# > |:--|:--|:--|
# > | `pip freeze > requirements.txt` | compile a lock from what you *want* | A freeze lists what happens to be there, without hashes; nobody knows any more which of it is needed. |
# > | `dvc run -n train …` | `dvc stage add -n train …`, then `dvc repro` | `dvc run` was removed in DVC 3. |
# > | `np.random.seed(0)` at the top | `random_state=…`, or `np.random.default_rng(seed)` handed to what draws | One hidden generator for all: a library that draws one number more changes everything after it. |
# > | `PYTHONHASHSEED=0`, and all is well | `sorted(…)` where the order matters | Whoever starts the program without it gets another result, and no warning. |

# %% [markdown]
# ## Part 4 · Is this the environment of the lock?
#
# A lock says what *was* installed. Then people log in at night. Bo, for instance, has upgraded a package on the server, and edited another by hand: "only the constant, while I was there". The cell below shows the folder of the server's packages, and the lock from which they had once been installed.

# %% nbgrader={"grade": false, "grade_id": "server", "locked": true, "schema_version": 3, "solution": false, "task": false}
server_lock = play_server("server", "wheels")
print(server_lock)
print(*sorted(path.name for path in Path("server").iterdir()), sep="\n")

# %% [markdown]
# Each package has a folder `….dist-info`, which the installer leaves behind. Python reads it with `importlib.metadata`: name, version, and `RECORD`, a list of the files that were installed, with their hashes. A `RECORD` is a CSV file without a head: path, hash, size.

# %%
for package in importlib.metadata.distributions(path=["server"]):
    print(package.metadata["Name"], package.version)
print(package.read_text("RECORD"))

# %% [markdown]
# The hash is SHA-256 again, written in another way, *base64*: shorter, and without the `=` at the end. Some files have none: `RECORD` cannot hold its own, and `.pyc` files, what Python makes of a module when it is first imported, come later. This computes one:


# %% nbgrader={"grade": false, "grade_id": "record-hash", "locked": true, "schema_version": 3, "solution": false, "task": false}
def record_hash(path):
    """Return the hash of a file as RECORD writes it."""
    digest = hashlib.sha256(Path(path).read_bytes()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


record_hash("server/dockfeed.py")

# %% [markdown]
# ### Exercise 4 — Drift
# *Difficulty ●●○ · about 14 minutes*
#
# Write `drift(lock, site)`. It compares a lock's text with the packages in the folder `site`, and returns a dictionary: for each package that is not as it should be, its name in the form of `canonicalize_name`, and the first of these words that fits:
#
# - `missing`: the lock has it, the folder has not;
# - `extra`: the folder has it, the lock has not;
# - `version`: it is there in another version;
# - `changed`: a file that its `RECORD` lists with a hash has other content, or is gone.
#
# A line of the lock whose marker does not hold on this machine counts as if it were not there. Lines may be continued: a `\` at the end joins the next one. A package may have several hashes, of wheels for several systems; here you need none of them.
#
# Done means: it is right about this server and about others. If all is well, the dictionary is empty.
#
# <details><summary>Hint 1</summary>First turn the lock into a dictionary of names and versions, and the folder, too. Then compare the two. Join the continued lines before you cut the text into lines.</details>
# <details><summary>Hint 2</summary><code>Requirement("tyreunits==1.1.0 ; python_version &gt;= '3.8'")</code>, imported above, has <code>.name</code>, <code>.specifier</code> and <code>.marker</code>, which is <code>None</code> or has <code>evaluate()</code>. Cut off what begins with <code>--hash</code>
# before. <code>csv.reader(package.read_text("RECORD").splitlines())</code> gives the lines of a RECORD; the paths are relative to <code>site</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "drift", "locked": false, "schema_version": 3, "solution": true, "task": false}
def drift(lock, site):
    """Return what is not as the lock says in a folder of packages: {name: `missing`, `extra`, `version` or `changed`}."""
    ### BEGIN SOLUTION
    locked = {}
    for line in lock.replace("\\\n", " ").splitlines():
        text = line.split("#")[0].split("--hash")[0].strip()
        if text:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate():
                locked[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    there = {canonicalize_name(package.metadata["Name"]): package for package in importlib.metadata.distributions(path=[str(site)])}

    def is_changed(package):
        listed = [row for row in csv.reader(package.read_text("RECORD").splitlines()) if row[1]]
        return any(not Path(site, path).is_file() or record_hash(Path(site, path)) != expected for path, expected, _ in listed)

    found = {name: "missing" for name in locked.keys() - there.keys()} | {name: "extra" for name in there.keys() - locked.keys()}
    for name in locked.keys() & there.keys():
        if there[name].version != locked[name]:
            found[name] = "version"
        elif is_changed(there[name]):
            found[name] = "changed"
    return found
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-drift", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
said = drift(server_lock, "server")
assert isinstance(said, dict), f"drift returned a {type(said).__name__}, expected a dictionary: a package's name, and a word."
for name, right, why in [
    ("wincolour", None, "Its marker does not hold on this machine, so it need not be there."),
    ("contour-lines", "missing", "The lock names it, as contour_lines, and it is not there."),
    ("dockfeed", "version", "The lock says 1.4.2, and 1.5.0 is there."),
    (
        "tyreunits",
        "changed",
        "Its version is right. But RECORD has a hash for tyreunits.py, and the file's own is another: somebody edited it.",
    ),
    ("hillmap", None, "It is as it should be. Files without a hash in RECORD are not compared."),
]:
    assert said.get(name) == right, f"{name}: drift says {said.get(name)!r}, expected {right!r}. {why}"
assert set(said) == {"contour-lines", "dockfeed", "tyreunits"}, (
    f"drift speaks of {', '.join(sorted(said))}; expected contour-lines, dockfeed and tyreunits, written as canonicalize_name writes them."
)

# %% nbgrader={"grade": true, "grade_id": "judge-drift", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: drift on other servers and locks: names in several spellings, markers, several hashes, files that were edited or deleted, packages too many, and a server on which all is well.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import make_server

for salt, kinds in [
    ("well", ["sound", "not here", "sound"]),
    ("worse", ["sound", "missing", "version", "changed", "extra", "not here", "here and missing"]),
    ("worst", ["version and changed", "file gone", "not here but there", "sound", "not here", "extra", "table changed"]),
]:
    with own_folder() as folder:
        lock, site, right, kind_of = make_server(folder, salt, kinds)
        try:
            said = dict(drift(lock, site))
        except Exception as error:
            raise AssertionError(
                f"On another server ({', '.join(kinds)}) drift stopped with {type(error).__name__}: {str(error)[:200]}"
            ) from None
        for name in sorted(set(said) | set(right)):
            assert said.get(name) == right.get(name), (
                f"On another server, drift says {said.get(name)!r} of {name} ({kind_of.get(name, 'a name that is no package there')}), expected {right.get(name)!r}."
            )
### END HIDDEN TESTS

# %% [markdown]
# Let a training or a service ask this once when it starts, and stop if the answer is not empty. Then nobody needs to remember who logged in last night.

# %% [markdown]
# ## Part 5 · A lock for the result
#
# The workshop has a second, very small model: the *risk table* on the wall. Of the bikes with so many kilometres since their service, what share needed repair? It is made by `fit.py`, in the repository `table-repo`, which Bo set up with DVC:

# %% nbgrader={"grade": false, "grade_id": "table", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_table("table-repo", "table-store", "trips")
print(git("table-repo", "log", "--format=%h %ad %s", "--date=short"))
for file in ("fit.py", "rows.py", "params.yaml", "dvc.yaml"):
    print(f"--- {file}", Path("table-repo", file).read_text(), sep="\n")

# %% [markdown]
# In the other lab DVC kept files. It can also *make* them. A **stage** in `dvc.yaml` is a step: a command (`cmd`), what it reads (`deps`, its *dependencies*) and what it writes (`outs`). `dvc repro` runs the stages whose inputs have changed, and only these. Then it writes down in
# `dvc.lock` the hashes of everything that went in and came out. That file is the proof: *this result came from these inputs*.
#
# On Thursday Bo changed `km_per_row` from 100 to 50, because Rosa had asked for finer rows, and ran `dvc repro`:

# %%
print(dvc("table-repo", "repro"))
print(Path("table-repo/risk.csv").read_text())
print(Path("table-repo/dvc.lock").read_text())

# %% [markdown]
# "Nothing to do", says DVC, and the rows are still 100 km long. DVC only knows what it is told. In this lock stands the hash of the data, and no word about parameters, code or packages. So it proves little: with another `params.yaml`, another `fit.py`, another anything it would look the same.
#
# Parameters have a place of their own, because a file of settings often serves several programs. `params: [table]` in a stage names a section of `params.yaml` (or one value: `table.km_per_row`), and only that section counts. This is how a whole stage looks, for another job:
#
#     stages:
#       route:
#         cmd: python route.py
#         deps: [route.py, maps]
#         params: [vans.number, vans.start]
#         outs: [route.csv]
#
# You may write such a file, or let a command write it: `dvc stage add --force -n route -d route.py -d maps -p vans.number,vans.start -o route.csv python route.py`.


# %% nbgrader={"grade": false, "grade_id": "stale", "locked": true, "schema_version": 3, "solution": false, "task": false}
def stale_after(repo, changes):
    """Return the stages that DVC would run again in a copy of the repository in which these files have these texts."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(shutil.copytree(repo, f"{place}/copy", symlinks=True))
        for path, text in changes.items():
            (copy / path).write_text(text)
        with opened(copy) as project:
            return sorted(stage for stage in project.status() if not stage.endswith(".dvc"))


def table_after(repo, changes):
    """Return the lines of risk.csv when a copy of the repository, with these files changed, has been reproduced; or what DVC says."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(shutil.copytree(repo, f"{place}/copy", symlinks=True))
        for path, text in changes.items():
            (copy / path).write_text(text)
        try:
            dvc(copy, "repro")
        except RuntimeError as error:
            return [str(error)]
        return (copy / "risk.csv").read_text().splitlines()


# %% [markdown]
# ### Exercise 5 — A stage that says all
# *Difficulty ●●○ · about 12 minutes*
#
# Mend `table-repo`. Whatever you do to it, do it in the cell below: with `dvc("table-repo", …)`, `git("table-repo", …)` and `Path("table-repo/dvc.yaml").write_text(…)`, or with shell lines that begin with `!`.
#
# Done means:
#
# 1. The stage runs again whenever something changes that decides the table: one of the programs, the data (also a new week in the folder), the parameters of the table, or `table.lock`, the lock of the environment in which it is made.
# 2. It does not run again for what does not decide it: `README.md`, or how Rosa prints the table (`wall` in `params.yaml`).
# 3. `risk.csv` is the table that belongs to the inputs as they are now, `dvc.lock` belongs to it, and all is committed on `main`. The new table is in the store, for those who clone.
#
# (Naming `table.lock` makes DVC run the stage again when the lock changes. That the machine agrees with the lock, it does not look at: there the command would begin with a program that asks your `drift`.)
#
# If it went wrong, run the cell that plays the repository again: it starts afresh.
#
# <details><summary>Hint 1</summary>Read <code>fit.py</code> as DVC cannot: what does it import, what does it open? The stage's name and command may stay.</details>
# <details><summary>Hint 2</summary>With <code>dvc("table-repo", "stage", "add", "--force", "-n", "table", "-d", …)</code> you write the stage anew; each dependency has its own <code>-d</code>. Then <code>dvc repro</code>; <code>git add</code> and <code>git commit</code> for <code>dvc.yaml</code> and
# <code>dvc.lock</code>; <code>dvc push</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "stage", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Mend the stage, make the table, commit and push.
### BEGIN SOLUTION
deps = [word for path in ("data", "fit.py", "rows.py", "table.lock") for word in ("-d", path)]
dvc("table-repo", "stage", "add", "--force", "-n", "table", *deps, "-p", "table", "-o", "risk.csv", "python fit.py")
dvc("table-repo", "repro", "--quiet")
git("table-repo", "add", "dvc.yaml", "dvc.lock")
git("table-repo", "commit", "-m", "The table's stage names all that decides it; rows of 50 km")
dvc("table-repo", "push")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-stage", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
now = Path("table-repo/params.yaml").read_text()
stale = stale_after("table-repo", {})
assert not stale, (
    f"DVC would run the stage {', '.join(stale)} again: the lock does not belong to the inputs as they are. Run dvc repro when the stage is right."
)
for changes, what in [
    ({"params.yaml": now.replace("km_per_row: 50", "km_per_row: 75")}, "km_per_row changes in params.yaml"),
    ({"fit.py": Path("table-repo/fit.py").read_text().replace("3f}", "2f}")}, "fit.py changes"),
    ({"rows.py": Path("table-repo/rows.py").read_text().replace("min(", "max(")}, "rows.py changes, which fit.py imports"),
]:
    assert stale_after("table-repo", changes), (
        f"If {what}, DVC would not run the stage again, and the lock would still look right. Declare it in dvc.yaml."
    )
assert not stale_after("table-repo", {"README.md": "another text\n"}), (
    "If README.md changes, DVC would run the stage again. It does not decide the table."
)
rows_now = [line.split(",")[0] for line in Path("table-repo/risk.csv").read_text().splitlines()[1:]]
assert rows_now[:3] == ["0", "50", "100"], (
    f"The rows of risk.csv begin at {', '.join(rows_now[:3])} km, expected 0, 50, 100: the parameter says 50. Let DVC make the table."
)

# %% nbgrader={"grade": true, "grade_id": "judge-stage", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from copies of the folder table-repo: what makes the stage run again, and what does not? What table comes out with other data and parameters?
### BEGIN HIDDEN TESTS
from pathlib import Path

import yaml
from judgekit import drawn
from judging import risk_table
from weeks import weeks_and_bikes

chance = drawn("stage")
weeks = list(weeks_and_bikes(chance.randrange(10**6), weeks=2, trips=200)[0].values())
week = weeks[0].to_csv(index=False)
settings = yaml.safe_load(Path("table-repo/params.yaml").read_text())
mine = {**settings["table"], "km_per_row": chance.choice([30, 40, 60])}
for edits, what in [
    ({"data/week-36.csv": week}, "a week is added to the data"),
    ({"data/week-30.csv": week}, "a week in the data changes"),
    ({"table.lock": "pyyaml==6.0.2\n"}, "table.lock, the environment, changes"),
    (
        {"params.yaml": yaml.safe_dump({**settings, "table": {**settings["table"], "last_row_km": 250}})},
        "last_row_km changes in params.yaml",
    ),
    ({"rows.py": "def row_of(km, settings):\n    return 0\n"}, "rows.py changes"),
]:
    assert stale_after("table-repo", edits), (
        f"If {what}, DVC would not run the stage again: its lock would claim a table that these inputs do not give."
    )
wall = {**settings, "wall": {"title": "Worn", "colour": "red"}}
for edits, what in [
    ({"params.yaml": yaml.safe_dump(wall)}, "the section `wall` of params.yaml changes"),
    ({"README.md": "new\n"}, "README.md changes"),
]:
    assert not stale_after("table-repo", edits), (
        f"If {what}, DVC would run the stage again, though the table is the same. Name what decides, and no more."
    )
made = table_after(
    "table-repo", {"params.yaml": yaml.safe_dump({**settings, "table": mine}), **{f"data/week-{n}.csv": week for n in range(27, 36)}}
)
right = risk_table([weeks[0]] * 9, mine["km_per_row"], mine["last_row_km"])
assert made == right, (
    f"With other data and rows of {mine['km_per_row']} km, dvc repro makes a table that begins {made[:2]}, expected {right[:2]}."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-stage-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from main in table-repo and from table-store: what would a clone get? Is it the table that belongs to the inputs?
### BEGIN HIDDEN TESTS
import hashlib
from pathlib import Path

import pandas as pd
import yaml
from judging import read_only_git, risk_table

settings = yaml.safe_load(read_only_git("table-repo", "cat-file", "blob", "main:params.yaml"))
assert settings["table"]["km_per_row"] == 50, (
    f"On main km_per_row is {settings['table']['km_per_row']}, and Rosa asked for 50. Mend the stage, not the parameter."
)
lock = yaml.safe_load(read_only_git("table-repo", "cat-file", "blob", "main:dvc.lock"))
outs = {out["path"]: out.get("md5") for stage in lock["stages"].values() for out in stage.get("outs", [])}
assert "risk.csv" in outs, f"The dvc.lock on main knows no risk.csv, only {', '.join(outs) or 'nothing'}."
right = (
    "\n".join(risk_table([pd.read_csv(path) for path in sorted(Path("trips").glob("*.csv"))], 50, settings["table"]["last_row_km"])) + "\n"
)
assert outs["risk.csv"] == hashlib.md5(right.encode()).hexdigest(), (
    "The dvc.lock on main holds the hash of another risk.csv than the one that these inputs give. Run dvc repro, then commit dvc.lock."
)
stored = Path("table-store", "files", "md5", outs["risk.csv"][:2], outs["risk.csv"][2:])
assert stored.is_file(), "The new risk.csv is not in table-store: a clone gets a lock, and nothing to it. dvc push copies it there."
assert Path("table-repo", "risk.csv").read_text() == right, "The file table-repo/risk.csv is not the table that belongs to the inputs."
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · The expert's question
#
# Ms Lindqvist comes again on Thursday, with a list. Each Monday the workshop looks at a sample of bikes in detail, and the insurance relies on these samples being drawn, not chosen. They lie in `sample-repo`, one commit a week, with a tag. She wants to know of
# each: *does it come out again?*

# %% nbgrader={"grade": false, "grade_id": "samples", "locked": true, "schema_version": 3, "solution": false, "task": false}
august = {"w31": "sound", "w32": "unseeded", "w33": "other parameters", "w34": "lost"}
chosen = pd.concat([pd.read_csv(path) for path in sorted(Path("trips").glob("*.csv"))])[["bike_id", "day"]]
play_samples(
    "sample-repo",
    "sample-store",
    august,
    {tag: chosen[100 * number : 100 * number + 90].to_csv(index=False) for number, tag in enumerate(august)},
    {tag: {"bikes": 12, "seed": 31 + number} for number, tag in enumerate(august)},
)
print(git("sample-repo", "log", "--format=%h %ad %D %s", "--date=short"))
print(git("sample-repo", "show", "w31:draw.py"))

# %% [markdown]
# `git status` would tell that somebody is at work in this folder. What counts is the commit. So clone it, as a stranger would, and look at week 32:

# %%
with tempfile.TemporaryDirectory() as place:
    git(".", "clone", "--quiet", "sample-repo", f"{place}/clone")
    git(f"{place}/clone", "checkout", "--quiet", "w32")
    dvc(f"{place}/clone", "pull")
    print(dvc(f"{place}/clone", "status"))
    print(dvc(f"{place}/clone", "repro"))

# %% [markdown]
# "Up to date", and `repro` did not run anything. It compared hashes: the inputs are those in the lock, so the result, it believes, is too. Whether the command would give it *again*, nobody has tried. `dvc repro --force` runs the command in any case. Then it writes the lock anew, so look
# up first what was recorded.
#
# `dvc status --json` gives the same as data: `{}` if all is as the lock says. Otherwise it names the stage, with its `changed deps` (inputs, also parameters) or `changed outs`.
#
# ### Exercise 6 — Does it come out again?
# *Difficulty ●●● · about 15 minutes*
#
# Write `rebuild(repo, revision)`. It takes a repository of this kind, with one stage, and a tag or commit in it, makes the result again in a fresh place, and returns the first of these words that fits:
#
# - `incomplete`: what is needed is not there for a stranger: DVC cannot pull a file, or the command stops;
# - `stale`: the inputs in this commit, programs, data or parameters, are not those in its `dvc.lock`: the result was made from something else;
# - `differs`: the command gives another result than the recorded one;
# - `reproduced`: it gives the recorded result, byte for byte.
#
# (Is an input stale *and* would the command stop? Then it is `incomplete`.) The environment is this notebook's: to judge it as well, one would first install the commit's lock, as in Part 3.
#
# Done means: it holds for these four weeks and for other repositories. Nothing in the repository changes, also not where somebody is at work in it, and nothing is left behind.
#
# <details><summary>Hint 1</summary>The cell above is the first half. What tells <code>stale</code>, and must be asked before you force anything? What is compared in the end, with what?</details>
# <details><summary>Hint 2</summary>After the pull the recorded result lies in the clone: read the outs' bytes, or their hashes in <code>dvc.lock</code> (YAML: <code>stages</code>, the stage's name, <code>outs</code>, <code>md5</code>). Then <code>dvc status --json</code>, then
# <code>dvc repro --force</code>, and compare. <code>dvc(…)</code> raises a <code>RuntimeError</code> when DVC or the command says no.</details>


# %% nbgrader={"grade": false, "grade_id": "rebuild", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rebuild(repo, revision):
    """Make the result of a revision again, and return `incomplete`, `stale`, `differs` or `reproduced`."""
    ### BEGIN SOLUTION
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place, "clone")
        git(".", "clone", "--quiet", "--no-checkout", str(Path(repo).resolve()), str(clone))
        git(clone, "checkout", "--quiet", revision)

        def results():
            stages = yaml.safe_load((clone / "dvc.lock").read_text())["stages"]
            return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}

        recorded = results()
        try:
            dvc(clone, "pull")
            status = json.loads(dvc(clone, "status", "--json"))
            dvc(clone, "repro", "--force")
        except RuntimeError:
            return "incomplete"
        if status:
            return "stale"
        return "reproduced" if results() == recorded else "differs"
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-rebuild", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
places = Path(), Path(tempfile.gettempdir())
lay_there = {path for place in places for path in place.iterdir()}
then = git("sample-repo", "status", "--porcelain"), git("sample-repo", "rev-parse", "HEAD"), Path("sample-repo/params.yaml").read_text()
for tag, right, why in [
    ("w31", "reproduced", "All is recorded, and the seed is a parameter."),
    (
        "w32",
        "differs",
        "Its draw.py draws without a seed. Did the command really run? DVC believes its lock unless it is forced. And what did you compare: repro writes the lock anew.",
    ),
    ("w33", "stale", "After the sample was drawn, somebody changed the seed in params.yaml and committed that."),
    ("w34", "incomplete", "Its data are not in the store. In Bo's own folder DVC's cache still has them, for a stranger they are gone."),
]:
    said = rebuild("sample-repo", tag)
    assert said == right, f"{tag}: rebuild says {said!r}, expected {right!r}. {why}"
now = git("sample-repo", "status", "--porcelain"), git("sample-repo", "rev-parse", "HEAD"), Path("sample-repo/params.yaml").read_text()
assert now == then, "rebuild changed something in sample-repo, where somebody is at work. Rebuild in a clone."
left = [path for place in places for path in place.iterdir() if path not in lay_there and any(path.glob("**/draw.py"))]
assert not left, f"rebuild left a clone behind, {left[0]}. Remove it when you are done: tempfile.TemporaryDirectory does so by itself."

# %% nbgrader={"grade": true, "grade_id": "judge-rebuild", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rebuild in another repository: an old sample that is sound, one that was edited afterwards, and two whose program was changed afterwards.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import make_samples

with own_folder() as folder:
    repo, kinds = make_samples(folder, "edited", ["sound", "edited", "other code", "other code that stops"])
    for tag, kind in kinds.items():
        right = {"sound": "reproduced", "edited": "differs", "other code": "stale", "other code that stops": "incomplete"}[kind]
        why = {
            "sound": "It is an older commit, and all is recorded.",
            "edited": "After the draw a bike was put into the sample by hand, and `dvc commit` wrote the new hash into the lock. Lock and file agree; the command gives something else.",
            "other code": "draw.py was changed after the draw: the lock has the hash of the one before.",
            "other code that stops": "draw.py was changed after the draw, and what it imports now is on Bo's laptop alone: stale, and the command stops.",
        }[kind]
        try:
            said = rebuild(repo, tag)
        except Exception as error:
            raise AssertionError(f"In another repository rebuild stopped with {type(error).__name__}: {str(error)[:200]}") from None
        assert said == right, f"In another repository rebuild says {said!r}, expected {right!r}. {why}"
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-rebuild-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rebuild in another repository: a sample whose program needs a file that is not in Git, one with an input that was changed and never declared, and one whose data are not in the store.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import make_samples

with own_folder() as folder:
    repo, kinds = make_samples(folder, "not there", ["not in git", "undeclared", "lost"])
    for tag, kind in kinds.items():
        right = {"not in git": "incomplete", "undeclared": "differs", "lost": "incomplete"}[kind]
        why = {
            "not in git": "Its program imports a file that Git ignores: it runs on Bo's laptop alone.",
            "undeclared": "A module was changed that dvc.yaml does not name: the lock fits, and the command gives something else.",
            "lost": "Its data are not in the store; DVC's cache in the repository's own folder does not count.",
        }[kind]
        try:
            said = rebuild(repo, tag)
        except Exception as error:
            raise AssertionError(f"In another repository rebuild stopped with {type(error).__name__}: {str(error)[:200]}") from None
        assert said == right, f"In another repository rebuild says {said!r}, expected {right!r}. {why}"
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# Thursday afternoon. What can be said to Ms Lindqvist now?

# %% tags=["uses-answers"]
print("Friday's run and Tuesday's, the four things:", ", ".join(what_differs("runs/ada-friday", "runs/ada-tuesday")) or "the same")
print("The server, against its lock:               ", drift(server_lock, "server"))
print("The risk table on the wall, main:           ", rebuild("table-repo", "main"))
for tag in ("w31", "w32"):
    print(f"The sample of {tag}:                          ", rebuild("sample-repo", tag))
for machine, written in zip((11, 12), run_elsewhere("train.py", [(".", 11), (".", 12)])):
    print(f"The alarm of 5 September, on machine {machine}:     SHA-256 {hashlib.sha256(written).hexdigest()[:12]}")

# %% [markdown]
# Not all of it is pleasant, and all of it can be checked by somebody who does not trust you. That is the point. Ms Lindqvist takes the last two lines with her. From Friday on a small job rebuilds last week's results each night, on another machine, and tells the team when one does not come out again.
#
# What to take to work tomorrow:
#
# - Four things decide a result: code, data, parameters, environment. If two runs differ, compare these, by what they mean.
# - If none of them differs, the program is not deterministic: chance, order, hashes, the clock. Try it in new processes, on another machine.
# - A seed is a parameter. It makes a result the same, not right: look at the spread, too.
# - A version is a name. A lock has hashes, and all that is needed in turn; and somebody checks that the machine still agrees with it.
# - A lock file proves nothing about an input that was not declared. The real proof is to do it again.
#
# In the real world, three things are harder. Across kinds of processors, and on graphics cards, sums are added up in another order, and the last digits differ: there one agrees on a tolerance, or rounds, as `train.py` does to six decimals. Python itself and the system's libraries are a part of the
# environment, too; containers, of which a later lab tells, lock them as well. And data that may not be kept, for reasons of privacy, cannot be replayed: then the hash, the query and the date of the data are all that remains.

# %% [markdown]
# ## Going further
#
# - **The spread.** Train with fifty seeds and plot the scores of bike 1403 for 24, 100 and 400 trees. How many trees does it take until the seed no longer decides?
# - **One more cause.** Give the forest `n_jobs=2` and leave out the rounding. Do the bytes stay the same, and why might they not?
# - **The lock for all systems.** If you have uv, compare `uv pip compile --universal --generate-hashes` with your lock. Then look at `pylock.toml`, the format of locks that Python has agreed on (PEP 751).
#
# To read:
#
# - [pip's documentation, on secure and repeatable installs](https://pip.pypa.io/en/stable/topics/secure-installs/) and [repeatable installs](https://pip.pypa.io/en/stable/topics/repeatable-installs/)
# - [DVC's documentation, on defining pipelines](https://dvc.org/doc/user-guide/pipelines/defining-pipelines)
# - [scikit-learn's user guide, on controlling randomness](https://scikit-learn.org/stable/common_pitfalls.html#controlling-randomness)
# - Chip Huyen, *Designing Machine Learning Systems*: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
