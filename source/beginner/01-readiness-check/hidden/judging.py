"""What the judge cells share: fresh logs, readings, trips and offers with their truth, repositories and environments read without running them."""

import configparser
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import pandas as pd

from metro_bikes import QUIET, simulate


def draw_log(rng, failures):
    """Return a night's log in which each station of `failures` answered so many times with a server error, among much else."""
    stations = [station for station in rng.permutation(np.arange(1, 41)).tolist() if station not in failures]
    requests = [(f"GET /stations/{s}/readings", rng.choice([500, 502, 503, 511])) for s, n in failures.items() for _ in range(n)]
    requests += [(f"GET /stations/{s}/readings", 200) for s in [*stations, *failures] for _ in range(4)]
    requests += [(f"GET /stations/{s}/readings", 404) for s in stations[:4] for _ in range(20)]
    requests += [("POST /lists/night", 500), (f"GET /stations/{stations[5]}/bikes", 503)] * 25
    took = rng.integers(495, 600, len(requests))
    lines = [
        f"2026-01-01T0{n % 6}:{n % 60:02}:07Z {what} {status} {ms}ms try={1 + n % 3}"
        for n, ((what, status), ms) in enumerate(zip(requests, took, strict=True))
    ]
    return "\n".join(rng.permutation(np.array(lines, dtype=object))) + "\n"


def draw_readings(rng, n):
    """Return readings, some of them sent two or three times, and what must come out of them."""
    given, expected = [], []
    for number in rng.permutation(n).tolist():
        bar = round(float(rng.uniform(0, 5)), 2)
        kind = rng.choice(["text", "number", "flat", "empty", "none"], p=[0.5, 0.2, 0.1, 0.1, 0.1])
        sent = {"text": str(bar), "number": bar, "flat": 0.0, "empty": "", "none": None}[kind]
        reading = {"event_id": 500 + number, "bike": int(rng.integers(1000)), "pressure_bar": sent, "lights": bool(rng.random() < 0.5)}
        given.append(reading)
        expected.append({**reading, "pressure_bar": None if kind in ("empty", "none") else float(sent)})
    again = [{**given[i], "pressure_bar": "9.9"} for i in rng.choice(n, n // 2, replace=False).tolist()]
    return given + again, expected


def draw_trips(rng, trips=14_000):
    """Return trips of another city in the form of trips.csv, and the day from which on they are to be forecast."""
    city = simulate(seed=int(rng.integers(1, 10**6)), trips=trips, start="2026-01-01", days=70, scenario=QUIET)
    table = city.trips[city.trips.started_at >= "2026-01-29"].reset_index(drop=True)
    table = table.assign(
        day=table.started_at.dt.strftime("%Y-%m-%d"),
        tyre_pressure_bar=table.tyre_pressure_bar.mask(rng.random(len(table)) < 0.08),
        needs_repair=table.needs_repair.astype(int),
    )
    columns = ["day", "rider_id", "distance_km", "climb_m", "km_since_service", "tyre_pressure_bar", "needs_repair"]
    return table[columns], "2026-02-24"


def auc(truth, scores):
    """Return the share of pairs, one broken and one sound, in which the broken one has the higher score; ties count half."""
    truth, ranks = np.asarray(truth, dtype=bool), pd.Series(np.asarray(scores, dtype=float)).rank()
    sick = truth.sum()
    return float((ranks[truth].sum() - sick * (sick + 1) / 2) / (sick * (~truth).sum()))


def baseline(trips, cut):
    """Return the scores of a plain logistic regression on the four plain columns, fitted on the trips before the cut."""
    from sklearn.linear_model import LogisticRegression

    early = (trips["day"] < cut).to_numpy()
    X = trips[["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"]]
    X = X.fillna(X[early].median())
    X = (X - X[early].mean()) / X[early].std()
    return LogisticRegression().fit(X[early], trips["needs_repair"][early]).decision_function(X[~early])


def draw_offers(rng, n=7):
    """Return a job and offers in whole numbers of steps, some of them too slow, some in another region."""
    job = {
        "nights": int(rng.integers(20, 32)),
        "minutes_available": int(rng.integers(100, 240)),
        "home": "north",
        "data_gb": int(rng.integers(100, 900)),
        "storage_per_gb": round(float(rng.uniform(0.01, 0.05)), 3),
        "read_gb": int(rng.integers(8, 40)),
        "egress_per_gb": round(float(rng.uniform(0.02, 0.12)), 3),
        "free_egress_gb": int(rng.integers(50, 150)),
    }
    offers = [
        {
            "name": f"offer-{number}",
            "region": str(rng.choice(["north", "south", "east"])),
            "price_per_hour": round(float(rng.uniform(0.05, 1.5)), 3),
            "minutes": int(rng.integers(20, 300)),
        }
        for number in range(n)
    ]
    offers[0].update(region="north", minutes=job["minutes_available"])  # on the dot is in time
    return offers, job


def true_cost(offer, job):
    """Return what an offer costs in a month, by kind."""
    compute = job["nights"] * offer["minutes"] / 60 * offer["price_per_hour"]
    storage = job["data_gb"] * job["storage_per_gb"]
    away = offer["region"] != job["home"]
    egress = max(0, job["nights"] * job["read_gb"] - job["free_egress_gb"]) * job["egress_per_gb"] if away else 0.0
    return {"compute": compute, "storage": storage, "egress": egress, "total": compute + storage + egress}


def true_choice(offers, job):
    """Return the name of the cheapest offer that is done in time, or None."""
    in_time = [offer for offer in offers if offer["minutes"] <= job["minutes_available"]]
    return min(in_time, key=lambda offer: true_cost(offer, job)["total"])["name"] if in_time else None


@contextmanager
def copied(repository):
    """Copy a repository's commits and its tip of main into a new one, without its settings, which could run programs. Gives `run`."""
    refs = {}
    packed = repository / "packed-refs"
    if packed.is_file():
        refs.update(line.split()[::-1] for line in packed.read_text().splitlines() if line[:1].isalnum())
    loose = repository / "refs" / "heads" / "main"
    tip = loose.read_text().strip() if loose.is_file() else refs.get("refs/heads/main", "")
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        quiet = {"PATH": os.environ["PATH"], "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}

        def run(*arguments, ok=True):
            done = subprocess.run(
                ["git", *arguments], cwd=folder, env=quiet, capture_output=True, text=True, encoding="utf-8", errors="replace", check=ok
            )
            return done.stdout if ok else done.returncode == 0

        run("init", "--quiet", "--bare", ".")
        objects = repository / "objects"
        for file in objects.rglob("*") if objects.is_dir() else []:
            if file.is_file() and file.relative_to(objects).parts[0] != "info":
                to = Path(folder, "objects", file.relative_to(objects))
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, to)
        if re.fullmatch(r"[0-9a-f]{40}", tip) and run("cat-file", "-e", f"{tip}^{{commit}}", ok=False):
            run("update-ref", "refs/heads/main", tip)
        yield run


def read_environment(folder):
    """Return whether a virtual environment is closed to others' packages, and the packages in it: {name: (version, {file: text})}."""
    settings = configparser.ConfigParser()
    file = folder / "pyvenv.cfg"
    settings.read_string("[env]\n" + (file.read_text() if file.is_file() else ""))
    closed = settings["env"].get("include-system-site-packages", "false").strip().lower() == "false"
    places = [str(place) for place in folder.glob("lib/python*/site-packages")]
    packages = {}
    for found in distributions(path=places):
        modules = {
            f.name: Path(f.locate()).read_text()
            for f in found.files or []
            if len(f.parts) == 1 and f.suffix == ".py" and Path(f.locate()).is_file()
        }
        packages[_plain(found.metadata["Name"])] = (found.version, modules)
    tools = {"pip", "setuptools", "wheel"}
    return file.is_file() and closed, {name: what for name, what in packages.items() if name not in tools}


def read_pins(text):
    """Return the exact pins in a requirements file, {name: version}, and the lines that are none."""
    pins, others = {}, []
    for line in (line.split("#")[0].split(" --hash")[0].strip(" \\\t") for line in text.splitlines()):
        pin = re.fullmatch(r"([A-Za-z0-9][\w.-]*)\s*={2,3}\s*([\w.!+]+)", line)
        if pin:
            pins[_plain(pin[1])] = pin[2]
        elif line and not line.startswith("-"):
            others.append(line)
    return pins, others


def _plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


# Versions of urgency.py. The sound ones obey the workshop's rule, each in another style; each of the others breaks it in one place.
SOUND = {
    "sound 1": """
def urgency(pressure_bar, km_since_service, reports):
    bar = 99.0 if pressure_bar is None else pressure_bar
    if reports > 2 or bar < 2:
        return "now"
    return "soon" if bar < 2.8 or km_since_service > 299.999999 else "fine"
""",
    "sound 2": """
RULES = [
    ("now", lambda bar, km, said: (bar is not None and bar < 2.0) or said >= 3),
    ("soon", lambda bar, km, said: (bar is not None and bar < 2.8) or km >= 300),
]


def urgency(pressure_bar, km_since_service, reports):
    values = (pressure_bar, km_since_service, reports)
    return next((word for word, holds in RULES if holds(*values)), "fine")
""",
}
_RULE = """
def urgency(pressure_bar, km_since_service, reports):
    known = pressure_bar is not None
    if (known and pressure_bar < 2.0) or reports >= 3:
        return "now"
    if (known and pressure_bar < 2.8) or km_since_service >= 300:
        return "soon"
    return "fine"
"""
LIMITS = {
    "exactly 2.0 bar is taken for 'now'": _RULE.replace("< 2.0", "<= 2.0"),
    "exactly 2.8 bar is taken for 'soon'": _RULE.replace("< 2.8", "<= 2.8"),
    "exactly 300 km is taken for 'fine'": _RULE.replace(">= 300", "> 300"),
    "exactly 3 reports are not yet 'now'": _RULE.replace(">= 3:", "> 3:"),
    "1.9 bar is not yet 'now'": _RULE.replace("< 2.0", "< 1.9"),
    "2.7 bar is not yet 'soon'": _RULE.replace("< 2.8", "< 2.7"),
    "290 km are already 'soon'": _RULE.replace(">= 300", ">= 290"),
    "2 reports are already 'now'": _RULE.replace(">= 3:", ">= 2:"),
}
CASES = {
    "a flat tyre, 0.0 bar, is taken for an unknown pressure": _RULE.replace("pressure_bar is not None", "bool(pressure_bar)"),
    "a bike with an unknown pressure is always 'fine', whatever was reported": _RULE.replace(
        "    known =", '    if pressure_bar is None:\n        return "fine"\n    known ='
    ),
    "a bike with many reports is 'now' only if its pressure is low, too": _RULE.replace("or reports", "and reports"),
    "a bike that is long past its service is 'soon' even if its tyre is nearly flat": _RULE.replace(
        "    if (known and pressure_bar < 2.0)",
        '    if km_since_service >= 300:\n        return "soon"\n    if (known and pressure_bar < 2.0)',
    ),
    "the kilometres since the service are never looked at": _RULE.replace(" or km_since_service >= 300", ""),
}
