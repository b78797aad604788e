"""What the judge cells on clusters share: a control plane of the judge's own, whose nodes run in the learner's process."""

import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import desk
import yaml
from cluster import Refused, control_plane
from desk import GPU

NODES = {"first": {"cpu": "2"}, "second": {"cpu": "2"}}
GPU_NODES = {"plain": {"cpu": "4"}} | {
    name: {"cpu": "4", "gpus": 1, "labels": {"accelerator": kind}, "taints": [GPU]} for name, kind in (("old", "k80"), ("fast", "a100"))
}
_running = {}


def control():
    """Return the judge's control plane, started once. Where the judge runs in the learner's own kernel, the learner's goes on beside it."""
    if "cluster" not in _running:
        theirs = sys.modules["cluster.control_plane"]._running  # the package ends the former of a kind when it starts another
        kept = dict(theirs)
        theirs.clear()
        _running["cluster"] = control_plane()
        theirs.clear()
        theirs.update(kept)
        _running["cluster"].apply(Path("crd.yaml"))  # long before it is needed: the garbage collector finds new kinds within half a minute
    return _running["cluster"]


def _access(cluster):
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    server = config["clusters"][0]["cluster"]
    certificate = Path(server["certificate-authority"]).read_text() if "certificate-authority" in server else ""
    return {"kind": cluster.kind, "server": server["server"], "certificate": certificate, "token": config["users"][0]["user"].get("token", "")}


@contextmanager
def judged(steer, name, nodes):
    """Give the block a cluster in a new namespace, with nodes that run in the learner's process, and the way to it from there."""
    cluster = control()
    access = _access(cluster)
    steer("join", access, nodes)
    try:
        with desk.namespace(cluster, f"judge-{name}"):
            yield cluster, access
    finally:
        steer("leave", access)
        for node in nodes:
            with suppress(Refused):
                cluster.delete("node", node, seconds=0)


def documents(file):
    """Return the objects of a learner's file."""
    assert Path(file).is_file(), f"There is no file {file}: the answer's cell should write it."
    try:
        return [each for each in yaml.safe_load_all(Path(file).read_text()) if each]
    except yaml.YAMLError as error:
        raise AssertionError(f"{file} is no YAML: {error}") from None


def applied(cluster, objects, file):
    """Apply objects, and say so where the API server refuses them."""
    try:
        return cluster.apply(objects)
    except (Refused, ValueError) as refusal:
        raise AssertionError(f"The API server refuses {file}: {refusal}") from None


def soon(cluster, condition, seconds, otherwise):
    """Wait for a condition; if it does not come true, say what `otherwise()` says."""
    try:
        return cluster.wait(condition, seconds)
    except TimeoutError:
        raise AssertionError(otherwise()) from None


def one(objects, kind, name=None):
    """Return the object of a kind, and of a name."""
    found = [item for item in objects if item.get("kind") == kind and name in (None, item["metadata"]["name"])]
    assert len(found) == 1, f"The file has {len(found)} objects of the kind {kind}{f' called {name}' if name else ''}, expected one."
    return found[0]


def image_to(version):
    """Return the patch that gives a deployment another image."""
    return [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": f"metro/demand:{version}"}]
