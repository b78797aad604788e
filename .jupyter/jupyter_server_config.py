"""JupyterLab's settings for learners, the same for `make lab` and on Binder, where the repository is the home folder.

labconfig/ beside this file says what the page leaves out (JupyterLab's news, nbgrader's pages for instructors) and that
Markdown opens as a page to read. Notebooks stand in the page whole (windowing is off), so that the browser's search and screen
readers find all of them.
"""

import os
import sys
from pathlib import Path

from autograder.offline import SWITCHES

repository = Path(__file__).resolve().parent.parent

c = get_config()  # noqa: F821  (Jupyter puts it there)
c.ServerApp.root_dir = str(repository / "labs")
c.ServerApp.default_url = c.LabApp.default_url = "/start"  # the catalogue, one's own progress, the next lab
# Tabs are remembered for each clone: those of another course would not be found under labs/.
c.LabApp.workspaces_dir = str(repository / ".jupyter" / "lab" / "workspaces")

# nbgrader's parts for instructors have nothing to do in a learner's JupyterLab; its Validate button stays, answered by autograder.validate.
c.ServerApp.jpserver_extensions = {
    "autograder.startpage": True,
    "autograder.validate": True,
    "nbgrader.server_extensions.validate_assignment": False,
    "nbgrader.server_extensions.assignment_list": False,
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.formgrader": False,
}

# The kernels inherit all three. Cells call dvc, mlflow and other commands by name, also where nobody activated the environment.
os.environ.update(SWITCHES)
# share/ holds their kernel, in which a failed test says its reason first (autograder/reasons.py).
os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(repository / ".jupyter" / "share"), os.environ.get("JUPYTER_PATH")]))
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
