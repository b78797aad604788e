"""Moments as people and learning platforms write them, with their time zones; kept in UTC."""

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from dateutil import parser, tz

from autograder.errors import Problem

_ZONE = re.compile(r"(?P<rest>.*\S)\s+(?P<zone>[A-Za-z]+(?:/[A-Za-z0-9_+-]+)+|UTC|GMT)", re.S)
_MAX_CHARACTERS = 100
_DEFAULTS = (datetime(2000, 1, 1), datetime(2004, 2, 2))  # what a text does not say comes from these


def read_zone(name: str) -> tzinfo:
    """Return the time zone of that name, such as Europe/Berlin; this machine's for an empty name. Raises Problem."""
    if not name:
        local: tzinfo = tz.tzlocal()
        return local
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise Problem(name, "is no time zone that is known", "name one such as Europe/Berlin or UTC") from None


def parse_moment(text: str, zone: tzinfo, exact: bool = False) -> datetime | None:
    """Return the moment in UTC: ISO 8601 or English words, with an offset or a zone's name, else in `zone`; None for "" and "-".

    Where clocks are put back a time stands twice: the earlier is meant. With `exact` it is refused, as is one that clocks leap over.
    Raises ValueError.
    """
    text = text.strip()
    if text in ("", "-"):
        return None
    if len(text) > _MAX_CHARACTERS:
        raise ValueError("is too long for a time")
    named = _ZONE.fullmatch(text)
    if named:
        try:
            text, zone = named["rest"], ZoneInfo(named["zone"])
        except (OSError, ValueError, KeyError):
            raise ValueError(f"{named['zone']} is no time zone that is known") from None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _parse_words(text)
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    once, again = (found.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if exact and once != again:
        raise ValueError("stands twice, or never, in the night when clocks change: give it with an offset, such as +01:00")
    return once


def _parse_words(text: str) -> datetime:
    def refuse(name: str | None, offset: int | None) -> tzinfo | None:
        if name is None and offset is None:
            return None
        if offset is None and name not in ("UTC", "GMT", "Z"):
            raise ValueError(f"{name} is no time zone that is known")
        found: tzinfo = tz.tzoffset(None, offset or 0)
        return found

    try:
        moments: list[datetime] = [parser.parse(text, default=default, tzinfos=refuse) for default in _DEFAULTS]
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(f"is no time ({error})") from None
    if moments[0] != moments[1]:
        raise ValueError("is no whole date")
    return moments[0]
