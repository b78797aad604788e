"""The command `autograder`. Exit status: 0, 1 for findings, 2 for a wrong command line or our own fault."""

import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from autograder import cli_cohort, cli_learner, show
from autograder.build import build, find_changes, project_folder
from autograder.check import ALL, Part, finish, measure_again, start
from autograder.errors import Problem
from autograder.execute import Limits
from autograder.lint import RULES, lint
from autograder.options import CORES, CellSeconds, Jobs, JsonFile, LabNames
from autograder.source import find_labs
from autograder.workers import local_workers

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Build, check and grade the labs.")
app.add_typer(cli_learner.app)
app.add_typer(cli_cohort.app)


@app.command("lint")
def lint_command(labs: LabNames = None, rules: Annotated[bool, typer.Option("--rules", help="List the rules and stop.")] = False) -> None:
    """Try the rules over the labs' sources that need no run."""
    if rules:
        show.table(["code", "rule"], [[code, (rule.__doc__ or "").strip()] for code, rule in RULES.items()])
        return
    findings = [finding for lab in find_labs(project_folder() / "source", tuple(labs or ())) for finding in lint(lab)]
    show.findings(findings)
    raise typer.Exit(1 if findings else 0)


@app.command("build")
def build_command(
    check_only: Annotated[bool, typer.Option("--check", help="Change nothing; fail if labs/ is not a fresh build.")] = False,
) -> None:
    """Make labs/ from source/. A notebook that somebody worked in is set aside, never overwritten."""
    project = project_folder()
    if check_only:
        changes = find_changes(project)
        for change in changes:
            show.line(f"{change.path.relative_to(project)}: {change.kind} – run: autograder build")
        raise typer.Exit(1 if changes else 0)
    changes, aside = build(project)
    for change in changes:
        show.line(f"{change.path.relative_to(project)}: {change.kind}")
    for path in aside:
        show.line(f"somebody had worked in this notebook; it is kept as {path.relative_to(project)}")
    show.line(f"labs/ is up to date ({len(changes)} files changed)")


def _read_part(text: str) -> Part:
    number, slash, parts = text.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal() and 1 <= int(number) <= int(parts)):
        raise typer.BadParameter(f"{text!r} is no part; write 1/3, 2/3 or 3/3, for instance")
    return Part(int(number), int(parts))


PartOption = Annotated[Part | None, typer.Option(parser=_read_part, metavar="K/N", help="Of the other answers, try the K-th of N parts.")]


@app.command("check")
def check_command(
    labs: LabNames = None, jobs: Jobs = CORES, json_file: JsonFile = None, cell_seconds: CellSeconds = 90, part: PartOption = None
) -> None:
    """Try a lab's conformance: the ten rules, by building, running and grading it."""
    project = project_folder()
    paths = [lab.path for lab in find_labs(project / "source", tuple(labs or ()))]
    with local_workers(jobs) as pool:
        walks = [start(pool.executor, path, Limits(cell_seconds), part or ALL) for path in paths]
        with show.bar("checking", sum(walk.count() for walk in walks)) as step:
            changes = find_changes(project)
            reports = [finish(walk, project, changes, step) for walk in walks]
    for number, report in enumerate(reports):
        if any(finding.rule == "R9" for finding in report.findings):
            show.line(f"{report.slug}: over its budget while other labs ran; measured again alone")
            reports[number] = measure_again(report, paths[number], Limits(cell_seconds))
    show.check_reports(reports)
    if part:
        show.line(f"Of the other answers, part {part.number} of {part.parts} was tried; without --part, all are.")
    if json_file:
        json_file.write_text(json.dumps([dataclasses.asdict(report) for report in reports], indent=1) + "\n", encoding="utf-8")
    raise typer.Exit(1 if any(report.findings for report in reports) else 0)


def main() -> None:
    """Run the command line; tell a Problem in one line."""
    _run(app)


def _run(command: Callable[[], None]) -> None:
    try:
        command()
    except Problem as problem:
        print(f"autograder: {problem}", file=sys.stderr)
        sys.exit(2)
