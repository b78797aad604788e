"""What the judge cells share: samples, cities, stories and Mondays of this submission's own, drawn from LAB_SEED, with their truth."""

import math

import numpy as np
import pandas as pd
from cities import MILES, a_backtest, a_unit_story, some_trips
from mondays import a_monday
from practice import HISTORY_DAYS, STREAM_DAYS, changed, colder, story_from
from risk import INPUTS, risks
from watch import COLUMNS, WEEKS_BEFORE, alarms

# Exercise 1


def draw_pairs(rng):
    """Return kind, tolerance, size, pairs of samples, the answers that are allowed, how many others may come, and why."""
    small = "a shift far below the tolerance is no drift, and if that cannot be told, it is 'cannot tell'"
    large = "what is far above the tolerance is drift, and if that cannot be told, it is 'cannot tell'"
    clear = "with so many rows it can be told"
    edge = "a shift that is just the tolerance lies within what chance explains"
    nothing = "the distance of small samples is large by chance alone, and that of resamples larger still: take it off"
    few = "with so large a shift and 500 rows it can be told"
    plan = [
        ("with a shift of 0.03", 0.03, 1, 100, 20, ("no drift", "cannot tell"), 6, small),
        ("with a shift of 0.4", 0.4, 1, 100, 20, ("drift", "cannot tell"), 6, large),
        ("with a shift of 0.03", 0.03, 1, 500, 6, ("no drift", "cannot tell"), 2, small),
        ("with a spread 1.6 times as wide", 0.0, 1.6, 500, 6, ("drift", "cannot tell"), 2, large),
        ("with a shift of 0.2", 0.2, 1, 500, 9, ("cannot tell",), 6, edge),
        ("with a shift of 0.2", 0.2, 1, 1500, 7, ("cannot tell",), 5, edge),
        ("with a shift of 0.03", 0.03, 1, 1500, 4, ("no drift",), 1, clear),
        ("with a shift of 0.4", 0.4, 1, 1500, 2, ("drift",), 0, clear),
        ("with a spread 1.6 times as wide", 0.0, 1.6, 1500, 2, ("drift",), 0, clear),
        ("with a shift of 0.1", 0.1, 1, 6000, 1, ("no drift",), 0, clear),
        ("with a shift of 0.6", 0.6, 1, 500, 5, ("drift",), 1, few),
        ("with no shift at all", 0.0, 1, 100, 20, ("no drift", "cannot tell"), 5, nothing),
        ("with no shift at all", 0.0, 1, 500, 8, ("no drift", "cannot tell"), 3, nothing),
    ]
    tolerances = [0.2] * (len(plan) - 2) + [0.1, 0.05]
    return [
        (kind, tolerance, size, [(rng.normal(0, 1, size), rng.normal(shift, spread, size)) for _ in range(count)], allowed, most, why)
        for (kind, shift, spread, size, count, allowed, most, why), tolerance in zip(plan, tolerances, strict=True)
    ]


def draw_unequal(rng):
    """Return sizes, shift, pairs of samples of different sizes, the answer that is right, how many others may come, and why."""
    edge = "that shift lies within what chance explains, and chance is in both samples, above all in the smaller one"
    clear = "with so many rows it can be told"
    plan = [
        (5000, 100, 0.4, 20, "cannot tell", 9, edge),
        (100, 5000, 0.4, 20, "cannot tell", 9, edge),
        (1500, 5000, 0.1, 2, "no drift", 0, clear),
        (5000, 1500, 0.7, 2, "drift", 0, clear),
    ]
    return [
        (
            f"{first} against {second}",
            shift,
            [(rng.normal(0, 1, first), rng.normal(shift, 1, second)) for _ in range(count)],
            right,
            most,
            why,
        )
        for first, second, shift, count, right, most, why in plan
    ]


def close_calls(rng):
    """Return pairs of samples, shifted by and by further: of some of them another draw of resamples would say something else."""
    reference, current = rng.normal(0, 1, 100), rng.normal(0, 1, 100)
    return [(reference, current + shift) for shift in np.arange(0.3, 0.6, 0.015)]


# Exercise 2


def cities_of(rng, count=4):
    """Return the trips of cities, 56 weeks each."""
    return [some_trips(int(rng.integers(1, 10**6)), 56)[0] for _ in range(count)]


def false_alarms(plan, cities):
    """Return the share of quiet weeks in which the plan rings, and the column that rings most."""
    rang = [alarms(plan, trips, week) for trips in cities for week in range(WEEKS_BEFORE, 56)]
    worst = max(COLUMNS, key=lambda column: sum(column in names for names in rang))
    return sum(map(bool, rang)) / len(rang), worst


def heard_share(plan, cities, column, spoil):
    """Return the share of spoilt weeks in which the column rings."""
    rang = [bool(alarms(plan, trips, week, [column], spoil)) for trips in cities for week in range(WEEKS_BEFORE, 56)]
    return sum(rang) / len(rang)


# Exercise 3

WORDS = {"app": "a new app came", "cold": "the cold came", "pads": "bad brake pads came", "ebikes": "e-bikes came"}


def draw_stories(rng, kinds, delays=(3.0, 6.0)):
    """Return stories of another city: words, the table, the moment, the truth, how many days labels take on average."""
    trips, probability = some_trips(int(rng.integers(1, 10**6)), 20, start="2025-03-31", per_day=200)
    means = [float(rng.uniform(*delays)) for _ in kinds]
    return [(WORDS[kind], *story_from(trips, probability, kind, rng, 70, mean), mean) for kind, mean in zip(kinds, means, strict=True)]


def moments(since, days):
    """Return the moments so many days after another one."""
    return [since + pd.Timedelta(days=number) for number in days]


def missed(story, since):
    """Return the mean of label minus risk in nine weeks after a moment."""
    new = story[(story["ended_at"] >= since) & (story["ended_at"] < since + pd.Timedelta(weeks=9))]
    return float((new["needs_repair"] - new["risk"]).mean())


def mislead(story, now, truth):
    """Return the story's labels, those that are not known yet set to the opposite of what the truth suggests."""
    return story["needs_repair"].mask(story["label_available_at"] > now, truth == "harmless").to_numpy(bool)


# Exercise 4


def draw_faults(rng, kinds):
    """Return stories about units: the kind, and the trips, true distances, source and moment."""
    return [(kind, a_unit_story(rng, kind.split()[0], late="late" in kind)) for kind in kinds]


def wrong_mending(kind, story, fault):
    """Return what is wrong with a fault that find_fault says, or with the trips once it is undone, or an empty text."""
    trips, true, source, moment = story
    if fault is not None and (not isinstance(fault, tuple | list) or len(fault) != 3):
        return f"find_fault returns {fault!r}, expected None or (source, since, factor)"
    if source is None:
        if fault is None:
            return ""
        return f"find_fault says {fault[0]!r} since {fault[1]}, expected None: a fault is there only if the speeds of one source alone break what must hold, by the ratio of a unit"
    if fault is None:
        return f"find_fault returns None, and source {source!r} has changed its unit"
    if fault[0] != source:
        return f"find_fault blames source {fault[0]!r}, and it is {source!r}"
    factor = 1000.0 if kind.split()[0] == "m" else MILES
    if abs(fault[2] / factor - 1) > 0.01:
        return f"find_fault has the factor {fault[2]}, expected {factor}"
    affected = (trips["source"] == source) & (trips["started_at"] >= pd.Timestamp(fault[1]))
    whole = trips["distance_km"].where(~affected, trips["distance_km"] / fault[2]).to_numpy()
    off, allowed = ~np.isclose(whole, true, rtol=0.01, atol=0.002), 0 if factor > 1 else 6
    if off.sum() > allowed:
        row = int(np.flatnonzero(off)[0])
        return (
            f"{int(off.sum())} trips of source {source} are wrong after mending, expected at most {allowed}: one of {trips['duration_min'].iloc[row]:.0f} minutes "
            f"at {trips['started_at'].iloc[row]} has {whole[row]:.3f} km, and had {true[row]:.3f}; the fault came at {moment}, find_fault says {fault[1]}"
        )
    return ""


# Exercise 5


def draw_streams(rng, kinds, split=None):
    """Return streams of a city of 60 weeks: its trips, for each kind first day, labels and last day, and the days of change (None: never).

    split: in two such groups, of the first so many kinds and of the rest.
    """
    trips, probability = some_trips(int(rng.integers(1, 10**6)), 60)
    probability = np.asarray(probability)
    table = trips[["day", *INPUTS]].assign(risk=risks(trips))
    after = {kind: changed(trips, probability, kind) for kind in set(kinds) - {None}}
    day, length = trips["day"].to_numpy(), HISTORY_DAYS + STREAM_DAYS
    cases, changes = [], []
    for kind in kinds:
        first = 7 * int(rng.integers(0, 60 - length // 7 + 1))
        part = (day >= first) & (day < first + length)
        change = None if kind is None else int(rng.integers(63, 92))
        chance = probability[part] if kind is None else np.where(day[part] - first >= change, after[kind][part], probability[part])
        cases.append((first, rng.random(len(chance)) < chance, length))
        changes.append(change)
    groups = [slice(None)] if split is None else [slice(split), slice(split, None)]
    return [(table, cases[part], changes[part]) for part in groups]


def draw_cold(rng, count):
    """Return streams of a city of 40 weeks, as draw_streams does, in which on one day all tyres lose 0.25 bar, and the model foretells rightly what follows."""
    trips, probability = some_trips(int(rng.integers(1, 10**6)), 40)
    change = int(rng.integers(130, 150))
    trips, probability = colder(trips, probability, change)
    day, length, cases = trips["day"].to_numpy(), HISTORY_DAYS + STREAM_DAYS, []
    for _ in range(count):
        first = 7 * int(rng.integers(math.ceil((change - 91) / 7), (change - 63) // 7 + 1))
        chance = probability[(day >= first) & (day < first + length)]
        cases.append((first, rng.random(len(chance)) < chance, length))
    return trips[["day", *INPUTS]].assign(risk=risks(trips)), cases


# Exercise 6


def draw_years(rng, kept):
    """Return four backtests, of which a share of the rows is kept, each with its true decay by what models were trained on."""
    years = []
    for strength, fast in ((16, 0.8), (-12, 0.8), (18, 1.2), (-8, 0.7)):
        slopes = {"everything": float(rng.uniform(0, 0.3)), "last 12 weeks": float(rng.uniform(fast, fast + 0.3))}
        base = {way: float(rng.uniform(30, 50)) for way in slopes}
        table, _ = a_backtest(rng, {"base": base, "slope": slopes, "season": strength})
        years.append((table[rng.random(len(table)) < kept].reset_index(drop=True), slopes))
    return years


def wrong_decay(said, backtest, way, slope):
    """Return in what a decay is wrong and of what mistake that reminds, or an empty text."""
    if not isinstance(said, int | float | np.number) or not math.isfinite(said):
        return f"decay(backtest, {way!r}) returns {said!r}, expected one number."
    if abs(said - slope) <= 0.15:
        return ""
    own = backtest[backtest["train_on"] == way]
    age = own["week"] - own["trained_through"]
    of_week = own.groupby("week")["errors"].transform("mean")
    by_model = [np.polyfit(rows["week"], rows["errors"], 1)[0] for _, rows in own.groupby("trained_through")]
    mistakes = {
        np.polyfit(age, own["errors"], 1)[0]: "That is a line through errors and ages as they are: the season is in it.",
        np.mean(by_model): "That is how one model's errors change from week to week: its age and the season change together.",
        np.polyfit(age, own["errors"] - of_week, 1)[
            0
        ]: "The week's mean was taken off the errors, and not off the ages: they differ between weeks, too.",
    }
    close = [why for value, why in mistakes.items() if abs(said - value) < 0.02]
    why = close[0] if close else "Compare models of the same week, and of the same train_on."
    return f"decay(backtest, {way!r}) returns {said:.2f}, expected {slope:.2f}. {why}"


# Exercise 7


def draw_mondays(rng, which):
    """Return Mondays: words, the evidence, the right action, the right target."""

    def pick(*some):
        return some[int(rng.integers(len(some)))]

    def some_week():
        return int(rng.integers(4, 7))

    def monday(words, action, target, **events):
        return words, a_monday(int(rng.integers(1, 10**6)), **events), action, target

    source, other = (str(one) for one in rng.permutation(["A", "B", "C"])[:2])
    miss, cry, more = float(rng.uniform(0.48, 0.58)), float(rng.uniform(1.7, 2.1)), float(rng.uniform(1.65, 2.0))
    week = some_week()
    if which == "single":
        return [
            monday("nothing happened", "dismiss", None),
            monday("all ride faster, and more breaks, as foretold", "dismiss", None, world=(week, 1.4, 1.5)),
            monday("snow slows down all, and less breaks, as foretold", "dismiss", None, world=(week, 0.7, 0.6)),
            monday("one source sends miles", "mend", source, unit=(source, week, 0.62)),
            monday("one source sends metres, since this week", "mend", source, unit=(source, 8, 1000.0)),
            monday("the pressures of one source are missing", "mend", source, gaps=(source, week, pick(0.2, 0.5))),
            monday("one source has always had gaps", "dismiss", None, old_gaps=(source, 0.3)),
            monday("a new version foretells too few repairs", "roll back", "14", release=(week, miss)),
            monday("a new version foretells too many repairs", "roll back", "14", release=(week, cry)),
            monday("a new version came, and is right", "dismiss", None, release=(week, 1.0)),
            monday("more bikes break than anyone foretells", "retrain", week, relation=(week, more)),
            monday("fewer bikes break than anyone foretells", "retrain", week, relation=(week, 1 / more)),
            monday(
                "more bikes broke than foretold for two weeks, and then as many as foretold again", "dismiss", None, passing=(3, 4, more)
            ),
            monday("a new version came two weeks ago, when no trip of its time is ripe", "dismiss", None, release=(7, miss)),
        ]
    return [
        monday(
            "a release, and one source sends miles from the same week on", "mend", source, release=(week, 1.0), unit=(source, week, 0.62)
        ),
        monday("a bad release, and the pressures of one source are missing", "mend", source, release=(week, miss), gaps=(source, 7, 0.4)),
        monday(
            "more bikes break, in the week of a release that is as wrong as the version before",
            "retrain",
            week,
            relation=(week, more),
            release=(week, 1.0),
        ),
        monday("more bikes break, some weeks after a good release", "retrain", 6, relation=(6, more), release=(3, 1.0)),
        monday("a bad release, and snow slows down all", "roll back", "14", release=(week, miss), world=(week, 0.7, 1.0)),
        monday("more bikes break, and a source has always had gaps", "retrain", week, relation=(week, more), old_gaps=(source, 0.3)),
        monday("one source has always had gaps, another sends miles", "mend", other, old_gaps=(source, 0.3), unit=(other, week, 0.62)),
        monday(
            "a bad release in week 5; in week 3 more bikes broke, and in week 4 no longer",
            "roll back",
            "14",
            passing=(3, 3, more),
            release=(5, miss),
        ),
        monday("more bikes break since week 4, and a release came in week 6", "retrain", 4, relation=(4, more), release=(6, 1.0)),
    ]


def wrong_decision(said, action, target):
    """Return what is wrong with a decision, or an empty text."""
    if not isinstance(said, dict) or not {"action", "target", "reason"} <= set(said):
        return f"decide returns {said}, expected action, target and reason"
    if said["action"] != action:
        return f"decide says {said['action']!r}, expected {action!r}; its reason: {str(said['reason'])[:160]}"
    if target is None:
        named = said["target"] is None
    else:
        named = said["target"] is not None and str(said["target"]).removesuffix(".0") == str(target)
    if not named:
        return f"decide has the target {said['target']!r} for {action!r}, expected {target!r}"
    if len(str(said["reason"])) < 20 or (target is not None and str(target) not in str(said["reason"])):
        return f"its reason {str(said['reason'])[:160]!r} is no sentence that names {target!r}"
    return ""
