"""A text as changes to another: lines that begin with `-` go, with `+` come, with a blank stay and say where.

    -    return sorted(names)
    +    return names
    @@
         seen = set()
    +    names = list(names)

Where a change belongs is found by its lines alone, so they must stand just once in the text; `@@` ends one change and begins the next.
"""

from collections.abc import Sequence
from itertools import groupby

SEPARATOR = "@@"


def apply_changes(text: str, changes: str) -> str:
    """Return the text with the changes made. Raises ValueError, with the reason, where one cannot be read or has no one place."""
    lines = text.split("\n")
    hunks = [list(hunk) for is_end, hunk in groupby(changes.split("\n"), lambda line: line == SEPARATOR) if not is_end]
    places = sorted(_place(lines, hunk) for hunk in hunks)
    changed: list[str] = []
    at = 0
    for start, end, new in places:
        if start < at:
            raise ValueError(f"two changes meet at {lines[start]!r}: make them one")
        changed += [*lines[at:start], *new]
        at = end
    return "\n".join([*changed, *lines[at:]])


def _place(lines: Sequence[str], hunk: list[str]) -> tuple[int, int, list[str]]:
    """Return where the lines that the hunk knows begin and end, and what stands there afterwards."""
    for line in hunk:
        if line[:1] not in ("", " ", "-", "+"):
            raise ValueError(f"the line {line!r} begins with none of '-', '+' and a blank")
    old, new = ([line[1:] for line in hunk if line[:1] != other] for other in "+-")
    found = [start for start in range(len(lines) - len(old) + 1) if lines[start : start + len(old)] == old] if old else []
    if len(found) != 1:
        known = (old or hunk)[0]
        raise ValueError(f"the lines from {known!r} on stand {len(found)} times in what is changed, not once: name their neighbours too")
    return found[0], found[0] + len(old), new
