"""Linux's own walls, for a process that is about to run somebody else's code: namespaces, mounts, limits, no privileges.

Called inside the sandbox by the fork server's children, never by the grader itself. Each function raises OSError where the kernel says no.
The filter of system calls is written out here because no kept-up package brings libseccomp to PyPI; it closes the ways to new
namespaces and mounts (with which a process could leave its disk's limits), to other processes' memory, and to parts of the kernel that
no lab needs.
"""

import ctypes
import errno
import fcntl
import functools
import os
import platform
import resource
import signal
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

NEW_MOUNTS, NEW_IPC, NEW_PIDS, NEW_NET = 0x00020000, 0x08000000, 0x20000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEVICES, REMOUNT, BIND, RECURSIVE, PRIVATE, DETACH = 0x1, 0x2, 0x4, 0x20, 0x1000, 0x4000, 0x40000, 0x2
_SET_DEATH_SIGNAL, _SET_SECCOMP, _DROP_FROM_BOUNDING_SET, _SET_NO_NEW_PRIVILEGES = 1, 22, 24, 38
_LAST_CAPABILITY = 63
_NAMESPACES = 0x7E020080  # every CLONE_NEW… flag
_FILTER, _AUDIT = 2, {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS = {  # name: number on x86_64, on aarch64; what no lab needs
    "acct": (163, 89), "add_key": (248, 217), "bpf": (321, 280), "chroot": (161, 51), "clock_settime": (227, 112),
    "delete_module": (176, 106), "finit_module": (313, 273), "fsconfig": (431, 431), "fsmount": (432, 432), "fsopen": (430, 430),
    "init_module": (175, 105), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_uring_setup": (425, 425),
    "kcmp": (312, 272), "kexec_file_load": (320, 294), "kexec_load": (246, 104), "keyctl": (250, 219), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429), "open_by_handle_at": (304, 265),
    "open_tree": (428, 428), "perf_event_open": (298, 241), "pidfd_getfd": (438, 438), "pivot_root": (155, 41),
    "process_madvise": (440, 440), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117),
    "quotactl": (179, 60), "reboot": (169, 142), "request_key": (249, 218), "setns": (308, 268), "swapoff": (168, 225),
    "swapon": (167, 224), "syslog": (103, 116), "umount2": (166, 39), "unshare": (272, 97), "userfaultfd": (323, 282),
}  # fmt: skip
_CLONE, _CLONE3, _X32 = (56, 220), 435, 0x40000000
_HUGE, _COLLAPSE = 2 * 2**20, 25
_libc = ctypes.CDLL(None, use_errno=True)


def unshare(kinds: int) -> None:
    """Give this process namespaces of its own; those for processes begin with its next child."""
    _check(_libc.unshare(kinds), "unshare")


def fork_first() -> int:
    """Fork a child that is process 1 of new namespaces for processes: when it ends, all in them ends. Return what `os.fork` returns."""
    pid = -1
    with open("/proc/self/ns/pid") as own:
        unshare(NEW_PIDS)
        try:
            pid = os.fork()
        finally:
            if pid:
                _check(_libc.setns(own.fileno(), NEW_PIDS), "setns")
    return pid


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


def forbid_calls() -> None:
    """Refuse system calls that no lab needs, with EPERM, for this process and all that it starts. After `drop_privileges`."""
    program = ctypes.create_string_buffer(call_filter())
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(program))
    _check(_libc.prctl(_SET_SECCOMP, _FILTER, head, 0, 0), "seccomp")


@functools.cache
def call_filter() -> bytes:
    """Return the filter of system calls, as a program of Linux's. Raises OSError where none is known for this machine."""
    machine = platform.machine()
    if machine not in _AUDIT:
        raise OSError(errno.ENOSYS, f"no filter of system calls for {machine}; grade on x86_64 or aarch64")
    column = list(_AUDIT).index(machine)
    load, equal, more, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    no, not_there, yes = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS, 0x7FFF0000
    code = [(load, 0, 0, 4), (equal, 1, 0, _AUDIT[machine]), (answer, 0, 0, no), (load, 0, 0, 0)]
    code += [(more, 0, 1, _X32), (answer, 0, 0, no)]
    code += [(equal, 0, 1, _CLONE3), (answer, 0, 0, not_there)]  # its flags lie in memory, out of the filter's sight; libc falls back
    for numbers in _CALLS.values():
        code += [(equal, 0, 1, numbers[column]), (answer, 0, 0, no)]
    code += [(equal, 0, 3, _CLONE[column]), (load, 0, 0, 16), (any_bit, 0, 1, _NAMESPACES), (answer, 0, 0, no), (answer, 0, 0, yes)]
    return b"".join(struct.pack("HBBI", *line) for line in code)


def use_huge_pages() -> None:
    """Bring this process's own memory into huge pages, as far as Linux can (from 6.1): forks copy less, and are freed sooner."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, rights, _, _, inode, *_ = line.split()
        first, last = (int(number, 16) for number in place.split("-"))
        first, last = -(-first // _HUGE) * _HUGE, last // _HUGE * _HUGE
        if first < last and rights.startswith("rw") and inode == "0":
            _libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), _COLLAPSE)


def end_with_parent() -> None:
    """Let this process be killed when the one that started it ends."""
    _check(_libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0), "death signal")


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
