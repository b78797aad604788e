"""What a lab imports: found in its texts, and imported beforehand by a process that others are forked from."""

import ast
import importlib
import random
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import PurePosixPath

from autograder import mlflow_store

_LATE = {  # what libraries import when they are first used: each kernel would wait for it
    "mlflow": (
        "alembic.command",
        "git",
        "mlflow.sklearn",
        "mlflow.store.artifact.local_artifact_repo",
        "mlflow.store.model_registry.sqlalchemy_store",
        "mlflow.store.tracking.sqlalchemy_store",
        "mlflow.store.tracking.sqlalchemy_workspace_store",
        "mlflow.tracing.export.mlflow_v3",
        "mlflow.tracing.processor.mlflow_v3",
        "sqlalchemy.dialects.sqlite",
    ),
    "matplotlib": ("PIL.PngImagePlugin", "matplotlib.backends.backend_agg", "matplotlib.pyplot"),
    "pandas": ("pandas.io.formats.html", "pandas.io.parsers", "pyarrow.pandas_compat"),
    "sklearn": ("sklearn.model_selection", "narwhals.stable.v2"),
}


def find_imports(texts: Iterable[str], files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the modules that texts and files import, but for those that lie in the files. What is no Python is left out."""
    found: set[str] = set()
    for text in [*texts, *(data.decode("utf-8", "replace") for name, data in files.items() if name.endswith(".py"))]:
        with suppress(SyntaxError, ValueError):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    found |= {name.name for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module)
    own = {PurePosixPath(name).parts[0].removesuffix(".py") for name in files} | {"__future__", "__main__"}
    return tuple(sorted(name for name in found if name.split(".")[0] not in own and name not in sys.builtin_module_names))


def preload(imports: Iterable[str]) -> None:
    """Import the modules, and what they would import when they are first used. What cannot be imported is the lab's to find."""
    names = list(imports)
    tops = {name.split(".")[0] for name in names}
    for name in [*names, *(late for top, more in _LATE.items() if top in tops for late in more)]:
        with suppress(Exception):
            importlib.import_module(name)
    if "mlflow" in tops:
        with suppress(Exception):  # each database is then made by MLflow itself
            mlflow_store.make_once()


def forget() -> None:
    """Forget, in a fork, what it shares with its parent and must not: the random states, and which folder is the temporary one."""
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
