"""The monitor as found: whatever has moved is a reason to train."""


def decide(window):
    """Return what to do about two weeks of requests, and why."""
    moved = [name for name, score in window["drift"].items() if score > 0.1]
    return {"decision": "retrain" if moved else "nothing", "why": moved}
