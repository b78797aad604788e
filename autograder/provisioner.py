"""Jupyter's way to a forked kernel: a kernel provisioner that asks a fork server, and a client that does not wait where there is no need to."""

import asyncio
import time
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Any as AnyTrait
from traitlets import Dict, Unicode

from autograder.sandbox import ForkServer

NAME = "autograder-fork"
PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
START_SECONDS = 30.0
POLL_SECONDS = 0.004


class ForkProvisioner(KernelProvisionerBase):  # type: ignore[misc]
    """Starts a kernel in the arena of a fork server. Its configuration: `server`, `arena`, and `start`, the request's other fields."""

    server: ForkServer = AnyTrait()
    arena = Unicode()
    start = Dict()
    blobs: list[bytes] = AnyTrait([])
    pid: int | None = None
    last: dict[str, Any] = {}

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet cleaned up."""
        return self.pid is not None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Fork a kernel; return how to reach it, when its sockets are there. Raises RuntimeError where it ends before that."""
        scheme = self.parent.session.signature_scheme
        info = {"transport": "ipc", "key": self.parent.session.key.decode(), "signature_scheme": scheme, **PORTS}
        connection = {**info, "ip": "/k/s", "kernel_name": "python3"}
        self.pid = self.server.ask("start", self.blobs, arena=self.arena, connection=connection, **self.start)["pid"]
        ip, end = self.server.sockets(self.arena) / "s", time.monotonic() + START_SECONDS
        while not ip.with_name(f"s-{PORTS['hb_port']}").exists():
            if await self.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the kernel ended before it was ready")
            await asyncio.sleep(POLL_SECONDS)
        return {**info, "ip": str(ip), "key": info["key"].encode()}

    async def poll(self) -> int | None:
        """Return the kernel's exit code, None while it runs."""
        if self.pid is None:
            return 0
        self.last = self.server.ask("state", pid=self.pid)
        code: int | None = self.last["code"]
        return code

    async def wait(self) -> int | None:
        """Wait until the kernel has ended; return its exit code."""
        while (code := await self.poll()) is None:
            await asyncio.sleep(0.05)
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel."""
        self.server.ask("signal", pid=self.pid, signal=signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all that it started."""
        self.last = self.server.ask("end", pid=self.pid)

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel and all that it started: what it would still say, nobody waits for."""
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        """Forget the kernel."""
        self.pid = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Return what Jupyter wants to start: no command."""
        return await super().pre_launch(cmd=[], **kwargs)


class Client(AsyncKernelClient):  # type: ignore[misc]
    """A client for a kernel whose sockets are there: ready as soon as it has answered on both channels."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for an answer to a first question. Raises RuntimeError where none comes within `timeout` seconds."""
        end = time.monotonic() + (timeout or START_SECONDS)
        while time.monotonic() < end:
            asked = self.kernel_info()
            try:
                reply = await self.get_shell_msg(timeout=1)
                while True:  # up to the first message that comes after this question's, the channel may lose some
                    message = await self.get_iopub_msg(timeout=0.1)
                    if message["parent_header"].get("msg_id") == asked and message["content"].get("execution_state") == "idle":
                        self._handle_kernel_info_reply(reply)
                        return
            except Exception:
                continue
        raise RuntimeError(f"the kernel did not answer within {timeout} s")


def make_manager(server: ForkServer, arena: str, blobs: list[bytes], start: dict[str, Any]) -> AsyncKernelManager:
    """Return a manager whose kernel is forked by `server`."""
    config = {"server": server, "arena": arena, "start": start, "blobs": blobs}
    manager = AsyncKernelManager(client_factory=Client, transport="ipc")
    manager._kernel_spec = KernelSpec(
        argv=[], display_name="Python 3", language="python", metadata={"kernel_provisioner": {"provisioner_name": NAME, "config": config}}
    )
    return manager
