"""Where units of work run: processes of this machine, or the workers of a Dask cluster. Both are executors."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from autograder.errors import Problem

MAX_TRIES = 3
Unit = TypeVar("Unit")
Made = TypeVar("Made")


class Workers:
    """An executor that is opened again where its processes were killed; `jobs` units of work run at the same time."""

    def __init__(self, open_executor: Callable[[], Executor], jobs: int) -> None:
        self.jobs = jobs
        self._open, self.executor = open_executor, open_executor()

    def reopen(self) -> None:
        """Replace an executor whose processes were killed."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor = self._open()


@contextmanager
def local_workers(jobs: int) -> Iterator[Workers]:
    """Give `jobs` processes that share nothing with this one, and end when it ends, however it does."""
    workers = Workers(lambda: ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_with_parent), jobs)
    try:
        yield workers
    finally:
        workers.executor.shutdown(cancel_futures=True)


@contextmanager
def dask_workers(address: str) -> Iterator[Workers]:
    """Give the workers of the Dask cluster whose scheduler is at `address`, tcp://HOST:PORT. Raises Problem where it is not reached.

    Each worker has one thread (dask worker --nthreads 1), and this project installed.
    """
    try:
        from distributed import Client
    except ImportError:
        raise Problem("--dask", "Dask is not installed", "install it: pip install distributed") from None
    try:
        client: Any = Client(address, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise Problem(f"--dask {address}", f"no scheduler answers there ({error})", "start one with: dask scheduler") from None
    with client:
        threads = client.nthreads()
        if not threads:
            raise Problem(f"--dask {address}", "the scheduler has no workers", f"start some with: dask worker {address} --nthreads 1")
        yield Workers(lambda: client.get_executor(pure=False, retries=MAX_TRIES), sum(threads.values()))


def run_all(
    workers: Workers, work: Callable[[Unit], Made], units: Iterable[Unit], key: Callable[[Unit], object] = id
) -> Iterator[tuple[Unit, Made | BaseException]]:
    """Yield each unit with what became of it, in the order in which they end. Few are held at a time: `units` is read as they are done.

    A unit whose process is killed is run again, at most MAX_TRIES times in all; `key` tells units apart.
    """
    waiting, tries, again = iter(units), dict[object, int](), list[Unit]()
    running: dict[Future[Made], Unit] = {}
    while True:
        broken = False
        while len(running) < 2 * workers.jobs and (unit := again.pop() if again else next(waiting, None)) is not None:
            try:
                running[workers.executor.submit(work, unit)] = unit
            except BrokenExecutor:
                again.append(unit)
                broken = True
                break
        if not running and not again:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            error = future.exception()
            if isinstance(error, BrokenExecutor):
                broken = True
            else:
                yield running.pop(future), future.result() if error is None else error
        if broken:
            workers.reopen()
            for future, unit in [*running.items()]:
                lost = future.exception() if future.done() else BrokenExecutor("its process was killed")
                if isinstance(lost, BrokenExecutor):
                    del running[future]
                    tries[key(unit)] = tries.get(key(unit), 0) + 1
                    if tries[key(unit)] < MAX_TRIES:
                        again.append(unit)
                    else:
                        yield unit, lost


def _end_with_parent() -> None:
    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
