"""ResourceQuota: what a namespace has used, and the refusal of what would go beyond."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from .simulator_errors import forbidden
from .simulator_resources import Resource
from .simulator_schemas import amount, canonical
from .simulator_store import Change, Store

Object = dict[str, Any]
_QUOTAS = "resourcequotas"


def demands(resource: str, object_: Object) -> dict[str, Decimal]:
    """What one object takes of a quota: itself, and for a pod its containers' requests and limits."""
    taken: dict[str, Decimal] = defaultdict(Decimal)
    taken[f"count/{resource}"] = Decimal(1)
    if "." not in resource:
        taken[resource] = Decimal(1)
    if resource == "pods":
        if (object_.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            return {"count/pods": Decimal(1)}
        for container in object_["spec"]["containers"]:
            for kind, amounts in (container.get("resources") or {}).items():
                for name, value in amounts.items() if kind in ("requests", "limits") else ():
                    taken[f"{kind}.{name}"] += amount(value)
                    if kind == "requests" and "/" not in name:
                        taken[name] += amount(value)
    return taken


def used(store: Store, namespace: str, hard: dict[str, Any]) -> dict[str, str]:
    """What the namespace's objects take now of the amounts that a quota limits."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for resource in {name.removeprefix("count/") for name in hard if name.startswith("count/")} | {
            "pods", "services", "configmaps", "secrets", "persistentvolumeclaims", _QUOTAS}:
        for object_ in store.all(resource, namespace):
            for name, value in demands(resource, object_).items():
                total[name] += value
    return {name: canonical(total[name]) for name in hard}


def admit_quota(store: Store, resource: Resource, object_: Object) -> None:
    """Raises Refused (403) where the object would take the namespace beyond one of its quotas."""
    metadata = object_["metadata"]
    for quota in store.all(_QUOTAS, metadata["namespace"]):
        hard = (quota.get("spec") or {}).get("hard") or {}
        wanted = {name: value for name, value in demands(resource.id, object_).items() if name in hard}
        if resource.id == "pods":
            missing = sorted(name for name in hard if _of_compute(name) and name not in wanted)
            if missing:
                raise forbidden(resource.plural, resource.group, metadata["name"],
                                f"failed quota: {quota['metadata']['name']}: must specify {','.join(missing)}")
        if not wanted:
            continue
        now = used(store, metadata["namespace"], hard)
        over = sorted(name for name, value in wanted.items() if amount(now[name]) + value > amount(hard[name]))
        if over:
            def said(amounts: dict[str, Any], names: list[str] = over) -> str:
                return ",".join(f"{name}={canonical(amounts[name])}" for name in names)

            why = f"exceeded quota: {quota['metadata']['name']}, requested: {said(wanted)}, used: {said(now)}, limited: {said(hard)}"
            raise forbidden(resource.plural, resource.group, metadata["name"], why)


def _of_compute(name: str) -> bool:
    return name in ("cpu", "memory") or name.startswith(("requests.", "limits."))


def concerned(registry: Any, change: Change) -> Iterable[tuple[str, str]]:
    """The quotas of the namespace in which something came, went or ended."""
    metadata = change.object["metadata"]
    for quota in registry.store.all(_QUOTAS, metadata["namespace"]) if metadata.get("namespace") else ():
        yield metadata["namespace"], quota["metadata"]["name"]


def reconcile(registry: Any, namespace: str, name: str) -> None:
    """Writes what is used into the quota's status."""
    quota = registry.store.peek(_QUOTAS, namespace, name)
    if quota is not None:
        hard = (quota.get("spec") or {}).get("hard") or {}
        status = {"hard": hard, "used": used(registry.store, namespace, hard)}
        registry.edit(_QUOTAS, namespace, name, lambda each: each.update(status=status))
