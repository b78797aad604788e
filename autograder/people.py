"""Who is who: a cohort's roster, and the list of people that a learning platform exports. Found by what is unique, never guessed.

Three lists are read, by their English column names:

- Moodle's grading worksheet of an assignment (`Identifier` "Participant 12", `Full name`, `Email address`, …), as
  mod/assign/gradingtable.php of Moodle writes it and mod/assign/feedback/offline/importgradeslib.php reads it;
- Canvas's gradebook export (`Student`, `ID`, `SIS User ID`, `SIS Login ID`, `Section`, …), as lib/gradebook_exporter.rb of Canvas
  writes it and lib/gradebook_importer.rb reads it;
- any list of people with `Email address` or `ID number`, such as Moodle's gradebook export.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.cohort import STUDENT_ID
from autograder.errors import CohortProblem

MOODLE, CANVAS, PEOPLE = "Moodle's grading worksheet", "Canvas's gradebook", "a list of people"
_ID_COLUMNS = ("SIS Login ID", "SIS User ID", "Integration ID", "ID number", "Username", "id")
_EMAIL_COLUMNS = ("Email address", "Email", "email")
Row = tuple[str, ...]
_PARTICIPANT = re.compile(r"\D*(\d+)$")


class NotFound(Exception):
    """Nobody, or more than one, is meant; `str()` says why."""


@dataclass(frozen=True)
class Person:
    """A student on the roster. All but `id` may be empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


@dataclass(frozen=True)
class Names:
    """A list that a learning platform exported: its kind (MOODLE, CANVAS or PEOPLE), its header, and its rows as long as the header."""

    path: Path
    kind: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    delimiter: str = ","

    def get(self, row: Row, *columns: str) -> str:
        """Return the row's text in the first of the columns that has one."""
        found = (row[self.header.index(column)].strip() for column in columns if column in self.header)
        return next(filter(None, found), "")

    def people_rows(self) -> list[Row]:
        """Return the rows that stand for people: not Canvas's row of possible points and the like."""
        key = {MOODLE: "Identifier", CANVAS: "ID"}.get(self.kind)
        return [row for row in self.rows if (self.get(row, key) if key else any(row))]

    def name_of(self, row: Row) -> str:
        """Return the person's name as it stands there."""
        whole = self.get(row, "Full name", "Student")
        parts = (self.get(row, "First name", "FirstName", "first_name"), self.get(row, "Last name", "LastName", "last_name", "Surname"))
        return whole or " ".join(filter(None, parts))


@dataclass(frozen=True)
class Directory:
    """The people of a cohort, by all that names them.

    `rows` maps a row of `names` to a student's id, or to why there is none; `numbers` the platform's number of a person to their rows;
    `keys` an e-mail address, or the letters of a full name, to all who have it.
    """

    ids: frozenset[str]
    names: Names | None
    rows: Mapping[Row, str | NotFound]
    numbers: Mapping[str, tuple[Row, ...]]
    keys: Mapping[str, frozenset[str]]

    def find(self, text: str) -> str:
        """Return whom an id, an e-mail address or a full name stands for. Raises NotFound."""
        if text in self.ids or (not self.ids and self.names is None and STUDENT_ID.match(text)):
            return text
        return self._only(text)

    def find_participant(self, number: str, name: str) -> str:
        """Return whom Moodle's participant of an assignment is. Raises NotFound, also where list and name contradict each other."""
        return self._by_row(MOODLE, number, name)

    def find_canvas(self, number: str, name: str) -> str:
        """Return whom Canvas's user number is; `name` is as Canvas writes it before a file's. Raises NotFound."""
        return self._by_row(CANVAS, number, name)

    def row_of(self, number: str) -> Row | None:
        """Return the one row of a platform's number."""
        rows = self.numbers.get(number, ())
        return rows[0] if len(rows) == 1 else None

    def _by_row(self, kind: str, number: str, name: str) -> str:
        if self.names is None or self.names.kind != kind:
            if not self.ids:
                raise NotFound("there is no roster: give the list that the platform exports, with --names FILE")
            return self._only(name)
        row = self.row_of(number)
        if row is None:
            raise NotFound(f"number {number} is on no line, or on several, of {self.names.path.name}: is it another assignment's list?")
        there = self.names.name_of(row)
        if _letters(name) not in {*_spellings(there), "", "participant"}:
            raise NotFound(f"number {number} is {there!r} in {self.names.path.name}, but {name!r} here: is it another assignment's list?")
        found = self.rows[row]
        if isinstance(found, NotFound):
            raise found
        return found

    def _only(self, text: str) -> str:
        found = self.keys.get(text.strip().casefold()) or self.keys.get(_letters(text), frozenset())
        if not found:
            raise NotFound(f"{text!r} is nobody on the roster")
        if len(found) > 1:
            raise NotFound(f"{text!r} may be {' or '.join(sorted(found))}: they have the same name or address")
        return next(iter(found))


def make_directory(people: Iterable[Person], names: Names | None = None) -> Directory:
    """Return the directory of the people on the roster; with a platform's list, also of its numbers."""
    people = tuple(people)
    keys: dict[str, set[str]] = {}
    for person in people:
        for key in {*_spellings(f"{person.last_name}, {person.first_name}"), person.email.strip().casefold()} - {""}:
            keys.setdefault(key, set()).add(person.id)
    frozen = {key: frozenset(ids) for key, ids in keys.items()}
    rows: dict[Row, str | NotFound] = {}
    numbers: dict[str, tuple[Row, ...]] = {}
    for row in names.people_rows() if names else ():
        assert names is not None
        rows[row] = _match(names, row, people, frozen)
        number = participant(names.get(row, "Identifier", "ID"))
        numbers[number] = (*numbers.get(number, ()), row)
    counts = Counter(found for found in rows.values() if isinstance(found, str))
    for row, found in rows.items():
        if isinstance(found, str) and counts[found] > 1:
            rows[row] = NotFound(f"{counts[found]} lines of the list lead to {found}")
    return Directory(frozenset(person.id for person in people), names, rows, numbers, frozen)


def read_names(path: Path) -> Names:
    """Return the list of people that a platform exported, as CSV.

    Raises CohortProblem where it cannot be read, or its columns are none that are known.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        lines = [tuple(line) for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CohortProblem(path, f"cannot be read ({error})", "give the CSV file as the platform exported it, in UTF-8") from None
    header = tuple(name.strip() for name in lines[0]) if lines else ()
    width = len(header)
    rows = tuple(line[:width] + ("",) * (width - len(line)) for line in lines[1:])
    if "Identifier" in header and ("Full name" in header or "Grade" in header):
        kind = MOODLE
    elif "ID" in header and "Section" in header and ("Student" in header or "LastName" in header):
        kind = CANVAS
    elif {*_ID_COLUMNS[3:], *_EMAIL_COLUMNS} & {*header}:
        kind = PEOPLE
    else:
        wanted = "Moodle's Identifier, Full name, Email address; Canvas's Student, ID, SIS Login ID, Section; or Email address or ID number"
        found = ", ".join(header)[:200] or "none"
        raise CohortProblem(path, f"has no columns that say who is who (it has {found})", f"export it in English: {wanted}")
    return Names(path, kind, header, rows, delimiter)


def participant(text: str) -> str:
    """Return the number at the end of "Participant 12", or of "12"; empty where there is none."""
    match = _PARTICIPANT.match(text.strip())
    return match[1] if match else ""


def _match(names: Names, row: Row, people: tuple[Person, ...], keys: Mapping[str, frozenset[str]]) -> str | NotFound:
    """Return whom the row stands for: by id or e-mail, else by a name that only one has; all that says something must say the same."""
    ids = [text for column in _ID_COLUMNS if (text := names.get(row, column))]
    emails = [text for column in (*_EMAIL_COLUMNS, "SIS Login ID") if "@" in (text := names.get(row, column))]
    shown = names.name_of(row) or names.get(row, *_EMAIL_COLUMNS)
    if not people:
        valid = [text for text in (*ids, *emails) if STUDENT_ID.match(text)]
        return valid[0] if valid else NotFound(f"{shown!r} has no id and no e-mail address in {names.path.name}")
    found = {person.id for person in people if person.id in ids}
    found |= {person.id for person in people if person.email and person.email.casefold() in {email.casefold() for email in emails}}
    if len(found) > 1:
        return NotFound(f"the line of {shown!r} in {names.path.name} leads to {' and '.join(sorted(found))}")
    if found:
        return found.pop()
    named = keys.get(_letters(shown), frozenset())
    if len(named) == 1:
        return next(iter(named))
    return NotFound(f"{shown!r} in {names.path.name} " + ("has the name of several students" if named else "is nobody on the roster"))


def _spellings(name: str) -> set[str]:
    """Return a full name's letters, as "First Last", "Last, First" and "Last First" give them; platforms drop all signs between."""
    last, comma, first = name.partition(",")
    turned = {_letters(f"{first} {last}")} if comma else {_letters(" ".join([*words[1:], words[0]])) for words in [name.split()] if words}
    return {_letters(name), *turned} - {""}


def _letters(text: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFKC", text).casefold() if character.isalnum())
