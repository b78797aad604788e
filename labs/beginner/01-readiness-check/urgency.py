"""How urgent a bike is, as it was until this morning."""


def urgency(pressure_bar, km_since_service, reports):
    """Return "now", "soon" or "fine" for a bike."""
    pressure_bar = pressure_bar or 0.0
    if pressure_bar < 2.0 or reports >= 3:
        return "now"
    if pressure_bar < 2.8 or km_since_service >= 300:
        return "soon"
    return "fine"
