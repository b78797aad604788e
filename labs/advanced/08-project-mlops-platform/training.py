"""The training pipeline: three components and how they hang together. `training.yaml` is what the compiler made of it (make_files.py)."""

from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Model, Output

step = dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)


@step
def split(trips: str, train: Output[Dataset], holdout: Output[Dataset]) -> int:
    """Cut the last 14 days in two, by a hash of the trip's number: a trip is always on the same side. Return the rows held out."""
    import csv
    import hashlib
    from datetime import date, timedelta

    with open(trips, newline="") as file:
        rows = list(csv.DictReader(file))
    first = (date.fromisoformat(max(row["day"] for row in rows)) - timedelta(13)).isoformat()
    sides = {False: [], True: []}
    for row in rows:
        if row["day"] >= first:
            sides[int(hashlib.sha256(row["trip"].encode()).hexdigest(), 16) % 3 == 0].append(row)
    for side, path in ((False, train.path), (True, holdout.path)):
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(sides[side])
    return len(sides[True])


@step
def fit(train: Input[Dataset], proposed: str, model: Output[Model]):
    """Fit a line for each district by least squares, with climb and rain in common; or take the model that was proposed."""
    import csv
    import json
    import os

    if os.path.exists(proposed):
        with open(proposed) as source, open(model.path, "w") as target:
            target.write(source.read())
        return
    with open(train.path, newline="") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["district"] for row in rows})
    size = 2 * len(names) + 2
    table = [[0.001 * (i == j) for j in range(size)] + [0.0] for i in range(size)]
    for row in rows:
        at = names.index(row["district"])
        values = [0.0] * size
        values[2 * at], values[2 * at + 1] = 1.0, float(row["distance_km"])
        values[-2], values[-1] = max(float(row["climb_m"]), 0.0), float(row["rain_mm"])
        some = [number for number, value in enumerate(values) if value]
        for i in some:
            for j in some:
                table[i][j] += values[i] * values[j]
            table[i][-1] += values[i] * float(row["minutes"])
    for i in range(size):  # Gauss: the table is symmetric and positive, so no rows need to be swapped
        for k in range(i + 1, size):
            factor = table[k][i] / table[i][i]
            for j in range(i, size + 1):
                table[k][j] -= factor * table[i][j]
    solved = [0.0] * size
    for i in reversed(range(size)):
        solved[i] = (table[i][-1] - sum(table[i][j] * solved[j] for j in range(i + 1, size))) / table[i][i]
    solved = [round(value, 6) for value in solved]
    learnt = {"intercepts": dict(zip(names, solved[0:-2:2], strict=False)), "slopes": dict(zip(names, solved[1:-2:2], strict=False))}
    with open(model.path, "w") as file:
        json.dump({**learnt, "climb": solved[-2], "rain": solved[-1]}, file, sort_keys=True)


@step
def test(model: Input[Model], holdout: Input[Dataset], champion: str, report: Output[Dataset]):
    """Ask candidate and champion about the same trips: for each, district and both absolute errors in minutes."""
    import csv
    import json
    import os

    def minutes(numbers, row):
        value = numbers["intercepts"][row["district"]] + numbers["slopes"][row["district"]] * float(row["distance_km"])
        value += numbers["climb"] * max(float(row["climb_m"]), 0.0) + numbers["rain"] * float(row["rain_mm"])
        return max(value, 1.0)

    with open(model.path) as file:
        candidate = json.load(file)
    before = None
    if os.path.exists(champion):
        with open(champion) as file:
            before = json.load(file)
    found = []
    with open(holdout.path, newline="") as file:
        for row in csv.DictReader(file):
            taken = float(row["minutes"])
            known = None if before is None else abs(minutes(before, row) - taken)
            found.append({"district": row["district"], "candidate": abs(minutes(candidate, row) - taken), "champion": known})
    with open(report.path, "w") as file:
        json.dump(found, file)


@dsl.pipeline(name="trip-time-training")
def training(trips: str, champion: str, proposed: str):
    """Split, fit, test."""
    parts = split(trips=trips)
    fitted = fit(train=parts.outputs["train"], proposed=proposed)
    test(model=fitted.outputs["model"], holdout=parts.outputs["holdout"], champion=champion)


def compile_to(path):
    """Write the compiled pipeline."""
    compiler.Compiler().compile(training, str(path))
