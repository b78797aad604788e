"""A learner's own state: their notebooks in `labs/`, graded against the hidden tests on their own machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder import result
from autograder.autograde import Task, autograde
from autograder.catalogue import notebook_path
from autograder.execute import Limits
from autograder.notebook import read_notebook
from autograder.release import is_edited
from autograder.result import Result
from autograder.score import NOT_ATTEMPTED, Score
from autograder.source import Lab
from autograder.submitted import Submission, read_inside, read_refusal
from autograder.workers import Workers

LEARNER = "me"


@dataclass(frozen=True)
class Work:
    """A lab and what the learner has made of it. Where `submission` has a state there is nothing to run."""

    lab: Lab
    submission: Submission


def find_own_work(labs: Path, wanted: list[Lab]) -> list[Work]:
    """Return the learner's work on each lab: their notebook below `labs`, with the files that may be handed in."""
    return [Work(lab, _find(labs / notebook_path(lab), lab)) for lab in wanted]


def grade_own_work(works: list[Work], workers: Workers, limits: Limits, walled: bool) -> Iterator[Result]:
    """Yield the result of each lab, in order. A notebook in which nothing was written is not run."""
    tasks = {work.lab.slug: Task(work.lab, work.submission, limits, walled) for work in works if not work.submission.state}
    futures = {slug: workers.executor.submit(autograde, task) for slug, task in tasks.items()}
    for work in works:
        yield futures[work.lab.slug].result().result if work.lab.slug in futures else unstarted(work)


def _find(path: Path, lab: Lab) -> Submission:
    if not path.is_file():
        return Submission(LEARNER, lab.slug, result.MISSING, f"{path} is not there; bring it back with: git checkout {path}")
    why = read_refusal(path, path.parent)
    if why:
        return Submission(LEARNER, lab.slug, result.UNREADABLE, f"{path}: {why}")
    data = read_inside(path, path.parent)
    if not is_edited(read_notebook(data)):
        return Submission(LEARNER, lab.slug, NOT_ATTEMPTED, "not started")
    files = {name: read_inside(path.parent / name, path.parent) for name in lab.header.hand_in if (path.parent / name).is_file()}
    return Submission(LEARNER, lab.slug, "", "", data, files)


def unstarted(work: Work) -> Result:
    """Return the result of a notebook that is not run: not started, or nothing that can be read."""
    if work.submission.state == NOT_ATTEMPTED:
        scores = tuple(Score(exercise.id, 0.0, exercise.points, NOT_ATTEMPTED) for exercise in work.lab.exercises)
        return Result(LEARNER, work.lab.slug, result.GRADED, work.lab.points, "not started", scores=scores)
    return Result(LEARNER, work.lab.slug, work.submission.state, work.lab.points, work.submission.reason)
