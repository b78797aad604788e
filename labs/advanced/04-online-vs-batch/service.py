"""The docks' service: a dock sends a return, and gets its risk. This is the path that Ada checked trip by trip: it is right."""

import os

from fastapi import FastAPI
from risk import as_row, load_model

app = FastAPI()
model = load_model(os.environ["MODEL"])


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/risk")
def risk(body: dict):
    rows = [as_row(trip, model) for trip in body["returns"]]
    return {"version": model.version, "risk": model.risks(rows), "features": rows}
