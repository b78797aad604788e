"""Canaries: cells that must fail, or must show a number. One that does not means that the learner's kernel was tampered with.

They have random names and forms, and go the way that tests go. They are evidence against a patched judge: an interpreter that drops
assertions or no longer runs cells, a display that is replaced, an object that claims to equal everything. They show nothing of code that
knows a test by its text; so most points come from judge cells, which never meet the learner's kernel.
"""

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

TAMPERED = "a statement that must fail did not: the notebook's interpreter was changed"
EQUALS_ALL = "something that this notebook made claims to equal whatever it is compared with"
NOT_SHOWN = "a cell's last value did not come out as it is: the notebook's display was changed"

PREPARE_HIDDEN = """
from IPython import get_ipython as _g
for _n in ("pre_execute", "pre_run_cell", "post_run_cell", "post_execute"):
    _g().events.callbacks[_n] = [f for f in _g().events.callbacks[_n] if getattr(f, "__module__", "").startswith("matplotlib_inline")]
_g().ast_transformers.clear()
del _g, _n
"""


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
        return state == "ok" and "".join(shown[:1]) == self.token


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
    return Canary(nbformat.v4.new_code_cell(draw.choice(forms)), token, TAMPERED)


def equality_canary(draw: random.Random, names: Sequence[str]) -> Canary:
    """Return a cell that must fail unless one of the learner's `names` equals two things that nothing equals."""
    token, same = _word(draw), _word(draw)
    wild = f"{_word(draw)!r}, {draw.uniform(1e9, 1e12)!r}"
    lines = [
        f"def {same}(get):",
        "    try:",
        f"        return all(bool(get() == other) for other in ({wild}))",
        "    except BaseException:",
        "        return False",
        "",
        "",
        f"assert , {token!r}",
    ]
    return Canary(nbformat.v4.new_code_cell("\n".join(lines)), token, EQUALS_ALL)


def value_canary(draw: random.Random) -> Canary:
    """Return a cell whose last value is a number that must be shown."""
    number = draw.randrange(10**6, 10**9)
    return Canary(nbformat.v4.new_code_cell(f"{number - 5} + 5"), str(number), NOT_SHOWN, shows=True)


def _word(draw: random.Random) -> str:
    return "".join(draw.choices(string.ascii_lowercase, k=draw.randrange(6, 12)))
