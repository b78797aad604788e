"""Who is who: found by what is unique, and never guessed."""

from pathlib import Path

import pytest

from autograder.errors import CohortProblem
from autograder.people import CANVAS, MOODLE, PEOPLE, Directory, NotFound, Person, make_directory, read_names

ROSTER = (
    Person("ada", "Ada", "Lovelace", "ada@example.org"),
    Person("anna1", "Anna", "Müller", "anna.one@example.org"),
    Person("anna2", "Anna", "Müller", "anna.two@example.org"),
    Person("mary", "Mary Jane", "O'Neill-Smith", ""),
)
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,Last modified (submission),"
    "Last modified (grade),Feedback comments\n"
    'Participant 11,Ada Lovelace,ADA@example.org,Submitted for grading,,100.00,Yes,"Tuesday, 1 December 2026, 6:00 PM",-,\n'
    "Participant 12,Anna Müller,anna.two@example.org,Submitted for grading,,100.00,Yes,-,-,\n"
    "Participant 13,Bo Unknown,bo@example.org,No submission,,100.00,Yes,-,-,\n"
)
GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,A small lab (901),Current Score\n"
    ",,,,,Manual Posting,\n"
    "    Points Possible,,,,,100.0,(read only)\n"
    '"Lovelace, Ada",2001,S1,ada,Autumn,,\n'
    '"Müller, Anna",2002,S2,anna.one@example.org,Autumn,,\n'
    '"Student, Test",2009,,abc123,Autumn,,\n'
)


def write(folder: Path, text: str, name: str = "names.csv") -> Path:
    """Write a list as a platform does, with a byte-order mark."""
    path = folder / name
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    return path


def directory(folder: Path, text: str) -> Directory:
    """Return the directory of the roster with this list."""
    return make_directory(ROSTER, read_names(write(folder, text)))


@pytest.mark.parametrize(
    ("text", "student"),
    [
        ("ada", "ada"),
        ("Ada Lovelace", "ada"),
        ("Lovelace, Ada", "ada"),
        ("lovelaceada", "ada"),
        ("ADA@example.org", "ada"),
        ("anna.two@example.org", "anna2"),
        ("Mary Jane O'Neill-Smith", "mary"),
        ("oneillsmithmaryjane", "mary"),
    ],
)
def test_a_student_is_found_by_id_name_or_address(text: str, student: str) -> None:
    """As people and platforms write names: signs between letters, and upper case, say nothing."""
    assert make_directory(ROSTER).find(text) == student


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Anna Müller", "may be anna1 or anna2"),
        ("Bo", "is nobody on the roster"),
        ("", "is nobody"),
        ("ad", "is nobody"),
        ("--", "is nobody"),
    ],
)
def test_nobody_is_guessed(text: str, reason: str) -> None:
    """Two with the same name are two; a part of a name is none."""
    with pytest.raises(NotFound, match=reason):
        make_directory(ROSTER).find(text)


def test_without_a_roster_a_valid_id_is_its_own(tmp_path: Path) -> None:
    """As nbgrader has it: the folders say who there is. A name that is no id is not made into one."""
    assert make_directory(()).find("ada") == "ada"
    with pytest.raises(NotFound):
        make_directory(()).find("../ada")


def test_moodles_participants_are_found_by_their_number(tmp_path: Path) -> None:
    """Number to address to student: so two of the same name are told apart."""
    found = directory(tmp_path, WORKSHEET)
    assert found.names is not None and found.names.kind == MOODLE
    assert (found.find_participant("11", "Ada Lovelace"), found.find_participant("12", "Anna Müller")) == ("ada", "anna2")


def test_the_worksheet_of_another_assignment_is_found_out(tmp_path: Path) -> None:
    """Moodle numbers participants anew in each assignment: a number whose name is another's is not believed."""
    with pytest.raises(NotFound, match=r"number 11 is 'Ada Lovelace' in names\.csv, but .Mary Jane O'Neill-Smith. here"):
        directory(tmp_path, WORKSHEET).find_participant("11", "Mary Jane O'Neill-Smith")
    with pytest.raises(NotFound, match="number 99 is on no line"):
        directory(tmp_path, WORKSHEET).find_participant("99", "Ada Lovelace")


def test_marking_without_names_is_believed(tmp_path: Path) -> None:
    """Where Moodle marks blindly, folders are named Participant."""
    assert directory(tmp_path, WORKSHEET).find_participant("11", "Participant") == "ada"


def test_canvas_users_are_found_by_their_number(tmp_path: Path) -> None:
    """By login, by an address that is one, and not where the row is nobody's."""
    found = directory(tmp_path, GRADEBOOK)
    assert found.names is not None and found.names.kind == CANVAS
    assert len(found.rows) == 3
    assert (found.find_canvas("2001", "lovelaceada"), found.find_canvas("2002", "mülleranna")) == ("ada", "anna1")
    with pytest.raises(NotFound, match=r"'Student, Test' in names\.csv is nobody"):
        found.find_canvas("2009", "studenttest")


def test_without_a_list_names_must_do() -> None:
    """They do where only one has it."""
    found = make_directory(ROSTER)
    assert found.find_canvas("2001", "lovelaceada") == "ada"
    with pytest.raises(NotFound, match="may be anna1 or anna2"):
        found.find_participant("12", "Anna Müller")
    with pytest.raises(NotFound, match="there is no roster"):
        make_directory(()).find_participant("12", "Anna Müller")


def test_a_line_that_leads_to_two_leads_to_none(tmp_path: Path) -> None:
    """An id of one and an address of another."""
    text = "First name,Last name,ID number,Email address\nAda,Lovelace,mary,ada@example.org\n"
    found = directory(tmp_path, text)
    assert found.names is not None and found.names.kind == PEOPLE
    assert str(next(iter(found.rows.values()))) == "the line of 'Ada Lovelace' in names.csv leads to ada and mary"


def test_two_lines_that_lead_to_one_lead_to_none(tmp_path: Path) -> None:
    """Which of the two is meant cannot be told."""
    text = "Full name,Email address\nAda Lovelace,ada@example.org\nA. Lovelace,ada@example.org\n"
    assert {str(found) for found in directory(tmp_path, text).rows.values()} == {"2 lines of the list lead to ada"}


def test_without_a_roster_the_list_gives_the_ids(tmp_path: Path) -> None:
    """The login first, else the address."""
    found = make_directory((), read_names(write(tmp_path, WORKSHEET)))
    assert found.find_participant("11", "Ada Lovelace") == "ADA@example.org"
    assert make_directory((), read_names(write(tmp_path, GRADEBOOK))).find_canvas("2001", "lovelaceada") == "ada"


def test_semicolons_and_tabs_are_read(tmp_path: Path) -> None:
    """As spreadsheets save lists in many countries."""
    for delimiter in ";\t":
        names = read_names(write(tmp_path, f"Full name{delimiter}Email address\nAda{delimiter}ada@example.org\n"))
        assert (names.delimiter, names.rows) == (delimiter, (("Ada", "ada@example.org"),))


LISTS = {
    "in-another-language": ("Kennung,Vollständiger Name\nTeilnehmer/in 1,Ada\n".encode(), "has no columns that say who is who"),
    "in-a-code-page": ("Full name,Email address\nMüller,a@b.c\n".encode("cp1252"), "cannot be read"),
    "empty": (b"", "it has none"),
    "no-text": (b"PK\3\4\0\0\0\xff", "cannot be read"),
}


@pytest.mark.parametrize("fault", LISTS)
def test_a_list_that_cannot_be_used_is_told(tmp_path: Path, fault: str) -> None:
    """What it has, and what is needed."""
    data, reason = LISTS[fault]
    (tmp_path / "names.csv").write_bytes(data)
    with pytest.raises(CohortProblem, match=reason):
        read_names(tmp_path / "names.csv")
