"""The judge of the whole: all parts together, through the day of another city, played once for all its cells."""

from day import KILLS, OWN, draw_day, look_at
from judging import short

from judgekit import drawn

_played = []


def judge_day(play, *names):
    """Fail where one of these events of the day was not held."""
    if not _played:
        rng = drawn("whole")
        there = draw_day(rng.randrange(10**6), kills=rng.sample(KILLS, len(KILLS)))
        _played.append((there, play(OWN, there.steps, there.seed, there.city)))
    events = {event["name"]: event for event in look_at(*_played[0])}
    for event in (events[name] for name in names):
        assert event["held"], (
            f"the whole day, {event['name']}: {short(event['found'], 300)}; expected {event['expected']}. Look into {event['look into']}"
        )
