"""Plays your colleagues Ada, Bo and Cy: September as you found it, the week with your tracking system, and the old runs in the attic."""

import json
import shutil
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from forecast import keep_model, mean_error, read_hours, sha256, split, train_job
from mlflow import MlflowClient

HOUR, DAY = 3_600_000, 86_400_000  # milliseconds, as MLflow counts time


def put_run(experiment, name, start, status="FINISHED", model=None, metrics=None, tags=None, files=None):
    """Write a run into the experiment by hand and return its id. `start` in ms since 1970; `model` is a model and its hours."""
    client = MlflowClient()
    place = client.get_experiment_by_name(experiment).experiment_id
    run_id = client.create_run(place, start_time=start, run_name=name, tags=tags or {}).info.run_id
    if model:
        mlflow.set_experiment(experiment)
        with mlflow.start_run(run_id=run_id):
            keep_model(*model)
    for metric, value in (metrics or {}).items():
        client.log_metric(run_id, metric, value)
    for path, content in (files or {}).items():
        client.log_text(run_id, content, path)
    if status == "RUNNING":
        client.update_run(run_id, status="RUNNING")
    else:
        client.set_terminated(run_id, status, end_time=start + HOUR)
    return run_id


def play_september(experiment, data):
    """Write September's runs into the experiment, as Ada, Bo and Cy logged them by hand. Writes summer.csv, an older file, too."""
    hours = read_hours(data)
    hours[hours["time"] < "2025-09-08"].to_csv("summer.csv", index=False, date_format="%Y-%m-%d %H:%M")
    fit, unseen = split(hours)
    start = pd.Timestamp("2025-09-29 09:00").value // 10**6
    now, then = {"data_sha256": sha256(data)}, {"data_sha256": sha256("summer.csv")}

    def run(author, name, minute, val_mae=None, **rest):
        metrics = {} if val_mae is None else {"val_mae": val_mae}
        tags = {"author": author, **rest.pop("tags", {})}
        return put_run(experiment, f"{author}: {name}", start + minute * 60_000, metrics=metrics, tags=tags, **rest)

    tree = train_job("jobs/tree", fit, {"min_samples_leaf": 4})
    run("bo", "tree", 0, mean_error(tree, unseen), model=(tree, fit), tags={**now, "fingerprint": "b0" * 32})
    run("cy", "final2", 40, mean_error(tree, fit), model=(tree, fit), tags=now)
    old_fit, old_unseen = split(read_hours("summer.csv"))
    old = train_job("jobs/boosting", old_fit, {"max_leaf_nodes": 15, "max_iter": 40})
    run("ada", "boosting", 55, mean_error(old, old_unseen), model=(old, old_fit), tags=then)
    study = run("ada", "leaves", 60, 26.5, tags=now)
    for minute, leaves in [(61, 15), (62, 31)]:
        model = train_job("jobs/boosting", fit, {"max_leaf_nodes": leaves, "max_iter": 40})
        tags = {**now, "mlflow.parentRunId": study, "fingerprint": f"a{leaves:03d}" * 16}
        run("ada", f"{leaves} leaves", minute, mean_error(model, unseen), model=(model, fit), tags=tags)
    run("ada", "1 leaf", 63, status="FAILED", tags={**now, "mlflow.parentRunId": study})
    other = train_job("jobs/tree", fit, {"min_samples_leaf": 6})
    run("bo", "tree again", 80, mean_error(other, unseen), model=(other, fit))
    run("cy", "average", 95, 24.9, tags=now)
    run("cy", "copy of bo", 110, mean_error(tree, unseen), model=(tree, fit), tags={**now, "fingerprint": "b0" * 32})
    run("bo", "test", 130, status="RUNNING", tags=now)


def play_week(experiment, record, folder):
    """Play Monday to Friday in `folder`, with your `record`. Returns a diary: a row an event, indexed by it, with run_id or error."""
    place = Path(folder)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree("jobs", place / "jobs")
    data = place / "hours.csv"
    shutil.copyfile("hours.csv", data)
    diary = []

    def note(day, event, author, job, settings, **more):
        before, run_id, error = _ids(experiment), None, ""
        try:
            run_id = record(experiment, author, str(place / "jobs" / job), str(data), settings, **more)
        except NotImplementedError:
            raise
        except Exception as what:
            error = f"{type(what).__name__}: {what}"[:300]
        while mlflow.active_run():
            mlflow.end_run()
        new = [new_id for new_id in _ids(experiment) if new_id not in before]
        diary.append({"event": event, "day": day, "author": author, "job": job, "run_id": run_id, "new": new, "error": error})

    fit, unseen = split(read_hours(data))
    small = {"max_leaf_nodes": 15, "max_iter": 40}
    honest = mean_error(train_job("jobs/boosting", fit, small), unseen)
    note("Monday", "honest", "ada", "boosting", dict(small), claim=round(honest, 1))
    note("Monday", "plain", "bo", "tree", {"min_samples_leaf": 4, "max_depth": None, "seed": 7})
    boast = mean_error(train_job("jobs/tree", fit, {"min_samples_leaf": 3}), fit)
    note("Tuesday", "liar", "cy", "tree", {"min_samples_leaf": 3}, claim=round(boast, 1))
    note("Tuesday", "crash", "bo", "linear", {"alpha": "much"})
    note("Tuesday", "duplicate", "cy", "boosting", {"max_iter": 40, "max_leaf_nodes": 15})
    shutil.copyfile("corrected.csv", data)  # three days had been counted twice
    note("Wednesday", "changed data", "ada", "boosting", dict(small))
    for leaves in np.array([7, 1, 31]):
        note("Wednesday", f"study, {leaves}", "ada", "boosting", {"max_leaf_nodes": leaves, "max_iter": 40}, study="leaves")
    features = place / "jobs" / "boosting" / "features.py"
    features.write_text(features.read_text().replace('"temperature_c"]', '"temperature_c", "rain_mm"]'))
    note("Thursday", "changed source", "ada", "boosting", dict(small))
    note("Thursday", "changed parameter", "ada", "boosting", {**small, "max_iter": 80}, claim=11.8)
    note("Thursday", "repaired", "bo", "linear", {"alpha": 1.0}, claim=12.0)
    note("Thursday", "study, 63", "bo", "boosting", {"max_leaf_nodes": 63, "max_iter": 40}, study="leaves")
    note("Friday", "deep", "cy", "tree", {"min_samples_leaf": 1}, claim=0.0)
    _play_friday_night(experiment, data)
    return pd.DataFrame(diary).set_index("event")


def _play_friday_night(experiment, data):
    """Cy is in a hurry, and logs by hand: once without the data's hash, once with the error on the hours that it was fitted on."""
    fit, unseen = split(read_hours(data))
    tree, start = train_job("jobs/tree", fit, {"min_samples_leaf": 5}), pd.Timestamp.now("UTC").value // 10**6
    put_run(experiment, "cy by hand", start, model=(tree, fit), metrics={"val_mae": mean_error(tree, unseen)}, tags={"author": "cy"})
    tags = {"author": "cy", "data_sha256": sha256(data)}
    put_run(experiment, "cy by hand 2", start, model=(tree, fit), metrics={"val_mae": mean_error(tree, fit)}, tags=tags)


def play_pairs(experiment):
    """Write pairs of runs into the experiment, each pair a question. Returns {what happened: (id of before, id of after)}."""
    settings = {"max_leaf_nodes": 15, "max_features": 0.5}
    train, features = "from features import USED\n", 'USED = ["hour"]\n'

    def run(name, data="d1" * 32, settings=settings, **source):
        texts = {"source/train.py": train, "source/features.py": features}
        texts |= {f"source/{stem}.py": text for stem, text in source.items()}
        texts = {path: text for path, text in texts.items() if text is not None}
        if settings is not None:
            texts["settings.json"] = json.dumps(settings)
        return put_run(experiment, name, DAY, tags={"data_sha256": data} if data else {}, files=texts)

    first = run("monday")
    return {
        "nothing": (first, run("again", settings={"max_features": 0.5, "max_leaf_nodes": 15})),
        "data": (first, run("wednesday", data="d2" * 32)),
        "source": (first, run("thursday", features='USED = ["hour", "rain_mm"]\n')),
        "settings": (first, run("friday", settings={"max_leaf_nodes": 31, "max_features": 0.5, "max_iter": 80})),
        "by hand": (first, run("by hand", data=None, settings=None, train=None, features=None)),
    }


def play_attic(experiment, model, now):
    """Write old runs into the experiment, and register the model `model` from one of them. Returns {name: run id}."""
    client, end = MlflowClient(), pd.Timestamp(now).value // 10**6
    ids = {}

    def run(name, days, status="FINISHED", parent=None, **tags):
        tags |= {"mlflow.parentRunId": ids[parent]} if parent else {}
        ids[name] = put_run(experiment, name, end - days * DAY, status, tags={"author": "cy", **tags})

    run("typing error", 40, "FAILED")
    run("live, its plot crashed", 41, "FAILED", fingerprint="aa" * 32)
    run("shown to the committee", 45, "FAILED", keep="committee")
    run("crashed last week", 8, "FAILED")
    run("first of three", 50, fingerprint="bb" * 32)
    run("second of three", 39, fingerprint="bb" * 32)
    run("third of three", 5, fingerprint="bb" * 32)
    run("notebook closed", 60, "RUNNING")
    run("study", 36, "FAILED")
    run("child that works", 35, parent="study", fingerprint="cc" * 32)
    run("child that crashed", 35, "FAILED", parent="study")
    run("empty study", 33, "FAILED")
    run("its only child", 33, "FAILED", parent="empty study")
    run("crashed, then repeated", 48, "FAILED", fingerprint="dd" * 32)
    run("the repetition, a test", 47, fingerprint="dd" * 32)
    run("old and good", 300, fingerprint="ee" * 32)
    if client.search_registered_models(f"name = '{model}'"):
        client.delete_registered_model(model)  # the play starts afresh; at work nobody deletes a registered model
    client.create_registered_model(model)
    client.create_model_version(model, Path("mlruns").resolve().as_uri(), ids["live, its plot crashed"])
    return ids


def _ids(experiment):
    client = MlflowClient()
    return [run.info.run_id for run in client.search_runs([client.get_experiment_by_name(experiment).experiment_id])]
