"""The judge of the weekly training: Jobs of its template, one of them disturbed, one without a fast GPU."""

import desk
from desk import troubles
from judging import applied, documents, one, soon

from judgekit import drawn


def judge_training(cluster, steer):
    """Judge training.yaml: two Jobs from its template, one of them disturbed."""
    rng = drawn(7)
    cronjob = one(documents("training.yaml"), "CronJob", "train")
    made = applied(cluster, cronjob, "training.yaml")[0]
    policy = made["spec"].get("concurrencyPolicy", "Allow")
    assert policy == "Forbid", f"concurrencyPolicy is {policy}: what happens to the training that still runs when the next one's time comes?"
    assert not made["spec"].get("suspend"), "The CronJob has suspend: true: it would never train."
    schedule = made["spec"]["schedule"]
    assert schedule == "0 4 * * 1", f"The CronJob's schedule is {schedule!r}, expected the one that it had, '0 4 * * 1'."
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
        cluster.apply(_takes_the_gpu("fast"))
        start(names[1])
        soon(cluster, lambda: _place(cluster, names[1]), 15, lambda: f"The second Job has no pod after 15 s. {desk.job_trouble(cluster, names[1])}")
        place = _place(cluster, names[1])
        assert place == "none", f"No fast GPU was free, and the Job's pod went to the node {place}: it should wait. Is the affinity a condition?"
        cluster.delete("pod", "takes-the-gpu", seconds=0, gracePeriodSeconds=0)
        _succeeds(cluster, names[1])
        models = steer("read_store", store)["models"]
        assert len(models) == 2, f"After next week's Job the store has the models {models}, expected two: another Job is another run."
    finally:
        steer("remove_store", store)


def _takes_the_gpu(node):
    """Return a pod that has a node's GPU, whatever its taints. Its image is nowhere, so it never runs."""
    container = {"name": "none", "image": "metro/none", "resources": {"limits": {"nvidia.com/gpu": 1}}}
    spec = {"nodeName": node, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "takes-the-gpu"}, "spec": spec}


def _place(cluster, job):
    """Return the node of a Job's pod, "none" where the scheduler found none, and nothing where there is no word yet."""
    for pod in cluster.list("pods", "job-name=" + job):
        if node := pod["spec"].get("nodeName"):
            return node
        if any(each["type"] == "PodScheduled" and each["status"] == "False" for each in pod.get("status", {}).get("conditions") or []):
            return "none"
    return ""


def _succeeds(cluster, name):
    soon(
        cluster, lambda: cluster.get("job", name).get("status", {}).get("succeeded"), 25,
        lambda: f"The Job {name} had not succeeded after 25 s. {desk.job_trouble(cluster, name)}",
    )  # fmt: skip
