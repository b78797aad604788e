"""Runs a file of tests by pytest against several versions of the module that it tests, each in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def run_tests(tests, versions, module="urgency"):
    """Return what pytest says of each version: {name: {"passed": bool, "found": bool, "says": its last lines}}.

    `tests` is the text of the tests, `versions` maps a name to the text of the module. `found` says whether there was a test to run.
    """
    with tempfile.TemporaryDirectory(prefix="tests-") as folder:
        for name, text in versions.items():
            place = Path(folder, name)
            place.mkdir()
            (place / f"{module}.py").write_text(text, encoding="utf-8")
            (place / f"test_{module}.py").write_text(tests, encoding="utf-8")
        quiet = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}
        command = [sys.executable, Path(__file__).resolve(), folder, *versions]
        subprocess.run(command, env=quiet, check=False, timeout=60, capture_output=True)
        found = {}
        for name in versions:
            said = Path(folder, name, "said.json")
            code, text = json.loads(said.read_text(encoding="utf-8")) if said.is_file() else (3, "the tests ended pytest")
            found[name] = {"passed": code == 0, "found": code in (0, 1), "says": text[-1500:]}
        return found


def _run_one(place):
    import pytest

    os.chdir(place)
    with open("output.txt", "w+", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        code = pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir=.", "-o", "addopts=", "--tb=short", "--no-header", "--color=no"])
        sys.stdout.flush()
        text = Path("output.txt").read_text(encoding="utf-8", errors="replace")
    Path("said.json").write_text(json.dumps([int(code), text]), encoding="utf-8")


if __name__ == "__main__":
    import pytest  # noqa: F401 - once, for all the processes that are forked from this one

    for version in sys.argv[2:]:
        if not (pid := os.fork()):
            try:
                _run_one(Path(sys.argv[1], version))
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
