"""What the API checks in a pod's specification beyond its form: names, images, ports, resources, probes, volumes."""

from typing import Any

from . import simulator_names as names
from .simulator_errors import Problems
from .simulator_schemas import amount

Object = dict[str, Any]
_STANDARD = {"cpu", "memory", "ephemeral-storage"}


def check_pod_spec(spec: Object, at: str, problems: Problems) -> None:
    """Adds what is wrong with a pod's specification at the path `at` ("spec.template.spec")."""
    volumes = _check_volumes(spec.get("volumes") or [], f"{at}.volumes", problems)
    containers = spec.get("containers") or []
    if not containers:
        problems.required(f"{at}.containers")
    seen: set[str] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or []):
            _check_container(container, f"{at}.{field}[{index}]", volumes, seen, problems, init=field == "initContainers")
    if spec.get("restartPolicy") not in ("Always", "OnFailure", "Never"):
        problems.unsupported(f"{at}.restartPolicy", spec.get("restartPolicy"), ["Always", "OnFailure", "Never"])
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        problems.invalid(f"{at}.terminationGracePeriodSeconds", spec["terminationGracePeriodSeconds"], "must be greater than or equal to 0")
    if spec.get("activeDeadlineSeconds", 1) < 1:
        problems.invalid(f"{at}.activeDeadlineSeconds", spec["activeDeadlineSeconds"], "must be between 1 and 2147483647, inclusive")
    names.check_labels(spec.get("nodeSelector"), f"{at}.nodeSelector", problems)
    _check_tolerations(spec.get("tolerations") or [], f"{at}.tolerations", problems)
    _check_affinity(spec.get("affinity") or {}, f"{at}.affinity", problems)


def _check_container(container: Object, at: str, volumes: set[str], seen: set[str], problems: Problems, init: bool) -> None:
    name = container.get("name")
    if not name:
        problems.required(f"{at}.name")
    elif why := names.label(name):
        problems.invalid(f"{at}.name", name, why)
    elif name in seen:
        problems.duplicate(f"{at}.name", name)
    seen.add(name or "")
    if not container.get("image"):
        problems.required(f"{at}.image")
    elif container["image"] != container["image"].strip():
        problems.invalid(f"{at}.image", container["image"], "must not have leading or trailing whitespace")
    if container.get("imagePullPolicy") not in ("Always", "IfNotPresent", "Never"):
        problems.unsupported(f"{at}.imagePullPolicy", container.get("imagePullPolicy"), ["Always", "IfNotPresent", "Never"])
    _check_ports(container.get("ports") or [], f"{at}.ports", problems)
    for index, variable in enumerate(container.get("env") or []):
        if not variable.get("name"):
            problems.required(f"{at}.env[{index}].name")
        elif why := names.variable(variable["name"]):
            problems.invalid(f"{at}.env[{index}].name", variable["name"], why)
        if "valueFrom" in variable:
            if variable.get("value"):
                problems.invalid(f"{at}.env[{index}].valueFrom", "", "may not be specified when `value` is not empty")
            elif len(variable["valueFrom"]) != 1:
                problems.invalid(f"{at}.env[{index}].valueFrom", "",
                                 "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`")
    check_resources(container.get("resources") or {}, f"{at}.resources", problems)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in container:
            if init and container.get("restartPolicy") != "Always":
                problems.forbidden(f"{at}.{probe}", "may not be set for init containers without restartPolicy=Always")
            _check_probe(container[probe], f"{at}.{probe}", problems, once=probe != "readinessProbe")
    paths: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or []):
        here = f"{at}.volumeMounts[{index}]"
        if mount.get("name") not in volumes:
            problems.not_found(f"{here}.name", mount.get("name", ""))
        if not mount.get("mountPath"):
            problems.required(f"{here}.mountPath")
        elif mount["mountPath"] in paths:
            problems.invalid(f"{here}.mountPath", mount["mountPath"], "must be unique")
        paths.add(mount.get("mountPath", ""))


def _check_ports(ports: list[Object], at: str, problems: Problems) -> None:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        name = port.get("name")
        if name:
            if why := names.port_name(name):
                problems.invalid(f"{at}[{index}].name", name, why)
            elif name in seen:
                problems.duplicate(f"{at}[{index}].name", name)
            seen.add(name)
        if not port.get("containerPort"):
            problems.required(f"{at}[{index}].containerPort")
        else:
            check_port(port["containerPort"], f"{at}[{index}].containerPort", problems)
        if port.get("protocol") not in ("TCP", "UDP", "SCTP"):
            problems.unsupported(f"{at}[{index}].protocol", port.get("protocol"), ["TCP", "UDP", "SCTP"])


def check_port(port: Any, at: str, problems: Problems) -> None:
    """A port's number, or its name."""
    if isinstance(port, int) and not 1 <= port <= 65535:
        problems.invalid(at, port, "must be between 1 and 65535, inclusive")
    elif isinstance(port, str) and (why := names.port_name(port)):
        problems.invalid(at, port, why)


def check_resources(resources: Object, at: str, problems: Problems) -> None:
    """Requests and limits: known names, no negative amounts, no request above its limit, whole and equal numbers of devices."""
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, value in amounts.items():
            here = f"{at}.{kind}[{name}]" if "." in name else f"{at}.{kind}.{name}"
            if "/" not in name and name not in _STANDARD and not name.startswith("hugepages-"):
                problems.invalid(f"{at}.{kind}[{name}]", name, "must be a standard resource type or fully qualified")
                problems.invalid(f"{at}.{kind}[{name}]", name, "must be a standard resource for containers")
            if amount(value) < 0:
                problems.invalid(here, value, "must be greater than or equal to 0")
            if "/" in name and amount(value) != int(amount(value)):
                problems.invalid(here, value, "must be an integer")
    for name, value in requests.items():
        limit = limits.get(name)
        if "/" in name:
            if limit is None:
                problems.required(f"{at}.limits", "Limit must be set for non overcommitable resources")
            elif amount(limit) != amount(value):
                problems.invalid(f"{at}.requests", value, f"must be equal to {name} limit of {limit}")
        elif limit is not None and amount(value) > amount(limit):
            problems.invalid(f"{at}.requests", value, f"must be less than or equal to {name} limit of {limit}")


def _check_probe(probe: Object, at: str, problems: Problems, once: bool) -> None:
    handlers = [kind for kind in ("exec", "httpGet", "tcpSocket", "grpc") if kind in probe]
    if not handlers:
        problems.required(at, "must specify a handler type")
    for extra in handlers[1:]:
        problems.forbidden(f"{at}.{extra}", "may not specify more than 1 handler type")
    for kind in ("httpGet", "tcpSocket"):
        if kind in probe:
            check_port(probe[kind].get("port", 0), f"{at}.{kind}.port", problems)
    if "exec" in probe and not probe["exec"].get("command"):
        problems.required(f"{at}.exec.command")
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        if probe.get(name, 0) < 0:
            problems.invalid(f"{at}.{name}", probe[name], "must be greater than or equal to 0")
    if once and probe.get("successThreshold", 1) != 1:
        problems.invalid(f"{at}.successThreshold", probe["successThreshold"], "must be 1")


def _check_volumes(volumes: list[Object], at: str, problems: Problems) -> set[str]:
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        name = volume.get("name")
        if not name:
            problems.required(f"{at}[{index}].name")
        elif why := names.label(name):
            problems.invalid(f"{at}[{index}].name", name, why)
        elif name in seen:
            problems.duplicate(f"{at}[{index}].name", name)
        seen.add(name or "")
        kinds = [kind for kind in volume if kind != "name"]
        for extra in kinds[1:]:
            problems.forbidden(f"{at}[{index}].{extra}", "may not specify more than 1 volume type")
        for kind, field in (("secret", "secretName"), ("configMap", "name")):
            if kind in volume and not volume[kind].get(field):
                problems.required(f"{at}[{index}].{kind}.{field}")
    return seen


def _check_tolerations(tolerations: list[Object], at: str, problems: Problems) -> None:
    for index, toleration in enumerate(tolerations):
        here, operator = f"{at}[{index}]", toleration.get("operator", "Equal")
        if not toleration.get("key") and operator != "Exists":
            problems.invalid(f"{here}.operator", operator,
                             "operator must be Exists when `key` is empty, which means \"match all values and all keys\"")
        if operator == "Exists" and toleration.get("value"):
            problems.invalid(f"{here}.operator", toleration, "value must be empty when `operator` is 'Exists'")
        if operator not in ("Equal", "Exists"):
            problems.unsupported(f"{here}.operator", operator, ["Equal", "Exists"])
        check_effect(toleration, here, problems)
        if "tolerationSeconds" in toleration and toleration.get("effect") != "NoExecute":
            problems.invalid(f"{here}.effect", toleration.get("effect", ""), "effect must be 'NoExecute' when `tolerationSeconds` is set")


def check_effect(taint: Object, at: str, problems: Problems) -> None:
    if taint.get("effect") and taint["effect"] not in ("NoSchedule", "PreferNoSchedule", "NoExecute"):
        problems.unsupported(f"{at}.effect", taint["effect"], ["NoSchedule", "PreferNoSchedule", "NoExecute"])


def _check_affinity(affinity: Object, at: str, problems: Problems) -> None:
    required = ((affinity.get("nodeAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution"))
    if required is not None:
        here = f"{at}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
        if not required.get("nodeSelectorTerms"):
            problems.required(here, "must have at least one node selector term")
        for index, term in enumerate(required.get("nodeSelectorTerms") or []):
            for number, each in enumerate(term.get("matchExpressions") or []):
                if each.get("operator") not in ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"):
                    problems.invalid(f"{here}[{index}].matchExpressions[{number}].operator", each.get("operator"),
                                     "not a valid selector operator")
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = (affinity.get(kind) or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or []
        for index, term in enumerate(terms):
            if not term.get("topologyKey"):
                problems.required(f"{at}.{kind}.requiredDuringSchedulingIgnoredDuringExecution[{index}].topologyKey",
                                  "can not be empty")
