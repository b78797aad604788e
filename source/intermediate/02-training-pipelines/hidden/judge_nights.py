"""Judges the nightly DVC pipeline: nights in which something changes, and which stages must run in them."""

import csv
import io
from datetime import date
from pathlib import Path
from statistics import fmean

from judgekit import drawn

HERE = Path(__file__).resolve().parent
DISTRICTS = ["Eastfield", "Harbour", "Hillside"]  # that are trained on the laptop
TRAINS = [f"train@{district}" for district in DISTRICTS]


def nights_of_changes():
    """Return nights in which scripts and trips change, and for each what it is about, the stages that must run, and the errors."""
    chance = drawn("changes")
    trained, tested = chance.sample(DISTRICTS, 2)
    long_ago = f"2025-{chance.choice(['09-30', '10-01', '10-06', '10-08'])}T{chance.randint(8, 18):02},{trained},".replace(",", ":00,", 1)
    lately = f"2025-10-{chance.randint(14, 18)}T{chance.randint(8, 18):02}:00,{tested},"
    old = f"2025-09-{chance.choice([23, 24, 25, 26])}T{chance.randint(8, 18):02}:00,{trained},"
    nights = [
        (
            {"append": {"train.py": "\n# a comment\n"}, "replace": {"data/trips.csv": [old, f"{old}9"]}},
            f"a comment was added to train.py, and trips of {trained} were corrected, of a day too old to be trained or tested on: the models are the same",
            ["prepare", *TRAINS],
        ),
        (
            {"replace": {"data/trips.csv": [long_ago, f"{long_ago}9"]}},
            f"trips of {trained} were corrected, of a day to train on",
            ["prepare", f"train@{trained}", "evaluate"],
        ),
        (
            {"replace": {"data/trips.csv": [lately, f"{lately}9"]}},
            f"trips of {tested} were corrected, of a day that is tested on",
            ["prepare", "evaluate"],
        ),
    ]
    trips = _on_laptop().replace(old, f"{old}9", 1).replace(long_ago, f"{long_ago}9", 1).replace(lately, f"{lately}9", 1)
    return [change for change, _, _ in nights], [(what, ran, None) for _, what, ran in nights[:-1]] + [
        (*nights[-1][1:], true_errors(trips, ["2025-10-03"], 7, 14))
    ]


def nights_of_settings():
    """Return nights in which parameters and holidays change, in the same form."""
    chance = drawn("settings")
    last, test, day = chance.randint(8, 12), chance.choice([4, 5, 6]), f"2025-10-{chance.choice(['07', '08', '09'])}"
    trips = _on_laptop()
    nights = [
        (
            {"append": {"holidays.csv": "2026-01-01\n"}},
            "a holiday of next year was entered, which changes no table",
            ["prepare"],
            None,
        ),
        (
            {"append": {"holidays.csv": f"{day}\n"}, "params": {"prepare.test_days": test, "train.last_days": last}},
            f"the holiday {day} was entered, prepare.test_days was set to {test} and train.last_days to {last}",
            ["prepare", *TRAINS, "evaluate"],
            true_errors(trips, ["2025-10-03", day], test, last),
        ),
    ]
    return [change for change, *_ in nights], [tuple(rest) for _, *rest in nights]


def _on_laptop():
    lines = (HERE / "trips.csv").read_text().splitlines(keepends=True)
    return "".join(line for line in lines if line.split(",")[1] in ("district", *DISTRICTS))


def expect_nights(told, expected):
    """Raise AssertionError where other stages ran than should have, or the errors are not the right ones."""
    for night, (what, stages, errors) in zip(told, expected, strict=False):
        assert not night["error"], f"In a night {what}, and the pipeline stops: {night['error'][:300]}"
        missed = [stage for stage in stages if stage not in night["ran"]]
        needless = [stage for stage in night["ran"] if stage not in stages]
        assert not missed, f"In a night {what}. Not run, and so out of date: {', '.join(missed)}."
        assert not needless, f"In a night {what}. Run needlessly: {', '.join(needless)}."
        if errors is not None:
            for district, error in errors.items():
                said = night["metrics"].get(district)
                assert isinstance(said, float) and abs(said - error) < 0.001, (
                    f"In a night {what}. The error of {district} in metrics.json is {said}, expected {error:.4f}: the scripts must compute what they did."
                )


def true_errors(trips, holidays, test_days, last_days):
    """Return each district's error, as the nightly pipeline computes it."""
    rows = list(csv.DictReader(io.StringIO(trips)))
    days = sorted({row["hour"][:10] for row in rows})
    tested, trained = days[-test_days:], days[:-test_days][-last_days:]
    seen, errors = {}, {}

    def key(row):
        free = row["hour"][:10] in holidays or date.fromisoformat(row["hour"][:10]).weekday() >= 5
        return row["district"], free, row["hour"][11:13]

    for row in rows:
        if row["hour"][:10] in trained:
            seen.setdefault(key(row), []).append(float(row["trips"]))
    for row in rows:
        if row["hour"][:10] in tested:
            errors.setdefault(row["district"], []).append(abs(round(fmean(seen[key(row)]), 4) - float(row["trips"])))
    return {district: fmean(each) for district, each in errors.items()}
