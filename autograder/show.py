"""What the command line prints: tables and bars on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.syntax import Syntax
from rich.table import Table

from autograder.attempts import Attempt
from autograder.check import Report
from autograder.lint import Finding
from autograder.result import GRADED, Result, in_words
from autograder.score import ERROR, FULL, NOT_ATTEMPTED, PARTIAL, TIMED_OUT, TO_MARK, WRONG
from autograder.similar import Compared
from autograder.solution import Answers
from autograder.source import LEVELS, Lab

MAX_PAIRS = 50
_CONSOLE = Console(soft_wrap=True, highlight=False)
_STYLES = {FULL: "green", PARTIAL: "yellow", WRONG: "red", ERROR: "red", TIMED_OUT: "red", NOT_ATTEMPTED: "dim", TO_MARK: "cyan"}


def line(text: str) -> None:
    """Print a line as it is."""
    _CONSOLE.print(escape(text))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print a table; the columns numbered in `right` are right-aligned. Texts may carry rich's markup."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for number, head in enumerate(heads):
        made.add_column(head, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    Console(highlight=False, width=None if _CONSOLE.is_terminal else 160).print(made)


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """Show a progress bar with the time left; where this is no terminal, a line for each step."""
    if not _CONSOLE.is_terminal:
        yield line
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_CONSOLE) as progress:
        task = progress.add_task(what, total=total)

        def step(text: str) -> None:
            progress.console.print(escape(text))
            progress.advance(task)

        yield step


def points(result: Result) -> str:
    """Return a result's points, or its state and why: *not graded* never looks like 0."""
    if result.state != GRADED:
        return f"{result.state} ({result.reason})"
    late = f", {in_words(result.seconds_late)} late: {result.points_before:g} less {result.penalty:g}" if result.seconds_late else ""
    return f"{result.points:g} of {result.max_points:g}{late}"


def results(found: Sequence[Result]) -> None:
    """Print a line per submission: points, outcomes, and the first reason why points were lost."""
    rows = []
    for result in found:
        outcomes = ", ".join(sorted({_outcome(score.outcome) for score in result.scores if score.outcome != FULL}))
        reason = next((score.message for score in result.scores if score.message), result.reason)
        shown = f"{result.points:g}" if result.state == GRADED else "–"
        state = result.state if result.state == GRADED else f"[yellow]{result.state}[/]"
        late = f"{in_words(result.seconds_late)}: -{result.penalty:g}" if result.seconds_late else ""
        row = [escape(result.student), escape(result.lab), state, shown, f"{result.max_points:g}", outcomes, escape(reason[:90]), late]
        rows.append(row)
    heads = ["student", "lab", "state", "points", "of", "exercises not full", "first reason", "late"]
    if not any(row[-1] for row in rows):
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    table(heads, rows, right=(3, 4))


def regraded(found: Sequence[tuple[Result, Result]]) -> None:
    """Print what submissions that were graded again had, and have."""
    if found:
        line("graded again:")
        rows = [[escape(now.student), escape(now.lab), points(before), points(now)] for before, now in found]
        table(["student", "lab", "before", "now"], rows, right=(2, 3))


def attempts(found: Sequence[Attempt]) -> None:
    """Print attempts, a line each."""
    rows = []
    for attempt in found:
        made = attempt.result
        digests = [attempt.submission[:12], attempt.version[:12]]
        rows.append([escape(made.lab), attempt.begun, made.state, points(made), *digests, escape(made.reason)])
    table(["lab", "begun", "state", "points", "submission", "lab's version", "reason"], rows, right=(3,))


def similar(found: Sequence[Compared]) -> None:
    """Print the most similar pairs of answers, and how many more there are."""
    pairs = sorted((pair for one in found for pair in one.pairs), key=lambda pair: (-pair.share, -pair.shared))
    heads = ["exercise", "one", "other", "share", "fingerprints"]
    rows = [
        [escape(p.exercise), escape(p.one.student), escape(p.other.student), f"{100 * p.share:.0f} %", f"{p.shared} of {p.of}"]
        for p in pairs[:MAX_PAIRS]
    ]
    if rows:
        table(heads, rows, right=(3, 4))
    if len(pairs) > len(rows):
        line(f"and {len(pairs) - len(rows)} more pairs")
    if not pairs:
        line("no two answers share that much")


def findings(found: Sequence[Finding]) -> None:
    """Print findings, one a line."""
    for finding in found:
        line(str(finding))
    line(f"{len(found)} findings" if found else "no findings")


def check_reports(reports: Sequence[Report]) -> None:
    """Print what `check` found: the findings, then a line per lab."""
    for report in reports:
        for finding in report.findings:
            line(str(finding))
    rows = [
        [
            *(r.slug, r.level, str(len(r.exercises)), f"{r.judged_points:g}", str(r.wrong_answers), str(r.right_answers)),
            *(f"{r.seconds:.0f}", str(r.peak_mib), f"[red]{len(r.findings)}[/]" if r.findings else "[green]none[/]"),
        ]
        for r in reports
    ]
    heads = ["lab", "level", "exercises", "judged points", "wrong answers", "right answers", "seconds", "MiB", "findings"]
    table(heads, rows, right=range(2, 8))


def progress(labs: Sequence[Lab], found: Sequence[Result]) -> None:
    """Print a learner's state: every exercise, every lab, every level."""
    for level in LEVELS:
        mine = [(lab, result) for lab, result in zip(labs, found, strict=True) if lab.header.level == level]
        for lab, result in mine:
            line(f"\n{lab.header.title} ({lab.slug}): {points(result)}{', ' + result.reason if result.reason and result.scores else ''}")
            rows = [
                [f"  {s.exercise}", _outcome(s.outcome), f"{s.points:g}", f"{s.max_points:g}", escape(s.message)] for s in result.scores
            ]
            if rows:
                table(["  exercise", "outcome", "points", "of", "why"], rows, right=(2, 3))
        if mine:
            total = sum(result.points for _, result in mine)
            line(f"\n{level}: {total:g} of {sum(lab.points for lab, _ in mine):g} points in {len(mine)} labs")


def answers(found: Answers) -> None:
    """Print a learner's answer and the reference solution side by side; one below the other where the terminal is narrow."""
    width = _CONSOLE.width if _CONSOLE.is_terminal else 160
    answers = {"yours": found.mine, "reference": found.reference}
    columns = [Panel(Syntax(text, "python", word_wrap=True), title=title) for title, text in answers.items()]
    if width < 100:
        for column in columns:
            _CONSOLE.print(column)
        return
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(*columns)
    Console(highlight=False, width=width).print(grid)


def _outcome(outcome: str) -> str:
    return f"[{_STYLES[outcome]}]{outcome}[/]"
