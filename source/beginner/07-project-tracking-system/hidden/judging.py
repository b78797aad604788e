"""What the judge cells share: weeks, stores and hours of the judge's own, and what the rules of the lab say of them."""

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from judgekit import drawn, own_folder

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
import numpy as np
import pandas as pd
from colleagues import DAY, HOUR, put_run
from forecast import FEATURES, mean_error, read_hours, sha256, skops, split, train_job
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.tracking import fluent
from sklearn.tree import DecisionTreeRegressor

from metro_bikes import QUIET, hourly_demand, simulate

_empty_database: list[bytes] = []  # to create its tables takes seconds, so it is done once
_weeks: list["Week"] = []  # a week is played once, and looked at by several cells


@contextmanager
def own_store():
    """Track to a new store in a temporary folder, and leave everything as it was found. Gives the folder's path."""
    uri, registry, active = mlflow.get_tracking_uri(), mlflow.get_registry_uri(), fluent._active_experiment_id
    before = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_REGISTRY_URI")}
    with own_folder() as folder:
        database = folder / "mlflow.db"
        if _empty_database:
            database.write_bytes(_empty_database[0])
        mlflow.set_tracking_uri(f"sqlite:///{database}")
        mlflow.set_registry_uri(f"sqlite:///{database}")
        os.environ["MLFLOW_REGISTRY_URI"] = f"sqlite:///{database}"
        mlflow.search_experiments()  # creates the tables, if they are not there
        _empty_database[:] = _empty_database or [database.read_bytes()]
        try:
            yield folder
        finally:
            while mlflow.active_run():
                mlflow.end_run()
            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(registry)
            fluent._active_experiment_id = active
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def make_experiment(folder, name):
    """Create an experiment whose artefacts lie in the judge's folder, and return its name."""
    mlflow.create_experiment(name, artifact_location=(folder / "artifacts" / name).as_uri())
    return name


def fresh_hours(seed, days=42):
    """Return hours of another city, in the form of `forecast.read_hours`."""
    hours = hourly_demand(simulate(seed=seed, trips=1_800 * days, start="2026-04-06", days=days, scenario=QUIET))
    hours["time"] = hours["time"].dt.tz_localize(None)
    return hours[["time", *FEATURES, "trips"]].astype(dict.fromkeys(FEATURES, float))


def runs_of(experiment, view=ViewType.ACTIVE_ONLY):
    """Return the experiment's runs, the first to start first."""
    client = MlflowClient()
    place = client.get_experiment_by_name(experiment).experiment_id
    return client.search_runs([place], run_view_type=view, order_by=["attributes.start_time ASC"])


def load_safely(run):
    """Return the scikit-learn model that the run logged, or None: from skops' format alone, with scikit-learn's types alone."""
    logged = run.outputs.model_outputs
    if not logged:
        return None
    file = Path(mlflow.artifacts.download_artifacts(f"models:/{logged[0].model_id}")) / "model.skops"
    if not file.is_file():
        raise AssertionError("A model is not in skops' format, so it was not opened: log it with keep_model.")
    types = skops.io.get_untrusted_types(file=file)
    strangers = [name for name in types if not name.startswith("sklearn.")]
    if strangers:
        raise AssertionError(f"A model holds types that are not scikit-learn's ({', '.join(strangers)}), so it was not opened.")
    return skops.io.load(file, trusted=types)


# Jobs and data of the judge's own

TREE = """# The job {name}: no other has the same source
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor
from columns import USED

LEAF = {leaf}


def train(hours, settings):
    seed = settings.pop("seed", 0)
    tree = DecisionTreeRegressor(random_state=seed, min_samples_leaf=LEAF, **settings)
    return make_pipeline(make_column_transformer(("passthrough", USED)), tree).fit(hours, hours["trips"])
"""
COLUMNS = 'USED = ["hour", "weekday", "{third}"]\n'
FLAKY = """from pathlib import Path
from sklearn.linear_model import Ridge


def train(hours, settings):
    if (Path(__file__).parent / "full.disk").exists():
        raise OSError("no space left on the scratch disk")
    return Ridge(**settings).fit(hours[["hour", "weekday", "holiday", "temperature_c", "rain_mm", "wind_mps"]], hours["trips"])
"""


def make_job(folder, name, chance):
    """Write a job with two source files, notes and a checkpoint into FOLDER/NAME, and return its path."""
    job = folder / name
    (job / ".ipynb_checkpoints").mkdir(parents=True)
    (job / "train.py").write_text(TREE.format(name=name, leaf=chance.randrange(6, 12)))
    (job / "columns.py").write_text(COLUMNS.format(third=chance.choice(["temperature_c", "rain_mm"])))
    (job / "notes.txt").write_text("to do\n")
    (job / ".ipynb_checkpoints" / "train-checkpoint.py").write_text("old\n")
    return job


# A hidden week


@dataclass
class Event:
    """One call of the learner's record: what was asked, what came, and what should have."""

    asked: dict
    data_sha256: str
    source: dict
    truth: float | None = None
    fitted: int | None = None  # hours to fit on
    seen: float | None = None  # the error where the model was fitted on all hours
    run_id: object = None
    raised: str = ""
    new: list = field(default_factory=list)
    measured: float | None = None

    def __str__(self):
        return f"{self.asked['author'].capitalize()}'s call for the job {Path(self.asked['job']).name} with {self.asked['settings']}"


@dataclass
class Week:
    """The events of a week by name, and what every run looked like at its end: {run id: what it holds}."""

    events: dict = field(default_factory=dict)
    runs: dict = field(default_factory=dict)
    decoy: str = ""  # a run that was logged by hand under a study's name

    def run(self, name, says=""):
        """Return the run that came of the event. Raises AssertionError where there is none."""
        event = self.events[name]
        about = f"In another week, {event}{says}"
        if event.raised:
            raise AssertionError(f"{about}: record stopped with {event.raised}")
        if not isinstance(event.run_id, str) or event.run_id not in self.runs:
            raise AssertionError(f"{about}: record returned {event.run_id!r}, expected the id of a run in the experiment.")
        return self.runs[event.run_id]


def hidden_week(record):
    """Return the week that three colleagues spent with the learner's record, in a store of the judge's. It is played once."""
    if not _weeks:
        with own_store() as folder:
            _weeks.append(_play(record, folder, drawn("week")))
    return _weeks[0]


def _play(record, folder, chance):
    experiment, second, week = make_experiment(folder, "hidden-week"), make_experiment(folder, "second"), Week()
    seed = chance.randrange(10**6)
    good, later = fresh_hours(seed), fresh_hours(seed + 1)
    for name, table in [("city", good), ("growing", good), ("rainless", good.drop(columns="rain_mm"))]:
        table.to_csv(folder / f"{name}.csv", index=False)
    people = chance.sample(["ada", "bo", "cy"], 3)
    jobs = {name: make_job(folder / "jobs", name, chance) for name in chance.sample(["oak", "elm", "ash", "fir", "yew"], 5)}
    plain, edited, claims, study, growing = jobs.values()
    flaky = folder / "jobs" / "flaky"
    flaky.mkdir()
    (flaky / "train.py").write_text(FLAKY)

    def call(name, who, job, settings, data="city", where=experiment, **more):
        file = folder / f"{data}.csv"
        asked = {"author": people[who], "job": str(job), "data": str(file), "settings": settings, **more}
        event = Event(asked, sha256(file), {path.name: path.read_bytes() for path in job.glob("*.py")})
        if more.get("claim") is not None or "crash" not in name:
            fit, unseen = split(read_hours(file))
            event.fitted = len(fit)
            event.truth = mean_error(train_job(job, fit, dict(settings)), unseen)
            if name in ("plain", "one more setting", "study 2"):
                event.seen = mean_error(train_job(job, read_hours(file), dict(settings)), unseen)
            if more.get("claim"):
                asked["claim"] = more["claim"] * event.truth
        before = {run.info.run_id for run in runs_of(where, ViewType.ALL)}
        try:
            event.run_id = record(where, **{**asked, "settings": dict(settings)})
        except Exception as error:
            event.raised = f"{type(error).__name__}: {error}"[:300]
        while mlflow.active_run():
            mlflow.end_run()
        after = [run.info.run_id for run in runs_of(where, ViewType.ALL)]
        event.new = [run_id for run_id in after if run_id not in before]
        week.events[name] = event

    def plain_days():
        settings = {"max_depth": chance.randrange(6, 9), "max_features": None, "seed": chance.randrange(100)}
        call("plain", 0, plain, settings)
        call("again", 1, plain, settings, claim=0.5)
        call("one more setting", 1, plain, {**settings, "splitter": "best"})

    def changing_days():
        settings = {"max_depth": 9}
        call("before", 1, growing, settings, data="growing")
        later.to_csv(folder / "growing.csv", index=False)
        call("other data", 1, growing, settings, data="growing")
        (growing / "train.py").write_text((growing / "train.py").read_text().replace("LEAF = ", "LEAF = 1"))
        call("other source", 2, growing, settings, data="growing")
        call("other setting", 0, growing, {"max_depth": 4}, data="growing")

    def claiming_days():
        shares = [("near above", 1.03), ("near below", 0.9515), ("too bad", 1.0515), ("zero", 0.0)]
        chance.shuffle(shares)
        for depth, (name, share) in enumerate(shares, 3):
            call(f"claim {name}", chance.randrange(3), claims, {"max_depth": depth}, claim=share)

    def crashing_days():
        call("crash in training", 2, plain, {"max_depth": "deep", "seed": 3})
        call("crash in reading", 0, plain, {"max_depth": 5}, data="rainless")
        (flaky / "full.disk").touch()
        call("crash, then again", 1, flaky, {"alpha": 2.0})
        (flaky / "full.disk").unlink()
        call("repeated", 1, flaky, {"alpha": 2.0})
        call("elsewhere", 2, flaky, {"alpha": 2.0}, where=second)
        for run_id in week.events["elsewhere"].new:
            MlflowClient().update_run(run_id, status="RUNNING")  # as if its notebook had been closed
        call("after a stop", 0, flaky, {"alpha": 2.0}, where=second)

    def study_days():
        depths = [np.int64(depth) for depth in chance.sample(range(3, 12), 3)]
        week.decoy = put_run(experiment, "depths", DAY, metrics={"val_mae": 1.0}, tags={"author": people[1]})
        call("study 1", 0, study, {"max_depth": depths[0], "min_impurity_decrease": np.float64(0.25)}, study="depths")
        call("study 2", 2, study, {"max_depth": depths[1]}, study="depths")
        call("study, crash", 0, study, {"max_depth": np.int64(-1)}, study="depths")
        call("no study", 2, edited, {"max_depth": depths[2]})

    blocks = [plain_days, changing_days, claiming_days, crashing_days, study_days]
    chance.shuffle(blocks)
    for block in blocks:
        block()
    for run in [*runs_of(experiment), *runs_of(second)]:
        week.runs[run.info.run_id] = _view(run)
    unseen = split(good)[1]
    for name in ("plain", "one more setting", "study 2"):
        event = week.events[name]
        if isinstance(event.run_id, str) and event.run_id in week.runs:
            try:
                model = load_safely(mlflow.get_run(event.run_id))
                event.measured = mean_error(model, unseen) if model else None
            except Exception as error:
                event.measured = f"{type(error).__name__}: {error}"
    return week


def _rows(dataset):
    """Return how many rows a dataset has by its profile, or None where it does not say."""
    try:
        profile = json.loads(dataset.profile)
        return profile["num_rows"] if "num_rows" in profile else profile["features_shape"][0]
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _view(run):
    place = Path(run.info.artifact_uri.removeprefix("file://"))
    files = [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else []
    used_data = [(used, tag) for used in run.inputs.dataset_inputs for tag in used.tags if tag.key == "mlflow.data.context"]
    return SimpleNamespace(
        id=run.info.run_id,
        name=run.info.run_name,
        status=run.info.status,
        tags=run.data.tags,
        params=run.data.params,
        metrics=run.data.metrics,
        contexts=[tag.value for used, tag in used_data],
        training_rows=[_rows(used.dataset) for used, tag in used_data if tag.value == "training"],
        files={str(path.relative_to(place)): path.read_bytes() for path in files},
        parent=run.data.tags.get("mlflow.parentRunId"),
    )


def plain_settings(settings):
    """Return settings with NumPy's numbers as Python's."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in settings.items()}


def same_settings(text, settings):
    """Return whether a settings.json holds the settings, types included."""
    try:
        return json.dumps(json.loads(text), sort_keys=True) == json.dumps(plain_settings(settings), sort_keys=True)
    except ValueError:
        return False


# Leaderboards


def make_board(folder, name, kinds, data, other):
    """Write an experiment by hand and return what a leaderboard on `data` must say: {run id: (kind, set of right reasons, error)}.

    `kinds` names the runs in the order in which they start; they are written in another order. A right run has the reasons {""}.
    """
    chance, experiment = drawn(name), make_experiment(folder, name)
    hours = {file: split(read_hours(file)) for file in (data, other)}
    start, truth = 1_780_000_000_000, {}
    order = chance.sample(range(len(kinds)), len(kinds))
    first_parent = put_run(experiment, "hyper", start - DAY, metrics={"val_mae": 1.0}, tags={"author": "ada", "data_sha256": sha256(data)})
    prints = {}
    for number in order:
        kind = kinds[number]
        what, _, group = kind.partition(" #")
        file = other if what == "other data" else data
        fit, unseen = hours[file]
        tree = DecisionTreeRegressor(min_samples_leaf=2 if what == "on train" else 3 + number, random_state=0)
        model = tree.fit(fit[FEATURES], fit["trips"])
        error = mean_error(model, unseen)
        numbers = {"too low": 0.98 * error, "too high": 1.01005 * error, "rounded": round(error, 1), "no number": None}
        shown = {**numbers, "on train": mean_error(model, fit)}.get(what, error)
        tags = {"author": chance.choice(["ada", "bo", "cy"]), "data_sha256": sha256(file)}
        if what == "no hash":
            del tags["data_sha256"]
        if group:
            tags["fingerprint"] = prints.setdefault(group, f"{chance.randrange(16**8):08x}" * 8)
        elif what not in ("by hand", "rounded"):
            tags["fingerprint"] = f"{chance.randrange(16**8):08x}" * 8
        if what == "child":
            tags["mlflow.parentRunId"] = first_parent
        status = {"crashed": "FAILED", "killed": "KILLED", "running": "RUNNING"}.get(what, "FINISHED")
        run_id = put_run(
            experiment,
            f"run {number}",
            start + number * HOUR,
            status,
            None if what == "no model" else (model, fit),
            {} if shown is None else {"val_mae": shown},
            tags,
        )
        reasons = {
            "crashed": {"unfinished"},
            "running": {"unfinished"},
            "no hash": {"no data hash"},
            "other data": {"other data", "refuted"},
            "no model": {"no model"},
            "killed": {"unfinished"},
            "too low": {"refuted"},
            "too high": {"refuted"},
            "on train": {"refuted"},
            "no number": {"refuted"},
            "duplicate": {"duplicate"},
        }
        truth[run_id] = (kind, reasons.get(what, {""}), error)
    if any(kind.startswith("child") for kind in kinds):
        truth[first_parent] = ("group", {"group", "no model", "refuted"}, None)
    else:
        truth[first_parent] = ("no model", {"no model", "refuted"}, None)
    return experiment, truth


def read_board(table, what):
    """Return a leaderboard's rows by run id, with rank as a number. Raises AssertionError where it is none."""
    if not isinstance(table, pd.DataFrame):
        raise AssertionError(f"{what} leaderboard returned a {type(table).__name__}, expected a DataFrame.")
    if "run_id" not in table and table.index.name == "run_id":
        table = table.reset_index()
    missing = [name for name in ("run_id", "author", "val_mae", "rank", "reason") if name not in table]
    if missing:
        raise AssertionError(f"{what} the leaderboard has no column {', '.join(missing)}.")
    if table["run_id"].duplicated().any():
        raise AssertionError(f"{what} a run stands on the leaderboard twice.")
    table = table.set_index("run_id")
    for name in ("rank", "val_mae"):
        numbers = pd.to_numeric(table[name], errors="coerce").astype(object)
        table[name] = numbers.where(numbers.notna(), np.nan).astype(float)
    table["reason"] = table["reason"].astype(object).where(table["reason"].notna(), "").map(str)
    return table


def check_board(table, truth, what, why=None):
    """Raise AssertionError where the leaderboard is not what `truth` (from `make_board`) says."""
    rows = read_board(table, what)
    strange, lost = set(rows.index) - set(truth), set(truth) - set(rows.index)
    if strange or lost:
        raise AssertionError(
            f"{what} the leaderboard speaks of {len(rows)} runs, expected {len(truth)}: one row for each run, ranked or not."
        )
    for run_id, (kind, reasons, _) in sorted(truth.items(), key=lambda item: item[1][0]):
        said = rows.loc[run_id, "reason"]
        hint = f" {why[kind.partition(' #')[0]]}" if why and kind.partition(" #")[0] in why else ""
        if said not in reasons:
            raise AssertionError(
                f"{what} a run ({kind.partition(' #')[0]}) has the reason {said!r}, expected {' or '.join(map(repr, sorted(reasons)))}.{hint}"
            )
        if (said == "") != bool(np.isfinite(rows.loc[run_id, "rank"])):
            raise AssertionError(f"{what} a run with the reason {said!r} has the rank {rows.loc[run_id, 'rank']}: a rank, or a reason.")
    ranked = rows[rows["reason"] == ""].sort_values("rank")
    if ranked["rank"].tolist() != list(range(1, len(ranked) + 1)):
        raise AssertionError(f"{what} the ranks are {ranked['rank'].tolist()}, expected 1, 2, 3, … without a gap.")
    errors = [truth[run_id][2] for run_id in ranked.index]
    shown = pd.to_numeric(ranked["val_mae"], errors="coerce")
    for right, said in zip(errors, shown, strict=True):
        if not abs(said - right) < 1e-6:
            raise AssertionError(f"{what} val_mae of a ranked run is {said:.4f}; its model errs by {right:.4f}: show what you measured.")
    if errors != sorted(errors):
        raise AssertionError(
            f"{what} the ranks do not follow the measured errors, {', '.join(f'{error:.2f}' for error in errors)}: the lowest is first."
        )


# What changed

SOURCES = {"train.py": "from columns import USED\nDEPTH = 4\n", "columns.py": 'USED = ["hour"]\n'}


def put_recorded(experiment, number, source, settings, data="d" * 64):
    """Write a run as the team's agreement has it; None leaves a part out."""
    texts = {f"source/{name}": text for name, text in (source or {}).items()}
    if settings is not None:
        texts["settings.json"] = json.dumps(settings)
    return put_run(experiment, f"run {number}", DAY * (number + 1), tags={"data_sha256": data} if data else {}, files=texts)


def read_change(change, what):
    """Return the three parts of what_changed's answer: data, set of files or 'unknown', {name: (before, after)} or 'unknown'."""
    if not isinstance(change, dict) or not {"data", "source", "settings"} <= set(change):
        raise AssertionError(f"{what}: what_changed returned {change!r}, expected a dictionary with data, source and settings.")
    data, source, settings = change["data"], change["source"], change["settings"]
    if not isinstance(data, str):
        data = bool(data)
    if not isinstance(source, str):
        source = set(source)
    if not isinstance(settings, str):
        settings = {name: json.dumps(list(pair)) for name, pair in settings.items()}
    return data, source, settings


# The attic


def make_attic(folder, name, now):
    """Write old runs into a new experiment. Return its name and {run id: (kind, set of right reasons; empty if it stays)}."""
    chance, experiment = drawn(name), make_experiment(folder, name)
    end, client, truth = int(now.timestamp() * 1000), MlflowClient(), {}

    def old():
        return chance.randrange(31, 200)

    def put(kind, days, reasons=(), status="FINISHED", **tags):
        label = chance.choice(["test", "try", "final", "night"]) + f" {chance.randrange(1000)}"
        run_id = put_run(experiment, label, end - round(days * DAY), status, tags={"author": "bo", **tags})
        truth[run_id] = (kind, set(reasons))
        return run_id

    def mark():
        return f"{chance.randrange(16**8):08x}" * 8

    def plain():
        put("crashed", old(), {"crashed"}, "FAILED")
        put("killed", old(), {"crashed"}, "KILLED")
        put("crashed an hour more than 30 days ago", 30 + 1 / 24, {"crashed"}, "FAILED")
        put("crashed an hour less than 30 days ago", 30 - 1 / 24, (), "FAILED")
        put("abandoned", old(), {"abandoned"}, "RUNNING")
        put("still running, young", chance.randrange(1, 20), (), "RUNNING")
        put("finished and old, without a fingerprint", old())
        put("finished and old, without a fingerprint", old())
        put("finished and old", old(), fingerprint=mark())

    def duplicates():
        same, ages = mark(), sorted((old() for _ in range(3)), reverse=True)
        while len(set(ages)) < 3:
            ages = sorted((old() for _ in range(3)), reverse=True)
        put("duplicate", ages[1], {"duplicate"}, fingerprint=same)
        put("the first with its fingerprint", ages[0], fingerprint=same)
        put("duplicate", ages[2], {"duplicate"}, fingerprint=same)
        put("a young duplicate", 3, fingerprint=same)
        other = mark()
        put("crashed, and repeated later", 90, {"crashed"}, "FAILED", fingerprint=other)
        put("the first that finished, after a crash", 80, fingerprint=other)

    def kept():
        put("crashed, with the tag keep", old(), (), "FAILED", keep=chance.choice(["committee", "paper", "no"]))
        put("crashed, with the tag keep, whose value is empty", old(), (), "FAILED", keep="")
        live = put("crashed, behind a registered version", old(), (), "FAILED")
        earlier = put("abandoned, behind a registered version", old(), (), "RUNNING")
        model = f"model-{name}"
        client.create_registered_model(model)
        for run_id in (earlier, live):
            client.create_model_version(model, (folder / "artifacts").as_uri(), run_id)

    def studies():
        three = put("parent of a child that stays since it has the tag keep", 60, (), "FAILED")
        put("child with the tag keep", 59, (), "FAILED", keep="yes", **{"mlflow.parentRunId": three})
        one = put("parent of a run that stays", 58, (), "FAILED")
        put("child that stays, older than its parent", 59, fingerprint=mark(), **{"mlflow.parentRunId": one})
        put("child that crashed", 59, {"crashed"}, "FAILED", **{"mlflow.parentRunId": one})
        two = put("parent of crashed runs only", 60, {"crashed"}, "FAILED")
        put("child that crashed", 59, {"crashed"}, "FAILED", **{"mlflow.parentRunId": two})
        for parent in (one, three):  # whichever way one goes through the runs, one of the two chains runs against it
            client.set_tag(parent, "mlflow.parentRunId", put("parent of the parent of a run that stays", 61, (), "FAILED"))

    parts = [plain, duplicates, kept, studies]
    chance.shuffle(parts)
    for part in parts:
        part()
    return experiment, truth


def stages(experiment):
    """Return {run id: 'active' or 'deleted'} of all runs."""
    return {run.info.run_id: run.info.lifecycle_stage for run in runs_of(experiment, ViewType.ALL)}
