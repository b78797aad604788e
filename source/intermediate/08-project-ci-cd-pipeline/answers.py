# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="contract" points=12 why="another style: a class for a rule, functions in a dictionary, all problems in a set"
def no_number(text, spec):
    try:
        number = float(text)
    except ValueError:
        return "no number"
    if number != number or number in (float("inf"), float("-inf")):
        return "not finite"
    if "min" in spec and number < spec["min"]:
        return "too small"
    if "max" in spec and number > spec["max"]:
        return "too large"
    if "values" in spec and number not in map(float, spec["values"]):
        return "not allowed"


def no_day(text, spec):
    if not DAY.fullmatch(text):
        return "no date"
    try:
        dt.datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        return "no such day"


DAY = re.compile(r"\d{4}-\d\d-\d\d")
CHECKS = {"number": no_number, "date": no_day, "text": lambda text, spec: "not allowed" if text not in spec.get("values", [text]) else None}


class Rule:
    def __init__(self, spec):
        self.spec = spec

    def __call__(self, text):
        spec = self.spec
        if text in ("", None):
            return None if spec.get("may_be_empty") else "an empty value"
        return CHECKS[spec["type"]](text, spec)


def contract_problems(rows, contract):
    if len(rows) == 0:
        return ["nothing there"]
    problems, keys = set(), set()
    for row in rows:
        for name in contract["columns"]:
            if name not in row:
                problems.add(f"{name}: not there")
            else:
                trouble = Rule(contract["columns"][name])(row[name])
                if trouble:
                    problems.add(f"{name}: {trouble}")
        key = " | ".join(str(row.get(name)) for name in contract["key"])
        if key in keys:
            problems.add("twice: " + key)
        keys.add(key)
    return sorted(problems)

# %% grade_id="contract" points=12 why="another style: pandas, a column at a time"
def contract_problems(rows, contract):
    import pandas as pd

    table = pd.DataFrame(rows)
    if table.empty:
        return ["no rows"]
    said = []
    for name, rule in contract["columns"].items():
        if name not in table:
            said.append(f"no column {name}")
            continue
        column = table[name].fillna("")
        if not rule.get("may_be_empty") and (column == "").any():
            said.append(f"{name} has empty values")
        column = column[column != ""]
        if rule["type"] == "date":
            if pd.to_datetime(column, format="%Y-%m-%d", errors="coerce").isna().any() or (column.str.len() != 10).any():
                said.append(f"{name} has values that are no days")
        elif rule["type"] == "number":
            numbers = pd.to_numeric(column, errors="coerce").astype(float)
            fine = numbers.abs() < math.inf
            for key, bad in {"min": lambda limit: numbers < limit, "max": lambda limit: numbers > limit, "values": lambda allowed: ~numbers.isin(allowed)}.items():
                if key in rule:
                    fine &= ~bad(rule[key])
            if not fine.all():
                said.append(f"{name}: {(~fine).sum()} bad numbers")
        elif "values" in rule and not column.isin(rule["values"]).all():
            said.append(f"{name} has values that are not allowed")
    if set(contract["key"]) <= set(table.columns) and table.duplicated(contract["key"]).any():
        said.append("rows are there twice")
    return said

# %% grade_id="contract" points=4 message="expected a sentence that names rain_mm" why="Ada's own check: what is no number must be a text"
def contract_problems(rows, contract):
    problems = []
    for name, rule in contract["columns"].items():
        try:
            values = [float(row[name]) for row in rows]
        except (KeyError, ValueError):
            continue
        if min(values) < rule.get("min", 0) or max(values) > rule.get("max", 1000):
            problems.append(f"{name}: values out of range")
    return problems

# %% grade_id="contract" points=4 message="is 'nan'" why="compares nan with limits" name="wrong-4"
def contract_problems(rows, contract):
    if not rows:
        return ["no rows"]
    problems = []
    for name, rule in contract["columns"].items():
        if name not in rows[0]:
            problems.append(f"{name} is missing")
            continue
        for row in rows:
            if not fine(row[name], rule):
                problems.append(f"{name}: {row[name]!r}")
                break
    if len({tuple(row[name] for name in contract["key"] if name in row) for row in rows}) < len(rows):
        problems.append("a row is there twice")
    return problems


def fine(value, rule):
    if value == "":
        return rule.get("may_be_empty", False)
    if rule["type"] == "date":
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            return False
        return len(value) == 10
    if rule["type"] == "number":
        try:
            value = float(value)
        except ValueError:
            return False
        if value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):
            return False
    return "values" not in rule or value in rule["values"]

# %% grade_id="contract" points=8 message="the text inf" why="thinks of nan, not of inf: passes what is visible" changes="wrong-4"
-        if value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):
+        if math.isnan(value) or value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):

# %% grade_id="contract" points=8 message="one more column" why="refuses columns that the contract does not speak of: passes what is visible" changes="wrong-4"
-    problems = []
+    problems = [f"{name} is unknown" for name in rows[0] if name not in contract["columns"]]
@@
-        if value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):
+        if not math.isfinite(value) or value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):

# %% grade_id="contract" points=8 message="numbers are written 1.0" why="compares allowed numbers as texts: passes what is visible" changes="wrong-4"
 def fine(value, rule):
+    text = value
@@
-        if value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):
-            return False
-    return "values" not in rule or value in rule["values"]
+        if not math.isfinite(value) or value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):
+            return False
+    return "values" not in rule or text in map(str, rule["values"])

# %% grade_id="contract" points=8 message="with other numbers" why="looks for rows that are equal in all columns: passes what is visible" changes="wrong-4"
-    if len({tuple(row[name] for name in contract["key"] if name in row) for row in rows}) < len(rows):
+    if len({tuple(row[name] for name in sorted(row)) for row in rows}) < len(rows):
@@
-        if value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):
+        if not math.isfinite(value) or value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):

# %% grade_id="contract" points=8 message="one number is empty" why="lets any value be empty: passes what is visible" changes="wrong-4"
-        return rule.get("may_be_empty", False)
+        return True
@@
-        if value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):
+        if not math.isfinite(value) or value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):

# %% grade_id="contract" points=8 message="without hyphens" why="takes all that fromisoformat reads for a date: passes what is visible" changes="wrong-4"
-        return len(value) == 10
+        return True
@@
-        if value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):
+        if not math.isfinite(value) or value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):

# %% grade_id="contract" points=8 message="and one driver is empty" why="says only what it finds first: passes what is visible" changes="wrong-4"
-    return problems
+    return problems[:1]
@@
-        if value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):
+        if not math.isfinite(value) or value < rule.get("min", -math.inf) or value > rule.get("max", math.inf):

# %% grade_id="leaks" points=14 why="another style: the server of that morning as a function, answers by shift and district"
HIDDEN = ""


def morning(rows, day, contract):
    """The table as the server had it on the morning of a day."""
    table = []
    for row in rows:
        if row["day"] > day:
            continue
        copy = dict(row)
        if row["day"] == day:
            for name in copy:
                if contract["columns"].get(name, {"known": "after"})["known"] != "before":
                    copy[name] = HIDDEN
        table.append(copy)
    return table


def answers_of(folder, table, day):
    numbers = predictor(folder)(table)
    return {(row["shift"], row["district"]): number for row, number in zip(table, numbers) if row["day"] == day}


def leak_problems(candidate, rows, contract):
    said = []
    for day in test_days(rows):
        wanted = answers_of(candidate, rows, day)
        try:
            got = answers_of(candidate, morning(rows, day, contract), day)
        except Exception as error:
            said.append(f"{day} {error!r}")
        else:
            if any(abs(got[key] - wanted[key]) > 1e-6 * max(1, abs(wanted[key])) for key in wanted):
                said.append(f"{day} differs")
    return said

# %% grade_id="leaks" points=14 why="another style: copy.deepcopy, NumPy, indices"
import copy
import functools

import numpy as np


same_numbers = functools.partial(np.allclose, rtol=1e-6, atol=1e-6)


@functools.cache
def known_before(text):
    return {name for name, spec in json.loads(text)["columns"].items() if spec["known"] == "before"}


def leak_problems(candidate, rows, contract):
    forecast = predictor(Path(candidate))
    full = np.array(forecast(rows), dtype=float)
    days = np.array([row["day"] for row in rows])
    secret = set(rows[0]) - known_before(json.dumps(contract))
    result = []
    for day in test_days(rows):
        keep = np.flatnonzero(days <= day)
        table = copy.deepcopy([rows[i] for i in keep])
        for row in table:
            if row["day"] == day:
                row.update(dict.fromkeys(secret, ""))
        try:
            blind = np.array(forecast(table), dtype=float)
            same = same_numbers(blind[days[keep] == day], full[days == day])
        except Exception:
            same = False
        if not same:
            result.append(f"leak on {day}")
    return result

# %% grade_id="leaks" points=0 message="leak_problems names 1 of them" why="Bo's way: reads the source"
def leak_problems(candidate, rows, contract):
    source = Path(candidate, "features.py").read_text()
    return [f"features.py mentions {name}" for name, rule in contract["columns"].items() if rule["known"] == "after" and f'"{name}"' in source]

# %% grade_id="leaks" points=4 message="uses those of yesterday" why="takes away what was known of earlier days, too: passes what is visible" name="wrong-4"
def leak_problems(candidate, rows, contract):
    predict, problems = predictor(candidate), []
    before = {name for name, rule in contract["columns"].items() if rule["known"] == "before"}
    seeing = dict(zip([(row["day"], row["shift"], row["district"]) for row in rows], predict(rows)))
    for day in test_days(rows):
        then = [{name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
        try:
            blind = predict(then)
        except Exception as error:
            problems.append(f"{day}: {error}")
            continue
        if any(row["day"] == day and abs(number - seeing[row["day"], row["shift"], row["district"]]) > 1e-6 for row, number in zip(then, blind)):
            problems.append(f"{day}: another forecast")
    return problems

# %% grade_id="leaks" points=9 message="the trips of the day after" why="leaves the days to come in sight: passes what is visible" changes="wrong-4"
-        then = [{name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
+        then = [row if row["day"] != day else {name: value if name in before else "" for name, value in row.items()} for row in rows]

# %% grade_id="leaks" points=9 message="which the contract does not know" why="trusts columns that the contract does not know: passes what is visible" changes="wrong-4"
-    before = {name for name, rule in contract["columns"].items() if rule["known"] == "before"}
+    after = {name for name, rule in contract["columns"].items() if rule["known"] == "after"}
@@
-        then = [{name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
+        then = [row if row["day"] < day else {name: value if name not in after else "" for name, value in row.items()} for row in rows if row["day"] <= day]

# %% grade_id="leaks" points=9 message="as much smaller" why="compares the sums of the day: passes what is visible" changes="wrong-4"
-        then = [{name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
+        then = [row if row["day"] < day else {name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
@@
-        if any(row["day"] == day and abs(number - seeing[row["day"], row["shift"], row["district"]]) > 1e-6 for row, number in zip(then, blind)):
+        there = sum(number for row, number in zip(then, blind) if row["day"] == day)
+        if not math.isclose(there, sum(number for (that, _, _), number in seeing.items() if that == day), rel_tol=1e-6):

# %% grade_id="leaks" points=9 message="as much smaller" why="lets a difference of a thousandth pass: passes what is visible" changes="wrong-4"
-        then = [{name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
+        then = [row if row["day"] < day else {name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
@@
-        if any(row["day"] == day and abs(number - seeing[row["day"], row["shift"], row["district"]]) > 1e-6 for row, number in zip(then, blind)):
+        if any(row["day"] == day and abs(number - seeing[row["day"], row["shift"], row["district"]]) > 1e-3 * abs(number) for row, number in zip(then, blind)):

# %% grade_id="leaks" points=9 message="ZeroDivisionError" why="expects that a forecast breaks in one way only: passes what is visible" changes="wrong-4"
-        then = [{name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
+        then = [row if row["day"] < day else {name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
@@
-        except Exception as error:
+        except (ValueError, KeyError, TypeError) as error:

# %% grade_id="leaks" points=4 message="which are empty for today" why="takes the columns away, instead of emptying them: passes what is visible" changes="wrong-4"
-        then = [{name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
+        then = [row if row["day"] < day else {name: value for name, value in row.items() if name in before} for row in rows if row["day"] <= day]

# %% grade_id="leaks" points=5 message="could not convert string to float" why="does not expect that a forecast breaks"
def leak_problems(candidate, rows, contract):
    predict, problems = predictor(candidate), []
    before = {name for name, rule in contract["columns"].items() if rule["known"] == "before"}
    seeing = dict(zip([(row["day"], row["shift"], row["district"]) for row in rows], predict(rows)))
    for day in test_days(rows):
        then = [row if row["day"] < day else {name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
        blind = predict(then)
        if any(row["day"] == day and abs(number - seeing[row["day"], row["shift"], row["district"]]) > 1e-6 for row, number in zip(then, blind)):
            problems.append(f"{day}: another forecast")
    return problems

# %% grade_id="leaks" points=5 message="leak_problems names 1 of them" why="stops at the first day" changes="wrong-4"
-        then = [{name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
+        then = [row if row["day"] < day else {name: value if name in before else "" for name, value in row.items()} for row in rows if row["day"] <= day]
@@
-            continue
-        if any(row["day"] == day and abs(number - seeing[row["day"], row["shift"], row["district"]]) > 1e-6 for row, number in zip(then, blind)):
-            problems.append(f"{day}: another forecast")
+            return problems
+        if any(row["day"] == day and abs(number - seeing[row["day"], row["shift"], row["district"]]) > 1e-6 for row, number in zip(then, blind)):
+            return [f"{day}: another forecast"]

# %% grade_id="gate" points=14 why="another style: NumPy, masks, the limits in a dictionary"
import numpy as np

LIMITS = {"all": 1.02}


def gate_problems(candidate, live, rows):
    try:
        answers = np.array(list(predictor(candidate)(rows)), dtype=float)
    except Exception:
        return ["no numbers"]
    if answers.shape != (len(rows),) or not np.isfinite(answers).all():
        return ["not one finite number a row"]
    truth = np.array([float(row["trips"]) for row in rows])
    seen = np.isin([row["day"] for row in rows], test_days(rows))
    where = np.array([row["district"] for row in rows])
    groups = {"all": seen} | {name: seen & (where == name) for name in sorted(set(where[seen]))}
    rival = predictor(live)(rows) if live is not None else [float(row["trips_last_week"]) for row in rows]
    new, old = abs(answers - truth), abs(np.array(rival, dtype=float) - truth)
    if live is None:
        return ["worse than last week"] if new[seen].mean() >= old[seen].mean() else []
    return [f"{name} {new[mask].mean():.2f} > {old[mask].mean():.2f}" for name, mask in groups.items() if new[mask].mean() / old[mask].mean() > LIMITS.get(name, 1.1)]

# %% grade_id="gate" points=14 why="another style: sums in plain loops, an exception of its own"
class NoAnswer(Exception):
    """The candidate does not answer as it should."""


def gate_problems(candidate, live, rows):
    try:
        numbers = [*predictor(candidate)(rows)]
        if len(numbers) != len(rows):
            raise NoAnswer(f"{len(numbers)} answers to {len(rows)} rows")
    except Exception as error:
        return [repr(error)]
    for number in numbers:
        if number is None or isinstance(number, str) or not (-math.inf < number < math.inf):
            return [f"an answer is {number}"]
    if live is None:
        others = [int(row["trips_last_week"]) for row in rows]
    else:
        others = predictor(live)(rows)
    first = test_days(rows)[0]
    mine, theirs = {}, {}
    for i in range(len(rows)):
        if rows[i]["day"] < first:
            continue
        for key in ["", rows[i]["district"]]:
            mine[key] = mine.get(key, 0) + abs(numbers[i] - int(rows[i]["trips"]))
            theirs[key] = theirs.get(key, 0) + abs(others[i] - int(rows[i]["trips"]))
    problems = []
    if live is None:
        if not mine[""] < theirs[""]:
            problems.append("last week's trips are as good")
        return problems
    for key in mine:
        limit = 0.02 if key == "" else 0.1
        if mine[key] - theirs[key] > limit * theirs[key]:
            problems.append(f"{key or 'over all'}: {mine[key]} against {theirs[key]}")
    return problems

# %% grade_id="gate" points=0 message="expected a sentence that names the district" why="Bo's: the mean alone, and no worse at all" name="wrong-3"
def gate_problems(candidate, live, rows):
    answers = predictor(candidate)(rows)
    days = set(test_days(rows))

    def errors(numbers):
        found = {"all": []}
        for row, number in zip(rows, numbers):
            if row["day"] in days:
                found["all"].append(abs(number - float(row["trips"])))
                found.setdefault(row["district"], []).append(abs(number - float(row["trips"])))
        return {name: sum(values) / len(values) for name, values in found.items()}

    new = errors(answers)
    if live is None:
        old = errors([float(row["trips_last_week"]) for row in rows])
        return [] if new["all"] < old["all"] else ["worse than last week's trips"]
    old = errors(predictor(live)(rows))
    problems = ["worse over all"] if new["all"] > old["all"] else []
    for name in new:
        if False:
            problems.append(f"worse in {name}")
    return problems

# %% grade_id="gate" points=9 message="answers nan to every row" why="never looks at the answers themselves: passes what is visible" changes="wrong-3"
-    problems = ["worse over all"] if new["all"] > old["all"] else []
-    for name in new:
-        if False:
+    problems = ["worse over all"] if new["all"] > 1.02 * old["all"] else []
+    for name in new:
+        if name != "all" and new[name] > 1.1 * old[name]:

# %% grade_id="gate" points=9 message="gate_problems itself stopped with TypeError" why="expects numbers, if perhaps not finite ones: passes what is visible" changes="wrong-3"
-    answers = predictor(candidate)(rows)
+    try:
+        answers = predictor(candidate)(rows)
+    except Exception as error:
+        return [f"it breaks: {error!r}"]
+    if len(answers) != len(rows) or not all(math.isfinite(number) for number in answers):
+        return ["no finite numbers"]
@@
-    problems = ["worse over all"] if new["all"] > old["all"] else []
-    for name in new:
-        if False:
+    problems = ["worse over all"] if new["all"] > 1.02 * old["all"] else []
+    for name in new:
+        if name != "all" and new[name] > 1.1 * old[name]:

# %% grade_id="gate" points=0 message="The candidate is equal to what is live" why="must be better than what is live" changes="wrong-3"
-    problems = ["worse over all"] if new["all"] > old["all"] else []
-    for name in new:
-        if False:
+    problems = ["worse over all"] if new["all"] >= old["all"] else []
+    for name in new:
+        if name != "all" and new[name] > 1.1 * old[name]:

# %% grade_id="gate" points=9 message="2.5 % above in all districts" why="one limit for all: passes what is visible" changes="wrong-3"
-    answers = predictor(candidate)(rows)
+    try:
+        answers = predictor(candidate)(rows)
+    except Exception as error:
+        return [f"it breaks: {error!r}"]
+    if len(answers) != len(rows) or not all(isinstance(number, (int, float)) and math.isfinite(number) for number in answers):
+        return ["no finite numbers"]
@@
-    problems = ["worse over all"] if new["all"] > old["all"] else []
-    for name in new:
-        if False:
+    problems = ["worse over all"] if new["all"] > 1.1 * old["all"] else []
+    for name in new:
+        if name != "all" and new[name] > 1.1 * old[name]:

# %% grade_id="gate" points=4 message="on earlier days" why="measures on all days: passes what is visible" changes="wrong-3"
-    answers = predictor(candidate)(rows)
-    days = set(test_days(rows))
+    try:
+        answers = predictor(candidate)(rows)
+    except Exception as error:
+        return [f"it breaks: {error!r}"]
+    if len(answers) != len(rows) or not all(isinstance(number, (int, float)) and math.isfinite(number) for number in answers):
+        return ["no finite numbers"]
+    days = {row["day"] for row in rows}
@@
-    problems = ["worse over all"] if new["all"] > old["all"] else []
-    for name in new:
-        if False:
+    problems = ["worse over all"] if new["all"] > 1.02 * old["all"] else []
+    for name in new:
+        if name != "all" and new[name] > 1.1 * old[name]:

# %% grade_id="gate" points=9 message="that of rows, or of districts" why="the mean of the districts' means: passes what is visible" name="wrong-9"
def gate_problems(candidate, live, rows):
    try:
        answers = predictor(candidate)(rows)
    except Exception as error:
        return [f"it breaks: {error!r}"]
    if len(answers) != len(rows) or not all(isinstance(number, (int, float)) and math.isfinite(number) for number in answers):
        return ["no finite numbers"]
    days = set(test_days(rows))

    def errors(numbers):
        found = {"all": []}
        for row, number in zip(rows, numbers):
            if row["day"] in days:
                found["all"].append(abs(number - float(row["trips"])))
                found.setdefault(row["district"], []).append(abs(number - float(row["trips"])))
        return {name: sum(values) / len(values) for name, values in found.items()}

    def errors_by_district(numbers):
        found = errors(numbers)
        found["all"] = statistics.fmean(value for name, value in found.items() if name != "all")
        return found

    new = errors_by_district(answers)
    if live is None:
        old = errors([float(row["trips_last_week"]) for row in rows])
        return [] if new["all"] < old["all"] else ["worse than last week's trips"]
    old = errors_by_district(predictor(live)(rows))
    problems = ["worse over all"] if new["all"] > 1.02 * old["all"] else []
    for name in new:
        if name != "all" and new[name] > 1.1 * old[name]:
            problems.append(f"worse in {name}")
    return problems

# %% grade_id="gate" points=9 message="rule 3 in five districts" why="one broken rule is enough, and the rest is not named: passes what is visible" changes="wrong-9"
-    def errors_by_district(numbers):
-        found = errors(numbers)
-        found["all"] = statistics.fmean(value for name, value in found.items() if name != "all")
-        return found
-
-    new = errors_by_district(answers)
+    new = errors(answers)
@@
-    old = errors_by_district(predictor(live)(rows))
-    problems = ["worse over all"] if new["all"] > 1.02 * old["all"] else []
+    old = errors(predictor(live)(rows))
+    if new["all"] > 1.02 * old["all"]:
+        return ["worse over all"]
+    problems = []

# %% grade_id="gate" points=9 message="and not below it" why="equal is good enough where nothing is live: passes what is visible" changes="wrong-9"
-    def errors_by_district(numbers):
-        found = errors(numbers)
-        found["all"] = statistics.fmean(value for name, value in found.items() if name != "all")
-        return found
-
-    new = errors_by_district(answers)
+    new = errors(answers)
@@
-        return [] if new["all"] < old["all"] else ["worse than last week's trips"]
-    old = errors_by_district(predictor(live)(rows))
+        return [] if new["all"] <= old["all"] else ["worse than last week's trips"]
+    old = errors(predictor(live)(rows))

# %% grade_id="gate" points=9 message="gate_problems itself stopped with KeyError" why="does not expect that a candidate breaks: passes what is visible" changes="wrong-3"
     answers = predictor(candidate)(rows)
+    if len(answers) != len(rows) or not all(isinstance(number, (int, float)) and math.isfinite(number) for number in answers):
+        return ["no finite numbers"]
@@
-    problems = ["worse over all"] if new["all"] > old["all"] else []
-    for name in new:
-        if False:
+    problems = ["worse over all"] if new["all"] > 1.02 * old["all"] else []
+    for name in new:
+        if name != "all" and new[name] > 1.1 * old[name]:

# %% grade_id="gate" points=9 message="of an earlier day" why="looks for finite numbers on the test days alone: passes what is visible" changes="wrong-9"
-    if len(answers) != len(rows) or not all(isinstance(number, (int, float)) and math.isfinite(number) for number in answers):
+    tested = set(test_days(rows))
+    if len(answers) != len(rows) or not all(isinstance(number, (int, float)) and math.isfinite(number) for number, row in zip(answers, rows) if row["day"] in tested):
@@
-    def errors_by_district(numbers):
-        found = errors(numbers)
-        found["all"] = statistics.fmean(value for name, value in found.items() if name != "all")
-        return found
-
-    new = errors_by_district(answers)
+    new = errors(answers)
@@
-    old = errors_by_district(predictor(live)(rows))
+    old = errors(predictor(live)(rows))

# %% grade_id="secrets" points=10 why="another style: a file at a time, one pattern a kind, a generator"
SHAPES = {"store": ("mbk_", "[0-9a-zA-Z]", 32), "github": ("ghp_", "[0-9a-zA-Z]", 36), "aws": ("AKIA", "[0-9A-Z]", 16)}
PATTERNS = {"private": re.compile("-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")}
for kind, (prefix, letter, size) in SHAPES.items():
    PATTERNS[kind] = re.compile(rf"\b{prefix}{letter}{{{size}}}\b")


def keys_of(text):
    for kind, pattern in PATTERNS.items():
        for hit in pattern.findall(text):
            if kind == "private" or len(set(hit[4:])) > 7:
                yield hit


def find_secrets(patch):
    result = []
    for part in re.split(r"(?m)^diff --git ", patch)[1:]:
        head, _, body = part.partition("\n@@")
        name = re.search(r"(?m)^\+\+\+ (?:b/)?(.*?)\t?$", head)
        for line in body.split("\n"):
            if line[:1] == "+":
                result.extend(dict(file=name[1] if name else "?", secret=f"{key[:8]}…", kind="key") for key in keys_of(line[1:]))
    return result

# %% grade_id="secrets" points=10 why="another style: words, no regular expression for keys"
LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def is_key(word):
    if word.startswith(("mbk_", "ghp_")):
        rest, size, allowed = word[4:], {"m": 32, "g": 36}[word[0]], LETTERS
    elif word.startswith("AKIA"):
        rest, size, allowed = word[4:], 16, {letter for letter in LETTERS if not letter.islower()}
    else:
        return False
    return len(rest) == size and set(rest) <= allowed and len(set(rest)) >= 8


def find_secrets(patch):
    found, name = [], None
    for line in patch.split("\n"):
        if line.startswith("+++ "):
            name = line[6:].rstrip("\t")
        elif line.startswith("+"):
            words = "".join(letter if letter in LETTERS or letter == "_" else " " for letter in line[1:]).split()
            found += [{"file": name, "secret": word[:8] + "…"} for word in words if is_key(word)]
            if "-----BEGIN " in line and "PRIVATE KEY-----" in line:
                found.append({"file": name, "secret": "-----BEG…"[:8] + "…"})
    return found

# %% grade_id="secrets" points=3 message="expected file upload.py and secret" why="shows the whole key" name="wrong-3"
def find_secrets(patch):
    kinds = r"\b(mbk_[A-Za-z0-9]{32}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})\b|(-----BEGIN [A-Z ]*PRIVATE KEY-----)"
    found, file = [], ""
    for line in patch.splitlines():
        if line.startswith("+++ b/"):
            file = line[6:].rstrip("\t")
        elif line.startswith("+"):
            for match in re.finditer(kinds, line):
                if match[2] or len(set(match[1][4:])) >= 8:
                    found.append({"file": file, "secret": match[0]})
    return found

# %% grade_id="secrets" points=4 message="only removes a key" why="looks at all lines, those that are removed as well" changes="wrong-3"
-        elif line.startswith("+"):
+        else:
@@
-                    found.append({"file": file, "secret": match[0]})
+                    found.append({"file": file, "secret": match[0][:8] + "…"})

# %% grade_id="secrets" points=7 message="a hash with AKIA in it" why="nothing on what stands around a key: passes what is visible" changes="wrong-3"
-    kinds = r"\b(mbk_[A-Za-z0-9]{32}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})\b|(-----BEGIN [A-Z ]*PRIVATE KEY-----)"
+    kinds = r"(mbk_[A-Za-z0-9]{32}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})|(-----BEGIN [A-Z ]*PRIVATE KEY-----)"
@@
-                    found.append({"file": file, "secret": match[0]})
+                    found.append({"file": file, "secret": match[0][:8] + "…"})

# %% grade_id="secrets" points=4 message="and a placeholder" why="takes placeholders for keys" changes="wrong-3"
-                if match[2] or len(set(match[1][4:])) >= 8:
-                    found.append({"file": file, "secret": match[0]})
+                if match:
+                    found.append({"file": file, "secret": match[0][:8] + "…"})

# %% grade_id="secrets" points=6 message="does not name it there" why="one key a line: passes what is visible" changes="wrong-3"
-            for match in re.finditer(kinds, line):
-                if match[2] or len(set(match[1][4:])) >= 8:
-                    found.append({"file": file, "secret": match[0]})
+            for match in filter(None, [re.search(kinds, line)]):
+                if match[2] or len(set(match[1][4:])) >= 8:
+                    found.append({"file": file, "secret": match[0][:8] + "…"})

# %% grade_id="secrets" points=6 message="legacy.pem" why="one word at most in front of PRIVATE KEY: passes what is visible" changes="wrong-3"
-    kinds = r"\b(mbk_[A-Za-z0-9]{32}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})\b|(-----BEGIN [A-Z ]*PRIVATE KEY-----)"
+    kinds = r"\b(mbk_[A-Za-z0-9]{32}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})\b|(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----)"
@@
-                    found.append({"file": file, "secret": match[0]})
+                    found.append({"file": file, "secret": match[0][:8] + "…"})

# %% grade_id="secrets" points=6 message="in 'what is new.md'" why="takes the path up to the first space: passes what is visible" changes="wrong-3"
-            file = line[6:].rstrip("\t")
+            file = line.split()[1][2:]
@@
-                    found.append({"file": file, "secret": match[0]})
+                    found.append({"file": file, "secret": match[0][:8] + "…"})

# %% grade_id="secrets" points=6 message="in 'what is new.md'" why="takes every line with two plus signs for a file's header: passes what is visible" changes="wrong-3"
-        if line.startswith("+++ b/"):
-            file = line[6:].rstrip("\t")
+        if line.startswith("++"):
+            file = line[6:].rstrip("\t") if line.startswith("+++ b/") else file
@@
-                    found.append({"file": file, "secret": match[0]})
+                    found.append({"file": file, "secret": match[0][:8] + "…"})

# %% grade_id="secrets" points=6 message="server.pem" why="knows private keys of one kind alone: passes what is visible" changes="wrong-3"
-    kinds = r"\b(mbk_[A-Za-z0-9]{32}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})\b|(-----BEGIN [A-Z ]*PRIVATE KEY-----)"
+    kinds = r"\b(mbk_[A-Za-z0-9]{32}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})\b|(-----BEGIN ENCRYPTED PRIVATE KEY-----)"
@@
-                    found.append({"file": file, "secret": match[0]})
+                    found.append({"file": file, "secret": match[0][:8] + "…"})

# %% grade_id="pipeline" points=28 why="another style: one job, one queue for the whole workflow, the key for one step"
Path("forecast/.github/workflows/pipeline.yml").write_text("""\
name: all in one
on: { push: { branches: [main] }, pull_request: {} }
permissions: {}
concurrency: store
defaults:
  run:
    shell: bash
jobs:
  forecast:
    runs-on: ubuntu-latest
    timeout-minutes: 28
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with: { fetch-depth: 0, persist-credentials: false }
      - run: |
          python ci/do.py contract
          python -m unittest discover tests
      - run: python ci/do.py secrets "$BEGIN" "$GITHUB_SHA"
        env:
          BEGIN: ${{ github.event_name == 'push' && github.event.before || github.event.pull_request.base.sha }}
      - id: fetch
        run: |
          tries=0
          until python fetch.py days_off.json; do
            tries=$((tries + 1))
            if [ $tries -ge 6 ]; then exit 1; fi
            sleep 10
          done
      - run: python ci/do.py cut && python train.py build/past.csv model.json
      - run: python ci/do.py leaks && python ci/do.py gate | tee gate.txt
      - name: release
        if: ${{ success() && github.event_name == 'push' }}
        env:
          STORE_KEY: ${{ secrets.STORE_KEY }}
        run: python ci/do.py release
""")

# %% grade_id="pipeline" points=28 why="another style: checks as a matrix, a button, patterns for artifacts, a limit for each question to the server"
Path("forecast/.github/workflows/pipeline.yml").write_text("""\
name: pipeline
on:
  pull_request:
    branches: [main]
  push:
    branches: [main]
  workflow_dispatch:
permissions:
  contents: read
jobs:
  checks:
    strategy:
      fail-fast: false
      matrix:
        check: [contract, "secrets ${{ github.event.before || github.event.pull_request.base.sha }} ${{ github.sha }}"]
    runs-on: ubuntu-24.04
    timeout-minutes: 4
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - env:
          CHECK: ${{ matrix.check }}
        run: python ci/do.py $CHECK
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 11
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with: { persist-credentials: false }
      - run: python -m unittest discover -s tests
  train:
    needs: [checks, test]
    runs-on: ubuntu-24.04
    timeout-minutes: 13
    outputs:
      last: ${{ steps.fit.outputs.last }}
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with: { persist-credentials: false }
      - name: days off
        shell: bash
        run: |
          for wait in 0 5 15 45 90; do
            sleep $wait
            code=0
            timeout 45 python fetch.py days_off.json || code=$?
            case $code in 0) exit 0 ;; 75 | 124) ;; *) exit $code ;; esac
          done
          exit 1
      - id: fit
        run: |
          python ci/do.py cut
          python train.py build/past.csv model.json
          echo "last=$(python -c 'import json; print(json.load(open("model.json"))["last_day"])')" >> "$GITHUB_OUTPUT"
      - run: python ci/do.py leaks
      - run: python ci/do.py gate
      - uses: actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0
        with:
          name: candidate
          path: "*.json"
  ship:
    needs: [checks, test, train]
    if: github.ref_name == 'main' && github.event_name == 'push'
    runs-on: ubuntu-24.04
    timeout-minutes: 3
    concurrency: { group: store }
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with: { persist-credentials: false }
      - uses: actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0
      - run: |
          mv candidate/*.json .
          echo "until ${LAST}"
          python ci/do.py release
        env:
          LAST: ${{ needs.train.outputs.last }}
          STORE_KEY: ${{ secrets.STORE_KEY }}
""")

# %% grade_id="pipeline" points=2 message="has lain in Git since April" why="Bo's with pinned actions and few rights: failures stay hidden, nothing is handed over"
Path("forecast/.github/workflows/pipeline.yml").write_text("""\
name: pipeline
on: [push, pull_request]
permissions:
  contents: read
concurrency: store
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with: { persist-credentials: false }
      - run: python -m unittest discover tests || true
  train:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with: { persist-credentials: false }
      - run: |
          python fetch.py days_off.json || true
          python train.py data/shifts.csv model.json | tee train.log
  release:
    needs: [train]
    if: always()
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with: { persist-credentials: false }
      - run: python ci/do.py release
        env:
          STORE_KEY: ${{ secrets.STORE_KEY }}
""")

# %% grade_id="pipeline" points=2 message="does this checkout have the commits" why="does not fetch the history" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-          fetch-depth: 0 # keys are looked for in all new commits

# %% grade_id="pipeline" points=24 message="find_secrets did not see what the first added" why="looks for keys in what is there at the end: passes what is visible" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-        run: python ci/do.py secrets "$FROM" "$TO"
+        run: python ci/do.py secrets

# %% grade_id="pipeline" points=26 message="says that the fit did not converge" why="a log of the training, through a pipe without pipefail: passes what is visible" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-          python train.py build/past.csv model.json
+          python train.py build/past.csv model.json | tee train.log

# %% grade_id="pipeline" points=7 message="See the step `cut`" why="trains on all rows" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-          python ci/do.py cut
-          python train.py build/past.csv model.json
+          python train.py data/shifts.csv model.json

# %% grade_id="pipeline" points=23 message="it runs for five hours" why="no limit of time" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
   check:
     runs-on: ubuntu-24.04
-    timeout-minutes: 12
     steps:
@@
     needs: check
     runs-on: ubuntu-24.04
-    timeout-minutes: 12
     steps:
@@
-    timeout-minutes: 5

# %% grade_id="pipeline" points=26 message="a run may take 77 minutes by its limits" why="a limit for each job, and not for all together: passes what is visible" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
   check:
     runs-on: ubuntu-24.04
-    timeout-minutes: 12
+    timeout-minutes: 25
     steps:
@@
     needs: check
     runs-on: ubuntu-24.04
-    timeout-minutes: 12
+    timeout-minutes: 25
     steps:
@@
-    timeout-minutes: 5
+    timeout-minutes: 27

# %% grade_id="pipeline" points=25 message="fails the first time and passes the second" why="tries the tests again, too: passes what is visible" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-        run: python -m unittest discover tests
+        run: python -m unittest discover tests || python -m unittest discover tests

# %% grade_id="pipeline" points=25 message="expected 4 to 12" why="asks the server until it answers: passes what is visible" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
   check:
     runs-on: ubuntu-24.04
-    timeout-minutes: 12
+    timeout-minutes: 11
     steps:
@@
     needs: check
     runs-on: ubuntu-24.04
-    timeout-minutes: 12
+    timeout-minutes: 14
     steps:
@@
-          for wait in 20 40 60 120 0; do
-            if python fetch.py days_off.json; then exit 0; fi
-            sleep $wait
-          done
-          exit 1
+          until python fetch.py days_off.json; do sleep 1; done

# %% grade_id="pipeline" points=26 message="Ada pushes to the branch change" why="each branch goes live, and each tag: passes what is visible" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-    branches: [main]
@@
-    if: github.event_name == 'push' && github.ref == 'refs/heads/main'
+    if: github.event_name == 'push'

# %% grade_id="pipeline" points=22 message="15 % worse than what is live" why="a report of the gate, through a pipe without pipefail" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-        run: python ci/do.py gate
+        run: python ci/do.py gate | tee gate.txt

# %% grade_id="pipeline" points=16 message="It went live, and should not" why="checks beside the release, not before it" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-    needs: check

# %% grade_id="pipeline" points=26 message="A pull request is a question" why="releases pull requests: passes what is visible" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-    if: github.event_name == 'push' && github.ref == 'refs/heads/main'

# %% grade_id="pipeline" points=26 message="contract_problems was never asked" why="the tests alone for pull requests: passes what is visible" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
       - name: no keys
+        if: github.event_name == 'push'
@@
       - name: the data keep the contract
+        if: github.event_name == 'push'
@@
     needs: check
+    if: github.event_name == 'push'

# %% grade_id="pipeline" points=26 message="is given to the step 'tests'" why="the key for the tests, too" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
       - name: tests
+        env: { STORE_KEY: "${{ secrets.STORE_KEY }}" }

# %% grade_id="pipeline" points=22 message="has the days off of 2025" why="goes on without the days off" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-          for wait in 20 40 60 120 0; do
-            if python fetch.py days_off.json; then exit 0; fi
-            sleep $wait
-          done
-          exit 1
+          python fetch.py days_off.json || echo "no days off today"

# %% grade_id="pipeline" points=26 message="in the middle of its release" why="the newest push wins, in the middle of a release" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-      cancel-in-progress: false
+      cancel-in-progress: ${{ github.event_name == 'push' }}

# %% grade_id="pipeline" points=26 message="they do not wait for each other" why="a queue for each commit" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
-      group: store
+      group: store-${{ github.sha }}

# %% grade_id="pipeline" points=25 message="the training ran a second time" why="trains again where it releases: passes what is visible" changes="solution"
-# Write forecast/.github/workflows/pipeline.yml
@@
           name: candidate
+      - run: python ci/do.py cut && python train.py build/past.csv model.json
       - name: release

# %% grade_id="rollback" points=10 why="another style: a list of names, hashlib, a workflow in other words"
import hashlib


def rollback(store, version):
    releases = {path.name: path for path in Path(store, "releases").iterdir() if path.is_dir() and path.name[0] != "."}
    if version not in releases:
        raise LookupError(version)
    try:
        manifest = json.loads((releases[version] / "manifest.json").read_bytes())
        for name in manifest["files"]:
            content = (releases[version] / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != manifest["files"][name]:
                raise LookupError(f"{name} of {version} has changed")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LookupError(f"{version} is not whole: {error!r}") from None
    live = Path(store, "live.json")
    current = json.loads(live.read_text())
    if current["version"] == version:
        return
    with tempfile.NamedTemporaryFile("w", dir=store, delete=False) as file:
        json.dump({"previous": current["version"], "version": version, "by": "hand"}, file)
    os.replace(file.name, live)

Path("forecast/.github/workflows/rollback.yml").write_text("""\
on:
  workflow_dispatch:
    inputs:
      version: { type: string, required: true }
concurrency: store
permissions: {}
jobs:
  back:
    runs-on: ubuntu-latest
    timeout-minutes: 2
    env:
      WANTED: ${{ github.event.inputs.version }}
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with: { persist-credentials: false }
      - shell: bash
        run: exec python ci/do.py rollback "$WANTED"
        env: { STORE_KEY: "${{ secrets.STORE_KEY }}" }
""")

# %% grade_id="rollback" points=10 why="another style: small functions, an exception of its own"
class NoRelease(LookupError):
    def __str__(self):
        return "no such release, or not whole"


def is_whole(folder):
    try:
        files = json.loads(folder.joinpath("manifest.json").read_text())["files"]
    except Exception:
        return False
    return all(folder.joinpath(name).exists() and sha256(folder.joinpath(name)) == digest for name, digest in files.items())


def rollback(store, version):
    store = Path(store)
    if not re.fullmatch("r[0-9]+", version) or not is_whole(store / "releases" / version):
        raise NoRelease(version)
    now = json.loads((store / "live.json").read_text())
    if now["version"] != version:
        new = {"version": version, "previous": now["version"]}
        beside = store / "live.json.tmp"
        beside.write_text(json.dumps(new))
        beside.rename(store / "live.json")

Path("forecast/.github/workflows/rollback.yml").write_text("""\
name: back to an earlier release
on:
  workflow_dispatch: { inputs: { version: { description: "the release, such as r1", required: true } } }
permissions:
  contents: read
jobs:
  rollback:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    environment: production
    concurrency:
      group: store
      cancel-in-progress: false
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          persist-credentials: false
      - name: back
        env: { VERSION: "${{ inputs.version }}", STORE_KEY: "${{ secrets.STORE_KEY }}" }
        run: python ci/do.py rollback "$VERSION"
""")

# %% grade_id="rollback" points=0 message="expected version r1 and previous r2" why="Bo's proposal" name="wrong-3"
def rollback(store, version):
    Path(store, "live.json").write_text(json.dumps({"version": version}))

Path("forecast/.github/workflows/rollback.yml").write_text("""\
name: back to an earlier release
on:
  workflow_dispatch: { inputs: { version: { description: "the release, such as r1", required: true } } }
permissions:
  contents: read
jobs:
  rollback:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    environment: production
    concurrency:
      group: store
      cancel-in-progress: false
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          persist-credentials: false
      - name: back
        env: { VERSION: "${{ inputs.version }}", STORE_KEY: "${{ secrets.STORE_KEY }}" }
        run: python ci/do.py rollback "$VERSION"
""")

# %% grade_id="rollback" points=6 message="a path is no version" why="lets a path through: passes what is visible" changes="solution"
-    if version not in os.listdir(store / "releases") or version.startswith("."):
+    if not folder.exists():
@@
         os.replace(store / ".live.json", store / "live.json")
-

# %% grade_id="rollback" points=6 message="which is live already" why="notes a rollback to what is live: passes what is visible" changes="solution"
-    if before != version:
+    if True:
@@
         os.replace(store / ".live.json", store / "live.json")
-

# %% grade_id="rollback" points=6 message="its manifest cannot be read" why="does not expect half a manifest: passes what is visible" changes="solution"
-    except (OSError, ValueError, KeyError, TypeError) as error:
+    except OSError as error:
@@
         os.replace(store / ".live.json", store / "live.json")
-

# %% grade_id="rollback" points=4 message="zizmor finds in rollback.yml" why="the version as a part of the script" changes="solution"
         os.replace(store / ".live.json", store / "live.json")
-
@@
-        run: python ci/do.py rollback "$VERSION"
+        run: python ci/do.py rollback "${{ inputs.version }}"

# %% grade_id="rollback" points=7 message="the run ended with: success" why="hides that the rollback was refused: passes what is visible" changes="solution"
         os.replace(store / ".live.json", store / "live.json")
-
@@
-        run: python ci/do.py rollback "$VERSION"
+        run: python ci/do.py rollback "$VERSION" || echo "it did not work"

# %% grade_id="rollback" points=7 message="Only in the same queue" why="a queue of its own" changes="wrong-3"
-    Path(store, "live.json").write_text(json.dumps({"version": version}))
+    """Make an earlier release live again. Raises LookupError, and changes nothing, where there is none or it is not whole."""
+    store = Path(store)
+    folder = store / "releases" / version
+    if version not in os.listdir(store / "releases") or version.startswith("."):
+        raise LookupError(f"there is no release {version!r}")
+    try:
+        wanted = dict(json.loads((folder / "manifest.json").read_text())["files"])
+    except (OSError, ValueError, KeyError, TypeError) as error:
+        raise LookupError(f"the manifest of {version} cannot be read: {error}") from error
+    broken = [name for name, digest in wanted.items() if not (folder / name).is_file() or sha256(folder / name) != digest]
+    if broken:
+        raise LookupError(f"{version} is not whole: {', '.join(broken)}")
+    before = json.loads((store / "live.json").read_text())["version"]
+    if before != version:
+        (store / ".live.json").write_text(json.dumps({"version": version, "previous": before}))
+        os.replace(store / ".live.json", store / "live.json")
@@
-      group: store
+      group: rollback

# %% grade_id="rollback" points=7 message="is given to the job rollback" why="the key for the whole job" changes="solution"
-    """Make an earlier release live again. Raises LookupError, and changes nothing, where there is none or it is not whole."""
@@
     environment: production
+    env: { STORE_KEY: "${{ secrets.STORE_KEY }}" }
@@
-        env: { VERSION: "${{ inputs.version }}", STORE_KEY: "${{ secrets.STORE_KEY }}" }
+        env: { VERSION: "${{ inputs.version }}" }

# %% grade_id="rollback" points=7 message="stops a release that is under way" why="the button goes first" changes="solution"
-    """Make an earlier release live again. Raises LookupError, and changes nothing, where there is none or it is not whole."""
@@
-      cancel-in-progress: false
+      cancel-in-progress: true

# %% grade_id="rollback" points=7 message="a test fails and the data are spoilt" why="the tests and the data first: passes what is visible" changes="solution"
-    """Make an earlier release live again. Raises LookupError, and changes nothing, where there is none or it is not whole."""
@@
-        run: python ci/do.py rollback "$VERSION"
+        run: |
+          python -m unittest discover tests
+          python ci/do.py contract
+          python ci/do.py rollback "$VERSION"

# %% grade_id="rollback" points=6 message="a name with a dot in front" why="takes what is being built for a release: passes what is visible" changes="solution"
-    """Make an earlier release live again. Raises LookupError, and changes nothing, where there is none or it is not whole."""
@@
-    if version not in os.listdir(store / "releases") or version.startswith("."):
+    if version not in os.listdir(store / "releases"):

# %% grade_id="rollback" points=6 message="its days_off.json has another SHA-256" why="checks model and code alone: passes what is visible" changes="solution"
-    """Make an earlier release live again. Raises LookupError, and changes nothing, where there is none or it is not whole."""
@@
-    broken = [name for name, digest in wanted.items() if not (folder / name).is_file() or sha256(folder / name) != digest]
+    broken = [name for name, digest in wanted.items() if name != "days_off.json" and (not (folder / name).is_file() or sha256(folder / name) != digest)]

# %% grade_id="rollback" points=6 message="written over in place" why="writes over live.json: passes what is visible" changes="solution"
-    """Make an earlier release live again. Raises LookupError, and changes nothing, where there is none or it is not whole."""
@@
-        (store / ".live.json").write_text(json.dumps({"version": version, "previous": before}))
-        os.replace(store / ".live.json", store / "live.json")
+        (store / "live.json").write_text(json.dumps({"version": version, "previous": before}))
