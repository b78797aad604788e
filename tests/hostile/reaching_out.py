"""Reaching out: of the sandbox, for what is the grader's or other people's. It is not there."""

from pathlib import Path

from autograder.result import Result
from tests.hostile.case import Case, executed, own_cell

PROBE = """
import os
tried = []

def attempt(what, *args, **kwargs):
    try:
        found = what(*args, **kwargs)
        tried.append(("REACHED", repr(args)[:80], repr(found)[:2000]))
    except BaseException as error:
        tried.append(("no", repr(args)[:80], type(error).__name__))

"""
SAY = "\nprint(len(tried), 'attempts')\nfor line in tried:\n    print(*line)\n"


def all_refused(cohort: Path, result: Result) -> None:
    """Every attempt was made, and none of them came to anything."""
    said = "".join(
        "".join(o.get("text", ""))
        for cell in executed(cohort, result).cells
        for o in cell.get("outputs", [])
        if o["output_type"] == "stream"
    )
    assert " attempts" in said, said[:500]
    assert "REACHED" not in said, [line for line in said.splitlines() if line.startswith("REACHED")]


def probes(name: str, about: str, text: str) -> Case:
    """Return a case with right answers whose own cell makes attempts."""
    return Case(name, about, change=own_cell(PROBE + text + SAY), check=all_refused)


CASES = (
    probes(
        "opens-the-gradebook",
        "Reads and writes everybody's points.",
        """
import sqlite3
def give(path):
    with sqlite3.connect(path) as database:
        database.execute("UPDATE grade SET manual_score = 100")
        return database.execute("SELECT * FROM student").fetchall()
for path in ("@COHORT@/gradebook.db", "@COHORT@/attempts.db", "@COHORT@/autograder.db", "../gradebook.db", "../../gradebook.db", "/proc/1/cwd/gradebook.db"):
    attempt(give, "file:" + path + "?mode=rw") if False else attempt(open, path, "r+b")
    attempt(open, "/proc/1/root" + path, "r+b")
""",
    ),
    probes(
        "reads-the-source",
        "Solutions and hidden tests lie there.",
        """
for path in ("@COHORT@/source/waits/waits.ipynb", "@COHORT@/source/waits/hidden/truth.json", "@LAB@/lab.py", "@LAB@/hidden/judging.py"):
    attempt(lambda p: open(p).read(), path)
    attempt(lambda p: open(p, "a").write("x"), path)
    attempt(lambda p: open("/proc/self/root" + p).read(), path)
attempt(lambda p: os.listdir(p)[0], "/hidden")
attempt(lambda p: os.listdir(p)[0], "/arena")
""",
    ),
    probes(
        "reads-another-learners-folder",
        "And writes into it.",
        """
for part in ("submitted", "autograded", "feedback"):
    path = "@COHORT@/" + part + "/victim/waits"
    attempt(os.listdir, path)
    attempt(lambda p: open(p + "/waits.ipynb", "a").write("x"), path)
    attempt(os.symlink, "/", path + "/@MARK@")
attempt(lambda p: [n for n in os.listdir(p) if n != "x"][0], "/arena")
""",
    ),
    probes(
        "reads-the-environment",
        "Of its own process, and of all that it sees.",
        """
import glob
def look(path):
    text = open(path, "rb").read()
    if b"@SECRET_NAME@" in text:
        return text
    raise LookupError
attempt(lambda n: os.environ[n], "@SECRET_NAME@")
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/task/*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    attempt(look, path)
attempt(lambda c: __import__("subprocess").check_output(c, shell=True), "env | grep @SECRET_NAME@")
""",
    ),
    probes(
        "reads-home-and-tmp",
        "The grader's home, and what lies in the host's temporary folder.",
        """
for path in ("@SECRET_FILE@", "@HOME@/secret.txt", "/etc/shadow", "/root/.ssh/id_rsa", "/etc/hostname", "/etc/machine-id", "/var/run/docker.sock", "/dev/sda", "/dev/vda", "/dev/mem", "/dev/kmsg"):
    attempt(lambda p: open(p, "rb").read(100), path)
for path in ("@HOME@/@MARK@", "/etc/@MARK@", "/usr/@MARK@", "/@MARK@", "/var/tmp/@MARK@", os.path.dirname(os.__file__) + "/@MARK@", os.path.dirname(pd.__file__) + "/@MARK@"):
    attempt(lambda p: open(p, "w"), path)
import autograder.canary
attempt(lambda p: open(p, "a").write("\\nTAMPERED = 1"), autograder.canary.__file__)
attempt(os.listdir, "@HOME@")
attempt(os.listdir, "/home")
""",
    ),
    probes(
        "writes-over-the-hosts-tmp",
        "Its own /tmp is not the host's.",
        "open('/tmp/@MARK@', 'w').write('x')\nos.makedirs('@TMP@', exist_ok=True)\nopen('@TMP@/@MARK@', 'w').write('x')\nopen('/dev/shm/@MARK@', 'w').write('x')\nattempt(lambda p: open(p).read(), '@SECRET_FILE@')",
    ),
    probes(
        "looks-for-other-processes",
        "The grader, its parent, other learners' kernels.",
        """
import signal
others = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
attempt(lambda pids: [p for p in pids if p not in (1, os.getpid(), os.getppid()) and os.readlink(f"/proc/{p}/exe") and p < 0][0], others)
for pid in (@PID@, @PARENT@):
    attempt(lambda p: os.kill(p, 0) if p > 1000 else 1 / 0, pid)
    attempt(lambda p: os.listdir(f"/proc/{p}/fd") if p > 1000 else 1 / 0, pid)
for path in ("/proc/1/root/arena", "/proc/1/root/etc/shadow", "/proc/1/cwd/@MARK@", "/proc/1/mem", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/fs/cgroup/cgroup.procs", "/proc/kcore"):
    attempt(lambda p: open(p, "r+b").write(b"x"), path)
""",
    ),
    probes(
        "connects-to-the-host",
        "Its loopback, its abstract sockets, its Unix sockets, the world.",
        """
import socket, urllib.request
def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as s:
        s.settimeout(0.5)
        s.connect(address)
        s.send(b"@MARK@")
        return "connected"
hosts = ["127.0.0.1", "localhost", "0.0.0.0", "10.0.2.2", "172.17.0.1", "192.168.0.1", "169.254.169.254", "1.1.1.1"]
for host in hosts:
    attempt(connect, socket.AF_INET, (host, @PORT@))
attempt(connect, socket.AF_INET, ("1.1.1.1", 53), socket.SOCK_DGRAM)
attempt(connect, socket.AF_INET6, ("::1", @PORT@))
attempt(connect, socket.AF_UNIX, "\\0@ABSTRACT@")
attempt(connect, socket.AF_UNIX, "@UNIX@")
attempt(urllib.request.urlopen, "http://127.0.0.1:@PORT@/", timeout=0.5)
attempt(urllib.request.urlopen, "http://169.254.169.254/latest/meta-data/", timeout=0.5)
attempt(socket.getaddrinfo, "example.org", 80)
attempt(socket.socket, socket.AF_PACKET, socket.SOCK_RAW)
attempt(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1)
""",
    ),
    probes(
        "breaks-out-by-system-calls",
        "Namespaces, mounts, tracing, modules, rights.",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    if getattr(libc, name)(*args) < 0:
        raise OSError(ctypes.get_errno(), name)
    return "done"
attempt(call, "unshare", 0x10000000)
attempt(call, "unshare", 0x00020000)
attempt(call, "mount", b"none", b"/tmp", b"tmpfs", 0, None)
attempt(call, "umount2", b"/hidden", 2)
attempt(call, "chroot", b"/lab")
attempt(call, "ptrace", 16, 1, 0, 0)
attempt(call, "setns", 3, 0)
attempt(call, "setuid", 0) if os.getuid() else None
attempt(os.mknod, "/lab/device", 0o20666, os.makedev(1, 1))
attempt(os.setuid, 0) if os.getuid() else None
attempt(os.nice, -5)
attempt(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
attempt(call, "syscall", 165, b"none", b"/tmp", b"tmpfs", 0, None)
attempt(call, "syscall", 321, 0, 0, 0)
attempt(call, "sethostname", b"mine", 4)
attempt(call, "personality", 0xFFFFFFFE)
tried[:] = [line for line in tried if "personality" not in line[1]]
attempt(lambda f: __import__("subprocess").check_output(f), ["/usr/bin/su", "-c", "id"])
""",
    ),
    probes(
        "opens-handed-down-files",
        "Descriptors that a parent forgot to close.",
        """
import socket, stat
for number in map(int, os.listdir("/proc/self/fd")):
    try:
        target = os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        continue
    if target.startswith("/") and not target.startswith(("/dev/null", "/lab", "/proc", "/tmp", "/dev/", "/learner")):
        attempt(lambda t: t, target)
    for path in ("gradebook.db", "../gradebook.db", "../../../../../etc/shadow", "arena"):
        attempt(lambda n, p: os.close(os.open(p, os.O_RDONLY, dir_fd=n)) or "opened", number, path)
""",
    ),
    probes(
        "uses-the-machines-ipc",
        "Shared memory, semaphores and queues of System V, and of POSIX.",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
segment, semaphores, queue = libc.shmget(@KEY@, 4096, 0o1666), libc.semget(@KEY@, 1, 0o1666), libc.msgget(@KEY@, 0o1666)
open("/dev/shm/@MARK@-posix", "w").write("x")
def see(path):
    lines = open(path).read().splitlines()[1:]
    mine = [line for line in lines if int(line.split()[0]) != @KEY@]
    return mine[0]
for kind in ("shm", "sem", "msg"):
    attempt(see, f"/proc/sysvipc/{kind}")
""",
    ),
)  # fmt: skip
