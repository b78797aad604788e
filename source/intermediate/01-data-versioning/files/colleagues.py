"""Plays your colleagues and the city: repositories with data under DVC, laid out as `git commit`, `dvc add` and `dvc push` would.

To be quick, the plays write DVC's objects and pointers themselves. The layout is DVC's own, byte for byte: `dvc status` finds nothing
to do in what is laid out here.
"""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pandas as pd
from vault import COLUMNS, day_bytes, git, md5, object_path

HERE = Path(__file__).resolve().parent
METRES = range(1, 41, 3)  # the docks whose new firmware sends metres, from 16 September on


# DVC's layout


def put(place, content):
    """Put bytes into a store or a cache, read-only as DVC does, and return the object's name."""
    return _put(place, md5(content), content)


def put_folder(place, files):
    """Put a folder, {path: bytes}, into a store or a cache: each file, and the list. Return the text of its pointer `trips.dvc`."""
    entries = [{"md5": put(place, files[path]), "relpath": path} for path in sorted(files)]
    text = json.dumps(entries, sort_keys=True).encode()
    name = _put(place, f"{md5(text)}.dir", text)
    size = sum(map(len, files.values()))
    return f"outs:\n- md5: {name}\n  size: {size}\n  nfiles: {len(files)}\n  hash: md5\n  path: trips\n"


def _put(place, name, content):
    path = object_path(place, name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o444)
    return name


def copy_objects(source, target):
    """Copy all objects of one store or cache that another does not have."""
    for path in sorted((Path(source) / "files" / "md5").glob("??/*")):
        _put(target, path.parent.name + path.name, path.read_bytes())


def new_repository(repo, store, ignored=("trips",)):
    """Make an empty repository for Git and DVC, with the default remote in the folder `store` beside it. What was there is removed."""
    repo, store = Path(repo), Path(store)
    shutil.rmtree(repo, ignore_errors=True)
    (repo / ".dvc").mkdir(parents=True)
    git(repo, "init", "--quiet", "--initial-branch=main")
    with (repo / ".git" / "config").open("a") as config:
        config.write("[user]\n\tname = Ada\n\temail = ada@example.com\n[core]\n\tautocrlf = false\n[commit]\n\tgpgsign = false\n")
        config.write("[tag]\n\tgpgsign = false\n[gc]\n\tauto = 0\n")
    url = os.path.relpath(store, repo / ".dvc").replace(os.sep, "/")  # DVC reads it from where the config lies
    (repo / ".dvc" / "config").write_text(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {url}\n")
    absolute = str(store.resolve()).replace(os.sep, "/")  # in older commits (--all-tags) DVC reads it from the disk's root
    (repo / ".dvc" / "config.local").write_text(f"['remote \"store\"']\n    url = {absolute}\n")
    (repo / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (repo / ".gitignore").write_text("".join(f"/{name}\n" for name in ignored))
    return repo


def commit(repo, message, day, who="Ada"):
    """Commit all that lies in the repository and is not ignored, at nine o'clock of a day. Return the commit's id."""
    mail = f"{who.lower()}@example.com"
    there = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", who), ("EMAIL", mail))}
    there |= {"GIT_AUTHOR_DATE": f"{day}T09:00:00Z", "GIT_COMMITTER_DATE": f"{day}T09:00:00Z"}
    git(repo, "add", "--all")
    subprocess.run(["git", "-C", str(repo), "commit", "--quiet", "--allow-empty", "-m", message], check=True, env={**os.environ, **there})
    return git(repo, "rev-parse", "HEAD").strip()


def check_out(repo, files):
    """Write a folder's files into the repository's folder `trips`, as `dvc checkout` would, and take away what else lies there."""
    folder = Path(repo) / "trips"
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


# Parts 1 and 2: the quarter


def quarter(csv):
    """Return two tables: the quarter as it was known on 6 October, and as Bo's new export has it."""
    full = pd.read_csv(csv, dtype={"day": str, "label_day": str})
    august = full["day"].between("2025-08-04", "2025-08-17")
    staff, offline = august & (full["trip_id"] % 41 == 0), august & (full["trip_id"] % 19 == 0)
    known = full.assign(needs_repair=full["needs_repair"].where(full["label_day"] < "2025-10-06", 0))
    july = full["day"] < "2025-07-16"
    first = known[~offline | staff].copy()
    new = full[~staff].copy()
    new["unlock_seconds"] = (new["unlock_seconds"] - 0.8 * july).round(1)
    metres = (new["day"] >= "2025-09-16") & new["end_station_id"].isin(METRES)
    new["distance_km"] = new["distance_km"].mask(metres, new["distance_km"] * 1000).round(2)
    return first[["day", *COLUMNS]], new[["day", *COLUMNS]]


def play_quarter(repo, store, csv):
    """Lay out the quarter's trips as a repository: the tag q3 of October, then Bo's new export, tagged q3-corrected. All is pushed."""
    shutil.rmtree(store, ignore_errors=True)
    repo, (first, new) = new_repository(repo, store), quarter(csv)
    chance = random.Random(3)
    old = {f"{day}.csv": day_bytes(rows) for day, rows in first.groupby("day")}
    (repo / "trips.dvc").write_text(put_folder(store, old))
    commit(repo, "Trips of July to September", "2025-10-06")
    git(repo, "tag", "q3")
    export = {f"{day}.csv": _bos_bytes(rows, chance) for day, rows in new.groupby("day")}
    (repo / "trips.dvc").write_text(put_folder(store, export))
    commit(repo, "Exported again. A few labels came in late, nothing else", "2025-11-03", "Bo")
    git(repo, "tag", "q3-corrected")
    copy_objects(store, repo / ".dvc" / "cache")
    check_out(repo, export)


def _bos_bytes(rows, chance):
    lines = [",".join("" if value != value else str(value) for value in row) for row in rows[COLUMNS].itertuples(index=False, name=None)]
    return "\n".join([",".join(COLUMNS), *chance.sample(lines, len(lines)), ""]).encode()


# Part 3: the archive whose store is damaged


def week(chance, day, broken=0.15):
    """Return a small file of trips, drawn by chance."""
    draw = chance.randrange
    rows = [
        f"{draw(10**6)},{draw(1, 600)},{draw(1, 41)},{chance.uniform(0.5, 9):.2f},{chance.random() < broken:d}"
        for _ in range(chance.randrange(12, 20))
    ]
    return "\n".join(["trip_id,rider_id,end_station_id,distance_km,needs_repair", *rows, ""]).encode()


def play_archive(repo, store, copies, seed=5, faults=("flipped", "cut", "gone", "listing", "lost", "useless")):
    """Lay out a repository with three releases, a store in which objects are damaged or gone, and copies of it on two laptops.

    The folder `copies` gets ada and bo, each laid out as a cache. Bo's branch bo/rain names data that only his laptop has.
    """
    for folder in (store, copies):
        shutil.rmtree(folder, ignore_errors=True)
    store, copies, chance = Path(store), Path(copies), random.Random(f"archive {seed}")
    repo = new_repository(repo, store)
    ada, bo = copies / "ada", copies / "bo"
    names = [f"2025-{month:02}-{day:02}.csv" for month in (7, 8) for day in range(1, 29, 3)]
    files = {name: week(chance, name) for name in names[:12]}
    states = [dict(files)]
    for part in (names[12:16], names[16:]):
        files = {**files, **{name: week(chance, name) for name in part}}
        files[names[len(states)]] = week(chance, names[0])
        states.append(dict(files))
    listings = []
    for number, state in enumerate(states, 1):
        (repo / "trips.dvc").write_text(put_folder(store, state))
        listings.append((repo / "trips.dvc").read_text().split("md5: ")[1].split()[0])
        commit(repo, f"Release r{number}", f"2025-{6 + number:02}-30")
        git(repo, "tag", f"r{number}")
    copy_objects(store, ada)
    copy_objects(store, bo)
    orphan = put(store, week(chance, "an export that nobody kept"))
    git(repo, "switch", "--quiet", "--create", "bo/rain")
    rain = {**states[-1], "2025-08-29.csv": week(chance, "rain"), "2025-08-30.csv": week(chance, "rain")}
    (repo / "trips.dvc").write_text(put_folder(bo, rain))
    commit(repo, "Two rainy days, not pushed yet", "2025-09-29", "Bo")
    git(repo, "switch", "--quiet", "main")

    safe = iter(chance.sample(names[4:12], 8))
    for fault in faults:
        if fault == "useless":
            _spoil(store, orphan, chance, "flipped")
        elif fault == "listing":
            _spoil(store, listings[0], chance, "cut")
        elif fault == "list of r2":  # still readable, and no longer what it was
            _spoil(store, listings[1], chance, "flipped")
        else:
            name = md5(states[0][next(safe)])
            _spoil(store, name, chance, {"lost": "flipped"}.get(fault, fault))
            if fault == "flipped":  # Ada pulled after the disk had failed: her copy is as bad
                _replace(object_path(ada, name), object_path(store, name).read_bytes())
            if fault == "gone":
                _spoil(bo, name, chance, "gone")
            if fault == "cut":
                _spoil(ada, name, chance, "flipped")
            if fault == "lost":
                _spoil(ada, name, chance, "cut")
                _spoil(bo, name, chance, "gone")


def _spoil(place, name, chance, how):
    path = object_path(place, name)
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "cut":
        _replace(path, content[: len(content) // 2])
    else:
        digits = [at for at, byte in enumerate(content) if chr(byte) in "123456789" and at > 60]
        at = chance.choice(digits)
        _replace(path, content[:at] + (b"0" if content[at : at + 1] != b"0" else b"1") + content[at + 1 :])


def _replace(path, content):
    path.unlink()
    path.write_bytes(content)
    path.chmod(0o444)


# Part 4: the store that is full


def play_shared(repo, other, store, seed=7, nights=10):
    """Lay out two repositories that share a store: the trips' one with a commit for each night, and the support desk's.

    In the trips' repository: tags for the ends of months, Ada's branch ada/rain, files/weather.csv.dvc in a folder of its own, a stage's
    output in dvc.lock, and deployed.json with the commit that the live alarm was trained from. In the store also lies what nobody names.
    """
    shutil.rmtree(store, ignore_errors=True)
    store, chance = Path(store), random.Random(f"shared {seed}")
    repo = new_repository(repo, store, ("trips", "features.csv"))
    (repo / "outside").mkdir()
    (repo / "outside" / ".gitignore").write_text("/weather.csv\n")
    state, commits = {f"2025-08-{day:02}.csv": week(chance, day) for day in range(1, 7)}, []
    tagged, deployed = sorted(chance.sample(range(1, nights - 3), 2)), None
    kept = [number for number in range(1, nights - 2) if number not in tagged]
    deployed = chance.choice(kept)
    for night in range(nights):
        state = {**state, f"2025-09-{night + 1:02}.csv": week(chance, night)}
        state[chance.choice(sorted(state))] = week(chance, night)
        content = "\n".join(["hour,rain_mm", *(f"{hour},{chance.random():.2f}" for hour in range(24)), ""]).encode()
        (repo / "trips.dvc").write_text(put_folder(store, state))
        name = put(store, content)
        (repo / "outside" / "weather.csv.dvc").write_text(
            f"outs:\n- md5: {name}\n  size: {len(content)}\n  hash: md5\n  path: weather.csv\n"
        )
        features = f"feature,{night},{chance.random()}\n".encode() * 30
        lock = {
            "cmd": "python features.py",
            "outs": [{"path": "features.csv", "hash": "md5", "md5": put(store, features), "size": len(features)}],
        }
        (repo / "dvc.yaml").write_text("stages:\n  features:\n    cmd: python features.py\n    outs:\n    - features.csv\n")
        (repo / "dvc.lock").write_text(_yaml({"schema": "2.0", "stages": {"features": lock}}))
        if night == nights - 2:
            (repo / "deployed.json").write_text(json.dumps({"model": "repair-alarm 7", "trained_from": commits[deployed]}, indent=1) + "\n")
        commits.append(commit(repo, f"Night of {night + 1} September", f"2025-09-{night + 1:02}", "Cy"))
        for number, at in enumerate(tagged):
            if at == night:  # one tag of each kind: a mere name, and one with a message
                git(repo, "tag", *(("-a", "-m", "as delivered to the city") if number else ()), f"delivery-{number + 1}")
    git(repo, "switch", "--quiet", "--create", "ada/rain", commits[chance.randrange(2, nights - 3)])
    (repo / "trips.dvc").write_text(put_folder(store, {**state, "rain.csv": week(chance, "rain")}))
    commit(repo, "Rain, for a try", "2025-09-20")
    git(repo, "switch", "--quiet", "main")
    for number in range(3):
        put_folder(store, {f"try-{number}.csv": week(chance, number), "again.csv": week(chance, number)})
    copy_objects(store, repo / ".dvc" / "cache")
    check_out(repo, state)
    (repo / "outside" / "weather.csv").write_bytes(content)
    (repo / "features.csv").write_bytes(features)

    other = new_repository(other, store)
    for number in (1, 2):
        tickets = {f"week-{week_}.csv": week(chance, week_) for week_ in range(number + 1)}
        (other / "trips.dvc").write_text(put_folder(store, tickets).replace("path: trips", "path: tickets"))
        (other / "trips.dvc").rename(other / "tickets.dvc")
        (other / ".gitignore").write_text("/tickets\n")
        commit(other, f"Tickets {number}", f"2025-09-0{number}", "Cy")
        git(other, "tag", f"tickets-{number}")


def _yaml(value):
    import yaml

    return yaml.safe_dump(value, sort_keys=False)


# Part 5: the city's list of stations


def city_releases(csv):
    """Return the city's list of stations as it published it: {tag, or main: table}."""
    first = pd.read_csv(csv)
    second = first.assign(elevation_m=first["elevation_m"] + (first["station_id"] % 7 == 0))
    second = pd.concat(
        [second, pd.DataFrame([{"station_id": 41, "name": "Harbour Pier", "elevation_m": 4, "docks": 22}])], ignore_index=True
    )
    third = second.assign(elevation_m=(second["elevation_m"] * 3.281).round().astype(int))
    draft = second.assign(station_id=second["name"].rank().astype(int))
    return {"2025.1": first, "2025.2": second, "2025.3": third, "main": draft}


def play_city(city, store, repo, csv):
    """Lay out the city's repository with its store, and the alarm's repository, in which Bo has imported the list of stations."""
    shutil.rmtree(store, ignore_errors=True)
    city, found = new_repository(city, store, ("stations.csv",)), {}
    days = {"2025.1": "2025-05-02", "2025.2": "2025-09-15", "2025.3": "2025-10-20", "main": "2025-11-02"}
    for release, table in city_releases(csv).items():
        content = table.to_csv(index=False, lineterminator="\n").encode()
        pointer = f"outs:\n- md5: {put(store, content)}\n  size: {len(content)}\n  hash: md5\n  path: stations.csv\n"
        (city / "stations.csv.dvc").write_text(pointer)
        what = f"Stations, release {release}" if release != "main" else "New numbers for all stations, not finished"
        found[release] = commit(city, what, days[release], "City"), content
        if release != "main":
            git(city, "tag", release)
    repo = new_repository(repo, Path(repo).parent / f"{Path(repo).name}-store", ("stations.csv",))
    url = os.path.relpath(city, repo).replace(os.sep, "/")
    for release, message, day in [("2025.1", "The city's stations", "2025-05-05"), ("main", "dvc update", "2025-11-03")]:
        at, content = found[release]
        out = {"md5": put(repo / ".dvc" / "cache", content), "hash": "md5", "path": "stations.csv"}
        stage = {"deps": [{"path": "stations.csv", "repo": {"url": url, "rev_lock": at}}], "outs": [out]}
        own = md5(json.dumps(stage, sort_keys=True).encode())  # DVC's hash of the import itself; sizes do not count
        stage["outs"] = [{"md5": out["md5"], "size": len(content), "hash": "md5", "path": "stations.csv"}]
        (repo / "stations.csv.dvc").write_text(_yaml({"md5": own, "frozen": True, **stage}))
        commit(repo, message, day, "Bo")
    (repo / "stations.csv").write_bytes(found["main"][1])


# Part 6: the rider who wants to be forgotten


def play_riders(repo, store, backup, rider=311, seed=11):
    """Lay out a repository with two releases of trips by week, its store, and a backup of it. The rider made trips in three weeks."""
    for folder in (store, backup):
        shutil.rmtree(folder, ignore_errors=True)
    chance, repo = random.Random(f"riders {seed}"), new_repository(repo, store)
    weeks, state = {}, {}
    for number in range(27, 36):
        header, *lines = week(chance, number).decode().splitlines()
        lines = [line for line in lines if f",{rider}," not in line and not line.startswith(f"{rider},")]
        lines += [f"{chance.randrange(10**6)},{rider}0,{chance.randrange(1, 41)},1.50,0"]  # a neighbour whose number begins alike
        if number in (28, 30, 34):
            lines += [f"{chance.randrange(10**6)},{rider},{chance.randrange(1, 41)},{chance.uniform(1, 9):.2f},0" for _ in range(2)]
        chance.shuffle(lines)
        weeks[f"week-{number}.csv"] = "\n".join([header, *lines, ""]).encode()
    for release, last, day in [("q2", 31, "2025-08-04"), ("q3", 35, "2025-09-01")]:
        state = {name: content for name, content in weeks.items() if int(name[5:7]) <= last}
        (repo / "trips.dvc").write_text(put_folder(store, state))
        commit(repo, f"Release {release}", day)
        git(repo, "tag", release)
    copy_objects(store, repo / ".dvc" / "cache")
    copy_objects(store, backup)
    check_out(repo, state)
