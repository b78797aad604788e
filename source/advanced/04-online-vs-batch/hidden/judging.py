"""What several parts' judges use: the midnight with which drawn days begin, and texts cut short."""

from datetime import UTC, datetime

MIDNIGHT = datetime(2026, 3, 6, tzinfo=UTC)  # a Friday: the drawn days reach over a weekend


def short(words, most=160):
    """Return the beginning of a text."""
    words = str(words)
    return words if len(words) <= most else words[:most] + " …"
