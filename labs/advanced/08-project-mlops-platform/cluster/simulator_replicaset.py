"""The ReplicaSet controller: as many pods as are wanted, and their number in the status."""

from typing import Any

from .simulator_deletion import delete
from .simulator_errors import Refused
from .simulator_owned import claimed, is_active, record, seconds_to_available, start_pod
from .simulator_registry import Registry
from .simulator_subresources import set_condition

Object = dict[str, Any]
_MOST_AT_ONCE = 500


def reconcile(registry: Registry, namespace: str, name: str) -> float | None:
    """Starts or deletes pods, and writes the status; the seconds until a pod counts as available."""
    owner = registry.store.peek("replicasets.apps", namespace, name)
    if owner is None:
        return None
    pods = [pod for pod in claimed(registry, owner, "pods") if is_active(pod)]
    failure = None
    if "deletionTimestamp" not in owner["metadata"]:
        missing = owner["spec"]["replicas"] - len(pods)
        for _ in range(min(missing, _MOST_AT_ONCE)):
            made = start_pod(registry, owner, owner["spec"]["template"])
            if made is None:
                failure = "FailedCreate"
                break
            pods.append(made)
        if missing < 0:
            pods = _shrink(registry, owner, pods, -missing)
    waits = _write_status(registry, owner, pods, failure)
    return 1.0 if failure and waits is None else waits


def _shrink(registry: Registry, owner: Object, pods: list[Object], number: int) -> list[Object]:
    on_node: dict[str, int] = {}
    for pod in pods:
        node = pod["spec"].get("nodeName", "")
        on_node[node] = on_node.get(node, 0) + 1

    def rank(pod: Object) -> tuple[Any, ...]:
        """Lowest first to go: without a node, not running, not ready, cheap, crowded, restarted; then the newest."""
        status, metadata = pod["status"], pod["metadata"]
        node = pod["spec"].get("nodeName", "")
        restarts = max((each.get("restartCount", 0) for each in status.get("containerStatuses") or []), default=0)
        cost = int((metadata.get("annotations") or {}).get("controller.kubernetes.io/pod-deletion-cost", 0))
        return (bool(node), {"Pending": 0, "Unknown": 1}.get(status.get("phase"), 2), seconds_to_available(pod, 0) is not None, cost,
                -on_node[node], -restarts)

    ranked = sorted(sorted(pods, key=lambda pod: pod["metadata"]["creationTimestamp"], reverse=True), key=rank)
    for pod in ranked[:number]:
        name = pod["metadata"]["name"]
        try:
            delete(registry, registry.find("pods"), owner["metadata"]["namespace"], name)
        except Refused:
            continue  # gone already
        record(registry, owner, "Normal", "SuccessfulDelete", f"Deleted pod: {name}", "replicaset-controller")
    return ranked[number:]


def _write_status(registry: Registry, owner: Object, pods: list[Object], failure: str | None) -> float | None:
    namespace, name = owner["metadata"]["namespace"], owner["metadata"]["name"]
    least = owner["spec"].get("minReadySeconds", 0)
    waits = [seconds_to_available(pod, least) for pod in pods]
    labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    full = sum(labels.items() <= (pod["metadata"].get("labels") or {}).items() for pod in pods)
    counts = {"fullyLabeledReplicas": full, "readyReplicas": sum(each is not None for each in waits),
              "availableReplicas": sum(each == 0 for each in waits)}

    def write(changed: Object) -> None:
        conditions = (changed.get("status") or {}).get("conditions")
        changed["status"] = {"replicas": len(pods), "observedGeneration": owner["metadata"].get("generation", 1),
                             **{key: value for key, value in counts.items() if value}}
        if conditions and failure:
            changed["status"]["conditions"] = conditions
        if failure:
            set_condition(changed["status"], {"type": "ReplicaFailure", "status": "True", "reason": failure, "message": said})

    said = ""
    if failure:
        events = [each for each in registry.store.all("events", namespace)
                  if each["involvedObject"].get("uid") == owner["metadata"]["uid"] and each["reason"] == failure]
        said = max(events, key=lambda each: each["lastTimestamp"])["message"].removeprefix("Error creating: ") if events else ""
    registry.edit("replicasets.apps", namespace, name, write)
    left = [each for each in waits if each]
    return min(left) + 0.05 if left else None
