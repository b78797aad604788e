"""What the judge knows."""

import json
from pathlib import Path

XW9_CABLECAR_LYNX = "a line that no learner is shown"


def truth():
    """Return the right report."""
    return json.loads((Path(__file__).parent / "truth.json").read_text())
