"""A cohort's report: grades.csv, results.json and index.html, from results alone.

results.json is `{"version": 1, "cohort", "notes": [], "labs": [], "results": []}`. A lab has `slug, title, level,
max_points, exercises`; an exercise `id, title, max_points, judged, manual`; a result `student, name, lab, state,
max_points, reason, points, scores, seconds, peak_mib, submission, graded_at, flagged, seed, walled, to_be_marked, points_before,
penalty, seconds_late`; a score `exercise, points, max_points, outcome, message, seconds`. `to_be_marked` are points that a person has
still to give or refuse; `points` are `points_before` less the `penalty` for being late, and scores are before it. Where `state` is not
"graded", `points`, `to_be_marked`, `points_before`, `penalty`, `seconds_late`, `seconds` and `peak_mib` are null, and `scores` is empty.
"""

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from autograder.feedback import exercise_titles
from autograder.files import write_whole
from autograder.page import number, plain, render, script
from autograder.plots import Picture, plot_difficulty, plot_points, plot_seconds
from autograder.result import GRADED, STATES, Result
from autograder.score import FULL, OUTCOMES, TO_MARK, Score
from autograder.source import Exercise, Lab

VERSION = 1
MAX_MESSAGES = 3
MESSAGE_CHARACTERS = 300
OPEN_ROWS = 60
COLUMNS = ("student", "name", "lab", "state", "points", "max_points", "to_be_marked", "seconds", "reason")
LATE_COLUMNS = ("points_before", "penalty", "seconds_late")

# What a spreadsheet takes for the beginning of a formula, in its plain and its full-width form (OWASP, CSV Injection).
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_VARYING = re.compile(r"0x[0-9a-f]+|\b(?=\w*\d)[0-9a-f]{6,}\b|\d+(?:[.,]\d+)*(?:e[+-]?\d+)?", re.I)
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class ExerciseSummary:
    """How a cohort did in one exercise. Shares are from 0 to 1, nan where no score is final."""

    exercise: Exercise
    title: str
    mean_share: float
    full_share: float
    outcomes: Mapping[str, int]
    messages: list[tuple[str, int]]


@dataclass(frozen=True)
class LabSummary:
    """How a cohort did in one lab: its results, those of them that are graded, and its exercises."""

    lab: Lab
    results: list[Result]
    graded: list[Result]
    exercises: list[ExerciseSummary]

    @property
    def not_graded(self) -> Mapping[str, int]:
        """How many results are in each state that is not *graded*."""
        found = Counter(result.state for result in self.results)
        return {state: found[state] for state in STATES if state != GRADED and found[state]}

    @property
    def late(self) -> list[Result]:
        """The graded results that came late."""
        return [result for result in self.graded if result.seconds_late]

    @property
    def points(self) -> list[float]:
        """The points of the graded results."""
        return [result.points for result in self.graded]

    @property
    def median_points(self) -> str:
        """The median of the points, or a dash."""
        return number(median(self.points)) if self.points else "–"

    @property
    def mean_points(self) -> str:
        """The mean of the points, or a dash."""
        return number(fmean(self.points)) if self.points else "–"

    @property
    def median_seconds(self) -> str:
        """The median of the graded runs' seconds, or a dash."""
        return f"{median(result.seconds for result in self.graded):.0f}" if self.graded else "–"


def write_report(
    folder: Path,
    name: str,
    labs: Sequence[Lab],
    results: Sequence[Result],
    names: Mapping[str, str] = _NO_NAMES,
    notes: Sequence[str] = (),
) -> Path:
    """Write the report of the cohort `name` into `folder`, each file whole or not at all; return the page's path.

    `names` maps a student's id to a name to show. `notes` stand at the top of the page, as a stamp on all of it.
    Feedback pages are linked where they lie beside `folder`, in `../feedback/STUDENT/LAB/LAB.html`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    summaries = [summarise(lab, results) for lab in labs]
    write_whole(folder / "grades.csv", make_csv(labs, results, names).encode("utf-8", "replace"))
    write_whole(folder / "results.json", make_json(name, labs, results, names, notes).encode("utf-8", "replace"))
    write_whole(folder / "index.html", _make_page(folder, name, summaries, results, names, notes))
    return folder / "index.html"


def summarise(lab: Lab, results: Sequence[Result]) -> LabSummary:
    """Return how the cohort did in the lab."""
    mine = [result for result in results if result.lab == lab.slug]
    graded = [result for result in mine if result.state == GRADED]
    titles = exercise_titles(lab)
    scores: dict[str, list[Score]] = {exercise.id: [] for exercise in lab.exercises}
    for result in graded:
        for score in result.scores:
            scores.setdefault(score.exercise, []).append(score)
    exercises = [_summarise_exercise(exercise, titles[exercise.id], scores[exercise.id]) for exercise in lab.exercises]
    return LabSummary(lab, mine, graded, exercises)


def group_messages(messages: Sequence[str]) -> list[tuple[str, int]]:
    """Return the most frequent messages and how often each came; '#' is a number or an id in which they differ."""
    groups: dict[str, Counter[str]] = {}
    for message in messages:
        text = " ".join(plain(message).split())
        if text:
            groups.setdefault(_VARYING.sub("#", text), Counter())[text] += 1
    counted = [(next(iter(texts)) if len(texts) == 1 else kind, texts.total()) for kind, texts in groups.items()]
    counted.sort(key=lambda found: (-found[1], found[0]))
    return [(_shorten(text), count) for text, count in counted[:MAX_MESSAGES]]


def make_csv(labs: Sequence[Lab], results: Sequence[Result], names: Mapping[str, str] = _NO_NAMES) -> str:
    """Return the grades as CSV: a row per student and lab; texts quoted and safe to open in a spreadsheet.

    `exercise_1` and so on are the points of the lab's exercises, in its order, before a penalty. What is not graded is empty, never 0.
    """
    width = max((len(lab.exercises) for lab in labs), default=0)
    order = {lab.slug: [exercise.id for exercise in lab.exercises] for lab in labs}
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow([*COLUMNS, *LATE_COLUMNS, *(f"exercise_{place}" for place in range(1, width + 1))])
    for result in results:
        graded = result.state == GRADED
        points = {exercise: score.points for exercise, score in _scores_of(result).items()}
        cells: list[object] = [result.student, names.get(result.student, ""), result.lab, result.state]
        cells += [result.points if graded else "", result.max_points, to_mark(result) if graded else ""]
        cells += [round(result.seconds, 2) if graded else "", result.reason]
        cells += [getattr(result, name) if graded else "" for name in LATE_COLUMNS]
        mine = [points.get(exercise, "") for exercise in order.get(result.lab, [])]
        writer.writerow([safe_cell(cell) for cell in [*cells, *mine, *[""] * (width - len(mine))]])
    return file.getvalue()


def make_json(name: str, labs: Sequence[Lab], results: Sequence[Result], names: Mapping[str, str], notes: Sequence[str]) -> str:
    """Return the results as JSON, in the shape that this module's docstring gives; each result on a line of its own."""
    head = {"version": VERSION, "cohort": name, "notes": list(notes), "labs": [_lab_data(lab) for lab in labs]}
    rows = [json.dumps(_result_data(result, names), ensure_ascii=False) for result in results]
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "results": [\n' + ",\n".join(rows) + "\n]}\n"


def _summarise_exercise(exercise: Exercise, title: str, scores: Sequence[Score]) -> ExerciseSummary:
    final = [score for score in scores if score.outcome != TO_MARK and score.max_points > 0]
    return ExerciseSummary(
        exercise=exercise,
        title=title,
        mean_share=fmean(score.points / score.max_points for score in final) if final else math.nan,
        full_share=sum(score.outcome == FULL for score in final) / len(final) if final else math.nan,
        outcomes={outcome: count for outcome in OUTCOMES if (count := sum(s.outcome == outcome for s in scores))},
        messages=[] if exercise.manual else group_messages([s.message for s in final if s.outcome != FULL]),
    )


def _make_page(
    folder: Path,
    name: str,
    summaries: Sequence[LabSummary],
    results: Sequence[Result],
    names: Mapping[str, str],
    notes: Sequence[str],
) -> bytes:
    text, digest = script()
    links = {(r.student, r.lab): link for r in results if (link := _feedback_link(folder, r))}
    return render(
        "report.html.j2",
        name=name,
        notes=notes,
        newest=max((result.graded_at for result in results), default="")[:16].replace("T", " "),
        summaries=summaries,
        pictures={summary.lab.slug: _plot(summary) for summary in summaries if summary.graded},
        students=_by_student(results) if len(summaries) > 1 else {},
        names=names,
        links=links,
        scores_of=_scores_of,
        to_mark={(result.student, result.lab): to_mark(result) for result in results},
        unmarked=sum(to_mark(result) > 0 for result in results),
        open_rows=OPEN_ROWS,
        kinds={outcome: f"o{number}" for number, outcome in enumerate(OUTCOMES)},
        script=text,
        digest=digest,
    )


def _plot(summary: LabSummary) -> list[Picture]:
    title = summary.lab.header.title
    exercises = summary.exercises
    return [
        plot_points(title, summary.points, summary.lab.points),
        plot_seconds(title, [result.seconds for result in summary.graded]),
        plot_difficulty(title, [e.title for e in exercises], [e.mean_share for e in exercises], [e.outcomes for e in exercises]),
    ]


def _by_student(results: Sequence[Result]) -> dict[str, dict[str, Result]]:
    found: dict[str, dict[str, Result]] = {}
    for result in results:
        found.setdefault(result.student, {})[result.lab] = result
    return dict(sorted(found.items()))


def _scores_of(result: Result) -> dict[str, Score]:
    return {score.exercise: score for score in result.scores} if result.state == GRADED else {}


def to_mark(result: Result) -> float:
    """Return the points that a person has still to give or refuse."""
    return sum(score.max_points - score.points for score in result.scores if score.outcome == TO_MARK)


def _feedback_link(folder: Path, result: Result) -> str:
    parts = ("feedback", result.student, result.lab, f"{result.lab}.html")
    there = folder.parent.joinpath(*parts).is_file()
    return "/".join(["..", *(quote(part, safe="", errors="surrogateescape") for part in parts)]) if there else ""


def _lab_data(lab: Lab) -> dict[str, Any]:
    titles = exercise_titles(lab)
    exercises = [{"id": e.id, "title": titles[e.id], "max_points": e.points, "judged": e.judged, "manual": e.manual} for e in lab.exercises]
    title, level = lab.header.title, lab.header.level
    return {"slug": lab.slug, "title": title, "level": level, "max_points": lab.points, "exercises": exercises}


def _result_data(result: Result, names: Mapping[str, str]) -> dict[str, Any]:
    found = {**vars(result), "scores": [vars(score) for score in result.scores], "to_be_marked": to_mark(result)}
    found["points_before"] = result.points_before
    if result.state != GRADED:
        found.update(dict.fromkeys((*LATE_COLUMNS, "points", "to_be_marked", "seconds", "peak_mib")), scores=[])
    return {"student": found.pop("student"), "name": names.get(result.student, ""), **found}


def safe_cell(cell: object) -> object:
    """Return the cell with an apostrophe before it, where a spreadsheet would take its text for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _shorten(text: str) -> str:
    return text if len(text) <= MESSAGE_CHARACTERS else text[: MESSAGE_CHARACTERS - 1] + "…"
