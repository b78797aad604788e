"""Due dates, and penalties for what comes after them: both nbgrader's own, its gradebook's due date and its plugin for late submissions.

The plugin is the class that the cohort's nbgrader_config.py names, as nbgrader's documentation has it (Plugins, Late submission plugin):
`c.AssignLatePenalties.plugin_class = "late.SubMarks"`, or the stock one with `c.LateSubmissionPlugin.penalty_method` "none" or "zero".
A module of the cohort's folder is found first. Like nbgrader, a penalty below 0 counts as 0, and one above the points as the points.
"""

import importlib.util
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.errors import CohortProblem
from autograder.result import in_words

CONFIG = "nbgrader_config.py"
Penalty = Callable[[str, str, float, float], float]


def read_due_dates(gradebook: Gradebook) -> dict[str, datetime]:
    """Return the due date of each lab that has one, in UTC."""
    return {one.name: one.duedate.replace(tzinfo=UTC) for one in gradebook.assignments if one.duedate is not None}


def save_due_date(gradebook: Gradebook, lab: str, moment: datetime | None) -> None:
    """Set a lab's due date, in any zone; None takes it away."""
    gradebook.update_or_create_assignment(lab, duedate=moment)


def read_lateness(gradebook: Gradebook, lab: str) -> dict[str, float]:
    """Return by how many seconds each graded submission of the lab came late, 0 if it did not; nbgrader's extensions count.

    Where the moment of handing in is not known, or there is no due date, nothing is late.
    """
    submissions = gradebook.assignment_submissions(lab)
    return {one.student_id: float(one.total_seconds_late) if one.assignment.duedate is not None else 0.0 for one in submissions}


def save_penalties(gradebook: Gradebook, lab: str, penalties: Mapping[str, float | None]) -> set[str]:
    """Write each student's penalty into the gradebook, None where nothing is late; return those for whom this is another than before."""
    changed = set()
    students = {submission.id: submission.student_id for submission in gradebook.assignment_submissions(lab)}
    for notebook in gradebook.notebook_submissions(lab, lab) if students else ():
        student = students[notebook.assignment_id]
        if student in penalties and notebook.late_submission_penalty != penalties[student]:
            notebook.late_submission_penalty = penalties[student]
            changed.add(student)
    if changed:
        gradebook.db.commit()
    return changed


def read_plugin(cohort: Path) -> Penalty:
    """Return what the cohort's plugin makes of (student, lab, points, seconds late): the penalty, from 0 to the points.

    Raises CohortProblem where the configuration or the plugin cannot be loaded; what is returned raises it where the plugin fails.
    """
    path = cohort / CONFIG
    todo = "mend it; nothing was changed"
    try:
        with _importing_from(cohort):
            config: Config = PyFileConfigLoader(CONFIG, path=str(cohort.resolve())).load_config()
            named = _own_class(cohort, config)
            assign = AssignLatePenalties(config=config)
            assign.init_plugin()
    except (Exception, SystemExit) as error:
        raise CohortProblem(path, f"cannot be used ({type(error).__name__}: {_first_line(error)})", todo) from None
    plugin = assign.plugin_inst

    def penalty(student: str, lab: str, points: float, seconds: float) -> float:
        try:
            with _importing_from(cohort):
                found = plugin.late_submission_penalty(student, points, seconds)
            number = 0.0 if found is None else float(found)
            if math.isnan(number):
                raise ValueError("the penalty is not a number")
        except (Exception, SystemExit) as error:
            what = (
                f"its plugin for late submissions ({named or type(plugin).__name__}) failed for {student} {lab}, {in_words(seconds)} late"
            )
            todo = f"mend the plugin, and run: autograder report {cohort}; what was graded and marked is kept, and no penalty changed"
            raise CohortProblem(path, f"{what} ({type(error).__name__}: {_first_line(error)})", todo) from None
        return round(min(max(number, 0.0), points), 4)

    return penalty


def _own_class(cohort: Path, config: Config) -> str:
    """Load the plugin's class from the cohort's folder if its module lies there, and put it into the configuration; return its name.

    Another cohort may have a module of the same name, which Python would find again.
    """
    named: Any = config.AssignLatePenalties.get("plugin_class", "")
    if not isinstance(named, str):
        return getattr(named, "__name__", "")
    module, _, name = named.rpartition(".")
    path = cohort / f"{module}.py"
    if path.is_file():
        spec = importlib.util.spec_from_file_location(module, path)
        assert spec is not None and spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        config.AssignLatePenalties.plugin_class = getattr(made, name)
    return named


@contextmanager
def _importing_from(cohort: Path) -> Iterator[None]:
    sys.path.insert(0, str(cohort.resolve()))
    try:
        yield
    finally:
        with suppress(ValueError):  # the plugin may have changed the path itself
            sys.path.remove(str(cohort.resolve()))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:300]
