"""Write trips.csv, lineage.json and the compiled pipelines again, byte for byte: python make_files.py"""

import json
import random
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "files"), str(HERE / "hidden")]

import pandas as pd  # noqa: E402
from cys_record import record  # noqa: E402
from judging_lineage import draw_records  # noqa: E402
from kfp import compiler, dsl  # noqa: E402
from steps import deliver, download, summary, test, train  # noqa: E402

from metro_bikes import QUIET, hourly_demand, simulate  # noqa: E402

CITIES = {"Metro": (301, 30_000), "Northport": (302, 16_000), "Lakeside": (303, 9_000), "Kingsmere": (304, 5_000)}
BROKEN = {"Northport": ["2026-01-14T12:00"], "Metro": ["2026-01-30T03:00"]}  # a dock's counter, now and then


@dsl.pipeline(name="one-city")
def thursday(source: str, city: str, store: str) -> float:
    """Train a city's model, as on Thursday."""
    got = download(source=source, city=city, day="yesterday").set_caching_options(False)
    model = train(table=got.outputs["table"]).set_memory_limit("8G").set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)
    error = test(model=model.outputs["model"], table=got.outputs["table"])
    deliver(model=model.outputs["model"], city=city, store=store).set_retry(num_retries=2)
    return error.output


@dsl.pipeline(name="one-city")
def friday(source: str, city: str, store: str) -> float:
    """Train a city's model, as on Friday."""
    got = download(source=source, city=city, day="yesterday").set_display_name("newest trips")
    download(source=source, city=city, day="2026-01-12").set_display_name("backup")
    model = train(table=got.outputs["table"]).set_memory_limit("64G")
    deliver(model=model.outputs["model"], city=city, store=store)
    error = test(model=model.outputs["model"], table=got.outputs["table"])
    return error.output


def _night(one_city, fresh, **more):
    @dsl.pipeline(name="night")
    def night(source: str, store: str, cities: list[str]):
        with dsl.ParallelFor(cities, **more) as city:
            one = one_city(source=source, city=city, store=store).set_caching_options(fresh)
        summary(errors=dsl.Collected(one.output))

    return night


def main() -> None:
    """Simulate four cities for three weeks up to Sunday 1 February 2026, and count the trips that start in each hour."""
    tables = []
    for name, (seed, trips) in CITIES.items():
        table = hourly_demand(simulate(seed=seed, trips=trips, start="2026-01-12", days=21, scenario=QUIET))
        table["hour"], table["city"] = table["time"].dt.strftime("%Y-%m-%dT%H:00"), name
        table.loc[table["hour"].isin(BROKEN.get(name, [])), "trips"] = 9999
        tables.append(table[["hour", "city", "trips"]])
    files = HERE / "files"
    pd.concat(tables).to_csv(files / "trips.csv", index=False, lineterminator="\n")
    records, _, _ = draw_records(random.Random(7), first=date(2026, 1, 22))
    (files / "lineage.json").write_text(json.dumps(records, indent=1) + "\n")
    compiler.Compiler().compile(record, str(files / "cys_record.yaml"))
    compiler.Compiler().compile(_night(thursday, True, parallelism=2), str(files / "thursday.yaml"))
    compiler.Compiler().compile(_night(friday, False), str(files / "friday.yaml"))


if __name__ == "__main__":
    main()
