# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="differs" points=14 why="another style: one comparison after the other, CSV rows as texts and numbers, a set as the result"
def programs(folder):
    found = {}
    for path in sorted(Path(folder, "code").glob("**/*.py")):
        found[path.relative_to(folder).parts] = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
    return found

def number_or_text(word):
    try:
        return float(word)
    except ValueError:
        return word

def rows(folder):
    with open(Path(folder, "trips.csv"), newline="") as file:
        return [[number_or_text(word) for word in row] for row in csv.reader(file)]

def packages(folder):
    pairs = set()
    for line in Path(folder, "packages.txt").read_text().splitlines():
        if "==" in line.split("#")[0]:
            name, number = line.split("#")[0].strip().split("==")
            pairs.add((re.sub("[-_.]+", "-", name).lower(), number))
    return pairs

def what_differs(a, b):
    different = set()
    if programs(a) != programs(b):
        different.add("code")
    if rows(a) != rows(b):
        different.add("data")
    with open(f"{a}/params.yaml") as one, open(f"{b}/params.yaml") as other:
        if yaml.safe_load(one) != yaml.safe_load(other):
            different.add("parameters")
    if packages(a) != packages(b):
        different.add("environment")
    return different

# %% grade_id="differs" points=14 why="another style: four small functions, their names in a tuple, JSON with sorted keys, os.walk"
def what_differs(a, b):
    def code(run):
        return {os.path.relpath(os.path.join(top, name), run): ast.dump(ast.parse(Path(top, name).read_text()))
                for top, _, names in os.walk(os.path.join(run, "code")) for name in names if name.endswith(".py")}
    def data(run):
        return pd.read_csv(os.path.join(run, "trips.csv")).to_csv(index=False)
    def parameters(run):
        return json.dumps(yaml.safe_load(Path(run, "params.yaml").read_text()), sort_keys=True)
    def environment(run):
        lines = Path(run, "packages.txt").read_text().split()
        return sorted(str(canonicalize_name(l.split("==")[0])) + l.split("==")[1] for l in lines if "==" in l)
    return tuple(f.__name__ for f in (code, data, parameters, environment) if f(a) != f(b))

# %% grade_id="differs" points=0 message="Her code was only tidied" why="compares bytes"
def what_differs(a, b):
    files = {"code": "code/train.py", "data": "trips.csv", "parameters": "params.yaml", "environment": "packages.txt"}
    return [thing for thing, file in files.items() if sha256(f"{a}/{file}") != sha256(f"{b}/{file}")]

# %% grade_id="differs" points=0 message="look deeper" why="looks at the top of the code's folder only" name="wrong-4"
def what_differs(a, b):
    def meaning(run):
        run = Path(run)
        packages = [line.split("#")[0].strip().split("==") for line in (run / "packages.txt").read_text().splitlines() if line.split("#")[0].strip()]
        return {
            "code": {str(f.relative_to(run)): ast.dump(ast.parse(f.read_text())) for f in (run / "code").glob("*.py")},
            "data": pd.read_csv(run / "trips.csv"),
            "parameters": yaml.safe_load((run / "params.yaml").read_text()),
            "environment": {canonicalize_name(name): number for name, number in packages},
        }
    one, other = meaning(a), meaning(b)
    return [t for t in one if not (one[t].equals(other[t]) if t == "data" else one[t] == other[t])]

# %% grade_id="differs" points=0 message="his rows come in another order" why="sorts the rows before comparing, as if their order did not matter" changes="wrong-4"
-            "code": {str(f.relative_to(run)): ast.dump(ast.parse(f.read_text())) for f in (run / "code").glob("*.py")},
-            "data": pd.read_csv(run / "trips.csv"),
+            "code": {str(f.relative_to(run)): ast.dump(ast.parse(f.read_text())) for f in (run / "code").rglob("*.py")},
+            "data": pd.read_csv(run / "trips.csv").sort_values("trip_id", ignore_index=True),

# %% grade_id="differs" points=0 message="written in another order" why="compares package names as they are written" changes="wrong-4"
-            "code": {str(f.relative_to(run)): ast.dump(ast.parse(f.read_text())) for f in (run / "code").glob("*.py")},
+            "code": {str(f.relative_to(run)): ast.dump(ast.parse(f.read_text())) for f in (run / "code").rglob("*.py")},
@@
-            "environment": {canonicalize_name(name): number for name, number in packages},
+            "environment": {name: number for name, number in packages},

# %% grade_id="differs" points=5 message="respelt" why="minds capital letters and underscores, but not dots: passes what is visible" changes="wrong-4"
-            "code": {str(f.relative_to(run)): ast.dump(ast.parse(f.read_text())) for f in (run / "code").glob("*.py")},
+            "code": {str(f.relative_to(run)): ast.dump(ast.parse(f.read_text())) for f in (run / "code").rglob("*.py")},
@@
-            "environment": {canonicalize_name(name): number for name, number in packages},
+            "environment": {name.lower().replace("_", "-"): number for name, number in packages},

# %% grade_id="differs" points=5 message="a new module" why="compares the modules that both have, so a new one is not seen: passes what is visible"
def what_differs(a, b):
    def code(run):
        return {f.relative_to(run): ast.dump(ast.parse(f.read_text())) for f in Path(run).rglob("*.py")}
    one, other = code(a), code(b)
    found = ["code"] if any(one[name] != other[name] for name in one if name in other) else []
    if not pd.read_csv(f"{a}/trips.csv").equals(pd.read_csv(f"{b}/trips.csv")):
        found.append("data")
    if yaml.safe_load(Path(a, "params.yaml").read_text()) != yaml.safe_load(Path(b, "params.yaml").read_text()):
        found.append("parameters")
    def packages(run):
        return {canonicalize_name(l.split("==")[0]): l.split("==")[1].split()[0] for l in Path(run, "packages.txt").read_text().splitlines() if "==" in l.split("#")[0]}
    if packages(a) != packages(b):
        found.append("environment")
    return found

# %% grade_id="differs" points=5 message="differs in a day" why="compares the numbers of the table only, as if its texts could not change: passes what is visible" changes="solution"
-            "data": pd.read_csv(run / "trips.csv"),
+            "data": pd.read_csv(run / "trips.csv").select_dtypes("number"),

# %% grade_id="trainer" points=24 why="another style: no threads, a list of columns, one generator of numpy that seeds both, rows sorted by their number" changes="solution"
-# The mended training. The last line must stay.
@@
 from pathlib import Path
+
+import numpy as np
@@
-    with ThreadPoolExecutor(max_workers=4) as pool:
-        weeks = pool.map(pd.read_csv, sorted(Path(folder).glob("*.csv")))  # read side by side, given in this order
-        return pd.concat(weeks, ignore_index=True)
+    tables = [pd.read_csv(path) for path in Path(folder).iterdir() if path.suffix == ".csv"]
+    return pd.concat(tables).sort_values("trip_id", ignore_index=True)
@@
     settings = yaml.safe_load(Path(params).read_text())
+    rng = np.random.default_rng(settings["seed"])
@@
-    columns = sorted(set(past.columns) - {"trip_id", "bike_id", "day", "serviced_on", "needs_repair"})
-
-    learned, held_out = train_test_split(past, test_size=0.25, random_state=settings["seed"])
-    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"], random_state=settings["seed"])
+    columns = ["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar", "km_per_day"]
+
+    learned, held_out = train_test_split(past, test_size=0.25, random_state=int(rng.integers(2**31)))
+    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"], random_state=int(rng.integers(2**31)))

# %% grade_id="trainer" points=24 why="another style: numpy's one hidden generator seeded from the parameters, futures in the order in which they were asked" changes="solution"
-# The mended training. The last line must stay.
@@
 from pathlib import Path
+import os
+
+import numpy as np
@@
-        weeks = pool.map(pd.read_csv, sorted(Path(folder).glob("*.csv")))  # read side by side, given in this order
-        return pd.concat(weeks, ignore_index=True)
+        weeks = [pool.submit(pd.read_csv, f"{folder}/{name}") for name in sorted(os.listdir(folder))]
+        return pd.concat([week.result() for week in weeks], ignore_index=True)
@@
     settings = yaml.safe_load(Path(params).read_text())
+    np.random.seed(settings["seed"])
@@
-    columns = sorted(set(past.columns) - {"trip_id", "bike_id", "day", "serviced_on", "needs_repair"})
-
-    learned, held_out = train_test_split(past, test_size=0.25, random_state=settings["seed"])
-    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"], random_state=settings["seed"])
+    columns = past.columns.difference(["trip_id", "bike_id", "day", "serviced_on", "needs_repair"])
+
+    learned, held_out = train_test_split(past, test_size=0.25)
+    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"], n_jobs=2)

# %% grade_id="trainer" points=0 message="the model alone is not all that draws" why="seeds the model alone: the split still draws" changes="solution"
-# The mended training. The last line must stay.
@@
-    learned, held_out = train_test_split(past, test_size=0.25, random_state=settings["seed"])
+    learned, held_out = train_test_split(past, test_size=0.25)

# %% grade_id="trainer" points=0 message="comes too late" why="sets PYTHONHASHSEED inside the program, when Python has long started" changes="solution"
-# The mended training. The last line must stay.
@@
 from pathlib import Path
+import os
+
+os.environ["PYTHONHASHSEED"] = "0"
@@
-    columns = sorted(set(past.columns) - {"trip_id", "bike_id", "day", "serviced_on", "needs_repair"})
+    columns = list(set(past.columns) - {"trip_id", "bike_id", "day", "serviced_on", "needs_repair"})

# %% grade_id="trainer" points=0 message="in which a folder lists its files" why="takes the files as the folder lists them" changes="solution"
-# The mended training. The last line must stay.
@@
-        weeks = pool.map(pd.read_csv, sorted(Path(folder).glob("*.csv")))  # read side by side, given in this order
+        weeks = pool.map(pd.read_csv, Path(folder).glob("*.csv"))  # read side by side, given in this order

# %% grade_id="trainer" points=0 message="Machines 1 and 2 write different scores" why="sorts the files, and then takes them in the order in which the threads are done" changes="solution"
-# The mended training. The last line must stay.
-from concurrent.futures import ThreadPoolExecutor
+from concurrent.futures import ThreadPoolExecutor, as_completed
@@
-        weeks = pool.map(pd.read_csv, sorted(Path(folder).glob("*.csv")))  # read side by side, given in this order
-        return pd.concat(weeks, ignore_index=True)
+        weeks = [pool.submit(pd.read_csv, path) for path in sorted(Path(folder).glob("*.csv"))]
+        return pd.concat([week.result() for week in as_completed(weeks)], ignore_index=True)

# %% grade_id="trainer" points=0 message="Something asks the clock" why="takes the date instead of the time: the same all day long" changes="solution"
-# The mended training. The last line must stay.
@@
-    yard = add_wear(pd.read_csv(bikes), until=settings["as_of"])
+    yard = add_wear(pd.read_csv(bikes), until=pd.Timestamp.now().normalize())

# %% grade_id="trainer" points=16 message="With another seed in params.yaml" why="writes the seed into the code: passes what is visible" changes="solution"
-# The mended training. The last line must stay.
@@
-    learned, held_out = train_test_split(past, test_size=0.25, random_state=settings["seed"])
-    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"], random_state=settings["seed"])
+    learned, held_out = train_test_split(past, test_size=0.25, random_state=42)
+    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"], random_state=42)

# %% grade_id="trainer" points=16 message="With another as_of in params.yaml" why="writes Friday's date into the code: passes what is visible" changes="solution"
-# The mended training. The last line must stay.
@@
-    yard = add_wear(pd.read_csv(bikes), until=settings["as_of"])
+    yard = add_wear(pd.read_csv(bikes), until="2025-09-05")

# %% grade_id="trainer" points=16 message="With another leaf in params.yaml" why="puts a model that draws nothing in the forest's place: passes what is visible" changes="solution"
-# The mended training. The last line must stay.
@@
-from sklearn.ensemble import RandomForestClassifier
+from sklearn.linear_model import LogisticRegression
@@
-    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"], random_state=settings["seed"])
+    forest = LogisticRegression(max_iter=3000)

# %% grade_id="trainer" points=16 message="With another trees in params.yaml" why="writes one of the forest's settings into the code: passes what is visible" changes="solution"
-    forest = RandomForestClassifier(n_estimators=settings["trees"], min_samples_leaf=settings["leaf"], random_state=settings["seed"])
+    forest = RandomForestClassifier(n_estimators=24, min_samples_leaf=settings["leaf"], random_state=settings["seed"])

# %% grade_id="trainer" points=16 message="expected three quarters" why="fits the forest to all trips, those held out too: passes what is visible" changes="solution"
-    forest.fit(learned[columns], learned["needs_repair"])
+    forest.fit(past[columns], past["needs_repair"])

# %% grade_id="lock" points=16 why="another style: no pip at all, a walk through the wheels' metadata"
def make_lock(wanted, record, wheels):
    versions = {}
    for line in Path(record).read_text().splitlines():
        if "==" in line and not line.startswith("#"):
            name, number = line.strip().split("==")
            versions[canonicalize_name(name)] = number
    files = {}
    for path in Path(wheels).glob("*.whl"):
        name, number = path.name.split("-")[:2]
        files[canonicalize_name(name), number] = path
    waiting = [line.strip() for line in Path(wanted).read_text().splitlines() if line.strip() and not line.startswith("#")]
    lock = {}
    while waiting:
        need = Requirement(waiting.pop())
        name = canonicalize_name(need.name)
        if name in lock or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        path = files[name, versions[name]]
        lock[name] = f"{name}=={versions[name]} \\\n    --hash=sha256:{sha256(path)}"
        with zipfile.ZipFile(path) as wheel:
            inner = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
            text = wheel.read(inner).decode()
        waiting += re.findall(r"^Requires-Dist: (.*)$", text, re.M)
    return "--require-hashes\n" + "\n".join(lock.values())

# %% grade_id="lock" points=16 why="another style: a folder for the report, short options, a template for the line"
def make_lock(wanted, record, wheels):
    with tempfile.TemporaryDirectory() as place:
        report = Path(place, "report.json")
        subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", "--dry-run", "-I", "--no-index", "-f", str(wheels),
                               "--report", str(report), "-c", str(record), "-r", str(wanted)])
        items = json.loads(report.read_text())["install"]
    def line(item):
        meta = item["metadata"]
        return "{}=={} --hash={}".format(meta["name"], meta["version"], item["download_info"]["archive_info"]["hash"].replace("=", ":", 1))
    return "# made by make_lock\n" + "\n".join(map(line, items)) + "\n"

# %% grade_id="lock" points=0 message="Wanted is what requirements.in names, in the version that the server had" why="the newest versions, without the record"
def make_lock(wanted, record, wheels):
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--no-index", "--find-links", wheels, "-r", wanted]
        subprocess.run([*command, "--report", f"{place}/report.json"], check=True)
        found = json.loads(Path(place, "report.json").read_text())["install"]
    return "\n".join(f"{p['metadata']['name']}=={p['metadata']['version']} --hash=sha256:{p['download_info']['archive_info']['hashes']['sha256']}" for p in found)

# %% grade_id="lock" points=0 message="pip does not install from your lock" why="versions without hashes"
def make_lock(wanted, record, wheels):
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--no-index", "--find-links", wheels, "-r", wanted]
        subprocess.run([*command, "-c", record, "--report", f"{place}/report.json"], check=True)
        found = json.loads(Path(place, "report.json").read_text())["install"]
    return "\n".join(f"{p['metadata']['name']}=={p['metadata']['version']}" for p in found)

# %% grade_id="lock" points=0 message="Nobody asks for it but dockfeed" why="the packages that are wanted, and not what these need"
def make_lock(wanted, record, wheels):
    versions = dict(line.split("==") for line in Path(record).read_text().splitlines() if "==" in line)
    names = [re.split("[<>=]", line)[0] for line in Path(wanted).read_text().splitlines() if not line.startswith("#")]
    lines = []
    for name in names:
        (wheel,) = Path(wheels).glob(f"{name}-{versions[name]}-*.whl")
        lines.append(f"{name}=={versions[name]} --hash=sha256:{sha256(wheel)}")
    return "\n".join(lines)

# %% grade_id="lock" points=11 message="For another server the lock installs" why="all that is recorded and lies in the folder, needed or not: passes what is visible"
def make_lock(wanted, record, wheels):
    versions = {canonicalize_name(l.split("==")[0]): l.split("==")[1] for l in Path(record).read_text().splitlines() if "==" in l}
    lines = []
    for path in sorted(Path(wheels).glob("*.whl")):
        name, number = path.name.split("-")[:2]
        if versions.get(canonicalize_name(name)) == number:
            lines.append(f"{name}=={number} --hash=sha256:{sha256(path)}")
    return "\n".join(lines)

# %% grade_id="lock" points=11 message="packages are missing from the lock" why="needs of needs, but names compared as they are written, capitals aside: passes what is visible" name="wrong-7"
def make_lock(wanted, record, wheels):
    versions = {l.split("==")[0].lower(): l.split("==")[1] for l in Path(record).read_text().splitlines() if "==" in l}
    files = {(canonicalize_name(p.name.split("-")[0]), p.name.split("-")[1]): p for p in Path(wheels).glob("*.whl")}
    waiting = [l for l in Path(wanted).read_text().splitlines() if l and not l.startswith("#")]
    lock = {}
    while waiting:
        need = Requirement(waiting.pop())
        name = need.name.lower()
        if name in lock or name not in versions or (need.marker and not need.marker.evaluate()):
            continue
        path = files[canonicalize_name(name), versions[name]]
        lock[name] = f"{name}=={versions[name]} --hash=sha256:{sha256(path)}"
        wheel = zipfile.ZipFile(path)
        (metadata,) = [inner for inner in wheel.namelist() if inner.endswith("METADATA")]
        waiting += [line.removeprefix("Requires-Dist: ") for line in wheel.read(metadata).decode().splitlines() if line.startswith("Requires-Dist")]
    return "\n".join(lock.values())

# %% grade_id="lock" points=11 message="which nothing that is wanted needs on this machine" why="never asks whether a need's marker holds here: passes what is visible" changes="wrong-7"
-    versions = {l.split("==")[0].lower(): l.split("==")[1] for l in Path(record).read_text().splitlines() if "==" in l}
+    versions = {canonicalize_name(l.split("==")[0]): l.split("==")[1] for l in Path(record).read_text().splitlines() if "==" in l}
@@
-        name = need.name.lower()
-        if name in lock or name not in versions or (need.marker and not need.marker.evaluate()):
+        name = canonicalize_name(need.name)
+        if name in lock or name not in versions:

# %% grade_id="drift" points=14 why="another style: a regular expression for the lock, the dist-info folders by hand, a loop over all names"
def drift(lock, site):
    wanted = {}
    for entry in re.sub(r"\\\s*\n", " ", lock).split("\n"):
        match = re.match(r"\s*([A-Za-z0-9._-]+)\s*==\s*([^\s;]+)\s*(?:;\s*(.*?))?\s*(--hash.*)?$", entry)
        if not match:
            continue
        name, number, marker = match[1], match[2], match[3]
        if marker and not Requirement(f"x ; {marker}").marker.evaluate():
            continue
        wanted[str(canonicalize_name(name))] = number
    result, seen = {}, set()
    for folder in Path(site).glob("*.dist-info"):
        package = importlib.metadata.PathDistribution(folder)
        name = str(canonicalize_name(package.metadata["Name"]))
        seen.add(name)
        if name not in wanted:
            result[name] = "extra"
        elif package.version != wanted[name]:
            result[name] = "version"
        else:
            for line in (folder / "RECORD").read_text().splitlines():
                path, digest, _ = line.rsplit(",", 2)
                if digest and (not os.path.exists(os.path.join(site, path)) or record_hash(os.path.join(site, path)) != digest):
                    result[name] = "changed"
    for name in wanted:
        if name not in seen:
            result[name] = "missing"
    return result

# %% grade_id="drift" points=0 message="somebody edited it" why="compares versions alone, as pip freeze does" name="wrong-2"
def drift(lock, site):
    locked = {}
    for line in lock.replace("\\\n", " ").splitlines():
        text = line.split("--hash")[0].split("#")[0].strip()
        if text:
            need = Requirement(text)
            if not need.marker or need.marker.evaluate():
                locked[canonicalize_name(need.name)] = str(need.specifier)[2:]
    there = {canonicalize_name(p.metadata["Name"]): p for p in importlib.metadata.distributions(path=[site])}
    found = {name: "missing" for name in locked if name not in there}
    found.update({name: "extra" for name in there if name not in locked})
    for name in set(locked) & set(there):
        if there[name].version != locked[name]:
            found[name] = "version"
        elif False:
            found[name] = "changed"
    return found

# %% grade_id="drift" points=0 message="Its marker does not hold on this machine" why="forgets the markers" changes="wrong-2"
-            if not need.marker or need.marker.evaluate():
+            if True:
@@
-        elif False:
+        elif any(row[1] and (not Path(site, row[0]).exists() or record_hash(Path(site, row[0])) != row[1]) for row in csv.reader(there[name].read_text("RECORD").splitlines())):

# %% grade_id="drift" points=0 message="Files without a hash in RECORD" why="stumbles over the lines of a RECORD that have no hash" changes="wrong-2"
-        elif False:
+        elif any(record_hash(Path(site, row[0])) != row[1] for row in csv.reader(there[name].read_text("RECORD").splitlines())):

# %% grade_id="drift" points=0 message="contour-lines: drift says None" why="names as they are written" changes="wrong-2"
-                locked[canonicalize_name(need.name)] = str(need.specifier)[2:]
-    there = {canonicalize_name(p.metadata["Name"]): p for p in importlib.metadata.distributions(path=[site])}
+                locked[need.name] = str(need.specifier)[2:]
+    there = {p.metadata["Name"]: p for p in importlib.metadata.distributions(path=[site])}
@@
-        elif False:
+        elif any(row[1] and (not Path(site, row[0]).exists() or record_hash(Path(site, row[0])) != row[1]) for row in csv.reader(there[name].read_text("RECORD").splitlines())):

# %% grade_id="drift" points=5 message="expected 'extra'" why="does not look for packages that the lock does not name: passes what is visible" changes="wrong-2"
-    found.update({name: "extra" for name in there if name not in locked})
@@
-        elif False:
+        elif any(row[1] and (not Path(site, row[0]).exists() or record_hash(Path(site, row[0])) != row[1]) for row in csv.reader(there[name].read_text("RECORD").splitlines())):

# %% grade_id="drift" points=5 message="expected 'changed'" why="a file that is gone is no change to it: passes what is visible" changes="wrong-2"
-        elif False:
+        elif any(row[1] and Path(site, row[0]).exists() and record_hash(Path(site, row[0])) != row[1] for row in csv.reader(there[name].read_text("RECORD").splitlines())):

# %% grade_id="drift" points=5 message="expected 'changed'" why="looks for changes in .py files alone, and a table of data that was edited goes unseen: passes what is visible" changes="solution"
-        listed = [row for row in csv.reader(package.read_text("RECORD").splitlines()) if row[1]]
+        listed = [row for row in csv.reader(package.read_text("RECORD").splitlines()) if row[1] and row[0].endswith(".py")]

# %% grade_id="stage" points=16 why="another style: the file written by hand, single parameters, another name, then everything committed"
Path("table-repo/dvc.yaml").write_text("""\
stages:
  risk:
    desc: the table on the wall
    cmd: python fit.py
    deps: [fit.py, rows.py, data, table.lock]
    params: [table.km_per_row, table.last_row_km]
    outs: [risk.csv]
""")
dvc("table-repo", "repro", "--force")
git("table-repo", "commit", "--all", "--message", "All that decides the table")
dvc("table-repo", "push", "--all-commits")

# %% grade_id="stage" points=16 why="another style: the YAML changed as data, the rest by shell lines"
stages = yaml.safe_load(Path("table-repo/dvc.yaml").read_text())
stages["stages"]["table"]["deps"] += ["fit.py", "rows.py", "table.lock"]
stages["stages"]["table"]["params"] = [{"params.yaml": ["table"]}]
Path("table-repo/dvc.yaml").write_text(yaml.safe_dump(stages))
!cd table-repo && python -m dvc repro --quiet && git add -A && git commit --quiet -m "table" && python -m dvc push --quiet

# %% grade_id="stage" points=5 message="If km_per_row changes in params.yaml" why="runs the stage by force, and declares nothing: right today"
dvc("table-repo", "repro", "--force")
git("table-repo", "commit", "--all", "-m", "Rows of 50 km")
dvc("table-repo", "push")

# %% grade_id="stage" points=5 message="rows.py changes, which fit.py imports" why="forgets the module that the program imports" name="wrong-4"
dvc("table-repo", "stage", "add", "--force", "-d", "fit.py", "-d", "table.lock", "-p", "table", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")
dvc("table-repo", "repro")
git("table-repo", "add", "dvc.yaml", "dvc.lock")
git("table-repo", "commit", "-m", "A stage that says all")
dvc("table-repo", "push")

# %% grade_id="stage" points=5 message="DVC would run the stage table again" why="lets the stage run always: then the lock proves nothing" changes="wrong-4"
-dvc("table-repo", "stage", "add", "--force", "-d", "fit.py", "-d", "table.lock", "-p", "table", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")
+dvc("table-repo", "stage", "add", "--force", "--always-changed", "-d", "fit.py", "-d", "rows.py", "-d", "table.lock", "-p", "table", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")

# %% grade_id="stage" points=0 message="defined as both a dependency and an output" why="takes the whole folder for an input" changes="wrong-4"
-dvc("table-repo", "stage", "add", "--force", "-d", "fit.py", "-d", "table.lock", "-p", "table", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")
+dvc("table-repo", "stage", "add", "--force", "-d", ".", "-p", "table", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")

# %% grade_id="stage" points=11 message="table.lock, the environment, changes" why="forgets the environment: passes what is visible" changes="wrong-4"
-dvc("table-repo", "stage", "add", "--force", "-d", "fit.py", "-d", "table.lock", "-p", "table", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")
+dvc("table-repo", "stage", "add", "--force", "-d", "fit.py", "-d", "rows.py", "-p", "table", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")

# %% grade_id="stage" points=11 message="the section `wall` of params.yaml changes" why="declares the whole file of parameters: passes what is visible" changes="wrong-4"
-dvc("table-repo", "stage", "add", "--force", "-d", "fit.py", "-d", "table.lock", "-p", "table", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")
+dvc("table-repo", "stage", "add", "--force", "-d", "fit.py", "-d", "rows.py", "-d", "table.lock", "-d", "params.yaml", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")

# %% grade_id="stage" points=11 message="holds the hash of another risk.csv" why="mends everything, and does not commit: passes what is visible"
dvc("table-repo", "stage", "add", "--force", "-d", "fit.py", "-d", "rows.py", "-d", "table.lock", "-p", "table", "-n", "table", "-d", "data", "-o", "risk.csv", "python fit.py")
dvc("table-repo", "repro")

# %% grade_id="rebuild" points=16 why="another style: the bytes compared, the result removed before it is made again, subprocess"
def rebuild(repo, revision):
    place = tempfile.mkdtemp()
    try:
        subprocess.run(["git", "clone", "-q", str(repo), place + "/c"], check=True)
        subprocess.run(["git", "checkout", "-q", revision], cwd=place + "/c", check=True)
        here = Path(place) / "c"
        try:
            dvc(here, "pull", "--quiet")
        except RuntimeError:
            return "incomplete"
        (stage,) = yaml.safe_load((here / "dvc.lock").read_text())["stages"].values()
        before = {out["path"]: (here / out["path"]).read_bytes() for out in stage["outs"]}
        changed = json.loads(dvc(here, "status", "--json"))
        for path in before:
            (here / path).unlink()
        try:
            dvc(here, "repro", "-f")
        except RuntimeError:
            return "incomplete"
        if any("changed deps" in part for parts in changed.values() for part in parts if isinstance(part, dict)):
            return "stale"
        same = all((here / path).read_bytes() == text for path, text in before.items())
        return "reproduced" if same else "differs"
    finally:
        shutil.rmtree(place)

# %% grade_id="rebuild" points=0 message="DVC believes its lock unless it is forced" why="believes dvc status: the lock fits, so all is well" name="wrong-2"
def rebuild(repo, revision):
    with tempfile.TemporaryDirectory() as place:
        clone = f"{place}/clone"
        git(".", "clone", "--quiet", str(repo), clone)
        git(clone, "checkout", "--quiet", revision)
        try:
            dvc(clone, "pull")
            return "stale" if json.loads(dvc(clone, "status", "--json")) else "reproduced"
        except RuntimeError:
            return "incomplete"

# %% grade_id="rebuild" points=0 message="DVC believes its lock unless it is forced" why="runs repro without --force, and nothing runs" changes="wrong-2"
-            return "stale" if json.loads(dvc(clone, "status", "--json")) else "reproduced"
+            stale = json.loads(dvc(clone, "status", "--json"))
+            if stale:
+                return "stale"
+            before = Path(clone, "dvc.lock").read_text()
+            dvc(clone, "repro")
+            return "reproduced" if Path(clone, "dvc.lock").read_text() == before else "differs"

# %% grade_id="rebuild" points=0 message="repro writes the lock anew" why="asks for the status after repro has written the lock anew" changes="wrong-2"
-            return "stale" if json.loads(dvc(clone, "status", "--json")) else "reproduced"
+            dvc(clone, "repro", "--force")
+            return "differs" if json.loads(dvc(clone, "status", "--json")) else "reproduced"

# %% grade_id="rebuild" points=5 message="somebody changed the seed in params.yaml" why="does not tell stale from different" changes="wrong-2"
-            return "stale" if json.loads(dvc(clone, "status", "--json")) else "reproduced"
+            before = Path(clone, "dvc.lock").read_text()
+            dvc(clone, "repro", "--force")
+            return "reproduced" if Path(clone, "dvc.lock").read_text() == before else "differs"

# %% grade_id="rebuild" points=5 message="for a stranger they are gone" why="copies the folder, and DVC's cache with it"
def rebuild(repo, revision):
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(repo, f"{place}/copy", symlinks=True)
        git(copy, "checkout", "--quiet", "--force", revision)
        try:
            dvc(copy, "checkout")
            stale = json.loads(dvc(copy, "status", "--json"))
            before = Path(copy, "dvc.lock").read_text()
            dvc(copy, "repro", "--force")
        except RuntimeError:
            return "incomplete"
        if stale:
            return "stale"
        return "reproduced" if Path(copy, "dvc.lock").read_text() == before else "differs"

# %% grade_id="rebuild" points=6 message="stale, and the command stops" why="lets a command that stops pass for another result: passes what is visible" changes="wrong-2"
-            return "stale" if json.loads(dvc(clone, "status", "--json")) else "reproduced"
@@
             return "incomplete"
+        if json.loads(dvc(clone, "status", "--json")):
+            return "stale"
+        before = Path(clone, "dvc.lock").read_text()
+        try:
+            dvc(clone, "repro", "--force")
+        except RuntimeError:
+            return "differs"
+        return "reproduced" if Path(clone, "dvc.lock").read_text() == before else "differs"

# %% grade_id="rebuild" points=11 message="draw.py was changed after the draw" why="takes stale for changed parameters alone: passes what is visible" changes="wrong-2"
-            return "stale" if json.loads(dvc(clone, "status", "--json")) else "reproduced"
+            lock = yaml.safe_load(Path(clone, "dvc.lock").read_text())
+            (stage,) = lock["stages"].values()
+            now = yaml.safe_load(Path(clone, "params.yaml").read_text())
+            recorded = {out["path"]: out["md5"] for out in stage["outs"]}
+            stale = any(now[key] != value for key, value in stage["params"]["params.yaml"].items())
+            dvc(clone, "repro", "--force")
+            if stale:
+                return "stale"
+            made = {path: hashlib.md5(Path(clone, path).read_bytes()).hexdigest() for path in recorded}
+            return "reproduced" if made == recorded else "differs"

# %% grade_id="rebuild" points=11 message="stale, and the command stops" why="says stale without running the command: passes what is visible" changes="solution"
             status = json.loads(dvc(clone, "status", "--json"))
+            if status:
+                return "stale"

# %% grade_id="rebuild" points=10 message="left a clone behind" why="leaves the clone behind, each time" changes="solution"
-    with tempfile.TemporaryDirectory() as place:
+    place = tempfile.mkdtemp()
+    if place:
