"""The desk's stores: a disk that outlives every process, what lies on it, and how a process can be killed between two writes."""

import json
import os


class Killed(BaseException):
    """The process was killed here. No `except Exception` sees it, as none sees a real kill."""


class Disk:
    """Keeps JSON by name. Each write is an *effect* with a name; the process can be killed right after the n-th of that name."""

    def __init__(self):
        self.kept, self.kill, self.dead = {}, None, False

    def read(self, name, default=None):
        """Return what was written under a name."""
        return json.loads(self.kept[name]) if name in self.kept else default

    def write(self, name, value, effect):
        """Write under a name, wholly or not at all."""
        text = json.dumps(value)
        if self.dead:
            raise Killed
        self.kept[name] = text
        if self.kill and self.kill[0] in (effect, "any"):
            self.kill = [self.kill[0], self.kill[1] - 1]
            if self.kill[1] <= 0:
                self.dead, self.kill = True, None
                raise Killed


class Prompts:
    """A prompt registry on paper, by MLflow's rules: numbered versions whose text never changes, and one alias, live, that moves."""

    def __init__(self, disk):
        self.disk = disk

    def register(self, text, why):
        """Return the number of a new version. It is a new one each time, also if nothing has changed."""
        versions = self.versions()
        self.disk.write("prompts", [*versions, {"version": len(versions) + 1, "text": text, "why": why}], "register")
        return len(versions) + 1

    def versions(self):
        """Return all versions, the oldest first: version, text, why."""
        return self.disk.read("prompts", [])

    def text(self, version):
        """Return a version's text."""
        return next(one["text"] for one in self.versions() if one["version"] == version)

    def live(self):
        """Return the number of the version that is live."""
        return self.disk.read("live")

    def set_live(self, version):
        """Let the alias live point to a version that is there."""
        self.text(version)
        self.disk.write("live", version, "alias")


class MlflowPrompts:
    """The same, in MLflow's prompt registry. What was read is kept until this process writes: it is the only one that does."""

    def __init__(self, disk, uri, name="desk-answer"):
        os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "ERROR"}
        import mlflow

        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        self.disk, self.name, self.mlflow, self.seen = disk, name, mlflow, {}

    def register(self, text, why):
        """Return the number of a new version."""
        version = int(self.mlflow.genai.register_prompt(name=self.name, template=text, commit_message=why).version)
        self.seen.clear()
        self.disk.write("registered", version, "register")
        return version

    def versions(self):
        """Return all versions, the oldest first: version, text, why."""
        if "versions" not in self.seen:
            found = self.mlflow.MlflowClient().search_prompt_versions(self.name)
            rows = [{"version": int(one.version), "text": one.template, "why": one.commit_message} for one in found]
            self.seen["versions"] = sorted(rows, key=lambda one: one["version"])
        return [dict(one) for one in self.seen["versions"]]

    def text(self, version):
        """Return a version's text."""
        return next(one["text"] for one in self.versions() if one["version"] == version)

    def live(self):
        """Return the number of the version that is live."""
        if "live" not in self.seen:
            self.seen["live"] = int(self.mlflow.genai.load_prompt(f"prompts:/{self.name}@live", cache_ttl_seconds=0).version)
        return self.seen["live"]

    def set_live(self, version):
        """Let the alias live point to a version."""
        self.mlflow.genai.set_prompt_alias(self.name, alias="live", version=version)
        self.seen.clear()
        self.disk.write("alias moved", version, "alias")


class Table:
    """Things by name: the index (an article and its vector by the article's id), and the cache."""

    def __init__(self, disk, name):
        self.disk, self.name = disk, name

    def all(self):
        """Return everything, by name."""
        return self.disk.read(self.name, {})

    def get(self, name):
        """Return one thing, or None."""
        return self.all().get(name)

    def put(self, name, thing):
        """Keep a thing under a name."""
        self.disk.write(self.name, {**self.all(), name: thing}, self.name)

    def drop(self, name):
        """Remove a thing, if it is there."""
        if name in (kept := self.all()):
            del kept[name]
            self.disk.write(self.name, kept, self.name)
