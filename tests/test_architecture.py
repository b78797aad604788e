"""The package's shape: one straight way, and files that stay small."""

import ast
from pathlib import Path

import pytest

import autograder

PACKAGE = Path(autograder.__file__).parent
MODULES = sorted(path for path in PACKAGE.glob("*.py") if path.name != "__init__.py")


def order() -> list[str]:
    """Return the modules in the order in which the package's docstring names them."""
    text = autograder.__doc__ or ""
    return [
        word
        for line in text.splitlines()
        if "→" in line or line.startswith("    ")
        for word in line.split()
        if (PACKAGE / f"{word}.py").is_file()
    ]


def imports(path: Path) -> set[str]:
    """Return the modules of the package that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "autograder":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder."):
            found.add(str(node.module).split(".")[1])
    return found


def test_the_docstring_names_every_module_once() -> None:
    """A newcomer finds each room on the map."""
    assert sorted(order()) == [path.stem for path in MODULES]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_module_imports_one_that_comes_after_it(path: Path) -> None:
    """The way from source to report has no way back."""
    before = order()[: order().index(path.stem)]

    assert imports(path) - set(before) == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_is_one_idea_long(path: Path) -> None:
    """No module grows past about 300 lines."""
    assert len(path.read_text().splitlines()) <= 320


def test_what_labs_share_lies_in_one_place() -> None:
    """A symbolic link in a lab leads, relatively, to a file of source/shared, and each file there is some lab's."""
    source = PACKAGE.parent / "source"
    links = [path for level in ("beginner", "intermediate", "advanced") for path in source.glob(f"{level}/*/*/**/*") if path.is_symlink()]
    shared = {path for path in (source / "shared").rglob("*.py")}

    assert links and not [path for path in links if path.readlink().is_absolute()]
    assert {path.resolve() for path in links} == shared


def test_the_project_does_not_need_what_lies_beside_it() -> None:
    """No tracked text names a folder outside the project."""
    root = PACKAGE.parent
    files = [
        path
        for part in ("autograder", "source", "docs", "labs")
        for path in (root / part).rglob("*")
        if path.suffix in (".py", ".md", ".ipynb")
    ]

    assert len(files) > 30
    assert [path for path in files if "../" + "shared" in path.read_text()] == []
