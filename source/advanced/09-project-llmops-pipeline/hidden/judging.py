"""What the judges share: short texts, and steps that stopped."""


def short(value, size=160):
    """Return a value as a text that is not too long."""
    text = str(value)
    return text if len(text) <= size else text[:size] + "…"


def ran(state, what):
    """Fail where a step of the learner's stopped."""
    assert not state["error"], f"{what}: it stopped with {state['error']}"
