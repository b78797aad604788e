"""Plays your colleagues: their commits, the team's repository, the store, the city's server, and what your pipeline makes of them."""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from expressions import Unsupported
from runner import by_hand, play, pull_request, push, read_workflow

HERE = Path(__file__).resolve().parent
KEY = "mbk_7Hq2TzL9vXc4RkW8nPs3YdJ6fGb5MaUe"  # the played store's key; a real one would never stand in a file
PARTS = ["model.json", "predict.py", "features.py", "days_off.json"]
ASKED = {  # what the steps of the pipeline ask, by module
    "contract_check": "contract_problems",
    "leak_check": "leak_problems",
    "gate": "gate_problems",
    "secret_scan": "find_secrets",
    "rollback": "rollback",
}
OVERTIME = 30  # minutes that a run may take

PLAIN = "    return [[float(row[name]) for name in FEATURES] + cell(row) for row in rows]\n"
RAIN = PLAIN.replace("return", "plain =") + (
    '    return [line + [float(row["rain_mm"]) * one for one in cell(row)] for line, row in zip(plain, rows, strict=True)]\n'
)
SCEPTIC = {  # Cy's: warmth counts by shift and district, and so many trips in Old Town look wrong
    "message": "Warmth, and fewer bikes for Old Town",
    "replace": {
        "features.py": [PLAIN, RAIN.replace("rain_mm", "temperature_c")],
        "predict.py": [
            'return [max(0.0, sum(w * x for w, x in zip(model["weights"], line, strict=True))) for line in features(rows)]',
            'share = {"Old Town": 0.72}\n'
            '    raw = [sum(w * x for w, x in zip(model["weights"], line, strict=True)) for line in features(rows)]\n'
            '    return [max(0.0, number * share.get(row["district"], 1.0)) for number, row in zip(raw, rows, strict=True)]',
        ],
    },
}
MARK = "a note that goes again"  # in a commit that the next one undoes
SPY = """

def spied(function):
    def asked(*words, **more):
        import hashlib
        import json
        import os

        told = {"asked": "%s", "undone": any("%s".replace("_", " ") in str(word) for word in words)}
        if os.path.exists("model.json"):
            with open("model.json", "rb") as file:
                told["model"] = hashlib.sha256(file.read()).hexdigest()
        with open(os.path.join(os.environ["CITY_SERVER"], "checks"), "a") as file:
            file.write(json.dumps(told) + "\\n")
        return function(*words, **more)

    return asked


%s = spied(%s)
"""
SLOW_TEST = """

class Server(unittest.TestCase):
    def test_the_planners_server_answers(self):
        time.sleep(5 * 3600)  # until it does
"""


def week():
    """Return the eight events of a week: who did what, and whether it should be released, with the reason."""
    lines = (HERE / "next_week.csv").read_text().splitlines(keepends=True)[1:]
    fahrenheit = [",".join([*row[:3], f"{float(row[3]) * 1.8 + 32:.1f}", *row[4:]]) for row in (line.split(",") for line in lines)]
    token = "ghp_" + "Zk4Wq9LmT2xVb7NcR5yHs8JdG3fPa6QeUwXi"
    return [
        _event(
            "good",
            "Ada",
            "Rain counts by shift and district",
            True,
            "a little better, and nothing against it",
            replace={"features.py": [PLAIN, RAIN]},
        ),
        _event(
            "worse",
            "Bo",
            "No more rain: the weather service is too dear",
            False,
            "15 % worse than what is live",
            replace={"features.py": ['"temperature_c", "rain_mm",', '"temperature_c",']},
        ),
        _event(
            "leak",
            "Cy",
            "A great new feature",
            False,
            "returns are counted only after the shift",
            replace={"features.py": ['"rain_mm", "trips_last_week"', '"rain_mm", "trips_last_week", "returns"']},
        ),
        _event(
            "schema", "Bo", "The newest week", False, "its temperatures are in Fahrenheit", append={"data/shifts.csv": "".join(fahrenheit)}
        ),
        _event(
            "slow test",
            "Cy",
            "A test against the planners' server",
            False,
            "it runs for five hours, and the next commit waits",
            replace={"tests/test_forecast.py": ["import unittest\n", "import time\nimport unittest\n"]},
            append={"tests/test_forecast.py": SLOW_TEST},
        ),
        _event("secret", "Cy", "Upload the report by itself", False, "a token lies in Git", files={"upload.py": f'TOKEN = "{token}"\n'}),
        _event(
            "flaky",
            "Ada",
            "Ridge at 0.5",
            True,
            "the city's server is silent at first, and then it answers",
            replace={"train.py": ["RIDGE = 1.0", "RIDGE = 0.5"]},
            silent=2,
        ),
        {
            "name": "rollback",
            "by": "Rosa",
            "says": "Back to r1, please",
            "on": "by hand",
            "inputs": {"version": "r1"},
            "live": "r1",
            "why": "r1 is whole",
        },
    ]


def _event(name, by, says, released, why, **commit):
    silent = commit.pop("silent", 0)
    return {
        "name": name,
        "by": by,
        "says": says,
        "on": "push",
        "commits": [{"message": says, **commit}],
        "silent": silent,
        "released": released,
        "why": why,
    }


def lay_out(team, place):
    """Lay out in the folder `place` the repository `hub` with what lies in `team`, and the store with r1 and r2, of which r2 is live."""
    hub, store = Path(place) / "hub", Path(place) / "store"
    shutil.copytree(team, hub, ignore=shutil.ignore_patterns("__pycache__", ".git", "build", ".ipynb_checkpoints"))
    _git(hub, "init", "--quiet", "--template=", "--initial-branch=main")
    _commit(hub, "Bo", "The forecast, with its pipeline")
    make_store(store)


def make_store(store):
    """Make a store with two releases of the forecast: r1, of a month ago, and r2, which is live."""
    rows = (HERE / "team" / "data" / "shifts.csv").read_text().splitlines(keepends=True)
    days = sorted({line[:10] for line in rows[1:]})
    for version, before in [("r1", days[-35]), ("r2", days[-14])]:
        folder = Path(store) / "releases" / version
        folder.mkdir(parents=True)
        for name in ("predict.py", "features.py"):
            shutil.copyfile(HERE / "team" / name, folder / name)
        past = [rows[0], *(line for line in rows[1:] if line[:10] < before)]
        (folder / "model.json").write_text(
            trained({name: (HERE / "team" / name).read_text() for name in ("features.py", "train.py")}, "".join(past))
        )
        (folder / "days_off.json").write_text('{"year": 2026, "days_off": ["2026-01-01", "2026-04-06", "2026-05-01", "2026-06-24"]}\n')
        manifest = {"version": version, "commit": "", "files": {name: _sha256(folder / name) for name in PARTS}}
        (folder / "manifest.json").write_text(json.dumps(manifest))
    (Path(store) / "live.json").write_text(json.dumps({"version": "r2", "previous": "r1"}))
    (Path(store) / "key").write_text(KEY)


def trained(sources, table):
    """Return the text of the model.json that features.py and train.py give for the text of a table."""
    features, train = {"__name__": "features"}, {"__name__": "train"}
    exec(sources["features.py"], features)
    exec(sources["train.py"].replace("from features import features\n", ""), train)
    train["features"] = features["features"]
    return json.dumps(train["train"](list(csv.DictReader(table.splitlines())))) + "\n"


def make_candidate(folder, *commits):
    """Write into the folder the forecast as it is after these commits: code, table, and model.json, trained on all but the test days."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "team", folder, ignore=shutil.ignore_patterns("__pycache__", "ci"))
    for commit in commits:
        _change(folder, commit)
    lines = (folder / "data" / "shifts.csv").read_text().splitlines(keepends=True)
    rows = list(csv.DictReader(lines))
    first = sorted({row["day"] for row in rows})[-14]
    past = [lines[0], *(line for line, row in zip(lines[1:], rows, strict=True) if row["day"] < first)]
    sources = {name: (folder / name).read_text() for name in ("features.py", "train.py")}
    (folder / "model.json").write_text(trained(sources, "".join(past)))


def play_events(team, events):
    """Play each event to the pipeline in the folder `team`, each on its own, from the same start. Return {name: what became of it}.

    What became of it: `result`, of the workflows that started (success, failure, nothing started); `live`, the version that is live
    then; `released`, whether that is a new one; `parts`, the texts of the live release; `minutes`; `asked`, how often the city's server
    was asked; `failed`, the steps that failed, each with the end of its log. Of an event with `spied`: `checks`, what each check was asked.
    """
    with tempfile.TemporaryDirectory(prefix="played-") as place, _calm():
        base = Path(place).resolve() / "base"
        base.mkdir()
        lay_out(team, base)
        with ThreadPoolExecutor(2) as workers:
            told = list(
                workers.map(lambda number: _play_event(base, Path(place).resolve() / str(number), events[number]), range(len(events)))
            )
    return {event["name"]: one for event, one in zip(events, told, strict=True)}


def _play_event(base, place, event):
    shutil.copytree(base, place, symlinks=True)
    hub, store, server = place / "hub", place / "store", place / "server"
    server.mkdir()
    days_off = event.get("days_off", '{"year": 2026, "days_off": ["2026-01-01", "2026-04-06", "2026-05-01", "2026-06-24", "2026-09-21"]}\n')
    (server / "days_off.json").write_text(days_off)
    (server / "state.json").write_text(json.dumps({"asked": 0, "silent": event.get("silent", 0)}))
    if event.get("spied"):
        for name, function in ASKED.items():
            path = hub / "ci" / f"{name}.py"
            if path.exists():
                path.write_text(path.read_text() + SPY % (function, MARK.replace(" ", "_"), function, function))
        _commit(hub, "Ada", "The checks note what they are asked")
    before = _git(hub, "rev-parse", "HEAD")
    if event["on"] in ("pull request", "fork", "branch"):
        _git(hub, "checkout", "--quiet", "-b", "change")
    for commit in event.get("commits", []):
        _change(hub, commit)
        _commit(hub, event.get("by", "Ada"), commit["message"])
    for path in event.get("damage", []):
        (store / path).write_bytes((store / path).read_bytes()[:-9])
    sha, changed = _git(hub, "rev-parse", "HEAD"), _git(hub, "diff", "--name-only", before, "HEAD").split()
    message = event["commits"][-1]["message"] if event.get("commits") else ""
    if event["on"] == "push":
        happens = push(changed=changed, before=before, after=sha, head_commit={"message": message})
    elif event["on"] in ("branch", "tag"):  # new ones: there was nothing before
        happens = push(
            "change", changed, "v3" if event["on"] == "tag" else None, before="0" * 40, after=sha, head_commit={"message": message}
        )
    elif event["on"] == "by hand":
        happens = by_hand(**event["inputs"])
    else:
        happens = pull_request(changed=changed, title=message, fork=event["on"] == "fork")
        happens["payload"]["pull_request"]["base"]["sha"] = before
        happens["payload"]["pull_request"]["head"]["sha"] = sha
    machine = {"STORE": str(store), "CITY_SERVER": str(server), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    results, failed, minutes, started = [], [], 0.0, 0
    flows = sorted([*(hub / ".github" / "workflows").glob("*.yml"), *(hub / ".github" / "workflows").glob("*.yaml")])
    for path in [path for path in flows if event["on"] != "by hand" or path.stem == "rollback"]:  # who presses a button says which
        try:
            said = play(path.read_text(), hub, happens, sha, secrets={"STORE_KEY": KEY}, env=machine)
        except (Unsupported, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            said = {"result": "failure", "jobs": {}}
            failed.append(f"{path.name} cannot be played: {error}")
        results += [said["result"]] if said["result"] != "not triggered" else []
        jobs = said["jobs"]
        started += any(job["steps"] for job in jobs.values())
        minutes = max([minutes, *_paths(path, jobs)])
        for label, job in jobs.items():
            for step in job["steps"]:
                if step["outcome"] == "failure":
                    failed.append(f"{label} / {step['name']}: {' '.join(step['log'].split())[-300:]}")
    live = json.loads((store / "live.json").read_text()) if (store / "live.json").exists() else {}
    version = live.get("version") if isinstance(live, dict) else None
    folder = store / "releases" / str(version)
    parts = {path.name: path.read_text(errors="replace") for path in sorted(folder.iterdir()) if path.is_file()} if folder.is_dir() else {}
    told = {
        "result": "nothing started" if not results else "failure" if {"failure", "cancelled"} & set(results) else "success",
        "live": version,
        "previous": live.get("previous") if isinstance(live, dict) else None,
        "released": version not in ("r1", "r2"),
        "releases": sorted(path.name for path in (store / "releases").iterdir()),
        "parts": parts,
        "minutes": minutes,
        "asked": json.loads((server / "state.json").read_text())["asked"],
        "failed": failed,
        "checks": [json.loads(line) for line in (server / "checks").read_text().split("\n")[:-1]]
        if event.get("spied") and (server / "checks").exists()
        else [],
        "sha": sha,
        "before": before,
        "litter": sorted(path.name for path in store.iterdir() if path.name not in ("live.json", "key", "releases")),
    }
    shutil.rmtree(place)
    return told


def _paths(path, jobs):
    """Return for each job the minutes from the start to its end: its own, and those of what it waited for."""
    needs = {name: job.get("needs") or [] for name, job in read_workflow(path.read_text())["jobs"].items()} if jobs else {}
    own = {}
    for job in jobs.values():
        own[job["job"]] = max(own.get(job["job"], 0.0), job.get("minutes", 0.0))

    def until(name):
        return own.get(name, 0.0) + max(
            (until(need) for need in ([needs[name]] if isinstance(needs[name], str) else needs[name])), default=0.0
        )

    return [until(name) for name in own]


def _change(folder, commit):
    for path, text in commit.get("files", {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for path, pair in commit.get("replace", {}).items():
        text = (folder / path).read_text()
        if pair[0] not in text:
            raise ValueError(f"{path} has no {pair[0]!r}")
        (folder / path).write_text(text.replace(*pair))
    for path, text in commit.get("append", {}).items():
        with (folder / path).open("a") as file:
            file.write(text)
    for path in commit.get("delete", []):
        (folder / path).unlink()


def _commit(folder, author, message):
    _git(folder, "add", "--all")
    _git(
        folder,
        "-c",
        f"user.name={author}",
        "-c",
        f"user.email={author.lower()}@metro.example",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        message,
    )


def _git(folder, *words):
    environ = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, env=environ)
    if done.returncode:
        raise RuntimeError(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


class _calm:
    """What the runner's own Git may read of this machine's settings: nothing."""

    def __enter__(self):
        self.before = {name: os.environ.get(name) for name in ("GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL")}
        os.environ.update(GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull)

    def __exit__(self, *_):
        for name, value in self.before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
