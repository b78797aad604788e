"""MLflow's tracking database, made once: a new one runs some sixty migrations, which take most of a second and always end alike.

In a fork server, `make_once` makes one such database before the first kernel is forked. Each new, empty SQLite database of a lab is
then filled from it: the same tables and the same revision. Any other database is made by MLflow itself.
"""

import importlib
import logging
import sqlite3
from contextlib import closing
from typing import Any


def make_once() -> None:
    """Let this process, and those forked from it, fill new SQLite databases of MLflow from one that is made now."""
    import sqlalchemy
    from mlflow.utils.requirements_utils import _init_modules_to_packages_map

    utils: Any = importlib.import_module("mlflow.store.db.utils")
    registry: Any = importlib.import_module("mlflow.store.model_registry.sqlalchemy_store")
    migrate = utils._initialize_tables
    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
    quiet = logging.root.manager.disable
    logging.disable(logging.INFO)
    migrate(engine)
    logging.disable(quiet)
    with closing(engine.raw_connection()) as held:
        connection: Any = held.driver_connection
        made = connection.serialize()
    engine.dispose()

    def fill(engine: Any) -> None:
        if engine.dialect.name != "sqlite" or sqlalchemy.inspect(engine).get_table_names():
            migrate(engine)
            return
        with closing(engine.raw_connection()) as held, closing(sqlite3.connect(":memory:")) as ready:
            ready.deserialize(made)
            ready.backup(held.driver_connection)

    utils._initialize_tables = registry._initialize_tables = fill
    _init_modules_to_packages_map()  # type: ignore[no-untyped-call]  # which package each module is of: as long again, at the first model that is logged
