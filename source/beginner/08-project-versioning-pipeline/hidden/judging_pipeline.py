"""What the judge cells of the pipeline share: its truth, and what is played to the learner's."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd

from judgekit import drawn
from metro_bikes import QUIET, simulate

_told = {}
FIRST = "2025-08-18"
FEATURES = ["distance_km", "km_since_service", "tyre_pressure_bar", "ebike"]
STAGES = ["prepare", "train", "evaluate"]


def true_pipeline(trips, stations, C, fetch=8, miss=40, first=FIRST):
    """Return metrics and model, as the mended pipeline must make them from the texts of trips.csv and stations.csv."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    table = pd.read_csv(io.StringIO(trips), dtype={"day": str})
    error = pd.read_csv(io.StringIO(stations), index_col="station_id")["sensor_error_bar"]
    table["tyre_pressure_bar"] = (table["tyre_pressure_bar"] - table["end_station_id"].map(error)).round(2)
    past = table["day"] < first
    fill = round(float(table["tyre_pressure_bar"][past].median()), 3)
    X, y = table[FEATURES].fillna({"tyre_pressure_bar": fill}).to_numpy(dtype=float), (table["needs_repair"] == 1).to_numpy()
    scaler = StandardScaler().fit(X[past])
    alarm = LogisticRegression(C=C).fit(scaler.transform(X[past]), y[past].astype(int))
    threshold = fetch / (fetch + miss)
    test = (~past).to_numpy()
    fetched, broken = alarm.predict_proba(scaler.transform(X[test]))[:, 1] >= threshold, y[test]
    euros = fetch * (fetched & ~broken) + miss * (~fetched & broken)
    metrics = {"trips": int(test.sum()), "euros_per_1000_trips": round(float(euros.mean()) * 1000, 1)}
    numbers = [*scaler.mean_, *scaler.scale_, *alarm.coef_[0], alarm.intercept_[0], threshold]
    return {"metrics": metrics, "numbers": numbers}


def rehearsal(rehearse):
    """Play Ada's, Bo's and Cy's events to what is kept of the learner's pipeline. Return what was played, and what became of it, once."""
    if "told" not in _told:
        chance = drawn("events")
        C, later, month = (
            round(chance.uniform(0.002, 0.03), 4),
            fresh_rows(chance, "2025-12-01", 260),
            fresh_rows(chance, "2026-03-01", 2600),
        )
        stations = "station_id,name,docks,sensor_error_bar\n" + "".join(
            f"{n},S{n},20,{chance.uniform(-0.6, 0.6):.2f}\n" for n in range(1, 41)
        )
        first = sorted(set(month["day"]))[30]
        texts = {
            "later": later.to_csv(index=False, header=False, lineterminator="\n"),
            "month": month.to_csv(index=False, lineterminator="\n"),
        }
        note = f"\n# {chance.random()}\n"
        events = [
            {"name": "costs.miss", "params": {"costs.miss": chance.randrange(45, 60)}},
            {"name": "costs.fetch", "params": {"costs.fetch": chance.randrange(9, 13)}},
            {"name": "first_test_day", "params": {"prepare.first_test_day": "2025-08-11"}},
            {"name": "stations", "files": {"data/stations.csv": stations}},
            *({"name": name, "append": {name: note}} for name in ("prepare.py", "features.py", "train.py", "evaluate.py", "README.md")),
            {"name": "C", "params": {"train.C": C}, "run": True},
            {"name": "later", "append": {"data/trips.csv": texts["later"]}, "run": True},
            {
                "name": "month",
                "files": {"data/trips.csv": texts["month"], "data/stations.csv": stations},
                "params": {"prepare.first_test_day": first},
                "run": True,
            },
        ]
        _told["C"], _told["stations"], _told["first"], _told["texts"] = C, stations, first, texts
        try:
            _told["told"] = rehearse("kept/alarm", events)
        except Exception as error:
            _told["told"] = {"": {"error": f"{type(error).__name__}: {error}"}}
    told = _told["told"]
    if "C" not in told:
        raise AssertionError(f"Your pipeline could not be cloned and played: {told['']['error'] or 'no clone came about'}")
    return told, _told


def pulled(rehearse, tag):
    """Return what a clean clone of the learner's release is, after a pull from the store. Raises AssertionError where that does not work."""
    try:
        clone = rehearse("alarm", [], store="alarm-store", revision=tag)[""]
    except Exception as error:
        raise AssertionError(f"{tag} could not be cloned: {error}") from None
    if clone["error"]:
        raise AssertionError(f"A clean clone of {tag} cannot pull everything: {clone['error']}")
    return clone


def fresh_rows(chance, start, trips):
    """Return trips of another season, as trips.csv has them."""
    scenario = replace(QUIET, ebikes_day=20, ebikes_share=0.5)
    table = simulate(seed=chance.randrange(10**6), trips=trips, start=start, days=45, scenario=scenario).trips
    table["day"], table["ebike"] = table.started_at.dt.strftime("%Y-%m-%d"), (table.bike_type == "ebike").astype(int)
    table = table.assign(needs_repair=table.needs_repair.astype(int), km_since_service=table.km_since_service.round().astype(int))
    table["tyre_pressure_bar"] = table["tyre_pressure_bar"].mask(table["trip_id"] % 17 == 0)
    return table[["day", "end_station_id", "distance_km", "km_since_service", "tyre_pressure_bar", "ebike", "needs_repair"]]


def expect_stale(told, event, expected, who):
    """Raise AssertionError unless DVC holds exactly the expected stages for changed."""
    found = [stage for stage in STAGES if stage in told[event]["stale"]]
    if told[event]["error"]:
        raise AssertionError(f"{who}, and DVC stops: {told[event]['error']}")
    lacking, surplus = [stage for stage in expected if stage not in found], [stage for stage in found if stage not in expected]
    why = f" {lacking[0]} uses it and does not declare it, so its outputs are out of date, and nobody notices." if lacking else ""
    why += f" {surplus[0]} declares it and does not use it, so it runs for nothing." if surplus else ""
    if why:
        raise AssertionError(
            f"{who}. DVC holds for changed: {', '.join(found) or 'nothing'}; expected: {', '.join(expected) or 'nothing'}.{why}"
        )


def expect_run(told, event, expected, truth, who):
    """Raise AssertionError unless exactly the expected stages ran, and made the true model and metrics."""
    if told[event]["error"]:
        raise AssertionError(
            f"{who}. In a clone, with what DVC brings there, the pipeline stops: {told[event]['error']}. What a stage needs is either in Git or an output of a stage."
        )
    ran = [stage for stage in STAGES if stage in told[event]["ran"]]
    if ran != expected:
        lacking, surplus = [s for s in expected if s not in ran], [s for s in ran if s not in expected]
        why = f"{lacking[0]} had to run, and did not" if lacking else f"none of the files and values that {surplus[0]} uses has changed"
        raise AssertionError(f"{who}. What ran: {', '.join(ran) or 'nothing'}; expected: {', '.join(expected)}, since {why}.")
    try:
        model, metrics = json.loads(told[event]["model"]), json.loads(told[event]["metrics"])
        numbers = [*model["mean"], *model["scale"], *model["weights"], model["intercept"], model["threshold"]]
        near = np.shape(numbers) == np.shape(truth["numbers"]) and np.allclose(numbers, truth["numbers"], rtol=1e-4, atol=1e-6)
        euros = float(metrics["euros_per_1000_trips"])
    except (ValueError, KeyError, TypeError) as error:
        raise AssertionError(f"{who}. model.json or metrics.json is not what train.py and evaluate.py write ({error}).") from None
    if not near:
        raise AssertionError(
            f"{who}. The stages ran, but model.json is not the model that these data and params.yaml give: a value is taken from somewhere else."
        )
    if abs(euros - truth["metrics"]["euros_per_1000_trips"]) > 0.002 * euros:
        raise AssertionError(
            f"{who}. metrics.json says {euros} euros per 1,000 trips; this model costs {truth['metrics']['euros_per_1000_trips']} on its test days."
        )
