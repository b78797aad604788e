"""A browser, and the course as a learner and an instructor have it. Pictures go to $SCREENSHOTS, where that is set, else to build/."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="make browser brings Playwright")

PROJECT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("MLOPS_LABS_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlops-labs")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=[*QUIET, "--disable-sync"])


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page that asks nothing beyond this machine. Where a test fails, what it saw lies in build/."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    context.route(
        re.compile(r"^(?!https?://(localhost|127\.0\.0\.1)[:/]|file:|data:|blob:)"),
        lambda route: (asked.append(route.request.url), route.abort()),
    )
    made = context.new_page()
    made.set_default_timeout(60_000)
    try:
        yield made
    finally:
        seen = _folder("build/browser") / re.sub(r"[^a-z0-9]+", "-", request.node.name)
        made.screenshot(path=seen.with_suffix(".png"))
        seen.with_suffix(".html").write_text(made.content(), encoding="utf-8")
        context.close()
    beyond = [address for address in asked if "mathjax" not in address]  # nbgrader's form grader asks for that, and does without
    assert not beyond, f"the page asked for {beyond}"


@pytest.fixture
def picture(page: Any) -> Callable[[str], None]:
    """Return a function that takes a picture of what the page shows, under a name."""

    def take(name: str) -> None:
        page.screenshot(path=_folder(os.environ.get("SCREENSHOTS", "build/screenshots")) / f"{name}.png")

    return take


@pytest.fixture
def check_accessibility(page: Any) -> Callable[[], None]:
    """Return a function that fails where axe finds something serious on the page, in light or in dark."""
    (axe,) = CACHE.glob("axe-core-*/axe.min.js")

    def check() -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(axe.read_text())
            found = [v for v in page.evaluate("axe.run()")["violations"] if v["impact"] in SERIOUS]
            assert not found, [(scheme, v["id"], v["help"], [node["html"][:200] for node in v["nodes"]][:3]) for v in found]
        page.emulate_media(color_scheme="light")

    return check


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as a learner has it: a copy of what Git knows of it."""
    copied = tmp_path_factory.mktemp("course") / "mlops-labs"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (PROJECT / name).exists():
            (copied / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, copied / name, follow_symlinks=False)
    return copied


@contextmanager
def jupyter(folder: Path, config: Path | None, scratch: Path) -> Iterator[str]:
    """Start JupyterLab in the folder, and give the address of its server with a token in it: `ADDRESS/PAGE?token=…` by format."""
    words = [sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser", "--port=0", "--IdentityProvider.token=for-tests"]
    own = {
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(scratch / "s"),
    }
    environment = {
        **os.environ,
        **own,
        "IPYTHONDIR": str(scratch / "ipython"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    if config:
        environment["JUPYTER_CONFIG_PATH"] = str(config)
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / "log").open("w") as log:
        process = subprocess.Popen(words, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 120
        while not (found := re.search(r"http://(?:localhost|127\.0\.0\.1):\d+", (scratch / "log").read_text())):
            assert process.poll() is None and time.monotonic() < end, (scratch / "log").read_text()
            time.sleep(0.2)
        yield found[0]
    finally:
        process.terminate()
        process.wait(30)


def _folder(name: str) -> Path:
    folder = PROJECT / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
