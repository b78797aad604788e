"""What the judge cell of the review shares: a Dockerfile, read as its build would."""

import re

from imagebuild import BuildError, build
from judging import attempt, fresh_files
from judging_layers import inside_problem, order_problem
from linters import hadolint


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
