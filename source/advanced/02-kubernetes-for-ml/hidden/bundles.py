"""Hidden bundles of objects for `violations`, each with what the rules say to it."""

import copy

from judgekit import drawn

DIGEST = "@sha256:"


def bundle(rng, name, replicas=2):
    """Return a good bundle: Deployment, Service, PodDisruptionBudget."""
    labels = {"app": name}
    digest = "".join(rng.choice("0123456789abcdef") for _ in range(64))
    container = {
        "name": "main",
        "image": f"registry.metro.example/{name}{DIGEST}{digest}",
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8000}},
        "livenessProbe": {"httpGet": {"path": "/livez", "port": 8000}},
    }
    spec = {"securityContext": {"runAsNonRoot": True}, "containers": [container]}
    template = {"metadata": {"labels": {**labels, "team": "ml"}}, "spec": spec}
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }  # fmt: skip
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"{name}-front"}, "spec": {"selector": dict(labels), "ports": [{"port": 80}]}}
    budget = {
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": f"{name}-budget"},
        "spec": {"minAvailable": replicas - 1, "selector": {"matchLabels": dict(labels)}},
    }  # fmt: skip
    return [deployment, service, budget]


def second_container(rng, container, **change):
    """Return another good container, changed."""
    other = {**copy.deepcopy(container), "name": "side"}
    for key, value in change.items():
        if value is None:
            other.pop(key)
        else:
            other[key] = value
    return other


def cases(rng):
    """Yield (what it is, bundle, the broken rules)."""
    name = rng.choice(["eta", "repairs", "weather", "refunds"])
    front = f"{name}-front"

    def made(change=None, replicas=2):
        objects = bundle(rng, name, replicas)
        deployment, service, budget = objects
        if change:
            change(objects, deployment["spec"]["template"]["spec"], deployment["spec"]["template"]["spec"]["containers"][0], service["spec"], budget["spec"])
        return objects

    def init(**change):
        def add(objects, spec, container, service, budget):
            fetch = {"name": "fetch", "image": container["image"], "resources": copy.deepcopy(container["resources"])}
            spec["initContainers"] = [{**fetch, **change}]

        return add

    def side(**change):
        return lambda o, spec, c, s, b: spec["containers"].append(second_container(rng, c, **change))

    def context(**own):
        return lambda o, spec, c, s, b: c.update(securityContext=own)

    def other_budget():
        spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "another"}}}
        return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "another"}, "spec": spec}

    ok, mine = set(), lambda rule: {(rule, name)}
    yield "a good service", made(), ok
    yield "one replica and no budget", made(lambda o, *_: o.pop(), 1), ok
    yield "a good init container, which needs no probes", made(init()), ok
    yield "a good second container", made(side()), ok
    yield "maxUnavailable 1 instead of minAvailable", made(lambda o, s, c, v, b: (b.pop("minAvailable"), b.update(maxUnavailable=1))), ok
    yield "runAsNonRoot at the container instead of the pod", made(lambda o, s, c, v, b: (s.pop("securityContext"), c.update(securityContext={"runAsNonRoot": True}))), ok
    yield "a service whose selector names two of the pods' labels", made(lambda o, s, c, v, b: v["selector"].update(team="ml")), ok
    yield "an unknown field in the pod's spec", made(lambda o, s, c, v, b: s.update(restartpolicy="Always")), {("schema", name)}
    yield "an unknown field in the service", made(lambda o, s, c, v, b: v.update(selectors={})), {("schema", front)}
    yield "a second budget, which covers other pods, before its own", made(lambda o, *_: o.insert(1, other_budget())), ok
    yield "a budget of 50% of two", made(lambda o, s, c, v, b: b.update(minAvailable="50%")), ok
    yield "maxUnavailable of 20%, which is one of two", made(lambda o, s, c, v, b: (b.pop("minAvailable"), b.update(maxUnavailable="20%"))), ok
    yield "an unknown field in a configMap", made(lambda o, *_: o.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "dato": {}})), {("schema", "settings")}
    yield "a limit for cpu and no request", made(lambda o, s, c, v, b: c.update(resources={"requests": {"memory": "128Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}})), mine("resources")
    yield "no request for cpu", made(lambda o, s, c, v, b: c["resources"]["requests"].pop("cpu")), mine("resources")
    yield "a second container without resources", made(side(resources=None)), mine("resources")
    yield "an init container without a limit for memory", made(init(resources={"requests": {"cpu": "1", "memory": "1Gi"}})), mine("resources")
    yield "a liveness probe on /readyz", made(lambda o, s, c, v, b: c["livenessProbe"]["httpGet"].update(path="/readyz")), mine("probes")
    yield "a readiness probe by tcpSocket", made(lambda o, s, c, v, b: c.update(readinessProbe={"tcpSocket": {"port": 8000}})), mine("probes")
    yield "a second container without a liveness probe", made(side(livenessProbe=None)), mine("probes")
    yield "a container that takes runAsNonRoot back", made(context(runAsNonRoot=False)), mine("non-root")
    yield "a container that runs as user 0", made(context(runAsUser=0)), mine("non-root")
    yield "no security context at all", made(lambda o, s, *_: s.pop("securityContext")), mine("non-root")
    yield "an init container that runs as user 0", made(init(securityContext={"runAsUser": 0})), mine("non-root")
    yield "an image by tag", made(lambda o, s, c, v, b: c.update(image=f"metro/{name}:1.4")), mine("digest")
    yield "an image with a short digest", made(lambda o, s, c, v, b: c.update(image=c["image"][:-1])), mine("digest")
    yield "a service whose selector has a pair that the pods lack", made(lambda o, s, c, v, b: v["selector"].update(track="canary")), {("selector", front)}
    yield "a service whose selector is a label of the deployment alone", made(lambda o, *_: (o[0]["metadata"].update(labels={"tier": "web"}), o[1]["spec"].update(selector={"tier": "web"}))), {("selector", front)}
    yield "no budget", made(lambda o, *_: o.pop()), mine("budget")
    yield "a budget that lets no pod go", made(lambda o, s, c, v, b: b.update(minAvailable=3), 3), mine("budget")
    yield "a budget of 99% of two, which is two", made(lambda o, s, c, v, b: b.update(minAvailable="99%")), mine("budget")
    yield "a budget that covers other pods, and one that lets no pod go", made(lambda o, s, c, v, b: (o.insert(1, other_budget()), b.update(minAvailable=2))), mine("budget")
    yield "two budgets that cover the same pods", made(lambda o, *_: o.append({**copy.deepcopy(o[2]), "metadata": {"name": "another"}})), mine("budget")
    yield "a budget with maxUnavailable 0", made(lambda o, s, c, v, b: (b.pop("minAvailable"), b.update(maxUnavailable=0))), mine("budget")
    yield "two faults: a tag, and no limit", made(lambda o, s, c, v, b: (c.update(image="metro/x:1"), c["resources"].pop("limits"))), mine("digest") | mine("resources")


def judge_policy(violations):
    """Judge the learner's function."""
    rng = drawn(2)
    wrong = []
    for what, objects, expected in cases(rng):
        if "service" not in what:  # a schema takes its time: 15 ms for each object
            objects = [each for each in objects if each["kind"] != "Service"]
        try:
            found = {tuple(pair) for pair in violations(objects)}
        except Exception as error:
            wrong.append(f"for {what} it stops: {type(error).__name__}: {error}")
            continue
        if any(rule == "schema" for rule, _ in expected):
            found = {pair for pair in found if pair[0] == "schema"}
        if found != expected:
            wrong.append(f"for {what} it says {sorted(found) or 'nothing'}, expected {sorted(expected) or 'nothing'}")
    assert not wrong, f"violations is wrong on {len(wrong)} of the other bundles: " + "; ".join(wrong[:3])
