"""The stand-in nodes: what the kubelet and the container runtime do on a real node, with local processes for containers.

It takes the pods that the scheduler bound to its nodes, and speaks only to the API. What it does not do: containers are no containers
(no isolation of files, users, network or CPU), there are no pod addresses beyond this machine, no DNS, no network policies, no
service addresses, no persistent volumes; GPUs are counted, not there; memory limits are kept by looking ten times a second.
"""

import itertools
import json
import queue
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from .api import Api, Object, Refused
from .pod import Pod
from .processes import Processes
from .units import now

HEARTBEAT_SECONDS = 5.0


class NodeAgent:
    """The nodes of one cluster. `images` maps names to folders; it may change at any time."""

    def __init__(self, api: Api, processes: Processes, images: dict[str, Any]) -> None:
        self.api, self.processes, self.images = api, processes, images
        self.pulled: set[tuple[str, str]] = set()
        self.stopped = False
        self.pods: dict[str, Pod] = {}
        network = f"{secrets.randbelow(200) + 20}.{secrets.randbelow(256)}"
        self._prefix = f"10.{network}"
        self.own_addresses = _can_listen(f"127.{network}.2")
        self.hooks = processes.folder / "hooks"
        if not self.own_addresses:
            self.hooks.mkdir()
            shutil.copy2(Path(__file__).with_name("stand_in_ports.py"), self.hooks / "sitecustomize.py")
        self._numbers = itertools.cycle(range(2, 255))
        self.host_address = f"{self._prefix}.1"
        self._nodes: dict[str, Object] = {}
        self._events: queue.Queue[tuple[Object, str, str, str, str]] = queue.Queue()
        self._noted: dict[tuple[str, ...], tuple[str, int]] = {}
        self._lock = threading.Lock()
        for task in (self._watch, self._beat, self._write_events):
            threading.Thread(target=task, daemon=True, name=f"nodes {task.__name__}").start()

    def add(self, name: str, capacity: Object, labels: Object, taints: list[Object]) -> None:
        """Make a node that is ready, and serve it from now on. Raises Refused where the API does not take it."""
        labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", **labels}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": {"taints": taints}}
        resource = self.api.resource("node")
        self._nodes[name] = {"capacity": capacity, "allocatable": capacity}
        with suppress(Refused):
            self.api.request("DELETE", self.api.path(resource, name=name))
        self.api.request("POST", self.api.path(resource), node)
        self._heartbeat(name)
        # The API server marks every new node as not ready; the controllers would take that back in some seconds.
        found = self.api.read("node", name, "")["spec"].get("taints") or []
        kept = [taint for taint in found if taint["key"] != "node.kubernetes.io/not-ready"]
        if kept != found:
            self.api.patch("node", name, "", {"spec": {"taints": kept or None}}, content="application/merge-patch+json")

    def local(self, address: str) -> str:
        """Return where an address of the API's is to be reached on this machine.

        The API refuses loopback addresses for services, and others cannot be had without rights: 10.1.2.3 stands for 127.1.2.3.
        """
        return f"127.{address.partition('.')[2]}" if self.own_addresses else "127.0.0.1"

    def place(self, address: str, port: int) -> tuple[str, int]:
        """Return the address and the port where a pod's own are to be reached on this machine."""
        pod = next((pod for pod in list(self.pods.values()) if pod.address == address), None)
        return self.local(address), pod.ports.get(port, port) if pod else port

    def event(self, about: Object, kind: str, reason: str, message: str, node: str) -> None:
        """Write an event, in its turn."""
        self._events.put((about, kind, reason, message, node))

    def forget(self, pod: Pod) -> None:
        """Note that a pod has ended."""
        with self._lock:
            self.pods.pop(pod.uid, None)

    def stop(self) -> None:
        """Look after the nodes no more. The processes are ended by whoever started this."""
        self.stopped = True
        for pod in list(self.pods.values()):
            pod.gone()

    def _take(self, change: str, item: Object) -> None:
        uid = item["metadata"]["uid"]
        with self._lock:
            pod = self.pods.get(uid)
            if pod is None and change != "DELETED" and item["spec"].get("nodeName") in self._nodes and not _over(item):
                self.pods[uid] = Pod(self, item, self._new_address())
                return
        if pod and change == "DELETED":
            pod.gone()
        elif pod:
            pod.update(item)

    def _new_address(self) -> str:
        taken = {pod.address for pod in self.pods.values()}
        return next(address for number in self._numbers if (address := f"{self._prefix}.{number}") not in taken)

    def _watch(self) -> None:
        while not self.stopped:
            try:
                found = self.api.read_all("pod", "")
                there = {item["metadata"]["uid"] for item in found["items"]}
                for item in found["items"]:
                    self._take("MODIFIED", item)
                for pod in [pod for pod in list(self.pods.values()) if pod.uid not in there]:
                    pod.gone()
                for change in self._changes(found["metadata"]["resourceVersion"]):
                    if change["type"] == "ERROR":
                        break
                    if change["type"] != "BOOKMARK":
                        self._take(change["type"], change["object"])
            except (ConnectionError, Refused):
                time.sleep(0.2)
            except Exception:  # a stream that breaks off does so in many ways; all that was missed is listed again
                if self.stopped:
                    return
                time.sleep(0.2)

    def _changes(self, version: str) -> Iterator[Object]:
        query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": 600}
        stream = self.api.request("GET", "/api/v1/pods", query=query, _preload_content=False)
        rest = b""
        for block in stream.stream(None):
            *lines, rest = (rest + block).split(b"\n")
            yield from (json.loads(line) for line in lines if line.strip())
            if self.stopped:
                return

    def _beat(self) -> None:
        while not self.stopped:
            time.sleep(HEARTBEAT_SECONDS)
            for name in list(self._nodes):
                with suppress(Refused, ConnectionError):
                    self._heartbeat(name)

    def _heartbeat(self, name: str) -> None:
        messages = {"Ready": ("True", "KubeletReady", "kubelet is posting ready status")}
        for kind in ("Memory", "Disk", "PID"):
            messages[f"{kind}Pressure"] = ("False", f"KubeletHasSufficient{kind}", f"kubelet has sufficient {kind}")
        conditions = [
            {"type": kind, "status": state, "reason": reason, "message": message, "lastHeartbeatTime": now()}
            for kind, (state, reason, message) in messages.items()
        ]
        status = {**self._nodes[name], "conditions": conditions, "addresses": [{"type": "InternalIP", "address": self.host_address}]}
        status["nodeInfo"] = {"kubeletVersion": self.api.version, "operatingSystem": "linux", "architecture": "amd64"}
        empty = ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "kubeProxyVersion")
        status["nodeInfo"] |= {"containerRuntimeVersion": "process://stand-in", **dict.fromkeys(empty, "")}
        self.api.patch("node", name, "", {"status": status}, "status")

    def _write_events(self) -> None:
        while not self.stopped:
            about, kind, reason, message, node = self._events.get()
            key = (about["uid"], about.get("fieldPath", ""), kind, reason, message)
            name, count = self._noted.get(key, ("", 0))
            with suppress(Refused, ConnectionError):
                if name:
                    self.api.patch(
                        "event",
                        name,
                        about["namespace"],
                        {"count": count + 1, "lastTimestamp": now()},
                        content="application/merge-patch+json",
                    )
                else:
                    name = f"{about['name']}.{secrets.token_hex(8)}"
                    event: Object = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": about["namespace"]}}
                    event |= {"involvedObject": about, "type": kind, "reason": reason, "message": message, "count": 1}
                    event |= {"source": {"component": "kubelet", "host": node}, "firstTimestamp": now(), "lastTimestamp": now()}
                    path = self.api.path(self.api.resource("event", "v1"), about["namespace"])
                    self.api.request("POST", path, event)
                self._noted[key] = (name, count + 1)


def _over(item: Object) -> bool:
    """Return whether a pod has ended and nothing is left to do for it."""
    return item.get("status", {}).get("phase") in ("Succeeded", "Failed") and not item["metadata"].get("deletionTimestamp")


def _can_listen(address: str) -> bool:
    try:
        socket.create_server((address, 0)).close()
    except OSError:
        return False
    return True
