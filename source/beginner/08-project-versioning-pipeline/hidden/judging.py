"""What the judge cells share: the truth about the pipeline, heaps and releases of the judge's own, and repositories read without running them."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent


FILES = HERE if (HERE / "trips.csv").is_file() else Path.cwd()  # the lab's own data lie beside this module, or in the folder


STAGES = ["prepare", "train", "evaluate"]


FEATURES = ["distance_km", "km_since_service", "tyre_pressure_bar", "ebike"]


FIRST = "2025-08-18"


_told = {}


@contextmanager
def own_folder():
    """Give a temporary folder's path, and remove it. What DVC remembers goes there, too."""
    names = {"DVC_SITE_CACHE_DIR": "site", "DVC_GLOBAL_CONFIG_DIR": "config"}
    before = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        os.environ.update({name: f"{folder}/.dvc-{part}" for name, part in names.items()})
        try:
            yield Path(folder).resolve()
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def lab_text(name):
    """Return the text of one of the lab's files, as shipped."""
    return (FILES / name).read_text()
