"""Cy's second service on the card: requests that come together share a call. Or so he hopes."""

import asyncio
import os

from card import Card
from fastapi import FastAPI

app = FastAPI()
card = Card(os.environ["MODEL"])
MAX_ROWS, MAX_WAIT_MS = int(os.environ["MAX_ROWS"]), float(os.environ["MAX_WAIT_MS"])
waiting, answers = [], []


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/risk")
async def risk(body: dict):
    first = len(waiting)
    waiting.extend(body["returns"])
    await asyncio.sleep((1 if first == 0 else 2) * MAX_WAIT_MS / 1000)  # the first waits for others; they wait until it is surely done
    if first == 0:
        answers[:] = card.risks([card.row(trip) for trip in waiting])
        waiting.clear()
    return {"version": card.version, "risk": answers[first : first + len(body["returns"])]}
