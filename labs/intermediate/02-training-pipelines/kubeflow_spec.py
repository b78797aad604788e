"""What a compiled pipeline says: read, its tasks in order, its values and its conditions."""

import re
from pathlib import Path

import yaml


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


def ordered(tasks):
    """Return the tasks' names so that each comes after those that it waits for."""
    order, left = [], {name: (set(task.get("dependentTasks", [])) | producers(task)) & set(tasks) for name, task in tasks.items()}
    while left:
        ready = [name for name in left if left[name] <= set(order)]
        if not ready:
            raise ValueError(f"these tasks wait for one another: {', '.join(left)}")
        order += ready
        left = {name: needs for name, needs in left.items() if name not in ready}
    return order


def producers(task):
    """Return the names of the tasks whose outputs a task reads."""
    inputs = task.get("inputs", {})
    sources = [*inputs.get("parameters", {}).values(), *inputs.get("artifacts", {}).values()]
    kinds = ("taskOutputParameter", "taskOutputArtifact", "taskFinalStatus")
    return {source[kind]["producerTask"] for source in sources for kind in kinds if kind in source}


def artefact(source, artefacts, done):
    """Return the artefact that an input names: the component's own, or one that another task has made."""
    if "componentInputArtifact" in source:
        return artefacts.get(source["componentInputArtifact"])
    picked = source["taskOutputArtifact"]
    return done[picked["producerTask"]].get(picked["outputArtifactKey"])


def with_defaults(component, given):
    """Return the values that a component gets: its defaults, and those given; whole numbers as such."""
    about = component.get("inputDefinitions", {}).get("parameters", {})
    defaults = {key: one["defaultValue"] for key, one in about.items() if "defaultValue" in one}
    whole = {**defaults, **given}
    numbers = {key for key, one in about.items() if one.get("parameterType") == "NUMBER_INTEGER"}
    return {key: int(value) if key in numbers and isinstance(value, float) else value for key, value in whole.items()}


def output_names(component):
    """Return the names of a component's outputs."""
    made = component.get("outputDefinitions", {})
    return [*made.get("parameters", {}), *made.get("artifacts", {})]


def holds(condition, values):
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
