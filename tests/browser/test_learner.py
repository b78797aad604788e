"""A learner's way: open the course, open a lab, run it, answer, validate, grade, see progress change."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from autograder.notebook import marks
from autograder.release import make_solved
from autograder.source import read_lab
from tests.browser.conftest import PROJECT, jupyter

EXERCISE = "since-when"
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"


@pytest.fixture(scope="module")
def server(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What `make lab` starts."""
    with jupyter(course, course / ".jupyter", tmp_path_factory.mktemp("jupyter")) as address:
        yield address


def solution() -> str:
    """Return the reference solution of the exercise."""
    solved = make_solved(read_lab(PROJECT / "source" / "beginner" / "02-why-models-fail" / "lab.py"))
    return str(next(cell.source for cell in solved.cells if marks(cell).get("grade_id") == EXERCISE))


def menu(page: Any, bar: str, command: str) -> None:
    """Choose a command from JupyterLab's menu."""
    page.locator(f".lm-MenuBar-itemLabel >> text='{bar}'").click()
    page.locator(f"li[data-command='{command}']").click()


def wait_until_idle(page: Any) -> None:
    """Wait until the kernel is there and has run all cells. The notebook's own sign says idle before that, too."""
    page.locator("#jp-main-statusbar", has_text="Python 3 | Idle").wait_for()
    page.wait_for_selector(f"{SHOWN} .jp-Notebook-ExecutionIndicator[data-status='idle']")


def test_the_start_page_is_for_everyone(
    server: str, page: Any, check_accessibility: Callable[[], None], picture: Callable[[str], None]
) -> None:
    """axe finds nothing serious, in light and dark, and the keyboard alone leads to the next lab."""
    page.goto(f"{server}/start?token=for-tests")
    check_accessibility()
    picture("start")
    page.keyboard.press("Tab")
    for _ in range(30):
        if "readiness-check.ipynb" in page.evaluate("document.activeElement.href || ''"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_until_idle(page)
    assert "readiness-check.ipynb" in page.url


def test_a_lab_is_run_answered_validated_and_graded(server: str, page: Any, picture: Callable[[str], None]) -> None:
    """The whole way, and the points are there at its end."""
    page.goto(f"{server}/start?token=for-tests")
    page.get_by_role("link", name="Why models fail").click()
    wait_until_idle(page)
    menu(page, "Run", "runmenu:run-all")
    page.get_by_text("○ Not answered yet").first.wait_for()

    picture("not-answered")

    write(page, "def first_bad_day(log, trips):\n    return None")
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_text("✗ first_bad_day found no stretch of bad days.").wait_for()
    assert "Traceback" not in dialog.inner_text()
    picture("validate")
    dialog.get_by_role("button", name="OK").click()

    write(page, solution())
    menu(page, "Run", "runmenu:run-all")
    wait_until_idle(page)
    page.get_by_role("button", name="Validate").click()
    assert "○ Not answered yet" in dialog.inner_text() and "first_bad_day" not in dialog.inner_text()
    dialog.get_by_role("button", name="OK").click()

    page.goto(f"{server}/start")
    assert row(page) == "not graded yet"
    page.get_by_role("button", name="Grade what changed").click()
    page.locator("#grading").wait_for()
    page.locator("#grading").wait_for(state="detached")
    assert row(page) == "15 of 100, in work"
    picture("progress")


def test_progress_is_a_notebook_too(server: str, page: Any, picture: Callable[[str], None]) -> None:
    """Its picture has words, and its links lead to labs."""
    page.goto(f"{server}/start?token=for-tests")
    page.get_by_role("link", name="Progress as a notebook").click()
    wait_until_idle(page)
    page.locator(f"{SHOWN} .jp-Notebook").click()
    page.keyboard.press("Escape")
    menu(page, "Run", "runmenu:run-all")
    image = page.locator(f"{SHOWN} .jp-OutputArea img").first
    image.wait_for()
    assert "Why models fail: 15 %, 15 of 100, in work" in image.get_attribute("alt")
    page.locator(f"{SHOWN} .jp-OutputArea a", has_text="Why models fail").first.click()
    page.locator(".lm-TabBar-tab.lm-mod-current", has_text="why-models-fail.ipynb").wait_for()


def test_the_keyboard_alone_runs_and_validates_a_lab(server: str, page: Any) -> None:
    """From the notebook's first cell to the result of Validate, and back, without a mouse."""
    page.goto(f"{server}/lab/tree/beginner/02-why-models-fail/why-models-fail.ipynb?token=for-tests")
    wait_until_idle(page)
    page.keyboard.press("Control+Shift+C")
    page.keyboard.insert_text("Restart Kernel and Run All Cells…")
    page.keyboard.press("Enter")
    page.locator(".jp-Dialog").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("○ Not answered yet").first.wait_for()
    wait_until_idle(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    for _ in range(20):
        if page.evaluate("document.activeElement.textContent.trim()") == "Validate":
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(".jp-Dialog").get_by_text("○ Not answered yet").first.wait_for()
    page.keyboard.press("Enter")
    page.locator(".jp-Dialog").wait_for(state="detached")


def test_each_link_to_binder_opens_its_notebook(server: str, page: Any) -> None:
    """What Binder appends to its server's address leads, on this server, to the lab of that row."""
    rows = re.findall(r"\]\((\S+\.ipynb)\) .*\?urlpath=(\S+?)\)", (PROJECT / "labs" / "README.md").read_text(encoding="utf-8"))
    assert len(rows) == len([*(PROJECT / "labs").glob("*/*/*.ipynb")])
    for notebook, place in rows:
        assert unquote(place) == f"lab/tree/{notebook}"
        assert page.request.get(f"{server}/api/contents/{notebook}?token=for-tests&content=0").json()["type"] == "notebook"
    page.goto(f"{server}/{unquote(rows[-1][1])}?token=for-tests")
    page.locator(".lm-TabBar-tab.lm-mod-current", has_text=Path(rows[-1][0]).name).wait_for()


def write(page: Any, text: str) -> None:
    """Put the text into the lab's first answer cell, and save."""
    cell = page.locator(f"{SHOWN} .jp-CodeCell", has_text="def first_bad_day").first
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+S")
    page.get_by_text("Saving completed").wait_for()


def row(page: Any) -> str:
    """Return what the start page says of the lab."""
    return str(page.locator("tr", has_text="Why models fail").locator("td").nth(2).inner_text())
