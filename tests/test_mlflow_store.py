"""A database of MLflow's that is filled from one made before: it is what MLflow makes, and works."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

TRY = """
import mlflow
from autograder.mlflow_store import make_once

def log(name):
    mlflow.set_tracking_uri(f"sqlite:///{name}")
    with mlflow.start_run():
        mlflow.log_metric("mae", 3.5)
    assert mlflow.search_runs()["metrics.mae"].tolist() == [3.5]
    mlflow.MlflowClient().create_registered_model("demand")

log("mlflows.db")
make_once()
mlflow.store.db.utils._upgrade_db = None  # who migrates from here on stops
log("ours.db")
mlflow.MlflowClient(registry_uri="sqlite:///registry.db").create_registered_model("demand")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a database of MLflow's own making, and with ours."""
    folder = tmp_path_factory.mktemp("stores")
    subprocess.run([sys.executable, "-c", TRY], cwd=folder, check=True, capture_output=True)
    return folder


def schema(path: Path) -> tuple[list[str], list[str]]:
    """Return what a database is made of, and its revision. MLflow writes a table's constraints in any order."""
    with sqlite3.connect(path) as database:
        parts = database.execute("select type, name, sql from sqlite_master")
        made = [f"{kind} {name} {sorted(line.strip(', ') for line in (sql or '').expandtabs().splitlines())}" for kind, name, sql in parts]
        return sorted(made), [str(row) for row in database.execute("select * from alembic_version")]


@pytest.mark.parametrize("name", ["ours.db", "registry.db"])
def test_it_is_what_mlflow_makes(folder: Path, name: str) -> None:
    """The same tables, indexes and revision, whether it is first met as tracking store or as registry."""
    assert schema(folder / name) == schema(folder / "mlflows.db")
    assert len(schema(folder / name)[0]) > 100


def test_a_database_that_holds_something_is_left_to_mlflow(folder: Path, tmp_path: Path) -> None:
    """MLflow adds its own tables by migrations, and nothing that was there is lost."""
    old = tmp_path / "old.db"
    with sqlite3.connect(old) as database:
        database.execute("create table notes (text varchar)")
        database.execute("insert into notes values ('mine')")
    code = TRY[: TRY.index('log("mlflows.db")')] + 'make_once()\nlog("old.db")\n'
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)

    with sqlite3.connect(old) as database:
        assert database.execute("select text from notes").fetchall() == [("mine",)]
    assert schema(old)[1] == schema(folder / "mlflows.db")[1]
