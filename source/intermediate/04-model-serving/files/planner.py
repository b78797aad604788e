"""The route planner's service. A plan takes a while; what was planned is kept in memory, and written to the log when the service ends."""

import asyncio
import json
import os
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

planned, planning = [], set()  # the trips that were planned, and the requests whose plans are being made


@asynccontextmanager
async def lifespan(app):
    yield
    if "PLAN_LOG" in os.environ:
        Path(os.environ["PLAN_LOG"]).write_text(json.dumps(planned))


app = FastAPI(lifespan=lifespan)


@app.get("/health")
def health():
    return {"status": "ok", "planning": len(planning)}


@app.post("/plan")
async def plan(body: dict):
    """Plan a route. The computation is left out: body["seconds"] is how long it takes."""
    mine = object()
    planning.add(mine)
    try:
        await asyncio.sleep(body["seconds"])
    finally:
        planning.discard(mine)
    planned.append(body["trip"])
    return {"trip": body["trip"], "route": "along the river"}
