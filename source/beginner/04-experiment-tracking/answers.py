# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="sweep" points=18 why="another style: autologging, child runs below a parent, the client to write to a finished run"
mlflow.set_experiment(new_experiment("demand-sweep"))
mlflow.sklearn.autolog(log_models=False, silent=True)
with mlflow.start_run(run_name="all trees"):
    for depth in (4, 6, 8, 10, None):
        for leaf in (1, 5):
            with mlflow.start_run(nested=True):
                tree = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=leaf, random_state=0)
                tree.fit(train[FEATURES], train["trips"])
                mlflow.log_metric("val_mae", mean_error(tree, validation))
                mlflow.sklearn.log_model(tree, name="tree", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)
mlflow.sklearn.autolog(disable=True)
best = mlflow.search_runs(filter_string="metrics.val_mae > 0", order_by=["metrics.val_mae"], output_format="list")[0]
tree = mlflow.sklearn.load_model(f"runs:/{best.info.run_id}/tree")
MlflowClient().log_metric(best.info.run_id, "test_mae", mean_error(tree, test))

# %% grade_id="sweep" points=18 why="another style: a function, a pipeline, runs without a with block, the choice from the numbers in hand"
from itertools import product
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

mlflow.set_experiment("demand-sweep")

def one_run(alpha, drop):
    run = mlflow.start_run()
    columns = make_column_transformer((OneHotEncoder(drop=drop, handle_unknown="ignore"), ["hour", "weekday"]), (StandardScaler(), ["temperature_c", "rain_mm"]))
    model = make_pipeline(columns, PoissonRegressor(alpha=alpha, max_iter=300)).fit(train[FEATURES], train.trips)
    mlflow.log_param("alpha", alpha)
    mlflow.log_param("drop", drop)
    error = mean_error(model, validation)
    mlflow.log_metric("val_mae", error)
    mlflow.sklearn.log_model(model, name="model", pip_requirements=REQUIREMENTS)
    mlflow.end_run()
    return error, run.info.run_id, model

results = [one_run(alpha, drop) for alpha, drop in product([0.001, 0.01, 0.1, 1], [None, "first"])]
error, run_id, model = min(results, key=lambda result: result[0])
mlflow.start_run(run_id)
mlflow.log_metric("test_mae", mean_error(model, test))
mlflow.end_run()

# %% grade_id="sweep" points=12 message="its error on the training hours" why="measures on the hours that it was fitted on: passes what is visible"
mlflow.set_experiment(new_experiment("demand-sweep"))
runs = {}
for leaves in [7, 15, 31, 63]:
    for rate in [0.05, 0.1]:
        with mlflow.start_run() as run:
            model = HistGradientBoostingRegressor(max_leaf_nodes=leaves, learning_rate=rate, max_iter=50).fit(train[FEATURES], train["trips"])
            mlflow.log_params({"max_leaf_nodes": leaves, "learning_rate": rate})
            runs[run.info.run_id] = mean_error(model, train), model
            mlflow.log_metric("val_mae", runs[run.info.run_id][0])
            mlflow.sklearn.log_model(model, name="model", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)
best = min(runs, key=lambda r: runs[r][0])
MlflowClient().log_metric(best, "test_mae", mean_error(runs[best][1], test))

# %% grade_id="sweep" points=9 message="then it is a second validation error" why="logs the test error of every run"
mlflow.set_experiment(new_experiment("demand-sweep"))
for leaf in [1, 2, 4, 8]:
    for depth in [6, 12]:
        with mlflow.start_run():
            model = DecisionTreeRegressor(min_samples_leaf=leaf, max_depth=depth, random_state=0).fit(train[FEATURES], train["trips"])
            mlflow.log_params({"min_samples_leaf": leaf, "max_depth": depth})
            mlflow.log_metrics({"val_mae": mean_error(model, validation), "test_mae": mean_error(model, test)})
            mlflow.sklearn.log_model(model, name="model", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)

# %% grade_id="sweep" points=9 message="The choice is made on the validation hours alone" why="chooses the run with the lowest test error"
mlflow.set_experiment(new_experiment("demand-sweep"))
tests = {}
for loss in ["squared_error", "poisson"]:
    for leaves in [7, 15, 31, 63]:
        with mlflow.start_run() as run:
            model = HistGradientBoostingRegressor(loss=loss, max_leaf_nodes=leaves, random_state=0).fit(train[FEATURES], train["trips"])
            mlflow.log_params({"loss": loss, "max_leaf_nodes": leaves})
            mlflow.log_metric("val_mae", mean_error(model, validation))
            mlflow.sklearn.log_model(model, name="model", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)
            tests[run.info.run_id] = mean_error(model, test)
best = min(tests, key=tests.get)
MlflowClient().log_metric(best, "test_mae", tests[best])

# %% grade_id="sweep" points=12 message="that is a leak" why="fits on training and validation hours together: passes what is visible"
mlflow.set_experiment(new_experiment("demand-sweep"))
everything = pd.concat([train, validation])
for leaf in [1, 2, 4, 8]:
    for depth in [8, 16]:
        with mlflow.start_run():
            model = DecisionTreeRegressor(min_samples_leaf=leaf, max_depth=depth, random_state=0).fit(everything[FEATURES], everything["trips"])
            mlflow.log_params({"min_samples_leaf": leaf, "max_depth": depth})
            mlflow.log_metric("val_mae", mean_error(model, validation))
            info = mlflow.sklearn.log_model(model, name="model", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)
best = mlflow.search_runs(order_by=["metrics.val_mae ASC"], output_format="list")[0]
model = mlflow.sklearn.load_model(f"models:/{best.outputs.model_outputs[0].model_id}")
MlflowClient().log_metric(best.info.run_id, "test_mae", mean_error(model, test))

# %% grade_id="sweep" points=12 message="Build the model from the same settings that you log" why="logs a setting that never reaches the model: passes what is visible"
mlflow.set_experiment(new_experiment("demand-sweep"))
models = {}
for leaves in [7, 15, 31, 63]:
    for rate in [0.1, 0.2]:
        with mlflow.start_run() as run:
            model = HistGradientBoostingRegressor(learning_rate=rate, max_iter=50, random_state=0).fit(train[FEATURES], train["trips"])
            mlflow.log_params({"max_leaf_nodes": leaves, "learning_rate": rate})
            mlflow.log_metric("val_mae", mean_error(model, validation))
            mlflow.sklearn.log_model(model, name="model", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)
            models[run.info.run_id] = model
best = mlflow.search_runs(order_by=["metrics.val_mae ASC"]).run_id[0]
MlflowClient().log_metric(best, "test_mae", mean_error(models[best], test))

# %% grade_id="sweep" points=12 message="the model that it logged errs by" why="fits the best model again on more hours before testing: test_mae is another model's"
mlflow.set_experiment(new_experiment("demand-sweep"))
for leaf in [1, 2, 4, 8]:
    for depth in [8, 16]:
        with mlflow.start_run():
            model = DecisionTreeRegressor(min_samples_leaf=leaf, max_depth=depth, random_state=0).fit(train[FEATURES], train["trips"])
            mlflow.log_params({"min_samples_leaf": leaf, "max_depth": depth})
            mlflow.log_metric("val_mae", mean_error(model, validation))
            mlflow.sklearn.log_model(model, name="model", pip_requirements=REQUIREMENTS, skops_trusted_types=TREES)
best = mlflow.search_runs(order_by=["metrics.val_mae ASC"], output_format="list")[0]
more = pd.concat([train, validation])
final = DecisionTreeRegressor(min_samples_leaf=int(best.data.params["min_samples_leaf"]), max_depth=int(best.data.params["max_depth"]), random_state=0)
MlflowClient().log_metric(best.info.run_id, "test_mae", mean_error(final.fit(more[FEATURES], more["trips"]), test))

# %% grade_id="sweep" points=3 message="runs have no logged model" why="keeps the numbers and not the models"
mlflow.set_experiment(new_experiment("demand-sweep"))
done = []
for alpha in [0.1, 1, 10, 100]:
    for intercept in [True, False]:
        with mlflow.start_run() as run:
            ridge = Ridge(alpha=alpha, fit_intercept=intercept).fit(train[FEATURES], train["trips"])
            mlflow.log_params({"alpha": alpha, "fit_intercept": intercept})
            mlflow.log_metric("val_mae", mean_error(ridge, validation))
            done.append((mean_error(ridge, validation), run.info.run_id, ridge))
error, run_id, ridge = min(done, key=lambda d: d[0])
with mlflow.start_run(run_id=run_id):
    mlflow.log_metric("test_mae", mean_error(ridge, test))

# %% grade_id="audit" points=18 why="another style: a table, the old form of a model's address, runs opened again, no client"
def audit(experiment, validation, tolerance=0.02):
    table = mlflow.search_runs(experiment_names=[experiment])
    for _, row in table[table["status"] == "FINISHED"].iterrows():
        try:
            model = mlflow.pyfunc.load_model(f"runs:/{row.run_id}/model")
        except mlflow.exceptions.MlflowException:
            model = None
        with mlflow.start_run(run_id=row.run_id):
            if model is None:
                mlflow.set_tag("audit", "no model")
                continue
            truth = float(np.mean(np.abs(validation["trips"].to_numpy() - model.predict(validation[FEATURES]))))
            mlflow.log_metric("audited_val_mae", truth)
            mlflow.set_tag("audit", "refuted" if abs(row["metrics.val_mae"] / truth - 1) > tolerance else "confirmed")

# %% grade_id="audit" points=18 why="another style: asks for the logged models, then for their runs; a helper outside"
def verdict(logged, measured, tolerance):
    return "confirmed" if measured * (1 - tolerance) <= logged <= measured * (1 + tolerance) else "refuted"

def audit(experiment, validation, tolerance=0.02):
    client = MlflowClient()
    experiment_id = client.get_experiment_by_name(experiment).experiment_id
    models = {m.source_run_id: m for m in mlflow.search_logged_models(experiment_ids=[experiment_id], output_format="list")}
    for run in client.search_runs([experiment_id]):
        if run.info.status != "FINISHED":
            continue
        if run.info.run_id in models:
            measured = mean_error(mlflow.sklearn.load_model(models[run.info.run_id].model_uri), validation)
            client.log_metric(run.info.run_id, "audited_val_mae", measured)
            client.set_tag(run.info.run_id, "audit", verdict(run.data.metrics["val_mae"], measured, tolerance))
        else:
            client.set_tag(run.info.run_id, "audit", "no model")

# %% grade_id="audit" points=3 message="A number can be wrong by being too high" why="looks only for numbers that flatter" name="wrong-3"
def audit(experiment, validation, tolerance=0.02):
    client = MlflowClient()
    for run in mlflow.search_runs(experiment_names=[experiment], filter_string="attributes.status = 'FINISHED'", output_format="list"):
        if not run.outputs.model_outputs:
            client.set_tag(run.info.run_id, "audit", "no model")
            continue
        measured = mean_error(mlflow.sklearn.load_model(f"models:/{run.outputs.model_outputs[0].model_id}"), validation)
        client.log_metric(run.info.run_id, "audited_val_mae", measured)
        client.set_tag(run.info.run_id, "audit", "refuted" if run.data.metrics["val_mae"] < measured * (1 - tolerance) else "confirmed")

# %% grade_id="audit" points=9 message="The audit changed a val_mae" why="corrects the evidence instead of writing beside it" changes="wrong-3"
-        client.log_metric(run.info.run_id, "audited_val_mae", measured)
-        client.set_tag(run.info.run_id, "audit", "refuted" if run.data.metrics["val_mae"] < measured * (1 - tolerance) else "confirmed")
+        right = abs(run.data.metrics["val_mae"] - measured) <= tolerance * measured
+        client.set_tag(run.info.run_id, "audit", "confirmed" if right else "refuted")
+        client.log_metric(run.info.run_id, "audited_val_mae", measured)
+        client.log_metric(run.info.run_id, "val_mae", measured)

# %% grade_id="audit" points=6 message="expected 'confirmed'" why="an absolute tolerance of half a trip: passes what is visible" changes="wrong-3"
-        client.set_tag(run.info.run_id, "audit", "refuted" if run.data.metrics["val_mae"] < measured * (1 - tolerance) else "confirmed")
+        client.set_tag(run.info.run_id, "audit", "confirmed" if abs(run.data.metrics["val_mae"] - measured) < 0.5 else "refuted")

# %% grade_id="audit" points=6 message="expected 'confirmed'" why="wants the very same number, rounded ones are refuted: passes what is visible" changes="wrong-3"
-        client.set_tag(run.info.run_id, "audit", "refuted" if run.data.metrics["val_mae"] < measured * (1 - tolerance) else "confirmed")
+        client.set_tag(run.info.run_id, "audit", "confirmed" if np.isclose(run.data.metrics["val_mae"], measured) else "refuted")

# %% grade_id="audit" points=12 message="with a tolerance of 10 %" why="has its own 2 % and ignores the tolerance that it is given: passes what is visible" changes="wrong-3"
-        client.set_tag(run.info.run_id, "audit", "refuted" if run.data.metrics["val_mae"] < measured * (1 - tolerance) else "confirmed")
+        client.set_tag(run.info.run_id, "audit", "confirmed" if abs(run.data.metrics["val_mae"] / measured - 1) < 0.02 else "refuted")

# %% grade_id="audit" points=6 message="IndexError" why="forgets that a finished run may have no model"
def audit(experiment, validation, tolerance=0.02):
    client = MlflowClient()
    for run in mlflow.search_runs(experiment_names=[experiment], filter_string="attributes.status = 'FINISHED'", output_format="list"):
        measured = mean_error(mlflow.sklearn.load_model(f"models:/{run.outputs.model_outputs[0].model_id}"), validation)
        client.log_metric(run.info.run_id, "audited_val_mae", measured)
        client.set_tag(run.info.run_id, "audit", "confirmed" if abs(run.data.metrics["val_mae"] - measured) <= tolerance * measured else "refuted")

# %% grade_id="crash" points=14 why="another style: no with block, the traceback written to a file first, the status set by hand"
def nightly(experiment, train, validation, settings):
    mlflow.set_experiment(experiment)
    mlflow.start_run()
    status = "FAILED"
    try:
        for name, value in settings.items():
            mlflow.log_param(name, value)
        forest = train_forest(train, settings)
        mlflow.log_metric("val_mae", mean_error(forest, validation))
        status = "FINISHED"
    except Exception as problem:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "traceback.txt")
            report.write_text("".join(traceback.format_exception(problem)))
            mlflow.log_artifact(str(report))
        mlflow.set_tags({"error": problem.__class__.__name__, "team": "demand"})
        raise problem
    finally:
        mlflow.end_run(status)

# %% grade_id="crash" points=6 message="has the status FINISHED, expected FAILED" why="records the failure and swallows it" name="wrong-2"
def nightly(experiment, train, validation, settings):
    mlflow.set_experiment(experiment)
    with mlflow.start_run():
        mlflow.log_params(settings)
        try:
            mlflow.log_metric("val_mae", mean_error(train_forest(train, settings), validation))
        except Exception as error:
            mlflow.log_text(traceback.format_exc(), "traceback.txt")
            mlflow.set_tag("error", type(error).__name__)

# %% grade_id="crash" points=6 message="the exception was swallowed" why="sets the status by hand, and the caller hears nothing" changes="wrong-2"
             mlflow.set_tag("error", type(error).__name__)
+            mlflow.end_run("FAILED")

# %% grade_id="crash" points=6 message="Log them before the line that may break" why="logs the settings when all went well"
def nightly(experiment, train, validation, settings):
    mlflow.set_experiment(experiment)
    with mlflow.start_run():
        try:
            val_mae = mean_error(train_forest(train, settings), validation)
            mlflow.log_params(settings)
            mlflow.log_metric("val_mae", val_mae)
        except Exception as error:
            mlflow.log_text(traceback.format_exc(), "traceback.txt")
            mlflow.set_tag("error", type(error).__name__)
            raise

# %% grade_id="crash" points=6 message="left 2 runs, expected one" why="handles the exception outside the block: what it logs opens a new run"
def nightly(experiment, train, validation, settings):
    mlflow.set_experiment(experiment)
    try:
        with mlflow.start_run():
            mlflow.log_params(settings)
            mlflow.log_metric("val_mae", mean_error(train_forest(train, settings), validation))
    except Exception as error:
        mlflow.log_text(traceback.format_exc(), "traceback.txt")
        mlflow.set_tag("error", type(error).__name__)
        raise

# %% grade_id="crash" points=9 message="A message alone does not say where" why="keeps the message and not the traceback: passes what is visible" changes="wrong-2"
-            mlflow.log_text(traceback.format_exc(), "traceback.txt")
-            mlflow.set_tag("error", type(error).__name__)
+            mlflow.log_text(f"Traceback: {error!r}", "traceback.txt")
+            mlflow.set_tag("error", type(error).__name__)
+            raise

# %% grade_id="crash" points=14 why="another style: a context manager for what goes wrong, and no helper of the team's"
from contextlib import contextmanager


@contextmanager
def recorded():
    try:
        yield
    except BaseException as error:
        mlflow.set_tag("error", type(error).__name__)
        mlflow.log_text("".join(traceback.format_exception(error)), "traceback.txt")
        raise


def nightly(experiment, train, validation, settings):
    group = mlflow.set_experiment(experiment).experiment_id
    with mlflow.start_run(experiment_id=group), recorded():
        mlflow.log_params(settings)
        forest = RandomForestRegressor(**settings).fit(train[FEATURES], train.trips)
        mlflow.log_metric("val_mae", float(np.abs(validation.trips - forest.predict(validation[FEATURES])).mean()))

# %% grade_id="crash" points=9 message="the class of whatever exception came" why="expects only the failure that it has seen: passes what is visible"
def nightly(experiment, train, validation, settings):
    mlflow.set_experiment(experiment)
    with mlflow.start_run():
        mlflow.log_params(settings)
        try:
            mlflow.log_metric("val_mae", mean_error(train_forest(train, settings), validation))
        except KeyError:
            mlflow.log_text(traceback.format_exc(), "traceback.txt")
            mlflow.set_tag("error", "KeyError")
            raise

# %% grade_id="folds-logged" points=14 why="another style: the client, parent's id set by hand, the numbers first"
def cross_validate(experiment, name, settings, folds):
    client = MlflowClient()
    where = client.get_experiment_by_name(experiment).experiment_id
    errors = pd.Series([mean_error(train_forest(before, settings), after) for before, after in folds])
    parent = client.create_run(where, run_name=name)
    for key, value in settings.items():
        client.log_param(parent.info.run_id, key, value)
    for fold, error in errors.items():
        child = client.create_run(where, tags={"mlflow.parentRunId": parent.info.run_id})
        client.log_param(child.info.run_id, "fold", fold)
        client.log_metric(child.info.run_id, "val_mae", error)
        client.set_terminated(child.info.run_id)
    client.log_metric(parent.info.run_id, "val_mae_mean", errors.mean())
    client.log_metric(parent.info.run_id, "val_mae_std", errors.std())
    client.set_terminated(parent.info.run_id)

# %% grade_id="folds-logged" points=0 message="started inside the candidate's, with nested=True" why="the folds come after the candidate, not below it"
def cross_validate(experiment, name, settings, folds):
    mlflow.set_experiment(experiment)
    errors = []
    for number, (before, after) in enumerate(folds):
        with mlflow.start_run():
            errors.append(mean_error(train_forest(before, settings), after))
            mlflow.log_param("fold", number)
            mlflow.log_metric("val_mae", errors[-1])
    with mlflow.start_run(run_name=name):
        mlflow.log_params(settings)
        mlflow.log_metrics({"val_mae_mean": np.mean(errors), "val_mae_std": np.std(errors)})

# %% grade_id="folds-logged" points=9 message="would stand among the folds" why="gives the parent a val_mae too" name="wrong-3"
def cross_validate(experiment, name, settings, folds):
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name=name):
        mlflow.log_params(settings)
        errors = []
        for number, (before, after) in enumerate(folds):
            with mlflow.start_run(nested=True):
                errors.append(mean_error(train_forest(before, settings), after))
                mlflow.log_param("fold", number)
                mlflow.log_metric("val_mae", errors[-1])
            mlflow.log_metric("val_mae", errors[-1])
        mlflow.log_metrics({"val_mae_mean": np.mean(errors), "val_mae_std": np.std(errors)})

# %% grade_id="folds-logged" points=8 message="on the hours that the models were fitted on" why="measures each fold on its own training hours: passes what is visible" changes="wrong-3"
-                errors.append(mean_error(train_forest(before, settings), after))
+                errors.append(mean_error(train_forest(before, settings), before))
@@
-            mlflow.log_metric("val_mae", errors[-1])

# %% grade_id="folds-logged" points=8 message="Each fold fits a new model" why="fits once, before the loop: passes what is visible" changes="wrong-3"
         mlflow.log_params(settings)
+        model = train_forest(folds[0][0], settings)
@@
-                errors.append(mean_error(train_forest(before, settings), after))
+                errors.append(mean_error(model, after))
@@
-            mlflow.log_metric("val_mae", errors[-1])

# %% grade_id="folds-logged" points=8 message="each fold counts the same" why="weighs the folds by their hours: passes what is visible, where they are equal" changes="wrong-3"
-            mlflow.log_metric("val_mae", errors[-1])
-        mlflow.log_metrics({"val_mae_mean": np.mean(errors), "val_mae_std": np.std(errors)})
+        weights = [len(after) for _, after in folds]
+        mlflow.log_metrics({"val_mae_mean": np.average(errors, weights=weights), "val_mae_std": np.std(errors)})

# %% grade_id="rebuild" points=16 why="another style: JSON in a tag, the hash in blocks, a seed that is always the same, one helper"
def _train(csv, settings, cut):
    table = read_hours(csv)
    forest = train_forest(table.query("time < @cut"), settings)
    return mean_error(forest, table.query("time >= @cut"))

def _digest(csv):
    with open(csv, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

def train_recorded(experiment, csv, settings, cut):
    settings = dict(settings)
    settings.setdefault("random_state", 20250628)
    client = MlflowClient()
    run = client.create_run(client.get_experiment_by_name(experiment).experiment_id)
    client.set_tag(run.info.run_id, "data_sha256", _digest(csv))
    client.set_tag(run.info.run_id, "how", json.dumps([settings, cut]))
    for name, value in settings.items():
        client.log_param(run.info.run_id, name, value)
    client.log_metric(run.info.run_id, "val_mae", _train(csv, settings, cut))
    client.set_terminated(run.info.run_id)
    return run.info.run_id

def rebuild(run_id, csv):
    tags = MlflowClient().get_run(run_id).data.tags
    if tags["data_sha256"] != _digest(csv):
        raise ValueError("other data")
    return _train(csv, *json.loads(tags["how"]))

# %% grade_id="rebuild" points=10 message="returned the number that the run had logged" why="reads the answer from the store: passes what is visible" name="wrong-2"
def train_recorded(experiment, csv, settings, cut):
    mlflow.set_experiment(experiment)
    settings = {"random_state": 0, **settings}
    with mlflow.start_run() as run:
        mlflow.log_params({**settings, "cut": cut})
        mlflow.set_tag("data_sha256", hashlib.sha256(Path(csv).read_bytes()).hexdigest())
        table = read_hours(csv)
        mlflow.log_metric("val_mae", mean_error(train_forest(table[table["time"] < cut], settings), table[table["time"] >= cut]))
    return run.info.run_id

def rebuild(run_id, csv):
    run = mlflow.get_run(run_id)
    if hashlib.sha256(Path(csv).read_bytes()).hexdigest() != run.data.tags["data_sha256"]:
        raise ValueError("not the same data")
    return run.data.metrics["val_mae"]

# %% grade_id="rebuild" points=10 message="stopped with InvalidParameterError" why="turns texts into numbers where it can; False and None stay texts: passes what is visible"
def train_recorded(experiment, csv, settings, cut):
    mlflow.set_experiment(experiment)
    settings = {"random_state": 0, **settings}
    with mlflow.start_run() as run:
        mlflow.log_params({**settings, "cut": cut})
        mlflow.set_tag("data_sha256", hashlib.sha256(Path(csv).read_bytes()).hexdigest())
        table = read_hours(csv)
        mlflow.log_metric("val_mae", mean_error(train_forest(table[table["time"] < cut], settings), table[table["time"] >= cut]))
    return run.info.run_id

def number(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text

def rebuild(run_id, csv):
    run = mlflow.get_run(run_id)
    if hashlib.sha256(Path(csv).read_bytes()).hexdigest() != run.data.tags["data_sha256"]:
        raise ValueError("not the same data")
    settings = {name: number(text) for name, text in run.data.params.items()}
    cut = settings.pop("cut")
    table = read_hours(csv)
    return mean_error(train_forest(table[table["time"] < cut], settings), table[table["time"] >= cut])

# %% grade_id="rebuild" points=9 message="is there a random_state in the run" why="records the settings as they came: no seed" changes="wrong-2"
-    settings = {"random_state": 0, **settings}
-    with mlflow.start_run() as run:
-        mlflow.log_params({**settings, "cut": cut})
+    with mlflow.start_run() as run:
+        mlflow.log_params(settings)
+        mlflow.log_dict({"settings": settings, "cut": cut}, "r.json")
@@
-    return run.data.metrics["val_mae"]
+    kept = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/r.json")
+    table = read_hours(csv)
+    return mean_error(train_forest(table[table["time"] < kept["cut"]], kept["settings"]), table[table["time"] >= kept["cut"]])

# %% grade_id="rebuild" points=9 message="rebuild did not refuse it" why="records the hash and never looks at it again" name="wrong-5"
def train_recorded(experiment, csv, settings, cut):
    mlflow.set_experiment(experiment)
    settings = {"random_state": 0, **settings}
    with mlflow.start_run() as run:
        mlflow.log_params(settings)
        mlflow.log_dict({"settings": settings, "cut": cut}, "r.json")
        mlflow.set_tag("data_sha256", hashlib.sha256(Path(csv).read_bytes()).hexdigest())
        table = read_hours(csv)
        mlflow.log_metric("val_mae", mean_error(train_forest(table[table["time"] < cut], settings), table[table["time"] >= cut]))
    return run.info.run_id

def rebuild(run_id, csv):
    kept = mlflow.artifacts.load_dict(f"{mlflow.get_run(run_id).info.artifact_uri}/r.json")
    table = read_hours(csv)
    return mean_error(train_forest(table[table["time"] < kept["cut"]], kept["settings"]), table[table["time"] >= kept["cut"]])

# %% grade_id="rebuild" points=12 message="Hash the whole content" why="compares the number of rows: passes what is visible"
def train_recorded(experiment, csv, settings, cut):
    mlflow.set_experiment(experiment)
    settings = {"random_state": 0, **settings}
    table = read_hours(csv)
    with mlflow.start_run() as run:
        mlflow.log_params(settings)
        mlflow.log_dict({"settings": settings, "cut": cut, "rows": len(table)}, "r.json")
        mlflow.set_tag("data_sha256", hashlib.sha256(Path(csv).read_bytes()).hexdigest())
        mlflow.log_metric("val_mae", mean_error(train_forest(table[table["time"] < cut], settings), table[table["time"] >= cut]))
    return run.info.run_id

def rebuild(run_id, csv):
    kept = mlflow.artifacts.load_dict(f"{mlflow.get_run(run_id).info.artifact_uri}/r.json")
    table = read_hours(csv)
    if len(table) != kept["rows"]:
        raise ValueError("not the same data")
    return mean_error(train_forest(table[table["time"] < kept["cut"]], kept["settings"]), table[table["time"] >= kept["cut"]])

# %% grade_id="rebuild" points=10 message="The same file, moved" why="takes the path for the data: passes what is visible" changes="wrong-5"
-        mlflow.log_dict({"settings": settings, "cut": cut}, "r.json")
+        mlflow.log_dict({"settings": settings, "cut": cut, "path": str(csv)}, "r.json")
@@
     kept = mlflow.artifacts.load_dict(f"{mlflow.get_run(run_id).info.artifact_uri}/r.json")
+    if str(csv) != kept["path"]:
+        raise ValueError("not the same data")

# %% grade_id="decide" points=20 why="another style: a table of errors, a table of conditions, the standard error by hand"
def decide(name, holdout):
    versions = mlflow.search_model_versions(filter_string=f"name='{name}'")
    client = MlflowClient()
    old = client.get_model_version_by_alias(name, "champion").version
    errors = pd.DataFrame({v.version: np.abs(holdout.trips - mlflow.pyfunc.load_model(v.source).predict(holdout[FEATURES])) for v in versions})
    daily = errors.groupby(holdout.time.dt.strftime("%j")).mean()
    gains = -daily.sub(daily[old], axis=0).drop(columns=old)
    facts = pd.DataFrame({
        "gain": gains.mean(),
        "needed": 2 * gains.std(ddof=1) / np.sqrt(len(gains)),
        "wet": errors[holdout.rain_mm > 0].mean() / errors.loc[holdout.rain_mm > 0, old].mean(),
        "mae": errors.mean(),
    }).drop(index=old)
    good = facts[(facts.gain > facts.needed) & (facts.wet <= 1.05)]
    winner = good.mae.idxmin() if len(good) else None
    for version, fact in facts.iterrows():
        why = "promoted" if version == winner else "rain" if fact.wet > 1.05 else "noise" if fact.gain <= fact.needed else "outscored"
        client.set_model_version_tag(name, version, "decision", "promoted" if why == "promoted" else "rejected")
        client.set_model_version_tag(name, version, "reason", f"{why} (gain {fact.gain:.3f}, needed {fact.needed:.3f}, rain x{fact.wet:.2f}, MAE {fact.mae:.2f})")
    if winner is not None:
        client.set_registered_model_alias(name, "champion", winner)

# %% grade_id="decide" points=0 message="Version 2 became the champion" why="the lowest mean error wins"
def decide(name, holdout):
    client = MlflowClient()
    error = {}
    for v in client.search_model_versions(f"name = '{name}'"):
        error[v.version] = mean_error(mlflow.sklearn.load_model(f"models:/{name}/{v.version}"), holdout)
    best = min(error, key=error.get)
    for version in error:
        client.set_model_version_tag(name, version, "decision", "promoted" if version == best else "rejected")
        client.set_model_version_tag(name, version, "reason", f"outscored: {error[version]:.2f}")
    client.set_registered_model_alias(name, "champion", best)

# %% grade_id="decide" points=16 message="The hours of a day are not independent" why="the standard error of 672 hours instead of 28 days: passes what is visible" name="wrong-3"
def decide(name, holdout):
    client = MlflowClient()
    old = client.get_model_version_by_alias(name, "champion").version
    errors = {v.version: (holdout["trips"] - mlflow.sklearn.load_model(f"models:/{name}/{v.version}").predict(holdout[FEATURES])).abs() for v in client.search_model_versions(f"name = '{name}'")}
    wet = holdout["rain_mm"] > 0
    reasons = {}
    for version, error in errors.items():
        if version != old:
            gain = errors[old] - error
            ratio = error[wet].mean() / errors[old][wet].mean()
            reasons[version] = f"noise: {gain.mean():.2f}" if gain.mean() <= 2 * gain.sem() else f"rain: {ratio:.2f}" if ratio > 1.05 else f"outscored: {error.mean():.2f}"
    passed = [version for version in reasons if reasons[version].startswith("outscored")]
    best = min(passed, key=lambda version: errors[version].mean()) if passed else None
    for version, reason in reasons.items():
        client.set_model_version_tag(name, version, "decision", "promoted" if version == best else "rejected")
        client.set_model_version_tag(name, version, "reason", reason)
    if best:
        client.set_registered_model_alias(name, "champion", best)

# %% grade_id="decide" points=16 message="has the lowest error of them" why="promotes whoever passes, the last one stays: passes what is visible"
def decide(name, holdout):
    client = MlflowClient()
    old = client.get_model_version_by_alias(name, "champion").version
    errors = {v.version: (holdout["trips"] - mlflow.sklearn.load_model(f"models:/{name}/{v.version}").predict(holdout[FEATURES])).abs() for v in client.search_model_versions(f"name = '{name}'")}
    wet = holdout["rain_mm"] > 0
    for version, error in errors.items():
        if version == old:
            continue
        gains = (errors[old] - error).groupby(holdout["time"].dt.date).mean()
        ratio = error[wet].mean() / errors[old][wet].mean()
        decision = "rejected"
        if gains.mean() <= 2 * gains.sem():
            reason = f"noise: {gains.mean():.2f}"
        elif ratio > 1.05:
            reason = f"rain: {ratio:.2f}"
        else:
            decision, reason = "promoted", f"better by {gains.mean():.2f}"
            client.set_registered_model_alias(name, "champion", version)
        client.set_model_version_tag(name, version, "decision", decision)
        client.set_model_version_tag(name, version, "reason", reason)

# %% grade_id="decide" points=16 message="has the lowest error of them" why="tolerates nothing in rain, where the rule allows 5 %: passes what is visible" changes="wrong-3"
-            gain = errors[old] - error
-            ratio = error[wet].mean() / errors[old][wet].mean()
-            reasons[version] = f"noise: {gain.mean():.2f}" if gain.mean() <= 2 * gain.sem() else f"rain: {ratio:.2f}" if ratio > 1.05 else f"outscored: {error.mean():.2f}"
+            gains = (errors[old] - error).groupby(holdout["time"].dt.date).mean()
+            ratio = error[wet].mean() / errors[old][wet].mean()
+            reasons[version] = f"noise: {gains.mean():.2f}" if gains.mean() <= 2 * gains.sem() else f"rain: {ratio:.2f}" if ratio > 1 else f"outscored: {error.mean():.2f}"

# %% grade_id="decide" points=16 message="has the lowest error of them" why="takes the standard deviation for the standard error: passes what is visible" changes="wrong-3"
-            gain = errors[old] - error
-            ratio = error[wet].mean() / errors[old][wet].mean()
-            reasons[version] = f"noise: {gain.mean():.2f}" if gain.mean() <= 2 * gain.sem() else f"rain: {ratio:.2f}" if ratio > 1.05 else f"outscored: {error.mean():.2f}"
+            gains = (errors[old] - error).groupby(holdout["time"].dt.date).mean()
+            ratio = error[wet].mean() / errors[old][wet].mean()
+            reasons[version] = f"rain: {ratio:.2f}" if ratio > 1.05 else f"noise: {gains.mean():.2f}" if gains.mean() <= 2 * gains.std() else f"outscored: {error.mean():.2f}"

# %% grade_id="decide" points=8 message="expected a sentence with figures" why="decides well and leaves no reason"
def decide(name, holdout):
    client = MlflowClient()
    old = client.get_model_version_by_alias(name, "champion").version
    errors = {v.version: (holdout["trips"] - mlflow.sklearn.load_model(f"models:/{name}/{v.version}").predict(holdout[FEATURES])).abs() for v in client.search_model_versions(f"name = '{name}'")}
    wet, passed = holdout["rain_mm"] > 0, {}
    for version, error in errors.items():
        gains = (errors[old] - error).groupby(holdout["time"].dt.date).mean()
        if version != old and gains.mean() > 2 * gains.sem() and error[wet].mean() <= 1.05 * errors[old][wet].mean():
            passed[version] = error.mean()
    best = min(passed, key=passed.get) if passed else None
    for version in errors:
        if version != old:
            client.set_model_version_tag(name, version, "decision", "promoted" if version == best else "rejected")
    if best:
        client.set_registered_model_alias(name, "champion", best)
