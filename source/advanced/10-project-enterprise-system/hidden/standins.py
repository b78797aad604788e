"""Parts that stand in for the learner's, where another part is judged: small, and right as far as the judges need them."""

DOOR = '''"""A stand-in for door.py."""
import base64
import hashlib
import hmac
import json

def issue(tenant, user, scope, key, now, jti):
    text = ""
    for part in ({"kid": key["kid"]}, {"tenant": tenant, "user": user, "scope": scope, "exp": now + 900, "jti": jti}):
        text += base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") + "."
    return text + hmac.new(key["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()

def enter(authorization, keys, revoked, now):
    text, _, seal = authorization.removeprefix("Bearer ").rpartition(".")
    try:
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in text.split("."))
        good = hmac.compare_digest(seal, hmac.new(keys[head["kid"]].encode(), (text + ".").encode(), hashlib.sha256).hexdigest())
    except (ValueError, KeyError):
        good = False
    if not good or claims["exp"] <= now or claims["jti"] in revoked:
        raise PermissionError("no")
    return claims

def may(caller, scope, thing):
    if scope not in caller["scope"].split():
        return 403
    return 200 if thing is None or thing["owner"] == caller["tenant"] else 404
'''

QUOTA = '''"""A stand-in for quota.py."""
def take(buckets, tenant, work, now, plan):
    level, last = buckets.get(tenant, (plan["burst"], now))
    level = min(plan["burst"], level + plan["rate"] * max(0.0, now - last))
    buckets[tenant] = [level - (work if work <= level else 0.0), now]
    return None if work <= level else (429, 60)

def pick(waiting, weights, memory):
    return min(waiting)
'''
