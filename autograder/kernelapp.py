"""The kernel that an enclosure becomes: IPython's own, without what it would prepare for a debugger and a person.

What it leaves out is looks at every module that there is. In a fork each look is a write, for Python counts it, and copies a page that
was shared with the parent.
"""

import inspect
import sys
import zlib
from contextlib import AbstractContextManager
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from ipykernel import ipkernel
from ipykernel.compiler import XCachingCompiler, get_tmp_directory
from ipykernel.kernelapp import IPKernelApp
from IPython.core import shellapp
from traitlets import Type
from traitlets.config import Config


class Compiler(XCachingCompiler):
    """Names cells by a fast sum, and says of each that no module was read from it: a traceback need not search them all."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Return a cell's file name, as tracebacks know it; there is no such file."""
        name = f"{get_tmp_directory()}/{zlib.crc32(raw_code.encode())}.py"  # type: ignore[no-untyped-call]
        inspect.modulesbyfile[name] = ""
        return name


class Kernel(ipkernel.IPythonKernel):
    """IPython's kernel, which does not list the files of all modules for a debugger."""

    compiler_class = Type(Compiler)

    def __init__(self, **kwargs: Any) -> None:
        """Begin."""
        with _without_modules(ipkernel):
            super().__init__(**kwargs)  # type: ignore[no-untyped-call]


class App(IPKernelApp):
    """A kernel's application that has neither a command line nor configuration files, and does not look for them."""

    def parse_command_line(self, argv: Any = None) -> None:
        """Read nothing."""

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """Read nothing."""

    def init_code(self) -> None:
        """Run nothing. `%reset --aggressive`, which forgets the modules that came after the start, finds none."""
        with _without_modules(shellapp):
            super().init_code()  # type: ignore[no-untyped-call]
        shell: Any = self.shell
        shell._sys_modules_keys = sys.modules.keys()


def _without_modules(library: ModuleType) -> AbstractContextManager[object]:
    """Let a library's module see no module while the block runs."""
    return patch.object(library, "sys", SimpleNamespace(modules={}, stdout=sys.stdout, stderr=sys.stderr))


def run_kernel(connection: str) -> None:
    """Be the kernel that the connection file describes, until it is told to end."""
    app = App.instance(connection_file=connection, kernel_class=Kernel, quiet=True, config=Config(HistoryManager={"enabled": False}))
    app.initialize([])  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]
