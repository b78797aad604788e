"""Images and what a container gets from its pod: a folder, a command, an environment, volumes. An image is a folder with an image.json."""

import base64
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .api import Object

PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "OMP_NUM_THREADS", "AUTOGRADER_RUN", "AUTOGRADER_GUARD")
LookUp = Callable[[str, str], Object]  # kind, name -> the object; raises Refused


class CannotCreate(Exception):
    """A container cannot be made now; `reason` and the text are what its status says."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Image:
    """An image: `name`, its `folder`, and from its image.json `command`, `args` and `user`."""

    name: str
    folder: Path
    command: list[str]
    args: list[str]
    user: Any

    @property
    def id(self) -> str:
        """The name with a digest of what is in it."""
        digest = hashlib.sha256()
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            digest.update(f"{path.relative_to(self.folder)}\0".encode() + path.read_bytes())
        return f"{self.name.partition('@')[0]}@sha256:{digest.hexdigest()}"


def find_image(images: Mapping[str, Any], name: str) -> Image | None:
    """Return the image of that name, with or without `docker.io/library/` and `:latest`; None where there is none.

    Raises CannotCreate where its image.json is not one.
    """
    bare = re.sub(r"^(docker\.io/)?(library/)?", "", name)
    folder = next((images[each] for each in (name, bare, f"{bare}:latest", bare.removesuffix(":latest")) if each in images), None)
    if folder is None:
        return None
    path = Path(folder).resolve() / "image.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Image(name, path.parent, list(told.get("command", [])), list(told.get("args", [])), told.get("user"))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise CannotCreate("InvalidImage", f'image "{name}": {path} is not an image.json ({error})') from None


def check_user(pod: Object, container: Object, image: Image) -> None:
    """Raise CannotCreate where the container must not run as root, and would."""
    context = {**(pod["spec"].get("securityContext") or {}), **(container.get("securityContext") or {})}
    user = context.get("runAsUser", image.user)
    if not context.get("runAsNonRoot"):
        return
    if user in (None, "", 0, "0", "root"):
        raise CannotCreate("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")
    if not str(user).isdigit():
        told = f"container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root"
        raise CannotCreate("CreateContainerConfigError", told)


def command_of(container: Object, image: Image, environment: Mapping[str, str]) -> list[str]:
    """Return the command: the container's own replaces the image's, as its arguments do; $(NAME) stands for a variable."""
    own = container.get("command")
    words = [*own, *(container.get("args") or [])] if own else [*image.command, *(container.get("args") or image.args)]
    if not words:
        raise CannotCreate("CreateContainerError", "no command specified")

    def value(found: re.Match[str]) -> str:
        return found[0][1:] if found[0].startswith("$$") else environment.get(found[1], found[0])

    return [re.sub(r"\$?\$\(([A-Za-z_][\w.-]*)\)", value, str(word)) for word in words]


def environment_of(container: Object, fields: Callable[[str], str], resources: Callable[[str], str], look_up: LookUp) -> dict[str, str]:
    """Return the variables that the pod's specification gives a container. Raises CannotCreate where a source is missing."""
    environment: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        for kind, ref in (("configmap", source.get("configMapRef")), ("secret", source.get("secretRef"))):
            if ref:
                data = _data(kind, ref, look_up)
                environment |= {source.get("prefix", "") + key: text.decode() for key, text in data.items()}
    for variable in container.get("env") or []:
        given = variable.get("valueFrom") or {}
        if ref := given.get("configMapKeyRef") or given.get("secretKeyRef"):
            kind = "configmap" if "configMapKeyRef" in given else "secret"
            data = _data(kind, ref, look_up)
            if ref["key"] in data:
                environment[variable["name"]] = data[ref["key"]].decode()
            elif not ref.get("optional"):
                what = "ConfigMap" if kind == "configmap" else "Secret"
                raise CannotCreate("CreateContainerConfigError", f"couldn't find key {ref['key']} in {what} {ref['name']}")
        elif field := given.get("fieldRef"):
            environment[variable["name"]] = fields(field["fieldPath"])
        elif resource := given.get("resourceFieldRef"):
            environment[variable["name"]] = resources(resource["resource"])
        else:
            text = str(variable.get("value") or "")
            environment[variable["name"]] = re.sub(r"\$\(([A-Za-z_]\w*)\)", lambda m: environment.get(m[1], m[0]), text)
    return environment


def base_environment(name: str, folder: Path) -> dict[str, str]:
    """Return what every container finds set. Nothing else of the notebook's own environment is passed on."""
    passed = {each: os.environ[each] for each in PASSED_ON if each in os.environ}
    if "AUTOGRADER_GUARD" in os.environ and "PYTHONPATH" in os.environ:
        passed["PYTHONPATH"] = os.environ["PYTHONPATH"]
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
    own = {"PATH": path, "HOME": str(folder), "TMPDIR": str(folder / "tmp"), "HOSTNAME": name, "CONTAINER_ROOT": str(folder)}
    return {**passed, **own, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}


def lay_out(image: Image, folder: Path, mounts: Mapping[str, Path]) -> None:
    """Make a container's folder: a fresh copy of the image's, an empty `tmp`, and a link for each mount, below the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(image.folder, folder, ignore=shutil.ignore_patterns("__pycache__", ".git"))
    (folder / "tmp").mkdir(exist_ok=True)
    for where, volume in mounts.items():
        place = folder / where.strip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        place.symlink_to(volume)


def make_volume(volume: Object, folder: Path, fields: Callable[[str], str], look_up: LookUp) -> None:
    """Fill a pod's volume. Raises CannotCreate where what it is made from is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in (volume.get("projected") or {}).get("sources") or [volume]:
        if source := part.get("configMap") or part.get("secret"):
            kind = "configmap" if part.get("configMap") else "secret"
            data = _data(kind, {**source, "name": source.get("name") or source.get("secretName")}, look_up, "FailedMount")
            for key, path in {item["key"]: item["path"] for item in source.get("items") or []}.items() or zip(data, data, strict=True):
                if key not in data:
                    raise CannotCreate(
                        "FailedMount", f'MountVolume.SetUp failed for volume "{volume["name"]}" : references non-existent key: {key}'
                    )
                _write(folder / path, data[key])
        elif down := part.get("downwardAPI"):
            for item in down.get("items") or []:
                _write(folder / item["path"], fields(item["fieldRef"]["fieldPath"]).encode())
        elif "emptyDir" not in part:
            kind = next((each for each in part if each != "name"), "none")
            raise CannotCreate("FailedMount", f'volume "{volume["name"]}": the stand-in nodes have no volumes of the kind {kind}')


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _data(kind: str, ref: Object, look_up: LookUp, reason: str = "CreateContainerConfigError") -> dict[str, bytes]:
    """Return a configMap's or secret's data; {} where it is missing and may be."""
    from .api import Refused

    try:
        found = look_up(kind, ref["name"])
    except Refused:
        if ref.get("optional"):
            return {}
        raise CannotCreate(reason, f'{kind} "{ref["name"]}" not found') from None
    if kind == "secret":
        return {key: base64.b64decode(text) for key, text in (found.get("data") or {}).items()}
    binary = {key: base64.b64decode(text) for key, text in (found.get("binaryData") or {}).items()}
    return {**{key: text.encode() for key, text in (found.get("data") or {}).items()}, **binary}
