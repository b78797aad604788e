"""The weekly training of the demand model: six epochs, a checkpoint after each, and at the end one model in the store.

Environment: STORE, the folder that stands for the team's object store; RUN_ID, the name of this run. A run that finds a checkpoint
of its own name goes on from there, and a run whose model is in the store already has nothing to do.
"""

import json
import os
import sys
import time
from pathlib import Path

EPOCHS, EPOCH_SECONDS = 6, 0.15
store, run = Path(os.environ["STORE"]), os.environ["RUN_ID"]
checkpoint, model = store / "checkpoints" / f"{run}.json", store / "models" / f"{run}.json"


def write(path, value):
    """Write JSON in one step: a reader finds the old text or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(value))
    os.replace(part, path)


def note(line):
    """Add a line to the store's log."""
    with (store / "log.txt").open("a") as file:
        file.write(f"{line}\n")
    print(line, flush=True)


if model.exists():
    note(f"{run} has its model")
    sys.exit(0)
state = json.loads(checkpoint.read_text()) if checkpoint.exists() else {"epoch": 0, "loss": 9.0}
while state["epoch"] < EPOCHS:
    time.sleep(EPOCH_SECONDS)
    state = {"epoch": state["epoch"] + 1, "loss": round(state["loss"] * 0.7, 3)}
    note(f"{run} epoch {state['epoch']} loss {state['loss']}")
    write(checkpoint, state)
    trap = store / f"crash-after-epoch-{state['epoch']}"
    if trap.exists():  # a bad node, for practice: it hits once
        trap.unlink()
        sys.exit("the node lost its GPU")
write(model, {"run": run, **state})
note(f"{run} published")
