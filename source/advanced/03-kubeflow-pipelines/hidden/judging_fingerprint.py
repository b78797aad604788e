"""What the judge cells of the cache share: steps with the same and with other fingerprints."""

from pathlib import Path

from desk import node_pool
from judging import STEP
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Model, Output

from judgekit import drawn, own_folder


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
