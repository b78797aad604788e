"""What the judge cells share: fresh trips, pipelines and records, drawn from LAB_SEED, and the truth about them."""

import csv
import io
import json
import re
from datetime import date, timedelta
from pathlib import Path
from statistics import fmean

import yaml
from cluster import function_of, load_spec
from desk import node_pool
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Model, Output

from judgekit import drawn, own_folder

STEP = {"base_image": "metro-bikes/steps:2.16", "install_kfp_package": False}


def compiled_text(name):
    """Return the text of a pipeline that the learner compiled."""
    if not Path(name).is_file():
        raise AssertionError(f"There is no {name}: compile the pipeline in your cell.")
    return Path(name).read_text()


def attempt(rehearse, text, runs):
    """Return what the runs tell. Raises AssertionError where the cluster cannot run the pipeline at all."""
    try:
        return rehearse(text, runs)
    except Exception as error:
        raise AssertionError(f"The cluster cannot run your compiled pipeline: {type(error).__name__}: {str(error)[:300]}") from None


def states(told, name):
    """Return the states of a step's executions in a run."""
    return [step["state"] for step in told["steps"] if step["name"] == name]


def dags(spec):
    """Return every DAG of a compiled pipeline."""
    return [spec["root"]["dag"], *(one["dag"] for one in spec["components"].values() if "dag" in one)]


def tasks_of(spec, function):
    """Return the tasks of a compiled pipeline that run a function, at whatever depth, each with its executor's label."""
    found = []
    for dag in dags(spec):
        for task in dag["tasks"].values():
            if function_of(spec, task) == function:
                found.append((task, spec["components"][task["componentRef"]["name"]].get("executorLabel")))
    return found


# Part 1


@dsl.component(**STEP)
def fetch(city: str, table: Output[Dataset]):
    pass


@dsl.component(**STEP)
def learn(table: Input[Dataset], rate: float, model: Output[Model]) -> float:
    return 0.0


@dsl.component(**STEP)
def check(error: float) -> float:
    return error


@dsl.component(**STEP)
def page(error: float):
    pass


def _a_version(wanted):
    """Return a pipeline, with the changes that are wanted."""

    @dsl.container_component
    def shout():
        return dsl.ContainerSpec(image=STEP["base_image"], command=["echo"], args=["all is well" if wanted.get("args") else "well"])

    @dsl.pipeline(name="a-city")
    def a_city(city: str, rate: float) -> float:
        got = fetch(city=city).set_display_name("fetch it" if wanted else "fetch")
        got.set_caching_options(bool(wanted.get("caching")))
        table = got.outputs["table"]
        model = learn(table=table, rate=0.5 if wanted.get("inputs") else rate)
        model.set_memory_limit("8G")
        if wanted.get("resources"):
            model.set_memory_limit("16G")
        if wanted.get("pool"):
            node_pool(model, "gpu")
        if wanted.get("env"):
            model.set_env_variable("THREADS", "2")
        if wanted.get("retries"):
            got.set_retry(num_retries=2)
        return model.outputs["Output"]

    @dsl.pipeline(name="reserve")
    def reserve(rate: float):
        learn(table=fetch(city="all").outputs["table"], rate=rate)

    @dsl.pipeline(name="all-cities")
    def all_cities(cities: list[str], rate: float):
        if wanted.get("added"):
            fetch(city="all")
        with dsl.ParallelFor(cities, parallelism=3 if wanted.get("when") else 2) as city:
            one = a_city(city=city, rate=rate)
            tested = check(error=one.output)
            if wanted.get("image"):
                tested.set_container_image("metro-bikes/steps:2.17")
            with dsl.If(tested.output > (4.0 if wanted.get("limit") else 3.0)):
                if not wanted.get("removed"):
                    page(error=tested.output)
                check(error=1.0)
        shout()
        with dsl.ParallelFor([1.0, 2.0, 3.0] if wanted.get("list") else [1.0, 2.0]) as each:
            check(error=each)
        if not wanted.get("nested"):
            reserve(rate=rate)
        if wanted.get("branch"):
            with dsl.If(rate > 1.0):
                page(error=rate)

    return all_cities


def _two_versions(place, number, twist):
    """Compile a pipeline twice, as it was and with changes; return both paths."""
    paths = str(place / "old.yaml"), str(place / f"new-{number}.yaml")
    for path, wanted in zip(paths, ({}, twist), strict=True):
        if not Path(path).exists():
            compiler.Compiler().compile(_a_version(wanted), path)
    return paths


TWISTS = {
    "caching": ("for-loop-1/a-city/fetch", "caching"),
    "inputs": ("for-loop-1/a-city/learn", "inputs"),
    "resources": ("for-loop-1/a-city/learn", "resources"),
    "pool": ("for-loop-1/a-city/learn", "resources"),
    "env": ("for-loop-1/a-city/learn", "env"),
    "retries": ("for-loop-1/a-city/fetch", "retries"),
    "when": ("for-loop-1", "when"),
    "image": ("for-loop-1/check", "image"),
    "limit": ("for-loop-1/condition-2", "when"),
    "removed": ("for-loop-1/condition-2/page", "removed"),
    "args": ("shout", "code"),
    "list": ("for-loop-4", "when"),
    "nested": ("reserve", "removed"),
    "branch": ("condition-5", "added"),
}
TOLD = {
    "caching": "the cache of a step in the pipeline in the pipeline was switched on",
    "inputs": "a step gets a constant instead of a parameter",
    "resources": "a step was given more memory",
    "pool": "a step was moved to another pool of machines, which stands in the second document",
    "env": "a step was given an environment variable",
    "retries": "a step is retried",
    "when": "more turns of the loop may run at once",
    "image": "a step has another image",
    "limit": "a condition has another limit",
    "removed": "a step inside a condition was removed",
    "args": "a step that is a command got other arguments",
    "list": "a loop over a constant list has one item more",
    "nested": "a pipeline in the pipeline was removed, with all steps in it",
    "branch": "a condition was added, with a step in it",
    "sdk": "nothing changed but a display name and the version of the SDK",
    "added": "a step was added, and so components and executors have other numbers",
}


def changes_cases():
    """Yield pairs of compiled pipelines: (old, new, the changes, what is special)."""
    chance = drawn("changes")
    single = [word for word in TWISTS if word not in ("pool", "nested", "branch")]
    chance.shuffle(single)
    cases = [["added", *single[:3]], [*single[3:6], "branch"], single[6:], ["pool", "added", "nested"], ["sdk"]]
    with own_folder() as place:
        for number, words in enumerate(cases):
            old, new = _two_versions(place, number, dict.fromkeys(words, True))
            if words == ["sdk"]:
                Path(new).write_text(Path(new).read_text().replace("sdkVersion: kfp-", "sdkVersion: kfp-9."))
            truth = {}
            for word in words:
                if word == "added":
                    truth["fetch"] = {"added"}
                elif word in TWISTS:
                    path, kind = TWISTS[word]
                    truth.setdefault(path, set()).add(kind)
            yield old, new, truth, ", and ".join(TOLD[word] for word in words)


def compare_changes(said, truth, what):
    """Raise AssertionError where the changes that a learner found are not the true ones."""
    assert isinstance(said, dict), f"changes returned a {type(said).__name__}, expected a dictionary from paths to words."
    said = {str(path): {words} if isinstance(words, str) else {str(word) for word in words} for path, words in said.items() if words}
    for path in truth:
        assert path in said, f"{what}: at {path} you found nothing, expected {', '.join(sorted(truth[path]))}."
    for path in said:
        assert path in truth, f"{what}: at {path} you found {', '.join(sorted(said[path]))}, and nothing that counts has changed there."
        assert said[path] == truth[path], (
            f"{what}: at {path} you found {', '.join(sorted(said[path]))}, expected {', '.join(sorted(truth[path]))}."
        )


# Part 2


def draw_trips(chance, cities, days=16):
    """Return the text of some cities' trips, some counts of them impossible; the hour from five to six is on the last days alone."""
    first, lines = date(2026, chance.randint(3, 11), chance.randint(1, 12)), ["hour,city,trips"]
    for number in range(days):
        day = first + timedelta(number)
        if number >= days - 3:
            lines += [f"{day}T05:00,{city},{chance.randint(1, 12)}" for city in cities]
        for hour in range(6, 23):
            for size, city in enumerate(cities, 1):
                trips = 9999 if chance.random() < 0.02 else int(20 * size + 6 * hour * (day.weekday() < 5) + chance.randint(0, 30))
                lines.append(f"{day}T{hour:02}:00,{city},{trips}")
    return "\n".join(lines) + "\n"


def city_truth(trips, city, holidays, test_days):
    """Return the sentence that the night of one city ends with, the rows, how many are free, and whether one hour is clearly the worst."""
    rows = [(row["hour"], min(int(row["trips"]), 400)) for row in csv.DictReader(io.StringIO(trips)) if row["city"] == city]
    days = sorted({hour[:10] for hour, _ in rows})

    def kind(hour):
        return hour[:10] in holidays or date.fromisoformat(hour[:10]).weekday() >= 5, hour[11:13]

    seen, past, future = {}, days[:-test_days], days[-test_days:]
    for hour, count in rows:
        if hour[:10] in past:
            seen.setdefault(kind(hour), []).append(count)
    mean = fmean(count for each in seen.values() for count in each)
    errors = [(abs((fmean(seen[kind(hour)]) if kind(hour) in seen else mean) - count), hour) for hour, count in rows if hour[:10] in future]
    free = sum(kind(hour)[0] for hour, _ in rows)
    mae, two = fmean(error for error, _ in errors), sorted(errors)[-2:]
    clear = two[1][0] - two[0][0] > 1e-6 and abs(mae * 100 % 1 - 0.5) > 1e-6
    return f"off by {mae:.2f} trips per hour, most at {max(errors)[1]}", len(rows), free, clear


def city_runs(salt):
    """Return runs of city_night on fresh trips, and of each the truth and what is special."""
    for number in range(50):  # until no two hours are equally bad
        runs, truths, clear = _city_runs(drawn(f"{salt} {number}"))
        if clear:
            break
    return runs, truths


def _city_runs(chance):
    cities = chance.sample(["Quayside", "Millbrook", "Abbey", "Castleford"], 2)
    trips = draw_trips(chance, cities)
    days = sorted({line[:10] for line in trips.splitlines()[1:]})
    work = [day for day in days if date.fromisoformat(day).weekday() < 5]
    cases = [
        (
            cities[0],
            [chance.choice(work[:5]), work[-2]],
            chance.choice([4, 5, 6]),
            "other trips (one hour of the day is in the test days alone), holidays and test days",
        ),
        (cities[1], [], 5, "another city, no holiday at all, and an hour that is in the test days alone"),
        (cities[0], [work[1], work[2], work[-1]], 5, "other holidays, on the same cluster as before"),
    ]
    runs = [
        {
            "arguments": {"trips": "{data}/trips.csv", "city": city, "holidays": holidays, "test_days": test_days},
            "files": {"trips.csv": trips},
        }
        for city, holidays, test_days, _ in cases
    ]
    truths = [city_truth(trips, city, holidays, test_days) for city, holidays, test_days, _ in cases]
    told = [(*truth[:3], case[0], case[3]) for truth, case in zip(truths, cases, strict=True)]
    return runs, told, all(truth[3] for truth in truths)


def expect_city(rehearse, text):
    """Raise AssertionError where the night of one city goes wrong on the cluster."""
    _city(rehearse, text, slice(0, 2))


def _city(rehearse, text, chosen):
    runs, truths = city_runs("city")
    told = attempt(rehearse, text, runs[: chosen.stop])
    for run, (sentence, _, _, _, what) in zip(told[chosen], truths[chosen], strict=True):
        assert run["state"] == "SUCCEEDED", f"With {what} the run failed: {run['error'][:400]}"
        said = run["outputs"].get("Output")
        assert said == sentence, f"With {what} the night says {said!r}, expected {sentence!r}."
    return told, truths


PATH = re.compile(r"(^|[\s\"'=:])(/[\w.-]+){2,}|\w+\.(csv|json|txt|mean)\b")


def _texts(value):
    if isinstance(value, dict):
        return [text for one in value.items() for text in _texts(one)]
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def expect_handed_over(rehearse, text):
    """Raise AssertionError where files do not go as artefacts, or artefacts do not say what they are."""
    told, truths = _city(rehearse, text, slice(0, 3))
    run, (_, rows, _, city, _) = told[2], truths[2]
    kinds = {}
    for step in run["steps"]:
        assert not step.get("changed"), (
            f"The step {step['name']} changes its input {step['changed'][0]}. On a cluster that is a copy of its own; an input is read only."
        )
        for key, value in step["outputs"].items():
            if isinstance(value, dict) and {"type", "text", "metadata"} <= set(value):
                kinds.setdefault(value["type"], []).append((step["name"], key, value))
                hidden = [one for one in _texts(value["metadata"]) if PATH.search(one)]
                assert not hidden, f"The metadata of {step['name']}'s {key} names a file, {hidden[0]!r}: it lies in a pod that is gone."
            else:
                hidden = [one for one in _texts(value) if PATH.search(one)]
                assert not hidden, f"{step['name']} returns the name of a file, {hidden[0]!r}: it lies in a pod that is gone."
    assert "system.Dataset" in kinds, "No step gives a Dataset. Tables are files: they go as artefacts of this type."
    assert "system.Model" in kinds, "No step gives a Model. The model is a file: it goes as an artefact of this type."
    for kind in ("system.Dataset", "system.Model"):
        for name, key, value in kinds[kind]:
            assert value["text"] or key in ("errors",), f"The artefact {key} of {name} is empty: what readers need must lie at its path."
            assert value["metadata"].get("city") == city, (
                f"The metadata of {name}'s {key} says city: {value['metadata'].get('city')!r}, expected {city!r}."
            )
            if kind == "system.Dataset" and name in ("clean", "mark"):
                assert value["metadata"].get("rows") == rows, (
                    f"The metadata of {name}'s {key} says rows: {value['metadata'].get('rows')!r}, expected {rows}."
                )
    spec, _ = load_spec(text)
    trained = tasks_of(spec, "test")
    takes = {
        about["artifactType"]["schemaTitle"]
        for task, _ in trained
        for about in spec["components"][task["componentRef"]["name"]].get("inputDefinitions", {}).get("artifacts", {}).values()
    }
    assert {"system.Model", "system.Dataset"} <= takes, (
        f"The step test takes {sorted(takes) or 'no artefact'}, expected a Model and a Dataset."
    )


# Part 3


def draw_records(chance, nights=4, cities=("Lakeside", "Kingsmere", "Northport"), first=None, which=0, edge=0):
    """Return the records of some nights, as a cluster's metadata store keeps them; and a city and a day whose trips were wrong."""
    artefacts, executions, numbers = {}, [], list(range(100, 999))
    chance.shuffle(numbers)
    first = first or date(2026, 3, 1) + timedelta(chance.randint(0, 200))
    champions, latest = {}, {}

    def make(kind, uri=None, **metadata):
        identity = f"a{numbers.pop()}"
        artefacts[identity] = {"type": f"system.{kind}", "uri": uri or f"s3://metro/{numbers.pop()}/{kind.lower()}", "metadata": metadata}
        return identity

    def run(name, task, item, inputs, outputs, state="COMPLETE"):
        executions.append({"run": name, "task": task, "item": item, "state": state, "inputs": inputs, "outputs": outputs})

    for city in cities:
        champions[city] = make("Model", city=city)
        run("champions", "train", city, {}, {"model": champions[city]})
    for night in range(nights):
        name, last = f"night-{night + 1}", first + timedelta(2 * night)
        window, models = {"first": str(last - timedelta(3)), "last": str(last)}, []
        for city in cities:
            raw = make("Dataset", city=city, **window)
            run(name, "for-loop-1/download", city, {}, {"table": raw})
            train, test = make("Dataset", city=city, part="train"), make("Dataset", city=city, part="test")
            run(name, "for-loop-1/split", city, {"table": [raw]}, {"train": train, "test": test})
            model = make("Model", city=city)
            if night and chance.random() < 0.6 and city in latest:
                before = make("Model", uri=artefacts[latest[city]]["uri"], city=city)
                run(name, "for-loop-1/importer", city, {}, {"artifact": before})
                run(name, "for-loop-1/tune", city, {"table": [train], "model": [before]}, {"model": model})
            else:
                run(name, "for-loop-1/train", city, {"table": [train]}, {"model": model})
            latest[city] = model
            models.append(model)
            run(name, "for-loop-1/test", city, {"model": [model], "table": [test]}, {"figures": make("Metrics", city=city)})
            run(name, "for-loop-1/test-2", city, {"model": [champions[city]], "table": [test]}, {"figures": make("Metrics", city=city)})
        both = make("Model", cities=list(cities))
        run(name, "blend", None, {"models": models}, {"model": both})
        run(name, "for-loop-2/test", cities[0], {"model": [both], "table": [test]}, {"figures": make("Metrics")})
        if night == 1:
            for one in [one for one in executions if one["run"] == name and one["task"].startswith("for-loop-1")]:
                executions.append({**one, "run": f"{name}-again", "state": "CACHED"})
    city = cities[which]
    day = str(first + timedelta(2 * chance.randint(0, 1) - edge))
    return {"artefacts": artefacts, "executions": chance.sample(executions, len(executions))}, city, day


def _with_rare(records, city, day, chance):
    """Add what is rare to records: an imported table, a model that names the days that it learnt from, tests of other cities' models."""
    artefacts, executions, numbers = records["artefacts"], records["executions"], iter(range(1001, 2000))

    def make(kind, **metadata):
        identity = f"a{next(numbers)}"
        artefacts[identity] = {"type": f"system.{kind}", "uri": f"s3://metro/{identity}/{kind.lower()}", "metadata": metadata}
        return identity

    def run(task, item, inputs, **outputs):
        executions.append({"run": "rare", "task": task, "item": item, "state": "COMPLETE", "inputs": inputs, "outputs": outputs})

    imported, learnt = make("Dataset", city=city, first=day, last=day), make("Model", city=city)
    run("importer", None, {}, artifact=imported)
    run("train", city, {"table": [imported]}, model=learnt)
    bought = make("Model", city=city, first=day, last=day)
    run("importer-2", None, {}, artifact=bought)
    foreign = make("Model", city="elsewhere")
    run("importer-3", None, {}, artifact=foreign)
    run("test", "elsewhere", {"model": [foreign], "table": [imported]}, figures=make("Metrics", city="elsewhere"))
    run("test-2", None, {"model": [bought], "table": [imported]}, figures=make("Metrics"))
    chance.shuffle(executions)


def lineage_truth(records, city, day):
    """Return the models to be trained again and the figures to be computed again."""
    artefacts, executions = records["artefacts"], records["executions"]
    made = {output for one in executions if one["inputs"] for output in one["outputs"].values()}
    bad = {
        identity
        for identity, one in artefacts.items()
        if one["type"] == "system.Dataset"
        and identity not in made
        and one["metadata"].get("city") == city
        and one["metadata"]["first"] <= day <= one["metadata"]["last"]
    }
    while True:
        uris = {artefacts[identity]["uri"] for identity in bad}
        more = {identity for identity, one in artefacts.items() if one["uri"] in uris}
        for one in executions:
            if any(identity in bad for each in one["inputs"].values() for identity in each):
                more |= set(one["outputs"].values())
        if more <= bad:
            break
        bad |= more
    retrain = {identity for identity in bad if artefacts[identity]["type"] == "system.Model"}
    tested = {
        output: [identity for each in one["inputs"].values() for identity in each if artefacts[identity]["type"] == "system.Model"]
        for one in executions
        for output in one["outputs"].values()
    }
    retest = {
        identity
        for identity in bad
        if artefacts[identity]["type"] == "system.Metrics" and not any(model in retrain for model in tested[identity])
    }
    return retrain, retest


def expect_lineage(consequences):
    """Raise AssertionError where a learner's `consequences` blames or misses something in fresh records."""
    chance = drawn("lineage")
    for number in range(3):
        cities = tuple(chance.sample(["Quay", "Mill", "Abbey", "Park"], 2 + number % 2))
        records, city, day = draw_records(chance, nights=3 + number, cities=cities, which=number % 2, edge=[0, 3, 0][number])
        if number:
            _with_rare(records, city, day, chance)
        what = f"In fresh records, with the trips of {city} wrong on {day}"
        try:
            said = consequences(records, city, day)
        except Exception as error:
            raise AssertionError(f"{what}, consequences stopped with {type(error).__name__}: {error}") from None
        compare_lineage(said, records, city, day, what)


def compare_lineage(said, records, city, day, what):
    """Raise AssertionError where what a learner's `consequences` said is not the truth."""
    assert isinstance(said, dict) and {"retrain", "retest"} <= set(said), (
        f"{what}, consequences returned {said if not isinstance(said, dict) else sorted(said)}, expected a dictionary with retrain and retest."
    )
    executions, artefacts = records["executions"], records["artefacts"]
    maker = {output: one for one in executions if one["state"] != "CACHED" for output in one["outputs"].values()}
    for word, truth in zip(("retrain", "retest"), lineage_truth(records, city, day), strict=True):
        found = set(map(str, said[word]))
        missed, blamed = sorted(truth - found), sorted(found - truth)
        if missed:
            one = maker[missed[0]]
            raise AssertionError(
                f"{what}, {word} misses {len(missed)} of {len(truth)}, such as {missed[0]}, which {one['task']} of {one['run']} made from {one['inputs']}."
            )
        if blamed:
            kind = artefacts.get(blamed[0], {}).get("type", "no artefact")
            about = maker.get(blamed[0], {"task": "nobody", "run": "no run", "inputs": "nothing"})
            raise AssertionError(
                f"{what}, {word} has {len(blamed)} too many, such as {blamed[0]} ({kind}), which {about['task']} of {about['run']} made from {about['inputs']}."
            )


# Part 4


def release_run(new, old, limit, city):
    """Return a run of the pipeline `release`."""
    return {"arguments": {"city": city, "store": "{store}", "new_error": new, "old_error": old, "limit": limit}, "empty_store": True}


def release_truth(new, old, limit, city):
    """Return which branch must run, and what the drivers get."""
    if new <= limit and new <= old:
        return "promote", {"model": "candidate", "reason": "promoted"}
    if old <= limit:
        return "keep", {"model": "champion", "reason": "kept"}
    return "fall_back", {"model": f"last year in {city}", "reason": "fallen back"}


def expect_release(run, new, old, limit, city, what="A run"):
    """Raise AssertionError where a release took a wrong branch, or more than one, or none."""
    about = f"{what} with the candidate's error {new:.3f}, the champion's {old:.3f} and the limit {limit:.3f}"
    branch, right = release_truth(new, old, limit, city)
    assert run["state"] == "SUCCEEDED", f"{about} failed: {run['error'][:300]}"
    ran = [
        step["name"]
        for step in run["steps"]
        if step["name"] in ("promote", "keep", "fall_back") and step["state"] in ("SUCCEEDED", "CACHED")
    ]
    assert ran == [branch], f"{about}: there ran {' and '.join(ran) or 'no branch'}, expected {branch} alone."
    given = [state for state in states(run, "hand_over") if state == "SUCCEEDED"]
    assert len(given) == 1, f"{about}: hand_over ran {len(given)} times, expected once, with what the branch gave."
    got = json.loads(run["store"].get(f"{city}.json", "{}"))
    assert got == right, f"{about}: the drivers got {got or 'nothing'}, expected {right}."


def release_cases():
    """Return fresh cases of a release: (candidate's error, champion's, limit, city)."""
    chance, city = drawn("release"), drawn("city").choice(["Quayside", "Abbey"])
    limit = round(chance.uniform(4, 8), 3)
    low, lower, high, higher = limit - 0.7, limit - 1.3, limit + 0.4, limit + 1.1
    pairs = [(low, lower), (low, low), (limit, high), (high, limit), (higher, limit), (high, higher), (lower, high)]
    return [(round(new, 3), round(old, 3), limit, city) for new, old in chance.sample(pairs, len(pairs))]


def _with_other_errors(text):
    """Return a compiled release in which `bring` returns ten minus the error that it was given."""
    spec, platform = load_spec(text)
    for label in {label for _, label in tasks_of(spec, "bring")}:
        command = spec["deploymentSpec"]["executors"][label]["container"]["command"]
        assert any("    return error\n" in part for part in command), "The step bring is not that of steps.py: take it as it is."
        command[:] = [part.replace("    return error\n", "    return 10 - error\n") for part in command]
    return yaml.safe_dump_all([spec, *([platform] if platform else [])])


def expect_branches(rehearse, text):
    """Raise AssertionError where a compiled release decides wrongly, or runs what it need not."""
    spec, _ = load_spec(text)
    cases = release_cases()
    other = _with_other_errors(text)
    runs = [release_run(*case) for case in cases]
    told = attempt(rehearse, text, [*runs, *({**run, "compiled": other} for run in runs)])
    for run, case in zip(told, cases, strict=False):
        expect_release(run, *case)
    for run, (new, old, limit, city) in zip(told[len(cases) :], cases, strict=True):
        what = f"The pipeline was given the errors {new:.3f} and {old:.3f}, and bring returned others, which count. A run"
        expect_release(run, 10 - new, 10 - old, limit, city, what)
    givers = len(tasks_of(spec, "hand_over"))
    assert givers == 1, (
        f"In the compiled pipeline hand_over stands {givers} times, expected once: after the branches, with the one output that there is."
    )
    cached = [task["taskInfo"]["name"] for task, _ in tasks_of(spec, "hand_over") if task.get("cachingOptions", {}).get("enableCache")]
    assert not cached, (
        "hand_over may come from the cache: then a second release of the same model gives the drivers nothing. (What was handed over last may be another one.)"
    )


# Part 5


@dsl.component(**STEP)
def mix(
    table: Input[Dataset],
    days: int = 7,
    share: float = 0.5,
    names: list = [],  # noqa: B006
    deep: bool = True,
    note: str = "",
    model: Output[Model] = None,
) -> float:
    return 0.0


@dsl.component(**STEP)
def gather(tables: Input[list[Dataset]], about: dict = {}) -> str:  # noqa: B006
    return ""


def _mixed(place, **wanted):
    """Compile a pipeline with the tasks mix, for-loop-1/mix, inside/mix and gather; return its path."""
    made = mix
    if wanted.get("code"):

        @dsl.component(**STEP)
        def mix_other(
            table: Input[Dataset],
            days: int = 7,
            share: float = 0.5,
            names: list = [],  # noqa: B006
            deep: bool = True,
            note: str = "",
            model: Output[Model] = None,
        ) -> float:
            return 0.0 + 0

        made = mix_other

    @dsl.pipeline(name="inside")
    def inside(table: Input[Dataset]):
        made(table=table).set_caching_options(bool(wanted.get("inner", True)))

    @dsl.pipeline(name=wanted.get("name", "mixed"))
    def mixed(table: Input[Dataset], cities: list[str]):
        one = made(table=table)
        one.set_caching_options(wanted.get("cache", True))
        for call, value in wanted.get("calls", []):
            getattr(one, call)(*value)
        if wanted.get("pool"):
            node_pool(one, "gpu")
        nested = inside(table=table)
        nested.set_caching_options(wanted.get("outer", True))
        with dsl.ParallelFor(cities):
            made(table=table)

    path = place / f"{abs(hash(str(sorted(wanted.items(), key=str)))):x}.yaml"
    compiler.Compiler().compile(mixed, str(path))
    return str(path)


def _other_type(path):
    """Write a compiled pipeline again, its models declared as Artifacts; return the path."""
    other = Path(path).with_suffix(".other.yaml")
    other.write_text(Path(path).read_text().replace("schemaTitle: system.Model", "schemaTitle: system.Artifact"))
    return str(other)


def _gathered(place):
    @dsl.pipeline(name="gathered")
    def gathered(tables: Input[list[Dataset]]):
        gather(tables=tables)

    path = place / "gathered.yaml"
    compiler.Compiler().compile(gathered, str(path))
    return str(path)


def fingerprint_cases(place):
    """Return pairs of tasks: (one, other, whether the second may take the outputs of the first, what is special)."""
    chance = drawn("fingerprint")
    days, artefact, other = chance.randint(2, 30), f"a{chance.randint(100, 499)}", f"a{chance.randint(500, 999)}"
    given = {"days": days, "share": 0.25, "names": ["b", "a"], "deep": False, "note": "x"}
    whole = {"days": 7, "share": 0.5, "names": [], "deep": True, "note": ""}
    table, base, task = {"table": [artefact]}, _mixed(place), "mix"

    def twin(**wanted):
        return _mixed(place, **wanted)

    calls = [("set_memory_limit", ("9G",)), ("set_retry", (3,)), ("set_display_name", ("Mix it",)), ("set_accelerator_limit", (1,))]
    calls.append(("set_accelerator_type", ("nvidia.com/gpu",)))
    plain = (base, task, given, table)
    lists = _gathered(place)
    return [
        (
            plain,
            (twin(calls=calls, pool=True), task, given, table),
            True,
            "with other resources, retries, display name and pool of machines",
        ),
        (plain, (base, task, dict(reversed(given.items())), table), True, "whose parameters come in another order"),
        (plain, (base, task, {**given, "days": float(days)}, table), True, "whose number comes as 7.0 instead of 7"),
        (plain, (base, "for-loop-1/mix-2", given, table), True, "which stands in a loop, with the same component and inputs"),
        ((base, task, {}, table), (base, task, whole, table), True, "whose parameters are given with their default values"),
        (plain, (base, task, {**given, "days": str(days)}, table), False, "with a text instead of a number"),
        ((base, task, {**given, "deep": True}, table), (base, task, {**given, "deep": 1}, table), False, "with 1 instead of true"),
        (plain, (base, task, {**given, "names": ["a", "b"]}, table), False, "with a list in another order"),
        (plain, (base, task, given, {"table": [other]}), False, "with another artefact"),
        (plain, (base, task, {**given, "days": days + 1}, table), False, "with another number"),
        (plain, (twin(calls=[("set_env_variable", ("THREADS", "2"))]), task, given, table), False, "with an environment variable"),
        (plain, (twin(calls=[("set_container_image", ("metro-bikes/steps:2.17",))]), task, given, table), False, "with another image"),
        (plain, (twin(name="mixed-2"), task, given, table), False, "of a pipeline of another name"),
        (plain, (twin(code=True), "mix-other", given, table), False, "with other code"),
        (plain, (_other_type(base), task, given, table), False, "with the same code, whose output is declared as another type of artefact"),
        (
            (lists, "gather", {"about": {"a": 1, "b": [1, 2]}}, {"tables": [artefact, other]}),
            (lists, "gather", {"about": {"b": [1, 2.0], "a": 1}}, {"tables": [artefact, other]}),
            True,
            "with a dictionary in another order",
        ),
        (
            (lists, "gather", {"about": {}}, {"tables": [artefact, other]}),
            (lists, "gather", {"about": {}}, {"tables": [other, artefact]}),
            False,
            "with the same artefacts in another order",
        ),
    ]


def uncached_cases(place):
    """Return tasks that have no fingerprint, or have one though it does not look so: (task, whether it has one, what is special)."""
    given, table = {"days": 3}, {"table": ["a007"]}
    return [
        ((_mixed(place, cache=False), "mix", given, table), False, "whose cache is switched off"),
        ((_mixed(place, outer=False), "inside/mix", given, table), True, "inside a pipeline whose own cache is switched off"),
        ((_mixed(place, inner=False), "inside/mix", given, table), False, "inside a pipeline, its cache switched off"),
    ]


def expect_fingerprints(fingerprint):
    """Raise AssertionError where a learner's fingerprints tell apart what Kubeflow takes for the same, or the other way round."""
    with own_folder() as place:

        def call(case, what):
            try:
                return fingerprint(*case)
            except Exception as error:
                raise AssertionError(f"For a task {what}, fingerprint stopped with {type(error).__name__}: {error}") from None

        for case, has_one, what in uncached_cases(place):
            said = call(case, what)
            assert (said is not None) == has_one, (
                f"A task {what}: fingerprint returned {said if said is None else 'a fingerprint'}, expected {'a fingerprint' if has_one else 'None'}."
            )
        for one, other, same, what in fingerprint_cases(place):
            first, second = call(one, "before any change"), call(other, what)
            assert first is not None and second is not None, f"A task {what}: fingerprint returned None, and its cache is on."
            if same:
                assert first == second, f"A task {what}: for Kubeflow it is the same, and your fingerprints differ."
            else:
                assert first != second, (
                    f"A task {what}: it must run, and your fingerprints are equal, so it would be served from the cache."
                )


# Part 6


def ledger_trips(chance, cities, hours):
    """Return the text of some cities' trips on four days, at some hours of the day."""
    lines = ["hour,city,trips"]
    for day in range(10, 14):
        lines += [f"2026-02-{day}T{hour:02}:00,{city},{chance.randint(5, 90)}" for city in cities for hour in hours]
    return "\n".join(lines) + "\n"


def ledger_truth(trips, cities):
    """Return what the ledger must hold of a run: {city: (error, [(hour, trips)])}."""
    truth = {}
    for city in cities:
        seen = {}
        for row in csv.DictReader(io.StringIO(trips)):
            if row["city"] == city:
                seen.setdefault(int(row["hour"][11:13]), []).append(int(row["trips"]))
        error = fmean(abs(count - fmean(each)) for each in seen.values() for count in each)
        truth[city] = error, [(hour, round(fmean(seen[hour]))) for hour in sorted(seen)]
    return truth


def expect_ledger(tables, job, truth, what):
    """Raise AssertionError where the ledger does not hold a run's rows, once and whole."""
    held = next(iter(tables.values()), {})
    assert {"runs", "forecasts"} <= set(held), f"{what}: the ledger has the tables {sorted(held) or 'none'}, expected runs and forecasts."
    for city, (error, rows) in truth.items():
        lines = [line for line in held["runs"] if line[:2] == [job, city]]
        assert len(lines) == 1, (
            f"{what}: runs has {len(lines)} lines of run {job} and {city}, expected one. It has the runs {sorted({str(line[0]) for line in held['runs']})[:4]}."
        )
        assert abs(float(lines[0][2]) - error) < 1e-6 and int(lines[0][3]) == len(rows), (
            f"{what}: the line of {city} says error and rows {lines[0][2:]}, expected {error:.4f} and {len(rows)}."
        )
        there = sorted((int(line[2]), int(line[3])) for line in held["forecasts"] if line[:2] == [job, city])
        assert there == rows, (
            f"{what}: forecasts has {len(there)} lines of run {job} and {city}, expected {len(rows)}, one for each hour"
            + (
                f"; the hours {sorted({hour for hour, _ in there} ^ {hour for hour, _ in rows})[:5]} differ."
                if len(there) == len(set(there))
                else ", and some are there twice."
            )
        )


def record_run(source, cities, **more):
    """Return a run of the pipeline `record`."""
    return {"arguments": {"source": "{data}/" + source, "cities": cities, "ledger": "{store}/ledger.db"}, **more}


def expect_recorded(rehearse, text):
    """Raise AssertionError where pods that die leave doubles, halves or nothing."""
    chance = drawn("ledger")
    cities = chance.sample(["Quayside", "Old Mill", "St. Mary's", "Abbey"], 2)
    hours = sorted(chance.sample(range(24), 8))
    fewer = hours[:5]
    trips, fewer_trips = ledger_trips(chance, cities, hours), ledger_trips(chance, cities, fewer)
    truth, fewer_truth = ledger_truth(trips, cities), ledger_truth(fewer_trips, cities[:2])
    files = {"a.csv": trips, "b.csv": fewer_trips}
    first, second, third = (f"r-{chance.randint(1000, 9999)}-{n}" for n in range(3))
    cys = (Path(__file__).parent / "cys_record.yaml").read_text()
    told = attempt(
        rehearse,
        text,
        [
            record_run("a.csv", cities[:2], compiled=cys, files=files, job="old"),
            record_run("a.csv", cities, job=first, lost={"enter": 2}, killed={"enter": [0, 0, 0, chance.randint(3, 6)]}),
            record_run("a.csv", cities[:1], job=second, killed={"enter": [1, chance.randint(4, 7), 9]}),
            record_run("b.csv", cities[:2], job=first),
            record_run("a.csv", cities[:1], job=third, killed={"enter": [2, 4, 6, 7]}, lost={"enter": 4}),
            record_run("a.csv", cities[:1], job=third),
            record_run("b.csv", cities[:1], job=third, killed={"enter": [*chance.sample([2, 3, 4], 3), 3]}),
        ],
    )
    before, lost, killed, again, given_up, repeated, replaced = told
    assert before["state"] == "SUCCEEDED", "The judge's own ledger could not be made."
    old = {name: rows for name, rows in next(iter(before["tables"].values())).items() if rows}
    assert lost["state"] == "SUCCEEDED", f"Three pods of enter were lost or killed, and the run failed: {lost['error'][:300]}"
    expect_ledger(lost["tables"], first, truth, "A pod was lost twice after its work, another killed in the middle")
    for name, rows in old.items():
        kept = [row for row in next(iter(lost["tables"].values()))[name] if row in rows]
        assert len(kept) == len(rows), (
            f"The ledger had {len(rows)} rows in {name}, from Cy's time; {len(kept)} are left. Other runs stay as they are."
        )
    assert killed["state"] == "SUCCEEDED", (
        f"A pod of enter was killed three times, and the run failed: {killed['error'][:300]} Three retries were asked for."
    )
    expect_ledger(killed["tables"], second, {cities[0]: truth[cities[0]]}, "A pod was killed three times in the middle")
    expect_ledger(killed["tables"], first, truth, "After another run was entered")
    assert again["state"] == "SUCCEEDED", f"A run was started again under the same name, and failed: {again['error'][:300]}"
    expect_ledger(
        again["tables"],
        first,
        {**truth, **fewer_truth},
        f"A run was started again, with corrected trips that have {len(fewer)} hours instead of {len(hours)}",
    )
    assert given_up["state"] == "FAILED", "Four pods of enter died, and it was tried a fifth time. Three retries, no more."
    held = next(iter(given_up["tables"].values()))
    if any(row[0] == third for name in ("runs", "forecasts") for row in held[name]):
        expect_ledger(
            given_up["tables"],
            third,
            {cities[0]: truth[cities[0]]},
            "A run's pods died in the middle until it was given up. All of a city or nothing",
        )
    assert repeated["state"] == "SUCCEEDED", f"The run that was given up was started again, and failed: {repeated['error'][:300]}"
    expect_ledger(repeated["tables"], third, {cities[0]: truth[cities[0]]}, "The run that was given up was started again")
    try:
        expect_ledger(replaced["tables"], third, {cities[0]: fewer_truth[cities[0]]}, "")
    except AssertionError:
        expect_ledger(
            replaced["tables"],
            third,
            {cities[0]: truth[cities[0]]},
            "A run that was in the ledger was started again, and its pods died in the middle until it was given up. Then what was there before must still be there, whole",
        )
    spec, _ = load_spec(text)
    cached = [task for task, _ in tasks_of(spec, "enter") if task.get("cachingOptions", {}).get("enableCache")]
    assert not cached, "enter may come from the cache: then a run that repeats another enters nothing."


# Part 7


def amount(text):
    """Return a quantity as a number: "8G", "500m", "4Gi", 2."""
    match = re.fullmatch(r"([\d.]+)\s*([A-Za-z]*)", str(text or "0"))
    units = {"": 1, "m": 0.001, "K": 1e3, "k": 1e3, "Ki": 2**10, "M": 1e6, "Mi": 2**20, "G": 1e9, "Gi": 2**30, "T": 1e12, "Ti": 2**40}
    return float(match[1]) * units.get(match[2], 1) if match else 0.0


def resources_of(spec, label):
    """Return (CPUs, memory in bytes, accelerators) that an executor is limited to; 0 where there is no limit."""
    given = spec["deploymentSpec"]["executors"][label]["container"].get("resources", {})
    cpu = amount(given.get("resourceCpuLimit", given.get("cpuLimit")))
    memory = amount(given["resourceMemoryLimit"]) if "resourceMemoryLimit" in given else 1e9 * float(given.get("memoryLimit", 0))
    return cpu, memory, given.get("accelerator", {})


def expect_sized(text):
    """Raise AssertionError where steps of the night ask for too much, for nothing, or land on the wrong machines."""
    spec, platform = load_spec(text)
    pools = platform.get("platforms", {}).get("kubernetes", {}).get("deploymentSpec", {}).get("executors", {})
    for label in spec["deploymentSpec"]["executors"]:
        cpu, memory, accelerator = resources_of(spec, label)
        name = label.removeprefix("exec-")
        assert cpu > 0 and memory > 0, f"{name} has no limit of {'CPUs' if cpu == 0 else 'memory'}: one step can then take a whole machine."
        assert memory >= 5e7, f"{name} may take {memory:.0f} bytes of memory. Which unit is that?"
        if re.fullmatch(r"train(-\d+)?", name):
            continue
        assert not accelerator, f"{name} asks for an accelerator, which it does not use: only train does."
        assert not pools.get(label), f"{name} is bound to a pool, {pools[label]}; only train is."
        assert cpu <= 1 and memory <= 1.1e9, f"{name} may take {cpu:g} CPUs and {memory / 1e9:g} GB, expected at most 1 and 1 GB."
    labels = [label for _, label in tasks_of(spec, "train")]
    assert labels, "In the compiled pipeline there is no task train."
    for label in labels:
        cpu, memory, accelerator = resources_of(spec, label)
        kind = accelerator.get("resourceType", accelerator.get("type"))
        count = amount(accelerator.get("resourceCount", accelerator.get("count")))
        assert (cpu, count, kind) == (4, 1, "nvidia.com/gpu") and 7.9e9 < memory < 8.7e9, (
            f"train may take {cpu:g} CPUs, {memory / 1e9:g} GB and {count:g} of {kind or 'no accelerator'}, expected 4, 8 and 1 of nvidia.com/gpu."
        )
        pool = pools.get(label, {})
        assert pool.get("nodeSelector", {}).get("labels", {}).get("pool") == "gpu" and pool.get("tolerations"), (
            f"In the second document train has {pool or 'no entry'}, expected a selector of the pool gpu and a toleration of its taint."
        )
    loops = [task for dag in dags(spec) for task in dag["tasks"].values() if "parameterIterator" in task]
    assert len(loops) == 1, f"In the compiled pipeline there are {len(loops)} loops, expected one over the cities."
    assert "inputParameter" in loops[0]["parameterIterator"]["items"], (
        "The loop's list is written into the compiled pipeline; the cities are known at run time only."
    )
    limit = loops[0].get("iteratorPolicy", {}).get("parallelismLimit")
    assert limit in (1, 2), f"The loop runs {limit or 'all its'} turns at once, expected at most 2: the pool has two machines."


def expect_nights(rehearse, text):
    """Raise AssertionError where nights deliver old trips, train needlessly, forget a city or are silent about a failure."""
    chance = drawn("nights")
    cities = chance.sample(["Quayside", "Millbrook", "Abbey", "Castleford"], 2)
    first = date(2026, chance.randint(3, 9), 8)
    files, days = {}, [str(first + timedelta(n)) for n in range(10)]
    for day in days:
        lines = [f"{day}T{hour:02}:00,{city},{chance.randint(3, 80)}" for city in cities for hour in range(7, 20)]
        files[f"{day}.csv"] = "\n".join(["hour,city,trips", *lines]) + "\n"

    def night(number, until, listed=cities, **more):
        at = f"{first + timedelta(number + 1)}T0{chance.randint(1, 5)}:30:00Z"
        return {
            "arguments": {"source": "{data}", "store": "{store}", "cities": listed},
            "files": {name: text for name, text in files.items() if name[:10] <= days[until]},
            "at": at,
            **more,
        }

    told = attempt(
        rehearse,
        text,
        [
            night(7, 7, lost={"deliver": 2}),
            night(7, 8, empty_store=True, created=f"{first + timedelta(9)}T09:00:00Z"),
            night(8, 8, [*cities[:1], "Nowhere"]),
            night(8, 9, cities[:1], lost={"deliver": 3}, empty_store=True),
        ],
    )
    names = [
        "a night in which a pod of deliver was lost twice",
        "a night that was made up for a day later (the store was empty)",
    ]
    for number, (run, what) in enumerate(zip(told, names, strict=False)):
        assert run["state"] == "SUCCEEDED", f"In {what} the run failed: {run['error'][:300]}"
        last = days[7]
        assert "CACHED" not in states(run, "deliver"), (
            f"In {what}, deliver came from the cache, and so nothing was put into the store. It runs each time."
        )
        for city in cities:
            assert f"{city}.json" in run["store"], f"After {what} there is no forecast of {city} in the store."
            got = json.loads(run["store"][f"{city}.json"]).get("last")
            assert got == last, f"In {what} the forecast of {city} is made from trips up to {got}, expected {last}."
        trained = states(run, "train")
        right = ["CACHED" if number == 1 else "SUCCEEDED"] * 2
        assert trained == right, f"In {what} train was {', '.join(trained) or 'missing'}, expected {', '.join(right)}."
        errors = [step["outputs"].get("Output") for step in run["steps"] if step["name"] == "test"]
        worst = [step["outputs"].get("Output") for step in run["steps"] if step["name"] == "summary"]
        assert len(worst) == 1 and len(errors) == 2 and worst[0] == max(errors), (
            f"In {what} summary ran {len(worst)} times and said {worst}, expected once, with the worst of {errors}."
        )
        assert states(run, "announce") == ["SUCCEEDED"], f"In {what} announce was {states(run, 'announce') or 'missing'}."
    failed, given_up = told[2:]
    last = json.loads(failed["store"].get(f"{cities[0]}.json", "{}")).get("last")
    assert last == days[8], f"In the next night the forecast of {cities[0]} is made from trips up to {last}, expected {days[8]}."
    assert failed["state"] == "FAILED", "In a night with a city of which there are no trips the run was green."
    log = "".join(step["log"] for step in failed["steps"] if step["name"] == "announce")
    assert "failed" in log, (
        f"In a night with a city of which there are no trips announce said {log!r}: it must run then, too, and know the run's state."
    )
    assert given_up["state"] == "FAILED", "The pod of deliver was lost three times, and it was tried a fourth time. Two retries, no more."
    spec, _ = load_spec(text)
    again = sorted(
        {
            function_of(spec, task)
            for dag in dags(spec)
            for task in dag["tasks"].values()
            if task.get("retryPolicy", {}).get("maxRetryCount")
        }
    )
    assert again == ["deliver"], f"In the compiled pipeline there are retried: {', '.join(again)}. Expected deliver alone."
