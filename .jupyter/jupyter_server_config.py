"""JupyterLab's settings for learners, the same for `make lab` and on Binder, where the repository is the home folder.

labconfig/ beside this file says what the page leaves out (JupyterLab's news, nbgrader's pages for instructors) and that
Markdown opens as a page to read.
"""

import os
import sys
from pathlib import Path

from autograder.offline import SWITCHES

repository = Path(__file__).resolve().parent.parent

c = get_config()  # noqa: F821  (Jupyter puts it there)
c.ServerApp.root_dir = str(repository / "labs")
c.LabApp.default_url = "/lab/tree/README.md"  # the catalogue, with a link to every lab
# Tabs are remembered for each clone: those of another course would not be found under labs/.
c.LabApp.workspaces_dir = str(repository / ".jupyter" / "lab" / "workspaces")

# nbgrader's parts for instructors have nothing to do in a learner's JupyterLab; its Validate button stays.
c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.assignment_list": False,
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.formgrader": False,
}

# The kernels inherit both. Cells call dvc, mlflow and other commands by name, also where nobody activated the environment.
os.environ.update(SWITCHES)
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
