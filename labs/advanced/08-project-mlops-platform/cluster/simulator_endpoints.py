"""The Endpoints controller: the addresses of the pods that a Service selects, ready or not; also as an EndpointSlice."""

from collections.abc import Iterable
from typing import Any

from .simulator_deletion import is_ready
from .simulator_errors import Refused
from .simulator_owned import Key, key_of, reference_to
from .simulator_registry import Registry
from .simulator_store import Change

Object = dict[str, Any]
SLICES = "endpointslices.discovery.k8s.io"


def concerned(registry: Registry, change: Change) -> Iterable[Key]:
    if change.resource == "services":
        yield key_of(change.object)
    elif change.resource == "pods":
        namespace = change.object["metadata"]["namespace"]
        for service in registry.store.all("services", namespace):
            selector = service["spec"].get("selector") or {}
            states = [change.object, *([change.before] if change.before else [])]
            if selector and any(selector.items() <= (each["metadata"].get("labels") or {}).items() for each in states):
                yield key_of(service)


def reconcile(registry: Registry, namespace: str, name: str) -> None:
    """Writes the Service's Endpoints and EndpointSlice; takes them away with it."""
    service = registry.store.peek("services", namespace, name)
    if service is None:
        with registry.store.lock:
            if registry.store.peek("endpoints", namespace, name):
                registry.store.remove("endpoints", namespace, name)
        return  # the slice has an owner reference
    selector = service["spec"].get("selector")
    if not selector:
        return
    subsets: dict[tuple[tuple[str, int, str], ...], dict[str, list[Object]]] = {}
    listed: list[Object] = []
    for pod in registry.store.all("pods", namespace):
        if not selector.items() <= (pod["metadata"].get("labels") or {}).items() or not pod["status"].get("podIP") \
                or pod["status"].get("phase") in ("Succeeded", "Failed"):
            continue
        ready, going = is_ready(pod), "deletionTimestamp" in pod["metadata"]
        serves = ready or bool(service["spec"].get("publishNotReadyAddresses"))
        target = {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": namespace, "uid": pod["metadata"]["uid"]}
        node = pod["spec"].get("nodeName", "")
        listed.append({"addresses": [pod["status"]["podIP"]], "nodeName": node, "targetRef": target,
                       "conditions": {"ready": serves and not going, "serving": ready, "terminating": going}})
        if going:
            continue
        ports = tuple((each.get("name", ""), number, each["protocol"]) for each in service["spec"].get("ports") or []
                      if (number := _number(each["targetPort"], pod)))
        kind = "addresses" if serves else "notReadyAddresses"
        subsets.setdefault(ports, {}).setdefault(kind, []).append({"ip": pod["status"]["podIP"], "nodeName": node, "targetRef": target})
    body = [{**addresses, "ports": [_port(*port) for port in ports]} for ports, addresses in sorted(subsets.items()) if ports]
    labels = {**(service["metadata"].get("labels") or {}), "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    _put(registry, "endpoints", {"metadata": {"name": name, "labels": labels}, "subsets": body}, namespace)
    first = next(iter(sorted(subsets)), ())
    _put(registry, SLICES, {
        "metadata": {"name": f"{name}-slice", "labels": {"kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by":
                                                         "endpointslice-controller.k8s.io"}, "ownerReferences": [reference_to(service)]},
        "addressType": "IPv4", "endpoints": listed, "ports": [{"name": name_, "port": port, "protocol": protocol}
                                                              for name_, port, protocol in first]}, namespace)


def _number(target: int | str, pod: Object) -> int | None:
    if isinstance(target, int):
        return target
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports") or []]
    return next((port["containerPort"] for port in ports if port.get("name") == target), None)


def _port(name: str, port: int, protocol: str) -> Object:
    return {**({"name": name} if name else {}), "port": port, "protocol": protocol}


def _put(registry: Registry, resource: str, object_: Object, namespace: str) -> None:
    def write(changed: Object) -> None:
        for key, value in object_.items():
            if key == "metadata":
                changed["metadata"]["labels"] = value["labels"]
            else:
                changed[key] = value

    if registry.edit(resource, namespace, object_["metadata"]["name"], write) is None:
        try:
            registry.create(registry.find(resource), namespace, object_)
        except Refused:
            return  # the namespace is on its way out
