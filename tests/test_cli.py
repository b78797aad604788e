"""The command line: bad input gets a line that says what, where and what to do, and an exit status."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder import cli, cli_cohort, sandbox
from autograder.cohort import new_cohort
from autograder.errors import Problem
from autograder.notebook import write_notebook
from autograder.release import make_release
from autograder.source import read_lab
from tests.conftest import MakeProject, lab_path

RUNNER = CliRunner()


@pytest.fixture
def project(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The good project, as the current folder."""
    made = make_project()
    monkeypatch.chdir(made)
    return made


def status_and_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str]:
    """Run the command as a shell would; return its exit status and what it wrote to stderr."""
    monkeypatch.setattr("sys.argv", ["autograder", *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code, capsys.readouterr().err


WRONG_LINES = {
    "a cohort that is not there": (("grade", "nowhere"), "nowhere: there is no such folder – check the path"),
    "a report of a cohort that is not there": (("report", "nowhere"), "nowhere: there is no such folder"),
    "an unknown lab": (("check", "big-lab"), "big-lab: no such lab – choose from small-lab"),
    "a roster that is not there": (("new-cohort", "autumn", "--students", "nobody.csv"), "nobody.csv: cannot be read"),
}


@pytest.mark.parametrize("case", WRONG_LINES)
def test_bad_input_is_told_in_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    """Exit status 2, no traceback, nothing made."""
    words, message = WRONG_LINES[case]

    status, error = status_and_error(monkeypatch, capsys, *words)

    assert status == 2
    assert error.startswith(f"autograder: {message}")
    assert "Traceback" not in error
    assert not (project / "autumn").exists()


def test_a_source_with_a_broken_header_is_told(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The file, the field and what to do."""
    path = lab_path(project)
    path.write_text(path.read_text().replace("minutes: 30", "minutes: half an hour"))

    status, error = status_and_error(monkeypatch, capsys, "build")

    assert status == 2
    assert "lab.py: header field 'minutes' is 'half an hour' – make it a whole number" in error
    assert not (project / "labs").exists()


def test_outside_the_course_the_command_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither the current folder nor the package's belongs to the course, there is nothing to build."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autograder.build.__file__", str(tmp_path / "site-packages" / "autograder" / "build.py"))

    with pytest.raises(Problem, match="is not in the course's folder"):
        cli.project_folder()


def test_lint_lists_its_rules() -> None:
    """Each rule has a code and a sentence."""
    result = RUNNER.invoke(cli.app, ["lint", "--rules"])

    assert result.exit_code == 0
    assert [code for code in ("L01", "L07", "L13") if code not in result.output] == []


def test_findings_are_exit_status_1(project: Path) -> None:
    """A fault of a lab is a finding, not a failure of the command."""
    path = lab_path(project)
    path.write_text(path.read_text().replace('"points": 10', '"points": 11', 1))

    result = RUNNER.invoke(cli.app, ["lint"])

    assert result.exit_code == 1
    assert "L02 small-lab: points: they sum to 101 – let them sum to 100" in result.output


def test_build_then_build_check_finds_nothing(project: Path) -> None:
    """A fresh build is a fresh build."""
    assert RUNNER.invoke(cli.app, ["build"]).exit_code == 0
    assert RUNNER.invoke(cli.app, ["build", "--check"]).exit_code == 0


def test_build_check_fails_on_a_stale_folder_and_changes_nothing(project: Path) -> None:
    """It says which file, and what to run."""
    result = RUNNER.invoke(cli.app, ["build", "--check"])

    assert result.exit_code == 1
    assert "labs/README.md: new – run: autograder build" in result.output
    assert not (project / "labs").exists()


def test_check_writes_json_for_the_catalogue_and_the_docs(project: Path) -> None:
    """One object a lab, with the counts that the docs promise."""
    RUNNER.invoke(cli.app, ["build"])

    result = RUNNER.invoke(cli.app, ["check", "small-lab", "--json", "report.json"])

    assert result.exit_code == 0, result.output
    (report,) = json.loads((project / "report.json").read_text())
    promised = "slug level exercises points judged_points wrong_answers right_answers seconds peak_mib findings"
    assert [name for name in promised.split() if name not in report] == []
    assert (report["slug"], report["points"], report["wrong_answers"], report["findings"]) == ("small-lab", 100.0, 12, [])


def test_a_cohort_from_roster_to_report(project: Path) -> None:
    """new-cohort, a hand-in, grade: a table, and a report that is there."""
    (project / "roster.csv").write_text("id,first_name\nada,Ada\nbo,Bo\n")
    assert RUNNER.invoke(cli.app, ["new-cohort", "autumn", "--students", "roster.csv"]).exit_code == 0
    folder = project / "autumn" / "submitted" / "ada" / "small-lab"
    folder.mkdir(parents=True)
    (folder / "small-lab.ipynb").write_bytes((project / "autumn" / "source" / "small-lab" / "small-lab.ipynb").read_bytes())

    result = RUNNER.invoke(cli.app, ["grade", "autumn", "--jobs", "1"])

    assert result.exit_code == 0, result.output
    rows = {line.split()[0]: line.split()[2:5] for line in result.output.splitlines() if line.startswith(("ada  ", "bo  "))}
    assert rows == {"ada": ["graded", "100", "100"], "bo": ["missing", "–", "100"]}
    assert (project / "autumn" / "report" / "index.html").is_file()
    assert "report: autumn/report/index.html" in result.output


@pytest.fixture
def without_bubblewrap(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The good project with a cohort of one untouched notebook, on a machine where bubblewrap is not installed."""
    lab = read_lab(lab_path(project))
    new_cohort(project / "autumn", [lab], {})
    handed_in = project / "autumn" / "submitted" / "ada" / "small-lab" / "small-lab.ipynb"
    handed_in.parent.mkdir(parents=True)
    handed_in.write_bytes(write_notebook(make_release(lab)))
    with monkeypatch.context() as patch:
        patch.setattr(sandbox.shutil, "which", lambda name: None)
        sandbox.why_not.cache_clear()
        yield project
    sandbox.why_not.cache_clear()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere another line is said")
def test_without_bubblewrap_grading_refuses(
    without_bubblewrap: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what to install, and nothing has run."""
    code, error = status_and_error(monkeypatch, capsys, "grade", "autumn")

    assert code == 2
    assert "bubblewrap is not installed" in error
    assert "apt install bubblewrap" in error
    assert "--unsafe-no-sandbox" in error
    assert not list((without_bubblewrap / "autumn" / "autograded").rglob("*.ipynb"))


def test_unsafe_grading_is_stamped(without_bubblewrap: Path) -> None:
    """Asked for by its name it runs, and the results and the report say so."""
    done = RUNNER.invoke(cli.app, ["grade", "autumn", "--unsafe-no-sandbox", "--jobs", "1"])

    assert done.exit_code == 0, done.output
    found = json.loads((without_bubblewrap / "autumn" / "report" / "results.json").read_text())
    assert found["results"][0]["walled"] is False
    assert found["notes"] == [cli_cohort.UNWALLED.format(count=1)]
