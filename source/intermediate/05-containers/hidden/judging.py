"""What the judge cells share: fresh folders, models, archives, and what the rules of the lab say of an answer."""

import fnmatch
import hashlib
import io
import json
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

import imagebuild
import numpy as np
import yaml
from archive import write_archive
from imagebuild import MB, BuildError, build, build_context, files_in, rebuilt
from linters import compose_problems, hadolint

from judgekit import drawn

NEEDED = {
    "fastapi",
    "uvicorn",
    "prometheus-client",
    "starlette",
    "pydantic",
    "pydantic-core",
    "typing-extensions",
    "anyio",
    "idna",
    "click",
    "h11",
}
GOOD_SCRIPT = (
    '#!/bin/sh\nset -e\npython -m alarm.check "${MODEL:-model.json}"\nexec uvicorn alarm.api:app --host 0.0.0.0 --port "${PORT:-8000}"\n'
)


def word(chance):
    """Return a made-up name."""
    return "".join(chance.choice("bdfgklmnprst") + chance.choice("aeiou") for _ in range(3))


def text_of(name):
    """Return the text of a file that the learner wrote."""
    path = Path(name)
    assert path.is_file(), f"There is no file {name}: your cell has to write it."
    return path.read_text()


def numbers(chance, damaged=False):
    """Return a model's numbers."""
    weights = [round(chance.uniform(0.1, 1.0), 4) for _ in range(3)]
    return {
        "columns": ["distance_km", "km_since_service", "climb_m"],
        "mean": [round(chance.uniform(2, 3), 3), round(chance.uniform(500, 900), 1), 0.0],
        "scale": [2.0, 300.0, 40.0],
        "weights": [float("nan"), *weights[1:]] if damaged else weights,
        "intercept": -2.5,
        "threshold": 0.1667,
    }


def arrays_of(model):
    """Return the same as numpy's file of arrays."""
    stream = io.BytesIO()
    np.savez(stream, **{name: np.array(value) for name, value in model.items()})
    return stream.getvalue()


def expected_score(model, trip):
    """Return what the service must answer for a trip, by its own arithmetic."""
    rows = zip(model["columns"], model["mean"], model["scale"], model["weights"], strict=True)
    return round(1 / (1 + np.exp(-model["intercept"] - sum(w * (trip[c] - m) / s for c, m, s, w in rows))), 4)


def fresh_files(salt):
    """Return a clean build context with a model and a module of its own."""
    chance = drawn(salt)
    files = files_in(Path(imagebuild.__file__).parent / "found")
    files = {path: content for path, content in files.items() if "__pycache__" not in path}
    files |= {"compose.yaml": b"services: {}\n", "Dockerfile": b"# this one\n"}
    model = numbers(chance)
    files["model/model.npz"] = arrays_of(model)
    files[f"alarm/{word(chance)}.py"] = b"# one more module\n"
    files[f"alarm/data/{word(chance)}.json"] = b'{"a table": 1}\n'
    files["entrypoint.sh"] = GOOD_SCRIPT.encode()
    return files, model


def attempt(text, files, **arguments):
    """Return the image. Raises AssertionError where the build stops."""
    try:
        return build(text, files, arguments)
    except BuildError as error:
        raise AssertionError(f"The build stops, on a fresh folder of the service: {error}") from None


# ── 1: .dockerignore ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def ignore_problem(text):
    """Return what is wrong with a .dockerignore, or None."""
    chance = drawn("ignore")
    a, b, c, d = (word(chance) for _ in range(4))
    secret = [
        ".env",
        f".env.{a}",
        f"alarm/.env.{b}",
        f"alarm/{a}/{b}/.env",
        f"model/{c}/.env.{d}",
        f"deploy/{a}/{b}/{c}.key",
        f"{d}/{a}.pem",
        f"alarm/{c}.key",
        ".git/config",
        f".git/objects/{a}",
    ]
    waste = [
        f"data/{a}/{b}.csv",
        f"data/{c}.parquet",
        f"notebooks/{a}/{b}.ipynb",
        f"notebooks/{c}.py",
        f"alarm/{a}/__pycache__/{b}.pyc",
        f"alarm/{a}/{b}/__pycache__/x.pyc",
    ]
    waste += [f".venv/lib/{a}/{b}.py", f"model/{c}/.ipynb_checkpoints/{d}.ipynb", "__pycache__/train.pyc", ".ipynb_checkpoints/x.ipynb"]
    stay = [
        "alarm/__init__.py",
        "alarm/api.py",
        f"alarm/{a}/{b}.py",
        f"alarm/{a}/{b}/{c}.py",
        "alarm/environment.py",
        "alarm/keys.py",
        f"alarm/data/{c}.json",
        f"alarm/{d}/data/{a}.csv",
    ]
    stay += [
        "model/model.npz",
        "model/datasheet.json",
        f"model/data/{b}.json",
        "requirements.txt",
        "requirements-build.txt",
        "entrypoint.sh",
        "alarm/notebooks.py",
        "alarm/monkey.py",
    ]
    sent = build_context({path: b"x" for path in [*secret, *waste, *stay]}, text)
    for path in secret:
        if path in sent:
            return f"In a fresh folder the secret {path} is sent to the builder. Patterns here start at the top folder: a plain name means that folder's file only."
    for path in stay:
        if path not in sent:
            return (
                f"In a fresh folder {path} is left out, and the image needs it: a pattern is too wide, or a folder is left out as a whole."
            )
    for path in waste:
        if path in sent:
            return f"In a fresh folder {path} is sent to the builder: data, notebooks, environments and caches are to stay behind, at any depth where the text says so."
    return None


# ── 2: order ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def costly(steps):
    """Return the steps that take long: they install something."""
    return [step for step in steps if step.text.startswith("RUN") and step.size > MB]


def first(steps):
    """Return the text of the first of some steps, cut."""
    return steps[0].text[:70]


def order_problem(text, salt="order"):
    """Return what is wrong with the order of a Dockerfile's steps, or None."""
    files, _ = fresh_files(salt)
    before = attempt(text, files, COMMIT="3f1c")

    def again(change, commit="3f1c"):
        after = attempt(text, {**files, **change}, COMMIT=commit)
        return after, rebuilt(before, after)

    after, steps = again({}, "77aa")
    runs = [step for step in steps if step.text.startswith("RUN")]
    if runs:
        return f"A new COMMIT, and nothing else, builds `{first(runs)}` again. An ARG counts for every RUN after it, used or not."
    if "77aa" not in after.config["labels"].values():
        return (
            "The image has no label with the commit that it was built from: COMMIT is given as a build argument, and belongs into a LABEL."
        )
    after, steps = again({"alarm/api.py": files["alarm/api.py"] + b"# new\n"})
    if costly(steps):
        return f"A change in alarm/api.py builds `{first(costly(steps))}` again. What changes often comes after what takes long."
    chance = drawn(salt + " new")
    new = numbers(chance)
    after, steps = again({"model/model.npz": arrays_of(new)})
    if costly(steps):
        return f"A new model builds `{first(costly(steps))}` again. Nothing that is installed depends on the model."
    problem = model_problem(after, new)
    if problem:
        return f"With a new model/model.npz, {problem}"
    for name in ("README.md", "train.py", "compose.yaml", "prometheus.yml"):
        _, steps = again({name: files.get(name, b"") + b"# new\n"})
        if steps:
            return f"A change in {name} builds `{first(steps)}` again, and the image does not need that file. Copy what is needed, by name."
    for name, package, version in [("requirements.txt", "fastapi", "0.164.1"), ("requirements-build.txt", "numpy", "2.4.5")]:
        changed = re.sub(rf"{package}==\S+", f"{package}=={version}", files[name].decode()).encode()
        _, steps = again({name: changed})
        if not costly(steps):
            return f"{name} asks for {package} {version}, and nothing is installed again: the image keeps the old one. What pip reads must be copied before, by name, and be read."
    for step in before.steps:
        if "apt-get update" in step.text and "install" not in step.text:
            return "apt-get update is a step of its own: it stays in the cache for months while the install after it changes, and then asks for versions that are gone. Do both in one RUN."
    missing = NEEDED - before.packages()
    if missing:
        return f"The container's first process cannot import {', '.join(sorted(missing))}: what the packages need themselves has to be there, too."
    return code_problem(before, files)


def code_problem(image, files):
    """Return which file of the folder alarm is not in an image, or None."""
    work = image.config["workdir"].rstrip("/")
    for path in files:
        if path.startswith("alarm/") and f"{work}/{path}" not in image.files:
            return f"On a fresh folder, {path} is not in the image, below WORKDIR: copy the whole folder alarm, whatever modules and tables it gets."
    return None


def model_problem(image, model):
    """Return what is wrong with the model in an image, or None."""
    work = image.config["workdir"].rstrip("/")
    place = image.config["env"].get("MODEL", f"{work}/model.json")
    file = image.files.get(place if place.startswith("/") else f"{work}/{place}")
    if file is None or file.content is None:
        return f"the image holds no {place}, which the service reads at its start."
    if json.loads(file.content) != model:
        return "the model.json in the image is not made of it."
    return None


# ── 3: small ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def small_problem(text, salt="small"):
    """Return what is wrong with an image that is to be small, or None."""
    files, model = fresh_files(salt)
    chance = drawn(salt + " junk")
    files |= {f"{word(chance)}.csv": b"x" * 500, f"{word(chance)}.md": b"x", "model/card.md": b"x"}
    image = attempt(text, files, COMMIT="3f1c")
    return inside_problem(image, files, model)


def inside_problem(image, files, model, budget=160):
    """Return what is wrong with what is in an image, or None."""
    missing = NEEDED - image.packages()
    if missing:
        return f"The container's first process cannot import {', '.join(sorted(missing))}. Are they where its Python looks, in a folder of its version ({image.python}), with what they need themselves?"
    for script in image.broken_scripts():
        return f"{script} – that Python is not in the image. An environment's scripts name their Python by its path: it must be copied to where it was made."
    problem = model_problem(image, model)
    if problem:
        return f"On a fresh folder, {problem}"
    problem = code_problem(image, files)
    if problem:
        return problem
    installed = {path.rsplit("/", 1)[1] for path in image.files if "/site-packages/" in path}
    installed |= {path.rsplit("/", 1)[1] for path in image.files if path.rsplit("/", 1)[1] in ("numpy", "pandas", "scipy", "mlflow")}
    extra = installed - NEEDED - {"pip", "setuptools", "wheel", "uv"}
    if extra:
        return f"The image holds {', '.join(sorted(extra))}, which the service does not import."
    tools = [path.rsplit("/", 1)[1] for path in image.files if path.startswith("/usr/lib/apt/")]
    if set(tools) & {"build-essential", "gcc", "g++", "git", "curl", "wget", "vim", "python3-dev"}:
        return f"The image holds {', '.join(sorted(tools))}: tools for building, and for whoever breaks in. Leave them in the stage that builds."
    content = {file.digest: path for path, file in image.files.items() if file.content}
    for path, data in files.items():
        if not path.startswith("alarm/") and path != "entrypoint.sh" and data and (there := content.get(hashlib.sha256(data).hexdigest())):
            return f"The image holds {there}, which the service never reads. Copy what it needs, by name."
    stored, seen = sum(step.size for step in image.layers), sum(file.size for file in image.files.values())
    if stored - seen > MB:
        return f"The layers hold {(stored - seen) / MB:.0f} MB that one does not see in the image: deleted, moved or given to another owner in a later step. That makes a second copy, never a smaller one."
    if image.size > budget * MB:
        return f"The image has {image.size / MB:.0f} MB, expected at most {budget}."
    return None


# ── 4: keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def pushed(kind):
    """Give the path of a fresh image archive, and the truth: a set of (key, where, step)."""
    chance = drawn(f"archive {kind}")

    def key():
        return "mbk_" + "".join(chance.choice("0123456789abcdef") for _ in range(32))

    a, b, c, d, e = (word(chance) for _ in range(5))
    k1, k2, k3, k4 = key(), key(), key(), key()
    steps = [("ADD rootfs.tar / # base", {"etc/os-release": b"Debian\n", "bin/sh": chance.randbytes(700)}), ("ENV LANG=C.UTF-8", None)]
    truth, env, zipped = set(), ["PATH=/usr/bin", "LANG=C.UTF-8"], set()

    def step(text, files):
        steps.append((text, files))
        return len(steps) - 1

    if kind == "deleted":
        step("WORKDIR /app", {})
        n = step(
            "COPY . .",
            {f"app/{a}/.env": f"KEY={k1}\n".encode(), f"app/{b}.txt": b"mbk_EXAMPLE and mbk_0123 are no keys\n", "app/x.py": b"x = 1\n"},
        )
        truth.add((k1, f"app/{a}/.env", n))
        step("CMD true", None)
        step("RUN rm -rf secrets", {f"app/.wh.{a}": b""})
    elif kind == "overwritten":
        n = step("COPY settings settings", {f"srv/{c}.ini": f"[maps]\nkey = {k2}\n".encode()})
        step("LABEL a=b", None)
        m = step(f"RUN sed -i s/old/new/ /srv/{c}.ini", {f"srv/{c}.ini": f"[maps]\nkey = {k3}\n".encode()})
        step("RUN clean", {f"srv/{c}.ini": b"[maps]\nkey = see the vault\n"})
        truth |= {(k2, f"srv/{c}.ini", n), (k3, f"srv/{c}.ini", m)}
    elif kind == "zipped":
        step("EXPOSE 8000", None)
        n = step("COPY a .", {f"opt/{d}/{e}.pyc": chance.randbytes(300) + k1.encode() + chance.randbytes(300)})
        zipped |= {n, n - 2}
        m = step("RUN make", {f"opt/{d}/log.txt": f"token={k4};again={k4}\nother={k2}".encode()})
        truth |= {(k1, f"opt/{d}/{e}.pyc", n), (k4, f"opt/{d}/log.txt", m), (k2, f"opt/{d}/log.txt", m)}
        p = step("RUN chown -R 10001 /opt", {f"opt/{d}/log.txt": f"token={k4};again={k4}\nother={k2}".encode()})
        truth |= {(k4, f"opt/{d}/log.txt", p), (k2, f"opt/{d}/log.txt", p)}
        step("RUN tidy", {f"opt/{d}/.wh..wh..opq": b""})
    else:
        n = step(f"RUN |1 TOKEN={k1} /bin/sh -c pip install .", {"usr/lib/x.py": b"y = 2\n"})
        truth.add((k1, "history", n))
        step("WORKDIR /srv", {})
        m = step(f"ENV MAPS_KEY={k2}", None)
        env.append(f"MAPS_KEY={k2}")
        truth |= {(k2, "history", m), (k2, "env", None)}
        n = step("COPY b .", {f"srv/{a}.json": json.dumps({"a": k3, "b": k2}).encode()})
        truth |= {(k3, f"srv/{a}.json", n), (k2, f"srv/{a}.json", n)}
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        path = Path(folder) / f"{b}.tar"
        write_archive(path, steps, env, zipped, tag=f"{c}:1")
        yield str(path), truth


def said_keys(result):
    """Return a learner's finds as a set of (key, where, step)."""
    assert isinstance(result, (set, list, tuple, frozenset)), (
        f"find_keys returned a {type(result).__name__}, expected a set or list of (key, where, step)."
    )
    rows = set()
    for row in result:
        assert isinstance(row, (list, tuple)) and len(row) == 3, f"An entry is {str(row)[:80]!r}, expected (key, where, step)."
        key, where, number = row
        rows.add((str(key), str(where).removeprefix("./").lstrip("/"), None if number is None else int(number)))
    return rows


def keys_problem(said, truth):
    """Return what is wrong with the finds, or None."""
    places = {row[:2] for row in said}
    for key, where, number in sorted(truth - said, key=lambda row: (row[:2] in places, str(row))):
        near = [row for row in said if row[0] == key]
        if any(row[1] == where and row in truth for row in near):
            return f"The key {key[:8]}… in {where} lies in several layers, since a later step stored the file again: you report it for some of these steps, and not for step {number}. Each is a find."
        if any(row[1] == where for row in near):
            return f"The key {key[:8]}… in {where} was found, but by your word step {next(row[2] for row in near if row[1] == where)} put it there, and it was {number}. Steps without a layer are in the history, too."
        where = {"history": "the text of a step", "env": "the environment"}.get(where, f"the file {where}")
        return f"On a fresh archive the key {key[:8]}… in {where} was not found{', only in ' + str(near[0][1]) if near else ''}."
    for key, where, number in sorted(said - truth, key=str):
        return f"On a fresh archive you report {key[:12]}… in {where}, step {number}: there is no such key there (a key has 32 hexadecimal digits)."
    return None


# ── 6: the Dockerfile ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _seconds(health, name):
    """Return how long an option of a health check is, in seconds."""
    said = re.search(rf"--{name}=(\S+)", health)
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001, "us": 1e-6, "ns": 1e-9}
    parts = re.findall(r"([\d.]+)(h|ms|us|ns|m|s)", said[1]) if said else [("30", "s")]
    return sum(float(number) * units[unit] for number, unit in parts)


def review_problem(text):
    """Return what is wrong with the final Dockerfile, or None."""
    files, model = fresh_files("review")
    image = attempt(text, files, COMMIT="3f1c")
    froms = re.findall(r"(?im)^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", text)
    stages = {name.lower() for _, name in froms if name}
    for source, _ in froms:
        if source.lower() not in stages and not re.fullmatch(r"\$\{?BASE(:?-[^}]*)?\}?", source):
            return f"FROM {source}: each stage that does not stand on another is to stand on ${{BASE}}, so that all have one Python, and one line says which."
    if "@sha256:" not in image.base or not re.search(r":\d+\.\d+[^@]*@", image.base):
        return f"By default the base is {image.base}, expected a tag with a version and a digest: a tag can be moved to other contents, a digest cannot."
    try:
        other = build(text, files, {"COMMIT": "3f1c", "BASE": "python:3.11-slim-bookworm"})
    except BuildError as error:
        return f"With --build-arg BASE=python:3.11-slim-bookworm the build stops: {error}"
    if other.base != "python:3.11-slim-bookworm":
        return "The build argument BASE does not change the base: an ARG before the first FROM gives it its value."
    user = image.config["user"].split(":")[0]
    if user in ("", "root", "0"):
        return "The container runs as root. USER in the last stage decides."
    if not user.isdigit() or int(user) < 1000:
        return f"USER is {user}, expected a number from 1000 on: whoever starts the container can then see that it is not root, without looking into its /etc/passwd."
    owned = [
        path
        for path, file in image.files.items()
        if path.startswith(image.config["workdir"].rstrip("/") + "/") and file.owner.split(":")[0] not in ("root", "0")
    ]
    if owned:
        return f"{owned[0]} belongs to {image.files[owned[0]].owner}: whoever breaks into the service could change it. What only has to be read stays root's."
    named = re.findall(r"(?im)^\s*(?:ARG|ENV)\s+(\w+)", text)
    for name in [*named, *image.config["env"]]:
        if re.search(r"(^|_)(TOKEN|SECRET|PASSWORD|KEY)$", name.upper()):
            return f"{name} is an ARG or ENV: its value stays in the image's history or configuration."
    if re.search(r"netrc|index-url\s*=?\s*\S*@|id_rsa", text):
        return "A secret is written to a file or an address inside the image: a secret mount is there for that."
    for step in image.steps:
        if step.text.startswith("RUN") and re.search(r"pip.*install", step.text) and not re.search(r"--mount=[^ ]*type=secret", step.text):
            return f"`{step.text[:60]}` reaches the package index without the settings in the secret mount."
    if image.secrets != {"pip"} or not re.search(r"(target|dst|destination)=/etc/pip\.conf", text):
        return f"The secret mounts are {', '.join(sorted(image.secrets)) or 'none'}, expected the one with the id pip, at /etc/pip.conf."
    if image.config["labels"].get("org.opencontainers.image.revision") != "3f1c":
        return "The label org.opencontainers.image.revision does not tell the commit."
    health = image.config["healthcheck"]
    if not health:
        return "There is no HEALTHCHECK in the last stage."
    interval, timeout = (_seconds(health, name) for name in ("interval", "timeout"))
    if interval > 30 or timeout >= interval:
        return f"HEALTHCHECK {health[:50]}: its interval is {interval:g} s and its time-out {timeout:g} s; expected an interval of 30 s or less, and a shorter time-out. (Without a word, both are 30 s.)"
    if not re.search(r"CMD\s*\[", health):
        return "The HEALTHCHECK's CMD is not in exec form."
    if image.config["entry_in_shell"] or not image.config["entrypoint"]:
        return "There is no ENTRYPOINT in exec form."
    if "entrypoint.sh" not in " ".join(image.argv()):
        return f"ENTRYPOINT does not start entrypoint.sh, but {' '.join(image.argv())[:60]}: so nobody checks the model, and PORT does not count."
    if image.config["env"].get("PORT", "8000") != "8000":
        return f"ENV sets PORT to {image.config['env']['PORT']}, and the health check and the app ask on port 8000."
    findings = [one for one in hadolint(text) if one[1] != "DL3008"]
    if findings:
        return f"hadolint, line {findings[0][0]}: {findings[0][1]} {findings[0][2]}"
    return inside_problem(image, files, model) or order_problem(text, "review order")


# ── 7: compose ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

PLACES = {"db": "/var/lib/postgresql/data", "mlflow": "/mlflow/artifacts", "prometheus": "/prometheus"}
REPOSITORIES = {"mlflow": "registry.metro-bikes.example/mlflow", "db": "postgres", "prometheus": "prom/prometheus"}


def read_compose(text):
    """Return a compose file as a dictionary. Raises AssertionError where it is none."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise AssertionError(f"compose.yaml is not YAML: {str(error)[:200]}") from None
    problems = compose_problems(document)
    assert not problems, f"The Compose specification's schema says: {problems[0]}"
    return document


def _as_dict(value):
    """Return an environment or a similar list as a dictionary."""
    if isinstance(value, list):
        return {str(one).partition("=")[0]: str(one).partition("=")[2] for one in value}
    return {str(name): "" if one is None else str(one) for name, one in (value or {}).items()}


def _published(service):
    """Return the ports that a service publishes: pairs of the address of this machine (or "") and the container's port."""
    result = []
    for port in service.get("ports", []):
        if isinstance(port, dict):
            result.append((str(port.get("host_ip", "")), str(port["target"])))
        else:
            parts = str(port).split("/")[0].rsplit(":", 2)
            result.append((parts[0] if len(parts) == 3 else "", parts[-1]))
    return result


def _mounts(service):
    """Return what a service mounts: triples of type, source and target."""
    result = []
    for volume in service.get("volumes", []):
        if isinstance(volume, dict):
            result.append(
                (volume.get("type"), volume.get("source", ""), volume.get("target", "").rstrip("/"), bool(volume.get("read_only")))
            )
        else:
            source, _, rest = str(volume).partition(":")
            target, _, mode = (rest or source).partition(":")
            result.append(
                ("bind" if source[:1] in "./~" and rest else "volume", source if rest else "", target.rstrip("/"), "ro" in mode.split(","))
            )
    return result


def _allowed_hosts(mlflow):
    """Return the names to which MLflow answers by its settings, and these settings without them."""
    words = mlflow.get("command") or ""
    words = [words] if isinstance(words, str) else [str(word) for word in words]
    words = [part.strip("'\"") for word in words for part in re.split(r"\s+", word)]
    environment = _as_dict(mlflow.get("environment"))
    said, rest = environment.pop("MLFLOW_SERVER_ALLOWED_HOSTS", ""), []
    environment.pop("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "")
    line = iter(words)
    for word in line:
        option, sign, value = word.partition("=")
        if option in ("--allowed-hosts", "--cors-allowed-origins"):
            value = value if sign else next(line, "")
            said = value if option == "--allowed-hosts" else said
        else:
            rest.append(word)
    hosts = [host.strip() for host in said.split(",") if host.strip()]
    return hosts, {**mlflow, "command": rest, "environment": environment}


def _check_words(check):
    test = (check or {}).get("test", [])
    return " ".join(map(str, test)) if isinstance(test, list) else str(test)


def compose_problem(text):
    """Return what is wrong with a compose file, or None."""
    document = read_compose(text)
    services = document.get("services", {})
    for name in ("alarm", "mlflow", "db", "prometheus"):
        if name not in services:
            return f"There is no service {name}."
    for name, repository in REPOSITORIES.items():
        image = str(services[name].get("image", ""))
        plain, _, digest = image.partition("@")
        base, _, tag = plain.rpartition(":") if ":" in plain.rsplit("/", 1)[-1] else (plain, "", "")
        if base.removeprefix("docker.io/").removeprefix("library/") != repository:
            return f"The image of {name} is {image or 'not named'}, expected one of {repository}."
        if not digest.startswith("sha256:") and not re.search(r"\d+\.\d+", tag):
            return f"The image {image} is not pinned: its tag names no full version, such as 3.17.2, so it moves. (A digest would do, too.)"
    if "build" not in services["alarm"]:
        return "alarm is not built from this folder any more."
    if _published(services["db"]):
        return "db publishes a port: everyone in the network can try passwords. MLflow reaches it without, by its name."
    for name in ("mlflow", "prometheus"):
        for address, port in _published(services[name]):
            if address not in ("127.0.0.1", "::1", "[::1]", "localhost"):
                return f"{name} publishes port {port} on {address or 'every address of the machine'}, expected 127.0.0.1 alone: it asks for no password."
    if not any(port == "8000" for _, port in _published(services["alarm"])):
        return "alarm does not publish its port 8000: the app cannot ask it."
    for waiting, awaited in [("mlflow", "db"), ("alarm", "mlflow")]:
        how = services[waiting].get("depends_on", {})
        condition = how.get(awaited, {}).get("condition") if isinstance(how, dict) else ("service_started" if awaited in how else None)
        if condition != "service_healthy":
            return f"{waiting} waits for {awaited} with {condition or 'no condition'}, expected service_healthy: a process that has been started does not answer yet."
        check = services[awaited].get("healthcheck")
        if not check or check.get("disable") or not _check_words(check):
            return f"{waiting} waits until {awaited} is healthy, and {awaited} has no healthcheck: it would wait for ever."
    for name in services:
        check = services[name].get("healthcheck")
        if not check:
            continue
        words = _check_words(check)
        test = check.get("test")
        if isinstance(test, list) and test and test[0] not in ("CMD", "CMD-SHELL", "NONE"):
            return f"The healthcheck of {name} is a list that begins with {test[0]!r}: its first word says how to run it, CMD or CMD-SHELL."
        if "curl" in words:
            return f"The healthcheck of {name} calls curl, which is not in its image: it would never be healthy."
        if name == "db" and "pg_isready" not in words:
            return "The healthcheck of db does not ask the database: its image has pg_isready for that."
        if name in ("mlflow", "alarm"):
            port = {"mlflow": "5000", "alarm": "8000"}[name]
            if not re.search(r"python", words) or not re.search(rf"(localhost|127\.0\.0\.1|0\.0\.0\.0|{name}):{port}/health", words):
                return f"The healthcheck of {name} does not ask its own /health on port {port} with what its image has, Python."
    hosts, mlflow = _allowed_hosts(services["mlflow"])
    for name, said in {"alarm": services["alarm"], "mlflow": mlflow, "prometheus": services["prometheus"]}.items():
        service = {key: value for key, value in said.items() if key not in ("healthcheck", "ports")}
        if re.search(r"localhost|127\.0\.0\.1|host\.docker\.internal", json.dumps(service)):
            return f"{name} looks for another service at its own localhost. In a container that is the container itself: the others are found by the names of their services."
    if "://mlflow:5000" not in _as_dict(services["alarm"].get("environment")).get("MLFLOW_TRACKING_URI", ""):
        return "alarm's MLFLOW_TRACKING_URI does not name the service mlflow and its port 5000."
    command = services["mlflow"].get("command", "")
    command = " ".join(command) if isinstance(command, list) else str(command)
    everything = command + json.dumps(_as_dict(services["mlflow"].get("environment")))
    if not re.search(r"@db(:5432)?/mlflow", everything):
        return "MLflow's store is not the database mlflow of the service db."
    if (
        "*" in hosts
        or "--disable-security-middleware" in mlflow["command"]
        or mlflow["environment"].get("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE") == "true"
    ):
        return "MLflow answers to every name: its protection is switched off. Name the hosts by which it is asked."
    if not any(fnmatch.fnmatchcase("mlflow:5000", one) for one in hosts):
        said = f"only to {', '.join(hosts)}" if hosts else "only to localhost and private addresses"
        return f"MLflow answers {said}. The alarm asks for mlflow:5000, name and port: it would get 403 each time, while /health says that all is well. See --allowed-hosts, or MLFLOW_SERVER_ALLOWED_HOSTS."
    environment = _as_dict(services["db"].get("environment"))
    password = environment.get("POSTGRES_PASSWORD", "")
    if "POSTGRES_PASSWORD_FILE" in environment:
        if not services["db"].get("secrets") or any(
            "file" not in one and "environment" not in one and "external" not in one for one in (document.get("secrets") or {}).values()
        ):
            return "POSTGRES_PASSWORD_FILE is set, and db has no secret of that file."
    elif "POSTGRES_PASSWORD" not in environment and not services["db"].get("env_file"):
        return "db is given no password: POSTGRES_PASSWORD, from the environment of whoever starts it, or POSTGRES_PASSWORD_FILE with a secret."
    elif password and not re.fullmatch(r"\$(\w+|\{\w+(:?\?[^}]*)?\})", password):
        return "The database's password, or a default for it, stands in compose.yaml. Take it from the environment of whoever starts it, ${NAME:?}, or from a secret."
    if "bicycle42" in text or re.search(r"postgres\S*://\w+:[^$@/\s][^@\s]*@", text):
        return "A password stands in compose.yaml, in an address: Git would keep it for ever."
    for name, target in PLACES.items():
        kept = [
            source
            for kind, source, where, _ in _mounts(services[name])
            if kind == "volume" and source and (where == target or target.startswith(where + "/"))
        ]
        if not kept:
            return f"What {name} writes to {target} is gone when its container is replaced: no named volume lies there."
        if kept[0] not in (document.get("volumes") or {}):
            return f"The volume {kept[0]} of {name} is not declared under volumes at the end of the file."
    if not any(
        where == "/etc/prometheus/prometheus.yml" or where == "/etc/prometheus" for _, _, where, _ in _mounts(services["prometheus"])
    ):
        return "prometheus has lost its prometheus.yml."
    for name in ("alarm", "mlflow", "db", "prometheus"):
        limits = services[name].get("deploy", {}).get("resources", {}).get("limits", {})
        if not (limits.get("memory") or services[name].get("mem_limit")):
            return f"{name} has no memory limit: one that leaks takes the others down with it."
        if not (limits.get("cpus") or services[name].get("cpus")):
            return f"{name} has no CPU limit."
    return None
