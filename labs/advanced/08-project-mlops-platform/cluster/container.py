"""One container of a pod, as a local process: started, probed, restarted with a back-off, stopped with a grace period."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import images, probes
from .api import Object
from .processes import kill_group
from .units import now, quantity

if TYPE_CHECKING:
    from .pod import Pod

# Kubernetes waits 10 s before the second restart, then twice as long each time, up to 300 s; a notebook has less patience.
FIRST_PAUSE, LONGEST_PAUSE, FORGIVEN_AFTER = 1.0, 8.0, 60.0
RETRY_SECONDS = 1.0
MEMORY_SECONDS = 0.1


class Container:
    """A container and its state, as the pod's status has it. `look` moves it on; it is called again and again by the pod's thread."""

    def __init__(self, pod: "Pod", spec: Object, init: bool = False) -> None:
        self.name, self.spec, self.init = spec["name"], spec, init
        self.restarts = 0
        self.state: Object = {"waiting": {"reason": "PodInitializing" if pod.spec.get("initContainers") else "ContainerCreating"}}
        self.last: Object = {}
        self._pod = pod
        self._process: subprocess.Popen[bytes] | None = None
        self._image: images.Image | None = None
        self._image_id, self._id = "", ""
        self._next_try = 0.0
        self._pause = 0.0
        self._probes: dict[str, probes.Probe] = {}
        self._stopping: threading.Thread | None = None
        self._out_of_memory = False
        self._measured = 0.0
        self._begun = 0.0
        self._started_once = False

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self._process is not None

    @property
    def exit_code(self) -> int | None:
        """The exit code where it has ended for good, else None."""
        ended = self.state.get("terminated")
        return ended["exitCode"] if ended else None

    @property
    def started(self) -> bool:
        """Whether it runs and its startup probe, if any, has succeeded."""
        startup = self._probes.get("startupProbe")
        return self.running and (startup is None or startup.result is True)

    @property
    def ready(self) -> bool:
        """Whether it may get requests. An init container is ready when it has succeeded."""
        if self.init:
            return self.exit_code == 0
        readiness = self._probes.get("readinessProbe")
        return self.started and (readiness is None or readiness.result is True)

    def status(self) -> Object:
        """Return its part of the pod's status."""
        told = {"name": self.name, "image": self.spec["image"], "imageID": self._image_id, "containerID": self._id, "ready": self.ready}
        told |= {"restartCount": self.restarts, "state": self.state, "lastState": self.last}
        return told if self.init else {**told, "started": self.started}

    def log_path(self, previous: bool = False) -> Path:
        """Return the file that holds what it printed in this run, or in the one before; while it waits, its last run is both."""
        runs_before = previous and not (self.last and self._process is None)
        return self._pod.folder / f"{self.name}-{self.restarts - int(runs_before)}.log"

    def look(self) -> None:
        """Start it where its time has come, and note what has become of its process."""
        if self._process is None:
            if self.exit_code is None and time.monotonic() >= self._next_try:
                self._try_to_start()
            return
        code = self._process.poll()
        if code is not None:
            self._ended(code)
            return
        self._check_memory()
        for kind in ("startupProbe", "livenessProbe"):
            probe = self._probes.get(kind)
            if probe and probe.result is False and self._stopping is None:
                word = "startup" if kind == "startupProbe" else "liveness"
                self.stop(f"Container {self.name} failed {word} probe, will be restarted", self._grace(kind))

    def stop(self, message: str, seconds: float) -> None:
        """Begin to end it: the preStop hook, SIGTERM, and SIGKILL when `seconds` have passed since now."""
        if self._process is None:
            self._next_try = float("inf")
        elif self._stopping is None:
            self._pod.event("Normal", "Killing", message, self)
            self._stopping = threading.Thread(target=self._stop, args=(self._process, seconds), daemon=True)
            self._stopping.start()

    def kill(self) -> None:
        """End it at once."""
        if self._process:
            kill_group(self._process)

    def execute(self, command: list[str], seconds: float) -> str:
        """Run a command as `kubectl exec` does: return what it printed where it failed, or that it did; else nothing."""
        folder = self._pod.folder / self.name
        output = self._pod.folder / f"exec-{self.name}-{threading.get_ident()}"
        try:
            with output.open("wb") as file:
                process = self._pod.processes.start(command, self._environment, folder, file)
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                return f'command "{" ".join(command)}" timed out'
            finally:
                self._pod.processes.finished(process)
                process.wait()
            return "" if code == 0 else output.read_text(errors="replace").strip()[-300:] or f"exit status {code}"
        except OSError as error:
            return f"command {command[:1]} cannot be run: {error.strerror or error}"
        finally:
            output.unlink(missing_ok=True)

    def _try_to_start(self) -> None:
        try:
            self._image = self._pod.pull(self)
            images.check_user(self._pod.object, self.spec, self._image)
            self._image_id = self._image_id or self._image.id
            folder = self._pod.folder / self.name
            self._environment = self._pod.environment(folder)
            self._environment |= images.environment_of(self.spec, self._pod.field, self._resource, self._pod.look_up)
            command = images.command_of(self.spec, self._image, self._environment)
        except images.CannotCreate as problem:
            self._wait_as(problem.reason, str(problem))
            return
        except (KeyError, TypeError, ValueError, OSError) as problem:
            self._wait_as("CreateContainerConfigError", f"{type(problem).__name__}: {problem}")
            return
        if self._started_once:
            self.restarts += 1
        self._started_once = True
        self._start(command, folder)

    def _start(self, command: list[str], folder: Path) -> None:
        assert self._image
        self._id = f"process://{os.urandom(16).hex()}"
        self._pod.event("Normal", "Created", f"Created container {self.name}", self)
        try:
            images.lay_out(self._image, folder, self._pod.mounts(self.spec))
            with self.log_path().open("wb") as log:
                self._process = self._pod.processes.start(command, self._environment, folder, log)
        except OSError as error:
            name = command[0]
            missing = f'exec: "{name}": executable file not found in $PATH: unknown'
            message = f"failed to start container: {missing if isinstance(error, FileNotFoundError) else error}"
            self._pod.event("Warning", "Failed", f"Error: {message}", self)
            self._rest({"exitCode": 128, "reason": "StartError", "message": message, "startedAt": now(), "finishedAt": now()})
            return
        self._begun = time.monotonic()
        self._stopping, self._out_of_memory = None, False
        self.state = {"running": {"startedAt": now()}}
        self._pod.event("Normal", "Started", f"Started container {self.name}", self)
        self._begin_probes()

    def _begin_probes(self) -> None:
        self._probes = {}
        for kind in () if self.init else ("startupProbe", "livenessProbe", "readinessProbe"):
            if spec := self.spec.get(kind):
                word = kind.removesuffix("Probe").capitalize()
                self._probes[kind] = probes.Probe(spec, self._ask, partial(self._unhealthy, word), self._probes.get("startupProbe"))

    def _ask(self, spec: Object) -> str:
        ports = {port["name"]: port["containerPort"] for port in self.spec.get("ports") or [] if "name" in port}
        return probes.ask(spec, self._pod.local_address, self._pod.address, ports, self._pod.ports, self.execute)

    def _unhealthy(self, word: str, said: str) -> None:
        if self.running and self._stopping is None:
            self._pod.event("Warning", "Unhealthy", f"{word} probe failed: {said}", self)

    def _ended(self, code: int) -> None:
        assert self._process
        self._pod.processes.finished(self._process)
        self._process = None
        for probe in self._probes.values():
            probe.stop()
        self._probes = {}
        code = code if code >= 0 else 128 - code
        reason = "OOMKilled" if self._out_of_memory else "Completed" if code == 0 else "Error"
        ended = {"exitCode": 137 if self._out_of_memory else code, "reason": reason, "startedAt": self.state["running"]["startedAt"]}
        ended |= {"finishedAt": now(), "containerID": self._id}
        if code and self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            ended["message"] = "\n".join(deque(self.log_path().read_text(errors="replace").splitlines(), 20))[-2048:]
        self._rest(ended)

    def _rest(self, ended: Object) -> None:
        """Note the end; whether it starts again is the restart policy's to say."""
        policy = self._pod.spec.get("restartPolicy") or "Always"
        again = policy == "Always" and not self.init
        again = again or (policy in ("Always", "OnFailure") and ended["exitCode"] != 0)
        if self._pod.ending or not again:
            self.state = {"terminated": ended}
            return
        self.last = {"terminated": ended}
        if time.monotonic() - self._begun > FORGIVEN_AFTER:
            self._pause = 0.0
        self._next_try = time.monotonic() + self._pause
        if self._pause:
            full = f"{self._pod.name}_{self._pod.namespace}({self._pod.uid})"
            message = f"back-off {self._pause:.0f}s restarting failed container={self.name} pod={full}"
            self.state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
            self._pod.event("Warning", "BackOff", "Back-off restarting failed container", self)
        else:
            self.state = {"terminated": ended}
            self._pod.write_status()
            self.state = {"waiting": {"reason": "ContainerCreating"}}
        self._pause = min(LONGEST_PAUSE, 2 * self._pause or FIRST_PAUSE)

    def _wait_as(self, reason: str, message: str) -> None:
        before = self.state.get("waiting", {}).get("reason")
        if reason == "ErrImagePull" and before in ("ErrImagePull", "ImagePullBackOff"):
            reason, message = "ImagePullBackOff", f'Back-off pulling image "{self.spec["image"]}"'
            self._pod.event("Normal", "BackOff", message, self)
        if before != reason:
            self._pod.event("Warning", "Failed", f"Error: {reason if 'Image' in reason else message}", self)
        self.state = {"waiting": {"reason": reason, "message": message}}
        self._next_try = time.monotonic() + RETRY_SECONDS

    def _stop(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        end = time.monotonic() + seconds
        if hook := (self.spec.get("lifecycle") or {}).get("preStop"):
            if said := self._hook(hook, seconds):
                self._pod.event("Warning", "FailedPreStopHook", f"PreStopHook failed: {said}", self)
            end = max(end, time.monotonic() + 2)  # as the kubelet does
        with suppress(OSError):
            process.send_signal(signal.SIGTERM)
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        if process.poll() is None:
            kill_group(process)

    def _hook(self, hook: Object, seconds: float) -> str:
        if "exec" in hook:
            return self.execute(hook["exec"].get("command") or [], seconds)
        if "sleep" in hook:
            time.sleep(min(seconds, float(hook["sleep"].get("seconds") or 0)))
            return ""
        return self._ask({**hook, "timeoutSeconds": seconds})

    def _grace(self, kind: str) -> float:
        own = (self.spec.get(kind) or {}).get("terminationGracePeriodSeconds")
        return float(own if own is not None else self._pod.spec.get("terminationGracePeriodSeconds", 30))

    def _resource(self, name: str) -> str:
        where, _, what = name.partition(".")
        return f"{quantity((self.spec.get('resources') or {}).get(where, {}).get(what, 0)):.0f}"

    def _check_memory(self) -> None:
        limit: Any = ((self.spec.get("resources") or {}).get("limits") or {}).get("memory")
        if limit is None or time.monotonic() - self._measured < MEMORY_SECONDS:
            return
        self._measured = time.monotonic()
        assert self._process
        if memory_of(self._process.pid) > quantity(limit):
            self._out_of_memory = True
            kill_group(self._process)


def memory_of(pid: int) -> float:
    """Return the bytes that a process and what it started hold for themselves: resident, but for what is shared with others."""
    if sys.platform != "linux":
        said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True).stdout
        return float(said.strip() or 0) * 1024
    found, total = [pid], 0
    for each in found:
        with suppress(OSError, ValueError):
            _, resident, shared = map(int, re.split(r"\s", Path(f"/proc/{each}/statm").read_text())[:3])
            total += (resident - shared) * os.sysconf("SC_PAGE_SIZE")
            found += map(int, Path(f"/proc/{each}/task/{each}/children").read_text().split())
    return float(total)
