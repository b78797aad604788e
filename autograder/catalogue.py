"""The catalogue: all labs by level, with minutes, tools, outcomes and links, the labs of each career path, and a glossary."""

import re
import tomllib
from pathlib import Path
from urllib.parse import quote

from autograder.errors import Problem
from autograder.release import in_table
from autograder.source import LEVELS, ROLES, Lab

_BADGES = re.compile(r"(<!-- badges[^\n]*-->).*?(<!-- /badges -->)", re.S)
INTRODUCTIONS = {
    "beginner": "Why models fail in production, and how MLOps answers it.",
    "intermediate": "Automated, testable, deployable pipelines.",
    "advanced": "Large, reliable, secure, cost-efficient systems.",
}


def render_catalogue(labs: list[Lab], repository: str) -> str:
    """Return `labs/README.md`. `repository` is the public address, from which the Binder links are made."""
    parts = ["# The labs\n\n*Made from the labs' own headers by `autograder build`; do not edit.*"]
    for level in LEVELS:
        rows = [_row(lab, repository) for lab in labs if lab.header.level == level]
        if rows:
            head = "| Lab | Minutes | Points | Tools | Afterwards you can | Binder |\n|:--|--:|--:|:--|:--|:--|"
            parts.append("\n".join([f"## {level.capitalize()}\n\n{INTRODUCTIONS[level]}\n", head, *rows]))
    paths = [_path(role, labs) for role in ROLES]
    parts.append("## Career paths\n\nThe labs that matter most for each role.\n\n" + "\n".join(path for path in paths if path))
    terms = {term: (text, lab) for lab in reversed(labs) for term, text in lab.header.terms.items()}
    if terms:
        lines = [_term(term, *terms[term]) for term in sorted(terms, key=str.lower)]
        parts.append(
            "## Glossary\n\nThe words of the trade, as the labs use them, each with the first lab that explains it.\n\n" + "\n".join(lines)
        )
    return "\n\n".join(parts) + "\n"


def read_repository(project: Path) -> str:
    """Return the repository's public address, which stands in `pyproject.toml` alone. Raises Problem where it does not."""
    path = project / "pyproject.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Problem(path, f"is no TOML ({error})", "mend that line") from None
    address = found.get("project", {}).get("urls", {}).get("Repository")
    if not isinstance(address, str):
        todo = 'write Repository = "https://github.com/OWNER/NAME" below [project.urls]'
        raise Problem(path, "the repository's address, Repository, is missing", todo)
    return address.removesuffix("/")


def notebook_path(lab: Lab) -> str:
    """Return the released notebook's path below `labs/`."""
    return f"{lab.header.level}/{lab.path.parent.name}/{lab.slug}.ipynb"


def binder_link(repository: str, notebook: str) -> str:
    """Return the address that opens a notebook below `labs/` on Binder, for a repository on GitHub."""
    owner_and_name = "/".join(repository.split("/")[-2:])
    return f"https://mybinder.org/v2/gh/{owner_and_name}/HEAD?urlpath={quote('lab/tree/' + notebook, safe='')}"


def with_badges(readme: str, repository: str) -> str:
    """Return the README's text with its badges made anew, between the two comments that mark their place."""
    owner_and_name = "/".join(repository.split("/")[-2:])
    binder = f"https://mybinder.org/v2/gh/{owner_and_name}/HEAD?urlpath=start"
    badges = (
        f"[![CI: whether all tests pass]({repository}/actions/workflows/ci.yml/badge.svg)]({repository}/actions/workflows/ci.yml)\n"
        f"[![Binder: open the labs in a browser](https://mybinder.org/badge_logo.svg)]({binder})"
    )
    return _BADGES.sub(lambda place: f"{place[1]}\n{badges}\n{place[2]}", readme)


def _row(lab: Lab, repository: str) -> str:
    header, notebook, title = lab.header, notebook_path(lab), in_table(lab.header.title)
    outcomes = "<br>".join(in_table(outcome) for outcome in header.outcomes)
    link = f"[{title}]({notebook})"
    binder = f"[{title} on Binder]({binder_link(repository, notebook)})"
    return f"| {link} | {header.minutes} | {lab.points:g} | {in_table(', '.join(header.tools))} | {outcomes} | {binder} |"


def _term(term: str, text: str, lab: Lab) -> str:
    return f"- **{term}**: {text} ([{lab.header.title}]({notebook_path(lab)}))"


def _path(role: str, labs: list[Lab]) -> str:
    links = [f"[{lab.header.title}]({notebook_path(lab)})" for lab in labs if role in lab.header.roles]
    return f"- **{role}**: {', '.join(links)}" if links else ""
