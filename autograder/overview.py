"""A learner's overview: every lab's state and points as pictures, by level and by career path, and which exercises are left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.build import project_folder
from autograder.catalogue import INTRODUCTIONS, notebook_path
from autograder.feedback import exercise_titles
from autograder.page import number, render
from autograder.plots import Picture, plot_shares
from autograder.progress import find_own_work
from autograder.record import CHANGED, NOT_STARTED, WAITING, Standing, next_lab, read_record, standings
from autograder.source import LEVELS, ROLES, find_labs


@dataclass(frozen=True)
class Overview:
    """What there is to show: all labs, the one to go on with, and the pictures: of each level, and of the `paths`."""

    labs: tuple[Standing, ...]
    next: Standing | None
    pictures: dict[str, Picture]

    @property
    def ungraded(self) -> tuple[Standing, ...]:
        """The labs with work in them that is not graded as it is now."""
        return tuple(one for one in self.labs if one.state in (WAITING, CHANGED))


def read_overview() -> Overview:
    """Return the overview of this project's `labs/`. Nothing is run."""
    project = project_folder()
    works = find_own_work(project / "labs", find_labs(project / "source"))
    return make_overview(standings(works, read_record(project / "labs")))


def make_overview(found: Sequence[Standing]) -> Overview:
    """Return the overview of these labs: a picture for each level, and one of all career paths."""
    pictures = {}
    for level in LEVELS:
        mine = [one for one in found if one.lab.header.level == level]
        if mine:
            rows = [(one.lab.header.title, _share([one]), _note(one)) for one in mine]
            pictures[level] = plot_shares(f"points of each lab of the {level} level", rows)
    paths = [(role, [one for one in found if role in one.lab.header.roles]) for role in ROLES]
    rows = [(role, _share(mine), f"{_sum(mine)} in {len(mine)} labs") for role, mine in paths if mine]
    pictures["paths"] = plot_shares("points in the labs of each career path", rows)
    return Overview(tuple(found), next_lab(found), pictures)


def show() -> None:
    """Show the overview below a notebook's cell."""
    from IPython.display import HTML, display

    display(HTML(render("overview.html.j2", **values(read_overview())).decode()))


def values(overview: Overview, link: Callable[[str], str] = str) -> dict[str, object]:
    """Return what the template shows; `link` makes an address of the path of a file below `labs/`."""
    return {
        "labs": [(one, link(notebook_path(one.lab)), _note(one)) for one in overview.labs],
        "next": overview.next,
        "next_link": link(notebook_path(overview.next.lab)) if overview.next else "",
        "ungraded": overview.ungraded,
        "pictures": overview.pictures,
        "levels": [level for level in LEVELS if level in overview.pictures],
        "introductions": INTRODUCTIONS,
        "catalogue_link": link("README.md"),
        "titles": {one.lab.slug: exercise_titles(one.lab) for one in overview.labs},
    }


def _share(found: Sequence[Standing]) -> float:
    return sum(one.points for one in found) / (sum(one.lab.points for one in found) or 1.0)


def _sum(found: Sequence[Standing]) -> str:
    return f"{number(sum(one.points for one in found))} of {number(sum(one.lab.points for one in found))}"


def _note(one: Standing) -> str:
    """Return a lab's state in words. *Not started* and *not graded* never look like 0 points."""
    if one.state == CHANGED:
        return f"{_sum([one])}, {CHANGED}"
    if one.state in (NOT_STARTED, WAITING) or one.result is None or not one.result.scores:
        return one.state
    return f"{_sum([one])}, {one.state}"
