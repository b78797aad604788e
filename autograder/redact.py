"""Lines of hidden tests, found in what a submission shows, and left out.

Lines are compared squeezed, without spaces, quotes and backslashes: so a line is found that is indented, quoted by
`repr` or broken in two. What a learner's code has changed beyond that, by encoding it for instance, is not found.
A line that holds only a sentence, in quotes, is no secret: it is what the test says to the learner.
"""

import re
from collections.abc import Iterable, Mapping

from markupsafe import Markup
from nbformat import NotebookNode

from autograder.notebook import marks
from autograder.source import Lab

LEFT_OUT = "[what stood here is part of a hidden test]"
SECRET_CHARACTERS = 12
_IGNORED = {ord(character): None for character in " \t\n\r\f\v\xa0'\"\\"}


def hidden_lines(lab: Lab, release: NotebookNode) -> frozenset[str]:
    """Return the squeezed lines that learners are not shown: of tests, mark schemes and scripts beside the judge."""
    kept = [cell.source for cell in lab.notebook.cells if not marks(cell).get("solution")]
    shown = [cell.source for cell in release.cells]
    return squeezed_lines([*kept, *_scripts(lab.hidden)]) - squeezed_lines([*shown, *_scripts(lab.files)])


def squeezed_lines(texts: Iterable[str]) -> frozenset[str]:
    """Return the texts' lines, squeezed, without those that are too short to say anything."""
    lines = (line for text in texts for line in text.splitlines() if len("".join(line.split())) >= SECRET_CHARACTERS)
    lines = (line for line in lines if not _is_sentence(line))
    return frozenset(short for line in lines if len(short := line.translate(_IGNORED)) > SECRET_CHARACTERS // 2)


def redact(text: str, secrets: frozenset[str]) -> str:
    """Return the text with a note in the place of each line that holds, or holds a part of, a secret line."""
    squeezed = text.translate(_IGNORED)
    found = [secret for secret in secrets if secret in squeezed]
    if not found:
        return text
    places = [place for place, character in enumerate(text) if ord(character) not in _IGNORED]
    hit: set[int] = set()
    for secret in found:
        for match in re.finditer(re.escape(secret), squeezed):
            first, last = places[match.start()], places[match.end() - 1]
            above = text.count("\n", 0, first)
            hit.update(range(above, above + text.count("\n", first, last) + 1))
    lines = [LEFT_OUT if number in hit else line for number, line in enumerate(text.split("\n"))]
    return "\n".join(line for number, line in enumerate(lines) if number not in hit or number - 1 not in hit)


def holds(made: Markup, secrets: frozenset[str]) -> bool:
    """Return whether a piece of HTML holds a secret line, in its text or in an attribute."""
    text, raw = made.striptags().translate(_IGNORED), made.unescape().translate(_IGNORED)
    return any(secret in text or secret in raw for secret in secrets)


def _scripts(files: Mapping[str, bytes]) -> list[str]:
    return [data.decode("utf-8", "replace") for name, data in files.items() if name.endswith(".py")]


def _is_sentence(line: str) -> bool:
    text = line.strip().rstrip(",)").lstrip("fF")
    return len(text.split()) >= 4 and text[0] in "'\"" and text.find(text[0], 1) == len(text) - 1
