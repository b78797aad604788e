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
import zlib
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from ipykernel import ipkernel, kernelapp
from ipykernel.compiler import XCachingCompiler, get_tmp_directory
from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core import shellapp
from traitlets import Float, Type
from traitlets.config import Config


class Compiler(XCachingCompiler):
    """Names cells by a fast sum, and says of each that no module was read from it: a traceback need not search them all."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Return a cell's file name, as tracebacks know it; there is no such file."""
        name = f"{get_tmp_directory()}/{zlib.crc32(raw_code.encode())}.py"  # type: ignore[no-untyped-call]
        inspect.modulesbyfile[name] = ""
        return name


class Stream(OutStream):
    """Standard output or error, which costs nothing while nobody writes: each flush is a round through another thread."""

    _written = False

    def write(self, string: str) -> int | None:  # type: ignore[override]
        """Write, and remember that it was."""
        written = super().write(string)
        self._written = True
        return written

    def flush(self) -> None:
        """Send what was written since the last time, and wait until it is on its way."""
        if self._written:
            self._written = False
            super().flush()  # type: ignore[no-untyped-call]


class Kernel(ipkernel.IPythonKernel):
    """IPython's kernel, which does not list the files of all modules for a debugger."""

    compiler_class = Type(Compiler)
    _execute_sleep = Float(0.0)  # the client waits for the kernel to say that it is idle, whatever comes first

    def __init__(self, **kwargs: Any) -> None:
        """Begin."""
        with _without_modules(ipkernel):
            super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        shell: Any = self.shell
        shell.kernel = shell.parent = self


class App(IPKernelApp):
    """A kernel's application that has neither a command line nor configuration files, and does not look for them."""

    def parse_command_line(self, argv: Any = None) -> None:
        """Read nothing."""

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """Read nothing."""

    def init_profile_dir(self) -> None:
        """Find the profile's folder, once."""
        if not self.trait_has_value("profile_dir"):
            super().init_profile_dir()  # type: ignore[no-untyped-call]

    def init_control(self, context: Any) -> None:
        """Prepare the channel for control. Cells come straight to the main thread: there are no subshells."""
        with patch.object(kernelapp, "ShellChannelThread", return_value=None):
            super().init_control(context)  # type: ignore[no-untyped-call]

    def write_connection_file(self, **kwargs: Any) -> None:
        """Write nothing: the file that was given says it all."""

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


_SETTINGS = Config(HistoryManager={"enabled": False}, InteractiveShell={"colors": "nocolor"})


@functools.cache
def make_ready() -> tuple[App, Any]:
    """Return the application and the shell of kernels that are forked from this process, which notices nothing of them."""
    main, shown = sys.modules["__main__"], vars(builtins).copy()
    output = f"{__name__}.{Stream.__name__}"
    app = App(kernel_class=Kernel, outstream_class=output, quiet=True, config=_SETTINGS)  # type: ignore[no-untyped-call]
    app.init_profile_dir()
    app.log.setLevel(logging.WARNING)  # what is said of each message would be put together, and nobody sees it
    settings: dict[str, Any] = {"profile_dir": app.profile_dir, "user_ns": {}, "compiler_class": Compiler, "config": _SETTINGS}
    with patch.dict(os.environ):
        shell: Any = ZMQInteractiveShell(**settings)  # type: ignore[no-untyped-call]
    for extension in app.default_extensions:
        shell.extension_manager.load_extension(extension)
    sys.modules["__main__"] = main
    for name in vars(builtins).keys() - shown.keys():
        delattr(builtins, name)
    return app, shell


def run_kernel(connection: str) -> None:
    """Be the kernel that the connection file describes, until it is told to end."""
    app, shell = made = make_ready()
    for one in made:
        for kind in type(one)._walk_mro():
            kind._instance = one
    shell.init_environment()
    shell.init_sys_modules()
    shell.init_builtins()
    shell.starting_dir = os.getcwd()
    shell.history_manager.dir_hist[:] = [Path.cwd()]
    app.connection_file = connection
    app.initialize([])  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]
