"""From a manifest to a request: read YAML, find unknown fields, and work out the patch that `kubectl apply` would send."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .api import Object, Refused

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Lists whose items are merged by a key, by the name of the list; the first key that all items have.
MERGE_KEYS = {
    "containers": ["name"], "initContainers": ["name"], "ephemeralContainers": ["name"], "env": ["name"], "volumes": ["name"],
    "volumeMounts": ["mountPath"], "volumeDevices": ["devicePath"], "ports": ["containerPort", "port"], "imagePullSecrets": ["name"],
    "hostAliases": ["ip"], "secrets": ["name"],
}  # fmt: skip


def read(manifest: Any) -> list[Object]:
    """Return the objects of a manifest: a dict, a list of them, YAML text or a Path; several documents and lists are taken apart.

    Raises ValueError where it is none.
    """
    if isinstance(manifest, Path):
        manifest = manifest.read_text(encoding="utf-8")
    if isinstance(manifest, str):
        try:
            manifest = [document for document in yaml.safe_load_all(manifest) if document is not None]
        except yaml.YAMLError as error:
            raise ValueError(f"error parsing the manifest's YAML: {error}") from None
    objects = []
    for item in manifest if isinstance(manifest, list) else [manifest]:
        item = item.to_dict() if hasattr(item, "to_dict") else item
        if not isinstance(item, dict):
            raise ValueError(f"a manifest is a mapping with apiVersion, kind and metadata, not {item!r:.80}")
        if item.get("kind") == "List":
            objects += read(item.get("items") or [])
            continue
        for field in ("apiVersion", "kind"):
            if not item.get(field):
                raise ValueError(f"error validating data: {field} not set")
        if not (item.get("metadata") or {}).get("name"):
            raise ValueError(f"{item['kind']}: resource name may not be empty (metadata.name)")
        objects.append(item)
    return objects


def check_fields(item: Object, version: str = "1.34") -> None:
    """Raise Refused where fields of an object are unknown or of the wrong type: for servers before 1.25, which let that pass.

    In today's servers' words. Kinds without a schema, custom resources for instance, pass.
    """
    what, unknown, wrong = item["kind"], [], []
    for where, error in _errors(item, version):
        if error.validator == "additionalProperties":
            known = error.schema.get("properties", {})
            unknown += [f"{where}.{name}".lstrip(".") for name in error.instance if name not in known]
        elif error.validator == "type":
            wrong.append(f"{where}: {error.message}")
    if wrong or unknown:
        fields = ", ".join(f'unknown field "{name}"' for name in sorted(unknown))
        told = ", ".join(wrong) or f"strict decoding error: {fields}"
        message = f'{what} in version "{item["apiVersion"].rpartition("/")[2]}" cannot be handled as a {what}: {told}'
        raise Refused(400, "BadRequest", message)


def patch_between(old: Object, new: Object, strategic: bool) -> Object:
    """Return the patch that brings an object which was last applied as `old` to `new`, and leaves alone what others have set."""
    patch: Object = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict):
            patch[name] = patch_between(before if isinstance(before, dict) else {}, value, strategic)
        elif isinstance(value, list) and strategic and (key := _merge_key(name, value)):
            patch[name] = _merge_lists(before if isinstance(before, list) else [], value, key)
        else:
            patch[name] = value
    return patch


def with_last_applied(item: Object) -> Object:
    """Return the object with an annotation that holds it, as kubectl leaves it for the next time."""
    kept = json.dumps(item, separators=(",", ":"), sort_keys=True) + "\n"
    metadata = item["metadata"]
    return {**item, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), LAST_APPLIED: kept}}}


def last_applied(item: Object) -> Object:
    """Return the manifest that was last applied to make this object; an empty one where it was made otherwise."""
    text = (item["metadata"].get("annotations") or {}).get(LAST_APPLIED, "{}")
    found: Object = json.loads(text)
    return found


def _merge_key(name: str, items: list[Any]) -> str:
    keys = MERGE_KEYS.get(name, [])
    return next((key for key in keys if items and all(isinstance(item, dict) and key in item for item in items)), "")


def _merge_lists(old: list[Any], new: list[Object], key: str) -> list[Object]:
    before = {item[key]: item for item in old if isinstance(item, dict) and key in item}
    there = {item[key] for item in new}
    merged = [{**patch_between(before.get(item[key], {}), item, True), key: item[key]} for item in new]
    return merged + [{"$patch": "delete", key: gone} for gone in before if gone not in there]


def _errors(item: Object, version: str) -> Iterator[tuple[str, Any]]:
    """Yield what the schema of an object's kind finds, each with the field's path."""
    group, _, short = item["apiVersion"].rpartition("/")
    validator = _validator(item["kind"].lower(), "-".join(filter(None, [group.partition(".")[0], short])), version)
    for error in validator.iter_errors(json.loads(json.dumps(item, default=str))) if validator else ():
        yield "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip("."), error


@cache
def _validator(kind: str, api_version: str, version: str) -> Any:
    from importlib.resources import files

    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{_nearest(version)}-local-strict"
    schema = folder / f"{kind}-{api_version}.json"
    if not schema.is_file():
        return None
    definitions = Resource.from_contents(_json(folder / "_definitions.json"))
    return Draft202012Validator(_json(schema), registry=definitions @ Registry())


def _json(file: Any) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


@cache
def _nearest(version: str) -> str:
    from importlib.resources import files

    names = [entry.name for entry in (files("kubernetes_validate") / "kubernetes-json-schema").iterdir()]
    found = {m[1]: m[0][1 : -len("-local-strict")] for name in names if (m := re.fullmatch(r"v(\d+\.\d+)[\d.]*-local-strict", name))}
    return found.get(version) or found[max(found, key=lambda each: int(each.split(".")[1]))]
