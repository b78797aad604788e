"""Deployment as found: right on a day on which nothing goes wrong."""


def deploy(p, version, why, key):
    """Let a registered version serve; return whether it does."""
    p.registry.set_champion(version)
    p.record("deployed", version, why, key)
    p.service.apply(version)
    p.service.wait()
    p.write("deployments", [*p.read("deployments", []), version])
    return True


def recover(p):
    """Finish or undo what was under way when the process before was killed."""


def rollback(p, why, key):
    """Let the version serve that served before, block the present one, and return the version."""
    version = str(int(p.registry.champion()) - 1)
    p.registry.set_champion(version)
    return version
