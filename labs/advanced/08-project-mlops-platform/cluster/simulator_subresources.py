"""Scale and binding: small objects that stand for one part of a larger one."""

from typing import Any

from . import simulator_errors as errors
from .simulator_patch import patched
from .simulator_registry import Registry, now
from .simulator_resources import Resource
from .simulator_schemas import of_kind
from .simulator_selectors import as_text

Object = dict[str, Any]


def scale_of(registry: Registry, resource: Resource, namespace: str, name: str) -> Object:
    """The autoscaling/v1 Scale of a workload, or of a custom resource whose definition says where its numbers stand."""
    object_ = registry.get(resource, namespace, name)
    metadata = object_["metadata"]
    shown = {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if key in metadata}
    paths = _paths(resource)
    status: Object = {"replicas": _at(object_, paths["statusReplicasPath"]) or 0}
    if resource.crd:
        selector = _at(object_, paths.get("labelSelectorPath", ""))
    else:
        selector = as_text(object_["spec"].get("selector"))
    if selector:
        status["selector"] = selector
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": shown,
            "spec": {"replicas": _at(object_, paths["specReplicasPath"]) or 0}, "status": status}


def rescale(registry: Registry, resource: Resource, namespace: str, name: str, scale: Object, dry_run: bool = False) -> Object:
    """Writes a Scale's replicas into its object. Raises Refused: 409 for an old resourceVersion, 422 for a negative number."""
    wanted = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(wanted, int) or wanted < 0:
        problems = errors.Problems()
        problems.invalid("spec.replicas", wanted, "must be greater than or equal to 0")
        problems.refuse("Scale", "autoscaling", name)
    with registry.store.lock:
        object_ = registry.get(resource, namespace, name)
        version = (scale.get("metadata") or {}).get("resourceVersion")
        if version:
            object_["metadata"]["resourceVersion"] = version
        *above, last = _paths(resource)["specReplicasPath"].strip(".").split(".")
        parent = object_
        for part in above:
            parent = parent.setdefault(part, {})
        parent[last] = wanted
        registry.update(resource, namespace, name, object_, dry_run=dry_run)
        return scale_of(registry, resource, namespace, name)


def patch_scale(registry: Registry, resource: Resource, namespace: str, name: str, content_type: str, patch: Any,
                dry_run: bool = False) -> Object:
    with registry.store.lock:
        scale = patched(content_type, scale_of(registry, resource, namespace, name), patch, of_kind("autoscaling", "v1", "Scale"))
        return rescale(registry, resource, namespace, name, scale, dry_run)


def _paths(resource: Resource) -> dict[str, str]:
    if resource.crd:
        return resource.crd["subresources"]["scale"]
    return {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}


def _at(object_: Any, path: str) -> Any:
    for part in filter(None, path.split(".")):
        object_ = object_.get(part) if isinstance(object_, dict) else None
    return object_ if path else None


def bind(registry: Registry, namespace: str, name: str, binding: Object) -> Object:
    """Gives a pod to a node, as the scheduler does; a Status. Raises Refused: 404, 409 where it has one already."""
    target = (binding.get("target") or {}).get("name")
    if not target:
        problems = errors.Problems()
        problems.required("target.name")
        problems.refuse("Binding", "", name)

    def place(pod: Object) -> None:
        here = pod["spec"].get("nodeName")
        if here:
            raise errors.conflict("pods/binding", "", name, f'pod {name} is already assigned to node "{here}"')
        if "deletionTimestamp" in pod["metadata"]:
            raise errors.conflict("pods/binding", "", name, f"pod {name} is being deleted, cannot be assigned to a host")
        pod["spec"]["nodeName"] = target
        set_condition(pod["status"], {"type": "PodScheduled", "status": "True"})

    if registry.edit("pods", namespace, name, place) is None:
        raise errors.not_found("pods", "", name)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def set_condition(status: Object, condition: Object, updated: bool = False) -> None:
    """Puts a condition into a status; lastTransitionTime changes with its status only, lastUpdateTime (where kept) always."""
    listed = status.setdefault("conditions", [])
    old = next((each for each in listed if each["type"] == condition["type"]), None)
    same = old is not None and old["status"] == condition["status"]
    fresh = {**condition, "lastTransitionTime": old["lastTransitionTime"] if same and old else now()}
    if updated:
        unchanged = same and old is not None and old.get("reason") == condition.get("reason")
        fresh["lastUpdateTime"] = old["lastUpdateTime"] if unchanged and old else now()
    if old is None:
        listed.append(fresh)
    else:
        listed[listed.index(old)] = fresh
