"""Fresh MLflow stores, for the judge of the model card."""

import math
import os
from contextlib import contextmanager
from pathlib import Path

import mlflow
from colleagues import evaluate, register
from mlflow import MlflowClient
from mlflow.tracking import fluent

from judgekit import drawn, own_folder

PLACES = ["Mill", "Park", "Quay"]


@contextmanager
def own_store():
    """Track to a new store in a temporary folder, and leave everything as it was found."""
    uri, registry, active = mlflow.get_tracking_uri(), mlflow.get_registry_uri(), fluent._active_experiment_id
    names = ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_REGISTRY_URI")
    before = {name: os.environ.get(name) for name in names}
    here = Path.cwd()
    with own_folder() as folder:
        address = f"sqlite:///{folder}/mlflow.db"
        os.chdir(folder)  # artefacts lie in ./mlruns
        mlflow.set_tracking_uri(address)
        mlflow.set_registry_uri(address)
        os.environ["MLFLOW_REGISTRY_URI"] = address
        try:
            yield
        finally:
            os.chdir(here)
            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(registry)
            fluent._active_experiment_id = active
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def card_problem(card, whole):
    """Return what is wrong with the learner's cards of fresh models, or an empty text: of those with whole evaluations, or with gaps."""
    for name, right, what, gaps in card_cases():
        if gaps == whole:
            continue
        try:
            said = card(name)
        except Exception as error:
            return f"For {what}, card stopped with {type(error).__name__}: {error}"
        if not isinstance(said, dict) or set(said) != set(right):
            return f"For {what}, card returned {said!r}, expected a dictionary with the keys of Bo's."
        for key, value in right.items():
            if said[key] != value:
                return f"For {what}, card says {key} is {said[key]!r}, expected {value!r}."
    return ""


def card_cases():
    """Fill the store, and return (name, the right card, what it is about, whether it is about gaps) for each of its models."""
    chance, client = drawn("card"), MlflowClient()

    def rate():
        return round(chance.uniform(0.05, 0.4), 3)

    def model(name, champion, versions, kept=("threshold", "data_sha256")):
        params = {}
        for number in range(1, versions + 1):
            params[number] = {"threshold": round(chance.uniform(0.2, 0.6), 3), "data_sha256": f"{chance.getrandbits(128):032x}"}
            register(name, {key: params[number][key] for key in kept}, {"auc": 0.9, "false_positive_rate": 0.01})
        client.set_registered_model_alias(name, "champion", champion)
        return {
            "model": name,
            "version": champion,
            **{key: params[champion][key] if key in kept else None for key in params[champion]},
            "auc": None,
            "false_positive_rate": None,
            "by_district": None,
        }

    def table(*payers):
        return {place: {"payers": n, "false_positive_rate": rate()} for place, n in zip(PLACES, payers, strict=True)}

    cases = []
    # many versions; evaluations of names that begin alike; the newest lies in another experiment
    right = model("deposit", 1, 11)
    old, new = ({"auc": round(rate() + 0.4, 3), "false_positive_rate": rate()} for _ in range(2))
    districts = table(300, 290, 400)
    evaluate("deposit", 1, old, table(200, 200, 200))
    evaluate("deposit", 1, new, districts, experiment="spring review")
    evaluate("deposit", 11, old, table(90, 90, 90))
    evaluate("deposit", 10, {"auc": 0.5})
    evaluate("old-deposit", 1, {"auc": 0.6}, table(99, 99, 99))
    what = "a model with eleven versions, the newest evaluation in another experiment"
    cases.append(("deposit", {**right, **new, "by_district": districts}, what, False))
    # the newest evaluations were deleted, killed, failed
    right = model("ebike", 2, 3)
    good, districts = {"auc": round(rate() + 0.4, 3), "false_positive_rate": rate()}, table(300, 301, 302)
    evaluate("ebike", 2, {"auc": 0.6, "false_positive_rate": 0.2}, table(200, 201, 202))
    evaluate("ebike", 2, good, districts)
    client.delete_run(evaluate("ebike", 2, {"auc": 0.51, "false_positive_rate": 0.5}, table(31, 32, 33)))
    evaluate("ebike", 2, {"auc": 0.52}, status="KILLED")
    evaluate("ebike", 2, {"auc": 0.53}, status="FAILED")
    what = "a model whose newest evaluations were deleted, killed, or failed"
    cases.append(("ebike", {**right, **good, "by_district": districts}, what, False))
    # a rate is missing, one is NaN, two are of few payers
    right = model("moped", 2, 2)
    districts = table(30, 29, 400)
    evaluate("moped", 2, {"auc": 0.6, "false_positive_rate": 0.2}, table(200, 201, 202))
    evaluate("moped", 2, {"auc": 0.71}, {**districts, "Quay": {"payers": 400, "false_positive_rate": math.nan}})
    small = {**districts, "Park": {"payers": 29, "false_positive_rate": None}, "Quay": {"payers": 400, "false_positive_rate": None}}
    what = "a model whose newest evaluation lacks two rates, and has one of 29 payers"
    cases.append(("moped", {**right, "auc": 0.71, "by_district": small}, what, True))
    # the newest measured less than the one before, and one value is NaN
    right = model("tram", 1, 1)
    evaluate("tram", 1, {"auc": 0.77, "false_positive_rate": 0.11}, table(300, 300, 300))
    evaluate("tram", 1, {"auc": 0.7, "false_positive_rate": math.nan})
    what = "a model whose newest evaluation has NaN for a rate, and no numbers by district"
    cases.append(("tram", {**right, "auc": 0.7}, what, True))
    # never evaluated
    what = "a model that nobody has evaluated, whose training names no data"
    cases.append(("winter", model("winter", 2, 2, kept=["threshold"]), what, False))
    return cases
