"""The API's refusals: `Refused` carries a Kubernetes Status body, and the functions make those that the server says most often."""

import json
from typing import Any

Object = dict[str, Any]


class Refused(Exception):
    """A request that the server refuses; `.status` is the Status object that goes out as the answer's body."""

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
        if reason:
            self.status["reason"] = reason
        if details or reason == "NotFound":
            self.status["details"] = {key: value for key, value in details.items() if value}
        self.status["code"] = code


def qualified(plural: str, group: str) -> str:
    """`deployments.apps`, or `pods` in the core group."""
    return f"{plural}.{group}" if group else plural


def not_found(plural: str, group: str, name: str) -> Refused:
    return Refused(404, "NotFound", f'{qualified(plural, group)} "{name}" not found', name=name, group=group, kind=plural)


def no_such_resource() -> Refused:
    return Refused(404, "NotFound", "the server could not find the requested resource")


def already_exists(plural: str, group: str, name: str) -> Refused:
    return Refused(409, "AlreadyExists", f'{qualified(plural, group)} "{name}" already exists', name=name, group=group, kind=plural)


def conflict(plural: str, group: str, name: str, why: str = "") -> Refused:
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}'
    return Refused(409, "Conflict", message, name=name, group=group, kind=plural)


def bad_request(message: str) -> Refused:
    return Refused(400, "BadRequest", message)


def forbidden(plural: str, group: str, name: str, why: str, causes: list[Object] | None = None) -> Refused:
    message = f'{qualified(plural, group)} "{name}" is forbidden: {why}'
    return Refused(403, "Forbidden", message, name=name, group=group, kind=plural, causes=causes)


def gone(message: str) -> Refused:
    return Refused(410, "Expired", message)


class Problems(list[tuple[str, str, str]]):
    """What is wrong with an object: (reason, field, message); in the words of the server's field errors."""

    def required(self, field: str, detail: str = "") -> None:
        self.append(("FieldValueRequired", field, "Required value" + (f": {detail}" if detail else "")))

    def invalid(self, field: str, value: Any, detail: str) -> None:
        self.append(("FieldValueInvalid", field, f"Invalid value: {spelled(value)}: {detail}"))

    def forbidden(self, field: str, detail: str) -> None:
        self.append(("FieldValueForbidden", field, f"Forbidden: {detail}"))

    def duplicate(self, field: str, value: Any) -> None:
        self.append(("FieldValueDuplicate", field, f"Duplicate value: {spelled(value)}"))

    def not_found(self, field: str, value: Any) -> None:
        self.append(("FieldValueNotFound", field, f"Not found: {spelled(value)}"))

    def unsupported(self, field: str, value: Any, allowed: list[str]) -> None:
        choices = ", ".join(json.dumps(choice) for choice in allowed)
        self.append(("FieldValueNotSupported", field, f"Unsupported value: {spelled(value)}: supported values: {choices}"))

    def wrong_type(self, field: str, value: Any, expected: str, found: str) -> None:
        message = f"Invalid value: {spelled(found)}: {field} in body must be of type {expected}: {spelled(found)}"
        self.append(("FieldValueTypeInvalid", field, message))

    def refuse(self, kind: str, group: str, name: str) -> None:
        """Raises the 422 that lists them, if there are any."""
        if not self:
            return
        said = list(dict.fromkeys(f"{field}: {message}" for _, field, message in self))
        text = said[0] if len(said) == 1 else "[" + ", ".join(said) + "]"
        causes = [{"reason": reason, "message": message, "field": field} for reason, field, message in self]
        raise Refused(422, "Invalid", f'{qualified(kind, group)} "{name}" is invalid: {text}', name=name, group=group, kind=kind,
                      causes=causes)


def spelled(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
