"""What the judge cells share: fresh trips, weather and pipelines, drawn from LAB_SEED, and the truth about them."""

import csv
import io
import json
import math
import os
import random
import tempfile
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import fmean, linear_regression

from cluster import load_spec
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output

HERE = Path(__file__).resolve().parent
DISTRICTS = ["Eastfield", "Harbour", "Hillside"]  # that are trained on the laptop
TRAINS = [f"train@{district}" for district in DISTRICTS]


def _imported_late():
    """Name what DVC and Kubeflow's runner import only when they are at work: sandboxes import it before, once for all kernels."""


def drawn(salt):
    """Return a source of chance of its own for each submission and each `salt`."""
    return random.Random(f"{os.environ.get('LAB_SEED', 'lab')} {salt}")


@contextmanager
def own_folder():
    """Give a temporary folder's path, and remove it."""
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        yield Path(folder).resolve()


def compiled_text(name):
    """Return the text of a pipeline that the learner compiled."""
    if not Path(name).is_file():
        raise AssertionError(f"There is no {name}: compile the pipeline in your cell.")
    return Path(name).read_text()


def attempt(rehearse, text, runs):
    """Return what the runs tell. Raises AssertionError where the cluster cannot run the pipeline at all."""
    try:
        return rehearse(text, runs)
    except Exception as error:
        raise AssertionError(f"The cluster cannot run your compiled pipeline: {type(error).__name__}: {str(error)[:300]}") from None


# Part 1


def nights_of_changes():
    """Return nights in which scripts and trips change, and for each what it is about, the stages that must run, and the errors."""
    chance = drawn("changes")
    trained, tested = chance.sample(DISTRICTS, 2)
    long_ago = f"2025-{chance.choice(['09-30', '10-01', '10-06', '10-08'])}T{chance.randint(8, 18):02},{trained},".replace(",", ":00,", 1)
    lately = f"2025-10-{chance.randint(14, 18)}T{chance.randint(8, 18):02}:00,{tested},"
    old = f"2025-09-{chance.choice([23, 24, 25, 26])}T{chance.randint(8, 18):02}:00,{trained},"
    nights = [
        (
            {"append": {"train.py": "\n# a comment\n"}, "replace": {"data/trips.csv": [old, f"{old}9"]}},
            f"a comment was added to train.py, and trips of {trained} were corrected, of a day too old to be trained or tested on: the models are the same",
            ["prepare", *TRAINS],
        ),
        (
            {"replace": {"data/trips.csv": [long_ago, f"{long_ago}9"]}},
            f"trips of {trained} were corrected, of a day to train on",
            ["prepare", f"train@{trained}", "evaluate"],
        ),
        (
            {"replace": {"data/trips.csv": [lately, f"{lately}9"]}},
            f"trips of {tested} were corrected, of a day that is tested on",
            ["prepare", "evaluate"],
        ),
    ]
    trips = _on_laptop().replace(old, f"{old}9", 1).replace(long_ago, f"{long_ago}9", 1).replace(lately, f"{lately}9", 1)
    return [change for change, _, _ in nights], [(what, ran, None) for _, what, ran in nights[:-1]] + [
        (*nights[-1][1:], true_errors(trips, ["2025-10-03"], 7, 14))
    ]


def nights_of_settings():
    """Return nights in which parameters and holidays change, in the same form."""
    chance = drawn("settings")
    last, test, day = chance.randint(8, 12), chance.choice([4, 5, 6]), f"2025-10-{chance.choice(['07', '08', '09'])}"
    trips = _on_laptop()
    nights = [
        (
            {"append": {"holidays.csv": "2026-01-01\n"}},
            "a holiday of next year was entered, which changes no table",
            ["prepare"],
            None,
        ),
        (
            {"append": {"holidays.csv": f"{day}\n"}, "params": {"prepare.test_days": test, "train.last_days": last}},
            f"the holiday {day} was entered, prepare.test_days was set to {test} and train.last_days to {last}",
            ["prepare", *TRAINS, "evaluate"],
            true_errors(trips, ["2025-10-03", day], test, last),
        ),
    ]
    return [change for change, *_ in nights], [tuple(rest) for _, *rest in nights]


def _on_laptop():
    lines = (HERE / "trips.csv").read_text().splitlines(keepends=True)
    return "".join(line for line in lines if line.split(",")[1] in ("district", *DISTRICTS))


def expect_nights(told, expected):
    """Raise AssertionError where other stages ran than should have, or the errors are not the right ones."""
    for night, (what, stages, errors) in zip(told, expected, strict=False):
        assert not night["error"], f"In a night {what}, and the pipeline stops: {night['error'][:300]}"
        missed = [stage for stage in stages if stage not in night["ran"]]
        needless = [stage for stage in night["ran"] if stage not in stages]
        assert not missed, f"In a night {what}. Not run, and so out of date: {', '.join(missed)}."
        assert not needless, f"In a night {what}. Run needlessly: {', '.join(needless)}."
        if errors is not None:
            for district, error in errors.items():
                said = night["metrics"].get(district)
                assert isinstance(said, float) and abs(said - error) < 0.001, (
                    f"In a night {what}. The error of {district} in metrics.json is {said}, expected {error:.4f}: the scripts must compute what they did."
                )


def true_errors(trips, holidays, test_days, last_days):
    """Return each district's error, as the nightly pipeline computes it."""
    rows = list(csv.DictReader(io.StringIO(trips)))
    days = sorted({row["hour"][:10] for row in rows})
    tested, trained = days[-test_days:], days[:-test_days][-last_days:]
    seen, errors = {}, {}

    def key(row):
        free = row["hour"][:10] in holidays or date.fromisoformat(row["hour"][:10]).weekday() >= 5
        return row["district"], free, row["hour"][11:13]

    for row in rows:
        if row["hour"][:10] in trained:
            seen.setdefault(key(row), []).append(float(row["trips"]))
    for row in rows:
        if row["hour"][:10] in tested:
            errors.setdefault(row["district"], []).append(abs(round(fmean(seen[key(row)]), 4) - float(row["trips"])))
    return {district: fmean(each) for district, each in errors.items()}


# Part 2


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def divide(left: Output[Dataset], right: Output[Dataset]):
    pass


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def teach(lessons: Input[Dataset], pupil: Output[Model], marks: Output[Metrics]):
    pass


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def coach(pupil: Input[Model], lessons: Input[Dataset], older: Output[Model]):
    pass


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def examine(pupil: Input[Model], paper: Input[Dataset]) -> float:
    return 0.0


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def compete(first: Input[Model], second: Input[Model], paper: Input[Dataset]) -> float:
    return 0.0


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def read_out(marks: Input[Metrics], pupil: Input[Model], number: float):
    pass


def homework_cases():
    """Yield compiled pipelines: (path, the names of the guilty tasks, what is special)."""
    chance = drawn("homework")
    with own_folder() as place:
        for build, what in [
            (_chain, "models are made from models, over three generations"),
            (_outside, "tables and a model come from the pipeline's own inputs"),
            (_twins, "two tasks of one component make tables of the same name, and two models are compared"),
        ]:
            guilty, pipeline = build(chance)
            path = place / f"{build.__name__}.yaml"
            compiler.Compiler().compile(pipeline, str(path))
            yield path, guilty, what


def _name(component, number):
    return component if number == 1 else f"{component}-{number}"


def _chain(chance):
    order = chance.sample(range(6), 6)
    pairs = [(model, table) for model in range(3) for table in range(6)]
    chance.shuffle(pairs)
    learnt = [set(order[:1]), set(order[:2]), set(order[:2])]
    guilty = sorted(_name("examine", n) for n, (model, table) in enumerate(pairs, 1) if table in learnt[model])

    @dsl.pipeline(name="chain")
    def pipeline(number: float = 1.0):
        tables = [task.outputs[side] for task in (divide(), divide(), divide()) for side in ("left", "right")]
        first = teach(lessons=tables[order[0]])
        second = coach(pupil=first.outputs["pupil"], lessons=tables[order[1]])
        third = coach(pupil=second.outputs["older"], lessons=tables[order[0]])  # once more: it trains
        models = [first.outputs["pupil"], second.outputs["older"], third.outputs["older"]]
        for model, table in pairs:
            examine(pupil=models[model], paper=tables[table])
        read_out(marks=first.outputs["marks"], pupil=models[2], number=number)

    return guilty, pipeline


def _outside(chance):
    plan = ["own mine", "own other", "old mine", "old other", "tuned mine", "tuned other"]
    chance.shuffle(plan)
    guilty = sorted(_name("examine", n) for n, what in enumerate(plan, 1) if what in ("own mine", "tuned other"))

    @dsl.pipeline(name="outside")
    def pipeline(mine: Input[Dataset], other: Input[Dataset], old: Input[Model]):
        models = {
            "own": teach(lessons=mine).outputs["pupil"],
            "old": old,
            "tuned": coach(pupil=old, lessons=other).outputs["older"],
        }
        for what in plan:
            model, table = what.split()
            examine(pupil=models[model], paper=mine if table == "mine" else other)

    return guilty, pipeline


def _twins(chance):
    plan = [(0, 1, n) for n in range(4)] + [(1, 0, n) for n in range(4)]
    chance.shuffle(plan)
    learnt = chance.sample(range(4), 2)
    guilty = sorted(_name("compete", n) for n, (_, _, table) in enumerate(plan, 1) if table in learnt)

    @dsl.pipeline(name="twins")
    def pipeline():
        tables = [task.outputs[side] for task in (divide(), divide()) for side in ("left", "right")]
        models = [teach(lessons=tables[number]).outputs["pupil"] for number in learnt]
        for first, second, table in plan:
            compete(first=models[first], second=models[second], paper=tables[table])

    return guilty, pipeline


# Part 3


def step_of(told, name):
    """Return a run's step of this name. Raises AssertionError if there is none."""
    found = [step for step in told["steps"] if step["name"] == name]
    if not found:
        raise AssertionError(f"In the compiled pipeline there ran no step {name}. The run says: {told['error'] or told['state']}")
    return found[0]


def draw_days(chance, count):
    """Return the texts of trips and weather of some days, and the truth: (day, trips, °C) for each."""
    first = date(2026, chance.randint(1, 11), chance.randint(1, 28))
    places = chance.sample(["Quay", "Mill", "Abbey", "Park", "Castle"], 3)
    truth, lines = [], []
    for number in range(count):
        day, warm = (first + timedelta(number)).isoformat(), 0.0 if number == 4 else round(chance.uniform(-4, 28), 1)
        counts = {(hour, where): max(0, int(30 + 4 * warm + chance.gauss(0, 12))) for hour in (8, 13, 17) for where in places}
        lines += [f"{day}T{hour:02}:00,{where},{trips}" for (hour, where), trips in counts.items()]
        truth.append((day, sum(counts.values()), warm))
    chance.shuffle(lines)
    weather = [(first - timedelta(1)).isoformat() + ",3.3", *(f"{day},{warm}" for day, _, warm in truth)]
    return "\n".join(["hour,district,trips", *lines]) + "\n", "\n".join(["day,temperature_c", *weather]) + "\n", truth


DEGREES = {"trips": "{data}/trips.csv", "weather": "{data}/weather.csv"}


def expect_degrees(rehearse, text):
    """Raise AssertionError where the learner's join, fit and score are wrong on fresh data."""
    chance = drawn("degrees")
    for _ in range(2):
        trips, weather, truth = draw_days(chance, chance.randint(14, 22))
        test_days = chance.choice([3, 4, 5, 6])
        run = {"arguments": {**DEGREES, "test_days": test_days}, "files": {"trips.csv": trips, "weather.csv": weather}}
        told = attempt(rehearse, text, [run])[0]
        assert told["state"] == "SUCCEEDED", (
            f"With other trips and weather, {test_days} days to test on, the run failed: {told['error'][:400]}"
        )
        table = step_of(told, "join")["outputs"]["days"]
        rows = list(csv.DictReader(io.StringIO(table["text"])))
        got = [(row.get("day"), row.get("trips"), row.get("temperature_c")) for row in rows]
        assert [row[0] for row in got] == [day for day, _, _ in truth], (
            f"With other data the column day of the table is {[row[0] for row in got][:4]} …, expected a row for each of {len(truth)} days, in order."
        )
        for said, right in zip(got, truth, strict=False):
            try:
                same = abs(float(said[1]) - right[1]) < 1e-6 and abs(float(said[2]) - right[2]) < 1e-6
            except (TypeError, ValueError):
                same = False
            assert same, (
                f"With other data the row of a day is {said}, expected {right}: trips of all districts, and the temperature (0.0 is one)."
            )
        _expect_metadata("days", table, {"rows": len(truth), "first": truth[0][0], "last": truth[-1][0]})
        past, future = truth[:-test_days], truth[-test_days:]
        line = linear_regression([warm for *_, warm in past], [number for _, number, _ in past])
        fitted = step_of(told, "fit")["outputs"]["model"]
        try:
            model = json.loads(fitted["text"])
            near = math.isclose(model["slope"], line.slope, rel_tol=1e-4) and math.isclose(model["intercept"], line.intercept, rel_tol=1e-4)
        except (ValueError, KeyError, TypeError):
            raise AssertionError(f"The model of fit is {fitted['text'][:80]!r}, expected JSON with intercept and slope.") from None
        assert near, (
            f"With other data and test_days={test_days} the model is {model}, expected {line.intercept:.4f} and {line.slope:.4f}. "
            "It is fitted to all days but the last test_days; is this number an input of your step?"
        )
        _expect_metadata("model", fitted, {"trained_on": len(past), "last": past[-1][0]})
        error = fmean(abs(line.intercept + line.slope * warm - number) for _, number, warm in future)
        said = step_of(told, "score")["outputs"].get("Output")
        assert isinstance(said, (int, float)) and abs(said - error) < 0.01, (
            f"With other data and test_days={test_days} score returned {said}, expected {error:.3f} trips per day on the last {test_days} days."
        )


def _expect_metadata(what, artefact, expected):
    for key, right in expected.items():
        said = artefact["metadata"].get(key)
        same = said == right if isinstance(right, str) else isinstance(said, (int, float)) and said == right
        assert same, (
            f"The metadata of {what} says {key}: {said!r}, expected {right!r}. It has {sorted(artefact['metadata']) or 'no entry'}."
        )


def expect_loud(rehearse, text):
    """Raise AssertionError where broken data does not stop the right step, with the right words."""
    chance = drawn("loud")
    trips, weather, truth = draw_days(chance, 15)
    day = truth[chance.randint(2, 12)][0]
    lines = weather.splitlines(keepends=True)
    missing = "".join(line for line in lines if not line.startswith(day))
    empty = "".join(f"{day},\n" if line.startswith(day) else line for line in lines)
    few, few_weather, _ = draw_days(chance, 8)
    cases = [
        ("a day with trips has no line in the weather", "join", day, {"trips.csv": trips, "weather.csv": missing}),
        ("a day with trips has an empty temperature", "join", day, {"trips.csv": trips, "weather.csv": empty}),
        ("the file of trips holds its header alone", "join", "trips.csv", {"trips.csv": "hour,district,trips\n", "weather.csv": weather}),
        ("there are two days to train on", "fit", "", {"trips.csv": few, "weather.csv": few_weather}),
    ]
    told = attempt(rehearse, text, [{"arguments": {**DEGREES, "test_days": 6}, "files": files} for *_, files in cases])
    for run, (what, step, word, _) in zip(told, cases, strict=False):
        assert run["state"] == "FAILED", f"In a run {what}, and it was green. A step that hides its failure hands it on."
        failed = next(one for one in run["steps"] if one["state"] == "FAILED")
        assert failed["name"] == step, (
            f"In a run {what}. It stopped in {failed['name']} ({failed['error'][:150]}), expected {step}: the first that can know."
        )
        assert "ValueError" in failed["error"], f"In a run {what}. {step} stopped with {failed['error'][:150]!r}, expected a ValueError."
        assert word in failed["error"], (
            f"In a run {what}. The message is {failed['error'][:150]!r}: it does not say {'which day' if step == 'join' and word == day else 'which file'}."
        )


# Part 4


def _entries(chance):
    runs = [f"{chance.randint(1, 99):04}", str(chance.randint(100, 999)), f"r-{chance.randint(1, 99)}"]
    runs.append(runs[0].lstrip("0"))
    return [(run, where) for run in runs for where in ("Hillside", "Old Town", "Quay, North", "Café")]


def expect_ledger(enter):
    """Raise AssertionError where the learner's `enter` does not keep one line for each run and district."""
    chance = drawn("ledger")
    with own_folder() as place:
        ledger, truth = str(place / "ledger.csv"), {}
        keys = _entries(chance)
        order = keys + chance.sample(keys, 8)
        for key in chance.sample(order, len(order)):
            truth[key] = (round(chance.uniform(0, 30), 3), chance.randint(1, 900))
            _call(enter, "An entry", ledger, *key, *truth[key])
        lines = _lines(ledger)
        assert lines and lines[0] == ["run", "district", "error", "rows"], f"The ledger begins with {lines[:1]}, expected the header."
        keys_there = [tuple(line[:2]) for line in lines[1:]]
        twice = sorted({key for key in keys_there if keys_there.count(key) > 1})
        assert not twice, f"After many entries, run and district {twice[0]} have more than one line. A key is there once."
        lost = [key for key in truth if key not in keys_there]
        assert not lost, (
            f"After many entries there is no line of {lost[0]}: texts stay as they are, with zeros before and commas inside. There are {keys_there[:6]} …"
        )
        assert keys_there == list(truth), "After many entries the lines are not in the order in which each key came first."
        for line in lines[1:]:
            error, rows = truth[tuple(line[:2])]
            assert len(line) == 4 and abs(float(line[2]) - error) < 1e-9 and float(line[3]) == rows, (
                f"The line of {tuple(line[:2])} is {line[2:]}, expected its latest entry: {error} on {rows} rows."
            )
        before = Path(ledger).read_bytes()
        for error, rows in [(math.nan, 5), (math.inf, 5), (-0.5, 5), (1.5, 0)]:
            try:
                enter(ledger, *keys[0], error, rows)
                raised = "nothing"
            except Exception as problem:
                raised = type(problem).__name__
            assert raised == "ValueError", f"An error of {error} on {rows} rows: {raised} was raised, expected a ValueError."
            assert Path(ledger).read_bytes() == before, f"An error of {error} on {rows} rows cannot be, and the ledger was changed."


def expect_whole(enter, enter_on_full_disk, enter_while_reading):
    """Raise AssertionError where a full disk leaves the ledger damaged, or the failure is hidden, or a reader sees a mixture."""
    chance = drawn("whole")
    with own_folder() as place:
        ledger, keys = str(place / "ledger.csv"), _entries(chance)
        new = keys.pop(chance.choice([0, 1, 4, 5, 8, 9]))  # no comma in its names
        for key in keys:
            _call(enter, "An entry", ledger, *key, round(chance.uniform(0, 30), 3), chance.randint(100, 900))
        before, lines = Path(ledger).read_bytes(), _lines(ledger)
        try:
            raised = enter_on_full_disk(ledger, *new, 12.345678, 504)
        except Exception as problem:
            raised = type(problem).__name__
        now = Path(ledger).read_bytes() if Path(ledger).is_file() else b""
        assert now == before, (
            f"The disk was full in the middle of the writing. Before, the ledger had {len(before)} bytes and {len(lines)} lines; now it has {len(now)} bytes and is "
            "damaged. Whoever looks must see the old state or the new one, whole."
        )
        assert raised == "OSError", (
            f"The disk was full, and from enter there came: {raised}; expected the OSError. A step that hides its failure is not retried."
        )
        _call(enter, "After a full disk, the second attempt", ledger, *new, 12.345678, 504)
        assert _lines(ledger)[:-1] == lines and _lines(ledger)[-1][:2] == list(new), (
            "After the disk was full, the second attempt did not give the old lines and the new one after them."
        )
        before = Path(ledger).read_bytes()
        read = bytes.fromhex(
            _call(enter_while_reading, "On a disk that is not that of the temporary folder", ledger, *keys[0], 12.3456789012, 12345)
        )
        assert read in (before, Path(ledger).read_bytes()), (
            f"Somebody was half-way through the ledger when enter wrote. They read {len(read)} bytes that are neither the old state ({len(before)} bytes) nor the new one. "
            "Is the ledger itself written, or copied over, perhaps from another disk?"
        )


def _call(function, what, *args):
    try:
        return function(*args)
    except Exception as error:
        raise AssertionError(f"{what} stopped enter with {type(error).__name__}: {error}") from None


def _lines(path):
    if not Path(path).is_file():
        raise AssertionError("enter has made no ledger.")
    try:
        with open(path, newline="") as file:
            return list(csv.reader(file))
    except csv.Error as error:
        raise AssertionError(
            f"After many entries the ledger cannot be read as CSV ({error}). Is a name with a comma or a quote written as csv.writer does it?"
        ) from None


# Part 5


def draw_city(salt):
    """Return the text of some districts' trips, the districts to train, and the truth: {district: (error, model)}. One is much worse."""
    chance = drawn(salt)
    names = chance.sample(["Quay", "Mill", "Abbey", "Park", "Castle", "North-End"], 4)
    first, lines, rows = date(2026, chance.randint(1, 11), 2), ["hour,district,trips"], []
    noise = dict(zip(names, [2, 4, 3, 26], strict=False))
    for number in range(17):
        day = first + timedelta(number)
        for hour in range(24):
            for where in names:
                trips = max(0, int(20 + 15 * math.sin(hour / 4) + 8 * (day.weekday() >= 5) + chance.gauss(0, noise[where])))
                lines.append(f"{day}T{hour:02}:00,{where},{trips}")
                rows.append((where, day, hour, trips))
    listed = chance.sample([names[3], *chance.sample(names[:3], 2)], 3)
    return "\n".join(lines) + "\n", listed, {where: _truth([row for row in rows if row[0] == where]) for where in listed}


def _truth(rows):
    days = sorted({day for _, day, _, _ in rows})
    seen = {}
    for _, day, hour, trips in rows:
        if day in days[:-7]:
            seen.setdefault((day.weekday() >= 5, hour), []).append(trips)
    model = {key: round(fmean(trips), 4) for key, trips in seen.items()}
    return fmean(abs(model[day.weekday() >= 5, hour] - trips) for _, day, hour, trips in rows if day in days[-7:]), model


def _night(listed, limit, day="2026-12-24", **more):
    return {"arguments": {"source": "{data}/trips.csv", "store": "{store}", "day": day, "districts": listed, "limit": limit}, **more}


def expect_gate(rehearse, text):
    """Raise AssertionError where fan-out or gate go wrong with other districts, trips and limits."""
    trips, listed, truth = draw_city("gate")
    worst, mean = max(error for error, _ in truth.values()), fmean(error for error, _ in truth.values())
    between = attempt(rehearse, text, [_night(listed, (worst + mean) / 2, files={"trips.csv": trips})])[0]
    assert between["state"] == "SUCCEEDED", f"With other districts and trips the run failed: {between['error'][:300]}"
    errors = {
        step["item"]: step["outputs"].get("Output") for step in between["steps"] if step["name"] == "evaluate" and step["item"] is not None
    }
    assert sorted(errors) == sorted(listed), (
        f"The districts of the run were {sorted(listed)}; tested in a turn of the loop were {sorted(map(str, errors))}."
    )
    for district, (error, _) in truth.items():
        assert abs(errors[district] - error) < 1e-6, (
            f"The error of a district is {errors[district]:.4f}, expected {error:.4f}: trained on its training table, and tested on its test table."
        )
    assert not between["store"], (
        f"The mean error was {mean:.1f}, the worst {worst:.1f}, the limit {(worst + mean) / 2:.1f}: there was published {sorted(between['store'])}. One district is above the limit."
    )
    told = [step for step in between["steps"] if step["name"] == "tell" and step["state"] == "SUCCEEDED"]
    assert len(told) == 1, f"One district was above the limit, and `tell` ran {len(told)} times, expected once."
    said = told[0]["inputs"].get("error")
    assert isinstance(said, float) and abs(said - worst) < 1e-6, f"`tell` was given the error {said}, expected the worst one, {worst:.4f}."
    exact = max(errors.values())
    day = "2026-12-26"
    at, below = attempt(
        rehearse,
        text,
        [_night(listed, exact, day, files={"trips.csv": trips}), _night(listed, math.nextafter(exact, 0), "2026-12-27", empty_store=True)],
    )
    assert sorted(at["store"]) == sorted(f"{day}/{district}.csv" for district in listed), (
        f"The worst error was exactly the limit, which is 'at most the limit'. Published: {sorted(at['store']) or 'nothing'}, expected the three districts."
    )
    assert not [step for step in at["steps"] if step["name"] == "tell" and step["state"] == "SUCCEEDED"], (
        "All was published, and `tell` ran all the same."
    )
    assert sum(step["name"] == "publish" and step["state"] == "SUCCEEDED" for step in at["steps"]) == 1, (
        "publish ran more than once, expected one for all models."
    )
    for district, (_, model) in truth.items():
        rows = list(csv.DictReader(io.StringIO(at["store"][f"{day}/{district}.csv"])))
        right = [round(model[datetime.fromisoformat(day).weekday() >= 5, hour]) for hour in range(24)]
        assert [int(row["trips"]) for row in rows] == right, f"What was published for {district} is not the forecast of its own model."
    assert not below["store"], "The worst error was above the limit by the smallest step there is, and something was published."


def expect_stops(rehearse, text):
    """Raise AssertionError where a failure is not stopped, or the wrong thing is retried."""
    trips, listed, _ = draw_city("stops")
    chance = drawn("which stops")
    gone = chance.choice(listed)
    without = "".join(line for line in trips.splitlines(keepends=True) if f",{gone}," not in line)
    full = {"trips.csv": trips}
    broken, thrice, often = attempt(
        rehearse,
        text,
        [
            _night(listed, 999.0, files={"trips.csv": without}),
            _night(listed, 999.0, "2026-12-01", files=full, lost={"publish": 3}, empty_store=True),
            _night(listed, 999.0, "2026-12-02", lost={"publish": 4}),
        ],
    )
    assert broken["state"] == "FAILED", (
        f"There were no trips of {gone}, and the run was {broken['state']}. If a step fails in any district, the run fails."
    )
    assert not broken["store"], f"There were no trips of {gone}, and {sorted(broken['store'])} was published."
    states = [(step["state"], step["attempts"]) for step in thrice["steps"] if step["name"] == "publish"]
    assert thrice["state"] == "SUCCEEDED", (
        f"The pod of publish was lost three times, and then the run was given up ({states}). Expected: up to three attempts more after the first."
    )
    assert sorted(thrice["store"]) == sorted(f"2026-12-01/{district}.csv" for district in listed), (
        "After three lost pods the store does not hold one forecast for each district."
    )
    assert often["state"] == "FAILED", "The pod of publish was lost four times, and it was tried a fifth time. Three retries, no more."
    failed = next(step for step in broken["steps"] if step["state"] == "FAILED")
    assert failed["attempts"] == 1, (
        f"{failed['name']} failed on missing trips, and was tried {failed['attempts']} times: it will fail every time. Retry publish alone."
    )
    spec = load_spec(text)
    retried = {
        _function(spec, task) for dag in _dags(spec) for task in dag["tasks"].values() if task.get("retryPolicy", {}).get("maxRetryCount")
    }
    strange = sorted(retried - {"publish"})
    assert not strange, f"In the compiled pipeline {', '.join(strange)} is retried, too. Given the same input, it will fail again."


def _dags(spec):
    return [spec["root"]["dag"], *(one["dag"] for one in spec["components"].values() if "dag" in one)]


def _function(spec, task):
    label = spec["components"][task["componentRef"]["name"]].get("executorLabel")
    if label is None:
        return task["taskInfo"]["name"]
    words = spec["deploymentSpec"]["executors"][label]["container"]["args"]
    return words[words.index("--function_to_execute") + 1]


# Part 6


def expect_fresh(rehearse, text):
    """Raise AssertionError where a forecast is not that of the night's trips, or train runs when it need not, or not when it must."""
    chance = drawn("fresh")
    trips, listed, truth = _two_of(*draw_city("fresh"))
    changed = chance.choice(listed)
    other, other_truth = _one_digit(chance, trips, listed, changed)
    nights = [
        (trips, truth, listed, "the first night"),
        (other, other_truth, [changed], f"a night in which a single digit of the trips has changed, one of {changed}"),
        (trips, truth, [], "a night in which the trips of the first night have come back"),
        (other, other_truth, [], "a night in which the second night's trips have come back"),
    ]
    days = [f"2026-12-{number}" for number in range(21, 25)]
    told = attempt(
        rehearse, text, [_night(listed, 999.0, day, files={"trips.csv": file}) for day, (file, *_) in zip(days, nights, strict=True)]
    )
    for run, day, (_, right, new, what) in zip(told, days, nights, strict=True):
        assert run["state"] == "SUCCEEDED", f"In {what} the run failed: {run['error'][:300]}"
        states = _trainings(run)
        old = [district for district in new if states.get(district) != "SUCCEEDED"]
        assert not old, (
            f"In {what} train of {old[0]} was {states.get(old[0], 'missing')}: these trips were never learnt from. Does your value change with every change of the file?"
        )
        if not new:
            again = [district for district in listed if states.get(district) != "CACHED"]
            assert not again, (
                f"In {what} train of {again[0]} was {states.get(again[0], 'missing')}: it has learnt from these very trips before, and costs hours."
            )
        _expect_published(run, day, right, what)


def expect_done(rehearse, text):
    """Raise AssertionError where a night that repeats an earlier one does not publish or tell, or the gate or the retries have gone."""
    trips, listed, truth = _two_of(*draw_city("done"))
    day = "2026-12-28"
    runs = [
        (
            _night(listed, 999.0, day, files={"trips.csv": trips}, lost={"publish": 3}),
            "a night in which the pod of publish was lost three times",
        ),
        (_night(listed, 999.0, day, empty_store=True), "a night that repeats the one before, after somebody has emptied the store"),
        (_night(listed, 0.01, day, empty_store=True), "a night with a limit that no model keeps"),
        (_night(listed, 0.01, day), "a second night in which no model keeps the limit"),
    ]
    told = attempt(rehearse, text, [run for run, _ in runs])
    for number, (run, (_, what)) in enumerate(zip(told, runs, strict=True)):
        assert run["state"] == "SUCCEEDED", f"In {what} the run failed: {run['error'][:300]}"
        if number < 2:
            _expect_published(run, day, truth, what)
            continue
        assert not any(path.startswith(day) for path in run["store"]), f"In {what} something was published."
        states = [step["state"] for step in run["steps"] if step["name"] == "tell"]
        assert "SUCCEEDED" in states, (
            f"In {what} tell was {', '.join(states) or 'missing'}: nobody heard of it. May it come from the cache?"
        )


def _two_of(trips, listed, truth):
    return trips, listed[:2], {district: truth[district] for district in listed[:2]}


def _one_digit(chance, trips, listed, district):
    """Return the trips with the first digit of one number changed, on a workday to train on, so that the forecast changes; and the truth of them."""
    lines = trips.splitlines(keepends=True)
    last = sorted({line[:10] for line in lines[1:]})[-8]
    places = [
        number
        for number, line in enumerate(lines[1:], 1)
        if f",{district}," in line
        and line[:10] <= last
        and date.fromisoformat(line[:10]).weekday() < 5
        and len(line.rstrip().split(",")[2]) == 2
    ]
    place = chance.choice(places)
    start, number = lines[place].rstrip().rsplit(",", 1)
    digit = chance.choice([one for one in "123456789" if abs(int(one) - int(number[0])) >= 4])
    lines[place] = f"{start},{digit}{number[1]}\n"
    rows = []
    for line in lines[1:]:
        hour, where, number = line.rstrip().split(",")
        rows.append((where, date.fromisoformat(hour[:10]), int(hour[11:13]), int(number)))
    return "".join(lines), {where: _truth([row for row in rows if row[0] == where]) for where in listed}


def _trainings(run):
    return {step["item"]: step["state"] for step in run["steps"] if step["name"] == "train"}


def _expect_published(run, day, truth, what):
    free = date.fromisoformat(day).weekday() >= 5
    for district, (_, model) in truth.items():
        assert f"{day}/{district}.csv" in run["store"], (
            f"After {what} the forecast of {district} is not in the store. Which step changes the world outside, and may it come from the cache?"
        )
        rows = list(csv.DictReader(io.StringIO(run["store"][f"{day}/{district}.csv"])))
        said, right = [int(row["trips"]) for row in rows], [round(model[free, hour]) for hour in range(24)]
        assert said == right, (
            f"After {what} the forecast of {district} in the store is {said[:4]} …, expected {right[:4]} …, made from that night's trips. Which step came from the cache and should not?"
        )
