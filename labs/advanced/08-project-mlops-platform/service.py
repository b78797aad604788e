"""The trip-time service, seen by the platform: on Kubernetes, and on paper for rehearsals that need no pods. Both have the same methods."""

import copy
import json
from pathlib import Path

import yaml
from image import eta

MANIFESTS = list(yaml.safe_load_all(Path(__file__).with_name("trip-time.yaml").read_text()))


class OnPaper:
    """A stand-in: what is wanted stands in a file, and a version serves as soon as it is wanted, if its model can be loaded."""

    def __init__(self, folder, registry, effect):
        self._file, self._registry, self._effect = Path(folder) / "service.json", registry, effect

    def _state(self):
        return json.loads(self._file.read_text()) if self._file.exists() else {"wanted": None, "before": None}

    def apply(self, version):
        """Ask for a version. It returns at once; the change comes about by itself, also when this process is gone."""
        self._effect("apply")
        old = self._state()
        self._file.write_text(json.dumps({"wanted": version, "before": (self.answering() or [None])[0] if old["wanted"] else None}))

    def wanted(self):
        """Return the version that was asked for last."""
        return self._state()["wanted"]

    def wait(self):
        """Wait until the version asked for serves alone. Raises RuntimeError where its pods do not become ready."""
        if not self._loads(self.wanted()):
            raise RuntimeError(f"the pods of version {self.wanted()} did not become ready")

    def answering(self):
        """Return the versions that answer requests now."""
        state = self._state()
        return [one for one in (state["wanted"] if self._loads(state["wanted"]) else state["before"],) if one]

    def predict(self, rows):
        """Return minutes for the rows, as the service answers."""
        model = eta.load(self._registry.file(self.answering()[0]))
        return [eta.minutes(model, row) for row in rows]

    def _loads(self, version):
        try:
            eta.load(self._registry.file(version))
        except Exception:
            return False
        return True


class OnKubernetes:
    """The Deployment `trip-time` on a cluster. `ask` sends a request to its Service."""

    def __init__(self, cluster, ask, registry, effect):
        self._cluster, self._ask, self._registry, self._effect = cluster, ask, registry, effect

    def apply(self, version):
        """Ask for a version."""
        self._effect("apply")
        objects = copy.deepcopy(MANIFESTS)
        settings = objects[0]["spec"]["template"]["spec"]["containers"][0]["env"]
        settings += [{"name": "MODEL_VERSION", "value": version}, {"name": "MODEL_FILE", "value": str(self._registry.file(version))}]
        self._cluster.apply(objects)

    def wanted(self):
        """Return the version that was asked for last."""
        settings = self._cluster.get("deployment", "trip-time")["spec"]["template"]["spec"]["containers"][0]["env"]
        return next(one["value"] for one in settings if one["name"] == "MODEL_VERSION")

    def wait(self):
        """Wait until the version asked for serves alone. Raises RuntimeError where its pods do not become ready."""
        try:
            self._cluster.rollout_status("deployment", "trip-time", 20)
        except (RuntimeError, TimeoutError) as error:
            raise RuntimeError(f"the pods of version {self.wanted()} did not become ready: {str(error).splitlines()[0]}") from None

    def answering(self):
        """Return the versions that answer requests now."""
        return sorted({self._ask([])["model_version"] for _ in range(2)})

    def predict(self, rows):
        """Return minutes for the rows, as the service answers."""
        return self._ask(rows)["minutes"]
