"""Canaries: they sing in an honest kernel, and fall silent where something was changed."""

import random
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output

from autograder.canary import Canary, assertion_canary, equality_canary, value_canary

SEEDS = range(30)


@pytest.fixture
def shell() -> InteractiveShell:
    """Return an interpreter of its own."""
    return InteractiveShell()


def sings(canary: Canary, shell: InteractiveShell) -> bool:
    """Run the canary's cell as a kernel would; return whether it sings."""
    result: Any = shell.run_cell(canary.cell.source, store_history=False)
    if result.success and result.result is not None:
        canary.cell.outputs = [new_output("execute_result", {"text/plain": repr(result.result)}, execution_count=1)]
    return canary.sings("ok" if result.success else "failed")


def equality(seed: int, names: list[str], tests: str = "") -> Canary:
    """Return an equality canary; there must be one."""
    canary = equality_canary(random.Random(seed), names, tests)
    assert canary is not None
    return canary


@pytest.mark.parametrize("seed", SEEDS)
def test_it_sings_where_nothing_was_changed(shell: InteractiveShell, seed: int) -> None:
    """Whatever the honest names hold: numbers, arrays, frames, what raises when it is compared, nothing at all."""
    shell.run_cell("import numpy as np, pandas as pd\narray, frame, missing = np.arange(3), pd.DataFrame({'a': [1]}), pd.NA\ntext = 'a'")
    names = ["array", "frame", "missing", "text", "never_bound"]

    assert sings(assertion_canary(random.Random(seed)), shell)
    assert sings(equality(seed, names, "pd.testing.assert_frame_equal np.isclose unittest math.isclose"), shell)
    assert sings(value_canary(random.Random(seed)), shell)


def test_there_is_no_equality_canary_without_a_reason() -> None:
    """Tests that read no name of the learner's and use no helper need none."""
    assert equality_canary(random.Random(0), [], "assert 1 + 1 == 2") is None


def test_dropped_assertions_are_seen(shell: InteractiveShell) -> None:
    """A transformer that takes assertions and raises out of the syntax tree."""
    drop = "class Drop(ast.NodeTransformer):\n    visit_Assert = visit_Raise = lambda self, node: ast.copy_location(ast.Pass(), node)"
    shell.run_cell(f"import ast\n{drop}\nget_ipython().ast_transformers.append(Drop())")

    assert not any(sings(assertion_canary(random.Random(seed)), shell) for seed in SEEDS)
    assert not any(sings(equality(seed, ["never_bound"]), shell) for seed in SEEDS)


def test_what_equals_everything_is_seen(shell: InteractiveShell) -> None:
    """An object of the learner's whose class says so."""
    shell.run_cell("class Anything:\n    __eq__ = lambda self, other: True\nreport = Anything()")

    assert not sings(equality(0, ["other", "report"]), shell)


@pytest.mark.parametrize(
    ("patch", "tests"),
    [
        ("pd.testing.assert_frame_equal = lambda *args: None", "pd.testing.assert_frame_equal(a, b)"),
        ("np.testing.assert_allclose = lambda *args: None", "np.testing.assert_allclose(a, b)"),
        ("np.allclose = lambda *args: True", "assert np.allclose(a, b)"),
        ("math.isclose = lambda *args: True", "assert math.isclose(a, b)"),
        ("unittest.TestCase.assertEqual = lambda *args: None", "unittest.TestCase().assertEqual(a, b)"),
    ],
)
def test_a_helper_that_finds_all_equal_is_seen(shell: InteractiveShell, patch: str, tests: str) -> None:
    """Whatever the tests use to compare, patched; and put back, since it is patched in this very process."""
    module, _, _ = patch.partition(" = ")
    shell.run_cell(f"import math, unittest\nimport numpy as np\nimport pandas as pd\nkept = {module}\n{patch}")
    try:
        assert not sings(equality(1, [], tests), shell)
    finally:
        shell.run_cell(f"{module} = kept")


@pytest.mark.parametrize(
    "patch", ["abs = lambda x: 0", "round = lambda *x: 10", "all = lambda x: True", "sum = lambda *x: 1", "sorted = lambda x: [7]"]
)
def test_a_changed_function_of_pythons_own_is_seen(shell: InteractiveShell, patch: str) -> None:
    """What tests count with; put back at once, since it is patched in this very process."""
    name = patch.split(" = ")[0]
    canary = value_canary(random.Random(2))
    canary.cell.source = canary.cell.source.replace("\n(", f"\nkept = builtins.{name}\nbuiltins.{patch}\n(")
    canary.cell.source = "import builtins\n" + canary.cell.source.replace("\n(", "\nvalue = (", 1) + f"\nbuiltins.{name} = kept\nvalue"

    assert not sings(canary, shell)
