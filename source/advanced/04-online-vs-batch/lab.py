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
#     - Compare two paths of one model row by row, and tell from what differs why they have drifted apart
#     - Write a lazy Dask job that says what the service says, however its files are cut
#     - Write a backfill that may be killed anywhere, run again, and re-opens a day for late events
#     - Choose between online, batch and micro-batches from prices, latency limits and idle hours
#     - Choose a batch size, a stream's lateness and a cache's expiry from what was measured
#     prerequisites:
#     - model-serving
#     - feature-store
#     roadmap: Online vs batch inference
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: online-vs-batch
#     terms:
#       online inference: "A model answers each case when it is asked, at once."
#       batch inference: "A model answers many cases together, at a time that a plan sets, and the answers are stored."
#       partition: "A part of a table that is stored, read and computed by itself: one day, say."
#       lazy: "Said of a table that is a plan so far: nothing is read or computed until somebody asks for the result."
#       backfill: "To compute the answers for days that are over, because they are missing or no longer right."
#       idempotent: "Said of a program that may run twice: the second run changes nothing."
#       atomic: "Said of a change that is there completely or not at all, whenever one looks and wherever the program dies."
#       late event: "An event that arrives after the time to which it belongs was counted."
#       crossover: "The point at which another choice becomes the cheaper one."
#       cold start: "The time that a server which was off needs before it gives its first answer."
#       throughput: "How many rows are answered in a second."
#       dynamic batching: "A service collects requests for a few milliseconds, and asks its model about all of them in one call."
#       micro-batch: "The events of a short time, a minute say, that are computed together while more arrive."
#       event time: "When something happened; not when the message about it arrived."
#       watermark: "The event time up to which a stream believes that all events have arrived."
#       expiry: "The age at which a stored answer is no longer used."
#       staleness: "How far a stored answer is from what one would say now."
#     title: Online vs batch inference
#     tools:
#     - FastAPI
#     - Dask
#     - pandas
# ---

# %% [markdown]
# # Online vs batch inference
#
# ## Why this matters
#
# Monday 10 November 2025, Metro Bikes. Since last week a new model tells, for each bike that comes back, how likely it is that it needs repair: the *repair risk*. It is used twice. When a bike is returned, its dock asks a service, and locks the bike if the risk is a half or more. And each night a job computes the risk of all the day's returns; from its
# list Rosa's mechanics plan their morning.
#
# "On Friday the dock in Mill Street locked a bike", Rosa writes, "and your list calls it one of the soundest of the day. I sent a mechanic for another, which is brand-new. Cy says that it is one model. Then why does it say two things?"
#
# To answer each case when it comes is **online inference**; to answer many cases together, at night say, and store the answers, is **batch inference**. The model is the same, but around it stand two programs, and they drift apart. Today you bring them together again, row by row. Then the nightly job crashes in the middle, the docks
# send some returns two days late, and Noor asks what it would cost to have everything at once, and who needs that. At the end one model answers in four ways: at once, together, every few minutes, and from memory. You will know what each costs, and that all of them say the same.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `risk.py`, the repair risk: the features of *one* return, the model, its file. `risk-12.json` is the model in use, `risk-13.json` the next one.
# - `service.py`, the docks' service. Ada has checked it trip by trip: **it is right**.
# - `bos_nightly.py` and `bos_backfill.py`, two jobs as you find them. `rehearsal.py` runs a job and kills it where you say.
# - the folder `arrivals`: for each day from 3 to 9 November the returns that *arrived* on that day, some of them late.
# - `card.py`, `plain.py` and `cys_collected.py` for Part 6, `app_log.py` for Part 8, and `services.py`, which starts a service, asks it, and ends it.
#
# In some exercises you write a file: let the cell start with `%%writefile NAME.py`, or call `Path("NAME.py").write_text("…")`. It must be written by the cell: what you change in another editor is not handed in. The exercises do not need each other.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import asyncio
import bisect
import hashlib
import json
import math
import os
import shutil
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import dask
import dask.dataframe as dd
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from distributed import Client
from IPython.display import Image

from app_log import draw_log
from rehearsal import rehearse
from risk import FEATURES, as_row, load_model
from services import ask, load, rest, serving, serving_app

ARRIVALS = [str(path) for path in sorted(Path("arrivals").glob("*.csv"))]


def steer(what, *words, **options):
    """Do what a function of services.py does: steer("start", "collected.py", {"MODEL": "risk-12.json"})."""
    import services

    return getattr(services, what)(*words, **options)


def played(plays):
    """Do what rehearse does: run backfill.py, and kill it where a play says so."""
    import rehearsal

    return rehearsal.rehearse(plays)


def nightly(paths, model_path, only=None, remove=False):
    """Ask score in nightly.py for a table, and compute it (only: this partition alone; remove: when the files have been removed).

    Return the table as pandas has it, its number of partitions, how many rows the model was asked about before the table was computed, and the
    number of rows of each call afterwards.
    """
    import importlib
    import os
    import sys

    import dask.dataframe as dd

    import risk

    calls, risks = [], risk.Model.risks

    def counted(self, rows):
        answers = risks(self, rows)
        calls.append(len(answers))
        return answers

    sys.path.insert(0, os.getcwd())
    sys.modules.pop("nightly", None)
    importlib.invalidate_caches()
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    risk.Model.risks = counted
    try:
        table = importlib.import_module("nightly").score(paths, model_path)
        if not isinstance(table, dd.DataFrame):
            raise TypeError(f"score returns {type(table).__name__}, expected a Dask data frame that nobody has computed yet")
        before = sum(calls)
        calls.clear()
        some = table if only is None else table.partitions[only]
        for path in paths if remove else []:
            os.remove(path)
        return {"table": some.compute(scheduler="threads"), "partitions": table.npartitions, "before": before, "calls": calls}
    finally:
        risk.Model.risks = risks
        sys.path.remove(os.getcwd())
        sys.dont_write_bytecode = bytecode


def stream_through(batches, lateness_s):
    """Give the batches, [now, events] each, to step, one after the other; its state goes through JSON, as if the process were started anew each time.

    Return for each batch what step said: closed and aside, and its state as text.
    """
    import json

    state, said = None, []
    for now, events in batches:
        state, closed, aside = step(state, [dict(event) for event in events], now, lateness_s)
        try:
            text = json.dumps(state)
        except TypeError as error:
            raise TypeError(f"the state cannot be written as JSON: {error}") from None
        state = json.loads(text)
        said.append({"closed": [list(one) for one in closed], "aside": [dict(event) for event in aside], "state": text})
    return said


def measure_on(card, rows, sizes):
    """Call measure with a model whose cost is known, and with a clock that only this model moves. Return the curve, and the sizes of all calls.

    card: fixed_ms, row_ms; first_ms, by which the first call with a size is slower; hiccup_ms, by which every seventh call is slower.
    """
    passed, asked_about = [0.0], []

    def call(some):
        size = len(some)
        ms = card["fixed_ms"] + card["row_ms"] * size + (card["first_ms"] if size not in asked_about else 0.0)
        asked_about.append(size)
        passed[0] += (ms + (card["hiccup_ms"] if len(asked_about) % 7 == 0 else 0.0)) / 1000
        return [0.5] * size

    curve = measure(call, rows, sizes, lambda: passed[0])
    return {"curve": {int(size): float(ms) for size, ms in dict(curve).items()}, "calls": asked_about}


model = load_model("risk-12.json")
returns = pd.concat([pd.read_csv(path) for path in ARRIVALS], ignore_index=True).drop_duplicates("trip_id")
EXAMPLES = returns.head(3).astype(object).where(returns.head(3).notna(), None).to_dict("records")
print(f"{len(returns)} returns of {len(ARRIVALS)} days; the model in use is version {model.version}")

# %% [markdown]
# ## Part 1 · Two answers from one model
#
# Here is the service. It answers with the risks, and also with the features that it computed for each return. We ask it about all returns of the week, once, and keep what it said:

# %% nbgrader={"grade": false, "grade_id": "online", "locked": true, "schema_version": 3, "solution": false, "task": false}
with serving("service.py", {"MODEL": "risk-12.json"}) as url:
    bodies = [json.loads(returns.iloc[first : first + 256].to_json(orient="records")) for first in range(0, len(returns), 256)]
    answers = [ask(url, "/risk", {"returns": body})[1] for body in bodies]
online = pd.DataFrame([row for answer in answers for row in answer["features"]], columns=FEATURES)
online.insert(0, "trip_id", returns["trip_id"].to_numpy())
online["risk"] = [risk for answer in answers for risk in answer["risk"]]
online.head(3).round(3)

# %% [markdown]
# And here is Bo's nightly job over the same week. It works with **Dask**, which cuts a large table into parts, and works on several of them at a time, on one machine or on many. Such a part, which is stored, read and computed by itself, is a **partition**; here each file is one. Look into `bos_nightly.py`, it has thirty lines.

# %%
from bos_nightly import score as bos_score

batch = bos_score(ARRIVALS, "risk-12.json")
print(f"mean risk: online {online['risk'].mean():.3f}, batch {batch['risk'].mean():.3f}")
print(f"bikes to lock: online {(online['risk'] >= 0.5).mean():.1%}, batch {(batch['risk'] >= 0.5).mean():.1%}")
pd.DataFrame({"online": online["risk"].describe(), "batch": batch["risk"].describe()}).T.round(3)

# %% [markdown]
# "A little lower", says Cy, "as nights are." He has compared two *distributions*. They hide what matters: whether **each** bike gets the same answer. Two lists in which every bike is mistaken for another have exactly the same mean. So join the two by the trip, and compare row by row, the features as well as the answer: an answer tells *that* something differs, a
# feature tells *what*. Here is Ada's comparison:


# %%
def adas_compare(online, batch):
    """Return for each column the number of rows that differ."""
    size = min(len(online), len(batch))
    return {name: int((online[name].to_numpy()[:size] != batch[name].to_numpy()[:size]).sum()) for name in FEATURES}


adas_compare(online, batch)

# %% [markdown]
# Nearly everything differs, but that is not much of a result: she compares the first row with the first row, whatever trips these are. To her, a missing value differs from a missing value, and 0.1 from 0.1 if somebody has rounded on the way.

# %% [markdown]
# One cause can be seen all the same. Even `distance_km` differs nearly everywhere, a column that nobody computes: it is only copied. So this is no matter of features: the rows hang on the wrong trips. Bo sorts the features in one computation, reads the trips in another, and puts the two side by side by their *position*. Let us mend that, and nothing else: each row takes its trip along.

# %% nbgrader={"grade": false, "grade_id": "joined", "locked": true, "schema_version": 3, "solution": false, "task": false}
import bos_nightly

joined = dd.read_csv(ARRIVALS).map_partitions(
    lambda part: bos_nightly.features(part).assign(trip_id=part["trip_id"]), meta={**dict.fromkeys(FEATURES, "float32"), "trip_id": "int64"}
)
joined = joined.compute()
joined["risk"] = model.risks(joined[FEATURES].to_numpy())
either = joined.set_index("trip_id")["risk"] - online.set_index("trip_id")["risk"].reindex(joined["trip_id"]).to_numpy()
print(f"the risk is another in {(either.abs() > 1e-6).mean():.0%} of the rows, by up to {either.abs().max():.2f}")

# %% [markdown]
# That is much better, and still wrong for a large part of the bikes. A result can be read like a doctor reads symptoms; each cause has a pattern of its own:
#
# | what differs | where to look |
# |:--|:--|
# | all columns, in nearly all rows | order: answers that were attached by their position |
# | numbers by a ten-millionth of their size (they are gone at 0.001), and a few answers by a lot | another dtype: `float32` on one side. A value that stood *on* a tree's threshold now stands on the other side of it |
# | `hour` by a whole number, and the weekend near midnight | time zones |
# | a column only where it was missing | another default |
# | a category's number, all through a file | an order of categories that each partition found for itself, and not the model's; where a category does not occur, another one still |
# | a computed column in some odd cases | the feature's code was copied, and one copy has moved on |
#
# "It looks like time zones" is a guess. A cause is *found* when it predicts **which** rows differ.

# %% [markdown]
# ### Exercise 1 — Row by row, and why
# *Difficulty ●●○ · about 18 minutes*
#
# Write `compare(online, batch, tolerance=1e-6)`. Both are tables with the columns `trip_id` and others, the same in both. It returns a dictionary:
#
# - `missing`: the trips that only `online` has, `extra`: those that only `batch` has, and `repeated`: those that `batch` has more than once. Each is a sorted list of whole numbers, each trip once.
# - `different`: for each column in which a trip differs, and for no other, the sorted list of these trips, each once. A trip that `batch` has twice differs if one of its rows does.
#
# Two numbers differ if they are more than `tolerance` apart; 1, 1.0 and `True` are the same. Two missing values do not differ, a missing and a present one do. Texts differ if they are not equal. Rows and columns may come in any order, the index may be anything, and in either table `trip_id` may be text, for it came from a file. `online` has each trip once. The tables stay as they are.
#
# Then let it compare `online` with `joined` (the first cell below the tests of `compare` does that), find the causes in `bos_nightly.py`, and prove them. Write `suspects(returns)`. `returns` is a table with the columns of a file of arrivals. It returns a dictionary that says from the returns alone, without any answer of the service's or of Bo's, where his features are others than the service's: for each of `tyre_pressure_bar`, `speed_kmh`, `hour` and `weekend` a list of the
# trips that differ by more than rounding, in any order. It should be right for other weeks, too, with docks whose clocks are set to other time zones, half hours among them. (A mean of the day's pressures never happens to be the model's default.)
#
# <details><summary>Hint 1</summary>A <code>merge</code> on the trip brings the rows together, whatever their order. Give it suffixes, so that you can tell the two sides apart. What type must the trips of both sides have before?</details>
# <details><summary>Hint 2</summary>For each column ask two questions: is one side missing and the other not? Are both there, and apart? <code>NaN</code> makes every comparison false, also <code>&lt;=</code>: which way round do you write the second one so that it does not count missing values again? And a difference of two texts is an error.</details>
# <details><summary>Hint 3, for suspects</summary>Take one column. Put the returns whose trips stand in <code>compare(online, joined, 1e-3)["different"]</code> beside some that do not differ: what do all of the first have in common, and none of the others? Then read that feature's line in <code>bos_nightly.py</code> and in <code>risk.py</code>: does it say the same?</details>
# <details><summary>Hint 4, for suspects</summary>Two of the four are a condition on one column. For the other two, compute hour and day of each return twice: as the dock's clock shows them, and in UTC. <code>datetime.fromisoformat</code> reads the text with its offset.</details>


# %% nbgrader={"grade": false, "grade_id": "compare", "locked": false, "schema_version": 3, "solution": true, "task": false}
def compare(online, batch, tolerance=1e-6):
    """Return in which trips two tables differ: missing, extra, repeated, different."""
    ### BEGIN SOLUTION
    left, right = (side.assign(trip_id=side["trip_id"].astype("int64")) for side in (online, batch))
    both = left.merge(right, on="trip_id", suffixes=("", " in batch"))
    different = {}
    for name in left.columns.drop("trip_id"):
        one, other = both[name], both[f"{name} in batch"]
        if pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(other):
            apart = (one.astype(float) - other.astype(float)).abs() > tolerance
        else:
            apart = (one != other) & one.notna() & other.notna()
        found = both.loc[apart | (one.isna() != other.isna()), "trip_id"]
        if len(found):
            different[name] = sorted({int(trip) for trip in found})
    return {
        "missing": sorted(int(trip) for trip in set(left["trip_id"]) - set(right["trip_id"])),
        "extra": sorted(int(trip) for trip in set(right["trip_id"]) - set(left["trip_id"])),
        "repeated": sorted(int(trip) for trip in set(right.loc[right["trip_id"].duplicated(), "trip_id"])),
        "different": different,
    }
    ### END SOLUTION


def suspects(returns):
    """Return for four features the trips in which Bo's job says something else than the service."""
    ### BEGIN SOLUTION
    shown = pd.to_datetime(returns["ended_at"].str[:19])
    utc = pd.to_datetime(returns["ended_at"], utc=True, format="ISO8601").dt.tz_localize(None)
    off = {
        "tyre_pressure_bar": returns["tyre_pressure_bar"].isna(),
        "speed_kmh": (returns["duration_min"] < 3) & (returns["distance_km"] > 0),
        "hour": shown.dt.hour != utc.dt.hour,
        "weekend": (shown.dt.dayofweek >= 5) != (utc.dt.dayofweek >= 5),
    }
    return {name: returns.loc[rows, "trip_id"].tolist() for name, rows in off.items()}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-compare", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
some_online = pd.DataFrame(
    {
        "trip_id": [4, 5, 6, 7, 8],
        "district": ["Harbour"] * 5,
        "km": [1.0, 2.0, np.nan, np.nan, 0.1 + 0.2],
        "risk": [0.1, 0.2, 0.3, 0.4, 0.5],
    }
)
some_batch = pd.DataFrame(
    {
        "risk": [0.5, 0.4, 0.25, 0.2, 0.2, 0.9],
        "trip_id": ["8", "7", "6", "5", "5", "9"],
        "km": [0.3, np.nan, 5.0, 2.0, 2.0, 1.0],
        "district": ["Harbour", "Harbour", "Harbour", "Harbour", "Hillside", "Harbour"],
    }
)
kept = some_online.copy(), some_batch.copy()
said = compare(some_online, some_batch)
assert isinstance(said, dict) and set(said) == {"missing", "extra", "repeated", "different"}, (
    f"compare returns {said}, expected a dictionary with missing, extra, repeated, different."
)
for name, expected in [("missing", [4]), ("extra", [9]), ("repeated", [5])]:
    assert list(said[name]) == expected, (
        f"online has the trips 4 to 8, batch has 8, 7, 6, 5, 5, 9: compare says {name} {said[name]}, expected {expected}."
    )
found = {name: list(trips) for name, trips in said["different"].items() if len(trips)}
assert found == {"district": [5], "km": [6], "risk": [6]}, (
    f"compare says that these differ: {found}. Expected: district in trip 5 (one of its two rows), km in trip 6 (missing against 5.0) and risk in trip 6. "
    "Not km in trip 7 (both missing), nor km in trip 8 (0.30000000000000004 against 0.3)."
)
for before, after in zip(kept, (some_online, some_batch)):
    pd.testing.assert_frame_equal(before, after, obj="A table that was given to compare: it should stay as it is, and")

# %% nbgrader={"grade": true, "grade_id": "judge-compare", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: compare on tables of which it is known what differs, with other tolerances, orders, indexes and types, and on two that are equal.
### BEGIN HIDDEN TESTS
import numpy as np
import pandas as pd
from judgekit import fresh
from judging import short
from judging_compare import draw_ids

rng = fresh(1)
for turn in range(3):
    count, tolerance = int(rng.integers(30, 60)), [1e-3, 1e-6, 0.05][turn]
    ids = draw_ids(rng, count)
    one = pd.DataFrame(
        {
            "trip_id": ids,
            "pressure": np.where(rng.random(count) < 0.2, np.nan, rng.uniform(2, 4, count)),
            "climb": rng.integers(-40, 40, count),
            "weekend": rng.random(count) < 0.3,
            "version": rng.choice(["12", "12-b"], count),
            "district": rng.choice(["Harbour", "Hillside", None], count),
            "risk": rng.uniform(0, 1, count),
        }
    )
    other, different = one.copy(), {}
    other["pressure"] += 0.4 * tolerance
    other["weekend"] = other["weekend"].astype(float)
    if turn:
        changes = {
            "pressure": np.where(other["pressure"].isna(), 3.3, np.nan),
            "climb": other["climb"] + 1,
            "weekend": 1 - other["weekend"],
            "district": np.where(other["district"].isna(), "Harbour", None),
            "risk": other["risk"] - 3 * tolerance,
        }
        for name in ["risk", "district", rng.choice(["pressure", "climb", "weekend"])]:
            at = rng.choice(count, 4, replace=False)
            values = other[name].to_numpy(dtype=object, copy=True)
            values[at] = np.asarray(changes[name], dtype=object)[at]
            other[name] = values if name == "district" else values.astype(float)
            different[str(name)] = {int(trip) for trip in ids[at]}
    gone, twice = ids[:3], ids[3:5]
    more = other.iloc[-2:].assign(trip_id=[int(ids.max()) + 7, int(ids.max()) + 8])
    again, kept = other[other["trip_id"].isin(twice)], other[~other["trip_id"].isin(gone)]
    strangers = pd.concat([kept, more, more.iloc[[1]]])
    strangers = strangers.iloc[rng.permutation(len(strangers))]
    if turn:  # of one trip the first of two rows differs, of another the last
        again = again.assign(climb=again["climb"] + 7)
        different["climb"] = different.get("climb", set()) | {int(trip) for trip in twice}
    other = pd.concat([again.iloc[:1], strangers, again.iloc[1:]])
    different = {
        name: sorted(trips - {int(trip) for trip in gone}) for name, trips in different.items() if trips - {int(trip) for trip in gone}
    }
    other = other[[str(name) for name in rng.permutation(other.columns)]].set_index(np.zeros(len(other), dtype=int))
    side = one if turn == 1 else other
    side["trip_id"] = side["trip_id"].astype(str)
    expected = {
        "missing": sorted(int(trip) for trip in gone),
        "extra": sorted(int(trip) for trip in more["trip_id"]),
        "repeated": sorted([*(int(trip) for trip in twice), int(more["trip_id"].iloc[1])]),
    }
    try:
        said = compare(one, other, tolerance)
    except Exception as error:
        raise AssertionError(f"On two other tables compare stopped with {type(error).__name__}: {short(error)}") from None
    for name, trips in expected.items():
        assert list(said[name]) == trips, f"On two other tables compare says {name} {short(said[name])}, expected {trips}."
    found = {name: list(trips) for name, trips in said["different"].items() if len(trips)}
    for name in sorted(set(found) | set(different)):
        assert found.get(name, []) == different.get(name, []), (
            f"On two other tables, with a tolerance of {tolerance:g}, compare says that {name} differs in {short(found.get(name, []))}, expected {different.get(name, [])}. "
            f"({name} holds {'texts and missing ones' if name in ('version', 'district') else 'numbers'}.)"
        )
### END HIDDEN TESTS

# %% [markdown]
# Now what does your comparison say about Bo's job, as it was, and with its order mended?

# %% tags=["uses-answers"]
said = compare(online, batch)
print({name: len(said[name]) for name in ("missing", "extra", "repeated")}, "of", len(online), "trips")
found = {
    "as it was": said,
    "order mended, 1e-6": compare(online, joined, 1e-6),
    "order mended, 0.001": compare(online, joined, 1e-3),
}
pd.DataFrame({what: {name: len(trips) for name, trips in one["different"].items()} for what, one in found.items()}).fillna(0).astype(int)

# %% [markdown]
# The last two columns are to be read with the table of symptoms. What is gone at 0.001 was rounding. "It looks like time zones" is a guess; a cause is *found* when it predicts **which** rows differ. So now `suspects`.

# %% nbgrader={"grade": true, "grade_id": "test-compare-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
of_bo = joined.drop_duplicates("trip_id").set_index("trip_id").loc[online["trip_id"]]
said = suspects(returns.copy())
assert isinstance(said, dict) and set(said) == {"tyre_pressure_bar", "speed_kmh", "hour", "weekend"}, (
    f"suspects returns {str(said)[:200]}, expected a dictionary with tyre_pressure_bar, speed_kmh, hour and weekend."
)
for name, trips in said.items():
    named = {int(trip) for trip in trips}
    really = {int(trip) for trip in online["trip_id"][np.abs(of_bo[name].to_numpy(dtype=float) - online[name].to_numpy()) > 1e-3]}
    odd = min(named ^ really, default=None)
    assert odd is None, (
        f"{name} differs in {len(really)} trips; suspects names {len(named)}, {len(named & really)} of which do differ. Look at trip {odd}, which {'your list lacks' if odd in really else 'does not differ'}: {returns[returns['trip_id'] == odd].to_dict('records')}"
    )

# %% nbgrader={"grade": true, "grade_id": "judge-compare-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: suspects on the returns of other days, with other clocks.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import short
from judging_compare import draw_ids, draw_returns, slips

rng = fresh(13)
for day in (0, 2):  # a Friday, a Sunday
    drawn = draw_returns(rng, 150, day, draw_ids(rng, 150))
    try:
        said = suspects(drawn)
    except Exception as error:
        raise AssertionError(f"On the returns of another day suspects stopped with {type(error).__name__}: {short(error)}") from None
    for name, really in slips(drawn).items():
        named = {int(trip) for trip in said[name]}
        odd = sorted(named ^ really)
        assert not odd, (
            f"On the returns of another day {name} differs in {len(really)} trips; suspects names {len(named)}, {len(named & really)} of which do differ. "
            f"One that is {'missing in its list' if odd[0] in really else 'in its list, and does not differ'}: {drawn[drawn['trip_id'] == odd[0]].to_dict('records')}"
        )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · One job that says what the service says
#
# Four of Bo's faults have one root: he wrote the features a second time. The others come from working in partitions, and they are the treacherous ones, for they do not show on one small file:
#
# - What a partition *computes about itself*, a mean or an order of categories, depends on how the data happened to be cut. What belongs to the model must come *with the model*.
# - Dask guesses the types of a CSV's columns from the beginning of the **first** file. If heights are whole numbers there, and have decimals on Thursday, the job stops on Thursday.
# - A partition's rows keep their place within it; across a sort, a shuffle or two separate computations no position means anything. Only a key does.
#
# A Dask table is **lazy**: it is a plan. Nothing is read or computed until somebody calls `compute()`. So a job should return the plan, not the result; then whoever calls it can compute one day of it, or all of it on a cluster, or write it out partition by partition, without ever holding it all in memory. (Bo's job computes twice, and reads all files
# twice.) `map_partitions` puts a function of yours into the plan, which will be called with each partition as a pandas table. So that Dask knows the result's columns without calling it, tell it as `meta=`: a dictionary of names and dtypes, in the right order.

# %%
plan = dd.read_csv(ARRIVALS)  # nothing was read but the first lines of the first file
heights = plan.map_partitions(
    lambda part: part[["trip_id"]].assign(climb_ft=part["climb_m"] * 3.28), meta={"trip_id": "int64", "climb_ft": "float64"}
)
print(heights.npartitions, "partitions; the third alone:", heights.partitions[2].compute().shape, "rows and columns")
print(plan.dtypes.to_dict())

# %% [markdown]
# > **In older tutorials** `dask.dataframe` is another one: since 2025.1 only the new implementation is left, which rewrites your plan before it runs. Text columns used to arrive as Python objects, and are Arrow strings today. `meta` could often be left out: Dask then calls your function with two made-up rows, and a function that reads a time from the text `"foo"` fails.
# > `@app.on_event("startup")`, by which older FastAPI services start their background work, has given way to `FastAPI(lifespan=…)`. And Spark Streaming's *DStreams*, whose batches knew no event time, have given way to *Structured Streaming*, from which this lab has the rules of its watermark.

# %% [markdown]
# ### Exercise 2 — One job, one truth
# *Difficulty ●●● · about 15 minutes*
#
# Write `nightly.py`, with a function `score(paths, model_path)`. `paths` is a list of CSV files like those in `arrivals`. It returns a **lazy** Dask data frame with the columns `trip_id`, the `FEATURES` and `risk`, a row for each line of the files, in any order.
#
# Done means: for any files and any model, features and risk are the service's, row by row. That holds for files with e-bikes only, with no pressure at all, with whole numbers first and decimals later, with offsets of half an hour, with a district that the model does not know; and it does not matter how the rows are cut into files. The table has at least one partition for each file, and the model is called at most once for each partition, when the
# table is computed and not before. The files, too, are read only then, each with its partition; before, `score` may look at their first lines. (Dask, where it has no `meta`, tries your function with a few made-up rows; up to ten are allowed.)
#
# <details><summary>Hint 1</summary>Which code computes the service's features? The shortest way to say the same is to say it with the same code. Which lines of Bo's then remain at all?</details>
# <details><summary>Hint 2</summary>One function that gets a partition (as a pandas table) and the model, and returns the finished table: the trip beside its answer from the beginning, so there is no position that could be wrong. <code>part.to_dict("records")</code> makes dictionaries of a partition's lines. Tell <code>read_csv</code> the <code>dtype</code> of each number, and
# <code>map_partitions</code> the <code>meta</code> of the result. A partition may be empty.</details>

# %% nbgrader={"grade": false, "grade_id": "nightly", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write nightly.py. If you use %%writefile, let it be the first line of the cell.
### BEGIN SOLUTION
Path("nightly.py").write_text(
    '''
import dask.dataframe as dd
import pandas as pd
from risk import FEATURES, as_row, load_model

NUMBERS = ["distance_km", "duration_min", "climb_m", "km_since_service", "tyre_pressure_bar"]


def answered(part, model):
    """Return the answers to a partition: the service's features, each beside its trip."""
    rows = [as_row(trip, model) for trip in part.to_dict("records")]
    table = pd.DataFrame(rows, columns=FEATURES, dtype="float64")
    table.insert(0, "trip_id", part["trip_id"].to_numpy())
    table["risk"] = model.risks(rows)
    return table


def score(paths: list, model_path: str):
    returns = dd.read_csv(paths, dtype={"trip_id": "int64", **dict.fromkeys(NUMBERS, "float64")})
    meta = {"trip_id": "int64", **dict.fromkeys(FEATURES, "float64"), "risk": "float64"}
    return returns.map_partitions(answered, load_model(model_path), meta=meta)
'''.lstrip()
)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-nightly", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
night = nightly(ARRIVALS, "risk-12.json")
table = night["table"]
assert {"trip_id", "risk", *FEATURES} <= set(table.columns), (
    f"score's table has the columns {list(table.columns)}, expected trip_id, the FEATURES and risk."
)
assert len(table) == sum(len(pd.read_csv(path)) for path in ARRIVALS), (
    f"score's table has {len(table)} rows, expected one for each line of the files."
)
assert set(table["trip_id"].astype(int)) == set(online["trip_id"]), "The trips of score's table are not those of the files."
right = online.set_index("trip_id").loc[table["trip_id"].astype(int)]
off = {
    name: int(((table[name].astype(float).to_numpy() - right[name].to_numpy()) ** 2 > 1e-18).sum() + table[name].isna().sum())
    for name in [*FEATURES, "risk"]
}
assert not any(off.values()), (
    f"Of {len(table)} rows, so many differ from the service's, by column: { {name: rows for name, rows in off.items() if rows} }. Compare each with the table of causes above."
)
assert night["partitions"] >= len(ARRIVALS), (
    f"score's table has {night['partitions']} partitions, expected one for each of the {len(ARRIVALS)} files at least."
)
assert night["before"] <= 10, f"The model was asked about {night['before']} rows before anybody had computed the table: is it lazy?"
assert len(night["calls"]) <= night["partitions"], (
    f"For {night['partitions']} partitions the model was called {len(night['calls'])} times; expected one call for all rows of a partition."
)

# %% nbgrader={"grade": true, "grade_id": "judge-nightly", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: score on other files and with another model, each of whose features matters: files with e-bikes only, without any pressure, with other clocks.
### BEGIN HIDDEN TESTS
import pandas as pd
from judgekit import fresh
from judgekit import own_folder
from judging import short
from judging_compare import draw_ids, draw_model, draw_returns, fault_in, truth

rng = fresh(2)
with own_folder() as place:
    there = draw_model(rng, 41, place / "41.json")
    ids = draw_ids(rng, 200)
    kinds = [
        ("a plain file", dict(whole=True)),
        ("a file with e-bikes only, and decimals where the first file had none", dict(bikes=("ebike",))),
        ("a file without any pressure", dict(pressure=False)),
        ("a file with few returns", {}),
    ]
    files, tables = [], []
    for day, (what, kind) in enumerate(kinds):
        count = 3 if what.endswith("few returns") else 50
        tables.append(draw_returns(rng, count, day, ids[50 * day : 50 * day + count], **kind))
        if day == 1:
            tables[-1] = pd.concat([tables[-1], tables[-1].iloc[[7]]])  # a line that came twice
        files.append(place / f"{'dacb'[day]}.csv")
        tables[-1].to_csv(files[-1], index=False)
    for (what, _), file, one in zip(kinds, files, tables):
        try:
            said = nightly([str(file)], str(place / "41.json"))["table"]
        except Exception as error:
            raise AssertionError(f"On {what} score stopped with {type(error).__name__}: {short(error, 300)}") from None
        wrong = fault_in(said, truth(one, there), f"Asked about {what} alone")
        assert wrong is None, wrong
    try:
        said = nightly([str(file) for file in files], str(place / "41.json"))
    except Exception as error:
        raise AssertionError(
            f"On four files, the first of which has whole numbers where the others have decimals, score stopped with {type(error).__name__}: {short(error, 300)}"
        ) from None
    wrong = fault_in(said["table"], truth(pd.concat(tables), there), "Asked about four files")
    assert wrong is None, wrong
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-nightly-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the same returns, cut into files in three ways, and single partitions of them. Partitions and calls are counted.
### BEGIN HIDDEN TESTS
import pandas as pd
from judgekit import fresh
from judgekit import own_folder
from judging import short
from judging_compare import draw_ids, draw_model, draw_returns, fault_in, truth

rng = fresh(3)
with own_folder() as place:
    there = draw_model(rng, 42, place / "42.json")
    ids = draw_ids(rng, 120)
    every = pd.concat([draw_returns(rng, 60, day, ids[60 * day : 60 * day + 60]) for day in range(2)])
    right = truth(every, there)
    for cut, what in [(1, "in one file"), (2, "in two files, sorted by bike type"), (6, "in six files")]:
        rows = every.sort_values("bike_type", kind="stable") if cut == 2 else every.iloc[rng.permutation(len(every))]
        edges = [len(rows) * number // cut for number in range(cut + 1)]
        files, parts = [], []
        for number, (first, last) in enumerate(zip(edges, edges[1:])):
            files.append(str(place / f"{cut}-{number}.csv"))
            parts.append(rows.iloc[first:last])
            parts[-1].to_csv(files[-1], index=False)
        try:
            said = nightly(files, str(place / "42.json"))
            alone = nightly(files, str(place / "42.json"), only=cut - 1) if cut > 2 else None
        except Exception as error:
            raise AssertionError(f"On 120 returns {what} score stopped with {type(error).__name__}: {short(error, 300)}") from None
        wrong = fault_in(said["table"], right, f"The same 120 returns {what}")
        assert wrong is None, wrong
        assert said["partitions"] >= cut, (
            f"Of {cut} files score makes {said['partitions']} partitions, expected one for each file at least."
        )
        assert said["before"] <= 10, (
            f"The model was asked about {said['before']} rows before the table was computed, expected none: the table should be lazy."
        )
        assert len(said["calls"]) <= said["partitions"], (
            f"For {said['partitions']} partitions the model was called {len(said['calls'])} times, expected once for each partition at most."
        )
        if alone:
            assert sum(alone["calls"]) < len(every), (
                f"To compute one of {alone['partitions']} partitions, the model was asked about {sum(alone['calls'])} rows, which is all of them: each partition should need its own rows only."
            )
    try:
        nightly(files, str(place / "42.json"), remove=True)
    except Exception:
        pass  # lazy: when the table was computed, there was nothing to read
    else:
        raise AssertionError(
            "The files were removed after score had returned, and its table could still be computed: so score had read them all before anybody asked for the result. Is it lazy?"
        )
### END HIDDEN TESTS

# %% [markdown]
# On a cluster, the same plan is sent to workers. Here is a small one, whose two workers are threads of this process; `Client("tcp://…")` would be a large one:

# %% tags=["uses-answers"]
import nightly as nightly_job

scratch = {"temporary-directory": "scratch"}  # where workers put what does not fit into memory
here = {"host": "127.0.0.1", "protocol": "tcp://", "dashboard_address": None}  # nothing listens beyond this machine
with dask.config.set(scratch), Client(processes=False, n_workers=1, threads_per_worker=2, **here) as client:
    table = nightly_job.score(ARRIVALS, "risk-12.json").compute()
shutil.rmtree("scratch")
difference = table["risk"].to_numpy() - online.set_index("trip_id")["risk"].loc[table["trip_id"]].to_numpy()
print(f"{len(table)} rows from the cluster; the largest difference from the service is {np.abs(difference).max():.1e}")

# %% [markdown]
# One code for both paths has a price: row by row, Python took about three times as long for these features as pandas does for whole columns (measured on 40,000 returns; where columns need no texts or times, the gap is wider). Where that hurts, write the column form, make *it* the only one, and let the service call it with a table of one row; or keep both, and let a test like this judge run on every change. What you must not do is to keep both and trust.
#
# Our features need one return only. Once a feature looks at *other* rows ("trips of this bike in the last hour"), a partition needs rows of its neighbour: midnight cuts through the hour. Dask's `map_overlap` lends them; a feature store (the lab of that name) keeps them for both paths.

# %% [markdown]
# ## Part 3 · The backfill
#
# The answers are kept in a *store*, a folder with a file for each day: `store/day=2025-11-07.csv`. To compute the answers for days that are over, because they are missing or no longer right, is called a **backfill**. Last night Bo's died in the middle; he started it again at nine. This is what Rosa then saw:

# %% nbgrader={"grade": false, "grade_id": "bos-backfill", "locked": true, "schema_version": 3, "solution": false, "task": false}
shutil.rmtree("bos_store", ignore_errors=True)
bos = {"arrivals": "arrivals", "store": "bos_store", "model": "risk-12.json", "program": "bos_backfill"}
died, again = played([{**bos, "kill_at": 200}, bos])
shutil.rmtree("bos_store")

# %%
print(f"first run: {died['ended']}; second run: {again['ended']}")
days = {name: len(text.splitlines()) - 1 for name, text in again["days"].items()}
really = pd.to_datetime(returns["ended_at"], utc=True).dt.strftime("day=%Y-%m-%d.csv").value_counts()
pd.DataFrame({"lines in the store": days, "returns of that day": really}).sort_index()

# %% [markdown]
# Look at `bos_backfill.py` while you read. Five things go wrong, and all of them are common:
#
# - **The torn day.** The run died in the middle of a file, and the next run took the file for a finished day. A change must be **atomic**: there completely or not at all. The way to that is old and simple: write the new file under another name *in the same folder*, and when it is complete, rename it with `os.replace`. A reader sees the old day or the new one, never half a day.
# - **The wrong day.** A file of `arrivals` is a day of *arrival*. The store's days are days of **event time**, when something happened: the UTC day of `ended_at`.
# - **The late event.** A dock without network sends its returns two days later, when their day was scored long ago. A **late event** must *re-open* its day.
# - **The repeated event.** Whoever sends again when no receipt comes sends some things twice. A trip may be there once. And sometimes a dock *corrects* a return: it sends the trip again, with other values. The one that arrived last counts, and it may even lie on another day than before.
# - **Done or not?** "The file exists" says nothing about *what* it was made from. A day is done if its answers were made from exactly these returns by exactly this model.
#
# A backfill that is run again should do what is missing, and nothing else. A program that may run twice without harm is **idempotent**. That is worth more than one that never fails: it can simply be started again, by anyone, at any time.

# %% [markdown]
# ### Exercise 3 — Killed in the middle
# *Difficulty ●●● · about 22 minutes*
#
# Write `backfill.py`, with a function `backfill(arrivals, store, model_path)`. `arrivals` is a folder of files `YYYY-MM-DD.csv`, by day of arrival; `store` a folder that is there. After it has run,
#
# - for each UTC day on which a return ended there is a file `day=YYYY-MM-DD.csv`, with `trip_id`, `risk` and `version` (the model's), and more columns if you like: each trip of the day once, by what arrived last (later files arrive later, and in a file later lines). No other file is named `day=*.csv`, also where a correction has taken a day's last return away;
# - if nothing has changed since the run before, the model is asked about no row at all. If late or corrected returns have come, it is asked about the rows of the days *whose returns changed*, once, and no others. A return that comes again unchanged changes nothing. With another model all days are computed again;
# - **the run may be killed anywhere.** Readers look into the store at any time: at each moment, each `day=*.csv` that is there is a whole day, as it was before the run or as it is after it. When the function is then called again, it ends the work. Of the days that were ready it computes at most one again. What the killed run left lying has gone by then.
#
# It is tried by `rehearse`, which kills it at each *touch*: each change that it makes in the store (a file opened for writing, renamed, removed; a folder made). Keep to one process. All that it remembers belongs in the store, temporary files too: between two file systems no rename is atomic.
#
# <details><summary>Hint 1</summary>First make the truth: read all arrivals in their order, and let a later line of a trip replace an earlier one; then deal the trips to their days. What makes a day of the store what it is? Its returns and the model. Make a short text of these two (a <em>fingerprint</em>: <code>hashlib</code> has what you need) that changes if anything does, and only then: pandas may read a height as 79 from one file and as 79.0 from another. Where do you
# keep it?</details>
# <details><summary>Hint 2</summary>Two files cannot be changed in one step. If the fingerprint lies in a file of its own, what does the next run believe if the power fails between the two? In which order must they be written? Or does it fit into the day's file itself, as a column? And if your temporary file always has the same name for the same day, what becomes of one that was left lying when its day is written again,
# or when that day does not come again?</details>

# %% nbgrader={"grade": false, "grade_id": "backfill", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write backfill.py.
### BEGIN SOLUTION
Path("backfill.py").write_text(
    '''
import hashlib
import os
from datetime import datetime, timezone
from pathlib import Path

import pandas as pd
from risk import load_model


def newest_returns(arrivals):
    """Return the returns by day and trip: of each trip the one that arrived last."""
    trips = {}
    for path in sorted(Path(arrivals).glob("*.csv")):
        for trip in pd.read_csv(path).to_dict("records"):
            trips[trip["trip_id"]] = trip
    days = {}
    for number, trip in sorted(trips.items()):
        day = datetime.fromisoformat(trip["ended_at"]).astimezone(timezone.utc).date()
        days.setdefault(f"day={day}.csv", []).append(trip)
    return days


def backfill(arrivals: str, store: str, model_path: str) -> None:
    model, store = load_model(model_path), Path(store)
    days = newest_returns(arrivals)
    for path in store.iterdir():
        if path.name.endswith(".part") or (path.match("day=*.csv") and path.name not in days):
            path.unlink()
    for name, trips in days.items():
        made_from = "sha256:" + hashlib.sha256(repr((model.version, trips)).encode()).hexdigest()
        path = store / name
        if path.exists() and set(pd.read_csv(path)["made_from"]) == {made_from}:
            continue
        table = pd.DataFrame({"trip_id": [trip["trip_id"] for trip in trips], "risk": model.answer(trips)})
        table.assign(version=model.version, made_from=made_from).to_csv(store / (name + ".part"), index=False)
        os.replace(store / (name + ".part"), path)
'''.lstrip()
)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-backfill", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
for left in ("some_arrivals", "some_store", "killed_store"):
    shutil.rmtree(left, ignore_errors=True)
os.mkdir("some_arrivals")
for path in ARRIVALS[:3]:
    shutil.copy(path, "some_arrivals")
early = {"arrivals": "some_arrivals", "store": "some_store", "model": "risk-12.json"}
every = {**early, "arrivals": "arrivals"}
whole = {**every, "store": "killed_store"}
runs = played([early, early, every, {**whole, "kill_at": 4}, whole])
for left in ("some_arrivals", "some_store", "killed_store"):
    shutil.rmtree(left, ignore_errors=True)
of_day = defaultdict(dict)
for trip, risk in zip(returns.to_dict("records"), model.answer(returns.to_dict("records"))):
    of_day[f"day={datetime.fromisoformat(trip['ended_at']).astimezone(UTC).date()}.csv"][trip["trip_id"]] = risk
for number, what in [
    (0, "with three files of arrivals"),
    (1, "once more"),
    (2, "with all arrivals"),
    (4, "with all arrivals, after another was killed"),
]:
    assert runs[number]["ended"] == "done", f"A run {what} ended with {runs[number]['ended']}"
assert runs[1]["rows"] == 0, f"A second run, when nothing had changed, asked the model about {runs[1]['rows']} rows, expected none."
for number, what in [
    (2, "When the other arrivals had come, and backfill had run again"),
    (4, "After a run that was killed, and a second one"),
]:
    assert set(runs[number]["days"]) == set(of_day), f"{what}, the store has {sorted(runs[number]['days'])}, expected {sorted(of_day)}."
    for name, text in runs[number]["days"].items():
        held = pd.read_csv(__import__("io").StringIO(text)) if text.strip() else pd.DataFrame(columns=["trip_id", "risk", "version"])
        assert {"trip_id", "risk", "version"} <= set(held.columns), (
            f"{what}, {name} has the columns {list(held.columns)}, expected trip_id, risk and version."
        )
        assert sorted(held["trip_id"]) == sorted(of_day[name]), (
            f"{what}, {name} has {len(held)} lines with {held['trip_id'].nunique()} trips, expected the {len(of_day[name])} trips of that UTC day, each once."
        )
        assert np.allclose(held["risk"], [of_day[name][trip] for trip in held["trip_id"]], atol=1e-9), (
            f"{what}, {name} has risks that are not the model's."
        )
changed = sum(len(trips) for name, trips in of_day.items() if runs[2]["days"][name] != runs[0]["days"].get(name))
assert runs[2]["rows"] == changed, (
    f"When the other arrivals had come, the model was asked about {runs[2]['rows']} rows, expected the {changed} of the days that are new or changed."
)

# %% nbgrader={"grade": true, "grade_id": "judge-backfill", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: backfill on other arrivals, as they come day by day: late returns, repeated ones, corrected ones (one of them to another day), and a new model. The rows that it asks the model about are counted.
### BEGIN HIDDEN TESTS
import pandas as pd
from judgekit import fresh
from judgekit import own_folder
from judging_backfill import days_of, draw_arrivals, wrong_store, write_arrivals
from judging_compare import draw_model, draw_returns

rng = fresh(4)
with own_folder() as place:
    models = {version: draw_model(rng, version, place / f"{version}.json") for version in (51, 52)}
    tables, ids = draw_arrivals(rng, place / "0", days=4)

    def next_folder(number, table):
        """Write the arrivals as they are after one more day."""
        folder = place / str(number)
        folder.mkdir()
        for path in (place / str(number - 1)).glob("*.csv"):
            (folder / path.name).write_bytes(path.read_bytes())
        write_arrivals(table, folder, 3 + number)

    moved = tables[1].iloc[[3]].assign(ended_at=tables[2]["ended_at"].iloc[0])
    lonely = draw_returns(rng, 1, -3, [next(ids)])  # the only return of its day, until it is corrected
    corrected = tables[0].iloc[[4]].assign(km_since_service=tables[0]["km_since_service"].iloc[4] + 300, distance_km=0.1)
    next_folder(
        1,
        pd.concat([draw_returns(rng, 5, 4, [next(ids) for _ in range(5)]), draw_returns(rng, 2, 1, [next(ids) for _ in range(2)]), lonely]),
    )
    next_folder(2, pd.concat([draw_returns(rng, 5, 5, [next(ids) for _ in range(5)]), tables[2].iloc[[1, 2]]]))
    next_folder(3, pd.concat([draw_returns(rng, 5, 6, [next(ids) for _ in range(5)]), corrected]))
    moved = pd.concat([moved, lonely.assign(ended_at=tables[2]["ended_at"].iloc[0])])
    next_folder(4, pd.concat([draw_returns(rng, 5, 7, [next(ids) for _ in range(5)]), moved]))
    tale = [
        (0, 51, "from an empty store"),
        (0, 51, "when nothing had changed"),
        (1, 51, "when a new day and three late returns had come"),
        (2, 51, "when a new day had come, and two returns for the second time, unchanged"),
        (3, 51, "when a new day had come, and a corrected return of another day"),
        (
            4,
            51,
            "when a new day had come, and two corrected returns that now lie on another day than before, one of them the last of its old day",
        ),
        (4, 52, "with another model"),
        (4, 52, "when nothing had changed, once more"),
    ]
    runs = played(
        [
            {"arrivals": str(place / str(folder)), "store": str(place / "store"), "model": str(place / f"{version}.json")}
            for folder, version, _ in tale
        ]
    )
    before = {}
    for said, (folder, version, what) in zip(runs, tale, strict=True):
        expected = days_of(place / str(folder), models[version])
        wrong = wrong_store(said, expected, version)
        assert wrong is None, f"After a run {what}: {wrong}."
        rows = sum(len(trips) for day, trips in expected.items() if trips != before.get(day))
        assert said["rows"] == rows, (
            f"In a run {what} the model was asked about {said['rows']} rows, expected {rows}: those of the days whose returns or whose model changed, each once."
        )
        before = expected
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-backfill-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: backfill is killed at each touch of the store, from an empty store and when late returns have come; looked at; and run again.
### BEGIN HIDDEN TESTS
import pandas as pd
from judgekit import fresh
from judgekit import own_folder
from judging_backfill import days_of, draw_arrivals, is_day, wrong_store, write_arrivals
from judging_compare import draw_model, draw_returns

rng = fresh(5)
with own_folder() as place:
    models = {version: draw_model(rng, version, place / f"{version}.json") for version in (53, 54)}
    tables, ids = draw_arrivals(rng, place / "old", days=3, each=5)
    (place / "new").mkdir()
    for path in (place / "old").glob("*.csv"):
        (place / "new" / path.name).write_bytes(path.read_bytes())
    late = [draw_returns(rng, 2, day, [next(ids) for _ in range(2)]) for day in (0, 2)]
    write_arrivals(pd.concat(late), place / "new", 3)
    truths = {folder: days_of(place / folder, models[53]) for folder in ("old", "new")}
    basic = {"model": str(place / "53.json"), "store": str(place / "store")}
    old, new = ({**basic, "arrivals": str(place / folder)} for folder in ("old", "new"))
    undisturbed = {**new, "store": str(place / "undisturbed")}
    empty, _, calm, late = played([{**old, "store": str(place / "empty"), "sweep": True}, old, undisturbed, {**new, "sweep": True}])
    wrong = wrong_store(calm, truths["new"], 53)
    assert wrong is None, f"After a run that nobody disturbed: {wrong}."
    for sweep, before, after, what in [
        (empty, {}, truths["old"], "from an empty store"),
        (late, truths["old"], truths["new"], "when late returns had come"),
    ]:
        assert sweep, f"A run {what} touches nothing in the store."
        assert len(sweep) < 80, f"A run {what} touches the store 80 times and more, for four days."
        for number, (killed, again) in enumerate(sweep, 1):
            here, ready = f"A run {what} was killed at touch {number}", 0
            for day, text in killed["days"].items():
                faults = [is_day(text, truth[day], 53) if day in truth else "there was no such day" for truth in (before, after)]
                assert None in faults, (
                    f"{here}. A reader who looks at {day} now finds neither the day before the run nor the one after it: {faults[1]}."
                )
                ready += len(after[day]) if faults[1] is None else 0
            wrong = wrong_store(again, after, 53)
            assert wrong is None, f"{here}, and backfill was run again: {wrong}."
            most = sum(map(len, after.values())) - ready + max(map(len, after.values()))
            assert again["rows"] <= most, (
                f"{here}, when {ready} of {sum(map(len, after.values()))} rows were ready; run again, it asked the model about {again['rows']} rows, expected {most} at most."
            )
            left = sorted(set(again["others"]) - set(calm["others"]))
            assert not left, f"{here}, and backfill was run again. What the killed run left is still there: {', '.join(left[:3])}."
### END HIDDEN TESTS

# %% [markdown]
# What `rehearse` cannot try: a machine that loses its power may have renamed a file whose bytes never reached the disk. Where that matters, `os.fsync` the file before the rename. On object stores such as S3 there is no rename, but a single object is put there atomically; tables of many files get their atomic change from a *table format* (Delta Lake, Iceberg), whose one small file
# says which files count. Nor does it try *two runs at a time*, cron's and Bo's at nine: each would take the other's temporary file for one that was left lying. Let one run at a time in, by a lock that ends with the process that holds it (`fcntl.flock` on a file of the store; in a cluster, the scheduler: a Kubernetes CronJob has `concurrencyPolicy: Forbid`). And our function reads all arrivals each time; on years of them one would note, for each file that arrived, which days it touches, and let Dask read only what belongs to these days.

# %% [markdown]
# ## Part 4 · What it costs
#
# "If the service has answered each return", asks Noor, "why compute it again at night?" She is right. **An answer that was given is not computed a second time: it is logged**, with its features and the model's version, and Rosa's list reads the log. That costs next to nothing, and a log cannot drift from itself. But the log has gaps:
#
# - Only new docks have a lock, and ask. In the other cities of the group most docks are old: they lock nothing, ask nobody, and only send their returns.
# - What comes late or corrected (Part 3) was never asked, or about other values.
# - A new version of the model says something else about all the days before. Whoever compares versions, or trains on the answers, needs them from one version.
#
# The last two are the backfill's. For the first somebody must decide: 40 cities, two million returns a day, and an answer to each of them. "Let them all ask the service", says Cy, "it is there." "Let the job do it", says Bo, "it is so cheap." A price table of the group's cloud:

# %% nbgrader={"grade": false, "grade_id": "prices", "locked": true, "schema_version": 3, "solution": false, "task": false}
PRICES = {
    "server_hour": 0.12,  # euros for each server and each started hour in which it is on, busy or not
    "server_rows_per_s": 60,  # what one server answers, return by return, with room for bursts
    "server_start_s": 400,  # seconds from switching a server on to its first answer
    "job_hour": 0.34,  # euros for an hour of a batch job, billed by the second
    "job_rows_per_s": 2_200,  # what a job answers once it runs
    "job_start_s": 200,  # seconds that each job needs before, and for which it is billed, too
}
DEMAND = [
    0,
    0,
    0,
    0,
    0,
    9_000,
    50_000,
    140_000,
    210_000,
    120_000,
    80_000,
    80_000,
    110_000,
    100_000,
    90_000,
    110_000,
    170_000,
    250_000,
    210_000,
    120_000,
    70_000,
    50_000,
    30_000,
    9_000,
]
EVERY_MIN = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440]

# %% [markdown]
# 60 rows a second are not much: in Part 5 you will measure some hundred, return by return, at the lab's service. But that one is asked over loopback by one client, and does nothing else. The 60 were measured at a small server in the cloud: a return comes there by HTTPS, from far away, the kilometres since the last service are looked up in another system first, the answer is logged afterwards, and a server that is planned to be full all the time has a queue in front of it. Measure yours before you fill in such a table.
#
# `DEMAND` is the number of returns in each hour of a day (UTC), evenly spread within the hour. Who waits for the answer says how long it may take, the *latency limit*: a dock, seconds; the van that fetches bikes, half an hour; Rosa's list, until morning. Ada's comparison:

# %%
online_row = PRICES["server_hour"] / 3600 / PRICES["server_rows_per_s"]
batch_row = PRICES["job_hour"] / 3600 / PRICES["job_rows_per_s"]
print(
    f"a million rows cost {1e6 * online_row:.2f} euros online and {1e6 * batch_row:.2f} in a batch: batch is {online_row / batch_row:.0f} times cheaper, always"
)

# %% [markdown]
# She has compared a machine that is always full with another. But a server is paid for while nobody comes; it cannot just be switched off at night either, for whoever comes first waits until it is on: a **cold start**. And a job pays its start each time, so answers that must be young, with a job every few minutes, pay little else. Where one choice becomes the cheaper one is a **crossover**. Here is the bill in full:
#
# - **Online.** Each hour has as many servers as its rows need (one answers at most 3600 · `server_rows_per_s` in an hour). An hour without any rows needs one all the same, unless a cold start fits into the limit: then it needs none. An answer takes no time, unless it comes with a cold start. (Further servers are there in time, by the clock. But in an hour without rows nobody knows when the next bike will come.)
# - **Batch, every *n* minutes**, with *n* from `EVERY_MIN`. At the end of each interval (from midnight on) a job answers the interval's rows. It takes, and is billed for, its start and its rows, also if there are none. Who comes when an interval has just begun waits longest: the interval, and then until the job is over. A job must be over when the next one begins.
# - A plan is allowed if nobody waits longer than the limit.

# %% [markdown]
# ### Exercise 4 — The crossover
# *Difficulty ●●○ · about 14 minutes*
#
# Write `cheapest(prices, demand, limit_min)`: the cheapest plan that is allowed. It returns a dictionary with `plan` (`"online"` or `"batch"`), `every_min` (`None` for online) and `cost` (euros a day). And `online_up_to(prices, demand)`: the longest limit, of 1 to 240 whole minutes, at which online is the cheapest; 0 if it is at none.
#
# <details><summary>Hint 1</summary>How many rows has an interval of 20 minutes, and one of three hours? A list of the day's 1,440 minutes, each with a sixtieth of its hour's rows, makes both the same question. And the largest interval decides whether the plan is allowed at all.</details>
# <details><summary>Hint 2</summary>Collect all plans that are allowed as (cost, plan, interval) and take the smallest. For the second function do not guess where it changes: as the limit grows, batch may win first, and online again when its servers may sleep at night. Look at all limits. What a plan costs and how long one waits under it does not depend on the limit.</details>


# %% nbgrader={"grade": false, "grade_id": "crossover", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cheapest(prices, demand, limit_min):
    """Return the cheapest plan that keeps the limit: plan, every_min, cost."""
    ### BEGIN SOLUTION
    may_sleep = prices["server_start_s"] <= 60 * limit_min
    servers = [math.ceil(rows / (3600 * prices["server_rows_per_s"])) for rows in demand]
    cost = prices["server_hour"] * sum(need if may_sleep else max(need, 1) for need in servers)
    best = {"plan": "online", "every_min": None, "cost": cost}
    by_minute = np.repeat(np.array(demand) / 60, 60)
    for every in EVERY_MIN:
        seconds = prices["job_start_s"] + by_minute.reshape(-1, every).sum(axis=1) / prices["job_rows_per_s"]
        longest = float(seconds.max())
        cost = float(seconds.sum()) * prices["job_hour"] / 3600
        if longest <= 60 * every and 60 * every + longest <= 60 * limit_min and cost < best["cost"]:
            best = {"plan": "batch", "every_min": every, "cost": cost}
    return best
    ### END SOLUTION


def online_up_to(prices, demand):
    """Return the longest limit (1 to 240 whole minutes) at which online is the cheapest; 0 if there is none."""
    ### BEGIN SOLUTION
    return max((limit for limit in range(1, 241) if cheapest(prices, demand, limit)["plan"] == "online"), default=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-crossover", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
for limit, plan, every, cost in [
    (1, "online", None, 3.00),
    (10, "online", None, 2.40),
    (66, "batch", 60, 0.54),
    (1440, "batch", 720, 0.124),
]:
    said = cheapest(PRICES, DEMAND, limit)
    assert said["plan"] == plan and said["every_min"] == every and abs(said["cost"] - cost) < 0.004, (
        f"With a limit of {limit} minutes cheapest says {said}, expected {plan}{f' every {every} minutes' if every else ''} for {cost:.2f} euros a day. "
        "Do it by hand: count servers hour by hour; add the jobs' seconds, their starts included."
    )
flat = [3_600] * 24
said = cheapest({**PRICES, "job_start_s": 6.0}, flat, 1)
assert said["plan"] == "online", (
    f"With a limit of one minute cheapest says {said}: a job every minute makes some wait for longer than that minute."
)
said = online_up_to(PRICES, DEMAND)
assert said in range(241), f"online_up_to says {said}, expected a whole number of minutes."
assert cheapest(PRICES, DEMAND, said)["plan"] == "online" and cheapest(PRICES, DEMAND, said + 1)["plan"] == "batch", (
    f"online_up_to says {said} minutes. It should be a limit at which online is the cheapest, and at {said + 1} minutes a batch should be."
)

# %% nbgrader={"grade": true, "grade_id": "judge-crossover", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: cheapest for other prices, demands and limits: cities without a quiet hour, cold starts that fit and do not fit, jobs that are not over in time.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging_crossover import allowed_plans, draw_demand, draw_prices, draw_slow, with_full_hour

rng = fresh(6)
for turn in range(8):
    prices, demand = draw_prices(rng), draw_demand(rng, quiet=0 if turn == 0 else None)
    if turn == 1:
        prices, demand = draw_slow(rng)
    else:
        demand = with_full_hour(prices, demand)
    limits = [int(rng.integers(1, 5)), int(rng.integers(5, 40)), 30, int(rng.integers(40, 1441))]
    for limit in [*limits, max(1, prices["server_start_s"] // 60 - 1), prices["server_start_s"] // 60 + 1]:
        allowed = allowed_plans(prices, demand, limit)
        plan, every = min(allowed, key=allowed.get)
        try:
            said = cheapest(prices, demand, limit)
        except Exception as error:
            raise AssertionError(
                f"For {prices}, {demand} and {limit} minutes cheapest stopped with {type(error).__name__}: {error}"
            ) from None
        mine = (said["plan"], said["every_min"])
        assert mine in allowed, (
            f"For {prices}, the demand {demand} and a limit of {limit} minutes cheapest says {mine[0]}, every {mine[1]} minutes; that plan is not allowed: somebody waits longer, or a job is not over when the next begins."
        )
        assert abs(said["cost"] - allowed[mine]) <= 1e-6 * allowed[mine] + 1e-9, (
            f"For {prices}, the demand {demand} and a limit of {limit} minutes cheapest says {mine[0]}, every {mine[1]} minutes, for {said['cost']:.4f} euros a day; that plan costs {allowed[mine]:.4f}."
        )
        assert allowed[mine] <= allowed[plan, every] * (1 + 1e-9), (
            f"For {prices}, the demand {demand} and a limit of {limit} minutes cheapest says {mine[0]}, every {mine[1]} minutes, for {said['cost']:.4f} euros a day; {plan}, every {every} minutes, costs {allowed[plan, every]:.4f}."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-crossover-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: online_up_to for other prices and demands, also where online is the cheapest for short limits and again for longer ones, or for none.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging_crossover import draw_demand, draw_prices, draw_slow, draw_twice, online_limit

rng = fresh(7)
cases = [draw_twice(rng), draw_slow(rng), (draw_prices(rng), draw_demand(rng))]
cases.append(({**draw_prices(rng), "server_hour": 40.0, "job_start_s": 5, "job_rows_per_s": 900}, draw_demand(rng, quiet=5)))
for prices, demand in cases:
    right = online_limit(prices, demand)
    try:
        said = online_up_to(prices, demand)
    except Exception as error:
        raise AssertionError(f"For {prices} and {demand} online_up_to stopped with {type(error).__name__}: {error}") from None
    assert said == right, (
        f"For {prices} and the demand {demand} online_up_to says {said}, expected {right} minutes. "
        "Was each limit looked at? Between two limits at which online is the cheapest there may be some at which a batch is."
    )
### END HIDDEN TESTS

# %% tags=["uses-answers"]
limits = range(1, 61)
sleepless = [rows or 1 for rows in DEMAND]
fig, axis = plt.subplots(figsize=(8, 3.6))
for demand, style, name in [
    (DEMAND, "o-", "our day, five hours at night without a return"),
    (sleepless, "s--", "the same day, with one return in each of these hours"),
]:
    axis.plot(
        limits,
        [cheapest(PRICES, demand, limit)["cost"] for limit in limits],
        style,
        ms=3,
        drawstyle="steps-post",
        label=f"{name}: online up to {online_up_to(PRICES, demand)} min",
    )
axis.set(xlabel="latency limit (minutes)", ylabel="cheapest plan (euros a day)", ylim=(0, None), title="What it costs to be quick")
axis.legend()
fig.tight_layout()
fig.savefig("crossover.png", dpi=100)
plt.close(fig)
Image(
    "crossover.png",
    alt="Two falling step lines: the cost of the cheapest plan in euros a day over the latency limit from 1 to 60 minutes. Both start at 3 euros. Our day drops to 2.40 euros at 7 minutes, once a cold start fits into the limit, and stays online up to 18; the other is online up to 13, and then has jobs every 10 minutes. Both fall in steps, as jobs every 15, 20 and 30 minutes become possible, to one euro.",
)

# %% [markdown]
# Read it: up to which limit does it pay to keep servers on? What moves that crossover from 18 to 13 minutes, when five returns a day are added to two million?
#
# The docks with a lock need seconds: they stay online, and their answers are logged. The vans, which look every half an hour, get micro-batches. Rosa's list is the log, and for all that nobody asked about a nightly job. One model, three paths; hence Parts 1 and 2.
#
# And look at the left scale before you argue for a week: for this small model all of it is three euros a day. What you take along is the reckoning. With a model that needs a graphics card, whose hour costs twenty times as much, the same lines decide about a salary.

# %% [markdown]
# ## Part 5 · How many at once
#
# Why is a row so much cheaper in a job? Most of a call's cost does not depend on its rows: the way there, the parsing, the start of the computation. So the number of rows a call, the *batch size*, decides the **throughput**, how many rows are answered in a second. But a row that waits until its batch is full waits. Here is Bo's measurement of the real service:

# %%
with serving("service.py", {"MODEL": "risk-12.json"}) as url:
    for size in (1, 32, 64):
        begin = time.perf_counter()
        ask(url, "/risk", {"returns": EXAMPLES[:1] * size})
        print(f"size {size:>2}: {1000 * (time.perf_counter() - begin):.1f} ms")

# %% [markdown]
# Run the cell a few times. The numbers jump; more than once the single row takes longer than four, or than 32, though it is the least work. It came first: first calls open connections, fill caches, load libraries; on a graphics card the first call *with each size* even compiles a program. And one measurement is none: now and then something else wants the processor. So: let a first call of each size go by uncounted, then measure several, and take a number that one hiccup cannot move.
#
# And then choose. Rows come at `rows_per_s`, evenly. A collector waits until `size` rows are there, and sends them off in one call; there is one call at a time.
#
# - It must *keep up*: its calls may take at most 80 % of the time in which their rows come. Otherwise each burst leaves a queue that never gets shorter.
# - The row that came first waits for the others of its batch, and then for the call. That must be within the limit.
# - Of the sizes that do both, take the one that is busy for the smallest share of the time: it needs the smallest machine.
# - At night rows are rare. A batch that does not fill must go after a while, `max_wait_ms` after its first row came: late enough that at the full rate each batch fills, early enough that the limit is kept also then.

# %% [markdown]
# ### Exercise 5 — Measure, then choose
# *Difficulty ●●○ · about 12 minutes*
#
# Write `measure(call, rows, sizes, clock=time.perf_counter)`. `call` is a function that takes a list of rows, `rows` a list at least as long as the largest size. `clock()` returns the seconds on a clock: use it, and no other. It returns a dictionary: for each size the typical milliseconds of one call with so many rows, once it is warm (a median, say; the quickest will do, too). Call at most thirty times for each size.
#
# Write `choose(curve, rows_per_s, limit_ms)`, with a `curve` as `measure` returns it. It returns a dictionary with `size` and `max_wait_ms`, as above, or `None` if no size will do.
#
# <details><summary>Hint 1</summary>Which statistic of, say, seven measurements does not move if one of them is ten times as large? For the choice write down, with size 4 and ten rows a second, when each row comes and when the call begins.</details>
# <details><summary>Hint 2</summary>The first of <code>size</code> rows waits for <code>size - 1</code> others. What share of the time is the card busy if a call of <code>ms</code> milliseconds answers the rows of <code>size / rows_per_s</code> seconds? How much of the limit is left when the call's own time is taken off?</details>


# %% nbgrader={"grade": false, "grade_id": "batch-size", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(call, rows, sizes, clock=time.perf_counter):
    """Return the typical milliseconds of a call, by its number of rows."""
    ### BEGIN SOLUTION
    curve = {}
    for size in sizes:
        call(rows[:size])  # the first one warms up
        times = []
        for _ in range(9):
            begin = clock()
            call(rows[:size])
            times.append(1000 * (clock() - begin))
        curve[size] = float(np.median(times))
    return curve
    ### END SOLUTION


def choose(curve, rows_per_s, limit_ms):
    """Return the batch size, and after how many milliseconds a batch goes that is not full; None if no size will do."""
    ### BEGIN SOLUTION
    fits = {
        size: took * rows_per_s / size
        for size, took in curve.items()
        if took * rows_per_s / size <= 800 and (size - 1) * 1000 / rows_per_s + took <= limit_ms
    }
    if not fits:
        return None
    size = min(fits, key=fits.get)
    return {"size": size, "max_wait_ms": limit_ms - curve[size]}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-batch-size", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
known = {"fixed_ms": 10.0, "row_ms": 0.5, "first_ms": 200.0, "hiccup_ms": 0.0}
said = measure_on(known, list(range(64)), [1, 8, 64])
assert set(said["curve"]) == {1, 8, 64}, f"measure returns the sizes {list(said['curve'])}, expected 1, 8 and 64."
for size, ms in said["curve"].items():
    assert abs(ms - 10 - 0.5 * size) < 0.1, (
        f"On a model whose calls take 10 ms and 0.5 ms more for each row, and 200 ms more the first time with a size, measure says {ms:.2f} ms for {size} rows, expected {10 + 0.5 * size:.2f}."
    )
given = {1: 11.0, 8: 14.0, 32: 26.0, 64: 42.0}
for rate, limit, size in [(400.0, 50.0, 8), (400.0, 150.0, 32), (1_000.0, 200.0, 64), (20.0, 100.0, 1)]:
    said = choose(given, rate, limit)
    assert said is not None and said["size"] == size, (
        f"With the curve {given}, {rate:g} rows a second and a limit of {limit:g} ms choose says {said}, expected size {size}."
    )
    least, most = (size - 1) * 1000 / rate, limit - given[size]
    assert least - 1e-6 <= said["max_wait_ms"] <= most + 1e-6, (
        f"With the curve {given}, {rate:g} rows a second and a limit of {limit:g} ms choose says {said}, expected max_wait_ms from {least:g} (so that batches fill) to {most:g} (so that the limit is kept)."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-batch-size", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: measure on models that hiccup, with a clock of the judge's; choose on curves with a best size, with a limit that nothing keeps, and with rates that no size keeps up with.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging_batch_size import size_plans

rng = fresh(8)
for _ in (1, 2):
    card = {
        "fixed_ms": float(rng.uniform(2, 30)),
        "row_ms": float(rng.uniform(0.05, 0.8)),
        "first_ms": float(rng.uniform(100, 900)),
        "hiccup_ms": float(rng.uniform(50, 400)),
    }
    sizes = sorted(int(size) for size in rng.choice([1, 2, 4, 8, 16, 32, 48, 64, 100], 4, replace=False))
    try:
        said = measure_on(card, list(range(100)), sizes)
    except Exception as error:
        raise AssertionError(f"On another model, with the sizes {sizes}, measure stopped with {type(error).__name__}: {error}") from None
    assert sorted(said["curve"]) == sizes, f"Asked for the sizes {sizes}, measure returns {list(said['curve'])}."
    for size in sizes:
        right, ms, count = card["fixed_ms"] + card["row_ms"] * size, said["curve"][size], said["calls"].count(size)
        assert 2 <= count <= 30, (
            f"measure makes {count} calls with {size} rows, expected a first one that does not count, and others; 30 at most."
        )
        assert abs(ms - right) <= 0.02 * right, (
            f"On a model whose typical call with {size} rows takes {right:.2f} ms measure says {ms:.2f}. The first call with each size takes {card['first_ms']:.0f} ms more, every seventh {card['hiccup_ms']:.0f}."
        )
for turn in range(12):
    fixed, row = float(rng.uniform(3, 40)), float(rng.uniform(0.05, 1.0))
    curve = {size: fixed + row * size * (1.6 if size > 32 else 1.0) + (25 if size > 32 else 0) for size in (1, 2, 4, 8, 16, 32, 64, 128)}
    rate, limit = float(rng.choice([15, 60, 200, 500, 1_200, 4_000])), float(rng.choice([25, 60, 120, 400, 1_500]))
    if turn == 0:
        rate, limit = 1_300 / row, 4_000.0  # more than any size answers
    if turn == 1:
        rate, limit = 900 / min(ms / size for size, ms in curve.items()), 4_000.0  # the best size would be busy for 90 % of the time
    good = size_plans(curve, rate, limit)
    said = choose(curve, rate, limit)
    here = f"With the curve {curve}, {rate:g} rows a second and a limit of {limit:g} ms choose says {said}"
    if not good:
        assert said is None, f"{here}, expected None: no size keeps up (80 % busy at most) and keeps the limit."
        continue
    assert said is not None, f"{here}, but {min(good)} rows at a time would do."
    assert said["size"] in good, f"{here}: that size does not keep up, or its first row waits longer than the limit."
    assert good[said["size"]] <= min(good.values()) + 1e-9, (
        f"{here}: so the card is busy for {good[said['size']]:.1%} of the time. Another size that keeps the limit needs {min(good.values()):.1%}."
    )
    least, most = (said["size"] - 1) * 1000 / rate, limit - curve[said["size"]]
    assert not (said["max_wait_ms"] < least - 1e-6 or said["max_wait_ms"] > most + 1e-6), (
        f"{here}, expected max_wait_ms from {least:g} (so that at the full rate batches fill) to {most:g} (so that the limit is kept at night, too)."
    )
### END HIDDEN TESTS

# %% tags=["uses-answers"]
some = json.loads(returns.head(256).to_json(orient="records"))
with serving("service.py", {"MODEL": "risk-12.json"}) as url:
    curve = measure(lambda rows: ask(url, "/risk", {"returns": rows}), some, [1, 4, 16, 64, 256])
sizes = list(curve)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2))
axes[0].plot(sizes, list(curve.values()), "o-")
axes[0].set(xlabel="rows a call", ylabel="latency of the call (ms)", ylim=(0, None), title="What one row waits for")
axes[1].plot(sizes, [1000 * size / ms for size, ms in curve.items()], "s-")
axes[1].set(xlabel="rows a call", ylabel="throughput (rows a second)", ylim=(0, None), title="What the service answers")
fig.tight_layout()
fig.savefig("batch-size.png", dpi=100)
plt.close(fig)
print("choice at 100 rows a second and 80 ms:", choose(curve, 100, 80))
Image(
    "batch-size.png",
    alt="Two plots over the number of rows a call, from 1 to 256, measured on the real service. Left, the latency of a call rises nearly straight from a few milliseconds. Right, the throughput rises steeply at first and flattens at some thousand rows a second.",
)

# %% [markdown]
# The two curves are one: the throughput flattens where the fixed part of a call has become small beside its rows. Behind that bend a larger batch buys nothing but waiting. The numbers are your machine's, today; the form is the same everywhere.

# %% [markdown]
# ## Part 6 · A service that collects
#
# Can a *service* have the throughput of batches, and still answer each request at once? Nearly. It holds a request for a few milliseconds, collects those of other clients meanwhile, and asks the model about all of them in one call: **dynamic batching**. TensorFlow Serving, Triton and Ray Serve have it built in, with the two numbers of Part 5 as its settings. Whoever sets them should know what
# happens behind, and what can go wrong there.
#
# Next year the repair risk shall run on a graphics card. `card.py` stands in for it: a call takes 20 ms and a little for each row, and calls queue. Cy's first service on the card, `plain.py`, makes a call for each request. His second, `cys_collected.py`, collects:

# %%
settings = {"MODEL": "risk-12.json", "MAX_ROWS": "16", "MAX_WAIT_MS": "40", "CARD_BILL": "bill.txt"}
crowd = [{"returns": [trip]} for trip in json.loads(returns.head(24).to_json(orient="records"))]
expected = model.answer(returns.head(24).to_dict("records"))
unreadable = [*crowd[:7], {"returns": [{"trip_id": 5}]}]


def wave(url, number):
    """Send eight of the requests, 30 ms after the eight before."""
    time.sleep(0.03 * number)
    return load(url, "/risk", crowd[8 * number : 8 * number + 8], clients=8)


for name in ("plain.py", "cys_collected.py"):
    Path("bill.txt").write_text("")
    with serving(name, settings) as url:
        with ThreadPoolExecutor(3) as pool:
            sent = [one for some in pool.map(wave, [url] * 3, range(3)) for one in some]
        bill = Path("bill.txt").read_text().split()
        faulty = load(url, "/risk", unreadable, clients=8)
    right, beside = (
        sum(one["status"] == 200 and one["answer"]["risk"] == [risk] for one, risk in zip(some, expected)) for some in (sent, faulty[:7])
    )
    print(f"{name}: rows of each call {bill}; slowest {max(one['ms'] for one in sent):.0f} ms; right answers {right} of {len(sent)}")
    print(f"   beside one that cannot be read (its status is {faulty[7]['status']}): right answers {beside} of 7")
Path("bill.txt").unlink()

# %% [markdown]
# His second service is quick. It is even right, as long as all of a batch come at the same moment. Ours came in three waves, 30 ms apart, and then one of eight could not be read:
#
# - Each request remembers *a place* in a common list, and when it wakes up, the list may be another batch's. It answers 200, and means another bike or none. An answer must find back to its request by something that belongs to the two alone: in asyncio, a *future*, an empty box that one side waits for and the other fills.
# - It always waits, also if the batch is full, and it takes any number of rows in a call: a card's memory ends somewhere.
# - One return that cannot be read ruins the call for all others in it, and, as nobody clears up, for all who come later.
# - While the card computes, nobody else is heard, not even `/health`: the endpoint is an `async def`, and `card.risks` blocks.

# %% [markdown]
# ### Exercise 6 — Share a call
# *Difficulty ●●● · about 18 minutes*
#
# Write `collected.py`, a service with the endpoints and answers of `plain.py`: `GET /health`, and `POST /risk` with `{"returns": […]}`, answered by `version` and `risk`. It reads `MODEL`, `MAX_ROWS` and `MAX_WAIT_MS` from its environment variables. A request has at most `MAX_ROWS` returns.
#
# - Requests that come within `MAX_WAIT_MS` of the first one share a call. The first waits no longer than that, however many follow it (plus the call; what came while the card was busy may wait from when the card is free). A request that is alone is answered when `MAX_WAIT_MS` is over.
# - A call has at most `MAX_ROWS` rows. When so many are there, or when the next request does not fit any more, it begins without waiting.
# - Each request gets the risks of its own returns, in their order, and the card is asked about each row once.
# - A return that cannot be read gets its request status 422. Others that came with it get their answers.
# - If the card fails, all requests of that call get a status of 500 or more. The service lives on, and when the card works again, it answers again.
# - While the card computes, `/health` answers.
#
# <details><summary>Hint 1</summary>One task, started with the app (<code>FastAPI(lifespan=…)</code>), that takes requests from an <code>asyncio.Queue</code>, calls the card and hands out the answers. What does a request put into the queue, so that its answer finds back? And where should a return be read, before it joins the others or after?</details>
# <details><summary>Hint 2</summary>The task takes the first request without a time limit, and the following ones with a time limit (<code>asyncio.wait_for</code>): which, if the first has waited for a while already? What becomes of one that would make the batch too large? <code>asyncio.to_thread</code> keeps the loop free. And a task that an exception ends collects nothing any more: what must happen to the futures
# of a call that failed?</details>

# %% nbgrader={"grade": false, "grade_id": "collected", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write collected.py.
### BEGIN SOLUTION
Path("collected.py").write_text(
    """
import asyncio
import os
from contextlib import asynccontextmanager

from card import Card
from fastapi import FastAPI, HTTPException

the_card = Card(os.environ["MODEL"])
MAX_ROWS, MAX_WAIT = int(os.environ["MAX_ROWS"]), float(os.environ["MAX_WAIT_MS"]) / 1000


async def collect(queue):
    loop, held = asyncio.get_running_loop(), None
    while True:
        batch, held = [held or await queue.get()], None
        until = loop.time() + MAX_WAIT
        while (size := sum(len(rows) for rows, _ in batch)) < MAX_ROWS:
            try:
                one = queue.get_nowait() if queue.qsize() else await asyncio.wait_for(queue.get(), until - loop.time())
            except asyncio.TimeoutError:
                break
            if size + len(one[0]) > MAX_ROWS:
                held = one  # it opens the next batch
                break
            batch.append(one)
        try:
            risks = await asyncio.to_thread(the_card.risks, [row for rows, _ in batch for row in rows])
        except Exception as error:
            risks = error
        for rows, answer in batch:
            if answer.done():  # the client has gone
                pass
            elif isinstance(risks, Exception):
                answer.set_exception(HTTPException(503, f"the card failed: {risks}"))
            else:
                answer.set_result(risks[: len(rows)])
            if not isinstance(risks, Exception):
                risks = risks[len(rows) :]


@asynccontextmanager
async def collecting(app):
    app.state.queue = asyncio.Queue()
    task = asyncio.create_task(collect(app.state.queue))
    yield
    task.cancel()


app = FastAPI(lifespan=collecting)


@app.get("/health", status_code=200)
async def health():
    return dict(status="ok")


@app.post("/risk")
async def in_company(body: dict):
    try:
        rows = [the_card.row(one) for one in body["returns"]]
    except (KeyError, ValueError, TypeError) as fault:
        raise HTTPException(422, f"a return cannot be read: {fault!r}") from None
    answer = asyncio.get_running_loop().create_future()
    await app.state.queue.put((rows, answer))
    return {"version": the_card.version, "risk": await answer}
""".lstrip()
)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-collected", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
week = json.loads(returns.head(40).to_json(orient="records"))
right = model.answer(week)
requests = [{"returns": week[first : first + 2]} for first in range(0, 40, 2)]
Path("bill.txt").write_text("")
try:
    with serving("collected.py", {"MODEL": "risk-12.json", "MAX_ROWS": "10", "MAX_WAIT_MS": "300", "CARD_BILL": "bill.txt"}) as url:
        assert ask(url, "/health")[0] == 200, "GET /health has not status 200."
        alone = load(url, "/risk", requests[:1], clients=1)[0]
        assert alone["status"] == 200 and np.allclose(alone["answer"].get("risk", []), right[:2]), (
            f"A request that is alone got status {alone['status']}, {alone['answer']}; expected the risks {right[:2]}."
        )
        together = load(url, "/risk", requests, clients=20)
        faulty = ask(url, "/risk", {"returns": [{"trip_id": 5, "ended_at": "yesterday"}]})
    calls = [int(rows) for rows in Path("bill.txt").read_text().split()]
finally:
    Path("bill.txt").unlink()
for number, one in enumerate(together):
    assert (
        one["status"] == 200
        and np.allclose(one["answer"].get("risk", []), right[2 * number : 2 * number + 2])
        and one["answer"].get("version") == "12"
    ), (
        f"Of twenty requests at a time, one got status {one['status']}, {one['answer']}; expected version '12' and the risks of its own two returns, {right[2 * number : 2 * number + 2]}."
    )
assert max(calls) <= 10, f"With MAX_ROWS of 10 the card was asked about {max(calls)} rows in one call."
assert sum(calls) == 42, f"Of 42 rows, the card was asked about {sum(calls)}, each once expected."
assert len(calls) <= 12, (
    f"Twenty requests at a time, after a single one, made {len(calls)} calls, expected about five: do they share calls?"
)
assert faulty[0] == 422, f"A return that cannot be read has status {faulty[0]}, expected 422."

# %% nbgrader={"grade": true, "grade_id": "judge-collected", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: collected.py with another model and other settings. A crowd with requests of one to three returns; one among others that cannot be read; a card that fails and recovers; a full batch with a long wait; /health while the card computes.
### BEGIN HIDDEN TESTS
import json
import threading
import time

import numpy as np
from judgekit import fresh
from judgekit import own_folder
from judging import short
from judging_collected import asked, at_once, first_in_time, started
from judging_compare import draw_ids, draw_model, draw_returns

rng = fresh(9)


def own_answers(sent, requests, what):
    """Each of the requests was answered with the risks of its own returns."""
    for (status, said), trips in zip(sent, requests, strict=True):
        right = there.answer(trips)
        assert status == 200 and isinstance(said, dict), f"{what}, a request has status {status or 'none'}, expected 200: {short(said)}"
        assert len(said.get("risk", [])) == len(right) and np.allclose(said["risk"], right, atol=1e-9), (
            f"{what}, a request with {len(trips)} returns got the risks {short(said.get('risk'))}, expected those of its own returns, in their order: {[round(one, 4) for one in right]}."
        )
        assert said.get("version") == there.version, f"{what}, the version is {said.get('version')!r}, expected {there.version!r}."


with own_folder() as place:
    there = draw_model(rng, 61, place / "61.json")
    trips = json.loads(draw_returns(rng, 120, 1, draw_ids(rng, 120)).to_json(orient="records"))
    sizes = [int(size) for size in rng.permutation([3] * 22 + [2, 1])]
    edges = np.cumsum([0, *sizes])
    crowd = [trips[first:last] for first, last in zip(edges, edges[1:])]
    basic = {"MODEL": place / "61.json", "CARD_FAILS": place / "fails", "CARD_BILL": place / "bill.txt"}
    with started(steer, "collected.py", {**basic, "MAX_ROWS": 13, "MAX_WAIT_MS": 250}) as url:
        own_answers(at_once(url, crowd), crowd, "With 24 clients at a time")
        calls = [int(rows) for rows in (place / "bill.txt").read_text().split()]
        assert max(calls) <= 13, f"With MAX_ROWS of 13 the card was asked about {max(calls)} rows in one call."
        assert sum(calls) == sum(sizes), f"Of {sum(sizes)} rows the card was asked about {sum(calls)}, expected each once."
        assert len(calls) <= 14, (
            f"24 requests at a time made {len(calls)} calls, with room for 13 rows each; expected about {sum(sizes) // 11 + 1}."
        )
        waits = [first_in_time(url, trips[:12], 0.06)]
        if not waits[0]:
            waits.append(first_in_time(url, trips[:12], 0.06))
        assert any(waits), (
            "With MAX_WAIT_MS of 250 a request came every 60 ms, 12 in all, and the first was not answered before the last had come: does each further request make the first wait anew?"
        )
        faulty = [{name: value for name, value in trips[90].items() if name != "climb_m"}]
        mixed = [*([trip] for trip in trips[80:84]), faulty, *([trip] for trip in trips[84:88])]
        sent = at_once(url, mixed)
        assert sent[4][0] == 422, (
            f"A return without climb_m, sent among others, has status {sent[4][0] or 'none'}, expected 422: {short(sent[4][1])}"
        )
        own_answers(sent[:4] + sent[5:], mixed[:4] + mixed[5:], "Together with a request that cannot be read")
        (place / "fails").touch()
        for status, said in at_once(url, crowd[:5]):
            assert status >= 500, (
                f"When the card fails, a request has status {status or 'none: no answer came within ten seconds'}, expected 500 or more for all of the call: {short(said)}"
            )
        (place / "fails").unlink()
        own_answers(at_once(url, crowd[:5]), crowd[:5], "After the card had failed, and works again")
    with started(
        steer, "collected.py", {**basic, "MAX_ROWS": 4, "MAX_WAIT_MS": 30_000, "CARD_MS": 900, "CARD_BUSY": place / "busy"}
    ) as url:
        heard, sent, full, busy = False, [], [[trip] for trip in trips[:4]], place / "busy"
        for _ in (1, 2, 3):
            sent.clear()
            asking = threading.Thread(target=lambda: sent.extend(at_once(url, full)))
            asking.start()
            until = time.monotonic() + 10
            while not busy.exists() and asking.is_alive() and time.monotonic() < until:
                time.sleep(0.01)
            status = asked(url, "/health")[0]
            heard = heard or (status == 200 and busy.exists())
            asking.join()
            assert not any(status == 0 for status, _ in sent), (
                "Four requests, a full batch with MAX_ROWS of 4, were not answered within ten seconds: with a long MAX_WAIT_MS, does a full batch begin at once?"
            )
            own_answers(sent, full, "With a full batch")
            if heard:
                break
        assert heard, "While the card computed a call, which took 0.9 s, /health did not answer, expected that it does."
### END HIDDEN TESTS

# %% [markdown]
# Two things that the batching servers have, and yours has not: a limit to its queue (when more wait than can be answered in time, it is kinder to refuse at once, with status 503, than to let all of them wait), and an orderly end (at a shutdown, those who wait get their answers before the task is cancelled).

# %% [markdown]
# ## Part 7 · Every few minutes, while events still arrive
#
# The vans want to know, for each station and quarter of an hour, how many bikes came back. Between "at once" and "at night" lies the **micro-batch**: each minute or so, what has arrived is counted. But events arrive in any order, some late, some twice, and a count must be *closed* one day, or no van ever drives by it.
#
# When is a quarter of an hour complete? Never for certain. A stream decides it by a **watermark**: the latest event time that it has seen, minus a tolerance, the *allowed lateness*. All windows that end at or before the watermark are closed: their counts go out, once, and what belongs to them is forgotten. An event for a closed window comes too late for the stream. It is not lost: it is set
# aside, and the backfill of Part 3 re-opens its day.
#
# Bo counts like this:


# %%
def bos_step(state, events, now, lateness_s):
    """Count events by quarter of an hour and station; close what is over by the clock on the wall."""
    state = state or {}
    for event in events:
        window = f"{event['ended_at'] // 900 * 900}/{event['station']}"
        state[window] = state.get(window, 0) + 1
    closed = [
        [int(name.split("/")[0]), int(name.split("/")[1]), count] for name, count in state.items() if int(name.split("/")[0]) + 900 <= now
    ]
    return state, closed, []


def event(trip, at, station=1):
    """Return an event whose time is so many seconds after midnight of 7 November."""
    return {"trip_id": trip, "ended_at": 1_762_473_600 + at, "station": station}


state = None
for now, events in [
    (1_000, [event(1, 850), event(2, 990)]),
    (1_300, [event(3, 880), event(1, 850), event(4, 1_250)]),
    (1_500, [event(4, 1_250)]),
]:
    state, closed, aside = bos_step(state, events, 1_762_473_600 + now, 300)
    print(f"at {now} s closed:", [[start - 1_762_473_600, station, count] for start, station, count in closed])

# %% [markdown]
# He closes by the clock on the wall, so an event that took a minute is lost to its window; he reports each window again and again; trips 1 and 4, which came twice, count twice; and nothing is ever forgotten: a stream that remembers all it has seen runs for a month and then out of memory.
#
# There is one more trap. One dock whose clock is a day ahead would push the watermark over everything, and from then on *all* honest events come too late. An event from the future must not move it.

# %% [markdown]
# ### Exercise 7 — Each event once
# *Difficulty ●●● · about 20 minutes*
#
# Write `step(state, events, now, lateness_s)`, which is called with each micro-batch. `state` is what it returned for the one before (`None` at the start), and must survive `json.dumps` and `json.loads`, for between any two batches the process may be started anew. `events` is a list of dictionaries with `trip_id`, `ended_at` (whole seconds since 1970) and `station`; `now` the time at which they are counted. It returns `state, closed, aside`.
#
# - An event whose `ended_at` is more than 60 s after `now` is set aside; it counts for nothing.
# - The *watermark* is the latest `ended_at` of all other events so far, minus `lateness_s`; so it never goes back. Windows are quarters of an hour, from `ended_at // 900 * 900` on. Events are judged by the watermark **as the batch before left it**: in a batch, no order counts. An event whose window ends at or before that watermark is set aside.
# - All others count in their window, by station, each trip once however often it comes, in one batch or in several. (Repeats are equal here; what a dock *corrects* is left to the backfill.)
# - Then the watermark moves, and each window that ends at or before it is closed: `closed` has a `[start of the window, station, count]` for each of its stations, once for ever. A batch without events moves nothing.
# - `aside` is the list of the events that were set aside. An event for a closed window is set aside also if its trip was counted there: the state no longer knows, the backfill does. A repeat in an open window is neither counted nor set aside.
# - The state knows nothing of closed windows: it must not grow with what is over. At most 200 bytes of JSON for each trip in an open window, and 2,000 more.
#
# <details><summary>Hint 1</summary>What must you know of an open window to tell whether a trip has been counted in it? And of a closed one? JSON knows neither sets nor tuples, and its keys are texts: try <code>json.loads(json.dumps(state))</code> with your first idea.</details>
# <details><summary>Hint 2</summary>Three passes over a batch: set aside and count, by the <em>old</em> watermark; move the watermark; close. Beside the trips by window and station, the state needs one number. Which event times may enter it: also those of events that came too late? Also those from the future?</details>


# %% nbgrader={"grade": false, "grade_id": "stream", "locked": false, "schema_version": 3, "solution": true, "task": false}
def step(state, events, now, lateness_s):
    """Count a micro-batch. Return the new state, the windows that it closes, and the events that it sets aside."""
    ### BEGIN SOLUTION
    open_windows = {} if state is None else state["open"]
    latest = None if state is None else state["latest"]
    mark = -math.inf if latest is None else latest - lateness_s
    closed, aside = [], []
    for event in events:
        start = event["ended_at"] // 900 * 900
        if event["ended_at"] > now + 60:
            aside.append(event)
            continue
        latest = event["ended_at"] if latest is None else max(latest, event["ended_at"])
        if start + 900 <= mark:
            aside.append(event)
        else:
            trips = open_windows.setdefault(str(start), {}).setdefault(str(event["station"]), [])
            if event["trip_id"] not in trips:
                trips.append(event["trip_id"])
    if latest is not None:
        for start in sorted(open_windows, key=int):
            if int(start) + 900 <= latest - lateness_s:
                closed += [[int(start), int(station), len(trips)] for station, trips in open_windows.pop(start).items()]
    return {"open": open_windows, "latest": latest}, closed, aside
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-stream", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
day = 1_762_473_600
tale = [  # seconds after midnight; what happens; events; what closes; what is set aside
    (1_000, "two events, one of them of the first quarter", [(1, 850), (2, 990)], [], set()),
    (1_300, "a late one, which the lateness allows, and trip 1 again", [(3, 880), (1, 850), (4, 1_150)], [], set()),
    (1_350, "nothing", [], [], set()),
    (1_400, "the latest is at 1,260: the watermark passes 900", [(5, 1_260), (6, 895)], [[0, 1, 3]], set()),
    (1_450, "events of the closed quarter: one new, one counted before", [(7, 870), (3, 880), (8, 1_300)], [], {7, 3}),
    (1_500, "a clock that is a day ahead, and trip 4 again", [(9, 1_500 + 86_400), (4, 1_150)], [], {9}),
    (2_300, "the second quarter closes", [(10, 2_290)], [[900, 1, 4]], set()),
]
said = stream_through(
    [[day + now, [{"trip_id": trip, "ended_at": day + at, "station": 1} for trip, at in events]] for now, _, events, _, _ in tale], 300
)
for one, (now, what, _, closed, aside) in zip(said, tale):
    found = [[start - day, station, count] for start, station, count in one["closed"]]
    assert found == closed, (
        f"With an allowed lateness of 300 s, at {now} s ({what}) step closes {found}, expected {closed}, as [start in s, station, count]."
    )
    assert {event["trip_id"] for event in one["aside"]} == aside, (
        f"With an allowed lateness of 300 s, at {now} s ({what}) step sets aside the trips {sorted(event['trip_id'] for event in one['aside'])}, expected {sorted(aside)}."
    )
assert len(said[-1]["state"]) < 2_200, (
    f"After the last batch one trip is in an open window, and the state has {len(said[-1]['state'])} bytes."
)

# %% nbgrader={"grade": true, "grade_id": "judge-stream", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: step on streams with late, repeated and unordered events, batches that come twice, an hour without any, and clocks that are wrong. After each batch, what closes and what is set aside.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import short
from judging_stream import draw_stream, streamed

rng = fresh(10)
for lateness in (0, 900, 1_500):
    stream = draw_stream(rng)
    try:
        said = stream_through(stream, lateness)
    except Exception as error:
        raise AssertionError(f"On another stream step stopped with {type(error).__name__}: {short(error, 300)}") from None
    for number, (one, (closed, aside, _), (_, events)) in enumerate(zip(said, streamed(stream, lateness), stream, strict=True)):
        here = f"On another stream, with an allowed lateness of {lateness} s, at batch {number}, with {len(events)} events"
        found = sorted([int(start), int(station), int(count)] for start, station, count in one["closed"])
        assert found == closed, (
            f"{here}, step closes {short([one for one in found if one not in closed] or 'nothing')} that should not close so, "
            f"and not {short([one for one in closed if one not in found] or 'anything else')}, as [start, station, count]."
        )
        got = {event["trip_id"] for event in one["aside"]}
        assert got == aside, (
            f"{here}, step sets aside {short(sorted(got - aside)) if got - aside else 'none'} of the trips that it should count, and not {short(sorted(aside - got)) if aside - got else 'any'} that it should set aside."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-stream-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: step on a long stream. Each trip is counted once or set aside; the state, through JSON after each batch, stays small.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import short
from judging_stream import draw_stream, streamed

rng = fresh(11)
stream = draw_stream(rng, batches=150, per_batch=24)
try:
    said = stream_through(stream, 600)
except Exception as error:
    raise AssertionError(f"On a long stream step stopped with {type(error).__name__}: {short(error, 300)}") from None
right = streamed(stream, 600)
for number, (one, (_, _, open_trips)) in enumerate(zip(said, right, strict=True)):
    most = 2_000 + 200 * len(open_trips)
    assert len(one["state"]) <= most, (
        f"After batch {number} of a long stream {len(open_trips)} trips are in open windows, and the state has {len(one['state'])} bytes, expected at most {most}: what is over should be forgotten."
    )
counted, truth = (
    sum(count for one in some for *_, count in one) for some in ([one["closed"] for one in said], [closed for closed, _, _ in right])
)
assert counted == truth, f"On a long stream the closed windows hold {counted} events in all, expected {truth}: each trip once."
windows = [tuple(window[:2]) for one in said for window in one["closed"]]
assert len(windows) == len(set(windows)), "On a long stream a window and station was closed more than once."
### END HIDDEN TESTS

# %% [markdown]
# The 300 s were Bo's guess. The allowed lateness is one more choice that only data can make: a long one delays every count, a short one sends more events to the backfill. So let us replay a day: Friday 7 November, with the times at which its events arrived, in a batch every five minutes.

# %% nbgrader={"grade": false, "grade_id": "friday", "locked": true, "schema_version": 3, "solution": false, "task": false}
friday = returns[pd.to_datetime(returns["ended_at"], utc=True).dt.strftime("%Y-%m-%d") == "2025-11-07"]
rng = np.random.default_rng(6)
seconds = pd.to_datetime(friday["ended_at"], utc=True).map(lambda moment: int(moment.timestamp())).to_numpy()
quick, slow, hours = rng.exponential(20, len(friday)), rng.uniform(120, 1_500, len(friday)), rng.uniform(3_600, 18_000, len(friday))
arrive = seconds + np.choose(rng.choice(3, len(friday), p=[0.7, 0.25, 0.05]), [quick, slow, hours]).astype(int)
events = [
    {"trip_id": int(trip), "ended_at": int(at), "station": int(station)}
    for trip, at, station in zip(friday["trip_id"], seconds, friday["station"])
]
batches = [
    [now, [one for one, at in zip(events, arrive) if now - 300 <= at < now]]
    for now in range(int(seconds.min()), int(arrive.max()) + 300, 300)
]

# %% tags=["uses-answers"]
table = {}
for lateness_s in (0, 300, 600, 900, 1_200, 3_600, 18_000):
    said = stream_through(batches, lateness_s)
    late = {event["trip_id"] for one in said for event in one["aside"]}
    after = [now - start - 900 for (now, _), one in zip(batches, said) for start, _, _ in one["closed"]]
    table[lateness_s] = {
        "set aside": f"{len(late) / len(events):.1%}",
        "a count is out after (minutes, median)": round(np.median(after) / 60),
    }
pd.DataFrame(table).T.rename_axis("allowed lateness (s)")

# %% [markdown]
# Two kinds of events are late: those whose message took some minutes, and those whose dock had no network for hours. The first kind is worth waiting for, and a quarter of an hour gets nearly all of it. For the second kind one would have to wait for five hours, and no van does. The vans plan with counts that are 25 minutes old at most. So **900 s**: the longest that they can bear, and beyond it the share that is set aside hardly falls. Write such a table
# down beside the number: with other docks the number is another.
#
# A watermark moves only when events come. On this line, after the last bike of the evening, nothing closes any more: the last windows stay open until the next morning's first return, and where there are several sources, one silent one holds all of them up. That is the first trouble with watermarks at work. Streaming systems have a setting for such an *idle* source: after so many minutes of silence it no longer counts, or a heartbeat moves the watermark by the clock.
#
# And "each event once" is a property of the *whole*: our step may be started anew between two batches, but if the process dies after `closed` was sent and before the state was stored, it sends them again. So whoever takes the counts must be idempotent as well: a count belongs to its window and station, and a second one replaces the first.

# %% [markdown]
# ## Part 8 · How long an answer keeps
#
# The app shows a little spanner beside bikes with a risk of a half or more. So it asks for the risk of every bike on the map, all the time: the cheapest answer is one that is there already. Bo has built a *cache*, a store of answers that were given a short while ago, with an **expiry**: the age at which an answer is no longer used.
#
# `draw_log` draws a morning: what the app asked for, and when the true risks changed (a bike was ridden; or a new version of the model was released, after which all risks are others). Here is Bo's cache, replayed:

# %%
log_requests, log_changes = draw_log(seed=7)


def bos_replay(requests, changes, expiry):
    """Return how many answers were computed anew, and how many were not what the model would have said at that moment."""
    kept, computed, stale = {}, 0, 0
    for t, bike in zip(requests["t"], requests["bike"]):
        known = changes[(changes["bike"] == bike) & (changes["t"] <= t)]
        now = known.iloc[-1]["risk"]
        if bike not in kept or t - kept[bike][0] >= expiry:
            kept[bike] = [t, now]
            computed += 1
        kept[bike][0] = t  # used just now: keep it
        stale += kept[bike][1] != now
    return computed, stale


for expiry in (60, 600):
    computed, stale = bos_replay(log_requests.head(400), log_changes, expiry)
    print(f"expiry {expiry} s: {computed} of 400 answers computed, {stale} stale")
log_requests.head(3)

# %% [markdown]
# His cache is wonderfully cheap. Its expiry begins anew *at each use*: the bikes that everyone looks at are never asked about again, all day long. And its key is the bike alone: after a release it goes on to hand out what the old version said. **Staleness**, how far a stored answer is from what one would say now, is the price of a cache. It can be measured, as here: replay the log, and compare with the truth.
#
# What does it cost? An answer that has changed from 0.11 to 0.12 costs nothing. One that shows no spanner where the bike is now unfit for riding costs a complaint, or worse.

# %% [markdown]
# ### Exercise 8 — The right expiry
# *Difficulty ●●○ · about 12 minutes*
#
# Write `replay_cache(requests, changes, expiry)`. It returns a dictionary with the counts of answers that were `computed` (rather than taken from the cache), `stale` (their risk is not the true one at that moment) and `dangerous` (they say less than 0.5, the truth is 0.5 or more). An answer is used as long as it is younger than `expiry` seconds, counted from its computation, and only for the version that computed it. `requests` come in the order of `t`; a change counts from its
# own second on, and a bike changes at most once in a second; with an expiry of 0 everything is computed.
#
# Write `choose_expiry(requests, changes, prices, candidates)`: the expiry among `candidates` with the lowest cost, if a computed answer costs `prices["compute"]` and a dangerous one `prices["dangerous"]`.
#
# <details><summary>Hint 1</summary>What must a stored answer carry with it, so that you can tell its age, and which version it is from? The true risk is what the bike's last change up to that moment says.</details>
# <details><summary>Hint 2</summary>Walk through the requests once, with a dictionary whose key is everything on which an answer depends. Its time is set when it is computed, and never afterwards. For the truth, <code>pd.merge_asof</code> (or <code>bisect</code> on the times of one bike's changes) finds the last change for all requests at once.</details>


# %% nbgrader={"grade": false, "grade_id": "cache", "locked": false, "schema_version": 3, "solution": true, "task": false}
def replay_cache(requests, changes, expiry):
    """Return how many answers were computed, stale and dangerous."""
    ### BEGIN SOLUTION
    asked = pd.merge_asof(requests, changes.sort_values("t"), on="t", by="bike")
    kept, count = {}, {"computed": 0, "stale": 0, "dangerous": 0}
    for t, key, truth in zip(asked["t"], zip(asked["bike"], asked["version"]), asked["risk"]):
        if key not in kept or t - kept[key][0] >= expiry:
            kept[key] = t, truth
            count["computed"] += 1
        count["stale"] += int(kept[key][1] != truth)
        count["dangerous"] += int(kept[key][1] < 0.5 <= truth)
    return count
    ### END SOLUTION


def choose_expiry(requests, changes, prices, candidates):
    """Return the expiry, in seconds, at which the requests would have cost least."""

    ### BEGIN SOLUTION
    def cost(expiry):
        count = replay_cache(requests, changes, expiry)
        return count["computed"] * prices["compute"] + count["dangerous"] * prices["dangerous"]

    return min(candidates, key=cost)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-cache", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
few_changes = pd.DataFrame({"t": [0, 0, 50, 100, 100], "bike": [1, 2, 1, 1, 2], "risk": [0.2, 0.3, 0.6, 0.7, 0.1]})
few_requests = pd.DataFrame(
    {"t": [10, 40, 50, 69, 70, 90, 100, 120, 130], "bike": [1, 1, 1, 1, 1, 2, 2, 2, 1], "version": ["12"] * 6 + ["13"] * 3}
)
for expiry, expected in [(0, (9, 0, 0)), (60, (5, 2, 2)), (1_000, (4, 3, 3))]:
    said = replay_cache(few_requests, few_changes, expiry)
    assert tuple(said[name] for name in ("computed", "stale", "dangerous")) == expected, (
        f"With an expiry of {expiry} s replay_cache says {said} for nine requests, expected computed, stale, dangerous = {expected}. Bike 1 is asked for at 10, 40, 50, 69, 70 and, by version 13, at 130; it changes at 50 (0.2 to 0.6) and 100."
    )
said = choose_expiry(few_requests, few_changes, {"compute": 1.0, "dangerous": 0.4}, [0, 60, 1_000])
assert said == 1_000, (
    f"If a computed answer costs 1 and a dangerous one 0.4, choose_expiry says {said}, expected 1000: 4 · 1 + 3 · 0.4 = 5.2 is the least."
)
said = choose_expiry(few_requests, few_changes, {"compute": 1.0, "dangerous": 5.0}, [1_000, 60, 0])
assert said == 0, f"If a computed answer costs 1 and a dangerous one 5, choose_expiry says {said}, expected 0."

# %% nbgrader={"grade": true, "grade_id": "judge-cache", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: replay_cache on two other mornings, with a release and without, for several expiries; choose_expiry for other prices.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging_cache import cost_of, draw_morning, replayed

rng = fresh(12)
for release in (True, False):
    requests, changes = draw_morning(rng, release)
    candidates = [0, 30, 120, 400, 1_200, 4_000]
    counts = {expiry: replayed(requests, changes, expiry) for expiry in candidates}
    for expiry in (0, 120, 4_000):
        try:
            said = replay_cache(requests, changes, expiry)
        except Exception as error:
            raise AssertionError(f"On another morning replay_cache stopped with {type(error).__name__}: {error}") from None
        for name, right in counts[expiry].items():
            assert said[name] == right, (
                f"On another morning, {'with' if release else 'without'} a release, with an expiry of {expiry} s, replay_cache says {said}, expected {counts[expiry]}."
            )
    for dangerous in (0.001, 0.02, 0.2, 3.0):
        prices = {"compute": 0.01, "dangerous": dangerous}
        said = choose_expiry(requests, changes, prices, [int(one) for one in rng.permutation(candidates)])
        costs = {expiry: cost_of(count, prices) for expiry, count in counts.items()}
        assert said in costs, f"choose_expiry says {said}, expected one of {candidates}."
        assert costs[said] <= min(costs.values()) + 1e-9, (
            f"On another morning, with {prices}, choose_expiry says {said} s, which costs {costs[said]:.2f}; {min(costs, key=costs.get)} s costs {min(costs.values()):.2f}."
        )
### END HIDDEN TESTS

# %% tags=["uses-answers"]
expiries = [0, 5, 15, 30, 60, 120, 240, 480, 960, 1_920]
counts = pd.DataFrame([replay_cache(log_requests, log_changes, expiry) for expiry in expiries])
bills = {"computing": counts["computed"] * 0.01, "dangerous answers": counts["dangerous"] * 0.40}
fig, axis = plt.subplots(figsize=(8, 3.4))
for style, (name, euros) in zip(("o--", "s:"), bills.items()):
    axis.plot(range(len(expiries)), euros, style, label=name)
axis.plot(range(len(expiries)), sum(bills.values()), "d-", label="both")
axis.set_xticks(range(len(expiries)), [str(expiry) for expiry in expiries])
axis.set(xlabel="expiry (s)", ylabel="cost of a morning (euros)", ylim=(0, None), title="An answer may be old, but how old?")
axis.legend()
fig.tight_layout()
fig.savefig("expiry.png", dpi=100)
plt.close(fig)
print("best:", choose_expiry(log_requests, log_changes, {"compute": 0.01, "dangerous": 0.40}, expiries), "s")
Image(
    "expiry.png",
    alt="Three lines over the expiry from 0 to 1,920 seconds: the cost of computing falls from 25 euros to 4, the cost of dangerous answers rises from nothing to 21, and their sum is lowest, at about 12 euros, for 240 and 480 seconds.",
)

# %% [markdown]
# The lowest point is flat, as it often is: whether 240 or 480 seconds hardly matters, while with none, or with 1,920, the bill is twice as high. Where changes are *known* (a ride ends, a release happens), better than any expiry is to throw the answer away at that moment; the expiry then only guards against the messages that get lost.

# %% [markdown]
# ## Putting it together
#
# That Friday once more, in all the ways. The docks' events come in micro-batches, out of order, a few of them far too late. The stream counts; what it sets aside arrives on Saturday as a file, and the backfill re-opens the day. Then the service, the job and the store are compared, trip by trip.

# %% tags=["uses-answers"]
said = stream_through(batches, 900)
aside = {event["trip_id"] for one in said for event in one["aside"]}
counted = sum(count for one in said for *_, count in one["closed"])
print(
    f"{len(friday)} returns: {counted} in closed windows, {len(aside)} set aside, {len(friday) - counted - len(aside)} in windows that are still open"
)

folders = ("friday", "saturday", "friday_store")
for folder in folders:
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
for folder in folders[:2]:
    friday[~friday["trip_id"].isin(aside)].to_csv(f"{folder}/2025-11-07.csv", index=False)
friday[friday["trip_id"].isin(aside)].to_csv("saturday/2025-11-08.csv", index=False)
job = {"arrivals": "saturday", "store": "friday_store", "model": "risk-12.json"}
night, died, morning, again = played([{**job, "arrivals": "friday"}, {**job, "kill_at": 2}, job, job])
print(
    f"at night {night['rows']} rows computed; in the morning killed, started again: {morning['rows']} rows; and once more: {again['rows']}"
)

stored = pd.read_csv("friday_store/day=2025-11-07.csv")[["trip_id", "risk"]]
whole = nightly(["saturday/2025-11-07.csv", "saturday/2025-11-08.csv"], "risk-12.json")["table"][["trip_id", "risk"]]
asked_for = online.loc[online["trip_id"].isin(friday["trip_id"]), ["trip_id", "risk"]]
print("service and job: ", compare(asked_for, whole, 1e-9))
print("service and store:", compare(asked_for, stored, 1e-9))
for folder in folders:
    shutil.rmtree(folder)

# %% nbgrader={"grade": false, "grade_id": "rest", "locked": true, "schema_version": 3, "solution": false, "task": false}
rest()  # the process that started the services ends, too

# %% [markdown]
# "Then why does it say two things?", Rosa had asked. Now it says one. What to take to work tomorrow:
#
# - Two paths drift apart unless one code computes for both, or a test compares them row by row at every change. Compare by key, features as well as answers.
# - Nothing that belongs to the model may be computed from the batch. How the data are cut must not matter.
# - A backfill knows what each day was made from, replaces a day in one step, and may be killed and started again by anyone.
# - Ask who waits, and how long they may. Online, every few minutes, at night: each has its price, and idle hours are a part of it.
# - Measure a curve before you choose a batch size, an expiry or a lateness; write down the limit that decided.
# - An event has its own time. Count by that, close by a watermark, and give the late ones a way back.
#
# ## Going further
#
# - **The column form.** Write the features of `nightly.py` for whole columns, and let the service use the same function for a table of one row. How much quicker is the job, how much slower the service? Which of your tests guards it?
# - **Two collectors.** Start `collected.py` with `MAX_WAIT_MS` of 0, 5 and 50, and draw latency and rows a call over the number of clients. Where does a wait begin to pay?
# - **Throw away, instead of expiry.** Add to `replay_cache` a message for each change, one in twenty of which gets lost. Which expiry is best now?
#
# To read:
#
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 7, on batch and online prediction: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
# - Dask's documentation: [best practices for data frames](https://docs.dask.org/en/stable/dataframe-best-practices.html)
# - TensorFlow Serving: [the guide to its batching parameters](https://github.com/tensorflow/serving/blob/master/tensorflow_serving/batching/README.md)
# - Tyler Akidau, *Streaming 101*, on event time and watermarks: [the article at O'Reilly](https://www.oreilly.com/radar/the-world-beyond-batch-streaming-101/)
# - Spark's guide to Structured Streaming: [event time and watermarks](https://spark.apache.org/docs/latest/structured-streaming-programming-guide.html)
