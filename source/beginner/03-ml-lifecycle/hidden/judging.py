"""What several parts' judges use: chance, fresh rides, names, Git and models that are opened safely."""

import os
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
from ridetime import skops

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


def names_of(said, what):
    """Return the names that a learner's function gave, as a set. Raises AssertionError if it gave something else."""
    if not isinstance(said, (list, tuple, set, frozenset, dict, pd.Index, np.ndarray, pd.Series)):
        raise AssertionError(f"{what}: the answer is {said!r}, expected a list of names, and an empty one if there is none.")
    return {str(name) for name in said}


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
