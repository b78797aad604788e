"""The team's module: it reads tables, opens the feature store, trains the forecast and measures it."""

import logging
import os
import shutil
import sqlite3
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import timedelta
from io import StringIO
from pathlib import Path

import dask
import dask.dataframe
import distributed.shuffle  # noqa: F401  Dask and Feast import these when a store is first used
import feast.infra.offline_stores.dask
import feast.infra.online_stores.sqlite
import feast.infra.passthrough_provider
import feast.infra.registry.registry
import feast.metrics
import feast.repo_operations
import fsspec.implementations.arrow  # noqa: F401
import numpy as np
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.protos.feast.core.Registry_pb2 import Registry
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.types import Float64
from sklearn.ensemble import HistGradientBoostingRegressor

feast.metrics._cleanup_multiprocess_dir()  # a temporary folder that Feast makes for a server's counters; here is no server
for variable in ("PROMETHEUS_MULTIPROCESS_DIR", "PROMETHEUS_MULTIPROC_DIR"):
    os.environ.pop(variable, None)
warnings.filterwarnings("ignore", category=DeprecationWarning)
warnings.filterwarnings("ignore", category=FutureWarning)
logging.getLogger("feast").setLevel(logging.ERROR)
dask.config.set(scheduler="synchronous")  # small tables: threads would only cost time

TTL = {"station_load": timedelta(hours=12), "station_docks": timedelta(days=3)}
SETTINGS = """\
project: metro
provider: local
registry: registry.db
online_store:
  type: sqlite
  path: online.db
offline_store:
  type: file
entity_key_serialization_version: 3
"""


def read_table(path):
    """Return a table of this lab; its columns of times are in UTC."""
    table = pd.read_csv(path)
    for column in table.columns[table.columns.str.endswith(("_at", "_for"))]:
        table[column] = pd.to_datetime(table[column], utc=True)
    return table


def newest(table):
    """Return the table without what was corrected later: of each station and moment, the version received last."""
    moment = "inspected_at" if "inspected_at" in table else "reported_for"
    return table.sort_values("received_at").drop_duplicates(["station_id", moment], keep="last", ignore_index=True)


def put(folder, name, table):
    """Write a table into the store's folder, as the file from which the store reads it."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    values = [column for column in table if column == "docks" or column.startswith("departures")]
    table.astype(dict.fromkeys(values, float)).to_parquet(Path(folder) / f"{name}.parquet", index=False)


def definitions(folder, ttl=TTL):
    """Return what the store is told: the stations, and two views of them. `ttl`: how long a value counts, by view."""
    station = Entity(name="station", join_keys=["station_id"], value_type=ValueType.INT64)
    load = FeatureView(
        name="station_load",
        entities=[station],
        ttl=ttl["station_load"],
        schema=[Field(name="departures_3h", dtype=Float64), Field(name="departures_24h", dtype=Float64)],
        source=FileSource(
            path=str(Path(folder).resolve() / "reports.parquet"),
            timestamp_field="reported_for",
            created_timestamp_column="received_at",
        ),
    )
    docks = FeatureView(
        name="station_docks",
        entities=[station],
        ttl=ttl["station_docks"],
        schema=[Field(name="docks", dtype=Float64)],
        source=FileSource(
            path=str(Path(folder).resolve() / "inspections.parquet"),
            timestamp_field="inspected_at",
            created_timestamp_column="received_at",
        ),
    )
    return [station, load, docks]


def new_store(folder, reports, inspections, ttl=TTL):
    """Make a store in a new folder, its tables and definitions in it. Return it."""
    shutil.rmtree(folder, ignore_errors=True)
    put(folder, "reports", reports)
    put(folder, "inspections", inspections)
    (Path(folder) / "feature_store.yaml").write_text(SETTINGS)
    store = open_store(folder)
    with quiet():
        store.apply(definitions(folder, ttl))
    return store


def open_store(folder):
    """Return the feature store in a folder."""
    return FeatureStore(repo_path=str(folder))


def receive(folder, reports, inspections, now):
    """Write into the store's folder what has come in by `now`, each report in its newest version."""
    put(folder, "reports", newest(reports[reports["received_at"] <= now]))
    put(folder, "inspections", newest(inspections[inspections["received_at"] <= now]))


def play(folder, job, reports, inspections, moments):
    """Let the days pass: at each of the moments the store's tables hold what has come in, and the job runs."""
    for now in moments:
        receive(folder, reports, inspections, now)
        with quiet():
            job(folder, now)


def in_online_store(folder, view, stations):
    """Return what the online store holds of a view: a row a station, with the moment of its values (`at`)."""
    names = {"station_load": ["departures_3h", "departures_24h"], "station_docks": ["docks"]}[view]
    found = {}
    database = sqlite3.connect(Path(folder) / "online.db")
    for station in stations:
        key = serialize_entity_key(EntityKey(join_keys=["station_id"], entity_values=[Value(int64_val=int(station))]), 3)
        asked = database.execute(f"SELECT feature_name, value, event_ts FROM metro_{view} WHERE entity_key = ?", (key,))
        row = dict.fromkeys(names, np.nan) | {"at": pd.NaT}
        for name, value, at in asked.fetchall():
            number = Value.FromString(value)
            row |= {name: number.double_val if number.WhichOneof("val") else np.nan, "at": pd.Timestamp(at, unit="s", tz="UTC")}
        found[station] = row
    database.close()
    return pd.DataFrame.from_dict(found, orient="index").rename_axis("station_id")[[*names, "at"]]


def services(folder):
    """Return the feature services that are registered in a store, with the features of each, in order: {name: ["view:feature", …]}."""
    registry = Registry.FromString((Path(folder) / "registry.db").read_bytes())
    return {
        service.spec.name: [f"{view.feature_view_name}:{column.name}" for view in service.spec.features for column in view.feature_columns]
        for service in registry.feature_services
    }


@contextmanager
def quiet():
    """Keep what Feast prints to itself."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        yield


def as_inputs(table):
    """Return what the forecast is given, from rows with features."""
    asked = pd.to_datetime(table["asked_at"], utc=True)
    numbers = {name: table[name].astype(float) for name in ("departures_3h", "departures_24h") if name in table}
    return pd.DataFrame(
        {
            **numbers,
            "hour": asked.dt.hour + asked.dt.minute / 60,
            "weekend": (asked.dt.dayofweek >= 5).astype(float),
            "ebike": (table["bike_type"] == "ebike").astype(float),
        }
    )


def train(table):
    """Return a forecast of departures_next_hour."""
    model = HistGradientBoostingRegressor(loss="poisson", max_iter=40, learning_rate=0.12, max_leaf_nodes=15, random_state=0)
    return model.fit(as_inputs(table), table["departures_next_hour"])


def error(model, table):
    """Return the mean absolute error, in bikes per hour, station and type."""
    return float(np.abs(model.predict(as_inputs(table)) - table["departures_next_hour"]).mean())


def unlike(said, rows, right):
    """Return what is wrong with `said`, which should be `rows`, in their order, with the columns of `right`; empty if nothing is."""
    if not isinstance(said, pd.DataFrame):
        return f"it is a {type(said).__name__}, expected a table"
    if len(said) != len(rows):
        return f"{len(said)} rows came back of {len(rows)}"
    missing = [name for name in [*rows.columns, *right.columns] if name not in said.columns]
    if missing:
        return f"the column {missing[0]!r} is missing; there are {', '.join(map(str, said.columns))}"
    asked = rows["asked_at"].dt.tz_convert("UTC") if rows["asked_at"].dt.tz is not None else rows["asked_at"].dt.tz_localize("UTC")
    if (
        not (said["station_id"].to_numpy() == rows["station_id"].to_numpy()).all()
        or not (pd.to_datetime(said["asked_at"], utc=True).to_numpy() == asked.to_numpy()).all()
    ):
        return "the rows came back in another order"
    for name in rows.columns.drop(["station_id", "asked_at"]):
        if not (said[name].to_numpy() == rows[name].to_numpy()).all():
            return f"the column {name!r} is not as it was: values stand in the wrong rows"
    for name in right:
        got = pd.to_numeric(said[name], errors="coerce").to_numpy(float, na_value=np.nan)
        wanted = right[name].to_numpy(float, na_value=np.nan)
        for row in np.flatnonzero(~np.isclose(got, wanted, rtol=1e-6, atol=1e-6, equal_nan=True)):
            what = ["nothing (NaN)" if np.isnan(value) else f"{value:g}" for value in (got[row], wanted[row])]
            when = f"station {said['station_id'].iloc[row]}, asked at {asked.iloc[row]:%d %B %H:%M:%S}"
            return f"{name} is {what[0]} for {when}, expected {what[1]}"
    return ""
