"""What the judge cells of changes share: runs and what differs between them."""

import json

from colleagues import DAY, put_run

SOURCES = {"train.py": "from columns import USED\nDEPTH = 4\n", "columns.py": 'USED = ["hour"]\n'}


def put_recorded(experiment, number, source, settings, data="d" * 64):
    """Write a run as the team's agreement has it; None leaves a part out."""
    texts = {f"source/{name}": text for name, text in (source or {}).items()}
    if settings is not None:
        texts["settings.json"] = json.dumps(settings)
    return put_run(experiment, f"run {number}", DAY * (number + 1), tags={"data_sha256": data} if data else {}, files=texts)


def read_change(change, what):
    """Return the three parts of what_changed's answer: data, set of files or 'unknown', {name: (before, after)} or 'unknown'."""
    if not isinstance(change, dict) or not {"data", "source", "settings"} <= set(change):
        raise AssertionError(f"{what}: what_changed returned {change!r}, expected a dictionary with data, source and settings.")
    data, source, settings = change["data"], change["source"], change["settings"]
    if not isinstance(data, str):
        data = bool(data)
    if not isinstance(source, str):
        source = set(source)
    if not isinstance(settings, str):
        settings = {name: json.dumps(list(pair)) for name, pair in settings.items()}
    return data, source, settings
