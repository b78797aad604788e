# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: advanced
#     minutes: 195
#     outcomes:
#     - Write a risk register whose measures run, and turn red when something breaks
#     - Choose thresholds for a stated policy of fairness, and say where the data are too few to know
#     - Build a model card from the run store, so that no number in it is stale
#     - Refuse model files that hold a payload, a false signature or an old version, and know what a software bill of materials misses
#     - Measure what a model and its service give away of people, and bound it
#     prerequisites:
#     - model-versioning
#     - model-serving
#     roadmap: Responsible and secure AI
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: responsible-secure-ai
#     terms:
#       risk register: "A list of what can go wrong, each entry with who is hurt, who owns it, how it is measured, and what is done about it."
#       selection rate: "The share of a group for which a model decides yes."
#       false positive rate: "Of those for whom no would have been right, the share for whom the model said yes."
#       false negative rate: "Of those for whom yes would have been right, the share for whom the model said no."
#       calibrated: "Said of scores that mean what they say: of the riders with score 0.3, three in ten leave a fee unpaid."
#       confidence interval: "The range of true rates with which a count that was seen is still compatible."
#       model card: "A short document that goes with a model: what it is for, on what it was measured, how well it does and for whom."
#       pickle: "Python's own format for saving objects; to read such a file is to run the program that is in it."
#       payload: "The part of a malicious file that does the harm."
#       allow-list: "A list of what is accepted; all else is refused."
#       digital signature: "A number made from a file and a private key, by which everyone with the public key can tell that the file is unchanged and who signed it."
#       rollback attack: "To give someone an old version that was rightly signed once, and has a known weakness."
#       SBOM: "Software bill of materials: a list, for machines to read, of all parts that a program is made of."
#       advisory: "A public notice that certain versions of a package have a weakness."
#       membership inference: "To find out from a model's answers whether a person was in its training data."
#       evasion: "To change an input a little, so that a model decides otherwise."
#       personal data: "What says something about a person who is, or can be, identified."
#       keyed hash: "A hash that can be computed only with a secret key, such as HMAC."
#     title: Responsible and secure AI
#     tools:
#     - NIST AI RMF
#     - Fairlearn
#     - MLflow
#     - skops
#     - model-signing
#     - CycloneDX
# ---

# %% [markdown]
# # Responsible and secure AI
#
# ## Why this matters
#
# Monday 2 March 2026, Metro Bikes. Ines Duarte, the city's officer for data protection, has written to Noor. Since January a model decides which new riders must leave a deposit of 50 euros: those who, it says, will probably leave a fee unpaid. She has eleven letters of complaint, nine of them from Eastfield, and questions:
#
# > 1. What can go wrong with this model, who answers for it, and how would you notice?
# > 2. Are riders who pay treated alike, wherever they live?
# > 3. Your model card says 0.83. Where does the number come from?
# > 4. A supplier sends you model files by post. What happens when you open one?
# > 5. How do you know that the model in service is the one that you tested?
# > 6. Of what is the service made, and which parts are known to be weak?
# > 7. Can one find out from the model who was in its data?
# > 8. What does the service let in, and what stands in its log about people?
#
# "We have an answer to each", says Cy, and he is right: a risk register, an audit, a card, a scanner, signatures, a list of parts. All of it is green. You will look at each, break something, and see whether it turns red. Mostly it does not.
#
# (Whether a deposit "significantly affects" people, GDPR Article 22, and whether this is a high-risk system under the EU's AI Act, Annex III (5b), are questions for lawyers. To test and to keep records helps with either.)
#
# That is the whole of this lab: **a control that nobody has seen fail is a hope.** *Responsible AI* is no list of good intentions, and *secure AI* no list of tools. Both are claims about a system that one can test.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie `deposit.py` (the team's module, short: open it) and, for each part, what Cy and others have made. `applications.csv` holds applications with their outcome, `requests.csv` what the service was asked yesterday. All data are made up.
#
# Take two sittings, parts 1 to 4 and parts 5 to 8. In the second, run all cells from the top first.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import hashlib
import hmac
import json
import logging
import os
import re
import shutil
import unicodedata
import zipfile
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import fairlearn.metrics
import matplotlib.pyplot as plt
import mlflow
import model_signing
import numpy as np
import pandas as pd
import skops.io
import yaml
from IPython.display import Image
from mlflow import MlflowClient
from packaging.version import InvalidVersion, Version
from scipy.stats import binomtest
from sklearn.metrics import log_loss, roc_auc_score

import measures_found
from colleagues import play_year
from deposit import INPUTS, TEAM, asked_by, at_share, rescored, today
from patterns import KINDS
from post import deliver, fickling_says, make_keys, parts_of, picklescan_says, sbom_of, signed_files

logging.disable(logging.INFO)
logging.getLogger("serializable").setLevel(logging.ERROR)
system = today()
recent = system["cases"].query("split == 'recent'").reset_index(drop=True)
print(f"{len(system['cases'])} applications, {len(recent)} of them recent; {system['cases']['unpaid'].mean():.0%} left a fee unpaid")
system["requests"].head(3)

# %% [markdown]
# ## Part 1 · A register that can turn red
#
# The **NIST AI Risk Management Framework** (NIST AI 100-1, January 2023) is what many companies and states go by. It is voluntary, and no checklist. It names four *functions*:
#
# | function | what it asks for |
# |:--|:--|
# | **Govern** | people answer for risks, and know it |
# | **Map** | the context: what the system is for, and whom it can hurt |
# | **Measure** | risks are measured, or it is written down that they are not |
# | **Manage** | something is done about what was measured; people, and means, to switch the system off |
#
# The framework does *not* say which metrics, which limits, or in which file. A **risk register**, a list of what can go wrong, each with who is hurt, who owns it, how it is measured and what is done, is an old tool; that it is YAML, and that each measure is a function that runs, is ours.
# Cy's is in `risks_found.yaml`, its measures are in `measures_found.py`:

# %%
register_found = yaml.safe_load(Path("risks_found.yaml").read_text())
print("as it is:", measures_found.cys_check(register_found, system))
nonsense = {**system, "cases": system["cases"].assign(score=lambda cases: cases["score"].where(cases["split"] == "train", 0.5))}
print("every recent score is 0.5:", measures_found.cys_check(register_found, nonsense))
print("no requests since yesterday:", measures_found.cys_check(register_found, {**system, "requests": system["requests"].iloc[:0]}))

# %% [markdown]
# Green, whatever one does. In the last line measures even have no value, for a mean of nothing is NaN, "not a number"; and **NaN > limit is false**, so it is green.
#
# The board has met, and decided what is tolerable:
#
# | id | what is measured | limit |
# |:--|:--|:--|
# | `ranking` | ROC AUC of the recent applications (`split` is `recent`): 1 if all who did not pay have higher scores than all who did, 0.5 by chance | red below 0.70 |
# | `scale` | recent applications, sorted by score and cut into five parts with as many riders each: the largest gap, among the five, between mean score and share unpaid. Rosa's `rosas_scale` in `measures_found.py` does just this | red above 0.10 |
# | `district` | recent applications of riders who *paid*, in each district with at least 100 *of these*: the share that was asked for a deposit, with its 95 % interval (below). The measure is max(lower ends) − min(upper ends) | red above 0.08 |
# | `inputs` | requests: share of missing values, in the worst of the four `INPUTS`; one that is gone counts as missing in all rows | red above 0.05 |
# | `fallback` | requests with status 200: the share of the most frequent answer | red above 0.05 |
# | `slow` | all requests, whatever their status: the 95th percentile of the milliseconds | red above 300 |
#
# A limit that is exactly met is green. Why an interval in `district`? A share counted on a few hundred riders is off by chance: five districts with the *same* true share of 15 % and 100 payers each differ by more than 0.08 in nearly half of all draws (with 300 each, in 4 of 100). An alarm that rings by chance is switched off. `binomtest(asked, payers).proportion_ci(method="wilson")` gives an interval, `low` and `high`; part 2 says more.
# If even the *ends* are 0.08 apart, that is hardly chance: with 300 payers each, in none of 20,000 draws of equal districts. The price: where one district's true share is 0.20 above the others' 0.10, it rings in 97 of 100 draws; where it is 0.12 above, only in 19. **Green then means "not shown", and not "equal".** (The usual interval of the *difference*, Newcombe's, would ring earlier. But which two of six districts differ most
# one sees only afterwards, and so it would also ring more often by chance than its 5 %.)
#
# ### Exercise 1 — Green, whatever one does
# *Difficulty ●●○ · about 25 minutes*
#
# Mend the register and its measures.
#
# 1. Write `check(register, system)`. It returns `"green"` or `"red"` for each id of the register (a list of dictionaries, as `yaml.safe_load` gives it). The limit, and on which side of it is red (`red_if` is `above` or `below`), come from the register: the board may change them. The measure is the one that `measure` names.
#    **What cannot be measured is red**: a measure that stops with an error, that has no finite value, or that does not exist. Do not swallow the error: log it, as in `logging.warning("%s: %r", name, error)`. Red without a reason helps nobody who is on call, and hides your own slips.
# 2. Mend Cy's register in its six wrong places, and write it to the file `register.yaml` (`yaml.safe_dump`). Each risk needs: `context`, a sentence (five words or more) on what happens and who is hurt; `owner`, *one* person of `TEAM`; `measure`, a name that your `check` knows; the board's `limit` and `red_if`; and `when_red` with `do` (three words or more), `by` (a person of `TEAM`) and `within_hours` (a number, at most 24).
#
# Done means: on a healthy system all six are green, also where a district has few riders, or few who paid, or is a little above the others by chance; whatever is broken turns the right one red. (Whether your sentences are true no function can tell. At work a colleague reads them.)
#
# <details><summary>Hint 1</summary>Go through Cy's measures one by one, and ask of each: which rows does it look at? Is it a mean that hides a bad part? Would it notice if the thing that it is named after broke? Then look at the last lines of his <code>cys_check</code>.</details>
# <details><summary>Hint 2</summary>Write down when a value is <em>good</em>, and let everything else be red: <code>np.isfinite(value) and value &lt;= limit</code>, inside a <code>try</code>. Keep the measures in a dictionary by name. The most frequent: <code>value_counts(normalize=True)</code>; the percentile: <code>quantile(0.95)</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "register", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
def newest(system):
    return system["cases"].query("split == 'recent'")


def ranking(system):
    return roc_auc_score(newest(system)["unpaid"], newest(system)["score"])


def district(system):
    groups = newest(system).query("unpaid == 0").groupby("district")["asked"].agg(["sum", "size"])
    large = groups[groups["size"] >= 100]
    ends = [binomtest(int(asked), int(payers)).proportion_ci(method="wilson") for asked, payers in large.to_numpy()]
    return max(end.low for end in ends) - min(end.high for end in ends)


def inputs(system):
    return system["requests"].reindex(columns=INPUTS).isna().mean().max()


def fallback(system):
    return system["requests"].query("status == 200")["answer"].value_counts(normalize=True).max()


def slow(system):
    return system["requests"]["ms"].quantile(0.95)


MEASURES = {"ranking": ranking, "scale": measures_found.rosas_scale, "district": district, "inputs": inputs, "fallback": fallback, "slow": slow}


def check(register, system):
    """Return green or red for each risk of the register; what cannot be measured is red."""
    colours = {}
    for risk in register:
        try:
            value, limit = float(MEASURES[risk["measure"]](system)), risk["limit"]
            good = np.isfinite(value) and (value <= limit if risk["red_if"] == "above" else value >= limit)
        except Exception as error:
            logging.warning("%s cannot be measured: %r", risk["id"], error)
            good = False
        colours[risk["id"]] = "green" if good else "red"
    return colours


register = yaml.safe_load(Path("risks_found.yaml").read_text())
by_id = {risk["id"]: risk for risk in register}
by_id["ranking"].update(owner="Ada", limit=0.70)
by_id["ranking"]["when_red"]["by"] = "Ada"
by_id["scale"]["measure"] = "scale"
by_id["district"]["context"] = "Riders who always pay are asked more often in one district, and cannot ride."
by_id["fallback"]["when_red"] = {"do": "switch the model off, ask nobody", "by": "Bo", "within_hours": 2}
Path("register.yaml").write_text(yaml.safe_dump(register, sort_keys=False))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-register", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
mine = yaml.safe_load(Path("register.yaml").read_text()) if Path("register.yaml").is_file() else None
assert isinstance(mine, list), "There is no list of risks in register.yaml. Write it from this cell."
ids = [risk.get("id") for risk in mine]
assert sorted(map(str, ids)) == ["district", "fallback", "inputs", "ranking", "scale", "slow"], (
    f"register.yaml holds the ids {ids}, expected the board's six."
)
colours = dict(check(mine, system))
assert colours.get("district") == "red", (
    f"As the system is today, district is {colours.get('district')}. Compare what happens to riders who paid: the share of them that is asked for a deposit, by district."
)
assert [name for name in ids if colours.get(name) != "green"] == ["district"], (
    f"check says {colours}. Today only district is red. Where more is, call that measure by itself: it may stop with an error."
)
shuffled = {**system, "cases": system["cases"].assign(score=lambda cases: cases["score"].where(cases["split"] == "train", 0.5))}
assert check(mine, shuffled).get("ranking") == "red", "Every recent score is 0.5, and ranking stays green. Which rows does it look at?"
silent = check(mine, {**system, "requests": system["requests"].iloc[:0]})
assert silent.get("slow") == silent.get("fallback") == "red", (
    "There is no request, so nothing is known of the service, and a measure is green. A comparison with NaN is false: ask whether a value is good, not whether it is bad."
)

# %% nbgrader={"grade": true, "grade_id": "judge-register", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: register.yaml, field by field; and that check goes by the register's limits, sides and names.
### BEGIN HIDDEN TESTS
from pathlib import Path

import yaml
from deposit import TEAM
from judge_register import LIMITS, healthy
from population import fresh

try:
    handed_in = yaml.safe_load(Path("register.yaml").read_text())
    risks = {risk["id"]: risk for risk in handed_in}
except Exception as error:
    raise AssertionError(f"register.yaml cannot be read as a list of risks with ids: {type(error).__name__}: {error}") from None
assert sorted(risks) == sorted(LIMITS) and len(handed_in) == len(LIMITS), (
    f"register.yaml holds {sorted(map(str, risks))}, expected each of the board's six once."
)
for name, risk in risks.items():
    assert len(str(risk.get("context") or "").split()) >= 5, (
        f"Map: the context of {name} is {risk.get('context')!r}. A sentence must say what happens, and to whom."
    )
    assert risk.get("owner") in TEAM, (
        f"Govern: the owner of {name} is {risk.get('owner')!r}, expected one person of {TEAM}. What all own, nobody does."
    )
    limit, side = LIMITS[name]
    assert (risk.get("limit"), risk.get("red_if")) == (limit, side), (
        f"Measure: {name} is red {risk.get('red_if')} {risk.get('limit')}, and the board said {side} {limit}."
    )
    plan = risk.get("when_red") or {}
    hours = plan.get("within_hours")
    assert len(str(plan.get("do") or "").split()) >= 3, f"Manage: when {name} is red, what is done? Found: {plan.get('do')!r}."
    assert plan.get("by") in TEAM, f"Manage: when {name} is red, who acts? Found {plan.get('by')!r}, expected one person of {TEAM}."
    assert isinstance(hours, (int, float)) and 0 < hours <= 24, (
        f"Manage: {name} is dealt with within {hours!r} hours, expected a number up to 24."
    )
system = healthy(fresh("limits"))
try:
    said = dict(check(handed_in, system))
except Exception as error:
    raise AssertionError(f"On a healthy system check stopped with {type(error).__name__}: {error}") from None
assert set(said.values()) == {"green"}, f"On a healthy system, one that you have not seen, check says {said}."
moved = [{**risk, "limit": 0.999 if risk["red_if"] == "below" else -1} for risk in handed_in]
assert set(check(moved, system).values()) == {"red"}, (
    "Where the board sets limits that nobody meets, some risk is green: take the limit from the register."
)
turned = [{**risk, "red_if": "above" if risk["red_if"] == "below" else "below"} for risk in handed_in]
assert set(check(turned, system).values()) == {"red"}, "Where red_if names the other side, some risk is green: take it from the register."
try:
    nameless = check([{**handed_in[0], "id": "new", "measure": "reviewed once a year"}], system)
except Exception as error:
    nameless = f"stopped with {type(error).__name__}: {error}"
assert nameless == {"new": "red"}, f"Of a risk whose measure does not exist, check says: {nameless}. What cannot be measured is red."
swapped = check([{**risks["slow"], "id": "wait"}, {**risks["ranking"], "id": "order"}], system)
assert swapped == {"wait": "green", "order": "green"}, f"With other ids, check says {swapped}: the measure is named by the field measure."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-register-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: healthy systems, also with small districts, differences by chance and refused requests, and systems that are broken in eleven ways, with your register.
### BEGIN HIDDEN TESTS
from pathlib import Path

import yaml
from judge_register import BREAKS, QUIET, broken, healthy, quiet
from population import fresh

handed_in = yaml.safe_load(Path("register.yaml").read_text())
rng = fresh("breaks")
for _ in range(2):
    system = healthy(rng)
    said = check(handed_in, system)
    alarms = sorted(name for name, colour in said.items() if colour != "green")
    assert not alarms, (
        f"On a healthy system {', '.join(alarms)} is red. An alarm that rings for nothing is switched off soon. A district of 14 riders is there too: what can be known of it?"
    )
for how, (name, what) in QUIET.items():
    colour = check(handed_in, quiet(system, how, rng)).get(name)
    assert colour == "green", f"All is well, and {name} is {colour}: {what}. An alarm that rings for nothing is switched off soon."
for how, (names, what) in BREAKS.items():
    try:
        said = check(handed_in, broken(system, how, rng))
    except Exception as error:
        raise AssertionError(f"Where {what}, check stopped with {type(error).__name__}: {error}") from None
    missed = [name for name in names if said.get(name) != "red"]
    assert not missed, f"Broken on purpose: {what}. And {', '.join(missed)} stayed green."
### END HIDDEN TESTS

# %% [markdown]
# Keep the last cell's idea: **break it on purpose, and look whether the light turns red**. Nothing else proves a control. What the register does not hold is a risk too; the framework asks to write down what is *not* measured. Here: riders who were never let in, of whom nobody will ever know whether they would have paid; riders who were asked, and paid perhaps *because* they were; and the last weeks, for an outcome is known only later.

# %% [markdown]
# ## Part 2 · Three fairnesses, and you cannot have them all
#
# "Everyone has the same threshold, so it is fair", says Cy. Three things are called fair: that all groups are asked equally often (equal *shares*), that the model errs equally often for all (equal *errors*, of two kinds), and that to be asked means the same for all (equal *precision*). Here is what Fairlearn's `MetricFrame` makes of that. It computes any metrics by group:
#
# - the **selection rate**: the share of a group that is asked for a deposit.
# - the **false positive rate**: of those who pay, the share that is asked all the same. It is the harm that riders feel.
# - the **false negative rate**: of those who do *not* pay, the share that is not asked. It is the harm that Metro Bikes feels.
# - the *precision*: of those asked, the share that does not pay. Related to it: scores are **calibrated**, they mean what they say, if of the riders with score 0.3 three in ten do not pay. Only if that holds *in every group* does one threshold ask all from the same risk on.

# %%
METRICS = {
    "riders": fairlearn.metrics.count,
    "selection_rate": fairlearn.metrics.selection_rate,
    "false_positive_rate": fairlearn.metrics.false_positive_rate,
    "false_negative_rate": fairlearn.metrics.false_negative_rate,
    "precision": lambda unpaid, asked: unpaid[asked == 1].mean(),
}
frame = fairlearn.metrics.MetricFrame(
    metrics=METRICS, y_true=recent["unpaid"], y_pred=recent["asked"], sensitive_features=recent["district"]
)
frame.by_group.assign(did_not_pay=recent.groupby("district")["unpaid"].mean()).round(2)

# %%
bands = recent.assign(
    score_from_to=pd.cut(recent["score"], [0, 0.2, 0.4, 0.7, 1]),
    where=np.where(recent["district"] == "Eastfield", "Eastfield", "elsewhere"),
)
bands.groupby(["score_from_to", "where"], observed=True)[["score", "unpaid"]].mean().unstack().round(2)

# %% [markdown]
# In Eastfield a rider who pays is asked about three times as often as elsewhere. The model does not know the district; late payments know it. The second table: nor does a score mean the same there. In each band more of Eastfield's riders do not pay than elsewhere, and more than the mean score says: its scores are too low. (The register's `scale`, over all districts, is green. A mean hides a bad part.) At work the first remedy is to mend that: find what late payments stand for there, train again, recalibrate. Thresholds come after, or until then.
#
# And the *base rates* differ: in Eastfield more riders leave fees unpaid. Then not everything can be equal:
#
# - Equal precision, equal false positive rates and equal false negative rates cannot be had together, as long as the model asks some of those who pay and some of those who do not. That is arithmetic: precision / (1 − precision) = base rate / (1 − base rate) × (1 − false negative rate) / false positive rate (Chouldechova 2017; Kleinberg and others 2016 prove the like for calibrated scores).
# - Equal shares and both error rates equal cannot be had together, unless the model asks those who pay as often as those who do not. Even a perfect model asks unequal shares.
#
# So one threshold, equal shares and equal errors are different policies. **Which one is right no data can say.** It is a choice about people, the board makes it, and you say what each costs.
#
# (Whether thresholds may differ by district at all is for lawyers: in some countries and trades that is forbidden. Here Ms Duarte's office has allowed it for a year.)
#
# Then there is *Island*, the new district, with a handful of riders. No rate says how little one knows there. Suppose that eight riders paid, and none was asked:

# %%
island = pd.DataFrame({"unpaid": [0] * 8, "asked": [0] * 8, "district": "Island"})
resampled = fairlearn.metrics.MetricFrame(
    metrics=fairlearn.metrics.false_positive_rate,
    y_true=island["unpaid"],
    y_pred=island["asked"],
    sensitive_features=island["district"],
    n_boot=30,
    ci_quantiles=[0.025, 0.975],
    random_state=0,
)
print("none of eight asked; by resampling:", [float(limit["Island"]) for limit in resampled.by_group_ci])
print("by Wilson's formula:               ", [round(float(limit), 2) for limit in binomtest(0, 8).proportion_ci(method="wilson")])

# %% [markdown]
# A **confidence interval** is the range of true rates with which what was seen is still compatible. Fairlearn's comes from *bootstrapping*: it draws the same eight riders again and again, and none of them was asked, so it claims to know that the rate is exactly 0. Wilson's formula, made for shares, knows that eight are few: the rate may be 0.3.
#
# ### Exercise 2 — The board's choice
# *Difficulty ●●● · about 28 minutes*
#
# Write two functions. `cases` has the columns `district` and `unpaid`, and `asked` (for the first) or `score` (for the second).
#
# 1. `audit(cases, limit)` says for each district, in a dictionary, whether its false positive rate is above the limit: `"above"` if that is known with 95 % confidence (its two-sided 95 % interval lies above the limit), `"within"` if the interval lies below it, and `"not known"` otherwise. The interval must be honest where few riders, or none, were asked. A district in which nobody paid is not known. (95 % hold for each district, not for all together: of 20 whose true rate *is* the limit, some one is called above in 40 of 100 audits.)
# 2. `choose(cases, equal, share)` returns a threshold for each district, in a dictionary. Who has at least that score is asked. `equal` names what the board wants to be the same in each: `"selection_rate"`, `"false_positive_rate"` or `"false_negative_rate"`; and of all riders together the share `share` is asked.
#    A district with fewer than 50 riders who paid, or fewer than 50 who did not, is too small for a threshold of its own. It gets the *common threshold*: the one that would ask `share` of all riders in `cases` if every district had it. Its riders count in the share of all.
#
# Done means: the audit knows what can be known. The thresholds are tried on riders whom you have not seen: districts differ by no more than 0.04 in selection rate, 0.045 in false positive rate, 0.09 in false negative rate, and the share of all riders is met within 0.015.
#
# <details><summary>Hint 1</summary>For the audit count, per district, those who paid and those of them who were asked. For the thresholds: if 10 % of each district's payers shall be asked, the threshold is a quantile (the score below which a given share lies), of which riders' scores? And for the false negative rate?</details>
# <details><summary>Hint 2</summary><code>binomtest(k, n).proportion_ci(method="wilson")</code> gives an interval. For a level q take in each district the (1 − q) quantile of the scores of the riders that the metric counts; <code>at_share(cases, thresholds_at, share)</code>, of <code>deposit.py</code>, finds the level at which <code>share</code> of all is asked, where <code>thresholds_at(q)</code> is a function of yours.</details>


# %% nbgrader={"grade": false, "grade_id": "fair", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
def audit(cases, limit):
    """Return above, within or not known for each district's false positive rate."""
    verdicts = {}
    for district, rows in cases.groupby("district"):
        asked = rows.loc[rows["unpaid"] == 0, "asked"]
        low, high = binomtest(int(asked.sum()), len(asked)).proportion_ci(method="wilson") if len(asked) else (0, 1)
        verdicts[district] = "above" if low > limit else "within" if high < limit else "not known"
    return verdicts


def choose(cases, equal, share):
    """Return a threshold for each district with which `equal` is equal and `share` of all riders is asked."""
    counted = {"selection_rate": [0, 1], "false_positive_rate": [0], "false_negative_rate": [1]}[equal]
    common, pools = float(cases["score"].quantile(1 - share)), {}
    for district, rows in cases.groupby("district"):
        if min((rows["unpaid"] == 0).sum(), (rows["unpaid"] == 1).sum()) >= 50:
            pools[district] = rows.loc[rows["unpaid"].isin(counted), "score"]

    def at(level):
        return dict.fromkeys(cases["district"], common) | {name: float(pool.quantile(1 - level)) for name, pool in pools.items()}

    return at_share(cases, at, share)


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-fair", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
verdicts = dict(audit(recent, 0.2))
assert verdicts.get("Eastfield") == "above", (
    f"Eastfield's payers are asked about three times as often as others; audit says {verdicts.get('Eastfield')!r}."
)
assert verdicts.get("Hillside") == "within", (
    f"In Hillside about one payer in ten is asked, of some hundreds: below 0.2. audit says {verdicts.get('Hillside')!r}."
)
assert verdicts.get("Island") == "not known", (
    f"Island has seven riders who paid. audit says {verdicts.get('Island')!r}; so few cannot tell."
)
large = recent[recent["district"] != "Island"]
for equal, counted, who in [
    ("selection_rate", [0, 1], "all riders"),
    ("false_positive_rate", [0], "the riders who paid"),
    ("false_negative_rate", [1], "the riders who did not pay"),
]:
    thresholds = choose(recent[["district", "score", "unpaid"]], equal, 0.25)
    assert sorted(thresholds) == sorted(recent["district"].unique()), (
        f"choose has thresholds for {sorted(thresholds)}, expected one for each district."
    )
    share = asked_by(recent, thresholds).mean()
    assert abs(share - 0.25) < 0.015, f"With your thresholds for an equal {equal} {share:.1%} of all are asked, expected 25 %."
    rows = large.assign(asked=asked_by(large, thresholds))[large["unpaid"].isin(counted)]
    by_place = rows.groupby("district")["asked"].mean()
    assert by_place.max() - by_place.min() < 0.025, (
        f"For an equal {equal}, of {who} {by_place.min():.1%} to {by_place.max():.1%} are asked, depending on the district. On the very riders you chose on, they can be equal."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-fair", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: audit, on counts that are clear and on counts that are not.
### BEGIN HIDDEN TESTS
from judge_fair import counted
from population import fresh

rng = fresh("audit")
shift = int(rng.integers(0, 4))
for limit, rows, right, why in [
    (0.2, (0, 8 + shift % 2, 5), "not known", "None of so few was asked: an interval by resampling has no width there, and is wrong."),
    (0.2, (62 + shift, 200, 30), "above", "Some sixty of two hundred is more than a fifth, chance or not."),
    (0.2, (10 + shift, 200, 30), "within", "A dozen of two hundred is less than a fifth, chance or not."),
    (0.2, (3, 10, 400), "not known", "Three of ten is more than a fifth, but so few cannot tell. Those who did not pay do not count."),
    (0.2, (36 + shift, 200, 0), "not known", "That is below the limit, but a rate above it would be no surprise."),
    (0.2, (44 - shift, 200, 0), "not known", "That is above the limit, but a rate below it would be no surprise."),
    (0.2, (0, 0, 12), "not known", "Nobody paid there, so there is no rate."),
    (0.2, (0, 300, 40), "within", "None of three hundred was asked."),
    (0.6, (9, 9, 0), "above", "All nine were asked; a rate of 0.6 would let one escape."),
    (0.8, (6, 6, 9), "not known", "All six were asked; at a rate of 0.8 that happens often."),
    (0.2, (141, 800, 50), "not known", "The two-sided 95 % interval ends just above the limit."),
    (0.2, (180, 800, 50), "not known", "The two-sided 95 % interval begins just below the limit."),
]:
    cases = counted(rng, {"Mill": rows, "Park": (70, 700, 90)})
    try:
        said = dict(audit(cases, limit))
    except Exception as error:
        raise AssertionError(f"With {rows[0]} of {rows[1]} payers asked, audit stopped with {type(error).__name__}: {error}") from None
    assert said.get("Mill") == right, (
        f"With {rows[0]} of {rows[1]} payers asked and a limit of {limit}, audit says {said.get('Mill')!r}, expected {right!r}. {why}"
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-fair-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: choose, for each of the three policies, on 40,000 riders of another city, tried on 100,000 others; in one district those who do not pay have other scores; districts that are just too small, and one that is not; and a city in which many are.
### BEGIN HIDDEN TESTS
from deposit import asked_by
from judge_fair import APART, PLACES, draw_city, many_small, rates, with_small
from population import fresh

rng = fresh("choose")
for equal in APART:
    poorer, odd = map(str, rng.permutation(PLACES)[:2])
    share = float(rng.choice([0.2, 0.25, 0.3]))
    past, others = with_small(rng, draw_city(rng, 40_000, poorer, odd)), draw_city(rng, 100_000, poorer, odd)
    try:
        thresholds = {name: float(value) for name, value in choose(past, equal, share).items()}
    except Exception as error:
        raise AssertionError(f"For the policy {equal}, choose stopped with {type(error).__name__}: {error}") from None
    assert set(thresholds) == {*PLACES, "Island", "Mill", "Quay"}, (
        f"For the policy {equal}, choose has thresholds for {sorted(thresholds)}, expected one for each district."
    )
    asked = asked_by(others, thresholds)
    assert abs(asked.mean() - share) < 0.015, (
        f"For the policy {equal}, {asked.mean():.1%} of riders not seen before are asked, expected {share:.0%}."
    )
    found = rates(others, asked)[equal]
    assert found.max() - found.min() <= APART[equal], (
        f"The policy is an equal {equal}: among riders not seen before it lies between {found.min():.3f} and {found.max():.3f}, expected at most {APART[equal]} apart."
    )
    common = past["score"].quantile(1 - share)
    for name, few in [("Island", "45 riders who did not pay, and 250 who did"), ("Mill", "45 riders who paid, and 250 who did not")]:
        assert abs(thresholds[name] - common) < 0.01, (
            f"{name} has {few}, too few for a threshold of its own: expected the common one, {common:.3f}, and choose says {thresholds[name]:.3f}."
        )
    assert thresholds["Quay"] < common - 0.05, (
        f"Quay has 52 riders who paid and 52 who did not, enough for a threshold of its own. Their scores are low, and choose says {thresholds['Quay']:.3f}, close to the common one, {common:.3f}."
    )
past = many_small(rng)
asked = asked_by(past, choose(past, "selection_rate", 0.25)).mean()
assert abs(asked - 0.25) < 0.015, (
    f"In a city with many small districts {asked:.1%} of all riders together are asked, expected 25 %. The small ones count too."
)
### END HIDDEN TESTS

# %% tags=["uses-answers"]
def on_the_other_half(thresholds_of):
    """Return the recent riders with `asked`: each half is decided with thresholds that were chosen on the other."""
    halves = [recent.iloc[::2], recent.iloc[1::2]]
    chosen = [thresholds_of(half[["district", "score", "unpaid"]]) for half in halves]
    return pd.concat([half.assign(asked=asked_by(half, thresholds)) for half, thresholds in zip(halves, chosen[::-1], strict=True)])


policies = {"one threshold": on_the_other_half(lambda half: dict.fromkeys(recent["district"], float(half["score"].quantile(0.75))))}
for name in list(METRICS)[1:4]:
    policies[f"equal {name.replace('_', ' ')}"] = on_the_other_half(lambda half, name=name: choose(half, name, 0.25))
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True)
for ax, metric in zip(axes, list(METRICS)[1:4], strict=True):
    for offset, (district_name, hatch) in enumerate([("Eastfield", ""), ("Hillside", "//")]):
        values = []
        for rows in policies.values():
            rows = rows[rows["district"] == district_name]
            values.append(100 * METRICS[metric](rows["unpaid"], rows["asked"]))
        ax.barh(np.arange(len(policies)) + 0.4 * offset, values, 0.38, hatch=hatch, edgecolor="white", label=district_name)
    ax.set(xlabel=f"{metric.replace('_', ' ')} (%)", xlim=(0, 80), yticks=np.arange(len(policies)) + 0.2, yticklabels=policies)
axes[0].invert_yaxis()
axes[1].legend()
fig.tight_layout()
fig.savefig("policies.png", dpi=100)
plt.close(fig)
Image(
    "policies.png",
    alt="Three bar charts for four policies, two districts each. With one threshold all three rates differ between Eastfield and Hillside. Each other policy makes its own rate about equal. With equal selection rates more of Hillside's payers are asked than of Eastfield's. With equal false positive or false negative rates the selection rates stay eight to nine points apart.",
)

# %% tags=["uses-answers"]
pd.DataFrame(
    {
        "pay, and are asked": {name: int(rows.query("unpaid == 0")["asked"].sum()) for name, rows in policies.items()},
        "do not pay, and are not asked": {name: int((1 - rows.query("unpaid == 1")["asked"]).sum()) for name, rows in policies.items()},
    }
)

# %% [markdown]
# Read them: in which policy do fewest of Eastfield's riders who pay leave a deposit? What does that cost Metro Bikes, and who pays for it when Eastfield's rate falls?
#
# <details><summary>What we see</summary>Equal selection rates ask fewest in Eastfield, and let most go there who will not pay. No policy is free: in Hillside about 18 % of those who pay are asked with equal false positive rates, and with one threshold it was 9 %. Over all districts, one threshold makes fewest errors of <em>both</em> kinds; equal false positive rates cost 17 payers more who are asked, and 11 more fees unpaid. Yet with one threshold it is Eastfield's good payers who bear
# most of the errors. (Equal false positive rates nearly equal the false negative rates too, here. That is so in this city, and no rule.)</details>
#
# The board took equal false positive rates: "whoever pays is treated alike". The register's `district` is red until your thresholds are in service.

# %% [markdown]
# ## Part 3 · A card with numbers from the store
#
# A **model card** goes with a model: what it is for, on what it was measured, how well it does, for whom, and what is not known. Bo wrote the deposit model's by hand, last year. `play_year` fills MLflow's store as it is now, with four versions and their evaluations (here as a file of your own; at work it is a server):

# %% nbgrader={"grade": false, "grade_id": "store", "locked": true, "schema_version": 3, "solution": false, "task": false}
mlflow.set_tracking_uri("sqlite:///mlflow.db")
play_year("deposit")

# %% nbgrader={"grade": false, "grade_id": "found-card", "locked": true, "schema_version": 3, "solution": false, "task": false}
card_found = json.loads(Path("card_found.json").read_text())
print({key: value for key, value in card_found.items() if key != "by_district"})
print("champion:", MlflowClient().get_model_version_by_alias("deposit", "champion").version)
runs = mlflow.search_runs(search_all_experiments=True, order_by=["attributes.start_time ASC"])
runs[["tags.evaluates", "status", "metrics.auc", "metrics.false_positive_rate", "params.threshold"]].fillna("")

# %% [markdown]
# The first four are training runs: their `auc` was measured *on the data that the model was trained on*, which flatters it. That is where the card's 0.83 comes from; and it is another version's. An evaluation run has the tag `evaluates`, such as `deposit/3`, numbers on held-out applications, and, if somebody computed them, numbers by district in its artefact `by_district.json`.
#
# ### Exercise 3 — Where does 0.83 come from?
# *Difficulty ●●○ · about 18 minutes*
#
# Write `card(name)`. It returns the model card of the registered model's champion as a dictionary, with the keys of Bo's, all from the store:
#
# - `model` and `version` (a whole number): the name, and the version that has the alias `champion` (there is one);
# - `threshold` (a number) and `data_sha256` (text): parameters of the run that trained that version;
# - `auc`, `false_positive_rate` and `by_district`: from the newest **finished** evaluation of *that version*, in whichever experiment it is. Evaluations that failed or were deleted do not count, and nor do those of other versions or models;
# - what is not there, or is no finite number, is `None`: it was not measured. What the newest evaluation lacks is not taken from an older one. In `by_district` the same holds of each rate, and a district with fewer than 30 `payers` keeps its count, and its `false_positive_rate` is `None`.
#
# Done means: card is right for this store and for fresh ones, also for a model that nobody has evaluated.
#
# <details><summary>Hint 1</summary>Two runs belong to a version: the one that made it (<code>run_id</code>), and the newest that judges it. MLflow's search takes a filter on tags and on <code>attributes.status</code>, and an order.</details>
# <details><summary>Hint 2</summary><code>mlflow.search_runs</code> looks through all experiments with <code>search_all_experiments</code>; a filter is a text such as <code>"tags.evaluates = '…' and attributes.status = '…'"</code>, an order <code>"attributes.start_time DESC"</code>, and <code>output_format="list"</code> gives run objects; <code>mlflow.artifacts.load_dict(run.info.artifact_uri + "/by_district.json")</code> raises if there is none. <code>.get(name)</code> gives <code>None</code> for what is not there, but NaN is a number for Python, in the file too.</details>


# %% nbgrader={"grade": false, "grade_id": "card", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
def number(value):
    return float(value) if value is not None and np.isfinite(float(value)) else None


def card(name):
    """Return the champion's model card, all of it from the store."""
    version = MlflowClient().get_model_version_by_alias(name, "champion")
    trained = mlflow.get_run(version.run_id).data.params
    finished = f"tags.evaluates = '{name}/{version.version}' and attributes.status = 'FINISHED'"
    newest = {"order_by": ["attributes.start_time DESC"], "output_format": "list"}
    evaluations = mlflow.search_runs(filter_string=finished, search_all_experiments=True, **newest)
    metrics, by_district = {}, None
    if evaluations:
        metrics = evaluations[0].data.metrics
        try:
            by_district = mlflow.artifacts.load_dict(evaluations[0].info.artifact_uri + "/by_district.json")
        except Exception:
            by_district = None
    for row in (by_district or {}).values():
        row["false_positive_rate"] = number(row["false_positive_rate"]) if row["payers"] >= 30 else None
    return {
        "model": name,
        "version": int(version.version),
        "threshold": number(trained.get("threshold")),
        "data_sha256": trained.get("data_sha256"),
        "auc": number(metrics.get("auc")),
        "false_positive_rate": number(metrics.get("false_positive_rate")),
        "by_district": by_district,
    }


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-card", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
made = card("deposit")
assert isinstance(made, dict) and set(made) == set(card_found), f"card has the keys {sorted(made)}, expected Bo's: {sorted(card_found)}."
assert made["version"] == 3, f"card is of version {made['version']}; the champion is 3."
assert made["threshold"] == 0.44, (
    f"card's threshold is {made['threshold']!r}, expected the number 0.44: a parameter of the run that trained version 3."
)
assert made["data_sha256"] == "c92b14" * 8, "data_sha256 is that of another version's training run."
assert made["auc"] != 0.81, "card's auc is 0.81. That was measured on the data that the model was trained on."
assert made["auc"] != 0.99, "card's auc is 0.99, of an evaluation that failed half-way."
assert made["auc"] == 0.78, (
    f"card's auc is {made['auc']}. Version 3 was evaluated twice; the newest counts: 0.78. (None? Which experiments does your search look through?)"
)
assert made["by_district"]["Eastfield"]["false_positive_rate"] == 0.31, (
    f"In Eastfield card says {made['by_district']['Eastfield']}, expected the newest evaluation's 0.31."
)
assert made["by_district"]["Island"] == {"payers": 9, "false_positive_rate": None}, (
    f"Of Island card says {made['by_district']['Island']}. Nine payers tell no rate: say None, and keep the count."
)

# %% nbgrader={"grade": true, "grade_id": "judge-card", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: card on fresh stores: which run counts. Other experiments, deleted evaluations, names that begin alike, versions above 9, models that were never evaluated.
### BEGIN HIDDEN TESTS
from judge_store import card_problem, own_store

with own_store():
    problem = card_problem(card, whole=True)
assert not problem, problem
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-card-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: card on stores in which rates are missing or NaN, or of few payers.
### BEGIN HIDDEN TESTS
from judge_store import card_problem, own_store

with own_store():
    problem = card_problem(card, whole=False)
assert not problem, problem
### END HIDDEN TESTS

# %% tags=["uses-answers"]
made = card("deposit")
stale = [key for key in made if made[key] != card_found[key]]
rows = [
    f"| {place} | {row['payers']} | {'not known' if row['false_positive_rate'] is None else row['false_positive_rate']} |"
    for place, row in made["by_district"].items()
]
Path("MODEL_CARD.md").write_text(
    f"# {made['model']} {made['version']}\n\nFor: whether a new rider leaves a deposit. Not for: prices, or closing accounts.\n\n"
    f"AUC {made['auc']}, false positive rate {made['false_positive_rate']}, on held-out applications.\n\n"
    + "\n".join(["| district | payers | false positive rate |", "|:--|:--|:--|", *rows])
    + "\n"
)
print("stale in the card that is in use:", stale)
print(Path("MODEL_CARD.md").read_text())

# %% [markdown]
# In a pipeline this runs at each release, and a card that differs from the store stops it. The words of a card, what the model is for and what it must not be used for, come from people. They do not come from the store, and no function checks them.
#
# > **In older tutorials** cards and stores are filled with `log_model(…, artifact_path="model")`, models have *stages* such as `Production`, and everything lies in `./mlruns`, as pickles. In MLflow 3 it is `name=`, *aliases* such as `champion`, and a database by default; scikit-learn models are saved with skops, the format of the next part. `mlflow.sklearn.load_model` on an old folder may still unpickle.

# %% [markdown]
# ## Part 4 · A model file is a program
#
# A **pickle** is Python's own format for saving objects. To read one is to *run* it: its bytes are orders to a small machine, and one order says "call this function with these arguments". What does the harm in such a file is its **payload**. joblib's files are pickles as well.
#
# A supplier has sent eight files. `deliver` writes them to `inbox`; the payloads in those named `gift…` are harmless, they only leave a file `payload-ran.txt`. Still, do not unpickle any of them: that is the point. Two scanners read the orders without following them:

# %% nbgrader={"grade": false, "grade_id": "inbox", "locked": true, "schema_version": 3, "solution": false, "task": false}
shutil.rmtree("inbox", ignore_errors=True)
TRUTH = deliver("inbox", recent, INPUTS)

# %% nbgrader={"grade": false, "grade_id": "scanned", "locked": true, "schema_version": 3, "solution": false, "task": false}
words_of = {"picklescan": picklescan_says, "fickling": fickling_says}
scanned = {scanner: {name: says(f"inbox/{name}") for name in TRUTH} for scanner, says in words_of.items()}
pd.DataFrame({"payload": TRUTH, **scanned})

# %% [markdown]
# Look closely, before you trust either. A file passes only if the scanner said *clean*; what it cannot read, or has not scanned, does not pass. By that rule picklescan lets two payloads pass, and fickling turns all four good models away. picklescan has a list of what is dangerous; fickling, of what is safe.
#
# - `gift-array.joblib` is joblib's usual form: raw bytes of an array stand between the orders, and there both lose the thread. A wrapper that takes "nothing found" for "clean" lets it pass.
# - `gift-packed.joblib` is compressed; picklescan finds no order in it, and no error either: *clean*.
# - `gift.skops` is no pickle. It is a zip archive, and picklescan looks for pickles in it.
# - `linear.pkl` is a good model, and fickling accuses it, as most models.
#
# **skops** turns this round. Its file is a zip with a description of the objects; to load one, skops builds only types that are on an **allow-list**, a list of what is accepted, and you may add to it:

# %%
for name in ("linear.skops", "forest.skops", "gift.skops"):
    print(name, "needs, beyond what skops allows:", skops.io.get_untrusted_types(file=f"inbox/{name}"))
tree = skops.io.load("inbox/forest.skops", trusted=["sklearn.tree._tree.Tree"])
print(type(tree).__name__, "with", len(tree.estimators_), "trees")

# %% [markdown]
# `sklearn.tree._tree.Tree` is the compiled tree inside scikit-learn's forests: arrays of numbers, no code. We have looked at its source. `joblib.numpy_pickle.dump` is a function that writes what it is given to a file, and the archive says which: it might be your `.bashrc`. Tutorials pass `trusted=get_untrusted_types(file=…)`: a door that asks each guest whether he is welcome.
#
# ### Exercise 4 — By post
# *Difficulty ●○○ · about 8 minutes*
#
# Write `predictions(path, rows)`. It returns the model's probabilities of `unpaid` for the rows (a table with the columns `INPUTS`), as a list of numbers. It **raises an exception, and runs nothing from the file**, unless the file is a skops archive, whatever its name says, that
#
# - unpacks to at most 20 million bytes in all, by the archive's own list (a *zip bomb* is small on disk, and fills the memory; the list may be believed, for Python reads no more of a part than it says),
# - needs no types beyond those that skops allows by itself and `sklearn.tree._tree.Tree`. That list is yours, not the file's.
#
# Done means: no payload runs, no good model is turned away.
#
# <details><summary>Hint 1</summary>You need no scanner for this: a pickle is refused because it is no skops archive. Who reviews a new type, the function or a person?</details>
# <details><summary>Hint 2</summary><code>zipfile.ZipFile(path).infolist()</code> lists the files inside, without unpacking them. What does <code>skops.io.load</code> do with a type that is not in <code>trusted</code>? The models were trained on arrays of numbers without column names: <code>rows[INPUTS].to_numpy(dtype=float)</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "post", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
REVIEWED = ["sklearn.tree._tree.Tree"]


def predictions(path, rows):
    """Return the probabilities of a skops model; raises for all that is not on the allow-list."""
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > 20_000_000:
        raise ValueError(f"{path} unpacks to {size} bytes")
    model = skops.io.load(path, trusted=REVIEWED)
    return [float(p) for p in model.predict_proba(rows[INPUTS].to_numpy(dtype=float))[:, 1]]


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-post", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
rows = recent.head(5)
for name in ("linear.skops", "forest.skops"):
    probabilities = list(predictions(f"inbox/{name}", rows))
    assert len(probabilities) == 5 and all(0 < p < 1 for p in probabilities), (
        f"For {name} predictions returned {probabilities}, expected five probabilities."
    )
for name in [file for file in TRUTH if file not in ("linear.skops", "forest.skops")]:
    try:
        predictions(f"inbox/{name}", rows)
        opened = True
    except Exception:
        opened = False
    assert not Path("payload-ran.txt").exists(), (
        f"{name} ran its payload: see payload-ran.txt. Delete that file, and do not unpickle to find out."
    )
    assert not opened, f"predictions opened {name}, which is no skops archive with reviewed types."

# %% nbgrader={"grade": true, "grade_id": "judge-post", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: predictions, on good models and on files that you have not seen: payloads of several kinds under several names, types that nobody has reviewed, archives that unpack to too much.
### BEGIN HIDDEN TESTS
from judge_files import post_cases
from judgekit import own_folder

with own_folder() as folder:
    rows, cases, marker = post_cases(folder)
    for path, right, what in cases:
        try:
            found, problem = list(predictions(str(path), rows)), None
        except Exception as error:
            found, problem = None, f"{type(error).__name__}: {error}"
        assert not marker.exists(), f"A payload ran: {what}. It was harmless; the next will not be. Do not unpickle, not even to look."
        if right is None:
            assert found is None, f"predictions opened {what}."
        else:
            assert problem is None, f"predictions turned away a good model, {what}: {problem}"
            assert len(found) == len(right) and max(abs(a - b) for a, b in zip(found, right)) < 1e-9, (
                f"predictions of {what} differ from the model's own, which are {right[:3]} …"
            )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · The model that was tested
#
# skops says that a file does no harm. It does not say that it is *the right one*. A **digital signature** does: a number made from the files and a *private key*; with the *public key* everybody can check that not a byte has changed, and who signed. `model_signing` (version 1) signs all files of a folder at once. The keys are files of your own machine here; at work the private one lies in a vault, or *sigstore* gives a key for some minutes to whoever signs in with an account, which needs the network.

# %% nbgrader={"grade": false, "grade_id": "keys", "locked": true, "schema_version": 3, "solution": false, "task": false}
make_keys("keys", "ada")
make_keys("keys", "stranger")
shutil.rmtree("candidate", ignore_errors=True)
Path("candidate").mkdir()
shutil.copy("inbox/linear.skops", "candidate/model.skops")
digest = hashlib.sha256(Path("candidate/model.skops").read_bytes()).hexdigest()
Path("candidate/evaluation.json").write_text(json.dumps({"model_sha256": digest, "auc": 0.78}))

# %%
shutil.rmtree("shown", ignore_errors=True)
shutil.copytree("candidate", "shown")
signer = model_signing.signing.Config().use_elliptic_key_signer(private_key=Path("keys/ada.pem"))
signer.sign(Path("shown"), Path("shown.sig"))


def verified(folder, signature, public_key="keys/ada.pub"):
    try:
        model_signing.verifying.Config().use_elliptic_key_verifier(public_key=Path(public_key)).verify(Path(folder), Path(signature))
        return "verified"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:90]}"


print("as signed:           ", verified("shown", "shown.sig"))
print("with another key:    ", verified("shown", "shown.sig", "keys/stranger.pub"))
Path("shown/helper.py").write_text("print('hello')")
print("one file more:       ", verified("shown", "shown.sig"))
Path("shown/helper.py").unlink()
Path("shown/.git").mkdir()
Path("shown/.git/model.pkl").write_bytes(b"anything")
print("one more, in .git:   ", verified("shown", "shown.sig"))
print("what was signed:     ", signed_files("shown.sig"))
shutil.rmtree("shown")
Path("shown.sig").unlink()

# %% [markdown]
# `one more, in .git` is no mistake of ours: by default `model_signing` does not look at what Git uses, `.git`, `.gitignore` and their like. Whoever unpacks the folder gets these files all the same, and most published models hold a `.gitattributes`. `model_signing.hashing.Config().set_ignored_paths(paths=[], ignore_git_paths=False)` is a configuration that looks at all. Signer and verifier both take it, with `.set_hashing_config(…)`, and both need it: what a signer leaves out is written into the
# signature, and then every verifier leaves it out too. So who wants *all* files signed must also compare the list that was signed with what is there: `signed_files` reads it from a signature, as paths in the folder. Leave the rest of `model_signing`'s configuration as it is.
#
# And a signature never says *when*. The model of last autumn, with Eastfield's error in it, was signed too, and still is: to serve someone an old release that was rightly signed is a **rollback attack**. Against it, name and version must be *inside* what is signed, and who loads must know which he wants.
#
# ### Exercise 5 — Signed, after the test
# *Difficulty ●●● · about 25 minutes*
#
# 1. `release(folder, name, version, private_key)`. The folder holds `model.skops` and `evaluation.json` (its `model_sha256` is the SHA-256 of the file that was evaluated, `auc` its result). Raise an exception, and sign nothing, unless the evaluation is of *this* `model.skops` and its `auc` is a number (no text, not `true`) of at least 0.70. Then write `release.json` into the folder, `{"name": …, "version": …}` (text and whole number), and sign every file in the folder, also `.gitignore` and the like.
#    The signature lies beside the folder, with `.sig` after its whole name: `candidate` → `candidate.sig`, `deposit-1.2` → `deposit-1.2.sig`.
# 2. `accept(folder, public_key, name, at_least)` returns the version of a release that may be loaded, a whole number. It raises an exception unless
#    - the signature beside the folder is by this key, and over exactly the files that are there. A file in the folder that is not in the signature's list is a reason to refuse, also if the signer left it out on purpose;
#    - `release.json` says this `name`, and its version is a whole number (no text, not `true`) and at least `at_least`.
#
# Folders and keys are given as text, folders without a slash at the end. Done means: what you release is accepted. Whatever was changed, added or left out, signed by others, not tested, or is old or another model, is not.
#
# <details><summary>Hint 1</summary>What must be there before the signature is made, so that it is covered? Which of the two checks of <code>release.json</code> would an attacker get round, if the signature were not verified?</details>
# <details><summary>Hint 2</summary>Signer and verifier are those of the cell above, each with the configuration that looks at all. Ada may have signed with the default: what does <code>signed_files</code> say then, and what does <code>rglob("*")</code> find? NaN is not at least 0.70, and not below it: write down what is good. <code>True</code> is an <code>int</code> for <code>isinstance</code>, not for <code>type(…) is</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "sign", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
def everything():
    return model_signing.hashing.Config().set_ignored_paths(paths=[], ignore_git_paths=False)


def release(folder, name, version, private_key):
    """Sign the folder as this version, if its evaluation is good and of this very model."""
    evaluation = json.loads(Path(folder, "evaluation.json").read_text())
    if evaluation["model_sha256"] != hashlib.sha256(Path(folder, "model.skops").read_bytes()).hexdigest():
        raise ValueError("another model was evaluated")
    if type(evaluation["auc"]) not in (int, float) or not evaluation["auc"] >= 0.70:
        raise ValueError(f"the auc is {evaluation['auc']!r}")
    Path(folder, "release.json").write_text(json.dumps({"name": name, "version": version}))
    signer = model_signing.signing.Config().use_elliptic_key_signer(private_key=Path(private_key)).set_hashing_config(everything())
    signer.sign(Path(folder), Path(f"{folder}.sig"))


def accept(folder, public_key, name, at_least):
    """Return the release's version; raises unless all of it is signed, of this name, and new enough."""
    verifier = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=Path(public_key))
    signature = Path(f"{folder}.sig")
    verifier.set_hashing_config(everything()).verify(Path(folder), signature)
    if signed_files(signature) != {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}:
        raise ValueError("not every file is signed")
    said = json.loads(Path(folder, "release.json").read_text())
    if said["name"] != name or type(said["version"]) is not int or said["version"] < at_least:
        raise ValueError(f"it is {said['name']} {said['version']}")
    return said["version"]


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-sign", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
for left in ("candidate.sig", "candidate/release.json", "untested.sig"):
    Path(left).unlink(missing_ok=True)
release("candidate", "deposit", 4, "keys/ada.pem")
assert Path("candidate.sig").is_file(), "release left no candidate.sig beside the folder."
assert json.loads(Path("candidate/release.json").read_text()) == {"name": "deposit", "version": 4}, (
    "candidate/release.json does not say name and version of the release."
)
assert accept("candidate", "keys/ada.pub", "deposit", 3) == 4, "Version 4 is at least 3, rightly signed, and accept does not return 4."
for why, arguments in {
    "the key is a stranger's": ("candidate", "keys/stranger.pub", "deposit", 3),
    "version 5 or newer is wanted": ("candidate", "keys/ada.pub", "deposit", 5),
    "another model is wanted": ("candidate", "keys/ada.pub", "repair-alarm", 3),
}.items():
    try:
        taken = accept(*arguments)
    except Exception:
        taken = None
    assert taken is None, f"accept took a release although {why}."
shutil.rmtree("untested", ignore_errors=True)
shutil.copytree("candidate", "untested")
shutil.copy("inbox/forest.skops", "untested/model.skops")
try:
    release("untested", "deposit", 5, "keys/ada.pem")
except Exception:
    pass
assert not Path("untested.sig").exists(), "release signed a folder whose evaluation.json belongs to another model: compare the SHA-256."

# %% nbgrader={"grade": true, "grade_id": "judge-sign", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: release, on folders that were and were not rightly evaluated; what it signs is verified here.
### BEGIN HIDDEN TESTS
from judge_files import release_cases, verifies
from judgekit import own_folder

with own_folder() as folder:
    for path, good, version, what in release_cases(folder):
        try:
            release(str(path), "deposit", version, str(folder / "keys" / "judge.pem"))
            problem = None
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if good:
            assert problem is None, f"{what}: release stopped with {problem}"
            wrong = verifies(path, folder / "keys" / "judge.pub", version)
            assert not wrong, f"{what}: {wrong}"
        else:
            assert problem and not path.with_name(path.name + ".sig").exists(), f"release signed, or did not complain: {what}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-sign-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: accept, on good releases and on such that were changed, added to, shortened, swapped, signed by others, replayed from old, or signed for another model.
### BEGIN HIDDEN TESTS
from judge_files import attack_cases
from judgekit import own_folder

with own_folder() as folder:
    for path, at_least, right, what in attack_cases(folder):
        try:
            taken, problem = accept(str(path), str(folder / "keys" / "judge.pub"), "deposit", at_least), None
        except Exception as error:
            taken, problem = None, f"{type(error).__name__}: {error}"
        if right is None:
            assert problem is not None, f"accept took a release as version {taken!r} that it must refuse: {what}."
        else:
            assert problem is None, f"accept refused a good release ({what}): {problem}"
            assert taken == right and not isinstance(taken, bool), (
                f"accept returned {taken!r} for a good release ({what}), expected {right}."
            )
### END HIDDEN TESTS

# %% [markdown]
# Signing before the evaluation would say "these bytes left Ada's machine". Signed after it, with the evaluation inside, it says "these bytes were tested, with this result, and Ada vouches for it".
#
# One gap is left between parts 4 and 5: `accept` reads the files, and later `predictions` reads them again. Who can write to the folder in between changes the model *after* the check. So copy the release to a place where only the service writes, check it there, and load it from there.
#
# Now for the summary at the end, and then we tidy up: private keys and a supplier's payloads should not lie about in a folder of notes. (To run a cell of parts 4 and 5 again, start from the set-up cells of part 4.)

# %% tags=["uses-answers"]
opened, in_service = [], accept("candidate", "keys/ada.pub", "deposit", 4)
for name in TRUTH:
    try:
        predictions(f"inbox/{name}", recent)
        opened.append(name)
    except Exception as error:
        print(f"{name} was not opened: {type(error).__name__}")

# %%
for folder in ("inbox", "keys", "candidate", "untested"):
    shutil.rmtree(folder, ignore_errors=True)
for signature in ("candidate.sig", "untested.sig"):
    Path(signature).unlink(missing_ok=True)

# %% [markdown]
# ## Part 6 · Of what is it made?
#
# An **SBOM**, a *software bill of materials*, lists all parts of a program for machines to read. CycloneDX is one of the two common formats. `sbom_of` runs `cyclonedx-py requirements` on the service's list of packages. (On a whole environment, `cyclonedx-py environment` lists also what these packages brought with them. That takes half a minute or more, and is what you want at work.)
#
# PyPI takes `Fast.Bikes`, `fast_bikes` and `fast-bikes` for one name; `parts_of` gives the *normalised* one, the version, and the *extras*, optional parts such as in `locksmith[bluetooth]`:

# %% nbgrader={"grade": false, "grade_id": "bill", "locked": true, "schema_version": 3, "solution": false, "task": false}
sbom = sbom_of("requirements_found.txt")
parts_of(sbom)

# %% [markdown]
# An **advisory** is a public notice that certain versions of a package have a weakness. The usual tool, `pip-audit`, asks for them over the network. On a build machine without one it either stops, or, behind a proxy, finds that a package is "not found on PyPI", **skips it, and ends with exit code 0: all clear**. With `--strict` it fails where it must skip something; at work, use that. Skipped is not clear, and no answer is no answer.
#
# So we keep advisories in a file, with normalised names, in a shorter form of [OSV, the open format for vulnerabilities](https://ossf.github.io/osv-schema/). (There a range is a list of *events*; we put them into one dictionary. `extra` is ours, OSV has no field for it.)

# %% nbgrader={"grade": false, "grade_id": "advisories", "locked": true, "schema_version": 3, "solution": false, "task": false}
advisories = json.loads(Path("advisories.json").read_text())
for advisory in advisories:
    print(advisory)

# %% [markdown]
# A version is affected if it lies in one of the `ranges`: it is `introduced` or newer (`"0"` is before all, release candidates too), and older than `fixed`, or not newer than `last_affected`; with neither of these there is no remedy yet. `extra`: the advisory is only about those who install the package with this extra. One that was `withdrawn` was an error. A field that has nothing to say (`extra`, `withdrawn`, `fixed`, `last_affected`) may be null, or left out. Packages and advisories are made up, save for two packages that are real; their advisory is not.
#
# Ada's matcher:

# %%
clear = [
    part["name"]
    for part in sbom["components"]
    if not any(part["name"] == a["package"] and str(part.get("version")) < a["ranges"][0].get("fixed", "0") for a in advisories)
]
print("all clear:", clear)

# %% [markdown]
# ### Exercise 6 — All clear
# *Difficulty ●●○ · about 15 minutes*
#
# Write `match(sbom, advisories)`. It returns a dictionary of two lists:
#
# - `"affected"`: pairs of an advisory's id and the package's name (as `parts_of` gives it), for each advisory that holds for a part.
# - `"unknown"`: the names of parts whose version is missing or cannot be read as a version. Nobody can say whether they are affected, so they are no all-clear. They are in no pair.
#
# Versions are compared as versions: 0.10 is newer than 0.9, and a release candidate such as 2.0rc1 comes *before* 2.0. A package may be in a bill twice, with two versions. A pair or name that you give twice counts once.
#
# Done means: it finds what is in this bill, and in others.
#
# <details><summary>Hint 1</summary>What becomes of <code>"0.10.0" &lt; "0.9.4"</code>, of <code>fast.bikes</code>, and of a part without a version, in Ada's matcher? And a specifier such as <code>&lt;2.0</code> leaves out 2.0rc1, by pip's rules; compare versions instead.</details>
# <details><summary>Hint 2</summary><code>Version</code> is imported; <code>Version("latest")</code> raises <code>InvalidVersion</code>. <code>Version("0")</code> is newer than <code>0rc1</code>, so <code>"0"</code> needs a case of its own. Then the two possible ends, one after the other.</details>


# %% nbgrader={"grade": false, "grade_id": "parts", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
def inside(version, reach):
    if reach["introduced"] != "0" and version < Version(reach["introduced"]):
        return False
    if reach.get("fixed") and version >= Version(reach["fixed"]):
        return False
    return not (reach.get("last_affected") and version > Version(reach["last_affected"]))


def match(sbom, advisories):
    """Return what is affected, as pairs of advisory and package, and of what it is not known."""
    affected, unknown = set(), set()
    for name, text, extras in parts_of(sbom):
        try:
            version = Version(text or "")
        except InvalidVersion:
            unknown.add(name)
            continue
        for advisory in advisories:
            if advisory["package"] != name or advisory.get("withdrawn") or (advisory.get("extra") or "") not in {"", *extras}:
                continue
            if any(inside(version, reach) for reach in advisory["ranges"]):
                affected.add((advisory["id"], name))
    return {"affected": sorted(affected), "unknown": sorted(unknown)}


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-parts", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
found = match(sbom, advisories)
pairs = {tuple(pair) for pair in found["affected"]}
for pair, why in [
    (("MB-2026-02", "scikit-learn"), "Scikit_Learn 1.9.1 lies in the second of two ranges."),
    (("MB-2026-03", "locksmith"), "locksmith is installed with the extra bluetooth, and 3.2.0 is the last affected."),
    (("MB-2026-05", "tariffs"), "2.0rc1 comes before 2.0, in which it is fixed."),
]:
    assert pair in pairs, f"match does not find {pair}. {why}"
assert ("MB-2026-01", "fast-bikes") not in pairs, (
    "fast.bikes 0.10.0 is newer than 0.9.4, in which it was fixed: compare versions, not texts."
)
assert ("MB-2026-06", "geo-rings") not in pairs, "The advisory on geo-rings was withdrawn."
assert len(pairs) == 3, f"match finds {sorted(pairs)}, expected three pairs."
assert list(found["unknown"]) == ["pedalpay"], f"unknown is {found['unknown']}, expected pedalpay: it has no version, so nobody knows."

# %% nbgrader={"grade": true, "grade_id": "judge-parts", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: match, on ranges around other versions: ends, release candidates, what comes before 0.
### BEGIN HIDDEN TESTS
from judge_parts import parts_problem, range_cases

problem = parts_problem(match, range_cases())
assert not problem, problem
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-parts-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: match, on other bills: extras, versions that are missing or none, a package twice, advisories that leave fields out.
### BEGIN HIDDEN TESTS
from judge_parts import bill_cases, parts_problem

problem = parts_problem(match, bill_cases())
assert not problem, problem
### END HIDDEN TESTS

# %% [markdown]
# ## Part 7 · Who was in the data?
#
# A model that knows its training data by heart answers more surely about people who were in it. **Membership inference** turns that into an attack: who knows what became of a rider asks the model, and looks how probable it called *what really happened*. If that is high, the rider was probably in the data. To have been in the data may itself be a secret: here, to have had a fee unpaid on record.
#
# How well the attack works on average is measured by its AUC: 0.5 is a coin, 1 is certainty. (The mean hides a bad part here too: an attack with an AUC of 0.52 may name a few people for certain. So Carlini and others, 2022, also report the true positive rate at a very low false positive rate, such as 0.1 %; that needs far more riders than ours.) The attack needs *members*, who were in the training data, and *non-members*. Bo's forest, trained on applications of spring:

# %% nbgrader={"grade": false, "grade_id": "forest", "locked": true, "schema_version": 3, "solution": false, "task": false}
from sklearn.ensemble import RandomForestClassifier

cases = system["cases"]
spring, autumn = cases.iloc[:1600], cases.iloc[1600:].copy()
autumn["unpaid"] = autumn["unpaid"] | (np.random.default_rng(1).random(len(autumn)) < 0.25)  # in autumn the prices went up
member = spring.index < 800
forest = RandomForestClassifier(50, random_state=0).fit(spring.loc[member, INPUTS].to_numpy(float), spring.loc[member, "unpaid"])
scored = pd.concat(
    [
        spring.assign(member=member, period="spring", p=forest.predict_proba(spring[INPUTS].to_numpy(float))[:, 1]),
        autumn.assign(member=False, period="autumn", p=forest.predict_proba(autumn[INPUTS].to_numpy(float))[:, 1]),
    ]
)[["member", "period", "p", "unpaid"]].reset_index(drop=True)
print("right about members:", round(((scored["p"] > 0.5) == scored["unpaid"])[scored["member"]].mean(), 3))
print(
    "right about others: ",
    scored.assign(right=(scored["p"] > 0.5) == scored["unpaid"]).query("not member").groupby("period")["right"].mean().round(3).to_dict(),
)

# %% [markdown]
# Cy takes all others for non-members, and so measures two things at once: what the model remembers, and that autumn was another season. A model that remembers nothing would look leaky to him. **Members and non-members must be alike in all but membership.**
#
# Against the leak there is first of all not to overfit: simpler models, averaging over many riders. Stronger is *differential privacy*, which adds noise in training and proves a bound; it is not in this lab. And a model that says nothing leaks nothing: so the measure needs a floor of usefulness beside it. That is the *log loss*, the mean of −log(probability given to what happened): 0.60 if one says the same of everyone, less if one
# knows more.
#
# ### Exercise 7 — Less by heart
# *Difficulty ●●○ · about 14 minutes*
#
# 1. Write `leak(scored)`. `scored` is a table as above. Return the AUC of the attack, a number: with how high a chance does a member get a higher score than a non-member, if the score is the probability that the model gave to what really happened? (Ties count half, as in every ROC AUC; it may be below 0.5, and stays so.) All members are of one period; non-members of other periods do not count.
# 2. Write `train_and_score(train, others)`. It trains a model on `train` (columns `INPUTS` and `unpaid`) and returns its probabilities of `unpaid` for `others` (columns `INPUTS`), a list of numbers. Choose the model.
#
# Done means, on 800 riders to train on, twice, and others of the same kind: the attack's AUC is at most 0.545 on average, and the log loss on the others at most 0.53.
#
# <details><summary>Hint 1</summary>Which rows are alike? And the probability of what happened is <code>p</code> for riders who left a fee unpaid; for the rest?</details>
# <details><summary>Hint 2</summary><code>roc_auc_score(member, score)</code>. A logarithm is not needed, and of a probability of 0 it is infinite. For the model: what makes a forest repeat single riders, and which of its settings makes each leaf a mean over many? Or which model has far fewer numbers to learn than there are riders? Measure both, leak and log loss.</details>


# %% nbgrader={"grade": false, "grade_id": "members", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def leak(scored):
    """Return the AUC with which the model's answers tell members from non-members of the same period."""
    alike = scored[scored["period"].isin(scored.loc[scored["member"], "period"])]
    score = np.where(alike["unpaid"] == 1, alike["p"], 1 - alike["p"])
    return float(roc_auc_score(alike["member"], score))


def train_and_score(train, others):
    """Return the probabilities of a regularised model."""
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(train[INPUTS].to_numpy(float), train["unpaid"].to_numpy())
    return model.predict_proba(others[INPUTS].to_numpy(float))[:, 1].tolist()


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-members", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
measured = float(leak(scored))
assert measured > 0.5, f"The attack's AUC on Bo's forest is {measured:.3f}. Which side is higher: members, or the others?"
alike = scored.query("period == 'spring'")
bos = np.where(alike["unpaid"] == 1, alike["p"], 1 - alike["p"])
assert abs(measured - roc_auc_score(alike["member"], bos)) < 1e-9, (
    f"leak says {measured:.3f}. Members are of spring: compare them with others of spring, by the probability given to what really happened."
)
spring_again = spring.assign(p=list(train_and_score(spring[member], spring[INPUTS])), member=member, period="spring")
assert spring_again["p"].between(0, 1).all(), "train_and_score must return probabilities of unpaid, between 0 and 1."
after, loss = float(leak(spring_again)), log_loss(spring_again.loc[~member, "unpaid"], spring_again.loc[~member, "p"])
assert after < measured - 0.1, f"The attack's AUC was {measured:.3f} on Bo's forest, and is {after:.3f} on your model."
assert loss < 0.55, f"The log loss on riders who are not in the data is {loss:.3f}; a model that knows nothing has more than 0.60."

# %% nbgrader={"grade": true, "grade_id": "judge-members", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: leak, on answers of models that know everything, something or nothing by heart, with other periods beside.
### BEGIN HIDDEN TESTS
from judge_members import leak_cases

for table, right, what in leak_cases():
    try:
        said = float(leak(table))
    except Exception as error:
        raise AssertionError(f"{what}: leak stopped with {type(error).__name__}: {error}") from None
    assert abs(said - right) < 1e-6, f"{what}. leak says {said:.4f}, expected {right:.4f}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-members-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: train_and_score, on two other sets of 800 riders, attacked and measured here.
### BEGIN HIDDEN TESTS
from judge_members import attack

attacks, losses = [], []
for salt in (1, 2):
    try:
        one, loss = attack(train_and_score, salt)
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"On 800 other riders train_and_score stopped with {type(error).__name__}: {error}") from None
    attacks.append(one)
    losses.append(loss)
assert sum(attacks) / 2 <= 0.545, (
    f"On other riders the attack's AUC is {sum(attacks) / 2:.3f}, expected at most 0.545: your model still knows riders by heart."
)
assert sum(losses) / 2 <= 0.53, (
    f"On riders who are not in the data the log loss is {sum(losses) / 2:.3f}, expected at most 0.53: a model that tells nothing is private, and of no use."
)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 8 · What comes in, and what stays in the log
#
# **Evasion** is to change one's own input a little so that the model decides otherwise. A rider cannot see the model, but may try: here with a delay of payments that is up to a fifth smaller or larger than it was, each time with another guess, as often as the service lets him.

# %%
threshold, rng = recent.loc[recent["asked"] == 1, "score"].min(), np.random.default_rng(3)
at_the_edge = recent[(recent["score"] >= threshold) & (recent["score"] < recent.loc[recent["asked"] == 1, "score"].quantile(0.3))]
for tries in (1, 3, 10, 30):
    best = rng.uniform(0.8, 1.2, (len(at_the_edge), tries)).min(axis=1)
    print(f"{tries:2} tries: {np.mean(rescored(at_the_edge, best) < threshold):.0%} of those near the threshold get away")

# %% [markdown]
# No limit on one request helps against that. What helps is a *budget*: few tries for each rider and hour (and the delay from our own books, not from the request). Yet a limit on requests is needed as well. JSON lets in `NaN`, `1e999`, texts of any size, brackets in brackets in brackets; Unicode has characters that are not seen and such that turn the text round; and in Python `True` is a whole number.
#
# What goes in is often written down, and then the log holds **personal data**, what says something about a person who can be identified. Here is a part of it (all made up):

# %% nbgrader={"grade": false, "grade_id": "log", "locked": true, "schema_version": 3, "solution": false, "task": false}
print(Path("service_found.log").read_text())
people = json.loads(Path("people.json").read_text())

# %% [markdown]
# Logs go to more people, and are kept longer, than anybody thinks. But operations need to see that the *same* rider had three errors. A plain hash of the rider's number is no way: there are ten thousand riders, and who hashes all numbers has the table. A **keyed hash**, such as HMAC, can be computed only with a secret key: without it the token says nothing, and when the key is destroyed, nobody can compute the old tokens any more. Until then a token is a *pseudonym* (GDPR, Art. 4(5)): for whoever has the key, the masked log is still personal data, and is protected as such.
#
# ### Exercise 8 — In and out
# *Difficulty ●●● · about 28 minutes*
#
# 1. `admit(body)` takes a request's bytes and returns the dictionary, or raises `ValueError` (or a kind of it), and nothing else. A body has at most 2,000 bytes (not characters), is UTF-8, and holds a JSON object with exactly these fields, each once (`true` is no number):
#    - `failed_payments`: whole number, 0 to 100 (`2.0` is none); `delay_days`: number, 0 to 365; `day_pass`: `true` or `false`;
#    - `note`: text. It comes back in Unicode's form NFC (é is one character there, also where it came as e and an accent). In that form it has at most 200 characters, and none that is unassigned or made to control, hide or turn round text: those of a Unicode category that begins with `C`.
# 2. `mask(line, people, key)` returns the line of a log, without what names a person to those who lack the key. `people` is a list as in `people.json`, `key` is bytes. `KINDS`, from `patterns.py`, are Rosa's regular expressions: they decide what looks like a number after `rider=`, an e-mail address, an IPv4 address or a telephone number, and what only looks like one and *stays*.
#
#    | in the line | what becomes of it |
#    |:--|:--|
#    | one of the people's names, in capitals or not, but not inside a longer word | `<rider:TOKEN>` |
#    | one of the people's e-mail addresses, in capitals or not | `<rider:TOKEN>` |
#    | one of the people's telephone numbers, with other signs between its digits or none | `<rider:TOKEN>` |
#    | the number after `rider=`, of one of the people or of anyone else | `<rider:TOKEN>`, after `rider=` |
#    | another e-mail address, IPv4 address or telephone number | `<email>`, `<ip>`, `<phone>` |
#    | all else, and what `stays`: `station=0205550142`, `version 6.0.2.1` | itself |
#
#    `TOKEN` has 12 or more digits of 0–9 and a–f, from a keyed hash of the rider's number: the same for a rider however named, another for another rider or key.
#
# Done means: on bodies and lines that you have not seen, nothing harmful gets in, nobody is named as far as the table goes, and what operations need is still there.
#
# <details><summary>Hint 1</summary>For <code>admit</code>: decode the bytes yourself (<code>json.loads</code> guesses UTF-16), and ask what Python's JSON accepts that JSON does not allow. For <code>mask</code>: read <code>patterns.py</code>. All kinds in one regular expression, what stays first: then a character that belongs to one find belongs to no other.</details>
# <details><summary>Hint 2</summary><code>object_pairs_hook</code> sees fields that come twice; brackets in brackets end in a <code>RecursionError</code>; <code>type(value) is int</code> is false for <code>True</code>; <code>unicodedata.category(c)[0] == "C"</code>. For a known telephone number compare only the digits. <code>hmac.new(key, str(rider_id).encode(), "sha256").hexdigest()</code>; <code>re.sub("|".join(kinds), function, line, flags=re.IGNORECASE)</code> calls the function with each match, whose
# <code>lastgroup</code> is the kind.</details>


# %% nbgrader={"grade": false, "grade_id": "door", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
def once(pairs):
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field comes twice")
    return fields


def admit(body):
    """Return the request as a dictionary; raises ValueError for what must not get in."""
    if len(body) > 2000:
        raise ValueError("too long")
    try:
        request = json.loads(body.decode("utf-8"), object_pairs_hook=once)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(request, dict) or set(request) != {"failed_payments", "delay_days", "day_pass", "note"}:
        raise ValueError("not the fields that are expected")
    failed, delay, note = request["failed_payments"], request["delay_days"], request["note"]
    if type(failed) is not int or not 0 <= failed <= 100:
        raise ValueError("failed_payments")
    if type(delay) not in (int, float) or not 0 <= delay <= 365:
        raise ValueError("delay_days")
    if type(request["day_pass"]) is not bool:
        raise ValueError("day_pass")
    if type(note) is not str:
        raise ValueError("note")
    note = unicodedata.normalize("NFC", note)
    if len(note) > 200 or any(unicodedata.category(c)[0] == "C" for c in note):
        raise ValueError("note")
    return {**request, "note": note}


def mask(line, people, key):
    """Return the line with riders as tokens and without other personal data."""

    def token(rider_id):
        return f"<rider:{hmac.new(key, str(rider_id).encode(), 'sha256').hexdigest()[:16]}>"

    def digits(text):
        return re.sub(r"\D", "", text)

    known = {}
    for person in people:
        known |= dict.fromkeys([person["name"].lower(), person["email"].lower(), digits(person["phone"])], token(person["rider_id"]))
    names = sorted((re.escape(person["name"]) for person in people), key=len, reverse=True)
    kinds = [*KINDS, rf"(?P<name>(?<!\w)(?:{'|'.join(names)})(?!\w))"] if names else KINDS

    def replaced(found):
        text, kind = found[0], found.lastgroup
        if kind == "stays":
            return text
        if kind == "number":
            return token(text)
        return known.get(digits(text) if kind == "phone" else text.lower(), f"<{kind}>")

    return re.sub("|".join(kinds), replaced, line, flags=re.IGNORECASE)


### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-door", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
good = {"failed_payments": 2, "delay_days": 1.5, "day_pass": False, "note": "café"}
assert admit(json.dumps(good).encode()) == good, "admit does not return a good request as it is."
for body, why in [
    (json.dumps({**good, "delay_days": float("nan")}).encode(), "its delay_days is NaN"),
    (json.dumps({**good, "failed_payments": True}).encode(), "its failed_payments is true"),
    (json.dumps({**good, "delay_days": 400}).encode(), "its delay_days is 400"),
    (json.dumps({**good, "admin": True}).encode(), "it has a field more"),
    (json.dumps({**good, "note": "x" * 5000}).encode(), "it has 5,000 bytes"),
    (b"[" * 1900, "it is 1,900 opening brackets"),
]:
    try:
        admit(body)
        problem = "let it in"
    except ValueError:
        problem = ""
    except Exception as error:
        problem = f"stopped with {type(error).__name__}, expected ValueError"
    assert not problem, f"Of a request admit {problem}: {why}."
key, lines = b"a secret of today", Path("service_found.log").read_text().splitlines()
masked = [mask(line, people, key) for line in lines]
print("\n".join(masked))
for secret in [
    "rider=4711",
    "203.0.113.77",
    "maya",
    "Lindqvist",
    "174-06-35",
    "rider=8020",
    "m.l@work.example",
    "7946 0018",
]:
    assert secret.lower() not in "\n".join(masked).lower(), f"{secret} still stands in the masked log."
for kept in [
    "station=0205550142",
    "version 6.0.2.1",
    "firmware 10.4.11.3",
    "trip 0411122233344",
    "2026-03-02T08:02:00Z",
    "score=0.3812",
    "request 20260302080200",
]:
    assert kept in "\n".join(masked), f"{kept} is no personal data, and is gone from the masked log."
tokens = [re.findall("<rider:([0-9a-f]+)>", line) for line in masked]
assert tokens[0] and {*tokens[0], *tokens[2]} == {tokens[0][0]} and len(tokens[2]) == 3, (
    "In lines 1 and 3 Maya Lindqvist is named four times: by number, address, telephone and name. All four must give one token."
)

# %% nbgrader={"grade": true, "grade_id": "judge-door", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: admit, on bodies that you have not seen.
### BEGIN HIDDEN TESTS
from judge_requests import body_cases, refused

for body, right, what in body_cases():
    try:
        said, problem = admit(body), ""
    except Exception as error:
        said, problem = None, "refused it" if refused(error) else f"stopped with {type(error).__name__}, and not ValueError, on it"
    if right is None:
        assert problem == "refused it", f"Of a body that must be refused, admit {problem or 'let it in'}: {what}."
    else:
        assert said == right, f"Of a good body ({what}), admit {problem or f'made {said!r}, expected {right!r}'}."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-door-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: mask, on lines about other people, with look-alikes; and its tokens.
### BEGIN HIDDEN TESTS
import re

from judge_logs import SHOWN, log_lines

crowd, lines = log_lines()
key, other = b"judge's key 1", b"judge's key 2"
tokens = {}
for line, pattern, riders, what in lines:
    try:
        said = mask(line, crowd, key)
    except Exception as error:
        raise AssertionError(f"On a line with {what}, mask stopped with {type(error).__name__}: {error}") from None
    fits = re.fullmatch(pattern, str(said))
    assert fits, f"A line with {what}: mask made\n{said}\nof\n{line}\nexpected\n{SHOWN(pattern)}"
    for rider, found in zip(riders, fits.groups(), strict=True):
        before = tokens.setdefault(rider, found)
        assert before == found, (
            f"A line with {what}: the token of rider {rider} is {found} here, and was {before} before. One rider, one token, however named."
        )
assert len(set(tokens.values())) == len(tokens), "Two riders have the same token."
line, _, riders, what = lines[0]
again, changed = mask(line, crowd, key), mask(line, crowd, other)
assert again == mask(line, crowd, key), "mask makes other tokens each time: operations cannot follow a rider from line to line."
assert again != changed, "With another key mask makes the same tokens: then anybody can compute them, rider by rider."
### END HIDDEN TESTS

# %% [markdown]
# Masking afterwards is the second line, for much passes it: a first name alone, two spaces in a name, a typographic apostrophe in O’Neill, an IPv6 address, a card number, the rider whom a note describes ("the tall woman from the bakery"). The first line is not to write it down: a log entry made of chosen fields needs no regular expression.
#
# ## Putting it together
#
# Ms Duarte gets eight answers. Each is a function that somebody else can run, and that was seen to fail:

# %% tags=["uses-answers"]
with_policy = policies["equal false positive rate"].assign(split="recent")
print("1, 2  register then:        ", check(mine, {**system, "cases": with_policy}), "(on riders who were not used for choosing)")
print("3     stale in the card:    ", stale)
print("4     from the post, opened:", opened, "of", len(TRUTH))
print("5     in service:            deposit", in_service)
print(
    "6     parts to mend:        ",
    [package for _, package in match(sbom, advisories)["affected"]],
    "and not known:",
    match(sbom, advisories)["unknown"],
)
print(f"7     attack's AUC:          {measured:.2f} became {after:.2f}")
print("8     in the log:           ", masked[2])

# %% [markdown]
# What to take to work tomorrow:
#
# - Break it on purpose. A measure that has never been red measures nothing yet. What cannot be measured is red.
# - "Fair" needs three more words: by which metric, between whom, how sure.
# - A scanner's silence is no promise. Prefer formats that cannot run code, allow-lists, and signatures that say *what* and *which version*.
# - "Skipped", "not found" and "no answer" are not "all clear".
# - Privacy and usefulness are measured together, or one of them is not measured.
#
# What this lab did not do:
#
# - Our data are simulated and small; the keys lie on a disk; `evaluation.json` comes from the one who signs; a real SBOM lists also what packages bring with them.
# - *Poisoning*, that someone slips rows into the training data: the card's `data_sha256` names the data, and something would have to compare it. *Extraction*, that someone copies the model by asking it: a budget of requests is the first help there too.
# - To tell a rider that a model decided, and why: that is what Ms Duarte will ask for next.
# - Whether to have such a model at all is the first question of Map, which no function answers.
#
# ## Going further
#
# - **The register in CI.** Let the workflow of *CI/CD for ML* run `check`, and open an issue for the owner where something is red. When does it ring too often?
# - **Another tool.** Would Fairlearn's `ThresholdOptimizer` do better, and what does it mean that it decides by lot?
# - **A shadow attack.** Ours knows who was a member. A real attacker trains *shadow models* on riders of his own. How much worse is he?
#
# To read:
#
# - [NIST AI 100-1, the AI Risk Management Framework 1.0](https://nvlpubs.nist.gov/nistpubs/ai/NIST.AI.100-1.pdf), and [its playbook, with suggestions for each subcategory](https://airc.nist.gov/airmf-resources/playbook/)
# - [Fairlearn's user guide, on assessment and on mitigation](https://fairlearn.org/stable/user_guide/index.html)
# - Solon Barocas, Moritz Hardt, Arvind Narayanan, *Fairness and Machine Learning*: [the book, free to read](https://fairmlbook.org/)
# - Margaret Mitchell and others, *Model Cards for Model Reporting* (2019): [the paper at arXiv](https://arxiv.org/abs/1810.03993)
# - [skops' page on secure persistence](https://skops.readthedocs.io/en/stable/persistence.html), and [model-signing's repository](https://github.com/sigstore/model-transparency)
# - Reza Shokri and others, *Membership Inference Attacks Against Machine Learning Models* (2017): [the paper at arXiv](https://arxiv.org/abs/1610.05820); Nicholas Carlini and others, *Membership Inference Attacks From First Principles* (2022): [that paper at arXiv](https://arxiv.org/abs/2112.03570)
# - What cannot be had together: Alexandra Chouldechova, *Fair prediction with disparate impact* (2017), [at arXiv](https://arxiv.org/abs/1610.07524); Jon Kleinberg and others, *Inherent Trade-Offs in the Fair Determination of Risk Scores* (2016), [at arXiv](https://arxiv.org/abs/1609.05807)
