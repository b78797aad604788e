"""Which model answers."""


def choose(seen):
    """Return metro-large as long as there is money, for it is the better one; then nobody is served."""
    return "metro-large" if seen["spent"] < seen["budget"] else "later"
