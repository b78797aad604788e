"""A kernel of its own for a notebook: fresh HOME, temporary folder and environment; nothing of it outlives it.

Kernels start one by one here, as Jupyter starts them, without a sandbox.
"""

import asyncio
import os
import shutil
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from autograder.definitions import Definitions
from autograder.offline import SWITCHES

PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX")
MARK = "AUTOGRADER_RUN"
GRACE_SECONDS = 5.0
SAMPLE_SECONDS = 0.2


class KernelDied(Exception):
    """The kernel ended while it ran a cell, or no longer answers."""


class Kernel:
    """The kernels of one submission, one after the other, in `work`; their HOME and temporary folder lie in `folder`."""

    def __init__(self, folder: Path, work: Path, guard: bool = False) -> None:
        self.answers = False
        self._folder, self._work, self._guard = folder, work, guard
        self._mark = uuid.uuid4().hex
        self._peak_bytes: list[int] = []
        self._left: list[str] = []
        self._client: NotebookClient | None = None
        self._asked_exit = False

    @asynccontextmanager
    async def start(self, nb: NotebookNode) -> AsyncIterator[None]:
        """Start a kernel for the notebook; when the block ends, it and all that it started are gone."""
        manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=str(self._folder / "k"))
        self._client = NotebookClient(nb, km=manager, allow_errors=True, iopub_timeout=GRACE_SECONDS, on_cell_executed=self._note_exit)
        self._peak_bytes.append(0)
        sampler = asyncio.create_task(self._sample())
        try:
            async with self._client.async_setup_kernel(cwd=str(self._work), env=self._environment(), cleanup_kc=True):
                self.answers = True
                yield
                await asyncio.sleep(0)
        finally:
            sampler.cancel()
            self._client = None
            self._end_all()

    async def run(self, cell: NotebookNode, index: int, seconds: float) -> str:
        """Run one cell; return its state: ok, failed, timed out or died. `answers` tells whether the kernel goes on."""
        assert self._client is not None
        self._asked_exit = False
        task = asyncio.ensure_future(self._client.async_execute_cell(cell, index))
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
            if not done:
                return await self._interrupt(task)
            task.result()
        except (DeadKernelError, OSError):
            self.answers = False
            return "died"
        if self._asked_exit:
            self.answers = False
            return "died"
        return "failed" if any(output.output_type == "error" for output in cell.outputs) else "ok"

    async def hand_over(self, given: Definitions, seconds: float) -> None:
        """Give the judge's kernel functions that call the learner's, by the learner's names."""
        client: Any = self._client
        lines = [
            "from autograder.crossing import Crossing as _Crossing",
            f"_crossing = _Crossing({given.statements!r}, {given.needs!r}, {seconds!r})",
            *(f"{name} = _crossing.function({name!r})" for name in given.needs),
        ]
        reply = await client.kc.execute_interactive("\n".join(lines), silent=True, store_history=False, output_hook=lambda _: None)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"the judge's kernel cannot take functions: {reply['content']}")

    def usage(self) -> dict[str, Any]:
        """Return what the kernels so far used: peak memory in MiB, and the commands of processes that outlived them."""
        return {"peak_mib": round(max(self._peak_bytes, default=0) / 2**20), "left_running": self._left}

    async def _interrupt(self, task: "asyncio.Future[NotebookNode]") -> str:
        client: Any = self._client
        await client.km.interrupt_kernel()
        done, _ = await asyncio.wait({task}, timeout=GRACE_SECONDS)
        self.answers = bool(done)
        if not done:
            task.cancel()
        with suppress(Exception, asyncio.CancelledError):
            await task
        return "timed out"

    def _note_exit(self, *, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        payload = execute_reply.get("content", {}).get("payload", [])
        self._asked_exit = any(item.get("source") == "ask_exit" for item in payload)

    def _environment(self) -> dict[str, str]:
        home, tmp = self._folder / "home", self._folder / "tmp"
        for path in (home, tmp):
            path.mkdir(exist_ok=True)
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
        environment.update(SWITCHES, HOME=str(home), TMPDIR=str(tmp), PYTHONDONTWRITEBYTECODE="1", MPLCONFIGDIR=str(home / ".config"))
        environment[MARK] = self._mark
        if self._guard:
            shutil.copy(Path(__file__).with_name("guard.py"), self._folder / "sitecustomize.py")
            environment.update(PYTHONPATH=str(self._folder), AUTOGRADER_GUARD=str(self._folder))
        return environment

    async def _sample(self) -> None:
        while True:
            used = 0
            for process in self._processes():
                with suppress(psutil.Error):
                    used += process.memory_info().rss
            self._peak_bytes[-1] = max(self._peak_bytes[-1], used)
            await asyncio.sleep(SAMPLE_SECONDS)

    def _processes(self) -> list[psutil.Process]:
        manager = self._client.km if self._client else None
        pid = getattr(getattr(manager, "provisioner", None), "pid", None)
        with suppress(psutil.Error):
            if pid:
                parent = psutil.Process(pid)
                return [parent, *parent.children(recursive=True)]
        return []

    def _marked(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if _carries(process, self._mark)]

    def _end_all(self) -> None:
        """End every process that carries this submission's mark, and note which they were."""
        psutil.wait_procs(self._marked(), timeout=1.5)  # what is on its way out may go
        begin = time.monotonic()
        while time.monotonic() - begin < GRACE_SECONDS:
            left = self._marked()
            for process in left:
                with suppress(psutil.Error):
                    self._left.append(" ".join(process.cmdline())[:200])
                    process.kill()
            if not left:
                return
            psutil.wait_procs(left, timeout=1)


def _carries(process: psutil.Process, mark: str) -> bool:
    with suppress(psutil.Error, OSError):
        return bool(process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE)
    return False
