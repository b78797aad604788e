"""A small cluster: it runs a compiled pipeline as Kubeflow does, on your machine. It keeps to these rules of the real one:

- It reads the compiled specification, nothing else. A step knows its own source, its inputs, and no more.
- Each attempt of a step runs in a *pod*, with an empty folder and an empty environment. It sees its own folder and the volumes of the
  rehearsal, {data} and {store}; files elsewhere do not exist for it. Its folder is gone afterwards: only what lies at the `.path` of an
  output is uploaded, and each reader gets a copy of its own. A pod that shall die is a process of its own, and is really killed.
- The image of every pod, metro-bikes/steps:2.16, has Python's standard library and kfp. A step that imports something else fails.
- Conditions, loops, pipelines in pipelines, `.after`, retries, exit handlers and placeholders are obeyed.
- A task that may be cached, and whose fingerprint is that of an earlier task of a pipeline of the same name, does not run again.

Left out: containers and images, several pods at a time, waiting before a retry, access rights, resources and where a pod lands.
"""

import builtins
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import sysconfig
import tempfile
import traceback
from pathlib import Path

import kfp
import yaml
from kfp.dsl.executor import Executor


class Stopped(Exception):
    """A step that failed for good."""


def load_spec(compiled):
    """Return a compiled pipeline's two documents, the specification and the platform's (or {}): from a path, or from its text."""
    text = Path(compiled).read_text() if isinstance(compiled, Path) or "\n" not in str(compiled) else str(compiled)
    documents = [one for one in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if one]
    return documents[0], (documents[1] if len(documents) > 1 else {})


def function_of(spec, task):
    """Return the name of the function that a task runs; of a loop, a condition or a pipeline in the pipeline, its component's."""
    label = spec["components"][task["componentRef"]["name"]].get("executorLabel")
    words = spec["deploymentSpec"]["executors"][label].get("container", {}).get("args", []) if label else []
    if "--function_to_execute" in words:
        return words[words.index("--function_to_execute") + 1]
    return task["componentRef"]["name"].removeprefix("comp-")


class Cluster:
    """A cluster with a memory: its artefacts, its cache and its records, all in `folder`. Pods see the folders in `volumes`.

    It changes environment, working folder and output of its process as its pods need them: `rehearse` gives it one of its own.
    """

    def __init__(self, folder, volumes=()):
        self.folder, self.volumes = Path(folder).resolve(), [str(Path(volume).resolve()) for volume in volumes]
        (self.folder / "artefacts").mkdir(parents=True, exist_ok=True)
        self.read = {}
        self.memory = {"cache": {}, "runs": 0, "executions": [], "artefacts": {}}

    def run(self, compiled, arguments=(), lost=(), killed=(), job=None, at="2026-02-02T04:00:00Z", created=None):
        """Run a compiled pipeline; return {"state", "error", "steps", "outputs"}.

        `lost` says how many pods of a step are lost after they did their work, before they could report it: {"deliver": 1}. `killed` says
        at which writing statement in a database its pods die, attempt by attempt: {"enter": [3, 9]}. `job` is the run's identity, `at`
        the time it was scheduled for, `created` when it was started, if later. Each of `steps` says: "name" (of its function), "item"
        (in a loop), "state" (SUCCEEDED, CACHED, SKIPPED, FAILED), "attempts", "inputs", "outputs" (values; of artefacts {"type", "text",
        "metadata"}), "error", "log", what it printed, and "changed", the inputs that it has changed in its own copy.
        """
        if str(compiled) not in self.read:
            self.read[str(compiled)] = load_spec(compiled)
        self.spec, self.platform = self.read[str(compiled)]
        self.steps, self.lost, self.killed = [], dict(lost), {step: list(each) for step, each in dict(killed).items()}
        self.memory["runs"] += 1
        self.job = job or f"run-{self.memory['runs']:04}"
        self.placeholders = {
            "{{$.pipeline_job_uuid}}": self.job,
            "{{$.pipeline_job_name}}": f"{self.spec['pipelineInfo']['name']}-{self.job}",
            "{{$.pipeline_job_resource_name}}": f"{self.spec['pipelineInfo']['name']}-{self.job}",
            "{{$.pipeline_job_create_time_utc}}": created or at,
            "{{$.pipeline_job_schedule_time_utc}}": at,
        }
        self.executors = self.spec["deploymentSpec"]["executors"]
        root = self.spec["root"]
        wanted = root.get("inputDefinitions", {}).get("parameters", {})
        values = {name: about["defaultValue"] for name, about in wanted.items() if "defaultValue" in about} | dict(arguments)
        missing = [name for name in wanted if name not in values and not wanted[name].get("isOptional")]
        strange = sorted(set(values) - set(wanted))
        if missing or strange:
            raise TypeError(f"the pipeline takes {', '.join(wanted) or 'nothing'}; missing: {missing}, unknown: {strange}")
        outputs, failures = self._dag(root, values, {}, None, "")
        shown = {name: _shown(value) for name, value in outputs.items()}
        return {"state": "FAILED" if failures else "SUCCEEDED", "error": "; ".join(failures), "steps": self.steps, "outputs": shown}

    def _dag(self, component, values, artefacts, item, path):
        """Run the tasks of a DAG in order; return its outputs, and the errors of the steps that failed."""
        tasks, done, failures, skipped = component["dag"]["tasks"], {}, [], set()
        for name in _ordered(tasks):
            task = tasks[name]
            needs = set(task.get("dependentTasks", [])) | _producers(task)
            last = task.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED"
            if needs & skipped and not last:
                skipped.add(name)
                self._note(task, item, "SKIPPED")
                continue
            given, inputs = {}, {}
            for key, source in task.get("inputs", {}).get("parameters", {}).items():
                if "taskFinalStatus" in source:
                    bad = source["taskFinalStatus"]["producerTask"] in skipped
                    error = {"code": 9, "message": "; ".join(failures)} if bad else {"code": 0, "message": ""}
                    about = {"pipelineJobResourceName": self.job, "pipelineTaskName": source["taskFinalStatus"]["producerTask"]}
                    given[key] = {"state": "FAILED" if bad else "SUCCEEDED", "error": error, **about}
                else:
                    value = self._value(source, values, done)
                    if value is not None:
                        given[key] = value
            for key, source in task.get("inputs", {}).get("artifacts", {}).items():
                inputs[key] = _artefact(source, artefacts, done)
            condition = task.get("triggerPolicy", {}).get("condition")
            if condition and not _holds(condition, given):
                skipped.add(name)
                self._note(task, item, "SKIPPED", inputs=given)
                continue
            try:
                done[name] = self._task(task, given, inputs, item, f"{path}{name}")
            except Stopped as error:
                failures.append(str(error))
                skipped.add(name)
        outputs, made = {}, component["dag"].get("outputs", {})
        for key, source in made.get("parameters", {}).items():
            choices = [source["valueFromParameter"]] if "valueFromParameter" in source else source["valueFromOneof"]["parameterSelectors"]
            picked = next((one for one in choices if one["producerSubtask"] in done), None)
            if picked:
                outputs[key] = done[picked["producerSubtask"]].get(picked["outputParameterKey"])
        for key, source in made.get("artifacts", {}).items():
            picked = next((one for one in source["artifactSelectors"] if one["producerSubtask"] in done), None)
            if picked:
                outputs[key] = done[picked["producerSubtask"]].get(picked["outputArtifactKey"])
        return outputs, failures

    def _task(self, task, given, inputs, item, path):
        component = self.spec["components"][task["componentRef"]["name"]]
        loop = task.get("parameterIterator")
        if "dag" not in component:
            return self._step(task, component, given, inputs, item, path)
        if not loop:
            outputs, failures = self._dag(component, _with_defaults(component, given), inputs, item, f"{path}/")
            if failures:
                raise Stopped("; ".join(failures))
            return outputs
        items = json.loads(loop["items"]["raw"]) if "raw" in loop["items"] else given[loop["items"]["inputParameter"]]
        every, failures = [], []
        for one in json.loads(items) if isinstance(items, str) else items:
            outputs, wrong = self._dag(component, {**given, loop["itemInput"]: one}, inputs, one, f"{path}/")
            every.append(outputs)
            failures += wrong
        if failures:
            raise Stopped("; ".join(failures))
        keys = set().union(*every) if every else set(_output_names(component))
        return {key: [outputs[key] for outputs in every if key in outputs] for key in keys}

    def _step(self, task, component, given, inputs, item, path):
        label, container = function_of(self.spec, task), self.executors[component["executorLabel"]]["container"]
        given = _with_defaults(component, given)
        names = {key: [one["id"] for one in _listed(value)] for key, value in inputs.items()}
        what = [self.spec["pipelineInfo"]["name"], container, given, names, component.get("outputDefinitions", {})]
        what[1] = {word: container.get(word) for word in ("image", "command", "args", "env")}
        key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        self.changed = []
        may_cache = task.get("cachingOptions", {}).get("enableCache", False)
        shown = {**given, **{one: _shown(value) for one, value in inputs.items()}}
        if may_cache and key in self.memory["cache"]:
            outputs = self.memory["cache"][key]
            self._note(task, item, "CACHED", inputs=shown, outputs=outputs)
            self._record(path, item, "CACHED", given, names, outputs)
            return outputs
        tries, log, problem = 1 + int(task.get("retryPolicy", {}).get("maxRetryCount", 0)), [], ""
        for attempt in range(1, tries + 1):
            try:
                dies = self.killed[label].pop(0) if self.killed.get(label) else 0
                outputs = self._pod(container, component, given, inputs, log, dies)
                if self.lost.get(label, 0):
                    self.lost[label] -= 1
                    raise RuntimeError("the pod was lost before it could report")
            except RuntimeError as error:
                problem = f"{label}{f' [{item}]' if item is not None else ''}: {error}"
                continue
            if may_cache:
                self.memory["cache"][key] = outputs
            self._note(task, item, "SUCCEEDED", attempt, shown, outputs, log="".join(log))
            self._record(path, item, "COMPLETE", given, names, outputs)
            return outputs
        self._note(task, item, "FAILED", tries, shown, error=problem, log="".join(log))
        self._record(path, item, "FAILED", given, names, {})
        raise Stopped(problem)

    def _pod(self, container, component, given, inputs, log, dies):
        """Run a step once in a pod; return its outputs, artefacts uploaded. Raises RuntimeError with what went wrong."""
        pod = Path(tempfile.mkdtemp(prefix="pod-", dir=self.folder))
        try:
            for folder in ("out", "work"):
                (pod / folder).mkdir()
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
            status = 0
            if not dies:
                _inside(pod, container, asked, self.volumes, dies)
            elif child := os.fork():
                status = os.waitpid(child, 0)[1]
            else:
                _inside(pod, container, asked, self.volumes, dies)
                os._exit(0)
            log.append((pod / "log").read_text("utf-8", "replace"))
            self.changed = [key for key, value in inputs.items() if self._differs(value, pod / "in" / key)]
            if os.WIFSIGNALED(status):
                raise RuntimeError(f"the pod was killed ({signal.Signals(os.WTERMSIG(status)).name})")
            if (pod / "error").is_file():
                raise RuntimeError((pod / "error").read_text())
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
            shutil.rmtree(pod, ignore_errors=True)

    def _upload(self, path, kind, metadata):
        identity = f"a{len(self.memory['artefacts']) + 1:03}"
        target = self.folder / "artefacts" / identity
        if path.is_dir():
            shutil.copytree(path, target)
        elif path.is_file():
            shutil.copyfile(path, target)
        self.memory["artefacts"][identity] = {"type": kind, "uri": f"s3://metro/{self.job}/{identity}", "metadata": metadata}
        text = path.read_text("utf-8", "replace") if path.is_file() else ""
        if path.is_dir():
            text = "\n".join(sorted(one.relative_to(path).as_posix() for one in path.rglob("*")))
        return {"id": identity, "type": kind, "text": text, "metadata": metadata}

    def _differs(self, value, folder):
        """Return whether a pod's copy of an input is not what it was."""
        pairs = [(self.folder / "artefacts" / one["id"], folder / str(n)) for n, one in enumerate(_listed(value))]
        return any(_content(kept) != _content(copy) for kept, copy in pairs)

    def _download(self, artefact, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = self.folder / "artefacts" / artefact["id"]
        if kept.is_dir():
            shutil.copytree(kept, path)
        elif kept.is_file():
            shutil.copyfile(kept, path)
        about = {"schemaTitle": artefact["type"], "schemaVersion": "0.0.1"}
        return {"name": artefact["id"], "type": about, "uri": str(path), "metadata": artefact["metadata"]}

    def _value(self, source, values, done):
        if "runtimeValue" in source:
            value = source["runtimeValue"]["constant"]
            if isinstance(value, str):
                for name, known in self.placeholders.items():
                    value = value.replace(name, known)
                for name, known in values.items():
                    value = value.replace(f"{{{{$.inputs.parameters['{name}']}}}}", str(known))
            return value
        if "componentInputParameter" in source:
            value = values.get(source["componentInputParameter"])
        else:
            picked = source["taskOutputParameter"]
            value = done[picked["producerTask"]].get(picked["outputParameterKey"])
        part = re.fullmatch(r'parseJson\(string_value\)\["(.*)"\]', source.get("parameterExpressionSelector", ""))
        return (json.loads(value) if isinstance(value, str) else value)[part[1]] if part else value

    def _note(self, task, item, state, attempts=0, inputs=None, outputs=None, error="", log=""):
        component = self.spec["components"][task["componentRef"]["name"]]
        if "dag" in component and state == "SKIPPED":  # say it of the steps inside
            for one in component["dag"]["tasks"].values():
                self._note(one, item, state)
            return
        shown = {key: _shown(value) for key, value in (outputs or {}).items()}
        self.steps.append(
            {"name": function_of(self.spec, task), "item": item, "state": state, "attempts": attempts, "inputs": inputs or {}}
            | {"outputs": shown, "error": error, "log": log, "changed": self.changed if state == "SUCCEEDED" else []}
        )

    def _record(self, path, item, state, given, names, outputs):
        made = {key: value["id"] for key, value in outputs.items() if isinstance(value, dict) and "id" in value}
        self.memory["executions"].append(
            {"run": self.job, "task": path, "item": item, "state": state, "parameters": given, "inputs": names, "outputs": made}
        )


SYSTEM = []  # the folders of Python and of the system, which every image has
VISIBLE = []  # the folders that the pod sees which runs now; if empty, nothing is hidden


def _hide(event, args):
    """Let the files that a pod does not see not exist for it: an audit hook. (What it writes elsewhere, nobody will read.)"""
    if event == "open" and VISIBLE and isinstance(args[0], (str, bytes)) and not args[2] & (os.O_WRONLY | os.O_RDWR):
        path = os.path.realpath(os.fsdecode(args[0]))
        if not any(path == place or path.startswith(place + os.sep) for place in VISIBLE):
            raise FileNotFoundError(2, "No such file in this pod", os.fsdecode(args[0]))


def _inside(pod, container, asked, volumes, dies):
    """Be the pod: run the step's source, and leave its outputs, its log and its error in the folder."""
    signal.alarm(60)
    there, code = os.getcwd(), next(text for text in container["command"] if "\ndef " in text)
    function = container["args"][container["args"].index("--function_to_execute") + 1]
    with open(pod / "log", "w") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        os.environ.clear()
        os.environ.update({"PATH": "/usr/bin:/bin", "HOME": str(pod / "work"), "TMPDIR": str(pod / "work"), "LANG": "C.UTF-8"})
        os.environ.update({one["name"]: one["value"] for one in container.get("env", [])})
        tempfile.tempdir = None
        os.chdir(pod / "work")
        if dies:
            sqlite3.connect = _watched(sqlite3.connect, dies)
        VISIBLE[:] = [*SYSTEM, str(pod), *volumes]
        try:
            scope = {"__name__": "a_step", "__builtins__": {**vars(builtins), "__import__": _import_from_image}}
            exec(compile(code, f"<{function}>", "exec"), scope)
            Executor(executor_input=asked, function_to_execute=scope[function]).execute()
        except BaseException as error:
            where = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<")]
            said = f"{type(error).__name__}: {error}" + (f" (line {where[-1]} of the step)" if where else "")
        else:
            said = ""
        finally:
            VISIBLE.clear()
            os.chdir(there)
            signal.alarm(0)
    if said:
        (pod / "error").write_text(said)


def _watched(connect, dies):
    """Return sqlite3.connect, with connections that kill this process at the n-th statement that writes."""
    count = 0

    def connecting(*args, **more):
        connection = connect(*args, **more)

        def look(statement):
            nonlocal count
            count += bool(re.match(r"\s*(INSERT|REPLACE|DELETE|UPDATE|WITH)\b", statement, re.IGNORECASE))
            if count >= dies:
                os.kill(os.getpid(), signal.SIGKILL)

        connection.set_trace_callback(look)
        return connection

    return connecting


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
    kinds = ("taskOutputParameter", "taskOutputArtifact", "taskFinalStatus")
    return {source[kind]["producerTask"] for source in sources for kind in kinds if kind in source}


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


def _content(path):
    """Return what lies at a path: a file's bytes, those of a folder's files by name, or None."""
    if path.is_dir():
        return {one.relative_to(path).as_posix(): one.read_bytes() for one in path.rglob("*") if one.is_file()}
    return path.read_bytes() if path.is_file() else None


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

    A run is a dictionary: `arguments`, in which `{data}` and `{store}` stand for two folders; `files`, {name: text}, written into the data
    folder before; `empty_store`, whether somebody empties the store before; and `lost`, `killed`, `job`, `at`, `created`, as `Cluster.run`
    takes them. To what a run tells are added `store`, the files there afterwards, {path: text}, and `tables`, what the databases there
    hold, {path: {table: rows}}. A run may name a pipeline of its own, `compiled`.
    """
    with tempfile.TemporaryDirectory(prefix="cluster-") as place:
        child = os.fork()
        if child == 0:
            _rehearse_alone(compiled, runs, Path(place).resolve())
        os.waitpid(child, 0)
        if not (Path(place) / "told.json").is_file():
            raise RuntimeError("a step has ended the whole rehearsal: it ran for more than a minute, or ended its process")
        told = json.loads((Path(place) / "told.json").read_text())
    if isinstance(told, dict):
        raise {"TypeError": TypeError}.get(told["error"], RuntimeError)(told["message"])
    return told


def _rehearse_alone(compiled, runs, place):
    """Rehearse in this process, which is there for nothing else; leave what was told in `told.json`, and end the process."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        packages = [str(Path(kfp.__file__).resolve().parents[1]), *sysconfig.get_paths().values()]
        system = ["/usr", "/lib", "/lib64", "/etc", "/dev", "/proc", "/sys", sys.prefix, sys.base_prefix]
        SYSTEM[:] = sorted({os.path.realpath(folder) for folder in (*packages, *system)})
        sys.path[:] = [path for path in sys.path if path and any(os.path.realpath(path).startswith(folder) for folder in SYSTEM)]
        sys.addaudithook(_hide)
        try:
            told = _rehearse(compiled, runs, place)
        except Exception as error:
            told = {"error": type(error).__name__, "message": str(error)}
            if not isinstance(error, TypeError):
                told["message"] = f"{type(error).__name__}: {error}"
        (place / "told.part").write_text(json.dumps(told))
        (place / "told.part").rename(place / "told.json")
    finally:
        os._exit(0)


def _rehearse(compiled, runs, place):
    told = []
    folders = {name: place / name for name in ("data", "store")}
    cluster = Cluster(place / "cluster", folders.values())
    for run in runs:
        if run.get("empty_store"):
            shutil.rmtree(folders["store"], ignore_errors=True)
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        for name, text in run.get("files", {}).items():
            (folders["data"] / name).write_text(text)
        arguments = {key: _filled(value, folders) for key, value in run.get("arguments", {}).items()}
        more = {key: run[key] for key in ("lost", "killed", "job", "at", "created") if key in run}
        one = cluster.run(run.get("compiled", compiled), arguments, **more)
        kept = sorted(path for path in folders["store"].rglob("*") if path.is_file())
        store = {path.relative_to(folders["store"]).as_posix(): path for path in kept}
        tables = {name: _tables(path) for name, path in store.items() if path.read_bytes()[:15] == b"SQLite format 3"}
        told.append({**one, "store": {name: path.read_text("utf-8", "replace") for name, path in store.items()}, "tables": tables})
    return told


def _tables(path):
    """Return what a database holds, as a later reader sees it: {table: rows, sorted}."""
    connection = sqlite3.connect(path)
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: sorted(([*row] for row in connection.execute(f'SELECT * FROM "{name}"')), key=str) for name in names}
    finally:
        connection.close()


def _filled(value, folders):
    for name, folder in folders.items():
        value = value.replace("{" + name + "}", str(folder)) if isinstance(value, str) else value
    return value
