# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="green" points=19 why="another style: the found text, patched place by place; ok looks for results that are no success" name="right-1"
text = FOUND_CI
for old, new in [
    ('    paths: ["**.py"]\n', ''),
    ('bash check unit | tee unit.txt', 'set -o pipefail\n          bash check unit | tee unit.txt'),
    ('- name: Keep the report\n', '- name: Keep the report\n        if: ${{ !cancelled() }}\n'),
    (' || echo "data tests failed, please look"', ''),
    ('        continue-on-error: true\n', ''),
    ('          set +e\n          bash check model\n          echo "the model tests ended with $?" >> "$GITHUB_STEP_SUMMARY"\n', '          bash check model\n'),
    ('key: features-${{ runner.os }}', "key: features-${{ hashFiles('data/*.csv') }}-${{ hashFiles('alarm.py') }}-${{ hashFiles('requirements.txt') }}"),
    ('    runs-on: ubuntu-24.04\n', '    runs-on: ubuntu-24.04\n    timeout-minutes: 15\n'),
    ('- run: echo "all checks are done"', "- if: contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled') || contains(needs.*.result, 'skipped')\n        run: exit 1"),
]:
    text = text.replace(old, new)
Path('ci.yml').write_text(text)

# %% grade_id="green" points=19 why="another style: the workflow as dictionaries, dumped; restoring and saving the cache are two steps, no job waits for another, timeouts at the steps, ok compares a joined text"
workflow = read_workflow(FOUND_CI)
workflow["on"] = ["push", "pull_request"]
jobs = workflow["jobs"]
jobs["unit"]["steps"][1] = {"run": "bash check unit > unit.txt"}
jobs["unit"]["steps"][2]["if"] = "success() || failure()"
jobs["data"]["steps"][1]["run"] = "bash check data"
del jobs["model"]["needs"]
restore, build, fit, test = jobs["model"]["steps"][1:]
restore["with"]["key"] = "${{ hashFiles('data/**', 'requirements.txt', 'alarm.py') }}"
restore["uses"] = "actions/cache/restore@5a3ec84eff668545956fd18022155c47e93e2684"
restore["with"]["restore-keys"] = "features-"
jobs["model"]["steps"].append(
    {
        "if": "steps.features.outputs.cache-hit != 'true'",
        "uses": "actions/cache/save@5a3ec84eff668545956fd18022155c47e93e2684",
        "with": {"path": "features.csv", "key": "${{ steps.features.outputs.cache-primary-key }}"},
    }
)
del fit["continue-on-error"]
test["run"] = "if bash check model; then\n  echo fine\nelse\n  exit 1\nfi"
jobs["ok"] = {
    "needs": ["unit", "data", "model"],
    "if": "${{ always() }}",
    "runs-on": "ubuntu-24.04",
    "steps": [{"run": '[ "$RESULTS" = "success success success" ]', "env": {"RESULTS": "${{ join(needs.*.result, ' ') }}"}}],
}
for job in jobs.values():
    for step in job["steps"]:
        if "run" in step:
            step["timeout-minutes"] = 8
Path("ci.yml").write_text(yaml.safe_dump(workflow, sort_keys=False))

# %% grade_id="green" points=0 message="a skipped job counts as passed" why="hands in the workflow as it was found"
Path("ci.yml").write_text(FOUND_CI)

# %% grade_id="green" points=7 message="A pipe's exit code is that of its last part" why="mends all but the pipe" changes="right-1"
-    ('bash check unit | tee unit.txt', 'set -o pipefail\n          bash check unit | tee unit.txt'),

# %% grade_id="green" points=3 message="a skipped job counts as passed" why="takes always() away from ok, which then is skipped, and counts as passed" changes="right-1"
-    ('- run: echo "all checks are done"', "- if: contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled') || contains(needs.*.result, 'skipped')\n        run: exit 1"),
@@
 Path('ci.yml').write_text(text)
+Path("ci.yml").write_text(Path("ci.yml").read_text().replace("    if: always()\n", ""))

# %% grade_id="green" points=9 message="its required check waits for ever" why="keeps the path filters: passes what is visible" changes="right-1"
-    ('    paths: ["**.py"]\n', ''),

# %% grade_id="green" points=13 message="in which the check train fails, can be merged" why="keeps continue-on-error at the training: passes what is visible" changes="right-1"
-    ('        continue-on-error: true\n', ''),

# %% grade_id="green" points=13 message="in which the check model fails, can be merged" why="keeps set +e in the model tests: passes what is visible" changes="right-1"
-    ('          set +e\n          bash check model\n          echo "the model tests ended with $?" >> "$GITHUB_STEP_SUMMARY"\n', '          bash check model\n'),

# %% grade_id="green" points=15 message="After a failed step a step runs only if" why="does not keep the report of failed tests: passes what is visible" changes="right-1"
-    ('- name: Keep the report\n', '- name: Keep the report\n        if: ${{ !cancelled() }}\n'),

# %% grade_id="green" points=15 message="is stopped after 45 minutes" why="bounds the jobs, and too loosely: passes what is visible" changes="right-1"
-    ('    runs-on: ubuntu-24.04\n', '    runs-on: ubuntu-24.04\n    timeout-minutes: 15\n'),
+    ('    runs-on: ubuntu-24.04\n', '    runs-on: ubuntu-24.04\n    timeout-minutes: 45\n'),

# %% grade_id="green" points=15 message="neither is a failure" why="asks for the absence of failure, and a job that is out of time has not failed: passes what is visible" changes="right-1"
-    ('- run: echo "all checks are done"', "- if: contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled') || contains(needs.*.result, 'skipped')\n        run: exit 1"),
+    ('- run: echo "all checks are done"', "- if: contains(needs.*.result, 'failure')\n        run: exit 1"),

# %% grade_id="green" points=15 message="it is wanted in any case" why="keeps the report of failed tests only: passes what is visible" changes="right-1"
-    ('- name: Keep the report\n', '- name: Keep the report\n        if: ${{ !cancelled() }}\n'),
+    ('- name: Keep the report\n', '- name: Keep the report\n        if: failure()\n'),

# %% grade_id="green" points=16 message="the features were built; expected the other" why="a key that is new in each commit, so that the cache never serves: passes what is visible" changes="right-1"
-    ('key: features-${{ runner.os }}', "key: features-${{ hashFiles('data/*.csv') }}-${{ hashFiles('alarm.py') }}-${{ hashFiles('requirements.txt') }}"),
+    ('key: features-${{ runner.os }}', 'key: features-${{ github.sha }}'),

# %% grade_id="green" points=16 message="requirements.txt has changed" why="a key that forgets the requirements: passes what is visible" changes="right-1"
-    ('key: features-${{ runner.os }}', "key: features-${{ hashFiles('data/*.csv') }}-${{ hashFiles('alarm.py') }}-${{ hashFiles('requirements.txt') }}"),
+    ('key: features-${{ runner.os }}', "key: features-${{ hashFiles('data/*.csv', 'alarm.py') }}"),

# %% grade_id="data-tests" points=16 why="another style: a class, one condition for all rows" name="right-1"
import pandas as pd


class TestTrips:
    names = ("train", "test")
    tables = property(lambda self: {name: pd.read_csv(f"data/{name}.csv") for name in self.names})

    def test_columns(self):
        for name, trips in self.tables.items():
            wanted = "trip_id day end_station_id distance_km climb_m km_since_service tyre_pressure_bar ebike needs_repair"
            assert sorted(trips) == sorted(wanted.split()), f"{name}: {list(trips)}"
            assert trips.shape[0] > 199

    def test_rows(self):
        for name, t in self.tables.items():
            fine = (t.distance_km > 0) & (t.distance_km <= 60) & (t.climb_m.abs() <= 300) & (t.km_since_service >= 0) & (t.km_since_service <= 1000)
            fine &= t.ebike.isin([0, 1]) & t.needs_repair.isin([0, 1]) & (t.end_station_id >= 1)
            fine &= t.trip_id.notna() & t.day.str.fullmatch(r"\d{4}-\d\d-\d\d")
            fine &= t.tyre_pressure_bar.isna() | ((t.tyre_pressure_bar >= 1) & (t.tyre_pressure_bar <= 6))
            assert fine.all(), f"{name}: {t[~fine].head(3).to_string()}"

    def test_shares(self):
        for name, t in self.tables.items():
            assert t.ebike.nunique() == 2
            assert 0.03 <= t.needs_repair.mean() <= 0.25, f"{name}: {t.needs_repair.mean()}"
            for label, rows in t.groupby("needs_repair"):
                assert rows.tyre_pressure_bar.isna().mean() <= 0.15, f"{name}, label {label}"

    def test_both(self):
        train, test = self.tables.values()
        assert not set(train.trip_id) & set(test.trip_id)
        assert not train.trip_id.duplicated().any() and not test.trip_id.duplicated().any()
        assert max(train.day) < min(test.day)


save_cell("test_data.py")

# %% grade_id="data-tests" points=16 why="another style: no pandas, rows as dictionaries, one test that collects all complaints"
import csv
import re
from collections import Counter

LIMITS = {"distance_km": (0.001, 60), "climb_m": (-300, 300), "km_since_service": (0, 1000), "end_station_id": (1, 10**6)}
OTHERS = {"trip_id", "day", "tyre_pressure_bar", "ebike", "needs_repair"}


def rows_of(name):
    with open(f"data/{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def complaints(name, rows):
    if set(rows[0]) != {*LIMITS, *OTHERS}:
        yield f"{name}: columns {sorted(rows[0])}"
        return
    if len(rows) < 200:
        yield f"{name}: {len(rows)} rows"
    for row in rows:
        for column, (low, high) in LIMITS.items():
            if row[column] == "" or not low <= float(row[column]) <= high:
                yield f"{name}: trip {row['trip_id']} has {column} {row[column]}"
        if not row["trip_id"] or not re.fullmatch(r"2[0-9]{3}-[01][0-9]-[0-3][0-9]", row["day"]):
            yield f"{name}: trip {row['trip_id']!r} of day {row['day']}"
        if row["tyre_pressure_bar"] and not 1 <= float(row["tyre_pressure_bar"]) <= 6:
            yield f"{name}: trip {row['trip_id']} has {row['tyre_pressure_bar']} bar"
        if row["needs_repair"] == "" or float(row["needs_repair"]) not in (0, 1):
            yield f"{name}: label {row['needs_repair']}"
    if {float(row["ebike"]) for row in rows} != {0, 1}:
        yield f"{name}: ebike"
    labels = Counter(row["needs_repair"] for row in rows)
    missing = Counter(row["needs_repair"] for row in rows if not row["tyre_pressure_bar"])
    for label, number in labels.items():
        if missing[label] > 0.15 * number:
            yield f"{name}: {missing[label]} of {number} pressures are missing where the label is {label}"
    broken = sum(row["needs_repair"] not in ("0", "0.0") for row in rows) / len(rows)
    if not 0.03 <= broken <= 0.25:
        yield f"{name}: {broken:.0%} broken"


def test_contract():
    train, test = rows_of("train"), rows_of("test")
    found = [*complaints("train", train), *complaints("test", test)]
    twice = [key for key, number in Counter(row["trip_id"] for row in train + test).items() if number > 1]
    found += [f"trip {key} is there twice" for key in twice]
    if max(row["day"] for row in train) >= min(row["day"] for row in test):
        found.append("the files overlap in time")
    assert not found, "\n".join(found[:5])


save_cell("test_data.py")

# %% grade_id="data-tests" points=4 message="the distances in test.csv are metres" why="looks at train.csv only" changes="right-1"
-    names = ("train", "test")
+    names = ("train",)
@@
-        train, test = self.tables.values()
-        assert not set(train.trip_id) & set(test.trip_id)
-        assert not train.trip_id.duplicated().any() and not test.trip_id.duplicated().any()
-        assert max(train.day) < min(test.day)
+        train = self.tables["train"]
+        assert not train.trip_id.duplicated().any()

# %% grade_id="data-tests" points=6 message="which the contract allows" why="wants the columns in one order" changes="right-1"
-            assert sorted(trips) == sorted(wanted.split()), f"{name}: {list(trips)}"
+            assert list(trips) == wanted.split(), f"{name}: {list(trips)}"

# %% grade_id="data-tests" points=0 message="Your tests fail on the data as they are" why="takes missing pressures for wrong ones" changes="right-1"
-            fine &= t.trip_id.notna() & t.day.str.fullmatch(r"\d{4}-\d\d-\d\d")
-            fine &= t.tyre_pressure_bar.isna() | ((t.tyre_pressure_bar >= 1) & (t.tyre_pressure_bar <= 6))
+            fine &= t.tyre_pressure_bar.between(1, 6)

# %% grade_id="data-tests" points=0 message="pytest found no test" why="a function that pytest does not take for a test"
def check_trips():
    import pandas as pd

    assert pd.read_csv("data/train.csv")["trip_id"].is_unique


save_cell("test_data.py")

# %% grade_id="data-tests" points=10 message="the pressures of most broken bikes are missing" why="asks for missing pressures over all rows, so one cannot see that they tell the label: passes what is visible" changes="right-1"
-            for label, rows in t.groupby("needs_repair"):
+            for label, rows in [("any", t)]:

# %% grade_id="data-tests" points=10 message="some trips of test.csv stand in train.csv" why="looks for trips that stand twice within a file only: passes what is visible" changes="right-1"
-        assert not set(train.trip_id) & set(test.trip_id)

# %% grade_id="data-tests" points=10 message="some labels in train.csv are missing" why="forgets that a label may be missing: passes what is visible" changes="right-1"
-            fine &= t.ebike.isin([0, 1]) & t.needs_repair.isin([0, 1]) & (t.end_station_id >= 1)
+            fine &= t.ebike.isin([0, 1]) & ~(t.needs_repair > 1) & (t.end_station_id >= 1)

# %% grade_id="data-tests" points=12 message="a new station" why="takes what the data are now for what is promised, 40 stations: passes what is visible" changes="right-1"
-            fine &= t.ebike.isin([0, 1]) & t.needs_repair.isin([0, 1]) & (t.end_station_id >= 1)
+            fine &= t.ebike.isin([0, 1]) & t.needs_repair.isin([0, 1]) & t.end_station_id.between(1, 40)

# %% grade_id="data-tests" points=10 message="are written as 2025/10/07" why="compares days as texts, whatever their form: passes what is visible" changes="right-1"
-            fine &= t.trip_id.notna() & t.day.str.fullmatch(r"\d{4}-\d\d-\d\d")
+            fine &= t.trip_id.notna()

# %% grade_id="model-tests" points=18 why="another style: one short test for each promise, all rows one by one" name="right-1"
import numpy as np
from alarm import load, read_trips, save, score, train

PAST, LATER = read_trips("data/train.csv"), read_trips("data/test.csv")
MODEL = train(PAST.copy(), seed=5)


def scores(trips, model=MODEL):
    return np.array(score(model, trips.copy()), dtype=float)


def close(a, b):
    return np.abs(np.asarray(a) - np.asarray(b)).max() < 1e-6


def test_range():
    assert len(scores(LATER)) == len(LATER)
    assert scores(LATER).min() >= 0 and scores(LATER).max() <= 1


def test_alone():
    one_by_one = [scores(LATER[n : n + 1])[0] for n in range(len(LATER))]
    assert close(one_by_one, scores(LATER))


def test_order():
    assert close(scores(LATER[::-1])[::-1], scores(LATER))


def test_keys():
    assert close(scores(LATER.assign(trip_id=range(len(LATER)), day="2020-02-02", end_station_id=7)), scores(LATER))


def test_wear():
    assert scores(LATER.assign(km_since_service=350)).mean() / scores(LATER.assign(km_since_service=50)).mean() > 1.5


def test_air():
    assert scores(LATER.assign(tyre_pressure_bar=2.8)).mean() / scores(LATER.assign(tyre_pressure_bar=4.2)).mean() > 1.5


def test_table_stays():
    mine = LATER.copy()
    score(MODEL, mine)
    assert mine.equals(LATER)


def test_file(tmp_path):
    save(MODEL, tmp_path / "m.json")
    assert close(scores(LATER, load(tmp_path / "m.json")), scores(LATER))


def test_seed():
    assert close(scores(LATER, train(PAST.copy(), seed=5)), scores(LATER))


def test_learns():
    y, constant = LATER["needs_repair"], PAST["needs_repair"].mean()
    loss = -(y * np.log(scores(LATER)) + (1 - y) * np.log(1 - scores(LATER))).mean()
    assert loss < -(y * np.log(constant) + (1 - y) * np.log(1 - constant)).mean()


save_cell("test_model.py")

# %% grade_id="model-tests" points=18 why="another style: two tests that do much, scikit-learn's log_loss, pandas' testing"
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

import alarm

past = alarm.read_trips("data/train.csv")


def ask(model, trips):
    before = trips.copy()
    said = pd.Series(alarm.score(model, trips), index=trips.index)
    pd.testing.assert_frame_equal(before, trips)
    assert said.between(0, 1).all() and said.notna().all()
    return said


def test_score():
    model, later = alarm.train(past, 3), alarm.read_trips("data/test.csv")
    said = ask(model, later)
    rng = np.random.default_rng(1)
    holes = later.index[later.tyre_pressure_bar.isna()]
    for _ in range(25):
        few = later.loc[rng.choice(later.index, 3, replace=False)]
        pd.testing.assert_series_equal(ask(model, few), said[few.index], atol=1e-6, rtol=0)
    for n in holes[:8]:
        assert abs(ask(model, later.loc[[n]])[n] - said[n]) < 1e-6
    other = later.assign(trip_id=later.trip_id[::-1].values, end_station_id=3, day="1999-12-31")
    pd.testing.assert_series_equal(ask(model, other), said, atol=1e-6, rtol=0)
    for column, low, high in [("km_since_service", 50, 350), ("tyre_pressure_bar", 4.2, 2.8)]:
        assert ask(model, later.assign(**{column: high})).mean() > 1.5 * ask(model, later.assign(**{column: low})).mean()
    with tempfile.TemporaryDirectory() as folder:
        alarm.save(model, Path(folder, "x.json"))
        pd.testing.assert_series_equal(ask(alarm.load(Path(folder, "x.json")), later), said, atol=1e-6, rtol=0)


def test_train():
    later = alarm.read_trips("data/test.csv")
    once, again = (ask(alarm.train(past, seed=11), later) for _ in range(2))
    assert np.allclose(once, again, atol=1e-6, rtol=0)
    assert log_loss(later.needs_repair, once) < log_loss(later.needs_repair, np.full(len(later), past.needs_repair.mean()))


save_cell("test_model.py")

# %% grade_id="model-tests" points=4 message="from the smallest to the largest" why="tests ranges and directions only"
import numpy as np
from alarm import load, read_trips, save, score, train

PAST, LATER = read_trips("data/train.csv"), read_trips("data/test.csv")
MODEL = train(PAST.copy(), seed=5)


def scores(trips, model=MODEL):
    return np.array(score(model, trips.copy()), dtype=float)


def close(a, b):
    return np.abs(np.asarray(a) - np.asarray(b)).max() < 1e-6


def test_range():
    assert len(scores(LATER)) == len(LATER)
    assert scores(LATER).min() >= 0 and scores(LATER).max() <= 1


def test_wear():
    assert scores(LATER.assign(km_since_service=350)).mean() / scores(LATER.assign(km_since_service=50)).mean() > 1.5


def test_air():
    assert scores(LATER.assign(tyre_pressure_bar=2.8)).mean() / scores(LATER.assign(tyre_pressure_bar=4.2)).mean() > 1.5


save_cell("test_model.py")

# %% grade_id="model-tests" points=11 message="the scores are too high by as much" why="does not ask whether the training learns anything: passes what is visible" changes="right-1"
-def test_learns():
-    y, constant = LATER["needs_repair"], PAST["needs_repair"].mean()
-    loss = -(y * np.log(scores(LATER)) + (1 - y) * np.log(1 - scores(LATER))).mean()
-    assert loss < -(y * np.log(constant) + (1 - y) * np.log(1 - constant)).mean()
-
-

# %% grade_id="model-tests" points=0 message="Your tests fail on the alarm as it is" why="wants the very numbers of today's model" changes="right-1"
     return np.abs(np.asarray(a) - np.asarray(b)).max() < 1e-6
+
+
+def test_golden():
+    assert abs(scores(LATER).mean() - 0.1) < 0.0001

# %% grade_id="model-tests" points=14 message="An honest change" why="wants each trip's score to rise with each kilometre, which nobody promised: passes what is visible" changes="right-1"
 def test_wear():
+    steps = [scores(LATER.assign(km_since_service=km)) for km in range(50, 350, 10)]
+    assert all((later > before).all() for before, later in zip(steps, steps[1:]))

# %% grade_id="model-tests" points=11 message="missing pressure" why="leaves out the trips with a missing pressure: passes what is visible" changes="right-1"
-PAST, LATER = read_trips("data/train.csv"), read_trips("data/test.csv")
+PAST, LATER = read_trips("data/train.csv"), read_trips("data/test.csv").dropna()

# %% grade_id="model-tests" points=11 message="in the caller's own table" why="works on copies only, so does not see what happens to the caller's table: passes what is visible" changes="right-1"
-def test_table_stays():
-    mine = LATER.copy()
-    score(MODEL, mine)
-    assert mine.equals(LATER)
-
-

# %% grade_id="model-tests" points=11 message="train ignores its seed" why="forgets the seed: passes what is visible" changes="right-1"
-def test_seed():
-    assert close(scores(LATER, train(PAST.copy(), seed=5)), scores(LATER))
-
-

# %% grade_id="model-tests" points=11 message="the station has become a feature" why="does not change the keys: passes what is visible" changes="right-1"
-
-
-def test_keys():
-    assert close(scores(LATER.assign(trip_id=range(len(LATER)), day="2020-02-02", end_station_id=7)), scores(LATER))

# %% grade_id="flaky" points=15 why="another style: tables read once, numpy only" name="right-1"
import numpy as np
from alarm import read_trips, score, train

PAST, LATER = read_trips("data/train.csv"), read_trips("data/test.csv")
BROKEN = LATER["needs_repair"].to_numpy() == 1


def loss(p):
    return -np.log(np.where(BROKEN, p, 1 - p)).mean()


def test_learns():
    """On trips that it was not trained on the alarm does better than a constant."""
    assert loss(score(train(PAST, 7), LATER)) < loss(np.full(len(LATER), PAST["needs_repair"].mean()))


def test_ranks():
    """Of the tenth with the highest scores, at least twice as many are broken as on average."""
    order = np.argsort(-score(train(PAST, 7), LATER), kind="stable")
    assert BROKEN[order[: len(LATER) // 10]].mean() >= 2 * BROKEN.mean()


def test_is_stable():
    """Two trainings on the same trips give nearly the same scores."""
    assert max(abs(score(train(PAST, 7), LATER) - score(train(PAST, 8), LATER))) < 0.1


save_cell("test_training.py")

# %% grade_id="flaky" points=15 why="another style: the mean of several seeded trainings, a parametrised fixture of the session"
import numpy as np
import pytest
from alarm import read_trips, score, train


@pytest.fixture(scope="module")
def asked():
    past, later = read_trips("data/train.csv"), read_trips("data/test.csv")
    return past, later, np.array([score(train(past, seed=n), later) for n in (10, 20, 30)])


def log_loss(trips, scores):
    return float(np.mean(-np.log(np.where(trips["needs_repair"] == 1, scores, 1 - scores))))


def test_learns(asked):
    """On trips that it was not trained on the alarm does better than a constant."""
    past, later, scores = asked
    constant = np.repeat(past["needs_repair"].mean(), len(later))
    assert all(log_loss(later, one) < log_loss(later, constant) for one in scores)


def test_ranks(asked):
    """Of the tenth with the highest scores, at least twice as many are broken as on average."""
    _, later, scores = asked
    ranked = later.assign(score=scores.mean(axis=0)).sort_values("score", ascending=False)
    assert ranked["needs_repair"].head(len(later) // 10).mean() >= 2 * later["needs_repair"].mean()


def test_is_stable(asked):
    """Two trainings on the same trips give nearly the same scores."""
    assert np.ptp(asked[2], axis=0).max() < 0.1


save_cell("test_training.py")

# %% grade_id="flaky" points=10 message="A seed makes a verdict repeatable, not right" why="a seed for each line that draws, found by trying, and as few trips as before: passes what is visible" changes="right-1"
-PAST, LATER = read_trips("data/train.csv"), read_trips("data/test.csv")
+SEED = 6
+PAST, LATER = read_trips("data/train.csv").sample(60, random_state=SEED), read_trips("data/test.csv").sample(40, random_state=SEED)

# %% grade_id="flaky" points=10 message="does it judge once?" why="runs each test until it is green: passes what is visible"
import numpy as np
from alarm import read_trips, score, train


def log_loss(trips, scores):
    return -np.log(np.where(trips["needs_repair"] == 1, scores, 1 - scores)).mean()


def often(test):
    def again():
        for _ in range(40):
            try:
                return test()
            except AssertionError:
                pass
        return test()
    return again


@often
def test_learns():
    trips = read_trips("data/train.csv").sample(150)
    past, later = trips[:100], trips[100:]
    constant = np.full(len(later), past["needs_repair"].mean())
    assert log_loss(later, score(train(past), later)) < log_loss(later, constant)


@often
def test_ranks():
    later = read_trips("data/test.csv").sample(60)
    worst = later.assign(score=score(train(read_trips("data/train.csv").sample(100)), later)).nlargest(6, "score")
    assert worst["needs_repair"].mean() >= 2 * later["needs_repair"].mean()


@often
def test_is_stable():
    past, later = read_trips("data/train.csv").head(300), read_trips("data/test.csv")
    assert np.abs(score(train(past), later) - score(train(past), later)).max() < 0.1


save_cell("test_training.py")

# %% grade_id="flaky" points=10 message="two trainings give quite different scores" why="compares two trainings with the same seed, which are always equal: passes what is visible" changes="right-1"
-    assert max(abs(score(train(PAST, 7), LATER) - score(train(PAST, 8), LATER))) < 0.1
+    assert max(abs(score(train(PAST, 7), LATER) - score(train(PAST, 7), LATER))) < 0.1

# %% grade_id="flaky" points=10 message="every score is far too high" why="loosens the bound until it is green: passes what is visible" changes="right-1"
-    assert loss(score(train(PAST, 7), LATER)) < loss(np.full(len(LATER), PAST["needs_repair"].mean()))
+    assert loss(score(train(PAST, 7), LATER)) < 9 * loss(np.full(len(LATER), PAST["needs_repair"].mean()))

# %% grade_id="flaky" points=10 message="1.4 times as many are broken" why="asks for 1.2 times as many instead of twice: passes what is visible" changes="right-1"
-    assert BROKEN[order[: len(LATER) // 10]].mean() >= 2 * BROKEN.mean()
+    assert BROKEN[order[: len(LATER) // 10]].mean() > 1.2 * BROKEN.mean()

# %% grade_id="flaky" points=5 message="To take a test away is no way to mend it" why="takes the worst of them away" changes="right-1"
-def test_ranks():
+def ranks():

# %% grade_id="flaky" points=5 message="test_ranks, run alone, fails" why="seeds the sample and forgets the training, and one test still uses what another left"
import numpy as np
from alarm import read_trips, score, train

MODEL = {}


def log_loss(trips, scores):
    return -np.log(np.where(trips["needs_repair"] == 1, scores, 1 - scores)).mean()


def test_learns():
    past, later = read_trips("data/train.csv"), read_trips("data/test.csv")
    MODEL.update(train(past))
    constant = np.full(len(later), past["needs_repair"].mean())
    assert log_loss(later, score(MODEL, later)) < log_loss(later, constant)


def test_ranks():
    later = read_trips("data/test.csv")
    worst = later.assign(score=score(MODEL, later)).nlargest(48, "score")
    assert worst["needs_repair"].mean() >= 2 * later["needs_repair"].mean()


def test_is_stable():
    past, later = read_trips("data/train.csv"), read_trips("data/test.csv")
    assert np.abs(score(train(past, 1), later) - score(train(past, 2), later)).max() < 0.1


save_cell("test_training.py")

# %% grade_id="gate" points=16 why="another style: a bootstrap over the rows' differences"
def euros(said, broken):
    return 8.0 * (said == 1) * (broken == 0) + 40.0 * (said == 0) * (broken == 1)


def gate(trips):
    known = trips.dropna(subset=["needs_repair"])
    fair = known.loc[~(known.released_was_trained_on_it.astype(bool) | known.candidate_was_trained_on_it.astype(bool))]
    d = (euros(fair.candidate, fair.needs_repair) - euros(fair.released, fair.needs_repair)).to_numpy()
    if not len(d):
        return False
    rng = np.random.default_rng(0)
    means = [rng.choice(d, len(d)).mean() for _ in range(300)]
    return not np.quantile(means, 0.025) > 0

# %% grade_id="gate" points=16 why="another style: a paired t-test from scipy, one sided"
from scipy.stats import ttest_rel


def gate(trips):
    rows = trips.query("needs_repair == needs_repair and not released_was_trained_on_it and not candidate_was_trained_on_it")
    costs = [[(8 if not broken else 0) if said else (40 if broken else 0) for said, broken in zip(rows[name], rows["needs_repair"])] for name in ("candidate", "released")]
    if costs[0] == costs[1]:
        return len(rows) > 0
    return bool(ttest_rel(*costs, alternative="greater").pvalue >= 0.02)

# %% grade_id="gate" points=0 message="Half of all equal candidates" why="stops whatever cost more, by however little" name="wrong-3"
def gate(trips):
    fair = trips[trips["needs_repair"].notna() & ~trips["released_was_trained_on_it"] & ~trips["candidate_was_trained_on_it"]]
    cost = {name: np.where(fair[name] == 1, 8 * (1 - fair["needs_repair"]), 40 * fair["needs_repair"]) for name in ("released", "candidate")}
    d = cost["candidate"] - cost["released"]
    return bool(d.mean() <= 0)

# %% grade_id="gate" points=0 message="gate lets" why="compares with the figure of June instead of the released model" changes="wrong-3"
-    return bool(d.mean() <= 0)
+    return bool(cost["candidate"].mean() <= 2.03)

# %% grade_id="gate" points=0 message="gate lets" why="counts right answers, as if a missed bike cost as much as a needless trip"
def gate(trips):
    fair = trips[trips["needs_repair"].notna() & ~trips["released_was_trained_on_it"] & ~trips["candidate_was_trained_on_it"]]
    if fair.empty:
        return False
    cost = {name: 0.0 + (fair[name] == fair["needs_repair"]) * 1 for name in ("released", "candidate")}
    d = cost["candidate"] - cost["released"]
    return bool(d.mean() <= 2 * d.std() / len(d) ** 0.5)

# %% grade_id="gate" points=10 message="Both models answered about the same trips" why="two separate means with their errors, as if they were of different trips: passes what is visible" changes="wrong-3"
-    return bool(d.mean() <= 0)
+    return bool(d.mean() <= 2 * (cost["candidate"].var() + cost["released"].var()) ** 0.5 / len(d) ** 0.5)

# %% grade_id="gate" points=10 message="a bound that is right for 3,000 is too wide" why="a fixed bound, right for a month's trips: passes what is visible" changes="wrong-3"
-    return bool(d.mean() <= 0)
+    return bool(d.mean() <= 0.2)

# %% grade_id="gate" points=12 message="is the comparison fair?" why="forgets who was trained on what: passes what is visible" name="wrong-8"
def gate(trips):
    fair = trips[trips["needs_repair"].notna()]
    cost = {name: np.where(fair[name] == 1, 8 * (1 - fair["needs_repair"]), 40 * fair["needs_repair"]) for name in ("released", "candidate")}
    d = cost["candidate"] - cost["released"]
    return bool(d.mean() <= 2 * d.std() / len(d) ** 0.5)

# %% grade_id="gate" points=12 message="were trained on some of the trips" why="leaves out the released model's trips only: passes what is visible" changes="wrong-8"
-    fair = trips[trips["needs_repair"].notna()]
+    fair = trips[trips["needs_repair"].notna() & ~trips["released_was_trained_on_it"]]

# %% grade_id="gate" points=12 message="The newest labels are not known yet" why="keeps the trips whose label is not known, so that the mean is not a number: passes what is visible" changes="wrong-8"
-    fair = trips[trips["needs_repair"].notna()]
+    fair = trips[~trips["released_was_trained_on_it"] & ~trips["candidate_was_trained_on_it"]]

# %% grade_id="gate" points=10 message="Of no trip is it known" why="lets a candidate through of which nothing is known" changes="wrong-3"
-    return bool(d.mean() <= 0)
+    return not d.mean() > 2 * d.std() / len(d) ** 0.5

# %% grade_id="release" points=16 why="another style: the found text, patched; echo instead of printf, a condition in braces" name="right-1"
text = FOUND_RELEASE
for old, new in [
    ('    branches: [main]\n    tags', '    tags'),
    ('pull_request_target:', 'pull_request:'),
    ('permissions: write-all', 'permissions:\n  contents: read'),
    ('env:\n  REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}\njobs', 'jobs'),
    ("    continue-on-error: ${{ matrix.suite == 'data' }}\n", ''),
    ('actions/checkout@v4\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n', 'actions/checkout@v4\n'),
    ('actions/checkout@v4\n', 'actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2\n        with:\n          persist-credentials: false\n'),
    ('setup-bikes@main', 'setup-bikes@5d1c0a8be93b0f6f4a3f1d9e7c2b8a6450e1f7d3'),
    ('        run: |\n          echo "## ${{ github.event.pull_request.title }}" >> "$GITHUB_STEP_SUMMARY"\n          echo "branch ${{ github.head_ref }}: ${{ needs.test.result }}" >> "$GITHUB_STEP_SUMMARY"\n', '        run: |\n          echo "## $TITLE" >> "$GITHUB_STEP_SUMMARY"\n          echo "branch $GITHUB_HEAD_REF: $RESULT" >> "$GITHUB_STEP_SUMMARY"\n        env:\n          TITLE: ${{ github.event.pull_request.title }}\n          RESULT: ${{ needs.test.result }}\n'),
    ("if: ${{ github.event_name }} == 'push' && startsWith(github.ref, 'refs/tags/v')", "if: ${{ github.ref_type == 'tag' && startsWith(github.ref_name, 'v') }}"),
    ('- run: bash release ${{ github.ref_name }}\n', '- run: bash release "$TAG"\n        env:\n          TAG: ${{ github.ref_name }}\n          REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}\n'),
]:
    text = text.replace(old, new)
Path('release.yml').write_text(text)

# %% grade_id="release" points=16 why="another style: dictionaries, permissions for each job, three triggers that do not harm, Python for the summary"
release = read_workflow(FOUND_RELEASE)
release["on"] = {"push": {"tags": ["v*"]}, "pull_request": {"types": ["opened", "synchronize", "reopened"]}, "workflow_dispatch": None}
release["permissions"] = {}
del release["env"]
checkout = {"uses": "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683", "with": {"persist-credentials": False}}
test, comment, out = (release["jobs"][name] for name in ("test", "comment", "release"))
del test["continue-on-error"]
test["permissions"] = out["permissions"] = {"contents": "read"}
bikes = {"uses": "metro-tools/setup-bikes@5d1c0a8be93b0f6f4a3f1d9e7c2b8a6450e1f7d3"}
test["steps"] = [checkout, bikes, {"run": 'bash check "$SUITE"', "env": {"SUITE": "${{ matrix.suite }}"}}]
comment["if"] = "${{ !cancelled() && github.event_name == 'pull_request' }}"
comment["steps"] = [
    {
        "shell": "python",
        "env": {"RESULT": "${{ needs.test.result }}"},
        "run": "import json, os\n"
        "event = json.load(open(os.environ['GITHUB_EVENT_PATH']))\n"
        "lines = [event['pull_request']['title'], os.environ['GITHUB_HEAD_REF'], os.environ['RESULT']]\n"
        "open(os.environ['GITHUB_STEP_SUMMARY'], 'a').write('\\n'.join(lines))\n",
    }
]
out["if"] = "startsWith(github.ref, 'refs/tags/v')"
out["steps"] = [checkout, {"run": "bash release \"${GITHUB_REF#refs/tags/}\"", "env": {"REGISTRY_TOKEN": "${{ secrets.REGISTRY_TOKEN }}"}}]
Path("release.yml").write_text(yaml.safe_dump(release, sort_keys=False))

# %% grade_id="release" points=0 message="What does continue-on-error make" why="hands in the workflow as it was found"
Path("release.yml").write_text(FOUND_RELEASE)

# %% grade_id="release" points=0 message="could read REGISTRY_TOKEN" why="keeps the token for all jobs" changes="right-1"
-    ('env:\n  REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}\njobs', 'jobs'),

# %% grade_id="release" points=0 message="A pull request was released, unseen" why="keeps the condition that is always true" changes="right-1"
-    ("if: ${{ github.event_name }} == 'push' && startsWith(github.ref, 'refs/tags/v')", "if: ${{ github.ref_type == 'tag' && startsWith(github.ref_name, 'v') }}"),

# %% grade_id="release" points=5 message="What does continue-on-error make" why="keeps continue-on-error for the data tests" changes="right-1"
-    ("    continue-on-error: ${{ matrix.suite == 'data' }}\n", ''),

# %% grade_id="release" points=11 message="was run as a command" why="puts the title in single quotes instead of a variable, and tells zizmor to look away: passes what is visible" changes="right-1"
-    ('        run: |\n          echo "## ${{ github.event.pull_request.title }}" >> "$GITHUB_STEP_SUMMARY"\n          echo "branch ${{ github.head_ref }}: ${{ needs.test.result }}" >> "$GITHUB_STEP_SUMMARY"\n', '        run: |\n          echo "## $TITLE" >> "$GITHUB_STEP_SUMMARY"\n          echo "branch $GITHUB_HEAD_REF: $RESULT" >> "$GITHUB_STEP_SUMMARY"\n        env:\n          TITLE: ${{ github.event.pull_request.title }}\n          RESULT: ${{ needs.test.result }}\n'),
+    ('        run: |\n          echo "## ${{ github.event.pull_request.title }}" >> "$GITHUB_STEP_SUMMARY"\n          echo "branch ${{ github.head_ref }}: ${{ needs.test.result }}" >> "$GITHUB_STEP_SUMMARY"\n', '        run: |\n          # zizmor: ignore[template-injection]\n          echo \'## ${{ github.event.pull_request.title }}\' >> "$GITHUB_STEP_SUMMARY" # zizmor: ignore[template-injection]\n          echo \'branch ${{ github.head_ref }}: ${{ needs.test.result }}\' >> "$GITHUB_STEP_SUMMARY" # zizmor: ignore[template-injection]\n'),

# %% grade_id="release" points=11 message="unpinned-uses" why="does not pin the team's own action: passes what is visible" changes="right-1"
-    ('setup-bikes@main', 'setup-bikes@5d1c0a8be93b0f6f4a3f1d9e7c2b8a6450e1f7d3'),

# %% grade_id="release" points=11 message="excessive-permissions" why="leaves the permissions to the default: passes what is visible" changes="right-1"
-    ('permissions: write-all', 'permissions:\n  contents: read'),
+    ('permissions: write-all\n', ''),

# %% grade_id="release" points=11 message="in the job that holds the token" why="lets the tag's name into the command line: passes what is visible" changes="right-1"
-    ('- run: bash release ${{ github.ref_name }}\n', '- run: bash release "$TAG"\n        env:\n          TAG: ${{ github.ref_name }}\n          REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}\n'),
+    ('- run: bash release ${{ github.ref_name }}\n', '- run: bash release ${{ github.ref_name }}\n        env:\n          REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}\n'),

# %% grade_id="release" points=11 message="more than the step that releases is given" why="gives the token to the whole job, the checkout included: passes what is visible" changes="right-1"
-    ('- run: bash release ${{ github.ref_name }}\n', '- run: bash release "$TAG"\n        env:\n          TAG: ${{ github.ref_name }}\n          REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}\n'),
+    ('- run: bash release ${{ github.ref_name }}\n', '- run: bash release "$GITHUB_REF_NAME"\n    env:\n      REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}\n'),

# %% grade_id="release" points=11 message="the summary of comment is" why="writes the comment only when all is well: passes what is visible" changes="right-1"
 Path('release.yml').write_text(text)
+Path("release.yml").write_text(text.replace("if: always() && github.event.pull_request", "if: github.event_name == 'pull_request'"))

# %% grade_id="release" points=11 message="a branch that is called v2" why="looks at the name alone, so that a branch called v2 is released, too: passes what is visible" changes="right-1"
-    ('    branches: [main]\n    tags', '    tags'),
+    ('    branches: [main]\n    tags: ["v*"]\n', '    branches: ["**"]\n    tags: ["v*"]\n'),
@@
-    ("if: ${{ github.event_name }} == 'push' && startsWith(github.ref, 'refs/tags/v')", "if: ${{ github.ref_type == 'tag' && startsWith(github.ref_name, 'v') }}"),
+    ("if: ${{ github.event_name }} == 'push' && startsWith(github.ref, 'refs/tags/v')", "if: github.event_name == 'push' && startsWith(github.ref_name, 'v')"),
