"""What the judge cells of training share: repositories, and how a stranger trains in them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
from colleagues import CONFIG, commit, new_repository, stamp, write_json, write_table
from judging import NAMES, fresh_rides, load_safely, run_git
from ridetime import features, fit, read_rides, sha256


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
