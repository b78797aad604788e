"""What the judge cells share: services, feeds, incidents and cities of their own, drawn from LAB_SEED, with their truth."""

from itertools import combinations

import numpy as np
import pandas as pd
from controls import CONTROLS, replay

from metro_bikes import QUIET, simulate

WEATHER = ["temperature_c", "rain_mm", "wind_mps"]
LONG_AGO = pd.Timestamp("1970-01-01", tz="UTC")


def draw_weather(rng, days, start=None):
    """Return a city's hours in UTC without a zone, its weather with some measurements missing, and the trips to expect."""
    start = start or str(pd.Timestamp("2026-01-01") + pd.Timedelta(days=int(rng.integers(0, 300))))[:10]
    city = simulate(seed=int(rng.integers(1, 10**6)), trips=500, start=start, days=days, riders=50, scenario=QUIET)
    table = city.weather.rename(columns={"time": "hour"})
    table["hour"] = table["hour"].dt.tz_localize(None)
    table["temperature_c"] = table["temperature_c"].mask(rng.random(len(table)) < 0.02)
    table["rain_mm"] = table["rain_mm"].mask(rng.random(len(table)) < 0.01)
    expected = city.truth.expected_trips.to_numpy()
    return table, expected * 150 / expected.mean()


# Exercise 1: since when?


def draw_service(rng, fault=None, weekly=False, concert=False, growth=1.0, mended=False, last=None):
    """Return a service's log, the city's trips, and the day since which its answers are wrong, or None.

    `fault`: hot (answers almost doubled), low (more than halved) or clock (the right answers, six hours late). `weekly`: the answers for
    one day of the week are useless. `concert`: trips that nobody could foresee, on one day. `growth`: how much the city grows meanwhile.
    `mended`: five bad days in a row, after which all was well again. `last`: a fault has come, and so many of its days are known.
    """
    days = 63
    while True:
        table, expected = draw_weather(rng, days, start=f"2026-05-{int(rng.integers(10, 28))}")
        expected = expected * np.geomspace(1, growth, len(expected)) / growth**0.5
        day = np.arange(len(table)) // 24
        trips = rng.poisson(expected * rng.lognormal(0, 0.08, len(expected)))
        unknown = int(rng.integers(1, 4))
        began = days - unknown - last if last else int(rng.integers(26, days - 14)) if fault else days
        odd = np.zeros(len(table), dtype=bool)
        answer = expected * rng.lognormal(0, 0.05, len(expected))
        if fault:
            late = np.roll(answer, 6)
            answer = np.where(day < began, answer, {"hot": answer * 1.95, "low": answer * 0.35, "clock": late}[fault])
        if mended:
            from_day = int(rng.integers(15, 19))
            over = (day >= from_day) & (day < from_day + 5)
            answer = np.where(over, answer * 2.3, answer)
            odd |= over
        if weekly:
            odd |= (day % 7 == began % 7) & (day != began) if fault else day % 7 == 3
            answer = np.where(odd, answer * 2.2 + 10, answer)
        if concert:
            on = int(rng.choice([d for d in range(16, began - 6) if not odd[d * 24]]))
            event = (day == on) & (table["hour"].dt.hour >= 15).to_numpy()
            trips = trips + event * rng.poisson(trips.mean() * 2, len(trips))
            odd |= day == on
        error = np.abs(answer - trips)
        share = np.array([error[day == d].sum() / trips[day == d].sum() for d in range(days)])
        absolute = np.array([error[day == d].mean() for d in range(days)])
        ordinary = ~odd[::24] & (np.arange(days) < began)
        good = share[ordinary].max() < 1.9 * np.median(share[:14]) and (
            growth > 1 or absolute[ordinary].max() < 1.9 * np.median(absolute[:14])
        )
        bad = not mended or share[from_day : from_day + 5].min() > 3.2 * np.median(share[:14])
        bad &= not fault or all(m[began:].min() > 3.2 * np.median(m[:14]) for m in (share, absolute))
        grown = growth == 1 or absolute[-7:].min() > 2.8 * np.median(
            absolute[:14]
        )  # errors in trips look like a fault, their share does not
        if good and bad and grown:
            break
    log = table.assign(status=200, ms=rng.gamma(20, 2, len(table)).round().astype(int), version="2.0", answer=answer.round(1))
    slow = int(rng.integers(15, 24))
    log["ms"] = log["ms"].where(day < slow, log["ms"] * 6)
    log["version"] = log["version"].where(day < slow + 4, "2.1")
    log[["status", "answer"]] = log[["status", "answer"]].astype(object)
    log.loc[slow * 24 + 8 : slow * 24 + 9, ["status", "answer"]] = [503, np.nan]
    log["status"], log["answer"] = log["status"].astype(int), log["answer"].astype(float)
    known = len(log) - 24 * unknown
    first_bad = f"{table['hour'][began * 24]:%Y-%m-%d}" if fault and not (last and last < 3) else None
    return log, table[["hour"]].assign(trips=trips)[:known], first_bad


def as_day(said):
    """Return a day that was named in any usual way as YYYY-MM-DD, None for nothing, and otherwise what was said."""
    if said is None or said is pd.NaT:
        return None
    try:
        return f"{pd.Timestamp(said):%Y-%m-%d}"
    except (TypeError, ValueError):
        return repr(said)


# Exercise 2: the bell

BROKEN = {  # what can happen to a feed: the column, and what becomes of a day's values
    "temperature in Fahrenheit": ("temperature_c", lambda day, rng: (day * 1.8 + 32).round(1)),
    "temperature frozen": ("temperature_c", lambda day, rng: day * 0 + day.dropna().iloc[0]),
    "12 of the 24 temperatures missing": ("temperature_c", lambda day, rng: half_of(day, rng)),
    "wind in km/h": ("wind_mps", lambda day, rng: (day * 3.6).round(1)),
    "wind frozen": ("wind_mps", lambda day, rng: day * 0 + day.iloc[0]),
    "all rain missing": ("rain_mm", lambda day, rng: day * np.nan),
    "rain frozen": ("rain_mm", lambda day, rng: day * 0 + round(float(rng.uniform(0.2, 0.9)), 1)),
}


def half_of(day, rng):
    """Return a day's values, exactly 12 of the 24 missing."""
    return day.interpolate(limit_direction="both").mask(rng.permutation(len(day)) < 12)


def draw_feed(rng, days, start=None):
    """Return a healthy feed: hour and WEATHER; on one day four temperatures in a row are missing."""
    table, _ = draw_weather(rng, days, start)
    table["temperature_c"] = table["temperature_c"].where(table["hour"].dt.hour > 0, table["temperature_c"].interpolate().bfill())
    gap = 24 * int(rng.integers(16, days)) + int(rng.integers(3, 20))
    table.loc[gap : gap + 3, "temperature_c"] = np.nan
    return table[["hour", *WEATHER]]


def cut(feed, day):
    """Return the 14 days before a day (counted from 0), and the day, as two tables."""
    return feed[(day - 14) * 24 : day * 24].reset_index(drop=True), feed[day * 24 : (day + 1) * 24].reset_index(drop=True)


def broken_from(feed, day, kind, rng):
    """Return the feed with two broken days from `day` on, and the column that is broken."""
    column, spoil = BROKEN[kind]
    feed = feed.copy()
    for hours in (slice(day * 24, day * 24 + 24), slice(day * 24 + 24, day * 24 + 48)):
        feed[column] = feed[column].where(~feed.index.isin(range(hours.start, hours.stop)), spoil(feed[column].iloc[hours], rng))
    return feed, column


def draw_broken(rng, kind):
    """Return a feed that breaks in this way, the column, and the day from which on it does so.

    In another unit each value by itself stays plausible (temperatures below 0 °C in °F, wind in km/h that is no storm in m/s), but the
    step is not: it is more than six times the spread of the days before, and half of the day lies above all hours before.
    """
    frost = kind == "temperature in Fahrenheit"
    while True:
        drawn = draw_feed(rng, 40, start=f"2026-01-{int(rng.integers(5, 25)):02}" if frost else None)
        days = [int(day) for day in rng.permutation(np.arange(15, 38))]
        for day in days[:1] if " in " not in kind else days:
            feed = drawn.copy()
            if frost:  # such a cold place that these two days have no hour above 0 °C, 32 °F
                feed["temperature_c"] = (feed["temperature_c"] - feed["temperature_c"][day * 24 : day * 24 + 48].max()).round(1)
            broken, column = broken_from(feed, day, kind, rng)
            (before, first), (_, second) = cut(broken, day), cut(broken, day + 1)
            if " in " not in kind or (
                max(first[column].max(), second[column].max()) < {"temperature_c": 33, "wind_mps": 24}[column]
                and _steps(before[column], first[column])
            ):
                return broken, column, day


def _steps(before, first):
    """Return whether a day's values are far above those of the 14 days before."""
    daily = before.groupby(np.arange(len(before)) // 24).mean()
    return first.mean() > daily.mean() + 6.2 * daily.std() and first.median() > before.max()


def draw_turns(rng):
    """Return days on which nothing is broken, each with the 14 days before, the day, and what is unusual about it.

    Two come after a day that was odd the other way: the weather turns from one day to the next, and stays near the fortnight's. One is hot,
    in a place where it is always hot, and one has eight hours without a temperature.
    """
    while True:
        feed = draw_feed(rng, 40)
        for day in rng.permutation(np.arange(17, 38)).tolist():
            before, today = cut(feed, day)
            near = today[WEATHER].mean() - before[WEATHER].mean()
            if abs(near["temperature_c"]) > 4 or not 0.7 < today["wind_mps"].mean() / before["wind_mps"].mean() < 1.4:
                continue
            cold, calm = cut(feed, day), cut(feed, day)
            usual = before["temperature_c"].mean()
            for back, below in [(2, 6), (1, 11)]:
                move_to(cold[0], slice(336 - 24 * back, 360 - 24 * back), usual - below)
            now = cold[0]["temperature_c"][312:].mean() + 16.5
            move_to(cold[1], slice(0, 24), now)
            before_wind = calm[0]["wind_mps"]
            calm[0].loc[312:, "wind_mps"] = (before_wind[312:] * 0.5 * before_wind.mean() / before_wind[312:].mean()).round(1)
            blow = 1.75 * before_wind.mean() / calm[1]["wind_mps"].mean()
            calm[1]["wind_mps"] = (calm[1]["wind_mps"] * blow).round(1)
            if all(_quiet(*pair) for pair in ((before, today), cold, calm)):
                break
        else:
            continue
        hot = cut(feed.assign(temperature_c=(feed["temperature_c"] + 36.4 - today["temperature_c"].max()).round(1)), day)
        gaps = cut(feed, day)
        whole = gaps[1]["temperature_c"].interpolate(limit_direction="both")
        gaps[1]["temperature_c"] = whole.mask(np.arange(24) % 3 == int(rng.integers(0, 3)))
        cold_was, cold_is = (means["temperature_c"].mean() for means in (cold[0][312:], cold[1]))
        calm_was, calm_is = (means["wind_mps"].mean() for means in (calm[0][312:], calm[1]))
        return [
            (*cold, f"a mild day ({cold_is:.1f} °C) came after a much colder one ({cold_was:.1f} °C), as when a front has passed"),
            (*calm, f"a windy day ({calm_is:.1f} m/s) came after a calm one ({calm_was:.1f} m/s)"),
            (*hot, "a day of 36 °C came in a hot summer, in which such days are usual"),
            (*gaps, "eight of the 24 temperatures were missing, fewer than half"),
        ]


def move_to(table, rows, mean):
    """Shift these rows' temperatures so that their mean is this."""
    values = table["temperature_c"].iloc[rows]
    table.loc[values.index, "temperature_c"] = (values + mean - values.mean()).round(1)


def _quiet(before, day):
    """Return whether no value of the day is unusual, in any way to look at it, beside the 14 days before."""
    daily = before.groupby(np.arange(len(before)) // 24)[WEATHER].mean()
    for column in ("temperature_c", "wind_mps"):
        mean, spread, was = day[column].mean(), daily[column].std(), daily[column].mean()
        if abs(mean - was) > 2.5 * spread or day[column].median() > before[column].quantile(0.98):
            return False
    medians = day[WEATHER].median(), before[WEATHER].median()
    return bool(
        abs(medians[0] - medians[1])["temperature_c"] < 10
        and medians[0]["wind_mps"] < 2.2 * medians[1]["wind_mps"]
        and day["wind_mps"].max() < 1.1 * before["wind_mps"].max()
    )


# Exercise 4: the post-mortem


def draw_incident(rng, folder, mended=True, both_ways=False):
    """Write an incident's four files to a folder, and return what a post-mortem must say.

    The wrong answers are too high; or, if `both_ways`, too high in the morning and too low in the afternoon.
    """
    folder.mkdir(parents=True, exist_ok=True)
    start = pd.Timestamp("2026-02-02", tz="UTC") + pd.Timedelta(days=int(rng.integers(0, 90)))
    hours = pd.date_range(start, periods=24 * 16, freq="h")
    n = 14
    ids = [f"{number:07x}" for number in rng.choice(16**7, n, replace=False)]
    # deployed, as positions in the history: forwards, back once, forwards; the fault comes with the fourth
    fault = int(rng.integers(7, 9))
    positions = [1, 4, 2, fault, fault + 2, fault + 1, n - 1]
    at = [
        start + pd.Timedelta(days=d, hours=h, minutes=int(rng.integers(1, 54)), seconds=int(rng.integers(60)))
        for d, h in [(0, 9), (1, 15), (2, 10), (3 + int(rng.integers(0, 2)), 22), (5, 13), (9, 9), (12, 14)]
    ]
    deployed = dict(zip(positions, at, strict=True))

    written = []
    for position in range(n):
        live = min(at[i] for i, p in enumerate(positions) if p >= position)
        written.append(live - pd.Timedelta(minutes=int(rng.integers(20, 600))))
    # the first that did not make it into the faulty deploy was written before it, and the faulty commits long before they were merged
    written[fault + 1] = deployed[fault] - pd.Timedelta(minutes=3)
    written[fault] = at[1] - pd.Timedelta(hours=5)
    offsets = rng.choice([-5, 0, 2, 9], n)
    commits = pd.DataFrame(
        {
            "commit": ids,
            "authored_at": [
                (w + pd.Timedelta(hours=int(o))).strftime("%Y-%m-%dT%H:%M:%S") + f"{int(o):+03}:00"
                for w, o in zip(written, offsets, strict=True)
            ],
            "author": rng.choice(["Ada", "Bo", "Cy"], n),
            "message": [f"change {position}" for position in range(n)],
        }
    )
    commits.iloc[::-1].to_csv(folder / "commits.csv", index=False)
    pd.DataFrame({"at": [f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in at], "commit": [ids[p] for p in positions]}).to_csv(
        folder / "deploys.csv", index=False
    )

    curve = 4 + 180 * np.exp(-(((hours.hour - 8) / 2.5) ** 2)) + 150 * np.exp(-(((hours.hour - 17) / 3) ** 2))
    should_be = (curve.to_numpy() * rng.lognormal(0, 0.1, len(hours))).round(1)
    asked = hours - pd.Timedelta(minutes=5)
    until = at[-1] if mended else hours[-1] + pd.Timedelta(days=1)
    faulty = (asked > deployed[fault]) & (asked < until)
    factor = np.where(both_ways & (hours.hour >= 12), 0.4, 1.8)
    answer = np.where(faulty, (should_be * factor).round(1), should_be)
    answer = np.where(np.abs(np.abs(answer - should_be) - 10) < 0.3, should_be, answer)  # none lies on the limit
    if not mended:
        keep = len(hours) - 6  # the last answer is one for 17 to 18 o'clock
        hours, asked, answer, should_be = hours[:keep], asked[:keep], answer[:keep], should_be[:keep]
    epoch = (asked - LONG_AGO) // pd.Timedelta(seconds=1)
    pd.DataFrame({"asked_at": epoch, "answer": answer, "should_be": should_be}).to_csv(folder / "answers.csv", index=False)

    wrong = np.flatnonzero(np.abs(answer - should_be) > 10)
    began = asked[wrong[0]]
    noticed = began + pd.Timedelta(days=int(rng.integers(2, 4)), minutes=int(rng.integers(600)))
    said = str(rng.choice(["Why does the forecast send us so many vans?", "FORECAST broken??", "Our Forecasts are far too high"]))
    chat = [
        (began - pd.Timedelta(hours=30), "The forecast is great this week"),
        (began - pd.Timedelta(minutes=50), "forecast: release tonight, fingers crossed"),
        (began + pd.Timedelta(hours=3), "Cake in the kitchen"),
        (began + pd.Timedelta(hours=20), "Dashboard is green"),
        (noticed, said),
        (noticed + pd.Timedelta(hours=5), "Is it the forecast again?"),
        (noticed + pd.Timedelta(hours=40), "Rolled back, the forecast should be fine"),
    ]
    table = pd.DataFrame(
        {"ts": [(when - LONG_AGO) // pd.Timedelta(seconds=1) for when, _ in chat], "who": "Rosa", "text": [text for _, text in chat]}
    )
    table.to_csv(folder / "chat.csv", index=False)
    return {
        "began": began,
        "noticed": pd.Timestamp(noticed).floor("s"),
        "mended": asked[wrong[-1] + 1] if mended else None,
        "suspects": set(ids[3 : fault + 1]),
        "too late": ids[fault + 1],
        "wrong_answers": len(wrong),
    }


def as_time(said):
    """Return a moment that was given in any usual way as a Timestamp in UTC, None for nothing, and otherwise what was said."""
    if said is None or said is pd.NaT:
        return None
    try:
        time = pd.Timestamp(said)
        return (time.tz_localize("UTC") if time.tz is None else time.tz_convert("UTC")).floor("s")
    except (TypeError, ValueError):
        return repr(said)


# Exercise 6: what to build first


def draw_incidents(rng, n=10):
    """Return a year's incidents."""
    cause = rng.choice(["inputs", "features", "release", "stale"], n)
    return pd.DataFrame(
        {
            "what": [f"incident {number}" for number in range(n)],
            "cause": cause,
            "euros_per_day": rng.integers(2, 30, n) * 50,
            "days_unnoticed": rng.integers(1, 30, n),
            "days_to_mend": rng.integers(1, 20, n),
        }
    )


def best_loss(incidents, budget):
    """Return the least that the incidents would have cost with controls within the budget."""
    sets = (chosen for size in range(len(CONTROLS) + 1) for chosen in combinations(CONTROLS, size))
    return min(replay(incidents, chosen) for chosen in sets if sum(CONTROLS[name] for name in chosen) <= budget)


def one_by_one(incidents, budget, value):
    """Return the controls that one gets by taking the most valuable one again and again, as long as the budget lasts."""
    chosen = []
    while True:
        left = budget - sum(CONTROLS[name] for name in chosen)
        options = [name for name in CONTROLS if name not in chosen and CONTROLS[name] <= left]
        if not options:
            return chosen
        saves = {name: replay(incidents, chosen) - replay(incidents, [*chosen, name]) for name in options}
        chosen.append(max(options, key=lambda name: value(saves[name], CONTROLS[name])))


def draw_dilemma(rng):
    """Return a year's incidents and a budget for which no list of single controls, by what each saves, gives the best set."""
    while True:
        incidents, budget = draw_incidents(rng, int(rng.integers(6, 12))), int(rng.integers(7, 16))
        best = best_loss(incidents, budget)
        alone = {name: replay(incidents) - replay(incidents, [name]) for name in CONTROLS}
        lists = [one_by_one(incidents, budget, value) for value in (lambda s, c: s, lambda s, c: s / c)]
        for worth in (alone, {name: alone[name] / CONTROLS[name] for name in CONTROLS}):
            chosen, left = [], budget
            for name in sorted(CONTROLS, key=worth.get, reverse=True):
                if CONTROLS[name] <= left:
                    chosen, left = [*chosen, name], left - CONTROLS[name]
            lists.append(chosen)
        if all(replay(incidents, chosen) > best * 1.02 + 1 for chosen in lists):
            return incidents, budget
