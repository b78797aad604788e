"""The handling of events as found: each is noted as done first, so that none is done twice."""

done = set()


def handle(p, event):
    """Do what an event asks for, exactly once."""
    name, kind, parts = event["id"], event["kind"], p.parts
    if name in done:
        return
    done.add(name)
    if kind == "rollback":
        parts.deployment.rollback(p, event["why"], name)
        return
    if kind == "delivery" and parts.admission.admit(p, event["delivery"])["status"] == "quarantined":
        return
    if kind == "window":
        seen = p.window(event["window"])
        if parts.monitor.decide(seen)["decision"] != "retrain":
            return
        parts.admission.admit(p, p.labelled(seen, name))
    candidate = p.train(event.get("model"))
    if parts.gate.decide(p.report(candidate))["promote"]:
        version = p.registry.register(candidate["model"], {}, {"mae": candidate["mae"]})
        parts.deployment.deploy(p, version, kind, name)
