"""Workers of this machine and of a Dask cluster: what is killed is run again, and nothing is lost."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from autograder.attempts import open_attempts
from autograder.errors import Problem
from autograder.workers import MAX_TRIES, dask_workers, local_workers, run_all
from tests.test_attempts import cohort, command, grade, outcome, scores

__all__ = ["cohort"]
TRIES = Path("tries")


def double(number: int) -> int:
    """Return the number's double."""
    return 2 * number


def end_at_first(number: int) -> int:
    """End the process at the first try for 3; return the number's double."""
    if number == 3 and not TRIES.exists():
        TRIES.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def end_always(number: int) -> int:
    """End the process for 3; return the number's double otherwise."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def refuse_three(number: int) -> int:
    """Raise for 3; return the number's double otherwise."""
    if number == 3:
        raise ValueError("no threes")
    return 2 * number


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_each_unit_is_done_once() -> None:
    """More units than are held at a time: each comes out once."""
    with local_workers(2) as workers:
        made = dict(run_all(workers, double, range(30), int))

    assert made == {number: 2 * number for number in range(30)}


def test_an_exception_is_what_became_of_a_unit() -> None:
    """It is yielded, and stops nothing."""
    with local_workers(2) as workers:
        made = dict(run_all(workers, refuse_three, range(6), int))

    assert isinstance(made.pop(3), ValueError)
    assert made == {number: 2 * number for number in range(6) if number != 3}


def test_a_unit_whose_process_was_killed_is_run_again() -> None:
    """All units come out right, in new processes."""
    with local_workers(2) as workers:
        made = dict(run_all(workers, end_at_first, range(8), int))

    assert made == {number: 2 * number for number in range(8)}


def test_a_unit_that_always_ends_its_process_stops_nobody_else() -> None:
    """It is given up after some tries; the others are done, as long as they are not under way each time."""
    with local_workers(1) as workers:
        made = list(run_all(workers, end_always, range(5), int))

    lost = {unit for unit, what in made if isinstance(what, BaseException)}
    assert 3 in lost
    assert sorted(unit for unit, _ in made) == list(range(5))
    assert len(lost) <= MAX_TRIES


def test_a_scheduler_that_is_not_there_is_a_problem() -> None:
    """It says what to start."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(Problem, match="start one with: dask scheduler"), dask_workers(address):
        pass


def test_without_dask_there_is_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(Problem, match="pip install distributed"), dask_workers("tcp://127.0.0.1:1"):
        pass


@dataclass
class Cluster:
    """A Dask scheduler and its workers, real processes that listen on loopback."""

    address: str
    scheduler: "subprocess.Popen[bytes]"
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def add_worker(self, folder: Path) -> None:
        """Start a worker of one thread."""
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder)]
        self.workers.append(_start("worker", self.address, *options))

    def end(self) -> None:
        """End them all."""
        for process in [*self.workers, self.scheduler]:
            process.terminate()
        for process in [*self.workers, self.scheduler]:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(kind: str, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "distributed.cli.dask_" + kind, *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"]
    there = Cluster(f"tcp://127.0.0.1:{port}", _start("scheduler", *options))
    yield there
    there.end()


def ended(cohort: Path) -> int:
    """Return how many submissions have been graded."""
    with open_attempts(cohort) as attempts:
        return len(attempts.newest())


def wait_until(happens: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until the function returns something true."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_dask_worker_is_killed_in_the_middle_and_nothing_is_lost(cohort: Path, cluster: Cluster, tmp_path: Path) -> None:
    """Two workers, one gets SIGKILL: the other does its work, and all is as without Dask."""
    undisturbed = cohort.with_name("undisturbed")
    shutil.copytree(cohort, undisturbed)
    for number in range(2):
        cluster.add_worker(tmp_path / f"worker-{number}")

    def all_there() -> bool:
        from distributed import Client

        try:
            with Client(cluster.address, timeout=2, set_as_default=False) as client:
                return len(client.nthreads()) == 2
        except OSError:
            return False

    wait_until(all_there)
    with open_attempts(cohort):
        pass
    grading = subprocess.Popen(command(cohort, "--dask", cluster.address), stdout=subprocess.PIPE, text=True)
    wait_until(lambda: ended(cohort) >= 3)
    cluster.workers[0].send_signal(signal.SIGKILL)
    printed = grading.communicate(timeout=200)[0]

    assert grading.returncode == 0, printed
    assert ended(cohort) == 12
    grade(undisturbed)
    assert outcome(cohort) == outcome(undisturbed)
    assert scores(cohort) == scores(undisturbed)
    left = [process for process in psutil.Process(cluster.workers[1].pid).children() if "bwrap" not in process.name()]
    assert not left, f"its worker holds {left}"
