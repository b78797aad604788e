"""A submission's run: a notebook's bytes go in, the executed notebook's bytes come out.

First the learner's kernel runs every cell but the judge's, then – when that kernel and all it started are gone – a clean one runs
the judge cells over the same folder. What happens to a cell is data: its metadata `autograder` holds `state` (ok, failed, timed
out, died, skipped) and `seconds`. The notebook's own holds the learner's
`seconds` and `peak_mib`, `judge_seconds`, `restarts` and `left_running`.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.definitions import definitions, needed_names
from autograder.kernel import Kernel, KernelDied
from autograder.notebook import code_cells, is_judge, marks, read_notebook, write_notebook

MAX_RESTARTS = 4


@dataclass(frozen=True)
class Limits:
    """How much a submission may use: seconds for a cell, seconds for the whole run."""

    cell_seconds: float = 90.0
    total_seconds: float = 900.0


DEFAULT_LIMITS = Limits()


def execute(notebook: bytes, files: Mapping[str, bytes], hidden: Mapping[str, bytes], limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the notebook, executed in a folder of its own that holds `files`; the judge finds `hidden` beside them."""
    with tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True) as folder:
        return execute_in(Path(folder), notebook, files, hidden, limits)


def execute_in(
    folder: Path,
    notebook: bytes,
    files: Mapping[str, bytes],
    hidden: Mapping[str, bytes],
    limits: Limits = DEFAULT_LIMITS,
    guard: bool = False,
) -> bytes:
    """Do what `execute` does, in `folder`: the notebook's working folder is `folder/work`, and stays. `guard` reports what leaves it."""
    nb = read_notebook(notebook)
    for cell in code_cells(nb):
        cell.outputs, cell.execution_count = [], None
        cell.metadata["autograder"] = {"state": "skipped", "seconds": 0.0}
    asyncio.run(_run(nb, folder, files, hidden, limits, guard))
    return write_notebook(nb)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` below `folder`; files that are there are replaced."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


async def _run(
    nb: NotebookNode, folder: Path, files: Mapping[str, bytes], hidden: Mapping[str, bytes], limits: Limits, guard: bool
) -> None:
    work, begin = folder / "work", time.monotonic()
    end = begin + limits.total_seconds
    learners = [cell for cell in code_cells(nb) if not is_judge(cell)]
    judges = [cell for cell in code_cells(nb) if is_judge(cell)]
    kernel = Kernel(folder, work, guard)
    broken: set[str] = set()
    while True:
        work.mkdir(exist_ok=True)
        write_files(work, files)
        died = await _run_cells(kernel, nb, learners, limits, end, broken)
        if died is None or len(broken) >= MAX_RESTARTS or time.monotonic() > end:
            break
        broken.add(died)
        shutil.rmtree(work, ignore_errors=True)
    used = {"seconds": round(time.monotonic() - begin, 2), "restarts": len(broken), **kernel.usage()}
    if judges:
        write_files(work, {**files, **hidden})
        await _run_judges(kernel, nb, judges, limits, time.monotonic() + limits.total_seconds)
    used["judge_seconds"] = round(time.monotonic() - begin - used["seconds"], 2)
    nb.metadata["autograder"] = used


async def _run_cells(
    kernel: Kernel, nb: NotebookNode, cells: list[NotebookNode], limits: Limits, end: float, broken: set[str]
) -> str | None:
    """Run the cells in a new kernel, leaving out the broken ones. Return the id of the cell that ended the kernel, or None."""
    async with kernel.start(nb):
        for cell in cells:
            if cell.id in broken:
                continue
            seconds = min(limits.cell_seconds, end - time.monotonic())
            if seconds <= 0:
                cell.metadata["autograder"] = {"state": "timed out", "seconds": 0.0}
                continue
            try:
                await _run_cell(kernel, nb, cell, seconds)
            except KernelDied:
                return str(cell.id)
    return None


async def _run_judges(kernel: Kernel, nb: NotebookNode, cells: list[NotebookNode], limits: Limits, end: float) -> None:
    given = definitions(nb, needed_names(nb))
    waiting = list(cells)
    while waiting:
        async with kernel.start(nb):
            if given.needs:
                await kernel.hand_over(given, limits.cell_seconds)
            while waiting:
                cell = waiting.pop(0)
                try:
                    await _run_cell(kernel, nb, cell, min(limits.cell_seconds, max(1.0, end - time.monotonic())))
                except KernelDied:
                    break


async def _run_cell(kernel: Kernel, nb: NotebookNode, cell: NotebookNode, seconds: float) -> None:
    begin = time.monotonic()
    state = "died"
    try:
        state = await kernel.run(cell, nb.cells.index(cell), seconds)
    finally:
        cell.metadata["autograder"] = {"state": state, "seconds": round(time.monotonic() - begin, 3)}
    if state in ("died", "timed out") and not kernel.answers:
        raise KernelDied(marks(cell).get("grade_id", cell.id))
