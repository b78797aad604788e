"""What was handed in: one state for every student, and a reason for each that there is nothing to run."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder import submitted
from autograder.errors import CohortProblem
from autograder.notebook import write_notebook
from autograder.release import make_release
from autograder.source import Lab, read_lab
from autograder.submitted import Submission, find_submitted
from tests.conftest import MakeProject, lab_path

NAME = "small-lab.ipynb"


@pytest.fixture
def lab(make_project: MakeProject) -> Lab:
    """Return the small lab, with which two files are handed in."""
    return read_lab(lab_path(make_project(("minutes: 30", "minutes: 30\n#     hand_in:\n#     - sum.json\n#     - out/model.json"))))


@pytest.fixture
def notebook(lab: Lab) -> bytes:
    """Return a notebook as learners hand it in."""
    return write_notebook(make_release(lab))


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """Return an empty cohort's folder."""
    (tmp_path / "cohort" / "submitted").mkdir(parents=True)
    return tmp_path / "cohort"


def folder_of(cohort: Path, student: str = "ada") -> Path:
    """Return the folder of a student's hand-in of the small lab; it is made."""
    path = cohort / "submitted" / student / "small-lab"
    path.mkdir(parents=True, exist_ok=True)
    return path


def find(cohort: Path, lab: Lab, student: str = "ada") -> Submission:
    """Return what that student handed in."""
    return next(found for found in find_submitted(cohort, lab, [student]) if found.student == student)


def said(found: Submission) -> tuple[str, str]:
    """Return state and reason."""
    return found.state, found.reason


# Who


def test_students_come_in_the_order_of_names(cohort: Path, lab: Lab) -> None:
    """Those on the roster, and those with a folder, each once."""
    for student in ("bob", "cyd"):
        folder_of(cohort, student)

    assert [found.student for found in find_submitted(cohort, lab, ["dan", "cyd", "ada"])] == ["ada", "bob", "cyd", "dan"]


def test_a_student_on_the_roster_without_a_folder_is_missing(cohort: Path, lab: Lab) -> None:
    """A state for everybody."""
    assert [Submission("ada", "small-lab", "missing", "nothing was handed in")] == find_submitted(cohort, lab, ["ada"])


def test_a_folder_of_nobody_on_the_roster_is_graded(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """A late student's work is not passed over."""
    (folder_of(cohort, "late") / NAME).write_bytes(notebook)

    (found,) = find_submitted(cohort, lab, [])

    assert ("late", "", notebook) == (found.student, found.state, found.notebook)


@pytest.mark.parametrize("name", [".git", ".ipynb_checkpoints", ".cache"])
def test_hidden_folders_are_nobody(cohort: Path, lab: Lab, name: str) -> None:
    """What tools leave in the folder is no student."""
    folder_of(cohort, name)

    assert find_submitted(cohort, lab, []) == []


def test_files_are_nobody(cohort: Path, lab: Lab) -> None:
    """A zip or a list beside the students' folders is no student."""
    (cohort / "submitted" / "all.zip").write_bytes(b"PK")

    assert find_submitted(cohort, lab, []) == []


def test_a_cohort_without_the_folder_has_the_roster(tmp_path: Path, lab: Lab) -> None:
    """Nobody handed in anything yet."""
    assert [found.state for found in find_submitted(tmp_path, lab, ["ada"])] == ["missing"]


def test_another_labs_hand_in_is_not_this_ones(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """A student who did another lab is missing here."""
    path = cohort / "submitted" / "ada" / "other-lab" / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(notebook)

    assert said(find(cohort, lab)) == ("missing", "nothing was handed in")


def test_a_folder_whose_name_is_no_text_is_said(cohort: Path, lab: Lab) -> None:
    """No gradebook could hold that student: the message comes before anybody is graded."""
    os.mkdir(os.fsencode(cohort / "submitted") + b"/ad\xe9")

    with pytest.raises(CohortProblem, match=r"submitted: the folder's name 'ad\?' is not UTF-8 – rename it to the student's id"):
        find_submitted(cohort, lab, [])


# Which notebook


def test_a_notebook_is_read_as_it_is(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """Its bytes, with no state and no reason."""
    (folder_of(cohort) / NAME).write_bytes(notebook)

    found = find(cohort, lab)

    assert ("ada", "small-lab", "", "", notebook, {}) == (found.student, found.lab, *said(found), found.notebook, found.files)


def test_a_folder_without_a_notebook_is_missing(cohort: Path, lab: Lab) -> None:
    """The reason says which name was looked for."""
    (folder_of(cohort) / "notes.txt").write_text("sorry")

    assert said(find(cohort, lab)) == ("missing", "there is no notebook in the folder; expected small-lab.ipynb")


@pytest.mark.parametrize("name", ["small-lab (1).ipynb", "Small-Lab.ipynb", "lab.ipynb", "Kopie von small-lab.ipynb"])
def test_a_single_notebook_of_another_name_is_the_one(cohort: Path, lab: Lab, notebook: bytes, name: str) -> None:
    """A browser renamed it: that is plain."""
    (folder_of(cohort) / name).write_bytes(notebook)

    assert ("", notebook) == (find(cohort, lab).state, find(cohort, lab).notebook)


def test_a_name_that_is_no_text_can_be_written_down(cohort: Path, lab: Lab) -> None:
    """The reason stands in the result and on the feedback page."""
    with open(os.fsencode(folder_of(cohort)) + b"/ad\xe9.ipynb", "wb") as file:
        file.write(b"{")

    assert find(cohort, lab).reason.startswith("ad?.ipynb: is not a notebook: ")


def test_two_notebooks_of_other_names_are_not_guessed(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """The reason names both."""
    for name in ("small-lab (2).ipynb", "small-lab (1).ipynb"):
        (folder_of(cohort) / name).write_bytes(notebook)

    expected = ("unreadable", "which of these is it? small-lab (1).ipynb, small-lab (2).ipynb; expected small-lab.ipynb")
    assert expected == said(find(cohort, lab))


def test_the_exact_name_wins(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """Copies beside it are not looked at."""
    (folder_of(cohort) / "small-lab (1).ipynb").write_text("broken")
    (folder_of(cohort) / NAME).write_bytes(notebook)

    assert ("", notebook) == (find(cohort, lab).state, find(cohort, lab).notebook)


@pytest.mark.parametrize(
    "litter", ["._small-lab.ipynb", ".hidden.ipynb", ".ipynb_checkpoints/small-lab-checkpoint.ipynb", "sub/other.ipynb"]
)
def test_hidden_notebooks_are_not_looked_at(cohort: Path, lab: Lab, notebook: bytes, litter: str) -> None:
    """A Mac's shadows and Jupyter's checkpoints are no second candidate."""
    path = folder_of(cohort) / litter
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"\0")
    (folder_of(cohort) / "small-lab (1).ipynb").write_bytes(notebook)

    assert find(cohort, lab).state == ""


# Not a notebook

BROKEN = {
    "empty": (b"", "is not a notebook"),
    "truncated": (b'{"cells": [{"cell_type": "code", "sour', "is not a notebook"),
    "text": (b"Dear teacher, my laptop broke.", "is not a notebook"),
    "a-list": (b"[]", "is not a notebook"),
    "no-cells": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "is not a notebook"),
    "too-new": (b'{"nbformat": 5, "nbformat_minor": 0, "metadata": {}, "cells": []}', "is not a notebook"),
    "too-deep": (b"[" * 100_000, "is not a notebook"),
    "not-utf8": (b'{"cells": "\xff"}', "is not a notebook: it is not UTF-8 text"),
    "utf16": ('{"nbformat": 4}'.encode("utf-16"), "is not a notebook: it is not UTF-8 text"),
    "a-zip": (b"PK\x03\x04\x14\x00\xff", "is not a notebook: it is not UTF-8 text"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_notebook_is_unreadable(cohort: Path, lab: Lab, name: str) -> None:
    """The reason names the file and stays short; nothing is run."""
    data, reason = BROKEN[name]
    (folder_of(cohort) / NAME).write_bytes(data)

    found = find(cohort, lab)

    assert (found.state, found.notebook) == ("unreadable", b"")
    assert found.reason.startswith(f"{NAME}: {reason}")
    assert len(found.reason) < 300
    assert "\n" not in found.reason


def test_a_cell_without_a_text_is_unreadable(cohort: Path, lab: Lab) -> None:
    """What cannot be restored is told to the student, not to the instructor."""
    cell = b'{"cell_type": "code", "id": "a", "source": 5, "metadata": {}, "outputs": [], "execution_count": null}'
    (folder_of(cohort) / NAME).write_bytes(b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [' + cell + b"]}")

    found = find(cohort, lab)

    assert said(found) == ("unreadable", f"{NAME}: is not a notebook: cell 1: its source is 5")
    assert found.notebook == b""


def test_a_folder_named_like_the_notebook_is_unreadable(cohort: Path, lab: Lab) -> None:
    """An archive that was unpacked once too often."""
    (folder_of(cohort) / NAME).mkdir()

    assert ("unreadable", f"{NAME}: is not a file") == said(find(cohort, lab))


def test_a_notebook_that_is_too_large_is_unreadable(cohort: Path, lab: Lab, notebook: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says what is allowed."""
    monkeypatch.setattr(submitted, "MAX_BYTES", len(notebook) - 1)
    (folder_of(cohort) / NAME).write_bytes(notebook)

    assert ("unreadable", f"{NAME}: is larger than 0 MiB") == said(find(cohort, lab))


def test_a_notebook_of_the_allowed_size_is_read(cohort: Path, lab: Lab, notebook: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit itself is allowed."""
    monkeypatch.setattr(submitted, "MAX_BYTES", len(notebook))
    (folder_of(cohort) / NAME).write_bytes(notebook)

    assert find(cohort, lab).state == ""


def test_a_pipe_is_unreadable(cohort: Path, lab: Lab) -> None:
    """Nobody waits for what never comes."""
    os.mkfifo(folder_of(cohort) / NAME)

    assert ("unreadable", f"{NAME}: is not a file") == said(find(cohort, lab))


# Links


def test_a_link_out_of_the_folder_is_not_followed(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """Another student's notebook is not this one's."""
    (folder_of(cohort, "bob") / NAME).write_bytes(notebook)
    (folder_of(cohort, "ada") / NAME).symlink_to(folder_of(cohort, "bob") / NAME)

    assert ("unreadable", f"{NAME}: is a link that leads out of its folder") == said(find(cohort, lab))


def test_a_link_inside_the_folder_is_followed(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """It is the student's own file."""
    (folder_of(cohort) / "sub").mkdir()
    (folder_of(cohort) / "sub" / "real.ipynb").write_bytes(notebook)
    (folder_of(cohort) / NAME).symlink_to("sub/real.ipynb")

    assert ("", notebook) == (find(cohort, lab).state, find(cohort, lab).notebook)


@pytest.mark.parametrize("target", ["nowhere.ipynb", NAME], ids=["broken", "loop"])
def test_a_link_to_nothing_is_unreadable(cohort: Path, lab: Lab, target: str) -> None:
    """Neither a broken link nor one to itself is a crash."""
    (folder_of(cohort) / NAME).symlink_to(target)

    assert find(cohort, lab).state == "unreadable"


@pytest.mark.parametrize("depth", ["lab", "student"])
def test_a_folder_that_is_a_link_is_not_followed(cohort: Path, lab: Lab, notebook: bytes, depth: str) -> None:
    """A zip may hold a link in the place of a folder: another student's work would be this one's."""
    (folder_of(cohort, "bob") / NAME).write_bytes(notebook)
    if depth == "lab":
        (cohort / "submitted" / "ada").mkdir()
        (cohort / "submitted" / "ada" / "small-lab").symlink_to(folder_of(cohort, "bob"))
    else:
        (cohort / "submitted" / "ada").symlink_to(cohort / "submitted" / "bob")

    assert said(find(cohort, lab)) == ("unreadable", "the folder ada/small-lab is a link, or lies in one; hand in the folder itself")
    assert find(cohort, lab, "bob").state == ""


# Files handed in with it


def test_files_to_hand_in_are_read(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """Those that the lab's header names, also in folders; no others."""
    folder = folder_of(cohort)
    (folder / NAME).write_bytes(notebook)
    (folder / "out").mkdir()
    for name in ("sum.json", "out/model.json", "mlflow.db", "start.json"):
        (folder / name).write_text(name)

    assert find(cohort, lab).files == {"sum.json": b"sum.json", "out/model.json": b"out/model.json"}


def test_a_file_that_was_not_handed_in_is_no_fault(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """The tests will ask for it."""
    (folder_of(cohort) / NAME).write_bytes(notebook)
    (folder_of(cohort) / "sum.json").write_text("x")

    assert (find(cohort, lab).state, list(find(cohort, lab).files)) == ("", ["sum.json"])


def test_a_file_that_links_out_is_unreadable(cohort: Path, lab: Lab, notebook: bytes, tmp_path: Path) -> None:
    """The reason names the file."""
    (folder_of(cohort) / NAME).write_bytes(notebook)
    (tmp_path / "secret").write_text("x")
    (folder_of(cohort) / "sum.json").symlink_to(tmp_path / "secret")

    found = find(cohort, lab)

    assert said(found) == ("unreadable", "sum.json: is a link that leads out of its folder")
    assert (found.notebook, found.files) == (b"", {})


def test_a_folder_in_the_place_of_a_file_is_unreadable(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """The reason names it."""
    (folder_of(cohort) / NAME).write_bytes(notebook)
    (folder_of(cohort) / "sum.json").mkdir()

    assert said(find(cohort, lab)) == ("unreadable", "sum.json: is not a file")


def test_a_file_that_is_too_large_is_unreadable(cohort: Path, lab: Lab, notebook: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limit as the notebook's."""
    monkeypatch.setattr(submitted, "MAX_BYTES", len(notebook))
    (folder_of(cohort) / NAME).write_bytes(notebook)
    (folder_of(cohort) / "sum.json").write_bytes(b"x" * (len(notebook) + 1))

    assert said(find(cohort, lab)) == ("unreadable", "sum.json: is larger than 0 MiB")


# Digest


def test_nothing_handed_in_has_no_digest() -> None:
    """There is nothing to compare."""
    assert Submission("ada", "small-lab", "missing", "nothing was handed in").digest == ""


def test_the_same_hand_in_has_the_same_digest() -> None:
    """Whoever handed it in, whenever, in whatever order of files."""
    one = Submission("ada", "l", notebook=b"n", files={"a": b"1", "b": b"2"}, timestamp=datetime(2026, 1, 1, tzinfo=UTC))
    other = Submission("bob", "l", notebook=b"n", files={"b": b"2", "a": b"1"})

    assert one.digest == other.digest


@pytest.mark.parametrize(
    "other",
    [
        Submission("ada", "l", notebook=b"m", files={"a": b"1", "b": b"2"}),
        Submission("ada", "l", notebook=b"n", files={"a": b"1", "b": b"3"}),
        Submission("ada", "l", notebook=b"n", files={"a": b"1", "c": b"2"}),
        Submission("ada", "l", notebook=b"n", files={"a": b"1"}),
        Submission("ada", "l", notebook=b"n", files={"a": b"2", "b": b"1"}),
        Submission("ada", "l", notebook=b"n", files={"a1": b"", "b2": b""}),
    ],
    ids=["notebook", "content", "name", "fewer", "swapped", "boundary"],
)
def test_another_hand_in_has_another_digest(other: Submission) -> None:
    """Each byte and each name counts."""
    assert Submission("ada", "l", notebook=b"n", files={"a": b"1", "b": b"2"}).digest != other.digest


# When

TIMES = {
    "2026-03-01 12:30:15.123456 UTC": datetime(2026, 3, 1, 12, 30, 15, 123456, UTC),
    "2026-03-01 12:30:15.123456 UTC\n": datetime(2026, 3, 1, 12, 30, 15, 123456, UTC),
    "2026-03-01 12:30:15 UTC": datetime(2026, 3, 1, 12, 30, 15, 0, UTC),
    "2026-03-01 12:30:15": datetime(2026, 3, 1, 12, 30, 15, 0, UTC),
    "2026-03-01 12:30": datetime(2026, 3, 1, 12, 30, 0, 0, UTC),
    "2026-03-01T12:30:15Z": datetime(2026, 3, 1, 12, 30, 15, 0, UTC),
    "2026-03-01 14:30:15 +0200": datetime(2026, 3, 1, 12, 30, 15, 0, UTC),
    "2026-03-01 14:30:15+02:00": datetime(2026, 3, 1, 12, 30, 15, 0, UTC),
}


@pytest.mark.parametrize("text", TIMES)
def test_nbgraders_timestamp_is_read(cohort: Path, lab: Lab, notebook: bytes, text: str) -> None:
    """The moment at which it was handed in; without a zone it is UTC."""
    (folder_of(cohort) / NAME).write_bytes(notebook)
    (folder_of(cohort) / "timestamp.txt").write_text(text)

    assert TIMES[text] == find(cohort, lab).timestamp


def test_a_timestamp_with_an_offset_is_in_utc(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """The gradebook keeps moments without a zone, in UTC."""
    (folder_of(cohort) / NAME).write_bytes(notebook)
    (folder_of(cohort) / "timestamp.txt").write_text("2026-03-01 14:30:15+02:00")

    found = find(cohort, lab).timestamp

    assert found is not None
    assert timedelta(0) == found.utcoffset()


@pytest.mark.parametrize("text", ["2026-03-01 12:30:15.123 GMT", "2026-03-01 13:30:15 CET", "2026-03-01 13:30:15 Europe/Berlin"])
def test_other_timestamps_of_nbgraders_are_read(cohort: Path, lab: Lab, notebook: bytes, text: str) -> None:
    """What nbgrader's own autograde takes for a moment."""
    path = folder_of(cohort) / NAME
    path.write_bytes(notebook)
    os.utime(path, (0, 0))
    (folder_of(cohort) / "timestamp.txt").write_text(text)

    found = find(cohort, lab).timestamp

    assert found is not None
    assert datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC) == found.replace(microsecond=0)


def test_an_empty_timestamp_is_a_time_that_nobody_knows(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """As nbgrader takes it: such a hand-in is never late."""
    (folder_of(cohort) / NAME).write_bytes(notebook)
    (folder_of(cohort) / "timestamp.txt").write_bytes(b"\n")

    assert find(cohort, lab).timestamp is None


@pytest.mark.parametrize(
    "data",
    [None, b"yesterday", b"\xff\xfe", b"2026-02-30 12:00:00 UTC", b"9" * 10**6, b"0001-01-01 00:00:00+02:00"],
    ids=["none", "words", "bytes", "no-day", "digits", "too-early"],
)
def test_without_a_timestamp_the_files_time_counts(cohort: Path, lab: Lab, notebook: bytes, data: bytes | None) -> None:
    """Where timestamp.txt is not there, or says nothing, in UTC."""
    path = folder_of(cohort) / NAME
    path.write_bytes(notebook)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    if data is not None:
        (folder_of(cohort) / "timestamp.txt").write_bytes(data)

    assert datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC) == find(cohort, lab).timestamp


@pytest.mark.parametrize("kind", ["pipe", "link-out"])
def test_a_timestamp_is_a_file_in_the_folder(cohort: Path, lab: Lab, notebook: bytes, tmp_path: Path, kind: str) -> None:
    """A pipe would never end, and a link leads to what is not the student's: the file's time counts."""
    path = folder_of(cohort) / NAME
    path.write_bytes(notebook)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    if kind == "pipe":
        os.mkfifo(folder_of(cohort) / "timestamp.txt")
    else:
        (tmp_path / "other.txt").write_text("2026-03-01 12:30:15 UTC")
        (folder_of(cohort) / "timestamp.txt").symlink_to(tmp_path / "other.txt")

    assert datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC) == find(cohort, lab).timestamp


def test_a_folder_in_the_place_of_the_timestamp_is_no_crash(cohort: Path, lab: Lab, notebook: bytes) -> None:
    """The file's time counts."""
    path = folder_of(cohort) / NAME
    path.write_bytes(notebook)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (folder_of(cohort) / "timestamp.txt").mkdir()

    assert datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC) == find(cohort, lab).timestamp
