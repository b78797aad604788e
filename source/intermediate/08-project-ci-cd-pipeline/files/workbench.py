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
import types
from pathlib import Path

import jsonschema
from check_jsonschema.builtin_schemas import get_builtin_schema
from colleagues import ASKED
from expressions import Unsupported, as_text, fill
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
    """Write a function of this notebook, with all that it uses, as the module NAME.py of the pipeline.

    Plain values are written as what they are, all else as it stands in its cell. Raises RuntimeError, with the reason, where the
    module that comes about cannot be imported.
    """
    if not isinstance(function, types.FunctionType):
        raise TypeError(f"the pipeline's module {name}.py needs a function, written with def; this is {function!r}")
    imports, parts, seen = set(), {}, set()

    def need(word):
        if word in seen or word not in function.__globals__:
            return  # Python's own, or an error that will show
        seen.add(word)
        value = function.__globals__[word]
        if isinstance(value, types.ModuleType):
            imports.add(f"import {value.__name__} as {word}")
        elif getattr(value, "__module__", "__main__") != "__main__" and getattr(value, "__qualname__", "").isidentifier():
            imports.add(f"from {value.__module__} import {value.__qualname__} as {word}")
        elif _is_plain(value):
            parts[(0, 0, word)] = f"{word} = {value!r}"
        else:
            statements = _written(word, value, function)
            for place, text in statements:
                if text.startswith(("import ", "from ")):
                    imports.add(text)
                elif place not in parts:
                    parts[place] = text
                    for other in sorted(_names_from_outside(symtable.symtable(text, name, "exec")) - {word}):
                        need(other)
            if not statements:
                parts[(0, 0, word)] = f"{word} = {value!r}"

    wanted = ASKED[name]
    own = function.__name__ if function.__name__.isidentifier() else wanted  # a lambda has no name
    need(own)
    alias = [] if own == wanted else [f"{wanted} = {own}"]
    lines = ["from __future__ import annotations", "\n".join(sorted(imports)), *(parts[place] for place in sorted(parts)), *alias]
    Path(folder, f"{name}.py").write_text("\n\n\n".join(lines) + "\n")
    done = subprocess.run([sys.executable, "-c", f"from {name} import {wanted}"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(
            f"{folder}/{name}.py, which the pipeline reads, came out wrong: {done.stderr.strip().splitlines()[-1]}. "
            f"What {wanted} uses should stand in the same cell: imports, functions, classes, values. Better still: inside the function."
        )


def _is_plain(value):
    try:
        return ast.literal_eval(repr(value)) == value
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _written(word, value, function):
    """Return the statements of this notebook's cells that make what a name stands for: (place, source), from one cell."""
    home = getattr(getattr(inspect.unwrap(value) if callable(value) else value, "__code__", None), "co_filename", None)
    cells = [name for name in linecache.cache if "ipykernel" in name or name.startswith("<ipython-input")]
    for cell in dict.fromkeys([home, function.__code__.co_filename, *reversed(cells)]):
        text = "".join(linecache.getlines(cell)) if cell else ""
        try:
            body = ast.parse(text).body
        except SyntaxError:
            continue  # a cell with a line of IPython's
        made = [node for node in body if word in _makes(node)]
        if made and isinstance(made[-1], (ast.FunctionDef, ast.ClassDef)):
            made = made[-1:]
        if made:
            where = 2 if cell == function.__code__.co_filename else 1
            starts = [min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))]) for node in made]
            lines = text.split("\n")
            return [((where, start, cell), "\n".join(lines[start - 1 : node.end_lineno])) for start, node in zip(starts, made, strict=True)]
    return []


def _makes(node):
    """Return the names that a statement of a cell gives a value, or changes: x = …, x[0] = …, x.append(…), also in a loop; def x."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
        while not isinstance(node, ast.Name):
            node = getattr(node, "value", None)
            if node is None:
                return set()
        return {node.id}
    if isinstance(node, ast.Expr):  # x.append(…)
        call = node.value
        target = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
        return {target.id} if isinstance(target, ast.Name) else set()
    if isinstance(node, (ast.Lambda, ast.comprehension)):
        return set()
    return set().union(*(_makes(child) for child in ast.iter_child_nodes(node)))


def _names_from_outside(table):
    """Return the names that a piece of source, or a function inside it, uses without defining them."""
    top = table.get_type() == "module"
    here = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or (top and not symbol.is_assigned()))
    }
    return here.union(*(_names_from_outside(child) for child in table.get_children()))


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


def queues(text, step, event):
    """Return the queues (`concurrency`) in which two runs of the job with this step stand: {"group", "other", "cancels"} for each.

    `event` is what starts both, push or workflow_dispatch. `group` and `other` are the queue's name in the one run and in the other.
    """
    try:
        workflow = read_workflow(text)
    except Unsupported:
        return []
    jobs = [job for job in workflow["jobs"].values() if step in json.dumps(job.get("steps", []))]
    found = []
    for queue in [workflow.get("concurrency"), *(job.get("concurrency") for job in jobs)]:
        if queue:
            queue = queue if isinstance(queue, dict) else {"group": queue}
            one, other = (fill(queue, _run_of(workflow, event, number)) for number in "12")
            found.append(
                {
                    "group": as_text(one.get("group")),
                    "other": as_text(other.get("group")),
                    "cancels": as_text(one.get("cancel-in-progress")) == "true",
                }
            )
    return found


def _run_of(workflow, event, number):
    happened = {"inputs": {"version": f"r{number}"}}
    if event == "push":
        happened = {"before": f"a{number}", "after": f"b{number}", "head_commit": {"id": f"b{number}", "message": f"change {number}"}}
    github = {"event_name": event, "event": happened, "ref": "refs/heads/main", "ref_name": "main", "ref_type": "branch"}
    github |= {"sha": f"b{number}", "run_id": number, "run_number": number, "run_attempt": "1", "actor": f"person {number}"}
    github |= {"workflow": workflow.get("name", ""), "repository": "metro-bikes/alarm", "head_ref": "", "base_ref": ""}
    return {"github": github, "inputs": happened.get("inputs", {}), "vars": {}, "needs": {}, "matrix": {}, "strategy": {}, "env": {}}


def keyholders(text, step):
    """Return where in a workflow the store's key is, other than in steps that run `step`."""
    workflow = read_workflow(text)
    places = [("the whole workflow", workflow.get("env"))]
    for name, job in workflow["jobs"].items():
        places.append((f"the job {name}", job.get("env")))
        for one in job.get("steps") or []:
            said = str(one.get("name") or one.get("uses") or one.get("run", "").strip().split("\n")[0])
            places += [] if step in str(one.get("run")) else [(f"the step '{said}' of the job {name}", one)]
    return [where for where, what in places if re.search(r"secrets\W+STORE_KEY", json.dumps(what or {}))]


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
