"""The judge of the telemetry: requests of all kinds, and what log and metrics must tell of them."""

import json
from collections import Counter
from datetime import datetime

from judging import CONTRACT, FOUND_KEY, once, was_started

from judgekit import drawn

FIELDS = {"time", "request_id", "method", "path", "status", "latency_ms", "caller", "model_version"}
SLOW_MS = 450
HURRIED = '''"""A stand-in for limits.py, for the judge of the telemetry: who says that it is in a hurry is told to wait."""
from fastapi.responses import JSONResponse

def install(app):
    @app.middleware("http")
    async def slow_down(request, call_next):
        return JSONResponse({}, 429) if "x-hurried" in request.headers else await call_next(request)
'''


def play_telemetry(play):
    """Play to the learner's telemetry; return the record and what the client sent: (step, method, known path or None, caller, version, id given, status)."""
    return once("telemetry", lambda: _play_telemetry(play))


def _play_telemetry(play):
    chance = drawn("telemetry")
    name = chance.choice(["ana", "ben", "carla"])
    own = [f"job-{chance.randrange(10**6)}-{number}" for number in range(3)]
    personal = f"{name}.{chance.randrange(1000)}@example.com"
    key = FOUND_KEY + name
    sent = []

    def add(method, path, body=None, known=None, caller=name, version=None, given=None, key=key, headers=None, status=404):
        step = {"ask": [method, path, body], "headers": {**(headers or {}), **({"X-Request-ID": given} if given else {})}}
        sent.append(({**step, "key": key} if key else step, method, known, caller, version, given, status))

    for request_id in own:
        add("POST", "/v1/predict", {"hours": []}, "/v1/predict", version="1", given=request_id)
    add("POST", f"/v1/predict?key={key}&mail={personal}", {"note": personal}, "/v1/predict", version="1")
    for bad in ("x" * 300, 'a"b{c}', "two words", "caf\u00e9", f"{personal}"):
        add("POST", "/v1/predict", {}, "/v1/predict", version="1", given=bad)
    add("POST", "/v1/boom", {}, "/v1/boom")
    add("POST", "/v1/predict", {}, "/v1/predict", caller=None, key="wrong")
    add("DELETE", "/v1/predict", None, "/v1/predict")
    for number in range(40):
        add("GET", f"/v1/riders/{personal}/{chance.randrange(10**6)}-{number}")
    for number in range(6):
        add("GET", f"/v1/{personal}/{number}", caller=None, key="wrong", status=403)
        add("GET", f"/v1/{number}/{personal}", headers={"X-Hurried": "yes"}, status=429)
    for number in range(12):
        add(f"BREW{chance.randrange(10**6)}X{number}", "/v1/predict", None, "/v1/predict")
    add("GET", f"/v1/slow?ms={SLOW_MS}", None, "/v1/slow")
    quiet = [{"ask": ["GET", path]} for path in ("/health", "/ready", "/metrics", "/health")]
    slow = {"together": [sent[-1][0], {"steps": [{"pause": 0.2}, {"metrics": True}]}]}
    script = [*quiet, *[step for step, *_ in sent[:-1]], slow]
    record = play(["telemetry"], script, {"contract.py": CONTRACT, "limits.py": HURRIED})
    return record, sent, personal, key, own


def _telemetry_answers(record):
    """Return the answers to what was sent, and the metrics while a slow request was under way."""
    return record["answers"][4:-1], str(record["answers"][-1]["body"]) if record["answers"] else ""


def judge_logs(play):
    """Fail where the log does not tell what the client saw, or tells too much."""
    record, sent, personal, key, own = play_telemetry(play)
    was_started(record, "telemetry")
    answers, _ = _telemetry_answers(record)
    lines = []
    for line in record["logs"]:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        assert isinstance(entry, dict), f"A line of the log is no JSON object: {line[:120]!r}"
        for secret, what in ((personal, "an e-mail address"), (key, "a key"), ("example.com", "an e-mail address")):
            assert secret not in line, (
                f"A line of the log holds {what} of a caller: {line[:200]}. It may come in the address, the query, a header or an error's message."
            )
        if "request_id" in entry:
            lines.append(entry)
    assert len(lines) == len(sent), (
        f"{len(sent)} requests were answered (beside those for /health, /ready and /metrics), and the log has {len(lines)} lines of requests."
    )
    by_id = Counter(str(entry["request_id"]) for entry in lines)
    assert by_id.most_common(1)[0][1] == 1, f"{by_id.most_common(1)[0][1]} requests have the same request_id."
    by_id = {str(entry["request_id"]): entry for entry in lines}
    unknown = [answer["headers"].get("x-request-id") for (_, _, known, *_), answer in zip(sent, answers, strict=True) if not known]
    for field, odd in (
        ("path", [by_id[name] for name in unknown if name in by_id]),
        ("method", [e for e in lines if e.get("method") not in ("GET", "POST", "DELETE")]),
    ):
        words = {str(entry.get(field)) for entry in odd}
        assert len(words) <= 1, (
            f"The log has {len(words)} different values of {field} for what the service does not know, expected one word for all: {sorted(words)[:3]}"
        )
    for (_, method, known, caller, version, given, status), answer in zip(sent, answers, strict=True):
        what = f"{method[:12]} {known or 'of an unknown path'}, answered with {answer['status']},"
        named = answer["headers"].get("x-request-id")
        assert named, f"A request ({what}) has no header X-Request-ID in its answer."
        assert given not in own or named == given, f"A caller's own request id, {given!r}, was replaced by {named!r}."
        assert given in own or named != given, (
            f"A request id that a caller may not choose, {str(given)[:40]!r}, was taken over. ASCII letters, digits, - and _ are allowed, 64 at most."
        )
        entry = by_id.get(named)
        assert entry, f"A request ({what}) was answered with the X-Request-ID {named!r}, which no line of the log has."
        lacking = FIELDS - set(entry)
        assert not lacking, f"A line of the log lacks {', '.join(sorted(lacking))}: {json.dumps(entry)[:200]}"
        assert entry["status"] == answer["status"], (
            f"The client was answered with {answer['status']}, and the log says {entry['status']!r} ({what[:60]})."
        )
        assert entry["caller"] == caller, (
            f"The log says that the caller was {entry['caller']!r}, expected {caller!r}, as keys.py has put it down ({what})"
        )
        if known is None:
            assert answer["status"] == status, (
                f"A request for an unknown path was answered with {answer['status']}, expected {status}: telemetry watches, and changes nothing."
            )
        else:
            assert entry["path"] == known, f"The log's path is {entry['path']!r}, expected {known!r}."
        assert version is None or str(entry["model_version"]) == version, (
            f"The log's model_version is {entry['model_version']!r}, expected {version!r}, which computed the answer."
        )
        assert version is not None or entry["model_version"] is None, (
            f"The log names the model_version {entry['model_version']!r} for a request that no model answered ({what})."
        )
        is_number = isinstance(entry["latency_ms"], (int, float)) and not isinstance(entry["latency_ms"], bool)
        low, high = (SLOW_MS - 15 if known == "/v1/slow" else 0), 1000 * answer["seconds"] + 25
        assert is_number and low <= entry["latency_ms"] <= high, (
            f"A request took the client {1000 * answer['seconds']:.0f} ms, and its latency_ms in the log is {entry['latency_ms']!r} (the server needed at least {low} ms)."
        )
        try:
            moment = datetime.fromisoformat(str(entry["time"]))
        except ValueError:
            moment = None
        assert moment and moment.tzinfo, f"The log's time is {entry['time']!r}, expected a date and time in ISO 8601, with its zone."
        if answer["status"] >= 500:
            assert isinstance(answer["body"], dict), f"A route that raised was answered with {str(answer['body'])[:60]!r}, expected JSON."
            assert "flooded" not in str(answer["body"]), (
                "An error's message came out in the answer with 500. It is for the team, not for the caller."
            )


def read_metrics(text):
    """Return the families in a text in Prometheus' format, by name without _total."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        return {family.name.removesuffix("_total"): family for family in text_string_to_metric_families(text)}
    except Exception as error:
        raise AssertionError(f"/metrics cannot be read by Prometheus' own parser: {error}") from None


def judge_metrics(play):
    """Fail where the metrics have other types, other numbers than the client, or labels without bounds."""
    record, sent, personal, key, _ = play_telemetry(play)
    was_started(record, "telemetry")
    answers, during = _telemetry_answers(record)
    text = record["metrics"]
    assert text, "There is nothing at /metrics."
    families = read_metrics(text)
    for name, kind in (("http_requests", "counter"), ("http_request_duration_seconds", "histogram"), ("http_requests_in_flight", "gauge")):
        full = name + ("_total" if kind == "counter" else "")
        assert name in families, (
            f"/metrics has no {full}; it has {', '.join(sorted(name for name in families if not name.startswith(('python', 'process')))) or 'none of yours'}."
        )
        assert families[name].type == kind, f"{full} is a {families[name].type}, expected a {kind}."
    for secret in (personal, key, "example.com", "/v1/riders"):
        assert secret not in text, f"/metrics holds {secret!r}, which a caller has sent. Labels are for a few values that you know before."
    counts, labels = Counter(), {"method": set(), "path": set(), "status": set()}
    for sample in families["http_requests"].samples:
        if sample.name.endswith("_total"):
            lacking = set(labels) - set(sample.labels)
            assert not lacking, f"http_requests_total lacks the label {', '.join(sorted(lacking))}."
            counts[sample.labels["path"], sample.labels["status"]] += sample.value
            for label, values in labels.items():
                values.add(sample.labels[label])
    assert len(labels["path"]) <= 12 and len(labels["method"]) <= 10, (
        f"After 52 unknown paths and 12 made-up methods, http_requests_total has {len(labels['path'])} values of path and {len(labels['method'])} of method: anybody can make it grow."
    )
    saw = Counter((known, str(answer["status"])) for (_, _, known, *_), answer in zip(sent, answers, strict=True))
    for (known, status), number in saw.items():
        if known:
            assert counts[known, status] == number, (
                f"The client had {number} answers with {status} from {known}, and http_requests_total says {counts[known, status]:g}."
            )
    everything = sum(counts.values())
    assert everything == len(sent), (
        f"The client had {len(sent)} answers (beside /health, /ready and /metrics), and http_requests_total sums to {everything:g}."
    )
    slow = {"count": 0.0, "sum": 0.0}
    for sample in families["http_request_duration_seconds"].samples:
        for kind in slow:
            if sample.name.endswith(f"_{kind}") and sample.labels.get("path") == "/v1/slow":
                slow[kind] += sample.value
    assert slow["count"] == 1 and SLOW_MS / 1000 - 0.02 <= slow["sum"] < 10, (
        f"One request of {SLOW_MS} ms was answered at /v1/slow; the histogram says {slow['count']:g} requests, and {slow['sum']:g} s in all."
    )
    at_end, meanwhile = (
        sum(s.value for s in read_metrics(said)["http_requests_in_flight"].samples) if said else -1 for said in (text, during)
    )
    assert meanwhile == 1, f"While one slow request was under way, http_requests_in_flight was {meanwhile:g}, expected 1."
    assert at_end == 0, f"When all was answered, http_requests_in_flight was {at_end:g}, expected 0. Does it also fall after an error?"
