"""Similar answers, for a person to look at: fingerprints of tokens, by winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003).

Each answer becomes a list of Python's tokens in which all names are one name, all strings one string, all numbers one number, and
comments and spaces nothing; a written answer a list of its words. Each run of K tokens has a hash; of each WINDOW of neighbouring hashes
the smallest is a fingerprint, so two answers that share a run of K + WINDOW - 1 tokens share a fingerprint. Those that stand in the
release, in the reference solution, or in many submissions are left out. A share is that of the shorter answer's fingerprints that
are in the other one, too. No code is run, and not all pairs are tried: an index leads from each fingerprint to those who have it.
"""

import keyword
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from nbformat import NotebookNode

from autograder.cohort import Cohort
from autograder.notebook import marks, read_notebook
from autograder.release import make_release, make_solved
from autograder.source import Lab
from autograder.submitted import find_students, find_submission

K = 10
WINDOW = 6
MIN_FINGERPRINTS = 5
MIN_COMMON = 4
TEXT_CHARACTERS = 20_000
_KEYWORDS = frozenset(keyword.kwlist)
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(
    r"""(?P<nothing>[\s\\]+|\#[^\n]*)
    |(?P<string>[rRbBuUfF]{0,2}(?:\"\"\"[\s\S]*?(?:\"\"\"|\Z)|'''[\s\S]*?(?:'''|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))
    |(?P<number>\.?\d[\w.]*)|(?P<name>\w+)|(?P<sign>\*\*=?|//=?|<<=?|>>=?|[-+*/%@&|^<>=!:]=|->|[\s\S])""",
    re.X,
)


@dataclass(frozen=True)
class Answer:
    """What a student wrote for an exercise, and its fingerprints: hash → the first and last line, from 0, where it stands first."""

    student: str
    text: str
    places: Mapping[int, tuple[int, int]]


@dataclass(frozen=True)
class Pair:
    """Two similar answers. `share` of the shorter one's `of` fingerprints are the `shared` ones; lines, from 0, are those they cover."""

    exercise: str
    one: Answer
    other: Answer
    share: float
    shared: int
    of: int
    lines_one: frozenset[int]
    lines_other: frozenset[int]


@dataclass(frozen=True)
class Compared:
    """An exercise's comparison: how many answers, how many with too little of their own, and how many fingerprints were left out.

    `common` fingerprints were left out as more than `most` submissions have them; those of the lab itself are not counted.
    """

    exercise: str
    answers: int
    too_short: int
    common: int
    most: int
    pairs: tuple[Pair, ...]


def compare(lab: Lab, notebooks: Iterable[tuple[str, NotebookNode]], share: float, common: float) -> list[Compared]:
    """Return the lab's exercises with the pairs of answers that share at least `share` of their fingerprints, the most similar first.

    `notebooks` are (student, notebook as handed in). What more than `common` of the submissions have is left out, but nothing that
    MIN_COMMON or fewer have. Both are from 0 to 1.
    """
    release = make_release(lab)
    given = frozenset(cell.source for cell in release.cells if not marks(cell).get("solution"))
    written: dict[str, list[tuple[str, str]]] = {exercise.id: [] for exercise in lab.exercises}
    count = 0
    for student, notebook in notebooks:
        count += 1
        for name, text in answers_of(notebook, given).items():
            if name in written:
                written[name].append((student, text))
    most = max(MIN_COMMON, int(common * count))
    prose = {marks(cell)["grade_id"] for cell in release.cells if marks(cell) and cell.cell_type != "code"}
    known = {is_prose: _known(lab, release, is_prose) for is_prose in (False, True)}
    found = []
    for exercise in lab.exercises:
        is_prose = exercise.id in prose
        answers = [Answer(student, text, fingerprints(tokens(text, is_prose))) for student, text in written[exercise.id]]
        found.append(_compare_answers(exercise.id, answers, known[is_prose], share, most))
    return found


def read_notebooks(cohort: Cohort, lab: Lab) -> tuple[list[tuple[str, NotebookNode]], int]:
    """Return each student's notebook of the lab as handed in, and how many students have none that can be read."""
    found, unread = [], 0
    for student in find_students(cohort.path, cohort.students):
        submission = find_submission(cohort.path, lab, student, known=None)
        try:
            found.append((student, read_notebook(submission.notebook)))
        except Exception:  # nothing there, or what JSON, nbformat's schema and its converters raise
            unread += 1
    return found, unread


def answers_of(notebook: NotebookNode, given: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return what stands in each answer cell, by grade_id, with the learner's own cells behind it; cells in `given` are not theirs."""
    found: dict[str, list[str]] = {}
    name = ""
    for cell in notebook.cells:
        mine = str(marks(cell).get("grade_id", ""))
        if mine and mine not in found:
            name = mine
            found[name] = [cell.source] if marks(cell).get("solution") or marks(cell).get("task") else []
        elif name and cell.cell_type == "code" and not marks(cell).get("grade") and cell.source not in given:
            found[name].append(cell.source)
    return {name: "\n".join(texts)[:TEXT_CHARACTERS] for name, texts in found.items() if any(text.strip() for text in texts)}


def tokens(text: str, is_prose: bool = False) -> list[tuple[int, int]]:
    """Return the text's tokens, each as a number that stands for its kind or itself, with its line, from 0. Any text has tokens."""
    found = []
    line, last = 0, 0
    for match in (_WORD if is_prose else _TOKEN).finditer(text):
        line += text.count("\n", last, match.start())
        last = match.start()
        kind = match.lastgroup or "word"
        shown = match[0]
        if kind == "nothing":
            continue
        if kind == "word":
            shown = shown.casefold()
        elif kind in ("string", "number") or (kind == "name" and shown not in _KEYWORDS):
            shown = kind
        found.append((zlib.crc32(shown.encode("utf-8", "replace")), line))
    return found


def fingerprints(found: Sequence[tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Return the winnowed hashes of all runs of K tokens, with the first and last line of each; the rightmost of equals."""
    hashes = _hashes(found)
    chosen: dict[int, tuple[int, int]] = {}
    for start in range(max(1, len(hashes) - WINDOW + 1)) if hashes else ():
        window = hashes[start : start + WINDOW]
        smallest = min(window)
        place = start + len(window) - 1 - window[::-1].index(smallest)
        chosen.setdefault(smallest, (found[place][1], found[place + K - 1][1]))
    return chosen


def _hashes(found: Sequence[tuple[int, int]]) -> list[int]:
    numbers = [number for number, _ in found]
    return [hash(tuple(numbers[start : start + K])) for start in range(len(numbers) - K + 1)]


def _known(lab: Lab, release: NotebookNode, is_prose: bool) -> frozenset[int]:
    """Return all hashes, chosen or not, of the release's cells and the reference solution's."""
    cells = [*release.cells, *make_solved(lab).cells]
    return frozenset(number for cell in cells for number in _hashes(tokens(cell.source, is_prose)))


def _compare_answers(exercise: str, answers: list[Answer], known: frozenset[int], share: float, most: int) -> Compared:
    index: dict[int, list[int]] = {}
    for place, answer in enumerate(answers):
        for number in answer.places:
            if number not in known:
                index.setdefault(number, []).append(place)
    sizes = Counter(place for holders in index.values() if len(holders) <= most for place in holders)
    together = Counter(pair for holders in index.values() if 1 < len(holders) <= most for pair in combinations(holders, 2))
    common = frozenset(number for number, holders in index.items() if len(holders) > most) | known
    pairs = []
    for (one, other), shared in together.items():
        of = min(sizes[one], sizes[other])
        if of >= MIN_FINGERPRINTS and shared >= share * of:
            pairs.append(_make_pair(exercise, answers[one], answers[other], shared, of, common))
    pairs.sort(key=lambda pair: (-pair.share, -pair.shared, pair.one.student, pair.other.student))
    too_short = sum(sizes[place] < MIN_FINGERPRINTS for place in range(len(answers)))
    return Compared(exercise, len(answers), too_short, len(common - known), most, tuple(pairs))


def _make_pair(exercise: str, one: Answer, other: Answer, shared: int, of: int, common: frozenset[int]) -> Pair:
    both = [number for number in one.places if number in other.places and number not in common]
    lines = [
        frozenset(line for number in both for line in range(answer.places[number][0], answer.places[number][1] + 1))
        for answer in (one, other)
    ]
    return Pair(exercise, one, other, shared / of, shared, of, lines[0], lines[1])
