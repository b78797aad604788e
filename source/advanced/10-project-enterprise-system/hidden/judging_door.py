"""The judge of the door: forged and stale tokens, and other tenants' forecasts."""

import base64
import hashlib
import json
import math

from judging import short, was_started
from worlds import draw_world, good_token, pack, sealed

from judgekit import drawn

LIST = ["GET", "/v1/forecasts"]


def raw(token):
    return {"raw": f"Bearer {token}"}


def forgeries(world, rng):
    """Return tokens that must be refused, by name."""
    client = rng.choice([name for name in world["clients"] if name != "noor"])
    now, secret = world["clock"], world["secret"]
    header, claims = good_token(world, client)
    good = sealed(header, claims, secret)
    head, body, seal = good.split(".")

    def changed(**what):
        return sealed(*good_token(world, client, **what), secret)

    other = rng.choice([name for name in world["clients"] if name not in (client, "noor")])
    flipped = ("A" if seal[0] != "A" else "B") + seal[1:]
    cases = {
        "whose header says alg none": f"{pack({**header, 'alg': 'none'})}.{body}.",
        "whose header says alg nOnE": f"{pack({**header, 'alg': 'nOnE'})}.{body}.",
        "with alg none and the seal of a good one": f"{pack({**header, 'alg': 'none'})}.{body}.{seal}",
        "signed with HS512 and the right secret": sealed({**header, "alg": "HS512"}, claims, secret, hashlib.sha512),
        "signed with an empty secret": sealed(header, claims, ""),
        "signed with the key's name for a secret": sealed(header, claims, header["kid"]),
        "with another tenant's name under the old seal": f"{head}.{pack({**claims, 'tenant': other})}.{seal}",
        "with one letter of the seal changed": f"{head}.{body}.{flipped}",
        "without a seal": f"{head}.{body}.",
        "of a key that nobody knows": sealed({**header, "kid": "k-nobody"}, claims, secret),
        "whose header has no kid": sealed({k: v for k, v in header.items() if k != "kid"}, claims, secret),
        "whose kid is a list": sealed({**header, "kid": [header["kid"]]}, claims, secret),
        "that ended a second ago": changed(exp=now - 1, iat=now - 901),
        "that ends at this moment": changed(exp=now, iat=now - 900),
        "without exp": changed(exp=None),
        "whose exp is a text": changed(exp=str(now + 600)),
        "whose exp is NaN": changed(exp=math.nan),
        "whose exp is infinite": changed(exp=math.inf),
        "that lives for ten years": changed(exp=now + 3.2e8),
        "that lives for a second longer than 15 minutes": changed(exp=now + 901),
        "without iat": changed(iat=None),
        "from the future": changed(iat=now + 3600, exp=now + 4500),
        "without aud": changed(aud=None),
        "for another audience": changed(aud="metro-billing"),
        "for an audience that ours is a part of": changed(aud="metro-forecasts-test"),
        "without jti": changed(jti=None),
        "whose jti is a list": changed(jti=["a"]),
        "without tenant": changed(tenant=None),
        "whose tenant is empty": changed(tenant=""),
        "whose tenant is a number": changed(tenant=7),
        "without scope": changed(scope=None),
        "whose claims are a list": f"{head}.{pack([1])}.x",
        "whose header is no JSON": f"{base64.urlsafe_b64encode(b'hello').decode()}.{body}.{seal}",
        "of two parts": f"{head}.{body}",
        "of four parts": f"{good}.{seal}",
        "that is no token": "hello",
        "that is empty": "",
    }
    found = [(name, raw(token)) for name, token in cases.items()]
    return [*found, ("sent as Basic, not Bearer", {"raw": f"Basic {good}"}), ("sent bare, without Bearer", {"raw": good})]


def judge_tokens(play, compare):
    """Fail where a forged or stale token is let in, or a good one refused."""
    rng = drawn("tokens")
    world = draw_world(rng.random())
    now = world["clock"]
    bad = forgeries(world, rng)
    rng.shuffle(bad)
    good = [
        ("of a moment ago", raw(sealed(*good_token(world, "ciclo"), world["secret"]))),
        ("in its last second", raw(sealed(*good_token(world, "ciclo", iat=now - 899, exp=now + 1, jti="j2"), world["secret"]))),
        (
            "of a clock that is a few seconds ahead",
            raw(sealed(*good_token(world, "ciclo", iat=now + 5, exp=now + 900, jti="j3"), world["secret"])),
        ),
    ]
    script = [{"token": "mine", "client": "ciclo"}, {"token": "gone", "client": "ciclo"}, {"token": "noor", "client": "noor"}]
    script += [{"ask": LIST, "as": "gone"}, {"ask": ["POST", "/v1/revocations", {"jti": "gone"}], "as": "noor"}]
    script += [{"ask": LIST, "as": "mine"}, {"ask": LIST, "as": "gone"}, {"ask": LIST}]
    script += [{"ask": LIST, "as": token} for _, token in [*good, *bad]]
    record = play(["door"], world, script)
    was_started(record, "door")
    given, _, _, before, revoked, mine, after, nobody, *answers = record["answers"]
    token = given["body"].get("token", "") if isinstance(given["body"], dict) else ""
    assert token.count(".") == 2, f"issue gave no token of three parts: {short(given['body'])}"
    read = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2]]
    assert read[0].get("alg") == "HS256" and read[0].get("kid") == world["kid"], (
        f"the header of an issued token says {read[0]}, expected HS256 and kid {world['kid']}"
    )
    assert read[1].get("exp") == now + 900 and read[1].get("iat") == now, (
        f"an issued token's times are iat {read[1].get('iat')} and exp {read[1].get('exp')}, expected {now} and 900 s later"
    )
    assert token == given["body"]["token"] and mine["status"] == before["status"] == 200, (
        f"a token that issue made was refused by enter with {mine['status']}"
    )
    assert revoked["status"] == 200 and after["status"] == 401, (
        f"a revoked token was answered with {after['status']}, expected 401: look at revoked"
    )
    assert nobody["status"] == 401, f"a request without a token was answered with {nobody['status']}, expected 401"
    for (name, _), answer in zip(good, answers, strict=False):
        assert answer["status"] == 200, f"a good token {name} was answered with {answer['status']}, expected 200"
    for (name, _), answer in zip(bad, answers[len(good) :], strict=True):
        assert answer["status"] == 401, f"a token {name} was answered with {answer['status']}, expected 401" + (
            ": enter raised something else than PermissionError" if answer["status"] == 500 else ""
        )
    head, claims = good_token(world, "roda")
    count, said = compare(raw(sealed(head, claims, "guess"))["raw"], {world["kid"]: world["secret"]}, now)
    assert said.startswith("PermissionError"), f"enter, called with a forged token, says {said}; expected a PermissionError"
    assert count, "enter compares the seal with ==, which takes longer the more of it is right: compare in constant time"


def judge_others(play):
    """Fail where a tenant reads, deletes or only learns of what is another's."""
    rng = drawn("others")
    stem = rng.choice(["velo", "bici", "cykel", "rad"])
    world = draw_world(rng.random(), (stem, f"{stem}-nord", stem.upper(), "roda"))
    secret = world["secret"]

    def as_(client, **changes):
        return raw(sealed(*good_token(world, client, jti=f"{client}{rng.random()}", **changes), secret))

    rows = {"rows": [[rng.randint(1, 40), rng.randint(0, 23), 12.5]]}
    read, write, nothing = "forecasts:read", "forecasts:write", f"f-{rng.getrandbits(40):x}"
    plain = [("POST", as_(f"{stem}-nord"), "", 201, "its owner")]
    steps = [
        ("GET", as_(f"{stem}-nord"), "{f}", 200, "its owner"),
        ("GET", as_(f"{stem}-nord", scope=f"x {read}"), "{f}", 200, "its owner, with the scopes x and forecasts:read"),
        *[("GET", as_(name), "{f}", 404, f"{name}, another tenant than {stem}-nord") for name in (stem, stem.upper(), "roda")],
        *[("DELETE", as_(name), "{f}", 404, f"{name}, another tenant than {stem}-nord") for name in (stem, stem.upper())],
        ("GET", as_(stem), nothing, 404, "a tenant, of a forecast that does not exist"),
        ("GET", as_(f"{stem}-nord", scope=write), "{f}", 403, "its owner, without the scope forecasts:read"),
        ("GET", as_(stem, scope=write), "{f}", 403, "another tenant, without the scope forecasts:read"),
        ("GET", as_(stem, scope=write), nothing, 403, "a tenant without the scope forecasts:read, of a forecast that does not exist"),
        (
            "GET",
            as_(f"{stem}-nord", scope="forecasts:readonly forecasts:write"),
            "{f}",
            403,
            "its owner, with forecasts:readonly but not forecasts:read",
        ),
        ("DELETE", as_(f"{stem}-nord", scope=read), "{f}", 403, "its owner, without the scope forecasts:write"),
        ("GET", as_("noor"), "{f}", 200, "Metro's support, with support:read"),
        ("GET", as_("noor"), nothing, 404, "Metro's support, of a forecast that does not exist"),
        ("GET", as_("noor", scope=read), "{f}", 404, "metro, without support:read"),
        ("GET", as_("noor", scope="support:read"), "{f}", 403, "metro, without forecasts:read"),
        ("DELETE", as_("noor", scope=f"{read} {write} support:read"), "{f}", 404, "Metro's support: it may read, not delete"),
        ("GET", as_("roda", scope=f"{read} support:read"), "{f}", 404, "a tenant that is not metro, with support:read"),
        ("GET", as_(f"{stem}-nord"), "{f}", 200, "its owner, in the end"),
        ("DELETE", as_(f"{stem}-nord"), "{f}", 204, "its owner"),
    ]
    script = [{"ask": ["POST", "/v1/forecasts", rows], "as": as_("roda", scope=read)}]
    script += [{"ask": ["POST", "/v1/forecasts", rows], "as": plain[0][1], "save": "f"}]
    script += [{"ask": [method, f"/v1/forecasts/{name}"], "as": who} for method, who, name, _, _ in steps]
    record = play(["door"], world, script)
    was_started(record, "door")
    refused, made, *answers = record["answers"]
    assert refused["status"] == 403, f"a tenant without forecasts:write asked for a forecast, and got {refused['status']}, expected 403"
    assert made["status"] == 201, f"a tenant with forecasts:write asked for a forecast, and got {made['status']}, expected 201"
    alike = []
    for (method, _, _, right, who), answer in zip(steps, answers, strict=True):
        assert answer["status"] == right, f"{method} of a forecast by {who}: the answer was {answer['status']}, expected {right}"
        if right == 404 and method == "GET":
            headers = {k: v for k, v in answer["headers"].items() if k not in ("date", "x-correlation-id")}
            alike.append((who, answer["body"], headers))
    for who, body, headers in alike:
        assert (body, headers) == alike[0][1:], (
            f"the 404 for {who} differs from another 404: {short(body)}. Whoever compares them learns what exists"
        )
