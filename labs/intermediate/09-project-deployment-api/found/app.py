"""Puts the five parts together. What is installed last is outermost: it sees a request first, and its answer last."""

import contract
import keys
import limits
import telemetry
import versions
from fastapi import FastAPI

app = FastAPI(title="Metro Bikes: demand", openapi_url=None, docs_url=None, redoc_url=None)


@app.get("/health")
async def health():
    return {"status": "alive"}


versions.install(app)
contract.install(app)
limits.install(app)
keys.install(app)
telemetry.install(app)
