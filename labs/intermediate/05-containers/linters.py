"""Opinions of two programs: hadolint about Dockerfiles, the Compose specification's schema about compose files."""

import json
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema


def hadolint(dockerfile):
    """Return what hadolint finds in the text of a Dockerfile: a list of (line, rule, sentence)."""
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.exists() else shutil.which("hadolint") or "hadolint"
    done = subprocess.run([program, "--no-color", "-f", "json", "-"], input=dockerfile.encode(), capture_output=True, timeout=30)
    return [(one["line"], one["code"], one["message"]) for one in json.loads(done.stdout or b"[]")]


def compose_problems(document):
    """Return what the Compose specification's schema has against a compose file, read into a dictionary: a list of sentences."""
    schema = json.loads((files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    return [f"{'.'.join(map(str, error.absolute_path)) or 'the file'}: {error.message[:200]}" for error in validator.iter_errors(document)]
