"""What the judge cells share: tables, patches, stores and commits of the judge's own, and what must become of them."""

import csv
import hashlib
import io
import json
import string
from pathlib import Path

from colleagues import ASKED, KEY, MARK, OVERTIME, PLAIN, RAIN, make_candidate, make_store, trained
from expressions import fill
from runner import read_workflow
from workbench import HERE

from judgekit import drawn

TEAM = HERE / "team"
DISTRICTS = ["Eastfield", "Harbour", "Hillside", "Old Town", "University"]
_told = {}


def lab_rows():
    """Return the rows of the team's table, as shipped."""
    return list(csv.DictReader((TEAM / "data" / "shifts.csv").read_text().splitlines()))


def as_text(rows):
    """Return rows as the text of a CSV file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def asked(function, *words):
    """Return what a check of the learner's says: a list of texts. Raises AssertionError where it is none."""
    found = function(*words)
    if not isinstance(found, (list, tuple, set)):
        raise AssertionError(f"{function.__name__} returned {found!r}, expected a list: empty where nothing is wrong.")
    return [str(problem) for problem in found]


# Another contract, and tables that keep it or do not


def depot_contract(chance):
    """Return a contract of another table, and rows that keep it."""
    depots = chance.sample(["North Yard", "Quay", "Mill", "Castle", "Station"], 3)
    low, high = chance.randrange(-40, -5), chance.randrange(60, 90)
    contract = {
        "key": ["night", "depot"],
        "columns": {
            "night": {"type": "date", "known": "before"},
            "depot": {"type": "text", "values": depots, "known": "before"},
            "balance": {"type": "number", "min": low, "max": high, "known": "after"},
            "staffed": {"type": "number", "values": [0, 1], "known": "before"},
            "charge_kwh": {"type": "number", "min": 0, "known": "after"},
            "driver": {"type": "text", "known": "before"},
            "remark": {"type": "text", "may_be_empty": True, "known": "after"},
            "spare": {"type": "number", "min": 0, "max": 9, "may_be_empty": True, "known": "after"},
        },
    }
    rows = [
        {
            "night": f"2026-02-{day:02}",
            "depot": depot,
            "balance": str(chance.randrange(low, high)),
            "staffed": chance.choice("01"),
            "charge_kwh": f"{chance.uniform(0, 900):.1f}",
            "driver": chance.choice(["Ola", "Pia", "Quim"]),
            "remark": chance.choice(["", "rain"]),
            "spare": chance.choice(["", "3"]),
        }
        for day in range(1, 29)
        for depot in depots
    ]
    rows[0]["balance"], rows[1]["balance"] = str(low), str(high)
    return contract, rows


def breaches(contract, rows, chance):
    """Return tables with one fault each: (what, the column that must be named or None, rows)."""
    at, other = chance.sample(range(5, len(rows)), 2)
    high, depots = contract["columns"]["balance"]["max"], contract["columns"]["depot"]["values"]

    def with_value(name, value, at=at, rows=rows):
        return [{**row, name: value} if number == at else row for number, row in enumerate(rows)]

    two = with_value("driver", "", other, with_value("balance", str(high + 1)))

    def renamed(old, new):
        return [{new if name == old else name: value for name, value in row.items()} for row in rows]

    return [
        ("a column is missing", "charge_kwh", [{name: value for name, value in row.items() if name != "charge_kwh"} for row in rows]),
        ("a column has another name", "balance", renamed("balance", "Balance")),
        (
            "a column that may be empty is missing altogether",
            "remark",
            [{name: value for name, value in row.items() if name != "remark"} for row in rows],
        ),
        ("one value is above the maximum", "balance", with_value("balance", str(high + 1))),
        ("one value is below the minimum, and the column has no maximum", "charge_kwh", with_value("charge_kwh", "-0.5")),
        ("one value has a decimal comma", "charge_kwh", with_value("charge_kwh", "12,5")),
        ("one number is the text nan", "balance", with_value("balance", "nan")),
        ("one number is the text inf, and the column has no maximum", "charge_kwh", with_value("charge_kwh", "inf")),
        ("one number is empty", "balance", with_value("balance", "")),
        ("one text is empty, and any text is allowed", "driver", with_value("driver", "")),
        ("one text is not among the allowed ones", "depot", with_value("depot", depots[0].lower())),
        ("one number is not among the allowed ones", "staffed", with_value("staffed", "2")),
        ("one value that may be empty is filled, and out of range", "spare", with_value("spare", "10")),
        ("one day does not exist", "night", with_value("night", "2026-02-30")),
        ("one day is written the other way round", "night", with_value("night", "14.02.2026")),
        ("one day is written without hyphens", "night", with_value("night", "20260214")),
        ("one balance is above the maximum, and one driver is empty", "balance", two),
        ("one balance is above the maximum, and one driver is empty", "driver", two),
        ("a row is there twice, with other numbers", None, [*rows, {**rows[at], "balance": "1"}]),
        ("the table has no rows", None, []),
    ]


def kept(contract, rows):
    """Return tables that keep the contract: (what, rows)."""
    return [
        ("the table as it should be", rows),
        ("the columns stand in another order", [dict(reversed(row.items())) for row in rows]),
        ("the rows stand in another order", rows[::-1]),
        ("there is one more column, which the contract does not know", [{**row, "weather": "nan"} for row in rows]),
        ("numbers are written 1.0 and 0.0", [{**row, "staffed": f"{row['staffed']}.0"} for row in rows]),
        ("a column that may be empty is empty", [{**row, "spare": "", "remark": ""} for row in rows]),
    ]


# Candidates, for the blindfold and the gate

YESTERDAY = """    from datetime import date, timedelta

    known = {(row["day"], row["shift"], row["district"]): row["trips"] for row in rows}
    day_before = [str(date.fromisoformat(row["day"]) - timedelta(days=1)) for row in rows]
    past = [known.get((day, row["shift"], row["district"])) or row["trips_last_week"] for day, row in zip(day_before, rows)]
    plain = [[float(row[name]) for name in FEATURES] + cell(row) for row in rows]
    return [line + [float(value)] for line, value in zip(plain, past)]
"""
TOMORROW = YESTERDAY.replace("- timedelta", "+ timedelta")
WARMTH = RAIN.replace("rain_mm", "temperature_c")
SEEN = {
    "features.py": [
        PLAIN,
        PLAIN.replace("return", "plain =") + '    return [line + [float(row.get("{name}") or 0)] for line, row in zip(plain, rows)]\n',
    ]
}


def quiet_leak(name):
    """Return a commit that uses a column, and takes nothing where it is empty: it breaks nowhere."""
    return {"message": "A new feature", "replace": {path: [old, new.replace("{name}", name)] for path, (old, new) in SEEN.items()}}


def changed(text, path="features.py", old=PLAIN):
    """Return a commit that replaces one text by another."""
    return {"message": "A change", "replace": {path: [old, text]}}


SLY = {  # two answers of each day, small, and such that the day's sum stays the same
    "message": "Rounding",
    "replace": {
        "predict.py": [
            "    return [max(0.0,",
            """    answers = _plain(model, rows)
    for n in range(1, len(rows)):
        last = n + 1 == len(rows) or rows[n + 1]["day"] != rows[n]["day"]
        if last and rows[n - 1]["day"] == rows[n]["day"] and rows[n]["returns"]:
            answers[n], answers[n - 1] = answers[n] + 0.003, answers[n - 1] - 0.003
    return answers


def _plain(model, rows):
    return [max(0.0,""",
        ]
    },
}


def with_column(rows, name, chance):
    """Return the rows with a column that follows the trips: what the app counted."""
    return [{**row, name: str(int(row["trips"]) + chance.randrange(-1, 2))} for row in rows]


def make_oracle(folder, rows, error, noise=0):
    """Write a forecast that answers with the truth plus what the function `error` says of a row: for the gate, which only looks at errors."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    answers = {f"{row['day']} {row['shift']} {row['district']}": error(row, number) for number, row in enumerate(rows)}
    (Path(folder) / "model.json").write_text(json.dumps(answers))
    (Path(folder) / "predict.py").write_text(
        "def predict(model, rows):\n    return [float(row[\"trips\"]) + model[f\"{row['day']} {row['shift']} {row['district']}\"] for row in rows]\n"
    )


# Patches


def make_key(kind, chance):
    """Return a key of a kind, made up."""
    letters = string.ascii_letters + string.digits
    if kind == "pem":
        return f"-----BEGIN {chance.choice(['RSA ', 'EC ', 'OPENSSH ', ''])}PRIVATE KEY-----"
    prefix, size, alphabet = {
        "mbk": ("mbk_", 32, letters),
        "ghp": ("ghp_", 36, letters),
        "aws": ("AKIA", 16, string.ascii_uppercase + string.digits),
    }[kind]
    return prefix + "".join(chance.sample(alphabet, 10) + chance.choices(alphabet, k=size - 10))


def patch_of(name, lines):
    """Return a patch that changes one file; the lines with their signs. As Git does, with a tab behind a path with spaces."""
    tab = "\t" if " " in name else ""
    return (
        f"diff --git a/{name} b/{name}\nindex 1111111..2222222 100644\n--- a/{name}{tab}\n+++ b/{name}{tab}\n@@ -1,{len(lines)} +1,{len(lines)} @@\n"
        + "".join(f"{line}\n" for line in lines)
    )


def found_in(find_secrets, patch):
    """Return what the learner's function finds: pairs of file and secret, as texts."""
    found = find_secrets(patch)
    if not isinstance(found, (list, tuple)) or not all(isinstance(one, dict) and {"file", "secret"} <= set(one) for one in found):
        raise AssertionError(f"find_secrets returned {found!r}, expected a list of dictionaries with 'file' and 'secret'.")
    return [(str(one["file"]), str(one["secret"])) for one in found]


# Commits, for the pipeline


def played(rehearse, part):
    """Play the first (0) or second (1) part of the judge's commits to the learner's pipeline, once. Return what became of each, and the commits."""
    if part not in _told:
        chance = drawn("commits")
        events = [{**event, "by": chance.choice(["Ada", "Bo", "Cy"])} for event in _events(chance)]  # who it is says nothing
        events = events[:9] if part == 0 else events[9:]
        why = "no account of it came about"
        try:
            told = rehearse(events)
        except Exception as error:
            told, why = None, f"{type(error).__name__}: {error}"
        _told[part] = told, {event["name"]: event for event in events}, why
    told, events, why = _told[part]
    if not isinstance(told, dict) or not all(isinstance(told.get(name), dict) for name in events):
        raise AssertionError(f"Your pipeline could not be played: {why}")
    return told, events


def _push(name, message, *commits, **more):
    return {"name": name, "on": "push", "commits": [{"message": message, **commit} for commit in commits], **more}


def _test(body, imports="import unittest\n"):
    case = f"\n\nclass More(unittest.TestCase):\n    def test_more(self):\n        {body}\n"
    return {"replace": {"tests/test_forecast.py": ["import unittest\n", imports]}, "append": {"tests/test_forecast.py": case}}


def _events(chance):
    rows, next_week = lab_rows(), (HERE / "next_week.csv").read_text()
    column, silent = chance.choice(["unlocks", "app_starts", "dock_events"]), chance.randrange(1, 4)
    new_rows = list(csv.DictReader(next_week.splitlines()))
    order = chance.sample(list(rows[0]), len(rows[0]))
    wider = [{**{name: row[name] for name in order}, "wind_mps": f"{chance.uniform(0, 9):.1f}"} for row in rows + new_rows]
    week = chance.choice(sorted({row["day"] for row in rows})[20:50])
    twice = "".join(as_text([row for row in rows if row["day"] == week]).splitlines(keepends=True)[1:])
    spoilt = [dict(row) for row in new_rows]
    where, what = chance.choice([("district", "Oldtown"), ("temperature_c", "nan"), ("rain_mm", "1,5"), ("temperature_c", "")])
    spoilt[chance.randrange(len(spoilt))][where] = what
    district, share = chance.choice([("Eastfield", 0.68), ("Hillside", 0.66), ("Old Town", 0.7), ("University", 0.74)])
    slice_ = f'max(0.0, (1.0 if row["district"] != "{district}" else {share}) * sum(w * x for w, x in zip(model["weights"], line, strict=True))) for line, row in zip(features(rows), rows)]'
    plain_sum = 'max(0.0, sum(w * x for w, x in zip(model["weights"], line, strict=True))) for line in features(rows)]'
    kind = chance.choice(["mbk", "ghp", "aws", "pem"])
    days_off = json.dumps({"year": 2026, "days_off": ["2026-01-01", f"2026-10-{chance.randrange(10, 30)}"]}) + "\n"
    leak = quiet_leak(column)
    leak["files"] = {"data/shifts.csv": as_text(with_column(rows, column, chance))}
    minutes = chance.randrange(6, 10)
    return [
        _push(
            "refactor",
            "Tidied up",
            changed(
                "\n# How strongly weights are held near zero\nRIDGE = 1.0\n",
                "train.py",
                "\nRIDGE = 1.0  # how strongly weights are held near zero\n",
            ),
            changed('return {"made": __import__("time").time_ns(), "rows"', "train.py", 'return {"rows"'),
            days_off=days_off,
            spied=True,
        ),
        {
            **_push(
                "pr good",
                "Ridge at 0.9",
                {"files": {"notes.txt": MARK + "\n"}},
                {**changed("RIDGE = 0.9", "train.py", "RIDGE = 1.0"), "delete": ["notes.txt"]},
                spied=True,
            ),
            "on": "pull request",
        },
        {**_push("pr bad", "A test for later", _test('self.fail("not ready")')), "on": "pull request"},
        {**_push("branch", "Ridge at 0.85", changed("RIDGE = 0.85", "train.py", "RIDGE = 1.0")), "on": "branch"},
        {**_push("tag", "Ridge at 0.86", changed("RIDGE = 0.86", "train.py", "RIDGE = 1.0")), "on": "tag"},
        _push("warmth", "Warmth counts by shift and district", changed(WARMTH)),
        _push(
            "slice",
            f"Warmth, and fewer bikes for {district}",
            {"replace": {"features.py": [PLAIN, WARMTH], "predict.py": [plain_sum, slice_]}},
        ),
        _push("unlisted", "What the app counts", leak),
        _push("yesterday", "Yesterday's trips", changed(YESTERDAY)),
        _push("twice", "The week that was missing", {"append": {"data/shifts.csv": twice}}),
        _push("spoilt", "The newest week", {"append": {"data/shifts.csv": "".join(as_text(spoilt).splitlines(keepends=True)[1:])}}),
        _push("new week", "The newest week, and the wind", {"files": {"data/shifts.csv": as_text(wider)}}),
        _push("failing test", "A test", _test('self.assertEqual("early", "late")')),
        _push(
            "failing training",
            "Fit until it converges",
            changed('    sys.exit("the fit did not converge")\n    print(f"fitted', "train.py", '    print(f"fitted'),
        ),
        _push("long test", "A thorough test", _test(f"time.sleep({minutes} * 60)", "import time\nimport unittest\n")),
        _push(
            "key came and went",
            "Notes",
            {"files": {"notes/server.txt": f"the server's key: {make_key(kind, chance)}\n"}},
            {"delete": ["notes/server.txt"]},
        ),
        _push(
            "placeholder",
            "How to get a key",
            {"append": {"README.md": f"\nYour key looks like mbk_{'x' * 32}.\n\nThe table's SHA-256: {chance.getrandbits(256):064x}\n"}},
        ),
        _push("silent", "Ridge at 0.8", changed("RIDGE = 0.8", "train.py", "RIDGE = 1.0"), silent=silent),
        _push("down", "Ridge at 0.7", changed("RIDGE = 0.7", "train.py", "RIDGE = 1.0"), silent=10_000),
        _push(
            "lucky test",
            "A test with the server",
            _test(
                'path = Path(os.environ["CITY_SERVER"]) / "luck"\n        lucky = path.exists()\n        path.touch()\n        self.assertTrue(lucky)',
                "import os\nimport unittest\nfrom pathlib import Path\n",
            ),
        ),
    ]


def expect_checked(told, name, who):
    """Raise AssertionError unless all checks were asked for the event, and that for keys about all its commits."""
    checks = told[name]["checks"]
    for function in list(ASKED.values())[:4]:
        if not any(check["asked"] == function for check in checks):
            raise AssertionError(
                f"{who}. {function} was never asked about it: a pull request gets all checks, so that they fail before the merge."
            )
    if not any(check["asked"] == "find_secrets" and check["undone"] for check in checks):
        raise AssertionError(
            f"{who}, with two commits. find_secrets did not see what the first added and the second removed. Where does a pull request start from?"
        )


def limits_of(text):
    """Return how long a run may take by the limits in the workflow: the minutes, and the jobs that then wait for each other."""
    jobs = read_workflow(text)["jobs"]

    def minutes(part):
        try:
            return float(fill(part.get("timeout-minutes", 360), {"matrix": {}, "vars": {}, "env": {}, "github": {}}))
        except (TypeError, ValueError):
            return 0.0  # an expression that only a run can answer

    def until(name):
        needs = jobs[name].get("needs") or []
        before = max((until(need) for need in ([needs] if isinstance(needs, str) else needs)), default=(0.0, []))
        steps = [minutes(step) for step in jobs[name].get("steps") or []]
        own = min([minutes(jobs[name]), *([sum(steps)] if steps else [])])
        return before[0] + own, [*before[1], f"{name} {own:g}"]

    return max(until(name) for name in jobs)


def expect_kept(told, name, who, advice):
    """Raise AssertionError unless the live release has stayed as it was, and nothing was published."""
    one = told[name]
    if one["released"] or one["live"] != "r2":
        raise AssertionError(f"{who}. It went live all the same. {advice}")
    if one["releases"] != ["r1", "r2"]:
        raise AssertionError(f"{who}. It is not live, but it was published to the store: {', '.join(one['releases'])}. {advice}")
    if one["minutes"] > OVERTIME:
        raise AssertionError(f"{who}. The run went on for {one['minutes']:.0f} minutes before it ended; at most {OVERTIME} are allowed.")


def expect_released(told, events, name, who):
    """Raise AssertionError unless the commit is live: its own model, of its own code, with the days off that the server gave."""
    one, event = told[name], events[name]
    if not one["released"]:
        why = f"What failed: {one['failed'][0]}" if one["failed"] else f"The runs ended with: {one['result']}."
        raise AssertionError(f"{who}. Nothing is wrong with that, and it did not go live. {why}")
    sources = {path: (TEAM / path).read_text() for path in ("features.py", "train.py", "predict.py", "data/shifts.csv")}
    for commit in event["commits"]:
        sources |= {path: text for path, text in commit.get("files", {}).items() if path in sources}
        for path, pair in commit.get("replace", {}).items():
            sources |= {path: sources[path].replace(*pair)} if path in sources else {}
    rows = list(csv.DictReader(sources["data/shifts.csv"].splitlines()))
    first = sorted({row["day"] for row in rows})[-14]
    truth, seen_all = (trained(sources, as_text(part)) for part in ([row for row in rows if row["day"] < first], rows))
    parts = one["parts"]
    model, truth, seen_all = (_unstamped(text) for text in (parts.get("model.json", ""), truth, seen_all))
    if model != truth:
        lies = model == _unstamped((TEAM / "model.json").read_text())
        why = (
            "it is the model.json that has lain in Git for months: each job starts with a fresh checkout, and what another job made must be handed over"
            if lies
            else "it is not what this commit's training gives on the days before the test days"
        )
        why = "it was fitted on the test days, too, so the gate asked it about days that it knew" if model == seen_all else why
        raise AssertionError(f"{who}. It went live, but with the wrong model: {why}.")
    gated = [check.get("model") for check in one["checks"] if check["asked"] == "gate_problems"]
    if event.get("spied") and hashlib.sha256(parts["model.json"].encode()).hexdigest() not in gated:
        raise AssertionError(
            f"{who}. It went live, but with another model than the one that the gate measured: "
            + ("the training ran a second time. What was measured is what is released." if gated else "the gate was never asked.")
        )
    if parts.get("features.py") != sources["features.py"] or parts.get("predict.py") != sources["predict.py"]:
        raise AssertionError(f"{who}. It went live, but the code in the release is not the commit's.")
    if ("days_off" in event and parts.get("days_off.json") != event["days_off"]) or '"year": 2026' not in parts.get("days_off.json", ""):
        raise AssertionError(
            f"{who}. It went live with the days off of 2025, as they lie in Git: what fetch.py brought did not reach the release."
        )
    if json.loads(parts["manifest.json"])["commit"] != one["sha"]:
        raise AssertionError(f"{who}. The release's manifest names another commit than the one that was pushed.")
    if one["releases"] != ["r1", "r2", "r3"]:
        raise AssertionError(f"{who}. One commit made more than one release: {', '.join(one['releases'])}.")
    if one["minutes"] > OVERTIME:
        raise AssertionError(f"{who}. It went live after {one['minutes']:.0f} minutes; a run may take {OVERTIME}.")


def _unstamped(text):
    """Return a model's text without the moment at which it was made."""
    try:
        model = json.loads(text)
        return json.dumps({name: value for name, value in model.items() if name != "made"})
    except (ValueError, AttributeError):
        return text


# Stores, for the rollback


def store_with_more(folder):
    """Make a store with r1, r2 (live), and damaged ones: r3 with a changed model, r4 without its code, r5 without a manifest, r6 with half
    of one, r8 with other days off, r10 with a list for a manifest, and .r11, which was never finished."""
    make_store(folder)
    releases = Path(folder) / "releases"
    whole = {path.name: path.read_bytes() for path in (releases / "r1").iterdir()}
    for version, damage in [
        ("r3", lambda parts: {**parts, "model.json": parts["model.json"].replace(b"1", b"2", 1)}),
        ("r4", lambda parts: {name: content for name, content in parts.items() if name != "features.py"}),
        ("r5", lambda parts: {name: content for name, content in parts.items() if name != "manifest.json"}),
        ("r6", lambda parts: {**parts, "manifest.json": parts["manifest.json"][:40]}),
        ("r8", lambda parts: {**parts, "days_off.json": parts["days_off.json"].replace(b"04-06", b"04-13")}),
        ("r10", lambda parts: {**parts, "manifest.json": b"[]"}),
        (".r11", lambda parts: parts),
    ]:
        (releases / version).mkdir()
        for name, content in damage(whole).items():
            (releases / version / name).write_bytes(content)


def state_of(folder):
    """Return all that is in a folder: {path: content}."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


__all__ = ["KEY", "make_candidate", "make_store"]
