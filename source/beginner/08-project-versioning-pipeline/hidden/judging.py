"""What several parts' judges use: a folder with DVC's memory in it, and the lab's files as shipped."""

import os
from contextlib import contextmanager
from pathlib import Path

import judgekit

HERE = Path(__file__).resolve().parent
FILES = HERE if (HERE / "trips.csv").is_file() else Path.cwd()  # the lab's own data lie beside this module, or in the folder


@contextmanager
def own_folder():
    """Give a temporary folder's path, and remove it. What DVC remembers goes there, too."""
    names = {"DVC_SITE_CACHE_DIR": "site", "DVC_GLOBAL_CONFIG_DIR": "config"}
    before = {name: os.environ.get(name) for name in names}
    with judgekit.own_folder() as folder:
        os.environ.update({name: f"{folder}/.dvc-{part}" for name, part in names.items()})
        try:
            yield folder
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def lab_text(name):
    """Return the text of one of the lab's files, as shipped."""
    return (FILES / name).read_text()
