"""The unit of work: one submission, restored, executed, scored, with its feedback. Data in, data out: no database, no cohort's folder."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from autograder import result
from autograder.execute import Limits, execute
from autograder.feedback import write_feedback
from autograder.gradebook import Mark
from autograder.notebook import code_cells, read_notebook, read_own, write_notebook
from autograder.preload import find_imports
from autograder.release import see_solved
from autograder.restore import restore
from autograder.result import Result
from autograder.score import CellScore, score, score_cells
from autograder.source import Lab
from autograder.submitted import Submission

_imports: dict[str, tuple[str, ...]] = {}  # by the lab's version: a worker meets the same lab again and again


@dataclass(frozen=True)
class Task:
    """All that a worker needs for one submission. `marks` are those that people gave it; `walled` asks for a sandbox."""

    lab: Lab
    submission: Submission
    limits: Limits
    walled: bool
    marks: Mapping[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of a submission: its result, its feedback page, and where it ran the executed notebook and what its cells earned."""

    result: Result
    feedback: bytes
    executed: bytes = b""
    cells: tuple[CellScore, ...] = ()


def autograde(task: Task) -> Outcome:
    """Return what comes of the submission."""
    lab, submission = task.lab, task.submission
    if submission.state:
        outcome = ungraded(lab, submission)
        return Outcome(outcome, write_feedback(lab, None, outcome, task.marks))
    seed = seed_of(lab, submission)
    notebook = write_notebook(restore(see_solved(lab), read_notebook(submission.notebook)))
    warm = lab_imports(lab) if task.walled else None
    data = execute(notebook, {**submission.files, **lab.files}, lab.hidden, task.limits, warm, seed)
    executed = read_own(data)
    used = executed.metadata["autograder"]
    scores = score(lab, executed)
    outcome = Result(
        student=submission.student,
        lab=lab.slug,
        state=result.GRADED,
        max_points=lab.points,
        reason=used["flagged"],
        points=round(sum(scored.points for scored in scores), 4),
        scores=tuple(scores),
        seconds=used["seconds"],
        peak_mib=used["peak_mib"],
        submission=submission.digest,
        graded_at=datetime.now(UTC).isoformat(timespec="seconds"),
        flagged=bool(used["flagged"]),
        seed=seed,
        walled=task.walled,
    )
    return Outcome(outcome, write_feedback(lab, executed, outcome, task.marks), data, tuple(score_cells(lab, executed)))


def ungraded(lab: Lab, submission: Submission, error: BaseException | None = None) -> Result:
    """Return the result of a submission that was not run: missing, unreadable, or one on which the grader itself failed with `error`."""
    state, reason = submission.state or result.NOT_GRADED, submission.reason
    if error is not None:
        reason = f"the grader itself failed on it ({type(error).__name__}: {error}); run the command again"
    reason = reason or "not graded yet: run autograder grade"
    return Result(submission.student, lab.slug, state, lab.points, reason, submission=submission.digest)


def seed_of(lab: Lab, submission: Submission) -> int:
    """Return the seed of the judge's fresh inputs: another for each submission, the same whenever it is graded."""
    return int(hashlib.sha256(f"{lab.version} {submission.digest}".encode()).hexdigest()[:8], 16)


def lab_imports(lab: Lab) -> tuple[str, ...]:
    """Return the modules that the lab's own cells and files import: what a sandbox imports beforehand."""
    if lab.version not in _imports:
        _imports[lab.version] = find_imports((cell.source for cell in code_cells(lab.notebook)), {**lab.files, **lab.hidden})
    return _imports[lab.version]
