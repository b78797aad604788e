"""A submission's run: a notebook's bytes go in, the executed notebook's bytes come out.

First the learner's kernel runs every cell but the judge's, then – when that kernel and all it started are gone – a clean one runs
the judge cells over the same folder. What happens to a cell is data: its metadata `autograder` holds `state` (ok, failed, timed
out, died, skipped), `seconds`, and `why` where the kernel was ended for a reason. The notebook's own holds the learner's
`seconds` and `peak_mib`, `judge_seconds`, `restarts`, `left_running`, `flagged` and the judge's `seed`.
"""

import ast
import asyncio
import random
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.canary import FOOLED, Canary, assertion_canary, equality_canary, value_canary
from autograder.definitions import bound_names, definitions, needed_names, used_names
from autograder.kernel import Kernel, KernelDied, Place
from autograder.notebook import code_cells, is_answer, is_judge, is_test, marks, read_own, write_notebook
from autograder.preload import find_imports
from autograder.unwalled import Unwalled
from autograder.walled import Walled, warm_server

_WEIGHING = {"abs", "round", "all", "any", "sum", "max", "min", "sorted"}
MAX_RESTARTS = 12


@dataclass(frozen=True)
class Limits:
    """How much a submission may use: seconds for a cell, seconds for the whole run."""

    cell_seconds: float = 90.0
    total_seconds: float = 900.0


DEFAULT_LIMITS = Limits()


def execute(
    notebook: bytes,
    files: Mapping[str, bytes],
    hidden: Mapping[str, bytes],
    limits: Limits = DEFAULT_LIMITS,
    warm: tuple[str, ...] | None = None,
    seed: int = 0,
) -> bytes:
    """Return the notebook, as `write_notebook` gave it, executed in a folder of its own with `files`; the judge also imports `hidden`.

    `warm`: in this thread's sandbox, whose kernels have imported these modules; None: without a sandbox. `seed` is what the judge
    may draw fresh inputs from, in the environment variable LAB_SEED. Raises RuntimeError where the sandbox does not start.
    """
    if warm is not None:
        with closing(Walled(warm_server(warm))) as place:
            return execute_in(place, notebook, files, hidden, limits, seed)
    with tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True) as folder:
        imports = find_imports((cell.source for cell in code_cells(read_own(notebook))), {**files, **hidden})
        with closing(Unwalled(Path(folder), imports)) as unwalled:
            return execute_in(unwalled, notebook, files, hidden, limits, seed)


def execute_in(
    place: Place,
    notebook: bytes,
    files: Mapping[str, bytes],
    hidden: Mapping[str, bytes],
    limits: Limits = DEFAULT_LIMITS,
    seed: int = 0,
) -> bytes:
    """Do what `execute` does, in `place`."""
    nb = read_own(notebook)
    for cell in code_cells(nb):
        cell.outputs, cell.execution_count = [], None
        cell.metadata["autograder"] = {"state": "skipped", "seconds": 0.0}
    asyncio.run(_Run(place, nb, files, hidden, limits, seed).run())
    return write_notebook(nb)


class _Run:
    """One notebook's run, in `place`."""

    def __init__(
        self, place: Place, nb: NotebookNode, files: Mapping[str, bytes], hidden: Mapping[str, bytes], limits: Limits, seed: int
    ) -> None:
        self._place, self._nb, self._files, self._hidden, self._limits, self._seed = place, nb, files, hidden, limits, seed
        self._kernel = Kernel(place)
        self._draw = random.SystemRandom()
        self._broken: set[str] = set()
        self._suspects: set[str] = set()
        self._flagged = ""

    async def run(self) -> None:
        """Run all cells, and note in them and in the notebook what came of it."""
        begin = time.monotonic()
        end = begin + self._limits.total_seconds
        learners = [cell for cell in code_cells(self._nb) if not is_judge(cell)]
        judges = [cell for cell in code_cells(self._nb) if is_judge(cell)]
        restarts = 0
        while (died := await self._run_learners(learners, end)) and restarts < MAX_RESTARTS and time.monotonic() < end:
            order = [cell.id for cell in learners]
            before = order[: order.index(died)]
            self._broken = {died, *self._broken.intersection(before)}  # what an earlier cell had started may have ended later ones
            restarts += 1
            self._place.renew()
        seconds, peak, left = time.monotonic() - begin, self._place.use.peak, list(self._place.use.running)
        if judges:
            await self._run_judges(judges, time.monotonic() + self._limits.total_seconds)
        self._nb.metadata["autograder"] = {
            "seconds": round(seconds, 2),
            "peak_mib": round(peak / 2**20),
            "judge_seconds": round(time.monotonic() - begin - seconds, 2),
            "restarts": restarts,
            "left_running": left,
            "flagged": self._flagged,
            "seed": self._seed,
        }

    async def _run_learners(self, cells: list[NotebookNode], end: float) -> str | None:
        """Run the cells in a new kernel, leaving out the broken ones. Return the id of the cell that ended the kernel, or None."""
        watched = _tests_after_learners(cells)
        bound = set().union(*(bound_names(cell.source) for cell in cells if _is_learners(cell)))
        own = ""
        async with self._kernel.start(self._nb, self._files):
            for cell in cells:
                if cell.id in self._broken:
                    continue
                own = str(cell.id) if _is_learners(cell) else own
                seconds = min(self._limits.cell_seconds, end - time.monotonic())
                if seconds <= 0:
                    cell.metadata["autograder"] = {"state": "timed out", "seconds": 0.0}
                    continue
                try:
                    if tests := watched.get(cell.id):
                        await self._release_canaries(tests, sorted(bound & used_names("\n".join(tests))))
                    await self._run_cell(cell, seconds)
                except KernelDied:
                    return self._blame(cell, own)
            with suppress(KernelDied):
                await self._release(assertion_canary(self._draw))
        return None

    def _blame(self, cell: NotebookNode, own: str) -> str:
        """Return which cell not to run again: the one that ran, but the learner's last where a cell of the lab ended a second time."""
        if not own or str(cell.id) == own or own not in self._suspects:
            self._suspects.add(own)
            return str(cell.id)
        late = next(other for other in self._nb.cells if other.id == own)
        late.metadata["autograder"] = {**late.metadata["autograder"], "state": "died"}
        return own

    async def _run_judges(self, cells: list[NotebookNode], end: float) -> None:
        given = definitions(self._nb, needed_names(self._nb))
        waiting = list(cells)
        while waiting:
            async with self._kernel.start(self._nb, self._files, self._hidden, bool(given.needs)):
                await self._kernel.brief(self._seed, given, self._limits.cell_seconds, self._files)
                while waiting:
                    cell = waiting.pop(0)
                    try:
                        await self._run_cell(cell, min(self._limits.cell_seconds, max(1.0, end - time.monotonic())))
                    except KernelDied:
                        break

    async def _run_cell(self, cell: NotebookNode, seconds: float) -> None:
        begin = time.monotonic()
        state = "died"
        try:
            state = await self._kernel.run(cell, seconds)
        finally:
            noted = {"state": state, "seconds": round(time.monotonic() - begin, 3)}
            cell.metadata["autograder"] = {**noted, "why": self._place.use.why} if self._place.use.why else noted
        if state in ("died", "timed out") and not self._kernel.answers:
            raise KernelDied(marks(cell).get("grade_id", cell.id))

    async def _release_canaries(self, tests: list[str], names: list[str]) -> None:
        """Run canaries before tests, in random order. `names` are the learner's that the tests read."""
        text = "\n".join(tests)
        canaries = [assertion_canary(self._draw)]
        if looks := equality_canary(self._draw, names, text):
            canaries.append(looks)
        if any(map(_ends_in_value, tests)) or _WEIGHING & used_names(text):
            canaries.append(value_canary(self._draw))
        self._draw.shuffle(canaries)
        for canary in canaries:
            await self._release(canary)

    async def _release(self, canary: Canary) -> None:
        if not await self._sings(canary) and not self._flagged:
            self._flagged = canary.reason
            if canary.reason == FOOLED and not await self._sings(plain := assertion_canary(self._draw)):
                self._flagged = plain.reason  # no assertion fails, whatever it compares

    async def _sings(self, canary: Canary) -> bool:
        state = await self._kernel.run(canary.cell, self._limits.cell_seconds, history=False)
        if not self._kernel.answers:
            raise KernelDied("between cells")
        return canary.sings(state)


def _tests_after_learners(cells: list[NotebookNode]) -> dict[str, list[str]]:
    """Return, for each test that is the first one after a cell of the learner's, its text and those up to the next such cell."""
    found: dict[str, list[str]] = {}
    first = ""
    for cell in cells:
        if _is_learners(cell):
            first = ""
        elif is_test(cell):
            first = first or str(cell.id)
            found.setdefault(first, []).append(cell.source)
    return found


def _is_learners(cell: NotebookNode) -> bool:
    return not marks(cell) or is_answer(cell)


def _ends_in_value(text: str) -> bool:
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return False
    return bool(body) and isinstance(body[-1], ast.Expr)
