"""A submission's place without walls: a folder, and kernels. For one's own work, and where no sandbox can be."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from autograder import warm
from autograder.forkserver import proportional_bytes
from autograder.offline import SWITCHES
from autograder.use import Use

PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX")
MARK = "AUTOGRADER_RUN"
GRACE_SECONDS, SAMPLE_SECONDS = 5.0, 0.2
EXACT_FROM = 900 * 2**20


class Unwalled:
    """A submission's place in `folder`: its notebook's folder `work`, its HOME and temporary folder. `guard` reports what leaves it.

    The learner's kernel starts as Jupyter starts one. The judge's is warm: a program that has the `imports` forks it. Under guard both
    are: a lab's own solution, which nbval runs as Jupyter does.
    """

    def __init__(self, folder: Path, imports: Sequence[str] = (), guard: bool = False) -> None:
        self.use = Use()
        self._folder, self._imports, self._guard = folder, imports, guard
        self._mark = uuid.uuid4().hex
        self._manager: AsyncKernelManager | None = None
        self._sampler: asyncio.Task[None] | None = None
        self._warm: subprocess.Popen[bytes] | None = None
        (folder / "work").mkdir(exist_ok=True)

    def make_manager(
        self, files: Mapping[str, bytes], hidden: Mapping[str, bytes] | None = None, functions: bool = False
    ) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """Return a manager, and how to start its kernel, which finds `files` in its folder; a judge's imports them, too, and `hidden`."""
        write_files(self._folder / "work", files)
        environment = self._environment(hidden is not None)
        self._manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=str(self._folder / "k"))
        if hidden is not None:
            write_files(self._folder / "hidden", {**files, **hidden})
        if hidden is not None or self._guard:
            environment[warm.SOCKET] = str(self._start_warm())
            self._manager._kernel_spec = KernelSpec(argv=warm.kernel_command(self._folder / "warm"), language="python")
        self._sampler = asyncio.create_task(self._sample())
        return self._manager, {"cwd": str(self._folder / "work"), "env": environment}

    def uses_too_much(self) -> bool:
        """Return False: without walls there are no limits."""
        return False

    def end(self) -> None:
        """End every process that carries this submission's mark, and note which they were."""
        if self._sampler:
            self._sampler.cancel()
        self._manager = None
        psutil.wait_procs(self._marked(), timeout=1.5)  # what is on its way out may go
        end = time.monotonic() + GRACE_SECONDS
        while (left := self._marked()) and time.monotonic() < end:
            for process in left:
                with suppress(psutil.Error):
                    self.use.running.append(" ".join(process.cmdline())[:200])
                    process.kill()
            psutil.wait_procs(left, timeout=1)

    def renew(self) -> None:
        """Begin again with an empty folder."""
        shutil.rmtree(self._folder / "work", ignore_errors=True)
        (self._folder / "work").mkdir(exist_ok=True)

    def close(self) -> None:
        """End what keeps kernels warm. The folder is left to who gave it."""
        if self._warm:
            self._warm.kill()
            self._warm.wait()

    def _environment(self, judge: bool) -> dict[str, str]:
        home, tmp = self._folder / "home", self._folder / "tmp"
        for path in (home, tmp):
            path.mkdir(exist_ok=True)
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
        environment.update(SWITCHES, HOME=str(home), TMPDIR=str(tmp), PYTHONDONTWRITEBYTECODE="1", MPLCONFIGDIR=str(home / ".config"))
        environment[MARK] = self._mark
        paths = [str(self._folder / "hidden")] if judge else []
        if self._guard:
            shutil.copy(Path(__file__).with_name("guard.py"), self._folder / "sitecustomize.py")
            environment["AUTOGRADER_GUARD"] = str(self._folder)
            paths.append(str(self._folder))
        if paths:
            environment["PYTHONPATH"] = os.pathsep.join(paths)
        return environment

    def _start_warm(self) -> Path:
        """Start the program that forks warm kernels (warm.py), if it was not; return where it listens."""
        path, scratch = self._folder / "warm", self._folder / "imported"
        if self._warm is None:
            scratch.mkdir()  # what libraries leave in the temporary folder when they are imported
            self._warm = warm.start(path, self._imports, {**self._environment(judge=False), "TMPDIR": str(scratch)})
        return path

    async def _sample(self) -> None:
        while True:
            self.use.peak = max(self.use.peak, used_bytes(self._processes(), exact=self._guard))
            await asyncio.sleep(SAMPLE_SECONDS)

    def _processes(self) -> list[psutil.Process]:
        pids = [getattr(getattr(self._manager, "provisioner", None), "pid", None), self._warm.pid if self._warm else None]
        return [process for pid in filter(None, pids) for process in family(pid)]

    def _marked(self) -> list[psutil.Process]:
        kept = self._warm.pid if self._warm else None
        return [process for process in psutil.process_iter() if process.pid != kept and _carries(process, self._mark)]


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` below `folder`; files that are there are replaced."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that it started; nothing where it has ended."""
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def used_bytes(processes: Iterable[psutil.Process], exact: bool = False) -> int:
    """Return the bytes that processes take.

    On Linux what they share counts once, where that is asked for (`exact`) or they seem to take EXACT_FROM: finding it out takes longer.
    """
    used, there = 0, list(processes)
    for process in there:
        with suppress(psutil.Error):
            used += process.memory_info().rss
    exact = (exact or used > EXACT_FROM) and sys.platform == "linux"
    return sum(proportional_bytes(process.pid) for process in there) if exact else used


def _carries(process: psutil.Process, mark: str) -> bool:
    with suppress(psutil.Error, OSError):
        return bool(process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE)
    return False
