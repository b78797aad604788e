"""Label selectors and field selectors: the text of a query, and the objects inside a specification."""

import re
from typing import Any

from .simulator_errors import bad_request

Object = dict[str, Any]
_REQUIREMENT = re.compile(r"\s*(!?)\s*([\w./-]+)\s*(?:(==|=|!=)\s*([\w.-]*)|\s(in|notin)\s*\(([^)]*)\)|(>|<)\s*(-?\d+))?\s*(?:,|$)")


def by_text(text: str, labels: dict[str, str]) -> bool:
    """Whether labels match `app=web,tier in (a, b),!old`. Raises Refused (400) for a selector that cannot be read."""
    position = 0
    while position < len(text.rstrip()):
        found = _REQUIREMENT.match(text, position)
        if not found:
            raise bad_request(f"unable to parse requirement: {text[position:]!r}")
        position = found.end()
        absent, key, sign, value, word, values, order, number = found.groups()
        here = labels.get(key)
        if absent:
            matches = here is None
        elif sign in ("=", "=="):
            matches = here == value
        elif sign == "!=":
            matches = here != value
        elif word:
            listed = here in [each.strip() for each in values.split(",")]
            matches = listed if word == "in" else not listed
        elif order:
            matches = _compares(here, order, number)
        else:
            matches = here is not None
        if not matches:
            return False
    return True


def by_selector(selector: Object | None, labels: dict[str, str] | None) -> bool:
    """Whether labels match a LabelSelector (matchLabels, matchExpressions); none matches nothing, an empty one all."""
    if selector is None:
        return False
    labels = labels or {}
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(by_expression(each, labels) for each in selector.get("matchExpressions") or [])


def by_expression(expression: Object, labels: dict[str, str]) -> bool:
    """Whether labels match one requirement: In, NotIn, Exists, DoesNotExist, Gt, Lt."""
    here, values = labels.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return here in values
        case "NotIn":
            return here not in values
        case "Exists":
            return here is not None
        case "DoesNotExist":
            return here is None
        case "Gt":
            return _compares(here, ">", values[0])
        case "Lt":
            return _compares(here, "<", values[0])
    return False


def as_text(selector: Object | None) -> str:
    """A LabelSelector as a query's text: `app=web,tier in (a,b)`."""
    selector = selector or {}
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for each in selector.get("matchExpressions") or []:
        key, values = each["key"], ",".join(sorted(each.get("values") or []))
        parts.append({"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}.get(each["operator"], f"!{key}"))
    return ",".join(parts)


_LABELS = {
    "pods": {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
             "status.podIP", "status.nominatedNodeName"},
    "events": {f"involvedObject.{each}" for each in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")}
    | {"reason", "reportingComponent", "source", "type"},
    "nodes": {"spec.unschedulable"}, "namespaces": {"status.phase"}, "secrets": {"type"}, "replicasets.apps": {"status.replicas"},
    "jobs.batch": {"status.successful"},
}


def check_fields(text: str, resource: str) -> None:
    """Raises Refused (400) for a field selector with a field by which this resource cannot be selected."""
    for found in re.finditer(r"(?:^|,)\s*([\w.]+)\s*!?=", text):
        if found[1] not in {"metadata.name", "metadata.namespace", *_LABELS.get(resource, set())}:
            raise bad_request(f"field label not supported: {found[1]}")


def by_fields(text: str, object_: Object) -> bool:
    """Whether an object matches `metadata.name=web,status.phase!=Running`."""
    for part in filter(None, text.split(",")):
        found = re.fullmatch(r"\s*([\w.]+)\s*(==|=|!=)(.*)", part)
        if not found:
            raise bad_request(f'invalid selector: "{text}"; can\'t understand "{part}"')
        path, sign, wanted = found.groups()
        here: Any = object_
        for name in path.split("."):
            here = here.get(name) if isinstance(here, dict) else None
        here = "" if here is None else str(here).lower() if isinstance(here, bool) else str(here)
        if (here == wanted.strip()) == (sign == "!="):
            return False
    return True


def _compares(here: str | None, order: str, number: str) -> bool:
    try:
        return int(here or "") > int(number) if order == ">" else int(here or "") < int(number)
    except ValueError:
        return False
