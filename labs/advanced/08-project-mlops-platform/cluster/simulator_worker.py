"""The controllers' engine: it notes which objects a change concerns, and looks at each of them once, when it is due."""

import heapq
import threading
import time
import traceback
from collections.abc import Callable, Iterable

from .simulator_errors import Refused
from .simulator_store import Change, Store

Key = tuple[str, str]  # (namespace, name)
Reconcile = Callable[[str, str], float | None]


class Worker:
    """One thread. A controller is a function that brings one object nearer to what is wanted; it returns the seconds until it must
    look again without a change, or None. `concerned` says whose turn a change makes it."""

    def __init__(self, store: Store) -> None:
        self.errors: list[str] = []  # tracebacks of the controllers' own mistakes, the last ten
        self._controllers: list[tuple[Reconcile, Callable[[Change], Iterable[Key]]]] = []
        self._due: list[tuple[float, int, int, Key]] = []
        self._planned: dict[tuple[int, Key], float] = {}
        self._failures: dict[tuple[int, Key], int] = {}
        self._count = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="simulator-controllers", daemon=True)
        store.listen(self._note)

    def add(self, reconcile: Reconcile, concerned: Callable[[Change], Iterable[Key]]) -> None:
        self._controllers.append((reconcile, concerned))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _note(self, change: Change) -> None:
        for number, (_, concerned) in enumerate(self._controllers):
            for key in concerned(change):
                self._plan(number, key, 0.0)

    def _plan(self, number: int, key: Key, seconds: float) -> None:
        when = time.monotonic() + seconds
        with self._wake:
            if self._planned.get((number, key), float("inf")) <= when:
                return
            self._planned[number, key] = when
            self._count += 1
            heapq.heappush(self._due, (when, self._count, number, key))
            self._wake.notify_all()

    def _next(self) -> tuple[int, Key] | None:
        with self._wake:
            while not self._stopping:
                if not self._due:
                    self._wake.wait()
                    continue
                when, _, number, key = self._due[0]
                if self._planned.get((number, key)) != when:
                    heapq.heappop(self._due)  # an earlier look was planned since
                    continue
                left = when - time.monotonic()
                if left > 0:
                    self._wake.wait(left)
                    continue
                heapq.heappop(self._due)
                del self._planned[number, key]
                return number, key
        return None

    def _run(self) -> None:
        while (turn := self._next()) is not None:
            number, key = turn
            try:
                again = self._controllers[number][0](*key)
                self._failures.pop(turn, None)
            except Exception as error:
                if not isinstance(error, Refused):
                    self.errors = [*self.errors[-9:], traceback.format_exc()]
                self._failures[turn] = self._failures.get(turn, 0) + 1
                again = min(0.05 * 2 ** self._failures[turn], 30)
            if again is not None:
                self._plan(number, key, again)
