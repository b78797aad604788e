"""The page that `make lab` opens: the catalogue, one's own progress, the next lab. An extension of Jupyter's server.

GET shows the page, POST grades what changed (as `autograder progress` does, in a process of its own) and shows it again; `state` says
as JSON whether that still runs. Like every page of the server's they want its token or cookie, and POST its XSRF token.
"""

import asyncio
import json
import secrets
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE
from functools import lru_cache
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from markupsafe import Markup
from tornado import web

from autograder.build import project_folder
from autograder.errors import Problem
from autograder.overview import Overview, read_overview, values
from autograder.page import plain, render
from autograder.record import RECORD

PLACE = "start"
COMMAND = (sys.executable, "-c", "from autograder.cli import main; main()", "progress")
_drawing = threading.Lock()


class Grading:
    """The grading that was asked for last: whether it runs, and why it failed, if it did."""

    def __init__(self) -> None:
        self.running, self.failed = False, ""
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Grade what changed, unless that is going on already."""
        if not self.running:
            self.running, self.failed = True, ""
            self._task = asyncio.get_running_loop().create_task(self._grade())

    async def _grade(self) -> None:
        try:
            process = await asyncio.create_subprocess_exec(*COMMAND, cwd=project_folder(), stdout=DEVNULL, stderr=PIPE)
            try:
                _, said = await process.communicate()
            except asyncio.CancelledError:
                process.terminate()
                raise
            if process.returncode:
                lines = plain(said.decode("utf-8", "replace")).strip().splitlines()
                self.failed = lines[-1] if lines else f"exit status {process.returncode}"
        except OSError as error:
            self.failed = str(error)
        finally:
            self.running = False


class StartPage(JupyterHandler):
    """The page itself."""

    def initialize(self, grading: Grading) -> None:
        """Take what all requests share."""
        self._grading = grading

    @web.authenticated
    async def get(self) -> None:
        """Show the page."""
        try:
            overview = await asyncio.to_thread(_overview)
        except Problem as problem:
            raise web.HTTPError(500, "%s", str(problem)) from None
        nonce = secrets.token_urlsafe(16)
        policy = f"default-src 'self'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; img-src data:"
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Cache-Control", "no-store")
        here = url_path_join(self.base_url, PLACE)
        links = {
            "here": here,
            "state_link": url_path_join(here, "state"),
            "lab_link": url_path_join(self.base_url, "lab"),
            "progress_link": self._open("progress.ipynb"),
        }
        grading = {"running": self._grading.running, "failed": self._grading.failed}
        xsrf = Markup(self.xsrf_form_html())
        self.finish(render("start.html.j2", **values(overview, self._open), **links, **grading, nonce=nonce, xsrf=xsrf))

    def _open(self, path: str) -> str:
        """Return the address that opens a file in JupyterLab: each in a workspace of its own, with the tabs that were open there."""
        return url_path_join(self.base_url, "lab/workspaces", Path(path).stem.lower(), "tree", path)

    @web.authenticated
    async def post(self) -> None:
        """Grade what changed, and show the page."""
        self._grading.begin()
        self.redirect(url_path_join(self.base_url, PLACE), status=303)


class GradingState(JupyterHandler):
    """Whether the grading still runs."""

    def initialize(self, grading: Grading) -> None:
        """Take what all requests share."""
        self._grading = grading

    @web.authenticated
    def get(self) -> None:
        """Answer {"running": true or false}."""
        self.finish(json.dumps({"running": self._grading.running}))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "autograder.startpage"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add the page to Jupyter's server."""
    shared = {"grading": Grading()}
    here = url_path_join(server.web_app.settings["base_url"], PLACE)
    pages = [(here, StartPage, shared), (url_path_join(here, "state"), GradingState, shared)]
    server.web_app.add_handlers(".*$", pages)


def _overview() -> Overview:
    """Return the overview; it is made again where a lab, a notebook or the record changed."""
    project = project_folder()
    paths = [*project.glob("source/*/*/lab.py"), *project.glob("labs/*/*/*.ipynb"), project / "labs" / RECORD]
    with _drawing:
        return _read(tuple(sorted((str(path), stat.st_mtime_ns, stat.st_size) for path in paths if (stat := _stat(path)))))


def _stat(path: Path) -> Any:
    try:
        return path.stat()
    except OSError:
        return None


@lru_cache(maxsize=1)
def _read(_state: tuple[tuple[str, int, int], ...]) -> Overview:
    return read_overview()
