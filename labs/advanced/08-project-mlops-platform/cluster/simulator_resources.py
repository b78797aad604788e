"""What the simulator serves: its resources, and the discovery documents in which a client reads of them."""

from dataclasses import dataclass, field
from typing import Any

from .simulator_errors import qualified
from .simulator_schemas import VERSION, Schema, of_kind

Object = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One resource in one version; `crd` is the version's entry of its CustomResourceDefinition, None for what is built in."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    generation: bool = False  # counts the specification's versions in metadata.generation
    categories: tuple[str, ...] = ()
    crd: Object | None = field(default=None, compare=False)
    list_kind: str = ""
    singular: str = ""

    @property
    def id(self) -> str:
        return qualified(self.plural, self.group)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def schema(self) -> Schema | None:
        return None if self.crd else of_kind(self.group, self.version, self.kind)


def built_in() -> list[Resource]:
    """The resources of every simulator."""
    core, apps, batch = ("", "v1"), ("apps", "v1"), ("batch", "v1")
    return [
        Resource(*core, "namespaces", "Namespace", False, ("ns",), ("status",)),
        Resource(*core, "nodes", "Node", False, ("no",), ("status",)),
        Resource(*core, "persistentvolumes", "PersistentVolume", False, ("pv",), ("status",)),
        Resource(*core, "pods", "Pod", True, ("po",), ("status", "binding", "eviction"), True, ("all",)),
        Resource(*core, "services", "Service", True, ("svc",), ("status",), False, ("all",)),
        Resource(*core, "endpoints", "Endpoints", True, ("ep",)),
        Resource(*core, "configmaps", "ConfigMap", True, ("cm",)),
        Resource(*core, "secrets", "Secret"),
        Resource(*core, "serviceaccounts", "ServiceAccount", True, ("sa",)),
        Resource(*core, "events", "Event", True, ("ev",)),
        Resource(*core, "resourcequotas", "ResourceQuota", True, ("quota",), ("status",)),
        Resource(*core, "limitranges", "LimitRange", True, ("limits",)),
        Resource(*core, "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",), ("status",)),
        Resource(*apps, "deployments", "Deployment", True, ("deploy",), ("status", "scale"), True, ("all",)),
        Resource(*apps, "replicasets", "ReplicaSet", True, ("rs",), ("status", "scale"), True, ("all",)),
        Resource(*apps, "statefulsets", "StatefulSet", True, ("sts",), ("status", "scale"), True, ("all",)),
        Resource(*apps, "daemonsets", "DaemonSet", True, ("ds",), ("status",), True, ("all",)),
        Resource(*batch, "jobs", "Job", True, (), ("status",), True, ("all",)),
        Resource(*batch, "cronjobs", "CronJob", True, ("cj",), ("status",), True, ("all",)),
        Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ("hpa",), ("status",), False, ("all",)),
        Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, ("pdb",), ("status",), True),
        Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True, ("netpol",), (), True),
        Resource("networking.k8s.io", "v1", "ingresses", "Ingress", True, ("ing",), ("status",), True),
        Resource("networking.k8s.io", "v1", "ingressclasses", "IngressClass", False, (), (), True),
        Resource("rbac.authorization.k8s.io", "v1", "roles", "Role"),
        Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
        Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False),
        Resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False),
        Resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, ("pc",)),
        Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, ("sc",)),
        Resource("coordination.k8s.io", "v1", "leases", "Lease"),
        Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True, (), (), True),
        Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False, ("crd", "crds"),
                 ("status",), True),
    ]


_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_SUBRESOURCES: dict[str, Object] = {
    "scale": {"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]},
    "eviction": {"group": "policy", "version": "v1", "kind": "Eviction", "verbs": ["create"]},
    "binding": {"kind": "Binding", "verbs": ["create"]},
}


def discovery(path: list[str], resources: list[Resource]) -> Object | None:
    """The discovery document at /api, /apis, /apis/GROUP, /api/v1 or /apis/GROUP/VERSION; None where there is none."""
    groups: dict[str, list[str]] = {}
    for resource in resources:
        versions = groups.setdefault(resource.group, [])
        if resource.version not in versions:
            versions.append(resource.version)
    match path:
        case ["version"]:
            major, minor, _ = VERSION.split(".")
            return {"major": major, "minor": minor, "gitVersion": f"v{VERSION}-simulator", "gitCommit": "", "gitTreeState": "",
                    "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "simulator"}
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["apis"]:
            listed = [_group(name, versions) for name, versions in groups.items() if name]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
        case ["apis", name] if name in groups:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, groups[name])}
        case ["api", version] if version in groups[""]:
            return _listed("", version, resources)
        case ["apis", name, version] if version in groups.get(name, []):
            return _listed(name, version, resources)
    return None


def _group(name: str, versions: list[str]) -> Object:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _listed(group: str, version: str, resources: list[Resource]) -> Object:
    entries = []
    for resource in resources:
        if (resource.group, resource.version) != (group, version):
            continue
        entry: Object = {"name": resource.plural, "singularName": resource.singular or resource.kind.lower(),
                         "namespaced": resource.namespaced, "kind": resource.kind, "verbs": _VERBS}
        if resource.short_names:
            entry["shortNames"] = list(resource.short_names)
        if resource.categories:
            entry["categories"] = list(resource.categories)
        entries.append(entry)
        for name in resource.subresources:
            about = _SUBRESOURCES.get(name, {"kind": resource.kind, "verbs": ["get", "patch", "update"]})
            entries.append({"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced, **about})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{group}/{version}" if group else version,
            "resources": entries}
