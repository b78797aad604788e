"""Linux's own walls, for a process that is about to run somebody else's code: namespaces, mounts, limits, no privileges.

Called inside the sandbox by the fork server's children, never by the grader itself. Each function raises OSError where the kernel says no.
"""

import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
from collections.abc import Mapping

NEW_MOUNTS, NEW_IPC, NEW_PIDS, NEW_NET = 0x00020000, 0x08000000, 0x20000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEVICES, BIND, RECURSIVE, PRIVATE, DETACH = 0x1, 0x2, 0x4, 0x1000, 0x4000, 0x40000, 0x2
_SET_DEATH_SIGNAL, _DROP_FROM_BOUNDING_SET, _SET_NO_NEW_PRIVILEGES = 1, 24, 38
_LAST_CAPABILITY = 63
_libc = ctypes.CDLL(None, use_errno=True)


def unshare(kinds: int) -> None:
    """Give this process namespaces of its own; those for processes begin with its next child."""
    _check(_libc.unshare(kinds), "unshare")


def enter(namespace: str) -> None:
    """Enter the namespace that a path in /proc/PID/ns names."""
    with open(namespace) as file:
        _check(_libc.setns(file.fileno(), 0), f"setns {namespace}")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount `source` on `target`."""
    done = _libc.mount(source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None)
    _check(done, f"mount {target}")


def unmount(target: str) -> None:
    """Take what is mounted on `target` away as soon as nobody uses it."""
    _check(_libc.umount2(target.encode(), DETACH), f"umount {target}")


def bring_up_loopback() -> None:
    """Make 127.0.0.1 answer in a new network namespace, which has nothing else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x41))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING


def set_limits(limits: Mapping[str, int]) -> None:
    """Set limits by the names of `resource`, without RLIMIT_ (bytes, seconds or numbers), for this process and all that it starts."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def drop_privileges(user: int | None) -> None:
    """Give up all capabilities for good, also for programs started later, and become `user` (a number), if there is one."""
    for number in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_DROP_FROM_BOUNDING_SET, number, 0, 0, 0) != 0:
            break
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header, none = struct.pack("Ii", 0x20080522, 0), bytes(24)  # _LINUX_CAPABILITY_VERSION_3, this process; two times three empty sets
    _check(_libc.capset(header, none), "capset")
    _check(_libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")


def end_with_parent() -> None:
    """Let this process be killed when the one that started it ends."""
    _check(_libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0), "death signal")


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
