"""What the judge cells of releases share: repositories with approvals, and logs of what came after."""

import json
import re
import subprocess

import pandas as pd
from colleagues import commit, errors_of, new_repository, stamp, write_json, write_table
from judging import NAMES, fresh_rides, load_safely, names_of, run_git
from lifecycle import git
from ridetime import features, fit, read_rides, save_model, sha256


def approved_repository(folder, rng, *, trained_by="Cy", approved_by="Ada", approved=True, earlier=()):
    """Make a repository with all hand-overs up to an approval, and tags of earlier releases. Return its path."""
    repo, rides = new_repository(folder), fresh_rides(rng, trips=500)
    names, until = NAMES[int(rng.integers(3))], str(rides["day"].iloc[300])
    write_table(rides, repo / "rides.csv")
    write_json(repo / "features.json", {"by": "Bo", "at": "2026-05-01T09:00", "made_from": {}, "features": names})
    commit(repo, "Rides and features", "Bo")
    for number in earlier:
        git(repo, "tag", f"release-{number}")
    train_again(repo, until, trained_by)
    evaluate_again(repo)
    write_json(
        repo / "approval.json",
        {
            **stamp(approved_by, repo, "model.skops", "evaluation.json"),
            "approved": approved,
            "reasons": [] if approved is True else ["ebike"],
        },
    )
    commit(repo, "Approval", approved_by)
    return repo


def train_again(repo, until, by="Cy"):
    rides, names = read_rides(repo / "rides.csv"), json.loads((repo / "features.json").read_text())["features"]
    past = rides[rides["day"] < until]
    save_model(fit(features(past, names), past["minutes"]), repo / "model.skops")
    write_json(
        repo / "training.json",
        {**stamp(by, repo, "rides.csv", "features.json"), "trained_until": until, "model": sha256(repo / "model.skops")},
    )
    commit(repo, "Training", by)


def evaluate_again(repo):
    rides, names = read_rides(repo / "rides.csv"), json.loads((repo / "features.json").read_text())["features"]
    model = load_safely(repo / "model.skops")
    write_json(
        repo / "evaluation.json",
        {**stamp("Ada", repo, "model.skops", "rides.csv"), **errors_of(rides, model.predict(features(rides, names)))},
    )
    commit(repo, "Evaluation", "Ada")


def check_release(said, repo, number, what):
    """Raise AssertionError unless `release` made the release with this number."""
    assert said == f"release-{number}", f"{what}: release returned {said!r}, expected 'release-{number}'."
    tagged = run_git(repo, "rev-parse", "--verify", "--quiet", f"refs/tags/release-{number}^{{commit}}")
    assert tagged, f"{what}: there is no tag release-{number}."
    note = run_git(repo, "show", f"release-{number}:release.json")
    assert note is not None, f"{what}: at the tag release-{number} there is no release.json. Commit it first, then set the tag."
    note = json.loads(note)
    lacking = [field for field in ("by", "at", "made_from", "version", "since") if field not in note]
    assert not lacking, f"{what}: release.json at the tag lacks the field {lacking[0]!r}."
    assert re.fullmatch(r"\d{4}-\d\d-\d\d.*", str(note["since"])), (
        f"{what}: since is {note['since']!r}, expected the day, such as '2025-06-18'."
    )
    assert str(note["version"]) == str(number), f"{what}: the version in release.json is {note['version']!r}, expected {number}."
    for name in ("model.skops", "approval.json"):
        content = subprocess.run(["git", "-C", str(repo), "show", f"release-{number}:{name}"], check=True, capture_output=True).stdout
        assert sha256(content) in note["made_from"].values(), f"{what}: made_from in release.json lacks the hash of {name} at the tag."


def draw_log(rng, plan, weeks=9):
    """Return a log of forecasts and a dictionary of promised errors.

    `plan` gives for a slice and the number of a week (how many rides, how many times the promised error).
    """
    pairs = [("Airport", "classic"), ("Airport", "ebike"), ("Mills", "classic"), ("Mills", "ebike")]
    promised = {"Airport classic": round(float(rng.uniform(2, 3)), 2), "Mills classic": round(float(rng.uniform(3, 4)), 2)}
    promised |= {
        "Mills ebike": round(float(rng.uniform(2, 4)), 2),
        "ebike": 9.9,
        "Airport": 0.3,
        "all": round(float(rng.uniform(2.4, 2.8)), 2),
    }
    rows = []
    for week in range(weeks):
        day = str((pd.Timestamp("2026-07-06") + pd.Timedelta(weeks=week)).date())
        for district, kind in pairs:
            name = f"{district} {kind}"
            count, times = plan.get((name, week), (int(rng.integers(14, 30)), float(rng.uniform(0.8, 1.2))))
            error = rng.uniform(0.6, 1.4, count)
            error = error / error.mean() * promised.get(name, promised["all"]) * times if count else error
            minutes = rng.uniform(10, 50, count)
            signs = rng.choice([-1, 1], count)
            rows.append(
                pd.DataFrame(
                    {"week": day, "district": district, "bike_type": kind, "minutes": minutes, "predicted": minutes + signs * error}
                )
            )
    return pd.concat(rows, ignore_index=True).sample(frac=1, random_state=int(rng.integers(10**6))).reset_index(drop=True), promised


def retirement(log, promised):
    """Return what `watch` must say: (week, slices), or None."""
    log = log.assign(error=(log["minutes"] - log["predicted"]).abs(), slice=log["district"] + " " + log["bike_type"])
    before = {}
    for week in sorted(log["week"].unique()):
        twice = set()
        for name, rows in log[log["week"] == week].groupby("slice"):
            if len(rows) >= 12:
                bad = rows["error"].mean() > 1.5 * promised.get(name, promised["all"])
                twice |= {name} if bad and before.get(name) else set()
                before[name] = bad
        if twice:
            return week, twice
    return None


def compare_retirement(said, log, promised, what):
    right = retirement(log, promised)
    if right is None:
        assert said is None, f"{what}: watch says {said!r}, expected None: no slice had two bad weeks in a row."
        return
    assert said is not None, f"{what}: watch says None, expected the week {right[0]} for {', '.join(sorted(right[1]))}."
    assert isinstance(said, dict) and {"week", "slices"} <= set(said), (
        f"{what}: watch returned {said!r}, expected None or a dictionary with week and slices."
    )
    assert str(said["week"])[:10] == right[0], f"{what}: watch retires the model in the week {str(said['week'])[:10]}, expected {right[0]}."
    slices = names_of(said["slices"], what)
    assert slices == right[1], f"{what}: watch names {sorted(slices)}, expected {sorted(right[1])}."
