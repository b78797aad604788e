"""The stage: it plays events to a platform, kills it where it should be killed, starts it again, and tells how things are.

A platform is played in a folder of its own. For each step the parts are loaded anew, so that nothing is known but what lies in the stores:
as at work, where the process that finds the next event in the queue is seldom the one before. A step that is to be killed is done by a
process of its own, which gets a real SIGKILL.
"""

import contextlib
import copy
import gc
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from types import SimpleNamespace

os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "DVC_NO_ANALYTICS": "1"}

import warm  # noqa: F401
from dvc.ui import ui
from dvc_here import dvc
from looking import look
from mlflow import MlflowClient
from platform_kit import Platform
from pods import Pods
from service import OnKubernetes, OnPaper
from stores import NAME
from trail import first_line
from world import WINTER, World

HERE = Path(__file__).resolve().parent
PARTS = ["admission", "audit", "gate", "monitor", "deployment", "events"]
SECONDS = 100
_stores = []  # MLflow's, of the platform that is being played


def play(own, seed, scenes, cluster=False, before=()):
    """Play scenes to a platform in which the parts in `own` are yours, from the folder `system`, and the others as found.
    If `own` is a text, it names the folder in which all six lie.

    Each scene begins with the same platform: a winter's data, and a champion that learnt from them (from World(seed)). It is a list of
    steps. {"event": e} lets the part events handle an event; {"call": [part, function, arguments]} calls a function with the platform
    and the arguments; either may say "crash": [effect, n], to be killed right after the n-th effect of that name ("any": of any).
    {"start": True} lets the deployment recover, as at each start. A list of steps is the same as the steps. `before` are steps that are
    done once, before all scenes. With `cluster`, the service runs on the notebook's Kubernetes cluster, and there is one scene.

    Return for each scene a list with how things are after each step: see `look`.
    """
    with tempfile.TemporaryDirectory(prefix="stage-") as place:
        child = os.fork()
        if child == 0:
            _alone(own, seed, scenes, cluster, before, Path(place).resolve())
        os.waitpid(child, 0)
        told = Path(place, "told.json")
        if not told.is_file():
            raise RuntimeError(f"the stage was ended, or a step took more than {SECONDS} seconds")
        told = json.loads(told.read_text())
    if isinstance(told, dict):
        raise RuntimeError(told["error"])
    return told


def _alone(own, seed, scenes, cluster, before, place):
    """Play in this process, which is there for nothing else; leave what was found in told.json, and end the process."""
    os.setpgid(0, 0)
    pods = None
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        gc.freeze()  # what is there now is shared with each process that is forked, and never looked at again
        with open(place / "log", "w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        os.environ |= {"DVC_SITE_CACHE_DIR": str(place / "site"), "DVC_GLOBAL_CONFIG_DIR": str(place / "config")}
        ui.error_console.is_jupyter = False  # this process has no notebook to write to
        sys.path.insert(0, str(HERE))
        sys.dont_write_bytecode = True
        try:
            pods = Pods(HERE / "image") if cluster else None
            told = _play(own, seed, scenes, pods, before, place)
        except Exception as error:
            trace = "" if isinstance(error, RuntimeError) else f"\n{traceback.format_exc()[-1500:]}"
            told = {"error": f"{type(error).__name__}: {error}{trace}"}
        (place / "told.part").write_text(json.dumps(told))
        (place / "told.part").rename(place / "told.json")
    finally:
        with contextlib.suppress(Exception):
            if pods:
                pods.stop()
        os._exit(0)


def _play(own, seed, scenes, pods, before, place):
    live, start = Path(".stage/live").resolve(), place / "start"
    shutil.rmtree(live, ignore_errors=True)
    try:
        _begin_or_copy(seed, live, pods, place)
        for said in _step(list(before), own, live, pods, place):
            if said["error"]:
                raise RuntimeError(f"the platform could not be set up: {said['error']}")
        _let_go()
        shutil.copytree(live, start)
        told = []
        for scene in scenes:
            if told:
                _let_go()
                shutil.rmtree(live)
                shutil.copytree(start, live)
            told.append([])
            for step in scene:
                said = _step(step, own, live, pods, place)
                told[-1] += said if isinstance(step, list) else [said]
        return told
    finally:
        shutil.rmtree(live, ignore_errors=True)


def _begin_or_copy(seed, live, pods, place):
    """Set the platform up. How it is at first is the same for a seed, so it is kept: to make it takes half a second."""
    files = [HERE / name for name in ("stage.py", "stores.py", "world.py", "platform_kit.py", "training.yaml", "trail.py")]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in files) + str(seed).encode()).hexdigest()[:16]
    kept = Path(".stage", f"start-{key}").resolve()
    if kept.is_dir():
        shutil.copytree(kept, live)
        _open(live)
        if not pods:
            return
        step = {"call": ["stage", "serve", []]}
    else:
        _empty(live)
        step = {"call": ["stage", "begin", [seed]]}
    said = _step(step, (), live, pods, place)
    if said["error"]:
        raise RuntimeError(f"the platform could not be set up: {said['error']}")
    if not pods:
        _let_go()
        shutil.copytree(live, place / "kept")
        shutil.move(place / "kept", kept)


def _empty(live):
    """Lay out an empty platform: a DVC repository, an MLflow database."""
    (live / "data").mkdir(parents=True)
    dvc(live / "data", "init", "--no-scm")
    if Path("empty.db").is_file():
        shutil.copy("empty.db", live / "mlflow.db")
    client = _open(live)
    client.create_experiment("trip-time", artifact_location=(live / "artifacts").as_uri())
    client.create_registered_model(NAME)


def _open(live):
    """Open MLflow's database, and return its client."""
    address = f"sqlite:///{live / 'mlflow.db'}"
    client = MlflowClient(address, address)
    _stores[:] = [client._tracking_client.store, client._get_registry_client().store]
    return client


def make_empty_database(path):
    """Write an MLflow database without anything in it."""
    Path(path).unlink(missing_ok=True)
    MlflowClient(f"sqlite:///{path}").search_experiments()


def begin(p, seed):
    """Set a platform up: a winter's data, the champion that learnt from them, and the service that serves it."""
    p.data.commit(World(seed).trips("2026-02-16", noise=WINTER))
    made = p.train()
    tags = {"data": made["data"], "code": made["code"], "event": "start", "gate": "promoted"}
    version = p.registry.register(made["model"], tags, {"mae": made["mae"]})
    p.registry.set_champion(version)
    p.service.apply(version)
    p.service.wait()
    p.write("deployments", [version])
    entry = {"key": "start", "who": p.by, "what": "deployed", "subject": version, "why": "the first model", "when": p.now}
    p.audit_file.write_text(first_line(entry))


def serve(p):
    """Let the service serve the champion."""
    p.service.apply(p.registry.champion())
    p.service.wait()


def spare(p, model, tags=()):
    """Register a model that serves nobody yet; {} is a model that no pod can load."""
    return p.registry.register(model, {"data": p.data.newest(), "gate": "promoted", "event": "spare", **dict(tags)}, {"mae": 1.0})


def feed(p, rows):
    """Let the newest version of the data hold these rows, too, without a question."""
    return p.data.commit(p.data.rows() + rows)


def _step(step, own, live, pods, place):
    """Do one step, or several, and return how things are afterwards. One that is to be killed gets a process of its own."""
    if isinstance(step, list):
        return [_do(one, own, live, pods) for one in step]
    if "crash" not in step:
        return _do(step, own, live, pods)
    said = place / "said.json"
    said.unlink(missing_ok=True)
    _let_go()
    child = os.fork()
    if child == 0:
        try:
            said.with_suffix(".part").write_text(json.dumps(_do(step, own, live, pods)))
            said.with_suffix(".part").rename(said)
        finally:
            os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    if said.is_file():
        return json.loads(said.read_text())
    return {**_do({"look": True}, own, live, pods), "killed": killed, "error": "" if killed else "the process ended itself"}


def _let_go():
    """Close the connections to MLflow's database: no process may use another's, and the file may be replaced."""
    for store in _stores:
        store.engine.dispose()


def _do(step, own, live, pods):
    """Do one step, and return what came of it and how things are."""
    effects, dies, active = [], step.get("crash"), True

    def before(name):  # right before an effect is right after the one before it
        die()
        if active:
            effects.append(name)

    def die():
        if active and dies and effects and dies[0] in ("any", effects[-1]) and sum(dies[0] in ("any", each) for each in effects) == dies[1]:
            os.kill(os.getpid(), signal.SIGKILL)

    if pods:
        make = lambda registry, effect: OnKubernetes(pods.cluster, pods.ask, registry, effect)  # noqa: E731
    else:
        make = lambda registry, effect: OnPaper(live, registry, effect)  # noqa: E731
    event = step.get("event", {})
    error, value, parts = "", None, SimpleNamespace()
    told = {"at": "2026-02-28T09:00:00Z", "by": "Noor", **step, **event}
    p = Platform(live, parts, make, told["at"], told["by"], before)
    try:
        for name in PARTS:
            setattr(parts, name, load_part(name, own))
        if event:
            value = parts.events.handle(p, copy.deepcopy(event))
        elif "start" in step:
            value = parts.deployment.recover(p)
        elif "call" in step:
            part, function, arguments = step["call"]
            where = SimpleNamespace(begin=begin, spare=spare, serve=serve, feed=feed) if part == "stage" else getattr(parts, part)
            value = getattr(where, function)(p, *copy.deepcopy(arguments))
        die()
    except BaseException as problem:
        error = describe(problem)
    active = False
    return {"killed": False, "effects": effects, "error": error, "value": plain(value), **look(p, live)}


def load_part(name, own=()):
    """Return a part as a module: yours if it is in `own` (or from the folder `own`), else as found."""
    path = Path(own if isinstance(own, str) else "system" if name in own else HERE / "found", f"{name}.py")
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: run the cell that writes it")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def describe(problem):
    """Return an exception as a line: its type, its words, and where in a part it was raised."""
    parts = ("system", "release", "found")
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if Path(frame.filename).parent.name in parts]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(problem).__name__}: {problem}{where}"


def plain(value):
    """Return a value as JSON has it, or its text."""
    try:
        return json.loads(json.dumps(value))
    except (ValueError, TypeError):
        return str(value)
