# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="register" points=15 why="another style: YAML as text, one function for all measures, NumPy"
Path("register.yaml").write_text("""
- {id: ranking, context: Riders who always pay must leave a deposit, owner: Ada, measure: auc, limit: 0.70, red_if: below, when_red: {do: roll the model back, by: Ada, within_hours: 4}}
- {id: scale, context: Amounts are computed from wrong probabilities for riders, owner: Cy, measure: calibration, limit: 0.1, red_if: above, when_red: {do: fixed amount for all, by: Cy, within_hours: 24}}
- {id: district, context: Payers of one district are asked more often, owner: Noor, measure: payers, limit: 0.08, red_if: above, when_red: {do: stop asking for deposits, by: Noor, within_hours: 12.5}}
- {id: inputs, context: Riders are judged by numbers that are missing, owner: Ada, measure: missing, limit: 0.05, red_if: above, when_red: {do: refuse such requests, by: Bo, within_hours: 1}}
- {id: fallback, context: All riders get the same answer, owner: Bo, measure: same, limit: 0.05, red_if: above, when_red: {do: switch the model off, by: Bo, within_hours: 2}}
- {id: slow, context: Riders wait in the rain and leave, owner: Bo, measure: p95, limit: 300, red_if: above, when_red: {do: start another copy, by: Rosa, within_hours: 1}}
""")


def measured(name, system):
    cases, requests = system["cases"], system["requests"]
    cases = cases[cases["split"] == "recent"]
    if name == "auc":
        return roc_auc_score(cases["unpaid"], cases["score"])
    if name == "calibration":
        parts = np.array_split(cases.sort_values("score"), 5)
        return max(abs(part["score"].mean() - part["unpaid"].mean()) if part["unpaid"].notna().all() else np.nan for part in parts)
    if name == "payers":
        payers = cases[cases["unpaid"] == 0]
        counts = [(rows["asked"].sum(), len(rows)) for _, rows in payers.groupby("district") if len(rows) >= 100]
        ends = np.array([binomtest(int(k), n).proportion_ci(method="wilson") for k, n in counts])
        return ends[:, 0].max() - ends[:, 1].min()
    if name == "missing":
        return max(np.mean(requests[column].isna()) if column in requests.columns else 1.0 for column in INPUTS)
    if name == "same":
        _, counts = np.unique(requests["answer"][requests["status"] == 200], return_counts=True)
        return counts.max() / counts.sum()
    if name == "p95":
        return np.percentile(requests["ms"], 95)
    raise LookupError(name)


def check(register, system):
    colours = {}
    for risk in register:
        colours[risk["id"]] = "red"
        try:
            value = measured(risk["measure"], system)
        except Exception:
            continue
        if risk["red_if"] == "above" and -np.inf < value <= risk["limit"]:
            colours[risk["id"]] = "green"
        if risk["red_if"] == "below" and risk["limit"] <= value < np.inf:
            colours[risk["id"]] = "green"
    return colours

# %% grade_id="register" points=15 why="another style: Fairlearn and quantiles, JSON as YAML, a distance to the limit that must not be negative"
def near(system):
    return system["cases"].loc[lambda cases: cases["split"].eq("recent")]


def payers_apart(system):
    rows = near(system)
    rows = rows[rows["unpaid"] == 0]
    big = rows["district"].map(rows["district"].value_counts()) >= 100
    rows = rows[big]
    z, numbers = 1.96, {"n": fairlearn.metrics.count, "p": fairlearn.metrics.false_positive_rate}
    groups = fairlearn.metrics.MetricFrame(
        metrics=numbers, y_true=rows["unpaid"], y_pred=rows["asked"], sensitive_features=rows["district"]
    ).by_group.astype(float)
    n, p = groups["n"], groups["p"]
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return ((middle - half) / (1 + z * z / n)).max() - ((middle + half) / (1 + z * z / n)).min()


def scale_gap(system):
    rows = near(system).sort_values("score").reset_index(drop=True)
    fifth = rows.index * 5 // len(rows)
    return rows["score"].groupby(fifth).mean().sub(rows["unpaid"].groupby(fifth).mean()).abs().max()


def worst_input(system):
    missing = [system["requests"].get(name, pd.Series([np.nan])).isna().mean() for name in INPUTS]
    return np.max(missing)


def same_answer(system):
    answers = system["requests"].loc[system["requests"]["status"] == 200, "answer"]
    return answers.value_counts().iloc[0] / len(answers)


def check(register, system):
    known = {
        "ranking": lambda: roc_auc_score(near(system)["unpaid"], near(system)["score"]),
        "district": lambda: payers_apart(system),
        "scale": lambda: scale_gap(system),
        "inputs": lambda: worst_input(system),
        "fallback": lambda: same_answer(system),
        "slow": lambda: np.quantile(system["requests"]["ms"], 0.95),
    }

    def colour(risk):
        try:
            room = known[risk["measure"]]() - risk["limit"]
        except Exception:
            return "red"
        room = -room if risk["red_if"] == "above" else room
        return "green" if 0 <= room < float("inf") else "red"

    return {risk["id"]: colour(risk) for risk in register}


board = {"ranking": 0.7, "scale": 0.1, "district": 0.08, "inputs": 0.05, "fallback": 0.05, "slow": 300}
risks = [
    {
        "id": name,
        "context": f"If {name} fails, riders who pay are treated badly.",
        "owner": TEAM[number % 5],
        "measure": name,
        "limit": limit,
        "red_if": "below" if name == "ranking" else "above",
        "when_red": {"do": "switch the model off", "by": TEAM[number % 5], "within_hours": 8},
    }
    for number, (name, limit) in enumerate(board.items())
]
Path("register.yaml").write_text(json.dumps(risks, indent=1))

# %% grade_id="register" points=15 why="another style: finds measures by their names with globals()" changes="solution"
-MEASURES = {"ranking": ranking, "scale": measures_found.rosas_scale, "district": district, "inputs": inputs, "fallback": fallback, "slow": slow}
+def scale(system):
+    return measures_found.rosas_scale(system)
@@
-            value, limit = float(MEASURES[risk["measure"]](system)), risk["limit"]
+            value, limit = float(globals()[risk["measure"]](system)), risk["limit"]

# %% grade_id="register" points=0 message="As the system is today, district is green" why="hands in what was found"
def check(register, system):
    return measures_found.cys_check(register, system)


Path("register.yaml").write_text(Path("risks_found.yaml").read_text())

# %% grade_id="register" points=4 message="a measure is green" why="asks whether a value is bad, and NaN is not: healthy and broken systems of the judge have it too" changes="solution"
-            good = np.isfinite(value) and (value <= limit if risk["red_if"] == "above" else value >= limit)
+            good = not (value > limit if risk["red_if"] == "above" else value < limit)

# %% grade_id="register" points=10 message="12 % of one input are missing" why="takes the mean over the inputs: passes what is visible" changes="solution"
-    return system["requests"].reindex(columns=INPUTS).isna().mean().max()
+    return system["requests"].reindex(columns=INPUTS).isna().mean().mean()

# %% grade_id="register" points=10 message="one input has another name" why="looks at the columns that are there: passes what is visible" changes="solution"
-    return system["requests"].reindex(columns=INPUTS).isna().mean().max()
+    return system["requests"].isna().mean().max()

# %% grade_id="register" points=11 message="take the limit from the register" why="has the board's limits in the code: passes what is visible" changes="solution"
-            value, limit = float(MEASURES[risk["measure"]](system)), risk["limit"]
+            value, limit = float(MEASURES[risk["measure"]](system)), {"ranking": 0.7, "scale": 0.1, "district": 0.08, "inputs": 0.05, "fallback": 0.05, "slow": 300}[risk["measure"]]

# %% grade_id="register" points=11 message="What all own, nobody does" why="leaves the team as the owner: passes what is visible" changes="solution"
-by_id["ranking"].update(owner="Ada", limit=0.70)
+by_id["ranking"].update(limit=0.70)

# %% grade_id="register" points=4 message="Which rows does it look at" why="measures the ranking on the applications that the model was trained on" changes="solution"
-    return roc_auc_score(newest(system)["unpaid"], newest(system)["score"])
+    return roc_auc_score(*system["cases"].query("split == 'train'")[["unpaid", "score"]].to_numpy().T)

# %% grade_id="register" points=10 message="31 of 120 payers" why="compares shares without their intervals: passes what is visible" changes="solution"
-    groups = newest(system).query("unpaid == 0").groupby("district")["asked"].agg(["sum", "size"])
-    large = groups[groups["size"] >= 100]
-    ends = [binomtest(int(asked), int(payers)).proportion_ci(method="wilson") for asked, payers in large.to_numpy()]
-    return max(end.low for end in ends) - min(end.high for end in ends)
+    groups = newest(system).query("unpaid == 0").groupby("district")["asked"].agg(["mean", "size"])
+    shares = groups.loc[groups["size"] >= 100, "mean"]
+    return shares.max() - shares.min()

# %% grade_id="register" points=10 message="40 paid" why="counts all riders of a district, not those who paid: passes what is visible" changes="solution"
-    large = groups[groups["size"] >= 100]
+    large = groups[newest(system)["district"].value_counts().reindex(groups.index) >= 100]

# %% grade_id="register" points=10 message="the fifth with the lowest scores" why="cuts the scores into parts of equal width: passes what is visible" changes="solution"
-MEASURES = {"ranking": ranking, "scale": measures_found.rosas_scale, "district": district, "inputs": inputs, "fallback": fallback, "slow": slow}
+def scale(system):
+    cases = newest(system)
+    means = cases.groupby(pd.cut(cases["score"], 5, labels=False))[["score", "unpaid"]].mean()
+    return (means["score"] - means["unpaid"]).abs().max()
+
+
+MEASURES = {"ranking": ranking, "scale": scale, "district": district, "inputs": inputs, "fallback": fallback, "slow": slow}

# %% grade_id="register" points=10 message="ended with status 503" why="counts answers of all requests, also of those that were refused: passes what is visible" changes="solution"
-    return system["requests"].query("status == 200")["answer"].value_counts(normalize=True).max()
+    return system["requests"]["answer"].value_counts(normalize=True).max()

# %% grade_id="register" points=10 message="9 % of the requests end after 900 ms" why="looks only at requests that went well: passes what is visible" changes="solution"
-    return system["requests"]["ms"].quantile(0.95)
+    return system["requests"].query("status == 200")["ms"].quantile(0.95)

# %% grade_id="fair" points=15 why="another style: an exact interval, thresholds by walking through sorted scores"
def audit(cases, limit):
    paid = cases[cases["unpaid"] == 0]
    counts = paid.groupby("district")["asked"].agg(["sum", "count"])
    said = {name: "not known" for name in cases["district"].unique()}
    for name, row in counts.iterrows():
        bounds = binomtest(int(row["sum"]), int(row["count"])).proportion_ci(confidence_level=0.95, method="exact")
        if bounds.low > limit:
            said[name] = "above"
        elif bounds.high < limit:
            said[name] = "within"
    return said


def choose(cases, equal, share):
    outcome = {"selection_rate": None, "false_positive_rate": 0, "false_negative_rate": 1}[equal]
    scores = np.sort(cases["score"].to_numpy())[::-1]
    common = scores[round(share * len(scores))]
    pools, thresholds = {}, {}
    for name in cases["district"].unique():
        rows = cases[cases["district"] == name]
        if (rows["unpaid"] == 0).sum() < 50 or rows["unpaid"].sum() < 50:
            thresholds[name] = common
        else:
            wanted = rows["score"] if outcome is None else rows["score"][rows["unpaid"] == outcome]
            pools[name] = np.sort(wanted.to_numpy())[::-1]
    best = None
    for level in np.linspace(0, 1, 401):
        tried = thresholds | {name: pool[min(int(level * len(pool)), len(pool) - 1)] for name, pool in pools.items()}
        asked = (cases["score"].to_numpy() >= cases["district"].map(tried).to_numpy()).mean()
        if best is None or abs(asked - share) < best[0]:
            best = abs(asked - share), tried
    return {name: np.float64(value) for name, value in best[1].items()}

# %% grade_id="fair" points=15 why="another style: Wilson's formula by hand, scipy finds the level"
from scipy.optimize import brentq


def wilson(k, n, z=1.959964):
    if n == 0:
        return 0.0, 1.0
    p = k / n
    middle, half = (p + z * z / (2 * n)) / (1 + z * z / n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5 / (1 + z * z / n)
    return middle - half, middle + half


def audit(cases, limit):
    verdict = {}
    for name in sorted(set(cases["district"])):
        asked = cases["asked"][(cases["district"] == name) & (cases["unpaid"] == 0)]
        low, high = wilson(asked.sum(), len(asked))
        verdict[name] = "not known" if low <= limit <= high else ("above" if low > limit else "within")
    return verdict


def choose(cases, equal, share):
    groups = dict(list(cases.groupby("district")))
    small = [name for name, rows in groups.items() if rows["unpaid"].value_counts().reindex([0, 1], fill_value=0).min() < 50]
    keep = {"selection_rate": slice(None), "false_positive_rate": 0, "false_negative_rate": 1}[equal]

    def thresholds(level):
        found = {}
        for name, rows in groups.items():
            if name in small:
                found[name] = np.quantile(cases["score"], 1 - share)
            else:
                found[name] = np.quantile(rows["score"] if isinstance(keep, slice) else rows["score"][rows["unpaid"] == keep], 1 - level)
        return found

    return thresholds(brentq(lambda level: asked_by(cases, thresholds(level)).mean() - share, 0.0001, 0.9999, xtol=1e-4))

# %% grade_id="fair" points=4 message="depending on the district" why="one threshold for everyone, as it was"
def audit(cases, limit):
    """Return above, within or not known for each district's false positive rate."""
    verdicts = {}
    for district, rows in cases.groupby("district"):
        asked = rows.loc[rows["unpaid"] == 0, "asked"]
        low, high = binomtest(int(asked.sum()), len(asked)).proportion_ci(method="wilson") if len(asked) else (0, 1)
        verdicts[district] = "above" if low > limit else "within" if high < limit else "not known"
    return verdicts


def choose(cases, equal, share):
    return dict.fromkeys(cases["district"], float(cases["score"].quantile(1 - share)))

# %% grade_id="fair" points=6 message="so few cannot tell" why="audits by the rate alone, however few riders there are" changes="solution"
-    """Return above, within or not known for each district's false positive rate."""
-    verdicts = {}
-    for district, rows in cases.groupby("district"):
-        asked = rows.loc[rows["unpaid"] == 0, "asked"]
-        low, high = binomtest(int(asked.sum()), len(asked)).proportion_ci(method="wilson") if len(asked) else (0, 1)
-        verdicts[district] = "above" if low > limit else "within" if high < limit else "not known"
-    return verdicts
+    rates = cases[cases["unpaid"] == 0].groupby("district")["asked"].mean()
+    return {name: "above" if rate > limit else "within" for name, rate in rates.items()}

# %% grade_id="fair" points=11 message="None of so few was asked" why="an interval by resampling, which has no width at 0 of 8: passes what is visible" changes="solution"
-    """Return above, within or not known for each district's false positive rate."""
-    verdicts = {}
-    for district, rows in cases.groupby("district"):
-        asked = rows.loc[rows["unpaid"] == 0, "asked"]
-        low, high = binomtest(int(asked.sum()), len(asked)).proportion_ci(method="wilson") if len(asked) else (0, 1)
+    verdicts, rng = {}, np.random.default_rng(0)
+    for district, rows in cases.groupby("district"):
+        asked = rows.loc[rows["unpaid"] == 0, "asked"].to_numpy()
+        if not len(asked):
+            verdicts[district] = "not known"
+            continue
+        low, high = np.quantile(rng.choice(asked, (1000, len(asked))).mean(axis=1), [0.025, 0.975])

# %% grade_id="fair" points=11 message="A dozen of two hundred" why="counts all riders, not those who paid: passes what is visible" changes="solution"
-        asked = rows.loc[rows["unpaid"] == 0, "asked"]
+        asked = rows["asked"]

# %% grade_id="fair" points=11 message="With 0 of 0 payers asked" why="stops where nobody paid: passes what is visible" changes="solution"
-        low, high = binomtest(int(asked.sum()), len(asked)).proportion_ci(method="wilson") if len(asked) else (0, 1)
+        low, high = binomtest(int(asked.sum()), len(asked)).proportion_ci(method="wilson")

# %% grade_id="fair" points=9 message="too few for a threshold of its own" why="gives every district its own threshold: passes what is visible" changes="solution"
-        if min((rows["unpaid"] == 0).sum(), (rows["unpaid"] == 1).sum()) >= 50:
-            pools[district] = rows.loc[rows["unpaid"].isin(counted), "score"]
+        pools[district] = rows.loc[rows["unpaid"].isin(counted), "score"]

# %% grade_id="fair" points=4 message="For an equal selection_rate" why="equal false positive rates, whatever the policy" changes="solution"
-    counted = {"selection_rate": [0, 1], "false_positive_rate": [0], "false_negative_rate": [1]}[equal]
+    counted = [0]

# %% grade_id="fair" points=4 message="For an equal false_negative_rate" why="makes false negative rates equal by those who paid" changes="solution"
-    counted = {"selection_rate": [0, 1], "false_positive_rate": [0], "false_negative_rate": [1]}[equal]
+    counted = {"selection_rate": [0, 1], "false_positive_rate": [0], "false_negative_rate": [0]}[equal]

# %% grade_id="fair" points=4 message="of all are asked, expected 25 %" why="takes the share of all for the share of those who paid" changes="solution"
-    return at_share(cases, at, share)
+    return at(share)

# %% grade_id="fair" points=11 message="ends just above the limit" why="an interval of 90 %: passes what is visible" changes="solution"
-        low, high = binomtest(int(asked.sum()), len(asked)).proportion_ci(method="wilson") if len(asked) else (0, 1)
+        low, high = binomtest(int(asked.sum()), len(asked)).proportion_ci(confidence_level=0.9, method="wilson") if len(asked) else (0, 1)

# %% grade_id="fair" points=9 message="too few for a threshold of its own" why="thirty are enough for a threshold: passes what is visible" changes="solution"
-        if min((rows["unpaid"] == 0).sum(), (rows["unpaid"] == 1).sum()) >= 50:
+        if min((rows["unpaid"] == 0).sum(), (rows["unpaid"] == 1).sum()) >= 30:

# %% grade_id="fair" points=9 message="many small districts" why="meets the share over the large districts alone: passes what is visible" changes="solution"
-    return at_share(cases, at, share)
+    return at_share(cases[cases["district"].isin(pools)], at, share)

# %% grade_id="card" points=13 why="another style: the client, sorted in Python"
def finite(text):
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if value == value and abs(value) != float("inf") else None


def card(name):
    client = MlflowClient()
    champion = client.get_model_version_by_alias(name, "champion")
    places = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = [
        run
        for run in client.search_runs(places)
        if run.data.tags.get("evaluates") == f"{name}/{champion.version}" and run.info.status == "FINISHED"
    ]
    params = client.get_run(champion.run_id).data.params
    made = {"model": champion.name, "version": int(champion.version), "threshold": finite(params.get("threshold")), "data_sha256": params.get("data_sha256")}
    made |= {"auc": None, "false_positive_rate": None, "by_district": None}
    if not runs:
        return made
    newest = max(runs, key=lambda run: run.info.start_time)
    for key in ("auc", "false_positive_rate"):
        made[key] = finite(newest.data.metrics.get(key))
    if "by_district.json" in [file.path for file in client.list_artifacts(newest.info.run_id)]:
        path = mlflow.artifacts.download_artifacts(run_id=newest.info.run_id, artifact_path="by_district.json")
        table = json.loads(Path(path).read_text())
        made["by_district"] = {
            place: {"payers": row["payers"], "false_positive_rate": finite(row["false_positive_rate"]) if row["payers"] >= 30 else None}
            for place, row in table.items()
        }
    return made

# %% grade_id="card" points=13 why="another style: a table of runs"
def card(name):
    version = MlflowClient().get_model_version_by_alias(name, "champion")
    runs = mlflow.search_runs(search_all_experiments=True)
    trained = runs[runs["run_id"] == version.run_id].iloc[0]
    if "tags.evaluates" not in runs:
        runs["tags.evaluates"] = None
    judged = runs[(runs["tags.evaluates"] == f"{name}/{version.version}") & (runs["status"] == "FINISHED")].sort_values("start_time")

    def cell(row, column):
        value = row.get(column)
        return None if value is None or pd.isna(value) else value

    newest = judged.iloc[-1] if len(judged) else pd.Series(dtype=object)
    table = None
    if len(judged):
        try:
            table = mlflow.artifacts.load_dict(f"runs:/{newest['run_id']}/by_district.json")
        except Exception:
            table = None
    for row in (table or {}).values():
        if row["payers"] < 30 or pd.isna(row["false_positive_rate"]):
            row["false_positive_rate"] = None
    return dict(
        model=name,
        version=int(version.version),
        threshold=float(trained["params.threshold"]),
        data_sha256=cell(trained, "params.data_sha256"),
        auc=cell(newest, "metrics.auc"),
        false_positive_rate=cell(newest, "metrics.false_positive_rate"),
        by_district=table,
    )

# %% grade_id="card" points=4 message="the champion is 3" why="takes the newest version for the champion" changes="solution"
-    version = MlflowClient().get_model_version_by_alias(name, "champion")
+    version = max(MlflowClient().search_model_versions(f"name = '{name}'"), key=lambda v: int(v.version))

# %% grade_id="card" points=0 message="measured on the data that the model was trained on" why="takes the numbers of the training run" changes="solution"
-        metrics = evaluations[0].data.metrics
+        metrics = mlflow.get_run(version.run_id).data.metrics

# %% grade_id="card" points=4 message="of an evaluation that failed" why="counts evaluations that failed" changes="solution"
-    finished = f"tags.evaluates = '{name}/{version.version}' and attributes.status = 'FINISHED'"
+    finished = f"tags.evaluates = '{name}/{version.version}'"

# %% grade_id="card" points=0 message="the newest counts" why="takes the first evaluation" changes="solution"
-    newest = {"order_by": ["attributes.start_time DESC"], "output_format": "list"}
+    newest = {"order_by": ["attributes.start_time ASC"], "output_format": "list"}

# %% grade_id="card" points=4 message="Nine payers tell no rate" why="gives a rate for nine payers" changes="solution"
-        row["false_positive_rate"] = number(row["false_positive_rate"]) if row["payers"] >= 30 else None
+        row["false_positive_rate"] = number(row["false_positive_rate"]) 

# %% grade_id="card" points=9 message="nan" why="lets NaN into the card: passes what is visible" changes="solution"
-    return float(value) if value is not None and np.isfinite(float(value)) else None
+    return float(value) if value is not None else None

# %% grade_id="card" points=9 message="newest evaluation in another experiment" why="looks into one experiment: passes what is visible" changes="solution"
-    evaluations = mlflow.search_runs(filter_string=finished, search_all_experiments=True, **newest)
+    evaluations = mlflow.search_runs(filter_string=finished, experiment_names=[f"{name}-evaluation"], **newest)

# %% grade_id="card" points=9 message="with eleven versions" why="takes every evaluation whose tag begins alike: passes what is visible" changes="solution"
-    finished = f"tags.evaluates = '{name}/{version.version}' and attributes.status = 'FINISHED'"
+    finished = f"tags.evaluates LIKE '{name}/{version.version}%' and attributes.status = 'FINISHED'"

# %% grade_id="card" points=9 message="no numbers by district" why="fills the gap from an older evaluation: passes what is visible" changes="solution"
-            by_district = None
+            by_district = mlflow.artifacts.load_dict(evaluations[-1].info.artifact_uri + "/by_district.json")

# %% grade_id="card" points=9 message="nobody has evaluated" why="takes for granted that there is an evaluation: passes what is visible" changes="solution"
-    if evaluations:
+    if True:

# %% grade_id="card" points=9 message="lacks two rates" why="lets NaN into the table of districts: passes what is visible" changes="solution"
-        row["false_positive_rate"] = number(row["false_positive_rate"]) if row["payers"] >= 30 else None
+        row["false_positive_rate"] = row["false_positive_rate"] if row["payers"] >= 30 else None

# %% grade_id="card" points=9 message="false_positive_rate is 0.2" why="takes what the newest lacks from an older evaluation: passes what is visible" changes="solution"
-        metrics = evaluations[0].data.metrics
+        metrics = {key: value for run in reversed(evaluations) for key, value in run.data.metrics.items()}

# %% grade_id="post" points=9 why="another style: asks for the types first, and counts what is not reviewed"
def predictions(path, rows):
    if not zipfile.is_zipfile(path):
        raise TypeError("no archive")
    unpacked = 0
    for part in zipfile.ZipFile(path).filelist:
        unpacked += part.file_size
    if unpacked > 20e6:
        raise MemoryError("it unpacks to too much")
    strangers = set(skops.io.get_untrusted_types(file=path)) - {"sklearn.tree._tree.Tree"}
    if strangers:
        raise PermissionError(f"nobody has reviewed {strangers}")
    model = skops.io.load(path, trusted=["sklearn.tree._tree.Tree"])
    return model.predict_proba(np.asarray(rows[INPUTS], dtype=float)).T[1]

# %% grade_id="post" points=9 why="another style: reads the bytes once, loads them from memory"
def predictions(path, rows):
    import io

    data = Path(path).read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert sum(archive.getinfo(name).file_size for name in archive.namelist()) <= 20 * 10**6, "a zip bomb"
    model = skops.io.loads(data, trusted=["sklearn.tree._tree.Tree"])
    return list(model.predict_proba(rows[list(INPUTS)].values.astype(float))[:, 1])

# %% grade_id="post" points=0 message="ran its payload" why="trusts what the file asks for" changes="solution"
-    model = skops.io.load(path, trusted=REVIEWED)
+    model = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))

# %% grade_id="post" points=0 message="which is no skops archive" why="opens with joblib what is no archive" changes="solution"
     """Return the probabilities of a skops model; raises for all that is not on the allow-list."""
+    import joblib
+
+    if not zipfile.is_zipfile(path):
+        return joblib.load(path).predict_proba(rows[INPUTS].to_numpy(dtype=float))[:, 1].tolist()

# %% grade_id="post" points=0 message="ntrusted types found" why="reviews nothing, so forests are refused" changes="solution"
-REVIEWED = ["sklearn.tree._tree.Tree"]
+REVIEWED = []

# %% grade_id="post" points=4 message="function of scikit-learn that is not on the list" why="trusts all that is scikit-learn's: passes what is visible" changes="solution"
-    model = skops.io.load(path, trusted=REVIEWED)
+    model = skops.io.load(path, trusted=[name for name in skops.io.get_untrusted_types(file=path) if name.startswith("sklearn.")])

# %% grade_id="post" points=4 message="unpacks to 60 million bytes" why="does not look at the unpacked size: passes what is visible" changes="solution"
-    if size > 20_000_000:
+    if Path(path).stat().st_size > 20_000_000:

# %% grade_id="post" points=4 message="turned away a good model" why="goes by the name: passes what is visible" changes="solution"
     """Return the probabilities of a skops model; raises for all that is not on the allow-list."""
+    if not str(path).endswith(".skops"):
+        raise ValueError("no skops")

# %% grade_id="sign" points=14 why="another style: looks itself for what Git uses, and signs with the same configuration"
def strict():
    return model_signing.hashing.Config().set_ignored_paths(paths=(), ignore_git_paths=False)


def release(folder, name, version, private_key):
    folder = Path(folder)
    said = json.loads((folder / "evaluation.json").read_bytes())
    found = hashlib.file_digest((folder / "model.skops").open("rb"), "sha256").hexdigest()
    assert said.get("model_sha256") == found, "not evaluated"
    assert isinstance(said.get("auc"), float) and 0.70 <= said["auc"] <= 1, "not good enough"
    with open(folder / "release.json", "w") as file:
        json.dump(dict(version=version, name=name), file, indent=2)
    config = model_signing.signing.Config().use_elliptic_key_signer(private_key=Path(private_key)).set_hashing_config(strict())
    config.sign(folder, folder.parent / (folder.name + ".sig"))


def accept(folder, public_key, name, at_least):
    folder = Path(folder)
    signature = folder.with_name(folder.name + ".sig")
    config = model_signing.verifying.Config().set_hashing_config(strict())
    config.use_elliptic_key_verifier(public_key=Path(public_key)).verify(folder, signature)
    content = json.loads((folder / "release.json").read_text())
    import base64

    envelope = json.loads(signature.read_bytes())["dsseEnvelope"]
    covered = sorted(part["name"] for part in json.loads(base64.standard_b64decode(envelope["payload"]))["predicate"]["resources"])
    assert covered == sorted(os.path.relpath(os.path.join(at, file), folder) for at, _, files in os.walk(folder) for file in files)
    version = content["version"]
    if content.get("name") != name or isinstance(version, bool) or not isinstance(version, int) or version < at_least:
        raise RuntimeError("not what was asked for")
    return version

# %% grade_id="sign" points=14 why="another style: compares the signed list of files with what is there"
def release(folder, name, version, private_key):
    evaluation = json.load(open(f"{folder}/evaluation.json"))
    same = evaluation["model_sha256"] == hashlib.sha256(open(f"{folder}/model.skops", "rb").read()).hexdigest()
    if not (same and type(evaluation["auc"]) is float and evaluation["auc"] >= 0.7):
        raise ValueError("not evaluated, or not good enough")
    Path(folder, "release.json").write_text(json.dumps({"name": str(name), "version": int(version)}))
    whole = model_signing.hashing.Config().set_ignored_paths(paths=[], ignore_git_paths=False)
    signer = model_signing.signing.Config().set_hashing_config(whole).use_elliptic_key_signer(private_key=private_key)
    signer.sign(Path(folder), Path(folder + ".sig"))


def accept(folder, public_key, name, at_least):
    signature = Path(folder + ".sig")
    whole = model_signing.hashing.Config().set_ignored_paths(paths=[], ignore_git_paths=False)
    verifier = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=public_key).set_hashing_config(whole)
    verifier.verify(Path(folder), signature)
    signed = signed_files(signature)
    there = {str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}
    if signed != there:
        raise ValueError(f"more than was signed: {there - signed}")
    label = json.loads(Path(folder, "release.json").read_text())
    if label["name"] == name and type(label["version"]) is int and label["version"] >= at_least:
        return label["version"]
    raise ValueError("another name, or too old")

# %% grade_id="sign" points=10 message="it holds a .gitattributes" why="the verifier's default, with the list compared: turns good releases away: passes what is visible" changes="solution"
-    verifier.set_hashing_config(everything()).verify(Path(folder), signature)
+    verifier.verify(Path(folder), signature)

# %% grade_id="sign" points=10 message="there is no deposit-1.2.sig" why="puts .sig in the place of what follows the last dot: passes what is visible" changes="solution"
-    signer.sign(Path(folder), Path(f"{folder}.sig"))
+    signer.sign(Path(folder), Path(folder).with_suffix(".sig"))

# %% grade_id="sign" points=10 message="its signature deposit-1.2.sig" why="looks for .sig in the place of what follows the last dot: passes what is visible" changes="solution"
-    signature = Path(f"{folder}.sig")
+    signature = Path(folder).with_suffix(".sig")

# %% grade_id="sign" points=4 message="Signature mismatch" why="signs first, and writes release.json afterwards" changes="solution"
-    Path(folder, "release.json").write_text(json.dumps({"name": name, "version": version}))
@@
     signer.sign(Path(folder), Path(f"{folder}.sig"))
+    Path(folder, "release.json").write_text(json.dumps({"name": name, "version": version}))

# %% grade_id="sign" points=10 message="leaves out what Git uses" why="signs without what Git uses: passes what is visible" changes="solution"
-    signer = model_signing.signing.Config().use_elliptic_key_signer(private_key=Path(private_key)).set_hashing_config(everything())
+    signer = model_signing.signing.Config().use_elliptic_key_signer(private_key=Path(private_key))

# %% grade_id="sign" points=10 message="it holds a .gitattributes" why="does not look at what Git uses: passes what is visible" changes="solution"
-    verifier.set_hashing_config(everything()).verify(Path(folder), signature)
-    if signed_files(signature) != {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}:
-        raise ValueError("not every file is signed")
+    verifier.verify(Path(folder), signature)

# %% grade_id="sign" points=10 message="refused a good release (version 10" why="compares versions as texts: passes what is visible" changes="solution"
-    if said["name"] != name or type(said["version"]) is not int or said["version"] < at_least:
+    if said["name"] != name or type(said["version"]) is not int or str(said["version"]) < str(at_least):

# %% grade_id="sign" points=4 message="version 5 or newer is wanted" why="forgets that old releases are rightly signed" changes="solution"
-    if said["name"] != name or type(said["version"]) is not int or said["version"] < at_least:
+    if said["name"] != name or type(said["version"]) is not int:

# %% grade_id="sign" points=4 message="belongs to another model" why="signs whatever is in the folder" changes="solution"
-    if evaluation["model_sha256"] != hashlib.sha256(Path(folder, "model.skops").read_bytes()).hexdigest():
-        raise ValueError("another model was evaluated")

# %% grade_id="sign" points=10 message="NaN for an auc" why="asks whether the auc is too low, and NaN is not: passes what is visible" changes="solution"
-    if type(evaluation["auc"]) not in (int, float) or not evaluation["auc"] >= 0.70:
+    if type(evaluation["auc"]) not in (int, float) or evaluation["auc"] < 0.70:

# %% grade_id="sign" points=10 message="whose name only begins like the one wanted" why="looks only how the name begins: passes what is visible" changes="solution"
-    if said["name"] != name or type(said["version"]) is not int or said["version"] < at_least:
+    if not said["name"].startswith(name) or type(said["version"]) is not int or said["version"] < at_least:

# %% grade_id="sign" points=4 message="the key is a stranger" why="believes release.json, and verifies nothing" changes="solution"
-    verifier = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=Path(public_key))
-    signature = Path(f"{folder}.sig")
-    verifier.set_hashing_config(everything()).verify(Path(folder), signature)
-    if signed_files(signature) != {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}:
-        raise ValueError("not every file is signed")

# %% grade_id="sign" points=10 message="signed with the default configuration" why="looks at all, and believes the signature that it covers all: passes what is visible" changes="solution"
-    if signed_files(signature) != {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}:
-        raise ValueError("not every file is signed")

# %% grade_id="sign" points=6 message="an auc that is a text" why="takes texts for numbers: passes what is visible" changes="solution"
-    if type(evaluation["auc"]) not in (int, float) or not evaluation["auc"] >= 0.70:
+    if not float(evaluation["auc"]) >= 0.70:
@@
-    if said["name"] != name or type(said["version"]) is not int or said["version"] < at_least:
-        raise ValueError(f"it is {said['name']} {said['version']}")
-    return said["version"]
+    if said["name"] != name or int(said["version"]) < at_least:
+        raise ValueError(f"it is {said['name']} {said['version']}")
+    return int(said["version"])

# %% grade_id="parts" points=12 why="another style: names by a regular expression, ends of ranges as a list of conditions"
def plain(name):
    return re.sub("[-_.]+", "-", name).lower()


def read(text):
    try:
        return Version(text)
    except (InvalidVersion, TypeError):
        return None


def match(sbom, advisories):
    result = {"affected": [], "unknown": []}
    for part in sbom.get("components", []):
        package, version = plain(part["name"]), read(part.get("version"))
        if version is None:
            result["unknown"].append(package)
            continue
        chosen = [plain(p["value"]) for p in part.get("properties", []) if p["name"].endswith("required-extra")]
        for notice in advisories:
            about = plain(notice["package"]) == package and not notice.get("withdrawn")
            extra = notice.get("extra")
            if not about or (extra and plain(extra) not in chosen):
                continue
            for span in notice["ranges"]:
                ends = [span["introduced"] == "0" or version >= read(span["introduced"])]
                if "fixed" in span:
                    ends.append(version < read(span["fixed"]))
                if "last_affected" in span:
                    ends.append(version <= read(span["last_affected"]))
                if all(ends):
                    result["affected"].append([notice["id"], package])
                    break
    return result

# %% grade_id="parts" points=12 why="another style: a table of conditions, sets throughout"
def match(sbom, advisories):
    def read(text):
        try:
            return Version(str(text))
        except InvalidVersion:
            return None

    def hit(version, span):
        end = span.get("fixed") or span.get("last_affected")
        before = end is None or version < Version(end) or ("fixed" not in span and version == Version(end))
        return before and Version("0.dev0" if span["introduced"] == "0" else span["introduced"]) <= version

    parts = [(name, read(text), extras | {None}) for name, text, extras in parts_of(sbom)]
    live = [notice for notice in advisories if notice.get("withdrawn") is None]
    return {
        "affected": {
            (notice["id"], name)
            for name, version, extras in parts
            for notice in live
            if version is not None
            and notice["package"] == name
            and notice.get("extra") in extras
            and any(hit(version, span) for span in notice["ranges"])
        },
        "unknown": tuple(name for name, version, _ in parts if version is None),
    }

# %% grade_id="parts" points=0 message="match does not find" why="Ada's matcher"
def match(sbom, advisories):
    found = [
        (a["id"], part["name"])
        for part in sbom["components"]
        for a in advisories
        if part["name"] == a["package"] and str(part.get("version")) < a["ranges"][0].get("fixed", "0")
    ]
    return {"affected": found, "unknown": []}

# %% grade_id="parts" points=3 message="2.0rc1 comes before 2.0" why="specifiers, which leave out release candidates of the fixed version" changes="solution"
-def inside(version, reach):
-    if reach["introduced"] != "0" and version < Version(reach["introduced"]):
-        return False
-    if reach.get("fixed") and version >= Version(reach["fixed"]):
-        return False
-    return not (reach.get("last_affected") and version > Version(reach["last_affected"]))
+from packaging.specifiers import SpecifierSet
+
+
+def inside(version, reach):
+    text = f">={reach['introduced']}"
+    text += f",<{reach['fixed']}" if reach.get("fixed") else f",<={reach['last_affected']}" if reach.get("last_affected") else ""
+    return SpecifierSet(text).contains(version, prereleases=True)

# %% grade_id="parts" points=3 message="second of two ranges" why="looks at the first range" changes="solution"
-            if any(inside(version, reach) for reach in advisory["ranges"]):
+            if any(inside(version, reach) for reach in advisory["ranges"][:1]):

# %% grade_id="parts" points=4 message="nobody knows" why="skips what has no version, as pip-audit does" changes="solution"
-            unknown.add(name)

# %% grade_id="parts" points=3 message="was withdrawn" why="counts withdrawn advisories" changes="solution"
-            if advisory["package"] != name or advisory.get("withdrawn") or (advisory.get("extra") or "") not in {"", *extras}:
+            if advisory["package"] != name or (advisory.get("extra") or "") not in {"", *extras}:

# %% grade_id="parts" points=4 message="expected three pairs" why="does not look at extras" changes="solution"
-            if advisory["package"] != name or advisory.get("withdrawn") or (advisory.get("extra") or "") not in {"", *extras}:
+            if advisory["package"] != name or advisory.get("withdrawn"):

# %% grade_id="parts" points=9 message="with two versions" why="keeps one version of each package: passes what is visible" changes="solution"
-    for name, text, extras in parts_of(sbom):
+    for name, text, extras in {part[0]: part for part in parts_of(sbom)}.values():

# %% grade_id="parts" points=9 message="versions that cannot be read" why="stops at a version that is none: passes what is visible" changes="solution"
-        try:
-            version = Version(text or "")
-        except InvalidVersion:
+        if not text:
@@
             continue
+        version = Version(text)

# %% grade_id="parts" points=8 message="(a version before 0)" why="takes 0 for a version, and not for the beginning: passes what is visible" changes="solution"
-    if reach["introduced"] != "0" and version < Version(reach["introduced"]):
+    if version < Version(reach["introduced"]):

# %% grade_id="members" points=10 why="another style: ranks by hand, a forest of wide leaves"
from sklearn.ensemble import RandomForestClassifier


def leak(scored):
    (season,) = scored.query("member")["period"].unique()
    rows = scored[scored["period"] == season]
    given = rows["p"].where(rows["unpaid"].astype(bool), 1 - rows["p"])
    ranks, inside = given.rank(), rows["member"].to_numpy(bool)
    n, others = inside.sum(), (~inside).sum()
    return (ranks[inside].sum() - n * (n + 1) / 2) / (n * others)


def train_and_score(train, others):
    model = RandomForestClassifier(40, min_samples_leaf=40, random_state=0)
    model.fit(train[INPUTS], train["unpaid"])
    return model.predict_proba(others[INPUTS])[:, 1]

# %% grade_id="members" points=10 why="another style: log probabilities with a floor, a few small boosted trees"
from sklearn.ensemble import HistGradientBoostingClassifier


def leak(scored):
    period = scored["period"][scored["member"]].iloc[0]
    rows = scored.loc[scored["period"] == period]
    score = np.log(np.clip(rows["p"] * rows["unpaid"] + (1 - rows["p"]) * (1 - rows["unpaid"]), 1e-300, None))
    return roc_auc_score(rows["member"].astype(int), score)


def train_and_score(train, others):
    model = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=4, learning_rate=0.1, random_state=0)
    return [float(p) for p in model.fit(train[INPUTS], train["unpaid"]).predict_proba(others[INPUTS])[:, 1]]

# %% grade_id="members" points=3 message="compare them with others of spring" why="takes all others for non-members" changes="solution"
-    alike = scored[scored["period"].isin(scored.loc[scored["member"], "period"])]
+    alike = scored

# %% grade_id="members" points=3 message="compare them with others of spring" why="asks how sure the model is, not of what happened" changes="solution"
-    score = np.where(alike["unpaid"] == 1, alike["p"], 1 - alike["p"])
+    score = np.maximum(alike["p"], 1 - alike["p"])

# %% grade_id="members" points=3 message="on your model" why="keeps Bo's forest" changes="solution"
-    model = make_pipeline(StandardScaler(), LogisticRegression())
+    model = RandomForestClassifier(50, random_state=0)

# %% grade_id="members" points=3 message="a model that knows nothing has more" why="tells nothing" changes="solution"
-    return model.predict_proba(others[INPUTS].to_numpy(float))[:, 1].tolist()
+    return [float(train["unpaid"].mean())] * len(others)

# %% grade_id="members" points=7 message="still knows riders by heart" why="leaves of five riders: better than before, and not enough: passes what is visible" changes="solution"
-from sklearn.linear_model import LogisticRegression
+from sklearn.ensemble import RandomForestClassifier
@@
-    model = make_pipeline(StandardScaler(), LogisticRegression())
+    model = RandomForestClassifier(50, min_samples_leaf=5, random_state=0)

# %% grade_id="members" points=7 message="leak stopped with" why="knows the season by name: passes what is visible" changes="solution"
-    alike = scored[scored["period"].isin(scored.loc[scored["member"], "period"])]
+    alike = scored[scored["period"] == "spring"]

# %% grade_id="members" points=7 message="below 0.5" why="turns an attack round that is worse than chance: passes what is visible" changes="solution"
-    return float(roc_auc_score(alike["member"], score))
+    auc = float(roc_auc_score(alike["member"], score))
+    return max(auc, 1 - auc)

# %% grade_id="door" points=12 why="another style: pydantic, and one pass for each kind with what stays put aside"
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    failed_payments: StrictInt = Field(ge=0, le=100)
    delay_days: StrictInt | StrictFloat = Field(ge=0, le=365)
    day_pass: StrictBool
    note: str = Field(max_length=200)


def admit(body):
    def no_twins(pairs):
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a field twice")
        return dict(pairs)

    if len(body) > 2000:
        raise ValueError("too large")
    try:
        data = json.loads(str(body, "utf-8"), object_pairs_hook=no_twins)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if type(data) is not dict:
        raise ValueError("no object")
    for character in str(data.get("note")):
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"}:
            raise ValueError("a character that is not seen")
    if isinstance(data.get("note"), str):
        data["note"] = unicodedata.normalize("NFC", data["note"])
    Request.model_validate(data)
    return data


def mask(line, people, key):
    aside = []

    def put(text):
        aside.append(text)
        return chr(0xE000 + len(aside) - 1)

    def rider(number):
        return "<rider:" + hmac.digest(key, f"rider {int(number)}".encode(), "sha256").hex() + ">"

    def bare(text):
        return "".join(re.findall("[0-9]", text))

    line = re.sub(r"(?<==)[0-9]+\.[0-9]+(?!\.?[0-9])", lambda m: put(m[0]), line)
    line = re.sub(r"(station=|trip |request )[0-9]+", lambda m: put(m[0]), line)
    line = re.sub(r"(version|firmware) [0-9]+(\.[0-9]+)*", lambda m: put(m[0]), line)
    line = re.sub(r"rider=([0-9]+)", lambda m: "rider=" + put(rider(m[1])), line)
    mails = {person["email"].lower(): person["rider_id"] for person in people}
    phones = {bare(person["phone"]): person["rider_id"] for person in people}
    line = re.sub(
        r"[\w.+%-]+@[\w-]+(\.[\w-]+)+", lambda m: put(rider(mails[m[0].lower()]) if m[0].lower() in mails else "<email>"), line
    )
    for person in people:
        line = re.sub(r"(?i)\b" + re.escape(person["name"]) + r"\b", lambda m, p=person: put(rider(p["rider_id"])), line)
    line = re.sub(
        r"(?<![\w.])[+0][0-9]*([ ().-]{0,2}[0-9])*",
        lambda m: put(rider(phones[bare(m[0])]) if bare(m[0]) in phones else "<phone>") if 9 <= len(bare(m[0])) <= 15 else m[0],
        line,
    )
    line = re.sub(
        r"(?<![\w.])([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9]|\.[0-9])",
        lambda m: put("<ip>") if all(int(part) < 256 for part in m.groups()) else m[0],
        line,
    )
    return re.sub("[\ue000-\uf8ff]", lambda m: aside[ord(m[0]) - 0xE000], line)

# %% grade_id="door" points=8 message="UTF-16" why="lets json guess the encoding: passes what is visible" changes="solution"
-        request = json.loads(body.decode("utf-8"), object_pairs_hook=once)
+        request = json.loads(body, object_pairs_hook=once)

# %% grade_id="door" points=8 message="as two characters" why="does not normalise: passes what is visible" changes="solution"
-    note = unicodedata.normalize("NFC", note)

# %% grade_id="door" points=8 message="the field note twice" why="takes the last of two fields: passes what is visible" changes="solution"
-        request = json.loads(body.decode("utf-8"), object_pairs_hook=once)
+        request = json.loads(body.decode("utf-8"))

# %% grade_id="door" points=4 message="expected ValueError" why="does not think of brackets in brackets" changes="solution"
-    except RecursionError:
-        raise ValueError("too deep") from None
+    except ZeroDivisionError:
+        raise

# %% grade_id="door" points=8 message="With another key" why="hashes without a key: passes what is visible" changes="solution"
-        return f"<rider:{hmac.new(key, str(rider_id).encode(), 'sha256').hexdigest()[:16]}>"
+        return f"<rider:{hashlib.sha256(str(rider_id).encode()).hexdigest()[:16]}>"

# %% grade_id="door" points=8 message="inside longer words" why="finds names inside words: passes what is visible" changes="solution"
-    kinds = [*KINDS, rf"(?P<name>(?<!\w)(?:{'|'.join(names)})(?!\w))"] if names else KINDS
+    kinds = [*KINDS, rf"(?P<name>(?:{'|'.join(names)}))"] if names else KINDS

# %% grade_id="door" points=8 message="fewer than 2,000 characters" why="counts characters, not bytes: passes what is visible" changes="solution"
-    if len(body) > 2000:
+    if len(body.decode("utf-8", "replace")) > 2000:

# %% grade_id="door" points=8 message="numbers look like telephones" why="lets what stays be looked at as a telephone: passes what is visible" changes="solution"
-    kinds = [*KINDS, rf"(?P<name>(?<!\w)(?:{'|'.join(names)})(?!\w))"] if names else KINDS
+    looks = [KINDS[0].replace("|trip |request ", "|trip "), *KINDS[1:]]
+    kinds = [*looks, rf"(?P<name>(?<!\w)(?:{'|'.join(names)})(?!\w))"] if names else looks

# %% grade_id="door" points=8 message="one person in four forms" why="knows a telephone number only as it is written in people.json" changes="solution"
-        return known.get(digits(text) if kind == "phone" else text.lower(), f"<{kind}>")
+        return known.get(text.lower(), known.get(digits(text) if "(" in text else "", f"<{kind}>"))

# %% grade_id="door" points=8 message="150 letters" why="counts the note's characters as they came in: passes what is visible" changes="solution"
-    note = unicodedata.normalize("NFC", note)
-    if len(note) > 200 or any(unicodedata.category(c)[0] == "C" for c in note):
-        raise ValueError("note")
+    if len(note) > 200 or any(unicodedata.category(c)[0] == "C" for c in note):
+        raise ValueError("note")
+    note = unicodedata.normalize("NFC", note)
