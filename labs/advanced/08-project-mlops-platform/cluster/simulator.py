"""A small Kubernetes API server in this process: `start()` gives one. Openly a simulator: LIMITS says what it does not do.

It speaks Kubernetes' API over HTTP on loopback to the official Python client, to kubectl and to whatever else speaks it, keeps its
objects in memory, and has the controllers and the scheduler that a lesson on workloads needs. It runs no containers: something
must play the nodes (node_agent.py does). The parts, one idea a file:

    the API        simulator_server, simulator_http, simulator_resources (discovery), simulator_openapi, simulator_tables (kubectl get)
    the objects    simulator_registry (creating, changing), simulator_deletion (also eviction), simulator_subresources (scale, binding),
                   simulator_patch, simulator_selectors, simulator_store (revisions, watches), simulator_errors (refusals)
    their form     simulator_schemas, simulator_defaults, simulator_rules, simulator_pod_rules, simulator_names, simulator_custom,
                   simulator_admission, simulator_quota
    controllers    simulator_worker (their engine), simulator_owned, simulator_deployment, simulator_deployment_status,
                   simulator_replicaset, simulator_jobs, simulator_cron, simulator_schedule, simulator_endpoints, simulator_disruption,
                   simulator_nodes, simulator_garbage
    the scheduler  simulator_scheduler, simulator_scheduling (its rules)
"""

from functools import partial
from typing import Any

from . import (
    simulator_cron,
    simulator_deployment,
    simulator_disruption,
    simulator_endpoints,
    simulator_garbage,
    simulator_quota,
    simulator_replicaset,
    simulator_scheduler,
)
from .simulator_garbage import Garbage
from .simulator_jobs import Jobs
from .simulator_nodes import Nodes
from .simulator_owned import concerned_owner, controller_of
from .simulator_registry import Registry
from .simulator_schemas import VERSION
from .simulator_server import Server
from .simulator_worker import Worker

LIMITS = [
    "It is no Kubernetes: one process, written for lessons after Kubernetes' behaviour; what is not named here may differ, too.",
    "No authentication and no authorisation: whoever reaches the port on this machine may do everything; roles are kept, not applied.",
    "No TLS, no audit, no flow control; JSON and YAML only: `kubectl create namespace` and its like send protobuf and are refused.",
    "No server-side apply, no managedFields, no OpenAPI schemas: kubectl before 1.27 needs --validate=false, `kubectl explain` fails.",
    "No admission webhooks, no pod security, no LimitRange; ResourceQuota counts pods, objects, requests and limits only.",
    "Validation covers the fields that a workload usually has; a real server refuses more. Field values in messages are written as JSON.",
    "Custom resources: no conversion between versions, no CEL rules (x-kubernetes-validations).",
    "Controllers: Deployment, ReplicaSet, Job, CronJob (in UTC), Endpoints, disruption budgets, nodes, namespaces, quota and the "
    "garbage collector, whose rarer cases (several owners, blocked foreground deletion in a ring) are simplified.",
    "StatefulSet, DaemonSet, HorizontalPodAutoscaler, Ingress, NetworkPolicy and volumes are only stored: nothing acts on them.",
    "A Job waits 1 s after its first failed pod, then 2 s, 4 s, … (Kubernetes: 10 s, 20 s, …); no podFailurePolicy, no limits per index, "
    "no finalizers on its pods.",
    "The scheduler knows requests, cordons, taints, selectors, node affinity, (anti-)affinity between pods, spreading and host ports; "
    "no preemption, no volumes, and a simpler choice among the nodes that fit.",
    "No network: a Service gets an address and endpoints, but nothing listens there; no DNS; no log, exec, port-forward or proxy.",
    "Everything is in memory and gone with stop(); a watch can go back over the last 5,000 changes.",
]


class Simulator:
    """A running simulator: `url`, `version`, and `stop()`. `errors` holds the tracebacks of its own mistakes: there should be none."""

    def __init__(self, job_backoff: float, node_grace: float) -> None:
        self.version = f"v{VERSION}-simulator"
        self._registry = Registry()
        self._worker = Worker(self._registry.store)
        _add_controllers(self._registry, self._worker, job_backoff, node_grace)
        self._server = Server(self._registry)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._running = True
        for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            self._registry.create(self._registry.find("namespaces"), "", {"metadata": {"name": name}})
        self._registry.create(self._registry.find("services"), "default", {
            "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"ports": [{"name": "https", "port": 443, "targetPort": 6443}]}})
        for name, value in (("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)):
            classes = self._registry.find("priorityclasses.scheduling.k8s.io")
            self._registry.create(classes, "", {"metadata": {"name": name}, "value": value})
        self._worker.start()
        self._server.start()

    @property
    def errors(self) -> list[str]:
        return list(self._worker.errors)

    def stop(self) -> None:
        """Ends its threads, watches and connections, and frees the port; more than once does no harm."""
        if self._running:
            self._running = False
            self._registry.store.close()
            self._worker.stop()
            self._server.stop()

    def __enter__(self) -> "Simulator":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


def start(job_backoff: float = 1.0, node_grace: float = 40.0) -> Simulator:
    """A running simulator on a free port of 127.0.0.1.

    `job_backoff`: seconds that a Job waits after its first failed pod. `node_grace`: seconds without a sign of life (its Lease, or the
    heartbeat of its condition Ready) after which a node counts as lost, and after which a deleted node's pods go.
    """
    return Simulator(job_backoff, node_grace)


def _add_controllers(registry: Registry, worker: Worker, job_backoff: float, node_grace: float) -> None:
    garbage, jobs, nodes = Garbage(registry), Jobs(registry, job_backoff), Nodes(registry, node_grace)
    worker.add(garbage.reconcile, garbage.concerned)
    worker.add(partial(simulator_garbage.reconcile_namespace, registry), simulator_garbage.concerned_namespace)
    worker.add(partial(simulator_garbage.reconcile_definition, registry), simulator_garbage.concerned_definition)
    worker.add(partial(simulator_replicaset.reconcile, registry), partial(_concerned_sets, registry))
    worker.add(partial(simulator_deployment.reconcile, registry), partial(_concerned_deployments, registry))
    worker.add(jobs.reconcile, jobs.concerned)
    worker.add(partial(simulator_cron.reconcile, registry),
               lambda change: concerned_owner(change, "cronjobs.batch", "CronJob", "jobs.batch"))
    worker.add(partial(simulator_endpoints.reconcile, registry), partial(simulator_endpoints.concerned, registry))
    worker.add(partial(simulator_disruption.reconcile, registry), partial(simulator_disruption.concerned, registry))
    worker.add(nodes.reconcile, nodes.concerned)
    worker.add(partial(simulator_quota.reconcile, registry), partial(simulator_quota.concerned, registry))
    worker.add(partial(simulator_scheduler.reconcile, registry), partial(simulator_scheduler.concerned, registry))


def _concerned_sets(registry: Registry, change: Any) -> Any:
    yield from concerned_owner(change, "replicasets.apps", "ReplicaSet", "pods")
    if change.resource == "pods" and change.kind != "DELETED" and controller_of(change.object) is None:
        for each in registry.store.all("replicasets.apps", change.object["metadata"]["namespace"]):
            yield each["metadata"]["namespace"], each["metadata"]["name"]  # one of them may adopt it


def _concerned_deployments(registry: Registry, change: Any) -> Any:
    yield from concerned_owner(change, "deployments.apps", "Deployment", "replicasets.apps")
    owner = controller_of(change.object) if change.resource == "pods" and change.kind == "DELETED" else None
    found = registry.store.peek("replicasets.apps", change.object["metadata"]["namespace"], owner["name"]) if owner else None
    above = controller_of(found) if found else None
    if above:
        yield change.object["metadata"]["namespace"], above["name"]  # Recreate waits for it
