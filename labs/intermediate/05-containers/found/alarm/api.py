"""The service. Its settings are environment variables: MODEL, the model's file (model.json where it is not set).

Its port is the business of whoever starts it.
"""

import asyncio
import os

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest
from pydantic import BaseModel

from alarm.model import load, score

MODEL = load(os.environ.get("MODEL", "model.json"))
SLOWLY = float(os.environ.get("ANSWER_SECONDS", "0"))  # s: plays a model that takes its time
answers = Counter("alarm_answers", "Answers given", ["fetch"])
waiting = Gauge("alarm_waiting", "Requests that are being answered")
app = FastAPI(title="Repair alarm")


class Trip(BaseModel):
    """What the app sends when a bike is returned."""

    distance_km: float
    km_since_service: float
    climb_m: float


@app.post("/predict")
async def predict(trip: Trip) -> dict:
    """Return the probability that the bike needs repair, and whether to fetch it."""
    with waiting.track_inprogress():
        await asyncio.sleep(SLOWLY)
        probability = score(MODEL, trip.model_dump())
        fetch = probability >= MODEL["threshold"]
        answers.labels(fetch=str(fetch)).inc()
        return {"score": round(probability, 4), "fetch": fetch}


@app.get("/health")
async def health() -> dict:
    """Answer as long as the service can."""
    return {"ok": True, "waiting": int(waiting._value.get())}


@app.get("/metrics")
async def metrics() -> Response:
    """Return the numbers that Prometheus collects."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
