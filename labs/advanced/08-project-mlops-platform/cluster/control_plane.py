"""A Kubernetes control plane for a notebook: etcd, kube-apiserver, kube-controller-manager and kube-scheduler on this machine's loopback.

`control_plane()` takes the real one where its programs are there, and the simulator where not. The nodes are stand-ins in both: see
`node_agent`. Nothing is left when it has ended: no process, no file.
"""

import atexit
import base64
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from .cluster import Cluster
from .processes import Processes, free_ports

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
KINDS = ("auto", "real", "simulator", "yours")
READY_SECONDS = 90.0
_running: dict[str, Cluster] = {}  # by kind: a notebook whose cell is run again would else keep two
# What throw-away servers on a small machine need not have: less memory, sooner there.
SETTINGS = {"GOGC": "50", "GOMAXPROCS": "2"}
CONTROLLERS = (
    "cronjob,daemonset,deployment,disruption,endpoint,endpointslice,garbagecollector,horizontalpodautoscaling,job,namespace,"
    "nodelifecycle,podgc,replicaset,resourcequota,statefulset"
)


class NoControlPlane(Exception):
    """There is no control plane of the kind that was asked for; the text says why, and what to do."""


def control_plane(kind: str = "") -> Cluster:
    """Return a running cluster with no nodes yet. Stop it with `stop()`, or use it in a `with` block.

    `kind`: "real" (the programs), "simulator", "yours" (the cluster that KUBECONFIG names), or "auto": the real one where its
    programs are there, else the simulator. Empty: what the environment variable LAB_CLUSTER says, else "auto".
    One of that kind that was started before is stopped. Raises NoControlPlane where that kind cannot be had.
    """
    kind = kind or os.environ.get("LAB_CLUSTER", "") or "auto"
    if kind not in KINDS:
        raise NoControlPlane(f'there is no control plane of the kind "{kind}": choose one of {", ".join(KINDS)}')
    if kind == "yours":
        return Cluster("yours", _yours())
    if kind == "simulator" or (kind == "auto" and missing_programs()):
        return _simulated()
    if missing := missing_programs():
        raise NoControlPlane(f"{', '.join(missing)} not found, neither on the PATH nor in {Path(sys.prefix, 'bin')}: `make control-plane`")
    try:
        return _real()
    except NoControlPlane as problem:
        if kind == "real":
            raise
        warnings.warn(f"the real control plane did not start, so this is the simulator. {problem}", stacklevel=2)
        return _simulated()


def program(name: str) -> str | None:
    """Return the path of a program on the PATH or beside this Python; None where it is in neither."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.prefix, "bin"))]))


def missing_programs() -> list[str]:
    """Return which of the control plane's programs are not there."""
    return [name for name in PROGRAMS if not program(name)]


def _yours() -> Path:
    path = Path(os.environ.get("KUBECONFIG", "").split(os.pathsep)[0])
    if not path.is_file():
        raise NoControlPlane("the environment variable KUBECONFIG names no file: it says which cluster is yours")
    return path


def _simulated() -> Cluster:
    try:
        from . import simulator
    except ImportError as error:
        raise NoControlPlane(f"the simulator is not there ({error})") from None
    _stop_former("simulator")
    server, processes = simulator.start(), Processes()
    config = _kubeconfig(processes.folder, server.url)
    return _finish(Cluster("simulator", config, processes, server.stop))


def _real() -> Cluster:
    _stop_former("real")
    processes = Processes()
    servers = _Servers(processes)
    try:
        config = servers.start()
        return _finish(Cluster("real", config, processes, servers.stop))
    except BaseException:
        servers.stop()
        processes.close()
        raise


def _stop_former(kind: str) -> None:
    if former := _running.pop(kind, None):
        former.stop()


def _finish(cluster: Cluster) -> Cluster:
    """See to it that the cluster ends when another of its kind begins, or with this process at the latest."""
    owner = os.getpid()
    _running[cluster.kind] = cluster
    atexit.register(lambda: cluster.stop() if os.getpid() == owner else None)
    return cluster


class _Servers:
    """The four programs. `start` returns the kubeconfig when the API server is ready."""

    def __init__(self, processes: Processes) -> None:
        self._processes, self._folder = processes, processes.folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> Path:
        """Start all, in the order in which they need each other. Raises NoControlPlane, with the end of its log, where one ends."""
        version = _VersionOf("kube-controller-manager")
        etcd, peer, port = free_ports(3)
        end = time.monotonic() + READY_SECONDS
        self._etcd(etcd, peer)
        token = secrets.token_hex(16)
        self._api_server(port, etcd, token)
        certificate = self._folder / "certificates" / "apiserver.crt"
        self._wait(lambda: certificate.exists() and _answers(port, certificate, "/livez/ping", token), "kube-apiserver", end)
        config = _kubeconfig(self._folder, f"https://127.0.0.1:{port}", certificate, token)
        old = ["--port=0"] if version.minor() < 23 else []  # else its unencrypted port is the same for all on this machine
        self._run("kube-scheduler", "--kubeconfig", config, "--leader-elect=false", "--secure-port=0", *old)
        self._controllers(config, old, version.minor())
        self._wait(lambda: _answers(port, certificate, "/readyz", token), "kube-apiserver", end)
        self._wait(lambda: _answers(port, certificate, "/api/v1/namespaces/default", token), "kube-apiserver", end)
        return config

    def stop(self) -> None:
        """End the servers: the API server last but one, the store last."""
        for process in reversed(self._running.values()):
            process.kill()  # nothing of theirs is to be kept

    def _etcd(self, port: int, peer: int) -> None:
        address, other = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer}"
        addresses = ["--listen-client-urls", address, "--advertise-client-urls", address, "--listen-peer-urls", other]
        addresses += ["--initial-advertise-peer-urls", other, "--initial-cluster", f"default={other}"]
        self._run("etcd", "--data-dir", self._folder / "etcd", *addresses, "--unsafe-no-fsync", "--log-level", "error")
        self._wait(lambda: _listens(port), "etcd", time.monotonic() + READY_SECONDS)

    def _api_server(self, port: int, etcd: int, token: str) -> None:
        key, users = self._folder / "accounts.key", self._folder / "users.csv"
        key.write_text(_new_key())
        users.write_text(f"{token},admin,admin,system:masters\n")
        for file in (key, users):
            file.chmod(0o600)
        options = ["--etcd-servers", f"http://127.0.0.1:{etcd}", "--secure-port", port, "--bind-address=127.0.0.1"]
        options += ["--cert-dir", self._folder / "certificates", "--token-auth-file", users, "--authorization-mode=RBAC"]
        options += ["--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file", key]
        options += ["--service-account-signing-key-file", key, "--service-cluster-ip-range=10.96.0.0/16"]
        options += ["--disable-admission-plugins=ServiceAccount", "--profiling=false", "--endpoint-reconciler-type=none"]
        options += ["--advertise-address=10.255.255.1"]  # told to nobody, but without a network it would look for one in vain
        self._run("kube-apiserver", *options)

    def _controllers(self, config: Path, old: list[str], minor: int) -> None:
        names = CONTROLLERS + (",taint-eviction-controller" if minor >= 29 else "")  # a part of nodelifecycle before
        options = ["--kubeconfig", config, "--leader-elect=false", "--secure-port=0", "--controllers", names, *old]
        self._run("kube-controller-manager", *options)

    def _run(self, name: str, *options: object) -> None:
        environment = {**{name: os.environ[name] for name in os.environ if name.startswith("AUTOGRADER_")}, **SETTINGS}
        environment |= {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._folder), "TMPDIR": str(self._folder)}
        with (self._folder / f"{name}.log").open("wb") as log:
            command = [program(name) or name, *map(str, options)]
            self._running[name] = self._processes.start(command, environment, self._folder, log)

    def _wait(self, condition: Callable[[], bool], what: str, end: float) -> None:
        while not condition():
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise NoControlPlane(f"{name} ended with status {process.returncode}:\n{self._last_words(name)}")
            if time.monotonic() > end:
                raise NoControlPlane(f"{what} was not ready within {READY_SECONDS:.0f} s:\n{self._last_words(what)}")
            time.sleep(0.03)

    def _last_words(self, name: str) -> str:
        lines = (self._folder / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines[-40:] if not line.startswith(("      --", "\t")))[-1500:]


class _VersionOf:
    """A program's version, asked for while other things go on."""

    def __init__(self, name: str) -> None:
        self._text = ""
        self._thread = threading.Thread(target=self._ask, args=(name,), daemon=True)
        self._thread.start()

    def minor(self) -> int:
        """Return 20 for v1.20.2; a great number where it said nothing."""
        self._thread.join()
        found = re.search(r"v1\.(\d+)\.", self._text)
        return int(found[1]) if found else 99

    def _ask(self, name: str) -> None:
        self._text = subprocess.run([program(name) or name, "--version"], capture_output=True, text=True).stdout


def _kubeconfig(folder: Path, url: str, certificate: Path | None = None, token: str = "") -> Path:
    """Write a kubeconfig into `folder`, and return its path."""
    server: dict[str, Any] = {"server": url}
    if certificate:
        server["certificate-authority"] = str(certificate)  # as data, the client would lay a temporary file beside
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin", "namespace": "default"}}],
        "clusters": [{"name": "lab", "cluster": server}],
        "users": [{"name": "admin", "user": {"token": token} if token else {}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return path


def _new_key() -> str:
    """Return a new private key of the curve P-256, as text: RFC 5915 without the public half, which can be computed from it."""
    number = bytes([secrets.randbelow(255)]) + secrets.token_bytes(31)  # below the curve's order, which begins with 255
    key = bytes.fromhex("30310201010420") + number + bytes.fromhex("a00a06082a8648ce3d030107")
    return f"-----BEGIN EC PRIVATE KEY-----\n{base64.b64encode(key).decode()}\n-----END EC PRIVATE KEY-----\n"


def _listens(port: int) -> bool:
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _answers(port: int, certificate: Path, path: str, token: str) -> bool:
    """Return whether a request is answered with 200."""
    import http.client
    import ssl

    try:
        context = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        return False
