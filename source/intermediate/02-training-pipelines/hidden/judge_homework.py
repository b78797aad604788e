"""Judges who marks their own homework: compiled pipelines, drawn afresh, and their guilty tasks."""

from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output

from judgekit import drawn, own_folder


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def divide(left: Output[Dataset], right: Output[Dataset]):
    pass


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def teach(lessons: Input[Dataset], pupil: Output[Model], marks: Output[Metrics]):
    pass


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def coach(pupil: Input[Model], lessons: Input[Dataset], older: Output[Model]):
    pass


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def examine(pupil: Input[Model], paper: Input[Dataset]) -> float:
    return 0.0


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def compete(first: Input[Model], second: Input[Model], paper: Input[Dataset]) -> float:
    return 0.0


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def read_out(marks: Input[Metrics], pupil: Input[Model], number: float):
    pass


def homework_cases():
    """Yield compiled pipelines: (path, the names of the guilty tasks, what is special)."""
    chance = drawn("homework")
    with own_folder() as place:
        for build, what in [
            (_chain, "models are made from models, over three generations"),
            (_outside, "tables and a model come from the pipeline's own inputs"),
            (_twins, "two tasks of one component make tables of the same name, and two models are compared"),
        ]:
            guilty, pipeline = build(chance)
            path = place / f"{build.__name__}.yaml"
            compiler.Compiler().compile(pipeline, str(path))
            yield path, guilty, what


def _name(component, number):
    return component if number == 1 else f"{component}-{number}"


def _chain(chance):
    order = chance.sample(range(6), 6)
    pairs = [(model, table) for model in range(3) for table in range(6)]
    chance.shuffle(pairs)
    learnt = [set(order[:1]), set(order[:2]), set(order[:2])]
    guilty = sorted(_name("examine", n) for n, (model, table) in enumerate(pairs, 1) if table in learnt[model])

    @dsl.pipeline(name="chain")
    def pipeline(number: float = 1.0):
        tables = [task.outputs[side] for task in (divide(), divide(), divide()) for side in ("left", "right")]
        first = teach(lessons=tables[order[0]])
        second = coach(pupil=first.outputs["pupil"], lessons=tables[order[1]])
        third = coach(pupil=second.outputs["older"], lessons=tables[order[0]])  # once more: it trains
        models = [first.outputs["pupil"], second.outputs["older"], third.outputs["older"]]
        for model, table in pairs:
            examine(pupil=models[model], paper=tables[table])
        read_out(marks=first.outputs["marks"], pupil=models[2], number=number)

    return guilty, pipeline


def _outside(chance):
    plan = ["own mine", "own other", "old mine", "old other", "tuned mine", "tuned other"]
    chance.shuffle(plan)
    guilty = sorted(_name("examine", n) for n, what in enumerate(plan, 1) if what in ("own mine", "tuned other"))

    @dsl.pipeline(name="outside")
    def pipeline(mine: Input[Dataset], other: Input[Dataset], old: Input[Model]):
        models = {
            "own": teach(lessons=mine).outputs["pupil"],
            "old": old,
            "tuned": coach(pupil=old, lessons=other).outputs["older"],
        }
        for what in plan:
            model, table = what.split()
            examine(pupil=models[model], paper=mine if table == "mine" else other)

    return guilty, pipeline


def _twins(chance):
    plan = [(0, 1, n) for n in range(4)] + [(1, 0, n) for n in range(4)]
    chance.shuffle(plan)
    learnt = chance.sample(range(4), 2)
    guilty = sorted(_name("compete", n) for n, (_, _, table) in enumerate(plan, 1) if table in learnt)

    @dsl.pipeline(name="twins")
    def pipeline():
        tables = [task.outputs[side] for task in (divide(), divide()) for side in ("left", "right")]
        models = [teach(lessons=tables[number]).outputs["pupil"] for number in learnt]
        for first, second, table in plan:
            compete(first=models[first], second=models[second], paper=tables[table])

    return guilty, pipeline
