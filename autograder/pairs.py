"""A page that shows similar answers side by side: one file, nothing loaded, every text from a submission shown as text."""

from collections.abc import Mapping, Sequence

from autograder.feedback import exercise_titles
from autograder.page import render, script
from autograder.similar import WINDOW, Compared, K
from autograder.source import Lab

MAX_PAIRS = 200
Line = tuple[str, bool]


def make_page(cohort: str, lab: Lab, compared: Sequence[Compared], names: Mapping[str, str], share: float) -> bytes:
    """Return the page of a lab's similar answers, the MAX_PAIRS most similar ones with both texts.

    `names` maps a student's id to a name to show; `share` is what pairs were chosen by.
    """
    pairs = sorted((pair for one in compared for pair in one.pairs), key=lambda pair: (-pair.share, -pair.shared))
    shown = [(pair, _lines(pair.one.text, pair.lines_one), _lines(pair.other.text, pair.lines_other)) for pair in pairs[:MAX_PAIRS]]
    text, digest = script()
    return render(
        "similar.html.j2",
        cohort=cohort,
        lab=lab,
        titles=exercise_titles(lab),
        compared=compared,
        pairs=shown,
        left=len(pairs) - len(shown),
        names=names,
        share=share,
        most=max((one.most for one in compared), default=0),
        k=K,
        window=WINDOW,
        script=text,
        digest=digest,
    )


def _lines(text: str, same: frozenset[int]) -> list[Line]:
    return [(line, number in same) for number, line in enumerate(text.split("\n"))]
