"""What the judge cells of the pipeline share: commits that are played to it, and what it must keep."""

import csv
import hashlib
import json

from colleagues import ASKED, MARK, OVERTIME, PLAIN, trained
from expressions import fill
from judging import TEAM, as_text, lab_rows
from judging_candidates import WARMTH, YESTERDAY, changed, quiet_leak, with_column
from judging_secrets import make_key
from runner import read_workflow
from workbench import HERE

from judgekit import drawn

_told = {}


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
