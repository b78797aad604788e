"""Worlds to rehearse in: tenants, their clients, plans and secrets, drawn from a seed. And tokens as a forger makes them."""

import base64
import hashlib
import hmac
import json
import random

SCOPE = "forecasts:read forecasts:write"
AUDIENCE = "metro-forecasts"


def draw_world(seed, tenants=("velo-nord", "ciclo", "roda")):
    """Return a world: clients {name: [tenant, user, secret, scope]}, plans, the first key's kid and secret, clock, pepper."""
    rng = random.Random(f"world {seed}")
    clients = {name: [name, f"u-{rng.randrange(1000, 9999)}", f"{rng.getrandbits(128):032x}", SCOPE] for name in tenants}
    clients["noor"] = ["metro", "noor", f"{rng.getrandbits(128):032x}", "forecasts:read tokens:revoke support:read"]
    plans = {name: {"rate": 3.0, "burst": 30.0, "weight": 1} for name in [*tenants, "metro"]}
    return {
        "clients": clients,
        "plans": plans,
        "kid": f"k-{rng.randrange(100, 999)}",
        "secret": f"{rng.getrandbits(256):064x}",
        "clock": float(rng.randrange(1_000_000, 9_000_000)),
        "pepper": f"{rng.getrandbits(128):032x}",
    }


def pack(data):
    """Return bytes, or data as JSON, in base64url without padding."""
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sealed(header, claims, secret, hashing=hashlib.sha256):
    """Return a token with any header and claims, sealed with a secret: good if they are, else forged."""
    text = f"{pack(header)}.{pack(claims)}"
    return f"{text}.{pack(hmac.new(secret.encode(), text.encode(), hashing).digest())}"


def good_token(world, client, now=None, **changes):
    """Return header and claims of a good token for a client; `changes` to the claims, None takes one away."""
    tenant, user, _, scope = world["clients"][client]
    now = world["clock"] if now is None else now
    claims = {"tenant": tenant, "sub": user, "scope": scope, "aud": AUDIENCE, "iat": now, "exp": now + 900, "jti": f"jti-{client}"}
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return {"alg": "HS256", "typ": "JWT", "kid": world["kid"]}, claims
