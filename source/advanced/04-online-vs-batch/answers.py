# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="compare" points=12 why="another style: dictionaries of rows, no merge"
def compare(online, batch, tolerance=1e-6):
    def empty(value):
        return value is None or value != value

    def apart(one, other):
        if empty(one) or empty(other):
            return empty(one) != empty(other)
        if isinstance(one, str) or isinstance(other, str):
            return one != other
        return abs(float(one) - float(other)) > tolerance

    right = defaultdict(list)
    for row in batch.to_dict("records"):
        right[int(row["trip_id"])].append(row)
    left = {int(row["trip_id"]): row for row in online.to_dict("records")}
    different = defaultdict(set)
    for trip, row in left.items():
        for other in right.get(trip, []):
            for name in row:
                if name != "trip_id" and apart(row[name], other[name]):
                    different[name].add(trip)
    return dict(
        missing=sorted(left.keys() - right.keys()),
        extra=sorted(right.keys() - left.keys()),
        repeated=sorted(trip for trip, rows in right.items() if len(rows) > 1),
        different={name: sorted(trips) for name, trips in different.items()},
    )


def suspects(returns):
    found = defaultdict(list)
    for row in returns.itertuples():
        here = datetime.fromisoformat(row.ended_at)
        there = here.astimezone(UTC)
        if here.hour != there.hour:
            found["hour"].append(row.trip_id)
        if {here.isoweekday() > 5, there.isoweekday() > 5} == {True, False}:
            found["weekend"].append(row.trip_id)
        if row.tyre_pressure_bar != row.tyre_pressure_bar:
            found["tyre_pressure_bar"].append(row.trip_id)
        bo, service = 60 * row.distance_km / max(row.duration_min, 3), 60 * row.distance_km / row.duration_min if row.duration_min else 0.0
        if abs(bo - service) > 1e-3:
            found["speed_kmh"].append(row.trip_id)
    return {name: set(found[name]) for name in ("hour", "weekend", "tyre_pressure_bar", "speed_kmh")}

# %% grade_id="compare" points=12 why="another style: both sides long, an outer merge with an indicator, numpy"
def compare(online, batch, tolerance=1e-6):
    one, two = online.copy(), batch.copy()
    one["trip_id"], two["trip_id"] = pd.to_numeric(one["trip_id"]), pd.to_numeric(two["trip_id"])
    joined = pd.merge(one, two, how="outer", on="trip_id", suffixes=("_1", "_2"), indicator=True)
    result = {
        "missing": sorted(joined.trip_id[joined._merge == "left_only"].tolist()),
        "extra": sorted(joined.trip_id[joined._merge == "right_only"].unique().tolist()),
        "repeated": sorted(two.trip_id[two.trip_id.duplicated()].unique().tolist()),
        "different": {},
    }
    both = joined[joined._merge == "both"]
    for name in set(online.columns) - {"trip_id"}:
        a, b = both[name + "_1"], both[name + "_2"]
        try:
            same = np.isclose(a.astype(float), b.astype(float), rtol=0, atol=tolerance, equal_nan=True)
        except (TypeError, ValueError):
            same = ((a == b) | (a.isna() & b.isna())).to_numpy()
        if not same.all():
            result["different"][name] = sorted(set(both.trip_id[~same].tolist()))
    return result


def suspects(returns):
    table = returns.assign(utc=pd.to_datetime(returns["ended_at"], utc=True, format="ISO8601")).set_index("trip_id")
    hours, days = table["ended_at"].str[11:13].astype(int), pd.to_datetime(table["ended_at"].str[:10]).dt.dayofweek >= 5
    minutes, km = table["duration_min"], table["distance_km"]
    speed = np.where(minutes > 0, 60 * km / minutes.where(minutes > 0, 1), 0.0)
    return {
        "hour": list(table.index[hours != table["utc"].dt.hour]),
        "weekend": list(table.index[days != (table["utc"].dt.dayofweek >= 5)]),
        "speed_kmh": list(table.index[np.abs(60 * km / minutes.clip(lower=3) - speed) > 1e-3]),
        "tyre_pressure_bar": list(table.index[table["tyre_pressure_bar"].isnull()]),
    }

# %% grade_id="compare" points=4 message="compare says that these differ" why="sorts both sides and compares by position"
def compare(online, batch, tolerance=1e-6):
    left, right = (side.assign(trip_id=side["trip_id"].astype(int)).sort_values("trip_id").reset_index(drop=True) for side in (online, batch))
    size = min(len(left), len(right))
    left, right = left.head(size), right.head(size)
    different = {}
    for name in left.columns.drop("trip_id"):
        if left[name].dtype == object:
            off = left[name] != right[name]
        else:
            off = (left[name] - right[name]).abs() > tolerance
        if off.any():
            different[name] = left["trip_id"][off].tolist()
    return {
        "missing": sorted(set(online["trip_id"].astype(int)) - set(batch["trip_id"].astype(int))),
        "extra": sorted(set(batch["trip_id"].astype(int)) - set(online["trip_id"].astype(int))),
        "repeated": sorted(set(batch["trip_id"].astype(int)[batch["trip_id"].duplicated()])),
        "different": different,
    }


def suspects(returns):
    """Return for four features the trips in which Bo's job says something else than the service."""
    shown = pd.to_datetime(returns["ended_at"].str[:19])
    utc = pd.to_datetime(returns["ended_at"], utc=True, format="ISO8601").dt.tz_localize(None)
    off = {
        "tyre_pressure_bar": returns["tyre_pressure_bar"].isna(),
        "speed_kmh": (returns["duration_min"] < 3) & (returns["distance_km"] > 0),
        "hour": shown.dt.hour != utc.dt.hour,
        "weekend": (shown.dt.dayofweek >= 5) != (utc.dt.dayofweek >= 5),
    }
    return {name: returns.loc[rows, "trip_id"].tolist() for name, rows in off.items()}

# %% grade_id="compare" points=4 message="Not km in trip 7 (both missing)" why="to it a missing value differs from a missing value" changes="solution"
-            apart = (one.astype(float) - other.astype(float)).abs() > tolerance
+            apart = ~((one.astype(float) - other.astype(float)).abs() <= tolerance)

# %% grade_id="compare" points=4 message="missing against 5.0" why="a missing value never differs from anything" changes="solution"
-        found = both.loc[apart | (one.isna() != other.isna()), "trip_id"]
+        found = both.loc[apart, "trip_id"]

# %% grade_id="compare" points=7 message="with a tolerance of" why="the tolerance stands in the code" changes="solution"
-            apart = (one.astype(float) - other.astype(float)).abs() > tolerance
+            apart = (one.astype(float) - other.astype(float)).abs() > 1e-6

# %% grade_id="compare" points=7 message="with a tolerance of" why="np.isclose, whose relative tolerance is there unless one takes it away" changes="solution"
-            apart = (one.astype(float) - other.astype(float)).abs() > tolerance
+            apart = ~np.isclose(one.astype(float), other.astype(float), atol=tolerance) & one.notna() & other.notna()

# %% grade_id="compare" points=7 message="On two other tables" why="of two rows of a trip only the last one is compared" changes="solution"
-    both = left.merge(right, on="trip_id", suffixes=("", " in batch"))
+    both = left.merge(right.drop_duplicates("trip_id", keep="last"), on="trip_id", suffixes=("", " in batch"))

# %% grade_id="compare" points=10 message="On the returns of another day hour differs" why="this week's one other clock stands in the code" changes="solution"
-        "hour": shown.dt.hour != utc.dt.hour,
+        "hour": returns["ended_at"].str.endswith("+01:00"),

# %% grade_id="compare" points=8 message="weekend differs in" why="takes each return from another clock for a wrong weekend" changes="solution"
-        "weekend": (shown.dt.dayofweek >= 5) != (utc.dt.dayofweek >= 5),
+        "weekend": (shown != utc) & (shown.dt.dayofweek >= 5),

# %% grade_id="compare" points=8 message="speed_kmh differs in" why="thinks of divisions by zero only" changes="solution"
-        "speed_kmh": (returns["duration_min"] < 3) & (returns["distance_km"] > 0),
+        "speed_kmh": (returns["duration_min"] <= 0) & (returns["distance_km"] > 0),

# %% grade_id="nightly" points=15 why="another style: dask.delayed, pandas reads each file"
Path("nightly.py").write_text('''
import dask
import dask.dataframe as dd
import pandas as pd
from risk import FEATURES, as_row, load_model


@dask.delayed
def one_file(path, model):
    trips = pd.read_csv(path).to_dict("records")
    rows = [as_row(trip, model) for trip in trips]
    answers = [(trip["trip_id"], *row, risk) for trip, row, risk in zip(trips, rows, model.risks(rows))]
    return pd.DataFrame(answers, columns=["trip_id", *FEATURES, "risk"]).astype({"trip_id": "int64", **{name: "float64" for name in FEATURES}})


def score(paths, model_path):
    model = load_model(model_path)
    empty = pd.DataFrame({"trip_id": pd.Series(dtype="int64"), **{name: pd.Series(dtype="float64") for name in [*FEATURES, "risk"]}})
    return dd.from_delayed([one_file(path, model) for path in paths], meta=empty)
'''.lstrip())

# %% grade_id="nightly" points=15 why="another style: whole columns, with what the model brings along" name="right-2"
Path("nightly.py").write_text('''
import dask.dataframe as dd
import pandas as pd
from risk import FEATURES, load_model

COLUMNS = {"ended_at": str, "district": str, "bike_type": str, "distance_km": float, "duration_min": float}
COLUMNS.update({"climb_m": float, "km_since_service": float, "tyre_pressure_bar": float})


def columns(part, model):
    ended = pd.to_datetime(part["ended_at"], utc=True, format="ISO8601")
    minutes = part["duration_min"].to_numpy(dtype=float)
    table = part[["distance_km", "duration_min", "climb_m", "km_since_service"]].astype(float)
    table["tyre_pressure_bar"] = part["tyre_pressure_bar"].astype(float).fillna(model.fill)
    table["speed_kmh"] = [60 * km / m if m > 0 else 0.0 for km, m in zip(table["distance_km"], minutes)]
    for name, values in model.categories.items():
        codes = {value: float(number) for number, value in enumerate(values)}
        table[name] = [codes.get(value, -1.0) for value in part[name]]
    table["hour"] = ended.dt.hour.astype(float)
    table["weekend"] = (ended.dt.dayofweek >= 5).astype(float)
    table = table[FEATURES]
    table["risk"] = pd.Series(model.risks(table.to_numpy()), index=table.index, dtype=float)
    table["trip_id"] = part["trip_id"]
    return table


def score(paths, model_path):
    model = load_model(model_path)
    meta = {name: "f8" for name in [*FEATURES, "risk"]} | {"trip_id": "i8"}
    return dd.read_csv(list(paths), dtype=COLUMNS).map_partitions(columns, model, meta=pd.DataFrame({n: pd.Series(dtype=t) for n, t in meta.items()}))
'''.lstrip())

# %% grade_id="nightly" points=0 message="differ from the service's, by column" why="mends the order only, and keeps the copied features"
Path("nightly.py").write_text('''
import dask.dataframe as dd
from bos_nightly import features
from risk import FEATURES, load_model


def answered(part, model):
    table = features(part)
    table["risk"] = model.risks(table[FEATURES].to_numpy())
    table["trip_id"] = part["trip_id"]
    return table


def score(paths, model_path):
    meta = {**dict.fromkeys(FEATURES, "float32"), "risk": "float64", "trip_id": "int64"}
    return dd.read_csv(paths).map_partitions(answered, load_model(model_path), meta=meta)
'''.lstrip())

# %% grade_id="nightly" points=0 message="'tyre_pressure_bar'" why="whole columns, but a missing pressure gets the partition's mean" changes="right-2"
-    table["tyre_pressure_bar"] = part["tyre_pressure_bar"].astype(float).fillna(model.fill)
+    table["tyre_pressure_bar"] = part["tyre_pressure_bar"].astype(float).fillna(part["tyre_pressure_bar"].astype(float).mean())

# %% grade_id="nightly" points=10 message="the first of which has whole numbers" why="lets Dask guess the types from the first file" changes="solution"
-    returns = dd.read_csv(paths, dtype={"trip_id": "int64", **dict.fromkeys(NUMBERS, "float64")})
+    returns = dd.read_csv(paths)

# %% grade_id="nightly" points=5 message="district differs from the service's" why="a district that the model does not know becomes missing" changes="right-2"
-        table[name] = [codes.get(value, -1.0) for value in part[name]]
+        table[name] = [codes.get(value, float("nan")) for value in part[name]]

# %% grade_id="nightly" points=5 message="speed_kmh differs from the service's" why="divides by zero minutes" changes="right-2"
-    table["speed_kmh"] = [60 * km / m if m > 0 else 0.0 for km, m in zip(table["distance_km"], minutes)]
+    table["speed_kmh"] = 60 * table["distance_km"] / minutes

# %% grade_id="nightly" points=5 message="before anybody" why="computes first, and makes a Dask table of the result" changes="solution"
-    return returns.map_partitions(answered, load_model(model_path), meta=meta)
+    done = returns.map_partitions(answered, load_model(model_path), meta=meta).compute()
+    return dd.from_pandas(done, npartitions=len(paths))

# %% grade_id="nightly" points=5 message="the model was called" why="asks the model row by row" changes="solution"
-    table["risk"] = model.risks(rows)
+    table["risk"] = [model.risks([row])[0] for row in rows]

# %% grade_id="nightly" points=10 message="The files were removed after score had returned" why="reads all files first, and makes a Dask table of them" changes="solution"
-    returns = dd.read_csv(paths, dtype={"trip_id": "int64", **dict.fromkeys(NUMBERS, "float64")})
+    dtype = {"trip_id": "int64", **dict.fromkeys(NUMBERS, "float64")}
+    returns = pd.concat([pd.read_csv(path, dtype=dtype) for path in paths], ignore_index=True)
+    returns = dd.from_pandas(returns, npartitions=len(paths))

# %% grade_id="backfill" points=18 why="another style: a manifest of its own, replaced after each day"
Path("backfill.py").write_text('''
import csv
import hashlib
import json
import os
from datetime import UTC, datetime

import risk


def replace(path, write):
    with open(path + ".new", "w", newline="") as file:
        write(file)
    os.replace(path + ".new", path)


def backfill(arrivals, store, model_path):
    model, latest = risk.load_model(model_path), {}
    for name in sorted(os.listdir(arrivals)):
        with open(os.path.join(arrivals, name), newline="") as file:
            for line in csv.DictReader(file):
                trip = dict(line)
                for field in ("distance_km", "duration_min", "climb_m", "km_since_service", "tyre_pressure_bar"):
                    trip[field] = float(trip[field]) if trip[field] else None
                latest[int(trip["trip_id"])] = trip
    days = {}
    for trip in latest.values():
        days.setdefault(str(datetime.fromisoformat(trip["ended_at"]).astimezone(UTC).date()), []).append(trip)
    for name in os.listdir(store):
        if name.endswith(".new") or (name.startswith("day=") and name[4:-4] not in days):
            os.remove(os.path.join(store, name))
    manifest = os.path.join(store, "manifest.json")
    done = json.load(open(manifest)) if os.path.exists(manifest) else {}
    for day, trips in days.items():
        trips = sorted(trips, key=lambda trip: int(trip["trip_id"]))
        print_ = hashlib.md5(json.dumps([model.version, trips], sort_keys=True).encode()).hexdigest()
        path = os.path.join(store, f"day={day}.csv")
        if done.get(day) == print_ and os.path.exists(path):
            continue
        risks = model.answer(trips)

        def write(file):
            out = csv.writer(file)
            out.writerow(["trip_id", "version", "risk"])
            out.writerows([trip["trip_id"], model.version, repr(one)] for trip, one in zip(trips, risks))

        replace(path, write)
        done[day] = print_
        replace(manifest, lambda file: json.dump(done, file))
'''.lstrip())

# %% grade_id="backfill" points=18 why="another style: pandas throughout, the returns themselves stand in the day's file"
Path("backfill.py").write_text('''
from pathlib import Path

import pandas as pd
from risk import load_model

ASKED = ["trip_id", "ended_at", "district", "bike_type", "distance_km", "duration_min", "climb_m", "km_since_service", "tyre_pressure_bar"]


def backfill(arrivals, store, model_path):
    model, store = load_model(model_path), Path(store)
    files = sorted(Path(arrivals).iterdir(), key=lambda path: path.stem)
    every = pd.concat([pd.read_csv(path) for path in files], ignore_index=True).drop_duplicates("trip_id", keep="last")
    every = every[ASKED].astype({"climb_m": float}).sort_values("trip_id")
    day = pd.to_datetime(every["ended_at"], utc=True, format="ISO8601").dt.strftime("day=%Y-%m-%d.csv")
    wanted = {name: group.reset_index(drop=True) for name, group in every.groupby(day)}
    for old in [path for path in store.glob("*") if path.name not in wanted]:
        old.unlink()
    for name, group in wanted.items():
        path = store / name
        if path.is_file():
            held = pd.read_csv(path, dtype={"version": str}).astype({"climb_m": float})
            if (held["version"] == model.version).all() and held[ASKED].equals(group):
                continue
        group = group.assign(risk=model.answer(group.to_dict("records")), version=model.version)
        fresh = store / f"{name}.tmp"
        group.to_csv(fresh, index=False)
        fresh.replace(path)
'''.lstrip())

# %% grade_id="backfill" points=0 message="expected the" why="a day that has a file is done for ever" changes="solution"
-        if path.exists() and set(pd.read_csv(path)["made_from"]) == {made_from}:
+        if path.exists():

# %% grade_id="backfill" points=12 message="a corrected return of another day" why="a day is done if its number of returns and the version fit" changes="solution"
-        made_from = "sha256:" + hashlib.sha256(repr((model.version, trips)).encode()).hexdigest()
+        made_from = "sha256:" + hashlib.sha256(repr((model.version, len(trips))).encode()).hexdigest()

# %% grade_id="backfill" points=12 message="run again, it asked the model about" why="notes what is done at the very end" changes="solution"
 import hashlib
+import json
@@
             path.unlink()
+    notes = store / "notes.json"
+    done = json.loads(notes.read_text()) if notes.exists() else {}
@@
-        if path.exists() and set(pd.read_csv(path)["made_from"]) == {made_from}:
+        if path.exists() and done.get(name) == made_from:
@@
         os.replace(store / (name + ".part"), path)
+        done[name] = made_from
+    if not notes.exists() or json.loads(notes.read_text()) != done:
+        (store / "notes.part").write_text(json.dumps(done))
+        os.replace(store / "notes.part", notes)

# %% grade_id="backfill" points=12 message="neither the day before the run nor the one after it" why="writes into the day's file itself, and mends empty ones the next time" changes="solution"
-        if path.exists() and set(pd.read_csv(path)["made_from"]) == {made_from}:
+        if path.exists() and path.stat().st_size and set(pd.read_csv(path)["made_from"]) == {made_from}:
@@
-        table.assign(version=model.version, made_from=made_from).to_csv(store / (name + ".part"), index=False)
-        os.replace(store / (name + ".part"), path)
+        table.assign(version=model.version, made_from=made_from).to_csv(path, index=False)

# %% grade_id="backfill" points=12 message="for the second time, unchanged" why="takes a return that came twice for a change" changes="solution"
-    trips = {}
+    trips, came = {}, {}
@@
-            trips[trip["trip_id"]] = trip
+            came[trip["trip_id"]] = path.name
+            trips[trip["trip_id"]] = {**trip, "arrived": path.name}

# %% grade_id="backfill" points=0 message="the store has [" why="the day is what the dock's clock says" changes="solution"
-        day = datetime.fromisoformat(trip["ended_at"]).astimezone(timezone.utc).date()
+        day = trip["ended_at"][:10]

# %% grade_id="backfill" points=12 message="with another model" why="forgets that another model makes other answers" changes="solution"
-        made_from = "sha256:" + hashlib.sha256(repr((model.version, trips)).encode()).hexdigest()
+        made_from = "sha256:" + hashlib.sha256(repr(trips).encode()).hexdigest()

# %% grade_id="backfill" points=12 message="What the killed run left is still there" why="each temporary file has a new name, and nobody clears up" changes="solution"
 import os
+import uuid
@@
-        if path.name.endswith(".part") or (path.match("day=*.csv") and path.name not in days):
+        if path.match("day=*.csv") and path.name not in days:
@@
-        table.assign(version=model.version, made_from=made_from).to_csv(store / (name + ".part"), index=False)
-        os.replace(store / (name + ".part"), path)
+        part = store / (uuid.uuid4().hex + ".part")
+        table.assign(version=model.version, made_from=made_from).to_csv(part, index=False)
+        os.replace(part, path)

# %% grade_id="backfill" points=12 message="should not be there" why="a day whose last return was corrected to another day stays" changes="solution"
-        if path.name.endswith(".part") or (path.match("day=*.csv") and path.name not in days):
+        if path.name.endswith(".part"):

# %% grade_id="crossover" points=10 why="another style: pure Python, plans as tuples"
def cheapest(prices, demand, limit_min):
    def servers(rows):
        full = 3600 * prices["server_rows_per_s"]
        return -(-rows // full) or (0 if prices["server_start_s"] / 60 <= limit_min else 1)

    plans = [(sum(servers(rows) for rows in demand) * prices["server_hour"], "online", None)]
    for n in EVERY_MIN:
        jobs = []
        for start in range(0, 1440, n):
            rows = sum(demand[minute // 60] for minute in range(start, start + n)) / 60
            jobs.append(prices["job_start_s"] + rows / prices["job_rows_per_s"])
        if max(jobs) <= n * 60 and n + max(jobs) / 60 <= limit_min:
            plans.append((sum(jobs) * prices["job_hour"] / 3600, "batch", n))
    cost, plan, every = min(plans, key=lambda one: one[0])
    return dict(plan=plan, every_min=every, cost=cost)


def online_up_to(prices, demand):
    for limit in reversed(range(1, 241)):
        if cheapest(prices, demand, limit)["plan"] == "online":
            return limit
    return 0

# %% grade_id="crossover" points=10 why="another style: a table of plans with the shortest limit of each, made once"
def all_plans(prices, demand):
    rows = pd.Series(demand, dtype=float)
    need = np.ceil(rows / (3600 * prices["server_rows_per_s"]))
    table = [("online", None, 0.0, need.clip(lower=1).sum() * prices["server_hour"])]
    table.append(("online", None, prices["server_start_s"] / 60, need.sum() * prices["server_hour"]))
    minutes = pd.Series(np.repeat(rows.to_numpy() / 60, 60))
    for every in EVERY_MIN:
        seconds = minutes.groupby(minutes.index // every).sum() / prices["job_rows_per_s"] + prices["job_start_s"]
        if seconds.max() <= every * 60:
            table.append(("batch", every, every + seconds.max() / 60, seconds.sum() / 3600 * prices["job_hour"]))
    return pd.DataFrame(table, columns=["plan", "every_min", "from_limit", "cost"]).sort_values("cost", kind="stable")


def cheapest(prices, demand, limit_min):
    table = all_plans(prices, demand)
    best = table[table["from_limit"] <= limit_min].iloc[0]
    return {"plan": best["plan"], "every_min": None if best["plan"] == "online" else int(best["every_min"]), "cost": float(best["cost"])}


def online_up_to(prices, demand):
    table = all_plans(prices, demand)
    limits = [limit for limit in range(1, 241) if table[table["from_limit"] <= limit].iloc[0]["plan"] == "online"]
    return max(limits) if limits else 0

# %% grade_id="crossover" points=0 message="With a limit of 1440 minutes" why="forgets that a job itself takes time" changes="solution"
-        if longest <= 60 * every and 60 * every + longest <= 60 * limit_min and cost < best["cost"]:
+        if longest <= 60 * every and every <= limit_min and cost < best["cost"]:

# %% grade_id="crossover" points=0 message="count servers hour by hour" why="has as many servers as the busiest hour needs, all day" changes="solution"
-    cost = prices["server_hour"] * sum(need if may_sleep else max(need, 1) for need in servers)
+    cost = prices["server_hour"] * 24 * max(servers)

# %% grade_id="crossover" points=0 message="With a limit of 10 minutes" why="its servers never sleep" changes="solution"
-    may_sleep = prices["server_start_s"] <= 60 * limit_min
+    may_sleep = False

# %% grade_id="crossover" points=0 message="their starts included" why="pays for a job's rows, not for its starts" changes="solution"
-        cost = float(seconds.sum()) * prices["job_hour"] / 3600
+        cost = sum(demand) / prices["job_rows_per_s"] * prices["job_hour"] / 3600

# %% grade_id="crossover" points=4 message="that plan is not allowed" why="lets a job begin while the one before still runs" changes="solution"
-        if longest <= 60 * every and 60 * every + longest <= 60 * limit_min and cost < best["cost"]:
+        if 60 * every + longest <= 60 * limit_min and cost < best["cost"]:

# %% grade_id="crossover" points=7 message="Was each limit looked at?" why="stops at the first limit at which a batch wins" changes="solution"
-    return max((limit for limit in range(1, 241) if cheapest(prices, demand, limit)["plan"] == "online"), default=0)
+    limit = 0
+    while limit < 240 and cheapest(prices, demand, limit + 1)["plan"] == "online":
+        limit += 1
+    return limit

# %% grade_id="batch-size" points=10 why="another style: the quickest of some calls; loops"
def measure(call, rows, sizes, clock=time.perf_counter):
    def once(some):
        before = clock()
        call(some)
        return (clock() - before) * 1e3

    return {size: min(once(rows[:size]) for _ in range(6)) for size in sizes}


def choose(curve, rows_per_s, limit_ms):
    best = None
    for size in sorted(curve):
        gap = 1000 / rows_per_s
        if curve[size] > 0.8 * size * gap:
            continue
        if gap * (size - 1) + curve[size] > limit_ms:
            continue
        if best is None or curve[size] / size < curve[best] / best:
            best = size
    return None if best is None else {"size": best, "max_wait_ms": (best - 1) * 1000 / rows_per_s}

# %% grade_id="batch-size" points=10 why="another style: the sizes in turn, a table, the median by pandas"
def measure(call, rows, sizes, clock=time.perf_counter):
    for size in sizes:
        call(list(rows)[:size])
    found = []
    for _ in range(7):
        for size in sizes:
            begin = clock()
            call(list(rows)[:size])
            found.append((size, (clock() - begin) * 1000))
    return pd.DataFrame(found, columns=["size", "ms"]).groupby("size")["ms"].median().to_dict()


def choose(curve, rows_per_s, limit_ms):
    table = pd.DataFrame({"size": list(curve), "ms": list(curve.values())})
    table["busy"] = table["ms"] / 1000 * rows_per_s / table["size"]
    table["fill"] = (table["size"] - 1) / rows_per_s * 1000
    table = table[(table["busy"] <= 0.8) & (table["fill"] + table["ms"] <= limit_ms)].sort_values("busy")
    if table.empty:
        return None
    first = table.iloc[0]
    return {"size": int(first["size"]), "max_wait_ms": float(limit_ms - first["ms"] + first["fill"]) / 2}

# %% grade_id="batch-size" points=0 message="200 ms more the first time" why="the mean of all calls, the first one among them" changes="solution"
-        call(rows[:size])  # the first one warms up
@@
-        curve[size] = float(np.median(times))
+        curve[size] = float(np.mean(times))

# %% grade_id="batch-size" points=4 message="every seventh" why="warms up, and then takes the mean" changes="solution"
-        curve[size] = float(np.median(times))
+        curve[size] = float(np.mean(times))

# %% grade_id="batch-size" points=0 message="measure says" why="looks at its own clock" changes="solution"
-            begin = clock()
-            call(rows[:size])
-            times.append(1000 * (clock() - begin))
+            begin = time.perf_counter()
+            call(rows[:size])
+            times.append(1000 * (time.perf_counter() - begin))

# %% grade_id="batch-size" points=0 message="choose says" why="takes the largest throughput, whoever waits" changes="solution"
-        if took * rows_per_s / size <= 800 and (size - 1) * 1000 / rows_per_s + took <= limit_ms
+        if took * rows_per_s / size <= 800

# %% grade_id="batch-size" points=0 message="so that the limit is kept" why="an unfilled batch waits for the whole limit, and then for its call" changes="solution"
-    return {"size": size, "max_wait_ms": limit_ms - curve[size]}
+    return {"size": size, "max_wait_ms": limit_ms}

# %% grade_id="batch-size" points=4 message="80 % busy at most" why="lets the card be busy all the time" changes="solution"
-        if took * rows_per_s / size <= 800 and (size - 1) * 1000 / rows_per_s + took <= limit_ms
+        if took * rows_per_s / size <= 1000 and (size - 1) * 1000 / rows_per_s + took <= limit_ms

# %% grade_id="collected" points=12 why="another style: plain functions, a thread that collects, concurrent futures"
Path("collected.py").write_text('''
import os
import queue
import threading
import time
from concurrent.futures import Future

import card as cards
from fastapi import FastAPI, HTTPException

app = FastAPI()
card = cards.Card(os.environ["MODEL"])
most, patience = int(os.environ["MAX_ROWS"]), float(os.environ["MAX_WAIT_MS"]) / 1e3
inbox = queue.Queue()


def take(until):
    try:
        return inbox.get(timeout=max(0.0, until - time.monotonic())) if until else inbox.get()
    except queue.Empty:
        return None


def work():
    following = None
    while True:
        first = following or take(None)
        following, together, count = None, [first], len(first[0])
        until = time.monotonic() + patience
        while count < most:
            other = take(until)
            if other is None:
                break
            if count + len(other[0]) > most:
                following = other
                break
            together.append(other)
            count += len(other[0])
        try:
            answers = iter(card.risks(sum((rows for rows, _ in together), [])))
            for rows, box in together:
                box.set_result([next(answers) for _ in rows])
        except Exception as error:
            for _, box in together:
                box.set_exception(error)


threading.Thread(target=work, daemon=True).start()


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/risk")
def risk(body: dict):
    try:
        rows = [card.row(trip) for trip in body["returns"]]
    except Exception as error:
        raise HTTPException(422, str(error))
    box = Future()
    inbox.put((rows, box))
    try:
        return {"risk": box.result(), "version": card.version}
    except Exception as error:
        raise HTTPException(500, str(error))
'''.lstrip())

# %% grade_id="collected" points=12 why="another style: a batch that a timer or the last row sends off, no queue"
Path("collected.py").write_text('''
import asyncio
import os

from card import Card
from fastapi import FastAPI, HTTPException

app = FastAPI()
card = Card(os.environ["MODEL"])
MAX_ROWS = int(os.environ["MAX_ROWS"])
MAX_WAIT = float(os.environ["MAX_WAIT_MS"]) / 1000


class Batch:
    def __init__(self):
        self.rows = []
        self.answers = asyncio.get_running_loop().create_future()
        self.timer = asyncio.get_running_loop().call_later(MAX_WAIT, self.go)
        self.gone = False

    def go(self):
        if not self.gone:
            self.gone = True
            self.timer.cancel()
            tasks.add(asyncio.create_task(self.ask()))

    async def ask(self):
        try:
            self.answers.set_result(await asyncio.to_thread(card.risks, self.rows))
        except Exception as error:
            self.answers.set_exception(error)


batch, tasks = None, set()


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/risk")
async def risk(body: dict):
    global batch
    try:
        rows = [card.row(trip) for trip in body["returns"]]
    except (KeyError, ValueError, TypeError):
        raise HTTPException(422, "a return cannot be read")
    if batch is not None and not batch.gone and len(batch.rows) + len(rows) > MAX_ROWS:
        batch.go()
    if batch is None or batch.gone:
        batch = Batch()
    mine, first = batch, len(batch.rows)
    mine.rows += rows
    if len(mine.rows) == MAX_ROWS:
        mine.go()
    try:
        answers = await asyncio.shield(mine.answers)
    except RuntimeError as error:
        raise HTTPException(503, str(error))
    return {"version": card.version, "risk": answers[first : first + len(rows)]}
'''.lstrip())

# %% grade_id="collected" points=0 message="do they share calls?" why="a call for each request, as before"
Path("collected.py").write_text(Path("plain.py").read_text())

# %% grade_id="collected" points=5 message="Together with a request that cannot be read" why="what cannot be read is found when the batch is put together, and refuses the whole batch" changes="solution"
-            risks = await asyncio.to_thread(the_card.risks, [row for rows, _ in batch for row in rows])
+            read = [the_card.row(trip) for trips, _ in batch for trip in trips]
+            risks = await asyncio.to_thread(the_card.risks, read)
+        except (KeyError, TypeError, ValueError) as fault:
+            risks = HTTPException(422, str(fault))
@@
-                answer.set_exception(HTTPException(503, f"the card failed: {risks}"))
+                answer.set_exception(risks if isinstance(risks, HTTPException) else HTTPException(503, "the card failed"))
@@
-    try:
-        rows = [the_card.row(one) for one in body["returns"]]
-    except (KeyError, ValueError, TypeError) as fault:
-        raise HTTPException(422, f"a return cannot be read: {fault!r}") from None
+    rows = body["returns"]

# %% grade_id="collected" points=5 message="no answer came within ten seconds" why="the task that collects dies with the card's first failure" changes="solution"
-        try:
-            risks = await asyncio.to_thread(the_card.risks, [row for rows, _ in batch for row in rows])
-        except Exception as error:
-            risks = error
+        risks = await asyncio.to_thread(the_card.risks, [row for rows, _ in batch for row in rows])

# %% grade_id="collected" points=5 message="does a full batch begin at once?" why="always waits the whole time, also when the batch is full" changes="solution"
-        until = loop.time() + MAX_WAIT
+        await asyncio.sleep(MAX_WAIT)
+        until = loop.time()

# %% grade_id="collected" points=5 message="/health did not answer" why="the card's call blocks the loop" changes="solution"
-            risks = await asyncio.to_thread(the_card.risks, [row for rows, _ in batch for row in rows])
+            risks = the_card.risks([row for rows, _ in batch for row in rows])

# %% grade_id="collected" points=5 message="With MAX_ROWS of 13" why="the last request makes the batch too large" changes="solution"
-                break
-            if size + len(one[0]) > MAX_ROWS:
-                held = one  # it opens the next batch

# %% grade_id="collected" points=5 message="make the first wait anew" why="each further request gets the whole wait" changes="solution"
-    loop, held = asyncio.get_running_loop(), None
+    held = None
@@
-        until = loop.time() + MAX_WAIT
@@
-                one = queue.get_nowait() if queue.qsize() else await asyncio.wait_for(queue.get(), until - loop.time())
+                one = queue.get_nowait() if queue.qsize() else await asyncio.wait_for(queue.get(), MAX_WAIT)

# %% grade_id="stream" points=14 why="another style: a flat list of [start, station, trip], comprehensions"
def step(state, events, now, lateness_s):
    held, newest = state or ([], None)
    honest = [event for event in events if event["ended_at"] <= now + 60]
    over = lambda start, latest: latest is not None and start + 900 <= latest - lateness_s
    start_of = lambda event: event["ended_at"] - event["ended_at"] % 900
    aside = [event for event in events if event not in honest or over(start_of(event), newest)]
    rows = {tuple(row) for row in held} | {(start_of(e), e["station"], e["trip_id"]) for e in honest if not over(start_of(e), newest)}
    newest = max([event["ended_at"] for event in honest] + ([] if newest is None else [newest]), default=None)
    done = sorted(row for row in rows if over(row[0], newest))
    counts = {}
    for start, station, _ in done:
        counts[start, station] = counts.get((start, station), 0) + 1
    return [[list(row) for row in sorted(rows - set(done))], newest], [[*key, count] for key, count in counts.items()], aside

# %% grade_id="stream" points=14 why="another style: pandas counts, a dictionary of trips with text keys"
def step(state, events, now, lateness_s):
    state = state or {"mark": -(10**12), "trips": {}}
    trips, aside, top = dict(state["trips"]), [], state["mark"]
    for event in events:
        if event["ended_at"] > now + 60:
            aside.append(event)
        else:
            top = max(top, event["ended_at"])
            end = (event["ended_at"] // 900 + 1) * 900
            if end <= state["mark"] - lateness_s:
                aside.append(event)
            else:
                trips[str(event["trip_id"])] = [end - 900, event["station"]]
    closing = {trip: window for trip, window in trips.items() if window[0] + 900 <= top - lateness_s}
    table = pd.DataFrame(list(closing.values()), columns=["start", "station"])
    closed = [(int(start), int(station), int(count)) for (start, station), count in table.groupby(["start", "station"]).size().items()]
    return {"mark": top, "trips": {trip: window for trip, window in trips.items() if trip not in closing}}, closed, aside

# %% grade_id="stream" points=0 message="step closes" why="counts as Bo did, by the clock on the wall"
def step(state, events, now, lateness_s):
    state = state or {}
    for event in events:
        window = f"{event['ended_at'] // 900 * 900}/{event['station']}"
        state[window] = state.get(window, 0) + 1
    over = [name for name in state if int(name.split("/")[0]) + 900 <= now]
    return state, [[*map(int, name.split("/")), state.pop(name)] for name in over], []

# %% grade_id="stream" points=0 message="step closes" why="moves the watermark within a batch" changes="solution"
         start = event["ended_at"] // 900 * 900
+        mark = -math.inf if latest is None else latest - lateness_s

# %% grade_id="stream" points=0 message="a clock that is a day ahead" why="a clock that is ahead moves the watermark" changes="solution"
         if event["ended_at"] > now + 60:
+            latest = event["ended_at"] if latest is None else max(latest, event["ended_at"])

# %% grade_id="stream" points=0 message="the state cannot be written as JSON" why="keeps sets, which JSON does not know" changes="solution"
-            trips = open_windows.setdefault(str(start), {}).setdefault(str(event["station"]), [])
-            if event["trip_id"] not in trips:
-                trips.append(event["trip_id"])
+            trips = open_windows.setdefault(str(start), {}).setdefault(str(event["station"]), set())
+            trips.add(event["trip_id"])

# %% grade_id="stream" points=4 message="sets aside the trips" why="drops what comes too late" changes="solution"
-        if start + 900 <= mark:
-            aside.append(event)
-        else:
+        if start + 900 > mark:

# %% grade_id="stream" points=10 message="what is over should be forgotten" why="remembers every trip that it has ever seen" changes="solution"
     latest = None if state is None else state["latest"]
+    seen = [] if state is None else state["seen"]
@@
-            if event["trip_id"] not in trips:
+            if event["trip_id"] not in seen:
+                seen.append(event["trip_id"])
@@
-    return {"open": open_windows, "latest": latest}, closed, aside
+    return {"open": open_windows, "latest": latest, "seen": seen}, closed, aside

# %% grade_id="stream" points=9 message="at batch" why="a window that ends at the watermark stays open" changes="solution"
-        if start + 900 <= mark:
+        if start + 900 < mark:
@@
-            if int(start) + 900 <= latest - lateness_s:
+            if int(start) + 900 < latest - lateness_s:

# %% grade_id="stream" points=5 message="at batch" why="a batch with old events moves the watermark back" changes="solution"
     mark = -math.inf if latest is None else latest - lateness_s
+    latest = None  # of this batch
@@
                 closed += [[int(start), int(station), len(trips)] for station, trips in open_windows.pop(start).items()]
+    if latest is None:
+        latest = None if state is None else state["latest"]

# %% grade_id="cache" points=9 why="another style: bisect on each bike's changes, a class"
class Cache:
    def __init__(self, changes, expiry):
        self.expiry, self.times, self.risks, self.kept = expiry, defaultdict(list), defaultdict(list), {}
        for row in changes.sort_values("t", kind="stable").itertuples():
            self.times[row.bike].append(row.t)
            self.risks[row.bike].append(row.risk)

    def truth(self, t, bike):
        return self.risks[bike][bisect.bisect_right(self.times[bike], t) - 1]

    def ask(self, t, bike, version):
        at, said = self.kept.get((bike, version), (-math.inf, None))
        if t - at < self.expiry:
            return said, False
        self.kept[bike, version] = t, self.truth(t, bike)
        return self.truth(t, bike), True


def replay_cache(requests, changes, expiry):
    cache, computed, stale, dangerous = Cache(changes, expiry), 0, 0, 0
    for row in requests.itertuples():
        said, new = cache.ask(row.t, row.bike, row.version)
        true = cache.truth(row.t, row.bike)
        computed, stale, dangerous = computed + new, stale + (said != true), dangerous + (said < 0.5 and true >= 0.5)
    return {"computed": computed, "stale": stale, "dangerous": dangerous}


def choose_expiry(requests, changes, prices, candidates):
    costs = {}
    for expiry in candidates:
        said = replay_cache(requests, changes, expiry)
        costs[expiry] = said["computed"] * prices["compute"] + said["dangerous"] * prices["dangerous"]
    return min(costs, key=costs.get)

# %% grade_id="cache" points=9 why="another style: bike by bike, the truth for all expiries at once"
def replay_cache(requests, changes, expiry):
    computed = stale = dangerous = 0
    for (bike, version), asked in requests.groupby(["bike", "version"]):
        known = changes[changes["bike"] == bike].sort_values("t")
        truth = known["risk"].to_numpy()[np.searchsorted(known["t"].to_numpy(), asked["t"].to_numpy(), side="right") - 1]
        last = None
        for t, true in zip(asked["t"], truth):
            if last is None or t >= last[0] + expiry:
                last = (t, true)
                computed += 1
            stale += last[1] != true
            dangerous += last[1] < 0.5 <= true
    return {"computed": int(computed), "stale": int(stale), "dangerous": int(dangerous)}


def choose_expiry(requests, changes, prices, candidates):
    best, least = None, math.inf
    for expiry in candidates:
        found = replay_cache(requests, changes, expiry)
        cost = prices["compute"] * found["computed"] + prices["dangerous"] * found["dangerous"]
        if cost < least:
            best, least = expiry, cost
    return best

# %% grade_id="cache" points=0 message="With an expiry of 60 s" why="each use makes an answer young again" changes="solution"
             count["computed"] += 1
+        kept[key] = t, kept[key][1]

# %% grade_id="cache" points=0 message="With an expiry of 60 s" why="the version is not in the key" changes="solution"
-    for t, key, truth in zip(asked["t"], zip(asked["bike"], asked["version"]), asked["risk"]):
+    for t, key, truth in zip(asked["t"], asked["bike"], asked["risk"]):

# %% grade_id="cache" points=0 message="replay_cache says" why="an answer as old as the expiry is still used" changes="solution"
-        if key not in kept or t - kept[key][0] >= expiry:
+        if key not in kept or t - kept[key][0] > expiry:

# %% grade_id="cache" points=0 message="replay_cache says" why="a change counts only after its second" changes="solution"
-    asked = pd.merge_asof(requests, changes.sort_values("t"), on="t", by="bike")
+    asked = pd.merge_asof(requests, changes.sort_values("t"), on="t", by="bike", allow_exact_matches=False)

# %% grade_id="cache" points=4 message="On another morning" why="counts a spanner too much as dangerous, too" changes="solution"
-        count["dangerous"] += int(kept[key][1] < 0.5 <= truth)
+        count["dangerous"] += int((kept[key][1] < 0.5) != (truth < 0.5))

# %% grade_id="cache" points=4 message="choose_expiry says" why="counts each stale answer as a dangerous one when it chooses" changes="solution"
-        return count["computed"] * prices["compute"] + count["dangerous"] * prices["dangerous"]
+        return count["computed"] * prices["compute"] + count["stale"] * prices["dangerous"]
