"""Deleting: grace periods, finalizers, what becomes of dependents; and eviction, which asks the disruption budgets first."""

from datetime import UTC, datetime, timedelta
from typing import Any

from . import simulator_errors as errors
from .simulator_errors import Refused
from .simulator_registry import Registry, now
from .simulator_resources import Resource
from .simulator_selectors import by_selector
from .simulator_store import copied

Object = dict[str, Any]
BUDGETS = "poddisruptionbudgets.policy"
_FINALIZERS = {"Orphan": "orphan", "Foreground": "foregroundDeletion"}


def delete(registry: Registry, resource: Resource, namespace: str, name: str, options: Object | None = None,
           dry_run: bool = False) -> tuple[Object, bool]:
    """The object as it was left, and whether it is gone already. Raises Refused: 404, 409 (preconditions) or 422."""
    options = options or {}
    with registry.store.lock:
        object_ = registry.get(resource, namespace, name)
        metadata = object_["metadata"]
        _check_preconditions(resource, metadata, options.get("preconditions") or {})
        policy = options.get("propagationPolicy") or ("Orphan" if options.get("orphanDependents") else None)
        policy = policy or ("Orphan" if resource.id == "jobs.batch" else "Background")  # a job's pods stay: so it is in batch/v1
        if policy not in ("Orphan", "Foreground", "Background"):
            problems = errors.Problems()
            problems.unsupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"])
            problems.refuse("DeleteOptions", "meta.k8s.io", "")
        finalizers = [each for each in metadata.get("finalizers") or [] if each not in _FINALIZERS.values()]
        if policy in _FINALIZERS:
            finalizers.append(_FINALIZERS[policy])
        grace = _grace(resource, object_, options.get("gracePeriodSeconds"))
        if dry_run:
            return object_, True
        if "deletionTimestamp" in metadata and grace >= metadata.get("deletionGracePeriodSeconds", 0) > 0:
            return object_, False
        waits = finalizers or grace or resource.id == "namespaces"
        if not waits:
            if resource.id == "pods":
                metadata.update(deletionTimestamp=now(), deletionGracePeriodSeconds=0)
                registry.store.put(resource.id, object_)
            return copied(registry.store.remove(resource.id, namespace, name)), True
        if "deletionTimestamp" in metadata and not grace and not metadata.get("deletionGracePeriodSeconds"):
            return object_, False
        if finalizers:
            metadata["finalizers"] = finalizers
        due = datetime.now(UTC) + timedelta(seconds=grace)
        metadata["deletionTimestamp"] = due.strftime("%Y-%m-%dT%H:%M:%SZ")
        if resource.id != "namespaces":
            metadata["deletionGracePeriodSeconds"] = grace
        if resource.generation:
            metadata["generation"] = metadata.get("generation", 0) + 1
        if resource.id == "namespaces":
            object_["status"]["phase"] = "Terminating"
        return copied(registry.store.put(resource.id, object_)), False


def _grace(resource: Resource, object_: Object, asked: int | None) -> int:
    if resource.id != "pods":
        return 0
    if not object_["spec"].get("nodeName") or object_["status"].get("phase") in ("Succeeded", "Failed"):
        return 0  # nobody runs it
    seconds = object_["spec"].get("terminationGracePeriodSeconds", 30) if asked is None else asked
    return max(int(seconds), 1 if int(seconds) < 0 else 0)


def _check_preconditions(resource: Resource, metadata: Object, wanted: Object) -> None:
    for key, field, word in (("uid", "uid", "UID"), ("resourceVersion", "resourceVersion", "ResourceVersion")):
        if wanted.get(key) and wanted[key] != metadata[field]:
            raise errors.conflict(resource.plural, resource.group, metadata["name"], f"Precondition failed: {word} in precondition: "
                                  f"{wanted[key]}, {word} in object meta: {metadata[field]}")


def evict(registry: Registry, namespace: str, name: str, eviction: Object, dry_run: bool = False) -> Object:
    """Deletes a pod where its budget allows it; a Status. Raises Refused: 429 where it does not, 404, 500 for two budgets."""
    pods = registry.find("pods")
    named = (eviction.get("metadata") or {}).get("name", name)
    if named != name:
        raise errors.bad_request(f"name in URL does not match name in Eviction object: {name}, {named}")
    with registry.store.lock:
        pod = registry.get(pods, namespace, name)
        done = pod["status"].get("phase") in ("Succeeded", "Failed", "Pending") or "deletionTimestamp" in pod["metadata"]
        budgets = [] if done else budgets_of(registry, pod)
        if len(budgets) > 1:
            raise Refused(500, "InternalError", "This pod has more than one PodDisruptionBudget, which the eviction subresource does "
                          "not support.")
        for budget in budgets:
            _charge(registry, budget, pod, dry_run)
        delete(registry, pods, namespace, name, eviction.get("deleteOptions"), dry_run)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def budgets_of(registry: Registry, pod: Object) -> list[Object]:
    """The disruption budgets that select a pod."""
    metadata = pod["metadata"]
    return [budget for budget in registry.store.all(BUDGETS, metadata["namespace"])
            if by_selector((budget.get("spec") or {}).get("selector"), metadata.get("labels"))]


def is_ready(pod: Object) -> bool:
    """Whether the pod's condition Ready is true."""
    return any(each["type"] == "Ready" and each["status"] == "True" for each in (pod.get("status") or {}).get("conditions") or [])


def _charge(registry: Registry, budget: Object, pod: Object, dry_run: bool) -> None:
    status, metadata = budget.get("status") or {}, budget["metadata"]
    healthy, wanted = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    always = (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow"
    if not is_ready(pod) and (always or healthy >= wanted > 0):
        return  # it does not count as healthy, so nothing is lost
    why, after = "", 0
    if status.get("observedGeneration", 0) < metadata.get("generation", 0):
        why, after = f"The disruption budget {metadata['name']} is still being processed by the server.", 10
    elif status.get("disruptionsAllowed", 0) < 1:
        why = f"The disruption budget {metadata['name']} needs {wanted} healthy pods and has {healthy} currently"
    if why:
        raise Refused(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
                      causes=[{"reason": "DisruptionBudget", "message": why}], retryAfterSeconds=after)

    def take(changed: Object) -> None:
        changed["status"]["disruptionsAllowed"] -= 1
        changed["status"].setdefault("disruptedPods", {})[pod["metadata"]["name"]] = now()

    if not dry_run:
        registry.edit(BUDGETS, metadata["namespace"], metadata["name"], take)
