# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="stock" points=14 why="another style: a class, recursion over hashes, os and glob"
import glob
import os

class Stock:
    def __init__(self, folder):
        self.by_stage, self.hashes = {}, {}
        for name in os.listdir(folder):
            full = os.path.join(str(folder), name)
            if os.path.isfile(full):
                self.hashes[full] = sha256(full)
        for full in glob.glob(os.path.join(glob.escape(str(folder)), "*.json")):
            try:
                with open(full, encoding="utf-8") as file:
                    content = json.load(file)
                keys = content.keys()
            except (json.JSONDecodeError, AttributeError):
                continue
            for stage in STAGES:
                if keys >= set(STAGES[stage]):
                    self.by_stage.setdefault(stage, []).append((datetime.fromisoformat(content["at"]), full, content))
        for stage, several in self.by_stage.items():
            several.sort(key=lambda entry: entry[0])
            for _, old, _ in several[:-1]:
                del self.hashes[old]

    def verdict(self, stage):
        if stage not in self.by_stage:
            return "missing"
        made_from = list((self.by_stage[stage][-1][2].get("made_from") or {}).values())
        there = list(self.hashes.values())
        if len(made_from) == 0 or any(one not in there for one in made_from):
            return "stale"
        for other, several in self.by_stage.items():
            if self.hashes[several[-1][1]] in made_from and self.verdict(other) != "sound":
                return "doubtful"
        return "sound"

def take_stock(folder):
    maker = Stock(folder)
    return {stage: maker.verdict(stage) for stage in STAGES}

# %% grade_id="stock" points=14 why="another style: everything in data frames"
def take_stock(folder):
    rows = []
    for path in sorted(Path(folder).glob("*")):
        if path.is_dir():
            continue
        row = {"path": path, "hash": sha256(path), "stage": None, "at": "", "sources": []}
        if path.name.endswith(".json"):
            try:
                note = json.loads(path.read_bytes())
            except ValueError:
                note = []
            if isinstance(note, dict):
                match = [stage for stage, fields in STAGES.items() if not set(fields).difference(note)]
                if match:
                    row.update(stage=match[0], at=note["at"], sources=list(note.get("made_from", {}).values()))
        rows.append(row)
    table = pd.DataFrame(rows).sort_values("at")
    known = table["stage"].notna()
    table = pd.concat([table[~known], table[known].drop_duplicates("stage", keep="last")])
    result = {}
    for stage in STAGES:
        mine = table[table["stage"] == stage]
        if mine.empty:
            result[stage] = "missing"
            continue
        sources = mine["sources"].iloc[0]
        if not sources or not pd.Series(sources).isin(table["hash"]).all():
            result[stage] = "stale"
            continue
        below = table.loc[table["hash"].isin(sources), "stage"].dropna()
        result[stage] = "sound" if (below.map(result) == "sound").all() else "doubtful"
    return result

# %% grade_id="stock" points=0 message="no file has that hash" why="looks up files by the names in made_from, and takes one that is not there for fine"
def take_stock(folder):
    result = {}
    for stage, fields in STAGES.items():
        result[stage] = "missing"
        for path in sorted(Path(folder).glob("*.json")):
            try:
                note = json.loads(path.read_text())
            except ValueError:
                continue
            if all(field in note for field in fields):
                result[stage] = "sound"
                for name, hashed in note["made_from"].items():
                    if Path(folder, name).exists() and sha256(Path(folder, name)) != hashed:
                        result[stage] = "stale"
    return result

# %% grade_id="stock" points=0 message="evaluation rest on" why="looks at each hand-over alone: nothing is ever doubtful"
def take_stock(folder):
    newest, hashes = {}, {path: sha256(path) for path in Path(folder).iterdir() if path.is_file()}
    for path in hashes:
        try:
            note = json.loads(path.read_text()) if path.suffix == ".json" else []
        except ValueError:
            continue
        for stage, fields in STAGES.items():
            if all(field in note for field in fields) and (stage not in newest or note["at"] > newest[stage]["at"]):
                newest[stage] = note
    return {stage: "missing" if stage not in newest else "sound" if set(newest[stage]["made_from"].values()) <= set(hashes.values()) else "stale" for stage in STAGES}

# %% grade_id="stock" points=0 message="stopped on" why="stops at the first file that is not JSON"
def take_stock(folder):
    notes = {}
    for path in Path(folder).glob("*.json"):
        try:
            notes[path] = json.loads(path.read_text())
        except ValueError as error:
            raise RuntimeError(f"stopped on {path.name}") from error
    return notes

# %% grade_id="stock" points=9 message="evaluated again after the approval" why="superseded hand-overs still count as there: passes what is visible"
def take_stock(folder):
    newest, hashes = {}, {path: sha256(path) for path in Path(folder).iterdir() if path.is_file()}
    for path in hashes:
        try:
            note = json.loads(path.read_text()) if path.suffix == ".json" else []
        except ValueError:
            continue
        for stage, fields in STAGES.items():
            if isinstance(note, dict) and all(field in note for field in fields) and (stage not in newest or note["at"] > newest[stage][1]["at"]):
                newest[stage] = (path, note)
    stage_of = {hashes[path]: stage for stage, (path, _) in newest.items()}
    result = {}
    for stage in STAGES:
        if stage not in newest:
            result[stage] = "missing"
            continue
        sources = set(newest[stage][1].get("made_from", {}).values())
        if not sources or not sources <= set(hashes.values()):
            result[stage] = "stale"
        else:
            result[stage] = "sound" if all(result[stage_of[one]] == "sound" for one in sources if one in stage_of) else "doubtful"
    return result

# %% grade_id="stock" points=9 message="names nothing" why="a hand-over that names nothing is sound, since all of nothing is there: passes what is visible"
def take_stock(folder):
    notes, hashes = {}, {}
    for path in Path(folder).iterdir():
        if not path.is_file():
            continue
        hashes[path] = sha256(path)
        try:
            note = json.loads(path.read_text()) if path.suffix == ".json" else []
        except ValueError:
            continue
        for stage, fields in STAGES.items():
            if isinstance(note, dict) and all(field in note for field in fields):
                notes.setdefault(stage, []).append((note["at"], path, note))
    for several in notes.values():
        several.sort(key=lambda one: one[0])
        for _, path, _ in several[:-1]:
            del hashes[path]
    result = {}
    for stage in STAGES:
        if stage not in notes:
            result[stage] = "missing"
            continue
        sources = notes[stage][-1][2].get("made_from", {}).values()
        below = [other for other in result if other in notes and hashes[notes[other][-1][1]] in sources]
        if not all(one in hashes.values() for one in sources):
            result[stage] = "stale"
        else:
            result[stage] = "sound" if all(result[other] == "sound" for other in below) else "doubtful"
    return result

# %% grade_id="contract" points=16 why="another style: plain Python over lists, float() tried value by value, wider limits, a generator"
import math

def _found(table, contract):
    if len(table) < contract["min_rows"]:
        yield "rows"
    for name, rule in contract["columns"].items():
        if name not in table.columns:
            yield name
            continue
        values = [value for value in table[name].tolist() if not (value is None or (isinstance(value, float) and math.isnan(value)))]
        gone = len(table) - len(values)
        fine = gone <= rule.get("missing", 0.0) * len(table) + 1e-9
        if rule["type"] == "text":
            fine = fine and all(type(value) is str for value in values)
        else:
            try:
                numbers = [float(value) for value in values]
            except (TypeError, ValueError):
                yield name
                continue
            fine = fine and all(rule.get("min", -math.inf) <= number <= rule.get("max", math.inf) for number in numbers)
        if "allowed" in rule:
            fine = fine and set(values) <= set(rule["allowed"])
        if rule.get("unique"):
            fine = fine and len(set(values)) == len(values)
        if not fine:
            yield name

def violations(table, contract):
    return set(_found(table, contract))

with open("contract.json", "w") as file:
    json.dump({
        "by": "me",
        "min_rows": 900,
        "columns": {
            "ride_id": {"type": "number", "unique": True, "min": 0},
            "district": {"type": "text", "allowed": ["Harbour", "Old Town", "University", "Hillside", "Eastfield"]},
            "bike_type": {"type": "text", "allowed": ["ebike", "classic"]},
            "distance_km": {"type": "number", "min": 0.0, "max": 35.0},
            "climb_m": {"type": "number", "min": -140, "max": 140, "missing": 0.03},
            "minutes": {"type": "number", "min": 0.9, "max": 200},
        },
    }, file)

# %% grade_id="contract" points=16 why="another style: a list of broken rules per column, with pandas"
def violations(table, contract):
    broken = []
    if table.shape[0] < contract["min_rows"]:
        broken.append("rows")
    for name, rule in contract["columns"].items():
        if name not in table:
            broken.append(name)
            continue
        there = table.loc[table[name].notnull(), name]
        wrong = [(table.shape[0] - there.shape[0]) > rule.get("missing", 0) * table.shape[0]]
        if rule["type"] == "number":
            there = pd.to_numeric(there, errors="coerce")
            wrong += [there.isnull().any()]
            wrong += [(there < rule["min"]).any()] if "min" in rule else []
            wrong += [(there > rule["max"]).any()] if "max" in rule else []
        else:
            wrong += [any(not isinstance(value, str) for value in there)]
        wrong += [(~there.isin(rule["allowed"])).any()] if "allowed" in rule else []
        wrong += [not there.is_unique] if rule.get("unique") else []
        if any(wrong):
            broken.append(name)
    return tuple(broken)

mine = {"columns": {name: {"type": "text"} for name in ("day", "district", "bike_type")}, "min_rows": 1000}
mine["columns"]["district"]["allowed"] = list(rides["district"].unique())
mine["columns"]["bike_type"]["allowed"] = list(rides["bike_type"].unique())
mine["columns"]["ride_id"] = {"type": "number", "unique": True}
mine["columns"]["distance_km"] = {"type": "number", "min": 0, "max": 30}
mine["columns"]["climb_m"] = {"type": "number", "min": -130, "max": 130, "missing": 0.02}
mine["columns"]["minutes"] = {"type": "number", "min": 1, "max": 180}
Path("contract.json").write_text(json.dumps(mine))

# %% grade_id="contract" points=5 message="limits come from what can be" why="keeps Bo's limits, those of the rides that were seen" name="wrong-3"
def violations(table, contract):
    broken = ["rows"] if len(table) < contract["min_rows"] else []
    for name, rule in contract["columns"].items():
        if name not in table:
            broken.append(name)
            continue
        values, column = table[name].dropna(), table[name]
        bad = len(column) > 0 and column.isna().mean() > rule.get("missing", 0)
        if rule["type"] == "number":
            values = pd.to_numeric(values, errors="coerce")
            bad = bad or values.isna().any() or (values < rule.get("min", -np.inf)).any() or (values > rule.get("max", np.inf)).any()
        else:
            bad = bad or not values.map(lambda value: isinstance(value, str)).all()
        bad = bad or ("allowed" in rule and not values.isin(rule["allowed"]).all()) or (rule.get("unique", False) and values.duplicated().any())
        if bad:
            broken.append(name)
    return broken

bos = {
    "min_rows": 1000,
    "columns": {
        "ride_id": {"type": "number", "unique": True},
        "district": {"type": "text", "allowed": list(rides["district"].unique())},
        "bike_type": {"type": "text", "allowed": list(rides["bike_type"].unique())},
        "distance_km": {"type": "number", "min": rides["distance_km"].min(), "max": rides["distance_km"].max()},
        "climb_m": {"type": "number", "min": -120, "max": 120, "missing": 0.02},
        "minutes": {"type": "number", "min": rides["minutes"].min(), "max": rides["minutes"].max()},
    },
}
Path("contract.json").write_text(json.dumps(bos))

# %% grade_id="contract" points=0 message="Bad tables are its daily bread" why="compares texts with numbers, and stops"
def violations(table, contract):
    broken = []
    for name, rule in contract["columns"].items():
        values = table[name]
        if rule["type"] == "number" and (values.min() < rule.get("min", -1e9) or values.max() > rule.get("max", 1e9)):
            broken.append(name)
        elif rule.get("unique") and not values.is_unique:
            broken.append(name)
    return broken + (["rows"] if len(table) < contract["min_rows"] else [])

wide = {
    "min_rows": 1000,
    "columns": {
        "ride_id": {"type": "number", "unique": True},
        "distance_km": {"type": "number", "min": 0, "max": 30},
        "climb_m": {"type": "number", "min": -130, "max": 130},
        "minutes": {"type": "number", "min": 1, "max": 180},
    },
}
Path("contract.json").write_text(json.dumps(wide))

# %% grade_id="contract" points=0 message="There is no file contract.json" why="writes the contract into a variable only"
Path("contract.json").unlink(missing_ok=True)

def violations(table, contract):
    return []

# %% grade_id="contract" points=11 message="lets an export pass" why="a contract of four numbers that stops what was shown and nothing else: passes what is visible"
def violations(table, contract):
    broken = ["rows"] if len(table) < contract["min_rows"] else []
    for name, rule in contract["columns"].items():
        if name not in table:
            broken.append(name)
            continue
        values, column = table[name].dropna(), table[name]
        bad = len(column) > 0 and column.isna().mean() > rule.get("missing", 0)
        if rule["type"] == "number":
            values = pd.to_numeric(values, errors="coerce")
            bad = bad or values.isna().any() or (values < rule.get("min", -np.inf)).any() or (values > rule.get("max", np.inf)).any()
        else:
            bad = bad or not values.map(lambda value: isinstance(value, str)).all()
        bad = bad or ("allowed" in rule and not values.isin(rule["allowed"]).all()) or (rule.get("unique", False) and values.duplicated().any())
        if bad:
            broken.append(name)
    return broken

few = {"min_rows": 1000, "columns": {"ride_id": {"type": "number", "unique": True}, "distance_km": {"type": "number", "max": 30}, "minutes": {"type": "number", "max": 180}}}
Path("contract.json").write_text(json.dumps(few))

# %% grade_id="contract" points=11 message="refuses a sound export" why="limits a little above what was seen, instead of what is possible: passes what is visible" changes="wrong-3"
-bos = {
+tight = {
@@
-        "distance_km": {"type": "number", "min": rides["distance_km"].min(), "max": rides["distance_km"].max()},
-        "climb_m": {"type": "number", "min": -120, "max": 120, "missing": 0.02},
-        "minutes": {"type": "number", "min": rides["minutes"].min(), "max": rides["minutes"].max()},
+        "distance_km": {"type": "number", "min": 0, "max": 20},
+        "climb_m": {"type": "number", "min": -130, "max": 130, "missing": 0.02},
+        "minutes": {"type": "number", "min": 1, "max": 120},
@@
-Path("contract.json").write_text(json.dumps(bos))
+Path("contract.json").write_text(json.dumps(tight))

# %% grade_id="contract" points=6 message="violations stopped with" why="takes every column for there, and the highest and lowest as sorted texts: passes what is visible"
def violations(table, contract):
    broken = []
    for name, rule in contract["columns"].items():
        values = table[name].dropna()
        bad = table[name].isna().mean() > rule.get("missing", 0)
        if rule["type"] == "number":
            try:
                values = values.astype(float)
                bad = bad or values.max() > rule.get("max", np.inf) or values.min() < rule.get("min", -np.inf)
            except ValueError:
                bad = True
        if "allowed" in rule:
            bad = bad or not values.isin(rule["allowed"]).all()
        if rule.get("unique"):
            bad = bad or values.duplicated().any()
        if bad:
            broken.append(name)
    return broken

Path("contract.json").write_text(json.dumps({"min_rows": 1000, "columns": {
    "ride_id": {"type": "number", "unique": True},
    "district": {"type": "text", "allowed": list(rides["district"].unique())},
    "bike_type": {"type": "text", "allowed": list(rides["bike_type"].unique())},
    "distance_km": {"type": "number", "min": 0, "max": 30},
    "climb_m": {"type": "number", "min": -130, "max": 130, "missing": 0.02},
    "minutes": {"type": "number", "min": 1, "max": 180},
}}))

# %% grade_id="train" points=14 why="another style: subprocess, a dictionary built step by step, git commit -a of all"
def hand_over(repo, until):
    def run(*words):
        return subprocess.run(["git", *words], cwd=repo, check=True, capture_output=True, text=True).stdout.strip()

    if run("status", "--porcelain") != "":
        raise ValueError("not clean")
    note = {"commit": run("rev-parse", "HEAD"), "trained_until": until, "by": "Dee", "made_from": {}}
    table = read_rides(f"{repo}/rides.csv")
    table = table[table.day < until]
    with open(f"{repo}/features.json") as file:
        names = json.load(file)["features"]
    model = fit(features(table, names), table.minutes)
    save_model(model, f"{repo}/model.skops")
    for name in ["features.json", "rides.csv", "contract.json"]:
        note["made_from"][name] = sha256(f"{repo}/{name}")
    note["model"] = sha256(f"{repo}/model.skops")
    note["at"] = str(datetime.now())
    note["rides"] = len(table)
    with open(f"{repo}/training.json", "w") as file:
        json.dump(note, file)
    run("add", "--all")
    run("commit", "-q", "-m", "training")
    return run("log", "-1", "--format=%H")

# %% grade_id="train" points=14 why="another style: reads everything from the commit, not from the folder"
import io

def hand_over(repo, until):
    if len(git(repo, "status", "--porcelain")) > 0:
        raise ValueError("There are changes that nobody committed.")
    head = git(repo, "rev-parse", "HEAD").strip()
    raw = {name: committed(repo, name) for name in ("rides.csv", "features.json")}
    table = pd.read_csv(io.BytesIO(raw["rides.csv"]), dtype={"day": str, "climb_m": float})
    known = table[pd.to_datetime(table["day"]) < pd.Timestamp(until)]
    model = fit(features(known, json.loads(raw["features.json"])["features"]), known["minutes"])
    save_model(model, Path(repo, "model.skops"))
    note = dict(by="me", at=datetime.now(UTC).isoformat(), commit=head, trained_until=until)
    note |= dict(model=sha256(Path(repo, "model.skops")), made_from={name: sha256(content) for name, content in raw.items()})
    Path(repo, "training.json").write_text(json.dumps(note))
    git(repo, "add", "model.skops", "training.json")
    git(repo, "commit", "-m", f"Model until {until}")
    return git(repo, "rev-parse", "HEAD").strip()

# %% grade_id="train" points=0 message="newest commit is the same" why="writes the files and does not commit them"
def hand_over(repo, until):
    known = read_rides(Path(repo, "rides.csv")).query("day < @until")
    names = json.loads(Path(repo, "features.json").read_text())["features"]
    save_model(fit(features(known, names), known["minutes"]), Path(repo, "model.skops"))
    Path(repo, "training.json").write_text(json.dumps({"by": "me", "trained_until": until}))
    return git(repo, "rev-parse", "HEAD").strip()

# %% grade_id="train" points=5 message="all rides" why="trains on everything, and does not look whether the folder is clean: passes what is visible"
def hand_over(repo, until):
    repo, head = Path(repo), git(repo, "rev-parse", "HEAD").strip()
    table, names = read_rides(repo / "rides.csv"), json.loads((repo / "features.json").read_text())["features"]
    save_model(fit(features(table, names), table["minutes"]), repo / "model.skops")
    note = {"by": "me", "at": "2025-06-16T10:00", "commit": head, "trained_until": until, "model": sha256(repo / "model.skops")}
    note["made_from"] = {name: sha256(repo / name) for name in ("rides.csv", "features.json")}
    (repo / "training.json").write_text(json.dumps(note))
    git(repo, "add", "model.skops", "training.json")
    git(repo, "commit", "-m", "training")
    return git(repo, "rev-parse", "HEAD").strip()

# %% grade_id="train" points=5 message="the newest when hand_over began" why="notes the commit's name too late, or its branch"
def hand_over(repo, until):
    repo = Path(repo)
    if git(repo, "status", "--porcelain"):
        raise ValueError("not clean")
    known, names = read_rides(repo / "rides.csv").query("day < @until"), json.loads((repo / "features.json").read_text())["features"]
    save_model(fit(features(known, names), known["minutes"]), repo / "model.skops")
    git(repo, "add", "model.skops")
    note = {"by": "me", "at": "2025-06-16T10:00", "commit": "main", "trained_until": until, "model": sha256(repo / "model.skops")}
    note["made_from"] = {name: sha256(repo / name) for name in ("rides.csv", "features.json")}
    (repo / "training.json").write_text(json.dumps(note))
    git(repo, "add", "training.json")
    git(repo, "commit", "-m", "training")
    return git(repo, "rev-parse", "HEAD").strip()

# %% grade_id="train" points=5 message="is not the SHA-256 of the model.skops" why="takes the hash of a text, not of the file" name="wrong-6"
def hand_over(repo, until):
    repo = Path(repo)
    if git(repo, "status", "--porcelain"):
        raise ValueError("not clean")
    head = git(repo, "rev-parse", "HEAD").strip()
    known, names = read_rides(repo / "rides.csv").query("day < @until"), json.loads((repo / "features.json").read_text())["features"]
    model = fit(features(known, names), known["minutes"])
    save_model(model, repo / "model.skops")
    note = {"by": "me", "at": "2025-06-16T10:00", "commit": head, "trained_until": until, "model": sha256(str(model).encode())}
    note["made_from"] = {name: sha256(repo / name) for name in ("rides.csv", "features.json")}
    (repo / "training.json").write_text(json.dumps(note))
    git(repo, "add", "model.skops", "training.json")
    git(repo, "commit", "-m", "training")
    return git(repo, "rev-parse", "HEAD").strip()

# %% grade_id="train" points=9 message="only staged" why="looks for changes with `git diff`, which does not see what is staged or unknown: passes what is visible" changes="wrong-6"
-    if git(repo, "status", "--porcelain"):
+    if git(repo, "diff", "--name-only"):
@@
-    model = fit(features(known, names), known["minutes"])
-    save_model(model, repo / "model.skops")
-    note = {"by": "me", "at": "2025-06-16T10:00", "commit": head, "trained_until": until, "model": sha256(str(model).encode())}
+    save_model(fit(features(known, names), known["minutes"]), repo / "model.skops")
+    note = {"by": "me", "at": "2025-06-16T10:00", "commit": head, "trained_until": until, "model": sha256(repo / "model.skops")}

# %% grade_id="train" points=9 message="but changed the repository all the same" why="trains first and checks afterwards: passes what is visible"
def hand_over(repo, until):
    repo = Path(repo)
    head, dirty = git(repo, "rev-parse", "HEAD").strip(), git(repo, "status", "--porcelain")
    known, names = read_rides(repo / "rides.csv").query("day < @until"), json.loads((repo / "features.json").read_text())["features"]
    save_model(fit(features(known, names), known["minutes"]), repo / "model.skops")
    note = {"by": "me", "at": "2025-06-16T10:00", "commit": head, "trained_until": until, "model": sha256(repo / "model.skops")}
    note["made_from"] = {name: sha256(repo / name) for name in ("rides.csv", "features.json")}
    (repo / "training.json").write_text(json.dumps(note))
    if dirty:
        raise ValueError("not clean")
    git(repo, "add", "model.skops", "training.json")
    git(repo, "commit", "-m", "training")
    return git(repo, "rev-parse", "HEAD").strip()

# %% grade_id="decide" points=16 why="another style: numpy masks, sets, numpy's own truth values"
def decide(rides):
    old, new = (np.abs(rides[name].to_numpy() - rides["minutes"].to_numpy()) for name in ("live", "candidate"))
    if np.isnan(new).any():
        return {"approved": np.False_, "reasons": {"unanswered"}, "watch": set(), "note": "no answer"}
    where, what = rides["district"].to_numpy(dtype=str), rides["bike_type"].to_numpy(dtype=str)
    masks = {name: where == name for name in np.unique(where)} | {name: what == name for name in np.unique(what)}
    masks |= {f"{a} {b}": (where == a) & (what == b) for a in np.unique(where) for b in np.unique(what)}
    counted = {str(name): mask for name, mask in masks.items() if mask.any()}
    against = {name for name, mask in counted.items() if mask.sum() >= 40 and new[mask].mean() > 1.05 * old[mask].mean()}
    if new.mean() > 0.98 * old.mean():
        against.add("mean")
    return {"approved": np.bool_(len(against) == 0), "reasons": against, "watch": {name for name, mask in counted.items() if mask.sum() < 40}}

# %% grade_id="decide" points=16 why="another style: one long table with a row for each ride and slice"
def decide(rides):
    if rides["candidate"].isnull().sum():
        return dict(approved=False, reasons=("unanswered",), watch=())
    table = rides.assign(pair=rides.district.str.cat(rides.bike_type, sep=" "), before=(rides.live - rides.minutes).abs(), after=(rides.candidate - rides.minutes).abs())
    long = table.melt(id_vars=["before", "after"], value_vars=["district", "bike_type", "pair"], value_name="slice")
    stats = long.groupby("slice").agg(n=("before", "size"), before=("before", "mean"), after=("after", "mean"))
    large = stats[stats.n >= 40]
    reasons = list(large.index[large.after > 1.05 * large.before])
    if not table.after.mean() <= 0.98 * table.before.mean():
        reasons.insert(0, "mean")
    return dict(approved=reasons == [], reasons=reasons, watch=stats.index[stats.n < 40].tolist())

# %% grade_id="decide" points=0 message="on e-bikes its error is three times" why="looks at the mean alone"
def decide(rides):
    better = mean_error(rides["minutes"], rides["candidate"]) <= 0.98 * mean_error(rides["minutes"], rides["live"])
    return {"approved": better, "reasons": [] if better else ["mean"], "watch": []}

# %% grade_id="decide" points=0 message="the reasons against it are" why="judges small slices, too" name="wrong-4"
def decide(rides):
    errors = rides[["live", "candidate"]].sub(rides["minutes"], axis=0).abs()
    reasons = []
    for cut in (rides["district"], rides["bike_type"], rides["district"] + " " + rides["bike_type"]):
        for name, part in errors.groupby(cut):
            if part["candidate"].mean() > 1.05 * part["live"].mean():
                reasons.append(name)
    return {"approved": not reasons, "reasons": reasons, "watch": []}

# %% grade_id="decide" points=5 message="fewer than 40 rides" why="leaves out small slices, and tells nobody" changes="wrong-4"
-    reasons = []
+    reasons = ["mean"] if errors["candidate"].mean() > 0.98 * errors["live"].mean() else []
@@
-            if part["candidate"].mean() > 1.05 * part["live"].mean():
+            if len(part) >= 40 and part["candidate"].mean() > 1.05 * part["live"].mean():

# %% grade_id="decide" points=11 message="answers NaN for all e-bikes" why="lets pandas leave out the rides without an answer: passes what is visible" changes="solution"
-    """Return whether the candidate is approved, what stands against it, and which slices to watch."""
-    if rides["candidate"].isna().any():
-        return {"approved": False, "reasons": ["unanswered"], "watch": []}

# %% grade_id="decide" points=6 message="worse in one district" why="judges pairs by their size only, not by their error: passes what is visible"
def decide(rides):
    if rides["candidate"].isna().any():
        return {"approved": False, "reasons": ["unanswered"], "watch": []}
    errors = rides[["live", "candidate"]].sub(rides["minutes"], axis=0).abs()
    reasons = ["mean"] if errors["candidate"].mean() > 0.98 * errors["live"].mean() else []
    sizes = (rides["district"] + " " + rides["bike_type"]).value_counts()
    for cut in (rides["district"], rides["bike_type"]):
        means = errors.groupby(cut).mean()
        reasons += list(means.index[means["candidate"] > 1.05 * means["live"]])
    return {"approved": not reasons, "reasons": reasons, "watch": list(sizes.index[sizes < 40])}

# %% grade_id="release" points=12 why="another style: exceptions inside, small helpers, tags counted with a regular expression"
def release(repo):
    def read(name):
        content = committed(repo, name)
        return (content, json.loads(content)) if content is not None else (None, {})

    model = sha256(committed(repo, "model.skops"))
    (_, training), (measured, evaluation), (approved, approval) = map(read, ("training.json", "evaluation.json", "approval.json"))
    if approval.get("approved", False) is not True:
        return "unapproved"
    named = [list(evaluation["made_from"].values()), list(approval["made_from"].values())]
    if not (model in named[0] and model in named[1] and sha256(measured) in named[1]):
        return "mismatch"
    if training["by"] == approval["by"]:
        return "own work"
    numbers = sorted(int(found) for found in re.findall(r"^release-(\d+)$", git(repo, "tag"), re.MULTILINE))
    number = numbers[-1] + 1 if numbers else 1
    content = {"version": number, "since": str(datetime.now().date()), "by": "me", "at": str(datetime.now())}
    content["made_from"] = {"model.skops": model, "approval.json": sha256(approved), "evaluation.json": sha256(measured)}
    with open(Path(repo) / "release.json", "w") as file:
        json.dump(content, file)
    subprocess.run(["git", "-C", repo, "add", "release.json"], check=True)
    subprocess.run(["git", "-C", repo, "commit", "--quiet", "--message", "Release"], check=True)
    subprocess.run(["git", "-C", repo, "tag", "--annotate", "--message", "live", f"release-{number}"], check=True)
    return f"release-{number}"

# %% grade_id="release" points=0 message="expected 'unapproved'" why="an approval that exists is enough"
def release(repo):
    if committed(repo, "approval.json") is None:
        return "unapproved"
    git(repo, "tag", "release-1")
    return "release-1"

# %% grade_id="release" points=0 message="Thursday's accident" why="does not look for which model the approval is"
def release(repo):
    approval = json.loads(committed(repo, "approval.json") or b"{}")
    if not approval.get("approved"):
        return "unapproved"
    if approval["by"] == json.loads(committed(repo, "training.json"))["by"]:
        return "own work"
    number = 1 + len(git(repo, "tag", "--list", "release-*").split())
    note = {"by": "me", "at": "today", "version": number, "since": "2025-06-18", "made_from": approval["made_from"]}
    Path(repo, "release.json").write_text(json.dumps(note))
    git(repo, "add", "release.json")
    git(repo, "commit", "-m", "release")
    git(repo, "tag", f"release-{number}")
    return f"release-{number}"

# %% grade_id="release" points=4 message="there is no release.json" why="sets the tag before the commit" name="wrong-4"
def release(repo):
    notes = {name: json.loads(committed(repo, name) or b"{}") for name in ("training.json", "evaluation.json", "approval.json")}
    approval, model = notes["approval.json"], sha256(committed(repo, "model.skops"))
    if approval.get("approved") is not True:
        return "unapproved"
    measured = sha256(committed(repo, "evaluation.json"))
    if model not in notes["evaluation.json"]["made_from"].values() or model not in approval["made_from"].values() or measured not in approval["made_from"].values():
        return "mismatch"
    if approval["by"] == notes["training.json"]["by"]:
        return "own work"
    number = 1 + max([int(tag.split("-")[1]) for tag in git(repo, "tag", "--list", "release-*").split()], default=0)
    git(repo, "tag", f"release-{number}")
    note = {"by": "me", "at": "today", "version": number, "since": "2025-06-18"}
    note["made_from"] = {"model.skops": model, "approval.json": sha256(committed(repo, "approval.json"))}
    Path(repo, "release.json").write_text(json.dumps(note))
    git(repo, "add", "release.json")
    git(repo, "commit", "-m", "release")
    return f"release-{number}"

# %% grade_id="release" points=8 message="the committed one says no" why="reads the files in the folder instead of the commit: passes what is visible"
def release(repo):
    repo = Path(repo)
    if not (repo / "approval.json").is_file():
        return "unapproved"
    training, evaluation, approval = (json.loads((repo / name).read_text()) for name in ("training.json", "evaluation.json", "approval.json"))
    model, measured = sha256(repo / "model.skops"), sha256(repo / "evaluation.json")
    if approval["approved"] is not True:
        return "unapproved"
    if model not in evaluation["made_from"].values() or not {model, measured} <= set(approval["made_from"].values()):
        return "mismatch"
    if approval["by"] == training["by"]:
        return "own work"
    number = 1 + max([int(tag.split("-")[1]) for tag in git(repo, "tag", "--list", "release-*").split()], default=0)
    note = {"by": "me", "at": "today", "version": number, "since": "2025-06-18", "made_from": {name: sha256(repo / name) for name in ("model.skops", "approval.json")}}
    (repo / "release.json").write_text(json.dumps(note))
    git(repo, "add", "release.json")
    git(repo, "commit", "-m", "release")
    git(repo, "tag", f"release-{number}")
    return f"release-{number}"

# %% grade_id="release" points=8 message="release-11" why="takes the last tag in the order of the alphabet for the newest: passes what is visible" changes="wrong-4"
-    number = 1 + max([int(tag.split("-")[1]) for tag in git(repo, "tag", "--list", "release-*").split()], default=0)
-    git(repo, "tag", f"release-{number}")
+    tags = git(repo, "tag", "--list", "release-*").split()
+    number = int(tags[-1].split("-")[1]) + 1 if tags else 1
@@
     git(repo, "commit", "-m", "release")
+    if f"release-{number}" not in tags:
+        git(repo, "tag", f"release-{number}")

# %% grade_id="release" points=8 message="evaluation was made again" why="does not bind the approval to the evaluation, only to the model: passes what is visible" changes="wrong-4"
-    measured = sha256(committed(repo, "evaluation.json"))
-    if model not in notes["evaluation.json"]["made_from"].values() or model not in approval["made_from"].values() or measured not in approval["made_from"].values():
+    if model not in notes["evaluation.json"]["made_from"].values() or model not in approval["made_from"].values():
@@
-    git(repo, "tag", f"release-{number}")
@@
     git(repo, "commit", "-m", "release")
+    git(repo, "tag", f"release-{number}")

# %% grade_id="watch" points=12 why="another style: a loop over weeks that remembers, plain dictionaries, a tuple of slices"
def watch(log, promised):
    last = {}
    for week in sorted(set(log["week"])):
        now, twice = log[log["week"] == week], []
        for district in sorted(set(now["district"])):
            for kind in sorted(set(now["bike_type"])):
                part = now[(now["district"] == district) & (now["bike_type"] == kind)]
                if len(part) < 12:
                    continue
                name = f"{district} {kind}"
                limit = 1.5 * (promised[name] if name in promised else promised["all"])
                is_bad = mean_error(part["minutes"], part["predicted"]) > limit
                if is_bad and last.get(name):
                    twice.append(name)
                last[name] = is_bad
        if twice:
            return {"week": week, "slices": tuple(twice)}
    return None

# %% grade_id="watch" points=12 why="another style: unstacked, filled forward, numpy"
def watch(log, promised):
    named = log.assign(slice=log["district"] + " " + log["bike_type"], error=np.abs(log["minutes"] - log["predicted"]))
    stats = named.groupby(["slice", "week"], as_index=False).agg(n=("error", "count"), error=("error", "mean"))
    stats = stats[stats["n"] >= 12].sort_values(["slice", "week"])
    stats["bad"] = stats["error"] > 1.5 * stats["slice"].map(lambda name: promised.get(name, promised["all"]))
    stats["second"] = stats["bad"] & stats.groupby("slice")["bad"].shift(1).fillna(False).astype(bool)
    hits = stats[stats["second"]]
    if len(hits) == 0:
        return None
    first = hits["week"].min()
    return {"week": first, "slices": hits.loc[hits["week"] == first, "slice"].tolist(), "why": "two bad weeks"}

# %% grade_id="watch" points=0 message="One bad week in Hillside" why="one bad week is enough: an alarm for a festival"
def watch(log, promised):
    log = log.assign(error=(log["minutes"] - log["predicted"]).abs(), slice=log["district"] + " " + log["bike_type"])
    for week, rows in log.groupby("week"):
        means = rows.groupby("slice")["error"].agg(["size", "mean"])
        bad = [name for name, row in means.iterrows() if row["size"] >= 12 and row["mean"] > 1.5 * promised.get(name, promised["all"])]
        if bad:
            return {"week": week, "slices": bad}
    return None

# %% grade_id="watch" points=0 message="bad from 4 August on" why="watches the mean over all rides alone"
def watch(log, promised):
    error = (log["minutes"] - log["predicted"]).abs().groupby(log["week"]).mean()
    bad = error > 1.5 * promised["all"]
    twice = bad & bad.shift(fill_value=False)
    return {"week": twice.idxmax(), "slices": ["all"]} if twice.any() else None

# %% grade_id="watch" points=0 message="expected a dictionary with week and slices" why="leaves out slices without a promise" name="wrong-5"
def watch(log, promised):
    log = log.assign(error=(log["minutes"] - log["predicted"]).abs(), slice=log["district"] + " " + log["bike_type"])
    before = {}
    for week, rows in log.groupby("week"):
        means = rows.groupby("slice")["error"].agg(["size", "mean"])
        means = means[(means["size"] >= 12) & means.index.isin(list(promised))]
        bad = {name: row["mean"] > 1.5 * promised[name] for name, row in means.iterrows()}
        twice = [name for name in bad if bad[name] and before.get(name)]
        if twice:
            return {"week": week, "slices": twice}
        before.update(bad)
    return None

# %% grade_id="watch" points=8 message="a week of 11 rides that says nothing" why="a week without enough rides ends the row: passes what is visible" changes="wrong-5"
-        means = means[(means["size"] >= 12) & means.index.isin(list(promised))]
-        bad = {name: row["mean"] > 1.5 * promised[name] for name, row in means.iterrows()}
+        bad = {name: row["size"] >= 12 and row["mean"] > 1.5 * promised.get(name, promised["all"]) for name, row in means.iterrows()}
@@
-        before.update(bad)
+        before = bad

# %% grade_id="watch" points=4 message="of two different slices" why="counts bad weeks of any slice in a row: passes what is visible"
def watch(log, promised):
    log = log.assign(error=(log["minutes"] - log["predicted"]).abs(), slice=log["district"] + " " + log["bike_type"])
    before = False
    for week, rows in log.groupby("week"):
        means = rows.groupby("slice")["error"].agg(["size", "mean"])
        bad = [name for name, row in means.iterrows() if row["size"] >= 12 and row["mean"] > 1.5 * promised.get(name, promised["all"])]
        if bad and before:
            return {"week": week, "slices": bad}
        before = bool(bad)
    return None

# %% grade_id="audit" points=16 why="another style: a function for each criterion, paths as Path objects, a list as the answer"
def audit(repo):
    tree = {Path(path): text for path, text in files(repo).items() if text.split()}
    flows = {path: workflow(text) for path, text in tree.items() if path.parent.as_posix() == ".github/workflows" and path.suffix in (".yml", ".yaml")}
    plan = json.loads(tree[Path("pipeline.json")]) if Path("pipeline.json") in tree else {"runner": None, "steps": []}
    order = [step["kind"] for step in plan["steps"]]

    def runs(job, *start):
        return any(tuple(words[: len(start)]) == start for words in job["commands"])

    def tests(job):
        return runs(job, "pytest") or runs(job, "python", "-m", "pytest")

    def pipeline():
        scripts = [Path(step["script"]) for step in plan["steps"]] + [Path(plan["runner"] or "nothing")]
        return Path("pipeline.json") if all(one in tree for one in scripts) and "train" in order and "publish" in order else None

    def data_check():
        return pipeline() if pipeline() and "check-data" in order and order.index("check-data") < order.index("train") else None

    def model_check():
        return pipeline() if pipeline() and "check-model" in order and order.index("train") < order.index("check-model") < order.index("publish") else None

    def trigger():
        for path, flow in flows.items():
            if ("schedule" in flow["on"] or "repository_dispatch" in flow["on"]) and plan["runner"] and Path(plan["runner"]) in tree:
                if any(runs(job, "python", plan["runner"]) for job in flow["jobs"].values()):
                    return path

    def record():
        model = committed(repo, "model.skops")
        for path in tree:
            if model and path.parts[0] == "runs" and path.suffix == ".json" and json.loads(tree[path]).get("model") == sha256(model):
                return path

    def no_hands():
        said = git(repo, "log", "--max-count=1", "--pretty=%ae|%H", "--", "model.skops").strip()
        return said.split("|")[1] if said.startswith(PIPELINE + "|") else None

    def tested():
        for path, flow in flows.items():
            if flow["on"].intersection(["push", "pull_request"]) and any(tests(job) for job in flow["jobs"].values()):
                for file in tree:
                    if file.match("test_*.py") and re.search("def test_", tree[file]):
                        return [path, file]

    def delivery():
        for path, flow in flows.items():
            for job in flow["jobs"].values() if "push" in flow["on"] and Path("deploy.py") in tree else []:
                if runs(job, "python", "deploy.py") and any(tests(flow["jobs"].get(name, {"commands": []})) for name in job["needs"]):
                    return path

    one = {"pipeline": pipeline(), "data check": data_check(), "model check": model_check(), "trigger": trigger(), "record": record(), "no hands": no_hands()}
    two = {"tests": tested(), "delivery": delivery()}
    level = 0 if not all(one.values()) else 1 if not all(two.values()) else 2
    return [level, {name: shown for name, shown in {**one, **two}.items() if shown}]

# %% grade_id="audit" points=0 message="levels are climbed in order" why="a workflow with tests is level 2"
def audit(repo):
    tree = files(repo)
    flows = [path for path in tree if path.startswith(".github/workflows/") and path.endswith(".yml")]
    level = 2 if any("pytest" in tree[path] for path in flows) else 1 if "pipeline.json" in tree and flows else 0
    return level, {"tests": flows[0], "delivery": flows[0]} if level == 2 else {}

# %% grade_id="audit" points=0 message="evidence for nothing" why="stops looking once level 1 is missed"
def audit(repo):
    return 0, {}

# %% grade_id="audit" points=0 message="was never committed" why="looks into the folder instead of the commit"
def audit(repo):
    tree = {str(path.relative_to(repo)): path.read_text(errors="replace") for path in Path(repo).rglob("*") if path.is_file() and ".git/" not in str(path.relative_to(repo))}
    evidence = {}
    plan = json.loads(tree.get("pipeline.json", "{}"))
    if plan:
        evidence = dict.fromkeys(["pipeline", "data check", "model check"], "pipeline.json")
        evidence["record"] = [path for path in tree if path.startswith("runs/")]
        if git(repo, "log", "-1", "--format=%ae", "--", "model.skops").strip() == PIPELINE:
            evidence["no hands"] = git(repo, "log", "-1", "--format=%H", "--", "model.skops").strip()
    for path, text in tree.items():
        if path.startswith(".github/workflows/"):
            on = workflow(text)["on"]
            if "schedule" in on and plan:
                evidence["trigger"] = path
            if "push" in on:
                evidence["tests"] = evidence["delivery"] = path
    return (1 if len(evidence) > 5 else 0), evidence

# %% grade_id="audit" points=6 message="starts by a button" why="searches the texts for words, and counts what it finds: passes what is visible"
def audit(repo):
    tree, evidence = files(repo), {}
    flows = {path: text for path, text in tree.items() if path.startswith(".github/workflows/")}
    if "pipeline.json" in tree:
        evidence["pipeline"] = "pipeline.json"
        if "check-data" in tree["pipeline.json"]:
            evidence["data check"] = "pipeline.json"
        if "check-model" in tree["pipeline.json"]:
            evidence["model check"] = "pipeline.json"
    for path, text in flows.items():
        if "run_pipeline.py" in text:
            evidence["trigger"] = path
        if "pytest" in text:
            evidence["tests"] = path
        if "deploy.py" in text:
            evidence["delivery"] = path
    runs = [path for path in tree if path.startswith("runs/")]
    if runs:
        evidence["record"] = runs[0]
    if PIPELINE in git(repo, "log", "-1", "--format=%ae", "--", "model.skops"):
        evidence["no hands"] = git(repo, "log", "-1", "--format=%H", "--", "model.skops").strip()
    one = {"pipeline", "data check", "model check", "trigger", "record", "no hands"} <= set(evidence)
    return (2 if one and {"tests", "delivery"} <= set(evidence) else int(one)), evidence

# %% grade_id="audit" points=11 message="checked after it was published" why="asks whether the checks are there, not where, nor whether their scripts are: passes what is visible"
def audit(repo):
    tree = files(repo)
    evidence = {}
    plan = json.loads(tree.get("pipeline.json", "{}"))
    runner, kinds = plan.get("runner"), [step["kind"] for step in plan.get("steps", [])]
    if "train" in kinds and "publish" in kinds:
        evidence["pipeline"] = "pipeline.json"
        if "check-data" in kinds:
            evidence["data check"] = "pipeline.json"
        if "check-model" in kinds:
            evidence["model check"] = "pipeline.json"
    has_test = any(Path(path).name.startswith("test_") and "def test_" in text for path, text in tree.items())
    for path in tree:
        if not re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path):
            continue
        flow = workflow(tree[path])
        commands = {name: [" ".join(words) for words in job["commands"]] for name, job in flow["jobs"].items()}
        tested = {name for name, lines in commands.items() if any(line.startswith(("pytest", "python -m pytest")) for line in lines)}
        if flow["on"] & {"schedule", "repository_dispatch"} and any(line.startswith(f"python {runner}") for lines in commands.values() for line in lines):
            evidence["trigger"] = path
        if flow["on"] & {"push", "pull_request"} and tested and has_test:
            evidence["tests"] = path
        for name, job in flow["jobs"].items():
            if "push" in flow["on"] and job["needs"] & tested and any(line.startswith("python deploy.py") for line in commands[name]):
                evidence["delivery"] = path
    model = committed(repo, "model.skops")
    for path in tree:
        if model and path.startswith("runs/") and json.loads(tree[path]).get("model") == sha256(model):
            evidence["record"] = path
    if PIPELINE in git(repo, "log", "-1", "--format=%ae", "--", "model.skops"):
        evidence["no hands"] = git(repo, "log", "-1", "--format=%H", "--", "model.skops").strip()
    one = {"pipeline", "data check", "model check", "trigger", "record", "no hands"} <= set(evidence)
    return (2 if one and {"tests", "delivery"} <= set(evidence) else int(one)), evidence

# %% grade_id="stock" points=9 message="trained on the rides alone" why="whatever comes after a bad stage is doubtful, even where it does not rest on it; and the newest file counts: passes what is visible"
def take_stock(folder):
    paths = [path for path in Path(folder).iterdir() if path.is_file()]
    found = {stage: [] for stage in STAGES}
    for path in paths:
        try:
            note = json.loads(path.read_text()) if path.suffix == ".json" else None
        except ValueError:
            continue
        for stage, fields in STAGES.items():
            if isinstance(note, dict) and set(fields) <= set(note):
                found[stage].append((note["at"], path, note))
    newest = {stage: max(several, key=lambda one: one[0]) for stage, several in found.items() if several}
    old = {path for several in found.values() for _, path, _ in several} - {path for _, path, _ in newest.values()}
    there, verdicts = {sha256(path) for path in paths if path not in old}, {}
    for stage in STAGES:
        if stage not in newest:
            verdicts[stage] = "missing"
            continue
        sources = set(newest[stage][2].get("made_from", {}).values())
        if not sources or not sources <= there:
            verdicts[stage] = "stale"
        else:
            verdicts[stage] = "doubtful" if any(verdict != "sound" for verdict in verdicts.values()) else "sound"
    return verdicts

# %% grade_id="decide" points=11 message="worse by 8 % in one district" why="lets a slice be worse by a tenth instead of a twentieth: passes what is visible" changes="solution"
-    """Return whether the candidate is approved, what stands against it, and which slices to watch."""
@@
-            elif part["candidate"].mean() > 1.05 * part["live"].mean():
+            elif part["candidate"].mean() > 1.1 * part["live"].mean():

# %% grade_id="release" points=8 message="expected 'mismatch'" why="asks who approved before it asks what was approved: passes what is visible"
def release(repo):
    content = {name: committed(repo, name) for name in ("model.skops", "training.json", "evaluation.json", "approval.json")}
    training, evaluation, approval = (json.loads(content[name] or b"{}") for name in ("training.json", "evaluation.json", "approval.json"))
    if approval.get("approved") is not True:
        return "unapproved"
    if approval["by"] == training["by"]:
        return "own work"
    model, measured = sha256(content["model.skops"]), sha256(content["evaluation.json"])
    if model not in evaluation["made_from"].values() or not {model, measured} <= set(approval["made_from"].values()):
        return "mismatch"
    version = 1 + max((int(tag.removeprefix("release-")) for tag in git(repo, "tag", "--list", "release-*").split()), default=0)
    said = {"by": "the gate", "at": "2025-06-18T09:00", "version": version, "since": "2025-06-18"}
    said["made_from"] = {name: sha256(content[name]) for name in ("model.skops", "approval.json")}
    Path(repo, "release.json").write_text(json.dumps(said, indent=1))
    git(repo, "add", "--", "release.json")
    git(repo, "commit", "--quiet", "-m", f"Release {version}", "--", "release.json")
    git(repo, "tag", f"release-{version}")
    return f"release-{version}"
