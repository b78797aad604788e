"""The little of OpenAPI that kubectl (1.27 or newer) asks for before it applies: whether the server itself checks unknown fields."""

from typing import Any

from .simulator_resources import Resource

Object = dict[str, Any]
_PARAMETER = {"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}


def document(path: list[str], resources: list[Resource]) -> Object | None:
    """The document at /openapi/v3 or /openapi/v3/apis/GROUP/VERSION; None where there is none. It has no schemas of the kinds."""
    if path == ["openapi", "v3"]:
        return {"paths": {place: {"serverRelativeURL": f"/openapi/v3/{place}"} for place in dict.fromkeys(map(_place, resources))}}
    listed = [each for each in resources if path == ["openapi", "v3", *_place(each).split("/")]]
    if not listed:
        return None
    paths = {}
    for each in listed:
        kind = {"group": each.group, "version": each.version, "kind": each.kind}
        patch = {"x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind, "parameters": [_PARAMETER], "responses": {}}
        space = "namespaces/{namespace}/" if each.namespaced else ""
        paths[f"/{_place(each)}/{space}{each.plural}/{{name}}"] = {"patch": patch}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes simulator", "version": listed[0].version}, "paths": paths}


def _place(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"
