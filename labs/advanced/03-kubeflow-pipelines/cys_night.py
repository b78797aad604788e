"""Cy's night of all cities, as it runs today."""

from kfp import dsl
from steps import deliver, download, summary, test, train

CITIES = ["Metro", "Northport", "Lakeside", "Kingsmere"]


@dsl.pipeline(name="one-city")
def one_city(source: str, city: str, store: str) -> float:
    """Train a city's model on the trips up to yesterday, and deliver it."""
    got = download(source=source, city=city, day="yesterday")
    model = train(table=got.outputs["table"]).set_cpu_limit("4").set_memory_limit("64G").outputs["model"]
    deliver(model=model, city=city, store=store)
    return test(model=model, table=got.outputs["table"]).output


@dsl.pipeline(name="night")
def night(source: str, store: str):
    """All cities, each of them afresh."""
    with dsl.ParallelFor(CITIES) as city:
        one = one_city(source=source, city=city, store=store).set_caching_options(False)  # never from the cache
    summary(errors=dsl.Collected(one.output))
