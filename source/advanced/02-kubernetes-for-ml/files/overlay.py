"""Renders a small part of kustomize: what `kubectl kustomize FOLDER` would print, as a list of objects.

Fields of kustomization.yaml that are read: resources (files in or below the folder, and folders anywhere that have a kustomization.yaml),
namePrefix, nameSuffix, labels (pairs, includeSelectors, includeTemplates), images (name, newName, newTag, digest), replicas, patches
(strategic merge, as text or from a file, with a target or without). Any other field is refused: kustomize has many more. Where a name
gets a prefix or a suffix, kustomize also changes the places that refer to it (a configMap's name in a pod, say); this does not.
"""

import re
from pathlib import Path

import yaml

FIELDS = {"apiVersion", "kind", "resources", "namePrefix", "nameSuffix", "labels", "images", "replicas", "patches"}
KEYS = dict.fromkeys(["containers", "initContainers", "env", "volumes"], "name") | {"ports": "containerPort", "volumeMounts": "mountPath"}


def render(folder):
    """Return the objects of the overlay in a folder. Raises ValueError, which says what is wrong and in which file."""
    file = Path(folder) / "kustomization.yaml"
    if not file.is_file():
        raise ValueError(f"{file} is not there")
    told = _read(file)[0]
    if not isinstance(told, dict) or (unknown := sorted(set(told) - FIELDS)):
        raise ValueError(f"{file}: {'is no mapping' if not isinstance(told, dict) else 'the field ' + unknown[0] + ' is not read here'}")
    objects = []
    for name in told.get("resources") or []:
        path = Path(folder) / name
        if not path.exists():
            raise ValueError(f"{file}: the resource {name} is not there")
        if path.is_dir() and Path(folder).resolve().is_relative_to(path.resolve()):
            raise ValueError(f"{file}: cycle detected: the resource {name} contains this folder")
        objects += render(path) if path.is_dir() else [each for each in _read(_within(path, file)) if each]
    for patch in told.get("patches") or []:
        _patch(file, objects, patch)
    for item in objects:
        for image in told.get("images") or []:
            _rename_image(item, image)
        for count in told.get("replicas") or []:
            if item["metadata"]["name"] == count["name"] and "replicas" in (item.get("spec") or {}):
                item["spec"]["replicas"] = count["count"]
        for labels in told.get("labels") or []:
            _label(item, labels)
        item["metadata"]["name"] = f"{told.get('namePrefix') or ''}{item['metadata']['name']}{told.get('nameSuffix') or ''}"
    names = [(item["kind"], item["metadata"]["name"]) for item in objects]
    if twice := next((each for each in names if names.count(each) > 1), None):
        raise ValueError(f"{file}: two objects are the {twice[0]} {twice[1]}")
    return objects


def merge(old, new):
    """Return the strategic merge of two mappings: lists of containers and the like are merged by their items' names, None deletes."""
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(before, dict):
            merged[name] = merge(before, value)
        elif isinstance(value, list) and isinstance(before, list) and name in KEYS:
            key = KEYS[name]
            merged[name] = [*before]
            for item in value:
                place = next((i for i, each in enumerate(merged[name]) if each.get(key) == item.get(key)), None)
                if item.get("$patch") == "delete":
                    merged[name] = [each for each in merged[name] if each.get(key) != item.get(key)]
                elif place is None:
                    merged[name].append(item)
                else:
                    merged[name][place] = merge(merged[name][place], item)
        else:
            merged[name] = value
    if len({"value", "valueFrom"} & set(merged)) == 2 and ("value" in new) != ("valueFrom" in new):
        merged.pop("valueFrom" if "value" in new else "value")
    return merged


def _within(path, file):
    """Return the path of a file that a kustomization names. Raises ValueError where kustomize would not read it."""
    if not path.resolve().is_relative_to(file.parent.resolve()):
        why = "kustomize reads a folder's own files only; another folder that has a kustomization.yaml may be a resource"
        raise ValueError(f"{file}: security; file '{path}' is not in or below '{file.parent}': {why}")
    return path


def _read(path):
    try:
        return list(yaml.safe_load_all(path.read_text()))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {error}") from None


def _patch(file, objects, patch):
    text = patch.get("patch") or _within(file.parent / patch.get("path", ""), file).read_text()
    change = yaml.safe_load(text)
    if not isinstance(change, dict):
        raise ValueError(f"{file}: only strategic merge patches are read here, not lists of operations")
    target = patch.get("target") or {"kind": change.get("kind"), "name": (change.get("metadata") or {}).get("name")}
    hits = [i for i, item in enumerate(objects) if _fits(item, target)]
    if not hits:
        raise ValueError(f"{file}: no object fits the target {target} of a patch")
    for i in hits:
        name = objects[i]["metadata"]["name"]
        objects[i] = merge(objects[i], change)
        objects[i]["metadata"]["name"] = name


def _fits(item, target):
    kind, name = target.get("kind"), target.get("name")
    return (not kind or item["kind"] == kind) and (not name or re.fullmatch(name, item["metadata"]["name"]) is not None)


def _rename_image(item, image):
    for container in _containers(item):
        name = re.split(r"[:@]", container["image"], maxsplit=1)[0]
        if name == image["name"]:
            tail = f":{image['newTag']}" if "newTag" in image else container["image"][len(name) :]
            tail = f"@{image['digest']}" if "digest" in image else tail
            container["image"] = image.get("newName", name) + tail


def _containers(item):
    template = (item.get("spec") or {}).get("template") or {}
    spec = template.get("spec") or {}
    return [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]


def _label(item, labels):
    pairs, spec = labels.get("pairs") or {}, item.get("spec") or {}
    item["metadata"]["labels"] = {**(item["metadata"].get("labels") or {}), **pairs}
    template = spec.get("template")
    if template and (labels.get("includeSelectors") or labels.get("includeTemplates")):
        template["metadata"] = {**(template.get("metadata") or {})}
        template["metadata"]["labels"] = {**(template["metadata"].get("labels") or {}), **pairs}
    if labels.get("includeSelectors") and "selector" in spec:
        if item["kind"] == "Service":
            spec["selector"] = {**spec["selector"], **pairs}
        else:
            spec["selector"] = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), **pairs}}
