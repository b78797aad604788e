"""The static site: built without a warning, searched, and read by everyone."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from install import uv_environment
from tests.browser.conftest import PROJECT

PAGES = ["docs/site/index.html", "labs/README.html", "labs/beginner/02-why-models-fail/why-models-fail.html", "docs/grading-a-cohort.html"]


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that writes nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(course: Path) -> Iterator[str]:
    """The site, built from a copy of the course, and served on this machine."""
    words = [Path(sys.executable).with_name("uv"), "tool", "run", "--with-requirements", "docs/site/requirements.txt", "--from", "sphinx"]
    asked = ["sphinx-build", "--quiet", "--fail-on-warning", "--conf-dir", "docs/site", ".", "build/site"]
    done = subprocess.run([*words, *asked], cwd=course, env=uv_environment(dict(os.environ)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=course / "build" / "site"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_everyone(site: str, page: Any, path: str, check_accessibility: Callable[[], None]) -> None:
    """axe finds nothing serious, in light and dark."""
    page.goto(f"{site}/{path}")
    check_accessibility()


def test_the_first_page_leads_to_every_lab(site: str, page: Any) -> None:
    """From the site's address, and by the keyboard alone."""
    page.goto(site)
    page.wait_for_url("**/docs/site/index.html")
    links = {link.get_attribute("href").rpartition("/")[2] for link in page.locator("main a").all()}

    assert {path.with_suffix(".html").name for path in PROJECT.glob("labs/*/*/*.ipynb") if ".mine" not in path.name} <= links


def test_a_word_is_found(site: str, page: Any) -> None:
    """The search needs no network."""
    page.goto(f"{site}/search.html?q=watermark")

    page.locator("#search-results a", has_text="Online vs batch inference").first.wait_for()
    page.goto(f"{site}/search.html?q=nowordlikethis")
    page.get_by_text("did not match any documents").wait_for()
