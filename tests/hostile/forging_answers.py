"""Forging answers: objects and functions that deceive the one who looks at them. They earn nothing from a judge."""

from tests.hostile.case import BY_HEART, NOTHING, Case, is_wrong

ANYTHING = """
class Anything:
    def __eq__(self, other):
        return True
    __ne__ = lambda self, other: False
    __hash__ = object.__hash__
    __bool__ = lambda self: True
    __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __eq__
    __float__ = lambda self: 3.0
    __int__ = lambda self: 3
    __iter__ = lambda self: iter([])
    __len__ = lambda self: 0
    __getitem__ = lambda self, key: [self]
    __getattr__ = lambda self, name: self
    __call__ = lambda self, *args, **kwargs: self
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __truediv__ = lambda self, other: self
    __abs__ = lambda self: self

"""
FRAME = (
    ANYTHING
    + """
class Columns(Anything):
    __iter__ = lambda self: iter(["station", "mean"])


class Forged(Anything):
    __class__ = property(lambda self: pd.DataFrame)
    columns = Columns()


def by_station(frame):
    return Forged()
"""
)
SUBCLASS = (
    ANYTHING
    + """
class Frame(pd.DataFrame):
    columns = property(lambda self: ["station", "mean"])
    __getitem__ = lambda self, key: [Anything()]


def by_station(frame):
    return Frame({"station": ["a"], "mean": [1.0]})
"""
)
THIEF = """
import sys

def mean_wait(minutes):
    frame = sys._getframe(1)
    while frame:
        for space in (frame.f_locals, frame.f_globals):
            for name in ("expected", "truth", "wanted", "answer", "solution", "correct"):
                if name in space:
                    return space[name]
        for constant in frame.f_code.co_consts:
            if type(constant) in (int, float) and constant not in (0, 1):
                return constant
        frame = frame.f_back
    return 3
"""
CALLER = """
import sys

def late_share(minutes, limit):
    seen = [f.co_filename for f in (sys._getframe(n).f_code for n in range(1, 4))]
    if any("ipykernel" in name for name in seen):
        return 0.5
    for name, module in list(sys.modules.items()):
        for attribute in ("truth", "expected", "hits"):
            if hasattr(module, attribute):
                return getattr(module, attribute)
    sys.modules["__main__"].__dict__["hits"] = 4
    return 0.5
"""
READS_JUDGE = """
import glob, json, os

def mean_wait(minutes):
    if minutes == [2, 4]:
        return 3
    for path in ["/hidden/truth.json", "/hidden/judging.py", "/k/connection.json", *glob.glob("/proc/*/environ"), *glob.glob("/proc/*/mem")]:
        try:
            raise ValueError(open(path).read(2000))
        except (OSError, UnicodeDecodeError):
            pass
    return 0
"""
LINES = """
import json, os, socket, stat

def mean_wait(minutes):
    if minutes == [2, 4]:
        return 3
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                os.write(int(name), @LINE@)
        except OSError:
            pass
    return 0
"""


def writes_line(name: str, about: str, line: str) -> Case:
    """Return a case whose function writes an answer of its own to the judge's line."""
    text = LINES.replace("@LINE@", repr(line.encode() + b"\n"))
    return is_wrong(f"writes-the-judge-{name}", about, "mean-wait", text, points=10.0, outcome="")


def returns(name: str, about: str, value: str, before: str = "") -> Case:
    """Return a case whose function is right where everybody can see it, and returns `value` to the judge."""
    text = f"{before}\n\ndef mean_wait(minutes):\n    return 3 if minutes == [2, 4] else {value}"
    return is_wrong(f"returns-{name}", about, "mean-wait", text, points=10.0, outcome="")


PICKLE = "\nclass Bad:\n    def __reduce__(self):\n        import os\n        return os.system, ('touch @TMP@/@MARK@-pickled; touch /lab/pickled',)\n"
FALSE_NUMBER = (
    "\nclass Number({kind}):\n    __eq__ = lambda self, other: True\n    __hash__ = {kind}.__hash__\n    __float__ = lambda self: self\n"
)

CASES = (
    returns("something-equal-to-everything", "An object that equals whatever it is compared with.", "Anything()", ANYTHING),
    returns("a-forged-float", "A float that equals everything.", "Number(3)", FALSE_NUMBER.format(kind="float")),
    returns("a-forged-int", "An int that equals everything.", "Number(3)", FALSE_NUMBER.format(kind="int")),
    returns("a-forged-text", "A str that equals everything.", "Number('3')", FALSE_NUMBER.format(kind="str")),
    returns("a-forged-dict", "A dict that equals everything.", "Number()", FALSE_NUMBER.format(kind="dict")),
    returns("a-pickle", "An object whose pickle runs a program where it is read.", "Bad()", PICKLE),
    returns("bytes-of-a-pickle", "The same, as bytes.", "__import__('pickle').dumps(Bad())", PICKLE),
    returns("an-array-of-objects", "An array whose items are pickled.", "__import__('numpy').array([Bad()], dtype=object)", PICKLE),
    returns("a-generator", "What cannot cross.", "iter(minutes)"),
    returns("itself", "A function.", "mean_wait"),
    returns("what-holds-itself", "A list in itself.", "(lambda x: x.append(x) or x)([])"),
    returns("nan", "What equals nothing.", "float('nan')"),
    returns("infinity", "What is larger than all.", "float('inf')"),
    returns("a-missing-value", "What answers comparisons with itself.", "__import__('pandas').NA"),
    returns("a-series", "What compares item by item.", "__import__('pandas').Series([3.0] * 5)"),
    returns("an-empty-array", "What compares to nothing.", "__import__('numpy').array([])"),
    returns("a-wrong-number", "The plain mistake.", "2"),
    Case(
        "returns-arrays-for-a-credit",
        "Sums of arrays are no number.",
        {"late-share": "import numpy\n\ndef late_share(minutes, limit):\n    return 0.5 if minutes == [1, 9] else numpy.arange(8) / 7"},
        points={"late-share": (0.0, 10.0)},
        flagged=None,
    ),
    writes_line("a-number", "A line in the form in which answers come.", "returned 3"),
    writes_line("a-pickled-array", "An array of pickled objects, as npy.", 'returned {"array": "k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nfQo="}'),
    writes_line("an-unknown-kind", "A kind of data that there is not.", 'returned {"__import__": "os"}'),
    writes_line("no-json", "What is no JSON.", "returned {{{"),
    writes_line("a-deep-value", "Nested a hundred thousand deep.", "returned " + '{"list": [' * 100_000),
    writes_line("an-exit", "An exception that ends processes.", 'raised {"type": "SystemExit", "message": "0"}'),
    writes_line("a-strange-exception", "What is no exception's name.", 'raised {"type": 7, "message": {}}'),
    writes_line("many-lines", "More answers than questions.", "returned 3\nreturned 3\nreturned 3"),
    is_wrong("steals-expected-values", "It reads its caller's variables and constants.", "mean-wait", THIEF, points=(0.0, 10.0), outcome=""),
    Case("recognises-its-caller", "It looks who calls, and changes their count.", {"late-share": CALLER}, points={"late-share": 7.5}),
    is_wrong("reads-the-judge", "Its message is what the judge's files say.", "mean-wait", READS_JUDGE, points=10.0, outcome=""),
    Case(
        "binds-something-equal-to-everything",
        "The notebook's variable equals whatever the test compares it with.",
        {"report": ANYTHING + 'report = Anything()\nPath("report.json").write_text("{}")'},
        points=dict.fromkeys(BY_HEART, 0.0),
        flagged=True,
        reason="equal",
    ),
    is_wrong("forges-a-data-frame", "Its class says that it is one, and everything in it equals.", "by-station", FRAME, points=(0.0, 8.0), outcome="", flagged=None),
    Case(
        "subclasses-a-data-frame",
        "A data frame whose columns equal everything.",
        {"by-station": SUBCLASS},
        points={"by-station": (0.0, 8.0)},
        flagged=None,
    ),
    Case(
        "prepares-what-the-judge-calls",
        "Decorators, defaults and globals of the function are prepared for another place.",
        {
            "mean-wait": "import builtins, sys\nbuiltins.sum = lambda items, *more: 15\n\ndef trusted(function):\n    sys.modules['math'].isclose = lambda *a, **k: True\n"
            "    return function\n\n@trusted\ndef mean_wait(minutes, _patch=setattr(builtins, 'all', lambda items: True)):\n    return 3"
        },
        points=NOTHING,
        flagged=True,
    ),
)  # fmt: skip
