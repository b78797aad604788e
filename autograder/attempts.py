"""Every attempt at grading a submission: a row with a state, written in a transaction, in the cohort's `attempts.db`.

A row begins as *running* and ends as what its result says. Where the grader was killed it stays *running*: the submission is graded
again, and that attempt takes the row's place. Rows that ended are never changed: they are the history.
"""

import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from autograder import result
from autograder.errors import CohortProblem
from autograder.result import Result

DATABASE = "attempts.db"
RUNNING = "running"
_LOCK = ".grading.lock"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempt (
    id INTEGER PRIMARY KEY,
    student TEXT NOT NULL,
    lab TEXT NOT NULL,
    submission TEXT NOT NULL,  -- SHA-256 of what was handed in
    version TEXT NOT NULL,     -- SHA-256 of the lab that it was graded against
    state TEXT NOT NULL,       -- running, or the state of its result
    begun TEXT NOT NULL,       -- ISO time, UTC
    result TEXT                -- JSON; NULL while it is running
);
CREATE INDEX IF NOT EXISTS attempt_of ON attempt (student, lab, id);
"""


@dataclass(frozen=True)
class Attempt:
    """One ended attempt: what was graded, against which version of the lab, and what came of it."""

    submission: str
    version: str
    begun: str
    result: Result


class Attempts:
    """The attempts of a cohort. One writer: whoever holds `lock`."""

    def __init__(self, cohort: Path) -> None:
        self._database = sqlite3.connect(cohort / DATABASE, isolation_level=None)
        self._database.executescript("PRAGMA journal_mode = WAL;" + _SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def begin(self, student: str, lab: str, submission: str, version: str) -> int:
        """Note that a submission is being graded; return the row's number."""
        begun = datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction():
            self._database.execute("DELETE FROM attempt WHERE student = ? AND lab = ? AND state = ?", (student, lab, RUNNING))
            row = self._database.execute(
                "INSERT INTO attempt (student, lab, submission, version, state, begun) VALUES (?, ?, ?, ?, ?, ?)",
                (student, lab, submission, version, RUNNING, begun),
            )
        return int(row.lastrowid or 0)

    def end(self, number: int, outcome: Result) -> None:
        """Note what came of it. From now on it counts."""
        with self._transaction():
            self._database.execute("UPDATE attempt SET state = ?, result = ? WHERE id = ?", (outcome.state, outcome.as_json(), number))

    def interrupted(self) -> set[tuple[str, str]]:
        """Return the (student, lab) whose newest attempt did not come to its end."""
        return set(self._database.execute("SELECT student, lab FROM attempt WHERE state = ?", (RUNNING,)))

    def history(self, student: str, lab: str) -> list[Attempt]:
        """Return the ended attempts at a student's lab, the oldest first."""
        return self._read("WHERE student = ? AND lab = ? AND result IS NOT NULL ORDER BY id", (student, lab))

    def newest(self) -> dict[tuple[str, str], Attempt]:
        """Return the newest ended attempt of each (student, lab)."""
        of_each = "WHERE id IN (SELECT max(id) FROM attempt WHERE result IS NOT NULL GROUP BY student, lab)"
        return {(attempt.result.student, attempt.result.lab): attempt for attempt in self._read(of_each, ())}

    def _read(self, where: str, values: tuple[str, ...]) -> list[Attempt]:
        rows = self._database.execute(f"SELECT submission, version, begun, result FROM attempt {where}", values)
        return [Attempt(submission, version, begun, result.from_json(text)) for submission, version, begun, text in rows]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


@contextmanager
def open_attempts(cohort: Path) -> Iterator[Attempts]:
    """Open the cohort's attempts; the database is made where there is none. Raises CohortProblem where it cannot be read."""
    try:
        attempts = Attempts(cohort)
    except sqlite3.DatabaseError as error:
        raise CohortProblem(cohort / DATABASE, f"cannot be read ({error})", "move it away; the next grading makes a new one") from None
    try:
        yield attempts
    finally:
        attempts.close()


@contextmanager
def lock(cohort: Path) -> Iterator[None]:
    """Be the cohort's only grader. Raises CohortProblem at once where there is another; a grader that was killed holds no lock."""
    guard = FileLock(cohort / _LOCK)
    about = cohort / f"{_LOCK}.json"
    try:
        with guard.acquire(timeout=0):
            since = datetime.now(UTC).isoformat(timespec="seconds")
            about.write_text(json.dumps({"since": since, "pid": os.getpid(), "host": socket.gethostname()}))
            yield
            about.unlink(missing_ok=True)
    except Timeout:
        try:
            other = json.loads(about.read_text())
            what = f"process {other['pid']} on {other['host']} grades it since {other['since']}"
        except (OSError, ValueError, KeyError):
            what = "somebody else grades it"
        raise CohortProblem(cohort, what, "wait until that has ended, and run the command again; nothing was changed") from None
