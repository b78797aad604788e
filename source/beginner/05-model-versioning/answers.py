# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="identify" points=15 why="another style: loops over files first, the joblib-free skops loader of its own, hashlib in pieces, a table at the end"
import skops.io

def fingerprint_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(65536):
            digest.update(piece)
    return digest.hexdigest()

def who_answered(log, folder):
    verdict = dict.fromkeys(log["day"].unique())
    for name in os.listdir(folder):
        if not name.endswith(".skops"):
            continue
        full = os.path.join(folder, name)
        model = skops.io.load(full)
        scores = model.predict_proba(log[FEATURES])[:, 1]
        same = np.isclose(scores, log["score"], rtol=0, atol=5.1e-5) & (model.predict(log[FEATURES]) == log["fetch"].to_numpy())
        whole_days = pd.Series(same).groupby(log["day"].to_numpy()).all()
        for day in whole_days.index[whole_days]:
            verdict[day] = fingerprint_of(full)
    return verdict

# %% grade_id="identify" points=15 why="another style: rounds the score as the app does, allowing for one unit in the last place"
def who_answered(log, folder):
    result = {}
    for day in log["day"].unique():
        rows = log.loc[log["day"] == day]
        result[day] = None
        for path in Path(folder).iterdir():
            if path.suffix == ".skops":
                model = open_model(path)
                theirs = np.round(model.predict_proba(rows[FEATURES])[:, 1], 4)
                if np.all(np.abs(theirs - rows["score"].values) < 1.5e-4) and list(model.predict(rows[FEATURES])) == list(rows["fetch"]):
                    result[day] = sha256(path)
                    break
    return result

# %% grade_id="identify" points=5 message="no file in the folder gives that day's answers" why="takes the nearest file, however far it is"
def who_answered(log, folder):
    models = {sha256(path): open_model(path) for path in Path(folder).glob("*.skops")}
    def distance(content, rows):
        model = models[content]
        return np.abs(model.predict_proba(rows[FEATURES])[:, 1] - rows["score"]).max() + (model.predict(rows[FEATURES]) != rows["fetch"]).sum()
    return {day: min(models, key=lambda content: distance(content, rows)) for day, rows in log.groupby("day")}

# %% grade_id="identify" points=0 message="no file" why="compares rounded scores exactly with unrounded ones"
def who_answered(log, folder):
    models = {sha256(path): open_model(path) for path in Path(folder).glob("*.skops")}
    result = {}
    for day, rows in log.groupby("day"):
        fitting = [content for content, model in models.items() if (model.predict_proba(rows[FEATURES])[:, 1] == rows["score"]).all()]
        result[day] = fitting[0] if fitting else None
    return result

# %% grade_id="identify" points=0 message="compare `fetch` too" why="compares the scores alone: a threshold does not count"
def who_answered(log, folder):
    models = {sha256(path): open_model(path) for path in sorted(Path(folder).glob("*.skops"), reverse=True)}
    result = {}
    for day, rows in log.groupby("day"):
        fitting = [content for content, model in models.items() if np.allclose(model.predict_proba(rows[FEATURES])[:, 1], rows["score"], atol=1e-4)]
        result[day] = fitting[0] if fitting else None
    return result

# %% grade_id="identify" points=0 message="is not the SHA-256 of a file" why="answers with file names"
def who_answered(log, folder):
    models = {path.name: open_model(path) for path in Path(folder).glob("*.skops")}
    result = {}
    for day, rows in log.groupby("day"):
        result[day] = None
        for name, model in models.items():
            if np.abs(model.predict_proba(rows[FEATURES])[:, 1] - rows["score"]).max() < 1e-4 and (model.predict(rows[FEATURES]) == rows["fetch"]).all():
                result[day] = name
    return result

# %% grade_id="identify" points=10 message="no file gave all of the day's answers" why="looks at the first half of a day only: passes what is visible" name="wrong-7"
def who_answered(log, folder):
    models = {sha256(path): open_model(path) for path in Path(folder).glob("*.skops")}
    result = {}
    for day, rows in log.groupby("day"):
        rows = rows.head(6)
        result[day] = None
        for content, model in models.items():
            if np.abs(model.predict_proba(rows[FEATURES])[:, 1] - rows["score"]).max() < 1e-4 and (model.predict(rows[FEATURES]) == rows["fetch"]).all():
                result[day] = content
    return result

# %% grade_id="identify" points=10 message="how far can it move a score" why="leaves ten times the room that rounding needs: passes what is visible" changes="wrong-7"
-        rows = rows.head(6)
@@
-            if np.abs(model.predict_proba(rows[FEATURES])[:, 1] - rows["score"]).max() < 1e-4 and (model.predict(rows[FEATURES]) == rows["fetch"]).all():
+            if np.abs(model.predict_proba(rows[FEATURES])[:, 1] - rows["score"]).max() < 0.001 and (model.predict(rows[FEATURES]) == rows["fetch"]).all():

# %% grade_id="lineage" points=18 why="another style: set, hashlib on a subprocess of its own, commit's type asked, json compared as text"
def verify(name, version, repo):
    def run(*words):
        done = subprocess.run(["git", *words], cwd=repo, capture_output=True)
        return done.stdout if done.returncode == 0 else None

    entry = MlflowClient().get_model_version(name, str(version))
    faults = set()
    path = Path(mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{name}/{version}"), "model.skops")
    if entry.tags.get("model_sha256") != hashlib.sha256(path.read_bytes()).hexdigest():
        faults.add("model")
    commit = entry.tags.get("git_commit") or ""
    known = len(commit) == 40 and run("rev-parse", "--verify", "--quiet", commit + "^{commit}") == commit.encode() + b"\n"
    if not known:
        return sorted(faults | {"commit"})
    if hashlib.sha256(run("cat-file", "blob", f"{commit}:data/trips.csv")).hexdigest() != entry.tags.get("data_sha256"):
        faults.add("data")
    params = mlflow.get_run(entry.run_id).data.params
    settings = json.loads(run("show", f"{commit}:params.json"))
    if set(settings) ^ set(params):
        faults.add("parameters")
    for key, value in settings.items():
        if params.get(key) != str(value):
            faults.add("parameters")
    return sorted(faults)

# %% grade_id="lineage" points=18 why="another style: a worktree of the commit in a temporary folder"
import shutil
import tempfile

def verify(name, version, repo):
    entry = MlflowClient().get_model_version(name, version)
    out = []
    if sha256(model_file(name, version)) != entry.tags.get("model_sha256", "none"):
        out.append("model")
    commit = entry.tags.get("git_commit", "none")
    commits = git(repo, "rev-list", "--all").decode().split()
    if commit not in commits:
        return out + ["commit"]
    with tempfile.TemporaryDirectory() as place:
        git(".", "clone", "--quiet", "--no-checkout", str(Path(repo).resolve()), place + "/copy")
        git(place + "/copy", "-c", "core.autocrlf=false", "checkout", "--quiet", commit)
        if sha256(place + "/copy/data/trips.csv") != entry.tags.get("data_sha256", "none"):
            out.append("data")
        settings = json.loads(Path(place, "copy", "params.json").read_text())
    logged = mlflow.get_run(entry.run_id).data.params
    if len(logged) != len(settings) or any(str(settings[key]) != logged.get(key) for key in settings):
        out.append("parameters")
    return out

# %% grade_id="lineage" points=0 message="compare with the files as they were then" why="compares with the files in the folder"
def verify(name, version, repo):
    entry = MlflowClient().get_model_version(name, version)
    wrong = []
    if sha256(model_file(name, version)) != entry.tags["model_sha256"]:
        wrong.append("model")
    try:
        git(repo, "cat-file", "-e", entry.tags["git_commit"])
    except subprocess.CalledProcessError:
        return wrong + ["commit"]
    if sha256(Path(repo, "data", "trips.csv")) != entry.tags["data_sha256"]:
        wrong.append("data")
    settings = json.loads(Path(repo, "params.json").read_text())
    if {key: str(value) for key, value in settings.items()} != mlflow.get_run(entry.run_id).data.params:
        wrong.append("parameters")
    return wrong

# %% grade_id="lineage" points=12 message="a branch for a commit" why="lets a branch's name pass for a commit, and stumbles over missing tags: passes what is visible"
def verify(name, version, repo):
    entry = MlflowClient().get_model_version(name, version)
    wrong = []
    if sha256(model_file(name, version)) != entry.tags.get("model_sha256"):
        wrong.append("model")
    commit = entry.tags.get("git_commit", "missing")
    try:
        data = git(repo, "show", f"{commit}:data/trips.csv")
    except subprocess.CalledProcessError:
        return wrong + ["commit"]
    if hashlib.sha256(data).hexdigest() != entry.tags.get("data_sha256"):
        wrong.append("data")
    settings = json.loads(git(repo, "show", f"{commit}:params.json"))
    if {key: str(value) for key, value in settings.items()} != mlflow.get_run(entry.run_id).data.params:
        wrong.append("parameters")
    return wrong

# %% grade_id="lineage" points=12 message="model exchanged" why="believes the hash in the tag instead of computing the file's: passes what is visible" name="wrong-5"
def verify(name, version, repo):
    entry = MlflowClient().get_model_version(name, version)
    wrong = [] if "model_sha256" in entry.tags else ["model"]
    commit = entry.tags.get("git_commit", "")
    try:
        assert re.fullmatch("[0-9a-f]{40}", commit)
        data = git(repo, "show", f"{commit}:data/trips.csv")
    except (AssertionError, subprocess.CalledProcessError):
        return wrong + ["commit"]
    if hashlib.sha256(data).hexdigest() != entry.tags.get("data_sha256"):
        wrong.append("data")
    settings = json.loads(git(repo, "show", f"{commit}:params.json"))
    if {key: str(value) for key, value in settings.items()} != mlflow.get_run(entry.run_id).data.params:
        wrong.append("parameters")
    return wrong

# %% grade_id="lineage" points=0 message="expected []" why="compares parameters as numbers with parameters as text" changes="wrong-5"
-    wrong = [] if "model_sha256" in entry.tags else ["model"]
+    wrong = [] if sha256(model_file(name, version)) == entry.tags.get("model_sha256") else ["model"]
@@
-    settings = json.loads(git(repo, "show", f"{commit}:params.json"))
-    if {key: str(value) for key, value in settings.items()} != mlflow.get_run(entry.run_id).data.params:
+    if json.loads(git(repo, "show", f"{commit}:params.json")) != mlflow.get_run(entry.run_id).data.params:

# %% grade_id="lineage" points=12 message="no model hash" why="lets a missing hash of the model hold: passes what is visible" changes="wrong-5"
-    wrong = [] if "model_sha256" in entry.tags else ["model"]
+    file_hash = sha256(model_file(name, version))
+    wrong = ["model"] if file_hash != entry.tags.get("model_sha256", file_hash) else []
@@
-    settings = json.loads(git(repo, "show", f"{commit}:params.json"))
-    if {key: str(value) for key, value in settings.items()} != mlflow.get_run(entry.run_id).data.params:
+    settings = {key: str(value) for key, value in json.loads(git(repo, "show", f"{commit}:params.json")).items()}
+    if settings != mlflow.get_run(entry.run_id).data.params:

# %% grade_id="lineage" points=12 message="a parameter missing in its run" why="asks only whether what the run names is so, not whether it names all: passes what is visible" changes="wrong-5"
-    wrong = [] if "model_sha256" in entry.tags else ["model"]
+    file_hash = sha256(model_file(name, version))
+    wrong = ["model"] if file_hash != entry.tags.get("model_sha256") else []
@@
-    settings = json.loads(git(repo, "show", f"{commit}:params.json"))
-    if {key: str(value) for key, value in settings.items()} != mlflow.get_run(entry.run_id).data.params:
+    settings = {key: str(value) for key, value in json.loads(git(repo, "show", f"{commit}:params.json")).items()}
+    if not settings.items() >= mlflow.get_run(entry.run_id).data.params.items():

# %% grade_id="gate" points=20 why="another style: finds out about the contract by trying, MLflow's pyfunc loader, numpy"
def promote(name, version, holdout):
    registry, version = MlflowClient(), str(version)
    old = registry.get_model_version_by_alias(name, "champion")
    if str(old.version) == version:
        return "champion"
    candidate = registry.get_model_version(name, version)

    def decide():
        if candidate.tags.get("withdrawn") is not None:
            return "withdrawn"
        today, new = mlflow.pyfunc.load_model(f"models:/{name}@champion"), mlflow.pyfunc.load_model(f"models:/{name}/{version}")
        sent = holdout[today.metadata.get_input_schema().input_names()]
        try:
            answers = new.predict(sent)
        except mlflow.exceptions.MlflowException:
            return "contract"
        if new.metadata.get_output_schema() != today.metadata.get_output_schema():
            return "contract"
        gains = (daily_cost(today.predict(sent), holdout) - daily_cost(answers, holdout)).to_numpy()
        return "promoted" if gains.mean() > 2 * gains.std(ddof=1) / np.sqrt(len(gains)) else "cost"

    word = decide()
    registry.set_model_version_tag(name, version, "decision", word)
    if word == "promoted":
        registry.set_model_version_tag(name, version, "replaced", str(old.version))
        registry.set_registered_model_alias(name, "champion", version)
    return word

# %% grade_id="gate" points=10 message="second call for version 5" why="does not ask whether the candidate is the champion already"
def promote(name, version, holdout):
    registry = MlflowClient()
    live = registry.get_model_version_by_alias(name, "champion").version
    ours, theirs = (mlflow.models.get_model_info(f"models:/{name}/{number}").signature for number in (live, version))
    sent = {column.name: column.type for column in ours.inputs}
    gains = daily_cost(open_model(model_file(name, live)).predict(holdout), holdout) - daily_cost(open_model(model_file(name, version)).predict(holdout), holdout)
    if "withdrawn" in registry.get_model_version(name, version).tags:
        decision = "withdrawn"
    elif ours.outputs != theirs.outputs or not all(sent.get(column.name) == column.type for column in theirs.inputs):
        decision = "contract"
    elif gains.mean() <= 2 * gains.sem() and str(live) != str(version):
        decision = "cost"
    else:
        decision = "promoted"
        registry.set_model_version_tag(name, version, "replaced", live)
        registry.set_registered_model_alias(name, "champion", version)
    registry.set_model_version_tag(name, version, "decision", decision)
    return decision

# %% grade_id="gate" points=14 message="asks for fewer columns" why="wants the very same signature: passes what is visible" name="wrong-3"
def promote(name, version, holdout):
    registry = MlflowClient()
    live = registry.get_model_version_by_alias(name, "champion").version
    if str(version) == str(live):
        return "champion"
    ours, theirs = (mlflow.models.get_model_info(f"models:/{name}/{number}").signature for number in (live, version))
    if "withdrawn" in registry.get_model_version(name, version).tags:
        decision = "withdrawn"
    elif ours != theirs:
        decision = "contract"
    else:
        gains = daily_cost(open_model(model_file(name, live)).predict(holdout), holdout) - daily_cost(open_model(model_file(name, version)).predict(holdout), holdout)
        decision = "promoted" if gains.mean() > 2 * gains.sem() else "cost"
    if decision == "promoted":
        registry.set_model_version_tag(name, version, "replaced", live)
        registry.set_registered_model_alias(name, "champion", version)
    registry.set_model_version_tag(name, version, "decision", decision)
    return decision

# %% grade_id="gate" points=14 message="asks for whole numbers" why="looks at the columns' names and not at their types: passes what is visible" changes="wrong-3"
-    elif ours != theirs:
+    elif set(theirs.inputs.input_names()) - set(ours.inputs.input_names()) or ours.outputs != theirs.outputs:

# %% grade_id="gate" points=9 message="may be luck" why="any lower cost will do" changes="wrong-3"
     ours, theirs = (mlflow.models.get_model_info(f"models:/{name}/{number}").signature for number in (live, version))
+    sent = {column.name: column.type for column in ours.inputs}
+    costs = [daily_cost(open_model(model_file(name, number)).predict(holdout), holdout).sum() for number in (live, version)]
@@
-    elif ours != theirs:
+    elif ours.outputs != theirs.outputs or not all(sent.get(column.name) == column.type for column in theirs.inputs):
@@
-        gains = daily_cost(open_model(model_file(name, live)).predict(holdout), holdout) - daily_cost(open_model(model_file(name, version)).predict(holdout), holdout)
-        decision = "promoted" if gains.mean() > 2 * gains.sem() else "cost"
+        decision = "promoted" if costs[1] < costs[0] else "cost"

# %% grade_id="gate" points=10 message="expected 'contract'" why="looks at the cost alone, where only what the app sends is there"
def promote(name, version, holdout):
    registry = MlflowClient()
    live = registry.get_model_version_by_alias(name, "champion").version
    if str(version) == str(live):
        return "champion"
    gains = daily_cost(open_model(model_file(name, live)).predict(holdout), holdout) - daily_cost(open_model(model_file(name, version)).predict(holdout), holdout)
    decision = "promoted" if gains.mean() > 2 * gains.sem() else "cost"
    if decision == "promoted":
        registry.set_model_version_tag(name, version, "replaced", live)
        registry.set_registered_model_alias(name, "champion", version)
    registry.set_model_version_tag(name, version, "decision", decision)
    return decision

# %% grade_id="gate" points=14 message="has the tag 'withdrawn'" why="forgets the first condition: passes what is visible" changes="wrong-3"
-    if "withdrawn" in registry.get_model_version(name, version).tags:
-        decision = "withdrawn"
-    elif ours != theirs:
+    sent = {column.name: column.type for column in ours.inputs}
+    if ours.outputs != theirs.outputs or not all(sent.get(column.name) == column.type for column in theirs.inputs):

# %% grade_id="gate" points=14 message="says 'contract', expected 'withdrawn'" why="asks for the contract before it asks whether the candidate was withdrawn: passes what is visible" changes="wrong-3"
-    if "withdrawn" in registry.get_model_version(name, version).tags:
-        decision = "withdrawn"
-    elif ours != theirs:
-        decision = "contract"
+    sent = {column.name: column.type for column in ours.inputs}
+    if ours.outputs != theirs.outputs or not all(sent.get(column.name) == column.type for column in theirs.inputs):
+        decision = "contract"
+    elif "withdrawn" in registry.get_model_version(name, version).tags:
+        decision = "withdrawn"

# %% grade_id="serve" points=16 why="another style: lru_cache around a loader, MLflow's own loader by number"
from functools import lru_cache

@lru_cache(maxsize=8)
def model_of(name, number):
    return mlflow.sklearn.load_model(f"models:/{name}/{number}")

def answer(name, trips):
    number = int(MlflowClient().get_model_version_by_alias(name, "champion").version)
    answers = model_of(name, number).predict(pd.DataFrame(trips)[FEATURES].astype(float))
    return dict(version=number, fetch=answers.tolist())

# %% grade_id="serve" points=16 why="another style: remembers the last version of each name alone, on the function itself"
def answer(name, trips):
    memory = answer.__dict__.setdefault("memory", {})
    entry = MlflowClient().get_model_version_by_alias(name, "champion")
    if memory.get(name, (None, None))[0] != entry.version:
        memory[name] = (entry.version, open_model(model_file(name, entry.version)))
    yes = memory[name][1].predict(as_table(trips))
    return {"fetch": list(map(int, yes)), "version": str(entry.version)}

# %% grade_id="serve" points=0 message="but its answers" why="opens the model once, and names the version that the alias points at"
first_model = []

def answer(name, trips):
    version = MlflowClient().get_model_version_by_alias(name, "champion").version
    if not first_model:
        first_model.append(open_model(model_file(name, version)))
    return {"version": version, "fetch": [int(yes) for yes in first_model[0].predict(as_table(trips))]}

# %% grade_id="serve" points=11 message="out of reach for a minute" why="opens the model for each request: passes what is visible"
def answer(name, trips):
    version = MlflowClient().get_model_version_by_alias(name, "champion").version
    model = open_model(model_file(name, version))
    return {"version": version, "fetch": [int(yes) for yes in model.predict(as_table(trips))]}

# %% grade_id="serve" points=11 message="Whose model did you remember?" why="remembers models by the version's number, whatever the name: passes what is visible"
by_number = {}

def answer(name, trips):
    version = MlflowClient().get_model_version_by_alias(name, "champion").version
    if version not in by_number:
        by_number[version] = open_model(model_file(name, version))
    return {"version": version, "fetch": [int(yes) for yes in by_number[version].predict(as_table(trips))]}

# %% grade_id="serve" points=0 message="service says version" why="serves the newest version instead of the alias"
newest_models = {}

def answer(name, trips):
    version = max(int(entry.version) for entry in MlflowClient().search_model_versions(f"name = '{name}'"))
    if (name, version) not in newest_models:
        newest_models[name, version] = open_model(model_file(name, version))
    return {"version": str(version), "fetch": [int(yes) for yes in newest_models[name, version].predict(as_table(trips))]}

# %% grade_id="serve" points=10 message="HTTP status 500" why="returns numpy's numbers, which JSON does not know"
numpy_models = {}

def answer(name, trips):
    version = MlflowClient().get_model_version_by_alias(name, "champion").version
    if (name, version) not in numpy_models:
        numpy_models[name, version] = open_model(model_file(name, version))
    return {"version": version, "fetch": list(numpy_models[name, version].predict(as_table(trips)))}

# %% grade_id="serve" points=11 message="answer opened a file again" why="opens the model for each request, and takes the kept one only if that fails: passes what is visible"
kept = {}

def answer(name, trips):
    version = str(MlflowClient().get_model_version_by_alias(name, "champion").version)
    try:
        kept[name, version] = open_model(model_file(name, version))
    except Exception:
        pass
    return {"version": version, "fetch": [int(yes) for yes in kept[name, version].predict(as_table(trips))]}

# %% grade_id="rollback" points=15 why="another style: recursion, the registered model's list of aliases"
def rollback(name, reason):
    registry = MlflowClient()
    live = registry.get_registered_model(name).aliases["champion"]

    def before(number, path):
        earlier = registry.get_model_version(name, number).tags.get("replaced")
        if earlier is None or earlier in path:
            raise LookupError("nothing to go back to")
        return before(earlier, [*path, earlier]) if registry.get_model_version(name, earlier).tags.get("withdrawn") else earlier

    target = before(live, [str(live)])
    registry.set_model_version_tag(name, live, "withdrawn", reason)
    registry.set_registered_model_alias(name, "champion", target)
    return int(target)

# %% grade_id="rollback" points=0 message="not the number below" why="takes one from the number"
def rollback(name, reason):
    registry = MlflowClient()
    live = int(registry.get_model_version_by_alias(name, "champion").version)
    if live == 1:
        raise LookupError("there is no version 0")
    registry.set_model_version_tag(name, str(live), "withdrawn", reason)
    registry.set_registered_model_alias(name, "champion", str(live - 1))
    return live - 1

# %% grade_id="rollback" points=0 message="Never go forward" why="swaps the two: a second call goes forward again"
def rollback(name, reason):
    registry = MlflowClient()
    live = registry.get_model_version_by_alias(name, "champion")
    back = live.tags["replaced"]
    registry.set_registered_model_alias(name, "champion", back)
    registry.set_model_version_tag(name, live.version, "withdrawn", reason)
    registry.set_model_version_tag(name, back, "replaced", live.version)
    return back

# %% grade_id="rollback" points=11 message="had been withdrawn; rollback from" why="does not look whether the version before was withdrawn: passes what is visible" name="wrong-4"
def rollback(name, reason):
    registry = MlflowClient()
    live = registry.get_model_version_by_alias(name, "champion")
    if "replaced" not in live.tags:
        raise LookupError(name)
    registry.set_registered_model_alias(name, "champion", live.tags["replaced"])
    registry.set_model_version_tag(name, live.version, "withdrawn", reason)
    return live.tags["replaced"]

# %% grade_id="rollback" points=6 message="neither the alias nor a tag" why="withdraws the champion before it knows where to go: passes what is visible"
def rollback(name, reason):
    registry = MlflowClient()
    live = registry.get_model_version_by_alias(name, "champion")
    registry.set_model_version_tag(name, live.version, "withdrawn", reason)
    back = live
    while "withdrawn" in registry.get_model_version(name, back.version).tags:
        if "replaced" not in back.tags:
            raise LookupError(name)
        back = registry.get_model_version(name, back.tags["replaced"])
    registry.set_registered_model_alias(name, "champion", back.version)
    return back.version

# %% grade_id="rollback" points=0 message="tag 'withdrawn' of version 5" why="moves the alias and leaves no reason" changes="wrong-4"
-    registry.set_model_version_tag(name, live.version, "withdrawn", reason)

# %% grade_id="rollback" points=11 message="leads back to itself" why="does not see that the way back may be a circle: passes what is visible"
def rollback(name, reason):
    registry = MlflowClient()
    live = registry.get_model_version_by_alias(name, "champion")
    tags = live.tags
    while True:
        if "replaced" not in tags:
            raise LookupError(name)
        back = tags["replaced"]
        tags = registry.get_model_version(name, back).tags
        if "withdrawn" not in tags:
            break
    registry.set_registered_model_alias(name, "champion", back)
    registry.set_model_version_tag(name, live.version, "withdrawn", reason)
    return back

# %% grade_id="depot-back" points=16 why="another style: shell lines, a revert of the release, an annotated tag, pushing before and after"
!cd depot && dvc push -q --all-commits
!cd depot && git revert --no-edit v2
!cd depot && dvc checkout -q && git tag -a v3 -m "The model of v1"

# %% grade_id="depot-back" points=16 why="another style: checks out the old release, keeps a copy, adds it again with DVC"
git("depot", "checkout", "-q", "v1")
dvc("depot", "checkout")
old_model, old_metrics = Path("depot/model.skops").read_bytes(), Path("depot/metrics.json").read_bytes()
dvc("depot", "push")
git("depot", "checkout", "-q", "main")
Path("depot/model.skops").unlink()
Path("depot/model.skops").write_bytes(old_model)
Path("depot/metrics.json").write_bytes(old_metrics)
dvc("depot", "add", "model.skops")
git("depot", "add", "--all")
git("depot", "commit", "-m", "v1's model")
git("depot", "tag", "v3")

# %% grade_id="depot-back" points=5 message="Git brings back pointers, DVC the files" why="forgets DVC's part"
git("depot", "checkout", "v1", "--", "model.skops.dvc", "metrics.json")
git("depot", "commit", "-m", "Back to v1")
git("depot", "tag", "v3")

# %% grade_id="depot-back" points=11 message="for v1: a fresh clone gets a pointer to nothing" why="does not push: works on this laptop only, passes what is visible" name="wrong-4"
git("depot", "checkout", "v1", "--", "model.skops.dvc", "metrics.json")
dvc("depot", "checkout")
git("depot", "commit", "-m", "Back to v1")
git("depot", "tag", "v3")

# %% grade_id="depot-back" points=11 message="the figures of another model" why="brings back the model and leaves its figures: passes what is visible" name="wrong-5"
git("depot", "checkout", "v1", "--", "model.skops.dvc")
dvc("depot", "checkout")
git("depot", "commit", "-m", "Back to v1")
git("depot", "tag", "v3")
dvc("depot", "push", "--all-tags")

# %% grade_id="depot-back" points=11 message="main begins with" why="resets main to v1: the improvement and the history are gone; passes what is visible"
git("depot", "reset", "--hard", "v1")
dvc("depot", "checkout")
git("depot", "commit", "--allow-empty", "-m", "v3")
git("depot", "tag", "v3")
dvc("depot", "push", "--all-tags")

# %% grade_id="depot-back" points=11 message="ask.py is not the latest one" why="brings back everything of v1: passes what is visible" changes="wrong-5"
-git("depot", "checkout", "v1", "--", "model.skops.dvc")
+git("depot", "checkout", "v1", "--", ".")

# %% grade_id="depot-back" points=0 message="The tag v2 has moved" why="moves the tag of the bad release" changes="wrong-4"
 git("depot", "tag", "v3")
+git("depot", "tag", "-f", "v2")
+dvc("depot", "push", "--all-tags")
