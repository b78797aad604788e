"""The Deployment controller: its replica sets, revisions, and the steps of a rolling update.

The arithmetic (how many may be added, how many taken away) is that of Kubernetes' own controller; the status stands in
simulator_deployment_status.py.
"""

import hashlib
import json
from typing import Any

from .simulator_deletion import delete
from .simulator_deployment_status import bounds, condition, is_complete, set_progress, sync_status
from .simulator_owned import claimed, controller_of, is_active, record, reference_to
from .simulator_registry import Registry
from .simulator_store import copied

Object = dict[str, Any]
SETS, DEPLOYMENTS = "replicasets.apps", "deployments.apps"
HASH = "pod-template-hash"
REVISION, DESIRED, MOST = (f"deployment.kubernetes.io/{name}" for name in ("revision", "desired-replicas", "max-replicas"))
_HISTORY = "deployment.kubernetes.io/revision-history"
_NOT_COPIED = (REVISION, DESIRED, MOST, _HISTORY, "kubectl.kubernetes.io/last-applied-configuration", "deprecated.deployment.rollback.to")
_SAFE = "bcdfghjklmnpqrstvwxz2456789"


def reconcile(registry: Registry, namespace: str, name: str) -> float | None:
    """One step towards what the deployment wants; the seconds until its progress deadline must be looked at."""
    deployment = registry.store.peek(DEPLOYMENTS, namespace, name)
    if deployment is None:
        return None
    sets = sorted(claimed(registry, deployment, SETS), key=lambda each: (each["metadata"]["creationTimestamp"], int(revision_of(each))))
    template = deployment["spec"]["template"]
    new = next((each for each in sets if same_template(each, template)), None)
    if "deletionTimestamp" in deployment["metadata"]:
        return sync_status(registry, deployment, sets, new)
    old = [each for each in sets if each is not new]
    paused = bool(deployment["spec"].get("paused"))
    _note_pause(registry, deployment, paused)
    if paused:
        if new:
            new = _numbered(registry, deployment, old, new)
        _scale_in_proportion(registry, deployment, old, new)
    elif any(_number(each, DESIRED, deployment["spec"]["replicas"]) != deployment["spec"]["replicas"] for each in sets if size(each)):
        new = _numbered(registry, deployment, old, new) if new else None
        _scale_in_proportion(registry, deployment, old, new)
    elif deployment["spec"]["strategy"]["type"] == "Recreate":
        new = _recreate(registry, deployment, old, new)
    else:
        new = _roll(registry, deployment, old, new)
    deployment = registry.store.peek(DEPLOYMENTS, namespace, name) or deployment
    sets = [fresh for each in [*old, *([new] if new else [])] if (fresh := registry.store.peek(SETS, namespace, each["metadata"]["name"]))]
    new = next((each for each in sets if new and each["metadata"]["uid"] == new["metadata"]["uid"]), None)
    again = sync_status(registry, deployment, sets, new, paused)
    if not paused and is_complete(registry.store.peek(DEPLOYMENTS, namespace, name) or deployment):
        _forget(registry, deployment, [each for each in sets if each is not new])
    return again


# Sizes

def size(replica_set: Object) -> int:
    return replica_set["spec"]["replicas"]


def available(replica_set: Object) -> int:
    return (replica_set.get("status") or {}).get("availableReplicas", 0)


def _resize(registry: Registry, deployment: Object, replica_set: Object, wanted: int, say: bool = True) -> Object:
    before, namespace, name = size(replica_set), deployment["metadata"]["namespace"], replica_set["metadata"]["name"]

    def write(changed: Object) -> None:
        changed["spec"]["replicas"] = wanted
        annotations = changed["metadata"].setdefault("annotations", {})
        annotations[DESIRED] = str(deployment["spec"]["replicas"])
        annotations[MOST] = str(deployment["spec"]["replicas"] + bounds(deployment)[0])

    after = registry.edit(SETS, namespace, name, write)
    if before != wanted and say:
        _say_scaled(registry, deployment, name, before, wanted)
    return after or replica_set


def _say_scaled(registry: Registry, deployment: Object, name: str, before: int, after: int) -> None:
    word = "up" if after > before else "down"
    record(registry, deployment, "Normal", "ScalingReplicaSet", f"Scaled {word} replica set {name} from {before} to {after}",
           "deployment-controller")


# Replica sets

def same_template(replica_set: Object, template: Object) -> bool:
    """Whether a replica set was made of this template (its hash label apart)."""
    theirs = copied(replica_set["spec"]["template"])
    ours = copied(template)
    for each in (theirs, ours):
        metadata = each.setdefault("metadata", {})
        labels = metadata.get("labels") or {}
        labels.pop(HASH, None)
        each["metadata"] = {"labels": labels, "annotations": metadata.get("annotations") or {}}
    return theirs == ours


def revision_of(object_: Object) -> str:
    return (object_["metadata"].get("annotations") or {}).get(REVISION, "0")


def _number(object_: Object, annotation: str, default: int) -> int:
    return int((object_["metadata"].get("annotations") or {}).get(annotation, default))


def _hash(template: Object, collisions: int) -> str:
    text = json.dumps(template, sort_keys=True) + str(collisions or "")
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    return "".join(_SAFE[ord(digit) % len(_SAFE)] for digit in str(number))


def _numbered(registry: Registry, deployment: Object, old: list[Object], new: Object | None) -> Object:
    """The replica set of the deployment's template, made where it is missing, with the newest revision on both."""
    highest = max((int(revision_of(each)) for each in old), default=0) + 1
    namespace = deployment["metadata"]["namespace"]
    kept = {key: value for key, value in (deployment["metadata"].get("annotations") or {}).items() if key not in _NOT_COPIED}
    if new is None:
        new = _make_set(registry, deployment, old, highest, kept)
        set_progress(registry, deployment, "True", "NewReplicaSetCreated", f'Created new replica set "{new["metadata"]["name"]}"')
    elif int(revision_of(new)) < highest:
        def promote(changed: Object) -> None:
            annotations = changed["metadata"].setdefault("annotations", {})
            past = annotations.get(_HISTORY, "")
            annotations.update(kept)
            annotations[_HISTORY] = f"{past},{revision_of(changed)}" if past else revision_of(changed)
            annotations[REVISION] = str(highest)

        new = registry.edit(SETS, namespace, new["metadata"]["name"], promote) or new
    if not condition(deployment, "Progressing"):
        found = f'Found new replica set "{new["metadata"]["name"]}"'
        set_progress(registry, deployment, "True", "FoundNewReplicaSet", found, only_first=True)
    least = deployment["spec"].get("minReadySeconds", 0)
    if new["spec"].get("minReadySeconds", 0) != least:
        new = registry.edit(SETS, namespace, new["metadata"]["name"], lambda each: each["spec"].update(minReadySeconds=least)) or new
    highest = int(revision_of(new))
    if revision_of(deployment) != str(highest):
        registry.edit(DEPLOYMENTS, namespace, deployment["metadata"]["name"],
                      lambda each: each["metadata"].setdefault("annotations", {}).update({REVISION: str(highest)}))
    return new


def _make_set(registry: Registry, deployment: Object, old: list[Object], revision: int, annotations: dict[str, str]) -> Object:
    namespace, name = deployment["metadata"]["namespace"], deployment["metadata"]["name"]
    template = copied(deployment["spec"]["template"])
    collisions = 0
    while registry.store.peek(SETS, namespace, f"{name}-{_hash(template, collisions)}"):
        collisions += 1
    mark = _hash(template, collisions)
    template.setdefault("metadata", {}).setdefault("labels", {})[HASH] = mark
    selector = copied(deployment["spec"]["selector"])
    selector.setdefault("matchLabels", {})[HASH] = mark
    surge, _ = bounds(deployment)
    wanted = _new_size(deployment, sum(map(size, old)), 0)
    wishes = str(deployment["spec"]["replicas"]), str(deployment["spec"]["replicas"] + surge)
    annotations = {**annotations, REVISION: str(revision), DESIRED: wishes[0], MOST: wishes[1]}
    body = {"metadata": {"name": f"{name}-{mark}", "labels": dict(template["metadata"]["labels"]), "annotations": annotations,
                         "ownerReferences": [reference_to(deployment)]},
            "spec": {"replicas": wanted, "selector": selector, "template": template,
                     "minReadySeconds": deployment["spec"].get("minReadySeconds", 0)}}
    made = registry.create(registry.find(SETS), namespace, body)
    if wanted:
        _say_scaled(registry, deployment, made["metadata"]["name"], 0, wanted)
    return made


def _forget(registry: Registry, deployment: Object, old: list[Object]) -> None:
    idle = [each for each in old if not size(each) and not (each.get("status") or {}).get("replicas")
            and "deletionTimestamp" not in each["metadata"]]
    idle.sort(key=lambda each: int(revision_of(each)))
    for each in idle[:max(len(idle) - deployment["spec"].get("revisionHistoryLimit", 10), 0)]:
        delete(registry, registry.find(SETS), each["metadata"]["namespace"], each["metadata"]["name"])


def _note_pause(registry: Registry, deployment: Object, paused: bool) -> None:
    if "progressDeadlineSeconds" not in deployment["spec"]:
        return
    reason = (condition(deployment, "Progressing") or {}).get("reason")
    if paused and reason not in ("DeploymentPaused", "ProgressDeadlineExceeded"):
        set_progress(registry, deployment, "Unknown", "DeploymentPaused", "Deployment is paused")
    elif not paused and reason == "DeploymentPaused":
        set_progress(registry, deployment, "Unknown", "DeploymentResumed", "Deployment is resumed")


# Strategies

def _new_size(deployment: Object, others: int, new: int) -> int:
    wanted = deployment["spec"]["replicas"]
    if deployment["spec"]["strategy"]["type"] == "Recreate":
        return wanted
    most = wanted + bounds(deployment)[0]
    return new if others + new >= most else new + min(most - others - new, wanted - new)


def _roll(registry: Registry, deployment: Object, old: list[Object], new: Object | None) -> Object:
    new = _numbered(registry, deployment, old, new)
    wanted = deployment["spec"]["replicas"]
    goal = wanted if size(new) >= wanted else _new_size(deployment, sum(map(size, old)), size(new))
    if goal != size(new):
        return _resize(registry, deployment, new, goal)
    allowed = sum(map(size, old)) + size(new) - (wanted - bounds(deployment)[1]) - (size(new) - available(new))
    if not sum(map(size, old)) or allowed <= 0:
        return new
    sizes = {each["metadata"]["name"]: size(each) for each in old}
    taken = 0
    for each in old:  # those that do not work are no loss
        ill = min(allowed - taken, size(each) - available(each))
        if ill > 0:
            sizes[each["metadata"]["name"]] -= ill
            taken += ill
            _resize(registry, deployment, each, sizes[each["metadata"]["name"]])
    spare = sum(map(available, [*old, new])) - (wanted - bounds(deployment)[1])
    for each in old:
        name = each["metadata"]["name"]
        less = min(sizes[name], max(spare, 0))
        if less > 0:
            current = registry.store.peek(SETS, each["metadata"]["namespace"], name) or each
            _resize(registry, deployment, current, sizes[name] - less)
            spare -= less
    return new


def _recreate(registry: Registry, deployment: Object, old: list[Object], new: Object | None) -> Object | None:
    if any(map(size, old)):
        for each in old:
            if size(each):
                _resize(registry, deployment, each, 0)
        return new
    uids = {each["metadata"]["uid"] for each in old}
    for pod in registry.store.all("pods", deployment["metadata"]["namespace"]):
        owner = controller_of(pod)
        if owner and owner["uid"] in uids and (is_active(pod) or pod["status"].get("phase") in ("Running", "Pending", "Unknown")):
            return new  # an old pod is still there
    new = _numbered(registry, deployment, old, new)
    wanted = deployment["spec"]["replicas"]
    return new if size(new) == wanted else _resize(registry, deployment, new, wanted)


def _scale_in_proportion(registry: Registry, deployment: Object, old: list[Object], new: Object | None) -> None:
    """A new number of replicas in the middle of a rollout: each set gets its share."""
    wanted = deployment["spec"]["replicas"]
    sets = [*old, *([new] if new else [])]
    running = [each for each in sets if size(each)]
    if len(running) <= 1:
        target = running[0] if running else new or (max(old, key=lambda each: int(revision_of(each))) if old else None)
        if target:
            _resize(registry, deployment, target, wanted)
        return
    if new and size(new) == wanted and _number(new, DESIRED, wanted) == wanted and available(new) == wanted:
        for each in old:
            if size(each):
                _resize(registry, deployment, each, 0)
        return
    if deployment["spec"]["strategy"]["type"] != "RollingUpdate":
        return
    most = wanted + bounds(deployment)[0] if wanted else 0
    change = most - sum(map(size, running))
    newest_first = sorted(running, key=lambda each: each["metadata"]["creationTimestamp"], reverse=change > 0)
    running = sorted(newest_first, key=size, reverse=True)
    shares, given = {}, 0
    for each in running:
        share = 0
        if change:
            if wanted:
                before = _number(each, MOST, 0) or (deployment.get("status") or {}).get("replicas", 0) or most
                share = round(size(each) * most / before) - size(each)
            else:
                share = -size(each)
            left = change - given
            share = min(share, left) if change > 0 else max(share, left)
        shares[each["metadata"]["name"]] = size(each) + share
        given += share
    for index, each in enumerate(running):
        goal = shares[each["metadata"]["name"]]
        if index == 0 and change:
            goal = max(goal + change - given, 0)
        _resize(registry, deployment, each, goal)
