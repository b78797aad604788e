"""The actions that the runner knows: checkout, cache, and the two for artifacts."""

import glob
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from expressions import Unsupported, as_text


def use(here, action, inputs):
    """Do what an action does, and return its outputs; one that is not known does nothing. Raises OSError where it fails."""
    run, workspace = here["run"], here["workspace"]
    if action == "actions/checkout":
        target = workspace / as_text(inputs.get("path", "."))
        sha, depth = as_text(inputs.get("ref")) or run["sha"], int(as_text(inputs.get("fetch-depth", "1")) or 1)
        inside = ["git", "-C", str(target)]
        wanted = [f"file://{run['repo']}", *(["+refs/heads/*:refs/remotes/origin/*"] if depth == 0 else []), sha]
        deep = [] if depth == 0 else ["--depth", str(depth)]  # as on GitHub: one commit, if nothing is said
        init, fetch = ["git", "init", "--quiet", "--template=", str(target)], [*inside, "fetch", "--quiet", *deep, *wanted]
        for command in (init, fetch, [*inside, "checkout", "--quiet", "--force", sha]):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise OSError(done.stderr.strip())
        with (target / ".git" / "config").open("a") as config:
            config.write(f'[remote "origin"]\n\turl = file://{run["repo"]}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n')
    elif action in ("actions/cache", "actions/cache/restore"):
        return _cache(here, inputs, action == "actions/cache")
    elif action == "actions/cache/save":
        if run["cache"]:
            _save(here, *_entry(here, inputs))
    elif action == "actions/upload-artifact":
        _upload(here, inputs)
    elif action == "actions/download-artifact":
        _download(here, inputs)
    return None


def _upload(here, inputs):
    """Keep files as an artifact, in the folders below what their paths have in common. A path may be a pattern, or begin with !."""
    _known(inputs, "upload-artifact", "name path if-no-files-found overwrite include-hidden-files retention-days compression-level")
    workspace, name = here["workspace"], as_text(inputs.get("name", "artifact"))
    kept, found, roots = here["run"]["folder"] / "artifacts" / name, {}, []
    for path in (line.strip() for line in as_text(inputs["path"]).split("\n") if line.strip()):
        pattern = os.path.normpath(workspace / path.removeprefix("!"))
        some = [Path(one) for one in sorted(glob.glob(pattern, recursive=True, include_hidden=True))]
        some = {file: None for one in some for file in ([one] if one.is_file() else sorted(one.rglob("*"))) if file.is_file()}
        if path.startswith("!"):
            found = {file: None for file in found if file not in some}
        else:
            parts = Path(pattern).parts
            roots.append(Path(*parts[: next((n for n, part in enumerate(parts) if glob.has_magic(part)), len(parts))]))
            found |= some
    if as_text(inputs.get("include-hidden-files")) != "true":
        found = {file: None for file in found if not any(part.startswith(".") for part in file.relative_to(workspace).parts)}
    if not found:
        if inputs.get("if-no-files-found") == "error":
            raise OSError(f"upload-artifact: there is no {as_text(inputs['path']).strip()}")
        return
    if kept.exists():
        if as_text(inputs.get("overwrite")) != "true":
            raise OSError(f"upload-artifact: this run has an artifact {name} already")
        shutil.rmtree(kept)
    root = Path(os.path.commonpath(roots))
    root = root.parent if root.is_file() else root
    for file in found:
        _copy(file, kept / file.relative_to(root))


def _download(here, inputs):
    """Fetch one artifact by its name, or all (all that fit a pattern), each into a folder of its name, if they are not merged."""
    _known(inputs, "download-artifact", "name path pattern merge-multiple")
    artifacts, to = here["run"]["folder"] / "artifacts", here["workspace"] / as_text(inputs.get("path") or ".")
    if inputs.get("name"):
        kept = artifacts / as_text(inputs["name"])
        if not kept.is_dir():
            raise OSError(f"download-artifact: no job has uploaded {kept.name}")
        _copy(kept, to)
        return
    for kept in sorted(artifacts.glob(as_text(inputs.get("pattern") or "*"))):
        _copy(kept, to if as_text(inputs.get("merge-multiple")) == "true" else to / kept.name)


def _known(inputs, action, names):
    unknown = sorted(set(inputs) - set(names.split()))
    if unknown:
        raise Unsupported(f"this runner does not know the input {unknown[0]} of {action}; it knows {names.replace(' ', ', ')}")


def _cache(here, inputs, saves):
    """Restore by key, or by the first restore-key that some key begins with; save at the job's end if the key is new."""
    if not here["run"]["cache"]:
        return {"cache-hit": "false"}
    place, key, paths = _entry(here, inputs)
    known = sorted(place.parent.glob("*/key"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
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
