"""The gateway: all that the operators of other cities see. It puts your parts together, and stays as it is.

Routes: POST /v1/tokens, POST and GET /v1/forecasts, GET and DELETE /v1/forecasts/{id}, POST /v1/revocations.
Its folder WORLD holds `clock` (the simulated time in seconds), `ring.json`, `clients.json`, `plans.json`, the disks `disk-a` and
`disk-b`, and `audit.jsonl` with `anchor.json`.
"""

import hashlib
import hmac
import http.client
import json
import os
import secrets
import threading
from pathlib import Path
from urllib.parse import urlsplit

import audit
import door
import quota
import rotation
import vault
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

WORLD, MODEL = Path(os.environ["WORLD"]), os.environ.get("MODEL_URL", "")
RING = Path(os.environ.get("RING", WORLD / "ring.json"))
PEPPER = os.environ.get("PEPPER", "pepper")
RE_READ_SECONDS, TOKEN_SECONDS, MOST_ROWS = 60, 900, 200
FIXED_SECONDS, ROW_SECONDS = 0.08, 0.004

app = FastAPI(openapi_url=None)
lock = threading.Lock()
ring_read = [float("-inf"), {}]
clients = json.loads((WORLD / "clients.json").read_text())
plans = json.loads((WORLD / "plans.json").read_text())


def now():
    """Return the simulated time."""
    return float((WORLD / "clock").read_text())


def ring():
    """Return the key ring; from the file once a minute, as an instance in another city would fetch it."""
    if not 0 <= now() - ring_read[0] < RE_READ_SECONDS:
        ring_read[:] = now(), rotation.read(RING)
    return ring_read[1]


if not (WORLD / "disk-a").is_dir() and (WORLD / "disk-b").is_dir():
    vault.restore(WORLD)
forecasts, again, revoked, buckets = {}, {}, set(), {}
with lock:
    for kept in vault.entries(WORLD):
        if kept["kind"] == "revocation":
            revoked.add(kept["jti"])
        if kept["kind"] == "forecast":
            forecasts[kept["forecast"]] = kept
            again[kept["id"]] = kept
            if kept["bucket"] is not None:
                buckets[kept["tenant"]] = kept["bucket"]


def told(caller, action, thing, outcome, request):
    """Write a line into the audit log."""
    who = {"tenant": caller["tenant"], "user": caller["user"]} if caller else {"tenant": "", "user": ""}
    entry = {"time": now(), **who, "action": action, "object": str(thing), "outcome": outcome}
    entry["correlation_id"] = request.state.correlation_id
    head = audit.append(str(WORLD / "audit.jsonl"), entry, PEPPER)
    (WORLD / "anchor.json").write_text(json.dumps(head))


def say(status, body=None, **headers):
    """Return an answer; one without a body says no more than its status."""
    names = {404: "not found", 401: "unauthorized", 403: "forbidden", 429: "too many requests", 413: "too large", 422: "unreadable"}
    return JSONResponse(
        body if body is not None else {"detail": names.get(status, "")}, status, {k.replace("_", "-"): v for k, v in headers.items()}
    )


@app.middleware("http")
async def correlate(request: Request, call_next):
    """Give each request an id of its own."""
    request.state.correlation_id = secrets.token_hex(8)
    answer = await call_next(request)
    answer.headers["X-Correlation-Id"] = request.state.correlation_id
    return answer


def caller_of(request):
    """Return who calls, by the token; None where it is refused."""
    keys = rotation.verifiers(ring(), now())
    try:
        return door.enter(request.headers.get("authorization", ""), keys, revoked, now())
    except PermissionError:
        return None


@app.post("/v1/tokens")
def token(asked: dict):
    """Give a client that knows its secret a token."""
    client = clients.get(str(asked.get("client")), {})
    known = hmac.compare_digest(hashlib.sha256(str(asked.get("secret")).encode()).hexdigest(), client.get("secret_sha256", "x"))
    if not known:
        return say(401, WWW_Authenticate="Bearer")
    scopes = str(asked.get("scope", client["scope"]))
    if not set(scopes.split()) <= set(client["scope"].split()):
        return say(403)
    jti = secrets.token_hex(8)
    text = door.issue(client["tenant"], client["user"], scopes, rotation.signer(ring(), now()), now(), jti)
    return say(200, {"token": text, "jti": jti, "expires_in": TOKEN_SECONDS})


@app.post("/v1/forecasts")
async def ask(request: Request):
    """Compute a forecast, and keep it."""
    body = await request.body()
    return await run_in_threadpool(compute, request, body)


def compute(request, body):
    """Return the answer to a request for a forecast."""
    caller = caller_of(request)
    status = door.may(caller, "forecasts:write", None) if caller else 401
    if status != 200:
        with lock:
            told(caller, "forecast", "", str(status), request)
        return say(status, **({"WWW_Authenticate": "Bearer"} if status == 401 else {}))
    try:
        rows = [(int(station), int(hour), float(celsius)) for station, hour, celsius in json.loads(body)["rows"]]
        assert 0 < len(rows) <= MOST_ROWS
    except (ValueError, KeyError, TypeError, AssertionError):
        return say(422)
    name = f"{caller['tenant']}/{request.headers.get('idempotency-key') or secrets.token_hex(8)}"
    with lock:
        if name in again:
            return say(200, {"id": again[name]["forecast"], "predictions": again[name]["predictions"]})
        work = FIXED_SECONDS + ROW_SECONDS * len(rows)
        no = quota.take(buckets, caller["tenant"], work, now(), plans[caller["tenant"]])
        if no:
            told(caller, "forecast", "", str(no[0]), request)
            return say(no[0], **({"Retry_After": str(no[1])} if no[1] else {}))
    predictions = predict(rows)
    with lock:
        entry = {"id": name, "kind": "forecast", "tenant": caller["tenant"], "forecast": "f-" + secrets.token_hex(6), "rows": len(rows)}
        entry |= {"work": work, "predictions": predictions, "at": now(), "bucket": buckets.get(caller["tenant"])}
        if vault.record(WORLD, entry):
            forecasts[entry["forecast"]] = again[name] = entry
        kept = again[name]
        told(caller, "forecast", kept["forecast"], "201", request)
    return say(201, {"id": kept["forecast"], "predictions": kept["predictions"]})


def predict(rows):
    """Ask the model service."""
    if not MODEL:
        return [float(len(rows))] * len(rows)
    line = http.client.HTTPConnection(urlsplit(MODEL).netloc, timeout=10)
    try:
        line.request("POST", "/predict", json.dumps(rows), {"Content-Type": "application/json"})
        return json.loads(line.getresponse().read())
    finally:
        line.close()


def one(request, scope, action, name):
    """Return the status for an action on a forecast, and the forecast."""
    caller, kept = caller_of(request), forecasts.get(name)
    status = door.may(caller, scope, {"owner": kept["tenant"] if kept else None}) if caller else 401
    with lock:
        told(caller, action, name, str(status), request)
    return status, kept


@app.get("/v1/forecasts/{name}")
def read(name: str, request: Request):
    """Return a forecast."""
    status, kept = one(request, "forecasts:read", "read", name)
    return say(status, {"id": name, "predictions": kept["predictions"], "at": kept["at"]} if status == 200 else None)


@app.delete("/v1/forecasts/{name}")
def delete(name: str, request: Request):
    """Forget a forecast."""
    status, _ = one(request, "forecasts:write", "delete", name)
    if status != 200:
        return say(status)
    forecasts.pop(name, None)
    return Response(status_code=204)


@app.get("/v1/forecasts")
def mine(request: Request):
    """Return the names of the caller's own forecasts."""
    caller = caller_of(request)
    status = door.may(caller, "forecasts:read", None) if caller else 401
    own = [name for name, kept in forecasts.items() if caller and kept["tenant"] == caller["tenant"]]
    return say(status, {"ids": own} if status == 200 else None)


@app.post("/v1/revocations")
def revoke(asked: dict, request: Request):
    """Refuse a token from now on."""
    caller = caller_of(request)
    status = door.may(caller, "tokens:revoke", None) if caller else 401
    with lock:
        told(caller, "revoke", asked.get("jti", ""), str(status), request)
        if status == 200:
            vault.record(WORLD, {"id": f"revoked/{asked['jti']}", "kind": "revocation", "jti": str(asked["jti"])})
            revoked.add(str(asked["jti"]))
    return say(status, {} if status == 200 else None)


@app.get("/health")
def health():
    """Return that it is there."""
    return {}
