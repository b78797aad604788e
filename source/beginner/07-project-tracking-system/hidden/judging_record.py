"""What the judge cells of the record share: jobs, and a hidden week that is played to them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import mlflow
import numpy as np
from colleagues import DAY, put_run
from forecast import mean_error, read_hours, sha256, split, train_job
from judgekit_mlflow import own_store
from judging import fresh_hours, load_safely, make_experiment, runs_of
from mlflow import MlflowClient
from mlflow.entities import ViewType

from judgekit import drawn

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


_weeks: list["Week"] = []  # a week is played once, and looked at by several cells


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
