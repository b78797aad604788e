"""Grading, beside stock nbgrader: the same submissions, in turns, in one run.

    python -m benchmarks.grading [--submissions 40] [--jobs 2] [--rounds 4] [--more 0] [--small] [--labs LAB ...]

Each round grades its share of the submissions with `nbgrader autograde`, one after the other as it does, and with this project's
grader in its sandbox. Printed are submissions per minute, their ratio, the overhead of a submission beyond the time in its cells, the
processor time of the one process that hands out work and writes results, for a submission, and the peak memory of the grader itself
(this process and its workers, without the sandboxes). `--more 400` grades that many more with this project's grader alone, and prints
how time grows, and what calling the grader again on that finished cohort takes.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from autograder.cohort import new_cohort, read_cohort
from autograder.execute import Limits
from autograder.grade import find_work, grade
from autograder.notebook import code_cells, read_notebook, write_notebook
from autograder.release import make_solved
from autograder.source import Lab, find_labs, read_lab
from autograder.workers import local_workers

PROJECT = Path(__file__).parents[1]
# Stock nbgrader makes what it graded read-only, through links, too: a virtual environment's link leads to the python that grades.
HARMED_BY_STOCK = {"readiness-check"}


class Memory:
    """The peak of what this process and its workers take, in MiB; what runs inside a sandbox is not the grader's."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._stop = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> float:
        """Return the peak."""
        self._stop.set()
        return self.peak

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.5):
            total = 0
            for process in [me, *me.children()]:
                try:
                    if "bwrap" not in process.name():
                        total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total / 2**20)


def make_cohort(folder: Path, labs: list[Lab], count: int) -> None:
    """Write a cohort in which `count` submissions, all of them right, are shared out over the labs."""
    new_cohort(folder, labs, {})
    for number in range(count):
        lab = labs[number % len(labs)]
        path = folder / "submitted" / f"student-{number:04}" / lab.slug / f"{lab.slug}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(write_notebook(make_solved(lab)))


def grade_ours(folder: Path, jobs: int) -> tuple[float, float]:
    """Grade the cohort; return the seconds it took, and those that were spent in cells."""
    begin = time.monotonic()
    course = read_cohort(folder)
    with local_workers(jobs) as workers:
        results = [now for _, now in grade(course, find_work(course), Limits(), True, workers)]
    seconds = time.monotonic() - begin
    handed_in = [result for result in results if result.state != "missing"]  # each student hands in one of the labs
    wrong = [result for result in handed_in if result.state != "graded" or result.points != result.max_points]
    assert not wrong, f"a right submission was not graded, or lost points: {wrong[0]}"
    in_cells = 0.0
    for path in folder.glob("autograded/*/*/*.ipynb"):
        in_cells += sum(cell.metadata["autograder"]["seconds"] for cell in code_cells(read_notebook(path.read_bytes())))
    return seconds, in_cells


def grade_again(folder: Path) -> float:
    """Call `autograder grade` on a cohort that is graded; return the seconds until it has ended."""
    begin = time.monotonic()
    subprocess.run([str(Path(sys.executable).parent / "autograder"), "grade", str(folder)], check=True, capture_output=True)
    return time.monotonic() - begin


def grade_stock(folder: Path, labs: list[Lab]) -> float:
    """Grade the cohort with stock nbgrader; return the seconds it took. Hidden files are on its path, as it knows none."""
    seconds = 0.0
    for lab in labs:
        if not any(folder.glob(f"submitted/*/{lab.slug}")):
            continue
        environ = {**os.environ, "PYTHONPATH": str(folder / "source" / lab.slug / "hidden")}
        command = [str(Path(sys.executable).parent / "nbgrader"), "autograde", lab.slug, "--ExecutePreprocessor.timeout=300"]
        begin = time.monotonic()
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
        seconds += time.monotonic() - begin
        if done.returncode:
            raise SystemExit(f"nbgrader autograde {lab.slug} failed:\n{done.stderr[-3000:]}")
    return seconds


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--more", type=int, default=0)
    parser.add_argument("--labs", nargs="*", default=[], help="labs of the course; without a name, all of them (with --small, none)")
    parser.add_argument("--small", action="store_true", help="the tests' small lab, too: hardly any time in cells")
    given = parser.parse_args()
    labs = find_labs(PROJECT / "source", tuple(given.labs)) if given.labs or not given.small else []
    labs = [lab for lab in labs if lab.slug not in HARMED_BY_STOCK]
    scratch = Path(tempfile.mkdtemp(prefix="benchmark-"))
    if given.small:
        from tests.conftest import lab_path, write_project

        labs.append(read_lab(lab_path(write_project(scratch / "project"))))
    share = given.submissions // given.rounds
    ours = stock = cells = own = 0.0
    memory = Memory()
    try:
        for number in range(given.rounds):
            one, other = scratch / f"ours-{number}", scratch / f"stock-{number}"
            make_cohort(one, labs, share)
            make_cohort(other, labs, share)
            before = time.process_time()
            taken, in_cells = grade_ours(one, given.jobs)
            ours, cells, own = ours + taken, cells + in_cells, own + time.process_time() - before
            stock += grade_stock(other, labs)
            print(f"round {number + 1}: {share} submissions, ours {ours:.0f} s, stock {stock:.0f} s so far", flush=True)
            shutil.rmtree(one)
            shutil.rmtree(other)
        total = share * given.rounds
        found = {
            "submissions": total,
            "ours_per_minute": round(60 * total / ours, 1),
            "stock_per_minute": round(60 * total / stock, 1),
            "ratio": round(stock / ours, 1),
            "overhead_seconds": round((ours * given.jobs - cells) / total, 2),
            "coordinator_seconds": round(own / total, 3),
        }
        if given.more:
            folder = scratch / "more"
            make_cohort(folder, labs, given.more)
            taken, _ = grade_ours(folder, given.jobs)
            found |= {"more": given.more, "more_seconds": round(taken, 1), "growth": round(taken / given.more / (ours / total), 2)}
            found["finished_again_seconds"] = round(grade_again(folder), 1)
        print(json.dumps({**found, "grader_mib": round(memory.stop())}, indent=1))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
