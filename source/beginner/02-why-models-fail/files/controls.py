"""What a team can build against failures of its models, and a simulator that says what past incidents would have cost with it."""

CONTROLS = {  # and the person-days that it takes to build each
    "input contract": 3,
    "shared features": 4,
    "release gate": 5,
    "monitoring": 6,
    "rollback": 2,
    "retraining": 5,
}


def replay_one(incident, controls):
    """Return what one incident would have cost, in euros, had the team had these controls.

    An incident is a mapping: its `cause` (inputs, features, release or stale), `euros_per_day`, `days_unnoticed` and `days_to_mend`.
    """
    cause, price = incident["cause"], incident["euros_per_day"]
    unnoticed, to_mend = incident["days_unnoticed"], incident["days_to_mend"]

    if cause == "features" and "shared features" in controls:
        return 0.0  # notebook and service share one code: they cannot differ
    if cause == "release" and "release gate" in controls:
        return 0.0  # the worse model never goes live
    if cause == "inputs" and "input contract" in controls:
        return 0.2 * price * to_mend  # refused at the door; last week's plan has to do until the source is mended

    if "monitoring" in controls:
        unnoticed = min(unnoticed, 1)  # the bell rings the next morning
    if cause in ("features", "release") and "rollback" in controls:
        to_mend = min(to_mend, 1)  # what came with a release goes with it
    if cause == "stale" and "retraining" in controls:
        to_mend = min(to_mend, 1)  # a pipeline trains, tests and releases a new model overnight
    return float(price * (unnoticed + to_mend))


def replay(incidents, controls=()):
    """Return what a table of incidents would have cost, in euros, with these controls (any collection of names from CONTROLS)."""
    unknown = set(controls) - set(CONTROLS)
    if unknown:
        raise ValueError(f"no such control: {', '.join(sorted(map(str, unknown)))} – use names from CONTROLS: {', '.join(CONTROLS)}")
    return sum(replay_one(incident, controls) for incident in incidents.to_dict("records"))
