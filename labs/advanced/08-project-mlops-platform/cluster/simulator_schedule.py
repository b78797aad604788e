"""The schedule of a CronJob: five fields, as cron has them, and when it is next due (in UTC)."""

import calendar
from datetime import datetime, timedelta

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES: tuple[dict[str, int], ...] = (
    {}, {}, {}, {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name},
    {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))},
)
_SHORT = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *",
          "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *"}


def parsed(schedule: str) -> list[set[int]]:
    """Minutes, hours, days, months and weekdays. Raises ValueError, in the server's words, for what is no schedule."""
    parts = _SHORT.get(schedule.strip(), schedule).split()
    if len(parts) != 5:
        raise ValueError(f"expected exactly 5 fields, found {len(parts)}: {parts}".replace("'", "").replace(",", ""))
    return [set().union(*(_span(each, *_RANGES[index], _NAMES[index]) for each in part.split(","))) for index, part in enumerate(parts)]


def _span(text: str, least: int, most: int, names: dict[str, int]) -> set[int]:
    base, _, step = text.partition("/")
    first, dash, last = base.partition("-")
    try:
        width = int(step) if step else 1
        if base in ("*", "?"):
            start, end = least, most
        else:
            start = names[first.lower()] if first.lower() in names else int(first)
            end = (names[last.lower()] if last.lower() in names else int(last)) if dash else most if step else start
    except ValueError:
        raise ValueError(f"failed to parse int from {text}") from None
    if start < least:
        raise ValueError(f"beginning of range ({start}) below minimum ({least}): {text}")
    if end > most:
        raise ValueError(f"end of range ({end}) above maximum ({most}): {text}")
    if start > end:
        raise ValueError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if width < 1:
        raise ValueError(f"step of range should be a positive number: {text}")
    return set(range(start, end + 1, width))


def following(schedule: str, after: datetime) -> datetime | None:
    """The first time after `after` at which the schedule is due; None where it is not within five years."""
    minutes, hours, days, months, weekdays = parsed(schedule)
    weekdays = {day % 7 for day in weekdays}
    fields = _SHORT.get(schedule.strip(), schedule).split()
    either = not fields[2].startswith("*") and not fields[4].startswith("*")  # cron's rule: one of the two is enough
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(5 * 366):
        on_day, on_weekday = day.day in days, (day.weekday() + 1) % 7 in weekdays
        if day.month in months and ((on_day or on_weekday) if either else (on_day and on_weekday)):
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    due = day.replace(hour=hour, minute=minute)
                    if due > after:
                        return due
        day += timedelta(days=1)
    return None
