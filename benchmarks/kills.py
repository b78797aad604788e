"""A grader that gets SIGKILL again and again, beside one that is left alone: are the results the same?

    python -m benchmarks.kills [--submissions 100] [--kills 30] [--jobs 2] [--seed 0]

The submissions are those of the tests' sample cohort, over and over. The grader is started, killed at a random moment, and started
again; when all kills are done it runs to its end. Then every result (but for times and memory), every score in the gradebook and
every executed notebook is compared with those of an undisturbed run, and every submission must have been graded once.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from autograder.attempts import open_attempts
from autograder.cohort import new_cohort
from autograder.gradebook import open_gradebook
from autograder.notebook import read_notebook
from autograder.source import read_lab
from tests.conftest import lab_path, write_project
from tests.sample_cohort import make_samples

SLOW = ("loops",)  # it takes its whole limit of time


def make_cohort(folder: Path, scratch: Path, count: int) -> None:
    """Write a cohort of the tests' small lab with `count` submissions, of all kinds."""
    lab = read_lab(lab_path(write_project(scratch / "project")))
    samples = [sample.data for name, sample in sorted(make_samples(lab).items()) if name not in SLOW]
    new_cohort(folder, [lab], {})
    for number in range(count):
        path = folder / "submitted" / f"student-{number:03}" / lab.slug / f"{lab.slug}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(samples[number % len(samples)])


def start(folder: Path, jobs: int) -> "subprocess.Popen[bytes]":
    """Start the grader on the cohort."""
    command = ["from autograder.cli import main; main()", "grade", str(folder), "--jobs", str(jobs), "--cell-seconds", "20"]
    return subprocess.Popen([sys.executable, "-c", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(folder: Path, jobs: int) -> float:
    """Run the grader to its end; return the seconds that it took."""
    begin = time.monotonic()
    running = start(folder, jobs)
    error = running.communicate()[1]
    if running.returncode:
        raise SystemExit(f"the grader ended with {running.returncode}:\n{error.decode()}")
    return time.monotonic() - begin


def outcome(folder: Path) -> dict[str, Any]:
    """Return what came of the cohort, but for times and memory: results, the gradebook's scores, the notebooks' outputs."""
    results = json.loads((folder / "report" / "results.json").read_text())["results"]
    for found in results:
        for name in ("seconds", "peak_mib", "graded_at"):
            found.pop(name)
        for score in found["scores"]:
            score.pop("seconds")
    with open_gradebook(folder) as gradebook:
        submissions = gradebook.assignment_submissions("small-lab")
        notebooks = [(submission.student.id, notebook) for submission in submissions for notebook in submission.notebooks]
        scores = sorted((student, grade.name, grade.auto_score) for student, notebook in notebooks for grade in notebook.grades)
    executed = {}
    for path in sorted(folder.glob("autograded/*/*/*.ipynb")):
        cells = read_notebook(path.read_bytes()).cells
        states = [cell.metadata.get("autograder", {}).get("state") for cell in cells]
        executed[path.parts[-3]] = [(cell.source, state) for cell, state in zip(cells, states, strict=True)]
    return {"results": results, "scores": scores, "executed": executed}


def main() -> None:
    """Run both graders and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    scratch, draw = Path(tempfile.mkdtemp(prefix="benchmark-")), random.Random(given.seed)
    try:
        killed, alone = scratch / "killed", scratch / "alone"
        make_cohort(killed, scratch, given.submissions)
        shutil.copytree(killed, alone)
        undisturbed = finish(alone, given.jobs)
        ended = []
        for _ in range(given.kills):
            running = start(killed, given.jobs)
            time.sleep(draw.uniform(0.5, 2 * undisturbed / given.kills + 4.0))
            running.send_signal(signal.SIGKILL)
            running.communicate()
            with open_attempts(killed) as attempts:
                ended.append(len(attempts.newest()))
        finish(killed, given.jobs)
        with open_attempts(killed) as attempts:
            students = [path.name for path in (killed / "submitted").iterdir()]
            twice = [name for name in students if len(attempts.history(name, "small-lab")) != 1]
        one, other = outcome(killed), outcome(alone)
        found = {
            "submissions": given.submissions,
            "kills": given.kills,
            "kills_while_work_was_left": sum(number < given.submissions for number in ended),
            "undisturbed_seconds": round(undisturbed, 1),
            "graded_other_than_once": twice,
            "differs": [name for name in one if one[name] != other[name]],
        }
        print(json.dumps(found, indent=1))
        sys.exit(bool(twice or found["differs"]))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
