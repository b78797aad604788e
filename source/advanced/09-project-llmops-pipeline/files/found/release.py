"""How a prompt goes live, and back."""


def propose(p, id, text, why):
    """Register a prompt, and let it live if it is better."""
    version = p.prompts.register(text, why)
    judge = p.parts.calibration.choose(p) or next(iter(p.judges))
    new, old = ([row["mark"] for row in p.marks(one, judge)] for one in (version, p.prompts.live()))
    decision = "shipped" if sum(new) > sum(old) else "refused"
    if decision == "shipped":
        p.prompts.set_live(version)
    p.log("release", id=id, version=version, decision=decision, reason=f"{sum(new)} to {sum(old)}")
    return {"version": version, "decision": decision}


def rollback(p, id, why):
    """Go back one version."""
    version = p.prompts.live() - 1
    p.prompts.set_live(version)
    p.log("rollback", id=id, version=version, reason=why)
    return {"version": version}


def resume(p):
    """Nothing is to be done when we start."""
