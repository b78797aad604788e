"""Two opinions about a workflow's text that need no run: GitHub's schema, and zizmor's rules about security. Both stay on this machine."""

import json
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import jsonschema
from check_jsonschema.builtin_schemas import get_builtin_schema
from runner import read_workflow


@cache
def _validator():
    schema = get_builtin_schema("vendor.github-workflows")  # what `check-jsonschema --builtin-schema vendor.github-workflows` uses
    return jsonschema.validators.validator_for(schema)(schema)


def schema_problems(text):
    """Return what is wrong with the workflow's form, a list of sentences; none if it is right."""
    found = []
    for error in _validator().iter_errors(read_workflow(text)):
        deepest = error
        while deepest.context:  # of several forms that are allowed, the one that came furthest tells most
            deepest = max(deepest.context, key=lambda part: len(part.absolute_path))
        found.append(f"at {'.'.join(map(str, deepest.absolute_path)) or 'the top'}: {deepest.message[:200]}")
    return found


def security_findings(text):
    """Return what zizmor finds, a list of {rule, severity, line, says}. Comments that silence it are not heard."""
    text = re.sub(r"#\s*zizmor:[^\n]*", "", text)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, ".github", "workflows", "workflow.yml")
        path.parent.mkdir(parents=True)
        path.write_text(text)
        command = [
            str(Path(sys.executable).with_name("zizmor")),
            "--offline",
            "--no-config",
            "--no-progress",
            "--quiet",
            "--format",
            "json-v1",
            str(path),
        ]
        done = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "HOME": folder})
    if not done.stdout.strip():
        return [{"rule": "unreadable", "severity": "High", "line": 1, "says": done.stderr.strip()[-300:]}]
    found = []
    for finding in json.loads(done.stdout):
        primary = next((place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary"), finding["locations"][0])
        line, note = primary["concrete"]["location"]["start_point"]["row"] + 1, primary["symbolic"]["annotation"]
        severity = finding["determinations"]["severity"]
        found.append({"rule": finding["ident"], "severity": severity, "line": line, "says": f"{finding['desc']} ({note})"})
    return sorted(found, key=lambda each: each["line"])
