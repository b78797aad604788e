"""What the judges share: chance from LAB_SEED, and short texts."""



def short(value, size=160):
    """Return a value as a text that is not too long."""
    text = str(value)
    return text if len(text) <= size else text[:size] + "…"


def was_started(record, part):
    """Fail where the system did not start, or a part stopped."""
    assert record["started"], f"With your {part}.py the system did not run: {record['why']}"
