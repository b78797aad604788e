# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="nightly" points=14 why="another style: the whole file written anew, stamps gone from both scripts" name="right-1"
Path("nightly-repo/dvc.yaml").write_text("""stages:
  prepare:
    cmd: python prepare.py
    deps: [prepare.py, data/trips.csv, holidays.csv]
    params: [prepare.test_days]
    outs: [prepared]
  train:
    matrix:
      district: [Eastfield, Harbour, Hillside]
    cmd: python train.py ${item.district}
    deps: [train.py, "prepared/${item.district}.csv"]
    params: [train.last_days]
    outs: ["models/${item.district}.json"]
  evaluate:
    cmd: python evaluate.py
    deps: [evaluate.py, prepared/test.csv, models]
    metrics:
    - metrics.json:
        cache: false
""")
path = Path("nightly-repo/train.py")
path.write_text("\n".join(line.replace('"trained_at": datetime.now().isoformat(), ', "") for line in path.read_text().split("\n")))
path = Path("nightly-repo/prepare.py")
path.write_text(path.read_text().replace('"made_at": datetime.now().isoformat(), ', ""))
repro("nightly-repo")

# %% grade_id="nightly" points=14 why="another style: foreach instead of matrix, each model a dependency of its own, whole sections of parameters"
Path("nightly-repo/dvc.yaml").write_text("""stages:
  prepare:
    cmd: python prepare.py
    deps: [prepare.py, data/trips.csv, holidays.csv]
    params: [prepare.test_days]
    outs: [prepared]
  train:
    foreach: [Eastfield, Harbour, Hillside]
    do:
      cmd: python train.py ${item}
      deps:
      - prepared/${item}.csv
      - train.py
      params:
      - train
      outs:
      - models/${item}.json
  evaluate:
    cmd: python evaluate.py
    deps: [evaluate.py, models/Eastfield.json, models/Harbour.json, models/Hillside.json, prepared/test.csv]
    metrics:
    - metrics.json:
        cache: false
""")
path = Path("nightly-repo/train.py")
path.write_text("\n".join(line.replace('"trained_at": datetime.now().isoformat(), ', "") for line in path.read_text().split("\n")))
repro("nightly-repo")

# %% grade_id="nightly" points=0 message="Run needlessly: train@Eastfield" why="declares what was forgotten, and leaves what is over-declared" changes="right-1"
-    deps: [train.py, "prepared/${item.district}.csv"]
+    deps: [train.py, prepared]
@@
-path = Path("nightly-repo/prepare.py")
-path.write_text(path.read_text().replace('"made_at": datetime.now().isoformat(), ', ""))

# %% grade_id="nightly" points=10 message="the models are the same. Run needlessly: evaluate" why="leaves the time stamp in the models: passes what is visible" changes="right-1"
-path = Path("nightly-repo/train.py")
-path.write_text("\n".join(line.replace('"trained_at": datetime.now().isoformat(), ', "") for line in path.read_text().split("\n")))
-path = Path("nightly-repo/prepare.py")
-path.write_text(path.read_text().replace('"made_at": datetime.now().isoformat(), ', ""))

# %% grade_id="nightly" points=6 message="the models are the same. Run needlessly: evaluate" why="evaluate depends on the whole folder prepared, of which it reads one table: passes what is visible" changes="right-1"
-    deps: [evaluate.py, prepared/test.csv, models]
+    deps: [evaluate.py, prepared, models]
@@
-path = Path("nightly-repo/prepare.py")
-path.write_text(path.read_text().replace('"made_at": datetime.now().isoformat(), ', ""))

# %% grade_id="nightly" points=10 message="the models are the same. Run needlessly: evaluate" why="leaves the trips among what evaluate depends on: passes what is visible" changes="right-1"
-    deps: [evaluate.py, prepared/test.csv, models]
+    deps: [evaluate.py, prepared/test.csv, data/trips.csv, models]
@@
-path = Path("nightly-repo/prepare.py")
-path.write_text(path.read_text().replace('"made_at": datetime.now().isoformat(), ', ""))

# %% grade_id="nightly" points=10 message="Not run, and so out of date: evaluate" why="forgets the test table, which only a correction in the last days shows: passes what is visible" changes="right-1"
-    deps: [evaluate.py, prepared/test.csv, models]
+    deps: [evaluate.py, models]
@@
-path = Path("nightly-repo/prepare.py")
-path.write_text(path.read_text().replace('"made_at": datetime.now().isoformat(), ', ""))

# %% grade_id="nightly" points=0 message="Is the pipeline reproduced?" why="mends the file, and does not reproduce" changes="right-1"
-path = Path("nightly-repo/prepare.py")
-path.write_text(path.read_text().replace('"made_at": datetime.now().isoformat(), ', ""))
-repro("nightly-repo")

# %% grade_id="nightly" points=4 message="train.py reads this parameter" why="takes the parameter out of the script instead of declaring it" changes="right-1"
-    params: [train.last_days]
@@
-path = Path("nightly-repo/prepare.py")
-path.write_text(path.read_text().replace('"made_at": datetime.now().isoformat(), ', ""))
+path.write_text(path.read_text().replace('yaml.safe_load(Path("params.yaml").read_text())["train"]["last_days"]', "14"))

# %% grade_id="homework" points=14 why="another style: yaml read directly, a fixed point over all tasks"
def own_homework(path):
    with open(path) as file:
        spec = list(yaml.safe_load_all(file))[0]
    tasks = spec["root"]["dag"]["tasks"]
    gets = {name: {"system.Dataset": set(), "system.Model": set()} for name in tasks}
    trains = {}
    for name, task in tasks.items():
        component = spec["components"][task["componentRef"]["name"]]
        trains[name] = "system.Model" in [o["artifactType"]["schemaTitle"] for o in component.get("outputDefinitions", {}).get("artifacts", {}).values()]
        for key, source in task.get("inputs", {}).get("artifacts", {}).items():
            title = component["inputDefinitions"]["artifacts"][key]["artifactType"]["schemaTitle"]
            gets[name].setdefault(title, set()).add(json.dumps(source, sort_keys=True))
    learnt = {name: set(gets[name]["system.Dataset"]) for name in tasks if trains[name]}
    def maker(origin):
        return json.loads(origin).get("taskOutputArtifact", {}).get("producerTask")
    for _ in tasks:
        for name in learnt:
            for origin in gets[name]["system.Model"]:
                learnt[name] |= learnt.get(maker(origin), set())
    return {name for name in tasks if not trains[name] for origin in gets[name]["system.Model"] if learnt.get(maker(origin), set()) & gets[name]["system.Dataset"]}

# %% grade_id="homework" points=14 why="another style: goes backwards with a stack, pairs of texts, a sorted tuple"
def own_homework(path):
    spec, _ = load_spec(str(path))
    dag, parts = spec["root"]["dag"]["tasks"], spec["components"]
    def part(name):
        return parts[dag[name]["componentRef"]["name"]]
    def inputs(name, title):
        for key, source in dag[name].get("inputs", {}).get("artifacts", {}).items():
            if part(name)["inputDefinitions"]["artifacts"][key]["artifactType"]["schemaTitle"] == title:
                made = source.get("taskOutputArtifact", {})
                yield made.get("producerTask", "-"), made.get("outputArtifactKey", source.get("componentInputArtifact"))
    guilty = []
    for name in dag:
        made = part(name).get("outputDefinitions", {}).get("artifacts", {})
        if any(one["artifactType"]["schemaTitle"] == "system.Model" for one in made.values()):
            continue
        todo, lessons = [producer for producer, _ in inputs(name, "system.Model")], set()
        while todo:
            at = todo.pop()
            if at in dag:
                lessons.update(inputs(at, "system.Dataset"))
                todo.extend(producer for producer, _ in inputs(at, "system.Model"))
        if lessons & set(inputs(name, "system.Dataset")):
            guilty.append(name)
    return tuple(sorted(guilty))

# %% grade_id="homework" points=5 message="over three generations you miss" why="looks one step back only: passes what is visible" name="wrong-3"
def own_homework(path):
    spec, _ = load_spec(path)
    tasks = spec["root"]["dag"]["tasks"]
    def component(name):
        return spec["components"][tasks[name]["componentRef"]["name"]]
    def inputs(name, kind):
        found = set()
        for key, source in tasks[name].get("inputs", {}).get("artifacts", {}).items():
            if component(name)["inputDefinitions"]["artifacts"][key]["artifactType"]["schemaTitle"] == kind:
                made = source.get("taskOutputArtifact")
                found.add((made["producerTask"], made["outputArtifactKey"]) if made else ("", source["componentInputArtifact"]))
        return found - {None}
    def learnt_from(name):
        return inputs(name, "system.Dataset")
    def trains(name):
        return any(o["artifactType"]["schemaTitle"] == "system.Model" for o in component(name).get("outputDefinitions", {}).get("artifacts", {}).values())
    return [name for name in tasks if not trains(name) and any(learnt_from(maker) & inputs(name, "system.Dataset") for maker, _ in inputs(name, "system.Model") if maker)]

# %% grade_id="homework" points=0 message="two outputs of one task are two tables" why="two outputs of one task count as one table" changes="wrong-3"
-                found.add((made["producerTask"], made["outputArtifactKey"]) if made else ("", source["componentInputArtifact"]))
+                found.add((made["producerTask"], "") if made else ("", source["componentInputArtifact"]))
@@
-        return inputs(name, "system.Dataset")
+        return inputs(name, "system.Dataset").union(*[learnt_from(maker) for maker, _ in inputs(name, "system.Model") if maker])

# %% grade_id="homework" points=5 message="you blame coach-2, which is innocent" why="blames tasks that train, too: passes what is visible" changes="wrong-3"
-        return inputs(name, "system.Dataset")
+        return inputs(name, "system.Dataset").union(*[learnt_from(maker) for maker, _ in inputs(name, "system.Model") if maker])
@@
-    return [name for name in tasks if not trains(name) and any(learnt_from(maker) & inputs(name, "system.Dataset") for maker, _ in inputs(name, "system.Model") if maker)]
+    return [name for name in tasks if any(learnt_from(maker) & inputs(name, "system.Dataset") for maker, _ in inputs(name, "system.Model") if maker)]

# %% grade_id="homework" points=5 message="come from the pipeline's own inputs you miss" why="does not look at what is given to the pipeline from outside: passes what is visible" changes="wrong-3"
-                found.add((made["producerTask"], made["outputArtifactKey"]) if made else ("", source["componentInputArtifact"]))
+                found.add((made["producerTask"], made["outputArtifactKey"]) if made else None)
@@
-        return inputs(name, "system.Dataset")
+        return inputs(name, "system.Dataset").union(*[learnt_from(maker) for maker, _ in inputs(name, "system.Model") if maker])

# %% grade_id="homework" points=0 message="You blame `evaluate`" why="blames whoever tests on a table that anyone has trained on" changes="wrong-3"
-        return inputs(name, "system.Dataset")
+        return inputs(name, "system.Dataset").union(*[learnt_from(maker) for maker, _ in inputs(name, "system.Model") if maker])
@@
-    return [name for name in tasks if not trains(name) and any(learnt_from(maker) & inputs(name, "system.Dataset") for maker, _ in inputs(name, "system.Model") if maker)]
+    return [name for name in tasks if not trains(name) and any(learnt_from(other) & inputs(name, "system.Dataset") for other in tasks if trains(other))]

# %% grade_id="homework" points=5 message="you miss" why="goes by the names of inputs: passes what is visible"
def own_homework(path):
    tasks = load_spec(path)[0]["root"]["dag"]["tasks"]
    guilty = []
    for name, task in tasks.items():
        given = task.get("inputs", {}).get("artifacts", {})
        if "model" in given and "test_table" in given:
            maker = tasks[given["model"]["taskOutputArtifact"]["producerTask"]]["inputs"]["artifacts"]
            if given["test_table"] in maker.values():
                guilty.append(name)
    return guilty

# %% grade_id="components" points=16 why="another style: least squares by hand, assignments of metadata, lists of lists" name="right-1"
@dsl.component(install_kfp_package=False)
def join(trips: str, weather: str, days: Output[Dataset]):
    import csv
    warmth = {row["day"]: row["temperature_c"] for row in csv.DictReader(open(weather))}
    sums = {}
    for row in csv.DictReader(open(trips)):
        sums[row["hour"][:10]] = sums.get(row["hour"][:10], 0) + int(row["trips"])
    if not sums:
        raise ValueError(f"{trips} holds no trip")
    for day in sums:
        if warmth.get(day, "") == "":
            raise ValueError(f"{day}: no temperature")
    with open(days.path, "w") as out:
        out.write("day,trips,temperature_c\n")
        for day in sorted(sums):
            out.write(f"{day},{sums[day]},{warmth[day]}\n")
    days.metadata["rows"] = len(sums)
    days.metadata["first"] = min(sums)
    days.metadata["last"] = max(sums)

@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
    import json
    lines = [line.strip().split(",") for line in open(days.path)][1:]
    past = [(day, float(trips), float(warm)) for day, trips, warm in lines][: len(lines) - test_days]
    if not len(past) >= 3:
        raise ValueError(f"only {len(past)} days are left to train on")
    x, y = sum(warm for *_, warm in past) / len(past), sum(trips for _, trips, _ in past) / len(past)
    slope = sum((warm - x) * (trips - y) for _, trips, warm in past) / sum((warm - x) ** 2 for *_, warm in past)
    intercept = y - slope * x
    open(model.path, "w").write(json.dumps({"slope": slope, "intercept": intercept, "unit": "trips per day"}))
    model.metadata = {"trained_on": len(past), "last": past[-1][0], "by": "hand"}

@dsl.component(install_kfp_package=False)
def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
    import csv
    import json
    line = json.load(open(model.path))
    rows = list(csv.DictReader(open(days.path)))[-test_days:]
    errors = [abs(line["intercept"] + line["slope"] * float(row["temperature_c"]) - float(row["trips"])) for row in rows]
    return sum(errors) / len(errors)

# %% grade_id="components" points=16 why="another style: Counter and pathlib, helper inside, columns in another order, keyword metadata"
@dsl.component(install_kfp_package=False)
def join(trips: str, weather: str, days: Output[Dataset]):
    import collections, csv, pathlib
    def table(path):
        return list(csv.DictReader(pathlib.Path(path).read_text().splitlines()))
    counter = collections.Counter()
    for row in table(trips):
        counter[row["hour"].split("T")[0]] += float(row["trips"])
    if len(counter) == 0:
        raise ValueError("nothing in " + trips)
    warm = {row["day"]: row["temperature_c"].strip() for row in table(weather) if row["temperature_c"]}
    missing = sorted(set(counter) - set(warm))
    if missing:
        raise ValueError("no temperature on " + ", ".join(missing))
    rows = ["temperature_c,day,trips"] + [f"{warm[day]},{day},{counter[day]:.0f}" for day in sorted(counter)]
    pathlib.Path(days.path).write_text("\n".join(rows))
    days.metadata.update(rows=len(counter), first=min(counter), last=max(counter))

@dsl.component(install_kfp_package=False)
def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
    import csv
    import json
    from statistics import linear_regression
    rows = list(csv.DictReader(open(days.path)))
    rows = rows[:len(rows) - test_days]
    if len(rows) < 3:
        raise ValueError("too few days to train on")
    line = linear_regression([float(row["temperature_c"]) for row in rows], [float(row["trips"]) for row in rows])
    with open(model.path, "w") as out:
        json.dump({"intercept": line.intercept, "slope": line.slope}, out)
    model.metadata["trained_on"] = len(rows)
    model.metadata["last"] = rows[-1]["day"]

@dsl.component(install_kfp_package=False)
def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
    import csv
    import json
    line = json.load(open(model.path))
    rows = list(csv.DictReader(open(days.path)))[-test_days:]
    errors = [abs(line["intercept"] + line["slope"] * float(row["temperature_c"]) - float(row["trips"])) for row in rows]
    return sum(errors) / len(errors)

# %% grade_id="components" points=0 message="Kubeflow's local runner stopped: NameError" why="imports at the top of the cell: no step knows them" name="wrong-3"
import csv
import json
from statistics import linear_regression

@dsl.component(install_kfp_package=False)
def join(trips: str, weather: str, days: Output[Dataset]):
    warmth = {row["day"]: row["temperature_c"] for row in csv.DictReader(open(weather))}
    sums = {}
    for row in csv.DictReader(open(trips)):
        sums[row["hour"][:10]] = sums.get(row["hour"][:10], 0) + int(row["trips"])
    if not sums:
        raise ValueError(f"{trips} holds no trip")
    for day in sums:
        if warmth.get(day, "") == "":
            raise ValueError(f"{day}: no temperature")
    with open(days.path, "w") as out:
        out.write("day,trips,temperature_c\n")
        for day in sorted(sums):
            out.write(f"{day},{sums[day]},{warmth[day]}\n")
    days.metadata["rows"] = len(sums)
    days.metadata["first"] = min(sums)
    days.metadata["last"] = max(sums)

@dsl.component(install_kfp_package=False)
def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
    rows = list(csv.DictReader(open(days.path)))
    rows = rows[:len(rows) - test_days]
    if len(rows) < 3:
        raise ValueError("too few days to train on")
    line = linear_regression([float(row["temperature_c"]) for row in rows], [float(row["trips"]) for row in rows])
    with open(model.path, "w") as out:
        json.dump({"intercept": line.intercept, "slope": line.slope}, out)
    model.metadata["trained_on"] = len(rows)
    model.metadata["last"] = rows[-1]["day"]

@dsl.component(install_kfp_package=False)
def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
    line = json.load(open(model.path))
    rows = list(csv.DictReader(open(days.path)))[-test_days:]
    errors = [abs(line["intercept"] + line["slope"] * float(row["temperature_c"]) - float(row["trips"])) for row in rows]
    return sum(errors) / len(errors)

# %% grade_id="components" points=0 message="does not compile" why="hands on the path of a file on its own disk" name="wrong-4"
@dsl.component(install_kfp_package=False)
def join(trips: str, weather: str, days: Output[Dataset]):
    import csv
    warmth = {row["day"]: row["temperature_c"] for row in csv.DictReader(open(weather))}
    sums = {}
    for row in csv.DictReader(open(trips)):
        sums[row["hour"][:10]] = sums.get(row["hour"][:10], 0) + int(row["trips"])
    if not sums:
        raise ValueError(f"{trips} holds no trip")
    for day in sums:
        if warmth.get(day, "") == "":
            raise ValueError(f"{day}: no temperature")
    with open(days.path, "w") as out:
        out.write("day,trips,temperature_c\n")
        for day in sorted(sums):
            out.write(f"{day},{sums[day]},{warmth[day]}\n")
    days.metadata["rows"] = len(sums)
    days.metadata["first"] = min(sums)
    days.metadata["last"] = max(sums)

@dsl.component(install_kfp_package=False)
def fit(days: Input[Dataset], test_days: int) -> str:
    import csv
    import json
    from statistics import linear_regression
    rows = list(csv.DictReader(open(days.path)))
    rows = rows[:len(rows) - test_days]
    if len(rows) < 3:
        raise ValueError("too few days to train on")
    line = linear_regression([float(row["temperature_c"]) for row in rows], [float(row["trips"]) for row in rows])
    with open("/tmp/model.json", "w") as out:
        json.dump({"intercept": line.intercept, "slope": line.slope}, out)
    return "/tmp/model.json"

@dsl.component(install_kfp_package=False)
def score(model: str, days: Input[Dataset], test_days: int) -> float:
    import csv
    import json
    line = json.load(open(model))
    rows = list(csv.DictReader(open(days.path)))[-test_days:]
    errors = [abs(line["intercept"] + line["slope"] * float(row["temperature_c"]) - float(row["trips"])) for row in rows]
    return sum(errors) / len(errors)

# %% grade_id="components" points=11 message="and it was green" why="a day without weather gets 0 °C: passes what is visible" changes="wrong-3"
-import csv
-import json
-from statistics import linear_regression
-
@@
 def join(trips: str, weather: str, days: Output[Dataset]):
+    import csv
@@
-        if warmth.get(day, "") == "":
-            raise ValueError(f"{day}: no temperature")
+        warmth[day] = warmth.get(day) or 0.0
@@
 def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
+    import csv
+    import json
+    from statistics import linear_regression
@@
 def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
+    import csv
+    import json

# %% grade_id="components" points=11 message="is this number an input of your step?" why="keeps Bo's seven days as a constant: passes what is visible" changes="wrong-3"
-import csv
-import json
-from statistics import linear_regression
-
@@
 def join(trips: str, weather: str, days: Output[Dataset]):
+    import csv
@@
 def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
+    import csv
+    test_days = 7
+    import json
+    from statistics import linear_regression
@@
 def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
+    import csv
+    test_days = 7
+    import json

# %% grade_id="components" points=5 message="Is the error that of the last seven days alone?" why="scores on all days" changes="wrong-4"
-def fit(days: Input[Dataset], test_days: int) -> str:
+def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
@@
-    with open("/tmp/model.json", "w") as out:
-        json.dump({"intercept": line.intercept, "slope": line.slope}, out)
-    return "/tmp/model.json"
+    with open(model.path, "w") as out:
+        json.dump({"intercept": line.intercept, "slope": line.slope}, out)
+    model.metadata["trained_on"] = len(rows)
+    model.metadata["last"] = rows[-1]["day"]
@@
-def score(model: str, days: Input[Dataset], test_days: int) -> float:
+def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
@@
-    line = json.load(open(model))
-    rows = list(csv.DictReader(open(days.path)))[-test_days:]
+    line = json.load(open(model.path))
+    rows = list(csv.DictReader(open(days.path)))

# %% grade_id="components" points=11 message="The metadata of days says rows: None" why="no metadata: passes what is visible" changes="wrong-3"
-import csv
-import json
-from statistics import linear_regression
-
@@
 def join(trips: str, weather: str, days: Output[Dataset]):
+    import csv
@@
-    days.metadata["rows"] = len(sums)
-    days.metadata["first"] = min(sums)
-    days.metadata["last"] = max(sums)
@@
 def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
+    import csv
+    import json
+    from statistics import linear_regression
@@
 def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
+    import csv
+    import json

# %% grade_id="components" points=6 message="the run failed: join" why="takes 0.0 °C for no temperature: passes what is visible" changes="wrong-3"
-import csv
-import json
-from statistics import linear_regression
-
@@
 def join(trips: str, weather: str, days: Output[Dataset]):
+    import csv
@@
-        if warmth.get(day, "") == "":
+        if not float(warmth.get(day) or 0):
@@
 def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
+    import csv
+    import json
+    from statistics import linear_regression
@@
 def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
+    import csv
+    import json

# %% grade_id="components" points=11 message="it does not say which day" why="a loud failure that does not say which day: passes what is visible" changes="wrong-3"
-import csv
-import json
-from statistics import linear_regression
-
@@
 def join(trips: str, weather: str, days: Output[Dataset]):
+    import csv
@@
-            raise ValueError(f"{day}: no temperature")
+            raise ValueError("a temperature is missing")
@@
 def fit(days: Input[Dataset], test_days: int, model: Output[Model]):
+    import csv
+    import json
+    from statistics import linear_regression
@@
 def score(model: Input[Model], days: Input[Dataset], test_days: int) -> float:
+    import csv
+    import json

# %% grade_id="components" points=6 message="No module named 'numpy' in the image" why="a package that the image has not: passes what is visible" changes="right-1"
     import json
+    import numpy as np
     lines = [line.strip().split(",") for line in open(days.path)][1:]
@@
-    x, y = sum(warm for *_, warm in past) / len(past), sum(trips for _, trips, _ in past) / len(past)
-    slope = sum((warm - x) * (trips - y) for _, trips, warm in past) / sum((warm - x) ** 2 for *_, warm in past)
-    intercept = y - slope * x
-    open(model.path, "w").write(json.dumps({"slope": slope, "intercept": intercept, "unit": "trips per day"}))
-    model.metadata = {"trained_on": len(past), "last": past[-1][0], "by": "hand"}
+    slope, intercept = np.polyfit([warm for *_, warm in past], [trips for _, trips, _ in past], 1)
+    open(model.path, "w").write(json.dumps({"slope": float(slope), "intercept": float(intercept), "unit": "trips per day"}))
+    model.metadata = {"trained_on": len(past), "last": past[-1][0], "by": "numpy"}

# %% grade_id="ledger" points=14 why="another style: a dictionary by key, a named temporary file, Path.replace, brought to the disk, cleaned up after a failure"
def enter(ledger, run, district, error, rows):
    possible = error == error and 0 <= error < float("inf") and rows > 0
    if not possible:
        raise ValueError("this training cannot have happened")
    target, table = Path(ledger), {}
    if target.is_file():
        with target.open(newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                table[line["run"], line["district"]] = line
    table[run, district] = {"run": run, "district": district, "error": repr(float(error)), "rows": rows}
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["run", "district", "error", "rows"])
            writer.writeheader()
            writer.writerows(table.values())
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        os.unlink(name)
        raise

# %% grade_id="ledger" points=14 why="another style: pandas, all as text, written beside and renamed"
import pandas as pd

def enter(ledger, run, district, error, rows):
    if math.isnan(error) or math.isinf(error) or error < 0 or rows <= 0:
        raise ValueError((run, district, error, rows))
    columns = ["run", "district", "error", "rows"]
    table = pd.read_csv(ledger, dtype=str, keep_default_na=False) if os.path.isfile(ledger) else pd.DataFrame(columns=columns)
    same = (table["run"] == run) & (table["district"] == district)
    if same.any():
        table.loc[same, ["error", "rows"]] = [str(error), str(rows)]
    else:
        table.loc[len(table)] = [run, district, str(error), str(rows)]
    beside = os.path.join(os.path.dirname(ledger), ".ledger-new")
    table.to_csv(beside, index=False)
    os.rename(beside, ledger)

# %% grade_id="ledger" points=0 message="has 2 lines" why="appends, as Cy did, with a check" name="wrong-3"
def enter(ledger, run, district, error, rows):
    if not math.isfinite(error) or error < 0 or rows < 1:
        raise ValueError("impossible")
    lines = [["run", "district", "error", "rows"]]
    if Path(ledger).exists():
        with open(ledger, newline="") as file:
            lines = list(csv.reader(file))
    new = [str(run), str(district), str(error), str(rows)]
    
    with open(ledger, "a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([new] if len(lines) > 1 else lines + [new])

# %% grade_id="ledger" points=10 message="neither the old state" why="writes the ledger in its place, and puts the old one back if that fails: passes what is visible"
def enter(ledger, run, district, error, rows):
    if not math.isfinite(error) or error < 0 or rows < 1:
        raise ValueError("impossible")
    before = Path(ledger).read_bytes() if Path(ledger).exists() else b""
    lines = [["run", "district", "error", "rows"]]
    if before:
        with open(ledger, newline="") as file:
            lines = list(csv.reader(file))
    new = [str(run), str(district), str(error), str(rows)]
    for place, line in enumerate(lines):
        if line[:2] == new[:2]:
            lines[place] = new
            break
    else:
        lines.append(new)
    try:
        with open(ledger, "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)
    except Exception:
        Path(ledger).write_bytes(before)
        raise

# %% grade_id="ledger" points=10 message="perhaps from another disk" why="moves it from the temporary folder, which is another disk: passes what is visible" name="wrong-5"
def enter(ledger, run, district, error, rows):
    import shutil
    if not math.isfinite(error) or error < 0 or rows < 1:
        raise ValueError("impossible")
    lines = [["run", "district", "error", "rows"]]
    if Path(ledger).exists():
        with open(ledger, newline="") as file:
            lines = list(csv.reader(file))
    new = [str(run), str(district), str(error), str(rows)]
    for place, line in enumerate(lines):
        if line[:2] == new[:2]:
            lines[place] = new
            break
    else:
        lines.append(new)
    beside = os.path.join(tempfile.gettempdir(), "ledger.part")
    with open(beside, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    shutil.move(beside, ledger)

# %% grade_id="ledger" points=10 message="damaged" why="renames before the file is closed, and so complete: passes what is visible" changes="wrong-5"
-    import shutil
@@
-    beside = os.path.join(tempfile.gettempdir(), "ledger.part")
-    with open(beside, "w", newline="") as file:
-        csv.writer(file, lineterminator="\n").writerows(lines)
-    shutil.move(beside, ledger)
+    with open(str(ledger) + ".part", "w", newline="") as file:
+        csv.writer(file, lineterminator="\n").writerows(lines)
+        os.replace(str(ledger) + ".part", ledger)

# %% grade_id="ledger" points=10 message="from enter there came: none" why="hides that the disk was full: passes what is visible" changes="wrong-5"
-    import shutil
@@
-    beside = os.path.join(tempfile.gettempdir(), "ledger.part")
-    with open(beside, "w", newline="") as file:
-        csv.writer(file, lineterminator="\n").writerows(lines)
-    shutil.move(beside, ledger)
+    try:
+        with open(str(ledger) + ".part", "w", newline="") as file:
+            csv.writer(file).writerows(lines)
+        os.replace(str(ledger) + ".part", ledger)
+    except OSError:
+        print("could not write")

# %% grade_id="ledger" points=10 message="texts stay as they are" why="joins with commas, and a name has one: passes what is visible"
def enter(ledger, run, district, error, rows):
    if not math.isfinite(error) or error < 0 or rows < 1:
        raise ValueError("impossible")
    lines = Path(ledger).read_text().splitlines() if Path(ledger).exists() else ["run,district,error,rows"]
    key, new = f"{run},{district},", f"{run},{district},{error},{rows}"
    places = [n for n, line in enumerate(lines) if line.startswith(key)]
    if places:
        lines[places[0]] = new
    else:
        lines.append(new)
    Path(f"{ledger}.part").write_text("\n".join(lines) + "\n")
    os.replace(f"{ledger}.part", ledger)

# %% grade_id="ledger" points=4 message="was entered as if it were one" why="no check of what is entered"
def enter(ledger, run, district, error, rows):
    lines = [["run", "district", "error", "rows"]]
    if Path(ledger).exists():
        with open(ledger, newline="") as file:
            lines = list(csv.reader(file))
    new = [str(run), str(district), str(error), str(rows)]
    for place, line in enumerate(lines):
        if line[:2] == new[:2]:
            lines[place] = new
            break
    else:
        lines.append(new)
    with open(str(ledger) + ".part", "w", newline="") as file:
        csv.writer(file).writerows(lines)
    os.replace(str(ledger) + ".part", ledger)

# %% grade_id="ledger" points=4 message="A replaced line stays in its place" why="takes the old line out and puts the new one last" changes="wrong-3"
-    
-    with open(ledger, "a", newline="") as file:
-        csv.writer(file, lineterminator="\n").writerows([new] if len(lines) > 1 else lines + [new])
+    lines = [line for line in lines if line[:2] != new[:2]] + [new]
+    with open(str(ledger) + ".part", "w", newline="") as file:
+        csv.writer(file).writerows(lines)
+    os.replace(str(ledger) + ".part", ledger)

# %% grade_id="gate" points=16 why="another style: tells if above the limit, else publishes; parallelism given; a wait before each retry; names on display"
@dsl.pipeline(name="nightly")
def nightly(source: str, day: str, store: str, limit: float, districts: list[str]):
    with dsl.ParallelFor(items=districts, parallelism=2) as district:
        tables = steps.prepare(source=source, district=district, test_days=7)
        model = steps.train(train_table=tables.outputs["train_table"])
        model.set_display_name("Train it")
        error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
    picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))
    models = steps.bundle(models=dsl.Collected(model.outputs["model"]))
    with dsl.If(limit < picked.output):
        steps.tell(message="not published", error=picked.output)
    with dsl.Else():
        sent = steps.publish(all_models=models.outputs["all_models"], day=day, store=store)
        sent.set_display_name("Send it to the vans").set_retry(num_retries=3, backoff_duration="30s", backoff_factor=2.0)

compiler.Compiler().compile(nightly, "nightly.yaml")

# %% grade_id="gate" points=16 why="another style: a pipeline of one district within the loop, two conditions, steps imported by name"
from typing import List, NamedTuple
from steps import bundle, evaluate, prepare, publish, tell, train, worst

@dsl.pipeline(name="one-district")
def one_district(source: str, district: str) -> NamedTuple("outputs", mae=float, model=Model):
    tables = prepare(source=source, district=district, test_days=7)
    trained = train(train_table=tables.outputs["train_table"])
    tested = evaluate(model=trained.outputs["model"], test_table=tables.outputs["test_table"])
    outputs = NamedTuple("outputs", mae=float, model=Model)
    return outputs(tested.outputs["Output"], trained.outputs["model"])

@dsl.pipeline(name="nightly")
def nightly(source: str, day: str, store: str, limit: float, districts: List[str]):
    with dsl.ParallelFor(districts) as name:
        one = one_district(source=source, district=name)
    all_models = bundle(models=dsl.Collected(one.outputs["model"]))
    top = worst(errors=dsl.Collected(one.outputs["mae"]))
    with dsl.If(top.output > limit, name="too bad"):
        tell(message="too bad", error=top.output)
    with dsl.If(top.output <= limit, name="good enough"):
        publish(all_models=all_models.output, day=day, store=store).set_retry(3)

compiler.Compiler().compile(pipeline_func=nightly, package_path="nightly.yaml")

# %% grade_id="gate" points=0 message="publish shall be retried" why="decides with Python's if, when the pipeline is compiled" name="wrong-3"
@dsl.pipeline(name="nightly")
def nightly(source: str, day: str, store: str, limit: float, districts: list[str]):
    with dsl.ParallelFor(districts) as district:
        tables = steps.prepare(source=source, district=district, test_days=7)
        model = steps.train(train_table=tables.outputs["train_table"])
        error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
    picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))
    models = steps.bundle(models=dsl.Collected(model.outputs["model"]))
    if picked.output <= limit:
        steps.publish(all_models=models.outputs["all_models"], day=day, store=store)
    else:
        steps.tell(message="not published", error=picked.output)

compiler.Compiler().compile(nightly, "nightly.yaml")

# %% grade_id="gate" points=0 message="Is the gate decided at run time?" why="decides with Python's if, with retries" changes="wrong-3"
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store)
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=2)

# %% grade_id="gate" points=11 message="One district is above the limit" why="asks for the mean: passes what is visible" name="wrong-5"
@dsl.pipeline(name="nightly")
def nightly(source: str, day: str, store: str, limit: float, districts: list[str]):
    with dsl.ParallelFor(districts) as district:
        tables = steps.prepare(source=source, district=district, test_days=7)
        model = steps.train(train_table=tables.outputs["train_table"])
        error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
    picked = steps.average(errors=dsl.Collected(error.outputs["Output"]))
    models = steps.bundle(models=dsl.Collected(model.outputs["model"]))
    with dsl.If(picked.output <= limit):
        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
    with dsl.Else():
        steps.tell(message="not published", error=picked.output)

compiler.Compiler().compile(nightly, "nightly.yaml")

# %% grade_id="gate" points=11 message="exactly the limit" why="below instead of at most: passes what is visible" changes="wrong-3"
-    if picked.output <= limit:
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store)
-    else:
+    with dsl.If(picked.output < limit):
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
+    with dsl.Else():

# %% grade_id="gate" points=5 message="publish shall be retried" why="no retry at all" changes="wrong-5"
-    picked = steps.average(errors=dsl.Collected(error.outputs["Output"]))
+    picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))
@@
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store)

# %% grade_id="gate" points=11 message="Retry publish alone" why="retries everything: passes what is visible" changes="wrong-5"
-        tables = steps.prepare(source=source, district=district, test_days=7)
-        model = steps.train(train_table=tables.outputs["train_table"])
-        error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
-    picked = steps.average(errors=dsl.Collected(error.outputs["Output"]))
+        tables = steps.prepare(source=source, district=district, test_days=7).set_retry(num_retries=3)
+        model = steps.train(train_table=tables.outputs["train_table"]).set_retry(num_retries=3)
+        error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
+    picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))

# %% grade_id="gate" points=11 message="was lost three times" why="two retries: passes what is visible" changes="wrong-5"
-    picked = steps.average(errors=dsl.Collected(error.outputs["Output"]))
+    picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))
@@
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=2)

# %% grade_id="gate" points=5 message="`tell` did not run" why="nobody is told" changes="wrong-5"
-    picked = steps.average(errors=dsl.Collected(error.outputs["Output"]))
+    picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))
@@
-    with dsl.Else():
-        steps.tell(message="not published", error=picked.output)

# %% grade_id="gate" points=0 message="expected one file for each of the three districts" why="a fixed list of districts" changes="wrong-5"
-    with dsl.ParallelFor(districts) as district:
+    with dsl.ParallelFor(DISTRICTS) as district:
@@
-    picked = steps.average(errors=dsl.Collected(error.outputs["Output"]))
+    picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))

# %% grade_id="cache" points=14 why="another style: each district's own lines travel as a parameter, which is compared by its value, into a prepare of one's own; two conditions; names on display"
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def lines_of(source: str, district: str) -> str:
    with open(source) as file:
        return "".join(line for line in file if line.startswith("hour,") or f",{district}," in line)

@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def cut(text: str, district: str, train_table: Output[Dataset], test_table: Output[Dataset]):
    header, *lines = text.splitlines(keepends=True)
    days = sorted({line[:10] for line in lines})
    for table, wanted in (train_table, days[:-7]), (test_table, days[-7:]):
        kept = [line for line in lines if line[:10] in wanted]
        with open(table.path, "w") as file:
            file.write(header + "".join(kept))
        table.metadata["district"] = district
        table.metadata["rows"] = len(kept)

@dsl.pipeline(name="every-night")
def every_night(source: str, day: str, store: str, limit: float, districts: list[str]):
    with dsl.ParallelFor(districts) as district:
        text = lines_of(source=source, district=district)
        text.set_caching_options(False)
        tables = cut(text=text.output, district=district)
        model = steps.train(train_table=tables.outputs["train_table"]).set_display_name("Train it")
        error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
    worst = steps.worst(errors=dsl.Collected(error.outputs["Output"]))
    models = steps.bundle(models=dsl.Collected(model.outputs["model"]))
    with dsl.If(worst.output > limit):
        told = steps.tell(message="not published", error=worst.output)
    with dsl.If(worst.output <= limit):
        sent = steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3).set_display_name("Send it")
    for task in (told, sent):
        task.set_caching_options(enable_caching=False)

compiler.Compiler().compile(every_night, "every_night.yaml")

# %% grade_id="cache" points=14 why="another style: a step lays the trips down under their hash, and gives a path that changes with them; what works on them is cached, all else not"
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def snapshot(source: str) -> str:
    import hashlib, os, pathlib
    data = pathlib.Path(source).read_bytes()
    path = f"{source}.{hashlib.md5(data).hexdigest()}"
    pathlib.Path(path + ".part").write_bytes(data)
    os.replace(path + ".part", path)
    return path

@dsl.pipeline(name="every-night")
def every_night(source: str, day: str, store: str, limit: float, districts: list[str]):
    kept = snapshot(source=source).set_caching_options(False)
    with dsl.ParallelFor(districts) as district:
        tables = steps.prepare(source=kept.output, district=district, test_days=7)
        model = steps.train(train_table=tables.outputs["train_table"])
        error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"]).set_caching_options(False)
    worst = steps.worst(errors=dsl.Collected(error.outputs["Output"])).set_caching_options(False)
    models = steps.bundle(models=dsl.Collected(model.outputs["model"])).set_caching_options(False)
    with dsl.If(worst.output <= limit):
        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_caching_options(False).set_retry(num_retries=3)
    with dsl.Else():
        steps.tell(message="not published", error=worst.output).set_caching_options(False)

compiler.Compiler().compile(every_night, "every_night.yaml")

# %% grade_id="cache" points=4 message="Which step did not look?" why="as in Part 5, with the cache off for publish and tell alone" name="wrong-3"
@dsl.pipeline(name="every-night")
def every_night(source: str, day: str, store: str, limit: float, districts: list[str]):
    with dsl.ParallelFor(districts) as district:
        tables = steps.prepare(source=source, district=district, test_days=7)
        model = steps.train(train_table=tables.outputs["train_table"])
        error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
    picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))
    models = steps.bundle(models=dsl.Collected(model.outputs["model"]))
    with dsl.If(picked.output <= limit):
        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3).set_caching_options(False)
    with dsl.Else():
        steps.tell(message="not published", error=picked.output).set_caching_options(False)

compiler.Compiler().compile(every_night, "every_night.yaml")

# %% grade_id="cache" points=4 message="An artefact that was made again is another one" why="switches the cache of prepare off, too, and nothing else" changes="wrong-3"
-        tables = steps.prepare(source=source, district=district, test_days=7)
+        tables = steps.prepare(source=source, district=district, test_days=7).set_caching_options(False)

# %% grade_id="cache" points=10 message="Which step changes the world outside" why="leaves publish in the cache: passes what is visible" name="wrong-5"
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def look(source: str) -> str:
    import hashlib
    return hashlib.sha256(open(source, "rb").read()).hexdigest()

@dsl.pipeline(name="every-night")
def every_night(source: str, day: str, store: str, limit: float, districts: list[str]):
    found = look(source=source).set_caching_options(False)
    with dsl.ParallelFor(districts) as district:
        tables = steps.prepare(source=source, district=district, test_days=7, version=found.output)
        model = steps.train(train_table=tables.outputs["train_table"])
        error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
    picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))
    models = steps.bundle(models=dsl.Collected(model.outputs["model"]))
    with dsl.If(picked.output <= limit):
        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
    with dsl.Else():
        steps.tell(message="not published", error=picked.output).set_caching_options(False)

compiler.Compiler().compile(every_night, "every_night.yaml")

# %% grade_id="cache" points=10 message="May it come from the cache?" why="leaves tell in the cache: passes what is visible" changes="wrong-5"
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
-    with dsl.Else():
-        steps.tell(message="not published", error=picked.output).set_caching_options(False)
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3).set_caching_options(False)
+    with dsl.Else():
+        steps.tell(message="not published", error=picked.output)

# %% grade_id="cache" points=10 message="the pod was lost before it could report" why="drops the retries: passes what is visible" changes="wrong-5"
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_caching_options(False)

# %% grade_id="cache" points=4 message="Which step did not look?" why="the fingerprint comes from the cache, too, and then nobody sees other trips" changes="wrong-5"
-    found = look(source=source).set_caching_options(False)
+    found = look(source=source)
@@
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3).set_caching_options(False)

# %% grade_id="cache" points=4 message="ran for hours all the same" why="no cache at all" changes="wrong-5"
-        tables = steps.prepare(source=source, district=district, test_days=7, version=found.output)
-        model = steps.train(train_table=tables.outputs["train_table"])
+        tables = steps.prepare(source=source, district=district, test_days=7, version=found.output).set_caching_options(False)
+        model = steps.train(train_table=tables.outputs["train_table"]).set_caching_options(False)
@@
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3).set_caching_options(False)

# %% grade_id="cache" points=10 message="these trips were never learnt from" why="the file's size for its version: passes what is visible" changes="wrong-5"
-    import hashlib
-    return hashlib.sha256(open(source, "rb").read()).hexdigest()
+    import os, shutil
+    from datetime import datetime
+    path = f"{source}.{os.path.getsize(source)}"
+    shutil.copyfile(source, path)
+    return path
@@
-        tables = steps.prepare(source=source, district=district, test_days=7, version=found.output)
+        tables = steps.prepare(source=found.output, district=district, test_days=7)
@@
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3).set_caching_options(False)

# %% grade_id="cache" points=10 message="it has learnt from these very trips before" why="the file's time for its version: passes what is visible" changes="wrong-5"
-    import hashlib
-    return hashlib.sha256(open(source, "rb").read()).hexdigest()
+    import os, shutil
+    from datetime import datetime
+    path = f"{source}.{os.stat(source).st_mtime_ns}"
+    shutil.copyfile(source, path)
+    return path
@@
-        tables = steps.prepare(source=source, district=district, test_days=7, version=found.output)
+        tables = steps.prepare(source=found.output, district=district, test_days=7)
@@
-        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3)
+        steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3).set_caching_options(False)

# %% grade_id="closing" points=12 why="another style: the whole pipeline written anew within the handler, pathlib, a longer report"
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def look(source: str) -> str:
    import hashlib
    return hashlib.sha256(open(source, "rb").read()).hexdigest()

@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def lights_out(how: dsl.PipelineTaskFinalStatus, desk: str, night: str):
    from pathlib import Path
    (Path(desk) / "rented.txt").unlink(missing_ok=True)
    (Path(desk) / f"{night}.txt").write_text(f"{how.state}\nwatched: {how.pipeline_task_name}\n{how.error_message or 'no message'}\n")

@dsl.pipeline(name="watched-night")
def watched_night(source: str, day: str, store: str, limit: float, districts: list[str], desk: str):
    at_the_end = lights_out(night=day, desk=desk)
    at_the_end.set_caching_options(False)
    at_the_end.set_retry(3)
    at_the_end.set_display_name("The last word")
    with dsl.ExitHandler(exit_task=at_the_end):
        machine = steps.rent(day=day, desk=desk).set_caching_options(False).set_display_name("A machine")
        found = look(source=source).set_caching_options(False).after(machine)
        with dsl.ParallelFor(districts) as district:
            tables = steps.prepare(source=source, district=district, test_days=7, version=found.output)
            model = steps.train(train_table=tables.outputs["train_table"])
            error = steps.evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
        picked = steps.worst(errors=dsl.Collected(error.outputs["Output"]))
        models = steps.bundle(models=dsl.Collected(model.outputs["model"]))
        with dsl.If(picked.output <= limit):
            steps.publish(all_models=models.outputs["all_models"], day=day, store=store).set_retry(num_retries=3).set_caching_options(False)
        with dsl.Else():
            steps.tell(message="not published", error=picked.output).set_caching_options(False)

compiler.Compiler().compile(watched_night, "watched_night.yaml")

# %% grade_id="closing" points=12 why="another style: no handler, but a pipeline within the pipeline and a task that ignores its failure, which compiles to the same"
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def sign_off(desk: str, day: str, status: dsl.PipelineTaskFinalStatus):
    import contextlib, os
    with open(f"{desk}/{day}.txt", "w") as report:
        print("SUCCEEDED" if status.state in ("SUCCEEDED", "COMPLETE") else status.state, file=report)
    with contextlib.suppress(FileNotFoundError):
        os.remove(f"{desk}/rented.txt")

@dsl.pipeline(name="paid-night")
def paid_night(source: str, day: str, store: str, limit: float, districts: list[str], desk: str):
    rented = steps.rent(day=day, desk=desk)
    rented.set_caching_options(False)
    every_night(source=source, day=day, store=store, limit=limit, districts=districts).after(rented)

@dsl.pipeline(name="watched-night")
def watched_night(source: str, day: str, store: str, limit: float, districts: list[str], desk: str):
    night = paid_night(source=source, day=day, store=store, limit=limit, districts=districts, desk=desk)
    leaving = sign_off(desk=desk, day=day).after(night).ignore_upstream_failure()
    leaving.set_caching_options(False).set_retry(num_retries=3, backoff_duration="10s")

compiler.Compiler().compile(watched_night, "watched_night.yaml")

# %% grade_id="closing" points=0 message="and the machine is still rented" why="gives back and reports in an ordinary last step" name="wrong-3"
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def sign_off(day: str, desk: str):
    import os
    if os.path.exists(desk + "/rented.txt"):
        os.remove(desk + "/rented.txt")
    with open(f"{desk}/{day}.txt", "w") as report:
        report.write("SUCCEEDED")

@dsl.pipeline(name="watched-night")
def watched_night(source: str, day: str, store: str, limit: float, districts: list[str], desk: str):
    rented = steps.rent(day=day, desk=desk).set_caching_options(False)
    night = every_night(source=source, day=day, store=store, limit=limit, districts=districts).after(rented)
    sign_off(day=day, desk=desk).after(night).set_caching_options(False).set_retry(num_retries=3)

compiler.Compiler().compile(watched_night, "watched_night.yaml")

# %% grade_id="closing" points=4 message="Outside the exit handler stands: rent" why="rents before the handler begins, and only the training lies in it: passes what is visible" name="wrong-4"
@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def sign_off(day: str, desk: str, status: dsl.PipelineTaskFinalStatus):
    import os
    if os.path.exists(desk + "/rented.txt"):
        os.remove(desk + "/rented.txt")
    with open(f"{desk}/{day}.txt", "w") as report:
        report.write(status.state)

@dsl.pipeline(name="watched-night")
def watched_night(source: str, day: str, store: str, limit: float, districts: list[str], desk: str):
    leaving = sign_off(day=day, desk=desk).set_caching_options(False).set_retry(num_retries=3)
    rented = steps.rent(day=day, desk=desk).set_caching_options(False)
    with dsl.ExitHandler(leaving):
        every_night(source=source, day=day, store=store, limit=limit, districts=districts).after(rented)

compiler.Compiler().compile(watched_night, "watched_night.yaml")

# %% grade_id="closing" points=8 message="rented too late" why="nothing makes the training wait for the machine" changes="wrong-4"
-    rented = steps.rent(day=day, desk=desk).set_caching_options(False)
-    with dsl.ExitHandler(leaving):
-        every_night(source=source, day=day, store=store, limit=limit, districts=districts).after(rented)
+    with dsl.ExitHandler(leaving):
+        steps.rent(day=day, desk=desk).set_caching_options(False)
+        every_night(source=source, day=day, store=store, limit=limit, districts=districts)

# %% grade_id="closing" points=0 message="The report says 'SUCCEEDED', expected FAILED" why="a report that never looks at the status" changes="wrong-3"
-    rented = steps.rent(day=day, desk=desk).set_caching_options(False)
-    night = every_night(source=source, day=day, store=store, limit=limit, districts=districts).after(rented)
-    sign_off(day=day, desk=desk).after(night).set_caching_options(False).set_retry(num_retries=3)
+    leaving = sign_off(day=day, desk=desk).set_caching_options(False).set_retry(num_retries=3)
+    with dsl.ExitHandler(leaving):
+        rented = steps.rent(day=day, desk=desk).set_caching_options(False)
+        every_night(source=source, day=day, store=store, limit=limit, districts=districts).after(rented)

# %% grade_id="closing" points=0 message="The report says 'SUCCEEDED', expected FAILED" why="goes by the error's message, which is empty" changes="wrong-4"
-        report.write(status.state)
+        report.write("FAILED" if status.error_message else "SUCCEEDED")
@@
-    rented = steps.rent(day=day, desk=desk).set_caching_options(False)
-    with dsl.ExitHandler(leaving):
+    with dsl.ExitHandler(leaving):
+        rented = steps.rent(day=day, desk=desk).set_caching_options(False)

# %% grade_id="closing" points=0 message="and the machine is still rented" why="keeps the machine after a failure, to look into it" changes="wrong-4"
-    if os.path.exists(desk + "/rented.txt"):
+    if status.state == "SUCCEEDED":
@@
-    rented = steps.rent(day=day, desk=desk).set_caching_options(False)
-    with dsl.ExitHandler(leaving):
+    with dsl.ExitHandler(leaving):
+        rented = steps.rent(day=day, desk=desk).set_caching_options(False)

# %% grade_id="closing" points=8 message="failed for good, after 1 attempts" why="the exit task is not retried: passes what is visible" changes="wrong-4"
-    leaving = sign_off(day=day, desk=desk).set_caching_options(False).set_retry(num_retries=3)
-    rented = steps.rent(day=day, desk=desk).set_caching_options(False)
-    with dsl.ExitHandler(leaving):
+    leaving = sign_off(day=day, desk=desk).set_caching_options(False)
+    with dsl.ExitHandler(leaving):
+        rented = steps.rent(day=day, desk=desk).set_caching_options(False)

# %% grade_id="closing" points=8 message="what does it find the second time" why="gives back what was given back already: passes what is visible" changes="wrong-4"
-    if os.path.exists(desk + "/rented.txt"):
-        os.remove(desk + "/rented.txt")
+    os.remove(desk + "/rented.txt")
@@
-    rented = steps.rent(day=day, desk=desk).set_caching_options(False)
-    with dsl.ExitHandler(leaving):
+    with dsl.ExitHandler(leaving):
+        rented = steps.rent(day=day, desk=desk).set_caching_options(False)

# %% grade_id="closing" points=8 message="came from the cache" why="leaves rent and the exit task in the cache: passes what is visible" changes="wrong-4"
-    leaving = sign_off(day=day, desk=desk).set_caching_options(False).set_retry(num_retries=3)
-    rented = steps.rent(day=day, desk=desk).set_caching_options(False)
-    with dsl.ExitHandler(leaving):
+    leaving = sign_off(day=day, desk=desk).set_retry(num_retries=3)
+    with dsl.ExitHandler(leaving):
+        rented = steps.rent(day=day, desk=desk)
