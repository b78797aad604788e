"""The simulated API server, seen by the official client and by kubectl."""

import json
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cluster import simulator
from cluster.simulator_schedule import following, parsed
from cluster.simulator_schemas import canonical
from kubernetes import client, dynamic, watch
from kubernetes.client import ApiException

KUBECTL = shutil.which("kubectl")
READY = {"type": "Ready", "status": "True"}


def until(condition: Callable[[], Any], what: str, seconds: float = 10) -> Any:
    """What `condition` gives as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.01)
    return found


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[simulator.Simulator]:
    with simulator.start(job_backoff=0.05, **getattr(request, "param", {})) as started:
        yield started
        assert started.errors == []


@pytest.fixture
def api(server: simulator.Simulator) -> Iterator[SimpleNamespace]:
    """The official client's typed APIs, over one ApiClient."""
    configuration = client.Configuration()
    configuration.host = server.url
    with client.ApiClient(configuration) as raw:
        yield SimpleNamespace(
            raw=raw, core=client.CoreV1Api(raw), apps=client.AppsV1Api(raw), batch=client.BatchV1Api(raw), policy=client.PolicyV1Api(raw),
            custom=client.CustomObjectsApi(raw), extensions=client.ApiextensionsV1Api(raw), scaling=client.AutoscalingV2Api(raw))


@pytest.fixture
def kubelet(api: SimpleNamespace) -> Iterator[None]:
    """Plays the nodes: a bound pod runs and is ready at once; with the image "stuck" never, with "done" or "fail" it ends."""
    watcher, ends = watch.Watch(), {"done": "Succeeded", "fail": "Failed"}

    def play() -> None:
        try:
            for event in watcher.stream(api.core.list_pod_for_all_namespaces):
                pod = event["object"]
                where, image = (pod.metadata.name, pod.metadata.namespace), pod.spec.containers[0].image
                if event["type"] == "DELETED" or not pod.spec.node_name:
                    continue
                try:
                    if pod.metadata.deletion_timestamp:
                        api.core.delete_namespaced_pod(*where, grace_period_seconds=0)
                    elif pod.status.phase == "Pending" and image != "stuck":
                        status: dict[str, Any] = {"phase": ends.get(image, "Running"), "podIP": "127.0.0.9"}
                        if image not in ends:
                            now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
                            status["conditions"] = [{**READY, "lastTransitionTime": now}]
                        api.core.patch_namespaced_pod_status(*where, {"status": status})
                except ApiException as refused:
                    if refused.status != 404:
                        raise
        except Exception as error:
            if not stopping.is_set():
                broken.append(error)

    stopping, broken = threading.Event(), []
    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    yield
    stopping.set()
    watcher.stop()
    api.core.create_namespaced_pod("default", pod_body("last"))  # wakes the watch
    thread.join(timeout=5)
    assert broken == []


def pod_body(name: str, image: str = "x:1", labels: Any = None, requests: dict[str, str] | None = None, **spec: Any) -> Any:
    container = {"name": "main", "image": image, "resources": {"requests": requests or {}, "limits": {
        key: value for key, value in (requests or {}).items() if "/" in key}}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}},
            "spec": {"containers": [container], **spec}}


def deployment_body(name: str = "web", image: str = "x:1", replicas: int = 3, **spec: Any) -> Any:
    template = {"metadata": {"labels": {"app": name}}, "spec": pod_body("", image)["spec"]}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template, **spec}}


def job_body(name: str, image: str, **spec: Any) -> Any:
    return {"metadata": {"name": name}, "spec": {"template": {"spec": pod_body("", image, restartPolicy="Never")["spec"]}, **spec}}


def add_node(api: SimpleNamespace, name: str = "node-1", labels: dict[str, str] | None = None, taints: Any = (), **amounts: str) -> None:
    capacity = {"cpu": "2", "memory": "4Gi", "pods": "110", **({"nvidia.com/gpu": amounts["gpu"]} if "gpu" in amounts else {})}
    api.core.create_node({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
                          "spec": {"taints": list(taints)}, "status": {"capacity": capacity, "allocatable": capacity}})
    beat(api, name)


def beat(api: SimpleNamespace, name: str) -> None:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    api.core.patch_node_status(name, {"status": {"conditions": [
        {**READY, "reason": "KubeletReady", "message": "", "lastHeartbeatTime": now, "lastTransitionTime": now}]}})


def refusal(call: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """The Status with which the server refuses a call."""
    with pytest.raises(ApiException) as caught:
        call(*arguments, **more)
    status = json.loads(caught.value.body)
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", caught.value.status)
    return SimpleNamespace(code=status["code"], reason=status["reason"], message=status["message"], details=status.get("details", {}))


def complete(api: SimpleNamespace, name: str = "web") -> Any:
    deployment = api.apps.read_namespaced_deployment(name, "default")
    status, wanted = deployment.status, deployment.spec.replicas
    done = status.observed_generation == deployment.metadata.generation
    return deployment if done and status.replicas == status.updated_replicas == status.available_replicas == wanted else None


def condition(object_: Any, kind: str) -> Any:
    return next((each for each in object_.status.conditions or [] if each.type == kind), None)


def scheduled(api: SimpleNamespace, name: str) -> Any:
    """The pod, once the scheduler has said something about it."""
    return until(lambda: (pod := api.core.read_namespaced_pod(name, "default")) and condition(pod, "PodScheduled") and pod, "the scheduler")


def set_image(api: SimpleNamespace, image: str, **spec: Any) -> None:
    template = {"spec": {"containers": [{"name": "main", "image": image}]}}
    api.apps.patch_namespaced_deployment("web", "default", {"spec": {"template": template, **spec}})


# The server as a whole


def test_whoever_has_just_connected_is_waited_for():
    before, interval = set(threading.enumerate()), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(100):
            simulator.start().stop()
            assert set(threading.enumerate()) <= before
    finally:
        sys.setswitchinterval(interval)


def test_it_starts_at_once_and_leaves_nothing_behind():
    before = set(threading.enumerate())
    started = time.monotonic()
    server = simulator.start()
    assert time.monotonic() - started < 1
    configuration = client.Configuration()
    configuration.host = server.url
    api = client.CoreV1Api(client.ApiClient(configuration))
    api.list_namespace()
    watching = threading.Thread(target=lambda: list(watch.Watch().stream(api.list_namespace, timeout_seconds=60)), daemon=True)
    watching.start()
    server.stop()
    server.stop()
    watching.join(timeout=5)
    assert set(threading.enumerate()) <= before
    configuration.retries = False
    with pytest.raises(Exception, match=r"refused|Max retries"):
        client.CoreV1Api(client.ApiClient(configuration)).list_namespace()


def test_it_says_openly_what_it_is(server, api):
    assert client.VersionApi(api.raw).get_code().git_version == server.version
    assert server.version.endswith("-simulator")
    assert all(limit.endswith(".") for limit in simulator.LIMITS)


def test_it_waits_without_working(server, api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body())
    until(lambda: complete(api), "the rollout")
    before = resource.getrusage(resource.RUSAGE_SELF)
    threading.Event().wait(0.3)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime - before.ru_utime < 0.05
    assert after.ru_nvcsw - before.ru_nvcsw < 60  # how often a thread went to sleep: one that polls does so a thousand times


# Refusals


def test_what_is_not_there(api):
    said = refusal(api.apps.read_namespaced_deployment, "web", "default")
    assert (said.code, said.reason, said.message) == (404, "NotFound", 'deployments.apps "web" not found')
    assert said.details == {"name": "web", "group": "apps", "kind": "deployments"}
    assert refusal(api.core.create_namespaced_pod, "nowhere", pod_body("p")).message == 'namespaces "nowhere" not found'


def test_what_is_there_already(api):
    api.core.create_namespaced_config_map("default", {"metadata": {"name": "settings"}})
    said = refusal(api.core.create_namespaced_config_map, "default", {"metadata": {"name": "settings"}})
    assert (said.code, said.reason, said.message) == (409, "AlreadyExists", 'configmaps "settings" already exists')


def test_an_update_of_what_somebody_else_changed_is_a_conflict(api):
    mine = api.core.create_namespaced_config_map("default", {"metadata": {"name": "settings"}})
    api.core.patch_namespaced_config_map("settings", "default", {"data": {"a": "1"}})
    said = refusal(api.core.replace_namespaced_config_map, "settings", "default", mine)
    assert (said.code, said.reason) == (409, "Conflict")
    assert said.message.endswith("please apply your changes to the latest version and try again")


def test_unknown_fields_are_dropped_with_a_warning_and_refused_where_the_client_is_strict(api):
    body = deployment_body()
    body["spec"]["template"]["spec"]["containers"][0]["imagePullSecret"] = "x"
    _, _, headers = api.apps.create_namespaced_deployment_with_http_info("default", body)
    path = "spec.template.spec.containers[0].imagePullSecret"
    assert headers["Warning"] == f'299 - "unknown field \\"{path}\\""'
    said = refusal(api.apps.create_namespaced_deployment, "default", body, field_validation="Strict")
    assert (said.code, said.reason) == (400, "BadRequest")
    assert f'strict decoding error: unknown field "{path}"' in said.message


def test_a_field_of_the_wrong_type_is_refused(api):
    said = refusal(api.apps.create_namespaced_deployment, "default", deployment_body(replicas="3"))  # type: ignore[arg-type]
    assert said.code == 400
    assert "cannot unmarshal string into Go struct field Deployment.spec.replicas of type int32" in said.message


def changed(path: str, value: Any) -> Any:
    body = deployment_body()
    *above, last = path.split(".")
    at = body["spec"]
    for part in above:
        at = at[int(part)] if part.isdigit() else at[part]
    at[last] = value
    return body


MAIN = "template.spec.containers.0"


@pytest.mark.parametrize(("body", "field", "message"), [
    (changed("template.metadata", {"labels": {"app": "other"}}), "spec.template.metadata.labels", "`selector` does not match template"),
    (changed("replicas", -1), "spec.replicas", "Invalid value: -1: must be greater than or equal to 0"),
    (changed("template.spec.containers", []), "spec.template.spec.containers", "Required value"),
    (changed(f"{MAIN}.name", "Main"), "spec.template.spec.containers[0].name", "a lowercase RFC 1123 label must consist of"),
    (changed(f"{MAIN}.image", ""), "spec.template.spec.containers[0].image", "Required value"),
    (changed(f"{MAIN}.ports", [{"containerPort": 99999}]), "spec.template.spec.containers[0].ports[0].containerPort", "65535, inclusive"),
    (changed(f"{MAIN}.resources", {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
     "spec.template.spec.containers[0].resources.requests", 'Invalid value: "2": must be less than or equal to cpu limit of 1'),
    (changed(f"{MAIN}.readinessProbe", {"periodSeconds": 1}), "spec.template.spec.containers[0].readinessProbe", "must specify a handler"),
    (changed(f"{MAIN}.volumeMounts", [{"name": "data", "mountPath": "/d"}]),
     "spec.template.spec.containers[0].volumeMounts[0].name", 'Not found: "data"'),
    (changed("template.spec.restartPolicy", "Never"), "spec.template.spec.restartPolicy", 'supported values: "Always"'),
    (changed("strategy", {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
     "spec.strategy.rollingUpdate.maxUnavailable", "may not be 0 when `maxSurge` is 0"),
])
def test_an_invalid_deployment(api, body, field, message):
    said = refusal(api.apps.create_namespaced_deployment, "default", body)
    assert (said.code, said.reason, said.details["kind"]) == (422, "Invalid", "Deployment")
    assert said.message.startswith('Deployment.apps "web" is invalid: ')
    assert message in {cause["field"]: cause["message"] for cause in said.details["causes"]}[field]


@pytest.mark.parametrize(("rules", "field", "message"), [
    ({"policies": [{"type": "Pods", "value": 0, "periodSeconds": 15}]}, "policies[0].value", "must be greater than zero"),
    ({"policies": [{"type": "Pods", "value": 4, "periodSeconds": 1801}]}, "policies[0].periodSeconds", "less than or equal to 1800"),
    ({"stabilizationWindowSeconds": 3601}, "stabilizationWindowSeconds", "less than or equal to 3600"),
])
def test_an_autoscaler_whose_behaviour_is_out_of_bounds(api, rules, field, message):
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    body = {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": target, "maxReplicas": 3, "behavior": {"scaleUp": rules}}}
    said = refusal(api.scaling.create_namespaced_horizontal_pod_autoscaler, "default", body)
    assert (said.code, said.reason) == (422, "Invalid")
    assert message in {cause["field"]: cause["message"] for cause in said.details["causes"]}[f"spec.behavior.scaleUp.{field}"]


def test_what_may_not_change(api):
    api.apps.create_namespaced_deployment("default", deployment_body())
    said = refusal(api.apps.patch_namespaced_deployment, "web", "default", {"spec": {
        "selector": {"matchLabels": {"app": "b"}}, "template": {"metadata": {"labels": {"app": "b"}}}}})
    assert said.message.endswith("field is immutable")
    api.core.create_namespaced_pod("default", pod_body("p"))
    assert "pod updates may not change" in refusal(api.core.patch_namespaced_pod, "p", "default", {"spec": {"dnsPolicy": "None"}}).message


def test_a_trial_run_changes_nothing(api):
    made = api.core.create_namespaced_config_map("default", {"metadata": {"name": "settings"}}, dry_run="All")
    assert made.metadata.uid
    assert refusal(api.core.read_namespaced_config_map, "settings", "default").code == 404


def test_a_quota(api):
    api.core.create_namespaced_resource_quota("default", {"metadata": {"name": "small"}, "spec": {"hard": {"requests.cpu": "1"}}})
    assert "must specify requests.cpu" in refusal(api.core.create_namespaced_pod, "default", pod_body("p")).message
    api.core.create_namespaced_pod("default", pod_body("p", requests={"cpu": "600m"}))
    said = refusal(api.core.create_namespaced_pod, "default", pod_body("q", requests={"cpu": "600m"}))
    assert (said.code, said.reason) == (403, "Forbidden")
    assert said.message.endswith("exceeded quota: small, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1")


@pytest.mark.parametrize(("given", "written"), [("0.5", "500m"), (2, "2"), ("1000m", "1"), ("1024Mi", "1Gi"), ("1500Mi", "1500Mi")])
def test_a_quantity_is_written_the_canonical_way(given, written):
    assert canonical(given) == written


# Reading and changing


def test_defaults_are_filled_in(api):
    deployment = api.apps.create_namespaced_deployment("default", deployment_body())
    assert (deployment.spec.strategy.rolling_update.max_surge, deployment.spec.progress_deadline_seconds) == ("25%", 600)
    assert deployment.spec.template.spec.containers[0].image_pull_policy == "IfNotPresent"
    secret = api.core.create_namespaced_secret("default", {"metadata": {"name": "key"}, "stringData": {"a": "b"}})
    assert (secret.data, secret.string_data) == ({"a": "Yg=="}, None)


def test_generation_counts_specifications_and_an_empty_change_is_none(api):
    api.apps.create_namespaced_deployment("default", deployment_body())
    api.apps.patch_namespaced_deployment("web", "default", {"metadata": {"labels": {"a": "b"}}})
    first = until(lambda: (found := api.apps.read_namespaced_deployment("web", "default")).status.replicas == 3 and found, "its pods")
    assert first.metadata.generation == 1
    same = api.apps.patch_namespaced_deployment("web", "default", {"spec": {"replicas": 3}})
    assert same.metadata.resource_version == first.metadata.resource_version
    assert api.apps.patch_namespaced_deployment("web", "default", {"spec": {"replicas": 4}}).metadata.generation == 2


def test_selectors(api):
    for name, labels in (("a", {"app": "web", "tier": "1"}), ("b", {"app": "web"}), ("c", {})):
        api.core.create_namespaced_pod("default", pod_body(name, labels=labels))

    def names(**selector: str) -> list[str]:
        return [pod.metadata.name for pod in api.core.list_namespaced_pod("default", **selector).items]

    assert names(label_selector="app=web,tier in (1, 2)") == ["a"]
    assert names(label_selector="app,!tier") == ["b"]
    assert names(label_selector="app!=web") == ["c"]
    assert names(field_selector="metadata.name!=a,status.phase=Pending") == ["b", "c"]
    assert refusal(api.core.list_namespaced_pod, "default", label_selector="a==b==c").code == 400
    said = refusal(api.core.list_namespaced_pod, "default", field_selector="spec.hostname=a")
    assert (said.code, said.message) == (400, "field label not supported: spec.hostname")


def test_a_long_list_comes_in_parts(api):
    for number in range(5):
        api.core.create_namespaced_config_map("kube-public", {"metadata": {"name": f"c{number}"}})
    first = api.core.list_namespaced_config_map("kube-public", limit=3)
    rest = api.core.list_namespaced_config_map("kube-public", limit=3, _continue=first.metadata._continue)
    assert first.metadata.remaining_item_count == 2
    assert [each.metadata.name for each in first.items + rest.items] == ["c0", "c1", "c2", "c3", "c4"]


def test_three_kinds_of_patch(api):
    body = deployment_body()
    body["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "s:1"})
    api.apps.create_namespaced_deployment("default", body)

    def images(patch: Any, kind: str) -> list[str]:
        made = api.raw.call_api("/apis/apps/v1/namespaces/default/deployments/web", "PATCH", body=patch, response_type="V1Deployment",
                                header_params={"Content-Type": f"application/{kind}+json"}, _return_http_data_only=True)
        return [each.image for each in made.spec.template.spec.containers]

    def template(containers: Any) -> Any:
        return {"spec": {"template": {"spec": {"containers": containers}}}}

    assert images(template([{"name": "side", "image": "s:2"}]), "strategic-merge-patch") == ["x:1", "s:2"]
    assert images(template([{"name": "side", "$patch": "delete"}]), "strategic-merge-patch") == ["x:1"]
    assert images(template([{"name": "only", "image": "o:1"}]), "merge-patch") == ["o:1"]
    operation = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "j:1"}
    assert images([operation], "json-patch") == ["j:1"]
    assert refusal(images, [{**operation, "op": "test", "value": "no"}], "json-patch").code == 422
    assert refusal(images, {}, "apply-patch").code == 415


def test_a_watch_tells_every_change_from_a_revision_on(api):
    listed = api.core.list_namespaced_config_map("default")
    api.core.create_namespaced_config_map("default", {"metadata": {"name": "a", "labels": {"on": "1"}}})
    api.core.patch_namespaced_config_map("a", "default", {"data": {"x": "1"}})
    api.core.patch_namespaced_config_map("a", "default", {"metadata": {"labels": {"on": None}}})
    api.core.delete_namespaced_config_map("a", "default")
    api.core.create_namespaced_config_map("default", {"metadata": {"name": "end", "labels": {"on": "1"}}})

    def told(**selector: str) -> list[str]:
        kinds, watcher, since = [], watch.Watch(), listed.metadata.resource_version
        for event in watcher.stream(api.core.list_namespaced_config_map, "default", resource_version=since, timeout_seconds=5, **selector):
            kinds.append(event["type"])
            if event["object"].metadata.name == "end":
                watcher.stop()
        return kinds

    assert told() == ["ADDED", "MODIFIED", "MODIFIED", "DELETED", "ADDED"]
    assert told(label_selector="on=1") == ["ADDED", "MODIFIED", "DELETED", "ADDED"]  # gone, as far as this watch can see


def test_a_watch_from_a_forgotten_revision_is_refused(server, api):
    for _ in range(5001):  # as if by requests
        server._registry.store.put("configmaps", {"metadata": {"namespace": "default", "name": "a", "uid": "a"}})
    with pytest.raises(ApiException, match="too old resource version: 2") as caught:
        list(watch.Watch().stream(api.core.list_namespaced_config_map, "default", resource_version="2", timeout_seconds=5))
    assert caught.value.status == 410


# Custom resources

DEFINITION = {
    "metadata": {"name": "services.serving.example.org"},
    "spec": {"group": "serving.example.org", "scope": "Namespaced", "names": {"plural": "services", "kind": "InferenceService"},
             "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": {
                 "type": "object", "properties": {
                     "spec": {"type": "object", "required": ["model"], "properties": {
                         "model": {"type": "string", "pattern": "^[a-z]+$"},
                         "replicas": {"type": "integer", "minimum": 1, "default": 2}}},
                     "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}}}}}}]}}
WHERE = ("serving.example.org", "v1", "default", "services")


def inference(**spec: Any) -> Any:
    return {"apiVersion": "serving.example.org/v1", "kind": "InferenceService", "metadata": {"name": "demand"}, "spec": spec}


def test_a_custom_resource_is_held_to_its_schema(api):
    made = api.extensions.create_custom_resource_definition(DEFINITION)
    assert condition(made, "Established").status == "True"
    said = refusal(api.custom.create_namespaced_custom_object, *WHERE, inference(model="No", replicas=0))
    assert said.code == 422
    assert "spec.replicas in body should be greater than or equal to 1" in said.message
    assert "spec.model in body should match '^[a-z]+$'" in said.message
    assert "spec.model: Required value" in refusal(api.custom.create_namespaced_custom_object, *WHERE, inference()).message
    wrong = refusal(api.custom.create_namespaced_custom_object, *WHERE, inference(model=1))
    assert 'spec.model in body must be of type string: "integer"' in wrong.message
    stored = api.custom.create_namespaced_custom_object(*WHERE, {**inference(model="a", extra=1), "status": {"ready": True}})
    assert stored["spec"] == {"model": "a", "replicas": 2}
    assert "status" not in stored


def test_status_is_a_subresource(api):
    api.extensions.create_custom_resource_definition(DEFINITION)
    api.custom.create_namespaced_custom_object(*WHERE, inference(model="a"))
    both = {"spec": {"model": "b"}, "status": {"ready": True}}
    by_status = api.custom.patch_namespaced_custom_object_status(*WHERE, "demand", both)
    assert (by_status["spec"]["model"], by_status["status"], by_status["metadata"]["generation"]) == ("a", {"ready": True}, 1)
    plain = api.custom.patch_namespaced_custom_object(*WHERE, "demand", {**both, "status": {"ready": False}})
    assert (plain["spec"]["model"], plain["status"], plain["metadata"]["generation"]) == ("b", {"ready": True}, 2)


def test_a_definition_takes_its_objects_with_it(api):
    api.extensions.create_custom_resource_definition(DEFINITION)
    api.custom.create_namespaced_custom_object(*WHERE, inference(model="a"))
    until(lambda: api.extensions.read_custom_resource_definition(DEFINITION["metadata"]["name"]).metadata.finalizers, "the finalizer")
    api.extensions.delete_custom_resource_definition(DEFINITION["metadata"]["name"])
    until(lambda: not api.extensions.list_custom_resource_definition().items, "the definition's end")
    with pytest.raises(ApiException) as caught:
        api.custom.list_namespaced_custom_object(*WHERE)
    assert "page not found" in caught.value.body


def test_the_dynamic_client_finds_everything(api, tmp_path):
    api.extensions.create_custom_resource_definition(DEFINITION)
    found = dynamic.DynamicClient(api.raw, cache_file=str(tmp_path / "cache"))
    services = found.resources.get(api_version="serving.example.org/v1", kind="InferenceService")
    services.create(body=inference(model="a"), namespace="default")
    assert [each.metadata.name for each in services.get(namespace="default").items] == ["demand"]
    deployments = found.resources.get(api_version="apps/v1", kind="Deployment")
    deployments.create(body=deployment_body(), namespace="default")
    assert deployments.patch(name="web", namespace="default", body={"spec": {"replicas": 5}},
                             content_type="application/merge-patch+json").spec.replicas == 5


# Deployments


def test_a_rolling_update_keeps_within_its_bounds(api, kubelet):
    add_node(api)
    bounds = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    api.apps.create_namespaced_deployment("default", deployment_body(replicas=4, strategy=bounds))
    until(lambda: complete(api), "the first version")
    set_image(api, "x:2")
    until(lambda: complete(api), "the second version")
    pods = {pod.metadata.name: pod for pod in api.core.list_namespaced_pod("default").items}
    assert {pod.spec.containers[0].image for pod in pods.values() if not pod.metadata.deletion_timestamp} == {"x:2"}
    first, second = sorted(api.apps.list_namespaced_replica_set("default").items, key=lambda each: each.metadata.annotations[
        "deployment.kubernetes.io/revision"])
    assert (first.spec.replicas, second.spec.replicas) == (0, 4)
    events = [each for each in api.core.list_namespaced_event("default").items if each.reason == "ScalingReplicaSet"]
    old, new = 0, 0
    for event in sorted(events, key=lambda each: int(each.metadata.resource_version)):
        size = int(event.message.rsplit(" to ", 1)[1])
        old, new = (size, new) if first.metadata.name in event.message else (old, size)
        assert old + new <= 5
    assert (old, new) == (0, 4)


def test_a_rollout_ends_with_the_words_of_kubernetes(api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body())
    deployment = until(lambda: complete(api), "the rollout")
    assert condition(deployment, "Progressing").reason == "NewReplicaSetAvailable"
    name = api.apps.list_namespaced_replica_set("default").items[0].metadata.name
    assert condition(deployment, "Progressing").message == f'ReplicaSet "{name}" has successfully progressed.'
    available = condition(deployment, "Available")
    assert (available.status, available.reason, available.message) == (
        "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    said = [(each.reason, each.message) for each in api.core.list_namespaced_event("default").items]
    assert ("ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 3") in said


def test_a_stuck_rollout_exceeds_its_deadline_and_can_be_undone(api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body(progressDeadlineSeconds=1))
    good = until(lambda: complete(api), "the first version")
    set_image(api, "stuck")

    def exceeded() -> Any:
        found = condition(api.apps.read_namespaced_deployment("web", "default"), "Progressing")
        return found.status == "False" and found

    found = until(exceeded, "the deadline")
    assert found.reason == "ProgressDeadlineExceeded"
    assert found.message.endswith("has timed out progressing.")
    assert api.apps.read_namespaced_deployment("web", "default").status.available_replicas == 3
    template = api.raw.sanitize_for_serialization(good.spec.template)
    body = [{"op": "replace", "path": "/spec/template", "value": template}]
    api.apps.patch_namespaced_deployment("web", "default", body)
    until(lambda: complete(api), "the old version")
    revisions = {each.spec.template.spec.containers[0].image: each.metadata.annotations["deployment.kubernetes.io/revision"]
                 for each in api.apps.list_namespaced_replica_set("default").items}
    assert revisions == {"x:1": "3", "stuck": "2"}


def test_recreate_ends_all_before_it_starts_any(api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body(strategy={"type": "Recreate"}))
    until(lambda: complete(api), "the first version")
    version = api.core.list_namespaced_pod("default").metadata.resource_version
    set_image(api, "x:2")
    until(lambda: complete(api), "the second version")
    told, watcher = [], watch.Watch()
    for event in watcher.stream(api.core.list_namespaced_pod, "default", resource_version=version, timeout_seconds=5):
        if event["type"] in ("ADDED", "DELETED"):
            told.append((event["type"], event["object"].spec.containers[0].image))
        if len(told) == 6:
            watcher.stop()
    assert told == [("DELETED", "x:1")] * 3 + [("ADDED", "x:2")] * 3


def test_min_ready_seconds_delay_availability(api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body(replicas=1, minReadySeconds=1))
    early = until(lambda: (found := api.apps.read_namespaced_deployment("web", "default")).status.ready_replicas and found, "readiness")
    assert not early.status.available_replicas
    until(lambda: complete(api), "availability")


def test_a_paused_deployment_rolls_nothing_out(api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body())
    until(lambda: complete(api), "the first version")
    set_image(api, "x:2", paused=True)
    paused = until(lambda: (found := api.apps.read_namespaced_deployment("web", "default")).status.observed_generation == 2 and found, "it")
    assert len(api.apps.list_namespaced_replica_set("default").items) == 1
    assert condition(paused, "Progressing").reason == "DeploymentPaused"
    api.apps.patch_namespaced_deployment("web", "default", {"spec": {"paused": False}})
    until(lambda: complete(api) and len(api.apps.list_namespaced_replica_set("default").items) == 2, "the second version")


def test_scale_is_a_subresource(api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body(replicas=1))
    until(lambda: complete(api), "one")
    scale = api.apps.read_namespaced_deployment_scale("web", "default")
    assert (scale.spec.replicas, scale.status.selector) == (1, "app=web")
    scale.spec.replicas = 4
    api.apps.replace_namespaced_deployment_scale("web", "default", scale)
    until(lambda: complete(api) and len(api.core.list_namespaced_pod("default").items) == 4, "four")
    assert len(api.apps.list_namespaced_replica_set("default").items) == 1


def test_a_pod_that_is_deleted_is_replaced(api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body(replicas=1))
    until(lambda: complete(api), "the first pod")
    name = api.core.list_namespaced_pod("default").items[0].metadata.name
    api.core.delete_namespaced_pod(name, "default")
    until(lambda: [each.metadata.name for each in api.core.list_namespaced_pod("default").items] not in ([name], []), "another pod")


# Deletion


def test_a_pod_on_a_node_ends_with_grace(api):
    add_node(api)
    for name in ("bound", "waiting"):
        api.core.create_namespaced_pod("default", pod_body(name, nodeSelector={} if name == "bound" else {"no": "where"}))
        scheduled(api, name)
    ending = api.core.delete_namespaced_pod("bound", "default", grace_period_seconds=7)
    assert ending.metadata.deletion_grace_period_seconds == 7
    api.core.delete_namespaced_pod("waiting", "default")
    assert [each.metadata.name for each in api.core.list_namespaced_pod("default").items] == ["bound"]
    api.core.delete_namespaced_pod("bound", "default", grace_period_seconds=0)
    assert api.core.list_namespaced_pod("default").items == []


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
def test_what_belongs_to_it_goes_with_it(api, kubelet, policy):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body())
    until(lambda: complete(api), "the rollout")
    api.apps.delete_namespaced_deployment("web", "default", propagation_policy=policy)
    if policy == "Background":
        assert refusal(api.apps.read_namespaced_deployment, "web", "default").code == 404
    until(lambda: not api.core.list_namespaced_pod("default").items and not api.apps.list_namespaced_replica_set("default").items
          and not api.apps.list_namespaced_deployment("default").items, "the end of all")


def test_orphans_stay_and_are_adopted(api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body())
    until(lambda: complete(api), "the rollout")
    api.apps.delete_namespaced_deployment("web", "default", propagation_policy="Orphan")
    until(lambda: not api.apps.list_namespaced_deployment("default").items, "its end")
    (left,) = api.apps.list_namespaced_replica_set("default").items
    assert left.metadata.owner_references is None
    api.apps.create_namespaced_deployment("default", deployment_body())
    until(lambda: complete(api), "adoption")
    assert [each.metadata.uid for each in api.apps.list_namespaced_replica_set("default").items] == [left.metadata.uid]


def test_a_finalizer_holds_an_object_back(api):
    api.core.create_namespaced_config_map("default", {"metadata": {"name": "held", "finalizers": ["example.org/wait"]}})
    api.core.delete_namespaced_config_map("held", "default")
    assert api.core.read_namespaced_config_map("held", "default").metadata.deletion_timestamp
    api.core.patch_namespaced_config_map("held", "default", {"metadata": {"finalizers": None}})
    assert refusal(api.core.read_namespaced_config_map, "held", "default").code == 404


def test_a_namespace_takes_everything_with_it(api, kubelet):
    add_node(api)
    api.core.create_namespace({"metadata": {"name": "team"}})
    api.apps.create_namespaced_deployment("team", deployment_body())
    until(lambda: len(api.core.list_namespaced_pod("team").items) == 3, "its pods")
    api.core.delete_namespace("team")
    until(lambda: "team" not in [each.metadata.name for each in api.core.list_namespace().items], "its end")
    assert api.core.list_namespaced_pod("team").items == []


# Jobs


def test_a_job_runs_until_enough_have_succeeded(api, kubelet):
    add_node(api)
    api.batch.create_namespaced_job("default", job_body("train", "done", completions=3, parallelism=2))
    job = until(lambda: (found := api.batch.read_namespaced_job("train", "default")).status.completion_time and found, "its end")
    assert (job.status.succeeded, job.status.failed, condition(job, "Complete").status) == (3, None, "True")
    assert len(api.core.list_namespaced_pod("default", label_selector="job-name=train").items) == 3


def test_a_job_gives_up_after_its_retries(api, kubelet):
    add_node(api)
    api.batch.create_namespaced_job("default", job_body("train", "fail", backoffLimit=2))
    job = until(lambda: condition(found := api.batch.read_namespaced_job("train", "default"), "Failed") and found, "its end")
    assert (job.status.failed, job.status.succeeded) == (3, None)
    failed = condition(job, "Failed")
    assert (failed.reason, failed.message) == ("BackoffLimitExceeded", "Job has reached the specified backoff limit")


def test_a_job_has_a_deadline(api, kubelet):
    add_node(api)
    api.batch.create_namespaced_job("default", job_body("train", "x:1", activeDeadlineSeconds=1))
    job = until(lambda: condition(found := api.batch.read_namespaced_job("train", "default"), "Failed") and found, "its end")
    assert condition(job, "Failed").reason == "DeadlineExceeded"
    until(lambda: not api.core.list_namespaced_pod("default").items, "its pod's end")


def test_an_indexed_job_numbers_its_pods(api, kubelet):
    add_node(api)
    api.batch.create_namespaced_job("default", job_body("train", "done", completions=3, parallelism=3, completionMode="Indexed"))
    job = until(lambda: condition(found := api.batch.read_namespaced_job("train", "default"), "Complete") and found, "its end")
    assert job.status.completed_indexes == "0-2"
    numbers = [each.value for pod in api.core.list_namespaced_pod("default").items for each in pod.spec.containers[0].env]
    assert sorted(numbers) == ["0", "1", "2"]


def test_a_job_is_deleted_without_its_pods_unless_one_asks(api, kubelet):
    add_node(api)
    for name, options in (("kept", {}), ("gone", {"propagation_policy": "Background"})):
        api.batch.create_namespaced_job("default", job_body(name, "done"))
        until(lambda name=name: api.batch.read_namespaced_job(name, "default").status.completion_time, "its end")
        api.batch.delete_namespaced_job(name, "default", **options)
    until(lambda: not api.batch.list_namespaced_job("default").items, "the jobs' end")
    until(lambda: [each.metadata.labels["job-name"] for each in api.core.list_namespaced_pod("default").items] == ["kept"], "the rest")


def test_a_job_template_must_say_when_it_restarts(api):
    body = job_body("train", "done")
    del body["spec"]["template"]["spec"]["restartPolicy"]
    assert 'valid values: "OnFailure", "Never"' in refusal(api.batch.create_namespaced_job, "default", body).message


def test_schedules():
    at = datetime(2026, 2, 27, 23, 59, 30, tzinfo=UTC)
    assert following("*/15 * * * *", at) == datetime(2026, 2, 28, tzinfo=UTC)
    assert following("30 6 * * 1-5", at) == datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
    assert following("0 0 1 * mon", at) == datetime(2026, 3, 1, tzinfo=UTC)
    assert following("0 0 30 2 *", at) is None
    with pytest.raises(ValueError, match="expected exactly 5 fields"):
        parsed("* * * *")
    with pytest.raises(ValueError, match="above maximum"):
        parsed("61 * * * *")


def test_a_cron_job_starts_what_it_missed_once(api):
    body = {"metadata": {"name": "nightly"}, "spec": {"schedule": "* * * * *", "suspend": True, "jobTemplate": job_body("", "done")}}
    api.batch.create_namespaced_cron_job("default", body)
    api.batch.patch_namespaced_cron_job_status("nightly", "default", {"status": {"lastScheduleTime": "2026-01-01T00:00:00Z"}})
    assert api.batch.list_namespaced_job("default").items == []
    recent = datetime.fromtimestamp(time.time() - 150, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    api.batch.patch_namespaced_cron_job_status("nightly", "default", {"status": {"lastScheduleTime": recent}})
    api.batch.patch_namespaced_cron_job("nightly", "default", {"spec": {"suspend": False}})
    (job,) = until(lambda: api.batch.list_namespaced_job("default").items, "the job")
    assert job.metadata.owner_references[0].name == "nightly"
    assert "schedule" in refusal(api.batch.patch_namespaced_cron_job, "nightly", "default", {"spec": {"schedule": "daily"}}).message


# Scheduling


def test_requests_fill_a_node(api):
    add_node(api)
    for name in ("first", "second"):
        api.core.create_namespaced_pod("default", pod_body(name, requests={"cpu": "1500m"}))
    assert scheduled(api, "first").spec.node_name == "node-1"
    waiting = condition(scheduled(api, "second"), "PodScheduled")
    assert (waiting.status, waiting.reason) == ("False", "Unschedulable")
    assert waiting.message.startswith("0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption ")
    api.core.delete_namespaced_pod("first", "default", grace_period_seconds=0)
    until(lambda: scheduled(api, "second").spec.node_name, "the freed room")


def test_gpus_taints_and_tolerations(api):
    add_node(api)
    add_node(api, "node-gpu", taints=[{"key": "gpu", "value": "true", "effect": "NoSchedule"}], gpu="1")
    wanted = {"nvidia.com/gpu": "1"}
    api.core.create_namespaced_pod("default", pod_body("bare", requests=wanted))
    said = condition(scheduled(api, "bare"), "PodScheduled").message
    assert said.startswith("0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint {gpu: true}.")
    tolerations = [{"key": "gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"}]
    api.core.create_namespaced_pod("default", pod_body("tolerant", requests=wanted, tolerations=tolerations))
    assert scheduled(api, "tolerant").spec.node_name == "node-gpu"
    api.core.create_namespaced_pod("default", pod_body("late", requests=wanted, tolerations=tolerations))
    assert "2 Insufficient nvidia.com/gpu" in condition(scheduled(api, "late"), "PodScheduled").message


def test_selectors_affinity_and_cordons(api):
    add_node(api, "a", labels={"zone": "1"})
    add_node(api, "b", labels={"zone": "2"})
    api.core.create_namespaced_pod("default", pod_body("selected", nodeSelector={"zone": "2"}))
    assert scheduled(api, "selected").spec.node_name == "b"
    terms = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["2"]}]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    api.core.create_namespaced_pod("default", pod_body("averse", affinity=affinity))
    assert scheduled(api, "averse").spec.node_name == "a"
    api.core.patch_node("a", {"spec": {"unschedulable": True}})
    until(lambda: [each.key for each in api.core.read_node("a").spec.taints or []] == ["node.kubernetes.io/unschedulable"], "its taint")
    api.core.create_namespaced_pod("default", pod_body("stranded", affinity=affinity))
    said = condition(scheduled(api, "stranded"), "PodScheduled").message
    assert "1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable" in said
    api.core.patch_node("a", {"spec": {"unschedulable": None}})
    until(lambda: scheduled(api, "stranded").spec.node_name == "a", "the node's return")


def test_pods_keep_apart(api):
    for name in ("a", "b"):
        add_node(api, name)
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}
    apart = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    for name in ("one", "two", "three"):
        api.core.create_namespaced_pod("default", pod_body(name, labels={"app": "web"}, affinity=apart))
    assert {scheduled(api, name).spec.node_name for name in ("one", "two")} == {"a", "b"}
    assert "2 node(s) didn't match pod anti-affinity rules" in condition(scheduled(api, "three"), "PodScheduled").message


# Nodes, services, budgets


@pytest.mark.parametrize("server", [{"node_grace": 0.4}], indirect=True)
def test_a_silent_node_is_lost(server, api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body(replicas=1))
    service = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    api.core.create_namespaced_service("default", service)
    ready = until(lambda: condition(found := api.core.read_node("node-1"), "Ready").status == "Unknown" and found, "the verdict")
    assert condition(ready, "Ready").reason == "NodeStatusUnknown"
    until(lambda: {each.effect for each in api.core.read_node("node-1").spec.taints or []} == {"NoSchedule", "NoExecute"}, "its taints")
    until(lambda: (found := api.core.read_namespaced_endpoints("web", "default").subsets) and not found[0].addresses, "nobody to ask")
    beat(api, "node-1")
    until(lambda: not api.core.read_node("node-1").spec.taints, "its return")


def test_a_taint_drives_pods_away(api, kubelet):
    add_node(api)
    patient = [{"key": "broken", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 600}]
    api.core.create_namespaced_pod("default", pod_body("leaves"))
    api.core.create_namespaced_pod("default", pod_body("stays", tolerations=patient))
    for name in ("leaves", "stays"):
        assert scheduled(api, name).spec.node_name
    api.core.patch_node("node-1", {"spec": {"taints": [{"key": "broken", "effect": "NoExecute"}]}})
    until(lambda: [each.metadata.name for each in api.core.list_namespaced_pod("default").items] == ["stays"], "the other's end")


def test_endpoints_follow_readiness(api, kubelet):
    add_node(api)
    service = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}}
    assert api.core.create_namespaced_service("default", service).spec.cluster_ip.startswith("10.96.")
    body = pod_body("p", labels={"app": "web"})
    body["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8080}]
    api.core.create_namespaced_pod("default", body)

    def subsets() -> Any:
        return api.core.read_namespaced_endpoints("web", "default").subsets

    (subset,) = until(lambda: (found := subsets()) and found[0].addresses and found, "the address")
    assert (subset.addresses[0].ip, subset.addresses[0].target_ref.name, subset.ports[0].port) == ("127.0.0.9", "p", 8080)
    api.core.patch_namespaced_pod_status("p", "default", {"status": {"conditions": [{"type": "Ready", "status": "False"}]}})
    until(lambda: (found := subsets()) and not found[0].addresses and found[0].not_ready_addresses, "its leaving")
    api.core.delete_namespaced_pod("p", "default")
    until(lambda: not subsets(), "nothing")


def test_a_disruption_budget_refuses_an_eviction(api, kubelet):
    add_node(api)
    api.apps.create_namespaced_deployment("default", deployment_body(replicas=2))
    until(lambda: complete(api), "the rollout")
    budget = {"metadata": {"name": "web"}, "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}}
    api.policy.create_namespaced_pod_disruption_budget("default", budget)

    def status() -> Any:
        return api.policy.read_namespaced_pod_disruption_budget("web", "default").status

    until(lambda: status().current_healthy == 2, "the budget's status")
    name = api.core.list_namespaced_pod("default").items[0].metadata.name
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    said = refusal(api.core.create_namespaced_pod_eviction, name, "default", eviction)
    assert (said.code, said.reason) == (429, "TooManyRequests")
    assert said.message == "Cannot evict pod as it would violate the pod's disruption budget."
    assert said.details["causes"][0]["message"] == "The disruption budget web needs 2 healthy pods and has 2 currently"
    api.policy.patch_namespaced_pod_disruption_budget("web", "default", {"spec": {"minAvailable": "50%"}})
    until(lambda: status().disruptions_allowed == 1, "room for one")
    api.core.create_namespaced_pod_eviction(name, "default", eviction)
    until(lambda: name not in [each.metadata.name for each in api.core.list_namespaced_pod("default").items], "its end")
    until(lambda: complete(api), "another pod")


# kubectl


@pytest.fixture
def kubectl(server: simulator.Simulator, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    if not KUBECTL:
        pytest.skip("no kubectl here")

    def run(*arguments: str, manifest: Any = None) -> subprocess.CompletedProcess[str]:
        command = [str(KUBECTL), "--server", server.url, "--cache-dir", str(tmp_path / "cache"), *arguments]
        environment = {"HOME": str(tmp_path), "KUBECONFIG": ""}
        return subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment, input=json.dumps(manifest))

    return run


def test_kubectl_works_with_it(api, kubelet, kubectl):
    def said(*arguments: str, **more: Any) -> str:
        done = kubectl(*arguments, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    add_node(api)
    apply, status = ("apply", "--validate=false", "-f", "-"), ("rollout", "status", "deployment/web", "--timeout=10s")
    assert said(*apply, manifest=deployment_body(replicas=2)) == "deployment.apps/web created\n"
    assert "successfully rolled out" in said(*status)
    assert said(*apply, manifest=deployment_body(image="x:2", replicas=2)) == "deployment.apps/web configured\n"
    said(*status)
    said("rollout", "undo", "deployment/web")
    said(*status)
    described = said("describe", "deployment", "web")
    assert re.search(r"Image: +x:1\n", described)
    assert "ScalingReplicaSet" in described
    said("scale", "deployment", "web", "--replicas=1")
    said(*status)
    header, row = said("get", "deployments").splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["web", "1/1", "1", "1"]
    assert re.search(r"^web-\S+ +./1 +Running +0 +\S+ +127.0.0.9 +node-1$", said("get", "pods", "-o", "wide"), re.M)
    said("delete", "deployment", "web")
    assert said("get", "services").split()[0] == "NAME"


def test_kubectl_lets_the_server_check_fields(kubectl):
    client_version = json.loads(kubectl("version", "--client", "-o", "json").stdout)["clientVersion"]
    if int(re.sub(r"\D", "", client_version["minor"])) < 27:
        pytest.skip("an older kubectl would check them itself, by a document that the simulator does not have")
    body = deployment_body()
    body["spec"]["replica"] = 2
    refused = kubectl("apply", "-f", "-", manifest=body)
    assert refused.returncode == 1
    assert 'unknown field "spec.replica"' in refused.stderr
    del body["spec"]["replica"]
    assert kubectl("apply", "-f", "-", manifest=body).stdout == "deployment.apps/web created\n"
