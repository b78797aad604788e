# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="identity" points=12 why="another style: no JSON, a hash that is fed piece by piece, a recursive function that spells a value with its type"
def spell(value):
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{spell(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(spell, value)) + "]"
    return f"{type(value).__name__} {value!r}"

def fingerprint(job, data, settings):
    digest = hashlib.sha256()
    for file in sorted(os.listdir(job)):
        if file.endswith(".py"):
            with open(os.path.join(job, file), "rb") as source:
                digest.update(f"{file} {hashlib.md5(source.read()).hexdigest()};".encode())
    with open(data, "rb") as table:
        for block in iter(lambda: table.read(65536), b""):
            digest.update(block)
    digest.update(spell(settings).encode())
    return digest.hexdigest()

# %% grade_id="identity" points=12 why="another style: lengths before contents, BLAKE2, NumPy's numbers converted first, upper case"
def fingerprint(job, data, settings):
    def plain(value):
        if isinstance(value, dict):
            return {key: plain(value[key]) for key in sorted(value)}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value.item() if hasattr(value, "item") else value

    parts = [repr(plain(settings)).encode(), Path(data).read_bytes()]
    for path in sorted(path for path in Path(job).iterdir() if path.suffix == ".py" and path.is_file()):
        parts += [path.name.encode(), path.read_bytes()]
    return hashlib.blake2b(b"".join(b"%d:%b" % (len(part), part) for part in parts), digest_size=32).hexdigest().upper()

# %% grade_id="identity" points=0 message="64 hexadecimal digits" why="Python's own hash, of contents and sorted settings"
def fingerprint(job, data, settings):
    return hash((tuple(path.read_text() for path in sorted(Path(job).glob("*.py"))), Path(data).read_text(), str(sorted(settings.items()))))

# %% grade_id="identity" points=8 message="with NumPy's numbers gave another fingerprint" why="default=str makes texts of NumPy's numbers: passes what is visible"
def fingerprint(job, data, settings):
    source = {path.name: sha256(path) for path in Path(job).glob("*.py")}
    return hashlib.sha256(json.dumps([source, sha256(data), settings], sort_keys=True, default=str).encode()).hexdigest()

# %% grade_id="identity" points=8 message="a line moved from one source file to the other" why="joins the files' contents: passes what is visible"
def fingerprint(job, data, settings):
    source = b"".join(path.read_bytes() for path in sorted(Path(job).glob("*.py")))
    text = json.dumps([sha256(data), settings], sort_keys=True, default=lambda number: number.item())
    return hashlib.sha256(source + text.encode()).hexdigest()

# %% grade_id="identity" points=8 message="Notes, caches, checkpoints" why="looks into subfolders too, where checkpoints lie: passes what is visible"
def fingerprint(job, data, settings):
    source = {str(path.relative_to(job)): sha256(path) for path in Path(job).rglob("*.py")}
    text = json.dumps([source, sha256(data), settings], sort_keys=True, default=lambda number: number.item())
    return hashlib.sha256(text.encode()).hexdigest()

# %% grade_id="identity" points=4 message="which train.py imports" why="hashes train.py alone"
def fingerprint(job, data, settings):
    text = json.dumps([sha256(Path(job) / "train.py"), sha256(data), settings], sort_keys=True, default=lambda number: number.item())
    return hashlib.sha256(text.encode()).hexdigest()

# %% grade_id="identity" points=8 message="Every byte counts" why="hashes what pandas makes of the data, which swallows line ends and quotation marks: passes what is visible"
def fingerprint(job, data, settings):
    source = {path.name: sha256(path) for path in Path(job).glob("*.py")}
    table = pd.read_csv(data).to_csv(index=False)
    return hashlib.sha256(json.dumps([source, table, settings], sort_keys=True, default=lambda number: number.item()).encode()).hexdigest()

# %% grade_id="record" points=30 why="another style: a class that keeps an open run in hand, the client for everything"
class Recorder:
    def __init__(self, experiment):
        self.client = MlflowClient()
        self.place = self.client.get_experiment_by_name(experiment).experiment_id
        mlflow.set_experiment(experiment_id=self.place)

    def known(self, mark):
        for run in self.client.search_runs([self.place]):
            if run.data.tags.get("fingerprint") == mark and run.info.status == "FINISHED":
                return run.info.run_id

    def study(self, name):
        found = self.client.search_runs([self.place], f"attributes.run_name = '{name}' AND tags.is_study = 'yes'")
        if found:
            return found[0].info.run_id
        run = self.client.create_run(self.place, run_name=name, tags={"is_study": "yes"})
        self.client.update_run(run.info.run_id, status="FINISHED")
        return run.info.run_id

    def open(self, name, tags, study):
        tags = dict(tags)
        if study is not None:
            tags["mlflow.parentRunId"] = self.study(study)
        run = self.client.create_run(self.place, run_name=name, tags=tags)
        mlflow.start_run(run_id=run.info.run_id)
        return run.info.run_id

def record(experiment, author, job, data, settings, claim=None, study=None):
    recorder = Recorder(experiment)
    settings = json.loads(json.dumps(settings, default=lambda number: number.item()))
    mark = fingerprint(job, data, settings)
    there = recorder.known(mark)
    if there is not None:
        return there
    job = Path(job)
    tags = dict(author=author, job=job.name, fingerprint=mark, data_sha256=hashlib.sha256(Path(data).read_bytes()).hexdigest())
    run_id = recorder.open("-".join([author, job.name, mark[:6]]), tags, study)
    status = "FAILED"
    try:
        for key in settings:
            mlflow.log_param(key, settings[key])
        mlflow.log_text(json.dumps(settings), "settings.json")
        for file in job.iterdir():
            if file.suffix == ".py":
                mlflow.log_artifact(str(file), artifact_path="source")
        parts = split(read_hours(data))
        model = train_job(str(job), parts[0], json.loads(json.dumps(settings)))
        error = mean_error(model, parts[1])
        results = {"val_mae": error}
        if claim is not None:
            results["claimed_val_mae"] = float(claim)
            mlflow.set_tag("claim", "refuted" if abs(claim / error - 1) > 0.05 else "confirmed")
        mlflow.log_metrics(results)
        mlflow.log_input(mlflow.data.from_pandas(parts[0]), context="training")
        keep_model(model, parts[0])
        status = "FINISHED"
    except BaseException as problem:
        mlflow.log_text("".join(traceback.format_exception(problem)), "traceback.txt")
        mlflow.set_tags({"error": problem.__class__.__name__})
        raise
    finally:
        mlflow.end_run(status)
    return run_id

# %% grade_id="record" points=30 why="another style: a table of runs, small functions, source written as texts, nested runs with the parent put right afterwards"
def table_of(experiment):
    mlflow.set_experiment(experiment)
    runs = mlflow.search_runs(experiment_names=[experiment])
    for column in ("tags.fingerprint", "tags.mlflow.runName", "tags.groups"):
        runs[column] = runs.get(column)
    return runs

def write_down(job, settings):
    mlflow.log_params({key: str(value) for key, value in settings.items()})
    mlflow.log_dict({key: getattr(value, "item", lambda value=value: value)() for key, value in settings.items()}, "settings.json")
    for path in sorted(Path(job).iterdir()):
        if path.suffix == ".py":
            mlflow.log_text(path.read_text(), f"source/{path.name}")

def train_and_measure(job, data, settings, claim):
    before, after = split(read_hours(data))
    mlflow.log_input(mlflow.data.from_pandas(before, name="hours"), "training")
    model = train_job(job, before, dict(settings))
    keep_model(model, before)
    measured = mean_error(model, after)
    mlflow.log_metric("val_mae", measured)
    if claim is None:
        return
    mlflow.log_metric("claimed_val_mae", claim)
    low, high = 0.95 * measured, 1.05 * measured
    mlflow.set_tag("claim", "confirmed" if low <= claim <= high else "refuted")

def record(experiment, author, job, data, settings, claim=None, study=None):
    mark, runs = fingerprint(job, data, settings), table_of(experiment)
    done = runs[(runs["tags.fingerprint"] == mark) & (runs["status"] == "FINISHED")]
    if len(done):
        return done["run_id"].iloc[0]
    if study:
        groups = runs[(runs["tags.mlflow.runName"] == study) & (runs["tags.groups"] == "yes")]["run_id"].tolist()
        opened = mlflow.start_run(run_id=groups[0]) if groups else mlflow.start_run(run_name=study, tags={"groups": "yes"})
    try:
        name = os.path.basename(os.path.normpath(job))
        with mlflow.start_run(run_name=f"{author}-{name}-{mark[:6]}", nested=bool(study)) as run:
            mlflow.set_tags({"author": author, "job": name, "fingerprint": mark, "data_sha256": sha256(data)})
            write_down(job, settings)
            try:
                train_and_measure(job, data, settings, claim)
            except Exception as error:
                mlflow.log_text(traceback.format_exc(), "traceback.txt")
                mlflow.set_tag("error", type(error).__name__)
                raise
            return run.info.run_id
    finally:
        if study:
            mlflow.end_run("FINISHED")

# %% grade_id="record" points=12 message="fit on the first part of split" why="fits on all hours, those to measure on among them" name="wrong-3"
def record(experiment, author, job, data, settings, claim=None, study=None):
    client, name, identity = MlflowClient(), Path(job).name, fingerprint(job, data, settings)
    place = mlflow.set_experiment(experiment).experiment_id
    known = client.search_runs([place], f"tags.fingerprint = '{identity}' AND attributes.status = 'FINISHED'")
    if known:
        return known[0].info.run_id
    tags = {"author": author, "job": name, "fingerprint": identity, "data_sha256": sha256(data)}
    with mlflow.start_run(run_name=f"{author}-{name}-{identity[:6]}", parent_run_id=study_run(place, study) if study else None, tags=tags) as run:
        plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in settings.items()}
        mlflow.log_params(plain)
        mlflow.log_dict(plain, "settings.json")
        for path in Path(job).glob("*.py"):
            mlflow.log_artifact(path, "source")
        try:
            hours = read_hours(data)
            mlflow.log_input(mlflow.data.from_pandas(hours), context="training")
            model = train_job(job, hours, dict(settings))
            val_mae = mean_error(model, split(hours)[1])
            keep_model(model, hours)
        except Exception as error:
            mlflow.log_text(traceback.format_exc(), "traceback.txt")
            mlflow.set_tag("error", type(error).__name__)
            raise
        mlflow.log_metric("val_mae", val_mae)
        if claim is not None:
            mlflow.log_metric("claimed_val_mae", claim)
            mlflow.set_tag("claim", "confirmed" if abs(claim - val_mae) <= 0.05 * val_mae else "refuted")
    return run.info.run_id

def study_run(place, study):
    client = MlflowClient()
    found = client.search_runs([place], f"attributes.run_name = '{study}' AND tags.kind = 'study'")
    if found:
        return found[0].info.run_id
    run_id = client.create_run(place, run_name=study, tags={"kind": "study"}).info.run_id
    client.set_terminated(run_id)
    return run_id

# %% grade_id="record" points=27 message="a crash is no result" why="a run that crashed counts as there already: passes what is visible" changes="wrong-3"
-    known = client.search_runs([place], f"tags.fingerprint = '{identity}' AND attributes.status = 'FINISHED'")
+    known = client.search_runs([place], f"tags.fingerprint = '{identity}'")
@@
-            hours = read_hours(data)
-            mlflow.log_input(mlflow.data.from_pandas(hours), context="training")
-            model = train_job(job, hours, dict(settings))
-            val_mae = mean_error(model, split(hours)[1])
-            keep_model(model, hours)
+            before, after = split(read_hours(data))
+            mlflow.log_input(mlflow.data.from_pandas(before), context="training")
+            model = train_job(job, before, dict(settings))
+            val_mae = mean_error(model, after)
+            keep_model(model, before)

# %% grade_id="record" points=26 message="Whatever may break comes after the run is open" why="reads the data before the run is open: passes what is visible" changes="wrong-3"
         return known[0].info.run_id
+    before, after = split(read_hours(data))
@@
-        try:
-            hours = read_hours(data)
-            mlflow.log_input(mlflow.data.from_pandas(hours), context="training")
-            model = train_job(job, hours, dict(settings))
-            val_mae = mean_error(model, split(hours)[1])
-            keep_model(model, hours)
+        mlflow.log_input(mlflow.data.from_pandas(before), context="training")
+        try:
+            model = train_job(job, before, dict(settings))
+            val_mae = mean_error(model, after)
+            keep_model(model, before)

# %% grade_id="record" points=26 message="rows, and the model was to be fitted on" why="notes all hours as training data, though it fits on the right ones: passes what is visible" changes="wrong-3"
-            hours = read_hours(data)
-            mlflow.log_input(mlflow.data.from_pandas(hours), context="training")
-            model = train_job(job, hours, dict(settings))
-            val_mae = mean_error(model, split(hours)[1])
-            keep_model(model, hours)
+            before, after = split(read_hours(data))
+            mlflow.log_input(mlflow.data.from_pandas(read_hours(data)), context="training")
+            model = train_job(job, before, dict(settings))
+            val_mae = mean_error(model, after)
+            keep_model(model, before)

# %% grade_id="record" points=28 message="claimed 0.0" why="takes a claim of zero for none: passes what is visible" changes="wrong-3"
-            hours = read_hours(data)
-            mlflow.log_input(mlflow.data.from_pandas(hours), context="training")
-            model = train_job(job, hours, dict(settings))
-            val_mae = mean_error(model, split(hours)[1])
-            keep_model(model, hours)
+            before, after = split(read_hours(data))
+            mlflow.log_input(mlflow.data.from_pandas(before), context="training")
+            model = train_job(job, before, dict(settings))
+            val_mae = mean_error(model, after)
+            keep_model(model, before)
@@
-        if claim is not None:
+        if claim:

# %% grade_id="record" points=28 message="a study has the status FAILED" why="a child's exception also leaves its parent's block; the next child mends the status, so it passes what is visible"
from contextlib import nullcontext

def record(experiment, author, job, data, settings, claim=None, study=None):
    client, name, identity = MlflowClient(), Path(job).name, fingerprint(job, data, settings)
    place = mlflow.set_experiment(experiment).experiment_id
    known = client.search_runs([place], f"tags.fingerprint = '{identity}' AND attributes.status = 'FINISHED'")
    if known:
        return known[0].info.run_id
    tags = {"author": author, "job": name, "fingerprint": identity, "data_sha256": sha256(data)}
    above = client.search_runs([place], f"attributes.run_name = '{study}' AND tags.kind = 'study'")
    parent = nullcontext() if not study else mlflow.start_run(run_id=above[0].info.run_id) if above else mlflow.start_run(run_name=study, tags={"kind": "study"})
    with parent, mlflow.start_run(run_name=f"{author}-{name}-{identity[:6]}", nested=True, tags=tags) as run:
        plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in settings.items()}
        mlflow.log_params(plain)
        mlflow.log_dict(plain, "settings.json")
        for path in Path(job).glob("*.py"):
            mlflow.log_artifact(path, "source")
        try:
            before, after = split(read_hours(data))
            mlflow.log_input(mlflow.data.from_pandas(before), context="training")
            model = train_job(job, before, dict(settings))
            val_mae = mean_error(model, after)
            keep_model(model, before)
        except Exception as error:
            mlflow.log_text(traceback.format_exc(), "traceback.txt")
            mlflow.set_tag("error", type(error).__name__)
            raise
        mlflow.log_metric("val_mae", val_mae)
        if claim is not None:
            mlflow.log_metric("claimed_val_mae", claim)
            mlflow.set_tag("claim", "confirmed" if abs(claim - val_mae) <= 0.05 * val_mae else "refuted")
    return run.info.run_id

# %% grade_id="board" points=18 why="another style: a table from the start, a column for each question, numpy.select"
def leaderboard(experiment, data):
    runs = mlflow.search_runs(experiment_names=[experiment])
    columns = ["run_id", "author", "val_mae", "rank", "reason"]
    if runs.empty:
        return pd.DataFrame(columns=columns)
    for column in ("tags.author", "tags.data_sha256", "tags.fingerprint", "tags.mlflow.parentRunId", "metrics.val_mae"):
        runs[column] = runs.get(column)
    runs = runs.sort_values("start_time", ignore_index=True)
    _, hours = split(read_hours(data))
    models = {run_id: model_of(run_id) for run_id in runs["run_id"]}
    runs["val_mae"] = [mean_error(models[run_id], hours) if models[run_id] is not None else np.nan for run_id in runs["run_id"]]
    off = ~((runs["metrics.val_mae"].astype(float) - runs["val_mae"]).abs() <= 0.01 * runs["val_mae"])
    questions = {
        "unfinished": runs["status"] != "FINISHED",
        "group": runs["run_id"].isin(runs["tags.mlflow.parentRunId"].dropna()),
        "no model": runs["val_mae"].isna(),
        "no data hash": runs["tags.data_sha256"].isna(),
        "other data": runs["tags.data_sha256"] != sha256(data),
        "refuted": off,
    }
    runs["reason"] = np.select(list(questions.values()), list(questions), default="")
    good = runs["reason"] == ""
    again = good & runs["tags.fingerprint"].notna() & runs[good].duplicated("tags.fingerprint").reindex(runs.index, fill_value=False)
    runs.loc[again, "reason"] = "duplicate"
    runs["rank"] = runs["val_mae"][runs["reason"] == ""].rank(method="first").astype("Int64")
    return runs.rename(columns={"tags.author": "author"}).sort_values("rank", na_position="last")[columns].reset_index(drop=True)

# %% grade_id="board" points=18 why="another style: a function that judges one run, a list of dictionaries, ranks by enumerate, None and empty texts"
def verdict(run, parents, content, hours, ranked):
    tags, model = run.data.tags, model_of(run.info.run_id)
    error = mean_error(model, hours) if model is not None else None
    logged = run.data.metrics.get("val_mae")
    if run.info.run_id in parents:
        return "group", error
    if run.info.status != "FINISHED":
        return "unfinished", error
    if not tags.get("data_sha256"):
        return "no data hash", error
    if tags["data_sha256"] != content:
        return "other data", error
    if model is None:
        return "no model", error
    if logged is None or not 0.99 * error <= logged <= 1.01 * error:
        return "refuted", error
    if "fingerprint" in tags and tags["fingerprint"] in [other.data.tags.get("fingerprint") for other in ranked]:
        return "duplicate", error
    return None, error

def leaderboard(experiment, data):
    client = MlflowClient()
    runs = sorted(client.search_runs([client.get_experiment_by_name(experiment).experiment_id]), key=lambda run: run.info.start_time)
    parents = [run.data.tags["mlflow.parentRunId"] for run in runs if "mlflow.parentRunId" in run.data.tags]
    hours, ranked, rows = split(read_hours(data))[1], [], []
    for run in runs:
        reason, error = verdict(run, parents, sha256(data), hours, ranked)
        if reason is None:
            ranked.append(run)
        rows.append(dict(run_id=run.info.run_id, author=run.data.tags.get("author", ""), val_mae=error, rank=None, reason=reason))
    best_first = sorted((row for row in rows if row["reason"] is None), key=lambda row: row["val_mae"])
    for rank, row in enumerate(best_first, start=1):
        row["rank"] = rank
    return pd.DataFrame(best_first + [row for row in rows if row["reason"]], columns=["run_id", "author", "val_mae", "rank", "reason"])

# %% grade_id="board" points=0 message="expected run_id, author, val_mae, rank, reason" why="sorts what was logged, as before"
def leaderboard(experiment, data):
    return mlflow.search_runs(experiment_names=[experiment], order_by=["metrics.val_mae ASC"])

# %% grade_id="board" points=10 message="nobody's duplicate, even if others have none either" why="two runs without a fingerprint count as duplicates, since missing equals missing: passes what is visible"
def leaderboard(experiment, data):
    runs = mlflow.search_runs(experiment_names=[experiment], order_by=["attributes.start_time ASC"])
    hours, parents = split(read_hours(data))[1], set(runs["tags.mlflow.parentRunId"].dropna()) if "tags.mlflow.parentRunId" in runs else set()
    rows, seen = [], []
    for _, run in runs.iterrows():
        model, reason, error = model_of(run["run_id"]), "", None
        error = mean_error(model, hours) if model is not None else None
        if run["run_id"] in parents:
            reason = "group"
        elif run["status"] != "FINISHED":
            reason = "unfinished"
        elif run["tags.data_sha256"] is None:
            reason = "no data hash"
        elif run["tags.data_sha256"] != sha256(data):
            reason = "other data"
        elif model is None:
            reason = "no model"
        elif not abs(run["metrics.val_mae"] - error) <= 0.01 * error:
            reason = "refuted"
        elif run["tags.fingerprint"] in seen:
            reason = "duplicate"
        else:
            seen.append(run["tags.fingerprint"])
        rows.append([run["run_id"], run["tags.author"], error, reason])
    table = pd.DataFrame(rows, columns=["run_id", "author", "val_mae", "reason"])
    table["rank"] = table["val_mae"].where(table["reason"] == "").rank()
    return table.sort_values("rank")

# %% grade_id="board" points=14 message="the first run that deserves one gets it" why="a crashed or refuted run takes its fingerprint with it: passes what is visible" name="wrong-5"
def leaderboard(experiment, data):
    runs = mlflow.search_runs(experiment_names=[experiment], order_by=["attributes.start_time ASC"], output_format="list")
    parents = {run.data.tags.get("mlflow.parentRunId") for run in runs}
    hours, seen, rows = split(read_hours(data))[1], set(), []
    for run in runs:
        tags, model = run.data.tags, model_of(run.info.run_id)
        error = mean_error(model, hours) if model else None
        reason = ""
        if run.info.run_id in parents:
            reason = "group"
        elif run.info.status != "FINISHED":
            reason = "unfinished"
        elif "data_sha256" not in tags:
            reason = "no data hash"
        elif tags["data_sha256"] != sha256(data):
            reason = "other data"
        elif model is None:
            reason = "no model"
        elif not abs(run.data.metrics.get("val_mae", np.inf) - error) <= 0.01 * error:
            reason = "refuted"
        elif tags.get("fingerprint") in seen:
            reason = "duplicate"
        if "fingerprint" in tags:
            seen.add(tags["fingerprint"])
        rows.append([run.info.run_id, tags.get("author"), error, reason])
    table = pd.DataFrame(rows, columns=["run_id", "author", "val_mae", "reason"])
    table["rank"] = table["val_mae"].astype(float).where(table["reason"] == "").rank()
    return table.sort_values("rank")

# %% grade_id="board" points=14 message="just over 1 % of what you measure" why="takes 1 % of the logged number: passes what is visible" changes="wrong-5"
-        elif not abs(run.data.metrics.get("val_mae", np.inf) - error) <= 0.01 * error:
+        elif "val_mae" not in run.data.metrics or abs(run.data.metrics["val_mae"] - error) > 0.01 * run.data.metrics["val_mae"]:
@@
-        if "fingerprint" in tags:
+        elif "fingerprint" in tags:

# %% grade_id="board" points=14 message="a wrong number that makes a model look bad is wrong too" why="refutes only numbers that are too good: passes what is visible" changes="wrong-5"
-        elif not abs(run.data.metrics.get("val_mae", np.inf) - error) <= 0.01 * error:
+        elif run.data.metrics.get("val_mae", 0) < 0.99 * error:
@@
-        if "fingerprint" in tags:
+        elif "fingerprint" in tags:

# %% grade_id="board" points=14 message="was rounded to one decimal" why="asks for the very same number: passes what is visible" changes="wrong-5"
-        elif not abs(run.data.metrics.get("val_mae", np.inf) - error) <= 0.01 * error:
+        elif not np.isclose(run.data.metrics.get("val_mae", np.inf), error):
@@
-        if "fingerprint" in tags:
+        elif "fingerprint" in tags:

# %% grade_id="changes" points=12 why="another style: whole folders are downloaded, values compared with their types by a recursive function, sets and lists"
def alike(one, two):
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(alike(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(alike, one, two))
    return one == two

def what_changed(run_id, other_id):
    client = MlflowClient()
    def folder(run):
        there = {file.path for file in client.list_artifacts(run)}
        if "source" not in there:
            return None
        place = Path(mlflow.artifacts.download_artifacts(run_id=run, artifact_path="source"))
        return {path.name: path.read_bytes() for path in place.glob("*.py")}
    def settings(run):
        if not any(file.path == "settings.json" for file in client.list_artifacts(run)):
            return None
        return json.loads(Path(mlflow.artifacts.download_artifacts(run_id=run, artifact_path="settings.json")).read_text())
    runs = [run_id, other_id]
    answer = {}
    hashes = [client.get_run(run).data.tags.get("data_sha256") for run in runs]
    answer["data"] = "unknown" if None in hashes else hashes[0] != hashes[1]
    one, two = map(folder, runs)
    answer["source"] = "unknown" if one is None or two is None else {name for name, _ in one.items() ^ two.items()}
    one, two = map(settings, runs)
    answer["settings"] = "unknown" if one is None or two is None else {
        name: [one.get(name, "not set"), two.get(name, "not set")]
        for name in {**one, **two}
        if name not in one or name not in two or not alike(one[name], two[name])
    }
    return answer

# %% grade_id="changes" points=0 message="data is" why="compares the parameters, as before, and the tag without asking whether it is there"
def what_changed(run_id, other_id):
    before, after = mlflow.get_run(run_id).data, mlflow.get_run(other_id).data
    settings = {name: (before.params.get(name), after.params.get(name)) for name in before.params | after.params if before.params.get(name) != after.params.get(name)}
    return {"data": before.tags.get("data_sha256") == after.tags.get("data_sha256"), "source": [], "settings": settings}

# %% grade_id="changes" points=8 message="max_features changed from 1 to 1.0" why="to Python 1, 1.0 and True are equal: passes what is visible" name="wrong-3"
def what_changed(run_id, other_id):
    def parts(run_id):
        run = mlflow.get_run(run_id)
        files = MlflowClient().list_artifacts(run_id, "source")
        names = [file.path for file in MlflowClient().list_artifacts(run_id)]
        source = {file.path[7:]: mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{file.path}") for file in files if file.path.endswith(".py")}
        return run.data.tags.get("data_sha256"), source, mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/settings.json") if "settings.json" in names else None
    (a, b, c), (d, e, f) = parts(run_id), parts(other_id)
    return {
        "data": a != d if a and d else "unknown",
        "source": [name for name in b | e if b.get(name) != e.get(name)] if b and e else "unknown",
        "settings": "unknown" if c is None or f is None else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if c.get(n, "not set") != f.get(n, "not set")},
    }

# %% grade_id="changes" points=8 message="Both runs have no data hash" why="where both are missing it says unchanged: passes what is visible" changes="wrong-3"
-    return {
-        "data": a != d if a and d else "unknown",
-        "source": [name for name in b | e if b.get(name) != e.get(name)] if b and e else "unknown",
-        "settings": "unknown" if c is None or f is None else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if c.get(n, "not set") != f.get(n, "not set")},
+    spelt = lambda settings, name: json.dumps(settings[name], sort_keys=True) if name in settings else "not set"
+    return {
+        "data": False if a == d else "unknown" if None in (a, d) else True,
+        "source": [] if b == e else "unknown" if not b or not e else [name for name in b | e if b.get(name) != e.get(name)],
+        "settings": {} if c == f is None else "unknown" if None in (c, f) else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if spelt(c, n) != spelt(f, n)},

# %% grade_id="changes" points=8 message="A source file was" why="compares only files that both runs have: passes what is visible" changes="wrong-3"
     (a, b, c), (d, e, f) = parts(run_id), parts(other_id)
+    spelt = lambda settings, name: json.dumps(settings[name], sort_keys=True) if name in settings else "not set"
@@
-        "source": [name for name in b | e if b.get(name) != e.get(name)] if b and e else "unknown",
-        "settings": "unknown" if c is None or f is None else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if c.get(n, "not set") != f.get(n, "not set")},
+        "source": [name for name in b if name in e and b[name] != e[name]] if b and e else "unknown",
+        "settings": "unknown" if c is None or f is None else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if spelt(c, n) != spelt(f, n)},

# %% grade_id="changes" points=8 message="empty is not missing" why="takes empty settings for missing ones: passes what is visible" changes="wrong-3"
-        return run.data.tags.get("data_sha256"), source, mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/settings.json") if "settings.json" in names else None
-    (a, b, c), (d, e, f) = parts(run_id), parts(other_id)
+        return run.data.tags.get("data_sha256"), source, mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/settings.json") if "settings.json" in names else {}
+    (a, b, c), (d, e, f) = parts(run_id), parts(other_id)
+    spelt = lambda settings, name: json.dumps(settings[name], sort_keys=True) if name in settings else "not set"
@@
-        "settings": "unknown" if c is None or f is None else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if c.get(n, "not set") != f.get(n, "not set")},
+        "settings": "unknown" if not c or not f else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if spelt(c, n) != spelt(f, n)},

# %% grade_id="changes" points=8 message="A number in a nested setting changed" why="compares types at the top alone: passes what is visible" changes="wrong-3"
     (a, b, c), (d, e, f) = parts(run_id), parts(other_id)
+    spelt = lambda settings, name: (type(settings[name]), settings[name]) if name in settings else "not set"
@@
-        "settings": "unknown" if c is None or f is None else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if c.get(n, "not set") != f.get(n, "not set")},
+        "settings": "unknown" if None in (c, f) else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if spelt(c, n) != spelt(f, n)},

# %% grade_id="changes" points=8 message="Notes lie beside the source" why="takes every file in the folder for source: passes what is visible" changes="wrong-3"
-        source = {file.path[7:]: mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{file.path}") for file in files if file.path.endswith(".py")}
+        source = {file.path[7:]: mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{file.path}") for file in files}
@@
     (a, b, c), (d, e, f) = parts(run_id), parts(other_id)
+    spelt = lambda settings, name: json.dumps(settings[name], sort_keys=True) if name in settings else "not set"
@@
-        "settings": "unknown" if c is None or f is None else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if c.get(n, "not set") != f.get(n, "not set")},
+        "settings": "unknown" if None in (c, f) else {n: (c.get(n, "not set"), f.get(n, "not set")) for n in c | f if spelt(c, n) != spelt(f, n)},

# %% grade_id="attic" points=12 why="another style: tables, time stamps with a zone, a set of registered run ids, sets of ids"
def clean_up(experiment, now, dry_run=True):
    client = MlflowClient()
    runs = mlflow.search_runs(experiment_names=[experiment])
    if runs.empty:
        return {}
    for column in ("tags.fingerprint", "tags.keep", "tags.mlflow.parentRunId"):
        runs[column] = runs.get(column)
    registered = {version.run_id for version in client.search_model_versions()}
    runs = runs.sort_values("start_time").set_index("run_id")
    finished = runs[(runs["status"] == "FINISHED") & runs["tags.fingerprint"].notna()]
    reasons = runs["status"].map({"FAILED": "crashed", "KILLED": "crashed", "FINISHED": None}).where(runs["status"].isin(["FAILED", "KILLED", "FINISHED"]), "abandoned")
    reasons = reasons.to_dict() | {run_id: "duplicate" for run_id in finished.index[finished.duplicated("tags.fingerprint")]}
    old = pd.to_datetime(runs["start_time"], utc=True) < pd.Timestamp(now).tz_convert("UTC") - pd.Timedelta(days=30)
    free = old & runs["tags.keep"].isna() & ~runs.index.isin(registered)
    going = {run_id: reasons[run_id] for run_id in runs.index if free[run_id] and reasons[run_id]}
    while needed := set(going) & set(runs.loc[~runs.index.isin(list(going)), "tags.mlflow.parentRunId"].dropna()):
        going = {run_id: reason for run_id, reason in going.items() if run_id not in needed}
    if dry_run:
        return going
    for run_id in going:
        client.set_tag(run_id, "deleted_because", going[run_id])
        mlflow.delete_run(run_id)
    return going

# %% grade_id="attic" points=4 message="A dry run deleted" why="deletes, dry run or not" name="wrong-2"
def clean_up(experiment, now, dry_run=True):
    client, going, seen = MlflowClient(), {}, set()
    runs = mlflow.search_runs(experiment_names=[experiment], order_by=["attributes.start_time ASC"], output_format="list")
    for run in runs:
        mark, status = run.data.tags.get("fingerprint"), run.info.status
        reason = {"FAILED": "crashed", "KILLED": "crashed", "FINISHED": ""}.get(status, "abandoned")
        if status == "FINISHED" and mark:
            reason = "duplicate" if mark in seen else ""
            seen.add(mark)
        if reason and now.timestamp() - run.info.start_time / 1000 > 30 * 86400 and "keep" not in run.data.tags and not client.search_model_versions(f"run_id = '{run.info.run_id}'"):
            going[run.info.run_id] = reason
    for run in list(runs) * 3:
        if run.info.run_id not in going:
            going.pop(run.data.tags.get("mlflow.parentRunId"), None)
    for run_id, reason in going.items():
        client.set_tag(run_id, "deleted_because", reason)
        client.delete_run(run_id)
    return going

# %% grade_id="attic" points=4 message="without a fingerprint" why="two finished runs without a fingerprint count as duplicates: passes what is visible" changes="wrong-2"
-        if status == "FINISHED" and mark:
+        if status == "FINISHED":
@@
-        client.set_tag(run_id, "deleted_because", reason)
-        client.delete_run(run_id)
+        if not dry_run:
+            client.set_tag(run_id, "deleted_because", reason)
+            client.delete_run(run_id)

# %% grade_id="attic" points=4 message="goes as 'abandoned'" why="takes a killed run for an abandoned one: passes what is visible" changes="wrong-2"
-        reason = {"FAILED": "crashed", "KILLED": "crashed", "FINISHED": ""}.get(status, "abandoned")
+        reason = {"FAILED": "crashed", "FINISHED": ""}.get(status, "abandoned")
@@
-        client.set_tag(run_id, "deleted_because", reason)
-        client.delete_run(run_id)
+        if not dry_run:
+            client.set_tag(run_id, "deleted_because", reason)
+            client.delete_run(run_id)

# %% grade_id="attic" points=4 message="parent of a child that stays since it has the tag keep" why="thinks that only a finished child needs its parent: passes what is visible" name="wrong-5"
def clean_up(experiment, now, dry_run=True):
    client, going, seen = MlflowClient(), {}, set()
    runs = mlflow.search_runs(experiment_names=[experiment], order_by=["attributes.start_time ASC"], output_format="list")
    needed = {run.data.tags.get("mlflow.parentRunId") for run in runs if run.info.status == "FINISHED"}
    for run in runs:
        mark, status = run.data.tags.get("fingerprint"), run.info.status
        reason = {"FAILED": "crashed", "KILLED": "crashed", "FINISHED": ""}.get(status, "abandoned")
        if status == "FINISHED" and mark:
            reason = "duplicate" if mark in seen else ""
            seen.add(mark)
        if reason and now.timestamp() - run.info.start_time / 1000 > 30 * 86400 and "keep" not in run.data.tags and not client.search_model_versions(f"run_id = '{run.info.run_id}'"):
            going[run.info.run_id] = reason
    going = {run_id: reason for run_id, reason in going.items() if run_id not in needed}
    for run_id, reason in going.items():
        if not dry_run:
            client.set_tag(run_id, "deleted_because", reason)
            client.delete_run(run_id)
    return going

# %% grade_id="attic" points=8 message="than 30 days ago" why="takes the time zone off instead of going to UTC: passes what is visible" changes="wrong-2"
-        if reason and now.timestamp() - run.info.start_time / 1000 > 30 * 86400 and "keep" not in run.data.tags and not client.search_model_versions(f"run_id = '{run.info.run_id}'"):
+        age = now.replace(tzinfo=None) - pd.to_datetime(run.info.start_time, unit="ms")
+        if reason and age.days >= 30 and "keep" not in run.data.tags and not client.search_model_versions(f"run_id = '{run.info.run_id}'"):
@@
-        client.set_tag(run_id, "deleted_because", reason)
-        client.delete_run(run_id)
+        if not dry_run:
+            client.set_tag(run_id, "deleted_because", reason)
+            client.delete_run(run_id)

# %% grade_id="attic" points=4 message="parent of the parent of a run that stays" why="goes up from a run that stays only once: passes what is visible" changes="wrong-5"
-    needed = {run.data.tags.get("mlflow.parentRunId") for run in runs if run.info.status == "FINISHED"}
@@
-    going = {run_id: reason for run_id, reason in going.items() if run_id not in needed}
+    for run in runs:
+        if run.info.run_id not in going:
+            going.pop(run.data.tags.get("mlflow.parentRunId"), None)

# %% grade_id="attic" points=4 message="whose value is empty" why="takes an empty tag for none: passes what is visible" changes="wrong-2"
-        if reason and now.timestamp() - run.info.start_time / 1000 > 30 * 86400 and "keep" not in run.data.tags and not client.search_model_versions(f"run_id = '{run.info.run_id}'"):
+        if reason and now.timestamp() - run.info.start_time / 1000 > 30 * 86400 and not run.data.tags.get("keep") and not client.search_model_versions(f"run_id = '{run.info.run_id}'"):
@@
-        client.set_tag(run_id, "deleted_because", reason)
-        client.delete_run(run_id)
+        if not dry_run:
+            client.set_tag(run_id, "deleted_because", reason)
+            client.delete_run(run_id)
