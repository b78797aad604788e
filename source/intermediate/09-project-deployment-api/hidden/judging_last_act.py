"""The judge of the last act: a day of good, bad and hostile traffic, told by client, log and metrics."""

import hashlib
import json
import math
from collections import Counter

from judging_contract import an_hour
from judging_telemetry import read_metrics

from judgekit import drawn


def last_act():
    """Return the traffic of a day, good, bad and hostile, with the files that the service needs for it."""
    chance = drawn("last act")
    make = lambda: "mb_" + "".join(chance.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(24))  # noqa: E731
    keys = {name: make() for name in ("town-hall", "tram-office", "noor")}
    entries = [
        {"name": name, "role": "admin" if name == "noor" else "reader", "sha256": hashlib.sha256(key.encode()).hexdigest()}
        for name, key in keys.items()
    ]
    predict = lambda body, key, **more: {"ask": ["POST", "/v1/predict", body], "key": key, **more}  # noqa: E731
    good = [predict({"hours": [an_hour(chance) for _ in range(chance.randint(1, 30))]}, keys["town-hall"]) for _ in range(14)]
    row = an_hour(chance)
    bad = [
        predict({"hours": [{**row, "station_id": 99}]}, keys["tram-office"]),
        predict({"hours": [{**row, "rain_mm": math.nan}]}, keys["tram-office"]),
    ]
    bad += [predict({"hours": []}, keys["tram-office"]), {"ask": ["GET", "/v1/predict"], "key": keys["tram-office"]}]
    hostile = [predict("x" * 40_000, keys["tram-office"]), predict({"hours": [row]}, make()), predict("[" * 3000, keys["tram-office"])]
    hostile += [
        {"ask": ["PUT", "/v1/model", {"model_version": "3"}], "key": keys["town-hall"]},
        {"ask": ["GET", f"/v1/{make()}?key={keys['noor']}"]},
    ]
    hostile += [predict({"hours": [row]}, keys["town-hall"], headers={"X-Request-ID": "y" * 200})]
    traffic = good + bad + hostile
    chance.shuffle(traffic)
    return traffic, json.dumps(entries)


def score_last_act(play):
    """Return up to 6 points: 2 if no request was lost, 2 if the log agrees with the client, 2 if the metrics do; and print what is amiss."""
    traffic, keys = last_act()
    record = play(traffic, keys)
    assert not record["why"], f"The roll of your own service stopped with {record['why']}"
    return agreement(record)


def agreement(record):
    """Return the points of a record, and say what is amiss."""
    answers, points = record["answers"], 0
    lost = [a for a in answers if a["status"] in (0, 502, 503)]
    fine = [a for a in answers if a["status"] == 200 and a["version"] in ("1", "2")]
    if not lost and {a["version"] for a in fine} == {"1", "2"} and [pair[0] for pair in record["serving"]] == ["2", "2"]:
        points += 2
    else:
        print(
            f"{len(lost)} of {len(answers)} requests were lost; good answers came from the versions {sorted({a['version'] for a in fine})}; in the end {record['serving']} serve"
        )
    ids = Counter(a["id"] for a in answers)
    entries = []
    for line in record["logs"]:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = {}
        if isinstance(entry, dict) and "request_id" in entry:
            entries.append((entry["request_id"], entry.get("status")))
    if Counter(entries) == Counter((a["id"], a["status"]) for a in answers) and max(ids.values()) == 1:
        points += 2
    else:
        print(
            f"the client had {len(answers)} answers with {len(ids)} request ids, the log has {len(entries)} lines of requests, and they do not agree"
        )
    saw, counted = Counter(str(a["status"]) for a in answers), Counter()
    for text in record["metrics"]:
        for family in read_metrics(text).values() if text else []:
            if family.name == "http_requests":
                for sample in family.samples:
                    if sample.name.endswith("_total"):
                        counted[sample.labels.get("status")] += int(sample.value)
    if counted == saw:
        points += 2
    else:
        print(f"the client had the answers {dict(saw)}, the metrics of all instances sum to {dict(counted)}")
    return points
