"""A cluster in miniature: it runs a compiled pipeline as Kubeflow does, on your machine. It keeps to these rules of the real one:

- It reads the compiled specification, nothing else. A step knows what is in its own source, its inputs, and no more.
- Each attempt of a step runs in a *pod*: an empty folder of its own, which is gone afterwards. Outputs are uploaded to the store first.
- The image of every pod has Python's standard library and kfp. A step that imports another package fails.
- Conditions, loops, `.after` and retries are obeyed. What depends on a skipped or failed step does not run.
- An exit task runs when what it waits for has ended, well or badly. If that never began, since a step before it failed, the exit task does
  not run either. Of the final status it gets the state and the names, and no error message: Kubeflow's own clusters leave that empty.
- A step that may be cached, and whose source, parameters and input artefacts (by their identity, not their content) are those of an
  earlier run, does not run again: its earlier outputs are taken.

Left out: containers and images, several machines at a time, waiting times before a retry, access rights.
"""

import builtins
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

import yaml
from kfp.dsl.executor import Executor


class Stopped(Exception):
    """A step that failed for good."""


def load_spec(compiled):
    """Return the specification from a compiled pipeline: a path, or its text."""
    text = Path(compiled).read_text() if isinstance(compiled, Path) or "\n" not in str(compiled) else compiled
    return next(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # written in C, where it is there


class Cluster:
    """A cluster with a memory: its artefact store and its cache, both in `folder`."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        (self.folder / "artefacts").mkdir(parents=True, exist_ok=True)
        self._cache_file = self.folder / "cache.json"

    def run(self, compiled, arguments=(), lost=()):
        """Run a compiled pipeline; return {"state", "error", "steps", "outputs"}.

        `lost` says how many pods of a step are lost after they did their work, before they could report it: {"publish": 1}.
        Each of `steps` says: "name" (of its function), "item" (in a loop), "state" (SUCCEEDED, CACHED, SKIPPED, FAILED), "attempts",
        "inputs", "outputs" (values; of artefacts {"type", "text", "metadata"}), "error", and "log", what it printed.
        """
        self.spec, self.steps, self.lost = load_spec(compiled), [], dict(lost)
        self.executors = self.spec["deploymentSpec"]["executors"]
        self.cache = json.loads(self._cache_file.read_text()) if self._cache_file.exists() else {}
        root = self.spec["root"]
        wanted = root.get("inputDefinitions", {}).get("parameters", {})
        values = {name: about["defaultValue"] for name, about in wanted.items() if "defaultValue" in about} | dict(arguments)
        missing = [name for name in wanted if name not in values and not wanted[name].get("isOptional")]
        strange = sorted(set(values) - set(wanted))
        if missing or strange:
            raise TypeError(f"the pipeline takes {', '.join(wanted) or 'nothing'}; missing: {missing}, unknown: {strange}")
        outputs, failures = self._dag(root, values, {}, None)
        self._cache_file.write_text(json.dumps(self.cache))
        shown = {name: _shown(value) for name, value in outputs.items()}
        state = "FAILED" if failures else "SUCCEEDED"
        return {"state": state, "error": "; ".join(failures), "steps": self.steps, "outputs": shown}

    def _dag(self, component, values, artefacts, item):
        """Run the tasks of a DAG in order; return its outputs, and the errors of the steps that failed."""
        tasks, done, failures, skipped, never = component["dag"]["tasks"], {}, [], set(), set()
        for name in _ordered(tasks):
            task = tasks[name]
            needs = set(task.get("dependentTasks", [])) | _producers(task)
            last = task.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED"
            if needs & (never if last else skipped):
                skipped.add(name)
                never.add(name)
                self._note(task, name, item, "SKIPPED")
                continue
            given, inputs = {}, {}
            for key, source in task.get("inputs", {}).get("parameters", {}).items():
                if "taskFinalStatus" in source:
                    watched = source["taskFinalStatus"]["producerTask"]
                    given[key] = {"state": "FAILED" if watched in skipped else "SUCCEEDED", "pipelineTaskName": watched, "error": {}}
                    given[key]["pipelineJobResourceName"] = self.spec["pipelineInfo"]["name"]
                else:
                    given[key] = _value(source, values, done)
            for key, source in task.get("inputs", {}).get("artifacts", {}).items():
                inputs[key] = _artefact(source, artefacts, done)
            condition = task.get("triggerPolicy", {}).get("condition")
            if condition and not _holds(condition, given):
                skipped.add(name)
                self._note(task, name, item, "SKIPPED", inputs=given)
                continue
            try:
                done[name] = self._task(task, name, given, inputs, item)
            except Stopped as error:
                failures.append(str(error))
                skipped.add(name)
        outputs = {}
        for key, source in component["dag"].get("outputs", {}).get("parameters", {}).items():
            picked = source.get("valueFromParameter") or next(
                (one for one in source.get("valueFromOneof", {}).get("parameterSelectors", []) if one["producerSubtask"] in done), None
            )
            if picked and picked["producerSubtask"] in done:
                outputs[key] = done[picked["producerSubtask"]].get(picked["outputParameterKey"])
        for key, source in component["dag"].get("outputs", {}).get("artifacts", {}).items():
            picked = next((one for one in source["artifactSelectors"] if one["producerSubtask"] in done), None)
            if picked:
                outputs[key] = done[picked["producerSubtask"]].get(picked["outputArtifactKey"])
        return outputs, failures

    def _task(self, task, name, given, inputs, item):
        component = self.spec["components"][task["componentRef"]["name"]]
        loop = task.get("parameterIterator")
        if "dag" not in component:
            return self._step(task, name, component, given, inputs, item)
        if not loop:
            outputs, failures = self._dag(component, _with_defaults(component, given), inputs, item)
            if failures:
                raise Stopped("; ".join(failures))
            return outputs
        items = json.loads(loop["items"]["raw"]) if "raw" in loop["items"] else given[loop["items"]["inputParameter"]]
        every, failures = [], []
        for one in json.loads(items) if isinstance(items, str) else items:
            outputs, wrong = self._dag(component, {**given, loop["itemInput"]: one}, inputs, one)
            every.append(outputs)
            failures += wrong
        if failures:
            raise Stopped("; ".join(failures))
        keys = set().union(*every) if every else set(_output_names(component))
        return {key: [outputs[key] for outputs in every if key in outputs] for key in keys}

    def _step(self, task, name, component, given, inputs, item):
        label, container = self._label(task), self.executors[component["executorLabel"]]["container"]
        given = _with_defaults(component, given)
        names = {key: [one["id"] for one in _listed(value)] for key, value in inputs.items()}
        what = [self.spec["pipelineInfo"]["name"], container.get("image"), container["command"], container["args"], given, names]
        key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        may_cache = task.get("cachingOptions", {}).get("enableCache", False)
        shown = {**given, **{key: _shown(value) for key, value in inputs.items()}}
        if may_cache and key in self.cache:
            outputs = self.cache[key]
            self._note(task, name, item, "CACHED", inputs=shown, outputs=outputs)
            return outputs
        tries, log = 1 + int(task.get("retryPolicy", {}).get("maxRetryCount", 0)), io.StringIO()
        for attempt in range(1, tries + 1):
            try:
                outputs = self._pod(container, component, given, inputs, log)
                if self.lost.get(label, 0):
                    self.lost[label] -= 1
                    raise RuntimeError("the pod was lost before it could report")
            except (Exception, SystemExit) as error:
                problem = f"{label}{f' [{item}]' if item is not None else ''}: {type(error).__name__}: {error}"
                continue
            if may_cache:
                self.cache[key] = outputs
            self._note(task, name, item, "SUCCEEDED", attempt, shown, outputs, log=log.getvalue())
            return outputs
        self._note(task, name, item, "FAILED", tries, shown, error=problem, log=log.getvalue())
        raise Stopped(problem)

    def _label(self, task):
        """Return the name of a task's function, whatever the task is called; of a pipeline within a pipeline, its component's."""
        label = self.spec["components"][task["componentRef"]["name"]].get("executorLabel")
        words = self.executors[label].get("container", {}).get("args", []) if label else []
        if "--function_to_execute" in words:
            return words[words.index("--function_to_execute") + 1]
        return task["componentRef"]["name"].removeprefix("comp-")

    def _pod(self, container, component, given, inputs, log):
        """Run a step's source once in an empty folder; return its outputs, artefacts uploaded."""
        code = next(text for text in container["command"] if "\ndef " in text)
        function = container["args"][container["args"].index("--function_to_execute") + 1]
        there, pod = os.getcwd(), Path(tempfile.mkdtemp(prefix="pod-")).resolve()
        try:
            downloaded = {
                key: {"artifacts": [self._download(one, pod / "in" / key / str(n)) for n, one in enumerate(_listed(value))]}
                for key, value in inputs.items()
            }
            made = component.get("outputDefinitions", {})
            asked = {
                "inputs": {"parameterValues": given, "artifacts": downloaded},
                "outputs": {
                    "parameters": {key: {"outputFile": str(pod / "out" / key)} for key in made.get("parameters", {})},
                    "artifacts": {
                        key: {"artifacts": [{"name": key, "type": about["artifactType"], "uri": str(pod / "out" / key), "metadata": {}}]}
                        for key, about in made.get("artifacts", {}).items()
                    },
                    "outputFile": str(pod / "out" / "executor_output.json"),
                },
            }
            os.chdir(pod)
            scope = {"__name__": "a_step", "__builtins__": {**vars(builtins), "__import__": _import_from_image}}
            with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
                exec(compile(code, f"<{function}>", "exec"), scope)
                Executor(executor_input=asked, function_to_execute=scope[function]).execute()
            said = json.loads((pod / "out" / "executor_output.json").read_text())
            outputs = {}
            for key in made.get("parameters", {}):
                file = pod / "out" / key  # where an OutputPath was written
                outputs[key] = said.get("parameterValues", {}).get(key, file.read_text() if file.is_file() else None)
            for key, about in made.get("artifacts", {}).items():
                found = said.get("artifacts", {}).get(key, {"artifacts": [{}]})["artifacts"][0]
                outputs[key] = self._upload(pod / "out" / key, about["artifactType"]["schemaTitle"], found.get("metadata", {}))
            return outputs
        finally:
            os.chdir(there)
            shutil.rmtree(pod, ignore_errors=True)

    def _upload(self, path, kind, metadata):
        identity = uuid.uuid4().hex
        if path.is_file():
            shutil.copyfile(path, self.folder / "artefacts" / identity)
        text = path.read_text("utf-8", "replace") if path.is_file() else ""
        return {"id": identity, "type": kind, "text": text, "metadata": metadata}

    def _download(self, artefact, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(artefact["text"])
        about = {"schemaTitle": artefact["type"], "schemaVersion": "0.0.1"}
        return {"name": artefact["id"], "type": about, "uri": str(path), "metadata": artefact["metadata"]}

    def _note(self, task, name, item, state, attempts=0, inputs=None, outputs=None, error="", log=""):
        component = self.spec["components"][task["componentRef"]["name"]]
        if "dag" in component and state == "SKIPPED":  # say it of the steps inside
            for inner, one in component["dag"]["tasks"].items():
                self._note(one, inner, item, state)
            return
        shown = {key: _shown(value) for key, value in (outputs or {}).items()}
        self.steps.append(
            {"name": self._label(task), "item": item, "state": state, "attempts": attempts, "inputs": inputs or {}, "outputs": shown}
            | {"error": error, "log": log}
        )


def _import_from_image(name, globals=None, locals=None, fromlist=(), level=0):
    """Import for a step what its image holds. Raises ModuleNotFoundError for all else, as a pod does."""
    top = name.split(".")[0]
    if level == 0 and top != "kfp" and top not in sys.stdlib_module_names:
        raise ModuleNotFoundError(f"No module named '{top}' in the image: it holds Python's standard library and kfp")
    return __import__(name, globals, locals, fromlist, level)


def _ordered(tasks):
    """Return the tasks' names so that each comes after those that it waits for."""
    order, left = [], {name: (set(task.get("dependentTasks", [])) | _producers(task)) & set(tasks) for name, task in tasks.items()}
    while left:
        ready = [name for name in left if left[name] <= set(order)]
        if not ready:
            raise ValueError(f"these tasks wait for one another: {', '.join(left)}")
        order += ready
        left = {name: needs for name, needs in left.items() if name not in ready}
    return order


def _producers(task):
    inputs = task.get("inputs", {})
    sources = [*inputs.get("parameters", {}).values(), *inputs.get("artifacts", {}).values()]
    found = set()
    for source in sources:
        for kind in ("taskOutputParameter", "taskOutputArtifact", "taskFinalStatus"):
            if kind in source:
                found.add(source[kind]["producerTask"])
    return found


def _value(source, values, done):
    if "runtimeValue" in source:
        value = source["runtimeValue"]["constant"]
        for name, known in values.items() if isinstance(value, str) else ():
            value = value.replace(f"{{{{$.inputs.parameters['{name}']}}}}", str(known))
        return value
    if "componentInputParameter" in source:
        value = values.get(source["componentInputParameter"])
    else:
        picked = source["taskOutputParameter"]
        value = done[picked["producerTask"]].get(picked["outputParameterKey"])
    part = re.fullmatch(r'parseJson\(string_value\)\["(.*)"\]', source.get("parameterExpressionSelector", ""))
    return (json.loads(value) if isinstance(value, str) else value)[part[1]] if part else value


def _artefact(source, artefacts, done):
    if "componentInputArtifact" in source:
        return artefacts.get(source["componentInputArtifact"])
    picked = source["taskOutputArtifact"]
    return done[picked["producerTask"]].get(picked["outputArtifactKey"])


def _with_defaults(component, given):
    about = component.get("inputDefinitions", {}).get("parameters", {})
    defaults = {key: one["defaultValue"] for key, one in about.items() if "defaultValue" in one}
    whole = {**defaults, **given}
    numbers = {key for key, one in about.items() if one.get("parameterType") == "NUMBER_INTEGER"}
    return {key: int(value) if key in numbers and isinstance(value, float) else value for key, value in whole.items()}


def _output_names(component):
    made = component.get("outputDefinitions", {})
    return [*made.get("parameters", {}), *made.get("artifacts", {})]


def _listed(value):
    return value if isinstance(value, list) else [value] if value else []


def _shown(value):
    """Return a value as a run tells it: of artefacts without their identity."""
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return {key: value[key] for key in ("type", "text", "metadata")} if isinstance(value, dict) and "id" in value else value


def _holds(condition, values):
    """Return whether a compiled condition holds, such as `inputs.parameter_values['x'] <= 15.0 && !(…)`."""
    known = {}

    def put(match):
        known[f"v{len(known)}"] = values.get(match[1])
        return f" v{len(known) - 1} "

    text = re.sub(r"inputs\.parameter_values\['([^']*)'\]", put, condition)
    parts = re.split(r"('(?:[^'\\]|\\.)*')", text)
    for n, part in enumerate(parts[::2]):
        part = re.sub(r"!(?!=)", " not ", part.replace("&&", " and ").replace("||", " or "))
        parts[2 * n] = re.sub(r"\btrue\b", "True", re.sub(r"\bfalse\b", "False", part))
    casts = {"int": int, "double": float, "float": float, "string": str, "bool": bool}
    return bool(eval("".join(parts).strip(), {"__builtins__": {}}, {**known, **casts}))


def rehearse(compiled, runs):
    """Run a compiled pipeline (a path, or its text) in a new cluster, once for each of `runs`; return what the runs tell.

    A run is a dictionary: `arguments`, in which `{data}`, `{store}` and `{desk}` stand for three folders; `files`, {name: text}, written
    into the data folder before; `lost`, {step: number of pods}, as `Cluster.run` takes it; `empty_store`, whether somebody empties the
    store before. To what a run tells are added `store` and `desk`: the files there afterwards, {path: text}.
    """
    told = []
    with tempfile.TemporaryDirectory(prefix="cluster-") as place:
        folders = {name: Path(place).resolve() / name for name in ("data", "store", "desk")}
        cluster = Cluster(Path(place) / "cluster")
        for run in runs:
            if run.get("empty_store"):
                shutil.rmtree(folders["store"])
            for folder in folders.values():
                folder.mkdir(exist_ok=True)
            for name, text in run.get("files", {}).items():
                (folders["data"] / name).write_text(text)
            arguments = {key: _filled(value, folders) for key, value in run.get("arguments", {}).items()}
            one = cluster.run(compiled, arguments, run.get("lost", {}))
            told.append({**one, **{name: _texts(folders[name]) for name in ("store", "desk")}})
    return told


def _texts(folder):
    kept = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8", "replace") for path in kept}


def _filled(value, folders):
    for name, folder in folders.items():
        value = value.replace("{" + name + "}", str(folder)) if isinstance(value, str) else value
    return value
