"""What the judge cells share: fresh trips, a store and a repository of the judge's own, and what the rules of the lab say."""

import copy
import hashlib
import json
import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import judgekit_git
import judgekit_mlflow

from judgekit import drawn

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import itertools

import mlflow
import numpy as np
from alarm import FEATURES, daily_cost, sha256, skops, train
from mlflow import MlflowClient

from metro_bikes import QUIET, simulate

OLD = {"columns": ["distance_km", "km_since_service"], "C": 1.0, "threshold": 0.1667}
ALL = {**OLD, "columns": FEATURES}


def fresh_trips(seed, trips=3000, days=40):
    """Return trips of another city, in the form of `alarm.read_trips`, e-bikes among them."""
    table = simulate(seed=seed, trips=trips, start="2026-04-01", days=days, scenario=replace(QUIET, ebikes_day=0)).trips
    table["day"], table["ebike"] = table.started_at.dt.strftime("%Y-%m-%d"), (table.bike_type == "ebike").astype(float)
    numbers = dict.fromkeys([*FEATURES, "idle_hours"], float)
    return table[["day", *FEATURES, "idle_hours", "needs_repair"]].astype({**numbers, "needs_repair": int})


def parts(trips, *starts):
    """Return the trips cut before each of the days that `starts` counts from the first."""
    number = trips["day"].factorize(sort=True)[0]
    return [trips[(number >= a) & (number < b)] for a, b in zip((0, *starts), (*starts, 10**6), strict=False)]


def champion(name):
    """Return the number of the version that is live."""
    return str(MlflowClient().get_model_version_by_alias(name, "champion").version)


@contextmanager
def own_store():
    """As judgekit's, with an experiment whose artefacts lie in the store's folder."""
    with judgekit_mlflow.own_store() as folder:
        mlflow.set_experiment(experiment_id=mlflow.create_experiment("judge", artifact_location=(folder / "artifacts").as_uri()))
        yield folder


def tags(name, version):
    """Return the version's tags."""
    return MlflowClient().get_model_version(name, version).tags


def load_safely(file):
    """Return the scikit-learn model in a .skops file. Raises AssertionError where it holds other types."""
    strangers = skops.io.get_untrusted_types(file=file)
    if strangers:
        raise AssertionError(f"A model holds types that are not scikit-learn's ({', '.join(strangers)}), so it was not opened.")
    return skops.io.load(file)


def make_share(folder, salt, kinds):
    """Fill the folder with model files, and return a log of answers and the truth: {day: SHA-256 or None}.

    `kinds` names what answers on each of the days: a file, `lost`, `near` (a model of which no file is left, its scores hardly a thousandth
    from those of `live`), `swapped` (two files, one after the other), or `once` (`live`, but for one trip that `near` answered).
    """
    chance = drawn(salt)
    while True:
        trips = fresh_trips(chance.randrange(10**6), trips=2600)
        past, days = parts(trips, 24)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        live = train(past, OLD)
        models = {
            "live": live,
            "twin": train(past.iloc[60:], OLD),
            "strict": train(past, {**OLD, "threshold": 0.3}),
            "wide": train(past, {**OLD, "columns": FEATURES}),
        }
        names = chance.sample(["final", "final_2", "backup", "new", "old", "x"], 5)
        for name, model in zip(names, models.values(), strict=False):
            skops.io.dump(model, folder / f"{name}.skops")
        shutil.copyfile(folder / f"{names[3]}.skops", folder / f"{names[4]} copy.skops")
        (folder / "notes.txt").write_text("nothing to see")
        hashes = {kind: sha256(folder / f"{name}.skops") for kind, name in zip(models, names, strict=False)}
        models["lost"] = train(past.iloc[:-60], {**OLD, "C": 0.3})
        models["near"] = copy.deepcopy(live)
        models["near"].estimator_[-1].intercept_ += 0.0024
        answering = {"swapped": ["live", "wide"], "once": ["live"]}
        turns = {day: answering.get(kind, [kind]) for day, kind in zip(sorted(days["day"].unique()), kinds, strict=False)}
        log = _answers({day: [models[kind] for kind in kinds] for day, kinds in turns.items()}, days, live, chance.randrange(10**6))
        truth = {day: hashes.get(kind) for day, kind in zip(turns, kinds, strict=False)}
        for day in (day for day, kind in zip(turns, kinds, strict=False) if kind == "once"):
            rows = log[log["day"] == day]
            score = models["near"].predict_proba(rows[FEATURES])[:, 1].round(4)
            log.loc[(score - rows["score"]).idxmax(), "score"] = score[(score - rows["score"]).argmax()]
        fits = {
            day: {hashes[kind] for kind in hashes if _agrees(models[kind], rows)} == ({truth[day]} - {None})
            for day, rows in log.groupby("day")
        }
        nearest = (log[log["day"] == day] for day, kind in zip(turns, kinds, strict=False) if kind in ("near", "once"))
        if all(fits.values()) and all(_agrees(live, rows, 9e-4) for rows in nearest):
            return log, truth


def _answers(turns, days, doubtful, seed):
    from colleagues import answers_of

    return answers_of(turns, days, doubtful, seed)


def _agrees(model, rows, distance=3e-4):
    near = np.abs(model.predict_proba(rows[FEATURES])[:, 1] - rows["score"]) < distance
    return bool(near.all() and (model.predict(rows[FEATURES]) == rows["fetch"]).all())


def gain(old, new, holdout):
    """Return the mean daily gain of the model `new` over `old`, divided by its standard error."""
    gains = daily_cost(old.predict(holdout), holdout) - daily_cost(new.predict(holdout), holdout)
    error = gains.std() / len(gains) ** 0.5
    return float(gains.mean() / error) if error else 0.0


def candidates(salt):
    """Return past trips, a hold-out, a champion, and candidates whose gains leave no doubt: {"good", "fewer", "luck", "worse"}."""
    chance = drawn(salt)
    from colleagues import score_model

    while True:
        past, holdout = parts(fresh_trips(chance.randrange(10**6), trips=5200, days=44), 22)
        live, fewer = train(past, OLD), {**ALL, "columns": [*OLD["columns"], "tyre_pressure_bar"]}
        models = {"good": train(past, ALL), "fewer": train(past, fewer), "worse": train(past, {**ALL, "threshold": 0.45})}
        models["short"] = train(past.astype({"needs_repair": "int32"}), ALL)
        models["leaky"] = train(past, {**OLD, "columns": [*OLD["columns"], "idle_hours"]})
        lucks = (train(past, {**OLD, "threshold": threshold}) for threshold in (0.13, 0.14, 0.15, 0.16, 0.18, 0.19, 0.2, 0.21))
        models["score"] = score_model(past)
        models["luck"] = next((model for model in lucks if 0.3 < gain(live, model, holdout) < 1.7), None)
        better = all(gain(live, models[kind], holdout) > 2.4 for kind in ("good", "fewer", "leaky"))
        worse = gain(live, models["worse"], holdout) < -1 and gain(models["good"], live, holdout) < -2.4
        if models["luck"] and better and worse:
            return past, holdout, live, models


def lineage_cases(folder, salt, kinds):
    """Make a repository and a registered model "shown" in the judge's store. Return (version, what does not hold, kind) for each of the kinds."""
    from colleagues import commit, new_repository, register

    chance = drawn(salt)
    trips = fresh_trips(chance.randrange(10**6), trips=1200)
    repo = new_repository(folder / "repo")
    (repo / "data").mkdir()
    settings = [{**OLD, "C": 0.1 * number, "warm": number == 2, "note": None} for number in (1, 2, 3)]
    tables = [trips.iloc[: 300 * number] for number in (1, 2, 3)]
    ids = []
    for number, (params, table) in enumerate(zip(settings, tables, strict=False)):
        (repo / "data" / "trips.csv").write_bytes(
            table.to_csv(index=False, lineterminator="\r\n" if number == 1 else "\n").encode() + b"\n"
        )
        (repo / "params.json").write_text(json.dumps(params))
        hashed = sha256(repo / "data" / "trips.csv")
        ids.append((commit(repo, f"trips {number}", f"2026-05-{number + 1:02}"), hashed, params, table))
    client = MlflowClient()
    client.create_registered_model("shown")
    cases = []
    for kind in kinds:
        which = 2 if kind == "new and sound" or "branch" in kind else chance.randrange(2)
        identity, hashed, params, table = ids[which]
        logged = {**params, "C": params["C"] + 0.05} if "parameters edited" in kind else dict(params)
        if "a parameter missing" in kind:
            del logged[chance.choice(["C", "threshold", "warm"])]
        if "a parameter more" in kind:
            logged["solver"] = "lbfgs"
        version = register("shown", kind, train(table, params), table, logged, identity, hashed)
        wrong = []
        if "model exchanged" in kind:
            skops.io.dump(
                train(table, {**params, "threshold": 0.4}),
                Path(mlflow.artifacts.download_artifacts(f"models:/shown/{version}")) / "model.skops",
            )
            wrong.append("model")
        if "commit gone" in kind:
            client.set_model_version_tag("shown", version, "git_commit", "".join(chance.choices("0123456789abcdef", k=40)))
            wrong.append("commit")
        if kind == "a branch for a commit":
            client.set_model_version_tag("shown", version, "git_commit", "main")
            wrong.append("commit")
        if "no commit" in kind:
            client.delete_model_version_tag("shown", version, "git_commit")
            wrong.append("commit")
        if "data edited" in kind:
            client.set_model_version_tag("shown", version, "data_sha256", hashed[:-1] + ("0" if hashed[-1] != "0" else "1"))
            wrong.append("data")
        if kind == "data of another commit":
            client.set_model_version_tag("shown", version, "data_sha256", ids[2][1])
            wrong.append("data")
        if kind == "no data hash":
            client.delete_model_version_tag("shown", version, "data_sha256")
            wrong.append("data")
        if kind == "no model hash":
            client.delete_model_version_tag("shown", version, "model_sha256")
            wrong.append("model")
        if "parameter" in kind:
            wrong.append("parameters")
        cases.append((version, sorted(wrong), kind))
    return cases


def chain(name, salt, withdrawn):
    """Register eight versions, five of which followed one another as the champion. Return their numbers, the champion's first.

    `withdrawn` gives the reasons of those that were withdrawn, by their place in that row.
    """
    client, numbers = MlflowClient(), [str(number) for number in drawn(salt).sample(range(1, 9), 5)]
    client.create_registered_model(name)
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(train(fresh_trips(3, trips=600), OLD), name="model", pip_requirements=["scikit-learn"])
    for _ in range(8):
        client.create_model_version(name, info.model_uri, run.info.run_id, model_id=info.model_id)
    for later, earlier in itertools.pairwise(numbers):
        client.set_model_version_tag(name, later, "replaced", earlier)
    for place, reason in withdrawn.items():
        client.set_model_version_tag(name, numbers[place], "withdrawn", reason)
    client.set_registered_model_alias(name, "champion", numbers[0])
    return numbers


class Depot(judgekit_git.Repository):
    """What the learner left of the depot, read without running anything that its configuration may name."""

    def __init__(self, folder, store):
        super().__init__(folder, "the folder depot")
        self.store = Path(store).resolve()

    def pointer(self, release):
        found = re.search(r"md5: ([0-9a-f]{32})\s", self.git("cat-file", "blob", f"{release}:model.skops.dvc"))
        if not found:
            raise AssertionError(f"In {release} the file model.skops.dvc is no pointer of DVC.")
        return found[1]

    def stored(self, release):
        return self.store / "files" / "md5" / self.pointer(release)[:2] / self.pointer(release)[2:]

    def md5(self, file):
        return hashlib.md5(file.read_bytes()).hexdigest()

    def threshold(self, file):
        return load_safely(file).threshold
