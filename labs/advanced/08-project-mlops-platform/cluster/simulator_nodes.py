"""The node controllers: taints for what ails a node, a verdict on one that no longer reports, and the end of the pods on it."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .simulator_deletion import delete
from .simulator_errors import Refused
from .simulator_owned import Key, record
from .simulator_registry import Registry, now
from .simulator_scheduling import tolerates
from .simulator_store import Change
from .simulator_subresources import set_condition

Object = dict[str, Any]
LEASES = "leases.coordination.k8s.io"
_NOT_READY, _UNREACHABLE, _CORDONED = (f"node.kubernetes.io/{word}" for word in ("not-ready", "unreachable", "unschedulable"))


class Nodes:
    """The controller; `grace` is the time in seconds after which a node that does not report is taken for lost."""

    def __init__(self, registry: Registry, grace: float) -> None:
        self.registry, self.grace = registry, grace
        self._heard: dict[str, tuple[str, float]] = {}
        self._missing: dict[str, float] = {}

    @staticmethod
    def concerned(change: Change) -> Iterable[Key]:
        metadata = change.object["metadata"]
        if change.resource == "nodes" or (change.resource == LEASES and metadata.get("namespace") == "kube-node-lease"):
            yield "", metadata["name"]
        elif change.resource == "pods" and change.object["spec"].get("nodeName") and \
                (change.before is None or not change.before["spec"].get("nodeName")):
            yield "", change.object["spec"]["nodeName"]

    def reconcile(self, _: str, name: str) -> float | None:
        """Brings taints and condition up to date, evicts; the seconds until a node's silence or a toleration's time counts."""
        node = self.registry.store.peek("nodes", "", name)
        if node is None:
            self._heard.pop(name, None)
            return self._collect(name)
        self._missing.pop(name, None)
        silence = self._listen(node)
        if silence is not None and silence <= 0:
            self._lose(node)
            silence = None
        self.registry.edit("nodes", "", name, _taint)
        waits = [each for each in (silence, self._evict(name)) if each is not None]
        return min(waits) + 0.02 if waits else None

    def _listen(self, node: Object) -> float | None:
        """The seconds until the node is overdue; None for one that never reported."""
        name, ready = node["metadata"]["name"], _ready(node)
        if ready is None:
            return None
        lease = self.registry.store.peek(LEASES, "kube-node-lease", name) or {}
        beat = str((lease.get("spec") or {}).get("renewTime")) + str(ready.get("lastHeartbeatTime")) + ready["status"]
        if ready.get("reason") == "NodeStatusUnknown":
            beat = self._heard.get(name, (beat, 0.0))[0] if beat.endswith("Unknown") else beat
        if self._heard.get(name, ("", 0.0))[0] != beat:
            self._heard[name] = (beat, time.monotonic())
        return self._heard[name][1] + self.grace - time.monotonic()

    def _lose(self, node: Object) -> None:
        ready = _ready(node)
        if ready is None or ready["status"] == "Unknown":
            return
        name = node["metadata"]["name"]

        def write(changed: Object) -> None:
            for each in changed["status"]["conditions"]:
                each.update(status="Unknown", reason="NodeStatusUnknown", message="Kubelet stopped posting node status.",
                            lastTransitionTime=now())

        self.registry.edit("nodes", "", name, write)
        record(self.registry, node, "Normal", "NodeNotReady", f"Node {name} status is now: NodeNotReady", "node-controller")
        for pod in self._pods_on(name):
            self.registry.edit("pods", pod["metadata"]["namespace"], pod["metadata"]["name"], _not_ready)

    def _evict(self, name: str) -> float | None:
        node = self.registry.store.peek("nodes", "", name) or {}
        taints = [each for each in (node.get("spec") or {}).get("taints") or [] if each["effect"] == "NoExecute"]
        waits = []
        for pod in self._pods_on(name) if taints else []:
            left = _seconds_left(pod, taints)
            if left is None:
                continue
            if left > 0:
                waits.append(left)
                continue
            metadata = pod["metadata"]
            said = f"Marking for deletion Pod {metadata['namespace']}/{metadata['name']}"
            record(self.registry, pod, "Normal", "TaintManagerEviction", said, "taint-eviction-controller")
            delete(self.registry, self.registry.find("pods"), metadata["namespace"], metadata["name"])
        return min(waits) if waits else None

    def _collect(self, name: str) -> float | None:
        """The end of a deleted node's pods, once it has been missing for as long as a silent one is borne with."""
        pods = [pod for pod in self.registry.store.all("pods") if pod["spec"].get("nodeName") == name]
        left = self._missing.setdefault(name, time.monotonic()) + self.grace - time.monotonic()
        if not pods:
            return None
        if left > 0:
            return left + 0.02
        for pod in pods:
            try:
                delete(self.registry, self.registry.find("pods"), pod["metadata"]["namespace"], pod["metadata"]["name"],
                       {"gracePeriodSeconds": 0})
            except Refused:
                continue  # gone already
        return None

    def _pods_on(self, name: str) -> list[Object]:
        return [pod for pod in self.registry.store.all("pods") if pod["spec"].get("nodeName") == name
                and "deletionTimestamp" not in pod["metadata"]]


def _ready(node: Object) -> Object | None:
    return next((each for each in (node.get("status") or {}).get("conditions") or [] if each["type"] == "Ready"), None)


def _taint(node: Object) -> None:
    spec, ready = node.setdefault("spec", {}), _ready(node)
    wanted = set()
    if ready is None:
        wanted.add((_NOT_READY, "NoSchedule"))
    elif ready["status"] != "True":
        key = _NOT_READY if ready["status"] == "False" else _UNREACHABLE
        wanted |= {(key, "NoSchedule"), (key, "NoExecute")}
    if spec.get("unschedulable"):
        wanted.add((_CORDONED, "NoSchedule"))
    old = spec.get("taints") or []
    kept = [each for each in old if each["key"] not in (_NOT_READY, _UNREACHABLE, _CORDONED) or (each["key"], each["effect"]) in wanted]
    there = {(each["key"], each["effect"]) for each in kept}
    spec["taints"] = kept + [{"key": key, "effect": effect, "timeAdded": now()} for key, effect in sorted(wanted - there)]
    if not spec["taints"]:
        del spec["taints"]


def _not_ready(pod: Object) -> None:
    if any(each["type"] == "Ready" for each in pod["status"].get("conditions") or []):
        set_condition(pod["status"], {"type": "Ready", "status": "False", "reason": "NodeNotReady", "message": "Node is not ready"})


def _seconds_left(pod: Object, taints: list[Object]) -> float | None:
    """How long a pod may stay on a node with these taints; None for as long as it likes."""
    least: float | None = None
    for taint in taints:
        fitting = [each for each in pod["spec"].get("tolerations") or [] if tolerates(each, taint)]
        if not fitting:
            return 0.0
        limits = [each["tolerationSeconds"] for each in fitting if "tolerationSeconds" in each]
        if limits:
            since = datetime.fromisoformat(taint.get("timeAdded") or now())
            left = max(min(limits), 0) - (datetime.now(UTC) - since).total_seconds()
            least = left if least is None else min(least, left)
    return least
