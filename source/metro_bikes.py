"""Metro Bikes, a city's bike share, simulated from a seed, with its truth known.

    city = simulate(seed=7, trips=20_000)                               # the year with all its events
    calm = simulate(seed=7, trips=20_000, scenario=QUIET)               # the same year without any
    tram = simulate(7, scenario=replace(QUIET, harmful_drift_day=90))   # one event alone (dataclasses.replace)

Equal arguments give equal tables. Each column draws from a random stream of its own, so an event changes nothing before
its day: `calm` is what would have happened without it. Times are UTC, the city's own clock. The tables know the future:
cut them at your own "now", and use no label before its `label_available_at`.

stations: one row a station, 40 of them
    station_id              key, from 1
    name                    made up
    district                Harbour, Old Town, University, Hillside or Eastfield
    east_km                 km east of the town hall
    north_km                km north of the town hall
    elevation_m             m above the sea
    docks                   bikes that fit in
    near_tram               whether the new tram line stops here
    sensor_group            A, B or C: whose dock sensors it has
riders: one row a rider, as known when the simulation starts, and what became of the rider
    rider_id                key, from 1
    joined_at               time, in the three years before the start
    age_band                16-24, 25-34, 35-49, 50-64 or 65+; changes nothing
    district                home; the sensitive column
    membership              annual or day
    payment                 card or prepaid; a proxy of the district: Eastfield has few banks
    failed_payments         count in the year before the start
    deposit_required        whether staff asked for a deposit: the historical, unfair decision
    unpaid                  whether a fee stayed unpaid in the year after: what the decision tried to foresee
weather: one row an hour, from the station at the airport
    time                    start of the hour
    temperature_c           °C (or °F, see unit change)
    rain_mm                 mm in the hour
    wind_mps                m/s
trips: one row a trip, sorted by started_at
    trip_id                 key, from 1
    rider_id                key of riders
    start_station_id        key of stations
    end_station_id          key of stations
    started_at              time of the unlocking
    ended_at                time of the return
    duration_min            minutes between the two
    distance_km             km by the odometer (or m, see unit change)
    climb_m                 m, end's elevation minus start's
    bike_type               classic or ebike
    km_since_service        km, of the bike, before the trip
    tyre_pressure_bar       bar, by the sensor of the dock where it ended (or missing, see broken sensor)
    app_version             5.9 or 6.0
    unlock_seconds          s from opening the app to riding off
    idle_hours              h that the bike stood afterwards, until its next trip: THE LEAK
    needs_repair            label: whether the workshop found the bike in need of repair after this trip
    label_available_at      time at which needs_repair is known
tickets: one row a message to the support desk, sorted by created_at
    ticket_id               key, from 1
    trip_id                 key of trips: the trip it is about
    rider_id                key of riders
    created_at              time, after the trip's end
    resolved_at             time, after created_at
    category                billing, unlock, app, lost_item, broken_bike or battery
    priority                low, normal or high
    language                en or es
    text                    the message; its numbers of trips are look-alikes, not personal data
    contains_personal_data  whether a made-up e-mail address or telephone number stands in text

The truths, each a knob of `Scenario` and a fact in `Truth`:
    leak            idle_hours is short after a sound bike's trip, long after a broken one's. It is not known when a
                    model has to predict: at the trip's end.
    unit change     From a day on, weather's temperature_c is in °F, or trips' distance_km in m: where trips start at
                    stations of one sensor group, or everywhere. The world, its demand and its repairs stay the same.
    e-bikes         From a day on a quarter of `ebikes_share` of trips is on e-bikes, 90 days later all of it: longer,
                    faster, more often broken, and with tickets about batteries.
    harmless drift  A new app: unlock_seconds falls by 40 % within two weeks. No label depends on it.
    harmful drift   A tram opens: `tram_effect` of the commuting trips from stations near it are gone.
    concept drift   New brake pads: wear no longer follows km_since_service, but metres downhill. No input column moves,
                    and as many bikes need repair as before.
    broken sensor   From a day on, tyre_pressure_bar is missing where trips end at stations of one sensor group.
    late labels     needs_repair is known after a delay, Gamma distributed (shape 2) with a mean of `label_delay_days`,
                    twice that if it is true: so the newest labels look too healthy.
    sensitive group At equal failed_payments and membership, Eastfield's riders leave fees unpaid as often as others;
                    staff asked them for deposits more often, by `decision_bias` in log-odds. `base_rate_ratio` times as
                    many of their payments fail, so base rates differ: no useful model meets all criteria of fairness.
    personal data   Each ticket holds some with probability `personal_data_rate`.
"""

from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DISTRICTS = pd.DataFrame.from_dict(
    {
        "Harbour": (1.5, -2.0, 5, 0.6, 1.4, 2.0),
        "Old Town": (0.0, 0.0, 20, 0.5, 2.0, 1.5),
        "University": (-1.5, 1.0, 35, 0.8, 1.6, 1.0),
        "Hillside": (-2.5, 3.0, 110, 1.6, 0.3, 0.6),
        "Eastfield": (4.0, 1.0, 25, 1.8, 0.5, 0.5),
    },
    orient="index",
    columns=["east_km", "north_km", "elevation_m", "homes", "offices", "sights"],
)
TRAM_DISTRICTS = ["University", "Old Town", "Eastfield"]
SENSITIVE_DISTRICT = "Eastfield"
SENSOR_GROUPS = ["A", "B", "C"]
HOLIDAYS = ["01-01", "05-01", "06-24", "10-03", "12-25", "12-26"]
STREETS = ["Mill", "Church", "Market", "Bridge", "Park", "Castle", "Garden", "River"]
PRIORITIES = ["low", "normal", "high"]
HOURS_TO_RESOLVE = np.array([48.0, 20.0, 4.0])
# A category's share of tickets about sound classics, broken classics, sound e-bikes, broken e-bikes; its priorities
DESK = {
    "billing": ([0.30, 0.08, 0.20, 0.05], [0.3, 0.6, 0.1]),
    "unlock": ([0.28, 0.08, 0.16, 0.05], [0.1, 0.4, 0.5]),
    "app": ([0.22, 0.04, 0.12, 0.02], [0.5, 0.4, 0.1]),
    "lost_item": ([0.12, 0.02, 0.07, 0.01], [0.3, 0.6, 0.1]),
    "broken_bike": ([0.08, 0.78, 0.05, 0.47], [0.1, 0.5, 0.4]),
    "battery": ([0.00, 0.00, 0.40, 0.40], [0.2, 0.5, 0.3]),
}
PROBLEMS = {
    "en billing": ["I paid for {minutes} minutes twice.", "The fee for trip {trip} is wrong."],
    "en unlock": ["No bike at {station} would unlock.", "The lock at {station} stays shut."],
    "en app": ["The app crashed when I opened the map.", "The app shows {station} as empty, but it is full."],
    "en lost_item": ["I left my bag in the basket at {station}.", "I lost my keys on trip {trip}."],
    "en broken_bike": ["The brakes failed on the way to {station}.", "The chain broke after {minutes} minutes."],
    "en battery": ["The battery died after {minutes} minutes.", "The e-bike at {station} does not charge."],
    "es billing": ["He pagado dos veces {minutes} minutos.", "La tarifa del viaje {trip} no es correcta."],
    "es unlock": ["Ninguna bici se desbloquea en {station}.", "El candado en {station} no se abre."],
    "es app": ["La app se cierra al abrir el mapa.", "La app dice que {station} está vacía y está llena."],
    "es lost_item": ["Olvidé mi bolso en la cesta en {station}.", "Perdí mis llaves en el viaje {trip}."],
    "es broken_bike": ["Los frenos fallaron camino de {station}.", "La cadena se rompió a los {minutes} minutos."],
    "es battery": ["La batería se agotó a los {minutes} minutos.", "La bici eléctrica de {station} no carga."],
}
URGENCY = {"en": ["No hurry.", "Please help.", "I am stuck!"], "es": ["No hay prisa.", "Ayuda.", "¡Es urgente!"]}
CONTACT = {"en": "You can reach me at {}.", "es": "Mi contacto es {}."}


def _check(ok: Any, where: str, value: object, advice: str) -> None:
    if not ok:
        raise ValueError(f"{where}: {value!r} given – use {advice}")


def _whole(value: object, least: int) -> bool:
    return isinstance(value, (int, np.integer)) and bool(value >= least)


@dataclass(frozen=True)
class Scenario:
    """The events and their strengths. Day 0 is the first; at None, or past the end, an event never happens."""

    leak: bool = True
    ebikes_day: int | None = 120
    ebikes_share: float = 0.4
    harmless_drift_day: int | None = 150
    broken_sensor_day: int | None = 180
    broken_sensor_group: str = "C"
    harmful_drift_day: int | None = 210
    tram_effect: float = 0.7
    concept_drift_day: int | None = 240
    unit_change_day: int | None = 270
    unit_change_column: str = "temperature_c"
    unit_change_group: str | None = None
    label_delay_days: float = 4.0
    decision_bias: float = 1.2
    base_rate_ratio: float = 1.6
    personal_data_rate: float = 0.08

    def __post_init__(self) -> None:
        """Raise ValueError for a knob out of its range."""
        at_airport = self.unit_change_column == "temperature_c"  # which has no sensor group
        choices: dict[str, list[Any]] = {
            "leak": [True, False],
            "broken_sensor_group": SENSOR_GROUPS,
            "unit_change_column": ["temperature_c", "distance_km"],
            "unit_change_group": [None] if at_airport else [None, *SENSOR_GROUPS],
        }
        for name, value in vars(self).items():
            if name in choices:
                ok, advice = value in choices[name], f"one of {choices[name]}"
                advice += " (only distance_km changes by group)" if name == "unit_change_group" and at_airport else ""
            elif name.endswith("_day"):
                ok, advice = value is None or _whole(value, 0), "a whole number from 0 on, or None"
            elif name.endswith(("_share", "_effect", "_rate")):
                ok, advice = 0 <= value <= 1, "a share between 0 and 1"
            elif name.endswith(("_days", "_ratio")):
                ok, advice = 0 < value < np.inf, "a finite number above 0"
            else:
                ok, advice = bool(np.isfinite(value)), "a finite number"
            _check(ok, f"Scenario: {name}", value, advice)


EVENTS = [field.name for field in fields(Scenario) if field.name.endswith("_day")]
OFF: dict[str, Any] = dict.fromkeys(EVENTS)
QUIET = replace(Scenario(), **OFF)


@dataclass(frozen=True, eq=False)
class Truth:
    """What the tables do not say. A day is its midnight, or None if the event never happened."""

    scenario: Scenario
    expected_trips: pd.Series
    """Trips that the city could expect, by time (hourly). What is left to a perfect model is chance."""
    repair_probability: pd.Series
    """True probability of needs_repair, by trip_id. No honest model ranks trips better."""
    leaking_feature: str | None
    unit_change_column: str
    ebikes_day: pd.Timestamp | None
    harmless_drift_day: pd.Timestamp | None
    harmful_drift_day: pd.Timestamp | None
    concept_drift_day: pd.Timestamp | None
    broken_sensor_day: pd.Timestamp | None
    unit_change_day: pd.Timestamp | None
    leaked_label: str = "needs_repair"
    late_label: str = "needs_repair"
    ebikes_column: str = "bike_type"
    harmless_drift_column: str = "unlock_seconds"
    harmful_drift_column: str = "trips"
    concept_drift_column: str = "needs_repair"
    broken_sensor_column: str = "tyre_pressure_bar"
    sensitive_column: str = "district"
    sensitive_group: str = SENSITIVE_DISTRICT
    proxy_column: str = "payment"
    decision_column: str = "deposit_required"
    outcome_column: str = "unpaid"
    personal_data_column: str = "contains_personal_data"


@dataclass(frozen=True, eq=False)
class City:
    """Metro Bikes' tables, as the module's docstring describes them, and the truth behind them."""

    stations: pd.DataFrame
    riders: pd.DataFrame
    weather: pd.DataFrame
    trips: pd.DataFrame
    tickets: pd.DataFrame
    truth: Truth


def simulate(
    seed: int = 0,
    trips: int = 100_000,
    start: str = "2025-01-01",
    days: int = 365,
    *,
    riders: int = 5_000,
    scenario: Scenario = Scenario(),
) -> City:
    """Return the city from midnight of `start` for `days` days.

    `trips` is the number to expect without a tram: chance moves it by a few in a thousand (more if it is small).
    Raises ValueError for an argument that makes no city.
    """
    for name, value, least in [("seed", seed, 0), ("trips", trips, 1), ("days", days, 1), ("riders", riders, 1)]:
        _check(_whole(value, least), f"simulate: {name}", value, f"a whole number from {least} on")
    midnight = _midnight(start)
    station_table = _stations(seed)
    rider_table = _riders(seed, midnight, riders, scenario)
    weather = _weather(seed, midnight, days)
    expected = _expected_trips(weather, station_table, trips, scenario)
    trip_table, repair_probability = _trips(seed, weather, station_table, rider_table, expected, scenario)
    tickets = _tickets(seed, trip_table, station_table, scenario)
    if scenario.unit_change_column == "temperature_c":
        fahrenheit = _since(scenario.unit_change_day, np.arange(days * 24) // 24)
        weather["temperature_c"] = weather.temperature_c.mask(fahrenheit, weather.temperature_c * 1.8 + 32).round(1)
    happened = {name: day for name in EVENTS if (day := getattr(scenario, name)) is not None and day < days}
    truth = Truth(
        scenario=scenario,
        expected_trips=pd.Series(expected.sum(axis=(1, 2)), index=weather.time, name="expected_trips"),
        repair_probability=repair_probability,
        leaking_feature="idle_hours" if scenario.leak else None,
        unit_change_column=scenario.unit_change_column,
        **OFF | {name: midnight + pd.Timedelta(days=int(day)) for name, day in happened.items()},
    )
    return City(station_table, rider_table, weather, trip_table, tickets, truth)


def hourly_demand(city: City, by_station: bool = False) -> pd.DataFrame:
    """Return trips started per hour, a row an hour (and a station, if asked), hours without trips included.

    Columns: time (start of the hour), hour (0 to 23), weekday (0 is Monday), day_of_year, holiday, temperature_c,
    rain_mm and wind_mps as weather has them, station_id if by station, trips (count). Sorted by time, then station.
    """
    weather, time = city.weather, city.weather.time
    calendar = {"hour": time.dt.hour, "weekday": time.dt.weekday, "day_of_year": time.dt.dayofyear}
    measured = weather[["temperature_c", "rain_mm", "wind_mps"]]
    table = pd.DataFrame({"time": time, **calendar, "holiday": _holiday(time), **measured})
    cell = ((city.trips.started_at - time[0]) // pd.Timedelta(hours=1)).to_numpy()
    if by_station:
        ids = city.stations.station_id.to_numpy()
        cell = cell * len(ids) + city.trips.start_station_id.to_numpy() - 1
        table = table.loc[table.index.repeat(len(ids))].reset_index(drop=True)
        table["station_id"] = np.tile(ids, len(time))
    return table.assign(trips=np.bincount(cell, minlength=len(table)))


def _stations(seed: int) -> pd.DataFrame:
    stream = partial(_stream, seed, "stations")
    names = [f"{street} {kind}" for kind, street in product(["Street", "Square", "Gate", "Lane", "Row"], STREETS)]
    n = len(names)
    centre = DISTRICTS.iloc[np.arange(n) % len(DISTRICTS)].reset_index(names="district")
    table = {
        "station_id": np.arange(1, n + 1),
        "name": names,
        "district": centre.district,
        "east_km": (centre.east_km + stream("east_km").normal(0, 0.6, n)).round(2),
        "north_km": (centre.north_km + stream("north_km").normal(0, 0.6, n)).round(2),
        "elevation_m": centre.elevation_m + stream("elevation_m").integers(-4, 15, n),
        "docks": stream("docks").integers(12, 40, n),
        "near_tram": centre.district.isin(TRAM_DISTRICTS),
        "sensor_group": stream("sensor_group").permutation(np.resize(np.array(SENSOR_GROUPS, dtype=object), n)),
    }
    return pd.DataFrame(table)


def _riders(seed: int, midnight: pd.Timestamp, n: int, scenario: Scenario) -> pd.DataFrame:
    stream = partial(_stream, seed, "riders")

    def choose(column: str, shares: dict[str, float]) -> npt.NDArray[np.object_]:
        return np.array(list(shares), dtype=object)[stream(column).choice(len(shares), n, p=list(shares.values()))]

    homes = dict(zip(DISTRICTS.index, [0.15, 0.2, 0.2, 0.2, 0.25], strict=True))
    district, membership = choose("district", homes), choose("membership", {"annual": 0.7, "day": 0.3})
    sensitive = district == SENSITIVE_DISTRICT
    prepaid = stream("payment").random(n) < np.where(sensitive, 0.6, 0.1)
    failed = stream("failed_payments").poisson(np.where(sensitive, 0.6 * scenario.base_rate_ratio, 0.6))
    risk = failed + 0.5 * (membership == "day")
    suspicion = risk + scenario.decision_bias * sensitive
    table = {
        "rider_id": np.arange(1, n + 1),
        "joined_at": midnight - _seconds(stream("joined_at").uniform(1, 3 * 365 * 86_400, n)),
        "age_band": choose("age_band", {"16-24": 0.2, "25-34": 0.3, "35-49": 0.25, "50-64": 0.17, "65+": 0.08}),
        "district": district,
        "membership": membership,
        "payment": np.where(prepaid, "prepaid", "card").astype(object),
        "failed_payments": failed,
        "deposit_required": stream("deposit_required").random(n) < _sigmoid(suspicion - 2),
        "unpaid": stream("unpaid").random(n) < _sigmoid(risk - 2.8),
    }
    return pd.DataFrame(table)


def _weather(seed: int, midnight: pd.Timestamp, days: int) -> pd.DataFrame:
    time = pd.Series(pd.date_range(midnight, periods=days * 24, freq="h"))

    def spells(column: str, hours: int) -> Floats:
        """Return noise of unit variance that remembers about so many hours."""
        memory = np.exp(-np.arange(5 * hours) / hours)
        noise = _stream(seed, "weather", column).normal(size=len(time))
        return np.asarray(np.convolve(noise, memory)[: len(time)] / np.sqrt((memory**2).sum()))

    season = -np.cos(2 * np.pi * (time.dt.dayofyear - 20) / 365.25)
    daily = np.sin(2 * np.pi * (time.dt.hour - 9) / 24)
    table = {
        "time": time,
        "temperature_c": (11 + 9 * season + 3.5 * daily + 3 * spells("temperature_c", 60)).round(1),
        "rain_mm": (2.5 * np.clip(spells("rain_mm", 8) - 1.2, 0, None)).round(1),
        "wind_mps": np.exp(1.2 + 0.5 * spells("wind_mps", 12)).round(1),
    }
    return pd.DataFrame(table)


def _expected_trips(weather: pd.DataFrame, stations: pd.DataFrame, trips: int, scenario: Scenario) -> Floats:
    """Return expected trips by hour, purpose (0 commute, 1 leisure) and start station."""
    hour, day = weather.time.dt.hour.to_numpy(), np.arange(len(weather)) // 24
    workday = (weather.time.dt.weekday < 5).to_numpy() & ~_holiday(weather.time)
    rain, wind = weather.rain_mm.to_numpy(), weather.wind_mps.to_numpy()
    comfort = np.exp(-(((weather.temperature_c.to_numpy() - 22) / 13) ** 2))

    def around(peak: float, width: float) -> Floats:
        return np.asarray(np.exp(-(((hour - peak) / width) ** 2) / 2))

    homes, offices, sights = _station_weights(stations)
    commute = np.outer(2.4 * around(8, 1.1), homes) + np.outer(2.2 * around(17.4, 1.5), offices)
    commute *= (workday * (0.45 + 0.55 * comfort) * np.exp(-0.3 * rain))[:, None]
    leisure = np.where(workday, 0.4 * around(13, 3) + 0.7 * around(19, 2.5), 1.7 * around(14.5, 4))
    leisure = 0.02 + leisure * comfort * np.exp(-1.2 * rain - 0.04 * wind)
    expected = np.stack([commute, np.outer(leisure, sights)], axis=1)
    expected *= trips / expected.sum()
    expected[:, 0] *= 1 - scenario.tram_effect * np.outer(_since(scenario.harmful_drift_day, day), stations.near_tram)
    return expected


def _departures(seed: int, expected: Floats) -> tuple[Ints, Ints, Ints]:
    """Return each trip's second since the start, purpose and start station's position, in order of time."""
    stream = partial(_stream, seed, "trips")
    unexplained = stream("unexplained").lognormal(-0.005, 0.1, len(expected))  # concerts, strikes: in no column
    counts = stream("count").poisson(expected * unexplained[:, None, None])
    hour, purpose, origin = np.unravel_index(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape)
    second = hour * 3600 + stream("started_at").integers(0, 3600, len(hour))
    order = np.argsort(second, kind="stable")
    return second[order], purpose[order], origin[order]


def _trips(
    seed: int, weather: pd.DataFrame, stations: pd.DataFrame, riders: pd.DataFrame, expected: Floats, scenario: Scenario
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the trips, and for each the probability that the bike needs repair."""
    stream = partial(_stream, seed, "trips")
    second, purpose, origin = _departures(seed, expected)
    n, day, hour = len(second), second // 86_400, second // 3600 % 24

    homes, offices, sights = _station_weights(stations)
    towards = np.where(purpose == 1, 2, np.where(hour < 12, 0, 1))
    target = _pick(np.stack([offices, homes, sights]), towards, stream("end_station_id").random(n))
    annual = (riders.membership == "annual").to_numpy()
    activity = np.where(annual, [[0.95], [0.4]], [[0.1], [1.0]]) * stream("activity").gamma(1, 1, len(riders))
    rider = _pick(activity, purpose, stream("rider_id").random(n))

    fleet = scenario.ebikes_share * (0.25 + 0.75 * _ramp(scenario.ebikes_day, day, 90))
    ebike = _since(scenario.ebikes_day, day) & (stream("bike_type").random(n) < fleet)
    place = stations[["east_km", "north_km", "elevation_m"]].to_numpy(dtype=float)
    east, north, climb = (place[target] - place[origin]).T
    detour = 0.1 + stream("detour").gamma(2, 0.25, n) * np.where(purpose == 1, 2.5, 1.0)
    distance = (1.2 * np.hypot(east, north) + detour) * np.where(ebike, 1.35, 1.0)
    speed = np.where(ebike, 19, 14 - 0.03 * np.clip(climb, -60, 120)) * stream("speed").lognormal(0, 0.15, n)
    duration = np.ceil(distance / speed * 3600 + 45)

    pressure = np.clip(stream("tyre_pressure_bar").normal(3.5, 0.4, n), 1, None)
    since_service = stream("km_since_service").uniform(0, 400, n)
    wear = np.where(_since(scenario.concept_drift_day, day), -climb / 40, (since_service - 200) / 100)
    probability = _sigmoid(-3.4 + 0.8 * wear + 1.8 * (3.5 - pressure) + 0.25 * (distance - 4) + 0.6 * ebike)
    repair = stream("needs_repair").random(n) < probability
    kept_back = repair & scenario.leak
    idle = np.exp(stream("idle_hours").normal(size=n) * np.where(kept_back, 0.6, 1.1)) * np.where(kept_back, 30, 1)
    delay = stream("label_delay").gamma(2, scenario.label_delay_days / 2, n) * np.where(repair, 2, 1)

    new_app = stream("app_version").random(n) < _ramp(scenario.harmless_drift_day, day, 14)
    unlock = stream("unlock_seconds").gamma(5, 8, n) * np.where(new_app, 0.6, 1)
    group, all_groups = stations.sensor_group.to_numpy(), scenario.unit_change_group is None
    blind = _since(scenario.broken_sensor_day, day) & (group[target] == scenario.broken_sensor_group)
    metres = _since(scenario.unit_change_day, day) & (scenario.unit_change_column == "distance_km")
    metres &= all_groups | (group[origin] == scenario.unit_change_group)

    started_at = weather.time[0] + _seconds(second)
    ended_at = started_at + _seconds(duration)
    table = {
        "trip_id": np.arange(1, n + 1),
        "rider_id": rider + 1,
        "start_station_id": origin + 1,
        "end_station_id": target + 1,
        "started_at": started_at,
        "ended_at": ended_at,
        "duration_min": (duration / 60).round(2),
        "distance_km": (distance * np.where(metres, 1000, 1)).round(2),
        "climb_m": climb.astype(np.int64),
        "bike_type": np.where(ebike, "ebike", "classic").astype(object),
        "km_since_service": since_service.round(1),
        "tyre_pressure_bar": np.where(blind, np.nan, pressure.round(2)),
        "app_version": np.where(new_app, "6.0", "5.9").astype(object),
        "unlock_seconds": unlock.round(1),
        "idle_hours": idle.round(2),
        "needs_repair": repair,
        "label_available_at": ended_at + _seconds(delay * 86_400),
    }
    by_trip = pd.Index(table["trip_id"], name="trip_id")
    return pd.DataFrame(table), pd.Series(probability, index=by_trip, name="repair_probability")


def _tickets(seed: int, trips: pd.DataFrame, stations: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    stream = partial(_stream, seed, "tickets")
    about = trips[stream("trip_id").random(len(trips)) < np.where(trips.needs_repair, 0.06, 0.015)]
    n = len(about)
    created_at = about.ended_at + _seconds(60 + stream("created_at").exponential(7200, n))
    about = about.assign(created_at=created_at).sort_values("created_at", kind="stable", ignore_index=True)

    category_mix, priority_mix = (np.array(mix) for mix in zip(*DESK.values(), strict=True))
    kind = 2 * (about.bike_type == "ebike").to_numpy() + about.needs_repair.to_numpy()
    category = _pick(category_mix.T, kind, stream("category").random(n))
    priority = _pick(priority_mix, category, stream("priority").random(n))
    patience = 60 + HOURS_TO_RESOLVE[priority] * stream("resolved_at").gamma(3, 1200, n)
    table = {
        "ticket_id": np.arange(1, n + 1),
        "trip_id": about.trip_id,
        "rider_id": about.rider_id,
        "created_at": about.created_at,
        "resolved_at": about.created_at + _seconds(patience),
        "category": np.array(list(DESK), dtype=object)[category],
        "priority": np.array(PRIORITIES, dtype=object)[priority],
        "language": np.where(stream("language").random(n) < 0.25, "es", "en").astype(object),
        "text": pd.Series(index=about.index, dtype=object),
        "contains_personal_data": stream("contains_personal_data").random(n) < scenario.personal_data_rate,
    }
    station = stations.name.to_numpy()[about.end_station_id - 1]
    tickets = pd.DataFrame(table)
    dice = stream("text").integers(0, 1000, (n, 4))
    rows = zip(tickets.itertuples(), station, about.duration_min, dice, strict=True)
    tickets["text"] = [_message(row, at, minutes, *numbers) for row, at, minutes, numbers in rows]
    return tickets


def _message(ticket: Any, station: str, minutes: float, variant: int, tone: int, address: int, number: int) -> str:
    """Return the words of a ticket; the last four arguments are chances out of 1,000."""
    problem = PROBLEMS[f"{ticket.language} {ticket.category}"][variant % 2]
    words = [problem.format(station=station, minutes=int(np.ceil(minutes)), trip=ticket.trip_id)]
    if tone < 700:
        words.append(URGENCY[ticket.language][PRIORITIES.index(ticket.priority)])
    if ticket.contains_personal_data:
        name = ["ana", "ben", "carla", "dev", "eva"][address % 5]
        contact = f"+44 1632 960{number:03}" if address < 400 else f"{name}.{number}@example.com"
        words.append(CONTACT[ticket.language].format(contact))
    return " ".join(words)


def _stream(seed: int, table: str, column: str) -> np.random.Generator:
    """Return the column's own random stream, so that a new column changes no other."""
    return np.random.default_rng(np.random.SeedSequence(int(seed), spawn_key=tuple(f"{table}.{column}".encode())))


def _pick(weights: Floats, row: Ints, u: Floats) -> Ints:
    """Return for each u in [0, 1) a column's index, drawn by the weights in its row."""
    edges = weights.cumsum(axis=1)
    edges = edges / edges[:, -1:] + np.arange(len(edges))[:, None]
    picked = np.searchsorted(edges.ravel(), row + u, side="right") - row * weights.shape[1]
    return np.asarray(np.minimum(picked, weights.shape[1] - 1))


def _station_weights(stations: pd.DataFrame) -> list[Floats]:
    """Return each station's share of homes, of offices and of sights."""
    weights = DISTRICTS.loc[stations.district, ["homes", "offices", "sights"]].mul(stations.docks.to_numpy(), axis=0)
    return list((weights / weights.sum()).to_numpy().T)


def _since(event_day: int | None, day: Ints) -> Bools:
    return np.zeros(len(day), dtype=bool) if event_day is None else day >= event_day


def _ramp(event_day: int | None, day: Ints, length: int) -> Floats:
    """Return the share that an event has reached by each day: 0 before it, 1 from `length` days on."""
    return np.zeros(len(day)) if event_day is None else np.clip((day - event_day + 1) / length, 0, 1)


def _holiday(time: pd.Series) -> Bools:
    return np.asarray(time.dt.strftime("%m-%d").isin(HOLIDAYS), dtype=bool)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def _seconds(seconds: Floats | Ints) -> pd.TimedeltaIndex:
    return pd.to_timedelta(np.asarray(seconds).astype(np.int64), unit="s")


def _midnight(start: str) -> pd.Timestamp:
    try:
        time = pd.Timestamp(start)
    except (ValueError, TypeError):
        time = pd.NaT
    usable = time is not pd.NaT and time.tz is None and time == time.normalize()
    _check(usable, "simulate: start", start, 'a date such as "2025-01-01", without time or zone')
    return time.tz_localize("UTC")
