"""What the judge cell of compose shares: services, and who reaches them."""

import fnmatch
import json
import re

import yaml
from linters import compose_problems

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
