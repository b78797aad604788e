"""A submission's place without walls: a folder, and kernels as Jupyter starts them. For one's own work, and where no sandbox can be."""

import asyncio
import os
import shutil
import sys
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager

from autograder.forkserver import proportional_bytes
from autograder.offline import SWITCHES
from autograder.use import Use

PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX")
MARK = "AUTOGRADER_RUN"
GRACE_SECONDS, SAMPLE_SECONDS = 5.0, 0.2
EXACT_FROM = 900 * 2**20


class Unwalled:
    """A submission's place in `folder`: its notebook's folder `work`, its HOME and temporary folder. `guard` reports what leaves it."""

    def __init__(self, folder: Path, guard: bool = False) -> None:
        self.use = Use()
        self._folder, self._guard = folder, guard
        self._mark = uuid.uuid4().hex
        self._manager: AsyncKernelManager | None = None
        self._sampler: asyncio.Task[None] | None = None
        (folder / "work").mkdir(exist_ok=True)

    def make_manager(
        self, files: Mapping[str, bytes], hidden: Mapping[str, bytes] | None = None, functions: bool = False
    ) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """Return a manager, and how to start its kernel, which finds `files` in its folder; a judge's imports them, too, and `hidden`."""
        write_files(self._folder / "work", files)
        if hidden is not None:
            write_files(self._folder / "hidden", {**files, **hidden})
        self._manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=str(self._folder / "k"))
        self._sampler = asyncio.create_task(self._sample())
        return self._manager, {"cwd": str(self._folder / "work"), "env": self._environment(hidden is not None)}

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
        """Leave the folder to who gave it."""

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

    async def _sample(self) -> None:
        while True:
            processes = self._processes()
            used = sum(map(_resident_bytes, processes))
            if used > EXACT_FROM and sys.platform == "linux":  # what they share was counted for each: the exact number takes longer
                used = sum(proportional_bytes(process.pid) for process in processes)
            self.use.peak = max(self.use.peak, used)
            await asyncio.sleep(SAMPLE_SECONDS)

    def _processes(self) -> list[psutil.Process]:
        pid = getattr(getattr(self._manager, "provisioner", None), "pid", None)
        with suppress(psutil.Error):
            if pid:
                parent = psutil.Process(pid)
                return [parent, *parent.children(recursive=True)]
        return []

    def _marked(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if _carries(process, self._mark)]


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` below `folder`; files that are there are replaced."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _resident_bytes(process: psutil.Process) -> int:
    """Return the bytes of a process, all that it shares included."""
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _carries(process: psutil.Process, mark: str) -> bool:
    with suppress(psutil.Error, OSError):
        return bool(process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE)
    return False
