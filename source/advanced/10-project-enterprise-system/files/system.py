"""Puts a system together from your parts and Cy's, in a folder of its own, starts it, and plays a script to it over HTTP.

A script is a list of steps, played in order:
    {"clock": seconds}                              the simulated time
    {"token": name, "client": c, "scope": s, "on": 0}   ask gateway 0 (or 1) for a token, and keep it under the name
    {"ask": [method, path, body], "as": name, "on": 0, "key": k, "save": n}   a request with that token (or {"raw": text} for the whole
                                                    Authorization); `key` is its Idempotency-Key; `{n}` in a path is the saved forecast's id
    {"publish": True}, {"withdraw": kid}            your rotation's functions, on the ring's file ("signer": the key that signs)
    {"during": step, "then": [steps]}               while that request is under way at the model service, the others
    {"disaster": True}                              gateway 0 is killed, its disk-a is lost, it is started again
"""

import hashlib
import importlib.util
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).resolve().parent
PARTS = ("door", "rotation", "audit", "quota", "capacity", "vault", "bill")


def load_part(name, folder="system"):
    """Return the module in folder/name.py, read anew."""
    sys.dont_write_bytecode = True
    if str(HERE) not in sys.path:
        sys.path.append(str(HERE))
    path = Path(folder, f"{name}.py").resolve()
    spec = importlib.util.spec_from_file_location(f"{name}_{time.monotonic_ns()}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except FileNotFoundError:
        raise RuntimeError(f"there is no {folder}/{name}.py") from None
    except Exception as error:
        raise RuntimeError(f"{folder}/{name}.py cannot be loaded: {type(error).__name__}: {error}") from None
    return module


@contextmanager
def quick_disk(count):
    """Let os.fsync count in count["fsyncs"], and neither it nor SQLite wait for the disk: a rehearsal has many writes, and no power cut."""

    def counted(number):
        count["fsyncs"] = count.get("fsyncs", 0) + 1

    def connected(*args, connect=sqlite3.connect, **more):
        store = connect(*args, **more)
        store.execute("PRAGMA synchronous=OFF")
        return store

    names = [name for name in ("fsync", "fdatasync") if hasattr(os, name)]
    kept = {name: getattr(os, name) for name in names}
    for name in names:
        setattr(os, name, counted)
    connect, sqlite3.connect = sqlite3.connect, connected
    try:
        yield count
    finally:
        for name, call in kept.items():
            setattr(os, name, call)
        sqlite3.connect = connect


def words_of(error):
    """Return an exception as a text: its class and message."""
    return f"{type(error).__name__}: {error}"[:300]


def make_world(place, world):
    """Write the files of a world: clients, plans, ring and clock. `world` has clients {name: [tenant, user, secret, scope]}, plans,
    the first key's kid and secret, and perhaps `texts`, files of the code that stand in for others."""
    place.mkdir(parents=True)
    clients = {
        name: {"tenant": tenant, "user": user, "secret_sha256": hashlib.sha256(secret.encode()).hexdigest(), "scope": scope}
        for name, (tenant, user, secret, scope) in world["clients"].items()
    }
    key = {"kid": world.get("kid", "k0"), "secret": world["secret"], "from": 0, "until": None}
    texts = {"clients.json": clients, "plans.json": world["plans"], "ring.json": {"keys": [key]}, "clock": world.get("clock", 1000.0)}
    for name, data in texts.items():
        (place / name).write_text(json.dumps(data))
    return place


class System:
    """A running system: one model service, and one or two gateways with worlds of their own and one ring."""

    def __init__(self, own, world, gateways=1, folder="system", row_ms=0.0):
        import services

        self.services, self.world, self.tokens, self.saved, self.secrets = services, world, {}, {}, []
        self.answers, self.stack = [], ExitStack()
        try:
            self.place = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="metro-")))
            code = self.place / "code"
            shutil.copytree(HERE / "found", code, ignore=shutil.ignore_patterns("__pycache__"))
            for part in own:
                shutil.copyfile(Path(folder, f"{part}.py"), code / f"{part}.py")
            shutil.copyfile(HERE / "simulator.py", code / "simulator.py")
            for name, text in world.get("texts", {}).items():
                (code / name).write_text(text)
            self.code, self.model = code, services.start(str(code / "model.py"), {"MODEL_ROW_MS": str(row_ms)})
            self.stack.callback(services.end, self.model["pid"])
            self.worlds = [make_world(self.place / f"world-{number}", world) for number in range(gateways)]
            self.gateways = [None] * gateways
            self.stack.callback(self.end)
            for number in range(gateways):
                self.start(number)
        except BaseException:
            self.stack.close()
            raise

    def start(self, number):
        """Start a gateway."""
        settings = {"WORLD": str(self.worlds[number]), "MODEL_URL": self.model["url"], "RING": str(self.worlds[0] / "ring.json")}
        settings["PEPPER"] = self.world.get("pepper", "pepper")
        self.gateways[number] = self.services.start(str(self.code / "app.py"), settings)

    def end(self):
        """End the gateways."""
        for number, gateway in enumerate(self.gateways):
            if gateway:
                self.services.end(gateway["pid"])
            self.gateways[number] = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def clock(self, seconds):
        """Set the simulated time in all worlds, at once and whole."""
        for place in self.worlds:
            (place / "clock.new").write_text(str(float(seconds)))
            (place / "clock.new").replace(place / "clock")
        self.time = float(seconds)

    def ask(self, method, path, body=None, authorization=None, key=None, on=0):
        """Send a request; return status, body, headers, seconds. Status 0: no answer came."""
        import http.client

        line = http.client.HTTPConnection("127.0.0.1", int(self.gateways[on]["url"].rsplit(":", 1)[1]), timeout=10)
        sent = {"Content-Type": "application/json", "Connection": "close"}
        sent |= {"Authorization": authorization} if authorization is not None else {}
        sent |= {"Idempotency-Key": key} if key else {}
        begin = time.perf_counter()
        try:
            line.request(method, path, None if body is None else json.dumps(body), sent)
            answer = line.getresponse()
            text, headers = answer.read().decode("utf-8", "replace"), {name.lower(): value for name, value in answer.getheaders()}
            status = answer.status
        except (OSError, http.client.HTTPException, ValueError) as error:
            return {"status": 0, "body": words_of(error), "headers": {}, "seconds": time.perf_counter() - begin}
        finally:
            line.close()
        with suppress(ValueError):
            text = json.loads(text)
        return {"status": status, "body": text, "headers": headers, "seconds": time.perf_counter() - begin}

    def play(self, script):
        """Play a script; return the answers of its requests, in order."""
        begin = len(self.answers)
        for step in script:
            self.step(step)
        return self.answers[begin:]

    def step(self, step):
        """Play one step."""
        if "clock" in step:
            self.clock(step["clock"])
        elif "token" in step:
            _, _, secret, scope = self.world["clients"][step["client"]]
            asked = {"client": step["client"], "secret": secret, "scope": step.get("scope", scope)}
            said = self.ask("POST", "/v1/tokens", asked, on=step.get("on", 0))
            found = said["body"] if isinstance(said["body"], dict) else {}
            self.tokens[step["token"]] = f"Bearer {found.get('token', 'none was given')}"
            self.saved[step["token"]] = found.get("jti", "")
            self.answers.append(said)
        elif "publish" in step or "withdraw" in step:
            rotation = load_part("rotation", self.code)
            path, now = self.worlds[0] / "ring.json", self.time
            ring = rotation.read(str(path))
            if "withdraw" in step:
                kid = rotation.signer(ring, now)["kid"] if step["withdraw"] == "signer" else step["withdraw"]
                ring = rotation.withdraw(ring, kid, now)
            else:
                ring = rotation.publish(ring, now)
            rotation.write(str(path), ring)
            self.secrets.append([now, rotation.signer(ring, now)["kid"]])
        elif "during" in step:
            thread = threading.Thread(target=self.step, args=(step["during"],))
            thread.start()
            until = time.monotonic() + 5
            while self.services.ask(self.model["url"], "/busy")[1] == 0 and thread.is_alive() and time.monotonic() < until:
                time.sleep(0.01)
            for each in step["then"]:
                self.step(each)
            thread.join()
        elif "disaster" in step:
            self.services.end(self.gateways[0]["pid"])
            self.gateways[0] = None
            shutil.rmtree(self.worlds[0] / "disk-a", ignore_errors=True)
            begin = time.perf_counter()
            try:
                self.start(0)
            except RuntimeError as error:
                raise RuntimeError(f"after the disaster the gateway does not start: {error}") from None
            self.recovered = time.perf_counter() - begin
        else:
            method, path, *body = step["ask"]
            for name, value in self.saved.items():
                path = path.replace("{" + name + "}", quote(value))
            who = step.get("as")
            authorization = who["raw"] if isinstance(who, dict) else self.tokens.get(who)
            body = (
                {key: (self.saved.get(value, value) if isinstance(value, str) else value) for key, value in body[0].items()}
                if body
                else None
            )
            said = self.ask(method, path, body, authorization, step.get("key"), step.get("on", 0))
            if step.get("save") and isinstance(said["body"], dict):
                self.saved[step["save"]] = said["body"].get("id", "")
            self.answers.append({**said, "step": step.get("name", "")})


def play_script(own, world, script, gateways=1, row_ms=0.0, folder="system"):
    """Play a script to a system with your parts in `own`.

    Return started, why, answers, log (the audit log's lines), recovered (seconds).
    """
    try:
        with System(own, world, gateways, folder, row_ms) as system:
            system.clock(world.get("clock", 1000.0))
            answers = system.play(script)
            log = system.worlds[0] / "audit.jsonl"
            lines = log.read_text().splitlines() if log.exists() else []
            return {"started": True, "why": "", "answers": answers, "log": lines, "recovered": getattr(system, "recovered", None)}
    except (RuntimeError, FileNotFoundError) as error:
        return {"started": False, "why": str(error)[:400], "answers": [], "log": [], "recovered": None}
    except Exception as error:  # a function of the learner's that was called directly
        return {"started": False, "why": words_of(error), "answers": [], "log": [], "recovered": None}
