"""Tools for the notebook and its tests: ask a part by itself, write a trail step by step, tell what was played."""

import contextlib
import resource
import tempfile
from pathlib import Path

import stage


def ask(part, cases):
    """Ask the function decide of a part of yours about each case. Return {"value", "error"} for each."""
    try:
        decide = stage.load_part(part, [part]).decide
    except Exception as problem:
        return [{"value": None, "error": stage.describe(problem)}] * len(cases)
    return [_asked(decide, case) for case in cases]


def write_trail(steps):
    """Take steps with your part audit, in a new file. Return {"value", "error", "bytes"} after each.

    A step: {"append": entry} (with "room": on a disk that takes files of so many bytes), {"verify": head} (None: without one),
    {"set": bytes} (somebody writes the file anew), {"remove": True}.
    """
    told = []
    with tempfile.TemporaryDirectory(prefix="trail-") as place:
        path = Path(place, "audit.jsonl")
        try:
            audit = stage.load_part("audit", ["audit"])
        except Exception as problem:
            return [{"value": None, "error": stage.describe(problem), "bytes": b""} for _ in steps]
        for step in steps:
            if "set" in step:
                path.write_bytes(step["set"])
                said = {"value": None, "error": ""}
            elif "remove" in step:
                path.unlink(missing_ok=True)
                said = {"value": None, "error": ""}
            elif "append" in step:
                with _room(step.get("room")):
                    said = _asked(audit.append, path, step["append"])
            else:
                head = step["verify"]
                said = _asked(audit.verify, path) if head is None else _asked(audit.verify, path, head)
            told.append({**said, "bytes": path.read_bytes() if path.exists() else b""})
    return told


@contextlib.contextmanager
def _room(size):
    """Let no file grow beyond a size (bytes), as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, before if size is None else (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def tell(told, names=None):
    """Print how things were after each step of a scene: what serves, what the stores hold, and what was new in the trail."""
    seen = 0
    for number, state in enumerate(told):
        name = names[number] if names else f"step {number + 1}"
        agree = "" if agrees(state) else "   alias, service and answers disagree"
        said = "killed" if state["killed"] else state["error"] or state["value"]
        print(f"{name}: {said}")
        stores = f"data versions {len(state['data'])}, models {len(state['models'])}"
        print(f"   alias {state['champion']}, service {state['wanted']}, answering {state['answering']}, {stores}{agree}")
        for entry in state["trail"][seen:]:
            print(f"   {entry['who']:10.10} {entry['what']:12.12} {entry['subject']:10.10} {entry['why'][:70]}")
        seen = len(state["trail"])


def agrees(state):
    """Tell whether alias, service and answers are of one version."""
    return state["answering"] == [state["champion"]] == [state["wanted"]] and state["right"]


def _asked(function, *arguments):
    try:
        return {"value": stage.plain(function(*arguments)), "error": ""}
    except Exception as problem:
        return {"value": None, "error": stage.describe(problem)}
