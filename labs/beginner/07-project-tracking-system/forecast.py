"""The demand team's module: the city's hours, jobs that are trained on them, and the models that come of it."""

import importlib
import random
import sys
from hashlib import sha256 as _sha256
from importlib.metadata import version
from itertools import count
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import ViewType
from mlflow.models import infer_signature
from sklearn.metrics import mean_absolute_error

# skops looks at all of scikit-learn, which looks for PyTorch: seconds and 200 MB that no forecast needs. So it finds none.
sys.modules.setdefault("torch", None)
import skops.io  # noqa: E402, F401

if sys.modules["torch"] is None:
    del sys.modules["torch"]

FEATURES = ["hour", "weekday", "holiday", "temperature_c", "rain_mm", "wind_mps"]

# What MLflow wants to know of a model: the packages that it needs, and the types beyond plain numbers that a tree is made of.
REQUIREMENTS = [f"{package}=={version(package)}" for package in ("scikit-learn", "skops")]
TREES = ["sklearn.tree._tree.Tree", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]


def read_hours(path):
    """Return a row an hour: time, the six FEATURES (°C, mm, m/s; weekday 0 is Monday) and trips started in the whole city."""
    return pd.read_csv(path, parse_dates=["time"]).astype(dict.fromkeys(FEATURES, float))


def split(hours):
    """Return the hours to fit on, and the hours to measure on: the last fourteen days."""
    late = hours["time"] >= hours["time"].max().normalize() - pd.Timedelta(days=13)
    return hours[~late], hours[late]


def mean_error(model, hours):
    """Return the model's mean absolute error on these hours, in trips per hour."""
    return float(mean_absolute_error(hours["trips"], model.predict(hours[FEATURES])))


def train_job(job, hours, settings):
    """Return the model that the job makes: call `train(hours, settings)` in train.py, in the folder `job`.

    The source is read afresh each time. Global random numbers start from the same seed each time.
    """
    folder, writing = Path(job).resolve(), sys.dont_write_bytecode
    own = {path.stem for path in folder.glob("*.py")}
    others = {name: sys.modules.pop(name) for name in own if name in sys.modules}
    random.seed(0)
    np.random.seed(0)
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        return importlib.import_module("train").train(hours, settings)
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = writing
        for name in own:
            sys.modules.pop(name, None)
        sys.modules.update(others)


def keep_model(model, hours):
    """Log a scikit-learn model to the run that is open."""
    signature = infer_signature(hours[FEATURES], model.predict(hours[FEATURES]))
    mlflow.sklearn.log_model(model, name="model", signature=signature, pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)


def model_of(run_id):
    """Return the model that the run logged, or None if it logged none."""
    logged = mlflow.get_run(run_id).outputs.model_outputs
    return mlflow.sklearn.load_model(f"models:/{logged[0].model_id}") if logged else None


def sha256(path):
    """Return the SHA-256 of the file's bytes, 64 hexadecimal digits."""
    return _sha256(Path(path).read_bytes()).hexdigest()


def new_experiment(question):
    """Create an empty experiment in the current store and return its name: question-001, then question-002, …"""
    names = {experiment.name for experiment in mlflow.search_experiments(view_type=ViewType.ALL)}
    name = next(name for number in count(1) if (name := f"{question}-{number:03d}") not in names)
    mlflow.create_experiment(name)
    return name
