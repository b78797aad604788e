"""The audit trail as found: a line for each entry. The hash is that of the line's own words."""

import hashlib
import json
from pathlib import Path


def append(path, entry):
    """Add an entry to the trail and return its hash."""
    for line in Path(path).read_text().splitlines() if Path(path).exists() else []:
        if json.loads(line)["key"] == entry["key"]:
            return json.loads(line)["hash"]
    text = json.dumps(entry, sort_keys=True)
    entry = {**entry, "after": "0" * 64, "hash": hashlib.sha256(text.encode()).hexdigest()}
    with open(path, "a") as file:
        file.write(json.dumps(entry) + "\n")
    return entry["hash"]


def verify(path, head=None):
    """Return the number of the first line that is not right, or 0."""
    hashes = [json.loads(line)["hash"] for line in Path(path).read_text().splitlines()]
    return next((place + 1 for place, digits in enumerate(hashes) if len(digits) != 64), 0)
