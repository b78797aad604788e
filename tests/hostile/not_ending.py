"""Not ending: it is timed out at that exercise, and the rest is graded."""

from autograder.score import TIMED_OUT
from tests.hostile.case import Case, ends, never_ends, own_cell

STUBBORN = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
CALLED = "import time\n\ndef mean_wait(minutes):\n    "

CASES = (
    never_ends("loops", "The plain loop.", "while True:\n    pass"),
    never_ends("sleeps", "Sleeps past the limit.", "import time\ntime.sleep(3600)"),
    never_ends("loops-and-catches-interrupts", "Goes on when it is interrupted.", STUBBORN),
    never_ends(
        "ignores-signals",
        "Switches interrupts off.",
        "import signal\nfor n in (2, 15):\n    signal.signal(n, signal.SIG_IGN)\nwhile True:\n    pass",
    ),
    never_ends("computes-without-end", "One operation, which no signal interrupts.", "7 ** 10 ** 9"),
    never_ends("waits-for-itself", "A deadlock.", "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"),
    never_ends("awaits-for-ever", "A future that nobody fulfils.", "import asyncio\nawait asyncio.Event().wait()"),
    never_ends("stops-itself", "Its own kernel is stopped, not ended.", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
    never_ends("waits-for-a-program", "The program takes a day.", 'import subprocess\nsubprocess.run(["sleep", "98765"])'),
    never_ends("prints-for-ever", "A flood that does not end.", "while True:\n    print('still here')"),
    ends("asks-for-input", "Nobody is there to answer.", 'report = input("your report: ")'),
    ends("starts-the-debugger", "Nobody is there to debug.", "breakpoint()\nraise ValueError"),
    Case(
        "spins-in-a-thread",
        "A daemon thread spins on; the answers are right.",
        {},
        own_cell("import threading\n\ndef spin():\n    while True:\n        pass\n\nthreading.Thread(target=spin, daemon=True).start()"),
    ),
    Case(
        "spins-in-a-thread-that-is-no-daemon",
        "The interpreter would wait for it when it ends.",
        {},
        own_cell("import threading, time\nthreading.Thread(target=lambda: time.sleep(98765)).start()"),
    ),
    Case(
        "sleeps-when-called",
        "The function never returns: in the notebook, and in the judge's room.",
        {"mean-wait": CALLED + "time.sleep(3600)"},
        points={"mean-wait": 0.0},
        outcomes={"mean-wait": TIMED_OUT},
    ),
    Case(
        "sleeps-only-when-judged",
        "It is right in the notebook, and never returns to the judge.",
        {"mean-wait": CALLED + "time.sleep(0 if minutes == [2, 4] else 3600)\n    return 3"},
        points={"mean-wait": 10.0},
        messages={"mean-wait": ""},
    ),
    Case(
        "waits-at-exit",
        "A handler that runs when the kernel ends takes a day.",
        {},
        own_cell("import atexit, time\natexit.register(time.sleep, 98765)"),
    ),
    Case(
        "blocks-the-judge-with-a-pipe",
        "The report is a pipe that nobody writes to: who opens it waits.",
        {"report": 'import os\nreport = 0\nPath("report.json").unlink(missing_ok=True)\nos.mkfifo("report.json")'},
        points={"report": 0.0},
    ),
)
