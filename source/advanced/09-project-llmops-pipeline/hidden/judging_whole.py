"""The judge of the whole: all parts together, through the day of another city."""

from day import draw_day, look_at
from judging import ran, short

from judgekit import drawn

OWN = ["calibration", "release", "corpus", "budget", "guard", "outage"]


def judge_day(play):
    """Event 17."""
    rng = drawn("whole")
    there = draw_day(rng.randrange(10**6), kill=rng.choice([["write", 1], ["alias", 1], ["log", 1]]))
    states = play(OWN, [step for _, step in there["steps"]], there["seed"], there["city"])
    for (name, step), state in zip(there["steps"], states, strict=True):
        ran(state, f"all parts together, {name} ({next(iter(step))})")
    for event in look_at(there, states):
        assert event["held"], f"all parts together, {event['name']}: {short(event['found'], 240)}"
