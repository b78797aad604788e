"""A small process that cleans up when the one that started it has gone, however it went: kills what was registered, removes the folder.

    python warden.py FOLDER < lines "+ PID" and "- PID"

Each PID leads a process group. The end of standard input is the sign: a killed parent can say nothing more, but its pipe closes.
"""

import contextlib
import os
import shutil
import signal
import sys


def main() -> None:
    """Keep the list until standard input ends, then clean up."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # Ctrl-C goes to the whole terminal; the parent decides
        signal.signal(ignored, signal.SIG_IGN)
    groups = set()
    for line in sys.stdin:
        sign, _, number = line.strip().partition(" ")
        if sign == "+":
            groups.add(int(number))
        else:
            groups.discard(int(number))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    shutil.rmtree(sys.argv[1], ignore_errors=True)  # once more: a process on its way out may have written


if __name__ == "__main__":
    main()
