"""What the forecast sees of a shift. Everything here must be known before the shift begins."""

SHIFTS = ["early", "late", "night"]
DISTRICTS = ["Eastfield", "Harbour", "Hillside", "Old Town", "University"]
FEATURES = ["temperature_c", "rain_mm", "trips_last_week"]


def features(rows):
    """Return a list of numbers for each row of the table: the columns in FEATURES, and a one for its shift, district and kind of day."""
    return [[float(row[name]) for name in FEATURES] + cell(row) for row in rows]


def cell(row):
    """Return zeros, and a one at the place of the row's shift and district on working days or days off."""
    place = (SHIFTS.index(row["shift"]) * len(DISTRICTS) + DISTRICTS.index(row["district"])) * 2 + int(row["workday"])
    ones = [0.0] * (len(SHIFTS) * len(DISTRICTS) * 2)
    ones[place] = 1.0
    return ones
