"""The judge of the key ring: rotations under traffic, a key that leaks, and the ring's file."""

import json

from judging import short, was_started
from standins import DOOR
from worlds import draw_world

from judgekit import drawn

LIST = ["GET", "/v1/forecasts"]


def check_looks(looks, published, what):
    """Fail where a token that the ring's keys signed would be refused before its end, or a key lives too long. Returns nothing."""
    for look in looks:
        assert isinstance(look, list), f"{what}: rotation.py stopped with {look}"
    start = looks[0][0]
    for number, (now, signs, knows, stale) in enumerate(looks):
        age = f"{now - start:.0f} s after the beginning"
        assert signs in knows, f"{what}: {age} the key {signs} signs, and its tokens are not accepted"
        assert signs in stale, (
            f"{what}: {age} the key {signs} signs, and an instance that read the ring 60 s ago does not know it yet: publish it before it signs"
        )
        for later, _, then, then_stale in looks[number:]:
            if later < now + 900:
                assert signs in then, f"{what}: a token of {age} was refused {later - now:.0f} s later, expected good for 900 s"
                assert signs in then_stale, (
                    f"{what}: a token of {age} was refused {later - now:.0f} s later by an instance whose ring is 60 s old"
                )
    for moment in published:
        old = [look[1] for look in looks if look[0] < moment]
        for now, signs, knows, _ in looks:
            nexts = [each for each in published if each > moment]
            if now >= moment + 61 and not any(moment < each <= now for each in nexts) and old:
                assert signs not in old, (
                    f"{what}: {now - moment:.0f} s after a key was published, an old one still signs, expected the new one from 60 s on"
                )
            if now > moment + 60 + 900 + 120:
                dead = [kid for kid in knows if kid in old]
                assert not dead, (
                    f"{what}: {now - moment:.0f} s after a key was published, tokens of the old key {dead[0]} are still accepted; its last one ended long ago"
                )


def judge_rotation(keys, play):
    """Fail where a rotation costs a request, or where the old key lives on."""
    rng = drawn("rotation")
    ring = {"keys": [{"kid": f"k{rng.randint(0, 9)}", "secret": f"{rng.getrandbits(256):064x}", "from": 0, "until": None}]}
    for gaps in ([0], [rng.randint(1000, 1500)], [rng.randint(100, 400), rng.randint(100, 400)], [rng.randint(20, 50)]):
        now = float(rng.randrange(10_000, 90_000))
        published, script = [], [["look", now - 50], ["look", now - 1]]
        for gap in [0, *gaps] if gaps != [0] else [0]:
            now += gap
            published.append(now)
            script.append(["publish", now])
            script += [["look", now + more] for more in (1, 19, 59, 60, 61, 90) if not gaps[0] or more < min(gaps)]
        script += [["look", now + more] for more in (61, 120, 500, 830, 899, 900, 955, 959, 961, 1100, 1200, 2000)]
        looks = [each for each in keys(sorted(script, key=lambda step: step[-1]), ring) if each is not None]
        name = "one rotation" if gaps == [0] else f"rotations {' and '.join(map(str, gaps))} s apart"
        check_looks(looks, published, name)
    world = draw_world(rng.random())
    world["texts"], now = {"door.py": DOOR}, world["clock"]
    first, second = rng.randint(1, 50), rng.randint(300, 600)
    long = {"rows": [[3, 8, 12.5]] * 60}
    use = lambda name, on, right, what: ({"ask": LIST, "as": name, "on": on}, right, what)  # noqa: E731
    plan = [
        ({"token": "a", "client": "ciclo"}, 200, "a token before the rotation"),
        use("a", 1, 200, "an old token at the other instance"),
        ({"clock": now + first}, None, ""),
        ({"publish": True}, None, ""),
        use("a", 0, 200, "an old token just after a key was published"),
        ({"token": "b", "client": "roda", "on": 1}, 200, "a token just after a key was published"),
        use("b", 0, 200, "a token of the second instance at the first"),
        ({"clock": now + first + 60}, None, ""),
        ({"token": "c", "client": "roda"}, 200, "a token a minute after a key was published"),
        use("c", 1, 200, "a new token at the other instance"),
        use("b", 1, 200, "an old token when the new key signs"),
        ({"clock": now + 61 + second}, None, ""),
        use("a", 0, 200, "an old token before its end"),
        use("c", 0, 200, "a new token"),
        ({"clock": now + 899}, None, ""),
        (
            {"during": {"ask": ["POST", "/v1/forecasts", long], "as": "a"}, "then": [{"clock": now + 1100}, {"ask": LIST, "as": "a"}]},
            (401, 201),
            "a request under way when its token ended, and the next one",
        ),
        use("c", 1, 401, "a token more than 900 s old"),
        ({"token": "d", "client": "ciclo", "on": 1}, 200, "a token after the rotation"),
        use("d", 0, 200, "a token after the rotation, at the other instance"),
    ]
    record = play(["rotation"], world, [step for step, _, _ in plan], 2, 3.0)
    was_started(record, "rotation")
    answers = iter(record["answers"])
    for _, right, what in plan:
        if isinstance(right, tuple):
            found = tuple(next(answers)["status"] for _ in right)
            assert sorted(found) == sorted(right), f"over HTTP, {what}: the answers were {found[1]} and {found[0]}, expected 201 and 401"
        elif right:
            found = next(answers)["status"]
            assert found == right, f"over HTTP, {what}: the answer was {found}, expected {right}"


def judge_leak(keys):
    """Fail where a leaked key lives on, where a wrong key takes its place, or where the file betrays or breaks."""
    rng = drawn("leak")
    first = {"kid": f"k{rng.randint(0, 3)}", "secret": f"{rng.getrandbits(256):064x}", "from": 0, "until": None}
    now = float(rng.randrange(10_000, 90_000))
    late = now + rng.randint(70, 300)
    script = [["look", now - 1], ["publish", now], ["look", now + 61], ["withdraw", "signer", late], ["ring"]]
    script += [["look", late + more] for more in (1, 60, 300, 899)]
    said = keys(script, {"keys": [first]})
    wrong = next((each for each in said if isinstance(each, str)), None)
    after = said[3]
    assert isinstance(after, str) or after[1] != first["kid"], (
        "the key that signed has leaked, and one signs again that is about to end: its new tokens would be refused before their end"
    )
    assert wrong is None, f"a key leaked, and rotation.py stopped with {wrong}"
    old, gone, ring = first["kid"], said[2][1], said[4]
    after, *later = said[3], *said[5:]
    assert gone != old, f"61 s after a key was published, {gone} still signs, expected the new key"
    for moment, signs, knows, _ in (after, *later):
        assert gone not in knows, f"a key leaked and was withdrawn; {moment - late:.0f} s later its tokens are still accepted"
        assert signs in knows and signs == after[1], (
            f"a key leaked; {moment - late:.0f} s later the key {signs} signs, expected the one that took its place"
        )
    assert old in after[2], "a key leaked, and another one, whose tokens are still good, is refused as well"
    leaked = [key for key in ring["keys"] if str(key.get("kid")) == gone and key.get("secret")]
    assert not leaked or all(key.get("until") is not None for key in leaked), "a withdrawn key is in the ring as if nothing had happened"
    script = [["publish", now], ["look", now + 70], ["withdraw", old, now + 80], ["look", now + 90]]
    said = keys(script, {"keys": [first]})
    assert all(isinstance(each, list) for each in said), f"the old key leaked after a rotation, and rotation.py stopped with {short(said)}"
    assert said[3][1] == said[1][1] and old not in said[3][2], (
        "the old key leaked after a rotation: expected it refused, and the new one signing on"
    )
    times = [now + 2000 * turn for turn in range(5)]
    said = keys([step for at in times for step in (["publish", at], ["look", at + 100], ["ring"])], {"keys": [first]})
    assert all(isinstance(each, (list, dict)) for each in said), f"five rotations one after the other: {short(said)}"
    signers = [each[1] for each in said[1::3]]
    assert len({*signers, old}) == 6, (
        f"five rotations gave the kids {signers} after {old}: a kid must never come again, tokens name their key by it"
    )
    text = json.dumps(said[-1])
    assert first["secret"] not in text, "the ring still holds the secret of a key that has been dead for hours: who steals the file gets it"
    secrets = [str(key["secret"]) for key in said[-1]["keys"]]
    assert all(len(secret) >= 32 for secret in secrets) and len(set(secrets)) == len(secrets), (
        "a new key's secret is shorter than 32 characters, or not new"
    )
    check_waiting(keys, rng, first, now)
    torn, mode = keys([["publish", now], ["write"], ["mode"]], {"keys": [first]})[1:]
    assert torn == 0, f"while write was at work, a reader found the ring's file unreadable ({torn}): put a whole new file in its place"
    assert mode == 0, f"the ring's file may be read by others than its owner (mode bits {mode:o}): it holds secrets"


def check_waiting(keys, rng, first, now):
    """Fail where a key leaks while another waits to sign, or the waiting one leaks, and tokens are cut short or a key never ends."""
    wait, times = rng.randint(10, 50), (1, 30, 59, 61, 65, 300, 800, 900, 930, 955, 1000, 2000, 3000, 20_000)
    for leaked, what in (
        ("signer", "the key that signs leaked while another waited to take over"),
        ("waiting", "a key leaked that waited to sign"),
    ):
        found = keys([["publish", now], ["ring"]], {"keys": [first]})
        assert isinstance(found[1], dict), f"{what}: {short(found)}"
        ring = found[1]
        kid = first["kid"] if leaked == "signer" else next(key["kid"] for key in ring["keys"] if key["kid"] != first["kid"])
        late = now + wait
        script = [["look", late - 1], ["withdraw", kid, late], *(["look", now + more] for more in times if now + more > late)]
        looks = keys(script, ring)[1:]
        wrong = next((each for each in looks if not isinstance(each, list)), None)
        assert wrong is None, f"{what}: rotation.py stopped with {wrong}"
        for number, (at, signs, knows, _) in enumerate(looks):
            assert str(kid) not in knows, f"{what}, and {at - late:.0f} s after it was withdrawn its tokens are accepted"
            assert signs in knows, f"{what}; {at - late:.0f} s later the key {signs} signs, and its tokens are not accepted"
            for then, _, later, _ in looks[number:]:
                assert then >= at + 900 or signs in later, (
                    f"{what}; a token made {at - late:.0f} s later was refused after {then - at:.0f} s, expected good for 900 s: the key's end must leave room"
                )
        if leaked == "signer":
            emergency, end = looks[0][1], looks[-1]
            assert end[1] == emergency or emergency not in end[2], (
                f"{what}; {end[0] - now:.0f} s later the emergency key is still accepted, though another signs: it ends 900 s after a later one takes over"
            )
    ring = keys([["publish", now], ["publish", now + 0.3], ["ring"]], {"keys": [first]})[2]
    assert isinstance(ring, dict) and len({str(key["kid"]) for key in ring["keys"]}) == len(ring["keys"]), (
        "two keys were published within a second, and got the same kid: a kid must never come again"
    )
