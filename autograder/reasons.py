"""In a notebook, a test that fails says its reason and nothing else. An IPython extension, which `.venv` and Binder load for kernels.

An assertion's own words are the reason, so its traceback, which leads through the test's code, is left out. A NotImplementedError
without words is what stands in an exercise that nobody has answered. All other exceptions keep their traceback: there the place matters.
"""

from types import TracebackType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

UNANSWERED = "○ Not answered yet: write your answer in place of `raise NotImplementedError()`, and run the exercise's cells again."


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Show a failed assertion's words alone, in this shell."""
    shell.set_custom_exc((AssertionError, NotImplementedError), _show)


def _show(shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType, tb_offset: int | None = None) -> list[str]:
    words = str(error).strip()
    if type(error) is AssertionError and words:
        stb = [f"✗ {words}"]
    elif type(error) is NotImplementedError and not words:
        stb = [UNANSWERED]
    else:
        stb = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
    shell._showtraceback(kind, error, stb)
    return list(stb)
