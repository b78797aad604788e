"""The server's heart: what creating, changing and deleting an object does. The HTTP side and the controllers both come here."""

import random
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from . import simulator_errors as errors
from .simulator_admission import admit
from .simulator_custom import check, established, pruned, resources_of, with_defaults
from .simulator_defaults import defaulted
from .simulator_errors import Problems, Refused
from .simulator_patch import patched
from .simulator_resources import Resource, built_in
from .simulator_rules import problems_of
from .simulator_schemas import decoded, of_kind
from .simulator_store import Store, copied

Object = dict[str, Any]
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_SYSTEM = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields")
_warned = threading.local()


def now() -> str:
    """The time as the API writes it, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def warnings() -> list[str]:
    """This thread's warnings of unknown fields, since they were last cleared."""
    if not hasattr(_warned, "messages"):
        _warned.messages = []
    return _warned.messages


class Registry:
    """The objects with the API's rules around them. Every method takes a Resource; `find` gives it by its id."""

    def __init__(self) -> None:
        self.store = Store()
        self._built_in = built_in()
        self._by_id = {resource.id: resource for resource in self._built_in}
        self._random = random.Random()

    def resources(self) -> list[Resource]:
        """What is served now: the built-in resources, and those of the definitions."""
        made = [each for definition in self.store.all(DEFINITIONS) for each in resources_of(definition)]
        return self._built_in + made

    def find(self, id_: str) -> Resource:
        """The resource of "deployments.apps"; Refused (404) where nobody serves it."""
        if id_ in self._by_id:
            return self._by_id[id_]
        for resource in self.resources():
            if resource.id == id_:
                return resource
        raise errors.no_such_resource()

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """A copy of the object. Raises Refused (404)."""
        found = self.store.peek(resource.id, namespace, name)
        if found is None:
            raise errors.not_found(resource.plural, resource.group, name)
        return self.shown(resource, copied(found))

    @staticmethod
    def shown(resource: Resource, object_: Object) -> Object:
        """The object in the version in which it was asked for."""
        if resource.crd:
            object_["apiVersion"] = resource.api_version
        return object_

    # Writing

    def create(self, resource: Resource, namespace: str, given: Any, strict: str = "Ignore", dry_run: bool = False) -> Object:
        """Creates; the object as it stands afterwards. Raises Refused: 400, 403, 404 (namespace), 409 or 422."""
        object_ = self._read(resource, given, strict)
        metadata = object_.setdefault("metadata", {})
        self._place(resource, namespace, metadata)
        if metadata.get("resourceVersion"):
            raise Refused(500, "", "resourceVersion should not be set on objects to be created")
        for key in _SYSTEM:
            metadata.pop(key, None)
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"][:58] + "".join(self._random.choices(_SAFE, k=5))
        metadata.update(uid=str(uuid.uuid4()), creationTimestamp=now())
        if resource.generation:
            metadata["generation"] = 1
        if "status" in resource.subresources and resource.id != "nodes":
            object_.pop("status", None)
        with self.store.lock:
            self._fill(resource, object_)
            problems = self._problems(resource, object_)
            if metadata.get("name") and self.store.peek(resource.id, metadata.get("namespace", ""), metadata["name"]):
                raise errors.already_exists(resource.plural, resource.group, metadata["name"])
            problems.refuse(resource.kind, resource.group, metadata.get("name", ""))
            admit(self.store, resource, object_)
            if resource.id == DEFINITIONS:
                established(object_, now())
            return copied(object_) if dry_run else copied(self.store.put(resource.id, object_))

    def update(self, resource: Resource, namespace: str, name: str, given: Any, subresource: str = "", strict: str = "Ignore",
               dry_run: bool = False) -> Object:
        """Replaces the object, or its status alone. Raises Refused: 400, 404, 409 (an old resourceVersion) or 422."""
        object_ = self._read(resource, given, strict)
        metadata = object_.setdefault("metadata", {})
        self._place(resource, namespace, metadata)
        if metadata.setdefault("name", name) != name:
            raise errors.bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")
        with self.store.lock:
            before = self.get(resource, namespace, name)
            version = metadata.get("resourceVersion")
            if not version and resource.crd and not subresource:
                problems = Problems()
                problems.invalid("metadata.resourceVersion", 0, "must be specified for an update")
                problems.refuse(resource.kind, resource.group, name)
            if version and version != before["metadata"]["resourceVersion"]:
                raise errors.conflict(resource.plural, resource.group, name)
            if metadata.get("uid", before["metadata"]["uid"]) != before["metadata"]["uid"]:
                raise errors.conflict(resource.plural, resource.group, name, "Precondition failed: UID in precondition: "
                                      f"{metadata['uid']}, UID in object meta: {before['metadata']['uid']}")
            if subresource == "status":
                wanted = {**copied(before), "status": object_.get("status") or {}}
            else:
                wanted = object_
                if "status" in resource.subresources:
                    wanted.pop("status", None)
                    if "status" in before:
                        wanted["status"] = copied(before["status"])
                for key in _SYSTEM:
                    metadata.pop(key, None)
                    if key in before["metadata"]:
                        metadata[key] = before["metadata"][key]
                self._fill(resource, wanted, before)
            self._problems(resource, wanted, before).refuse(resource.kind, resource.group, name)
            if not subresource:
                admit(self.store, resource, wanted, before)
            return self._write(resource, wanted, before, dry_run)

    def patch(self, resource: Resource, namespace: str, name: str, content_type: str, patch: Any, subresource: str = "",
              strict: str = "Ignore", dry_run: bool = False) -> Object:
        """Changes the object by a patch of one of the three types. Raises Refused as update does, and 415."""
        with self.store.lock:
            before = self.get(resource, namespace, name)
            after = patched(content_type, before, patch, resource.schema)
            if not isinstance(after, dict):
                raise errors.bad_request("the patch does not leave an object")
            return self.update(resource, namespace, name, after, subresource, strict, dry_run)

    def edit(self, id_: str, namespace: str, name: str, change: Callable[[Object], Any]) -> Object | None:
        """For controllers: `change` alters a copy in place, which is written where it differs. None where the object is not there."""
        resource = self.find(id_)
        with self.store.lock:
            before = self.store.peek(id_, namespace, name)
            if before is None:
                return None
            after = copied(before)
            change(after)
            return self._write(resource, after, before, False)

    def _write(self, resource: Resource, after: Object, before: Object, dry_run: bool) -> Object:
        metadata = after["metadata"]
        metadata["resourceVersion"] = before["metadata"]["resourceVersion"]
        if resource.generation and _specified(after) != _specified(before):
            metadata["generation"] = before["metadata"].get("generation", 0) + 1
        if after == before or dry_run:
            return self.shown(resource, copied(after))
        if metadata.get("deletionTimestamp") and not metadata.get("finalizers") and not metadata.get("deletionGracePeriodSeconds") \
                and not (resource.id == "namespaces" and after["spec"].get("finalizers")):
            self.store.put(resource.id, after)
            return copied(self.store.remove(resource.id, metadata.get("namespace", ""), metadata["name"]))
        return self.shown(resource, copied(self.store.put(resource.id, after)))

    # Reading what is given

    def _read(self, resource: Resource, given: Any, strict: str) -> Object:
        if not isinstance(given, dict):
            raise errors.bad_request("the object provided is unrecognized (must be of type "
                                     f"{resource.kind}): couldn't get version/kind; json parse error")
        kind, version = given.get("kind") or resource.kind, given.get("apiVersion") or resource.api_version
        if version != resource.api_version:
            raise errors.bad_request(f"the API version in the data ({version}) does not match the expected API version "
                                     f"({resource.api_version})")
        if kind != resource.kind:
            raise errors.bad_request(f'{kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
                                     f"converting ({kind}) to ({resource.kind}): unknown conversion")
        if resource.crd:
            object_, unknown = self._read_custom(resource, given)
        else:
            schema = resource.schema
            assert schema is not None
            object_, unknown = decoded(given, schema, resource.kind, resource.version)
        said = [f'unknown field "{path}"' for path in unknown]
        if said and strict == "Strict":
            raise errors.bad_request(f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
                                     f"strict decoding error: {', '.join(said)}")
        if strict == "Warn":
            warnings().extend(said)
        return {"kind": resource.kind, "apiVersion": resource.api_version, **object_}

    def _read_custom(self, resource: Resource, given: Object) -> tuple[Object, list[str]]:
        assert resource.crd is not None
        schema = resource.crd["schema"]["openAPIV3Schema"]
        unknown: list[str] = []
        rest = {key: value for key, value in given.items() if key not in ("metadata", "apiVersion", "kind")}
        object_ = pruned(copied(rest), schema, "", unknown)
        meta = of_kind("", "v1", "ConfigMap")
        assert meta is not None
        metadata, more = decoded({"metadata": given.get("metadata") or {}}, meta, resource.kind, resource.version)
        return {**metadata, **object_}, unknown + more

    def _fill(self, resource: Resource, object_: Object, before: Object | None = None) -> None:
        if resource.crd:
            with_defaults(object_, resource.crd["schema"]["openAPIV3Schema"])
        elif object_["metadata"].get("name"):
            defaulted(resource.id, object_)
        if before is None and resource.id in _FIRST_STATUS:
            object_["status"] = copied(_FIRST_STATUS[resource.id])

    @staticmethod
    def _problems(resource: Resource, object_: Object, before: Object | None = None) -> Problems:
        problems = problems_of(resource.id, object_, before)
        if resource.crd:
            schema = resource.crd["schema"]["openAPIV3Schema"]
            check({key: value for key, value in object_.items() if key != "metadata"}, schema, "", problems)
        return problems

    @staticmethod
    def _place(resource: Resource, namespace: str, metadata: Object) -> None:
        if not resource.namespaced:
            metadata.pop("namespace", None)
        elif metadata.setdefault("namespace", namespace) != namespace:
            raise errors.bad_request("the namespace of the provided object does not match the namespace sent on the request")


_FIRST_STATUS: dict[str, Object] = {
    "pods": {"phase": "Pending"}, "namespaces": {"phase": "Active"}, "services": {"loadBalancer": {}},
    "persistentvolumeclaims": {"phase": "Pending"}, "persistentvolumes": {"phase": "Pending"}, "resourcequotas": {},
    "deployments.apps": {}, "replicasets.apps": {"replicas": 0}, "statefulsets.apps": {"replicas": 0, "availableReplicas": 0},
    "daemonsets.apps": {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0},
    "jobs.batch": {}, "cronjobs.batch": {}, "ingresses.networking.k8s.io": {"loadBalancer": {}},
    "poddisruptionbudgets.policy": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
    "horizontalpodautoscalers.autoscaling": {"desiredReplicas": 0, "currentMetrics": None},
}


def _specified(object_: Object) -> Object:
    return {key: value for key, value in object_.items() if key not in ("metadata", "status", "apiVersion", "kind")}
