"""What kubectl does in several steps: create, roll out, undo, drain, logs."""

import time
from typing import Any

from .api import Api, Object, Refused, Resource, today
from .node_agent import NodeAgent
from .pod import Pod

REVISION = "deployment.kubernetes.io/revision"
EVICTION_SECONDS = 0.5


def created(api: Api, resource: Resource, namespace: str, item: Object, query: Object) -> Object:
    """Create an object, and return it. A custom resource's kind may be known a moment before it can be made."""
    end = time.monotonic() + 5
    while True:
        try:
            return today(api.request("POST", api.path(resource, namespace), item, query))
        except Refused as refused:
            if refused.status != 404 or "page not found" not in str(refused) or time.monotonic() > end:
                raise
        time.sleep(0.1)


def updated(api: Api, path: str, resource: Resource, patch: Object, content: str, query: Object) -> Object:
    """Patch an object, and return it."""
    return today({"apiVersion": resource.version, "kind": resource.kind, **api.request("PATCH", path, patch, query, content)})


def rollout(item: Object) -> str:
    """Return kubectl's word where a Deployment's rollout is complete, else an empty one. Raises RuntimeError where it is stuck."""
    name, wanted, status = item["metadata"]["name"], item["spec"].get("replicas", 1), item.get("status") or {}
    if status.get("observedGeneration", 0) < item["metadata"].get("generation", 0):
        return ""
    for each in status.get("conditions") or []:
        if each["type"] == "Progressing" and each.get("reason") == "ProgressDeadlineExceeded":
            raise RuntimeError(f'deployment "{name}" exceeded its progress deadline: {each.get("message", "")}')
    total, new, available = (status.get(field) or 0 for field in ("replicas", "updatedReplicas", "availableReplicas"))
    return f'deployment "{name}" successfully rolled out' if new == wanted == total == available else ""


def history(api: Api, deployment: Object) -> list[Object]:
    """Return a Deployment's ReplicaSets, oldest revision first."""
    found = api.read_all("replicaset", deployment["metadata"]["namespace"])["items"]
    uid = deployment["metadata"]["uid"]
    own = [each for each in found if any(owner["uid"] == uid for owner in each["metadata"].get("ownerReferences") or [])]
    return sorted(own, key=revision)


def revision(item: Object) -> int:
    """Return the number of a ReplicaSet's or Deployment's revision."""
    return int((item["metadata"].get("annotations") or {}).get(REVISION, 0))


def undo(api: Api, deployment: Object, wanted: int) -> Object:
    """Give a Deployment the pod template of the revision before its own, or of `wanted`. Raises ValueError where there is none."""
    name, namespace = deployment["metadata"]["name"], deployment["metadata"]["namespace"]
    sets = history(api, deployment)
    older = [each for each in sets if revision(each) == wanted or (not wanted and revision(each) < revision(deployment))]
    if not older:
        raise ValueError(
            f"unable to find specified revision {wanted} in history" if wanted else f'no rollout history found for deployment "{name}"'
        )
    template = {**older[-1]["spec"]["template"]}
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key != "pod-template-hash"}
    template["metadata"] = {**template["metadata"], "labels": labels}
    change = [{"op": "replace", "path": "/spec/template", "value": template}]
    return api.patch("deployment", name, namespace, change, content="application/json-patch+json")


def drain(api: Api, node: str, seconds: float) -> list[str]:
    """Evict the pods of a node, and return their names when they are gone. Raises TimeoutError."""
    end = time.monotonic() + seconds
    names, asked = [], set()
    while True:
        left = [pod for pod in api.read_all("pod", "", fields=f"spec.nodeName={node}")["items"] if not _stays(pod)]
        refusals = {}
        for pod in left:
            uid = pod["metadata"]["uid"]
            if uid not in asked and not pod["metadata"].get("deletionTimestamp"):
                if said := _evict(api, pod):
                    refusals[pod["metadata"]["name"]] = said
                else:
                    asked.add(uid)
                    names.append(pod["metadata"]["name"])
        if not left:
            return names
        if time.monotonic() > end:
            told = "\n".join(f"  {name}: {said}" for name, said in refusals.items()) or f"  {len(left)} pods still end"
            raise TimeoutError(f"drain did not complete within {seconds:g} s: node {node} still has\n{told}")
        time.sleep(EVICTION_SECONDS if refusals else 0.1)


def logs(api: Api, agent: NodeAgent, name: str, namespace: str, container: str, previous: bool) -> str:
    """Return what a container of a pod on our nodes printed. Raises Refused where there is no such thing."""
    pod = _pod(api, agent, name, namespace)
    choice = [each for each in pod.containers if each.name == container] if container else pod.containers[-1:]
    if not container and len(pod.spec["containers"]) > 1:
        raise Refused(
            400, "BadRequest", f"a container name must be specified for pod {name}, choose one of: {[c.name for c in pod.containers]}"
        )
    if not choice:
        raise Refused(400, "BadRequest", f"container {container} is not valid for pod {name}")
    path = choice[0].log_path(previous)
    if not path.is_file():
        what = f'previous terminated container "{choice[0].name}" in pod "{name}" not found'
        waits = f'container "{choice[0].name}" in pod "{name}" is waiting to start: {choice[0].state.get("waiting", {}).get("reason", "")}'
        raise Refused(400, "BadRequest", what if previous else waits)
    return path.read_text(encoding="utf-8", errors="replace")


def _pod(api: Api, agent: NodeAgent, name: str, namespace: str) -> Pod:
    uid = api.read("pod", name, namespace)["metadata"]["uid"]
    if uid not in agent.pods:
        raise Refused(400, "BadRequest", f'pod "{name}" has no containers on a node yet')
    return agent.pods[uid]


def _stays(pod: Object) -> bool:
    """Return whether draining leaves a pod alone: a DaemonSet's would come back."""
    return any(owner.get("kind") == "DaemonSet" for owner in pod["metadata"].get("ownerReferences") or [])


def _evict(api: Api, pod: Object) -> str:
    """Ask for a pod's eviction: return why not, empty if it goes."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    version = "policy/v1" if api.minor >= 22 else "policy/v1beta1"
    body: dict[str, Any] = {"apiVersion": version, "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
    try:
        api.request("POST", api.path(api.resource("pod"), namespace, name, "eviction"), body)
    except Refused as refused:
        if refused.status not in (404, 429):
            raise
        return refused.message if refused.status == 429 else ""
    return ""
