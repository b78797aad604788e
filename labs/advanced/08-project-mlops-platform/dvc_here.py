"""DVC's command line, called from a notebook."""

import io
import logging
import os
import ssl
import subprocess
import sys
from contextlib import chdir, nullcontext, redirect_stderr, redirect_stdout

import certifi

if not any(ssl.get_default_verify_paths()[:2]):
    os.environ["SSL_CERT_FILE"] = certifi.where()  # DVC does not start where it finds no certificates, even if it needs none
RUNS_PROGRAMS = (["repro"], ["exp"])


def dvc(folder, *words):
    """Run DVC in the folder and return what it prints. Raises RuntimeError with its words if DVC, or what it runs, says no.

    `dvc("trips-data", "push")` does what `dvc push` does in a terminal in the folder trips-data. What runs no program of yours runs
    inside this process: that starts faster.
    """
    words = [str(word) for word in words]
    if words[:1] in RUNS_PROGRAMS:
        done = subprocess.run([sys.executable, "-m", "dvc", *words], cwd=folder, capture_output=True, text=True)
        code, said, complaint = done.returncode, done.stdout, done.stderr
    else:
        code, said = _inside(folder, words)
        complaint = ""
    if code:
        raise RuntimeError(f"dvc {' '.join(words)}: {complaint.strip() or said.strip()}")
    return said.strip()


def _inside(folder, words):
    import dvc.ui
    from dvc.cli import main

    dvc.ui.ui.rich_console.is_jupyter = False  # in a notebook DVC would write past what is caught here,
    dvc.ui.disable_colorama = nullcontext  # and so it would with --json
    said = io.StringIO()
    handlers = {handler for name in ("dvc", "dvc_objects", "dvc_data") for handler in logging.getLogger(name).handlers}
    before = [(handler, handler.setStream(said)) for handler in handlers]
    try:
        with chdir(folder), redirect_stdout(said), redirect_stderr(said):
            return main(words), said.getvalue()
    finally:
        for handler, stream in before:
            handler.setStream(stream)
