"""The scheduler: a node for each pod that has none, or the reasons why there is none."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from .simulator_owned import Key, key_of, record
from .simulator_registry import Registry
from .simulator_scheduling import Host, Misfit, misfit, worth
from .simulator_store import Change
from .simulator_subresources import bind, set_condition

Object = dict[str, Any]
_NAME = "default-scheduler"
_FAR = "Preemption is not helpful for scheduling"
_NEAR = "No preemption victims found for incoming pod"


def concerned(registry: Registry, change: Change) -> Iterable[Key]:
    """The pod itself; every waiting pod where a node changed, or a pod left one."""
    if change.resource == "pods":
        if change.kind != "DELETED" and not change.object["spec"].get("nodeName"):
            yield key_of(change.object)
        elif change.kind == "DELETED" or (change.before and _counts(change.before) != _counts(change.object)):
            yield from _waiting(registry)
    elif change.resource == "nodes" and (change.before is None or _offer(change.before) != _offer(change.object)):
        yield from _waiting(registry)


def _waiting(registry: Registry) -> list[Key]:
    return [key_of(pod) for pod in registry.store.all("pods") if not pod["spec"].get("nodeName")]


def _ended(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _counts(pod: Object) -> Any:
    return _ended(pod), pod["metadata"].get("labels")


def _offer(node: Object) -> Any:
    status = node.get("status") or {}
    return node.get("spec"), node["metadata"].get("labels"), status.get("allocatable"), status.get("capacity")


def reconcile(registry: Registry, namespace: str, name: str) -> None:
    """Binds the pod to the node that suits it best, or writes why none does into its condition and an event."""
    pod = registry.store.peek("pods", namespace, name)
    if pod is None or pod["spec"].get("nodeName") or pod["spec"].get("schedulerName") != _NAME or "deletionTimestamp" in pod["metadata"] \
            or pod["spec"].get("schedulingGates"):
        return
    placed: dict[str, list[Object]] = {}
    for each in registry.store.all("pods"):
        if each["spec"].get("nodeName") and not _ended(each):
            placed.setdefault(each["spec"]["nodeName"], []).append(each)
    hosts = [Host(node, placed.get(node["metadata"]["name"], [])) for node in registry.store.all("nodes")]
    misfits = {host.name: misfit(pod, host, hosts) for host in hosts}
    fitting = [host for host in hosts if misfits[host.name] is None]
    if fitting:
        best = max(fitting, key=lambda host: worth(pod, host))
        bind(registry, namespace, name, {"target": {"kind": "Node", "name": best.name}})
        record(registry, pod, "Normal", "Scheduled", f"Successfully assigned {namespace}/{name} to {best.name}", _NAME)
        return
    message = explained([each for each in misfits.values() if each])
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    before = next((each for each in pod["status"].get("conditions") or [] if each["type"] == "PodScheduled"), {})
    if before.get("message") != message:
        registry.edit("pods", namespace, name, lambda each: set_condition(each["status"], condition))
        record(registry, pod, "Warning", "FailedScheduling", message, _NAME)


def explained(misfits: list[Misfit]) -> str:
    """The scheduler's sentence: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …`."""
    if not misfits:
        return "no nodes available to schedule pods"
    counted = Counter(reason for each in misfits for reason in each.reasons)
    reasons = ", ".join(sorted(f"{number} {reason}" for reason, number in counted.items()))
    helpless = Counter(_FAR if each.for_good else _NEAR for each in misfits)
    after = ", ".join(sorted(f"{number} {reason}" for reason, number in helpless.items()))
    return f"0/{len(misfits)} nodes are available: {reasons}. preemption: 0/{len(misfits)} nodes are available: {after}."
