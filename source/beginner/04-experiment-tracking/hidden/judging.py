"""What the judge cells share: models loaded without trust, what the rules of the lab say, and a store and hours of the judge's own."""

import os
import sys
from pathlib import Path

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
import numpy as np
from demand import FEATURES, mean_error
from mlflow import MlflowClient

from metro_bikes import hourly_demand, simulate

# skops imports every module of scikit-learn, and one of those imports torch, which takes seconds and 200 MB that no judge needs.
if "torch" not in sys.modules:
    sys.modules["torch"] = None
    import skops.io

    del sys.modules["torch"]
else:
    import skops.io



def model_of(run):
    """Return the scikit-learn model that the run logged. Raises AssertionError if there is none, or more than one."""
    models = run.outputs.model_outputs
    if len(models) != 1:
        raise AssertionError(f"A run has {len(models)} logged models, expected one: log the model inside the run that trained it.")
    return load_safely(f"models:/{models[0].model_id}")


def load_safely(uri):
    """Return the scikit-learn model at `uri`: from skops' format alone, with scikit-learn's types alone, whatever its own list trusts."""
    file = Path(mlflow.artifacts.download_artifacts(uri)) / "model.skops"
    if not file.is_file():
        raise AssertionError(
            "A model is not in skops' format. A pickle runs code when it is opened, so it is not opened: keep log_model's default."
        )
    types = skops.io.get_untrusted_types(file=file)
    strangers = [name for name in types if not name.startswith("sklearn.")]
    if strangers:
        raise AssertionError(f"A model holds types that are not scikit-learn's ({', '.join(strangers)}), so it was not opened.")
    return skops.io.load(file, trusted=types)


def text_of(run, path):
    """Return a text artefact of the run, or None if it has none of that name."""
    if path not in [file.path for file in MlflowClient().list_artifacts(run.info.run_id)]:
        return None
    return mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{path}")


def first_metric(run, name):
    """Return the value that the run logged first, whatever was logged over it later; None if it logged none."""
    history = MlflowClient().get_metric_history(run.info.run_id, name)
    return min(history, key=lambda metric: metric.timestamp).value if history else None


def right_tag(run, unseen, tolerance):
    """Return what an audit must say of the run, or None of a failed one. Which runs failed or have no model is known from their names."""
    if run.info.run_name in ("crashed", "no model"):
        return {"crashed": None, "no model": "no model"}[run.info.run_name]
    measured = mean_error(model_of(run), unseen)
    return "confirmed" if abs(first_metric(run, "val_mae") - measured) <= tolerance * measured else "refuted"


def judge_versions(name, holdout, champion="1"):
    """Return what the rule says of each version but the champion: {version: set of failed conditions, or {"promoted"}, or {"outscored"}}."""
    versions = {str(v.version): v.source for v in MlflowClient().search_model_versions(f"name = '{name}'")}
    error = {v: np.abs(holdout["trips"] - load_safely(uri).predict(holdout[FEATURES])) for v, uri in versions.items()}
    wet, verdict = holdout["rain_mm"] > 0, {}
    for version in sorted(set(versions) - {champion}):
        gains = (error[champion] - error[version]).groupby(holdout["time"].dt.date).mean()
        noise = not gains.mean() > 2 * gains.std() / len(gains) ** 0.5
        rain = not error[version][wet].mean() <= 1.05 * error[champion][wet].mean()
        verdict[version] = {word for word, failed in [("noise", noise), ("rain", rain)] if failed}
    passed = sorted((version for version in verdict if not verdict[version]), key=lambda version: error[version].mean())
    for version in passed:
        verdict[version] = {"promoted"} if version == passed[0] else {"outscored"}
    return verdict


def make_experiment(folder, name):
    """Create an experiment whose artefacts lie in the judge's folder, and return its name."""
    mlflow.create_experiment(name, artifact_location=(folder / "artifacts" / name).as_uri())
    return name


def fresh_hours(seed, days):
    """Return hours of another city, in the form of `demand.read_hours`."""
    hours = hourly_demand(simulate(seed=seed, trips=2_000 * days, start="2026-04-01", days=days))
    hours["time"] = hours["time"].dt.tz_localize(None)
    return hours[["time", *FEATURES, "trips"]].astype(dict.fromkeys(FEATURES, float))
