"""The conformance of a lab: the ten rules of the standard, tried by building, running and grading it.

    R1  labs/ equals a fresh build                       R6  nothing leaves the machine
    R2  the solution earns every point, twice            R7  nothing is left behind
    R3  the untouched release earns nothing              R8  it runs twice in the same folder
    R4  every other answer earns what its author says    R9  it stays within its budget
    R5  no solution and no hidden test is released       R10 it can be read by everyone

R2 and R8 are one walk: the solution is graded, then nbval runs it again in the same folder and a fresh kernel. The other answers
are tried together, one of every exercise at a time; one that does not come out as its author says is tried again alone.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.answers import Answer, is_right, read_answers, with_answers
from autograder.build import find_changes
from autograder.execute import DEFAULT_LIMITS, Limits, execute, execute_in, write_files
from autograder.lint import Finding, lint
from autograder.notebook import code_cells, is_answer, is_test, read_notebook, write_notebook
from autograder.offline import SWITCHES
from autograder.release import make_release, make_solved
from autograder.restore import restore
from autograder.score import NOT_ATTEMPTED, Score, error_text, score
from autograder.source import USES_ANSWERS, Lab, read_lab

BUDGET_SECONDS, PROJECT_SECONDS, BUDGET_MIB = 60, 120, 1024
CACHES = (".cache", ".config", ".ipython", ".jupyter", ".local", ".matplotlib")
_LINT_RULES = {"L08": "R5", "L09": "R5", "L10": "R4", "L11": "R10"}


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


@dataclass(frozen=True)
class _Run:
    """An executed notebook, its scores, and what the guard and the folders tell of it."""

    notebook: NotebookNode
    scores: dict[str, Score]
    noted: list[str] = field(default_factory=list)
    litter: list[str] = field(default_factory=list)


def check(path: Path, project: Path | None = None, limits: Limits = DEFAULT_LIMITS) -> Report:
    """Return what the ten rules find in the lab at `path` (its lab.py). R1 is tried where `project` is given."""
    lab = read_lab(path)
    findings = [Finding(_LINT_RULES.get(f.rule, f.rule), f.lab, f.where, f.what, f.todo) for f in lint(lab)]
    if project is not None:
        findings += check_build(lab, project)
    used, found = check_solved(lab, limits)
    answers = read_answers(lab)
    findings += [*found, *check_release(lab, limits), *check_answers(lab, answers, limits)]
    points = {exercise.id: exercise.points for exercise in lab.exercises}
    counts = {
        exercise.id: {
            "points": exercise.points,
            "judged_points": exercise.judged,
            "wrong_answers": sum(not is_right(a, exercise.points) for a in answers if a.exercise == exercise.id),
            "right_answers": sum(is_right(a, exercise.points) for a in answers if a.exercise == exercise.id),
        }
        for exercise in lab.exercises
    }
    right = sum(is_right(answer, points.get(answer.exercise, 0.0)) for answer in answers)
    return Report(
        slug=lab.slug,
        level=lab.header.level,
        points=lab.points,
        judged_points=sum(exercise.judged for exercise in lab.exercises),
        exercises=counts,
        wrong_answers=len(answers) - right,
        right_answers=right,
        seconds=used["seconds"],
        peak_mib=used["peak_mib"],
        findings=findings,
    )


def check_build(lab: Lab, project: Path) -> list[Finding]:
    """Return where the lab below `labs/` differs from a fresh build (R1)."""
    mine = project / "labs" / lab.header.level / lab.path.parent.name
    changes = [change for change in find_changes(project) if change.path.is_relative_to(mine)]
    return [Finding("R1", lab.slug, str(c.path.relative_to(project)), f"is {c.kind}", "run: autograder build") for c in changes]


def check_solved(lab: Lab, limits: Limits = DEFAULT_LIMITS) -> tuple[dict[str, Any], list[Finding]]:
    """Run the solution under guard, and again by nbval. Return what it used (seconds, peak_mib) and the findings (R2, R6–R10)."""
    findings: list[Finding] = []

    def find(rule: str, where: str, what: str, todo: str) -> None:
        findings.append(Finding(rule, lab.slug, where, what, todo))

    with tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        run = _run_in(folder, lab, make_solved(lab), limits)
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
        again = _nbval(folder / "work", lab, run.notebook)
        if again:
            find("R8", "second run in the same folder, by nbval", again, "let it run twice with the same result")
        used = run.notebook.metadata["autograder"]
        seconds = PROJECT_SECONDS if lab.header.project else BUDGET_SECONDS
        if used["seconds"] > seconds:
            find("R9", "run", f"takes {used['seconds']:.0f} s", f"stay within {seconds} s")
        if used["peak_mib"] > BUDGET_MIB:
            find("R9", "run", f"takes {used['peak_mib']} MiB", f"stay within {BUDGET_MIB} MiB")
        for cell in code_cells(run.notebook):
            for output in cell.outputs:
                if "image/png" in output.get("data", {}) and not _alt(output):
                    find("R10", f"cell {cell.id}", "a picture without alt text", 'show it with Image("x.png", alt="what it shows")')
    return dict(used), findings


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


def check_answers(lab: Lab, answers: list[Answer], limits: Limits = DEFAULT_LIMITS) -> list[Finding]:
    """Return the answers that do not come out as their author says (R4)."""
    columns = [[a for a in answers if a.exercise == exercise.id] for exercise in lab.exercises]
    suspects = []
    for row in zip_longest(*columns):
        tried = {answer.exercise: answer for answer in row if answer is not None}
        scores = _try(lab, tried, limits)
        suspects += [answer for answer in tried.values() if _differs(answer, scores)]
    findings = []
    for answer in suspects:
        differs = _differs(answer, _try(lab, {answer.exercise: answer}, limits))
        if differs:
            where = f"answers.py line {answer.line} ({answer.exercise}: {answer.why})"
            findings.append(Finding("R4", lab.slug, where, differs, "mend the test, or what the answer's header says"))
    return findings


def _try(lab: Lab, answers: dict[str, Answer], limits: Limits) -> dict[str, Score]:
    if not answers:
        return {}
    return _run(lab, with_answers(make_solved(lab), {name: answer.text for name, answer in answers.items()}), limits).scores


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
    executed = read_notebook(execute(write_notebook(notebook), lab.files, lab.hidden, limits))
    return _Run(executed, {got.exercise: got for got in score(lab, executed)})


def _run_in(folder: Path, lab: Lab, notebook: NotebookNode, limits: Limits) -> _Run:
    """Run the notebook under guard in `folder`, whose `work` stays as the run leaves it."""
    data = execute_in(folder, write_notebook(notebook), lab.files, lab.hidden, limits, guard=True)
    executed = read_notebook(data)
    log = folder / "guard.log"
    noted = sorted(set(log.read_text().splitlines())) if log.is_file() else []
    noted = [line for line in noted if line.startswith("network") or Path(line.removeprefix("wrote ")).exists()]
    litter = [f"leaves a process: {command}" for command in executed.metadata["autograder"]["left_running"]]
    litter += [f"leaves {path.name} in the temporary folder" for path in sorted((folder / "tmp").iterdir())]
    litter += [f"leaves {path.name} in the home folder" for path in sorted((folder / "home").iterdir()) if path.name not in CACHES]
    return _Run(executed, {got.exercise: got for got in score(lab, executed)}, noted, litter)


def _nbval(work: Path, lab: Lab, executed: NotebookNode) -> str:
    """Run the executed notebook again, in its folder and a fresh kernel, by nbval. Return what failed; empty where nothing did."""
    write_files(work, {f"{lab.slug}.ipynb": write_notebook(executed)})
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--no-header", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    command += [f"--rootdir={work}", "-c", os.devnull, f"{lab.slug}.ipynb"]
    home = work.parent / "home"
    environ = {**os.environ, **SWITCHES, "HOME": str(home), "TMPDIR": str(work.parent / "tmp"), "IPYTHONDIR": str(home / ".ipython")}
    done = subprocess.run(command, cwd=work, env=environ, capture_output=True, text=True, timeout=900)
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    telling = [line for line in lines if "Error" in line or line.startswith("FAILED")]
    return " | ".join((telling or lines)[:4])[:600]


def _reason(cell: NotebookNode) -> str:
    return error_text(cell) or str(cell.metadata["autograder"]["state"])


def _alt(output: NotebookNode) -> str:
    metadata = output.get("metadata", {})
    return str(metadata.get("image/png", {}).get("alt", "") or metadata.get("alt", ""))
