"""The disruption controller: how many of a budget's pods are healthy, and how many of them may go."""

from collections.abc import Iterable
from math import ceil
from typing import Any

from .simulator_deletion import BUDGETS, is_ready
from .simulator_owned import Key, controller_of, key_of
from .simulator_registry import Registry
from .simulator_selectors import by_selector
from .simulator_store import Change
from .simulator_subresources import set_condition

Object = dict[str, Any]
_SCALED = {"ReplicaSet": "replicasets.apps", "Deployment": "deployments.apps", "StatefulSet": "statefulsets.apps"}


def concerned(registry: Registry, change: Change) -> Iterable[Key]:
    if change.resource == BUDGETS:
        yield key_of(change.object)
    elif change.resource in ("pods", "deployments.apps", "replicasets.apps"):
        for budget in registry.store.all(BUDGETS, change.object["metadata"]["namespace"]):
            selector = (budget.get("spec") or {}).get("selector")
            if change.resource != "pods" or any(by_selector(selector, each["metadata"].get("labels"))
                                                for each in (change.object, change.before) if each):
                yield key_of(budget)


def reconcile(registry: Registry, namespace: str, name: str) -> None:
    """Writes the budget's status."""
    with registry.store.lock:  # an eviction takes from the same numbers
        budget = registry.store.peek(BUDGETS, namespace, name)
        if budget is None:
            return
        spec = budget.get("spec") or {}
        pods = [pod for pod in registry.store.all("pods", namespace) if by_selector(spec.get("selector"), pod["metadata"].get("labels"))]
        try:
            expected, desired = _wanted(registry, spec, pods)
        except LookupError as error:
            why = str(error)
            registry.edit(BUDGETS, namespace, name, lambda each: _fail(each, why))
            return
        disrupted = (budget.get("status") or {}).get("disruptedPods") or {}
        present = {pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}
        disrupted = {pod: when for pod, when in disrupted.items() if pod in present}
        healthy = sum(is_ready(pod) and pod["metadata"]["name"] in present - disrupted.keys() for pod in pods)
        allowed = max(healthy - desired, 0) if expected else 0

        def write(changed: Object) -> None:
            generation = changed["metadata"].get("generation", 1)
            status = changed.setdefault("status", {})
            status.update(currentHealthy=healthy, desiredHealthy=desired, expectedPods=expected, disruptionsAllowed=allowed,
                          observedGeneration=generation)
            status.pop("disruptedPods", None)
            if disrupted:
                status["disruptedPods"] = disrupted
            set_condition(status, {"type": "DisruptionAllowed", "status": str(allowed > 0), "message": "",
                                   "reason": "SufficientPods" if allowed else "InsufficientPods", "observedGeneration": generation})

        registry.edit(BUDGETS, namespace, name, write)


def _wanted(registry: Registry, spec: Object, pods: list[Object]) -> tuple[int, int]:
    """How many pods there should be, and how many must be healthy. Raises LookupError where that cannot be known."""
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if most is not None:
        expected = _scale(registry, pods)
        return expected, max(expected - _share(most, expected), 0)
    if isinstance(least, str):
        expected = _scale(registry, pods)
        return expected, _share(least, expected)
    return len(pods), 1 if least is None else least


def _share(value: int | str, whole: int) -> int:
    return ceil(int(value.rstrip("%")) * whole / 100) if isinstance(value, str) else value


def _scale(registry: Registry, pods: list[Object]) -> int:
    scales = {}
    for pod in pods:
        owner, current = controller_of(pod), pod
        if owner is None:
            raise LookupError(f'found no controller ref for pod "{pod["metadata"]["name"]}"')
        while owner and owner["kind"] in _SCALED:
            found = registry.store.peek(_SCALED[owner["kind"]], pod["metadata"]["namespace"], owner["name"])
            if found is None:
                break
            current, owner = found, controller_of(found)
        if current is pod:
            assert owner is not None
            raise LookupError(f"{owner['kind'].lower()}s does not implement the scale subresource")
        scales[current["metadata"]["uid"]] = current["spec"].get("replicas", 1)
    return sum(scales.values())


def _fail(budget: Object, why: str) -> None:
    status = budget.setdefault("status", {})
    status.update(disruptionsAllowed=0, observedGeneration=budget["metadata"].get("generation", 1))
    for field in ("currentHealthy", "desiredHealthy", "expectedPods"):
        status.setdefault(field, 0)
    set_condition(status, {"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": why,
                           "observedGeneration": budget["metadata"].get("generation", 1)})
