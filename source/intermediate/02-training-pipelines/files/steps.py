"""The team's steps for the cluster: components with typed inputs and outputs. Each brings its own imports, as it will run alone."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def prepare(source: str, district: str, test_days: int, train_table: Output[Dataset], test_table: Output[Dataset], version: str = ""):
    """Cut a district's trips into a table to train on and one of the last days to test on. With a version, the SHA-256 of the file in
    hexadecimal digits, raises ValueError if the file has another one."""
    import csv
    import hashlib
    import io

    with open(source, "rb") as file:
        data = file.read()
    if version and hashlib.sha256(data).hexdigest() != version:
        raise ValueError(f"{source} is not version {version[:12]}…")
    rows = [row for row in csv.DictReader(io.StringIO(data.decode())) if row["district"] == district]
    if not rows:
        raise ValueError(f"no trips of {district} in {source}")
    days = sorted({row["hour"][:10] for row in rows})
    if len(days) <= test_days:
        raise ValueError(f"{len(days)} days of {district}, too few to test on {test_days}")
    for table, wanted in ((train_table, days[:-test_days]), (test_table, days[-test_days:])):
        kept = [row for row in rows if row["hour"][:10] in wanted]
        with open(table.path, "w", newline="") as file:
            writer = csv.DictWriter(file, ["hour", "district", "trips"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
        table.metadata.update({"district": district, "rows": len(kept), "first": kept[0]["hour"], "last": kept[-1]["hour"]})


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def train(train_table: Input[Dataset], model: Output[Model]):
    """Learn the mean trips of each hour, of workdays and of weekends."""
    import csv
    import json
    from datetime import datetime
    from statistics import fmean

    seen = {f"{kind} {hour}": [] for kind in ("workday", "weekend") for hour in range(24)}
    with open(train_table.path, newline="") as file:
        for row in csv.DictReader(file):
            start = datetime.fromisoformat(row["hour"])
            seen[f"{'weekend' if start.weekday() >= 5 else 'workday'} {start.hour}"].append(float(row["trips"]))
    learnt = {kind: round(fmean(trips), 4) for kind, trips in seen.items()}
    with open(model.path, "w") as file:
        json.dump({"district": train_table.metadata["district"], "trips": learnt}, file)
    model.metadata.update({"district": train_table.metadata["district"], "trained_on_rows": train_table.metadata["rows"]})


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def evaluate(model: Input[Model], test_table: Input[Dataset], metrics: Output[Metrics]) -> float:
    """Return the mean absolute error of a model on a table, in trips per hour."""
    import csv
    import json
    from datetime import datetime
    from statistics import fmean

    with open(model.path) as file:
        learnt = json.load(file)["trips"]
    errors = []
    with open(test_table.path, newline="") as file:
        for row in csv.DictReader(file):
            start = datetime.fromisoformat(row["hour"])
            said = learnt[f"{'weekend' if start.weekday() >= 5 else 'workday'} {start.hour}"]
            errors.append(abs(said - float(row["trips"])))
    metrics.log_metric("mae", fmean(errors))
    return fmean(errors)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def worst(errors: list[float]) -> float:
    """Return the largest of the errors. Raises ValueError if there is none."""
    return max(errors)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def average(errors: list[float]) -> float:
    """Return the mean of the errors."""
    return sum(errors) / len(errors)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def bundle(models: Input[list[Model]], all_models: Output[Model]):
    """Put several models into one file. (Kubeflow 2.16 cannot hand a collected list of artefacts into a condition.)"""
    import json

    learnt = {}
    for model in models:
        with open(model.path) as file:
            one = json.load(file)
        learnt[one["district"]] = one["trips"]
    with open(all_models.path, "w") as file:
        json.dump(learnt, file)
    all_models.metadata["districts"] = sorted(learnt)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def publish(all_models: Input[Model], day: str, store: str):
    """Write each district's forecast of a day into the store, in the place of one that is there."""
    import csv
    import json
    import os
    from datetime import date

    with open(all_models.path) as file:
        learnt = json.load(file)
    kind = "weekend" if date.fromisoformat(day).weekday() >= 5 else "workday"
    os.makedirs(os.path.join(store, day), exist_ok=True)
    for district, trips in learnt.items():
        path = os.path.join(store, day, district + ".csv")
        with open(path + ".part", "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["hour", "trips"])
            writer.writerows([hour, round(trips[f"{kind} {hour}"])] for hour in range(24))
        os.replace(path + ".part", path)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def tell(message: str, error: float):
    """Write to the team's channel."""
    print(f"To the team: {message} ({error:.1f} trips per hour)")


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def rent(day: str, desk: str):
    """Rent a machine for the night: the city pays for it as long as rented.txt lies on the rental desk. Raises ValueError for a day that
    does not exist."""
    import os
    from datetime import date

    night = date.fromisoformat(day)
    with open(os.path.join(desk, "rented.txt"), "w") as file:
        file.write(f"a machine with a GPU, for the night to {night}")
