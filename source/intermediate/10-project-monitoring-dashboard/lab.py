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
#     - Read a service's prediction log so that every line is accounted for
#     - Measure a model by labels that come late, where they are due, with coverage and uncertainty
#     - Write alarm rules that find broken inputs and a model that fails on one slice, and stay silent at harmless changes
#     - Build a page that says what is wrong, since when and who looks, with numbers that equal the log
#     - Hand an incident over in writing
#     prerequisites:
#     - why-models-fail
#     - model-monitoring
#     project: true
#     roadmap: 'Project: model monitoring dashboard'
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: project-monitoring-dashboard
#     terms:
#       dashboard: "A page that shows the state of a system at a glance, to people who have to act on it."
#       alarm fatigue: "What people have who were woken for nothing too often: they no longer look."
#       prediction log: "What a service writes down of each request: when, which features, which answer, by which model."
#       retry: "A request that is sent again, with the same id, since no answer came in time."
#       due: "Said of a label that should be there by now, by the agreement with those who deliver it."
#       coverage: "The share of the answers that are due for which a label is there."
#       p95: "The value below which 95 of 100 measurements lie."
#       Wasserstein distance: "How far values have to be moved, on average, to turn one distribution into another."
#       slice: "A part of the data that is looked at by itself, such as one district or one model version."
#       drill-down: "The way from a number on a dashboard to the details behind it."
#       on call: "Having to react when an alarm rings, at any hour."
#     title: 'Project: a model monitoring dashboard'
#     tools:
#     - Evidently
#     - Jinja
#     - pandas
# ---

# %% [markdown]
# # Project: a model monitoring dashboard
#
# ## Why this matters
#
# Monday 27 April 2026, eight in the morning. In the corridor of Metro Bikes hangs a screen, and over the screen hangs a coat. It has been there since March.
#
# Under the coat is Bo's dashboard. A **dashboard** is a page that shows the state of a system at a glance, to people who have to act on it. This one watches the trip-time service: a rider chooses where to go, and the app says "24 minutes". Riders rely on it, since after 30 minutes a trip costs extra. The screen has 40 panels, and
# on each of 56 days at least one of them was red. The first week everybody ran. The second week Ada switched the sound off. Then came the coat. It has a name, **alarm fatigue**: who was woken for nothing too often no longer looks.
#
# On the table in front of Noor, who leads the team, lie 212 letters. "Your app said 24 minutes, as every day", says the one on top. "It took me 38. It has been like that for weeks." Somewhere behind the coat this was red, too. Between all the rest.
#
# "Take the coat", says Noor, "and build me a page that I can believe. One that says what is wrong, since when, and who looks. And that says nothing when nothing is wrong." You build it in this project: from the raw log to the page, and to the note for whoever is on call tonight.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `requests.jsonl.gz`, the service's **prediction log**: what it wrote down of each request, from 2 March to 26 April 2026. One JSON object a line, packed with gzip.
# - `labels.csv.gz`, what the docks reported: what each trip really took, and when the report was received.
# - `service.py`, the *service card*: features, what the service fills in where a reading is missing, what is possible in this city, who looks after what. **Open it now**, it is one page, and its names are used everywhere.
# - `pageread.py` and `page.css` for Part 6, `practice.py` to try alarm rules on.
#
# All days are days in UTC. All errors are absolute errors in minutes.
#
# This is a project: seven functions and a note. Each function is judged by itself, on logs that you have not seen, with other incidents at other dates: one that does not work yet costs you only its own points. So write each so that it needs nothing from the cells of the others.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import gzip
import html
import json
import logging
import os
import re
import shutil
import warnings
from datetime import UTC, datetime
from pathlib import Path

os.environ["DO_NOT_TRACK"] = "true"  # Evidently would tell its makers how it is used

import jinja2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift
from evidently.presets import DataDriftPreset
from evidently.ui.workspace import Workspace
from IPython.display import Image
from scipy.stats import ks_2samp, wasserstein_distance

from pageread import DAILY, INPUTS, PAGE_DAYS, agrees, number_in, read_page
from practice import practice_daily, practice_errors
from service import COLUMNS, DEFAULTS, FEATURES, FIELDS, LABEL_HOURS, OWNERS, RANGES, REFERENCE_DAYS, UNITS, read_labels, svg_of

now = pd.Timestamp("2026-04-27", tz="UTC")
with gzip.open("requests.jsonl.gz") as file:
    print(json.dumps(json.loads(file.readline()), indent=1))

# %% [markdown]
# ## Part 1 · Every line is accounted for
#
# Here is how Bo's dashboard reads the log:

# %%
rows_as_found = []
with gzip.open("requests.jsonl.gz", "rt", errors="ignore") as file:
    for line in file:
        try:
            rows_as_found.append(json.loads(line))
        except Exception:
            pass
as_found = pd.DataFrame([row for row in rows_as_found if isinstance(row, dict)]).dropna(subset=["at"])
as_found["day"] = as_found["at"].str[:10]
print(f"{len(as_found)} requests, {(as_found['status'] != 200).mean():.2%} failed, on {as_found['day'].nunique()} days, the last one {as_found['day'].max()}")

# %% [markdown]
# None of these four is right, and none of them says so. Lines that cannot be read vanish. Here `pass` hides a handful; on the day when the disk is full it hides all. And a line is not a request:
#
# - A **retry** is a request that the client sends again, with the same id, since no answer came in time or it failed. Each attempt is a line. To a rider all attempts are *one* request: it went well if one of them did.
# - The log shipper, a program that carries lines from the service's machines to the archive, sends some lines twice. Such a **repeated** line is equal to an earlier one, byte for byte.
# - The service runs on two machines, node `a` and node `b`. The clock of `b` is set to another time zone, and it hands its lines over later, in batches: so lines are out of order, and the same moment is written in two ways. (`2026-04-26T23:30:00Z` and `2026-04-27T02:30:00+03:00` are the same second, and a Sunday.)
# - A **corrupt** line may be anything: cut off, two lines in one, bytes that are no text, JSON that is no object, an object without one of the `FIELDS`, or whose `at` is no time or has no zone: `2026-03-03T10:00:00` may be ten o'clock anywhere. The last line may be half written. (Where all `FIELDS` are there, `features` is always whole.)
#
# So each line is exactly one of four things: *corrupt*, *repeated*, a further attempt of a request (*retries*), or the one line that stands for its *request*. The sum must be the number of lines. That is the cheapest test in monitoring, and it finds most mistakes in reading.

# %% [markdown]
# ### Exercise 1 — Read the log
# *Difficulty ●●○ · about 20 minutes*
#
# Write `read_log(path)`. It returns two things: a DataFrame and a dictionary.
#
# - The table has one row for each request with a readable line, and the columns `COLUMNS`: `id`; `at` as a time in UTC; `client`, `district`, `model`; the four features; `minutes`, the answer (missing where there is none); `status`, and `ms`, the latency. The row is that of the **first attempt, in time, that was answered** (status 200). If none was, it is that of the last attempt.
# - The dictionary has the whole numbers `lines`, `corrupt`, `repeated`, `retries` and `requests`. The last four add up to the first. `retries` counts readable attempts beyond one for each request; a repeated line is no attempt; a corrupt line is corrupt, however often it comes.
#
# Done means: it holds for the small log below, of which you know every line, and for others.
#
# <details><summary>Hint 1</summary>Read bytes, not text: then no line can stop you before you have counted it. A set of the lines seen tells which are repeated. Write a small function for one line that returns a dictionary, or <code>None</code>: what could go wrong in each of its steps?</details>
# <details><summary>Hint 2</summary><code>json.loads</code> takes bytes; its errors, those of decoding too, are <code>ValueError</code>. <code>datetime.fromisoformat</code> knows both ways to write a time, and takes one without a zone, too: look at its <code>tzinfo</code>. With all attempts in a table, sort by time; among the answered ones
# <code>drop_duplicates("id")</code> keeps the first. What remains are ids without any answer: there, keep the last.</details>


# %% nbgrader={"grade": false, "grade_id": "read-log", "locked": false, "schema_version": 3, "solution": true, "task": false}
def read_log(path):
    """Return a table with one row for each request, and the counts of what the lines are."""
    ### BEGIN SOLUTION
    counts = dict.fromkeys(["lines", "corrupt", "repeated", "retries", "requests"], 0)
    seen, rows = set(), []
    with gzip.open(path, "rb") as file:
        for line in file:
            line = line.rstrip(b"\n")
            counts["lines"] += 1
            entry = parse(line)
            if entry is None:
                counts["corrupt"] += 1
            elif line in seen:
                counts["repeated"] += 1
            else:
                rows.append({**entry, **entry["features"]})
            seen.add(line)
    attempts = pd.DataFrame(rows, columns=COLUMNS).sort_values("at", kind="stable")
    answered = attempts[attempts["status"] == 200].drop_duplicates("id")
    failed = attempts[~attempts["id"].isin(answered["id"])].drop_duplicates("id", keep="last")
    requests = pd.concat([answered, failed]).sort_values("at", kind="stable", ignore_index=True)
    requests["minutes"] = requests["minutes"].astype(float)
    counts["requests"] = len(requests)
    counts["retries"] = len(attempts) - len(requests)
    return requests, counts


def parse(line):
    try:
        entry = json.loads(line)
        if not isinstance(entry, dict) or not set(FIELDS) <= set(entry):
            return None
        at = datetime.fromisoformat(entry["at"])
        return {**entry, "at": pd.Timestamp(at.astimezone(UTC))} if at.tzinfo else None
    except (ValueError, TypeError):
        return None
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "toy-log", "locked": true, "schema_version": 3, "solution": false, "task": false}
def toy_line(number, at, status=200, ms=30, **more):
    """Return a line of a log as bytes."""
    entry = {"id": f"q{number}", "at": at, "node": "a", "client": "web", "station": 3, "district": "Harbour", "model": "eta-3"}
    entry |= {"features": {"distance_km": 4.0, "climb_m": 5.0, "temperature_c": 9.0, "pressure_bar": 3.5}}
    entry |= {"minutes": 20.0 if status == 200 else None, "status": status, "ms": ms} | more
    return json.dumps(entry).encode()


toy_lines = [
    toy_line(1, "2026-03-02T08:00:00Z"),
    toy_line(1, "2026-03-02T08:00:00Z"),  # repeated
    toy_line(2, "2026-03-02T09:00:05Z", ms=41),  # the second attempt of q2, which was answered …
    toy_line(2, "2026-03-02T12:00:00+03:00", 503, ms=9),  # … after this one, at nine o'clock too, had failed
    toy_line(3, "2026-03-02T10:00:00Z")[:80],  # cut off
    toy_line(4, "2026-03-03T02:30:00+03:00", ms=52),  # still 2 March in UTC; answered first …
    toy_line(4, "2026-03-02T23:30:07Z", ms=33),  # … and once more, since the client had not waited
    toy_line(5, "2026-03-03T07:00:00Z", 503, ms=1),
    toy_line(5, "2026-03-03T07:00:04Z", 503, ms=2),  # never answered
    b"null",
    toy_line(6, "2026-03-03T10:00:00"),  # ten o'clock, but where?
    b'{"id": "\xff\xfe", "at": "2026-03-03"}',
]
with gzip.open("toy.jsonl.gz", "wb") as toy_file:
    toy_file.write(b"\n".join(toy_lines))

# %% nbgrader={"grade": true, "grade_id": "test-read-log", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
toy_read = read_log("toy.jsonl.gz")
assert isinstance(toy_read, (tuple, list)) and len(toy_read) == 2 and isinstance(toy_read[0], pd.DataFrame), (
    "read_log has to return two things: a DataFrame and a dictionary of counts."
)
toy_requests, toy_counts = toy_read
toy_right = {"lines": 12, "corrupt": 4, "repeated": 1, "retries": 3, "requests": 4}
for name, toy_value in toy_right.items():
    assert toy_counts.get(name) == toy_value, f"In the small log, {name} is {toy_counts.get(name)!r}, expected {toy_value}: {toy_right} for its twelve lines."
toy_missing = [name for name in COLUMNS if name not in toy_requests]
assert not toy_missing, f"The table of requests has no column {', '.join(toy_missing)}."
toy_rows = toy_requests.set_index("id")
assert sorted(toy_rows.index) == ["q1", "q2", "q4", "q5"], f"The table has the ids {sorted(toy_rows.index)}, expected q1, q2, q4, q5, each once."
assert toy_rows["ms"].to_dict() == {"q1": 30, "q2": 41, "q4": 52, "q5": 2}, (
    f"The latencies are {toy_rows['ms'].to_dict()}, expected 30, 41, 52 and 2: the first answered attempt in time, else the last attempt."
)
assert str(getattr(toy_rows["at"].dtype, "tz", None)) in ("UTC", "datetime.timezone.utc", "tzutc()"), f"The column at is {toy_rows['at'].dtype}, expected times in UTC."
assert toy_rows.loc["q4", "at"] == pd.Timestamp("2026-03-02 23:30", tz="UTC"), (
    f"q4 was answered at {toy_rows.loc['q4', 'at']}, expected 2026-03-02 23:30 UTC: its line says 02:30 at +03:00."
)

# %% nbgrader={"grade": true, "grade_id": "judge-read-log", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the counts of another log, with all the kinds of corrupt lines that the text names.
### BEGIN HIDDEN TESTS
import json

from citylog import write_log
from judgekit import own_folder
from judgekit import fresh
from judging import draw, whole_line
from service import FIELDS

with own_folder() as place:
    lines, truth, _, _, _ = draw(fresh(1), 21, 2_200)
    whole = whole_line(lines)
    for number, name in enumerate(FIELDS):
        lacking = {key: value for key, value in (whole | {"id": f"z{number}"}).items() if key != name}
        lines.insert(50 + 7 * number, json.dumps(lacking).encode())
    for number, text in enumerate(["", "-", None, "soon", "2026-03-03T10:00:00"]):
        lines.insert(40 + 5 * number, json.dumps(whole | {"id": f"y{number}", "at": text}).encode())
    lines.insert(45, json.dumps(whole | {"id": "x", "client": "w?b"}).encode().replace(b"w?b", b"w\xffb"))
    for status in (503, 200):  # two attempts within one second
        lines.insert(55, json.dumps(whole | {"id": "w", "status": status}).encode())
    lines.insert(40, b"[1, 2]")
    lines.insert(80, b"null")
    lines.insert(90, b"null")
    lines.insert(95, lines[5][: len(lines[5]) // 2] + lines[5])
    bad = 10 + len(FIELDS)
    truth = {**truth, "lines": truth["lines"] + bad + 2, "corrupt": truth["corrupt"] + bad, "requests": truth["requests"] + 1, "retries": truth["retries"] + 1}
    write_log(place / "other.jsonl.gz", lines)
    _, their_counts = read_log(str(place / "other.jsonl.gz"))
    for name, why in {
        "lines": "The last line has no end, and counts.",
        "corrupt": "Cut off, two in one, a byte that is no text in one of its names, no object, a field missing, at is no time or has no zone: all are corrupt, also when they come twice.",
        "repeated": "A line that is equal to an earlier readable one, byte for byte, is repeated, and no attempt.",
        "requests": "One for each id with a readable line.",
        "retries": "The readable attempts beyond one for each id.",
    }.items():
        assert their_counts.get(name) == truth[name], f"In another log, {name} is {their_counts.get(name)!r}, expected {truth[name]} of {truth['lines']} lines. {why}"
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-read-log-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the table of requests of another log: which ids, and for each the attempt that counts, its time in UTC and its values.
### BEGIN HIDDEN TESTS
import json

import numpy as np
import pandas as pd
from citylog import write_log
from judgekit import own_folder
from judgekit import fresh
from judging import draw, table_of, whole_line
from service import COLUMNS, FEATURES

with own_folder() as place:
    lines, _, truth, _, _ = draw(fresh(2), 21, 2_200)
    whole = whole_line(lines)
    for name in ("ms", "status", "at"):
        lacking = {key: value for key, value in (whole | {"id": f"z-{name}"}).items() if key != name}
        lines.insert(60, json.dumps(lacking).encode())
    lines.insert(70, json.dumps(whole | {"id": "y", "at": ""}).encode())
    lines.insert(0, json.dumps(whole | {"status": 503, "minutes": None, "ms": 1}).encode())  # it failed within the second in which it was answered
    write_log(place / "other.jsonl.gz", lines)
    table = table_of(read_log(str(place / "other.jsonl.gz"))[0], COLUMNS, "read_log")
    assert table["id"].is_unique, f"In another log, {table['id'].duplicated().sum()} ids stand in several rows. One row for each request."
    lost, more = set(truth["id"]) - set(table["id"]), set(table["id"]) - set(truth["id"])
    assert not lost and not more, f"In another log, {len(lost)} requests are missing and {len(more)} stand there without a readable line."
    said, right = table.set_index("id").loc[truth["id"]], truth.set_index("id")
    at = pd.to_datetime(said["at"], utc=True)
    off = at[at.to_numpy() != right["at"].to_numpy()]
    assert off.empty, f"In another log, {len(off)} requests have another time than the attempt that counts, {off.index[0]} for instance: {off.iloc[0]}, expected {right.loc[off.index[0], 'at']}. Order attempts by time, not by line or text."
    for name in ("status", "ms", "minutes", *FEATURES):
        values = pd.to_numeric(said[name], errors="coerce").to_numpy(float)
        same = np.isclose(values, right[name].to_numpy(float), equal_nan=True)
        assert same.all(), f"In another log, {name} of {(~same).sum()} requests is not that of the attempt that counts: the first answered one in time, else the last."
    for name in ("client", "district", "model"):
        assert (said[name].astype(str) == right[name]).all(), f"In another log, {name} of some requests is not what the log says."
### END HIDDEN TESTS

# %% tags=["uses-answers"]
requests, counts = read_log("requests.jsonl.gz")
labels = read_labels("labels.csv.gz")
print(counts, "adds up" if counts["lines"] == sum(counts.values()) - counts["lines"] else "does not add up")

# %% [markdown]
# ## Part 2 · Labels that come late
#
# What a trip took is its **label**, and it comes from the dock where the bike ends. Docks report when they find the time. A long trip ends later, so it is reported later. Some reports never come. And some docks correct themselves: then there are two reports, and the one received last is right.
#
# Bo's dashboard took what was there. Here are three days, 17 to 19 April: first as it showed them at midnight after the Sunday, then as it would have shown them four days later. For each day you see how many trips had a label, and how long they took on average, in minutes:

# %%
labels_as_found = read_labels("labels.csv.gz")
first_lines = as_found.drop_duplicates("id").query("status == 200")
for clock in ("2026-04-20 00:00", "2026-04-24 00:00"):
    there = labels_as_found[labels_as_found["received_at"] <= pd.Timestamp(clock, tz="UTC")].drop_duplicates("id", keep="last")
    pairs_as_found = first_lines.merge(there, on="id", suffixes=("", "_taken"))
    pairs_as_found["taken"] = pairs_as_found["minutes_taken"]
    on_days = pairs_as_found[pairs_as_found["day"].between("2026-04-17", "2026-04-19")].groupby("day")
    print("as of", clock, "UTC:")
    print(on_days["taken"].agg(trips="size", mean_minutes="mean").round(1).to_string())

# %% [markdown]
# When the Sunday ended, a third of its trips had not been reported, and those were the long ones: the newest day always looks better than it is. (The jump on 18 April is another story: one bike that somebody kept. More of it in Part 3.) So there is an agreement with the workshop: the docks report the trips of a day **at most 72 hours after its end** (`LABEL_HOURS`). Before that the labels of a day are not **due**, and
# what is not due is not shown: neither a good number nor a bad one. Where they are due, some are still missing. Their share tells how far to believe the rest: **coverage** is the share of the answers that are due for which a label is there. A model whose coverage falls from 95 % to 60 % may have become worse just where you cannot see it.

# %% [markdown]
# ### Exercise 2 — Join what is due
# *Difficulty ●●○ · about 10 minutes*
#
# Write `due_errors(requests, labels, now)`. `requests` is a table as in Exercise 1, `labels` one as `read_labels` returns it, `now` a time in UTC, not always midnight. It returns one row for each **answered** request of a day that is due, with the columns of `requests` and two more:
#
# - `day`: the day in UTC, as midnight without a zone;
# - `error`: how many minutes `minutes` was off, up or down; missing (`NaN`) where no label is there. Such rows stay.
#
# A day is due when 72 hours or more have passed since its end, at `now`. A label counts if it was received at or before `now`, on whatever day; of several the one received last. Labels in the file may be in any order, and some belong to no request.
#
# Done means: it holds for the small tables below, and for others with other clocks.
#
# <details><summary>Hint 1</summary>Three steps: which labels are known now, one for each id; which requests are answered and due; then bring them together so that no row of the second is lost.</details>
# <details><summary>Hint 2</summary><code>at.dt.floor("D")</code> is the day's start; its end is 24 hours later. A left merge, or <code>map</code> with a Series that has the ids as its index, keeps all rows. Mind the two columns called <code>minutes</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "due-errors", "locked": false, "schema_version": 3, "solution": true, "task": false}
def due_errors(requests, labels, now):
    """Return the answered requests of all days that are due, with day and error (NaN without a label)."""
    ### BEGIN SOLUTION
    known = labels[labels["received_at"] <= now].sort_values("received_at").drop_duplicates("id", keep="last")
    start = requests["at"].dt.floor("D")
    is_due = start + pd.Timedelta(hours=24 + LABEL_HOURS) <= now
    table = requests.assign(day=start.dt.tz_localize(None))[is_due & (requests["status"] == 200)]
    taken = table["id"].map(known.set_index("id")["minutes"])
    return table.assign(error=(taken - table["minutes"]).abs()).reset_index(drop=True)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "toy-labels", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_asked = pd.DataFrame(
    [
        ("q1", "2026-03-02T08:00Z", 20.0, 200),
        ("q2", "2026-03-02T09:00Z", np.nan, 503),  # not answered
        ("q3", "2026-03-02T23:59Z", 30.0, 200),
        ("q4", "2026-03-03T00:00Z", 10.0, 200),  # the next day
        ("q5", "2026-03-02T12:00Z", 25.0, 200),  # its label never comes
    ],
    columns=["id", "at", "minutes", "status"],
).assign(client="web", district="Harbour", model="eta-3", ms=30, distance_km=4.0, climb_m=5.0, temperature_c=9.0, pressure_bar=3.5)
toy_asked["at"] = pd.to_datetime(toy_asked["at"], utc=True)
toy_labels = pd.DataFrame(
    [
        ("q3", 36.0, "2026-03-06T00:00Z"),  # the second report of q3, which is the right one
        ("q1", 18.0, "2026-03-02T09:00Z"),
        ("q3", 0.0, "2026-03-03T01:00Z"),
        ("q2", 12.0, "2026-03-02T10:00Z"),
        ("q4", 10.5, "2026-03-03T01:00Z"),
        ("x9", 50.0, "2026-03-02T10:00Z"),  # of no request in the log
    ],
    columns=["id", "minutes", "received_at"],
)
toy_labels["received_at"] = pd.to_datetime(toy_labels["received_at"], utc=True)

# %% nbgrader={"grade": true, "grade_id": "test-due-errors", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
for toy_clock, toy_right in {
    "2026-03-05T23:59Z": {},
    "2026-03-06T00:00Z": {"q1": 2.0, "q3": 6.0, "q5": None},
    "2026-03-06T12:00Z": {"q1": 2.0, "q3": 6.0, "q5": None},
    "2026-03-07T00:00Z": {"q1": 2.0, "q3": 6.0, "q4": 0.5, "q5": None},
}.items():
    toy_joined = due_errors(toy_asked.copy(), toy_labels.copy(), pd.Timestamp(toy_clock))
    assert isinstance(toy_joined, pd.DataFrame) and {"id", "day", "error", "district", "model", "client"} <= set(toy_joined), (
        "due_errors has to return a DataFrame with the columns of requests, and day and error."
    )
    toy_said = {row.id: None if pd.isna(row.error) else round(float(row.error), 6) for row in toy_joined.itertuples()}
    assert toy_said == toy_right, (
        f"At {toy_clock} the errors are {toy_said}, expected {toy_right}. The 2nd of March is due from the 6th on; q2 has no answer; q5 has no label, and stays; of several reports the last one received by then counts."
    )
assert [str(day)[:10] for day in toy_joined.sort_values("id")["day"]] == ["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-02"], "The column day is not the day in UTC."

# %% nbgrader={"grade": true, "grade_id": "judge-due-errors", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: which requests of another log are in the table, at several clocks.
### BEGIN HIDDEN TESTS
import pandas as pd
from citylog import true_errors
from judgekit import fresh
from judging import draw, days_of, table_of

rng = fresh(3)
_, _, their_requests, their_labels, end = draw(rng, 14, 1_500)
their_labels = their_labels.sample(frac=1, random_state=int(rng.integers(99)))
for clock in (end, end - pd.Timedelta(minutes=1), end - pd.Timedelta(hours=float(rng.uniform(30, 120)))):
    right = true_errors(their_requests, their_labels, clock)
    table = table_of(due_errors(their_requests, their_labels, clock), ["id", "day", "error"], "due_errors")
    assert table["id"].is_unique, f"At {clock}, some requests stand in several rows: several reports of one trip are one label."
    lost, more = right[~right["id"].isin(table["id"])], table[~table["id"].isin(right["id"])]
    assert lost.empty, (
        f"At {clock}, {len(lost)} of {len(right)} answered requests of due days are missing, {lost['error'].isna().sum()} of them without a label. The newest missing one is of {lost['day'].max():%Y-%m-%d}."
    )
    unanswered = more["id"].isin(their_requests[their_requests["status"] != 200]["id"]).sum()
    assert more.empty, f"At {clock}, {len(more)} rows are too many: {unanswered} were not answered, the others are of days that are not due. The last day that is due is {right['day'].max():%Y-%m-%d}."
    days = days_of(table.set_index("id").loc[right["id"], "day"], "due_errors")
    assert (days == pd.DatetimeIndex(right["day"])).all(), f"At {clock}, {(days != pd.DatetimeIndex(right['day'])).sum()} rows have another day than that of at in UTC."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-due-errors-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the errors in that table: reports that come later than the clock, corrections, missing labels.
### BEGIN HIDDEN TESTS
import numpy as np
import pandas as pd
from citylog import true_errors
from judgekit import fresh
from judging import draw, table_of

rng = fresh(4)
_, _, their_requests, their_labels, end = draw(rng, 14, 1_500)
late = their_labels.drop_duplicates("id").sample(300, random_state=int(rng.integers(99)))
late = late.assign(minutes=late["minutes"] + 7.5, received_at=late["received_at"] + pd.Timedelta(hours=90))
their_labels = pd.concat([their_labels, late]).sample(frac=1, random_state=int(rng.integers(99)), ignore_index=True)
for clock in (end, end - pd.Timedelta(hours=float(rng.uniform(60, 120)))):
    right = true_errors(their_requests, their_labels, clock).set_index("id")["error"]
    table = table_of(due_errors(their_requests, their_labels, clock), ["id", "error"], "due_errors")
    said = table.drop_duplicates("id").set_index("id")["error"].astype(float).reindex(right.index)
    known = right.notna()
    assert said[~known].isna().all(), (
        f"At {clock}, {said[~known].notna().sum()} requests have an error, though no label had been received by then. A missing label is NaN, and what comes later is not known yet."
    )
    off = ~np.isclose(said[known], right[known], atol=1e-6)
    assert not off.any(), (
        f"At {clock}, {off.sum()} of {known.sum()} errors are wrong, {right[known].index[off][0]} for instance: {said[known][off].iloc[0]:.2f}, expected {right[known][off].iloc[0]:.2f}. It is minutes off, never below 0, by the report received last by then."
    )
### END HIDDEN TESTS

# %% tags=["uses-answers"]
errors = due_errors(requests, labels, now)
print(f"{len(errors)} answers are due, up to {errors['day'].max():%d %B}; {errors['error'].notna().mean():.1%} of them have a label; half of these are at most {errors['error'].median():.1f} minutes off")

# %% [markdown]
# ## Part 3 · The panels
#
# From 40 panels to a few. What does a person need to see, day by day?
#
# | question | columns |
# |:--|:--|
# | Is the service used, and does it answer? | `requests`; `error_rate`, the share of them without an answer; `p95_ms` |
# | Are the inputs what they should be? | `default_…`, `outside_…`, `drift_…`, for each feature |
# | Are the answers right? | `coverage`; `typical`, the typical error, with `typical_low` and `typical_high` |
#
# **p95** is the value below which 95 of 100 measurements lie. The mean latency hides the riders who wait: 95 answers in 30 ms and five in 3 seconds have a mean of 0.18 s, which nobody ever saw.
#
# **What a default hides.** "Share of missing values: 0.0 %", says a panel of Bo's, on all days. It is true. Where a reading is missing, the service fills in a default before it writes the log. No sensor reports `11.27`, two decimals: so the share of rows that are *exactly* the default is the share that was missing. And where a value is impossible, the service takes the
# nearest possible one before it predicts. The log shows what came in: so count what lies outside of `RANGES`.
#
# **Drift needs a pinned method and a pinned reference.** Evidently's default picks a method by the number of rows and the type of the column, so the same data can be "drifted" on a busy day and not on a quiet one. We pin both. The *reference* is the first 14 days, for good: if it is "last week", a fault is its own reference after seven days, and the panel turns green.
# The method is the **Wasserstein distance**: how far values have to be moved, on average, to turn one distribution into the other. Divided by the reference's standard deviation it has no unit: 0.1 is little, 1 is as much as the values usually spread. (The other number below is the p-value of a test, that of Kolmogorov and Smirnov: how likely so large a difference would be by chance if nothing had changed.)

# %%
rng_example = np.random.default_rng(1)
usual = rng_example.normal(4, 2, 2000)
for what, values in {"the same": rng_example.normal(4, 2, 120), "one standard deviation more": rng_example.normal(6, 2, 120), "a third in metres": np.where(rng_example.random(120) < 0.33, 1000, 1) * rng_example.normal(4, 2, 120)}.items():
    print(f"{what:28} Wasserstein {wasserstein_distance(usual, values) / np.std(usual):6.2f}    p-value of Kolmogorov and Smirnov {ks_2samp(usual, values).pvalue:.3f}")

# %% [markdown]
# **A typical error, and how sure it is.** Bo's panel shows the *MAE*, the mean absolute error. But one bike that somebody keeps for a day is 1,400 minutes off, and moves the mean of 150 trips by nine. Then even the usual interval of a mean, ∓ $1.96\,s/\sqrt{n}$ with the standard deviation $s$ of $n$ errors, is nonsense: for 18 April it begins near −11 minutes, and no absolute error is below zero. (It trusts that no single value matters much.)
# So the panel shows the **median**, the error in the middle: half are larger, half smaller. Its interval comes from the order of the errors alone. Of $n$ errors, the share that lies below the true median is within $0.5 ∓ 0.98/\sqrt{n}$ in about 95 of 100 cases, as with $n$ throws of a coin. So the bounds are the quantiles $0.5 - 0.98/\sqrt{n}$ and $0.5 + 0.98/\sqrt{n}$ of the errors. A Sunday with 40 trips gets a wider interval than a Monday with 200, and a forgotten bike changes nothing.

# %% [markdown]
# ### Exercise 3 — The daily panels
# *Difficulty ●●○ · about 15 minutes*
#
# Write `daily_panels(requests, errors)`, from tables as in Exercises 1 and 2. It returns a DataFrame with a row for **each day** from the first request's to the last request's, in order, with the days as its index, called `day` (midnights without a zone), also for a day without any request or answer. Shares are between 0 and 1.
#
# - `requests`: how many, 0 where there are none. `error_rate`: the share whose status is not 200.
# - All that follows is of answered requests only. `p95_ms`: the 95th percentile, interpolated linearly, as pandas and NumPy do it.
# - `default_X` for each feature in `DEFAULTS`: the share that equals the default. `outside_X` for each of `FEATURES`: the share below or above `RANGES`.
# - `drift_X` for each of `FEATURES`: SciPy's `wasserstein_distance` between the day's values and the reference's, divided by the reference's standard deviation (`np.std`). The reference: all answered requests of the log's first 14 days by the calendar (`REFERENCE_DAYS`).
# - From `errors`: `coverage`, the share of a day's rows with an error; of these $n$ errors `typical`, the median, and `typical_low` and `typical_high`, the quantiles $0.5 ∓ 0.98/\sqrt{n}$, interpolated linearly. With few errors these shares leave 0 to 1; then take 0 and 1, the smallest and the largest error.
# - What does not exist is missing (`NaN`), not 0: a share of no requests, an error of a day that is not due.
#
# Done means: it holds for the small table below, and for others.
#
# <details><summary>Hint 1</summary>Make the days first, with <code>pd.date_range</code>, and let every column be put onto this index: then days without requests appear by themselves.</details>
# <details><summary>Hint 2</summary>A share is the mean of a column of <code>True</code> and <code>False</code> in each group. <code>reindex</code> puts a Series onto the days. The first 14 days are those before the first day plus 14 days, not the first 14 groups. For the bounds each day has quantiles of its own: a loop over the groups is fine, and <code>np.clip</code> keeps a number between two others.</details>


# %% nbgrader={"grade": false, "grade_id": "panels", "locked": false, "schema_version": 3, "solution": true, "task": false}
def daily_panels(requests, errors):
    """Return a row for each day: traffic, failures, latency, inputs, and the error where it is due."""
    ### BEGIN SOLUTION
    requests = requests.assign(day=requests["at"].dt.floor("D").dt.tz_localize(None))
    days = pd.date_range(requests["day"].min(), requests["day"].max(), name="day")
    answered = requests[requests["status"] == 200]
    by_day, per_day = answered.groupby("day"), errors.groupby("day")["error"]
    known = {day: values.dropna() for day, values in per_day if values.notna().any()}
    panels = {
        "requests": requests.groupby("day").size().reindex(days, fill_value=0),
        "error_rate": (requests["status"] != 200).groupby(requests["day"]).mean(),
        "p95_ms": by_day["ms"].quantile(0.95),
    }
    reference = answered[answered["day"] < days[0] + pd.Timedelta(days=REFERENCE_DAYS)]
    for name in FEATURES:
        values, (low, high) = answered[name], RANGES[name]
        if name in DEFAULTS:
            panels[f"default_{name}"] = (values == DEFAULTS[name]).groupby(answered["day"]).mean()
        panels[f"outside_{name}"] = ((values < low) | (values > high)).groupby(answered["day"]).mean()
        spread = np.std(reference[name].to_numpy())
        panels[f"drift_{name}"] = by_day[name].apply(wasserstein_distance, v_values=reference[name]) / spread
    panels |= {"coverage": per_day.count() / per_day.size(), "typical": per_day.median()}
    for name, side in [("typical_low", -1), ("typical_high", 1)]:
        panels[name] = pd.Series({day: values.quantile(np.clip(0.5 + side * 0.98 / np.sqrt(len(values)), 0, 1)) for day, values in known.items()}, dtype=float)
    return pd.DataFrame({name: values.reindex(days) for name, values in panels.items()}, index=days)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "toy-days", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_day = pd.DataFrame({"id": [f"q{number}" for number in range(10)], "status": [200] * 8 + [503] * 2})
toy_day["at"] = pd.to_datetime(["2026-03-02T10:00Z"] * 4 + ["2026-03-04T23:30Z"] * 5 + ["2026-03-05T08:00Z"], utc=True)  # nothing on 3 March, no answer on the 5th
toy_day["ms"] = [10, 20, 30, 40, 100, 100, 100, 200, 9000, 9000]
toy_day["minutes"] = [20.0] * 8 + [np.nan] * 2
toy_day["client"], toy_day["district"], toy_day["model"] = "web", "Harbour", "eta-3"
toy_day["distance_km"] = [2.0, 4.0, 6.0, 8.0, 4.0, 3000.0, 5.0, 6.0, 9000.0, 4.0]
toy_day["climb_m"] = [0.0, 10.0, 0.0, -10.0, 0.0, 10.0, 0.0, -10.0, 0.0, 0.0]
toy_day["temperature_c"] = [9.0, 11.27, 10.0, -30.0, 11.27, 11.27, 9.0, 11.27, 11.27, 9.0]
toy_day["pressure_bar"] = [3.5, 3.6, 3.4, 3.5, 3.47, 3.5, 3.4, 0.1, 3.47, 3.5]
toy_errors = pd.concat([toy_day[:4]] * 2).assign(day=pd.Timestamp("2026-03-02"), error=[1.0, 2.0, 6.0, np.nan, 0.5, 9.0, 3.0, 4.0])

# %% nbgrader={"grade": true, "grade_id": "test-panels", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
toy_panels = daily_panels(toy_day.copy(), toy_errors.copy())
assert isinstance(toy_panels, pd.DataFrame), f"daily_panels returned a {type(toy_panels).__name__}, expected a DataFrame."
assert isinstance(toy_panels.index, pd.DatetimeIndex) and toy_panels.index.name == "day" and toy_panels.index.tz is None, (
    f"The index of daily_panels is {type(toy_panels.index).__name__} {toy_panels.index.name!r}, expected the days as midnights without a zone, called 'day', as the index and not as a column."
)
assert [str(day)[:10] for day in toy_panels.index] == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"], (
    f"The days of the small table are {[str(day)[:10] for day in toy_panels.index]}, expected 2 to 5 March. On the 3rd there was no request, on the 5th no answer, and that is news: each gets a row."
)
for name, toy_value in {
    "requests": [4, 0, 5, 1],
    "error_rate": [0, None, 0.2, 1],
    "p95_ms": [38.5, None, 185.0, None],
    "default_temperature_c": [0.25, None, 0.75, None],
    "default_pressure_bar": [0, None, 0.25, None],
    "outside_distance_km": [0, None, 0.25, None],
    "outside_climb_m": [0, None, 0, None],
    "outside_temperature_c": [0.25, None, 0, None],
    "outside_pressure_bar": [0, None, 0.25, None],
    "drift_climb_m": [0, None, 0, None],
    "coverage": [0.875, None, None, None],
    "typical": [3.0, None, None, None],
    "typical_low": [0.5 + 0.5 * 6 * (0.5 - 0.98 / 7**0.5), None, None, None],
    "typical_high": [6 + 3 * (6 * (0.5 + 0.98 / 7**0.5) - 5), None, None, None],
}.items():
    assert name in toy_panels, f"The panels have no column {name}."
    toy_said = [None if pd.isna(value) else round(float(value), 3) for value in toy_panels[name]]
    assert toy_said == [None if value is None else round(value, 3) for value in toy_value], f"In the small table {name} is {toy_said}, expected {toy_value}, where None stands for a missing value."
assert toy_panels["drift_distance_km"].iloc[0] > 0.3, "drift_distance_km of 2 March is too small: the reference is all of the first 14 days, here both days with requests."

# %% nbgrader={"grade": true, "grade_id": "judge-panels", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: traffic, failures, latency, defaults and values out of range of another log, with a day without any request and one with many failures.
### BEGIN HIDDEN TESTS
import numpy as np
import pandas as pd
from citylog import Story, true_daily, true_errors
from judgekit import fresh
from judging import days_of, draw, table_of
from service import DEFAULTS, FEATURES

rng = fresh(5)
story = Story(default=[("temperature_c", 0.4, 9, None)], units=[("distance_km", 0.4, 20, None)], silent=int(rng.integers(15, 25)), busy=(int(rng.integers(3, 12)), 0.3))
_, _, their_requests, their_labels, end = draw(rng, 28, 2_400, story)
their_errors = true_errors(their_requests, their_labels, end)
right = true_daily(their_requests, their_errors)
names = ["requests", "error_rate", "p95_ms", *(f"default_{name}" for name in DEFAULTS), *(f"outside_{name}" for name in FEATURES)]
table = table_of(daily_panels(their_requests, their_errors), ["day", *names], "daily_panels")
days = days_of(table["day"], "daily_panels")
assert len(days) == len(right) and (days == right.index).all(), (
    f"In another log, daily_panels has {len(days)} rows from {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}, expected {len(right)} days in order, {right.index[right['requests'] == 0][0]:%Y-%m-%d} among them, on which there was no request."
)
for name in names:
    said, true = table[name].astype(float).to_numpy(), right[name].to_numpy(float)
    off = ~np.isclose(said, true, rtol=0.005, atol=1e-6, equal_nan=True)
    assert not off.any(), (
        f"In another log, {name} is wrong on {off.sum()} of {len(true)} days, on {right.index[off][0]:%Y-%m-%d} for instance: {said[off][0]:.4g}, expected {true[off][0]:.4g} ({int(right['requests'][off].iloc[0])} requests, {right['error_rate'][off].iloc[0]:.0%} of them failed)."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-panels-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: drift with its pinned method and reference, coverage, and the error with its uncertainty, of another log. A day in the reference has no request.
### BEGIN HIDDEN TESTS
import numpy as np
from citylog import Story, true_daily, true_errors
from judgekit import fresh
from judging import draw, table_of
from service import FEATURES

rng = fresh(6)
story = Story(units=[("pressure_bar", 0.5, 11, None)], slow=[("Harbour", 1.5, 12, None)], silent=int(rng.integers(2, 9)))
_, _, their_requests, their_labels, end = draw(rng, 24, 2_400, story)
their_errors = true_errors(their_requests, their_labels, end)
right = true_daily(their_requests, their_errors)
names = [*(f"drift_{name}" for name in FEATURES), "coverage", "typical", "typical_low", "typical_high"]
table = table_of(daily_panels(their_requests, their_errors), names, "daily_panels")
assert len(table) == len(right), f"In another log, daily_panels has {len(table)} rows, expected one for each of {len(right)} days, also for the one without requests."
for name in names:
    said, true = table[name].astype(float).to_numpy(), right[name].to_numpy(float)
    allowed = 0.005 * np.abs(true) + (0.002 if name.startswith("typical_") else 1e-6)
    gap = np.isnan(said) != np.isnan(true)
    assert not gap.any(), f"In another log, {name} of {right.index[gap][0]:%Y-%m-%d} is {said[gap][0]:.3g}, expected {true[gap][0]:.3g}. What does not exist is missing, and not 0."
    off = np.abs(said - true) > allowed
    why = "The reference is the answered requests of the first 14 days by the calendar, the method the Wasserstein distance over its standard deviation." if name.startswith("drift") else "Errors without a label do not count; the bounds are quantiles of the day's errors, 0.5 ∓ 0.98/√n."
    assert not off.any(), f"In another log, {name} is wrong on {off.sum()} of {len(true)} days, on {right.index[off][0]:%Y-%m-%d} for instance: {said[off][0]:.4g}, expected {true[off][0]:.4g}. {why}"
### END HIDDEN TESTS

# %% [markdown]
# Now look. Before you write any rule: what of this is a fault, and what is spring?

# %% tags=["uses-answers"]
daily = daily_panels(requests, errors)
fig, axes = plt.subplots(4, 1, figsize=(9, 10), sharex=True, layout="constrained")
axes[0].bar(daily.index, daily["requests"], color="0.6")
axes[0].set_ylabel("requests a day")
for name, mark in zip(DEFAULTS, "os"):
    axes[1].plot(daily.index, 100 * daily[f"default_{name}"], mark + "-", ms=3, label=f"default: {name}")
axes[1].plot(daily.index, 100 * daily["outside_pressure_bar"], "^:", ms=4, label="outside: pressure_bar")
axes[1].set_ylim(0, 100)
axes[1].set_ylabel("share of answers (%)")
axes[1].legend(loc="upper left")
for name, mark in zip(FEATURES, "os^v"):
    axes[2].semilogy(daily.index, daily[f"drift_{name}"], mark + "-", ms=3, label=name)
axes[2].set_ylabel("drift (std. deviations)")
axes[2].legend(loc="upper left")
axes[3].errorbar(daily.index, daily["typical"], [daily["typical"] - daily["typical_low"], daily["typical_high"] - daily["typical"]], fmt="o", ms=4, capsize=2)
axes[3].set_ylim(0, 8)
axes[3].set_ylabel("typical error (min)")
axes[3].set_xlabel("day (UTC)")
fig.savefig("panels.png", dpi=80)
plt.close(fig)
Image("panels.png", alt="Four charts by day from 2 March to 26 April: requests, shares of defaults and of values out of range, drift of four features, and the typical error in minutes with its interval, which rises a little at the end of March.")

# %% [markdown]
# ## Part 4 · Rules for the inputs
#
# Bo's rule was the one from the tutorial: compare each feature of each day with the reference by a test, and ring if its p-value is below 5 %.

# %% tags=["uses-answers"]
good = requests.query("status == 200").assign(day=lambda table: table["at"].dt.floor("D"))
first_weeks = good[good["day"] < good["day"].min() + pd.Timedelta(days=REFERENCE_DAYS)]
rings = {
    f"{day:%d %b}": [name for name in FEATURES if ks_2samp(rows[name], first_weeks[name]).pvalue < 0.05]
    for day, rows in good.groupby("day")
}
print(f"Bo's rule rings on {sum(map(bool, rings.values()))} of {len(rings)} days, on {sum('temperature_c' in ring for ring in rings.values())} of them for the temperature")

# %% [markdown]
# Each ring is correct: the data do differ. In spring they have to. A test asks "is it different?" But somebody is **on call**: they have to react when an alarm rings, at any hour. They ask "must I do something?" Those are two questions. Three habits answer the second:
#
# - **Ring for causes that somebody can mend**, with a name and an address. A feed that is down; a sensor that speaks another unit. Drift stays on the page for looking, and rings nobody.
# - **Ring for effects of a size**, agreed beforehand, not for significance.
# - **Ring for what lasts.** One bad day that is over is for the weekly report.
#
# The team has agreed on this for the inputs, where *the share* means `default_X` or `outside_X` of a day, and *usual* is its median over the first 14 days:
#
# | | must ring | must not ring |
# |:--|:--|:--|
# | how far the share is above the usual one | 30 percentage points or more | 10 or less |
# | for how long | on each of the last three days or more | one or two days, be they the last ones; or it was mended three days ago or earlier |
#
# In between you decide. The usual share is each feature's own: one may always be at a quarter, another near zero. A day without requests says nothing, neither good nor bad. Some days have few requests. Drift alone, traffic, a new client or model are no reason.

# %% [markdown]
# ### Exercise 4 — Alarms for the inputs
# *Difficulty ●●○ · about 15 minutes*
#
# Write `input_alarms(daily)`. `daily` is a table as in Exercise 3, with the days as index, of six weeks or so. It returns a list of dictionaries, one for each fault that must ring, empty if all is well:
#
# - `kind`: `"default"` (readings are missing, and a default is filled in) or `"range"` (values are out of range, another unit for instance);
# - `where`: the feature's name;
# - `since`: the first day of the fault that lasts now, as a date, a time or a text such as `"2026-03-19"`. Two days off are allowed.
#
# Done means: it holds for the practice tables, and for other logs, with other faults, sizes and dates, and with harmless changes.
#
# <details><summary>Hint 1</summary>For one column: leave out days without requests, find out for each other day whether it is bad. When does the last good day lie, and how many bad ones come after it?</details>
# <details><summary>Hint 2</summary>The column's name gives kind and feature. A Series of <code>True</code> and <code>False</code> by day is all that the rest needs: <code>bad.index[~bad].max()</code> is its last good day, if there is one. Try your rule on practice tables that you spoil yourself: three of the first 14 days at 90 %, one bad day long before the fault, a fault of three days, of two, of one.</details>


# %% nbgrader={"grade": false, "grade_id": "input-alarms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def input_alarms(daily):
    """Return a list of alarms, each a dictionary with kind ("default" or "range"), where (a feature) and since."""
    ### BEGIN SOLUTION
    alarms = []
    for kind, prefix in [("default", "default_"), ("range", "outside_")]:
        for column in [name for name in daily if name.startswith(prefix)]:
            share = daily[column].dropna()
            bad = share > share.iloc[:REFERENCE_DAYS].median() + 0.2
            good_days = bad.index[~bad]
            lasting = bad.index[bad.index > good_days.max()] if len(good_days) else bad.index
            if len(lasting) >= 3:
                alarms.append({"kind": kind, "where": column.removeprefix(prefix), "since": f"{lasting[0]:%Y-%m-%d}"})
    return alarms
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "alarm-tools", "locked": true, "schema_version": 3, "solution": false, "task": false}
def rung(said, what):
    """Return a list of (kind, where, since) of the alarms, sorted, since as a text."""
    assert isinstance(said, (list, tuple)), f"{what} returned a {type(said).__name__}, expected a list."
    for alarm in said:
        assert isinstance(alarm, dict) and {"kind", "where", "since"} <= set(alarm), f"{what}: an alarm is {alarm!r}, expected a dictionary with kind, where and since."
    return sorted((str(alarm["kind"]), str(alarm["where"]), str(alarm["since"])[:10]) for alarm in said)


def days_apart(day, other):
    """Return how many days lie between two dates."""
    return abs((pd.Timestamp(day) - pd.Timestamp(other)).days)


# %% nbgrader={"grade": true, "grade_id": "test-input-alarms", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
toy_calm = rung(input_alarms(practice_daily(1)), "input_alarms")
assert toy_calm == [], f"In a calm practice table, in which the season alone moves, the alarms are {toy_calm}, expected none."
for column, kind, where in [("default_temperature_c", "default", "temperature_c"), ("outside_distance_km", "range", "distance_km")]:
    toy_rung = rung(input_alarms(practice_daily(2, column, first=30)), "input_alarms")
    assert [alarm[:2] for alarm in toy_rung] == [(kind, where)], f"{column} is 60 % from 2026-02-04 on, and the alarms are {toy_rung}, expected one: {kind}, {where}."
    assert days_apart(toy_rung[0][2], "2026-02-04") <= 2, f"{column} is 60 % from 2026-02-04 on, and the alarm says since {toy_rung[0][2]}."
toy_blip = rung(input_alarms(practice_daily(3, "default_pressure_bar", first=25, until=26)), "input_alarms")
assert toy_blip == [], f"default_pressure_bar was 60 % on one day, more than two weeks ago, and the alarms are {toy_blip}, expected none: ring for what lasts."

# %% nbgrader={"grade": true, "grade_id": "judge-input-alarms", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the panels of four other logs with faults that last, one or two at once, at other dates and of other sizes, one of them with a day without requests; and two tables with faults that are only just large and long enough.
### BEGIN HIDDEN TESTS
from judging import check_alarms, daily_log, edge_panels

for number, (name, what) in enumerate(
    [
        ("default", "A log in which readings of one feature are missing"),
        ("range", "A log in which one feature speaks another unit at some stations"),
        ("both", "A log with two faults"),
        ("gap", "A log in which readings are missing, and during the fault the service was silent for a day"),
    ]
):
    their_daily, truth = daily_log(name, 40 + number)
    check_alarms(input_alarms(their_daily), truth, what, 2)
for number, (name, what, why) in enumerate(
    [
        ("noisy start", "A table in which four of the first 14 days and one later day were bad, and then a share is 30 points or more above the usual", "The usual share is a median, which few bad days do not move, and since is the first day of the fault that lasts now."),
        ("three days", "A table in which a share is 30 points or more above the usual on exactly the last three days", "Three days are enough."),
    ]
):
    their_daily, truth = edge_panels(name, 60 + number)
    check_alarms(input_alarms(their_daily), truth, what, 2, why)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-input-alarms-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the panels of three other logs in which nothing has to ring: faults that were mended, single bad days, season, a campaign, a holiday, a new client and model; and three tables that only just need not ring.
### BEGIN HIDDEN TESTS
from judging import check_alarms, daily_log, edge_panels

for number, (name, what, why) in enumerate(
    [
        ("mended", "A log in which two faults were mended more than a week ago", "What is over is for the weekly report."),
        ("blips", "A log with bad single days and pairs of days, the last of them more than a week ago", "One or two bad days are no fault that lasts."),
        ("calm", "A log with a campaign, a holiday, a renamed client, a new model and the season", "Nothing of this is a fault of the inputs."),
    ]
):
    their_daily, truth = daily_log(name, 44 + number)
    check_alarms(input_alarms(their_daily), truth, what, 2, why)
for number, (name, what, why) in enumerate(
    [
        ("two days", "A table in which one share was bad on the last day only, and another on the last two days", "One or two bad days are no fault that lasts."),
        ("three days ago", "A table in which a fault was mended three days ago", "What is over is for the weekly report."),
        ("much as usual", "A table in which one share is always about a quarter, and two have been less than 10 points above their usual ones for three weeks", "Ten points or less above a feature's own usual share are no reason."),
    ]
):
    their_daily, truth = edge_panels(name, 62 + number)
    check_alarms(input_alarms(their_daily), truth, what, 2, why)
### END HIDDEN TESTS

# %% tags=["uses-answers"]
input_alarms(daily)

# %% [markdown]
# ## Part 5 · Rules for the error
#
# Two of the inputs are broken, and neither explains the letters: the service copes with both. So is it the model? Bo's rule for the error rings when the mean of yesterday is above 8 minutes:

# %% tags=["uses-answers"]
by_mean = errors.groupby("day")["error"].mean()
print(by_mean[by_mean > 8].round(1))

# %% [markdown]
# Twice in eight weeks, and both times for the same reason: somebody kept a bike for a day, a **forgotten bike**. That, too, is a ring for nothing; and what is behind the letters does not reach 8 minutes at all. Nor does the median, which no bike can move, tell much: at the end of March it went from about 1.9 minutes to about 2.7. A model that is as good as ever for
# six riders of seven, and useless for the seventh, looks like a model that has become a little worse.
#
# So cut the log into **slices**. A *slice* is a part of the data that is looked at by itself: one district, one model version, one client. It has fewer rows, so it needs several days together, and a measure that one forgotten bike does not move. The team has agreed:
#
# | | must ring | must not ring |
# |:--|:--|:--|
# | how large a slice's typical error is, against its usual one | three times or more | 1.6 times or less |
# | for how long | five or more days that are due, up to the last one | the last such day only; or it was mended five such days ago or earlier |
#
# *Usual* is the slice's own error in the first 14 days: a trip from Eastfield is longer, so its error always was. A slice that did not exist then (a new model version, a renamed client) is compared with all requests of these days. *Typical* is what forgotten bikes do not move, not even one a day. In between you decide; take about twice, well away from both ends: with twenty rows a day what you measure lies a quarter above or below what is true. Slices are the values of `district`, of `model` and of `client`, each by itself, not crossed.

# %% [markdown]
# ### Exercise 5 — Alarms for the error
# *Difficulty ●●● · about 20 minutes*
#
# Write `error_alarms(errors)`. `errors` is a table as in Exercise 2: a row for each request that is due, `error` missing without a label. It returns a list of dictionaries as in Exercise 4, with `kind` `"error"`, `where` as in `"district=Harbour"`, `"model=eta-4"` or `"client=web"`, and `since`, the first day of the fault; five days off are allowed, since what is smoothed lags behind.
#
# Done means: it holds for the practice tables, and for other logs with other faults (a slice that got worse, a new version that is worse), and with harmless changes (a new version or client that is as good, holidays with a handful of trips, a campaign, forgotten bikes).
#
# <details><summary>Hint 1</summary>What does one forgotten bike do to a mean, and what to a median? What does a median of three rows tell, and what a median of three days' rows?</details>
# <details><summary>Hint 2</summary>Two loops, over the columns and over their values. Inside: one number, the slice's usual error, and one Series, its typical error by day, with neighbouring days taken together so that one odd day does not cut a fault in two (<code>rolling</code> with <code>center=True</code> and <code>min_periods=1</code> keeps the ends). Then the question is that of Exercise 4. What is the usual error of a slice without early rows?</details>


# %% nbgrader={"grade": false, "grade_id": "error-alarms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def error_alarms(errors):
    """Return a list of alarms, each a dictionary with kind "error", where (column=value) and since."""
    ### BEGIN SOLUTION
    known = errors.dropna(subset=["error"])
    early = known[known["day"] < errors["day"].min() + pd.Timedelta(days=REFERENCE_DAYS)]
    alarms = []
    for column in ["district", "model", "client"]:
        for value, rows in known.groupby(column):
            own = early[early[column] == value]
            usual = (own if len(own) >= 30 else early)["error"].median()
            typical = rows.groupby("day")["error"].median().rolling(3, center=True, min_periods=1).median()
            bad = typical > 2 * usual
            good_days = bad.index[~bad]
            lasting = bad.index[bad.index > good_days.max()] if len(good_days) else bad.index
            if len(lasting) >= 3:
                alarms.append({"kind": "error", "where": f"{column}={value}", "since": f"{lasting[0]:%Y-%m-%d}"})
    return alarms
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-error-alarms", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
toy_fine = rung(error_alarms(practice_errors(1)), "error_alarms")
assert toy_fine == [], f"In a calm practice table, with a new model version that is as good, the alarms are {toy_fine}, expected none."
for column, value in [("district", "Hillside"), ("district", "Eastfield")]:
    toy_rung = rung(error_alarms(practice_errors(2, column, value, first=24)), "error_alarms")
    assert [alarm[:2] for alarm in toy_rung] == [("error", f"{column}={value}")], f"Errors of {column}={value} are four times as large from 2026-01-29 on, and the alarms are {toy_rung}, expected one: error, {column}={value}."
    assert days_apart(toy_rung[0][2], "2026-01-29") <= 5, f"Errors of {column}={value} are four times as large from 2026-01-29 on, and the alarm says since {toy_rung[0][2]}."
toy_over = rung(error_alarms(practice_errors(3, "district", "Harbour", first=20, until=30)), "error_alarms")
assert toy_over == [], f"Errors in Harbour were four times as large up to twelve days ago, and the alarms are {toy_over}, expected none: ring for what lasts."

# %% nbgrader={"grade": true, "grade_id": "judge-error-alarms", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: three other logs, in which trips from one district take longer, or a new version is worse, at other dates and of other sizes; one of them with forgotten bikes elsewhere. And two tables: a fault of a district whose errors are usually small, and one of a client that is five days old.
### BEGIN HIDDEN TESTS
from judging import check_alarms, edge_errors, error_log

for number, (name, what, why) in enumerate(
    [
        ("district", "A log in which the model got worse in one district", ""),
        ("model", "A log in which a new version answers some of the requests, worse", "A slice that did not exist in the first 14 days is compared with all requests of these days."),
        ("district and bikes", "A log in which the model got worse in one district, and bikes were forgotten in two others", "One forgotten bike is no fault of the model."),
    ]
):
    their_errors, truth = error_log(name, 50 + number)
    check_alarms(error_alarms(their_errors), truth, what, 5, why)
for number, (name, what, why) in enumerate(
    [
        ("own usual", "A table in which one district's errors are usually half as large as elsewhere and then rise, and another's are always twice as large", "The usual error is the slice's own."),
        ("client", "A table in which the errors of one client have been three times as large or more on the last five days that are due", "Slices are the values of district, of model and of client, and five days are enough."),
    ]
):
    their_errors, truth = edge_errors(name, 70 + number)
    check_alarms(error_alarms(their_errors), truth, what, 5, why)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-error-alarms-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: two other logs in which nothing has to ring: a fault that was mended; a campaign, a holiday, a renamed client, a new version that is as good, forgotten bikes. And three tables: errors that are half as large again, a forgotten bike a day, one bad day and what was mended five days ago.
### BEGIN HIDDEN TESTS
from judging import check_alarms, edge_errors, error_log

for number, (name, what, why) in enumerate(
    [
        ("mended", "A log in which one district was worse until more than a week before the end", "What is over does not ring."),
        ("calm", "A log with a campaign, a holiday with few trips, a renamed client, a new version that is as good, and forgotten bikes", "Nothing of this is three times the usual, typical error."),
    ]
):
    their_errors, truth = error_log(name, 53 + number)
    check_alarms(error_alarms(their_errors), truth, what, 5, why)
for number, (name, what, why) in enumerate(
    [
        ("half as much again", "A table in which one district's errors have been half as large again for three weeks, and another's are always twice as large", "1.6 times the slice's own usual error or less is no reason."),
        ("bikes", "A table in which bikes were forgotten in two districts on each of the last days", "A forgotten bike a day is no fault of the model: typical is what it does not move."),
        ("one day", "A table in which one district was worse on the last day only, and another until it was mended five days ago", "One day is no fault that lasts, and what is over does not ring."),
    ]
):
    their_errors, truth = edge_errors(name, 72 + number)
    check_alarms(error_alarms(their_errors), truth, what, 5, why)
### END HIDDEN TESTS

# %% tags=["uses-answers"]
error_alarms(errors)

# %% [markdown]
# There are the letters. (The bridge to Hillside is closed for repairs, as all the city knows. It is in no feature.)
#
# An alarm says where and since when, and not how large it is. Whoever reads it will ask. So this table goes onto the page, too:

# %% nbgrader={"grade": false, "grade_id": "slices", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["uses-answers"]
def slice_table(errors):
    """Return a row for each slice: its usual error and the one of the last five days that are due, both medians in minutes."""
    known = errors.dropna(subset=["error"])
    early = known[known["day"] < known["day"].min() + pd.Timedelta(days=REFERENCE_DAYS)]
    late = known[known["day"] > known["day"].max() - pd.Timedelta(days=5)]
    rows = {}
    for column in ("district", "model", "client"):
        usual = early.groupby(column)["error"].median()
        for value, recent in late.groupby(column)["error"].median().items():
            rows[f"{column}={value}"] = {"usual": usual.get(value, early["error"].median()), "recent": recent}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["usual", "recent"]).rename_axis("where")


slices = slice_table(errors)
slices.round(2)

# %% [markdown]
# ## Part 6 · The page
#
# Before the page, what lies behind it. An alarm says "pressure_bar is out of range". Rosa, who looks after the dock sensors, will ask "show me". A **drill-down** is the way from a number on a dashboard to the details behind it: here a report of Evidently, with the distributions side by side. This is how Bo made his:

# %% tags=["uses-answers"]
last_week = good[good["day"] >= now - pd.Timedelta(days=7)][FEATURES]
week_before = good[good["day"].between(now - pd.Timedelta(days=14), now - pd.Timedelta(days=8))][FEATURES]
as_bo = Report([DataDriftPreset()]).run(Dataset.from_pandas(last_week), Dataset.from_pandas(week_before))
for metric in as_bo.dict()["metrics"][1:]:
    print(metric["metric_name"], round(float(metric["value"]), 3))

# %% [markdown]
# Nobody chose this method: Evidently looked at the number of rows and took it. (For a p-value small means drift, for a distance large does: the same panel, read the other way round.) And the pressure, nearly half of which is fourteen times too high, does not stand out, since last week is compared with the week before, when it was already so.
#
# A *workspace* is a folder in which Evidently keeps runs of a project, so that its own pages can show them (`evidently ui --workspace workspace`, if you want to look later). Three lines are enough:

# %%
shutil.rmtree("example-workspace", ignore_errors=True)
example_data = {name: Dataset.from_pandas(pd.DataFrame({"km": values}), data_definition=DataDefinition(numerical_columns=["km"])) for name, values in [("now", usual[:500] + 1), ("before", usual)]}
example_run = Report([ValueDrift(column="km", method="wasserstein", threshold=0.5)]).run(example_data["now"], example_data["before"])
example_space = Workspace.create("example-workspace")
example_space.add_run(example_space.create_project("Example").id, example_run)
print(example_run.dict()["metrics"][0]["metric_name"], round(float(example_run.dict()["metrics"][0]["value"]), 3))

# %% [markdown]
# > **In older tutorials** you will meet these, and should not copy them (this lab has Evidently 0.7):
# >
# > | older (before 0.7) | today | why |
# > |:--|:--|:--|
# > | `from evidently.report import Report`, `from evidently.metric_preset import DataDriftPreset` | `from evidently import Report`, `from evidently.presets import …` | The old interface lives on in `evidently.legacy`, for now. |
# > | `report.run(reference_data=…, current_data=…)` with DataFrames, then `report.save_html` | `run = report.run(current, reference)` with Datasets, then `run.save_html` | A report is a recipe; what it made is a value of its own. |
# > | `ColumnMapping(numerical_features=…)` | `DataDefinition(numerical_columns=…)` | |
# > | `TestSuite([…])` | `Report([…], include_tests=True)` | |
# > | `ws.add_report(project_id, report)` | `ws.add_run(project_id, run)` | |
# > | a report as the last line of a cell | `run.save_html(path)` | It weighs nearly 4 MB, and stays in the notebook for ever. |

# %% [markdown]
# ### Exercise 6 — The drill-down
# *Difficulty ●○○ · about 5 minutes*
#
# Write `drill_down(requests, first, last, folder)`. `first` and `last` are days as texts such as `"2026-04-20"`, both included, in UTC; `folder` is the path of a folder, which may not exist yet. It compares the answered requests of these days with the reference, the answered requests of the log's first 14 days, by Evidently, for each of `FEATURES` with the pinned method `wasserstein` and the threshold 0.5. It
#
# - saves the report as `drill-down.html` in the folder;
# - adds the run to an Evidently workspace in the folder `workspace` inside it, in a project of any name. There is one run in it, also if the function is called twice;
# - returns a dictionary from each feature to its drift.
#
# Done means: it holds for the last week here, and for other logs and days.
#
# <details><summary>Hint 1</summary>The example above has all calls. What has to be removed before the second call, so that there is one run?</details>
# <details><summary>Hint 2</summary>A list of <code>ValueDrift</code>, one for each feature; <code>run.dict()["metrics"]</code> holds their values in the same order. A day as a text becomes a time in UTC by <code>pd.Timestamp(first, tz="UTC")</code>, and the last day ends 24 hours after its start.</details>


# %% nbgrader={"grade": false, "grade_id": "drill-down", "locked": false, "schema_version": 3, "solution": true, "task": false}
def drill_down(requests, first, last, folder):
    """Save Evidently's comparison of the days with the reference in the folder, and return {feature: drift}."""
    ### BEGIN SOLUTION
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "workspace", ignore_errors=True)
    table = requests[requests["status"] == 200]
    day = table["at"].dt.floor("D")
    definition = DataDefinition(numerical_columns=FEATURES)
    current, reference = (
        Dataset.from_pandas(table.loc[rows, FEATURES].reset_index(drop=True), data_definition=definition)
        for rows in (
            day.between(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC")),
            day < requests["at"].min().floor("D") + pd.Timedelta(days=REFERENCE_DAYS),
        )
    )
    run = Report([ValueDrift(column=name, method="wasserstein", threshold=0.5) for name in FEATURES]).run(current, reference)
    run.save_html(str(folder / "drill-down.html"))
    space = Workspace.create(str(folder / "workspace"))
    space.add_run(space.create_project("Trip times").id, run)
    return {name: float(metric["value"]) for name, metric in zip(FEATURES, run.dict()["metrics"])}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-drill-down", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
shutil.rmtree("toy-report", ignore_errors=True)
toy_weeks = pd.concat([toy_day, toy_day.assign(at=toy_day["at"] + pd.Timedelta(days=20), climb_m=toy_day["climb_m"] + 20)], ignore_index=True)
toy_drift = drill_down(toy_weeks, "2026-03-22", "2026-03-25", "toy-report")
assert isinstance(toy_drift, dict) and set(toy_drift) == set(FEATURES), f"drill_down returned {toy_drift!r}, expected a dictionary with the four features."
assert abs(float(toy_drift["distance_km"])) < 1e-6, f"In the small table the distances of 22 to 24 March are those of the reference, and their drift is {toy_drift['distance_km']}, expected 0."
toy_climb = 20 / np.std([0, 10, 0, -10, 0, 10, 0, -10])
assert abs(float(toy_drift["climb_m"]) - toy_climb) < 0.01, f"In the small table climb_m has moved by 20 m, and its drift is {float(toy_drift['climb_m']):.3f}, expected {toy_climb:.3f}: method wasserstein, answered requests, the first 14 days as reference, both days included."
assert Path("toy-report/drill-down.html").is_file() and Path("toy-report/drill-down.html").stat().st_size > 100_000, "There is no report of Evidently in toy-report/drill-down.html."
assert len(list(Path("toy-report/workspace").glob("*/snapshots/*.json"))) == 1, "The workspace toy-report/workspace has to hold one run in one project."

# %% nbgrader={"grade": true, "grade_id": "judge-drill-down", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the run in the workspace, the page and the returned numbers, for other days of another log, and after a second call.
### BEGIN HIDDEN TESTS
import json

import pandas as pd
from citylog import Story
from judgekit import own_folder
from judgekit import fresh
from judging import draw
from scipy.stats import wasserstein_distance
from service import FEATURES

with own_folder() as place:
    rng = fresh(7)
    _, _, their_requests, _, end = draw(rng, 26, 2_000, Story(units=[("pressure_bar", 0.4, 14, None)], silent=4, busy=(22, 0.2)))
    start = end - pd.Timedelta(days=26)
    their_requests = their_requests[their_requests["at"] >= start + pd.Timedelta(hours=17)].reset_index(drop=True)  # the log begins in the evening
    answered = their_requests[their_requests["status"] == 200]
    reference = answered[answered["at"] < start + pd.Timedelta(days=14)]
    for first, last in [(15, 16), (21, 24)]:
        days = [start + pd.Timedelta(days=number) for number in (first, last)]
        their_now = answered[(answered["at"] >= days[0]) & (answered["at"] < days[1] + pd.Timedelta(days=1))]
        right = {name: wasserstein_distance(reference[name], their_now[name]) / reference[name].to_numpy().std() for name in FEATURES}
        said = drill_down(their_requests, *(f"{day:%Y-%m-%d}" for day in days), str(place / "new" / "report"))
        about = f"For the days {days[0]:%Y-%m-%d} to {days[1]:%Y-%m-%d} of another log"
        for name in FEATURES:
            assert abs(float(said[name]) - right[name]) <= 0.002 + 0.005 * right[name], (
                f"{about}, the drift of {name} is {float(said[name]):.4f}, expected {right[name]:.4f}: answered requests of both days and those between, against the first 14 days by the calendar, method wasserstein."
            )
    runs = list((place / "new" / "report" / "workspace").glob("*/snapshots/*.json"))
    assert len(runs) == 1, f"After two calls with one folder, {len(runs)} runs lie in its workspace, expected one, of the last call."
    kept, limits = {}, {}
    for result in json.loads(runs[0].read_text())["metric_results"].values():
        params = (result.get("metric_value_location") or {}).get("metric", {}).get("params", {})
        if params.get("column") in FEATURES and isinstance(result.get("value"), (int, float)):
            kept[params["column"]], limits[params["column"]] = result["value"], params.get("threshold")
    assert set(kept) == set(FEATURES), f"The run in the workspace has the drift of {sorted(kept)}, expected the four features."
    for name in FEATURES:
        assert abs(kept[name] - right[name]) <= 0.002 + 0.005 * right[name], f"{about}, the run in the workspace says {kept[name]:.4f} for {name}, expected {right[name]:.4f}."
        assert limits[name] == 0.5, f"The run in the workspace has the threshold {limits[name] or 'of Evidently (0.1)'} for {name}, expected 0.5: it decides what the report calls drifted."
    page = place / "new" / "report" / "drill-down.html"
    assert page.is_file() and page.stat().st_size > 100_000, "drill-down.html is not there, or is no report of Evidently."
### END HIDDEN TESTS

# %% tags=["uses-answers"]
drill_down(requests, "2026-04-20", "2026-04-26", "report")

# %% [markdown]
# Now the page itself: one HTML file, written by a program, that can be sent by mail, opened without a server, and read in a minute. Noor's list, in her order:
#
# 1. *What is wrong, since when, who looks.* First, and in words. If nothing is wrong, it says so.
# 2. *Up to when are these data?* A page that stopped being updated on Friday looks just like one on which all is well. So the data's time stands on it, with its zone.
# 3. *Numbers that I can check*, with units and an uncertainty, and "not due" where nothing can be known yet.
# 4. *Pictures to see it at a glance*, that Ada, who cannot tell red from green, can read, and Cy, who has pages read out to him, can hear: by the alternative text.
# 5. *Nothing from elsewhere*: no script, style or picture from a server. And names in the log come from outside. A client that calls itself `<script>…` must appear as that text, and not run.
#
# For a program that reads the page (yours tomorrow, ours today) there is a small contract. Numbers stay visible text, in elements with an attribute that says what they are. `pageread.py` is that contract as a program:

# %%
small_page = """<html lang="en"><head><title>Example</title></head><body>
<h1>1 alarm, the oldest since 2026-03-19</h1>
<p data-alarm="temperature_c"><b>temperature_c</b> is filled in, since 2026-03-19. Cy, data feeds, looks.</p>
<p>Data up to <time data-as-of="2026-04-27T00:00Z">2026-04-27 00:00 UTC</time>, <span data-count="lines">8,234</span> lines.</p>
<p data-slice="client=web">client=web is 2.61 min off; usual are 1.90</p>
<table><tr><td data-metric="error_rate" data-day="2026-04-23">1.3 %</td><td data-metric="typical" data-day="2026-04-24">not due</td></tr></table>
</body></html>"""
small = read_page(small_page)
print(small["numbers"], small["alarms"], small["slices"], sep="\n")
print(number_in("1.3 %"), agrees("error_rate", "1.3 %", 0.01339), agrees("error_rate", "1 %", 0.01339))

# %% [markdown]
# Matplotlib's figures go in as SVG, text in the page itself. `svg_of(figure, alt)` in `service.py` makes one that follows the page's colours, light or dark: what is black in the figure becomes the colour of the text, and frames of legends go. `page.css` is a style sheet, for you to use or not. For words and tables take *Jinja*, a language for templates. Mind the second argument:

# %%
for autoescape in (False, True):
    print(autoescape, jinja2.Environment(autoescape=autoescape).from_string("{% for name in names %}<li>{{ name }}</li>{% endfor %}").render(names=["web", "<script>alert(1)</script>"]))

# %% [markdown]
# ### Exercise 7 — The page
# *Difficulty ●●● · about 30 minutes*
#
# Write `build_page(counts, daily, slices, alarms, now, page)`. It gets what the functions before return: the dictionary of counts, the daily panels with the days as index, the table of slices as `slice_table` makes it, the alarms of both kinds in one list (`since` as a text), the time up to which the log goes, and the path of the file to write. The file:
#
# - has a language (`<html lang=…>`), a `<title>`, and one `<h1>`: with alarms it has their number and the date of the oldest (`2026-03-19`), without any the words "No alarms". Below it headings do not skip a level.
# - has for each alarm an element with `data-alarm="WHERE"`. Its visible text has the `where`, the day of `since` as in `2026-03-19`, and who looks, from `OWNERS`. One element an alarm, no others.
# - has an element with `data-as-of="2026-04-27T00:00Z"`, whose text has the date in that form, hour and minute, and "UTC". It is `now`, not the time at which the page was built.
# - has for each of `lines`, `corrupt`, `repeated`, `retries` and `requests` exactly one element with `data-count="…"`, and in it the number.
# - has for each of the last 14 days of `daily` (`PAGE_DAYS`), and each metric in `DAILY`, an element with `data-metric` and `data-day` (as in `2026-04-26`), and in it the number: shares in per cent with a `%` and one decimal, `requests` and `p95_ms` whole, minutes with two decimals; more digits are fine, and so are units behind. The last day has the metrics in `INPUTS` too, drift with two decimals. Where a value is missing there is no number and no "nan", but words: "not due" if it is one of `coverage`, `typical`, `typical_low`, `typical_high` of a day with requests, else "no data".
# - has for each row of `slices` an element with `data-slice="WHERE"`, whose text has the `where`, the usual and the recent error, in minutes with two decimals.
# - has at least two pictures that show the numbers of `daily`, as `img` elements with a `data:` address or as `svg` elements, each with an alternative text of 40 characters or more that says what it shows. (`svg_of` takes care of the attribute.)
# - names the units of time, "ms" and "min", and links to `drill-down.html`.
# - loads nothing from elsewhere, has no script, and shows every text from the log as it is. All that the contract asks for is to be seen: what an attribute or the style sheet hides does not count.
#
# Done means: all this holds, for other logs, with no alarms and with many, and with names that are no harmless words. And you have opened the page in a browser, light and dark, wide and narrow.
#
# <details><summary>Hint 1</summary>Three parts: a function that makes a value into its text (one place for all units and missing values); a template; two or three small figures. Write the first one first, and try it on <code>NaN</code>.</details>
# <details><summary>Hint 2</summary>Build the rows for the template in Python, each cell with its metric, its day and its text; then the template is two loops. What you made yourself (figures, style sheet) passes unescaped as <code>{{ figure | safe }}</code>; nothing else does. <code>f"{share:.1%}"</code> writes per cent.
# Close each figure.</details>


# %% nbgrader={"grade": false, "grade_id": "page", "locked": false, "schema_version": 3, "solution": true, "task": false}
def build_page(counts, daily, slices, alarms, now, page):
    """Write the dashboard, one HTML file, to the path `page`."""
    ### BEGIN SOLUTION
    recent, last = daily.tail(PAGE_DAYS).iloc[::-1], daily.tail(1)
    heads = {"requests": "Requests", "error_rate": "Without answer", "p95_ms": "p95 latency", "coverage": "Labels there", "typical": "Typical error", "typical_low": "from", "typical_high": "to"}
    rows = [(f"{day:%Y-%m-%d}", f"{day:%a}", [(name, shown(name, values[name], values["requests"])) for name in DAILY]) for day, values in recent.iterrows()]
    inputs = [
        (name, UNITS[name], [(column, shown(column, last[column].iloc[0], 0) if column in last else None) for column in (f"default_{name}", f"outside_{name}", f"drift_{name}")])
        for name in FEATURES
    ]
    ill = {alarm["where"] for alarm in alarms}
    parts = [(where, f"{row.usual:.2f} min", f"{row.recent:.2f} min", where in ill) for where, row in slices.iterrows()]
    oldest = min((str(alarm["since"])[:10] for alarm in alarms), default="")
    text = jinja2.Environment(autoescape=True).from_string(PAGE).render(
        style=Path("page.css").read_text(), counts=counts, rows=rows, heads=heads, inputs=inputs, alarms=alarms, oldest=oldest, owners=OWNERS, what=WHAT, parts=parts,
        now=now, last_day=f"{daily.index[-1]:%Y-%m-%d}", charts=charts(daily, slices),
    )  # fmt: skip
    Path(page).write_text(text, encoding="utf-8")


def shown(metric, value, requests):
    if pd.isna(value):
        return "not due" if metric in ("coverage", "typical", "typical_low", "typical_high") and requests else "no data"
    if metric in ("requests", "p95_ms"):
        return f"{value:,.0f}" + (" ms" if metric == "p95_ms" else "")
    if metric.startswith(("typical", "drift")):
        return f"{value:,.2f}" + (" min" if metric.startswith("typical") else "")
    return f"{value:.1%}".replace("%", " %")


def charts(daily, slices):
    drawn = []
    for draw_one, table in ((draw_slices, slices), (draw_error, daily), (draw_inputs, daily), (draw_traffic, daily)):
        figure, axes = plt.subplots(figsize=(4.3, 2.9), layout="constrained")
        axes.spines[["top", "right"]].set_visible(False)
        title, alt = draw_one(axes, table)
        drawn.append((title, figure, alt))
        if table is slices:
            continue
        axes.xaxis.set_major_locator(matplotlib.dates.WeekdayLocator(byweekday=0, interval=3))
        axes.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%d %b"))
        axes.set_xlabel("day (UTC)")
    pictures = [(title, svg_of(figure, alt)) for title, figure, alt in drawn]
    for _, figure, _ in drawn:
        plt.close(figure)
    return pictures


def draw_slices(axes, slices):
    slices = slices.iloc[::-1]
    axes.hlines(slices.index, slices["usual"], slices["recent"], color="#7a8896", lw=2)
    axes.plot(slices["usual"], slices.index, "|", color="#000000", ms=10, label="usual")
    axes.plot(slices["recent"], slices.index, "o", color="#000000", ms=5, label="last five days that are due")
    axes.set_xlim(0, 1.1 * slices.max(axis=None))
    axes.set_xlabel("typical error (min)")
    figure_legend = axes.legend(fontsize=8, loc="lower right")
    figure_legend.set_frame_on(False)
    worst = (slices["recent"] / slices["usual"]).idxmax()
    return "Typical error by slice, usual and now", f"For each slice a line from its usual error to the recent one. Furthest apart is {worst}: from {slices.loc[worst, 'usual']:.1f} to {slices.loc[worst, 'recent']:.1f} minutes."


def draw_traffic(axes, daily):
    axes.bar(daily.index, daily["requests"], color="#7a8896", width=0.8)
    axes.set_ylabel("requests a day")
    return "Requests a day", f"Bars: requests by day, from {daily['requests'].min():.0f} to {daily['requests'].max():.0f}; on the last day {daily['requests'].iloc[-1]:.0f}."


def draw_error(axes, daily):
    usual = daily["typical"].iloc[:REFERENCE_DAYS].median()
    axes.vlines(daily.index, daily["typical_low"], daily["typical_high"], color="#7a8896", lw=2)
    axes.plot(daily.index, daily["typical"], "o", color="#000000", ms=3.5)
    axes.axhline(usual, color="#000000", ls=":", lw=1)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("typical error (min)")
    known = daily["typical"].dropna()
    last = f"; on {known.index[-1]:%d %B}, the last day that is due, {known.iloc[-1]:.1f}" if len(known) else ""
    return "Typical error by day, with its 95 % interval; dotted: the usual", f"Points with bars: the typical error by day in minutes; usual are {usual:.1f}{last}."


def draw_inputs(axes, daily):
    shares = daily[[name for name in daily if name.startswith(("default_", "outside_"))]]
    tops = shares.tail(3).mean().sort_values(ascending=False).index[:3]
    for name, mark in zip(tops, ("o-", "^--", "s:")):
        kind, feature = name.split("_", 1)
        axes.plot(shares.index, 100 * shares[name], mark, ms=2.5, lw=1, label=f"{feature}: " + ("filled in" if kind == "default" else "out of range"))
    axes.set_ylim(0, 100)
    axes.set_ylabel("share of answers (%)")
    axes.legend(fontsize=9, loc="upper left")
    ends = ", ".join(f"{name} {shares[name].iloc[-1]:.0%}" for name in tops)
    return "Readings that were filled in or are out of range", f"Lines: shares of the day's answers, the three inputs with the largest. On the last day: {ends}."


import matplotlib.dates

WHAT = {"default": "Readings are missing, and a default is filled in", "range": "Values are out of the possible range, as if in another unit", "error": "Answers are much further off than usual"}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Trip times: {{ alarms | length or "no" }} alarms</title><style>{{ style | safe }}</style></head>
<body>
<main>
<p class="soft">Metro Bikes · trip-time service</p>
<h1>{% if alarms %}{{ alarms | length }} {{ "alarm" if alarms | length == 1 else "alarms" }}, the oldest since {{ oldest }}{% else %}No alarms{% endif %}</h1>
<p class="soft">Data up to <time data-as-of="{{ now.strftime('%Y-%m-%dT%H:%MZ') }}">{{ now.strftime("%Y-%m-%d, %H:%M") }} UTC</time>. All days are days in UTC. Errors are shown when a day's labels are due, 72 hours after its end.</p>
{% if alarms %}<ul class="alarms">{% for alarm in alarms %}
<li data-alarm="{{ alarm.where }}"><b>{{ alarm.where }}</b> {{ what[alarm.kind] }}.<br>Since <strong>{{ (alarm.since | string)[:10] }}</strong>. Who looks: {{ owners[alarm.kind] }}.</li>{% endfor %}
</ul>{% else %}<p class="calm">Inputs and errors are as usual. Nobody has to do anything.</p>{% endif %}
<section><h2>At a glance</h2><div class="charts">{% for title, chart in charts %}
<figure>{{ chart | safe }}<figcaption>{{ title }}</figcaption></figure>{% endfor %}
</div></section>
<section><h2>Who is served worse</h2><p class="soft" id="slices">How many minutes (min) half of the answers were off at most: in the first 14 days, and in the last five that are due. ► marks an alarm.</p><div class="scroll" role="region" aria-label="Slices" tabindex="0"><table aria-describedby="slices">
<thead><tr><th scope="col">Slice</th><th scope="col">Usual and recent error</th></tr></thead>
<tbody>{% for where, usual, recent, rings in parts %}
<tr data-slice="{{ where }}"><th scope="row">{{ where }}</th><td>{% if rings %}► {% endif %}{{ usual }} → {{ recent }}</td></tr>{% endfor %}
</tbody></table></div></section>
<section><h2>The last days</h2><p class="soft" id="days">Latency: 95 of 100 answers came within this time (ms). Typical error: half of the answers were off by less, in minutes (min), with its 95 % interval.</p><div class="scroll" role="region" aria-label="The last days" tabindex="0"><table aria-describedby="days">
<thead><tr><th scope="col">Day</th>{% for head in heads.values() %}<th scope="col">{{ head }}</th>{% endfor %}</tr></thead>
<tbody>{% for day, weekday, cells in rows %}
<tr><th scope="row">{{ weekday }} {{ day }}</th>{% for metric, text in cells %}<td data-metric="{{ metric }}" data-day="{{ day }}">{{ text }}</td>{% endfor %}</tr>{% endfor %}
</tbody></table></div></section>
<section><h2>Inputs on {{ last_day }}</h2><p class="soft" id="inputs">Drift: how far the values lie from those of the first 14 days, in their standard deviations. It rings nobody: seasons drift. <a href="drill-down.html">All distributions, by Evidently</a></p><div class="scroll" role="region" aria-label="Inputs" tabindex="0"><table aria-describedby="inputs">
<thead><tr><th scope="col">Feature</th><th scope="col">Filled in</th><th scope="col">Out of range</th><th scope="col">Drift</th></tr></thead>
<tbody>{% for name, unit, cells in inputs %}
<tr><th scope="row">{{ name }} ({{ unit }})</th>{% for metric, text in cells %}{% if text %}<td data-metric="{{ metric }}" data-day="{{ last_day }}">{{ text }}</td>{% else %}<td>has no default</td>{% endif %}{% endfor %}</tr>{% endfor %}
</tbody></table></div></section>
<section><h2>Where the numbers come from</h2><p>The log has <span data-count="lines">{{ counts.lines }}</span> lines: <span data-count="requests">{{ counts.requests }}</span> requests, <span data-count="retries">{{ counts.retries }}</span> further attempts, <span data-count="repeated">{{ counts.repeated }}</span> repeated and <span data-count="corrupt">{{ counts.corrupt }}</span> corrupt lines.</p></section>
</main>
</body></html>
"""
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "toy-page", "locked": true, "schema_version": 3, "solution": false, "task": false}
def toy_dashboard():
    """Return small inputs for build_page: counts, daily, slices and alarms."""
    table = practice_daily(5, "outside_pressure_bar", first=30, days=35)
    table["error_rate"], table["p95_ms"], table["coverage"] = 0.0125, 84.2, 0.954
    table["typical"] = np.linspace(2.5, 4.1, 35)
    table["typical_low"], table["typical_high"] = table["typical"] - 0.44, table["typical"] + 0.44
    table.loc[table.index[-3:], ["coverage", "typical", "typical_low", "typical_high"]] = np.nan
    parts = pd.DataFrame({"usual": [2.13, 1.98], "recent": [2.2, 7.35]}, index=pd.Index(["client=web", "client=R&B <beta>"], name="where"))
    total = int(table["requests"].sum())
    lines = {"lines": total + 1313, "corrupt": 13, "repeated": 200, "retries": 1100, "requests": total}
    alarms = [{"kind": "range", "where": "pressure_bar", "since": "2026-02-04"}, {"kind": "error", "where": "client=R&B <beta>", "since": "2026-01-30"}]
    return lines, table, parts, alarms


# %% nbgrader={"grade": true, "grade_id": "test-page", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
toy_lines_of, toy_table, toy_parts, toy_alarms = toy_dashboard()
Path("toy.html").unlink(missing_ok=True)
build_page(toy_lines_of, toy_table.copy(), toy_parts.copy(), toy_alarms, pd.Timestamp("2026-02-09", tz="UTC"), "toy.html")
assert Path("toy.html").is_file(), "build_page has not written the file whose path it was given."
toy_read = read_page(Path("toy.html").read_text(encoding="utf-8"))
assert toy_read["lang"] and toy_read["title"], "The page needs a language (<html lang=…>) and a <title>."
toy_firsts = [text for level, text in toy_read["headings"] if level == 1]
assert len(toy_firsts) == 1, f"The page has {len(toy_firsts)} first-level headings, expected one."
assert re.search(r"\b2\b", toy_firsts[0]) and "2026-01-30" in toy_firsts[0], f"The headline is {toy_firsts[0]!r}. There are 2 alarms, the oldest since 2026-01-30, and it has to say both."
assert sorted(toy_read["alarms"]) == ["client=R&B <beta>", "pressure_bar"], f"The page has the elements data-alarm {sorted(toy_read['alarms'])}, expected one for each alarm, with its name as it is."
for toy_alarm in toy_alarms:
    toy_words = toy_read["alarms"][toy_alarm["where"]][0]
    for toy_part in (toy_alarm["where"], toy_alarm["since"], OWNERS[toy_alarm["kind"]]):
        assert toy_part in toy_words, f"The alarm for {toy_alarm['where']} reads {toy_words!r}, and lacks {toy_part!r}."
assert toy_read["as_of"] and pd.Timestamp(toy_read["as_of"][0][0]) == pd.Timestamp("2026-02-09", tz="UTC"), f"data-as-of is {toy_read['as_of']}, expected 2026-02-09T00:00Z."
for name, number in toy_lines_of.items():
    assert [number_in(text) for text in toy_read["counts"].get(name, [])] == [number], f"The number of {name} on the page is {toy_read['counts'].get(name)}, expected {number}, once."
toy_cell = toy_read["numbers"].get(("typical", "2026-02-05"), [])
assert toy_cell and agrees("typical", toy_cell[0], toy_table.loc["2026-02-05", "typical"]), f"typical of 2026-02-05 reads {toy_cell}, expected {toy_table.loc['2026-02-05', 'typical']:.2f}, in a visible element with data-metric and data-day."
toy_open = toy_read["numbers"].get(("typical", "2026-02-08"), [])
assert toy_open and "not due" in toy_open[0], f"typical of 2026-02-08 reads {toy_open}, expected 'not due'."
toy_part = toy_read["slices"].get("client=R&B <beta>", [""])[0]
assert all(toy_number in toy_part for toy_number in ("client=R&B <beta>", "1.98", "7.35")), f"The slice client=R&B <beta> reads {toy_part!r}, expected its name, 1.98 and 7.35, in a visible element with data-slice."

# %% nbgrader={"grade": true, "grade_id": "judge-page", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the page of another log: each number of the last 14 days, the inputs of the last day, the counts and the slices equal the log's, and can be seen; missing ones are said in words; one day has no requests.
### BEGIN HIDDEN TESTS
from citylog import Story, true_daily, true_errors, true_slices
from judgekit import fresh
from judging import check_numbers, check_slices, draw, page_of

rng = fresh(8)
story = Story(default=[("pressure_bar", 0.4, 20, None)], units=[("distance_km", 0.4, 27, None)], silent=int(rng.integers(22, 29)), busy=(26, 0.3))
_, their_counts, their_requests, their_labels, end = draw(rng, 32, 4_000, story)
their_errors = true_errors(their_requests, their_labels, end)
their_daily, their_slices = true_daily(their_requests, their_errors), true_slices(their_errors)
said = page_of(build_page, their_counts, their_daily, their_slices, [{"kind": "default", "where": "pressure_bar", "since": f"{their_daily.index[20]:%Y-%m-%d}"}], end)
check_numbers(said, their_counts, their_daily, "On the page of another log")
check_slices(said, their_slices, "On the page of another log")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-page-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: headline, alarms and time of pages with no alarm and with several, among them names that must be escaped, and a log that ends in the middle of a day.
### BEGIN HIDDEN TESTS
import re

import pandas as pd
from judgekit import fresh
from judging import fresh_panels, page_of
from service import OWNERS

rng = fresh(9)
their_counts, their_daily, their_slices, end = fresh_panels(rng)
end = end + pd.Timedelta(hours=int(rng.integers(1, 23)), minutes=int(rng.integers(1, 59)))
names = ["temperature_c", "district=Old Town", "client=</li><script>alert(1)</script>", 'model=eta-4" onclick="x', "client=A&amp;B"]
days = rng.choice(their_daily.index[15:25], len(names), replace=False)
several = [
    {"kind": "default" if number == 0 else "error", "where": name, "since": f"{pd.Timestamp(day):%Y-%m-%d}"} for number, (name, day) in enumerate(zip(names, days))
]
for alarms in ([], several):
    said = page_of(build_page, their_counts, their_daily, their_slices.rename({their_slices.index[-1]: names[2]}) if alarms else their_slices, alarms, end)
    about = f"On a page with {len(alarms)} alarms"
    tops = [text for level, text in said["headings"] if level == 1]
    assert len(tops) == 1, f"{about} there are {len(tops)} first-level headings, expected one."
    if alarms:
        oldest = min(alarm["since"] for alarm in alarms)
        assert re.search(rf"\b{len(alarms)}\b", tops[0]) and oldest in tops[0], f"{about} the headline is {tops[0]!r}, expected their number and the day of the oldest, {oldest}."
    else:
        assert "no alarms" in tops[0].lower(), f"{about} the headline is {tops[0]!r}, expected the words 'No alarms'."
    assert not said["script"], f"{about} a name of the log became a script or an attribute that runs one. Escape what comes from the log, in attributes too."
    wanted = {alarm["where"] for alarm in alarms}
    assert set(said["alarms"]) == wanted and all(len(texts) == 1 for texts in said["alarms"].values()), (
        f"{about} the elements with data-alarm are {sorted(said['alarms'])}, expected one for each of {sorted(wanted)}, each name as it is."
    )
    if alarms:
        told = " ".join(said["slices"].get(names[2], []))
        assert names[2] in told, f"{about} the slice {names[2]!r} reads {told!r}: a name of the log has to appear as it is there, too."
    for alarm in alarms:
        told = said["alarms"][alarm["where"]][0]
        for part in (" ".join(alarm["where"].split()), alarm["since"], OWNERS[alarm["kind"]]):
            assert part in told, f"{about} the alarm for {alarm['where']} reads {told!r}, and lacks {part!r}."
    assert len(said["as_of"]) == 1, f"{about} {len(said['as_of'])} elements have data-as-of, expected one."
    stamp, told = said["as_of"][0]
    try:
        right = pd.Timestamp(stamp) == end
    except (ValueError, TypeError):
        right = False
    assert right, f"{about} data-as-of is {stamp!r}, expected {end:%Y-%m-%dT%H:%MZ}: that is now, up to when the data go, and neither the last day of daily nor the time at which the page was built."
    assert all(part in told for part in (f"{end:%Y-%m-%d}", f"{end:%H:%M}", "UTC")), f"{about} the data's time reads {told!r}, expected the date, {end:%H:%M} and UTC."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-page-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: pictures, their alternative texts, headings, units, the link, and that nothing is loaded from elsewhere; and whether the pictures change with the data.
### BEGIN HIDDEN TESTS
import re

from judgekit import fresh
from judging import fresh_panels, page_of, pictures_in

rng = fresh(10)
seen, days = [], None
for number in range(2):
    their_counts, their_daily, their_slices, end = fresh_panels(rng, 40 * number)
    days, until = (their_daily.index, end) if days is None else (days, until)
    said = page_of(build_page, their_counts, their_daily.set_index(days), their_slices, [], until)
    assert not said["fetched"], f"The page loads something from elsewhere: {said['fetched'][0]!r}. Put style and pictures into the file."
    assert not said["script"], "The page has a script. It has to be read without one."
    assert said["lang"] and said["title"], "The page needs a language (<html lang=…>) and a <title>."
    assert len(said["pictures"]) >= 2, f"The page has {len(said['pictures'])} pictures, expected at least two."
    speaking = [alt for alt in said["pictures"] if len(alt.strip()) >= 40]
    assert len(speaking) >= 2, f"The alternative texts of the pictures are {said['pictures']}, expected at least two of 40 characters or more that say what is to be seen."
    levels = [level for level, _ in said["headings"]]
    assert levels and levels[0] == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:])), f"The levels of the headings are {levels}: begin with 1, and skip none."
    for unit in ("ms", "min", "UTC"):
        assert unit in said["text"], f"The page nowhere says {unit!r}. A number without its unit is a riddle."
    assert re.search(r"""href\s*=\s*["']?(\./)?drill-down\.html""", said["source"]), "The page has no link to drill-down.html."
    seen.append(pictures_in(said["source"]))
moved = len(set(seen[1]) - set(seen[0]))
assert moved >= 2, f"What is drawn differs in {moved} pictures between the pages of two logs with the same days and other numbers, expected at least two. Words, axes and alternative texts do not count: draw the numbers of daily."
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# All seven functions in a row, from two files to a folder that can be sent:

# %% nbgrader={"grade": false, "grade_id": "whole", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["uses-answers"]
def dashboard(log, labels, now, folder):
    """Build the whole dashboard in the folder, and return its alarms."""
    requests, counts = read_log(log)
    errors = due_errors(requests, read_labels(labels), now)
    daily = daily_panels(requests, errors)
    alarms = input_alarms(daily) + error_alarms(errors)
    drill_down(requests, f"{now - pd.Timedelta(days=7):%Y-%m-%d}", f"{now - pd.Timedelta(days=1):%Y-%m-%d}", folder)
    build_page(counts, daily, slice_table(errors), alarms, now, f"{folder}/index.html")
    return alarms


for left in ("toy-report", "example-workspace"):  # what examples and tests have made
    shutil.rmtree(left, ignore_errors=True)
for left in ("toy.html", "panels.png"):
    Path(left).unlink(missing_ok=True)
pd.DataFrame(dashboard("requests.jsonl.gz", "labels.csv.gz", now, "report"))

# %% [markdown]
# Open `report/index.html` in a browser now. Make the window narrow. Switch your system to dark. Read it as Noor would, who has a minute. Then go back and mend what you did not like: the page is yours.
#
# Three alarms, each with a name. Nothing for all that looks odd in these eight weeks, and is harmless. The coat is back on its hook.

# %% [markdown]
# ### Exercise 8 — The note for tonight
# *Difficulty ●●○ · about 15 minutes*
#
# The page tells what a program can tell. The rest is for a person to say.
#
# <details><summary>Hint 1</summary>Read your note as Cy: it is two in the morning, the telephone has rung, and you have never heard of any bridge. Which sentence tells you what to do first?</details>
# <details><summary>Hint 2</summary>Every size is in <code>slices</code> and <code>daily</code>, before and since. What is harmless you find by your own panels: days on which one of them moves, and the error does not (traffic, failures, a feature), and names that change in <code>requests</code>. What you do not know is also a number: look at the columns beside <code>typical</code>.</details>

# %% [markdown] nbgrader={"grade": false, "grade_id": "note", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": true}
# Cy is on call tonight, alone, and has not followed any of this. Write him a hand-over note of 200 to 350 words into the cell below. A person marks it. Take every number from your tables, and say from which.
#
# 1. **What is wrong** (4 points). Each of the three faults: what, where, since when, how large, and what riders notice of it.
# 2. **What to do** (3 points). For each fault the next step and who takes it; one thing that he must *not* do tonight, and why.
# 3. **What is not wrong** (2 points). Two changes that he may meet on the page or in the tables behind it and that are harmless, and by what he can tell.
# 4. **What we do not know** (3 points). What the page cannot tell yet, or at all, with a number for how sure you are; and one way in which your own rules could miss a fault that hurts riders.
#
# ### BEGIN MARK SCHEME
# The figures of the reference solution. Missing temperature: filled in for 3 % of answers before, for about 50 % since 19 March. Pressure out of range (psi for bar): 0 % before, about 45 % since 6 April. Error in Hillside: median 2.2 minutes before, about 13 since 30 March, 15 on the last five due days
# (mean 3 against 15); its trips take one and a half times as long. Typical error over all 1.9 minutes before, 2.7 since. Last day that is due: 23 April; 24 to 26 April are not due. Coverage about 95 %.
#
# 1. What is wrong, 4 points. 1 for each fault with place, day (within 3 days) and size before and after. 1 for what riders notice: in Hillside trips take longer than promised, by a quarter of an hour, and cost extra; of the other two hardly anything, since the service fills in and cuts off.
# 2. What to do, 3 points. 2: a next step for each of the three with the owner of the page (Cy himself: the weather feed; Rosa: sensors that report psi; Ada: a warning in the app or a correction for Hillside, with the bridge as a feature); 1 if one is missing or has no name. 1: something not to do, with the
#    reason: for instance retrain on these data (nearly half of the pressures is in another unit, half of the temperatures made up, and the bridge will open again); roll back the model (it has not changed); widen the ranges.
# 3. What is not wrong, 2 points. 1 each, with the evidence: the season (the temperature drifts by up to two standard deviations while nothing is out of range); the campaign of 11 to 14 April (requests double, failures and error do not); the renamed client of 16 March (same error); failures on 10 March and the missing temperature on 12 March (one day each);
#    the mean errors of 9 and 18 April (one bike kept for a day; the typical error is as on other days).
# 4. What we do not know, 3 points. 1: the error of 24 to 26 April is not due. 1: a number with an uncertainty (an interval of a day's or a slice's error, or the coverage and what the missing 5 % could hide), used in a sentence that depends on it. 1: a real gap of the learner's own rules: for instance a fault below the limit
#    (twice the error), a slice that is crossed or not cut at all (station, hour, the direction of climb), a share that creeps in below the limit, another unit within the range, a default that sensors can report, faults that come and go every few days, labels that are missing just where it is wrong.
#
# Take off 1 in all if it is much longer than 350 words, if figures do not agree with the tables, or if a reader who knows nothing could not act on it.
# ### END MARK SCHEME

# %% [markdown]
# *Write your note here.*

# %% [markdown]
# <details><summary>What happened then (open it when your note is written)</summary>Rosa had the sensors set back to bar by noon. Cy found the feed's password, which had expired. Ada put a line into the app, "Hillside bridge closed: add 15 minutes", and nobody retrained anything.</details>
#
# What to take to work tomorrow:
#
# - Every line is accounted for, or the rest of the page is a guess.
# - Nothing that is not due is shown. What is due has a coverage and an interval.
# - A default hides what is missing, and what is cut to the nearest possible value hides what is impossible: count both.
# - Pin method and reference. Show drift; ring for causes and for effects of a size that last.
# - Look at slices. One number over all is where a fault hides, be it a mean or a median.
# - A page says what is wrong, since when, who looks, and up to when it knows.

# %% [markdown]
# ## Going further
#
# - **Crossed slices.** Let `error_alarms` look at district and model together. How many slices are that, how many rows has each a day, and what must change in the rule so that it stays silent on eight calm weeks?
# - **An alarm for labels.** Coverage may fall in one district only. Write the rule, and draw a log on which it has to ring with `practice_errors`.
# - **A measure for rules.** Draw a hundred practice tables with faults of 10, 20, 30 and 40 points, and plot how often your rule rings, and after how many days.
# - **The workspace.** Add a run for each week, and look at it with `evidently ui --workspace report/workspace`.
#
# To read:
#
# - [Evidently's documentation, the page on data drift and its methods](https://docs.evidentlyai.com/metrics/explainer_drift)
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 8 on data distribution shifts and monitoring: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
# - [Google's book on site reliability, the chapter on monitoring distributed systems](https://sre.google/sre-book/monitoring-distributed-systems/): symptoms and causes, and what deserves a page at night
# - [Google's guide to MLOps, continuous delivery and automation pipelines in machine learning](https://cloud.google.com/architecture/mlops-continuous-delivery-and-automation-pipelines-in-machine-learning)
# - [The W3C's decision tree for alternative texts of pictures](https://www.w3.org/WAI/tutorials/images/decision-tree/)
