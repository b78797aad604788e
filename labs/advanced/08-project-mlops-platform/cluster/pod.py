"""One pod on a stand-in node: its containers in order, its status, and its end, in a thread of its own."""

import json
import os
import re
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import images
from .api import Object, Refused
from .container import Container
from .processes import free_ports
from .units import now, seconds_since

if TYPE_CHECKING:
    from .node_agent import NodeAgent

TICK_SECONDS = 0.05
RETRY_SECONDS = 1.0


class Pod:
    """A pod that was bound to a node of ours. `update` tells it of a newer version of its object, `gone` that it was deleted."""

    def __init__(self, agent: "NodeAgent", item: Object, address: str) -> None:
        self.object, self.agent, self.address = item, agent, address
        self.spec: Object = item["spec"]
        self.uid: str = item["metadata"]["uid"]
        self.name: str = item["metadata"]["name"]
        self.namespace: str = item["metadata"]["namespace"]
        self.hostname = self.spec.get("hostname") or self.name
        self.processes = agent.processes
        self.folder: Path = agent.processes.folder / "pods" / self.uid
        self.local_address = agent.local(address)
        self.ports = {} if agent.own_addresses else _stand_ins(self.spec)
        self.ending = False
        self._gone = threading.Event()
        self._wake = threading.Event()
        self._init = [Container(self, spec, init=True) for spec in self.spec.get("initContainers") or []]
        self._main = [Container(self, spec) for spec in self.spec["containers"]]
        self._phase, self._reason, self._message = "Pending", "", ""
        self._written: Object = {}
        self._conditions: dict[str, Object] = {each["type"]: each for each in item.get("status", {}).get("conditions") or []}
        self._started = now()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True, name=f"pod {self.name}").start()

    @property
    def containers(self) -> list[Container]:
        """All of its containers."""
        return self._init + self._main

    def environment(self, folder: Path) -> dict[str, str]:
        """Return what every container of the pod finds set; it runs in `folder`."""
        base = images.base_environment(self.hostname, folder)
        if self.ports:
            path = filter(None, [str(self.agent.hooks), base.get("PYTHONPATH")])
            base |= {"CONTAINER_PORTS": json.dumps(self.ports), "PYTHONPATH": os.pathsep.join(path)}
        return base

    def update(self, item: Object) -> None:
        """Take a newer version of its object."""
        self.object = item
        self._wake.set()

    def gone(self) -> None:
        """End it at once: its object is no more."""
        self._gone.set()
        self._wake.set()

    def event(self, kind: str, reason: str, message: str, container: Container | None = None) -> None:
        """Write an event as the kubelet does. `kind`: Normal or Warning."""
        about = {"apiVersion": "v1", "kind": "Pod", "name": self.name, "namespace": self.namespace, "uid": self.uid}
        if container:
            about["fieldPath"] = f"spec.{'initContainers' if container.init else 'containers'}{{{container.name}}}"
        self.agent.event(about, kind, reason, message, self.spec["nodeName"])

    def pull(self, container: Container) -> images.Image:
        """Return a container's image. Raises CannotCreate where there is none of that name."""
        name, policy = container.spec["image"], container.spec.get("imagePullPolicy", "IfNotPresent")
        image = images.find_image(self.agent.images, name)
        there = (self.spec["nodeName"], name) in self.agent.pulled
        if image is None and policy == "Never":
            raise images.CannotCreate("ErrImageNeverPull", f'Container image "{name}" is not present with pull policy of Never')
        if image is None:
            message = f'rpc error: code = NotFound desc = failed to pull and unpack image "{name}": not found'
            if not container.state.get("waiting", {}).get("reason", "").startswith(("ErrImage", "ImagePull")):
                self.event("Normal", "Pulling", f'Pulling image "{name}"', container)
                self.event("Warning", "Failed", f'Failed to pull image "{name}": {message}', container)
            raise images.CannotCreate("ErrImagePull", message)
        if there and policy != "Always":
            self.event("Normal", "Pulled", f'Container image "{name}" already present on machine', container)
        else:
            self.event("Normal", "Pulling", f'Pulling image "{name}"', container)
            self.event("Normal", "Pulled", f'Successfully pulled image "{name}"', container)
        self.agent.pulled.add((self.spec["nodeName"], name))
        return image

    def field(self, path: str) -> str:
        """Return what the downward API gives for a field. Addresses are those that the container can listen on."""
        metadata = self.object["metadata"]
        if found := re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path):
            return str((metadata.get(found[1]) or {}).get(found[2], ""))
        if path in ("metadata.labels", "metadata.annotations"):
            return "\n".join(f'{key}="{value}"' for key, value in sorted((metadata.get(path.partition(".")[2]) or {}).items()))
        known: dict[str, str] = {"metadata.name": self.name, "metadata.namespace": self.namespace, "metadata.uid": self.uid}
        known |= {"spec.nodeName": self.spec["nodeName"], "spec.serviceAccountName": self.spec.get("serviceAccountName", "default")}
        known |= {"status.podIP": self.local_address, "status.podIPs": self.local_address}
        known |= {"status.hostIP": self.agent.local(self.agent.host_address)}
        if path not in known:
            raise images.CannotCreate("CreateContainerConfigError", f"field path {path} is not one of the downward API's")
        return known[path]

    def look_up(self, kind: str, name: str) -> Object:
        """Return a configMap or secret of its namespace. Raises Refused where there is none."""
        return self.agent.api.read(kind, name, self.namespace)

    def mounts(self, spec: Object) -> dict[str, Path]:
        """Return the volumes' folders or files by the path where a container mounts them."""
        volumes = self.folder / "volumes"
        return {mount["mountPath"]: volumes / mount["name"] / mount.get("subPath", "") for mount in spec.get("volumeMounts") or []}

    def write_status(self) -> None:
        """Tell the API server what has changed."""
        status = self._status()
        if status == self._written:
            return
        try:
            self.agent.api.patch("pod", self.name, self.namespace, {"metadata": {"uid": self.uid}, "status": status}, "status")
            self._written = status
        except Refused as refused:
            if refused.status in (404, 409):  # 409: another pod has this name now
                self.gone()

    def _run(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            while not self._gone.is_set() and not self.agent.stopped:
                with suppress(ConnectionError):
                    self._step()
                    self.write_status()
                    if self.ending and not any(each.running for each in self.containers):
                        self._set_last_phase()
                        self.write_status()
                        self._finish_deletion()
                        break
                self._wake.wait(TICK_SECONDS if not self.terminal or self.object["metadata"].get("deletionTimestamp") else 1.0)
                self._wake.clear()
        except Exception as error:
            if not self.agent.stopped:
                self.event("Warning", "FailedSync", f"the stand-in node's own error: {type(error).__name__}: {error}")
                raise
        finally:
            self._clear_away()

    def _step(self) -> None:
        if self.object["metadata"].get("deletionTimestamp") and not self.ending:
            self.ending = True
            seconds = self.object["metadata"].get("deletionGracePeriodSeconds")
            for each in self.containers:
                each.stop(f"Stopping container {each.name}", 30.0 if seconds is None else float(seconds))
        if self.ending or self.terminal:
            for each in self.containers:
                if each.running:
                    each.look()
            return
        deadline = self.spec.get("activeDeadlineSeconds")
        if deadline is not None and seconds_since(self._started) > deadline:
            self._fail("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
            return
        if self._make_volumes():
            waiting = next((each for each in self._init if not each.ready), None)
            for each in [waiting] if waiting else self._main:
                each.look()
        self._set_phase()

    @property
    def terminal(self) -> bool:
        """Whether it has succeeded or failed for good."""
        return self._phase in ("Succeeded", "Failed")

    def _fail(self, reason: str, message: str) -> None:
        self._phase, self._reason, self._message = "Failed", reason, message
        for each in self.containers:
            each.stop(f"Stopping container {each.name}", float(self.spec.get("terminationGracePeriodSeconds", 30)))

    def _set_phase(self) -> None:
        codes = [each.exit_code for each in self._main]
        if any(each.exit_code for each in self._init):
            self._phase = "Failed"
        elif all(code is not None for code in codes):
            self._phase = "Failed" if any(codes) else "Succeeded"
        elif any(each.running or each.restarts or each.last for each in self._main):
            self._phase = "Running"

    def _set_last_phase(self) -> None:
        """Say how a deleted pod ended, as newer kubelets do: a Job waits for that word."""
        if not self.terminal and self.agent.api.minor >= 27:
            self._phase = "Failed" if any(each.exit_code != 0 for each in self._main) else "Succeeded"

    def _make_volumes(self) -> bool:
        """Fill the volumes that are not there yet, and return whether all are."""
        for volume in self.spec.get("volumes") or []:
            folder = self.folder / "volumes" / volume["name"]
            if folder.exists():
                continue
            try:
                images.make_volume(volume, folder.with_name(f".{folder.name}"), self.field, self.look_up)
            except images.CannotCreate as problem:
                self.event("Warning", problem.reason, str(problem))
                self._wake.wait(RETRY_SECONDS)
                return False
            folder.with_name(f".{folder.name}").rename(folder)
        return True

    def _status(self) -> Object:
        ready = all(each.ready for each in self._main)
        done = self._phase == "Succeeded"
        unready = [each.name for each in self._main if not each.ready]
        why = ("PodCompleted", "") if done else ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
        left = [each.name for each in self._init if not each.ready]
        self._condition("Initialized", not left, "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(left)}]")
        self._condition("ContainersReady", ready, *why)
        self._condition("Ready", ready, *why)
        status: Object = {"phase": self._phase, "hostIP": self.agent.host_address, "podIP": self.address, "startTime": self._started}
        status |= {"podIPs": [{"ip": self.address}], "conditions": [dict(each) for each in self._conditions.values()]}
        status["containerStatuses"] = [each.status() for each in self._main]
        if self._init:
            status["initContainerStatuses"] = [each.status() for each in self._init]
        if self._reason:
            status |= {"reason": self._reason, "message": self._message}
        return status

    def _condition(self, kind: str, good: bool, reason: str, message: str) -> None:
        before = self._conditions.get(kind, {})
        state = "True" if good else "False"
        since = before.get("lastTransitionTime") if before.get("status") == state else now()
        told = {"reason": reason, "message": message or None} if not good else {"reason": None, "message": None}
        self._conditions[kind] = {"type": kind, "status": state, "lastProbeTime": None, "lastTransitionTime": since, **told}

    def _finish_deletion(self) -> None:
        with suppress(Refused):
            path = self.agent.api.path(self.agent.api.resource("pod"), self.namespace, self.name)
            self.agent.api.request("DELETE", path, {"gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}})

    def _clear_away(self) -> None:
        self.ending = True
        for each in self.containers:
            each.kill()
        end = time.monotonic() + 5
        while any(each.running for each in self.containers) and time.monotonic() < end and not self.agent.stopped:
            for each in self.containers:
                if each.running:
                    each.look()
            time.sleep(0.01)
        self.agent.forget(self)
        for name in ("volumes", *(each.name for each in self.containers)):
            shutil.rmtree(self.folder / name, ignore_errors=True)


def _stand_ins(spec: Object) -> dict[int, int]:
    """Return a free port for each that the containers of a pod declare."""
    declared = [int(port["containerPort"]) for each in spec["containers"] for port in each.get("ports") or []]
    return dict(zip(declared, free_ports(len(declared)), strict=True))
