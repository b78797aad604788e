"""Replicas, load shedding and the canary. As Cy left it."""


def replicas(seen):
    """Return how many replicas there should be."""
    return round((seen["ready"] + seen["starting"]) * seen["busy"] / 0.8)


def admit(seen):
    """Return None if a request may pass, else (status, Retry-After)."""
    return None


def watch(minutes):
    """Return what becomes of the canary: "stop", "wait" or "promote"."""
    return "stop" if any(minute["canary"][1] for minute in minutes) else "promote"
