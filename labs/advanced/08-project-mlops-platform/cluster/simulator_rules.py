"""What the API checks beyond an object's form, kind by kind: when it is created, and which fields may change afterwards."""

import re
from typing import Any

from . import simulator_names as names
from .simulator_errors import Problems
from .simulator_pod_rules import check_effect, check_pod_spec, check_port
from .simulator_schedule import parsed
from .simulator_selectors import by_selector
from .simulator_store import copied

Object = dict[str, Any]


def problems_of(resource: str, object_: Object, before: Object | None = None) -> Problems:
    """What is wrong with an object, or with its change from `before`."""
    problems = Problems()
    names.check_metadata(resource, object_["metadata"], problems)
    check = _CHECKS.get(resource)
    if check and not (resource == "pods" and before):
        check(object_, problems)
    if before is not None:
        for field in _IMMUTABLE.get(resource, []):
            _check_unchanged(object_, before, field, problems)
        if resource == "pods":
            _check_pod_change(object_, before, problems)
        if resource in ("configmaps", "secrets") and before.get("immutable"):
            for field in ("data", "binaryData"):
                if object_.get(field) != before.get(field):
                    problems.forbidden(field, "field is immutable when `immutable` is set")
    return problems


def _check_unchanged(object_: Object, before: Object, field: str, problems: Problems) -> None:
    now: Any = object_
    then: Any = before
    for part in field.split("."):
        now, then = (now or {}).get(part), (then or {}).get(part)
    if now != then and not (field == "spec.template" and (object_.get("spec") or {}).get("suspend")):
        problems.invalid(field, now, "field is immutable")


_IMMUTABLE = {
    "deployments.apps": ["spec.selector"], "replicasets.apps": ["spec.selector"], "statefulsets.apps": ["spec.selector"],
    "daemonsets.apps": ["spec.selector"], "jobs.batch": ["spec.selector", "spec.template", "spec.completionMode"],
    "secrets": ["type"], "priorityclasses.scheduling.k8s.io": ["value"],
    "customresourcedefinitions.apiextensions.k8s.io": ["spec.group", "spec.scope", "spec.names.kind", "spec.names.plural"],
}


def _check_pod_change(pod: Object, before: Object, problems: Problems) -> None:
    now, then = copied(pod["spec"]), copied(before["spec"])
    for spec in (now, then):
        for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
            container.pop("image", None)
        for field in ("activeDeadlineSeconds", "tolerations"):
            spec.pop(field, None)
    if now != then:
        problems.forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,"
                           "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
                           "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")


def _at_least(value: Any, least: int, field: str, problems: Problems) -> None:
    if isinstance(value, int) and value < least:
        problems.invalid(field, value, f"must be greater than or equal to {least}")


def _check_share(value: Any, field: str, problems: Problems) -> None:
    if isinstance(value, str) and not re.fullmatch(r"\d+%", value):
        problems.invalid(field, value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
                         "regex used for validation is '[0-9]+%')")
    _at_least(value, 0, field, problems)


def _check_workload(kind: str) -> Any:
    def check(owner: Object, problems: Problems) -> None:
        spec = owner["spec"]
        _at_least(spec.get("replicas"), 0, "spec.replicas", problems)
        _at_least(spec.get("minReadySeconds"), 0, "spec.minReadySeconds", problems)
        selector = spec.get("selector")
        labels = (spec["template"].get("metadata") or {}).get("labels") or {}
        if selector is None:
            problems.required("spec.selector")
        else:
            names.check_selector(selector, "spec.selector", problems)
            if not selector.get("matchLabels") and not selector.get("matchExpressions"):
                problems.invalid("spec.selector", selector, f"empty selector is invalid for {kind}")
        if selector is None or not by_selector(selector, labels):
            problems.invalid("spec.template.metadata.labels", labels or None, "`selector` does not match template `labels`")
        names.check_labels(labels, "spec.template.labels", problems)
        check_pod_spec(spec["template"]["spec"], "spec.template.spec", problems)
        if spec["template"]["spec"].get("restartPolicy") in ("OnFailure", "Never"):
            problems.unsupported("spec.template.spec.restartPolicy", spec["template"]["spec"]["restartPolicy"], ["Always"])

    return check


def _check_deployment(deployment: Object, problems: Problems) -> None:
    _check_workload("deployment")(deployment, problems)
    spec = deployment["spec"]
    strategy = spec["strategy"]
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] not in ("Recreate", "RollingUpdate"):
        problems.unsupported("spec.strategy", strategy, ["Recreate", "RollingUpdate"])
    elif strategy["type"] == "Recreate" and rolling is not None:
        problems.forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif rolling is not None:
        for field in ("maxUnavailable", "maxSurge"):
            _check_share(rolling[field], f"spec.strategy.rollingUpdate.{field}", problems)
        if str(rolling["maxUnavailable"]) in ("0", "0%") and str(rolling["maxSurge"]) in ("0", "0%"):
            problems.invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0")
        if isinstance(rolling["maxUnavailable"], str) and int(re.sub(r"\D", "", rolling["maxUnavailable"]) or 0) > 100:
            problems.invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], "must not be greater than 100%")
    _at_least(spec.get("revisionHistoryLimit"), 0, "spec.revisionHistoryLimit", problems)
    if "progressDeadlineSeconds" in spec:
        _at_least(spec["progressDeadlineSeconds"], 0, "spec.progressDeadlineSeconds", problems)
        if spec["progressDeadlineSeconds"] <= spec.get("minReadySeconds", 0):
            problems.invalid("spec.progressDeadlineSeconds", spec["progressDeadlineSeconds"], "must be greater than minReadySeconds")


def check_job_spec(spec: Object, at: str, problems: Problems) -> None:
    for field in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        _at_least(spec.get(field), 0, f"{at}.{field}", problems)
    if spec.get("completionMode") == "Indexed" and spec.get("completions") is None:
        problems.required(f"{at}.completions", "when completion mode is Indexed")
    check_pod_spec(spec["template"]["spec"], f"{at}.template.spec", problems)
    if spec["template"]["spec"].get("restartPolicy") == "Always":
        problems.required(f"{at}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def _check_cron_job(cron: Object, problems: Problems) -> None:
    spec = cron["spec"]
    if not spec.get("schedule"):
        problems.required("spec.schedule")
    else:
        try:
            parsed(spec["schedule"])
        except ValueError as error:
            problems.invalid("spec.schedule", spec["schedule"], str(error))
    if spec["concurrencyPolicy"] not in ("Allow", "Forbid", "Replace"):
        problems.unsupported("spec.concurrencyPolicy", spec["concurrencyPolicy"], ["Allow", "Forbid", "Replace"])
    for field in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        _at_least(spec.get(field), 0, f"spec.{field}", problems)
    check_job_spec(spec["jobTemplate"]["spec"], "spec.jobTemplate.spec", problems)


def _check_service(service: Object, problems: Problems) -> None:
    spec = service["spec"]
    ports = spec.get("ports") or []
    if spec["type"] not in ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"):
        problems.unsupported("spec.type", spec["type"], ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"])
    if not ports and spec.get("clusterIP") != "None" and spec["type"] != "ExternalName":
        problems.required("spec.ports")
    if spec["type"] == "ExternalName" and not spec.get("externalName"):
        problems.required("spec.externalName")
    seen: set[str] = set()
    for index, port in enumerate(ports):
        here = f"spec.ports[{index}]"
        check_port(port.get("port", 0), f"{here}.port", problems)
        check_port(port["targetPort"], f"{here}.targetPort", problems)
        if len(ports) > 1 and not port.get("name"):
            problems.required(f"{here}.name")
        elif port.get("name"):
            if why := names.label(port["name"]):
                problems.invalid(f"{here}.name", port["name"], why)
            if port["name"] in seen:
                problems.duplicate(f"{here}.name", port["name"])
            seen.add(port["name"])
        if port["protocol"] not in ("TCP", "UDP", "SCTP"):
            problems.unsupported(f"{here}.protocol", port["protocol"], ["TCP", "UDP", "SCTP"])
    names.check_labels(spec.get("selector"), "spec.selector", problems)


def _check_budget(budget: Object, problems: Problems) -> None:
    spec = budget.get("spec") or {}
    if "minAvailable" in spec and "maxUnavailable" in spec:
        problems.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for field in ("minAvailable", "maxUnavailable"):
        if field in spec:
            _check_share(spec[field], f"spec.{field}", problems)
            if isinstance(spec[field], str) and int(re.sub(r"\D", "", spec[field]) or 0) > 100:
                problems.invalid(f"spec.{field}", spec[field], "must not be greater than 100%")
    names.check_selector(spec.get("selector") or {}, "spec.selector", problems)


def _check_autoscaler(autoscaler: Object, problems: Problems) -> None:
    spec = autoscaler["spec"]
    _at_least(spec["minReplicas"], 1, "spec.minReplicas", problems)
    if spec.get("maxReplicas", 0) < 1:
        problems.invalid("spec.maxReplicas", spec.get("maxReplicas", 0), "must be greater than 0")
    if spec.get("maxReplicas", 0) < spec["minReplicas"]:
        problems.invalid("spec.maxReplicas", spec.get("maxReplicas", 0), "must be greater than or equal to `minReplicas`")
    for field in ("kind", "name"):
        if not (spec.get("scaleTargetRef") or {}).get(field):
            problems.required(f"spec.scaleTargetRef.{field}")
    for index, metric in enumerate(spec["metrics"]):
        here = f"spec.metrics[{index}]"
        if not metric.get("type"):
            problems.required(f"{here}.type", "must specify a metric source type")
        target = (metric.get("resource") or {}).get("target") or {}
        if "averageUtilization" in target:
            if target["averageUtilization"] < 1:
                problems.invalid(f"{here}.resource.target.averageUtilization", target["averageUtilization"], "must be greater than 0")
            if "averageValue" in target:
                problems.forbidden(f"{here}.resource.target.averageValue",
                                   "may not set both a target raw value and a target utilization")
    for direction in ("scaleUp", "scaleDown"):
        _check_scaling((spec.get("behavior") or {}).get(direction) or {}, f"spec.behavior.{direction}", problems)


def _check_scaling(rules: Object, here: str, problems: Problems) -> None:
    """A direction's rules in an autoscaler's behaviour."""
    window = rules.get("stabilizationWindowSeconds") or 0
    if window < 0:
        problems.invalid(f"{here}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window > 3600:
        problems.invalid(f"{here}.stabilizationWindowSeconds", window, "must be less than or equal to 3600")
    for index, policy in enumerate(rules.get("policies") or []):
        place = f"{here}.policies[{index}]"
        for field in ("value", "periodSeconds"):
            if policy.get(field, 0) <= 0:
                problems.invalid(f"{place}.{field}", policy.get(field, 0), "must be greater than zero")
        if policy.get("periodSeconds", 0) > 1800:
            problems.invalid(f"{place}.periodSeconds", policy["periodSeconds"], "must be less than or equal to 1800")


def _check_data(object_: Object, problems: Problems) -> None:
    for field in ("data", "binaryData"):
        for key in object_.get(field) or {}:
            if why := names.config_key(key):
                problems.invalid(f"{field}[{key}]", key, why)


def _check_node(node: Object, problems: Problems) -> None:
    for index, taint in enumerate((node.get("spec") or {}).get("taints") or []):
        if not taint.get("key"):
            problems.required(f"spec.taints[{index}].key")
        check_effect(taint, f"spec.taints[{index}]", problems)
        if not taint.get("effect"):
            problems.required(f"spec.taints[{index}].effect")


def _check_definition(definition: Object, problems: Problems) -> None:
    spec = definition["spec"]
    expected = f"{spec['names'].get('plural', '')}.{spec.get('group', '')}"
    if definition["metadata"].get("name") != expected:
        problems.invalid("metadata.name", definition["metadata"].get("name"), 'must be spec.names.plural+"."+spec.group')
    if spec.get("scope") not in ("Namespaced", "Cluster"):
        problems.unsupported("spec.scope", spec.get("scope", ""), ["Cluster", "Namespaced"])
    versions = spec.get("versions") or []
    if sum(bool(version.get("storage")) for version in versions) != 1:
        problems.invalid("spec.versions", [version.get("name") for version in versions],
                         "must have exactly one version marked as storage version")
    for index, version in enumerate(versions):
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            problems.required(f"spec.versions[{index}].schema.openAPIV3Schema", "schemas are required")
        elif schema.get("type") != "object":
            problems.invalid(f"spec.versions[{index}].schema.openAPIV3Schema.type", schema.get("type", ""), "must be object at the root")
    if not spec["names"].get("kind"):
        problems.required("spec.names.kind")


_CHECKS = {
    "pods": lambda pod, problems: check_pod_spec(pod["spec"], "spec", problems),
    "deployments.apps": _check_deployment, "replicasets.apps": _check_workload("replicaset"),
    "statefulsets.apps": _check_workload("statefulset"), "daemonsets.apps": _check_workload("daemonset"),
    "jobs.batch": lambda job, problems: check_job_spec(job["spec"], "spec", problems), "cronjobs.batch": _check_cron_job,
    "services": _check_service, "poddisruptionbudgets.policy": _check_budget, "nodes": _check_node,
    "horizontalpodautoscalers.autoscaling": _check_autoscaler, "configmaps": _check_data, "secrets": _check_data,
    "customresourcedefinitions.apiextensions.k8s.io": _check_definition,
}
