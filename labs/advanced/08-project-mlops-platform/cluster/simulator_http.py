"""The HTTP side: a path becomes a resource and a verb, an exception a Status, and a watch a stream of lines."""

import base64
import json
import socket
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from . import simulator_errors as errors
from .simulator_deletion import delete, evict
from .simulator_errors import Refused
from .simulator_openapi import document
from .simulator_registry import Registry, warnings
from .simulator_resources import Resource, discovery
from .simulator_selectors import by_fields, by_text, check_fields
from .simulator_store import Change, copied
from .simulator_subresources import bind, patch_scale, rescale, scale_of
from .simulator_tables import table

Object = dict[str, Any]
_RETURNED = {"pods", "services", "serviceaccounts", "persistentvolumeclaims", "persistentvolumes", "resourcequotas", "namespaces"}
_YAML = ("application/yaml", "application/apply-patch+yaml")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece, at the end of its request
    server: Any  # a simulator_server.Server

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: a notebook's output is for its learner."""

    def do_GET(self) -> None:
        self._handle()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _handle(self) -> None:
        warnings().clear()
        url = urlsplit(self.path)
        self.query = {key: values[-1] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        path = [part for part in url.path.split("/") if part]
        try:
            length = int(self.headers.get("Content-Length") or 0)
            self.raw = self.rfile.read(length) if length else b""
            self._route(path)
        except Refused as refused:
            self._send(refused.code, refused.status)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as error:  # as a server's own mistake is answered
            message = f"an error on the server ({type(error).__name__}: {error}) has prevented the request from succeeding"
            self._send(500, Refused(500, "InternalError", message).status)

    def _route(self, path: list[str]) -> None:
        registry = self.server.registry
        if self.command == "GET":
            if path and path[0] in ("healthz", "livez", "readyz"):
                return self._send(200, "ok")
            known = discovery(path, registry.resources()) or document(path, registry.resources())
            if known is not None:
                return self._send(200, known)
        if path[:1] == ["api"]:
            group, version, rest = "", *_first(path[1:])
        elif path[:1] == ["apis"] and len(path) > 3:
            group, version, rest = path[1], path[2], path[3:]
        else:
            return self._send(404, "404 page not found\n")
        namespace = ""
        if len(rest) > 2 and rest[0] == "namespaces" and not (group == "" and rest[2] in ("status", "finalize")):
            namespace, rest = rest[1], rest[2:]
        found = next((each for each in registry.resources()
                      if (each.group, each.version, each.plural) == (group, version, (rest or [""])[0])), None)
        if found is None:
            if not any((each.group, each.version) == (group, version) for each in registry.resources()):
                return self._send(404, "404 page not found\n")
            raise errors.no_such_resource()
        self._answer(found, namespace, *[*rest[1:3], "", ""][:2])

    def _answer(self, resource: Resource, namespace: str, name: str, subresource: str) -> None:
        registry, dry, strict = self.server.registry, self.query.get("dryRun") == "All", self.query.get("fieldValidation", "Warn")
        if subresource and subresource not in (*resource.subresources, "finalize"):
            raise errors.no_such_resource()
        if resource.namespaced and not namespace and (name or self.command != "GET"):
            raise errors.no_such_resource()
        where = (resource, namespace, name)
        kind = self.headers.get("Content-Type", "").split(";")[0]
        match self.command, subresource:
            case "GET", "scale":
                self._send(200, scale_of(registry, *where))
            case "GET", _ if name:
                self._show(200, registry.get(*where), resource)
            case "GET", _:
                self._list(resource, namespace)
            case "POST", "eviction":
                self._send(201, evict(registry, namespace, name, self._body(), dry))
            case "POST", "binding":
                self._send(201, bind(registry, namespace, name, self._body()))
            case "POST", "" if not name:
                self._show(201, registry.create(resource, namespace, self._body(), strict, dry), resource)
            case "PUT", "scale":
                self._send(200, rescale(registry, *where, self._body(), dry))
            case "PUT", _ if name:
                self._show(200, registry.update(*where, self._body(), subresource, strict, dry), resource)
            case "PATCH", "scale":
                self._send(200, patch_scale(registry, *where, kind, self._body(), dry))
            case "PATCH", _ if name:
                self._show(200, registry.patch(*where, kind, self._body(), subresource, strict, dry), resource)
            case "DELETE", "":
                self._delete(resource, namespace, name, dry)
            case _:
                raise Refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")

    def _body(self) -> Any:
        kind = self.headers.get("Content-Type", "").split(";")[0]
        if kind == "application/vnd.kubernetes.protobuf":
            raise Refused(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types "
                          "include: application/json, application/yaml")
        try:
            return yaml.safe_load(self.raw) if kind in _YAML else json.loads(self.raw)
        except (ValueError, yaml.YAMLError) as error:
            raise errors.bad_request(f"error decoding the body: {error}") from None

    def _delete(self, resource: Resource, namespace: str, name: str, dry: bool) -> None:
        registry, options = self.server.registry, self._body() if self.raw else {}
        for key in ("propagationPolicy", "gracePeriodSeconds", "orphanDependents"):
            if key in self.query:
                options.setdefault(key, int(self.query[key]) if key == "gracePeriodSeconds" else self.query[key])
        if name:
            left, gone = delete(registry, resource, namespace, name, options, dry)
            if gone and resource.id not in _RETURNED:
                about = {"name": name, "group": resource.group, "kind": resource.plural, "uid": left["metadata"]["uid"]}
                left = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                        "details": {key: value for key, value in about.items() if value}}
            return self._show(200, left, resource)
        chosen = [copied(each) for each in registry.store.all(resource.id, namespace) if self._selected(each)]
        for each in chosen:
            try:
                delete(registry, resource, namespace, each["metadata"]["name"], options, dry)
            except Refused as refused:
                if refused.code != 404:
                    raise
        self._send(200, self._listed(resource, chosen, {"resourceVersion": str(registry.store.revision)}))

    # Lists and watches

    def _selected(self, object_: Object) -> bool:
        labels, fields = self.query.get("labelSelector", ""), self.query.get("fieldSelector", "")
        return (not labels or by_text(labels, object_["metadata"].get("labels") or {})) and (not fields or by_fields(fields, object_))

    def _list(self, resource: Resource, namespace: str) -> None:
        store = self.server.registry.store
        check_fields(self.query.get("fieldSelector", ""), resource.id)
        if _true(self.query.get("watch")):
            return self._watch(resource, namespace)
        with store.lock:
            found = [each for each in store.all(resource.id, namespace) if self._selected(each)]
            metadata: Object = {"resourceVersion": str(store.revision)}
        token, limit = self.query.get("continue"), int(self.query.get("limit") or 0)
        if token:
            after = tuple(json.loads(base64.b64decode(token)))
            found = [each for each in found if (each["metadata"].get("namespace", ""), each["metadata"]["name"]) > after]
        if limit and len(found) > limit:
            last = found[limit - 1]["metadata"]
            key = json.dumps([last.get("namespace", ""), last["name"]]).encode()
            metadata.update({"continue": base64.b64encode(key).decode(), "remainingItemCount": len(found) - limit})
            found = found[:limit]
        self._show(200, self._listed(resource, [Registry.shown(resource, copied(each)) for each in found], metadata), resource)

    @staticmethod
    def _listed(resource: Resource, items: list[Object], metadata: Object) -> Object:
        if not resource.crd:  # as the server: the kind stands on the list alone
            items = [{key: value for key, value in each.items() if key not in ("kind", "apiVersion")} for each in items]
        return {"kind": resource.list_kind or f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata,
                "items": items}

    def _watch(self, resource: Resource, namespace: str) -> None:
        store, asked = self.server.registry.store, self.query.get("resourceVersion", "")
        seconds = float(self.query.get("timeoutSeconds") or 1800)
        with store.lock:
            first = [] if asked not in ("", "0") else [each for each in store.all(resource.id, namespace) if self._selected(each)]
            start = int(asked) if asked not in ("", "0") else store.revision
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        self._chunk(self._event("ADDED", each, resource) for each in first)
        try:
            for change in store.watch(resource.id, start, seconds, self._connected):
                self._chunk(self._told(change, resource, namespace))
        except Refused as refused:
            self._chunk([{"type": "ERROR", "object": refused.status}])
        self.wfile.write(b"0\r\n\r\n")

    def _told(self, change: Change | None, resource: Resource, namespace: str) -> Iterator[Object]:
        if change is None:
            if _true(self.query.get("allowWatchBookmarks")):
                version = {"resourceVersion": str(self.server.registry.store.revision), "creationTimestamp": None}
                yield {"type": "BOOKMARK", "object": {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": version}}
            return
        if namespace and change.object["metadata"].get("namespace") != namespace:
            return
        fits = change.kind != "DELETED" and self._selected(change.object)
        fitted = change.before is not None and self._selected(change.before)
        if fits:
            yield self._event("MODIFIED" if fitted else "ADDED", change.object, resource)
        elif fitted:
            yield self._event("DELETED", change.object, resource)

    def _event(self, kind: str, object_: Object, resource: Resource) -> Object:
        shown = Registry.shown(resource, {**object_})
        return {"type": kind, "object": table(resource, [shown]) if self._tabular() else shown}

    def _connected(self) -> bool:
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    # Answers

    def _tabular(self) -> bool:
        return "as=Table" in self.headers.get("Accept", "").split(",")[0]

    def _show(self, code: int, object_: Object, resource: Resource) -> None:
        if self._tabular() and self.command == "GET":
            items = object_["items"] if "items" in object_ and object_["kind"].endswith("List") else [object_]
            object_ = table(resource, items, object_["metadata"])
        self._send(code, object_)

    def _chunk(self, events: Iterable[Object]) -> None:
        lines = b"".join(json.dumps(event, separators=(",", ":")).encode() + b"\n" for event in events)
        if lines:
            self.wfile.write(f"{len(lines):x}\r\n".encode() + lines + b"\r\n")
            self.wfile.flush()

    def _send(self, code: int, body: Object | str) -> None:
        text = isinstance(body, str)
        data = body.encode() if isinstance(body, str) else json.dumps(body, separators=(",", ":")).encode() + b"\n"
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; charset=utf-8" if text else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for warning in dict.fromkeys(warnings()):
            self.send_header("Warning", f"299 - {json.dumps(warning)}")
        self.end_headers()
        self.wfile.write(data)


def _true(text: str | None) -> bool:
    return text in ("1", "t", "T", "true", "True", "TRUE")  # as Go reads it; Python's client says True


def _first(parts: list[str]) -> tuple[str, list[str]]:
    return (parts[0], parts[1:]) if parts else ("", [])
