"""What may be a name, a label, a key: the API's patterns and the words in which it refuses others."""

import re
from collections.abc import Callable
from typing import Any

from .simulator_errors import Problems

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_VARIABLE = "[-._a-zA-Z][-._a-zA-Z0-9]*"


def label(text: str) -> str:
    """Why a text is no RFC 1123 label; empty where it is one."""
    return _length(text, 63) or _unless(
        _LABEL, text, "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
        f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')")


def subdomain(text: str) -> str:
    return _length(text, 253) or _unless(
        _SUBDOMAIN, text, "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')")


def label_1035(text: str) -> str:
    return _length(text, 63) or _unless(
        _LABEL_1035, text, "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
        f"'{_LABEL_1035}')")


def label_value(text: str) -> str:
    return _length(text, 63) or _unless(
        _VALUE, text, "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
        f"end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{_VALUE}')")


def qualified_name(text: str) -> str:
    prefix, slash, name = text.rpartition("/")
    if slash and (not prefix or subdomain(prefix)):
        return "prefix part " + (subdomain(prefix) if prefix else "must be non-empty")
    return _length(name, 63) or _unless(
        _QUALIFIED, name, "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        f"alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')")


def config_key(text: str) -> str:
    return _length(text, 253) or _unless(
        _CONFIG_KEY, text, "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
        f"'KEY_NAME',  or 'key-name', regex used for validation is '{_CONFIG_KEY}')")


def variable(text: str) -> str:
    return "" if text and text.isprintable() and "=" not in text else (
        "a valid environment variable name must consist only of printable ASCII characters other than '='")


def port_name(text: str) -> str:
    if len(text) > 15:
        return "must be no more than 15 characters"
    if not re.fullmatch(r"[-a-z0-9]+", text):
        return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    return "" if re.search("[a-z]", text) else "must contain at least one letter (a-z)"


def _unless(pattern: str, text: str, why: str) -> str:
    return "" if re.fullmatch(pattern, text) else why


def _length(text: str, most: int) -> str:
    return f"must be no more than {most} characters" if len(text) > most else ""


_OF_RESOURCE: dict[str, Callable[[str], str]] = {
    "namespaces": label, "services": label_1035,
    **dict.fromkeys(("roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io",
                     "clusterrolebindings.rbac.authorization.k8s.io"), lambda _: ""),
}


def check_metadata(resource: str, metadata: dict[str, Any], problems: Problems) -> None:
    """An object's name, labels and annotations."""
    name = metadata.get("name")
    if not name:
        problems.required("metadata.name", "name or generateName is required")
    else:
        why = _OF_RESOURCE.get(resource, subdomain)(name)
        if why:
            problems.invalid("metadata.name", name, why)
    check_labels(metadata.get("labels"), "metadata.labels", problems)
    for key in metadata.get("annotations") or {}:
        if why := qualified_name(key.lower()):
            problems.invalid("metadata.annotations", key, why)
    for finalizer in metadata.get("finalizers") or []:
        if why := qualified_name(finalizer):
            problems.invalid("metadata.finalizers", finalizer, why)
        elif "/" not in finalizer and not _is_definition(resource) and finalizer not in ("orphan", "foregroundDeletion", "kubernetes"):
            problems.invalid("metadata.finalizers", finalizer, "name is neither a standard finalizer name nor is it fully qualified")


def _is_definition(resource: str) -> bool:
    """Whether these are the definitions of custom resources, whose own finalizer has no slash."""
    return resource == "customresourcedefinitions.apiextensions.k8s.io"


def check_labels(labels: dict[str, str] | None, field: str, problems: Problems) -> None:
    for key, value in (labels or {}).items():
        if why := qualified_name(key):
            problems.invalid(field, key, why)
        if why := label_value(value):
            problems.invalid(field, value, why)


def check_selector(selector: dict[str, Any], field: str, problems: Problems) -> None:
    """A LabelSelector's own form."""
    check_labels(selector.get("matchLabels"), f"{field}.matchLabels", problems)
    for index, each in enumerate(selector.get("matchExpressions") or []):
        here = f"{field}.matchExpressions[{index}]"
        operator, values = each.get("operator"), each.get("values")
        if operator in ("In", "NotIn") and not values:
            problems.required(f"{here}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist") and values:
            problems.forbidden(f"{here}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        elif operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            problems.invalid(f"{here}.operator", operator, "not a valid selector operator")
