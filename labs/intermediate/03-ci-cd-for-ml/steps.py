"""The steps of one job, for runner.py: each in a shell of its own, in the job's workspace, with what GitHub would give it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from actions import use
from clock import make_clock
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
    here = {"run": run, "job": job, "workspace": folder / "work", "temp": folder / "temp", "path": [], "groups": [], "after": []}
    here["out of time"] = False
    here["workspace"].mkdir()
    here["temp"].mkdir()
    here["ends"] = float(fill(job.get("timeout-minutes", 360), context)) * 60
    here["clock"] = make_clock(folder)
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
            entry = {"name": as_text(step.get("name") or step.get("uses") or step.get("run", "").strip().split("\n")[0]), "log": ""}
            entry |= {"uses": step.get("uses", ""), "outcome": "skipped", "conclusion": "skipped", "outputs": {}}
            told.append(entry)
            if not here["out of time"] and holds(step.get("if"), context, status, here["workspace"]):
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
    return {
        "result": "cancelled" if here["out of time"] else "failure" if bad else "success",
        "outputs": outputs,
        "steps": told,
        "minutes": round(float(here["clock"].read_text()) / 60, 1),
    }


def _play_step(here, step, context, number, entry):
    env = {**context["env"]}
    env |= {key: as_text(value) for key, value in fill(step.get("env") or {}, context, None, here["workspace"]).items()}
    inside = {**context, "env": env}
    if "uses" in step:
        inputs = fill(step.get("with") or {}, inside, None, here["workspace"])
        try:
            entry["outputs"] = use(here, step["uses"].split("@")[0], inputs) or {}
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
    now = float(here["clock"].read_text())
    own, of_job = (float(fill(part.get("timeout-minutes", 360), inside)) for part in (step, here["job"]))
    deadline, bound, who = min((now + own * 60, own, "step"), (here["ends"], of_job, "job"))
    environ |= {"PLAYED_CLOCK": str(here["clock"]), "PLAYED_DEADLINE": repr(deadline)}
    with open(here["temp"] / f"log-{number}", "w+b") as log:
        process = subprocess.Popen(words, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        here["groups"].append(process.pid)
        try:
            code = process.wait(here["run"]["limit"])
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        log.seek(0)
        entry["log"] = log.read()[-LOG_CHARACTERS:].decode(errors="replace")
        if code == -signal.SIGKILL or float(here["clock"].read_text()) > deadline:
            slept = float(here["clock"].read_text()) > deadline  # if not, it hung, and the runner's own limit ended it
            entry["log"] += f"\nstopped: the {who}'s time of {bound:g} minutes is over" if slept else "\nstopped: it hung"
            here["out of time"] |= slept and who == "job"
            entry |= {"stopped": bound} if slept else {}
            code = code or -signal.SIGKILL
            here["clock"].write_text(repr(min(deadline, float(here["clock"].read_text()))))
    entry["outputs"] = _read_pairs(files["GITHUB_OUTPUT"])
    entry["summary"] = files["GITHUB_STEP_SUMMARY"].read_text()
    context["env"] |= _read_pairs(files["GITHUB_ENV"])
    here["path"][:0] = reversed(files["GITHUB_PATH"].read_text().split("\n")[:-1])
    return code == 0


def _machine(here, github):
    """Return the environment of the machine: little of the caller's own, and GitHub's variables."""
    path = [*here["path"], str(here["clock"].parent / "toys"), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    event = here["temp"] / "event.json"
    event.write_text(json.dumps(github["event"]))
    environ = {"PATH": os.pathsep.join(path), "HOME": str(here["temp"]), "TMPDIR": str(here["temp"]), "LANG": "C.UTF-8", "CI": "true"}
    environ |= {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event), "RUNNER_TEMP": str(here["temp"]), "RUNNER_OS": "Linux"}
    environ |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1"}
    environ |= {"PYTHONPATH": str(here["clock"].parent / "toys")}
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
