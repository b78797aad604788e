"""Not a notebook: it is matched where it is plain, else there is a state and a reason, and no other submission is held up."""

import json
import os
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

from nbformat import NotebookNode, convert, writes

from autograder.notebook import write_notebook
from autograder.result import GRADED, MISSING, UNREADABLE
from tests.hostile.case import Case, Change


def whole(data: bytes) -> Change:
    """Return a change to these bytes."""
    return lambda notebook: data


def truncated(notebook: NotebookNode) -> bytes:
    data = write_notebook(notebook)
    return data[: len(data) // 2]


def old(notebook: NotebookNode) -> bytes:
    return writes(convert(notebook, 3), version=3).encode()


def with_bom(notebook: NotebookNode) -> bytes:
    return b"\xef\xbb\xbf" + write_notebook(notebook)


def utf16(notebook: NotebookNode) -> bytes:
    return write_notebook(notebook).decode().encode("utf-16")


def in_windows(notebook: NotebookNode) -> bytes:
    return write_notebook(notebook).replace(b"\n", b"\r\n")


def surrogates(notebook: NotebookNode) -> bytes:
    """Half a character, in a comment."""
    notebook.cells[-1].source += " HALF"
    notebook.metadata["name"] = "HALF"
    return write_notebook(notebook).replace(b"HALF", b"\\ud800")


def of_the_future(notebook: NotebookNode) -> bytes:
    found = json.loads(write_notebook(notebook))
    return json.dumps({**found, "nbformat": 4, "nbformat_minor": 99, "new": {}}).encode()


def too_new(notebook: NotebookNode) -> bytes:
    return json.dumps({**json.loads(write_notebook(notebook)), "nbformat": 7}).encode()


def deep(notebook: NotebookNode) -> bytes:
    found = json.loads(write_notebook(notebook))
    found["metadata"]["deep"] = "DEEP"
    return json.dumps(found).encode().replace(b'"DEEP"', b"[" * 100_000 + b"]" * 100_000)


def climbing_zip(path: Path) -> None:
    """Write a zip whose entries climb out of the folder, one of which is a link."""
    with ZipFile(path, "w") as archive:
        for name in ("../../../climbed.txt", "/tmp/climbed.txt", "waits.ipynb"):
            archive.writestr(name, "climbed")
        link = ZipInfo("link.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")


def hands_in(name: str, about: str, change: Change, state: str = UNREADABLE, reason: str = "", **more: Any) -> Case:
    """Return a case that is handed in as something else than a notebook."""
    return Case(f"hands-in-{name}", about, {}, change, state=state, reason=reason, **more)


NOT_ONE = "not a notebook"
BRACKETS = b"[" * 200_000
CASES = (
    hands_in("an-empty-file", "Nothing in it.", whole(b""), reason=NOT_ONE),
    hands_in("half-a-notebook", "The upload broke off.", truncated, reason=NOT_ONE),
    hands_in("a-pdf", "A PDF by a notebook's name.", whole(b"%PDF-1.7\n\xff\xfe"), reason=NOT_ONE),
    hands_in("a-page", "What a server says to who is not logged in.", whole(b"<!DOCTYPE html><title>Log in</title>"), reason=NOT_ONE),
    hands_in("null", "JSON, and nothing.", whole(b"null"), reason=NOT_ONE),
    hands_in("a-list", "JSON, of another kind.", whole(b"[1, 2]"), reason=NOT_ONE),
    hands_in("a-text", "JSON, of another kind.", whole(b'"notebook"'), reason=NOT_ONE),
    hands_in("no-cells-at-all", "An object without cells.", whole(b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}'), reason=NOT_ONE),
    hands_in("cells-of-text", "Cells that are none.", whole(b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ["x", 3]}'), reason=NOT_ONE),
    hands_in("a-huge-number", "A number of a million digits.", whole(b'{"nbformat": 4, "cells": ' + b"9" * 10**6 + b"}"), reason=NOT_ONE),
    hands_in("nested-brackets", "Nested deeper than a parser goes.", whole(BRACKETS), reason=NOT_ONE),
    hands_in("deep-metadata", "A notebook with metadata as deep.", deep, reason=NOT_ONE),
    hands_in("utf-16", "Another encoding.", utf16, reason="UTF-8"),
    hands_in("zeros", "A file of zeros.", whole(bytes(10**6)), reason=NOT_ONE),
    hands_in("60-megabytes", "Larger than is read.", whole(b" " * (60 * 2**20)), reason="larger than"),
    hands_in("nbformat-7", "A format that there is not.", too_new, reason=""),
    hands_in("nbformat-3", "A format of 2013: cells are found.", old, GRADED),
    hands_in("nbformat-4-99", "A minor version of the future.", of_the_future, GRADED),
    hands_in("lines-of-windows", "Carriage returns.", in_windows, GRADED),
    hands_in("half-a-character", "Which JSON can hold, and UTF-8 cannot.", surrogates, GRADED),
    hands_in(
        "a-byte-order-mark",
        "What Windows' editors put first: JSON's standard lets a reader ignore it.",
        with_bom,
        GRADED,
    ),
    hands_in("lab-1", "As a browser names a second download.", lambda notebook: None, GRADED, notebook="waits (1).ipynb"),
    hands_in("another-name", "One notebook, by another name.", lambda notebook: None, GRADED, notebook="My Homework – final.ipynb"),
    hands_in("a-name-in-capitals", "As some file systems write it.", lambda notebook: None, GRADED, notebook="WAITS.ipynb"),
    Case("hands-in-two-notebooks", "The one with the right name counts.", files={"waits-old.ipynb": b"{}"}),
    Case("hands-in-two-notebooks-with-other-names", "Nobody knows which.", files={"b.ipynb": b"{}"}, notebook="a.ipynb", state=UNREADABLE, reason="which of these"),
)  # fmt: skip


def _link_out(folder: Path, places: dict[str, str]) -> None:
    (folder / "waits.ipynb").symlink_to(places["SECRET_FILE"])


def _link_to_another(folder: Path, places: dict[str, str]) -> None:
    (folder / "waits.ipynb").symlink_to(f"{places['COHORT']}/submitted/victim/waits/waits.ipynb")


def _link_to_source(folder: Path, places: dict[str, str]) -> None:
    (folder / "waits.ipynb").symlink_to("../../../source/waits/waits.ipynb")


def _link_to_itself(folder: Path, places: dict[str, str]) -> None:
    (folder / "waits.ipynb").symlink_to("waits.ipynb")


def _link_to_nothing(folder: Path, places: dict[str, str]) -> None:
    (folder / "waits.ipynb").symlink_to("/nowhere")


def _device(folder: Path, places: dict[str, str]) -> None:
    (folder / "waits.ipynb").symlink_to("/dev/zero")


def _pipe(folder: Path, places: dict[str, str]) -> None:
    os.mkfifo(folder / "waits.ipynb")


def _folder(folder: Path, places: dict[str, str]) -> None:
    (folder / "waits.ipynb" / "waits.ipynb").mkdir(parents=True)


def _folder_link(folder: Path, places: dict[str, str]) -> None:
    folder.rmdir()
    folder.symlink_to(f"{places['COHORT']}/submitted/victim/waits")


def _student_link(folder: Path, places: dict[str, str]) -> None:
    folder.rmdir()
    folder.parent.rmdir()
    folder.parent.symlink_to(f"{places['COHORT']}/submitted/victim")


def _zip(folder: Path, places: dict[str, str]) -> None:
    climbing_zip(folder / "waits.zip")


def _zip_as_notebook(folder: Path, places: dict[str, str]) -> None:
    climbing_zip(folder / "waits.ipynb")


def _nothing(folder: Path, places: dict[str, str]) -> None:
    pass


def _file_for_folder(folder: Path, places: dict[str, str]) -> None:
    folder.rmdir()
    folder.write_bytes(b"{}")


LEADS_OUT, NO_FILE = "leads out of its folder", "not a file"
PLACED = {  # what is handed in is no bytes of a file: how it is made, its state, its reason
    "hands-in-a-link-out": (_link_out, UNREADABLE, LEADS_OUT),
    "hands-in-a-link-to-anothers": (_link_to_another, UNREADABLE, LEADS_OUT),
    "hands-in-a-link-to-the-source": (_link_to_source, UNREADABLE, LEADS_OUT),
    "hands-in-a-link-to-itself": (_link_to_itself, UNREADABLE, "link"),
    "hands-in-a-link-to-nothing": (_link_to_nothing, UNREADABLE, "link"),
    "hands-in-a-link-to-a-device": (_device, UNREADABLE, LEADS_OUT),
    "hands-in-a-pipe": (_pipe, UNREADABLE, NO_FILE),
    "hands-in-a-folder": (_folder, UNREADABLE, NO_FILE),
    "hands-in-a-link-for-a-folder": (_folder_link, UNREADABLE, "is a link"),
    "hands-in-a-link-for-the-learner": (_student_link, UNREADABLE, "is a link"),
    "hands-in-a-zip-that-climbs": (_zip, MISSING, "no notebook"),
    "hands-in-a-zip-as-a-notebook": (_zip_as_notebook, UNREADABLE, NOT_ONE),
    "hands-in-an-empty-folder": (_nothing, MISSING, "no notebook"),
    "hands-in-a-file-for-the-folder": (_file_for_folder, MISSING, "nothing was handed in"),
}
