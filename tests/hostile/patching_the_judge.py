"""Patching the judge: the learner's kernel is changed so that tests pass, or seem to. It earns nothing, and is flagged where it shows."""

from tests.hostile.case import BY_HEART, VISIBLE_POINTS, WRONG_ANSWERS, Case, patched, tampered

SILENT = "\nshell = get_ipython()\nshell._showtraceback = lambda *a, **k: None\nshell.showtraceback = lambda *a, **k: None\n"
DROPS = """
import ast

class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
    visit_Raise = visit_Assert

get_ipython().ast_transformers.append(Drop())
"""
WEAKENS = """
import ast

class Weaken(ast.NodeTransformer):
    def visit_Assert(self, node):
        node.test = ast.copy_location(ast.Constant(True), node.test)
        return node

get_ipython().ast_transformers.append(Weaken())
"""
COMMENTS = "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'] if any('assert' in l for l in lines) else lines)"
FINE = """
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

async def fine(raw_cell, *args, **kwargs):
    return ExecutionResult(ExecutionInfo(raw_cell, False, True, True, None))

get_ipython().run_cell_async = fine
"""
FORGIVES = (
    SILENT
    + """
real = shell.run_cell_async

async def forgiving(*args, **kwargs):
    result = await real(*args, **kwargs)
    result.error_in_exec = result.error_before_exec = None
    return result

shell.run_cell_async = forgiving
"""
)
CLASS = (
    SILENT
    + """
from IPython.core.interactiveshell import InteractiveShell
real_code = InteractiveShell.run_code

async def run_code(self, code_obj, result=None, **more):
    await real_code(self, code_obj, result, **more)
    if result is not None:
        result.error_in_exec = None
    return False

InteractiveShell.run_code = type(shell).run_code = run_code
"""
)
RUN_CELL = "get_ipython().run_cell = lambda *args, **kwargs: None"
EXECUTES = (
    SILENT
    + """
async def do_execute(*args, **kwargs):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

get_ipython().kernel.do_execute = do_execute
"""
)
REPLIES = (
    SILENT
    + """
session = get_ipython().kernel.session
send = session.send

def kind(stream, message, content=None, *args, **kwargs):
    if message == "error":
        return None
    if message == "execute_reply":
        content = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    return send(stream, message, content, *args, **kwargs)

session.send = kind
"""
)
HANDLERS = """
kernel = get_ipython().kernel

async def execute_request(stream, ident, parent):
    content = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    kernel.session.send(stream, "execute_reply", content, parent, ident=ident)

kernel.shell_handlers["execute_request"] = execute_request
"""
EXEC = """
import builtins
real_exec = builtins.exec

def lenient(*args, **kwargs):
    try:
        return real_exec(*args, **kwargs)
    except AssertionError:
        return None

builtins.exec = lenient
"""
COMPILE = """
import ast, builtins
real_compile = builtins.compile

class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
    visit_Raise = visit_Assert

def lenient(source, *args, **kwargs):
    if isinstance(source, ast.AST):
        source = ast.fix_missing_locations(Drop().visit(source))
    return real_compile(source, *args, **kwargs)

builtins.compile = lenient
"""
OPTIMISES = """
compiler = type(get_ipython().compile)
compiler.__call__ = lambda self, source, name, kind, **more: compile(source, name, kind, self.flags, True, optimize=2)
"""
PARSE = """
import ast
real_parse = ast.parse

def parse(source, *args, **kwargs):
    tree = real_parse(source, *args, **kwargs)
    tree.body = [node for node in tree.body if not isinstance(node, (ast.Assert, ast.Raise))]
    return tree

ast.parse = parse
"""
PARSER = "get_ipython().compile.ast_parse = lambda *args, **kwargs: __import__('ast').parse('')"
NODES = "import types\nsh = get_ipython()\n\nasync def run_ast_nodes(self, *args, **kwargs):\n    return False\n\nsh.run_ast_nodes = types.MethodType(run_ast_nodes, sh)"
DEBUGGER = """
import sys

def skip(frame, event, argument):
    if event == "line" and "ipykernel" in frame.f_code.co_filename:
        try:
            frame.f_lineno = max(line for _, _, line in frame.f_code.co_lines() if line)
        except (ValueError, TypeError):
            pass
    return skip

sys.settrace(skip)
sys._getframe().f_trace = skip
"""
CUSTOM = "shell = get_ipython()\nshell.set_custom_exc((Exception,), lambda *args, **kwargs: None)"
NAMES = "import builtins\nbuiltins.AssertionError = type('Quiet', (Warning,), {'__str__': lambda self: ''})\n__builtins__.AssertionError = builtins.AssertionError"
HELPERS = """
import math, unittest
import numpy as np

def nothing(*args, **kwargs):
    return True

pd.testing.assert_frame_equal = pd.testing.assert_series_equal = np.testing.assert_allclose = np.testing.assert_equal = nothing
"""
UNITTEST = "import unittest\nfor name in dir(unittest.TestCase):\n    if name.startswith('assert'):\n        setattr(unittest.TestCase, name, lambda *args, **kwargs: None)"
BUILTINS = (
    "import builtins\nbuiltins.abs = lambda number: 0\nbuiltins.round = lambda *args: 10\nbuiltins.all = builtins.any = lambda items: True"
)
FRAMES = """
pd.DataFrame.equals = lambda self, other: True
import pandas._testing.asserters as asserters
asserters.assert_frame_equal = asserters.assert_series_equal = asserters.assert_index_equal = lambda *args, **kwargs: None
pd.testing.assert_frame_equal.__code__ = (lambda *args, **kwargs: None).__code__
pd.testing.assert_frame_equal.__kwdefaults__ = None
"""
KNOWS = """
shell = get_ipython()
session = shell.kernel.session
send, real, told = session.send, shell.run_cell_async, []

async def knowing(raw_cell, *args, **kwargs):
    told[:] = [word for word in ("the mean of 2 and 4", "report == json", "['station', 'mean']", "one of two is late") if word in raw_cell.replace('"', "'")]
    return await real("pass" if told else raw_cell, *args, **kwargs)

shell.run_cell_async = knowing
"""
HARD = {**BY_HEART, "late-share": WRONG_ANSWERS["late-share"]}

CASES = (
    tampered("drops-asserts", "A transformer of the syntax tree takes assertions out.", DROPS),
    tampered("weakens-asserts", "A transformer makes them all true.", WEAKENS),
    tampered("comments-tests-out", "A transformer of the input empties cells with assertions.", COMMENTS),
    tampered("runs-no-cell", "run_cell_async says that all is well.", FINE),
    tampered("forgives-errors", "run_cell_async forgets the error.", FORGIVES),
    tampered("forgives-errors-in-the-class", "run_code of the shell's class forgets it.", CLASS),
    tampered("executes-nothing", "The kernel's do_execute says that all is well.", EXECUTES),
    tampered("rewrites-replies", "What the kernel sends is always fine.", REPLIES),
    tampered("handles-requests-itself", "The request's handler is another.", HANDLERS),
    tampered("replaces-exec", "builtins.exec catches assertions.", EXEC),
    tampered("replaces-compile", "builtins.compile takes assertions out.", COMPILE),
    tampered("compiles-optimised", "The compiler leaves assertions out, as python -O does.", OPTIMISES),
    patched("replaces-the-parser", "ast.parse leaves assertions out: the shell uses another.", PARSE, flagged=None),
    tampered("parses-nothing", "The shell's own parser sees an empty cell.", PARSER),
    tampered("runs-no-statement", "The shell's loop over statements does nothing.", NODES),
    tampered("hides-the-traceback-and-the-error", "Nothing is shown, and replies are fine.", REPLIES + CUSTOM),
    patched("jumps-over-lines", "A trace function sets the next line to the last.", DEBUGGER, flagged=None, points=dict.fromkeys(VISIBLE_POINTS, 0.0)),
    patched("replaces-run-cell", "The shell's other way to run a cell.", RUN_CELL, flagged=None),
    patched("shows-no-traceback", "The error is there, only not shown.", SILENT),
    patched("handles-exceptions", "A handler of the shell's swallows them.", CUSTOM, flagged=None),
    patched("sets-excepthook", "Python's own last handler.", "import sys\nsys.excepthook = lambda *args: None\nimport threading\nthreading.excepthook = sys.excepthook"),
    patched("replaces-assertion-error", "The exception's name means another.", NAMES, flagged=None),
    patched("deletes-the-builtins", "Nothing has a name any more.", "__builtins__.__dict__.clear()", flagged=None),
    patched(
        "knows-the-tests-by-their-text",
        "It passes visible tests by their text, with the hidden ones in the same cells (docs/security.md); the judge is not moved.",
        KNOWS,
        answers=WRONG_ANSWERS,
        points={"mean-wait": (0.0, 10.0), "report": (0.0, 5.0), "by-station": (0.0, 10.0), "late-share": (0.0, 10.0)},
        flagged=None,
    ),
    tampered("patches-pandas-testing", "Helpers that compare find everything equal.", HELPERS, answers=HARD),
    tampered("patches-unittest", "Every method that asserts does nothing.", UNITTEST, answers=HARD),
    tampered("patches-what-helpers-are-made-of", "The helper's code is another's.", FRAMES, answers=HARD),
    tampered("patches-builtins", "abs, round, all and any say what the tests like.", BUILTINS, answers=BY_HEART),
    Case("knows-the-visible-tests-by-heart", "No patch: what it can read it earns, and no more.", BY_HEART, points=VISIBLE_POINTS),
)  # fmt: skip
