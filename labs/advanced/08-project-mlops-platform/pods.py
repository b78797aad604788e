"""The notebook's Kubernetes cluster in a process of its own, with the trip-time image: so that the platform's processes stay small."""

import json
import os
import signal
from pathlib import Path


class Pods:
    """A cluster with one node. It ends with `stop`, or when the process that made it is gone."""

    def __init__(self, image):
        asks, self._asked = os.pipe()
        self._answers, says = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._asked)
            os.close(self._answers)
            _be_cluster(image, asks, says)
        os.close(asks)
        os.close(says)
        self._lines = os.fdopen(self._answers, "r")
        told = json.loads(self._lines.readline() or '{"error": "the cluster did not start"}')
        if "error" in told:
            raise RuntimeError(told["error"])
        from cluster import Cluster

        self.cluster = Cluster(told["kind"], Path(told["kubeconfig"]))

    def ask(self, rows):
        """Return the service's answer for these rows. Raises ConnectionError where nobody answers."""
        os.write(self._asked, json.dumps(rows).encode() + b"\n")
        told = json.loads(self._lines.readline())
        if "error" in told:
            raise ConnectionError(told["error"])
        return told

    def stop(self):
        """End the cluster with all its pods."""
        os.close(self._asked)
        os.waitpid(self._pid, 0)


def _be_cluster(image, asks, says):
    """Be the cluster: start it, pass requests on, and end when nobody can ask any more."""
    try:
        signal.alarm(0)
        from cluster import control_plane

        cluster = control_plane()
        try:
            cluster.images["metro/trip-time:1.0"] = Path(image)
            cluster.add_node("node-1")
            os.write(says, json.dumps({"kind": cluster.kind, "kubeconfig": str(cluster.kubeconfig)}).encode() + b"\n")
            for line in os.fdopen(asks, "r"):
                try:
                    reply = cluster.call("trip-time", "/predict", json={"rows": json.loads(line)})
                    told = reply.json() if reply.status == 200 else {"error": f"the service answered {reply.status}: {reply.text[:200]}"}
                except Exception as error:
                    told = {"error": f"{type(error).__name__}: {error}"}
                os.write(says, json.dumps(told).encode() + b"\n")
        finally:
            cluster.stop()
    except Exception as error:
        os.write(says, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode() + b"\n")
    finally:
        os._exit(0)
