"""Tools for this notebook: checks become files of the pipeline, workflows are looked over, a week is shown as a table."""

import ast
import inspect
import json
import linecache
import re
import shutil
import subprocess
import symtable
import sys
import tempfile
import textwrap
import types
from pathlib import Path

import jsonschema
from check_jsonschema.builtin_schemas import get_builtin_schema
from expressions import Unsupported
from runner import read_workflow

HERE = Path(__file__).resolve().parent


def set_up(folder):
    """Lay out the team's repository in the folder: what is not there yet, and the team's own tools in ci/ anew."""
    for path in sorted((HERE / "team").rglob("*")):
        to = Path(folder) / path.relative_to(HERE / "team")
        if path.is_file() and "__pycache__" not in path.parts and (not to.exists() or path.parent.name == "ci"):
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
    shutil.copyfile(HERE / "tools.py", Path(folder) / "ci" / "tools.py")
    for name in ("pipeline", "rollback"):
        to = Path(folder) / ".github" / "workflows" / f"{name}.yml"
        if not to.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(HERE / f"{'bo' if name == 'pipeline' else 'ada'}_{name}.yml", to)


def save(name, function, folder="forecast/ci"):
    """Write a function of this notebook, with the imports, functions and values that it uses, as the module NAME.py of the pipeline."""
    if not isinstance(function, types.FunctionType):
        raise TypeError(f"the pipeline's module {name}.py needs a function, written with def; this is {function!r}")
    imports, values, sources, seen = set(), [], [], {function.__name__}

    def take(thing):
        source = _source(thing)
        sources.insert(0, source)
        for word in sorted(_names_from_outside(symtable.symtable(source, name, "exec")) - seen):
            seen.add(word)
            if word not in function.__globals__:
                continue  # Python's own, or an error that will show
            value = function.__globals__[word]
            if isinstance(value, types.ModuleType):
                imports.add(f"import {value.__name__} as {word}")
            elif getattr(value, "__module__", None) == "__main__" and isinstance(value, (types.FunctionType, type)):
                take(value)
            elif isinstance(value, (types.FunctionType, types.BuiltinFunctionType, type)):
                imports.add(f"from {value.__module__} import {value.__qualname__} as {word}")
            else:
                values.append(f"{word} = {value!r}")
                if isinstance(value, re.Pattern):
                    imports.add("import re")

    take(function)
    parts = [*sorted(imports), "", *values, "", *sources]
    Path(folder, f"{name}.py").write_text("from __future__ import annotations\n\n" + "\n".join(parts))


def _names_from_outside(table):
    """Return the names that a piece of source, or a function inside it, uses without defining them."""
    top = table.get_type() == "module"
    here = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or (top and not symbol.is_assigned()))
    }
    return here.union(*(_names_from_outside(child) for child in table.get_children()))


def _source(thing):
    if isinstance(thing, types.FunctionType):
        return textwrap.dedent(inspect.getsource(thing))
    method = next(value for value in vars(thing).values() if isinstance(value, types.FunctionType))
    text = "".join(linecache.getlines(method.__code__.co_filename))
    return next(ast.get_source_segment(text, node) for node in ast.parse(text).body if getattr(node, "name", "") == thing.__name__) + "\n"


def schema_problems(text):
    """Return what GitHub's schema for workflows has against a text: sentences."""
    try:
        workflow = read_workflow(text)
    except Unsupported as error:
        return [str(error)]
    validator = jsonschema.Draft7Validator(get_builtin_schema("vendor.github-workflows"))
    found = sorted(validator.iter_errors(workflow), key=lambda error: list(map(str, error.path)))
    return [f"{'.'.join(map(str, error.path)) or 'the file'}: {_deepest(error).message[:200]}" for error in found]


def _deepest(error):
    """Return the most telling of the errors below this one: of those that fit best, the one deepest in the file."""
    return max(error.context, key=lambda one: len(one.absolute_path), default=error) if error.context else error


def queue_names(text):
    """Return the names of the queues (`concurrency`) in which a workflow or its jobs stand: a set."""
    try:
        workflow = read_workflow(text)
    except Unsupported:
        return set()
    queues = [queue for queue in [workflow.get("concurrency"), *(job.get("concurrency") for job in workflow["jobs"].values())] if queue]
    names = {queue.get("group", "") if isinstance(queue, dict) else str(queue) for queue in queues}
    return {re.sub(r"\$\{\{\s*github\.workflow\s*\}\}", str(workflow.get("name", "")), name) for name in names}


def security_findings(text):
    """Return what zizmor finds in a workflow's text, of medium severity and above, without asking the network: sentences."""
    with tempfile.TemporaryDirectory(prefix="zizmor-") as place:
        path = Path(place) / "workflow.yml"
        path.write_text(text)
        program = Path(sys.executable).parent / "zizmor"
        done = subprocess.run([program, "--offline", "--no-config", "--quiet", "--format=json", path], capture_output=True, text=True)
    if not done.stdout.strip():
        return [f"zizmor cannot read the workflow: {done.stderr.strip()[-200:]}"]
    told = []
    for finding in json.loads(done.stdout):
        if finding["determinations"]["severity"] in ("Medium", "High"):
            place = finding["locations"][0]
            line = place["concrete"]["location"]["start_point"]["row"] + 1
            told.append(f"line {line}: {finding['desc']} ({finding['ident']}) – {place['symbolic']['annotation']}")
    return told
