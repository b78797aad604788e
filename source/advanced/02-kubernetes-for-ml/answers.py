# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="crash" points=12 why="another style: the objects as dicts, written as one YAML text"
settings, deployment, service = yaml.safe_load_all(open("bo/demand.yaml"))
settings["data"] = {"model_file": settings["data"]["model-file"]}
container = deployment["spec"]["template"]["spec"]["containers"][0]
container["command"] = ["python", "-u", "server.py"]
container["resources"] = {"requests": {"cpu": "0.1", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}}
container["livenessProbe"] = {"httpGet": {"path": "/livez", "port": 8000}, "initialDelaySeconds": 1}
service["spec"]["selector"] = deployment["spec"]["selector"]["matchLabels"]
with open("demand.yaml", "w") as file:
    yaml.dump_all([service, deployment, settings], file)

# %% grade_id="crash" points=12 why="another style: written anew; all settings by envFrom, the pods' labels and not the selector, a startup probe"
Path("demand.yaml").write_text("""
apiVersion: v1
kind: Service
metadata: {name: demand, labels: {app: demand}}
spec:
  selector: {app: demand, tier: model}
  ports: [{port: 80, targetPort: 8000}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: demand-settings}
data: {MODEL_FILE: models/autumn.json}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: demand}
spec:
  replicas: 2
  selector: {matchLabels: {app: demand, tier: model}}
  template:
    metadata: {labels: {app: demand, tier: model}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
        - name: server
          image: metro/demand:1.0
          command: [python]
          args: [server.py]
          envFrom: [{configMapRef: {name: demand-settings}}]
          env: [{name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
          resources:
            requests: {cpu: "0.1", memory: "134217728"}
            limits: {memory: 268435456, cpu: 1}
          startupProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 1, failureThreshold: 30}
          readinessProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 1}
          livenessProbe: {httpGet: {path: /livez, port: 8000}, periodSeconds: 2}
""")

# %% grade_id="crash" points=0 message="couldn't find key model_file" why="mends the command, which is the first that he sees in the text, and nothing that the events say"
text = Path("bo/demand.yaml").read_text().replace("serve.py", "server.py").replace("demand-api", "demand")
Path("demand.yaml").write_text(text)

# %% grade_id="crash" points=0 message="has 0 ready pods, expected 2" why="mends the key and the command, and leaves the limit: the model does not fit"
text = Path("bo/demand.yaml").read_text().replace("key: model_file", "key: model-file").replace("serve.py", "server.py")
Path("demand.yaml").write_text(text.replace("/health", "/livez").replace("demand-api", "demand"))

# %% grade_id="crash" points=4 message="The livenessProbe asks for /health" why="the liveness probe is made patient instead of right: it fails later"
text = Path("bo/demand.yaml").read_text().replace("key: model_file", "key: model-file").replace("serve.py", "server.py").replace("demand-api", "demand")
Path("demand.yaml").write_text(text.replace("memory: 32Mi", "memory: 128Mi").replace("failureThreshold: 2", "failureThreshold: 60"))

# %% grade_id="crash" points=4 message="does MODEL_FILE come from the configMap?" why="writes the model's file into the deployment: the configMap is for show"
text = Path("bo/demand.yaml").read_text().replace("serve.py", "server.py").replace("demand-api", "demand").replace("/health", "/livez")
text = text.replace("valueFrom: {configMapKeyRef: {name: demand-settings, key: model_file}}", "value: models/autumn.json")
Path("demand.yaml").write_text(text.replace("memory: 32Mi", "memory: 128Mi"))

# %% grade_id="crash" points=4 message="expected 256Mi at most" why="a limit that never hurts, and a node that is full"
text = Path("bo/demand.yaml").read_text().replace("key: model_file", "key: model-file").replace("serve.py", "server.py")
text = text.replace("/health", "/livez").replace("demand-api", "demand")
Path("demand.yaml").write_text(text.replace("limits: {memory: 32Mi}", "limits: {memory: 2Gi}"))

# %% grade_id="crash" points=4 message="The livenessProbe says that something is wrong after 14400 s" why="a liveness probe that asks the right path, once an hour"
text = Path("bo/demand.yaml").read_text().replace("key: model_file", "key: model-file").replace("serve.py", "server.py")
text = text.replace("path: /health, port: http}\n            periodSeconds: 1\n            failureThreshold: 2", "path: /livez, port: http}\n            initialDelaySeconds: 3600\n            periodSeconds: 3600")
Path("demand.yaml").write_text(text.replace("memory: 32Mi", "memory: 128Mi").replace("demand-api", "demand"))

# %% grade_id="policy" points=12 why="another style: one small generator for each rule, a set at the end"
import string


def is_under(small, large):
    return bool(small) and all((large or {}).get(key) == value for key, value in small.items())


def all_containers(deployment):
    spec = deployment["spec"]["template"]["spec"]
    return list(spec["containers"]) + list(spec.get("initContainers", []))


def root_possible(deployment):
    outer = deployment["spec"]["template"]["spec"].get("securityContext", {})
    for container in all_containers(deployment):
        inner = container.get("securityContext", {})
        if not inner.get("runAsNonRoot", outer.get("runAsNonRoot", False)) or inner.get("runAsUser", outer.get("runAsUser", 1)) == 0:
            return True
    return False


def is_pinned(image):
    _, _, digest = image.partition("@sha256:")
    return len(digest) == 64 and set(digest) <= set(string.hexdigits)


def has_all(container):
    resources = container.get("resources", {})
    needs = [("requests", "cpu"), ("requests", "memory"), ("limits", "memory")]
    return all(what in resources.get(where, {}) for where, what in needs)


def probed(container):
    paths = [container.get(kind, {}).get("httpGet", {}).get("path") for kind in ("readinessProbe", "livenessProbe")]
    return paths == ["/readyz", "/livez"]


def blocked(deployment, objects):
    replicas = deployment["spec"].get("replicas", 1)
    if replicas < 2:
        return False
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    budgets = [each["spec"] for each in objects if each["kind"] == "PodDisruptionBudget"]
    covering = [spec for spec in budgets if is_under(spec["selector"]["matchLabels"], labels)]
    if len(covering) != 1:
        return True
    if "maxUnavailable" in covering[0]:
        return str(covering[0]["maxUnavailable"]) in ("0", "0%")
    least = str(covering[0]["minAvailable"])
    return (-(-int(least[:-1]) * replicas // 100) if least.endswith("%") else int(least)) >= replicas


def violations(objects):
    found = set()
    deployments = [item for item in objects if item["kind"] == "Deployment"]
    for item in objects:
        name = item["metadata"]["name"]
        try:
            kubernetes_validate.validate(item, "1.36", strict=True)
        except kubernetes_validate.ValidationError:
            found.add(("schema", name))
        if item["kind"] == "Service":
            if not any(is_under(item["spec"]["selector"], each["spec"]["template"]["metadata"]["labels"]) for each in deployments):
                found.add(("selector", name))
        if item["kind"] == "Deployment":
            checks = {
                "resources": all(map(has_all, all_containers(item))),
                "probes": all(map(probed, item["spec"]["template"]["spec"]["containers"])),
                "non-root": not root_possible(item),
                "digest": all(is_pinned(each["image"]) for each in all_containers(item)),
                "budget": not blocked(item, objects),
            }
            found |= {(rule, name) for rule, kept in checks.items() if not kept}
    return sorted(found)

# %% grade_id="policy" points=12 why="another style: a class with a method for each rule; what breaks the schema is left out of the rest"
import re
from math import ceil


class Rules:
    DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$", re.IGNORECASE)

    def __init__(self, objects):
        self.broken = [each for each in objects if self.schema(each)]
        self.fine = [each for each in objects if each not in self.broken]

    def of(self, kind):
        return [each for each in self.fine if each.get("kind") == kind]

    @staticmethod
    def schema(item):
        try:
            kubernetes_validate.validate(item, "1.36", strict=True)
        except Exception:
            return True
        return False

    @staticmethod
    def dig(thing, *path, default=None):
        for step in path:
            thing = thing.get(step) if isinstance(thing, dict) else None
        return default if thing is None else thing

    def fits(self, wanted, deployment):
        labels = self.dig(deployment, "spec", "template", "metadata", "labels", default={})
        return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())

    def main(self, deployment):
        return self.dig(deployment, "spec", "template", "spec", "containers", default=[])

    def every(self, deployment):
        return [*self.dig(deployment, "spec", "template", "spec", "initContainers", default=[]), *self.main(deployment)]

    def resources(self, deployment):
        needed = [("requests", "cpu"), ("requests", "memory"), ("limits", "memory")]
        return any(self.dig(each, "resources", *path) is None for each in self.every(deployment) for path in needed)

    def probes(self, deployment):
        wanted = {"readinessProbe": "/readyz", "livenessProbe": "/livez"}
        return any(self.dig(each, kind, "httpGet", "path") != path for each in self.main(deployment) for kind, path in wanted.items())

    def non_root(self, deployment):
        pod = self.dig(deployment, "spec", "template", "spec", "securityContext", default={})
        merged = [pod | self.dig(each, "securityContext", default={}) for each in self.every(deployment)]
        return any(not each.get("runAsNonRoot", False) or each.get("runAsUser", 1) == 0 for each in merged)

    def digest(self, deployment):
        return any(not self.DIGEST.search(str(each.get("image"))) for each in self.every(deployment))

    def budget(self, deployment):
        replicas = self.dig(deployment, "spec", "replicas", default=1)
        over = [each["spec"] for each in self.of("PodDisruptionBudget") if self.fits(self.dig(each, "spec", "selector", "matchLabels"), deployment)]
        return replicas > 1 and (len(over) != 1 or self.stuck(over[0], replicas))

    @staticmethod
    def stuck(spec, replicas):
        def number(value):
            return ceil(float(value.rstrip("%")) / 100 * replicas) if isinstance(value, str) else value

        if "maxUnavailable" in spec:
            return number(spec["maxUnavailable"]) < 1
        return number(spec.get("minAvailable", 0)) >= replicas

    def __iter__(self):
        yield from (("schema", each["metadata"]["name"]) for each in self.broken)
        for each in self.of("Deployment"):
            for rule in ("resources", "probes", "non-root", "digest", "budget"):
                if getattr(self, rule.replace("-", "_"))(each):
                    yield rule, each["metadata"]["name"]
        for each in self.of("Service"):
            if not any(self.fits(self.dig(each, "spec", "selector"), other) for other in self.of("Deployment")):
                yield "selector", each["metadata"]["name"]


def violations(objects):
    return list(Rules(objects))

# %% grade_id="policy" points=0 message="For no limit for memory violations says nothing" why="takes Cy's function as it is"
def violations(objects):
    return cys_violations(objects)

# %% grade_id="policy" points=0 message="a misspelt field, readynessProbe" why="the schemas without strict: what is misspelt is dropped in silence" name="wrong-4"
def violations(objects):
    import re

    found = set()
    deployments = [item for item in objects if item["kind"] == "Deployment"]
    for item in objects:
        try:
            kubernetes_validate.validate(item, "1.36")
        except Exception:
            found.add(("schema", item["metadata"]["name"]))
    for item in deployments:
        name, template = item["metadata"]["name"], item["spec"]["template"]
        first, spec = template["spec"]["containers"][0], template["spec"]
        resources = first.get("resources", {})
        if not ({"cpu", "memory"} <= set(resources.get("requests", {})) and "memory" in resources.get("limits", {})):
            found.add(("resources", name))
        if first.get("readinessProbe", {}).get("httpGet", {}).get("path") != "/readyz" or first.get("livenessProbe", {}).get("httpGet", {}).get("path") != "/livez":
            found.add(("probes", name))
        context = {**spec.get("securityContext", {}), **first.get("securityContext", {})}
        if not context.get("runAsNonRoot") or context.get("runAsUser") == 0:
            found.add(("non-root", name))
        if not re.search(r"@sha256:[0-9a-f]{64}$", first["image"]):
            found.add(("digest", name))
        budgets = [o["spec"] for o in objects if o["kind"] == "PodDisruptionBudget" and o["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()]
        replicas = item["spec"].get("replicas", 1)
        if replicas > 1 and not any(b.get("minAvailable", 0) < replicas and b.get("maxUnavailable", 1) not in (0, "0%") for b in budgets):
            found.add(("budget", name))
    for item in objects:
        if item["kind"] == "Service" and not any(item["spec"]["selector"].items() <= o["spec"]["template"]["metadata"]["labels"].items() for o in deployments):
            found.add(("selector", item["metadata"]["name"]))
    return list(found)

# %% grade_id="policy" points=4 message="violations is wrong on" why="looks at the first container only, as Cy did" changes="wrong-4"
-            kubernetes_validate.validate(item, "1.36")
+            kubernetes_validate.validate(item, "1.36", strict=True)

# %% grade_id="policy" points=4 message="violations is wrong on" why="asks whether probes, limits and a digest are there, not what they say; the pod's security context alone"
def violations(objects):
    found = set()
    deployments = [item for item in objects if item["kind"] == "Deployment"]
    for item in objects:
        try:
            kubernetes_validate.validate(item, "1.36", strict=True)
        except Exception:
            found.add(("schema", item["metadata"]["name"]))
    for item in deployments:
        name, template = item["metadata"]["name"], item["spec"]["template"]
        for container in template["spec"]["containers"] + template["spec"].get("initContainers", []):
            if not {"requests", "limits"} <= set(container.get("resources", {})):
                found.add(("resources", name))
            if "@sha256:" not in container["image"]:
                found.add(("digest", name))
        for container in template["spec"]["containers"]:
            if not {"readinessProbe", "livenessProbe"} <= set(container):
                found.add(("probes", name))
        if not template["spec"].get("securityContext", {}).get("runAsNonRoot"):
            found.add(("non-root", name))
        if not any(o["kind"] == "PodDisruptionBudget" and o["spec"]["selector"] == item["spec"]["selector"] for o in objects):
            found.add(("budget", name))
    for item in objects:
        if item["kind"] == "Service" and not any(item["spec"]["selector"] == o["spec"]["selector"]["matchLabels"] for o in deployments):
            found.add(("selector", item["metadata"]["name"]))
    return found

# %% grade_id="policy" points=4 message="for a limit for cpu and no request it says nothing" why="takes a limit for a request, as the API server does" name="wrong-7"
def violations(objects):
    import re

    found = set()
    deployments = [item for item in objects if item["kind"] == "Deployment"]
    for item in objects:
        try:
            kubernetes_validate.validate(item, "1.36", strict=True)
        except Exception:
            found.add(("schema", item["metadata"]["name"]))
    for item in deployments:
        name, template = item["metadata"]["name"], item["spec"]["template"]
        own, spec = template["spec"]["containers"], template["spec"]
        every = own + spec.get("initContainers", [])
        for container in every:
            resources = container.get("resources", {})
            requests, limits = resources.get("requests", {}), resources.get("limits", {})
            if not ({"cpu", "memory"} <= {*requests, *limits} and "memory" in limits):
                found.add(("resources", name))
            context = {**spec.get("securityContext", {}), **container.get("securityContext", {})}
            if not context.get("runAsNonRoot") or context.get("runAsUser") == 0:
                found.add(("non-root", name))
            if not re.search(r"@sha256:[0-9a-f]{64}$", container["image"]):
                found.add(("digest", name))
        for container in own:
            for kind, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
                if container.get(kind, {}).get("httpGet", {}).get("path") != path:
                    found.add(("probes", name))
        budgets = [o["spec"] for o in objects if o["kind"] == "PodDisruptionBudget" and o["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()]
        replicas = item["spec"].get("replicas", 1)
        good = [b for b in budgets if str(b.get("maxUnavailable", 1)) not in ("0", "0%") and -(-int(str(b.get("minAvailable", 0)).rstrip("%")) * (replicas if "%" in str(b.get("minAvailable")) else 100) // 100) < replicas]
        if replicas > 1 and not (len(budgets) == 1 and good):
            found.add(("budget", name))
    for item in objects:
        if item["kind"] == "Service" and not any(item["spec"]["selector"].items() <= o["spec"]["template"]["metadata"]["labels"].items() for o in deployments):
            found.add(("selector", item["metadata"]["name"]))
    return list(found)

# %% grade_id="policy" points=4 message="for an unknown field in a configMap it says nothing" why="looks at three kinds of objects only" changes="wrong-7"
     deployments = [item for item in objects if item["kind"] == "Deployment"]
-    for item in objects:
+    for item in [item for item in objects if item["kind"] in ("Deployment", "Service", "PodDisruptionBudget")]:
@@
-            if not ({"cpu", "memory"} <= {*requests, *limits} and "memory" in limits):
+            if not ({"cpu", "memory"} <= set(requests) and "memory" in limits):

# %% grade_id="policy" points=4 message="for two budgets that cover the same pods it says nothing" why="one good budget is enough for it, however many there are" changes="wrong-7"
-            if not ({"cpu", "memory"} <= {*requests, *limits} and "memory" in limits):
+            if not ({"cpu", "memory"} <= set(requests) and "memory" in limits):
@@
-        if replicas > 1 and not (len(budgets) == 1 and good):
+        if replicas > 1 and not good:

# %% grade_id="policy" points=4 message="for a budget of 99% of two, which is two it says nothing" why="takes 100% for the one percentage that lets no pod go" changes="wrong-7"
-            if not ({"cpu", "memory"} <= {*requests, *limits} and "memory" in limits):
+            if not ({"cpu", "memory"} <= set(requests) and "memory" in limits):
@@
-        good = [b for b in budgets if str(b.get("maxUnavailable", 1)) not in ("0", "0%") and -(-int(str(b.get("minAvailable", 0)).rstrip("%")) * (replicas if "%" in str(b.get("minAvailable")) else 100) // 100) < replicas]
+        good = [b for b in budgets if str(b.get("maxUnavailable", 1)) not in ("0", "0%") and (b["minAvailable"] != "100%" if isinstance(b.get("minAvailable"), str) else b.get("minAvailable", 0) < replicas)]

# %% grade_id="rollout" points=14 why="another style: text replaced, the budget by maxUnavailable, a hook in Python, a startup probe before readiness"
text = Path("bo/rollout.yaml").read_text()
text = text.replace("{maxSurge: 0, maxUnavailable: 1}", "{maxSurge: 1, maxUnavailable: 0}").replace("  minAvailable: 2", "  maxUnavailable: 1")
text = text.replace("  replicas: 2\n", "  replicas: 2\n  progressDeadlineSeconds: 9\n")
text = text.replace(
    "            limits: {memory: 256Mi}\n",
    "            limits: {memory: 256Mi}\n"
    "          readinessProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 1, failureThreshold: 2}\n"
    '          lifecycle: {preStop: {exec: {command: [python, -c, "import time; time.sleep(1)"]}}}\n',
)
Path("rollout.yaml").write_text(text)

# %% grade_id="rollout" points=14 why="another style: written anew, percentages, pods that count a second after they are ready, a long grace period"
Path("rollout.yaml").write_text("""
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: demand-budget}
spec:
  minAvailable: 50%
  selector: {matchLabels: {app: demand}}
---
apiVersion: v1
kind: Service
metadata: {name: demand}
spec:
  selector: {app: demand}
  ports: [{name: http, port: 80, targetPort: 8000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: demand}
spec:
  replicas: 2
  progressDeadlineSeconds: 8
  minReadySeconds: 1
  strategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 0%}}
  selector: {matchLabels: {app: demand}}
  template:
    metadata: {labels: {app: demand}}
    spec:
      terminationGracePeriodSeconds: 10
      containers:
        - name: web
          image: metro/demand:1.0
          ports: [{containerPort: 8000}]
          env:
            - {name: MODEL_FILE, value: models/autumn.json}
            - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
          resources: {requests: {cpu: 100m, memory: 96Mi}, limits: {memory: 256Mi}}
          startupProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 1, failureThreshold: 20}
          readinessProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 1, failureThreshold: 2}
          lifecycle: {preStop: {exec: {command: [sh, -c, sleep 2]}}}
""")

# %% grade_id="rollout" points=0 message="requests were lost" why="surge and budget are right, but a pod counts as ready before it listens" name="wrong-3"
deployment, service, budget = yaml.safe_load_all(Path("bo/rollout.yaml").read_text())
deployment["spec"] |= {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, "progressDeadlineSeconds": 10}
deployment["spec"]["template"]["spec"]["containers"][0]["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "1"]}}}
budget["spec"]["minAvailable"] = 1
Path("rollout.yaml").write_text(yaml.safe_dump_all([deployment, service, budget]))

# %% grade_id="rollout" points=0 message="requests were lost" why="readiness, but no hook: the old pod ends while it answers" changes="wrong-3"
-deployment["spec"]["template"]["spec"]["containers"][0]["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "1"]}}}
+deployment["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 1}

# %% grade_id="rollout" points=0 message="expected two at each" why="readiness and hook, but Bo's strategy takes an old pod away first" changes="solution"
-# Write rollout.yaml.
-deployment, service, budget = yaml.safe_load_all(Path("bo/rollout.yaml").read_text())
-deployment["spec"]["strategy"]["rollingUpdate"] = {"maxSurge": 1, "maxUnavailable": 0}
+deployment, service, budget = yaml.safe_load_all(Path("bo/rollout.yaml").read_text())

# %% grade_id="rollout" points=5 message="did not end within 20 s" why="the budget stays as it is: two of two must stay, for ever" name="wrong-6"
deployment, service, budget = yaml.safe_load_all(Path("bo/rollout.yaml").read_text())
deployment["spec"] |= {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, "progressDeadlineSeconds": 10}
deployment["spec"]["template"]["spec"]["containers"][0] |= {
    "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 1},
    "lifecycle": {"preStop": {"exec": {"command": ["sleep", "1"]}}},
}
Path("rollout.yaml").write_text(yaml.safe_dump_all([deployment, service, budget]))

# %% grade_id="rollout" points=5 message="In the drain" why="the budget lets both go, so that the drain never hangs" changes="wrong-6"
 }
+budget["spec"]["minAvailable"] = 0

# %% grade_id="rollout" points=5 message="progressDeadlineSeconds" why="says nothing about a rollout that gets nowhere: ten minutes" changes="wrong-6"
-deployment["spec"] |= {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, "progressDeadlineSeconds": 10}
+deployment["spec"] |= {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
@@
 }
+budget["spec"]["minAvailable"] = 1

# %% grade_id="rollout" points=5 message="expected one at least: the news takes a moment" why="a hook that is long enough for this machine, where the news needs no time" changes="wrong-3"
-deployment["spec"]["template"]["spec"]["containers"][0]["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "1"]}}}
+deployment["spec"]["template"]["spec"]["containers"][0] |= {
+    "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 1},
+    "lifecycle": {"preStop": {"exec": {"command": ["sleep", "0.3"]}}},
+}

# %% grade_id="rollout" points=5 message="and terminationGracePeriodSeconds is 2" why="a hook that does not fit into the grace period"
deployment, service, budget = yaml.safe_load_all(Path("bo/rollout.yaml").read_text())
deployment["spec"] |= {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, "progressDeadlineSeconds": 10}
deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 2
deployment["spec"]["template"]["spec"]["containers"][0] |= {
    "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 1},
    "lifecycle": {"preStop": {"exec": {"command": ["sleep", "10"]}}},
}
budget["spec"]["minAvailable"] = 1
Path("rollout.yaml").write_text(yaml.safe_dump_all([deployment, service, budget]))

# %% grade_id="rescue" points=10 why="another style: the official client's typed classes; the whole object is replaced in one write"
def rescue(cluster, name):
    apps, space = client.AppsV1Api(cluster.api), cluster.namespace
    it = apps.read_namespaced_deployment(name, space)
    progress = [each for each in it.status.conditions or [] if each.type == "Progressing"]
    if it.status.observed_generation != it.metadata.generation or not progress or progress[0].reason != "ProgressDeadlineExceeded":
        return None
    key = "deployment.kubernetes.io/revision"
    candidates = {}
    for each in apps.list_namespaced_replica_set(space).items:
        owners = [owner.uid for owner in each.metadata.owner_references or []]
        if it.metadata.uid in owners and (each.status.available_replicas or 0) > 0:
            candidates[int(each.metadata.annotations[key])] = each.spec.template
    candidates.pop(int(it.metadata.annotations[key]), None)
    if not candidates:
        return None
    revision = max(candidates)
    stuck = it.spec.template.spec.containers[0].image
    it.spec.template = candidates[revision]
    del it.spec.template.metadata.labels["pod-template-hash"]
    it.metadata.annotations["kubernetes.io/change-cause"] = f"{stuck} did not come up"
    apps.replace_namespaced_deployment(name, space, it)
    return revision

# %% grade_id="rescue" points=10 why="another style: plain dicts and one JSON patch, tests included; goes through the history backwards"
from copy import deepcopy


def is_stuck(item):
    conditions = item.get("status", {}).get("conditions", [])
    return any((each["type"], each["status"], each["reason"]) == ("Progressing", "False", "ProgressDeadlineExceeded") for each in conditions)


def rescue(cluster, name):
    item = cluster.get("deployment", name)
    if not is_stuck(item):
        return
    annotations = item["metadata"]["annotations"]
    for older in reversed(cluster.history("deployment", name)):
        revision = older["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
        if revision == annotations["deployment.kubernetes.io/revision"] or not older["status"].get("availableReplicas"):
            continue
        template = deepcopy(older["spec"]["template"])
        template["metadata"]["labels"].pop("pod-template-hash")
        image = item["spec"]["template"]["spec"]["containers"][0]["image"]
        said = {**annotations, "kubernetes.io/change-cause": f"rolled back: no pods of {image}"}
        changes = [
            {"op": "test", "path": "/metadata/generation", "value": item["metadata"]["generation"]},
            {"op": "replace", "path": "/spec/template", "value": template},
            {"op": "add", "path": "/metadata/annotations", "value": said},
        ]
        cluster.patch("deployment", name, changes)
        return int(revision)

# %% grade_id="rescue" points=0 message="is slow, but not stuck" why="takes every rollout that is not complete for a stuck one" name="wrong-3"
def rescue(cluster, name):
    deployment = cluster.get("deployment", name)
    conditions = deployment.get("status", {}).get("conditions", [])
    if deployment["status"].get("unavailableReplicas", 0) == 0:
        return None
    sets = cluster.history("deployment", name)
    current = deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
    good = [each for each in sets if each["status"].get("availableReplicas") and each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] != current]
    if not good:
        return None
    revision = int(good[-1]["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    cluster.undo("deployment", name, revision)
    cluster.patch("deployment", name, {"metadata": {"annotations": {"kubernetes.io/change-cause": f"{image} is stuck"}}})
    return revision

# %% grade_id="rescue" points=0 message="expected words that name metro/demand:2.0" why="goes back in silence" changes="wrong-3"
-    if deployment["status"].get("unavailableReplicas", 0) == 0:
+    if not any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions):
@@
-    cluster.patch("deployment", name, {"metadata": {"annotations": {"kubernetes.io/change-cause": f"{image} is stuck"}}})
+    pass

# %% grade_id="rescue" points=4 message="the revision before, which never came up either" why="undo, as Bo typed it: the revision before" changes="wrong-3"
-    if deployment["status"].get("unavailableReplicas", 0) == 0:
+    if not any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions):
@@
-    good = [each for each in sets if each["status"].get("availableReplicas") and each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] != current]
+    good = [each for each in sets if each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] != current]
@@
-    cluster.undo("deployment", name, revision)
+    cluster.undo("deployment", name)

# %% grade_id="rescue" points=4 message="whose revision has no pods" why="goes back to the oldest revision: that one surely worked" changes="wrong-3"
-    if deployment["status"].get("unavailableReplicas", 0) == 0:
+    if not any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions):
@@
-    good = [each for each in sets if each["status"].get("availableReplicas") and each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] != current]
+    good = [each for each in sets if each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] != current]
@@
-    revision = int(good[-1]["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
+    revision = int(good[0]["metadata"]["annotations"]["deployment.kubernetes.io/revision"])

# %% grade_id="rescue" points=4 message="is not as it was in the good revision" why="merges the good template into the broken one: what was added stays" changes="wrong-3"
-    if deployment["status"].get("unavailableReplicas", 0) == 0:
+    if not any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions):
@@
-    cluster.undo("deployment", name, revision)
+    template = deepcopy(good[-1]["spec"]["template"])
+    del template["metadata"]["labels"]["pod-template-hash"]
+    cluster.patch("deployment", name, {"spec": {"template": template}})

# %% grade_id="rescue" points=4 message="after rescue its replicas are 1" why="applies the manifest that was applied last, with the good template: the replicas of that manifest come with it" changes="wrong-3"
-    if deployment["status"].get("unavailableReplicas", 0) == 0:
+    if not any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions):
@@
-    cluster.undo("deployment", name, revision)
+    manifest = yaml.safe_load(deployment["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"])
+    cluster.undo("deployment", name, revision)
+    manifest["spec"]["template"] = cluster.get("deployment", name)["spec"]["template"]
+    cluster.apply(manifest)

# %% grade_id="rescue" points=4 message="there is nothing good to go back to" why="sure that there is always a good revision" changes="wrong-3"
-    if deployment["status"].get("unavailableReplicas", 0) == 0:
+    if not any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions):
@@
-    good = [each for each in sets if each["status"].get("availableReplicas") and each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] != current]
+    good = [each for each in sets if each["status"].get("availableReplicas") and each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] != current] or [sets[-1]]

# %% grade_id="canary" points=12 why="another style: patches instead of the short fields, the stable pods labelled, too, chance by a standard error"
import os
from math import sqrt

os.makedirs("overlays/stable", exist_ok=True)
os.makedirs("overlays/canary", exist_ok=True)
with open("overlays/stable/kustomization.yaml", "w") as file:
    yaml.safe_dump({"resources": ["../../base/service", "../../base"], "labels": [{"pairs": {"part-of": "demand"}}]}, file)
change = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "demand"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"release": "canary"}},
        "template": {
            "metadata": {"labels": {"release": "canary"}},
            "spec": {"containers": [{"name": "demand", "image": "metro/demand:1.1"}]},
        },
    },
}
with open("overlays/canary/kustomization.yaml", "w") as file:
    yaml.safe_dump({"resources": ["../../base/"], "nameSuffix": "-canary", "patches": [{"patch": yaml.safe_dump(change)}]}, file)


def verdict(stable, canary):
    n, m = canary["requests"], stable["requests"]
    if n == 0:
        return "wait"
    share = (canary["errors"] + stable["errors"] + 1) / (n + m + 2)
    difference = canary["errors"] / n - stable["errors"] / m
    if canary["errors"] >= 3 and difference > 2.33 * sqrt(share * (1 - share) * (1 / n + 1 / m)):
        return "abort"
    return "wait" if n < 500 else "promote"

# %% grade_id="canary" points=12 why="another style: the stable pods labelled, a patch with a target, chance by many draws' formula"
for name, told in {
    "stable": {"resources": ["../../base", "../../base/service"], "labels": [{"pairs": {"track": "stable"}, "includeTemplates": True}]},
    "canary": {
        "resources": ["../../base"],
        "patches": [{"target": {"kind": "Deployment"}, "path": "canary.yaml"}],
        "images": [{"name": "metro/demand", "newName": "metro/demand", "newTag": "1.1"}],
        "nameSuffix": "-canary",
    },
}.items():
    (Path("overlays") / name).mkdir(parents=True, exist_ok=True)
    (Path("overlays") / name / "kustomization.yaml").write_text(yaml.safe_dump(told))
Path("overlays/canary/canary.yaml").write_text("""
apiVersion: apps/v1
kind: Deployment
metadata: {name: demand}
spec:
  replicas: 1
  selector: {matchLabels: {version: canary}}
  template: {metadata: {labels: {version: canary}}}
""")


def verdict(stable, canary):
    from scipy.stats import hypergeom

    requests, errors = stable["requests"] + canary["requests"], stable["errors"] + canary["errors"]
    if canary["errors"] and hypergeom.sf(canary["errors"] - 1, requests, errors, canary["requests"]) < 0.01:
        return "abort"
    return "wait" if canary["requests"] < 500 else "promote"

# %% grade_id="canary" points=0 message="expected 4" why="Bo's copy, as a resource of an overlay: the service does not know its pods"
for name, lines in {"stable": "resources: [../../base, ../../base/service]\n", "canary": "resources: [demand.yaml]\n"}.items():
    Path("overlays", name).mkdir(parents=True, exist_ok=True)
    Path("overlays", name, "kustomization.yaml").write_text(lines)
Path("overlays/canary/demand.yaml").write_text(Path("bo/canary.yaml").read_text())


def verdict(stable, canary):
    return "wait" if canary["requests"] < 500 else "promote"

# %% grade_id="canary" points=4 message="expected 'wait'" why="no errors in two days, and no requests: promoted" name="wrong-4"
for name, lines in {
    "stable": "resources: [../../base, ../../base/service]\n",
    "canary": "resources: [../../base]\nnameSuffix: -canary\nreplicas: [{name: demand, count: 1}]\nimages: [{name: metro/demand, newTag: '1.1'}]\nlabels: [{pairs: {track: canary}, includeSelectors: true}]\n",
}.items():
    Path("overlays", name).mkdir(parents=True, exist_ok=True)
    Path("overlays", name, "kustomization.yaml").write_text(lines)


def verdict(stable, canary):
    if canary["errors"] > 0.02 * canary["requests"]:
        return "abort"
    return "promote"

# %% grade_id="canary" points=8 message="both have many errors" why="compares the canary with zero: a fixed limit of two percent" changes="wrong-4"
-    if canary["errors"] > 0.02 * canary["requests"]:
-        return "abort"
-    return "promote"
+    if canary["requests"] >= 100 and canary["errors"] > 0.02 * canary["requests"]:
+        return "abort"
+    return "promote" if canary["requests"] >= 500 else "wait"

# %% grade_id="canary" points=8 message="The base got another model" why="the base copied into the overlay and edited: right today, and on its own tomorrow"
Path("overlays/stable").mkdir(parents=True, exist_ok=True)
Path("overlays/canary").mkdir(parents=True, exist_ok=True)
Path("overlays/stable/kustomization.yaml").write_text("resources: [../../base, ../../base/service]\n")
copied = yaml.safe_load(Path("base/deployment.yaml").read_text())
copied["metadata"]["name"] = "demand-canary"
copied["spec"] |= {"replicas": 1, "selector": {"matchLabels": {"app": "demand", "track": "canary"}}}
copied["spec"]["template"]["metadata"]["labels"]["track"] = "canary"
copied["spec"]["template"]["spec"]["containers"][0]["image"] = "metro/demand:1.1"
Path("overlays/canary/deployment.yaml").write_text(yaml.safe_dump(copied))
Path("overlays/canary/kustomization.yaml").write_text("resources: [deployment.yaml]\n")


def verdict(stable, canary):
    from scipy.stats import fisher_exact

    sides = [[side["errors"], side["requests"] - side["errors"]] for side in (canary, stable)]
    if fisher_exact(sides, alternative="greater").pvalue < 0.01:
        return "abort"
    return "promote" if canary["requests"] >= 500 else "wait"

# %% grade_id="canary" points=8 message="fits the pods of demand, too" why="no label of its own: two deployments with one selector" name="wrong-7"
for name, lines in {
    "stable": "resources: [../../base, ../../base/service]\n",
    "canary": "resources: [../../base]\nnameSuffix: -canary\nreplicas: [{name: demand, count: 1}]\nimages: [{name: metro/demand, newTag: '1.1'}]\nlabels: [{pairs: {track: canary}}]\n",
}.items():
    Path("overlays", name).mkdir(parents=True, exist_ok=True)
    Path("overlays", name, "kustomization.yaml").write_text(lines)


def verdict(stable, canary):
    from scipy.stats import fisher_exact

    sides = [[side["errors"], side["requests"] - side["errors"]] for side in (canary, stable)]
    if fisher_exact(sides, alternative="greater").pvalue < 0.01:
        return "abort"
    return "promote" if canary["requests"] >= 500 else "wait"

# %% grade_id="canary" points=4 message="security; file" why="names a file of the base, which kustomize does not read" changes="wrong-7"
-    "canary": "resources: [../../base]\nnameSuffix: -canary\nreplicas: [{name: demand, count: 1}]\nimages: [{name: metro/demand, newTag: '1.1'}]\nlabels: [{pairs: {track: canary}}]\n",
+    "canary": "resources: [../../base/deployment.yaml]\nnameSuffix: -canary\nreplicas: [{name: demand, count: 1}]\nimages: [{name: metro/demand, newTag: '1.1'}]\nlabels: [{pairs: {track: canary}, includeSelectors: true}]\n",
@@
-    from scipy.stats import fisher_exact
+    from scipy.stats import binomtest, fisher_exact

# %% grade_id="canary" points=8 message="chance alone gives as much in several of 100 cases" why="an alarm in 1 of 20 cases, as from the textbook" changes="wrong-7"
-    "canary": "resources: [../../base]\nnameSuffix: -canary\nreplicas: [{name: demand, count: 1}]\nimages: [{name: metro/demand, newTag: '1.1'}]\nlabels: [{pairs: {track: canary}}]\n",
+    "canary": "resources: [../../base]\nnameSuffix: -canary\nreplicas: [{name: demand, count: 1}]\nimages: [{name: metro/demand, newTag: '1.1'}]\nlabels: [{pairs: {track: canary}, includeSelectors: true}]\n",
@@
-    from scipy.stats import fisher_exact
+    from scipy.stats import binomtest, fisher_exact
@@
-    if fisher_exact(sides, alternative="greater").pvalue < 0.01:
+    if fisher_exact(sides, alternative="greater").pvalue < 0.05:

# %% grade_id="canary" points=8 message="both have had few requests, and the canary one error" why="takes what was measured of the stable version for the truth: few requests of its own know no chance" changes="wrong-7"
-    "canary": "resources: [../../base]\nnameSuffix: -canary\nreplicas: [{name: demand, count: 1}]\nimages: [{name: metro/demand, newTag: '1.1'}]\nlabels: [{pairs: {track: canary}}]\n",
+    "canary": "resources: [../../base]\nnameSuffix: -canary\nreplicas: [{name: demand, count: 1}]\nimages: [{name: metro/demand, newTag: '1.1'}]\nlabels: [{pairs: {track: canary}, includeSelectors: true}]\n",
@@
-    from scipy.stats import fisher_exact
+    from scipy.stats import binomtest, fisher_exact
@@
-    if fisher_exact(sides, alternative="greater").pvalue < 0.01:
+    if canary["requests"] and binomtest(canary["errors"], canary["requests"], max(stable["errors"] / stable["requests"], 1e-4), alternative="greater").pvalue < 0.01:

# %% grade_id="scale" points=14 why="another style: exact fractions, one list filled in, sorted borders"
from fractions import Fraction
from math import ceil


def recommend(current, readings, target):
    known = [Fraction(each) for each in readings if each is not None]
    if not known:
        return current
    before = sum(known) / (len(known) * Fraction(target))
    guess = Fraction(target) if before < 1 else Fraction(0)
    full = [guess if each is None else Fraction(each) for each in readings]
    after = sum(full) / (len(full) * Fraction(target))
    if Fraction(9, 10) <= after <= Fraction(11, 10) or (before - 1) * (after - 1) < 0:
        return current
    pods = ceil(after * len(full))
    if len(known) < len(full):
        pods = min(pods, current) if after < 1 else max(pods, current)
    return pods


def settle(current, recommendation, recent, low, high):
    if recommendation < current:
        recommendation = min(current, max([*recent, recommendation]))
    return sorted([low, recommendation, high])[1]


TARGET = 55.0
request, busy = 100, 250  # millicores
Path("autoscaler.yaml").write_text(f"""
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: demand, labels: {{app: demand}}}}
spec:
  maxReplicas: 14
  minReplicas: 2
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: demand}}
  metrics:
    - type: Resource
      resource: {{name: cpu, target: {{type: Utilization, averageUtilization: {int(TARGET * busy / request)}}}}}
  behavior:
    scaleUp: {{stabilizationWindowSeconds: 0, policies: [{{type: Percent, value: 600, periodSeconds: 15}}, {{type: Pods, value: 4, periodSeconds: 15}}]}}
""")

# %% grade_id="scale" points=14 why="another style: numpy, signs instead of comparisons"
import numpy as np


def recommend(current, readings, target):
    values = np.array([np.nan if each is None else each for each in readings], float)
    if np.isnan(values).all():
        return current
    first = np.nanmean(values) / target
    second = np.where(np.isnan(values), target if first < 1 else 0, values).mean() / target
    if abs(second - 1) <= 0.1 or np.sign(second - 1) != np.sign(first - 1):
        return current
    pods = int(np.ceil(second * values.size))
    if np.isnan(values).any():
        return min(current, pods) if second < 1 else max(current, pods)
    return pods


def settle(current, recommendation, recent, low, high):
    pods = recommendation if recommendation >= current else min(current, max([recommendation] + list(recent)))
    return int(np.clip(pods, low, high))


TARGET = 52.5
from kubernetes.client import ApiClient

up = client.V2HPAScalingRules(stabilization_window_seconds=0, policies=[client.V2HPAScalingPolicy(type="Pods", value=100, period_seconds=60)])
down = client.V2HPAScalingRules(stabilization_window_seconds=300)
goal = client.V2MetricTarget(type="Utilization", average_utilization=131)
scaler = client.V2HorizontalPodAutoscaler(
    api_version="autoscaling/v2",
    kind="HorizontalPodAutoscaler",
    metadata=client.V1ObjectMeta(name="demand"),
    spec=client.V2HorizontalPodAutoscalerSpec(
        scale_target_ref=client.V2CrossVersionObjectReference(api_version="apps/v1", kind="Deployment", name="demand"),
        min_replicas=2,
        max_replicas=14,
        metrics=[client.V2MetricSpec(type="Resource", resource=client.V2ResourceMetricSource(name="cpu", target=goal))],
        behavior=client.V2HorizontalPodAutoscalerBehavior(scale_up=up, scale_down=down),
    ),
)
with open("autoscaler.yaml", "w") as file:
    yaml.safe_dump(ApiClient().sanitize_for_serialization(scaler), file)

# %% grade_id="scale" points=6 message="within the tolerance" why="no tolerance: pods come and go with every breath" name="wrong-3"
import math


def recommend(current, readings, target):
    present = [each for each in readings if each is not None]
    return math.ceil(current * sum(present) / len(present) / target) if present else current


def settle(current, recommendation, recent, low, high):
    return max(low, min(high, max([recommendation, *recent]) if recommendation < current else recommendation))


TARGET = 60
object_ = yaml.safe_load(Path("bo/autoscaler.yaml").read_text())
object_["spec"] |= {"minReplicas": 2, "maxReplicas": 14, "behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 12, "periodSeconds": 15}]}}}
object_["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = round(2.5 * TARGET)
Path("autoscaler.yaml").write_text(yaml.safe_dump(object_))

# %% grade_id="scale" points=6 message="less busy, and one reading is missing" why="a missing reading counts as nothing at all: fewer pods because one has just started" changes="wrong-3"
-    return math.ceil(current * sum(present) / len(present) / target) if present else current
+    if not present:
+        return current
+    ratio = sum(present) / len(present) / target
+    return current if 0.9 <= ratio <= 1.1 else math.ceil(ratio * len(present))
@@
-    return max(low, min(high, max([recommendation, *recent]) if recommendation < current else recommendation))
+    return max(low, min(high, min(max(current, recommendation), max([recommendation, *recent]))))

# %% grade_id="scale" points=6 message="but two minutes ago it was 6" why="goes down at once: the next wave finds no pods" changes="wrong-3"
-    return math.ceil(current * sum(present) / len(present) / target) if present else current
+    if not present:
+        return current
+    missing, pods = len(readings) - len(present), len(readings)
+    first = sum(present) / len(present) / target
+    ratio = (sum(present) + missing * (target if first < 1 else 0)) / pods / target
+    if 0.9 <= ratio <= 1.1 or (first < 1) != (ratio < 1):
+        return current
+    return math.ceil(ratio * pods)
@@
-    return max(low, min(high, max([recommendation, *recent]) if recommendation < current else recommendation))
+    return max(low, min(high, recommendation))

# %% grade_id="scale" points=11 message="gives" why="the window holds pods up, but lets a recommendation of the past bring new ones" changes="wrong-3"
-    return math.ceil(current * sum(present) / len(present) / target) if present else current
+    if not present:
+        return current
+    missing, pods = len(readings) - len(present), len(readings)
+    first = sum(present) / len(present) / target
+    ratio = (sum(present) + missing * (target if first < 1 else 0)) / pods / target
+    if 0.9 <= ratio <= 1.1 or (first < 1) != (ratio < 1):
+        return current
+    return math.ceil(ratio * pods)
@@
-    return max(low, min(high, max([recommendation, *recent]) if recommendation < current else recommendation))
+    return max(low, min(high, max([recommendation, *recent])))

# %% grade_id="scale" points=12 message="pod minutes on average" why="a target that holds at any price" changes="wrong-3"
-    return math.ceil(current * sum(present) / len(present) / target) if present else current
+    if not present:
+        return current
+    missing, pods = len(readings) - len(present), len(readings)
+    first = sum(present) / len(present) / target
+    ratio = (sum(present) + missing * (target if first < 1 else 0)) / pods / target
+    if 0.9 <= ratio <= 1.1 or (first < 1) != (ratio < 1):
+        return current
+    return math.ceil(ratio * pods)
@@
-    return max(low, min(high, max([recommendation, *recent]) if recommendation < current else recommendation))
+    return max(low, min(high, min(max(current, recommendation), max([recommendation, *recent]))))
@@
-TARGET = 60
+TARGET = 35

# %% grade_id="scale" points=10 message="is 58 a percentage of the request?" why="the target of the replay, as if the pod requested all that it can use" name="wrong-8"
import math


def recommend(current, readings, target):
    present = [each for each in readings if each is not None]
    if not present:
        return current
    missing, pods = len(readings) - len(present), len(readings)
    first = sum(present) / len(present) / target
    ratio = (sum(present) + missing * (target if first < 1 else 0)) / pods / target
    if 0.9 <= ratio <= 1.1 or (first < 1) != (ratio < 1):
        return current
    return math.ceil(ratio * pods)


def settle(current, recommendation, recent, low, high):
    return max(low, min(high, min(max(current, recommendation), max([recommendation, *recent]))))


TARGET = 58
object_ = yaml.safe_load(Path("bo/autoscaler.yaml").read_text())
object_["spec"] |= {"minReplicas": 2, "maxReplicas": 14, "behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 12, "periodSeconds": 15}]}}}
object_["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = TARGET
Path("autoscaler.yaml").write_text(yaml.safe_dump(object_))

# %% grade_id="scale" points=10 message="2 pods become 6 at most in one step" why="leaves scaleUp away: four more pods, then four more" changes="wrong-8"
-object_["spec"] |= {"minReplicas": 2, "maxReplicas": 14, "behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 12, "periodSeconds": 15}]}}}
-object_["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = TARGET
+object_["spec"] |= {"minReplicas": 2, "maxReplicas": 14, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}}
+object_["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = 145

# %% grade_id="scale" points=5 message="goes from 1 to 4 pods, expected from 2 to 14" why="mends the target, and leaves Bo's borders" changes="wrong-8"
-object_["spec"] |= {"minReplicas": 2, "maxReplicas": 14, "behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 12, "periodSeconds": 15}]}}}
-object_["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = TARGET
+object_["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = 145

# %% grade_id="operator" points=14 why="another style: the official client's typed classes, look first, then create or patch"
def reconcile(cluster, service):
    apps, core = client.AppsV1Api(cluster.api), client.CoreV1Api(cluster.api)
    own, wanted, space = service["metadata"], service["spec"], cluster.namespace
    name, match = own["name"], {"app": "isvc-" + own["name"]}
    reference = client.V1OwnerReference(
        api_version="metro.example/v1", kind="InferenceService", name=name, uid=own["uid"], controller=True
    )
    head = client.V1ObjectMeta(name=name, owner_references=[reference])

    def look(read):
        try:
            return read(name, space)
        except client.ApiException as problem:
            if problem.status == 404:
                return None
            raise

    def is_mine(item):
        return item is None or own["uid"] in [each.uid for each in item.metadata.owner_references or []]

    there, in_front = look(apps.read_namespaced_deployment), look(core.read_namespaced_service)
    if not (is_mine(there) and is_mine(in_front)):
        status = {"ready": False, "readyReplicas": 0, "message": "the name is taken"}
    else:
        address = client.V1EnvVarSource(field_ref=client.V1ObjectFieldSelector(field_path="status.podIP"))
        container = client.V1Container(
            name="demand",
            image="metro/demand:1.0",
            ports=[client.V1ContainerPort(container_port=8000, name="http")],
            env=[client.V1EnvVar(name="POD_IP", value_from=address), client.V1EnvVar(name="MODEL_FILE", value=wanted["modelFile"])],
            readiness_probe=client.V1Probe(http_get=client.V1HTTPGetAction(path="/readyz", port="http"), period_seconds=1),
        )
        template = client.V1PodTemplateSpec(
            metadata=client.V1ObjectMeta(labels=match), spec=client.V1PodSpec(containers=[container], termination_grace_period_seconds=2)
        )
        spec = client.V1DeploymentSpec(replicas=wanted["replicas"], selector=client.V1LabelSelector(match_labels=match), template=template)
        deployment = client.V1Deployment(api_version="apps/v1", kind="Deployment", metadata=head, spec=spec)
        ports = [client.V1ServicePort(port=80, target_port="http")]
        entry = client.V1Service(api_version="v1", kind="Service", metadata=head, spec=client.V1ServiceSpec(selector=match, ports=ports))
        there = apps.patch_namespaced_deployment(name, space, deployment) if there else apps.create_namespaced_deployment(space, deployment)
        if in_front is None:
            core.create_namespaced_service(space, entry)
        else:
            core.patch_namespaced_service(name, space, entry)
        ready = (there.status.ready_replicas if there.status else 0) or 0
        status = {"ready": ready == wanted["replicas"], "readyReplicas": ready, "message": f"{ready} of {wanted['replicas']}"}
    status["observedGeneration"] = own["generation"]
    if service.get("status") != status:
        client.CustomObjectsApi(cluster.api).patch_namespaced_custom_object_status(
            group="metro.example", version="v1", namespace=space, plural="inferenceservices", name=name, body={"status": status}
        )

# %% grade_id="operator" points=14 why="another style: what is there is replaced, field by field, so that additions go, too"
def reconcile(cluster, service):
    name, uid, spec = service["metadata"]["name"], service["metadata"]["uid"], service["spec"]
    labels = {"app": "demand", "metro.example/service": name}
    mine = [{"apiVersion": "metro.example/v1", "kind": "InferenceService", "name": name, "uid": uid, "controller": True}]
    wanted = {"deployment": yaml.safe_load(open("base/deployment.yaml")), "service": yaml.safe_load(open("base/service/service.yaml"))}
    wanted["deployment"]["spec"].update(replicas=spec["replicas"], selector={"matchLabels": labels})
    template = wanted["deployment"]["spec"]["template"]
    template["metadata"]["labels"] = labels
    settings = template["spec"]["containers"][0]["env"]
    settings[:] = [each if each["name"] != "MODEL_FILE" else {"name": "MODEL_FILE", "value": spec["modelFile"]} for each in settings]
    wanted["service"]["spec"]["selector"] = labels
    there = {kind: found[0] for kind in wanted if (found := cluster.list(kind, fields=f"metadata.name={name}"))}
    taken = [kind for kind, item in there.items() if not [each for each in item["metadata"].get("ownerReferences", []) if each["uid"] == uid]]
    ready = 0
    for kind, parts in {"deployment": ("replicas", "template"), "service": ("selector",)}.items():
        if taken:
            continue
        wanted[kind]["metadata"] = {"name": name, "ownerReferences": mine}
        if kind in there:
            changes = [{"op": "replace", "path": f"/spec/{part}", "value": wanted[kind]["spec"][part]} for part in parts]
            there[kind] = cluster.patch(kind, name, changes)
        else:
            there[kind] = cluster.apply(wanted[kind])[0]
    if not taken:
        ready = there["deployment"].get("status", {}).get("readyReplicas", 0)
    message = f"{', '.join(taken)} {name}: owned by somebody else" if taken else f"{ready} ready"
    status = {"message": message, "observedGeneration": service["metadata"]["generation"], "readyReplicas": ready}
    status["ready"] = not taken and ready == spec["replicas"]
    client.CustomObjectsApi(cluster.api).patch_namespaced_custom_object_status(
        "metro.example", "v1", cluster.namespace, "inferenceservices", name, {"status": status}
    )

# %% grade_id="operator" points=0 message="with controller: true" why="Bo's controller: no owner, one selector for all"
def reconcile(cluster, service):
    bos_reconcile(cluster, service)

# %% grade_id="operator" points=0 message="The deployment arrivals has the owners []" why="makes what is missing, names no owner, and finds nothing else to do"
def reconcile(cluster, service):
    name, spec = service["metadata"]["name"], service["spec"]
    if cluster.list("deployment", fields="metadata.name=" + name):
        return
    deployment, in_front = (yaml.safe_load(Path(file).read_text()) for file in ("base/deployment.yaml", "base/service/service.yaml"))
    deployment["metadata"] = in_front["metadata"] = {"name": name}
    deployment["spec"] |= {"replicas": spec["replicas"], "selector": {"matchLabels": {"isvc": name}}}
    deployment["spec"]["template"]["metadata"]["labels"] = {"isvc": name}
    deployment["spec"]["template"]["spec"]["containers"][0]["env"][1]["value"] = spec["modelFile"]
    in_front["spec"]["selector"] = {"isvc": name}
    cluster.apply([deployment, in_front])

# %% grade_id="operator" points=0 message="spec.replicas was changed to 3" why="edge-triggered: what is there is not looked at again" name="wrong-5"
def reconcile(cluster, service):
    meta, spec = service["metadata"], service["spec"]
    name, labels = meta["name"], {"inferenceservice": meta["name"]}
    owner = {"apiVersion": "metro.example/v1", "kind": "InferenceService", "name": name, "uid": meta["uid"], "controller": True}
    for kind in ("deployment", "service"):
        for item in cluster.list(kind, fields="metadata.name=" + name):
            if meta["uid"] not in [each["uid"] for each in item["metadata"].get("ownerReferences", [])]:
                status = {"ready": False, "message": kind + " of somebody else", "observedGeneration": meta["generation"], "readyReplicas": 0}
                client.CustomObjectsApi(cluster.api).patch_namespaced_custom_object_status(
                    "metro.example", "v1", cluster.namespace, "inferenceservices", name, {"status": status}
                )
                return
    deployment, in_front = (yaml.safe_load(Path(file).read_text()) for file in ("base/deployment.yaml", "base/service/service.yaml"))
    deployment["metadata"] = in_front["metadata"] = {"name": name, "ownerReferences": [owner]}
    deployment["spec"] |= {"replicas": spec["replicas"], "selector": {"matchLabels": labels}}
    deployment["spec"]["template"]["metadata"]["labels"] = labels
    deployment["spec"]["template"]["spec"]["containers"][0]["env"][1]["value"] = spec["modelFile"]
    in_front["spec"]["selector"] = labels
    if not cluster.list("deployment", fields="metadata.name=" + name):
        cluster.apply([deployment, in_front])
    found = cluster.get("deployment", name).get("status") or {}
    ready = found.get("readyReplicas", 0)
    status = {"ready": ready == spec["replicas"], "readyReplicas": ready, "observedGeneration": meta["generation"], "message": "looked after"}
    client.CustomObjectsApi(cluster.api).patch_namespaced_custom_object_status(
        "metro.example", "v1", cluster.namespace, "inferenceservices", name, {"status": status}
    )

# %% grade_id="operator" points=6 message="whose Deployment belongs to somebody else" why="takes over, or tries to, what somebody else has made"
def reconcile(cluster, service):
    meta, spec = service["metadata"], service["spec"]
    name, labels = meta["name"], {"inferenceservice": meta["name"]}
    owner = {"apiVersion": "metro.example/v1", "kind": "InferenceService", "name": name, "uid": meta["uid"], "controller": True}
    deployment, in_front = (yaml.safe_load(Path(file).read_text()) for file in ("base/deployment.yaml", "base/service/service.yaml"))
    deployment["metadata"] = in_front["metadata"] = {"name": name, "ownerReferences": [owner]}
    deployment["spec"] |= {"replicas": spec["replicas"], "selector": {"matchLabels": labels}}
    deployment["spec"]["template"]["metadata"]["labels"] = labels
    deployment["spec"]["template"]["spec"]["containers"][0]["env"][1]["value"] = spec["modelFile"]
    in_front["spec"]["selector"] = labels
    cluster.apply([deployment, in_front])
    found = cluster.get("deployment", name).get("status") or {}
    ready = found.get("readyReplicas", 0)
    status = {"ready": ready == spec["replicas"], "readyReplicas": ready, "observedGeneration": meta["generation"], "message": "looked after"}
    client.CustomObjectsApi(cluster.api).patch_namespaced_custom_object_status(
        "metro.example", "v1", cluster.namespace, "inferenceservices", name, {"status": status}
    )

# %% grade_id="operator" points=6 message="Two passes with nothing to do changed" why="writes the time into the status at each pass: it never comes to rest" changes="wrong-5"
-    if not cluster.list("deployment", fields="metadata.name=" + name):
-        cluster.apply([deployment, in_front])
+    cluster.apply([deployment, in_front])
@@
-    status = {"ready": ready == spec["replicas"], "readyReplicas": ready, "observedGeneration": meta["generation"], "message": "looked after"}
+    status = {"ready": ready == spec["replicas"], "readyReplicas": ready, "observedGeneration": meta["generation"], "message": f"seen at {time.time_ns()}"}

# %% grade_id="operator" points=6 message="expected readyReplicas 2 and observedGeneration" why="makes a generation up instead of the one that it saw" changes="wrong-5"
-    if not cluster.list("deployment", fields="metadata.name=" + name):
-        cluster.apply([deployment, in_front])
+    cluster.apply([deployment, in_front])
@@
-    status = {"ready": ready == spec["replicas"], "readyReplicas": ready, "observedGeneration": meta["generation"], "message": "looked after"}
+    status = {"ready": ready == spec["replicas"], "readyReplicas": ready, "observedGeneration": 7, "message": "looked after"}

# %% grade_id="operator" points=6 message="after a pass it is still away" why="applies the deployment each time, and the service only with a new deployment" changes="wrong-5"
-        cluster.apply([deployment, in_front])
+        cluster.apply(in_front)
+    cluster.apply(deployment)

# %% grade_id="operator" points=6 message="the InferenceService's own metadata.generation" why="the generation of the Deployment instead of the InferenceService's: the same until somebody changes one of them" name="wrong-10"
def reconcile(cluster, service):
    meta, spec = service["metadata"], service["spec"]
    name, labels = meta["name"], {"inferenceservice": meta["name"]}
    owner = {"apiVersion": "metro.example/v1", "kind": "InferenceService", "name": name, "uid": meta["uid"], "controller": True}
    status = {"ready": False, "readyReplicas": 0, "message": "the name is taken", "observedGeneration": meta["generation"]}
    there = [item for kind in ("deployment", "service") for item in cluster.list(kind, fields="metadata.name=" + name)]
    if all(meta["uid"] in [each['uid'] for each in item["metadata"].get("ownerReferences", [])] for item in there):
        deployment, in_front = (yaml.safe_load(Path(file).read_text()) for file in ("base/deployment.yaml", "base/service/service.yaml"))
        deployment["metadata"] = in_front["metadata"] = {"name": name, "ownerReferences": [owner]}
        deployment["spec"] |= {"replicas": spec["replicas"], "selector": {"matchLabels": labels}}
        deployment["spec"]["template"]["metadata"]["labels"] = labels
        deployment["spec"]["template"]["spec"]["containers"][0]["env"][1]["value"] = spec["modelFile"]
        in_front["spec"]["selector"] = labels
        made = cluster.apply([deployment, in_front])[0]
        ready = made.get("status", {}).get("readyReplicas", 0)
        status = {"ready": ready == spec["replicas"], "readyReplicas": ready, "message": "looked after"}
        status["observedGeneration"] = made["metadata"]["generation"]
    client.CustomObjectsApi(cluster.api).patch_namespaced_custom_object_status(
        "metro.example", "v1", cluster.namespace, "inferenceservices", name, {"status": status}
    )

# %% grade_id="operator" points=6 message="its owner has another uid" why="knows its own by the name of the owner: another kind of object may have the same" changes="wrong-10"
-    if all(meta["uid"] in [each['uid'] for each in item["metadata"].get("ownerReferences", [])] for item in there):
+    if all(name in [each['name'] for each in item["metadata"].get("ownerReferences", [])] for item in there):
@@
-        status["observedGeneration"] = made["metadata"]["generation"]
+        status["observedGeneration"] = meta["generation"]

# %% grade_id="training" points=12 why="another style: text, two terms of which one must fit, a pod for each try"
text = Path("bo/training.yaml").read_text()
affinity = """          affinity:
            nodeAffinity:
              requiredDuringSchedulingIgnoredDuringExecution:
                nodeSelectorTerms:
                  - matchExpressions: [{key: accelerator, operator: In, values: [t4]}]
                  - matchExpressions: [{key: accelerator, operator: In, values: [a100]}]
          tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
"""
for old, new in [
    ("concurrencyPolicy: Allow", "concurrencyPolicy: Forbid"),
    ("      backoffLimit: 0\n", "      backoffLimit: 4\n      activeDeadlineSeconds: 3600\n"),
    ("          nodeSelector: {accelerator: gpu}\n", affinity),
    ("fieldPath: metadata.name}", "fieldPath: \"metadata.labels['job-name']\"}"),
    ("nvidia.com/gpu: 2", "nvidia.com/gpu: 1"),
]:
    assert old in text
    text = text.replace(old, new)
Path("training.yaml").write_text(text)

# %% grade_id="training" points=12 why="another style: written anew, the Job's uid as the run's name, an affinity by what must not be"
Path("training.yaml").write_text("""
apiVersion: batch/v1
kind: CronJob
metadata: {name: train}
spec:
  schedule: "0 4 * * 1"
  concurrencyPolicy: Forbid
  successfulJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 4
      activeDeadlineSeconds: 3600
      template:
        spec:
          restartPolicy: Never
          tolerations: [{operator: Exists}]
          affinity:
            nodeAffinity:
              requiredDuringSchedulingIgnoredDuringExecution:
                nodeSelectorTerms:
                  - matchExpressions:
                      - {key: accelerator, operator: Exists}
                      - {key: accelerator, operator: NotIn, values: [k80]}
          containers:
            - name: trainer
              image: metro/train:1.0
              env:
                - {name: RUN_ID, valueFrom: {fieldRef: {fieldPath: "metadata.labels['controller-uid']"}}}
                - {name: STORE, valueFrom: {configMapKeyRef: {name: store, key: root}}}
              resources:
                requests: {cpu: 500m, memory: 64Mi, nvidia.com/gpu: 1}
                limits: {memory: 512Mi, nvidia.com/gpu: 1}
""")

# %% grade_id="training" points=0 message="restartPolicy" why="a Job whose containers are always started again: the API server refuses it"
cronjob = yaml.safe_load(Path("bo/training.yaml").read_text())
cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] = "Always"
Path("training.yaml").write_text(yaml.safe_dump(cronjob))

# %% grade_id="training" points=0 message="not scheduled" why="tolerates the taint, and still asks for a label that no node has"
cronjob = yaml.safe_load(Path("bo/training.yaml").read_text())
spec = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
spec["tolerations"] = [{"key": "gpu", "operator": "Exists"}]
spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = 1
Path("training.yaml").write_text(yaml.safe_dump(cronjob))

# %% grade_id="training" points=4 message="15 s after its start the Job has not trained" why="a node selector that names one kind of GPU: where the other one is, the Job waits" name="wrong-5"
cronjob = yaml.safe_load(Path("bo/training.yaml").read_text())
cronjob["spec"]["concurrencyPolicy"] = "Forbid"
job = cronjob["spec"]["jobTemplate"]["spec"]
job |= {"backoffLimit": 4, "activeDeadlineSeconds": 3600}
spec = job["template"]["spec"]
spec |= {"restartPolicy": "OnFailure", "tolerations": [{"key": "gpu", "value": "true", "effect": "NoSchedule"}]}
spec["nodeSelector"] = {"accelerator": "t4"}
store, run = spec["containers"][0]["env"]
spec["containers"][0]["env"] = [store, {"name": "RUN_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['job-name']"}}}]
spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = 1
Path("training.yaml").write_text(yaml.safe_dump(cronjob))

# %% grade_id="training" points=4 message="a new pod of the same Job should know" why="the run has the pod's name: a restarted container goes on, a new pod begins again" changes="wrong-5"
-spec["nodeSelector"] = {"accelerator": "t4"}
-store, run = spec["containers"][0]["env"]
-spec["containers"][0]["env"] = [store, {"name": "RUN_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['job-name']"}}}]
+del spec["nodeSelector"]
+fits = {"matchExpressions": [{"key": "accelerator", "operator": "In", "values": ["t4", "a100"]}]}
+spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [fits]}}}
+store, run = spec["containers"][0]["env"]
+spec["containers"][0]["env"] = [store, run]

# %% grade_id="training" points=4 message="expected two: another Job is another run" why="a fixed name: next week's training finds this week's model, and stops" changes="wrong-5"
-spec["nodeSelector"] = {"accelerator": "t4"}
-store, run = spec["containers"][0]["env"]
-spec["containers"][0]["env"] = [store, {"name": "RUN_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['job-name']"}}}]
+del spec["nodeSelector"]
+fits = {"matchExpressions": [{"key": "accelerator", "operator": "In", "values": ["t4", "a100"]}]}
+spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [fits]}}}
+store, run = spec["containers"][0]["env"]
+spec["containers"][0]["env"] = [store, {"name": "RUN_ID", "value": "weekly"}]

# %% grade_id="training" points=4 message="concurrencyPolicy is Replace" why="ends last week's training when this week's begins" changes="wrong-5"
-cronjob["spec"]["concurrencyPolicy"] = "Forbid"
+cronjob["spec"]["concurrencyPolicy"] = "Replace"
@@
-spec["nodeSelector"] = {"accelerator": "t4"}
+del spec["nodeSelector"]
+fits = {"matchExpressions": [{"key": "accelerator", "operator": "In", "values": ["t4", "a100"]}]}
+spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [fits]}}}

# %% grade_id="training" points=4 message="Is the affinity a condition?" why="prefers a fast GPU: on a busy day it trains on the old one" name="wrong-9"
cronjob = yaml.safe_load(Path("bo/training.yaml").read_text())
cronjob["spec"] |= {"concurrencyPolicy": "Forbid"}
job = cronjob["spec"]["jobTemplate"]["spec"]
job |= {"backoffLimit": 4, "activeDeadlineSeconds": 3600}
spec = job["template"]["spec"]
spec |= {"restartPolicy": "OnFailure", "tolerations": [{"key": "gpu", "value": "true", "effect": "NoSchedule"}]}
del spec["nodeSelector"]
fits = {"matchExpressions": [{"key": "accelerator", "operator": "In", "values": ["t4", "a100"]}]}
spec["affinity"] = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": fits}]}}
spec["containers"][0]["env"][1]["valueFrom"]["fieldRef"]["fieldPath"] = "metadata.labels['job-name']"
spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = 1
Path("training.yaml").write_text(yaml.safe_dump(cronjob))

# %% grade_id="training" points=4 message="it would never train" why="the CronJob stays suspended, as somebody leaves it after a trial" changes="wrong-9"
-cronjob["spec"] |= {"concurrencyPolicy": "Forbid"}
+cronjob["spec"] |= {"concurrencyPolicy": "Forbid", "suspend": True}
@@
-spec["affinity"] = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": fits}]}}
+spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [fits]}}}
