"""Makes the team's repository: `origin.git`, which everybody shares, and `nightly`, your copy of it. The same commits each time."""

import os
import shlex
import shutil
import stat
import subprocess
from datetime import datetime
from pathlib import Path

SHARED, MINE = Path("origin.git"), Path("nightly")

RULES = """{
  "list_below_bar": 2.5,
  "service_after_km": 300,
  "reports_for_now": 3,
  "skip_stations": [],
  "start_at": "02:00",
  "ready_by": "05:30",
  "send_to": "workshop",
  "vans": 2
}
"""
JOB = """import json

rules = json.load(open("rules.json"))


def listed(bikes):
    return [bike for bike in bikes if bike["pressure_bar"] < rules["list_below_bar"]]
"""
README = """# The night job

Reads the docks, and writes the list of bikes that the vans fetch in the morning.
"""


def start_repository():
    """Make both repositories anew, and return the commit at the tip of main."""
    for folder in (SHARED, MINE):
        shutil.rmtree(folder, onerror=_unlock)
    _git("init", "--quiet", "--bare", "--initial-branch=main", SHARED)
    _git("--git-dir", SHARED, "fast-import", "--quiet", text=_stream())
    _git("clone", "--quiet", SHARED, MINE)
    for name, value in {"user.name": "You", "user.email": "you@metro-bikes.example", "commit.gpgsign": "false"}.items():
        _git("-C", MINE, "config", name, value)
    return _git("-C", MINE, "rev-parse", "main").strip()


def git(command):
    """Run a Git command in your copy, such as git("status"), and print what Git says. Raises RuntimeError where Git refuses."""
    print(_git("-C", MINE, "-c", "color.ui=false", "--no-pager", *shlex.split(command)), end="")


def file_at(commit, name, folder=MINE):
    """Return the text of a file as it was at a commit, and None if it was not there."""
    try:
        return _git("-C", folder, "show", f"{commit}:{name}")
    except RuntimeError:
        return None


def is_part_of(commit, branch, folder=SHARED):
    """Return whether a commit is in the history of a branch."""
    return (
        subprocess.run(["git", "-C", folder, "merge-base", "--is-ancestor", commit, branch], capture_output=True, check=False).returncode
        == 0
    )


def messages(first, branch, folder=SHARED):
    """Return the messages of the commits on a branch that are not in the history of `first`."""
    return [text for text in _git("-C", folder, "log", "--format=%B%x00", f"{first}..{branch}").split("\0") if text.strip()]


def _git(*arguments, text=None):
    quiet = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_EDITOR": "true",
        "GIT_TERMINAL_PROMPT": "0",
    }
    done = subprocess.run(
        ["git", *map(str, arguments)], input=text, capture_output=True, text=True, encoding="utf-8", env=quiet, check=False
    )
    if done.returncode:
        raise RuntimeError(f"git {shlex.join(map(str, arguments))}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def _stream():
    """Return the history, in the form that `git fast-import` reads."""
    rules = {
        "2.8": RULES.replace("2.5", "2.8"),
        "12": RULES.replace("2.5", "2.8").replace("[]", "[12]"),
    }
    rules["0.28"] = rules["12"].replace("2.8", "0.28")
    rules["vans"] = rules["0.28"].replace('"vans": 2', '"vans": 3')
    retry = JOB.replace("import json\n", "import json\nimport time\n") + "\n\nWAIT_SECONDS = 5\n"
    stamped = retry + '\nprint("made at", time.strftime("%H:%M"))\n'
    explained = README + "\nIts limits stand in rules.json, pressures in bar.\n"
    named = explained + "Stations are given by name.\n"
    history = [
        ("Ada", "2025-03-03 09:12", "Start the night job", {"rules.json": RULES, "job.py": JOB, "README.md": README}),
        ("Bo", "2025-03-06 16:40", "List bikes below 2.8 bar, as the workshop asked", {"rules.json": rules["2.8"]}),
        ("Cy", "2025-03-11 11:05", "Say in the README where the limits are", {"README.md": explained}),
        ("Ada", "2025-03-17 10:31", "Wait before asking a dock again", {"job.py": retry}),
        ("Bo", "2025-03-20 08:55", "Skip station 12 while its street is closed", {"rules.json": rules["12"]}),
        ("Cy", "2025-04-04 17:58", "Tidy up", {"rules.json": rules["0.28"]}),
        ("Ada", "2025-04-05 09:20", "Print when the list was made", {"job.py": stamped}),
        ("Bo", "2025-04-05 10:02", "A third van from Monday on", {"rules.json": rules["vans"]}),
        ("Ada", "2025-04-05 12:44", "Say in the README how stations are given", {"README.md": named}),
    ]
    lines = []
    for author, date, message, files in history:
        seconds = int(datetime.fromisoformat(f"{date}+00:00").timestamp())
        who = f"{author} <{author.lower()}@metro-bikes.example> {seconds} +0000"
        lines += ["commit refs/heads/main", f"author {who}", f"committer {who}", *_data(message)]
        for name, text in files.items():
            lines += [f"M 644 inline {name}", *_data(text)]
    return "\n".join(lines) + "\n"


def _data(text):
    return [f"data {len(text.encode())}", text]


def _unlock(function, path, _):
    """Delete what Git has marked as read-only; nothing to do where nothing is."""
    if os.path.exists(path):
        os.chmod(path, stat.S_IWRITE)
        function(path)
