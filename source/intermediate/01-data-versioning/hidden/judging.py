"""What the judge cells share: tables and archives of the judge's own, the truth about them, and repositories read without running them."""

import base64
import contextlib
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import judgekit_git
import numpy as np
import pandas as pd
import yaml
from vault import listing, md5, object_path

from judgekit import drawn
from metro_bikes import QUIET, simulate

HERE = Path(__file__).resolve().parent
FILES = HERE if (HERE / "trips.csv").is_file() else Path.cwd()  # the lab's own data lie beside this module, or in the folder


# Part 1: pairs of tables


def fresh_pair(salt, kind):
    """Return two tables of the same trips and what changed between them: {"added", "removed", "changed": {column: ids}}, all sets."""
    chance = drawn(salt)
    trips = simulate(seed=chance.randrange(10**6), trips=500, start="2026-02-01", days=20, riders=200, scenario=replace(QUIET)).trips
    old = trips[["trip_id", "bike_type", "distance_km", "km_since_service", "tyre_pressure_bar", "needs_repair"]].copy()
    old["trip_id"] = old["trip_id"] * 7 + chance.randrange(1000)
    old["day"] = trips["started_at"].dt.strftime("%Y-%m-%d")
    old["km_since_service"], old["needs_repair"] = old["km_since_service"].round().astype(int), old["needs_repair"].astype(int)
    if kind == "gaps":
        old["odometer_m"] = [400_000 + chance.randrange(300_000) for _ in range(len(old))]
        old["climb_m"] = [round(chance.uniform(-80, 80), 4) for _ in range(len(old))]
        old["battery_v"] = np.where(old["trip_id"] % 2, 36.5, np.nan)
        old["tyre_pressure_bar"] = old["tyre_pressure_bar"].mask(old["trip_id"] % 5 == 0)
        old["bike_type"] = old["bike_type"].mask(old["trip_id"] % 11 == 0)
    ids = chance.sample(list(old["trip_id"]), 150)
    added, removed = set(ids[:20]), set(ids[20:50])
    new, changed = old.copy(), {}
    spare = iter(ids[50:])

    def alter(column, number, make):
        chosen = [next(spare) for _ in range(number)]
        at = new["trip_id"].isin(chosen)
        new[column] = new[column].mask(at, make(new[column]))
        before, after = old[column], new[column]
        differs = ~((before == after) | (before.isna() & after.isna()))
        changed[column] = set(new.loc[at & differs & ~new["trip_id"].isin(added | removed), "trip_id"])

    alter("distance_km", 15, lambda values: values * 1000)
    alter("needs_repair", 12, lambda values: 1 - values)
    if kind == "gaps":
        alter("tyre_pressure_bar", 20, lambda values: values.isna().map({True: 3.33, False: np.nan}))
        alter("bike_type", 12, lambda values: values.map({"classic": "ebike", "ebike": "classic"}).fillna("ebike"))
        alter("odometer_m", 8, lambda values: values + 1)
        alter("climb_m", 8, lambda values: values + 0.0002)
        alter("battery_v", 20, lambda values: pd.Series(np.where(values.isna(), np.where(new["trip_id"] % 4 < 2, 0.0, -1.0), np.nan), values.index))
        alter("day", 5, lambda values: values.str.replace("2026-02", "2026-03"))
    old, new = old[~old["trip_id"].isin(added)], new[~new["trip_id"].isin(removed)]
    new = new.sample(frac=1, random_state=chance.randrange(10**6))
    if kind == "gaps":
        new = new[[*reversed(new.columns)]].astype({"km_since_service": float, "needs_repair": float})
        new["distance_km"] = new["distance_km"] + 1e-12  # as a sum in another order would give it
    else:
        new = new.reset_index(drop=True)
    truth = {"added": added, "removed": removed, "changed": {column: chosen for column, chosen in changed.items() if chosen}}
    return old, new, truth


def expect_changes(found, truth, where):
    """Raise AssertionError unless `found` tells the changes between two versions, in any kind of list."""
    if not isinstance(found, dict) or set(found) != {"added", "removed", "changed"} or not isinstance(found["changed"], dict):
        raise AssertionError(f"{where}: changes returned no dictionary with 'added', 'removed' and, a dictionary itself, 'changed'.")
    pairs = [(key, found[key], truth[key]) for key in ("added", "removed")]
    said = {column: chosen for column, chosen in found["changed"].items() if len(chosen)}
    for column in sorted({*said, *truth["changed"]}):
        pairs.append((f"changed in {column}", said.get(column, []), truth["changed"].get(column, set())))
    for what, mine, right in pairs:
        mine, why = {int(one) for one in mine}, ""
        if mine != right:
            if what == "added" and mine == truth["removed"]:
                why = " These are the removed ones: added is what only the new version has."
            elif mine - right:
                why = (
                    f" Trip {min(mine - right)} is named and should not be: order, type (4 or 4.0), rounding noise, and a gap that was a gap before"
                    " are no changes, and a trip that one version lacks has no changed columns."
                )
            else:
                why = f" Trip {min(right - mine)} is lacking: a value that came, went or is another is a change."
            raise AssertionError(f"{where}, {what}: {len(right)} trips, you say {len(mine)}.{why}")


# Stores and archives


def sound(place, name):
    """Return whether a store or cache has an object, and whole."""
    path = object_path(place, name)
    return bool(re.fullmatch(r"[0-9a-f]{32}(\.dir)?", name)) and path.is_file() and md5(path) == name.removesuffix(".dir")


def state(place, name):
    """Return "sound", "damaged" or "missing"."""
    return "sound" if sound(place, name) else "damaged" if object_path(place, name).exists() else "missing"


def tops(repo, revisions, file="trips.dvc"):
    """Return the object that a pointer names at each of the revisions."""
    return {revision: Repository(repo, Path(repo).name).outs(revision).get(file, [""])[0] for revision in revisions}


def true_faults(repo, store, releases, folder="trips"):
    """Return what is wrong with each release in a store: {release: {path: "damaged" or "missing"}}."""
    report = {}
    for release, top in tops(repo, releases).items():
        found = {folder: top}
        if sound(store, top):
            found |= {f"{folder}/{path}": name for path, name in listing(store, top).items()}
        report[release] = {path: state(store, name) for path, name in found.items() if not sound(store, name)}
    return report


def expect_faults(found, truth, where):
    """Raise AssertionError unless `found` names exactly what is wrong with each release."""
    if not isinstance(found, dict) or set(map(str, found)) != set(truth):
        raise AssertionError(f"{where}: examine returned no dictionary with an entry for each release ({', '.join(truth)}).")
    for release, right in truth.items():
        said = found[release]
        if not isinstance(said, dict):
            raise AssertionError(f"{where}, {release}: a dictionary {{path: 'damaged' or 'missing'}} is expected, {{}} if all is sound.")
        for path in sorted({*said, *right}):
            if said.get(path) != right.get(path):
                raise AssertionError(
                    f"{where}, {release}: {path} is {right.get(path, 'sound')}, you say {said.get(path, 'nothing')}."
                    " An object is what its bytes say, not what its name or its size says; a folder's list is an object, too."
                )


def true_needed(repo, store, deployed="deployed.json"):
    """Return the objects that branches, tags and the deployed model's commit name, with what folders list."""
    there = Repository(repo, Path(repo).name)
    revisions = there.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags").split()
    if deployed in there.tree("main"):
        revisions.append(json.loads(there.text("main", deployed))["trained_from"])
    names = {}
    for revision in revisions:
        for path, outs in there.outs(revision).items():
            for name in outs:
                names.setdefault(name, (revision, path))
                for inside in listing(store, name).values() if name.endswith(".dir") and sound(store, name) else ():
                    names.setdefault(inside, (revision, path))
    return names


# Repositories, read without running anything that their configuration may name


class Repository(judgekit_git.Repository):
    """What the commits of a learner's repository say of data."""

    def has(self, revision):
        """Return whether there is such a tag, branch or commit."""
        try:
            return bool(self.commit(revision))
        except AssertionError:
            return False

    def commit(self, revision):
        """Return the commit's id; a whole id is its own, without asking Git."""
        return revision if re.fullmatch("[0-9a-f]{40}", revision) else super().commit(revision)

    def commits(self, revision="main"):
        """Return the ids of all commits that lead to a revision, the oldest first."""
        return self.git("rev-list", "--reverse", self.commit(revision)).split()

    def yaml(self, revision, path):
        """Return what stands in a YAML file at a revision."""
        try:
            return yaml.safe_load(self.text(revision, path))
        except yaml.YAMLError:
            raise AssertionError(f"{path} at {revision} in {self.name} is not YAML.") from None

    def outs(self, revision):
        """Return the objects that pointers and locks name at a revision: {path of the file: names}."""
        found, revision = {}, self.commit(revision)
        for path in self.tree(revision):
            if path.endswith(".dvc"):
                entries = [*(self.yaml(revision, path) or {}).get("outs", [])]
            elif path.rsplit("/", 1)[-1] == "dvc.lock":
                entries = [out for stage in self.yaml(revision, path)["stages"].values() for out in stage.get("outs", [])]
            else:
                continue
            found[path] = [str(out["md5"]) for out in entries if out.get("md5")]
        return found

    def folder_at(self, revision, store, file="trips.dvc"):
        """Return what a tracked folder holds at a revision, from a store: {path: name}. Raises AssertionError if it is not whole there."""
        top = self.outs(revision).get(file, [""])[0]
        if not top.endswith(".dir"):
            raise AssertionError(f"At {revision} in {self.name}, {file} is no pointer to a folder.")
        if not sound(store, top):
            raise AssertionError(
                f"The list of the folder at {revision} ({top[:8]}…) is not in {Path(store).name}: push what you have added."
            )
        files = listing(store, top)
        lacking = [path for path, name in files.items() if not sound(store, name)]
        if lacking:
            raise AssertionError(f"{Path(store).name} has no sound object for {lacking[0]} at {revision}: a clone cannot pull it.")
        return files


def table_of(store, files):
    """Return the rows of a folder of CSV files as one table, with the day from the file's name."""
    from vault import COLUMNS, join_days

    table = join_days({path: object_path(store, name) for path, name in files.items()})
    lacking = [column for column in COLUMNS if column not in table]
    if lacking:
        raise AssertionError(f"The new version has no column {lacking[0]}.")
    return table[["day", *COLUMNS]]


# Part 5: lists of stations


def station_cases(salt):
    """Return (old, new, acceptable, what) for lists of stations that the city might publish."""
    chance = drawn(salt)
    names = chance.sample(
        [f"{first} {second}" for first in ("Mill", "Quay", "Fort", "Elm", "Ash", "King") for second in ("Row", "Hill", "End", "Way")], 20
    )
    old = pd.DataFrame(
        {
            "station_id": range(101, 121),
            "name": names,
            "elevation_m": [chance.randrange(5, 120) for _ in names],
            "docks": [chance.randrange(10, 40) for _ in names],
        }
    )
    one = chance.randrange(20)
    extra = pd.DataFrame([{"station_id": 140, "name": "New Pier", "elevation_m": 3, "docks": 20}])
    grown = pd.concat([old, extra], ignore_index=True)
    near = old.assign(elevation_m=old["elevation_m"] + [chance.choice([-8, -1, 0, 0, 3, 9]) for _ in names])
    swapped = old.copy()
    other = (one + 7) % 20
    swapped.loc[[one, other], "station_id"] = swapped.loc[[other, one], "station_id"].to_numpy()
    far = old.assign(elevation_m=old["elevation_m"] + [150 if at == one else 0 for at in range(20)])
    feet = old.assign(elevation_m=(old["elevation_m"].clip(lower=30) * 3.281).round().astype(int))
    higher, just = (old.assign(elevation_m=old["elevation_m"] + [more if at == one else 0 for at in range(20)]) for more in (25, 20))
    unknown = pd.concat([old, extra.assign(elevation_m=np.nan)], ignore_index=True)
    gap = old.astype({"elevation_m": float})
    gap.loc[one, "elevation_m"] = np.nan
    mixed = grown.sample(frac=1, random_state=chance.randrange(1000))[["docks", "name", "station_id", "elevation_m"]]
    return [
        (old, old, True, "nothing has changed"),
        (old, grown, True, "a station has come"),
        (old, near, True, "elevations are corrected by less than ten metres"),
        (old, mixed, True, "a station has come, and rows and columns stand in another order"),
        (old, old.assign(docks=old["docks"] + 5), True, "stations have more docks"),
        (old, swapped, False, "two stations have changed their numbers"),
        (old, old.drop(index=one), False, "a station is gone to which trips refer"),
        (old, pd.concat([old, old.iloc[[one]]]), False, "a station stands there twice"),
        (old, far, False, "one station lies 150 m higher"),
        (old, higher, False, "one station lies 25 m higher"),
        (old, just, False, "one station lies exactly 20 m higher (a correction is less than that)"),
        (old, unknown, False, "a station has come of which no elevation is known"),
        (old, feet, False, "elevations are in feet"),
        (old, gap, False, "an elevation is missing"),
        (old, grown.assign(station_id=grown["station_id"] + 1), False, "all numbers are shifted by one"),
    ]


# Part 6: the rider


def without(content, rider):
    """Return the rows of a file of trips without the rider's, as a sorted list of tuples of numbers."""
    return [row for row in rows_of(content) if row[1] != rider]


def rows_of(content):
    """Return the rows of a file of trips as a sorted list of tuples of numbers."""
    lines = content.decode().split("\n")[1:]
    return sorted(tuple(float(cell) if cell else None for cell in line.strip().split(",")) for line in lines if line.strip())


def holds(content, rider):
    """Return whether a file's bytes hold a row of the rider's."""
    return bool(re.search(rf"^[^,]*,{rider}(\.0)?,".encode(), content, re.M))


def expect_secret(token, key, riders):
    """Raise AssertionError where tokens give the rider or the key away, or stand for two riders."""
    for rider in riders:
        said = token(rider, key)
        readings = [said]
        for read in (base64.b64decode, base64.b32decode, base64.b85decode, bytes.fromhex):
            with contextlib.suppress(ValueError):
                readings.append(read(said).decode("latin-1"))
        if any(key in text or key[::-1] in text for text in readings):
            raise AssertionError("From a token one reads the secret key. The list lies in Git: then it is a secret no more.")
        if any(re.search(rf"(?<!\d){rider}(?!\d)", text) for text in readings[:1] + [text for text in readings[1:] if text.isprintable()]):
            raise AssertionError("From a token one reads the rider's number: the list of the forgotten gives them away.")
    many = [token(rider, key) for rider in range(100, 3100)]
    if len(set(many)) < len(many):
        raise AssertionError(f"Of 3,000 riders {len(many) - len(set(many))} share a token with another: a token so short stops people who never asked for it.")
    for base in (10, 16):
        with contextlib.suppress(ValueError):
            numbers = [int(one, base) for one in many[:50]]
            if len({b - a for a, b in itertools.pairwise(numbers)}) < 10:
                raise AssertionError("Neighbouring riders have neighbouring tokens: whoever knows one rider's token can count to all others.")
