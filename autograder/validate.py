"""nbgrader's *Validate* button: the same run of the notebook's visible tests, with the reason first.

An extension of Jupyter's server in the place of nbgrader's own, at the same addresses. It differs in three things: below a failed test
its reason comes before its code; what a test writes to stderr does not make it fail, as in the grader; and the notebook runs in a
process of its own, so that the server answers meanwhile.
"""

import html
import json
import sys
import textwrap
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from nbformat import NotebookNode
from nbgrader.server_extensions.validate_assignment.handlers import NbGraderVersionHandler
from nbgrader.utils import is_grade
from nbgrader.validator import Validator
from tornado import web

from autograder.page import plain

WIDTH = 100  # characters in a line of nbgrader's dialog


class ReasonFirst(Validator):  # type: ignore[misc]
    """nbgrader's validator, with what a learner wants to read first."""

    def _get_failed_cells(self, nb: NotebookNode) -> list[NotebookNode]:
        failed: list[NotebookNode] = super()._get_failed_cells(nb)
        return [cell for cell in failed if not is_grade(cell) or not _only_wrote_to_stderr(cell)]


def validate(path: str) -> dict[str, Any]:
    """Return what nbgrader's page shows of the notebook: `success`, and in `value` what failed or changed; else an error's text."""
    try:
        found = ReasonFirst().validate(path)
    except Exception as error:  # nbgrader and nbclient raise what they like; the page shows the text
        return {"success": False, "value": f"{type(error).__name__}: {error}"}
    for failed in found.get("failed", []):  # the page shows `source` as text, and below it `error` as HTML
        failed["source"], failed["error"] = _wrapped(plain(failed.pop("raw_error"))), html.escape(failed["source"])
    return {"success": True, "value": found}


class ValidateHandler(JupyterHandler):
    """The address that the button asks."""

    @web.authenticated
    async def post(self) -> None:
        """Validate the notebook at `path`, below the server's root."""
        root = Path(self.settings["server_root_dir"]).expanduser().resolve()
        wanted = self.get_argument("path", "") or (self.get_json_body() or {}).get("path", "")
        path = (root / wanted).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise web.HTTPError(404, "there is no such notebook")
        process = await create_subprocess_exec(sys.executable, "-m", "autograder.validate", str(path), stdout=PIPE, stderr=DEVNULL)
        said, _ = await process.communicate()
        self.set_header("Content-Type", "application/json")
        self.finish(said.splitlines()[-1] if said and not process.returncode else json.dumps({"success": False, "value": "it did not end"}))


def _wrapped(text: str) -> str:
    """Return the text in lines that the dialog shows whole."""
    return "\n".join("\n".join(textwrap.wrap(line, WIDTH, break_long_words=False)) for line in text.split("\n"))


def _only_wrote_to_stderr(cell: NotebookNode) -> bool:
    return all(output.output_type == "stream" for output in cell.outputs) and any(output.get("name") == "stderr" for output in cell.outputs)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "autograder.validate"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Answer in nbgrader's place."""
    base = server.web_app.settings["base_url"]
    pages = {"assignments/validate": ValidateHandler, "nbgrader_version": NbGraderVersionHandler}
    server.web_app.add_handlers(".*$", [(url_path_join(base, page), handler) for page, handler in pages.items()])


if __name__ == "__main__":
    print(json.dumps(validate(sys.argv[1])))
