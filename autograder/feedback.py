"""A learner's page about one submission: what each exercise earned and why, then their notebook.

Hidden tests are never on it. Locked cells come from the release, test cells are replaced by what they earned, and what
else the submission printed, drew as HTML or gave as a reason is searched for lines that stand only in hidden tests.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from nbformat import NotebookNode

from autograder.gradebook import Mark
from autograder.notebook import is_answer, is_test, marks
from autograder.page import PICTURE_STARTS, clean_html, clean_markdown, clean_picture, plain, render
from autograder.redact import hidden_lines, holds, redact, squeezed_lines
from autograder.release import see_release
from autograder.result import GRADED, Result, in_words
from autograder.score import FULL, NOT_ATTEMPTED, PARTIAL, TIMED_OUT, TO_MARK, WRONG, CellScore, Score, score_cells
from autograder.source import Exercise, Lab

TEXT_CHARACTERS = 20_000
READ_CHARACTERS = 10 * TEXT_CHARACTERS
MAX_PICTURES = 20

_HEADING = re.compile(r"^###\s+(Exercise\s+\d+.*)$", re.M)
_MARKUP = re.compile(r"[`*]")
_NO_MARKS: Mapping[str, Mark] = MappingProxyType({})
_ENDS = {"timed out": "This cell was stopped: it ran too long.", "died": "The kernel ended while this cell ran."}


def write_feedback(lab: Lab, executed: NotebookNode | None, result: Result, by_hand: Mapping[str, Mark] = _NO_MARKS) -> bytes:
    """Return the learner's page as HTML. `executed` is None where nothing was run.

    `by_hand` maps a grade_id to what a person gave and wrote. Its points take the place of a written part's.
    """
    release = see_release(lab)
    own = [cell.source for cell in executed.cells if _is_own(cell)] if executed else []
    secrets = hidden_lines(lab, release) - squeezed_lines(own)
    earned = {scored.grade_id: scored for scored in score_cells(lab, executed)} if executed else {}
    auto = {score.exercise: score for score in result.scores}
    scores = {e.id: _with_marks(auto[e.id], e, earned, by_hand) for e in lab.exercises if e.id in auto}
    titles = exercise_titles(lab)
    exercises = [
        {
            "number": number,
            "title": titles[exercise.id],
            "score": scores[exercise.id],
            "message": _safe(scores[exercise.id].message, secrets),
            "comment": by_hand[exercise.id].comment if exercise.id in by_hand else "",
        }
        for number, exercise in enumerate(lab.exercises, 1)
        if exercise.id in scores
    ]
    return render(
        "feedback.html.j2",
        lab=lab,
        result=result,
        graded=result.state == GRADED,
        late=in_words(result.seconds_late) if result.seconds_late else "",
        reason=_safe(result.reason, secrets),
        points=result.points + sum(score.points - auto[name].points for name, score in scores.items()),
        to_mark=sum(score.max_points - score.points for score in scores.values() if score.outcome == TO_MARK),
        exercises=exercises,
        notes=_notes(executed),
        cells=_show_notebook(lab, release, executed, scores, earned, by_hand, secrets) if executed and result.state == GRADED else [],
    )


def exercise_titles(lab: Lab) -> dict[str, str]:
    """Return each exercise's title: the heading '### Exercise n — title' before it, else its id."""
    titles, title = {}, ""
    for cell in lab.notebook.cells:
        if cell.cell_type == "markdown":
            found = _HEADING.findall(cell.source)
            title = _MARKUP.sub("", found[-1]).strip() if found else title
        if is_answer(cell):
            titles[marks(cell)["grade_id"]], title = title, ""
    return {
        exercise.id: titles.get(exercise.id) or f"Exercise {number} — {exercise.id.replace('-', ' ')}"
        for number, exercise in enumerate(lab.exercises, 1)
    }


def _is_own(cell: NotebookNode) -> bool:
    return not marks(cell) or bool(marks(cell).get("solution"))


def _safe(text: object, secrets: frozenset[str]) -> str:
    return redact(plain(text), secrets)


def _with_marks(score: Score, exercise: Exercise, earned: Mapping[str, CellScore], by_hand: Mapping[str, Mark]) -> Score:
    """Return the score with the points that a person gave to the exercise's written part or to its tests."""
    cells = [exercise.id, *exercise.tests] if exercise.manual else [*exercise.tests]
    given = {cell: by_hand[cell].points for cell in cells if cell in by_hand and by_hand[cell].points is not None}
    if not given:
        return score
    points = sum((by_hand[cell].points or 0.0) + by_hand[cell].extra for cell in given)
    points += sum(earned[cell].points or 0.0 for cell in cells if cell not in given and cell in earned)
    if score.outcome == TO_MARK and exercise.id not in given:
        return replace(score, points=points)
    outcome = FULL if points >= score.max_points else PARTIAL if points > 0 else WRONG
    return replace(score, points=points, outcome=outcome, message="" if outcome == FULL else score.message)


def _notes(executed: NotebookNode | None) -> list[str]:
    used = executed.metadata.get("autograder", {}) if executed else {}
    notes = []
    if used.get("restarts"):
        notes.append("The kernel ended while this notebook ran. It was started again without the cell that ended it.")
    if used.get("left_running"):
        notes.append("Processes that this notebook had left running were ended.")
    return notes


def _show_notebook(
    lab: Lab,
    release: NotebookNode,
    executed: NotebookNode,
    scores: Mapping[str, Score],
    earned: Mapping[str, CellScore],
    by_hand: Mapping[str, Mark],
    secrets: frozenset[str],
) -> list[dict[str, Any]]:
    released = {marks(cell)["grade_id"]: cell.source for cell in release.cells if marks(cell)}
    number = {exercise.id: place for place, exercise in enumerate(lab.exercises, 1)}
    tested = {test: exercise.id for exercise in lab.exercises for test in exercise.tests}
    shown: list[dict[str, Any]] = []
    level = 2
    for cell in executed.cells:
        name = marks(cell).get("grade_id", "")
        base: dict[str, Any] = {"exercise": number.get(name), "mark": by_hand.get(name)}
        if is_test(cell):
            verdict = _verdict(earned[name], scores.get(tested[name]), secrets)
            shown.append({**base, "kind": "test", "number": number[tested[name]], **verdict})
            continue
        source = _source(cell, released, secrets)
        base["cut"] = len(source) > TEXT_CHARACTERS
        if cell.cell_type == "markdown":
            text, level = clean_markdown(source[:TEXT_CHARACTERS], level)
            shown.append({**base, "kind": "text", "html": text})
            continue
        outputs, cut = _show_outputs(cell, secrets)
        shown.append(
            {
                **base,
                "kind": "code",
                "label": "Your answer" if is_answer(cell) else "Given" if marks(cell) else "",
                "source": plain(source[:TEXT_CHARACTERS]),
                "outputs": outputs,
                "cut": cut or base["cut"],
                "end": _ENDS.get(cell.metadata.get("autograder", {}).get("state", ""), ""),
            }
        )
    return shown


def _source(cell: NotebookNode, released: Mapping[str, str], secrets: frozenset[str]) -> str:
    """Return the cell's text as its learner may see it: their own, or the lab's as it was released."""
    if _is_own(cell):
        return str(cell.source)
    if is_answer(cell) and not marks(cell).get("locked"):
        return redact(cell.source, secrets)
    return released.get(marks(cell)["grade_id"], "")


def _verdict(earned: CellScore, score: Score | None, secrets: frozenset[str]) -> dict[str, Any]:
    """Return what a test cell earned: at most what the result gives its exercise, which may be less for a reason."""
    points = min(earned.points or 0.0, score.points) if score else 0.0
    message = earned.message or (score.message if score else "")
    if score and score.outcome == NOT_ATTEMPTED:
        outcome, message = NOT_ATTEMPTED, ""
    elif points >= earned.max_points:
        outcome, message = FULL, ""
    else:
        outcome = PARTIAL if points > 0 else TIMED_OUT if earned.state == "timed out" else WRONG
    return {"outcome": outcome, "points": points, "max_points": earned.max_points, "message": _safe(message, secrets)}


def _show_outputs(cell: NotebookNode, secrets: frozenset[str]) -> tuple[list[dict[str, Any]], bool]:
    """Return the cell's outputs as the page shows them, and whether some are left out because they are too much."""
    shown: list[dict[str, Any]] = []
    room, pictures = TEXT_CHARACTERS, 0
    for kind, content in _join_streams(cell.get("outputs", [])):
        if room <= 0 or pictures >= MAX_PICTURES:
            return shown, True
        if kind == "data":
            rich = _show_rich(content, secrets)
            if rich:
                shown.append(rich)
                room -= len(rich.get("html", ""))
                pictures += "src" in rich
                continue
            content = _mapping(content.get("data")).get("text/plain", "(an output that this page cannot show)")
        text = _safe(content[:READ_CHARACTERS] if isinstance(content, str) else content, secrets)
        if text.strip():
            shown.append({"kind": kind, "text": text[:room]})
        room -= len(text)
    return shown, room < 0


def _join_streams(outputs: Iterable[NotebookNode]) -> Iterable[tuple[str, Any]]:
    """Yield each output's kind and content; what was written to one stream bit by bit is one output."""
    kind, text = "", ""
    for output in outputs:
        name = str(output.get("name", "")) if output.output_type == "stream" else ""
        if text and name != kind:
            yield kind, text
            text = ""
        kind = name
        if output.output_type == "stream":
            text += "".join(output.get("text", ""))[: READ_CHARACTERS - len(text)]
        elif output.output_type == "error":
            lines = output.get("traceback") or [f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"]
            yield "error", "\n".join(map(str, lines))
        else:
            yield "data", output
    if text:
        yield kind, text


def _show_rich(output: NotebookNode, secrets: frozenset[str]) -> dict[str, Any]:
    """Return a table, a formatted text or a picture; empty where the output is only text, or cannot be shown safely."""
    data = _mapping(output.get("data"))
    source = data.get("text/html")
    is_widget = isinstance(source, str) and "<input" in source  # without its style and script, its text says more
    if isinstance(source, str) and not (is_widget and "text/plain" in data):
        made = clean_html(source)
        if made and not holds(made, secrets):
            return {"kind": "html", "html": made}
    if isinstance(data.get("text/markdown"), str):
        made, _ = clean_markdown(data["text/markdown"][:TEXT_CHARACTERS], None)
        if not holds(made, secrets):
            return {"kind": "html", "html": made}
    for kind in PICTURE_STARTS:
        address = clean_picture(kind, data.get(kind))
        if address:
            about = _mapping(output.get("metadata"))
            alt = _mapping(about.get(kind)).get("alt") or f"Picture that this cell drew: {data.get('text/plain', '')}"
            return {"kind": "picture", "src": address, "alt": _safe(alt, secrets)[:500]}
    return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
