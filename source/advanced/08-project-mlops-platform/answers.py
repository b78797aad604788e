# Other answers to this project's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style. Each is a whole file of the platform.
# Each wrong release of the spring fails one event and passes the others: 11 points, or 10 where the notebook's own spring shows it, too.

# %% grade_id="admission" points=13 why="another style: one pass over the rows, reasons in a set, NumPy"
from datetime import datetime

import numpy as np
from platform_kit import CONTRACT

RULES = CONTRACT["columns"]


def good(name, value):
    rule = RULES[name]
    if name == "day":
        try:
            return isinstance(value, str) and datetime.strptime(value, "%Y-%m-%d").strftime("%Y-%m-%d") == value
        except ValueError:
            return False
    if name == "district":
        return isinstance(value, str) and value in rule["values"]
    if type(value) is not int and (type(value) is not float or name == "trip"):
        return False
    return bool(np.isfinite(value)) and rule["min"] <= value <= rule.get("max", float("inf"))


def admit(p, delivery):
    known = {}
    for row in p.data.rows():
        known[row["trip"]] = row
    wrong, fresh, seen, odd = set(), [], set(), 0
    if len(delivery["rows"]) == 0:
        wrong.add("empty")
    elif any(sorted(row) != sorted(RULES) for row in delivery["rows"]):
        wrong.add("columns")
    else:
        wrong.update(name for row in delivery["rows"] for name in RULES if not good(name, row[name]))
    if not wrong:
        for row in delivery["rows"]:
            if row["trip"] in seen:
                wrong.add("duplicates")
            seen.add(row["trip"])
            speed = row["distance_km"] / (row["minutes"] / 60)
            odd += speed < 2 or speed > 45
            if row["trip"] not in known:
                fresh.append({name: row[name] for name in RULES})
            elif any(row[name] != known[row["trip"]][name] for name in RULES):
                wrong.add("conflict")
        if odd / len(delivery["rows"]) > 0.02:
            wrong.add("speed")
    if wrong:
        p.data.quarantine(delivery, sorted(wrong))
        return dict(status="quarantined", reasons=sorted(wrong))
    if fresh:
        return dict(status="admitted", version=p.data.commit([*known.values(), *fresh]))
    return dict(status="known", version=p.data.newest())


save_cell("system/admission.py")

# %% grade_id="admission" points=8 message="8 of 300 trips are faster" why="does not look at speeds: passes what is visible" changes="solution"
-    found = ["speed"] if odd > limits["share"] * len(rows) else []
+    found = []

# %% grade_id="admission" points=9 message="2 % of the trips are slower" why="refuses a delivery for its first forgotten bike: passes what is visible" changes="solution"
-    found = ["speed"] if odd > limits["share"] * len(rows) else []
+    found = ["speed"] if odd else []

# %% grade_id="admission" points=4 message="60 trips are in the data already" why="refuses what is in the data already as duplicates" changes="solution"
-    if set(reasons) <= {"speed", "duplicates"} and any(row["trip"] in known and row != known[row["trip"]] for row in rows):
+    if not reasons and any(row["trip"] in known for row in rows) and not all(known.get(row["trip"]) == row for row in rows):

# %% grade_id="admission" points=0 message="a good delivery" why="remembers deliveries by their id" changes="solution"
     rows = delivery["rows"]
+    if delivery["id"] in p.read("deliveries"):
+        return {"status": "known", "version": p.data.newest()}

# %% grade_id="admission" points=8 message="and one is there twice" why="gives the first of several reasons alone: passes what is visible" changes="solution"
-    if max(Counter(row["trip"] for row in rows).values()) > 1:
+    if not found and max(Counter(row["trip"] for row in rows).values()) > 1:

# %% grade_id="admission" points=9 message="under an id that was admitted before" why="a delivery whose id was admitted is known, without a look at its rows: passes what is visible" changes="solution"
+    if delivery["id"] in p.read("deliveries", []):
+        return {"status": "known", "version": p.data.newest()}
     rows = delivery["rows"]
@@
     new = [row for row in rows if row["trip"] not in known]
     if not new:
         return {"status": "known", "version": p.data.newest()}
+    p.write("deliveries", [*p.read("deliveries", []), delivery["id"]])

# %% grade_id="audit" points=12 why="another style: the whole file is written anew and put in the place of the old one"
import json
from hashlib import sha256
from pathlib import Path

from trail import FIELDS, START


def load(path):
    if not Path(path).exists():
        return []
    lines = Path(path).read_bytes().split(b"\n")
    lines.pop()  # nothing, or what a crash has left
    return lines


def digest(previous, entry):
    text = previous + json.dumps({field: entry[field] for field in FIELDS}, sort_keys=True)
    return sha256(text.encode("utf-8")).hexdigest()


def append(path, entry):
    for field in FIELDS:
        if type(entry.get(field)) is not str or entry[field] == "":
            raise ValueError(field)
    lines = load(path)
    records = [json.loads(line) for line in lines]
    for record in records:
        if record["key"] == entry["key"]:
            return record["hash"]
    previous = records[-1]["hash"] if records else START
    record = {field: entry[field] for field in FIELDS} | {"after": previous, "hash": digest(previous, entry)}
    lines.append(json.dumps(record, ensure_ascii=False).encode())
    temporary = Path(str(path) + ".new")
    temporary.write_bytes(b"".join(line + b"\n" for line in lines))
    temporary.replace(path)
    return record["hash"]


def verify(path, head=None):
    lines, previous, hashes = load(path), START, [START]
    for number in range(len(lines)):
        try:
            record = json.loads(lines[number])
            fine = record["after"] == previous and record["hash"] == digest(previous, record)
            fine = fine and all(type(record[field]) is str and record[field] for field in FIELDS)
        except Exception:
            fine = False
        if not fine:
            return number + 1
        previous = record["hash"]
        hashes.append(previous)
    if head is None or head in hashes:
        return 0
    return len(lines) + 1


save_cell("system/audit.py")

# %% grade_id="audit" points=0 message="of after and the six fields" why="leaves the hash before out of the hash: a chain of words" changes="solution"
-    return hashlib.sha256((after + json.dumps(fields, sort_keys=True)).encode()).hexdigest()
+    return hashlib.sha256((json.dumps(fields, sort_keys=True)).encode()).hexdigest()

# %% grade_id="audit" points=8 message="A crash had left half a line" why="leaves half lines where they are: passes what is visible" changes="solution"
-        if torn:
-            file.truncate(sum(len(each) + 1 for each in whole))

# %% grade_id="audit" points=4 message="expected 0" why="takes half a line for tampering" changes="solution"
-    lines, _ = whole_lines(path)
+    lines, torn = whole_lines(path)
+    lines = [*lines, torn] if torn else lines

# %% grade_id="audit" points=8 message="it has grown since" why="compares the noted hash with the last line alone: passes what is visible" changes="solution"
-    return len(lines) + 1 if head not in (None, *seen) else 0
+    return len(lines) + 1 if head not in (None, after) else 0

# %% grade_id="audit" points=8 message="whose when is a number" why="does not look at types: passes what is visible" changes="solution"
-    return [name for name in FIELDS if not isinstance(entry.get(name), str) or not entry[name]]
+    return [name for name in FIELDS if not entry.get(name)]

# %% grade_id="audit" points=8 message="The disk was full" why="writes the whole file anew, in its place: passes what is visible" changes="solution"
-    with open(path, "ab") as file:
-        if torn:
-            file.truncate(sum(len(each) + 1 for each in whole))
-        file.write(json.dumps(line).encode() + b"\n")
-        file.flush()
-        os.fsync(file.fileno())
+    with open(path, "wb") as file:
+        file.write(b"".join(each + b"\n" for each in [*whole, json.dumps(line).encode()]))

# %% grade_id="audit" points=8 message="a line that is JSON and no entry" why="stops at a line that is no object: passes what is visible" changes="solution"
-        except (ValueError, KeyError, TypeError):
+        except (ValueError, KeyError):

# %% grade_id="audit" points=8 message="a reason that was emptied" why="does not ask whether a line tells anything, if its hash is right: passes what is visible" changes="solution"
-            if lacking(told) or (told["after"], told["hash"]) != (after, right):
+            if (told["after"], told["hash"]) != (after, right):

# %% grade_id="gate" points=12 why="another style: pandas and NumPy"
import numpy as np
import pandas as pd


def bounds(values):
    margin = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values) - margin, np.mean(values) + margin


def decide(report):
    table = pd.DataFrame(report["rows"], columns=["district", "candidate", "champion"])
    reasons = ["blocked"] * (report["candidate"]["fingerprint"] in report["blocked"])
    if len(table) < 100:
        reasons += ["few"]
    elif report["champion"]:
        table["more"] = table["candidate"] - table["champion"].astype(float)
        if bounds(table["more"])[1] >= 0:
            reasons += ["not better"]
        for district, part in table.groupby("district"):
            if len(part) >= 30 and bounds(part["more"])[0] > 0:
                reasons += [f"worse: {district}"]
    return {"promote": len(reasons) == 0, "reasons": reasons}


save_cell("system/gate.py")

# %% grade_id="gate" points=0 message="better by 0.05" why="compares figures of different trips, as found" changes="solution"
-        if interval([row["candidate"] - row["champion"] for row in rows])[1] >= 0:
+        if report["candidate"]["mae"] >= report["champion"]["mae"]:

# %% grade_id="gate" points=5 message="better by 0.05" why="lets luck win: any smaller mean is better" changes="solution"
-        if interval([row["candidate"] - row["champion"] for row in rows])[1] >= 0:
+        if fmean([row["candidate"] - row["champion"] for row in rows]) >= 0:

# %% grade_id="gate" points=3 message="worse in Hillside" why="looks at the mean alone" changes="solution"
-            if len(differences) >= ENOUGH_IN_A_SLICE and interval(differences)[0] > 0:
+            if len(differences) >= ENOUGH_IN_A_SLICE and False:

# %% grade_id="gate" points=9 message="Lakeside" why="knows only the five districts by name: passes what is visible" changes="solution"
-        for district in sorted({row["district"] for row in rows}):
+        for district in ["Harbour", "Old Town", "University", "Hillside", "Eastfield"]:

# %% grade_id="gate" points=0 message="the reasons are" why="refuses a candidate that is perhaps worse in a district" changes="solution"
-            if len(differences) >= ENOUGH_IN_A_SLICE and interval(differences)[0] > 0:
+            if len(differences) >= ENOUGH_IN_A_SLICE and fmean(differences) > 0:

# %% grade_id="gate" points=10 message="80 trips in all" why="says few, and compares all the same: passes what is visible" changes="solution"
-    elif report["champion"] is not None:
+    if rows and report["champion"] is not None:

# %% grade_id="gate" points=10 message="worse by 0.355" why="divides by n in the place of n − 1: passes what is visible" changes="solution"
-from statistics import fmean, stdev
+from statistics import fmean
+from statistics import pstdev as stdev

# %% grade_id="gate" points=9 message="no champion yet" why="forgets the first model: passes what is visible" changes="solution"
-    elif report["champion"] is not None:
+    else:

# %% grade_id="monitor" points=12 why="another style: pandas, merges and groups"
import numpy as np
import pandas as pd
from platform_kit import CONTRACT, FEATURES, LABEL_DAYS


def grown(then, now):
    more = now.mean() - then.mean()
    error = np.sqrt(now.var() / len(now) + then.var() / len(then))
    return more > 0.5 and more > 1.96 * error


def decide(window):
    requests = pd.DataFrame(window["requests"])
    broken = []
    for name in FEATURES:
        limits = CONTRACT["columns"][name]
        values = [value if type(value) in (int, float) else np.nan for value in requests[name].tolist()]
        share = 1 - pd.Series(values, dtype=float).between(limits["min"], limits["max"]).mean()
        if share > 0.02:
            broken.append(name)
    if broken:
        return {"decision": "mend", "why": broken}
    age = pd.Timestamp(window["now"]) - pd.to_datetime(requests["day"])
    due = requests[age >= pd.Timedelta(days=LABEL_DAYS)]
    labels = pd.DataFrame(window["labels"], columns=["trip", "minutes", "received"])
    labels = labels[pd.to_datetime(labels["received"]) <= pd.Timestamp(window["now"])]
    joined = due.merge(labels, on="trip").dropna(subset=["predicted"])
    if len(joined) < 100 or len(joined) / len(due) < 0.8:
        return {"decision": "wait", "why": ["labels"]}
    joined["error"] = (joined["minutes"] - joined["predicted"].astype(float)).abs()
    before = pd.DataFrame(window["reference"])
    why = ["all"] if grown(before["error"], joined["error"]) else []
    for district, part in joined.groupby("district"):
        old = before[before["district"] == district]
        if len(part) >= 30 and len(old) >= 30 and grown(old["error"], part["error"]):
            why.append(district)
    if why:
        return {"decision": "retrain", "why": why}
    return {"decision": "nothing", "why": [name for name in FEATURES if window["drift"][name] > 0.3]}


save_cell("system/monitor.py")

# %% grade_id="monitor" points=8 message="never answered" why="leaves requests that were not answered out of the share: passes what is visible" changes="solution"
-    if len(errors) < ENOUGH or len(errors) < COVERAGE * len(due):
+    if len(errors) < ENOUGH or len(errors) < COVERAGE * sum(row["predicted"] is not None for row in due):

# %% grade_id="monitor" points=8 message="few and very different" why="takes the errors from before for exact: passes what is visible" changes="solution"
-    more, least = grown([error for _, error in now], [error for _, error in before])
+    more, _ = grown([error for _, error in now], [error for _, error in before])
+    least = more - 1.96 * (variance([error for _, error in now]) / len(now)) ** 0.5
@@
-from datetime import date, timedelta
+from datetime import date, timedelta
+from statistics import variance

# %% grade_id="monitor" points=0 message="the distances have moved" why="retrains at any drift" changes="solution"
-    if hurt:
+    if hurt or any(score > DRIFT for score in window["drift"].values()):

# %% grade_id="monitor" points=0 message="look dreadful" why="takes all labels that are there, due or not" changes="solution"
-    due = [row for row in requests if row["day"] <= last]
+    due = requests

# %% grade_id="monitor" points=0 message="its why is" why="looks at all trips together alone" changes="solution"
-        if min(len(now), len(then)) >= ENOUGH_IN_A_SLICE and harmed(then, now):
+        if False and harmed(then, now):

# %% grade_id="monitor" points=8 message="dated later than now" why="believes labels of the future: passes what is visible" changes="solution"
-    taken = {label["trip"]: label["minutes"] for label in window["labels"] if label["received"] <= window["now"]}
+    taken = {label["trip"]: label["minutes"] for label in window["labels"]}

# %% grade_id="monitor" points=8 message="nobody can be sure" why="asks how much, and not how surely: passes what is visible" changes="solution"
-    return more > HARM and least > 0
+    return more > HARM

# %% grade_id="monitor" points=8 message="all of them on the last day" why="asks only the requests that are due whether the inputs are broken: passes what is visible" changes="solution"
-    broken = [name for name in FEATURES if sum(not keeps(name, row[name]) for row in requests) > BROKEN * len(requests)]
-    if broken:
-        return {"decision": "mend", "why": broken}
     last = (date.fromisoformat(window["now"]) - timedelta(LABEL_DAYS)).isoformat()
     due = [row for row in requests if row["day"] <= last]
+    broken = [name for name in FEATURES if sum(not keeps(name, row[name]) for row in due) > BROKEN * len(due)]
+    if broken:
+        return {"decision": "mend", "why": broken}

# %% grade_id="monitor" points=8 message="and labels for half" why="asks for labels before it looks at the inputs: passes what is visible" changes="solution"
-    broken = [name for name in FEATURES if sum(not keeps(name, row[name]) for row in requests) > BROKEN * len(requests)]
+    half = sum(label["received"] <= window["now"] for label in window["labels"]) < 0.75 * len(requests)
+    broken = [] if half else [name for name in FEATURES if sum(not keeps(name, row[name]) for row in requests) > BROKEN * len(requests)]

# %% grade_id="deployment" points=15 why="another design: reconcile. What is wanted is a tag in the registry, and what is missing is done; the trail remembers keys"
import json

from trail import entries


def orders(p):
    found = (one["tags"].get("order") for one in p.registry.versions())
    return [json.loads(text) for text in found if text]


def ended(p, key):
    return next((entry["what"] for entry in entries(p.audit_file) if entry["key"] == key), None)


def deploy(p, version, why, key):
    recover(p)
    if ended(p, key):
        return ended(p, key) == "deployed"
    served = p.read("deployments")
    order(p, what="deployed", version=version, before=served[-1], served=served + [version], why=why, key=key)
    return ended(p, key) == "deployed"


def rollback(p, why, key):
    recover(p)
    served = p.read("deployments")
    if ended(p, key):
        return served[-1]
    place = len(served) - 1
    while place >= 0 and (served[place] == served[-1] or p.registry.tags(served[place]).get("blocked")):
        place -= 1
    if place < 0:
        raise ValueError("nothing to go back to")
    order(p, what="rolled back", version=served[place], before=served[-1], served=served[: place + 1], why=why, key=key)
    return served[place]


def order(p, **wanted):
    # what is wanted stands in the registry, as a tag of the version that shall serve
    p.registry.tag(wanted["version"], "order", json.dumps({**wanted, "who": p.by, "when": p.now}))
    recover(p)


def recover(p):
    # compare what is wanted with what is there, and do what is missing
    for wanted in orders(p):
        told = {"key": wanted["key"], "who": wanted["who"], "when": wanted["when"]}
        version = wanted["version"]
        try:
            if p.service.wanted() != version:
                p.service.apply(version)
            p.service.wait()
        except RuntimeError:
            p.service.apply(wanted["before"])
            p.service.wait()
            p.record("failed", version, "its pods did not become ready", **told)
        else:
            if wanted["what"] == "rolled back":
                p.registry.tag(wanted["before"], "blocked", wanted["why"])
            if p.registry.champion() != version:
                p.registry.set_champion(version)
            p.record(wanted["what"], version, wanted["why"], **told)
            p.write("deployments", wanted["served"])
        p.registry.tag(version, "order", "")


save_cell("system/deployment.py")

# %% grade_id="deployment" points=15 why="another design: plain steps with a plan; what the trail does not speak of is undone at the start"
from trail import entries


def what_came_of(p, key):
    for entry in entries(p.audit_file):
        if entry["key"] == key:
            return entry["what"]


def serve(p, version):
    p.service.apply(version)
    p.service.wait()
    p.registry.set_champion(version)


def deploy(p, version, why, key):
    recover(p)
    if what_came_of(p, key) is None:
        served = p.read("deployments")
        change(p, {"what": "deployed", "to": version, "from": served[-1], "served": [*served, version], "why": why, "key": key})
    return what_came_of(p, key) == "deployed"


def rollback(p, why, key):
    recover(p)
    served = p.read("deployments")
    if what_came_of(p, key) is not None:
        return served[-1]
    blocked = {one["version"] for one in p.registry.versions() if "blocked" in one["tags"]}
    candidates = [place for place, version in enumerate(served) if version not in blocked and version != served[-1]]
    if not candidates:
        raise ValueError("there is nothing before this version")
    to = served[candidates[-1]]
    change(p, {"what": "rolled back", "to": to, "from": served[-1], "served": served[: candidates[-1] + 1], "why": why, "key": key})
    return to


def change(p, plan):
    p.write("plan", plan)
    try:
        serve(p, plan["to"])
    except RuntimeError as error:
        serve(p, plan["from"])
        p.record("failed", plan["to"], f"{error}", plan["key"])
    else:
        p.record(plan["what"], plan["to"], plan["why"], plan["key"])
    conclude(p, plan)


def conclude(p, plan):
    came = what_came_of(p, plan["key"])
    if came == "rolled back":
        p.registry.tag(plan["from"], "blocked", plan["why"])
    if came in ("rolled back", "deployed"):
        p.write("deployments", plan["served"])
    p.write("plan", None)


def recover(p):
    # what the trail does not speak of has not happened: it is undone, and the queue brings it again
    plan = p.read("plan")
    if plan:
        if what_came_of(p, plan["key"]) is None:
            serve(p, plan["from"])
        conclude(p, plan)


save_cell("system/deployment.py")

# %% grade_id="deployment" points=6 message="not one version" why="no journal: a start has nothing to go by" changes="solution"
     """Finish or undo what was under way when the process before was killed."""
-    finish(p)
+    return

# %% grade_id="deployment" points=10 message="expected Ada, who had asked for it" why="writes the restarter's name into the trail: passes what is visible" changes="solution"
-        p.record("failed", job["version"], str(problem), job["key"], who=job["who"], when=job["when"])
+        p.record("failed", job["version"], str(problem), job["key"])
@@
-        p.record(job["what"], job["version"], job["why"], job["key"], who=job["who"], when=job["when"])
+        p.record(job["what"], job["version"], job["why"], job["key"])

# %% grade_id="deployment" points=6 message="no tag blocked" why="does not block what was rolled back" changes="solution"
-        if job["what"] == "rolled back":
-            p.registry.tag(job["before"], "blocked", job["why"])

# %% grade_id="deployment" points=8 message="whose pods do not become ready" why="lets a failure pass: the service goes on asking for what cannot start" changes="solution"
-        serve(p, job["before"])

# %% grade_id="deployment" points=8 message="nothing before version 1" why="goes back to a version that was blocked" changes="solution"
-    while earlier and (earlier[-1] == present or "blocked" in p.registry.tags(earlier[-1])):
+    while earlier and (earlier[-1] == present):
@@
-    start(p, book, {"what": "rolled back", "version": earlier[-1], "before": present, "why": why, "key": key, "served": earlier})
+    start(p, book, {"what": "rolled back", "version": earlier[-1], "before": present, "why": why, "key": key, "served": [*book["served"], earlier[-1]]})

# %% grade_id="deployment" points=9 message="with nothing to do" why="asks for the champion at each start, needed or not: passes what is visible" changes="solution"
 def recover(p):
+    p.service.apply(p.registry.champion())

# %% grade_id="events" points=14 why="another design: a state machine with a note for each event"
# a state machine: each event has a state in a note; each turn does one state's work and says which comes next
def handle(p, event):
    name = f"state-{event['id']}"
    state = p.read(name) or {"at": event["kind"], "data": event.get("delivery")}
    while state["at"] != "done":
        state = {**state, **STATES[state["at"]](p, event, state)}
        p.write(name, state)
    return state["at"]


def ask_monitor(p, event, state):
    window = p.window(event["window"])
    said = p.parts.monitor.decide(window)
    p.record(said["decision"], event["id"], " ".join(said["why"]) or "nothing has moved", "monitor of " + event["id"])
    if said["decision"] != "retrain":
        return {"at": "done"}
    return {"at": "delivery", "data": p.labelled(window, "labels of " + event["id"])}


def admit(p, event, state):
    said = p.parts.admission.admit(p, state["data"])
    if said["status"] == "quarantined":
        p.record("quarantined", state["data"]["id"], " ".join(said["reasons"]), "data of " + event["id"])
        return {"at": "done"}
    p.record("admitted", said["version"], said["status"], "data of " + event["id"])
    return {"at": "nightly"}


def train(p, event, state):
    candidate = p.train(event["model"]) if event["kind"] == "proposal" else p.train()
    twins = [one for one in p.registry.versions() if one["tags"]["fingerprint"] == candidate["fingerprint"]]
    strangers = [one for one in twins if one["tags"].get("event") != event["id"]]
    if strangers:
        p.record("refused", strangers[0]["version"], "it is registered already", "gate of " + event["id"])
        return {"at": "done"}
    if twins:
        return {"at": "announce", "version": twins[0]["version"]}
    said = p.parts.gate.decide(p.report(candidate))
    tags = dict(data=candidate["data"], code=candidate["code"], event=event["id"], gate="promoted" if said["promote"] else "refused", why=" ".join(said["reasons"]))
    return {"at": "announce", "version": p.registry.register(candidate["model"], tags, dict(mae=candidate["mae"]))}


def announce(p, event, state):
    version = state["version"]
    tags = p.registry.tags(version)
    p.record("registered", version, "by " + event["kind"], "model of " + event["id"])
    if tags["gate"] == "refused":
        p.record("refused", version, tags["why"] or "the gate", "gate of " + event["id"])
        return {"at": "done"}
    return {"at": "deploy"}


def deploy(p, event, state):
    p.parts.deployment.deploy(p, state["version"], "promoted by the gate", "deployment of " + event["id"])
    return {"at": "done"}


def roll_back(p, event, state):
    p.parts.deployment.rollback(p, event["why"], "rollback of " + event["id"])
    return {"at": "done"}


STATES = {"delivery": admit, "window": ask_monitor, "proposal": train, "nightly": train, "announce": announce, "deploy": deploy, "rollback": roll_back}


save_cell("system/events.py")

# %% grade_id="events" points=14 why="another design: plain steps in order, and a journal of what each has come to; what stands in it is not done again"
def handle(p, event):
    name, kind, parts = event["id"], event["kind"], p.parts
    journal = p.read(f"journal-{name}", {})

    def once(step, function):
        if step not in journal:
            journal[step] = function()
            p.write(f"journal-{name}", journal)
        return journal[step]

    def look():
        window = p.window(event["window"])
        said = parts.monitor.decide(window)
        return {**said, "delivery": p.labelled(window, f"due {name}")}

    def twin():
        return [one["version"] for one in p.registry.versions() if same(one) and one["tags"].get("event") != name]

    def same(one):
        return one["tags"]["fingerprint"] == candidate["fingerprint"]

    def register():
        mine = [one["version"] for one in p.registry.versions() if same(one) and one["tags"].get("event") == name]
        tags = {"data": candidate["data"], "code": candidate["code"], "event": name, "gate": "promoted" if said["promote"] else "refused"}
        return mine[0] if mine else p.registry.register(candidate["model"], tags, {"mae": candidate["mae"]})

    if "end" in journal:
        return
    if kind == "rollback":
        once("end", lambda: parts.deployment.rollback(p, event["why"], name))
        return
    delivery = event.get("delivery")
    if kind == "window":
        seen = once("monitor", look)
        p.record(seen["decision"], name, f"the monitor: {seen['why']}", f"{name} 1")
        if seen["decision"] != "retrain":
            once("end", lambda: "watched")
            return
        delivery = seen["delivery"]
    if delivery:
        came = once("admission", lambda: parts.admission.admit(p, delivery))
        if came["status"] == "quarantined":
            p.record("quarantined", delivery["id"], str(came["reasons"]), f"{name} 2")
            once("end", lambda: "quarantined")
            return
        p.record("admitted", came["version"], came["status"], f"{name} 2")
    candidate = once("training", lambda: p.train(event.get("model")))
    if others := once("twin", twin):
        p.record("refused", others[-1], "registered before", f"{name} 4")
        once("end", lambda: "refused")
        return
    said = once("gate", lambda: parts.gate.decide(p.report(candidate)))
    version = once("registration", register)
    p.record("registered", version, f"data {candidate['data']}", f"{name} 3")
    if said["promote"]:
        once("end", lambda: parts.deployment.deploy(p, version, "it is surely better", f"{name} 4"))
    else:
        p.record("refused", version, f"the gate: {said['reasons']}", f"{name} 4")
        once("end", lambda: "refused")


save_cell("system/events.py")

# %% grade_id="events" points=11 message="nothing twice, nothing lost" why="asks the monitor anew when a killed window comes again: passes what is visible" changes="solution"
-    if not p.read(f"due-{event['id']}"):
+    if True:

# %% grade_id="events" points=6 message="expected data, code, event and gate" why="registers without lineage" changes="solution"
-        version = p.register(candidate, name, p.parts.gate.decide(p.report(candidate)))
+        said = p.parts.gate.decide(p.report(candidate))
+        version = p.registry.register(candidate["model"], {"data": "", "event": name, "gate": "promoted" if said["promote"] else "refused", "reasons": "".join(said["reasons"])}, {"mae": candidate["mae"]})

# %% grade_id="events" points=10 message="expected 'not better' in one of them" why="reasons that say nothing: passes what is visible" changes="solution"
-        p.record("refused", version, tags["reasons"], f"{name}/gate")
+        p.record("refused", version, "the gate", f"{name}/gate")

# %% grade_id="events" points=7 message="killed after the registration" why="notes an event as done before it does it" changes="solution"
-    said = {"delivery": delivered, "window": watched, "proposal": offered, "nightly": offered, "rollback": called_back}[event["kind"]](p, event)
-    p.write("events", [*done, event["id"]])
+    p.write("events", [*done, event["id"]])
+    said = {"delivery": delivered, "window": watched, "proposal": offered, "nightly": offered, "rollback": called_back}[event["kind"]](p, event)

# %% grade_id="events" points=7 message="expected 2 and 2" why="registers once more what a killed event had registered" changes="solution"
-    if known and known["tags"].get("event") != name:
+    known = known if known and known["tags"].get("event") != name else None
+    if known:

# %% grade_id="events" points=10 message="After a second night" why="keys that do not name the event: what ends alike is told once: passes what is visible" changes="solution"
-        p.record("refused", known["version"], "blocked" if "blocked" in known["tags"] else "not new", f"{name}/gate")
+        p.record("refused", known["version"], "blocked" if "blocked" in known["tags"] else "not new", f"{known['version']}/gate")

# %% grade_id="events" points=10 message="is registered already" why="registers what the newest data bring, though it is there already: passes what is visible" changes="solution"
-        p.record("refused", known["version"], "blocked" if "blocked" in known["tags"] else "not new", f"{name}/gate")
-        return "refused"
+        known = None

# %% grade_id="events" points=10 message="The monitor said retrain" why="trains without the labelled trips: passes what is visible" changes="solution"
-    if let_in(p, event["id"], p.read(f"due-{event['id']}")) == "quarantined":
-        return "quarantined"

# %% grade_id="spring" points=12 why="another style: the tree is copied, and the manifest is made of what was copied"
shutil.copytree("system", "release", dirs_exist_ok=True)
with open("release/manifest.json", "w") as file:
    json.dump({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in Path("release").glob("*.py")}, file, indent=2)

# %% grade_id="spring" points=11 message="Event 'new good data': the newest data have 700 rows" why="new good data: commits the new rows alone" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('p.data.commit(p.data.rows() + new)', 'p.data.commit(new)')

# %% grade_id="spring" points=11 message="Event 'the same event again': the trail grew by [('admitted'" why="the same event again: is not noted as done, and what admission says then is told once more" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('if event["id"] in done:', 'if False:')
+    text = text.replace('f"{name}/data")', 'name + said["status"])')

# %% grade_id="spring" points=10 message="after 'bad data' alias 2, service 2, answering ['2'], 3 data versions" why="bad data: drops the rows that cannot be read, and admits the rest" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('    rows = delivery["rows"]', '    rows = [row for row in delivery["rows"] if all(keeps(name, row[name]) for name in CONTRACT["columns"])]')

# %% grade_id="spring" points=10 message="after 'harmless drift' alias 2, service 2, answering ['2'], 3 data versions" why="harmless drift: a drift is reason enough to train" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('    if hurt:', '    if hurt or any(score > DRIFT for score in window["drift"].values()):')

# %% grade_id="spring" points=10 message="after 'harmful drift' alias 2, service 2" why="harmful drift: trains without the trips that have a label" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('    if let_in(p, event["id"], p.read(f"due-{event[\'id\']}")) == "quarantined":', '    if False:')

# %% grade_id="spring" points=10 message="after 'a candidate that is worse in Old Town' alias 5" why="a worse candidate: looks at the mean alone" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('interval(differences)[0] > 0', 'False')

# %% grade_id="spring" points=11 message="Event 'a kill in a deployment'" why="a kill in a deployment: a start throws the journal away" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('when the process before was killed."""', 'when the process before was killed."""\n    p.write("journal", {**journal(p), "job": None})\n    return')

# %% grade_id="spring" points=11 message="Event 'the killed event, again'" why="the killed event, again: is noted as done before it is done" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('    said = {"delivery"', '    p.write("events", [*done, event["id"]])\n    said = {"delivery"')

# %% grade_id="spring" points=11 message="Event 'a rollback': 1, 3 and 5 have served" why="a rollback: the version before is the number before" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('earlier[-1], "before": present', 'str(int(present) - 1), "before": present')

# %% grade_id="spring" points=11 message="after a second rollback, another event" why="another rollback: one key for all of them" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('event["why"], event["id"])', 'event["why"], "rollback")')

# %% grade_id="spring" points=10 message="after 'the next night' alias 3, service 3, answering ['3'], 4 data versions, 5 models" why="the next night: does not ask whether the model is registered already" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('    if known and known["tags"].get("event") != name:\n', '    if known and known["tags"].get("event") != name:\n        known = None\n    if False:\n')

# %% grade_id="spring" points=10 message="after 'new good data' alias 2, service 2, answering ['1']" why="the cluster: does not wait for the pods, whose readiness nobody sees on paper" changes="solution"
     text = Path("system", f"{part}.py").read_text()
+    text = text.replace('    service.wait()\n', '    pass\n')
