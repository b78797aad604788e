"""What the judges share: chance from LAB_SEED, numbers compared, and stand-ins for the parts that are not being judged."""

import importlib.util
import math

_once = {}


def once(name, make):
    """Return make(), made only the first time that it is asked for under this name."""
    if name not in _once:
        _once[name] = make()
    return _once[name]


def demand():
    """Return the lab's module demand."""
    spec = importlib.util.spec_from_file_location("demand_of_the_lab", "found/demand.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same_number(one, other):
    """Return whether two values are the same number, but for rounding."""
    return isinstance(one, (int, float)) and not isinstance(one, bool) and math.isclose(one, other, rel_tol=1e-4, abs_tol=2e-3)


def body_of(answer):
    """Return the answer's body if it is a dictionary, else an empty one."""
    return answer["body"] if isinstance(answer["body"], dict) else {}


def was_started(record, part):
    """Fail where the service did not start."""
    assert record["started"], f"With your {part}.py the service did not start: {record['why']}"


FOUND_KEY = "metro-bikes-2025:"  # and a name: what Cy's keys.py lets through
CONTRACT = '''"""A stand-in for contract.py, for the judge of another part."""
import asyncio
import time
from fastapi import Request
from fastapi.responses import JSONResponse

def install(app):
    @app.post("/v1/predict")
    async def predict(request: Request):
        body = await request.body()
        request.state.model_version = app.state.models.current.version
        said = {"model_version": request.state.model_version, "bytes": len(body), "caller": getattr(request.state, "caller", None)}
        return JSONResponse(said, headers={"X-Own": "yes"})

    @app.get("/v1/slow")
    async def slow(ms: int):
        await asyncio.sleep(ms / 1000)
        return {"slept": ms}

    @app.get("/v1/slow-in-a-thread")
    def slow_in_a_thread(ms: int):
        time.sleep(ms / 1000)
        return {"slept": ms}

    @app.post("/v1/boom")
    async def boom():
        raise RuntimeError("the cellar of ana.boom@example.com is flooded")
'''

TELEMETRY = '''"""A stand-in for telemetry.py, for the judge of another part."""
from fastapi import Response

def install(app):
    @app.get("/metrics")
    def metrics():
        return Response("up 1\\n")
'''
