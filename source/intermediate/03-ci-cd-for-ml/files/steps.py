"""The steps of one job, for runner.py: each in a shell of its own, in the job's workspace, with what GitHub would give it."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from expressions import Unsupported, as_text, fill, holds, truthy

LOG_CHARACTERS = 20_000
SHELLS = {
    None: "bash -e {0}",  # without a `shell:`, GitHub does not set pipefail
    "bash": "bash --noprofile --norc -eo pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
}


def play_leg(run, job, context):
    """Play the steps of a job, or of one leg of its matrix, in a new workspace. Return its result, outputs and steps."""
    folder = Path(tempfile.mkdtemp(dir=run["folder"]))
    here = {"run": run, "job": job, "workspace": folder / "work", "temp": folder / "temp"}
    here |= {"path": [], "groups": [], "after": [], "out of time": False}
    here["workspace"].mkdir()
    here["temp"].mkdir()
    here["ends"] = time.monotonic() + float(fill(job.get("timeout-minutes", 360), context)) * run["minute"]
    env = {}
    for more in (run["workflow"].get("env"), job.get("env")):
        env |= {key: as_text(value) for key, value in fill(more or {}, {**context, "env": env}).items()}
    context = {**context, "env": env, "steps": {}, "job": {"status": "success"}}
    context["github"] = {**context["github"], "workspace": str(here["workspace"])}
    told, bad = [], False
    try:
        for number, step in enumerate(job.get("steps") or []):
            status = {"success": not bad, "failure": bad}
            context["job"]["status"] = "failure" if bad else "success"
            entry = {
                "name": as_text(step.get("name") or step.get("uses") or step.get("run", "").strip().split("\n")[0]),
                "log": "",
                "uses": step.get("uses", ""),
            }
            entry |= {"outcome": "skipped", "conclusion": "skipped", "outputs": {}}
            told.append(entry)
            if holds(step.get("if"), context, status, here["workspace"]):
                fine = _play_step(here, step, context, number, entry)
                entry["outcome"] = "success" if fine else "failure"
                hidden = truthy(fill(step.get("continue-on-error", False), context))
                entry["conclusion"] = "success" if fine or hidden else "failure"
                bad |= entry["conclusion"] == "failure"
            if "id" in step:
                context["steps"][step["id"]] = {key: entry[key] for key in ("outputs", "outcome", "conclusion")}
        for keep in here["after"] if not bad else []:
            keep()
    finally:
        for group in here["groups"]:  # what a step left running
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
    outputs = {name: as_text(value) for name, value in fill(job.get("outputs") or {}, context).items()}
    for entry in told:
        for secret in {value for value in run["secrets"].values() if value}:
            entry["log"] = entry["log"].replace(secret, "***")
    result = "cancelled" if here["out of time"] else "failure" if bad else "success"
    return {"result": result, "outputs": outputs, "steps": told}


def _play_step(here, step, context, number, entry):
    env = {**context["env"]}
    env |= {key: as_text(value) for key, value in fill(step.get("env") or {}, context, None, here["workspace"]).items()}
    inside = {**context, "env": env}
    if "uses" in step:
        inputs = fill(step.get("with") or {}, inside, None, here["workspace"])
        try:
            entry["outputs"] = _use(here, step["uses"].split("@")[0], inputs) or {}
        except OSError as error:
            entry["log"] = str(error)
            return False
        return True
    defaults = {**(here["run"]["workflow"].get("defaults") or {}).get("run", {}), **(here["job"].get("defaults") or {}).get("run", {})}
    shell = step.get("shell", defaults.get("shell"))
    script = here["temp"] / f"step-{number}.{'py' if shell == 'python' else 'sh'}"
    script.write_text(as_text(fill(step["run"], inside, None, here["workspace"])) + "\n")
    words = [word.replace("{0}", str(script)) for word in SHELLS.get(shell, shell).split()]
    folder = here["workspace"] / as_text(fill(step.get("working-directory", defaults.get("working-directory", ".")), inside))
    if not folder.is_dir():
        entry["log"] = f"there is no folder {folder.relative_to(here['workspace'])} in the workspace: was the commit checked out?"
        return False
    files = {name: here["temp"] / f"{name}-{number}" for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        path.touch()
    environ = {**_machine(here, context["github"]), **env, **{name: str(path) for name, path in files.items()}}
    minute, limit = here["run"]["minute"], here["run"]["limit"]
    own, of_job = (float(fill(part.get("timeout-minutes", 360), inside)) for part in (step, here["job"]))
    seconds, bound, who = min(
        (own * minute, own, "step"), (limit, limit / minute, "runner"), (here["ends"] - time.monotonic(), of_job, "job")
    )
    with open(here["temp"] / f"log-{number}", "w+b") as log:
        process = subprocess.Popen(words, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        here["groups"].append(process.pid)
        try:
            code = process.wait(max(seconds, 0.01))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
            entry["stopped"] = bound
            here["out of time"] |= who == "job"
        log.seek(0)
        stopped = f"\nstopped: the {who}'s time of {bound:g} minutes is over" if "stopped" in entry else ""
        entry["log"] = log.read()[-LOG_CHARACTERS:].decode(errors="replace") + stopped
    entry["outputs"] = _read_pairs(files["GITHUB_OUTPUT"])
    entry["summary"] = files["GITHUB_STEP_SUMMARY"].read_text()
    context["env"] |= _read_pairs(files["GITHUB_ENV"])
    here["path"][:0] = reversed(files["GITHUB_PATH"].read_text().split("\n")[:-1])
    return code == 0


def _machine(here, github):
    """Return the environment of the machine: little of the caller's own, and GitHub's variables."""
    path = [*here["path"], str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    event = here["temp"] / "event.json"
    event.write_text(json.dumps(github["event"]))
    environ = {"PATH": os.pathsep.join(path), "HOME": str(here["temp"]), "TMPDIR": str(here["temp"]), "LANG": "C.UTF-8", "CI": "true"}
    environ |= {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event), "RUNNER_TEMP": str(here["temp"]), "RUNNER_OS": "Linux"}
    environ |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1"}
    named = ("workspace", "sha", "ref", "ref_name", "ref_type", "event_name", "repository", "actor", "head_ref", "base_ref", "run_id")
    return {**environ, **{f"GITHUB_{name.upper()}": github[name] for name in named}, **here["run"]["env"]}


def _read_pairs(path):
    """Return what a step wrote to a file such as GITHUB_OUTPUT: lines name=value, or name<<END, lines, END."""
    found, lines = {}, path.read_text().split("\n")
    while lines:
        line = lines.pop(0)
        name, sign, value = line.partition("=")
        if "<<" in name or (not sign and "<<" in line):
            name, end = line.split("<<", 1)
            if end not in lines:
                raise Unsupported(f"a step wrote {line!r} and no line {end!r}")
            stop = lines.index(end)
            found[name], lines = "\n".join(lines[:stop]), lines[stop + 1 :]
        elif sign:
            found[name] = value
    return found


def _use(here, action, inputs):
    run, workspace = here["run"], here["workspace"]
    if action == "actions/checkout":
        target = workspace / as_text(inputs.get("path", "."))
        words = ["git", "clone", "--quiet", "--no-checkout", run["repo"], str(target)], ["git", "-C", str(target), "checkout", "--quiet"]
        for command in (words[0], [*words[1], as_text(inputs.get("ref")) or run["sha"]]):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise OSError(done.stderr.strip())
    elif action in ("actions/cache", "actions/cache/restore"):
        return _cache(here, inputs, action == "actions/cache")
    elif action == "actions/cache/save":
        if run["cache"]:
            _save(here, *_entry(here, inputs))
    elif action == "actions/upload-artifact":
        kept = run["folder"] / "artifacts" / as_text(inputs.get("name", "artifact"))
        paths = [path for path in as_text(inputs["path"]).split("\n") if path.strip()]
        for path in (workspace / path.strip() for path in paths):
            if not path.exists() and inputs.get("if-no-files-found") == "error":
                raise OSError(f"upload-artifact: there is no {path.relative_to(workspace)}")
            _copy(path, kept if path.is_dir() and len(paths) == 1 else kept / path.name)
    elif action == "actions/download-artifact":
        kept = run["folder"] / "artifacts" / as_text(inputs.get("name", "artifact"))
        if not kept.is_dir():
            raise OSError(f"download-artifact: no job has uploaded {kept.name}")
        _copy(kept, workspace / as_text(inputs.get("path", ".")))
    return None


def _cache(here, inputs, saves):
    """Restore by key, or by the first restore-key that some key begins with; save at the job's end if the key is new."""
    if not here["run"]["cache"]:
        return {"cache-hit": "false"}
    place, key, paths = _entry(here, inputs)
    store = place.parent
    known = sorted(store.glob("*/key"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    prefixes = [word for word in as_text(inputs.get("restore-keys", "")).split("\n") if word]
    near = [path.parent for prefix in prefixes for path in known if path.read_text().startswith(prefix)]
    found = [place] if place.exists() else near[:1]
    for number, path in enumerate(paths if found else []):
        _copy(found[0] / str(number), here["workspace"] / path)
    if saves and found != [place]:
        here["after"].append(lambda: _save(here, place, key, paths))
    return {"cache-hit": "true" if found == [place] else "false", "cache-primary-key": key}


def _entry(here, inputs):
    """Return where the cache keeps what these inputs name, the key, and the paths."""
    store, key = Path(here["run"]["cache"]), as_text(inputs["key"])
    store.mkdir(parents=True, exist_ok=True)
    paths = [path.strip() for path in as_text(inputs["path"]).split("\n") if path.strip()]
    return store / hashlib.sha256(f"{key} {paths}".encode()).hexdigest()[:20], key, paths


def _save(here, place, key, paths):
    if place.exists():  # what is kept under a key is never changed
        return
    for number, path in enumerate(paths):
        _copy(here["workspace"] / path, place / str(number))
    if place.exists():
        (place / "key").write_text(key)


def _copy(source, target):
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
