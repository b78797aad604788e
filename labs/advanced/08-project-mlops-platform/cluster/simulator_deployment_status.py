"""A deployment's status: its numbers, and the conditions Available, Progressing and ReplicaFailure in the controller's own words."""

from datetime import UTC, datetime
from math import ceil, floor
from typing import Any

from .simulator_registry import Registry, now
from .simulator_store import copied

Object = dict[str, Any]
DEPLOYMENTS = "deployments.apps"


def bounds(deployment: Object) -> tuple[int, int]:
    """maxSurge and maxUnavailable in pods: surge is rounded up, unavailable down, and never are both zero."""
    wanted, strategy = deployment["spec"]["replicas"], deployment["spec"]["strategy"]
    if strategy["type"] == "Recreate":
        return 0, 0
    rolling = strategy.get("rollingUpdate") or {}

    def pods(value: Any, rounded: Any) -> int:
        return rounded(wanted * int(value.rstrip("%")) / 100) if isinstance(value, str) else int(value)

    surge, unavailable = pods(rolling.get("maxSurge", "25%"), ceil), pods(rolling.get("maxUnavailable", "25%"), floor)
    if not surge and not unavailable:
        unavailable = 1
    return surge, min(unavailable, wanted)


def condition(deployment: Object, kind: str) -> Object | None:
    listed = (deployment.get("status") or {}).get("conditions") or []
    return next((each for each in listed if each["type"] == kind), None)


def is_complete(deployment: Object) -> bool:
    """Whether every replica is of the newest template and available."""
    status, wanted = deployment.get("status") or {}, deployment["spec"]["replicas"]
    return all(status.get(field, 0) == wanted for field in ("replicas", "updatedReplicas", "availableReplicas"))


def put_condition(status: Object, kind: str, value: str, reason: str, message: str, renew: bool = False) -> None:
    """Puts the condition into the status; one with the same status and reason stays as it is, unless it is to be renewed."""
    listed = status.setdefault("conditions", [])
    old = next((each for each in listed if each["type"] == kind), None)
    if old and old["status"] == value and old["reason"] == reason and not renew:
        return
    since = old["lastTransitionTime"] if old and old["status"] == value else now()
    fresh = {"type": kind, "status": value, "reason": reason, "message": message, "lastUpdateTime": now(), "lastTransitionTime": since}
    status["conditions"] = [each for each in listed if each["type"] != kind] + [fresh]


def set_progress(registry: Registry, deployment: Object, value: str, reason: str, message: str, only_first: bool = False) -> None:
    """Writes the condition Progressing."""
    if "progressDeadlineSeconds" not in deployment["spec"]:
        return

    def write(changed: Object) -> None:
        if not (only_first and condition(changed, "Progressing")):
            put_condition(changed.setdefault("status", {}), "Progressing", value, reason, message)

    registry.edit(DEPLOYMENTS, deployment["metadata"]["namespace"], deployment["metadata"]["name"], write)


def sync_status(registry: Registry, deployment: Object, sets: list[Object], new: Object | None, paused: bool = False) -> float | None:
    """Writes the status; None once the deployment is complete or has no deadline, else the seconds until its deadline."""
    metadata = deployment["metadata"]
    before = copied(deployment.get("status") or {})
    status = _counted(deployment, sets, new)
    status["conditions"] = copied(before.get("conditions") or [])
    _judge_availability(deployment, status)
    again = None
    if not paused:
        again = _judge_progress(deployment, before, status, new)
    failure = next((each for one in ([new] if new else sets) for each in (one.get("status") or {}).get("conditions") or []
                    if each["type"] == "ReplicaFailure" and each["status"] == "True"), None)
    if failure:
        put_condition(status, "ReplicaFailure", "True", failure["reason"], failure.get("message", ""))
    else:
        status["conditions"] = [each for each in status["conditions"] if each["type"] != "ReplicaFailure"]
    shown = {key: value for key, value in status.items() if value or key == "observedGeneration"}
    registry.edit(DEPLOYMENTS, metadata["namespace"], metadata["name"], lambda each: each.update(status=shown))
    return again


def _counted(deployment: Object, sets: list[Object], new: Object | None) -> Object:
    def total(field: str) -> int:
        return sum((each.get("status") or {}).get(field, 0) for each in sets)

    available = total("availableReplicas")
    return {"observedGeneration": deployment["metadata"].get("generation", 1), "replicas": total("replicas"),
            "updatedReplicas": ((new or {}).get("status") or {}).get("replicas", 0), "readyReplicas": total("readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": max(sum(each["spec"]["replicas"] for each in sets) - available, 0)}


def _judge_availability(deployment: Object, status: Object) -> None:
    if status["availableReplicas"] >= deployment["spec"]["replicas"] - bounds(deployment)[1]:
        put_condition(status, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        put_condition(status, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def _judge_progress(deployment: Object, before: Object, status: Object, new: Object | None) -> float | None:
    limit = deployment["spec"].get("progressDeadlineSeconds")
    if limit is None or limit == 2**31 - 1:
        status["conditions"] = [each for each in status["conditions"] if each["type"] != "Progressing"]
        return None
    name = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    current = condition(deployment, "Progressing")
    complete = is_complete({**deployment, "status": status})
    if current and current["reason"] == "NewReplicaSetAvailable" and status["replicas"] == status["updatedReplicas"]:
        return None
    if complete:
        put_condition(status, "Progressing", "True", "NewReplicaSetAvailable", f"{name} has successfully progressed.")
        return None
    if _progressed(before, status):
        put_condition(status, "Progressing", "True", "ReplicaSetUpdated", f"{name} is progressing.", renew=True)
        current = next(each for each in status["conditions"] if each["type"] == "Progressing")
    if current is None or current["reason"] in ("NewReplicaSetAvailable", "ProgressDeadlineExceeded"):
        return None
    passed = (datetime.now(UTC) - datetime.fromisoformat(current["lastUpdateTime"])).total_seconds()
    if passed > limit:
        put_condition(status, "Progressing", "False", "ProgressDeadlineExceeded", f"{name} has timed out progressing.")
        return None
    return limit - passed + 0.05


def _progressed(before: Object, after: Object) -> bool:
    def old(status: Object) -> int:
        return status.get("replicas", 0) - status.get("updatedReplicas", 0)

    return (after["updatedReplicas"] > before.get("updatedReplicas", 0) or old(after) < old(before)
            or any(after[field] > before.get(field, 0) for field in ("readyReplicas", "availableReplicas")))
