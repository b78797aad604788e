"""Moments have zones: what is written in one is kept in UTC, and what cannot be told is refused."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.errors import Problem
from autograder.moment import parse_moment, read_zone

BERLIN = ZoneInfo("Europe/Berlin")
SIX = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01 18:00",
        "2026-12-01T18:00:00+01:00",
        "2026-12-01 17:00:00 UTC",
        "2026-12-01 12:00 America/New_York",
        "Tuesday, 1 December 2026, 6:00 PM",
        "2026-12-01 18:00:00.000000 Europe/Berlin",
    ],
)
def test_a_moment_is_read_in_its_zone(text: str) -> None:
    """ISO 8601, nbgrader's form, and Moodle's words."""
    assert parse_moment(text, BERLIN) == SIX


@pytest.mark.parametrize("text", ["", "-", "  "])
def test_no_time_is_none(text: str) -> None:
    """Platforms write a dash."""
    assert parse_moment(text, UTC) is None


@pytest.mark.parametrize(
    "text", ["soon", "2026-12-01 18:00 Europe/Atlantis", "2026-12-01 18:00 XYZ", "x" * 1000, "31 June 2026", "18:00", "1 December"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """An unknown zone is not passed over: the time would be hours wrong."""
    with pytest.raises(ValueError, match=r"is |are |known|date"):
        parse_moment(text, UTC)


@pytest.mark.parametrize("text", ["2026-10-25 02:30", "2026-03-29 02:30"])
def test_a_time_that_stands_twice_or_never_is_refused_where_it_must_be_exact(text: str) -> None:
    """In the nights when clocks change an offset makes it clear."""
    with pytest.raises(ValueError, match="stands twice, or never"):
        parse_moment(text, BERLIN, exact=True)
    assert parse_moment(text, BERLIN) is not None
    assert parse_moment(f"{text}+02:00", BERLIN, exact=True) is not None


def test_a_zone_that_is_none_is_a_problem() -> None:
    """It says how zones are named."""
    with pytest.raises(Problem, match="Mars/Base: is no time zone that is known – name one such as Europe/Berlin"):
        read_zone("Mars/Base")
