"""The graphics card on which the repair risk is to be computed next year. Stands in for a real one: it waits where that computes.

A call takes 20 ms (or what CARD_MS says), and 0.2 ms more for each row; there is one card, so calls queue. Each call's number of rows is
written to the file that CARD_BILL names, a line a call. While the card computes, the file that CARD_BUSY names is there; while the file
that CARD_FAILS names is there, the card fails.
"""

import os
import threading
import time
from pathlib import Path

from risk import load_model


class Card:
    """A model on the card: `version`, and `risks` as the model itself has it. A call blocks until the answers are there."""

    def __init__(self, path):
        self._model, self._turn = load_model(path), threading.Lock()
        self.version = self._model.version

    def row(self, trip):
        """Return the features of a return. Raises KeyError, TypeError or ValueError for one that cannot be read."""
        from risk import as_row

        return as_row(trip, self._model)

    def risks(self, rows):
        """Return the risks of rows of numbers: a list, in the order of the rows."""
        with self._turn:
            if os.path.exists(os.environ.get("CARD_FAILS") or "/no such file"):
                raise RuntimeError("the card has lost its power")
            if "CARD_BUSY" in os.environ:
                Path(os.environ["CARD_BUSY"]).touch()
            time.sleep(float(os.environ.get("CARD_MS", 20)) / 1000 + 0.0002 * len(rows))
            if "CARD_BILL" in os.environ:
                with open(os.environ["CARD_BILL"], "a") as bill:
                    bill.write(f"{len(rows)}\n")
            if "CARD_BUSY" in os.environ:
                Path(os.environ["CARD_BUSY"]).unlink(missing_ok=True)
            return self._model.risks(rows)
