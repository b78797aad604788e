"""The steps of the pipeline: python ci/do.py STEP …  Each ends with exit code 1, and says why, where something is wrong.

    contract              do the data keep the contract?                          asks contract_check.py
    secrets FROM TO       is there a key in the commits after FROM, up to TO?     asks secret_scan.py
                          (FROM all zeros, as GitHub says of a new branch: in all commits up to TO)
    secrets               is there a key in the files as they are now?            asks secret_scan.py
    cut                   write build/past.csv, all rows but those of the test days
    leaks                 does the forecast see what is not known yet?            asks leak_check.py
    gate                  is the candidate as good as what is live?               asks gate.py
    release               publish the candidate, and put it live                  needs the key STORE_KEY
    rollback VERSION      put an earlier release live again                       asks rollback.py; needs the key STORE_KEY

The candidate is model.json, days_off.json and the code, as they lie in the working folder. The store is the folder that the
environment variable STORE names.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import live_release, read_table, sha256, test_days, write_table

TABLE = "data/shifts.csv"
PARTS = ["model.json", "predict.py", "features.py", "days_off.json"]


def main(step, *words):
    """Run a step and return its exit code."""
    problems = {
        "contract": contract,
        "secrets": secrets,
        "cut": cut,
        "leaks": leaks,
        "gate": gate,
        "release": release,
        "rollback": rollback,
    }[step](*words)
    for problem in problems or []:
        print(f"{step}: {problem}")
    return 1 if problems else 0


def contract():
    from contract_check import contract_problems

    return contract_problems(read_table(TABLE), json.loads(Path("contract.json").read_text()))


def secrets(*ends):
    from secret_scan import find_secrets

    if ends:
        if len(ends) != 2 or not all(ends):
            return [f"two commits are needed, FROM and TO, and neither may be empty; given were {list(ends)}"]
        commits = f"{ends[0]}..{ends[1]}" if ends[0].strip("0") else ends[1]
        patch = git("log", "--patch", "--diff-merges=first-parent", "--no-color", "--reverse", commits)
    else:
        empty = git("hash-object", "-t", "tree", "/dev/null").strip()
        patch = git("diff", "--no-color", empty, "HEAD")
    return [f"{found['file']}: {found['secret']}" for found in find_secrets(patch)]


def cut():
    rows = read_table(TABLE)
    days = set(test_days(rows))
    write_table("build/past.csv", [row for row in rows if row["day"] not in days])


def leaks():
    from leak_check import leak_problems

    return leak_problems(".", read_table(TABLE), json.loads(Path("contract.json").read_text()))


def gate():
    from gate import gate_problems

    return gate_problems(".", live_release(os.environ["STORE"]), read_table(TABLE))


def release():
    store = open_store()
    missing = [name for name in PARTS if not Path(name).exists()]
    if missing:
        return [f"there is no {name} to release" for name in missing]
    version = f"r{1 + max((int(path.name[1:]) for path in (store / 'releases').glob('r*')), default=0)}"
    new = store / "releases" / f".{version}"
    shutil.rmtree(new, ignore_errors=True)  # what a run that was stopped may have left
    new.mkdir(parents=True)
    for name in PARTS:
        shutil.copyfile(name, new / name)
    manifest = {"version": version, "commit": os.environ.get("GITHUB_SHA", ""), "files": {name: sha256(name) for name in PARTS}}
    (new / "manifest.json").write_text(json.dumps(manifest))
    new.rename(store / "releases" / version)  # whole, or not at all
    before = live_release(store)
    beside = store / "live.json.new"
    beside.write_text(json.dumps({"version": version, "previous": before and before.name}))
    beside.replace(store / "live.json")  # in one move: no one reads half of it
    print(f"{version} is live")


def rollback(version=""):
    from rollback import rollback as back

    back(open_store(), version)
    print(f"{version} is live again")


def open_store():
    store = Path(os.environ["STORE"])
    if os.environ.get("STORE_KEY", "") != (store / "key").read_text():
        sys.exit("the store does not open: the environment variable STORE_KEY must hold its key")
    return store


def git(*words):
    done = subprocess.run(["git", *words], capture_output=True)
    if done.returncode:
        sys.exit(
            f"git {words[0]}: {done.stderr.decode(errors='replace').strip()} (does this checkout have the commits that are asked for?)"
        )
    return done.stdout.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
