"""The kernel that an enclosure becomes: IPython's own, without what it would prepare for a debugger and a person.

Its shell is made before the fork, once for all kernels of a warm parent. What it leaves out are looks at every module that there is: in a
fork each look is a write, for Python counts it, and copies a page that was shared with the parent.
"""

import builtins
import functools
import inspect
import logging
import os
import sys
import threading
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from ipykernel import ipkernel, kernelapp
from ipykernel.compiler import XCachingCompiler, get_tmp_directory
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core import shellapp
from jupyter_client.connect import KernelConnectionInfo
from traitlets import Float, Instance, Type
from traitlets.config import Config
from zmq.eventloop.zmqstream import ZMQStream

from autograder.messages import SESSION


class Compiler(XCachingCompiler):
    """Names cells by a fast sum, and says of each that no module was read from it: a traceback need not search them all."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Return a cell's file name, as tracebacks know it; there is no such file."""
        name = f"{get_tmp_directory()}/{zlib.crc32(raw_code.encode())}.py"  # type: ignore[no-untyped-call]
        inspect.modulesbyfile[name] = ""
        return name


class Publisher(IOPubThread):
    """Sends what a kernel says at once, in the thread that says it, one after the other: another thread would wake for each message.

    The thread of its own is for what waits: output that nobody flushed, and that of forked processes. It starts when there may be some.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin."""
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self._renew_turn()
        os.register_at_fork(before=self._listen, after_in_child=self._renew_turn)  # a thread that had its turn is not in the child

    def start(self) -> None:
        """Wait until the thread has something to do."""

    def schedule(self, f: Callable[[], object]) -> None:
        """Let the thread do something; in a child, where it is not, do it now."""
        self._listen()
        super().schedule(f)  # type: ignore[no-untyped-call]

    def _listen(self) -> None:
        with self.turn:
            if self.thread.ident is None and self._is_master_process():  # type: ignore[no-untyped-call]
                super().start()  # type: ignore[no-untyped-call]

    def _renew_turn(self) -> None:
        self.turn = threading.RLock()

    def _setup_xpub_listener(self) -> None:
        """Listen to nobody: who subscribes is told so by the first answer."""

    def send_multipart(self, *args: Any, **kwargs: Any) -> None:
        """Send a message."""
        with self.turn:
            self._really_send(*args, **kwargs)  # type: ignore[no-untyped-call]


class Stream(OutStream):
    """Standard output or error, which costs nothing while nobody writes."""

    _written = False

    def write(self, string: str) -> int | None:  # type: ignore[override]
        """Write, and remember that it was."""
        written = super().write(string)
        self._written = True
        return written

    def flush(self) -> None:
        """Send what was written since the last time."""
        if self._written:
            self._written = False
            self._flush()

    def _flush(self) -> None:
        publisher: Any = self.pub_thread
        if not self.closed:
            with publisher.turn:  # also what another thread has begun to send is on its way then
                super()._flush()  # type: ignore[no-untyped-call]


class NoThread:
    """Stands where ipykernel looks for a thread that shares cells out: there is none, but it asks for the thread that runs them."""

    parent_thread = property(lambda _: threading.main_thread())

    def __bool__(self) -> bool:
        """Return that there is none."""
        return False


class Kernel(ipkernel.IPythonKernel):
    """IPython's kernel, which does not list the files of all modules for a debugger, and says nothing that its client has no use for."""

    compiler_class = Type(Compiler)
    shell_channel_thread = Instance(NoThread, ())  # None would do, but for cells that await
    _supports_kernel_subshells = False
    _execute_sleep = Float(0.0)  # the client waits for the kernel to say that it is idle, whatever comes first

    def __init__(self, **kwargs: Any) -> None:
        """Begin."""
        with _without_modules(ipkernel):
            super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        shell: Any = self.shell
        shell.kernel = shell.parent = self

    def _publish_execute_input(self, code: str, parent: Any, execution_count: int) -> None:
        """Do not tell who asked what was asked; the reply has its number."""

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        """Say when a cell has ended, not that it began."""
        if status == "idle":
            super()._publish_status(status, channel, parent)  # type: ignore[no-untyped-call]


class App(IPKernelApp):
    """A kernel's application that has neither a command line nor files, and does not look for them. `connection` says where it listens."""

    connection: KernelConnectionInfo

    def parse_command_line(self, argv: Any = None) -> None:
        """Read nothing."""

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """Read nothing."""

    def init_profile_dir(self) -> None:
        """Find the profile's folder, once."""
        if not self.trait_has_value("profile_dir"):
            super().init_profile_dir()  # type: ignore[no-untyped-call]

    def init_control(self, context: Any) -> None:
        """Prepare no channel for control: interrupts are signals. Cells come straight to the main thread: there are no subshells."""

    def init_iopub(self, context: Any) -> None:
        """Prepare the channel for what the kernel says."""
        with patch.object(kernelapp, "IOPubThread", Publisher):
            super().init_iopub(context)  # type: ignore[no-untyped-call]

    def init_kernel(self) -> None:
        """Give the kernel, which was made before, its one channel to hear, and those to speak."""
        kernel = self.kernel
        kernel.shell_stream, kernel.stdin_socket = ZMQStream(self.shell_socket), self.stdin_socket
        kernel.iopub_thread, kernel._stdout, kernel._stderr = self.iopub_thread, sys.stdout, sys.stderr
        for speaks in (kernel.shell.displayhook, kernel.shell.display_pub):
            speaks.pub_socket = self.iopub_socket
        kernel.iopub_socket = self.iopub_socket
        kernel.record_ports({f"{name}_port": port for name, port in self._ports.items()})
        self.displayhook.get_execution_count = lambda: kernel.execution_count

    def init_connection_file(self) -> None:
        """Listen where it was told to."""
        self.load_connection_info(self.connection)

    def write_connection_file(self, **kwargs: Any) -> None:
        """Write nothing: who started it knows."""

    def init_heartbeat(self) -> None:
        """Answer no heartbeats: who ends the kernel sees its process."""

    def init_code(self) -> None:
        """Run nothing. `%reset --aggressive`, which forgets the modules that came after the start, finds none."""
        with _without_modules(shellapp):
            super().init_code()  # type: ignore[no-untyped-call]
        shell: Any = self.shell
        shell._sys_modules_keys = sys.modules.keys()


def _without_modules(library: ModuleType) -> AbstractContextManager[object]:
    """Let a library's module see no module while the block runs."""
    return patch.object(library, "sys", SimpleNamespace(modules={}, stdout=sys.stdout, stderr=sys.stderr))


_SETTINGS = Config({**SESSION, "HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})


@functools.cache
def make_ready() -> App:
    """Return the application, with its kernel, of those that are forked from this process, which notices nothing of them."""
    main, shown = sys.modules["__main__"], vars(builtins).copy()
    output = f"{__name__}.{Stream.__name__}"
    app = App(kernel_class=Kernel, outstream_class=output, quiet=True, config=_SETTINGS)  # type: ignore[no-untyped-call]
    app.init_profile_dir()
    app.log.setLevel(logging.WARNING)  # what is said of each message would be put together, and nobody sees it
    settings: dict[str, Any] = {"profile_dir": app.profile_dir, "user_ns": {}, "compiler_class": Compiler, "config": _SETTINGS}
    with patch.dict(os.environ):
        shell: Any = ZMQInteractiveShell(**settings)  # type: ignore[no-untyped-call]
        _put_in_place(shell, shell)
        app.kernel = Kernel(parent=app, session=app.session, log=app.log, profile_dir=app.profile_dir, user_ns=app.user_ns)
        _put_in_place(shell, None)
    for extension in app.default_extensions:
        shell.extension_manager.load_extension(extension)
    sys.modules["__main__"] = main
    for name in vars(builtins).keys() - shown.keys():
        delattr(builtins, name)
    return app


def _put_in_place(one: Any, instance: object) -> None:
    for kind in type(one)._walk_mro():
        kind._instance = instance


def run_kernel(connection: KernelConnectionInfo) -> None:
    """Be the kernel that listens where `connection` says, until it is told to end."""
    app = make_ready()
    shell: Any = app.kernel.shell
    for one in (app, app.kernel, shell):
        _put_in_place(one, one)
    shell.init_environment()
    shell.init_sys_modules()
    shell.init_builtins()
    shell.starting_dir = os.getcwd()
    shell.history_manager.dir_hist[:] = [Path.cwd()]
    app.connection, app.session.pid = connection, os.getpid()
    app.initialize([])  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]
