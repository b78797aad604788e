# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     hand_in:
#     - notes.txt
#     level: beginner
#     minutes: 20
#     outcomes:
#     - Take a mean
#     - Write a report that another program reads
#     - Take a share
#     prerequisites: []
#     roadmap: Arithmetic
#     roles:
#     - MLOps Engineer
#     slug: waits
#     title: Waits
#     tools:
#     - Python
# ---

# %% [markdown]
# # Waits
#
# ## Why this matters
#
# Passengers wait at stations. What the grader must survive is tried on these four exercises.
#
# ## Setup

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
import math
from pathlib import Path

import pandas as pd

waits = pd.read_csv("waits.csv")

# %% [markdown]
# ### Exercise 1 — A mean
#
# Write `mean_wait(minutes)`, the mean of a list of minutes; 0 where the list is empty.


# %% nbgrader={"grade": false, "grade_id": "mean-wait", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_wait(minutes):
    """Return the mean wait, in minutes."""
    ### BEGIN SOLUTION
    return sum(minutes) / len(minutes) if minutes else 0.0
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-mean-wait", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
assert mean_wait([2, 4]) == 3, f"the mean of 2 and 4 is 3, not {mean_wait([2, 4])}"

# %% nbgrader={"grade": true, "grade_id": "judge-mean-wait", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: mean_wait, on fresh lists.
### BEGIN HIDDEN TESTS
import math
import os
import random

vk3_funicular_badger = random.Random(os.environ.get("LAB_SEED", "0"))
for _ in range(3):
    minutes = [vk3_funicular_badger.randrange(1, 90) for _ in range(5)]
    found = mean_wait(minutes)
    assert math.isclose(found, sum(minutes) / 5), "the mean of other lists is wrong"
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2 — A report
#
# Write `report.json` with the number of `stations` in `waits.csv` and the `mean` of all minutes; `report` holds the same.

# %% nbgrader={"grade": false, "grade_id": "report", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
report = {"stations": int(waits.station.nunique()), "mean": float(waits.minutes.mean())}
Path("report.json").write_text(json.dumps(report))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-report", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
assert Path("report.json").exists(), "there is no report.json: write it"
assert report == json.loads(Path("report.json").read_text()), "report.json holds something else than report"

# %% nbgrader={"grade": true, "grade_id": "judge-report", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the content of report.json.
### BEGIN HIDDEN TESTS
import json
import math
from pathlib import Path

from judging import truth

vk3_funicular_found = json.loads(Path("report.json").read_text())
assert vk3_funicular_found["stations"] == truth()["stations"], "report.json: the number of stations is wrong"
assert math.isclose(vk3_funicular_found["mean"], truth()["mean"]), "report.json: the mean is wrong"
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-report-2", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: report.json beside waits.csv.
### BEGIN HIDDEN TESTS
import pandas

vk3_funicular_waits = pandas.read_csv("waits.csv").minutes.mean()
assert math.isclose(json.loads(Path("report.json").read_text())["mean"], vk3_funicular_waits), "report.json does not fit waits.csv"
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3 — By station
#
# Write `by_station(frame)`: a data frame with `station` and its `mean`, in the order of stations.


# %% nbgrader={"grade": false, "grade_id": "by-station", "locked": false, "schema_version": 3, "solution": true, "task": false}
def by_station(frame):
    """Return each station's mean wait, in minutes."""
    ### BEGIN SOLUTION
    return frame.groupby("station", as_index=False).minutes.mean().rename(columns={"minutes": "mean"})
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-by-station", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
found = by_station(pd.DataFrame({"station": ["b", "a", "b"], "minutes": [1, 4, 3]}))
assert list(found.columns) == ["station", "mean"], f"the columns are station and mean, not {list(found.columns)}"
pd.testing.assert_frame_equal(found, pd.DataFrame({"station": ["a", "b"], "mean": [4.0, 2.0]}))

# %% nbgrader={"grade": true, "grade_id": "test-by-station-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
import unittest

single = by_station(pd.DataFrame({"station": ["q", "q"], "minutes": [13, 18]}))
unittest.TestCase().assertEqual(list(single["mean"]), [15.5], "one station has one mean")

# %% nbgrader={"grade": true, "grade_id": "judge-by-station", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: by_station, on another frame.
### BEGIN HIDDEN TESTS
import pandas as pd

zq7_tramway_otter = pd.DataFrame({"station": ["x", "y", "x", "z"], "minutes": [11, 22, 44, 77]})
found = by_station(zq7_tramway_otter)
pd.testing.assert_frame_equal(found, pd.DataFrame({"station": ["x", "y", "z"], "mean": [27.5, 22.0, 77.0]}))
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 4 — Late
#
# Write `late_share(minutes, limit)`: which share of the waits is longer than the limit.


# %% nbgrader={"grade": false, "grade_id": "late-share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def late_share(minutes, limit):
    """Return the share of waits above the limit, from 0 to 1."""
    ### BEGIN SOLUTION
    return sum(wait > limit for wait in minutes) / len(minutes)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-late-share", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
assert late_share([1, 9], 5) == 0.5, f"one of two is late, which is a half, not {late_share([1, 9], 5)}"
10 * (1 - abs(late_share([3, 8, 12, 40], 7) - 0.75))

# %% nbgrader={"grade": true, "grade_id": "judge-late-share", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: late_share, on fresh lists.
### BEGIN HIDDEN TESTS
import os
import random

vk3_funicular_late = random.Random(os.environ.get("LAB_SEED", "0"))
hits = 0
for _ in range(4):
    minutes, limit = [vk3_funicular_late.randrange(90) for _ in range(7)], vk3_funicular_late.randrange(10, 80)
    hits += late_share(minutes, limit) == sum(wait > limit for wait in minutes) / 7
5 * hits
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# That is all.
