"""What somebody handed over is read with care: each hostile zip has a clear result, and nothing is written anywhere."""

import io
import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import bundle
from autograder.bundle import open_bundle, open_zip
from autograder.errors import Problem
from autograder.submitted import Refused

Entry = tuple[str | zipfile.ZipInfo, bytes]


def make_zip(*entries: Entry, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip with these entries, as they are."""
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w", method) as archive:
        warnings.simplefilter("ignore")  # a name that stands twice is what some of these show
        for name, content in entries:
            archive.writestr(name, content)
    return data.getvalue()


def link(name: str, target: str) -> Entry:
    """Return an entry that is a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info, target.encode()


def bomb(declared: int | None = None) -> bytes:
    """Return a zip of 60 MiB of nothing; `declared` is what its list says instead."""
    data = bytearray(make_zip(("lab.ipynb", bytes(60 * 2**20))))
    if declared is not None:
        for start, place in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
            at = data.index(start)
            data[at + place : at + place + 4] = struct.pack("<L", declared)
    return bytes(data)


def encrypted() -> bytes:
    """Return a zip whose entry says that it is encrypted."""
    data = bytearray(make_zip(("lab.ipynb", b"{}")))
    for start, place in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        data[data.index(start) + place] |= 1
    return bytes(data)


def renamed(old: bytes, new: bytes, *entries: Entry) -> bytes:
    """Return a zip in which a name is replaced, byte by byte: some names no zipfile writes."""
    assert len(old) == len(new)
    return make_zip(*entries).replace(old, new)


def ratio() -> bytes:
    """Return a zip that is within every size, and swells a thousandfold."""
    return make_zip(("lab.ipynb", bytes(20 * 2**20)))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "path-traversal": (lambda: make_zip(("../../escaped.ipynb", b"{}")), "leads out of the zip"),
    "path-traversal-inside": (lambda: make_zip(("lab/../../escaped.ipynb", b"{}")), "leads out of the zip"),
    "absolute-path": (lambda: make_zip(("/etc/escaped.ipynb", b"{}")), "is absolute"),
    "drive-letter": (lambda: make_zip(("C:/escaped.ipynb", b"{}")), "is absolute"),
    "backslashes": (lambda: renamed(b"a/b.ipynb", b"a\\b.ipynb", ("a/b.ipynb", b"{}")), "not written with slashes"),
    "link": (lambda: make_zip(link("lab.ipynb", "/etc/passwd")), "is a link"),
    "stands-twice": (lambda: make_zip(("lab.ipynb", b"{}"), ("lab.ipynb", b"[]")), "stands twice"),
    "encrypted": (encrypted, "is encrypted"),
    "declared-bomb": (bomb, "unpacks to 60 MiB"),
    "ratio-bomb": (ratio, "more than 200 times its size"),
    "packed-otherwise": (lambda: make_zip(("lab.ipynb", b"{}"), method=zipfile.ZIP_BZIP2), "a way that is not opened"),
    "many-files": (lambda: make_zip(*((f"{n}.txt", b"") for n in range(2001))), "more than 2000 files"),
    "line-break-in-a-name": (lambda: make_zip(("la\nb.ipynb", b"{}")), "characters that no name needs"),
    "torn": (lambda: make_zip(("lab.ipynb", b"{}" * 500))[:-30], "is no whole zip"),
    "no-zip": (lambda: b"%PDF-1.7", "is no whole zip"),
    "empty": (lambda: b"", "is no whole zip"),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_hostile_zip_is_refused_with_a_reason(fault: str) -> None:
    """Before a byte of it is unpacked."""
    make, reason = HOSTILE[fault]
    with pytest.raises(Refused, match=reason):
        open_zip(make())


LYING: dict[str, tuple[Callable[[], bytes], str]] = {
    "says-it-is-small": (lambda: bomb(declared=100), "cannot be read from the zip"),
    "other-bytes": (lambda: make_zip(("lab.ipynb", b"{}"), method=zipfile.ZIP_STORED).replace(b"{}", b"[]"), "cannot be read"),
}


@pytest.mark.parametrize("fault", LYING)
def test_a_zip_whose_list_lies_is_found_out_when_it_is_read(fault: str) -> None:
    """No more comes out than was declared, and what comes out must be what was packed."""
    make, reason = LYING[fault]
    opened = open_zip(make())
    with pytest.raises(Refused, match=reason):
        opened.items[0].read()


def test_a_long_list_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of a million files takes a gigabyte to read."""
    data = make_zip(*((f"{n}.txt", b"") for n in range(2001)))
    monkeypatch.setattr(bundle.zipfile, "ZipFile", lambda *_: pytest.fail("it was parsed"))
    with pytest.raises(Refused, match="more than 2000 files"):
        open_zip(data)


def test_a_name_that_is_not_utf8_is_left_out_and_the_rest_is_read() -> None:
    """Old programs write names in code pages: no harm is meant, and the notebook is there."""
    data = renamed(b"?bung.png", b"\x9abung.png", ("?bung.png", b"x"), ("lab.ipynb", b"{}"))
    found = open_zip(data)
    assert [item.path for item in found.items] == ["lab.ipynb"]
    assert [(bad.reason, bad.hostile) for bad in found.not_taken] == [("its name is not UTF-8 text", False)]


def test_a_utf8_name_that_is_not_marked_as_one_is_read() -> None:
    """Some programs write UTF-8, and do not say so."""
    name = "übung.ipynb".encode()
    found = open_zip(renamed(b"?" * len(name), name, ("?" * len(name), b"{}")))
    assert [item.path for item in found.items] == ["übung.ipynb"]


def test_what_file_managers_leave_is_no_hand_in() -> None:
    """Folders, macOS's shadows and checkpoints are passed over."""
    names = ("lab/", "lab/lab.ipynb", "__MACOSX/lab/._lab.ipynb", "lab/.ipynb_checkpoints/lab-checkpoint.ipynb", "lab/.DS_Store")
    found = open_zip(make_zip(*((name, b"") for name in names)))
    assert ([item.path for item in found.items], found.not_taken) == (["lab/lab.ipynb"], [])


def test_a_folders_links_are_not_followed(tmp_path: Path) -> None:
    """Neither those of files nor those of folders."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "lab.ipynb").write_text("{}")
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / "lab.ipynb").symlink_to(tmp_path / "secret" / "lab.ipynb")
    (tmp_path / "in" / "bo").symlink_to(tmp_path / "secret")
    with open_bundle(tmp_path / "in") as found:
        assert found.items == []
        assert sorted((bad.path, bad.reason) for bad in found.not_taken) == [("ada/lab.ipynb", "is a link"), ("bo", "is a link")]


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX alone")
def test_a_file_whose_name_is_no_text_is_listed(tmp_path: Path) -> None:
    """It has a place in the list, with question marks."""
    try:
        (tmp_path / os.fsdecode(b"\xff.ipynb")).write_text("{}")
    except OSError:
        pytest.skip("this file system has no such names")
    with open_bundle(tmp_path) as found:
        assert [(bad.path, bad.reason) for bad in found.not_taken] == [("?.ipynb", "its path is not UTF-8 text")]


def test_what_is_neither_folder_nor_zip_is_a_problem(tmp_path: Path) -> None:
    """What, where, what to do."""
    (tmp_path / "half.zip").write_bytes(make_zip(("a.txt", b"x" * 1000))[:-25])
    for name, reason in (("half.zip", "neither a folder nor a whole zip"), ("nowhere.zip", "there is no such file or folder")):
        with pytest.raises(Problem, match=reason), open_bundle(tmp_path / name):
            pass
