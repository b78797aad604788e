# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: intermediate
#     minutes: 130
#     outcomes:
#     - Say which rows changed between two versions of a data set, and what each change does to the model
#     - Find, name and repair damaged objects in a data store without losing what lies in one place only
#     - Clean up a shared store so that every tag, branch and deployed model can still be reproduced
#     - Pin data of another team to a release, and accept a newer one only if it keeps its contract
#     - Remove a person from every version and every copy, and keep the person out
#     prerequisites:
#     - model-versioning
#     - reproducibility
#     roadmap: Data versioning
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: data-versioning
#     terms:
#       object: "A file's content, or a folder's list, in a store or cache of DVC, kept under its hash."
#       deduplication: "Content that several versions share is stored once."
#       garbage collection: "Deleting what nothing refers to any more."
#       data contract: "What users of a data set may rely on: its columns, keys, units and ranges."
#       suppression list: "Tokens of those who must not be stored again, checked whenever data come in."
#       keyed hash: "A hash that nobody can compute, or try out, without a secret key."
#     title: Data versioning
#     tools:
#     - DVC
#     - Git
#     - pandas
# ---

# %% [markdown]
# # Data versioning
#
# ## Why this matters
#
# Tuesday 4 November. The city's auditor has written to Metro Bikes. In October the *repair alarm*, the model that decides which bikes the vans fetch, cost more than it should have. She asks: "Which trips was it trained on? Show me exactly these, and tell me what has changed in them since."
#
# "That is what we have DVC for", says Noor, who leads the team. An hour later she knows more than she wanted. Bo exported the quarter again yesterday, and DVC says that *every* file has changed. The power failed in the night, and some of what lies in the team's store is no longer what was put there.
# The store is also 97 % full, and Cy has a command ready that will clean it up tonight. The list of stations, which comes from the city, has other numbers than on Friday. And a rider has written, too: she wants all that we know of her deleted, as is her right.
#
# "Versioned" was easy to say. You are the team's ML engineer, and today it has to be true.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `vault.py` and `dvc_here.py`, the team's tools: Git and DVC from Python, and a look into DVC's stores. Open it, and read the first line of each function. You will use most of them. (`dvc.lock`, which you meet in Part 4, is what DVC's pipelines write, the next lab's topic: it names files by their hashes as a pointer does.)
# - `colleagues.py`, which plays Ada, Bo, Cy and the city.
# - `trips.csv`, `october.csv` and `stations.csv`: a row a trip from July to September, and in October, and the city's stations.
#
# The labs before taught what you build on: a **pointer** such as `trips.dvc` lies in Git and names data by an MD5 hash. The data lie in a **cache** on your disk and in a **remote**, the store that the team shares. `dvc add`, `dvc push` and `dvc pull` move them.
#
# Do everything in the answer cells: with `git(folder, …)` and `dvc(folder, …)`, with Python, or with shell lines that begin with `!`. Parts 1 and 2 share the repository that the next cell lays out, each other part has its own. To begin a part
# again, run the cell that lays out its repository.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import hashlib
import hmac
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["DVC_NO_ANALYTICS"] = "1"  # DVC would tell its makers how it is used
os.environ["DVC_SITE_CACHE_DIR"] = str(Path(".dvc-site").resolve())  # what it remembers stays in this folder
os.environ["DVC_GLOBAL_CONFIG_DIR"] = str(Path(".dvc-config").resolve())
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # so that `!dvc` is this notebook's own

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import yaml
from IPython.display import Image

from colleagues import play_archive, play_city, play_quarter, play_riders, play_shared, quarter
from dvc_here import dvc
from vault import cost_of, day_bytes, git, listing, md5, named, object_path, objects, read_days, read_version

play_quarter("trips-data", "trips-store", "trips.csv")
print(git("trips-data", "log", "--format=%h %ad %an: %s %d", "--date=short"))

# %% [markdown]
# ## Part 1 · Which rows changed?
#
# The repository `trips-data` has the quarter as a folder with a file for each day. DVC can keep a folder under one pointer. How does it do that? The cell shows the pointer, and the thing that it names:

# %%
print(git("trips-data", "show", "q3:trips.dvc"))
top = named("trips-data", "q3")
print(object_path("trips-store", top))
print(object_path("trips-store", top).read_text()[:190], "…")

# %% [markdown]
# A store holds **objects**. An *object* is the content of one file, and its name is its hash: the first two digits are a folder, the others the file. The object of a folder ends in `.dir`; it is a list with the path and the object of each file. So a version of the whole quarter is one hash that names 92 others, and two versions
# share the objects of all files that are the same in both. That is called **deduplication**: content that several versions share is stored once.
#
# That makes comparing cheap: no need to read files whose hashes are equal. `dvc diff` does so.

# %%
print(dvc("trips-data", "diff", "q3", "q3-corrected").splitlines()[-1])
old_list, new_list = (listing("trips-store", named("trips-data", release)) for release in ("q3", "q3-corrected"))
print(sum(old_list[path] == new_list[path] for path in old_list), "of", len(old_list), "days are the same, byte for byte")
for release in (old_list, new_list):
    print(object_path("trips-store", release["2025-08-20.csv"]).read_text()[:230])

# %% [markdown]
# All 92 days have changed, as far as *bytes* go. Bo's message says: "A few labels came in late, nothing else". The two beginnings show why a hash cannot tell: Bo's export writes the rows in another order, and `2.5` instead of `2.50`. One trip in another place, one zero less, and the hash is another. What matters to a
# model is *rows and values*: which trips came, which went, and which cells have another value?

# %% [markdown]
# ### Exercise 1 — The changes
# *Difficulty ●●○ · about 12 minutes*
#
# Write `changes(old, new)`. It gets two versions of a table with the same columns; each row has its `trip_id`, which is there once. It returns a dictionary:
#
# `{"added": […], "removed": […], "changed": {"distance_km": […], "needs_repair": […]}}`
#
# with the ids of the trips that only `new` has, of those that only `old` has, and for each column the ids of the trips that stand in both and have another value there. Columns without a change may be left out. Order does not matter.
#
# No changes are: another order of rows or columns, another index, a whole number that became a decimal (`4`, `4.0`), a difference below a millionth, and a gap (`NaN`) that was a gap before. A gap that was filled is a change; so is a value that became a gap.
#
# Done means: it holds for the two versions of the quarter, and for tables with other columns that you have not seen, texts among them.
#
# <details><summary>Hint 1</summary>Bring both tables to the same rows first: by <code>trip_id</code>, the trips that both have, in one order. Then compare column by column. What does <code>NaN == NaN</code> give?</details>
# <details><summary>Hint 2</summary><code>set_index("trip_id")</code>, then <code>index.intersection</code> and <code>index.difference</code>. For numbers <code>np.isclose(a, b, rtol=0, atol=1e-6, equal_nan=True)</code>; for the rest
# <code>(a == b) | (a.isna() & b.isna())</code>. <code>pd.api.types.is_numeric_dtype</code> tells them apart.</details>


# %% nbgrader={"grade": false, "grade_id": "changes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def changes(old, new):
    """Return the ids of added and removed trips, and for each column those of the trips whose value changed."""
    ### BEGIN SOLUTION
    before, after = old.set_index("trip_id"), new.set_index("trip_id")
    both = before.index.intersection(after.index)
    changed = {}
    for column in before.columns.intersection(after.columns):
        a, b = before.loc[both, column], after.loc[both, column]
        if pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b):
            same = np.isclose(a.astype(float), b.astype(float), rtol=0, atol=1e-6, equal_nan=True)
        else:
            same = (a == b) | (a.isna() & b.isna())
        if not same.all():
            changed[column] = list(both[~same])
    return {"added": list(after.index.difference(before.index)), "removed": list(before.index.difference(after.index)), "changed": changed}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-changes", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
as_known, exported = quarter("trips.csv")
found = changes(as_known, exported.sample(frac=1, random_state=1))
assert isinstance(found, dict) and {"added", "removed", "changed"} <= set(found) and isinstance(found["changed"], dict), (
    "changes returned no dictionary with 'added', 'removed' and 'changed', where 'changed' is a dictionary itself: a column, and ids."
)
sizes = {"added": len(set(found["added"])), "removed": len(set(found["removed"]))}
assert sizes == {"added": 32, "removed": 15}, (
    f"You find {sizes['added']} added and {sizes['removed']} removed trips, expected 32 and 15: compare the ids, not the places of the rows."
)
sizes = {column: len(set(ids)) for column, ids in found["changed"].items() if len(ids)}
assert "tyre_pressure_bar" not in sizes, (
    f"You find {sizes.get('tyre_pressure_bar')} changes in tyre_pressure_bar, and there are none: a gap that was a gap before has not changed."
)
expected = {"distance_km": 251, "needs_repair": 45, "unlock_seconds": 469}
assert sizes == expected, (
    f"Changed values by column: you find {sizes}, expected {expected}. Compare each trip with itself, trips that both versions have."
)

# %% nbgrader={"grade": true, "grade_id": "judge-changes", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: changes on two versions of other trips, with other columns and another order.
### BEGIN HIDDEN TESTS
from judging import expect_changes, fresh_pair

old, new, truth = fresh_pair("changes", "plain")
expect_changes(changes(old, new), truth, "Two other versions")
nothing = {"added": set(), "removed": set(), "changed": {}}
expect_changes(changes(old, old.iloc[::-1]), nothing, "A version and the same upside down")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-changes-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: changes where there are gaps in numbers and texts, gaps that were filled and values that went, and columns of another type.
### BEGIN HIDDEN TESTS
from judging import expect_changes, fresh_pair

old, new, truth = fresh_pair("gaps", "gaps")
expect_changes(changes(old, new), truth, "Two versions with gaps")
### END HIDDEN TESTS

# %% [markdown]
# What did "a few labels, nothing else" mean?

# %% tags=["uses-answers"]
old_trips, new_trips = read_version("trips-data", "q3", "trips-store"), read_version("trips-data", "q3-corrected", "trips-store")
difference = changes(old_trips, new_trips)
print(f"{len(difference['added'])} trips added, {len(difference['removed'])} removed, of {len(old_trips)}")
for column, ids in difference["changed"].items():
    if not len(ids):
        continue
    before, after = (table.set_index("trip_id").loc[list(ids), column] for table in (old_trips, new_trips))
    print(f"{column:15} {len(ids):5} trips: {before.mean():8.2f} on average, now {after.mean():8.2f}")

# %% [markdown]
# ## Part 2 · Did it matter?
#
# Five kinds of changes. You ask around, and write down what people say:
#
# - Rosa, who runs the workshop: "In September we were behind with the paperwork. Some bikes that we had repaired were only entered in October." Those are the labels, `needs_repair`.
# - Rosa again: "My mechanics tried out bikes in August. Those rides are not customers' trips; I asked Bo to take them out." The removed ones.
# - The docks' supplier: "A few docks were offline in the first half of August. They sent us their trips in October." The added ones.
# - The app's team: "Until the middle of July our stopwatch started 0.8 seconds too early." That is `unlock_seconds`.
# - About `distance_km` nobody can say anything. The docks got new firmware on 16 September, and the export of `q3` was made before they had sent that month again.
#
# A change may be large and of no consequence, or small and costly. To find out, train with *one change alone*: the data of `q3`, and only this change taken over. `cost_of(trips, later)` from `vault.py` trains the alarm on trips, and says in euros what it costs per 1,000 later trips. Here is the first of the five:

# %%
october = pd.read_csv("october.csv")
first_version, second_version = read_version("trips-data", "q3", "trips-store"), read_version("trips-data", "q3-corrected", "trips-store")
came = second_version[~second_version["trip_id"].isin(first_version["trip_id"])]
print("q3:                      ", cost_of(first_version, october))
print("q3 and the added trips:  ", cost_of(pd.concat([first_version, came]), october))
print("q3-corrected, all changes:", cost_of(second_version, october))

# %% [markdown]
# So that you read the figures right: October is the judge here, not the guide. A change is accepted because it is *true*: someone can say what was wrong before, and the new values are plausible. Who accepts what lowers the figure and rejects what raises it makes data up. Nor is every figure news: 8 euros are one sound bike fetched, 40 one broken bike left, among October's 961 trips. A few euros more or less are one or two bikes, and may be chance.
#
# ### Exercise 2 — The version that holds what is true
# *Difficulty ●●● · about 18 minutes*
#
# Make a new version of the quarter in `trips-data`, with the changes that are true and without the one that is not.
#
# Done means, on `main`, committed on top of what is there, with the tag `q3-mended`, and pushed to the store:
#
# 1. The folder `trips` holds the trips of the version: what you accept as in `q3-corrected`, what you reject as in `q3`.
# 2. A day on which nothing has really changed is the very object that `q3` has. So the store grows by the changed days only. (`day_bytes` in `vault.py` is the writer with which `q3` was made.)
# 3. In Git lies a file `changes.json` with an entry for each of the five kinds: `"added"`, `"removed"`, and the three columns' names. Each entry is `{"rows": how many trips, "euros": the cost with this change alone minus the cost of q3, "accept": true or false}`. The auditor will read it.
#
# The tags `q3` and `q3-corrected` stay where they are.
#
# <details><summary>Hint 1</summary>Build one table for the new version first: begin with <code>q3-corrected</code> and set one column back for the trips that both have. Then a file for each day. For the figures: a copy of the table of <code>q3</code>, in which you exchange one column for the trips concerned,
# matched by id.</details>
# <details><summary>Hint 2</summary>With <code>trip_id</code> as the index of both tables, <code>table.loc[ids, column] = other.loc[ids, column]</code> brings values over by id. <code>day_bytes(rows)</code> for each <code>groupby("day")</code>, written with
# <code>write_bytes</code>. Then DVC adds the folder, Git commits and sets the tag, DVC pushes.</details>

# %% nbgrader={"grade": false, "grade_id": "mended", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Make the version q3-mended of the repository "trips-data".
### BEGIN SOLUTION
base, new = (read_version("trips-data", release, "trips-store").set_index("trip_id") for release in ("q3", "q3-corrected"))
gone, came = base.index.difference(new.index), new.index.difference(base.index)
both = base.index.intersection(new.index)


def with_column(column):
    """Return q3 with the new values of one column."""
    table = base.copy()
    table.loc[both, column] = new.loc[both, column]
    return table


reference = cost_of(base.reset_index(), october)
tried = {"added": (len(came), pd.concat([base, new.loc[came]])), "removed": (len(gone), base.drop(index=gone))}
for column in ("distance_km", "needs_repair", "unlock_seconds"):
    tried[column] = (int((base.loc[both, column] != new.loc[both, column]).sum()), with_column(column))
report = {
    kind: {"rows": rows, "euros": round(cost_of(table.reset_index(), october) - reference, 1), "accept": kind != "distance_km"}
    for kind, (rows, table) in tried.items()
}
Path("trips-data/changes.json").write_text(json.dumps(report, indent=1) + "\n")

mended = new.copy()
mended.loc[both, "distance_km"] = base.loc[both, "distance_km"]
for day, rows in mended.reset_index().groupby("day"):
    Path(f"trips-data/trips/{day}.csv").write_bytes(day_bytes(rows))
for words in (["add", "trips"], ["push"]):
    dvc("trips-data", *words)
git("trips-data", "add", "trips.dvc", "changes.json")
git("trips-data", "commit", "--quiet", "-m", "Late labels, late trips, no test rides; distances in km as before")
git("trips-data", "tag", "q3-mended")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-mended", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
assert "q3-mended" in git("trips-data", "tag").split(), "trips-data has no tag q3-mended: commit the new pointer on main, and set the tag."
at = named("trips-data", "q3-mended")
assert object_path("trips-store", at).is_file(), (
    f"The store has no object {at[:8]}….dir, which q3-mended names: without dvc push only your disk has it."
)
lying = read_days("trips-data/trips")
far = int((lying["distance_km"] > 100).sum())
assert far == 0, f"In trips-data/trips {far} trips are longer than 100 km. Is there a change that nobody can explain, and that cannot be?"
assert int(lying["needs_repair"].sum()) > int(as_known["needs_repair"].sum()), (
    f"In trips-data/trips {int(lying['needs_repair'].sum())} bikes needed repair, in q3 {int(as_known['needs_repair'].sum())}: the late labels are lacking. Rosa can explain them."
)
told = json.loads(git("trips-data", "show", "q3-mended:changes.json"))
kinds = {"added", "removed", "distance_km", "needs_repair", "unlock_seconds"}
assert set(told) == kinds and all({"rows", "euros", "accept"} <= set(entry) for entry in told.values()), (
    f"changes.json tells of {', '.join(sorted(told))}; expected an entry with rows, euros and accept for each of {', '.join(sorted(kinds))}."
)

# %% nbgrader={"grade": true, "grade_id": "judge-mended", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: what a clone would pull for q3-mended from trips-store, row by row; what is new in the store; and the history.
### BEGIN HIDDEN TESTS
from colleagues import quarter
from judging import FILES, Repository, table_of
from vault import day_bytes, md5

repo = Repository("trips-data", "trips-data")
texts = [repo.git("log", "-1", "--no-show-signature", "--format=%s", commit).strip() for commit in repo.commits()]
assert texts[:2] == ["Trips of July to September", "Exported again. A few labels came in late, nothing else"] and len(texts) > 2, (
    f"main has the commits {', '.join(texts)}. The new version is a commit on top of the two that were there."
)
for release, number in [("q3", 0), ("q3-corrected", 1)]:
    assert repo.commit(release) == repo.commits()[number], f"The tag {release} is not where it was. The auditor has it in her letter."
assert repo.commit("q3-mended") in repo.commits()[2:], "The tag q3-mended is not on a new commit of main."
files = repo.folder_at("q3-mended", "trips-store")
first, new = quarter(FILES / "trips.csv")
right = new.set_index("trip_id")
both = right.index.intersection(first["trip_id"])
right.loc[both, "distance_km"] = first.set_index("trip_id").loc[both, "distance_km"]
mine = table_of("trips-store", files).set_index("trip_id")
assert mine.index.is_unique, "In q3-mended some trips stand twice."
lacking, surplus = right.index.difference(mine.index), mine.index.difference(right.index)
assert not len(lacking), (
    f"In q3-mended {len(lacking)} trips are lacking that were added late. The supplier can say why they came late: they are true."
)
assert not len(surplus), f"In q3-mended {len(surplus)} trips are left that are the mechanics' test rides."
for column in [
    "day",
    "rider_id",
    "end_station_id",
    "distance_km",
    "km_since_service",
    "tyre_pressure_bar",
    "ebike",
    "unlock_seconds",
    "needs_repair",
]:
    a, b = mine[column].reindex(right.index), right[column]
    near = (a == b) if column == "day" else ((a - b).abs() < 0.006) | (a.isna() & b.isna())
    assert near.all(), (
        f"In q3-mended {int((~near).sum())} trips have another {column} than they should (trip {near.index[~near.to_numpy()][0]}): accepted changes as in q3-corrected, all else as in q3."
    )
was = {f"{day}.csv": day_bytes(part) for day, part in first.groupby("day")}
good = {f"{day}.csv": day_bytes(rows) for day, rows in right.reset_index().groupby("day")}
kept = [path for path in was if was[path] == good[path]]
lost = [path for path in kept if files.get(path) != md5(was[path])]
assert not lost, (
    f"On {len(lost)} of {len(kept)} days nothing has changed, and their objects are others than in q3 ({lost[0]}, say): the store keeps the same rows twice. Write as q3 was written."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-mended-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: changes.json of q3-mended, each figure and each decision.
### BEGIN HIDDEN TESTS
import json

import pandas as pd
from colleagues import quarter
from judging import FILES, Repository
from vault import cost_of

told = json.loads(Repository("trips-data", "trips-data").text("q3-mended", "changes.json"))
october = pd.read_csv(FILES / "october.csv")
first, new = (table.set_index("trip_id") for table in quarter(FILES / "trips.csv"))
came, gone, both = new.index.difference(first.index), first.index.difference(new.index), first.index.intersection(new.index)
reference = cost_of(first.reset_index(), october)
cases = {"added": (len(came), pd.concat([first, new.loc[came]])), "removed": (len(gone), first.drop(index=gone))}
for column in ("distance_km", "needs_repair", "unlock_seconds"):
    table = first.copy()
    table.loc[both, column] = new.loc[both, column]
    cases[column] = int((first.loc[both, column] != new.loc[both, column]).sum()), table
for kind, (rows, table) in cases.items():
    euros, entry = cost_of(table.reset_index(), october) - reference, told[kind]
    assert entry["rows"] == rows, f"changes.json, {kind}: {entry['rows']} rows, expected {rows} trips with this change."
    assert abs(float(entry["euros"]) - euros) < 0.6, (
        f"changes.json, {kind}: {entry['euros']} euros, expected {euros:.1f}: the cost per 1,000 trips of October with the data of q3 and this change alone, minus that of q3."
    )
    reason = (
        "nobody can explain it, and trips of thousands of km cannot be"
        if kind == "distance_km"
        else "someone can say what was wrong before"
    )
    assert entry["accept"] is (kind != "distance_km"), (
        f"changes.json, {kind}: accept is {entry['accept']}. Here {reason}. Truth decides, not the figure ({euros:+.1f} euros)."
    )
### END HIDDEN TESTS

# %% [markdown]
# What did each version cost on the disk? What a version *names* is the size of all its objects; what it *adds* is the size of those that no version before it has.

# %% tags=["uses-answers"]
seen, rows = set(), []
for release in ("q3", "q3-corrected", "q3-mended"):
    names = set(listing("trips-store", named("trips-data", release)).values())
    size = {name: object_path("trips-store", name).stat().st_size / 1000 for name in names}
    rows.append((release, sum(size.values()), sum(size[name] for name in names - seen)))
    seen |= names
fig, ax = plt.subplots(figsize=(6.5, 3))
for at, (_, names_kb, adds_kb) in enumerate(rows):
    ax.bar(at - 0.2, names_kb, 0.38, color="white", edgecolor="dimgray", hatch="//", label="names" if at == 0 else None)
    ax.bar(at + 0.2, adds_kb, 0.38, color="steelblue", label="adds to the store" if at == 0 else None)
    ax.annotate(f"{adds_kb:.0f}", (at + 0.2, adds_kb), ha="center", va="bottom", fontsize=9)
ax.set_xticks(range(3), [release for release, *_ in rows])
ax.set(xlabel="version", ylabel="size (kB)", ylim=(0, max(row[1] for row in rows) * 1.25), title="What a version names, and what it adds")
ax.legend(loc="upper right", ncols=2, frameon=False)
fig.savefig("sizes.png", dpi=100, bbox_inches="tight")
plt.close(fig)
Image(
    "sizes.png",
    alt="Pairs of bars for three versions: all three name about as many kilobytes; q3 and q3-corrected add all of it to the store, q3-mended adds about half of it or less",
)

# %% [markdown]
# Bo's export added as many bytes as the quarter has, though on 43 of 92 days nothing had changed. A writer that gives *equal bytes for equal rows* (one order, one format, no time of writing inside, as gzip has it) is what makes deduplication work.

# %% [markdown]
# ## Part 3 · A store that lies
#
# What does DVC do if an object in the store is not what it was? The cell lays out a small repository whose store lost power while it wrote: of two objects the bytes have changed. Then it does what a colleague with a new laptop would do.

# %%
with tempfile.TemporaryDirectory() as place:
    play_archive(f"{place}/small", f"{place}/store", f"{place}/copies", faults=("flipped", "cut"))
    git(place, "clone", "--quiet", "small", "laptop")
    print(dvc(f"{place}/laptop", "pull"))
    print("dvc status:", dvc(f"{place}/laptop", "status"))
    promised = listing(f"{place}/store", named(f"{place}/laptop", "HEAD"))
    wrong = [path for path, name in promised.items() if md5(Path(f"{place}/laptop/trips", path)) != name]
    print("files whose bytes do not give the hash in the list:", wrong)

# %% [markdown]
# No error, *up to date*, and two files of twenty are wrong. A model would have been trained on them. Three facts explain it:
#
# - By default `dvc pull` believes what comes from a remote, and marks it read-only in the cache; what is read-only in the cache it does not check again. `dvc remote modify store verify true` makes it compute the hashes. That costs time; a bad object then stays out of the cache, and the pull fails, without a word about what was wrong or where a good one is.
# - `dvc push` asks a remote *whether* an object is there, not whether it is sound. And if a folder's `.dir` is there, it believes that all its files are. So pushing again mends nothing: *Everything is up to date.*
# - What is *missing* DVC does notice, when it is too late: `dvc pull` stops.
#
# DVC has no command that checks a store. But every object's name says what its bytes must be, so one is quickly written. You need it now: this is the team's archive with its releases `r1`, `r2` and `r3`, as the power failure left it.

# %% nbgrader={"grade": false, "grade_id": "archive", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_archive("archive", "archive-store", "copies")
Path("still-lost.json").unlink(missing_ok=True)
print(git("archive", "log", "--all", "--format=%h %ad %an: %s %d", "--date=short"))
print({place: len(objects(place)) for place in ("archive-store", "copies/ada", "copies/bo")})

# %% [markdown]
# Two laptops have copies, laid out like a cache: `copies/ada` and `copies/bo`. They are not better by nature: Ada pulled after the disk had failed. And Bo's laptop has something that the store never had: the data of his branch `bo/rain`, which he forgot to push.
#
# ### Exercise 3 — Examine and repair
# *Difficulty ●●● · about 18 minutes*
#
# (a) Write `examine(repo, store)`. For each tag of the repository it returns what is wrong in the store: `{"r1": {"trips/2025-08-01.csv": "damaged"}, "r2": {}, …}`. A file of the folder is named by its path. What is wrong is `"missing"` or `"damaged"`. The folder's list is an object, too: if that is not sound, the entry is
# `{"trips": "damaged"}` or `{"trips": "missing"}`, and no more can be said. What no tag names is not reported.
#
# (b) Then repair the store `archive-store`. Done means:
#
# 1. Every object that a tag or the branch `bo/rain` names, and of which there is a sound copy somewhere, is sound in the store.
# 2. Nothing that is damaged was brought into it, and nothing sound was lost.
# 3. The copies are as they were: someone else's laptop is only read.
# 4. `still-lost.json`, beside this notebook, has what `examine` says at the end, as JSON. Whoever needs that file must know that no copy is left.
#
# An object in a store or cache is read-only. To replace it, remove it first.
#
# <details><summary>Hint 1</summary>A small function first: is the object with this name sound in this place? For a <code>.dir</code> the hash is that of its bytes, without the ending. Then think about the order: what do you need before you know what a release needs?</details>
# <details><summary>Hint 2</summary><code>named(repo, revision)</code> gives the top object, <code>listing(place, name)</code> what it lists. Bring the top objects first, from whichever copy is sound; then the files. <code>path.unlink(missing_ok=True)</code>,
# <code>path.parent.mkdir(parents=True, exist_ok=True)</code>, <code>shutil.copyfile</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "examine", "locked": false, "schema_version": 3, "solution": true, "task": false}
def examine(repo, store):
    """Return for each tag of the repository what is damaged or missing in the store: {tag: {path: "damaged" or "missing"}}."""
    ### BEGIN SOLUTION
    report = {}
    for release in git(repo, "tag").split():
        top = named(repo, release)
        needed = {"trips": top}
        if is_sound(store, top):
            needed |= {f"trips/{path}": name for path, name in listing(store, top).items()}
        bad = {path: name for path, name in needed.items() if not is_sound(store, name)}
        report[release] = {path: "damaged" if object_path(store, name).exists() else "missing" for path, name in bad.items()}
    return report


def is_sound(place, name):
    """Return whether the object is there, and its bytes give its name."""
    there = object_path(place, name)
    return there.is_file() and md5(there) == name.removesuffix(".dir")


def bring(name, store="archive-store", places=("copies/ada", "copies/bo")):
    """Put a sound copy of an object into the store, if one of the places has it and the store has not."""
    source = next((place for place in places if is_sound(place, name)), None)
    if source and not is_sound(store, name):
        target = object_path(store, name)
        target.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(object_path(source, name), target)


for revision in [*git("archive", "tag").split(), "bo/rain"]:
    top = named("archive", revision)
    bring(top)
    for name in listing("archive-store", top).values():
        bring(name)
Path("still-lost.json").write_text(json.dumps(examine("archive", "archive-store"), indent=1))
### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-examine", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
with tempfile.TemporaryDirectory() as place:
    play_archive(f"{place}/archive", f"{place}/store", f"{place}/copies")  # as it was before any repair
    report = examine(f"{place}/archive", f"{place}/store")
assert isinstance(report, dict) and set(report) == {"r1", "r2", "r3"} and all(isinstance(entry, dict) for entry in report.values()), (
    f"examine returned {report if not isinstance(report, dict) else sorted(report)}, expected a dictionary with a dictionary for each of the tags r1, r2 and r3."
)
assert report["r1"] == {"trips": "damaged"}, (
    f"For r1 you say {report['r1']}. Its list, the .dir object, was cut short: compute the hash of every object, of the list as well."
)
counts = [list(report["r2"].values()).count(word) for word in ("missing", "damaged")]
assert counts[0] == 1, f"For r2 you find {counts[0]} missing objects, expected 1: its list is there, and one of the files in it is not."
assert counts[1] == 3, (
    f"For r2 you find {counts[1]} damaged objects, expected 3. One is shorter than it was, one has its length and another byte."
)
assert all(path.startswith("trips/2025-") for path in report["r2"]), (
    f"Name a file by its path, such as trips/2025-08-01.csv; you name {sorted(report['r2'])[0]}."
)
assert Path("still-lost.json").is_file(), "There is no file still-lost.json: write what examine says after the repair."

# %% nbgrader={"grade": true, "grade_id": "judge-examine", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: examine on other archives, one sound, one with other faults, whose stores it must leave as they are.
### BEGIN HIDDEN TESTS
from colleagues import play_archive
from judgekit import drawn, own_folder
from judging import expect_faults, true_faults

chance = drawn("archives")
with own_folder() as place:
    for number, faults in enumerate([["flipped", "flipped", "cut", "useless"], ["gone", "listing", "list of r2", "flipped"], []]):
        here = place / str(number)
        here.mkdir()
        play_archive(here / "archive", here / "store", here / "copies", chance.randrange(10**6), faults)
        truth = true_faults(here / "archive", here / "store", ["r1", "r2", "r3"])
        before = {path: path.read_bytes() for path in sorted(here.glob("store/**/*")) if path.is_file()}
        found = examine(str(here / "archive"), str(here / "store"))
        assert before == {path: path.read_bytes() for path in sorted(here.glob("store/**/*")) if path.is_file()}, (
            "examine has changed the store. To examine is to look; the repair is another step."
        )
        expect_faults(found, truth, f"An archive with the faults {', '.join(faults)}" if faults else "A sound archive")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-examine-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: archive-store, object by object, the two copies, and still-lost.json.
### BEGIN HIDDEN TESTS
import json
from pathlib import Path

from colleagues import play_archive
from judgekit import own_folder
from judging import expect_faults, sound, state, true_faults
from vault import listing, named, objects

with own_folder() as place:
    play_archive(place / "archive", place / "archive-store", place / "copies")
    for laptop in ("ada", "bo"):
        then, now = objects(place / "copies" / laptop), objects(f"copies/{laptop}")
        changed = [
            name for name in {*then, *now} if name not in now or name not in then or now[name].read_bytes() != then[name].read_bytes()
        ]
        assert not changed, (
            f"{len(changed)} objects in copies/{laptop} are not as they were. Someone else's laptop is only read: what lies there may lie nowhere else."
        )
    places = [place / "archive-store", place / "copies" / "ada", place / "copies" / "bo"]
    tops = {revision: named(place / "archive", revision) for revision in ("r1", "r2", "r3", "bo/rain")}
    wanted = {top: f"{revision}'s list" for revision, top in tops.items()}
    for revision, top in tops.items():
        source = next(where for where in places if sound(where, top))
        for path, name in listing(source, top).items():
            wanted.setdefault(name, f"trips/{path} of {revision}")
    for name, what in wanted.items():
        if any(sound(where, name) for where in places):
            assert state("archive-store", name) == "sound", (
                f"In archive-store {what} is {state('archive-store', name)}, and a sound copy of it lies on a laptop or lay in the store."
            )
    spoilt = [name for name in objects("archive-store") if not sound("archive-store", name)]
    then = {name for name in objects(place / "archive-store") if not sound(place / "archive-store", name)}
    assert set(spoilt) <= then, (
        f"{len(set(spoilt) - then)} damaged objects lie in archive-store that did not before. Check a copy before you trust it."
    )
    lacking = [
        name for name in objects(place / "archive-store") if sound(place / "archive-store", name) and not sound("archive-store", name)
    ]
    assert not lacking, f"{len(lacking)} objects of archive-store that were sound are gone."
truth = true_faults("archive", "archive-store", ["r1", "r2", "r3"])
expect_faults(json.loads(Path("still-lost.json").read_text()), truth, "still-lost.json")
### END HIDDEN TESTS

# %% [markdown]
# One day of the summer is lost, and it is written down. What would have saved it? A second store, and a look every night: your `examine` takes milliseconds per file, and a scheduled job can run it.
#
# And a *lost cache* is the harmless case. The cell deletes the archive's cache and its folder, and pulls:

# %% tags=["uses-answers"]
for lost in ("archive/.dvc/cache", "archive/trips"):
    shutil.rmtree(lost, ignore_errors=True)
dvc("archive", "pull")
promised = listing("archive-store", named("archive", "HEAD"))
wrong = [path for path, name in promised.items() if md5(Path("archive/trips", path)) != name]
print(f"{len(promised)} files are back; other than promised: {wrong}")
print("still-lost.json says:", json.loads(Path("still-lost.json").read_text())["r3"])

# %% [markdown]
# All is back but the day of which no copy is left, and again DVC did not complain. Before you delete a cache, `dvc status --cloud` tells what only you have; it does not tell what is damaged.

# %% [markdown]
# ## Part 4 · A store that is full
#
# The trips of every night are committed in `yard-data`, and pushed to `shared-store`, which the support desk's repository `desk-data` uses, too.

# %% nbgrader={"grade": false, "grade_id": "shared", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_shared("yard-data", "desk-data", "shared-store")
for repo in ("yard-data", "desk-data"):
    print(git(repo, "log", "--all", "--graph", "--format=%h %s %d", "-8"))
full = sum(path.stat().st_size for path in objects("shared-store").values())
print(f"{len(objects('shared-store'))} objects, {full / 1000:.0f} kB in the store")

# %% [markdown]
# **Garbage collection** is to delete what nothing refers to any more. `dvc gc` does it, and *what refers* is what you tell it. Cy's command for tonight is `dvc gc --workspace --cloud --force`: keep what the folder as it lies there needs, delete all else, here and in the store, and do not ask. With `--dry` DVC only says what it would do:

# %%
said = dvc("yard-data", "gc", "--workspace", "--cloud", "--dry").splitlines()
print(said[0])
print(sum("shared-store" in line for line in said), "objects of the store would go, of", len(objects("shared-store")))

# %% [markdown]
# It would delete nearly everything: both deliveries to the city, Ada's branch, and all of the support desk's tickets, of which `yard-data` knows nothing. What must stay?
#
# - what any **tag** names: `--all-tags`;
# - what the newest commit of any **branch** names: `--all-branches`;
# - what the model in service was trained from. `deployed.json` on `main` names the commit, and no tag does. The auditor's question is about that one;
# - all that other repositories that share the store need: `--projects ../desk-data`.
#
# The other nights may go: nobody trained, delivered or branched from them, and the team has agreed to keep no more. What goes is gone for good. (`--all-commits` would keep every night, and the store would be as full as before.)
#
# ### Exercise 4 — A safe clean-up
# *Difficulty ●●● · about 15 minutes*
#
# (a) Write the plan as a function, before anything is deleted: `needed(repo, store)` returns the names of all objects that the tags, the branches and the commit in `deployed.json` on `main` (`"trained_from"`; not every repository has the file) need: what pointers and locks name, and what the lists of folders name in turn, read from
# the store. In a commit, data are named in every file that ends in `.dvc`, in any folder, and in `dvc.lock`, under `stages`, each stage's `outs`. An entry without `md5` names no object. (In `dvc.lock` outputs that lie in Git have a hash, too. To keep a name that the store does not have does no harm.)
#
# (b) Then clean up. Done means: `shared-store` holds exactly what `yard-data` and `desk-data` need by that rule. Tags and branches that exist stay where they are; a new one for what must stay is allowed.
#
# <details><summary>Hint 1</summary>For (a): <code>git for-each-ref</code> lists tags and branches, <code>git ls-tree -r --name-only</code> the files of a commit, <code>git show COMMIT:PATH</code> a file. For (b) DVC can do the deleting. It knows tags. How could the
# commit of the deployed model become something that it knows?</details>
# <details><summary>Hint 2</summary>Give that commit a name first: a tag of your own. Then <code>dvc gc</code> needs a word for each line of the list above, one for the store, and one for not asking. Run it with <code>--dry</code>, and compare with your plan, before you
# let it delete.</details>


# %% nbgrader={"grade": false, "grade_id": "cleanup", "locked": false, "schema_version": 3, "solution": true, "task": false}
def needed(repo, store):
    """Return the names of all objects that tags, branches and the deployed model's commit need, as a set."""
    ### BEGIN SOLUTION
    revisions = git(repo, "for-each-ref", "--format=%(refname)", "refs/tags", "refs/heads").split()
    if "deployed.json" in git(repo, "ls-tree", "--name-only", "main").split():
        revisions.append(json.loads(git(repo, "show", "main:deployed.json"))["trained_from"])
    names = set()
    for revision in revisions:
        for path in git(repo, "ls-tree", "-r", "--name-only", revision).splitlines():
            if path.endswith(".dvc"):
                outs = yaml.safe_load(git(repo, "show", f"{revision}:{path}"))["outs"]
            elif Path(path).name == "dvc.lock":
                stages = yaml.safe_load(git(repo, "show", f"{revision}:{path}"))["stages"]
                outs = [out for stage in stages.values() for out in stage.get("outs", [])]
            else:
                continue
            names |= {out["md5"] for out in outs if "md5" in out}
    for name in [name for name in names if name.endswith(".dir")]:
        names |= set(listing(store, name).values())
    return names


git("yard-data", "tag", "alarm-7", json.loads(git("yard-data", "show", "main:deployed.json"))["trained_from"])
dvc("yard-data", "gc", "--all-tags", "--all-branches", "--cloud", "--force", "--projects", "../desk-data")
### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-cleanup", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
with tempfile.TemporaryDirectory() as place:
    play_shared(f"{place}/yard", f"{place}/desk", f"{place}/store")  # as it was before the clean-up
    yard, desk = needed(f"{place}/yard", f"{place}/store"), needed(f"{place}/desk", f"{place}/store")
    trained = json.loads(git(f"{place}/yard", "show", "main:deployed.json"))["trained_from"]
    live = named(f"{place}/yard", trained)
assert named("desk-data", "tickets-1", "tickets.dvc") in set(desk), (
    "The desk's tag tickets-1 names an object that is not in your plan. The desk's pointer is tickets.dvc: look at every file that ends in .dvc."
)
assert live in set(yard), "The commit in deployed.json names data that are not in your plan: the live model could not be reproduced."
assert len(set(yard)) > 20, f"Your plan for yard-data has {len(set(yard))} objects: a folder's list names further ones."
size = sum(path.stat().st_size for path in objects("shared-store").values())
assert size < full, f"The store still has {size / 1000:.0f} kB. Part (b) is to clean it up."
gone = [
    release
    for release in ("tickets-1", "tickets-2")
    if not object_path("shared-store", named("desk-data", release, "tickets.dvc")).exists()
]
assert not gone, (
    f"The support desk's data of {' and '.join(gone)} are gone from shared-store. DVC knows only the projects that it is told. Lay out this part again."
)

# %% nbgrader={"grade": true, "grade_id": "judge-cleanup", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: needed on another pair of repositories, one of them without deployed.json.
### BEGIN HIDDEN TESTS
from colleagues import play_shared
from judgekit import drawn, own_folder
from judging import true_needed

with own_folder() as place:
    play_shared(place / "trips", place / "desk", place / "store", drawn("shared").randrange(10**6), nights=8)
    for repo in ("trips", "desk"):
        plan, truth = {str(name) for name in needed(str(place / repo), str(place / "store"))}, true_needed(place / repo, place / "store")
        lacking = sorted(set(truth) - plan)
        if lacking:
            revision, path = truth[lacking[0]]
            where = revision.removeprefix("refs/") if revision.startswith("refs/") else "the deployed model's commit"
            raise AssertionError(
                f"In another repository ({repo}) your plan lacks {len(lacking)} objects; {path} of {where} needs one of them."
            )
        assert plan == set(truth), f"In another repository ({repo}) your plan keeps {len(plan - set(truth))} objects that nothing needs."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-cleanup-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: shared-store against what yard-data and desk-data need, and their tags and branches.
### BEGIN HIDDEN TESTS
from colleagues import play_shared
from judgekit import own_folder
from judging import Repository, sound, true_needed
from vault import objects

with own_folder() as place:
    play_shared(place / "yard-data", place / "desk-data", place / "shared-store")
    names = {}
    for repo in ("desk-data", "yard-data"):
        then, now = Repository(place / repo, repo), Repository(repo, repo)
        for line in then.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags").split():
            assert now.has(line) and now.commit(line) == then.commit(line), (
                f"In {repo} {line.split('/', 2)[2]} is gone or has moved. A clean-up leaves the history alone."
            )
        names |= true_needed(place / repo, place / "shared-store")
    for name, (revision, path) in names.items():
        where = revision.split("/", 2)[2] if revision.startswith("refs/") else "the commit that the live model was trained from"
        assert sound("shared-store", name), (
            f"shared-store lacks an object that {path} of {where} needs. Lay out this part again before you try another way."
        )
    surplus = set(objects("shared-store")) - set(names)
    assert not surplus, (
        f"shared-store still holds {len(surplus)} objects that no tag, no branch and no model in service needs: nights, or trials that nobody named."
    )
### END HIDDEN TESTS

# %% tags=["uses-answers"]
left = sum(path.stat().st_size for path in objects("shared-store").values())
print(f"{len(objects('shared-store'))} objects, {left / 1000:.0f} kB of {full / 1000:.0f} kB are left")

# %% [markdown]
# Two things to remember. `dvc gc` asks the repository *on this machine*: a tag or branch that you have not fetched does not count, so `git fetch --all --tags` comes first. And the only safe order is: plan, `--dry`, compare, delete; with a backup of the store as long as the plan is new.

# %% [markdown]
# ## Part 5 · Data from elsewhere
#
# The alarm looks up a station's elevation in a list that the city publishes in its own repository `city-data`, with DVC. `dvc import` brings a file of another repository *and writes down where it came from*. That pointer is called an import:

# %% nbgrader={"grade": false, "grade_id": "city", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_city("city-data", "city-store", "alarm-data", "stations.csv")
print(git("city-data", "log", "--format=%h %ad %s %d", "--date=short"))
print(git("alarm-data", "log", "--format=%h %ad %an: %s", "--date=short"))
print(Path("alarm-data/stations.csv.dvc").read_text())

# %% [markdown]
# `rev_lock` is the commit that the file was taken from. Bo imported without a `rev`. So `dvc update` took, yesterday, whatever lay on the city's branch: a half-finished draft. With `--rev` and a tag an import is pinned to a release, and `dvc update` without a word stays with it.
#
# Which release? One can read a file of any revision without importing it:

# %%
from dvc import api

for release in ("2025.1", "2025.2", "2025.3", "main"):
    with api.open("stations.csv", repo="city-data", rev=release) as file:
        print(release, "\n", pd.read_csv(file).tail(2), "\n")

# %% [markdown]
# What a user of data may rely on is a **data contract**: its columns, keys, units and ranges. Ours with the city reads:
#
# - Each station that we know is still there, once, with its number and its name. New ones may come.
# - `elevation_m` is in metres and never missing. Surveys correct it now and then, by less than 20 m.
#
# All else (docks, order) may change.
#
# ### Exercise 5 — The newest release that keeps the contract
# *Difficulty ●●○ · about 12 minutes*
#
# (a) Write `acceptable(old, new)`, which returns whether a new list keeps that contract with the old one.
#
# (b) Bring `alarm-data` to the newest *release* (a tag, no draft) that is acceptable to us who knew `2025.1`. Done means: on `main`, in a commit on top of what is there, `stations.csv.dvc` is an import from `../city-data`, pinned to that release by its tag; and `alarm-data/stations.csv` is that file.
#
# <details><summary>Hint 1</summary>Match the stations by number, as you matched trips in Part 1. For (b) there is one command that takes an import to another revision; it changes pointer and file. Then a commit.</details>
# <details><summary>Hint 2</summary><code>old.merge(new, on="station_id", how="left")</code> shows names and elevations side by side; <code>is_unique</code> tells whether a number is there once. <code>dvc update --help</code> tells how an import is taken to another revision.</details>


# %% nbgrader={"grade": false, "grade_id": "import", "locked": false, "schema_version": 3, "solution": true, "task": false}
def acceptable(old, new):
    """Return whether a new list of stations keeps the contract with the old one."""
    ### BEGIN SOLUTION
    if not new["station_id"].is_unique or new["elevation_m"].isna().any():
        return False
    both = old.merge(new, on="station_id", how="left", suffixes=("", "_new"))
    return bool((both["name"] == both["name_new"]).all() and ((both["elevation_m"] - both["elevation_m_new"]).abs() < 20).all())


dvc("alarm-data", "update", "--rev", "2025.2", "stations.csv.dvc")
git("alarm-data", "add", "stations.csv.dvc")
git("alarm-data", "commit", "--quiet", "-m", "The city's stations, pinned to release 2025.2")
### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-import", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
published = {}
for release in ("2025.1", "2025.2", "2025.3", "main"):
    published[release] = pd.read_csv(object_path("city-store", named("city-data", release, "stations.csv.dvc")))
judged = {release: acceptable(published["2025.1"], table) for release, table in published.items()}
assert all(isinstance(word, (bool, np.bool_)) for word in judged.values()), (
    f"acceptable returned {judged['2025.1']!r}, expected True or False."
)
assert judged["2025.1"] and judged["2025.2"], (
    "2025.2 has a new station and corrects some elevations by a metre: it keeps the contract, and acceptable says no."
)
assert not judged["main"], (
    "On the city's main, stations have other numbers: trips would be looked up at the wrong place. acceptable says yes."
)
pointer = yaml.safe_load(git("alarm-data", "show", "main:stations.csv.dvc"))
assert "deps" in pointer, "stations.csv.dvc on main is no import: it does not say from which repository and revision the file came."
assert pointer["deps"][0]["repo"].get("rev"), (
    "The import on main has no rev, only the commit of today: the next dvc update will take the city's newest draft. Pin it to a release."
)

# %% nbgrader={"grade": true, "grade_id": "judge-import", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the import in alarm-data, its origin, its hash, the file, and the history.
### BEGIN HIDDEN TESTS
from pathlib import Path

from colleagues import play_city
from judgekit import own_folder
from judging import FILES, Repository
from vault import md5

repo = Repository("alarm-data", "alarm-data")
with own_folder() as place:
    play_city(place / "city-data", place / "city-store", place / "alarm-data", FILES / "stations.csv")
    city = Repository(place / "city-data", "city-data")
    right, origin = city.outs("2025.2")["stations.csv.dvc"][0], city.commit("2025.2")
texts = [repo.git("log", "-1", "--no-show-signature", "--format=%s", commit).strip() for commit in repo.commits()]
assert texts[:2] == ["The city's stations", "dvc update"] and len(texts) > 2, (
    f"main has the commits {', '.join(texts)}; expected a new one on top of the two."
)
pointer = repo.yaml("main", "stations.csv.dvc")
taken = (pointer.get("deps") or [{}])[0].get("repo") or {}
assert Path(str(taken.get("url"))).name == "city-data", f"The import comes from {taken.get('url')!r}, expected ../city-data."
assert taken.get("rev") != origin, "The import is pinned to the right release by its commit. Pin it by the release's tag, so that people can read it."
assert taken.get("rev") == "2025.2", (
    f"The import is pinned to {taken.get('rev')!r}. The newest release that keeps the contract is another: look at 2025.3's elevations, and at what is only a draft."
)
assert taken.get("rev_lock") == origin, "rev and rev_lock of the import do not belong together: let DVC write both."
assert pointer["outs"][0].get("md5") == right, (
    "The import's hash is not that of the city's file in 2025.2: a pointer that was changed by hand?"
)
lying = Path("alarm-data/stations.csv")
assert lying.is_file() and md5(lying) == right, (
    "alarm-data/stations.csv is not the file that the pointer names: dvc update or dvc pull brings it."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-import-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: acceptable on lists of stations that keep the contract and lists that break it, each in one way.
### BEGIN HIDDEN TESTS
from judging import station_cases

for old, new, right, what in station_cases("stations"):
    said = acceptable(old, new)
    assert bool(said) is right, (
        f"A list in which {what} is {'acceptable' if right else 'not acceptable'} by the contract, and acceptable returned {said}."
    )
### END HIDDEN TESTS

# %% [markdown]
# An import is not pushed to your own remote: the pointer says where to fetch it. That saves space, and makes you depend on the city's store and tags. If it must outlive them, say for an audit, keep a copy of your own.

# %% [markdown]
# ## Part 6 · Forgotten for good
#
# Rider 311 has asked for the deletion of her data. The law (in Europe the GDPR's Article 17) gives her that right, and "she is in a version that we keep" is no answer. `riders-data` has two releases, `q2` and `q3`, in weeks; her trips are in three of them. `riders-store` has the data, and so have the cache in `riders-data/.dvc/cache` and
# `riders-backup`.

# %% nbgrader={"grade": false, "grade_id": "riders", "locked": true, "schema_version": 3, "solution": false, "task": false}
play_riders("riders-data", "riders-store", "riders-backup")
RIDER = 311
Path("key.txt").write_text("a secret that never lies in Git: 8f2c-51d0\n")  # at work: from the team's key store
for release in ("q2", "q3"):
    weeks = listing("riders-store", named("riders-data", release))
    print(
        release,
        [week for week, name in weeks.items() if f",{RIDER},".encode() in object_path("riders-store", name).read_bytes()],
        "of",
        len(weeks),
    )

# %% [markdown]
# Versions do not change, so there is one way: *new* versions without her, and the old objects deleted wherever they lie. Git keeps the old pointers: their hashes name what is gone. (Data in Git itself would need the history to be rewritten. One more reason to keep them out.) `dvc gc` is no help: it keeps what tags name.
#
# And she must *stay* forgotten. Tomorrow's export has her again if a system somewhere still does, and so has a restored backup. A **suppression list** stops that: tokens of those who must not be stored again, checked whenever data come in. It must not be a new list of persons. A plain hash is no protection: with 600 riders,
# anyone computes all 600 hashes and sees who is on it. A **keyed hash** (HMAC) needs a secret key, which does not lie in the repository. For whoever has the key the token is still personal data, and what is committed stays in Git: agree on that with your lawyers.
#
# ### Exercise 6 — Out, and out for good
# *Difficulty ●●● · about 18 minutes*
#
# (a) Write `token(rider, key)`, which returns the text that stands for a rider on the list: another for each rider, from which without the key nobody gets the rider, nor ever the key, and `ingest(export, blocked, key)`, which returns an export (a table with `rider_id` among its columns) without the rows of riders whose tokens are in the list `blocked`. All other rows stay as they are, also those without a rider (`NaN`). Where
# there are such rows pandas makes the numbers decimals: 311 and 311.0 are one rider, and so are the texts `"311"` and `"311.0"`. `key` is a text.
#
# (b) Remove rider 311. Done means:
#
# 1. On `main`, on top of what is there, two commits with the tags `q2-erased` and `q3-erased`: the weeks of `q2` and of `q3`, with all their rows but hers. A week without her is the object that it was. The tags `q2` and `q3` stay where they are.
# 2. `q3-erased` is the newest commit, its weeks lie in `riders-data/trips`, and both can be pulled from `riders-store`.
# 3. In Git at `q3-erased` lies `blocked.json`, a JSON list with her token, by the key in `key.txt`, stripped of white space.
# 4. No object with a row of hers is left in `riders-store`, `riders-backup` and `riders-data/.dvc/cache`. All other objects are still there.
#
# <details><summary>Hint 1</summary>Take lines out of the bytes, and all other lines stay as they are. Beware of rider 3110. Do the new versions first and push them; delete last, by what an object <em>contains</em>, in all three places.</details>
# <details><summary>Hint 2</summary>Python's module <code>hmac</code> makes keyed hashes, from bytes; make one text for each rider first, whatever the type. <code>line.split(",")[1] == "311"</code>. For each release write its weeks into <code>riders-data/trips</code>, take away what does not belong to it,
# <code>dvc add trips</code>, commit, tag, <code>dvc push</code>. <code>objects(place)</code> gives an object's name and path.</details>


# %% nbgrader={"grade": false, "grade_id": "erase", "locked": false, "schema_version": 3, "solution": true, "task": false}
def token(rider, key):
    """Return the text that stands for a rider on a suppression list."""
    ### BEGIN SOLUTION
    return hmac.new(key.encode(), str(int(float(rider))).encode(), "sha256").hexdigest()
    ### END SOLUTION


def ingest(export, blocked, key):
    """Return the export without the rows of riders whose tokens are blocked."""
    ### BEGIN SOLUTION
    stopped = set(blocked)
    keep = [pd.isna(rider) or token(rider, key) not in stopped for rider in export["rider_id"]]
    return export[keep]


def has_rider(content):
    """Return whether a file's bytes have a row of the rider's."""
    return any(line.split(b",")[1:2] == [str(RIDER).encode()] for line in content.splitlines())


Path("riders-data/blocked.json").write_text(json.dumps([token(RIDER, Path("key.txt").read_text().strip())]))
for release in ("q2", "q3"):
    shutil.rmtree("riders-data/trips")
    Path("riders-data/trips").mkdir()
    for week, name in listing("riders-store", named("riders-data", release)).items():
        lines = object_path("riders-store", name).read_bytes().splitlines(keepends=True)
        Path("riders-data/trips", week).write_bytes(b"".join(line for line in lines if not has_rider(line)))
    dvc("riders-data", "add", "trips")
    git("riders-data", "add", "trips.dvc", "blocked.json")
    git("riders-data", "commit", "--quiet", "-m", f"{release} after the deletion asked for on 4 November")
    git("riders-data", "tag", f"{release}-erased")
dvc("riders-data", "push", "--all-commits")
for place in ("riders-store", "riders-backup", "riders-data/.dvc/cache"):
    for path in objects(place).values():
        if has_rider(path.read_bytes()):
            path.unlink()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-erase", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
secret = Path("key.txt").read_text().strip()
export = pd.DataFrame({"trip_id": [1, 2, 3, 4], "rider_id": [311, 3110, 12, 311], "distance_km": [1.5, 2.5, 3.5, 4.5]})
stays = ingest(export, [token(311, secret)], secret)
assert list(stays["trip_id"]) == [2, 3], (
    f"Of the trips 1 to 4 (riders 311, 3110, 12, 311) ingest leaves {list(stays['trip_id'])}, expected 2 and 3."
)
assert token(311, secret) != token(311, "another key"), "token does not depend on the key: who knows the riders' numbers can try them all."
tags = git("riders-data", "tag").split()
assert {"q2-erased", "q3-erased"} <= set(tags), f"riders-data has the tags {', '.join(tags)}; expected q2-erased and q3-erased besides."
assert json.loads(git("riders-data", "show", "q3-erased:blocked.json")) == [token(311, secret)], (
    "blocked.json at q3-erased is not the list with the rider's token."
)
left = [week.name for week in sorted(Path("riders-data/trips").glob("*")) if re.search(rb"^[^,]*,311,", week.read_bytes(), re.M)]
assert not left, f"In riders-data/trips the rider's trips are still in {', '.join(left)}."

# %% nbgrader={"grade": true, "grade_id": "judge-erase", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the new versions, row by row, and every object in riders-store, riders-backup and the cache.
### BEGIN HIDDEN TESTS
from pathlib import Path

from colleagues import play_riders
from judgekit import own_folder
from judging import Repository, holds, rows_of, sound, without
from vault import listing, named, object_path, objects

repo = Repository("riders-data", "riders-data")
with own_folder() as place:
    play_riders(place / "riders-data", place / "riders-store", place / "riders-backup")
    then = Repository(place / "riders-data", "riders-data")
    for release in ("q2", "q3"):
        assert repo.has(release) and repo.commit(release) == then.commit(release), f"The tag {release} is gone or has moved."
    assert repo.commits()[:2] == then.commits() and repo.commit("q3-erased") == repo.commit("main"), (
        "q3-erased is not the newest commit of main, on top of the two that were there."
    )
    assert repo.commit("q2-erased") in repo.commits()[2:-1], "q2-erased is not a commit of main before q3-erased."
    for release in ("q2", "q3"):
        files, old = (
            repo.folder_at(f"{release}-erased", "riders-store"),
            listing(place / "riders-store", named(place / "riders-data", release)),
        )
        assert set(files) == set(old), f"{release}-erased has {len(files)} weeks, expected the {len(old)} weeks of {release}."
        for week, name in old.items():
            before = object_path(place / "riders-store", name).read_bytes()
            now = object_path("riders-store", files[week]).read_bytes()
            if not holds(before, 311):
                assert files[week] == name, (
                    f"In {release}-erased {week} is another object than in {release}, though the rider is not in it."
                )
            else:
                assert not holds(now, 311), f"In {release}-erased the rider is still in {week}."
                assert rows_of(now) == without(before, 311), (
                    f"In {release}-erased {week} lacks more than the rider's rows, or has other values: rider 3110 is someone else."
                )
    kept = {
        name for name, path in objects(place / "riders-store").items() if not name.endswith(".dir") and not holds(path.read_bytes(), 311)
    }
    for where in ("riders-store", "riders-backup", "riders-data/.dvc/cache"):
        bad = [name for name, path in objects(where).items() if not name.endswith(".dir") and holds(path.read_bytes(), 311)]
        assert not bad, (
            f"In {where} {len(bad)} objects still have rows of the rider's. Content-addressed does not mean out of reach: who knows an old pointer can pull them."
        )
        lacking = [name for name in kept if not sound(where, name)]
        assert not lacking, f"In {where} {len(lacking)} objects are gone in which the rider was not."
for week in Path("riders-data/trips").glob("*"):
    assert not holds(week.read_bytes(), 311), f"riders-data/trips/{week.name} has rows of the rider's."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-erase-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: token and ingest with another key and exports with gaps, decimals and texts; blocked.json, whether it gives the rider away.
### BEGIN HIDDEN TESTS
import hashlib
import json

import numpy as np
import pandas as pd
from judgekit import drawn
from judging import Repository, expect_secret

chance = drawn("ingest")
secret, riders = f"key {chance.random()}", chance.sample(range(100, 999), 12)
stopped = riders[:4]
blocked = [token(rider, secret) for rider in stopped]
assert all(isinstance(one, str) for one in blocked) and len(set(blocked)) == 4, "token must return a text, another for each rider."
plain = {
    hashlib.new(name, text.encode()).hexdigest()
    for name in ("md5", "sha1", "sha256", "sha512")
    for rider in stopped
    for text in (str(rider), f"{rider}.0")
}
assert not plain & set(blocked) and not any(str(rider) in one.split() for rider, one in zip(stopped, blocked)), (
    "A token is the rider's number or a plain hash of it: whoever has the list and the riders' numbers knows who is on it."
)
assert token(stopped[0], secret) != token(stopped[0], secret + "!"), "token does not depend on the key."
expect_secret(token, secret, stopped)
numbers = chance.choices([*riders, int(f"{stopped[0]}0")], k=60)
for form, values in {
    "whole numbers": numbers,
    "decimals with gaps": [np.nan if at % 9 == 0 else float(rider) for at, rider in enumerate(numbers)],
    "texts": [str(rider) for rider in numbers],
    "texts of decimals": [f"{rider}.0" for rider in numbers],
}.items():
    export = pd.DataFrame({"trip_id": range(60), "rider_id": values, "note": ["x"] * 60}, index=range(500, 560))
    out = [not (isinstance(value, float) and np.isnan(value)) and int(float(value)) in stopped for value in values]
    try:
        got = ingest(export, blocked, secret)
    except Exception as error:
        raise AssertionError(f"Where rider_id holds {form}, ingest stops with {type(error).__name__}: {error}") from None
    right = [at for at, gone in enumerate(out) if not gone]
    assert list(got["trip_id"]) == right, (
        f"Where rider_id holds {form}, ingest keeps {len(got)} of 60 rows, expected {len(right)}: all but those of the blocked riders, whatever the type, rows without a rider included."
    )
    assert list(got.columns) == list(export.columns) and list(got["rider_id"].dropna()) == [
        values[at] for at in right if values[at] == values[at]
    ], f"Where rider_id holds {form}, ingest has changed what it keeps. Rows that stay are as they were."
assert list(ingest(export, [], secret)["trip_id"]) == list(range(60)), "With nobody on the list ingest must keep every row."
listed = Repository("riders-data", "riders-data").text("q3-erased", "blocked.json")
known = {hashlib.new(name, text.encode()).hexdigest() for name in ("md5", "sha1", "sha256", "sha512") for text in ("311", "311.0")}
assert not any(word in listed for word in known) and 311 not in json.loads(listed) and "311" not in json.loads(listed), (
    "blocked.json names the rider by number or by a plain hash: the list of the forgotten gives them away."
)
### END HIDDEN TESTS

# %% [markdown]
# > **In older tutorials**
# >
# > | there | today |
# > |:--|:--|
# > | objects at `cache/ab/cdef…`; the line ends of texts were made equal before hashing | objects at `files/md5/ab/cdef…`, the bytes as they are (since DVC 3). `dvc cache migrate` moves an old cache, and a store that has both keeps many files twice |
# > | `dvc gc` alone, which kept what the workspace used | `dvc gc` refuses to run unless you say what to keep, and `--dry` shows what would go |
# > | `dvc pull` checks every file that it downloads | it does so only where the remote has `verify true` |

# %% [markdown]
# ## Putting it together
#
# The auditor's question. She has the commit from `deployed.json`, in the repository of Part 4; you give her a clone, and the proof that what lies in it is what the commit names. The list is hashed first: a list that lies proves nothing. And how such an answer to "what has changed since" looks, you know from the quarter in Part 2:

# %% tags=["uses-answers"]
shutil.rmtree("clone", ignore_errors=True)
git(".", "clone", "--quiet", "yard-data", "clone")
trained_from = json.loads(git("yard-data", "show", "main:deployed.json"))["trained_from"]
git("clone", "checkout", "--quiet", trained_from)
dvc("clone", "pull", "trips.dvc")
top = named("clone", "HEAD")
print("the list is what the commit names:", f"{md5(object_path('shared-store', top))}.dir" == top)
proof = {path: md5(Path("clone/trips", path)) == name for path, name in listing("shared-store", top).items()}
print(f"trained from {trained_from[:10]}: {sum(proof.values())} of {len(proof)} files are what the commit names")
print("and nothing else lies there:", {path.name for path in Path("clone/trips").iterdir()} == set(proof))
print(json.dumps(json.loads(git("trips-data", "show", "q3-mended:changes.json")), indent=1))
shutil.rmtree("clone")

# %% [markdown]
# (MD5 finds accidents. Against somebody who wants to cheat it proves nothing: for that, sign a SHA-256 of the list.) `changes.json` has a figure and a decision for each kind of change. What to take to work tomorrow:
#
# - Compare rows, not bytes; then ask what each change does, and decide by what is true.
# - Write equal rows as equal bytes. Storage, `dvc diff` and your pipeline's cache live on it.
# - A hash in a name is a promise. Somebody has to check it, every night; and to have a second copy.
# - Garbage collection deletes what you forgot to mention. Make a plan, compare, then delete.
# - Pin what comes from others to a release, and let a contract decide about the next.
# - To delete a person is a change of *all* versions and copies, and of the door through which data come in.
#
# In the real world three things are harder. Deletion and audit pull in opposite directions: agree with your lawyers on what an audit may still show, before the letter comes. A model trained on a person's trips still knows something of them: retrain it from the new version. And backups on tape cannot be edited: they are
# encrypted, and the key is deleted instead of the data.

# %% [markdown]
# ## Going further
#
# - **Every night.** Put `examine` into a scheduled job that writes a metric: damaged objects. When should it wake somebody?
# - **Column by column.** Your `changes` names rows. Add for each column how its distribution moved. The lab on monitoring goes on from there.
# - **The real store.** With S3 or the like, versioning and object lock can protect a store from `dvc gc` and from people. Read what `dvc remote modify … version_aware true` does.
#
# To read:
#
# - [DVC's documentation, the page on dvc gc](https://dvc.org/doc/command-reference/gc)
# - [DVC's documentation, the page on importing data](https://dvc.org/doc/command-reference/import)
# - [DVC's documentation, how the cache and its folders are laid out](https://dvc.org/doc/user-guide/project-structure/internal-files)
# - Chip Huyen, *Designing Machine Learning Systems*: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
# - [The text of the GDPR; Article 17 is the right to erasure](https://eur-lex.europa.eu/eli/reg/2016/679/oj)
