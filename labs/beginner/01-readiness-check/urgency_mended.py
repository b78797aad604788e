"""How urgent a bike is, as Ada has mended it."""


def urgency(pressure_bar, km_since_service, reports):
    """Return "now", "soon" or "fine" for a bike; a pressure of None is unknown."""
    known = pressure_bar is not None
    if (known and pressure_bar < 2.0) or reports >= 3:
        return "now"
    if (known and pressure_bar < 2.8) or km_since_service >= 300:
        return "soon"
    return "fine"
