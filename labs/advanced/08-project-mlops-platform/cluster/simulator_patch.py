"""The three patches of the API: JSON patch (RFC 6902), merge patch (RFC 7386) and Kubernetes' strategic merge patch."""

from typing import Any

from .simulator_errors import Refused, bad_request
from .simulator_schemas import Schema, resolved
from .simulator_store import copied


def patched(content_type: str, target: Any, patch: Any, schema: Schema | None) -> Any:
    """A new object: the target with the patch. Raises Refused: 415 for a type that is not known here, 422 where it does not fit."""
    match content_type:
        case "application/json-patch+json":
            return json_patched(copied(target), patch)
        case "application/merge-patch+json":
            return merged(copied(target), patch)
        case "application/strategic-merge-patch+json" if schema is not None:
            return strategic(copied(target), copied(patch), schema)
    known = ["application/json-patch+json", "application/merge-patch+json"]
    if schema is not None:
        known.append("application/strategic-merge-patch+json")
    raise Refused(415, "UnsupportedMediaType",
                  "the body of the request was in an unknown format - accepted media types include: " + ", ".join(known))


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386: null takes a key out, a list is replaced as a whole."""
    if not isinstance(patch, dict):
        return patch
    result = target if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def strategic(target: Any, patch: Any, schema: Schema | None) -> Any:
    """As merge patch, but lists with a merge key are merged by it; knows the directives $patch, $retainKeys, $setElementOrder, …"""
    if not isinstance(patch, dict):
        return patch
    directive = patch.pop("$patch", None)
    if directive == "delete":
        return {}
    result = target if isinstance(target, dict) and directive != "replace" else {}
    retained = patch.pop("$retainKeys", None)
    if retained is not None:
        result = {key: value for key, value in result.items() if key in retained}
    orders = {key.split("/", 1)[1]: patch.pop(key) for key in list(patch) if key.startswith("$setElementOrder/")}
    removed = {key.split("/", 1)[1]: patch.pop(key) for key in list(patch) if key.startswith("$deleteFromPrimitiveList/")}
    for key, gone in removed.items():
        result[key] = [each for each in result.get(key) or [] if each not in gone]
    for key, value in patch.items():
        field = schema_of(schema, key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, list) and "merge" in (field or {}).get("x-kubernetes-patch-strategy", ""):
            result[key] = _merged_list(result.get(key) or [], value, field or {}, orders.get(key))
        else:
            result[key] = strategic(result.get(key), value, field)
    return result


def schema_of(schema: Schema | None, key: str) -> Schema | None:
    """The schema of a field, with the patch strategy that stands beside its $ref."""
    if schema is None:
        return None
    whole = resolved(schema)
    field = (whole.get("properties") or {}).get(key) or whole.get("additionalProperties")
    return {**resolved(field), **field} if isinstance(field, dict) else None


def _merged_list(old: list[Any], new: list[Any], field: Schema, order: list[Any] | None) -> list[Any]:
    key = field.get("x-kubernetes-patch-merge-key")
    if key is None:
        return old + [each for each in new if each not in old]
    if any(isinstance(each, dict) and each.get("$patch") == "replace" for each in new):
        return [each for each in new if "$patch" not in each]
    item = field.get("items")
    result = list(old)
    for each in new:
        if key not in each:
            raise bad_request(f"map: {each} does not contain declared merge key: {key}")
        at = next((i for i, one in enumerate(result) if one.get(key) == each[key]), None)
        if each.get("$patch") == "delete":
            result = [one for one in result if one.get(key) != each[key]]
        elif at is None:
            result.append(strategic({}, each, item))
        else:
            result[at] = strategic(result[at], each, item)
    if order:
        ranks = {one[key]: rank for rank, one in enumerate(order)}
        result.sort(key=lambda one: ranks.get(one.get(key), len(ranks)))
    return result


def json_patched(target: Any, operations: Any) -> Any:
    """RFC 6902. Raises Refused (422) for a path that is not there or a test that fails."""
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    for operation in operations:
        try:
            target = _apply(target, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise Refused(422, "Invalid", "the server rejected our request due to an error in our request "
                          f"({operation.get('op')} {operation.get('path')}: {error})") from None
    return target


def _apply(target: Any, operation: dict[str, Any]) -> Any:
    path, kind = _parts(operation["path"]), operation["op"]
    if kind == "test":
        if _found(target, path) != operation["value"]:
            raise ValueError("testing value failed")
        return target
    if kind in ("move", "copy"):
        origin = _parts(operation["from"])
        value = copied(_found(target, origin))
        if kind == "move":
            target = _apply(target, {"op": "remove", "path": operation["from"]})
        return _apply(target, {"op": "add", "path": operation["path"], "value": value})
    if not path:
        return operation["value"]
    parent, last = _found(target, path[:-1]), path[-1]
    if isinstance(parent, list):
        index = len(parent) if last == "-" else int(last)
        if index > len(parent) - (kind != "add"):
            raise IndexError("index out of range")
        parent[index:index + (kind != "add")] = [] if kind == "remove" else [operation["value"]]
    elif kind == "remove":
        del parent[last]
    elif kind == "replace" and last not in parent:
        raise KeyError("missing value")
    elif kind in ("add", "replace"):
        parent[last] = operation["value"]
    else:
        raise ValueError(f"unknown operation {kind}")
    return target


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _found(target: Any, path: list[str]) -> Any:
    for part in path:
        target = target[int(part)] if isinstance(target, list) else target[part]
    return target
