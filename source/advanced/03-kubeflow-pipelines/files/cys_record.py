"""Cy's record of all forecasts, as it has run for a year."""

from kfp import dsl
from kfp.dsl import Dataset, Input
from steps import foresee


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def enter(forecast: Input[Dataset], city: str, error: float, ledger: str):
    """Enter a city's forecast into the ledger, a database: a row in runs, and its hours in forecasts."""
    import csv
    import sqlite3
    import uuid

    run = uuid.uuid4().hex[:8]
    with open(forecast.path, newline="") as file:
        rows = [(run, city, int(row["hour"]), int(row["trips"])) for row in csv.DictReader(file)]
    connection = sqlite3.connect(ledger)
    connection.execute("CREATE TABLE IF NOT EXISTS runs (run TEXT, city TEXT, error REAL, rows INTEGER)")
    connection.execute("CREATE TABLE IF NOT EXISTS forecasts (run TEXT, city TEXT, hour INTEGER, trips INTEGER)")
    connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", (run, city, error, len(rows)))
    connection.commit()
    for row in rows:
        connection.execute("INSERT INTO forecasts VALUES (?, ?, ?, ?)", row)
        connection.commit()
    connection.close()


@dsl.pipeline(name="record")
def record(source: str, cities: list[str], ledger: str):
    """Enter the forecasts of all cities."""
    with dsl.ParallelFor(cities) as city:
        made = foresee(source=source, city=city)
        enter(forecast=made.outputs["forecast"], city=city, error=made.outputs["Output"], ledger=ledger).set_retry(num_retries=2)
