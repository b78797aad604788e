"""The trip-time service: a Starlette app in a pod. Environment: POD_IP, MODEL_VERSION, MODEL_FILE (the registered model's file).

    GET  /livez      200
    POST /predict    {"rows": [row, …]} -> {"model_version": "3", "minutes": [number, …]}

When its model is loaded and it listens, it writes the file `ready`, for which the readiness probe looks.
"""

import os
import socket
from pathlib import Path

import eta
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

Path("ready").unlink(missing_ok=True)  # where a container is started again
model = eta.load(os.environ["MODEL_FILE"])


async def well(request):
    """Say that all is well."""
    return JSONResponse({"status": "well"})


async def predict(request):
    """Answer with a number of minutes for each row, in their order."""
    rows = (await request.json())["rows"]
    return JSONResponse({"model_version": os.environ["MODEL_VERSION"], "minutes": [eta.minutes(model, row) for row in rows]})


app = Starlette(routes=[Route("/livez", well), Route("/predict", predict, methods=["POST"])])
listener = socket.create_server((os.environ["POD_IP"], 8000))
Path("ready").touch()
uvicorn.run(app, fd=listener.fileno(), log_level="warning", ws="none")
