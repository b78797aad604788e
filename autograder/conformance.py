"""The ten rules of the standard, each tried on a lab by building, running and grading it.

    R1  labs/ equals a fresh build                       R6  nothing leaves the machine
    R2  the solution earns every point                   R7  nothing is left behind
    R3  the untouched release earns nothing              R8  it runs twice in the same folder
    R4  every other answer earns what its author says    R9  it stays within its budget
    R5  no solution and no hidden test is released       R10 it can be read by everyone

R2 and R8 are one walk: the solution is graded, then nbval runs it again in the same folder and a fresh kernel, but for the judge's
cells, which are not the learner's to run. The other answers are tried together, one of every exercise at a time; one that does not come
out as its author says is tried again alone, and at last with everything that has no part in it.
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.answers import Answer, read_answers, with_answers
from autograder.autograde import lab_imports
from autograder.build import Change
from autograder.definitions import bound_names, used_names
from autograder.execute import DEFAULT_LIMITS, Limits, execute, execute_in
from autograder.lint import Finding, lint
from autograder.notebook import code_cells, is_answer, is_judge, is_test, marks, read_notebook, write_notebook
from autograder.offline import SWITCHES
from autograder.release import make_release, make_solved
from autograder.restore import restore
from autograder.sandbox import why_not
from autograder.score import NOT_ATTEMPTED, Score, error_text, score
from autograder.source import USES_ANSWERS, Lab
from autograder.unwalled import SAMPLE_SECONDS, Unwalled, family, used_bytes, write_files

BUDGET_SECONDS, PROJECT_SECONDS, BUDGET_MIB = 60, 120, 1024
NBVAL_SECONDS = 900
CACHES = (".cache", ".config", ".ipython", ".jupyter", ".local", ".matplotlib")
_LINT_RULES = {"L08": "R5", "L09": "R5", "L10": "R4", "L11": "R10"}


@dataclass(frozen=True)
class _Run:
    """An executed notebook, its scores, and what the guard and the folders tell of it."""

    notebook: NotebookNode
    scores: dict[str, Score]
    noted: list[str] = field(default_factory=list)
    litter: list[str] = field(default_factory=list)


def check_source(lab: Lab) -> list[Finding]:
    """Return what needs no run: lint's findings, under the rule of the standard that they break where there is one."""
    return [Finding(_LINT_RULES.get(found.rule, found.rule), found.lab, found.where, found.what, found.todo) for found in lint(lab)]


def check_build(lab: Lab, project: Path, changes: list[Change]) -> list[Finding]:
    """Return which of the changes that a fresh build would make in the project are the lab's (R1)."""
    folder = project / "labs" / lab.header.level / lab.path.parent.name
    mine = [change for change in changes if change.path.is_relative_to(folder)]
    return [Finding("R1", lab.slug, str(c.path.relative_to(project)), f"is {c.kind}", "run: autograder build") for c in mine]


def check_solved(lab: Lab, limits: Limits = DEFAULT_LIMITS) -> tuple[dict[str, Any], list[Finding]]:
    """Run the solution under guard, and again by nbval. Return what it used (seconds, peak_mib) and the findings (R2, R6–R10)."""
    findings: list[Finding] = []

    def find(rule: str, where: str, what: str, todo: str) -> None:
        findings.append(Finding(rule, lab.slug, where, what, todo))

    with (
        tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True) as name,
        closing(Unwalled(folder := Path(name), lab_imports(lab), guard=True)) as place,
    ):
        run = _run_in(folder, place, lab, make_solved(lab), limits)
        for cell in code_cells(run.notebook):
            if cell.metadata["autograder"]["state"] != "ok":
                find("R2", f"cell {cell.id}", f"the solution does not run: {_reason(cell)}", "mend the cell")
        for exercise in lab.exercises:
            if not exercise.manual and run.scores[exercise.id].points != exercise.points:
                got = run.scores[exercise.id]
                find("R2", f"exercise {exercise.id}", f"the solution earns {got.points:g} of {got.max_points:g}: {got.message}", "mend it")
        for line in run.noted:
            rule = "R6" if line.startswith("network") else "R7"
            find(rule, "run", f"it tried to reach the {line}" if rule == "R6" else f"it {line}, outside its folder", "keep it inside")
        for line in run.litter:
            find("R7", "run", line, "clean up: context managers, tempfile, and stop what was started")
        again, peak = _nbval(folder, lab, run.notebook)
        if again:
            find("R8", "second run in the same folder, by nbval", again, "let it run twice with the same result")
        used = dict(run.notebook.metadata["autograder"])
        used["peak_mib"] = max(used["peak_mib"], round(peak / 2**20))  # a second run may find work done, a first one shares its imports
        seconds = PROJECT_SECONDS if lab.header.project else BUDGET_SECONDS
        if used["seconds"] > seconds:
            find("R9", "run", f"takes {used['seconds']:.0f} s", f"stay within {seconds} s")
        if used["peak_mib"] > BUDGET_MIB:
            find("R9", "run", f"takes {used['peak_mib']} MiB", f"stay within {BUDGET_MIB} MiB")
        for cell in code_cells(run.notebook):
            for output in cell.outputs:
                if "image/png" in output.get("data", {}) and not _alt(output):
                    find("R10", f"cell {cell.id}", "a picture without alt text", 'show it with Image("x.png", alt="what it shows")')
    return used, findings


def check_release(lab: Lab, limits: Limits = DEFAULT_LIMITS) -> list[Finding]:
    """Return what the untouched release earns or fails at (R3)."""
    findings: list[Finding] = []
    notebook = restore(make_solved(lab), make_release(lab))
    excused = {c.source for c in lab.notebook.cells if USES_ANSWERS in c.metadata.get("tags", [])}
    run = _run(lab, notebook, limits)
    for cell in code_cells(run.notebook):
        if cell.metadata["autograder"]["state"] != "ok" and not (is_answer(cell) or is_test(cell) or cell.source in excused):
            todo = f"set-up and worked examples run in the untouched release; tag it '{USES_ANSWERS}' if it shows an answer's work"
            findings.append(Finding("R3", lab.slug, f"cell {cell.id}", _reason(cell), todo))
    for got in run.scores.values():
        if got.points or got.outcome != NOT_ATTEMPTED:
            what = f"the untouched release earns {got.points:g} and is {got.outcome!r}"
            findings.append(Finding("R3", lab.slug, f"exercise {got.exercise}", what, "let it earn 0 and be 'not attempted'"))
    return findings


def answer_rows(lab: Lab) -> list[list[Answer]]:
    """Return the lab's other answers in rows: each has at most one of every exercise, and is tried in one run."""
    answers = read_answers(lab)
    columns = [[answer for answer in answers if answer.exercise == exercise.id] for exercise in lab.exercises]
    return [[answer for answer in row if answer is not None] for row in zip_longest(*columns)]


def check_answers(lab: Lab, row: list[Answer], limits: Limits = DEFAULT_LIMITS) -> list[Finding]:
    """Return the answers of a row that do not come out as their author says (R4)."""
    together = _try(lab, row, limits)
    findings = []
    for answer in row:
        found = _differs(answer, together)
        if found and len(row) > 1:
            found = _differs(answer, _try(lab, [answer], limits))
        if found:
            found = _differs(answer, _try(lab, [answer], limits, whole=True))
        if found:
            where = f"answers.py line {answer.line} ({answer.exercise}: {answer.why})"
            findings.append(Finding("R4", lab.slug, where, found, "mend the test, or what the answer's header says"))
    return findings


def _try(lab: Lab, answers: list[Answer], limits: Limits, whole: bool = False) -> dict[str, Score]:
    """Return the scores with other answers in the place of solutions. Unless the `whole` notebook runs, what has no part is left out."""
    notebook = with_answers(make_solved(lab), {answer.exercise: answer.text for answer in answers})
    if not whole:
        tried = {answer.exercise for answer in answers}
        _leave_out(notebook, {test for exercise in lab.exercises if exercise.id in tried for test in exercise.tests})
    return _run(lab, notebook, limits).scores


def _leave_out(notebook: NotebookNode, tests: set[str]) -> None:
    """Empty the cells that `tests` do not need: what judges others, what comes after the last of them, examples that bind nothing used."""
    cells = list(code_cells(notebook))
    last = max((number for number, cell in enumerate(cells) if marks(cell).get("grade_id") in tests), default=len(cells))
    kept = [cell for cell in cells[: last + 1] if marks(cell) and (not is_judge(cell) or marks(cell)["grade_id"] in tests)]
    examples = [cell for cell in cells[: last + 1] if not marks(cell)]
    while more := [cell for cell in examples if bound_names(cell.source) & set().union(*(used_names(other.source) for other in kept))]:
        kept += more
        examples = [cell for cell in examples if cell not in more]
    for cell in cells:
        if cell not in kept:
            cell.source = ""


def _differs(answer: Answer, scores: dict[str, Score]) -> str:
    """Return in what the answer did not come out as its author says; empty where it did."""
    got = scores.get(answer.exercise)
    if got is None:
        return ""
    if abs(got.points - answer.points) > 1e-6:
        return f"earns {got.points:g}, expected {answer.points:g}; its learner reads: {got.message or 'nothing'}"
    if answer.message and answer.message not in got.message:
        return f"its learner reads {got.message!r}, expected {answer.message!r} in it"
    return ""


def _run(lab: Lab, notebook: NotebookNode, limits: Limits) -> _Run:
    imports = None if why_not() else lab_imports(lab)
    executed = read_notebook(execute(write_notebook(notebook), lab.files, lab.hidden, limits, imports))
    return _Run(executed, {got.exercise: got for got in score(lab, executed)})


def _run_in(folder: Path, place: Unwalled, lab: Lab, notebook: NotebookNode, limits: Limits) -> _Run:
    """Run the notebook in `place`, which lies in `folder`, whose `work` stays as the run leaves it."""
    data = execute_in(place, write_notebook(notebook), lab.files, lab.hidden, limits)
    executed = read_notebook(data)
    log = folder / "guard.log"
    noted = sorted(set(log.read_text().splitlines())) if log.is_file() else []
    noted = [line for line in noted if line.startswith("network") or Path(line.removeprefix("wrote ")).exists()]
    litter = [f"leaves a process: {command}" for command in executed.metadata["autograder"]["left_running"]]
    litter += [f"leaves {path.name} in the temporary folder" for path in sorted((folder / "tmp").iterdir())]
    litter += [f"leaves {path.name} in the home folder" for path in sorted((folder / "home").iterdir()) if path.name not in CACHES]
    return _Run(executed, {got.exercise: got for got in score(lab, executed)}, noted, litter)


def _nbval(folder: Path, lab: Lab, executed: NotebookNode) -> tuple[str, int]:
    """Run the executed notebook again, in its folder and a fresh kernel as Jupyter starts it, by nbval.

    Return what failed, empty where nothing did, and the most bytes that the kernel and all that it started took.
    """
    work, home = folder / "work", folder / "home"
    learners = NotebookNode(executed, cells=[cell for cell in executed.cells if not is_judge(cell)])
    write_files(work, {f"{lab.slug}.ipynb": write_notebook(learners)})
    plugins = ["-p", "autograder", "-p", "nbval.plugin", "-p", "no:cacheprovider"]  # the first for what __init__ leaves out
    command = [sys.executable, "-m", "pytest", "--disable-plugin-autoload", *plugins, "--nbval-lax", "--no-header", "-q"]
    command += [f"--rootdir={work}", "-c", os.devnull, f"{lab.slug}.ipynb"]
    environ = {**os.environ, **SWITCHES, "HOME": str(home), "TMPDIR": str(folder / "tmp"), "IPYTHONDIR": str(home / ".ipython")}
    environ["PYTHONPATH"] = str(folder / "hidden")
    peak, end = 0, time.monotonic() + NBVAL_SECONDS
    with tempfile.TemporaryFile("w+") as said, subprocess.Popen(command, cwd=work, env=environ, stdout=said, stderr=said) as runs:
        while runs.poll() is None:
            peak = max(peak, used_bytes(family(runs.pid)[1:]))
            if time.monotonic() > end:
                runs.kill()
                return f"it did not end within {NBVAL_SECONDS} s", peak
            time.sleep(SAMPLE_SECONDS)
        said.seek(0)
        lines = [line.strip() for line in said if line.strip()]
    if runs.returncode == 0:
        return "", peak
    telling = [line for line in lines if "Error" in line or line.startswith("FAILED")]
    return " | ".join((telling or lines)[:4])[:600], peak


def _reason(cell: NotebookNode) -> str:
    return error_text(cell) or str(cell.metadata["autograder"]["state"])


def _alt(output: NotebookNode) -> str:
    metadata = output.get("metadata", {})
    return str(metadata.get("image/png", {}).get("alt", "") or metadata.get("alt", ""))
