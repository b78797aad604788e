"""The judge of rescue: rollouts that are stuck, slow, and hopeless."""

from desk import troubles
from judging import soon

from judgekit import drawn

CAUSE = "kubernetes.io/change-cause"


def deployment(name, image, deadline=60, replicas=1):
    """Return a manifest whose pods are ready at once, if their image is there."""
    env = [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}, {"name": "MODEL_FILE", "value": "models/autumn.json"}]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": image, "env": env}]}}
    template["spec"]["terminationGracePeriodSeconds"] = 1
    spec = {"replicas": replicas, "progressDeadlineSeconds": deadline, "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    spec |= {"selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def released(image, deadline, **settings):
    """Return a patch that brings another version, with more settings."""
    container = {"name": "main", "image": image, "env": [{"name": key, "value": value} for key, value in settings.items()]}
    template = {"metadata": {"annotations": {"released": "in a hurry"}}, "spec": {"containers": [container]}}
    return {"spec": {"progressDeadlineSeconds": deadline, "template": template}}


def judge_rescue(cluster, rescue):
    """Judge the learner's function: `rescue(name)` calls it for a Deployment of this namespace."""
    rng = drawn(10)
    stuck, slow, first = rng.sample(["arrivals", "repairs", "weather", "riders", "stations"], 3)
    lost = [f"metro/demand:{rng.randint(2, 9)}.{number}" for number in rng.sample(range(10, 99), 2)]
    setting = f"FLAG_{rng.randint(10, 99)}"
    cluster.apply([deployment(stuck, "metro/demand:1.1", replicas=0), deployment(slow, "metro/demand:1.0"), deployment(first, lost[0], 1)])
    _reached(cluster, stuck, 1)
    good = cluster.apply(deployment(stuck, "metro/demand:1.0"))[0]["spec"]["template"]
    cluster.scale("deployment", stuck, 2)
    for name in (stuck, slow):
        soon(cluster, lambda name=name: _complete(cluster, name), 20, lambda: f"The judge's own pods did not come up: {troubles(cluster)}")
    cluster.patch("deployment", stuck, released(lost[0], 60, **{setting: "1"}))
    loads = released("metro/demand:1.1", 60, LOAD_SECONDS="600")
    loads["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/readyz", "port": 8000}, "periodSeconds": 1}
    cluster.patch("deployment", slow, loads)
    _reached(cluster, stuck, 3)
    cluster.patch("deployment", stuck, released(lost[1], 1, **{setting: "2"}))
    _reached(cluster, stuck, 4)
    for name, pods in ((stuck, 3), (first, 1)):
        soon(cluster, lambda name=name, pods=pods: _stuck(cluster, name, pods), 20, lambda: f"No deadline was exceeded after 20 s: {troubles(cluster)}")

    _leaves_alone(cluster, rescue, slow, "is slow, but its progressDeadlineSeconds are not over")
    _leaves_alone(cluster, rescue, first, "is stuck with its first revision, and there is nothing good to go back to")
    before = cluster.get("deployment", stuck)["spec"]
    revision = _asked(rescue, stuck, "is stuck (ProgressDeadlineExceeded)")
    found = cluster.get("deployment", stuck)
    spec, image = found["spec"], found["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image != lost[1], f"The Deployment {stuck} is stuck (ProgressDeadlineExceeded); after rescue it still has the image {image}."
    assert image != lost[0], f"rescue brought {stuck} back to {image}, the revision before, which never came up either: whose pods are available?"
    assert image == "metro/demand:1.0", f"rescue brought {stuck} back to {image}, whose revision has no pods; those of metro/demand:1.0 were available."
    sides = [(_plain(each["metadata"]), sorted(e["name"] for e in each["spec"]["containers"][0]["env"])) for each in (spec["template"], good)]
    assert sides[0] == sides[1] and _plain(spec["template"]["spec"]) == _plain(good["spec"]), (
        f"The pod template of {stuck} is not as it was in the good revision: it has {sides[0][0]} and the settings {sides[0][1]}, expected {sides[1][0]} and {sides[1][1]}."
    )
    assert spec["replicas"] == 2, f"Somebody had scaled {stuck} to 2; after rescue its replicas are {spec['replicas']}."
    others = [field for field in before if field != "template" and before[field] != spec.get(field)]
    assert not others, f"rescue changed more than the pod template of {stuck}: {', '.join(others)}."
    cause = _cause(found) or ""
    assert lost[1] in cause, f"The annotation {CAUSE} of {stuck} is {cause!r}, expected words that name the image that did not come up, {lost[1]}."
    assert revision == 2 and not isinstance(revision, str), f"rescue returned {revision!r} for {stuck}, expected 2, the number that the good revision had."
    soon(cluster, lambda: _complete(cluster, stuck), 20, lambda: f"20 s after rescue the rollout of {stuck} is not complete. {troubles(cluster)}")
    _leaves_alone(cluster, rescue, stuck, "is complete again")


def _leaves_alone(cluster, rescue, name, why):
    before = cluster.get("deployment", name)
    said = _asked(rescue, name, why)
    after = cluster.get("deployment", name)
    assert before["spec"] == after["spec"] and _cause(before) == _cause(after), f"The Deployment {name} {why}; rescue changed it."
    assert said is None, f"The Deployment {name} {why}; rescue returned {said!r}, expected None."


def _asked(rescue, name, why):
    try:
        return rescue(name)
    except Exception as error:
        raise AssertionError(f"The Deployment {name} {why}; rescue stopped: {type(error).__name__}: {error}") from None


def _plain(part):
    """Return a mapping without what says nothing."""
    return {key: value for key, value in part.items() if value not in (None, {}, [], "")}


def _cause(item):
    return (item["metadata"].get("annotations") or {}).get(CAUSE)


def _reached(cluster, name, revision):
    def there():
        return (cluster.get("deployment", name)["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision") == str(revision)

    cluster.wait(there, 20, f"revision {revision} of {name}")


def _complete(cluster, name):
    item = cluster.get("deployment", name)
    status, wanted = item.get("status") or {}, item["spec"]["replicas"]
    seen = status.get("observedGeneration", 0) >= item["metadata"]["generation"]
    return seen and all(status.get(field, 0) == wanted for field in ("replicas", "updatedReplicas", "availableReplicas"))


def _stuck(cluster, name, pods):
    """Return whether a rollout is stuck and will stay so: with so many pods in all, one of them of the newest template."""
    status = cluster.get("deployment", name).get("status", {})
    settled = (status.get("replicas"), status.get("updatedReplicas"), status.get("availableReplicas", 0)) == (pods, 1, pods - 1)
    return settled and any(each.get("reason") == "ProgressDeadlineExceeded" for each in status.get("conditions") or [])
