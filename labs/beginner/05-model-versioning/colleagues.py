"""Plays your colleagues: what they left in the shared folder, in Git and in the registry, and at the Hillside depot."""

import json
import logging
import os
import shutil
import subprocess
from hashlib import sha256 as sha256_of
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import skops.io
from alarm import FEATURES, REQUIREMENTS, daily_cost, git, model_file, read_trips, sha256, train
from dvc.repo import Repo
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

logging.getLogger("dvc").setLevel(logging.WARNING)

BREAK_EVEN = round(1 / 6, 4)  # from this probability on fetching costs less than leaving: 8 (1 - p) = 40 p
OLD = ["distance_km", "km_since_service"]


def play_share(folder, csv, august):
    """Fill the shared folder, and return the log of what the alarm answered from 4 to 17 August."""
    folder, past = Path(folder), read_trips(csv)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    june = past[past["day"] < "2025-07-01"]
    live = train(june, {"columns": OLD, "C": 1.0, "threshold": BREAK_EVEN})
    models = {
        "alarm_final.skops": live,
        "alarm_final_v2.skops": train(past, {"columns": FEATURES[:4], "C": 1.0, "threshold": BREAK_EVEN}),
        "alarm_august.skops": train(june, {"columns": OLD, "C": 1.0, "threshold": 0.3}),
        "alarm_new.skops": train(june[june["day"] > "2025-05-05"], {"columns": OLD, "C": 1.0, "threshold": BREAK_EVEN}),
    }
    for name, model in models.items():
        skops.io.dump(model, folder / name)
    shutil.copyfile(folder / "alarm_final_v2.skops", folder / "alarm_final_v2 (1).skops")
    (folder / "READ ME.txt").write_text("alarm_final is the one. Do not touch!!! (Cy)\n")
    lost = train(past[past["day"] < "2025-07-15"], {"columns": FEATURES, "C": 1.0, "threshold": BREAK_EVEN})
    turns = [live] * 3 + [models["alarm_final_v2.skops"]] * 4 + [lost] * 2 + [models["alarm_august.skops"]] * 2 + [live] * 3
    days = [f"2025-08-{number:02d}" for number in range(4, 18)]
    return answers_of({day: [model] for day, model in zip(days, turns, strict=False)}, august, doubtful=live)


def answers_of(turns, trips, doubtful, seed=4):
    """Return a log: for each day twelve of its trips with the answers of that day's models, one after the other."""
    rng, log = np.random.default_rng(seed), []
    for day, models in turns.items():
        todays = trips[trips["day"] == day]
        score = doubtful.predict_proba(todays[FEATURES])[:, 1]
        first = rng.permutation(np.flatnonzero((score > 0.18) & (score < 0.28)))[:4]
        rest = rng.permutation(np.setdiff1d(np.arange(len(todays)), first))
        chosen = todays.iloc[rng.permutation(np.concatenate([first, rest])[:12])]
        for model, part in zip(models, np.array_split(np.arange(len(chosen)), len(models)), strict=False):
            rows = chosen.iloc[part][["day", *FEATURES]]
            log.append(rows.assign(score=model.predict_proba(rows[FEATURES])[:, 1].round(4), fetch=model.predict(rows[FEATURES])))
    return pd.concat(log, ignore_index=True)


def play_summer(name, repo, csv):
    """Write the team's Git repository, train and register seven versions of the model `name`. Version 2 is live: the alias `champion`."""
    repo, past = new_repository(repo), read_trips(csv)
    (repo / "data").mkdir()
    old = {"columns": OLD, "C": 1.0, "threshold": BREAK_EVEN}
    first = {"columns": FEATURES[:3], "C": 1.0, "threshold": 0.5}
    may, june = past[past["day"] < "2025-06-01"], past[past["day"] < "2025-07-01"]
    commits = [
        _commit(repo, "The repair alarm", may, first, "2025-06-02"),
        _commit(repo, "June, and a threshold from the costs", june, old, "2025-07-01"),
        _commit(repo, "July", past, old, "2025-08-04"),
        _commit(repo, "All columns that the app sends", past, {**old, "columns": FEATURES}, "2025-08-11"),
    ]
    mlflow.set_experiment(f"{name}-summer")
    client = MlflowClient()
    if client.search_registered_models(f"name = '{name}'"):
        client.delete_registered_model(name)  # the play starts afresh; at work nobody deletes a registered model
    client.create_registered_model(name)
    leaky, metres = {**old, "columns": [*OLD, "idle_hours"]}, past.assign(distance_km=past["distance_km"] * 1000)
    register(name, "ada: the first alarm", train(may, first), may, first, commits[0], _data_hash(may))
    register(name, "ada: threshold from the costs", train(june, old), june, old, commits[1], _data_hash(june))
    register(name, "bo: with idle_hours", train(past, leaky), past, leaky, "7b0" + commits[2][3:], _data_hash(past))
    register(name, "cy: a score", score_model(past), past, old, commits[2], _data_hash(past))
    register(
        name,
        "ada: all columns",
        train(past, {**old, "columns": FEATURES}),
        past,
        {**old, "columns": FEATURES},
        commits[3],
        _data_hash(past),
    )
    lucky = {**old, "threshold": 0.16}
    register(name, "bo: another threshold", train(past, lucky), past, lucky, commits[2], _data_hash(past))
    whole = {**old, "columns": FEATURES}
    register(name, "cy: the new export", train(metres, whole), metres, whole, commits[3], _data_hash(metres))
    swapped = model_file(name, "4")
    skops.io.dump(score_model(may), swapped)  # Cy trained again, and copied the file over the registered one
    client.set_model_version_tag(name, "2", "replaced", "1")
    client.set_registered_model_alias(name, "champion", "2")


def register(name, what, model, trips, params, commit, data_sha256, inputs=None):
    """Log the model in a run of its own, register it with tags that say where it came from, and return the version's number."""
    columns = inputs or [*FEATURES, *(column for column in params["columns"] if column not in FEATURES)]
    with mlflow.start_run(run_name=what):
        mlflow.log_params(params)
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(trips[columns].head(), model.predict(trips.head())),
            pip_requirements=REQUIREMENTS,
        )
        run_id = mlflow.active_run().info.run_id
    made = MlflowClient().create_model_version(name, logged.model_uri, run_id, description=what, model_id=logged.model_id)
    tags = {"git_commit": commit, "data_sha256": data_sha256, "model_sha256": sha256(model_file(name, made.version))}
    for key, value in tags.items():
        MlflowClient().set_model_version_tag(name, made.version, key, value)
    return str(made.version)


def start_again(name):
    """Put alias and tags back to where `play_summer` left them."""
    client = MlflowClient()
    for version in client.search_model_versions(f"name = '{name}'"):
        for tag in set(version.tags) - {"git_commit", "data_sha256", "model_sha256"}:
            client.delete_model_version_tag(name, version.version, tag)
    client.set_model_version_tag(name, "2", "replaced", "1")
    client.set_registered_model_alias(name, "champion", "2")


def play_depot(repo, store, csv, august):
    """Lay out the Hillside depot's repository, with its model under DVC, and the store that it shares. Three commits, two releases."""
    shutil.rmtree(store, ignore_errors=True)
    repo, past, august = new_repository(repo), read_trips(csv), read_trips(august)
    Repo.init(str(repo)).close()
    with (repo / ".dvc" / "config").open("a") as config:  # the same as `dvc remote add --default store FOLDER`
        config.write(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {Path(store).resolve()}\n")
    (repo / "ask.py").write_text(ASK.replace("0 or 1", "a number"))
    known = past[past["day"] < "2025-07-14"]
    for release, threshold, day in [("v1", BREAK_EVEN, "2025-07-14"), ("v2", 0.5, "2025-08-12")]:
        model = train(known, {"columns": FEATURES[:3], "C": 1.0, "threshold": threshold})
        skops.io.dump(model, repo / "model.skops")
        cost = daily_cost(model.predict(august), august).sum() / len(august) * 1000
        (repo / "metrics.json").write_text(json.dumps({"threshold": threshold, "euros_per_1000_trips": round(float(cost))}) + "\n")
        with Repo(str(repo)) as dvc:
            dvc.add(str(repo / "model.skops"))
            if release == "v2":
                dvc.push()
        commit(repo, f"Release {release}", day)
        git(repo, "tag", release)
    (repo / "ask.py").write_text(ASK)
    commit(repo, "ask.py: say what the answer means", "2025-08-13")


ASK = '''"""Asks the depot's alarm about one trip: python ask.py DISTANCE_KM CLIMB_M KM_SINCE_SERVICE"""

import sys

import pandas as pd
import skops.io

trip = pd.DataFrame([[float(word) for word in sys.argv[1:4]]], columns=["distance_km", "climb_m", "km_since_service"])
print(skops.io.load("model.skops").predict(trip)[0])  # 0 or 1
'''


def new_repository(folder):
    """Make an empty Git repository in the folder, which is emptied first, and return its path."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for key, value in {"user.name": "Ada", "user.email": "ada@example.com", "core.autocrlf": "false", "commit.gpgsign": "false"}.items():
        git(folder, "config", key, value)
    return folder


def commit(repo, message, day):
    """Commit all that lies in the repository, and return the commit's id."""
    when = {"GIT_AUTHOR_DATE": f"{day}T09:00:00Z", "GIT_COMMITTER_DATE": f"{day}T09:00:00Z"}
    git(repo, "add", "--all")
    subprocess.run(["git", "-C", str(repo), "commit", "--quiet", "-m", message], check=True, env={**os.environ, **when})
    return git(repo, "rev-parse", "HEAD").decode().strip()


def _commit(repo, message, trips, params, day):
    (repo / "data" / "trips.csv").write_bytes(_csv(trips))
    (repo / "params.json").write_text(json.dumps(params, indent=2) + "\n")
    return commit(repo, message, day)


def _csv(trips):
    return trips.to_csv(index=False, lineterminator="\n").encode()


def _data_hash(trips):
    return sha256_of(_csv(trips)).hexdigest()


def score_model(trips):
    """Return a model that answers with a score, mostly between 0 and 1."""
    columns = make_column_transformer((StandardScaler(), OLD))
    return make_pipeline(columns, Ridge()).fit(trips.drop(columns=["day", "needs_repair"]), trips["needs_repair"])
