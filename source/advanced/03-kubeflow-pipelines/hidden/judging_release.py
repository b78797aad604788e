"""What the judge cells of the release share: runs with other errors, and which branch must be taken."""

import json

import yaml
from cluster import load_spec
from judging import attempt, states, tasks_of

from judgekit import drawn


def release_run(new, old, limit, city):
    """Return a run of the pipeline `release`."""
    return {"arguments": {"city": city, "store": "{store}", "new_error": new, "old_error": old, "limit": limit}, "empty_store": True}


def release_truth(new, old, limit, city):
    """Return which branch must run, and what the drivers get."""
    if new <= limit and new <= old:
        return "promote", {"model": "candidate", "reason": "promoted"}
    if old <= limit:
        return "keep", {"model": "champion", "reason": "kept"}
    return "fall_back", {"model": f"last year in {city}", "reason": "fallen back"}


def expect_release(run, new, old, limit, city, what="A run"):
    """Raise AssertionError where a release took a wrong branch, or more than one, or none."""
    about = f"{what} with the candidate's error {new:.3f}, the champion's {old:.3f} and the limit {limit:.3f}"
    branch, right = release_truth(new, old, limit, city)
    assert run["state"] == "SUCCEEDED", f"{about} failed: {run['error'][:300]}"
    ran = [
        step["name"]
        for step in run["steps"]
        if step["name"] in ("promote", "keep", "fall_back") and step["state"] in ("SUCCEEDED", "CACHED")
    ]
    assert ran == [branch], f"{about}: there ran {' and '.join(ran) or 'no branch'}, expected {branch} alone."
    given = [state for state in states(run, "hand_over") if state == "SUCCEEDED"]
    assert len(given) == 1, f"{about}: hand_over ran {len(given)} times, expected once, with what the branch gave."
    got = json.loads(run["store"].get(f"{city}.json", "{}"))
    assert got == right, f"{about}: the drivers got {got or 'nothing'}, expected {right}."


def release_cases():
    """Return fresh cases of a release: (candidate's error, champion's, limit, city)."""
    chance, city = drawn("release"), drawn("city").choice(["Quayside", "Abbey"])
    limit = round(chance.uniform(4, 8), 3)
    low, lower, high, higher = limit - 0.7, limit - 1.3, limit + 0.4, limit + 1.1
    pairs = [(low, lower), (low, low), (limit, high), (high, limit), (higher, limit), (high, higher), (lower, high)]
    return [(round(new, 3), round(old, 3), limit, city) for new, old in chance.sample(pairs, len(pairs))]


def _with_other_errors(text):
    """Return a compiled release in which `bring` returns ten minus the error that it was given."""
    spec, platform = load_spec(text)
    for label in {label for _, label in tasks_of(spec, "bring")}:
        command = spec["deploymentSpec"]["executors"][label]["container"]["command"]
        assert any("    return error\n" in part for part in command), "The step bring is not that of steps.py: take it as it is."
        command[:] = [part.replace("    return error\n", "    return 10 - error\n") for part in command]
    return yaml.safe_dump_all([spec, *([platform] if platform else [])])


def expect_branches(rehearse, text):
    """Raise AssertionError where a compiled release decides wrongly, or runs what it need not."""
    spec, _ = load_spec(text)
    cases = release_cases()
    other = _with_other_errors(text)
    runs = [release_run(*case) for case in cases]
    told = attempt(rehearse, text, [*runs, *({**run, "compiled": other} for run in runs)])
    for run, case in zip(told, cases, strict=False):
        expect_release(run, *case)
    for run, (new, old, limit, city) in zip(told[len(cases) :], cases, strict=True):
        what = f"The pipeline was given the errors {new:.3f} and {old:.3f}, and bring returned others, which count. A run"
        expect_release(run, 10 - new, 10 - old, limit, city, what)
    givers = len(tasks_of(spec, "hand_over"))
    assert givers == 1, (
        f"In the compiled pipeline hand_over stands {givers} times, expected once: after the branches, with the one output that there is."
    )
    cached = [task["taskInfo"]["name"] for task, _ in tasks_of(spec, "hand_over") if task.get("cachingOptions", {}).get("enableCache")]
    assert not cached, (
        "hand_over may come from the cache: then a second release of the same model gives the drivers nothing. (What was handed over last may be another one.)"
    )
