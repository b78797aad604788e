"""What can be wrong on our side of the desk. A learner's failing code is never an exception: it is a result.

Problem                 something a person can mend: says what, where, what to do
├── SourceProblem       a lab's source cannot be read
├── CohortProblem       a cohort's folder, roster or gradebook is not as it should be
└── UnknownLab          a lab is named that does not exist
"""


class Problem(Exception):
    """A mistake that a person can mend. `str()` gives one line: where: what – what to do."""

    def __init__(self, where: object, what: str, todo: str) -> None:
        super().__init__(f"{where}: {what} – {todo}")
        self.where, self.what, self.todo = str(where), what, todo


class SourceProblem(Problem):
    """A lab's source cannot be read."""


class CohortProblem(Problem):
    """A cohort's folder, roster or gradebook is not as it should be."""


class UnknownLab(Problem):
    """A lab is named that does not exist."""
