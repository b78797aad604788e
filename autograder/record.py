"""What a learner's labs earned when they were graded last: one file below `labs/`, so that what has not changed is not run again.

The file is JSON: slug → {"version": the lab's, "result": as in result.py}. A file that cannot be read counts as none.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.files import write_whole
from autograder.progress import Work, unstarted
from autograder.result import GRADED, Result, from_json
from autograder.score import FULL, NOT_ATTEMPTED, TO_MARK
from autograder.source import Lab

RECORD = ".progress.json"
NOT_STARTED, WAITING, CHANGED, GOING, DONE = "not started", "not graded yet", "changed since it was graded", "in work", "done"


@dataclass(frozen=True)
class Standing:
    """Where a learner is with a lab. `state` is one of the five above, or the state of a notebook that cannot be graded.

    `result` is what it earned when it was graded last, None where it never was; with `state` CHANGED it is that of an earlier version.
    """

    lab: Lab
    state: str
    result: Result | None = None

    @property
    def points(self) -> float:
        """What it earned when it was graded last; 0 where it never was."""
        return self.result.points if self.result else 0.0

    @property
    def outcomes(self) -> dict[str, str]:
        """What came of each exercise when the lab was graded last, in the lab's order; *not attempted* also where it never was."""
        found = {score.exercise: score.outcome for score in self.result.scores} if self.result else {}
        return {exercise.id: found.get(exercise.id, NOT_ATTEMPTED) for exercise in self.lab.exercises}

    @property
    def left(self) -> tuple[str, ...]:
        """The exercises without full points, in the lab's order. What waits for a person's mark is not left for the learner."""
        return tuple(name for name, outcome in self.outcomes.items() if outcome not in (FULL, TO_MARK))


def read_record(labs: Path) -> dict[str, tuple[str, Result]]:
    """Return what is remembered below `labs`: slug → the lab's version and the result."""
    try:
        found = json.loads((labs / RECORD).read_text(encoding="utf-8"))
        return {slug: (str(entry["version"]), from_json(json.dumps(entry["result"]))) for slug, entry in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def remember(labs: Path, graded: Iterable[tuple[Lab, Result]]) -> None:
    """Write down what labs earned, beside what is remembered of others."""
    record = read_record(labs) | {lab.slug: (lab.version, outcome) for lab, outcome in graded}
    entries = {slug: {"version": version, "result": json.loads(outcome.as_json())} for slug, (version, outcome) in sorted(record.items())}
    write_whole(labs / RECORD, (json.dumps(entries, indent=1, ensure_ascii=False) + "\n").encode())


def standings(works: Sequence[Work], record: Mapping[str, tuple[str, Result]]) -> list[Standing]:
    """Return where the learner is with each lab, from what is there now and what is remembered."""
    return [_standing(work, record.get(work.lab.slug)) for work in works]


def next_lab(found: Sequence[Standing]) -> Standing | None:
    """Return what to go on with: the first lab that is begun and not done, else the first that is not begun; None where all is done."""
    begun = [one for one in found if one.state not in (NOT_STARTED, DONE)]
    return next(iter([*begun, *(one for one in found if one.state == NOT_STARTED)]), None)


def _standing(work: Work, remembered: tuple[str, Result] | None) -> Standing:
    lab, submission = work.lab, work.submission
    if submission.state == NOT_ATTEMPTED:
        return Standing(lab, NOT_STARTED, unstarted(work))
    if submission.state:
        return Standing(lab, submission.state, unstarted(work))
    if remembered is None:
        return Standing(lab, WAITING)
    version, outcome = remembered
    if version != lab.version or outcome.submission != submission.digest or outcome.state != GRADED:
        return Standing(lab, CHANGED, outcome)
    graded = Standing(lab, GOING, outcome)
    return graded if graded.left else Standing(lab, DONE, outcome)
