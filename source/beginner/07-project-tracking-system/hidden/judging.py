"""What several parts' judges use: experiments, hours of another city, runs, and models that are opened safely."""

import os
from pathlib import Path

import mlflow
from forecast import FEATURES, skops
from mlflow import MlflowClient
from mlflow.entities import ViewType

from metro_bikes import QUIET, hourly_demand, simulate

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


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
