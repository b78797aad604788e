# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style. The first two of each exercise are two more
# designs of the whole system; the wrong ones are the first of these, or the second, with one place changed.

# %% grade_id="door" points=15 why="another style: checks by hand over the standard library's hmac" name="right-1"
import base64
import hashlib
import hmac
import json

NEEDED = {"tenant": str, "sub": str, "scope": str, "jti": str}


def pack(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpack(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def seal(secret, text):
    return pack(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def issue(tenant, user, scope, key, now, jti):
    head = {"alg": "HS256", "typ": "JWT", "kid": key["kid"]}
    body = {"tenant": tenant, "sub": user, "scope": scope, "aud": "metro-forecasts", "iat": now, "exp": now + 900, "jti": jti}
    text = pack(json.dumps(head).encode()) + "." + pack(json.dumps(body).encode())
    return f"{text}.{seal(key['secret'], text)}"


def enter(authorization, keys, revoked, now):
    try:
        return checked(authorization, keys, revoked, now)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PermissionError("unreadable") from error


def checked(authorization, keys, revoked, now):
    if not authorization.startswith("Bearer "):
        raise PermissionError("no bearer")
    head, body, given = authorization.removeprefix("Bearer ").split(".")
    header = json.loads(unpack(head))
    if header["alg"] != "HS256":
        raise PermissionError("another algorithm")
    right = seal(keys[header["kid"]], f"{head}.{body}")
    if not hmac.compare_digest(right.encode(), given.encode()):
        raise PermissionError("a wrong seal")
    claims = json.loads(unpack(body))
    for name, kind in NEEDED.items():
        if not isinstance(claims[name], kind) or not claims[name]:
            raise PermissionError(f"no {name}")
    if claims["aud"] != "metro-forecasts":
        raise PermissionError("not for us")
    begin, end = claims["iat"], claims["exp"]
    if isinstance(begin, bool) or isinstance(end, bool):
        raise PermissionError("no times")
    if not (now < end and begin <= now + 60 and 0 <= end - begin <= 900):
        raise PermissionError("not now")
    if claims["jti"] in revoked:
        raise PermissionError("revoked")
    return {"tenant": claims["tenant"], "user": claims["sub"], "scope": claims["scope"], "jti": claims["jti"]}


def may(caller, scope, thing):
    words = caller["scope"].split()
    if scope not in words:
        return 403
    if thing is None:
        return 200
    if thing["owner"] is None:
        return 404
    if thing["owner"] == caller["tenant"]:
        return 200
    if caller["tenant"] == "metro" and "support:read" in words and scope == "forecasts:read":
        return 200
    return 404

save_cell("system/door.py")

# %% grade_id="door" points=15 why="another style: PyJWT for the seal, Pydantic for the claims"
from typing import Annotated, Literal

import jwt
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

Text = Annotated[str, Field(min_length=1)]


class Claims(BaseModel):
    model_config = ConfigDict(strict=True)
    tenant: Text
    sub: Text
    scope: Text
    jti: Text
    aud: Literal["metro-forecasts"]
    iat: FiniteFloat
    exp: FiniteFloat

    def holds(self, now):
        return now < self.exp and self.exp - self.iat <= 900 and self.iat - now <= 60


def issue(tenant, user, scope, key, now, jti):
    claims = Claims(tenant=tenant, sub=user, scope=scope, jti=jti, aud="metro-forecasts", iat=float(now), exp=float(now + 900))
    return jwt.encode(claims.model_dump(), key["secret"], "HS256", {"kid": key["kid"]})


def enter(authorization, keys, revoked, now):
    words = authorization.split()
    if len(words) != 2 or words[0] != "Bearer":
        raise PermissionError("a bearer token is expected")
    try:
        kid = str(jwt.get_unverified_header(words[1]).get("kid"))
        options = dict.fromkeys(["verify_exp", "verify_iat", "verify_nbf", "verify_aud"], False)
        claims = Claims.model_validate(jwt.decode(words[1], keys.get(kid) or "", algorithms=["HS256"], options=options))
    except (jwt.InvalidTokenError, ValidationError, jwt.InvalidKeyError) as error:
        raise PermissionError(str(error)) from None
    if kid not in keys or not claims.holds(now) or claims.jti in set(revoked):
        raise PermissionError("not now")
    return {"tenant": claims.tenant, "user": claims.sub, "scope": claims.scope, "jti": claims.jti}


def may(caller, scope, thing):
    held = frozenset(caller["scope"].split(" "))
    rights = {(caller["tenant"], right) for right in held}
    owner = caller["tenant"] if thing is None else thing["owner"]
    if scope not in held:
        return 403
    if {("metro", "support:read"), ("metro", "forecasts:read")} <= rights and scope == "forecasts:read" and owner:
        return 200
    return 200 if (owner, scope) in rights else 404

save_cell("system/door.py")

# %% grade_id="door" points=5 message="alg none" why="believes the header's alg none" changes="right-1"
-    if header["alg"] != "HS256":
-        raise PermissionError("another algorithm")
-    right = seal(keys[header["kid"]], f"{head}.{body}")
-    if not hmac.compare_digest(right.encode(), given.encode()):
-        raise PermissionError("a wrong seal")
+    if header["alg"] != "none":
+        right = seal(keys[header["kid"]], f"{head}.{body}")
+        if not hmac.compare_digest(right.encode(), given.encode()):
+            raise PermissionError("a wrong seal")

# %% grade_id="door" points=9 message="expected 401" why="does not bound how long a token lives: passes what is visible" changes="right-1"
-    if not (now < end and begin <= now + 60 and 0 <= end - begin <= 900):
+    if not (now < end and begin <= now + 60):

# %% grade_id="door" points=9 message="whose exp is NaN" why="asks for what is bad, and NaN is never bad: passes what is visible" changes="right-1"
-    if not (now < end and begin <= now + 60 and 0 <= end - begin <= 900):
+    if now >= end or begin > now + 60 or end - begin > 900:

# %% grade_id="door" points=9 message="compare in constant time" why="compares with !=: passes what is visible" changes="right-1"
-    if not hmac.compare_digest(right.encode(), given.encode()):
+    if right != given:

# %% grade_id="door" points=9 message="something else than PermissionError" why="a list for a kid is a TypeError, and a 500: passes what is visible" changes="right-1"
-    except (ValueError, KeyError, TypeError, AttributeError) as error:
+    except (ValueError, KeyError) as error:

# %% grade_id="door" points=10 message="without the scope forecasts:read, of a forecast that does not exist" why="looks for the thing before the right: whoever has no right learns what exists; passes what is visible" changes="right-1"
     words = caller["scope"].split()
+    if thing is not None and thing["owner"] is None:
+        return 404
@@
-    if thing["owner"] is None:
-        return 404

# %% grade_id="door" points=6 message="asked for by another tenant" why="403 for another's forecast, 404 for none" changes="right-1"
-    return 404
+    return 403

# %% grade_id="door" points=10 message="another tenant than" why="one tenant's name begins with another's: passes what is visible" changes="right-1"
-    if thing["owner"] == caller["tenant"]:
+    if thing["owner"].startswith(caller["tenant"]):

# %% grade_id="door" points=10 message="forecasts:readonly" why="looks for a scope as a part of the text: passes what is visible" changes="right-1"
-    words = caller["scope"].split()
+    words = caller["scope"]

# %% grade_id="door" points=10 message="a tenant that is not metro, with support:read" why="support:read is enough, whoever holds it: passes what is visible" changes="right-1"
-    if caller["tenant"] == "metro" and "support:read" in words and scope == "forecasts:read":
+    if "support:read" in words and scope == "forecasts:read":

# %% grade_id="rotation" points=12 why="another style: times are stored with each key, plain loops" name="right-1"
import json
import os
import secrets
import tempfile

SPREAD, LIFE = 60, 900


def read(path):
    with open(path) as file:
        return json.loads(file.read())


def write(path, ring):
    number, name = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))  # readable by the owner alone
    with os.fdopen(number, "w") as file:
        file.write(json.dumps(ring))
    os.replace(name, path)


def new_key(begin):
    return {"kid": secrets.token_urlsafe(9), "secret": secrets.token_urlsafe(40), "from": begin, "until": None}


def accepted(key, now):
    return key["until"] is None or key["until"] > now


def publish(ring, now):
    keys = []
    for key in ring["keys"]:
        if not accepted(key, now):
            continue
        key = dict(key)
        if key["until"] is None:
            key["until"] = now + SPREAD + LIFE
        keys.append(key)
    return {"keys": keys + [new_key(now + SPREAD)]}


def signer(ring, now):
    able = [key for key in ring["keys"] if key["from"] <= now and accepted(key, now)]
    able.sort(key=lambda key: key["from"])
    return able[-1]


def verifiers(ring, now):
    found = {}
    for key in ring["keys"]:
        if accepted(key, now):
            found[key["kid"]] = key["secret"]
    return found


def withdraw(ring, kid, now):
    was_signing = signer(ring, now)["kid"] == kid
    begin = signer(ring, now)["from"]
    keys = [dict(key) for key in ring["keys"] if key["kid"] != kid]
    if was_signing:
        keys.append(new_key(now))
    for key in keys:
        later = [other["from"] for other in keys if other["from"] > key["from"]]
        if key["from"] >= begin:
            key["until"] = min(later) + LIFE if later else None
    return {"keys": keys}

save_cell("system/rotation.py")

# %% grade_id="rotation" points=12 why="another style: a key's end follows from its successor's beginning"
import json
import os
import uuid
from pathlib import Path

# A key's end is not stored: it follows from when its successor begins. Only withdrawn keys leave a mark.


def read(path):
    return json.loads(Path(path).read_text())


def write(path, ring):
    draft = Path(f"{path}.draft")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_text(json.dumps(ring))
    draft.replace(path)


def timeline(ring):
    """Return (key, begin, end of its acceptance), the oldest first."""
    keys = sorted(ring["keys"], key=lambda key: key["from"])
    ends = [key["from"] + 900 for key in keys[1:]] + [float("inf")]
    return [(key, key["from"], min(end, key["until"] if key.get("until") is not None else end)) for key, end in zip(keys, ends)]


def alive(ring, now):
    return [key for key, _, end in timeline(ring) if now < end]


def fresh(begin):
    return {"kid": str(uuid.uuid4()), "secret": os.urandom(32).hex(), "from": begin, "until": None}


def publish(ring, now):
    return {"keys": [*alive(ring, now), fresh(now + 60)]}


def signer(ring, now):
    *_, last = (key for key in alive(ring, now) if key["from"] <= now)
    return last


def verifiers(ring, now):
    return {key["kid"]: key["secret"] for key in alive(ring, now)}


def withdraw(ring, kid, now):
    signs = signer(ring, now)["kid"]
    rest, signing = [], False
    for key, _, end in timeline(ring):
        signing = signing or key["kid"] == signs
        if key["kid"] != kid and now < end:
            rest.append({**key, "until": None if signing else end})  # what signs now or later ends with its successor
    return {"keys": [*rest, fresh(now)] if signs == kid else rest}

save_cell("system/rotation.py")

# %% grade_id="rotation" points=4 message="the other gateways do not know the new one yet" why="a new key signs before all know it" changes="right-1"
-    return {"keys": keys + [new_key(now + SPREAD)]}
+    return {"keys": keys + [new_key(now)]}

# %% grade_id="rotation" points=0 message="some of them are still good" why="the old key is refused as soon as the new one signs" changes="right-1"
-            key["until"] = now + SPREAD + LIFE
+            key["until"] = now + SPREAD

# %% grade_id="rotation" points=0 message="are still accepted" why="old keys are kept, to be safe" changes="right-1"
-            key["until"] = now + SPREAD + LIFE
+            key["until"] = None

# %% grade_id="rotation" points=8 message="its last one ended long ago" why="each rotation gives all old keys another life: passes what is visible" changes="right-1"
-        if key["until"] is None:
-            key["until"] = now + SPREAD + LIFE
+        key["until"] = now + SPREAD + LIFE

# %% grade_id="rotation" points=4 message="unreadable" why="writes the file in place" changes="right-1"
-    number, name = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))  # readable by the owner alone
-    with os.fdopen(number, "w") as file:
-        file.write(json.dumps(ring))
-    os.replace(name, path)
+    with open(path, "w") as file:
+        json.dump(ring, file)
+    os.chmod(path, 0o600)

# %% grade_id="rotation" points=8 message="new tokens would be refused before their end" why="after a leak the key that is about to end signs again: passes what is visible" changes="right-1"
-    begin = signer(ring, now)["from"]
-    keys = [dict(key) for key in ring["keys"] if key["kid"] != kid]
-    if was_signing:
-        keys.append(new_key(now))
-    for key in keys:
-        later = [other["from"] for other in keys if other["from"] > key["from"]]
-        if key["from"] >= begin:
-            key["until"] = min(later) + LIFE if later else None
+    keys = [dict(key) for key in ring["keys"] if key["kid"] != kid]
+    if was_signing and not any(accepted(key, now) for key in keys):
+        keys.append(new_key(now))

# %% grade_id="rotation" points=8 message="a kid must never come again" why="names keys by the time, cut short, so that names come again: passes what is visible" changes="right-1"
-    return {"kid": secrets.token_urlsafe(9), "secret": secrets.token_urlsafe(40), "from": begin, "until": None}
+    return {"kid": f"k{begin % 2000:.0f}", "secret": secrets.token_urlsafe(40), "from": begin, "until": None}

# %% grade_id="rotation" points=8 message="still holds the secret of a key" why="dead keys stay in the ring: passes what is visible" changes="right-1"
-        if not accepted(key, now):
-            continue

# %% grade_id="rotation" points=8 message="a key leaked" why="after a leak throws the others away, too: passes what is visible" changes="right-1"
-    begin = signer(ring, now)["from"]
-    keys = [dict(key) for key in ring["keys"] if key["kid"] != kid]
+    keys = [key for key in ring["keys"] if key["kid"] == kid and not was_signing]
@@
-    for key in keys:
-        later = [other["from"] for other in keys if other["from"] > key["from"]]
-        if key["from"] >= begin:
-            key["until"] = min(later) + LIFE if later else None

# %% grade_id="rotation" points=8 message="takes over" why="after a leak of the key that signs, the emergency key never ends: passes what is visible" changes="right-1"
-    begin = signer(ring, now)["from"]
@@
-    for key in keys:
-        later = [other["from"] for other in keys if other["from"] > key["from"]]
-        if key["from"] >= begin:
-            key["until"] = min(later) + LIFE if later else None

# %% grade_id="audit" points=12 why="another style: a lock file beside the log, a hash over a list of values" name="right-1"
import fcntl
import hashlib
import hmac
import json
import os
import re
from pathlib import Path

KEPT = ["time", "tenant", "action", "object", "outcome", "correlation_id"]


def clean(value):
    if not isinstance(value, str):
        return value
    value = re.sub(r"eyJ\S*", "[token]", value)
    return re.sub(r"\S*@\S+", "[mail]", value)


def hash_of(line):
    text = json.dumps([line[name] for name in ["seq", "prev", "user", *KEPT]])
    return hashlib.sha256(text.encode()).hexdigest()


def append(path, entry, pepper):
    path = Path(path)
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        text = path.read_text() if path.exists() else ""
        if text and not text.endswith("\n"):
            text = text[: text.rfind("\n") + 1]
            path.write_text(text)
        last = json.loads(text.splitlines()[-1]) if text else None
        line = {name: clean(entry[name]) for name in KEPT}
        line["user"] = hmac.new(pepper.encode(), str(entry["user"]).encode(), "sha256").hexdigest()[:20]
        line["seq"] = last["seq"] + 1 if last else 1
        line["prev"] = last["hash"] if last else "start"
        line["hash"] = hash_of(line)
        with open(path, "a") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return {"count": line["seq"], "hash": line["hash"]}


def verify(path, head):
    try:
        text = Path(path).read_text()
        lines = [json.loads(each) for each in text.splitlines()]
        if text and not text.endswith("\n"):
            return "a half line at the end"
        before = "start"
        for number, line in enumerate(lines, 1):
            if line["seq"] != number:
                return f"line {number} has the number {line['seq']}"
            if line["prev"] != before:
                return f"line {number} does not follow"
            if hash_of(line) != line["hash"]:
                return f"line {number} was changed"
            before = line["hash"]
        if len(lines) < head["count"]:
            return "lines were cut off"
        if head["count"] and lines[head["count"] - 1]["hash"] != head["hash"]:
            return "the anchored line is another"
        return None
    except Exception as error:
        return f"unreadable: {error}"

save_cell("system/audit.py")

# %% grade_id="audit" points=12 why="another style: each line holds the hash of all bytes before it"
import fcntl
import hashlib
import hmac
import json
import os
import re

# Each line holds the hash of all bytes before it; the head is the hash of all bytes with it.
FIELDS = "time tenant user action object outcome correlation_id".split()


def digest(data):
    return hashlib.blake2b(data, digest_size=24).hexdigest()


def append(path, entry, pepper):
    number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(number, fcntl.LOCK_EX)
        data = b""
        while part := os.read(number, 1 << 16):
            data += part
        data = data[: data.rfind(b"\n") + 1]
        line = {"before": digest(data)}
        for name in FIELDS:
            value = entry[name]
            if name == "user":
                value = hmac.digest(pepper.encode(), value.encode(), "sha1").hex()
            elif isinstance(value, str):
                value = " ".join("-" if "@" in word or "eyJ" in word else word for word in value.split(" "))
            line[name] = value
        fresh = json.dumps(line).encode() + b"\n"
        os.ftruncate(number, len(data))
        os.pwrite(number, fresh, len(data))
        os.fsync(number)
        return {"count": data.count(b"\n") + 1, "hash": digest(data + fresh)}
    finally:
        os.close(number)


def verify(path, head):
    try:
        with open(path, "rb") as file:
            lines = file.read().splitlines(keepends=True)
    except OSError as error:
        return str(error)
    data = b""
    for count, line in enumerate(lines, 1):
        try:
            sound = json.loads(line)["before"] == digest(data)
        except (ValueError, KeyError, TypeError):
            sound = False
        if not sound or not line.endswith(b"\n"):
            return f"line {count} does not fit what stands before it"
        data += line
        if count == head["count"] and digest(data) != head["hash"]:
            return f"the first {count} lines are not those that were anchored"
    if len(lines) < head["count"]:
        return f"{head['count'] - len(lines)} lines are missing at the end"
    # a change in the last lines, after the head, is seen by the next one alone
    return None

save_cell("system/audit.py")

# %% grade_id="audit" points=4 message="outcome was changed" why="the hash does not cover the outcome" changes="right-1"
-    text = json.dumps([line[name] for name in ["seq", "prev", "user", *KEPT]])
+    text = json.dumps([line[name] for name in ["seq", "prev", "action", "object"]])

# %% grade_id="audit" points=4 message="cut off" why="a chain alone: its end can be cut off" changes="right-1"
-        if len(lines) < head["count"]:
-            return "lines were cut off"
-        if head["count"] and lines[head["count"] - 1]["hash"] != head["hash"]:
-            return "the anchored line is another"

# %% grade_id="audit" points=8 message="the whole log was written anew" why="looks at the head's count, not at its hash: passes what is visible" changes="right-1"
-        if head["count"] and lines[head["count"] - 1]["hash"] != head["hash"]:
-            return "the anchored line is another"

# %% grade_id="audit" points=8 message="the line that the head names must still be there" why="looks at the head's hash only while the log has not grown: passes what is visible" changes="right-1"
-        if head["count"] and lines[head["count"] - 1]["hash"] != head["hash"]:
-            return "the anchored line is another"
+        if len(lines) == head["count"] and before != head["hash"]:
+            return "the last line is not the one that was kept"

# %% grade_id="audit" points=8 message="a head may be older than the log" why="a log that has grown is suspected: passes what is visible" changes="right-1"
-        if len(lines) < head["count"]:
-            return "lines were cut off"
-        if head["count"] and lines[head["count"] - 1]["hash"] != head["hash"]:
+        if len(lines) != head["count"] or head["count"] and lines[-1]["hash"] != head["hash"]:

# %% grade_id="audit" points=8 message="expected a text that says what is wrong" why="an auditor's tool that stops with an exception: passes what is visible" changes="right-1"
-    except Exception as error:
+    except OSError as error:

# %% grade_id="audit" points=4 message="append six entries each, at once" why="two writers read the same last line" changes="right-1"
-        fcntl.flock(lock, fcntl.LOCK_EX)

# %% grade_id="audit" points=8 message="without a key anybody can hash a mail address" why="a plain hash for a pseudonym: passes what is visible" changes="right-1"
-        line["user"] = hmac.new(pepper.encode(), str(entry["user"]).encode(), "sha256").hexdigest()[:20]
+        line["user"] = hashlib.sha256(str(entry["user"]).encode()).hexdigest()[:20]

# %% grade_id="audit" points=8 message="append puts a half line away" why="sees the half line, and glues the next one to it: passes what is visible" changes="right-1"
-            path.write_text(text)

# %% grade_id="audit" points=8 message="take a token out whole" why="takes only a token's first letters out: passes what is visible" changes="right-1"
-    value = re.sub(r"eyJ\S*", "[token]", value)
+    value = re.sub(r"eyJ[a-zA-Z]+", "[token]", value)

# %% grade_id="audit" points=8 message="the log holds" why="keeps whatever an entry brings along: passes what is visible" changes="right-1"
-        line = {name: clean(entry[name]) for name in KEPT}
+        line = {name: clean(value) for name, value in entry.items()}

# %% grade_id="audit" points=8 message="up to the next space" why="takes out only whole tokens of three parts: passes what is visible" changes="right-1"
-    value = re.sub(r"eyJ\S*", "[token]", value)
+    value = re.sub(r"eyJ[\w-]*\.[\w-]*\.[\w-]*", "[token]", value)
@@
-            return "the anchored line is another"
+            return "the line that was kept is another"

# %% grade_id="quota" points=13 why="another style: a bucket as the time when it is full again; deficit round robin"
import math

# A bucket as the time at which it will be full again, and a queue by deficit round robin.


def take(buckets, tenant, work, now, plan):
    if work > plan["burst"]:
        return 413, None
    state = buckets.setdefault(tenant, {"full_at": now, "seen": now})
    now = state["seen"] = max(now, state["seen"])
    full_at = max(state["full_at"], now) + work / plan["rate"]
    wait = full_at - now - plan["burst"] / plan["rate"]
    if wait > 1e-9:
        return 429, max(1, math.ceil(wait - 1e-9))
    state["full_at"] = full_at
    return None


def pick(waiting, weights, memory):
    line, deficit = memory.setdefault("line", []), memory.setdefault("deficit", {})
    line[:] = [tenant for tenant in line if tenant in waiting]
    for tenant in waiting:
        if tenant not in line:
            line.append(tenant)
            deficit[tenant] = 0.0
    while True:
        tenant = line[0]
        if deficit[tenant] >= waiting[tenant]["work"]:
            deficit[tenant] -= waiting[tenant]["work"]
            return tenant
        line.append(line.pop(0))
        deficit[line[0]] += 0.05 * weights[line[0]]

save_cell("system/quota.py")

# %% grade_id="quota" points=13 why="another style: a class for the bucket; who does not wait is forgotten" name="right-2"
from math import ceil


class Bucket:
    def __init__(self, state, plan, now):
        self.plan = plan
        self.level, self.at = state if state else (plan["burst"], now)
        self.level = min(plan["burst"], self.level + plan["rate"] * max(0, now - self.at))
        self.at = max(self.at, now)

    def lacks(self, work):
        return max(0.0, work - self.level - 1e-9)


def take(buckets, tenant, work, now, plan):
    bucket = Bucket(buckets.get(tenant), plan, now)
    if work > plan["burst"]:
        return (413, None)
    lacking = bucket.lacks(work)
    if not lacking:
        bucket.level -= work
    buckets[tenant] = (bucket.level, bucket.at)
    return (429, max(1, ceil(lacking / plan["rate"]))) if lacking else None


def pick(waiting, weights, memory):
    # who does not wait is forgotten, and comes back with the least that anybody has had
    had = {tenant: memory[tenant] for tenant in waiting if tenant in memory}
    least = min(had.values(), default=0.0)
    memory.clear()
    memory.update((tenant, had.get(tenant, least)) for tenant in waiting)
    chosen = sorted(waiting, key=memory.get)[0]
    memory[chosen] += waiting[chosen]["work"] / weights[chosen]
    return chosen

save_cell("system/quota.py")

# %% grade_id="quota" points=3 message="take, asked for" why="counts requests, not work" changes="right-2"
 def take(buckets, tenant, work, now, plan):
+    work = 1.0

# %% grade_id="quota" points=3 message="expected None" why="charges what it refused" changes="right-2"
-    if not lacking:
-        bucket.level -= work
+    bucket.level -= work

# %% grade_id="quota" points=6 message="expected [429, 2]" why="always sends them away for a minute" changes="right-2"
-    return (429, max(1, ceil(lacking / plan["rate"]))) if lacking else None
+    return (429, 60) if lacking else None

# %% grade_id="quota" points=10 message="call " why="a clock that goes back takes tokens out: passes what is visible" changes="right-2"
-        self.level = min(plan["burst"], self.level + plan["rate"] * max(0, now - self.at))
-        self.at = max(self.at, now)
+        self.level = min(plan["burst"], self.level + plan["rate"] * (now - self.at))
+        self.at = now

# %% grade_id="quota" points=10 message="call " why="a clock that goes back, and then forward, fills twice: passes what is visible" changes="right-2"
-        self.at = max(self.at, now)
+        self.at = now

# %% grade_id="quota" points=3 message="take, asked for" why="one bucket for all tenants" changes="right-2"
-    bucket = Bucket(buckets.get(tenant), plan, now)
+    bucket = Bucket(buckets.get("all"), plan, now)
@@
-    buckets[tenant] = (bucket.level, bucket.at)
+    buckets["all"] = (bucket.level, bucket.at)

# %% grade_id="quota" points=10 message="is no credit, and no debt" why="whoever was silent all night is served alone all morning: passes what is visible" changes="right-2"
-    had = {tenant: memory[tenant] for tenant in waiting if tenant in memory}
-    least = min(had.values(), default=0.0)
-    memory.clear()
-    memory.update((tenant, had.get(tenant, least)) for tenant in waiting)
+    for tenant in waiting:
+        memory.setdefault(tenant, 0.0)

# %% grade_id="quota" points=10 message="saves up nothing either" why="who comes for the first time starts where the others are, who comes back does not: passes what is visible" changes="right-2"
-    had = {tenant: memory[tenant] for tenant in waiting if tenant in memory}
-    least = min(had.values(), default=0.0)
-    memory.clear()
-    memory.update((tenant, had.get(tenant, least)) for tenant in waiting)
+    here = min((memory[tenant] for tenant in waiting if tenant in memory), default=0.0)
+    for tenant in waiting:
+        memory.setdefault(tenant, here)

# %% grade_id="quota" points=10 message="of its share of the work" why="forgets the weights: passes what is visible" changes="right-2"
-    memory[chosen] += waiting[chosen]["work"] / weights[chosen]
+    memory[chosen] += waiting[chosen]["work"]

# %% grade_id="quota" points=10 message="of its share of the work" why="takes turns by requests, not by work: passes what is visible" changes="right-2"
-    memory[chosen] += waiting[chosen]["work"] / weights[chosen]
+    memory[chosen] += 1 / weights[chosen]

# %% grade_id="quota" points=10 message="requests were answered" why="shortest request first, for ever: passes what is visible" changes="right-2"
-    chosen = sorted(waiting, key=memory.get)[0]
+    chosen = min(waiting, key=lambda tenant: (waiting[tenant]["work"], memory[tenant]))

# %% grade_id="capacity" points=17 why="another style: from utilisation, and from offered work when it overflows; counts compared crosswise" name="right-1"
import math


def replicas(seen):
    memory, have = seen["memory"], seen["ready"] + seen["starting"]
    needed = math.ceil(seen["ready"] * seen["busy"] / 0.5)
    if seen["refused"] or seen["queue"] > 2 * seen["ready"]:
        needed = max(needed, math.ceil(seen["offered"] / 0.6))
    history = memory.setdefault("history", [])
    history.append(needed)
    return max(2, max(history[-14:]), 0 * have)


def admit(seen):
    if seen["wait"] <= 0.28:
        return None
    return 503, 20


def watch(minutes):
    recent, last = minutes[-5:], minutes[-1:]
    asked = sum(minute["canary"][0] for minute in recent)
    failed = sum(minute["canary"][1] for minute in recent)
    stable_asked = sum(minute["stable"][0] for minute in recent)
    stable_failed = sum(minute["stable"][1] for minute in recent)
    serious = asked >= 50 and 100 * failed >= 6 * asked
    still = any(minute["canary"][0] and 100 * minute["canary"][1] >= 6 * minute["canary"][0] for minute in last)
    worse = failed * max(1, stable_asked) >= 2 * stable_failed * max(1, asked)
    if serious and still and worse:
        return "stop"
    return "wait" if len(minutes) < 20 else "promote"

save_cell("system/capacity.py")

# %% grade_id="capacity" points=17 why="another style: a controller with a quick and a slow side; numpy"
import numpy as np


def replicas(seen):
    """A controller: the load is smoothed upwards quickly and downwards slowly."""
    memory, load = seen["memory"], seen["offered"]
    held = memory.get("held", load)
    memory["held"] = load if load > held else 0.92 * held + 0.08 * load
    rise = load - memory.get("before", load)
    memory["before"] = load
    wanted = int(np.ceil((memory["held"] + max(0.0, 2.0 * rise)) / 0.58))
    have = memory.get("have", 2)
    if wanted < have and (wanted == have - 1 > 2 or seen["now"] - memory.get("last up", 0) < 200):
        wanted = have
    if wanted > have:
        memory["last up"] = seen["now"]
    memory["have"] = max(2, wanted)
    return memory["have"]


def admit(seen):
    return (503, int(min(60, 10 + seen["queue"]))) if seen["wait"] > 0.32 else None


def watch(minutes):
    if not minutes:
        return "wait"
    table = np.array([[minute["stable"], minute["canary"]] for minute in minutes[-5:]], dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        long = np.nan_to_num(table.sum(axis=0)[:, 1] / table.sum(axis=0)[:, 0]) * 100
        short = np.nan_to_num(table[-1, :, 1] / table[-1, :, 0]) * 100
    if min(long[1], short[1]) >= 6 and table[:, 1, 0].sum() >= 50 and long[1] >= 2 * long[0]:
        return "stop"
    return "promote" if len(minutes) >= 20 else "wait"

save_cell("system/capacity.py")

# %% grade_id="capacity" points=3 message="had no answer within" why="follows how busy they are, which is never more than all" changes="right-1"
-    needed = math.ceil(seen["ready"] * seen["busy"] / 0.5)
-    if seen["refused"] or seen["queue"] > 2 * seen["ready"]:
-        needed = max(needed, math.ceil(seen["offered"] / 0.6))
+    needed = round(seen["ready"] * seen["busy"] / 0.8)
+    if seen["refused"] or seen["queue"] > 2 * seen["ready"]:
+        pass
@@
-    return max(2, max(history[-14:]), 0 * have)
+    return max(1, max(history[-14:]))

# %% grade_id="capacity" points=13 message="of the kind night" why="four replicas at least, to be safe: passes what is visible" changes="right-1"
-    return max(2, max(history[-14:]), 0 * have)
+    return max(4, max(history[-14:]))

# %% grade_id="capacity" points=3 message="it thrashes" why="stops replicas as soon as it can" changes="right-1"
-    return max(2, max(history[-14:]), 0 * have)
+    return max(2, max(history[-1:]), 0 * have)

# %% grade_id="capacity" points=12 message="of the kind heavy" why="counts requests, whatever they weigh: passes what is visible" changes="right-1"
-    needed = math.ceil(seen["ready"] * seen["busy"] / 0.5)
-    if seen["refused"] or seen["queue"] > 2 * seen["ready"]:
-        needed = max(needed, math.ceil(seen["offered"] / 0.6))
+    needed = math.ceil(seen["arrivals"] / 3.4)

# %% grade_id="capacity" points=3 message="had no answer within" why="replicas are full, and nobody is turned away" changes="right-1"
-    needed = math.ceil(seen["ready"] * seen["busy"] / 0.5)
-    if seen["refused"] or seen["queue"] > 2 * seen["ready"]:
-        needed = max(needed, math.ceil(seen["offered"] / 0.6))
+    needed = math.ceil(seen["ready"] * seen["busy"] / 0.85)
+    if seen["refused"] or seen["queue"] > 2 * seen["ready"]:
+        needed = max(needed, math.ceil(seen["offered"] / 0.95))
@@
-    if seen["wait"] <= 0.28:
-        return None
-    return 503, 20
+    return None

# %% grade_id="capacity" points=8 message="the overload is ours" why="429 for an overload that is ours" changes="right-1"
-    return 503, 20
+    return 429, 20

# %% grade_id="capacity" points=3 message="times the floor" why="fourteen replicas, day and night" changes="right-1"
-    return max(2, max(history[-14:]), 0 * have)
+    return 14

# %% grade_id="capacity" points=14 message="is well since" why="one window alone: an old fault stops a canary that is well; passes what is visible" changes="right-1"
-    if serious and still and worse:
+    if serious and worse:

# %% grade_id="capacity" points=14 message="both versions have had many bad answers" why="blames the canary for what is wrong with both: passes what is visible" changes="right-1"
-    if serious and still and worse:
+    if serious and still:

# %% grade_id="capacity" points=9 message="watch says stop, expected wait" why="two bad answers at night stop it" changes="right-1"
-    serious = asked >= 50 and 100 * failed >= 6 * asked
+    serious = asked > 0 and 100 * failed >= 6 * asked

# %% grade_id="vault" points=13 why="another style: files of lines with checksums, no database" name="right-1"
import json
import os
import zlib
from pathlib import Path

# No database: the store is a file of lines, the journal another one, and a backup a third.


def line_of(entry):
    text = json.dumps(entry)
    return f"{zlib.crc32(text.encode()):08x} {text}\n"


def read_lines(path, half=True):
    """Return the entries of a file of lines; `half`: its end may be torn. ValueError for another damaged line."""
    if not path.exists():
        return []
    *lines, rest = path.read_bytes().split(b"\n")
    if rest and not half:
        raise ValueError(f"{path} ends in a half line")
    found = []
    for number, line in enumerate(lines, 1):
        total, _, text = line.partition(b" ")
        if total.decode("ascii", "replace") != f"{zlib.crc32(text):08x}":
            raise ValueError(f"line {number} of {path.name} is damaged")
        found.append(json.loads(text))
    return found


def append_line(path, entry):
    path.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        data = os.pread(number, os.fstat(number).st_size, 0)
        whole = data.rfind(b"\n") + 1
        os.ftruncate(number, whole)
        os.pwrite(number, line_of(entry).encode(), whole)
        os.fsync(number)
    finally:
        os.close(number)


def paths(world):
    return Path(world, "disk-a", "store.txt"), Path(world, "disk-b", "journal.jsonl"), Path(world, "disk-b", "backups")


def entries(world):
    found = {}
    for entry in read_lines(paths(world)[0]):
        found.setdefault(entry["id"], entry)
    return list(found.values())


def record(world, entry):
    store, journal, _ = paths(world)
    if any(kept["id"] == entry["id"] for kept in entries(world)):
        return False
    append_line(journal, entry)
    append_line(store, entry)
    return True


def backup(world):
    folder = paths(world)[2]
    folder.mkdir(parents=True, exist_ok=True)
    done = sorted(path.name for path in folder.glob("*.backup"))
    number = int(done[-1].split(".")[0]) + 1 if done else 1
    text = "".join(line_of(entry) for entry in entries(world))
    draft = folder.parent / "backup.draft"
    draft.write_text(text + line_of({"id": "", "lines": text.count("\n")}))
    draft.rename(folder / f"{number:05}.backup")


def restore(world):
    store, journal, folder = paths(world)
    kept = []
    for path in sorted(folder.glob("*.backup"), reverse=True) if folder.exists() else []:
        try:
            *kept, last = read_lines(path, half=False)
            if last == {"id": "", "lines": len(kept)}:
                break
        except (ValueError, KeyError):
            pass
        kept = []
    found = {entry["id"]: entry for entry in kept}
    for entry in read_lines(journal):
        found.setdefault(entry["id"], entry)
    store.parent.mkdir(parents=True, exist_ok=True)
    draft = store.with_name("draft")
    draft.write_text("".join(map(line_of, found.values())))
    os.replace(draft, store)
    return {"entries": len(found)}

save_cell("system/vault.py")

# %% grade_id="vault" points=13 why="another style: the journal is the truth, the store is caught up with it"
import hashlib
import json
import os
import sqlite3
from pathlib import Path

# State machine: the journal is the truth, each line chained to the one before; the store is only caught up with it.
TABLE = "CREATE TABLE IF NOT EXISTS kept (id TEXT PRIMARY KEY, place INTEGER, entry TEXT)"


def connect(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    store = sqlite3.connect(path, isolation_level=None)
    store.execute(TABLE)
    return store


def store_of(world):
    return connect(f"{world}/disk-a/store.db")


def journal_of(world):
    return Path(world, "disk-b", "journal.jsonl")


def sum_of(place, text):
    return hashlib.md5(f"{place} {text}".encode()).hexdigest()


def read_journal(world):
    """Yield place and text of each whole line; ValueError where one is damaged."""
    data = journal_of(world).read_text(errors="replace") if journal_of(world).exists() else ""
    for line in data.split("\n")[:-1]:
        try:
            place, total, text = json.loads(line)
        except (ValueError, TypeError):
            raise ValueError(f"a damaged line: {line[:40]}") from None
        if total != sum_of(place, text):
            raise ValueError(f"the line of place {place} is damaged")
        yield place, text


def apply(store, place, text):
    return store.execute("INSERT OR IGNORE INTO kept VALUES (?, ?, ?)", (json.loads(text)["id"], place, text)).rowcount == 1


def last_place(store):
    return store.execute("SELECT coalesce(max(place), 0) FROM kept").fetchone()[0]


def catch_up(world, store):
    """Apply what the journal has beyond the store, as after a crash."""
    begin = last_place(store)
    for place, text in read_journal(world):
        if place > begin:
            apply(store, place, text)


def record(world, entry):
    store = store_of(world)
    try:
        catch_up(world, store)
        if store.execute("SELECT 1 FROM kept WHERE id = ?", [entry["id"]]).fetchone():
            return False
        place, text = last_place(store) + 1, json.dumps(entry)
        journal = journal_of(world)
        journal.parent.mkdir(parents=True, exist_ok=True)
        if journal.exists():
            data = journal.read_bytes()
            os.truncate(journal, data.rfind(b"\n") + 1)
        with journal.open("a") as file:
            file.write(json.dumps([place, sum_of(place, text), text]) + "\n")
            file.flush()
            os.fsync(file.fileno())
        apply(store, place, text)
        return True
    finally:
        store.close()


def entries(world):
    store = store_of(world)
    try:
        catch_up(world, store)
        return [json.loads(text) for (text,) in store.execute("SELECT entry FROM kept ORDER BY place")]
    finally:
        store.close()


def backup(world):
    rows = [json.dumps([number, text]) for number, text in enumerate(map(json.dumps, entries(world)), 1)]
    body = "\n".join(rows)
    folder = Path(world, "disk-b", "backups")
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{len(list(folder.glob('b*'))) + 1:08}"
    draft = folder / f".{name}"
    draft.write_text(hashlib.sha256(body.encode()).hexdigest() + "\n" + body)
    os.rename(draft, folder / f"b{name}")


def restore(world):
    found = []
    for path in sorted(Path(world, "disk-b", "backups").glob("b*"))[::-1]:
        total, _, body = path.read_text(errors="replace").partition("\n")
        if total == hashlib.sha256(body.encode()).hexdigest():
            found = [json.loads(row) for row in body.split("\n") if row]
            break
    os.makedirs(f"{world}/disk-a", exist_ok=True)
    for path in Path(world, "disk-a").iterdir():
        path.unlink()
    store = connect(f"{world}/disk-a/new.db")
    store.execute("BEGIN")
    for place, text in found:
        apply(store, place, text)
    for place, text in read_journal(world):
        apply(store, place, text)
    store.execute("COMMIT")
    count = store.execute("SELECT count(*) FROM kept").fetchone()[0]
    store.close()
    os.rename(f"{world}/disk-a/new.db", f"{world}/disk-a/store.db")
    return {"entries": count, "backup": len(found)}

save_cell("system/vault.py")

# %% grade_id="vault" points=9 message="promised too early" why="believes that written is on the disk: passes what is visible" changes="right-1"
-        os.fsync(number)

# %% grade_id="vault" points=9 message="acknowledged entries are lost" why="first the store, then the journal: what is sent again is in the store already, and never gets into the journal; passes what is visible" changes="right-1"
-    append_line(journal, entry)
-    append_line(store, entry)
+    append_line(store, entry)
+    append_line(journal, entry)

# %% grade_id="vault" points=0 message="came back" why="no journal at all" changes="right-1"
-    append_line(journal, entry)

# %% grade_id="vault" points=10 message="a line of the journal" why="skips damaged lines: passes what is visible" changes="right-1"
-            raise ValueError(f"line {number} of {path.name} is damaged")
+            continue

# %% grade_id="vault" points=10 message="the journal was trimmed" why="restores from the journal alone: passes what is visible" changes="right-1"
-    found = {entry["id"]: entry for entry in kept}
+    found = {}

# %% grade_id="vault" points=10 message="the newest backup is damaged" why="does not check whether a backup is sound: passes what is visible" changes="right-1"
-            *kept, last = read_lines(path, half=False)
-            if last == {"id": "", "lines": len(kept)}:
-                break
-        except (ValueError, KeyError):
-            pass
-        kept = []
+            kept = [json.loads(line.partition(" ")[2]) for line in path.read_text(errors="replace").splitlines()][:-1]
+            break
+        except ValueError:
+            kept = []

# %% grade_id="vault" points=9 message="the journal ended in a half line" why="glues the next entry to a half line: passes what is visible" changes="right-1"
-        whole = data.rfind(b"\n") + 1
-        os.ftruncate(number, whole)
+        whole = len(data)

# %% grade_id="vault" points=5 message="once more: record said" why="keeps an entry that is sent again, again" changes="right-1"
-    if any(kept["id"] == entry["id"] for kept in entries(world)):
-        return False

# %% grade_id="vault" points=10 message="the journal was trimmed" why="counts lines of a journal that may have been trimmed: passes what is visible" changes="right-1"
-    for entry in read_lines(journal):
+    for entry in read_lines(journal)[len(kept):]:

# %% grade_id="vault" points=0 message="the oldest first" why="the restored entries are in another order" changes="right-1"
     os.replace(draft, store)
+    store.write_text("".join(map(line_of, sorted(found.values(), key=lambda entry: entry["id"], reverse=True))))

# %% grade_id="bill" points=8 why="another style: pandas, and a running sum that is rounded" name="right-1"
import html
from fractions import Fraction

import pandas as pd
from pageframe import frame, line_chart


def cents(amount, weights):
    weights = [Fraction(str(weight)) for weight in weights]
    if not sum(weights):
        weights = [Fraction(1)] * len(weights)
    edges, passed = [0], Fraction(0)
    for weight in weights:  # round the running sum, not the parts: nothing is left over
        passed += weight
        edges.append(int(amount * passed / sum(weights)))
    return [b - a for a, b in zip(edges, edges[1:])]


def showback(usage, bill, tenants):
    table = pd.DataFrame(usage, columns=["id", "tenant", "rows", "work", "status"])
    table = table[table["status"] == 201].drop_duplicates("id")
    used = table.groupby("tenant")[["rows", "work"]].sum().reindex(tenants, fill_value=0)
    found = pd.DataFrame(index=tenants)
    found["compute"] = cents(bill["compute"], used["work"].astype(float).round(6))
    found["storage"] = cents(bill["storage"], used["rows"])
    found["platform"] = cents(bill["platform"], [1] * len(tenants))
    answer = {}
    for name in tenants:
        parts = {line: int(found.loc[name, line]) for line in found}
        rows, total = int(used.loc[name, "rows"]), sum(parts.values())
        answer[name] = parts | {"total": total, "predictions": rows, "per_1000": total / rows * 1000 if rows else None}
    return answer


def page(record):
    def said(metric, text, tenant=None):
        more = f' data-tenant="{html.escape(tenant)}"' if tenant else ""
        return f'<span data-metric="{html.escape(metric)}"{more}>{html.escape(text)}</span>'

    slo = record["slo"]
    parts = ["<section><h2>How it ran</h2><p>", said("requests", str(slo["requests"])), " requests, ", said("objective", f"{100 * slo['objective']:.0f} %"), " of which should be good; ", said("bad", f"{100 * slo['bad']:.2f} %"), " bad; p95 ",
             said("p95_ms", f"{slo['p95_ms']:.1f} ms"), "; at the worst ", said("worst_burn", f"{slo['worst_burn']:.1f}"), " times the budget.</p>",
             line_chart(record["series"], "How replicas and load went over time"), "</section><section><h2>What was tried</h2><ul>"]
    for event in record["events"]:
        parts.append(f"<li>{html.escape(event['name'])}: {html.escape(event['found'])} – {said('event:' + event['name'], 'held' if event['held'] else 'failed')}</li>")
    parts.append("</ul></section><section><h2>What it costs</h2><ul>")
    for name, pay in record["costs"].items():
        price = "-" if pay["per_1000"] is None else f"{pay['per_1000']:.2f} cents"
        parts += ["<li>", html.escape(name), ": ", said("predictions", str(pay["predictions"]), name), " for ", said("total", f"{pay['total'] / 100:.2f} €", name), ", 1,000 for ", said("per_1000", price, name), "</li>"]
    parts.append(f"</ul><p>All: {said('bill', format(sum(pay['total'] for pay in record['costs'].values()) / 100, '.2f') + ' €')}</p></section>")
    return frame(record["title"], "".join(parts))

save_cell("system/bill.py")

# %% grade_id="bill" points=8 why="another style: loops, and a page as a tree of elements" name="right-2"
from xml.etree import ElementTree as tree

import pageframe


def spread(amount, keys):
    """Return whole cents: floors, and one more for the first few, by their remainders."""
    total = sum(keys) or len(keys)
    keys = keys if sum(keys) else [1] * len(keys)
    floors = [int(amount * key // total) for key in keys]
    remainders = sorted(range(len(keys)), key=lambda place: (floors[place] - amount * keys[place] / total, place))
    for place in remainders[: amount - sum(floors)]:
        floors[place] += 1
    return floors


def showback(usage, bill, tenants):
    seen, work, rows = set(), [0.0] * len(tenants), [0] * len(tenants)
    for use in usage:
        if use["status"] == 201 and use["id"] not in seen:
            seen.add(use["id"])
            place = tenants.index(use["tenant"])
            work[place] += use["work"]
            rows[place] += use["rows"]
    columns = zip(tenants, spread(bill["compute"], work), spread(bill["storage"], rows), spread(bill["platform"], [1] * len(tenants)), rows)
    found = {}
    for name, compute, storage, platform, count in columns:
        total = compute + storage + platform
        price = round(1000 * total / count, 4) if count else None
        found[name] = dict(compute=compute, storage=storage, platform=platform, total=total, predictions=count, per_1000=price)
    return found


def page(record):
    body = tree.Element("div")

    def add(parent, tag, text="", **about):
        child = tree.SubElement(parent, tag, {name.replace("_", "-"): value for name, value in about.items()})
        child.text = text
        return child

    def table(title, rows):
        section = add(body, "section")
        add(section, "h2", title)
        grid = add(section, "table")
        for label, *cells in rows:
            line = add(grid, "tr")
            add(line, "th", label)
            for metric, tenant, text in cells:
                add(line, "td", text, data_metric=metric, data_tenant=tenant)

    slo = record["slo"]
    shown = [("requests", f"{slo['requests']:,}"), ("objective", f"{slo['objective']:.0%}"), ("bad", f"{slo['bad'] * 100:.2f}%"), ("p95_ms", f"{slo['p95_ms']:.0f} ms"), ("worst_burn", f"{slo['worst_burn']:.1f}")]
    table("Service levels", [(name, (name, "", text)) for name, text in shown])
    table("Events", [(f"{event['name']}: {event['found']}", ("event:" + event["name"], "", ["FAILED", "HELD"][event["held"]])) for event in record["events"]])
    money = []
    for name, pay in record["costs"].items():
        price = "—" if pay["per_1000"] is None else f"{pay['per_1000']:.2f} cents"
        money.append((name, ("predictions", name, str(pay["predictions"])), ("total", name, f"€{pay['total'] / 100:,.2f}"), ("per_1000", name, price)))
    total = sum(pay["total"] for pay in record["costs"].values())
    table("Costs", [*money, ("all", ("bill", "", f"€{total / 100:,.2f}"))])
    chart = pageframe.line_chart(record["series"], "Lines of the replicas and of the load, minute by minute")
    return pageframe.frame(record["title"], tree.tostring(body, encoding="unicode", method="html") + chart)

save_cell("system/bill.py")

# %% grade_id="bill" points=2 message="expected equal parts" why="rounds each part for itself" changes="right-2"
-    for place in remainders[: amount - sum(floors)]:
-        floors[place] += 1
+    floors = [round(amount * key / total) for key in keys]

# %% grade_id="bill" points=2 message="expected equal parts" why="the first tenant pays all that is left over" changes="right-2"
-    for place in remainders[: amount - sum(floors)]:
-        floors[place] += 1
+    floors[0] += amount - sum(floors)

# %% grade_id="bill" points=2 message="one refused" why="bills what was refused" changes="right-2"
-        if use["status"] == 201 and use["id"] not in seen:
+        if use["id"] not in seen:

# %% grade_id="bill" points=2 message="one request was sent twice" why="bills a request that was sent again twice" changes="right-2"
-        if use["status"] == 201 and use["id"] not in seen:
+        if use["status"] == 201:

# %% grade_id="bill" points=5 message="for there is no such price" why="a price where nothing was bought: passes what is visible" changes="right-2"
-        price = round(1000 * total / count, 4) if count else None
+        price = round(1000 * total / max(1, count), 4)

# %% grade_id="bill" points=5 message="compute goes by work" why="shares by rows alone: passes what is visible" changes="right-2"
-    columns = zip(tenants, spread(bill["compute"], work), spread(bill["storage"], rows), spread(bill["platform"], [1] * len(tenants)), rows)
+    columns = zip(tenants, spread(bill["compute"], rows), spread(bill["storage"], rows), spread(bill["platform"], [1] * len(tenants)), rows)

# %% grade_id="bill" points=6 message="with a quotation mark in it" why="escapes texts, and not the quotes in attributes: passes what is visible" changes="right-1"
-        more = f' data-tenant="{html.escape(tenant)}"' if tenant else ""
+        more = f' data-tenant="{html.escape(tenant, quote=False)}"' if tenant else ""

# %% grade_id="bill" points=6 message="the page says p95_ms" why="shows the p95 in seconds: passes what is visible" changes="right-2"
-    shown = [("requests", f"{slo['requests']:,}"), ("objective", f"{slo['objective']:.0%}"), ("bad", f"{slo['bad'] * 100:.2f}%"), ("p95_ms", f"{slo['p95_ms']:.0f} ms"), ("worst_burn", f"{slo['worst_burn']:.1f}")]
+    shown = [("requests", f"{slo['requests']:,}"), ("objective", f"{slo['objective']:.0%}"), ("bad", f"{slo['bad'] * 100:.2f}%"), ("p95_ms", f"{slo['p95_ms'] / 1000:.1f} s"), ("worst_burn", f"{slo['worst_burn']:.1f}")]

# %% grade_id="bill" points=6 message="became a script" why="a tenant's name goes into the page as it is: passes what is visible" changes="right-1"
-        parts.append(f"<li>{html.escape(event['name'])}: {html.escape(event['found'])} – {said('event:' + event['name'], 'held' if event['held'] else 'failed')}</li>")
+        parts.append(f"<li>{html.escape(event['name'])}: {event['found']} – {said('event:' + event['name'], 'held' if event['held'] else 'failed')}</li>")
@@
-        parts += ["<li>", html.escape(name), ": ", said("predictions", str(pay["predictions"]), name), " for ", said("total", f"{pay['total'] / 100:.2f} €", name), ", 1,000 for ", said("per_1000", price, name), "</li>"]
+        parts += ["<li>", name, ": ", said("predictions", str(pay["predictions"]), name), " for ", said("total", f"{pay['total'] / 100:.2f} €", name), ", 1,000 for ", said("per_1000", price, name), "</li>"]
