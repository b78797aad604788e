"""What the parts of the platform get to work with: `p`, a Platform. It holds the stores, the service, and small tools. It decides nothing.

    p.data       versions of the table trips.csv (DVC)               p.registry   registered models, alias champion (MLflow)
    p.service    the running service (Kubernetes, or on paper)       p.parts      the six parts: p.parts.gate.decide(report), ...
    p.now, p.by  when the event came, and whom it came from          p.train(), p.record(), p.read(), p.write(), …
"""

import json
import math
import os
from datetime import date, timedelta
from pathlib import Path
from statistics import fmean, variance

os.environ["DO_NOT_TRACK"] = "true"  # Evidently would tell its makers how it is used

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift
from image import eta
from kubeflow import rehearse
from stores import COLUMNS, Data, Registry, as_text, fingerprint

HERE = Path(__file__).resolve().parent
CONTRACT = json.loads((HERE / "contract.json").read_text())
DISTRICTS = CONTRACT["columns"]["district"]["values"]
FEATURES = ["distance_km", "climb_m", "rain_mm"]
LABEL_DAYS = 3  # the docks report a trip within three days; before that its label is not due


class Platform:
    """The platform in a folder. `service` makes the service from the registry and what must be called before each effect."""

    def __init__(self, folder, parts, service, now="", by="", before_effect=lambda name: None):
        self.folder, self.parts, self.now, self.by, self._before_effect = Path(folder), parts, now, by, before_effect
        self.data = Data(self.folder / "data", before_effect)
        self.registry = Registry(self.folder, before_effect)
        self.service = service(self.registry, before_effect)

    def read(self, name, default=None):
        """Return what was written under a name, or the default."""
        path = self.folder / "notes" / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else default

    def write(self, name, value):
        """Write plain data under a name (letters, digits, - and _), in the place of what was there: wholly or not at all."""
        self._before_effect("write")
        path = self.folder / "notes" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(value))
        os.replace(part, path)

    def record(self, what, subject, why, key, who="", when=""):
        """Write an entry into the audit trail: what was done to which subject (texts), and why. `key`: two entries never have the same.

        Without `who` and `when` these are whom the event came from that is being handled, and when it came.
        """
        self._before_effect("audit")
        entry = {"key": key, "who": who or self.by, "what": what, "subject": subject, "why": why, "when": when or self.now}
        self.parts.audit.append(self.audit_file, entry)

    @property
    def audit_file(self):
        """The path of the audit trail."""
        return self.folder / "audit.jsonl"

    def train(self, proposed=None):
        """Run the training pipeline on the newest data; return {"model", "fingerprint", "rows", "mae", "data", "code"}.

        `rows` has an entry for each trip held out: district, candidate and champion, their absolute errors in minutes (champion: None
        where there is none). With `proposed`, a model, nothing is fitted, and that model is the candidate. It changes nothing.
        """
        files = {"trips.csv": as_text(self.data.rows())}
        if champion := self.registry.champion():
            files["champion.json"] = json.dumps(self.registry.model(champion))
        if proposed is not None:
            files["proposed.json"] = json.dumps(proposed)
        arguments = {"trips": "{data}/trips.csv", "champion": "{data}/champion.json", "proposed": "{data}/proposed.json"}
        run = rehearse(HERE / "training.yaml", [{"arguments": arguments, "files": files}])[0]
        if run["state"] != "SUCCEEDED":
            raise RuntimeError(f"the training pipeline failed: {run['error']}")
        made = {name: output["text"] for step in run["steps"] for name, output in step["outputs"].items() if isinstance(output, dict)}
        model, rows = json.loads(made["model"]), json.loads(made["report"])
        mae = sum(row["candidate"] for row in rows) / len(rows)
        found = {"model": model, "fingerprint": fingerprint(model), "rows": rows, "mae": mae}
        return {**found, "data": self.data.newest(), "code": fingerprint((HERE / "training.yaml").read_text())}

    def blocked(self):
        """Return the fingerprints of the models that were tagged as blocked."""
        return sorted({one["tags"]["fingerprint"] for one in self.registry.versions() if "blocked" in one["tags"]})

    def report(self, candidate):
        """Return what the gate decides on: candidate as `train` returns it, the champion as it was registered, and what is blocked."""
        version = self.registry.champion()
        champion = {"version": version, "mae": self.registry.metrics(version)["mae"], **self.registry.tags(version)} if version else None
        new = {name: candidate[name] for name in ("mae", "fingerprint", "data")}
        return {"rows": candidate["rows"], "candidate": new, "champion": champion, "blocked": self.blocked()}

    def registered(self, fingerprint):
        """Return the registered model with a fingerprint, {"version", "tags"}; None where there is none."""
        return next((one for one in self.registry.versions() if one["tags"]["fingerprint"] == fingerprint), None)

    def register(self, candidate, event, said):
        """Register a candidate with its lineage: tags data, code, event (an id), gate and reasons (from what the gate said), metric mae."""
        tags = {"data": candidate["data"], "code": candidate["code"], "event": event, "gate": "promoted" if said["promote"] else "refused"}
        return self.registry.register(candidate["model"], {**tags, "reasons": ", ".join(said["reasons"])}, {"mae": candidate["mae"]})

    def window(self, seen):
        """Return what the monitor decides on: the requests with what the champion answered, the labels, drift, and the errors before."""
        model = self.registry.model(self.registry.champion())
        requests = [{**row, "predicted": _answer(eta.minutes, model, row)} for row in seen["requests"]]
        reference = [{"district": row["district"], "error": row["champion"]} for row in self.train(model)["rows"]]
        return {**seen, "requests": requests, "reference": reference, "drift": drift(self.data.rows(), requests)}

    def labelled(self, window, name):
        """Return the requests whose label is due and there, as a delivery of that name."""
        due = (date.fromisoformat(window["now"]) - timedelta(LABEL_DAYS)).isoformat()
        known = {label["trip"]: label["minutes"] for label in window["labels"]}
        rows = [{**row, "minutes": known[row["trip"]]} for row in window["requests"] if row["trip"] in known and row["day"] <= due]
        return {"id": name, "rows": [{column: row[column] for column in COLUMNS} for row in rows]}


def keeps(name, value):
    """Tell whether a value is of its column's type and within its limits, as the contract says. True, None and NaN are no numbers."""
    rule = CONTRACT["columns"][name]
    if rule["type"] == "day":
        try:
            return date.fromisoformat(value).isoformat() == value
        except (TypeError, ValueError):
            return False
    if rule["type"] == "text":
        return isinstance(value, str) and value in rule["values"]
    kinds = (int,) if rule["type"] == "whole" else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
        return False
    return rule["min"] <= value <= rule.get("max", value)


def grown(errors, before):
    """Return by how much the mean of errors is larger than that of those from before, and the lower end of this difference.

    Both are lists of two numbers or more. The true difference lies above the lower end in about 97 of 100 cases.
    """
    more = fmean(errors) - fmean(before)
    return more, more - 1.96 * math.sqrt(variance(errors) / len(errors) + variance(before) / len(before))


def drift(reference, requests):
    """Return for each feature how far it has moved, by Evidently: the Wasserstein distance (how far
    one heap of values would have to be shovelled to become the other) in standard deviations of the reference.
    """
    shape = DataDefinition(numerical_columns=FEATURES)
    tables = [Dataset.from_pandas(pd.DataFrame(rows)[FEATURES], data_definition=shape) for rows in (requests, reference)]
    found = Report([ValueDrift(column=name, method="wasserstein") for name in FEATURES]).run(*tables).dict()["metrics"]
    return {name: round(float(metric["value"]), 3) for name, metric in zip(FEATURES, found, strict=False)}


def _answer(minutes, model, row):
    try:
        return minutes(model, row)
    except (KeyError, TypeError, ValueError):
        return None
