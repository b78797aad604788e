"""A stand-in for the service, to practise rolling with: it starts in no time and behaves as its environment says.

It answers what it is asked after as many milliseconds as stand in the query (/v1/predict?300), and it dies at once when it is told to
stop (SIGTERM), whatever it is doing. Many services do.

MODEL_VERSION   the version that it should load
LOADS           the version that it says, at /ready, it has loaded (as it should, if this is not set)
START_SECONDS   how long it takes until it answers at all
READY_SECONDS   how long after that until /ready says 200; before it says 503. With "never", it never does
DIES            if set, the process ends while it starts
"""

import asyncio
import json
import os
import signal
import time

VERSION = os.environ.get("LOADS") or os.environ.get("MODEL_VERSION", "1")
begun = 0.0


async def app(scope, receive, send):
    global begun
    if scope["type"] == "lifespan":
        await receive()
        await asyncio.sleep(float(os.environ.get("START_SECONDS", 0.05)))
        if os.environ.get("DIES"):
            os._exit(3)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        begun = time.monotonic()
        return await send({"type": "lifespan.startup.complete"})
    status, said = 200, {"status": "alive"}
    if scope["path"] == "/ready":
        wait = os.environ.get("READY_SECONDS", "0.05")
        is_ready = wait != "never" and time.monotonic() - begun >= float(wait)
        status, said = (200, {"model_version": VERSION}) if is_ready else (503, {"status": "loading"})
    elif scope["path"] != "/health":
        await asyncio.sleep(int(scope["query_string"] or 0) / 1000)
        said = {"model_version": VERSION}
    body = json.dumps(said).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
