"""Honest learners: noise, habits and styles that look strange and cheat nobody. Full points, not flagged, and every cell runs."""

from dataclasses import replace
from pathlib import Path

from autograder.notebook import code_cells
from autograder.result import Result
from tests.hostile.case import Case, changes, executed, own_cell

NOISE = """
import logging, sys, warnings
warnings.warn("just saying")
logging.warning("still saying")
logging.basicConfig(level=logging.DEBUG)
logging.debug("and more")
print("42 %", file=sys.stderr)
sys.stderr.write("\\r43 %")
"""
PROGRESS = """
import sys, time
from tqdm import tqdm
for _ in tqdm(range(200)):
    pass
for n in range(100):
    sys.stderr.write(f"\\r{n} %")
    sys.stderr.flush()
"""
SERVICE = """
import http.server, threading, urllib.request
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/waits.csv").status)
server.shutdown()
server.server_close()
"""
PROGRAM = """
import subprocess, sys, time, urllib.request
service = subprocess.Popen([sys.executable, "-m", "http.server", "8808", "--bind", "127.0.0.1"], stderr=subprocess.DEVNULL)
for _ in range(80):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8808/waits.csv").status)
        break
    except OSError:
        time.sleep(0.05)
service.terminate()
service.wait()
"""
LARGE = """
import numpy as np
import pandas as pd

def mean_wait(minutes):
    names = pd.read_csv("waits.csv").iloc[:, 0].astype(str).str.upper()
    table = np.ones(90_000_000)
    return sum(minutes) / len(minutes) * table[-1]
"""
EQUALS = """
class Station:
    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return isinstance(other, Station) and self.name == other.name

    def __hash__(self):
        return hash(self.name)

    def __bool__(self):
        return bool(self.name)

assert Station("a") == Station("a") != Station("b")
"""
CLASSES = {
    "mean-wait": "from dataclasses import dataclass\nfrom functools import lru_cache\nimport numpy as np\n\n@dataclass(frozen=True)\nclass Waits:\n    minutes: tuple\n\n    @property\n    def mean(self) -> float:\n"
    "        return float(np.mean(self.minutes)) if self.minutes else 0.0\n\n@lru_cache\ndef _mean(minutes):\n    return Waits(minutes).mean\n\nmean_wait = lambda minutes: _mean(tuple(minutes))",
    "late-share": "import operator\nfrom functools import partial\n\ndef share(test, values):\n    return sum(map(test, values)) / len(values)\n\ndef late_share(minutes, limit):\n    return share(partial(operator.lt, limit), minutes)",
}  # fmt: skip
HOOKS = """
import time
times = []
shell = get_ipython()
shell.events.register("pre_run_cell", lambda info: times.append(time.time()))
shell.events.register("post_run_cell", lambda result: times.append(time.time()))
shell.events.register("pre_execute", lambda: None)
"""
TRANSFORMER = """
import ast

class Decimals(ast.NodeTransformer):
    def visit_Constant(self, node):
        return node

get_ipython().ast_transformers.append(Decimals())
get_ipython().input_transformers_cleanup.append(lambda lines: lines)
"""
MAGICS = "%load_ext autoreload\n%autoreload 2\n%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n%time sum(range(100))\n%pwd\n!ls\n%precision 3\n%who"
PLOT = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2, 3])\nplt.show()"
MAGIC_CELL = {"mean-wait": "%%time\ndef mean_wait(minutes):\n    return sum(minutes) / len(minutes) if minutes else 0.0"}
CAPTURED = {
    "report": '%%capture\nreport = {"stations": int(waits.station.nunique()), "mean": float(waits.minutes.mean())}\nPath("report.json").write_text(json.dumps(report))'
}
HELPER = "def total(numbers):\n    return sum(numbers)\n\nNOTHING = 0.0"
HELPED = {"mean-wait": "def mean_wait(minutes):\n    return total(minutes) / len(minutes) if minutes else NOTHING"}
FIXES = "def traceback_hook(shell, kind, value, tb, tb_offset=None):\n    shell.showtraceback((kind, value, tb), tb_offset=tb_offset)\n\nget_ipython().set_custom_exc((ValueError,), traceback_hook)"
FAILS = "1 / 0"
TESTS = "import unittest\n\nclass TestMean(unittest.TestCase):\n    def test_mean(self):\n        self.assertEqual(mean_wait([1, 3]), 2)\n\nunittest.main(argv=[''], exit=False)"
DOCTEST = "import doctest\ndoctest.testmod()"
POOL = "from concurrent.futures import ThreadPoolExecutor\nfrom multiprocessing import Pool\nwith ThreadPoolExecutor(4) as pool:\n    print(list(pool.map(abs, [-1, 2])))\nwith Pool(2) as pool:\n    print(pool.map(abs, [-1, 2]))"
ASYNC = "import asyncio\n\nasync def later():\n    await asyncio.sleep(0.01)\n    return 3\n\nprint(await later())\ntask = asyncio.create_task(later())"
WARNS = "import warnings\nwarnings.filterwarnings('error')"
OPTIONS = "pd.set_option('display.precision', 1)\npd.options.mode.copy_on_write = True\nimport numpy as np\nnp.set_printoptions(precision=1)\nget_ipython().ast_node_interactivity = 'last_expr'"
SHADOWS = "list_of = list\nsum_of = sum\nid = 3\ntype_ = type\nfound = 'mine'\nhits = 7\nminutes = 'my minutes'\ntruth = None\n_ = 5"
MOCKS = "import builtins\nfrom unittest import mock\nwith mock.patch('builtins.open', mock.mock_open(read_data='x')), mock.patch('math.isclose', return_value=True):\n    print(builtins.open('anything').read())"
WIDGETS = "from IPython.display import HTML, Markdown, clear_output, display\ndisplay(HTML('<b>bold</b>'), Markdown('*slanted*'))\nhandle = display('one', display_id=True)\nhandle.update('two')\nclear_output(wait=True)"
INSTALL = "%pip --version\n!python --version"
FILES = "import tempfile\nPath('sub/deep').mkdir(parents=True)\nPath('sub/deep/data.json').write_text('{}')\nprint(tempfile.mkdtemp(), Path.home())\n(Path.home() / 'mine.txt').write_text('x')"
UNICODE = "größe = 3\nπ = 3.14\nprint('🚲', größe, '\u202e')"
PANDAS = {
    "by-station": "def by_station(frame):\n    means = frame.groupby('station')['minutes'].agg('mean')\n    return means.sort_index().rename('mean').reset_index()"
}


def habit(name: str, about: str, text: str, before: str = "mean-wait") -> Case:
    """Return a case with right answers and a cell of the learner's own."""
    return Case(f"honest-{name}", about, change=own_cell(text, before))


def all_run(cohort: Path, result: Result) -> None:
    """Assert that every cell has run, but the one that is to fail."""
    failed = [cell.source for cell in code_cells(executed(cohort, result)) if cell.metadata["autograder"]["state"] != "ok"]
    assert failed == [FAILS] * (result.student == "honest-failing-cell")


_HABITS = (
    Case("honest-perfect", "Nothing but right answers."),
    habit("noise", "Warnings and logs on stderr.", NOISE),
    Case("honest-noise-in-functions", "The judged function warns, logs and prints.", {"mean-wait": "def mean_wait(minutes):\n    import logging, sys, warnings\n    warnings.warn('w')\n    logging.warning('l')\n    print('p', file=sys.stderr)\n    print('o')\n    return sum(minutes) / len(minutes) if minutes else 0.0"}),
    habit("progress-bars", "On stderr, with carriage returns.", PROGRESS),
    habit("service", "A service on loopback, started and stopped, in a thread.", SERVICE),
    habit("service-as-a-program", "A service on loopback in a process of its own.", PROGRAM),
    habit("classes-that-compare", "A class with a sane __eq__.", EQUALS),
    Case("honest-other-style", "Classes, caches, lambdas, partial functions.", CLASSES),
    habit("hooks", "IPython's hooks, to measure time.", HOOKS),
    habit("transformers", "Transformers that change nothing that tests see.", TRANSFORMER),
    habit("magics", "Autoreload, pictures in the page, shell commands.", MAGICS),
    habit("plot", "A picture.", PLOT),
    Case("honest-magic-cells", "Answers under %%time and %%capture.", {**MAGIC_CELL, **CAPTURED}),
    Case("honest-helpers", "An answer that needs a cell of the learner's own.", HELPED, own_cell(HELPER)),
    Case("honest-helpers-at-the-end", "The helper stands behind the answer.", HELPED, own_cell(HELPER, "test-mean-wait")),
    habit("exception-hooks", "A handler that shows the error as it is.", FIXES),
    habit("failing-cell", "A cell of their own that fails: it is nobody's answer.", FAILS),
    habit("own-tests", "unittest in the notebook.", TESTS, "report"),
    habit("doctests", "doctest in the notebook.", DOCTEST, "report"),
    habit("pools", "Threads and processes.", POOL),
    habit("await", "Coroutines and a task.", ASYNC),
    habit("strict-warnings", "Warnings are errors.", WARNS, "end"),
    habit("options", "Display options of pandas and numpy.", OPTIONS),
    habit("names", "Names that the tests use, too.", SHADOWS),
    habit("mocks", "A patch that is taken back.", MOCKS),
    habit("outputs", "Pages, updates, clearing.", WIDGETS),
    habit("installing", "pip's version.", INSTALL),
    habit("files", "Files in sub-folders, in /tmp and at home.", FILES),
    Case("honest-large-table", "The judged function reads text with pandas and holds 700 MB.", {"mean-wait": LARGE}),
    habit("letters", "Names and outputs beyond ASCII.", UNICODE),
    Case("honest-pandas", "Another way with pandas.", PANDAS),
    Case("honest-hand-in", "A file handed in beside the notebook.", {}, own_cell("assert Path('notes.txt').read_text() == 'my notes'"), files={"notes.txt": "my notes", "other.txt": "x"}),
    Case("honest-edited-data", "A learner who changed waits.csv while trying things out gets the lab's own again.", {}, changes(own_cell("Path('tried.csv').write_text(Path('waits.csv').read_text())", "end")), files={"waits.csv": "station,minutes\nx,1\n"}),
)  # fmt: skip
CASES = tuple(replace(case, check=all_run) for case in _HABITS)
