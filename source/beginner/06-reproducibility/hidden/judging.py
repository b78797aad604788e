"""What the judge cells share: fresh trips, runs, wheels, servers and repositories, and what the rules of the lab say of them."""

import hashlib
import json
import os
import re
import subprocess
from io import StringIO
from pathlib import Path

import pandas as pd
import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from weeks import weeks_and_bikes
from wheelwright import pack

from judgekit import drawn

os.environ.setdefault("RUSTUP_HOME", os.devnull)


# Two runs that should be the same

TRAIN = '''"""Trains."""

from lib.deep.units import scale

LEAF = {leaf}
columns = ["distance_km", "climb_m"]
table = [scale(value) for value in range(LEAF)]
'''
UNITS = '''"""Units."""


def scale(value):
    """Return the value in {unit}."""
    return value * {factor}
'''
PACKAGES = ["python", "numpy", "pandas", "scikit-learn", "PyYAML", "ruamel.yaml", "typing_extensions", "joblib"]


def make_pair(folder, salt, changes):
    """Write two runs and return their folders. `changes` names what sets the second apart: real changes, and some that only look so."""
    chance = drawn(salt)
    facts = {"leaf": chance.randint(2, 9), "unit": "km", "factor": chance.randint(2, 90)}
    rows = [
        [200_000 + n, f"2025-07-{n + 1:02}", round(chance.uniform(0.2, 9), 2), chance.randint(-90, 90), chance.randint(0, 1)]
        for n in range(30)
    ]
    params = {
        "forest": {"n_estimators": chance.randint(20, 60), "min_samples_leaf": chance.randint(2, 6)},
        "threshold": 0.1667,
        "columns": ["a", "b"],
    }
    packages = {name: f"{chance.randint(1, 4)}.{chance.randint(0, 20)}.{chance.randint(0, 9)}" for name in PACKAGES}
    _write_run(folder / "first", facts, rows, params, packages, frozenset(), chance)
    facts, rows, params, packages = dict(facts), [list(row) for row in rows], json.loads(json.dumps(params)), dict(packages)
    at = chance.randrange(1, 28)
    if "constant" in changes:
        facts["leaf"] += 1
    if "deep module" in changes:
        facts["factor"] += 1
    if "rows swapped" in changes:
        rows[at], rows[at + 1] = rows[at + 1], rows[at]
    if "a value" in changes:
        rows[at][2] = round(rows[at][2] + 0.01, 2)
    if "an id" in changes:
        rows[at][0] += 1
    if "a day" in changes:
        rows[at][1] = "2025-06-30"
    if "a row less" in changes:
        rows.pop()
    if "deep setting" in changes:
        params["forest"]["min_samples_leaf"] += 1
    if "setting gone" in changes:
        del params["threshold"]
    if "list reordered" in changes:
        params["columns"].reverse()
    if "a version" in changes:
        packages["joblib"] += ".post1"
    if "a package more" in changes:
        packages["scipy"] = "1.17.1"
    _write_run(folder / "second", facts, rows, params, packages, changes, chance)
    return str(folder / "first"), str(folder / "second")


def _write_run(run, facts, rows, params, packages, changes, chance):
    (run / "code" / "lib" / "deep").mkdir(parents=True)
    train = TRAIN.format(**facts)
    if "tidied" in changes:
        train = train.replace('"distance_km", "climb_m"', "'distance_km',\n    'climb_m'").replace("\n\nLEAF", "\n\n\n# how small\nLEAF")
    (run / "code" / "train.py").write_text(train)
    (run / "code" / "lib" / "deep" / "units.py").write_text(UNITS.format(**facts))
    if "a new module" in changes:
        (run / "code" / "lib" / "fix.py").write_text("import lib.deep.units\n")
    if "left-overs" in changes:
        (run / "code" / "__pycache__").mkdir()
        (run / "code" / "__pycache__" / "train.cpython-311.pyc").write_bytes(bytes([chance.randrange(256) for _ in range(40)]))
        (run / "code" / "notes.txt").write_text("to do")
    end = "\r\n" if "line ends" in changes else "\n"
    shown = (lambda value: f"{value:.4f}" if isinstance(value, float) else str(value)) if "zeros" in changes else str
    lines = ["trip_id,day,distance_km,climb_m,needs_repair", *(",".join(map(shown, row)) for row in rows)]
    (run / "trips.csv").write_bytes(end.join([*lines, ""]).encode())
    if "reordered" in changes:
        params = dict(reversed(params.items()))
    (run / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False, default_flow_style="reordered" in changes))
    written = [f"{name}=={version}" for name, version in packages.items()]
    if "respelt" in changes:
        written = [
            "# frozen",
            "",
            *(
                re.sub("[-_.]+", chance.choice("-_."), name) + "==" + version
                for name, version in (line.lower().split("==") for line in written)
            ),
        ]
        written[-1] += "  # for the model's file"
        chance.shuffle(written)
    (run / "packages.txt").write_text("\n".join(written) + "\n")


# Training


def training_folder(folder, salt):
    """Fill the folder with fresh trips, parameters and bikes, as the trainer wants them. Return the settings."""
    chance = drawn(salt)
    tables, bikes = weeks_and_bikes(chance.randrange(10**6))
    return write_training(
        folder, tables, bikes, {"trees": 24, "leaf": 4, "seed": chance.randrange(1000), "as_of": pd.Timestamp("2025-09-05").date()}
    )


def write_training(folder, tables, bikes, settings):
    """Write trips/, bikes.csv and params.yaml into the folder; return the settings."""
    (folder / "trips").mkdir(parents=True)
    for name, table in tables.items():
        table.to_csv(folder / "trips" / name, index=False)
    bikes.to_csv(folder / "bikes.csv", index=False)
    (folder / "params.yaml").write_text(yaml.safe_dump(settings))
    return settings


def earlier(source, target, days):
    """Write the same training into another folder, with every date that many days earlier, `as_of` too."""

    def back(table):
        dates = {name: (pd.to_datetime(table[name]) - pd.Timedelta(days=days)).dt.strftime("%Y-%m-%d") for name in ("day", "serviced_on")}
        return table.assign(**dates)

    settings = yaml.safe_load((source / "params.yaml").read_text())
    tables = {path.name: back(pd.read_csv(path)) for path in sorted((source / "trips").iterdir())}
    settings["as_of"] = (pd.Timestamp(settings["as_of"]) - pd.Timedelta(days=days)).date()
    write_training(target, tables, back(pd.read_csv(source / "bikes.csv")), settings)


def scores(written):
    """Return the scores in the bytes that a trainer wrote, a Series by bike. Raises AssertionError where they are no such file."""
    try:
        return pd.read_csv(StringIO(written.decode())).set_index("bike_id")["score"].astype(float)
    except (KeyError, ValueError, UnicodeDecodeError):
        raise AssertionError(f"The trainer wrote {written[:40]!r}…, expected CSV with the columns bike_id and score.") from None


# Locks and wheels

SYLLABLES = ["dock", "tyre", "gear", "hill", "bell", "chain", "rim", "spoke", "van", "yard", "rack", "lamp"]


def make_wheelhouse(folder, salt):
    """Fill the folder with requirements.in, server.txt and wheels/. Return {package: the SHA-256 of the one right wheel}.

    The chain: two packages are wanted; one needs a third, this a fourth, under other spellings; one needs another on Windows alone.
    """
    chance = drawn(salt)
    first, second = chance.sample(SYLLABLES, 6), chance.sample(SYLLABLES, 6)
    stems = [f"{a}_{b}" for a, b in zip(first, second, strict=True)]
    top, other, middle, deep, windows, unneeded = (
        stem + ending for stem, ending in zip(stems, ["kit", "map", "core", "io", "con", "lab"], strict=True)
    )
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    old = {
        name: f"{chance.randint(1, 3)}.{chance.randint(0, 9)}.{chance.randint(0, 9)}"
        for name in (top, other, middle, deep, windows, unneeded)
    }
    new = {name: f"{int(version[0]) + 1}.0.0" for name, version in old.items()}
    dotted = middle.replace("_", ".").title()
    needs = {
        top: [f"{dotted}>={old[middle][0]}"],
        other: [f"{windows}; os_name == 'nt'", f"{deep.replace('_', '-')}; python_version >= '3.8'"],
        middle: [f"{deep.replace('_', '-')}>=0.1"],
    }
    spelt = {middle: dotted, deep: deep.replace("_", "-")}
    right = {}
    for name in old:
        for version in (old[name], new[name]):
            path = pack(wheels, name, version, f"VERSION = {version!r}\n# {chance.random()}\n", needs.get(name, []), spelt.get(name))
            if version == old[name] and name not in (windows, unneeded):
                right[canonicalize_name(name)] = hashlib.sha256(path.read_bytes()).hexdigest()
    wanted = [f"{top}>=0.1", other.replace("_", "-")]
    (folder / "requirements.in").write_text("# what the program imports\n" + "\n".join(wanted) + "\n")
    record = [f"{spelt.get(name, name)}=={old[name]}" for name in old] + [
        "jupyterlab==4.6.6",
        "pip==25.3",
    ]  # another program uses `windows`
    chance.shuffle(record)
    (folder / "server.txt").write_text("# pip freeze\n" + "\n".join(record) + "\n")
    versions = {canonicalize_name(name): version for name, version in old.items()}
    return {name: (versions[name], digest) for name, digest in right.items()}


def read_lock(text):
    """Return the lines of a lock that hold here, {package: (version or None, hashes)}. Raises AssertionError where a line is none."""
    found = {}
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line or line.split()[0].split("=")[0] in ("--require-hashes", "--no-index", "--only-binary"):
            continue
        if line.startswith("-"):
            raise AssertionError(f"The lock has the line {line!r}: it says where to look, not what to install.")
        words = re.split(r"\s+(?=--hash)", line)
        try:
            wanted = Requirement(words[0])
        except InvalidRequirement:
            raise AssertionError(f"The lock has the line {line!r}, expected name==version --hash=sha256:…") from None
        if wanted.marker and not wanted.marker.evaluate():
            continue
        pins = list(wanted.specifier)
        exact = pins[0].version if len(pins) == 1 and pins[0].operator == "==" and "*" not in pins[0].version else None
        found[canonicalize_name(wanted.name)] = exact, [word.removeprefix("--hash=").strip() for word in words[1:]]
    return found


def check_lock(text, right, where):
    """Raise AssertionError with the reason if the lock does not install exactly the `right` packages."""
    if not isinstance(text, str):
        raise AssertionError(f"make_lock returned a {type(text).__name__}, expected the lock's text.")
    lock = read_lock(text)
    for name, (version, hashes) in lock.items():
        assert version, f"{where} the lock leaves the version of {name} open. Only name==version is a pin."
        assert hashes, f"{where} the lock has no hash for {name}: a version is a name, and names can be reused. Expected --hash=sha256:…"
    missing = sorted(set(right) - set(lock))
    assert not missing, (
        f"{where} {len(missing)} of {len(right)} packages are missing from the lock, {missing[0]} for one. What your packages need belongs to the environment, too, "
        "and what these need in turn; whether a name is written with -, _ or . makes no difference."
    )
    more = sorted(set(lock) - set(right))
    assert not more, (
        f"{where} the lock installs {more[0]}, which nothing that is wanted needs on this machine. Record what the program needs here, no more; a need may have a marker."
    )
    for name, (version, digest) in right.items():
        got, hashes = lock[name]
        assert got == version, (
            f"{where} the lock says {name}=={got}; the server had {version}. What ran is to be locked, not what is newest."
        )
        assert hashes == [f"sha256:{digest}"], (
            f"{where} the hash for {name}=={version} is {hashes[0][:19]}… ({len(hashes)} in all), expected that of its wheel alone: sha256:{digest[:12]}…"
        )


# A server's packages


def make_server(folder, salt, kinds):
    """Install packages into the folder, one for each kind. Return the lock, the folder, {package: word}, and {package: kind}."""
    from colleagues import install

    chance = drawn(salt)
    wheels, site, lock, truth = folder / "wheels", folder / "site", ["# locked", ""], {}
    wheels.mkdir(parents=True)
    site.mkdir()
    names = [f"{a}_{b}" for a, b in zip(chance.sample(SYLLABLES, len(kinds)), chance.sample(SYLLABLES, len(kinds)), strict=True)]
    for name, kind in zip(names, kinds, strict=True):
        version = f"{chance.randint(1, 4)}.{chance.randint(10, 20)}.{chance.randint(0, 9)}"
        wheel = pack(
            wheels,
            name,
            version,
            f"VALUE = {chance.random()}\n",
            called=name.replace("_", ".").title() if chance.random() < 0.5 else None,
            table="km,euros\n10,2\n",
        )
        marker = {
            "not here": ' ; sys_platform == "amiga"',
            "not here but there": ' ; os_name == "amiga"',
            "here and missing": ' ; python_version >= "3.8"',
        }.get(kind, "")
        written = name.replace("_", chance.choice("-_."))
        if kind != "extra":
            hashed = " ".join(f"\\\n    --hash=sha256:{chance.getrandbits(256):064x}" for _ in range(chance.choice([1, 2])))
            lock.append(f"{written}=={version}{marker} {hashed}")
        if kind not in ("missing", "not here", "here and missing"):
            if kind.startswith("version"):
                other = version[:-1] + str((int(version[-1]) + 1) % 10)
                wheel = pack(wheels, name, other, "VALUE = 0\n")
            install(wheel, site)
        module = site / f"{name}.py"
        if kind in ("changed", "version and changed"):
            module.write_text(module.read_text().replace("VALUE = 0", "VALUE = 1"))
        if kind == "file gone":
            module.unlink()
        if kind == "table changed":
            (site / f"{name}_table.csv").write_text("km,euros\n10,3\n")
        word = {
            "file gone": "changed",
            "table changed": "changed",
            "version and changed": "version",
            "here and missing": "missing",
            "not here but there": "extra",
        }.get(kind, kind)
        if word not in ("sound", "not here"):
            truth[canonicalize_name(name)] = word
    kind_of = {canonicalize_name(name): kind for name, kind in zip(names, kinds, strict=True)}
    return "\n".join(lock) + "\n", str(site), truth, kind_of


# The risk table


def read_only_git(repo, *words):
    """Return what a plumbing command of Git prints, without running anything that the repository's configuration may name."""
    quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager"]
    done = subprocess.run(["git", *quiet, "-C", str(repo), *words], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"Git does not find {words[-1]} in {Path(repo).name}.")
    return done.stdout


def risk_table(weeks, km_per_row, last_row_km):
    """Return the rows of risk.csv that belong to these weekly tables."""
    trips = pd.concat(weeks, ignore_index=True)
    row = (trips["km_since_service"] // km_per_row * km_per_row).clip(upper=last_row_km)
    found = trips.groupby(row)["needs_repair"].agg(["size", "mean"])
    return [
        "from_km,trips,share",
        *(f"{km},{size},{mean:.3f}" for km, (size, mean) in zip(found.index, found.itertuples(index=False), strict=True)),
    ]


# Rebuilding


def make_samples(folder, salt, kinds):
    """Lay out a repository of weekly samples with these kinds of commits, in this order. Return its path and {tag: kind}."""
    from colleagues import play_samples

    chance = drawn(salt)
    tags = {f"w{number}": kind for number, kind in zip(chance.sample(range(10, 53), len(kinds)), kinds, strict=True)}
    tables = {tag: "bike_id,day\n" + "".join(f"{bike},2026-05-04\n" for bike in chance.sample(range(1000, 6000), 60)) for tag in tags}
    settings = {tag: {"bikes": chance.randint(8, 20), "seed": chance.randrange(1000)} for tag in tags}
    play_samples(folder / "repo", folder / "store", tags, tables, settings)
    return str(folder / "repo"), tags
