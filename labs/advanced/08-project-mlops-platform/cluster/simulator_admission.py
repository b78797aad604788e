"""What happens to an object between its validation and its storing: namespace, service address, priority, tolerations, taints, quota."""

from typing import Any

from . import simulator_errors as errors
from .simulator_quota import admit_quota
from .simulator_resources import Resource
from .simulator_store import Store

Object = dict[str, Any]
_UNTIL_EVICTED = 300  # seconds, as the DefaultTolerationSeconds plugin has it


def admit(store: Store, resource: Resource, object_: Object, before: Object | None = None) -> None:
    """Completes the object in place. Raises Refused: 404 for an unknown namespace, 403 for what may not be."""
    if before is None:
        if resource.namespaced:
            _admit_namespace(store, resource, object_)
        if resource.id == "pods":
            _admit_pod(store, object_)
        elif resource.id == "nodes":
            _admit_node(object_)
        elif resource.id == "jobs.batch":
            _admit_job(object_)
    if resource.id == "services":
        _admit_service(store, object_, before)
    if resource.namespaced and before is None:
        admit_quota(store, resource, object_)


def _admit_namespace(store: Store, resource: Resource, object_: Object) -> None:
    name = object_["metadata"]["namespace"]
    namespace = store.peek("namespaces", "", name)
    if namespace is None:
        raise errors.not_found("namespaces", "", name)
    if namespace["metadata"].get("deletionTimestamp"):
        why = f"unable to create new content in namespace {name} because it is being terminated"
        cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated", "field": "metadata.namespace"}
        raise errors.forbidden(resource.plural, resource.group, object_["metadata"]["name"], why, [cause])


def _admit_pod(store: Store, pod: Object) -> None:
    spec = pod["spec"]
    wanted = spec.get("priorityClassName")
    if wanted:
        found = store.peek("priorityclasses.scheduling.k8s.io", "", wanted)
        if found is None:
            raise errors.forbidden("pods", "", pod["metadata"]["name"], f"no PriorityClass with name {wanted} was found")
        spec["priority"] = found.get("value", 0)
        spec["preemptionPolicy"] = found.get("preemptionPolicy", "PreemptLowerPriority")
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(each.get("key", key) == key and each.get("effect", "NoExecute") == "NoExecute" for each in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _UNTIL_EVICTED})
    pod["status"]["qosClass"] = _quality(spec)


def _quality(spec: Object) -> str:
    containers = [*(spec.get("initContainers") or []), *spec["containers"]]
    amounts = [each.get("resources") or {} for each in containers]
    if not any(each.get("requests") or each.get("limits") for each in amounts):
        return "BestEffort"
    fixed = all({"cpu", "memory"} <= (each.get("limits") or {}).keys() and each["limits"] == (each.get("requests") or each["limits"])
                for each in amounts)
    return "Guaranteed" if fixed else "Burstable"


def _admit_node(node: Object) -> None:
    taints = node.setdefault("spec", {}).setdefault("taints", [])
    if not any(each["key"] == "node.kubernetes.io/not-ready" for each in taints):
        taints.append({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"})


def _admit_job(job: Object) -> None:
    if job["spec"].get("manualSelector"):
        return
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    labels = job["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {})
    for prefix in ("", "batch.kubernetes.io/"):
        labels.update({f"{prefix}controller-uid": uid, f"{prefix}job-name": name})
    job["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}


def _admit_service(store: Store, service: Object, before: Object | None) -> None:
    spec = service["spec"]
    if spec["type"] == "ExternalName":
        return
    old = (before or {}).get("spec") or {}
    if not spec.get("clusterIP"):
        taken = {each["spec"].get("clusterIP") for each in store.all("services")}
        spec["clusterIP"] = old.get("clusterIP") or next(
            address for number in range(1, 2**16) if (address := f"10.96.{number // 256}.{number % 256}") not in taken)
    elif old.get("clusterIP", spec["clusterIP"]) != spec["clusterIP"]:
        problems = errors.Problems()
        problems.invalid("spec.clusterIPs[0]", [spec["clusterIP"]], "may not change once set")
        problems.refuse("Service", "", service["metadata"]["name"])
    spec["clusterIPs"] = [spec["clusterIP"]]
    if spec["type"] in ("NodePort", "LoadBalancer"):
        taken = {port.get("nodePort") for each in store.all("services") for port in each["spec"].get("ports") or []}
        known = {port["port"]: port.get("nodePort") for port in old.get("ports") or []}
        for port in spec.get("ports") or []:
            if not port.get("nodePort"):
                port["nodePort"] = known.get(port["port"]) or next(number for number in range(30000, 32768) if number not in taken)
                taken.add(port["nodePort"])
