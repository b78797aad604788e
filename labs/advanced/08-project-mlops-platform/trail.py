"""The audit trail's format, for those who look at one: a line is a JSON object, and holds the hash of the line before it.

    {"after": 64 hex digits, "hash": 64 hex digits, "key": …, "who": …, "what": …, "subject": …, "why": …, "when": …}

How further lines are written, and how a trail is checked, is the learner's part `audit`.
"""

import hashlib
import json
from pathlib import Path

FIELDS = ["key", "who", "what", "subject", "why", "when"]
START = "0" * 64


def first_line(entry):
    """Return the first line of a trail, with its newline: the platform had a story before you came."""
    digits = hashlib.sha256((START + json.dumps(entry, sort_keys=True)).encode()).hexdigest()
    return json.dumps({**entry, "after": START, "hash": digits}) + "\n"


def entries(path):
    """Return the entries of a trail that can be read."""
    found = []
    for line in Path(path).read_bytes().split(b"\n") if Path(path).exists() else []:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def whole_lines(path):
    """Return the whole lines of a trail (bytes, without their newlines), and what a crash has left of one: b"" where nothing."""
    *whole, torn = Path(path).read_bytes().split(b"\n") if Path(path).exists() else [b""]
    return whole, torn


def broken_line(path):
    """Return the number of the first line that is no JSON object, from 1; 0 where all are."""
    for number, line in enumerate(whole_lines(path)[0], 1):
        try:
            good = isinstance(json.loads(line), dict)
        except ValueError:
            good = False
        if not good:
            return number
    return 0
