"""The environment: one truth for every way to install the course, and clear errors on machines that cannot hold it."""

import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = PYPROJECT["tool"]["mlops-labs"]


def requirements(name: str) -> list[Requirement]:
    """What a requirements file asks for, without its comments."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def pinned_here() -> dict[str, str]:
    """The lock's versions for this Python and system."""
    here = [line for line in requirements("requirements.lock") if line.marker is None or line.marker.evaluate()]
    return {canonicalize_name(line.name): str(line.specifier).removeprefix("==") for line in here}


def handwritten_files() -> list[Path]:
    """The repository's text files that nobody generates."""
    left_out = {"labs", "build", "node_modules", "__pycache__", ".git", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in left_out and not name.endswith(".egg-info")]
        found += [Path(folder, name) for name in names if Path(name).suffix not in {".png", ".db", ".pyc"}]
    return found


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """install.py as a module whose `.venv` is an empty folder of the test's own."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "install.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / ".installed")
    return module


# One truth


def test_the_lock_pins_every_library_exactly() -> None:
    loose = [str(line) for line in requirements("requirements.lock") if not re.fullmatch(r"==[\w.!+]+", str(line.specifier))]
    assert loose == []


def test_the_lock_names_no_address_no_path_and_the_target_that_makes_it() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert re.findall(r"(?m)^-|(?:^|\s)[~./]\S*/", text) == []
    assert "make lock" in text.splitlines()[1]


def test_the_lock_holds_neither_pytorch_nor_cuda() -> None:
    names = {line.name for line in requirements("requirements.lock")}
    assert sorted(name for name in names if re.match("torch$|triton$|nvidia-|cuda-", name)) == []


def test_the_lock_satisfies_every_line_of_requirements_in() -> None:
    pins = pinned_here()
    asked = requirements("requirements.in")
    assert [str(line) for line in asked if pins.get(canonicalize_name(line.name)) not in line.specifier] == []


def test_what_is_installed_is_what_the_lock_says() -> None:
    here = [sysconfig.get_path("purelib")]  # not sys.path: setuptools, once imported, adds its own copies of libraries to it
    installed = {canonicalize_name(found.metadata["Name"]): found.version for found in importlib.metadata.distributions(path=here)}
    assert {name: (version, installed.get(name)) for name, version in pinned_here().items() if installed.get(name) != version} == {}


def test_what_is_installed_fits_together() -> None:
    said = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, "No broken requirements found.\n")


def test_pytorch_is_the_cpu_build_of_the_version_in_pyproject() -> None:
    version = importlib.metadata.version("torch")
    assert PINS["torch"] == version.partition("+")[0]
    if sys.platform == "linux":
        assert "+cpu" in version or Path(sys.prefix, "conda-meta").is_dir()
        code = "import torch; print(torch.version.cuda)"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "None\n"


def test_libraries_are_byte_compiled() -> None:
    import nbformat

    assert Path(importlib.util.cache_from_source(nbformat.__file__)).exists()


def test_conda_and_binder_get_the_same_lock_and_pytorch() -> None:
    *conda, pip = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert pip == {"pip": ["-r requirements.lock", "-e ."]}
    assert f"pytorch-cpu={PINS['torch']}" in conda
    assert not (ROOT / "binder").exists(), "repo2docker would take binder/ and ignore environment.yml"


def test_ci_runs_the_commands_that_people_run() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "make test" in [step.get("run") for step in job["steps"]]
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_public_address_stands_in_one_file() -> None:
    """README.md and labs/ are left out: their badges and links are generated from it."""
    address = PYPROJECT["project"]["urls"]["Repository"].removeprefix("https://github.com/")
    holders = [file for file in handwritten_files() if file.name != "README.md" and address.encode() in file.read_bytes()]
    assert [str(file.relative_to(ROOT)) for file in holders] == ["pyproject.toml"]


def test_nothing_depends_on_what_lies_beside_the_repository() -> None:
    beside = b"../" + b"shared"
    assert [str(file) for file in handwritten_files() if beside in file.read_bytes()] == []


# JupyterLab as a learner meets it


def test_jupyterlab_hides_its_news_and_the_instructors_pages_but_keeps_validate() -> None:
    disabled = json.loads((ROOT / ".jupyter" / "labconfig" / "page_config.json").read_text())["disabledExtensions"]
    assert disabled["@jupyterlab/apputils-extension:announcements"] is True
    assert disabled["@jupyter/nbgrader:create-assignment"] is True
    assert "@jupyter/nbgrader:validate-assignment" not in disabled


def test_jupyterlab_opens_on_labs_with_the_switches_set() -> None:
    code = (
        "import os, sys; from traitlets.config.loader import PyFileConfigLoader\n"
        "from autograder.offline import SWITCHES\n"
        "config = PyFileConfigLoader(sys.argv[1]).load_config()\n"
        "assert SWITCHES.items() <= os.environ.items()\n"
        "print(config.ServerApp.root_dir)"
    )
    command = [sys.executable, "-c", code, str(ROOT / ".jupyter" / "jupyter_server_config.py")]
    bare = {name: value for name, value in os.environ.items() if name in {"HOME", "PATH"}}
    said = subprocess.run(command, capture_output=True, text=True, env=bare)
    assert (str(ROOT / "labs"), "") == (said.stdout.strip(), said.stderr)


# Machines that cannot hold the course


@pytest.mark.parametrize(("own", "what"), [((3, 8, 18), "too old"), ((3, 14, 0), "too new")])
def test_a_wrong_python_is_named_with_what_to_do(install: ModuleType, own: tuple[int, int, int], what: str) -> None:
    with pytest.raises(install.Problem, match=f"(?s)Python {'.'.join(map(str, own))} .*{what}.*3.11, 3.12 or 3.13.*Install one"):
        install.find_python(own, which=lambda name: None)


def test_a_right_python_on_the_path_stands_in_for_a_wrong_one(install: ModuleType) -> None:
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert sys.executable == install.find_python((3, 8, 18), which=lambda name: sys.executable if name == own else None)


def test_a_python_on_the_path_that_does_not_run_is_passed_over(install: ModuleType) -> None:
    with pytest.raises(install.Problem, match="too old"):
        install.find_python((3, 8, 18), which=lambda name: "/bin/false" if Path("/bin/false").exists() else "/usr/bin/false")


def test_a_python_without_venv_is_named_with_its_package(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "python_version", lambda python: "")
    with pytest.raises(install.Problem, match=r"ensurepip is missing(?s:.*)apt install python3.12-venv"):
        install.find_python((3, 12, 4))


def test_a_full_disk_is_named_with_what_is_needed(install: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(install.Problem, match=r"GB free; the libraries need 1000000.0 GB"):
        install.check_disk(tmp_path, needed_gb=1e6)
    install.check_disk(tmp_path, needed_gb=0)


def test_what_an_interrupted_install_left_counts_as_room(install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "library").write_bytes(b"x" * 2_000_000)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1_000_000}))
    install.check_disk(tmp_path, needed_gb=0.003)
    with pytest.raises(install.Problem):
        install.check_disk(tmp_path, needed_gb=0.0031)


def test_a_missing_git_is_named_with_what_to_do(install: ModuleType) -> None:
    with pytest.raises(install.Problem, match=r"git is missing(?s:.*)apt install git"):
        install.check_git("no-such-git")


def test_an_intel_mac_is_sent_to_conda(install: ModuleType) -> None:
    with pytest.raises(install.Problem, match=r"Intel Macs(?s:.*)environment\.yml"):
        install.check_machine("Darwin", "x86_64")
    install.check_machine("Darwin", "arm64")
    install.check_machine("Linux", "x86_64")


def test_a_failing_step_says_that_it_can_be_run_again(install: ModuleType) -> None:
    with pytest.raises(install.Problem, match=r"Fetching: failed with exit status 3(?s:.*)mend it so\.\nNothing is lost"):
        install.run("Fetching ...", [sys.executable, "-c", "raise SystemExit(3)"], "mend it so.\n")


# PyTorch and pip's settings


def test_pytorch_on_linux_comes_from_find_links_only_where_its_cpu_wheel_lies_there(install: ModuleType, tmp_path: Path) -> None:
    links = {"PIP_FIND_LINKS": f"https://example.org/wheels {tmp_path}"}
    elsewhere = ["torch==2.13.0+cpu", "--torch-backend", "cpu"]
    machine = install.platform.machine()
    assert elsewhere == install.torch_arguments("2.13.0", "cp312", {}, "Linux")
    for other in (f"torch-2.13.0+cpu-cp311-cp311-linux_{machine}.whl", f"torch-2.13.0-cp312-cp312-linux_{machine}.whl"):
        (tmp_path / other).touch()
        assert elsewhere == install.torch_arguments("2.13.0", "cp312", links, "Linux")
    (tmp_path / f"torch-2.13.0+cpu-cp312-cp312-manylinux_2_28_{machine}.whl").touch()
    assert ["torch==2.13.0+cpu", "--find-links", str(tmp_path)] == install.torch_arguments("2.13.0", "cp312", links, "Linux")


def test_pytorch_on_a_mac_is_the_plain_build(install: ModuleType) -> None:
    assert install.torch_arguments("2.13.0", "cp312", {}, "Darwin") == ["torch==2.13.0"]


def test_uv_gets_pips_index_and_certificate_but_its_own_settings_win(install: ModuleType) -> None:
    pips = {"PIP_INDEX_URL": "https://example.org/simple", "PIP_CERT": "/certs.pem", "UV_DEFAULT_INDEX": "https://example.org/uv"}
    assert {**pips, "SSL_CERT_FILE": "/certs.pem"} == install.uv_environment(pips)


# Run again


def test_an_up_to_date_environment_is_left_alone(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    (install.VENV / "bin").mkdir(parents=True)
    (install.VENV / "bin" / "python").touch()
    calls: list[str] = []
    monkeypatch.setattr(install, "install", lambda: calls.append("install"))
    install.STAMP.write_text(install.digest())
    install.main([])
    assert calls == []
    for stamp in (install.digest().replace(str(ROOT), "/elsewhere"), f"unfinished\n{ROOT}\n"):
        install.STAMP.write_text(stamp)
        install.main([])
    assert calls == ["install", "install"]


def test_an_interrupted_install_is_laid_anew(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stamp says so from the first file to the last; uv alone would take a half-laid package for whole."""
    install.VENV.mkdir()
    commands: list[list[object]] = []

    def stop(what: str, command: list[object], advice: str, env: dict[str, str]) -> None:
        commands.append(command)
        raise KeyboardInterrupt

    for name in ("check_disk", "check_git", "check_machine", "make_venv"):
        monkeypatch.setattr(install, name, lambda *words: None)
    monkeypatch.setattr(install, "python_version", lambda python: "3.12.4")
    monkeypatch.setattr(install, "run", stop)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            install.install()
    assert ["--reinstall" in command for command in commands] == [False, True]
    assert all({"--no-deps", "--compile-bytecode"} <= set(command) for command in commands)
    monkeypatch.setattr(install, "run", lambda *words, **options: None)
    install.install()
    assert install.digest() == install.STAMP.read_text()
