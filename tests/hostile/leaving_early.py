"""Leaving early: an answer ends its kernel before a test can fail. It costs that exercise; later ones are graded, earlier points kept."""

from tests.hostile.case import Case, ends, own_cell

ENDED = "ended the kernel"
ENDS = (
    ("sys-exit", "Leaves with success.", "import sys\nsys.exit(0)", ""),
    ("exit", "Uses the shell's own exit.", "exit()", ENDED),
    ("quit", "Uses the shell's other exit.", "quit", ""),
    ("raise-system-exit", "Raises what sys.exit raises.", "raise SystemExit(0)", ""),
    ("raise-keyboard-interrupt", "Says that somebody pressed a key.", "raise KeyboardInterrupt", ""),
    ("os-exit", "Ends the process with success.", "import os\nos._exit(0)", ENDED),
    ("sigkill", "Kills its own kernel.", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ENDED),
    ("sigterm-to-all", "Ends every process that it sees.", "import os, signal\ntry:\n    os.kill(-1, signal.SIGTERM)\nfinally:\n    os.abort()", ENDED),
    ("sigkill-to-parent", "Kills what started its kernel.", "import os, signal\ntry:\n    os.kill(os.getppid(), signal.SIGKILL)\nfinally:\n    os._exit(0)", ENDED),
    ("sigkill-to-process-1", "Kills the first process that it sees.", "import os, signal\ntry:\n    os.kill(1, signal.SIGKILL)\nfinally:\n    os._exit(0)", ENDED),
    ("segfault", "Reads where nothing is.", "import ctypes\nctypes.string_at(0)", ENDED),
    ("abort", "Aborts.", "import os\nos.abort()", ENDED),
    ("execs-true", "Becomes a program that succeeds.", 'import os\nos.execv("/bin/true", ["true"])', ENDED),
    ("stops-the-event-loop", "Stops what the kernel runs in.", "import asyncio\nasyncio.get_event_loop().stop()\nimport os\nos._exit(0)", ENDED),
    ("stack-overflow", "Recurses without a limit.", "import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    return [].__class__(map(lambda x: f(), [1]))\nf()", ENDED),
    ("closes-every-file", "Closes the kernel's sockets.", "import os\nos.closerange(3, 1024)\nos._exit(0)", ENDED),
)  # fmt: skip
CALLED = "import os\n\ndef mean_wait(minutes):\n    "

CASES = (
    *(ends(f"leaves-by-{name}", about, text, message=message) for name, about, text, message in ENDS),
    ends("leaves-in-the-first-exercise", "Later exercises need a new kernel.", "import os\nos._exit(0)", "mean-wait", message=ENDED),
    ends("leaves-in-the-last-exercise", "Earlier points are kept.", "import os\nos._exit(0)", "late-share", message=ENDED),
    ends("leaves-when-called", "The function ends whoever calls it.", CALLED + "os._exit(0)", "mean-wait"),
    ends("segfaults-when-called", "The function crashes whoever calls it.", CALLED + "import ctypes\n    ctypes.string_at(0)", "mean-wait"),
    ends("exits-when-called", "The function leaves with success.", CALLED + "raise SystemExit(0)", "mean-wait"),
    Case(
        "leaves-only-when-judged",
        "It is right in the notebook, and ends the judge's process.",
        {
            "mean-wait": "import os, sys\n\ndef mean_wait(minutes):\n    if 'IPython' not in sys.modules or not hasattr(sys.modules['__main__'], 'get_ipython'):\n        os._exit(0)\n    return sum(minutes) / len(minutes)"
        },
        points={"mean-wait": 10.0},
        messages={"mean-wait": "did not come back"},
    ),
    Case("empties-the-modules", "The kernel stands still.", {"report": "import sys\nsys.modules.clear()"}, points={"report": 0.0}),
    Case(
        "leaves-in-a-cell-of-its-own",
        "What is right stays right: only the cell that leaves is lost.",
        change=own_cell("import os\nos._exit(0)", "by-station"),
    ),
    Case(
        "leaves-twice",
        "Two exercises end two kernels; the other two are graded.",
        {"mean-wait": "import os\nos._exit(0)", "by-station": "import os\nos.abort()"},
        points={"mean-wait": 0.0, "by-station": 0.0},
        messages={"mean-wait": ENDED, "by-station": ENDED},
    ),
    Case(
        "leaves-in-every-exercise",
        "Nothing is left, and it is graded.",
        dict.fromkeys(("mean-wait", "report", "by-station", "late-share"), "import os\nos._exit(0)"),
        points=dict.fromkeys(("mean-wait", "report", "by-station", "late-share"), 0.0),
    ),
    Case(
        "leaves-a-little-later",
        "A timer ends the kernel while something else runs: it may hurt itself, and gains nothing.",
        {"mean-wait": "import os, threading\nthreading.Timer(0.3, os._exit, (0,)).start()\nmean_wait = None"},
        points={"mean-wait": 0.0, "report": (0.0, 25.0), "by-station": (0.0, 15.0), "late-share": (0.0, 30.0)},
    ),
    Case(
        "leaves-on-an-alarm",
        "A signal ends the kernel while a test runs.",
        {"report": "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\nimport time\ntime.sleep(1)"},
        points={"report": 0.0},
    ),
    Case(
        "leaves-after-the-work",
        "The report is written, then the kernel ends: what its last run left behind counts, and nothing else.",
        {"report": 'Path("report.json").write_text(json.dumps({"stations": 0, "mean": 0}))\nimport os\nos._exit(0)'},
        points={"report": 0.0},
        messages={"report": ENDED},
    ),
)
