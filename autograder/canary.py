"""Canaries: cells that must fail, or must show a number. One that does not means that the learner's kernel was tampered with.

They have random names and forms, and go the way that tests go. They are evidence against a patched judge: an interpreter that drops
assertions or no longer runs cells, a display that is replaced, an object that claims to equal everything. They show nothing of code that
knows a test by its text; so most points come from judge cells, which never meet the learner's kernel.
"""

import random
import string
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.notebook import make_cell

TAMPERED = "a statement that must fail did not: the notebook's interpreter was changed"
FOOLED = "unequal things were found equal: something claims to equal whatever it is compared with, or a helper that compares was changed"
NOT_SHOWN = "a cell's last value did not come out as it is: the notebook's display or Python's own functions were changed"

_HELPERS = {  # what a test's text says → the module, and what must refuse one and other
    "pandas": (("pd.testing", "pandas.testing", "assert_frame_equal", "assert_series_equal", ".equals("), (
        "{p}.testing.assert_frame_equal({p}.DataFrame({{'a': [{one}]}}), {p}.DataFrame({{'a': [{other}]}}))",
        "{p}.testing.assert_series_equal({p}.Series([{one}]), {p}.Series([{other}]))",
        "1 / {p}.DataFrame({{'a': [{one}]}}).equals({p}.DataFrame({{'a': [{other}]}}))",
    )),
    "numpy": (("np.testing", "numpy.testing", "assert_allclose", "assert_array", "assert_equal", "allclose(", "isclose("), (
        "{p}.testing.assert_allclose([{one}.0], [{other}.0])",
        "{p}.testing.assert_equal({one}, {other})",
        "{p}.testing.assert_array_equal([{one}], [{other}])",
        "1 / {p}.allclose([{one}.0], [{other}.0])",
    )),
    "unittest": (("unittest", "TestCase"), (
        "{p}.TestCase().assertEqual({one}, {other})",
        "{p}.TestCase().assertTrue({one} == {other})",
        "{p}.TestCase().assertAlmostEqual({one}, {other})",
    )),
    "math": (("math.isclose", "isclose("), ("1 / {p}.isclose({one}, {other})",)),
}  # fmt: skip


@dataclass(frozen=True)
class Canary:
    """A cell that must fail with `token`, or, where `shows`, end well and show `token`; `reason` says what it means if it does not."""

    cell: NotebookNode
    token: str
    reason: str
    shows: bool = False

    def sings(self, state: str) -> bool:
        """Return whether the executed cell did what it had to, or nothing can be said because its kernel ended or stood still."""
        if state in ("died", "timed out"):
            return True
        if not self.shows:
            return state == "failed"
        shown = [o.get("data", {}).get("text/plain", "") for o in self.cell.outputs if o.output_type == "execute_result"]
        with suppress(ValueError):
            return state == "ok" and float("".join(shown[:1])) == float(self.token)
        return False


def assertion_canary(draw: random.Random) -> Canary:
    """Return a cell with an assertion that must fail."""
    token, name, number = _word(draw), _word(draw), draw.randrange(100, 10_000)
    forms = [
        f"{name} = {number}\nassert {name} == {number + 1}, {token!r}",
        f"def {name}(x):\n    assert x < {number}, {token!r}\n    return x\n\n\n{name}({number + 7})",
        f"{name} = [{number}, {number + 1}]\nassert not {name}, f'{token} {{{name}}}'",
        f"raise AssertionError({token!r})",
        f"if {number} > {draw.randrange(90)}:\n    raise AssertionError({token!r})",
        f"{name} = {{'{token}': {number}}}\nassert {name}['{token}'] == {number - 1}, '{token}'",
    ]
    return Canary(make_cell("code", draw.choice(forms)), token, TAMPERED)


def equality_canary(draw: random.Random, names: Sequence[str], tests: str) -> Canary | None:
    """Return a cell that must fail unless unequal things are found equal; None where the tests give no reason to look.

    It compares the learner's `names` with two things that nothing equals, and unequal numbers by the helpers that the tests name.
    """
    token, fooled, one, other = (_word(draw) for _ in range(4))
    number, imports = draw.randrange(100, 10_000), []
    asked = [f"1 / (1 if {name} == {one} and {name} == {other} else 0)" for name in names]
    for module, (said, lines) in _HELPERS.items():
        if any(word in tests for word in said):
            alias = _word(draw)
            imports.append(f"import {module} as {alias}")
            asked += [line.format(p=alias, one=number, other=number + draw.randrange(3, 90)) for line in lines]
    if not asked:
        return None
    text = [
        *imports,
        f"def {fooled}(check):",
        "    try:",
        "        check()",
        "    except BaseException:",
        "        return False",
        "    return True",
        "",
        "",
        f"{one}, {other} = {_word(draw)!r}, {draw.uniform(1e9, 1e12)!r}",
    ]
    found = " or ".join(f"{fooled}(lambda: {line})" for line in asked)
    forms = [
        f"assert {found}, {token!r}",
        f"if not ({found}):\n    raise AssertionError({token!r})",
        f"{token} = {found}\nassert {token}, {token!r}",
    ]
    return Canary(make_cell("code", "\n".join([*text, draw.choice(forms)])), token, FOOLED)


def value_canary(draw: random.Random) -> Canary:
    """Return a cell whose last value is a number, made with Python's own functions, that must be shown, to three digits."""
    number, name = float(draw.randrange(100, 1000)), _word(draw)
    same = [
        f"{name}.abs({-number - 3}) - 3",
        f"{name}.round({number + 2.001}, 1) - 2",
        f"{number} + {name}.all([1, 0]) + {name}.any([0, 0])",
        f"{name}.sum([{number - 7}, 7.0])",
        f"{name}.max({number}, {number - 9})",
        f"{name}.sorted([{number + 1}, {number}])[0]",
    ]
    text = f"import builtins as {name}\n({' + '.join(same)}) / {len(same)}"
    return Canary(make_cell("code", text), str(number), NOT_SHOWN, shows=True)


def _word(draw: random.Random) -> str:
    return "".join(draw.choices(string.ascii_lowercase, k=draw.randrange(6, 12)))
