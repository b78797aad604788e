"""The small cluster itself: it runs a pipeline's tasks in order, each in a pod, and remembers what was made."""

import hashlib
import json
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path

from kubeflow_pod import inside
from kubeflow_spec import artefact, function_of, holds, load_spec, ordered, output_names, producers, with_defaults


class Stopped(Exception):
    """A step that failed for good."""


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
        tasks, done, failures, skipped, never = component["dag"]["tasks"], {}, [], set(), set()
        for name in ordered(tasks):
            task = tasks[name]
            needs = set(task.get("dependentTasks", [])) | producers(task)
            last = task.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED"
            if needs & (never if last else skipped):
                skipped.add(name)
                never.add(name)
                self._note(task, item, "SKIPPED")
                continue
            given, inputs = {}, {}
            for key, source in task.get("inputs", {}).get("parameters", {}).items():
                if "taskFinalStatus" in source:
                    watched = source["taskFinalStatus"]["producerTask"]
                    about = {"pipelineJobResourceName": self.job, "pipelineTaskName": watched}
                    given[key] = {"state": "FAILED" if watched in skipped else "SUCCEEDED", "error": {}, **about}
                else:
                    value = self._value(source, values, done)
                    if value is not None:
                        given[key] = value
            for key, source in task.get("inputs", {}).get("artifacts", {}).items():
                inputs[key] = artefact(source, artefacts, done)
            condition = task.get("triggerPolicy", {}).get("condition")
            if condition and not holds(condition, given):
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
            outputs, failures = self._dag(component, with_defaults(component, given), inputs, item, f"{path}/")
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
        keys = set().union(*every) if every else set(output_names(component))
        return {key: [outputs[key] for outputs in every if key in outputs] for key in keys}

    def _step(self, task, component, given, inputs, item, path):
        label, container = function_of(self.spec, task), self.executors[component["executorLabel"]]["container"]
        given = with_defaults(component, given)
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
                inside(pod, container, asked, self.volumes, dies)
            elif child := os.fork():
                status = os.waitpid(child, 0)[1]
            else:
                inside(pod, container, asked, self.volumes, dies)
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
