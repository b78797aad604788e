"""Cy's service on the card: a call for each request."""

import os

from card import Card
from fastapi import FastAPI, HTTPException

app = FastAPI()
card = Card(os.environ["MODEL"])


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/risk")
def risk(body: dict):
    try:
        rows = [card.row(trip) for trip in body["returns"]]
    except (KeyError, TypeError, ValueError) as fault:
        raise HTTPException(422, f"this return cannot be read: {fault!r}") from None
    return {"version": card.version, "risk": card.risks(rows)}
