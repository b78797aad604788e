"""What the judge cells of lineage share: fresh records, and what came of a wrong table."""

from datetime import date, timedelta

from judgekit import drawn


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
