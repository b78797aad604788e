"""A stand-in for `docker build`: what goes into an image, what each step adds to it, and which steps a change builds again.

    files = files_in("service")                    # {path: bytes}: the folder
    sent = build_context(files)                    # the same without what .dockerignore leaves out
    image = build(text, sent, args={"COMMIT": "f3a"})
    image.size, image.config["user"], image.files["/app/alarm/api.py"]
    rebuilt(before, after)                         # the steps of `after` that are not in the cache that `before` left

It follows BuildKit, the builder that Docker has used since version 23:
- .dockerignore with `*`, `?`, `**`, `[a-z]`, `!`, comments; the last pattern that fits decides.
- FROM (stages, ARG before it), COPY and ADD (globs, folders, --from, --chown, --chmod), RUN, ENV, ARG, WORKDIR, USER, and what only
  sets the image's metadata.
- The cache: a step is taken from it if the step before was, and its text, its variables and the contents of the files that it copies
  are the same. Times of files do not count. RUN's *text* counts, not what the network would give today. An ARG counts for every RUN
  after it, used or not. Stages that the last one does not need are not built.
- Sizes: each step's files make a layer. To delete, move, or change a file's owner never makes an earlier layer smaller; a new owner
  stores the file again.

It does not run anything: of RUN's shell commands it knows pip, uv pip, apt-get, venv, rm, mv, cp, mkdir, touch, chown, chmod, useradd
and `python -m alarm.export`; it believes that any other command succeeds and writes nothing, and says so in `image.warnings`. Sizes of
images and packages come from `sizes.yaml`, rounded: they change with each release. (`mlflow-needs` there stands for all that mlflow
brings along.) It knows no here-documents, ADD of archives or addresses, ONBUILD, SHELL, --exclude, symbolic links, platforms or
compression; a pulled image is about a third of its size. A real builder may also lose its cache: a new CI machine starts without one.
"""

import fnmatch
import hashlib
import io
import json
import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from posixpath import join, normpath

import yaml
from dockerfile_parse import DockerfileParser

MB = 1_000_000
_SIZES = yaml.safe_load(Path(__file__).with_name("sizes.yaml").read_text())
BASES: dict = _SIZES["bases"]
_APT, _PIP = _SIZES["apt"], _SIZES["pip"]
_METADATA = {"CMD", "ENTRYPOINT", "LABEL", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "VOLUME", "MAINTAINER"}
_USUAL = {"/", "/bin", "/etc", "/home", "/opt", "/root", "/srv", "/tmp", "/usr", "/usr/local", "/usr/local/bin", "/usr/src", "/var"}
_ENDS = {"&&", "||", ";", "|", "&", "\n"}


class BuildError(Exception):
    """The build would stop here."""


@dataclass(frozen=True)
class File:
    """A file in an image: its size in bytes, a hash of its content, and, where the stand-in knows it, the content."""

    size: int
    digest: str
    content: bytes | None = None
    owner: str = "root"
    runnable: bool = False


@dataclass(frozen=True)
class Step:
    """An instruction that makes a layer: its stage, its text, the bytes it adds, and the key under which it lies in the cache."""

    stage: str
    text: str
    size: int
    key: str


@dataclass
class Image:
    """What a build made: `files` by path, `config` (user, workdir, env, cmd, …), `steps` of all stages that were needed, `layers` of the
    last one."""

    base: str
    python: str | None
    files: dict[str, File]
    config: dict
    steps: list[Step]
    layers: list[Step]
    size: int
    secrets: set[str]
    warnings: list[str]

    def argv(self) -> list[str]:
        """Return what the container's first process is: ENTRYPOINT and CMD together."""
        entry, command = self.config["entrypoint"], self.config["cmd"]
        return [*entry] if self.config["entry_in_shell"] else [*entry, *command]

    def packages(self) -> set[str]:
        """Return the names of the Python packages that the container's first process can import."""
        env, first = self.config["env"], (self.argv() or [""])[0]
        roots = [str(PurePosixPath(folder).parent) for folder in env.get("PATH", "").split(":") if folder]
        if "/bin/" in first:
            roots.append(str(PurePosixPath(first).parent.parent))
        places = [f"{root.rstrip('/')}/lib/python{self.python}/site-packages/" for root in roots]
        places += [folder.rstrip("/") + "/" for folder in env.get("PYTHONPATH", "").split(":") if folder]
        return {
            path.removeprefix(place)
            for path in self.files
            for place in places
            if path.startswith(place) and "/" not in path.removeprefix(place)
        }

    def broken_scripts(self) -> list[str]:
        """Return the programs in folders named bin whose first line names a Python that is not there, each with that line."""
        result = []
        for path, file in self.files.items():
            if "/bin/" in path and (file.content or b"").startswith(b"#!/"):
                first = (file.content or b"").decode().split("\n")[0]
                if first[2:] not in self.files and not first[2:].startswith(("/usr/", "/bin/")):
                    result.append(f"{path}: {first}")
        return result


# ── the build context ─────────────────────────────────────────────────────────────────────────────────────────────────


def files_in(folder) -> dict[str, bytes]:
    """Return the contents of the files below a folder by their path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def build_context(files: dict[str, bytes], dockerignore: str | None = None) -> dict[str, bytes]:
    """Return the files that the builder is sent: all but those that .dockerignore (that among the files, or the given text) leaves out."""
    text = files.get(".dockerignore", b"").decode() if dockerignore is None else dockerignore
    patterns = []
    for line in text.lstrip("\ufeff").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        keep, pattern = line.strip().startswith("!"), line.strip().removeprefix("!").strip()
        patterns.append((keep, _ignore_pattern(normpath(pattern).lstrip("/"))))

    def left_out(path):
        parts = path.split("/")
        out = False
        for keep, pattern in patterns:
            if keep == out and any(pattern.fullmatch("/".join(parts[:n])) for n in range(1, len(parts) + 1)):
                out = not keep
        return out

    return {path: content for path, content in files.items() if not left_out(path)}


def _ignore_pattern(pattern: str) -> re.Pattern:
    if pattern == ".":
        return re.compile(r"(?!)")
    result, at = "", 0
    while at < len(pattern):
        rest = pattern[at:]
        if rest.startswith("**/"):
            result, at = result + "(?:.*/)?", at + 3
        elif rest.startswith("**"):
            result, at = result + ".*", at + 2
        elif rest[0] == "*":
            result, at = result + "[^/]*", at + 1
        elif rest[0] == "?":
            result, at = result + "[^/]", at + 1
        elif (group := re.match(r"\[\^?[^\]]+\]", rest)) is not None:
            result, at = result + group[0], at + len(group[0])
        else:
            escaped = rest[0] == "\\" and len(rest) > 1
            result, at = result + re.escape(rest[escaped]), at + 1 + escaped
    return re.compile(result, re.DOTALL)


# ── the build ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Stage:
    name: str
    base: str
    python: str | None
    base_size: int
    files: dict[str, File] = field(default_factory=dict)
    config: dict = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    key: str = ""
    needs: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)


def build(dockerfile: str, files: dict[str, bytes], args: dict[str, str] | None = None) -> Image:
    """Return the image that the Dockerfile's text and the build context make. Raises BuildError where `docker build` would stop."""
    if re.search(r"(?m)^\s*(RUN|COPY)\b.*<<-?\s*[\"']?\w", dockerfile):
        raise BuildError("the stand-in knows no here-documents (<<): join commands with && instead")
    structure = [line for line in DockerfileParser(fileobj=io.BytesIO(dockerfile.encode())).structure if line["instruction"] != "COMMENT"]
    given, outside, stages, warnings = args or {}, {}, {}, []
    stage = None
    for line in structure:
        word, value = line["instruction"].upper(), line["value"].strip()
        if word == "FROM":
            stage = _begin(value, {**outside}, stages)
            stages[stage.name] = stage
        elif stage is None:
            if word != "ARG":
                raise BuildError(f"{word} stands before the first FROM, where only ARG may")
            for name, default in _pairs(value):
                outside[name] = given.get(name, _expand(default or "", outside))
        else:
            try:
                _do(stage, word, value, files, given, outside, stages, warnings)
            except (ValueError, IndexError) as error:
                raise BuildError(f"{word} {value[:60]}: {error}") from None
    if stage is None:
        raise BuildError("the file has no FROM")
    needed, waiting = [], [stage]
    while waiting:
        one = waiting.pop()
        if one not in needed:
            needed.append(one)
            waiting += [stages[name] for name in one.needs]
    steps = [step for one in stages.values() if one in needed for step in one.steps]
    return Image(
        base=stage.base,
        python=stage.python,
        files=stage.files,
        config=stage.config,
        steps=steps,
        layers=stage.config["layers"],
        size=stage.base_size + sum(step.size for step in stage.config["layers"]),
        secrets=set().union(*(one.secrets for one in needed)),
        warnings=warnings,
    )


def rebuilt(before: Image, after: Image) -> list[Step]:
    """Return the steps of `after` that are built again where the cache holds the steps of `before`."""
    cached = {step.key for step in before.steps}
    return [step for step in after.steps if step.key not in cached]


def _hash(*parts) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _expand(text: str, names: dict[str, str]) -> str:
    def value(match):
        name, sign, other = match[1] or match[2], match[3], match[4] or ""
        if sign == "+":
            return other if names.get(name) else ""
        return names.get(name) or (other if sign else "")

    text = re.sub(r"(?<!\\)\$(?:(\w+)|\{(\w+)(?::?([-+?])([^}]*))?\})", value, text)
    return text.replace("\\$", "$")


def _pairs(value: str) -> list[tuple[str, str | None]]:
    words = shlex.split(value)
    if words and "=" not in words[0] and len(words) > 1:  # ENV NAME the rest
        return [(words[0], value.split(None, 1)[1])]
    return [(word.split("=", 1)[0], word.split("=", 1)[1] if "=" in word else None) for word in words]


def _begin(value: str, outside: dict[str, str], stages: dict[str, _Stage]) -> _Stage:
    words = [word for word in _expand(value, outside).split() if not word.startswith("--")]
    if not words:
        raise BuildError(f"FROM {value}: no image is named. Has an ARG no value?")
    name = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else str(len(stages))
    if words[0].lower() in stages:
        parent = stages[words[0].lower()]
        config = {**parent.config, "env": {**parent.config["env"]}, "layers": [*parent.config["layers"]]}
        return _Stage(
            name,
            parent.base,
            parent.python,
            parent.base_size,
            {**parent.files},
            config,
            {},
            [],
            parent.key,
            {parent.name},
            set(),
            {*parent.folders},
        )
    known = _image(words[0])
    config = {
        "user": "root",
        "workdir": "/",
        "env": {"PATH": "/usr/local/bin:/usr/bin:/bin"},
        "entrypoint": [],
        "entry_in_shell": False,
        "cmd": ["python3"],
    }
    config |= {"cmd_in_shell": False, "healthcheck": None, "labels": {}, "exposed": [], "stop_signal": "SIGTERM", "layers": []}
    return _Stage(name, words[0], known["python"], round(known["mb"] * MB), {}, config, key=_hash("FROM", words[0]))


def _image(name: str) -> dict:
    tag, _, digest = re.sub(r"^(docker\.io/)?(library/)?", "", name).partition("@")
    if tag == "scratch":
        return {"mb": 0, "python": None}
    if ":" not in tag and digest:
        tag = next((other for other, known in BASES.items() if known.get("digest") == digest and other.split(":")[0] == tag), tag)
    known = BASES.get(tag if ":" in tag else f"{tag}:latest")
    if known is None:
        raise BuildError(f"FROM {name}: the stand-in has no such image. It knows {', '.join(BASES)}")
    if digest and digest != known.get("digest"):
        raise BuildError(
            f"FROM {name}: manifest unknown – the registry has no image with this digest under {tag}; see sizes.yaml for what it has"
        )
    return known


def _do(stage, word, value, files, given, outside, stages, warnings):
    config = stage.config
    names = {**stage.args, **config["env"]}
    if word == "ARG":
        for name, default in _pairs(value):
            known = given.get(name, outside.get(name) if default is None else _expand(default, names))
            if known is not None:
                stage.args[name] = known
    elif word == "ENV":
        for name, text in _pairs(value):
            config["env"][name] = _expand(text or "", names)
    elif word == "USER":
        config["user"] = _expand(value, names)
    elif word == "WORKDIR":
        config["workdir"] = normpath(join(config["workdir"], _expand(value, names)))
        stage.folders.add(config["workdir"])
        _layer(stage, word, value, {}, config["workdir"])
    elif word in ("COPY", "ADD"):
        _copy(stage, word, value, files, stages, names)
    elif word == "RUN":
        _run(stage, value, files, stages, names, warnings)
    elif word in ("CMD", "ENTRYPOINT"):
        command = _json(value)
        argv = command if command is not None else ["/bin/sh", "-c", value]
        if word == "ENTRYPOINT":
            config.update(entrypoint=argv, entry_in_shell=command is None, cmd=[] if not config.get("cmd_set") else config["cmd"])
        else:
            config.update(cmd=argv, cmd_in_shell=command is None, cmd_set=True)
    elif word == "HEALTHCHECK":
        config["healthcheck"] = None if value.upper() == "NONE" else value
    elif word == "LABEL":
        config["labels"] |= {name: _expand(text or "", names) for name, text in _pairs(value)}
    elif word == "EXPOSE":
        config["exposed"] += _expand(value, names).split()
    elif word == "STOPSIGNAL":
        config["stop_signal"] = value
    elif word not in _METADATA:
        raise BuildError(f"the stand-in does not know the instruction {word}")


def _json(value: str) -> list[str] | None:
    try:
        parsed = json.loads(value)
    except ValueError:
        return None
    return parsed if isinstance(parsed, list) and all(isinstance(word, str) for word in parsed) else None


def _layer(stage, word, value, changes: dict[str, File | None], *key):
    """Close a step: its changes (None: deleted) become a layer, and the stage's files."""
    stage.key = _hash(stage.key, word, value, *key)
    step = Step(stage.name, f"{word} {value}", sum(file.size for file in changes.values() if file), stage.key)
    stage.steps.append(step)
    stage.config["layers"].append(step)
    for path, file in changes.items():
        if file is None:
            stage.files.pop(path, None)
        else:
            stage.files[path] = file


def _flags(value: str) -> tuple[dict[str, list[str]], str]:
    flags: dict[str, list[str]] = {}
    while (match := re.match(r"--([a-z-]+)(?:=(\S+))?\s+", value)) is not None:
        flags.setdefault(match[1], []).append(match[2] or "")
        value = value[match.end() :]
    return flags, value.strip()


def _tree(name: str, files, stages, stage) -> dict[str, File]:
    """Return the files of a build stage, by its name or number, by absolute path; of the context where the name is empty."""
    if not name:
        return {f"/{path}": File(len(content), hashlib.sha256(content).hexdigest(), content) for path, content in files.items()}
    wanted = name.lower() if name.lower() in stages else (list(stages)[int(name)] if name.isdigit() and int(name) < len(stages) else None)
    if wanted is None:
        raise BuildError(f"--from={name}: no stage before this one has that name (and the stand-in copies from no other images)")
    stage.needs.add(wanted)
    return stages[wanted].files


def _found(tree: dict[str, File], pattern: str) -> dict[str, File]:
    """Return what a COPY source names, by its path below the copy: a file by its own name, a folder's contents."""
    parts = [part for part in normpath("/" + pattern).split("/") if part]
    result = {}
    for path, file in tree.items():
        have = path.strip("/").split("/")
        if len(have) >= len(parts) and all(fnmatch.fnmatchcase(a, b) for a, b in zip(have, parts, strict=False)):
            result["/".join(have[len(parts) :]) or "./" + have[-1]] = file
    return result


def _copy(stage, word, value, files, stages, names):
    flags, rest = _flags(value)
    strange = set(flags) - {"from", "chown", "chmod", "link", "checksum"}
    if strange:
        raise BuildError(f"{word} --{strange.pop()}: not known to the stand-in")
    words = _json(rest) or shlex.split(_expand(rest, names))
    *sources, target = words
    if not sources:
        raise BuildError(f"{word} {value}: a source and a target are needed")
    source_name = _expand(flags.get("from", [""])[0], names)
    tree = _tree(source_name, files, stages, stage)
    place = normpath(join(stage.config["workdir"], target))
    owner, runnable = _expand(flags.get("chown", ["root"])[0], names), flags.get("chmod")
    changes: dict[str, File | None] = {}
    for source in sources:
        if "://" in source:
            raise BuildError(f"{word} {source}: the stand-in fetches nothing")
        found = _found(tree, source)
        if not found:
            where = f"stage {source_name}" if source_name else "the build context: is it there, and does .dockerignore let it through?"
            raise BuildError(f"{word} {source}: not found in {where}")
        for below, file in found.items():
            into = target.endswith(("/", "/.")) or target == "." or len(sources) > 1 or place in _folders(stage)
            path = join(place, below[2:]) if below.startswith("./") and into else place if below.startswith("./") else join(place, below)
            mark = file.runnable if runnable is None else bool(re.search("[157]|x", runnable[0].replace("o", "")))
            changes[normpath(path)] = replace(file, owner=owner, runnable=mark)
    _layer(stage, word, value, changes, sorted((path, file.digest) for path, file in changes.items() if file), place)


def _folders(stage) -> set[str]:
    return {str(parent) for path in stage.files for parent in PurePosixPath(path).parents} | {*_USUAL, *stage.folders}


# ── RUN: the few commands of which the stand-in knows what they write ─────────────────────────────────────────────────


def _run(stage, value, files, stages, names, warnings):
    flags, text = _flags(value)
    bound, unstored, inputs = {}, [], []
    for mount in flags.get("mount", []):
        what = dict(part.partition("=")[::2] for part in mount.split(","))
        target = what.get("target") or what.get("dst") or what.get("destination") or ""
        kind = what.get("type", "bind")
        if kind == "cache":
            unstored.append(normpath(target))
        elif kind == "secret":
            stage.secrets.add(what.get("id", target.split("/")[-1]))
        elif kind == "bind":
            tree = _tree(_expand(what.get("from", ""), names), files, stages, stage)
            place = normpath(join(stage.config["workdir"], target))
            for below, file in _found(tree, what.get("source") or what.get("src") or "/").items():
                bound[place if below.startswith("./") else join(place, below)] = file
            inputs = sorted((path, file.digest) for path, file in bound.items())
    arguments = _json(text)
    shell = _Shell(stage, {**names}, bound, unstored, warnings)
    for command in [arguments] if arguments is not None else _commands(text):
        shell.do(command)
    changes = {path: file for path, file in shell.changes.items() if file is not None or path in stage.files}
    changes = {
        path: file for path, file in changes.items() if not any((path + "/").startswith(folder.rstrip("/") + "/") for folder in unstored)
    }
    _layer(
        stage,
        "RUN",
        value,
        changes,
        sorted(stage.args.items()),
        sorted(stage.config["env"].items()),
        stage.config["user"],
        stage.config["workdir"],
        inputs,
    )


def _commands(text: str) -> list[list[str]]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars="&|;()<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    skip = False
    for word in lexer:
        if skip:
            skip = False
        elif word in _ENDS:
            commands.append([])
        elif set(word) <= set("<>&"):
            skip = word not in (">&", ">&1", ">&2")
        elif word not in ("(", ")", "{", "}"):
            commands[-1].append(word)
    return [command for command in commands if command]


class _Shell:
    """What one RUN changes, command by command."""

    def __init__(self, stage, names, bound, unstored, warnings):
        self.stage, self.names, self.bound, self.unstored, self.warnings = stage, names, bound, unstored, warnings
        self.folder = stage.config["workdir"]
        self.changes: dict[str, File | None] = {}

    def files(self) -> dict[str, File]:
        """Return the files as this RUN sees them now."""
        merged = {**self.stage.files, **self.changes, **self.bound}
        return {path: file for path, file in merged.items() if file is not None}

    def path(self, word: str) -> str:
        """Return the absolute path that a word of a command names."""
        return normpath(join(self.folder, word.replace("~", "/root", 1) if word.startswith("~") else word))

    def write(self, path, size, *digest, content=None, runnable=False):
        """Write a file."""
        self.changes[path] = File(round(size), _hash(path, size, *digest), content, self.stage.config["user"], runnable)

    def below(self, words) -> dict[str, File]:
        """Return the files that paths or patterns name, with those below them."""
        patterns = [self.path(word) for word in words if not word.startswith("-")]
        return {
            path: file
            for path, file in self.files().items()
            if any(fnmatch.fnmatchcase(str(one), pattern) for pattern in patterns for one in (path, *PurePosixPath(path).parents))
        }

    def do(self, words):
        """Carry out one command."""
        words = [_expand(word, self.names) for word in words]
        local = {}
        while words and re.fullmatch(r"\w+=.*", words[0], re.DOTALL):
            name, _, text = words.pop(0).partition("=")
            local[name] = text
        while words and words[0] in ("exec", "sudo", "time", "env"):
            words.pop(0)
        if not words:
            self.names |= local
            return
        before, self.names = self.names, {**self.names, **local}
        program = "source" if words[0] == "." else words[0].rsplit("/", 1)[-1]
        if program in ("sh", "bash") and "-c" in words[1:-1]:
            for command in _commands(words[-1]):
                self.do(command)
        elif program in ("python", "python3") and words[1:3] in (["-m", "pip"], ["-m", "venv"]):
            self.pip(words[0], words[3:]) if words[2] == "pip" else self.venv(words[3:])
        elif program in ("python", "python3") and words[1:3] == ["-m", "alarm.export"]:
            self.export(words[0], words[3:])
        elif program in ("pip", "pip3"):
            self.pip(words[0], words[1:])
        elif program == "uv" and words[1:2] in (["venv"], ["pip"]):
            self.venv(words[2:]) if words[1] == "venv" else self.pip(words[0], words[2:], uv=True)
        else:
            known = getattr(self, "_" + program.replace("-", "_"), None)
            if known:
                known(words[1:])
            elif program not in ("set", "true", ":", "echo", "ldconfig", "test", "[", "which", "printf"):
                self.warnings.append(f"the stand-in believes that `{' '.join(words)[:60]}` writes nothing")
        self.names = before | (self.names if words[0] in ("export", ".", "source", "cd") else {})

    def root(self, program: str) -> str:
        """Return the prefix into which a pip or python works: its own, or that of the first environment on PATH."""
        if "/bin/" in program:
            return str(PurePosixPath(program).parent.parent)
        for folder in self.names.get("PATH", "").split(":"):
            if f"{PurePosixPath(folder).parent}/pyvenv.cfg" in self.files():
                return str(PurePosixPath(folder).parent)
        return "/usr/local"

    def venv(self, words):
        for word in (word for word in words if not word.startswith("-")):
            place = self.path(word)
            self.write(f"{place}/pyvenv.cfg", 300, self.stage.python)
            self.write(f"{place}/bin/python", 100, runnable=True)
            if "--without-pip" not in words:
                self.write(f"{place}/lib/python{self.stage.python}/site-packages/pip", 12 * MB)

    def pip(self, program, words, uv=False):
        """Install, download or remove Python packages."""
        verb, options, names = (words or [""])[0], {}, []
        takes = {
            "-r": "requirement",
            "--requirement": "requirement",
            "-t": "target",
            "--target": "target",
            "--prefix": "prefix",
            "-w": "wheel",
        }
        takes |= {
            "--wheel-dir": "wheel",
            "-d": "wheel",
            "--dest": "wheel",
            "-c": "",
            "--constraint": "",
            "-i": "",
            "--index-url": "",
            "--extra-index-url": "",
        }
        takes |= {
            "--find-links": "",
            "-f": "",
            "--cert": "",
            "--python": "python",
            "--trusted-host": "",
            "--timeout": "",
            "--root": "",
            "--no-binary": "",
            "--only-binary": "",
        }
        rest = iter(words[1:])
        for word in rest:
            option, _, given = word.partition("=") if word.startswith("--") else (word, "", "")
            if option in takes:
                options.setdefault(takes[option], []).append(given or next(rest, ""))
            elif word.startswith("-r") and len(word) > 2:
                options.setdefault("requirement", []).append(word[2:])
            elif word.startswith("-"):
                options[word] = [""]
            else:
                names.append(word)
        for wanted in options.get("requirement", []):
            file = self.files().get(self.path(wanted))
            if file is None:
                raise BuildError(f"RUN pip: no requirements file {wanted} in the image at this point: is it copied before?")
            names += [
                re.split(r"\s+[#-]", line)[0].strip()
                for line in (file.content or b"").decode().splitlines()
                if line.strip() and not line.startswith(("#", "-"))
            ]
        if verb == "uninstall":
            for name in names:
                for path in [path for path in self.files() if path.endswith(f"/site-packages/{name.lower()}")]:
                    self.changes[path] = None
            return
        if verb not in ("install", "wheel", "download"):
            return
        if self.stage.python is None:
            raise BuildError(f"RUN pip: there is no Python in {self.stage.base}")
        root = options.get("prefix", [self.root(program)])[0]
        if "--user" in options:
            root = self._home_root()
        if "python" in options:
            root = str(PurePosixPath(options["python"][0]).parent.parent) if "/bin/" in options["python"][0] else options["python"][0]
        place = self.path(options["target"][0]) if "target" in options else f"{root}/lib/python{self.stage.python}/site-packages"
        wheels = [name for name in names if name.endswith(".whl") or name.startswith("/")]
        total, waiting = 0.0, [self._named(name) for name in names if name not in wheels]
        for pattern in wheels:
            found = [path for path in self.files() if path.endswith(".whl") and fnmatch.fnmatchcase(path, self.path(pattern))]
            if not found:
                raise BuildError(f"RUN pip {verb}: no {pattern} here (the stand-in installs by name, and wheels)")
            waiting += [(PurePosixPath(path).stem, self.files()[path].digest) for path in found]
        while waiting:
            name, spec = waiting.pop()
            if name in ("", ".") or name.startswith("./"):
                continue
            if name not in _PIP:
                self.warnings.append(f"no size for the Python package {name}: counted as 10 MB")
            mb, needs = _PIP.get(name, (10.0, []))
            here = f"{self.path(options['wheel'][0])}/{name}.whl" if verb != "install" and "wheel" in options else f"{place}/{name}"
            if here in self.files() and (spec == name or self.files()[here].digest == _hash(here, round(mb * MB), spec)):
                continue
            self.write(here, round(mb * MB * (0.3 if verb != "install" else 1)), spec)
            if name in ("uvicorn", "fastapi", "mlflow", "uv") and verb == "install" and "target" not in options:
                python = f"{root}/bin/python" if f"{root}/pyvenv.cfg" in self.files() else "/usr/local/bin/python"
                self.write(f"{root}/bin/{name}", 300, python, content=f"#!{python}\n".encode(), runnable=True)
            total += mb
            if "--no-deps" not in options:
                waiting += [(need, need) for need in needs]
        if (
            not uv
            and "--no-cache-dir" not in options
            and self.names.get("PIP_NO_CACHE_DIR", "0").lower() not in ("1", "true", "on", "yes", "off")
        ):
            self.write("/root/.cache/pip", total * MB * 0.3, *sorted(names))
        if uv and "--no-cache" not in options and "UV_NO_CACHE" not in self.names:
            self.write("/root/.cache/uv", total * MB, *sorted(names))

    @staticmethod
    def _named(requirement: str) -> tuple[str, str]:
        """Return the package that a requirement names, and the requirement."""
        return re.split(r"[\s\[=<>~!;@]", requirement)[0].lower().replace("_", "-"), requirement

    def _home_root(self) -> str:
        """Return the prefix of `pip install --user`."""
        return "/root/.local" if self.stage.config["user"] in ("root", "0") else f"/home/{self.stage.config['user']}/.local"

    def export(self, program, words):
        """Do what alarm/export.py does."""
        root, files = self.root(program), self.files()
        if "/app/alarm/export.py" not in files and self.path("alarm/export.py") not in files:
            raise BuildError("RUN python -m alarm.export: No module named alarm.export – is the folder alarm copied before?")
        places = [f"{prefix}/lib/python{self.stage.python}/site-packages/numpy" for prefix in (root, self._home_root())]
        places += [f"{folder}/numpy" for folder in self.names.get("PYTHONPATH", "").split(":")]
        if not any(place in files for place in places):
            raise BuildError("RUN python -m alarm.export: No module named 'numpy' – is requirements-build.txt installed before?")
        source = files.get(self.path(words[0]))
        if source is None:
            raise BuildError(f"RUN python -m alarm.export: no file {words[0]}")
        import numpy as np

        with np.load(io.BytesIO(source.content)) as arrays:
            content = json.dumps(
                {
                    "columns": arrays["columns"].tolist(),
                    **{name: arrays[name].tolist() for name in ("mean", "scale", "weights", "intercept", "threshold")},
                }
            ).encode()
        path = self.path(words[1])
        self.changes[path] = File(len(content), hashlib.sha256(content).hexdigest(), content, self.stage.config["user"])

    def _apt_get(self, words):
        plain = [word for word in words if not word.startswith("-")]
        verb, names = plain[0], plain[1:]
        lists = "/var/lib/apt/lists/bookworm"
        if verb == "update":
            self.write(lists, 19 * MB)
        elif verb == "install":
            if lists not in self.files():
                raise BuildError("RUN apt-get install: unable to locate packages – the lists are not there: apt-get update in the same RUN")
            for name in names:
                own, more = _APT.get(name.split("=")[0], (5, 1))
                self.write(f"/usr/lib/apt/{name.split('=')[0]}", (own + (0 if "--no-install-recommends" in words else more)) * MB)
        elif verb in ("purge", "remove"):
            for name in names:
                self._rm([f"/usr/lib/apt/{name}"])

    _apt = _apt_get

    def _rm(self, words):
        for path in self.below(words):
            if path not in self.bound:
                self.changes[path] = None

    def _cp(self, words):
        *sources, target = [word for word in words if not word.startswith("-")]
        place = self.path(target)
        for source in sources:
            whole = self.path(source.removesuffix("/."))
            for path, file in self.below([source]).items():
                below = path.removeprefix(whole).lstrip("/")
                inside = target.endswith("/") or place in {str(parent) for one in self.files() for parent in PurePosixPath(one).parents}
                new = (
                    join(place, below)
                    if source.endswith("/.") or (below and not inside)
                    else join(place, PurePosixPath(path).name)
                    if inside and not below
                    else place
                    if not below
                    else join(place, PurePosixPath(whole).name, below)
                )
                self.changes[normpath(new)] = replace(file, owner=self.stage.config["user"])

    def _mv(self, words):
        gone = self.below([word for word in words if not word.startswith("-")][:-1])
        self._cp(words)
        for path in gone:
            self.changes[path] = None

    def _chown(self, words):
        plain = [word for word in words if not word.startswith("-")]
        for path, file in self.below(plain[1:]).items():
            self.changes[path] = replace(file, owner=plain[0])

    def _chmod(self, words):
        plain = [word for word in words if not re.match(r"-[a-zA-Z]", word)]
        for path, file in self.below(plain[1:]).items():
            self.changes[path] = replace(file, runnable=bool(re.search("[157]|x", plain[0])))

    def _touch(self, words):
        for word in words:
            self.write(self.path(word), 0, content=b"")

    def _useradd(self, words):
        self.write("/etc/passwd", 1200, *words)

    _adduser = _groupadd = _addgroup = _useradd

    def _mkdir(self, words):
        self.stage.folders |= {self.path(word) for word in words if not word.startswith("-")}

    def _export(self, words):
        self.names |= {word.partition("=")[0]: word.partition("=")[2] for word in words if "=" in word}

    def _cd(self, words):
        self.folder = self.path(words[0])

    def _source(self, words):
        self.names["PATH"] = f"{PurePosixPath(self.path(words[0])).parent}:{self.names.get('PATH', '')}"
