"""What the judge cells share: the truth about the pipeline, heaps and releases of the judge's own, and repositories read without running them."""

import configparser
import io
import json
import os
import re
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from workbench import md5

from judgekit import drawn
from metro_bikes import QUIET, simulate

HERE = Path(__file__).resolve().parent
FILES = HERE if (HERE / "trips.csv").is_file() else Path.cwd()  # the lab's own data lie beside this module, or in the folder
STAGES = ["prepare", "train", "evaluate"]
FEATURES = ["distance_km", "km_since_service", "tyre_pressure_bar", "ebike"]
FIRST = "2025-08-18"
_told = {}


@contextmanager
def own_folder():
    """Give a temporary folder's path, and remove it. What DVC remembers goes there, too."""
    names = {"DVC_SITE_CACHE_DIR": "site", "DVC_GLOBAL_CONFIG_DIR": "config"}
    before = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        os.environ.update({name: f"{folder}/.dvc-{part}" for name, part in names.items()})
        try:
            yield Path(folder).resolve()
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def lab_text(name):
    """Return the text of one of the lab's files, as shipped."""
    return (FILES / name).read_text()


# The pipeline's truth, and what is played to the learner's


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


# Heaps of the judge's own, for audit


def make_heap(folder, salt, kind):
    """Write a repository with stages that touch known files, and a dvc.yaml with known faults. Return what an audit must find."""
    chance = drawn(f"{salt} {kind}")
    words = chance.sample(["gates", "docks", "wheels", "brakes", "lamps", "chains", "locks", "bells", "saddles", "spokes"], 8)
    raw, old, parts, table, module, fitted, page, diary = words
    steps = {
        f"take_{raw}": (
            [f"{raw}/a.csv", f"{raw}/b.csv", "params.yaml"],
            [f"{parts}/left.csv", f"{parts}/right.csv"],
            {"deps": [f"take_{raw}.py", raw], "params": ["season.from"], "outs": [parts]},
        ),
        f"join_{parts}": (
            [f"{parts}/left.csv", f"{parts}/right.csv", f"{module}.py", f"{old}.csv"],
            [f"{table}.csv", f"{diary}.log"],
            {
                "deps": [f"join_{parts}.py", f"{parts}/left.csv", f"{parts}/right.csv", f"{module}.py", f"{old}.csv"],
                "outs": [f"{table}.csv", {f"{diary}.log": {"cache": False}}],
            },
        ),
        f"fit_{table}": (
            [f"{table}.csv", f"{module}.py", "settings.yaml"],
            [f"{fitted}.json"],
            {
                "deps": [f"fit_{table}.py", f"{table}.csv", f"{module}.py"],
                "params": [{"settings.yaml": ["depth"]}],
                "outs": [f"{fitted}.json"],
            },
        ),
        f"show_{page}": (
            [f"{fitted}.json", f"{table}.csv"],
            [f"{page}.md", f"{page}.svg"],
            {
                "deps": [f"show_{page}.py", f"{fitted}.json", f"{table}.csv"],
                "metrics": [{f"{page}.md": {"cache": False}}],
                "plots": [f"{page}.svg"],
            },
        ),
    }
    stages, truth = {}, {}
    for name, (_, _, declared) in steps.items():
        stages[name] = {"cmd": f"python {name}.py" + (" --all" if kind == "forms" else ""), **declared}
        truth[name] = {"missing_deps": set(), "needless_deps": set(), "missing_outs": set()}
    first, second, third, last = steps

    def drop(stage, kind_, path, counts):
        stages[stage][kind_] = [entry for entry in stages[stage][kind_] if (entry if isinstance(entry, str) else next(iter(entry))) != path]
        if not stages[stage][kind_]:
            del stages[stage][kind_]
        key = "missing_outs" if kind_ in ("outs", "metrics", "plots") else "missing_deps"
        truth[stage][key] |= set(counts)

    def add(stage, path):
        stages[stage]["deps"].append(path)
        truth[stage]["needless_deps"].add(path)

    if kind == "plain":
        drop(second, "deps", chance.choice([f"{module}.py", f"{old}.csv"]), [])
        gone = {f"{module}.py", f"{old}.csv"} - set(stages[second]["deps"])
        truth[second]["missing_deps"] = gone
        drop(second, "outs", f"{diary}.log", [f"{diary}.log"])
        drop(first, "params", "season.from", ["params.yaml"])
        drop(third, "deps", f"fit_{table}.py", [f"fit_{table}.py"])
        add(last, f"{module}.py")
        drop(last, "plots", f"{page}.svg", [f"{page}.svg"])
    if kind == "forms":
        stages[first]["deps"] = [f"{raw}2"]  # another folder, whose name begins alike
        truth[first]["missing_deps"] = {f"take_{raw}.py", f"{raw}/a.csv", f"{raw}/b.csv"}
        truth[first]["needless_deps"] = {f"{raw}2"}
        stages[second]["deps"] = [path for path in stages[second]["deps"] if not path.startswith(f"{parts}/")] + [parts]
        stages[second]["params"] = ["season.from"]
        truth[second]["needless_deps"] = {"params.yaml"}
        del stages[third]["deps"], stages[third]["params"]
        truth[third]["missing_deps"] = {f"fit_{table}.py", f"{table}.csv", f"{module}.py", "settings.yaml"}
        stages[last]["plots"] = [{f"{page}.svg": {"title": "a picture"}}]
        stages[last]["params"] = [{"settings.yaml": ["depth"]}]
        truth[last]["needless_deps"] = {"settings.yaml"}
        beside = f"{parts}2/rest.csv"  # beside a declared folder whose name is shorter: neither hidden by it, nor a use of it
        steps[first][1].append(beside)
        truth[first]["missing_outs"].add(beside)
        steps[last][0].append(beside)
        truth[last]["missing_deps"].add(beside)
        add(last, parts)
    folder.mkdir(parents=True)
    for name, (reads, writes, _) in steps.items():
        for path in [*reads, *writes, f"{raw}2/a.csv"]:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text("1\n" if not path.endswith(".py") else "VALUE = 1\n")
        own = f"own_{name}.tmp"
        text = ["import importlib, os, sys", "from pathlib import Path", f"Path({own!r}).write_text('x')", f"Path({own!r}).read_text()"]
        for path in chance.sample(reads, len(reads)):
            half = len(path) // 2
            text.append(f"import {path[:-3]}" if path.endswith(".py") else f"open({path[:half]!r} + {path[half:]!r}).read()")
        text += [f"Path({str(Path(path).parent)!r}).mkdir(exist_ok=True); Path({path!r}).write_text('2')" for path in writes]
        (folder / f"{name}.py").write_text("\n".join([*text, f"os.remove({own!r})"]) + "\n")
    (folder / "params.yaml").write_text("season: {from: 3}\n")
    (folder / "settings.yaml").write_text("depth: 2\n")
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    return truth


def expect_audit(found, truth, where):
    """Raise AssertionError unless an audit found what it must, in any order."""
    names = {
        "missing_deps": "read and not declared",
        "needless_deps": "declared as input and not read",
        "missing_outs": "written and not declared",
    }
    excuses = {
        "missing_deps": "the stage declares it, or does not read it",
        "needless_deps": "the stage reads it, or does not declare it",
        "missing_outs": "the stage declares it, under `outs`, `metrics` or `plots`, or does not write it",
    }
    if not isinstance(found, dict) or set(found) != set(truth):
        raise AssertionError(f"In {where} the result does not have an entry for each stage of dvc.yaml, and no other.")
    for stage, parts in truth.items():
        for key, right in parts.items():
            try:
                said = {str(path) for path in found[stage][key]}
            except (KeyError, TypeError):
                raise AssertionError(f"In {where} the stage {stage} has no list {key!r}.") from None
            if said != right:
                lacking, surplus = sorted(right - said), sorted(said - right)
                what = f"{lacking[0]} is {names[key]}, and is not named" if lacking else f"{surplus[0]} is named, and should not be: {excuses[key]}"
                raise AssertionError(f"In {where}, stage {stage}, {key}: {what}. {_hint(lacking, surplus)}".strip())


def _hint(lacking, surplus):
    path = (lacking + surplus)[0]
    if path.endswith((".yaml",)):
        return "`params` declares params.yaml, or the file that an entry names."
    return "A declared folder covers what lies in it, and nothing beside it." if "/" in path or "." not in path else ""


# Releases of the judge's own, for recall


def make_releases(salt, wheres):
    """Return releases for `colleagues.play_releases`, with models and metrics that nobody has seen."""
    chance = drawn(salt)
    return [
        {
            "tag": f"r{number}",
            "model": json.dumps({"weights": [chance.random() for _ in range(40)]}).encode() + bytes([255, 0, 10]),
            "metrics": {"euros": round(chance.uniform(2000, 4000), 1), "missed": chance.randrange(100)},
            "where": where,
        }
        for number, where in enumerate(wheres, 1)
    ]


def expect_recall(recall, repo, release):
    """Raise AssertionError unless recall gives a release's metrics and model, or a LookupError where its model cannot be had."""
    where, tag = release["where"], release["tag"]
    told = {
        "both": "in the cache and in the remote",
        "store": "in the remote alone",
        "cache": "in the cache alone",
        "nowhere": "neither in the cache nor in the remote",
        "cut": "cut short in the remote: its bytes do not give the hash in dvc.lock",
        "changed": "in the remote with one byte changed: its bytes do not give the hash in dvc.lock",
    }[where]
    before = _work(repo)
    try:
        got, raised = recall(str(repo), tag), None
    except Exception as error:
        got, raised = None, error
    if _work(repo) != before:
        raise AssertionError(
            f"After recall of {tag} the working folder is not as it was: somebody's changes are lost, or another commit is checked out."
        )
    if where in ("nowhere", "cut", "changed"):
        if not isinstance(raised, LookupError):
            came = "a result came" if raised is None else f"{type(raised).__name__} came"
            raise AssertionError(f"The model of {tag} is {told}; {came}, expected a LookupError. A wrong model is worse than none.")
        return
    if raised is not None:
        raise AssertionError(f"The model of {tag} is {told}; recall stopped with {type(raised).__name__}: {str(raised)[:200]}")
    if not isinstance(got, dict) or not {"metrics", "model"} <= set(got):
        raise AssertionError(f"recall returned a {type(got).__name__}, expected a dictionary with 'metrics' and 'model'.")
    if got["metrics"] != release["metrics"]:
        raise AssertionError(f"The metrics of {tag} are {release['metrics']}; recall says {got['metrics']}.")
    model = got["model"].encode() if isinstance(got["model"], str) else bytes(got["model"])
    if model != release["model"]:
        raise AssertionError(f"The model of {tag} is {told}; what recall returned is another one (MD5 {md5(model)[:8]}…).")


def _work(repo):
    files = {path: (repo / path).read_bytes() for path in ("metrics.json", "model.json", "dvc.lock", "train.py") if (repo / path).is_file()}
    head = Repository(repo, "the judge's repository")
    return files, head.git("rev-parse", "HEAD"), head.git("status", "--porcelain"), head.git("symbolic-ref", "HEAD")


# Repositories, read without running anything that their configuration may name


class Repository:
    """A Git repository that a learner left, and what its commits say of data and models."""

    def __init__(self, folder, name):
        self.folder, self.name = Path(folder).resolve(), name

    def git(self, *words):
        """Return what a plumbing command of Git prints."""
        quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager"]
        done = subprocess.run(["git", *quiet, "-C", str(self.folder), *words], capture_output=True, text=True, errors="replace")
        if done.returncode:
            raise AssertionError(f"Git does not find {words[-1].split('^')[0]} in {self.name}.")
        return done.stdout

    def commit(self, revision):
        """Return the commit's id."""
        return self.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()

    def commits(self, revision="main"):
        """Return the ids of all commits that lead to a revision, the newest first."""
        return self.git("rev-list", self.commit(revision)).split()

    def tree(self, revision):
        """Return the files of a revision: {path: blob}."""
        lines = self.git("ls-tree", "-r", self.commit(revision)).splitlines()
        return {path: words.split()[2] for words, path in (line.split("\t") for line in lines)}

    def text(self, revision, path):
        """Return a file's text at a revision."""
        return self.git("cat-file", "blob", f"{self.commit(revision)}:{path}")

    def lock(self, revision):
        """Return the stages of dvc.lock at a revision."""
        try:
            stages = yaml.safe_load(self.text(revision, "dvc.lock"))["stages"]
            return {name: stages[name] for name in stages if isinstance(stages[name], dict)}
        except (yaml.YAMLError, KeyError, TypeError):
            raise AssertionError(f"dvc.lock at {revision} in {self.name} is not one that DVC has written.") from None

    def outs(self, revision):
        """Return the outputs that dvc.lock and the pointers name at a revision: {path: MD5}."""
        found = {out["path"]: str(out.get("md5", "")) for stage in self.lock(revision).values() for out in stage.get("outs", [])}
        for path in (path for path in self.tree(revision) if path.endswith(".dvc")):
            pointer = yaml.safe_load(self.text(revision, path)) or {}
            found |= {
                (Path(path).parent / out["path"]).as_posix(): str(out.get("md5", "")) for out in pointer.get("outs", []) if "path" in out
            }
        return found

    def remote(self, revision):
        """Return the address of the default remote in the committed .dvc/config, as it stands there; None if there is none."""
        if ".dvc/config" not in self.tree(revision):
            return None
        config = configparser.ConfigParser(interpolation=None)
        config.read_string("\n".join(line.strip() for line in self.text(revision, ".dvc/config").splitlines()))
        name = config.get("core", "remote", fallback=None)
        section = next((s for s in config.sections() if re.fullmatch(rf"'?remote \"{re.escape(str(name))}\"'?", s)), None)
        return config.get(section, "url", fallback=None) if section else None


def stored(store, name):
    """Return whether a store has the object with this MD5, and whole: "yes", "no" or "damaged". A folder's list counts with its files."""
    file = Path(store).resolve() / "files" / "md5" / name[:2] / name[2:]
    if not re.fullmatch(r"[0-9a-f]{32}(\.dir)?", name) or not file.is_file():
        return "no"
    if md5(file) != name.removesuffix(".dir"):
        return "damaged"
    if name.endswith(".dir"):
        inside = {stored(store, entry["md5"]) for entry in json.loads(file.read_text())}
        return next((word for word in ("no", "damaged") if word in inside), "yes")
    return "yes"


def true_hill(trips, limit):
    """Return what the depot's alarm says from the text of its trips, with Cy's rule: the stations, in order."""
    table = pd.read_csv(io.StringIO(trips))
    rows = table.groupby("station")["broken"].agg(["size", "mean"])
    return sorted(int(station) for station in rows.index[(rows["mean"].round(4) > limit) & (rows["size"] >= 60)])
