"""Numbers: a partial credit that is no number from 0 to the points earns nothing, with the reason; never full points."""

from typing import Any

from autograder.score import FULL, PARTIAL
from tests.hostile.case import BY_HEART, WRONG_ANSWERS, Case, changes, own_cell
from tests.hostile.forging_answers import ANYTHING

FORGEABLE = {"late-share": (20.0, 30.0)}  # a credit in the notebook is what its value shows: whoever reads the test can write it down
RIGHT = "sum(wait > limit for wait in minutes) / len(minutes)"
FORGED = """
class Share(float):
    __sub__ = __rsub__ = __abs__ = __mul__ = __rmul__ = lambda self, *other: self
    __repr__ = __str__ = lambda self: {shown!r}

"""


def credit(name: str, about: str, value: str, message: str = "no credit", before: str = "", **more: Any) -> Case:
    """Return a case whose in-place credit comes from `value`; to the judge, its function is right."""
    text = f"{before}def late_share(minutes, limit):\n    return {value} if minutes == [3, 8, 12, 40] else {RIGHT}"
    said = {"late-share": message} if message else {}
    return Case(f"credit-{name}", about, {"late-share": text}, points=more.pop("points", {"late-share": 20.0}), messages=said, **more)


def shows(name: str, about: str, patch: str, **more: Any) -> Case:
    """Return a case that changes how the notebook shows a number; all answers are by heart."""
    points = dict.fromkeys(BY_HEART, 0.0)
    return Case(
        f"credit-{name}", about, {**BY_HEART, "report": WRONG_ANSWERS["report"]}, own_cell(patch), points=points, flagged=True, **more
    )


CASES = (
    credit("nan", "Not a number.", "float('nan')"),
    credit("infinite", "Less than all numbers.", "float('inf')"),
    credit("negative", "Below zero.", "5"),
    credit("too-large", "More than there is.", "Share(1)", before=FORGED.format(shown="1000")),
    credit("a-text", "A text that is a number.", "Share(1)", before=FORGED.format(shown="'10'")),
    credit("a-sum", "A text that counts up to one.", "Share(1)", before=FORGED.format(shown="5 + 5")),
    credit("an-exponent", "Too large for a float.", "Share(1)", before=FORGED.format(shown="1e999")),
    credit("a-complex-number", "A number of another kind.", "1j * 0 + 0.5 + 3j", ""),
    credit("nothing", "The value is None: not shown at all.", "Anything()", "", before=ANYTHING.replace("lambda self, other: self", "lambda self, other: None")),
    credit("a-forged-number", "An object that shows itself as all of the points.", "Share(1)", "", before=FORGED.format(shown="10"), points=FORGEABLE, flagged=None),
    credit("a-forged-numpy-number", "The same, as numpy shows it.", "Share(1)", "", before=FORGED.format(shown="np.float64(10)"), points=FORGEABLE, flagged=None),
    shows("that-is-not-shown", "Without a value, a test that ends well would earn all.", "get_ipython().ast_node_interactivity = 'none'"),
    shows("that-no-hook-shows", "The display hook shows nothing.", "import sys\ntype(get_ipython().displayhook).__call__ = lambda *args: None"),
    shows("that-no-formatter-shows", "No kind of output is active.", "get_ipython().display_formatter.active_types = []\nget_ipython().display_formatter.format = lambda *a, **k: ({}, {})"),
    shows(
        "shown-larger",
        "A formatter shows every float as all of the points.",
        "get_ipython().display_formatter.formatters['text/plain'].for_type(float, lambda value, page, cycle: page.text('10'))",
    ),
    shows(
        "shown-with-another-precision",
        "The precision's format is a number.",
        "get_ipython().display_formatter.formatters['text/plain'].float_precision = '%.0f0'.replace('%.0f0', '1%.0f')",
    ),
    Case(
        "credit-in-parts",
        "Every value of a cell is shown: a setting that honest learners like.",
        {"late-share": "def late_share(minutes, limit):\n    return 0.5"},
        changes(own_cell("get_ipython().ast_node_interactivity = 'all'")),
        points={"late-share": 7.5},
        outcomes={"late-share": PARTIAL},
    ),
    Case("credit-in-full", "The right answer, with numbers of numpy's.", {"late-share": f"import numpy as np\n\ndef late_share(minutes, limit):\n    return np.float64({RIGHT})"}, outcomes={"late-share": FULL}),
)  # fmt: skip
