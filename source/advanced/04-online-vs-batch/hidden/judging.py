"""What the judge cells share: models, returns, prices, streams and logs of their own, drawn from LAB_SEED, with their truth."""

from datetime import UTC, datetime

DISTRICTS = ["Harbour", "Old Town", "University", "Hillside", "Eastfield"]


COLUMNS = [
    "trip_id", "ended_at", "station", "district", "bike_type", "distance_km", "duration_min", "climb_m", "km_since_service", "tyre_pressure_bar",
]  # fmt: skip


MIDNIGHT = datetime(2026, 3, 6, tzinfo=UTC)  # a Friday: the drawn days reach over a weekend


def short(words, most=160):
    """Return the beginning of a text."""
    words = str(words)
    return words if len(words) <= most else words[:most] + " …"
