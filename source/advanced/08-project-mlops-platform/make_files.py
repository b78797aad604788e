"""Write files/training.yaml, the compiled training pipeline, from files/training.py; the contract, and what the image starts."""

import json
import sys
from pathlib import Path

FILES = Path(__file__).resolve().parent / "files"


def contract(districts):
    """Return what a delivery of trips must be, a column a line."""
    columns = {
        "trip": {"type": "whole", "min": 1},
        "day": {"type": "day"},
        "district": {"type": "text", "values": districts},
        "distance_km": {"type": "number", "min": 0.1, "max": 30},
        "climb_m": {"type": "number", "min": -150, "max": 150},
        "rain_mm": {"type": "number", "min": 0, "max": 60},
        "minutes": {"type": "number", "min": 1, "max": 240},
    }
    lines = ",\n".join(f'    "{name}": {json.dumps(rule)}' for name, rule in columns.items())
    speed = json.dumps({"min": 2, "max": 45, "share": 0.02})
    return f'{{\n  "columns": {{\n{lines}\n  }},\n  "speed_kmh": {speed}\n}}\n'


def main():
    """Write what lies beside the notebook and can be made again."""
    sys.path.insert(0, str(FILES))
    from training import compile_to
    from world import DISTRICTS

    compile_to(FILES / "training.yaml")
    (FILES / "contract.json").write_text(contract(DISTRICTS))
    (FILES / "image" / "image.json").write_text(json.dumps({"command": ["python", "server.py"], "user": 10001}) + "\n")


if __name__ == "__main__":
    main()
