"""`python -m alarm.export model/model.npz model.json` turns the trained model's arrays into the JSON that the service reads.

Needs numpy, when the image is built.
"""

import json
import sys
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    with np.load(sys.argv[1]) as arrays:
        numbers = {name: arrays[name].tolist() for name in ("mean", "scale", "weights", "intercept", "threshold")}
        Path(sys.argv[2]).write_text(json.dumps({"columns": arrays["columns"].tolist(), **numbers}))
