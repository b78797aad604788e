"""Each truth that metro_bikes promises, found again in its tables."""

import dataclasses
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, roc_auc_score
from sklearn.tree import DecisionTreeRegressor

import metro_bikes
from metro_bikes import QUIET, City, Scenario, Truth, hourly_demand, simulate

TABLES = ["stations", "riders", "weather", "trips", "tickets"]
DAY = 100
DAYS = 160
TRIPS = 60_000
EVENT = pd.Timestamp("2025-01-01", tz="UTC") + pd.Timedelta(days=DAY)
EVENTS = [field.name for field in dataclasses.fields(Scenario) if field.name.endswith("_day")]
HONEST = ["duration_min", "distance_km", "climb_m", "km_since_service", "tyre_pressure_bar", "unlock_seconds"]
CALENDAR_AND_WEATHER = ["hour", "weekday", "day_of_year", "holiday", "temperature_c", "rain_mm", "wind_mps"]


@cache
def city(**knobs) -> City:
    """Return a city of 160 days in which only the given knobs are turned."""
    return simulate(3, TRIPS, days=DAYS, scenario=replace(QUIET, **knobs))


def before(table: pd.DataFrame, column: str = "started_at") -> pd.DataFrame:
    return table[table[column] < EVENT]


def after(table: pd.DataFrame, column: str = "started_at") -> pd.DataFrame:
    return table[table[column] >= EVENT]


def repair_features(trips: pd.DataFrame, *extra: str) -> pd.DataFrame:
    return trips[[*HONEST, *extra]].assign(ebike=trips.bike_type == "ebike").astype(float)


@cache
def repair_model(*extra: str) -> HistGradientBoostingClassifier:
    """Return a model of needs_repair, trained on quiet trips before the event's day."""
    trips = before(city().trips)
    return HistGradientBoostingClassifier(random_state=0).fit(repair_features(trips, *extra), trips.needs_repair)


def repair_auc(trips: pd.DataFrame, *extra: str) -> float:
    chances = repair_model(*extra).predict_proba(repair_features(trips, *extra))[:, 1]
    return float(roc_auc_score(trips.needs_repair, chances))


@cache
def demand_model() -> HistGradientBoostingRegressor:
    """Return a model of hourly demand, trained on a quiet year's first 300 days."""
    table = hourly_demand(simulate(5, scenario=QUIET))[: 300 * 24]
    return HistGradientBoostingRegressor(random_state=0).fit(table[CALENDAR_AND_WEATHER], table.trips)


def demand_error(**knobs) -> float:
    """Return that model's mean absolute error in the 30 days after day 300."""
    table = hourly_demand(simulate(5, scenario=replace(QUIET, **knobs)))[300 * 24 : 330 * 24]
    return float(mean_absolute_error(table.trips, demand_model().predict(table[CALENDAR_AND_WEATHER])))


def deposit_gap(riders: pd.DataFrame, column: str) -> float:
    """Return by how much a column's rate is higher in Eastfield at equal failed_payments and membership."""
    rates = riders.groupby(["failed_payments", "membership", riders.district == "Eastfield"])[column].agg(["mean", "size"])
    rates = rates.unstack().dropna()
    return float(np.average(rates["mean"][True] - rates["mean"][False], weights=rates["size"][True]))


# Tables


def documented(table: str) -> list[str]:
    section = re.search(rf"^{table}: .*\n((?:    .*\n)+)", metro_bikes.__doc__, re.MULTILINE)
    return re.findall(r"^    (\w+) ", section[1], re.MULTILINE)


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_the_documented_ones(table):
    """The module's docstring lists the columns of each table, in their order."""
    assert list(getattr(city(), table).columns) == documented(table)


@pytest.mark.parametrize("table", TABLES)
def test_keys_count_from_one(table):
    """The first column is a key: unique, in order; for weather, every hour of every day."""
    key = getattr(simulate(1, 3_000, days=30), table).iloc[:, 0]
    expected = pd.date_range("2025-01-01", periods=720, freq="h", tz="UTC") if table == "weather" else range(1, len(key) + 1)
    assert list(key) == list(expected)


@pytest.mark.parametrize(
    ("table", "column", "target"),
    [
        ("trips", "rider_id", "riders.rider_id"),
        ("trips", "start_station_id", "stations.station_id"),
        ("trips", "end_station_id", "stations.station_id"),
        ("tickets", "trip_id", "trips.trip_id"),
        ("tickets", "rider_id", "riders.rider_id"),
    ],
)
def test_foreign_keys_exist(table, column, target):
    """Every foreign key stands in the table that it points to."""
    there, key = target.split(".")
    assert set(getattr(city(), table)[column]) <= set(getattr(city(), there)[key])


def test_ticket_names_the_rider_of_its_trip():
    """A ticket's rider made the trip that the ticket is about."""
    both = city().tickets.merge(city().trips, on="trip_id", suffixes=("", "_of_trip"))
    assert (both.rider_id == both.rider_id_of_trip).all()


@pytest.mark.parametrize("table", TABLES)
def test_times_are_utc(table):
    """Every time column has the zone UTC."""
    columns = getattr(city(), table).filter(regex="^time$|_at$")
    assert all(str(kind) == "datetime64[ns, UTC]" for kind in columns.dtypes)


@pytest.mark.parametrize(("table", "column"), [("trips", "started_at"), ("tickets", "created_at"), ("weather", "time")])
def test_rows_are_in_order_of_time(table, column):
    """Trips, tickets and weather are sorted by time."""
    assert getattr(city(), table)[column].is_monotonic_increasing


def test_what_happens_later_has_a_later_time():
    """A trip starts within the simulated days, ends, then is labelled; a ticket follows it, then is resolved."""
    trips = city().trips
    assert trips.started_at.between("2025-01-01", pd.Timestamp("2025-01-01", tz="UTC") + pd.Timedelta(days=DAYS)).all()
    assert (trips.started_at < trips.ended_at).all()
    assert (trips.ended_at < trips.label_available_at).all()
    tickets = city().tickets.merge(trips, on="trip_id")
    assert (tickets.ended_at < tickets.created_at).all()
    assert (tickets.created_at < tickets.resolved_at).all()
    assert (city().riders.joined_at < trips.started_at.min()).all()


def test_quantities_are_physical():
    """No duration, distance, rain, wind, wait or count is negative, and duration is the time between start and end."""
    trips = city().trips
    positive = ["duration_min", "distance_km", "tyre_pressure_bar", "unlock_seconds"]
    assert (trips[positive] > 0).all(axis=None)
    assert (trips[["km_since_service", "idle_hours"]] >= 0).all(axis=None)
    assert (city().weather[["rain_mm", "wind_mps"]] >= 0).all(axis=None)
    minutes = (trips.ended_at - trips.started_at) / pd.Timedelta(minutes=1)
    assert trips.duration_min.to_numpy() == pytest.approx(minutes.to_numpy(), abs=0.006)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_missing_in_a_quiet_city(table):
    """Without a broken sensor, no value is missing."""
    assert not getattr(city(), table).isna().any(axis=None)


# Chance


def digest_in_a_fresh_process(hash_seed: str) -> str:
    code = (
        "import hashlib, metro_bikes as m; c = m.simulate(4, 3_000, days=200); "
        "text = ''.join(getattr(c, t).to_csv() for t in ['stations', 'riders', 'weather', 'trips', 'tickets']); "
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    paths = os.pathsep.join([os.path.dirname(metro_bikes.__file__), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
    return subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True).stdout.strip()


def test_equal_arguments_give_equal_tables_in_any_process():
    """Neither the process nor its hash seed changes a byte."""
    assert len({digest_in_a_fresh_process(hash_seed) for hash_seed in ("0", "1")}) == 1


@pytest.mark.parametrize("table", TABLES)
def test_other_seeds_give_other_data(table):
    """Every table depends on the seed."""
    first, second = (getattr(simulate(seed, 3_000, days=30), table) for seed in (1, 2))
    assert not first.equals(second)


def test_simulation_leaves_numpys_global_state_alone():
    """A lab's own np.random.seed is not disturbed, nor does it matter."""
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    simulate(1, 100, days=2)
    assert np.random.random() == expected


@pytest.mark.parametrize("seed", range(5))
def test_number_of_trips_is_about_what_was_asked(seed):
    """Chance moves the number of trips by less than three per cent."""
    assert len(simulate(seed, 20_000, scenario=QUIET).trips) == pytest.approx(20_000, rel=0.03)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_changes_nothing_before_its_day(event):
    """Until its day, a city with an event equals the quiet one, row by row."""
    changed = city(**{event: DAY})
    assert before(changed.trips).equals(before(city().trips))
    assert before(changed.weather, "time").equals(before(city().weather, "time"))
    assert before(changed.tickets, "created_at").equals(before(city().tickets, "created_at"))


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_shows_on_its_day(event):
    """On its very day, a table differs from the quiet city's; the truth names the day."""
    changed = city(**{event: DAY})
    tomorrow = EVENT + pd.Timedelta(days=1)
    pairs = [(changed.trips, city().trips, "started_at"), (changed.weather, city().weather, "time")]
    days = [[table[table[time].between(EVENT, tomorrow, inclusive="left")] for table in pair] for *pair, time in pairs]
    assert any(not new.equals(old) for new, old in days)
    assert getattr(changed.truth, event) == EVENT


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_past_the_end_never_happens(event):
    """The truth has no day for an event after the simulation's end, nor for one that is off."""
    past = city(**{event: DAYS})
    assert getattr(past.truth, event) is None
    assert getattr(city().truth, event) is None
    assert past.trips.equals(city().trips)


def test_truth_names_columns_that_exist():
    """Each column that the truth names is in a table, or is hourly demand's."""
    columns = {column for table in TABLES for column in getattr(city(), table)} | {"trips"}
    named = {name: getattr(city().truth, name) for name in Truth.__dataclass_fields__ if name.endswith("_column")}
    assert {name: column for name, column in named.items() if column not in columns} == {}


# Demand


@pytest.mark.parametrize("by_station", [False, True])
def test_hourly_demand_counts_every_trip_once(by_station):
    """All trips are counted, and every hour (and station) has a row."""
    table = hourly_demand(city(), by_station)
    assert table.trips.sum() == len(city().trips)
    assert len(table) == DAYS * 24 * (40 if by_station else 1)


def test_demand_by_station_counts_the_station_of_departure():
    """A row counts the trips that started in its hour at its station."""
    trips = city().trips
    row = hourly_demand(city(), by_station=True).sort_values("trips").iloc[-1]
    assert row.trips == ((trips.started_at.dt.floor("h") == row.time) & (trips.start_station_id == row.station_id)).sum()


def errors_of_demand_models(*models) -> list[float]:
    table = hourly_demand(simulate(2, scenario=QUIET))
    train = np.random.default_rng(0).random(len(table)) < 0.7
    X, y = table[CALENDAR_AND_WEATHER], table.trips
    return [mean_absolute_error(y[~train], model.fit(X[train], y[train]).predict(X[~train])) for model in models]


def test_boosting_beats_linear_beats_mean_on_demand():
    """A boosted model errs less than half as much as a linear one, which beats a constant by a tenth."""
    boosting = HistGradientBoostingRegressor(random_state=0)
    mean, linear, boosted = errors_of_demand_models(DummyRegressor(), LinearRegression(), boosting)
    assert linear < 0.9 * mean
    assert boosted < 0.5 * linear


def test_a_tree_too_deep_overfits_demand():
    """A tree of depth 10 beats both a shallow tree and one without a limit."""
    shallow, best, deep = errors_of_demand_models(*(DecisionTreeRegressor(max_depth=d, random_state=0) for d in (5, 10, None)))
    assert best < 0.9 * min(shallow, deep)


def test_expected_trips_leave_only_chance():
    """Around the true expectation, trips scatter as a Poisson count does, with little besides."""
    table, expected = hourly_demand(city()), city().truth.expected_trips
    excess = (table.trips.to_numpy() - expected.to_numpy()) / np.sqrt(expected.to_numpy())
    assert np.std(excess) == pytest.approx(1.1, abs=0.1)
    assert abs(np.mean(excess)) < 0.06


def test_commuters_ride_on_workdays_only():
    """At 8 o'clock, a workday has more than three times a Sunday's or a holiday's trips."""
    table = hourly_demand(city())
    eight = table[table.hour == 8]
    workday = eight[(eight.weekday < 5) & ~eight.holiday].trips.mean()
    assert workday > 3 * eight[(eight.weekday == 6) | eight.holiday].trips.mean()


# The truths


def test_leak_makes_the_auc_too_good():
    """With idle_hours the AUC is above 0.97; without it, good but honest."""
    trips, feature = after(city().trips), city().truth.leaking_feature
    assert repair_auc(trips, feature) > 0.97
    assert 0.7 < repair_auc(trips) < 0.85


def test_leak_can_be_switched_off():
    """Without the leak idle_hours tells nothing, and the truth names no feature."""
    honest = city(leak=False)
    assert honest.truth.leaking_feature is None
    assert roc_auc_score(honest.trips.needs_repair, honest.trips.idle_hours) == pytest.approx(0.5, abs=0.03)


def test_no_honest_model_beats_the_true_probability():
    """The true probability of repair ranks better than the model, by little: the task can be learnt."""
    trips = after(city().trips)
    best = roc_auc_score(trips.needs_repair, city().truth.repair_probability[trips.trip_id])
    assert best - 0.04 < repair_auc(trips) < best + 0.005


def test_temperature_turns_to_fahrenheit():
    """From the day on, the same hour's temperature is 1.8 times plus 32; the trips stay the same."""
    changed = city(unit_change_day=DAY)
    celsius = after(city().weather, "time").temperature_c
    assert changed.truth.unit_change_column == "temperature_c"
    assert after(changed.weather, "time").temperature_c.to_numpy() == pytest.approx(celsius * 1.8 + 32, abs=0.051)
    assert changed.trips.equals(city().trips)


@pytest.mark.parametrize("group", ["A", "B", "C", None])
def test_distance_turns_to_metres_in_its_group_only(group):
    """From the day on, distances are in m where the start station's sensors are of the group, or everywhere."""
    changed = city(unit_change_day=DAY, unit_change_column="distance_km", unit_change_group=group)
    start = after(city().trips).start_station_id.map(city().stations.set_index("station_id").sensor_group)
    in_group = (start == group) | (group is None)
    ratio = np.where(in_group, 1000, 1)
    distance = after(changed.trips).distance_km / ratio
    assert distance.to_numpy() == pytest.approx(after(city().trips).distance_km.to_numpy(), abs=0.0051)
    assert in_group.any()


def test_unit_change_harms_the_models():
    """Degrees Fahrenheit raise the demand model's error by a third; metres cost the repair model AUC."""
    assert demand_error(unit_change_day=300) > 1.33 * demand_error()
    metres = city(unit_change_day=DAY, unit_change_column="distance_km", unit_change_group="B")
    assert repair_auc(after(metres.trips)) < repair_auc(after(city().trips)) - 0.015


def test_ebikes_grow_longer_and_faster():
    """There are none before their day; then their share grows, and they go farther and faster than classic bikes."""
    trips = city(ebikes_day=DAY).trips
    assert (before(trips).bike_type == "classic").all()
    ebike, late = after(trips).bike_type == "ebike", after(trips).started_at > EVENT + pd.Timedelta(days=40)
    assert 0.05 < ebike[~late].mean() < ebike[late].mean() - 0.05 < 0.4
    distance, duration = (after(trips).groupby("bike_type")[name].mean() for name in ("distance_km", "duration_min"))
    assert distance["ebike"] > 1.2 * distance["classic"]
    assert distance["ebike"] / duration["ebike"] > 1.2 * distance["classic"] / duration["classic"]


def test_ebikes_shift_the_tickets():
    """No ticket about batteries before the e-bikes; afterwards a share of them."""
    tickets = simulate(3, TRIPS, scenario=replace(QUIET, ebikes_day=DAY)).tickets
    assert "battery" not in set(before(tickets, "created_at").category)
    assert (after(tickets, "created_at").category == "battery").mean() > 0.05


def test_harmless_drift_moves_a_column_but_no_error():
    """The new app cuts unlock_seconds by more than a fifth; the repair model's AUC stays."""
    drifted = city(harmless_drift_day=DAY)
    column = drifted.truth.harmless_drift_column
    assert after(drifted.trips)[column].mean() < 0.8 * before(drifted.trips)[column].mean()
    assert repair_auc(after(drifted.trips)) == pytest.approx(repair_auc(after(city().trips)), abs=0.005)
    assert drifted.truth.repair_probability.equals(city().truth.repair_probability)


def test_harmful_drift_raises_the_error_of_demand():
    """A tram takes commuters: the demand model, trained before it, errs a quarter more."""
    assert demand_error(harmful_drift_day=300) > 1.25 * demand_error()


def test_the_tram_takes_commuters_near_it_only():
    """Trips fall where the tram stops, and not elsewhere."""
    trips = {name: after(c.trips) for name, c in [("tram", city(harmful_drift_day=DAY)), ("quiet", city())]}
    near = city().stations.set_index("station_id").near_tram
    counts = pd.DataFrame({name: t.groupby(t.start_station_id.map(near)).size() for name, t in trips.items()})
    ratio = counts.tram / counts.quiet
    assert ratio[True] < 0.75
    assert ratio[False] == pytest.approx(1, abs=0.05)


def test_concept_drift_moves_no_input():
    """New brake pads change the labels of trips, but neither their features nor the rate of repairs."""
    drifted, quiet = after(city(concept_drift_day=DAY).trips), after(city().trips)
    assert drifted[HONEST].equals(quiet[HONEST])
    assert drifted.needs_repair.mean() == pytest.approx(quiet.needs_repair.mean(), rel=0.1)


def test_concept_drift_costs_the_repair_model_its_auc():
    """The repair model, trained before, ranks trips worse by 0.08 of AUC."""
    assert repair_auc(after(city(concept_drift_day=DAY).trips)) < repair_auc(after(city().trips)) - 0.08


@pytest.mark.parametrize("group", ["A", "B", "C"])
def test_broken_sensor_is_missing_where_trips_end_at_its_group(group):
    """From the day on, tyre_pressure_bar is missing at the group's stations and nowhere else."""
    broken = city(broken_sensor_day=DAY, broken_sensor_group=group)
    missing = broken.trips[broken.truth.broken_sensor_column].isna()
    end = broken.trips.end_station_id.map(broken.stations.set_index("station_id").sensor_group)
    assert (missing == ((broken.trips.started_at >= EVENT) & (end == group))).all()
    assert missing.any()


def test_a_default_hides_the_broken_sensor():
    """Filled with zero, the missing pressures look like flat tyres, and the model's alarms more than double."""
    trips = after(city(broken_sensor_day=DAY).trips)
    blind = trips[trips.tyre_pressure_bar.isna()]
    alarm = repair_model().predict_proba(repair_features(blind.fillna({"tyre_pressure_bar": 0.0})))[:, 1].mean()
    assert alarm > 2 * blind.needs_repair.mean()


@pytest.mark.parametrize("mean_delay", [1.0, 10.0])
def test_labels_are_late_and_faults_twice_as_late(mean_delay):
    """The mean delay is the scenario's for sound bikes, twice that for broken ones."""
    trips = city(label_delay_days=mean_delay).trips
    delay = (trips.label_available_at - trips.ended_at) / pd.Timedelta(days=1)
    mean = delay.groupby(trips.needs_repair).mean()
    assert mean[False] == pytest.approx(mean_delay, rel=0.05)
    assert mean[True] == pytest.approx(2 * mean_delay, rel=0.05)


def test_newest_labels_look_too_healthy():
    """Of the last week's trips, those already labelled need repair a quarter less often than all."""
    trips = city().trips
    recent = trips[trips.ended_at.between(EVENT - pd.Timedelta(days=7), EVENT)]
    known = recent[recent.label_available_at <= EVENT]
    assert known.needs_repair.mean() < 0.75 * recent.needs_repair.mean()


@cache
def riders(**knobs) -> pd.DataFrame:
    return simulate(9, 100, days=2, riders=40_000, scenario=replace(QUIET, **knobs)).riders


def test_staff_asked_eastfield_for_deposits_at_equal_risk():
    """At equal risk, Eastfield's riders paid deposits more often by 0.2, but left fees unpaid as often as others."""
    assert deposit_gap(riders(), "deposit_required") > 0.2
    assert deposit_gap(riders(), "unpaid") == pytest.approx(0, abs=0.02)


def test_decisions_are_fair_without_bias():
    """With a bias of 0, deposits at equal risk are equal."""
    assert deposit_gap(riders(decision_bias=0.0), "deposit_required") == pytest.approx(0, abs=0.02)


def test_base_rates_differ_by_district():
    """Eastfield's rate of unpaid fees is higher, unless its riders have as many failed payments as others."""
    rates, equal = (table.groupby(table.district == "Eastfield").unpaid.mean() for table in (riders(), riders(base_rate_ratio=1.0)))
    assert rates[True] > rates[False] + 0.04
    assert equal[True] == pytest.approx(equal[False], abs=0.015)


def test_payment_gives_the_district_away():
    """Most prepaid riders live in Eastfield: leaving the district out does not hide it."""
    assert (riders().query("payment == 'prepaid'").district == "Eastfield").mean() > 0.5


def test_age_changes_nothing():
    """Deposits and unpaid fees are as frequent in every age band."""
    rates = riders().groupby("age_band")[["deposit_required", "unpaid"]].mean()
    assert (rates.max() - rates.min() < 0.03).all()


def test_personal_data_is_flagged_and_fictional():
    """An address or number stands in a ticket's text exactly if the column says so, and can belong to no one."""
    tickets = simulate(1, TRIPS).tickets
    held = tickets.text.str.contains(r"@|\+\d")
    fictional = tickets.text.str.contains(r"@example\.com\.$|\+44 1632 960\d{3}\.$")
    assert held.equals(tickets.contains_personal_data.rename("text"))
    assert fictional.equals(held)
    assert 0.04 < held.mean() < 0.12


def test_personal_data_can_be_switched_off():
    """At a rate of 0, no ticket holds any."""
    assert not city(personal_data_rate=0.0).tickets.text.str.contains("@|\\+").any()


def test_tickets_fit_their_trips():
    """A broken bike is reported after trips that broke it, and urgent tickets are resolved first."""
    tickets = city().tickets.merge(city().trips, on="trip_id")
    reported = (tickets.category == "broken_bike").groupby(tickets.needs_repair).mean()
    assert reported[True] > 4 * reported[False]
    wait = (tickets.resolved_at - tickets.created_at).groupby(tickets.priority).median()
    assert wait["high"] < wait["normal"] < wait["low"]


# Wrong arguments


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("seed", -1),
        ("seed", "seven"),
        ("trips", 0),
        ("days", 1.5),
        ("riders", 0),
        ("start", "yesterday-ish"),
        ("start", "2025-01-01 12:00"),
        ("start", "2025-01-01T00:00+02:00"),
        ("start", None),
    ],
)
def test_a_wrong_argument_is_named(argument, value):
    """The error says which argument, what it was, and what to use."""
    with pytest.raises(ValueError, match=rf"simulate: {argument}: {re.escape(repr(value))} given – use .+"):
        simulate(**{argument: value})


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("leak", 3),
        ("ebikes_day", -1),
        ("unit_change_day", 1.5),
        ("ebikes_share", 1.1),
        ("tram_effect", float("nan")),
        ("personal_data_rate", -0.1),
        ("label_delay_days", 0),
        ("base_rate_ratio", float("inf")),
        ("decision_bias", float("nan")),
        ("broken_sensor_group", "D"),
        ("unit_change_column", "rain_mm"),
        ("unit_change_group", "B"),
    ],
)
def test_a_wrong_knob_is_named(knob, value):
    """The error says which knob, what it was, and what to use."""
    with pytest.raises(ValueError, match=rf"Scenario: {knob}: {re.escape(repr(value))} given – use .+"):
        Scenario(**{knob: value})


def test_the_smallest_city_works():
    """One expected trip on one day by one rider makes tables that hourly_demand can count, even if empty."""
    for seed in range(5):
        small = simulate(seed, 1, days=1, riders=1)
        assert hourly_demand(small).trips.sum() == len(small.trips)
        assert list(small.tickets.columns) == documented("tickets")
