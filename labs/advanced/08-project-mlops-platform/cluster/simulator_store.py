"""Where the objects lie, and who hears of a change: a small etcd with its revisions and its watches.

Objects are kept as they are given and never changed afterwards: whoever reads gets a copy, whoever writes puts a new object.
"""

import marshal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .simulator_errors import gone

Object = dict[str, Any]
Key = tuple[str, str]  # (namespace, name); the namespace of a cluster's object is ""


def copied(value: Any) -> Any:
    """A deep copy of plain data; several times as quick as copy.deepcopy."""
    return marshal.loads(marshal.dumps(value))


@dataclass(frozen=True)
class Change:
    """One write: kind is ADDED, MODIFIED or DELETED; `before` is the object as it was, None for a new one."""

    revision: int
    resource: str
    kind: str
    object: Object
    before: Object | None


class Store:
    """The objects of every resource ("deployments.apps"), with one revision for them all; keeps the last `history` changes."""

    def __init__(self, history: int = 5000) -> None:
        self.lock = threading.RLock()
        self.revision = 1
        self.closed = False
        self._changed = threading.Condition(self.lock)
        self._objects: dict[str, dict[Key, Object]] = {}
        self._history: deque[Change] = deque(maxlen=history)
        self._listeners: list[Callable[[Change], None]] = []

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Calls `listener` with every change from now on, under the lock: it must only take note."""
        self._listeners.append(listener)

    def peek(self, resource: str, namespace: str, name: str) -> Object | None:
        """The object itself, not to be changed; None where there is none."""
        with self.lock:
            return self._objects.get(resource, {}).get((namespace, name))

    def all(self, resource: str, namespace: str = "") -> list[Object]:
        """The objects themselves, by namespace and name, not to be changed."""
        with self.lock:
            found = self._objects.get(resource, {})
            return [found[key] for key in sorted(found) if not namespace or key[0] == namespace]

    def put(self, resource: str, object_: Object) -> Object:
        """Writes, with the next revision as its resourceVersion; the object belongs to the store from now on."""
        with self.lock:
            key = (object_["metadata"].get("namespace", ""), object_["metadata"]["name"])
            before = self._objects.setdefault(resource, {}).get(key)
            self._objects[resource][key] = object_
            self._note(resource, "MODIFIED" if before else "ADDED", object_, before)
            return object_

    def remove(self, resource: str, namespace: str, name: str) -> Object:
        """Takes the object out; what watches are told carries the revision of the deletion."""
        with self.lock:
            before = self._objects[resource].pop((namespace, name))
            last = copied(before)
            self._note(resource, "DELETED", last, before)
            return last

    def _note(self, resource: str, kind: str, object_: Object, before: Object | None) -> None:
        self.revision += 1
        object_["metadata"]["resourceVersion"] = str(self.revision)
        change = Change(self.revision, resource, kind, object_, before)
        self._history.append(change)
        for listener in self._listeners:
            listener(change)
        self._changed.notify_all()

    def since(self, resource: str, revision: int) -> list[Change]:
        """The changes of one resource after a revision. Raises Refused (410) where they are forgotten already."""
        with self.lock:
            full = len(self._history) == self._history.maxlen
            if full and revision < self._history[0].revision - 1:
                raise gone(f"too old resource version: {revision} ({self._history[0].revision})")
            newer = []
            for change in reversed(self._history):
                if change.revision <= revision:
                    break
                if change.resource == resource:
                    newer.append(change)
            return newer[::-1]

    def watch(self, resource: str, revision: int, seconds: float, alive: Callable[[], bool]) -> Iterator[Change | None]:
        """Changes after a revision as they come, until the time is over or `alive` says no; None once in a while, for a look around."""
        deadline = _now() + seconds
        while not self.closed and alive():
            with self.lock:
                changes = self.since(resource, revision)
                seen = self.revision
                if not changes:
                    left = deadline - _now()
                    if left <= 0 or self.closed:
                        return
                    self._changed.wait(min(left, 15))
            if not changes:
                revision = max(revision, seen)
                yield None
            for change in changes:
                revision = change.revision
                yield change

    def close(self) -> None:
        """Ends every watch."""
        with self.lock:
            self.closed = True
            self._changed.notify_all()


def _now() -> float:
    import time

    return time.monotonic()
