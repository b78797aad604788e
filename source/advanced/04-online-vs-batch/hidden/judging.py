"""What the judge cells share: models, returns, prices, streams and logs of their own, drawn from LAB_SEED, with their truth."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from app_log import draw_log
from risk import FEATURES, Model, as_row, save_model
from services import ask

DISTRICTS = ["Harbour", "Old Town", "University", "Hillside", "Eastfield"]
COLUMNS = [
    "trip_id", "ended_at", "station", "district", "bike_type", "distance_km", "duration_min", "climb_m", "km_since_service", "tyre_pressure_bar",
]  # fmt: skip
MIDNIGHT = datetime(2026, 3, 6, tzinfo=UTC)  # a Friday: the drawn days reach over a weekend


def short(words, most=160):
    """Return the beginning of a text."""
    words = str(words)
    return words if len(words) <= most else words[:most] + " …"


# Models and returns (exercises 1 to 3)


def draw_model(rng, version, path):
    """Write a model of this submission's own to a file, and return it. Many of its thresholds are values that occur; each feature stands in its trees."""
    scales = [
        (0.5, 9, 2),
        (3, 45, 1),
        (-40, 40, 0),
        (5, 400, 1),
        (2.5, 4.5, 2),
        (4, 22, 4),
        (-0.5, 1.5, 1),
        (-0.5, 4.5, 1),
        (0, 23, 0),
        (0.5, 0.6, 1),
    ]
    feature = rng.permuted(np.tile(np.arange(len(FEATURES)), 28)).reshape(-1, 7)
    trees = [
        {
            "feature": nodes.tolist(),
            "threshold": [round(float(rng.uniform(scales[node][0], scales[node][1])), scales[node][2]) for node in nodes],
            "leaf": rng.normal(0, 0.35, 8).round(5).tolist(),
        }
        for nodes in feature
    ]
    categories = {"bike_type": ["ebike", "classic"], "district": [str(name) for name in rng.permutation(DISTRICTS)]}
    content = {
        "version": str(version),
        "fill": round(float(rng.uniform(3.1, 3.4)), 3),
        "categories": categories,
        "base": -0.6,
        "trees": trees,
    }
    save_model(content, path)
    return Model(content)


def written(moment, hours):
    """Return a moment as a dock writes it whose clock is so many hours ahead."""
    if hours == "Z":
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="seconds")


def draw_returns(rng, count, day, ids, whole=False, bikes=("classic", "ebike"), pressure=True):
    """Return so many returns of a day (0 is a Friday): a table. Many end near midnight; clocks have many offsets."""
    near = rng.random(count) < 0.4
    second = np.where(near, rng.choice([0, 1], count) * 84_600 + rng.integers(0, 1_800, count), rng.integers(0, 86_400, count))
    moments = [MIDNIGHT + timedelta(days=day, seconds=int(one)) for one in second]
    km, minutes = rng.uniform(0.2, 9, count).round(2), rng.uniform(1, 45, count).round(1)
    minutes[rng.random(count) < 0.08] = 0.0
    table = pd.DataFrame(
        {
            "trip_id": ids,
            "ended_at": [written(moment, hours) for moment, hours in zip(moments, rng.choice([0, 1, -3.5, 5.5], count), strict=True)],
            "station": rng.integers(1, 41, count),
            "district": rng.choice([*DISTRICTS, "Docklands"], count),
            "bike_type": rng.choice(list(bikes), count),
            "distance_km": km.round(0).astype(int) if whole else km,
            "duration_min": minutes.round(0).astype(int) if whole else minutes,
            "climb_m": rng.integers(-60, 60, count) if whole else rng.uniform(-60, 60, count).round(1),
            "km_since_service": rng.uniform(0, 420, count).round(1),
            "tyre_pressure_bar": np.where(rng.random(count) < (0.25 if pressure else 1.0), np.nan, rng.uniform(2.2, 4.6, count).round(2)),
        }
    )
    return table[COLUMNS]


def slips(table):
    """Return for four features the trips in which Bo's job, its order mended, says something else than the service."""
    found = {"tyre_pressure_bar": set(), "speed_kmh": set(), "hour": set(), "weekend": set()}
    for trip in table.to_dict("records"):
        shown = datetime.fromisoformat(trip["ended_at"])
        utc = shown.astimezone(UTC)
        off = {
            "tyre_pressure_bar": trip["tyre_pressure_bar"] != trip["tyre_pressure_bar"],
            "speed_kmh": trip["duration_min"] < 3 and trip["distance_km"] > 0,
            "hour": shown.hour != utc.hour,
            "weekend": (shown.weekday() >= 5) != (utc.weekday() >= 5),
        }
        for name in found:
            found[name] |= {int(trip["trip_id"])} if off[name] else set()
    return found


def draw_ids(rng, count):
    """Return so many different numbers of trips, in no order."""
    return rng.permutation(np.arange(1, 4 * count) + int(rng.integers(10_000, 900_000)))[:count]


def truth(table, model):
    """Return what the service says about a table of returns: trip_id, the FEATURES, risk."""
    rows = [as_row(trip, model) for trip in table.to_dict("records")]
    right = pd.DataFrame(rows, columns=FEATURES, dtype=float)
    right.insert(0, "trip_id", table["trip_id"].to_numpy())
    return right.assign(risk=model.risks(rows))


def fault_in(said, right, what):
    """Return the sentence on the first thing in which a table differs from the service's; None if there is none. Rows may come in any order."""
    if not isinstance(said, pd.DataFrame):
        return f"{what}: score's table computes to {type(said).__name__}, expected a data frame."
    lacking = [name for name in right.columns if name not in said.columns]
    if lacking:
        return f"{what}: the table lacks the columns {', '.join(lacking)}."
    ids = pd.to_numeric(said["trip_id"]).astype("int64")
    if sorted(ids) != sorted(right["trip_id"]):
        return f"{what}: {len(said)} rows with {ids.nunique()} different trip_id, expected one for each of the {len(right)} lines and no others."
    said = said.assign(trip_id=ids).sort_values("trip_id", kind="stable").reset_index(drop=True)
    right = right.sort_values("trip_id", kind="stable").reset_index(drop=True)
    for name in right.columns[1:]:
        one, other = pd.to_numeric(said[name]).astype(float).to_numpy(), right[name].to_numpy()
        off = ~(np.abs(one - other) <= 1e-9)
        if off.any():
            at = int(np.flatnonzero(off)[0])
            return (
                f"{what}: {name} differs from the service's in {off.sum()} of {len(right)} rows. For the trip {right['trip_id'][at]} the job says {one[at]:.9g}, "
                f"the service {other[at]:.9g}."
            )
    return None


# The backfill (exercise 3)


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


# Prices (exercise 4)

EVERY_MIN = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440]


def draw_prices(rng):
    """Return a price table."""
    return {
        "server_hour": round(float(rng.uniform(0.05, 0.3)), 3),
        "server_rows_per_s": int(rng.integers(2, 9)),
        "server_start_s": int(rng.choice([20, 50, 100, 200, 500, 900])),
        "job_hour": round(float(rng.uniform(0.15, 0.6)), 3),
        "job_rows_per_s": int(rng.integers(60, 400)),
        "job_start_s": int(rng.integers(20, 400)),
    }


def draw_demand(rng, quiet=None):
    """Return the rows of each hour of a day; a few hours at night have none."""
    hours = np.arange(24)
    shape = 0.2 + np.exp(-((hours - 8) ** 2) / 4) + 1.3 * np.exp(-((hours - 17) ** 2) / 6)
    rows = (shape * rng.uniform(2_000, 40_000)).round().astype(int)
    rows[: int(rng.integers(3, 7)) if quiet is None else quiet] = 0
    return [int(one) for one in rows]


def with_full_hour(prices, demand):
    """Return the demand with one hour whose rows fill its servers exactly."""
    full = 3600 * prices["server_rows_per_s"]
    return [*demand[:13], max(1, demand[13] // full) * full, *demand[14:]]


def all_plans(prices, demand):
    """Return each plan that can work, as (plan, every, the shortest limit in seconds for which it will do, euros a day)."""
    need = [-(-rows // (3600 * prices["server_rows_per_s"])) for rows in demand]
    found = [("online", None, 0, sum(max(one, 1) for one in need) * prices["server_hour"])]
    found.append(("online", None, prices["server_start_s"], sum(need) * prices["server_hour"]))
    minutes = np.repeat(np.array(demand) / 60, 60)
    for every in EVERY_MIN:
        seconds = prices["job_start_s"] + minutes.reshape(-1, every).sum(axis=1) / prices["job_rows_per_s"]
        if seconds.max() <= 60 * every:
            found.append(("batch", every, 60 * every + seconds.max(), float(seconds.sum()) / 3600 * prices["job_hour"]))
    return found


def allowed_plans(prices, demand, limit_min):
    """Return the euros a day of each plan that keeps the limit, by plan and interval."""
    euros = {}
    for plan, every, shortest, cost in all_plans(prices, demand):
        if shortest <= 60 * limit_min:
            euros[plan, every] = min(cost, euros.get((plan, every), cost))
    return euros


def winners(prices, demand):
    """Return the cheapest kind of plan for each limit from 1 to 240 minutes."""
    table = sorted(all_plans(prices, demand), key=lambda plan: plan[3])
    return [next(plan for plan, _, shortest, _ in table if shortest <= 60 * limit) for limit in range(1, 241)]


def online_limit(prices, demand):
    """Return the longest limit in whole minutes, up to 240, at which online is the cheapest; 0 if there is none."""
    return max((limit for limit, plan in enumerate(winners(prices, demand), 1) if plan == "online"), default=0)


def draw_twice(rng):
    """Return prices and a demand with which online is the cheapest for short limits, then a batch, then online again: its servers may sleep."""
    while True:
        prices, demand = draw_prices(rng), draw_demand(rng, quiet=6)
        prices["server_start_s"], prices["job_start_s"] = int(rng.choice([900, 1_500])), int(rng.integers(90, 260))
        plan = winners(prices, demand)
        if plan[0] == "online" and sum(one != other for one, other in pairwise(plan)) >= 3:
            return prices, demand


def draw_slow(rng):
    """Return prices and a demand with which a job every few minutes would be cheap and keep a limit of half an hour, but is not over in time."""
    prices, demand = draw_prices(rng), [10 * rows for rows in draw_demand(rng)]
    return {**prices, "job_start_s": 300, "job_hour": 0.01, "job_rows_per_s": max(demand) // 3600 + 1}, demand


# Services (exercise 6)


@contextmanager
def started(steer, file, settings):
    """Start the learner's service through steer(…), give its address to the block, and end it."""
    try:
        service = steer("start", file, {name: str(value) for name, value in settings.items()})
    except Exception as error:
        raise AssertionError(f"{file} did not come up: {error}") from None
    try:
        yield service["url"]
    finally:
        with suppress(Exception):
            steer("end", service["pid"])


def asked(url, path, body=None, seconds=10.0):
    """Return status and answer; where none comes in time the status is 0."""
    try:
        return ask(url, path, body, seconds=seconds)
    except Exception as error:
        return 0, f"{type(error).__name__}: {error}"


def first_in_time(url, trips, gap_s):
    """Send the trips one by one, with gaps, until the first is answered. Return whether it was, before all had been sent."""
    with ThreadPoolExecutor(len(trips)) as pool:
        sent = []
        for trip in trips:
            sent.append(pool.submit(asked, url, "/risk", {"returns": [trip]}))
            with suppress(TimeoutError):
                sent[0].result(gap_s)
                return True
        return False


def at_once(url, requests):
    """Send all the requests, lists of returns, at the same time. Return status and answer of each."""
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda trips: asked(url, "/risk", {"returns": trips}), requests))


# Batch sizes (exercise 5)


def size_plans(curve, rows_per_s, limit_ms):
    """Return for each size that keeps up and keeps the limit its busy share."""
    good = {}
    for size, ms in curve.items():
        busy, slowest = ms * rows_per_s / size / 1000, (size - 1) / rows_per_s * 1000 + ms
        if busy <= 0.8 and slowest <= limit_ms:
            good[size] = busy
    return good


# Streams (exercise 7)

WINDOW_S = 900


def draw_stream(rng, batches=40, per_batch=30, rogue=True):
    """Return batches [now, events]: out of order, late, repeated, whole batches twice, an hour without any, and clocks that are wrong."""
    now, number, sent, stream = int(MIDNIGHT.timestamp()) + int(rng.integers(0, 900)), int(rng.integers(1000, 9000)), [], []
    for turn in range(batches):
        now += int(rng.integers(100, 400)) + (3_600 if turn == batches // 2 else 0)
        events = []
        if turn % 10 == 5:  # the latest event falls on the edge of a window
            now = now // WINDOW_S * WINDOW_S + WINDOW_S
            number += 1
            events.append({"trip_id": number, "ended_at": now, "station": 2})
        elif rng.random() < 0.3:  # a clock that is a little ahead: up to 60 s it counts
            number += 1
            events.append({"trip_id": number, "ended_at": now + int(rng.choice([25, 60, 61])), "station": 3})
        for _ in range(int(rng.integers(per_batch // 2, per_batch))):
            behind = int(rng.exponential(150)) if rng.random() < 0.85 else int(rng.integers(0, 6_000))
            number += int(rng.integers(1, 5))
            events.append({"trip_id": number, "ended_at": now - behind, "station": int(rng.integers(1, 6))})
        if rogue and rng.random() < 0.2:
            number += 1
            events.append({"trip_id": number, "ended_at": now + int(rng.integers(3_000, 90_000)), "station": 1})
        events += [dict(sent[int(at)]) for at in rng.integers(max(0, len(sent) - 150), len(sent), 4)] if sent else []
        sent += events
        order = rng.permutation(len(events))
        stream.append([now, [events[at] for at in order]])
        if turn % 6 == 3:  # a batch with old events only: it moves no watermark, not back either
            number += 1
            stream.append([now + 3, [{"trip_id": number, "ended_at": now - 2_500, "station": 4}]])
            number += 1
            stream.append([now + 4, [{"trip_id": number, "ended_at": now - 1_900, "station": 4}]])
        if rng.random() < 0.15:
            stream.append([now + 5, [dict(event) for event in events]])
    return stream


def streamed(stream, lateness_s):
    """Return for each batch what closes, what is set aside (a set of trips), and the trips in open windows afterwards."""
    open_, mark, said = {}, None, []
    for now, events in stream:
        aside, newest = set(), mark
        for event in events:
            at, start = event["ended_at"], event["ended_at"] // WINDOW_S * WINDOW_S
            if at > now + 60:
                aside.add(event["trip_id"])
                continue
            newest = at if newest is None else max(newest, at)
            if mark is not None and start + WINDOW_S <= mark - lateness_s:
                aside.add(event["trip_id"])
            else:
                open_.setdefault((start, event["station"]), set()).add(event["trip_id"])
        mark = newest
        done = sorted(key for key in open_ if mark is not None and key[0] + WINDOW_S <= mark - lateness_s)
        said.append(([[*key, len(open_.pop(key))] for key in done], aside, set().union(*open_.values())))
    return said


# The cache (exercise 8)


def draw_morning(rng, release):
    """Return the requests and changes of a morning with answers that are stale in both directions. Changes of one second come in any order."""
    while True:
        requests, changes = draw_log(
            int(rng.integers(1, 10**6)), hours=3, bikes=int(rng.integers(15, 30)), requests=900, rides_per_hour=1.5, release=release
        )
        same_second = requests.sample(80, random_state=int(rng.integers(10**6)))[["t", "bike"]].assign(risk=rng.beta(0.8, 2.0, 80).round(3))
        changes = pd.concat([changes, same_second]).drop_duplicates(["t", "bike"])
        changes["risk"] = changes["risk"].where(rng.random(len(changes)) > 0.12, 0.5)  # a half is unfit for riding
        changes = changes.sample(frac=1, random_state=int(rng.integers(10**6))).sort_values("t", kind="stable", ignore_index=True)
        upside_down = changes.assign(risk=1 - changes["risk"])
        if min(replayed(requests, one, 4_000)["dangerous"] for one in (changes, upside_down)) > 5:
            return requests, changes


def replayed(requests, changes, expiry):
    """Return how many answers were computed, stale and dangerous, with a cache whose answers are kept for so many seconds."""
    history = {
        bike: (group["t"].to_numpy(), group["risk"].to_numpy()) for bike, group in changes.sort_values("t", kind="stable").groupby("bike")
    }
    kept, count = {}, {"computed": 0, "stale": 0, "dangerous": 0}
    for t, bike, version in requests[["t", "bike", "version"]].itertuples(index=False):
        when, risks = history[bike]
        now = risks[np.searchsorted(when, t, side="right") - 1]
        had = kept.get((bike, version))
        if had is None or t - had[0] >= expiry:
            kept[bike, version] = had = (t, now)
            count["computed"] += 1
        count["stale"] += bool(had[1] != now)
        count["dangerous"] += bool(had[1] < 0.5 <= now)
    return count


def cost_of(count, prices):
    """Return the euros that a replay costs."""
    return count["computed"] * prices["compute"] + count["dangerous"] * prices["dangerous"]
