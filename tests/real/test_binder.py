"""What Binder's own tool would build from this repository. Nothing is built: that takes an engine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from install import pinned, uv_environment

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def said() -> tuple[str, str]:
    """The Dockerfile that repo2docker would build, and what it said on the way."""
    uv = Path(sys.executable).with_name("uv")
    words = [uv, "tool", "run", "--from", f"jupyter-repo2docker=={pinned('repo2docker')}", "--with", "setuptools<81", "jupyter-repo2docker"]
    asked = ["--no-build", "--debug", "--user-id", "1000", "--user-name", "jovyan", str(PROJECT)]
    done = subprocess.run([*words, *asked], env=uv_environment(dict(os.environ)), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_the_conda_build_pack_is_picked(said: tuple[str, str]) -> None:
    """With the Python of environment.yml; a binder/ folder would hide that file from it."""
    assert "Building conda environment for python=3.11" in said[1]
    assert not (PROJECT / "binder").exists() and not (PROJECT / ".binder").exists()


def test_the_environment_is_made_after_the_course_is_there(said: tuple[str, str]) -> None:
    """environment.yml installs requirements.lock and the course itself, which lie in the repository."""
    copied = said[0].index("COPY --chown=1000:1000 src/ ${REPO_DIR}/")
    updated = re.search(r'env update -p \$\{NB_PYTHON_PREFIX\} --file "environment.yml"', said[0])

    assert updated and updated.start() > copied


def test_the_repository_is_the_home_folder(said: tuple[str, str]) -> None:
    """So Jupyter finds .jupyter/ as a person's own settings, with the start page and the labs' kernel."""
    home = re.search(r"HOME=(\S+)", said[0])
    folder = re.search(r"ARG REPO_DIR=(\S+)", said[0])

    assert home and folder
    assert folder[1].replace("${HOME}", home[1]) == home[1]


def test_nothing_else_is_run(said: tuple[str, str]) -> None:
    """No postBuild and no start script: what is needed stands in environment.yml and .jupyter/."""
    assert not [name for name in ("postBuild", "start", "apt.txt", "requirements.txt", "runtime.txt") if (PROJECT / name).exists()]
    assert 'CMD ["jupyter", "notebook", "--ip", "0.0.0.0"]' in said[0]
