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
#     minutes: 180
#     outcomes:
#     - Find out what a script really reads and writes, and compare it with what the pipeline declares
#     - Mend a DVC pipeline so that a change runs exactly the stages that it concerns
#     - Move data and models out of Git, and release versions that a clean clone can pull and reproduce
#     - Bring back the metrics and the model of any release without disturbing anyone's work
#     - Recover what a colleague forgot to push, and say what can be rebuilt and what cannot
#     prerequisites:
#     - model-versioning
#     - reproducibility
#     project: true
#     roadmap: "Project: model versioning pipeline"
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: project-versioning-pipeline
#     terms:
#       dependencies: "The files and parameters that a stage reads, as its pipeline declares them."
#       outputs: "The files that a stage writes, as its pipeline declares them."
#       release: "A state of code, data and model that got a name and can be fetched and made again under it."
#       clean clone: "A fresh copy of a repository on another machine, with nothing but what was pushed."
#     title: "Project: model versioning pipeline"
#     tools:
#     - DVC
#     - Git
#     - scikit-learn
# ---

# %% [markdown]
# # Project: model versioning pipeline
#
# ## Why this matters
#
# Monday 8 September, seven in the morning, the workshop of Metro Bikes. Rosa, who runs it, has two empty vans and a list of 31 riders who were stranded at the weekend: flat tyres, slack chains. The *repair alarm*, the
# model that decides after each trip whether the vans should fetch the bike, has gone quiet. It hardly fetches anything.
#
# On Friday all looked well. The technicians had measured by how much each dock's pressure sensor is wrong. Bo copied their figures into the alarm's repository and typed `dvc repro`, which trains it again. It answered
# *Data and pipelines are up to date*. "Good", said Bo, "then it has been trained with them." It had not. And somewhere in the scripts stands a number that he once tried out.
#
# Cy wanted to help on Sunday. He cloned the repository, took over the prepared tables from Ada, and `train.py` stopped all the same: it asked for a third file, of which nobody had heard, and which only Ada's laptop has. "Then put July's model back", says Rosa. The `model.json` in Git is from June, and no
# run of any script gives it.
#
# You are the team's ML engineer. This is a project of two to four hours: you turn this heap into a pipeline that tells the truth, and release from it versions that anyone can bring back. Then Ada, Bo and Cy work with it, and it has to stand that.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `heap/`, the alarm's scripts, settings and `dvc.yaml` as they were found this morning.
# - `trips.csv`, a row a trip from June to August: the day, the station where it ended, what the app knew, and whether the workshop found that the bike needed repair. `september.csv` has the first half of September.
# - `stations.csv`, each station with the error of its sensor as known in spring, and `stations_september.csv`, as measured on Friday.
# - `workbench.py`, small tools that you will use: open it and read the first line of each function. `dvc_here.py` calls DVC.
# - `colleagues.py`, which plays Ada, Bo and Cy. Look into it whenever you want to know what they do.
#
# An alarm's errors have a price. To fetch a sound bike costs 8 euros. A broken bike that is left standing costs 40.
#
# From the labs before you know Git's commits, tags and clones, and how DVC keeps large files out of Git: a **pointer** with the file's hash in Git, the file itself in a **cache** on your disk, and a **remote**, a store that the
# team shares, filled by `dvc push` and read by `dvc pull`. DVC writes MD5 hashes. What is new here is that DVC also runs things.
#
# You may try things in a terminal as you like. What counts, and is handed in, is what your answer cells do, so let them do everything: with `git(folder, …)` and `dvc(folder, …)`, with Python, or with shell lines that begin with `!`.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["DVC_NO_ANALYTICS"] = "1"  # DVC would tell its makers how it is used
os.environ["DVC_SITE_CACHE_DIR"] = str(Path(".dvc-site").resolve())  # what it remembers stays in this folder
os.environ["DVC_GLOBAL_CONFIG_DIR"] = str(Path(".dvc-config").resolve())
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # so that `python` is this notebook's own

import matplotlib.pyplot as plt
import pandas as pd
import yaml
from IPython.display import Image

from colleagues import keep, play_friday, play_heap, play_hill, play_releases
from dvc_here import dvc
from workbench import git, md5, score_again, watch


def rehearse(repo, events, store=None, revision="main"):
    """Clone the repository as a colleague would, play events there, and return what became of each. See play_events in colleagues.py."""
    from colleagues import play_events

    return play_events(repo, events, store, revision)


play_heap("alarm", "alarm-store")
print(git("alarm", "log", "--format=%h %ad %an: %s", "--date=short"))
print(git("alarm", "ls-files"))

# %% [markdown]
# The folder `alarm` is now the team's repository. To begin again at any time, run the cell above and then the cells below it.
#
# ## Part 1 · What a pipeline promises
#
# A **pipeline** is a set of steps in which the output of one is the input of the next. DVC calls a step a **stage**, and reads in the file `dvc.yaml` for each of them:
#
# - `cmd`, the command that runs it;
# - `deps`, its **dependencies**: the files and folders that it reads, its own script and the modules that this imports among them;
# - `params`, the **parameters**: the entries of `params.yaml` that it uses, such as `train.C` for the entry `C` in the section `train`;
# - `outs`, its **outputs**: the files and folders that it writes. `metrics` and `plots` are outputs, too, which DVC can also show.
#
# `dvc repro` goes through the stages in order. For each it compares the hashes of dependencies, parameters and outputs with those in `dvc.lock`, a file that it wrote at the last run. If something differs, the stage is run and
# `dvc.lock` is written anew; if nothing does, it is left out. `dvc status` compares in the same way, and only says what differs. With `dvc.lock` in Git, a commit says exactly which data, code and settings gave which model.
#
# That is a promise with a condition: *DVC knows only what is declared.* This is the file as you found it:

# %%
print(Path("alarm/dvc.yaml").read_text())

# %% [markdown]
# (An output with `cache: false` is not kept by DVC: it is left to Git.) Now see the heap at work, and then Friday again. This cell takes some seconds.

# %% nbgrader={"grade": false, "grade_id": "friday", "locked": true, "schema_version": 3, "solution": false, "task": false}
if "Friday" not in git("alarm", "log", "--format=%s"):  # once is enough
    print(dvc("alarm", "repro"))
    git("alarm", "add", "--all")
    git("alarm", "commit", "--quiet", "-m", "dvc repro")
    play_friday("alarm")
    print("--- Friday: new figures in data/stations.csv ---\n")
    print(dvc("alarm", "repro"))
    git("alarm", "commit", "--quiet", "--all", "-m", "Friday: new sensor figures, trained again")
print(git("alarm", "show", "--stat", "--format=%an: %s", "HEAD"))
print(Path("alarm/metrics.json").read_text())

# %% [markdown]
# "Trained again", says the message. The commit has one changed file, and neither `dvc.lock` nor the model is in it. And the figure is alarming: 4,327 euros for a thousand trips. In June, Ada remembers, it was less than 3,000.
#
# Which files does a script touch? You can read it, and everything that it imports, and miss one. Or you let it run and *watch* it. `watch`, from `workbench.py`, runs a command in a copy of the folder, and returns which files it read and which it
# wrote:

# %%
files_read, files_written = watch("alarm", "python evaluate.py")
print("read:   ", sorted(files_read))
print("written:", sorted(files_written))

# %% [markdown]
# ### Exercise 1 — The audit
# *Difficulty ●●○ · about 30 minutes*
#
# Compare with `dvc.yaml` above: already the last stage of three does not tell the truth. Write `audit(repo)`, which finds this out for every stage of any repository like this one. It returns a dictionary with an entry for each stage:
#
# `{"prepare": {"missing_deps": […], "needless_deps": […], "missing_outs": […]}, "train": …}`
#
# - `missing_deps`: files that the stage reads and does not declare. Its changes go unnoticed.
# - `needless_deps`: what it declares as an input, in `deps` or by `params`, and does not read. It runs for nothing.
# - `missing_outs`: files that it writes and does not declare. A clone does not get them.
#
# The rules of the file, which you need:
#
# - An entry in `deps`, `outs`, `metrics` or `plots` is either a path or a dictionary with one key, which is the path (`{"model.json": {"cache": False}}`).
# - A declared folder covers all that lies in it. In `needless_deps` it stands as it is declared.
# - An entry in `params` is a name from `params.yaml`, or a dictionary whose one key is another file (`{"settings.yaml": ["depth"]}`). Either way that file is declared. `watch` sees files only, so whether the right *entries* of it are declared is for you to read later.
# - Any of the lists may be missing.
#
# Done means: it holds for `alarm`, and for repositories that you have not seen. The lists' order does not matter. Nothing in the repository changes.
#
# <details><summary>Hint 1</summary>Take one stage at a time: what does it declare as input, what as output, what does <code>watch</code> say? Then three comparisons. Write a small function for "is this path covered by this declared one?", and think about
# <code>raw</code>, <code>raw/a.csv</code> and <code>raw2/a.csv</code>.</details>
# <details><summary>Hint 2</summary><code>yaml.safe_load(text)["stages"]</code> gives the stages, and <code>stage.get("deps", [])</code> a list even if there is none. <code>Path("raw/a.csv").is_relative_to("raw")</code> is true,
# <code>Path("raw2/a.csv").is_relative_to("raw")</code> is not. The declared inputs are those in <code>deps</code> and the files behind <code>params</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "audit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def audit(repo):
    """Return for each stage of the repository's dvc.yaml the lists missing_deps, needless_deps and missing_outs."""
    ### BEGIN SOLUTION

    def declared(stage, *kinds):
        return [entry if isinstance(entry, str) else next(iter(entry)) for kind in kinds for entry in stage.get(kind, [])]

    def uncovered(paths, by):
        return sorted(path for path in paths if not any(Path(path).is_relative_to(other) for other in by))

    report = {}
    for name, stage in yaml.safe_load((Path(repo) / "dvc.yaml").read_text())["stages"].items():
        read, written = watch(repo, stage["cmd"])
        inputs = set(declared(stage, "deps")) | {next(iter(p)) if isinstance(p, dict) else "params.yaml" for p in stage.get("params", [])}
        report[name] = {
            "missing_deps": uncovered(read, inputs),
            "needless_deps": sorted(path for path in inputs if not any(Path(file).is_relative_to(path) for file in read)),
            "missing_outs": uncovered(written, declared(stage, "outs", "metrics", "plots")),
        }
    return report
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-audit", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
with tempfile.TemporaryDirectory() as place:
    play_heap(f"{place}/alarm", f"{place}/store")  # the heap as it was, whatever you have mended since
    shutil.copytree("alarm/prepared", f"{place}/alarm/prepared")
    report = audit(f"{place}/alarm")
assert isinstance(report, dict) and set(report) == {"prepare", "train", "evaluate"}, (
    f"audit returned {type(report).__name__ if not isinstance(report, dict) else sorted(report)}, expected a dictionary with the stages prepare, train and evaluate."
)
for stage, key, path, why in [
    ("evaluate", "missing_deps", "features.py", "evaluate.py imports it. A module is a dependency like any other file."),
    ("prepare", "missing_deps", "prepare.py", "The stage's own script is read, too."),
    ("prepare", "missing_outs", "prepared/fill.json", "prepare.py writes it beside the two files that are declared."),
    ("train", "needless_deps", "data/trips.csv", "train.py reads what prepare.py has made of it."),
]:
    assert key in report[stage], f"The entry for {stage} has no list {key!r}: it has {sorted(report[stage])}."
    named = sorted(map(str, report[stage][key]))
    assert path in named, f"{stage}: {path} is not among {key}, where it belongs. {why} You say: {named}"
assert "params.yaml" not in report["prepare"]["missing_deps"], (
    "prepare: params.yaml is named as missing, but the stage declares `params`, and so that file."
)
assert "model.json" not in [*report["train"]["missing_outs"], *report["evaluate"]["needless_deps"]], (
    "model.json is declared, as an entry with a setting: {'model.json': {'cache': False}}. The path is the entry's key."
)

# %% nbgrader={"grade": true, "grade_id": "judge-audit", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: audit on a repository that you have not seen, with undeclared inputs and outputs, needless ones, and files whose names are put together.
### BEGIN HIDDEN TESTS
from judging import own_folder
from judging_audit import expect_audit, make_heap

with own_folder() as place:
    truth = make_heap(place / "repo", "audit", "plain")
    before = {path: path.read_bytes() for path in sorted((place / "repo").rglob("*")) if path.is_file()}
    expect_audit(audit(str(place / "repo")), truth, "another repository")
    after = {path: path.read_bytes() for path in sorted((place / "repo").rglob("*")) if path.is_file() and "__pycache__" not in path.parts}
    assert before == after, "audit has changed files of the repository. An audit looks; it changes nothing."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-audit-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: audit on a repository that uses the other forms: folders, two with names that begin alike, other files of parameters, missing lists.
### BEGIN HIDDEN TESTS
from judging import own_folder
from judging_audit import expect_audit, make_heap

with own_folder() as place:
    truth = make_heap(place / "repo", "audit", "forms")
    expect_audit(audit(str(place / "repo")), truth, "a repository with folders and other forms")
### END HIDDEN TESTS

# %% [markdown]
# Your audit of the heap:

# %% tags=["uses-answers"]
for stage, lists in audit("alarm").items():
    for key, paths in lists.items():
        print(f"{stage:9} {key:14} {', '.join(sorted(paths)) or '–'}")

# %% [markdown]
# ## Part 2 · A pipeline that tells the truth
#
# What would your colleagues' everyday work have set off in the heap? `rehearse` clones a repository, plays an **event** in the clone (somebody changes a parameter, a data file, a source file), asks `dvc status` which stages it would run, and takes the
# change back. Here are six events, played to the heap as it is:

# %% nbgrader={"grade": false, "grade_id": "events", "locked": true, "schema_version": 3, "solution": false, "task": false}
EVENTS = [
    {"name": "Ada: train.C", "params": {"train.C": 2.0}},
    {"name": "Ada: costs.miss", "params": {"costs.miss": 50}},
    {"name": "Bo: stations.csv", "append": {"data/stations.csv": "41,New Quay,20,0.1\n"}},
    {"name": "Cy: features.py", "append": {"features.py": "\n# a change\n"}},
    {"name": "Cy: train.py", "append": {"train.py": "\n# a change\n"}},
    {"name": "Ada: README.md", "append": {"README.md": "\nA change.\n"}},
]
if not Path("kept/as_found.json").exists():
    Path("kept").mkdir(exist_ok=True)
    Path("kept/as_found.json").write_text(json.dumps(rehearse("alarm", EVENTS)))
as_found = json.loads(Path("kept/as_found.json").read_text())
for event in EVENTS:
    print(f"{event['name']:18} → {', '.join(as_found[event['name']]['stale']) or 'nothing to do'}")

# %% [markdown]
# Three of the six answers are wrong: Ada's costs, Bo's figures and Cy's `features.py` set off nothing. And one only looks right: `train.C` does run `train`, but open `train.py` and see what the model gets.
#
# ### Exercise 2 — Mend the pipeline
# *Difficulty ●●○ · about 40 minutes*
#
# Mend the repository `alarm`. Keep its three stages, their names and commands, and the names of all files.
#
# Done means, on `main`, committed:
#
# 1. Each stage declares every file that it reads and every entry of `params.yaml` that it uses, and nothing else. "Nothing else" is meant file by file: when only the test days change, `train` has nothing to do.
# 2. Each stage declares every file that it writes. `fill.json` is such an output, and so is `daily.csv`, a table for plots. (Friday's commit has put `daily.csv`, `metrics.json` and `model.json` into Git. What is in Git cannot lie in DVC's cache as
#    well: declare it with `cache: false`, or take it out of Git first, with `git rm --cached FILE`. DVC says otherwise that it is *already tracked by SCM*; that means Git.)
# 3. The alarm is trained with the `C` that stands in `params.yaml`, whatever it is. (`C` says how far a logistic regression's weights may go: the smaller, the more careful it is.) What the scripts compute is otherwise as before.
# 4. The pipeline has been reproduced, with Friday's figures. A clone that gets the outputs from your cache finds nothing to do.
#
# When you hand in, the events are played to a clone of your repository, some others besides; in three of them the stages run, on data that you have not seen, and the model is compared with the right one. Data and model may stay in Git for now: that is Part 3.
#
# If it went wrong, run the set-up cell, Friday's cell and the cell with the events again; they start afresh.
#
# <details><summary>Hint 1</summary>Your audit names the files. For the parameters, search the scripts for <code>params</code>: <code>train.py</code> takes more from there than one number, and somebody else takes it, too. A stage reads all that the functions
# which it imports read.</details>
# <details><summary>Hint 2</summary>Load <code>dvc.yaml</code> with <code>yaml.safe_load</code>, change the lists, and write it with <code>yaml.safe_dump(…, sort_keys=False)</code>. A whole section may stand in <code>params</code>
# (<code>costs</code>). For <code>train.py</code>, <code>read_text().replace(old, new)</code>. Then <code>dvc repro</code>, <code>git add --all</code>, <code>git commit</code>: DVC has written <code>dvc.lock</code> and <code>.gitignore</code>
# files that belong into the commit.</details>

# %% nbgrader={"grade": false, "grade_id": "pipeline", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Mend the repository "alarm", reproduce and commit.
### BEGIN SOLUTION
described = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
prepare_stage, train_stage, evaluate_stage = (described["stages"][name] for name in ("prepare", "train", "evaluate"))
prepare_stage["deps"] = ["prepare.py", "data/trips.csv", "data/stations.csv"]
prepare_stage["outs"] += ["prepared/fill.json"]
train_stage["deps"] = ["train.py", "features.py", "prepared/train.csv", "prepared/fill.json"]
train_stage["params"] += ["costs"]
evaluate_stage["deps"] += ["features.py", "prepared/fill.json"]
evaluate_stage["params"] = ["costs"]
evaluate_stage["plots"] = [{"daily.csv": {"cache": False}}]
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(described, sort_keys=False))

script = Path("alarm/train.py").read_text()
Path("alarm/train.py").write_text(re.sub(r"^C = .*$", 'C = params["train"]["C"]', script, flags=re.M))

dvc("alarm", "repro")
git("alarm", "add", "--all")
git("alarm", "commit", "--quiet", "-m", "The pipeline declares what its stages read and write; C comes from params.yaml")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-pipeline", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
keep("alarm", "kept/alarm")  # the judge looks at your pipeline as it is at this point
changed = git("alarm", "status", "--porcelain", "--untracked-files=no").strip()
assert not changed, f"Not committed: {', '.join(changed.split()[1::2])}. A clone gets what is committed on main."
now = rehearse("alarm", [*EVENTS[2:4], {**EVENTS[0], "run": True}])
assert not now[""]["error"], f"A clone of your repository could not get its outputs from your cache: {now['']['error']}"
assert not now[""]["stale"], (
    f"In a clean clone DVC finds something to do at once, in {', '.join(now['']['stale'])}: {now['']['stale']}. Run dvc repro, and commit dvc.lock with the rest."
)
for event, expected in [("Bo: stations.csv", {"prepare"}), ("Cy: features.py", {"train", "evaluate"})]:
    stale = set(now[event]["stale"]) & {"prepare", "train", "evaluate"}
    assert stale == expected, (
        f"{event} changes. DVC holds for changed: {', '.join(sorted(stale)) or 'nothing'}; expected: {', '.join(sorted(expected))}. Ask your audit again."
    )
ada = now["Ada: train.C"]
assert not ada["error"], f"Ada changes train.C in a clone, and the pipeline stops there: {ada['error']}. Is this file an output of a stage?"
assert set(ada["ran"]) == {"train", "evaluate"}, (
    f"Ada changes train.C. What ran: {', '.join(ada['ran']) or 'nothing'}; expected: train, and evaluate, since the model has changed. If train ran and gave the same model, where does train.py get its C?"
)

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from a clean clone of your repository as it was when you ran the test above: has DVC nothing to do there, and is every output declared and there?
### BEGIN HIDDEN TESTS
from judging_pipeline import rehearsal

told, _ = rehearsal(rehearse)
clone = told[""]
assert clone["error"] == "", f"A clean clone cannot get its outputs: {clone['error']}"
assert not clone["stale"], (
    f"In a clean clone DVC finds something to do in {', '.join(clone['stale'])}: what is committed is not what was reproduced. dvc.lock belongs into the commit."
)
outputs = ["prepared/train.csv", "prepared/test.csv", "prepared/fill.json", "model.json", "metrics.json", "daily.csv"]
lost = [path for path in outputs if path not in clone["files"]]
assert not lost, f"In a clean clone {', '.join(lost)} is missing, which a stage writes: an output that is not declared stays on one laptop."
unknown = [path for path in outputs if f"path: {path}\n" not in clone["lock"] and "path: prepared\n" not in clone["lock"]]
assert not unknown, f"dvc.lock does not know {', '.join(unknown)}, which a stage writes. Declare it as an output."
assert "path: daily.csv\n" in clone["lock"], "dvc.lock does not know daily.csv, which evaluate writes. Declare it as an output."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: Ada changes single entries of params.yaml in the clone. Do the right stages run, and does the value arrive in the model?
### BEGIN HIDDEN TESTS
from judging import lab_text
from judging_pipeline import expect_run, expect_stale, rehearsal, true_pipeline

told, played = rehearsal(rehearse)
expect_stale(told, "C", ["train"], "Ada changes train.C")
truth = true_pipeline(lab_text("trips.csv"), lab_text("stations_september.csv"), played["C"])
expect_run(told, "C", ["train", "evaluate"], truth, f"Ada sets train.C to {played['C']}")
expect_stale(told, "costs.miss", ["train", "evaluate"], "Ada changes costs.miss")
expect_stale(told, "costs.fetch", ["train", "evaluate"], "Ada changes costs.fetch")
expect_stale(told, "first_test_day", ["prepare"], "Ada changes prepare.first_test_day")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-3", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: Bo brings data. New sensor figures; then more test days, which the training does not see; then another season altogether.
### BEGIN HIDDEN TESTS
from judging import lab_text
from judging_pipeline import expect_run, expect_stale, rehearsal, true_pipeline

told, played = rehearsal(rehearse)
sensors, more, season = lab_text("stations_september.csv"), played["texts"]["later"], played["texts"]["month"]
expect_stale(told, "stations", ["prepare"], "Bo brings new figures in data/stations.csv")
later = true_pipeline(lab_text("trips.csv") + more, sensors, played["C"])
expect_run(told, "later", ["prepare", "evaluate"], later, "Bo appends days to data/trips.csv that are all tested on")
another = true_pipeline(season, played["stations"], played["C"], first=played["first"])
expect_run(told, "month", ["prepare", "train", "evaluate"], another, "Bo brings another season, with its own sensor figures")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-pipeline-4", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: Cy changes one source file after the other in the clone, and the README.
### BEGIN HIDDEN TESTS
from judging_pipeline import expect_stale, rehearsal

told, _ = rehearsal(rehearse)
for path, stages in [
    ("features.py", ["train", "evaluate"]),
    ("prepare.py", ["prepare"]),
    ("train.py", ["train"]),
    ("evaluate.py", ["evaluate"]),
    ("README.md", []),
]:
    expect_stale(told, path, stages, f"Cy changes {path}")
### END HIDDEN TESTS

# %% [markdown]
# The six events, before and now:

# %% tags=["uses-answers"]
mended = rehearse("kept/alarm", EVENTS)
stages = ["prepare", "train", "evaluate"]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
for ax, told, title in zip(axes, [as_found, mended], ["the heap, as found", "mended"]):
    for row, event in enumerate(EVENTS):
        for column, stage in enumerate(stages):
            runs = stage in told[event["name"]]["stale"]
            ax.plot(column, row, "s" if runs else "_", ms=20 if runs else 10, color="steelblue" if runs else "grey")
            if runs:
                ax.annotate("run", (column, row), ha="center", va="center", fontsize=8, color="white")
    ax.set_xticks(range(3), stages)
    ax.set_yticks(range(len(EVENTS)), [event["name"] for event in EVENTS])
    ax.set(xlabel="stage", title=title, xlim=(-0.6, 2.6), ylim=(len(EVENTS) - 0.4, -0.6))
axes[0].set_ylabel("what somebody changes")
fig.savefig("events.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "events.png",
    alt="Two tables side by side, before and after mending: a row for each of six changes, a column for each stage, and a square with the word run where DVC holds the stage for changed, a dash where it does not",
)

# %% [markdown]
# Read a row of the right table: why does Bo's row have a single *run*, though the model will change, too?
#
# <details><summary>What we see</summary>The table shows what differs <em>at once</em>. When <code>prepare</code> has run, its outputs have new hashes, and only then does DVC see that <code>train</code> has something to do. If the outputs come out the same,
# byte for byte, nothing after it runs. That saves hours where training takes hours, and it works only if equal inputs give equal outputs: no time stamps in files, and seeds that are fixed.</details>

# %% [markdown]
# ## Part 3 · Releases that a clone can pull
#
# The pipeline is right, and it still lives on one laptop: what `prepare` made lies in your cache alone, and data and model lie in Git, where every new version stays in every clone for ever. That is no matter today. It will be when next year's trips have 4 GB and a forest replaces the
# logistic regression.
#
# A **release** is a commit with a tag from which everything follows: code, settings and `dvc.lock` from Git, data and model from the remote. A **clean clone** is the test for it: a new folder, an empty cache, `git clone`, `dvc pull`. If the model is then there, and `dvc status` has nothing to say, then
# it does not depend on your laptop.
#
# New commands, each run in the repository:
#
# | command | what it does |
# |:--|:--|
# | `git rm --cached FILE` | takes a file out of the next commit, and leaves it in the folder |
# | `dvc add FILE` | puts a file under DVC that no stage makes, such as raw data: writes the pointer `FILE.dvc`, lets Git ignore the file |
# | `dvc remote add --default NAME FOLDER` | says where the team's store is, in `.dvc/config`, which is committed |
# | `dvc push` | copies what the current pointers and `dvc.lock` name from the cache to the store |
#
# > **In older tutorials** you find `dvc run`, which declared a stage and ran it at once. Since DVC 3.0 (2023) it is gone: write `dvc.yaml`, or use `dvc stage add`, then `dvc repro`. Older remotes have their files directly under two-digit folders; since 3.0 they lie in `files/md5`.
#
# ### Exercise 3 — Two releases
# *Difficulty ●●○ · about 30 minutes*
#
# Make two releases of `alarm`. The team's store is the folder `alarm-store` beside this notebook. Give its absolute path, `str(Path("alarm-store").resolve())`, as one gives the address of a server: a relative one is counted from the clone, and leads
# nowhere from a clone that lies in another folder. In a real team an address such as `s3://alarm-store` stands there, which is the same for all. A path of your own laptop helps nobody else; it does not belong into a committed file, but
# into `dvc remote modify --local`, which Git does not see.
#
# Done means:
#
# 1. `.dvc/config`, committed, names `alarm-store` as the default remote, by its absolute path.
# 2. The tag **`v1`**: the pipeline with the trips of June to August. Neither `data/trips.csv`, nor `model.json`, nor anything of `prepared/` is in that commit (or in later ones); a clean clone pulls them. (`stations.csv`, `metrics.json` and `daily.csv` are small; they may be in Git or in DVC.)
# 3. The tag **`v2`**, on a later commit: it is Monday 15 September, and the trips of the last two weeks have arrived. The rows of `september.csv` stand below the old ones in `data/trips.csv`; the alarm is tested on September, so `prepare.first_test_day` is `2025-09-01`.
# 4. For both: reproduced before it was committed. In a clean clone DVC has nothing to do.
# 5. Both are on `main`, and everything they name is in the store.
#
# If it went wrong: `keep("kept/alarm", "alarm")` puts the repository back to where it was when you last ran the test of Exercise 2. (The store keeps what was pushed; "Restart & Run All" empties it.)
#
# The old commits keep the old data and model: to rewrite a history that others have is a decision for the whole team, not for today. If your answer to Exercise 2 is not finished, this one can be solved all the same.
#
# <details><summary>Hint 1</summary>An output cannot be in Git and in DVC's cache at once: first take <code>cache: false</code> away from the model, and the file out of Git. In what order must "change the data", "reproduce", "commit", "tag" and "push" come? What does the tag point at
# if you tag too early?</details>
# <details><summary>Hint 2</summary>For <code>v1</code>: <code>git rm --cached</code>, <code>dvc add</code>, <code>dvc remote add</code>, <code>dvc repro</code>, <code>git add --all</code>, commit, tag, <code>dvc push</code>. For <code>v2</code>: append the rows without their header, change
# the date in <code>params.yaml</code>, <code>dvc repro</code> (it also notes the new data in the pointer), and so on.</details>

# %% nbgrader={"grade": false, "grade_id": "release", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Make the releases v1 and v2 of "alarm".
### BEGIN SOLUTION
# Data and model leave Git; the store gets an address.
git("alarm", "rm", "--quiet", "--cached", "data/trips.csv", "model.json")
kept_outs = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
kept_outs["stages"]["train"]["outs"] = ["model.json"]
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(kept_outs, sort_keys=False))
dvc("alarm", "remote", "add", "--default", "team", str(Path("alarm-store").resolve()))
dvc("alarm", "add", "data/trips.csv")


def release(tag, message):
    dvc("alarm", "repro")
    git("alarm", "add", "--all")
    git("alarm", "commit", "--quiet", "-m", message)
    git("alarm", "tag", tag)
    dvc("alarm", "push")


release("v1", "Data and model are under DVC")

newest = Path("september.csv").read_text().split("\n", 1)[1]
with Path("alarm/data/trips.csv").open("a") as trips_file:
    trips_file.write(newest)
settings = Path("alarm/params.yaml")
settings.write_text(settings.read_text().replace("2025-08-18", "2025-09-01"))
release("v2", "Trips of September; tested on them")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-release", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
tags = git("alarm", "tag").split()
assert {"v1", "v2"} <= set(tags), f"The tags of alarm are: {', '.join(tags) or 'none'}; expected v1 and v2."
for tag in ("v1", "v2"):
    there = git("alarm", "ls-tree", "-r", "--name-only", tag).split()
    heavy = [
        path
        for path in there
        if path in ("data/trips.csv", "model.json") or (path.startswith("prepared/") and path.endswith((".csv", ".json")))
    ]
    assert not heavy, f"In {tag} there is still in Git: {', '.join(heavy)}. Git keeps pointers and dvc.lock, DVC the files."
    clone = rehearse("alarm", [], store="alarm-store", revision=tag)[""]
    assert not clone["error"], f"A clean clone of {tag} cannot pull everything from alarm-store: {clone['error']}"
    gone = [path for path in ("data/trips.csv", "model.json") if path not in clone["files"]]
    assert not gone, f"A clean clone of {tag} has no {' and no '.join(gone)} after the pull."

# %% nbgrader={"grade": true, "grade_id": "judge-release", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from alarm and alarm-store: does the committed configuration name the store, is v1 what it should be, and is all that it names there, whole?
### BEGIN HIDDEN TESTS
import hashlib
from pathlib import Path

from judging import lab_text
from judging_repository import Repository, stored

alarm = Repository("alarm", "alarm")
for revision in ("v1", "main"):
    remote = alarm.remote(revision)
    assert remote is not None, (
        f"In {revision} the committed .dvc/config names no default remote: a colleague's clone does not know where to pull from. Commit it, and add the remote with --default and without --local."
    )
    address = Path(remote.removeprefix("file://"))
    assert address.is_absolute(), (
        f"In {revision} the committed .dvc/config gives the store's address as {remote}, counted from the clone: a clone that lies in another folder looks for the store in the wrong place. Give the absolute path."
    )
    assert address.resolve() == Path("alarm-store").resolve(), (
        f"In {revision} the default remote is {remote}, expected the folder alarm-store beside this notebook."
    )
assert alarm.commit("v1") in alarm.commits("main"), "The tag v1 is not on main."
outs = alarm.outs("v1")
for path in ("prepared/train.csv", "model.json"):
    assert path in outs or "prepared" in outs, f"In v1 neither dvc.lock nor a pointer names {path}."
for path, name in outs.items():
    if path not in alarm.tree("v1"):
        there = stored("alarm-store", name)
        assert there == "yes", (
            f"v1 names {path} with the hash {name[:8]}…, and in alarm-store it is {'missing: was it pushed?' if there == 'no' else 'damaged'}"
        )
assert not any(path in ("data/trips.csv", "model.json") for path in alarm.tree("main")), "On main, data or model are in Git again."
data = hashlib.md5(lab_text("trips.csv").encode()).hexdigest()
assert stored("alarm-store", data) == "yes", (
    "In alarm-store there is no trips.csv of June to August as you got it: v1 must be made before the trips of September arrive."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-release-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: v2, from a clean clone. Is it later than v1, with all trips, the new date, and reproduced?
### BEGIN HIDDEN TESTS
from io import StringIO

import pandas as pd
import yaml
from judging import lab_text
from judging_pipeline import pulled
from judging_repository import Repository

alarm = Repository("alarm", "alarm")
assert alarm.commit("v1") in alarm.commits("v2")[1:], "The tag v2 is not on a later commit than v1."
assert alarm.commit("v2") in alarm.commits("main"), "The tag v2 is not on main."
day = str(yaml.safe_load(alarm.text("v2", "params.yaml"))["prepare"]["first_test_day"])
assert day == "2025-09-01", f"In v2 prepare.first_test_day is {day}, expected 2025-09-01: the release is tested on September."
clone = pulled(rehearse, "v2")
assert not clone["stale"], (
    f"In a clean clone of v2 DVC finds something to do in {', '.join(clone['stale'])}: reproduce first, then commit dvc.lock and the pointers, then tag."
)
old, new = (pd.read_csv(StringIO(lab_text(name)), dtype=str) for name in ("trips.csv", "september.csv"))
try:
    got = pd.read_csv(StringIO(clone["data"]), dtype=str)
except ValueError:
    got = old.head(0)
assert list(got.columns) == list(old.columns), f"In v2 the columns of data/trips.csv are {', '.join(got.columns)}."
assert len(got) == len(old) + len(new), (
    f"In v2 data/trips.csv has {len(got)} rows, expected {len(old)} + {len(new)}: the old trips and September's, without a second header."
)
numbers = {name: float for name in old.columns[1:]}
both = pd.concat([old, new]).astype(numbers).sort_values(list(old.columns)).to_numpy().tolist()
assert str(got.astype(numbers).sort_values(list(old.columns)).to_numpy().tolist()) == str(both), (
    "In v2 data/trips.csv has other trips than the two files."
)
assert alarm.outs("v2").get("model.json") != alarm.outs("v1").get("model.json"), (
    "v1 and v2 have the same model: v2 was not reproduced after the change."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-release-3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your cache is lost, and somebody asks for v1 back: its data, its model, its metrics, in a clean clone in which DVC has nothing to do.
### BEGIN HIDDEN TESTS
import hashlib

from judging import lab_text
from judging_pipeline import pulled
from judging_repository import Repository

alarm = Repository("alarm", "alarm")
clone = pulled(rehearse, "v1")
assert clone["files"].get("data/trips.csv") == hashlib.md5(lab_text("trips.csv").encode()).hexdigest(), (
    "The clone of v1 has other data than the trips of June to August: which version does the pointer in v1 name?"
)
wanted = alarm.outs("v1")
for path in ("model.json", "metrics.json"):
    assert clone["files"].get(path) == wanted.get(path), f"In the clone of v1 {path} is not the one that dvc.lock of v1 names."
assert not clone["stale"], (
    f"In a clean clone of v1 DVC finds something to do in {', '.join(clone['stale'])}. Code, settings, data and dvc.lock of a release belong to one another: reproduce, then commit, then tag."
)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · Version 1, please
#
# "Which figure did v1 have, and may I have its model for an hour?" The obvious way is `git checkout v1` and `dvc checkout`. But your folder holds somebody's half-finished work, and the cache may be new and empty. There is a better way: read the release, touch nothing.
#
# `read` from DVC's Python interface `dvc.api` reads one file of one release: from Git, from the cache, or, if it is not there, from the remote. (Take the name out of the module, as below: `import dvc.api` would write over `dvc`, which is our own small
# tool here.) In the cell below a small repository is played with two releases, in which somebody is at work. Its training takes a night, so nobody wants to reproduce it.

# %%
from dvc.api import read

play_releases(
    "small",
    [
        {"tag": "r1", "model": b'{"weights": [0.5, 1.5]}', "metrics": {"euros": 3120.5}, "where": "store"},
        {"tag": "r2", "model": b'{"weights": [0.4, 1.9]}', "metrics": {"euros": 2904.0}, "where": "cut"},
    ],
)
for tag in ("r1", "r2"):
    print(tag, read("model.json", repo="small/repo", rev=tag, mode="rb"))
print(git("small/repo", "status", "--short"))
print(read("dvc.lock", repo="small/repo", rev="r2"))

# %% [markdown]
# (The line ` M metrics.json` is the work that somebody is at: a changed file, which must stay as it is.)
#
# Look closely at `r2`: its last characters are missing. The disk that holds the store was full one night, and the file was cut short. `read` streams it from the remote, and does not compare its hash. You would have put half a model on the server.
#
# ### Exercise 4 — Recall a release
# *Difficulty ●●○ · about 20 minutes*
#
# Write `recall(repo, release)`. It returns a dictionary with `"metrics"`, the release's `metrics.json` as a dictionary, and `"model"`, the bytes of its `model.json`.
#
# If the model cannot be had, or if its bytes do not have the MD5 that the release's `dvc.lock` names for `model.json`, it raises a `LookupError` that says so.
#
# Done means: it holds for repositories that you have not seen, with metrics in Git and the model in the cache, in the remote, or in neither. Nothing in the working folder, where the repository's files lie and people work on them, changes: not the files, not the branch.
#
# <details><summary>Hint 1</summary>Three things are read at the release: the metrics, <code>dvc.lock</code> and the model. Which of them tells you what the bytes must be?</details>
# <details><summary>Hint 2</summary>Look at the text of <code>dvc.lock</code> printed above: <code>yaml.safe_load</code> turns it into dictionaries and lists. <code>md5(content)</code> is in the workbench. DVC's exceptions are of several kinds, so catch
# them all, but around the one line alone that reads the model: what fails elsewhere is another fault.</details>


# %% nbgrader={"grade": false, "grade_id": "recall", "locked": false, "schema_version": 3, "solution": true, "task": false}
def recall(repo, release):
    """Return {"metrics": dict, "model": bytes} of a release. Raises LookupError where its model is lost or damaged."""
    ### BEGIN SOLUTION
    from dvc.api import read as read_at

    metrics = json.loads(read_at("metrics.json", repo=repo, rev=release))
    lock = yaml.safe_load(read_at("dvc.lock", repo=repo, rev=release))
    wanted = next(out["md5"] for stage in lock["stages"].values() for out in stage["outs"] if out["path"] == "model.json")
    try:
        content = read_at("model.json", repo=repo, rev=release, mode="rb")
    except Exception as trouble:
        raise LookupError(f"the model of {release} is neither in the cache nor in the remote") from trouble
    if md5(content) != wanted:
        raise LookupError(f"the model of {release} is damaged: {md5(content)} instead of {wanted}")
    return {"metrics": metrics, "model": content}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-recall", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
play_releases(
    "small",
    [
        {"tag": "r1", "model": b'{"weights": [0.5, 1.5]}', "metrics": {"euros": 3120.5}, "where": "store"},
        {"tag": "r2", "model": b'{"weights": [0.4, 1.9]}', "metrics": {"euros": 2904.0}, "where": "cut"},
        {"tag": "r3", "model": b'{"weights": [0.3, 2.2]}', "metrics": {"euros": 2899.5}, "where": "both"},
    ],
)
got = recall("small/repo", "r1")
assert isinstance(got, dict) and {"metrics", "model"} <= set(got), (
    f"recall returned {type(got).__name__}, expected a dictionary with 'metrics' and 'model'."
)
assert got["metrics"] == {"euros": 3120.5}, (
    f"The metrics of r1 are {{'euros': 3120.5}}; recall says {got['metrics']}. Read them at the release, not in the folder."
)
assert got["model"] == b'{"weights": [0.5, 1.5]}', f"The model of r1 is another one: recall returned {got['model'][:30]!r}."
status = git("small/repo", "status", "--short").split()
assert status == ["M", "metrics.json"] and Path("small/repo/model.json").read_bytes() == b"half a model", (
    "After recall somebody's work in the folder is not as it was. Read the release without checking it out."
)
try:
    recall("small/repo", "r2")
except LookupError:
    pass
else:
    raise AssertionError(
        "The model of r2 is damaged: its bytes do not give the MD5 in dvc.lock. recall returned it all the same; expected a LookupError."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-recall", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: recall in another repository in which somebody is at work, with models in the remote, in the cache, or in both.
### BEGIN HIDDEN TESTS
from colleagues import play_releases
from judging import own_folder
from judging_recall import expect_recall, make_releases

with own_folder() as place:
    releases = make_releases("recall", ["store", "cache", "both"])
    play_releases(place / "hills", releases)
    for one in releases:
        expect_recall(recall, place / "hills" / "repo", one)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-recall-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: recall where models are lost or damaged. Does it say so, and still give the others?
### BEGIN HIDDEN TESTS
from colleagues import play_releases
from judging import own_folder
from judging_recall import expect_recall, make_releases

with own_folder() as place:
    releases = make_releases("recall lost", ["cut", "store", "nowhere", "changed", "both"])
    play_releases(place / "lakes", releases)
    for one in releases:
        expect_recall(recall, place / "lakes" / "repo", one)
### END HIDDEN TESTS

# %% [markdown]
# Now the decision that Rosa waits for: `v1` or `v2`? Your `recall` brings both, and their figures. `score_again` asks a model about the days that the repository tests on *now*, those of September. It does so in today's folder, with today's
# `features.py`, `fill.json` and costs. A model and the value that fills its gaps belong together: put `v1`'s model beside another fill value, and it answers otherwise. Here that does no harm, since the value is 3.5 in both releases, and script and costs have
# not changed. Who brings a model back for good brings back the whole release.

# %% tags=["uses-answers"]
models = {tag: recall("alarm", tag) for tag in ("v1", "v2")}
days = {}
for tag, release_ in models.items():
    september_metrics, days[tag] = score_again("alarm", release_["model"])
    print(tag, "says of itself", release_["metrics"])
    print("   asked about September", september_metrics)
gain = days["v1"]["euros"] - days["v2"]["euros"]
print(f"v2 saves {gain.mean():.0f} euros a day, give or take {gain.sem():.0f} (standard error over {len(gain)} days)")

fig, ax = plt.subplots(figsize=(8, 3))
for tag, marker in [("v1", "o--"), ("v2", "s-")]:
    ax.plot([int(day[-2:]) for day in days[tag].index], days[tag]["euros"] / days[tag]["trips"] * 1000, marker, label=tag)
ax.set(xlabel="day of September 2025", ylabel="euros per 1,000 trips", title="What the answers of each release would have cost")
ax.legend()
fig.savefig("releases.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "releases.png",
    alt="Two lines over the days of September 2025: what the answers of v1 and of v2 would have cost each day, in euros per 1,000 trips",
)

# %% [markdown]
# Mind the trap: the figures in the two releases' `metrics.json` were measured on *different days*. Which of the numbers above may be compared, and which may not? E-bikes came on 18 August, by the way; which of the two models has ever seen one? You will need this in Part 6.
#
# And how sure is the gain? Both models were asked about the same days, so their costs are subtracted day by day (the days are *paired*): what makes a day dear for both, such as rain, cancels out. The **standard error** says by how much the mean of
# so few days is off by chance. About 21 euros, give or take 15, is 1.4 standard errors. If both models were equally good, chance would still show a gap this wide, in favour of one or the other, in about every fifth or sixth fortnight. From two
# standard errors on it would be about every fifteenth.

# %% [markdown]
# ## Part 5 · What was lost
#
# The depot on the hill works as you taught them. Its alarm is simple: a list of stations whose bikes are looked at first. It takes a second to train. All share `hub.git` and `store`, the DVC remote. `hub.git` is the *hub*, which plays the Git server: a *bare* repository, with commits and tags and no files to work
# on, which everyone pushes to and clones from. This morning your laptop was replaced: your cache is empty, and you have
# only a fresh clone, `hill/yours`.

# %% nbgrader={"grade": false, "grade_id": "hill", "locked": true, "schema_version": 3, "solution": false, "task": false}
from dvc_here import dvc  # again, in case you have imported a module of that name
from workbench import git

play_hill("hill")
hill_then = {name: git("hill/hub.git", "rev-parse", name).strip() for name in ("v1", "v2", "v3", "main")}
print(git("hill/yours", "log", "--format=%h %ad %an: %s %d", "--date=short"))
print(Path("hill/yours/dvc.yaml").read_text())
try:
    dvc("hill/yours", "pull")
except RuntimeError as error:
    print(error)

# %% [markdown]
# What you find out on the telephone:
#
# - **Cy** released `v2`: a better rule in `alarm.py`. He pushed with Git and forgot `dvc push`. His laptop was wiped on Friday.
# - **Bo** released `v3`: the trips of July and August. He forgot it, too. His laptop is there: `hill/bo`, with his clone and his cache. "Use it as if it were yours", he says, "but leave my files as they are."
# - **Ada** changed `limit` in `params.yaml` on `main` this morning, and committed and pushed that. "The rest happens by itself, doesn't it?"
#
# ### Exercise 5 — Make it whole again
# *Difficulty ●●● · about 30 minutes*
#
# Done means:
#
# 1. A clean clone of the hub can pull everything that `v1`, `v2` and `v3` name, from `hill/store`.
# 2. On `main` of the hub there is a new commit with the tag `v4`: Ada's limit, reproduced on Bo's trips, all that it names in the store, nothing left for DVC to do.
# 3. `v1`, `v2`, `v3` and all commits of the hub are where they were. A release that changes is no release.
#
# If it went wrong, run the cell that plays the hill again: it starts afresh.
#
# <details><summary>Hint 1</summary>Ask of each missing file: is it an output, or an input that no stage makes? The first can be made again, if the pipeline tells the truth, and its hash proves that it is the same. Of the second, somebody must have a copy.</details>
# <details><summary>Hint 2</summary><code>dvc push</code> works from any clone that has the files. <code>dvc pull</code> brings what there is and complains about the rest (in Python a RuntimeError, or give it <code>--allow-missing</code>);
# <code>dvc repro</code> runs the stages whose outputs are not there. Think about the order: what must be in the store before <code>main</code> can be reproduced? Branch and tags go to the hub by name: <code>git push origin NAME NAME</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "lost", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Make the depot's releases whole again, and release v4.
### BEGIN SOLUTION
dvc("hill/bo", "push")  # raw data cannot be made again: they come from the laptop that has them

git("hill/yours", "checkout", "--quiet", "v2")  # a model can
dvc("hill/yours", "repro", "--pull")  # what is there is pulled, the rest is made

git("hill/yours", "checkout", "--quiet", "main")
dvc("hill/yours", "repro", "--pull")
git("hill/yours", "commit", "--quiet", "--all", "-m", "Reproduced with Ada's limit")
git("hill/yours", "tag", "v4")
dvc("hill/yours", "push", "--all-tags")
git("hill/yours", "push", "--quiet", "origin", "main", "v4")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-lost", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
hub_tags = git("hill/hub.git", "tag").split()
moved = [name for name in ("v1", "v2", "v3") if name not in hub_tags or git("hill/hub.git", "rev-parse", name).strip() != hill_then[name]]
assert not moved, f"On the hub {', '.join(moved)} is not where it was. A release that moves cannot be trusted."
assert "v4" in hub_tags, f"The tags on the hub are {', '.join(hub_tags)}; expected v4, too. A tag in your clone is not yet on the hub."
pointer = re.search("md5: ([0-9a-f]{32})", git("hill/hub.git", "show", "v3:data/trips.csv.dvc"))[1]
assert Path("hill/store/files/md5", pointer[:2], pointer[2:]).exists(), (
    f"The trips of v3 ({pointer[:8]}…) are not in hill/store. No stage makes raw data: who has a copy?"
)

# %% nbgrader={"grade": true, "grade_id": "judge-lost", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from hill/hub.git and hill/store: Cy's release v2. Is its model there again, the very same, and is the release untouched?
### BEGIN HIDDEN TESTS
from judging_repository import Repository, stored

hub = Repository("hill/hub.git", "the hub")
subjects = hub.git("log", "--reverse", "--format=%s", "main").splitlines()[:4]
assert subjects == ["Release v1", "Release v2", "Release v3", "limit: the workshop has room for more"], (
    f"main on the hub begins with {', '.join(subjects)}: history was rewritten. Others have the old commits already; only add to them."
)
for number, tag in enumerate(("v1", "v2", "v3"), 1):
    assert hub.git("log", "-1", "--format=%s", hub.commit(tag)).strip() == f"Release v{number}", f"On the hub {tag} is not where it was."
for path, name in hub.outs("v2").items():
    if path not in hub.tree("v2"):
        assert stored("hill/store", name) == "yes", (
            f"v2 names {path} with the hash {name[:8]}…, and hill/store does not have it (whole). Cy's laptop is gone, but {path} is an output: the stage that makes it can run again."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-lost-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from hill/hub.git and hill/store: Bo's release v3. Are its data, counts and model there, whole?
### BEGIN HIDDEN TESTS
from judging_repository import Repository, stored

hub = Repository("hill/hub.git", "the hub")
for path, name in hub.outs("v3").items():
    if path not in hub.tree("v3"):
        there = stored("hill/store", name)
        assert there == "yes", (
            f"v3 names {path} with the hash {name[:8]}…, and in hill/store it is {'missing' if there == 'no' else 'damaged'}: Bo's laptop has it, in his cache."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-lost-3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from hill/hub.git and hill/store: v4. Is it what Ada's limit and Bo's trips give, does dvc.lock say so, and can it be pulled?
### BEGIN HIDDEN TESTS
import hashlib
import json
from pathlib import Path

import yaml
from judging_repository import Repository, stored, true_hill

hub = Repository("hill/hub.git", "the hub")
assert "v4" in hub.git("tag").split(), "There is no v4 on the hub: a tag has to be pushed, too."
assert hub.commit("v4") in hub.commits("main"), "On the hub v4 is not on main: was the branch pushed?"
assert len(hub.commits("v4")) > 4, "v4 is one of the old commits. To reproduce changes dvc.lock, and that is a new commit."
limit = yaml.safe_load(hub.text("v4", "params.yaml"))["limit"]
assert limit == 0.11, f"In v4 the limit is {limit}, expected Ada's, 0.11."
lock, outs = hub.lock("v4"), hub.outs("v4")
noted = lock["alarm"].get("params", {}).get("params.yaml", {}).get("limit")
assert noted == 0.11, (
    f"In v4 dvc.lock says that the alarm was made with the limit {noted}; params.yaml says 0.11. Reproduce, then commit dvc.lock."
)
for stage in lock.values():
    for dep in stage["deps"]:
        content = hub.text("v4", dep["path"]).encode() if dep["path"] in hub.tree("v4") else None
        now = hashlib.md5(content).hexdigest() if content is not None else outs.get(dep["path"])
        assert now == dep["md5"], (
            f"In v4 dvc.lock belongs to another {dep['path']} than the one in the commit: DVC would have something to do."
        )
for path, name in outs.items():
    if path not in hub.tree("v4"):
        assert stored("hill/store", name) == "yes", (
            f"v4 names {path} with the hash {name[:8]}…, and hill/store does not have it: was it pushed?"
        )
assert outs["data/trips.csv"] == hub.outs("v3")["data/trips.csv"], "v4 is not made from Bo's trips, those of v3."
place = Path("hill/store/files/md5")
trips, model = ((place / outs[path][:2] / outs[path][2:]).read_text() for path in ("data/trips.csv", "model.json"))
told, truth = json.loads(model)["look_first"], true_hill(trips, 0.11)
assert told == truth, f"The model of v4 names {len(told)} stations; Cy's rule, Bo's trips and Ada's limit give {len(truth)}."
assert json.loads(hub.text("v4", "metrics.json"))["stations"] == len(truth), (
    "In v4 metrics.json does not belong to the model: commit all that dvc repro has written."
)
### END HIDDEN TESTS

# %% [markdown]
# The hash was the judge here: the model that you made again in place of Cy's has, byte for byte, the MD5 that he had committed. A pipeline that tells the truth is a backup of everything but its inputs.
#
# ## Part 6 · In writing
#
# What a team can do tomorrow stands in what it has written down today. This part is read and marked by a person.

# %% [markdown]
# ### Exercise 6 — A page for the team
# *Difficulty ●●○ · about 30 minutes*
#
# Rosa, Ada, Bo and Cy will read it; Rosa has never used Git. Write 300 to 500 words, in your own words.

# %% [markdown] nbgrader={"grade": false, "grade_id": "page", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": true}
# **Your page.** Write it in the text cell below this one:
#
# 1. **What happened.** Why did Friday's `dvc repro` do nothing, and why did Cy's clone not work? Name the causes in the heap, each with the consequence that it had. (3 points)
# 2. **The decision.** Which release should be live from tomorrow, `v1` or `v2`? Give the figures on which you decide, say why those and not others, how sure one can be, and what would make you go back. (3 points)
# 3. **Rules.** At most five, for everyone who changes the pipeline: what to do in which order before others may rely on it, and how to check it. (2 points)
# 4. **What is safe and what is not.** What could be made again after today's losses, what could not, and what follows for backups? (2 points)
#
# ### BEGIN MARK SCHEME
# 1. What happened: 3 points.
#    - 1: `data/stations.csv` was not declared as a dependency of prepare, so DVC saw no change; "up to date" means "nothing that is declared has changed". (Half a point for "DVC did not notice" without the reason.)
#    - 1: `prepared/fill.json` was written by prepare, needed by train and evaluate, and no declared output: it existed on one laptop alone.
#    - 1: C was hard-coded in train.py (0.0005 instead of the agreed 1.0): the alarm hardly ever says yes, 4,327 euros for 1,000 trips instead of 2,766; or: the model.json in Git came from no run. A consequence must be named.
# 2. The decision: 3 points.
#    - 1: compares both models on the same days: on September v1 costs about 3,349 and v2 about 3,062 euros for 1,000 trips. Who compares 2,766 (v1 on August) with 3,062 (v2 on September) gets 0 here.
#    - 1: says how sure it is: 14 days, the gain is roughly one and a half standard errors; supports the decision by something else, such as that v1 was trained before the first e-bike. To keep v1 for another two weeks and measure again is as good a
#      decision, if it is reasoned in this way.
#    - 1: a condition and a way back, measurable: such as "if over two weeks v2 costs more a day than v1 would have, v1's model comes back by its tag, from the remote, in a minute".
# 3. Rules: 2 points.
#    - 1: the order: reproduce, commit dvc.lock and pointers with the code, tag, dvc push (before or together with git push).
#    - 1: a check that does not rely on good intentions: a clean clone that pulls and has an empty dvc status, the audit, by hand or in an automatic job. Also: whoever adds an import or a file declares it.
# 4. What is safe: 2 points.
#    - 1: outputs (v2's model) could be made again, and the hash proved that it is the same one; raw data (v3's trips) could not: they came from Bo's laptop, by luck.
#    - 1: so raw data are pushed first, and the store itself needs a backup and, for old releases, is not cleaned up (or `dvc gc` with care); a damaged object is found by its hash.
#
# Take off nothing for style. Take off 1 point where Rosa could not follow the decision.
# ### END MARK SCHEME

# %% [markdown]
# *Write your page here.*

# %% [markdown]
# ## Putting it together
#
# That Monday again, as a colleague would meet it today. A clean clone of your newest release, an empty cache, and a look at what follows from a change:

# %% tags=["uses-answers"]
newcomer = rehearse("alarm", EVENTS, store="alarm-store", revision="v2")
print(
    "error:",
    newcomer[""]["error"] or "none",
    "| DVC finds to do:",
    list(newcomer[""]["stale"]) or "nothing",
    "|",
    newcomer[""]["metrics"].strip(),
)
for event in EVENTS:
    print(f"{event['name']:18} → {', '.join(newcomer[event['name']]['stale']) or 'nothing to do'}")
print("v1, from the store:", recall("alarm", "v1")["metrics"])

# %% [markdown]
# What to take to work tomorrow:
#
# - "Up to date" means that nothing *declared* has changed. Watch a script to see what it touches.
# - Declare what a stage reads, file by file: too little, and changes go unnoticed; too much, and hours are spent for nothing.
# - Code, settings, pointers and `dvc.lock` go into one commit, after reproducing. Then the tag, then both pushes.
# - The test of a release is a clean clone. Let a machine do it, every night.
# - Outputs can be made again. Inputs must be kept.
#
# In the real world some things are harder. Not every training gives the same bytes twice: on a graphics card, or with several threads, the last digits may differ, and then DVC runs on from there; seeds, pinned packages and a rounding before writing help. Environments change as well, and a lock file of
# packages is a dependency like any other. Two people who reproduce at the same time get a conflict in `dvc.lock`: do not merge it by hand, reproduce. And `watch` sees Python scripts only; for other programs there are tools such as `strace`.
#
# ## Going further
#
# - **Nobody forgets to push.** `dvc install` puts *hooks* into a repository, small scripts that Git starts by itself: here one that runs `dvc push` before each `git push`. Try it in a clone of the hill, and think about what it cannot catch.
# - **The machine checks.** Let your `audit` and a clean clone run on every commit. That is where the intermediate lab on CI/CD begins.
# - **What would C = 0.1 give?** `dvc exp run -S train.C=0.1` runs the pipeline with another value, without a commit, and `dvc exp show` compares.
#
# To read:
#
# - [DVC's documentation, the chapter on defining pipelines](https://dvc.org/doc/user-guide/pipelines/defining-pipelines)
# - [DVC's documentation, the chapter on remote storage](https://dvc.org/doc/user-guide/data-management/remote-storage)
# - Andriy Burkov, *Machine Learning Engineering*: [the book's page](http://www.mlebook.com/)
# - [Google's guide to MLOps, continuous delivery and automation pipelines in machine learning](https://cloud.google.com/architecture/mlops-continuous-delivery-and-automation-pipelines-in-machine-learning)
