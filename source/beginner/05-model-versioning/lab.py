# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: beginner
#     minutes: 130
#     outcomes:
#     - Identify a model by its content and its answers instead of its file's name
#     - Trace a model version to its data, its commit and its parameters, and notice a claim that is not true
#     - Promote a version by an alias, only if its contract fits and its gain is more than noise
#     - Serve whatever the alias points at, and roll back with one call
#     - Restore an older model with Git and DVC so that a fresh clone gets it too
#     prerequisites:
#     - experiment-tracking
#     roadmap: Model versioning
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: model-versioning
#     terms:
#       model registry: "A list of named models with numbered versions, which says which version is to be used."
#       registered model: "A name in the registry, with its versions."
#       version: "A numbered, unchangeable entry of a registered model."
#       alias: "A movable name for a version, such as champion, by which programs ask for it."
#       lineage: "What a model came from: data, code, parameters, environment, run."
#       contract: "What a model promises to those who call it: its inputs, their units and types, and what its answers mean."
#       signature: "The names and types of a model's inputs and outputs, kept with it."
#       threshold: "The score from which on a case counts as positive."
#       DVC: "Data version control: a tool that keeps large files beside Git, under their hashes, and runs pipelines."
#       pointer: "DVC's small text file that Git keeps in the place of a large one; it holds the large one's hash."
#       cache: "DVC's store of contents by hash, on one's own machine."
#     title: Model versioning
#     tools:
#     - MLflow model registry
#     - Git
#     - DVC
#     - scikit-learn
# ---

# %% [markdown]
# # Model versioning
#
# ## Why this matters
#
# Monday 18 August, seven in the morning, the workshop of Metro Bikes. The yard is full, and more vans are waiting at the gate. Since last night they have
# fetched *every* bike that anyone returned. Rosa, who runs the workshop, has looked at forty of them: all sound but five.
#
# What tells the vans is the *repair alarm*, a model that is asked after each trip whether the bike should be fetched. On Sunday evening Cy copied what he took for a better one
# over the file `alarm_final.skops` on the server. It does not answer 0 or 1, as all models before it did. It answers with a score such as 0.07, and the app takes any answer but 0 as a yes.
#
# "Then put the old one back", says Rosa. Nobody can. The file is overwritten; in the shared folder lie five others that are all somehow final. Which of them had been live last
# week? What was it trained on? And who is sure that the next file will be better?
#
# You are the team's ML engineer. Today you find out what had been live, give each model a number, an origin and a way into service, and build the thing that was missing this morning: one
# call that brings back the version before.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `alarm.py`, the team's module: training, costs, and small tools that you will use. Open it and read the first line of each function. `dvc_here.py` calls DVC.
# - `colleagues.py`, which plays Ada, Bo and Cy: what they left behind for you.
# - `trips.csv`, trips of May to July, and `august.csv`, those of 1 to 17 August, which no model was trained on: our *hold-out*. One row is one trip: what the app sends when a bike is
#   returned (`FEATURES`), how long the bike then stood idle, and whether the workshop found that it needed repair.
#
# The alarm's errors have a price. To fetch a sound bike costs 8 euros. A broken bike that is left standing costs 40: a refund to whoever takes it next, and a van in the rush hour.
#
# You need what the lab on experiment tracking taught: runs, parameters, tags, and MLflow's store in the file `mlflow.db`. You also need Git's commits and tags. The registry and DVC are explained here.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import hashlib
import json
import logging
import os
import re
import subprocess
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow would tell its makers how it is used
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["DVC_NO_ANALYTICS"] = "1"  # and so would DVC
os.environ["DVC_SITE_CACHE_DIR"] = str(Path(".dvc-site").resolve())

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from IPython.display import Image
from mlflow import MlflowClient

from alarm import FEATURES, as_table, ask, daily_cost, git, model_file, open_model, read_trips, serving, sha256
from colleagues import play_depot, play_share, play_summer, start_again
from dvc_here import dvc

logging.getLogger("mlflow").setLevel(logging.WARNING)
mlflow.set_tracking_uri("sqlite:///mlflow.db")

august = read_trips("august.csv")
print(f"{len(august)} trips in the hold-out; {august['needs_repair'].mean():.0%} of the bikes needed repair")
august.head(3)

# %% [markdown]
# ## Part 1 · A version is its content
#
# The app writes a log: what it sent, the *score* that the alarm gave the bike (the probability that it needs repair, rounded to four decimals), and the answer, `fetch`, 0 or 1. The next two cells
# show twelve trips a day, some of them close calls, for the two weeks before the accident, and the shared folder.

# %% nbgrader={"grade": false, "grade_id": "share", "locked": true, "schema_version": 3, "solution": false, "task": false}
log = play_share("share", "trips.csv", august)
log.iloc[[0, 40, 80, 120]]

# %%
for path in sorted(Path("share").iterdir()):
    print(f"{path.name:28} {path.stat().st_size:7} bytes   SHA-256 {sha256(path)[:12]}…")

# %% [markdown]
# A name says nothing: anyone can copy a file, rename it or write another one over it. Two things say what a model *is*:
#
# - its **content**. A *hash* such as SHA-256 is a fingerprint of a file's bytes. Two files with one hash are one version, whatever they are called; look for such a pair in the list above.
# - its **answers**. If it was live, then asked again today it gives what the log says.
#
# The reverse of the first does not hold. skops writes the time and memory addresses into a file, so the same model saved twice has two hashes. Then only its answers tell.
#
# A `.skops` file is scikit-learn's model in a format that, unlike a pickle, runs no code when it is opened. Let us ask one of them about a day:

# %%
suspect = open_model("share/alarm_august.skops")
day = log[log["day"] == "2025-08-05"]
asked_again = day.assign(score_today=suspect.predict_proba(day[FEATURES])[:, 1], fetch_today=suspect.predict(day[FEATURES]))
asked_again[["score", "score_today", "fetch", "fetch_today"]].head(5)

# %% [markdown]
# The scores are the same, up to the log's rounding. The answers are not: this model says no where the log says yes. Both turn a probability into a yes from some *threshold* on, and here the thresholds
# differ. Remember that: a version is *everything that decides the answer*, not the trained numbers alone. (In `alarm.py` the threshold is a part of the model: scikit-learn's
# `FixedThresholdClassifier` holds both, so that no one can change one and forget the other.)

# %% [markdown]
# ### Exercise 1 — Who answered?
# *Difficulty ●○○ · about 12 minutes*
#
# Bo says: "On the fifth it was the newest file in the folder, surely." You do better. Write `who_answered(log, folder)`. It returns a dictionary with an entry for each day in the log: the SHA-256 of the
# `.skops` file whose model gave **all** answers of that day, score and `fetch`; or `None`, if no file in the folder did. Nothing happens to the files.
#
# Done means: it holds for these two weeks, and for folders and logs that you have not seen. There you may meet a file that lies there twice, two models that nearly agree, a model of which no file is left,
# and a day on which the model was changed at noon. And not every file in a folder is a model; every `.skops` file is one, and opens.
#
# <details><summary>Hint 1</summary>Open each file once. Then compare, day by day. How far may two scores lie apart if one of them was rounded to four decimals? And no further: a model trained on almost the same trips has
# almost the same scores.</details>
# <details><summary>Hint 2</summary><code>log.groupby("day")</code> gives the days; <code>Path(folder).glob("*.skops")</code> the files. A model fits a day if the largest distance between its
# <code>predict_proba(…)[:, 1]</code> and the column <code>score</code> is below 0.0001 and its <code>predict(…)</code> equals <code>fetch</code> on every row.</details>


# %% nbgrader={"grade": false, "grade_id": "identify", "locked": false, "schema_version": 3, "solution": true, "task": false}
def who_answered(log, folder):
    """Return for each day in the log the SHA-256 of the model file in the folder that gave its answers, or None."""
    ### BEGIN SOLUTION
    models = {sha256(path): open_model(path) for path in Path(folder).glob("*.skops")}

    def fits(model, rows):
        near = np.abs(model.predict_proba(rows[FEATURES])[:, 1] - rows["score"]).max() < 0.0001
        return near and (model.predict(rows[FEATURES]) == rows["fetch"]).all()

    return {day: next((content for content, model in models.items() if fits(model, rows)), None) for day, rows in log.groupby("day")}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-identify", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
found = who_answered(log, "share")
assert isinstance(found, dict), f"who_answered returned a {type(found).__name__}, expected a dictionary: a day, and a hash or None."
assert set(found) == set(log["day"]), (
    f"who_answered speaks of {len(found)} days, expected the {log['day'].nunique()} days of the log, written as in the log."
)
named = {sha256(path): path.name for path in sorted(Path("share").glob("*.skops"), reverse=True)}
strange = [value for value in found.values() if value is not None and value not in named]
assert not strange, f"{strange[0]!r} is not the SHA-256 of a file in the folder. Name a version by the hash of the file's content, or None."
for day, file, why in [
    ("2025-08-05", "alarm_final.skops", "The log is rounded to four decimals, so compare with that much room, and no more."),
    ("2025-08-08", "alarm_final_v2.skops", "That file lies there twice, under two names: one content, one hash."),
    (
        "2025-08-13",
        "alarm_august.skops",
        "Its scores are those of another file, but it says yes from another probability on: compare `fetch` too.",
    ),
]:
    said = named.get(found[day], "no file")
    assert found[day] == sha256(f"share/{file}"), f"On {day} the model in {file} gave the answers, and you say: {said}. {why}"
assert found["2025-08-11"] is None, (
    f"On 2025-08-11 you say {named[found['2025-08-11']]}, but no file in the folder gives that day's answers. A model that nearly fits is another model: "
    "the one that was live has been overwritten."
)

# %% nbgrader={"grade": true, "grade_id": "judge-identify", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: who_answered on another city's log and folder, with a file that lies there twice and two models that nearly agree.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import make_share

with own_folder() as place:
    kinds = ["live"] * 3 + ["twin"] * 3 + ["wide"] * 2
    log_there, truth = make_share(place / "models", "plain", kinds)
    before = sorted(path.name for path in (place / "models").iterdir())
    answered = who_answered(log_there, str(place / "models"))
    assert isinstance(answered, dict) and set(answered) == set(truth), "On another log the result is not a dictionary with its days."
    for (day, right), kind in zip(truth.items(), kinds):
        other = "no file" if answered[day] is None else "another file"
        hint = {
            "twin": "Two models in the folder nearly agree; the log's four decimals tell them apart.",
            "wide": "That file lies there twice.",
        }
        assert answered[day] == right, (
            f"In another folder, on {day}, one file gave all answers, up to the rounding, and you say: {other}. {hint.get(kind, '')}"
        )
    assert before == sorted(path.name for path in (place / "models").iterdir()), "The folder's files changed. Evidence is only read."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-identify-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: days of which no file is left (one of them lost its model to a near relative), a day on which the model changed at noon, a day with a single
# answer of another model, and models that differ in the threshold alone.
### BEGIN HIDDEN TESTS
from judgekit import own_folder
from judging import make_share

with own_folder() as place:
    kinds = ["strict", "lost", "live", "swapped", "strict", "near", "live", "once"]
    log_there, truth = make_share(place / "models", "lost", kinds)
    answered = who_answered(log_there, str(place / "models"))
    why = {
        "strict": "its scores are another file's too, its answers are its own: the threshold belongs to the version.",
        "lost": "no file in the folder gives these scores; the nearest one is not the one.",
        "near": "some of its scores lie several units of the log's fourth decimal from those of every file. Rounding cannot do that: how far can it move a score?",
        "once": "one score of that day is not that file's. All answers count, each by itself.",
        "swapped": "at noon one model followed another: no file gave all of the day's answers.",
        "live": "one file gave all answers, score and fetch.",
    }
    for (day, right), kind in zip(truth.items(), kinds):
        assert answered.get(day, "nothing") == right, (
            f"In another folder, on {day}, you say {str(answered.get(day, 'nothing'))[:12]}, expected {str(right)[:12]}: {why[kind]}"
        )
### END HIDDEN TESTS

# %% [markdown]
# Two weeks in a picture:

# %% tags=["uses-answers"]
answered = who_answered(log, "share")
names = {}
for path in sorted(Path("share").glob("*.skops")):
    names.setdefault(sha256(path), []).append(path.name)
rows = [" =\n".join(both) for both in names.values()] + ["no file left"]
order = {content: row for row, content in enumerate([*names, None])}
fetched = log.groupby("day")["fetch"].sum()
fig, ax = plt.subplots(figsize=(8, 3.2))
for day, content in answered.items():
    face, edge = ("lightsteelblue", "steelblue") if content else ("white", "firebrick")
    ax.plot(int(day[-2:]), order[content], "s", ms=20, mew=2, markerfacecolor=face, markeredgecolor=edge)
    ax.annotate(f"{fetched[day]}", (int(day[-2:]), order[content]), ha="center", va="center", fontsize=9, fontweight="bold")
ax.set_yticks(range(len(rows)), rows)
ax.set_xticks(range(4, 18))
ax.set(
    xlabel="day of August 2025",
    ylabel="model file",
    ylim=(len(rows) - 0.5, -0.5),
    title="Who answered? (number: bikes fetched, of 12 in the log)",
)
fig.savefig("who.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "who.png",
    alt="Timeline of 4 to 17 August with a mark for each day in the row of the model file that answered; two days stand in the row 'no file left', with hollow marks; the mark holds the number of bikes fetched",
)

# %% [markdown]
# Read it: how often was the model changed in two weeks? Which file was never live? And what happened on the 13th?
#
# <details><summary>What we see</summary>Four changes, none of them written down anywhere. <code>alarm_new.skops</code> was never live. On the 11th and 12th a model answered of which there is no file any more: should its answers ever be
# questioned, nobody can say how they came about. On the 13th and 14th somebody had put back the right model with a wrong threshold, and one bike in twelve was fetched. Last week's model, that Rosa wants, is
# <code>alarm_final.skops</code> in the shared folder: the very file whose name Cy overwrote on the server.</details>
#
# Rosa has her answer, by noon. It took half a day, twelve lines of code and luck. It should take a second.

# %% [markdown]
# ## Part 2 · Registered, with an origin
#
# A **model registry** is a list of models that the whole team trusts. MLflow's is a part of its store. Four words:
#
# - A **registered model** is a name: `repair-alarm`.
# - A **version** is one entry under that name: 1, 2, 3, … A new model gets a new number. Nothing is overwritten.
# - An **alias** is a movable name for one version. `champion` is the one that is live. Who wants that one asks for `models:/repair-alarm@champion`.
# - A version has **tags**, labels such as where it came from. They can be changed at any time, by anyone: keep that in mind.
#
# In the afternoon the three register what they have trained since spring. The cell below plays them, and writes the Git repository `alarm-repo`, in which they keep their data
# and settings. Version 2 is your find, the model of `alarm_final.skops`, and live again: trained once more from Ada's commit. It has the same numbers and gives the same answers; as it was saved anew, its hash is another.

# %% nbgrader={"grade": false, "grade_id": "summer", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_summer("repair-alarm", "alarm-repo", "trips.csv")
print(git("alarm-repo", "log", "--format=%h  %ad  %s", "--date=short").decode())

# %%
client = MlflowClient()
versions = sorted(client.search_model_versions("name = 'repair-alarm'"), key=lambda version: int(version.version))
print("champion:", client.get_model_version_by_alias("repair-alarm", "champion").version)
pd.DataFrame(
    {v.version: {"description": v.description, **{key: value[:12] for key, value in v.tags.items()}} for v in versions}
).T.rename_axis("version")

# %% [markdown]
# This is **lineage**: the way from a model back to all that made it. Each version makes three claims in its tags, and a fourth in the parameters of its run:
#
# | claim | where it stands | what it says |
# |:--|:--|:--|
# | model | tag `model_sha256` | this is the SHA-256 of the model file in the store |
# | commit | tag `git_commit` | the model was made from this commit of `alarm-repo` |
# | data | tag `data_sha256` | this is the SHA-256 of `data/trips.csv` *as it was in that commit* |
# | parameters | the run's parameters | these are the settings in `params.json` *as it was in that commit*: all of them, and no others |
#
# A claim that nobody checks is worth nothing. Here is the check by hand, for version 2. `git show COMMIT:PATH` prints a file as it was in a commit, and leaves the folder as it is; `git` in `alarm.py` runs Git and returns the bytes:

# %%
second = client.get_model_version("repair-alarm", "2")
then = git("alarm-repo", "show", f"{second.tags['git_commit']}:data/trips.csv")
print(len(then), "bytes, claimed ", second.tags["data_sha256"][:12], "found", hashlib.sha256(then).hexdigest()[:12])
print("run:   ", mlflow.get_run(second.run_id).data.params)  # text, all of it
print("commit:", json.loads(git("alarm-repo", "show", f"{second.tags['git_commit']}:params.json")))
print("file:  ", model_file("repair-alarm", "2").name, sha256(model_file("repair-alarm", "2"))[:12])

# %% [markdown]
# ### Exercise 2 — Does the origin hold?
# *Difficulty ●●○ · about 15 minutes*
#
# Not every version in that list is what it claims to be. Write `verify(name, version, repo)`. It checks the four claims of one version and returns a list of those that do **not** hold, of the words `model`,
# `commit`, `data` and `parameters`, in any order; an empty list if all is well.
#
# - A claim that is missing does not hold, whichever of the four it is. A run that names only some of the settings, or one more, does not hold either.
# - A commit is named by its full id, 40 hexadecimal digits, and is in the repository. A branch's name is no claim: `main` is another commit tomorrow.
# - If the commit does not hold, there is nothing to compare data and parameters with: then report `commit` alone (and `model`, if that is wrong too).
#
# Done means: it finds what is wrong in this registry, and in registries and repositories that you have not seen. It changes nothing, neither in the registry nor in the repository's folder.
#
# <details><summary>Hint 1</summary>The cell above has nearly all the parts. What is in the folder is the newest commit's, not the version's: always ask Git. Which claim must be checked before the two that rely on it?</details>
# <details><summary>Hint 2</summary>Git's <code>cat-file -e COMMIT^{commit}</code> says no if there is no such commit (without the last part it says yes to a file's id too), and then <code>git(…)</code> raises <code>subprocess.CalledProcessError</code>; and <code>re.fullmatch("[0-9a-f]{40}", text)</code> finds out
# whether a text is a full id. Parameters are kept as text: compare with <code>str(value)</code>. <code>tags.get("…")</code> gives <code>None</code> for a tag that is not there.</details>


# %% nbgrader={"grade": false, "grade_id": "lineage", "locked": false, "schema_version": 3, "solution": true, "task": false}
def verify(name, version, repo):
    """Return which of the version's claims do not hold: a list of `model`, `commit`, `data`, `parameters`."""
    ### BEGIN SOLUTION
    registered = MlflowClient().get_model_version(name, version)
    wrong = [] if sha256(model_file(name, version)) == registered.tags.get("model_sha256") else ["model"]
    commit = registered.tags.get("git_commit", "")
    try:
        if not re.fullmatch("[0-9a-f]{40}", commit):
            raise ValueError(commit)
        git(repo, "cat-file", "-e", f"{commit}^{{commit}}")
    except (ValueError, subprocess.CalledProcessError):
        return [*wrong, "commit"]
    data = git(repo, "show", f"{commit}:data/trips.csv")
    if hashlib.sha256(data).hexdigest() != registered.tags.get("data_sha256"):
        wrong.append("data")
    settings = json.loads(git(repo, "show", f"{commit}:params.json"))
    if {key: str(value) for key, value in settings.items()} != mlflow.get_run(registered.run_id).data.params:
        wrong.append("parameters")
    return wrong
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-lineage", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
for number, right, why in [
    ("2", [], "Its commit is not the newest one: compare with the files as they were then, not with those in the folder."),
    ("5", [], "All four claims of Ada's last version are true."),
    ("6", ["parameters"], "Bo changed the threshold by hand before he trained, and did not commit it."),
    ("7", ["data"], "Cy trained on an export that is in no commit."),
    ("3", ["commit"], "Bo rewrote his branch, and the commit that he named is gone."),
]:
    said = verify("repair-alarm", number, "alarm-repo")
    assert isinstance(said, (list, tuple, set)), f"verify returned {said!r}, expected a list of words."
    assert sorted(said) == right, f"Version {number}: verify says {sorted(said)}, expected {right}. {why}"
assert git("alarm-repo", "status", "--porcelain") == b"", "verify changed the repository's folder. Read a commit's files with `git show`."

# %% nbgrader={"grade": true, "grade_id": "judge-lineage", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: verify on another registry and repository: versions in order, from older and newer commits, and tags that were changed afterwards.
### BEGIN HIDDEN TESTS
from judging import lineage_cases, own_store

with own_store() as folder:
    for version, right, what in lineage_cases(
        folder,
        "one",
        [
            "old and sound",
            "new and sound",
            "a parameter missing in its run",
            "data of another commit",
            "commit gone",
            "parameters edited",
        ],
    ):
        try:
            said = verify("shown", version, str(folder / "repo"))
        except Exception as error:
            raise AssertionError(
                f"On another registry, a version with {what}: verify stopped with {type(error).__name__}: {error}"
            ) from None
        assert sorted(said or []) == right, (
            f"On another registry, a version with {what}: verify says {sorted(said or [])}, expected {right}."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-lineage-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: verify on versions whose model file was exchanged, whose tags are missing, that name a branch instead of a commit, or of which several claims are wrong.
### BEGIN HIDDEN TESTS
from judging import lineage_cases, own_store

with own_store() as folder:
    for version, right, what in lineage_cases(
        folder,
        "two",
        [
            "model exchanged",
            "a branch for a commit",
            "no data hash",
            "model exchanged and no commit",
            "no model hash",
            "data edited and a parameter more in its run",
            "old and sound",
        ],
    ):
        try:
            said = verify("shown", version, str(folder / "repo"))
        except Exception as error:
            raise AssertionError(
                f"On another registry, a version with {what}: verify stopped with {type(error).__name__}: {error}"
            ) from None
        assert sorted(said or []) == right, (
            f"On another registry, a version with {what}: verify says {sorted(said or [])}, expected {right}."
        )
### END HIDDEN TESTS

# %% [markdown]
# All seven, then. Three of them come from where they say:

# %% tags=["uses-answers"]
for version in versions:
    print(version.version, version.description, "->", ", ".join(verify("repair-alarm", version.version, "alarm-repo")) or "all claims hold")

# %% [markdown]
# Ada talks to Bo and Cy, and they promise to do better. Whether a model's papers are in order is one question. Whether it is *good* is another, and that is next.
#
# > **In older tutorials** you will meet **stages**, and should not copy them:
# >
# > | older | today | why |
# > |:--|:--|:--|
# > | `client.transition_model_version_stage(name, 3, "Production")` | `client.set_registered_model_alias(name, "champion", 3)` | Stages are deprecated since MLflow 2.9. There were four fixed ones; aliases are as many as you need. |
# > | `models:/repair-alarm/Production` | `models:/repair-alarm@champion` | An alias points at exactly one version. |
# > | `client.get_latest_versions(name)` | `client.get_model_version_by_alias(name, "champion")` | "The latest" is whoever registered last, not whoever was chosen. |
# > | `log_model(model, artifact_path="model")` | `log_model(model, name="model")` | A logged model is a thing of its own, no folder in a run. |

# %% [markdown]
# ## Part 3 · Promotion: the contract, then the cost
#
# Until today this was how a model went live:


# %%
def promote_as_found(name):
    newest = max(int(version.version) for version in client.search_model_versions(f"name = '{name}'"))
    client.set_registered_model_alias(name, "champion", newest)


# %% [markdown]
# Whoever registers last wins. What would the city pay for each version? The cost over the hold-out, reckoned as the app would act, with any answer but 0 as a yes:

# %%
costs = {}
for version in versions:
    answers = open_model(model_file("repair-alarm", version.version)).predict(august)
    costs[f"{version.version} ({version.description})"] = daily_cost(answers, august)
costs = pd.DataFrame(costs)
per_thousand = costs.sum() / len(august) * 1000

fig, ax = plt.subplots(figsize=(7, 3.6))
bars = ax.barh(
    per_thousand.index, per_thousand, color=["tan" if "threshold from" in name else "lightsteelblue" for name in per_thousand.index]
)
ax.bar_label(bars, fmt="%.0f", padding=3, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
ax.axvline(per_thousand.iloc[1], color="black", linestyle=":", label="the champion, version 2")
ax.invert_yaxis()
ax.set(xlabel="cost in August (euros per 1,000 trips)", ylabel="version", xlim=(0, 8000), title="Is version 3 too good to be true?")
ax.legend(loc="upper right", bbox_to_anchor=(1, 0.71))
fig.savefig("costs.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "costs.png",
    alt="Bar chart of the cost in August of seven model versions: version 3 costs less than a tenth of the champion, versions 5 and 6 a little less than it, versions 1, 4 and 7 more",
)

# %% [markdown]
# Read it: which versions cost less than the champion? Which one would you put live?
#
# <details><summary>What we see</summary>Versions 3, 5 and 6 cost less. Version 3 is a wonder, and wonders are faults until proven otherwise: it uses <code>idle_hours</code>, how long the bike stood <em>after</em> the trip. In August's
# table that is known; at the moment when the app asks it is not, so the app cannot send it. Version 4 answers with scores, as this morning's did, and has every bike fetched. Version 7 learnt from distances
# in metres.</details>
#
# What a model is sent and what it must answer is its **contract** with those who call it. In MLflow it is written down as the model's **signature**, the names and types of its columns:

# %%
for number in ["2", "3", "4"]:
    signature = mlflow.models.get_model_info(f"models:/repair-alarm/{number}").signature
    print(number, "in: ", {column.name: column.type.name for column in signature.inputs})
    print("  out:", signature.outputs)

# %% [markdown]
# (`double` is a number with a fraction; a `Tensor` with the shape `(-1,)` is a row of numbers, one for each trip.)
#
# The champion's signature is what the app and the alarm agree on today. A new version that asks for *less* keeps the contract: what it does not need it ignores. One that asks for a column more, or for another type, or that
# answers with another type, breaks it, and no low cost can make up for that. Note what a signature cannot see: version 7's metres have the same name and type as kilometres.
#
# The team writes down one rule for all candidates, whoever trained them. The first condition that a candidate fails decides:
#
# > 1. `withdrawn`: a version with the tag `withdrawn` was taken out of service once. It is not promoted again.
# > 2. `contract`: each column that the candidate's signature requires is in the champion's signature, with the same type; the outputs are the same.
# > 3. `cost`: on the hold-out the candidate costs less than the champion, and by more than noise. Take each day's cost of the champion minus the candidate's, the day's *gain*. The mean of the gains must be greater than twice its
# >    *standard error*, the gains' standard deviation (that of a sample, `ddof=1`) divided by the square root of the number of days.
#
# Twice the standard error is a convention: if two models were equally good, chance alone would rarely reach it.

# %% [markdown]
# ### Exercise 3 — A gate for the champion
# *Difficulty ●●● · about 18 minutes*
#
# Write `promote(name, version, holdout)`. It applies the rule to one version and returns a word: `promoted`, or the condition that failed, `withdrawn`, `contract` or `cost`. In the registry it writes
#
# - the tag `decision` with that word, onto the candidate;
# - and if it is `promoted`: the alias `champion` moves to the candidate, and the candidate gets the tag `replaced`, the number of the version that was champion until then. (MLflow keeps no history of an alias. If you do not
#   write it down, nobody knows tomorrow what to go back to.)
#
# The champion itself is no candidate: for it, return `champion` and write nothing. Job schedulers like to call things twice.
#
# Done means: it decides rightly for these seven versions and for others, whatever the order in which they are tried; the alias moves for no other reason.
#
# <details><summary>Hint 1</summary>Read the alias once, at the beginning. Turn a signature's inputs into a dictionary of names and types; what the rule says of two such dictionaries is one line. Write to the registry at the end, in one place.</details>
# <details><summary>Hint 2</summary><code>signature.inputs</code> is a list of columns with <code>name</code>, <code>type</code> and <code>required</code>; two <code>signature.outputs</code> can be compared with <code>==</code>. With
# <code>gains = daily_cost(old.predict(holdout), holdout) - daily_cost(new.predict(holdout), holdout)</code> you have <code>gains.mean()</code>, and <code>gains.sem()</code> is the standard error. Check the contract before you call <code>predict</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "gate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def promote(name, version, holdout):
    """Make the version the champion if the rule says so; write the decision into the registry and return it."""
    ### BEGIN SOLUTION
    registry = MlflowClient()
    live = registry.get_model_version_by_alias(name, "champion").version
    if str(version) == str(live):
        return "champion"

    def breaks_contract():
        ours, theirs = (mlflow.models.get_model_info(f"models:/{name}/{number}").signature for number in (live, version))
        sent = {column.name: column.type for column in ours.inputs}
        fits = all(sent.get(column.name) == column.type for column in theirs.inputs if column.required)
        return not fits or ours.outputs != theirs.outputs

    def costs_no_less():
        today, then = (daily_cost(open_model(model_file(name, number)).predict(holdout), holdout) for number in (live, version))
        gains = today - then
        return not gains.mean() > 2 * gains.sem()

    if "withdrawn" in registry.get_model_version(name, version).tags:
        decision = "withdrawn"
    elif breaks_contract():
        decision = "contract"
    elif costs_no_less():
        decision = "cost"
    else:
        decision = "promoted"
        registry.set_model_version_tag(name, version, "replaced", live)
        registry.set_registered_model_alias(name, "champion", version)
    registry.set_model_version_tag(name, version, "decision", decision)
    return decision
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-gate", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
start_again("repair-alarm")
for number, right, why in [
    ("3", "contract", "It requires idle_hours, which the app does not send. A low cost cannot make up for that."),
    ("4", "contract", "It answers with a number between 0 and 1 where the contract says 0 or 1: the accident of this morning."),
    ("6", "cost", "It costs less on average, but its mean gain is smaller than twice its standard error: that may be luck."),
    ("7", "cost", "Its signature fits, and it is dear: it learnt from metres."),
]:
    said = promote("repair-alarm", number, august)
    now = MlflowClient().get_model_version_by_alias("repair-alarm", "champion").version
    assert said == right, f"Version {number}: promote says {said!r}, expected {right!r}. {why}"
    assert str(now) == "2", f"Version {number} was rejected, and the alias 'champion' moved from version 2 to {now}."
    tag = MlflowClient().get_model_version("repair-alarm", number).tags.get("decision")
    assert tag == right, f"The tag 'decision' of version {number} is {tag!r}, expected {right!r}."

# %% nbgrader={"grade": true, "grade_id": "test-gate-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
start_again("repair-alarm")
said = promote("repair-alarm", "5", august)
now = str(MlflowClient().get_model_version_by_alias("repair-alarm", "champion").version)
assert said == "promoted" and now == "5", (
    f"Version 5: promote says {said!r} and the champion is {now}; expected 'promoted' and 5. It keeps the contract, and its mean gain is almost four times its standard error."
)
replaced = MlflowClient().get_model_version("repair-alarm", "5").tags.get("replaced")
assert replaced == "2", f"The tag 'replaced' of the new champion is {replaced!r}, expected '2', the champion before it."
again = promote("repair-alarm", "5", august)
assert again == "champion", f"A second call for version 5, which is the champion now: promote says {again!r}, expected 'champion'."

# %% nbgrader={"grade": true, "grade_id": "judge-gate", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: promote on other models and weeks: candidates that ask for a column more, for fewer, for another type, that answer with another type, and one that
# was withdrawn and breaks the contract too. All but that one would cost less.
### BEGIN HIDDEN TESTS
from alarm import FEATURES
from colleagues import register
from judging import candidates, champion, own_store, tags
from mlflow import MlflowClient

with own_store():
    past, holdout, live, models = candidates("contract")
    name, registry = "bell", MlflowClient()
    registry.create_registered_model(name)
    note = {"params": {"columns": FEATURES}, "commit": "0" * 40, "data_sha256": "0"}
    whole = past.assign(climb_m=past["climb_m"].astype(int))
    first = register(name, "live", live, past, **note)
    trials = [
        (
            register(name, "leaky", models["leaky"], past, **note, inputs=[*FEATURES, "idle_hours"]),
            "contract",
            "asks for a column that nobody sends",
        ),
        (register(name, "whole", models["good"], whole, **note), "contract", "asks for whole numbers where fractions are sent"),
        (
            register(name, "short", models["short"], past, **note),
            "contract",
            "answers with 32-bit integers where the champion answers with 64-bit ones",
        ),
        (
            register(name, "withdrawn", models["score"], past, **note),
            "withdrawn",
            "has the tag 'withdrawn' and answers with scores besides",
        ),
        (
            register(name, "fewer", models["fewer"], past, **note, inputs=["tyre_pressure_bar", "distance_km", "km_since_service"]),
            "promoted",
            "asks for fewer columns, in another order, and costs less",
        ),
    ]
    registry.set_model_version_tag(name, trials[3][0], "withdrawn", "stopped answering")
    for version, right, what in trials:
        registry.set_registered_model_alias(name, "champion", first)
        try:
            said = promote(name, version, holdout)
        except Exception as error:
            raise AssertionError(f"A candidate that {what}: promote stopped with {type(error).__name__}: {error}") from None
        assert said == right, f"A candidate that {what}: promote says {said!r}, expected {right!r}."
        assert tags(name, version).get("decision") == right, (
            f"A candidate that {what}: its tag 'decision' is {tags(name, version).get('decision')!r}, expected {right!r}."
        )
        assert champion(name) == (version if right == "promoted" else first), (
            f"A candidate that {what}: afterwards version {champion(name)} is the champion."
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-gate-2", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a week of calls on other models: a worse candidate, one whose gain is luck, a good one, the same again, the old champion, and a worse one again.
### BEGIN HIDDEN TESTS
from alarm import FEATURES
from colleagues import register
from judging import candidates, champion, own_store, tags
from mlflow import MlflowClient

with own_store():
    past, holdout, live, models = candidates("cost")
    name, registry = "gong", MlflowClient()
    registry.create_registered_model(name)
    note = {"params": {"columns": FEATURES}, "commit": "0" * 40, "data_sha256": "0"}
    good, old, luck, worse = (register(name, kind, models.get(kind, live), past, **note) for kind in ("good", "live", "luck", "worse"))
    registry.set_registered_model_alias(name, "champion", old)
    for version, right, now, what in [
        (worse, "cost", old, "a worse candidate"),
        (luck, "cost", old, "a candidate whose mean gain is above 0, but below twice its standard error"),
        (good, "promoted", good, "a good candidate, with a lower number than the champion"),
        (good, "champion", good, "a second call for the new champion"),
        (old, "cost", good, "the champion of before, which costs more"),
        (worse, "cost", good, "the worse candidate again"),
    ]:
        try:
            said = promote(name, version, holdout)
        except Exception as error:
            raise AssertionError(f"{what.capitalize()}: promote stopped with {type(error).__name__}: {error}") from None
        assert said == right, f"{what.capitalize()}: promote says {said!r}, expected {right!r}."
        assert champion(name) == now, f"{what.capitalize()}: afterwards version {champion(name)} is the champion, expected {now}."
        replaced = tags(name, good).get("replaced")
        assert now == old or replaced == old, (
            f"{what.capitalize()}: afterwards the champion's tag 'replaced' is {replaced!r}, expected {old!r}, the version before it."
        )
    assert "replaced" not in tags(name, worse), "A rejected candidate has the tag 'replaced'. It replaced nobody."
### END HIDDEN TESTS

# %% [markdown]
# Only version 5 gets through. Version 3 leaked, version 4 would have filled the yard again, version 6 was luck, and version 7 was dear. The rule did not need to know their authors.

# %% [markdown]
# ## Part 4 · Serving what the alias says
#
# The next morning Ada moves the alias to version 5. And nothing happens. Here is the service, as you find it: `serving` in `alarm.py` listens on a free port of this machine, and calls a function for each request. `ask` sends trips, as the app does.

# %% nbgrader={"grade": false, "grade_id": "morning", "locked": true, "schema_version": 3, "solution": false, "task": false}
start_again("repair-alarm")
second_says, fifth_says = (open_model(model_file("repair-alarm", number)).predict(august) for number in ("2", "5"))
disputed = august[second_says != fifth_says].head(6)[FEATURES].to_dict("records")  # trips on which versions 2 and 5 disagree
disputed[0]

# %%
loaded = mlflow.sklearn.load_model("models:/repair-alarm@champion")  # when the service starts


def answer_as_found(name, trips):
    version = client.get_model_version_by_alias(name, "champion").version
    return {"version": str(version), "fetch": [int(yes) for yes in loaded.predict(as_table(trips))]}


with serving(answer_as_found) as address:
    print(ask(address, "repair-alarm", disputed))
    client.set_registered_model_alias("repair-alarm", "champion", "5")
    print(ask(address, "repair-alarm", disputed))
start_again("repair-alarm")

# %% [markdown]
# Worse than nothing: it *says* version 5, and gives the answers of version 2. It opened the model once, when it started. Bo's remedy is to open the model for each request. That works, until
# the store is slow or out of reach for a minute: then each request is slow, or fails, for no reason. To open a model means to read files, and large ones take long. To ask the registry for a number takes a few milliseconds.

# %% [markdown]
# ### Exercise 4 — A service that follows the alias
# *Difficulty ●●○ · about 10 minutes*
#
# Write `answer(name, trips)` for the service. `name` is a registered model, `trips` a list of dictionaries as above. It returns a dictionary with
#
# - `version`: the number of the version that *gave these answers*, the champion of `name` at that moment (MLflow gives it as a number; as text, `"5"`, it will do as well);
# - `fetch`: a list with 0 or 1 for each trip.
#
# Done means: when an alias moves, forwards or backwards, the very next answer comes from the version that it points at, without a restart. As long as it stays, no model file is opened again: the answers are the
# same and come even if all model files are out of reach, or somebody writes over them. One service answers for several registered models, each with versions 1, 2, 3, …
#
# <details><summary>Hint 1</summary>What must be remembered between two calls, and by which key is it found again? The empty dictionary above the function is for that.</details>
# <details><summary>Hint 2</summary>Ask for the version behind the alias once, at the start, and go by that number from there on: a moment later the alias may point elsewhere. Two registered models may both have a version 1: is your key still
# good? <code>model_file</code> and <code>open_model</code> do the rest. JSON knows no numpy numbers: <code>int(…)</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "serve", "locked": false, "schema_version": 3, "solution": true, "task": false}
opened = {}  # a place for what you want to keep between two calls


def answer(name, trips):
    """Return which version of `name` is champion and whether it wants each of the trips' bikes fetched."""
    ### BEGIN SOLUTION
    version = str(MlflowClient().get_model_version_by_alias(name, "champion").version)
    if (name, version) not in opened:
        opened[name, version] = open_model(model_file(name, version))
    return {"version": version, "fetch": [int(yes) for yes in opened[name, version].predict(as_table(trips))]}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-serve", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
start_again("repair-alarm")
with serving(answer) as address:
    for number in ["2", "5", "2", "1"]:
        MlflowClient().set_registered_model_alias("repair-alarm", "champion", number)
        status, said = ask(address, "repair-alarm", disputed)
        assert status == 200, (
            f"The alias points at version {number}, and the service answers with HTTP status {status}: {said.get('error')}"
        )
        assert {"version", "fetch"} <= set(said), f"The service answered {said}, expected a dictionary with version and fetch."
        assert str(said["version"]) == number, f"The alias points at version {number}, and the service says version {said['version']}."
        right = open_model(model_file("repair-alarm", number)).predict(as_table(disputed)).tolist()
        assert said["fetch"] == right, (
            f"The service says version {number}, but its answers {said['fetch']} are not that version's, {right}. Which model did it ask?"
        )
start_again("repair-alarm")

# %% nbgrader={"grade": true, "grade_id": "judge-serve", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: answer, in a clean kernel, for two registered models whose aliases move forwards and backwards.
### BEGIN HIDDEN TESTS
from alarm import FEATURES
from colleagues import register
from judgekit import drawn
from judging import OLD, fresh_trips, own_store, train
from mlflow import MlflowClient

with own_store():
    past = fresh_trips(drawn("serve").randrange(10**6), trips=1500)
    note = {"params": OLD, "commit": "0" * 40, "data_sha256": "0"}
    models = {}
    for name, thresholds in {"harbour": (0.05, 0.2, 0.12), "hillside": (0.3, 0.08, 0.02)}.items():
        MlflowClient().create_registered_model(name)
        for threshold in thresholds:
            model = train(past, {**OLD, "threshold": threshold})
            models[name, register(name, "a threshold", model, past, **note)] = model
    trips = past[FEATURES].sample(60, random_state=1)
    for name, version in [
        ("harbour", "1"),
        ("hillside", "1"),
        ("harbour", "3"),
        ("hillside", "2"),
        ("harbour", "2"),
        ("harbour", "1"),
        ("hillside", "3"),
    ]:
        MlflowClient().set_registered_model_alias(name, "champion", version)
        try:
            said = answer(name, trips.to_dict("records"))
        except Exception as error:
            raise AssertionError(f"Asked for another registered model, answer stopped with {type(error).__name__}: {error}") from None
        assert str(said.get("version")) == version, (
            f"The champion of one of two models is version {version}, and answer says {said.get('version')!r}."
        )
        right = models[name, version].predict(trips).tolist()
        theirs = [key for key, model in models.items() if model.predict(trips).tolist() == [int(yes) for yes in said["fetch"]]]
        assert (name, version) in theirs, (
            f"For version {version} of the model '{name}' the answers are those of {' version '.join(theirs[0]) if theirs else 'no version'}. Whose model did you remember?"
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-serve-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: answer while the alias stays and the model files are out of reach, or exchanged; and when they are back and the alias moves.
### BEGIN HIDDEN TESTS
from alarm import FEATURES, model_file
from colleagues import register
from judgekit import drawn
from judging import OLD, fresh_trips, own_store, train
from mlflow import MlflowClient

with own_store() as folder:
    past = fresh_trips(drawn("reach").randrange(10**6), trips=1500)
    note = {"params": OLD, "commit": "0" * 40, "data_sha256": "0"}
    MlflowClient().create_registered_model("eastfield")
    models = {}
    for threshold in (0.1, 0.25):
        model = train(past, {**OLD, "threshold": threshold})
        models[register("eastfield", "a threshold", model, past, **note)] = model
    trips = past[FEATURES].sample(150, random_state=2)
    MlflowClient().set_registered_model_alias("eastfield", "champion", "1")
    answer("eastfield", trips.to_dict("records"))
    (folder / "artifacts").rename(folder / "out of reach")
    try:
        said = answer("eastfield", trips.head(20).to_dict("records"))
    except Exception as error:
        raise AssertionError(
            f"The alias stayed where it was, the model files were out of reach for a minute, and answer stopped with {type(error).__name__}. Keep the model that you have opened."
        ) from None
    finally:
        (folder / "out of reach").rename(folder / "artifacts")
    assert [int(yes) for yes in said["fetch"]] == models["1"].predict(trips.head(20)).tolist(), (
        "Other trips, same version: these are not its answers. Remember models, not answers."
    )
    files = {number: model_file("eastfield", number) for number in ("1", "2")}
    own = files["1"].read_bytes()
    files["1"].write_bytes(files["2"].read_bytes())
    said = answer("eastfield", trips.to_dict("records"))
    files["1"].write_bytes(own)
    assert [int(yes) for yes in said["fetch"]] == models["1"].predict(trips).tolist(), (
        "The alias stayed, another model was written over the file of version 1, and the answers are that other model's: answer opened a file again, "
        "although it had the model already. When does a service have to open one?"
    )
    MlflowClient().set_registered_model_alias("eastfield", "champion", "2")
    said = answer("eastfield", trips.to_dict("records"))
    assert str(said["version"]) == "2" and [int(yes) for yes in said["fetch"]] == models["2"].predict(trips).tolist(), (
        f"The alias moved to version 2, and answer says version {said['version']}: the next answer must come from version 2."
    )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · The way back
#
# Version 5 is live for a week and saves money. Then, on Wednesday 27 August, the docks of one maker get new firmware and no longer send the tyre pressure. Version 5 needs it. Version 2 never looked at it.
# The cell below puts the registry where it is on that Wednesday.


# %% nbgrader={"grade": false, "grade_id": "wednesday", "locked": true, "schema_version": 3, "solution": false, "task": false}
def wednesday():
    """Put the registry where it was on Wednesday: version 5 is live and has replaced version 2; the others were rejected."""
    start_again("repair-alarm")
    for number, decision in {"3": "contract", "4": "contract", "5": "promoted", "6": "cost", "7": "cost"}.items():
        MlflowClient().set_model_version_tag("repair-alarm", number, "decision", decision)
    MlflowClient().set_model_version_tag("repair-alarm", "5", "replaced", "2")
    MlflowClient().set_registered_model_alias("repair-alarm", "champion", "5")


def simple_answer(name, trips):
    """Answer as Bo would: open the champion for each request."""
    version = MlflowClient().get_model_version_by_alias(name, "champion").version
    return {"version": str(version), "fetch": open_model(model_file(name, version)).predict(as_table(trips)).tolist()}


wednesday()
silent_docks = [{**trip, "tyre_pressure_bar": None} for trip in disputed]

# %% [markdown]
# It is Bo's turn on the phone. He has a script for this:


# %%
def rollback_as_found(name):
    live = int(client.get_model_version_by_alias(name, "champion").version)
    client.set_registered_model_alias(name, "champion", str(live - 1))


with serving(simple_answer) as address:
    print("before:", ask(address, "repair-alarm", silent_docks))
    rollback_as_found("repair-alarm")
    print("after: ", ask(address, "repair-alarm", silent_docks))
wednesday()

# %% [markdown]
# Every request for such a bike failed with HTTP status 500, "the server's fault". After Bo's rollback all is 200, "fine", and every answer is a number that the app takes for a yes: version 5 minus one is version 4, which never went live
# because it broke the contract. The version *before* is not the number below. It is the one that was live before, and `replaced` says which.
#
# A second trap lies in wait for those who keep an alias `previous` and swap the two: called twice, such a rollback goes forward again, to the version that it was fleeing from.

# %% [markdown]
# ### Exercise 5 — The rollback drill
# *Difficulty ●●○ · about 12 minutes*
#
# Write `rollback(name, reason)`. One call
#
# - moves the alias `champion` back to the version that the champion had replaced. If that one has been withdrawn itself, go on to the one that *it* had replaced, and so on;
# - writes the tag `withdrawn` onto the version that was live until now, with `reason` as its value, so that everybody can read why, and no gate lets it in again;
# - returns the number of the version that is live now.
#
# Follow the tags with care: `promote` lets a version go live a second time, and then its tag `replaced` is overwritten. So the way back may lead in a circle. A version at which you have been on this way, the champion
# first of all, is none to go back to, and neither call must end there nor go round for ever.
#
# If there is no version to go back to, it raises a `LookupError` and changes nothing: better a bad champion than none.
#
# Done means: the served answers are right again after one call; a second call goes back further; it holds for other registries.
#
# <details><summary>Hint 1</summary>Find the version to go back to first. Only when you have it, write. Why in that order?</details>
# <details><summary>Hint 2</summary>From the champion on, follow <code>replaced</code> in a loop, and keep what you have seen in a set. There are two ways in which the search is in vain, and one in which it ends well: which? <code>client.get_model_version(name, number).tags</code>
# is a version's dictionary of tags; the two writes are <code>set_registered_model_alias</code> and <code>set_model_version_tag</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "rollback", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rollback(name, reason):
    """Withdraw the champion, bring back the version that it replaced, and return that version's number."""
    ### BEGIN SOLUTION
    registry = MlflowClient()
    live = registry.get_model_version_by_alias(name, "champion")
    tags = live.tags
    seen = {str(live.version)}
    while True:
        if tags.get("replaced", str(live.version)) in seen:  # none, or a circle
            raise LookupError(f"{name}: version {live.version} has no version before it to go back to")
        back = tags["replaced"]
        seen.add(back)
        tags = registry.get_model_version(name, back).tags
        if "withdrawn" not in tags:
            break
    registry.set_registered_model_alias(name, "champion", back)
    registry.set_model_version_tag(name, live.version, "withdrawn", reason)
    return back
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-rollback", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
wednesday()
with serving(simple_answer) as address:
    now = rollback("repair-alarm", "docks send no tyre pressure")
    status, said = ask(address, "repair-alarm", silent_docks)
    assert status == 200, f"After the rollback the service still answers with status {status}: {said.get('error', '')[:80]}"
    assert said["version"] == "2", (
        f"After the rollback version {said['version']} answers, expected 2: the one that version 5 had replaced. What was live before is not the number below."
    )
    assert str(now) == "2", f"rollback returned {now!r}, expected the number of the version that is live now, 2."
    tag = MlflowClient().get_model_version("repair-alarm", "5").tags.get("withdrawn")
    assert tag == "docks send no tyre pressure", f"The tag 'withdrawn' of version 5 is {tag!r}, expected the reason."
    rollback("repair-alarm", "a drill")
    status, said = ask(address, "repair-alarm", silent_docks)
    assert said.get("version") == "1", (
        f"After a second rollback the service answers {said.get('version', said)}, expected version 1, which version 2 had replaced. Never go forward to a version that was withdrawn."
    )
ended = "nothing"
try:
    rollback("repair-alarm", "a drill")
except LookupError:
    ended = "LookupError"
except Exception as error:
    ended = type(error).__name__
now = str(MlflowClient().get_model_version_by_alias("repair-alarm", "champion").version)
assert ended == "LookupError" and now == "1", (
    f"Version 1 replaced nobody, so a third rollback raises a LookupError and version 1 stays; what came was {ended}, and version {now} is live."
)
wednesday()

# %% nbgrader={"grade": true, "grade_id": "judge-rollback", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rollback in another registry, several times in a row, until there is nothing to go back to.
### BEGIN HIDDEN TESTS
from judging import champion, chain, own_store, tags

with own_store():
    numbers = chain("siren", "row", {})
    for live, before in zip(numbers, numbers[1:]):
        said = rollback("siren", f"reason {live}")
        assert champion("siren") == before, (
            f"In another registry the champion, {live}, had replaced {before}; after rollback version {champion('siren')} is live."
        )
        assert str(said) == before, f"In another registry rollback returned {said!r}; version {before} is live now."
        assert tags("siren", live).get("withdrawn") == f"reason {live}", (
            f"In another registry the tag 'withdrawn' of the old champion is {tags('siren', live).get('withdrawn')!r}, expected the reason."
        )
        assert "withdrawn" not in tags("siren", before), "In another registry rollback withdrew the version that it brought back."
    ended = "nothing"
    try:
        rollback("siren", "once more")
    except LookupError:
        ended = "LookupError"
    except Exception as error:
        ended = type(error).__name__
    assert ended == "LookupError", f"In another registry there was nothing to go back to: {ended} came, expected a LookupError."
    assert champion("siren") == numbers[-1] and "withdrawn" not in tags("siren", numbers[-1]), (
        "Where there is nothing to go back to, rollback must change nothing, neither the alias nor a tag."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-rollback-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rollback in registries in which versions on the way back have been withdrawn themselves, or went live twice, so that the tags lead in a circle.
### BEGIN HIDDEN TESTS
from judging import champion, chain, own_store, tags
from mlflow import MlflowClient

with own_store():
    numbers = chain("horn", "skip", {1: "brakes", 2: "smoke"})
    try:
        rollback("horn", "noise")
    except Exception as error:
        raise AssertionError(
            f"In another registry the champion, {numbers[0]}, can go back to {numbers[3]}, past two versions that were withdrawn; rollback stopped with {type(error).__name__}: {error}"
        ) from None
    assert champion("horn") == numbers[3], (
        f"Versions {numbers[1]} and {numbers[2]} had been withdrawn; rollback from {numbers[0]} must go on to {numbers[3]}, which {numbers[2]} had replaced. Version {champion('horn')} is live."
    )
    assert tags("horn", numbers[1])["withdrawn"] == "brakes", (
        "The reason of a version that was withdrawn before has changed. Only the champion's is yours to write."
    )
    numbers = chain("whistle", "stop", {1: "brakes", 2: "smoke", 3: "rust", 4: "noise"})
    ended = "nothing"
    try:
        rollback("whistle", "noise")
    except LookupError:
        ended = "LookupError"
    except Exception as error:
        ended = type(error).__name__
    assert ended == "LookupError" and champion("whistle") == numbers[0] and "withdrawn" not in tags("whistle", numbers[0]), (
        f"All versions on the way back had been withdrawn: a LookupError is expected, and nothing changed. What came was {ended}, and version {champion('whistle')} is live."
    )
    # The same registry, later: numbers[1] had been live, then numbers[0], then numbers[1] again, then numbers[0] again.
    registry, first, second, last = MlflowClient(), numbers[0], numbers[1], numbers[4]
    registry.delete_model_version_tag("whistle", second, "withdrawn")
    registry.set_model_version_tag("whistle", second, "replaced", first)
    try:
        rollback("whistle", "squeak")
    except Exception as error:
        raise AssertionError(
            f"Versions {second} and {first} replaced each other in turn, and {first} is live: rollback stopped with {type(error).__name__}: {error}, expected {second}."
        ) from None
    assert champion("whistle") == second, (
        f"Versions {second} and {first} replaced each other in turn, {first} was live; after rollback {champion('whistle')} is live."
    )
    # And then numbers[4] after it, when both of the two have been withdrawn: the circle does not hold the champion.
    for live, what in [(second, "leads back to itself"), (last, "leads into a circle of two others")]:
        if live == last:
            registry.set_registered_model_alias("whistle", "champion", last)
            registry.delete_model_version_tag("whistle", last, "withdrawn")
            registry.set_model_version_tag("whistle", last, "replaced", first)
            registry.set_model_version_tag("whistle", second, "withdrawn", "by hand")
        ended = "nothing"
        try:
            rollback("whistle", "squeak")
        except LookupError:
            ended = "LookupError"
        except Exception as error:
            ended = f"{type(error).__name__} ({str(error)[:80]})"
        assert ended == "LookupError" and champion("whistle") == live and "withdrawn" not in tags("whistle", live), (
            f"Versions went live twice, and the way back from the champion, {live}, {what}, all others on it withdrawn. A LookupError is expected, and nothing changed. "
            f"What came was {ended}; version {champion('whistle')} is live, {'withdrawn' if 'withdrawn' in tags('whistle', live) else 'not withdrawn'}."
        )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · The same with Git and DVC
#
# The depot on the hill has a laptop, no server, and a smaller alarm of its own. Ivo keeps it in a Git repository. Git is made for text; a model of many megabytes in every commit would swell each clone for ever. So he uses
# **DVC**, *data version control*: Git keeps a small **pointer** file with the model's hash, and the model itself lies in DVC's **cache** under that hash. A **remote** is a store that a team shares, here the folder
# `depot-store`. `dvc push` copies from the cache to the remote, `dvc pull` back. A release is a Git tag: `v1`, `v2`.

# %% nbgrader={"grade": false, "grade_id": "depot", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_depot("depot", "depot-store", "trips.csv", "august.csv")
depot_then = {release: git("depot", "rev-parse", release).decode().strip() for release in ("v1", "v2", "main")}
print(git("depot", "log", "--format=%h %ad %d %s", "--date=short").decode())
print(Path("depot/model.skops.dvc").read_text())
for release in ("v1", "v2"):
    print(release, git("depot", "show", f"{release}:metrics.json").decode().strip())

# %% [markdown]
# DVC writes `md5`, another hash, into its pointers. The figures show that `v2` was a mistake: Ivo trained again and left the threshold at one half. He wants `v1` back, and tries:

# %%
git("depot", "checkout", "--quiet", "v1")
print("pointer: ", re.search("md5: (.*)", Path("depot/model.skops.dvc").read_text())[1])
print("the file:", hashlib.md5(Path("depot/model.skops").read_bytes()).hexdigest())
status = dvc("depot", "status")
git("depot", "checkout", "--quiet", "main")
print(status)

# %% [markdown]
# Git brought back the *pointer*. The model in the folder is still that of `v2`: the vans would not have noticed any change. `dvc status` says so: *modified*. `dvc checkout` is the step that he forgot; it puts the model in the folder that
# the pointer names, from the cache.
#
# And it works only on his laptop. A colleague clones the repository, as the depot's new laptop would:

# %%
import tempfile

with tempfile.TemporaryDirectory() as elsewhere:
    git(".", "clone", "--quiet", str(Path("depot").resolve()), f"{elsewhere}/laptop")
    git(f"{elsewhere}/laptop", "checkout", "--quiet", "v1")
    try:
        print(dvc(f"{elsewhere}/laptop", "pull"))
    except RuntimeError as error:
        print(str(error)[:300])

# %% [markdown]
# The model of `v1` was never pushed. Were Ivo's disk to fail tonight, it would be gone, and Git would keep a pointer to nothing.

# %% [markdown]
# ### Exercise 6 — Version 1 again, for everyone
# *Difficulty ●●○ · about 12 minutes*
#
# Bring the depot's alarm back to what it was in `v1`, as a new release `v3`. Whatever you do to `depot`, do it in the cell below: with `git("depot", …)` and `dvc("depot", …)` as above, or with shell lines that begin with `!`.
#
# Done means:
#
# 1. On `main` there is a new commit with the tag `v3`. The model's pointer and `metrics.json`, which belong together, are as in `v1`. Everything else is as it was on `main`: the latest improvement of `ask.py` is not lost.
# 2. History is not rewritten: all commits are still on `main`, `v1` and `v2` are where they were.
# 3. The file `depot/model.skops` is the model of `v1`.
# 4. A fresh clone can pull the model of every release: `v1`, `v2` and `v3`.
#
# If it went wrong, run the cell that plays the depot again: it starts afresh.
#
# <details><summary>Hint 1</summary>Git can bring back single files of an older commit without leaving <code>main</code>. Then DVC must do its part, in the folder and in the store.</details>
# <details><summary>Hint 2</summary><code>git checkout RELEASE -- FILE</code> brings back single files; which ones belong to the model? Whenever a pointer has changed, the file beside it waits for DVC. And by default <code>dvc push</code> copies only
# what the current pointer names: <code>!dvc push --help</code> shows the options, those that begin with <code>--all</code>, which widen that.</details>

# %% nbgrader={"grade": false, "grade_id": "depot-back", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Bring the depot back to its first model.
### BEGIN SOLUTION
git("depot", "checkout", "v1", "--", "model.skops.dvc", "metrics.json")
dvc("depot", "checkout")
git("depot", "commit", "-m", "Back to the model of v1: v2 misses most broken bikes")
git("depot", "tag", "v3")
dvc("depot", "push", "--all-tags")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-depot-back", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
releases = git("depot", "tag").decode().split()
assert "v3" in releases, f"The depot's releases are {', '.join(releases)}; expected a tag v3 on a new commit."
at = {release: git("depot", "rev-parse", f"{release}^{{commit}}").decode().strip() for release in ("v1", "v2", "v3", "main")}
moved = [release for release in ("v1", "v2") if at[release] != depot_then[release]]
assert not moved, f"The tag {' and '.join(moved)} has moved. A release that moves cannot be trusted: the way back is a new release."
assert git("depot", "show", "v3:model.skops.dvc") == git("depot", "show", "v1:model.skops.dvc"), (
    "In v3 the pointer model.skops.dvc is not that of v1. Bring it back from v1 and commit it before you set the tag."
)
wanted = re.search("md5: (.*)", git("depot", "show", "v1:model.skops.dvc").decode())[1]
lying = hashlib.md5(Path("depot/model.skops").read_bytes()).hexdigest() if Path("depot/model.skops").exists() else "not there"
assert lying == wanted, (
    f"The pointer of v1 names {wanted[:8]}…, and the file depot/model.skops is {lying[:9]}…: Git brings back pointers, DVC the files."
)

# %% nbgrader={"grade": true, "grade_id": "judge-depot-back", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, from the folder depot: is v3 on main, does it hold what it should and nothing else, and is the history as it was?
### BEGIN HIDDEN TESTS
from judging import Depot

depot = Depot("depot", "depot-store")
commits = depot.git("rev-list", "--reverse", "--first-parent", "main").split()
texts = [depot.git("log", "-1", "--no-show-signature", "--format=%s", commit).strip() for commit in commits[:3]]
assert texts == ["Release v1", "Release v2", "ask.py: say what the answer means"], (
    f"main begins with {', '.join(texts)}: commits of before are gone or changed. The way back is a new commit on top; others have the old ones already."
)
for release, commit in [("v1", commits[0]), ("v2", commits[1])]:
    assert depot.commit(release) == commit, f"The tag {release} is not where it was. A release that moves cannot be trusted."
assert depot.commit("v3") in commits[3:], "The tag v3 is not on a new commit of main."
then, latest, first = depot.tree("v3"), depot.tree(commits[2]), depot.tree("v1")
assert then.get("model.skops.dvc") == first["model.skops.dvc"], "In v3 the model's pointer is not that of v1."
assert then.get("metrics.json") == first["metrics.json"], (
    "In v3 metrics.json is not that of v1: it tells the figures of another model. What belongs to a version comes back together."
)
assert then.get("ask.py") == latest["ask.py"], (
    "In v3 ask.py is not the latest one: the improvement after v2 is lost. Bring back what belongs to the model, and no more."
)
assert not any(name.endswith(".skops") for name in then), "In v3 the model itself is in Git. Git keeps the pointer, DVC the model."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-depot-back-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what a fresh clone would get from the folder depot-store for each release, and whether it answers as that release should.
### BEGIN HIDDEN TESTS
from judging import Depot

depot = Depot("depot", "depot-store")
for release, threshold in [("v1", 0.1667), ("v2", 0.5), ("v3", 0.1667)]:
    file = depot.stored(release)
    assert file.is_file(), (
        f"The depot's store has no model for {release}: a fresh clone gets a pointer to nothing. By default dvc push copies only what the current pointer names."
    )
    assert depot.md5(file) == depot.pointer(release), (
        f"What the depot's store holds for {release} has another hash than the pointer says: it is damaged."
    )
    assert abs(depot.threshold(file) - threshold) < 1e-9, (
        f"The model in the store for {release} says yes from {depot.threshold(file)} on, expected {threshold}: it is another release's."
    )
lying = depot.folder / "model.skops"
assert lying.is_file() and depot.md5(lying) == depot.pointer("v1"), (
    "The file depot/model.skops is not the model of v1: Git brings back pointers, DVC the files."
)
### END HIDDEN TESTS

# %% [markdown]
# Registry or Git with DVC? Both keep versions that do not change, and a movable name for the one that is live. A registry can be asked by programs while they run, so a service follows it without a restart. With Git and DVC, code, settings and
# model move together in one commit, and no server is needed. Many teams use both: DVC for data, a registry for models.

# %% [markdown]
# ## Putting it together
#
# That Wednesday again, with your parts: the gate, the service, and the way back.

# %% tags=["uses-answers"]
start_again("repair-alarm")
with serving(answer) as address:

    def status_now(when, trips):
        status, said = ask(address, "repair-alarm", trips)
        print(f"{when:46} HTTP {status}  {said if status == 200 else said['error'][:40]}")

    status_now("Monday: last week's model is live", disputed)
    for version in versions:
        decision = promote("repair-alarm", version.version, august)
        print(f"   version {version.version}: {decision}; claims that do not hold: {verify('repair-alarm', version.version, 'alarm-repo')}")
    status_now("Tuesday: the gate has chosen", disputed)
    status_now("Wednesday week: the docks fall silent", silent_docks)
    rollback("repair-alarm", "docks send no tyre pressure")
    status_now("one call later", silent_docks)
    print("   version 5 once more:", promote("repair-alarm", "5", august))

# %% [markdown]
# Rosa's question of that Monday, "put the old one back", now takes one call, and it is written down which version was live, which one came back, and why. What to take to work tomorrow:
#
# - A version is everything that decides the answer: numbers, threshold, columns. It is named by its content, never by "final".
# - Write the origin down when you register, and check it: tags can be changed.
# - First the contract, then the figures. What the app cannot send, a model must not need.
# - The alias is the only thing that moves. The service follows it, and says which version answered.
# - Practise the way back before you need it.
#
# In the real world, five things are harder. The gate asked seven candidates on one and the same hold-out: let many try, and one of them will pass twice the standard error by luck, so keep fresh days for the last word. A version that goes live a second time overwrites its own tag `replaced`: who allows that keeps a whole history instead. Between asking for the champion and writing the alias, a colleague may have moved it: let one job at a time do promotions. Who may move an alias must be limited: a server with
# accounts can do that, a database in a file cannot. And silent docks would best be caught by the contract itself: monitoring has a lab of its own.

# %% [markdown]
# ## Going further
#
# - **A challenger.** Give a second alias, `challenger`, to a candidate, let the service answer with the champion, and only log what the challenger would have said. After a week, compare.
# - **The gate checks the papers.** Add `verify` to the rule as a condition `lineage`. At what place, and what should happen to the champion itself?
# - **A server.** Everything here works unchanged with `mlflow.set_tracking_uri("http://…")` and a registry that a team shares.
#
# To read:
#
# - [MLflow's documentation, the chapter on the model registry](https://mlflow.org/docs/latest/ml/model-registry/)
# - [DVC's documentation, the use case on versioning data and models](https://doc.dvc.org/use-cases/versioning-data-and-models)
# - Noah Gift and Alfredo Deza, *Practical MLOps*: [the book's page at O'Reilly](https://www.oreilly.com/library/view/practical-mlops/9781098103002/)
# - [ml-ops.org, the principles of MLOps](https://ml-ops.org/content/mlops-principles): what to version, beside testing and monitoring
