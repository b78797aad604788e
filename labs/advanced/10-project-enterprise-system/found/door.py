"""Who is it, and may they? As Cy left it."""

import base64
import hashlib
import hmac
import json

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def pack(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpack(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def issue(tenant, user, scope, key, now, jti):
    """Return a token. `key` has kid and secret; `scope` is a text with spaces between."""
    head = pack(json.dumps({"alg": "HS256", "typ": "JWT", "kid": key["kid"]}).encode())
    body = pack(json.dumps({"tenant": tenant, "sub": user, "scope": scope, "exp": now + 86_400, "jti": jti}).encode())
    seal = hmac.new(key["secret"].encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{pack(seal)}"


def enter(authorization, keys, revoked, now):
    """Return who calls: tenant, user, scope, jti. `keys` has the secret of each kid. Raises PermissionError."""
    head, body, seal = authorization.removeprefix("Bearer ").split(".")
    header, claims = json.loads(unpack(head)), json.loads(unpack(body))
    if header["alg"] != "none":
        secret = keys.get(header["kid"], next(iter(keys.values())))
        right = pack(hmac.new(secret.encode(), f"{head}.{body}".encode(), HASHES[header["alg"]]).digest())
        if seal != right:
            raise PermissionError("the signature is wrong")
    if claims.get("exp", now) < now:
        raise PermissionError("too old")
    return {"tenant": claims["tenant"], "user": claims["sub"], "scope": claims["scope"], "jti": claims.get("jti")}


def may(caller, scope, thing):
    """Return 200, 403 or 404. `thing` is None, or has an owner: the tenant's name, None where there is no such thing."""
    if thing and thing["owner"] is None:
        return 404
    if scope not in caller["scope"]:
        return 403
    return 200 if not thing or thing["owner"].startswith(caller["tenant"]) else 403
