"""The values that the API fills in where a manifest says nothing, kind by kind."""

import base64
from typing import Any

Object = dict[str, Any]


def defaulted(resource: str, object_: Object) -> Object:
    """The same object, with the defaults of its resource ("deployments.apps") filled in."""
    fill = _FILL.get(resource)
    if fill:
        fill(object_)
    return object_


def pod_spec(spec: Object) -> None:
    """Fills in a pod's specification; also the one in a template."""
    for key, value in (("restartPolicy", "Always"), ("terminationGracePeriodSeconds", 30), ("dnsPolicy", "ClusterFirst"),
                       ("schedulerName", "default-scheduler"), ("securityContext", {})):
        spec.setdefault(key, value)
    if "serviceAccountName" in spec:
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        _container(container)
    for volume in spec.get("volumes") or []:
        for kind in ("secret", "configMap", "projected", "downwardAPI"):
            if kind in volume:
                volume[kind].setdefault("defaultMode", 420)
        if len(volume) == 1:
            volume["emptyDir"] = {}


def _container(container: Object) -> None:
    image = container.get("image", "")
    latest = "@" not in image and (":" not in image.rsplit("/", 1)[-1] or image.endswith(":latest"))
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    resources = container.setdefault("resources", {})
    for name, limit in (resources.get("limits") or {}).items():
        resources.setdefault("requests", {}).setdefault(name, limit)
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or []:
        if "fieldRef" in (variable.get("valueFrom") or {}):
            variable["valueFrom"]["fieldRef"].setdefault("apiVersion", "v1")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if name in container:
            probe = container[name]
            for key, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
                if not probe.get(key):
                    probe[key] = value
            if "httpGet" in probe:
                probe["httpGet"].setdefault("path", "/")
                probe["httpGet"].setdefault("scheme", "HTTP")


def _pod(pod: Object) -> None:
    pod_spec(pod.setdefault("spec", {}))
    pod["spec"].setdefault("enableServiceLinks", True)
    pod["spec"].setdefault("preemptionPolicy", "PreemptLowerPriority")
    pod["spec"].setdefault("priority", 0)


def _template(owner: Object) -> None:
    template = owner["spec"].setdefault("template", {})
    pod_spec(template.setdefault("spec", {}))


def _deployment(deployment: Object) -> None:
    spec = deployment.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    _template(deployment)


def _replica_set(owner: Object) -> None:
    owner.setdefault("spec", {}).setdefault("replicas", 1)
    _template(owner)


def _stateful_set(owner: Object) -> None:
    _replica_set(owner)
    owner["spec"].setdefault("podManagementPolicy", "OrderedReady")
    owner["spec"].setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    owner["spec"].setdefault("revisionHistoryLimit", 10)


def _daemon_set(owner: Object) -> None:
    owner.setdefault("spec", {})
    _template(owner)
    owner["spec"].setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}})
    owner["spec"].setdefault("revisionHistoryLimit", 10)


def job_spec(spec: Object) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")
    template = spec.setdefault("template", {})
    pod_spec(template.setdefault("spec", {}))


def _cron_job(owner: Object) -> None:
    spec = owner.setdefault("spec", {})
    for key, value in (("concurrencyPolicy", "Allow"), ("suspend", False),
                       ("successfulJobsHistoryLimit", 3), ("failedJobsHistoryLimit", 1)):
        spec.setdefault(key, value)
    inner = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
    template = inner.setdefault("template", {})
    pod_spec(template.setdefault("spec", {}))


def _service(service: Object) -> None:
    spec = service.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        spec.setdefault("ipFamilies", ["IPv4"])
    for port in spec.get("ports") or []:
        port.setdefault("protocol", "TCP")
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port")


def _secret(secret: Object) -> None:
    for key, text in (secret.pop("stringData", None) or {}).items():
        secret.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()
    secret.setdefault("type", "Opaque")


def _autoscaler(autoscaler: Object) -> None:
    spec = autoscaler.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    spec.setdefault("metrics", [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}])
    behaviour = spec.get("behavior")
    if behaviour is not None:
        policies = {"scaleUp": [{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}],
                    "scaleDown": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}
        for name, default in policies.items():
            rules = behaviour.setdefault(name, {})
            rules.setdefault("selectPolicy", "Max")
            rules.setdefault("policies", default)
            if name == "scaleUp":
                rules.setdefault("stabilizationWindowSeconds", 0)


def _network_policy(policy: Object) -> None:
    spec = policy.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    spec.setdefault("policyTypes", ["Ingress"] + (["Egress"] if "egress" in spec else []))
    for rule in [*(spec.get("ingress") or []), *(spec.get("egress") or [])]:
        for port in rule.get("ports") or []:
            port.setdefault("protocol", "TCP")


def _namespace(namespace: Object) -> None:
    namespace["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = namespace["metadata"]["name"]
    namespace.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])


def _crd(definition: Object) -> None:
    spec = definition.setdefault("spec", {})
    names = spec.setdefault("names", {})
    names.setdefault("singular", names.get("kind", "").lower())
    names.setdefault("listKind", names.get("kind", "") + "List")
    spec.setdefault("conversion", {"strategy": "None"})


_FILL = {
    "pods": _pod, "deployments.apps": _deployment, "replicasets.apps": _replica_set, "statefulsets.apps": _stateful_set,
    "daemonsets.apps": _daemon_set, "jobs.batch": lambda job: job_spec(job.setdefault("spec", {})), "cronjobs.batch": _cron_job,
    "services": _service, "secrets": _secret, "namespaces": _namespace,
    "horizontalpodautoscalers.autoscaling": _autoscaler, "networkpolicies.networking.k8s.io": _network_policy,
    "customresourcedefinitions.apiextensions.k8s.io": _crd,
}
