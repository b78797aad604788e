"""Write the data in files/ again, byte for byte: python make_files.py"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "files")]

from forecast import FEATURES, as_requests, prepare, train  # noqa: E402
from service import bos_features  # noqa: E402

from metro_bikes import QUIET, hourly_demand, simulate  # noqa: E402

FAULT, FIXED = pd.Timestamp("2025-03-18"), pd.Timestamp("2025-04-10 16:00")
WEATHER = ["temperature_c", "rain_mm", "wind_mps"]

COMMITS = """\
d41c9e2,2025-04-10T18:31:05+03:00,Cy,weather: ask feed B for metric units
91f0b7a,2025-04-08T09:12:40+00:00,Ada,Revert "Release 1.1: shorter log lines"
5c2e8d0,2025-03-31T14:02:11+00:00,Bo,docs: how to read the log
e07a61b,2025-03-24T08:55:27+00:00,Bo,Release 1.1: shorter log lines
38bb4f6,2025-03-17T23:48:39+00:00,Ada,tests: one for the planner's holiday list
a95d03c,2025-03-18T00:20:16+03:00,Cy,weather: move to feed B (same columns and a tenth of the price)
7f6e1d8,2025-03-17T22:41:50+00:00,Bo,planner: try once more after a time-out
c3a8f25,2025-03-14T16:20:08+03:00,Cy,README: whom to call
0b9d7e4,2025-03-11T10:15:33+00:00,Ada,planner: time out after two seconds
"""
DEPLOYS = """\
2025-03-11T11:02:09Z,0b9d7e4
2025-03-14T13:40:51Z,c3a8f25
2025-03-17T23:52:44Z,a95d03c
2025-03-18T09:05:12Z,38bb4f6
2025-03-24T09:10:03Z,e07a61b
2025-04-08T09:30:26Z,91f0b7a
2025-04-10T15:42:18Z,d41c9e2
"""
CHAT = """\
2025-03-13 09:04:12,Rosa,The forecast was spot on all week. Thank you!
2025-03-18 08:15:40,Ada,Coffee machine is fixed
2025-03-19 10:31:02,Bo,Dashboard is green. Every request answered, none failed
2025-03-26 07:52:30,Rosa,Two vans stood in the yard with nothing to do again. Is there a football match?
2025-04-04 07:18:09,Rosa,Does the Forecast know that it is not summer yet? We had nine drivers out for the trips of three
2025-04-04 09:40:55,Ada,@Bo did the forecast change with 1.1?
2025-04-08 09:31:30,Ada,1.1 is rolled back. Forecast should be fine now
2025-04-10 08:02:17,Rosa,It is not fine
2025-04-10 15:44:00,Cy,Feed B sends Fahrenheit unless you ask. Mended
"""
INCIDENTS = """\
what,cause,euros_per_day,days_unnoticed,days_to_mend
weather feed in Fahrenheit,inputs,700,17,6
a station's sensor says 0 docks,inputs,150,21,3
Saturdays counted as workdays,features,400,55,6
retrained on half of the data,release,1500,3,4
new model without the e-bikes,release,900,6,5
prices in cents,inputs,1100,2,2
demand forecast from before the ring road,stale,350,40,15
threshold of the test system went live,release,2200,2,3
repair alarm does not know the new brakes,stale,250,60,20
rain of yesterday for rain of today,features,300,12,5
"""


def city():
    """Return the city's hours from September to 13 April, with a concert on 7 March, and hours of which a measurement is missing."""
    simulated = simulate(seed=56, trips=500_000, start="2024-09-01", days=225, scenario=QUIET)
    hours = hourly_demand(simulated).rename(columns={"time": "hour", "hour": "hour_of_day"})
    hours["hour"] = hours["hour"].dt.tz_localize(None)
    rng = np.random.default_rng(56)
    concert = hours["hour"].between("2025-03-07 16:00", "2025-03-07 23:00")
    hours.loc[concert, "trips"] += rng.poisson(130, concert.sum())
    hours.loc[rng.random(len(hours)) < 0.02, "temperature_c"] = np.nan
    hours.loc[rng.random(len(hours)) < 0.01, "rain_mm"] = np.nan
    hours.loc[hours["hour"].between("2025-02-20 02:00", "2025-02-20 05:00"), "temperature_c"] = np.nan
    return hours[["hour", *WEATHER, "trips"]]


def answers(model, table):
    """Return what the service says to each hour of the table, asked one by one."""
    features = pd.DataFrame([bos_features(request) for request in as_requests(table)], index=table.index)
    return model.predict(features[FEATURES].astype(float)).round(1)


def request_log(model, spring, rng):
    """Return the service's log: what came in, how it was answered, and how fast."""
    log = spring.drop(columns="trips")
    fahrenheit = log["hour"].between(FAULT, FIXED, inclusive="left")
    log["temperature_c"] = log["temperature_c"].mask(fahrenheit, (log["temperature_c"] * 1.8 + 32).round(1))
    log["status"] = np.where(log["hour"].between("2025-02-12 09:00", "2025-02-12 10:00"), 503, 200)
    log["ms"] = rng.gamma(20, np.where(log["hour"] >= "2025-02-12 11:00", 9, 2)).round().astype(int)
    log["version"] = np.where(log["hour"].between("2025-03-24 10:00", "2025-04-08 09:00"), "1.1", "1.0")
    log["answer"] = pd.Series(answers(model, log), index=log.index).mask(log["status"] != 200)
    return log


def seconds(times):
    """Return times in UTC as seconds since 1970."""
    return (times - pd.Timestamp("1970-01-01")) // pd.Timedelta(seconds=1)


def main() -> None:
    """Write the training hours, the request log, the archive, and what was found on the incident."""
    hours, rng = city(), np.random.default_rng(57)
    autumn = hours[hours["hour"] < "2024-12-01"]
    spring = hours[hours["hour"] >= "2025-01-27"].reset_index(drop=True)
    model = train(prepare(autumn), autumn["trips"])
    log = request_log(model, spring, rng)

    table = spring.assign(asked=log["hour"], answer=log["answer"], should_be=answers(model, spring.drop(columns="trips")))
    table = table[table["hour"] >= "2025-03-10"]
    table["asked_at"] = seconds(table["hour"]) - 300  # five minutes before the hour

    files = HERE / "files"

    def write(frame, name):
        frame.to_csv(files / name, index=False, date_format="%Y-%m-%d %H:%M", lineterminator="\n")

    write(autumn, "autumn.csv")
    write(log[log["hour"] < "2025-04-10"], "requests.csv")
    write(spring[spring["hour"] < "2025-04-09"], "spring.csv")
    write(table[["asked_at", "answer", "should_be"]], "incident/answers.csv")

    lines = [line.split(",", 2) for line in CHAT.splitlines()]
    chat = pd.DataFrame(lines, columns=["ts", "who", "text"])
    chat["ts"] = seconds(pd.to_datetime(chat["ts"]))
    write(chat, "incident/chat.csv")
    (files / "incident" / "commits.csv").write_text("commit,authored_at,author,message\n" + COMMITS)
    (files / "incident" / "deploys.csv").write_text("at,commit\n" + DEPLOYS)
    (files / "incidents.csv").write_text(INCIDENTS)


if __name__ == "__main__":
    main()
