"""Hand-ins, taken into a cohort: whose they are, which file counts, the newest in its place, all others kept.

A hand-in goes to `submitted/STUDENT/LAB/`. What stood there goes to `submitted-before/STUDENT/LAB/TIME-DIGEST/`, and what belongs to
nobody, or cannot be told apart, to `set-aside/`, with the reason. Folders are made beside their place and moved there: whoever is
killed in between calls again. Nothing in `FROM` is changed.
"""

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from autograder.bundle import MAX_ALL_BYTES, Item, open_bundle, open_zip
from autograder.cohort import Cohort
from autograder.forms import EXCHANGE, FOLDER, Parcel, archive_moment, first_name, lab_of, recognise, split
from autograder.people import Directory, NotFound
from autograder.source import Lab
from autograder.submitted import TIMESTAMP, Refused, Submission, find_submission, find_timestamp, read_timestamp

NEW, REPLACED, UNCHANGED, OLDER, TIMED = "new", "replaced", "unchanged", "older", "time noted"
OTHER, ASIDE = "of another lab", "set aside"
LATE = "Canvas marks it as late; when it was handed in is its own word (timestamp.txt)"
LATE_WITHOUT_TIME = "Canvas marks it as late, but not by how much: no penalty is computed"
BEFORE_FOLDER, ASIDE_FOLDER, WHY = "submitted-before", "set-aside", "why.txt"
_PART = ".collecting"
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Collected:
    """What became of a hand-in: `outcome` is one of these seven; `note` says why, or what to know. `label` is its name in FROM.

    `timeless`: when it was handed in is not known.
    """

    label: str
    student: str
    lab: str
    outcome: str
    note: str = ""
    timeless: bool = False


@dataclass(frozen=True)
class HandIn:
    """What a parcel holds: the notebook and the files that count, and when it was handed in, in UTC; None where nobody knows."""

    notebook: bytes
    files: dict[str, bytes]
    moment: datetime | None
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The digest that its submission will have."""
        return Submission("", "", notebook=self.notebook, files=self.files).digest

    @property
    def folder(self) -> str:
        """A folder's name that says when and what it is."""
        return f"{self.moment:%Y%m%d-%H%M%S}-{self.digest[:12]}" if self.moment else f"unknown-{self.digest[:12]}"

    def on_disk(self, lab: Lab) -> dict[str, bytes]:
        """Return the files of its folder in `submitted/`. nbgrader takes an empty timestamp.txt for an unknown time, as is done here."""
        text = f"{self.moment.astimezone(UTC).replace(tzinfo=None)} UTC\n" if self.moment else ""
        return {f"{lab.slug}.ipynb": self.notebook, **self.files, TIMESTAMP: text.encode()}


def collect(cohort: Cohort, source: Path, people: Directory, zone: tzinfo, lab: str = "", form: str = "") -> Iterator[Collected]:
    """Take the hand-ins of `source` into the cohort; yield what became of each. `form` is one of FORMS, recognised where it is empty.

    `lab` is the slug of the lab that all are of; times without a zone are those of `zone`. Whoever calls this holds the cohort's lock.
    Raises Problem where `source` is neither a folder nor a zip.
    """
    shutil.rmtree(cohort.path / _PART, ignore_errors=True)
    labs = {one.slug: one for one in cohort.labs}
    alone = lab or (next(iter(labs)) if len(labs) == 1 else "")
    with open_bundle(source) as bundle:
        form = form or recognise([item.path for item in bundle.items])
        parcels, left = split(form, bundle.items, people, [*labs], zone)
        yield from (Collected(bad.path, "", "", ASIDE, f"{bad.reason}; it stays in {source.name}") for bad in bundle.not_taken)
        yield from (set_aside(cohort.path, Parcel(item.path, str, (item,)), "", reason) for item, reason in left)
        owned: dict[tuple[str, str], list[Parcel]] = {}
        for parcel in parcels:
            slug = parcel.lab or alone
            if lab and slug != lab and form in (FOLDER, EXCHANGE):
                yield Collected(parcel.label, "", slug, OTHER)
                continue
            try:
                if lab and slug != lab:
                    raise NotFound(f"is named after {slug}, not after {lab}")
                if slug not in labs:
                    raise NotFound("which lab is it? Name it: autograder collect COHORT FROM LAB")
                owned.setdefault((parcel.find(), slug), []).append(parcel)
            except NotFound as error:
                yield set_aside(cohort.path, parcel, slug, str(error))
        for (student, slug), mine in owned.items():
            yield from _place_all(cohort.path, student, labs[slug], mine)
    shutil.rmtree(cohort.path / _PART, ignore_errors=True)


def read_hand_in(parcel: Parcel, lab: Lab) -> HandIn:
    """Return what counts of a parcel. Raises Refused where there is no notebook, or it is not clear which is meant."""
    notebooks = [item for item in parcel.items if item.name.lower().endswith(".ipynb")]
    archives = [item for item in parcel.items if item.name.lower().endswith(".zip")]
    packed = [item for item in archives if lab_of(item.name, [lab.slug])]
    if packed and notebooks:
        raise Refused(f"holds a notebook and a zip, and which counts cannot be told: {notebooks[0].path}, {packed[0].path}")
    if archives and not notebooks:
        made = _read_archive(parcel, packed or archives, lab)
    else:
        made = _read_loose(parcel.items, lab, parcel.in_order)
    moment = parcel.moment or made.moment
    late = [LATE if moment else LATE_WITHOUT_TIME] if parcel.late else []
    return HandIn(made.notebook, made.files, moment, (*made.notes, *late))


def place(cohort: Path, student: str, lab: Lab, hand_in: HandIn) -> tuple[str, str]:
    """Put a hand-in where it belongs; return what became of it, and what to know. The newest counts; nothing is lost.

    Where a time is not known, what is collected later counts as newer, unless it was replaced before. Raises Refused where the
    student's folder is a link.
    """
    folder, kept = cohort / "submitted" / student / lab.slug, cohort / BEFORE_FOLDER / student / lab.slug
    if folder.parent.is_symlink():
        raise Refused(f"submitted/{student} is a link")
    if not os.path.lexists(folder):
        _move(_write_part(cohort, hand_in.on_disk(lab)), folder)
        return NEW, ""
    found = find_submission(cohort, lab, student, known=(hand_in.digest,))
    there = None if folder.is_symlink() else find_timestamp(folder, lab.slug)
    if found.digest == hand_in.digest:
        if hand_in.moment and (there is None or not (folder / TIMESTAMP).exists()):
            _write_over(cohort, folder / TIMESTAMP, hand_in.on_disk(lab)[TIMESTAMP])
            return TIMED, ""
        return UNCHANGED, ""
    timed = bool(hand_in.moment and there)
    if not timed and kept.is_dir() and any(path.name.endswith(hand_in.digest[:12]) for path in kept.iterdir()):
        return OLDER, "a later one took its place before"
    if hand_in.moment and there and hand_in.moment <= there:
        if not (kept / hand_in.folder).exists():
            _move(_write_part(cohort, hand_in.on_disk(lab)), kept / hand_in.folder)
        return OLDER, f"handed in {_shown(hand_in.moment)}, and what is there {_shown(there)}; kept in {BEFORE_FOLDER}/"
    target = kept / HandIn(found.notebook, found.files, there).folder
    while os.path.lexists(target):
        target = target.with_name(f"again-{target.name}")
    part = _write_part(cohort, hand_in.on_disk(lab))
    _move(folder, target)
    _move(part, folder)
    return REPLACED, f"what was there is kept in {target.relative_to(cohort)}"


def set_aside(cohort: Path, parcel: Parcel, lab: str, reason: str) -> Collected:
    """Keep a copy of what cannot be assigned in `set-aside/`, with the reason; nothing is unpacked."""
    files, left = _read_all(parcel)
    why = [f"{parcel.label}: {reason}", *(f"not copied: {name}: {text}" for name, text in left.items())]
    folder = cohort / ASIDE_FOLDER / _aside_name(parcel, files)
    said = "\n".join(why).encode("utf-8", "replace") + b"\n"
    if not folder.exists():
        _move(_write_part(cohort, {**files, WHY: said}), folder)
    elif (folder / WHY).read_bytes() != said:
        _write_over(cohort, folder / WHY, said)
    return Collected(parcel.label, "", lab, ASIDE, "; ".join([reason, *(f"{name}: {text}" for name, text in left.items())]))


def _place_all(cohort: Path, student: str, lab: Lab, parcels: list[Parcel]) -> Iterator[Collected]:
    """Put what a student handed in for a lab into its place, older ones first; where a time is missing, all of several are set aside."""
    read: list[tuple[Parcel, HandIn]] = []
    for parcel in parcels:
        try:
            read.append((parcel, read_hand_in(parcel, lab)))
        except Refused as error:
            yield set_aside(cohort, parcel, lab.slug, str(error))
    if len(read) > 1 and any(hand_in.moment is None for _, hand_in in read):
        reason = f"{len(read)} hand-ins lead to {student}, and which is the newest cannot be told"
        yield from (set_aside(cohort, parcel, lab.slug, reason) for parcel, _ in read)
        return
    for parcel, hand_in in sorted(read, key=lambda one: one[1].moment or _EARLIEST):
        try:
            outcome, note = place(cohort, student, lab, hand_in)
        except Refused as error:
            yield set_aside(cohort, parcel, lab.slug, str(error))
            continue
        if any((cohort / ASIDE_FOLDER).glob(f"{_safe(parcel.label)}-*")):
            shutil.rmtree(cohort / ASIDE_FOLDER / _aside_name(parcel, _read_all(parcel)[0]), ignore_errors=True)
        notes = "; ".join(filter(None, [note, *hand_in.notes]))
        yield Collected(parcel.label, student, lab.slug, outcome, notes, hand_in.moment is None)


def _read_archive(parcel: Parcel, archives: Sequence[Item], lab: Lab) -> HandIn:
    """Return what is in a learner's zip: the newest of several that `autograder submit` packed; of others there must be one."""
    times = [archive_moment(item.name) for item in archives]
    if len(archives) > 1 and (None in times or len({*times}) < len(times)):
        names = ", ".join(item.path for item in archives)
        raise Refused(f"holds several zips, and which is the newest cannot be told: {names}")
    item, named = max(zip(archives, times, strict=True), key=lambda one: one[1] or _EARLIEST)
    try:
        bundle = open_zip(item.read())
        inside = [found.name.lower() for found in bundle.items]
        if any(name.endswith(".zip") for name in inside) and not any(name.endswith(".ipynb") for name in inside):
            raise Refused("holds a zip within the zip, which is not opened, and no notebook")
        made = _read_loose(bundle.items, lab, in_order=False)
    except Refused as error:
        raise Refused(f"{item.path}: {error}") from None
    notes = [f"left out of {item.path}: {bad.path}, {bad.reason}" for bad in bundle.not_taken]
    return HandIn(made.notebook, made.files, made.moment or named or item.changed, (*made.notes, *notes))


def _read_loose(items: Sequence[Item], lab: Lab, in_order: bool) -> HandIn:
    notebook = _which(items, lab, in_order)
    base = notebook.path[: len(notebook.path) - len(notebook.name)]
    files: dict[str, bytes] = {}
    for name in lab.header.hand_in:
        last = name.rpartition("/")[2]
        there = [item for item in items if item.path == base + name] or [i for i in items if last in (i.name, first_name(i.name))]
        if len(there) > 1 and not in_order:
            raise Refused(f"{name} is there more than once: {', '.join(item.path for item in there)}")
        if there:
            files[name] = there[-1].read()
    moment = notebook.changed
    for item in items:
        if item.path == base + TIMESTAMP:
            moment = read_timestamp(item.read()) or moment
    notes = () if notebook.name == f"{lab.slug}.ipynb" else (f"its notebook is named {notebook.name}",)
    return HandIn(notebook.read(), files, moment, notes)


def _which(items: Sequence[Item], lab: Lab, in_order: bool) -> Item:
    """Return the notebook that counts: that of the lab's name, else the only one; where they stand in order, the last of the same name."""
    wanted = f"{lab.slug}.ipynb"
    notebooks = [item for item in items if item.name.lower().endswith(".ipynb")]
    exact = [item for item in notebooks if item.name == wanted or (in_order and first_name(item.name) == wanted)]
    if not notebooks:
        raise Refused(f"there is no notebook; expected {wanted}")
    if exact and (in_order or len(exact) == 1):
        return exact[-1]
    if len(notebooks) == 1 or (in_order and len({first_name(item.name) for item in notebooks}) == 1):
        return notebooks[-1]
    raise Refused(f"which of these notebooks is it? {', '.join(item.path for item in notebooks)}; expected {wanted}")


def _read_all(parcel: Parcel) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the parcel's files under names that are safe, and for those that cannot be read, or are too much, why."""
    files: dict[str, bytes] = {}
    left: dict[str, str] = {}
    for number, item in enumerate(parcel.items, 1):
        if sum(map(len, files.values())) > MAX_ALL_BYTES:
            left[item.path] = "there is too much before it"
            continue
        try:
            name = _safe(item.name)
            files[name if name not in {*files, WHY} else f"{number}-{name}"] = item.read()
        except Refused as error:
            left[item.path] = str(error)
    return files, left


def _aside_name(parcel: Parcel, files: dict[str, bytes]) -> str:
    parts = [parcel.label.encode("utf-8", "replace"), *(part for name in sorted(files) for part in (name.encode(), files[name]))]
    return f"{_safe(parcel.label)}-{hashlib.sha256(b'|'.join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:12]}"


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9@._-]", "_", name).lstrip(".")[-80:] or "_"


def _write_part(cohort: Path, files: dict[str, bytes]) -> Path:
    """Return a new folder with the files, beside the places to which it may be moved."""
    folder = cohort / _PART / uuid.uuid4().hex
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def _move(folder: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.rename(folder, target)


def _write_over(cohort: Path, path: Path, data: bytes) -> None:
    part = _write_part(cohort, {path.name: data})
    os.replace(part / path.name, path)


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
