"""Reading hidden tests: from the folder, hooks, tracebacks, memory. They are in nothing that a learner's code or a learner can read."""

from typing import Any

from tests.hostile.case import Case, changes, own_cell
from tests.hostile.reaching_out import PROBE, SAY, all_refused

END = "end"
WALK = """
import sys
words = ("zq7" + "_tramway", "vk3" + "_funicular", "xw9" + "_cablecar")
looked = 0
for top in ("/lab", "/tmp", "/hidden", "/k", "/learner", "/arena", "/dev/shm", "/etc", "/root", "/home", "/var", "/run"):
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in (sys.prefix, sys.base_prefix)]  # Python's own
        for name in names:
            path = os.path.join(folder, name)
            try:
                data = open(path, "rb").read(2**22) if os.path.isfile(path) else b""
            except OSError:
                continue
            looked += 1
            if any(word.encode() in data for word in words):
                tried.append(("REACHED", path, ""))
attempt(lambda n: 1 / 0 if n else "no file at all", looked)
"""
HOOK = """
stolen = []
events = get_ipython().events
for name in ("pre_run_cell", "post_run_cell"):
    events.register(name, lambda *args: stolen.append(repr([vars(a) for a in args])))
import sys
sys.settrace(None)
"""
STUBBORN_HOOK = """
stolen = []

class Stubborn(dict):
    def __setitem__(self, name, value):
        dict.setdefault(self, name, value)

events = get_ipython().events
events.register("pre_run_cell", lambda info: stolen.append(info.raw_cell))
events.callbacks = Stubborn(events.callbacks)
class Kept(list):
    clear = lambda self: None
get_ipython().ast_transformers = Kept()
real = get_ipython().run_cell_async
async def run_cell_async(raw_cell, *args, **kwargs):
    stolen.append(raw_cell)
    return await real(raw_cell, *args, **kwargs)
get_ipython().run_cell_async = run_cell_async
"""
WRITE = "Path('notes.txt').write_text(repr(stolen))\nPath('report.json.bak').write_text(repr(stolen))\nprint(stolen)\ndisplay({'text/html': str(stolen)}, raw=True)"
HISTORY = "print(In, _ih, _oh, _i, _ii, _iii)\nprint(list(get_ipython().history_manager.get_range(raw=True, output=True)))\nprint(get_ipython().history_manager.input_hist_raw)"
LINECACHE = "import linecache\nprint({name: entry for name, entry in linecache.cache.items() if 'ipykernel' in name})"
GARBAGE = """
import gc

def dig():
    word = "_".join(["zq7", "tramway"])
    for thing in gc.get_objects():
        if isinstance(thing, (list, tuple, dict)):
            yield from (text for text in (thing.values() if isinstance(thing, dict) else thing) if isinstance(text, str) and word in text)

print([*dig()][:50])
"""
GLOBALS = "for name in list(globals()):\n    if name.startswith('zq7'):\n        print(name.upper(), list(globals()[name]) if hasattr(globals()[name], '__len__') else 0)"
RAISES = "def mean_wait(minutes):\n    import sys, traceback\n    raise ValueError(''.join(traceback.format_stack()) + repr([(f.f_code.co_names, f.f_code.co_consts) for f in (sys._getframe(1),)]))"
SHOWS_SOURCE = "def by_station(frame):\n    import inspect, sys\n    raise ValueError(inspect.getsource(sys._getframe(1)))"
KEEPS_FRAME = "kept = []\n\ndef by_station(frame):\n    import sys\n    kept.append(sys._getframe(1))\n    return frame.groupby('station', as_index=False).minutes.mean().rename(columns={'minutes': 'mean'})"
SHOW_FRAME = "import inspect\nfor frame in kept:\n    print(frame.f_code.co_names, frame.f_code.co_consts)\n    print(inspect.getsource(frame.f_code))"


def digs(name: str, about: str, text: str, before: str = "", **more: Any) -> Case:
    """Return a case with right answers that digs in the kernel's memory at the end, prepared at the beginning."""
    steps = [own_cell(before)] if before else []
    return Case(name, about, change=changes(*steps, own_cell(text, END)), flagged=None, **more)


CASES = (
    Case("looks-through-every-file", "In all folders that it sees.", change=own_cell(PROBE + WALK + SAY, END), check=all_refused),
    digs("hooks-cells", "IPython's hooks see each cell's text before it runs.", WRITE, HOOK),
    digs("hooks-cells-stubbornly", "Hooks that cannot be taken out.", WRITE, STUBBORN_HOOK),
    digs("prints-the-history", "What ran is in the notebook's history.", HISTORY),
    digs("prints-the-cache-of-lines", "Tracebacks need the text of cells.", LINECACHE),
    digs("prints-the-memory", "Every text that the interpreter still holds.", GARBAGE),
    digs("prints-globals", "What tests left behind.", GLOBALS),
    digs("keeps-its-callers-frame", "And shows its source later.", SHOW_FRAME, before="kept = []"),
    Case("raises-its-callers-source", "As its message.", {"by-station": SHOWS_SOURCE}, points={"by-station": 0.0}),
    Case("raises-the-stack-of-the-judge", "As its message.", {"mean-wait": RAISES}, points={"mean-wait": 0.0}),
    Case("keeps-the-frame-that-calls-it", "And prints it afterwards.", {"by-station": KEEPS_FRAME}, own_cell(SHOW_FRAME, END), flagged=None),
    Case(
        "links-its-report-to-the-truth",
        "The judge's own file, which is there only when the judge is, is read as the learner's.",
        {"report": 'import os\nreport = 0\nos.path.lexists("report.json") and os.unlink("report.json")\nos.symlink("/hidden/truth.json", "report.json")'},
        points={"report": 0.0},
    ),
    Case(
        "links-its-report-to-the-judges-environment",
        "What the judge cannot read as JSON, it might show.",
        {"report": 'import os\nreport = 0\nos.symlink("/proc/self/environ", "report.json")'},
        points={"report": 0.0},
    ),
)  # fmt: skip
CASES += tuple(
    Case(
        f"shows-hidden-tests-{name}",
        "What it finds in memory, encoded.",
        change=own_cell(f"import base64, codecs, linecache\ntext = ''.join(''.join(entry[2]) for name, entry in linecache.cache.items() if 'ipykernel' in name)\nprint({code})", END),
        flagged=None,
    )
    for name, code in (("in-base-64", "base64.b64encode(text.encode()).decode()"), ("backwards", "text[::-1]"), ("in-rot13", "codecs.encode(text, 'rot13')"))
)  # fmt: skip
