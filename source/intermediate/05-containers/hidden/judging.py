"""What several parts' judges use: fresh build contexts with a model, builds, and what a service must answer."""

import io
from pathlib import Path

import imagebuild
import numpy as np
from imagebuild import BuildError, build, files_in

from judgekit import drawn

GOOD_SCRIPT = (
    '#!/bin/sh\nset -e\npython -m alarm.check "${MODEL:-model.json}"\nexec uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"\n'
)


def word(chance):
    """Return a made-up name."""
    return "".join(chance.choice("bdfgklmnprst") + chance.choice("aeiou") for _ in range(3))


def text_of(name):
    """Return the text of a file that the learner wrote."""
    path = Path(name)
    assert path.is_file(), f"There is no file {name}: your cell has to write it."
    return path.read_text()


def numbers(chance, damaged=False):
    """Return a model's numbers."""
    weights = [round(chance.uniform(0.1, 1.0), 4) for _ in range(3)]
    return {
        "columns": ["distance_km", "km_since_service", "climb_m"],
        "mean": [round(chance.uniform(2, 3), 3), round(chance.uniform(500, 900), 1), 0.0],
        "scale": [2.0, 300.0, 40.0],
        "weights": [float("nan"), *weights[1:]] if damaged else weights,
        "intercept": -2.5,
        "threshold": 0.1667,
    }


def arrays_of(model):
    """Return the same as numpy's file of arrays."""
    stream = io.BytesIO()
    np.savez(stream, **{name: np.array(value) for name, value in model.items()})
    return stream.getvalue()


def expected_score(model, trip):
    """Return what the service must answer for a trip, by its own arithmetic."""
    rows = zip(model["columns"], model["mean"], model["scale"], model["weights"], strict=True)
    return round(1 / (1 + np.exp(-model["intercept"] - sum(w * (trip[c] - m) / s for c, m, s, w in rows))), 4)


def fresh_files(salt):
    """Return a clean build context with a model and a module of its own."""
    chance = drawn(salt)
    files = files_in(Path(imagebuild.__file__).parent / "found")
    files = {path: content for path, content in files.items() if "__pycache__" not in path}
    files |= {"compose.yaml": b"services: {}\n", "Dockerfile": b"# this one\n"}
    model = numbers(chance)
    files["model/model.npz"] = arrays_of(model)
    files[f"alarm/{word(chance)}.py"] = b"# one more module\n"
    files[f"alarm/data/{word(chance)}.json"] = b'{"a table": 1}\n'
    files["entrypoint.sh"] = GOOD_SCRIPT.encode()
    return files, model


def attempt(text, files, **arguments):
    """Return the image. Raises AssertionError where the build stops."""
    try:
        return build(text, files, arguments)
    except BuildError as error:
        raise AssertionError(f"The build stops, on a fresh folder of the service: {error}") from None
