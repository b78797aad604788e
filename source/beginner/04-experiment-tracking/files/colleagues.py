"""Plays your colleagues Ada, Bo and Cy: what they logged on Friday 27 June, and what they registered in July."""

from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import mlflow
from demand import FEATURES, REQUIREMENTS, TREES, mean_error, read_hours, train_forest
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline


def play_friday(experiment, train, validation):
    """Log Friday's seven runs to the experiment: five with a model, one without, one that crashed."""
    mlflow.set_experiment(experiment)

    with _run("ada", "boosting", {"loss": "poisson", "max_leaf_nodes": 31}) as settings:
        model = _boosting(train, **settings)
        mlflow.log_metric("val_mae", mean_error(model, validation))
        _log(model, train)

    with _run("bo", "forest", {"n_estimators": 30, "min_samples_leaf": 6}) as settings:
        model = train_forest(train, {**settings, "random_state": 0})
        mlflow.log_metric("val_mae", mean_error(model, train))
        _log(model, train)

    with _run("cy", "boosting", {"loss": "poisson", "max_leaf_nodes": 15}) as settings:
        model = _boosting(train, **settings)
        mlflow.log_metric("val_mae", root_mean_squared_error(validation["trips"], model.predict(validation[FEATURES])))
        _log(model, train)

    with _run("ada", "linear", {"alpha": 1.0}) as settings:
        model = Ridge(**settings).fit(train[FEATURES], train["trips"])
        mlflow.log_metric("val_mae", mean_error(model, validation))
        _log(model, train)

    with _run("bo", "forest", {"n_estimators": 30, "criterion": "poisson"}) as settings:
        model = train_forest(train, {**settings, "random_state": 0})
        mlflow.log_metric("val_mae", mean_error(model, validation))

    try:
        with _run("cy", "forest", {"n_estimators": 30, "min_samples_leaf": 0}) as settings:
            train_forest(train, settings)
    except ValueError:
        pass  # Cy went home

    with _run("ada", "boosting", {"loss": "squared_error", "max_leaf_nodes": 31}) as settings:
        model = _boosting(train, **settings)
        mlflow.log_metric("val_mae", mean_error(model, validation))
        _log(model, train)


def play_july(name, csv):
    """Register four versions of the model `name`, all trained on the hours in `csv`. Version 1 is live: it has the alias `champion`."""
    hours, data_sha256 = read_hours(csv), sha256(Path(csv).read_bytes()).hexdigest()
    mlflow.set_experiment(f"{name}-july")
    client = MlflowClient()
    if client.search_registered_models(f"name = '{name}'"):
        client.delete_registered_model(name)  # the play starts afresh; at work nobody deletes a registered model
    client.create_registered_model(name)
    without_wind = [feature for feature in FEATURES if feature != "wind_mps"]
    models = [
        ("ada", "boosting, 45 trees", _boosting(hours, max_leaf_nodes=15, max_iter=45)),
        ("bo", "forest, 30 trees", train_forest(hours, {"n_estimators": 30, "random_state": 0})),
        ("cy", "boosting without wind, 46 trees", _boosting(hours, without_wind, max_leaf_nodes=15, max_iter=46)),
        ("ada", "boosting, 57 trees", _boosting(hours, max_leaf_nodes=15, max_iter=57)),
    ]
    for author, what, model in models:
        with _run(author, what, {}):
            mlflow.set_tag("data_sha256", data_sha256)
            logged = _log(model, hours)
            run_id = mlflow.active_run().info.run_id
            client.create_model_version(name, logged.model_uri, run_id, description=what, model_id=logged.model_id)
    client.set_registered_model_alias(name, "champion", "1")


def start_july_again(name):
    """Put alias and tags back to where `play_july` left them."""
    client = MlflowClient()
    for version in client.search_model_versions(f"name = '{name}'"):
        for tag in version.tags:
            client.delete_model_version_tag(name, version.version, tag)
    client.set_registered_model_alias(name, "champion", "1")


@contextmanager
def _run(author, kind, settings):
    with mlflow.start_run(run_name=f"{author}: {kind}", tags={"author": author}):
        mlflow.log_params({"kind": kind, **settings})
        yield settings


def _boosting(hours, features=FEATURES, loss="poisson", **settings):
    boosting = HistGradientBoostingRegressor(loss=loss, random_state=0, **settings)
    return make_pipeline(make_column_transformer(("passthrough", features)), boosting).fit(hours[FEATURES], hours["trips"])


def _log(model, hours):
    signature = infer_signature(hours[FEATURES], model.predict(hours[FEATURES]))
    return mlflow.sklearn.log_model(model, name="model", signature=signature, pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)
