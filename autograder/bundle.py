"""Files that somebody handed over: a folder or a zip, listed and read with care. Nothing is unpacked, no link is followed.

A zip is taken for hostile until it is read: its list is bounded before it is parsed, each file's size is bounded by what is declared
and by what comes out, and only the two common ways of packing are opened (others may swell without a bound while they are read).
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.errors import Problem
from autograder.submitted import MAX_BYTES, Refused, read_inside

MAX_FILES = 2_000
MAX_ALL_FILES = 200_000
MAX_ALL_BYTES = 200 * 2**20
MAX_RATIO = 200
RATIO_FROM_BYTES = 2**20
_JUNK = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")
_LIST_BYTES_A_FILE = 512
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_TORN = (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError, ValueError, struct.error)


@dataclass(frozen=True)
class Item:
    """A file: its path with slashes, when it was changed (None where that says nothing), and how to read it, which may raise Refused."""

    path: str
    read: Callable[[], bytes]
    changed: datetime | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class NotTaken:
    """A file that is not read, and why. `hostile`: no honest program packs it."""

    path: str
    reason: str
    hostile: bool = True


@dataclass(frozen=True)
class Bundle:
    """The files of a folder or a zip, in the order of their paths."""

    items: list[Item]
    not_taken: list[NotTaken]


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Give the files of a folder, or of a zip with whatever a learning platform packs. Raises Problem where it is neither."""
    if path.is_dir():
        yield _list_folder(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise Problem(path, "there is no such file or folder", "check the path") from None
    except _TORN as error:
        raise Problem(path, f"is neither a folder nor a whole zip ({error})", "download it again") from None
    with archive:
        yield list_zip(archive, MAX_ALL_FILES)


def open_zip(data: bytes) -> Bundle:
    """Return the files of a zip that a learner made. Raises Refused where it is none, too much, or hostile in any of its names."""
    try:
        _look_at_list(data)
        archive = zipfile.ZipFile(io.BytesIO(data))
        bundle = list_zip(archive, MAX_FILES)
    except _TORN as error:
        raise Refused(f"is no whole zip ({error})") from None
    if len(bundle.items) + len(bundle.not_taken) > MAX_FILES:
        raise Refused(f"holds more than {MAX_FILES} files")
    for bad in bundle.not_taken:
        if bad.hostile:
            raise Refused(f"{bad.path}: {bad.reason}")
    declared = sum(info.file_size for info in archive.infolist())
    if declared > MAX_ALL_BYTES:
        raise Refused(f"unpacks to {declared / 2**20:.0f} MiB, more than {MAX_ALL_BYTES // 2**20}")
    return bundle


def list_zip(archive: zipfile.ZipFile, most: int) -> Bundle:
    """Return the files of an open zip, of which `most` are looked at; what is odd is listed as not taken. Folders and junk are left out."""
    found: dict[str, Item] = {}
    not_taken = []
    infos = archive.infolist()
    for info in infos[:most]:
        name, reason = _decode(info)
        if reason:
            not_taken.append(NotTaken(name, reason, hostile=False))
        elif why := _why_hostile(name, info):
            not_taken.append(NotTaken(_shown(name), why))
        elif not (info.is_dir() or _is_junk(name)):
            path = str(PurePosixPath(name))
            if path in found:
                not_taken.append(NotTaken(path, "stands twice in the zip"))
            found[path] = Item(path, partial(_read_entry, archive, info))
    if len(infos) > most:
        not_taken.append(NotTaken(f"{len(infos) - most} more", f"the zip holds more than {most} files"))
    twice = {bad.path for bad in not_taken}
    return Bundle([found[path] for path in sorted(found) if path not in twice], not_taken)


def _list_folder(folder: Path) -> Bundle:
    items: list[Item] = []
    not_taken: list[NotTaken] = []

    def unreadable(error: OSError) -> None:
        not_taken.append(NotTaken(_shown(os.path.relpath(error.filename, folder)), "cannot be read", hostile=False))

    for where, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not _is_junk(name))
        for name in [*folders, *sorted(names)]:
            path = Path(where, name)
            real = path.relative_to(folder).as_posix()
            shown = _shown(real)
            if path.is_symlink():
                not_taken.append(NotTaken(shown, "is a link"))
            elif name in folders or _is_junk(name):
                continue
            elif real != shown:
                not_taken.append(NotTaken(shown, "its path is not UTF-8 text", hostile=False))
            elif not path.is_file():
                not_taken.append(NotTaken(shown, "is not a file"))
            else:
                items.append(Item(shown, partial(read_inside, path, folder), datetime.fromtimestamp(path.stat().st_mtime, UTC)))
    return Bundle(sorted(items, key=lambda item: item.path), not_taken)


def _decode(info: zipfile.ZipInfo) -> tuple[str, str]:
    """Return the entry's name and, where it is no text, why: an unmarked name is UTF-8 or nothing (zipfile reads it as code page 437)."""
    name = info.orig_filename
    if info.flag_bits & _UTF8_FLAG or name.isascii():
        return name, ""
    try:
        return name.encode("cp437").decode("utf-8"), ""
    except UnicodeError:
        return _shown(name), "its name is not UTF-8 text"


def _why_hostile(name: str, info: zipfile.ZipInfo) -> str:
    parts = name.rstrip("/").split("/")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name.startswith("/") or "\\" in name or (len(name) > 1 and name[1] == ":"):
        return "its path is absolute, or not written with slashes"
    if ".." in parts or "" in parts or "." in parts:
        return "its path leads out of the zip, or in circles"
    if any(not character.isprintable() for character in name) or len(name) > 1000:
        return "its name holds characters that no name needs, or too many"
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return "is a link or a device"
    if info.flag_bits & _ENCRYPTED_FLAG:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is packed in a way that is not opened (method {info.compress_type})"
    if info.file_size > MAX_BYTES:
        return f"unpacks to {info.file_size / 2**20:.0f} MiB, more than {MAX_BYTES // 2**20}"
    if info.file_size > RATIO_FROM_BYTES and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        return f"unpacks to more than {MAX_RATIO} times its size"
    return ""


def _read_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as file:
            data = _read_at_most(file, MAX_BYTES)
    except _TORN as error:
        raise Refused(f"cannot be read from the zip ({str(error)[:200]})") from None
    if len(data) != info.file_size:
        raise Refused("is not as long as the zip says")
    return data


def _read_at_most(file: IO[bytes], most: int) -> bytes:
    data = file.read(most + 1)
    if len(data) > most:
        raise Refused(f"is larger than {most // 2**20} MiB")
    return data


def _look_at_list(data: bytes) -> None:
    """Raise Refused where the zip's list of files is longer than MAX_FILES need: before it is read, which takes memory for each."""
    end = data.rfind(b"PK\5\6", max(0, len(data) - 22 - 2**16))
    if end < 0 or len(data) < end + 22:
        raise zipfile.BadZipFile("its end is missing")
    *_, entries, size, _, _ = struct.unpack("<4s4H2LH", data[end : end + 22])
    if entries > MAX_FILES or size > MAX_FILES * _LIST_BYTES_A_FILE or data[max(0, end - 20) : end].startswith(b"PK\6\7"):
        raise Refused(f"holds more than {MAX_FILES} files, or names that are too long")


def _is_junk(path: str) -> bool:
    """Return whether file managers and notebook servers left it: nobody hands it in."""
    parts = path.rstrip("/").split("/")
    return any(part in _JUNK for part in parts) or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini") or parts[-1].startswith("._")


def _shown(name: str) -> str:
    """Return the name with a `?` for what is no text or is not printed."""
    text = name.encode("utf-8", "replace").decode()
    return "".join(character if character.isprintable() else "?" for character in text)[:300]
