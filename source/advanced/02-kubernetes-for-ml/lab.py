# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: advanced
#     minutes: 150
#     outcomes:
#     - Find why a pod does not come up from its status, its events and its logs, and mend the manifest
#     - Hold manifests to Kubernetes' own schemas and to a team's rules before they reach a cluster
#     - Roll out, drain a node and send a canary out without losing a request, and take back a rollout that is stuck
#     - Choose an autoscaler's target so that a latency holds on a replayed load, and write its object
#     - Write a controller that brings a cluster to what a custom resource says, however often it runs
#     prerequisites:
#     - model-serving
#     - containers
#     roadmap: Kubernetes for ML
#     roles:
#     - MLOps Engineer
#     - AI Platform Engineer
#     slug: kubernetes-for-ml
#     terms:
#       manifest: "A text, mostly YAML, that says which objects a cluster should have."
#       control plane: "The programs of Kubernetes that keep the objects and bring the cluster to what they say."
#       pod: "One or more containers that run together on one node, with one address."
#       deployment: "An object that keeps so many equal pods running, and replaces them by newer ones step by step."
#       service: "A stable name for pods with certain labels; requests go to those of them that are ready."
#       crash loop: "A container that ends, is started again, and ends again, with longer and longer pauses."
#       probe: "A question that a node asks a container again and again: do you work, can you answer?"
#       digest: "The SHA-256 of an image: unlike a tag it can never mean another image."
#       revision: "The number that a deployment gives to each of its pod templates."
#       autoscaler: "A controller that sets the number of pods by how busy they are."
#       disruption budget: "How many pods of a service must stay when nodes are emptied on purpose."
#       drain: "To empty a node: no new pods come, and those that are there are asked to leave."
#       overlay: "A small file that says what differs from a common base of manifests."
#       custom resource: "A kind of object that a team adds to Kubernetes."
#       operator: "A controller for a custom resource: a program that brings the cluster to what its objects say."
#       level-triggered: "Acting on how things are, not on the news that they have changed: what was missed is seen next time."
#       taint: "A mark on a node that keeps pods away, but for those that tolerate it."
#       node affinity: "What a pod says about the labels of the nodes that it may run on."
#     title: Kubernetes for ML
#     tools:
#     - Kubernetes
#     - kubernetes-validate
#     - the official Python client
# ---

# %% [markdown]
# # Kubernetes for ML
#
# ## Why this matters
#
# Monday 9 March 2026, Metro Bikes. The city's bike share has outgrown its one server, and Noor's team gets a Kubernetes cluster. Bo moved things over on the weekend. On Monday morning Noor has five messages:
#
# - "The demand service is up. At least it says *created*. Nobody gets a forecast."
# - "At each release some riders see an error. With one server it was the same, so why did we move?"
# - "I wanted to empty a node for its update. The command has been hanging since eight." (Rosa, who runs the machines)
# - "The canary had no errors in two days. It also had no requests."
# - "The weekly training waits for a GPU. We have two."
#
# **Kubernetes** is a program that you tell what should be there, and that keeps trying to bring it about. It is very patient with a wrong wish. Today you learn to read what it says, and to wish for the right things.

# %% [markdown]
# ## Setup
#
# A **manifest** is a text, mostly YAML, that describes *objects*. You hand it to the **control plane**: an API server that keeps the objects, controllers that act on them, and a scheduler that finds a node for each **pod**. A pod is one or more containers that run together, with one address of their own. The names of most objects count within a *namespace*, a part of the cluster: two namespaces may each have a `demand`. The line `control_plane()` below starts one, here, without Docker:
#
# - Where Kubernetes' own programs are installed (`make control-plane` brings them), it is **the real one**.
# - Where not, it is a **simulator** that speaks the same API. It says so, and `cluster/simulator.py` lists what it does not do. All exercises work on both.
#
# The **nodes are stand-ins** in either case. They run a container's command as a local process in a folder of its own, ask its probes, and report as a node does. A container here is *not isolated*. An "image" is a folder in `images/`. GPUs are counted, not there. There is no network plugin: a NetworkPolicy object would be kept and have no effect. `cluster.call(…)` stands in for the
# network in front of a service. What the controllers do with all that is what they do at work.
#
# Beside this notebook lie:
#
# - `images/`: the demand service, 1.0 and 1.1, and the weekly training. Read the first lines of `images/demand-1.0/server.py` and of `images/train/train.py`.
# - `bo/`: Bo's manifests, as you find them. `base/`: a common base, the deployment, and in `base/service/` its service. `crd.yaml`, for Part 6.
# - `desk.py` (namespaces, what is wrong with pods), `traffic.py` (steady requests), `overlay.py` (overlays), `replay.py` (a load, for Part 5).
#
# What your cells write into files is handed in with them: `Path("demand.yaml").write_text("…")`, or `%%writefile demand.yaml` as the first line of the cell. The exercises do not need each other. The last functions of the next cell are there for the judges: you need not call them.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import time
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import kubernetes_validate
import matplotlib.pyplot as plt
import yaml
from cluster import Refused, control_plane
from IPython.display import Image
from kubernetes import client

import desk
from desk import GPU, IMAGES, namespace, ready_pods, trouble, troubles
from overlay import render
from replay import replay, rush_hour
from traffic import Traffic, Watch

cluster = control_plane()
cluster.images.update({name: Path("images", folder) for name, folder in IMAGES.items()})
cluster.add_node("node-1", cpu="2", memory="4Gi")
cluster.add_node("node-2", cpu="2", memory="4Gi")
cluster.add_node("gpu-1", cpu="4", memory="8Gi", gpus=1, taints=[GPU], labels={"accelerator": "k80"})
cluster.add_node("gpu-2", cpu="4", memory="8Gi", gpus=1, taints=[GPU], labels={"accelerator": "t4"})


def steer(what, *words, **options):
    """Do what a function of desk.py does: for judges, whose nodes run here."""
    import desk

    return getattr(desk, what)(*words, **options)


def one_pass(cluster):
    """Call reconcile once for each InferenceService. Return what went wrong, by the service's name."""
    wrong = {}
    for service in cluster.list("inferenceservice"):
        try:
            reconcile(cluster, service)
        except Exception as error:
            wrong[service["metadata"]["name"]] = f"{type(error).__name__}: {error}"
    return wrong


def chosen_target():
    """Return your TARGET: for the judge."""
    return TARGET


def rescued(access, space, name):
    """Call your rescue for a Deployment of a control plane elsewhere: for the judge."""
    import desk

    return rescue(desk.joined(access, space), name)


def operate(access, space):
    """Do one pass in a namespace of a control plane elsewhere: for the judge."""
    import desk

    return one_pass(desk.joined(access, space))


print(cluster)

# %% [markdown]
# ## Part 1 · Why a pod does not come up
#
# `bo/demand.yaml` has three objects: a *configMap* (settings), a **deployment** (it keeps so many equal pods running) and a **service** (a stable name for pods with certain labels: a request to it goes to one that is ready). The API server took them all. It checks that a wish can be understood, not that it can come true.

# %%
with namespace(cluster, "bo"):
    print("taken:", [f"{item['kind']} {item['metadata']['name']}" for item in cluster.apply(Path("bo/demand.yaml"))])
    cluster.wait(lambda: "Error" in troubles(cluster), 15, "a first word from a node")
    pod = cluster.list("pods")[0]["metadata"]["name"]
    print("\n".join([line for line in cluster.describe("pod", pod).splitlines() if line.strip()][-14:]))

# %% [markdown]
# Read from the bottom. The *events* are what node and controllers have to say; `describe` shows them below the pod's state. At work you type `kubectl describe pod NAME`, here `cluster.describe("pod", name)`. What to look at, in this order:
#
# | you see | it means | look at |
# |:--|:--|:--|
# | `Pending`, no node | the scheduler finds none | its message, in the events |
# | `ErrImagePull`, `ImagePullBackOff` | there is no such image | the image's name and tag |
# | `CreateContainerConfigError` | a setting or secret is missing | the message: which key? |
# | `CrashLoopBackOff`: a **crash loop**, a container that ends, is started again and ends again | the program ends by itself, or is ended | the exit code, then `cluster.logs(pod, previous=True)` |
# | the same, with `OOMKilled` and exit code 137 | it held more memory than its limit | the limit, and what the program needs |
# | the same, with events `Unhealthy` and `Killing` | its *liveness* probe fails | the probe: does the program know that path? |
# | it runs, and is never ready | its *readiness* probe fails | the events, `Unhealthy` |
# | all are ready, and nobody gets an answer | the service finds no pods | `cluster.list("endpointslice", "kubernetes.io/service-name=" + name)`, selector against labels |
#
# A **probe** is a question that the node asks the container again and again. If the *liveness* probe fails some times in a row the container is started again; if *readiness* fails the pod gets no requests, and is left alone.
#
# One fault hides the next. So: mend one thing, apply, look again.

# %% [markdown]
# ### Exercise 1 — The service that was created
# *Difficulty ●●○ · about 13 minutes*
#
# Write `demand.yaml`: Bo's three objects, mended, so that `cluster.call("demand", "/predict")` answers and goes on answering.
#
# - Still two replicas of `metro/demand:1.0`, a configMap `demand-settings`, a service `demand`.
# - The model's file still comes *from the configMap*: who changes it there, and restarts the pods, gets another model.
# - Each container still has requests for CPU and memory and a limit for memory, of 256Mi at most (the nodes are small), and both probes. Each probe asks a path that is meant for it (read `server.py`), and gives its verdict within a minute: `initialDelaySeconds`, and `periodSeconds` times `failureThreshold`, are together 60 at most.
#
# You may start from the text: `text = Path("bo/demand.yaml").read_text()`. To look around, use `with namespace(cluster, "try"):`, apply, `cluster.wait(…)`, and print `troubles(cluster)`.
#
# <details><summary>Hint 1</summary>There are five faults. The first three keep the container from living, each with a state of its own in the table. The fourth lets it live for some seconds. The fifth is not in the deployment at all.</details>
# <details><summary>Hint 2</summary>Compare names that must be the same in two places: the key in the configMap and in <code>configMapKeyRef</code>; the program's file in the image and in <code>command</code>; the probes' paths and the paths in <code>server.py</code>; the service's selector and the labels of the pod <em>template</em>. The model takes 40 megabytes, Python some more.</details>

# %% nbgrader={"grade": false, "grade_id": "crash", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write demand.yaml.
### BEGIN SOLUTION
text = (Path("bo") / "demand.yaml").read_text()
for wrong, right in [
    ("key: model_file", "key: model-file"),
    ("          command: [python, serve.py]\n", ""),
    ("requests: {cpu: 100m, memory: 32Mi}", "requests: {cpu: 100m, memory: 96Mi}"),
    ("limits: {memory: 32Mi}", "limits: {memory: 192Mi}"),
    ("path: /health", "path: /livez"),
    ("app: demand-api", "app: demand"),
]:
    text = text.replace(wrong, right)
Path("demand.yaml").write_text(text)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-crash", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
assert Path("demand.yaml").is_file(), "There is no file demand.yaml: the cell above should write it."
with namespace(cluster, "crash"):
    cluster.apply(Path("demand.yaml"))
    try:
        cluster.wait(lambda: len(ready_pods(cluster)) == 2, 12, "two ready pods")
    except TimeoutError:
        raise AssertionError(f"The service demand has {len(ready_pods(cluster))} ready pods, expected 2. {troubles(cluster)}") from None
    reply = cluster.call("demand", "/predict")
    assert reply.status == 200 and reply.json()["model"] == "autumn", f"/predict says {reply.status} {reply.text}, expected 200 and the model autumn."
    container = cluster.get("deployment", "demand")["spec"]["template"]["spec"]["containers"][0]
    for kind in ("readinessProbe", "livenessProbe"):
        assert kind in container, f"The container has no {kind} any more: a service without it cannot be looked after."
    assert container["resources"].get("limits", {}).get("memory"), "The container has no limit for memory any more: it could take the whole node's."

# %% nbgrader={"grade": true, "grade_id": "judge-crash", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: demand.yaml in a fresh cluster, with another model in the configMap; requests, limits, both probes' paths, and that no container is started again.
### BEGIN HIDDEN TESTS
from judging import NODES, judged
from service_judge import judge_crash

with judged(steer, "crash", NODES) as (there, access):
    judge_crash(there)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · Before it reaches the cluster
#
# Five faults, and each took a look at a running pod. Many can be seen in the text. There are two kinds of checks.
#
# *Kubernetes' own schemas* say which fields an object has, and of which type. `kubernetes_validate.validate(object, "1.36", strict=True)` raises an exception where something does not fit. Without `strict` a misspelt field passes, and is dropped: `readynessProbe` is no error then, and no probe either.
#
# *A team's rules* say what its services need. Cy wrote the ones of Metro Bikes as a function, `violations`, which the pipeline calls for each change. Since then everything passes.

# %% nbgrader={"grade": false, "grade_id": "cys-rules", "locked": true, "schema_version": 3, "solution": false, "task": false}
def cys_violations(objects):
    """Return (rule, name) for each rule that an object breaks."""
    found = []
    deployments = [item for item in objects if item["kind"] == "Deployment"]
    for item in objects:
        try:
            kubernetes_validate.validate(item, "1.36")
        except Exception:
            found.append(("schema", item["metadata"]["name"]))
    for item in deployments:
        name, spec = item["metadata"]["name"], item["spec"]["template"]["spec"]
        container = spec["containers"][0]
        if "resources" not in container:
            found.append(("resources", name))
        if "readinessProbe" not in container and "livenessProbe" not in container:
            found.append(("probes", name))
        if not spec.get("securityContext", {}).get("runAsNonRoot"):
            found.append(("non-root", name))
        if "@" not in container["image"] and ":" not in container["image"]:
            found.append(("digest", name))
        if not any(other["kind"] == "PodDisruptionBudget" for other in objects):
            found.append(("budget", name))
    for item in objects:
        if item["kind"] == "Service" and not any(item["spec"]["selector"] == other["metadata"].get("labels") for other in deployments):
            found.append(("selector", item["metadata"]["name"]))
    return found


PINNED = "metro/demand@sha256:" + "4f" * 32


def good_bundle(replicas=2):
    """Return the objects of a service that keeps all the rules."""
    text = Path("base/deployment.yaml").read_text() + "---\n" + Path("base/service/service.yaml").read_text()
    deployment, service = yaml.safe_load_all(text)
    spec = deployment["spec"]["template"]["spec"]
    spec["securityContext"] = {"runAsNonRoot": True, "runAsUser": 10001}
    spec["containers"][0] |= {"image": PINNED, "livenessProbe": {"httpGet": {"path": "/livez", "port": "http"}}}
    deployment["spec"]["replicas"] = replicas
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "demand"}}
    budget["spec"] = {"minAvailable": 1, "selector": {"matchLabels": {"app": "demand"}}}
    return [deployment, service, budget]


print("Bo's manifest breaks:", cys_violations(list(yaml.safe_load_all(Path("bo/demand.yaml").read_text()))))

# %% [markdown]
# ### Exercise 2 — Rules that refuse
# *Difficulty ●●○ · about 18 minutes*
#
# Write `violations(objects)`: a list of pairs `(rule, name)`, one for each object that breaks a rule, for these rules. `objects` are all the objects of one service, as dicts.
#
# | rule | who breaks it |
# |:--|:--|
# | `schema` | an object that Kubernetes' schema 1.36 refuses, unknown fields included |
# | `resources` | a deployment with a container, *init containers too*, that lacks a request for `cpu` or `memory`, or a limit for `memory`. A limit is not a request: that the API server would take it for one is not what the manifest says |
# | `probes` | a deployment with a container (not init) without a `readinessProbe` by `httpGet` on `/readyz` or without a `livenessProbe` by `httpGet` on `/livez` |
# | `non-root` | a deployment with a container, init ones too, that may run as root: `runAsNonRoot` is not true, or `runAsUser` is 0. What the container's `securityContext` says counts before the pod's |
# | `digest` | a deployment with a container, init ones too, whose image does not end in its **digest**: `@sha256:` and 64 hexadecimal digits. A tag can mean another image tomorrow |
# | `selector` | a service whose selector fits the pods of no deployment: each pair must be among the labels of the pod template, which may have more |
# | `budget` | a deployment with two replicas or more that is not covered by exactly one **disruption budget** (PodDisruptionBudget), or whose budget lets no pod go: `minAvailable` not below the replicas, or `maxUnavailable` 0. A percentage is of the replicas, rounded *up*. A budget covers what its `matchLabels` fit, in the same way as a selector; where two cover a pod, Kubernetes refuses each eviction |
#
# The name is that of the deployment or service, in `schema` that of the object. A rule is named once for an object. Where an object breaks `schema`, only the pairs of `schema` are compared: what cannot be read is mended first.
#
# <details><summary>Hint 1</summary>Go through Cy's lines with a pod of two containers in mind. Which of them looks at the second? At an init container? Which asks whether something is there, where the rule asks what it says?</details>
# <details><summary>Hint 2</summary>One helper does for <code>selector</code> and <code>budget</code>: <code>wanted.items() &lt;= labels.items()</code>. For <code>non-root</code>, lay the container's <code>securityContext</code> over the pod's: <code>{**pod, **container}</code>. And <code>re.fullmatch</code> sees the end of an image's name.</details>

# %% nbgrader={"grade": false, "grade_id": "policy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def violations(objects):
    """Return a list of (rule, name): which rules are broken, and by which objects."""
    ### BEGIN SOLUTION
    import math
    import re

    def fits(wanted, labels):
        return bool(wanted) and wanted.items() <= (labels or {}).items()

    def pods(value, replicas):
        return math.ceil(int(value.rstrip("%")) * replicas / 100) if isinstance(value, str) else value

    def lets_go(budget, replicas):
        least, most = budget["spec"].get("minAvailable"), budget["spec"].get("maxUnavailable")
        return pods(least, replicas) < replicas if least is not None else pods(most or 0, replicas) > 0

    broken = []
    for item in objects:
        try:
            kubernetes_validate.validate(item, "1.36", strict=True)
        except Exception:
            broken.append(("schema", item["metadata"]["name"]))
    deployments = [item for item in objects if item["kind"] == "Deployment"]
    for item in deployments:
        name, template = item["metadata"]["name"], item["spec"]["template"]
        spec, replicas = template["spec"], item["spec"].get("replicas", 1)
        own = spec["containers"]
        every = own + (spec.get("initContainers") or [])
        rules = set()
        for container in every:
            resources = container.get("resources") or {}
            if not {"cpu", "memory"} <= set(resources.get("requests") or {}) or "memory" not in (resources.get("limits") or {}):
                rules.add("resources")
            context = {**(spec.get("securityContext") or {}), **(container.get("securityContext") or {})}
            if context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0:
                rules.add("non-root")
            if not re.fullmatch(r".+@sha256:[0-9a-f]{64}", container.get("image", "")):
                rules.add("digest")
        for container in own:
            for kind, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
                if ((container.get(kind) or {}).get("httpGet") or {}).get("path") != path:
                    rules.add("probes")
        labels = template["metadata"].get("labels")
        budgets = [o for o in objects if o["kind"] == "PodDisruptionBudget" and fits(o["spec"]["selector"].get("matchLabels"), labels)]
        if replicas >= 2 and not (len(budgets) == 1 and lets_go(budgets[0], replicas)):
            rules.add("budget")
        broken += [(rule, name) for rule in sorted(rules)]
    for item in objects:
        pods = [each["spec"]["template"]["metadata"].get("labels") for each in deployments]
        if item["kind"] == "Service" and not any(fits(item["spec"].get("selector"), labels) for labels in pods):
            broken.append(("selector", item["metadata"]["name"]))
    return broken
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-policy", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def spoilt(change):
    """Return a good bundle that a change has spoilt."""
    bundle = good_bundle()
    change(bundle, bundle[0]["spec"]["template"]["spec"]["containers"][0])
    return bundle


for what, bundle, expected in [
    ("a service that keeps all the rules", good_bundle(), set()),
    ("no limit for memory", spoilt(lambda b, c: c["resources"].pop("limits")), {("resources", "demand")}),
    ("a misspelt field, readynessProbe", spoilt(lambda b, c: c.update(readynessProbe={})), {("schema", "demand")}),
    ("the tag 1.0 instead of a digest", spoilt(lambda b, c: c.update(image="metro/demand:1.0")), {("digest", "demand")}),
    ("no liveness probe", spoilt(lambda b, c: c.pop("livenessProbe")), {("probes", "demand")}),
    ("a budget that covers other pods", spoilt(lambda b, c: b[2]["spec"]["selector"].update(matchLabels={"app": "eta"})), {("budget", "demand")}),
    ("a selector that fits no pod", spoilt(lambda b, c: b[1]["spec"]["selector"].update(app="demand-api")), {("selector", "demand")}),
]:
    found = {tuple(pair) for pair in violations(deepcopy(bundle))}
    if ("schema", "demand") in expected:
        found = {pair for pair in found if pair[0] == "schema"}
    assert found == expected, f"For {what} violations says {sorted(found) or 'nothing'}, expected {sorted(expected) or 'nothing'}."

# %% nbgrader={"grade": true, "grade_id": "judge-policy", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: violations on some thirty other bundles, good and bad, each with one thing that the table names.
### BEGIN HIDDEN TESTS
from bundles import judge_policy

judge_policy(violations)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · A new version, and nobody notices
#
# A deployment replaces its pods step by step. `maxSurge` says how many pods there may be beyond the wanted number meanwhile, `maxUnavailable` how many may be missing. When a pod is new it counts once it is *ready*; without a readiness probe that is at once, before the program listens. When a pod is old two things happen at the same time: its address is taken out of the service,
# and its process gets SIGTERM. Whoever comes in between, or is being answered, loses. A `preStop` hook is a command that the node runs *before* SIGTERM: a short `sleep` there gives the requests time to end, and the news time to travel.
#
# What if the new version never comes up? Then a rollout that has `maxUnavailable: 0` just stands still, the old pods go on, and after `progressDeadlineSeconds` the deployment says so:

# %%
with namespace(cluster, "stuck"):
    for file in ("base/deployment.yaml", "base/service/service.yaml"):
        cluster.apply(Path(file))
    cluster.rollout_status("deployment", "demand")
    new = yaml.safe_load(Path("base/deployment.yaml").read_text())
    new["spec"] |= {"progressDeadlineSeconds": 1, "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "metro/demand:2.0"  # which nobody has built
    cluster.apply(new)
    try:
        cluster.rollout_status("deployment", "demand")
    except RuntimeError as problem:
        print(problem)
    print(next(each for each in cluster.get("deployment", "demand")["status"]["conditions"] if each["type"] == "Progressing"))
    print(troubles(cluster))
    print("meanwhile:", cluster.call("demand", "/predict").text)
    cluster.undo("deployment", "demand")
    print(cluster.rollout_status("deployment", "demand"), "- the version before is back")

# %% [markdown]
# For each pod template a deployment makes a *ReplicaSet*, the object that keeps so many pods of that one template. Each gets a number, its **revision**; old ones are kept, with no pods (`cluster.history`). `undo` gives the deployment the pod template of the revision before. At work: `kubectl rollout status`, `kubectl rollout undo`.
#
# A **drain** empties a node, for its update say. It first *cordons* it (no new pods come) and then asks each pod to leave. A disruption budget can say no: "only if two others stay". Rosa's drain hangs because Bo's budget says no for ever.

# %% [markdown]
# ### Exercise 3 — Not one request
# *Difficulty ●●● · about 18 minutes*
#
# Write `rollout.yaml`: Bo's deployment, service and budget from `bo/rollout.yaml`, mended. The application stays as it is: it takes a moment to load, a request takes a tenth of a second, and it ends at once at SIGTERM.
#
# - A rollout to 1.1 under steady requests loses none of them. At each moment two pods are ready, and there are never more than three (those that are ending do not count): the nodes have no room for more.
# - A drain of the node where *both* pods are ends within 20 seconds, leaves one pod ready at each moment, and loses no request either.
# - At work the news that a pod goes takes a moment to travel, longer than here: the old pod works on for a second at least before SIGTERM. All of that fits into `terminationGracePeriodSeconds`, which begins with the hook.
# - A rollout that gets nowhere is reported after 10 seconds at most.
#
# <details><summary>Hint 1</summary>Four places: what counts as ready; what happens before SIGTERM; how the strategy trades old pods for new ones; what the budget leaves to a deployment of two. The last point of the task is one line.</details>
# <details><summary>Hint 2</summary>The strategy: if no pod may be missing and there may be three, what is left for <code>maxSurge</code> and <code>maxUnavailable</code>? The budget: how many of two must stay, if one may go? The hook is a container's field <code>lifecycle</code>, beside its probes; a <code>preStop</code> there has an <code>exec</code> with a <code>command</code>, as a probe may
# have. (Servers since 1.30 also know <code>preStop: {sleep: …}</code>; older ones do not, so use <code>exec</code>.)</details>

# %% nbgrader={"grade": false, "grade_id": "rollout", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write rollout.yaml.
### BEGIN SOLUTION
deployment, service, budget = yaml.safe_load_all(Path("bo/rollout.yaml").read_text())
deployment["spec"]["strategy"]["rollingUpdate"] = {"maxSurge": 1, "maxUnavailable": 0}
deployment["spec"]["progressDeadlineSeconds"] = 10
deployment["spec"]["template"]["spec"]["containers"][0] |= {
    "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 1},
    "lifecycle": {"preStop": {"exec": {"command": ["sleep", "1"]}}},
}
budget["spec"]["minAvailable"] = 1
Path("rollout.yaml").write_text(yaml.safe_dump_all([deployment, service, budget]))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-rollout", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
assert Path("rollout.yaml").is_file(), "There is no file rollout.yaml: the cell above should write it."
with namespace(cluster, "rollout"):
    objects = cluster.apply(Path("rollout.yaml"))
    cluster.rollout_status("deployment", "demand", 15)
    cluster.wait(lambda: cluster.call("demand", "/predict").status == 200, 10, "a first answer")
    with Traffic(cluster) as traffic, Watch(cluster) as watch:
        change = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "metro/demand:1.1"}]
        cluster.patch("deployment", "demand", change)
        cluster.rollout_status("deployment", "demand", 25)
        cluster.wait(lambda: [version for _, version, _ in traffic.answered[-8:]].count("1.1") == 8, 10, "answers from 1.1")
    assert not traffic.lost, (
        f"In the rollout {len(traffic.lost)} of {len(traffic.lost) + len(traffic.answered)} requests were lost, the first: {traffic.lost[0]}. "
        "Is a pod ready before it can answer? Does it end while it answers?"
    )
    assert watch.fewest_ready >= 2, f"In the rollout there was a moment with {watch.fewest_ready} ready pods, expected two at each: see the strategy."
    assert watch.most_pods <= 3, f"In the rollout there was a moment with {watch.most_pods} pods, expected three at most: see the strategy."

# %% nbgrader={"grade": true, "grade_id": "judge-rollout", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rollout.yaml under steady requests, in a fresh cluster: a drain of the node that has both pods, then a rollout; what the deployment says about a rollout that gets nowhere.
### BEGIN HIDDEN TESTS
from judging import judged
from service_judge import judge_rollout

with judged(steer, "rollout", {"first": {"cpu": "2"}, "second": {"cpu": "2"}}) as (there, access):
    judge_rollout(there, steer)
### END HIDDEN TESTS

# %% [markdown]
# On Tuesday Cy releases twice within ten minutes: the first image was never pushed, and the second neither. Bo types `undo`, once. That goes to the revision *before*, the first of the two. Riders see the old forecasts all the while, and nobody at Metro Bikes sees that nothing has come out: the pipeline said *created*.
#
# ### Exercise 4 — Back to what was good
# *Difficulty ●●○ · about 12 minutes*
#
# Write `rescue(cluster, name)`, which a pipeline calls for a Deployment after a release, more than once:
#
# - If its rollout is stuck, the *whole pod template* of the last good revision comes back: nothing stays that a broken version added. Stuck is what the Deployment's condition `Progressing` calls `ProgressDeadlineExceeded`; slow but going is not stuck. Good is the newest of the *other* revisions that has pods that are available now.
# - The number of replicas and all else in `spec` stay as they are: somebody may have scaled it since.
# - The Deployment's annotation `kubernetes.io/change-cause`, which people see in `kubectl rollout history`, says why, and names the image that did not come up.
# - It returns the good revision's number, an int: the one that it had, because on the way back it gets a new one.
# - If the rollout is done or still going, or no revision is good, it changes nothing, and returns `None`.
#
# To try it, make a rollout get stuck as in the example above, without its last two lines.
#
# <details><summary>Hint 1</summary>All that you need is in <code>cluster.get("deployment", name)</code> and <code>cluster.history("deployment", name)</code>: print one of each. A ReplicaSet's <code>status</code> leaves out what is 0. Its annotation <code>deployment.kubernetes.io/revision</code> is a text.</details>
# <details><summary>Hint 2</summary>Read <code>help(cluster.undo)</code>. Or change the template yourself: then take the label <code>pod-template-hash</code> off, which belongs to the ReplicaSet, and <em>replace</em>, by a JSON patch. What happens to a variable that only the broken version has, if you merge?</details>

# %% nbgrader={"grade": false, "grade_id": "rescue", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rescue(cluster, name):
    """Bring a Deployment whose rollout is stuck back to its last good revision, and return its number; else None."""
    ### BEGIN SOLUTION
    deployment = cluster.get("deployment", name)
    status = deployment.get("status", {})
    reasons = {each["type"]: each.get("reason") for each in status.get("conditions") or []}
    seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    if not seen or reasons.get("Progressing") != "ProgressDeadlineExceeded":
        return None

    def number(item):
        return int(item["metadata"]["annotations"]["deployment.kubernetes.io/revision"])

    sets = cluster.history("deployment", name)
    good = [number(each) for each in sets if number(each) != number(deployment) and each.get("status", {}).get("availableReplicas")]
    if not good:
        return None
    images = ", ".join(each["image"] for each in deployment["spec"]["template"]["spec"]["containers"])
    cluster.undo("deployment", name, max(good))
    why = f"back to revision {max(good)}: {images} exceeded its progress deadline"
    cluster.patch("deployment", name, {"metadata": {"annotations": {"kubernetes.io/change-cause": why}}})
    return max(good)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-rescue", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def quick_deployment(name):
    """Return a Deployment whose pods are ready at once."""
    made = yaml.safe_load(Path("base/deployment.yaml").read_text())
    made["metadata"]["name"] = name
    made["spec"] |= {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    made["spec"]["template"]["metadata"]["labels"] = {"app": name}
    del made["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    return made


with namespace(cluster, "rescue"):
    was = cluster.apply([quick_deployment("arrivals"), quick_deployment("repairs")])[0]["spec"]["template"]
    for name in ("arrivals", "repairs"):
        cluster.rollout_status("deployment", name, 15)
    changes = {
        "arrivals": {"image": "metro/demand:2.0"},
        "repairs": {"env": [{"name": "LOAD_SECONDS", "value": "600"}], "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}}},
    }
    for name, change in changes.items():
        template = {"spec": {"containers": [{"name": "demand", **change}]}}
        cluster.patch("deployment", name, {"spec": {"template": template, "progressDeadlineSeconds": 1 if name == "arrivals" else 60}})
    cluster.wait(
        lambda: (seen := cluster.get("deployment", "arrivals")["status"])["replicas"] == 2
        and seen.get("updatedReplicas") == 1
        and "ProgressDeadlineExceeded" in str(seen["conditions"]),
        15,
        "a rollout that is stuck",
    )
    for name, expected in (("repairs", None), ("arrivals", 1)):
        before = cluster.get("deployment", name)["spec"]["template"]
        said = rescue(cluster, name)
        now = cluster.get("deployment", name)
        if expected is None:
            assert said is None and now["spec"]["template"] == before, f"{name} is slow, but not stuck: rescue returned {said!r} and should leave it alone."
            continue
        assert now["spec"]["template"] == was, f"{name} is stuck with an image that nobody has built; after rescue its pod template is not the one before: {now['spec']['template']}"
        assert said == expected, f"rescue returned {said!r} for {name}, expected {expected}, the good revision."
        cause = (now["metadata"].get("annotations") or {}).get("kubernetes.io/change-cause") or ""
        assert "metro/demand:2.0" in cause, f"The annotation kubernetes.io/change-cause is {cause!r}, expected words that name metro/demand:2.0."

# %% nbgrader={"grade": true, "grade_id": "judge-rescue", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: rescue in a fresh cluster, for a Deployment that was scaled and then released twice in vain, a slow one, one that never was good, and one that is complete again.
### BEGIN HIDDEN TESTS
from judging import NODES, judged
from rescue_judge import judge_rescue

with judged(steer, "rescue", NODES) as (there, access):
    judge_rescue(there, lambda name: rescued(access, there.namespace, name))
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · A canary that gets requests
#
# A *canary* is a new version that gets a small share of the real requests first. With a plain service that is a matter of numbers: three pods of the old version and one of the new, all behind one service, and each gets a quarter of the requests.
#
# Bo made the canary by copying the deployment and changing some lines (`bo/canary.yaml`). His copy has another label, so the service does not know its pods. It also has other settings: the base got a readiness probe and a new model since. Copies drift.
#
# *kustomize*, a part of kubectl, has a better way: one **base**, and for each variant an **overlay**, a folder with a small file `kustomization.yaml` that says only what differs. `kubectl kustomize FOLDER` prints the result, `kubectl apply -k FOLDER` applies it. kubectl is not on every machine, so here `render(FOLDER)` in `overlay.py` does it: openly a small part of kustomize, which reads the fields named at its top as
# kustomize does, and refuses the others. A *file* that an overlay names must lie in its folder or below; another *folder*, with a `kustomization.yaml` of its own, may lie anywhere. An example:

# %%
Path("overlays/night").mkdir(parents=True, exist_ok=True)
Path("overlays/night/kustomization.yaml").write_text("""
resources: [../../base]
nameSuffix: -night
replicas: [{name: demand, count: 1}]
labels:
  - pairs: {shift: night}
    includeSelectors: true     # in the selector and in the pods, too
patches:
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: demand}
      spec:
        template:
          spec:
            containers:
              - name: demand   # merged with the base's container of that name
                env: [{name: MODEL_FILE, value: models/winter.json}]
""")
night = render("overlays/night")[0]
container = night["spec"]["template"]["spec"]["containers"][0]
print(night["metadata"]["name"], night["spec"]["replicas"], night["spec"]["selector"], [each["name"] for each in container["env"]])

# %% [markdown]
# ### Exercise 5 — Two overlays and a verdict
# *Difficulty ●●○ · about 15 minutes*
#
# Write two files over the one base, and a function:
#
# - `overlays/stable/kustomization.yaml`: the deployment `demand` and its service, both *as the base has them*: from `base/` and from `base/service/`.
# - `overlays/canary/kustomization.yaml`: one deployment, `demand-canary`, one replica of `metro/demand:1.1`. Its pods get a share of the requests to the service `demand`. Its selector must not fit the pods of `demand`. All else is as in the base, *also when the base changes*.
# - `verdict(stable, canary)`: what the measured errors say. Each is a dict `{"requests": …, "errors": …}`. It returns `"abort"`, `"promote"` or `"wait"`.
#     - `"abort"` as soon as the canary has errors so much more often than the stable version that chance does not explain it (chance: less than 1 in 100).
#     - `"promote"` if that is not so and the canary has had at least 500 requests.
#     - `"wait"` else. No requests are no errors, and no proof.
#
# Both versions may have errors for a reason that is neither's own: the canary is compared with the stable version, not with zero.
#
# <details><summary>Hint 1</summary>The canary's pods need a label of their own, and the label that the service asks for. Which of the two does the base give them already? A resource may be a folder, if that has a <code>kustomization.yaml</code>: look which folders in <code>base/</code> do.</details>
# <details><summary>Hint 2</summary><code>nameSuffix</code>, <code>replicas</code>, <code>images</code>, and <code>labels</code> with <code>includeSelectors</code>. For chance: if both were alike, the errors of all requests would fall on the canary as if drawn. <code>scipy.stats.fisher_exact([[…], […]], alternative="greater")</code> gives the probability; or compare the difference of the shares
# with 2.33 of its standard errors, from the share of all, and be careful with small numbers.</details>

# %% nbgrader={"grade": false, "grade_id": "canary", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write overlays/stable/kustomization.yaml and overlays/canary/kustomization.yaml, and the function verdict(stable, canary).
### BEGIN SOLUTION
from scipy.stats import fisher_exact

for name, lines in {
    "stable": "resources: [../../base, ../../base/service]\n",
    "canary": """resources: [../../base]
nameSuffix: -canary
replicas: [{name: demand, count: 1}]
images: [{name: metro/demand, newTag: "1.1"}]
labels:
  - pairs: {track: canary}
    includeSelectors: true
""",
}.items():
    Path("overlays", name).mkdir(parents=True, exist_ok=True)
    Path("overlays", name, "kustomization.yaml").write_text(lines)


def verdict(stable, canary):
    table = [[side["errors"], side["requests"] - side["errors"]] for side in (canary, stable)]
    if fisher_exact(table, alternative="greater")[1] < 0.01:
        return "abort"
    return "promote" if canary["requests"] >= 500 else "wait"
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-canary", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
try:
    stable, canary = render("overlays/stable"), render("overlays/canary")
except ValueError as problem:
    raise AssertionError(f"An overlay cannot be rendered: {problem}") from None
assert [(item["kind"], item["metadata"]["name"]) for item in canary] == [("Deployment", "demand-canary")], (
    f"overlays/canary gives {[(item['kind'], item['metadata']['name']) for item in canary]}, expected one Deployment, demand-canary."
)
with namespace(cluster, "canary"):
    cluster.apply(stable)
    cluster.apply(canary)
    for name in ("demand", "demand-canary"):
        cluster.rollout_status("deployment", name, 15)
    try:
        cluster.wait(lambda: len(ready_pods(cluster)) == 4, 5, "four pods behind the service")
    except TimeoutError:
        raise AssertionError(f"Behind the service demand are {len(ready_pods(cluster))} ready pods, expected 4: three of demand, one of the canary.") from None
    with ThreadPoolExecutor(8) as clients:
        versions = [reply.json()["version"] for reply in clients.map(lambda _: cluster.call("demand", "/predict"), range(8))]
    assert versions.count("1.1") == 2, f"Of 8 requests {versions.count('1.1')} were answered by 1.1, expected 2: one pod of four is the canary."
for right, before, after in [
    ("wait", {"requests": 6000, "errors": 12}, {"requests": 0, "errors": 0}),
    ("promote", {"requests": 6000, "errors": 12}, {"requests": 2000, "errors": 4}),
    ("abort", {"requests": 6000, "errors": 12}, {"requests": 300, "errors": 30}),
]:
    said = verdict(dict(before), dict(after))
    assert said == right, f"For stable {before} and canary {after} the verdict is {said!r}, expected {right!r}."

# %% nbgrader={"grade": true, "grade_id": "judge-canary", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the two overlays over another base, with more settings, another model and other resources; their selectors and labels.
### BEGIN HIDDEN TESTS
from manifests_judge import judge_overlays

judge_overlays()
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-canary-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: verdict on other counts, large and small, with and without errors of the stable version's own.
### BEGIN HIDDEN TESTS
from manifests_judge import judge_verdict

judge_verdict(verdict)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · How many pods
#
# A *HorizontalPodAutoscaler*, or **autoscaler** for short, asks every 15 seconds how busy the pods are, and sets the number of replicas. Bo's object, `bo/autoscaler.yaml`:
#
# ```yaml
# apiVersion: autoscaling/v2
# kind: HorizontalPodAutoscaler
# metadata: {name: demand}
# spec:
#   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: demand}
#   minReplicas: 1
#   maxReplicas: 4
#   metrics:
#     - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}
#   behavior:
#     scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 60}]}   # one more pod in a minute, at most
#     scaleDown: {stabilizationWindowSeconds: 0}                         # fewer pods at once
# ```
#
# Two things are easily missed. `averageUtilization` is in percent of the pod's CPU *request*: 100 is a pod that uses what it asked for, and more than 100 is quite possible. And `behavior` says how fast. Where it says nothing, Kubernetes adds in one step at most four pods or as many as there are, whichever is more, and looks back five minutes before it takes any away.
#
# There is no metrics server here, so such an object is kept, and nobody acts on it. You write what it computes yourself, and let it play against a replayed load. Bo's formula and his target of 80 percent, in a rush hour:

# %% nbgrader={"grade": false, "grade_id": "bos-scaling", "locked": true, "schema_version": 3, "solution": false, "task": false}
def bos_recommend(current, readings, target):
    """Return how many pods there should be."""
    present = [each for each in readings if each is not None]
    return round(current * sum(present) / len(present) / target)


def bos_settle(current, recommendation, recent, low, high):
    """Return how many pods there will be."""
    return recommendation


def play(rates, target, recommend, settle, low=2, high=14):
    """Return the replay of a load with a target, by two functions."""
    recent = []

    def decide(current, readings):
        recommendation = recommend(current, readings, target)
        pods = settle(current, recommendation, recent[-20:], low, high)
        recent.append(recommendation)
        return pods

    return replay(rates, decide, low, high)


bo = play(rush_hour(1), 80, bos_recommend, bos_settle)
print(f"95 of 100 requests are answered within {bo.p95:.0f} seconds; it took {bo.pod_minutes:.0f} pod minutes")

# %% [markdown]
# ### Exercise 6 — A target that holds
# *Difficulty ●●● · about 20 minutes*
#
# Write Kubernetes' rules as two functions, choose `TARGET`, and write the object that says the same.
#
# `recommend(current, readings, target)`: `readings` has the utilisation of each pod in percent, `None` where it is missing (a pod that has just started). With none at all the answer is `current`.
#
# 1. The *ratio* is the mean of the readings that are there, divided by the target.
# 2. Nothing missing: if the ratio is within 10% of 1 (from 0.9 to 1.1), `current`. Else the ratio times the number of pods, rounded *up*.
# 3. Some missing: be careful. If the ratio is below 1 take the missing ones as at the *target*, else as at 0, and compute the ratio again over all pods. If the new ratio is within 10% of 1, or on the other side of 1 than the first, `current`. Else the new ratio times the number of all pods, rounded up; but where that would go the other way than the ratio says, `current`.
#
# `settle(current, recommendation, recent, low, high)`: `recent` are the recommendations of the last five minutes. More pods at once. Fewer only down to the highest of `recent` and `recommendation`. Always from `low` to `high`.
#
# `TARGET`: a number of percent. On rush hours like `rush_hour(seed)`, with your functions, the p95 (95 of 100 requests are quicker) stays below 200 ms, at 150 pod minutes on average at most.
#
# `autoscaler.yaml`: Bo's object, mended, so that Kubernetes would do the same.
#
# - From 2 to 14 pods, of the deployment `demand`.
# - Your `TARGET`, as the API wants it, a whole number. A reading of 100 is a pod that is busy all the time; here such a pod uses 250m of CPU. What it requests stands in `base/deployment.yaml`.
# - More pods at once, without a wait, from 2 to 14 in one step if need be. Fewer as far as the last five minutes allow, in one step, too.
#
# <details><summary>Hint 1</summary>Let the plot below help you: change the targets in it. Pods need 30 seconds to start; what does the queue do meanwhile, if the old ones were busy to 80%?</details>
# <details><summary>Hint 2</summary><code>math.ceil</code>. In <code>settle</code>, the pods that there are stay, unless the recommendation is higher, or all of the window is lower: <code>min(max(current, recommendation), max(…))</code>, then the borders. Try targets from 40 to 80 on several seeds. For the object: how many millicores does a pod use that is busy to your target? And with which policy do 2 pods become 14?</details>

# %% nbgrader={"grade": false, "grade_id": "scale", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write recommend and settle, choose TARGET, and write autoscaler.yaml.
### BEGIN SOLUTION
import math


def recommend(current, readings, target):
    present = [each for each in readings if each is not None]
    if not present:
        return current
    missing, pods = len(readings) - len(present), len(readings)
    ratio = first = sum(present) / len(present) / target
    if missing:
        ratio = (sum(present) + missing * (target if first < 1 else 0)) / pods / target
        if (first < 1) != (ratio < 1):
            return current
    if abs(ratio - 1) <= 0.1:
        return current
    wanted = math.ceil(ratio * pods)
    return current if missing and (wanted > current) != (ratio > 1) else wanted


def settle(current, recommendation, recent, low, high):
    pods = min(max(current, recommendation), max([recommendation, *recent]))
    return max(low, min(high, pods))


TARGET = 58
autoscaler = yaml.safe_load(Path("bo/autoscaler.yaml").read_text())
autoscaler["spec"] |= {"minReplicas": 2, "maxReplicas": 14}
autoscaler["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = round(TARGET * 250 / 100)  # used, of what it requests
autoscaler["spec"]["behavior"] = {
    "scaleUp": {"policies": [{"type": "Pods", "value": 12, "periodSeconds": 15}]},
    "scaleDown": {"stabilizationWindowSeconds": 300},
}
Path("autoscaler.yaml").write_text(yaml.safe_dump(autoscaler))
### END SOLUTION

# %% tags=["uses-answers"]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4))
for target, style in ((80, "--"), (TARGET, "-")):
    seen = play(rush_hour(1), target, recommend, settle)
    minutes = [step / 4 for step in range(len(seen.pods))]
    left.plot(minutes, seen.pods, style, label=f"target {target}%")
    right.plot(minutes, [1000 * seconds for seconds in seen.latencies], style, label=f"target {target}%")
right.axhline(200, color="grey", linewidth=0.8)
left.set(xlabel="time (minutes)", ylabel="pods", ylim=(0, None))
right.set(xlabel="time (minutes)", ylabel="p95 of each 15 s (ms, logarithmic)", yscale="log")
left.legend()
figure.tight_layout()
figure.savefig("autoscaler.png")
plt.close(figure)
Image("autoscaler.png", alt="Two curves over the 20 minutes of a rush hour, for a target of 80% and for the chosen one. Left, pods: the lower target has more of them, and earlier. Right, p95: at 80% it rises far above 200 ms while pods start.")

# %% nbgrader={"grade": true, "grade_id": "test-scale", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
for what, arguments, right in [
    ("twice as busy as the target", (3, [100, 90, 110], 50), 6),
    ("within the tolerance", (4, [54, 53, 52, 53], 50), 4),
    ("a little busier than the tolerance", (4, [58, 57, 58, 57], 50), 5),
    ("much less busy", (6, [10, 12, 11, 10, 12, 11], 50), 2),
    ("less busy, and one reading is missing", (4, [20, 20, 20, None], 50), 3),
    ("all readings are missing", (3, [None, None, None], 50), 3),
]:
    said = recommend(*arguments)
    assert said == right, f"recommend: {what}, {arguments}, gives {said}, expected {right}."
for what, arguments, right in [
    ("more are recommended", (4, 7, [4, 4], 2, 14), 7),
    ("fewer are recommended, but two minutes ago it was 6", (8, 3, [6, 4, 3], 2, 14), 6),
    ("more than allowed", (10, 30, [12], 2, 14), 14),
]:
    said = settle(*arguments)
    assert said == right, f"settle: {what}, {arguments}, gives {said}, expected {right}."
seen = play(rush_hour(1), TARGET, recommend, settle)
assert seen.p95 < 0.2, f"With the target {TARGET} the p95 of rush_hour(1) is {1000 * seen.p95:.0f} ms, expected less than 200."
assert Path("autoscaler.yaml").is_file(), "There is no file autoscaler.yaml: the cell above should write it."
with namespace(cluster, "scale"):
    cluster.apply(Path("autoscaler.yaml"))
    found = cluster.get("horizontalpodautoscaler", "demand")["spec"]
    assert found["scaleTargetRef"]["name"] == "demand", f"The autoscaler is for {found['scaleTargetRef']}, expected the deployment demand."
    assert (found["minReplicas"], found["maxReplicas"]) == (2, 14), f"The autoscaler goes from {found['minReplicas']} to {found['maxReplicas']} pods, expected from 2 to 14."

# %% nbgrader={"grade": true, "grade_id": "judge-scale", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: recommend and settle on two hundred other cases, with and without missing readings.
### BEGIN HIDDEN TESTS
from manifests_judge import judge_formula

judge_formula(recommend, settle)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-scale-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: TARGET on other rush hours: p95 and pod minutes.
### BEGIN HIDDEN TESTS
from manifests_judge import judge_target

judge_target(chosen_target())
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-scale-3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: autoscaler.yaml as a fresh API server keeps it: what it is for, the metric against your TARGET and the request, how fast it goes up and down.
### BEGIN HIDDEN TESTS
from autoscaler_judge import judge_autoscaler

judge_autoscaler(chosen_target())
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · A controller of your own
#
# Ada's models all need the same: a deployment, a service, a status. She would like to write only this:
#
# ```yaml
# apiVersion: metro.example/v1
# kind: InferenceService
# metadata: {name: arrivals}
# spec: {modelFile: models/summer.json, replicas: 2}
# ```
#
# Kubernetes can learn a new kind of object, a **custom resource**. `crd.yaml` defines this one: its fields, their types, defaults and limits, which the API server checks. What it *means* is said by a controller, also called **operator**: a program that makes the cluster fit the objects. Bo wrote one:

# %% nbgrader={"grade": false, "grade_id": "bos-operator", "locked": true, "schema_version": 3, "solution": false, "task": false}
def bos_reconcile(cluster, service):
    """Bring the cluster to what an InferenceService says."""
    name, spec = service["metadata"]["name"], service["spec"]
    if cluster.list("deployment", "app=" + name):
        return  # it is there already
    deployment, in_front = (yaml.safe_load(Path(file).read_text()) for file in ("base/deployment.yaml", "base/service/service.yaml"))
    deployment["metadata"] = {"name": name, "labels": {"app": name}}
    deployment["spec"]["replicas"] = spec["replicas"]
    deployment["spec"]["template"]["spec"]["containers"][0]["env"][1]["value"] = spec["modelFile"]
    in_front["metadata"] = {"name": name}
    cluster.apply([deployment, in_front])


cluster.apply(Path("crd.yaml"))
cluster.wait(lambda: cluster.list("inferenceservice") == [], 10, "the new kind")
try:
    cluster.apply({"apiVersion": "metro.example/v1", "kind": "InferenceService", "metadata": {"name": "none"}, "spec": {"replicas": 2}})
except Refused as refused:
    print(refused)

# %% [markdown]
# It works once. Change `replicas`, and nothing happens. Delete the deployment's service, and it stays away. Two InferenceServices share one selector, so each gets the other's requests. Delete an InferenceService, and its pods go on for ever.
#
# A good controller is **level-triggered**: it acts on how things *are*, not on the news that something changed, because news can be missed. It compares what is there with what should be, each time, whether it runs for the first or the hundredth time; and where nothing differs it changes nothing. Three more things belong to it:
#
# - *Owner references*: `metadata.ownerReferences` of what it makes names the InferenceService, with its `uid` and `controller: true`. When the owner is deleted, Kubernetes' garbage collector deletes what it owned (of a brand-new kind of owner it hears within half a minute).
# - *Status*: what it found, for people and programs. It is a *subresource*, a part of the object with an address of its own: who writes there changes the status alone, who writes the object changes all but that. The server counts the changes of the rest in `metadata.generation`; `observedGeneration` in a status says which of them was seen. The official client reaches it so (`cluster.api` is its `ApiClient`):
#
# ```python
# client.CustomObjectsApi(cluster.api).patch_namespaced_custom_object_status(
#     "metro.example", "v1", cluster.namespace, "inferenceservices", name, {"status": {"ready": True}}
# )
# ```
#
# - *Modesty*: an object that somebody else made is left alone.
#
# At work a library watches the objects and calls the function for each change and from time to time. Here `one_pass(cluster)` calls it once for each InferenceService.

# %% [markdown]
# ### Exercise 7 — Whatever happened before
# *Difficulty ●●● · about 22 minutes*
#
# Write `reconcile(cluster, service)`. After a pass, for an InferenceService NAME:
#
# - there are a Deployment NAME and a Service NAME, owned by it; the Deployment runs `metro/demand:1.0` with `spec.replicas` pods and `MODEL_FILE` as `spec.modelFile` says; the Service's selector fits these pods and no other InferenceService's;
# - what somebody changed or deleted by hand, of all this, is as it should be again, and a change of the spec has arrived. (What somebody *added*, and your manifest never says, may stay: `apply` gives back what you said. To take that away, too, a controller replaces the whole object, or applies server-side and owns each field.);
# - its status has `readyReplicas` (as the Deployment's status says, 0 if it says nothing), `ready` (true when as many are ready as wanted), `observedGeneration` (the InferenceService's `metadata.generation`) and `message` (some words, never an empty text);
# - if there is a Deployment or a Service of that name that it does not own, whoever else does, neither is changed or made; `ready` is false, and `message` says why. (In all other cases it may say what you like.)
#
# Where nothing differs, a pass changes no object. You may begin with the base's YAML files. `cluster.get` raises `Refused` with `status` 404 for what is not there; `cluster.apply` creates or updates.
#
# <details><summary>Hint 1</summary>Build what should be, from the spec alone. Look at what is there, only to see whose it is. Then apply it every time: where nothing differs, the server changes nothing. Which field of Bo's manifests makes two services share their pods?</details>
# <details><summary>Hint 2</summary>A label such as <code>inferenceservice: NAME</code> belongs in the Deployment's selector, the pod template and the Service's selector. An object is yours if one of its <code>ownerReferences</code> has your <code>uid</code>. <code>apply</code> returns the objects as they are now: the Deployment's status is in there, with its own
# <code>observedGeneration</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "operator", "locked": false, "schema_version": 3, "solution": true, "task": false}
def reconcile(cluster, service):
    """Bring the cluster to what an InferenceService says, and write its status."""
    ### BEGIN SOLUTION
    meta, spec = service["metadata"], service["spec"]
    name, labels = meta["name"], {"inferenceservice": meta["name"]}
    owner = {"apiVersion": service["apiVersion"], "kind": service["kind"], "name": name, "uid": meta["uid"]}

    def foreign(kind):
        there = cluster.list(kind, fields=f"metadata.name={name}")
        return any(meta["uid"] not in [each["uid"] for each in item["metadata"].get("ownerReferences") or []] for item in there)

    status = {"ready": False, "readyReplicas": 0, "observedGeneration": meta["generation"]}
    strangers = [kind for kind in ("deployment", "service") if foreign(kind)]
    if strangers:
        status["message"] = f"there is a {strangers[0]} {name} that belongs to somebody else"
    else:
        deployment, in_front = (yaml.safe_load(Path(file).read_text()) for file in ("base/deployment.yaml", "base/service/service.yaml"))
        for item in (deployment, in_front):
            item["metadata"] = {"name": name, "labels": labels, "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}]}
        deployment["spec"]["replicas"] = spec["replicas"]
        deployment["spec"]["selector"] = {"matchLabels": labels}
        deployment["spec"]["template"]["metadata"] = {"labels": labels}
        for variable in deployment["spec"]["template"]["spec"]["containers"][0]["env"]:
            if variable["name"] == "MODEL_FILE":
                variable["value"] = spec["modelFile"]
        in_front["spec"]["selector"] = labels
        there = cluster.apply([deployment, in_front])[0]
        found = there.get("status") or {}
        seen = found.get("observedGeneration", 0) >= there["metadata"]["generation"]
        status["readyReplicas"] = found.get("readyReplicas") or 0
        status["ready"] = seen and status["readyReplicas"] == spec["replicas"]
        status["message"] = f"{status['readyReplicas']} of {spec['replicas']} pods are ready"
    kind_of_object = ("metro.example", "v1", cluster.namespace, "inferenceservices", name)
    client.CustomObjectsApi(cluster.api).patch_namespaced_custom_object_status(*kind_of_object, {"status": status})
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-operator", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
def inference_service(name, model, **spec):
    """Return a manifest."""
    kind = {"apiVersion": "metro.example/v1", "kind": "InferenceService"}
    return {**kind, "metadata": {"name": name}, "spec": {"modelFile": f"models/{model}.json", **spec}}


with namespace(cluster, "operator"):
    cluster.apply([inference_service("arrivals", "summer", replicas=1), inference_service("repairs", "winter")])
    wrong = one_pass(cluster)
    assert not wrong, f"reconcile stopped: {wrong}"
    for name in ("arrivals", "repairs"):
        for kind in ("deployment", "service"):
            try:
                found = cluster.get(kind, name)
            except Refused:
                raise AssertionError(f"After a pass there is no {kind} {name}.") from None
            owners = [each["kind"] for each in found["metadata"].get("ownerReferences") or [] if each.get("controller")]
            assert owners == ["InferenceService"], f"The {kind} {name} has the owners {owners}, expected the InferenceService, with controller: true."

    def all_ready():
        one_pass(cluster)
        return all(cluster.get("inferenceservice", name).get("status", {}).get("ready") for name in ("arrivals", "repairs"))

    try:
        cluster.wait(all_ready, 15, "two services that are ready")
    except TimeoutError:
        raise AssertionError(f"No status with ready: true for both after 15 s: {[each.get('status') for each in cluster.list('inferenceservice')]}. {troubles(cluster)}") from None
    for name, model in (("arrivals", "summer"), ("repairs", "winter")):
        models = {cluster.call(name, "/predict").json()["model"] for _ in range(2)}
        assert models == {model}, f"The service {name} is answered by the models {models}, expected {model}: whose pods does its selector fit?"
    cluster.apply(inference_service("arrivals", "summer", replicas=3))
    one_pass(cluster)
    assert cluster.get("deployment", "arrivals")["spec"]["replicas"] == 3, "spec.replicas was changed to 3; after a pass the Deployment does not have 3."

# %% nbgrader={"grade": true, "grade_id": "judge-operator", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: reconcile in a fresh cluster: changes by hand, deletions, a changed spec, passes with nothing to do, objects of others, the status, and what is left after a deletion.
### BEGIN HIDDEN TESTS
from judging import judged
from operator_judge import judge_operator

with judged(steer, "operator", {"only": {"cpu": "4"}}) as (there, access):
    judge_operator(there, lambda: operate(access, there.namespace))
### END HIDDEN TESTS

# %% [markdown]
# ## Part 7 · A training that waits, and one that runs twice
#
# A *Job* runs pods until one has succeeded, and tries again where one fails. A *CronJob* makes a Job at given times. `bo/training.yaml` is the weekly training. Nodes with GPUs are dear, so they have a **taint**, a mark that keeps all pods away but for those that *tolerate* it. A GPU is a resource, `nvidia.com/gpu`, that nodes have and containers ask for. And by **node affinity** a pod says which labels its node must
# have. Let a Job from Bo's template say what it waits for:

# %% nbgrader={"grade": false, "grade_id": "job-from", "locked": true, "schema_version": 3, "solution": false, "task": false}
def job_from(cronjob, name):
    """Return the Job that a CronJob would make now, as `kubectl create job --from=cronjob/train` does."""
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": deepcopy(cronjob["spec"]["jobTemplate"]["spec"])}

# %%
with namespace(cluster, "waits"):
    cluster.apply(job_from(yaml.safe_load(Path("bo/training.yaml").read_text()), "week-10"))
    print(cluster.wait(lambda: next((said for pod in cluster.list("pods") if "nodes" in (said := trouble(pod))), ""), 10, "the scheduler's word"))

# %% [markdown]
# The message counts the nodes and says for each why not. Several things may be wrong with one node; it names the first.
#
# When a pod fails in the middle, a new one comes. What did the old one do already? `train.py` keeps a checkpoint after each epoch and one model at the end, in the store, *under the name of the run*. So a retry can go on, and cannot publish twice: if it is the same run, by name. Bo gave each pod its own.

# %% [markdown]
# ### Exercise 8 — Once a week, once
# *Difficulty ●●○ · about 12 minutes*
#
# Write `training.yaml`: Bo's CronJob `train`, mended. For each Job that it makes:
#
# - its pod has one GPU, of the kind `t4` or `a100` (label `accelerator`), whichever there is; the old `k80` is too slow. GPU nodes have the taint `gpu=true:NoSchedule`;
# - if the program fails, it is tried again, up to four times, and goes on with the epoch where it was. That holds for a restarted container as for a new pod in its place;
# - one Job leaves one model in the store, and next week's Job another one;
# - a Job that takes longer than an hour is ended;
# - while last week's still runs, no second one begins.
#
# Where no fast GPU is free the pod waits: a slow one is no way out. The training still runs at the time that Bo gave it. `STORE` still comes from the configMap. `train.py` stays as it is.
#
# <details><summary>Hint 1</summary>Which name is the same for all pods of one Job, and another for the next Job? Look at the labels of a Job's pods: <code>cluster.list("pods")[0]["metadata"]["labels"]</code>.</details>
# <details><summary>Hint 2</summary>A <code>fieldRef</code> can point to one label: <code>metadata.labels['KEY']</code>. (Since 1.27 the Job's labels are also called <code>batch.kubernetes.io/…</code>; the short ones are on all servers.) <code>nodeSelector</code> can name one value only; a <code>nodeAffinity</code> can name several, and is a wish or a condition. Two of the rules about tries and time stand in the Job's spec, one in the pod's, one in the CronJob's: <code>kubectl explain job.spec</code>, or the names in
# <code>kubernetes.client.V1JobSpec.attribute_map</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "training", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write training.yaml.
### BEGIN SOLUTION
cronjob = yaml.safe_load(Path("bo/training.yaml").read_text())
cronjob["spec"]["concurrencyPolicy"] = "Forbid"
job = cronjob["spec"]["jobTemplate"]["spec"]
job |= {"backoffLimit": 4, "activeDeadlineSeconds": 3600}
spec = job["template"]["spec"]
del spec["nodeSelector"]
kinds = {"key": "accelerator", "operator": "In", "values": ["t4", "a100"]}
needed = {"nodeSelectorTerms": [{"matchExpressions": [kinds]}]}
spec |= {
    "restartPolicy": "OnFailure",
    "tolerations": [{"key": "gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": needed}},
}
spec["containers"][0]["env"][1]["valueFrom"]["fieldRef"]["fieldPath"] = "metadata.labels['job-name']"
spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = 1
Path("training.yaml").write_text(yaml.safe_dump(cronjob))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-training", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
assert Path("training.yaml").is_file(), "There is no file training.yaml: the cell above should write it."
with namespace(cluster, "training"), desk.store() as store:
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "store"}, "data": {"root": str(store)}})
    made = cluster.apply(Path("training.yaml"))[0]
    (store / "crash-after-epoch-3").touch()
    cluster.apply(job_from(made, "week-10"))
    try:
        cluster.wait(lambda: cluster.get("job", "week-10").get("status", {}).get("succeeded"), 25, "a Job that has succeeded")
    except TimeoutError:
        raise AssertionError(f"The Job had not succeeded after 25 s. {desk.job_trouble(cluster, 'week-10')}") from None
    nodes = {pod["spec"]["nodeName"] for pod in cluster.list("pods")}
    assert nodes == {"gpu-2"}, f"The Job ran on {nodes}, expected gpu-2, the node with the label accelerator=t4."
    models = [path.stem for path in (store / "models").iterdir()]
    assert len(models) == 1, f"The Job left {len(models)} models, {models}, expected one."
    epochs = [line.split()[2] for line in (store / "log.txt").read_text().splitlines() if " epoch " in line]
    assert len(epochs) == 6, f"The Job was stopped once and trained the epochs {epochs}, expected 1 to 6 once each: does the retry know the run's name?"

# %% nbgrader={"grade": true, "grade_id": "judge-training", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: training.yaml in a cluster whose fast GPUs are of the other kind, with a pod that is deleted in the middle, and a second Job; its limits on tries, time and company.
### BEGIN HIDDEN TESTS
from judging import GPU_NODES, judged
from training_judge import judge_training

with judged(steer, "training", GPU_NODES) as (there, access):
    judge_training(there, steer)
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# You found five faults behind one another by reading what the cluster says, and wrote rules that find them before. A version went out under requests, a node was emptied, and nobody noticed; two that never came up were taken back. A canary got its share, and a verdict that knows chance. The autoscaler's target is a number with a reason, and its object says so in the API's words. A controller of your own keeps what Ada wishes, and the training trains once.
#
# Behind all of it is one idea: you say how things should be, and something compares, again and again. A fault is then a wish that cannot come true, or that says less than you meant.
#
# > **In older tutorials** you find `extensions/v1beta1` or `apps/v1beta1` for deployments (gone since 1.16), `policy/v1beta1` for budgets and `batch/v1beta1` for CronJobs (gone since 1.25), `autoscaling/v2beta2` (gone since 1.26), `commonLabels` and `patchesStrategicMerge` in kustomize (now `labels` and `patches`), and *PodSecurityPolicy* (gone since 1.25; now Pod Security admission). `kubectl get endpoints` still works, but has been deprecated since 1.33: look at the EndpointSlices. Write today's versions: on a server that
# > is older, `cluster.apply` says them in its words.

# %% [markdown]
# The next cell ends the cluster. To go back to an exercise after that, run the setup cell again first, and the cell that applies `crd.yaml`.

# %%
cluster.stop()

# %% [markdown]
# ## Going further
#
# - With a cluster of your own (kind, k3s, a cloud's): `control_plane("yours")` uses the one that `KUBECONFIG` names. Its nodes need real images, so build the demand service's first.
# - Write a *NetworkPolicy* that lets only the app's own pods reach the demand service, and check it by a rule of your own in `violations`. On a cluster with a network plugin it has an effect.
# - Add a field `canary` to the InferenceService, and let your controller run both versions.
# - [The Kubernetes documentation on debugging pods](https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/), [on disruption budgets](https://kubernetes.io/docs/tasks/run-application/configure-pdb/) and [on the autoscaler's algorithm](https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/)
# - [Kustomize's reference of kustomization.yaml](https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/), and [KServe](https://kserve.github.io/website/), an InferenceService in earnest
# - Brendan Burns, Joe Beda, Kelsey Hightower, Lachlan Evenson: *Kubernetes: Up and Running*
