"""Labs, checked: the walks of each, shared out over processes, and a report on each."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from autograder.answers import is_right, read_answers
from autograder.build import Change
from autograder.conformance import answer_rows, check_answers, check_build, check_release, check_solved, check_source
from autograder.execute import Limits
from autograder.lint import Finding
from autograder.source import Lab, read_lab


@dataclass(frozen=True)
class Report:
    """What `check` found of a lab. `seconds` and `peak_mib` are the solved lab's; `exercises` maps an id to its counts."""

    slug: str
    level: str
    points: float
    judged_points: float
    exercises: dict[str, dict[str, float]]
    wrong_answers: int
    right_answers: int
    seconds: float = 0.0
    peak_mib: int = 0
    findings: list[Finding] = field(default_factory=list)


class Part(NamedTuple):
    """Which of the rows of other answers are tried: every `parts`-th, beginning with the `number`-th, which counts from one."""

    number: int
    parts: int


ALL = Part(1, 1)


RELEASE = -1
IN_TURN = 4  # walks that one process does one after the other: what the lab imports is imported once for them


@dataclass(frozen=True)
class Walks:
    """The walks of a lab, under way: its solution's, and others by their numbers, RELEASE or that of a row of other answers."""

    lab: Lab
    solved: "Future[tuple[dict[str, Any], list[Finding]]]"
    others: "dict[tuple[int, ...], Future[list[Finding]]]"

    def count(self) -> int:
        """Return how many there are."""
        return 1 + sum(map(len, self.others))


def start(pool: Executor, path: Path, limits: Limits, part: Part = ALL) -> Walks:
    """Hand the walks of the lab at `path` (its lab.py) to the pool; of its other answers, those rows that are in `part`.

    Raises SourceProblem where the lab cannot be read.
    """
    lab = read_lab(path)
    solved = pool.submit(_solved, path, limits)
    numbers = [RELEASE, *range(part.number - 1, len(answer_rows(lab)), part.parts)]
    turns = [tuple(numbers[first : first + IN_TURN]) for first in range(0, len(numbers), IN_TURN)]
    return Walks(lab, solved, {turn: pool.submit(_in_turn, path, turn, limits) for turn in turns})


def finish(walks: Walks, project: Path, changes: list[Change], step: Callable[[str], None] = lambda _: None) -> Report:
    """Return what the rules find, when all walks of the lab have ended. `changes` are what a build would do. `step` hears of each walk."""
    lab = walks.lab
    used, findings = walks.solved.result()
    step(f"{lab.slug}: its solution, twice")
    findings = [*check_source(lab), *check_build(lab, project, changes), *findings]
    for numbers, walk in walks.others.items():
        findings += walk.result()
        for number in numbers:
            step(f"{lab.slug}: its release, untouched" if number == RELEASE else f"{lab.slug}: its other answers, row {number + 1}")
    return _make_report(lab, used, findings)


def measure_again(report: Report, path: Path, limits: Limits) -> Report:
    """Return the report with its R9 findings measured again, for a moment at which nothing else runs on the machine."""
    used, findings = check_solved(read_lab(path), limits)
    kept = [finding for finding in report.findings if finding.rule != "R9"]
    over = [finding for finding in findings if finding.rule == "R9"]
    return replace(report, seconds=used["seconds"], peak_mib=used["peak_mib"], findings=[*kept, *over])


def _make_report(lab: Lab, used: dict[str, Any], findings: list[Finding]) -> Report:
    answers = read_answers(lab)
    points = {exercise.id: exercise.points for exercise in lab.exercises}
    right = [answer.exercise for answer in answers if is_right(answer, points.get(answer.exercise, 0.0))]
    given = [answer.exercise for answer in answers]
    counts = {
        exercise.id: {
            "points": exercise.points,
            "judged_points": exercise.judged,
            "wrong_answers": given.count(exercise.id) - right.count(exercise.id),
            "right_answers": right.count(exercise.id),
        }
        for exercise in lab.exercises
    }
    return Report(
        slug=lab.slug,
        level=lab.header.level,
        points=lab.points,
        judged_points=sum(exercise.judged for exercise in lab.exercises),
        exercises=counts,
        wrong_answers=len(given) - len(right),
        right_answers=len(right),
        seconds=used["seconds"],
        peak_mib=used["peak_mib"],
        findings=findings,
    )


def _solved(path: Path, limits: Limits) -> tuple[dict[str, Any], list[Finding]]:
    return check_solved(read_lab(path), limits)


def _in_turn(path: Path, numbers: Sequence[int], limits: Limits) -> list[Finding]:
    lab = read_lab(path)
    rows = answer_rows(lab)
    walks = (check_release(lab, limits) if number == RELEASE else check_answers(lab, rows[number], limits) for number in numbers)
    return [finding for findings in walks for finding in findings]
