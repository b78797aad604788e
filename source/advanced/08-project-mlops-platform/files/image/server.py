"""The trip-time service: a FastAPI app in a pod. Environment: POD_IP, MODEL_VERSION, MODEL_FILE (the registered model's file).

    GET  /livez      200 from the start
    GET  /readyz     200: it only listens once its model is loaded
    POST /predict    {"rows": [row, …]} -> {"model_version": "3", "minutes": [number, …]}
"""

import os

import eta
import uvicorn
from fastapi import FastAPI

app, model = FastAPI(), eta.load(os.environ["MODEL_FILE"])


@app.get("/livez")
@app.get("/readyz")
def well():
    """Say that all is well."""
    return {"status": "well"}


@app.post("/predict")
def predict(asked: dict):
    """Answer with a number of minutes for each row, in their order."""
    return {"model_version": os.environ["MODEL_VERSION"], "minutes": [eta.minutes(model, row) for row in asked["rows"]]}


uvicorn.run(app, host=os.environ["POD_IP"], port=8000, log_level="warning", ws="none")
