"""The scheduler's rules: whether a pod fits on a node and why not, and how well; in the words of Kubernetes' own plugins."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .simulator_schemas import amount
from .simulator_selectors import by_expression, by_fields, by_selector

Object = dict[str, Any]


@dataclass(frozen=True)
class Misfit:
    """Why a node does not do; `for_good` where even an empty node like it would not."""

    reasons: tuple[str, ...]
    for_good: bool


def tolerates(toleration: Object, taint: Object) -> bool:
    """Whether a toleration covers a taint."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    return toleration.get("operator", "Equal") == "Exists" or toleration.get("value", "") == taint.get("value", "")


def requests_of(pod: Object) -> dict[str, Decimal]:
    """What a pod reserves: its containers' requests together, or its greediest init container's where that is more."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for container in pod["spec"]["containers"]:
        for name, value in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] += amount(value)
    for container in pod["spec"].get("initContainers") or []:
        for name, value in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] = max(total[name], amount(value))
    return total


@dataclass
class Host:
    """A node with the pods that it holds."""

    node: Object
    pods: list[Object]

    def __post_init__(self) -> None:
        self.name: str = self.node["metadata"]["name"]
        self.labels: dict[str, str] = self.node["metadata"].get("labels") or {}
        status = self.node.get("status") or {}
        self.allocatable = {name: amount(value) for name, value in (status.get("allocatable") or status.get("capacity") or {}).items()}
        self.taken: dict[str, Decimal] = defaultdict(Decimal)
        for pod in self.pods:
            for name, value in requests_of(pod).items():
                self.taken[name] += value


def misfit(pod: Object, host: Host, hosts: list[Host]) -> Misfit | None:
    """None where the pod fits; else what the first of the scheduler's plugins that minds says."""
    spec, tolerations = pod["spec"], pod["spec"].get("tolerations") or []
    cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    if (host.node.get("spec") or {}).get("unschedulable") and not any(tolerates(each, cordon) for each in tolerations):
        return Misfit(("node(s) were unschedulable",), True)
    for taint in (host.node.get("spec") or {}).get("taints") or []:
        if taint["effect"] != "PreferNoSchedule" and not any(tolerates(each, taint) for each in tolerations):
            return Misfit((f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}",), True)
    if not _selected(spec, host):
        return Misfit(("node(s) didn't match Pod's node affinity/selector",), True)
    wanted = _host_ports(pod)
    if wanted and wanted & {port for each in host.pods for port in _host_ports(each)}:
        return Misfit(("node(s) didn't have free ports for the requested pod ports",), False)
    return _short_of(pod, host) or _crowded(pod, host, hosts)


def _short_of(pod: Object, host: Host) -> Misfit | None:
    reasons, for_good = [], False
    if len(host.pods) + 1 > host.allocatable.get("pods", Decimal(110)):
        reasons.append("Too many pods")
    for name, value in requests_of(pod).items():
        there = host.allocatable.get(name, Decimal(0))
        if value and value > there - host.taken[name]:
            reasons.append(f"Insufficient {name}")
            for_good = for_good or value > there
    return Misfit(tuple(reasons), for_good) if reasons else None


def _selected(spec: Object, host: Host) -> bool:
    if any(host.labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or any(_term(each, host) for each in required["nodeSelectorTerms"])


def _term(term: Object, host: Host) -> bool:
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    return bool(expressions or fields) and all(by_expression(each, host.labels) for each in expressions) and all(
        any(by_fields(f"{each['key']}={value}", host.node) for value in each.get("values") or []) == (each["operator"] == "In")
        for each in fields)


def _host_ports(pod: Object) -> set[tuple[int, str]]:
    return {(port["hostPort"], port.get("protocol", "TCP")) for each in pod["spec"]["containers"] for port in each.get("ports") or []
            if port.get("hostPort")}


def _crowded(pod: Object, host: Host, hosts: list[Host]) -> Misfit | None:
    """Topology spread, then affinity and anti-affinity between pods."""
    for constraint in pod["spec"].get("topologySpreadConstraints") or []:
        if constraint.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule" and not _spread(pod, constraint, host, hosts):
            return Misfit(("node(s) didn't match pod topology spread constraints",), False)
    affinity = pod["spec"].get("affinity") or {}
    for term in _terms(affinity, "podAffinity"):
        matching = [each for one in hosts for each in one.pods if _meant(term, pod, each)]
        near = any(_meant(term, pod, each) for each in _neighbours(term, host, hosts))
        if not near and (matching or not _meant(term, pod, pod)):
            return Misfit(("node(s) didn't match pod affinity rules",), True)
    for term in _terms(affinity, "podAntiAffinity"):
        if term["topologyKey"] in host.labels and any(_meant(term, pod, each) for each in _neighbours(term, host, hosts)):
            return Misfit(("node(s) didn't match pod anti-affinity rules",), False)
    for one in hosts:
        for each in one.pods:
            for term in _terms(each["spec"].get("affinity") or {}, "podAntiAffinity"):
                here = host.labels.get(term["topologyKey"])
                if here is not None and one.labels.get(term["topologyKey"]) == here and _meant(term, each, pod):
                    return Misfit(("node(s) didn't satisfy existing pods anti-affinity rules",), False)
    return None


def _terms(affinity: Object, kind: str) -> list[Object]:
    return (affinity.get(kind) or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or []


def _neighbours(term: Object, host: Host, hosts: list[Host]) -> list[Object]:
    here = host.labels.get(term["topologyKey"])
    return [pod for one in hosts if here is not None and one.labels.get(term["topologyKey"]) == here for pod in one.pods]


def _meant(term: Object, owner: Object, pod: Object) -> bool:
    namespaces = term.get("namespaces") or [owner["metadata"]["namespace"]]
    return pod["metadata"]["namespace"] in namespaces and by_selector(term.get("labelSelector"), pod["metadata"].get("labels"))


def _spread(pod: Object, constraint: Object, host: Host, hosts: list[Host]) -> bool:
    key = constraint["topologyKey"]
    if key not in host.labels:
        return False
    counts: dict[str, int] = {}
    for one in hosts:
        if key in one.labels and _selected(pod["spec"], one):
            found = sum(_meant({"labelSelector": constraint.get("labelSelector")}, pod, each) for each in one.pods)
            counts[one.labels[key]] = counts.get(one.labels[key], 0) + found
    itself = by_selector(constraint.get("labelSelector"), pod["metadata"].get("labels"))
    return counts.get(host.labels[key], 0) + itself - min(counts.values(), default=0) <= constraint["maxSkew"]


def worth(pod: Object, host: Host) -> tuple[float, ...]:
    """How well a node suits a pod; more is better: tolerated taints, preferences, few pods of the same owner, much that is free."""
    tolerations = pod["spec"].get("tolerations") or []
    minded = sum(taint["effect"] == "PreferNoSchedule" and not any(tolerates(each, taint) for each in tolerations)
                 for taint in (host.node.get("spec") or {}).get("taints") or [])
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    liked = sum(each["weight"] for each in affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or []
                if _term(each["preference"], host))
    uids = {each["uid"] for each in pod["metadata"].get("ownerReferences") or []}
    siblings = sum(any(one["uid"] in uids for one in each["metadata"].get("ownerReferences") or []) for each in host.pods)
    wanted = requests_of(pod)
    free = [float((there - host.taken[name] - wanted.get(name, Decimal(0))) / there)
            for name in ("cpu", "memory") if (there := host.allocatable.get(name, Decimal(0)))]
    return (-minded, liked, -siblings, sum(free) / len(free) if free else 0.0)
