"""Cy's service for whole searches: it adds the traffic to the estimate."""

import os

from eta import as_row, load_model
from fastapi import FastAPI
from traffic import added_minutes

app = FastAPI()


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/predict")
async def predict(body: dict):
    answers = []
    for trip in body["trips"]:
        model = load_model(os.environ["MODEL"])
        minutes = model.minutes([as_row(trip)])[0] + added_minutes([trip["hour"]])[0]
        answers.append(minutes)
    return {"version": model.version, "minutes": answers}
