"""What controllers have in common: owners, the pods of a template, readiness, and the events that they write."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .simulator_errors import Refused
from .simulator_registry import Registry, now
from .simulator_selectors import by_selector
from .simulator_store import Change, copied

Object = dict[str, Any]
Key = tuple[str, str]


def key_of(object_: Object) -> Key:
    return object_["metadata"].get("namespace", ""), object_["metadata"]["name"]


def controller_of(object_: Object) -> Object | None:
    """The owner reference of the controller, or None."""
    return next((each for each in object_["metadata"].get("ownerReferences") or [] if each.get("controller")), None)


def reference_to(owner: Object) -> Object:
    """The owner reference that a controller writes into what it makes."""
    return {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
            "controller": True, "blockOwnerDeletion": True}


def concerned_owner(change: Change, resource: str, kind: str, children: str) -> Iterable[Key]:
    """The key of the owner, when it changed itself or one of its children did."""
    if change.resource == resource:
        yield key_of(change.object)
    elif change.resource == children:
        for state in (change.object, change.before or {"metadata": {}}):
            owner = controller_of(state)
            if owner and owner["kind"] == kind:
                yield change.object["metadata"].get("namespace", ""), owner["name"]


def claimed(registry: Registry, owner: Object, children: str) -> list[Object]:
    """The owner's children; those without an owner that its selector matches are adopted, those that it no longer matches let go."""
    selector, uid, namespace = owner["spec"]["selector"], owner["metadata"]["uid"], owner["metadata"]["namespace"]
    mine = []
    for child in registry.store.all(children, namespace):
        reference, metadata = controller_of(child), child["metadata"]
        matches = by_selector(selector, metadata.get("labels"))
        if reference is None and matches and "deletionTimestamp" not in metadata and "deletionTimestamp" not in owner["metadata"]:
            registry.edit(children, namespace, metadata["name"],
                          lambda each: each["metadata"].setdefault("ownerReferences", []).append(reference_to(owner)))
            mine.append(registry.store.peek(children, namespace, metadata["name"]) or child)
        elif reference and reference["uid"] == uid and matches:
            mine.append(child)
        elif reference and reference["uid"] == uid and "deletionTimestamp" not in metadata:
            registry.edit(children, namespace, metadata["name"], lambda each: _let_go(each, uid))
    return mine


def _let_go(child: Object, uid: str) -> None:
    left = [each for each in child["metadata"].get("ownerReferences") or [] if each["uid"] != uid]
    child["metadata"]["ownerReferences"] = left
    if not left:
        del child["metadata"]["ownerReferences"]


def is_active(pod: Object) -> bool:
    """Whether a pod is neither finished nor on its way out."""
    return pod["status"].get("phase") not in ("Succeeded", "Failed") and "deletionTimestamp" not in pod["metadata"]


def seconds_to_available(pod: Object, least: int) -> float | None:
    """0 for a pod that has been ready for `least` seconds, the seconds that it still lacks, or None where it is not ready."""
    ready = next((each for each in pod["status"].get("conditions") or [] if each["type"] == "Ready" and each["status"] == "True"), None)
    if ready is None:
        return None
    if not least:
        return 0.0
    since = datetime.fromisoformat(ready.get("lastTransitionTime") or now())
    return max(least - (datetime.now(UTC) - since).total_seconds(), 0.0)


def start_pod(registry: Registry, owner: Object, template: Object, **more: Any) -> Object | None:
    """Makes a pod of a template and says so in an event; None, with a FailedCreate event, where the API refuses it."""
    metadata = copied(template.get("metadata") or {})
    metadata = {key: metadata[key] for key in ("labels", "annotations", "finalizers") if metadata.get(key)}
    metadata.setdefault("labels", {}).update(more.get("labels") or {})
    metadata.setdefault("annotations", {}).update(more.get("annotations") or {})
    metadata["generateName"] = owner["metadata"]["name"] + more.get("suffix", "-")
    metadata["ownerReferences"] = [reference_to(owner)]
    pod = {"metadata": {key: value for key, value in metadata.items() if value}, "spec": more.get("spec") or copied(template["spec"])}
    component = f"{owner['kind'].lower()}-controller"
    try:
        made = registry.create(registry.find("pods"), owner["metadata"]["namespace"], pod)
    except Refused as refused:
        record(registry, owner, "Warning", "FailedCreate", f"Error creating: {refused.message}", component)
        return None
    record(registry, owner, "Normal", "SuccessfulCreate", f"Created pod: {made['metadata']['name']}", component)
    return made


def record(registry: Registry, about: Object, kind: str, reason: str, message: str, component: str) -> None:
    """Writes an event; one that was written before is counted up instead."""
    metadata = about["metadata"]
    namespace = metadata.get("namespace") or "default"
    text = "|".join((metadata.get("uid", ""), kind, reason, message))
    name = f"{metadata['name'][:220]}.{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def again(event: Object) -> None:
        event["count"] = event.get("count", 1) + 1
        event["lastTimestamp"] = now()

    if registry.edit("events", namespace, name, again) is not None:
        return
    event = {
        "metadata": {"name": name}, "type": kind, "reason": reason, "message": message, "count": 1, "firstTimestamp": now(),
        "lastTimestamp": now(), "source": {"component": component}, "reportingComponent": component, "reportingInstance": "",
        "involvedObject": {key: value for key, value in {
            "kind": about["kind"], "apiVersion": about["apiVersion"], "name": metadata["name"], "namespace": metadata.get("namespace"),
            "uid": metadata.get("uid"), "resourceVersion": metadata.get("resourceVersion")}.items() if value}}
    try:
        registry.create(registry.find("events"), namespace, event)
    except Refused:
        return  # the namespace is on its way out
