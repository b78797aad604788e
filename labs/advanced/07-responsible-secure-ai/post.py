"""What arrives by post: model files, some with a payload; two scanners; keys; and a bill of materials."""

import base64
import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import joblib
import numpy as np
import picklescan.scanner
import skops.io
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fickling.analysis import Severity, check_safety
from fickling.fickle import Pickled
from packaging.utils import canonicalize_name
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler


class Payload:
    """Pickles as an order to run a command. This one is harmless: it leaves a file, to show that it ran."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        """Return what unpickling calls, and with what: here `os.system`."""
        return os.system, (f"echo it ran > {self.marker}",)


def fitted(model, applications, inputs):
    """Return the model, trained on the applications."""
    return model.fit(applications[inputs].to_numpy(dtype=float), applications["unpaid"].to_numpy())


def deliver(folder, applications, inputs, marker="payload-ran.txt"):
    """Write the eight files of the inbox; return which of them hold a payload: {name: bool}."""
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    linear = fitted(make_pipeline(StandardScaler(), LogisticRegression()), applications, inputs)
    forest = fitted(RandomForestClassifier(8, max_depth=3, random_state=0), applications, inputs)
    (folder / "linear.pkl").write_bytes(pickle.dumps(linear))
    (folder / "gift.pkl").write_bytes(pickle.dumps({"model": linear, "notes": Payload(marker)}))
    joblib.dump(forest, folder / "forest.joblib")
    joblib.dump([np.arange(9.0), Payload(marker)], folder / "gift-array.joblib")
    joblib.dump([linear, Payload(marker)], folder / "gift-packed.joblib", compress=3)
    skops.io.dump(linear, folder / "linear.skops")
    skops.io.dump(forest, folder / "forest.skops")
    skops.io.dump(make_pipeline(FunctionTransformer(joblib.dump, kw_args={"filename": str(marker)}), linear), folder / "gift.skops")
    return {path.name: path.name.startswith("gift") for path in sorted(folder.iterdir())}


def picklescan_says(path):
    """Return "dangerous", "clean" or "cannot tell", as picklescan finds the file."""
    found = picklescan.scanner.scan_file_path(str(path))
    return "dangerous" if found.issues_count else "cannot tell" if found.scan_err else "clean"


def fickling_says(path):
    """Return "dangerous", "clean" or "cannot tell", as fickling finds the file."""
    try:
        with open(path, "rb") as file:
            severity = check_safety(Pickled.load(file)).severity
    except Exception:  # each version of fickling stops in other ways at what is no plain pickle
        return "cannot tell"
    return "clean" if severity == Severity.LIKELY_SAFE else "dangerous"


def make_keys(folder, name):
    """Write name.pem (private: it signs, and stays secret) and name.pub (public: it verifies) to the folder."""
    key, folder = ec.generate_private_key(ec.SECP256R1()), Path(folder)
    folder.mkdir(exist_ok=True)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pem").write_bytes(private)
    (folder / f"{name}.pub").write_bytes(public)


def signed_files(signature):
    """Return the paths, in the folder, of the files over which a signature of model_signing is. It does not verify the signature."""
    envelope = json.loads(Path(signature).read_text())["dsseEnvelope"]
    return {part["name"] for part in json.loads(base64.b64decode(envelope["payload"]))["predicate"]["resources"]}


def sbom_of(requirements):
    """Return the CycloneDX bill of materials of a requirements file, a dictionary."""
    with tempfile.TemporaryDirectory(prefix="sbom-") as folder:
        path = Path(folder) / "sbom.json"
        options = ["--of", "JSON", "-o", str(path), "--no-validate"]
        command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(requirements), *options]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # it warns of each part without a version
        return json.loads(path.read_text())


def parts_of(sbom):
    """Return the bill's parts, each as (normalised name, version as text or None, set of normalised names of its extras)."""
    extra = "cdx:python:package:required-extra"
    return [
        (
            canonicalize_name(part["name"]),
            part.get("version"),
            {canonicalize_name(entry["value"]) for entry in part.get("properties") or [] if entry["name"] == extra},
        )
        for part in sbom["components"]
    ]
