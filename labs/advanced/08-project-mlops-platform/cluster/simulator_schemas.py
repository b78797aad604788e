"""Kubernetes' own schemas, as kubernetes-validate brings them, and the reading of an object by them.

Reading is what a server's decoder does: a field of the wrong type is refused (400), an unknown one is dropped and reported,
null and empty lists and maps are left out, quantities are written the canonical way (`0.5` is `500m`).
"""

import base64
import binascii
import json
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from .simulator_errors import bad_request

Schema = dict[str, Any]
Object = dict[str, Any]
VERSION = "1.36.0"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_EITHER = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_GO = {"string": "string", "boolean": "bool", "number": "float64"}


@cache
def definitions() -> dict[str, Schema]:
    """Every type of the API by its full name."""
    found = find_spec("kubernetes_validate")  # not imported: what it imports takes longer than all the rest
    if found is None or not found.origin:
        raise ModuleNotFoundError("the simulator reads Kubernetes' schemas from the package kubernetes-validate: install it")
    folder = Path(found.origin).parent / "kubernetes-json-schema" / f"v{VERSION}-local"
    return json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]


@cache
def _kinds() -> dict[tuple[str, str, str], Schema]:
    found = {}
    for schema in definitions().values():
        kinds = schema.get("x-kubernetes-group-version-kind") or []
        if len(kinds) == 1:
            found[kinds[0]["group"], kinds[0]["version"], kinds[0]["kind"]] = schema
    return found


def of_kind(group: str, version: str, kind: str) -> Schema | None:
    """The schema of a kind, or None."""
    return _kinds().get((group, version, kind))


def resolved(schema: Schema | None) -> Schema:
    """The schema itself, or the one that its $ref names."""
    reference = (schema or {}).get("$ref")
    return definitions()[reference.rsplit("/", 1)[1]] if reference else schema or {}


def decoded(object_: Any, schema: Schema, kind: str, version: str) -> tuple[Object, list[str]]:
    """The object as the server reads it, and its unknown fields' paths. Raises Refused (400) for a wrong type."""
    unknown: list[str] = []

    def refuse(path: str, found: Any, wanted: str) -> Any:
        given = {str: "string", bool: "bool", dict: "object", list: "array"}.get(type(found), "number")
        field = f"{kind}.{path}" if path else kind
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: '
                          f"json: cannot unmarshal {given} into Go struct field {field} of type {wanted}")

    def read(value: Any, schema: Schema, path: str) -> Any:
        name = (schema.get("$ref") or "").rsplit("/", 1)[-1]
        if name == _QUANTITY:
            try:
                return canonical(value)
            except ValueError:
                raise bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: quantities must match the regular '
                                  "expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'") from None
        if name == _EITHER:
            return value if type(value) in (str, int) else refuse(path, value, "intstr.IntOrString")
        schema = resolved(schema)
        wanted = schema.get("type")
        wanted = next((each for each in wanted if each != "null"), None) if isinstance(wanted, list) else wanted
        if wanted == "object":
            if not isinstance(value, dict):
                refuse(path, value, name.rsplit(".", 1)[-1] or "map[string]string")
            return read_object(value, schema, path)
        if wanted == "array":
            if not isinstance(value, list):
                refuse(path, value, "[]" + (schema["items"].get("$ref") or "string").rsplit(".", 1)[-1])
            return [read(each, schema["items"], f"{path}[{index}]") for index, each in enumerate(value) if each is not None]
        if wanted == "integer" and type(value) is not int:
            refuse(path, value, schema.get("format", "int64"))
        if wanted == "number" and type(value) not in (int, float):
            refuse(path, value, "float64")
        if (wanted == "string" and not isinstance(value, str)) or (wanted == "boolean" and not isinstance(value, bool)):
            refuse(path, value, _GO[wanted])
        if schema.get("format") == "byte" and wanted == "string":
            try:
                base64.b64decode(value, validate=True)
            except binascii.Error:
                raise bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: illegal base64 data') from None
        return value

    def read_object(value: Object, schema: Schema, path: str) -> Object:
        properties, other = schema.get("properties"), schema.get("additionalProperties")
        if properties is None and not isinstance(other, dict):
            return value
        result = {}
        for key, each in value.items():
            below = f"{path}.{key}" if path else key
            field = (properties or {}).get(key, other)
            if not isinstance(field, dict):
                unknown.append(below)
                continue
            if each is None:
                continue
            kept = read(each, field, below)
            if kept == [] or (kept == {} and "additionalProperties" in resolved(field)):
                continue  # as Go's omitempty
            result[key] = kept
        return result

    if not isinstance(object_, dict):
        raise bad_request(f"couldn't get version/kind; json parse error: cannot unmarshal into a {kind}")
    return read(object_, schema, ""), unknown


def amount(value: Any) -> Decimal:
    """A quantity as a number: `500m` is 0.5, `1Gi` 1073741824."""
    return parse_quantity(value)


def canonical(value: Any) -> str:
    """A quantity as the server writes it. Raises ValueError for what is none."""
    text = str(value).strip()
    if isinstance(value, bool) or not text:
        raise ValueError(value)
    number = parse_quantity(text)
    if text.endswith("i"):
        units = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
        at = units.index(text[-2:])
        whole = number
        if whole != int(whole):
            return f"{int(whole * 1000)}m"
        at, scaled = 0, int(whole)
        while scaled and scaled % 1024 == 0 and at < len(units) - 1:
            scaled, at = scaled // 1024, at + 1
        return f"{scaled}{units[at]}"
    if number == int(number):
        scaled, units, at = int(number), ["", "k", "M", "G", "T", "P", "E"], 0
        while scaled and scaled % 1000 == 0 and at < len(units) - 1:
            scaled, at = scaled // 1000, at + 1
        return f"{scaled}{units[at]}"
    for unit, factor in (("m", 1000), ("u", 10**6), ("n", 10**9)):
        if number * factor == int(number * factor):
            return f"{int(number * factor)}{unit}"
    return f"{int(number * 10**9) + 1}n"
