"""The tables in which `kubectl get` shows objects: the server prints them, not kubectl."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .simulator_resources import Resource
from .simulator_selectors import as_text

Object = dict[str, Any]
Cell = Callable[[Object], Any]


def table(resource: Resource, objects: list[Object], metadata: Object | None = None) -> Object:
    """A meta.k8s.io/v1 Table of the objects; NAME and AGE for kinds without columns of their own."""
    columns = _COLUMNS.get(resource.id) or _own(resource)
    shown = [("Name", lambda o: o["metadata"]["name"]), *columns, ("Age", lambda o: age(o["metadata"].get("creationTimestamp"))),
             *_WIDE.get(resource.id, [])]
    definitions = [{"name": name, "type": "string", "format": "name" if name == "Name" else "", "description": name,
                    "priority": int(number > len(columns) + 1)} for number, (name, _) in enumerate(shown)]
    rows = [{"cells": [cell(each) for _, cell in shown], "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                                                                    "metadata": each["metadata"]}} for each in objects]
    versions = {key: value for key, value in (metadata or {}).items() if key in ("resourceVersion", "continue", "remainingItemCount")}
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": versions, "columnDefinitions": definitions, "rows": rows}


def age(created: str | None) -> str:
    """The time since then, as kubectl writes it: 45s, 3m20s, 5h, 12d."""
    if not created:
        return "<unknown>"
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds())
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    if seconds < 600:
        return f"{seconds // 60}m{seconds % 60}s" if seconds % 60 else f"{seconds // 60}m"
    if seconds < 3 * 3600:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h" if seconds < 48 * 3600 else f"{seconds // 86400}d"


def _own(resource: Resource) -> list[tuple[str, Cell]]:
    """The additionalPrinterColumns of a custom resource's definition."""
    listed = (resource.crd or {}).get("additionalPrinterColumns") or []
    return [(each["name"], lambda o, path=each["jsonPath"]: _at(o, path)) for each in listed if each["name"] != "Age"]


def _at(object_: Any, path: str, default: Any = "") -> Any:
    for part in path.strip(".").split("."):
        object_ = object_.get(part) if isinstance(object_, dict) else None
    return default if object_ is None else object_


def _ready(field: str, wanted: str = "spec.replicas") -> Cell:
    return lambda o: f"{_at(o, field, 0)}/{_at(o, wanted, 0)}"


def _field(path: str, default: Any = 0) -> Cell:
    return lambda o: _at(o, path, default)


def _pod_ready(pod: Object) -> str:
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return f"{sum(bool(each.get('ready')) for each in statuses)}/{len(pod['spec']['containers'])}"


def pod_status(pod: Object) -> str:
    """The word in kubectl's STATUS column: Running, CrashLoopBackOff, Completed, Terminating, Init:0/1, …"""
    status = pod.get("status") or {}
    word = status.get("reason") or status.get("phase") or "Unknown"
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    waiting_for = [each for each in status.get("initContainerStatuses") or []
                   if (each["state"].get("terminated") or {}).get("exitCode") != 0]
    if waiting_for and "initContainerStatuses" in status:
        state = waiting_for[0]["state"]
        done = len(status["initContainerStatuses"]) - len(waiting_for)
        reason = (state.get("waiting") or state.get("terminated") or {}).get("reason")
        return f"Init:{reason}" if reason and reason != "PodInitializing" else f"Init:{done}/{len(pod['spec']['initContainers'])}"
    for each in reversed(status.get("containerStatuses") or []):
        state = each.get("state") or {}
        word = (state.get("waiting") or {}).get("reason") or (state.get("terminated") or {}).get("reason") or word
    return word


def _restarts(pod: Object) -> int:
    return sum(each.get("restartCount", 0) for each in (pod.get("status") or {}).get("containerStatuses") or [])


def _node_status(node: Object) -> str:
    ready = next((each["status"] for each in (node.get("status") or {}).get("conditions") or [] if each["type"] == "Ready"), "Unknown")
    word = {"True": "Ready", "False": "NotReady"}.get(ready, "NotReady")
    return word + (",SchedulingDisabled" if _at(node, "spec.unschedulable") else "")


def _ports(service: Object) -> str:
    listed = [f"{port['port']}{':' + str(port['nodePort']) if port.get('nodePort') else ''}/{port.get('protocol', 'TCP')}"
              for port in service["spec"].get("ports") or []]
    return ",".join(listed) or "<none>"


def _job_status(job: Object) -> str:
    for each in (job.get("status") or {}).get("conditions") or []:
        if each["type"] in ("Complete", "Failed", "Suspended") and each["status"] == "True":
            return each["type"]
    return "Running"


def _addresses(endpoints: Object) -> str:
    listed = [f"{address['ip']}:{port['port']}" for subset in endpoints.get("subsets") or []
              for address in subset.get("addresses") or [] for port in subset.get("ports") or []]
    return ",".join(listed[:3]) + (f" + {len(listed) - 3} more..." if len(listed) > 3 else "") or "<none>"


_WIDE: dict[str, list[tuple[str, Cell]]] = {  # with -o wide
    "pods": [("IP", _field("status.podIP", "<none>")), ("Node", _field("spec.nodeName", "<none>"))],
    "services": [("Selector", lambda o: as_text({"matchLabels": o["spec"].get("selector")}) or "<none>")],
    "nodes": [("Taints", lambda o: ",".join(f"{each['key']}:{each['effect']}" for each in _at(o, "spec.taints", [])) or "<none>")],
}

_COLUMNS: dict[str, list[tuple[str, Cell]]] = {
    "pods": [("Ready", _pod_ready), ("Status", pod_status), ("Restarts", _restarts)],
    "deployments.apps": [("Ready", _ready("status.readyReplicas")), ("Up-to-date", _field("status.updatedReplicas")),
                         ("Available", _field("status.availableReplicas"))],
    "replicasets.apps": [("Desired", _field("spec.replicas")), ("Current", _field("status.replicas")),
                         ("Ready", _field("status.readyReplicas"))],
    "services": [("Type", _field("spec.type")), ("Cluster-IP", _field("spec.clusterIP", "<none>")), ("External-IP", lambda o: "<none>"),
                 ("Port(s)", _ports)],
    "endpoints": [("Endpoints", _addresses)],
    "nodes": [("Status", _node_status), ("Roles", lambda o: "<none>"), ("Version", _field("status.nodeInfo.kubeletVersion", ""))],
    "namespaces": [("Status", _field("status.phase", ""))],
    "configmaps": [("Data", lambda o: len(o.get("data") or {}) + len(o.get("binaryData") or {}))],
    "secrets": [("Type", _field("type", "")), ("Data", lambda o: len(o.get("data") or {}))],
    "jobs.batch": [("Status", _job_status), ("Completions", _ready("status.succeeded", "spec.completions"))],
    "cronjobs.batch": [("Schedule", _field("spec.schedule")), ("Suspend", _field("spec.suspend")),
                       ("Active", lambda o: len(_at(o, "status.active", []))),
                       ("Last Schedule", lambda o: age(_at(o, "status.lastScheduleTime", None)))],
    "poddisruptionbudgets.policy": [("Min Available", _field("spec.minAvailable", "N/A")),
                                    ("Max Unavailable", _field("spec.maxUnavailable", "N/A")),
                                    ("Allowed Disruptions", _field("status.disruptionsAllowed"))],
    "horizontalpodautoscalers.autoscaling": [
        ("Reference", lambda o: f"{o['spec']['scaleTargetRef']['kind']}/{o['spec']['scaleTargetRef']['name']}"),
        ("MinPods", _field("spec.minReplicas")), ("MaxPods", _field("spec.maxReplicas")), ("Replicas", _field("status.currentReplicas"))],
    "networkpolicies.networking.k8s.io": [("Pod-Selector", lambda o: as_text(o["spec"].get("podSelector")) or "<none>")],
    "events": [("Last Seen", lambda o: age(o.get("lastTimestamp"))), ("Type", _field("type", "")), ("Reason", _field("reason", "")),
               ("Object", lambda o: f"{o['involvedObject'].get('kind', '').lower()}/{o['involvedObject'].get('name', '')}"),
               ("Message", _field("message", ""))],
}
