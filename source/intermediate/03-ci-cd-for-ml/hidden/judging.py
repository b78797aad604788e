"""What the judge cells share: commits, good and sabotaged, of which no one has seen any, drawn from LAB_SEED, and gates' cases with their truth."""

from dataclasses import replace

import numpy as np
import pandas as pd

from judgekit import drawn
from metro_bikes import QUIET, simulate

COLUMNS = ["trip_id", "day", "end_station_id", "distance_km", "climb_m", "km_since_service", "tyre_pressure_bar", "ebike", "needs_repair"]
_drawn = {}


def draw_trips(seed, trips=2_300, start="2025-07-10", days=110, missing=0.06):
    """Return trips as the repository has them."""
    table = simulate(seed=seed, trips=trips, start=start, days=days, scenario=replace(QUIET, ebikes_day=0, ebikes_share=0.35)).trips
    table["day"] = table.started_at.dt.strftime("%Y-%m-%d")
    table["ebike"] = (table.bike_type == "ebike").astype(int)
    table["needs_repair"] = table.needs_repair.astype(int)
    table["km_since_service"] = table.km_since_service.round().astype(int)
    table["trip_id"] += 700_000
    table["tyre_pressure_bar"] = table["tyre_pressure_bar"].mask(np.random.default_rng(seed).random(len(table)) < missing)
    return table[COLUMNS]


def some_trips(chance):
    """Return a third of a season that is drawn once."""
    if "season" not in _drawn:
        _drawn["season"] = draw_trips(drawn("season").randrange(1, 10**6), trips=6_900)
    return _drawn["season"].sample(frac=1 / 3, random_state=chance.randrange(2**32)).sort_index()


# Commits to the data


def spread_missing(table, share, chance):
    """Return the table with its tyre pressures missing in exactly this share of the rows of each label."""
    table = table.assign(tyre_pressure_bar=table["tyre_pressure_bar"].fillna(3.4))
    for _, rows in table.groupby("needs_repair"):
        table.loc[chance.sample(list(rows.index), int(share * len(rows))), "tyre_pressure_bar"] = np.nan
    return table


def draw_data(salt, change=None):
    """Return the files of a commit to the data: another season's trips, with what `change` does to (train, test, chance)."""
    chance = drawn(salt)
    trips = some_trips(chance)
    train, test = (spread_missing(trips[rows], 0.08, chance) for rows in (trips["day"] < "2025-10-01", trips["day"] >= "2025-10-01"))
    if change:
        train, test = change(train.reset_index(drop=True), test.reset_index(drop=True), chance)
    return {f"data/{name}.csv": table.to_csv(index=False, lineterminator="\n") for name, table in [("train", train), ("test", test)]}


def _where(table, rows, **columns):
    return table.assign(**{name: table[name].mask(rows, value) for name, value in columns.items()})


def _reordered(train, test, chance):
    return train.sample(frac=1, random_state=chance.randrange(99))[COLUMNS[::-1]], test.sample(frac=1, random_state=3)[
        COLUMNS[3:] + COLUMNS[:3]
    ]


def _new_stations(train, test, chance):
    return train, _where(test, test["end_station_id"] == test["end_station_id"].iloc[0], end_station_id=chance.randint(41, 99))


def _many_missing(train, test, chance):
    return spread_missing(train, 0.02, chance), spread_missing(test, 0.13, chance)


def _small(train, test, chance):
    few = [table.sample(rows, random_state=chance.randrange(99)) for table, rows in ((train, 900), (test, 260))]
    return tuple(spread_missing(table, 0.08, chance) for table in few)


GOOD_DATA = {
    "another season": None,
    "rows and columns in another order": _reordered,
    "a new station": _new_stations,
    "13 % of the pressures missing in test.csv, of both labels alike": _many_missing,
    "fewer trips, but more than 200 a file": _small,
}


def _metres(train, test, chance):
    rows = test["end_station_id"].isin(chance.sample(range(1, 41), 8))
    return train, test.assign(distance_km=test["distance_km"].mask(rows, (test["distance_km"] * 1000).round()))


def _psi(train, test, chance):
    rows = train["end_station_id"].isin(chance.sample(range(1, 41), 6))
    return train.assign(tyre_pressure_bar=train["tyre_pressure_bar"].mask(rows, (train["tyre_pressure_bar"] * 14.504).round(1))), test


def _in_both(train, test, chance):
    return pd.concat([train, test.sample(30, random_state=chance.randrange(99)).assign(day="2025-09-30")]), test


def _twice(train, test, chance):
    return pd.concat([train, train.sample(25, random_state=chance.randrange(99))]), test


def _overlap(train, test, chance):
    day = max(train["day"])
    return train, _where(test, test.index < 12, day=day)


def _label_missing(train, test, chance):
    return _where(train.astype({"needs_repair": float}), train.index % 91 == 5, needs_repair=np.nan), test


def _label_flipped(train, test, chance):
    return train, test.assign(needs_repair=1 - test["needs_repair"])


def _label_words(train, test, chance):
    return _where(train, train.index % 40 == 7, needs_repair=2), test


def _extra(name):
    def change(train, test, chance):
        more = [
            np.random.default_rng(chance.randrange(999)).exponential(1 + 29 * table["needs_repair"]).round(1) for table in (train, test)
        ]
        return train.assign(**{name: more[0]}), test.assign(**{name: more[1]})

    return change


def _lacking(train, test, chance):
    return train, test.drop(columns="climb_m")


def _negative(train, test, chance):
    return _where(train, train.index == chance.randrange(len(train)), km_since_service=-1), test


def _no_way(train, test, chance):
    return _where(train, train.index == chance.randrange(len(train)), distance_km=0), test


def _slashes(train, test, chance):
    return train, test.assign(day=test["day"].str.replace("-", "/"))


def _no_key(train, test, chance):
    return train, _where(test.astype({"trip_id": "Int64"}), test.index == chance.randrange(len(test)), trip_id=pd.NA)


def _blind(train, test, chance):
    return train, spread_missing(test, 0.3, chance)


def _telling(train, test, chance):
    train = train.assign(tyre_pressure_bar=train["tyre_pressure_bar"].fillna(3.4))
    return _where(train, (train["needs_repair"] == 1) & (train.index % 5 > 0), tyre_pressure_bar=np.nan), test


def _cut(train, test, chance):
    return train, test.head(90)


def _no_ebikes(train, test, chance):
    return train.assign(ebike=0), test


BAD_DATA = {
    "at some stations test.csv has metres in distance_km": _metres,
    "at some stations train.csv has psi in tyre_pressure_bar": _psi,
    "some trips of test.csv stand in train.csv, too, under another day": _in_both,
    "some trips stand twice in train.csv": _twice,
    "test.csv begins on the last day of train.csv": _overlap,
    "some labels in train.csv are missing": _label_missing,
    "the labels in test.csv are turned round": _label_flipped,
    "some labels in train.csv are 2": _label_words,
    "there is a column of what was known only later, hours_until_next_trip": _extra("hours_until_next_trip"),
    "test.csv has no climb_m": _lacking,
    "a km_since_service in train.csv is -1": _negative,
    "a trip of train.csv is 0 km long": _no_way,
    "the days in test.csv are written as 2025/10/07": _slashes,
    "a trip of test.csv has no trip_id": _no_key,
    "30 % of the pressures in test.csv are missing": _blind,
    "in train.csv the pressures of most broken bikes are missing, and of no sound ones": _telling,
    "test.csv was cut off after 90 rows": _cut,
    "train.csv has no e-bikes": _no_ebikes,
}


# Commits to the code


def changed_code(code, *changes):
    """Return the text of alarm.py with parts replaced. Raises AssertionError where a part is not there, which is our own fault."""
    for old, new in changes:
        assert code.count(old) == 1, old
        code = code.replace(old, new)
    return code


SCORE = '    X = (table - model["mean"]) / model["scale"]\n    return 1'
TABLE = 'table = trips[FEATURES].fillna({"tyre_pressure_bar": model["fill"]}).to_numpy(dtype=float)'
BAD_CODE = {
    "score standardises with the mean and spread of the trips that it is asked about": [
        (SCORE, "    X = (table - table.mean(axis=0)) / (table.std(axis=0) + 1e-9)\n    return 1")
    ],
    "score fills a missing pressure with the lowest of the trips that it is asked about": [
        (TABLE, 'table = trips[FEATURES].fillna({"tyre_pressure_bar": trips["tyre_pressure_bar"].min()}).fillna(3.0).to_numpy(dtype=float)')
    ],
    "score takes the pressure with the wrong sign": [(SCORE, SCORE.replace("    return", "    X[:, 3] *= -1\n    return"))],
    "km_since_service counts up to 60 km only": [
        ("    X, y = (table - mean)", "    table[:, 2] = table[:, 2].clip(max=60)\n    X, y = (table - mean)"),
        (SCORE, "    table[:, 2] = table[:, 2].clip(max=60)\n" + SCORE),
    ],
    "score sorts the trips by trip_id and forgets to sort them back": [(TABLE, 'trips = trips.sort_values("trip_id")\n    ' + TABLE)],
    "score fills missing pressures in the caller's own table": [
        (
            TABLE,
            'trips["tyre_pressure_bar"] = trips["tyre_pressure_bar"].fillna(model["fill"])\n    table = trips[FEATURES].to_numpy(dtype=float)',
        )
    ],
    "training makes no steps, so every trip gets the same score": [("range(15)", "range(0)")],
    "the labels slip by one row in training": [
        (
            'y = (table - mean) / scale, trips["needs_repair"].to_numpy(dtype=float)',
            'y = (table - mean) / scale, np.roll(trips["needs_repair"].to_numpy(dtype=float), 1)',
        )
    ],
    "train ignores its seed": [("rng = np.random.default_rng(seed)", "rng = np.random.default_rng()")],
    "save keeps whole numbers only": [
        ("json.dumps(model)", "json.dumps({k: [round(x) for x in v] if isinstance(v, list) else v for k, v in model.items()})")
    ],
    "save rounds to two digits": [
        ("json.dumps(model)", "json.dumps({k: [round(x, 2) for x in v] if isinstance(v, list) else v for k, v in model.items()})")
    ],
    "the scores are too high by as much as makes them worse than a constant": [
        ('"intercept": float(intercept)}', '"intercept": float(intercept) + 1.2}')
    ],
    "the station has become a feature": [('"ebike"]', '"ebike", "end_station_id"]')],
    "every score is far too high": [('"intercept": float(intercept)}', '"intercept": float(intercept) + 2.5}')],
    "score gives percent": [("    return 1 / (1 + np.exp(-(X @ model", "    return 100 / (1 + np.exp(-(X @ model")],
    "a missing pressure gives no score": [(TABLE, "table = trips[FEATURES].to_numpy(dtype=float)")],
}
STEPS = """

def _steps(table):
    km = table[:, 2] // 40
    return np.column_stack([table, *(km == n for n in range(12))])
"""
GOOD_CODE = {
    "only a comment": [('"""Write the model to a JSON file."""', '"""Write the model to a JSON file. Its name ends in .json."""')],
    "more and smaller steps in training": [("range(15)", "range(25)"), ("step = 0.5 / (1 + epoch)", "step = 0.3 / (1 + epoch)")],
    "km_since_service by classes of 40 km, so that inside a class the score does not change and now and then falls from one class to the next": [
        ('"tyre_pressure_bar", "ebike"]\n', '"tyre_pressure_bar", "ebike"]\n' + STEPS),
        ("    mean, scale = table.mean", "    table = _steps(table)[:, [0, 1, 3, 4, *range(5, 17)]]\n    mean, scale = table.mean"),
        (SCORE, "    table = _steps(table)[:, [0, 1, 3, 4, *range(5, 17)]]\n" + SCORE),
    ],
    "the features in another order": [('["distance_km", "climb_m", "km_since_service",', '["km_since_service", "climb_m", "distance_km",')],
    "another way to fill: the mean of training": [('trips["tyre_pressure_bar"].median()', 'trips["tyre_pressure_bar"].mean()')],
}
BAD_TRAINING = {  # which of the tests of training must see it
    "every score is far too high": ("test_learns", [('"intercept": float(intercept)}', '"intercept": float(intercept) + 2.5}')]),
    "training makes no steps, so every trip gets the same score": ("test_learns", [("range(15)", "range(0)")]),
    "the best bikes get the highest scores": ("test_ranks", [('"weights": weights.tolist()', '"weights": (-weights).tolist()')]),
    "of the tenth with the highest scores 1.4 times as many are broken as on average": (
        "test_ranks",
        [('"weights": weights.tolist()', '"weights": (weights * [0, 0, 1, -1, 0]).tolist()')],
    ),
    "two trainings give quite different scores": (
        "test_is_stable",
        [('    return {"fill"', '    weights += rng.normal(0, 0.25, len(weights))\n    return {"fill"')],
    ),
}


# Gates: two models' answers on the same trips


def draw_answers(rng, rows=3_000, worse=0.0, better=0.0, seen_by=None, late=0.0):
    """Return a table of trips with the answers of the released model and of a candidate, and what the trips turned out to be.

    `worse`, `better`: how much noise the candidate has more, or how much both have that it has not. `seen_by`: the model that was trained
    on 40 % of the rows, where it is right almost always. `late`: the share of rows, the newest, whose label is not known yet.
    """
    logit = rng.normal(-3.4, 1.7, rows)
    broken = rng.random(rows) < 1 / (1 + np.exp(-logit))
    noise = rng.normal(0, 0.9 if better else 0.25, rows)
    answers = {}
    for name, more in [("released", 0.0), ("candidate", worse)]:
        own = 0.0 if better and name == "candidate" else 1.0
        believed = logit + own * noise + rng.normal(0, 0.12, rows) + more * rng.normal(0, 1, rows)
        answers[name] = believed > np.log(0.2)
    table = pd.DataFrame({"day": np.sort(rng.integers(1, 31, rows)), **{name: said.astype(int) for name, said in answers.items()}})
    table["needs_repair"] = broken.astype(float)
    for name in ("released", "candidate"):
        seen = rng.random(rows) < 0.4 if name == seen_by else np.zeros(rows, dtype=bool)
        sure = seen & (rng.random(rows) < 0.9)
        table[name], table[f"{name}_was_trained_on_it"] = table[name].where(~sure, broken.astype(int)), seen
    table.loc[table.index >= rows * (1 - late), "needs_repair"] = np.nan
    return table


def alarm_code():
    """Return the text of alarm.py, as shipped."""
    from colleagues import REPO

    return (REPO / "alarm.py").read_text()


def numpy_drawn(salt):
    """Return numpy's generator of this submission's own."""
    return np.random.default_rng(drawn(salt).randrange(2**32))


def titles():
    """Return titles of pull requests that would like to be commands."""
    word = drawn("titles").choice(["wheels", "docks", "lamps", "bells"])
    run = "touch $LEDGER.broken"
    return [
        f'Mend the {word}"; {run}; echo "',
        f"Faster $({run}) {word}",
        f"{word} `{run}` | 100 %s \\n",
        f"Do not ask' ; {run}; echo '{word}",
    ]
