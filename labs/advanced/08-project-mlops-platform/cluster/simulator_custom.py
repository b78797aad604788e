"""Custom resources: what a CustomResourceDefinition makes the server serve, and the reading of objects by its structural schema."""

import re
from typing import Any

from .simulator_errors import Problems
from .simulator_resources import Resource
from .simulator_store import copied

Object = dict[str, Any]
_TYPES: dict[str, tuple[type, ...]] = {"object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "integer": (int,),
                                       "number": (int, float)}
_FOUND = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def resources_of(definition: Object) -> list[Resource]:
    """The resources that a definition makes: one for each served version, the stored one first."""
    spec = definition["spec"]
    names = spec["names"]
    made = []
    for version in sorted(spec["versions"], key=lambda each: not each.get("storage")):
        if version.get("served"):
            made.append(Resource(spec["group"], version["name"], names["plural"], names["kind"], spec["scope"] == "Namespaced",
                                 tuple(names.get("shortNames") or ()), tuple(version.get("subresources") or {}), True,
                                 tuple(names.get("categories") or ()), version, names["listKind"], names["singular"]))
    return made


def established(definition: Object, now: str) -> None:
    """Writes into the definition what the server says once it serves the resource."""
    def condition(kind: str, reason: str, message: str) -> Object:
        return {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}

    spec = definition["spec"]
    definition["status"] = {
        "conditions": [condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                       condition("Established", "InitialNamesAccepted", "the initial names have been accepted")],
        "acceptedNames": copied(spec["names"]),
        "storedVersions": [version["name"] for version in spec["versions"] if version.get("storage")],
    }


def pruned(value: Any, schema: Object, path: str, unknown: list[str]) -> Any:
    """The value without the fields that its schema does not know; their paths are added to `unknown`."""
    if isinstance(value, list):
        items = schema.get("items") or {}
        return [pruned(each, items, f"{path}[{index}]", unknown) for index, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    properties, other = schema.get("properties") or {}, schema.get("additionalProperties")
    keep = schema.get("x-kubernetes-preserve-unknown-fields") or other is True
    if schema.get("x-kubernetes-embedded-resource"):
        properties = {**properties, **dict.fromkeys(("apiVersion", "kind", "metadata"), _FREE)}
    result = {}
    for key, each in value.items():
        below = f"{path}.{key}" if path else key
        field = properties.get(key, other if isinstance(other, dict) else None)
        if field is not None:
            result[key] = pruned(each, field, below, unknown)
        elif keep:
            result[key] = each
        else:
            unknown.append(below)
    return result


_FREE: Object = {"x-kubernetes-preserve-unknown-fields": True}


def with_defaults(value: Any, schema: Object) -> Any:
    """The value with the schema's defaults filled in, in place where it can be."""
    if isinstance(value, dict):
        for key, field in (schema.get("properties") or {}).items():
            if "default" in field and (key not in value or (value[key] is None and not field.get("nullable"))):
                value[key] = copied(field["default"])
            if key in value:
                with_defaults(value[key], field)
        other = schema.get("additionalProperties")
        if isinstance(other, dict):
            for key in value.keys() - (schema.get("properties") or {}).keys():
                with_defaults(value[key], other)
    elif isinstance(value, list):
        for each in value:
            with_defaults(each, schema.get("items") or {})
    return value


def check(value: Any, schema: Object, path: str, problems: Problems) -> None:
    """Adds what the schema refuses, in the server's words."""
    if value is None and schema.get("nullable"):
        return
    wanted = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        if type(value) not in (int, str):
            problems.wrong_type(path, value, "integer,string", _FOUND[type(value)])
        return
    whole = wanted == "integer" and isinstance(value, float) and value.is_integer()
    if wanted and not whole and (not isinstance(value, _TYPES[wanted]) or (isinstance(value, bool) and wanted != "boolean")):
        problems.wrong_type(path or "<root>", value, wanted, _FOUND[type(value)])
        return
    if "enum" in schema and value not in schema["enum"]:
        problems.unsupported(path, value, [str(each) for each in schema["enum"]])
    if isinstance(value, dict):
        _check_object(value, schema, path, problems)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            problems.invalid(path, len(value), f"{path} in body should have at least {schema['minItems']} items")
        if len(value) > schema.get("maxItems", len(value)):
            problems.append(("FieldValueTooMany", path, f"Too many: {len(value)}: must have at most {schema['maxItems']} items"))
        for index, each in enumerate(value):
            check(each, schema.get("items") or {}, f"{path}[{index}]", problems)
    elif isinstance(value, str):
        _check_text(value, schema, path, problems)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(value, schema, path, problems)
    for each in schema.get("allOf") or []:
        check(value, each, path, problems)
    for word, rule, fits in (("anyOf", "must validate at least one schema (anyOf)", lambda n: n > 0),
                             ("oneOf", "must validate one and only one schema (oneOf)", lambda n: n == 1)):
        if word in schema and not fits(sum(_accepts(value, each) for each in schema[word])):
            problems.invalid(path or "<root>", value if not isinstance(value, dict) else "", f"{path} in body {rule}")
    if "not" in schema and _accepts(value, schema["not"]):
        problems.invalid(path, value, f"{path} in body must not validate the schema (not)")


def _accepts(value: Any, schema: Object) -> bool:
    problems = Problems()
    check(value, schema, "", problems)
    return not problems


def _check_object(value: Object, schema: Object, path: str, problems: Problems) -> None:
    for key in schema.get("required") or []:
        if key not in value:
            problems.required(f"{path}.{key}" if path else key)
    properties, other = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, each in value.items():
        field = properties.get(key, other if isinstance(other, dict) else None)
        if field is not None:
            check(each, field, f"{path}.{key}" if path else key, problems)


def _check_text(value: str, schema: Object, path: str, problems: Problems) -> None:
    if len(value) < schema.get("minLength", 0):
        problems.invalid(path, value, f"{path} in body should be at least {schema['minLength']} chars long")
    if len(value) > schema.get("maxLength", len(value)):
        problems.append(("FieldValueTooLong", path, f"Too long: may not be more than {schema['maxLength']} bytes"))
    if "pattern" in schema and not re.search(schema["pattern"], value):
        problems.invalid(path, value, f"{path} in body should match '{schema['pattern']}'")


def _check_number(value: float, schema: Object, path: str, problems: Problems) -> None:
    least, most, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if least is not None and (value < least or (value == least and schema.get("exclusiveMinimum"))):
        words = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        problems.invalid(path, value, f"{path} in body should be {words} {least}")
    if most is not None and (value > most or (value == most and schema.get("exclusiveMaximum"))):
        words = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        problems.invalid(path, value, f"{path} in body should be {words} {most}")
    if step and value % step:
        problems.invalid(path, value, f"{path} in body should be a multiple of {step}")
