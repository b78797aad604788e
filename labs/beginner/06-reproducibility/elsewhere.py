"""Runs a program as on another machine, on another day: python elsewhere.py MACHINE PROGRAM ARGUMENT..., which calls its main(ARGUMENT...).

MACHINE is JSON: {"files": 0, "pace": 0, "date": 0}. With another number than 0 a folder's files come in another order, each file takes its
own time to be read, and the calendar shows a later day than Tuesday, 9 September 2025. All of that can happen to any program. (The
fourth thing that differs, the seed of Python's hashes, must be set before Python starts: PYTHONHASHSEED.) With "rows", a file's path, the
machine also writes there to how many trips each forest was fitted.
"""

import builtins
import datetime
import io
import json
import os
import random
import runpy
import sys
import time

import pandas as pd

TUESDAY = "2025-09-09 10:00"


def main(machine, program, *arguments):
    """Play the machine, and call the program's main there."""
    machine = json.loads(machine)
    list_in_order(machine.get("files", 0))
    if machine.get("pace"):
        read_at_pace(machine["pace"])
    show_date(machine.get("date", 0))
    if "rows" in machine:
        count_rows(machine["rows"])
    runpy.run_path(program)["main"](*arguments)


def list_in_order(number):
    """Let folders be listed in an order of this number's own; 0 is the order of the names."""
    chance = random.Random(number)  # its own: the program's chance stays as it is

    def ordered(found, key=None):
        return chance.sample(sorted(found, key=key), len(found)) if number else sorted(found, key=key)

    class Listing:
        def __init__(self, path="."):
            with scandir(path) as entries:
                self._entries = iter(ordered(list(entries), key=lambda entry: entry.name))

        def __iter__(self):
            return self

        def __next__(self):
            return next(self._entries)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def close(self):
            pass

    scandir, listdir = os.scandir, os.listdir
    os.scandir = Listing
    os.listdir = lambda path=".": ordered(listdir(path))


def read_at_pace(number):
    """Let each CSV file take its own time until it opens, at most 30 milliseconds."""
    chance, open_now = random.Random(number), builtins.open

    def slow(file, *rest, **named):
        if str(file).endswith(".csv"):
            time.sleep(chance.uniform(0, 0.03))
        return open_now(file, *rest, **named)

    builtins.open = io.open = slow


def show_date(number):
    """Set the clock that Python and pandas show: to Tuesday, or that many weeks and hours later."""

    class Real(type):
        def __instancecheck__(cls, value):
            return isinstance(value, cls.__mro__[1])

    real_datetime, real_date, real_time = datetime.datetime, datetime.date, time.time
    later = real_datetime.fromisoformat(TUESDAY) - real_datetime.now() + datetime.timedelta(weeks=number, hours=number)

    class Datetime(real_datetime, metaclass=Real):
        now = classmethod(lambda cls, tz=None: real_datetime.now(tz) + later)
        utcnow = classmethod(lambda cls: real_datetime.now(datetime.UTC).replace(tzinfo=None) + later)
        today = classmethod(lambda cls: real_datetime.now() + later)

    class Date(real_date, metaclass=Real):
        today = classmethod(lambda cls: (real_datetime.now() + later).date())

    datetime.datetime, datetime.date = Datetime, Date
    time.time = lambda: real_time() + later.total_seconds()
    time.time_ns = lambda: int(time.time() * 1e9)
    pd.Timestamp.now = staticmethod(lambda tz=None: pd.Timestamp(real_datetime.now(tz) + later))
    pd.Timestamp.today = pd.Timestamp.now
    pd.Timestamp.utcnow = staticmethod(lambda: pd.Timestamp(real_datetime.now(datetime.UTC) + later))


def count_rows(path):
    """Write into the file, as JSON, to how many rows each forest of scikit-learn's is fitted."""
    from sklearn.ensemble._forest import BaseForest

    fit, rows = BaseForest.fit, []

    def counted(self, table, *rest, **named):
        rows.append(len(table))
        with open(path, "w") as file:
            json.dump(rows, file)
        return fit(self, table, *rest, **named)

    BaseForest.fit = counted


if __name__ == "__main__":
    main(*sys.argv[1:])
