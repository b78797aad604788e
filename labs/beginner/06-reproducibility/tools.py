"""The team's tools: programs run on other machines, Git, DVC, and the hash of a file."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dvc_here  # noqa: F401 (it says where certificates are, which whatever imports DVC needs)

os.environ.setdefault("DVC_NO_ANALYTICS", "1")  # DVC would tell its makers how it is used
os.environ.setdefault("DVC_SITE_CACHE_DIR", str(Path(".dvc-site").resolve()))
os.environ.setdefault("RUSTUP_HOME", os.devnull)  # pip asks Rust, where there is one, for its version; that writes into your home folder
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # `python` in a stage is this notebook's


def run_elsewhere(program, jobs):
    """Train in new processes, two at a time. A job is a folder (with trips/, params.yaml, bikes.csv) and the number of a machine to play.

    Returns for each job the bytes of the scores that the program wrote. Raises RuntimeError with its last words if it stops. Instead of
    a number, a machine may be a dictionary that says in what it differs from machine 0: {"hash": 3, "files": 0, "pace": 0, "date": 0}.
    """
    program, player = Path(program).resolve(), Path(__file__).with_name("elsewhere.py").resolve()

    def run(job):
        folder, machine = (
            Path(job[0]).resolve(),
            job[1] if isinstance(job[1], dict) else dict.fromkeys(("hash", "files", "pace", "date"), job[1]),
        )
        with tempfile.TemporaryDirectory() as place:
            given = [folder / "trips", folder / "params.yaml", folder / "bikes.csv", Path(place, "scores.csv")]
            environ = {**os.environ, "PYTHONHASHSEED": str(machine.get("hash", 0)), "OMP_NUM_THREADS": "1"}
            command = [sys.executable, player, json.dumps(machine), program, *given]
            done = subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, timeout=90)
            if done.returncode:
                raise RuntimeError((done.stderr.strip().splitlines() or ["it stopped without a word"])[-1])
            if not given[-1].is_file():
                raise RuntimeError("it wrote no file of scores")
            return given[-1].read_bytes()

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(run, jobs))


def diagnose(program, folder="."):
    """Train on machines that differ in one thing each. Return {the thing: "the same" or "OTHER SCORES"}, compared with machine 0."""
    things = {
        "nothing": {},
        "hash seed": {"hash": 3},
        "order of the files": {"files": 3},
        "pace of the disk": {"pace": 3},
        "date": {"date": 3},
    }
    first, *others = run_elsewhere(program, [(folder, machine) for machine in ({}, *things.values())])
    return {thing: "the same" if scores == first else "OTHER SCORES" for thing, scores in zip(things, others, strict=True)}


def sha256(path):
    """Return the SHA-256 of the file's bytes, 64 hexadecimal digits."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def git(folder, *words):
    """Run Git in the folder and return what it prints. Raises subprocess.CalledProcessError if Git says no."""
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout

