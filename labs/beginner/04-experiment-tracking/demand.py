"""The demand team's module: the city's hours, a forest trained on them, its error, and experiments that do not mix."""

from importlib.metadata import version
from itertools import count

import mlflow
import pandas as pd
from mlflow.entities import ViewType
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_error

FEATURES = ["hour", "weekday", "holiday", "temperature_c", "rain_mm", "wind_mps"]

# What `log_model` wants to know: the packages that the model needs, and the types beyond plain numbers that a tree is made of.
REQUIREMENTS = [f"{package}=={version(package)}" for package in ("scikit-learn", "skops")]
TREES = ["sklearn.tree._tree.Tree", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]


def read_hours(path):
    """Return a row an hour: time, the six FEATURES (°C, mm, m/s; weekday 0 is Monday) and trips started in the whole city."""
    return pd.read_csv(path, parse_dates=["time"]).astype(dict.fromkeys(FEATURES, float))


def train_forest(hours, settings):
    """Return a random forest trained to forecast trips; `settings` are RandomForestRegressor's own."""
    return RandomForestRegressor(**settings).fit(hours[FEATURES], hours["trips"])


def mean_error(model, hours):
    """Return the model's mean absolute error on these hours, in trips per hour."""
    return float(mean_absolute_error(hours["trips"], model.predict(hours[FEATURES])))


def new_experiment(question):
    """Create an empty experiment in the current store and return its name: question-001, then question-002, …"""
    taken = {experiment.name for experiment in _experiments(question)}
    name = next(name for number in count(1) if (name := f"{question}-{number:03d}") not in taken)
    mlflow.create_experiment(name)
    return name


def newest_experiment(question):
    """Return the name of the experiment on a question that was created last, or None if there is none."""
    newest = max(_experiments(question), key=lambda experiment: experiment.creation_time, default=None)
    return newest.name if newest else None


def finished_runs(question):
    """Return the finished runs of the newest experiment on a question, a row each; runs that only group others are left out."""
    name = newest_experiment(question)
    runs = mlflow.search_runs(experiment_names=[name], filter_string="attributes.status = 'FINISHED'") if name else pd.DataFrame()
    for column in ("run_id", "metrics.val_mae", "metrics.test_mae", "tags.mlflow.parentRunId"):
        if column not in runs:
            runs[column] = None
    return runs[~runs["run_id"].isin(runs["tags.mlflow.parentRunId"].dropna())].reset_index(drop=True)


def _experiments(question):
    return mlflow.search_experiments(view_type=ViewType.ALL, filter_string=f"name LIKE '{question}%'")
