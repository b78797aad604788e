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
#     - Tell which of the eight prerequisites you are at home in, and which to repair first, from your own results
#     - Mend a night job at every place where it can break, from a log file to a shared Git history
#     - Write tests that catch a fault which nobody has shown you
#     - Show that a forecast does not know the future, and throw out the feature that did
#     - Choose where to run a job from what it costs in compute, storage and egress
#     prerequisites: []
#     roadmap: All prerequisites
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     - LLMOps / GenAIOps Engineer
#     slug: readiness-check
#     terms:
#       pipe: "The sign | in a command line: what the command before it prints, the one after it reads."
#       repository: "A folder whose history Git keeps."
#       commit: "A recorded state of all files in a repository, with author, time, message and the commits that it follows."
#       branch: "A name that points at a commit and moves on with each new one."
#       remote: "Another place that holds a repository or its data, from which one fetches and to which one pushes."
#       virtual environment: "A folder with a Python that has packages of its own, so that two programs can use different versions."
#       wheel: "A file that holds a Python package, ready to be installed."
#       lock file: "A list of all packages of an environment with their exact versions, and often their hashes."
#       REST API: "Addresses of a service that programs read and write by HTTP's own methods: GET, POST, PUT, DELETE."
#       back-off: "To wait longer before each new attempt, so that a service in trouble is not flooded."
#       leak: "Information in a model's input that is not known yet at the moment of the forecast."
#       baseline: "The simplest sensible solution, against which a model is measured."
#       egress: "Data that leave a cloud provider's region; they are paid for by the gigabyte."
#     title: Readiness check
#     tools:
#     - Python
#     - Bash
#     - Git
#     - pip and venv
#     - HTTP
#     - pytest
#     - scikit-learn
# ---

# %% [markdown]
# # Readiness check
#
# ## Why this matters
#
# Monday 7 April 2025, twenty to eight, the yard of Metro Bikes, the city's bike share. Three vans stand with their engines running. Each morning they fetch the bikes that need air or
# the workshop, from a list that a program makes in the night: the *night job*. This morning the list is empty. Not late, not broken: empty. "So all our bikes are fine", says the driver, and switches off
# the engine.
#
# You are the team's new ML engineer, and this is your first hour. Noor, who leads the team, asks you to go through the job from end to end. You will find that *four* things went wrong, each of them enough to empty the list by itself. Then
# come the rules, the forecast and the bill.
#
# None of this is MLOps yet. It is what MLOps stands on: **Bash, Python, Git, virtual environments, REST APIs, testing, machine learning** and **the cloud**. In each part you mend one thing. That tells more
# than a quiz: at the end you have a list for the vans, and a chart of your own results that says where to repair what.
#
# **Be kind to yourself.** Few people come with all eight. A part that you cannot do is a result, not a failure. Each part stands on its own: read its hints, and if it is not your day, click into the next part and go on. (*Run All* stops at
# the first exercise that is not yet solved. Run the cells one by one with Shift+Enter instead.) You may split the lab over several days.
#
# **What this check can tell, and what not.** Eight repairs of about ten minutes are a small sample. Who passes a part has done such a thing once, with help at hand: a good start for the labs that lean on it. It does not say that you know the field: nothing here asks for
# deep learning, statistics, or an account with a cloud provider. The chart shows the checks that you can see. When you hand in, hidden ones run as well, on fresh inputs; their results are in your feedback, exercise by exercise.

# %% [markdown]
# ## Setup
#
# How to work: read, run, then solve the exercise in the cell that says `YOUR CODE HERE`. Below it are checks. If one fails, read the *last* line of what it says. You can change your answer and run the checks again as often as
# you like.
#
# The files of this lab lie beside the notebook, and what you make goes there too. First run this cell:

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import copy
import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import requests
from IPython.display import Image, Markdown
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from docks import DockService
from readiness import draw, expect, passed, repair_plan, trying
from repository import file_at, git, is_part_of, messages, start_repository
from run_tests import run_tests

os.environ["RUSTUP_HOME"] = os.devnull  # pip asks Rust, where it is installed, for its version, and that would write into your home folder

for program in ("bash", "git"):
    print(f"{program}: {shutil.which(program) or 'NOT FOUND. Install it, or ask for help: two parts of this lab need it.'}")

# %% [markdown]
# Before you begin: how sure are you of each, from 0 (*not at all*) to 100 (*entirely*)? Change the numbers and run the cell. They earn nothing. (They stay in your notebook: if you do not want to show them, put the 50s back before you hand in.) At the end the chart sets them beside your results:
# to know what one does not know is half of a repair.

# %%
expect(bash=50, python=50, git=50, environments=50, rest_apis=50, testing=50, machine_learning=50, cloud=50)

# %% [markdown]
# ## Part 1 · Bash: what does the log say?
#
# The night job asks each *station* (a row of docks in a street, where bikes stand) for its sensors' readings. What it asked and what came back is in `night.log`, a line for each request:
#
# ```
# 2025-04-07T02:00:08Z GET /stations/38/readings 503 596ms try=1
# ```
#
# Time, method, path, *status*, duration, and which try it was. The status is a number of HTTP, the language of the web: 200 to 299 means that it went well, 400 to 499 that the request was wrong (404: there is no such thing), 500 to 599 that the *server* failed.
#
# *Bash* is the program that reads the commands in a terminal. Its strength is the *pipe*, `|`: what one small tool prints, the next one reads. The line below counts requests by method. `cut` takes the second word of each line, `sort` brings equal ones
# together, `uniq -c` counts them. `bash(…)` hands a line to Bash and prints what comes back:


# %%
def bash(line):
    print(subprocess.run(["bash", "-c", line], capture_output=True, text=True).stdout)


bash("head -n 4 night.log")
bash("cut -d ' ' -f 2 night.log | sort | uniq -c")

# %% [markdown]
# ### Exercise 1 — The three worst stations
# *Difficulty ●○○ · about 8 minutes*
#
# Write a Bash script, `worst.sh`, that takes a log file as its argument (`bash worst.sh night.log`) and prints the three stations that answered most often with a server error, a status from 500 to 599. One line for each: how often, then the station's number; the worst
# first; of stations that failed equally often the one with the lower number first. If fewer than three failed, it prints fewer lines.
#
# Other requests than `/stations/…/readings` do not count. Use the usual tools (`grep`, `cut`, `sort`, `uniq`, `awk`, `sed`, `head`), as many as you like. To write the file from here: `Path("worst.sh").write_text(r"""…""")`. The `r` keeps backslashes as they are.
#
# Done means: on `night.log`, and on other nights' logs that lie in other folders, the script prints these lines. How many blanks stand between the two numbers does not matter.
#
# <details><summary>Hint 1</summary>First print only the stations of the failed requests, one a line, then count them as above. Beware of durations: <code>503ms</code> is no status. In a script, <code>"$1"</code> is its first argument.</details>
# <details><summary>Hint 2</summary><code>awk</code> splits a line at blanks: <code>awk '$4 >= 500 {print $3}'</code> prints the path where the status is at least 500. <code>grep '/readings$'</code> keeps the right paths, and <code>cut -d / -f 3</code> takes the number out of one.
# <code>sort -k1,1nr -k2,2n</code> sorts by the first number downwards, then by the second upwards.</details>

# %% nbgrader={"grade": false, "grade_id": "worst", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
script = r"""
awk '$3 ~ "^/stations/[0-9]+/readings$" && $4 ~ /^5/ {split($3, part, "/"); print part[3]}' "$1" |
  sort | uniq -c | sort -k1,1nr -k2,2n | head -n 3
"""
Path("worst.sh").write_text(script)
### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "run-worst", "locked": true, "schema_version": 3, "solution": false, "task": false}
def run_worst(log):
    """Return what worst.sh prints for a log of this text: its lines as lists of words, and what Bash says if something is wrong."""
    with tempfile.TemporaryDirectory(prefix="other folder ") as folder:
        file = Path(folder, "a night.log")
        file.write_text(log)
        done = subprocess.run(["bash", "worst.sh", file], capture_output=True, text=True, timeout=20)
    return {"lines": [line.split() for line in done.stdout.splitlines() if line.strip()], "says": done.stderr.strip()[-400:]}


# %% nbgrader={"grade": true, "grade_id": "test-worst", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
trying("Bash", 1)
printed = run_worst(Path("night.log").read_text())
assert printed["lines"], f"worst.sh printed nothing. Bash says: {printed['says'] or 'nothing, either'}." + (
    ' (The log lies at a path with blanks in it: write "$1", with the quotation marks.)' if "o such file" in printed["says"] else ""
)
assert len(printed["lines"]) == 3, f"worst.sh printed {len(printed['lines'])} lines, expected 3: `head -n 3` keeps the first three."
assert all(len(line) == 2 and all(word.isdigit() for word in line) for line in printed["lines"]), (
    f"worst.sh printed {' '.join(printed['lines'][0])!r}, expected two whole numbers: how often, then the station's number alone."
)
passed("Bash", 1)

# %% nbgrader={"grade": true, "grade_id": "test-worst-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
trying("Bash", 2)
counted = [tuple(map(int, line)) for line in run_worst(Path("night.log").read_text())["lines"]]
failures = Counter(int(station) for station in re.findall(r"/stations/(\d+)/readings 5\d\d ", Path("night.log").read_text()))
for times, station in counted:
    assert times == failures[station], (
        f"worst.sh says that station {station} failed {times} times; the log has {failures[station]} lines in which its status is 500 to 599. "
        "The status is the fourth word: not the duration, and not the station's number."
    )
assert [times for times, _ in counted] == sorted(failures.values(), reverse=True)[:3], (
    f"worst.sh prints the counts {', '.join(str(times) for times, _ in counted)}; the three highest are "
    f"{', '.join(map(str, sorted(failures.values(), reverse=True)[:3]))}. Sort by the count as a number, downwards, before you cut off the rest."
)
passed("Bash", 2)

# %% nbgrader={"grade": true, "grade_id": "judge-worst", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: worst.sh on the logs of two other nights: one in which stations failed equally often, and one in which only two failed at all.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import draw_log

rng = fresh(1)
low, middle, high = int(rng.integers(2, 10)), int(rng.integers(10, 20)), int(rng.integers(20, 41))  # as texts, in another order
worst, rare = [station for station in rng.permutation(range(1, 41)).tolist() if station not in (low, middle, high)][:2]
often = int(rng.integers(8, 10))
log = draw_log(rng, {high: often, worst: often + 3, low: often, rare: 2, middle: often})
expected = [(often + 3, worst), (often, low), (often, middle)]
said = run_worst(log)
got = [tuple(map(int, line)) for line in said["lines"] if all(word.isdigit() for word in line)]
assert got, (
    f'On another night\'s log, in another folder, worst.sh printed nothing. Bash says: {said["says"] or "nothing, either"}. Its first argument is "$1".'
)
assert set(got) <= {(often + 3, worst), *((often, s) for s in (low, middle, high))}, (
    f"On another night's log worst.sh printed {got}, expected {expected}. Does it read the file that it is given, count server errors alone, and take the status for the status?"
)
assert got == expected, (
    f"On another night's log worst.sh printed {got}, expected {expected}: the highest count first, and of equal counts the lower station first, both compared as numbers."
)
two = run_worst(draw_log(rng, {worst: 4, rare: 11}))["lines"]
assert [tuple(map(int, line)) for line in two] == [(11, rare), (4, worst)], (
    f"On a night on which two stations failed worst.sh printed {two}, expected {[(11, rare), (4, worst)]}."
)
### END HIDDEN TESTS

# %% [markdown]
# (And `POST /lists/night`, which failed in most rounds? It sends the list to the workshop, and the next round sent it again. The lists that arrived were empty.)
#
# So a handful of stations were in trouble, and their neighbours were not. That explains missing bikes. It should not empty the whole list: read on.

# %% [markdown]
# ## Part 2 · Python: the second time is different
#
# A station that is unsure whether its readings arrived sends them again. So the job *tidies* them: each reading once, pressures as numbers. Bo wrote the function in March, tried it, and it was right. Since Saturday the job calls it twice, once to test
# the readings and once for the list:


# %%
def bos_tidy(readings, seen=set()):  # noqa: B006
    tidied = []
    for reading in readings:
        if reading["event_id"] not in seen:
            seen.add(reading["event_id"])
            reading["pressure_bar"] = float(reading["pressure_bar"]) if reading["pressure_bar"] else None
            tidied.append(reading)
    return tidied


last_night = json.loads(Path("readings.json").read_text())
print(last_night[1], len(last_night), "readings", sep="\n")
print("first call: ", len(bos_tidy(last_night)), "bikes")
print("second call:", len(bos_tidy(last_night)), "bikes")

# %% [markdown]
# There is the first reason for an empty list. And it is not the function's only fault.
#
# ### Exercise 2 — Tidy readings, each time
# *Difficulty ●○○ · about 8 minutes*
#
# Write `tidy(readings)`. It gets a list of dictionaries like the one above and returns a new list:
#
# - each `event_id` once: the first reading counts, whatever comes later under the same number;
# - in the order in which they came;
# - with `pressure_bar` as a float. It comes as a text (`"3.4"`) or a number. A sensor that sees nothing sends `""` or `None`: then it is `None`. A flat tyre is `0.0`, and a flat tyre is not nothing;
# - with everything else in the reading as it was.
#
# Done means: it does so every time that it is called, and what it was given is as before. The list of raw readings is kept as evidence.
#
# <details><summary>Hint 1</summary>When does Python make the set in <code>seen=set()</code>? Once, when the line with <code>def</code> runs, and all calls share it. (Bo's comment there silences a <em>linter</em>, a program that looks for likely mistakes. It had seen this one: rule B006.) And what does <code>reading["pressure_bar"] = …</code> change: a copy, or what the caller has?</details>
# <details><summary>Hint 2</summary>Make the set inside the function. <code>{**reading, "pressure_bar": value}</code> is a new dictionary with one value replaced. Ask for the two kinds of nothing by name, <code>in ("", None)</code>: <code>if reading["pressure_bar"]</code> is false for 0.0, too.</details>


# %% nbgrader={"grade": false, "grade_id": "tidy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tidy(readings):
    """Return the readings, each event once, with pressures in bar as floats, or None where unknown."""
    ### BEGIN SOLUTION
    first = {}
    for reading in readings:
        first.setdefault(reading["event_id"], reading)
    pressures = {event: reading["pressure_bar"] for event, reading in first.items()}
    known = {event: None if sent in ("", None) else float(sent) for event, sent in pressures.items()}
    return [{**reading, "pressure_bar": known[event]} for event, reading in first.items()]
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "two-nights", "locked": true, "schema_version": 3, "solution": false, "task": false}
def two_calls(readings):
    """Return what tidy makes of the readings at a first and at a second call, and what it left of them."""
    given = copy.deepcopy(readings)
    first = copy.deepcopy(list(tidy(given)))
    second = list(tidy(copy.deepcopy(readings)))
    return {"first": first, "second": second, "left": given}


# %% nbgrader={"grade": true, "grade_id": "test-tidy", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
trying("Python", 1)
raw = json.loads(Path("readings.json").read_text())
events = [reading["event_id"] for reading in raw]
called = two_calls(raw)
assert called["first"], f"tidy returned no reading of {len(raw)}."
assert [reading["event_id"] for reading in called["first"]] == sorted(set(events)), (
    f"tidy returned {len(called['first'])} readings of {len(set(events))} different events. Expected each event once, in the order in which they came."
)
assert called["second"] == called["first"], (
    f"The first call returned {len(called['first'])} readings, the second, on the same readings, {len(called['second'])}. "
    "Something is remembered from call to call: a default value is made once, when `def` runs."
)
passed("Python", 1)

# %% nbgrader={"grade": true, "grade_id": "test-tidy-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
trying("Python", 2)
made = {reading["event_id"]: reading["pressure_bar"] for reading in two_calls(raw)["first"]}
kinds = {type(pressure).__name__ for pressure in made.values()}
assert kinds == {"float", "NoneType"}, (
    f"The pressures are of the types {', '.join(sorted(kinds))}, expected float, and None where the sensor sent nothing."
)
for reading in raw:
    right = None if reading["pressure_bar"] == "" else float(reading["pressure_bar"])
    assert made[reading["event_id"]] == right, (
        f"The sensor of bike {reading['bike']} sent {reading['pressure_bar']!r}; tidy says {made[reading['event_id']]!r}, expected {right!r}."
    )
passed("Python", 2)

# %% nbgrader={"grade": true, "grade_id": "judge-tidy", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: tidy on fresh readings with texts, numbers, flat tyres and silent sensors, called twice. Is what it was given as before?
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import draw_readings

given, expected = draw_readings(fresh(2), 40)
called = two_calls(given)
assert len(called["first"]) == len(expected), f"Of {len(expected)} fresh events, many sent twice, tidy returned {len(called['first'])}."
assert [reading["event_id"] for reading in called["first"]] == [reading["event_id"] for reading in expected], (
    "The fresh events came out in another order than they came in. Their numbers need not rise."
)
for sent, got, right in zip(given, called["first"], expected, strict=False):
    assert got.get("pressure_bar") == right["pressure_bar"], (
        f"A sensor sent {sent['pressure_bar']!r} first; tidy says {got.get('pressure_bar')!r}, expected {right['pressure_bar']!r}. "
        "The first reading of an event counts, and 0.0 is a pressure."
    )
    assert got == right, f"tidy returned {got}, expected {right}: all that it is not told to change stays."
assert called["second"] == expected, "A second call on the same fresh readings returned something else."
assert called["left"] == given, "tidy changed the readings that it was given: its caller's list, or the dictionaries in it. Build new ones."
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · Git: undo the bad commit, keep the good ones
#
# The job's code and its rules are kept with *Git*. Its words, in short: a *commit* is one step of the history, with an author, a message, and a number that is also its name (its *hash*; the first seven letters are enough). `main` is the *branch* from which the job runs. Everybody has a copy of the *repository*, the
# folder with its history; the one that all share is called the *remote*, here `origin`. You *push* your commits to it.
#
# The next cell makes the repository as it was this morning. Your copy is the folder `nightly`, the shared one is `origin.git`. (Each time that you run it, it starts again from there. So you can try without fear.)

# %% nbgrader={"grade": false, "grade_id": "repository", "locked": true, "schema_version": 3, "solution": false, "task": false}
this_morning = start_repository()
git("log --oneline --graph")
print(Path("nightly/rules.json").read_text())

# %% [markdown]
# The job lists bikes below `list_below_bar`. The workshop pumps a tyre to about 3.5 bar, and one that has lost air may have 2. None has less than 0.28 until it is as flat as a pancake: there is the second reason. When did the number change, and with which commit? The messages do not say.
# `git("…")` runs a Git command in `nightly`:

# %%
git("show --stat HEAD")

# %% [markdown]
# ### Exercise 3 — Undo one commit
# *Difficulty ●●○ · about 10 minutes*
#
# Find the commit that spoilt the limit. Undo it on `main`, and push. Your colleagues have all commits since Friday in their own copies, and go on from them. So the past must stay as it is: you undo a commit by a *new* one.
#
# Work in the cell below: what you do in a terminal is gone when somebody runs your notebook afresh. If Git refuses, or you have made a mess, run the cell that makes the repository, and try again.
#
# Done means, on `main` of `origin.git`:
#
# 1. `list_below_bar` is what it was before the bad commit. All that the good commits brought, before and after it, is there.
# 2. Every commit of this morning is still in the history.
# 3. The message of your new commit names the hash of the commit that it undoes. (Git's own command for this writes such a message by itself.)
#
# <details><summary>Hint 1</summary><code>git("log -p rules.json")</code> shows what each commit changed in that file. Then look for the command that makes a new commit which is the opposite of an old one. It is not <code>reset</code>, and not <code>rebase</code>: these change the past.</details>
# <details><summary>Hint 2</summary><code>git help revert</code> tells of a way that adds to the history instead of changing it. Without an editor at hand it wants <code>--no-edit</code>, which takes the message that Git proposes. And until when does nobody else have it?</details>

# %% nbgrader={"grade": false, "grade_id": "undo", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
git("log --oneline -G list_below_bar -- rules.json")
git("revert --no-edit 8618df8")
git("push --quiet origin main")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-undo", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
trying("Git", 1)
mine, shared = (json.loads(file_at("main", "rules.json", folder) or "{}") for folder in ("nightly", "origin.git"))
assert mine.get("list_below_bar") != 0.28, "On your main, list_below_bar is still 0.28. Undo the commit that made it so, with a new commit."
assert shared.get("list_below_bar") != 0.28, (
    "Your copy is mended, the shared repository is not: there list_below_bar is 0.28. Push your commit to origin."
)
assert shared.get("list_below_bar") == 2.8, (
    f"On main of origin.git, list_below_bar is {shared.get('list_below_bar')}, expected what it was before the bad commit: 2.8. Look at the history of rules.json."
)
passed("Git", 1)

# %% nbgrader={"grade": true, "grade_id": "test-undo-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
trying("Git", 2)
assert is_part_of(this_morning, "main"), (
    "This morning's last commit is no longer in the history of main: the past was changed (by reset, rebase or a forced push). "
    "Whoever has the old commits cannot go on. Run the cell that makes the repository again, and undo with a new commit."
)
assert messages(this_morning, "main", "origin.git"), (
    "main of origin.git has no commit that was not there this morning. Undo with a new commit, and push it."
)
shared = json.loads(file_at("main", "rules.json", "origin.git"))
assert shared.get("vans") == 3, (
    f"On main of origin.git there are {shared.get('vans')} vans; Bo's good commit made it 3. Undo the bad commit alone, not all that came after it."
)
passed("Git", 2)

# %% nbgrader={"grade": true, "grade_id": "judge-undo", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the history in origin.git. Is every commit of this morning in it, and does a new one name the commit that it undoes?
### BEGIN HIDDEN TESTS
from pathlib import Path

from judging import copied

OLD = "ee606320a0a19060967558777e9c48c444a6236b"
BAD = "8618df8389b0d4813d2200d39accbb4d2b21d937"
with copied(Path("origin.git")) as run:
    assert run("rev-parse", "--verify", "--quiet", "main", ok=False), "origin.git has no branch main."
    assert run("merge-base", "--is-ancestor", OLD, "main", ok=False), (
        "In origin.git the history of main lacks this morning's commits: it was rewritten. Undo with a new commit, and push without force."
    )
    texts = [text for text in run("log", "--format=%B%x00", f"{OLD}..main").split("\0") if text.strip()]
    assert texts, "origin.git has no new commit: push yours."
    assert any(BAD[:7] in text for text in texts), (
        f"No new commit names the one that it undoes. The newest says {texts[0].strip().splitlines()[0]!r}; expected the hash of the commit that spoilt the limit, "
        "so that who reads the history in a year finds both."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-undo-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: every file on main of origin.git. Is all as it should be, the limit and what the good commits brought?
### BEGIN HIDDEN TESTS
import json
from pathlib import Path

from judging import copied

with copied(Path("origin.git")) as run:
    assert run("rev-parse", "--verify", "--quiet", "main", ok=False), "origin.git has no branch main to look at."
    there = set(run("ls-tree", "--name-only", "main").split())
    gone = {"job.py", "README.md", "rules.json"} - there
    assert not gone, f"On main, {', '.join(sorted(gone))} is gone."
    rules = json.loads(run("show", "main:rules.json"))
    right = {"list_below_bar": 2.8, "service_after_km": 300, "reports_for_now": 3, "skip_stations": [12]}
    right |= {"start_at": "02:00", "ready_by": "05:30", "send_to": "workshop", "vans": 3}
    wrong = [f"{name} is {rules.get(name)}, expected {value}" for name, value in right.items() if rules.get(name) != value]
    assert not wrong, f"In rules.json on main {'; '.join(wrong)}."
    assert "made at" in run("show", "main:job.py"), "job.py on main lacks what Ada's good commit brought: it prints when the list was made."
    assert "by name" in run("show", "main:README.md"), "README.md on main lacks the last sentence, which Ada's good commit brought."
### END HIDDEN TESTS

# %% [markdown]
# > **In older tutorials** you find `git checkout` for two different things. Since Git 2.23 (2019) `git switch` changes to another branch, and `git restore` brings back the state of a file. The old word still works. And what is called `main` here is called `master` there.
#
# ## Part 4 · Virtual environments: nothing changed, except everything
#
# On Sunday the server was set up afresh. Since then `pressures.py`, a step of the job, finds no tyre below 2.8 bar. It says that the lowest has 1830, which no tyre survives. Nobody had changed it, nor the list of packages that it needs:

# %%
print(Path("requirements.txt").read_text(), Path("pressures.py").read_text(), sep="\n")

# %% [markdown]
# Words first. A *package* is code that others wrote, with a version. `pip` installs packages, and what these need in turn: their *dependencies*. A **virtual environment** is a folder with a Python that has packages of its own, so that two
# programs on one machine can have different ones, and none disturbs the other. To *pin* a package is to name its exact version: `dockfeed==1.4.2`.
#
# `pip` takes packages from the internet. Here it takes them from the folder `wheels`, where the three that you need lie (a *wheel* is a package in one file), so you need no network: `--no-index --find-links wheels`. This is what the server did on Sunday:


# %%
def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    print(done.stdout + done.stderr, end="")


sunday = Path(tempfile.mkdtemp(prefix="sunday-"))
run(sys.executable, "-m", "venv", "--without-pip", sunday)  # makes the environment; it may borrow the pip that we have
pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", sunday / "bin" / "python"]
run(*pip, "install", "--no-index", "--find-links", "wheels", "-r", "requirements.txt")
run(sunday / "bin" / "python", "pressures.py")
shutil.rmtree(sunday)

# %% [markdown]
# ### Exercise 4 — An environment that stays as it is
# *Difficulty ●●○ · about 12 minutes*
#
# Make a virtual environment `night-env` beside this notebook in which `pressures.py` is right, and write down what is in it, so that the server is the same after the next Sunday, too.
#
# Done means:
#
# 1. `night-env/bin/python pressures.py` prints pressures in bar. Neither `pressures.py` nor a package is edited, and `dockfeed` is 1.4.2, as in `requirements.txt`.
# 2. The environment has only packages of its own: it does not look into those of this notebook.
# 3. `night.lock` is a text file with a line `name==version` for *every* package in it, as `pip freeze` prints them. (Packages that make the environment, such as pip itself, need not be there.)
#
# <details><summary>Hint 1</summary>Which package came along without being asked for? Read what changed in it: <code>wheels/tyreunits-CHANGES.txt</code>. A pin on a package does not pin what that package needs.</details>
# <details><summary>Hint 2</summary>The same commands as above, with <code>night-env</code> in the place of <code>sunday</code>, also in <code>pip</code>. To <code>pip install … -r requirements.txt</code> you can add further requirements on the same line: <code>"tyreunits&lt;2"</code>. With <code>subprocess.run(…, capture_output=True, text=True).stdout</code> you get what
# <code>pip freeze</code> prints, and write it into the file. (In a terminal people write <code>python -m venv night-env</code>, then <code>night-env/bin/python -m pip install …</code>. That works here, too, and takes some seconds longer.)</details>

# %% nbgrader={"grade": false, "grade_id": "environment", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", "night-env"], check=True)
night_pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", "night-env/bin/python"]
wanted = ["-r", "requirements.txt", "tyreunits<2"]
subprocess.run([*night_pip, "install", "--quiet", "--no-index", "--find-links", "wheels", *wanted], check=True)
frozen = subprocess.run([*night_pip, "freeze"], capture_output=True, text=True, check=True)
Path("night.lock").write_text(frozen.stdout)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-environment", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
trying("Environments", 1)
python = Path("night-env/bin/python")
assert python.exists(), (
    "There is no night-env/bin/python. Make the environment with `python -m venv`, in the folder night-env beside this notebook."
)
ran = subprocess.run([python, "pressures.py"], capture_output=True, text=True)
assert ran.returncode == 0, f"In night-env pressures.py stops with: {ran.stderr.strip().splitlines()[-1]}"
lowest = json.loads(ran.stdout)["lowest_bar"]
assert lowest < 10, (
    f"In night-env pressures.py says that the lowest pressure is {lowest:g} bar, expected less than 10. Which package came along in a new version, and which one is right?"
)
assert importlib.util.find_spec("dockfeed") is None, (
    "dockfeed is also installed in the environment of this notebook: it went into the wrong one. `pip uninstall dockfeed tyreunits` there, and name night-env's Python for pip."
)
passed("Environments", 1)

# %% nbgrader={"grade": true, "grade_id": "test-environment-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
trying("Environments", 2)
assert Path("night.lock").is_file(), "There is no night.lock: write down what is in night-env."
locked = [line.strip() for line in Path("night.lock").read_text().splitlines() if line.strip() and not line.startswith("#")]
assert any(re.match(r"dockfeed\s*==", line) for line in locked), (
    f"night.lock has no line dockfeed==…; it says: {', '.join(locked) or 'nothing'}."
)
passed("Environments", 2)

# %% nbgrader={"grade": true, "grade_id": "judge-environment", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the folder night-env. Is it closed, are the right versions in it, and is their code as it was shipped?
### BEGIN HIDDEN TESTS
import zipfile
from pathlib import Path

from judging import read_environment

closed, packages = read_environment(Path("night-env"))
assert packages, "There are no packages in night-env: it is no virtual environment, or nothing was installed into it."
assert closed, (
    "night-env also looks into the packages of the Python that made it (include-system-site-packages): what it has depends on the machine again."
)
for name, version in {"dockfeed": "1.4.2", "tyreunits": "1.1.0"}.items():
    assert name in packages, f"{name} is not installed in night-env."
    found, modules = packages[name]
    assert found == version, f"{name} is {found} in night-env, expected {version}: the one with which pressures are in bar."
    wheel = zipfile.ZipFile(f"wheels/{name}-{version}-py3-none-any.whl")
    assert modules.get(f"{name}.py") == wheel.read(f"{name}.py").decode(), (
        f"The code of {name} in night-env is not that of its wheel: it was edited by hand. The next installation would bring the old one back."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-environment-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: night.lock. Would somebody who installs from it have the very same packages?
### BEGIN HIDDEN TESTS
from pathlib import Path

from judging import read_environment, read_pins

lock = Path("night.lock")
assert lock.is_file(), "There is no file night.lock beside the notebook."
pins, loose = read_pins(lock.read_text())
assert not loose, (
    f"night.lock has the line {loose[0]!r}, which is no exact pin: a later version would do, and next Sunday it comes. Expected name==version."
)
_, packages = read_environment(Path("night-env"))
free = sorted(set(packages) - set(pins))
assert packages and not free, (
    f"night.lock does not pin {', '.join(free) or 'anything that is installed'}. What your packages need is part of the environment, too: it was such a package that changed."
)
more = sorted(set(pins) - set(packages) - {"pip", "setuptools", "wheel"})
assert not more, f"night.lock names {more[0]}, which is not installed in night-env: who installs from it gets more than was there."
for name, (version, _) in packages.items():
    assert pins[name] == version, f"night.lock says {name}=={pins[name]}, and {version} is installed in night-env."
### END HIDDEN TESTS

# %% [markdown]
# That was the third reason. You have written your first *lock file*, by the way, a simple one: it has no hashes, so a package that was exchanged under the same version would pass. There is a whole lab on them: `reproducibility`.

# %% [markdown]
# ## Part 5 · REST APIs: ask again, but not for ever
#
# The stations answer over HTTP, with a *REST API*: each thing has an address (`…/stations/7/readings`), you `GET` it, and what comes back is a status and, usually, a text in JSON. `DockService` plays this service on your own machine (`127.0.0.1` is its
# name for itself, so nothing leaves it), and fails as the real one did. In `plan` we say how:

# %%
with DockService(data={"/stations/7/readings": [{"bike": 101}]}, plan={"/stations/7/readings": ["503", "ok"]}) as service:
    for _ in range(2):
        answer = requests.get(f"{service.url}/stations/7/readings", timeout=1)
        print(answer.status_code, answer.json())

# %% [markdown]
# The job goes round all stations eight times a night, and makes the list from the last round. It asks a station three times, a few seconds apart. If one of them has no answer then, the whole round is thrown away at its end. In the last round that happened with stations 18 and 25 (you find it at the
# end of the log). Nothing was left, and the job ended as if all were well. There is the fourth reason. And it sets no time limit: a station that never answers would hold it up for ever.
#
# Yet some failures pass by themselves, and some do not. A server error, a broken connection, no answer in time: ask again. A 404 will be a 404 next time, too: ask again, and you only add to the load. And who asks again at once, and again, keeps a server down that was about to recover:
# so one waits, each time *longer*. That is called *back-off*.
#
# ### Exercise 5 — Fetch, with patience
# *Difficulty ●●○ · about 12 minutes*
#
# Write `fetch(url, tries, timeout, pause)`:
#
# - it returns what the JSON text at `url` says;
# - it waits at most `timeout` seconds for an answer. If none comes, if the connection breaks, or if the status is 500 or more, it asks again: at most `tries` times in all, the first one included;
# - before it asks the second time it waits `pause` seconds, then twice as long each time: `pause`, `2 * pause`, `4 * pause`, …;
# - any other status that is not a success (such as 404) ends it at once, with an exception;
# - when all tries have failed it raises an exception, too, at once: after the last try there is nothing to wait for. It never returns something that is no answer.
#
# (At work one more status is worth waiting for: 429, *too many requests*, often with a header `Retry-After` that says how long. And clients put some chance into their pauses, *jitter*, so that they do not all come back at the same moment. Leave out both here.)
#
# Which exceptions is up to you. Use `requests`, or any other library.
#
# Done means: it does so with services that fail in all these ways, alone and one after the other.
#
# <details><summary>Hint 1</summary><code>requests.get(url, timeout=…)</code> raises <code>requests.Timeout</code> or <code>requests.ConnectionError</code> where there is no answer. For a status such as 503 it raises nothing: there <em>is</em> an answer, and you must look at its <code>status_code</code>.</details>
# <details><summary>Hint 2</summary>Which answers are worth another try, and which are not? No answer at all and 500 or more are; 404 stays 404. Let a loop count the tries, and sleep at its top, from the second on: <code>pause * 2 ** (attempt - 1)</code>. <code>raise_for_status()</code> raises from 400 on only. And what if the loop comes to its end?</details>


# %% nbgrader={"grade": false, "grade_id": "fetch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fetch(url, tries=4, timeout=0.5, pause=0.05):
    """Return the JSON at `url`; asks again, later and later, where that can help."""
    ### BEGIN SOLUTION
    for attempt in range(tries):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            reply = requests.get(url, timeout=timeout)
        except (requests.Timeout, requests.ConnectionError):
            continue
        if 200 <= reply.status_code < 300:
            return reply.json()
        if reply.status_code < 500:
            raise ConnectionError(f"{url} answered {reply.status_code}")
    raise ConnectionError(f"no answer from {url} in {tries} tries")
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-fetch", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
trying("REST APIs", 1)
path = "/stations/24/readings"
with DockService(data={path: [{"bike": 7}]}, plan={path: ["503", "hang up", "ok"]}) as service:
    told = fetch(service.url + path, tries=4, timeout=2, pause=0.02)
    asked = len(service.asked(path))
assert told == [{"bike": 7}], (
    f"The third answer was [{{'bike': 7}}], fetch returned {told!r}. A status of 503 is no answer, and is tried again."
)
assert asked == 3, f"The service was asked {asked} times, expected 3: a server error, a broken connection, then an answer."
passed("REST APIs", 1)

# %% nbgrader={"grade": true, "grade_id": "test-fetch-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
trying("REST APIs", 2)
with DockService(data={path: [1]}, plan={path: ["slow", "ok"], "/stations/99/readings": ["404"]}) as service:
    begin = time.monotonic()
    told = fetch(service.url + path, tries=2, timeout=0.3, pause=0.02)
    took = time.monotonic() - begin
    assert took < 2.5 and told == [1], (
        f"A station answered after 3 seconds, then at once; fetch came back after {took:.1f} s with {told!r}, expected [1] well before: give up a request after `timeout` seconds, and ask again."
    )
    try:
        told = fetch(service.url + "/stations/99/readings", tries=3, timeout=2, pause=0.02)
    except Exception as error:
        told = error
    assert isinstance(told, Exception), f"There is no station 99: the service says 404, and fetch returned {told!r}. Expected an exception."
    asked = len(service.asked("/stations/99/readings"))
    assert asked == 1, (
        f"There is no station 99: the service says 404, and was asked {asked} times. Expected once; asking again cannot help."
    )
passed("REST APIs", 2)

# %% nbgrader={"grade": true, "grade_id": "judge-fetch", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: fetch with a service that fails in several ways one after the other, and with statuses that asking again cannot help.
### BEGIN HIDDEN TESTS
from docks import DockService
from judgekit import fresh

rng = fresh(5)
truth = [{"bike": int(number)} for number in rng.integers(1, 999, 3)]
ways = rng.permutation(["500", "502", str(rng.choice(["501", "507", "511"])), "hang up", "slow"]).tolist()
with DockService(
    data={"/a": truth, "/b": truth}, plan={"/a": [*ways, "ok"], "/b": ["503", str(rng.choice(["400", "403", "410"]))], "/moved": ["301"]}
) as service:
    told = fetch(service.url + "/a", tries=6, timeout=0.3, pause=0.01)
    assert told == truth, f"After five failures ({', '.join(ways)}) the sixth answer was {truth}; fetch returned {told!r}."
    assert len(service.asked("/a")) == 6, (
        f"After five failures and an answer the service had been asked {len(service.asked('/a'))} times, expected 6."
    )
    try:
        told = fetch(service.url + "/b", tries=5, timeout=2, pause=0.01)
    except Exception as error:
        told = error
    refused = isinstance(told, Exception)
    assert refused, (
        f"The service refused the request (first 503, then {service.plan['/b'][1]}), and fetch returned {told!r}. Expected an exception."
    )
    try:
        moved = repr(fetch(service.url + "/moved", tries=2, timeout=2, pause=0.01))
    except Exception:
        moved = ""
    assert not moved, (
        f"The service said 301, which is no success, and fetch returned {moved}. Expected an exception: it never returns something that is no answer."
    )
    count = len(service.asked("/b"))
    assert count == 2, (
        f"The service said 503, then {service.plan['/b'][1]}, and was asked {count} times. Expected 2: ask again after the first, not after the second."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-fetch-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: fetch with a service that never recovers. How often is it asked, with which pauses, and what does the caller learn?
### BEGIN HIDDEN TESTS
import time

from docks import DockService

for way, tries in {"503": 4, "hang up": 3, "slow": 2, "500": 1}.items():
    with DockService(data={"/c": [0]}, plan={"/c": [way]}) as service:
        try:
            told = fetch(service.url + "/c", tries=tries, timeout=0.2, pause=0.08)
        except Exception as error:
            told = error
        ended = time.monotonic()
        known = isinstance(told, Exception)
        assert known, (
            f"The service never answered well ({way}), and fetch returned {told!r}. Expected an exception: who gets nothing must know it."
        )
        times = service.asked("/c")
        assert len(times) == tries, f"The service never answered well ({way}); with tries={tries} it was asked {len(times)} times."
        if way == "503":
            assert ended - times[-1] < 0.5, (
                f"After the last of {tries} tries fetch took {ended - times[-1]:.2f} s more to say that it has no answer. There is nothing left to wait for."
            )
        gaps = [later - sooner for sooner, later in zip(times, times[1:], strict=False)]
        for number, gap in enumerate(gaps):
            least = 0.08 * 2**number
            assert gap >= 0.9 * least, (
                f"With pause=0.08 the pauses between requests were {', '.join(f'{g:.2f}' for g in gaps)} s; expected at least "
                f"{', '.join(f'{0.08 * 2**n:.2f}' for n in range(len(gaps)))}: each twice as long as the one before."
            )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · Testing: catch a fault that nobody showed you
#
# Each bike on the list has an *urgency*. This is the workshop's rule, as it hangs on the wall there:
#
# > - **now**: the pressure is below 2.0 bar, or three or more riders reported the bike.
# > - **soon**: not *now*, and the pressure is below 2.8 bar, or it went 300 km or more since its last service.
# > - **fine**: everything else.
# >
# > If the pressure is unknown (`None`), the other two alone decide. 0.0 bar is not unknown: it is a flat tyre.
#
# And this is the code, as it was until this morning. Ada says that it sent a van to forty bikes with nothing but a broken sensor. She has mended it in `urgency_mended.py`.

# %%
print(Path("urgency.py").read_text())

# %% [markdown]
# A *test* is a small program that calls code and says what must come out. `pytest` finds files whose names begin with `test_`, runs the functions in them whose names begin with `test_`, too, and reports where an `assert` does not hold:

# %%
example = """
from urgency import urgency

def test_a_sound_bike_is_fine():
    assert urgency(3.5, 20, 0) == "fine"
"""
print(run_tests(example, {"before": Path("urgency.py").read_text()})["before"]["says"])

# %% [markdown]
# It passes, and the code is wrong. A test is worth what it can catch.
#
# ### Exercise 6 — Tests that earn their keep
# *Difficulty ●●○ · about 12 minutes*
#
# Write `test_urgency.py`, with as many tests as you need, from the rule on the wall. They begin with `from urgency import urgency`.
#
# Done means: your tests fail on `urgency.py`, and pass on `urgency_mended.py` and on every other code that obeys the rule. When you hand in, they also meet versions that each break the rule in *one* place, and must fail on every one of them. Where would you make a slip, if you had to write that function late on a
# Friday?
#
# <details><summary>Hint 1</summary>Faults live at borders: exactly 2.0 bar, exactly 2.8, exactly 300 km, exactly three reports, and one step beside each. Then the words: "or", "not now, and", "unknown", "flat".</details>
# <details><summary>Hint 2</summary>Write a table, and let <code>@pytest.mark.parametrize("bar, km, reports, expected", […])</code> make a test of each row. Let only one thing decide in each row: for a border of the pressure, 20 km and no reports. Then rows in which two things meet: a flat tyre and 400 km; an unknown pressure
# and three reports; a good pressure and three reports.</details>

# %% nbgrader={"grade": false, "grade_id": "tests", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
Path("test_urgency.py").write_text("""
import pytest

from urgency import urgency

ROWS = [
    (1.99, 20, 0, "now"),
    (2.0, 20, 0, "soon"),
    (2.79, 20, 0, "soon"),
    (2.8, 20, 0, "fine"),
    (3.5, 299, 0, "fine"),
    (3.5, 300, 0, "soon"),
    (3.5, 20, 2, "fine"),
    (3.5, 20, 3, "now"),
    (0.0, 400, 0, "now"),
    (None, 20, 0, "fine"),
    (None, 20, 3, "now"),
    (None, 300, 2, "soon"),
]


@pytest.mark.parametrize("bar, km, reports, expected", ROWS)
def test_the_rule_on_the_wall(bar, km, reports, expected):
    assert urgency(bar, km, reports) == expected
""")
### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "try-tests", "locked": true, "schema_version": 3, "solution": false, "task": false}
def try_tests(versions):
    """Return what pytest says of your tests with each version of urgency.py: {name: {"passed", "found", "says"}}."""
    return run_tests(Path("test_urgency.py").read_text(), versions)


# %% nbgrader={"grade": true, "grade_id": "test-tests", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
trying("Testing", 1)
assert Path("test_urgency.py").is_file(), "There is no test_urgency.py beside the notebook."
both = try_tests({"before": Path("urgency.py").read_text(), "mended": Path("urgency_mended.py").read_text()})
assert both["mended"]["found"], f"pytest found no test that it could run. It says:\n{both['mended']['says']}"
assert both["mended"]["passed"], (
    f"Your tests fail on urgency_mended.py, which obeys the rule: they ask for something that the rule does not say. pytest says:\n{both['mended']['says']}"
)
passed("Testing", 1)

# %% nbgrader={"grade": true, "grade_id": "test-tests-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
trying("Testing", 2)
both = try_tests({"before": Path("urgency.py").read_text(), "mended": Path("urgency_mended.py").read_text()})
before = both["before"]
assert not before["passed"], (
    "Your tests pass on urgency.py, and it is wrong: it sends a van to a bike of which nothing is known but that its sensor is broken."
)
assert before["found"], f"On urgency.py pytest stops before a test has run. It says:\n{before['says']}"
assert both["mended"]["passed"], "Your tests fail on urgency.py, but on urgency_mended.py, too. Expected that they tell the two apart."
passed("Testing", 2)

# %% nbgrader={"grade": true, "grade_id": "judge-tests", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your tests with other code that obeys the rule, and with code that breaks it at a border: 2.0 bar, 2.8 bar, 300 km, three reports.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import LIMITS, SOUND

order = fresh(6).permutation([*SOUND, *LIMITS]).tolist()
codes = {f"version {number}": {**SOUND, **LIMITS}[name] for number, name in enumerate(order)}
said = dict(zip(order, try_tests(codes).values(), strict=True))
for name in SOUND:
    assert said[name]["passed"], (
        f"Your tests fail on code that obeys the rule, written in another way. pytest says:\n{said[name]['says'][-600:]}"
    )
missed = [name for name in LIMITS if said[name]["passed"]]
assert not missed, (
    f"Your tests pass on code in which {missed[0]}{f' (and {len(missed) - 1} more at other borders)' if missed[1:] else ''}. Test each border, and one step beside it."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-tests-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your tests with code that breaks the rule elsewhere: where two conditions meet, where the pressure is unknown, where a tyre is flat.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import CASES, SOUND

order = fresh(7).permutation([*SOUND, *CASES]).tolist()
codes = {f"version {number}": {**SOUND, **CASES}[name] for number, name in enumerate(order)}
said = dict(zip(order, try_tests(codes).values(), strict=True))
assert all(said[name]["passed"] for name in SOUND), (
    "Your tests fail on other code that obeys the rule; so their failing on wrong code says nothing."
)
missed = [name for name in CASES if said[name]["passed"]]
assert not missed, (
    f"Your tests pass on code in which {missed[0]}{f' (and {len(missed) - 1} more of this kind)' if missed[1:] else ''}. Which line of the rule says otherwise? Add a row for it."
)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 7 · Machine learning: a forecast that knew the future
#
# The list comes too late for a rider whose brakes fail today. So Cy trains a model: from what is known when a trip ends, will the workshop find that the bike needs repair? `trips.csv` holds six weeks of trips, with what the workshop found (`needs_repair`, 1 or 0). The model learns from the trips before a day, the *cut*, and is
# measured on those from that day on.
#
# The measure is the **AUC** (area under the ROC curve): of a trip after which the bike was broken and one after which it was not, how often does the broken one get the higher score? 0.5 is a coin, 1.0 is never wrong.

# %% nbgrader={"grade": false, "grade_id": "trips", "locked": true, "schema_version": 3, "solution": false, "task": false}
CUT = "2025-03-03"
trips = pd.read_csv("trips.csv")
later = trips["day"] >= CUT
print(
    f"{(~later).sum()} trips to learn from, {later.sum()} to be measured on; {trips['needs_repair'].mean():.1%} of the bikes needed repair"
)
trips.head(3)


# %%
def cys_forecast(trips, cut):
    rider_rate = trips.groupby("rider_id")["needs_repair"].transform("mean")  # some riders break bikes, says Cy
    X = trips[["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"]].assign(rider_rate=rider_rate)
    X = X.fillna(X.median())
    X = (X - X.mean()) / X.std()
    learn = trips["day"] < cut
    model = LogisticRegression().fit(X[learn], trips["needs_repair"][learn])
    return model.predict_proba(X[~learn])[:, 1]


print(f"Cy's AUC: {roc_auc_score(trips['needs_repair'][later], cys_forecast(trips, CUT)):.3f}")

# %% [markdown]
# Nearly perfect. On the street it was not: of a trip that ends now, nobody knows what the workshop will find. Somewhere in these lines the model sees what it will be measured on. That is a *leak*.
#
# There is a test for it that needs no theory: **change what cannot be known at the cut, and see whether the forecast changes.** A forecast for a later trip may depend on the trips before the cut, and on that trip itself. On nothing else.
#
# ### Exercise 7 — A forecast without a leak
# *Difficulty ●●○ · about 12 minutes*
#
# Write `forecast(trips, cut)`. It returns a score for each trip from the day `cut` on, in the order in which they stand in `trips`: the higher, the more likely the bike needs repair. Use any model of scikit-learn.
#
# Whether `rider_rate` stays, without its leak, or goes, is yours to decide: measure both.
#
# Done means, on these trips and on another city's:
#
# 1. `needs_repair` of the later trips changes nothing, and no later trip changes the score of another. (Some pressures are missing, in both parts. That must not stop you.)
# 2. Called twice with the same trips it returns the same.
# 3. The AUC on the later trips is at least 0.77. (In another city trips are easier or harder to judge. There we fit a *baseline* beside yours, a logistic regression on the four plain columns, and yours may be at most 0.04 below it.)
#
# <details><summary>Hint 1</summary>Three lines of Cy's use numbers from all trips: one uses labels, one medians, one means and standard deviations. Everything that is <em>learned</em> from data, also a median, must be learned from the trips before the cut.</details>
# <details><summary>Hint 2</summary><code>make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression())</code> learns all three in its <code>fit</code>. Cut first, then fit it on the early trips, and call <code>predict_proba</code> with the later ones. Try it with the four plain columns, then with a
# rate that comes from the early trips alone: which AUC is higher?</details>


# %% nbgrader={"grade": false, "grade_id": "forecast", "locked": false, "schema_version": 3, "solution": true, "task": false}
def forecast(trips, cut):
    """Return a score for each trip from the day `cut` on: the higher, the more likely its bike needs repair."""
    ### BEGIN SOLUTION
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    columns = ["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"]
    early, late = trips[trips["day"] < cut], trips[trips["day"] >= cut]
    model = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression())
    return model.fit(early[columns], early["needs_repair"]).predict_proba(late[columns])[:, 1]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-forecast", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
trying("Machine learning", 1)
scores = np.asarray(forecast(trips.copy(), CUT), dtype=float)
assert scores.shape == (later.sum(),), (
    f"forecast returned an array of the shape {scores.shape}, expected one score for each of the {later.sum()} later trips."
)
assert np.isfinite(scores).all(), (
    f"{(~np.isfinite(scores)).sum()} scores are missing or infinite. What does your model do where the pressure is missing?"
)
unknown = trips.assign(needs_repair=trips["needs_repair"].where(~later, 0))
blind = np.asarray(forecast(unknown, CUT), dtype=float)
assert np.allclose(scores, blind), (
    f"We hid what the workshop found on the later trips, and {(~np.isclose(scores, blind)).sum()} of {later.sum()} scores changed. "
    "They know the answers that they are measured on: a leak. (If they change without that, too, set random_state.)"
)
passed("Machine learning", 1)

# %% nbgrader={"grade": true, "grade_id": "test-forecast-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
trying("Machine learning", 2)
shuffled = trips["needs_repair"].where(~later, np.random.default_rng(0).permutation(trips["needs_repair"]))
unknown = trips.assign(needs_repair=shuffled)  # nobody knows what the workshop will find
measured = roc_auc_score(trips["needs_repair"][later], np.asarray(forecast(unknown, CUT), dtype=float))
assert measured >= 0.77, (
    f"Your AUC on the later trips is {measured:.3f}, expected at least 0.77. Does each column help, now that none knows the future? Leave one out, and measure."
)
passed("Machine learning", 2)

# %% nbgrader={"grade": true, "grade_id": "judge-forecast", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: forecast on another city's trips, some of which we then change. Which scores change with them?
### BEGIN HIDDEN TESTS
import numpy as np
from judgekit import fresh
from judging import draw_trips

rng = fresh(8)
city, day = draw_trips(rng, trips=9_000)
late = (city["day"] >= day).to_numpy()
score = np.asarray(forecast(city, day), dtype=float)
assert score.shape == (late.sum(),), (
    f"For another city forecast returned the shape {score.shape}, expected a score for each of its {late.sum()} later trips."
)
again = np.asarray(forecast(city, day), dtype=float)
assert np.allclose(score, again), (
    "Called twice with the same trips, forecast returned different scores. Set random_state where your model draws numbers."
)
turned = city.assign(needs_repair=city["needs_repair"].where(~late, 1 - city["needs_repair"]))
assert np.allclose(score, np.asarray(forecast(turned, day), dtype=float)), (
    "In another city we changed needs_repair of the later trips, which nobody knows at the cut, and the scores changed: a leak of the label."
)
numbers = ["distance_km", "km_since_service", "tyre_pressure_bar"]
odd = late & (rng.random(len(city)) < 0.5)
moved = city.astype(dict.fromkeys(numbers, float)).copy()
moved.loc[odd, numbers] = moved.loc[odd, numbers] * 50
others = ~odd[late]
changed = ~np.isclose(score, np.asarray(forecast(moved, day), dtype=float))
assert not changed[others].any(), (
    f"In another city we changed the numbers of half of the later trips, and {changed[others].sum()} scores of the other half changed, too. Something is computed over all trips together: "
    "medians, means or standard deviations must come from the trips before the cut."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-forecast-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the AUC of forecast in another city, on trips whose needs_repair it has not seen.
### BEGIN HIDDEN TESTS
import numpy as np
from judgekit import fresh
from judging import auc, baseline, draw_trips

rng = fresh(9)
city, day = draw_trips(rng, trips=32_000)
late = (city["day"] >= day).to_numpy()
mixed_up = city.assign(needs_repair=city["needs_repair"].where(~late, rng.permutation(city["needs_repair"])))
score = np.asarray(forecast(mixed_up, day), dtype=float)
assert score.shape == (late.sum(),) and np.isfinite(score).all(), "In another city some later trips have no score."
measured, usual = auc(city["needs_repair"][late], score), auc(city["needs_repair"][late], baseline(city, day))
assert measured >= usual - 0.04, (
    f"In another city, without its answers, the AUC is {measured:.3f}; a plain logistic regression reaches {usual:.3f}. Expected at most 0.04 less: "
    "a column that only looked good because of a leak does harm without it, and so does a yes or no instead of a score."
)
### END HIDDEN TESTS

# %% [markdown]
# The two, side by side, and what you find if you measure `rider_rate` without its leak:

# %% tags=["uses-answers"]
truth = trips["needs_repair"][later]
print(f"Cy's AUC, with the future: {roc_auc_score(truth, cys_forecast(trips, CUT)):.3f}")
print(f"yours, without:            {roc_auc_score(truth, np.asarray(forecast(trips, CUT), dtype=float)):.3f}")

# %% [markdown]
# <details><summary>What we see in ours</summary>0.98 becomes 0.81, and 0.81 is what the team can promise. With a rate that was learned from the early trips alone it is 0.75, worse than without: most riders made one or two trips before the cut, so the rate says of the early trips what the model has to guess, and of
# the later ones next to nothing. In this city riders do not differ in how they treat bikes. Cy's best feature was nothing but the leak.</details>

# %% [markdown]
# ## Part 8 · Cloud: the cheapest machine is not the cheapest job
#
# The job shall move from the server under Bo's desk to a *cloud provider*, who rents out machines by the minute, in several *regions* (places with data centres). Such a job costs money in three ways:
#
# - **compute**: the time that the machine runs, at a price per hour;
# - **storage**: the data that lie there, per gigabyte (GB) and month, whether or not anybody reads them;
# - **egress**: data that *leave* a region, per GB. A machine that reads from storage in its own region reads for free. Usually some GB a month are free, too.
#
# `offers.csv` is what we measured: the job's minutes each night on each machine. The prices are made up, in euros, of the sizes that one meets.

# %% nbgrader={"grade": false, "grade_id": "offers", "locked": true, "schema_version": 3, "solution": false, "task": false}
with open("offers.csv", newline="") as file:
    offers = [{**row, "price_per_hour": float(row["price_per_hour"]), "minutes": int(row["minutes"])} for row in csv.DictReader(file)]
job = json.loads(Path("job.json").read_text())
print(job)
pd.DataFrame(offers)

# %% [markdown]
# ### Exercise 8 — What does a month cost?
# *Difficulty ●●○ · about 10 minutes*
#
# Write two functions. `monthly_cost(offer, job)` returns a dictionary with `compute`, `storage`, `egress` and their sum, `total`, in euros a month. `offer` is a row of the table above, `job` the dictionary:
#
# - the job runs `nights` times a month, `minutes` each time;
# - `data_gb` GB of data lie in the region `home` all month, at `storage_per_gb` euros per GB and month. They stay there, wherever the job runs;
# - each night the job reads `read_gb` GB of them. If it runs in another region, these GB leave `home` at `egress_per_gb` euros each. Of all GB that leave in a month the first `free_egress_gb` are free.
#
# `choose(offers, job)` returns the `name` of the offer with the lowest total, of those whose job is done in time: in at most `minutes_available` minutes. The list must be there before the vans. If none is in time, it returns `None`.
#
# Done means: they do so for these offers, and for others with other prices.
#
# <details><summary>Hint 1</summary>Prices are per hour, times in minutes. What is free is free once a month, not each night. And which offers are in the race at all?</details>
# <details><summary>Hint 2</summary>What leaves is read every night, and only where the region is not <code>home</code>. Paid is what lies beyond the free GB, and never fewer than none: <code>max(0, …)</code>. To choose, leave out first those that are not in time.</details>


# %% nbgrader={"grade": false, "grade_id": "cost", "locked": false, "schema_version": 3, "solution": true, "task": false}
def monthly_cost(offer, job):
    """Return what the job costs in a month, in euros: compute, storage, egress and total."""
    ### BEGIN SOLUTION
    hours = job["nights"] * offer["minutes"] / 60
    leaving = job["nights"] * job["read_gb"] if offer["region"] != job["home"] else 0
    cost = {
        "compute": hours * offer["price_per_hour"],
        "storage": job["data_gb"] * job["storage_per_gb"],
        "egress": max(0, leaving - job["free_egress_gb"]) * job["egress_per_gb"],
    }
    return {**cost, "total": sum(cost.values())}
    ### END SOLUTION


def choose(offers, job):
    """Return the name of the cheapest offer that is done in time, or None."""
    ### BEGIN SOLUTION
    in_time = [offer for offer in offers if offer["minutes"] <= job["minutes_available"]]
    cheapest = min(in_time, key=lambda offer: monthly_cost(offer, job)["total"], default=None)
    return cheapest and cheapest["name"]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-cost", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
trying("Cloud", 1)
by_name = {offer["name"]: monthly_cost(offer, job) for offer in offers}
for name, kind, right, why in [
    ("large-north", "compute", 18.2, "30 nights of 70 minutes, at 0.52 euros an hour"),
    ("large-north", "storage", 8.0, "400 GB at 0.02 euros"),
    ("large-north", "egress", 0.0, "the machine stands where the data lie"),
    (
        "spot-south",
        "egress",
        23.4,
        "30 nights of 12 GB leave the region; of these 360 GB the first 100 are free, the others cost 0.09 euros each",
    ),
    ("spot-south", "total", 36.6, "5.20 for compute, 8.00 for storage, 23.40 for egress"),
]:
    got = by_name[name].get(kind)
    assert got is not None and abs(got - right) < 0.005, f"For {name}, {kind} is {got}, expected {right:.2f} euros: {why}."
passed("Cloud", 1)

# %% nbgrader={"grade": true, "grade_id": "test-cost-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
trying("Cloud", 2)
choice = choose(offers, job)
why_not = {
    "spot-south": "It is the cheapest by the hour, but its data have to travel.",
    "small-north": "It needs 260 minutes a night, and there are 210.",
    "medium-east": "Its data have to travel.",
}
assert choice in by_name, f"choose returned {choice!r}, expected the name of an offer."
assert choice == "medium-north", f"choose says {choice!r}. {why_not.get(choice, 'Another one that is done in time has a lower total.')}"
passed("Cloud", 2)

# %% nbgrader={"grade": true, "grade_id": "judge-cost", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: monthly_cost with other offers, prices and jobs, also one that stays below what is free.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import draw_offers, true_cost

rng = fresh(10)
for round_number in range(12):
    others, task = draw_offers(rng)
    if round_number % 3 == 0:
        task["free_egress_gb"] = task["nights"] * task["read_gb"] + 10
    for other in others:
        told, right = monthly_cost(other, task), true_cost(other, task)
        for kind, value in right.items():
            assert kind in told, f"monthly_cost returned no {kind!r}, only {sorted(told)}."
            assert abs(told[kind] - value) < 0.006 * max(1.0, value / 100), (
                f"With other prices {kind} is {told[kind]:.2f}, expected {value:.2f} euros (region {other['region']}, home {task['home']}; {task['nights']} nights of {other['minutes']} minutes "
                f"and {task['read_gb']} GB, {task['free_egress_gb']} GB a month free)."
            )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-cost-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: choose among other offers, also where one is done on the last minute, and where none is done in time.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import draw_offers, true_choice, true_cost

rng = fresh(11)
for round_number in range(12):
    others, task = draw_offers(rng)
    if round_number % 4 == 1:
        others[0]["price_per_hour"] = 0.001
    if round_number % 4 == 3:
        task["minutes_available"] = min(other["minutes"] for other in others) - 1
    told, right = choose(others, task), true_choice(others, task)
    assert told is None or right is not None, (
        f"No offer is done within {task['minutes_available']} minutes, and choose returned {told!r}. Expected None."
    )
    if told != right:
        costs = {other["name"]: f"{true_cost(other, task)['total']:.2f} euros, {other['minutes']} minutes" for other in others}
        raise AssertionError(
            f"Of other offers choose took {told} ({costs.get(told, 'not an offer')}), expected {right} ({costs[right]}); at most {task['minutes_available']} minutes are available."
        )
### END HIDDEN TESTS

# %% [markdown]
# A picture of what you computed. Which part of a bar would you have forgotten?

# %% tags=["uses-answers"]
bills = pd.DataFrame([monthly_cost(offer, job) for offer in offers], index=[offer["name"] for offer in offers])
in_time = [offer["minutes"] <= job["minutes_available"] for offer in offers]
fig, ax = plt.subplots(figsize=(7, 3.2))
left = np.zeros(len(bills))
for kind, colour, hatch in [("compute", "steelblue", ""), ("storage", "lightsteelblue", "//"), ("egress", "white", "xx")]:
    ax.barh(bills.index, bills[kind], left=left, color=colour, hatch=hatch, edgecolor="black", label=kind)
    left += bills[kind].to_numpy()
for place, (total, fits) in enumerate(zip(left, in_time, strict=True)):
    ax.text(total + 0.5, place, f"{total:.2f}" if fits else f"{total:.2f}, too slow", va="center")
ax.set(xlabel="cost of a month (euros)", ylabel="offer", xlim=(0, left.max() * 1.25), title="Where should the night job run?")
ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=3, frameon=False)
fig.savefig("bill.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "bill.png",
    alt="Stacked bars of what a month costs with each offer, split into compute, storage and egress, with the total beside each bar",
)

# %% [markdown]
# ## Putting it together
#
# The vans are still in the yard. The night job again, made of your pieces: your `fetch` asks stations that fail as they did last night, your `tidy` reads what they say, your repository has the limit, and Ada's rule, which your tests know, says how urgent a bike is. (This cell needs Exercises 2, 3 and 5. If one is missing, it stops there; your card below does not.)

# %% tags=["uses-answers"]
from urgency_mended import urgency

raw = json.loads(Path("readings.json").read_text())
by_station = {f"/stations/{station}/readings": [r for r in raw if r["station_id"] == station] for station in range(1, 11)}
trouble = {"/stations/3/readings": ["503", "hang up", "ok"], "/stations/8/readings": ["slow", "ok"]}
with DockService(by_station, trouble) as service:
    bikes = tidy([reading for address in by_station for reading in fetch(service.url + address)])

limit = json.loads(file_at("main", "rules.json", "origin.git"))["list_below_bar"]
for bike in bikes:
    bike["urgency"] = urgency(bike["pressure_bar"], bike["km_since_service"], bike["reports"])
fetched = [b for b in bikes if b["urgency"] == "now" or (b["pressure_bar"] is not None and b["pressure_bar"] < limit)]
the_list = pd.DataFrame(fetched).sort_values(["urgency", "pressure_bar"]).reset_index(drop=True)
print(f"{len(bikes)} bikes answered, {len(the_list)} are on the list")
the_list[["bike", "station_id", "pressure_bar", "km_since_service", "reports", "urgency"]].head(8)

# %% [markdown]
# The engines start. It is half past nine, a little late.
#
# What to take to work tomorrow: a job that ends without an error has not therefore done its work. The list was empty, and nothing had "failed". How to notice such things, *before* the drivers do, is what the next lab is about.
#
# ### Your card
#
# Each check above wrote down whether it passed, and how many tries it took. Here is the whole, with how sure you were:

# %%
alt = draw("card.png")
Image("card.png", alt=alt)

# %% [markdown]
# Read it: a full, plain bar means that all checks of a prerequisite pass, and that none took more than three tries. (Running a check before there is an answer counts as a try, too.) A hatched one is worth a repair. Then look at the diamonds. Far to the left of a full bar: you know more than you think. Far to the right of a hatched one: that
# is the place where surprises come from.
#
# Repair these, from the top. You need not do all at once: the last column says before which labs.

# %%
Markdown(repair_plan())

# %% [markdown]
# A few tries more or fewer mean little: it is a sample of two checks each. And the hidden checks, which run when you hand in, ask for more than these. If your feedback shows fewer points than this chart suggests, trust the feedback.
#
# ## Going further
#
# - **Flaky on purpose.** What does `fetch` do if a station sends half of its JSON and then hangs up? Is a request that *changes* something (`POST /lists/night`) safe to send twice? Why not always?
# - **Bisect.** Exercise 3 with a thousand commits: `git bisect run` finds the bad one in ten steps, if you can write a test that fails on it.
# - **Your own machine.** Make a virtual environment for a project of yours, and pin it. Does it still work?
#
# To read, as you need it:
#
# - [The Missing Semester of Your CS Education, by MIT](https://missing.csail.mit.edu/): shell, Git, debugging and remote machines, in short lectures
# - [scikit-learn, common pitfalls and recommended practices](https://scikit-learn.org/stable/common_pitfalls.html): three kinds of leak, with code
# - [MIT 6.S191, Introduction to Deep Learning](http://introtodeeplearning.com/): not needed for this course, if you would like more of the machine learning
# - Andriy Burkov, *Machine Learning Engineering*, the chapters before deployment: [the book's page](http://www.mlebook.com/)
# - Noah Gift and Alfredo Deza, *Practical MLOps*, chapter 2 on foundations: Bash, Python, the cloud: [the book's page at O'Reilly](https://www.oreilly.com/library/view/practical-mlops/9781098103002/)
