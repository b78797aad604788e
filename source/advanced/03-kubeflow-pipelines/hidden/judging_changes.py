"""What the judge cells of changes share: versions of a pipeline, and what differs between them."""

from pathlib import Path

from desk import node_pool
from judging import STEP
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Model, Output

from judgekit import drawn, own_folder


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
