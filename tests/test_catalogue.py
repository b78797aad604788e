"""The catalogue: made from the labs' headers alone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.catalogue import INTRODUCTIONS, binder_link, notebook_path, read_repository, render_catalogue, with_badges
from autograder.errors import Problem
from autograder.source import LEVELS, ROLES, Lab, read_lab
from tests.conftest import MakeProject, lab_path

REPOSITORY = "https://github.com/someone/somewhere"


@pytest.fixture
def lab(make_project: MakeProject) -> Lab:
    """Return the small lab."""
    return read_lab(lab_path(make_project()))


def other(lab: Lab, level: str, number: str, slug: str, **fields: object) -> Lab:
    """Return a copy of the lab with another level, folder, slug and title, and these fields of the header."""
    header = replace(lab.header, level=level, slug=slug, title=f"The {slug} lab", **fields)  # type: ignore[arg-type]
    return replace(lab, header=header, path=lab.path.parents[2] / level / f"{number}-{slug}" / "lab.py")


def test_a_lab_has_its_row(lab: Lab) -> None:
    """Title, minutes, points, tools, outcomes, and the way to Binder."""
    lab = replace(lab, header=replace(lab.header, tools=("Python", "Git")))

    expected = (
        "| [A small lab](beginner/01-small-lab/small-lab.ipynb) | 30 | 100 | Python, Git "
        "| Add two numbers<br>Write a file that another program reads<br>Read a plot of a sum "
        "| [A small lab on Binder](https://mybinder.org/v2/gh/someone/somewhere/HEAD"
        "?urlpath=lab%2Ftree%2Fbeginner%2F01-small-lab%2Fsmall-lab.ipynb) |"
    )
    assert expected in render_catalogue([lab], REPOSITORY).splitlines()


def test_each_level_has_its_labs(lab: Lab) -> None:
    """From beginner to advanced, whatever order the labs come in, each under its introduction."""
    labs = [other(lab, "advanced", "01", "big"), other(lab, "intermediate", "01", "mid"), lab]

    text = render_catalogue(labs, REPOSITORY)

    found = re.findall(r"^## (\w+)\n\n(.+)$|^\| \[(?:A|The) (\w+) lab\]", text, re.M)
    expected = []
    for level, slug in zip(LEVELS, ("small", "mid", "big"), strict=True):
        expected += [(level.capitalize(), INTRODUCTIONS[level], ""), ("", "", slug)]
    assert expected == found


def test_a_level_without_labs_is_left_out(lab: Lab) -> None:
    """No empty table."""
    text = render_catalogue([lab], REPOSITORY)

    assert re.findall(r"^## (.+)$", text, re.M) == ["Beginner", "Career paths"]


def test_labs_of_a_level_keep_their_order(lab: Lab) -> None:
    """That of the folders, in which they are found."""
    labs = [other(lab, "beginner", "00", "zebra"), lab, other(lab, "beginner", "02", "ant")]

    assert re.findall(r"^\| \[(?:A|The) (\w+) lab\]", render_catalogue(labs, REPOSITORY), re.M) == ["zebra", "small", "ant"]


def test_each_role_has_its_labs(lab: Lab) -> None:
    """In the order of the roles, with links."""
    labs = [lab, other(lab, "advanced", "01", "big", roles=(ROLES[2], ROLES[0]))]

    paths = render_catalogue(labs, REPOSITORY).split("## Career paths")[1]

    small, big = "[A small lab](beginner/01-small-lab/small-lab.ipynb)", "[The big lab](advanced/01-big/big.ipynb)"
    assert [f"- **{ROLES[0]}**: {small}, {big}", f"- **{ROLES[2]}**: {big}"] == [
        line for line in paths.splitlines() if line.startswith("- ")
    ]


def test_a_role_without_labs_is_left_out(lab: Lab) -> None:
    """No empty path."""
    assert ROLES[1] not in render_catalogue([lab], REPOSITORY)


def test_outcomes_are_text(lab: Lab) -> None:
    """Tags in an outcome are shown, not obeyed."""
    lab = replace(lab, header=replace(lab.header, outcomes=("Use <b> & c",)))

    assert "| Use &lt;b&gt; &amp; c |" in render_catalogue([lab], REPOSITORY)


@pytest.mark.parametrize("field", ["title", "outcomes", "tools"])
def test_a_bar_does_not_break_the_table(lab: Lab, field: str) -> None:
    """A vertical bar in the header would end the table's cell."""
    header = replace(lab.header, **{field: "a|b" if field == "title" else ("a|b",)})  # type: ignore[arg-type]

    row = next(line for line in render_catalogue([replace(lab, header=header)], REPOSITORY).splitlines() if "small-lab.ipynb" in line)

    assert len(re.findall(r"(?<!\\)\|", row)) == 7


def test_the_glossary_gathers_the_labs_terms(lab: Lab) -> None:
    """In the alphabet's order, each with the first lab that explains it."""
    first = other(lab, "beginner", "01", "first", terms={"run": "One training.", "Alias": "A name."})
    later = other(lab, "advanced", "01", "later", terms={"run": "Something else.", "node": "A machine."})

    glossary = render_catalogue([first, later], REPOSITORY).split("## Glossary")[1]

    assert [line for line in glossary.splitlines() if line.startswith("- ")] == [
        "- **Alias**: A name. ([The first lab](beginner/01-first/first.ipynb))",
        "- **node**: A machine. ([The later lab](advanced/01-later/later.ipynb))",
        "- **run**: One training. ([The first lab](beginner/01-first/first.ipynb))",
    ]


def test_without_terms_there_is_no_glossary(lab: Lab) -> None:
    """No empty heading."""
    assert "Glossary" not in render_catalogue([lab], REPOSITORY)


def test_a_lines_end_does_not_break_the_table(lab: Lab) -> None:
    """YAML keeps them in a text after `|`."""
    text = render_catalogue([replace(lab, header=replace(lab.header, title="A\nsmall lab\n"))], REPOSITORY)

    assert "| [A small lab](" in text


def test_the_catalogue_says_that_it_is_made(lab: Lab) -> None:
    """So that nobody edits it."""
    assert "by `autograder build`; do not edit" in render_catalogue([lab], REPOSITORY)


def test_the_catalogue_ends_in_one_newline(lab: Lab) -> None:
    """As text files do."""
    assert re.search(r"[^\n]\n\Z", render_catalogue([lab], REPOSITORY))


def test_a_course_without_labs_has_a_catalogue() -> None:
    """A new course builds."""
    assert render_catalogue([], REPOSITORY).startswith("# The labs\n")


def test_a_notebook_lies_in_its_level_and_folder(lab: Lab) -> None:
    """Its name is the slug."""
    assert notebook_path(lab) == "beginner/01-small-lab/small-lab.ipynb"


def test_a_binder_link_is_one_address() -> None:
    """The notebook's path is quoted whole, slashes included."""
    expected = "https://mybinder.org/v2/gh/someone/somewhere/HEAD?urlpath=lab%2Ftree%2Fa%2Fb%20c.ipynb"

    assert expected == binder_link(REPOSITORY, "a/b c.ipynb")


@pytest.mark.parametrize("address", [REPOSITORY, REPOSITORY + "/"])
def test_the_repository_stands_in_pyproject(tmp_path: Path, address: str) -> None:
    """With or without a slash at its end."""
    (tmp_path / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{address}"\n')

    assert read_repository(tmp_path) == REPOSITORY


@pytest.mark.parametrize("text", ["", "[project]\n", '[project.urls]\nHomepage = "x"\n'], ids=["nothing", "no-urls", "no-repository"])
def test_a_repository_that_is_not_named_is_said(tmp_path: Path, text: str) -> None:
    """A mistake that a person can mend."""
    (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(Problem, match="Repository"):
        read_repository(tmp_path)


def test_a_pyproject_that_is_no_toml_is_said(tmp_path: Path) -> None:
    """With the place in it."""
    (tmp_path / "pyproject.toml").write_text("[project\n")

    with pytest.raises(Problem, match=r"is no TOML .*line 1"):
        read_repository(tmp_path)


README = "# Title\n\n<!-- badges: made by the build -->\nold\nolder\n<!-- /badges -->\n\nText\n"


def test_badges_stand_between_their_comments() -> None:
    """What stood there goes; the rest stays."""
    made = with_badges(README, REPOSITORY)

    assert made.startswith(
        "# Title\n\n<!-- badges: made by the build -->\n[![CI: whether all tests pass](https://github.com/someone/somewhere/"
    )
    assert made.endswith("HEAD?urlpath=start)\n<!-- /badges -->\n\nText\n")
    assert "old" not in made


def test_badges_made_twice_are_the_same() -> None:
    """Building again changes nothing."""
    once = with_badges(README, REPOSITORY)

    assert once == with_badges(once, REPOSITORY)


@pytest.mark.parametrize("text", ["# Title\n", "<!-- badges -->\nno end\n"], ids=["no-place", "no-end"])
def test_a_readme_without_a_place_for_badges_stays_as_it_is(text: str) -> None:
    """Nothing is put where nobody asked for it."""
    assert text == with_badges(text, REPOSITORY)
