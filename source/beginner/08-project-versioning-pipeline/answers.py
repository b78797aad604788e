# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="audit" points=17 why="another style: strings with slashes, sets, tuples, a copy of the text of the rules"
def names_in(entries):
    for entry in entries or ():
        if isinstance(entry, dict):
            yield from entry
        else:
            yield entry

def is_in(path, declared):
    declared = declared.rstrip("/")
    return path == declared or path.startswith(declared + "/")

def audit(repo):
    result = {}
    with open(os.path.join(repo, "dvc.yaml")) as file:
        stages = yaml.safe_load(file)["stages"]
    for name in stages:
        stage = stages[name]
        touched = watch(repo, stage["cmd"])
        inputs = list(names_in(stage.get("deps")))
        for entry in stage.get("params", []):
            inputs.append("params.yaml" if isinstance(entry, str) else list(entry)[0])
        outputs = [*names_in(stage.get("outs")), *names_in(stage.get("metrics")), *names_in(stage.get("plots"))]
        result[name] = dict(
            missing_deps={r for r in touched[0] if not any(is_in(r, d) for d in inputs)},
            needless_deps=tuple({d for d in inputs if not any(is_in(r, d) for r in touched[0])}),
            missing_outs=[w for w in touched[1] if not any(is_in(w, o) for o in outputs)],
        )
    return result

# %% grade_id="audit" points=17 why="another style: DVC's own reading of dvc.yaml, paths and their parents"
def audit(repo):
    from ruamel.yaml import YAML

    def with_parents(path):
        return {str(path), *(str(parent) for parent in Path(path).parents)}

    found = {}
    for name, stage in YAML(typ="safe").load(Path(repo) / "dvc.yaml")["stages"].items():
        read, written = watch(repo, stage["cmd"])
        plain = lambda key: {e if isinstance(e, str) else [*e][0] for e in stage.get(key, [])}
        settings = {"params.yaml" if isinstance(e, str) else [*e][0] for e in stage.get("params", [])}
        ins, outs = plain("deps") | settings, plain("outs") | plain("metrics") | plain("plots")
        reached = set().union(*map(with_parents, read)) if read else set()
        found[name] = {
            "missing_deps": [Path(p) for p in read if not with_parents(p) & ins],
            "needless_deps": list(ins - reached),
            "missing_outs": [p for p in written if not with_parents(p) & outs],
            "note": "made by audit",
        }
    return found

# %% grade_id="audit" points=11 message="A declared folder covers what lies in it, and nothing beside it" why="a prefix for a folder: raw covers raw2, in the missing lists: passes what is visible"
def audit(repo):
    result = {}
    plain = lambda entries: [e if isinstance(e, str) else list(e)[0] for e in entries]
    for name, stage in yaml.safe_load((Path(repo) / "dvc.yaml").read_text())["stages"].items():
        read, written = watch(repo, stage["cmd"])
        ins = plain(stage.get("deps", [])) + ["params.yaml" if isinstance(e, str) else list(e)[0] for e in stage.get("params", [])]
        outs = plain(stage.get("outs", []) + stage.get("metrics", []) + stage.get("plots", []))
        result[name] = {
            "missing_deps": [p for p in read if not any(p.startswith(d) for d in ins)],
            "needless_deps": [d for d in ins if not any(Path(p).is_relative_to(d) for p in read)],
            "missing_outs": [p for p in written if not any(p.startswith(d) for d in outs)],
        }
    return result

# %% grade_id="audit" points=0 message="declares `params`" why="forgets that params declares a file"
def audit(repo):
    result = {}
    plain = lambda entries: {e if isinstance(e, str) else list(e)[0] for e in entries}
    for name, stage in yaml.safe_load((Path(repo) / "dvc.yaml").read_text())["stages"].items():
        read, written = watch(repo, stage["cmd"])
        deps, outs = plain(stage.get("deps", [])), plain(stage.get("outs", []) + stage.get("metrics", []) + stage.get("plots", []))
        result[name] = {"missing_deps": read - deps, "needless_deps": deps - read, "missing_outs": written - outs}
    return result

# %% grade_id="audit" points=0 message="The path is the entry's key" why="looks at plain entries alone"
def audit(repo):
    result = {}
    plain = lambda entries: {e for e in entries if isinstance(e, str)}
    for name, stage in yaml.safe_load((Path(repo) / "dvc.yaml").read_text())["stages"].items():
        read, written = watch(repo, stage["cmd"])
        deps = plain(stage.get("deps", [])) | ({"params.yaml"} if "params" in stage else set())
        outs = plain(stage.get("outs", []) + stage.get("metrics", []) + stage.get("plots", []))
        result[name] = {"missing_deps": read - deps, "needless_deps": deps - read, "missing_outs": written - outs}
    return result

# %% grade_id="audit" points=5 message="the stage declares it, under `outs`, `metrics` or `plots`" why="forgets that metrics and plots are outputs: passes what is visible" name="wrong-6"
def audit(repo):
    result = {}
    inside = lambda path, others: any(Path(path).is_relative_to(other) for other in others)
    plain = lambda entries: [e if isinstance(e, str) else list(e)[0] for e in entries]
    for name, stage in yaml.safe_load((Path(repo) / "dvc.yaml").read_text())["stages"].items():
        read, written = watch(repo, stage["cmd"])
        ins = plain(stage.get("deps", [])) + ["params.yaml" if isinstance(e, str) else list(e)[0] for e in stage.get("params", [])]
        result[name] = {
            "missing_deps": [p for p in read if not inside(p, ins)],
            "needless_deps": {d for d in ins if not any(inside(p, [d]) for p in read)},
            "missing_outs": [p for p in written if not inside(p, plain(stage.get("outs", [])))],
        }
    return result

# %% grade_id="audit" points=5 message="the file that an entry names" why="takes all parameters for those of params.yaml: passes what is visible" changes="wrong-6"
-        ins = plain(stage.get("deps", [])) + ["params.yaml" if isinstance(e, str) else list(e)[0] for e in stage.get("params", [])]
+        ins = plain(stage.get("deps", [])) + (["params.yaml"] if stage.get("params") else [])
+        outs = plain(stage.get("outs", []) + stage.get("metrics", []) + stage.get("plots", []))
@@
-            "needless_deps": {d for d in ins if not any(inside(p, [d]) for p in read)},
-            "missing_outs": [p for p in written if not inside(p, plain(stage.get("outs", [])))],
+            "needless_deps": [d for d in ins if not any(inside(p, [d]) for p in read)],
+            "missing_outs": [p for p in written if not inside(p, outs)],

# %% grade_id="audit" points=0 message="A module is a dependency" why="searches the script's text for file names instead of watching it"
def audit(repo):
    result = {}
    plain = lambda entries: {e if isinstance(e, str) else list(e)[0] for e in entries}
    for name, stage in yaml.safe_load((Path(repo) / "dvc.yaml").read_text())["stages"].items():
        script = stage["cmd"].split()[1]
        mentioned = set(re.findall(r'"([\w/]+\.(?:csv|json|yaml))"', (Path(repo) / script).read_text())) | {script}
        deps = plain(stage.get("deps", [])) | ({"params.yaml"} if "params" in stage else set())
        outs = plain(stage.get("outs", []) + stage.get("metrics", []) + stage.get("plots", []))
        result[name] = {"missing_deps": mentioned - deps - outs, "needless_deps": deps - mentioned, "missing_outs": {p for p in mentioned if p.startswith("prepared/fill")} - outs}
    return result

# %% grade_id="pipeline" points=28 why="another style: the whole file anew, prepared as one output folder, section names, the plot as a plain output in the cache"
Path("alarm/dvc.yaml").write_text("""
stages:
  prepare: {cmd: python prepare.py, deps: [data/stations.csv, data/trips.csv, prepare.py], params: [prepare], outs: [prepared]}
  train:
    cmd: python train.py
    deps: [prepared/fill.json, features.py, prepared/train.csv, train.py]
    params: [costs.fetch, train, costs.miss]
    outs: [{model.json: {cache: false}}]
  evaluate:
    cmd: python evaluate.py
    deps: [model.json, prepared/fill.json, features.py, prepared/test.csv, evaluate.py]
    params: [{params.yaml: [costs]}]
    outs: [daily.csv]
    metrics: [metrics.json]
""")
text = Path("alarm/train.py").read_text().splitlines()
text = ["C = float(params['train']['C'])" if line.startswith("C =") else line for line in text]
Path("alarm/train.py").write_text("\n".join(text) + "\n")
git("alarm", "rm", "-q", "--cached", "metrics.json", "daily.csv")
dvc("alarm", "repro")
git("alarm", "add", "-A")
git("alarm", "commit", "-qm", "mended")

# %% grade_id="pipeline" points=28 why="another style: dvc stage add, shell lines, two commits"
!cd alarm && sed -i 's/^C = .*//; s/C=C/C=params["train"]["C"]/' train.py && git commit -qam "C from params.yaml"
!cd alarm && dvc stage add -q --force -n prepare -d prepare.py -d data/trips.csv -d data/stations.csv -p prepare.first_test_day -o prepared/train.csv -o prepared/test.csv -o prepared/fill.json python prepare.py
!cd alarm && dvc stage add -q --force -n train -d train.py -d features.py -d prepared/train.csv -d prepared/fill.json -p train.C,costs.fetch,costs.miss --outs-no-cache model.json python train.py
!cd alarm && dvc stage add -q --force -n evaluate -d evaluate.py -d features.py -d model.json -d prepared/test.csv -d prepared/fill.json -p costs -M metrics.json --plots-no-cache daily.csv python evaluate.py
!cd alarm && dvc repro -q && git add . && git commit -qm "stages"

# %% grade_id="pipeline" points=5 message="expected: prepare" why="declares everything everywhere, to be on the safe side"
stages_file = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
for name, stage in stages_file["stages"].items():
    stage["deps"] = sorted({*stage["deps"], "prepare.py", "train.py", "features.py", "evaluate.py", "data/trips.csv", "data/stations.csv"})
    stage["params"] = ["prepare", "train", "costs"]
stages_file["stages"]["prepare"]["outs"].append("prepared/fill.json")
stages_file["stages"]["evaluate"]["outs"] = ["daily.csv"]
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(stages_file))
Path("alarm/train.py").write_text(Path("alarm/train.py").read_text().replace("C = 0.0005  # Bo: just for a try", 'C = params["train"]["C"]'))
git("alarm", "rm", "-q", "--cached", "daily.csv")
dvc("alarm", "repro")
git("alarm", "add", "-A")
git("alarm", "commit", "-qm", "all")

# %% grade_id="pipeline" points=10 message="where does train.py get its C" why="mends dvc.yaml and leaves the number in the script"
stages_file = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
s = stages_file["stages"]
s["prepare"]["deps"] += ["prepare.py", "data/stations.csv"]
s["prepare"]["outs"] += ["prepared/fill.json"]
s["train"]["deps"] = ["train.py", "features.py", "prepared/train.csv", "prepared/fill.json"]
s["train"]["params"] += ["costs"]
s["evaluate"].update(deps=s["evaluate"]["deps"] + ["features.py", "prepared/fill.json"], params=["costs"], plots=[{"daily.csv": {"cache": False}}])
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(stages_file))
dvc("alarm", "repro")
git("alarm", "add", "-A")
git("alarm", "commit", "-qm", "dvc.yaml")

# %% grade_id="pipeline" points=22 message="expected: prepare, evaluate, since" why="train depends on the whole folder prepared: passes what is visible"
stages_file = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
s = stages_file["stages"]
s["prepare"].update(deps=["prepare.py", "data"], outs=["prepared"])
s["train"].update(deps=["train.py", "features.py", "prepared"], params=["train", "costs"])
s["evaluate"].update(deps=["evaluate.py", "features.py", "prepared", "model.json"], params=["costs"], plots=[{"daily.csv": {"cache": False}}])
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(stages_file))
Path("alarm/train.py").write_text(Path("alarm/train.py").read_text().replace("C = 0.0005  # Bo: just for a try", 'C = params["train"]["C"]'))
dvc("alarm", "repro")
git("alarm", "add", "-A")
git("alarm", "commit", "-qm", "folders")

# %% grade_id="pipeline" points=22 message="evaluate uses it and does not declare it" why="declares the costs for the training alone: passes what is visible" name="wrong-6"
stages_file = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
s = stages_file["stages"]
s["prepare"]["deps"] += ["prepare.py", "data/stations.csv"]
s["prepare"]["outs"] += ["prepared/fill.json"]
s["train"].update(deps=["train.py", "features.py", "prepared/train.csv", "prepared/fill.json"], params=["train.C", "costs"])
s["evaluate"].update(deps=s["evaluate"]["deps"] + ["features.py", "prepared/fill.json"], plots=[{"daily.csv": {"cache": False}}])
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(stages_file))
Path("alarm/train.py").write_text(Path("alarm/train.py").read_text().replace("C = 0.0005  # Bo: just for a try", 'C = params["train"]["C"]'))
dvc("alarm", "repro")
git("alarm", "add", "-A")
git("alarm", "commit", "-qm", "costs")

# %% grade_id="pipeline" points=5 message="Is this file an output of a stage?" why="does not notice fill.json"
stages_file = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
s = stages_file["stages"]
s["prepare"]["deps"] += ["prepare.py", "data/stations.csv"]
s["train"].update(deps=["train.py", "features.py", "prepared/train.csv"], params=["train.C", "costs"])
s["evaluate"].update(deps=s["evaluate"]["deps"] + ["features.py"], params=["costs"], plots=[{"daily.csv": {"cache": False}}])
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(stages_file))
Path("alarm/train.py").write_text(Path("alarm/train.py").read_text().replace("C = 0.0005  # Bo: just for a try", 'C = params["train"]["C"]'))
dvc("alarm", "repro")
git("alarm", "add", "-A")
git("alarm", "commit", "-qm", "no fill")

# %% grade_id="pipeline" points=23 message="dvc.lock does not know daily.csv" why="leaves the table for plots undeclared: passes what is visible" changes="wrong-6"
-s["evaluate"].update(deps=s["evaluate"]["deps"] + ["features.py", "prepared/fill.json"], plots=[{"daily.csv": {"cache": False}}])
+s["evaluate"].update(deps=s["evaluate"]["deps"] + ["features.py", "prepared/fill.json"], params=["costs"])
@@
-git("alarm", "commit", "-qm", "costs")
+git("alarm", "commit", "-qm", "no table")

# %% grade_id="pipeline" points=0 message="Not committed: dvc.lock" why="commits what was written by hand, and not what DVC wrote"
stages_file = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
s = stages_file["stages"]
s["prepare"]["deps"] += ["prepare.py", "data/stations.csv"]
s["prepare"]["outs"] += ["prepared/fill.json"]
s["train"].update(deps=["train.py", "features.py", "prepared/train.csv", "prepared/fill.json"], params=["train.C", "costs"])
s["evaluate"].update(deps=s["evaluate"]["deps"] + ["features.py", "prepared/fill.json"], params=["costs"], plots=[{"daily.csv": {"cache": False}}])
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(stages_file))
Path("alarm/train.py").write_text(Path("alarm/train.py").read_text().replace("C = 0.0005  # Bo: just for a try", 'C = params["train"]["C"]'))
git("alarm", "commit", "-qm", "mended", "dvc.yaml", "train.py")
dvc("alarm", "repro")
git("alarm", "add", "model.json", "metrics.json", "daily.csv")
git("alarm", "commit", "-qm", "results")

# %% grade_id="release" points=18 why="another style: shell lines, the whole data folder under DVC, annotated tags, one push at the end"
STORE = Path("alarm-store").resolve()
!cd alarm && git rm -rq --cached data model.json && dvc add -q data
again = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
again["stages"]["train"]["outs"] = ["model.json"]
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(again))
!cd alarm && dvc remote add -q -d shared {STORE} && dvc repro -q && git add . && git commit -qm "Release 1" && git tag -a v1 -m "Summer"
!tail -n +2 september.csv >> alarm/data/trips.csv
!cd alarm && sed -i 's/2025-08-18/2025-09-01/' params.yaml && dvc add -q data && dvc repro -q && git add . && git commit -qm "Release 2" && git tag -a v2 -m "September" && dvc push -q --all-tags

# %% grade_id="release" points=18 why="another style: pandas for the rows, a branch that is merged, the default remote by a command of its own"
git("alarm", "checkout", "-qb", "releases")
git("alarm", "rm", "-q", "--cached", "data/trips.csv", "model.json")
s = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
s["stages"]["train"]["outs"] = [{"model.json": {"cache": True}}]
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(s))
dvc("alarm", "remote", "add", "store", os.path.abspath("alarm-store"))
dvc("alarm", "remote", "default", "store")
dvc("alarm", "add", "data/trips.csv", "data/stations.csv") if not git("alarm", "rm", "-q", "--cached", "data/stations.csv") else None
dvc("alarm", "repro")
git("alarm", "add", ".")
git("alarm", "commit", "-qm", "1")
dvc("alarm", "push")
git("alarm", "tag", "v1")
table = pd.concat([pd.read_csv("trips.csv"), pd.read_csv("september.csv")])
Path("alarm/data/trips.csv").unlink()
table.to_csv("alarm/data/trips.csv", index=False)
p = yaml.safe_load(Path("alarm/params.yaml").read_text())
p["prepare"]["first_test_day"] = "2025-09-01"
Path("alarm/params.yaml").write_text(yaml.safe_dump(p))
dvc("alarm", "add", "data/trips.csv")
dvc("alarm", "repro")
dvc("alarm", "push")
git("alarm", "add", ".")
git("alarm", "commit", "-qm", "2")
git("alarm", "checkout", "-q", "main")
git("alarm", "merge", "-q", "--no-ff", "-m", "Two releases", "releases")
git("alarm", "tag", "v2", "releases")

# %% grade_id="release" points=0 message="cannot pull everything from alarm-store" why="forgets to push" name="wrong-3"
git("alarm", "rm", "-q", "--cached", "data/trips.csv", "model.json")
s = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
s["stages"]["train"]["outs"] = ["model.json"]
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(s))
dvc("alarm", "add", "data/trips.csv")
dvc("alarm", "remote", "add", "-d", "store", str(Path("alarm-store").resolve()))
for tag in ("v1", "v2"):
    if tag == "v2":
        with open("alarm/data/trips.csv", "a") as f:
            f.writelines(open("september.csv").readlines()[1:])
        Path("alarm/params.yaml").write_text(Path("alarm/params.yaml").read_text().replace("2025-08-18", "2025-09-01"))
    dvc("alarm", "repro")
    git("alarm", "add", ".")
    git("alarm", "commit", "-qm", tag)
    git("alarm", "tag", tag)

# %% grade_id="release" points=13 message="names no default remote" why="adds the remote with --local: works on this laptop; passes what is visible" changes="wrong-3"
-dvc("alarm", "remote", "add", "-d", "store", str(Path("alarm-store").resolve()))
+dvc("alarm", "remote", "add", "--local", "-d", "store", str(Path("alarm-store").resolve()))
@@
     git("alarm", "tag", tag)
+    dvc("alarm", "push")

# %% grade_id="release" points=13 message="a clone that lies in another folder" why="gives the store a relative address: passes what is visible" changes="wrong-3"
-dvc("alarm", "remote", "add", "-d", "store", str(Path("alarm-store").resolve()))
+dvc("alarm", "remote", "add", "--default", "store", "../alarm-store")
@@
     git("alarm", "tag", tag)
+    dvc("alarm", "push")

# %% grade_id="release" points=13 message="In a clean clone of v2 DVC finds something to do" why="tags v2 without reproducing: passes what is visible"
git("alarm", "rm", "-q", "--cached", "data/trips.csv", "model.json")
s = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
s["stages"]["train"]["outs"] = ["model.json"]
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(s))
dvc("alarm", "add", "data/trips.csv")
dvc("alarm", "remote", "add", "-d", "store", str(Path("alarm-store").resolve()))
dvc("alarm", "repro")
git("alarm", "add", ".")
git("alarm", "commit", "-qm", "v1")
git("alarm", "tag", "v1")
with open("alarm/data/trips.csv", "a") as f:
    f.writelines(open("september.csv").readlines()[1:])
Path("alarm/params.yaml").write_text(Path("alarm/params.yaml").read_text().replace("2025-08-18", "2025-09-01"))
dvc("alarm", "push")
dvc("alarm", "add", "data/trips.csv")
git("alarm", "add", ".")
git("alarm", "commit", "-qm", "v2")
git("alarm", "tag", "v2")
dvc("alarm", "push")

# %% grade_id="release" points=9 message="still in Git: model.json" why="moves the data and leaves the model in Git" changes="wrong-3"
-git("alarm", "rm", "-q", "--cached", "data/trips.csv", "model.json")
-s = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
-s["stages"]["train"]["outs"] = ["model.json"]
-Path("alarm/dvc.yaml").write_text(yaml.safe_dump(s))
+git("alarm", "rm", "-q", "--cached", "data/trips.csv")
@@
     git("alarm", "tag", tag)
+    dvc("alarm", "push")

# %% grade_id="release" points=4 message="before the trips of September arrive" why="appends first, and tags both: passes what is visible"
git("alarm", "rm", "-q", "--cached", "data/trips.csv", "model.json")
s = yaml.safe_load(Path("alarm/dvc.yaml").read_text())
s["stages"]["train"]["outs"] = ["model.json"]
Path("alarm/dvc.yaml").write_text(yaml.safe_dump(s))
with open("alarm/data/trips.csv", "a") as f:
    f.writelines(open("september.csv").readlines()[1:])
Path("alarm/params.yaml").write_text(Path("alarm/params.yaml").read_text().replace("2025-08-18", "2025-09-01"))
dvc("alarm", "add", "data/trips.csv")
dvc("alarm", "remote", "add", "-d", "store", str(Path("alarm-store").resolve()))
dvc("alarm", "repro")
git("alarm", "add", ".")
git("alarm", "commit", "-qm", "v1 and v2")
git("alarm", "tag", "v1")
git("alarm", "tag", "v2")
dvc("alarm", "push")

# %% grade_id="recall" points=12 why="another style: git show, and the objects of cache and remote by hand"
import hashlib

def recall(repo, release):
    repo = Path(repo)
    metrics = json.loads(git(repo, "show", f"{release}:metrics.json"))
    outs = yaml.safe_load(git(repo, "show", f"{release}:dvc.lock"))["stages"]["train"]["outs"]
    name = {out["path"]: out["md5"] for out in outs}["model.json"]
    store = re.search(r"url = (.*)", (repo / ".dvc" / "config").read_text())[1].strip()
    for root in (repo / ".dvc" / "cache", Path(store)):
        file = root / "files" / "md5" / name[:2] / name[2:]
        if file.exists() and hashlib.md5(file.read_bytes()).hexdigest() == name:
            return {"model": file.read_bytes(), "metrics": metrics, "md5": name}
    raise KeyError(name)

# %% grade_id="recall" points=12 why="another style: DVC's file system, a class of exceptions of its own"
class ModelLost(LookupError):
    pass

def recall(repo, release):
    from dvc.api import DVCFileSystem

    files = DVCFileSystem(str(repo), rev=release)
    wanted = ""
    for stage in yaml.safe_load(files.read_text("dvc.lock"))["stages"].values():
        for out in stage["outs"]:
            wanted = out["md5"] if out["path"] == "model.json" else wanted
    try:
        with files.open("model.json", "rb") as file:
            model = file.read()
    except Exception:
        model = b""
    if md5(model) != wanted:
        raise ModelLost(release)
    with files.open("metrics.json") as file:
        return dict(metrics=json.load(file), model=model)

# %% grade_id="recall" points=5 message="recall returned it all the same" why="believes what it reads"
def recall(repo, release):
    from dvc.api import read as get
    try:
        return {"metrics": json.loads(get("metrics.json", repo=repo, rev=release)), "model": get("model.json", repo=repo, rev=release, mode="rb")}
    except Exception:
        raise LookupError(release)

# %% grade_id="recall" points=8 message="in the remote with one byte changed" why="compares sizes instead of hashes: passes what is visible"
def recall(repo, release):
    from dvc.api import read as get
    size = yaml.safe_load(get("dvc.lock", repo=repo, rev=release))["stages"]["train"]["outs"][-1]["size"]
    try:
        model = get("model.json", repo=repo, rev=release, mode="rb")
    except Exception:
        raise LookupError(release)
    if len(model) != size:
        raise LookupError(release)
    return {"metrics": json.loads(get("metrics.json", repo=repo, rev=release)), "model": model}

# %% grade_id="recall" points=8 message="expected a LookupError. A wrong model is worse than none" why="lets DVC's exception through where the model is nowhere: passes what is visible"
def recall(repo, release):
    from dvc.api import read as get
    outs = yaml.safe_load(get("dvc.lock", repo=repo, rev=release))["stages"]["train"]["outs"]
    model = get("model.json", repo=repo, rev=release, mode="rb")
    if md5(model) != [out["md5"] for out in outs if out["path"] == "model.json"][0]:
        raise LookupError(release)
    return {"metrics": json.loads(get("metrics.json", repo=repo, rev=release)), "model": model}

# %% grade_id="recall" points=7 message="in the cache alone" why="looks in the remote alone: passes what is visible"
def recall(repo, release):
    outs = yaml.safe_load(git(repo, "show", f"{release}:dvc.lock"))["stages"]["train"]["outs"]
    name = {out["path"]: out["md5"] for out in outs}["model.json"]
    store = Path(re.search(r"url = (.*)", Path(repo, ".dvc", "config").read_text())[1].strip())
    try:
        model = (store / "files" / "md5" / name[:2] / name[2:]).read_bytes()
    except FileNotFoundError as error:
        raise LookupError(name) from error
    if md5(model) != name:
        raise LookupError(name)
    return {"metrics": json.loads(git(repo, "show", f"{release}:metrics.json")), "model": model}

# %% grade_id="recall" points=0 message="Read them at the release, not in the folder" why="metrics from the folder"
def recall(repo, release):
    from dvc.api import read as get
    model = get("model.json", repo=repo, rev=release, mode="rb")
    return {"metrics": json.loads(Path(repo, "metrics.json").read_text()), "model": model}

# %% grade_id="recall" points=0 message="somebody's work in the folder" why="checks the release out, with force"
def recall(repo, release):
    git(repo, "checkout", "-q", "-f", release)
    dvc(repo, "pull", "--force")
    model = Path(repo, "model.json").read_bytes()
    metrics = json.loads(Path(repo, "metrics.json").read_text())
    git(repo, "checkout", "-q", "main")
    return {"metrics": metrics, "model": model}

# %% grade_id="lost" points=15 why="another style: shell lines, a clone of its own for v2, repro that pulls"
!cd hill && git clone -q -b v2 hub.git old 2>/dev/null; cd old && (dvc pull -q --allow-missing; dvc repro -q && dvc push -q); cd .. && rm -rf old
!cd hill/bo && dvc push -q && git pull -q && dvc repro -q && git add dvc.lock metrics.json && git commit -qm "Ada's limit, reproduced" && git tag -a v4 -m "with Ada's limit" && git push -q origin main --tags && dvc push -q

# %% grade_id="lost" points=15 why="another style: Python, the exception of the pull, a branch"
dvc("hill/bo", "push", "--all-branches")
y = "hill/yours"
git(y, "checkout", "-q", "-b", "rescue", "v2")
try:
    dvc(y, "pull")
except RuntimeError:
    pass
dvc(y, "repro", "alarm")
dvc(y, "push", "alarm")
git(y, "checkout", "-q", "main")
git(y, "branch", "-D", "rescue")
dvc(y, "repro", "--pull")
git(y, "add", ".")
git(y, "commit", "-q", "-m", "v4")
git(y, "tag", "v4")
git(y, "push", "-q", "origin", "main")
git(y, "push", "-q", "origin", "v4")
dvc(y, "push")

# %% grade_id="lost" points=11 message="the stage that makes it can run again" why="thinks that Cy's model is lost for good: passes what is visible"
dvc("hill/bo", "push")
y = "hill/yours"
dvc(y, "pull")
dvc(y, "repro")
git(y, "commit", "-qam", "v4")
git(y, "tag", "v4")
git(y, "push", "-q", "origin", "main", "v4")
dvc(y, "push")

# %% grade_id="lost" points=8 message="v2 is not where it was" why="makes a new v2 and moves the tag" name="wrong-4"
dvc("hill/bo", "push")
y = "hill/yours"
git(y, "checkout", "-q", "v2")
dvc(y, "pull", "--allow-missing")
dvc(y, "repro")
dvc(y, "push")
git(y, "commit", "-q", "--allow-empty", "-m", "v2 again")
git(y, "tag", "-f", "v2")
git(y, "checkout", "-q", "main")
dvc(y, "pull")
dvc(y, "repro")
git(y, "commit", "-qam", "v4")
git(y, "tag", "v4")
git(y, "push", "-q", "--force", "origin", "main", "v2", "v4")
dvc(y, "push")

# %% grade_id="lost" points=11 message="v4 is one of the old commits" why="tags Ada's commit without reproducing: passes what is visible" name="wrong-5"
dvc("hill/bo", "push")
y = "hill/yours"
git(y, "checkout", "-q", "v2")
dvc(y, "pull", "--allow-missing")
dvc(y, "repro")
dvc(y, "push")
git(y, "checkout", "-q", "main")
git(y, "tag", "v4")
git(y, "push", "-q", "origin", "v4")

# %% grade_id="lost" points=11 message="commit all that dvc repro has written" why="commits dvc.lock alone: passes what is visible" changes="wrong-5"
-git(y, "tag", "v4")
-git(y, "push", "-q", "origin", "v4")
+dvc(y, "pull")
+dvc(y, "repro")
+git(y, "commit", "-qm", "v4", "dvc.lock")
+git(y, "tag", "v4")
+git(y, "push", "-q", "origin", "main", "v4")
+dvc(y, "push")

# %% grade_id="lost" points=8 message="A tag in your clone is not yet on the hub" why="forgets to push the tag" changes="wrong-4"
-git(y, "commit", "-q", "--allow-empty", "-m", "v2 again")
-git(y, "tag", "-f", "v2")
@@
-git(y, "push", "-q", "--force", "origin", "main", "v2", "v4")
+git(y, "push", "-q", "origin", "main")

# %% grade_id="lost" points=4 message="No stage makes raw data: who has a copy?" why="wants to make Bo's data again where they are not, and restores v2 alone"
y = "hill/yours"
git(y, "checkout", "-q", "v2")
dvc(y, "pull", "--allow-missing")
dvc(y, "repro")
dvc(y, "push")
git(y, "checkout", "-q", "main")
git(y, "commit", "-q", "--allow-empty", "-m", "v4")
git(y, "tag", "v4")
git(y, "push", "-q", "origin", "main", "v4")
