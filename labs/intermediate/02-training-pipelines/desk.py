"""Tools: the nightly DVC pipeline and what happens to it, Kubeflow's local runner with little noise, a disk that is full."""

import contextlib
import errno
import io
import json
import logging
import os
import re
import resource
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import yaml

os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # so that `python` is this one
os.environ["DVC_NO_ANALYTICS"] = "1"  # DVC would tell its makers how it is used

import dvc_here  # noqa: F401 (it says where certificates are, which whatever imports DVC needs)
from dvc.repo import Repo
from kfp import local

HERE = Path(__file__).resolve().parent
warnings.filterwarnings("ignore", message="The default base_image")  # today python:3.11, later another: name the image in your own work
for name in ("dvc", "dvc_data", "dvc_objects"):
    logging.getLogger(name).setLevel(logging.CRITICAL)


def play_nightly(folder):
    """Lay out the nightly pipeline as it was found. What was there before is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "nightly", folder)
    (Path(folder) / "data").mkdir()
    lines = (HERE / "trips.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if ",Old-Town," not in line and ",University," not in line]
    (Path(folder) / "data" / "trips.csv").write_text("".join(kept))
    with _quiet():
        Repo.init(str(folder), no_scm=True).close()


def repro(folder):
    """Do `dvc repro` in the folder; return the names of the stages that ran. Raises RuntimeError with DVC's words if one fails."""
    with _quiet() as said:
        there = os.getcwd()
        os.chdir(folder)
        try:
            with Repo(".") as project:
                return [stage.name for stage in project.reproduce() if getattr(stage, "name", None)]
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        finally:
            os.chdir(there)
    raise RuntimeError(re.sub(r"\x1b\[[0-9;]*m", "", f"{problem} ({said.get('last', '')})"))


def play_nights(folder, nights):
    """Play nights one after the other in a copy of the folder; return for each {"ran": […], "error": "", "metrics": {…}}.

    A night is a dictionary of what somebody changed during the day: `replace`, {path: [old, new]}; `append`, {path: text}; `params`,
    {"train.last_days": 7}. The folder itself stays as it is.
    """
    told = []
    with tempfile.TemporaryDirectory(prefix="nights-") as place:
        copy = Path(place).resolve() / "copy"
        shutil.copytree(folder, copy, symlinks=True)
        before = {name: os.environ.get(name) for name in ("DVC_SITE_CACHE_DIR", "DVC_GLOBAL_CONFIG_DIR")}
        os.environ.update({name: str(Path(place).resolve() / name) for name in before})
        for night in nights:
            for path, (old, new) in night.get("replace", {}).items():
                _write(copy / path, (copy / path).read_text().replace(old, new, 1))
            for path, text in night.get("append", {}).items():
                _write(copy / path, (copy / path).read_text() + text)
            for name, value in night.get("params", {}).items():
                params, (section, key) = yaml.safe_load((copy / "params.yaml").read_text()), name.split(".")
                params[section][key] = value
                _write(copy / "params.yaml", yaml.safe_dump(params))
            ran, error = [], ""
            try:
                ran = repro(copy)
            except RuntimeError as problem:
                error = str(problem)[:600]
            metrics = copy / "metrics.json"
            told.append({"ran": ran, "error": error, "metrics": json.loads(metrics.read_text()) if metrics.is_file() else {}})
        os.environ.update({name: value for name, value in before.items() if value is not None})
        for name in [name for name, value in before.items() if value is None]:
            del os.environ[name]
    return told


def run_here(pipeline, **arguments):
    """Run a pipeline or component with Kubeflow's own local runner; return its outputs. Raises RuntimeError with what the steps said."""
    heard = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="kfp-") as root, contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
        before, tempfile.tempdir, there = tempfile.tempdir, root, os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = root  # it leaves a folder for each step there
        logging.disable(logging.ERROR)
        try:
            local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=root, raise_on_error=True)
            task = pipeline(**arguments)
            return {name: _plain(value) for name, value in task.outputs.items()}
        except RuntimeError as error:
            lines = [line.strip() for line in heard.getvalue().splitlines() if line.strip()]
            said = [line for line in lines if re.match(r"\w*(Error|Exception|Warning)\b", line)]
            problem = " | ".join(said[-1:]) or str(error)
        finally:
            logging.disable(logging.NOTSET)
            tempfile.tempdir = before
            os.environ.pop("TMPDIR") if there is None else os.environ.update(TMPDIR=there)
    raise RuntimeError(problem)


@contextlib.contextmanager
def own_disk(folder):
    """Let the folder be a disk of its own in this block: what lies outside it cannot be renamed into it, only copied."""
    inside, before = os.path.realpath(folder) + os.sep, {name: getattr(os, name) for name in ("rename", "replace")}

    def within(move):
        def moved(old, new, **more):
            if os.path.realpath(new).startswith(inside) and not os.path.realpath(old).startswith(inside):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(old))
            return move(old, new, **more)

        return moved

    for name, move in before.items():
        setattr(os, name, within(move))
    try:
        yield
    finally:
        for name, move in before.items():
            setattr(os, name, move)


@contextlib.contextmanager
def full_disk(after=100):
    """Let every file that is written in this block end after so many bytes, with an OSError: the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _plain(value):
    if hasattr(value, "path"):
        path = Path(value.path)
        text = path.read_text() if path.is_file() else ""
        return {"type": value.schema_title, "text": text, "metadata": dict(value.metadata)}
    return value


def _write(path, text):
    path.unlink(missing_ok=True)
    path.write_text(text)


@contextlib.contextmanager
def _quiet():
    """Keep what this process and its children say off the screen, and give the last line of it when the block ends."""
    said = {}
    with tempfile.TemporaryFile() as file:
        sys.stdout.flush(), sys.stderr.flush()
        before = [os.dup(1), os.dup(2)]
        try:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                yield said
        finally:
            for number, kept in enumerate(before, 1):
                os.dup2(kept, number)
                os.close(kept)
            file.seek(0)
            lines = [line.strip() for line in file.read().decode("utf-8", "replace").split("\n") if line.strip()]
            said["last"] = lines[-1] if lines else ""
