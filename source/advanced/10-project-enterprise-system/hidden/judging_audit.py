"""The judge of the audit log: what tampering is found, and what several writers leave, and what never gets in."""

import json

from judging import short

from judgekit import drawn

FIELDS = ["time", "tenant", "user", "action", "object", "outcome", "correlation_id"]


def entries(rng, count):
    """Return so many entries, as the gateway writes them."""
    return [
        {
            "time": 1000.0 + 7 * number,
            "tenant": rng.choice(["velo-nord", "ciclo", "roda"]),
            "user": f"u-{rng.randint(100, 140)}",
            "action": rng.choice(["forecast", "read", "delete", "revoke"]),
            "object": f"f-{rng.getrandbits(40):x}",
            "outcome": rng.choice(["201", "200", "403", "404", "429"]),
            "correlation_id": f"{rng.getrandbits(64):016x}",
        }
        for number in range(count)
    ]


def judge_tampering(play):
    """Fail where somebody who can write the file gets away with it, or where a sound log is suspected."""
    rng = drawn("tampering")
    made = entries(rng, rng.randint(9, 14))
    size = len(made)
    lines = [["append", dict(entry)] for entry in made]
    early = rng.randint(2, size - 3)
    middle, other = rng.sample(range(2, size), 2)
    new = {"time": 5.0, "tenant": "nobody", "user": "p-0", "action": "look", "object": "f-0", "outcome": "000", "correlation_id": "0" * 16}
    tampers = {
        f"line {number}'s {field} was changed": ["change", number, field, new[field]]
        for field, number in zip(FIELDS, rng.choices(range(1, size + 1), k=7), strict=True)
    }
    tampers |= {f"the last line's {field} was changed": ["change", size, field, new[field]] for field in ("outcome", "object")}
    tampers |= {
        f"line {middle} was taken out": ["drop", middle],
        "the first line was taken out": ["drop", 1],
        "the last line was cut off": ["cut", 1],
        "the last four lines were cut off": ["cut", 4],
        "all lines were cut off": ["cut", size],
        f"lines {middle} and {other} changed places": ["swap", middle, other],
        f"line {middle} stands there twice": ["twice", middle],
        "a half line was left at the end": ["torn", '{"time": 12'],
        "somebody wrote nonsense at the end": ["torn", "nothing happened\n"],
        f"the whole log was written anew, with the program itself, and another outcome in line {middle}": [
            "rebuild",
            middle,
            "outcome",
            "000",
        ],
        "the whole log was written anew, with the program itself, and another user in the first line": ["rebuild", 1, "user", "u-1"],
    }
    sound = play([*lines[:early], ["head"], *lines[early:], ["verify"], ["verify old"]])["said"]
    assert sound[-2] is None, f"nobody has touched the log, and verify says {short(sound[-2])}"
    assert sound[-1] is None, (
        f"the log has grown since the head was kept, nobody has touched it, and verify says {short(sound[-1])}: a head may be older than the log"
    )
    for what, tamper in tampers.items():
        found = play([*lines, tamper, ["verify"]])["said"][-1]
        assert found is not None, f"{what}, and verify says that all is well"
        assert not found.startswith("verify stopped"), f"{what}: {short(found)}; expected a text that says what is wrong"
    before = play([*lines[:early], ["head"], *lines[early:], ["change", 1, "outcome", "000"], ["verify old"]])["said"][-1]
    assert before is not None, "line 1 was changed after the head was kept, and verify, with that head, says that all is well"
    after = play([*lines[:early], ["head"], *lines[early:], ["drop", size - 1], ["verify old"]])["said"][-1]
    assert after is not None, (
        "with an older head: the last line but one was taken out, and verify says that all is well, though the chain is broken there"
    )
    at = rng.randint(1, early)
    anew = play([*lines[:early], ["head"], *lines[early:], ["rebuild", at, "outcome", "000"], ["verify old"]])["said"][-1]
    assert anew is not None, (
        f"the head was kept at line {early}, the log grew to {size} lines, and was then written anew, with the program itself and another outcome in line {at}; "
        "verify, with that head, says that all is well: the line that the head names must still be there, with its hash"
    )
    text = play([*lines[:early], ["head"], *lines[early:], ["cut", size - early], ["verify old"]])["said"][-1]
    assert text is None, f"the log is as long as when the head was kept, and verify, with that head, says {short(text)}"


def judge_writers(play):
    """Fail where writers lose each other's lines, where a half line spoils the log, or where secrets get in."""
    rng = drawn("writers")
    made = entries(rng, 48)
    record = play([["together", [made[start::4] for start in range(4)]]])
    heads = record["said"][0]
    wrong = next((head for group in heads for head in group if not isinstance(head, dict)), None)
    assert wrong is None, f"four processes append at once, and append stopped with {wrong}"
    counts = sorted(head["count"] for group in heads for head in group)
    assert counts == list(range(1, 49)), (
        f"four processes append 12 entries each, at once; the heads count to {counts[-1]}, and {48 - len(set(counts))} numbers came twice: one writer at a time"
    )
    last = max((head for group in heads for head in group), key=lambda head: head["count"])
    record = play([["together", [made[start::4] for start in range(4)]]])
    last = max((head for group in record["said"][0] for head in group), key=lambda head: head["count"])
    lines = []
    for text in record["log"]:
        lines.append(json.loads(text))
    assert len(lines) == 48, f"four processes append 12 entries each, at once; the log has {len(lines)} lines"
    key = lambda entry: tuple(str(entry.get(name)) for name in FIELDS if name != "user")  # noqa: E731
    assert sorted(map(key, lines)) == sorted(map(key, made)), (
        "what was appended and what stands in the log differ: expected time, tenant, action, object, outcome and correlation_id as they were given"
    )
    assert last["count"] == 48, f"the last head counts {last['count']}, expected 48"
    ten = [["append", dict(entry)] for entry in made[:10]]
    torn = play([*ten[:6], ["torn", '{"seq": 7, "time": 12.0, "ten'], *ten[6:], ["verify"]])
    wrong = next((each for each in torn["said"] if str(each).startswith("append stopped")), None)
    assert wrong is None, f"a writer died in the middle of a line, and with the next entry {short(wrong)}: append puts a half line away"
    assert torn["said"][-1] is None, (
        f"a writer died in the middle of a line; after four more entries verify says {short(torn['said'][-1])}: append puts a half line away"
    )
    assert len(torn["log"]) == 10, f"a writer died in the middle of a line; with ten entries around it the log has {len(torn['log'])} lines"
    token = f"eyJhbGciOiJIUzI1NiJ9.eyJ{rng.getrandbits(80):x}.{rng.getrandbits(128):x}"
    mail, word, rider = f"ana.{rng.randint(10, 99)}@ciclo.example", f"hush{rng.getrandbits(40):x}", f"rider-{rng.getrandbits(40):x}"
    cut = f"{rng.getrandbits(64):016x}"
    private = {
        **made[0],
        "user": mail,
        "object": f"forecasts/{mail}",
        "authorization": f"Bearer {token}",
        "client_secret": word,
        "body": {"rider": rider},
    }
    private_too = {**made[1], "user": mail, "object": f"key {token}=/end-{cut} of {mail}", "correlation_id": f"eyJ{cut}", "note": word}
    plain = {**made[2], "user": "u-1"}
    said = play([["append", private], ["append", private_too], ["append", plain], ["verify"]], "pepper-1")
    again = play([["append", private]], "pepper-2")
    wrong = next((each for each in [*said["said"], *again["said"]] if str(each).startswith("append stopped")), None)
    assert wrong is None, f"with an entry that has private words in it {short(wrong)}"
    text = "\n".join(said["log"])
    for what, secret in {
        "a user's mail address": mail,
        "a token": token,
        "a client's secret": word,
        "a rider's name, in the body": rider,
    }.items():
        assert secret not in text, f"the log holds {what}: it is read by many, and kept for years"
    assert token.split(".")[2] not in text, "the log holds the seal of a token: take a token out whole"
    assert cut not in text, (
        "a part of a token is in the log: what begins with eyJ goes out up to the next space, also where it was cut short, or = and / follow"
    )
    one, two, three = (json.loads(line) for line in said["log"])
    assert one["user"] and one["user"] == two["user"], "one user appears under two names: who did what can no longer be told"
    assert three["user"] != one["user"], "two users appear under one name in the log"
    assert json.loads(again["log"][0])["user"] != one["user"], (
        "with another pepper a user's name in the log is the same: without a key anybody can hash a mail address and look it up"
    )
    assert said["said"][-1] is None, f"after entries with private words in them verify says {short(said['said'][-1])}"
    assert one["outcome"] == private["outcome"] and one["correlation_id"] == private["correlation_id"], (
        "outcome or correlation_id is not in the log as it was given"
    )
