"""Tests on trial: a file of pytest tests, run against versions of the repository `alarm` that somebody changed.

    try_all("test_data.py", [{"changes": {"data/train.csv": text}}])      # [{"passed": False, "failed": ["test_keys"], "says": "…"}]

A trial is a dictionary, all of it optional. `changes`: {path: text} in the repository; `chance`: what the generators of numpy and random
start from, as they would from anything; `backwards`: the tests run in the other order; `alone`: only the test of this name.

pytest runs in a copy of the repository, in a process of its own for each trial. Where it can, that is a fork of one in which pandas and
pytest are loaded already: pytest starts once, and is forked before it collects the tests.
"""

import gc
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd  # noqa: F401 – for the tests: loaded once, before the forks
import pytest
from colleagues import REPO

SECONDS = 20
SIDE_BY_SIDE = 2
OPTIONS = ["-q", "--color=no", "--tb=line", "--capture=sys", "-W", "ignore"]
LEFT_OUT = ["cacheprovider", "faulthandler", "unraisableexception", "doctest"]


def try_tests(tests, changes=None, **how):
    """Return what pytest says of the tests in a file when the repository's files are changed. See the top of this file."""
    return try_all(tests, [{"changes": changes or {}, **how}])[0]


def try_all(tests, trials):
    """Return what pytest says of the tests in a file in each trial: whether it passed, its exit code, which tests failed, and its text."""
    with tempfile.TemporaryDirectory(prefix="trial-") as name:
        folder = Path(name)
        (folder / "tests").mkdir()
        shutil.copy(tests, folder / "tests" / "test_it.py")
        for number, trial in enumerate(trials):
            place = folder / str(number)
            shutil.copytree(REPO, place, ignore=shutil.ignore_patterns("__pycache__", ".*", "tests"))
            for path, text in trial.get("changes", {}).items():
                (place / path).write_text(text)
        hows = [{key: value for key, value in trial.items() if key != "changes"} for trial in trials]
        if sys.platform == "linux":
            _in_forks(folder, hows)
        else:
            for number, how in enumerate(hows):
                here = str(Path(__file__).parent)
                code = f"import sys; sys.path.insert(0, {here!r}); import trial; trial._run({name!r}, {{{number}: {how!r}}})"
                with open(os.devnull, "w") as null:
                    subprocess.run([sys.executable, "-c", code], timeout=SECONDS, stdout=null, stderr=null)
        return [_read(folder / f"{number}.json") for number in range(len(trials))]


def _read(said):
    if said.exists():
        return json.loads(said.read_text())
    return {"passed": False, "code": "stopped", "failed": [], "says": f"The tests ended the process, or took more than {SECONDS} seconds."}


def _in_forks(folder, hows):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        gc.freeze()  # what is there already need not be looked through again and again
        _run(str(folder), dict(enumerate(hows)))
    finally:
        os._exit(0)


class _Watcher:
    """A plugin of pytest that forks it for each trial when it is about to collect the tests, and notes which fail."""

    def __init__(self, folder, trials):
        self.folder, self.trials, self.now, self.failed = folder, trials, None, []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self):
        running = 0
        for number in self.trials:
            if len(self.trials) > 1:
                if running == SIDE_BY_SIDE:
                    os.wait()
                    running -= 1
                running += 1
                if os.fork():
                    continue
            self.now = number
            self.begin(self.trials[number])
            return
        while running:
            os.wait()
            running -= 1
        os._exit(0)

    def begin(self, how):
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
        place = str(Path(self.folder, str(self.now)))
        os.chdir(place)
        sys.path.insert(0, place)
        os.environ["PYTEST_DEBUG_TEMPROOT"] = place  # where pytest puts what tests want in tmp_path
        np.random.seed(how.get("chance"))
        random.seed(how.get("chance"))

    def pytest_collection_modifyitems(self, items):
        how = self.trials[self.now]
        if how.get("alone"):
            items[:] = [item for item in items if item.name.split("[")[0] == how["alone"]]
        if how.get("backwards"):
            items.reverse()

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid.split("::")[-1])

    def pytest_collectreport(self, report):
        if report.failed:
            self.failed.append("the file itself")


def _run(folder, trials):
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"], sys.dont_write_bytecode = "1", True
    os.chdir(folder)
    sys.path[:] = [path for path in sys.path if path not in ("", "repo", str(REPO))]
    sys.modules.pop("alarm", None)
    watcher, text = _Watcher(folder, trials), io.StringIO()
    if sys.platform == "linux":
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
    with redirect_stdout(text), redirect_stderr(text):
        without = [word for name in LEFT_OUT for word in ("-p", f"no:{name}")]
        code = int(pytest.main([*OPTIONS, *without, "--rootdir", folder, f"{folder}/tests/test_it.py"], plugins=[watcher]))
    said = {"passed": code == 0, "code": str(code), "failed": watcher.failed, "says": text.getvalue()[-3000:]}
    Path(folder, f"{watcher.now}.json").write_text(json.dumps(said))
    if len(trials) > 1:
        os._exit(0)
