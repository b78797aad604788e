"""The cluster of the labs: one suite for every kind of control plane that is there, spoken to as a notebook does.

`LAB_CLUSTER=real` (or `simulator`) runs it on that kind alone. A real control plane comes by `make control-plane`.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from cluster import Cluster, NoControlPlane, Refused, control_plane, missing_programs

from autograder import sandbox
from autograder.execute import Limits, execute
from autograder.notebook import read_notebook, write_notebook
from autograder.walled import close_servers

ROOT = Path(__file__).resolve().parent.parent
IMAGE = Path(__file__).parent / "cluster_image"
LONG = 40.0  # seconds that a busy machine may take
KINDS = [os.environ["LAB_CLUSTER"]] if os.environ.get("LAB_CLUSTER") in ("real", "simulator") else ["real", "simulator"]
_numbers = count()
_started: dict[str, Cluster] = {}


def _why_not(kind: str) -> str:
    if kind == "simulator":
        return "" if (ROOT / "source/shared/cluster/simulator.py").exists() else "the simulator is not written yet"
    return f"no {', '.join(missing_programs())} here: `make control-plane` brings them" if missing_programs() else ""


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of control plane that can be had here."""
    if reason := _why_not(request.param):
        pytest.skip(reason)
    return str(request.param)


@pytest.fixture(scope="module", autouse=True)
def clusters() -> Iterator[None]:
    """End the clusters that the tests share."""
    yield
    while _started:
        _started.popitem()[1].stop()


@pytest.fixture
def cluster(kind: str) -> Iterator[Cluster]:
    """A cluster with three nodes, one of them for GPUs, in an empty namespace; what the test made there ends with it."""
    if kind not in _started:
        _started[kind] = new = control_plane(kind)
        new.images["metro/demand:1"] = new.images["metro/demand:2"] = IMAGE
        for name in ("node-1", "node-2"):
            new.add_node(name, cpu="2", labels={"zone": name})
        new.add_node("gpu-1", labels={"zone": "gpu"}, taints=[{"key": "gpu", "value": "true", "effect": "NoSchedule"}], gpus=1)
    shared = _started[kind]
    shared.namespace = f"test-{next(_numbers)}"
    shared.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": shared.namespace}})
    yield shared
    for kind_of_object in ("deployment", "job", "pod", "pdb"):
        for item in shared.list(kind_of_object):
            try:
                shared.delete(kind_of_object, item["metadata"]["name"], seconds=0, gracePeriodSeconds=0)
            except Refused as refused:
                assert refused.status == 404


# Manifests


def container(*args: str, image: str = "metro/demand:1", env: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A container of the test's image."""
    variables = [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    variables += [{"name": name, **(value if isinstance(value, dict) else {"value": value})} for name, value in (env or {}).items()]
    return {"name": "main", "image": image, "env": variables, **({"args": list(args)} if args else {}), **more}


def pod(name: str, *args: str, spec: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A pod with one container."""
    inner = {"terminationGracePeriodSeconds": 1, "containers": [container(*args, **more)], **(spec or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": inner}


def deployment(replicas: int = 2, spec: dict[str, Any] | None = None, inner: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The deployment `demand`, with quick probes."""
    probes = {f"{kind}Probe": {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1} for kind, path in (("readiness", "/ready"),)}
    ports = [{"name": "http", "containerPort": 8000}]
    pods = {"terminationGracePeriodSeconds": 2, "containers": [container(ports=ports, **{**probes, **more})], **(inner or {})}
    template = {"metadata": {"labels": {"app": "demand"}}, "spec": pods}
    whole = {"replicas": replicas, "selector": {"matchLabels": {"app": "demand"}}, "template": template, **(spec or {})}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "demand"}, "spec": whole}


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "demand"},
    "spec": {"selector": {"app": "demand"}, "ports": [{"port": 80, "targetPort": "http"}]},
}
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "demand"},
    "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "demand"}}},
}


def state(cluster: Cluster, name: str) -> dict[str, Any]:
    """The status of a pod's first container, empty where there is none yet."""
    statuses = cluster.get("pod", name).get("status", {}).get("containerStatuses")
    return statuses[0] if statuses else {}


def reason(cluster: Cluster, name: str) -> str:
    """Why a pod's first container waits."""
    return str(state(cluster, name).get("state", {}).get("waiting", {}).get("reason", ""))


def ended(cluster: Cluster, name: str) -> dict[str, Any]:
    """How a pod's first container ended, for good or the last time."""
    told = state(cluster, name)
    return dict(told.get("state", {}).get("terminated") or told.get("lastState", {}).get("terminated") or {})


def unscheduled(cluster: Cluster, name: str) -> str:
    """The scheduler's word on a pod that it did not place."""
    conditions = cluster.get("pod", name).get("status", {}).get("conditions") or []
    return next((str(each["message"]) for each in conditions if each["type"] == "PodScheduled" and each["status"] == "False"), "")


def reasons(cluster: Cluster, name: str) -> set[str]:
    """The reasons of the events about an object."""
    return {event["reason"] for event in cluster.events(name)}


# Deployments


def test_a_deployment_rolls_out_and_its_service_takes_turns(cluster: Cluster) -> None:
    applied = cluster.apply([deployment(), SERVICE])
    word = cluster.rollout_status("deployment", "demand", LONG)
    replies = [cluster.call("demand") for _ in range(4)]

    assert [item["kind"] for item in applied] == ["Deployment", "Service"]
    assert word == 'deployment "demand" successfully rolled out'
    names = {item["metadata"]["name"] for item in cluster.list("pods", "app=demand")}
    assert {reply.pod for reply in replies} == names and len(names) == 2
    assert {(reply.status, reply.text) for reply in replies} == {(200, "1")}
    name = sorted(names)[0]
    assert cluster.logs(name) == "version 1 listens\n"
    cluster.wait(lambda: {"Scheduled", "Pulled", "Created", "Started"} <= reasons(cluster, name), LONG, "the node's events")
    assert "Started" in cluster.describe("pod", name)


def test_an_update_goes_out_without_a_refused_request_and_undo_takes_it_back(cluster: Cluster) -> None:
    gently = {"lifecycle": {"preStop": {"exec": {"command": ["sleep", "0.3"]}}}}
    rule = {"strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}}
    cluster.apply([deployment(spec=rule, **gently), SERVICE])
    cluster.rollout_status("deployment", "demand", LONG)
    cluster.apply(deployment(spec=rule, env={"VERSION": "2"}, image="metro/demand:2", **gently))
    seen = set()

    def two_alone() -> bool:
        seen.add(cluster.call("demand").text)
        status = cluster.get("deployment", "demand")["status"]
        return bool(status.get("updatedReplicas") == status.get("replicas") == status.get("availableReplicas") == 2)

    cluster.wait(two_alone, LONG, "version 2")
    cluster.rollout_status("deployment", "demand", LONG)
    cluster.wait(lambda: cluster.call("demand").text == "2", LONG, "version 2 alone")
    assert seen <= {"1", "2"} and "1" in seen
    assert [item["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for item in cluster.history("deployment", "demand")] == [
        "1",
        "2",
    ]
    cluster.undo("deployment", "demand")
    cluster.rollout_status("deployment", "demand", LONG)
    cluster.wait(lambda: cluster.call("demand").text == "1", LONG, "version 1")


def test_readiness_holds_traffic_back(cluster: Cluster) -> None:
    cluster.apply([deployment(1, env={"READY_AFTER": "2.5"}), SERVICE])
    running = cluster.wait(lambda: cluster.list("pods", fields="status.phase=Running"), LONG, "a running pod")
    with pytest.raises(ConnectionError, match="no ready endpoints"):
        cluster.call("demand")
    cluster.wait(lambda: "Unhealthy" in reasons(cluster, running[0]["metadata"]["name"]), LONG, "a failed probe")
    cluster.rollout_status("deployment", "demand", LONG)
    assert cluster.call("demand").status == 200


def test_a_rollout_gets_stuck_the_old_pods_go_on_and_undo_mends_it(cluster: Cluster) -> None:
    cluster.apply([deployment(spec={"progressDeadlineSeconds": 3}), SERVICE])
    cluster.rollout_status("deployment", "demand", LONG)
    cluster.apply(deployment(spec={"progressDeadlineSeconds": 3}, image="metro/demand:broken"))
    with pytest.raises(RuntimeError, match="exceeded its progress deadline"):
        cluster.rollout_status("deployment", "demand", LONG)
    waiting = [item for item in cluster.list("pods") if item["spec"]["containers"][0]["image"].endswith("broken")]
    name = waiting[0]["metadata"]["name"]
    assert reason(cluster, name) in ("ErrImagePull", "ImagePullBackOff")
    assert "Failed to pull image" in cluster.describe("pod", name)
    assert cluster.call("demand").status == 200
    cluster.undo("deployment", "demand")
    cluster.rollout_status("deployment", "demand", LONG)


def test_a_drain_waits_for_what_the_budget_allows(cluster: Cluster) -> None:
    cluster.add_node("old-1", labels={"zone": "old"})
    cluster.apply([deployment(inner={"nodeSelector": {"zone": "old"}}), BUDGET])
    cluster.rollout_status("deployment", "demand", LONG)
    cluster.wait(lambda: cluster.get("pdb", "demand").get("status", {}).get("currentHealthy") == 2, LONG, "the budget's status")
    with pytest.raises(TimeoutError, match="violate the pod's disruption budget"):
        cluster.drain("old-1", 1)
    assert cluster.get("node", "old-1")["spec"]["unschedulable"] is True
    cluster.add_node("new-1", labels={"zone": "old"})
    cluster.scale("deployment", "demand", 3)
    cluster.rollout_status("deployment", "demand", LONG)
    assert len(cluster.drain("old-1", LONG)) == 2
    cluster.rollout_status("deployment", "demand", LONG)
    assert {item["spec"]["nodeName"] for item in cluster.list("pods")} == {"new-1"}


def test_apply_takes_back_what_it_once_said_and_leaves_alone_what_it_never_did(cluster: Cluster) -> None:
    cluster.apply(deployment(0, env={"VERSION": "2", "OTHER": "x"}))
    cluster.scale("deployment", "demand", 1)
    silent = deployment(0, env={"VERSION": "3"})
    del silent["spec"]["replicas"]
    cluster.patch("deployment", "demand", {"metadata": {"labels": {"by": "hand"}}})
    found = cluster.apply(silent)[0]
    assert [each["name"] for each in found["spec"]["template"]["spec"]["containers"][0]["env"]] == ["POD_IP", "VERSION"]
    assert found["metadata"]["labels"] == {"by": "hand"}
    assert found["spec"]["replicas"] == 1


# Pods


def test_a_crash_loop_is_told_by_status_events_and_the_log_before(cluster: Cluster) -> None:
    cluster.apply(pod("crash", command=["python", "-c", "print('no model'); raise SystemExit(3)"]))
    cluster.wait(lambda: reason(cluster, "crash") == "CrashLoopBackOff", LONG, "a crash loop")
    told = state(cluster, "crash")
    assert told["restartCount"] >= 1 and told["lastState"]["terminated"]["exitCode"] == 3
    assert cluster.logs("crash", previous=True) == "no model\n"
    cluster.wait(lambda: "BackOff" in reasons(cluster, "crash"), LONG, "the event")
    assert re.search(r"Last State: +Terminated\n +Reason: +Error\n +Exit Code: +3", cluster.describe("pod", "crash"))


def test_a_failed_liveness_probe_restarts_the_container(cluster: Cluster) -> None:
    probe = {"httpGet": {"path": "/healthz", "port": 8000}, "periodSeconds": 1, "failureThreshold": 1}
    slow = {"tcpSocket": {"port": 8000}, "periodSeconds": 1, "failureThreshold": 30}
    cluster.apply([pod("live", livenessProbe=probe, startupProbe=slow, ports=[{"name": "http", "containerPort": 8000}])])
    cluster.apply({**SERVICE, "metadata": {"name": "live"}, "spec": {**SERVICE["spec"], "selector": {"app": "live"}}})
    cluster.wait(lambda: cluster.get("endpoints", "live").get("subsets", [{}])[0].get("addresses"), LONG, "a ready pod")
    cluster.call("live", "/sicken")
    cluster.wait(lambda: state(cluster, "live")["restartCount"] == 1 and state(cluster, "live")["ready"], LONG, "the restart")
    cluster.wait(lambda: {"Unhealthy", "Killing"} <= reasons(cluster, "live"), LONG, "the events")


def test_init_containers_come_first(cluster: Cluster) -> None:
    shared = [{"name": "work", "mountPath": "/count"}]
    first = {**container("fail_until", "2", volumeMounts=shared), "name": "first"}
    spec = {"initContainers": [first], "volumes": [{"name": "work", "emptyDir": {}}], "restartPolicy": "OnFailure"}
    cluster.apply(pod("init", command=["cat", "count/runs"], volumeMounts=shared, spec=spec))
    cluster.wait(lambda: cluster.get("pod", "init")["status"]["phase"] == "Succeeded", LONG, "success")
    assert cluster.logs("init") == "2"
    assert cluster.get("pod", "init")["status"]["initContainerStatuses"][0]["restartCount"] == 1


def test_too_much_memory_is_oom_killed(cluster: Cluster) -> None:
    limit = {"resources": {"limits": {"memory": "64Mi"}}}
    cluster.apply(pod("hungry", "eat", "200", spec={"restartPolicy": "Never"}, **limit))
    cluster.wait(lambda: ended(cluster, "hungry"), LONG, "the end")
    assert (ended(cluster, "hungry")["reason"], ended(cluster, "hungry")["exitCode"]) == ("OOMKilled", 137)
    assert cluster.get("pod", "hungry")["status"]["phase"] == "Failed"


def test_sigterm_comes_first_and_sigkill_when_the_grace_period_is_over(cluster: Cluster, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    seconds = {}
    for name, env in (("polite", {"NOTES": str(notes)}), ("stubborn", {"STUBBORN": "1"})):
        cluster.apply(pod(name, env=env, spec={"terminationGracePeriodSeconds": 2}))
        cluster.wait(lambda name=name: "listens" in (cluster.logs(name) if state(cluster, name).get("ready") else ""), LONG, name)
        begin = time.monotonic()
        cluster.delete("pod", name)
        seconds[name] = time.monotonic() - begin
    assert notes.read_text() == "ended by SIGTERM\n"
    assert seconds["stubborn"] >= 2
    assert "Killing" in reasons(cluster, "stubborn")


def test_configuration_reaches_a_container_and_missing_keys_hold_it_back(cluster: Cluster) -> None:
    cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"MODE": "night", "a.yaml": "a: 1\n"}}
    )
    cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"token": "s3cret"}})
    given = {
        "TOKEN": {"valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
        "NAME": {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    }
    script = (
        "from os import environ as e; print(e['MODE'], e['TOKEN'], e['NAME'], open('etc/app/a.yaml').read(), open('keys/token').read())"
    )
    mounts = [{"name": "files", "mountPath": "/etc/app"}, {"name": "keys", "mountPath": "/keys"}]
    volumes = [{"name": "files", "configMap": {"name": "settings"}}, {"name": "keys", "secret": {"secretName": "keys"}}]
    spec = {"restartPolicy": "Never", "volumes": volumes}
    source = [{"configMapRef": {"name": "settings"}}]
    cluster.apply(pod("told", command=["python", "-c", script], env=given, envFrom=source, volumeMounts=mounts, spec=spec))
    cluster.wait(lambda: ended(cluster, "told"), LONG, "the end")
    assert cluster.logs("told") == "night s3cret told a: 1\n s3cret\n"

    missing = {"MODE": {"valueFrom": {"configMapKeyRef": {"name": "settings", "key": "other"}}}}
    cluster.apply(pod("untold", env=missing))
    cluster.wait(lambda: reason(cluster, "untold") == "CreateContainerConfigError", LONG, "the error")
    assert "couldn't find key other in ConfigMap" in state(cluster, "untold")["state"]["waiting"]["message"]


def test_root_is_refused_where_it_must_not_be(cluster: Cluster) -> None:
    cluster.apply(pod("rooted", securityContext={"runAsNonRoot": True, "runAsUser": 0}))
    cluster.wait(lambda: reason(cluster, "rooted") == "CreateContainerConfigError", LONG, "the error")
    cluster.apply(pod("plain", command=["true"], securityContext={"runAsNonRoot": True}, spec={"restartPolicy": "Never"}))
    cluster.wait(lambda: ended(cluster, "plain"), LONG, "the end")


# Jobs


def test_a_job_is_retried_until_it_succeeds_or_its_limit_is_reached(cluster: Cluster) -> None:
    def job(name: str, limit: int, policy: str, *args: str) -> dict[str, Any]:
        inner = {"restartPolicy": policy, "volumes": [{"name": "count", "emptyDir": {}}]}
        inner["containers"] = [container("fail_until", *args, volumeMounts=[{"name": "count", "mountPath": "/count"}])]
        spec = {"backoffLimit": limit, "template": {"spec": inner}}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}

    cluster.apply([job("retried", 3, "OnFailure", "3"), job("failed", 0, "Never", "9")])
    cluster.wait(lambda: cluster.get("job", "retried").get("status", {}).get("succeeded") == 1, LONG, "the success")
    name = cluster.list("pods", "job-name=retried")[0]["metadata"]["name"]
    assert cluster.logs(name) == "run 3\n" and state(cluster, name)["restartCount"] == 2
    conditions = cluster.wait(lambda: cluster.get("job", "failed").get("status", {}).get("conditions"), LONG, "the failure")
    assert ("Failed", "BackoffLimitExceeded") in [(each["type"], each.get("reason")) for each in conditions]
    assert cluster.list("pods", "job-name=failed")[0]["status"]["phase"] == "Failed"


# Scheduling


def test_the_scheduler_keeps_to_requests_taints_affinity_and_gpus(cluster: Cluster) -> None:
    large = {"resources": {"requests": {"cpu": "8"}}}
    gpu = {"resources": {"limits": {"nvidia.com/gpu": "1"}}}
    tolerant = {"tolerations": [{"key": "gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"}]}
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["node-2"]}]}]
    near = {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}}
    cluster.apply([pod("large", **large), pod("near", spec=near), pod("gpu", spec=tolerant, **gpu), pod("intolerant", **gpu)])
    cluster.wait(lambda: "Insufficient cpu" in unscheduled(cluster, "large"), LONG, "the scheduler's word")
    assert "nodes are available" in unscheduled(cluster, "large")
    cluster.wait(lambda: "taint" in unscheduled(cluster, "intolerant"), LONG, "the scheduler's word on the taint")
    assert "Insufficient nvidia.com/gpu" in unscheduled(cluster, "intolerant")
    cluster.wait(lambda: cluster.get("pod", "gpu")["spec"].get("nodeName") == "gpu-1", LONG, "the pod on the GPU node")
    cluster.wait(lambda: cluster.get("pod", "near")["spec"].get("nodeName") == "node-2", LONG, "the pod on node-2")
    cluster.apply(pod("second", spec=tolerant, **gpu))
    cluster.wait(lambda: "Insufficient nvidia.com/gpu" in unscheduled(cluster, "second"), LONG, "the word on the second GPU")
    assert "FailedScheduling" in reasons(cluster, "second")


def test_a_cordoned_node_takes_no_new_pod(cluster: Cluster) -> None:
    cluster.cordon("node-2")
    cluster.apply(pod("kept-out", spec={"nodeSelector": {"zone": "node-2"}}))
    cluster.wait(lambda: "unschedulable" in unscheduled(cluster, "kept-out"), LONG, "the scheduler's word")
    cluster.uncordon("node-2")
    cluster.wait(lambda: cluster.get("pod", "kept-out")["spec"].get("nodeName") == "node-2", LONG, "the pod on node-2")


# The API


def refusal(cluster: Cluster, manifest: Any) -> Refused:
    """What the server says to a manifest that it does not take."""
    with pytest.raises(Refused) as caught:
        cluster.apply(manifest)
    return caught.value


def test_a_selector_that_does_not_match_is_refused(cluster: Cluster) -> None:
    said = refusal(cluster, deployment(spec={"selector": {"matchLabels": {"app": "other"}}}))
    assert (said.status, said.reason) == (422, "Invalid")
    assert "`selector` does not match template `labels`" in said.message


def test_a_field_that_is_unknown_or_of_the_wrong_type_is_refused_by_name(cluster: Cluster) -> None:
    said = refusal(cluster, deployment(spec={"replica": 2}))
    assert said.status == 400 and 'unknown field "spec.replica"' in said.message
    said = refusal(cluster, deployment(spec={"replicas": "two"}))
    assert said.status == 400 and "replicas" in said.message
    assert cluster.list("deployments") == []


def test_what_is_not_there_and_what_is_no_kind_are_refused(cluster: Cluster) -> None:
    for call in (lambda: cluster.get("deployment", "none"), lambda: cluster.get("nonsense", "none"), lambda: cluster.delete("job", "none")):
        with pytest.raises(Refused) as caught:
            call()
        assert caught.value.status == 404
    assert refusal(cluster, {**SERVICE, "apiVersion": "v7"}).status == 404
    assert refusal(cluster, {**SERVICE, "metadata": {"name": "Not_a_name"}}).status == 422
    with pytest.raises(ValueError, match="kind not set"):
        cluster.apply("apiVersion: v1\nmetadata: {name: x}")
    with pytest.raises(TimeoutError, match=r"(?s)waited 0 s for ever.*newest events"):
        cluster.wait(lambda: False, 0, "ever")


def test_a_custom_resource_is_checked_by_its_schema_and_has_a_status(cluster: Cluster) -> None:
    fields = {"model": {"type": "string"}, "replicas": {"type": "integer", "minimum": 1, "default": 2}}
    spec = {"type": "object", "required": ["model"], "properties": fields}
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": free}}}
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": schema}
    names = {"kind": "Forecaster", "plural": "forecasters", "singular": "forecaster"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "forecasters.metro.example"},
    }
    definition["spec"] = {"group": "metro.example", "scope": "Namespaced", "names": names, "versions": [version]}
    item = {"apiVersion": "metro.example/v1", "kind": "Forecaster", "metadata": {"name": "demand"}, "spec": {"model": "demand-7"}}
    cluster.apply(definition)
    made = cluster.wait(lambda: cluster.apply(item), LONG, "the kind to be known")[0]
    assert made["spec"] == {"model": "demand-7", "replicas": 2}
    said = refusal(cluster, {**item, "spec": {"model": "demand-7", "replicas": 0}})
    assert said.status == 422 and "spec.replicas" in said.message

    from kubernetes import client

    api = client.CustomObjectsApi(cluster.api)
    where = ("metro.example", "v1", cluster.namespace, "forecasters", "demand")
    api.patch_namespaced_custom_object_status(*where, {"status": {"ready": True}})
    assert cluster.get("forecaster", "demand")["status"] == {"ready": True}
    cluster.apply({**item, "status": {"ready": False}, "spec": {"model": "demand-8"}})
    assert cluster.get("forecaster", "demand")["status"] == {"ready": True}
    assert cluster.get("forecaster", "demand")["spec"]["model"] == "demand-8"


def test_todays_versions_are_understood_by_every_server(cluster: Cluster) -> None:
    metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}]
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "demand"}
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "demand"}}
    scaler["spec"] = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 4, "metrics": metrics}
    template = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container("fail_until", "1")]}}}}
    nightly = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"}}
    nightly["spec"] = {"schedule": "0 3 * * *", "jobTemplate": template}
    cluster.apply([BUDGET, scaler, nightly])
    for manifest, kind in ((BUDGET, "pdb"), (scaler, "hpa"), (nightly, "cronjob")):
        assert cluster.get(kind, manifest["metadata"]["name"])["apiVersion"] == manifest["apiVersion"]
    assert [item["metadata"]["name"] for item in cluster.list("cronjobs")] == ["nightly"]


def test_the_official_client_lists_and_watches(cluster: Cluster) -> None:
    from kubernetes import client, watch

    core = client.CoreV1Api(cluster.api)
    assert {"node-1", "node-2", "gpu-1"} <= {node.metadata.name for node in core.list_node().items}
    since = core.list_namespaced_config_map(cluster.namespace).metadata.resource_version
    for name in ("one", "two"):
        cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"n": name}})
    cluster.delete("configmap", "one")
    stream = watch.Watch().stream(core.list_namespaced_config_map, cluster.namespace, resource_version=since, timeout_seconds=2)
    seen = [(event["type"], event["object"].metadata.name) for event in stream if event["object"].metadata.name in ("one", "two")]
    assert seen == [("ADDED", "one"), ("ADDED", "two"), ("DELETED", "one")]


# The end


SCRIPT = """
import sys
from cluster import control_plane
cluster = control_plane(sys.argv[1])
cluster.images["metro/demand:1"] = sys.argv[2]
cluster.add_node("node-1")
cluster.apply(open(sys.argv[3]).read())
cluster.wait(lambda: cluster.get("pod", "left")["status"].get("containerStatuses", [{}])[0].get("ready"), 40, "the pod")
print(cluster.kubeconfig.parent, flush=True)
sys.stdin.read()
"""


def begin_elsewhere(kind: str, folder: Path) -> tuple[subprocess.Popen[str], Path, list[psutil.Process]]:
    """Start a cluster with a pod in another process. Returns it, the cluster's folder, and all that it started."""
    manifest = folder / "pod.json"
    manifest.write_text(json.dumps(pod("left")))
    command = [sys.executable, "-c", SCRIPT, kind, str(IMAGE), str(manifest)]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "source" / "shared"), "TMPDIR": str(folder)}
    process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    place = process.stdout.readline().strip()
    assert place, "it did not start"
    children = psutil.Process(process.pid).children(recursive=True)
    assert any("service.py" in " ".join(child.cmdline()) for child in children)
    return process, Path(place), children


def test_nothing_is_left_when_python_ends(kind: str, tmp_path: Path) -> None:
    process, _, children = begin_elsewhere(kind, tmp_path)
    process.communicate()
    assert process.returncode == 0
    assert psutil.wait_procs(children, timeout=2)[1] == []
    assert [path.name for path in tmp_path.iterdir()] == ["pod.json"]


def test_nothing_is_left_when_python_is_killed(kind: str, tmp_path: Path) -> None:
    process, place, children = begin_elsewhere(kind, tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert psutil.wait_procs(children, timeout=10)[1] == []
    end = time.monotonic() + 10
    while place.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert [path.name for path in tmp_path.iterdir()] == ["pod.json"]


@pytest.mark.skipif(bool(sandbox.why_not()), reason=sandbox.why_not() or "there is a sandbox")
def test_it_works_behind_the_graders_walls(kind: str) -> None:
    """No rights, no network but loopback, limits on memory, processes and disk; the folders are the grader's."""
    files = {f"cluster/{path.name}": path.read_bytes() for path in (ROOT / "source/shared/cluster").glob("*.py")}
    files |= {f"image/{path.name}": path.read_bytes() for path in IMAGE.iterdir() if path.is_file()}
    files["pod.json"] = json.dumps(pod("walled")).encode()
    ask = "cluster.get('pod', 'walled')['status'].get('containerStatuses', [{}])[0].get('ready')"
    cell = f"""
import os, pathlib
from cluster import control_plane
with control_plane({kind!r}) as cluster:
    cluster.images["metro/demand:1"] = pathlib.Path("image")
    cluster.add_node("node-1")
    cluster.apply(pathlib.Path("pod.json"))
    cluster.wait(lambda: {ask}, 40, "the pod")
    print(cluster.kind)
print(sorted(os.listdir()))
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    try:
        run = read_notebook(execute(write_notebook(notebook), files, {}, Limits(cell_seconds=90, total_seconds=120), ("json",)))
    finally:
        close_servers()
    printed = "".join(output.get("text", "") or output.get("evalue", "") for output in run.cells[0].outputs)
    assert printed == f"{kind}\n['cluster', 'image', 'pod.json']\n"
    assert run.metadata["autograder"]["left_running"] == []


def test_a_kind_that_cannot_be_had_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(NoControlPlane, match="choose one of auto, real, simulator, yours"):
        control_plane("large")
    with pytest.raises(NoControlPlane, match="KUBECONFIG"):
        control_plane("yours")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "prefix", "/nowhere")
    with pytest.raises(NoControlPlane, match=r"etcd.*make control-plane"):
        control_plane("real")


def test_pods_share_an_address_where_the_machine_has_no_other(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS: each pod has ports of its own, which stand in for the ones that it asks for."""
    monkeypatch.setattr("cluster.node_agent._can_listen", lambda address: False)
    if kind in _started:
        _started.pop(kind).stop()
    with control_plane(kind) as alone:
        alone.images["metro/demand:1"] = IMAGE
        alone.add_node("node-1")
        alone.apply([deployment(), SERVICE])
        alone.rollout_status("deployment", "demand", LONG)
        replies = [alone.call("demand") for _ in range(4)]
        assert {reply.text for reply in replies} == {"1"} and len({reply.pod for reply in replies}) == 2
