"""What crosses to the judge as source: the names that a function needs, and nothing else."""

from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.definitions import Definitions, bound_names, defined_functions, definitions, needed_names, used_names

TEST = {"grade_id": "test-f", "grade": True, "solution": False, "locked": True, "points": 5, "schema_version": 3, "task": False}


def notebook(*texts: str) -> NotebookNode:
    """Return a notebook with these code cells."""
    return new_notebook(cells=[new_code_cell(text) for text in texts])


def crossing(made: NotebookNode, *names: str) -> str:
    """Return the text of all that crosses for these names."""
    return "\n".join(definitions(made, names).statements)


def call(text: str, name: str = "f", *args: object) -> Any:
    """Return what `name` gives where nothing but `text` was run."""
    scope: dict[str, Any] = {}
    exec(text, scope)
    return scope[name](*args)


# What crosses


@pytest.mark.parametrize(
    ("expected", "texts"),
    [
        (3, ("def helper():\n    return 3", "def f():\n    return helper()")),
        (3, ("def f():\n    return helper()", "def helper():\n    return 3")),
        (3, ("def low():\n    return 3", "def mid():\n    return low()", "def f():\n    return mid()")),
        (3, ("N = 3", "def f():\n    return N")),
        (3, ("M = 2", "N = M + 1", "def f():\n    return N")),
        (3, ("N: int = 3", "def f():\n    return N")),
        (3, ("N = M = 3", "def f():\n    return N")),
        (3, ("M, (N, *rest) = 1, (3, 4)", "def f():\n    return N")),
        (3, ("N = 1", "N += 2", "def f():\n    return N")),
        (3, ("print(N := 3)", "def f():\n    return N")),
        (3, ("import math", "def f():\n    return math.floor(3.5)")),
        (3, ("import math as m", "def f():\n    return m.floor(3.5)")),
        (3, ("import os.path", "def f():\n    return len(os.path.join('a', 'b'))")),
        (3, ("from math import floor as down", "def f():\n    return down(3.5)")),
        (3, ("from math import *", "def f():\n    return floor(3.5)")),
        (3, ("N = 3", "def f(value=N):\n    return value")),
        (3, ("N = 3", "f = lambda: N")),
        (3, ("N = 3", "def helper():\n    return N", "def f():\n    return globals()['hel' + 'per']()")),
        (3, ("class A:\n    def get(self):\n        return N", "N = 3", "def f():\n    return A().get()")),
        (3, ("class A:\n    n = 3", "class B(A):\n    pass", "def f():\n    return B.n")),
        (3, ("def outer():\n    def inner():\n        return N\n    return inner()", "N = 3", "def f():\n    return outer()")),
        (3, ("N = 3", "def f():\n    return [N for _ in range(1)][0]")),
        (3, ("N = 0", "def f():\n    global N\n    N += 3\n    return N")),
        (3, ("with open('/dev/null') as file:\n    N = len(file.read()) + 3", "def f():\n    return N")),
        (3, ("try:\n    N = nothing\nexcept NameError:\n    N = 3", "def f():\n    return N")),
        (3, ("if True:\n    N = 3", "def f():\n    return N")),
        (3, ("for N in (1, 2, 3):\n    pass", "def f():\n    return N")),
    ],
    ids=[
        "helper-before",
        "helper-after",
        "helper-of-a-helper",
        "constant",
        "constant-of-a-constant",
        "annotated",
        "chained",
        "unpacked",
        "augmented",
        "walrus",
        "import",
        "import-as",
        "import-submodule",
        "import-from",
        "star-import",
        "default",
        "lambda",
        "globals",
        "class",
        "base-class",
        "nested-function",
        "comprehension",
        "global-statement",
        "with",
        "try",
        "if",
        "for",
    ],
)
def test_what_a_function_needs_crosses(expected: int, texts: tuple[str, ...]) -> None:
    """The function runs where only its definitions were run."""
    assert expected == call(crossing(notebook(*texts), "f"))


MUTATED = {
    "an-item": "TABLE['b'] = 2",
    "an-item-in-a-loop": "for key in 'b':\n    TABLE[key] = 2",
    "an-item-of-an-item": "TABLE['c'] = {}\nTABLE['c']['d'] = 2\nTABLE['b'] = TABLE.pop('c')['d']",
    "or-equals": "TABLE |= {'b': 2}",
}


@pytest.mark.parametrize("mutation", MUTATED)
def test_a_table_crosses_as_it_was_filled(mutation: str) -> None:
    """A module-level dict is not only its first line."""
    texts = ("TABLE = {'a': 1}", MUTATED[mutation], "def f():\n    return TABLE")

    assert call(crossing(notebook(*texts), "f")) == {"a": 1, "b": 2}


@pytest.mark.parametrize("mutation", ["TABLE.update(b=2)", "TABLE.setdefault('b', 2)", "for key in 'b':\n    TABLE.update({key: 2})"])
def test_a_table_crosses_as_its_methods_filled_it(mutation: str) -> None:
    """`update`, `append`, `add` and their like fill a module-level value as well as an assignment does."""
    texts = ("TABLE = {'a': 1}", mutation, "def f():\n    return TABLE")

    assert call(crossing(notebook(*texts), "f")) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    from math import floor as down\nexcept ImportError:\n    pass",
        "if True:\n    def down(x):\n        return int(x)",
        "if True:\n    class down(int):\n        pass",
        "match (int,):\n    case (down,):\n        pass",
    ],
    ids=["import-in-a-try", "function-in-an-if", "class-in-an-if", "match"],
)
def test_what_a_compound_statement_defines_crosses(text: str) -> None:
    """A function, a class or an import below `try` or `if` binds its name as well."""
    assert call(crossing(notebook(text, "def f():\n    return down(3.5)"), "f")) == 3


def test_a_function_crosses_with_what_registers_there() -> None:
    """`singledispatch` and its like are filled by decorators."""
    texts = ("import functools", "@functools.singledispatch\ndef f(x):\n    return 0", "@f.register\ndef _(x: int):\n    return 3")

    assert call(crossing(notebook(*texts), "f"), "f", 1) == 3


def test_a_fitted_model_crosses_fitted() -> None:
    """A model that a function uses is fitted again, on what it was fitted on."""
    texts = ("class M:\n    def fit(self, n):\n        self.n = n", "model = M()", "N = 3", "model.fit(N)", "def f():\n    return model.n")

    assert call(crossing(notebook(*texts), "f")) == 3


def test_an_attribute_that_is_set_crosses() -> None:
    """`A.n = …` belongs to the definition of `A`."""
    texts = ("class A:\n    n = 1", "A.n = 3", "def f():\n    return A.n")

    assert call(crossing(notebook(*texts), "f")) == 3


def test_a_redefinition_keeps_the_last() -> None:
    """As in the notebook, the later definition counts."""
    texts = ("def f():\n    return 1", "def f():\n    return 2", "def f():\n    return 3")

    assert call(crossing(notebook(*texts), "f")) == 3


def test_decorators_cross() -> None:
    """A decorator, and what it needs, comes along."""
    texts = (
        "import functools",
        "def twice(function):\n    @functools.wraps(function)\n    def wrapped():\n        return 2 * function()\n    return wrapped",
        "@twice\ndef f():\n    return 3",
    )

    assert call(crossing(notebook(*texts), "f")) == 6


def test_async_functions_cross() -> None:
    """An async function comes with what it awaits."""
    texts = ("import asyncio", "async def get():\n    return 3", "async def f():\n    return await get()")

    text = crossing(notebook(*texts), "f")

    scope: dict[str, Any] = {}
    exec(text + "\nimport asyncio\nfound = asyncio.run(f())", scope)
    assert scope["found"] == 3


def test_several_names_cross_together() -> None:
    """All that any of them needs, in the notebook's order."""
    texts = ("A = 1", "def f():\n    return A", "B = 2", "def g():\n    return B", "C = 3")

    assert crossing(notebook(*texts), "g", "f") == "A = 1\ndef f():\n    return A\nB = 2\ndef g():\n    return B"


def test_each_name_has_its_own_statements() -> None:
    """`needs` says by number what a name alone needs, in the notebook's order."""
    texts = ("A = 1", "def f():\n    return A", "C = 3", "B = 2", "def g():\n    return A + B")

    given = definitions(notebook(*texts), ["f", "g"])

    assert (texts[0], texts[1], texts[3], texts[4]) == given.statements
    assert given.needs == {"f": (0, 1), "g": (0, 2, 3)}


# What does not


def test_what_a_function_does_not_need_stays() -> None:
    """Training a model elsewhere in the notebook is not done again."""
    texts = ("model = slow()", "def other():\n    return model", "def f():\n    return 3")

    assert crossing(notebook(*texts), "f") == "def f():\n    return 3"


@pytest.mark.parametrize(
    "function",
    [
        "def f(value):\n    return value",
        "def f():\n    value = 3\n    return value",
        "def f(xs):\n    return [value for value in xs]",
        "def f(*, value=3):\n    return value",
        "def f(*value):\n    return value",
        "def f():\n    for value in range(3):\n        pass\n    return value",
        "def f():\n    import math as value\n    return value",
        "def f():\n    with open('x') as value:\n        return value",
        "def f():\n    def value():\n        return 3\n    return value()",
        "def f(x):\n    return x.value",
        "def f(g):\n    return g(value=3)",
        "def f():\n    return (lambda value: value)(3)",
        "def f():\n    'value'\n    return 3",
        "def f():\n    value = 3\n    def inner():\n        return value\n    return inner",
        "class f:\n    value = 3",
    ],
    ids=[
        "parameter",
        "variable",
        "comprehension",
        "keyword",
        "star",
        "loop",
        "import",
        "with",
        "function",
        "attribute",
        "argument",
        "lambda",
        "docstring",
        "closure",
        "class",
    ],
)
def test_a_local_name_drags_nothing_in(function: str) -> None:
    """A top-level statement that happens to bind a name of the function's own stays."""
    text = crossing(notebook("value = slow()", function), "f")

    assert "slow" not in text
    assert "f" in bound_names(text)


@pytest.mark.parametrize(
    "text",
    ["xs = [slow(value) for value in range(9)]", "if True:\n    def g():\n        value = slow()"],
    ids=["comprehension", "function"],
)
def test_a_name_that_a_statement_binds_inside_drags_nothing_in(text: str) -> None:
    """A comprehension's variable is not the module's."""
    assert "slow" not in crossing(notebook("value = 3", text, "def f():\n    return value"), "f")


@pytest.mark.parametrize("text", ["print('x')", "f()", "assert f() == 3", "del N", "pass", "'a text'"])
def test_what_binds_nothing_stays(text: str) -> None:
    """Calls and checks are not run again."""
    texts = ("N = 3", text, "def f():\n    return N")

    assert crossing(notebook(*texts), "f") == "N = 3\ndef f():\n    return N"


def test_test_cells_are_left_out() -> None:
    """What a test defines is the test's."""
    made = notebook("def f():\n    return 3", "def f():\n    return 4")
    made.cells[1].metadata["nbgrader"] = TEST

    assert crossing(made, "f") == "def f():\n    return 3"


def test_text_cells_are_left_out() -> None:
    """Code in Markdown is text."""
    made = notebook("def f():\n    return 3")
    made.cells.append(new_markdown_cell("def f():\n    return 4"))

    assert crossing(made, "f") == "def f():\n    return 3"


def test_a_name_that_nobody_defines_needs_nothing() -> None:
    """No error: the call will say that it is not defined."""
    assert Definitions((), {"f": ()}) == definitions(notebook("N = 3"), ["f"])


# Cells that are no plain Python


@pytest.mark.parametrize(
    "text",
    [
        "def broken(:",
        "N = '\ud83d'",
        "%%bash\nls",
        "%%writefile x.py\ndef f():\n    return 4",
        "N = '\0'",
        "return 5 5",
        "    x = 1\n  y = 2",
    ],
    ids=["syntax", "half-a-character", "bash", "writefile", "nul", "words", "indent"],
)
def test_a_cell_that_is_no_python_is_skipped(text: str) -> None:
    """The other cells still cross."""
    assert crossing(notebook(text, "def f():\n    return 3", text), "f") == "def f():\n    return 3"


@pytest.mark.parametrize(
    "text",
    ["def g(a, a):\n    pass", "def g():\n    n = 1\n    global n", "nonlocal n", "def g():\n    nonlocal n"],
    ids=["argument-twice", "late-global", "nonlocal-at-the-top", "nonlocal-of-nothing"],
)
def test_a_cell_that_does_not_compile_is_skipped(text: str) -> None:
    """Not every mistake of syntax is found by the parser: these learners' notebooks are still graded."""
    assert crossing(notebook(text, "def f():\n    return 3"), "f") == "def f():\n    return 3"


@pytest.mark.parametrize("text", ["x = " + "-" * 100_000 + "1", "x = " + "+".join(["1"] * 5_000)], ids=["signs", "sum"])
def test_a_cell_that_is_too_deep_is_skipped(text: str) -> None:
    """A statement that no parser can hold is no reason to leave the notebook ungraded."""
    assert crossing(notebook(text, "def f():\n    return 3"), "f") == "def f():\n    return 3"


@pytest.mark.parametrize("magic", ["%matplotlib inline", "!ls", "%time x = 1", "f?", "%load_ext autoreload\n%autoreload 2"])
def test_the_rest_of_a_cell_with_a_line_magic_crosses(magic: str) -> None:
    """The magic stays behind."""
    assert crossing(notebook(f"{magic}\ndef f():\n    return 3\n{magic}"), "f") == "def f():\n    return 3"


@pytest.mark.parametrize("magic", ["%%time", "%%capture"])
def test_a_cell_whose_magic_runs_it_here_crosses(magic: str) -> None:
    """An honest learner times the answer cell: its function is defined all the same."""
    assert call(crossing(notebook(f"{magic}\ndef f():\n    return 3"), "f")) == 3


# Names


def test_functions_are_those_at_the_top() -> None:
    """Neither classes, values, imports nor inner functions."""
    texts = (
        "def f():\n    def inner():\n        pass",
        "async def g():\n    pass",
        "class A:\n    def m(self):\n        pass",
        "n = 3",
        "import math",
    )

    assert {"f", "g"} == defined_functions(notebook(*texts))


@pytest.mark.parametrize(
    "text",
    [
        "f = lambda: 3",
        "import functools\nf = functools.partial(int, 3)",
        "if True:\n    def f():\n        return 3",
        "%%time\ndef f():\n    return 3",
        "def outer():\n    return lambda: 3\nf = outer()",
        "class A:\n    def __call__(self):\n        return 3\nf = A()",
    ],
    ids=["lambda", "partial", "in-an-if", "timed", "made-by-a-function", "object"],
)
def test_what_the_judge_calls_crosses_in_any_form(text: str) -> None:
    """A learner may write it in another style: what can be called, crosses."""
    made = notebook(text, "def g():\n    return 4", "import json\nn = 1\nassert f(n) == json.loads('3')")
    made.cells[2].metadata.update({"nbgrader": TEST, "tags": ["judge"]})

    assert needed_names(made) == ["f"]


def test_functions_of_tests_are_left_out() -> None:
    """A test's helper is not the learner's."""
    made = notebook("def f():\n    return 3", "def helper():\n    return 4")
    made.cells[1].metadata["nbgrader"] = TEST

    assert {"f"} == defined_functions(made)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ({"f", "x"}, "f(x)"),
        ({"a"}, "a.b.c"),
        ({"g"}, "def f(x):\n    return g(x)"),
        ({"xs"}, "[x for x in xs]"),
        (set(), "n = 1"),
        (set(), "def broken(:"),
    ],
)
def test_used_names_are_those_that_are_read(expected: set[str], text: str) -> None:
    """Names of a cell's functions' own are not among them."""
    assert expected == used_names(text)


@pytest.mark.parametrize("text", ["n += 1", "def f():\n    global n\n    n += 1"], ids=["top", "function"])
def test_what_is_counted_up_is_read(text: str) -> None:
    """`n += 1` reads `n` before it writes it."""
    assert {"n"} == used_names(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ({"x", "y"}, "x = y = 1"),
        ({"f"}, "def f(x):\n    y = 1"),
        ({"os"}, "import os.path"),
        ({"p"}, "import os.path as p"),
        ({"A"}, "class A:\n    x = 1"),
        ({"t"}, "t['a'] = 1"),
        ({"t"}, "t.a.b = 1"),
        (set(), "print(x)"),
        (set(), "def broken(:"),
    ],
)
def test_bound_names_are_those_that_are_written(expected: set[str], text: str) -> None:
    """Items and attributes count for what they are part of."""
    assert expected == bound_names(text)
