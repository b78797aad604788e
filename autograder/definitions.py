"""The part of a notebook that defines some names: what crosses to the judge, as source."""

import ast
import symtable
from collections.abc import Iterable
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from autograder.notebook import code_cells, is_test


@dataclass(frozen=True)
class _Statement:
    text: str
    binds: frozenset[str]
    uses: frozenset[str]
    defines: bool


@dataclass(frozen=True)
class Definitions:
    """Statements of a notebook, in order, and for each name the numbers of those that it needs."""

    statements: tuple[str, ...]
    needs: dict[str, tuple[int, ...]]


def definitions(notebook: NotebookNode, names: Iterable[str]) -> Definitions:
    """Return the notebook's top-level statements that `names` need: definitions, imports and module-level values.

    Test cells are left out, and so are statements that bind nothing. Cells that are no Python are skipped.
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
            if statement.binds & needed or "*" in statement.binds:
                needed |= statement.uses
    return [number for number, statement in enumerate(statements) if statement.binds & needed or "*" in statement.binds]


def defined_functions(notebook: NotebookNode) -> set[str]:
    """Return the names of the functions that the notebook's cells define at top level, test cells left out."""
    cells = (cell for cell in code_cells(notebook) if not is_test(cell))
    return {name for cell in cells for statement in _statements(cell.source) if statement.defines for name in statement.binds}


def used_names(text: str) -> set[str]:
    """Return the names that a cell's text reads; none where it is no Python."""
    return set().union(*(statement.uses for statement in _statements(text)))


def bound_names(text: str) -> set[str]:
    """Return the names that a cell's top level binds; none where it is no Python."""
    return set().union(*(statement.binds for statement in _statements(text)))


def _statements(text: str) -> list[_Statement]:
    try:
        tree = ast.parse(TransformerManager().transform_cell(text))
    except (SyntaxError, ValueError):
        return []
    return [_statement(node) for node in tree.body]


def _statement(node: ast.stmt) -> _Statement:
    nodes = list(ast.walk(node))
    text = ast.unparse(node)
    uses = frozenset(_global_names(symtable.symtable(text, "<cell>", "exec")))
    defines = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        binds = frozenset({node.name})
    elif isinstance(node, ast.Import | ast.ImportFrom):
        binds = frozenset((alias.asname or alias.name).split(".")[0] for alias in node.names)
    else:
        stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        stored |= {n.name for n in nodes if isinstance(n, ast.ExceptHandler) and n.name}
        binds = frozenset(
            stored | {_root(n) for n in nodes if isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store)} - {""}
        )
    return _Statement(text, binds, uses, defines)


def _global_names(table: symtable.SymbolTable) -> set[str]:
    """Return the names that a statement reads from its module: its own, and those that its functions do not bind."""
    top = table.get_type() == "module"
    found = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return found.union(*(_global_names(child) for child in table.get_children()))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
