"""The labs' data files come from the simulator, and anyone can make them again."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

SCRIPTS = sorted((PROJECT / "source").glob("*/*/make_files.py"))


def content(path: Path) -> bytes:
    """Return a file's bytes, unpacked where it is packed: how tightly gzip packs is another matter on another machine."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
def test_a_labs_data_is_what_its_script_makes(tmp_path: Path, script: Path) -> None:
    """Run in a copy whose data files were emptied, the script writes them again, byte for byte."""
    copy = shutil.copytree(PROJECT / "source", tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    place = copy / script.parent.relative_to(PROJECT / "source")
    there = [path for path in (script.parent / "files").rglob("*") if path.suffix in (".csv", ".json", ".parquet", ".gz", ".npz")]
    data = [path.relative_to(script.parent) for path in there]
    for path in data:
        (place / path).write_bytes(b"")

    environ = {**os.environ, "PYTHONPATH": str(copy)}
    subprocess.run([sys.executable, str(place / "make_files.py")], cwd=tmp_path, check=True, env=environ)

    assert data
    assert [str(path) for path in data if content(place / path) != content(script.parent / path)] == []
