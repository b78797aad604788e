"""What a lab tries to do outside its own folder, noted from inside its Python processes. Copied as `sitecustomize.py` for `check`.

An audit hook: connections beyond loopback are refused and noted; files opened for writing outside the lab's, its HOME and its
temporary folder are noted. It sees Python's own calls only, and does not stop code that means harm: the sandbox does that.
"""

import os
import sys
from typing import Any

_folder = os.environ.get("AUTOGRADER_GUARD", "")
_LOCAL = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.")


def _note(text: str) -> None:
    descriptor = os.open(os.path.join(_folder, "guard.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, (text.replace("\n", " ") + "\n").encode())
    os.close(descriptor)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOCAL):
            _note(f"network {address[0]}:{address[1]}")
            raise PermissionError(f"labs stay on this machine: {address[0]}:{address[1]} is not on loopback")
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
        if host and not host.startswith(_LOCAL) and host != os.uname().nodename:
            _note(f"network {host}:{args[1]}")
            raise PermissionError(f"labs stay on this machine: {host} is not on loopback")
    elif event == "sqlite3.connect":
        _note_outside(args[0])
    elif event == "open":
        path, _, flags = args
        if isinstance(path, (str, bytes)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _note_outside(path)


def _note_outside(path: str | bytes) -> None:
    full = os.path.realpath(os.fsdecode(path))
    if not full.startswith((_folder + os.sep, "/dev/", "/proc/")) and not str(path).startswith((":memory:", "file::memory:")):
        _note(f"wrote {full}")


if _folder:
    _folder = os.path.realpath(_folder)
    sys.addaudithook(_hook)
