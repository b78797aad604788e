"""The labs' data files come from the simulator, and anyone can make them again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

SCRIPTS = sorted((PROJECT / "source").glob("*/*/make_files.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
def test_a_labs_data_is_what_its_script_makes(tmp_path: Path, script: Path) -> None:
    """Run in a copy whose data files were emptied, the script writes them again, byte for byte."""
    copy = shutil.copytree(PROJECT / "source", tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    place = copy / script.parent.relative_to(PROJECT / "source")
    data = [path for path in (script.parent / "files").rglob("*") if path.suffix in (".csv", ".json", ".parquet")]
    for path in data:
        (place / "files" / path.relative_to(script.parent / "files")).write_bytes(b"")

    environ = {**os.environ, "PYTHONPATH": str(copy)}
    subprocess.run([sys.executable, str(place / "make_files.py")], cwd=tmp_path, check=True, env=environ)

    assert data
    assert [path.name for path in data if (place / "files" / path.name).read_bytes() != path.read_bytes()] == []
