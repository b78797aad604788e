"""Requests to a Service, as kube-proxy passes them on: to its ready endpoints, in turn."""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .api import Api, Object, Refused
from .node_agent import NodeAgent

KEPT_SECONDS = 0.05  # endpoints reach kube-proxy a moment later, too


@dataclass(frozen=True)
class Reply:
    """A service's reply: `status` (200, …), `text`, `headers`, the `pod` that gave it, and the `seconds` that it took."""

    status: int
    text: str
    headers: Mapping[str, str]
    pod: str
    seconds: float

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.text)


class Services:
    """What is needed to reach services: endpoints, kept for a moment, and whose turn it is. For any number of threads."""

    def __init__(self, api: Api, agent: NodeAgent | None) -> None:
        self._api, self._agent = api, agent
        self._turn = itertools.count()
        self._kept: dict[tuple[str, str], tuple[float, Object, Object]] = {}
        self._lock = threading.Lock()

    def call(
        self, namespace: str, name: str, path: str, body: Any, method: str, headers: Mapping[str, str], port: str, timeout: float
    ) -> Reply:
        """Return the reply to a request. See `Cluster.call`."""
        service, endpoints = self._look_up(namespace, name)
        wanted = _port(service, port)
        method = method or ("GET" if body is None else "POST")
        data = None if body is None else json.dumps(body).encode()
        headers = {**({} if data is None else {"Content-Type": "application/json"}), **headers}
        if self._agent is None:
            return self._through_server(namespace, name, wanted, path, method, body)
        places = [
            (address["ip"], each["port"], (address.get("targetRef") or {}).get("name", ""))
            for subset in endpoints.get("subsets") or []
            for each in subset.get("ports") or []
            if each.get("name", "") == wanted.get("name", "")
            for address in subset.get("addresses") or []
        ]
        if not places:
            raise ConnectionError(f'service "{name}" has no ready endpoints: connection refused')
        address, number, pod = sorted(places)[next(self._turn) % len(places)]
        begin = time.monotonic()
        connection = http.client.HTTPConnection(*self._agent.place(address, int(number)), timeout=timeout)
        try:
            connection.request(method, "/" + path.lstrip("/"), data, headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except TimeoutError:
            raise TimeoutError(f'service "{name}": pod {pod} gave no answer to {method} {path} within {timeout:g} s') from None
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionError(f'service "{name}": pod {pod} at {address}:{number}: {error or type(error).__name__}') from None
        finally:
            connection.close()
        return Reply(answer.status, text, dict(answer.getheaders()), pod, time.monotonic() - begin)

    def _look_up(self, namespace: str, name: str) -> tuple[Object, Object]:
        with self._lock:
            at, service, endpoints = self._kept.get((namespace, name), (0.0, {}, {}))
        if time.monotonic() - at < KEPT_SECONDS:
            return service, endpoints
        service = self._api.read("service", name, namespace)
        try:
            endpoints = self._api.read("endpoints", name, namespace)
        except Refused:
            endpoints = {}
        with self._lock:
            self._kept[namespace, name] = (time.monotonic(), service, endpoints)
        return service, endpoints

    def _through_server(self, namespace: str, name: str, port: Object, path: str, method: str, body: Any) -> Reply:
        """Ask by way of the API server, which reaches services that this machine does not."""
        begin = time.monotonic()
        target = f"/api/v1/namespaces/{namespace}/services/{name}:{port.get('name') or port['port']}/proxy/{path.lstrip('/')}"
        try:
            said = self._api.request(method, target, body)
            status, text = 200, said if isinstance(said, str) else json.dumps(said)
        except Refused as refused:
            status, text = refused.status, refused.message
        return Reply(status, text, {}, "", time.monotonic() - begin)


def _port(service: Object, wanted: str) -> Object:
    ports: list[Object] = service["spec"].get("ports") or []
    found = next((port for port in ports if wanted in ("", str(port["port"]), port.get("name"))), None)
    if found is None:
        raise ValueError(f'service "{service["metadata"]["name"]}" has no port {wanted or "at all"}')
    return found
