"""What the judge cells of leaderboards share: runs that may be compared, and such that may not."""

import numpy as np
import pandas as pd
from colleagues import DAY, HOUR, put_run
from forecast import FEATURES, mean_error, read_hours, sha256, split
from judging import make_experiment
from sklearn.tree import DecisionTreeRegressor

from judgekit import drawn


def make_board(folder, name, kinds, data, other):
    """Write an experiment by hand and return what a leaderboard on `data` must say: {run id: (kind, set of right reasons, error)}.

    `kinds` names the runs in the order in which they start; they are written in another order. A right run has the reasons {""}.
    """
    chance, experiment = drawn(name), make_experiment(folder, name)
    hours = {file: split(read_hours(file)) for file in (data, other)}
    start, truth = 1_780_000_000_000, {}
    order = chance.sample(range(len(kinds)), len(kinds))
    first_parent = put_run(experiment, "hyper", start - DAY, metrics={"val_mae": 1.0}, tags={"author": "ada", "data_sha256": sha256(data)})
    prints = {}
    for number in order:
        kind = kinds[number]
        what, _, group = kind.partition(" #")
        file = other if what == "other data" else data
        fit, unseen = hours[file]
        tree = DecisionTreeRegressor(min_samples_leaf=2 if what == "on train" else 3 + number, random_state=0)
        model = tree.fit(fit[FEATURES], fit["trips"])
        error = mean_error(model, unseen)
        numbers = {"too low": 0.98 * error, "too high": 1.01005 * error, "rounded": round(error, 1), "no number": None}
        shown = {**numbers, "on train": mean_error(model, fit)}.get(what, error)
        tags = {"author": chance.choice(["ada", "bo", "cy"]), "data_sha256": sha256(file)}
        if what == "no hash":
            del tags["data_sha256"]
        if group:
            tags["fingerprint"] = prints.setdefault(group, f"{chance.randrange(16**8):08x}" * 8)
        elif what not in ("by hand", "rounded"):
            tags["fingerprint"] = f"{chance.randrange(16**8):08x}" * 8
        if what == "child":
            tags["mlflow.parentRunId"] = first_parent
        status = {"crashed": "FAILED", "killed": "KILLED", "running": "RUNNING"}.get(what, "FINISHED")
        run_id = put_run(
            experiment,
            f"run {number}",
            start + number * HOUR,
            status,
            None if what == "no model" else (model, fit),
            {} if shown is None else {"val_mae": shown},
            tags,
        )
        reasons = {
            "crashed": {"unfinished"},
            "running": {"unfinished"},
            "no hash": {"no data hash"},
            "other data": {"other data", "refuted"},
            "no model": {"no model"},
            "killed": {"unfinished"},
            "too low": {"refuted"},
            "too high": {"refuted"},
            "on train": {"refuted"},
            "no number": {"refuted"},
            "duplicate": {"duplicate"},
        }
        truth[run_id] = (kind, reasons.get(what, {""}), error)
    if any(kind.startswith("child") for kind in kinds):
        truth[first_parent] = ("group", {"group", "no model", "refuted"}, None)
    else:
        truth[first_parent] = ("no model", {"no model", "refuted"}, None)
    return experiment, truth


def read_board(table, what):
    """Return a leaderboard's rows by run id, with rank as a number. Raises AssertionError where it is none."""
    if not isinstance(table, pd.DataFrame):
        raise AssertionError(f"{what} leaderboard returned a {type(table).__name__}, expected a DataFrame.")
    if "run_id" not in table and table.index.name == "run_id":
        table = table.reset_index()
    missing = [name for name in ("run_id", "author", "val_mae", "rank", "reason") if name not in table]
    if missing:
        raise AssertionError(f"{what} the leaderboard has no column {', '.join(missing)}.")
    if table["run_id"].duplicated().any():
        raise AssertionError(f"{what} a run stands on the leaderboard twice.")
    table = table.set_index("run_id")
    for name in ("rank", "val_mae"):
        numbers = pd.to_numeric(table[name], errors="coerce").astype(object)
        table[name] = numbers.where(numbers.notna(), np.nan).astype(float)
    table["reason"] = table["reason"].astype(object).where(table["reason"].notna(), "").map(str)
    return table


def check_board(table, truth, what, why=None):
    """Raise AssertionError where the leaderboard is not what `truth` (from `make_board`) says."""
    rows = read_board(table, what)
    strange, lost = set(rows.index) - set(truth), set(truth) - set(rows.index)
    if strange or lost:
        raise AssertionError(
            f"{what} the leaderboard speaks of {len(rows)} runs, expected {len(truth)}: one row for each run, ranked or not."
        )
    for run_id, (kind, reasons, _) in sorted(truth.items(), key=lambda item: item[1][0]):
        said = rows.loc[run_id, "reason"]
        hint = f" {why[kind.partition(' #')[0]]}" if why and kind.partition(" #")[0] in why else ""
        if said not in reasons:
            raise AssertionError(
                f"{what} a run ({kind.partition(' #')[0]}) has the reason {said!r}, expected {' or '.join(map(repr, sorted(reasons)))}.{hint}"
            )
        if (said == "") != bool(np.isfinite(rows.loc[run_id, "rank"])):
            raise AssertionError(f"{what} a run with the reason {said!r} has the rank {rows.loc[run_id, 'rank']}: a rank, or a reason.")
    ranked = rows[rows["reason"] == ""].sort_values("rank")
    if ranked["rank"].tolist() != list(range(1, len(ranked) + 1)):
        raise AssertionError(f"{what} the ranks are {ranked['rank'].tolist()}, expected 1, 2, 3, … without a gap.")
    errors = [truth[run_id][2] for run_id in ranked.index]
    shown = pd.to_numeric(ranked["val_mae"], errors="coerce")
    for right, said in zip(errors, shown, strict=True):
        if not abs(said - right) < 1e-6:
            raise AssertionError(f"{what} val_mae of a ranked run is {said:.4f}; its model errs by {right:.4f}: show what you measured.")
    if errors != sorted(errors):
        raise AssertionError(
            f"{what} the ranks do not follow the measured errors, {', '.join(f'{error:.2f}' for error in errors)}: the lowest is first."
        )
