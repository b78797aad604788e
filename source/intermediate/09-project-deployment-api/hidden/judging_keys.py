"""The judge of the keys: good, bad, expired and changed ones, and who may come in with them."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from judging import CONTRACT, TELEMETRY, body_of, once, was_started

from judgekit import drawn

CHANGED = 5  # so many of the last steps come after the file was changed
COUNTING_APP = """import hmac, secrets
compared = []
_true = hmac.compare_digest
def _count(a, b):
    compared.append(1)
    return _true(a, b)
hmac.compare_digest = secrets.compare_digest = _count
"""


def play_keys(play):
    """Play good, bad and stolen keys to the learner's keys; return the record, the labels and all keys."""
    return once("keys", lambda: _play_keys(play))


def _play_keys(play):
    chance = drawn("keys")
    make = lambda: "mb_" + "".join(chance.choice("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789") for _ in range(24))  # noqa: E731
    old, new, newest, admin, expired, later, gone, soon = (make() for _ in range(8))
    names = chance.sample(["town-hall", "tram-office", "harbour", "university", "workshop"], 4)
    past, future = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 2))
    east, west = (timezone(timedelta(hours=hours)) for hours in (chance.randint(3, 9), -chance.randint(3, 9)))
    hour_ago, next_hour = datetime.now(east) - timedelta(hours=1), datetime.now(west) + timedelta(hours=1)

    def entry(key, name, role="reader", **more):
        return {"name": name, "role": role, "sha256": hashlib.sha256(key.encode()).hexdigest(), **more}

    entries = [
        entry(old, names[0]), entry(expired, names[1], expires=past.isoformat()), entry(admin, "noor", "admin"), entry(new, names[0]),
        entry(later, names[2], expires=future.strftime("%Y-%m-%dT%H:%M:%SZ")),
        entry(gone, names[1], expires=hour_ago.isoformat()), entry(soon, names[3], expires=next_hour.isoformat()),
    ]  # fmt: skip
    chance.shuffle(entries)
    rotated = [each for each in entries if each["sha256"] != entry(old, "")["sha256"]] + [entry(newest, names[1])]
    predict = ["POST", "/v1/predict", {"hours": []}]
    put, back = ["PUT", "/v1/model", {"model_version": "1"}], ["POST", "/v1/model/rollback"]
    digest = hashlib.sha256(old.encode()).hexdigest()
    steps = [
        ("no key", predict, None, 401, None),
        ("an empty key", predict, "", 401, None),
        ("a key that nobody has", predict, make(), 401, None),
        ("the beginning of a key", predict, old[:-3], 401, None),
        ("a key with something behind it", predict, old + "x", 401, None),
        ("a key in capitals", predict, old.upper(), 401, None),
        ("the hash that stands in the file, sent as a key", predict, digest, 401, None),
        ("a key with a letter that is not ASCII", predict, "schlüssel-é", 401, None),
        ("a key that has expired", predict, expired, 401, None),
        (f"a key that expired an hour ago, at {hour_ago:%H:%M} in the zone {hour_ago:%z}", predict, gone, 401, None),
        (f"a key that expires in an hour, at {next_hour:%H:%M} in the zone {next_hour:%z}", predict, soon, 200, names[3]),
        ("a reader's old key", predict, old, 200, names[0]),
        ("the same reader's new key", predict, new, 200, names[0]),
        ("a key that expires in two days", predict, later, 200, names[2]),
        ("an admin's key", predict, admin, 200, "noor"),
        ("a reader's key, for a switch", put, new, 403, None),
        ("a reader's key, for a rollback", back, new, 403, None),
        ("an admin's key, for a switch", put, admin, 200, None),
        ("an expired key, for a switch", put, expired, 401, None),
        ("no key, for a switch", put, None, 401, None),
        ("no key, for a path that does not exist", ["GET", "/v1/nothing"], None, 401, None),
        ("no key, for /metrics-of-yesterday, which is not /metrics", ["GET", "/metrics-of-yesterday"], None, 401, None),
        ("no key, for /health/, which is not /health", ["GET", "/health/"], None, 401, None),
        ("no key, for /health", ["GET", "/health"], None, 200, None),
        ("no key, for /ready", ["GET", "/ready"], None, 200, None),
        ("no key, for /metrics", ["GET", "/metrics"], None, 200, None),
        ("a key that nobody has, while half of the file is written", predict, make(), 401, None),
        ("a valid key, while half of the file is written", predict, admin, 200, "noor"),
        ("an old key that was taken out of the file", predict, old, 401, None),
        ("the new key that has stayed", predict, new, 200, names[0]),
        ("a key that was put into the file a moment ago", predict, newest, 200, names[1]),
    ]
    script = [{"ask": ask, **({} if key is None else {"key": key})} for _, ask, key, *_ in steps]
    script.insert(len(script) - 3, {"write": {"keys.json": json.dumps(rotated)}})
    script.insert(len(script) - 6, {"write": {"keys.json": json.dumps(rotated)[: chance.randint(150, 250)]}})
    script.append({"ask": ["GET", "/compared"], "key": admin})
    app = COUNTING_APP + Path("found/app.py").read_text()
    app = app.replace(
        "versions.install(app)\n", '@app.get("/compared")\ndef count():\n    return {"compared": len(compared)}\n\nversions.install(app)\n'
    )
    texts = {"contract.py": CONTRACT, "keys.json": json.dumps(entries), "app.py": app, "telemetry.py": TELEMETRY}
    record = play(["keys"], script, texts, {"KEYS_FILE": "{place}/keys.json"})
    return record, steps, [old, new, newest, admin, expired, later, gone, soon]


def judge_doors(play, first=True):
    """Fail where somebody came in who may not, or was kept out who may: before the file changed, or after."""
    record, steps, keys = play_keys(play)
    was_started(record, "keys")
    for number, ((name, ask, _, status, caller), answer) in enumerate(zip(steps, record["answers"], strict=False)):
        if (number < len(steps) - CHANGED) != first:
            continue
        assert answer["status"] == status, f"{name} ({ask[0]} {ask[1]}): answered with {answer['status']}, expected {status}."
        if status == 401:
            assert "www-authenticate" in answer["headers"], (
                f"{name}: a 401 without the header WWW-Authenticate, which says how one may come in."
            )
        if caller:
            assert body_of(answer).get("caller") == caller, (
                f"{name}: request.state.caller was {body_of(answer).get('caller')!r}, expected the name in the file."
            )
        where = [str(answer["body"]), *record["logs"], record["errors"]]
        said = [key for key in keys if any(key in text for text in where)]
        assert not said, "A key came out again: in an answer, in the log or in the error output. It must stand nowhere."


def judge_comparing(play):
    """Fail where keys are compared in another way than asked."""
    record, steps, _ = play_keys(play)
    judge_doors(play, first=False)
    count = body_of(record["answers"][-1]).get("compared", 0)
    assert count >= 8, (
        f"{len(steps)} requests came with keys, and hmac.compare_digest was called {count} times. A comparison with == tells by its time how much of a text was right."
    )
