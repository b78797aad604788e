"""What a lab imports, and what a warm process imports for it."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.preload import find_imports


def run(text: str) -> str:
    """Run a program in a process of its own, since what is imported stays; return what it says."""
    return subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True).stdout.strip()


def test_imports_are_found_in_texts_and_files_but_for_those_of_the_lab() -> None:
    """Magics and what is no Python are left out; so is what lies beside the notebook."""
    texts = ["import numpy as np\nfrom mlflow.tracking import MlflowClient\nimport trips, sys", "%matplotlib inline", "from . import near"]
    files = {"trips.py": b"import csv\nfrom pathlib import Path", "data.csv": b"import pandas", "kit/__init__.py": b"import kit.parts"}

    assert find_imports(texts, files) == ("csv", "mlflow.tracking", "numpy", "pathlib")


def test_what_libraries_import_late_is_imported_beforehand() -> None:
    """Also where another library brings them; what cannot be imported is left to the lab."""
    said = run(
        "import sys\nfrom autograder.preload import preload\npreload(['matplotlib.pyplot', 'no_such_module', 'pandas'])\n"
        "print(*(name in sys.modules for name in ('numpy.random', 'ipykernel.kernelapp', 'pandas.io.formats.html', 'mlflow')))"
    )

    assert said == "True True True False"


def test_what_the_lab_does_not_import_is_not_brought_by_adapters_for_it() -> None:
    """Skops walks through all of scikit-learn: that brings no PyTorch, unless the lab imports it; later the adapters can be imported."""
    text = "import sys\nfrom autograder.preload import preload\npreload({!r})\nprint('skops.io' in sys.modules, 'torch' in sys.modules)\n"

    assert run(text.format(["skops.io"]) + "import sklearn.externals.array_api_compat.torch") == "True False"
    assert run(text.format(["skops.io", "torch.nn"])) == "True True"


def test_a_first_figure_is_drawn_beforehand_and_none_stays_open() -> None:
    """A fork knows where the fonts are, drops no open one, and finds no figure of somebody else's."""
    said = run(
        "from autograder.preload import preload\npreload(['matplotlib.pyplot'])\n"
        "import matplotlib.pyplot as plt\nfrom matplotlib import font_manager\n"
        "known, opened = font_manager.fontManager._findfont_cached.cache_info(), font_manager._get_font.cache_info()\n"
        "print(plt.get_fignums(), known.currsize > 0, opened.currsize)"
    )

    assert said == "[] True 0"


@pytest.mark.skipif(sys.platform != "linux", reason="huge pages are asked for on Linux alone")
def test_what_is_there_is_left_for_forks_to_share() -> None:
    """The collector leaves it alone, it lies in huge pages where Linux has them, and it is what it was."""
    said = run(
        "import gc\nfrom pathlib import Path\nfrom autograder.preload import settle\nkept = [str(n) for n in range(1_000_000)]\nsettle()\n"
        "huge = next(line for line in Path('/proc/self/smaps_rollup').read_text().splitlines() if line.startswith('AnonHuge'))\n"
        "print(gc.get_freeze_count() > 0, kept == [str(n) for n in range(1_000_000)], int(huge.split()[1]) > 0)"
    )

    release = tuple(map(int, platform.release().split("-")[0].split(".")[:2]))
    assert said == f"True True {release >= (6, 1) and Path('/sys/kernel/mm/transparent_hugepage').is_dir()}"
