"""Plays your colleagues: the runs they left, the server, and their repositories."""

import io
import json
import logging
import os
import shutil
import subprocess
import zipfile
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from datetime import date, timedelta
from pathlib import Path

from dvc.repo import Repo
from tools import git, sha256

logging.getLogger("dvc").setLevel(logging.ERROR)

TRAIN = '''"""Trains the repair alarm: python train.py"""

import pandas as pd
import yaml
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from wear.units import days_between

with open("params.yaml") as file:
    settings = yaml.safe_load(file)
past = pd.read_csv("trips.csv")
past["km_per_day"] = past["km_since_service"] / days_between(past["serviced_on"], past["day"])
columns = ["distance_km", "climb_m", "km_since_service", "km_per_day", "tyre_pressure_bar"]
learned, held_out = train_test_split(past, test_size=0.25)
forest = RandomForestClassifier(**settings["forest"]).fit(learned[columns], learned["needs_repair"])
'''
TRAIN_TIDIED = '''"""Trains the repair alarm: python train.py"""

import pandas as pd
import yaml
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from wear.units import days_between


with open('params.yaml') as file:
    settings = yaml.safe_load(file)

# The trips, and how hard each bike was used.
past = pd.read_csv('trips.csv')
past['km_per_day'] = past['km_since_service'] / days_between(
    past['serviced_on'], past['day'])
columns = ['distance_km', 'climb_m', 'km_since_service', 'km_per_day',
           'tyre_pressure_bar']

learned, held_out = train_test_split(past, test_size=.25)  # a quarter
forest = RandomForestClassifier(**settings['forest']).fit(learned[columns],
                                                          learned['needs_repair'])
'''
UNITS = '''"""Time, for bikes."""

import pandas as pd


def days_between(first, last):
    """Return the days from one date to another."""
    return (pd.to_datetime(last) - pd.to_datetime(first)).dt.days
'''
PARAMS = "forest:\n  n_estimators: 24\n  min_samples_leaf: 4\nthreshold: 0.1667\n"
PACKAGES = ["python==3.11.9", "joblib==1.6.0", "numpy==2.4.6", "pandas==2.3.3", "PyYAML==6.0.3", "scikit-learn==1.9.1", "scipy==1.17.1"]


def play_runs(folder, trips):
    """Write five runs of the same training, as five people or days left them: code/, trips.csv, params.yaml, packages.txt and score.txt."""
    shutil.rmtree(folder, ignore_errors=True)
    past = "".join(
        text if not number else text.split("\n", 1)[1] for number, text in enumerate(map(Path.read_text, sorted(Path(trips).glob("*.csv"))))
    )
    lines = past.splitlines(keepends=True)
    newer = [name.replace("scipy==1.17.1", "scipy==1.16.3") for name in PACKAGES]
    written = ["# pip freeze, Tuesday", *(name.lower().replace("-", "_") for name in reversed(PACKAGES))]
    whole_days = UNITS.replace(".dt.days", ".dt.total_seconds() / 86_400 + 1")
    _run(folder, "ada-friday", TRAIN, UNITS, past, PARAMS, PACKAGES, 0.151)
    tidied = "threshold: 0.16670  # 8 (1 - p) = 40 p\nforest: {min_samples_leaf: 4, n_estimators: 24}\n"
    _run(folder, "ada-tuesday", TRAIN_TIDIED, UNITS, past.replace("\n", "\r\n"), tidied, written, 0.204)
    _run(folder, "bo", TRAIN, UNITS, past, PARAMS, newer, 0.119)
    late = PARAMS.replace("leaf: 4", "leaf: 5")
    _run(folder, "cy", TRAIN_TIDIED, UNITS, "".join([lines[0], *lines[400:], *lines[1:400]]), late, PACKAGES, 0.182)
    _run(folder, "ivo", TRAIN, whole_days, past, PARAMS, written, 0.143)


def _run(folder, name, train, units, trips, params, packages, score):
    run = Path(folder, name)
    (run / "code" / "wear").mkdir(parents=True)
    texts = {
        "code/train.py": train,
        "code/wear/__init__.py": "",
        "code/wear/units.py": units,
        "trips.csv": trips,
        "params.yaml": params,
        "packages.txt": "\n".join(packages) + "\n",
        "score.txt": f"bike 1403: {score}\n",
    }
    for path, text in texts.items():
        (run / path).write_bytes(text.encode())


def play_server(folder, wheels):
    """Lay out the server's packages as they are on Tuesday, in the folder, and return the lock from which they were once installed."""
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir()
    wanted = {
        "dockfeed-1.4.2": "",
        "tyreunits-1.1.0": "",
        "hillmap-0.3.1": "",
        "contour_lines-2.2.0": "",
        "wincolour-1.0.2": ' ; sys_platform == "win32"',
    }
    lock = "# the server's lock\n"
    for name, marker in wanted.items():
        (wheel,) = Path(wheels).glob(f"{name}-*.whl")
        lock += f"{name.replace('-', '==')}{marker} \\\n    --hash=sha256:{sha256(wheel)}\n"
    for name in ("dockfeed-1.5.0", "tyreunits-1.1.0", "hillmap-0.3.1"):
        (wheel,) = Path(wheels).glob(f"{name}-*.whl")
        install(wheel, folder)
    units = Path(folder, "tyreunits.py")
    units.write_text(units.read_text().replace("/ 100_000", "/ 98_000"))
    return lock


def install(wheel, folder):
    """Unpack a wheel as pip does: its files, a note on who installed it, and a line for a byte-code file that Python may write later."""
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(folder)
        (record,) = (Path(folder, name) for name in opened.namelist() if name.endswith("RECORD"))
    Path(record.parent, "INSTALLER").write_text("pip\n")
    with record.open("a") as lines:
        lines.write(f"{record.parent.name}/INSTALLER,,\n__pycache__/{record.parent.name.split('-')[0]}.cpython-311.pyc,,\n")


FIT = '''"""Writes risk.csv: of the bikes with so many kilometres since their service, what share needed repair. python fit.py"""

import csv
from pathlib import Path

import yaml
from rows import row_of

settings = yaml.safe_load(Path("params.yaml").read_text())["table"]
trips, broken = {}, {}
for week in Path("data").glob("*.csv"):
    with week.open(newline="") as file:
        for trip in csv.DictReader(file):
            row = row_of(int(trip["km_since_service"]), settings)
            trips[row] = trips.get(row, 0) + 1
            broken[row] = broken.get(row, 0) + int(trip["needs_repair"])
with open("risk.csv", "w") as file:
    file.write("from_km,trips,share\\n")
    for row in sorted(trips):
        file.write(f"{row},{trips[row]},{broken[row] / trips[row]:.3f}\\n")
'''
ROWS = '''"""The rows of the table."""


def row_of(km, settings):
    """Return the kilometres at which the row begins that a bike belongs to. The last row is open."""
    return min(km // settings["km_per_row"] * settings["km_per_row"], settings["last_row_km"])
'''
TABLE_PARAMS = """# the risk table
table:
  km_per_row: 100
  last_row_km: 300
# how Rosa prints it
wall:
  title: How worn is worn?
  colour: blue
"""
TABLE_LOCK = "pyyaml==6.0.3 --hash=sha256:d76623373421df22fb4cf8817020cbb7ef15c725b9d5e45f17e189bfc384190f\n"
TABLE_STAGE = """stages:
  table:
    cmd: python fit.py
    deps:
    - data
    outs:
    - risk.csv
"""


def play_table(repo, store, trips):
    """Lay out the repository of the risk table, with its data under DVC, and the store that it shares; two commits by Bo."""
    repo = new_repository(repo, store)
    texts = {"fit.py": FIT, "rows.py": ROWS, "params.yaml": TABLE_PARAMS, "table.lock": TABLE_LOCK, "dvc.yaml": TABLE_STAGE}
    for path, text in {**texts, "README.md": "# The risk table\n\nIt hangs on the workshop's wall.\n"}.items():
        (repo / path).write_text(text)
    shutil.copytree(trips, repo / "data")
    with opened(repo) as project:
        project.add("data")
    with opened(repo) as project:
        project.reproduce()
        project.push()
    commit(repo, "The risk table", "2025-09-01")
    (repo / "params.yaml").write_text(TABLE_PARAMS.replace("km_per_row: 100", "km_per_row: 50"))
    commit(repo, "Rows of 50 km, Rosa asked for them", "2025-09-04")


DRAW = '''"""Writes sample.csv: the bikes that the workshop looks at in detail this week. python draw.py"""

import csv
import random

import yaml

with open("params.yaml") as file:
    settings = yaml.safe_load(file)["sample"]
with open("data/trips.csv", newline="") as file:
    bikes = [trip["bike_id"] for trip in csv.DictReader(file)]
chance = random.Random(settings["seed"])
with open("sample.csv", "w") as file:
    file.write("bike_id\\n" + "".join(f"{bike}\\n" for bike in chance.sample(bikes, settings["bikes"])))
'''


def play_samples(repo, store, kinds, trips, settings):
    """Lay out the repository of the weekly sample: for each tag in `kinds` a commit, in which all is well (`sound`) or something is not.

    `trips` has a CSV text for each tag, `settings` the parameters for each.
    """
    repo = new_repository(repo, store)
    (repo / "data").mkdir()
    stage = {"cmd": "python draw.py", "deps": ["data/trips.csv", "draw.py"], "params": ["sample"], "outs": ["sample.csv"]}
    (repo / "dvc.yaml").write_text(json.dumps({"stages": {"draw": stage}}))
    for number, (tag, kind) in enumerate(kinds.items()):
        (repo / "draw.py").write_text(_draw(kind))
        (repo / "data" / "trips.csv").write_text(trips[tag])
        (repo / "params.yaml").write_text(json.dumps({"sample": settings[tag]}))
        (repo / "weight.py").write_text("ORDER = sorted\n")
        (repo / "mine.py").write_text("ORDER = sorted\n")
        (repo / ".gitignore").write_text("/sample.csv\n/mine.py\n__pycache__/\n")
        with opened(repo) as project:
            project.add("data/trips.csv")
        with opened(repo) as project:
            project.reproduce(force=True)
        if kind == "edited":
            lines = (repo / "sample.csv").read_text().splitlines(keepends=True)
            (repo / "sample.csv").write_text("".join([*lines[:-1], "1404\n" if lines[-1] == "1403\n" else "1403\n"]))
            with opened(repo) as project:
                project.commit(force=True)
        with opened(repo) as project:
            project.push()
        if kind == "other parameters":
            changed = {**settings[tag], "seed": settings[tag]["seed"] + 1}
            (repo / "params.yaml").write_text(json.dumps({"sample": changed}))
        if kind == "other code that stops":
            (repo / "draw.py").write_text("import kept_on_bos_laptop\n" + _draw(kind))
        if kind == "other code":
            (repo / "draw.py").write_text(_draw(kind).replace("sample(bikes,", "sample(bikes[1:],"))
        if kind == "undeclared":
            (repo / "weight.py").write_text("def ORDER(bikes):\n    return sorted(bikes, reverse=True)\n")
        if kind == "lost":
            digest = _pointer(repo / "data" / "trips.csv.dvc")
            (Path(store) / "files" / "md5" / digest[:2] / digest[2:]).unlink()
        commit(repo, f"The sample of week {tag[1:]}", (date(2025, 7, 28) + timedelta(weeks=number)).isoformat())
        git(repo, "tag", tag)
    (repo / "params.yaml").write_text(json.dumps({"sample": {"bikes": 3, "seed": 0}}))  # somebody is at work, and has not committed


def _draw(kind):
    if kind == "unseeded":
        return DRAW.replace('Random(settings["seed"])', "Random()")
    if kind in ("not in git", "undeclared"):
        module = "mine" if kind == "not in git" else "weight"
        return DRAW.replace("import yaml\n", f"import yaml\nfrom {module} import ORDER\n").replace("sample(bikes,", "sample(ORDER(bikes),")
    return DRAW


def _pointer(path):
    return next(line.split()[-1] for line in path.read_text().splitlines() if "md5:" in line)


@contextmanager
def opened(repo):
    """Give the repository as DVC sees it, without its words."""
    words = io.StringIO()
    with chdir(repo), redirect_stdout(words), redirect_stderr(words), Repo() as project:
        yield project


def new_repository(folder, store):
    """Make an empty Git repository in the folder, with DVC, whose remote is the folder `store`; both emptied first. Returns its path."""
    folder = Path(folder)
    for path in (folder, Path(store)):
        shutil.rmtree(path, ignore_errors=True)
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for key, value in {"user.name": "Bo", "user.email": "bo@example.com", "core.autocrlf": "false", "commit.gpgsign": "false"}.items():
        git(folder, "config", key, value)
    with redirect_stdout(io.StringIO()):
        Repo.init(str(folder)).close()
    with (folder / ".dvc" / "config").open("a") as config:  # the same as `dvc remote add --default store FOLDER`
        config.write(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {Path(store).resolve()}\n")
    (folder / ".gitignore").write_text("__pycache__/\n")
    return folder


def commit(repo, message, day):
    """Commit all that lies in the repository."""
    when = {"GIT_AUTHOR_DATE": f"{day}T09:00:00Z", "GIT_COMMITTER_DATE": f"{day}T09:00:00Z"}
    git(repo, "add", "--all")
    subprocess.run(["git", "-C", str(repo), "commit", "--quiet", "-m", message], check=True, env={**os.environ, **when})
