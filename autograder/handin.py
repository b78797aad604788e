"""What a learner hands in: the notebook, run once from the top in a fresh kernel, and packed with the files that go with it.

The archive is `SLUG-TIME.zip` with `SLUG/SLUG.ipynb`, the files that the lab's header names in `hand_in`, and nbgrader's
`SLUG/timestamp.txt` (UTC).
"""

import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime

from nbformat import NotebookNode

from autograder.autograde import lab_imports
from autograder.execute import Limits, execute
from autograder.notebook import exercise_of, is_test, marks, read_notebook, write_notebook
from autograder.release import make_release
from autograder.restore import restore
from autograder.score import NOT_ATTEMPTED, find_untouched, score
from autograder.source import Lab
from autograder.submitted import Submission


@dataclass(frozen=True)
class Warned:
    """What a learner should know before handing in: about an exercise, or about the notebook as a whole (`exercise` is empty)."""

    exercise: str
    what: str


def look_over(lab: Lab, submission: Submission, limits: Limits, walled: bool) -> list[Warned]:
    """Return what differs between the notebook as it stands and a run from the top in a fresh kernel; tests that anyone may see only."""
    asked = read_notebook(submission.notebook)
    fresh = write_notebook(restore(make_release(lab), asked))
    files = {**submission.files, **lab.files}
    ran = read_notebook(execute(fresh, files, {}, limits, lab_imports(lab) if walled else None))
    return [*_about_state(asked), *_about_exercises(lab, asked, ran)]


def pack(lab: Lab, submission: Submission, now: datetime) -> tuple[str, bytes]:
    """Return the archive's name and its bytes. `now` has a time zone."""
    moment = now.astimezone(UTC)
    parts = {f"{lab.slug}.ipynb": submission.notebook, **submission.files, "timestamp.txt": f"{moment:%Y-%m-%d %H:%M:%S} UTC\n".encode()}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(f"{lab.slug}/{name}", moment.timetuple()[:6]), content)
    return f"{lab.slug}-{moment:%Y%m%d-%H%M%S}.zip", data.getvalue()


def _about_state(asked: NotebookNode) -> list[Warned]:
    """Return whether cells were run in another order than they stand in."""
    counts = [cell.execution_count for cell in asked.cells if cell.cell_type == "code" and cell.get("execution_count")]
    if counts != sorted(counts):
        return [Warned("", "its cells were run in another order than they stand in: what you see may not be what a fresh run gives")]
    return []


def _about_exercises(lab: Lab, asked: NotebookNode, ran: NotebookNode) -> list[Warned]:
    shown = {marks(cell)["grade_id"]: cell for cell in asked.cells if is_test(cell)}
    warned, blank = [], find_untouched(lab, ran)
    for scored in score(lab, ran):
        tests = [cell for cell in ran.cells if is_test(cell) and exercise_of(marks(cell)["grade_id"], [scored.exercise]) == scored.exercise]
        failed = [cell for cell in tests if cell.metadata["autograder"]["state"] != "ok"]
        if scored.exercise in blank:
            warned.append(Warned(scored.exercise, NOT_ATTEMPTED))
        elif failed and all(_passed(shown.get(marks(cell)["grade_id"])) for cell in failed):
            warned.append(Warned(scored.exercise, f"its test passes as the notebook stands, but not in a fresh kernel: {scored.message}"))
        elif failed:
            warned.append(Warned(scored.exercise, scored.message or "its test fails"))
    return warned


def _passed(cell: NotebookNode | None) -> bool:
    return bool(cell and cell.get("execution_count") and all(output.output_type != "error" for output in cell.outputs))
