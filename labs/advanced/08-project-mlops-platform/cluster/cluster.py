"""`Cluster`: what a notebook does with a cluster, in kubectl's words and with plain dicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from kubernetes import client, config

from . import manifests, operations, text
from .api import MERGE, STRATEGIC, Api, Object, Objects, Refused
from .node_agent import NodeAgent
from .processes import Processes
from .services import Reply, Services

POLL_SECONDS = 0.1
Names = list[str]


class Cluster:
    """A running cluster. `kind` is "real", "simulator" or "yours"; `version` its server's, such as "v1.34.2".

    `api` is the official client's ApiClient, for all that is not here; `images` maps an image's name to its folder.
    Every method takes a `namespace`; without one it is `cluster.namespace`. A refusal of the server's is raised as Refused.
    """

    def __init__(
        self, kind: str, kubeconfig: Path, processes: Processes | None = None, stop_servers: Callable[[], None] | None = None
    ) -> None:
        self.kind, self.kubeconfig, self.namespace = kind, kubeconfig, "default"
        self.api = _client(kubeconfig, loopback=kind != "yours")
        self._processes, self._stop_servers = processes, stop_servers
        self._raw = Api(self.api)
        self.version: str = self._raw.version
        self.images: dict[str, Any] = {}
        self._agent = NodeAgent(self._raw, processes, self.images) if processes else None
        self._services = Services(self._raw, self._agent)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Cluster: {self.kind}, {self.version}>"

    def stop(self) -> None:
        """End all of it: pods, nodes and servers; a cluster of yours is left as it is. Once more does nothing."""
        agent, self._agent = self._agent, None
        if agent and self._processes:
            agent.stop()
            if self._stop_servers:
                self._stop_servers()
            self._processes.close()
        self.api.close()

    # Objects

    def apply(self, manifest: Any, namespace: str = "") -> Objects:
        """Create or update what a manifest describes, as `kubectl apply` does, and return the objects.

        `manifest`: a dict, a list of them, YAML text or a Path, also with several documents. Unknown fields are refused.
        Raises ValueError where it is no manifest, and Refused with the server's message.
        """
        return [self._apply(item, namespace) for item in manifests.read(manifest)]

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return an object. Raises Refused (404) where it is not there."""
        return self._raw.read(kind, name, namespace or self.namespace)

    def list(self, kind: str, selector: str = "", fields: str = "", namespace: str = "") -> Objects:
        """Return the objects of a kind that fit a label selector ("app=demand") and a field selector. Namespace "*": of all."""
        namespace = "" if namespace == "*" else namespace or self.namespace
        items: Objects = self._raw.read_all(kind, namespace, selector, fields)["items"]
        return items

    def delete(self, kind: str, name: str, namespace: str = "", seconds: float = 60.0, **options: Any) -> None:
        """Delete an object with what belongs to it, and wait until it is gone, at most `seconds`; 0 does not wait.

        `options` as in DeleteOptions: gracePeriodSeconds, propagationPolicy (without one, Background).
        """
        namespace = namespace or self.namespace
        resource = self._raw.resource(kind)
        path = self._raw.path(resource, namespace, name)
        self._raw.request("DELETE", path, {"propagationPolicy": "Background", **options})
        if seconds:
            self.wait(lambda: self._is_gone(path), seconds, f"{kind} {name} to be gone")

    def patch(self, kind: str, name: str, change: Any, namespace: str = "") -> Object:
        """Change an object: a dict is merged as the server merges that kind, a list is a JSON patch."""
        strategic = STRATEGIC if self._raw.resource(kind).strategic else MERGE
        content = "application/json-patch+json" if isinstance(change, list) else strategic
        return self._raw.patch(kind, name, namespace or self.namespace, change, content=content)

    # Watching

    def wait(self, condition: Callable[[], Any], seconds: float = 20.0, what: str = "the condition") -> Any:
        """Return what `condition()` gives as soon as it is true. What is not there or not reached counts as false.

        Raises TimeoutError, which says what it waited for and the newest events.
        """
        end = time.monotonic() + seconds
        last = ""
        while True:
            try:
                if found := condition():
                    return found
                last = ""
            except Refused as refused:
                if refused.status != 404:
                    raise
                last = f" ({refused.message})"
            except ConnectionError as error:
                last = f" ({error})"
            if time.monotonic() > end:
                newest = text.event_lines(self.events()[-8:]) or "  none"
                raise TimeoutError(f"waited {seconds:g} s for {what}{last}; the newest events:\n{newest}")
            time.sleep(POLL_SECONDS)

    def events(self, name: str = "", namespace: str = "") -> Objects:
        """Return the events, oldest first; with `name`, those about the object of that name."""
        items = self._raw.read_all("event", namespace or self.namespace, version="v1")["items"]
        own = [item for item in items if name in ("", item["involvedObject"].get("name"))]
        return sorted(own, key=lambda item: (text.event_time(item)[:19], int(item["metadata"]["resourceVersion"])))

    def describe(self, kind: str, name: str, namespace: str = "") -> str:
        """Return an object and its events as text, as `kubectl describe` does."""
        item = self.get(kind, name, namespace)
        return text.describe(item, self.events(name, namespace))

    def logs(self, pod: str, container: str = "", previous: bool = False, namespace: str = "") -> str:
        """Return what a pod's container printed; with `previous`, its run before. Raises Refused where there is none."""
        namespace = namespace or self.namespace
        if self._agent is None:
            query = {"container": container, "previous": str(previous).lower()}
            return str(self._raw.request("GET", self._raw.path(self._raw.resource("pod"), namespace, pod, "log"), query=query))
        return operations.logs(self._raw, self._agent, pod, namespace, container, previous)

    # Nodes

    def add_node(
        self, name: str, cpu: str = "2", memory: str = "4Gi", labels: Mapping[str, str] | None = None, taints: Sequence[Object] = (),
        gpus: int = 0, pods: int = 110,
    ) -> Object:  # fmt: skip
        """Add a stand-in node of that size and return it. A taint: {"key": "gpu", "value": "true", "effect": "NoSchedule"}."""
        if self._agent is None:
            raise RuntimeError("nodes can be added to a cluster that `control_plane` started: this one is yours, or was stopped")
        capacity = {"cpu": str(cpu), "memory": memory, "pods": str(pods)} | ({"nvidia.com/gpu": str(gpus)} if gpus else {})
        self._agent.add(name, capacity, dict(labels or {}), list(taints))
        return self._raw.read("node", name, "")

    def cordon(self, name: str) -> None:
        """Let no new pod come to a node."""
        self._raw.patch("node", name, "", {"spec": {"unschedulable": True}})

    def uncordon(self, name: str) -> None:
        """Let pods come to a node again."""
        self._raw.patch("node", name, "", {"spec": {"unschedulable": None}}, content=MERGE)

    def drain(self, name: str, seconds: float = 20.0) -> Names:
        """Cordon a node, evict its pods as far as disruption budgets allow, and return their names when they are gone.

        Raises TimeoutError with the server's word on the pods that it did not let go within `seconds`.
        """
        self.cordon(name)
        return operations.drain(self._raw, name, seconds)

    # Workloads

    def scale(self, kind: str, name: str, replicas: int, namespace: str = "") -> Object:
        """Set the number of replicas, by the scale subresource."""
        return self._raw.patch(kind, name, namespace or self.namespace, {"spec": {"replicas": replicas}}, "scale", MERGE)

    def rollout_status(self, kind: str, name: str, seconds: float = 60.0, namespace: str = "") -> str:
        """Wait until a Deployment's newest version is out, and return kubectl's word for it.

        Raises RuntimeError where it exceeded its progress deadline, and TimeoutError.
        """
        found = self.wait(lambda: operations.rollout(self.get(kind, name, namespace)), seconds, f"{kind} {name} to be rolled out")
        return str(found)

    def history(self, kind: str, name: str, namespace: str = "") -> Objects:
        """Return a Deployment's ReplicaSets, oldest revision first."""
        return operations.history(self._raw, self.get(kind, name, namespace))

    def undo(self, kind: str, name: str, revision: int = 0, namespace: str = "") -> Object:
        """Bring a Deployment back to its version before, or to `revision`. Raises ValueError where there is none."""
        return operations.undo(self._raw, self.get(kind, name, namespace), revision)

    def call(
        self, service: str, path: str = "/", json: Any = None, method: str = "", headers: Mapping[str, str] | None = None,
        port: str | int = "", timeout: float = 10.0, namespace: str = "",
    ) -> Reply:  # fmt: skip
        """Send a request to a Service, whose ready endpoints take turns, and return the reply. Stands in for kube-proxy.

        `json`: a body to POST. `port`: the service's, by number or name; else its first. Raises ConnectionError where no endpoint is ready
        or the pod does not answer, TimeoutError after `timeout` seconds.
        """
        return self._services.call(namespace or self.namespace, service, path, json, method, dict(headers or {}), str(port), timeout)

    def _apply(self, item: Object, namespace: str) -> Object:
        resource = self._raw.resource(item["kind"], item["apiVersion"])
        strict = {"fieldValidation": "Strict"} if self._raw.minor >= 25 else {}
        if not strict:
            manifests.check_fields(item)
        there = (item["metadata"].get("namespace") or namespace or self.namespace) if resource.namespaced else ""
        item = {**item, "apiVersion": resource.version}
        whole = manifests.with_last_applied(item)
        path = self._raw.path(resource, there, item["metadata"]["name"])
        try:
            live = self._raw.request("GET", path)
        except Refused as refused:
            if refused.status != 404:
                raise
            return operations.created(self._raw, resource, there, whole, strict)
        patch = manifests.patch_between(manifests.last_applied(live), whole, resource.strategic)
        content = STRATEGIC if resource.strategic else MERGE
        return operations.updated(self._raw, path, resource, patch, content, strict)

    def _is_gone(self, path: str) -> bool:
        try:
            self._raw.request("GET", path)
        except Refused as refused:
            return refused.status == 404
        return False


def _client(kubeconfig: Path, loopback: bool) -> client.ApiClient:
    """Return the official client, without its own retries: they would write warnings into the notebook when a cluster ends."""
    configuration = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=configuration)
    configuration.retries = False
    if loopback:
        configuration.proxy = None  # a company's proxy must not be asked for this machine
    return client.ApiClient(configuration)
