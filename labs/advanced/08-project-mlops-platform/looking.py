"""How things are on a platform, read from its stores without asking any of its parts."""

import contextlib
import json
import sqlite3
from pathlib import Path

from image import eta
from stores import Data, as_rows
from trail import broken_line, entries


def look(p, live):
    """Return how things are: data (versions), rows (of the newest), trips, quarantined, models, champion, wanted, answering, right, trail
    and broken.

    `models` has version, tags and mae of each registered model; `right` is whether the service's answers are those of the champion's model;
    `trail` the audit trail's entries, `broken` the first of its lines that is no JSON object (0: none).
    """
    data, answering = Data(live / "data", lambda name: None), p.service.answering()
    head, *lines = data.text().splitlines() if data.versions() else [""]
    models, champion = registered(live / "mlflow.db")
    probes = as_rows("\n".join([head, *lines[:: max(1, len(lines) // 12)]]))
    right = False
    with contextlib.suppress(Exception):
        path = next(one["source"] for one in models if one["version"] == champion).removeprefix("file://")
        model = json.loads(Path(path, "model.json").read_text())
        right = all(abs(a - eta.minutes(model, row)) < 1e-6 for a, row in zip(p.service.predict(probes), probes, strict=True))
    return {
        "data": data.versions(), "rows": len(lines), "trips": [int(line.split(",")[0]) for line in lines],
        "quarantined": data.quarantined(),
        "models": models, "champion": champion, "wanted": p.service.wanted(), "answering": answering, "right": right,
        "trail": entries(live / "audit.jsonl"), "broken": broken_line(live / "audit.jsonl"),
    }  # fmt: skip


def registered(path):
    """Return the registered models in MLflow's database, oldest first, and the version that the alias champion names."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        found = database.execute("SELECT version, source, run_id FROM model_versions ORDER BY version").fetchall()
        tags, maes = {}, dict(database.execute("SELECT run_uuid, value FROM latest_metrics WHERE key = 'mae'"))
        for version, name, value in database.execute("SELECT version, key, value FROM model_version_tags"):
            tags.setdefault(version, {})[name] = value
        aliases = dict(database.execute("SELECT alias, version FROM registered_model_aliases"))
    models = [{"version": str(one), "source": source, "tags": tags.get(one, {}), "mae": maes.get(run)} for one, source, run in found]
    return models, str(aliases["champion"]) if "champion" in aliases else None
