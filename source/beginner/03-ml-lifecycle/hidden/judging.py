"""What the judge cells share: fresh releases, exports, repositories, forecasts and logs, and what the lab's rules say of them."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from colleagues import (
    CONFIG,
    PIPELINE,
    commit,
    empty,
    errors_of,
    make_team,
    new_repository,
    pipeline_files,
    published,
    stamp,
    workflow_text,
    write_json,
    write_table,
)
from lifecycle import STAGES, committed, files, git, workflow
from ridetime import features, fit, read_rides, save_model, sha256, skops

from metro_bikes import QUIET, simulate

NAMES = [["distance_km", "ebike_km"], ["distance_km", "classic_climb", "ebike_km"], ["ebike_km", "classic_climb", "distance_km"]]


def fresh(salt):
    """Return a random generator of this submission's own, another for each `salt`."""
    return np.random.default_rng([*os.environ.get("LAB_SEED", "lab").encode(), *salt.encode()])


def fresh_rides(rng, trips=2400, days=60, start="2026-03-02", ebikes=0.25):
    """Return rides of another city in the form of rides.csv, e-bikes among them from the first day on."""
    scenario = replace(QUIET, ebikes_day=0, ebikes_share=min(1.0, ebikes * 2.5))
    city = simulate(seed=int(rng.integers(10**6)), trips=trips, start=start, days=days, scenario=scenario)
    table = city.trips.merge(city.stations.rename(columns={"station_id": "start_station_id"})[["start_station_id", "district"]])
    table = table.sort_values("trip_id", ignore_index=True)
    table = table.assign(ride_id=table.trip_id + 900_000, day=table.started_at.dt.strftime("%Y-%m-%d"), minutes=table.duration_min.round(1))
    table["climb_m"] = table.climb_m.astype(float).mask(rng.random(len(table)) < 0.01)
    return table[["ride_id", "day", "district", "bike_type", "distance_km", "climb_m", "minutes"]]


# Part 1: hand-overs in a folder


def stock(folder):
    """Return what take_stock must say of the folder."""
    newest, superseded, hashes = {}, set(), {}
    for path in Path(folder).iterdir():
        if not path.is_file():
            continue
        hashes[path] = sha256(path)
        try:
            note = json.loads(path.read_text()) if path.suffix == ".json" else None
        except ValueError:
            note = None
        for stage, fields in STAGES.items():
            if isinstance(note, dict) and set(fields) <= set(note):
                older, newer = sorted([newest.get(stage, (path, note)), (path, note)], key=lambda found: found[1]["at"])
                superseded |= {older[0]} - {newer[0]}
                newest[stage] = newer
    current = {hashed for path, hashed in hashes.items() if path not in superseded}
    stage_of = {hashes[path]: stage for stage, (path, _) in newest.items()}
    verdict = {}
    for stage in STAGES:
        made = list(newest[stage][1].get("made_from", {}).values()) if stage in newest else None
        if made is None:
            verdict[stage] = "missing"
        elif not made or not set(made) <= current:
            verdict[stage] = "stale"
        else:
            verdict[stage] = "sound" if all(verdict[stage_of[one]] == "sound" for one in made if one in stage_of) else "doubtful"
    return verdict


def make_release(folder, rng, *faults):
    """Fill the folder with a release's hand-overs under names that say nothing, and spoil it by each of the faults.

    A fault is a pair of a kind and a stage: "gone", "edited" (an input changed afterwards), "again" (made once more from what is there), "naming nothing",
    "apart" (made from the rides alone). What is gone or edited has a copy in the inner folder. The times of the files say nothing.
    """
    folder = empty(folder)
    names = dict(zip(STAGES, rng.permutation(["a", "b2", "final", "old", "x (1)", "ok", "7", "copy of b", "neu"]), strict=False))
    for name in ("rides.csv", "june.csv", "model.skops"):
        (folder / name).write_bytes(f"{name} {rng.integers(10**9)}\n".encode())
    needs = {
        "contract": ["rides.csv"],
        "features": ["contract"],
        "train": ["rides.csv", "features"],
        "evaluate": ["model.skops", "june.csv", "train"],
        "approve": ["evaluate", "model.skops"],
        "release": ["model.skops", "approve"],
        "monitor": ["evaluate", "release"],
        "retire": ["release", "monitor"],
    }

    def write(stage, at, made=None, name=None):
        path = folder / f"{name or names[stage]}.json"
        sources = needs[stage] if made is None else made
        hashes = {f"{there}, as it was called": sha256(folder / (f"{names[there]}.json" if there in names else there)) for there in sources}
        write_json(path, {**{field: f"{stage} {field}" for field in STAGES[stage]}, "by": "Ada", "at": at, "made_from": hashes, "more": 1})

    for number, stage in enumerate(STAGES):
        write(stage, f"2026-05-{number + 1:02}T09:00", made=["rides.csv"] if ("apart", stage) in faults else None)
    (folder / "wish.json").write_text(json.dumps({"approved": True, "by": "Cy", "at": "2027-01-01T09:00", "made_from": {}}))
    (folder / "list.json").write_text("[1, 2, 3]")
    (folder / "cut off.json").write_text('{"version": 3, "since": "2026-0')
    (folder / "backup").mkdir()
    (folder / "backup" / "features.json").write_text(json.dumps({"features": [], "by": "Cy", "at": "2027-01-01T09:00", "made_from": {}}))
    for kind, stage in faults:
        path = folder / (f"{names[stage]}.json" if stage in names else stage)
        if kind in ("gone", "edited"):
            (folder / "backup" / path.name).write_bytes(path.read_bytes())
        if kind == "gone":
            path.unlink()
        elif kind == "edited":
            path.write_bytes(path.read_bytes().rstrip() + b" \n")
        elif kind == "again":
            write(stage, "2026-06-11T09:00", name=f"{names[stage]} again")
        elif kind == "naming nothing":
            write(stage, "2026-06-12T09:00", made=[], name=f"{names[stage]} again")
    for path in folder.iterdir():
        copied = 1_700_000_000 + (0 if path.stem.endswith("again") else int(rng.integers(1, 10**6)))
        os.utime(path, (copied, copied))
    return folder


# Part 2: contracts


def sound_exports(rng):
    """Return exports that no contract of the rides may refuse: {what: rides}."""
    plain, summer = fresh_rides(rng, ebikes=0.02), fresh_rides(rng, start="2026-07-01", ebikes=0.4)
    far = fresh_rides(rng, start="2026-10-01").copy()
    far.loc[[3, 40, 77], ["distance_km", "climb_m", "minutes"]] = [[26.4, 96, 158.0], [0.1, -126, 1.2], [23.0, 126, 171.5]]
    gaps = summer.assign(climb_m=summer["climb_m"].mask(np.arange(len(summer)) % 60 == 0), weather="dry")
    gaps["climb_m"] = gaps["climb_m"].fillna(summer["climb_m"].where(np.arange(len(summer)) % 60 != 0)).astype(float)
    return {
        "a spring with few e-bikes": plain,
        "rides of up to 26 km and 171 minutes": far,
        "1.7 % of climbs missing, and a column more": _thin(gaps, rng),
    }


def _thin(rides, rng):
    missing = np.flatnonzero(rides["climb_m"].isna())
    keep = rng.permutation(missing)[: int(len(rides) * 0.017)]
    return rides.assign(climb_m=rides["climb_m"].fillna(0.0).where(~np.isin(np.arange(len(rides)), keep)))


def faulty_exports(rng):
    """Return exports that the contract must refuse: {what: (rides, columns at fault)}."""
    rides = fresh_rides(rng)
    district = str(rng.choice(sorted(rides["district"].unique())))
    some = rides["district"] == district
    few = rng.random(len(rides)) < 0.2
    changed = {
        f"distances from {district} in metres": ("distance_km", rides["distance_km"].where(~some, rides["distance_km"] * 1000)),
        "a fifth of the rides in seconds": ("minutes", rides["minutes"].where(~few, rides["minutes"] * 60)),
        "climbs in feet": ("climb_m", rides["climb_m"] * 3.281),
        "a few rides that end before they begin": ("minutes", rides["minutes"].where(rng.random(len(rides)) > 0.01, -rides["minutes"])),
        "cargo bikes that nobody announced": ("bike_type", rides["bike_type"].where(~few, "cargo")),
        "districts in small letters": ("district", rides["district"].where(~some, district.lower())),
        "3 % of climbs missing": ("climb_m", rides["climb_m"].fillna(0.0).mask(np.arange(len(rides)) % 33 == 0)),
        "a few rides of half a minute": ("minutes", rides["minutes"].where(rng.random(len(rides)) > 0.01, 0.5)),
        "a few rides of three hours and a half": ("minutes", rides["minutes"].where(rng.random(len(rides)) > 0.01, 210.0)),
        "a few routes of 36 km, which the app does not plan": (
            "distance_km",
            rides["distance_km"].where(rng.random(len(rides)) > 0.01, 36.0),
        ),
        "3 % of the minutes missing": ("minutes", rides["minutes"].mask(np.arange(len(rides)) % 33 == 0)),
        "distances with a comma": ("distance_km", rides["distance_km"].map(lambda km: f"{km}".replace(".", ","))),
    }
    tables = {what: (rides.assign(**{column: values}), {column}) for what, (column, values) in changed.items()}
    tables["rides sent twice"] = (pd.concat([rides, rides.head(25)], ignore_index=True), {"ride_id"})
    tables["a column renamed"] = (rides.rename(columns={"climb_m": "elevation"}), {"climb_m"})
    tables["one day instead of a month"] = (rides.dropna().head(70), {"rows"})
    return tables


def dock_exports(rng):
    """Return a contract of other data, and tables with what breaks it: [(what, table, names)]."""
    bars = [float(rng.integers(1, 3)), float(rng.integers(6, 9))]
    contract = {
        "min_rows": 50,
        "columns": {
            "dock": {"type": "text", "unique": True},
            "maker": {"type": "text", "allowed": ["north", "south"], "missing": 0.1},
            "bar": {"type": "number", "min": bars[0], "max": bars[1], "missing": 0.05},
            "slots": {"type": "number", "allowed": [10, 20, 30]},
            "degrees": {"type": "number", "max": 60},
        },
    }
    n = 100
    good = pd.DataFrame(
        {
            "dock": [f"D{number:03}" for number in rng.permutation(n)],
            "maker": pd.Series(rng.choice(["north", "south"], n)).astype(object).mask(np.arange(n) < 10, None),
            "bar": pd.Series(rng.uniform(bars[0] + 0.1, bars[1] - 0.1, n).round(2)).mask(np.arange(n) % 20 == 3),
            "slots": rng.choice([10, 20, 30], n),
            "degrees": rng.normal(-20, 5, n).round(1),
        }
    )
    edge = good.assign(bar=[*bars, *good["bar"][2:]], degrees=[60.0, *good["degrees"][1:]])
    numbers = good.assign(maker=range(n))
    cases = [
        ("a sound table", good, set()),
        ("values right on the limits, which are allowed", edge, set()),
        ("a table with columns more, in another order", good.assign(note="x")[["note", *good.columns[::-1]]], set()),
        ("numbers that came as text, such as '4.2'", good.assign(degrees=good["degrees"].astype(str)), set()),
        ("exactly as many rows as asked for", good.iloc[10:60].assign(bar=bars[0]), set()),
        ("one value below the minimum", good.assign(bar=[bars[0] - 0.01, *good["bar"][1:]]), {"bar"}),
        ("one value above the maximum, where no minimum is given", good.assign(degrees=[*good["degrees"][:-1], 60.1]), {"degrees"}),
        ("a number that is not allowed", good.assign(slots=[11, *good["slots"][1:]]), {"slots"}),
        ("a word in a column of numbers", good.assign(bar=[*good["bar"][:-1], "flat"]), {"bar"}),
        ("numbers in a column of text", numbers, {"maker"}),
        ("more missing than allowed", good.assign(maker=good["maker"].mask(np.arange(n) < 11, None)), {"maker"}),
        ("one value missing where nothing is said about missing ones", good.assign(degrees=[np.nan, *good["degrees"][1:]]), {"degrees"}),
        ("a key that comes twice", good.assign(dock=[good["dock"][1], *good["dock"][1:]]), {"dock"}),
        ("two columns that are not there", good.drop(columns=["slots", "dock"]), {"slots", "dock"}),
        ("three faults at once", good.assign(slots=7, degrees=99.0).tail(49), {"slots", "degrees", "rows"}),
        ("no rows at all", good.head(0), {"rows"}),
    ]
    return contract, cases


def names_of(said, what):
    """Return the names that a learner's function gave, as a set. Raises AssertionError if it gave something else."""
    if not isinstance(said, (list, tuple, set, frozenset, dict, pd.Index, np.ndarray, pd.Series)):
        raise AssertionError(f"{what}: the answer is {said!r}, expected a list of names, and an empty one if there is none.")
    return {str(name) for name in said}


# Part 3: training


def training_repository(folder, rng):
    """Make a repository with rides, contract and features. Return its path, the features and the day up to which to train."""
    repo, rides, names = new_repository(folder), fresh_rides(rng, trips=1500), NAMES[int(rng.integers(3))]
    write_table(rides, repo / "rides.csv")
    write_json(repo / "contract.json", {**stamp("Bo", repo, "rides.csv"), "columns": {}, "min_rows": 1})
    commit(repo, "Rides", "Bo")
    write_json(repo / "features.json", {**stamp("Bo", repo, "contract.json"), "features": names})
    commit(repo, "Features", "Bo")
    return repo, names, str(rides["day"].iloc[int(len(rides) * rng.uniform(0.5, 0.7))])


def disarm(repo):
    """Put back a repository's settings, after a learner's function was there: they may name programs that Git would run."""
    inside = Path(repo) / ".git"
    if inside.is_symlink() or not inside.is_dir():
        raise AssertionError("The repository's folder .git is gone.")
    for name in ("config", "config.worktree", "commondir", "hooks", "info"):
        place = inside / name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    (inside / "config").write_text(CONFIG)


def run_git(folder, *words):
    """Return what Git prints, and None where it says no. Hooks and monitors that a repository may name are not run."""
    quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager"]
    done = subprocess.run(["git", *quiet, "-C", str(folder), *words], capture_output=True, text=True)
    return None if done.returncode else done.stdout.strip()


def load_safely(file):
    """Return the scikit-learn model in a .skops file. Raises AssertionError where it holds other types."""
    strangers = skops.io.get_untrusted_types(file=file)
    if strangers:
        raise AssertionError(f"A model holds types that are not scikit-learn's ({', '.join(strangers)}), so it was not opened.")
    return skops.io.load(file)


def as_a_stranger(repo, folder, names, until):
    """Check a training's hand-over as somebody would who has nothing but a clone. Raises AssertionError with what is wrong."""
    subprocess.run(["git", "-c", "core.autocrlf=false", "clone", "--quiet", str(repo), str(folder)], check=True, capture_output=True)
    for name in ("model.skops", "training.json"):
        assert (folder / name).is_file(), (
            f"In a fresh clone there is no {name}: it lies in your folder alone. A clone holds what was committed."
        )
    note = json.loads((folder / "training.json").read_text())
    lacking = [field for field in ("by", "at", "made_from", "trained_until", "model", "commit") if field not in note]
    assert not lacking, f"training.json in a fresh clone lacks the field {lacking[0]!r}."
    assert note["model"] == sha256(folder / "model.skops"), (
        "The field 'model' of training.json is not the SHA-256 of the model.skops in the clone: take the hash of the file after it was written."
    )
    assert re.fullmatch("[0-9a-f]{40}", str(note["commit"])), (
        f"The field 'commit' of training.json is {note['commit']!r}, expected a full id of 40 digits: a branch is another commit tomorrow."
    )
    for name in ("rides.csv", "features.json"):
        there = run_git(folder, "cat-file", "-e", f"{note['commit']}:{name}")
        assert there is not None, f"The field 'commit' of training.json is {str(note['commit'])[:12]!r}, and no such commit holds {name}."
        content = subprocess.run(["git", "-C", str(folder), "show", f"{note['commit']}:{name}"], check=True, capture_output=True).stdout
        assert sha256(content) in note["made_from"].values(), (
            f"In the commit that training.json names {name} is another than the one in made_from. A clone cannot train this model again."
        )
    rides = read_rides(folder / "rides.csv")
    past, later = rides[rides["day"] < until], rides[rides["day"] >= until]
    assert str(note["trained_until"]) == until, f"trained_until is {note['trained_until']!r}, expected {until!r}."
    model = load_safely(folder / "model.skops")
    seen = list(getattr(model, "feature_names_in_", []))
    assert set(seen) == set(names), f"The model sees the columns {seen}, and features.json of this repository names {names}."
    again = fit(features(past, seen), past["minutes"]).predict(features(later, seen))
    theirs = model.predict(features(later, seen))
    whole = fit(features(rides, seen), rides["minutes"]).predict(features(later, seen))
    assert not np.allclose(theirs, whole, atol=1e-6), (
        f"The model was fitted to all rides, those from {until} on among them. They are the hold-out: nobody could say any more how good it is."
    )
    assert np.allclose(theirs, again, atol=1e-6), (
        f"Trained again from a clone, on the rides before {until}, the model gives other minutes (up to {np.abs(theirs - again).max():.2f} apart)."
    )


# Part 4: decisions


def trial(rng, design, small=()):
    """Return rides with forecasts of two models whose errors are designed.

    `design` gives the candidate's error as a multiple of the live model's: by district, by bike type, by both, or `all`; the most special one counts. A slice
    of `small`, a district or a pair, keeps 10 rides.
    """
    n, districts, kinds = 2400, ["Airport", "Docks", "Mills"], ["classic", "ebike"]
    rides = pd.DataFrame(
        {"district": rng.choice(districts, n), "bike_type": rng.choice(kinds, n, p=[0.7, 0.3]), "minutes": rng.uniform(8, 60, n).round(1)}
    )
    for name in small:
        here = (rides["district"] + " " + rides["bike_type"]).eq(name) | rides["district"].eq(name)
        rides = rides[~here | (here.cumsum() <= 10)]
    rides = rides.reset_index(drop=True)
    error, sign = rng.uniform(2, 4, len(rides)), rng.choice([-1.0, 1.0], len(rides))
    pairs = rides["district"] + " " + rides["bike_type"]
    times = (
        pairs.map(design)
        .fillna(rides["district"].map(design))
        .fillna(rides["bike_type"].map(design))
        .fillna(design["all"])
        .to_numpy(dtype=float)
    )
    return rides.assign(
        live=rides["minutes"] + sign * error, candidate=rides["minutes"] + rng.choice([-1.0, 1.0], len(rides)) * error * times
    )


def decision(rides):
    """Return what `decide` must say: approved, reasons and watch."""
    if rides["candidate"].isna().any():
        return {"approved": False, "reasons": {"unanswered"}, "watch": None}
    live, candidate = (rides["live"] - rides["minutes"]).abs(), (rides["candidate"] - rides["minutes"]).abs()
    reasons, watch = set(), set()
    if not candidate.mean() <= 0.98 * live.mean():
        reasons.add("mean")
    pairs = rides["district"] + " " + rides["bike_type"]
    for names in (rides["district"], rides["bike_type"], pairs):
        for name in names.unique():
            here = (names == name).to_numpy()
            if here.sum() < 40:
                watch.add(name)
            elif candidate[here].mean() > 1.05 * live[here].mean():
                reasons.add(name)
    return {"approved": not reasons, "reasons": reasons, "watch": watch}


def compare_decision(said, rides, what):
    """Raise AssertionError where a decision is not the rule's."""
    right = decision(rides)
    if not isinstance(said, dict) or not {"approved", "reasons", "watch"} <= set(said):
        raise AssertionError(f"{what}: decide returned {said!r}, expected a dictionary with approved, reasons and watch.")
    reasons, watch = names_of(said["reasons"], what), names_of(said["watch"], what)
    shown = sorted(right["reasons"]) or "none"
    assert reasons == right["reasons"], f"{what}: the reasons against it are {sorted(reasons) or 'none'}, expected {shown}."
    assert bool(said["approved"]) == right["approved"], f"{what}: approved is {said['approved']}, expected {right['approved']}."
    assert right["watch"] is None or watch == right["watch"], (
        f"{what}: to be watched are {sorted(watch) or 'none'}, expected {sorted(right['watch']) or 'none'}."
    )


# Part 5: releases, and after


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


# Part 6: maturity

LEVEL_1 = ["pipeline", "data check", "model check", "trigger", "record", "no hands"]
LEVEL_2 = ["tests", "delivery"]
TRAIN = ".github/workflows/train.yml"
CI = ".github/workflows/ci.yml"
ORDER = ["check-data", "train", "check-model", "publish"]


def evidence_of(repo):
    """Return for each criterion that holds which texts may stand for it: {criterion: set of paths and commits}."""
    tree = {path: text for path, text in files(repo).items() if text.strip()}
    found = {}
    pipeline = json.loads(tree.get("pipeline.json", "{}"))
    steps, runner = pipeline.get("steps", []), pipeline.get("runner")
    kinds = [step["kind"] for step in steps]
    scripts = {step["script"] for step in steps}
    if runner in tree and scripts <= set(tree) and {"train", "publish"} <= set(kinds):
        found["pipeline"] = {"pipeline.json", runner, *scripts}
        train, publish = kinds.index("train"), kinds.index("publish")
        if "check-data" in kinds[:train]:
            found["data check"] = {"pipeline.json", *scripts}
        if "check-model" in kinds[train:publish]:
            found["model check"] = {"pipeline.json", *scripts}
    flows = {
        path: workflow(text)
        for path, text in tree.items()
        if Path(path).parent == Path(".github/workflows") and path.endswith((".yml", ".yaml"))
    }
    for path, flow in flows.items():
        commands = [words for job in flow["jobs"].values() for words in job["commands"]]
        if (
            flow["on"] & {"schedule", "repository_dispatch"}
            and any(words[:2] == ["python", runner] for words in commands)
            and runner in tree
        ):
            found.setdefault("trigger", set()).add(path)
        testing = {name for name, job in flow["jobs"].items() if any(_tests(words) for words in job["commands"])}
        tests = {
            name for name, text in tree.items() if Path(name).name.startswith("test_") and name.endswith(".py") and "def test_" in text
        }
        if flow["on"] & {"push", "pull_request"} and testing and tests:
            found.setdefault("tests", set()).update({path, *tests})
        for job in flow["jobs"].values():
            if (
                "push" in flow["on"]
                and job["needs"] & testing
                and any(words[:2] == ["python", "deploy.py"] for words in job["commands"])
                and "deploy.py" in tree
            ):
                found.setdefault("delivery", set()).add(path)
    model = committed(repo, "model.skops")
    if model is not None:
        records = {
            path
            for path, text in tree.items()
            if path.startswith("runs/") and path.endswith(".json") and json.loads(text).get("model") == sha256(model)
        }
        if records:
            found["record"] = records
        last, author = git(repo, "log", "-1", "--format=%H %ae", "--", "model.skops").split()
        if author == PIPELINE:
            found["no hands"] = {last, "model.skops"}
    return found


def _tests(words):
    return words[:1] == ["pytest"] or words[:3] == ["python", "-m", "pytest"]


def level_of(found):
    return 0 if not set(LEVEL_1) <= set(found) else 1 if not set(LEVEL_2) <= set(found) else 2


def team(folder, rng, change="nothing", ci=True):
    """Make a team's repository of level 2 (or of level 1, without `ci`), but for one change that is named."""
    runner, machine = (
        "run_pipeline.py",
        (published(f"model {rng.integers(10**9)}\n", run=f"runs/{rng.integers(10**6)}.json"), "pipeline", PIPELINE),
    )
    kinds = {
        "checked too late": ["check-data", "train", "publish", "check-model"],
        "data unchecked": ORDER[1:],
        "checked after training": ["train", "check-data", *ORDER[2:]],
    }
    tree = pipeline_files(kinds.get(change, ORDER))
    event, command, path = ["repository_dispatch"] if rng.random() < 0.5 else ["schedule", "workflow_dispatch"], f"python {runner}", TRAIN
    event = ["workflow_dispatch"] if change == "a button" else event
    command = {"announced": f'echo "python {runner}"', "commented out": f"'true # python {runner}'"}.get(change, f"{command} --all")
    path = {
        "elsewhere": "workflows/train.yml",
        "too deep": ".github/workflows/old/train.yml",
        "switched off": f"{TRAIN}.disabled",
        "no workflow": ".github/workflows/.gitkeep",
    }.get(change, TRAIN)
    tree[path] = "" if change == "no workflow" else workflow_text(event, {"train": ([], ["pip install -r requirements.txt", command])})
    tree |= {
        "tests/test_features.py": "def test_climb():\n    assert True\n",
        "deploy.py": "print('pipeline deployed')\n",
        "README.md": "# A model\n\nFully automated, level 2.\n",
    }
    if ci:
        pytest = {"tests announced": "echo pytest"}.get(change, "python -m pytest -q" if rng.random() < 0.5 else "pytest tests")
        needs = [] if change == "nobody waits" else ["checks"]
        tree[CI] = workflow_text(
            ["push"], {"checks": ([], ["pip install pytest", pytest]), "roll-out": (needs, ["python deploy.py --to server"])}
        )
    if change == "no test":
        tree["tests/test_features.py"] = "# to do\n"
    if change == "step empty":
        tree["steps/check_data.py"] = "\n"
    if change == "step gone":
        del tree["steps/check_model.py"]
    if change == "no pipeline":
        tree = {path: text for path, text in tree.items() if path not in ("pipeline.json", TRAIN)}
    commits = [(tree, "Ada", "ada@metro-bikes.example"), machine]
    if change == "by hand":
        commits.append((published("model of a Friday\n", run="runs/friday.json"), "Cy", "cy@metro-bikes.example"))
    if change == "by a namesake":
        commits.append((published("model of a Sunday\n", run="runs/sunday.json"), "pipeline", "pipeline@cys-laptop.example"))
    if change == "no record":
        commits.append(({"model.skops": "model without a record\n"}, "pipeline", PIPELINE))
    if change == "other record":
        commits[1:] = [
            (machine[0], "Cy", "cy@metro-bikes.example"),
            ({**published("x\n", run="runs/later.json"), "model.skops": "y\n"}, "pipeline", PIPELINE),
        ]
    commits.append(({"README.md": "# A model\n"}, "Bo", "bo@metro-bikes.example"))
    repo = make_team(folder, commits)
    if change in ("no workflow", "elsewhere"):
        (repo / TRAIN).parent.mkdir(parents=True, exist_ok=True)
        (repo / TRAIN).write_text(workflow_text(["schedule"], {"train": ([], [f"python {runner}"])}))  # in the folder, never committed
    return repo


def compare_audit(said, right, what):
    """Raise AssertionError where an audit's level or evidence is not what `evidence_of` found in the repository."""
    assert isinstance(said, (tuple, list)) and len(said) == 2 and isinstance(said[1], dict), (
        f"{what}: audit returned {said!r}, expected two things: the level, and a dictionary."
    )
    level, evidence = said
    more, less = sorted(set(evidence) - set(right)), sorted(set(right) - set(evidence))
    assert not more, f"{what}: audit has evidence for {more[0]!r} ({str(evidence[more[0]])[:60]}), which does not hold there."
    assert not less, f"{what}: audit has no evidence for {less[0]!r}, which holds there: see {sorted(right[less[0]])[0]}."
    assert int(level) == level_of(right), (
        f"{what}: audit says level {level}, expected {level_of(right)}: the criteria that hold are {', '.join(sorted(right)) or 'none'}."
    )
    for criterion, shown in evidence.items():
        ones = [shown] if isinstance(shown, (str, Path)) else list(shown)
        fits = [
            str(one).removeprefix("./") in right[criterion]
            or any(len(str(one)) >= 7 and full.startswith(str(one)) for full in right[criterion])
            for one in ones
        ]
        assert any(fits), (
            f"{what}: the evidence for {criterion!r} is {shown!r}, expected a path or a commit that shows it, such as {sorted(right[criterion])[0]!r}."
        )
