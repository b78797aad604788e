"""What the judge cells of batch sizes share: measured times."""


def size_plans(curve, rows_per_s, limit_ms):
    """Return for each size that keeps up and keeps the limit its busy share."""
    good = {}
    for size, ms in curve.items():
        busy, slowest = ms * rows_per_s / size / 1000, (size - 1) / rows_per_s * 1000 + ms
        if busy <= 0.8 and slowest <= limit_ms:
            good[size] = busy
    return good
