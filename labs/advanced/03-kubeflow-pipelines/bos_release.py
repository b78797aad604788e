"""Bo's release of a city's model, as it ran on Saturday."""

from kfp import dsl
from steps import bring, fall_back, hand_over, keep, promote


@dsl.pipeline(name="release")
def release(city: str, store: str, new_error: float, old_error: float, limit: float):
    """Give the drivers the candidate, the champion, or last year's trips."""
    new = bring(name="candidate", error=new_error)
    old = bring(name="champion", error=old_error)
    with dsl.If(new.outputs["Output"] <= limit), dsl.If(new.outputs["Output"] <= old.outputs["Output"]):
        one = promote(model=new.outputs["model"])
        hand_over(model=one.outputs["released"], reason=one.outputs["Output"], city=city, store=store)
    with dsl.If(old.outputs["Output"] <= limit):
        two = keep(model=old.outputs["model"])
        hand_over(model=two.outputs["released"], reason=two.outputs["Output"], city=city, store=store)
    with dsl.If(new.outputs["Output"] > limit):
        three = fall_back(city=city)
        hand_over(model=three.outputs["released"], reason=three.outputs["Output"], city=city, store=store)
