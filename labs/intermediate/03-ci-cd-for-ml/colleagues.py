"""What the team did: the repository `alarm`, and commits to it, good and bad."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from expressions import Unsupported
from runner import play

REPO = Path(__file__).resolve().parent / "repo"
_QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in [("NAME", "Ada"), ("EMAIL", "ada@metrobikes.example")]
}

# What stands in for the commands where only a workflow is played: a check that passes, fails or hangs, and a release
# that is only noted
STAND_IN = """echo "checking $1"
echo "$1${REGISTRY_TOKEN:+ with the token}" >> "$LEDGER"
if [ "$1" = features ]; then cat data/*.csv > features.csv; fi
case "$1" in
CASES
  nothing) ;;
esac
"""
RELEASE = """if [ -z "$REGISTRY_TOKEN" ]; then echo "no token"; exit 1; fi
echo "released $1" >> "$LEDGER"
"""


def git(folder, *words):
    """Return what a Git command prints. Raises RuntimeError with Git's words where it fails."""
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, env={**os.environ, **_QUIET, **_WHO})
    if done.returncode:
        raise RuntimeError(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


def start_again(folder, files=None):
    """Make a new repository with one commit: of the team's files, or of `files`, {path: text}. Return the commit."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    if files is None:
        shutil.copytree(REPO, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return commit(folder, files or {}, "The repair alarm")


def commit(folder, files, message="A change"):
    """Write `files`, {path: text or None for a file to remove}, commit them all, and return the commit."""
    for name, text in files.items():
        path = Path(folder, name)
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def stand_in(**ends):
    """Return files for a repository whose checks take no time. `ends`: {check: how it ends, in shell}; any other check passes."""
    cases = "\n".join(f"  {name}) {end} ;;" for name, end in ends.items())
    there = {"check": STAND_IN.replace("CASES\n", f"{cases}\n" if cases else ""), "release": RELEASE, "README.md": "# alarm\n"}
    return {**there, "data/train.csv": "1\n", "data/test.csv": "2\n", "alarm.py": "pass\n", "requirements.txt": "numpy\n"}


def play_all(workflow, commits):
    """Play commits to the workflow in a file, one after the other, and return what runner.play says of each, and its `ledger`.

    A commit is a dictionary: `event`, and where wanted `ends` (for stand_in), `files` ({path: text} besides), `secrets`, and
    `cache`, whether it shares the cache of the others. The ledger has a line for each check that ran and each release; `broken_in`
    says whether a text of somebody else's was run as a command.
    """
    text, told = Path(workflow).read_text(), []
    with tempfile.TemporaryDirectory(prefix="play-") as folder:
        place = Path(folder)
        start_again(place / "alarm", stand_in())
        for number, each in enumerate(commits):
            ledger = place / f"ledger-{number}"
            ledger.touch()
            sha = commit(place / "alarm", {**stand_in(**each.get("ends", {})), **each.get("files", {})})
            options = {key: each[key] for key in ("secrets",) if key in each}
            options |= {"env": {"LEDGER": str(ledger)}, "cache": place / "cache" if each.get("cache") else None}
            try:
                said = play(text, place / "alarm", each["event"], sha, **options)
            except (Unsupported, KeyError, TypeError, AttributeError, ValueError) as error:
                said = {"result": f"cannot be played: {error}", "jobs": {}}
            said |= {"ledger": ledger.read_text().splitlines(), "broken_in": Path(f"{ledger}.broken").exists()}
            told.append(said)
    return told


def mergeable(said):
    """Return whether GitHub would let the change be merged, where the job `ok` is the required check.

    A job that was skipped counts as a pass. A workflow that did not start leaves its checks waiting, so nothing can be merged.
    """
    return said["jobs"].get("ok", {}).get("result") in ("success", "skipped")
