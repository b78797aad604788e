"""A submission's place behind walls, and Jupyter's way into it: a kernel provisioner that asks a warm fork server."""

import asyncio
import functools
import inspect
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Any as AnyTrait
from traitlets import Type, default

from autograder.messages import SESSION
from autograder.sandbox import ForkServer, course_folders, environment
from autograder.use import Use

PROVISIONER = "autograder-fork"
START_SECONDS = 60.0
POLL_SECONDS = 0.003
MiB = 2**20
SIZES = {"memory": 2048 * MiB, "disk": 512 * MiB, "spare": 64 * MiB, "inodes": 50_000, "processes": 96}
FUNCTIONS_DATA = 1024 * MiB  # that the learner's functions may take beside a judge, who must not be ended because of them
LIMITS = {"NPROC": 256, "NOFILE": 1024, "FSIZE": 256 * MiB, "CORE": 0, "DATA": 4096 * MiB, "CPU": 900}
_PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
_own = threading.local()


class Walled:
    """A submission's place: its folder and its kernels, one after the other, in the arena of a fork server."""

    def __init__(self, server: ForkServer) -> None:
        self.use = Use()
        self._server = server
        self._manager: AsyncKernelManager | None = None
        self._open()

    def make_manager(
        self, files: Mapping[str, bytes], hidden: Mapping[str, bytes] | None = None, functions: bool = False
    ) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """Return a manager, and how to start its kernel, which finds `files` in its folder; a judge's imports them, too, and `hidden`."""
        there = {f"/lab/{name}": data for name, data in files.items()}
        place = f"/hidden/{secrets.token_hex(8)}"  # a link that the learner left cannot lead there
        if hidden is not None:
            there |= {f"{place}/{name}": data for name, data in {**files, **hidden}.items()}
        request = {
            "arena": self._arena,
            "judge": hidden is not None,
            "imports_from": place if hidden is not None else "",
            "functions": functions,
            "files": list(there),
            "keep": [path for path in course_folders() if path.startswith(("/tmp/", "/lab/", "/learner/", "/hidden/", "/k/"))],
            "environ": environment(),
            "user": self._server.user,
            "limits": LIMITS,
            "functions_data": FUNCTIONS_DATA,
            **SIZES,
        }
        config = {"server": self._server, "use": self.use, "request": request, "blobs": list(there.values())}
        manager = Manager(client_factory=Client, transport="ipc", config=SESSION)
        metadata = {"kernel_provisioner": {"provisioner_name": PROVISIONER, "config": config}}
        manager._kernel_spec = KernelSpec(argv=[], display_name="Python 3", language="python", metadata=metadata)
        self._manager = manager
        return manager, {}

    def uses_too_much(self) -> bool:
        """Return whether the kernel was ended because it used too much; `use.why` says of what. Looks at once, not at the next sample."""
        provisioner: Any = self._manager.provisioner if self._manager else None
        return isinstance(provisioner, ForkProvisioner) and provisioner.uses_too_much()

    def end(self) -> None:
        """End what is left of a kernel: its provisioner has done so."""

    def renew(self) -> None:
        """Begin again with an empty folder."""
        self.close()
        self._open()

    def close(self) -> None:
        """Give the place back."""
        with suppress(OSError):
            self._server.ask("close", arena=self._arena)

    def _open(self) -> None:
        self._arena = self._server.new_name()
        self._server.ask("open", arena=self._arena, user=self._server.user, disk=SIZES["disk"], inodes=SIZES["inodes"])


class ForkProvisioner(KernelProvisionerBase):
    """Starts a kernel in the arena of a fork server. Its configuration: `server`, `request` with its `blobs`, and `use` to note in."""

    server: Any = AnyTrait()
    use: Any = AnyTrait()
    request: Any = AnyTrait({})
    blobs: Any = AnyTrait([])
    pid: int | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet cleaned up."""
        return self.pid is not None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel; return how to reach it, when its sockets are there. Raises RuntimeError where it ends before that."""
        session: Any = getattr(self.parent, "session", None)
        info = {"transport": "ipc", "key": session.key.decode(), "signature_scheme": session.signature_scheme, **_PORTS}
        ip, end = self.server.sockets(self.request["arena"]) / "s", time.monotonic() + START_SECONDS
        connection = {**info, "ip": "/k/s", "kernel_name": "python3"}
        self.pid = self.server.ask("start", self.blobs, connection=connection, **self.request)["pid"]
        last, looks = ip.with_name(f"s-{_PORTS['iopub_port']}"), 0
        while not last.exists():
            await asyncio.sleep(POLL_SECONDS)
            looks += 1
            if looks % 20 == 0 and (time.monotonic() > end or await self.poll() is not None):
                error = ip.with_name("error")
                raise RuntimeError(f"the kernel ended before it was ready\n{error.read_text() if error.is_file() else ''}")
        return {**info, "ip": str(ip), "key": info["key"].encode()}

    async def poll(self) -> int | None:
        """Return the kernel's exit code, None while it runs."""
        return self._ask("state") if self.pid is not None else 0

    def uses_too_much(self) -> bool:
        """Return whether the kernel was ended because it used too much."""
        return self.pid is not None and self._ask("measure") is not None and bool(self.use.why)

    async def wait(self) -> int | None:
        """Wait until the kernel has ended; return its exit code."""
        while (code := await self.poll()) is None:
            await asyncio.sleep(0.05)
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel."""
        if self.pid is not None:
            self._ask("signal", signal=signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all that it started."""
        if self.pid is not None:
            self._ask("end", last=self.request["judge"])
            self.pid = None

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel and all that it started: what it would still say, nobody waits for."""
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        """End the kernel if that was not done, and forget it."""
        await self.kill()

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Return what Jupyter wants to start: no command."""
        return await super().pre_launch(cmd=[], **kwargs)

    def _ask(self, do: str, **fields: Any) -> int | None:
        answer = self.server.ask(do, pid=self.pid, **fields)
        self.use.peak = max(self.use.peak, answer["peak"])
        self.use.why = answer["why"] or self.use.why
        self.use.running += answer["running"]
        code: int | None = answer["code"]
        return code


class Manager(AsyncKernelManager):
    """A manager that does not pause: Jupyter's own sleeps 10 ms at each start and end, for those who watch its state."""

    start_kernel = inspect.unwrap(AsyncKernelManager.start_kernel)
    shutdown_kernel = inspect.unwrap(AsyncKernelManager.shutdown_kernel)


class Channel(AsyncZMQSocketChannel):
    """A channel that, where there is no end to the wait, waits for a message once: Jupyter's own asks whether there is one before."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """Return the next message. Raises queue.Empty where none comes within `timeout` seconds."""
        return await (self._recv() if timeout is None else super().get_msg(timeout))


class Client(AsyncKernelClient):
    """A client for a kernel whose sockets are there: ready as soon as it has answered on both channels."""

    shell_channel_class = Type(Channel)
    iopub_channel_class = Type(Channel)

    @default("context")
    def _context_default(self) -> zmq.asyncio.Context:
        return _sockets()

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        """Start the channels for cells and for what they show. Nobody types, interrupts are signals, and the process tells its end."""
        super().start_channels(stdin=False, hb=False, control=False)

    def stop_channels(self) -> None:
        """Stop the channels."""
        for channel in (self.shell_channel, self.iopub_channel):
            channel.stop()

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for an answer to a first question. Raises RuntimeError where none comes within `timeout` seconds."""
        end = time.monotonic() + (timeout or START_SECONDS)
        while time.monotonic() < end:
            asked = self.kernel_info()
            with suppress(Exception):  # queue.Empty, of several kinds: the question is asked again
                reply = await self.get_shell_msg(timeout=1)
                while True:  # up to the first message that comes after this question's: the channel may lose some
                    message = await self.get_iopub_msg(timeout=0.1)
                    if message["parent_header"].get("msg_id") == asked and message["content"].get("execution_state") == "idle":
                        self._handle_kernel_info_reply(reply)
                        return
        raise RuntimeError(f"the kernel did not answer within {timeout or START_SECONDS:.0f} s")


@functools.cache
def _sockets() -> zmq.asyncio.Context:
    """Return this process's own context for sockets: its threads serve one kernel after the other."""
    return zmq.asyncio.Context()


def warm_server(imports: tuple[str, ...]) -> ForkServer:
    """Return this thread's fork server for the labs that import these modules; the one for others is ended."""
    kept: dict[tuple[str, ...], ForkServer] = _own.__dict__.setdefault("servers", {})
    if imports not in kept:
        close_servers()
        kept[imports] = ForkServer(imports)
    return kept[imports]


def close_servers() -> None:
    """End this thread's fork server, if there is one."""
    kept: dict[tuple[str, ...], ForkServer] = _own.__dict__.setdefault("servers", {})
    while kept:
        kept.popitem()[1].close()
