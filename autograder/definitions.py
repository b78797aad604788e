"""The part of a notebook that defines some names: what crosses to the judge, as source."""

import ast
import re
import symtable
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from autograder.notebook import code_cells, is_judge, is_test

_RUN_HERE = re.compile(r"\A\s*%%(?:time|capture)\b[^\n]*\n")  # the cell magics whose cell runs in the notebook's own scope
_CHANGING = frozenset(  # methods that fill or change what they are called on: containers, models, and what functions register with
    {"add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "fit", "insert", "intersection_update"}
    | {"partial_fit", "pop", "popitem", "register", "remove", "reverse", "set_params", "setdefault", "sort", "update"}
)


@dataclass(frozen=True)
class _Statement:
    text: str
    binds: frozenset[str]
    touches: frozenset[str]  # what it binds, and what a method that it calls may change
    uses: frozenset[str]
    functions: frozenset[str]


@dataclass(frozen=True)
class Definitions:
    """Statements of a notebook, in order, and for each name the numbers of those that it needs."""

    statements: tuple[str, ...]
    needs: dict[str, tuple[int, ...]]


def definitions(notebook: NotebookNode, names: Iterable[str]) -> Definitions:
    """Return the notebook's top-level statements that `names` need: definitions, imports and module-level values.

    Test cells are left out, and so are statements that bind and change nothing. Cells that do not compile are skipped.
    """
    statements = [found for cell in code_cells(notebook) if not is_test(cell) for found in _statements(cell.source)]
    needs = {name: _needed(statements, name) for name in names}
    kept = sorted(set().union(*needs.values()))
    return Definitions(
        tuple(statements[number].text for number in kept),
        {name: tuple(kept.index(number) for number in numbers) for name, numbers in needs.items()},
    )


def _needed(statements: list[_Statement], name: str) -> list[int]:
    needed, before = {name}, 0
    while len(needed) > before:
        before = len(needed)
        for statement in statements:
            if statement.touches & needed or "*" in statement.touches:
                needed |= statement.uses
        if "globals" in needed:  # a function that is looked up by a text is not seen to be used
            needed = needed.union(*(statement.functions for statement in statements))
    return [number for number, statement in enumerate(statements) if statement.touches & needed or "*" in statement.touches]


def needed_names(notebook: NotebookNode) -> list[str]:
    """Return what the judge cells need of the learner's: names that they read and do not bind, and that the learner's cells bind."""
    judges = [cell.source for cell in code_cells(notebook) if is_judge(cell)]
    learners = [cell.source for cell in code_cells(notebook) if not is_test(cell)]
    read, bound, given = (set().union(*map(names, texts)) for names, texts in zip(_VIEWS, (judges, judges, learners), strict=True))
    return sorted((read - bound) & given)


def defined_functions(notebook: NotebookNode) -> set[str]:
    """Return the names of the functions that the notebook's cells define with `def`, test cells left out."""
    cells = (cell for cell in code_cells(notebook) if not is_test(cell))
    return {name for cell in cells for statement in _statements(cell.source) for name in statement.functions}


def used_names(text: str) -> set[str]:
    """Return the names that a cell's text reads; none where it is no Python."""
    return set().union(*(statement.uses for statement in _statements(text)))


def bound_names(text: str) -> set[str]:
    """Return the names that a cell's top level binds, or sets an item or attribute of; none where it is no Python."""
    return set().union(*(statement.binds for statement in _statements(text)))


_VIEWS = (used_names, bound_names, bound_names)


@lru_cache(1024)  # a lab's own cells are the same in every submission
def _statements(text: str) -> tuple[_Statement, ...]:
    """Return the statements at the top of a cell; none of a cell that does not compile."""
    try:
        tree = _parse(TransformerManager().transform_cell(_RUN_HERE.sub("", text)))
        return tuple(_statement(node) for node in tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _parse(text: str) -> ast.Module:
    with suppress(SystemError):  # "AST constructor recursion depth mismatch", seen once with CPython 3.11; the cause is not known
        return ast.parse(text)
    return ast.parse(text)


def _statement(node: ast.stmt) -> _Statement:
    text = ast.unparse(node)
    table = symtable.symtable(ast.unparse(_Reading().visit(node)), "<cell>", "exec")
    run = list(_run_nodes(node))
    binds = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    binds |= {"*" for part in run if isinstance(part, ast.ImportFrom) and part.names[0].name == "*"}
    binds -= {part.id for part in run if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Del)}
    binds |= {_root(part) for part in run if isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store)} - {""}
    calls = [part.func for part in run if isinstance(part, ast.Call)]
    calls += [part for outer in run for part in getattr(outer, "decorator_list", [])]
    changes = {_root(part) for part in calls if isinstance(part, ast.Attribute) and part.attr in _CHANGING} - {""}
    functions = {part.name for part in run if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
    return _Statement(text, frozenset(binds), frozenset(binds | changes), frozenset(_global_names(table)), frozenset(functions))


def _run_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the node and its parts, without what only runs when a function is called or a class is made."""
    yield node
    later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
    for part in getattr(node, "decorator_list", []) if later else ast.iter_child_nodes(node):
        yield from _run_nodes(part)


class _Reading(ast.NodeTransformer):
    """Writes `n += 1` as `n = n + 1`: to the symbol table, the first does not read `n`."""

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not isinstance(node.target, ast.Name):
            return self.generic_visit(node)
        read = ast.Name(node.target.id, ast.Load())
        return ast.Assign([node.target], ast.BinOp(read, node.op, self.visit(node.value)), lineno=node.lineno)


def _global_names(table: symtable.SymbolTable) -> set[str]:
    """Return the names that a statement reads from its module: its own, and those that its functions do not bind."""
    top = table.get_type() == "module"
    found = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return found.union(*(_global_names(child) for child in table.get_children()))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
