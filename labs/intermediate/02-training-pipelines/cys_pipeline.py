"""Cy's nightly pipeline, as it ran in his demo: three districts, a gate, and the forecast in the store."""

from kfp import dsl
from steps import average, bundle, evaluate, prepare, publish, tell, train

DISTRICTS = ["Harbour", "University", "Old-Town"]


@dsl.pipeline(name="nightly")
def nightly(source: str, day: str, store: str, limit: float = 6.0):
    """Train each district's model; publish if the error is at most the limit, else tell the team."""
    with dsl.ParallelFor(DISTRICTS) as district:
        tables = prepare(source=source, district=district, test_days=7)
        model = train(train_table=tables.outputs["train_table"])
        error = evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
    models = bundle(models=dsl.Collected(model.outputs["model"]))
    mean = average(errors=dsl.Collected(error.outputs["Output"]))
    if mean.output <= limit:
        publish(all_models=models.outputs["all_models"], day=day, store=store)
    else:
        tell(message="the error is above the limit, nothing was published", error=mean.output)
