"""The team's steps for the cluster. Each brings its own imports, as it will run alone."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output, PipelineTaskFinalStatus

# Part 4: the release


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def bring(name: str, error: float, model: Output[Model]) -> float:
    """Bring a model from the registry; return the error that it has on last week's trips, in trips per hour."""
    import json

    with open(model.path, "w") as file:
        json.dump({"model": name}, file)
    model.metadata["name"] = name
    return error


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def promote(model: Input[Model], released: Output[Model]) -> str:
    """Make a model the champion; return the reason for which it is released."""
    import shutil

    shutil.copyfile(model.path, released.path)
    released.metadata["name"] = model.metadata["name"]
    return "promoted"


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def keep(model: Input[Model], released: Output[Model]) -> str:
    """Leave the champion where it is; return the reason."""
    import shutil

    shutil.copyfile(model.path, released.path)
    released.metadata["name"] = model.metadata["name"]
    return "kept"


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def fall_back(city: str, released: Output[Model]) -> str:
    """Make a model of last year's trips, which takes an hour and wakes the person on call; return the reason."""
    import json

    with open(released.path, "w") as file:
        json.dump({"model": f"last year in {city}"}, file)
    released.metadata["name"] = f"last year in {city}"
    return "fallen back"


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def hand_over(model: Input[Model], reason: str, city: str, store: str):
    """Give a model to the drivers of a city."""
    import json
    import os

    with open(model.path) as file:
        given = json.load(file)
    with open(os.path.join(store, city + ".json.part"), "w") as file:
        json.dump({**given, "reason": reason}, file)
    os.replace(os.path.join(store, city + ".json.part"), os.path.join(store, city + ".json"))


# Part 6: the ledger


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def foresee(source: str, city: str, forecast: Output[Dataset]) -> float:
    """Write a forecast, a row for each hour of the day (hour,trips) that has trips; return its error, in trips per hour."""
    import csv
    from statistics import fmean

    seen = {}
    with open(source, newline="") as file:
        for row in csv.DictReader(file):
            if row["city"] == city:
                seen.setdefault(int(row["hour"][11:13]), []).append(int(row["trips"]))
    if not seen:
        raise ValueError(f"no trips of {city} in {source}")
    with open(forecast.path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["hour", "trips"])
        writer.writerows([hour, round(fmean(seen[hour]))] for hour in sorted(seen))
    return fmean(abs(trips - fmean(each)) for each in seen.values() for trips in each)


# Part 7: the night


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def day_before(at: str) -> str:
    """Return the day before a time, such as 2026-02-01 before 2026-02-02T04:00:00Z."""
    from datetime import date, timedelta

    return (date.fromisoformat(at[:10]) - timedelta(1)).isoformat()


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def download(source: str, city: str, day: str, table: Output[Dataset]):
    """Write a city's trips of the seven days up to `day`, or up to the newest one there is: "yesterday". A day's file is final."""
    import csv
    import os

    days = sorted(name.removesuffix(".csv") for name in os.listdir(source) if name.endswith(".csv"))
    last = days[-1] if day == "yesterday" else day
    if last not in days:
        raise ValueError(f"no trips of {last} yet")
    kept = []
    for one in [one for one in days if one <= last][-7:]:
        with open(os.path.join(source, one + ".csv"), newline="") as file:
            kept += [row for row in csv.DictReader(file) if row["city"] == city]
    if not kept:
        raise ValueError(f"no trips of {city} up to {last}")
    with open(table.path, "w", newline="") as file:
        writer = csv.DictWriter(file, ["hour", "city", "trips"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
    table.metadata.update({"city": city, "first": kept[0]["hour"][:10], "last": kept[-1]["hour"][:10], "rows": len(kept)})


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def train(table: Input[Dataset], model: Output[Model]):
    """Learn each hour's mean trips, of workdays and of weekends."""
    import csv
    import json
    from datetime import datetime
    from statistics import fmean

    seen = {}
    with open(table.path, newline="") as file:
        for row in csv.DictReader(file):
            start = datetime.fromisoformat(row["hour"])
            seen.setdefault(f"{'weekend' if start.weekday() >= 5 else 'workday'} {start.hour}", []).append(int(row["trips"]))
    with open(model.path, "w") as file:
        json.dump({kind: round(fmean(trips), 2) for kind, trips in seen.items()}, file)
    model.metadata.update({"city": table.metadata["city"], "last": table.metadata["last"], "rows": table.metadata["rows"]})


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def test(model: Input[Model], table: Input[Dataset]) -> float:
    """Return how far a model is off on a table's last day, on average, in trips per hour."""
    import csv
    import json
    from datetime import datetime
    from statistics import fmean

    with open(model.path) as file:
        learnt = json.load(file)
    errors = []
    with open(table.path, newline="") as file:
        for row in csv.DictReader(file):
            if row["hour"][:10] == table.metadata["last"]:
                start = datetime.fromisoformat(row["hour"])
                errors.append(abs(learnt[f"{'weekend' if start.weekday() >= 5 else 'workday'} {start.hour}"] - int(row["trips"])))
    return fmean(errors)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def deliver(model: Input[Model], city: str, store: str):
    """Put a city's forecast into the store, in the place of the old one."""
    import json
    import os

    with open(model.path) as file:
        learnt = json.load(file)
    path = os.path.join(store, city + ".json")
    with open(path + ".part", "w") as file:
        json.dump({"city": city, "last": model.metadata["last"], "trips": learnt}, file)
    os.replace(path + ".part", path)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def summary(errors: list[float], figures: Output[Metrics]) -> float:
    """Return the worst of the cities' errors, and keep it with their mean."""
    figures.log_metric("worst", max(errors))
    figures.log_metric("mean", sum(errors) / len(errors))
    return max(errors)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def announce(status: PipelineTaskFinalStatus, channel: str):
    """Tell the team how the night has ended."""
    print(f"{channel}: the night {status.state.lower()}. {status.error_message or 'All is well.'}")
