"""The two stores: data in DVC, models in MLflow. What changes something calls `effect` first, so that a crash can be rehearsed there."""

import csv
import hashlib
import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from dvc_here import dvc
from mlflow import MlflowClient

COLUMNS = ["trip", "day", "district", "distance_km", "climb_m", "rain_mm", "minutes"]
NUMBERS = {"trip": int, "distance_km": float, "climb_m": float, "rain_mm": float, "minutes": float}
NAME = "trip-time"


def as_text(rows):
    """Return rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_rows(text):
    """Return the rows of a CSV, numbers as numbers."""
    return [{name: NUMBERS.get(name, str)(value) for name, value in row.items()} for row in csv.DictReader(io.StringIO(text))]


class Data:
    """Versions of the table `trips.csv`, kept by DVC. A version's name is the MD5 that DVC computes of the table."""

    def __init__(self, folder, effect):
        self.folder, self._effect = Path(folder), effect

    def versions(self):
        """Return the names of all versions, oldest first."""
        path = self.folder / "versions.txt"
        return path.read_text().split() if path.exists() else []

    def newest(self):
        """Return the name of the newest version."""
        return self.versions()[-1]

    def rows(self, version=None):
        """Return the rows of a version (without one: the newest), as dictionaries with numbers and texts."""
        return as_rows(self.text(version))

    def text(self, version=None):
        """Return a version's table as it lies in DVC's cache."""
        version = version or self.newest()
        return (self.folder / ".dvc" / "cache" / "files" / "md5" / version[:2] / version[2:]).read_text()

    def commit(self, rows):
        """Make a new version of the table, of all these rows, and return its name."""
        self._effect("data")
        (self.folder / "trips.csv").write_text(as_text(rows))
        dvc(self.folder, "add", "trips.csv")
        version = re.search(r"md5: (\w+)", (self.folder / "trips.csv.dvc").read_text())[1]
        with open(self.folder / "versions.txt", "a") as file:
            file.write(version + "\n")
        return version

    def quarantine(self, delivery, reasons):
        """Put a delivery aside, with the reasons, where nothing reads it but people. Once more writes the same file again."""
        self._effect("quarantine")
        (self.folder / "quarantine").mkdir(exist_ok=True)
        name = re.sub(r"[^\w-]", "_", str(delivery.get("id")))
        text = json.dumps({"delivery": delivery, "reasons": list(reasons)}, default=str)
        (self.folder / "quarantine" / f"{name}.json").write_text(text)

    def quarantined(self):
        """Return the reasons for each delivery that was put aside, by its id."""
        files = sorted((self.folder / "quarantine").glob("*.json"))
        return {one["delivery"]["id"]: one["reasons"] for one in map(json.loads, (file.read_text() for file in files))}


class Registry:
    """The registered models. Versions are texts: "1", "2" and so on."""

    def __init__(self, folder, effect):
        self.folder, self._effect = Path(folder), effect
        address = f"sqlite:///{self.folder / 'mlflow.db'}"
        self.client = MlflowClient(address, address)

    def register(self, model, tags, metrics):
        """Register a model (a dictionary) with tags (texts) and metrics (numbers), and return its version."""
        self._effect("register")
        run = self.client.create_run("1")
        for name, value in metrics.items():
            self.client.log_metric(run.info.run_id, name, float(value))
        self.client.log_text(run.info.run_id, json.dumps(model, sort_keys=True), "model/model.json")
        self.client.set_terminated(run.info.run_id)
        tags = {"fingerprint": fingerprint(model), **{name: str(value) for name, value in tags.items()}}
        source = f"{run.info.artifact_uri}/model"
        return str(self.client.create_model_version(NAME, source, run_id=run.info.run_id, tags=tags).version)

    def versions(self):
        """Return {"version", "tags"} for each registered model, oldest first."""
        found = [(int(one.version), dict(one.tags)) for one in self.client.search_model_versions(f"name='{NAME}'")]
        return [{"version": str(number), "tags": tags} for number, tags in sorted(found, key=lambda pair: pair[0])]

    def tags(self, version):
        """Return a version's tags."""
        return dict(self.client.get_model_version(NAME, version).tags)

    def tag(self, version, name, value):
        """Set a tag of a version."""
        self._effect("tag")
        self.client.set_model_version_tag(NAME, version, name, str(value))

    def metrics(self, version):
        """Return the metrics that were registered with a version."""
        return dict(self.client.get_run(self.client.get_model_version(NAME, version).run_id).data.metrics)

    def file(self, version):
        """Return the path of a version's model file. Straight from MLflow's table, since it is asked so often."""
        with closing(sqlite3.connect(self.folder / "mlflow.db")) as database:
            found = database.execute("SELECT source FROM model_versions WHERE version = ?", [version]).fetchone()
        if found is None:
            raise KeyError(f"there is no version {version!r}")
        return Path(found[0].removeprefix("file://")) / "model.json"

    def model(self, version):
        """Return a version's model."""
        return json.loads(self.file(version).read_text())

    def champion(self):
        """Return the version that the alias champion names; None where there is none."""
        version = self.client.get_registered_model(NAME).aliases.get("champion")
        return None if version is None else str(version)

    def set_champion(self, version):
        """Let the alias champion name a version."""
        self._effect("alias")
        self.client.set_registered_model_alias(NAME, "champion", version)


def fingerprint(model):
    """Return a short text that is the same for equal models."""
    return hashlib.sha256(json.dumps(model, sort_keys=True).encode()).hexdigest()[:12]
