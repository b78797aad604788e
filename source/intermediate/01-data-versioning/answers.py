# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="changes" points=16 why="another style: a plain loop over dictionaries, no pandas comparison"
def changes(old, new):
    before = {row["trip_id"]: row for row in old.to_dict("records")}
    after = {row["trip_id"]: row for row in new.to_dict("records")}

    def gap(value):
        return value is None or value != value

    def differs(a, b):
        if gap(a) or gap(b):
            return gap(a) != gap(b)
        if isinstance(a, str) or isinstance(b, str):
            return a != b
        return abs(a - b) > 1e-6

    changed = {}
    for trip in before.keys() & after.keys():
        for column, value in before[trip].items():
            if differs(value, after[trip][column]):
                changed.setdefault(column, set()).add(trip)
    return {"added": set(after) - set(before), "removed": set(before) - set(after), "changed": changed}

# %% grade_id="changes" points=16 why="another style: one outer merge with an indicator, ids as tuples"
def changes(old, new):
    wide = old.merge(new, on="trip_id", how="outer", suffixes=(" a", " b"), indicator=True)
    ids = lambda mask: tuple(wide.loc[mask, "trip_id"])
    both = wide["_merge"] == "both"
    result = {"added": ids(wide["_merge"] == "right_only"), "removed": ids(wide["_merge"] == "left_only"), "changed": {}}
    for column in old.columns.drop("trip_id"):
        a, b = wide[f"{column} a"], wide[f"{column} b"]
        same = (a.isna() & b.isna()) | (a == b)
        if a.dtype != object:
            same |= (a - b).abs() <= 1e-6
        result["changed"][column] = ids(both & ~same)
    return result

# %% grade_id="changes" points=6 message="a gap that was a gap before has not changed" why="NaN is not equal to NaN" name="wrong-3"
def changes(old, new):
    a, b = old.set_index("trip_id"), new.set_index("trip_id")
    both = a.index.intersection(b.index)
    changed = {column: list(both[a.loc[both, column] != b.loc[both, column]]) for column in a.columns}
    return {"added": list(b.index.difference(a.index)), "removed": list(a.index.difference(b.index)), "changed": changed}

# %% grade_id="changes" points=0 message="compare the ids, not the places of the rows" why="compares row numbers"
def changes(old, new):
    a, b = old.reset_index(drop=True), new.reset_index(drop=True)
    n = min(len(a), len(b))
    changed = {column: list(a.loc[: n - 1, "trip_id"][(a.loc[: n - 1, column] != b.loc[: n - 1, column])]) for column in a.columns.drop("trip_id")}
    return {"added": list(b["trip_id"][n:]), "removed": list(a["trip_id"][n:]), "changed": changed}

# %% grade_id="changes" points=11 message="a value that came, went or is another is a change" why="fills gaps on both sides only where both have values: misses gaps that came or went; passes what is visible"
def changes(old, new):
    a, b = old.set_index("trip_id"), new.set_index("trip_id")
    both = a.index.intersection(b.index)
    changed = {}
    for column in a.columns:
        x, y = a.loc[both, column], b.loc[both, column]
        known = x.notna() & y.notna()
        if x.dtype == object:
            differs = known & (x != y)
        else:
            differs = known & ((x - y).abs() > 1e-6)
        changed[column] = list(both[differs])
    return {"added": list(b.index.difference(a.index)), "removed": list(a.index.difference(b.index)), "changed": changed}

# %% grade_id="changes" points=11 message="rounding noise" why="exact comparison after filling gaps: rounding noise counts; passes what is visible" changes="wrong-3"
-    changed = {column: list(both[a.loc[both, column] != b.loc[both, column]]) for column in a.columns}
+    changed = {}
+    for column in a.columns:
+        x, y = a.loc[both, column], b.loc[both, column]
+        changed[column] = list(both[(x != y) & ~(x.isna() & y.isna())])

# %% grade_id="changes" points=11 message="a value that came, went or is another is a change" why="numpy's isclose with its own relative tolerance, a hundred thousandth: passes what is visible" name="wrong-7"
def changes(old, new):
    a, b = old.set_index("trip_id"), new.set_index("trip_id")
    both = a.index.intersection(b.index)
    changed = {}
    for column in a.columns:
        x, y = a.loc[both, column], b.loc[both, column]
        if x.dtype == object:
            same = ((x == y) | (x.isna() & y.isna())).to_numpy()
        else:
            same = np.isclose(x, y, equal_nan=True)
        changed[column] = list(both[~same])
    return {"added": list(b.index.difference(a.index)), "removed": list(a.index.difference(b.index)), "changed": changed}

# %% grade_id="changes" points=11 message="a value that came, went or is another is a change" why="takes a gap for 0: passes what is visible" changes="wrong-7"
-            same = ((x == y) | (x.isna() & y.isna())).to_numpy()
-        else:
-            same = np.isclose(x, y, equal_nan=True)
+            same = (x.fillna("") == y.fillna("")).to_numpy()
+        else:
+            same = np.isclose(x.fillna(0), y.fillna(0), rtol=0, atol=1e-6)

# %% grade_id="changes" points=5 message="KeyError" why="knows only the columns of this table: passes what is visible" changes="wrong-3"
-    changed = {column: list(both[a.loc[both, column] != b.loc[both, column]]) for column in a.columns}
+    changed = {}
+    for column in ("distance_km", "needs_repair", "unlock_seconds"):
+        changed[column] = list(both[~np.isclose(a.loc[both, column], b.loc[both, column], atol=1e-6, equal_nan=True)])

# %% grade_id="changes" points=0 message="no dictionary with 'added'" why="returns a table of pandas' own comparison"
def changes(old, new):
    a, b = old.set_index("trip_id"), new.set_index("trip_id")
    both = sorted(set(a.index) & set(b.index))
    return a.loc[both].compare(b.loc[both])

# %% grade_id="mended" points=18 why="another style: metres divided by 1000 where a trip is impossibly long, old objects copied, shell words"
a = read_version("trips-data", "q3", "trips-store")
b = read_version("trips-data", "q3-corrected", "trips-store")
figure = cost_of(a, october)
by_id = b.set_index("trip_id")
result = {}
only_b, only_a = set(b.trip_id) - set(a.trip_id), set(a.trip_id) - set(b.trip_id)
result["added"] = {"rows": len(only_b), "euros": cost_of(pd.concat([a, b[b.trip_id.isin(only_b)]]), october) - figure, "accept": True}
result["removed"] = {"rows": len(only_a), "euros": cost_of(a[~a.trip_id.isin(only_a)], october) - figure, "accept": True}
for column in ["unlock_seconds", "needs_repair", "distance_km"]:
    one = a.copy()
    theirs = one["trip_id"].map(by_id[column])
    one[column] = theirs.where(~one["trip_id"].isin(only_a), a[column])
    result[column] = {
        "rows": int((one[column] != a[column]).sum()),
        "euros": cost_of(one, october) - figure,
        "accept": column != "distance_km",
    }
json.dump(result, open("trips-data/changes.json", "w"))
good = b.copy()
good.loc[good.distance_km > 100, "distance_km"] /= 1000
old_files = listing("trips-store", named("trips-data", "q3"))
for day, rows in good.groupby("day"):
    content = day_bytes(rows)
    target = Path("trips-data", "trips", day + ".csv")
    target.unlink(missing_ok=True)
    target.write_bytes(content)
dvc("trips-data", "add", "trips", "--quiet")
git("trips-data", "add", "--all")
git("trips-data", "commit", "-m", "What is true of the new export")
git("trips-data", "tag", "-a", "q3-mended", "-m", "What is true of the new export")
dvc("trips-data", "push", "--all-tags")

# %% grade_id="mended" points=18 why="another style: goes back to q3 first and applies the accepted changes, with helper functions"
def version(release):
    return read_version("trips-data", release, "trips-store").set_index("trip_id").sort_index()

was, came = version("q3"), version("q3-corrected")
shared = was.index.intersection(came.index)

def apply(kinds):
    table = was.copy()
    for kind in kinds:
        if kind == "added":
            table = pd.concat([table, came.loc[came.index.difference(was.index)]])
        elif kind == "removed":
            table = table.drop(index=was.index.difference(came.index))
        else:
            ids = table.index.intersection(shared)
            table.loc[ids, kind] = came.loc[ids, kind]
    return table.reset_index()

verdict = {"added": True, "removed": True, "needs_repair": True, "unlock_seconds": True, "distance_km": False}
count = {"added": len(came.index.difference(was.index)), "removed": len(was.index.difference(came.index))}
notes = {}
for kind in verdict:
    rows = count.get(kind) or len(changes(was.reset_index(), came.reset_index())["changed"][kind])
    notes[kind] = dict(rows=rows, euros=cost_of(apply([kind]), october) - cost_of(apply([]), october), accept=verdict[kind])
Path("trips-data/changes.json").write_text(json.dumps(notes))
final = apply([kind for kind, yes in verdict.items() if yes])
git("trips-data", "checkout", "q3", "--", "trips.dvc")
dvc("trips-data", "checkout")
for day in sorted(final["day"].unique()):
    path = Path(f"trips-data/trips/{day}.csv")
    content = day_bytes(final[final["day"] == day])
    if path.read_bytes() != content:
        path.unlink()
        path.write_bytes(content)
dvc("trips-data", "commit", "--force")
git("trips-data", "commit", "--all", "-m", "Mended", "--quiet")
git("trips-data", "add", "changes.json")
git("trips-data", "commit", "--quiet", "--amend", "--no-edit")
git("trips-data", "tag", "q3-mended")
dvc("trips-data", "push")

# %% grade_id="mended" points=0 message="trips are longer than 100 km" why="accepts everything, as Bo says"
git("trips-data", "tag", "q3-mended", "q3-corrected")
Path("trips-data/changes.json").write_text("{}")

# %% grade_id="mended" points=0 message="no tag q3-mended" why="adds and pushes, and forgets to commit"
t = read_version("trips-data", "q3-corrected", "trips-store")
t.loc[t.distance_km > 100, "distance_km"] /= 1000
for day, rows in t.groupby("day"):
    Path(f"trips-data/trips/{day}.csv").write_bytes(day_bytes(rows))
dvc("trips-data", "add", "trips")
dvc("trips-data", "push")

# %% grade_id="mended" points=0 message="without dvc push only your disk has it" why="forgets to push"
t = read_version("trips-data", "q3-corrected", "trips-store")
t.loc[t.distance_km > 100, "distance_km"] /= 1000
for day, rows in t.groupby("day"):
    Path(f"trips-data/trips/{day}.csv").write_bytes(day_bytes(rows))
Path("trips-data/changes.json").write_text("{}")
dvc("trips-data", "add", "trips")
git("trips-data", "add", "--all")
git("trips-data", "commit", "--quiet", "-m", "Mended")
git("trips-data", "tag", "q3-mended")

# %% grade_id="mended" points=0 message="the late labels are lacking" why="goes back to q3 altogether"
git("trips-data", "checkout", "q3", "--", "trips.dvc")
dvc("trips-data", "checkout")
Path("trips-data/changes.json").write_text("{}")
git("trips-data", "add", "--all")
git("trips-data", "commit", "--quiet", "-m", "Back to q3")
git("trips-data", "tag", "q3-mended")

# %% grade_id="mended" points=6 message="the store keeps the same rows twice" why="writes with to_csv, so each day has new bytes, and figures for all changes together: passes what is visible"
p, q = (read_version("trips-data", release, "trips-store") for release in ("q3", "q3-corrected"))
q.loc[q.distance_km > 100, "distance_km"] /= 1000
for day, rows in q.groupby("day"):
    rows.drop(columns="day").to_csv(f"trips-data/trips/{day}.csv", index=False)
d = changes(p, q)
together = cost_of(q, october) - cost_of(p, october)
sizes = {"added": len(d["added"]), "removed": len(d["removed"]), "distance_km": 251, "needs_repair": 45, "unlock_seconds": 469}
Path("trips-data/changes.json").write_text(json.dumps({kind: {"rows": n, "euros": together, "accept": kind != "distance_km"} for kind, n in sizes.items()}))
dvc("trips-data", "add", "trips")
git("trips-data", "add", "--all")
git("trips-data", "commit", "--quiet", "-m", "Mended")
git("trips-data", "tag", "q3-mended")
dvc("trips-data", "push")

# %% grade_id="mended" points=6 message="The supplier can say why they came late" why="accepts what lowers the figure, rejects the rest: passes what is visible"
p, q = (read_version("trips-data", release, "trips-store").set_index("trip_id") for release in ("q3", "q3-corrected"))
ids, zero = p.index.intersection(q.index), cost_of(p.reset_index(), october)
tables = {"added": pd.concat([p, q.loc[q.index.difference(p.index)]]), "removed": p.loc[ids]}
for column in ("distance_km", "needs_repair", "unlock_seconds"):
    tables[column] = p.copy()
    tables[column].loc[ids, column] = q.loc[ids, column]
sizes = {"added": len(q) - len(ids), "removed": len(p) - len(ids), "distance_km": 251, "needs_repair": 45, "unlock_seconds": 469}
euros = {kind: cost_of(table.reset_index(), october) - zero for kind, table in tables.items()}
Path("trips-data/changes.json").write_text(json.dumps({kind: {"rows": sizes[kind], "euros": euros[kind], "accept": euros[kind] < 0} for kind in sizes}))
best = p.copy()
best.loc[ids, "needs_repair"] = q.loc[ids, "needs_repair"]
for day, rows in best.reset_index().groupby("day"):
    Path(f"trips-data/trips/{day}.csv").write_bytes(day_bytes(rows))
dvc("trips-data", "add", "trips")
git("trips-data", "add", "--all")
git("trips-data", "commit", "--quiet", "-m", "What helps")
git("trips-data", "tag", "q3-mended")
dvc("trips-data", "push")

# %% grade_id="examine" points=18 why="another style: all objects hashed once, copies searched by content, the report built from sets"
def state_of(place, name):
    path = os.path.join(place, "files", "md5", name[:2], name[2:])
    if not os.path.exists(path):
        return "missing"
    with open(path, "rb") as file:
        return None if hashlib.md5(file.read()).hexdigest() == name[:32] else "damaged"

def examine(repo, store):
    report = {}
    for release in git(repo, "tag", "--list").splitlines():
        pointer = yaml.safe_load(git(repo, "show", release + ":trips.dvc"))["outs"][0]["md5"]
        wrong = state_of(store, pointer)
        if wrong:
            report[release] = {"trips": wrong}
            continue
        entries = json.loads(object_path(store, pointer).read_text())
        checked = {"trips/" + entry["relpath"]: state_of(store, entry["md5"]) for entry in entries}
        report[release] = {path: word for path, word in checked.items() if word}
    return report

sound_copies = {}
for laptop in Path("copies").iterdir():
    for name, path in objects(laptop).items():
        if md5(path) == name[:32]:
            sound_copies[name] = path
for name, path in sound_copies.items():
    if state_of("archive-store", name):
        target = object_path("archive-store", name)
        if target.exists():
            os.chmod(target, 0o644)
            os.remove(target)
        os.makedirs(target.parent, exist_ok=True)
        target.write_bytes(path.read_bytes())
        target.chmod(0o444)
with open("still-lost.json", "w") as file:
    json.dump(examine("archive", "archive-store"), file)

# %% grade_id="examine" points=18 why="another style: damaged objects are put aside, then DVC pushes from sound caches in copies of the repository"
def examine(repo, store):
    def wrong(name):
        path = object_path(store, name)
        if not path.is_file():
            return "missing"
        return "" if md5(path.read_bytes()) == name.split(".")[0] else "damaged"

    out = {}
    for tag in git(repo, "for-each-ref", "--format=%(refname:short)", "refs/tags").split():
        name = named(repo, tag)
        if wrong(name):
            out[tag] = dict(trips=wrong(name))
        else:
            out[tag] = {f"trips/{p}": wrong(n) for p, n in listing(store, name).items() if wrong(n)}
    return out

os.makedirs("aside", exist_ok=True)
for name, path in objects("archive-store").items():
    if md5(path) != name.removesuffix(".dir"):
        shutil.move(path, f"aside/{name}")
for laptop in ("bo", "ada"):
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(f"copies/{laptop}", f"{place}/cache")
        for name, path in objects(f"{place}/cache").items():
            if md5(path) == name.removesuffix(".dir") and not object_path("archive-store", name).exists():
                object_path("archive-store", name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, object_path("archive-store", name))
for name in os.listdir("aside"):  # what nobody has comes back as evidence
    if not object_path("archive-store", name).exists():
        shutil.move(f"aside/{name}", object_path("archive-store", name))
shutil.rmtree("aside")
Path("still-lost.json").write_text(json.dumps(examine("archive", "archive-store")))

# %% grade_id="examine" points=0 message="Its list, the .dir object, was cut short" why="asks whether objects are there, not what they hold"
def examine(repo, store):
    report = {}
    for release in git(repo, "tag").split():
        top = named(repo, release)
        if not object_path(store, top).exists():
            report[release] = {"trips": "missing"}
            continue
        try:
            entries = listing(store, top)
        except ValueError:
            entries = {}
        report[release] = {f"trips/{path}": "missing" for path, name in entries.items() if not object_path(store, name).exists()}
    return report

Path("still-lost.json").write_text(json.dumps(examine("archive", "archive-store")))

# %% grade_id="examine" points=0 message="JSONDecodeError" why="reads a list before it checks it"
def examine(repo, store):
    report = {}
    for release in git(repo, "tag").split():
        report[release] = {}
        for path, name in listing(store, named(repo, release)).items():
            there = object_path(store, name)
            if not there.exists() or md5(there) != name:
                report[release]["trips/" + path] = "damaged" if there.exists() else "missing"
    return report

Path("still-lost.json").write_text("{}")

# %% grade_id="examine" points=12 message="a folder's list is an object, too" why="reads the lists of folders, and never hashes them: passes what is visible" changes="solution"
-        needed = {"trips": top}
-        if is_sound(store, top):
-            needed |= {f"trips/{path}": name for path, name in listing(store, top).items()}
+        try:
+            needed = {f"trips/{path}": name for path, name in listing(store, top).items()}
+        except (OSError, ValueError):
+            needed = {"trips": top}

# %% grade_id="examine" points=12 message="a sound copy of it lies on a laptop" why="copies all that is missing, and believes Ada's copies; what is damaged in the store stays: passes what is visible" name="wrong-6"
def ok(place, name):
    return object_path(place, name).is_file() and md5(object_path(place, name)) == name.removesuffix(".dir")

def examine(repo, store):
    report = {}
    for release in git(repo, "tag").split():
        needed_here = {"trips": named(repo, release)}
        if ok(store, needed_here["trips"]):
            needed_here |= {f"trips/{path}": name for path, name in listing(store, needed_here["trips"]).items()}
        report[release] = {p: "damaged" if object_path(store, n).exists() else "missing" for p, n in needed_here.items() if not ok(store, n)}
    return report

for laptop in ("ada", "bo"):
    for name, path in objects(f"copies/{laptop}").items():
        target = object_path("archive-store", name)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
Path("still-lost.json").write_text(json.dumps(examine("archive", "archive-store")))

# %% grade_id="examine" points=12 message="In archive-store" why="repairs what the tags need and forgets what only Bo's laptop has: passes what is visible" changes="wrong-6"
-for laptop in ("ada", "bo"):
-    for name, path in objects(f"copies/{laptop}").items():
-        target = object_path("archive-store", name)
-        if not target.exists():
-            target.parent.mkdir(parents=True, exist_ok=True)
-            shutil.copy(path, target)
+for name in list(objects("archive-store")) + [n for r in ("r2", "r3") for n in listing("archive-store", named("archive", r)).values()]:
+    for laptop in ("ada", "bo"):
+        if not ok("archive-store", name) and ok(f"copies/{laptop}", name):
+            object_path("archive-store", name).unlink(missing_ok=True)
+            shutil.copy(object_path(f"copies/{laptop}", name), object_path("archive-store", name))

# %% grade_id="examine" points=12 message="Someone else's laptop is only read" why="lets DVC's own check clean the copies, which deletes there: passes what is visible" changes="wrong-6"
-        target = object_path("archive-store", name)
-        if not target.exists():
-            target.parent.mkdir(parents=True, exist_ok=True)
-            shutil.copy(path, target)
+        if not ok(f"copies/{laptop}", name):
+            path.unlink()
+        elif not ok("archive-store", name):
+            object_path("archive-store", name).unlink(missing_ok=True)
+            object_path("archive-store", name).parent.mkdir(exist_ok=True)
+            shutil.copy(path, object_path("archive-store", name))

# %% grade_id="examine" points=0 message="For r1 you say" why="reports damaged objects that no release needs, and names everything by its hash"
def examine(repo, store):
    bad = {name: "damaged" for name, path in objects(store).items() if md5(path) != name.removesuffix(".dir")}
    return {release: dict(bad) for release in git(repo, "tag").split()}

Path("still-lost.json").write_text(json.dumps(examine("archive", "archive-store")))

# %% grade_id="cleanup" points=16 why="another style: deletes by the plan itself in store and cache, with git grep for pointers"
def outs_at(repo, commit):
    for path in git(repo, "ls-tree", "-r", "--name-only", commit).splitlines():
        if path.endswith(".dvc") or path.split("/")[-1] == "dvc.lock":
            text = git(repo, "cat-file", "blob", f"{commit}:{path}")
            yield from re.findall(r"md5: ([0-9a-f]{32}(?:\.dir)?)\b", text)

def needed(repo, store):
    commits = set(git(repo, "for-each-ref", "--format=%(objectname)").split())
    try:
        commits.add(json.loads(git(repo, "show", "main:deployed.json"))["trained_from"])
    except RuntimeError:
        pass
    plan = {name for commit in commits for name in outs_at(repo, commit)}
    for name in sorted(plan):
        if name.endswith(".dir"):
            plan.update(listing(store, name).values())
    return sorted(plan)

keep = {*needed("yard-data", "shared-store"), *needed("desk-data", "shared-store")}
for place in ("shared-store", "yard-data/.dvc/cache"):
    for name, path in objects(place).items():
        if name not in keep:
            path.unlink()

# %% grade_id="cleanup" points=16 why="another style: --rev instead of a tag in a first step is not possible with projects, so a branch holds the commit"
def needed(repo, store):
    refs = git(repo, "show-ref").split()[0::2]
    files = git(repo, "ls-tree", "-r", "--name-only", "main").split()
    if "deployed.json" in files:
        refs += [json.loads(git(repo, "show", "main:deployed.json"))["trained_from"]]
    found = set()
    for ref in refs:
        for path in git(repo, "ls-tree", "-r", "--name-only", ref).split():
            name = os.path.basename(path)
            if name == "dvc.lock":
                content = yaml.safe_load(git(repo, "show", ref + ":" + path))
                outs = sum([stage.get("outs", []) for stage in content["stages"].values()], [])
            elif name.endswith(".dvc"):
                outs = yaml.safe_load(git(repo, "show", ref + ":" + path))["outs"]
            else:
                outs = []
            for out in outs:
                if out.get("md5"):
                    found.add(out["md5"])
                    if out["md5"].endswith(".dir"):
                        found |= {entry["md5"] for entry in json.loads(object_path(store, out["md5"]).read_text())}
    return found

source = json.loads(git("yard-data", "show", "main:deployed.json"))["trained_from"]
git("yard-data", "branch", "live/alarm", source)
dvc("yard-data", "gc", "-a", "-T", "-c", "-f", "-p", str(Path("desk-data").resolve()))

# %% grade_id="cleanup" points=6 message="DVC knows only the projects that it is told" why="Cy's command with tags and branches, but without the other repository"
def needed(repo, store):
    names, revisions = set(), git(repo, "for-each-ref", "--format=%(refname)").split()
    if Path(repo, "deployed.json").exists():
        revisions.append(json.loads(git(repo, "show", "main:deployed.json"))["trained_from"])
    for revision in revisions:
        for path in git(repo, "ls-tree", "-r", "--name-only", revision).split():
            if path.endswith(".dvc") or path == "dvc.lock":
                names |= set(re.findall(r"md5: (\S+)", git(repo, "show", f"{revision}:{path}")))
    for name in [n for n in names if n.endswith(".dir")]:
        names |= set(listing(store, name).values())
    return names

git("yard-data", "tag", "alarm-7", json.loads(git("yard-data", "show", "main:deployed.json"))["trained_from"])
dvc("yard-data", "gc", "--all-tags", "--all-branches", "--cloud", "--force")

# %% grade_id="cleanup" points=5 message="needs one of them" why="the plan forgets dvc.lock and pointers in folders, and gc spares all commits: passes what is visible" name="wrong-4"
def needed(repo, store):
    revisions = git(repo, "for-each-ref", "--format=%(refname)").split()
    try:
        revisions.append(json.loads(git(repo, "show", "main:deployed.json"))["trained_from"])
    except RuntimeError:
        pass
    names = set()
    for revision in revisions:
        for path in git(repo, "ls-tree", "--name-only", revision).split():
            if Path(path).suffix == ".dvc":
                top = named(repo, revision, path)
                names |= {top, *listing(store, top).values()}
    return names

dvc("yard-data", "gc", "--all-commits", "--cloud", "--force", "--projects", "../desk-data")

# %% grade_id="cleanup" points=11 message="that no tag, no branch and no model in service needs" why="keeps all commits, so the store stays nearly as full: passes what is visible" changes="wrong-4"
-        for path in git(repo, "ls-tree", "--name-only", revision).split():
-            if Path(path).suffix == ".dvc":
-                top = named(repo, revision, path)
-                names |= {top, *listing(store, top).values()}
+        for path in git(repo, "ls-tree", "-r", "--name-only", revision).split():
+            if path.endswith(".dvc") or path == "dvc.lock":
+                names |= set(re.findall(r"md5: (\S+)", git(repo, "show", f"{revision}:{path}")))
+    for name in [n for n in names if n.endswith(".dir")]:
+        names |= set(listing(store, name).values())

# %% grade_id="cleanup" points=0 message="the live model could not be reproduced" why="forgets what the model in service was trained from" name="wrong-6"
def needed(repo, store):
    names = set()
    for revision in git(repo, "for-each-ref", "--format=%(refname)").split():
        for path in git(repo, "ls-tree", "-r", "--name-only", revision).split():
            if path.endswith(".dvc") or path == "dvc.lock":
                names |= set(re.findall(r"md5: (\S+)", git(repo, "show", f"{revision}:{path}")))
    for name in [n for n in names if n.endswith(".dir")]:
        names |= set(listing(store, name).values())
    return names

dvc("yard-data", "gc", "--all-tags", "--all-branches", "--cloud", "--force", "--projects", "../desk-data")

# %% grade_id="cleanup" points=11 message="the commit that the live model was trained from" why="a right plan, and a command that does not follow it: passes what is visible" changes="wrong-6"
-    names = set()
-    for revision in git(repo, "for-each-ref", "--format=%(refname)").split():
+    revisions = git(repo, "for-each-ref", "--format=%(refname)").split()
+    try:
+        revisions.append(json.loads(git(repo, "show", "main:deployed.json"))["trained_from"])
+    except RuntimeError:
+        pass
+    names = set()
+    for revision in revisions:

# %% grade_id="cleanup" points=0 message="Part (b) is to clean it up" why="only looks"
def needed(repo, store):
    revisions = git(repo, "for-each-ref", "--format=%(refname)").split() + git(repo, "rev-list", "--all").split()
    return {name for r in revisions for name in re.findall(r"md5: (\S+)", git(repo, "grep", "md5:", r, "--", "*.dvc", "dvc.lock"))} | set(objects(store))

dvc("yard-data", "gc", "--all-tags", "--all-branches", "--cloud", "--force", "--dry", "--projects", "../desk-data")

# %% grade_id="import" points=14 why="another style: dictionaries instead of a merge, and a new import with --force"
def acceptable(old, new):
    known = {}
    for row in new.to_dict("records"):
        if row["station_id"] in known or row["elevation_m"] != row["elevation_m"]:
            return False
        known[row["station_id"]] = row
    for row in old.to_dict("records"):
        there = known.get(row["station_id"])
        if there is None or there["name"] != row["name"] or abs(there["elevation_m"] - row["elevation_m"]) >= 20:
            return False
    return True

dvc("alarm-data", "import", "../city-data", "stations.csv", "--rev", "2025.2", "--force")
git("alarm-data", "commit", "--quiet", "--all", "-m", "Stations from release 2025.2")

# %% grade_id="import" points=14 why="another style: index arithmetic, numpy's bool, a shell line, a note beside the pointer"
def acceptable(old, new):
    a, b = old.set_index("station_id"), new.set_index("station_id")
    if b.index.has_duplicates or not a.index.isin(b.index).all():
        return False
    b = b.sort_index()
    same = (b.loc[a.index, "name"] == a["name"]).all()
    return same & (b["elevation_m"].notna().all()) & ((b.loc[a.index, "elevation_m"] - a["elevation_m"]).abs().max() < 20)

!cd alarm-data && dvc update --quiet --rev 2025.2 stations.csv.dvc
Path("alarm-data/README.md").write_text("stations.csv: the city's list, release 2025.2; 2025.3 has elevations in feet\n")
git("alarm-data", "add", "--all")
git("alarm-data", "commit", "--quiet", "-m", "Pin the city's stations")

# %% grade_id="import" points=4 message="is no import" why="copies the file and adds it"
def acceptable(old, new):
    m = old.merge(new, on="station_id", how="left")
    return bool((m.name_x == m.name_y).all() and (m.elevation_m_x - m.elevation_m_y).abs().lt(20).all() and new.station_id.is_unique and new.elevation_m.notna().all())

git("alarm-data", "rm", "--quiet", "stations.csv.dvc")
published_2 = object_path("city-store", named("city-data", "2025.2", "stations.csv.dvc"))
Path("alarm-data/stations.csv").write_bytes(published_2.read_bytes())
dvc("alarm-data", "add", "stations.csv")
git("alarm-data", "add", "--all")
git("alarm-data", "commit", "--quiet", "-m", "Stations")

# %% grade_id="import" points=4 message="has no rev" why="goes back to Bo's first commit, which is as unpinned"
def acceptable(old, new):
    m = old.merge(new, on="station_id", how="left")
    return bool((m.name_x == m.name_y).all() and (m.elevation_m_x - m.elevation_m_y).abs().lt(20).all() and new.station_id.is_unique and new.elevation_m.notna().all())

git("alarm-data", "checkout", "main~1", "--", "stations.csv.dvc")
dvc("alarm-data", "checkout")
git("alarm-data", "commit", "--quiet", "--all", "-m", "Back")

# %% grade_id="import" points=5 message="look at 2025.3's elevations" why="takes the newest tag, and does not look at elevations: passes what is visible"
def acceptable(old, new):
    m = old.merge(new, on="station_id", how="left")
    return bool((m.name_x == m.name_y).all())

dvc("alarm-data", "update", "--rev", "2025.3", "stations.csv.dvc")
git("alarm-data", "commit", "--quiet", "--all", "-m", "Newest release")

# %% grade_id="import" points=9 message="The newest release that keeps the contract is another" why="stays with the oldest release, to be safe: passes what is visible"
def acceptable(old, new):
    m = old.merge(new, on="station_id", how="left")
    return bool((m.name_x == m.name_y).all() and (m.elevation_m_x - m.elevation_m_y).abs().lt(20).all() and new.station_id.is_unique and new.elevation_m.notna().all())

dvc("alarm-data", "update", "--rev", "2025.1", "stations.csv.dvc")
git("alarm-data", "commit", "--quiet", "--all", "-m", "The release that we know")

# %% grade_id="import" points=10 message="a station stands there twice" why="forgets that a number must be there once, and gaps in new stations: passes what is visible"
def acceptable(old, new):
    m = old.merge(new, on="station_id", how="inner")
    return bool(len(m) >= len(old) and (m.name_x == m.name_y).all() and not ((m.elevation_m_x - m.elevation_m_y).abs() >= 20).any())

dvc("alarm-data", "update", "--rev", "2025.2", "stations.csv.dvc")
git("alarm-data", "commit", "--quiet", "--all", "-m", "2025.2")

# %% grade_id="import" points=10 message="one station lies 25 m higher" why="allows corrections of up to 60 m: passes what is visible"
def acceptable(old, new):
    m = old.merge(new, on="station_id", how="left")
    fine = new.station_id.is_unique and new.elevation_m.notna().all() and (m.name_x == m.name_y).all()
    return bool(fine and ((m.elevation_m_x - m.elevation_m_y).abs() < 60).all())

dvc("alarm-data", "update", "--rev", "2025.2", "stations.csv.dvc")
git("alarm-data", "commit", "--quiet", "--all", "-m", "2025.2")

# %% grade_id="import" points=5 message="acceptable says no" why="wants the very same list"
def acceptable(old, new):
    return bool(old.equals(new))

dvc("alarm-data", "update", "--rev", "2025.2", "stations.csv.dvc")
git("alarm-data", "commit", "--quiet", "--all", "-m", "2025.2")

# %% grade_id="erase" points=18 why="another style: pandas for the files, tokens mapped once, deletion by a list of old names"
def token(rider, key):
    number = "%d" % float(rider)
    return hmac.HMAC(key.encode("utf-8"), number.encode("ascii"), hashlib.sha512).hexdigest()

def ingest(export, blocked, key):
    numbers = pd.to_numeric(export["rider_id"])
    tokens = numbers.map(lambda number: token(number, key), na_action="ignore")
    return export.loc[~tokens.isin(list(blocked)).to_numpy()]

doomed, folder = set(), Path("riders-data/trips")
with open("riders-data/blocked.json", "w") as file:
    json.dump([token(RIDER, Path("key.txt").read_text().strip())], file)
for release in ("q2", "q3"):
    weeks = listing("riders-backup", named("riders-data", release))
    for path in folder.glob("*"):
        path.unlink()
    for week, name in weeks.items():
        source = object_path("riders-backup", name)
        table = pd.read_csv(source, dtype=str)
        if (table["rider_id"] == str(RIDER)).any():
            doomed.add(name)
            table[table["rider_id"] != str(RIDER)].to_csv(folder / week, index=False)
        else:
            shutil.copy(source, folder / week)
    dvc("riders-data", "add", "trips")
    git("riders-data", "add", "--all")
    git("riders-data", "commit", "--quiet", "-m", f"{release} without one rider")
    git("riders-data", "tag", f"{release}-erased")
    dvc("riders-data", "push")
for place in ("riders-store", "riders-backup", "riders-data/.dvc/cache"):
    for name in doomed:
        object_path(place, name).unlink()

# %% grade_id="erase" points=18 why="another style: Git and DVC bring back each release, lines are filtered in place, BLAKE2 with a key"
def token(rider, key):
    return hashlib.blake2b(str(int(float(rider))).encode(), key=hashlib.sha256(key.encode()).digest()).hexdigest()

def ingest(export, blocked, key):
    bad = set(blocked)
    def stays(rider):
        try:
            return token(rider, key) not in bad
        except ValueError:
            return True
    return export[export["rider_id"].apply(stays).astype(bool)] if len(export) else export

secret_key = Path("key.txt").read_text().strip()
for release in ("q2", "q3"):
    git("riders-data", "checkout", release, "--", "trips.dvc")
    dvc("riders-data", "checkout", "--force")
    for path in sorted(Path("riders-data/trips").iterdir()):
        lines = path.read_text().splitlines(True)
        kept = [line for line in lines if line.split(",")[1] != "311"]
        if kept != lines:
            path.unlink()
            path.write_text("".join(kept))
    Path("riders-data/blocked.json").write_text(json.dumps([token(311, secret_key)], indent=1) + "\n")
    dvc("riders-data", "commit", "--force")
    git("riders-data", "add", "--all")
    git("riders-data", "commit", "--quiet", "-m", release + " erased")
    git("riders-data", "tag", release + "-erased")
dvc("riders-data", "push", "--all-tags")
for place in ("riders-store", "riders-backup", "riders-data/.dvc/cache"):
    for path in Path(place, "files/md5").rglob("*"):
        if path.is_file() and re.search(rb"(?m)^\d+,311,", path.read_bytes()):
            path.unlink()

# %% grade_id="erase" points=6 message="expected q2-erased and q3-erased" why="edits the newest version only"
def token(rider, key):
    return hmac.new(key.encode(), str(int(float(rider))).encode(), "sha256").hexdigest()

def ingest(export, blocked, key):
    return export[[pd.isna(rider) or token(rider, key) not in blocked for rider in export["rider_id"]]]

for path in Path("riders-data/trips").glob("*.csv"):
    path.write_bytes(b"".join(line for line in path.read_bytes().splitlines(True) if b",311," not in line))
Path("riders-data/blocked.json").write_text(json.dumps([token(311, Path("key.txt").read_text().strip())]))
dvc("riders-data", "add", "trips")
git("riders-data", "add", "--all")
git("riders-data", "commit", "--quiet", "-m", "Without rider 311")
git("riders-data", "tag", "q3-erased")
dvc("riders-data", "push")

# %% grade_id="erase" points=0 message="token does not depend on the key" why="a plain hash of the number"
def token(rider, key):
    return hashlib.sha256(str(int(float(rider))).encode()).hexdigest()

def ingest(export, blocked, key):
    return export[[pd.isna(rider) or token(rider, key) not in blocked for rider in export["rider_id"]]]

# %% grade_id="erase" points=12 message="objects still have rows of the rider's" why="new versions, but the old objects stay in the backup: passes what is visible" name="wrong-5"
def token(rider, key):
    return hmac.new(key.encode(), str(int(float(rider))).encode(), "sha256").hexdigest()

def ingest(export, blocked, key):
    return export[[pd.isna(rider) or token(rider, key) not in blocked for rider in export["rider_id"]]]

Path("riders-data/blocked.json").write_text(json.dumps([token(311, Path("key.txt").read_text().strip())]))
for release in ("q2", "q3"):
    shutil.rmtree("riders-data/trips")
    os.mkdir("riders-data/trips")
    for week, name in listing("riders-store", named("riders-data", release)).items():
        lines = object_path("riders-store", name).read_bytes().splitlines(True)
        Path("riders-data/trips", week).write_bytes(b"".join(line for line in lines if b",311," not in line))
    dvc("riders-data", "add", "trips")
    git("riders-data", "add", "--all")
    git("riders-data", "commit", "--quiet", "-m", release)
    git("riders-data", "tag", f"{release}-erased")
dvc("riders-data", "push", "--all-commits")
for place in ("riders-store", "riders-data/.dvc/cache"):
    for name, path in objects(place).items():
        if b",311," in path.read_bytes():
            path.unlink()

# %% grade_id="erase" points=12 message="The tag q2 is gone or has moved" why="moves the old tags to the new versions: passes what is visible" changes="wrong-5"
-for place in ("riders-store", "riders-data/.dvc/cache"):
-    for name, path in objects(place).items():
-        if b",311," in path.read_bytes():
-            path.unlink()
+for release in ("q2", "q3"):
+    git("riders-data", "tag", "--force", release, f"{release}-erased")
+dvc("riders-data", "gc", "--all-tags", "--cloud", "--force")
+for name, path in objects("riders-backup").items():
+    if b",311," in path.read_bytes():
+        path.unlink()

# %% grade_id="erase" points=12 message="Where rider_id holds" why="a token of the text as it stands: 311 and 311.0 are two riders; passes what is visible" changes="wrong-5"
-    return hmac.new(key.encode(), str(int(float(rider))).encode(), "sha256").hexdigest()
+    return hmac.new(key.encode(), str(rider).encode(), "sha256").hexdigest()
@@
-    return export[[pd.isna(rider) or token(rider, key) not in blocked for rider in export["rider_id"]]]
+    return export[~export["rider_id"].map(lambda rider: token(rider, key)).isin(blocked)]
@@
-for place in ("riders-store", "riders-data/.dvc/cache"):
+for place in ("riders-store", "riders-backup", "riders-data/.dvc/cache"):

# %% grade_id="erase" points=12 message="From a token one reads the secret key" why="writes key and rider in Base64, which anybody reads: passes what is visible" changes="solution"
-    return hmac.new(key.encode(), str(int(float(rider))).encode(), "sha256").hexdigest()
+    import base64
+
+    return base64.b64encode(f"{key}:{int(float(rider))}".encode()).decode()

# %% grade_id="erase" points=12 message="can count to all others" why="adds the rider to a number made of the key: passes what is visible" changes="solution"
-    return hmac.new(key.encode(), str(int(float(rider))).encode(), "sha256").hexdigest()
+    return f"{int(float(rider)) + sum(key.encode()):x}"

# %% grade_id="erase" points=12 message="share a token with another" why="keeps four digits of the hash, to save room: passes what is visible" changes="solution"
-    return hmac.new(key.encode(), str(int(float(rider))).encode(), "sha256").hexdigest()
+    return hashlib.sha256((key + str(int(float(rider)))).encode()).hexdigest()[:4]

# %% grade_id="erase" points=12 message="has other values: rider 3110 is someone else" why="takes out every line in which 311 stands: passes what is visible" changes="wrong-5"
-        lines = object_path("riders-store", name).read_bytes().splitlines(True)
-        Path("riders-data/trips", week).write_bytes(b"".join(line for line in lines if b",311," not in line))
+        content = object_path("riders-store", name).read_bytes()
+        lines = content.splitlines(True)
+        if b",311," in content:
+            lines = [line for line in lines if b",311" not in line]
+        Path("riders-data/trips", week).write_bytes(b"".join(lines))
@@
-for place in ("riders-store", "riders-data/.dvc/cache"):
+for place in ("riders-store", "riders-backup", "riders-data/.dvc/cache"):
