"""What came of one submission: a state for every one, and *not graded* never looks like *earned 0*."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from autograder.score import Score

GRADED = "graded"
MISSING = "missing"
UNREADABLE = "unreadable"
NOT_GRADED = "not graded"
STATES = (GRADED, MISSING, UNREADABLE, NOT_GRADED)


@dataclass(frozen=True)
class Result:
    """One student's submission of one lab, graded or not.

    `state` is one of STATES and `reason` says why it is not *graded*. `points` of `max_points`, after a `penalty` for being handed in
    `seconds_late`; what the exercises earned is before it. `seconds` of wall-clock time and
    `peak_mib` of memory for the run; `submission` is the SHA-256 of what was handed in; `graded_at` an ISO time in UTC. `flagged`: it
    tampered with its judge, as `reason` says, and earns nothing. `seed` is what the judge drew fresh inputs from; `walled` says whether
    it ran in a sandbox.
    """

    student: str
    lab: str
    state: str
    max_points: float
    reason: str = ""
    points: float = 0.0
    scores: tuple[Score, ...] = ()
    seconds: float = 0.0
    peak_mib: int = 0
    submission: str = ""
    graded_at: str = ""
    flagged: bool = False
    seed: int = 0
    walled: bool = False
    penalty: float = 0.0
    seconds_late: float = 0.0

    @property
    def points_before(self) -> float:
        """The points before the penalty for being late."""
        return round(self.points + self.penalty, 4)

    def as_json(self) -> str:
        """Return the result as JSON text, which `from_json` reads."""
        return json.dumps(asdict(self), ensure_ascii=False)


def from_json(text: str) -> Result:
    """Return the Result that `as_json` wrote."""
    found: dict[str, Any] = json.loads(text)
    found["scores"] = tuple(Score(**score) for score in found["scores"])
    return Result(**found)


def in_words(seconds: float) -> str:
    """Return a length of time in its two largest units: "2 d 3 h", "5 min", "30 s"."""
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    left, parts = round(seconds), []
    for name, length in units:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
