"""Plays your colleagues: the folder of Thursday's release, the repositories of the team and of its neighbours."""

import json
import os
import shutil
import stat
from pathlib import Path

import pandas as pd
from lifecycle import PIPELINE, git
from ridetime import features, fit, mean_error, open_model, read_rides, save_model, sha256

LIVE = ["distance_km", "ebike_km"]
BOS = ["distance_km", "climb", "ebike_km"]
MENDED = ["distance_km", "ebike_km", "classic_climb"]
CONFIG = """[core]
	repositoryformatversion = 0
	bare = false
	autocrlf = false
[user]
	name = You
	email = you@metro-bikes.example
[commit]
	gpgsign = false
[gc]
	auto = 0
"""
HALF = "2025-06-01"  # models learn from the days before; the days from then on are the hold-out
COLUMNS = {"ride_id": {"type": "number", "unique": True}, "minutes": {"type": "number", "min": 0, "max": 600}}


def play_thursday(folder, csv):
    """Fill the folder with what the failed release of Thursday 12 June left behind."""
    folder = empty(folder)
    rides = read_rides(csv)
    april, past, holdout = rides[rides["day"] < "2025-05-01"], rides[rides["day"] < HALF], rides[rides["day"] >= HALF]
    write_table(past, folder / "rides.csv")
    write_table(holdout, folder / "june.csv")
    export = sha256(april.to_csv(index=False).encode())  # it lay on Cy's machine

    def note(name, by, at, made_from, **fields):
        hashes = {there: hashed if hashed else sha256(folder / there) for there, hashed in made_from.items()}
        write_json(folder / name, {"by": by, "at": at, "made_from": hashes, **fields})

    note("contract.json", "Bo", "2025-06-02T10:12", {"rides.csv": None}, columns=COLUMNS, min_rows=1000)
    note("features (1).json", "Bo", "2025-06-03T09:30", {"contract.json": None}, features=LIVE)
    note("columns_final.json", "Bo", "2025-06-09T16:02", {"contract.json": None}, features=BOS)
    model = fit(features(past, BOS), past["minutes"])  # Tuesday's
    save_model(model, folder / "model.skops")
    mae = errors_of(holdout, model.predict(features(holdout, BOS)))["mae"]
    tuesday = sha256(folder / "model.skops")
    note("tues.json", "Cy", "2025-06-10T11:20", {"rides.csv": None, "columns_final.json": None}, trained_until=HALF, model=tuesday)
    note("results.json", "Cy", "2025-06-10T15:45", {"model.skops": None, "june.csv": None, "tues.json": None}, mae=mae, slices={})
    note("ok_ada.json", "Ada", "2025-06-10T18:05", {"model.skops": None, "results.json": None}, approved=True, reasons=[])
    model = fit(features(april, BOS), april["minutes"])  # Wednesday's, written over it
    save_model(model, folder / "model.skops")
    mae = errors_of(holdout, model.predict(features(holdout, BOS)))["mae"]
    made = {"rides_april.csv": export, "columns_final.json": None}
    note("cy_train.json", "Cy", "2025-06-11T17:20", made, trained_until="2025-05-01", model=sha256(folder / "model.skops"))
    note("results NEW.json", "Cy", "2025-06-11T17:40", {"model.skops": None, "june.csv": None, "cy_train.json": None}, mae=mae, slices={})
    note("live.json", "Bo", "2025-06-12T12:00", {"model.skops": None, "ok_ada.json": None}, version=2, since="2025-06-12")
    write_json(folder / "vans.json", {"vans": 3, "by": "Rosa", "at": "2025-06-12T06:00"})
    (folder / "todo_cy.json").write_text('{"by": "Cy", "monitor": ???\n')
    (folder / "READ ME.txt").write_text("results NEW is the good one. Even better than before! (Cy)\n")


def play_exports(csv):
    """Return four tables as they came out of the app's export: {what it was called: rides}."""
    may = read_rides(csv).query("'2025-05-01' <= day < '2025-06-01'").reset_index(drop=True)
    long = may.assign(ride_id=may["ride_id"] + 20_000)
    long.loc[7, ["distance_km", "climb_m", "minutes"]] = [18.6, 121, 118.0]  # once across the city and up the hill
    harbour = may.assign(distance_km=may["distance_km"].mask(may["district"] == "Harbour", may["distance_km"] * 1000))
    twice = pd.concat([may, may.tail(90)], ignore_index=True)
    comma = may.assign(minutes=[str(value).replace(".", ",") for value in may["minutes"]])
    return {"July": long, "new dock maker": harbour, "sent twice": twice, "office programme": comma}


def play_trials(csv):
    """Return for each candidate the rides of June with two forecasts in minutes: `live`, today's model's, and `candidate`."""
    rides = read_rides(csv)
    april, past, june = rides[rides["day"] < "2025-05-01"], rides[rides["day"] < HALF], rides[rides["day"] >= HALF]

    def forecast(known, names):
        return fit(features(known, names), known["minutes"]).predict(features(june, names)).round(2)

    candidates = {"Cy, Wednesday": (april, BOS), "Cy, Tuesday": (past, BOS), "Bo, mended": (past, MENDED)}
    shown = june[["day", "district", "bike_type", "minutes"]].assign(live=forecast(past, LIVE)).reset_index(drop=True)
    return {name: shown.assign(candidate=forecast(*how)) for name, how in candidates.items()}


def start_repository(folder, csv, names=BOS, contract=None):
    """Make the team's repository: rides, a contract (Bo's, or that of a file) and features. Nothing is trained yet."""
    repo = new_repository(folder)
    shutil.copyfile(csv, repo / "rides.csv")
    agreed = json.loads(Path(contract).read_text()) if contract else {"columns": COLUMNS, "min_rows": 1000}
    write_json(repo / "contract.json", {**agreed, **stamp("Bo", repo, "rides.csv")})
    commit(repo, "Rides until 15 June, and their contract", "Bo")
    write_json(repo / "features.json", {**stamp("Bo", repo, "contract.json"), "features": names})
    commit(repo, "The columns that the model sees", "Bo")
    return repo


def errors_of(rides, predicted):
    """Return the mean absolute error over all rides, and over each slice of at least 40 rides."""
    error = (rides["minutes"] - predicted).abs()
    pairs = rides["district"] + " " + rides["bike_type"]
    groups = [error.groupby(by.to_numpy()) for by in (rides["district"], rides["bike_type"], pairs)]
    slices = {name: round(float(part.mean()), 3) for group in groups for name, part in group if len(part) >= 40}
    return {"mae": round(mean_error(rides["minutes"], predicted), 3), "slices": slices}


def play_evaluation(repo, by="Ada"):
    """Measure the repository's model on the hold-out, and commit evaluation.json."""
    repo, rides = Path(repo), read_rides(Path(repo) / "rides.csv")
    names = json.loads((repo / "features.json").read_text())["features"]
    holdout = rides[rides["day"] >= HALF]
    found = errors_of(holdout, open_model(repo / "model.skops").predict(features(holdout, names)))
    write_json(repo / "evaluation.json", {**stamp(by, repo, "model.skops", "rides.csv", "training.json"), **found})
    commit(repo, "Evaluation on June", by)


def play_approval(repo, approved=True, reasons=(), by="Ada"):
    """Commit approval.json for the model and the evaluation that lie in the repository."""
    repo = Path(repo)
    write_json(
        repo / "approval.json", {**stamp(by, repo, "model.skops", "evaluation.json"), "approved": approved, "reasons": list(reasons)}
    )
    commit(repo, "Approval", by)


def play_training(repo, by="Cy", until=HALF):
    """Train the model of the repository's features, and commit it with its note."""
    repo, rides = Path(repo), read_rides(Path(repo) / "rides.csv")
    names, past = json.loads((repo / "features.json").read_text())["features"], rides[rides["day"] < until]
    save_model(fit(features(past, names), past["minutes"]), repo / "model.skops")
    note = {**stamp(by, repo, "rides.csv", "features.json"), "trained_until": until, "model": sha256(repo / "model.skops")}
    write_json(repo / "training.json", note)
    commit(repo, "Train the model", by)


def play_neighbours(folder):
    """Make the repositories of three other teams: `night-job`, `dock-forecast` and `ticket-desk`."""
    folder = empty(folder)
    night = {
        "job.py": "print('list of bikes')\n",
        "deploy.py": "print('copied to the server')\n",
        "train.ipynb": "{}\n",
        "tests/test_job.py": "def test_list():\n    assert 1 + 1 == 2\n",
        ".github/workflows/tests.yml": workflow_text(
            ["push"], {"tests": ([], ["pytest -q"]), "roll-out": (["tests"], ["python deploy.py"])}
        ),
        "model.skops": "night model 7\n",
    }
    make_team(folder / "night-job", [(night, "Bo", "bo@metro-bikes.example")])
    docks = pipeline_files(["check-data", "train", "check-model", "publish"])
    docks[".github/workflows/train.yml"] = workflow_text(
        ["schedule"], {"train": ([], ["pip install -r requirements.txt", "python run_pipeline.py"])}
    )
    make_team(folder / "dock-forecast", [(docks, "Ada", "ada@metro-bikes.example"), (published("dock model 31\n"), "pipeline", PIPELINE)])
    desk = pipeline_files(["check-data", "train", "check-model", "publish"]) | {
        ".github/workflows/.gitkeep": "",
        "README.md": "Fully automated!\n",
    }
    make_team(
        folder / "ticket-desk", [(desk, "Cy", "cy@metro-bikes.example"), (published("desk model 2\n"), "Cy", "cy@metro-bikes.example")]
    )
    (folder / "ticket-desk" / ".github" / "workflows" / "train.yml").write_text(docks[".github/workflows/train.yml"])


def pipeline_files(kinds):
    """Return the files of a pipeline with one step of each of the kinds: {path: text}."""
    steps = [{"kind": kind, "script": f"steps/{kind.replace('-', '_')}.py"} for kind in kinds]
    scripts = {step["script"]: f"print({step['kind']!r})\n" for step in steps}
    runner = {"run_pipeline.py": "import json\n\nprint(json.load(open('pipeline.json'))['steps'])\n"}
    return {"pipeline.json": json.dumps({"runner": "run_pipeline.py", "steps": steps}, indent=1) + "\n"} | scripts | runner


def published(model, run="runs/2025-06-09.json"):
    """Return a model file and the record of the run that made it: {path: text}."""
    return {"model.skops": model, run: json.dumps({"model": sha256(model.encode()), "mae": 2.0}) + "\n"}


def workflow_text(events, jobs):
    """Return a workflow as YAML. `jobs` has for each name what it needs, and its commands."""
    said = [
        f"  {event}:" + ('\n    - cron: "15 3 * * 1"' if event == "schedule" else "\n    branches: [main]" if event == "push" else "")
        for event in events
    ]
    lines = ["on:", *said, "jobs:"]
    for name, (needs, commands) in jobs.items():
        lines += [f"  {name}:", "    runs-on: ubuntu-latest", *([f"    needs: [{', '.join(needs)}]"] if needs else []), "    steps:"]
        lines += [f"      - run: {command}" for command in commands]
    return "\n".join(lines) + "\n"


def make_team(folder, commits):
    """Make a repository with the commits: each a dictionary of files, a name and an e-mail address."""
    repo = new_repository(folder)
    for number, (tree, name, address) in enumerate(commits):
        for path, text in tree.items():
            (repo / path).parent.mkdir(parents=True, exist_ok=True)
            (repo / path).write_bytes(text.encode())
        commit(repo, f"Change {number + 1}", name, address)
    return repo


def empty(folder):
    """Return the folder's path, after it was emptied."""
    folder = Path(folder)
    shutil.rmtree(folder, onerror=_unlock)
    folder.mkdir(parents=True)
    return folder


def new_repository(folder):
    """Make an empty Git repository in the folder, which is emptied first, and return its path."""
    folder = empty(folder)
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    (folder / ".git" / "config").write_text(CONFIG)
    return folder


def commit(repo, message, by, address=None):
    """Commit all that lies in the repository in somebody's name."""
    git(repo, "add", "--all")
    git(
        repo,
        "-c",
        f"user.name={by}",
        "-c",
        f"user.email={address or by.lower() + '@metro-bikes.example'}",
        "commit",
        "--quiet",
        "-m",
        message,
    )


def stamp(by, repo, *names, at="2025-06-16T12:00"):
    """Return who made a hand-over, when, and the hashes of what it was made from."""
    return {"by": by, "at": at, "made_from": {name: sha256(Path(repo) / name) for name in names}}


def write_json(path, content):
    Path(path).write_text(json.dumps(content, indent=1) + "\n")


def write_table(rides, path):
    rides.to_csv(path, index=False, lineterminator="\n")


def _unlock(function, path, _):
    """Delete what Git has marked as read-only; nothing to do where nothing is."""
    if os.path.exists(path):
        os.chmod(path, stat.S_IWRITE)
        function(path)
