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
#     minutes: 120
#     outcomes:
#     - Find what makes a workflow green although its checks fail, and mend it so that red means stop
#     - Write tests for data and for a model's behaviour that pass good commits and fail sabotaged ones
#     - Mend a flaky test so that the same commit always gets the same, and the right, verdict
#     - Gate a candidate against the released model on the same fair trips, with false alarms held low
#     - Secure a release workflow against injected commands, loose permissions and unpinned actions
#     prerequisites:
#     - readiness-check
#     - model-versioning
#     - reproducibility
#     roadmap: CI/CD for ML
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: ci-cd-for-ml
#     terms:
#       continuous integration: "To check every change by machine, before it joins the others: CI."
#       continuous delivery: "To bring every change that passed its checks into service by machine, or at a button: CD."
#       workflow: "A file that says what GitHub runs when something happens in a repository: jobs, and their steps."
#       job: "A part of a workflow that runs on a machine of its own: a list of steps."
#       runner: "The machine, or the program on it, that runs the jobs of a workflow."
#       required check: "A job without whose pass a change cannot be merged."
#       exit code: "The number that a program leaves when it ends: 0 for success, any other for failure."
#       behaviour test: "A test of what a model answers, not of its code: what must not change it, and which way it must change."
#       smoke test: "A quick test whether something works at all."
#       flaky: "Said of a test that passes and fails on the same commit."
#       gate: "A check that a candidate must pass before it is released."
#       paired comparison: "To compare two models by their differences case by case, on the same cases."
#       script injection: "When text from outside, such as a title, is run as a command."
#       pinned: "Said of an action or package that is named by a hash or an exact version, which nobody can move."
#     title: CI/CD for ML
#     tools:
#     - GitHub Actions
#     - pytest
#     - zizmor
#     - check-jsonschema
# ---

# %% [markdown]
# # CI/CD for ML
#
# ## Why this matters
#
# Monday 3 November 2025, half past seven, the workshop of Metro Bikes. For the second time this year the yard is full of bikes that nothing is wrong with. On Friday at 17:40 Cy merged a change: the new odometers of eight stations report metres. The repair alarm, the model that says after each trip whether a van should fetch the bike, was trained again and released by itself. Since then it takes each trip from these stations for a journey of 4,000 kilometres.
#
# "But it was green!", says Cy. So it was. Noor, who leads the team, opens the page with the checks and scrolls. Green, green, green, back to August. Then she opens the log of one of them, and reads: `1 failed`. And the next one: `1 failed`. The tests had failed for eleven weeks, and each time GitHub drew a green tick beside it.
#
# **Continuous integration**, CI, means that a machine checks every change before it joins the others. **Continuous delivery**, CD, means that what has passed can go into service by machine as well. Both stand on one promise: *green means good*. A team that has no CI looks twice before it releases. A team whose CI is green whatever happens does not look at all.
#
# Today you make the promise true. You mend the workflow, write the tests that a *model* needs beside those of code, and at the end let the release depend on them. Then the judge sends commits that you have never seen: good ones, which must pass, and sabotaged ones, which must not.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `repo`, the team's repository: `alarm.py`, the alarm, 50 lines, read them all; `data`, its trips, and what is promised of them in `data/README.md`; `check`, the commands that people and workflows run.
# - `runner.py` (with `steps.py`, `actions.py`, `clock.py` and `expressions.py`), which plays GitHub's part on your machine, and `linters.py`, two programs' opinions about workflows.
# - `trial.py`, which tries your tests against a changed repository, and `colleagues.py`, which makes commits.
#
# You need Git's commits, pytest's plain test functions with `assert`, and from the shell that a program leaves an **exit code** when it ends: 0 for success, anything else for failure.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import linecache
import re
import shutil
import sys
from pathlib import Path

import jsonschema
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml
from IPython.display import Image

sys.path.insert(1, "repo")  # so that `from alarm import score` works here, too,
shutil.copytree("repo/data", "data", dirs_exist_ok=True)  # and "data/train.csv" is here as it is in the repository

from colleagues import mergeable, play_all
from linters import schema_problems, security_findings
from runner import pull_request, push, read_workflow
from trial import try_tests


def played(workflow, commits):
    """Play commits to the workflow in a file; see play_all in colleagues.py."""
    from colleagues import play_all

    return play_all(workflow, commits)


def verdicts(tests, trials):
    """Return what pytest says of the tests in a file in each trial, a dictionary of try_tests' arguments; see trial.py."""
    from trial import try_all

    return try_all(tests, trials)


def save_cell(path):
    """Write the text of the cell that is running to a file, without the line that says so."""
    cell = linecache.getlines(sys._getframe(1).f_code.co_filename)  # IPython keeps it there, for tracebacks
    Path(path).write_text("".join(line for line in cell if not line.startswith("save_cell(")))


def show(said):
    """Print what became of a run, job by job and step by step."""
    for name, job in said["jobs"].items():
        print(f"{job['result']:9} {name}")
        for step in job["steps"]:
            lines = step["log"].split("\n")
            said_why = [line[-150:] for line in lines if "Error: " in line] if step["outcome"] == "failure" else []
            print(f"            {step['conclusion']:9} {step['name'][:44]:46}{' | '.join(said_why[:1] or lines[:2])}")
    print(f"the run: {said['result']}")


# %% [markdown]
# ## Part 1 · Green although red
#
# A **workflow** is a YAML file in `.github/workflows`. `on` says which events start it: a *push*, a *pull request* (a change that somebody asks to be merged). Each **job** of it runs on a fresh machine, the **runner**, side by side unless one `needs` another. A job's steps run one after the other; a step either `run`s shell commands or `uses` an *action*, a ready-made step such as `actions/checkout`, which brings the commit onto the machine. A step whose exit code is not 0 fails, a failed step ends its job, and a failed job makes the run red. That is the idea. Here is the team's workflow, as it was all these weeks:

# %% nbgrader={"grade": false, "grade_id": "found-ci", "locked": true, "schema_version": 3, "solution": false, "task": false}
FOUND_CI = r"""
name: CI
on:
  push:
    branches: [main]
    paths: ["**.py"]
  pull_request:
    paths: ["**.py"]
permissions:
  contents: read
jobs:
  unit:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - name: Unit tests
        run: |
          bash check unit | tee unit.txt
          echo "end of report" >> unit.txt
      - name: Keep the report
        uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        with:
          name: unit
          path: unit.txt
  data:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - name: Data tests
        run: bash check data || echo "data tests failed, please look"
  model:
    needs: data
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - name: Restore features
        id: features
        uses: actions/cache@5a3ec84eff668545956fd18022155c47e93e2684 # v4.2.3
        with:
          path: features.csv
          key: features-${{ runner.os }}
      - name: Build features
        if: steps.features.outputs.cache-hit != 'true'
        run: bash check features
      - name: Train
        run: bash check train
        continue-on-error: true
      - name: Model tests
        run: |
          set +e
          bash check model
          echo "the model tests ended with $?" >> "$GITHUB_STEP_SUMMARY"
  ok:
    needs: [unit, data, model]
    if: always()
    runs-on: ubuntu-24.04
    steps:
      - run: echo "all checks are done"
"""
Path("ci_found.yml").write_text(FOUND_CI)
print(schema_problems(FOUND_CI) or "GitHub's schema has nothing against it")

# %% [markdown]
# The schema is what `check-jsonschema --builtin-schema vendor.github-workflows` uses. It sees a misspelt key; it cannot see what a workflow *does*. For that it must run. GitHub's own machines are not here, so `runner.py` plays them: it takes an event and a commit, and runs the `run:` steps in a fresh clone for each job. It knows triggers, `needs`, `if`, matrices, expressions, outputs, environments, shells with GitHub's own flags, `continue-on-error`, timeouts (on a toy clock: what sleeps puts it forward and does not wait), secrets, and four actions: checkout, cache, and the two for artifacts. It is a teaching aid and **not** GitHub: it has no containers, no other operating systems or Python versions, no permissions, no approvals, and no walls around what it runs. Its first lines say it all.
#
# So that a play takes no time, the commits below have a stand-in for the file `check`: it tells which check it is, and then passes, or ends as we say. Here is a commit in which three of the four checks fail:

# %%
show(played("ci_found.yml", [{"event": push(changed=["alarm.py"]), "ends": {"unit": "exit 1", "data": "exit 1", "model": "exit 1"}}])[0])

# %% [markdown]
# (To save room, the steps that bring a Python and install `requirements.txt` are left out. In a real repository they follow the checkout, `actions/setup-python` and `python -m pip install -r requirements.txt`, or the first `pytest` ends with "No module named pytest". And the hashes name the versions of the day on which this was written: take the newest.)
#
# Three failures, and the run is a success. Each was swallowed in another way. The words to know:
#
# | what | what it does to a failure |
# |:--|:--|
# | a pipe, `a \| b` | the exit code is that of `b`. With `set -o pipefail` it fails if any part does. GitHub runs a step with `bash -e`, **without** pipefail; only if you write `shell: bash` does it use `bash -eo pipefail` |
# | `a \|\| b` | a failure of `a` is handled, by `b` |
# | `set +e` | commands after it may fail; the step's exit code is that of its last command |
# | `continue-on-error: true` | the step (or job) fails, and counts as passed |
# | `if: always()` | the step (or job) runs whatever happened before. Right for a report, fatal for a release |
# | `timeout-minutes:` of a job | the job is *cancelled*, which is neither passed nor failed: `contains(needs.*.result, 'failure')` does not see it |
# | a job that is *skipped* | because what it needs has failed, say: it **counts as passed** where it is a required check |
# | `paths:` | the workflow does not start at all if no such file changed |
#
# A **required check** is a job without whose pass GitHub does not let a change be merged. Here it is the job `ok`, which needs all others. It is one name for the settings page, however the jobs change. And it is the most dangerous line of the file: with `if: always()` it passes whatever happened; without, it is *skipped* when something failed, and skipped counts as passed. And if the workflow does not start, its required check waits for ever, and nobody can merge a mended `README.md`. `mergeable` in `colleagues.py` applies these three rules.
#
# Last, the cache. `actions/cache` restores a file from an earlier run if there is one under this `key`, and saves it at the end otherwise. The features take twenty minutes to build, so Bo put them in the cache. Under which key?

# %%
two = played(
    "ci_found.yml",
    [
        {"event": push(changed=["alarm.py"]), "cache": True},
        {"event": push(changed=["alarm.py"]), "cache": True, "files": {"data/train.csv": "new trips\n"}},
    ],
)
print([said["ledger"] for said in two])

# %% [markdown]
# In the second run, with new data, no `features` were built: the model was tested on those of old.
#
# ### Exercise 1 — Red means stop
# *Difficulty ●●○ · about 16 minutes*
#
# Mend the workflow and write it to `ci.yml`, as the cell above wrote `ci_found.yml`. Keep the jobs' names and the commands `bash check …`.
#
# Done means:
#
# 1. A change in which `unit`, `data`, `features`, `train` or `model` fails, or hangs, is not mergeable, on a push to `main` as on a pull request, whichever files it touches.
# 2. A change in which all pass is mergeable, whichever files it touches.
# 3. The report `unit.txt` is kept as an artifact, also when the unit tests failed. That is when somebody wants to read it.
# 4. A check that hangs is stopped within 30 minutes. (Without a word from you GitHub waits for six hours.)
# 5. The features are built again when a file in `data`, `alarm.py` or `requirements.txt` has changed, and taken from the cache when none of these has.
#
# <details><summary>Hint 1</summary>Go through the found file with the table in hand, job by job; there are nine faults, counting what is missing. For <code>ok</code>, ask: in which state is each job that it needs, and what should <code>ok</code> itself do then? It must run always, and fail sometimes.</details>
# <details><summary>Hint 2</summary>A job may have <code>timeout-minutes</code>. The context <code>needs</code> knows the result of each needed job: <code>needs.unit.result</code>; <code>needs.*.result</code> is a list of all. Ask for success, not for the absence of failure. A step can <code>exit 1</code> under an <code>if</code>. A key may hold <code>hashFiles('requirements.txt', 'data/**')</code>, a hash over the contents of files.</details>

# %% nbgrader={"grade": false, "grade_id": "green", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write the mended workflow into the file ci.yml.
### BEGIN SOLUTION
Path("ci.yml").write_text(r"""
name: CI
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
defaults:
  run:
    shell: bash
jobs:
  unit:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - name: Unit tests
        run: bash check unit | tee unit.txt
      - name: Keep the report
        if: always()
        uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        with:
          name: unit
          path: unit.txt
  data:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - name: Data tests
        run: bash check data
  model:
    needs: data
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - name: Restore features
        id: features
        uses: actions/cache@5a3ec84eff668545956fd18022155c47e93e2684 # v4.2.3
        with:
          path: features.csv
          key: features-${{ runner.os }}-${{ hashFiles('data/**', 'alarm.py', 'requirements.txt') }}
      - name: Build features
        if: steps.features.outputs.cache-hit != 'true'
        run: bash check features
      - name: Train
        run: bash check train
      - name: Model tests
        run: bash check model
  ok:
    needs: [unit, data, model]
    if: always()
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - name: All must have passed
        if: needs.unit.result != 'success' || needs.data.result != 'success' || needs.model.result != 'success'
        run: exit 1
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-green", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
assert Path("ci.yml").is_file(), 'There is no file ci.yml. Write the mended workflow with Path("ci.yml").write_text(…).'
problems = schema_problems(Path("ci.yml").read_text())
assert not problems, f"GitHub would not take ci.yml: {problems[0]}"
jobs = set(read_workflow(Path("ci.yml").read_text())["jobs"])
assert {"unit", "data", "model", "ok"} <= jobs, f"ci.yml has the jobs {', '.join(sorted(jobs))}; expected unit, data, model and ok."
good, no_unit, no_data = played(
    "ci.yml",
    [
        {"event": push(changed=["alarm.py"])},
        {"event": push(changed=["alarm.py"]), "ends": {"unit": "exit 1"}},
        {"event": push(changed=["alarm.py"]), "ends": {"data": "exit 1"}},
    ],
)
assert mergeable(good), (
    f'In a commit in which all checks pass, the run is: {good["result"]}, and ok is not passed. Look with show(played("ci.yml", [{{"event": push()}}])[0]).'
)
assert {"unit", "data", "features", "train", "model"} <= set(good["ledger"]), (
    f"In a good commit the checks that ran are {', '.join(good['ledger'])}; expected unit, data, features, train and model."
)
assert not mergeable(no_unit), (
    f"The unit tests failed, the job unit says {no_unit['jobs']['unit']['result']}, ok says {no_unit['jobs']['ok']['result']}, and the change can be merged. A pipe's exit code is that of its last part, and a skipped job counts as passed."
)
assert not mergeable(no_data), (
    f"The data tests failed, the job data says {no_data['jobs']['data']['result']}, ok says {no_data['jobs']['ok']['result']}, and the change can be merged. What handles the failure, and what does ok do when a job that it needs was not passed?"
)

# %% nbgrader={"grade": true, "grade_id": "judge-green", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: ci.yml, played with commits in which one check fails, pushed or proposed, touching code, data or texts. None may be merged.
### BEGIN HIDDEN TESTS
from colleagues import mergeable
from runner import pull_request, push

red = [
    ("unit", push(changed=["alarm.py"])),
    ("data", pull_request(changed=["data/train.csv"])),
    ("features", push(changed=["requirements.txt"])),
    ("train", push(changed=["alarm.py", "data/test.csv"])),
    ("model", pull_request(changed=["alarm.py"])),
    ("model", push(changed=["data/test.csv"])),
    ("unit", pull_request(changed=["check"])),
]
told = played("ci.yml", [{"event": event, "ends": {which: "exit 3"}} for which, event in red])
for (which, event), said in zip(red, told):
    where = f"A {event['name'].replace('_', ' ')} that touches {', '.join(event['changed'])}"
    assert not said["result"].startswith("cannot"), f"ci.yml {said['result']}"
    assert said["result"] != "not triggered", (
        f"{where}: the workflow does not start, so nobody learns that {which} fails, and its required check waits for ever."
    )
    assert not mergeable(said), (
        f"{where}, and in which the check {which} fails, can be merged: ok is {said['jobs'].get('ok', {}).get('result', 'not there')}. Something between this check and ok swallows the failure."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-green-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: ci.yml, played with good commits of all kinds, which must be mergeable; with failing unit tests, of which the report must be kept; and with checks that hang.
### BEGIN HIDDEN TESTS
from colleagues import mergeable
from runner import pull_request, push

good = [
    push("main", ["alarm.py"]),
    pull_request(changed=["README.md"]),
    push("main", ["data/train.csv"]),
    pull_request(changed=["check", "alarm.py"]),
]
for event, said in zip(good, played("ci.yml", [{"event": event} for event in good])):
    where = f"A good {event['name'].replace('_', ' ')} that touches {', '.join(event['changed'])}"
    assert said["result"] != "not triggered", (
        f"{where} does not start the workflow: its required check waits for ever, and it can never be merged."
    )
    assert mergeable(said), f"{where} cannot be merged: ok is {said['jobs'].get('ok', {}).get('result', 'not there')}."
    kept = [step for job in said["jobs"].values() for step in job["steps"] if step["uses"].startswith("actions/upload-artifact")]
    assert any(step["conclusion"] == "success" for step in kept), (
        f"{where} passes, and the report unit.txt is not kept: it is wanted in any case."
    )
(failed,) = played("ci.yml", [{"event": push(changed=["alarm.py"]), "ends": {"unit": "exit 1"}}])
kept = [
    step["conclusion"] for job in failed["jobs"].values() for step in job["steps"] if step["uses"].startswith("actions/upload-artifact")
]
assert "success" in kept, (
    f"The unit tests failed, and keeping the report was {', '.join(kept) or 'not tried'}. After a failed step a step runs only if its `if` says so."
)
hanging = [{"unit": "sleep 30000", "data": "sleep 30000"}, {"model": "sleep 30000"}, {"train": "sleep 30000"}]
told = played("ci.yml", [{"event": push(changed=["alarm.py"]), "ends": ends} for ends in hanging])
for ends, said in zip(hanging, told):
    which = " and ".join(ends)
    stopped = [step["stopped"] for job in said["jobs"].values() for step in job["steps"] if "stopped" in step]
    longest = max(stopped, default=0)
    assert longest <= 30, f"{which}: the check hangs, and is stopped after {longest:g} minutes or later. Expected: within 30 minutes, in whichever job."
    assert not mergeable(said), (
        f"{which}: the check hangs until it is stopped, and the change can be merged. A job that is out of time is cancelled, and those that need it are skipped: neither is a failure."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-green-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: ci.yml, played with a series of commits that share a cache. Are the features built when, and only when, something that they depend on has changed?
### BEGIN HIDDEN TESTS
from runner import push

series = [
    ({}, True, "it is the first run"),
    ({"README.md": "# new\n"}, False, "only README.md has changed"),
    ({"README.md": "# new\n", "data/test.csv": "7\n"}, True, "data/test.csv has changed"),
    ({"data/test.csv": "7\n", "alarm.py": "print()\n"}, True, "alarm.py has changed"),
    ({"data/test.csv": "7\n", "alarm.py": "print()\n", "requirements.txt": "numpy==2\n"}, True, "requirements.txt has changed"),
    (
        {"data/test.csv": "7\n", "alarm.py": "print()\n", "requirements.txt": "numpy==2\n", "check.md": "x\n"},
        False,
        "only a text has changed",
    ),
]
told = played("ci.yml", [{"event": push(changed=["alarm.py"]), "files": files, "cache": True} for files, _, _ in series])
for (_, expected, what), said in zip(series, told):
    built = "features" in said["ledger"]
    assert built == expected, (
        f"In a commit in which {what}, the features were {'built' if built else 'taken from the cache'}; expected the other. "
        "The key should hold all that the features are made of, and nothing else."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · Tests for data
#
# Had `bash check data` been heard on Friday, would it have failed? It did fail, every day, and for another reason: the file `tests/test_data.py` was never written, and nobody noticed that either. "We test our code", said Cy, "the data come from the docks." But a model is made of code *and* data. A change to `train.csv` is a change to the model, and wants its tests as well.
#
# What to test is written down already, in the contract `data/README.md`:

# %%
print(Path("repo/data/README.md").read_text())

# %% [markdown]
# A contract that no machine reads is a wish. `try_tests` copies the repository, changes files in the copy as told, and runs pytest there with your file among its tests. Say what a test found where it fails: `assert not late, f"…{late}"`. Somebody reads it at six in the evening.
#
# ### Exercise 2 — The contract as tests
# *Difficulty ●●○ · about 16 minutes*
#
# Write tests for `data/train.csv` and `data/test.csv`, as many functions `test_…` as you like. The last line writes your cell into the file `test_data.py`, so keep all that it needs in this cell. pytest runs it in the repository's folder.
#
# Done means: your tests pass on every commit that keeps the contract, however odd its data look otherwise. They fail on every commit that breaks it, be it in one row of one file.
#
# <details><summary>Hint 1</summary>Go through the table line by line, and through the sentence below it, for both files each time. Three promises are about both files at once or about groups of rows: which? And compare with NaN carefully: <code>NaN &lt; 0</code> is false, and so is <code>NaN &gt;= 0</code>.</details>
# <details><summary>Hint 2</summary><code>Series.between(1, 6)</code> is false for missing values. <code>set(trips.columns)</code> has no order. Put the two tables together with <code>pd.concat</code> to ask for keys. <code>trips["tyre_pressure_bar"].isna().groupby(trips["needs_repair"]).mean()</code> gives a share for each label: a pressure that is missing mostly where a bike was broken tells the label.</details>

# %% nbgrader={"grade": false, "grade_id": "data-tests", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Tests for data/train.csv and data/test.csv. The last line must stay.
### BEGIN SOLUTION
import pandas as pd
import pytest

RANGES = {"distance_km": (1e-9, 60), "climb_m": (-300, 300), "km_since_service": (0, 1000), "end_station_id": (1, float("inf"))}
COLUMNS = {"trip_id", "day", "tyre_pressure_bar", "ebike", "needs_repair", *RANGES}


def read(name):
    return pd.read_csv(f"data/{name}.csv", dtype={"day": str})


@pytest.mark.parametrize("name", ["train", "test"])
def test_form(name):
    trips = read(name)
    assert set(trips.columns) == COLUMNS, f"{name}.csv: columns {set(trips.columns) ^ COLUMNS} are missing or too many"
    assert len(trips) >= 200, f"{name}.csv has {len(trips)} rows"


@pytest.mark.parametrize("name", ["train", "test"])
def test_ranges(name):
    trips = read(name)
    for column, (low, high) in RANGES.items():
        wrong = trips[~trips[column].between(low, high)]
        assert wrong.empty, f"{name}.csv: {len(wrong)} rows with {column} like {wrong[column].iloc[0]}"
    assert (trips["end_station_id"] % 1 == 0).all(), f"{name}.csv: a station that is no whole number"
    wrong = trips[trips["tyre_pressure_bar"].notna() & ~trips["tyre_pressure_bar"].between(1, 6)]
    assert wrong.empty, f"{name}.csv: {len(wrong)} pressures like {wrong['tyre_pressure_bar'].iloc[0]}"
    assert set(trips["ebike"]) == {0, 1}, f"{name}.csv: ebike is one of {set(trips['ebike'])}"


@pytest.mark.parametrize("name", ["train", "test"])
def test_labels(name):
    trips = read(name)
    assert trips["needs_repair"].isin([0, 1]).all(), f"{name}.csv: labels that are neither 0 nor 1"
    share = trips["needs_repair"].mean()
    assert 0.03 <= share <= 0.25, f"{name}.csv: {share:.0%} of the bikes need repair"
    missing = trips["tyre_pressure_bar"].isna().groupby(trips["needs_repair"]).mean()
    assert missing.max() <= 0.15, f"{name}.csv: pressures are missing in {missing.to_dict()} of the rows of a label"


def test_split():
    train, test = read("train"), read("test")
    for day in pd.concat([train["day"], test["day"]]).unique():
        assert pd.Timestamp(day).strftime("%Y-%m-%d") == day, f"a day is written {day}"
    assert train["day"].max() < test["day"].min(), f"train.csv goes until {train['day'].max()}, test.csv begins on {test['day'].min()}"
    keys = pd.concat([train["trip_id"], test["trip_id"]])
    assert keys.notna().all() and keys.is_unique, f"{keys.isna().sum()} trips have no trip_id, {keys.duplicated().sum()} are there twice"


### END SOLUTION
save_cell("test_data.py")


# %% nbgrader={"grade": true, "grade_id": "test-data-tests", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def changed_trips(name, change):
    """Return the files of a commit in which a table of trips was changed by a function."""
    return {f"data/{name}.csv": change(pd.read_csv(f"repo/data/{name}.csv", dtype={"day": str})).to_csv(index=False)}


assert Path("test_data.py").is_file(), "There is no file test_data.py: keep the cell's last line."
now = try_tests("test_data.py")
assert now["code"] != "5", "pytest found no test in your cell: a test is a function whose name begins with test_."
assert now["passed"], f"Your tests fail on the data as they are, in {', '.join(now['failed'])}: {now['says'][-600:]}"
for what, files in [
    ("the distances in test.csv are metres", changed_trips("test", lambda trips: trips.assign(distance_km=trips["distance_km"] * 1000))),
    (
        "there is one column more, idle_hours, how long the bike stood after the trip",
        changed_trips("train", lambda trips: trips.assign(idle_hours=2.5)),
    ),
    ("a trip stands twice in train.csv", changed_trips("train", lambda trips: pd.concat([trips, trips.tail(1)]))),
]:
    assert not try_tests("test_data.py", files)["passed"], (
        f"In a commit in which {what}, your tests pass. The contract promises otherwise: go through it line by line."
    )
kept = try_tests("test_data.py", changed_trips("test", lambda trips: trips[sorted(trips.columns)].sample(frac=1, random_state=1)))
assert kept["passed"], (
    f"Rows and columns came in another order, which the contract allows, and your tests fail in {', '.join(kept['failed'])}: {kept['says'][-500:]}"
)

# %% nbgrader={"grade": true, "grade_id": "judge-data-tests", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: test_data.py on commits with other data that keep the contract. It must pass.
### BEGIN HIDDEN TESTS
from judging import GOOD_DATA, draw_data

told = verdicts("test_data.py", [{"changes": draw_data(f"good {what}", change)} for what, change in GOOD_DATA.items()])
for what, said in zip(GOOD_DATA, told):
    assert said["passed"], (
        f"A commit that keeps the contract ({what}) fails your tests in {', '.join(said['failed'])}. Test what is promised, and no more: a test that cries wolf is soon ignored."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-data-tests-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: test_data.py on commits each of which breaks one line of the contract. It must fail.
### BEGIN HIDDEN TESTS
from judging import BAD_DATA, draw_data

trials = [{"changes": draw_data("as it should be")}, *({"changes": draw_data(f"bad {what}", change)} for what, change in BAD_DATA.items())]
told = verdicts("test_data.py", trials)
assert told[0]["passed"], (
    f"On another season's data, which keep the contract, your tests fail in {', '.join(told[0]['failed'])}: then it tells nothing that they fail on others."
)
missed = [what for what, said in zip(BAD_DATA, told[1:]) if said["passed"]]
assert not missed, f"{len(missed)} of {len(BAD_DATA)} sabotaged commits pass your tests. In one of them {missed[0]}."
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · Tests for a model
#
# Data keep their contract, the code's unit tests pass, and still the alarm may be wrong: a sign lost, rows shifted, a mean taken over the wrong table. Nothing crashes. One number on a test set may even look good. What catches such faults is a **behaviour test**: you do not know the right score of a trip, but you know how scores must *behave*.
#
# - **Invariance**: what must not matter, does not. A trip's score is the same alone as among others.
# - **Direction**: what makes things worse, does. With less air in the tyre the score rises.
# - A **smoke test** for the training: it runs, it learns something, it gives the same for the same seed.
#
# How it looks, with `repo/alarm.py`:

# %%
from alarm import load, read_trips, save, score, train

model = train(read_trips("repo/data/train.csv"), seed=1)
later = read_trips("repo/data/test.csv")
soft = later.assign(tyre_pressure_bar=2.8)
print("mean score as it was:", score(model, later).mean().round(3), " with 2.8 bar in all tyres:", score(model, soft).mean().round(3))
print("the first trip alone:", score(model, later.head(1)), " among the others:", score(model, later)[:1])

# %% [markdown]
# What the alarm promises, whoever changes its inside:
#
# 1. `score(model, trips)` gives one number between 0 and 1 for each trip, in the trips' order, also where a pressure is missing.
# 2. A trip's score follows from its five `FEATURES` and the model alone: not from the other trips in the table, nor from `trip_id`, `day` or `end_station_id`. (Up to rounding: 10⁻⁶.)
# 3. If all trips had 350 km since service instead of 50, the mean score would be at least half as much again; and so with 2.8 bar instead of 4.2. Single trips, or small steps, promise nothing.
# 4. `score` leaves the caller's table as it was. A model that was saved and loaded gives the same scores.
# 5. `train` with the same seed gives the same scores. And it learns: on `test.csv` its log loss is smaller than that of a constant, the share of broken bikes in `train.csv`.
#
# The log loss is −mean(log p) over what happened: −log(score) where the bike was broken, −log(1 − score) where it was sound.
#
# ### Exercise 3 — How an alarm behaves
# *Difficulty ●●● · about 18 minutes*
#
# Write tests for these five promises. They run in the repository's folder, with `from alarm import …`; read `data/train.csv` and `data/test.csv` from there.
#
# Done means: they fail on sabotaged versions of `alarm.py`, each of which breaks one promise somewhere. Each test stands alone: a table that one test gave to `score` may be changed by it, so no other test should use it. They pass on honest changes: another training, other features made from the same five columns, another order of the sums.
#
# <details><summary>Hint 1</summary>For each promise think of a saboteur: how would <code>score</code> look that breaks just this one? Would your test notice? Is there a missing pressure among the trips that you try one by one? Would it notice if the first row were right by chance?</details>
# <details><summary>Hint 2</summary>Score a shuffled table, and compare after undoing the shuffle; score rows one by one with <code>trips.iloc[[n]]</code>; change the keys with <code>assign</code>. <code>np.allclose(…, atol=1e-6)</code> compares. Keep a <code>trips.copy()</code> and compare with <code>equals</code>. <code>tmp_path</code> is pytest's fixture for a folder to save into.</details>

# %% nbgrader={"grade": false, "grade_id": "model-tests", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Tests for alarm.py. The last line must stay.
### BEGIN SOLUTION
import numpy as np
import pytest
from alarm import load, read_trips, save, score, train


@pytest.fixture
def past():
    return read_trips("data/train.csv")


@pytest.fixture
def later():
    return read_trips("data/test.csv")


@pytest.fixture
def model(past):
    return train(past, seed=1)


def test_scores_are_probabilities(model, later):
    scores = np.asarray(score(model, later))
    assert later["tyre_pressure_bar"].isna().any(), "no missing pressure to try"
    assert scores.shape == (len(later),)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_other_trips_do_not_matter(model, later):
    scores = np.asarray(score(model, later))
    some = [*range(10), *np.flatnonzero(later["tyre_pressure_bar"].isna())[:5]]
    alone = [float(np.asarray(score(model, later.iloc[[n]]))[0]) for n in some]
    assert np.allclose(alone, scores[some], atol=1e-6)
    shuffled = later.sample(frac=1, random_state=3)
    assert np.allclose(score(model, shuffled), scores[shuffled.index], atol=1e-6)


def test_keys_do_not_matter(past, later):
    model = train(past, seed=1)
    renamed = later.assign(trip_id=1, day="2030-01-01", end_station_id=999)
    assert np.allclose(score(model, renamed), score(model, later), atol=1e-6)


def test_direction(model, later):
    def mean(**values):
        return np.mean(score(model, later.assign(**values)))

    assert mean(km_since_service=350) >= 1.5 * mean(km_since_service=50)
    assert mean(tyre_pressure_bar=2.8) >= 1.5 * mean(tyre_pressure_bar=4.2)


def test_nothing_is_changed(model, later, tmp_path):
    before = later.copy()
    scores = score(model, later)
    assert later.equals(before)
    save(model, tmp_path / "model.json")
    assert np.allclose(score(load(tmp_path / "model.json"), later), scores, atol=1e-6)


def test_training(model, past, later):
    assert np.allclose(score(train(past, seed=1), later), score(model, later), atol=1e-6)
    broken = later["needs_repair"].to_numpy() == 1

    def log_loss(p):
        return -np.log(np.where(broken, p, 1 - np.asarray(p))).mean()

    assert log_loss(score(model, later)) < log_loss(np.full(len(later), past["needs_repair"].mean()))


### END SOLUTION
save_cell("test_model.py")

# %% nbgrader={"grade": true, "grade_id": "test-model-tests", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
CODE = Path("repo/alarm.py").read_text()
assert Path("test_model.py").is_file(), "There is no file test_model.py: keep the cell's last line."
now = try_tests("test_model.py")
assert now["code"] != "5", "pytest found no test in your cell: a test is a function whose name begins with test_."
assert now["passed"], f"Your tests fail on the alarm as it is, in {', '.join(now['failed'])}: {now['says'][-600:]}"
LAST_LINE = '1 / (1 + np.exp(-(X @ model["weights"] + model["intercept"])))'
for what, old, new in [
    ("score gives 1 minus what it should", LAST_LINE, f"1 - {LAST_LINE}"),
    ("score gives the scores from the smallest to the largest", LAST_LINE, f"np.sort({LAST_LINE})"),
    (
        "the training sees one broken bike, the first, and no other",
        'trips["needs_repair"].to',
        '(trips["needs_repair"] * 0 + (trips.index == 0)).to',
    ),
]:
    assert CODE.count(old) == 1
    assert not try_tests("test_model.py", {"alarm.py": CODE.replace(old, new)})["passed"], (
        f"A version of alarm.py in which {what} passes your tests."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-model-tests", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: test_model.py on honest changes to alarm.py and on other data. It must pass.
### BEGIN HIDDEN TESTS
from judging import GOOD_CODE, alarm_code, changed_code, draw_data

trials = [{"changes": {"alarm.py": changed_code(alarm_code(), *change)}} for change in GOOD_CODE.values()]
told = verdicts("test_model.py", [*trials, {"changes": draw_data("for the model")}])
for what, said in zip([*GOOD_CODE, "another season's data"], told):
    assert said["passed"], (
        f"An honest change ({what}) fails your tests in {', '.join(said['failed'])}. It keeps all five promises: test these, and no more."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-model-tests-2", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: test_model.py on sabotaged versions of alarm.py, each of which breaks one promise. It must fail.
### BEGIN HIDDEN TESTS
from judging import BAD_CODE, alarm_code, changed_code

told = verdicts(
    "test_model.py", [{"changes": {}}, *({"changes": {"alarm.py": changed_code(alarm_code(), *change)}} for change in BAD_CODE.values())]
)
assert told[0]["passed"], "On the alarm as it is your tests fail: then it tells nothing that they fail on others."
missed = [what for what, said in zip(BAD_CODE, told[1:]) if said["passed"]]
own_table = " (A table that an earlier test gave to score does not show it: it is changed already.)" if "own table" in "".join(missed[:1]) else ""
assert not missed, f"{len(missed)} of {len(BAD_CODE)} sabotaged versions of alarm.py pass your tests. In one of them {missed[0]}.{own_table}"
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · A test that throws dice
#
# On Tuesday the mended workflow is in place, and at ten it is red. Bo has changed a comment. He presses *Re-run*: green. A test that passes and fails on the same commit is called **flaky**. It does double harm: good changes are stopped, and people learn to press the button until it is green, which works on bad changes as well.
#
# The culprit is `test_training.py`, the old smoke tests of the training:

# %% nbgrader={"grade": false, "grade_id": "found-tests", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from alarm import read_trips, score, train

MODEL = {}


def log_loss(trips, scores):
    return -np.log(np.where(trips["needs_repair"] == 1, scores, 1 - scores)).mean()


def test_learns():
    """On trips that it was not trained on the alarm does better than a constant."""
    trips = read_trips("data/train.csv").sample(150)
    past, later = trips[:100], trips[100:]
    MODEL.update(train(past))
    constant = np.full(len(later), past["needs_repair"].mean())
    assert log_loss(later, score(MODEL, later)) < log_loss(later, constant)


def test_ranks():
    """Of the tenth with the highest scores, at least twice as many are broken as on average."""
    later = read_trips("data/test.csv").sample(60)
    worst = later.assign(score=score(MODEL, later)).nlargest(6, "score")
    assert worst["needs_repair"].mean() >= 2 * later["needs_repair"].mean()


def test_is_stable():
    """Two trainings on the same trips give nearly the same scores."""
    past, later = read_trips("data/train.csv").head(300), read_trips("data/test.csv")
    assert np.abs(score(train(past), later) - score(train(past), later)).max() < 0.1


save_cell("test_training_found.py")

# %% [markdown]
# How flaky? We run it on one and the same commit, again and again, as CI does. A **retry** means: run it up to three times, and take any pass. `BAD` is a commit after which every score is far too high, so that the alarm fetches nearly everything.

# %% nbgrader={"grade": false, "grade_id": "dice", "locked": true, "schema_version": 3, "solution": false, "task": false}
BAD = {"alarm.py": Path("repo/alarm.py").read_text().replace("float(intercept)}", "float(intercept) + 1.5}")}
good_runs = [said["failed"] for said in verdicts("test_training_found.py", [{"chance": n} for n in range(10)])]
bad_runs = [said["failed"] for said in verdicts("test_training_found.py", [{"chance": n, "changes": BAD} for n in range(10)])]
print("red of 10, on the good commit:", sum(map(bool, good_runs)), " on the bad one:", sum(map(bool, bad_runs)))
alone = try_tests("test_training_found.py", alone="test_ranks")["says"].strip().split("\n")[-1]
print("test_ranks alone:", alone.partition(" in ")[0])

# %%
share_good, share_bad = sum(map(bool, good_runs)) / 10, sum(map(bool, bad_runs)) / 10
retries = np.arange(1, 7)
fig, ax = plt.subplots(figsize=(7, 3))
ax.plot(retries, 100 * (1 - share_good**retries), "o-", label="good commit")
ax.plot(retries, 100 * (1 - share_bad**retries), "s--", label="bad commit")
ax.set(xlabel="times that one may run it (number)", ylabel="ends green (%)", ylim=(0, 102), title="What a retry does")
ax.legend()
fig.savefig("retry.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "retry.png",
    alt="Two lines over one to six allowed runs: the share that ends green. It rises for the good commit towards 100 per cent, and it rises for the bad commit, too, from a small share to a much larger one.",
)

# %% [markdown]
# Read it: how often is the good commit green with three runs, and how often the bad one?
#
# <details><summary>What we see</summary>Both lines rise. A retry makes a good commit pass and a bad one as well: it moves both towards green. A test that is worth its name lets the good one pass each time and the bad one never.</details>
#
# So look for what makes the verdict vary. There are two kinds of cause. One is *chance*: each line that draws must be given a seed. But a seed alone is a trap. It makes the verdict the same, not right: with 50 trips, five of them broken, one seed says yes and the next says no, and the first change to the data draws again. A test needs so much evidence that its verdict would be the same with nearly any seed.
#
# The other kind is *what other tests leave behind*: a test must pass alone, and in any order.
#
# ### Exercise 4 — Same commit, same verdict
# *Difficulty ●●○ · about 12 minutes*
#
# Mend the three tests. The last line writes them into `test_training.py`. Keep their names and what they say in their docstrings, the bounds included: twice as many, 0.1.
#
# Done means: on the same commit each test always gives the same verdict, alone, in any order, whatever the generators of chance start from. On every good commit it is green, with other data, too. On a commit after which the alarm does not learn, ranks no better than chance, or differs from training to training, it is red each time.
#
# <details><summary>Hint 1</summary>Five lines draw or depend on another test. How many of the 1,867 and 481 trips does each test use, and what does that save? A training takes a fiftieth of a second.</details>
# <details><summary>Hint 2</summary>What needs no sample needs no seed for it. A fixture can train anew for each test that asks. What would <code>test_is_stable</code> still say if both trainings had the same seed?</details>

# %% nbgrader={"grade": false, "grade_id": "flaky", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The mended tests of the training. The last line must stay.
### BEGIN SOLUTION
import numpy as np
import pytest
from alarm import read_trips, score, train


def log_loss(trips, scores):
    return -np.log(np.where(trips["needs_repair"] == 1, scores, 1 - scores)).mean()


@pytest.fixture
def past():
    return read_trips("data/train.csv")


@pytest.fixture
def later():
    return read_trips("data/test.csv")


def test_learns(past, later):
    """On trips that it was not trained on the alarm does better than a constant."""
    constant = np.full(len(later), past["needs_repair"].mean())
    assert log_loss(later, score(train(past, seed=1), later)) < log_loss(later, constant)


def test_ranks(past, later):
    """Of the tenth with the highest scores, at least twice as many are broken as on average."""
    worst = later.assign(score=score(train(past, seed=1), later)).nlargest(len(later) // 10, "score")
    assert worst["needs_repair"].mean() >= 2 * later["needs_repair"].mean()


def test_is_stable(past, later):
    """Two trainings on the same trips give nearly the same scores."""
    assert np.abs(score(train(past, seed=1), later) - score(train(past, seed=2), later)).max() < 0.1


### END SOLUTION
save_cell("test_training.py")

# %% nbgrader={"grade": true, "grade_id": "test-flaky", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
assert Path("test_training.py").is_file(), "There is no file test_training.py: keep the cell's last line."
NAMES = ("test_learns", "test_ranks", "test_is_stable")
for name, lone in zip(NAMES, verdicts("test_training.py", [{"alone": name, "chance": 7} for name in NAMES])):
    assert lone["code"] != "5", f"There is no test {name} any more. To take a test away is no way to mend it."
    assert lone["passed"], f"{name}, run alone, fails on the alarm as it is: {lone['says'][-500:]}"
again = verdicts("test_training.py", [{"chance": n, "backwards": n % 2 == 0} for n in range(6)])
reds = [said for said in again if not said["passed"]]
assert not reds, (
    f"Run six times on the same good commit, in both orders, your tests are red {len(reds)} times, in {', '.join(reds[0]['failed'])}. What still draws, or uses what another test left?"
)

# %% nbgrader={"grade": true, "grade_id": "judge-flaky", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: test_training.py on good commits with other data and an honest change to the training, several times each. It must always pass.
### BEGIN HIDDEN TESTS
from judging import GOOD_CODE, alarm_code, changed_code, draw_data

trials = [{"changes": draw_data(f"calm {n}"), "chance": n, "backwards": n % 2 == 1} for n in range(12)]
steps = {"alarm.py": changed_code(alarm_code(), *GOOD_CODE["more and smaller steps in training"])}
trials += [{"changes": steps, "chance": 50 + n} for n in range(2)]
red = [said["failed"] for said in verdicts("test_training.py", trials) if not said["passed"]]
assert not red, (
    f"Of {len(trials)} runs on good commits, most with another season's data, {len(red)} are red, one in {', '.join(red[0])}. "
    "A seed makes a verdict repeatable, not right: with how many trips would nearly any seed say the same?"
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-flaky-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: test_training.py on bad commits, several times each. It must always fail.
### BEGIN HIDDEN TESTS
from judging import BAD_TRAINING, alarm_code, changed_code

trials = [
    (what, name, {"changes": {"alarm.py": changed_code(alarm_code(), *change)}, "alone": name, "chance": n})
    for what, (name, change) in BAD_TRAINING.items()
    for n in range(2)
]
told = verdicts("test_training.py", [{}, *(trial for _, _, trial in trials)])
assert told[0]["passed"], "On the alarm as it is your tests fail: then it tells nothing that they fail on others."
for (what, name, _), said in zip(trials, told[1:]):
    assert said["code"] != "5", f"There is no test {name}, and so nobody sees that after a bad commit {what}."
green = [(what, name) for (what, name, _), said in zip(trials, told[1:]) if said["passed"]]
assert not green, (
    f"On a bad commit, after which {green[0][0]}, {green[0][1]} is green in {green.count(green[0])} of 2 runs. "
    "Does it still test what its docstring says, and does it judge once?"
)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · A gate by measurement
#
# Tests say that an alarm is sound. Whether it is *better* than the one in service is a measurement, made by a **gate**. Until now the gate was one line: the candidate's cost on the newest trips must not be above 2.03 euros per trip, "because that is what the released one had", in June. Since then it has stopped four good candidates, for autumn is dearer than June, and let through one that had been trained on the very trips that it was tested on.
#
# A fair comparison asks both models about **the same trips**, which **neither was trained on**, and of which it is **known** what the workshop found: labels come late, and the newest are missing. An alarm's errors have a price: to fetch a sound bike costs 8 euros, to leave a broken one standing costs 40.
#
# And it allows for chance. Two trainings that differ in the seed alone differ in their cost, and one of them is the worse. How much may a candidate cost more, before you believe that it *is* worse? That is not a matter of taste: measure it. Below, 30 pairs of a released model and a candidate are trained by the same code with other seeds on other halves of the trips. In truth none is worse than another:

# %% nbgrader={"grade": false, "grade_id": "spread", "locked": true, "schema_version": 3, "solution": false, "task": false}
from alarm import read_trips, score, train

past, tested = read_trips("repo/data/train.csv"), read_trips("repo/data/test.csv")


def cost_of(fetched, broken):
    """Return what each answer costs, in euros."""
    return np.where(fetched, 8 * (1 - broken), 40 * broken)


costs = [cost_of(score(train(past.sample(frac=0.5, random_state=n), seed=n), tested) > 1 / 6, tested["needs_repair"]) for n in range(60)]
pairs = list(zip(costs[:30], costs[30:]))
differences = np.array([(mine - released).mean() for mine, released in pairs])
paired = np.mean([(mine - released).std() for mine, released in pairs]) / len(tested) ** 0.5
unpaired = np.mean([(mine.var() + released.var()) ** 0.5 for mine, released in pairs]) / len(tested) ** 0.5
print(
    f"{(differences > 0).sum()} of 30 cost more than their released model; standard error {paired:.2f} euros trip by trip, {unpaired:.2f} if each mean is taken by itself"
)

# %%
fig, ax = plt.subplots(figsize=(7, 2.8))
ax.hist(differences, bins=12, color="lightsteelblue", edgecolor="steelblue")
for width, style, name in [
    (2 * paired, "-", "2 standard errors, trip by trip"),
    (2 * unpaired, "--", "2 standard errors, two separate means"),
]:
    ax.axvline(width, color="black", linestyle=style, label=name)
ax.axvline(0, color="grey", linewidth=0.8)
ax.set(
    xlabel="candidate's cost minus released model's (euros per trip)",
    ylabel="candidates (number)",
    title="30 candidates, none of them worse in truth",
)
ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
fig.savefig("gate.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "gate.png",
    alt="Histogram of the cost differences of 30 pairs of equal models, around zero, on both sides. A solid line to the right marks two standard errors of the paired differences, a dashed line further out those of two separate means.",
)

# %% [markdown]
# Read it: how many equal candidates would a gate at zero stop? And how much worse may a candidate be before a gate at the dashed line notices?
#
# <details><summary>What we see</summary>A gate at zero stops every candidate right of it, although none is worse. A gate at the dashed line stops none, and a good deal of real damage passes below it, too. The solid line is the closer one at the same number of trips.</details>
#
# A **paired comparison** takes the difference trip by trip. On most trips both models say the same, and the difference is exactly 0, however dear the trip; so the differences vary much less than the costs. If d is a trip's difference, the mean of d has the standard error s/√n, with s the standard deviation of d and n the number of trips. An honest candidate lies above 2 of them in about one case of forty.
#
# ### Exercise 5 — Fair, and not nervous
# *Difficulty ●●○ · about 14 minutes*
#
# Write `gate(trips)`. It returns `True` if the candidate may go on, and `False` if it must be stopped. `trips` has a row a trip, with the answers of both models (`released`, `candidate`: 1 for fetch, else 0), `needs_repair` (1, 0, or missing where it is not known yet), and whether a model was trained on this trip (`released_was_trained_on_it`, `candidate_was_trained_on_it`).
#
# Done means: on a month's 3,000 trips a candidate that is as good as the released model passes in at least 95 of 100 cases; one that is better passes; one that costs 0.4 euros more per trip is stopped in at least 9 of 10. On half a year's 20,000 trips chance is smaller: an equal one still passes, and 0.14 euros more are enough to be stopped. Where there is no fair trip at all, nothing is known, and the candidate is stopped.
#
# <details><summary>Hint 1</summary>Which rows may count? Three conditions. Then one number a row: how much more the candidate cost there. In a loose gate real damage gets lost; in a tight one every third commit is red for nothing.</details>
# <details><summary>Hint 2</summary><code>trips[condition &amp; ~other]</code> keeps rows; <code>notna()</code> says what is known. The paragraph above says what the mean difference may be by chance. A bootstrap over the rows' differences does the same.</details>

# %% nbgrader={"grade": false, "grade_id": "gate-example", "locked": true, "schema_version": 3, "solution": false, "task": false}
EXAMPLE = pd.DataFrame(
    {
        "released": [1, 0, 0, 1],
        "candidate": [0, 0, 1, 1],
        "needs_repair": [0, 1, np.nan, 0],
        "released_was_trained_on_it": [False, False, False, True],
        "candidate_was_trained_on_it": False,
    }
)
EXAMPLE


# %% nbgrader={"grade": false, "grade_id": "gate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gate(trips):
    """Return whether the candidate may be released: whether it is not worse than the released model on fair trips, by more than chance."""
    ### BEGIN SOLUTION
    seen = trips["released_was_trained_on_it"] | trips["candidate_was_trained_on_it"]
    fair = trips[trips["needs_repair"].notna() & ~seen]
    broken = fair["needs_repair"]
    cost = {name: np.where(fair[name] == 1, 8 * (1 - broken), 40 * broken) for name in ("released", "candidate")}
    more = cost["candidate"] - cost["released"]
    if len(more) == 0:
        return False
    return bool(more.mean() <= 2 * more.std() / len(more) ** 0.5)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "decisions", "locked": true, "schema_version": 3, "solution": false, "task": false}
def decisions(tables):
    """Return what gate says of each table."""
    return [bool(gate(table)) for table in tables]


def played_trips(seed, worse=0.0, trips=3_000):
    """Return trips as `gate` gets them, made up: equal models, or a candidate that is `worse` by so many euros a trip."""
    rng = np.random.default_rng(seed)
    broken = rng.random(trips) < 0.1
    said = np.where(rng.random(trips) < 0.75, broken, rng.random(trips) < 0.3)
    table = pd.DataFrame({"released": said, "candidate": said, "needs_repair": broken}).astype(float)
    for name in ("released", "candidate"):
        flipped = rng.random(trips) < 0.01
        table[name] = table[name].mask(flipped, 1 - table[name])
    missed = (table["needs_repair"] == 1) & (rng.random(trips) < worse / 40 / 0.1)
    table["candidate"] = table["candidate"].mask(missed, 0)
    return table.astype({"released": int, "candidate": int}).assign(released_was_trained_on_it=False, candidate_was_trained_on_it=False)


# %% nbgrader={"grade": true, "grade_id": "test-gate", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
said = gate(played_trips(1))
assert said is not None and bool(said) in (True, False), f"gate returned {said!r}, expected True or False."
unknown = played_trips(2, trips=50).assign(needs_repair=np.nan)
try:
    let_through = bool(gate(unknown))
except Exception as error:
    raise AssertionError(
        f"Of no trip is it known what the workshop found, and gate stops with {type(error).__name__}: {error}. It should say False."
    ) from None
assert not let_through, "Of no trip is it known what the workshop found, and gate lets the candidate through: nothing is known of it."
passed = sum(decisions([played_trips(seed) for seed in range(20)]))
assert passed >= 17, (
    f"Of 20 candidates that are as good as the released model, gate lets {passed} through. Half of all equal candidates cost a little more: by how much may they, by chance?"
)
passed = sum(decisions([played_trips(seed, worse=0.8) for seed in range(100, 120)]))
assert passed <= 3, (
    f"Of 20 candidates that cost about 0.8 euros more per trip, gate lets {passed} through. By how much do the differences vary, trip by trip?"
)

# %% nbgrader={"grade": true, "grade_id": "judge-gate", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: gate on candidates as good as the released one, better ones, and ones that cost about 0.4 euros more a trip, 40 of each; then on 20,000 trips.
### BEGIN HIDDEN TESTS
from judging import draw_answers, numpy_drawn

rng = numpy_drawn("gate")
equal, better, worse = (sum(decisions([draw_answers(rng, **kind) for _ in range(40)])) for kind in ({}, {"better": 1}, {"worse": 1.1}))
assert equal >= 33, (
    f"Of 40 candidates that are as good as the released model gate stops {40 - equal}. So many red commits for nothing, and people stop believing it."
)
assert better >= 36, f"Of 40 candidates that are clearly better gate stops {40 - better}."
assert worse <= 8, (
    f"Of 40 candidates that cost 0.4 euros more a trip gate lets {worse} through. Both models answered about the same trips: does your comparison use that?"
)
equal, worse = (sum(decisions([draw_answers(rng, rows=20_000, **kind) for _ in range(20)])) for kind in ({}, {"worse": 0.6}))
assert equal >= 15, f"On 20,000 trips, of 20 candidates that are as good as the released model gate stops {20 - equal}."
assert worse <= 5, (
    f"On 20,000 trips, of 20 candidates that cost about 0.14 euros more a trip gate lets {worse} through. With more trips chance is smaller: a bound that is right for 3,000 is too wide for them."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-gate-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: gate where one of the models was trained on a part of the trips, and where the newest labels are not known yet.
### BEGIN HIDDEN TESTS
from judging import draw_answers, numpy_drawn

rng = numpy_drawn("gate, unfair")
seen_equal = sum(decisions([draw_answers(rng, seen_by="released") for _ in range(20)]))
assert seen_equal >= 15, (
    f"The released model was trained on some of the trips and shines there. Of 20 candidates as good as it gate stops {20 - seen_equal}: is the comparison fair?"
)
seen_worse = sum(decisions([draw_answers(rng, seen_by="candidate", worse=1.5) for _ in range(20)]))
assert seen_worse <= 5, (
    f"Of 20 candidates that are worse, and were trained on some of the trips, gate lets {seen_worse} through: is the comparison fair?"
)
late = [sum(decisions([draw_answers(rng, late=0.25, **kind) for _ in range(20)])) for kind in ({}, {"worse": 1.5})]
assert late[0] >= 15 and late[1] <= 5, (
    f"The newest labels are not known yet. Of 20 equal candidates gate lets {late[0]} through, of 20 worse ones {late[1]}: what does your cost make of a missing label?"
)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · The way out
#
# One workflow is left, and it holds the key to the door: `release.yml` has the token with which a model goes into service. A workflow with a secret is a program on the internet that strangers can send texts to. The title of a pull request, the name of a branch, the name of a tag: all of these are written by whoever likes, and GitHub replaces `${{ … }}` **before** the shell reads the line. If a title is `"; rm -rf ~; echo "`, then so is the command. That is **script injection**. Cy wrote this one:

# %% nbgrader={"grade": false, "grade_id": "found-release", "locked": true, "schema_version": 3, "solution": false, "task": false}
FOUND_RELEASE = r"""
name: Release
on:
  push:
    branches: [main]
    tags: ["v*"]
  pull_request_target:
permissions: write-all
env:
  REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    strategy:
      fail-fast: false
      matrix:
        suite: [unit, data, model]
    continue-on-error: ${{ matrix.suite == 'data' }}
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - uses: metro-tools/setup-bikes@main
      - run: bash check ${{ matrix.suite }}
  comment:
    needs: test
    if: always() && github.event.pull_request
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - name: Summary
        run: |
          echo "## ${{ github.event.pull_request.title }}" >> "$GITHUB_STEP_SUMMARY"
          echo "branch ${{ github.head_ref }}: ${{ needs.test.result }}" >> "$GITHUB_STEP_SUMMARY"
  release:
    needs: test
    if: ${{ github.event_name }} == 'push' && startsWith(github.ref, 'refs/tags/v')
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@v4
      - run: bash release ${{ github.ref_name }}
"""
Path("release_found.yml").write_text(FOUND_RELEASE)
for finding in security_findings(FOUND_RELEASE):
    print(f"line {finding['line']:2}  {finding['severity']:14}{finding['rule']:22}{finding['says'].split(' (')[0]}")

# %% [markdown]
# That was `zizmor --offline`, which knows what goes wrong in workflows. What it means:
#
# - `dangerous-triggers`: `pull_request_target` runs with your secrets and rights, on behalf of a stranger. Together with a checkout of the stranger's commit it runs *their* code with *your* token. `pull_request` gives a fork's changes no secrets.
# - `template-injection`: a text from outside inside `run:`. As an **environment variable** (`env:` of the step, then `"$TITLE"` in the script) it stays a text.
# - `unpinned-uses`: `@v4` and `@main` are names that others can move. An action is **pinned** when it is named by the hash of a commit. Look up: `actions/checkout` 4.2.2 is `11bd71901bbe5b1630ceea73d27597364c9af683`; `metro-tools/setup-bikes` 1.3.0, the team's own, is `5d1c0a8be93b0f6f4a3f1d9e7c2b8a6450e1f7d3`.
# - `artipacked`: checkout leaves its token in the folder, unless told `persist-credentials: false`.
# - `excessive-permissions`: each run gets a token, `GITHUB_TOKEN`. Without `permissions` it may do more than reading. Say `contents: read`.
#
# - `unsound-condition`: `if: ${{ github.event_name }} == 'push' && …` is always true. GitHub fills in the braces, and what comes out is a *text*, `pull_request == 'push' && …`; a text that is not empty is true. Write the condition without braces.
#
# (`actionlint` is another good reader of workflows: it knows the types of expressions and looks into the shell lines.) Neither can tell whether the workflow does what you want. A play does, with a pull request that nobody has looked at:

# %%
curious = played(
    "release_found.yml",
    [
        {
            "event": pull_request(title="Faster; $(echo I was here)", name="pull_request_target"),
            "secrets": {"REGISTRY_TOKEN": "s3same"},
            "ends": {"data": "exit 1"},
        }
    ],
)[0]
print(curious["ledger"])
print(curious["jobs"]["comment"]["steps"][0]["summary"])

# %% [markdown]
# The data tests failed, every check had the token, the title was run as a command, and the model of a pull request was released. `bash release NAME` is what brings a model into service; the stand-in only notes it.
#
# ### Exercise 6 — Only what passed, only from us
# *Difficulty ●●● · about 14 minutes*
#
# Mend the workflow and write it to `release.yml`. Keep the three jobs, the matrix of three suites, and the commands.
#
# Done means:
#
# 1. A push of a tag `v…` releases once, under the tag's name, if **all** suites passed. Nothing else releases: no branch, whatever its name, no pull request, no tag with a failed suite.
# 2. For each pull request, red or green, from a fork or not, `comment` writes the title, the branch and `needs.test.result` into the summary, letter by letter as they are.
# 3. No text from outside is run as a command. Tags have names, too.
# 4. `REGISTRY_TOKEN` is given to the step that releases, and to no other: not to the whole job either, where the checkout would have it.
# 5. zizmor has nothing to find, silencing it does not count, and the workflow's token may only read.
#
# <details><summary>Hint 1</summary>First answer for each of the three jobs: on which events, and after what? Then look for each <code>${{ … }}</code> inside a <code>run:</code>. Which of the texts can a stranger choose? (The matrix is yours, but it does no harm to treat all alike.)</details>
# <details><summary>Hint 2</summary>Without status functions an <code>if</code> implies that all that is needed has passed. Write the condition without braces. <code>GITHUB_REF_NAME</code> is in each step's environment already. <code>printf '## %s\n' "$TITLE"</code> prints a text as it is.</details>

# %% nbgrader={"grade": false, "grade_id": "release", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write the mended workflow into the file release.yml.
### BEGIN SOLUTION
Path("release.yml").write_text(r"""
name: Release
on:
  push:
    tags: ["v*"]
  pull_request:
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    strategy:
      fail-fast: false
      matrix:
        suite: [unit, data, model]
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: metro-tools/setup-bikes@5d1c0a8be93b0f6f4a3f1d9e7c2b8a6450e1f7d3 # 1.3.0
      - run: bash check "$SUITE"
        env:
          SUITE: ${{ matrix.suite }}
  comment:
    needs: test
    if: always() && github.event_name == 'pull_request'
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - name: Summary
        env:
          TITLE: ${{ github.event.pull_request.title }}
          BRANCH: ${{ github.head_ref }}
          RESULT: ${{ needs.test.result }}
        run: |
          printf '## %s\n' "$TITLE" >> "$GITHUB_STEP_SUMMARY"
          printf 'branch %s: %s\n' "$BRANCH" "$RESULT" >> "$GITHUB_STEP_SUMMARY"
  release:
    needs: test
    if: github.event_name == 'push' && startsWith(github.ref, 'refs/tags/v')
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - run: bash release "$GITHUB_REF_NAME"
        env:
          REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-release", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
assert Path("release.yml").is_file(), 'There is no file release.yml. Write the mended workflow with Path("release.yml").write_text(…).'
text = Path("release.yml").read_text()
assert not schema_problems(text), f"GitHub would not take release.yml: {schema_problems(text)[0]}"
assert {"test", "comment", "release"} <= set(read_workflow(text)["jobs"]), "Keep the three jobs test, comment and release."
SECRET = {"secrets": {"REGISTRY_TOKEN": "s3same"}}
tagged, red_data, proposed = played(
    "release.yml",
    [
        {"event": push(tag="v1.4"), **SECRET},
        {"event": push(tag="v1.5"), "ends": {"data": "exit 1"}, **SECRET},
        {"event": pull_request(title="Quicker $(echo training)"), **SECRET},
    ],
)
assert [line for line in tagged["ledger"] if "released" in line] == ["released v1.4"], (
    f"A tag v1.4 was pushed and all suites pass. What was done: {', '.join(tagged['ledger']) or 'nothing'} (the run: {tagged['result']}); expected: one release of v1.4."
)
assert not any("released" in line for line in red_data["ledger"]), (
    "The data tests failed at tag v1.5, and it was released. What does continue-on-error make of a job that failed?"
)
assert not any("released" in line for line in proposed["ledger"]), (
    "A pull request was released, unseen. Look at what is true in the `if` of the job release."
)
assert not any("token" in line for line in tagged["ledger"]), (
    f"These checks could read REGISTRY_TOKEN: {', '.join(line.split()[0] for line in tagged['ledger'] if 'token' in line)}. Give it to the step that releases, only."
)

# %% nbgrader={"grade": true, "grade_id": "judge-release", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: release.yml, played with tags, branches, pull requests and forks, good and red. What is released, and who can read the token?
### BEGIN HIDDEN TESTS
from judgekit import drawn
from runner import pull_request, push

name, secret = f"v{drawn('tag').randrange(2, 90)}.{drawn('tag 2').randrange(9)}", {"secrets": {"REGISTRY_TOKEN": "s3same"}}
cases = [
    ("a good tag", push(tag=name), {}, [f"released {name}"]),
    ("a tag whose unit tests fail", push(tag=name), {"unit": "exit 1"}, []),
    ("a tag whose data tests fail", push(tag=name), {"data": "exit 1"}, []),
    ("a tag whose model tests fail", push(tag=name), {"model": "exit 1"}, []),
    ("a good push to main", push(changed=["alarm.py"]), {}, []),
    ("a good push to a branch that is called v2", push(branch="v2", changed=["alarm.py"]), {}, []),
    ("a good pull request from a branch that is called v3", pull_request(branch="v3"), {}, []),
    ("a tag that is called nightly", push(tag="nightly"), {}, []),
]
told = played("release.yml", [{"event": event, "ends": ends, **secret} for _, event, ends, _ in cases])
for (what, _, _, expected), said in zip(cases, told):
    assert not said["result"].startswith("cannot"), f"release.yml {said['result']}"
    released = [line for line in said["ledger"] if line.startswith("released")]
    assert released == expected, (
        f"On {what}: {', '.join(released) or 'nothing is released'}; expected: {', '.join(expected) or 'nothing is released'}."
    )
    readers = [line.split()[0] for line in said["ledger"] if "token" in line]
    assert not readers, (
        f"On {what} the check {readers[0]} could read REGISTRY_TOKEN: code that somebody proposes, with the key to the door."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-release-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: release.yml, played with titles, branches and tags such as strangers choose; then zizmor's rules, with its comments removed, and the permissions.
### BEGIN HIDDEN TESTS
from judging import titles
from linters import security_findings
from pathlib import Path
from runner import pull_request, push, read_workflow

told = []
for number, title in enumerate(titles()):
    branch = "fix-$(touch${IFS}$LEDGER.broken)" if number == 1 else f"fix-{number}"
    told.append((title, branch, pull_request(title=title, branch=branch, fork=number == 2), {"unit": "exit 1"} if number == 0 else {}))
plays = played("release.yml", [{"event": event, "ends": ends, "secrets": {"REGISTRY_TOKEN": "s3same"}} for _, _, event, ends in told])
for (title, branch, _, ends), said in zip(told, plays):
    assert not said["broken_in"], f"A pull request with the title {title} and the branch {branch}: a part of it was run as a command."
    summary = "".join(step.get("summary", "") for step in said["jobs"].get("comment", {}).get("steps", []))
    for text in (title, branch, "failure" if ends else "success"):
        assert text in summary, (
            f"A pull request with the title {title}, branch {branch}: the summary of comment is {summary!r}, expected {text!r} in it, letter by letter."
        )
tag = "v1$(touch${IFS}$LEDGER.broken)"
(said,) = played("release.yml", [{"event": push(tag=tag), "secrets": {"REGISTRY_TOKEN": "s3same"}}])
assert not said["broken_in"], f"A tag was called {tag}: a part of it was run as a command, in the job that holds the token."
text = Path("release.yml").read_text()
found = security_findings(text)
assert not found, (
    f"zizmor finds, in line {found[0]['line']}, {found[0]['rule']}: {found[0]['says']}. (Comments that silence it are not heard.)"
)
release = read_workflow(text)
for job_name, job in release["jobs"].items():
    given = job.get("permissions", release.get("permissions"))
    writes = (
        [given] if given == "write-all" else [key for key, value in (given if isinstance(given, dict) else {}).items() if value == "write"]
    )
    others = [job.get("env"), *(step for step in job.get("steps") or [] if "release" not in str(step.get("run", "")))]
    assert "REGISTRY_TOKEN" not in str([release.get("env"), *others]), (
        f"In the job {job_name} more than the step that releases is given REGISTRY_TOKEN: name it in the `env` of that one step."
    )
    assert given is not None and not writes, (
        f"The token of the job {job_name} may do more than read: permissions are {'not said' if given is None else writes[0]}."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# Friday at 17:40 once more. Cy's commit, with your tests in the repository, on its way through your workflow. This time `check` is the real one, and runs pytest:


# %% nbgrader={"grade": false, "grade_id": "friday", "locked": true, "schema_version": 3, "solution": false, "task": false}
def friday(distance_factor):
    """Play Cy's commit, with the learner's tests, through ci.yml. Return the run."""
    import tempfile

    from colleagues import commit, git, start_again
    from runner import play, push

    with tempfile.TemporaryDirectory() as folder:
        start_again(f"{folder}/alarm")
        trips = pd.read_csv("repo/data/test.csv", dtype={"day": str})
        at_eight = trips["end_station_id"] <= 8
        trips["distance_km"] = trips["distance_km"].mask(at_eight, trips["distance_km"] * distance_factor)
        tests = {f"tests/{name}": Path(name).read_text() for name in ("test_data.py", "test_model.py", "test_training.py")}
        sha = commit(f"{folder}/alarm", {"data/test.csv": trips.to_csv(index=False), **tests}, "New odometers")
        return play(Path("ci.yml").read_text(), f"{folder}/alarm", push(), sha)


# %% tags=["uses-answers"]
metres = friday(1000)
show(metres)
print("can be merged:", mergeable(metres))

# %% [markdown]
# Red, with a message that says which column, and no vans on Saturday. What to take to work tomorrow:
#
# - Now and then break something on purpose, and see whether CI goes red. A check that was never red has never been tested.
# - One required job that runs always and asks for the result of each other. Skipped is not passed.
# - Three kinds of tests: for code, for data, for behaviour. Test promises, not numbers.
# - A flaky test is a bug. Mend it or remove it; never retry it.
# - A gate compares two models on the same fair trips, and knows how much chance there is.
# - What comes from outside is data: in `env:`, in quotes. Secrets go to the one step that needs them.
#
# **In older tutorials** you find `::set-output name=x::` (deprecated since 2022: write `x=…` to the file `$GITHUB_OUTPUT`), `actions/upload-artifact@v3` and `actions/cache@v2` (switched off by GitHub: such workflows fail), `master` for the branch, and actions named by tags, as if these could not move. What is said of `bash -e` without pipefail is still so.
#
# What is harder in the real world: a gate needs data and a released model that CI can reach, so it needs DVC and a registry (the labs before this one); training may take hours, so the full training runs nightly, and a change gets a smoke test; and a rule on the server must say that nobody, not even Noor, merges past `ok`. The project at the end of this level builds the whole way.

# %% [markdown]
# ## Going further
#
# - **A loop.** A workflow trains on each push to `main` and commits `dvc.lock`. Why does GitHub's own token not start it again, why would Bo's personal token, and which condition would you write in any case?
# - **Slices.** Let `gate` ask the same question for e-bikes alone. With ten slices, how often does one of them cry wolf by chance, and what follows for the factor 2?
# - **Mutation by machine.** Write a program that turns one operator in `alarm.py` round at a time, and counts how many mutants your tests let live.
#
# To read:
#
# - [GitHub's documentation, the syntax of workflows](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax)
# - [GitHub's documentation, secure use of Actions](https://docs.github.com/en/actions/reference/security/secure-use)
# - [zizmor's documentation, its audit rules one by one](https://docs.zizmor.sh/audits/)
# - Marco Tulio Ribeiro and others, *Beyond Accuracy: Behavioral Testing of NLP Models with CheckList* (2020): [the paper at the ACL Anthology](https://aclanthology.org/2020.acl-main.442/)
# - Eric Breck and others, *The ML Test Score: A Rubric for ML Production Readiness* (2017): [the paper at Google Research](https://research.google/pubs/the-ml-test-score-a-rubric-for-ml-production-readiness-and-technical-debt-reduction/)
