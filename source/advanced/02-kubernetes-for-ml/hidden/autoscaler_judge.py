"""The judge of the HorizontalPodAutoscaler, as the API holds it: with the defaults that it filled in."""

from math import ceil
from pathlib import Path

import desk
import yaml
from judging import applied, control, documents, one

BUSY_MILLICORES = 250


def judge_autoscaler(target):
    """Judge autoscaler.yaml against the learner's TARGET."""
    assert isinstance(target, (int, float)), f"TARGET is {target!r}, expected a number of percent."
    cluster = control()
    with desk.namespace(cluster, "judge-scale"):
        spec = applied(cluster, one(documents("autoscaler.yaml"), "HorizontalPodAutoscaler", "demand"), "autoscaler.yaml")[0]["spec"]
    reference = {key: spec["scaleTargetRef"].get(key) for key in ("apiVersion", "kind", "name")}
    assert reference == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "demand"}, f"scaleTargetRef is {reference}, expected the Deployment demand, apps/v1."
    borders = spec.get("minReplicas"), spec["maxReplicas"]
    assert borders == (2, 14), f"The autoscaler goes from {borders[0]} to {borders[1]} pods, expected from 2 to 14."
    metrics = spec.get("metrics") or []
    assert len(metrics) == 1 and (metrics[0].get("resource") or {}).get("name") == "cpu", f"The metrics are {metrics}, expected one, the resource cpu."
    asked = metrics[0]["resource"]["target"]
    assert asked.get("type") == "Utilization", f"The metric's target is {asked}, expected the type Utilization: a percentage of the request."
    base = yaml.safe_load(Path("base/deployment.yaml").read_text())
    request = base["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"]
    right = target * BUSY_MILLICORES / int(request.removesuffix("m"))
    said = asked.get("averageUtilization", 0)
    assert abs(said - right) <= 2.5, (
        f"averageUtilization is {said}. A pod that is busy to your TARGET, {target}%, uses {target * BUSY_MILLICORES / 100:.0f}m of CPU, and requests {request}; is {said} a percentage of the request?"
    )
    behaviour = spec.get("behavior") or {}
    up, down = behaviour.get("scaleUp") or {}, behaviour.get("scaleDown") or {}
    window = down.get("stabilizationWindowSeconds")
    window = 300 if window is None else window
    assert window == 300, f"scaleDown looks back {window} s (stabilizationWindowSeconds), expected five minutes."
    assert not up.get("stabilizationWindowSeconds"), f"scaleUp waits {up['stabilizationWindowSeconds']} s (stabilizationWindowSeconds), expected no wait."
    most = 2 + _step(up, 2, [{"type": "Pods", "value": 4}, {"type": "Percent", "value": 100}])
    assert most >= 14, f"By the policies of scaleUp 2 pods become {most} at most in one step, expected up to 14: more pods at once, as settle says."
    least = 14 - _step(down, 14, [{"type": "Percent", "value": 100}])
    assert least <= 2, f"By the policies of scaleDown 14 pods become {least} at least in one step, expected down to 2, as settle says."


def _step(rules, pods, default):
    """Return by how many pods the policies let a step go."""
    choice = rules.get("selectPolicy") or "Max"
    if choice == "Disabled":
        return 0
    steps = [each["value"] if each["type"] == "Pods" else ceil(pods * each["value"] / 100) for each in rules.get("policies") or default]
    return (min if choice == "Min" else max)(steps)
