"""What the judge cells of recall share: releases in several places."""

import json

from judging_repository import Repository
from workbench import md5

from judgekit import drawn


def make_releases(salt, wheres):
    """Return releases for `colleagues.play_releases`, with models and metrics that nobody has seen."""
    chance = drawn(salt)
    return [
        {
            "tag": f"r{number}",
            "model": json.dumps({"weights": [chance.random() for _ in range(40)]}).encode() + bytes([255, 0, 10]),
            "metrics": {"euros": round(chance.uniform(2000, 4000), 1), "missed": chance.randrange(100)},
            "where": where,
        }
        for number, where in enumerate(wheres, 1)
    ]


def expect_recall(recall, repo, release):
    """Raise AssertionError unless recall gives a release's metrics and model, or a LookupError where its model cannot be had."""
    where, tag = release["where"], release["tag"]
    told = {
        "both": "in the cache and in the remote",
        "store": "in the remote alone",
        "cache": "in the cache alone",
        "nowhere": "neither in the cache nor in the remote",
        "cut": "cut short in the remote: its bytes do not give the hash in dvc.lock",
        "changed": "in the remote with one byte changed: its bytes do not give the hash in dvc.lock",
    }[where]
    before = _work(repo)
    try:
        got, raised = recall(str(repo), tag), None
    except Exception as error:
        got, raised = None, error
    if _work(repo) != before:
        raise AssertionError(
            f"After recall of {tag} the working folder is not as it was: somebody's changes are lost, or another commit is checked out."
        )
    if where in ("nowhere", "cut", "changed"):
        if not isinstance(raised, LookupError):
            came = "a result came" if raised is None else f"{type(raised).__name__} came"
            raise AssertionError(f"The model of {tag} is {told}; {came}, expected a LookupError. A wrong model is worse than none.")
        return
    if raised is not None:
        raise AssertionError(f"The model of {tag} is {told}; recall stopped with {type(raised).__name__}: {str(raised)[:200]}")
    if not isinstance(got, dict) or not {"metrics", "model"} <= set(got):
        raise AssertionError(f"recall returned a {type(got).__name__}, expected a dictionary with 'metrics' and 'model'.")
    if got["metrics"] != release["metrics"]:
        raise AssertionError(f"The metrics of {tag} are {release['metrics']}; recall says {got['metrics']}.")
    model = got["model"].encode() if isinstance(got["model"], str) else bytes(got["model"])
    if model != release["model"]:
        raise AssertionError(f"The model of {tag} is {told}; what recall returned is another one (MD5 {md5(model)[:8]}…).")


def _work(repo):
    files = {path: (repo / path).read_bytes() for path in ("metrics.json", "model.json", "dvc.lock", "train.py") if (repo / path).is_file()}
    head = Repository(repo, "the judge's repository")
    return files, head.git("rev-parse", "HEAD"), head.git("status", "--porcelain"), head.git("symbolic-ref", "HEAD")
