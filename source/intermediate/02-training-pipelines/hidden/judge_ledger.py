"""Judges the ledger: many entries, impossible ones, a full disk, and somebody who reads meanwhile."""

import csv
import math
from pathlib import Path

from judgekit import drawn, own_folder


def _entries(chance):
    runs = [f"{chance.randint(1, 99):04}", str(chance.randint(100, 999)), f"r-{chance.randint(1, 99)}"]
    runs.append(runs[0].lstrip("0"))
    return [(run, where) for run in runs for where in ("Hillside", "Old Town", "Quay, North", "Café")]


def expect_ledger(enter):
    """Raise AssertionError where the learner's `enter` does not keep one line for each run and district."""
    chance = drawn("ledger")
    with own_folder() as place:
        ledger, truth = str(place / "ledger.csv"), {}
        keys = _entries(chance)
        order = keys + chance.sample(keys, 8)
        for key in chance.sample(order, len(order)):
            truth[key] = (round(chance.uniform(0, 30), 3), chance.randint(1, 900))
            _call(enter, "An entry", ledger, *key, *truth[key])
        lines = _lines(ledger)
        assert lines and lines[0] == ["run", "district", "error", "rows"], f"The ledger begins with {lines[:1]}, expected the header."
        keys_there = [tuple(line[:2]) for line in lines[1:]]
        twice = sorted({key for key in keys_there if keys_there.count(key) > 1})
        assert not twice, f"After many entries, run and district {twice[0]} have more than one line. A key is there once."
        lost = [key for key in truth if key not in keys_there]
        assert not lost, (
            f"After many entries there is no line of {lost[0]}: texts stay as they are, with zeros before and commas inside. There are {keys_there[:6]} …"
        )
        assert keys_there == list(truth), "After many entries the lines are not in the order in which each key came first."
        for line in lines[1:]:
            error, rows = truth[tuple(line[:2])]
            assert len(line) == 4 and abs(float(line[2]) - error) < 1e-9 and float(line[3]) == rows, (
                f"The line of {tuple(line[:2])} is {line[2:]}, expected its latest entry: {error} on {rows} rows."
            )
        before = Path(ledger).read_bytes()
        for error, rows in [(math.nan, 5), (math.inf, 5), (-0.5, 5), (1.5, 0)]:
            try:
                enter(ledger, *keys[0], error, rows)
                raised = "nothing"
            except Exception as problem:
                raised = type(problem).__name__
            assert raised == "ValueError", f"An error of {error} on {rows} rows: {raised} was raised, expected a ValueError."
            assert Path(ledger).read_bytes() == before, f"An error of {error} on {rows} rows cannot be, and the ledger was changed."


def expect_whole(enter, enter_on_full_disk, enter_while_reading):
    """Raise AssertionError where a full disk leaves the ledger damaged, or the failure is hidden, or a reader sees a mixture."""
    chance = drawn("whole")
    with own_folder() as place:
        ledger, keys = str(place / "ledger.csv"), _entries(chance)
        new = keys.pop(chance.choice([0, 1, 4, 5, 8, 9]))  # no comma in its names
        for key in keys:
            _call(enter, "An entry", ledger, *key, round(chance.uniform(0, 30), 3), chance.randint(100, 900))
        before, lines = Path(ledger).read_bytes(), _lines(ledger)
        try:
            raised = enter_on_full_disk(ledger, *new, 12.345678, 504)
        except Exception as problem:
            raised = type(problem).__name__
        now = Path(ledger).read_bytes() if Path(ledger).is_file() else b""
        assert now == before, (
            f"The disk was full in the middle of the writing. Before, the ledger had {len(before)} bytes and {len(lines)} lines; now it has {len(now)} bytes and is "
            "damaged. Whoever looks must see the old state or the new one, whole."
        )
        assert raised == "OSError", (
            f"The disk was full, and from enter there came: {raised}; expected the OSError. A step that hides its failure is not retried."
        )
        _call(enter, "After a full disk, the second attempt", ledger, *new, 12.345678, 504)
        assert _lines(ledger)[:-1] == lines and _lines(ledger)[-1][:2] == list(new), (
            "After the disk was full, the second attempt did not give the old lines and the new one after them."
        )
        before = Path(ledger).read_bytes()
        read = bytes.fromhex(
            _call(enter_while_reading, "On a disk that is not that of the temporary folder", ledger, *keys[0], 12.3456789012, 12345)
        )
        assert read in (before, Path(ledger).read_bytes()), (
            f"Somebody was half-way through the ledger when enter wrote. They read {len(read)} bytes that are neither the old state ({len(before)} bytes) nor the new one. "
            "Is the ledger itself written, or copied over, perhaps from another disk?"
        )


def _call(function, what, *args):
    try:
        return function(*args)
    except Exception as error:
        raise AssertionError(f"{what} stopped enter with {type(error).__name__}: {error}") from None


def _lines(path):
    if not Path(path).is_file():
        raise AssertionError("enter has made no ledger.")
    try:
        with open(path, newline="") as file:
            return list(csv.reader(file))
    except csv.Error as error:
        raise AssertionError(
            f"After many entries the ledger cannot be read as CSV ({error}). Is a name with a comma or a quote written as csv.writer does it?"
        ) from None
