#!/usr/bin/env python3
"""Makes `.venv`: the pinned libraries, PyTorch's CPU build and this project. Run again, it finishes or does nothing.

    python3 install.py                     installs (the Makefile calls it before everything else)
    python3 install.py --lock [--upgrade]  compiles requirements.in into requirements.lock (make lock)

Only the standard library, and nothing that Python 3.8 cannot read: an old Python gets a clear error, not a traceback.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / ".installed"
PYTHONS = ["3.13", "3.12", "3.11"]
DISK_GB = 4


class Problem(Exception):
    """What is wrong, where, and what to do."""


def python_version(python: str) -> str:
    """Version, such as "3.12.4", of a Python that can make environments; empty where it cannot, or does not run."""
    code = "import sys, ensurepip, venv; print('%d.%d.%d' % sys.version_info[:3])"
    answer = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def find_python(own: tuple = sys.version_info[:3], which=shutil.which) -> str:
    """Path of a Python of the right version: this one, else another on the PATH."""
    version = ".".join(map(str, own))
    short = ".".join(map(str, own[:2]))
    # Outside any environment: `python3` is .venv's own where somebody has activated that, and it may have to be made anew.
    base = getattr(sys, "_base_executable", sys.executable)
    for name in [base] if short in PYTHONS else ["python" + wanted for wanted in PYTHONS]:
        python = which(name)
        if python and python_version(python):
            return python
    if short in PYTHONS:
        raise Problem(
            f"Python {version} ({base}) cannot make environments: its venv or ensurepip is missing.\n"
            f"On Debian and Ubuntu: sudo apt install python{short}-venv"
        )
    age = "too old" if own < (3, 11) else "too new: the libraries are not built for it yet"
    raise Problem(
        f"Python {version} ({base}) is {age}.\n"
        "The course needs Python 3.11, 3.12 or 3.13, and none is on the PATH. Install one from python.org or\n"
        "your system's packages (on Debian and Ubuntu with its -venv package), then run the same command again.\n"
        "If it lies elsewhere: make lab PYTHON=/path/to/python3.12"
    )


def check_machine(system: str, machine: str) -> None:
    """Refuses a Mac for which PyTorch has no builds any more."""
    if (system, machine) == ("Darwin", "x86_64"):
        raise Problem("PyTorch has no builds for Intel Macs any more. Use conda (environment.yml) or Binder instead.")


def check_git(git: str = "git") -> None:
    """Refuses a machine without a git that runs (a Mac has a stub until its developer tools are installed)."""
    if not shutil.which(git) or subprocess.run([git, "--version"], stdout=subprocess.DEVNULL).returncode:
        raise Problem(
            "git is missing; the labs on versions of data need it.\n"
            "Install it (sudo apt install git; on a Mac xcode-select --install), and run the same command again."
        )


def check_disk(folder: Path, needed_gb: float = DISK_GB) -> None:
    """Refuses a disk that is too full, counting what an interrupted install has put there already."""
    there = sum(entry.stat().st_size for entry in VENV.rglob("*") if entry.is_file() and not entry.is_symlink())
    free = shutil.disk_usage(str(folder)).free
    if free + there < needed_gb * 1e9:
        raise Problem(
            f"{folder} has {free / 1e9:.1f} GB free; the libraries need {needed_gb - there / 1e9:.1f} GB.\n"
            "Free some space, or clone the course onto a larger disk, and run the same command again."
        )


def pinned(tool: str) -> str:
    """Version of torch or uv that pyproject.toml names (read without tomllib, which came with Python 3.11)."""
    found = re.search(rf'^{tool} = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise Problem(f'pyproject.toml: [tool.mlops-labs] has no line {tool} = "VERSION"; put it back')
    return found.group(1)


def torch_arguments(version: str, tag: str, environment: dict, system: str) -> list:
    """Arguments that make uv install PyTorch for the CPU: from a folder of PIP_FIND_LINKS if a wheel is there."""
    if system == "Darwin":
        return [f"torch=={version}"]
    # The label +cpu is asked for by name: without it, several GB of CUDA would fit too.
    requirement = f"torch=={version}+cpu"
    for place in environment.get("PIP_FIND_LINKS", "").split():
        if any(Path(re.sub("^file://", "", place)).glob(f"torch-{version}+cpu-{tag}-*{platform.machine()}.whl")):
            return [requirement, "--find-links", place]
    return [requirement, "--torch-backend", "cpu"]


def uv_environment(environment: dict) -> dict:
    """The environment for uv, which does not read pip's settings: it gets the same index and certificate."""
    names = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX", "PIP_CERT": "SSL_CERT_FILE"}
    given = {uvs: environment[pips] for pips, uvs in names.items() if environment.get(pips)}
    return {**given, **environment}


def run(what: str, command: list, advice: str = "", **options) -> None:
    """Says what it does and does it; a command that fails is a Problem with advice."""
    print(what, flush=True)
    status = subprocess.run([str(word) for word in command], cwd=str(ROOT), **options).returncode
    if status:
        raise Problem(
            f"{what.rstrip('. ')}: failed with exit status {status}; the message above says why.\n{advice}"
            "Nothing is lost: when it is mended, run the same command again, and it goes on from there.\n"
            "If it fails once more with nothing to mend, start afresh: rm -r .venv"
        )


def digest() -> str:
    """What the stamp says when all is up to date: the files that decide, and the place (a moved .venv is broken)."""
    files = [ROOT / name for name in ("requirements.lock", "pyproject.toml", "install.py")]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest() + f"\n{ROOT}\n"


def make_venv() -> None:
    """Makes `.venv` with pip (Kubeflow Pipelines' local runner needs it) and uv, unless a sound one is there."""
    ours = VENV / "bin" / "python"
    moved = STAMP.exists() and not STAMP.read_text().endswith(f"\n{ROOT}\n")
    sound = ours.exists() and not moved and python_version(str(ours)).rpartition(".")[0] in PYTHONS
    if not sound or subprocess.run([str(ours), "-c", "import pip._internal.cli.main"], stderr=subprocess.DEVNULL).returncode:
        python = find_python()
        run(f"Making .venv with Python {python_version(python)} ...", [python, "-m", "venv", "--clear", VENV])
    run("Fetching uv, the installer ...", [ours, "-m", "pip", "install", "-qq", f"uv=={pinned('uv')}"])


def install() -> None:
    """Everything that the course needs, in `.venv`."""
    check_machine(platform.system(), platform.machine())
    check_git()
    check_disk(ROOT)
    make_venv()
    # A stop in the middle can leave a package half there that uv takes for whole. The next run lays all anew.
    interrupted = STAMP.exists() and STAMP.read_text().startswith("unfinished")
    STAMP.write_text(f"unfinished\n{ROOT}\n")
    tag = "cp" + "".join(python_version(str(VENV / "bin" / "python")).split(".")[:2])
    # --no-deps: the lock is complete, and nothing that is not in it may come in. --compile-bytecode: else, where
    # PYTHONDONTWRITEBYTECODE is set, every kernel would compile every import again.
    run(
        "Installing the libraries, PyTorch for the CPU and the course (the first time, some minutes) ...",
        [VENV / "bin" / "uv", "pip", "install", "--python", VENV / "bin" / "python", "--no-deps", "--compile-bytecode"]
        + ["-r", "requirements.lock", "-e", "."]
        + torch_arguments(pinned("torch"), tag, dict(os.environ), platform.system())
        + (["--reinstall"] if interrupted else [])
        + ([] if sys.stderr.isatty() else ["--quiet"]),
        "Where PyTorch's index cannot be reached: put its CPU wheel into a folder, and name that in PIP_FIND_LINKS.\n",
        env=uv_environment(dict(os.environ)),
    )
    STAMP.write_text(digest())
    print("Ready.", flush=True)


def lock(upgrade: bool) -> None:
    """Compiles requirements.lock: as little as possible changes, or with `upgrade` all that requirements.in allows."""
    make_venv()
    output = ROOT / "requirements.lock"
    # PyTorch takes part, so that the lock fits it and holds what its CPU build needs. Then it and its CUDA half go.
    wanted = (ROOT / "requirements.in").read_text(encoding="utf-8") + f"\ntorch=={pinned('torch')}\n"
    run(
        "Compiling requirements.lock ...",
        [VENV / "bin" / "uv", "pip", "compile", "-", "--universal", "--python-version", PYTHONS[-1]]
        + ["--output-file", output, "--quiet", "--no-annotate", "--custom-compile-command", "make lock"]
        + (["--upgrade"] if upgrade else []),
        env=uv_environment(dict(os.environ)),
        input=wanted,
        text=True,
    )
    compiled = output.read_text(encoding="utf-8")
    output.write_text(re.sub("^(torch|triton|nvidia-.*|cuda-.*)==.*\n", "", compiled, flags=re.M), encoding="utf-8")


def main(arguments: list) -> None:
    """The command line: see the top of this file."""
    try:
        if "--lock" in arguments:
            lock("--upgrade" in arguments)
        elif not ((VENV / "bin" / "python").exists() and STAMP.exists() and STAMP.read_text() == digest()):
            install()
    except Problem as problem:
        sys.exit(f"install.py: {problem}")
    except KeyboardInterrupt:
        sys.exit("\ninstall.py: stopped. Run the same command again, and it goes on from here.")


if __name__ == "__main__":
    main(sys.argv[1:])
