"""The forms in which hand-ins come, each taken apart into parcels: what one person handed in for one lab.

- folder: `STUDENT/LAB/LAB.ipynb`, `STUDENT/LAB.ipynb`, or zips in the place of either
- Moodle's "Download all submissions": `FULL NAME_PARTICIPANT_assignsubmission_file_/FILE`, or without folders
  `FULL NAME_PARTICIPANT_assignsubmission_file_FILE` (mod/assign/classes/downloader.php of Moodle)
- Canvas's "Download Submissions": `lastfirst[_LATE]_USER_ATTACHMENT_FILE`; a file that was handed in again has -1, -2, … before its
  suffix (lib/content_zipper.rb of Canvas)
- nbgrader's exchange, its inbound folder: `STUDENT+LAB+TIMESTAMP[+RANDOM]/FILE` (nbgrader/exchange/default/submit.py)
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from autograder.bundle import Item
from autograder.moment import parse_moment
from autograder.people import MOODLE, Directory

FOLDER, MOODLE_ZIP, CANVAS_ZIP, EXCHANGE = "folder", "moodle", "canvas", "nbgrader"
FORMS = (FOLDER, MOODLE_ZIP, CANVAS_ZIP, EXCHANGE)
_MOODLE = re.compile(r"(?P<name>[^/]*)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)_?/?(?P<rest>.*)", re.S)
_CANVAS = re.compile(r"(?P<name>[^/]*?)(?P<late>_LATE)?_(?P<number>\d+)_(?P<attachment>\d+)_(?P<rest>[^/]+)")
_EXCHANGE = re.compile(r"(?P<name>[^/+]+)\+(?P<lab>[^/+]+)\+(?P<time>[^/+]+)(?:\+[^/]*)?/(?P<rest>.+)", re.S)
_PATTERNS = {MOODLE_ZIP: _MOODLE, CANVAS_ZIP: _CANVAS, EXCHANGE: _EXCHANGE}
_ARCHIVE = re.compile(r"(?P<stem>.+?)-(?P<time>\d{8}-\d{6})(?:[-\s(]*\d{1,3}\)?)?\.zip")
_AGAIN = re.compile(r"(?:-\d{1,3}|\s*\(\d{1,3}\))(?=\.\w+$)")


@dataclass(frozen=True)
class Parcel:
    """Files that belong together. `find` says whose they are, or raises NotFound; `lab` is empty where no name says which it is.

    `in_order`: the items stand in the order in which they were handed in.
    `moment` is when it was handed in, as far as the platform says, in UTC; `late` says that Canvas marked it so.
    """

    label: str
    find: Callable[[], str]
    items: tuple[Item, ...]
    lab: str = ""
    moment: datetime | None = None
    late: bool = False
    in_order: bool = False


def recognise(paths: Sequence[str]) -> str:
    """Return the form of the files with these paths: that which most of them have, else FOLDER."""
    counts = {form: sum(bool(pattern.fullmatch(path)) for path in paths) for form, pattern in _PATTERNS.items()}
    form = max(counts, key=lambda one: counts[one])
    return form if counts[form] * 2 > len(paths) else FOLDER


def split(
    form: str, items: Sequence[Item], people: Directory, labs: Sequence[str], zone: tzinfo
) -> tuple[list[Parcel], list[tuple[Item, str]]]:
    """Return the parcels of a form, by label and lab, and the files that belong to none, with the reason.

    `labs` are the slugs that may be meant; times without a zone are those of `zone`.
    """
    groups: dict[str, list[Parcel]] = {}
    left: list[tuple[Item, str]] = []
    for item in sorted(items, key=_attachment) if form == CANVAS_ZIP else items:
        made = _folder_parcel(item, people, labs) if form == FOLDER else _platform_parcel(form, item, people, labs, zone)
        if isinstance(made, str):
            left.append((item, made))
        else:
            groups.setdefault(made.label, []).append(made)
    return [parcel for label in sorted(groups) for parcel in _join(groups[label])], left


def lab_of(name: str, labs: Iterable[str]) -> str:
    """Return the lab that a notebook or a learner's archive is named after; empty if none."""
    archive = _ARCHIVE.fullmatch(name)
    stem = archive["stem"] if archive else name.rpartition(".")[0]
    known = [*labs]
    again = _AGAIN.sub("", name).rpartition(".")[0]
    return next((text for text in (stem, again) if text in known), "")


def archive_moment(name: str) -> datetime | None:
    """Return the time in the name of an archive that `autograder submit` packed, LAB-TIME.zip, in UTC; None if it is none."""
    archive = _ARCHIVE.fullmatch(name)
    try:
        return datetime.strptime(archive["time"], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) if archive else None
    except ValueError:
        return None


def first_name(name: str) -> str:
    """Return a file's name without the -1 or (1) that stands for another copy or a later hand-in."""
    return _AGAIN.sub("", name)


def _join(parts: list[Parcel]) -> list[Parcel]:
    """Return one parcel for each lab that the files of one label are named after; files that name none are in all of them."""
    late = any(part.late for part in parts)
    named = sorted({part.lab for part in parts if part.lab}) or [""]
    mine = {lab: [item for part in parts if part.lab in (lab, "") for item in part.items] for lab in named}
    return [replace(parts[0], items=tuple(mine[lab]), lab=lab, late=late) for lab in named]


def _folder_parcel(item: Item, people: Directory, labs: Sequence[str]) -> Parcel | str:
    student, _, rest = item.path.partition("/")
    if not rest:
        return "lies in no student's folder"
    folder, _, inside = rest.partition("/")
    if inside and folder in labs:
        return Parcel(student, lambda: people.find(student), (replace(item, path=inside),), folder)
    return Parcel(student, lambda: people.find(student), (replace(item, path=rest),), lab_of(item.name, labs))


def _platform_parcel(form: str, item: Item, people: Directory, labs: Sequence[str], zone: tzinfo) -> Parcel | str:
    match = _PATTERNS[form].fullmatch(item.path)
    if not match:
        return f"is not named as {form} names what it gives out"
    name, rest = match["name"], match["rest"]
    if form == EXCHANGE:
        label = item.path.partition("/")[0]
        return Parcel(label, lambda: people.find(name), (Item(rest, item.read),), match["lab"], _moment(match["time"], zone))
    number, label = match["number"], f"{name}_{match['number']}"
    if form == MOODLE_ZIP:
        if match["kind"] != "file":
            return "was typed into Moodle, and is no file"
        row = people.row_of(number) if people.names and people.names.kind == MOODLE else None
        said = people.names.get(row, "Last modified (submission)") if people.names and row else ""
        parcel = Parcel(label, lambda: people.find_participant(number, name), (Item(rest, item.read),), moment=_moment(said, zone))
    else:
        parcel = Parcel(label, lambda: people.find_canvas(number, name), (Item(rest, item.read),), late=bool(match["late"]), in_order=True)
    return replace(parcel, lab=lab_of(rest, labs))


def _attachment(item: Item) -> int:
    match = _CANVAS.fullmatch(item.path)
    return int(match["attachment"]) if match else 0


def _moment(text: str, zone: tzinfo) -> datetime | None:
    """Return the time that a platform wrote, in UTC; None where there is none, or it is in words that are not English."""
    try:
        return parse_moment(text, zone)
    except ValueError:
        return None
