"""A run store of a judge's own, for labs on MLflow."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
from mlflow.tracking import fluent

from judgekit import own_folder

_empty_database: list[bytes] = []  # to create its tables takes seconds, so it is done once


@contextmanager
def own_store() -> Iterator[Path]:
    """Track to a new store in a temporary folder, and leave everything as it was found. Gives the folder's path."""
    uri, registry, active = mlflow.get_tracking_uri(), mlflow.get_registry_uri(), fluent._active_experiment_id
    before = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_REGISTRY_URI")}
    with own_folder() as folder:
        database = folder / "mlflow.db"
        if _empty_database:
            database.write_bytes(_empty_database[0])
        mlflow.set_tracking_uri(f"sqlite:///{database}")
        mlflow.set_registry_uri(f"sqlite:///{database}")
        os.environ["MLFLOW_REGISTRY_URI"] = f"sqlite:///{database}"
        mlflow.search_experiments()  # creates the tables, if they are not there
        _empty_database[:] = _empty_database or [database.read_bytes()]
        try:
            yield folder
        finally:
            while mlflow.active_run():
                mlflow.end_run()
            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(registry)
            fluent._active_experiment_id = active
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
