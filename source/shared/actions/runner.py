"""A small runner for GitHub Actions workflows: it plays an event to a workflow, on this machine, in a commit of a local repository.

    from runner import by_hand, play, pull_request, push
    said = play(Path("ci.yml").read_text(), "alarm", push(), sha="HEAD")
    said["result"]                                       # success, failure or not triggered
    said["jobs"]["test"]["result"]                       # success, failure, cancelled or skipped; a matrix job is "test (3.11, linux)"
    said["jobs"]["test"]["steps"][0]["log"]              # what a step printed; secrets are masked

It is a teaching aid, faithful in what decides whether a run is green: triggers (branches, tags, paths), needs, if, matrix, expressions,
outputs, env, defaults, shells and their flags, continue-on-error, timeout-minutes, secrets (none for a fork's pull request), a clean
workspace for each job. Of actions it knows checkout (with fetch-depth), cache (also cache/restore and cache/save),
upload-artifact (name, path with patterns, if-no-files-found, overwrite, include-hidden-files) and download-artifact (name, path,
pattern, merge-multiple); all others do nothing, and succeed.

What it does not do: containers, services, reusable workflows and composite actions (it stops with Unsupported); operating systems and
Python versions (every job runs here, with this Python); permissions, environments with approvals, concurrency, schedules, artifacts of
other runs. As on GitHub, a step that is out of time has failed, and a job that is out of time is cancelled; what it still had to do is
left out here. It puts no walls around what it runs: on GitHub each job has a machine of its own.

Its clock is a toy. What sleeps, in Python by time.sleep or in a shell by `sleep`, does not wait: it puts the job's clock forward. All
else takes no time on it. So a test that sleeps for five hours takes a moment here, and counts as five hours against timeout-minutes.
"""

import re
import subprocess
import tempfile
from itertools import product
from pathlib import Path

import yaml
from expressions import Unsupported, as_text, fill, holds, matches, truthy
from steps import play_leg


class _Loader(yaml.SafeLoader):
    """YAML 1.2, as GitHub reads it: `on` is a text, only true and false are truth values."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith((":bool", ":timestamp"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def read_workflow(text):
    """Return a workflow's text as dictionaries and lists. Raises Unsupported where it is none."""
    try:
        found = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise Unsupported(f"this is no YAML: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("jobs"), dict) or "on" not in found:
        raise Unsupported("this is no workflow: it needs `on` and `jobs`")
    return found


# Events


def push(branch="main", changed=None, tag=None, **payload):
    """Return the event of a push to a branch, or of a tag. `changed` are the files that differ; None: those of the commit played."""
    return {"name": "push", "ref": f"refs/tags/{tag}" if tag else f"refs/heads/{branch}", "changed": changed, "payload": payload}


def pull_request(branch="change", base="main", changed=None, title="A change", fork=False, action="synchronize", name="pull_request"):
    """Return the event of a pull request. `fork`: it comes from outside; `name` may be pull_request_target."""
    of = {"number": 7, "title": title, "head": {"ref": branch, "repo": {"fork": fork}}, "base": {"ref": base}}
    return {"name": name, "ref": "refs/pull/7/merge", "changed": changed, "payload": {"action": action, "number": 7, "pull_request": of}}


def by_hand(**inputs):
    """Return the event of somebody who starts the workflow by hand (workflow_dispatch), with these inputs."""
    return {"name": "workflow_dispatch", "ref": "refs/heads/main", "changed": [], "payload": {"inputs": inputs}}


def triggered(workflow, event):
    """Return whether the workflow, as read_workflow gives it, starts for an event whose `changed` is a list."""
    on = workflow["on"]
    on = {name: None for name in ([on] if isinstance(on, str) else on)} if not isinstance(on, dict) else on
    if event["name"] not in on:
        return False
    rule = {key: [value] if isinstance(value, str) else value for key, value in (on[event["name"]] or {}).items()}
    if event["name"] == "push":
        kind, ref = event["ref"].removeprefix("refs/").split("/", 1)
        named, other = ("branches", "tags") if kind == "heads" else ("tags", "branches")
        if kind == "tags":  # paths do not count for tags
            rule = {key: value for key, value in rule.items() if "paths" not in key}
    else:
        named, other, ref = "branches", "-", event["payload"].get("pull_request", {}).get("base", {}).get("ref", "main")
        if event["payload"].get("action") not in rule.get("types", [event["payload"].get("action"), "opened", "synchronize", "reopened"]):
            return False
    if named in rule or f"{named}-ignore" in rule:
        if not matches(ref, rule.get(named, ["**"])) or matches(ref, rule.get(f"{named}-ignore", [])):
            return False
    elif other in rule or f"{other}-ignore" in rule:
        return False
    if "paths" in rule:
        return any(matches(path, rule["paths"]) for path in event["changed"])
    return "paths-ignore" not in rule or not all(matches(path, rule["paths-ignore"]) for path in event["changed"])


# A run


def play(text, repo, event, sha="HEAD", *, secrets=None, env=None, cache=None, limit=20.0):
    """Play an event to the workflow `text` in a commit of the repository, and return what became of it, as plain dictionaries.

    `secrets`: {name: value}. `env`: what the machine's environment holds besides. `cache`: a folder that keeps actions/cache.
    `limit`: seconds of real time after which any step is stopped. Raises Unsupported.
    """
    workflow = read_workflow(text)
    sha = _git(repo, "rev-parse", sha)
    if event["changed"] is None:
        event = {**event, "changed": _git(repo, "show", "--name-only", "--format=", sha).split("\n")}
    if not triggered(workflow, event):
        return {"result": "not triggered", "jobs": {}}
    head = event["payload"].get("pull_request", {}).get("head", {"repo": {"fork": False}})
    if event["name"] == "pull_request" and head["repo"]["fork"]:
        secrets = {}
    with tempfile.TemporaryDirectory(prefix="runner-") as folder:
        run = {"repo": str(Path(repo).resolve()), "sha": sha, "folder": Path(folder), "cache": cache, "limit": limit}
        run |= {"workflow": workflow, "secrets": {"GITHUB_TOKEN": "ghs_played", **(secrets or {})}, "env": env or {}, "event": event}
        return _play_jobs(run)


def _play_jobs(run):
    workflow, jobs, done = run["workflow"], run["workflow"]["jobs"], {}
    head = run["event"]["payload"].get("pull_request", {})
    github = {"event_name": run["event"]["name"], "event": run["event"]["payload"], "ref": run["event"]["ref"], "sha": run["sha"]}
    github |= {
        "ref_name": run["event"]["ref"].split("/", 2)[2],
        "head_ref": head.get("head", {}).get("ref", ""),
        "run_id": "1",
        "run_number": "1",
    }
    github |= {
        "repository": "metro-bikes/alarm",
        "actor": "ada",
        "workflow": workflow.get("name", ""),
        "base_ref": head.get("base", {}).get("ref", ""),
    }
    github |= {"ref_type": "tag" if "/tags/" in run["event"]["ref"] else "branch", "token": run["secrets"]["GITHUB_TOKEN"]}
    run["base"] = {
        "github": github,
        "secrets": run["secrets"],
        "vars": {},
        "inputs": run["event"]["payload"].get("inputs", {}),
        "runner": {"os": "Linux", "arch": "X64"},
    }
    told, waiting = {}, list(jobs)
    while waiting:
        ready = [name for name in waiting if all(need in done for need in _needs(jobs[name]))]
        if not ready:
            lacking = sorted({need for name in waiting for need in _needs(jobs[name])} - set(jobs))
            raise Unsupported(
                f"a job needs {', '.join(lacking)}, which is no job here" if lacking else f"{', '.join(waiting)} wait for each other"
            )
        waiting.remove(ready[0])
        done[ready[0]] = _play_job(run, ready[0], done, told)
    results = [job["result"] for job in done.values()]
    return {"result": next((bad for bad in ("failure", "cancelled") if bad in results), "success"), "jobs": told}


def _needs(job):
    return [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs") or []


def _ancestors(jobs, name):
    return {name for need in _needs(jobs[name]) for name in (need, *_ancestors(jobs, need))}


def _play_job(run, name, done, told):
    job = run["workflow"]["jobs"][name]
    for word in ("uses", "container", "services"):
        if word in job:
            raise Unsupported(f"job {name}: this runner does not know `{word}` for a job")
    base = {**run["base"], "needs": {need: done[need] for need in _needs(job)}}
    results = [done[ancestor]["result"] for ancestor in _ancestors(run["workflow"]["jobs"], name)]
    status = {"success": all(result == "success" for result in results), "failure": "failure" in results}
    if not holds(job.get("if"), base, status):
        told[name] = {"job": name, "result": "skipped", "matrix": {}, "outputs": {}, "steps": []}
        return {"result": "skipped", "outputs": {}}
    strategy = fill(job.get("strategy") or {}, base)
    result, outputs = "success", {}
    for leg in _legs(strategy.get("matrix") or {}):
        label = f"{name} ({', '.join(as_text(value) for value in leg.values())})" if leg else name
        if result != "success" and strategy.get("fail-fast", True):
            told[label] = {"job": name, "result": "cancelled", "matrix": leg, "outputs": {}, "steps": []}
            continue
        context = {**base, "matrix": leg, "strategy": strategy}
        told[label] = {"job": name, "matrix": leg, **play_leg(run, job, context)}
        outputs |= told[label]["outputs"]
        if told[label]["result"] != "success" and not truthy(fill(job.get("continue-on-error", False), context)):
            result = told[label]["result"]
    return {"result": result, "outputs": outputs}


def _legs(matrix):
    plain = {key: values for key, values in matrix.items() if key not in ("include", "exclude")}
    legs = [dict(zip(plain, values, strict=True)) for values in product(*plain.values())] if plain else []
    legs = [leg for leg in legs if not any(out.items() <= leg.items() for out in matrix.get("exclude") or [])]
    first = [dict(leg) for leg in legs]
    for more in matrix.get("include") or []:
        into = [leg for leg, was in zip(legs, first, strict=False) if all(was[key] == more[key] for key in more if key in plain)]
        for leg in into:
            leg |= more
        legs += [] if into else [dict(more)]
    return legs or [{}]


def _git(repo, *words):
    done = subprocess.run(["git", "-C", str(repo), *words], capture_output=True, text=True)
    if done.returncode:
        raise Unsupported(f"git {words[0]} in {repo}: {done.stderr.strip()}")
    return done.stdout.strip()
