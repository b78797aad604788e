"""The judge of reconcile, by passes over a namespace."""

from pathlib import Path

import yaml
from cluster import Refused
from desk import troubles
from judging import soon

from judgekit import drawn


def _service(name, model, **spec):
    kind = {"apiVersion": "metro.example/v1", "kind": "InferenceService"}
    return {**kind, "metadata": {"name": name}, "spec": {"modelFile": f"models/{model}.json", **spec}}


def judge_operator(cluster, operate):
    """Judge reconcile, by passes over a namespace."""
    rng = drawn(6)
    first, second, third = rng.sample(["arrivals", "repairs", "weather", "riders", "stations"], 3)
    cluster.wait(lambda: cluster.list("inferenceservice") == [], 10, "the new kind")
    foreign = yaml.safe_load(Path("base/deployment.yaml").read_text())
    foreign["metadata"], foreign["spec"]["replicas"] = {"name": third}, 0
    namesake = cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": third}})[0]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": third, "uid": namesake["metadata"]["uid"], "controller": True}
    foreign["metadata"]["ownerReferences"] = [owner]
    theirs = cluster.apply(foreign)[0]
    cluster.apply([_service(first, "summer", replicas=2), _service(second, "winter"), _service(third, "autumn")])
    _pass(operate, {third})

    def get(kind, name):
        try:
            return cluster.get(kind, name)
        except Refused:
            return None

    def model_of(name):
        container = cluster.get("deployment", name)["spec"]["template"]["spec"]["containers"][0]
        return next((each.get("value") for each in container.get("env") or [] if each["name"] == "MODEL_FILE"), None), container["image"]

    for name, model, replicas in ((first, "summer", 2), (second, "winter", 1)):
        uid = cluster.get("inferenceservice", name)["metadata"]["uid"]
        for kind in ("deployment", "service"):
            found = get(kind, name)
            assert found, f"After a pass there is no {kind} {name}, though the InferenceService {name} is there."
            owners = [each for each in found["metadata"].get("ownerReferences") or [] if each["uid"] == uid and each.get("controller")]
            assert owners, f"The {kind} {name} does not name its InferenceService as its owner, with its uid and controller: true."
        assert cluster.get("deployment", name)["spec"]["replicas"] == replicas, f"The Deployment {name} has not {replicas} replicas, as the InferenceService says."
        assert model_of(name) == (f"models/{model}.json", "metro/demand:1.0"), f"The Deployment {name} has MODEL_FILE and image {model_of(name)}."
    labels = {name: cluster.get("deployment", name)["spec"]["template"]["metadata"]["labels"] for name in (first, second)}
    for mine, other in ((first, second), (second, first)):
        wanted = cluster.get("service", mine)["spec"]["selector"]
        assert wanted.items() <= labels[mine].items(), f"The Service {mine} has the selector {wanted}, which does not fit its own pods."
        assert not wanted.items() <= labels[other].items(), f"The Service {mine} has the selector {wanted}, which fits the pods of {other}, too."

    def ready():
        _pass(operate, {third})
        return all((cluster.get("inferenceservice", name).get("status") or {}).get("ready") is True for name in (first, second))

    def statuses():
        return {name: cluster.get("inferenceservice", name).get("status") for name in (first, second)}

    soon(cluster, ready, 15, lambda: f"The status never says ready: true for both: {statuses()}. {troubles(cluster)}")
    status = statuses()[first]
    generation = cluster.get("inferenceservice", first)["metadata"]["generation"]
    assert (status.get("readyReplicas"), status.get("observedGeneration")) == (2, generation), (
        f"The status of {first} is {status}, expected readyReplicas 2 and observedGeneration {generation}."
    )
    assert cluster.get("deployment", third)["metadata"]["resourceVersion"] == theirs["metadata"]["resourceVersion"] or (
        cluster.get("deployment", third)["spec"] == theirs["spec"]
        and cluster.get("deployment", third)["metadata"].get("ownerReferences") == [owner]
    ), f"The Deployment {third}, whose owner is another object, a ConfigMap {third}, was changed: compare the uid."
    assert not get("service", third), f"The Deployment {third} belongs to a ConfigMap of that name (see the uid of its owner); the Service {third} should not be made either."
    status = cluster.get("inferenceservice", third).get("status") or {}
    assert status.get("ready") is False and status.get("message"), f"The status of {third}, whose Deployment belongs to somebody else (its owner has another uid), is {status}, expected ready: false and a message."

    def versions():
        names = [("inferenceservice", third)] + [(kind, name) for kind in ("deployment", "service", "inferenceservice") for name in (first, second)]
        return {(kind, name): cluster.get(kind, name)["metadata"]["resourceVersion"] for kind, name in names}

    before = versions()
    _pass(operate, {third})
    _pass(operate, {third})
    changed = [" ".join(key) for key, version in versions().items() if version != before[key]]
    assert not changed, f"Two passes with nothing to do changed {', '.join(changed)}: a controller that always writes never comes to rest."

    cluster.scale("deployment", first, 0)
    cluster.patch("deployment", second, {"spec": {"template": {"spec": {"containers": [{"name": _container(cluster, second), "image": "metro/demand:1.1"}]}}}})
    cluster.delete("service", first)
    cluster.apply(_service(second, "summer", replicas=3))
    _pass(operate, {third})
    assert cluster.get("deployment", first)["spec"]["replicas"] == 2, f"Somebody scaled the Deployment {first} to 0; after a pass it still is."
    assert get("service", first), f"Somebody deleted the Service {first}; after a pass it is still away."
    assert model_of(second)[1] == "metro/demand:1.0", f"Somebody changed the image of {second} by hand; after a pass it still is {model_of(second)[1]}."
    assert model_of(second)[0] == "models/summer.json" and cluster.get("deployment", second)["spec"]["replicas"] == 3, (
        f"The InferenceService {second} was changed to models/summer.json and 3 replicas; after a pass its Deployment has {model_of(second)[0]} and {cluster.get('deployment', second)['spec']['replicas']}."
    )
    for name, status in statuses().items():
        wanted = cluster.get("inferenceservice", name)["metadata"]["generation"]
        seen = status.get("observedGeneration")
        assert seen == wanted, f"The status of {name} has observedGeneration {seen}, expected {wanted}, the InferenceService's own metadata.generation: its Deployment has another one."
    status = statuses()[second]
    assert status.get("ready") is False, f"Three pods of {second} were asked for a moment ago, where there was one; its status says {status}, expected ready: false."
    cluster.delete("inferenceservice", first)
    soon(
        cluster, lambda: not get("deployment", first) and not get("service", first), 50,
        lambda: f"The InferenceService {first} was deleted, and its Deployment or Service is still there: do they name their owner?",
    )  # fmt: skip
    assert get("deployment", second) and get("deployment", third), "The deletion of one InferenceService took objects of others with it."


def _container(cluster, name):
    return cluster.get("deployment", name)["spec"]["template"]["spec"]["containers"][0]["name"]


def _pass(operate, may_fail):
    wrong = {name: said for name, said in operate().items() if name not in may_fail}
    assert not wrong, f"reconcile stopped: {wrong}"
