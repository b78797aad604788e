"""Changes to a text: where they belong, and what is said where that is not clear."""

import pytest

from autograder.changes import apply_changes

TEXT = "def f(x):\n    y = x\n\n    return y\n\ndef g(x):\n    return y"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ("-    y = x\n+    y = 2 * x", TEXT.replace("y = x", "y = 2 * x")),
        ("-    y = x", TEXT.replace("    y = x\n", "")),
        (" def g(x):\n+    y = 1", TEXT.replace("g(x):", "g(x):\n    y = 1")),
        ("+import z\n def f(x):", "import z\n" + TEXT),
        (" def g(x):\n-    return y\n+    return 1", TEXT.removesuffix("y") + "1"),
        (" def g(x):\n     return y\n+f(1)", TEXT + "\nf(1)"),
        ("     y = x\n\n-    return y\n+    return 0", TEXT.replace("return y", "return 0", 1)),
        ("-def g(x):\n+def h(x):\n@@\n-    y = x\n+    y = 0", TEXT.replace("g(x)", "h(x)").replace("y = x", "y = 0")),
        ("-def f(x):\n+@@", TEXT.replace("def f(x):", "@@")),
    ],
    ids=[
        "replaced",
        "removed",
        "added-after",
        "added-at-the-top",
        "second-of-two",
        "at-the-end",
        "over-a-blank-line",
        "two",
        "a-separator-as-text",
    ],
)
def test_changes_are_made_where_their_lines_stand(changes: str, expected: str) -> None:
    """Lines are found by their text alone; changes may come in any order."""
    assert expected == apply_changes(TEXT, changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ("-    return y", "stand 2 times"),
        ("-    return z", "stand 0 times"),
        ("+    return z", "stand 0 times"),
        ("", "stand 2 times"),
        ("-def f(x):\nreturn", "begins with none of"),
        ("-    y = x\n@@\n def f(x):\n     y = x\n+    z = 1", "two changes meet"),
    ],
    ids=["twice", "nowhere", "no-neighbour", "nothing", "no-sign", "one-in-another"],
)
def test_changes_without_one_clear_place_are_refused(changes: str, reason: str) -> None:
    """A guess could put a mistake where its author did not mean it."""
    with pytest.raises(ValueError, match=reason):
        apply_changes(TEXT, changes)
