"""Kubernetes' quantities and times."""

import re
from datetime import UTC, datetime

_FACTORS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_FACTORS |= {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}


def quantity(text: object) -> float:
    """Return a quantity as a number: "250m" is 0.25, "64Mi" is 67108864. Raises ValueError where it is none."""
    found = re.fullmatch(r"([0-9.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)", str(text).strip())
    if not found or found[2] not in _FACTORS:
        raise ValueError(f'"{text}" is not a quantity, as "250m" or "64Mi"')
    return float(found[1]) * _FACTORS[found[2]]


def now() -> str:
    """Return the time as the API writes it, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_since(text: str) -> float:
    """Return how long ago a time of the API's was, in seconds."""
    return (datetime.now(UTC) - datetime.fromisoformat(text.replace("Z", "+00:00"))).total_seconds()


def age(text: str | None) -> str:
    """Return how long ago that was, as kubectl writes it: 8s, 3m, 2h."""
    if not text:
        return "<unknown>"
    seconds = max(0, int(seconds_since(text)))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
