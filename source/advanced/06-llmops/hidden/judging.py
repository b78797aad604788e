"""What several parts' judges use: stores and servers of their own, the lab's files, and the version that is live."""

import logging
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import desk
import mlflow
from llm.server import create_app
from mlflow import MlflowClient
from mlflow.tracking import fluent
from services import serving_app

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"


for _name in ("mlflow", "alembic"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def seed():
    """Return this submission's own seed."""
    return os.environ.get("LAB_SEED", "lab")


@contextmanager
def _store(source):
    uri, registry, active = mlflow.get_tracking_uri(), mlflow.get_registry_uri(), fluent._active_experiment_id
    names = ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_REGISTRY_URI")
    before, here = {name: os.environ.get(name) for name in names}, os.getcwd()
    folder = Path(tempfile.mkdtemp(prefix="judge-"))
    try:
        database = folder / "mlflow.db"
        if source:
            assert Path(source).is_file(), f"There is no store {source}: run the notebook from its beginning."
            for end in ("", "-wal", "-shm"):
                if Path(source + end).is_file():
                    shutil.copyfile(source + end, f"{database}{end}")
        fluent._active_experiment_id = None
        os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
        mlflow.set_tracking_uri(f"sqlite:///{database}")
        mlflow.set_registry_uri(f"sqlite:///{database}")
        os.environ["MLFLOW_TRACKING_URI"] = os.environ["MLFLOW_REGISTRY_URI"] = f"sqlite:///{database}"
        os.chdir(folder)
        mlflow.search_experiments()  # creates the tables, if they are not there
        yield folder
    finally:
        os.chdir(here)
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(registry)
        fluent._active_experiment_id = active
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
        shutil.rmtree(folder, ignore_errors=True)


def own_store():
    """Track to a new store in a temporary folder, in a block."""
    return _store(None)


def copied_store(path):
    """Track to a copy of a store, in a block."""
    return _store(str(Path(path).resolve()))


@contextmanager
def server(**settings):
    """Serve the simulated models in a block. Give the address and the app, whose state has the book."""
    app = create_app(**settings)
    with serving_app(app) as address:
        yield address, app


def live(name):
    """Return the number of the version that is live."""
    return int(MlflowClient().get_prompt_version_by_alias(name, "live").version)


def _plain(text):
    """Return a text's words alone, so that a text and its JSON are the same."""
    return " ".join(re.findall(r"\w+", re.sub(r"\\[nrtu\"]", " ", text)))


def _file(name):
    return (Path(desk.__file__).parent / name).read_text(encoding="utf-8")
