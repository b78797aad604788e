"""What the judge cells of the backfill share: days that are filled, and killed in the middle."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from judging import MIDNIGHT, short
from judging_compare import draw_ids, draw_returns


def day_of(trip):
    """Return the day, in UTC, to which a return belongs."""
    return datetime.fromisoformat(trip["ended_at"]).astimezone(UTC).date().isoformat()


def days_of(folder, model):
    """Return what the store should hold for a folder of arrivals: for each file's name a dictionary of risks by trip."""
    newest = {}
    for path in sorted(Path(folder).glob("*.csv")):
        for trip in pd.read_csv(path).to_dict("records"):
            newest[int(trip["trip_id"])] = trip
    days = {}
    for number, trip in newest.items():
        days.setdefault(f"day={day_of(trip)}.csv", {})[number] = trip
    return {day: dict(zip(trips, model.answer(list(trips.values())), strict=True)) for day, trips in days.items()}


def read_day(text):
    """Return the risks by trip, and the versions, of a day's file; a text that says what is wrong with it."""
    from io import StringIO

    if not text.strip():
        return "it is empty"
    try:
        table = pd.read_csv(StringIO(text))
    except Exception as error:
        return f"pandas cannot read it ({error})"
    lacking = [name for name in ("trip_id", "risk", "version") if name not in table.columns]
    if lacking:
        return f"it lacks the columns {', '.join(lacking)}"
    if table["trip_id"].duplicated().any():
        return f"the trip {table['trip_id'][table['trip_id'].duplicated()].iloc[0]} stands in it more than once"
    return dict(zip(table["trip_id"].astype(int), table["risk"].astype(float), strict=True)), {str(one) for one in table["version"]}


def is_day(text, expected, version):
    """Return None if a day's file holds the expected risks and version, else a text that says what is wrong."""
    read = read_day(text)
    if isinstance(read, str):
        return read
    risks, versions = read
    if set(risks) != set(expected):
        more, fewer = sorted(set(risks) - set(expected)), sorted(set(expected) - set(risks))
        return f"it holds {len(risks)} trips, expected {len(expected)}" + (
            f"; {more[0]} does not belong to it" if more else f"; {fewer[0]} is missing"
        )
    off = [number for number in expected if not abs(risks[number] - expected[number]) <= 1e-9]
    if off:
        return f"the risk of the trip {off[0]} is {risks[off[0]]:.6f}, expected {expected[off[0]]:.6f}"
    if not all(same_version(one, version) for one in versions):
        return f"its version is {', '.join(sorted(versions))}, expected {version}"
    return None


def same_version(one, version):
    """Return whether two versions are equal; 12 and 12.0 are."""
    try:
        return float(one) == float(version)
    except ValueError:
        return one == str(version)


def wrong_store(said, expected, version):
    """Return what is wrong with a store after a run that ended; None if nothing is."""
    if said["ended"] != "done":
        return f"the run ended with {short(said['ended'])}"
    if set(said["days"]) != set(expected):
        more, fewer = sorted(set(said["days"]) - set(expected)), sorted(set(expected) - set(said["days"]))
        return f"the store has {len(said['days'])} files day=*.csv, expected {len(expected)}: " + (
            f"{more[0]} should not be there" if more else f"{fewer[0]} is missing"
        )
    for day, text in said["days"].items():
        if wrong := is_day(text, expected[day], version):
            return f"{day}: {wrong}"
    return None


def draw_arrivals(rng, folder, days=4, each=7):
    """Write a folder of arrivals: a file for each day, some returns late, some twice, some near midnight. Return the tables by arrival day."""
    folder.mkdir(parents=True)
    ids = iter(draw_ids(rng, 4 * days * each))
    tables = {}
    for day in range(days):
        table = draw_returns(rng, each, day, [next(ids) for _ in range(each)])
        if day:
            late = draw_returns(rng, 2, day - 1, [next(ids) for _ in range(2)])
            again = tables[day - 1].iloc[[0]]
            table = pd.concat([table, late, again]).sample(frac=1, random_state=int(rng.integers(10**6)))
        write_arrivals(table, folder, day)
        tables[day] = table
    return tables, ids


def write_arrivals(table, folder, day):
    """Write the returns that arrived on a day."""
    table.to_csv(folder / f"{(MIDNIGHT + timedelta(days=day)).date()}.csv", index=False)
