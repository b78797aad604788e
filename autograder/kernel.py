"""The kernels of a submission, one after the other, in its place: nbclient runs the cells, within bounds."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from autograder.definitions import Definitions
from autograder.messages import is_message, size_of
from autograder.use import Use

GRACE_SECONDS = 5.0
ALIVE_SECONDS = 0.1
LONG_SECONDS = 0.05  # after a shorter cell, the place's own next look is soon enough
OUTPUT_BYTES = 2 * 2**20
CUT = "\n[more was shown than is kept: {kept} MiB of a cell's outputs]\n"


class KernelDied(Exception):
    """The kernel ended while it ran a cell, or no longer answers."""


class Place(Protocol):
    """Where a submission's kernels run: behind walls or not."""

    use: Use

    def make_manager(
        self, files: Mapping[str, bytes], hidden: Mapping[str, bytes] | None = None, functions: bool = False
    ) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """Return a manager, and how to start its kernel, which finds `files` in its folder; a judge's imports them, too, and `hidden`."""

    def uses_too_much(self) -> bool:
        """Return whether the kernel was ended because it used too much; `use.why` says of what."""

    def end(self) -> None:
        """End what a kernel left running."""

    def renew(self) -> None:
        """Begin again with an empty folder."""

    def close(self) -> None:
        """Give the place back."""


class Kernel:
    """The kernels of one submission in `place`. `answers` tells whether the kernel goes on after a cell."""

    def __init__(self, place: Place) -> None:
        self.answers = False
        self._place = place
        self._client: _Client | None = None
        self._cells: list[NotebookNode] = []

    @asynccontextmanager
    async def start(
        self, nb: NotebookNode, files: Mapping[str, bytes], hidden: Mapping[str, bytes] | None = None, functions: bool = False
    ) -> AsyncIterator[None]:
        """Start a kernel for the notebook, a judge's where there is `hidden`. When the block ends, it and all that it started are gone."""
        manager, where = self._place.make_manager(files, hidden, functions)
        self._cells = nb.cells
        shown = NotebookNode(cells=[*nb.cells, None])  # nbclient puts each cell that it ran back in its place; the last one is for canaries
        self._client = _Client(shown, km=manager, allow_errors=True, iopub_timeout=GRACE_SECONDS, shutdown_kernel="immediate")
        self._place.use.why = ""
        try:
            async with self._client.async_setup_kernel(cleanup_kc=True, **where):
                self.answers = True
                yield
                await asyncio.sleep(0)
        finally:
            self._client = None
            self._place.end()

    async def run(self, cell: NotebookNode, seconds: float, history: bool = True) -> str:
        """Run one cell; return its state: ok, failed, timed out or died."""
        assert self._client is not None
        self._client.begin_cell()
        begin = time.monotonic()
        index = next((number for number, other in enumerate(self._cells) if other is cell), len(self._cells))
        task = asyncio.ensure_future(self._client.async_execute_cell(cell, index, store_history=history))
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
            if not done:
                return await self._interrupt(task)
            task.result()
        except (DeadKernelError, OSError):
            self.answers = False
            return "died"
        long = time.monotonic() - begin > LONG_SECONDS
        if self._client.asked_exit or (long and self._place.uses_too_much()):
            self.answers = False
            return "died"
        return "failed" if self._client.failed or any(output.output_type == "error" for output in cell.outputs) else "ok"

    async def run_silently(self, text: str) -> str:
        """Run text that leaves no trace in the notebook. Return the error's name and message, empty if there is none."""
        assert self._client is not None and self._client.kc is not None
        kc: Any = self._client.kc
        reply = await kc.execute_interactive(text, silent=True, store_history=False, timeout=60, output_hook=lambda _: None)
        content = reply["content"]
        return "" if content["status"] == "ok" else f"{content.get('ename')}: {content.get('evalue')}"

    async def brief(self, seed: int, given: Definitions, seconds: float, files: Iterable[str]) -> None:
        """Tell the judge's kernel the seed, and give it functions that call the learner's, by the learner's names.

        After each cell it finds the lab's own `files` (names) as they are, and no process of a learner's function.
        """
        lines = [f"import os as _os; _os.environ['LAB_SEED'] = '{seed}'; del _os"]
        if given.needs:
            lines += [
                "from autograder.crossing import Crossing as _Crossing",
                f"_crossing = _Crossing({given.statements!r}, {given.needs!r}, {seconds!r}, {sorted(files)!r})",
                "get_ipython().events.register('post_run_cell', lambda _: _crossing.put_back())",
                *(f"{name} = _crossing.function({name!r})" for name in given.needs),
            ]
        error = await self.run_silently("\n".join(lines))
        if error:
            raise RuntimeError(f"the judge's kernel cannot be briefed: {error}")

    async def _interrupt(self, task: "asyncio.Future[NotebookNode]") -> str:
        client: Any = self._client
        too_much = self._place.uses_too_much()  # whoever takes all the machine's time is seen late
        await client.km.interrupt_kernel()
        done, _ = await asyncio.wait({task}, timeout=GRACE_SECONDS)
        self.answers = bool(done) and not too_much
        if not done:
            task.cancel()
        with suppress(Exception, asyncio.CancelledError):
            await task
        return "died" if too_much else "timed out"


class _Client(NotebookClient):
    """nbclient's client, which keeps a bounded part of what a cell shows, and hears within a moment that the kernel has ended."""

    record_timing = False
    failed = asked_exit = False
    _room = 0

    def begin_cell(self) -> None:
        """Forget what the cell before has shown and answered."""
        self.failed = self.asked_exit = False
        self._room = OUTPUT_BYTES

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take an output into the cell, as long as there is room. What is no message, and widgets' own, is left out."""
        if not is_message(msg):
            return None
        if msg["msg_type"] in ("stream", "display_data", "execute_result", "update_display_data", "error"):
            size = size_of(msg["content"])
            if size > self._room:
                if self._room < 0:
                    return None
                kept: dict[str, Any] = {"name": "stderr", "text": CUT.format(kept=OUTPUT_BYTES // 2**20)}
                if msg["msg_type"] == "error":
                    kept = {key: str(msg["content"].get(key))[:10_000] for key in ("ename", "evalue")} | {"traceback": []}
                    size = 0
                else:
                    msg = {**msg, "msg_type": "stream", "header": {**msg["header"], "msg_type": "stream"}}
                msg = {**msg, "content": kept}
            self._room -= size
        return super().process_message(msg, cell, cell_index)

    async def _check_raise_for_error(self, cell: NotebookNode, cell_index: int, exec_reply: dict[str, Any] | None) -> None:
        content = (exec_reply or {}).get("content", {})
        count = content.get("execution_count")
        cell["execution_count"] = count if type(count) is int and count > 0 else cell["execution_count"]
        self.failed = content.get("status") != "ok"
        payload = content.get("payload")
        items = payload if isinstance(payload, list) else []
        self.asked_exit = any(isinstance(item, dict) and item.get("source") == "ask_exit" for item in items)

    async def _async_poll_kernel_alive(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            if self.kc is None:  # its cell was given up, and nobody waits for this
                return
            try:
                await self._async_check_alive()
            except DeadKernelError:
                if self.task_poll_for_reply is not None:
                    self.task_poll_for_reply.cancel()
                return
