"""The solution of the lab `containers` as a real image: built by Podman on a base that debootstrap makes, started, asked, and stopped.

Needs root, podman, debootstrap and Debian's packages, and takes about two minutes. `make podman` installs what is missing and runs it.
"""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from autograder.notebook import code_cells, is_answer, marks
from autograder.release import make_solved
from autograder.source import read_lab

PROJECT = Path(__file__).resolve().parents[2]
LAB = PROJECT / "source" / "intermediate" / "05-containers"
BASE = "localhost/lab-containers-base:test"
IMAGE = "localhost/lab-containers-alarm:test"
TRIP = {"distance_km": 2.0, "km_since_service": 700.0, "climb_m": 30.0}
# Where cgroups are hybrid crun refuses, and without CAP_SYS_RESOURCE the usual limits cannot be set.
SETTINGS = '[containers]\ndefault_ulimits = ["nofile=1024:4096", "nproc=1000:1000"]\n[engine]\nruntime = "runc"\n'


def _why_not() -> str:
    if "PYTEST_XDIST_WORKER" in os.environ:
        return "builds for minutes, and once is enough: run it alone, by `make podman`"
    if os.geteuid() != 0:
        return "only root can build here: rootless Podman is not tried"
    missing = [program for program in ("podman", "debootstrap", "runc") if shutil.which(program) is None]
    return f"{', '.join(missing)} missing: `make podman` installs what is needed" if missing else ""


pytestmark = pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "can run")


@pytest.fixture(scope="module")
def podman(tmp_path_factory):
    """Run podman with a store of its own, which is removed at the end. Gives a function from arguments to what it prints."""
    place = tmp_path_factory.mktemp("podman")
    (place / "containers.conf").write_text(SETTINGS)
    (place / "storage.conf").write_text(f'[storage]\ndriver = "overlay"\nrunroot = "{place}/run"\ngraphroot = "{place}/store"\n')
    env = {**os.environ, "CONTAINERS_CONF": str(place / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(place / "storage.conf")}

    def run(*arguments: str, stdin=None, errors=False) -> str:
        done = subprocess.run(["podman", *arguments], env=env, capture_output=True, text=True, timeout=900, stdin=stdin)
        assert done.returncode == 0, f"podman {' '.join(arguments)[:120]}: {done.stderr[-1500:]}"
        return done.stdout.strip() + (done.stderr if errors else "")

    yield run
    run("rm", "--all", "--force", "--time", "0")
    run("rmi", "--all", "--force")
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def base(podman, tmp_path_factory):
    """Make a base image with Python from Debian's packages. Gives its name."""
    root = tmp_path_factory.mktemp("base")
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    lines = sources.read_text().split("\n") if sources.exists() else []
    mirror = next((line.split()[1] for line in lines if line.startswith("URIs:")), "")
    command = ["debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates", "bookworm", str(root)]
    command += [mirror] if mirror else []
    made = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert made.returncode == 0, f"debootstrap: {made.stdout[-600:]}"
    packed = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
    podman("import", "-", BASE, stdin=packed.stdout)
    assert packed.wait(60) == 0
    shutil.rmtree(root, ignore_errors=True)
    return BASE


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Write the folder that the lab's solution makes. Gives its path."""
    folder = tmp_path_factory.mktemp("service")
    shutil.copytree(LAB / "files" / "found", folder, dirs_exist_ok=True)
    answers = {marks(cell)["grade_id"]: cell.source for cell in code_cells(make_solved(read_lab(LAB / "lab.py"))) if is_answer(cell)}
    (folder / "service").symlink_to(folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        for exercise in ("ignore", "gently", "review"):
            exec(answers[exercise], {"Path": Path})
    finally:
        os.chdir(before)
    (folder / "service").unlink()
    (folder / "alarm" / ".env.local").write_text("MAPS_KEY=made-up\n")
    return folder


_KEPT = ("index-url", "extra-index-url", "find-links", "cert", "default-timeout", "trusted-host")


def _pip_settings(folder: Path) -> tuple[str, list[str]]:
    """Return a pip.conf that says what this machine's pip is told, and the volumes that it needs: certificates and local folders."""
    listed = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=60).stdout
    values = {}
    for line in listed.splitlines():
        name, _, text = line.partition("=")
        scope, _, key = name.partition(".")
        if scope == "global" or key not in values:
            values[key.strip(".")] = text.strip("'\"")
    kept = {key: values[key] for key in _KEPT if key in values}
    volumes = []
    for text in kept.values():
        for word in text.split():
            path = Path(word.removeprefix("file://"))
            if path.is_absolute() and path.exists():
                real = path if path.is_file() else Path(*path.parts[:3])
                volumes.append(f"--volume={real.resolve()}:{real}:ro")
    kept["timeout"] = kept.pop("default-timeout", "60")
    settings = folder / "pip.conf"
    settings.write_text("[global]\n" + "".join(f"{key} = {text}\n" for key, text in kept.items()))
    return str(settings), sorted(set(volumes))


@pytest.fixture(scope="module")
def image(podman, base, service, tmp_path_factory):
    """Build the solution's Dockerfile. Gives the image's name."""
    settings, volumes = _pip_settings(tmp_path_factory.mktemp("pip"))
    arguments = ["--format", "docker", "--build-arg", f"BASE={base}", "--build-arg", "COMMIT=3f1c", "--secret", f"id=pip,src={settings}"]
    podman("build", *arguments, "--network", "host", "--pull-never", *volumes, "--tag", IMAGE, str(service))
    return IMAGE


def _settings(podman, image):
    return json.loads(podman("inspect", "--type", "image", image))[0]


def test_the_image_runs_as_a_number_and_says_its_commit_and_health_check(podman, image):
    told = _settings(podman, image)
    assert told["Config"]["User"] == "10001"
    assert told["Config"]["Labels"]["org.opencontainers.image.revision"] == "3f1c"
    assert told["Config"]["Entrypoint"] == ["sh", "/app/entrypoint.sh"]
    assert told["HealthCheck" if "HealthCheck" in told else "Healthcheck"]["Test"][0] == "CMD"


def test_no_file_of_the_image_holds_secrets_tools_or_training(podman, image):
    look = "ls -A /app /app/alarm; ls /opt; cat /etc/pip.conf 2>/dev/null | wc -c"
    listed = podman("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", look)
    for name in (".env.local", "train.py", "model.npz", "tools"):
        assert name not in listed, listed
    assert listed.split()[-1] == "0"
    assert "pip.conf" not in podman("history", "--no-trunc", image).replace("target=/etc/pip.conf", "")


ASK = (
    "import json, sys, urllib.request as r; "
    "q = r.Request('http://127.0.0.1:8000/predict', sys.argv[1].encode(), {'Content-Type': 'application/json'}); "
    "print(r.urlopen(q, timeout=5).read().decode())"
)


def test_the_container_answers_is_no_root_is_healthy_and_stops_in_time(podman, image):
    """It is asked from inside, in a network of its own: so nothing of the machine's network is changed."""
    name = podman("run", "--detach", "--network", "none", "--read-only", "--cap-drop", "ALL", image)
    try:
        end = time.monotonic() + 60
        while "Uvicorn running on http://0.0.0.0:8000" not in podman("logs", name, errors=True):
            assert time.monotonic() < end, podman("logs", name, errors=True)
            time.sleep(0.5)
        said = json.loads(podman("exec", name, "python", "-c", ASK, json.dumps(TRIP)))
        assert 0 < said["score"] < 1 and set(said) == {"score", "fetch"}
        assert podman("exec", name, "id", "-u") == "10001"
        assert "uvicorn" in podman("exec", name, "python", "-c", "print(open('/proc/1/cmdline').read())")
        podman("healthcheck", "run", name)
        begin = time.monotonic()
        podman("stop", "--time", "10", name)
        assert time.monotonic() - begin < 8
        assert json.loads(podman("inspect", name))[0]["State"]["ExitCode"] in (0, 143)
    finally:
        podman("rm", "--force", "--time", "0", name)
