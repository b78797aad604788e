"""Too much: of output, memory, processes, disk. It is bounded and said, and the batch goes on."""

from pathlib import Path

from autograder.result import Result
from autograder.score import ERROR
from tests.hostile.case import Case, ends, own_cell

MAX_BYTES = 6 * 2**20


def stays_small(cohort: Path, result: Result) -> None:
    """What is kept of it is bounded."""
    for path in (
        cohort / "autograded" / result.student / "waits" / "waits.ipynb",
        cohort / "feedback" / result.student / "waits" / "waits.html",
    ):
        assert path.stat().st_size < MAX_BYTES, path


def shows_much(name: str, about: str, text: str) -> Case:
    """Return a case whose answers are right, and which shows too much."""
    return Case(name, about, change=own_cell(text), check=stays_small)


BOMB = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
THREADS = """
import threading, time
try:
    while True:
        threading.Thread(target=time.sleep, args=(98765,), daemon=True).start()
except RuntimeError:
    raise
"""
FILL = """
number = 0
while True:
    with open(f"fill-{number}", "wb") as file:
        for _ in range(100):
            file.write(bytes(2**20))
    number += 1
"""
SHARED = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for number in range(2000):
    place = libc.shmget(0x5EED0000 + number, 64 * 2**20, 0o1666)
    if place < 0:
        raise OSError(ctypes.get_errno(), "no more shared memory")
"""

CASES = (
    shows_much("prints-50-megabytes", "In one piece.", "print('x' * 50_000_000)"),
    shows_much("prints-a-million-lines", "In many pieces.", "for number in range(1_000_000):\n    print(number)"),
    shows_much("prints-to-stderr", "The other stream.", "import sys\nsys.stderr.write('y' * 50_000_000)"),
    shows_much("shows-a-huge-value", "As a cell's last value.", "'z' * 50_000_000"),
    shows_much("shows-huge-html", "As a page.", "from IPython.display import HTML\nHTML('<b>' * 10_000_000)"),
    shows_much("shows-many-things", "As fifty thousand outputs.", "for number in range(50_000):\n    display(number)"),
    shows_much("shows-from-below", "A child writes past Python.", "import os\nos.system('head -c 50000000 /dev/zero')"),
    Case(
        "fails-with-a-huge-message",
        "The exception's words are 50 MB.",
        {"report": "raise ValueError('w' * 50_000_000)"},
        points={"report": 0.0},
        outcomes={"report": ERROR},
        check=stays_small,
    ),
    Case(
        "fails-the-judge-with-a-huge-message",
        "The function raises 20 MB of words.",
        {"mean-wait": "def mean_wait(minutes):\n    raise ValueError('w' * 20_000_000)"},
        points={"mean-wait": 0.0},
        check=stays_small,
    ),
    ends("takes-all-memory", "In one piece.", "x = bytearray(3 * 2**30)\nx[::4096] = b'1' * len(x[::4096])"),
    ends("takes-all-memory-bit-by-bit", "In pieces.", "x = []\nwhile True:\n    x.append(bytearray(b'1') * 2**24)", message="memory"),
    ends(
        "takes-all-memory-with-children",
        "Each of them takes a part.",
        "import os, time\nfor _ in range(8):\n    if not os.fork():\n        x = bytearray(b'1') * (400 * 2**20)\n        time.sleep(60)\n        os._exit(0)\ntime.sleep(60)",
        message="memory",
    ),
    ends(
        "takes-all-shared-memory",
        "In /dev/shm, which is memory.",
        "with open('/dev/shm/fill', 'wb') as file:\n    while True:\n        file.write(bytes(2**20))",
    ),
    ends("takes-all-system-v-memory", "In segments that outlive processes.", SHARED),
    ends("fork-bomb", "The plain one.", BOMB, message="processes"),
    ends("fork-bomb-of-shells", "By a shell.", "import os\nos.system('b() { b | b & }; b; sleep 60')", message="processes"),
    ends("starts-threads-without-end", "Until no more can be started.", THREADS),
    ends("fills-the-disk", "In big files.", FILL),
    ends("fills-the-disk-with-one-file", "Until it may not grow.", "with open('one', 'wb') as f:\n    while True:\n        f.write(bytes(2**24))"),
    ends("makes-a-million-files", "Until there is no room for names.", "for n in range(10**6):\n    open(f'n{n}', 'w').close()"),
    ends("opens-every-file", "Until no more can be opened.", "files = []\nwhile True:\n    files.append(open('waits.csv'))"),
    ends("recurses", "Python's own limit.", "def f():\n    return f()\nf()", outcome=ERROR, message="RecursionError"),
    Case(
        "returns-too-much-to-the-judge",
        "The function's answer is 3 GB, bit by bit.",
        {"mean-wait": "def mean_wait(minutes):\n    return 3 if minutes == [2, 4] else 'x' * 10**9 * 1"},
        points={"mean-wait": 10.0},
    ),
    Case(
        "answers-the-judge-without-end",
        "The function writes into every socket that it has, and never a line's end.",
        {
            "mean-wait": "import os, stat\n\ndef mean_wait(minutes):\n    if minutes == [2, 4]:\n        return 3\n"
            "    ends = [n for n in map(int, os.listdir('/proc/self/fd')) if n > 2 and os.path.exists(f'/proc/self/fd/{n}')"
            " or n > 2]\n    while True:\n        for n in ends:\n            try:\n                os.write(n, b'x' * 2**20)\n"
            "            except OSError:\n                pass"
        },
        points={"mean-wait": 10.0},
    ),
    Case(
        "leaves-a-deep-report",
        "JSON that is nested a hundred thousand deep.",
        {"report": 'report = 0\nPath("report.json").write_text("[" * 100_000 + "]" * 100_000)'},
        points={"report": 0.0},
    ),
    Case(
        "leaves-an-endless-report",
        "The report is a link to a device that never ends.",
        {"report": 'import os\nreport = 0\nos.symlink("/dev/zero", "report.json")'},
        points={"report": 0.0},
    ),
    Case(
        "fills-the-disk-and-goes-on",
        "The disk is full when the judge comes: what was written before counts.",
        change=own_cell("try:\n    n = 0\n    while True:\n        Path(f'f{n}').write_bytes(bytes(100 * 2**20))\n        n += 1\nexcept OSError:\n    pass", "by-station"),
    ),
)  # fmt: skip
