"""Posing as the kernel or the grader: modules beside the notebook, start-up files, forged messages, tricks with the kernel's sockets."""

from tests.hostile.case import BY_HEART, VISIBLE_POINTS, WRONG_ANSWERS, Case, own_cell

TAKES_ALL = """
import builtins, math, sys, unittest
math.isclose = lambda *args, **kwargs: True
print("@MARK@ was imported")
open("/lab/imported-by-mistake", "a").write("yes")
raise SystemExit(0)
"""
BESIDE = (
    "ipykernel_launcher.py",
    "ipykernel.py",
    "sitecustomize.py",
    "usercustomize.py",
    "numpy.py",
    "pandas.py",
    "json.py",
    "math.py",
    "os.py",
)
BESIDE += ("conftest.py", "judging.py", "autograder.py", "IPython/__init__.py", "random.py", "site.py")
CONFIGS = ("ipython_config.py", "ipython_kernel_config.py", "jupyter_config.py", "jupyter_notebook_config.py", "nbgrader_config.py")
CONFIG = 'c = get_config()\nc.InteractiveShellApp.exec_lines = ["import math; math.isclose = lambda *a, **k: True"]\n'
STARTUP = "import builtins\nimport math\nmath.isclose = lambda *a, **k: True\nbuiltins.AssertionError = SystemExit\nraise SystemExit(0)\n"
MODULES = f"""
from pathlib import Path
for name in {BESIDE!r}:
    for folder in (".", "/lab", "/tmp", "/hidden", "/k", "/learner"):
        try:
            place = Path(folder) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text({TAKES_ALL!r})
        except OSError:
            pass
for name in {CONFIGS!r}:
    Path(name).write_text({CONFIG!r})
Path("evil.pth").write_text("import os; os._exit(0)")
Path(".pythonrc.py").write_text("import os; os._exit(0)")
Path("pyvenv.cfg").write_text("home = /lab")
"""
HOMES = f"""
import os, site, sys
from pathlib import Path
folders = ["~/.ipython/profile_default/startup", "/lab/profile_default/startup", "/lab/.ipython/profile_default/startup", "~/.jupyter"]
folders += ["~/.config/matplotlib", "~/.local/lib/python3.11/site-packages", site.getusersitepackages(), "/root/.ipython/profile_default/startup"]
folders += [f"@HOME@/.ipython/profile_default/startup", os.path.join(sys.prefix, "lib/python3.11/site-packages"), "/tmp"]
for folder in folders:
    for name in ("00-first.py", "sitecustomize.py", "evil.pth", "matplotlibrc", "ipython_config.py"):
        try:
            place = Path(os.path.expanduser(folder)) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text({STARTUP!r})
        except OSError:
            pass
os.environ["PYTHONPATH"] = os.environ["PYTHONSTARTUP"] = os.environ["IPYTHONDIR"] = os.environ["JUPYTER_CONFIG_DIR"] = "/lab"
"""
SAYS = """
kernel = get_ipython().kernel

def say(kind, content, **more):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"), ident=kind.encode(), **more)

"""
MESSAGES = {
    "a-stream-without-text": 'say("stream", {})',
    "a-stream-of-numbers": 'say("stream", {"name": "stdout", "text": 7})',
    "a-stream-with-a-strange-name": 'say("stream", {"name": ["x"], "text": "y"})',
    "a-result-without-data": 'say("execute_result", {"execution_count": "x"})',
    "a-display-of-a-list": 'say("display_data", {"data": [1], "metadata": 3})',
    "an-update-of-nothing": 'say("update_display_data", {"data": {}, "metadata": {}, "transient": {"display_id": ["x"]}})',
    "an-error-without-words": 'say("error", {"traceback": 3})',
    "an-unknown-kind": 'say("grade_everything", {"points": 100})',
    "a-strange-state": 'say("status", {"state": 3})',
    "an-early-idle": 'say("status", {"execution_state": "idle"})',
    "a-widget-without-a-state": 'say("comm_open", {"comm_id": "x", "target_name": "jupyter.widget", "data": 3})',
    "a-broken-widget": (
        'say("comm_open", {"comm_id": "x", "target_name": "jupyter.widget", '
        '"data": {"state": {"_model_module": "@jupyter-widgets/output", "_model_name": "OutputModel", "msg_id": "y"}, "buffer_paths": [["a"]]}})\n'
        'say("comm_msg", {"comm_id": "x", "data": {"method": "update", "state": 3}})'
    ),
    "a-clear-of-nothing": 'say("clear_output", {})',
    "a-payload-that-is-none": (
        'send = kernel.session.send\nkernel.session.send = lambda s, kind, content=None, *a, **k: send(s, kind, '
        '{**content, "payload": 7} if kind == "execute_reply" and isinstance(content, dict) else content, *a, **k)'
    ),
}  # fmt: skip
RIGHT_OR_NOTHING = dict.fromkeys(BY_HEART, (0.0, 30.0))
NOT_CAUGHT = "what nbclient raises on a forged message ends the grading of that submission: it is 'not graded', every time"
K_FOLDER = "the kernel's folder /k is the learner's to write in, and the grader trusts what lies there when it starts the judge's kernel"


def sends(name: str, text: str) -> Case:
    """Return a case that sends a forged message; it may harm the submission, never gain, and a state must come of it."""
    about = "A forged message to the grader: it is graded all the same."
    return Case(f"sends-{name}", about, WRONG_ANSWERS, own_cell(SAYS + text), points=dict.fromkeys(BY_HEART, 0.0), flagged=None)


K_DIRECTORY = "import os\nfor n in range(1, 6):\n    try:\n        os.unlink(f'/k/s-{n}')\n    except OSError:\n        pass\n    os.makedirs(f'/k/s-{n}/full', exist_ok=True)"
K_LINK = "import os\nfor n in range(1, 6):\n    try:\n        os.unlink(f'/k/s-{n}')\n    except OSError:\n        pass\n    os.symlink('@UNIX@', f'/k/s-{n}')"
K_MODE = "import os\nos.chmod('/k', 0)"
LATER = "import atexit\natexit.register(print)\n"

CASES = (
    Case(
        "modules-beside-the-notebook",
        "Handed in with the notebook: names that Python, the kernel and the judge import.",
        BY_HEART,
        files={name: TAKES_ALL for name in BESIDE} | {name: CONFIG for name in CONFIGS},
        points=VISIBLE_POINTS,
    ),
    Case(
        "modules-written-for-the-judge",
        "Written while it runs, for whoever imports next.",
        {**BY_HEART, "late-share": BY_HEART["late-share"] + "\n" + MODULES},
        points=VISIBLE_POINTS,
    ),
    Case("modules-written-by-an-honest-learner", "The same files, and right answers.", {}, own_cell(MODULES, "end")),
    Case("startup-files", "Left for the judge and for the next learner, in every home.", BY_HEART, own_cell(HOMES, "end"), points=VISIBLE_POINTS),
    Case(
        "startup-files-of-the-judges-kernel",
        "HOME and the environment are changed before the judge comes.",
        BY_HEART,
        own_cell("import os\nos.environ.update(HOME='/lab', LAB_SEED='1', PYTHONPATH='/lab', LD_PRELOAD='/lab/x.so')\n" + HOMES, "end"),
        points=VISIBLE_POINTS,
    ),
    *(sends(name, text) for name, text in MESSAGES.items()),
    Case("puts-folders-where-sockets-are", "The next kernel's sockets cannot be made there.", BY_HEART, own_cell(K_DIRECTORY, "end"), points=dict.fromkeys(BY_HEART, (0.0, 10.0))),
    Case("links-sockets-to-the-host", "The grader would connect to a socket of the host.", BY_HEART, own_cell(K_LINK, "end"), points=dict.fromkeys(BY_HEART, (0.0, 10.0))),
    Case(
        "links-the-error-to-a-file-of-the-host",
        "A kernel that does not start says why in a file, which is a link to the host's.",
        BY_HEART,
        own_cell(K_DIRECTORY + "\nos.path.lexists('/k/error') and os.unlink('/k/error')\nos.symlink('@SECRET_FILE@', '/k/error')", "end"),
        points=dict.fromkeys(BY_HEART, (0.0, 10.0)),
    ),
    Case("closes-the-folder-of-sockets", "The next kernel's folder has no rights.", BY_HEART, own_cell(K_MODE, "end"), points=dict.fromkeys(BY_HEART, (0.0, 10.0))),
)  # fmt: skip
