"""The Kubernetes API as plain dicts: paths by discovery, refusals as one exception, today's words for an old server's."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes import client

Object = dict[str, Any]
Objects = list[Object]
STRATEGIC, MERGE, JSON_PATCH = (f"application/{kind}+json" for kind in ("strategic-merge-patch", "merge-patch", "json-patch"))
SHORT = {"po": "pod", "deploy": "deployment", "svc": "service", "rs": "replicaset", "cm": "configmap", "no": "node", "ns": "namespace"}
SHORT |= {"pdb": "poddisruptionbudget", "hpa": "horizontalpodautoscaler", "ep": "endpoints", "cj": "cronjob", "ev": "event"}
# A server that lacks the version on the left has the same thing under the one on the right.
OLDER = {
    ("policy/v1", "PodDisruptionBudget"): "policy/v1beta1",
    ("policy/v1", "Eviction"): "policy/v1beta1",
    ("batch/v1", "CronJob"): "batch/v1beta1",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "autoscaling/v2beta2",
    ("discovery.k8s.io/v1", "EndpointSlice"): "discovery.k8s.io/v1beta1",
}
TODAY = {kind: version for version, kind in OLDER}
NEWER = {(older, kind): version for (version, kind), older in OLDER.items()}


class Refused(Exception):
    """The server said no. `status` is the HTTP status (404, 409, 422, …), `reason` its word for it, the text its own message."""

    def __init__(self, status: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message, self.details = status, reason, message, details or {}


@dataclass(frozen=True)
class Resource:
    """A kind of object, as the server names it."""

    version: str  # apps/v1
    kind: str
    plural: str
    namespaced: bool
    subresources: tuple[str, ...] = ()

    @property
    def strategic(self) -> bool:
        """Whether lists can be merged by their items' names: custom resources know no such thing."""
        group = self.version.rpartition("/")[0]
        return "." not in group or group.endswith(".k8s.io")


class Api:
    """Requests to one API server. For any number of threads."""

    def __init__(self, api_client: client.ApiClient) -> None:
        self.client = api_client
        self._resources: dict[str, list[Resource]] = {}
        self._lock = threading.Lock()
        self.version = str(self.request("GET", "/version")["gitVersion"])

    @property
    def minor(self) -> int:
        """20 for v1.20.2."""
        return int(self.version.split(".")[1])

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        content: str = "application/json",
        **options: Any,
    ) -> Any:
        """Return the answer: a dict, or text where it is none. Raises Refused, and ConnectionError where nobody answers."""
        pairs = [(name, str(value)) for name, value in (query or {}).items() if value not in (None, "")]
        headers = {"Accept": "application/json, */*", "Content-Type": content}
        try:
            answer = self.client.call_api(
                path, method, query_params=pairs, header_params=headers, body=body, auth_settings=["BearerToken"], response_type="object",
                _return_http_data_only=True, **options,
            )  # fmt: skip
        except client.ApiException as error:
            raise _refusal(error) from None
        except OSError as error:
            raise ConnectionError(f"the API server does not answer: {error}") from None
        except Exception as error:
            if type(error).__module__.startswith("urllib3"):
                raise ConnectionError(f"the API server does not answer: {error}") from None
            raise
        return answer

    def resource(self, kind: str, version: str = "") -> Resource:
        """Return what the server knows as `kind`: Deployment, deployment, deployments, deploy. Raises Refused where it knows none.

        `version` as in a manifest. Where an old server has only an older one, that is returned.
        """
        for fresh in (False, True):
            found = self._find(kind, version, fresh) or self._find(kind, OLDER.get((version, kind), "none"), fresh)
            if found and not version and (wanted := TODAY.get(found.kind)):
                return self.resource(found.kind, wanted)  # an old server prefers an older version still
            if found:
                return found
        if version:
            raise Refused(404, "NotFound", f'no matches for kind "{kind}" in version "{version}"')
        raise Refused(404, "NotFound", f'the server doesn\'t have a resource type "{kind}"')

    def path(self, resource: Resource, namespace: str = "", name: str = "", sub: str = "") -> str:
        """Return the path of an object, or of all of a kind."""
        root = f"/apis/{resource.version}" if "/" in resource.version else f"/api/{resource.version}"
        inner = f"/namespaces/{namespace}" if resource.namespaced and namespace else ""
        return root + inner + f"/{resource.plural}" + (f"/{name}" if name else "") + (f"/{sub}" if sub else "")

    def read(self, kind: str, name: str, namespace: str) -> Object:
        """Return an object in today's words. Raises Refused, 404 where it is not there."""
        resource = self.resource(kind)
        return today(self.request("GET", self.path(resource, namespace, name)))

    def patch(self, kind: str, name: str, namespace: str, change: Any, sub: str = "", content: str = STRATEGIC) -> Object:
        """Change an object, and return it."""
        resource = self.resource(kind)
        return today(self.request("PATCH", self.path(resource, namespace, name, sub), change, content=content))

    def read_all(self, kind: str, namespace: str, selector: str = "", fields: str = "", version: str = "") -> Object:
        """Return a list object, whose items say their kind, as a single object does. Empty namespace: of all namespaces."""
        resource = self.resource(kind, version)
        query = {"labelSelector": selector, "fieldSelector": fields}
        found: Object = self.request("GET", self.path(resource, namespace), query=query)
        found["items"] = [today({"apiVersion": resource.version, "kind": resource.kind, **item}) for item in found.get("items") or []]
        return found

    def _find(self, kind: str, version: str, fresh: bool) -> Resource | None:
        name = SHORT.get(kind.lower(), kind.lower())
        for each in self._known(version, fresh):
            if name in (each.kind.lower(), each.plural, f"{each.plural}.{each.version.partition('/')[0]}"):
                return each
        return None

    def _known(self, version: str, fresh: bool) -> list[Resource]:
        """Return the resources of one version, or of all preferred ones: from memory unless `fresh`."""
        with self._lock:
            if version not in self._resources or fresh:
                self._resources[version] = self._discover(version)
            return self._resources[version]

    def _discover(self, version: str) -> list[Resource]:
        if not version:
            groups = self.request("GET", "/apis")["groups"]
            preferred = [group["preferredVersion"]["groupVersion"] for group in groups]
            others = [each["groupVersion"] for group in groups for each in group["versions"] if each["groupVersion"] not in preferred]
            return [each for group in ["v1", *preferred, *others] for each in self._discover(group)]
        try:
            found = self.request("GET", f"/apis/{version}" if "/" in version else f"/api/{version}")["resources"]
        except Refused:
            return []
        subs: dict[str, list[str]] = {}
        for each in found:
            name, _, sub = each["name"].partition("/")
            subs.setdefault(name, []).extend([sub] if sub else [])
        plain = [each for each in found if "/" not in each["name"]]
        return [Resource(version, each["kind"], each["name"], each["namespaced"], tuple(subs[each["name"]])) for each in plain]


def today(item: Object) -> Object:
    """Return an object under the version that it has today, which is the same in all that the labs use; without its managers."""
    if metadata := item.get("metadata"):
        item = {**item, "metadata": {name: value for name, value in metadata.items() if name not in ("managedFields", "selfLink")}}
    newer = NEWER.get((item.get("apiVersion", ""), item.get("kind", "")))
    return {**item, "apiVersion": newer} if newer else item


def _refusal(error: client.ApiException) -> Refused:
    try:
        said = json.loads(error.body)
        return Refused(int(error.status), said.get("reason") or str(error.reason), said.get("message") or "", said.get("details"))
    except (TypeError, ValueError, AttributeError):
        return Refused(int(error.status or 0), str(error.reason), str(error.body or ""))
