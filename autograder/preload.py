"""What a lab imports: found in its texts, and imported beforehand by a process that others are forked from."""

import ast
import gc
import importlib
import io
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath

from autograder import mlflow_store, walls

_KERNEL = (  # a kernel, and what each would import at its start and at its first error
    "autograder.kernelapp",
    "ipykernel.debugger",
    "ipykernel.zmqshell",
    "matplotlib_inline.backend_inline",
    "autograder.crossing",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "pygments.formatters.terminal256",
    "stack_data",
    "tornado.platform.asyncio",
    "faulthandler",
)
_LATE = {  # what libraries import when they are first used: each kernel would wait for it
    "mlflow": (
        "alembic.command",
        "git",
        "mlflow.pyfunc.utils.data_validation",
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
    "sklearn": ("sklearn.model_selection", "narwhals._pandas_like.dataframe", "narwhals.stable.v2"),
    "pyarrow": ("pyarrow.vendored.version",),
    "uvicorn": ("httptools", "uvicorn.lifespan.on", "uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl"),
    "numpy": ("numpy.random",),
}
_ARRAYS = {"cupy", "dask", "torch"}  # libraries that scikit-learn has adapters for
_DEBUGGER = "debugpy"  # which a kernel would be prepared for, with 260 modules more


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
    """Import a kernel, the modules, and what they would import when they are first used; do once what takes long the first time.

    What cannot be imported is the lab's to find.
    """
    imports = tuple(imports)
    with _left_alone(_ARRAYS - {name.split(".")[0] for name in imports}):
        for name in (*_KERNEL, *imports):
            _import(name)
        for top, late in _LATE.items():
            for name in late if top in sys.modules else ():
                _import(name)
    for top, practise in (("mlflow", mlflow_store.make_once), ("matplotlib", _draw)):
        if top in sys.modules:
            with suppress(Exception):  # each kernel then does it itself
                practise()
    _show_traceback()


@contextmanager
def _left_alone(libraries: Iterable[str]) -> Iterator[None]:
    """Let nothing import a debugger, or scikit-learn's adapters for these libraries, and with them the libraries.

    Skops walks through all packages of scikit-learn; a kernel does without a debugger.
    """
    names = [f"sklearn.externals.array_api_compat.{name}" for name in libraries] + [_DEBUGGER]
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]  # None says that there is no such module
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)


def settle() -> None:
    """Leave as little as can be for each fork to copy. After all imports."""
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        walls.use_huge_pages()


def _import(name: str) -> None:
    with suppress(Exception):
        importlib.import_module(name)


def _show_traceback() -> None:
    """Show a traceback once, as a kernel does, without colours: what that loads and compiles, every kernel would have to."""
    from IPython.core.ultratb import FormattedTB

    try:
        raise AssertionError
    except AssertionError:
        FormattedTB(mode="Context", theme_name="nocolor").text(*sys.exc_info())


def _draw() -> None:
    """Draw a figure once: finding and loading fonts takes longer than drawing."""
    from matplotlib import font_manager
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    figure.subplots().set(title="practice", xlabel="x", ylabel="y")
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    font_manager._get_font.cache_clear()  # type: ignore[attr-defined]  # as matplotlib does in each fork, where it would copy what it frees


def forget() -> None:
    """Forget, in a fork, what it shares with its parent and must not: the random states, and which folder is the temporary one."""
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
