"""Judges of the demand service: that it comes up, and that a rollout and a drain lose nothing."""

from contextlib import suppress

from desk import ready_pods, troubles
from judging import applied, documents, image_to, one, soon
from traffic import Traffic, Watch

from judgekit import drawn


def judge_crash(cluster):
    """Judge demand.yaml."""
    rng = drawn(1)
    objects = documents("demand.yaml")
    settings = one(objects, "ConfigMap", "demand-settings")
    deployment, _ = one(objects, "Deployment", "demand"), one(objects, "Service", "demand")
    model = rng.choice(["summer", "winter"])
    data = {key: value.replace("autumn", model) if isinstance(value, str) else value for key, value in (settings.get("data") or {}).items()}
    assert data != settings.get("data"), "The configMap demand-settings does not name models/autumn.json any more."
    settings["data"] = data
    spec = deployment["spec"]
    assert spec.get("replicas") == 2, f"demand.yaml asks for {spec.get('replicas', 1)} replicas, expected 2."
    container = spec["template"]["spec"]["containers"][0]
    assert container["image"] == "metro/demand:1.0", f"The image is {container['image']}, expected metro/demand:1.0."
    resources = container.get("resources") or {}
    missing = [f"request for {each}" for each in ("cpu", "memory") if each not in (resources.get("requests") or {})]
    missing += [] if "memory" in (resources.get("limits") or {}) else ["limit for memory"]
    assert not missing, f"The container has no {', no '.join(missing)}."
    from cluster.units import quantity

    limit = quantity(resources["limits"]["memory"])
    assert limit <= 256 * 2**20, f"The limit for memory is {resources['limits']['memory']}, expected 256Mi at most."
    for kind, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
        asked = ((container.get(kind) or {}).get("httpGet") or {}).get("path")
        assert asked == path, f"The {kind} asks for {asked or 'no path by httpGet'}, but server.py has {path} for that: a probe on another path is about something else."
        probe = container[kind]
        seconds = probe.get("initialDelaySeconds", 0) + probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
        assert seconds <= 60, (
            f"The {kind} says that something is wrong after {seconds} s (initialDelaySeconds, and periodSeconds times failureThreshold), expected 60 at most."
        )
    applied(cluster, objects, "demand.yaml")
    soon(
        cluster, lambda: len(ready_pods(cluster)) == 2, 15,
        lambda: f"In a fresh cluster the service demand has {len(ready_pods(cluster))} ready pods after 15 s, expected 2. {troubles(cluster)}",
    )  # fmt: skip
    said = {cluster.call("demand", "/predict").json()["model"] for _ in range(2)}
    assert said == {model}, f"The configMap was changed to models/{model}.json, and /predict answers with {said}: does MODEL_FILE come from the configMap?"
    restarts = sum(each["restartCount"] for pod in cluster.list("pods") for each in pod["status"]["containerStatuses"])
    assert restarts == 0, f"Containers were started again {restarts} times: {troubles(cluster)}"


def judge_rollout(cluster, steer):
    """Judge rollout.yaml: the hook, a drain of the node with both pods, and then a rollout, under requests."""
    objects = documents("rollout.yaml")
    deployment, _ = one(objects, "Deployment", "demand"), one(objects, "Service", "demand")
    one(objects, "PodDisruptionBudget")
    assert deployment["spec"].get("replicas") == 2, f"rollout.yaml asks for {deployment['spec'].get('replicas', 1)} replicas, expected 2."
    cluster.cordon("second")
    made = one(applied(cluster, objects, "rollout.yaml"), "Deployment")
    deadline = made["spec"].get("progressDeadlineSeconds", 600)
    assert deadline <= 10, f"A rollout that gets nowhere is reported after {deadline} s (progressDeadlineSeconds), expected 10 at most."
    _hook_fits(made["spec"]["template"]["spec"], steer)
    soon(
        cluster, lambda: len(ready_pods(cluster)) == 2 and cluster.call("demand", "/predict").status == 200, 15,
        lambda: f"In a fresh cluster the service demand has {len(ready_pods(cluster))} ready pods after 15 s, expected 2. {troubles(cluster)}",
    )  # fmt: skip
    cluster.uncordon("second")
    with Traffic(cluster) as traffic, Watch(cluster) as watch:
        try:
            cluster.drain("first", 20)
        except TimeoutError as problem:
            raise AssertionError(f"The drain of the node with both pods did not end within 20 s: {str(problem).splitlines()[-1].strip()}") from None
        soon(cluster, lambda: len(ready_pods(cluster)) == 2, 15, lambda: f"After the drain two pods are not ready again: {troubles(cluster)}")
    _nothing_lost(traffic, "In the drain")
    assert watch.fewest_ready >= 1, "In the drain there was a moment without a ready pod: the budget should leave one of the two."
    with Traffic(cluster) as traffic, Watch(cluster) as watch:
        cluster.patch("deployment", "demand", image_to("1.1"))
        try:
            cluster.rollout_status("deployment", "demand", 25)
        except (RuntimeError, TimeoutError) as problem:
            raise AssertionError(f"The rollout to 1.1 did not come to its end: {str(problem).splitlines()[0]}. {troubles(cluster)}") from None
        with suppress(TimeoutError):
            cluster.wait(lambda: [version for _, version, _ in traffic.answered[-8:]].count("1.1") == 8, 10)
    _nothing_lost(traffic, "In the rollout")
    assert watch.fewest_ready >= 2, f"In the rollout there was a moment with {watch.fewest_ready} ready pods, expected two at each."
    assert watch.most_pods <= 3, f"In the rollout there was a moment with {watch.most_pods} pods, expected three at most."


def _hook_fits(spec, steer):
    """Time the preStop hook, while the pods start."""
    grace = spec.get("terminationGracePeriodSeconds", 30)
    hook = (spec["containers"][0].get("lifecycle") or {}).get("preStop") or {}
    seconds = float((hook.get("sleep") or {}).get("seconds", 0))
    if command := (hook.get("exec") or {}).get("command"):
        seconds = steer("hook_seconds", command, min(grace, 10))
    assert seconds >= 0.99, f"Between the word that a pod goes and SIGTERM are {seconds:.1f} s (lifecycle, preStop), expected one at least: the news takes a moment."
    assert seconds < grace, f"The preStop hook takes {seconds:.1f} s or more, and terminationGracePeriodSeconds is {grace}: what is being answered then is killed."


def _nothing_lost(traffic, when):
    total = len(traffic.lost) + len(traffic.answered)
    assert not traffic.lost, f"{when} {len(traffic.lost)} of {total} requests were lost, the first: {traffic.lost[0]}."
