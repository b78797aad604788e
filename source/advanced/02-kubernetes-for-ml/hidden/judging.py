"""What the judge cells on clusters share: a control plane of the judge's own, whose nodes run in the learner's process."""

import os
import random
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import desk
import yaml
from cluster import Refused, control_plane
from desk import GPU, ready_pods, troubles
from traffic import Traffic, Watch

NODES = {"first": {"cpu": "2"}, "second": {"cpu": "2"}}
GPU_NODES = {"plain": {"cpu": "4"}} | {
    name: {"cpu": "4", "gpus": 1, "labels": {"accelerator": kind}, "taints": [GPU]} for name, kind in (("old", "k80"), ("fast", "a100"))
}
_running = {}


def fresh(salt):
    """Return a random generator of this submission's own."""
    return random.Random(f"{os.environ.get('LAB_SEED', '0')} {salt}")


def control():
    """Return the judge's control plane, started once. Where the judge runs in the learner's own kernel, the learner's goes on beside it."""
    if "cluster" not in _running:
        theirs = sys.modules["cluster.control_plane"]._running  # the package ends the former of a kind when it starts another
        kept = dict(theirs)
        theirs.clear()
        _running["cluster"] = control_plane()
        theirs.clear()
        theirs.update(kept)
        _running["cluster"].apply(Path("crd.yaml"))  # long before it is needed: the garbage collector finds new kinds within half a minute
    return _running["cluster"]


def _access(cluster):
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    server = config["clusters"][0]["cluster"]
    certificate = Path(server["certificate-authority"]).read_text() if "certificate-authority" in server else ""
    return {"kind": cluster.kind, "server": server["server"], "certificate": certificate, "token": config["users"][0]["user"].get("token", "")}


@contextmanager
def judged(steer, name, nodes):
    """Give the block a cluster in a new namespace, with nodes that run in the learner's process, and the way to it from there."""
    cluster = control()
    access = _access(cluster)
    steer("join", access, nodes)
    try:
        with desk.namespace(cluster, f"judge-{name}"):
            yield cluster, access
    finally:
        steer("leave", access)
        for node in nodes:
            with suppress(Refused):
                cluster.delete("node", node, seconds=0)


def documents(file):
    """Return the objects of a learner's file."""
    assert Path(file).is_file(), f"There is no file {file}: the answer's cell should write it."
    try:
        return [each for each in yaml.safe_load_all(Path(file).read_text()) if each]
    except yaml.YAMLError as error:
        raise AssertionError(f"{file} is no YAML: {error}") from None


def applied(cluster, objects, file):
    """Apply objects, and say so where the API server refuses them."""
    try:
        return cluster.apply(objects)
    except (Refused, ValueError) as refusal:
        raise AssertionError(f"The API server refuses {file}: {refusal}") from None


def soon(cluster, condition, seconds, otherwise):
    """Wait for a condition; if it does not come true, say what `otherwise()` says."""
    try:
        return cluster.wait(condition, seconds)
    except TimeoutError:
        raise AssertionError(otherwise()) from None


def one(objects, kind, name=None):
    """Return the object of a kind, and of a name."""
    found = [item for item in objects if item.get("kind") == kind and name in (None, item["metadata"]["name"])]
    assert len(found) == 1, f"The file has {len(found)} objects of the kind {kind}{f' called {name}' if name else ''}, expected one."
    return found[0]


def image_to(version):
    """Return the patch that gives a deployment another image."""
    return [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": f"metro/demand:{version}"}]


# Exercise 1


def judge_crash(cluster):
    """Judge demand.yaml."""
    rng = fresh(1)
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
    applied(cluster, objects, "demand.yaml")
    soon(
        cluster, lambda: len(ready_pods(cluster)) == 2, 15,
        lambda: f"In a fresh cluster the service demand has {len(ready_pods(cluster))} ready pods after 15 s, expected 2. {troubles(cluster)}",
    )  # fmt: skip
    said = {cluster.call("demand", "/predict").json()["model"] for _ in range(4)}
    assert said == {model}, f"The configMap was changed to models/{model}.json, and /predict answers with {said}: does MODEL_FILE come from the configMap?"
    restarts = sum(each["restartCount"] for pod in cluster.list("pods") for each in pod["status"]["containerStatuses"])
    assert restarts == 0, f"Containers were started again {restarts} times: {troubles(cluster)}"


# Exercise 3


def judge_rollout(cluster):
    """Judge rollout.yaml: a drain of the node with both pods, and then a rollout, under requests."""
    objects = documents("rollout.yaml")
    deployment, _ = one(objects, "Deployment", "demand"), one(objects, "Service", "demand")
    one(objects, "PodDisruptionBudget")
    assert deployment["spec"].get("replicas") == 2, f"rollout.yaml asks for {deployment['spec'].get('replicas', 1)} replicas, expected 2."
    cluster.cordon("second")
    made = one(applied(cluster, objects, "rollout.yaml"), "Deployment")
    deadline = made["spec"].get("progressDeadlineSeconds", 600)
    assert deadline <= 10, f"A rollout that gets nowhere is reported after {deadline} s (progressDeadlineSeconds), expected 10 at most."
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
            cluster.wait(lambda: [version for _, version, _ in traffic.answered[-20:]].count("1.1") == 20, 10)
    _nothing_lost(traffic, "In the rollout")
    assert watch.fewest_ready >= 2, f"In the rollout there was a moment with {watch.fewest_ready} ready pods, expected two at each."
    assert watch.most_pods <= 3, f"In the rollout there was a moment with {watch.most_pods} pods, expected three at most."


def _nothing_lost(traffic, when):
    total = len(traffic.lost) + len(traffic.answered)
    assert not traffic.lost, f"{when} {len(traffic.lost)} of {total} requests were lost, the first: {traffic.lost[0]}."


# Exercise 6


def _service(name, model, **spec):
    kind = {"apiVersion": "metro.example/v1", "kind": "InferenceService"}
    return {**kind, "metadata": {"name": name}, "spec": {"modelFile": f"models/{model}.json", **spec}}


def judge_operator(cluster, operate):
    """Judge reconcile, by passes over a namespace."""
    rng = fresh(6)
    first, second, third = rng.sample(["arrivals", "repairs", "weather", "riders", "stations"], 3)
    cluster.wait(lambda: cluster.list("inferenceservice") == [], 10, "the new kind")
    foreign = yaml.safe_load(Path("base/deployment.yaml").read_text())
    foreign["metadata"], foreign["spec"]["replicas"] = {"name": third}, 0
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
        cluster.get("deployment", third)["spec"] == theirs["spec"] and not cluster.get("deployment", third)["metadata"].get("ownerReferences")
    ), f"The Deployment {third}, which somebody else had made, was changed."
    assert not get("service", third), f"The Deployment {third} belongs to somebody else; the Service {third} should not be made either."
    status = cluster.get("inferenceservice", third).get("status") or {}
    assert status.get("ready") is False and status.get("message"), f"The status of {third}, whose Deployment belongs to somebody else, is {status}, expected ready: false and a message."

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


# Exercise 7


def judge_training(cluster, steer):
    """Judge training.yaml: two Jobs from its template, one of them disturbed."""
    rng = fresh(7)
    cronjob = one(documents("training.yaml"), "CronJob", "train")
    made = applied(cluster, cronjob, "training.yaml")[0]
    policy = made["spec"].get("concurrencyPolicy", "Allow")
    assert policy == "Forbid", f"concurrencyPolicy is {policy}: what happens to the training that still runs when the next one's time comes?"
    job = made["spec"]["jobTemplate"]["spec"]
    assert job.get("backoffLimit", 6) == 4, f"backoffLimit is {job.get('backoffLimit', '6, as nothing is said')}, expected 4: tried again up to four times."
    limit = job.get("activeDeadlineSeconds")
    assert limit == 3600, f"activeDeadlineSeconds of the Job is {limit}, expected an hour, 3600."
    store = steer("make_store")
    try:
        cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "store"}, "data": {"root": store}})
        names = [f"train-{number}" for number in rng.sample(range(100, 999), 2)]

        def start(name):
            applied(cluster, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": job}, "the CronJob's Job")

        def epochs():
            return [line.split()[2] for line in steer("read_store", store)["log"] if " epoch " in line]

        start(names[0])
        soon(cluster, lambda: "2" in epochs(), 15, lambda: f"15 s after its start the Job has not trained two epochs. {troubles(cluster)}")
        pods = [pod for pod in cluster.list("pods", "job-name=" + names[0])]
        assert {pod["spec"].get("nodeName") for pod in pods} == {"fast"}, (
            f"The Job runs on {[pod['spec'].get('nodeName') for pod in pods]}, expected the node with the label accelerator=a100."
        )
        cluster.delete("pod", pods[0]["metadata"]["name"], gracePeriodSeconds=1)
        _succeeds(cluster, names[0])
        trained = epochs()
        assert len(trained) <= 7 and sorted(set(trained)) == list("123456"), (
            f"The Job's pod was deleted in the middle; in all it trained the epochs {' '.join(trained)}, expected 1 to 6 once each: a new pod of the same Job should know the run's name."
        )
        models = steer("read_store", store)["models"]
        assert len(models) == 1, f"After one Job, whose pod was deleted once, the store has the models {models}, expected one."
        start(names[1])
        _succeeds(cluster, names[1])
        models = steer("read_store", store)["models"]
        assert len(models) == 2, f"After next week's Job the store has the models {models}, expected two: another Job is another run."
    finally:
        steer("remove_store", store)


def _succeeds(cluster, name):
    soon(
        cluster, lambda: cluster.get("job", name).get("status", {}).get("succeeded"), 25,
        lambda: f"The Job {name} had not succeeded after 25 s. {troubles(cluster)}",
    )  # fmt: skip
