#!/usr/bin/env python3
"""Brings Kubernetes' control plane and etcd, as programs, into `.venv/bin` (make control-plane). Run again, it does nothing.

Taken in this order: what is on the PATH; what an earlier run kept in the cache folder; the official release, with its published
checksums; and, as root on Debian where that cannot be reached, a build from Debian's source package with Debian's Go (5 to 10 minutes).
Where none of these is possible it says so, and the labs use the simulator.

The cache folder is ~/.cache/mlops-labs; MLOPS_LABS_CACHE names another.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
KUBERNETES, ETCD = "1.34.2", "3.5.21"
RELEASE = f"https://dl.k8s.io/release/v{KUBERNETES}/bin/linux"
ETCD_RELEASE = f"https://github.com/etcd-io/etcd/releases/download/v{ETCD}"
BUILD_PACKAGES = ("golang-go", "rsync", "jq", "dpkg-dev", "make")
REFLECT_PACKAGE = "golang-github-modern-go-reflect2-dev"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
REACH_SECONDS = 20
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class NotPossible(Exception):
    """This way is closed here; its text says why."""


def cache_folder() -> Path:
    """Where the programs are kept from run to run."""
    return Path(os.environ.get("MLOPS_LABS_CACHE") or Path.home() / ".cache" / "mlops-labs")


def kept() -> Path | None:
    """The newest complete folder in the cache, if there is one."""

    def version(folder: Path) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", folder.name)]

    folders = [folder for folder in cache_folder().glob("control-plane-*") if all((folder / name).is_file() for name in PROGRAMS)]
    return max(folders, key=version, default=None)


def link(folder: Path, target: Path) -> None:
    """Put the folder's programs into `target`: as hard links, else as copies. Each appears there whole."""
    target.mkdir(parents=True, exist_ok=True)
    for name in PROGRAMS:
        fresh = target / f".{name}.new"
        fresh.unlink(missing_ok=True)
        try:
            os.link(folder / name, fresh)
        except OSError:
            shutil.copy2(folder / name, fresh)
        fresh.replace(target / name)


def bring(make: Callable[[Path], str]) -> Path:
    """Let `make` fill a temporary folder, which becomes `control-plane-VERSION` only when it is whole; `make` returns the version."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / ".lock").open("w") as lock, tempfile.TemporaryDirectory(prefix=".control-plane-", dir=cache_folder()) as name:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder := kept():  # another run was at it, and this one has waited for it
            return folder
        made = Path(name) / "made"
        made.mkdir()
        target = cache_folder() / f"control-plane-{make(made)}"
        for program in PROGRAMS:
            (made / program).chmod(0o755)
            subprocess.run([made / program, "--version"], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return target


# The official release


def download(address: str, file: Path, checksum: str) -> None:
    """Write what `address` gives to `file`. Raises NotPossible where its SHA-256 is not `checksum`, or it cannot be reached."""
    print(f"  {address}", flush=True)
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(address, timeout=REACH_SECONDS) as source, file.open("wb") as target:
            while block := source.read(1 << 20):
                digest.update(block)
                target.write(block)
    except OSError as error:
        raise NotPossible(f"{address}: {error}") from None
    if digest.hexdigest() != checksum:
        raise NotPossible(f"{address}: its SHA-256 is {digest.hexdigest()}, not the published {checksum}; nothing was kept")


def published(address: str) -> str:
    """The text of a published checksum file. Raises NotPossible where it cannot be reached."""
    try:
        with urllib.request.urlopen(address, timeout=REACH_SECONDS) as source:
            return str(source.read(1 << 20).decode())
    except OSError as error:
        raise NotPossible(f"{address}: {getattr(error, 'reason', error)}") from None


def official(folder: Path) -> str:
    """Fetch the official release into `folder`, and return its version."""
    machine = MACHINES.get(platform.machine(), "")
    if platform.system() != "Linux" or not machine:
        raise NotPossible(f"there is no official release of the servers for {platform.system()} on {platform.machine()}")
    print(f"Fetching the official release, Kubernetes {KUBERNETES} and etcd {ETCD} ...", flush=True)
    for name in PROGRAMS[1:]:
        address = f"{RELEASE}/{machine}/{name}"
        download(address, folder / name, published(f"{address}.sha256").split()[0])
    archive = f"etcd-v{ETCD}-linux-{machine}.tar.gz"
    sums = dict(line.split()[::-1] for line in published(f"{ETCD_RELEASE}/SHA256SUMS").splitlines() if line.strip())
    packed = folder / archive
    download(f"{ETCD_RELEASE}/{archive}", packed, sums.get(archive, "(none published)"))
    with tarfile.open(packed) as tar:
        member = tar.extractfile(f"etcd-v{ETCD}-linux-{machine}/etcd")
        assert member, "the archive holds a program"
        (folder / "etcd").write_bytes(member.read())
    packed.unlink()
    return KUBERNETES


# Debian's source package


def run(command: list[str], cwd: Path, **environment: str) -> str:
    """Run a command, and return what it printed. Raises NotPossible, with the last of it, where it fails."""
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise NotPossible(f"{' '.join(command)[:100]} failed:\n{done.stdout[-1500:]}")
    return done.stdout


def mirror() -> tuple[str, str]:
    """The address of Debian's packages that this machine uses, and its release's name. Raises NotPossible on another system."""
    told = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    if told.get("ID") != "debian" or not shutil.which("apt-get"):
        raise NotPossible("only on Debian can it be built from Debian's packages")
    if os.geteuid() != 0:
        raise NotPossible("only root can install what builds it: Debian's Go and its tools")
    release = told["VERSION_CODENAME"].strip('"')
    lists = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for file in filter(Path.is_file, lists):
        text = file.read_text()
        found = re.search(r"^URIs:\s*(\S+)", text, re.M) or re.search(r"^deb\s+(?:\[.*?\]\s+)?(\S+)\s+" + release + r"\s", text, re.M)
        if found and "debian" in found[1] and "security" not in found[1]:
            return found[1], release
    return "http://deb.debian.org/debian", release


def from_debian(folder: Path) -> str:
    """Build the programs into `folder` from Debian's source package, and return their version."""
    address, release = mirror()
    place = folder.parent
    print("Building from Debian's source package `kubernetes` (5 to 10 minutes on two cores) ...", flush=True)
    run(["apt-get", "update", "-q"], place)
    run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *BUILD_PACKAGES], place, DEBIAN_FRONTEND="noninteractive")
    # Lists of sources and of what is in them that are this run's own: the machine's stay as they are.
    (place / "lists" / "partial").mkdir(parents=True)
    (place / "sources.list").write_text(f"deb-src [signed-by={KEYRING}] {address} {release} main\n")
    own = {"Dir::Etc::sourcelist": place / "sources.list", "Dir::Etc::sourceparts": "-", "Dir::State::lists": place / "lists"}
    own |= {"Dir::Cache::srcpkgcache": "", "Dir::Cache::pkgcache": "", "APT::Sandbox::User": "root"}
    options = [word for name, value in own.items() for word in ("-o", f"{name}={value}")]
    run(["apt-get", *options, "update", "-q"], place)
    run(["apt-get", *options, "source", "-q", "kubernetes"], place)
    source = next(path for path in place.glob("kubernetes-*") if path.is_dir())
    package = next(place.glob("kubernetes_*.dsc")).name
    found = re.search(r"really(\d+\.\d+\.\d+)", package) or re.search(r"_(\d+\.\d+\.\d+)", package)
    assert found, package
    major, minor, _ = found[1].split(".")
    told = {"COMMIT": "debian", "TREE_STATE": "archive", "VERSION": f"v{found[1]}", "MAJOR": major, "MINOR": minor}
    (place / "version").write_text("".join(f"KUBE_GIT_{name}='{value}'\n" for name, value in told.items()))
    # Unpacked, not installed: etcd as a package would start a service.
    run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "-q", "etcd-server", REFLECT_PACKAGE], place)
    for unpacked in ("etcd-server", REFLECT_PACKAGE):
        run(["dpkg-deb", "-x", str(next(place.glob(f"{unpacked}_*.deb"))), str(place / unpacked)], place)
    # The copy in the source is older than Go 1.18, with which it crashes the server at the first custom resource.
    reflect = Path("src", "github.com", "modern-go", "reflect2")
    shutil.rmtree(source / "vendor" / Path(*reflect.parts[1:]))
    shutil.copytree(place / REFLECT_PACKAGE / "usr" / "share" / "gocode" / reflect, source / "vendor" / Path(*reflect.parts[1:]))
    settings = {"GO111MODULE": "off", "CGO_ENABLED": "0", "KUBE_GIT_VERSION_FILE": str(place / "version"), "GOFLAGS": ""}
    settings |= {"GOCACHE": str(place / "go-cache"), "GOPATH": str(place / "go"), "KUBE_VERBOSE": "0"}
    run(["nice", "make", "WHAT=" + " ".join(f"cmd/{name}" for name in PROGRAMS[1:])], source, **settings)
    for name in PROGRAMS[1:]:
        shutil.copy2(next((source / "_output").rglob(f"bin/{name}")), folder / name)
    shutil.copy2(place / "etcd-server" / "usr" / "bin" / "etcd", folder / "etcd")
    return found[1]


def main() -> int:
    """Take the first way that is open."""
    target = Path(sys.prefix) / "bin"
    path = os.pathsep.join([str(target), os.environ.get("PATH", "")])
    if all(shutil.which(name, path=path) for name in PROGRAMS):
        print(f"The control plane is there: {shutil.which(PROGRAMS[1], path=path)}")
        return 0
    folder, reasons = kept(), []
    for way in (official, from_debian):
        if folder is None:
            try:
                folder = bring(way)
            except NotPossible as reason:
                reasons.append(str(reason))
                print(f"Not this way: {reason}", flush=True)
    if folder is None:
        print("No control plane can be had here: the labs use the simulator. (Or put these on the PATH: " + ", ".join(PROGRAMS) + ".)")
        return 0
    link(folder, target)
    print(f"The control plane is in {target}; kept in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
