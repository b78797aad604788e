"""What the notebook and its tests share: namespaces that are cleared away, what is wrong with pods, nodes for a control plane elsewhere."""

import itertools
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml
from cluster import Cluster, Refused

IMAGES = {"metro/demand:1.0": "demand-1.0", "metro/demand:1.1": "demand-1.1", "metro/train:1.0": "train"}
GPU = {"key": "gpu", "value": "true", "effect": "NoSchedule"}
_numbers = itertools.count(1)
_joined = {}


@contextmanager
def namespace(cluster, name):
    """Let the block work in a new namespace, and clear away what it made there."""
    before, cluster.namespace = cluster.namespace, f"{name}-{next(_numbers)}"
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.namespace}})
    try:
        yield cluster.namespace
    finally:
        clear(cluster, cluster.namespace)
        cluster.namespace = before


def clear(cluster, name):
    """Delete what runs in a namespace, at once."""
    for kind in ("poddisruptionbudget", "cronjob", "deployment", "job", "pod"):
        for item in cluster.list(kind, namespace=name):
            with suppress(Refused):
                cluster.delete(kind, item["metadata"]["name"], name, seconds=0, gracePeriodSeconds=0)


def ready_pods(cluster, service="demand"):
    """Return the names of the pods that a service sends requests to."""
    try:
        subsets = cluster.get("endpoints", service).get("subsets") or []
    except Refused:
        return []
    return sorted((each.get("targetRef") or {}).get("name", "") for subset in subsets for each in subset.get("addresses") or [])


def troubles(cluster):
    """Return a line for each pod that is not ready: why it waits, how it ended, what the scheduler said."""
    return "; ".join(f"{pod['metadata']['name']}: {said}" for pod in cluster.list("pods") if (said := trouble(pod))) or "all pods are ready"


def trouble(pod):
    """Return what a pod's status says is wrong, in a few words; nothing where it is ready or done."""
    status = pod.get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions") or []}
    if status.get("phase") == "Succeeded" or conditions.get("Ready", {}).get("status") == "True":
        return ""
    if conditions.get("PodScheduled", {}).get("status") == "False":
        return f"not scheduled: {conditions['PodScheduled'].get('message', '')}"
    words = []
    for each in status.get("containerStatuses") or []:
        state = each.get("state", {})
        waiting, last = state.get("waiting") or {}, state.get("terminated") or each.get("lastState", {}).get("terminated")
        words += [f"{waiting.get('reason')} {waiting.get('message', '')}".strip()] if waiting else []
        words += [f"last end: {last.get('reason')}, exit code {last.get('exitCode')}"] if last else []
        words += [f"{each['restartCount']} restarts"] if each.get("restartCount") else []
    return ", ".join(words) or "runs, but is not ready"


def job_trouble(cluster, name):
    """Return what a Job's conditions and its pods' status say is wrong, in a few words."""
    try:
        conditions = cluster.get("job", name).get("status", {}).get("conditions") or []
    except Refused:
        return f"There is no Job {name} any more: was it deleted when it ended?"
    failed = [f"{each.get('reason')}: {each.get('message')}" for each in conditions if each["type"] == "Failed"]
    return "; ".join([*failed, troubles(cluster)])


# For judges: the control plane is theirs, the nodes run here.


def join(access, nodes):
    """Serve nodes of a control plane that another process started. `nodes`: the arguments of add_node, by name."""
    from cluster.processes import Processes

    processes = Processes()
    cluster = Cluster(access["kind"], _kubeconfig(access, processes.folder), processes)
    cluster.images.update({name: Path("images", folder) for name, folder in IMAGES.items()})
    for name, options in nodes.items():
        cluster.add_node(name, **options)
    _joined[access["server"]] = cluster


def joined(access, name):
    """Return the cluster that `join` made, at work in the namespace of that name."""
    if access["server"] not in _joined:
        join(access, {})
    _joined[access["server"]].namespace = name
    return _joined[access["server"]]


def leave(access):
    """End the nodes that `join` made."""
    if cluster := _joined.pop(access["server"], None):
        cluster.stop()


def _kubeconfig(access, folder):
    server = {"server": access["server"]}
    if access["certificate"]:
        Path(folder, "server.crt").write_text(access["certificate"])
        server["certificate-authority"] = str(Path(folder, "server.crt"))
    context = {"name": "lab", "context": {"cluster": "lab", "user": "admin"}}
    parts = {"clusters": [{"name": "lab", "cluster": server}], "contexts": [context]}
    parts["users"] = [{"name": "admin", "user": {"token": access["token"]} if access["token"] else {}}]
    path = Path(folder, "kubeconfig")
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "lab", **parts}))
    return path


def hook_seconds(command, most):
    """Return how many seconds a preStop command takes, `most` where it takes as long or longer."""
    from cluster.images import base_environment

    begin = time.monotonic()
    with suppress(subprocess.TimeoutExpired, OSError), open(os.devnull, "w") as nowhere:
        folder = Path("images/demand-1.0")
        subprocess.run(command, cwd=folder, env=base_environment("demand", folder), stdout=nowhere, stderr=nowhere, timeout=most)
    return min(most, time.monotonic() - begin)


def make_store():
    """Return the path of a new folder that stands for an object store."""
    return tempfile.mkdtemp(prefix="store-")


def read_store(path):
    """Return what lies in a store: the names of the models, and the lines of the log."""
    log = Path(path, "log.txt")
    models = sorted(each.stem for each in Path(path, "models").glob("*.json"))
    return {"models": models, "log": log.read_text().splitlines() if log.exists() else []}


@contextmanager
def store():
    """Give the block a folder that stands for an object store."""
    path = Path(make_store())
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def remove_store(path):
    """Remove a store."""
    shutil.rmtree(path, ignore_errors=True)
