"""Plays your colleagues: the heap that they left, what Ada, Bo and Cy change in a clone of your pipeline, and the depot on the hill."""

import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import yaml
from dvc.repo import Repo
from workbench import md5

for name in ("dvc", "dvc_data", "dvc_objects"):
    logging.getLogger(name).setLevel(logging.CRITICAL)

HERE = Path(__file__).resolve().parent
STAGES = ["prepare", "train", "evaluate"]


def play_heap(repo, store):
    """Lay out the repository as Ada, Bo and Cy left it, and an empty folder for a DVC remote. What was there before is removed."""
    for folder in (repo, store, Path(repo).parent / "kept"):
        shutil.rmtree(folder, ignore_errors=True)
    Path(store).mkdir()
    repo = _new_repository(repo)
    shutil.copytree(HERE / "heap", repo, dirs_exist_ok=True)
    (repo / "data").mkdir()
    shutil.copyfile(HERE / "trips.csv", repo / "data" / "trips.csv")
    shutil.copyfile(HERE / "stations.csv", repo / "data" / "stations.csv")
    (repo / ".gitignore").write_text("/prepared/\n__pycache__/\n")
    (repo / "model.json").write_text(json.dumps(HEIRLOOM, indent=1) + "\n")
    train, as_found = repo / "train.py", (repo / "train.py").read_text()
    train.write_text(as_found.replace("C = 0.0005  # Bo: just for a try", 'C = params["train"]["C"]'))
    with _quiet(), _heard():
        Repo.init(str(repo)).close()
        _commit(repo, "Ada", "Repair alarm: scripts, data, model", "2025-06-16")
        train.write_text(as_found)
        _commit(repo, "Bo", "wip", "2025-09-01")


def play_friday(repo):
    """Friday, 5 September: Bo copies the new measurements of the sensors into the repository."""
    shutil.copyfile(HERE / "stations_september.csv", Path(repo) / "data" / "stations.csv")


def keep(repo, place):
    """Keep a copy of the repository as it is now, for the judge."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(repo, place, symlinks=True)


def play_events(repo, events, store=None, revision="main"):
    """Clone the repository as a colleague would, play events there, and return what became of each: {name: what}.

    The clone is made at a revision. Its outputs come from the DVC remote in the folder `store`, or, without one, from the cache of the
    repository. An event is a dictionary: its `name`; `files`, {path: new text}; `append`, {path: more text}; `params`, {"train.C": 2.0}.
    With `run` the pipeline is reproduced, and the change stays; without, it is taken back. What became of it: `stale`, the stages that
    DVC holds for changed, with its reasons; `ran`, those that ran; `error`, empty if there was none; and texts: `metrics`, `model`, `lock`.
    The clone itself stands under the name "", with its `files`, {path: MD5}, and the text of its trips, `data`.
    """
    with tempfile.TemporaryDirectory(prefix="clone-") as place, _quiet(place):
        clone = Path(place).resolve() / "clone"
        told = {"": _clone(Path(repo).resolve(), clone, store and Path(store).resolve(), revision)}
        for event in events if clone.is_dir() else []:
            before = {path: _bytes(clone / path) for path in [*event.get("files", {}), *event.get("append", {}), "params.yaml"]}
            _change(clone, event)
            told[event["name"]] = _state(clone, run=event.get("run", False))
            for path, content in before.items() if not event.get("run") else ():
                (clone / path).unlink(missing_ok=True)
                if content is not None:
                    (clone / path).write_bytes(content)
        return told


def _clone(repo, clone, store, revision):
    try:
        _git(repo.parent, "clone", "--quiet", str(repo), str(clone))
        _git(clone, "checkout", "--quiet", revision)
        if store:
            (clone / ".dvc" / "config.local").write_text(f"[core]\n    remote = here\n['remote \"here\"']\n    url = {store}\n")
        elif (repo / ".dvc" / "cache").is_dir():
            shutil.copytree(repo / ".dvc" / "cache", clone / ".dvc" / "cache")
        with chdir(clone), _heard(), Repo(".") as project:
            project.pull() if store else project.checkout()
        error = ""
    except Exception as problem:
        error = _words(problem)
    told = _state(clone) if clone.is_dir() else dict.fromkeys(("error", "metrics", "model", "lock"), "") | {"stale": {}, "ran": []}
    files = {path.relative_to(clone): path for path in sorted(clone.rglob("*")) if path.is_file()}
    hashes = {name.as_posix(): md5(path) for name, path in files.items() if name.parts[0] not in (".git", ".dvc")}
    data = (_bytes(clone / "data" / "trips.csv") or b"").decode("utf-8", "replace")
    return {**told, "error": error or told["error"], "files": hashes, "data": data}


def _change(clone, event):
    for path, text in event.get("files", {}).items():
        (clone / path).unlink(missing_ok=True)
        (clone / path).write_text(text)
    for path, text in event.get("append", {}).items():
        there = _bytes(clone / path) or b""
        (clone / path).unlink(missing_ok=True)
        (clone / path).write_bytes(there + text.encode())
    if event.get("params"):
        params = yaml.safe_load((clone / "params.yaml").read_text())
        for name, value in event["params"].items():
            section, key = name.split(".")
            params[section][key] = value
        (clone / "params.yaml").write_text(yaml.safe_dump(params))


def _state(clone, run=False):
    told = {"stale": {}, "ran": [], "error": ""}
    try:
        with chdir(clone), _heard() as words:
            with Repo(".") as project:
                told["stale"] = {name: json.loads(json.dumps(why, default=str)) for name, why in project.status().items()}
            if run:
                with Repo(".") as project:
                    told["ran"] = [name for name in (getattr(stage, "name", None) for stage in project.reproduce()) if name]
    except Exception as problem:
        told["error"] = _words(problem, words.get("last", ""))
    for name, path in {"metrics": "metrics.json", "model": "model.json", "lock": "dvc.lock"}.items():
        told[name] = (_bytes(clone / path) or b"").decode("utf-8", "replace")
    return told


def _words(problem, last=""):
    text = f"{type(problem).__name__}: {problem}" + (f" ({last})" if last else "")
    return re.sub(r"\x1b\[[0-9;]*m", "", " ".join(text.split()))[:500]


@contextmanager
def _heard():
    """Keep what this process and its children say off the screen, and give the last line of it when the block ends."""
    words = {}
    with tempfile.TemporaryFile() as file:
        sys.stdout.flush(), sys.stderr.flush()
        before = [os.dup(1), os.dup(2)]
        try:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                yield words
        finally:
            for number, kept in enumerate(before, 1):
                os.dup2(kept, number)
                os.close(kept)
            file.seek(0)
            said = file.read().decode("utf-8", "replace").split("\n")
            words["last"] = next((line.strip() for line in reversed(said) if line.strip()), "")


def _bytes(path):
    return path.read_bytes() if path.is_file() else None


# What stood in Git as model.json: typed over from a notebook in June, nobody knows which.
HEIRLOOM = {
    "features": ["distance_km", "km_since_service", "tyre_pressure_bar", "ebike"],
    "mean": [3.9, 201.0, 3.4, 0.0],
    "scale": [2.1, 115.0, 0.5, 1.0],
    "weights": [0.5, 0.9, -0.8, 0.0],
    "intercept": -2.6,
    "threshold": 0.5,
}


def play_releases(place, releases):
    """Lay out a small repository `repo` and its remote `store`, with a commit and a tag for each release, in order.

    A release: its `tag`, the bytes of its `model`, its `metrics`, and `where` its model is left: "both" (in cache and store), "store",
    "cache", "nowhere", or damaged in the store alone: "cut" short, or as long with one byte "changed". In the end somebody is at work in
    the folder: two files differ.
    """
    shutil.rmtree(place, ignore_errors=True)
    repo, store = _new_repository(Path(place) / "repo"), Path(place).resolve() / "store"
    store.mkdir()
    (repo / ".dvc").mkdir()
    (repo / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (repo / ".dvc" / "config").write_text(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {store}\n")
    (repo / ".gitignore").write_text("/model.json\n")
    (repo / "train.py").write_text("raise SystemExit('not today')\n")
    stage = {"cmd": "python train.py", "deps": ["train.py"], "outs": ["model.json"], "metrics": [{"metrics.json": {"cache": False}}]}
    (repo / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": stage}}))

    def entry(path, content):
        return {"path": path, "hash": "md5", "md5": md5(content), "size": len(content)}

    for release in releases:
        (repo / "metrics.json").write_text(json.dumps(release["metrics"]))
        outs = [entry("metrics.json", (repo / "metrics.json").read_bytes()), entry("model.json", release["model"])]
        lock = {"cmd": stage["cmd"], "deps": [entry("train.py", (repo / "train.py").read_bytes())], "outs": outs}
        (repo / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {"train": lock}}))
        name = md5(release["model"])
        places = {"both": [store, repo / ".dvc" / "cache"], "cache": [repo / ".dvc" / "cache"], "nowhere": []}
        for root in places.get(release["where"], [store]):
            file = root / "files" / "md5" / name[:2] / name[2:]
            file.parent.mkdir(parents=True, exist_ok=True)
            harm = {"cut": release["model"][:-9], "changed": release["model"][:-9] + b"?" + release["model"][-8:]}
            file.write_bytes(harm.get(release["where"], release["model"]))
        _commit(repo, "Cy", f"Release {release['tag']}", "2025-09-01")
        _git(repo, "tag", release["tag"])
    (repo / "metrics.json").write_text('{"at work": true}')
    (repo / "model.json").write_bytes(b"half a model")


def play_hill(place):
    """Play the depot on the hill, up to Monday: hub.git and store, which all share, bo, which is Bo's laptop, and yours, which is new."""
    shutil.rmtree(place, ignore_errors=True)
    place = Path(place).resolve()
    hub, store, bo, yours = place / "hub.git", place / "store", place / "bo", place / "yours"
    store.mkdir(parents=True)
    rows = (HERE / "trips.csv").read_text().splitlines()[1:]
    trips = [f"{row.split(',')[1]},{row.rsplit(',', 1)[1]}" for row in rows]
    with _quiet(place / "site"), _heard():
        _git(place, "init", "--quiet", "--bare", "--initial-branch=main", str(hub))
        _new_repository(bo)
        _git(bo, "remote", "add", "origin", str(hub))
        Repo.init(str(bo)).close()
        with (bo / ".dvc" / "config").open("a") as config:  # the same as `dvc remote add --default store FOLDER`
            config.write(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {store}\n")
        for name, text in HILL.items():
            (bo / name).write_text(text)
        (bo / "data").mkdir()
        _hill_release(bo, trips[:2500], "Ada", "v1", "2025-07-01")
        with chdir(bo), Repo(".") as project:
            project.push()
        (bo / "alarm.py").write_text(
            HILL["alarm.py"].replace('broken"] > params["limit"]', 'broken"] > params["limit"] and row["trips"] >= 60')
        )
        model = _hill_release(bo, trips[:2500], "Cy", "v2", "2025-08-01")
        (bo / ".dvc/cache/files/md5" / model[:2] / model[2:]).unlink()  # that was Cy's laptop, which is gone
        _hill_release(bo, trips[:4600], "Bo", "v3", "2025-09-01")
        _git(bo, "push", "--quiet", "--set-upstream", "origin", "main", "--tags")
        _git(place, "clone", "--quiet", str(hub), str(yours))
        _identify(yours)
        (yours / "params.yaml").write_text("limit: 0.11\n")
        _commit(yours, "Ada", "limit: the workshop has room for more", "2025-09-15")
        _git(yours, "push", "--quiet", "origin", "main")
    shutil.rmtree(place / "site", ignore_errors=True)


def _hill_release(repo, trips, author, tag, day):
    (repo / "data" / "trips.csv").unlink(missing_ok=True)
    (repo / "data" / "trips.csv").write_text("station,broken\n" + "\n".join(trips) + "\n")
    with chdir(repo):
        with Repo(".") as project:
            project.add("data/trips.csv")
        with Repo(".") as project:
            project.reproduce()
    shutil.rmtree(repo / ".dvc" / "cache" / "runs", ignore_errors=True)
    _commit(repo, author, f"Release {tag}", day)
    _git(repo, "tag", tag)
    stages = yaml.safe_load((repo / "dvc.lock").read_text())["stages"]
    return next(out["md5"] for out in stages["alarm"]["outs"] if out["path"] == "model.json")


HILL = {
    "params.yaml": "limit: 0.12\n",
    "dvc.yaml": """\
stages:
  count:
    cmd: python count.py
    deps: [count.py, data/trips.csv]
    outs: [counts.json]
  alarm:
    cmd: python alarm.py
    deps: [alarm.py, counts.json]
    params: [limit]
    outs: [model.json]
    metrics: [metrics.json: {cache: false}]
""",
    "count.py": '''"""How many bikes came back to each station, and what share of them was broken."""

import csv
import json

rows = {}
with open("data/trips.csv", newline="") as file:
    for trip in csv.DictReader(file):
        row = rows.setdefault(trip["station"], {"trips": 0, "broken": 0})
        row["trips"] += 1
        row["broken"] += int(trip["broken"])
for row in rows.values():
    row["broken"] = round(row["broken"] / row["trips"], 4)
with open("counts.json", "w") as file:
    json.dump(rows, file, sort_keys=True)
''',
    "alarm.py": '''"""The stations whose bikes are looked at first: where the share of broken ones is above the limit."""

import json

with open("params.yaml") as file:
    params = {name: float(value) for name, value in (line.split(":") for line in file if line.strip())}
with open("counts.json") as file:
    counts = json.load(file)
first = sorted(int(station) for station, row in counts.items() if row["broken"] > params["limit"])
with open("model.json", "w") as file:
    json.dump({"look_first": first, "limit": params["limit"]}, file)
with open("metrics.json", "w") as file:
    json.dump({"stations": len(first), "trips": sum(counts[str(station)]["trips"] for station in first)}, file)
''',
}


def _new_repository(folder):
    folder = Path(folder).resolve()
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _identify(folder)
    return folder


def _identify(repo):
    for key, value in {"user.name": "You", "user.email": "you@example.com", "core.autocrlf": "false", "commit.gpgsign": "false"}.items():
        _git(repo, "config", key, value)


def _commit(repo, author, message, day):
    who = {"NAME": author, "EMAIL": f"{author.lower()}@example.com", "DATE": f"{day}T09:00:00Z"}
    named = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    _git(repo, "add", "--all")
    _git(repo, "commit", "--quiet", "-m", message, environ=named)


def _git(folder, *words, environ=()):
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True, env={**os.environ, **dict(environ)})


@contextmanager
def _quiet(place=None):
    """Run DVC in this process: silent, with our own Python for the stages, and with what it remembers below `place`, if one is given."""
    mine = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]), "PYTHONDONTWRITEBYTECODE": "1"}
    if place:
        mine |= {"DVC_SITE_CACHE_DIR": f"{place}/site", "DVC_GLOBAL_CONFIG_DIR": f"{place}/config"}
    before = {name: os.environ.get(name) for name in mine}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
