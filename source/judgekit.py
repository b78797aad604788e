"""What judges of all labs use: chance of a submission's own, and a folder that is gone afterwards.

`LAB_SEED` in the environment is another for each submission, and the same whenever it is graded.
"""

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def drawn(salt: object) -> random.Random:
    """Return a source of chance of its own for each submission and each `salt`."""
    return random.Random(f"{os.environ.get('LAB_SEED', 'lab')} {salt}")


def fresh(salt: int) -> "np.random.Generator":
    """Return a NumPy generator of its own for each submission and each `salt`."""
    import numpy as np  # not every lab has it

    return np.random.default_rng([int(os.environ.get("LAB_SEED", "0")), salt])


@contextmanager
def own_folder() -> Iterator[Path]:
    """Give a temporary folder's path, and remove it, whatever is still being written there."""
    with tempfile.TemporaryDirectory(prefix="judge-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()
