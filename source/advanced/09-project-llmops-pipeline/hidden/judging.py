"""What the judges share: chance from LAB_SEED, and short texts."""

import os
import random


def seed():
    """Return this submission's own seed."""
    return os.environ.get("LAB_SEED", "lab")


def drawn(salt):
    """Return a source of chance of its own for each submission and each `salt`."""
    return random.Random(f"{seed()} {salt}")


def short(value, size=160):
    """Return a value as a text that is not too long."""
    text = str(value)
    return text if len(text) <= size else text[:size] + "…"


def ran(state, what):
    """Fail where a step of the learner's stopped."""
    assert not state["error"], f"{what}: it stopped with {state['error']}"
