"""Startup, readiness and liveness probes: asked at their periods, counted against their thresholds, in a thread each."""

import http.client
import socket
import threading
from collections.abc import Callable
from typing import Any

from .api import Object


class Probe:
    """One probe of a running container.

    `result` is None until a threshold is reached, then True or False. `report` hears of each failure's text.
    `wait_for`: a probe that must have succeeded before this one begins.
    """

    def __init__(self, spec: Object, ask: Callable[[Object], str], report: Callable[[str], None], wait_for: "Probe | None" = None) -> None:
        self.result: bool | None = None
        self._spec, self._ask, self._report, self._wait_for = spec, ask, report, wait_for
        self._stop = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def _run(self) -> None:
        while self._wait_for and not self._wait_for.result:
            if self._stop.wait(0.05):
                return
        period = float(self._spec.get("periodSeconds") or 10)
        needed = {True: int(self._spec.get("successThreshold") or 1), False: int(self._spec.get("failureThreshold") or 3)}
        count, before = 0, None
        pause = float(self._spec.get("initialDelaySeconds") or 0)
        while not self._stop.wait(pause):
            said = self._ask(self._spec)
            if self._stop.is_set():
                return
            if said:
                self._report(said)
            good = not said
            count = count + 1 if good == before else 1
            before = good
            if count >= needed[good]:
                self.result = good
            pause = period


def ask(
    spec: Object, address: str, shown: str, ports: dict[str, int], elsewhere: dict[int, int], execute: Callable[[list[str], float], str]
) -> str:
    """Ask a container as its probe says: return what is wrong, empty if nothing.

    `shown`: the address as messages have it. `ports`: by their names; `elsewhere`: what stands in for them. `execute` runs a command in
    the container for so many seconds at most.
    """
    seconds = float(spec.get("timeoutSeconds") or 1)
    if "exec" in spec:
        return execute(spec["exec"].get("command") or [], seconds)
    what = spec.get("httpGet") or spec.get("tcpSocket") or {}
    named: Any = what.get("port")
    port = int(named) if str(named).isdigit() else ports.get(str(named), 0)
    if not port:
        return f"couldn't find port: {named}"
    if "tcpSocket" in spec:
        try:
            socket.create_connection((address, elsewhere.get(port, port)), seconds).close()
        except OSError as error:
            return f"dial tcp {shown}:{port}: {_words(error)}"
        return ""
    if "httpGet" not in spec:
        return "the stand-in nodes know the probes httpGet, tcpSocket and exec"
    return http_get(what, (address, elsewhere.get(port, port)), f"{shown}:{port}", seconds)


def http_get(what: Object, address: tuple[str, int], shown: str, seconds: float) -> str:
    """Ask by HTTP: return what is wrong, empty where the status is from 200 to 399."""
    path = "/" + str(what.get("path") or "/").lstrip("/")
    headers = {"User-Agent": "kube-probe/1.20", "Accept": "*/*"} | {each["name"]: each["value"] for each in what.get("httpHeaders") or []}
    connection = http.client.HTTPConnection(*address, timeout=seconds)
    try:
        connection.request("GET", path, headers=headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f'Get "http://{shown}{path}": ' + _words(error, f"dial tcp {shown}: ")
    finally:
        connection.close()
    return "" if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"


def _words(error: Exception, dial: str = "") -> str:
    if isinstance(error, TimeoutError):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if isinstance(error, ConnectionRefusedError):
        return f"{dial}connect: connection refused"
    return "EOF" if isinstance(error, http.client.HTTPException) else str(error).lower()
