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
#     minutes: 240
#     outcomes:
#     - Admit data by a contract, so that bad deliveries and repeated ones change nothing downstream
#     - Decide from late labels when a drift is harmless, when a model has to be retrained, and when data have to be mended
#     - Gate a candidate against the champion on the same trips, by slice and with uncertainty
#     - Deploy so that a crash at any step leaves alias, service and audit trail in agreement, and roll back for good
#     - Make separate parts one system that tells its own story, and that can be proven not to have been rewritten
#     prerequisites:
#     - model-monitoring
#     - kubernetes-for-ml
#     - kubeflow-pipelines
#     project: true
#     roadmap: 'Project: end-to-end MLOps platform'
#     roles:
#     - MLOps Engineer
#     - AI Platform Engineer
#     - Production ML Engineer
#     slug: project-mlops-platform
#     terms:
#       platform: "The stores, services and rules that all models of a company share, from data to answers."
#       data contract: "What a delivery of data must be, in a form that a program can check."
#       quarantine: "A place for deliveries that were refused, with the reasons, which nothing reads but people."
#       idempotent: "Said of an action that gives the same when it is done twice as when it is done once."
#       audit trail: "A list of who did what, to what, why and when, to which one can only add."
#       hash chain: "Entries of which each holds the hash of the one before, so that none can be changed unseen."
#       champion: "The model that answers users now."
#       paired comparison: "To compare two models by the difference of their errors on each single case."
#       harmless drift: "A change of the inputs that leaves the answers as good as they were."
#       journal: "A note of what is going to be done, written before it is done, by which a program finds its way after a crash."
#       reconcile: "To compare what is wanted with what is there, and to do what is missing."
#       exactly once: "Said of a message that may arrive several times and whose effect is there once."
#     title: 'Project: an end-to-end MLOps platform'
#     tools:
#     - Kubeflow Pipelines
#     - Kubernetes
#     - MLflow
#     - DVC
#     - Starlette
#     - Evidently
# ---

# %% [markdown]
# # Project: an end-to-end MLOps platform
#
# ## Why this matters
#
# Thursday 7 May 2026, Metro Bikes. On the wall of the meeting room hangs a drawing that Bo is proud of: DVC, Kubeflow, MLflow, Kubernetes, Evidently, with arrows from each to the next. All the boxes work. Last night at three they worked, too:
#
# - The docks' feed sent its distances in metres. They became a data version, the version became a model, and the model had the best figure of the year.
# - While it was being deployed the machine was restarted. MLflow's alias named version 6, the pods served version 5, and the dashboard said 6.
# - At eight Ada rolled back. That moved the alias to 5, so all was green again. At nine the feed sent its message once more, and version 7, made of the same data, went out.
# - "Who has done that, and why?", asked the city's auditor at ten. Noor, who leads the team, showed her the log. "And who can tell me that nobody has edited this file?"
#
# "We have every tool there is", says Noor. "What we do not have is a *system*." The arrows are missing. In this project you write them. A **platform** is just that: the stores, services and rules that all models of a company share, from data to answers. It is worth little on its good days. So yours is judged on the bad ones: the events of a spring, among them bad data, two kinds of drift, a worse candidate, a kill in the middle of a deployment, a rollback, and messages that come twice.

# %% [markdown]
# ## Setup
#
# The model says how long a trip takes: "24 minutes". What is there already, and works:
#
# | what | real or not | where to look |
# |:--|:--|:--|
# | data versions | DVC; the table has 700 rows for two weeks | `stores.py`, `Data` |
# | training | a pipeline compiled by Kubeflow's SDK, run by the small cluster that you know from the lab on Kubeflow Pipelines | `training.py` |
# | registry | MLflow, in an SQLite file | `stores.py`, `Registry` |
# | service | a Starlette app (which FastAPI stands on) in pods. A control plane runs here: Kubernetes' own where its programs are installed, else the simulator; nodes are stand-ins | `image/server.py`, `service.py` |
# | the same on paper | a file that says which version is wanted, for rehearsals of crashes that need no pods | `service.py`, `OnPaper` |
# | drift | Evidently | `platform_kit.py`, `drift` |
# | the city | simulated, with known truth | `world.py` |
# | the queue of events | simulated: `stage.py` loads the parts anew for each event, and kills a process where it is told to (by SIGKILL, the signal that no program can catch) | `stage.py`, `play` |
#
# At a company the events would come from a message queue, the parts would run as services, the stores would be remote. The rules that you write would be the same.
#
# **The six parts that you write** lie in `found`, as you find them: `admission.py`, `audit.py`, `gate.py`, `monitor.py`, `deployment.py`, `events.py`. They are right on a day on which nothing goes wrong. **Open all six now**: it is 100 lines. You write each anew, as a cell of this notebook, whose last line, `save_cell("system/gate.py")`, saves it as a file. Each part is played and judged with the other parts as found: one that does not work costs only its own points. Only exercise 7 plays all six together, event by event.
#
# A part gets `p`, the platform. Its first page is `platform_kit.py`: **read that, too**. In short:
#
# - `p.data`: `.versions()`, `.newest()`, `.rows()`, `.commit(rows)`, `.quarantine(delivery, reasons)`
# - `p.registry`: `.champion()`, `.set_champion(version)` (MLflow's *alias*: a name that points at one version), `.register(model, tags, metrics)`, `.versions()`, `.tags(version)`, `.tag(version, name, value)`. Versions are texts, `"3"`. And `p.registered(fingerprint)`, `p.register(candidate, event_id, said)`
# - `p.service`: `.apply(version)` asks for a version and returns at once, `.wait()` waits until it serves (or raises `RuntimeError`), `.wanted()`, `.answering()`
# - `p.parts`: the six parts. `p.record(what, subject, why, key)` writes into the audit trail by your part `audit`. `p.now`, `p.by`: when the event came and whom it came from.
# - `p.read(name, default)` and `p.write(name, value)`: notes of your own, each written wholly or not at all. Nothing else lives longer than an event.
#
# *Effects* are what changes a store: `data`, `quarantine`, `register`, `tag`, `alias`, `apply`, `audit`, `write`. The stage can kill the process right after each. (Between the two halves of one effect it does not: at work, ask that of each store you buy.)

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import hashlib
import json
import linecache
import logging
import math
import os
import shutil
import sys
import warnings
from datetime import date, timedelta
from pathlib import Path

warnings.filterwarnings("ignore")
logging.getLogger("mlflow").setLevel(logging.ERROR)
logging.getLogger("alembic").setLevel(logging.ERROR)

import matplotlib.pyplot as plt
from IPython.display import Image

import desk
import stage
import world
from desk import agrees, tell
from page import build_page
from platform_kit import CONTRACT, DISTRICTS, FEATURES, LABEL_DAYS, drift
from stage import PARTS

for left in ("system", "release", ".stage"):
    shutil.rmtree(left, ignore_errors=True)
Path("system").mkdir()
if not Path("empty.db").is_file():
    stage.make_empty_database("empty.db")  # an empty MLflow database takes a second or more to make: once is enough


def save_cell(path):
    """Write the text of the cell that is running to a file, without the line that says so."""
    cell = linecache.getlines(sys._getframe(1).f_code.co_filename)  # IPython keeps it there, for tracebacks
    Path(path).write_text("".join(line for line in cell if not line.startswith("save_cell(")))


# Thin wrappers, which the grader needs.
def rehearse(own, seed, scenes, cluster=False, before=()):
    """Play scenes to a platform in which only the parts in `own` (or in the folder `own`) are yours: see play in stage.py."""
    import stage

    return stage.play(own, seed, scenes, cluster, before)


def ask(part, cases):
    """Ask the function decide of a part of yours about each case."""
    import desk

    return desk.ask(part, cases)


def write_trail(steps):
    """Take steps with your part audit: see write_trail in desk.py."""
    import desk

    return desk.write_trail(steps)


def city(seed):
    """Return a city whose winter is over."""
    there = world.World(seed)
    there.trips("2026-02-16", noise=world.WINTER)
    return there


# %% [markdown]
# Here is last night, with the parts as found: bad data, a deployment that is killed right after the alias has moved, a rollback, and the next night.

# %% nbgrader={"grade": false, "grade_id": "last-night", "locked": true, "schema_version": 3, "solution": false, "task": false}
metro = city(5)
bad_night = world.delivery(metro, "e-1", "2026-03-02", "metres", factor=1.13)
last_night = {
    "bad data, and a kill": {"event": bad_night, "crash": ["alias", 1]},
    "the start after it": {"start": True},
    "the message again": {"event": bad_night},
    "a rollback": {"event": world.rollback("e-2", "2026-03-17", "riders complain")},
    "the next night": {"event": world.nightly("e-3", "2026-03-18")},
}
night_told = rehearse([], 5, [list(last_night.values())])[0]
tell(night_told, list(last_night))
assert [state["champion"] for state in night_told] == ["2", "2", "2", "1", "3"], "The parts in found are not as they were shipped: take them from the lab's folder again."

# %% [markdown]
# Read it line by line, and ask of each which part is at fault. You will mend them one after the other.

# %% [markdown]
# ## Part 1 · What may come in
#
# A **data contract** says what a delivery must be, in a form that a program can check. Ours is `contract.json`. What does not keep it goes into **quarantine**: a place which nothing reads but people, with the reasons. And since the feed sends a message again whenever it heard no answer, admission has to be **idempotent**: done twice, it gives the same as done once.

# %%
print(json.dumps(CONTRACT["columns"], indent=0).replace("\n", " ").replace("}, ", "},\n"))
print(CONTRACT["speed_kmh"])
for how in ("units", "text", "duplicates"):
    spoilt = world.delivery(city(5), "e-1", "2026-03-02", how)["delivery"]
    state = rehearse([], 5, [[{"call": ["admission", "admit", [spoilt]]}]])[0][0]
    print(f"{how:11} as found: {state['value']['status'] if state['value'] else state['error']}, {len(state['data'])} data versions")

# %% [markdown]
# ### Exercise 1 — Admission
# *Difficulty ●●○ · about 20 minutes*
#
# Write `admission.py`: `admit(p, delivery)`. A delivery is `{"id": "d-0316", "rows": [row, …]}`. It returns one of
#
# - `{"status": "admitted", "version": …}`: the rows are good, and a new version holds all rows of the newest version and those that are new. *A row that is in the data already, with the same values, is left out.* (So half a delivery may be known: then the other half is new.)
# - `{"status": "known", "version": …}`: the rows are good, and none is new. It is the newest version, and none is made; under whatever id the rows come, and in whatever order.
# - `{"status": "quarantined", "reasons": […]}`: something is wrong. The delivery is in quarantine with these reasons (`p.data.quarantine`), and nothing else has changed.
#
# The reasons are words. If a row cannot be read by the contract, only these:
#
# | reason | when |
# |:--|:--|
# | `empty` | there are no rows |
# | `columns` | a row has not exactly the contract's columns (then say no more than that) |
# | the name of a column | a value is not of its type, or not within its limits: ask `keeps(name, value)`, which is given |
#
# Otherwise all of these that apply:
#
# | reason | when |
# |:--|:--|
# | `speed` | *more than* 2 % of the rows have a speed outside of `CONTRACT["speed_kmh"]`: a trip in the wrong unit can lie within all limits. (A few may: bikes are forgotten) |
# | `duplicates` | a trip's number is twice in the delivery, with the same values or others |
# | `conflict` | a trip's number is in the data already, with other values |
#
# Done means: it holds for the deliveries below, and for others. It needs `CONTRACT` and `keeps` from `platform_kit`; import in the cell all that it needs, since the file is all that there is of it.
#
# <details><summary>Hint 1</summary>Three steps: what is wrong with the rows by themselves, what is wrong with them beside the data, what of them is new. Only the last one writes. Rows are dictionaries, and Python compares those by what is in them, in whatever order.</details>
# <details><summary>Hint 2</summary>Let a function <code>faults(rows)</code> return the reasons that lie in the rows by themselves, and return early where no row can be read. A dictionary from trip to row answers both questions about the data: what is known with other values, and what is new.</details>

# %% nbgrader={"grade": false, "grade_id": "admission", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
from collections import Counter

from platform_kit import CONTRACT, keeps
### END SOLUTION


def admit(p, delivery):
    """Make a new version of the data from a delivery, or put it into quarantine; return what became of it."""
    ### BEGIN SOLUTION
    rows = delivery["rows"]
    reasons = faults(rows)
    known = {row["trip"]: row for row in p.data.rows()}
    if set(reasons) <= {"speed", "duplicates"} and any(row["trip"] in known and row != known[row["trip"]] for row in rows):
        reasons.append("conflict")
    if reasons:
        p.data.quarantine(delivery, reasons)
        return {"status": "quarantined", "reasons": reasons}
    new = [row for row in rows if row["trip"] not in known]
    if not new:
        return {"status": "known", "version": p.data.newest()}
    return {"status": "admitted", "version": p.data.commit(p.data.rows() + new)}


def faults(rows):
    """Return what is wrong with the rows by themselves."""
    if not rows:
        return ["empty"]
    columns = CONTRACT["columns"]
    if any(set(row) != set(columns) for row in rows):
        return ["columns"]
    if found := [name for name in columns if not all(keeps(name, row[name]) for row in rows)]:
        return found
    limits = CONTRACT["speed_kmh"]
    speeds = [60 * row["distance_km"] / row["minutes"] for row in rows]
    odd = sum(not limits["min"] <= speed <= limits["max"] for speed in speeds)
    found = ["speed"] if odd > limits["share"] * len(rows) else []
    if max(Counter(row["trip"] for row in rows).values()) > 1:
        found.append("duplicates")
    return found
### END SOLUTION


save_cell("system/admission.py")

# %% nbgrader={"grade": true, "grade_id": "test-admission", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
good_rows = city(5).trips("2026-03-02", days=4)


def with_row(**change):
    """Return the good rows, the fourth of them changed."""
    return [{**row, **change} if number == 3 else row for number, row in enumerate(good_rows)]


deliveries = [
    ("a good delivery", good_rows, "admitted", None),
    ("the same again", good_rows, "known", None),
    ("nothing", [], "quarantined", ["empty"]),
    ("an unknown district", with_row(district="Oldtown"), "quarantined", ["district"]),
    ("a climb that is a text", with_row(climb_m="12"), "quarantined", ["climb_m"]),
    ("a rain of NaN", with_row(rain_mm=math.nan), "quarantined", ["rain_mm"]),
    ("a column too many", with_row(rider="ana"), "quarantined", ["columns"]),
    ("half of it in metres", [{**row, "distance_km": row["distance_km"] * (1000 if number % 2 else 1)} for number, row in enumerate(good_rows)], "quarantined", ["distance_km"]),
    ("other values for a known trip", with_row(rain_mm=good_rows[3]["rain_mm"] + 1), "quarantined", ["conflict"]),
]
calls = [{"call": ["admission", "admit", [{"id": f"d-{number}", "rows": rows}]]} for number, (_, rows, _, _) in enumerate(deliveries)]
for number, (state, (what, _, status, reasons)) in enumerate(zip(rehearse(["admission"], 5, [[calls]])[0], deliveries)):
    assert not state["error"], f"At {what} admit stopped: {state['error']}"
    answer = state["value"]
    assert isinstance(answer, dict) and answer.get("status") == status, f"At {what} admit returned {answer}, expected the status {status}."
    assert len(state["data"]) == 2, f"At {what} the data have {len(state['data'])} versions, expected 2: the winter's, and one with the good delivery."
    assert reasons is None or sorted(answer.get("reasons", [])) == reasons, f"At {what} the reasons are {answer.get('reasons')}, expected {reasons}."
    assert reasons is None or sorted(state["quarantined"].get(f"d-{number}", [])) == reasons, f"At {what} there lies in quarantine {state['quarantined']}, expected d-{number} with {reasons}."

# %% nbgrader={"grade": true, "grade_id": "judge-admission", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: good deliveries on the contract's edges, the same ones again under other ids and in another order, and some of which a part is known.
### BEGIN HIDDEN TESTS
from judging_admission import judge_good

judge_good(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-admission-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: some fifteen bad deliveries, each of which breaks one line of the tables, or two. Each must be in quarantine with its reasons, and change nothing.
### BEGIN HIDDEN TESTS
from judging_admission import judge_bad

judge_bad(rehearse)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · A story that cannot be rewritten
#
# An **audit trail** is a list of who did what, to what, why and when, to which one can only add. A file does not know "only add". But one can make it tell: in a **hash chain** each entry holds the hash of the one before, so whoever changes an entry has to change all that come after. And whoever does *that* is found out by a hash that was noted elsewhere: on paper, at the auditor's, in another system.
#
# A line is a JSON object with the six `FIELDS` `key`, `who`, `what`, `subject`, `why`, `when`, all of them texts that are not empty, and two more:
#
# - `after`: the `hash` of the line before; in the first line 64 zeros;
# - `hash`: of the text `after + json.dumps(fields, sort_keys=True)`, where `fields` is the dictionary of the six, the SHA-256 in hexadecimal digits: `hashlib.sha256(text.encode()).hexdigest()`.
#
# `key` is what makes writing idempotent: two entries never have the same.

# %% nbgrader={"grade": false, "grade_id": "chain", "locked": true, "schema_version": 3, "solution": false, "task": false}
first_fields = {"key": "e-1", "who": "Ada", "what": "deployed", "subject": "2", "why": "better", "when": "2026-05-04T10:00:00Z"}
print("hash of a first entry:", hashlib.sha256(("0" * 64 + json.dumps(first_fields, sort_keys=True)).encode()).hexdigest()[:16], "…")
changed = json.dumps({**first_fields, "why": "Bo said so", "after": "0" * 64, "hash": "0" * 64}).encode() + b"\n"
found_audit = stage.load_part("audit")
Path("trial.jsonl").write_bytes(changed)
print("as found, a line whose reason was changed is line", found_audit.verify("trial.jsonl"), "(0: all is well)")
Path("trial.jsonl").unlink()

# %% [markdown]
# ### Exercise 2 — The audit trail
# *Difficulty ●●○ · about 20 minutes*
#
# Write `audit.py` with two functions. (`from trail import FIELDS, START, whole_lines` brings the names of the six fields, the 64 zeros, and a function that returns the trail's whole lines, and the half line behind them.)
#
# `append(path, entry)` adds a line and returns its hash. `entry` holds the six fields.
#
# - If a field is missing, or is not a text, or is empty: `ValueError`, and the file is as before.
# - If the key is in the trail already, whatever else the entry says: nothing is written, and the hash of the line that is there is returned.
# - A crash may have left half a line at the end, without its newline. It was never acknowledged: it is cut off, and the new line comes in its place. Whole lines are never touched: whoever opens a trail to write it anew loses it all in a crash, or when the disk is full. The file need not exist.
#
# `verify(path, head=None)` returns the number of the first line that is not right, from 1, or 0.
#
# - A line is right if it is a JSON object with the six fields, as above, and the two more (others may stand beside them), its `after` is the hash of the line before, and its `hash` is as above. (How the JSON is spaced does not matter.)
# - Half a line at the end is no line. A file that does not exist has no lines. `verify` changes nothing.
# - `head` is a hash that somebody noted at some time. If all lines are right and none of them has that hash (nor is it the 64 zeros), something was cut off or all was written anew: then it returns the number of lines plus 1.
#
# At work add `flush` and `os.fsync` (only then a line is on the disk; no test here can see it), and keep the trail where nobody can delete it: in an object store with a lock, say.
#
# Done means: it holds for the trails below, and for others.
#
# <details><summary>Hint 1</summary><code>whole_lines</code> serves both functions, and so does a function of yours that returns the hash of an entry that comes after a hash.</details>
# <details><summary>Hint 2</summary><code>verify</code> goes along the lines with the hash that has to come next in a variable, and computes each line's hash anew: never trust the one that stands there. What can be wrong with a line that is not JSON, or is a list? <code>open(path, "ab")</code> appends; its <code>truncate(size)</code> cuts.</details>

# %% nbgrader={"grade": false, "grade_id": "audit", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
import hashlib
import json
import os

from trail import FIELDS, START, whole_lines
### END SOLUTION


def append(path, entry):
    """Add an entry to the trail and return its hash."""
    ### BEGIN SOLUTION
    if wrong := lacking(entry):
        raise ValueError(f"an entry without {', '.join(wrong)} tells no story")
    fields = {name: entry[name] for name in FIELDS}
    whole, torn = whole_lines(path)
    after = START
    for line in whole:
        known = json.loads(line)
        if known["key"] == entry["key"]:
            return known["hash"]
        after = known["hash"]
    line = {**fields, "after": after, "hash": hash_of(after, fields)}
    with open(path, "ab") as file:
        if torn:
            file.truncate(sum(len(each) + 1 for each in whole))
        file.write(json.dumps(line).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return line["hash"]
### END SOLUTION


def verify(path, head=None):
    """Return the number of the first line that is not right, or 0."""
    ### BEGIN SOLUTION
    lines, _ = whole_lines(path)
    after, seen = START, {START}
    for place, line in enumerate(lines, start=1):
        try:
            told = json.loads(line)
            right = hash_of(after, {name: told[name] for name in FIELDS})
            if lacking(told) or (told["after"], told["hash"]) != (after, right):
                return place
        except (ValueError, KeyError, TypeError):
            return place
        after = right
        seen.add(after)
    return len(lines) + 1 if head not in (None, *seen) else 0


def lacking(entry):
    """Return the fields that are not there, no texts, or empty."""
    return [name for name in FIELDS if not isinstance(entry.get(name), str) or not entry[name]]


def hash_of(after, fields):
    """Return the hash of an entry that comes after a hash."""
    return hashlib.sha256((after + json.dumps(fields, sort_keys=True)).encode()).hexdigest()
### END SOLUTION


save_cell("system/audit.py")

# %% nbgrader={"grade": true, "grade_id": "test-audit", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
own_entries = [{**first_fields, "key": f"e-{number}", "why": f"reason {number}"} for number in range(4)]
told = write_trail([{"append": entry} for entry in own_entries] + [{"append": own_entries[1]}, {"verify": None}, {"append": {**first_fields, "key": "e-9", "why": ""}}])
for number, said in enumerate(told[:4]):
    assert not said["error"], f"append stopped at a good entry: {said['error']}"
    assert said["bytes"].count(b"\n") == number + 1, f"After {number + 1} entries the trail has {said['bytes'].count(10)} lines."
trail_lines = told[3]["bytes"].splitlines()
before_hash = "0" * 64
for number, line in enumerate(map(json.loads, trail_lines)):
    assert line.get("after") == before_hash, f"after in line {number + 1} is {line.get('after')!r}, expected the hash of the line before, {before_hash[:8]}…"
    before_hash = hashlib.sha256((before_hash + json.dumps(own_entries[number], sort_keys=True)).encode()).hexdigest()
    assert line.get("hash") == before_hash, f"hash in line {number + 1} is {line.get('hash')!r}, expected {before_hash}: of after and the six fields."
assert told[4]["bytes"] == told[3]["bytes"], "An entry came a second time, and the file changed."
assert told[5]["value"] == 0, f"verify says {told[5]['value']!r} {told[5]['error']} to a trail in order, expected 0."
assert "ValueError" in told[6]["error"] and told[6]["bytes"] == told[3]["bytes"], "An entry without a reason was not refused with a ValueError, or the file changed."
edited = [*trail_lines[:2], trail_lines[2].replace(b"reason 2", b"reason 3"), trail_lines[3]]
for what, lines, half, head, expected in [
    ("a changed reason in line 3", edited, b"", None, 3),
    ("line 2 taken away", [trail_lines[0], *trail_lines[2:]], b"", None, 2),
    ("half a line at the end", trail_lines[:3], trail_lines[3][:20], None, 0),
    ("the last line cut off, though its hash was noted", trail_lines[:3], b"", before_hash, 4),
]:
    said = write_trail([{"set": b"".join(line + b"\n" for line in lines) + half}, {"verify": head}])[1]
    assert said["value"] == expected, f"verify says {said['value']!r} {said['error']} to {what}, expected {expected}."

# %% nbgrader={"grade": true, "grade_id": "judge-audit", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: append with other entries, keys that come again, entries that must be refused, and half lines that crashes have left.
### BEGIN HIDDEN TESTS
from judging_audit import judge_append

judge_append(write_trail)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-audit-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: verify on some twenty trails that were changed, cut, reordered, forged, or left alone.
### BEGIN HIDDEN TESTS
from judging_audit import judge_verify

judge_verify(write_trail)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · Better than what?
#
# The training pipeline holds a third of the trips out and asks candidate and **champion**, the model that answers users now, about the same ones. The gate as found does not look at that. It compares the candidate's figure of today with the figure that the champion was registered with: other trips, in another month. In winter trips are harder to foretell. So any model that is tested in spring is better.

# %%
spring_city = city(5)
scatter = spring_city.model(1.0, {"Hillside": 1.3})  # right everywhere, but in Hillside 30 % off
state = rehearse([], 5, [[{"event": world.delivery(spring_city, "e-1", "2026-03-02")}, {"event": world.proposal("e-2", "2026-03-17", scatter)}]])[0][1]
print("a model that is 30 % off in Hillside:", state["value"], "| figures:", {one["version"]: round(one["mae"], 2) for one in state["models"]}, "| champion:", state["champion"])

# %% [markdown]
# The right question is a **paired comparison**: on each single trip, how much smaller is the candidate's error? Easy and hard trips are so for both, and cancel out. Of $n$ differences $d$ (candidate minus champion) with the mean $\bar d$ and the standard deviation $s$ (the one with $n - 1$), the true mean lies between the *lower bound* $\bar d - 1.96\,s/\sqrt n$ and the *upper bound* $\bar d + 1.96\,s/\sqrt n$ in about 95 of 100 cases. The same is asked of each *slice*, a part of the cases that one looks at by itself: here, a district. Below, the differences are in minutes:

# %%
example_rows = [{"district": DISTRICTS[n % 5], "champion": 2 + (n * 37 % 50) / 10, "candidate": 1.8 + (n * 37 % 50) / 10 + (n * 7 % 11 - 5) / 10} for n in range(150)]
example_differences = [row["candidate"] - row["champion"] for row in example_rows]
figure, axes = plt.subplots(1, 2, figsize=(9, 2.6), sharey=True)
axes[0].boxplot([[row["champion"] for row in example_rows], [row["candidate"] for row in example_rows]], orientation="horizontal", tick_labels=["champion", "candidate"])
axes[0].set_xlabel("absolute error of a trip (minutes)")
axes[1].boxplot([example_differences], orientation="horizontal", tick_labels=["difference"])
axes[1].axvline(0, linestyle="--", linewidth=1)
axes[1].set_xlabel("candidate's error minus champion's (minutes)")
figure.savefig("paired.png", dpi=80, bbox_inches="tight")
plt.close(figure)
Image("paired.png", alt="Left, box plots of the errors of both models: they overlap nearly wholly, from 2 to 7 minutes. Right, the differences on the same trips: most lie below zero.")

# %% [markdown]
# ### Exercise 3 — The gate
# *Difficulty ●●○ · about 20 minutes*
#
# Write `gate.py`: `decide(report)` returns `{"promote": True or False, "reasons": […]}`. It promotes if there is no reason not to. The report:
#
# - `rows`: for each trip held out `district`, `candidate` and `champion`, their absolute errors in minutes. If there is no champion yet, `champion` is `None` in each.
# - `candidate`: `mae`, `fingerprint` (a text that is the same for equal models), `data`.
# - `champion`: `None`, or what it was registered with: `version`, `mae` and its tags.
# - `blocked`: the fingerprints of the models that were rolled back.
#
# | reason | when |
# |:--|:--|
# | `blocked` | the candidate's fingerprint is blocked |
# | `few` | there are fewer than 100 rows; then no comparison is made |
# | `not better` | the upper bound of the mean difference is not below 0: it is worse, or perhaps only lucky |
# | `worse: Hillside` | in that district (any that is in the rows) the lower bound is above 0: it is surely worse there. Districts with fewer than 30 rows are not looked at by themselves. One such reason for each |
#
# All that apply. If there is no champion, only `blocked` and `few` can.
#
# Each bound is wrong in one case of forty. With five districts, one of eight candidates that are equally good is refused; and a gate that is asked every night lets an equal one through now and then. At work, correct for many comparisons, or know what you pay.
#
# Done means: it holds for the reports below, and for others.
#
# <details><summary>Hint 1</summary>A helper that returns both bounds of a list of differences is all the statistics there is. Nothing in the report beside <code>rows</code>, <code>fingerprint</code> and <code>blocked</code> helps you to compare, though some of it looks as if it did.</details>
# <details><summary>Hint 2</summary><code>statistics.stdev</code> divides by n − 1; <code>numpy.std</code> does so with <code>ddof=1</code>. "Surely worse" and "not surely better" are two different questions to the same interval: which of its ends answers which?</details>

# %% nbgrader={"grade": false, "grade_id": "gate", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
from math import sqrt
from statistics import fmean, stdev

ENOUGH, ENOUGH_IN_A_SLICE = 100, 30
### END SOLUTION


def decide(report):
    """Return whether the candidate is promoted, and the reasons against it."""
    ### BEGIN SOLUTION
    rows, reasons = report["rows"], []
    if report["candidate"]["fingerprint"] in report["blocked"]:
        reasons.append("blocked")
    if len(rows) < ENOUGH:
        reasons.append("few")
    elif report["champion"] is not None:
        if interval([row["candidate"] - row["champion"] for row in rows])[1] >= 0:
            reasons.append("not better")
        for district in sorted({row["district"] for row in rows}):
            differences = [row["candidate"] - row["champion"] for row in rows if row["district"] == district]
            if len(differences) >= ENOUGH_IN_A_SLICE and interval(differences)[0] > 0:
                reasons.append(f"worse: {district}")
    return {"promote": not reasons, "reasons": reasons}


def interval(differences):
    """Return the bounds between which the true mean lies in about 95 of 100 cases."""
    half = 1.96 * stdev(differences) / sqrt(len(differences))
    return fmean(differences) - half, fmean(differences) + half
### END SOLUTION


save_cell("system/gate.py")

# %% nbgrader={"grade": true, "grade_id": "test-gate", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def example_report(shift, hill=0.0, blocked=(), rows=250, **more):
    """Return a report in which the candidate's errors are by `shift` larger than the champion's, in Hillside by `hill` more."""
    table = [{"district": DISTRICTS[n % 5], "champion": 6 + n % 7, "candidate": 6 + n % 7 + shift + (hill if n % 5 == 3 else 0) + (-1) ** (n // 5)} for n in range(rows)]
    return {"rows": table, "candidate": {"mae": 1.0, "fingerprint": "f00d", "data": "d"}, "champion": {"version": "4", "mae": 3.0, "fingerprint": "c0ffee"}, "blocked": list(blocked), **more}


for (what, report), reasons in {
    ("better by 0.5 ± 0.1 minutes", 0): [],
    ("better by 0.05 ± 0.1 minutes", 1): ["not better"],
    ("worse by 0.2 ± 0.1 minutes, while its figure is far better than the one that the champion was registered with", 2): ["not better"],
    ("better by 0.6 minutes, but worse in Hillside by 0.9", 3): ["worse: Hillside"],
    ("better by 0.5 minutes, and blocked", 4): ["blocked"],
    ("better by 0.5 minutes on 80 trips", 5): ["few"],
}.items():
    report = [example_report(-0.5), example_report(-0.05), example_report(0.2), example_report(-0.6, 1.5), example_report(-0.5, blocked=["f00d"]), example_report(-0.5, rows=80)][report]
    said = ask("gate", [report])[0]
    assert not said["error"], f"decide stopped at a candidate that is {what}: {said['error']}"
    assert isinstance(said["value"], dict) and said["value"].get("promote") is (not reasons), f"A candidate is {what}: decide returned {said['value']}, expected promote {not reasons}."
    assert sorted(said["value"].get("reasons", [])) == reasons, f"A candidate is {what}: the reasons are {said['value'].get('reasons')}, expected {reasons}."

# %% nbgrader={"grade": true, "grade_id": "judge-gate", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decide on reports of all districts alike: better, worse, inside the noise, first models, blocked ones.
### BEGIN HIDDEN TESTS
from judging_decisions import judge_gate

judge_gate(ask, "mean")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-gate-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decide on reports of districts that differ: worse in one or two, perhaps worse, in one that is not on the city's list.
### BEGIN HIDDEN TESTS
from judging_decisions import judge_gate

judge_gate(ask, "districts")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-gate-3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decide on reports just beside each limit, and on both sides of it.
### BEGIN HIDDEN TESTS
from judging_decisions import judge_gate

judge_gate(ask, "limits")
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · Which change matters?
#
# The monitor as found trains whenever an input has moved. Evidently sees much that moves: riders go farther in spring. **Harmless drift** is a change of the inputs that leaves the answers as good as they were. Here the trips are 1.5 km longer. On the other hand the bridge to Hillside is closed, and no input has moved at all:

# %%
calm_city = city(5)
far_rows, bridge_rows = calm_city.trips("2026-03-02", far=1.5), calm_city.trips("2026-03-16", hill=1.5)
winter_rows = world.World(5).trips("2026-02-16", noise=world.WINTER)
print("riders go farther:", drift(winter_rows, far_rows))
print("the bridge is closed:", drift(winter_rows, bridge_rows))

# %% [markdown]
# What tells are the errors. For them one needs labels, and labels come late: docks report a trip within three days (`LABEL_DAYS`), short trips earlier than long ones. So the newest days always look better than they are, or worse. Only days whose labels are *due* count: a day is due if it is `LABEL_DAYS` days or more before `now`.
#
# > **In older tutorials** drift is asked of Evidently with `Report(metrics=[DataDriftPreset()])`, `ColumnMapping` and `report.as_dict()`; since version 0.7 there are `DataDefinition`, `Dataset.from_pandas` and `.dict()`, and which test is used has to be pinned, as `platform_kit.drift` does. In MLflow, what this project does with the alias `champion` was once done with *stages* ("Production"), which are deprecated. Kubeflow's `ContainerOp` is gone since version 2 of its SDK.
#
# ### Exercise 4 — Dismiss, wait, retrain or mend
# *Difficulty ●●○ · about 20 minutes*
#
# Write `monitor.py`: `decide(window)` returns `{"decision": …, "why": […]}`. A window has
#
# - `now`, a day such as `"2026-03-30"`;
# - `requests`: for each `trip`, `day`, `district`, the three `FEATURES`, and `predicted`, the minutes that the service said (`None` where it could not);
# - `labels`, in any order: `trip`, `minutes`, and `received`, the day on which it came;
# - `reference`: for trips from before, `district` and the `error` of the same model in minutes;
# - `drift`: for each feature how far it has moved, in standard deviations.
#
# The first decision that applies:
#
# | decision | when | why |
# |:--|:--|:--|
# | `mend` | for some feature, *more than* 2 % of all requests have a value that breaks the contract (`keeps`). On such data nothing may be trained | those features |
# | `wait` | of the requests that are due, fewer than 100 have a label that was received by `now`, or fewer than 80 %. (A request that was not answered, `predicted` `None`, has no error, and counts among those without a label) | `["labels"]` |
# | `retrain` | the errors have grown: by *more than* half a minute, and surely | `"all"` if that holds for all due trips together, and each district for which it holds by itself |
# | `nothing` | none of that | the features whose `drift` is above 0.3: harmless, and worth a line in the trail |
#
# "Grown": compare the absolute errors of the due requests that have a label with those in `reference`. `grown(errors, before)` of `platform_kit` returns by how much the mean is larger, and the lower end of that; "surely" is a lower end above 0. (These are other trips than before, so nothing can be paired.) A district counts by itself if both sides have 30 errors or more.
#
# Done means: it holds for the windows below, and for others.
#
# <details><summary>Hint 1</summary>Four questions, in the order of the table, each a few lines. Write down which requests each one is about: all, those that are due, those that are due and have a label.</details>
# <details><summary>Hint 2</summary>Days written as 2026-03-30 can be compared as texts; the last day that is due is <code>date.fromisoformat(now) - timedelta(LABEL_DAYS)</code>. Ask <code>grown</code> for all errors, and then for those of each district.</details>

# %% nbgrader={"grade": false, "grade_id": "monitor", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
from datetime import date, timedelta

from platform_kit import FEATURES, LABEL_DAYS, grown, keeps

BROKEN, ENOUGH, COVERAGE, ENOUGH_IN_A_SLICE, HARM, DRIFT = 0.02, 100, 0.8, 30, 0.5, 0.3
### END SOLUTION


def decide(window):
    """Return what to do about two weeks of requests, and why."""
    ### BEGIN SOLUTION
    requests = window["requests"]
    broken = [name for name in FEATURES if sum(not keeps(name, row[name]) for row in requests) > BROKEN * len(requests)]
    if broken:
        return {"decision": "mend", "why": broken}
    last = (date.fromisoformat(window["now"]) - timedelta(LABEL_DAYS)).isoformat()
    due = [row for row in requests if row["day"] <= last]
    taken = {label["trip"]: label["minutes"] for label in window["labels"] if label["received"] <= window["now"]}
    errors = [(row["district"], abs(taken[row["trip"]] - row["predicted"])) for row in due if row["trip"] in taken and row["predicted"] is not None]
    if len(errors) < ENOUGH or len(errors) < COVERAGE * len(due):
        return {"decision": "wait", "why": ["labels"]}
    before = [(row["district"], row["error"]) for row in window["reference"]]
    hurt = ["all"] if harmed(before, errors) else []
    for district in sorted({name for name, _ in errors}):
        then, now = ([pair for pair in pairs if pair[0] == district] for pairs in (before, errors))
        if min(len(now), len(then)) >= ENOUGH_IN_A_SLICE and harmed(then, now):
            hurt.append(district)
    if hurt:
        return {"decision": "retrain", "why": hurt}
    return {"decision": "nothing", "why": [name for name, score in window["drift"].items() if score > DRIFT]}


def harmed(before, now):
    """Tell whether the errors have grown by more than HARM minutes, and surely grown."""
    more, least = grown([error for _, error in now], [error for _, error in before])
    return more > HARM and least > 0
### END SOLUTION


save_cell("system/monitor.py")

# %% nbgrader={"grade": true, "grade_id": "test-monitor", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def example_window(more=0.0, hill=0.0, newest=0.0, labelled=1.0, **change):
    """Return a window: due errors `more` larger than before, in Hillside by `hill` more; those of the last two days larger by `newest`."""
    days = [(date(2026, 3, 1) + timedelta(number)).isoformat() for number in range(17)]
    requests = [{"trip": n, "day": days[n // 20], "district": DISTRICTS[n % 5], "distance_km": 3.0, "climb_m": 5.0, "rain_mm": 0.0, "predicted": 20.0} for n in range(340)]
    grown = {n: more + (hill if n % 5 == 3 else 0) + (newest if n >= 300 else 0) for n in range(340)}
    labels = [{"trip": n, "minutes": 21.5 + grown[n] + (-1) ** (n // 5), "received": days[min(n // 20 + 2, 16)]} for n in range(340) if n % 10 < 10 * labelled]
    reference = [{"district": DISTRICTS[n % 5], "error": 1.5 + (-1) ** (n // 5)} for n in range(250)]
    return {"now": "2026-03-18", "requests": requests, "labels": labels, "reference": reference, "drift": {"distance_km": 0.9, "climb_m": 0.1, "rain_mm": 0.2}, **change}


metres = example_window(5.0)
metres["requests"] = [{**row, "distance_km": 3000.0} if row["trip"] % 20 == 0 else row for row in metres["requests"]]
for what, window, decision, why in [
    ("the errors are as before, and the distances have moved", example_window(), "nothing", ["distance_km"]),
    ("the errors have grown by 2 minutes everywhere", example_window(2.0), "retrain", sorted(["all", *DISTRICTS])),
    ("the errors have grown by 0.3 minutes", example_window(0.3), "nothing", ["distance_km"]),
    ("the errors have grown by 2 minutes in Hillside alone", example_window(hill=2.0), "retrain", ["Hillside"]),
    ("the last two days, which are not due, look dreadful", example_window(newest=20.0), "nothing", ["distance_km"]),
    ("half of the labels are there, and the errors have grown", example_window(3.0, labelled=0.5), "wait", ["labels"]),
    ("5 % of the distances are in metres, and the errors have grown", metres, "mend", ["distance_km"]),
]:
    said = ask("monitor", [window])[0]
    assert not said["error"], f"decide stopped at a window in which {what}: {said['error']}"
    assert isinstance(said["value"], dict) and said["value"].get("decision") == decision, f"In a window in which {what}, decide returned {said['value']}, expected {decision!r}."
    assert sorted(said["value"].get("why", [])) == why, f"In a window in which {what}, decide rightly says {decision!r}; its why is {said['value'].get('why')}, expected {why}."

# %% nbgrader={"grade": true, "grade_id": "judge-monitor", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decide on other windows: harmless drift, broken inputs of all kinds, labels that are missing or late.
### BEGIN HIDDEN TESTS
from judging_decisions import judge_monitor

judge_monitor(ask, 1)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-monitor-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: decide on windows in which errors have grown a lot, a little, unsurely, in one district, on days that are not due.
### BEGIN HIDDEN TESTS
from judging_decisions import judge_monitor

judge_monitor(ask, 2)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · A deployment that survives
#
# A deployment changes three stores: the alias in MLflow, the Deployment on Kubernetes, the audit trail. No transaction spans them. So there is always a moment at which one of them is ahead, and one day the machine stops in that moment. There are two ways to live with that, and both are in use:
#
# - A **journal**: write down what you are going to do *before* you do it. After a crash the journal says what was under way, and it is finished, or undone.
# - To **reconcile**: one store says what is *wanted*; compare the others with it, and do what is missing. So Kubernetes works itself.
#
# Both need steps that may be done twice. In a journal's design, `deploy` goes like this, and `recover` does the steps from 2 on with what the note says:
#
# | step | store | done twice |
# |:--|:--|:--|
# | 1. note what is to be done, for whom, and what serves now | a note | the same note |
# | 2. ask for the version, and wait until it serves | service | is there already |
# | 3. move the alias: it never names what cannot serve | registry | is there already |
# | 4. write the entry | trail | knows its key |
# | 5. note that nothing is under way, who has served in which order, and for each key whether it ended well | the same note | the same note |
#
# What neither design does by itself: keep two processes apart that deploy at once. At work each decision carries a number that grows, and the service refuses a smaller one than it has seen (a *fencing token*). Here one process works at a time.
#
# Look at what can go wrong; a deployment as found, killed after its first and its third effect, and a start:

# %%
crash_city = city(5)
spare = {"call": ["stage", "spare", [crash_city.model(1.1)]]}  # registers version 2, which serves nobody yet
for number in (1, 3):
    killed = {"call": ["deployment", "deploy", ["2", "better", "k-2"]], "crash": ["any", number]}
    state = rehearse([], 5, [[killed, {"start": True}]], before=[spare])[0][1]
    print(f"killed after effect {number}: alias {state['champion']}, service {state['wanted']}, trail {[entry['what'] + ' ' + entry['subject'] for entry in state['trail'][1:]]}, agree: {agrees(state)}")

# %% [markdown]
# ### Exercise 5 — Deploy, recover, roll back
# *Difficulty ●●● · about 50 minutes*
#
# Write `deployment.py` with three functions.
#
# `deploy(p, version, why, key)` lets a registered version serve. Afterwards alias, service and answers are of that version, the trail has one entry `deployed` with the version as its subject and with that key, and it returns `True`.
#
# - If the pods do not become ready (`p.service.wait()` raises `RuntimeError`), the version before goes on serving, and is what the service is asked for; the alias is at it; the trail has one entry `failed` about the new version under that key, with a reason of your words; it returns `False`. A version that failed has not served. (A version that has served always becomes ready again here: a rollback need not fear that.)
# - With a key with which it has come to an end before, it changes nothing, and returns what it returned then.
#
# `recover(p)` is called at each start, before anything else. If something was killed half-way, it finishes or undoes it: afterwards alias, service, answers and trail agree: the new version serves and the trail says so, or the old one serves and the trail does not speak of the new one. It may be killed itself. Where nothing was under way it has no effect at all.
#
# `rollback(p, why, key)` lets the version serve that served before the present one, and returns it.
#
# - The version that is left gets the tag `blocked` with the reason. "Before" skips blocked versions; so a second rollback goes one further.
# - The trail has one entry `rolled back` under that key, with the version that serves now as its subject.
# - With a key that was rolled back with before, it changes nothing, and may return anything. If nothing is there to go back to: `ValueError`, and nothing has changed.
# - It can be killed at any effect, too; and after `recover` the same call comes again.
#
# Whoever asked for it (`p.by`, `p.now`) stands in the trail, also where a start has finished it, which comes from somebody else: `p.record` takes `who=` and `when=`. At the beginning the note `p.read("deployments")` is the list of the versions that have served so far.
#
# Done means: wherever it is killed, after a start and the same call again all is as if nothing had happened.
#
# <details><summary>Hint 1</summary>Let deploy and rollback do nothing but write into the journal what is to be done, with all that is needed to do it, and call the function that does what the journal says. recover calls that, too. Then there is one place where things are done.</details>
# <details><summary>Hint 2</summary>One note can hold it all: <code>{"job": …, "served": […], "ended": {key: True}}</code>, with <code>None</code> for no job. Since a note is written wholly or not at all, "it is done", "it has served" and "this key has ended" become true at the same moment. Let the job hold the list of those who have served <em>as it shall be</em>, not "one more": that may be written twice.</details>

# %% nbgrader={"grade": false, "grade_id": "deployment", "locked": false, "schema_version": 3, "solution": true, "task": false}
def deploy(p, version, why, key):
    """Let a registered version serve; return whether it does."""
    ### BEGIN SOLUTION
    recover(p)
    book = journal(p)
    if key in book["ended"]:
        return book["ended"][key]
    before = book["served"][-1]
    start(p, book, {"what": "deployed", "version": version, "before": before, "why": why, "key": key, "served": [*book["served"], version]})
    return finish(p)
### END SOLUTION


def rollback(p, why, key):
    """Let the version serve that served before, block the present one, and return the version."""
    ### BEGIN SOLUTION
    recover(p)
    book = journal(p)
    if key in book["ended"]:
        return book["served"][-1]
    *earlier, present = book["served"]
    while earlier and (earlier[-1] == present or "blocked" in p.registry.tags(earlier[-1])):
        earlier.pop()
    if not earlier:
        raise ValueError("there is no version before this one")
    start(p, book, {"what": "rolled back", "version": earlier[-1], "before": present, "why": why, "key": key, "served": earlier})
    finish(p)
    return earlier[-1]
### END SOLUTION


def recover(p):
    """Finish or undo what was under way when the process before was killed."""
    ### BEGIN SOLUTION
    finish(p)


def journal(p):
    """Return what is under way, which versions have served, and which keys have come to their end."""
    return p.read("journal") or {"job": None, "served": p.read("deployments"), "ended": {}}


def start(p, book, job):
    """Note what is going to be done, before any of it is done."""
    p.write("journal", {**book, "job": {**job, "who": p.by, "when": p.now}})


def finish(p):
    """Do what the journal says is under way. Every step may be done twice."""
    book = journal(p)
    job = book["job"]
    if not job:
        return None
    served, good = job["served"], True
    try:
        serve(p, job["version"])
    except RuntimeError as problem:
        good, served = False, book["served"]
        serve(p, job["before"])
        p.record("failed", job["version"], str(problem), job["key"], who=job["who"], when=job["when"])
    else:
        if job["what"] == "rolled back":
            p.registry.tag(job["before"], "blocked", job["why"])
        p.registry.set_champion(job["version"])
        p.record(job["what"], job["version"], job["why"], job["key"], who=job["who"], when=job["when"])
    p.write("journal", {"job": None, "served": served, "ended": {**book["ended"], job["key"]: good}})
    return good


def serve(p, version):
    """Ask for a version, and wait until it serves."""
    service = p.service
    service.apply(version)
    service.wait()
### END SOLUTION


save_cell("system/deployment.py")

# %% nbgrader={"grade": true, "grade_id": "test-deployment", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
test_city = city(5)
spares = [{"call": ["stage", "spare", [model]]} for model in (test_city.model(1.1), test_city.model(1.2), {})]  # versions 2, 3, and 4, which no pod can load


def calling(function, *arguments, **more):
    """Return the step that calls a function of your part."""
    return {"call": ["deployment", function, list(arguments)], "by": "Ada", "at": "2026-05-04T10:00:00Z", **more}


def is_well(state, version, words, what):
    """Check that a version serves, and that the trail ends with these words about it."""
    assert not state["error"], f"{what}: {state['error']}"
    assert agrees(state), f"{what}: alias {state['champion']}, service {state['wanted']}, answering {state['answering']}: these are not one version."
    assert state["champion"] == version, f"{what}: version {state['champion']} serves, expected {version}."
    found_words = [entry["what"] for entry in state["trail"][1:]]
    assert found_words == words, f"{what}: the trail goes on after the first model with {found_words}, expected {words}."


begin_again = {"start": True, "by": "timer", "at": "2026-05-04T11:00:00Z"}
again = [begin_again, calling("deploy", "2", "better", "k-2")]
scenes = [
    [[calling("deploy", "2", "better", "k-2"), calling("deploy", "2", "better", "k-2"), calling("deploy", "4", "new", "k-4"), calling("rollback", "slow", "r-2"), calling("rollback", "slow", "r-1")]],
    [calling("deploy", "2", "better", "k-2", crash=["apply", 1]), again],
    [calling("deploy", "2", "better", "k-2", crash=["alias", 1]), again],
    [calling("deploy", "2", "better", "k-2", crash=["audit", 1]), again],
]
plain_told, *crash_told = rehearse(["deployment"], 5, scenes, before=spares)
is_well(plain_told[0], "2", ["deployed"], "After a deployment of version 2")
is_well(plain_told[1], "2", ["deployed"], "After the same deployment again")
is_well(plain_told[2], "2", ["deployed", "failed"], "After a deployment of version 4, whose pods do not become ready")
is_well(plain_told[3], "1", ["deployed", "failed", "rolled back"], "After a rollback")
assert "blocked" in plain_told[3]["models"][1]["tags"], "After a rollback version 2 has no tag blocked."
assert "ValueError" in plain_told[4]["error"], f"A rollback with nothing before version 1: rollback said {plain_told[4]['value']!r} {plain_told[4]['error']}, expected a ValueError."
for effect, told in zip(("apply", "alias", "audit"), crash_told):
    what = f"A deployment was killed right after the effect {effect!r}, and there was a start"
    assert agrees(told[1]), f"{what}: alias {told[1]['champion']}, service {told[1]['wanted']}, answering {told[1]['answering']}: these are not one version. {told[1]['error']}"
    is_well(told[2], "2", ["deployed"], f"{what}, and the same deployment again")

# %% nbgrader={"grade": true, "grade_id": "judge-deployment", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: deployments without a crash: several, the same again, one whose pods do not become ready, and what follows it.
### BEGIN HIDDEN TESTS
from judging_deployment import judge_deploy

judge_deploy(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-deployment-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a deployment that is killed after each of its effects, a start that is killed, too, a start, and the same deployment again.
### BEGIN HIDDEN TESTS
from judging_deployment import judge_crash

judge_crash(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-deployment-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rollbacks: one, several, too many, the same again, after another deployment; and what the next night makes of it, with the other parts as found.
### BEGIN HIDDEN TESTS
from judging_deployment import judge_rollback

judge_rollback(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-deployment-4", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a rollback that is killed after each of its effects, a start, and the same rollback again.
### BEGIN HIDDEN TESTS
from judging_deployment import judge_rollback_killed

judge_rollback_killed(rehearse)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · One system
#
# What is left is the part that calls the others. The queue promises that each event arrives *at least* once, and that one whose handling was killed comes again before any other. (Many queues do not promise the second; then a decision can be older than what serves by now.) You make of it that its effect is there **exactly once**: whatever comes twice, and wherever the process is killed.
#
# The part as found notes an event as done before it does it, and in memory. The parts are loaded anew for each event, as by a new process, so that note is gone; and if it were not, a kill would lose the event. There is a second trap. A killed event is handled again *in a world that has changed*: its data are in the newest version already, its model is registered, perhaps it serves. Who decides anew may decide otherwise.

# %%
twice_city = city(5)
good_event = world.delivery(twice_city, "e-1", "2026-03-02", factor=1.13)
as_found = rehearse([], 5, [[{"event": good_event, "crash": ["register", 1]}, {"event": good_event}, {"event": good_event}]])[0]
print("killed after the registration, and the event came twice more:", [one["version"] for one in as_found[-1]["models"]], "are registered, alias", as_found[-1]["champion"])

# %% [markdown]
# ### Exercise 6 — Handle the events
# *Difficulty ●●● · about 40 minutes*
#
# Write `events.py`: `handle(p, event)`. An event has `id`, `kind`, `at`, `by` (the last two are `p.now` and `p.by`). What it returns does not matter. (An event that can never be handled, such as a proposal that is no model, does not come here. At work it does, and would block the queue for ever: after some tries it is set aside, in a *dead-letter queue*, and somebody is told.)
#
# | kind | what to do |
# |:--|:--|
# | `delivery` | admit `event["delivery"]`. If it is quarantined, that is all. Else *train* |
# | `window` | ask the monitor about `p.window(event["window"])`. If it says `retrain`: `p.labelled(window, id)` makes a delivery of the trips whose labels are due and there; admit it (if it is quarantined, that is all), and *train*. Whatever else it says, that is all |
# | `proposal` | *train* with the model that was proposed: `p.train(event["model"])` |
# | `nightly` | *train* |
# | `rollback` | let the deployment roll back, with `event["why"]` |
#
# *Train*:
#
# - `candidate = p.train()` runs the pipeline, and `p.registered(candidate["fingerprint"])` tells whether an equal model is registered already. If another event has registered it (its tag `event`), nothing is registered: the newest data have brought nothing new, or what they bring is blocked. The trail says `refused`. (So the gate's `blocked` is a second net: this is the first.)
# - Else `p.report(candidate)` is what the gate decides on. **Every candidate is registered**, refused ones, too, with its lineage (the data, the code and the event that it came from): `p.register(candidate, event["id"], said)` does that, and puts the gate's answer into the tags `gate` (`promoted` or `refused`) and `reasons`.
# - If it is promoted, the deployment deploys it.
#
# The trail, by `p.record(what, subject, why, key)`, in this order:
#
# | what | subject | when |
# |:--|:--|:--|
# | `nothing`, `wait`, `retrain`, `mend` | the event's id | the monitor has decided |
# | `admitted`, `quarantined` | the data version; the delivery's id | admission has decided (`known` counts as admitted) |
# | `registered` | the model's version | the candidate is registered |
# | `refused` | the model's version; if it was registered by another event, that one | the gate has refused it, or it is not new |
#
# `deployed`, `failed` and `rolled back` come from the deployment. A reason (`why`) names what the gate, admission or the monitor gave as reasons, joined as you like, and is never empty. Keys are yours to choose: for an event that comes again they must be the same, and no two entries may share one, also of two events that end alike, two rollbacks for instance. (The trail, as found, knows keys already.)
#
# Done means: after each event things are as the tables say; an event that has been handled has no effect when it comes again; and one whose handling was killed after any effect is, when it comes again, finished as if nothing had happened, with the decisions that were taken the first time.
#
# <details><summary>Hint 1</summary>Note an event as done at the very end. Then ask of each step: what if it was done already, and this is the second time? Admission says <code>known</code>, the trail and the deployment know their keys. Which two decisions are not repeatable?</details>
# <details><summary>Hint 2</summary>The gate's answer is in the tag <code>gate</code>: if a model is there with this fingerprint and this event, do not ask again. After the labelled trips have been admitted the monitor would see another reference and another champion: write its answer, or the delivery that follows from it, into a note before you admit anything.</details>

# %% nbgrader={"grade": false, "grade_id": "events", "locked": false, "schema_version": 3, "solution": true, "task": false}
def handle(p, event):
    """Do what an event asks for, exactly once."""
    ### BEGIN SOLUTION
    done = p.read("events", [])
    if event["id"] in done:
        return "known"
    said = {"delivery": delivered, "window": watched, "proposal": offered, "nightly": offered, "rollback": called_back}[event["kind"]](p, event)
    p.write("events", [*done, event["id"]])
    return said


def delivered(p, event):
    return said if (said := let_in(p, event["id"], event["delivery"])) == "quarantined" else offered(p, event)


def let_in(p, name, delivery):
    said = p.parts.admission.admit(p, delivery)
    if said["status"] == "quarantined":
        p.record("quarantined", delivery["id"], ", ".join(said["reasons"]), f"{name}/data")
    else:
        p.record("admitted", said["version"], f"delivery {delivery['id']}", f"{name}/data")
    return said["status"]


def watched(p, event):
    if not p.read(f"due-{event['id']}"):
        window = p.window(event["window"])
        said = p.parts.monitor.decide(window)
        p.record(said["decision"], event["id"], ", ".join(said["why"]) or "all is well", f"{event['id']}/monitor")
        if said["decision"] != "retrain":
            return said["decision"]
        p.write(f"due-{event['id']}", p.labelled(window, f"{event['id']}-labels"))
    if let_in(p, event["id"], p.read(f"due-{event['id']}")) == "quarantined":
        return "quarantined"
    return offered(p, event)


def offered(p, event):
    name, candidate = event["id"], p.train(event.get("model"))
    known = p.registered(candidate["fingerprint"])
    if known and known["tags"].get("event") != name:
        p.record("refused", known["version"], "blocked" if "blocked" in known["tags"] else "not new", f"{name}/gate")
        return "refused"
    if not known:
        version = p.register(candidate, name, p.parts.gate.decide(p.report(candidate)))
        known = {"version": version, "tags": p.registry.tags(version)}
    version, tags = known["version"], known["tags"]
    p.record("registered", version, f"trained on {tags['data']}", f"{name}/model")
    if tags["gate"] == "refused":
        p.record("refused", version, tags["reasons"], f"{name}/gate")
        return "refused"
    return "deployed" if p.parts.deployment.deploy(p, version, f"{event['kind']} {name}", name) else "failed"


def called_back(p, event):
    p.parts.deployment.rollback(p, event["why"], event["id"])
    return "rolled back"
### END SOLUTION


save_cell("system/events.py")

# %% nbgrader={"grade": true, "grade_id": "test-events", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
event_city = city(5)
good_event = world.delivery(event_city, "e-1", "2026-03-02", factor=1.13)
empty_event = {**good_event, "id": "e-2", "delivery": {"id": "d-2", "rows": []}}
poor_event = world.proposal("e-3", "2026-03-18", event_city.model(2.0))
told, killed_told = rehearse(["events"], 5, [[[{"event": each} for each in (good_event, empty_event, poor_event, good_event, poor_event)]], [{"event": good_event, "crash": ["register", 1]}, [{"event": good_event}, {"event": good_event}]]])
for state, each in zip([*told, *killed_told[1:]], [good_event, empty_event, poor_event, good_event, poor_event, good_event, good_event]):
    assert not state["error"], f"handle stopped at the event {each['id']} ({each['kind']}): {state['error']}"
stories = [[(entry["what"], entry["subject"]) for entry in state["trail"][1:]] for state in told]
story = [("admitted", told[0]["data"][-1]), ("registered", "2"), ("deployed", "2")]
assert stories[0] == story, f"After new good data the trail goes on with {stories[0]}, expected {story}."
assert agrees(told[0]) and told[0]["champion"] == "2", f"After new good data alias {told[0]['champion']} and service {told[0]['wanted']}, expected 2 and 2."
tags = told[0]["models"][1]["tags"] if len(told[0]["models"]) > 1 else {}
assert tags.get("data") == told[0]["data"][-1] and tags.get("event") == "e-1" and tags.get("gate") == "promoted" and tags.get("code"), f"After new good data version 2 has the tags {tags}, expected data, code, event and gate: its lineage."
story += [("quarantined", "d-2")]
assert stories[1] == story and len(told[1]["data"]) == 2, f"After a bad delivery the trail goes on with {stories[1]}, expected {story}."
story += [("registered", "3"), ("refused", "3")]
assert stories[2] == story and told[2]["champion"] == "2", f"After a poor proposal the trail goes on with {stories[2]}, expected {story}."
assert stories[4] == story and len(told[4]["models"]) == 3, f"The same events came again, and there are {len(told[4]['models'])} models and the trail {stories[4]}: nothing may be done twice."
last = killed_told[-1]
assert len(last["models"]) == 2 and len(last["data"]) == 2, f"An event was killed after the registration and came again: {len(last['models'])} models and {len(last['data'])} data versions, expected 2 and 2."
assert agrees(last) and last["champion"] == "2", f"An event was killed after the registration and came again: alias {last['champion']}, service {last['wanted']}, expected 2 and 2."

# %% nbgrader={"grade": true, "grade_id": "judge-events", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: each kind of event once, with the other parts as found: stores, lineage, and the trail's entries in order.
### BEGIN HIDDEN TESTS
from judging_events import judge_kinds

judge_kinds(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-events-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: events that come twice, at once or much later, and a delivery that comes again under another event.
### BEGIN HIDDEN TESTS
from judging_events import judge_twice

judge_twice(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-events-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: events whose handling is killed after one effect or another, and that come again. The result must be that of the same event without a crash.
### BEGIN HIDDEN TESTS
from judging_events import judge_killed

judge_killed(rehearse)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 7 · A spring
#
# Now all six together. What runs at a company is a *release*: a copy that nobody edits any more, with a hash of each file, so that one can say later which rules were at work.
#
# ### Exercise 7 — The release, and its spring
# *Difficulty ●○○ · about 10 minutes, and whatever your parts still need*
#
# Copy the six parts (`PARTS`) from `system` into a folder `release`, and write `release/manifest.json`: an object with the name of each file (`"gate.py"`) and the SHA-256 of its bytes in hexadecimal digits. Then the release is played: eleven steps from March to May, on the notebook's Kubernetes cluster, with real pods.
#
# Done means: each event of the spring is handled as it should be. There is a point for each, whatever becomes of the others. If you change a part, run its cell and this one again.
#
# <details><summary>Hint 1</summary><code>shutil.copy</code> and <code>Path.read_bytes</code> do it. Where an event fails, its message says what is wrong; the printed lines say where it began, and the parts' own tests ask each part by itself.</details>
# <details><summary>Hint 2</summary>Parts that pass alone and fail together mostly disagree on what is remembered: a note under one name in two parts, a key of the trail that two entries share, an event that was noted as done too early.</details>

# %% nbgrader={"grade": false, "grade_id": "spring", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
Path("release").mkdir(exist_ok=True)
manifest = {}
for part in PARTS:
    text = Path("system", f"{part}.py").read_text()
    Path("release", f"{part}.py").write_text(text)
    manifest[f"{part}.py"] = hashlib.sha256(text.encode()).hexdigest()
Path("release/manifest.json").write_text(json.dumps(manifest))
### END SOLUTION

# %% [markdown]
# Right after the kill alias and service disagree, with the best of releases: that is what the start is for.

# %% nbgrader={"grade": false, "grade_id": "played", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["uses-answers"]
plan = world.spring(city(5))
spring_told = rehearse("release", 5, [list(plan.values())], cluster=True)[0]
steps = [{"name": name, **state} for name, state in zip(plan, spring_told)]
tell(spring_told, list(plan))

# %% nbgrader={"grade": true, "grade_id": "test-spring", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
hashes = {f"{name}.py": hashlib.sha256(Path("release", f"{name}.py").read_bytes()).hexdigest() for name in PARTS}
assert json.loads(Path("release/manifest.json").read_text()) == hashes, "release/manifest.json does not hold the SHA-256 of each of the six files in release, under its name."
should_be = {  # after each event: the version that serves, data versions, registered models
    "new good data": ("2", 2, 2),
    "the same event again": ("2", 2, 2),
    "bad data": ("2", 2, 2),
    "harmless drift": ("2", 2, 2),
    "harmful drift": ("3", 3, 3),
    "the event that had crashed, again": ("4", 4, 4),
    "a rollback": ("3", 4, 4),
    "the next night": ("3", 4, 4),
    "a candidate that is worse in Old Town": ("3", 4, 5),
}
unlike = []
for step in steps:
    found = (step["champion"], len(step["data"]), len(step["models"]))
    if step["name"] in should_be and (step["error"] or not agrees(step) or found != should_be[step["name"]]):
        unlike.append(f"after {step['name']!r} alias {step['champion']}, service {step['wanted']}, answering {step['answering']}, {found[1]} data versions, {found[2]} models, expected version %s, %s and %s {step['error']}" % should_be[step["name"]])
assert not unlike, f"{unlike[0]} (It is the first; {len(unlike) - 1} later steps are not as they should be either, and may only follow from it.)"

# %% nbgrader={"grade": true, "grade_id": "judge-spring", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: new good data: the stores, the rows, the trail.
### BEGIN HIDDEN TESTS
from judging_spring import judge_new_data

judge_new_data(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: the same event a second time: no effect.
### BEGIN HIDDEN TESTS
from judging_spring import judge_again

judge_again(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: bad data: in quarantine, and nothing else.
### BEGIN HIDDEN TESTS
from judging_spring import judge_bad_data

judge_bad_data(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: harmless drift: a line in the trail.
### BEGIN HIDDEN TESTS
from judging_spring import judge_harmless

judge_harmless(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-5", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: harmful drift: the labelled trips, a model, a deployment.
### BEGIN HIDDEN TESTS
from judging_spring import judge_harmful

judge_harmful(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-6", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: a candidate that is better in the mean and worse in one district.
### BEGIN HIDDEN TESTS
from judging_spring import judge_worse

judge_worse(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-7", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: a deployment that is killed after one effect or another, a start, the event again.
### BEGIN HIDDEN TESTS
from judging_spring import judge_kill

judge_kill(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-8", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: an event that is killed after its model was registered, a start, the event again.
### BEGIN HIDDEN TESTS
from judging_spring import judge_lost

judge_lost(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-9", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: a rollback of three versions that have served, not one after the other, and another rollback.
### BEGIN HIDDEN TESTS
from judging_spring import judge_rollback

judge_rollback(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-10", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: the night after a rollback.
### BEGIN HIDDEN TESTS
from judging_spring import judge_night

judge_night(rehearse)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-spring-11", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, with the six parts of your release: another spring like yours, in another city, on the notebook's Kubernetes cluster.
### BEGIN HIDDEN TESTS
from judging_spring import judge_cluster

judge_cluster(rehearse)
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# A page of your spring, to show: open `platform.html` in a browser, switch to dark, print it to a file. `page.py` makes it. (Names and reasons come from people, so it escapes them.)
#
# And for the last time, the auditor's question. Here is the trail of your spring, with one word changed:

# %% tags=["uses-answers"]
build_page(steps, "platform.html")
own_audit = stage.load_part("audit", "release")
lines = [json.dumps(entry) for entry in steps[-1]["trail"]]
Path("trail.jsonl").write_text("\n".join(lines) + "\n")
print("as it was written:", own_audit.verify("trail.jsonl"))
Path("trail.jsonl").write_text("\n".join(lines).replace("Ada", "Bo") + "\n")
print("with Ada's name replaced by Bo's: the first line that is not right is", own_audit.verify("trail.jsonl"))
Path("trail.jsonl").unlink()

# %% [markdown]
# ### Exercise 8 — The post-mortem
# *Difficulty ●●○ · about 20 minutes*
#
# A **post-mortem** is a written account of a failure: what happened, why it could, and what is changed so that it cannot again; without blame. Write one about the deployment that was killed in *your* spring.
#
# <details><summary>Hint 1</summary>Read the output of your spring from the crash to the event that came again, beside your <code>deployment.py</code>: at which line did the process die, and which line found out?</details>
# <details><summary>Hint 2</summary>Ask of each sentence: could the auditor check it, and in which store? And of your design: what would it do if the machine never came back, or if two of these processes ran at once?</details>

# %% [markdown] nbgrader={"grade": false, "grade_id": "post-mortem", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": true}
# Write 150 to 300 words into the cell below, for Noor and for the auditor. A person marks it.
#
# 1. **What happened** (3 points). The deployment that was killed: when, after which effect; what alias, service and trail said at that moment and after the start; what users noticed. From your run's output or page.
# 2. **Why it came out right, or did not** (3 points). Which lines of your parts finished or undid it, in which order things are written and why in that order; and one other design that you might have taken, with what it would have cost.
# 3. **What can still go wrong** (3 points). Two faults that your platform does not survive, or only by luck, and how one would notice each.
# 4. **What is not real here** (1 point). One thing that this notebook only simulates and that would change your design at a company.
#
# ### BEGIN MARK SCHEME
# In the reference solution: killed right after the service was asked for version 4 (effect apply), on 4 May; alias 3, service 4 (which comes up by itself), trail without "deployed 4". The start finds the journal, asks for 4 once more, waits, moves the alias, writes the entry in the name of "dock feed", closes the journal.
# The event comes again: its data are known, its model is registered with the tag promoted, the deployment knows the key.
#
# 1. What happened, 3 points: 1 the moment (after apply, before the alias) and the disagreement; 1 the state after the start, with the numbers of the learner's own run; 1 users: answers of 4 for a moment under the alias 3, or none of it noticed, no request lost, since old pods go when new ones are ready.
# 2. Why, 3 points: 1 the mechanism named in their own code (journal, or comparison of wanted with there); 1 the order with its reason (intent first; alias after the pods are ready, so that the alias never names what cannot serve; the trail before the journal is closed, keyed); 1 an alternative with a cost
#    (reconcile from the alias: simpler, but the alias names for a while what does not serve; undo instead of finish: the deployment is lost until the event comes again; one transaction: not to be had over three stores).
# 3. What can still go wrong, 3 points: 1 each for two real faults, for instance: two processes at once (no lock or lease); a crash inside one effect (dvc add done, version not noted; register before the version is made leaves a run without a model); a queue that loses or reorders events; the journal's disk lost; a model that is retrained on slightly other data and is as bad
#    as the blocked one, with another fingerprint; somebody changes the Deployment by hand between starts; the trail's head noted nowhere; a slice that is no district; labels that are missing just where the model fails; clock skew. 1 for how each would be noticed.
# 4. What is not real, 1 point: with a consequence (nodes are stand-ins: no network, no image registry; the queue; SQLite for many writers; MLflow without authorisation: anybody may move the alias; labels by a fixed rule; SIGKILL only between effects).
#
# Take off 1 in all if it blames a person, if numbers do not agree with the run, or if it is far longer than 300 words.
# ### END MARK SCHEME

# %% [markdown]
# *Write your post-mortem here.*

# %% [markdown]
# What to take to work tomorrow:
#
# - Refuse bad data at the door, with reasons, and let the same data twice be the same data.
# - A model is better only on the same cases, surely, and in no slice worse.
# - Drift is a question, not an answer. The answer is in labels that are due.
# - Between any two stores there is a moment at which one is ahead. Know what your system does when it dies there.
# - Whoever rolls back must block, or the next night undoes it.
# - A decision that was taken stays taken: write it down before you act on it.
#
# ## Going further
#
# - **Two at once.** Let two processes handle two events at the same time. What breaks first? Kubernetes has an object for it, the `Lease`, which one holder at a time renews; what would a lease in a file look like?
# - **A near copy.** Retrain a blocked model on data with ten rows more: its fingerprint is new. How would you recognise it? (Ask it the same thousand questions.)
# - **A canary.** Serve a new version to one rider in twenty, and let the gate read the labels of both.
# - **Your own cluster.** `stage.Pods` starts `control_plane()`; with Kubernetes' own programs installed it is the real one. What changes in the times?
#
# To read:
#
# - [Google's guide to continuous delivery and automation pipelines in machine learning](https://cloud.google.com/architecture/mlops-continuous-delivery-and-automation-pipelines-in-machine-learning)
# - [MLflow's documentation on the model registry, with aliases and tags](https://mlflow.org/docs/latest/ml/model-registry/)
# - [Kubernetes' documentation on controllers and desired state](https://kubernetes.io/docs/concepts/architecture/controller/)
# - [Google's book on site reliability, the chapter on post-mortem culture](https://sre.google/sre-book/postmortem-culture/)
# - Martin Kleppmann, *Designing Data-Intensive Applications*, the chapters on transactions and on stream processing: [the book's page](https://dataintensive.net/)
