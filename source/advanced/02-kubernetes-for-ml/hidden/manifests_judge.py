"""Judges that need no cluster: overlays, verdicts, the autoscaler's formula and target."""

import shutil
import tempfile
from pathlib import Path

import yaml
from overlay import render
from replay import rush_hour
from scaling import play, recommend, settle

from judgekit import drawn


def judge_overlays():
    """Judge the two overlays over a base that has changed."""
    rng = drawn(4)
    place = Path(tempfile.mkdtemp(prefix="judge-"))
    try:
        for name in ("stable", "canary"):
            file = Path("overlays", name, "kustomization.yaml")
            assert file.is_file(), f"There is no file {file}: the answer's cell should write it."
        shutil.copytree("overlays", place / "overlays")
        shutil.copytree("base", place / "base")
        model, setting, memory = rng.choice(["winter", "summer"]), f"SETTING_{rng.randint(10, 99)}", rng.choice(["300Mi", "320Mi"])
        base = yaml.safe_load(Path("base/deployment.yaml").read_text())
        container = base["spec"]["template"]["spec"]["containers"][0]
        container["env"][1]["value"] = f"models/{model}.json"
        container["env"].append({"name": setting, "value": "1"})
        container["resources"]["limits"]["memory"] = memory
        base["spec"]["template"]["metadata"]["annotations"] = {"changed": "yes"}
        (place / "base/deployment.yaml").write_text(yaml.safe_dump(base))
        front = yaml.safe_load(Path("base/service/service.yaml").read_text())
        front["metadata"]["annotations"] = {"changed": "yes"}
        (place / "base/service/service.yaml").write_text(yaml.safe_dump(front))
        try:
            stable, canary = (render(place / "overlays" / name) for name in ("stable", "canary"))
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as problem:
            raise AssertionError(f"An overlay cannot be rendered: {problem}") from None
    finally:
        shutil.rmtree(place, ignore_errors=True)
    kinds = [sorted((item["kind"], item["metadata"]["name"]) for item in objects) for objects in (stable, canary)]
    assert kinds[0] == [("Deployment", "demand"), ("Service", "demand")], f"overlays/stable gives {kinds[0]}, expected the Deployment and the Service demand."
    assert kinds[1] == [("Deployment", "demand-canary")], f"overlays/canary gives {kinds[1]}, expected the Deployment demand-canary alone."
    service = next(item for item in stable if item["kind"] == "Service")
    followed = (service["metadata"].get("annotations") or {}).get("changed") == "yes"
    assert followed, "The base's service got an annotation; overlays/stable does not have it: what is copied into an overlay does not follow the base."
    old, new = next(item for item in stable if item["kind"] == "Deployment"), canary[0]
    for item, image, replicas in ((old, "metro/demand:1.0", 3), (new, "metro/demand:1.1", 1)):
        name, spec = item["metadata"]["name"], item["spec"]["template"]["spec"]
        found = spec["containers"][0]
        assert found["image"] == image, f"{name} has the image {found['image']}, expected {image}."
        assert item["spec"]["replicas"] == replicas, f"{name} has {item['spec']['replicas']} replicas, expected {replicas}."
        values = {each["name"]: each.get("value") for each in found["env"]}
        same = (
            values.get("MODEL_FILE") == f"models/{model}.json" and values.get(setting) == "1" and found["resources"]["limits"]["memory"] == memory
            and (item["spec"]["template"]["metadata"].get("annotations") or {}).get("changed") == "yes" and found.get("readinessProbe") == container["readinessProbe"]
        )  # fmt: skip
        assert same, f"The base got another model, another limit, one more setting and an annotation; {name} does not have all of them: what is copied into an overlay does not follow the base."
        labels, own = item["spec"]["template"]["metadata"]["labels"], item["spec"]["selector"]["matchLabels"]
        assert own.items() <= labels.items(), f"The selector of {name}, {own}, does not fit its own pods, {labels}."
        wanted = service["spec"]["selector"]
        assert wanted.items() <= labels.items(), f"The service's selector, {wanted}, does not fit the pods of {name}, {labels}."
    fits = new["spec"]["selector"]["matchLabels"].items() <= old["spec"]["template"]["metadata"]["labels"].items()
    assert not fits, f"The canary's selector, {new['spec']['selector']['matchLabels']}, fits the pods of demand, too: each deployment needs pods of its own."


def judge_verdict(verdict):
    """Judge the learner's verdict, on counts that are clear."""
    rng = drawn(5)
    jitter = rng.randint(0, 40)
    for right, why, stable, canary in [
        ("wait", "the canary has had no requests", (9000 + jitter, 20), (0, 0)),
        ("wait", "one error in a few requests", (9000 + jitter, 45), (40, 1)),
        ("wait", "no error in a few requests", (9000 + jitter, 9), (60 + jitter, 0)),
        ("wait", "both have many errors, and the canary few requests", (3000, 300 + jitter), (200, 22)),
        ("wait", "both have had few requests, and the canary one error", (40 + jitter % 20, 0), (60, 1)),
        ("wait", "chance alone gives as much in several of 100 cases", (5000, 250), (300 + jitter % 10, 23)),
        ("promote", "chance alone gives as much in several of 100 cases", (20000, 400), (2000 + jitter, 54)),
        ("promote", "both have many errors, of a reason that is neither's own", (3000 + jitter, 300), (1000, 98)),
        ("promote", "the canary is better", (8000, 160 + jitter), (900 + jitter, 3)),
        ("promote", "no errors at all", (5000 + jitter, 0), (500, 0)),
        ("promote", "a few more errors than the stable version, by chance", (6000, 60), (600 + jitter, 8)),
        ("abort", "errors from the first requests on", (9000 + jitter, 9), (20, 12)),
        ("abort", "three times as many, on many requests", (8000, 160), (2000 + jitter, 120)),
        ("abort", "both have errors, the canary clearly more", (3000, 300), (800, 160 + jitter)),
        ("abort", "a fault in one request of twenty, and the stable version has none", (4000 + jitter, 0), (400, 20)),
    ]:
        sides = [dict(zip(("requests", "errors"), side, strict=True)) for side in (stable, canary)]
        said = verdict(*sides)
        assert said == right, f"Where {why} (stable {sides[0]}, canary {sides[1]}) the verdict is {said!r}, expected {right!r}."


def judge_formula(learner_recommend, learner_settle):
    """Judge the two functions on drawn cases; none lies on a border."""
    rng = drawn(8)
    count = 0
    while count < 120:
        target, pods = rng.choice([40, 50, 55, 60, 70, 80]), rng.randint(1, 12)
        level = rng.uniform(0.15, 2.2) * target
        readings = [max(1, round(level * rng.uniform(0.8, 1.2))) for _ in range(pods)]
        missing = rng.choice([0, 0, rng.randint(1, pods)])
        for place in rng.sample(range(pods), missing):
            readings[place] = None
        if _on_a_border(readings, target):
            continue
        count += 1
        right, said = recommend(pods, readings, target), learner_recommend(pods, list(readings), target)
        assert said == right, f"recommend({pods}, {readings}, {target}) gives {said}, expected {right}."
    for _ in range(80):
        low, high = rng.randint(1, 3), rng.randint(8, 14)
        current, wanted = rng.randint(low, high), rng.randint(0, 20)
        recent = [rng.randint(1, 16) for _ in range(rng.randint(0, 20))]
        right, said = settle(current, wanted, recent, low, high), learner_settle(current, wanted, list(recent), low, high)
        assert said == right, f"settle({current}, {wanted}, {recent}, {low}, {high}) gives {said}, expected {right}."


def _on_a_border(readings, target):
    """Return whether a rounding of floats could decide."""
    present = [each for each in readings if each is not None]
    if not present:
        return False
    for filling in (0, target):
        full = [filling if each is None else each for each in readings]
        for values in (present, full):
            ratio = sum(values) / len(values) / target
            near = min(abs(ratio - 0.9), abs(ratio - 1), abs(ratio - 1.1))
            if near < 1e-6 or abs(ratio * len(readings) - round(ratio * len(readings))) < 1e-6:
                return True
    return False


def judge_target(target):
    """Judge the target on other rush hours."""
    assert isinstance(target, (int, float)) and 5 <= target <= 150, f"TARGET is {target!r}, expected a number of percent."
    rng = drawn(9)
    seeds = [rng.randint(100, 10**6) for _ in range(4)]
    played = [play(rush_hour(seed), target, seed) for seed in seeds]
    worst, cost = max(each.p95 for each in played), sum(each.pod_minutes for each in played) / len(played)
    assert worst < 0.21, f"With the target {target} the p95 of another rush hour is {1000 * worst:.0f} ms, expected less than 200."
    assert cost <= 155, f"With the target {target} other rush hours take {cost:.0f} pod minutes on average, expected 150 at most."
