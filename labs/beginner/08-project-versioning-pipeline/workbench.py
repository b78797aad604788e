"""Tools for the pipeline's workshop: Git and DVC, a watch over what a script touches, and the alarm asked about other days."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import dvc_here  # noqa: F401 (it says where certificates are, which whatever imports DVC needs)
import pandas as pd

LITTER = ("__pycache__", ".git", ".dvc")  # what belongs to Python, Git and DVC, not to a pipeline


def git(folder, *words):
    """Run Git in the folder and return what it prints. Raises RuntimeError with its words if Git says no."""
    return _run(folder, ["git"], words)



def md5(content):
    """Return the MD5 of bytes, or of a file's bytes where a path is given: 32 hexadecimal digits, as DVC writes them."""
    return hashlib.md5(content if isinstance(content, bytes) else Path(content).read_bytes()).hexdigest()


def watch(folder, command):
    """Run a command `python SCRIPT …` in a copy of the folder. Return two sets of paths: the files that it read, and those that it wrote.

    Only files inside the folder count, and no litter of Python, Git or DVC. A file that the command itself has made and then read
    stands among the written alone. Raises RuntimeError with the script's last words if it fails.
    """
    with tempfile.TemporaryDirectory(prefix="watch-") as place:
        copy, notes = Path(place).resolve() / "copy", Path(place).resolve() / "notes"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(*LITTER))
        python, *words = command.split()
        if python not in ("python", "python3"):
            raise ValueError(f"watch can run `python SCRIPT …` only, not {command!r}")
        there = {"PYTHONDONTWRITEBYTECODE": "1"}  # without byte-code, Python opens each module's source
        _run(copy, [sys.executable, str(Path(__file__).resolve()), str(notes)], words, there)
        read, written = set(), set()
        for kind, path in (line.split("\t", 1) for line in notes.read_text(encoding="utf-8").splitlines()):
            path = Path(path)
            if path.is_relative_to(copy) and not set(LITTER) & set(path.relative_to(copy).parts):
                name = path.relative_to(copy).as_posix()
                if kind == "wrote":
                    written.add(name)
                elif name not in written:
                    read.add(name)
        return {name for name in read if (copy / name).is_file()}, {name for name in written if (copy / name).is_file()}


def score_again(repo, model):
    """Return what a model (the bytes of a model.json) costs on the days that the repository tests on now: metrics, and a table of days."""
    with tempfile.TemporaryDirectory(prefix="score-") as place:
        copy = Path(place) / "copy"
        shutil.copytree(repo, copy, ignore=shutil.ignore_patterns(*LITTER))
        (copy / "model.json").unlink(missing_ok=True)
        (copy / "model.json").write_bytes(model)
        _run(copy, [sys.executable], ["evaluate.py"])
        return json.loads((copy / "metrics.json").read_text()), pd.read_csv(copy / "daily.csv", index_col="day")


def _run(folder, program, words, environ=()):
    done = subprocess.run([*program, *words], cwd=folder, capture_output=True, text=True, env={**os.environ, **dict(environ)})
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-1500:]
        name = program[-1] if program[-1] in ("git", "dvc") else "python"
        raise RuntimeError(f"{name} {' '.join(map(str, words))}: {said}")
    return done.stdout


def _watched(notes, script, *words):
    """Run the script as `python SCRIPT …` would, and note each file that it opens."""
    import runpy

    log = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(event, args):
        if event == "open" and isinstance(args[0], (str, bytes)):
            kind, path = "wrote" if args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else "read", args[0]
        elif event == "os.rename":
            kind, path = "wrote", args[1]
        else:
            return
        os.write(log, f"{kind}\t{os.path.realpath(os.fsdecode(path))}\n".encode())

    sys.argv, sys.path[0] = [script, *words], os.path.dirname(os.path.realpath(script))
    sys.addaudithook(note)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    _watched(*sys.argv[1:])
