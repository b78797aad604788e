"""Tools: Kubeflow's local runner with little noise, pools of machines, trips by day."""

import contextlib
import io
import logging
import os
import re
import tempfile
from pathlib import Path

from kfp import local

HERE = Path(__file__).resolve().parent


def run_here(pipeline, **arguments):
    """Run a pipeline or component with Kubeflow's own local runner; return its outputs. Raises RuntimeError with what the steps said."""
    heard = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="kfp-") as root, contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
        before, tempfile.tempdir, there = tempfile.tempdir, root, os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = root  # it leaves a folder for each step there
        logging.disable(logging.ERROR)
        try:
            local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=root, raise_on_error=True)
            task = pipeline(**arguments)
            return {name: _plain(value) for name, value in task.outputs.items()}
        except RuntimeError as error:
            lines = [line.strip() for line in heard.getvalue().splitlines() if line.strip()]
            said = [line for line in lines if re.match(r"\w*(Error|Exception|Warning)\b", line)]
            problem = " | ".join(said[-1:]) or str(error)
        finally:
            logging.disable(logging.NOTSET)
            tempfile.tempdir = before
            os.environ.pop("TMPDIR") if there is None else os.environ.update(TMPDIR=there)
    raise RuntimeError(problem)


def _plain(value):
    if hasattr(value, "path"):
        path = Path(value.path)
        text = path.read_text() if path.is_file() else ""
        return {"type": value.schema_title, "text": text, "metadata": dict(value.metadata)}
    return value


def node_pool(task, pool):
    """Let a task run on the machines of a pool alone, also where they are kept free for it (tainted `pool=NAME:NoSchedule`).

    The package kfp-kubernetes, which is not installed here, does the same with `add_node_selector` and `add_toleration`.
    """
    there = task.platform_config.setdefault("kubernetes", {})
    there["nodeSelector"] = {"labels": {"pool": pool}}
    there["tolerations"] = [{"key": "pool", "operator": "Equal", "value": pool, "effect": "NoSchedule"}]
    return task


def by_day(until=None):
    """Return the trips of trips.csv as a file for each day, up to one: {"2026-01-12.csv": text}."""
    header, *lines = (HERE / "trips.csv").read_text().splitlines(keepends=True)
    days = sorted({line[:10] for line in lines})
    return {f"{day}.csv": header + "".join(line for line in lines if line.startswith(day)) for day in days if not until or day <= until}
