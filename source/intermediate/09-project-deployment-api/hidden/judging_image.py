"""The judge of the container's image, by its Dockerfile: what it holds, and how it would run."""

import json
import re
from pathlib import Path


def read_dockerfile(text):
    """Return the instructions of a Dockerfile, as dockerfile-parse reads them."""
    import io

    from dockerfile_parse import DockerfileParser

    parser = DockerfileParser(fileobj=io.BytesIO(text.encode()))
    return [(step["instruction"].upper(), step["value"].strip()) for step in parser.structure if step["instruction"] != "COMMENT"]


def as_list(value):
    """Return the words of an instruction in exec form, or None."""
    try:
        words = json.loads(re.sub(r"^(--\S+\s+)*(CMD\s+)?", "", value))
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def last_stage(steps):
    """Return the instructions from the last FROM on."""
    begin = max(number for number, (name, _) in enumerate(steps) if name == "FROM")
    return steps[begin:]


def judge_image():
    """Fail where the image is not what it should be: its base, its layers, its user, what it holds."""
    path = Path("service/Dockerfile")
    assert path.is_file(), "There is no file service/Dockerfile."
    text = path.read_text(errors="replace")
    steps = read_dockerfile(text)
    assert any(name == "FROM" for name, _ in steps), "service/Dockerfile has no FROM."
    stages = {value.split()[-1] for name, value in steps if name == "FROM" and " as " in value.lower()}
    given = dict(value.strip().split("=", 1) for name, value in steps if name == "ARG" and "=" in value)
    for value in (value for name, value in steps if name == "FROM"):
        base = next(word for word in value.split() if not word.startswith("--"))
        base = re.sub(r"\$\{?(\w+)\}?", lambda name: given.get(name[1], name[0]), base)
        pinned = base in stages or "@sha256:" in base or re.search(r":\d+\.\d+\.\d+", base)
        assert pinned, f"The base {base!r} can become another one overnight: pin it to three numbers, or to a digest."
    last = last_stage(steps)
    users = [value.split(":")[0] for name, value in last if name == "USER"]
    assert users and users[-1] not in ("root", "0"), (
        f"The service would run as {users[-1] if users else 'root'}. Give it a USER without rights."
    )
    copies = [(number, value) for number, (name, value) in enumerate(steps) if name in ("COPY", "ADD") and "--from=" not in value]
    install = next(
        (number for number, (name, value) in enumerate(steps) if name == "RUN" and re.search(r"(pip|uv)\b.*\binstall", value)), None
    )
    assert install is not None, "No RUN installs requirements.txt."
    before = [value for number, value in copies if number < install]
    mounted = not before and "--mount" in steps[install][1]
    assert mounted or (
        before and all("requirements" in value and ".py" not in value and " . " not in f" {value.split()[0]} " for value in before)
    ), (
        "The code is copied before the packages are installed: each change of a line of code would install all packages again. Copy requirements.txt alone first."
    )
    ignored = Path("service/.dockerignore").read_text().split() if Path("service/.dockerignore").is_file() else []
    all_copied = any(word in (".", "./", "*") for _, value in copies for word in value.split()[:-1])
    keys_out = any(line.strip("/*") in ("keys.json", "keys", ".json", "") and not line.startswith("!") for line in ignored)
    named = any("keys.json" in value for _, value in copies)
    assert not named and (not all_copied or keys_out), (
        "keys.json would be copied into the image. Who has the image has the keys' hashes, for ever: name the files to copy, or leave it out with service/.dockerignore."
    )
    secret = next(
        (
            value
            for name, value in steps
            if name in ("ENV", "ARG") and re.search(r"metro-bikes-2025|(?i:[a-z_]*(KEY|SECRET|TOKEN|PASSWORD))[= ]", value)
        ),
        None,
    )
    assert not secret and "metro-bikes-2025" not in text, "A secret stands in the Dockerfile; docker history shows it to everybody."


def judge_check(value, port):
    """Fail where a HEALTHCHECK does not ask the service, at its port, or does not look at what it says."""
    command = re.sub(r"^(--\S+\s+)*", "", value)
    command += "".join(
        path.read_text() for word in re.findall(r"[\w.-]+\.(?:py|sh)\b", command) if (path := Path("service", word)).is_file()
    )
    assert re.search(r"/(health|ready)\b", command), f"The HEALTHCHECK asks neither /health nor /ready: {command[:120]}"
    numbers = re.findall(r"\d+", re.sub(r"\d+\.\d+\.\d+\.\d+", "", command))
    known = not port.isdigit() or "$" in command or "environ" in command or "getenv" in command or (port == "80" and not numbers)
    assert known or port in numbers, (
        f"uvicorn listens at port {port}, and the HEALTHCHECK asks another one: {command[:160]}. It would call every container ill."
    )
    by_hand = re.search(r"HTTPConnection|\b(?:requests|httpx)\.get\b", command)
    assert not by_hand or "status" in command or re.search(r"\.(ok|is_success)\b", command), (
        "The HEALTHCHECK asks, and never looks at the status of the answer: with 503, too, the container would count as healthy. Let it end with another code than 0 then."
    )
    assert not re.search(r"\bcurl\b", command) or re.search(r"\s-\w*f|--fail", re.sub(r'[",]', " ", command)), (
        "curl ends with 0 also when the answer is 503, unless it is told --fail."
    )


def judge_process():
    """Fail where the container would not start well, stop well, or tell how it is."""
    path = Path("service/Dockerfile")
    assert path.is_file(), "There is no file service/Dockerfile."
    steps = read_dockerfile(path.read_text(errors="replace"))
    assert any(name == "FROM" for name, _ in steps), "service/Dockerfile has no FROM."
    last = last_stage(steps)
    commands = {name: value for name, value in last if name in ("CMD", "ENTRYPOINT")}
    assert commands, "Nothing says what the container runs: there is no CMD or ENTRYPOINT."
    words = []
    for name in ("ENTRYPOINT", "CMD"):
        if name in commands:
            part = as_list(commands[name])
            assert part is not None, (
                f"{name} is in shell form: then a shell is process 1, and the SIGTERM that asks the service to end never reaches it. Use the exec form, a JSON list."
            )
            words += part
    line = " ".join(words)
    if words[:1] in (["sh"], ["bash"], ["/bin/sh"], ["/bin/bash"]):
        assert words[1:2] == ["-c"] and len(words) > 2 and words[2].lstrip().startswith("exec "), (
            "The exec form starts a shell, and so a shell is process 1 again, unless its one command begins with exec. Start uvicorn itself."
        )
        line = words[2]
    assert "uvicorn" in line and "app:app" in line, f"The container runs {line!r}: expected uvicorn with app:app."
    environment = " ".join(value for name, value in last if name == "ENV")
    assert re.search(r"--host[= ](0\.0\.0\.0|::)", line) or re.search(r"\bUVICORN_HOST[= ]\"?(0\.0\.0\.0|::)", environment), (
        f"The container runs {line!r}: it would listen on its own loopback only, where nobody outside reaches it."
    )
    assert "--reload" not in line, "--reload is for the desk: it watches files and runs the service in a second process."
    workers = re.search(r"(?:--workers|-w)[= ](\d+)", line)
    assert not workers or workers[1] == "1", (
        f"With {workers and workers[1]} workers each has its own counters and buckets: /metrics would tell of one of them by chance. Run one process a container, and more containers."
    )
    assert "--no-access-log" in line, "uvicorn's own access log would print each address with its query beside your lines: --no-access-log."
    checks = [value for name, value in last if name == "HEALTHCHECK"]
    assert checks and "none" not in checks[-1].lower().split(), "There is no HEALTHCHECK."
    port = re.search(r"--port[= ](\S+)", line) or re.search(r"\bUVICORN_PORT[= ]\"?([^\s\"]+)", environment)
    judge_check(checks[-1], port[1] if port else "8000")
    tool = re.search(r"\bcurl\b", checks[-1]) if "alpine" in last[0][1] else re.search(r"\b(?:curl|wget)\b", checks[-1])
    installed = any(name == "RUN" and re.search(r"(apt-get|apk)\b.*\b" + tool[0], value) for name, value in last) if tool else True
    assert installed, (
        f"The HEALTHCHECK needs {tool and tool[0]}, which a slim image does not have: it would call every container ill. Python can ask, too."
    )
