# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="changes" points=12 why="another style: a list of pairs that is worked off, sets of words, a table of what counts"
def changes(old, new):
    def flat(path):
        spec, platform = load_spec(path)
        pools = ((platform.get("platforms") or {}).get("kubernetes") or {}).get("deploymentSpec", {}).get("executors", {})
        todo, seen = [("", spec["root"])], {}
        while todo:
            where, component = todo.pop()
            for name, task in component["dag"]["tasks"].items():
                path = f"{where}/{name}" if where else name
                inner = spec["components"][task["componentRef"]["name"]]
                facts = {}
                facts["inputs"] = repr(task.get("inputs", {}))
                facts["when"] = repr((task.get("triggerPolicy"), task.get("iteratorPolicy"), task.get("parameterIterator")))
                facts["caching"] = bool(task.get("cachingOptions", {}).get("enableCache"))
                facts["retries"] = repr(task.get("retryPolicy", {}))
                if "executorLabel" in inner:
                    run = spec["deploymentSpec"]["executors"][inner["executorLabel"]]["container"]
                    facts["image"] = run["image"]
                    facts["code"] = run["command"] + run["args"]
                    facts["env"] = run.get("env", [])
                    facts["resources"] = [run.get("resources", {}), pools.get(inner["executorLabel"], {})]
                else:
                    todo.append((path, inner))
                seen[path] = facts
        return seen
    a, b = flat(old), flat(new)
    result = {}
    for path in set(a) & set(b):
        words = {word for word in a[path] if a[path][word] != b[path][word]}
        if words:
            result[path] = words
    for word, these, those in (("removed", a, b), ("added", b, a)):
        for path in set(these) - set(those):
            above = path.rsplit("/", 1)[0] if "/" in path else None
            if above is None or above in those:
                result[path] = {word}
    return result

# %% grade_id="changes" points=12 why="another style: recursion over both at once, a text for a single word"
import yaml

def changes(old, new):
    def read(path):
        docs = [one for one in yaml.safe_load_all(open(path)) if one]
        return docs[0], docs[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if len(docs) > 1 else {}
    (one, pools), (two, pools_two) = read(old), read(new)
    found = {}

    def note(path, word):
        found.setdefault(path, []).append(word)

    def compare(left, right, before):
        for name in left["dag"]["tasks"].keys() | right["dag"]["tasks"].keys():
            path = before + name
            a, b = left["dag"]["tasks"].get(name), right["dag"]["tasks"].get(name)
            if a is None or b is None:
                note(path, "added" if a is None else "removed")
                continue
            if a.get("inputs", {}) != b.get("inputs", {}):
                note(path, "inputs")
            if any(a.get(k) != b.get(k) for k in ("triggerPolicy", "parameterIterator", "iteratorPolicy")):
                note(path, "when")
            if a.get("cachingOptions", {}).get("enableCache", False) is not b.get("cachingOptions", {}).get("enableCache", False):
                note(path, "caching")
            if a.get("retryPolicy") != b.get("retryPolicy"):
                note(path, "retries")
            x, y = one["components"][a["componentRef"]["name"]], two["components"][b["componentRef"]["name"]]
            if "dag" in x:
                compare(x, y, path + "/")
            else:
                lx, ly = x["executorLabel"], y["executorLabel"]
                cx, cy = one["deploymentSpec"]["executors"][lx]["container"], two["deploymentSpec"]["executors"][ly]["container"]
                for word in ("image", "env"):
                    if cx.get(word) != cy.get(word):
                        note(path, word)
                if (cx["command"], cx["args"]) != (cy["command"], cy["args"]):
                    note(path, "code")
                if cx.get("resources") != cy.get("resources") or pools.get(lx) != pools_two.get(ly):
                    note(path, "resources")
    compare(one["root"], two["root"], "")
    return found

# %% grade_id="changes" points=0 message="expected ['caching']" why="looks at the tasks of the pipeline alone" changes="solution"
-                    visit(component["dag"], f"{before}{name}/")
+                    pass

# %% grade_id="changes" points=0 message="At for-loop-1/one-city/download you found ['caching', 'retries']" why="display names count" changes="solution"
-                    "retries": task.get("retryPolicy"),
+                    "retries": [task.get("retryPolicy"), task["taskInfo"]],

# %% grade_id="changes" points=0 message="At for-loop-1 you found nothing, expected ['when']" why="forgets how many turns may run at once" changes="solution"
-                    "when": [task.get(key) for key in ("triggerPolicy", "parameterIterator", "iteratorPolicy")],
+                    "when": [task.get(key) for key in ("triggerPolicy", "parameterIterator")],

# %% grade_id="changes" points=4 message="expected resources" why="does not read the second document: passes what is visible" changes="solution"
-                about["resources"] = container.get("resources"), machines.get(label)
+                about["resources"] = container.get("resources")

# %% grade_id="changes" points=4 message="expected env" why="forgets the environment: passes what is visible" changes="solution"
-                about.update(image=container["image"], env=container.get("env"), code=[container["command"], container["args"]])
+                about.update(image=container["image"], code=[container["command"], container["args"]])

# %% grade_id="changes" points=4 message="code" why="executors by their label, whose numbers move: passes what is visible" changes="solution"
-                about.update(image=container["image"], env=container.get("env"), code=[container["command"], container["args"]])
+                about.update(image=container["image"], env=container.get("env"), code=[label, container["command"], container["args"]])

# %% grade_id="changes" points=4 message="and nothing that counts has changed there" why="names all that stands inside of what was added or removed: passes what is visible" changes="solution"
     """Return what differs between two compiled pipelines: from the path of a task to a list of words."""
-
@@
-            if not parent or parent in after:
+            if True:
@@
-            if not parent or parent in before:
+            if True:

# %% grade_id="changes" points=4 message="expected code" why="compares the command without its arguments: passes what is visible" changes="solution"
     """Return what differs between two compiled pipelines: from the path of a task to a list of words."""
-
@@
-                about.update(image=container["image"], env=container.get("env"), code=[container["command"], container["args"]])
+                about.update(image=container["image"], env=container.get("env"), code=container["command"])

# %% grade_id="changes" points=4 message="expected when" why="forgets what a loop runs over: passes what is visible" changes="solution"
     """Return what differs between two compiled pipelines: from the path of a task to a list of words."""
-
@@
-                    "when": [task.get(key) for key in ("triggerPolicy", "parameterIterator", "iteratorPolicy")],
+                    "when": [task.get(key) for key in ("triggerPolicy", "iteratorPolicy")],

# %% grade_id="city" points=18 why="another style: the model is a folder, the errors a table, values from metadata"
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def clean(trips: str, city: str, table: Output[Dataset], cap: int = 400):
    import csv
    rows = []
    for row in csv.DictReader(open(trips)):
        if row["city"] == city:
            rows.append({"hour": row["hour"], "trips": min(cap, int(row["trips"]))})
    with open(table.path, "w", newline="") as file:
        writer = csv.DictWriter(file, ["hour", "trips"])
        writer.writeheader()
        writer.writerows(rows)
    table.metadata["city"], table.metadata["rows"] = city, len(rows)

@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def mark(table: Input[Dataset], days_off: list, out: Output[Dataset]) -> int:
    import csv
    import datetime
    rows = list(csv.DictReader(open(table.path)))
    for row in rows:
        when = datetime.datetime.fromisoformat(row["hour"])
        row["free"] = 1 if when.weekday() in (5, 6) or str(when.date()) in days_off else 0
    with open(out.path, "w", newline="") as file:
        writer = csv.DictWriter(file, ["hour", "trips", "free"])
        writer.writeheader()
        writer.writerows(rows)
    out.metadata = dict(table.metadata)
    return sum(row["free"] for row in rows)

@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def train(table: Input[Dataset], test_days: int, model: Output[Model]):
    import csv
    import json
    import os
    from statistics import fmean
    rows = list(csv.DictReader(open(table.path)))
    past = sorted({row["hour"][:10] for row in rows})[:-test_days]
    seen = {}
    for row in rows:
        if row["hour"][:10] in past:
            seen.setdefault(f"{row['free']} {row['hour'][11:13]}", []).append(int(row["trips"]))
    os.makedirs(model.path)
    with open(os.path.join(model.path, "kinds.json"), "w") as file:
        json.dump({kind: fmean(trips) for kind, trips in seen.items()}, file)
    with open(os.path.join(model.path, "mean"), "w") as file:
        file.write(repr(fmean(trips for each in seen.values() for trips in each)))
    model.metadata["city"] = table.metadata["city"]

@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def test(model: Input[Model], table: Input[Dataset], test_days: int, errors: Output[Dataset]) -> float:
    import csv
    import json
    import os
    from statistics import fmean
    learnt = json.load(open(os.path.join(model.path, "kinds.json")))
    mean = float(open(os.path.join(model.path, "mean")).read())
    rows = list(csv.DictReader(open(table.path)))
    future = sorted({row["hour"][:10] for row in rows})[-test_days:]
    found = [
        (abs(learnt.get(f"{row['free']} {row['hour'][11:13]}", mean) - int(row["trips"])), row["hour"]) for row in rows if row["hour"][:10] in future
    ]
    with open(errors.path, "w") as file:
        file.writelines(f"{hour},{error}\n" for error, hour in sorted(found, reverse=True))
    errors.metadata["city"] = table.metadata["city"]
    return fmean(error for error, _ in found)

@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def tell(mae: float, errors: Input[Dataset]) -> str:
    with open(errors.path) as file:
        worst = file.readline().split(",")[0]
    return f"off by {mae:.2f} trips per hour, most at {worst}"

@dsl.pipeline(name="city-night")
def city_night(trips: str, city: str, holidays: list, test_days: int = 7) -> str:
    table = mark(table=clean(trips=trips, city=city).outputs["table"], days_off=holidays).outputs["out"]
    model = train(table=table, test_days=test_days).outputs["model"]
    tested = test(model=model, table=table, test_days=test_days)
    return tell(mae=tested.outputs["Output"], errors=tested.outputs["errors"]).output

compiler.Compiler().compile(city_night, "city_night.yaml")

# %% grade_id="city" points=18 why="another style: several small outputs, holidays as a list of texts" changes="solution"
-# The steps, and the pipeline city_night, compiled to city_night.yaml.
+from typing import NamedTuple
+
@@
-def mark(table: Input[Dataset], holidays: list, marked: Output[Dataset]):
+def mark(table: Input[Dataset], holidays: list[str], marked: Output[Dataset]):
@@
-def test(table: Input[Dataset], model: Input[Model], test_days: int) -> dict:
+def test(table: Input[Dataset], model: Input[Model], test_days: int) -> NamedTuple("Tested", [("mae", float), ("worst", str)]):
@@
-    return {"mae": fmean(error for error, _ in errors), "worst": max(errors)[1]}
+    return (fmean(error for error, _ in errors), max(errors)[1])
@@
-def tell(result: dict) -> str:
-    """Say how far the model is off, and when most."""
-    return f"off by {result['mae']:.2f} trips per hour, most at {result['worst']}"
+def tell(mae: float, worst: str) -> str:
+    """Say how far the model is off, and when most."""
+    return f"off by {mae:.2f} trips per hour, most at {worst}"
@@
-def city_night(trips: str, city: str, holidays: list, test_days: int = 7) -> str:
+def city_night(trips: str, city: str, holidays: list[str], test_days: int = 7) -> str:
@@
-    return tell(result=test(model=learnt.outputs["model"], table=table, test_days=test_days).output).output
+    tested = test(model=learnt.outputs["model"], table=table, test_days=test_days)
+    return tell(mae=tested.outputs["mae"], worst=tested.outputs["worst"]).output

# %% grade_id="city" points=0 message="On the cluster it stops: mark: FileNotFoundError" why="the helpers are in the step, the path in the metadata remains" changes="solution"
-    with open(table.path, "w") as target:
-        target.write("hour,trips\n" + "".join(f"{hour},{count}\n" for hour, count in rows))
-    table.metadata.update({"city": city, "rows": len(rows)})
+    import os
+
+    with open("clean.csv", "w") as target:
+        target.write("hour,trips\n" + "".join(f"{hour},{count}\n" for hour, count in rows))
+    table.metadata.update({"city": city, "rows": len(rows), "where": os.path.abspath("clean.csv")})
@@

-    with open(table.path, newline="") as source:
+    with open(table.metadata["where"], newline="") as source:
         rows = [(row["hour"], row["trips"], row["hour"][:10]) for row in csv.DictReader(source)]

# %% grade_id="city" points=0 message="On the cluster it stops: test: FileNotFoundError" why="the mean stays in a second file beside the model" changes="solution"
         json.dump(learnt, target)
+    with open(model.path + ".mean", "w") as target:
+        target.write(str(learnt["mean"]))
@@
         learnt = json.load(source)
+    with open(model.path + ".mean") as source:
+        learnt["mean"] = float(source.read())

# %% grade_id="city" points=0 message="On the cluster the pipeline returns" why="the holidays still come from the environment" changes="solution"
-    from datetime import date
+    import os
+    from datetime import date
+
+    holidays = os.environ.get('METRO_HOLIDAYS', '').split()

# %% grade_id="city" points=13 message="changes its input table" why="writes its table, and over its input, too: passes what is visible" changes="solution"
             target.write(f"{hour},{count},{int(day in holidays or date.fromisoformat(day).weekday() > 4)}\n")
+    with open(table.path, "w") as target:
+        target.write("done\n")

# %% grade_id="city" points=7 message="holidays" why="the holidays of today are written into the step: passes what is visible" changes="solution"
     from datetime import date
+
+    holidays = ['2026-01-01', '2026-01-06', '2026-01-28']

# %% grade_id="city" points=7 message="the night says" why="tests on seven days, whatever was asked: passes what is visible" changes="solution"
-    future = sorted({line["hour"][:10] for line in lines})[-test_days:]
+    future = sorted({line["hour"][:10] for line in lines})[-7:]

# %% grade_id="city" points=13 message="metadata of mark's marked says city: None" why="the marked table does not say its city: passes what is visible" changes="solution"
-    marked.metadata.update({"city": table.metadata["city"], "rows": len(rows)})
+    marked.metadata["rows"] = len(rows)
@@
-    model.metadata.update({"city": table.metadata["city"]})
+    model.metadata["city"] = json.dumps(sorted(table.metadata))

# %% grade_id="city" points=13 message="No step gives a Model" why="the model is a parameter, no artefact: passes what is visible" changes="solution"
-def train(table: Input[Dataset], model: Output[Model], test_days: int):
+def train(table: Input[Dataset], test_days: int) -> dict:
@@
-    with open(model.path, "w") as target:
-        json.dump(learnt, target)
-    model.metadata.update({"city": table.metadata["city"]})
+    return learnt
@@
-def test(table: Input[Dataset], model: Input[Model], test_days: int) -> dict:
+def test(table: Input[Dataset], learnt: dict, test_days: int) -> dict:
@@
-    with open(model.path) as source:
-        learnt = json.load(source)
@@
-    return tell(result=test(model=learnt.outputs["model"], table=table, test_days=test_days).output).output
+    return tell(result=test(learnt=learnt.output, table=table, test_days=test_days).output).output

# %% grade_id="city" points=7 message="in the test days alone" why="no mean for hours never seen: passes what is visible" changes="solution"
-            said = learnt["kinds"].get(line["free"] + " " + line["hour"][11:13], learnt["mean"])
+            said = learnt["kinds"].get(line["free"] + " " + line["hour"][11:13], 0)

# %% grade_id="lineage" points=12 why="another style: a graph of uris, and a walk along it"
def consequences(records, city, day):
    artefacts = records["artefacts"]
    uri = {name: one["uri"] for name, one in artefacts.items()}
    following, made = {}, set()
    for one in records["executions"]:
        sources = [name for names in one["inputs"].values() for name in names]
        for target in one["outputs"].values():
            if sources:
                made.add(target)
            for source in sources:
                following.setdefault(uri[source], set()).add(uri[target])
    todo = [
        uri[name] for name, one in artefacts.items()
        if one["type"].endswith("Dataset") and name not in made and one["metadata"].get("city") == city
        and one["metadata"]["first"] <= day and day <= one["metadata"]["last"]
    ]
    bad = set()
    while todo:
        place = todo.pop()
        if place not in bad:
            bad.add(place)
            todo.extend(following.get(place, ()))
    result = {"retrain": [name for name in artefacts if uri[name] in bad and artefacts[name]["type"] == "system.Model"], "retest": []}
    for one in records["executions"]:
        models = [name for names in one["inputs"].values() for name in names if artefacts[name]["type"] == "system.Model"]
        for target in one["outputs"].values():
            if artefacts[target]["type"] == "system.Metrics" and uri[target] in bad and not any(uri[name] in bad for name in models):
                if target not in result["retest"]:
                    result["retest"].append(target)
    return result

# %% grade_id="lineage" points=12 why="another style: backwards from each artefact, with a memory; sets"
def consequences(records, city, day):
    from functools import lru_cache
    artefacts = records["artefacts"]
    same, parents = {}, {}
    for name, one in artefacts.items():
        same.setdefault(one["uri"], []).append(name)
    for one in records["executions"]:
        for target in one["outputs"].values():
            parents.setdefault(target, set()).update(*one["inputs"].values())

    @lru_cache(maxsize=None)
    def wrong(place):
        for name in same[place]:
            one = artefacts[name]
            above = parents.get(name, set())
            if not above and one["type"] == "system.Dataset" and one["metadata"].get("city") == city:
                if one["metadata"]["first"] <= day <= one["metadata"]["last"]:
                    return True
            if any(wrong(artefacts[other]["uri"]) for other in above):
                return True
        return False

    bad = {name for name, one in artefacts.items() if wrong(one["uri"])}
    models = {name for name in bad if artefacts[name]["type"] == "system.Model"}
    retest = {name for name in bad if artefacts[name]["type"] == "system.Metrics" and not parents[name] & models}
    return {"retrain": models, "retest": retest}

# %% grade_id="lineage" points=0 message="retrain misses" why="one step only" changes="solution"
-    while size != len(wrong):
+    for size in range(1):

# %% grade_id="lineage" points=0 message="retest has too many" why="figures of wrong models are to be computed again, too" changes="solution"
-    return {"retrain": sorted(models), "retest": sorted(figures - of_wrong_models)}
+    return {"retrain": sorted(models), "retest": sorted(figures)}

# %% grade_id="lineage" points=0 message="retrain misses" why="does not see that an imported model is the old file" changes="solution"
-        wrong |= {identity for identity, about in artefacts.items() if about["uri"] in places}

# %% grade_id="lineage" points=0 message="retrain has too many" why="forgets the city" changes="solution"
-        if raw and facts.get("city") == city and facts["first"] <= day <= facts["last"]:
+        if raw and facts["first"] <= day <= facts["last"]:

# %% grade_id="lineage" points=4 message="misses" why="the last day is left out: passes what is visible" changes="solution"
-        if raw and facts.get("city") == city and facts["first"] <= day <= facts["last"]:
+        if raw and facts.get("city") == city and facts["first"] <= day < facts["last"]:

# %% grade_id="lineage" points=4 message="retrain misses" why="looks at the first artefact of each input alone: passes what is visible" changes="solution"
-            if wrong & {identity for each in one["inputs"].values() for identity in each}:
+            if wrong & {each[0] for each in one["inputs"].values() if each}:

# %% grade_id="lineage" points=4 message="retrain misses" why="imported tables are never wrong: passes what is visible" changes="solution"
-    derived = {made for one in executions if any(one["inputs"].values()) for made in one["outputs"].values()}
+    derived = {made for one in executions if any(one["inputs"].values()) or "importer" in one["task"] for made in one["outputs"].values()}

# %% grade_id="lineage" points=4 message="retest misses" why="figures of this city alone: passes what is visible" changes="solution"
-    figures = {identity for identity in wrong if artefacts[identity]["type"] == "system.Metrics"}
+    figures = {identity for identity in wrong if artefacts[identity]["type"] == "system.Metrics" and artefacts[identity]["metadata"].get("city") == city}

# %% grade_id="lineage" points=4 message="retrain has" why="whatever was made from nothing is wrong, not tables alone: passes what is visible" changes="solution"
-        raw = about["type"] == "system.Dataset" and identity not in derived
-        if raw and facts.get("city") == city and facts["first"] <= day <= facts["last"]:
+        raw = identity not in derived
+        if raw and facts.get("city") == city and facts.get("first", "9") <= day <= facts.get("last", ""):

# %% grade_id="release" points=14 why="another style: two truth values, compared with True"
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def better(new: float, old: float, limit: float) -> bool:
    return new <= min(old, limit)

@dsl.pipeline(name="release")
def release(city: str, store: str, new_error: float, old_error: float, limit: float):
    candidate = steps.bring(name="candidate", error=new_error)
    champion = steps.bring(name="champion", error=old_error)
    good = better(new=candidate.outputs["Output"], old=champion.outputs["Output"], limit=limit)
    with dsl.If(good.output == True):
        a = steps.promote(model=candidate.outputs["model"])
    with dsl.Elif(champion.outputs["Output"] <= limit):
        b = steps.keep(model=champion.outputs["model"])
    with dsl.Else():
        c = steps.fall_back(city=city)
    given = steps.hand_over(
        model=dsl.OneOf(a.outputs["released"], b.outputs["released"], c.outputs["released"]),
        reason=dsl.OneOf(a.outputs["Output"], b.outputs["Output"], c.outputs["Output"]), city=city, store=store)
    given.set_caching_options(enable_caching=False)

compiler.Compiler().compile(pipeline_func=release, package_path="release.yaml")

# %% grade_id="release" points=14 why="another style: a decision as a number, nothing from the cache" changes="solution"
-def decide(new: float, old: float, limit: float) -> str:
-    """Return which model the drivers get."""
-    if new <= limit and new <= old:
-        return "candidate"
-    return "champion" if old <= limit else "last year"
+def decide(new: float, old: float, limit: float) -> int:
+    """Return 2 for the candidate, 1 for the champion, 0 for last year."""
+    if new <= limit and new <= old:
+        return 2
+    return int(old <= limit)
@@
-    decision = decide(new=new.outputs["Output"], old=old.outputs["Output"], limit=limit)
-    with dsl.If(decision.output == "candidate"):
-        promoted = steps.promote(model=new.outputs["model"])
-    with dsl.Elif(decision.output == "champion"):
+    decision = decide(new=new.outputs["Output"], old=old.outputs["Output"], limit=limit).set_caching_options(False)
+    with dsl.If(decision.output == 2):
+        promoted = steps.promote(model=new.outputs["model"])
+    with dsl.Elif(decision.output == 1):

# %% grade_id="release" points=0 message="expected promote alone" why="two conditions, each for itself" changes="solution"
-    with dsl.Elif(decision.output == "champion"):
-        kept = steps.keep(model=old.outputs["model"])
-    with dsl.Else():
-        fallen = steps.fall_back(city=city)
-    given = steps.hand_over(
-        model=dsl.OneOf(promoted.outputs["released"], kept.outputs["released"], fallen.outputs["released"]),
-        reason=dsl.OneOf(promoted.outputs["Output"], kept.outputs["Output"], fallen.outputs["Output"]),
-        city=city,
-        store=store,
-    )
-    given.set_caching_options(False)
+    with dsl.If(old.outputs["Output"] <= limit):
+        kept = steps.keep(model=old.outputs["model"])
+    with dsl.If(decision.output == "last year"):
+        fallen = steps.fall_back(city=city)

# %% grade_id="release" points=0 message="expected keep alone" why="decides when the pipeline is compiled" changes="solution"
-    with dsl.If(decision.output == "candidate"):
-        promoted = steps.promote(model=new.outputs["model"])
-    with dsl.Elif(decision.output == "champion"):
-        kept = steps.keep(model=old.outputs["model"])
-    with dsl.Else():
+    if decision.output == "candidate":
+        promoted = steps.promote(model=new.outputs["model"])
+    elif decision.output == "champion":
+        kept = steps.keep(model=old.outputs["model"])
+    else:
@@
-        model=dsl.OneOf(promoted.outputs["released"], kept.outputs["released"], fallen.outputs["released"]),
-        reason=dsl.OneOf(promoted.outputs["Output"], kept.outputs["Output"], fallen.outputs["Output"]),
+        model=promoted.outputs["released"],
+        reason=promoted.outputs["Output"],

# %% grade_id="release" points=5 message="expected keep alone" why="forgets to compare candidate and champion: passes what is visible" changes="solution"
-    if new <= limit and new <= old:
+    if new <= limit:

# %% grade_id="release" points=5 message="expected promote alone" why="below the limit instead of at most: passes what is visible" changes="solution"
-    if new <= limit and new <= old:
+    if new < limit and new <= old:

# %% grade_id="release" points=5 message="expected promote alone" why="the better one, and then the limit: passes what is visible" changes="solution"
-    if new <= limit and new <= old:
-        return "candidate"
-    return "champion" if old <= limit else "last year"
+    if min(new, old) > limit:
+        return "last year"
+    return "candidate" if new < old else "champion"

# %% grade_id="release" points=5 message="hand_over stands 3 times" why="hands over in each branch: passes what is visible" changes="solution"
         promoted = steps.promote(model=new.outputs["model"])
+        steps.hand_over(model=promoted.outputs["released"], reason=promoted.outputs["Output"], city=city, store=store).set_caching_options(False)
@@
         kept = steps.keep(model=old.outputs["model"])
+        steps.hand_over(model=kept.outputs["released"], reason=kept.outputs["Output"], city=city, store=store).set_caching_options(False)
@@
-    given = steps.hand_over(
-        model=dsl.OneOf(promoted.outputs["released"], kept.outputs["released"], fallen.outputs["released"]),
-        reason=dsl.OneOf(promoted.outputs["Output"], kept.outputs["Output"], fallen.outputs["Output"]),
-        city=city,
-        store=store,
-    )
-    given.set_caching_options(False)
+        steps.hand_over(model=fallen.outputs["released"], reason=fallen.outputs["Output"], city=city, store=store).set_caching_options(False)

# %% grade_id="release" points=5 message="hand_over" why="leaves the hand-over in the cache: passes what is visible" changes="solution"
-    given.set_caching_options(False)
+    given

# %% grade_id="release" points=5 message="bring returned others" why="decides on what the pipeline was given, not on what bring returns: passes what is visible" changes="solution"
-    decision = decide(new=new.outputs["Output"], old=old.outputs["Output"], limit=limit)
+    decision = decide(new=new_error, old=old_error, limit=limit)

# %% grade_id="fingerprint" points=14 why="another style: a hash, numbers written alike, a walk by recursion"
import hashlib

def alike(value):
    if isinstance(value, bool) or value is None:
        return f"<{value}>"
    if isinstance(value, (int, float)):
        return f"n{float(value)!r}"
    if isinstance(value, str):
        return f"t{value!r}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{alike(value[key])}" for key in sorted(value)) + "}"
    return "[" + ",".join(map(alike, value)) + "]"

def find(spec, component, names):
    task = component["dag"]["tasks"][names[0]]
    inner = spec["components"][task["componentRef"]["name"]]
    return find(spec, inner, names[1:]) if names[1:] else (task, inner)

def fingerprint(compiled, path, parameters, artefacts):
    spec = load_spec(compiled)[0]
    task, component = find(spec, spec["root"], path.split("/"))
    if task.get("cachingOptions", {}).get("enableCache", False) is False:
        return None
    values = {}
    for name, about in component.get("inputDefinitions", {}).get("parameters", {}).items():
        if name in parameters:
            values[name] = parameters[name]
        elif "defaultValue" in about:
            values[name] = about["defaultValue"]
    run = spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
    parts = [spec["pipelineInfo"]["name"], run["image"], run["command"], run["args"], run.get("env", []), values]
    parts += [artefacts, component.get("outputDefinitions", {})]
    return hashlib.sha256(alike(parts).encode()).hexdigest()

# %% grade_id="fingerprint" points=14 why="another style: JSON, read again with all numbers as floats" changes="solution"
-        "parameters": plain(values),
+        "parameters": json.loads(json.dumps(values), parse_int=float),

# %% grade_id="fingerprint" points=0 message="for the cluster it is the same task" why="the resources count" changes="solution"
-        "container": {word: container.get(word) for word in ("image", "command", "args", "env")},
+        "container": container,

# %% grade_id="fingerprint" points=0 message="for the cluster it is the same task" why="the path counts" changes="solution"
         "pipeline": spec["pipelineInfo"]["name"],
+        "path": path,

# %% grade_id="fingerprint" points=0 message="Cy's download may be cached" why="a pipeline whose cache is off has none inside" changes="solution"
-    if not task.get("cachingOptions", {}).get("enableCache"):
-        return None
+        if task.get("cachingOptions", {"enableCache": True}).get("enableCache") is None:
+            return None

# %% grade_id="fingerprint" points=5 message="default values" why="does not fill in defaults: passes what is visible" changes="solution"
-    values = {name: about["defaultValue"] for name, about in known.items() if "defaultValue" in about} | parameters
+    values = dict(parameters)

# %% grade_id="fingerprint" points=5 message="7.0 instead of 7" why="7 is not 7.0 for it: passes what is visible" changes="solution"
-        "parameters": plain(values),
+        "parameters": values,

# %% grade_id="fingerprint" points=5 message="a text instead of a number" why="all values as texts: passes what is visible" changes="solution"
-        "parameters": plain(values),
+        "parameters": {name: str(plain(value)).removesuffix(".0") for name, value in values.items()},

# %% grade_id="fingerprint" points=5 message="1 instead of true" why="truth values are numbers, as in Python: passes what is visible" changes="solution"
-        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
+        return float(value) if isinstance(value, int) else value

# %% grade_id="fingerprint" points=5 message="an environment variable" why="forgets the environment: passes what is visible" changes="solution"
-        "container": {word: container.get(word) for word in ("image", "command", "args", "env")},
+        "container": {word: container.get(word) for word in ("image", "command", "args")},

# %% grade_id="fingerprint" points=5 message="another type of artefact" why="forgets the outputs: passes what is visible" changes="solution"
-        "outputs": component.get("outputDefinitions"),

# %% grade_id="ledger" points=14 why="another style: an explicit transaction, one statement for all hours" changes="solution"
-    book = sqlite3.connect(ledger, timeout=30)
+    book = sqlite3.connect(ledger, isolation_level=None)
+    book.execute("BEGIN IMMEDIATE")
@@
-    with book:
-        for table in ("runs", "forecasts"):
-            book.execute(f"DELETE FROM {table} WHERE run = ? AND city = ?", (run, city))
-        book.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", (run, city, error, len(hours)))
-        book.executemany("INSERT INTO forecasts VALUES (?, ?, ?, ?)", hours)
+    book.execute("DELETE FROM forecasts WHERE run = ? AND city = ?", (run, city))
+    values = ", ".join(["(?, ?, ?, ?)"] * len(hours))
+    book.execute(f"INSERT INTO forecasts VALUES {values}", [value for row in hours for value in row])
+    book.execute("DELETE FROM runs WHERE run = ? AND city = ?", (run, city))
+    book.execute("INSERT INTO runs (city, run, rows, error) VALUES (?, ?, ?, ?)", (city, run, len(hours), error))
+    book.execute("COMMIT")

# %% grade_id="ledger" points=14 why="another style: a copy of the database, changed and renamed" changes="solution"
-    import sqlite3
+    import os
+    import shutil
+    import sqlite3
+
+    new = ledger + '.new'
+    if os.path.exists(ledger):
+        shutil.copyfile(ledger, new)
+    elif os.path.exists(new):
+        os.unlink(new)
@@
-    book = sqlite3.connect(ledger, timeout=30)
+    book = sqlite3.connect(new, isolation_level=None)
@@
-    with book:
+    if True:
@@
     book.close()
+    os.replace(new, ledger)

# %% grade_id="ledger" points=0 message="runs has 2 rows of r-0018" why="adds, under the run's identity" changes="solution"
-        for table in ("runs", "forecasts"):
-            book.execute(f"DELETE FROM {table} WHERE run = ? AND city = ?", (run, city))

# %% grade_id="ledger" points=0 message="the identities of the pipeline's runs" why="a number of its own for each attempt" changes="solution"
     import sqlite3
+    import uuid
+
+    run = uuid.uuid4().hex

# %% grade_id="ledger" points=0 message="the pod was lost before it could report" why="no retries" changes="solution"
-        entered.set_retry(num_retries=3, backoff_duration="10s").set_caching_options(False)
+        entered.set_caching_options(False)

# %% grade_id="ledger" points=0 message="runs has 0 rows of r-0017 and Lakeside" why="takes away all of the run, other cities too" changes="solution"
-            book.execute(f"DELETE FROM {table} WHERE run = ? AND city = ?", (run, city))
+            book.execute(f"DELETE FROM {table} WHERE run = ?", (run,))

# %% grade_id="ledger" points=5 message="expected one. It has the runs" why="a key and INSERT OR REPLACE, and Cy's table has no key: passes what is visible" changes="solution"
-    book.execute("CREATE TABLE IF NOT EXISTS runs (run TEXT, city TEXT, error REAL, rows INTEGER)")
-    book.execute("CREATE TABLE IF NOT EXISTS forecasts (run TEXT, city TEXT, hour INTEGER, trips INTEGER)")
-    with book:
-        for table in ("runs", "forecasts"):
-            book.execute(f"DELETE FROM {table} WHERE run = ? AND city = ?", (run, city))
-        book.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", (run, city, error, len(hours)))
-        book.executemany("INSERT INTO forecasts VALUES (?, ?, ?, ?)", hours)
+    book.execute("CREATE TABLE IF NOT EXISTS runs (run TEXT, city TEXT, error REAL, rows INTEGER, PRIMARY KEY (run, city))")
+    book.execute("CREATE TABLE IF NOT EXISTS forecasts (run TEXT, city TEXT, hour INTEGER, trips INTEGER, PRIMARY KEY (run, city, hour))")
+    with book:
+        book.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", (run, city, error, len(hours)))
+        book.executemany("INSERT OR REPLACE INTO forecasts VALUES (?, ?, ?, ?)", hours)

# %% grade_id="ledger" points=5 message="All of a city or nothing" why="commits piece by piece: passes what is visible" changes="solution"
-    book = sqlite3.connect(ledger, timeout=30)
+    book = sqlite3.connect(ledger, isolation_level=None)

# %% grade_id="ledger" points=5 message="corrected trips" why="replaces the row of the run, and adds hours where there are none: passes what is visible" changes="solution"
-        for table in ("runs", "forecasts"):
-            book.execute(f"DELETE FROM {table} WHERE run = ? AND city = ?", (run, city))
+        book.execute("DELETE FROM runs WHERE run = ? AND city = ?", (run, city))
+        for row in hours:
+            book.execute("DELETE FROM forecasts WHERE run = ? AND city = ? AND hour = ?", row[:3])

# %% grade_id="ledger" points=5 message="enter may come from the cache" why="may come from the cache: passes what is visible" changes="solution"
-        entered.set_retry(num_retries=3, backoff_duration="10s").set_caching_options(False)
+        entered.set_retry(num_retries=3, backoff_duration="10s")

# %% grade_id="ledger" points=5 message="must still be there" why="takes the old rows away in a transaction of its own: passes what is visible" changes="solution"
             book.execute(f"DELETE FROM {table} WHERE run = ? AND city = ?", (run, city))
+    with book:

# %% grade_id="night" points=16 why="another style: limits for all steps by a loop over them, the day in the city's own pipeline"
@dsl.pipeline(name="city")
def a_city(source: str, city: str, at: str, store: str) -> float:
    day = steps.day_before(at=at)
    table = steps.download(source=source, city=city, day=day.output)
    model = steps.train(table=table.outputs["table"])
    test = steps.test(model=model.outputs["model"], table=table.outputs["table"])
    give = steps.deliver(model=model.outputs["model"], city=city, store=store)
    for task in (day, table, test, give):
        task.set_cpu_limit("500m").set_memory_limit("512Mi")
    model.set_cpu_limit("4000m").set_memory_limit("8Gi").set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)
    node_pool(model, "gpu")
    give.set_caching_options(False)
    give.set_retry(2)
    return test.output

@dsl.pipeline(name="night")
def night(source: str, store: str, cities: list[str]):
    last = steps.announce(channel="#nights").set_cpu_limit("1").set_memory_limit("200M")
    with dsl.ExitHandler(exit_task=last, name="all of it"):
        with dsl.ParallelFor(items=cities, parallelism=2, name="cities") as city:
            error = a_city(source=source, city=city, at=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER, store=store).output
        steps.summary(errors=dsl.Collected(error)).set_cpu_limit("1").set_memory_limit("1G").set_caching_options(False)

compiler.Compiler().compile(night, "night.yaml")

# %% grade_id="night" points=16 why="another style: requests besides limits, one city at a time, the day never from the cache" changes="solution"
-    return task.set_cpu_limit("1").set_memory_limit("1G")
+    return task.set_cpu_request("100m").set_cpu_limit("1").set_memory_request("100M").set_memory_limit("1000M")
@@
-        day = small(steps.day_before(at=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER))
-        with dsl.ParallelFor(cities, parallelism=2) as city:
+        day = small(steps.day_before(at=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER)).set_caching_options(False)
+        with dsl.ParallelFor(cities, parallelism=1) as city:

# %% grade_id="night" points=5 message="is made from trips up to 2026-01-29" why="still yesterday" changes="solution"
-    got = small(steps.download(source=source, city=city, day=day))
+    got = small(steps.download(source=source, city=city, day="yesterday"))

# %% grade_id="night" points=5 message="may take all memory" why="steps without limits" changes="solution"
-    return task.set_cpu_limit("1").set_memory_limit("1G")
+    return task.set_cpu_limit("1")

# %% grade_id="night" points=11 message="bytes of memory" why="eight bytes: passes what is visible" changes="solution"
-    trained = steps.train(table=got.outputs["table"]).set_cpu_limit("4").set_memory_limit("8G")
+    trained = steps.train(table=got.outputs["table"]).set_cpu_limit("4").set_memory_limit("8")

# %% grade_id="night" points=11 message="all its turns at once" why="all cities at once: passes what is visible" changes="solution"
-        with dsl.ParallelFor(cities, parallelism=2) as city:
+        with dsl.ParallelFor(cities) as city:

# %% grade_id="night" points=11 message="expected CACHED" why="download never comes from the cache, so all is trained again: passes what is visible" changes="solution"
-    got = small(steps.download(source=source, city=city, day=day))
+    got = small(steps.download(source=source, city=city, day=day)).set_caching_options(False)

# %% grade_id="night" points=11 message="deliver came from the cache" why="deliver comes from the cache: passes what is visible" changes="solution"
-    sent.set_retry(num_retries=2).set_caching_options(False)
+    sent.set_retry(num_retries=2)

# %% grade_id="night" points=11 message="made up for a day later" why="the time at which the run was started, not the scheduled one: passes what is visible" changes="solution"
-        day = small(steps.day_before(at=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER))
+        day = small(steps.day_before(at=dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER))

# %% grade_id="night" points=11 message="is bound to a pool" why="a selector, and every step has it: passes what is visible" changes="solution"
-    return task.set_cpu_limit("1").set_memory_limit("1G")
+    return node_pool(task.set_cpu_limit("1").set_memory_limit("1G"), "gpu")
