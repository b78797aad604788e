"""Hand-ins come into a cohort in each form: the newest counts, nothing is lost, nobody is guessed, and a second time changes nothing."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.cohort import Cohort, new_cohort, read_cohort
from autograder.collect import ASIDE, NEW, OLDER, OTHER, REPLACED, TIMED, UNCHANGED, Collected, collect
from autograder.notebook import write_notebook
from autograder.people import Person, make_directory, read_names
from autograder.release import make_release
from autograder.source import Lab, read_lab
from tests.conftest import lab_path, write_project
from tests.test_people import GRADEBOOK, ROSTER, WORKSHEET, write

LAB = "small-lab"
STUDENTS = {p.id: {"first_name": p.first_name, "last_name": p.last_name, "email": p.email} for p in ROSTER}
MOODLE = "Ada Lovelace_11_assignsubmission_file_/"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The good lab, which lets data.csv be handed in."""
    found = read_lab(lab_path(write_project(tmp_path_factory.mktemp("project"))))
    found.notebook.metadata["lab"]["hand_in"] = ["data.csv"]
    return replace(found, header=replace(found.header, hand_in=("data.csv",)))


@pytest.fixture(scope="module")
def template(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of the lab, with the roster."""
    folder = tmp_path_factory.mktemp("cohorts") / "autumn"
    new_cohort(folder, [lab], STUDENTS)
    return folder


@pytest.fixture
def cohort(template: Path, tmp_path: Path) -> Cohort:
    """A copy of the cohort."""
    shutil.copytree(template, tmp_path / "autumn")
    return read_cohort(tmp_path / "autumn")


@pytest.fixture(scope="module")
def made(lab: Lab) -> Callable[[str], bytes]:
    """Return a function that makes a notebook that holds a text."""

    def make(text: str) -> bytes:
        notebook = make_release(lab)
        notebook.cells[0].source += text
        return write_notebook(notebook)

    return make


def packed(*entries: tuple[str, bytes]) -> bytes:
    """Return a zip of these files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return data.getvalue()


def handed_in(notebook: bytes, time: str = "2026-12-01 17:00:00", **files: bytes) -> tuple[str, bytes]:
    """Return the name and the bytes of an archive as `autograder submit` packs it; `time` in UTC."""
    stamp = time.replace("-", "").replace(":", "").replace(" ", "-")
    rest = [(f"{LAB}/{name.replace('_', '.')}", data) for name, data in files.items()]
    return f"{LAB}-{stamp}.zip", packed((f"{LAB}/{LAB}.ipynb", notebook), (f"{LAB}/timestamp.txt", f"{time} UTC\n".encode()), *rest)


def put(folder: Path, files: dict[str, bytes], as_zip: bool = False) -> Path:
    """Write the files into FROM, a folder or a zip, and return it."""
    folder.mkdir(exist_ok=True)
    if as_zip:
        source = folder / "from.zip"
        source.write_bytes(packed(*files.items()))
        return source
    source = folder / "from"
    for name, data in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    return source


def take(
    cohort: Cohort, source: Path, names: str = "", lab: str = "", form: str = "", people: tuple[Person, ...] = ROSTER
) -> list[Collected]:
    """Collect, and return what became of each hand-in."""
    listed = read_names(write(source.parent, names)) if names else None
    return [*collect(cohort, source, make_directory(people, listed), UTC, lab, form)]


def outcomes(found: list[Collected]) -> dict[str, str]:
    """Return each hand-in's outcome."""
    return {one.label: one.outcome for one in found}


def tree(cohort: Cohort) -> dict[str, bytes]:
    """Return all that collecting may write."""
    folders = ("submitted", "submitted-before", "set-aside", ".collecting")
    paths = [path for name in folders for path in (cohort.path / name).rglob("*") if path.is_file()]
    return {path.relative_to(cohort.path).as_posix(): path.read_bytes() for path in paths}


def stands(cohort: Cohort, student: str, name: str = f"{LAB}.ipynb") -> bytes:
    """Return a file of the student's submission."""
    return (cohort.path / "submitted" / student / LAB / name).read_bytes()


# The forms


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_folder_of_students_is_taken_in(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path, as_zip: bool) -> None:
    """By id, name or address; with the lab's folder or without; a notebook or what `autograder submit` packs."""
    name, archive = handed_in(made("anna"), data_csv=b"1,2")
    files = {
        f"ada/{LAB}/{LAB}.ipynb": made("ada"),
        f"ada/{LAB}/data.csv": b"3,4",
        f"anna.one@example.org/{name}": archive,
        f"Mary Jane O'Neill-Smith/{LAB} (1).ipynb": made("mary"),
    }
    found = take(cohort, put(tmp_path, files, as_zip))

    assert Counter(one.outcome for one in found) == {NEW: 3}
    assert (stands(cohort, "ada"), stands(cohort, "ada", "data.csv")) == (made("ada"), b"3,4")
    assert (stands(cohort, "anna1"), stands(cohort, "anna1", "data.csv")) == (made("anna"), b"1,2")
    assert stands(cohort, "anna1", "timestamp.txt") == b"2026-12-01 17:00:00 UTC\n"
    assert stands(cohort, "mary") == made("mary")


@pytest.mark.parametrize("flat", [False, True])
def test_moodles_zip_is_taken_in_with_its_times(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path, flat: bool) -> None:
    """With the worksheet, two of the same name are told apart, and Moodle's own time of hand-in is kept."""
    end = "" if flat else "/"
    files = {
        f"Ada Lovelace_11_assignsubmission_file_{end}{LAB}.ipynb": made("ada"),
        f"Anna Müller_12_assignsubmission_file_{end}{LAB}.ipynb": made("anna"),
        f"Ada Lovelace_11_assignsubmission_onlinetext_{end}onlinetext.html": b"<p>Hello",
    }
    found = take(cohort, put(tmp_path, files, as_zip=True), names=WORKSHEET)

    assert {(one.student, one.outcome) for one in found} == {("ada", NEW), ("anna2", NEW), ("", ASIDE)}
    assert (stands(cohort, "ada"), stands(cohort, "anna2")) == (made("ada"), made("anna"))
    assert stands(cohort, "ada", "timestamp.txt") == b"2026-12-01 18:00:00 UTC\n"
    assert stands(cohort, "anna2", "timestamp.txt") == b""


def test_moodles_time_counts_before_the_learners(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """A learner writes their own archive; Moodle saw when it came."""
    name, archive = handed_in(made("ada"), time="2026-11-01 09:00:00")
    take(cohort, put(tmp_path, {MOODLE + name: archive}, as_zip=True), names=WORKSHEET)

    assert stands(cohort, "ada", "timestamp.txt") == b"2026-12-01 18:00:00 UTC\n"


def test_canvas_zip_is_taken_in_and_the_last_file_counts(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Of LAB.ipynb and LAB-1.ipynb the one with the higher number is newer, whatever their names' order; LATE is said."""
    files = {
        f"lovelaceada_2001_31_{LAB}.ipynb": made("first"),
        f"lovelaceada_2001_109_{LAB}-1.ipynb": made("second"),
        f"lovelaceada_2001_108_{LAB}-2.ipynb": made("between"),
        f"mülleranna_LATE_2002_40_{LAB}.ipynb": made("anna"),
        "mülleranna_LATE_2002_41_data-3.csv": b"5,6",
        "studenttest_2009_50_essay_text.html": b"<p>",
    }
    found = take(cohort, put(tmp_path, files, as_zip=True), names=GRADEBOOK)

    assert outcomes(found) == {"lovelaceada_2001": NEW, "mülleranna_2002": NEW, "studenttest_2009": ASIDE}
    assert (stands(cohort, "ada"), stands(cohort, "anna1", "data.csv")) == (made("second"), b"5,6")
    assert "Canvas marks it as late, but not by how much" in next(one.note for one in found if one.student == "anna1")


def test_in_canvas_the_last_of_one_name_counts_whatever_it_is(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Two of different names are two."""
    files = {
        "lovelaceada_2001_31_final.ipynb": made("first"),
        "lovelaceada_2001_32_final-1.ipynb": made("second"),
        "oneillsmithmaryjane_2003_33_one.ipynb": made("one"),
        "oneillsmithmaryjane_2003_34_two.ipynb": made("two"),
    }
    found = take(cohort, put(tmp_path, files, as_zip=True))

    assert {one.outcome for one in found} == {NEW, ASIDE}
    assert stands(cohort, "ada") == made("second")


def test_nbgraders_exchange_is_taken_in(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Of several of one student the newest counts, by the time in the folder's name; the others are kept."""
    one, two, three = (f"ada+{LAB}+2026-12-01 {hour}:00:00.5 UTC+x_y-z=={hour}/" for hour in ("08", "12", "10"))
    files = {
        f"{one}{LAB}.ipynb": made("one"),
        f"{two}{LAB}.ipynb": made("two"),
        f"{two}timestamp.txt": b"1999-01-01 00:00:00 UTC",
        f"{three}{LAB}.ipynb": made("three"),
        f"bo+{LAB}+2026-12-01 10:00:00.5 UTC/{LAB}.ipynb": made("bo"),
    }
    found = take(cohort, put(tmp_path, files))

    assert Counter(one.outcome for one in found) == {NEW: 1, REPLACED: 2, ASIDE: 1}
    assert (stands(cohort, "ada"), stands(cohort, "ada", "timestamp.txt")) == (made("two"), b"2026-12-01 12:00:00.500000 UTC\n")
    kept = sorted(path.name[:15] for path in (cohort.path / "submitted-before" / "ada" / LAB).iterdir())
    assert kept == ["20261201-080000", "20261201-100000"]


def test_of_several_archives_the_newest_counts(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Platforms let learners leave older files beside newer ones."""
    archives = dict(handed_in(made(time), time=f"2026-12-01 {time}:00:00") for time in ("08", "12", "10"))
    take(cohort, put(tmp_path, {MOODLE + name: data for name, data in archives.items()}, as_zip=True))

    assert stands(cohort, "ada") == made("12")


def test_a_form_can_be_named(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """A folder whose students have strange names is a folder if one says so."""
    files = {f"ada_1_assignsubmission_file_/{LAB}.ipynb": made("ada")}
    assert "'ada_1_assignsubmission_file_' is nobody" in take(cohort, put(tmp_path, files), form="folder")[0].note


# Nobody is guessed, and nothing is lost


def test_what_cannot_be_assigned_is_set_aside_with_the_reason(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Each keeps its files, as they came, and a why.txt."""
    files = {
        f"Anna Müller_77_assignsubmission_file_/{LAB}.ipynb": made("anna"),
        f"Bo Ek_78_assignsubmission_file_/{LAB}.ipynb": made("bo"),
        "Ada Lovelace_79_assignsubmission_file_/homework.pdf": b"%PDF",
        "Mary Jane ONeill-Smith_80_assignsubmission_file_/a.ipynb": made("a"),
        "Mary Jane ONeill-Smith_80_assignsubmission_file_/b.ipynb": made("b"),
    }
    found = {one.label.partition("_")[0]: one for one in take(cohort, put(tmp_path, files, as_zip=True))}

    assert {one.outcome for one in found.values()} == {ASIDE}
    assert "may be anna1 or anna2" in found["Anna Müller"].note
    assert "'Bo Ek' is nobody" in found["Bo Ek"].note
    assert f"there is no notebook; expected {LAB}.ipynb" in found["Ada Lovelace"].note
    assert "which of these notebooks is it? a.ipynb, b.ipynb" in found["Mary Jane ONeill-Smith"].note
    kept = {name.rpartition("/")[2]: data for name, data in tree(cohort).items()}
    assert (kept["homework.pdf"], kept["a.ipynb"], kept["b.ipynb"]) == (b"%PDF", made("a"), made("b"))
    assert not list((cohort.path / "submitted").iterdir())


def test_what_is_assigned_later_no_longer_stands_aside(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Called again with the platform's list."""
    source = put(tmp_path, {f"Anna Müller_12_assignsubmission_file_/{LAB}.ipynb": made("anna")}, as_zip=True)
    assert [one.outcome for one in take(cohort, source)] == [ASIDE]
    assert [one.outcome for one in take(cohort, source, names=WORKSHEET)] == [NEW]
    assert not list((cohort.path / "set-aside").iterdir())


def test_two_folders_of_one_student_without_times_are_both_set_aside(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Which is the newer cannot be told from a zip of folders."""
    files = {f"ada/{LAB}.ipynb": made("one"), f"Ada Lovelace/{LAB}.ipynb": made("two")}
    found = take(cohort, put(tmp_path, files, as_zip=True))
    assert [one.outcome for one in found] == [ASIDE, ASIDE]
    assert "2 hand-ins lead to ada" in found[0].note


def test_a_notebook_and_an_archive_are_not_told_apart(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Both may be meant."""
    name, archive = handed_in(made("packed"))
    found = take(cohort, put(tmp_path, {f"ada/{name}": archive, f"ada/{LAB}.ipynb": made("loose")}))
    assert "holds a notebook and a zip" in found[0].note


def test_a_cohort_of_several_labs_needs_a_name(lab: Lab, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """A file's name may say it; where it does not, the instructor must. What is of another lab is left alone."""
    second = replace(lab, header=replace(lab.header, slug="second-lab"))
    cohort = Cohort(tmp_path, (lab, second), {})
    source = put(tmp_path, {"ada/final.ipynb": made("a"), f"anna1/{LAB}.ipynb": made("b"), "mary/second-lab-1.ipynb": made("c")})

    found = {one.label: (one.lab, one.outcome) for one in take(cohort, source)}
    named = {one.label: (one.lab, one.outcome) for one in take(cohort, source, lab=LAB)}

    assert found == {"ada": ("", ASIDE), "anna1": (LAB, NEW), "mary": ("second-lab", NEW)}
    assert named == {"ada": (LAB, NEW), "anna1": (LAB, UNCHANGED), "mary": ("second-lab", OTHER)}


# Hostile hand-ins


def test_a_hostile_archive_is_set_aside_as_it_is(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Not unpacked, not lost; and others are taken in all the same."""
    evil = packed(("../../../escaped.ipynb", made("evil")), (f"{LAB}.ipynb", made("evil")))
    nested = packed(("inner.zip", packed((f"{LAB}.ipynb", made("evil")))))
    name, archive = handed_in(made("anna"))
    files = {f"ada/{LAB}.zip": evil, "mary/work.zip": nested, f"anna1/{name}": archive, "anna2/torn.zip": archive[:-40]}
    before = {path for path in tmp_path.rglob("*")}
    found = {one.label: one for one in take(cohort, put(tmp_path, files))}

    assert {label: one.outcome for label, one in found.items()} == {"ada": ASIDE, "mary": ASIDE, "anna1": NEW, "anna2": ASIDE}
    assert "leads out of the zip" in found["ada"].note
    assert "a zip within the zip, which is not opened" in found["mary"].note
    assert "is no whole zip" in found["anna2"].note
    assert evil in tree(cohort).values()
    written = {path for path in tmp_path.rglob("*")} - before
    assert [path for path in written if "escaped" in path.name] == []


def test_hostile_names_stay_inside(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """An owner's name or a file's name makes no path."""
    for people in (ROSTER, ()):
        files = {f"..+{LAB}+2026-12-01 08:00:00 UTC/{LAB}.ipynb": made("x"), f".hidden+{LAB}+2026-12-01 08:00:00 UTC/why.txt": b"mine"}
        found = take(cohort, put(tmp_path, files, as_zip=True), people=people)
        assert {one.outcome for one in found} == {ASIDE}
    assert b"mine" in tree(cohort).values()


def test_a_students_folder_that_is_a_link_is_not_written_through(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """It leads elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    (cohort.path / "submitted" / "ada").symlink_to(tmp_path / "elsewhere")
    found = take(cohort, put(tmp_path, {f"ada/{LAB}.ipynb": made("ada")}))
    assert (found[0].outcome, found[0].note) == (ASIDE, "submitted/ada is a link")
    assert not list((tmp_path / "elsewhere").iterdir())


# Again and again


def test_a_second_time_changes_nothing(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Neither files nor what is set aside."""
    name, archive = handed_in(made("anna"))
    files = {
        f"ada+{LAB}+2026-12-01 08:00:00 UTC/{LAB}.ipynb": made("one"),
        f"ada+{LAB}+2026-12-01 08:00:00.75 UTC/{LAB}.ipynb": made("two"),
        f"mary+{LAB}+2026-12-01 08:00:00.25 UTC/{LAB}.ipynb": made("one"),
        f"mary+{LAB}+2026-12-01 08:00:00.75 UTC/{LAB}.ipynb": made("two"),
        f"bo+{LAB}+2026-12-01 10:00:00 UTC/{LAB}.ipynb": made("bo"),
        f"anna1+{LAB}+2026-12-01 10:00:00 UTC/{name}": archive,
    }
    source = put(tmp_path, files)
    take(cohort, source)
    first = tree(cohort)

    assert Counter(one.outcome for one in take(cohort, source)) == {OLDER: 2, UNCHANGED: 3, ASIDE: 1}
    assert tree(cohort) == first


def test_an_older_hand_in_does_not_take_the_place_of_a_newer(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Whichever is collected first; both are kept."""
    new, old = handed_in(made("new"), time="2026-12-02 08:00:00"), handed_in(made("old"), time="2026-12-01 08:00:00")
    take(cohort, put(tmp_path / "1", {f"ada/{new[0]}": new[1]}))
    found = take(cohort, put(tmp_path / "2", {f"ada/{old[0]}": old[1]}))

    assert (found[0].outcome, stands(cohort, "ada")) == (OLDER, made("new"))
    assert made("old") in tree(cohort).values()


def test_where_no_time_is_known_the_later_call_counts_but_never_twice(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """An old download, collected again by mistake, does not come back."""
    zips = [put(tmp_path / text, {f"{MOODLE}{LAB}.ipynb": made(text)}, as_zip=True) for text in ("one", "two")]

    assert [take(cohort, source)[0].outcome for source in (zips[0], zips[1], zips[0], zips[1])] == [NEW, REPLACED, OLDER, UNCHANGED]
    assert stands(cohort, "ada") == made("two")


def test_a_time_that_becomes_known_is_noted(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Collected first without Moodle's list, then with it."""
    source = put(tmp_path, {f"{MOODLE}{LAB}.ipynb": made("ada")}, as_zip=True)

    assert [take(cohort, source)[0].outcome, take(cohort, source, names=WORKSHEET)[0].outcome] == [NEW, TIMED]
    assert stands(cohort, "ada", "timestamp.txt") == b"2026-12-01 18:00:00 UTC\n"
    assert take(cohort, source, names=WORKSHEET)[0].outcome == UNCHANGED


def test_a_time_that_a_platform_knows_counts_before_a_files(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """What an instructor put there by hand has the time of their copying."""
    path = cohort.path / "submitted" / "ada" / LAB / f"{LAB}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(made("ada"))
    found = take(cohort, put(tmp_path, {f"{MOODLE}{LAB}.ipynb": made("ada")}, as_zip=True), names=WORKSHEET)

    assert (found[0].outcome, stands(cohort, "ada", "timestamp.txt")) == (TIMED, b"2026-12-01 18:00:00 UTC\n")


def test_a_hand_in_that_no_grader_can_read_is_taken_in_once(cohort: Cohort, tmp_path: Path) -> None:
    """That it is no notebook is for the grader to say."""
    source = put(tmp_path, {f"ada/{LAB}.ipynb": b"%PDF"})
    assert [take(cohort, source)[0].outcome, take(cohort, source)[0].outcome] == [NEW, UNCHANGED]


KILLED = """
import os, sys
from pathlib import Path
from autograder import collect
renames, real = [int(sys.argv[3])], os.rename
def rename(source, target):
    if renames[0] == 0:
        os._exit(9)
    renames[0] -= 1
    real(source, target)
collect.os.rename = rename
from datetime import UTC
from autograder.cohort import read_cohort
from autograder.people import make_directory
from tests.test_people import ROSTER
list(collect.collect(read_cohort(Path(sys.argv[1])), Path(sys.argv[2]), make_directory(ROSTER), UTC))
"""


def test_killed_at_any_move_it_ends_right_when_called_again(cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path) -> None:
    """Before each of its moves in turn: what stands and what is kept are as if nothing had happened."""
    first = put(tmp_path / "1", {f"{MOODLE}{LAB}.ipynb": made("one"), f"Bo_5_assignsubmission_file_/{LAB}.ipynb": made("bo")}, as_zip=True)
    second = put(tmp_path / "2", {f"{MOODLE}{LAB}.ipynb": made("two")}, as_zip=True)
    take(cohort, first)
    undisturbed = replace(cohort, path=cohort.path.with_name("undisturbed"))
    shutil.copytree(cohort.path, undisturbed.path)
    take(undisturbed, second)
    for moves in range(3):
        disturbed = replace(cohort, path=cohort.path.with_name(f"disturbed-{moves}"))
        shutil.copytree(cohort.path, disturbed.path)
        command = [sys.executable, "-c", KILLED, str(disturbed.path), str(second), str(moves)]
        done = subprocess.run(command, timeout=60, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])})
        assert done.returncode == (9 if moves < 2 else 0)
        assert made("one") in tree(disturbed).values(), "nothing is lost, even before it is called again"
        take(disturbed, second)
        assert tree(disturbed) == tree(undisturbed)


# The command


def test_the_command_says_what_became_of_each_and_ends_with_1_where_something_stands_aside(
    cohort: Cohort, made: Callable[[str], bytes], tmp_path: Path
) -> None:
    """Names, outcomes, reasons, and where to look."""
    source = put(tmp_path, {f"ada/{LAB}.ipynb": made("ada"), f"bo/{LAB}.ipynb": made("bo")})
    done = CliRunner().invoke(cli.app, ["collect", str(cohort.path), str(source)])

    assert done.exit_code == 1
    assert f"ada: ada {LAB}: new" in done.output
    assert "bo: set aside ('bo' is nobody on the roster)" in done.output
    assert "1 set aside, 1 new" in done.output
    (source / "bo" / f"{LAB}.ipynb").unlink()
    assert CliRunner().invoke(cli.app, ["collect", str(cohort.path), str(source)]).exit_code == 0
