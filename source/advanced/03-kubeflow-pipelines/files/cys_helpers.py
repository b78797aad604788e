"""What Cy uses in many of his notebooks."""

CAP = 400


def capped(trips):
    """Return a count, cut to the most that a city's docks can give in an hour."""
    return min(int(trips), CAP)
