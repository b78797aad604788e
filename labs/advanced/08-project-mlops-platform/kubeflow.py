"""A small cluster: it runs a compiled pipeline as Kubeflow does, on your machine. It keeps to these rules of the real one:

- It reads the compiled specification, nothing else. A step knows its own source, its inputs, and no more.
- Each attempt of a step runs in a *pod*, with an empty folder and an empty environment. It sees its own folder and the volumes of the
  rehearsal, {data}, {store} and {desk}; files elsewhere do not exist for it. Its folder is gone afterwards: only what lies at the
  `.path` of an output is uploaded, and each reader gets a copy of its own. A pod that shall die is a process, and is really killed.
- The image of every pod, metro-bikes/steps:2.16, has Python's standard library and kfp. A step that imports something else fails.
- Conditions, loops, pipelines in pipelines, `.after`, retries and placeholders are obeyed. What depends on a skipped or failed step does
  not run. An exit task runs when what it waits for has ended, well or badly, and not if that never began. Of the final status it gets the
  state and the names, and no error message: Kubeflow's own clusters leave that empty.
- A task that may be cached, and whose fingerprint is that of an earlier task of a pipeline of the same name, does not run again.

Left out: containers and images, several pods at a time, waiting before a retry, access rights, resources and where a pod lands.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
import sysconfig
import tempfile
from pathlib import Path

import kfp
from kubeflow_cluster import Cluster
from kubeflow_pod import SYSTEM, hide
from kubeflow_spec import function_of, load_spec

__all__ = ["Cluster", "function_of", "load_spec", "rehearse"]


def rehearse(compiled, runs):
    """Run a compiled pipeline (a path, or its text) in a new cluster, once for each of `runs`; return what the runs tell.

    A run is a dictionary: `arguments`, in which `{data}`, `{store}` and `{desk}` stand for folders; `files`, {name: text}, written into
    the data folder before; `empty_store`, whether somebody empties the store before; and `lost`, `killed`, `job`, `at`, `created`, as
    `Cluster.run` takes them. To what a run tells are added `store` and `desk`, the files there afterwards, {path: text}, and `tables`,
    what the store's databases hold, {path: {table: rows}}. A run may name a pipeline of its own, `compiled`.
    """
    with tempfile.TemporaryDirectory(prefix="cluster-") as place:
        child = os.fork()
        if child == 0:
            _rehearse_alone(compiled, runs, Path(place).resolve())
        os.waitpid(child, 0)
        if not (Path(place) / "told.json").is_file():
            raise RuntimeError("a step has ended the whole rehearsal: it ran for more than a minute, or ended its process")
        told = json.loads((Path(place) / "told.json").read_text())
    if isinstance(told, dict):
        raise {"TypeError": TypeError}.get(told["error"], RuntimeError)(told["message"])
    return told


def _rehearse_alone(compiled, runs, place):
    """Rehearse in this process, which is there for nothing else; leave what was told in `told.json`, and end the process."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        packages = [str(Path(kfp.__file__).resolve().parents[1]), *sysconfig.get_paths().values()]
        system = ["/usr", "/lib", "/lib64", "/etc", "/dev", "/proc", "/sys", sys.prefix, sys.base_prefix]
        SYSTEM[:] = sorted({os.path.realpath(folder) for folder in (*packages, *system)})
        sys.path[:] = [path for path in sys.path if path and any(os.path.realpath(path).startswith(folder) for folder in SYSTEM)]
        sys.addaudithook(hide)
        try:
            told = _rehearse(compiled, runs, place)
        except Exception as error:
            told = {"error": type(error).__name__, "message": str(error)}
            if not isinstance(error, TypeError):
                told["message"] = f"{type(error).__name__}: {error}"
        (place / "told.part").write_text(json.dumps(told))
        (place / "told.part").rename(place / "told.json")
    finally:
        os._exit(0)


def _rehearse(compiled, runs, place):
    told = []
    folders = {name: place / name for name in ("data", "store", "desk")}
    cluster = Cluster(place / "cluster", folders.values())
    for run in runs:
        if run.get("empty_store"):
            shutil.rmtree(folders["store"], ignore_errors=True)
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        for name, text in run.get("files", {}).items():
            (folders["data"] / name).write_text(text)
        arguments = {key: _filled(value, folders) for key, value in run.get("arguments", {}).items()}
        more = {key: run[key] for key in ("lost", "killed", "job", "at", "created") if key in run}
        one = cluster.run(run.get("compiled", compiled), arguments, **more)
        store = _files(folders["store"])
        tables = {name: _tables(folders["store"] / name) for name in store if store[name].startswith("SQLite format 3")}
        told.append({**one, "store": store, "desk": _files(folders["desk"]), "tables": tables})
    return told


def _files(folder):
    """Return the files below a folder: {path: text}."""
    kept = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8", "replace") for path in kept}


def _tables(path):
    """Return what a database holds, as a later reader sees it: {table: rows, sorted}."""
    connection = sqlite3.connect(path)
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: sorted(([*row] for row in connection.execute(f'SELECT * FROM "{name}"')), key=str) for name in names}
    finally:
        connection.close()


def _filled(value, folders):
    for name, folder in folders.items():
        value = value.replace("{" + name + "}", str(folder)) if isinstance(value, str) else value
    return value
