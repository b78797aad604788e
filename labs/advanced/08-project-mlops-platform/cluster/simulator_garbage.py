"""The garbage collector and the end of namespaces: what goes with its owner, and what goes before it."""

from collections.abc import Iterable
from typing import Any

from .simulator_deletion import delete
from .simulator_errors import Refused
from .simulator_owned import Key
from .simulator_registry import DEFINITIONS, Registry
from .simulator_resources import Resource
from .simulator_store import Change

Object = dict[str, Any]
_Place = tuple[str, str, str]  # resource, namespace, name


class Garbage:
    """The collector, with its index of owners and dependents. Its keys are uids, in the place of a name."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._alive: dict[str, _Place] = {}
        self._dependents: dict[str, set[_Place]] = {}

    def concerned(self, change: Change) -> Iterable[Key]:
        metadata = change.object["metadata"]
        place = (change.resource, metadata.get("namespace", ""), metadata["name"])
        owners = {each["uid"] for each in metadata.get("ownerReferences") or []}
        before = {each["uid"] for each in ((change.before or {}).get("metadata") or {}).get("ownerReferences") or []}
        for uid in before - owners if change.kind != "DELETED" else before | owners:
            self._dependents.get(uid, set()).discard(place)
        if change.kind == "DELETED":
            self._alive.pop(metadata["uid"], None)
            yield "", metadata["uid"]
        else:
            self._alive[metadata["uid"]] = place
            for uid in owners:
                self._dependents.setdefault(uid, set()).add(place)
            if "deletionTimestamp" in metadata:
                yield "", metadata["uid"]
        for uid in owners:
            if uid not in self._alive or change.kind == "DELETED":
                yield "", uid

    def reconcile(self, _: str, uid: str) -> None:
        """Deletes or frees the dependents of an owner that is gone or going."""
        with self.registry.store.lock:
            place = self._alive.get(uid)
            dependents = sorted(self._dependents.get(uid, set()))
            owner = self.registry.store.peek(*place) if place else None
        if owner is None:
            for each in dependents:
                self._drop(each, uid)
            self._dependents.pop(uid, None) if not dependents else None
            return
        finalizers = owner["metadata"].get("finalizers") or []
        assert place is not None
        if "deletionTimestamp" not in owner["metadata"]:
            return
        if "orphan" in finalizers:
            for each in dependents:
                self.registry.edit(*each, lambda one: _free(one, uid))
            self.registry.edit(*place, lambda one: _finish(one, "orphan"))
        elif "foregroundDeletion" in finalizers:
            blocking = [each for each in dependents if self._blocks(each, uid)]
            for each in dependents:
                self._delete(each, "Foreground")
            if not [each for each in blocking if self.registry.store.peek(*each)]:
                self.registry.edit(*place, lambda one: _finish(one, "foregroundDeletion"))

    def _blocks(self, place: _Place, uid: str) -> bool:
        object_ = self.registry.store.peek(*place)
        references = (object_ or {"metadata": {}})["metadata"].get("ownerReferences") or []
        return any(each["uid"] == uid and each.get("blockOwnerDeletion") for each in references)

    def _drop(self, place: _Place, uid: str) -> None:
        object_ = self.registry.store.peek(*place)
        references = (object_ or {"metadata": {}})["metadata"].get("ownerReferences") or []
        if any(each["uid"] != uid and each["uid"] in self._alive for each in references):
            self.registry.edit(*place, lambda one: _free(one, uid))
        elif object_ is not None:
            self._delete(place, "Background")

    def _delete(self, place: _Place, policy: str) -> None:
        resource, namespace, name = place
        object_ = self.registry.store.peek(*place)
        if object_ is None or "deletionTimestamp" in object_["metadata"]:
            return
        try:
            delete(self.registry, self.registry.find(resource), namespace, name, {"propagationPolicy": policy})
        except Refused as refused:
            if refused.code != 404:
                raise


def _free(object_: Object, uid: str) -> None:
    left = [each for each in object_["metadata"].get("ownerReferences") or [] if each["uid"] != uid]
    object_["metadata"].pop("ownerReferences", None)
    if left:
        object_["metadata"]["ownerReferences"] = left


def _finish(object_: Object, finalizer: str) -> None:
    left = [each for each in object_["metadata"].get("finalizers") or [] if each != finalizer]
    object_["metadata"].pop("finalizers", None)
    if left:
        object_["metadata"]["finalizers"] = left


def concerned_namespace(change: Change) -> Iterable[Key]:
    if change.resource == "namespaces":
        yield "", change.object["metadata"]["name"]
    elif change.kind == "DELETED" and change.object["metadata"].get("namespace"):
        yield "", change.object["metadata"]["namespace"]


def reconcile_namespace(registry: Registry, _: str, name: str) -> None:
    """Gives a namespace its service account; empties one that is being deleted, and then lets it go."""
    namespace = registry.store.peek("namespaces", "", name)
    if namespace is None:
        return
    if "deletionTimestamp" not in namespace["metadata"]:
        if registry.store.peek("serviceaccounts", name, "default") is None:
            registry.create(registry.find("serviceaccounts"), name, {"metadata": {"name": "default"}})
        return
    _empty(registry, [each for each in registry.resources() if each.namespaced], name)
    if not any(registry.store.all(each.id, name) for each in registry.resources() if each.namespaced):
        registry.edit("namespaces", "", name, lambda each: each["spec"].pop("finalizers", None))


def _empty(registry: Registry, resources: list[Resource], namespace: str) -> None:
    for resource in resources:
        for object_ in registry.store.all(resource.id, namespace):
            if "deletionTimestamp" not in object_["metadata"]:
                metadata = object_["metadata"]
                try:
                    delete(registry, resource, metadata.get("namespace", ""), metadata["name"], {"propagationPolicy": "Background"})
                except Refused:
                    continue  # gone already


def concerned_definition(change: Change) -> Iterable[Key]:
    if change.resource == DEFINITIONS:
        yield "", change.object["metadata"]["name"]
    elif change.kind == "DELETED":
        yield "", change.resource  # the definition may be waiting for its last object


def reconcile_definition(registry: Registry, _: str, name: str) -> None:
    """Takes a deleted definition's objects with it; they go while it is still served, held by a finalizer."""
    definition = registry.store.peek(DEFINITIONS, "", name)
    finalizer = "customresourcecleanup.apiextensions.k8s.io"
    if definition is None:
        return
    if "deletionTimestamp" not in definition["metadata"]:
        if finalizer not in (definition["metadata"].get("finalizers") or []):
            registry.edit(DEFINITIONS, "", name, lambda each: each["metadata"].setdefault("finalizers", []).append(finalizer))
        return
    resource = registry.find(name)
    _empty(registry, [resource], "")
    if not registry.store.all(resource.id):
        registry.edit(DEFINITIONS, "", name, lambda each: _finish(each, finalizer))
