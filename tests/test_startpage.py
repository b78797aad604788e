"""The start page, on a real server."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from autograder.build import build
from tests.conftest import write_project
from tests.learner import RIGHT, answer, notebook_of

TOKEN = "for-tests"


@dataclass
class Server:
    """A running server, and a browser that has its cookie once it gave the token."""

    address: str
    project: Path

    def __post_init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        """Return the page."""
        with self.opener.open(self.address + path, timeout=60) as answered:
            text: str = answered.read().decode()
        return text

    def post(self, path: str, **fields: str) -> str:
        """Send a form, and return the page that it leads to."""
        with self.opener.open(self.address + path, urllib.parse.urlencode(fields).encode(), timeout=60) as answered:
            text: str = answered.read().decode()
        return text


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab's server on the small lab's project, under an address that is not the root, as on Binder."""
    folder = tmp_path_factory.mktemp("start")
    project = write_project(folder / "project")
    build(project)
    config = folder / "jupyter_server_config.py"
    config.write_text('c = get_config()\nc.ServerApp.jpserver_extensions = {"autograder.startpage": True}\n')
    info = folder / "runtime"
    words = [
        sys.executable,
        "-m",
        "jupyter_server",
        "--allow-root",
        "--no-browser",
        "--port=0",
        f"--config={config}",
        "--ServerApp.base_url=/user/me/",
    ]
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(info), "JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_NO_CONFIG": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*words, f"--IdentityProvider.token={TOKEN}"], cwd=project, env=environment, stderr=log, stdout=log)
    try:
        end = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:\d+(?=/)", (folder / "log").read_text())):
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.1)
        yield Server(found[0] + "/user/me", project)
    finally:
        process.terminate()
        process.wait(20)


def test_a_stranger_sees_nothing(server: Server) -> None:
    """The page needs the server's token, like all others."""
    stranger = Server(server.address, server.project)

    assert "A small lab" not in stranger.get("/start")
    with pytest.raises(urllib.error.HTTPError) as caught:
        stranger.post("/start")
    assert caught.value.code == 403


def test_the_page_leads_on_and_grades_what_changed(server: Server) -> None:
    """From a lab that is not started over one that is not graded to its points; the links fit the server's address."""
    page = server.get(f"/start?token={TOKEN}")
    assert "not started" in page and "Grade what changed" not in page
    assert 'href="/user/me/lab/workspaces/small-lab/tree/beginner/01-small-lab/small-lab.ipynb"' in page

    answer(notebook_of(server.project), RIGHT)
    page = server.get("/start")
    assert "not graded yet" in page and "Grade what changed" in page
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.post("/start")
    assert caught.value.code == 403  # another site's form has no XSRF token

    token = re.search(r'name="_xsrf" value="([^"]+)"', page)
    assert token
    assert "Grading your work" in server.post("/start", _xsrf=token[1])
    end = time.monotonic() + 120
    while "true" in server.get("/start/state"):
        assert time.monotonic() < end
        time.sleep(0.2)
    page = server.get("/start")
    assert "25 of 100, in work" in page
    assert "The grading stopped" not in page


def test_a_grading_that_fails_says_why(server: Server) -> None:
    """The last line of what it wrote, and the page goes on."""
    source = server.project / "source" / "beginner" / "01-small-lab" / "lab.py"
    answer(notebook_of(server.project), RIGHT + "  # again")
    page = server.get(f"/start?token={TOKEN}")
    text = source.read_text()
    token = re.search(r'name="_xsrf" value="([^"]+)"', page)
    assert token
    source.write_text(text.replace("level: beginner", "level: novice"))
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.post("/start", _xsrf=token[1])  # the page that it leads to cannot be made, either
    assert "novice" in caught.value.read().decode()
    end = time.monotonic() + 60
    while "true" in server.get("/start/state"):
        assert time.monotonic() < end
        time.sleep(0.2)
    source.write_text(text)

    assert "The grading stopped: autograder: " in server.get("/start")
