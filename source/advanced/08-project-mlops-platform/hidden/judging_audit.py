"""Judges of the part audit."""

import hashlib
import json

from judgekit import drawn

FIELDS = ["key", "who", "what", "subject", "why", "when"]


def hashed(after, fields):
    """Return the hash of an entry that comes after a hash."""
    return hashlib.sha256((after + json.dumps(fields, sort_keys=True)).encode()).hexdigest()


def lines_of(entries):
    """Return the lines of a right trail with these entries."""
    after, lines = "0" * 64, []
    for entry in entries:
        after_this = hashed(after, entry)
        lines.append(json.dumps({**entry, "after": after, "hash": after_this}).encode())
        after = after_this
    return lines


def some(rng, number):
    """Return so many entries."""
    words = ["rain", "überfällig", "Hillside “bridge”", "a\nline", "tab\t", "✓", "d-17", "v 3"]
    return [
        {"key": f"e-{n}-{rng.randrange(999)}", "who": rng.choice(["Ada", "Bo", "Cy"]), "what": rng.choice(["deployed", "refused"]), "subject": str(rng.randrange(1, 99))}
        | {"why": f"{rng.choice(words)} {rng.random()}", "when": f"2026-05-{n + 1:02}T04:00:00Z"}
        for n in range(number)
    ]  # fmt: skip


def judge_append(write_trail):
    """Appending: the chain, keys that come again, what is refused, a line that a crash has cut."""
    rng = drawn("audit append")
    entries = some(rng, 7)
    right = lines_of(entries)
    own = entries[3]
    torn = b"\n".join(right[:4]) + b"\n" + right[4][: rng.randrange(3, len(right[4]) - 1)]
    wholly_torn = right[0][:20]
    extra = {**entries[6], "note": "nobody reads this"}
    steps = [{"append": entry} for entry in entries[:3]] + [{"append": own}, {"append": {**own, "why": "another reason"}}]
    steps += [{"append": {**entries[4], name: value}} for name, value in (("why", ""), ("who", None), ("when", 20260501))]
    steps += [{"append": {name: value for name, value in entries[4].items() if name != "subject"}}]
    steps += [{"set": torn}, {"append": entries[4]}, {"set": torn}, {"append": entries[2]}, {"append": entries[4]}, {"append": extra}]
    steps += [{"set": wholly_torn}, {"append": entries[0]}]
    steps += [{"set": b"".join(line + b"\n" for line in right[:5])}, {"append": entries[5], "room": len(right[0]) + 50}]
    told = write_trail(steps)
    for number in range(4):
        said = told[number]
        assert not said["error"], f"append stopped at a good entry: {said['error']}"
        _is(said["bytes"], entries[: number + 1], f"After {number + 1} entries")
        assert said["value"] == json.loads(right[number])["hash"], f"append returned {said['value']!r}, expected the new entry's hash."
    again = told[4]
    assert not again["error"], f"An entry came whose key is in the trail already, and append stopped: {again['error']}"
    assert again["bytes"] == told[3]["bytes"], "An entry came whose key is in the trail already, and the file changed: nothing is written twice."
    assert again["value"] == json.loads(right[3])["hash"], "An entry came whose key is in the trail already, and append did not return the hash of the one that is there."
    for said, what in zip(told[5:9], ["whose why is empty", "whose who is None", "whose when is a number", "without subject"], strict=False):
        assert "ValueError" in said["error"], f"An entry came {what}: append returned {said['value']!r} {said['error']}, expected a ValueError."
        assert said["bytes"] == told[3]["bytes"], f"An entry came {what}, and the file changed, though it was refused."
    _is(told[10]["bytes"], entries[:5], "A crash had left half a line at the end, and then an entry was appended")
    assert not told[12]["error"] and told[12]["value"] == json.loads(right[2])["hash"], f"A crash had left half a line, and an entry came that is there already: append said {told[12]['value']!r} {told[12]['error']}, expected the hash of the one that is there."
    _is(told[13]["bytes"], entries[:5], "A crash had left half a line; a known entry came, and then a new one")
    plain = {name: extra[name] for name in FIELDS}
    assert "ValueError" in told[14]["error"] or len(told[14]["bytes"].splitlines()) == 6, "An entry with one field more was appended, and the trail has not one line more (to refuse it is fine, too)."
    if not told[14]["error"]:
        _is(told[14]["bytes"], [*entries[:5], plain], "An entry with one field more was appended")
    _is(told[16]["bytes"], entries[:1], "A crash had cut the very first line, and then an entry was appended")
    assert told[18]["bytes"].startswith(told[17]["bytes"]), (
        f"The disk was full while an entry was appended to a trail of 5 lines, and then it had {told[18]['bytes'].count(10)}: whoever opens a trail to write it anew loses what was there. Only add to it."
    )


def judge_verify(write_trail):
    """Verifying: what was changed, taken away, put in, moved, forged; noted hashes; half lines."""
    rng = drawn("audit verify")
    entries = some(rng, 8)
    right = lines_of(entries)
    at = rng.randrange(2, 6)
    hashes = [json.loads(line)["hash"] for line in right]

    def whole(lines):
        return b"".join(line + b"\n" for line in lines)

    def edited(change, rehash=False):
        entry = {**json.loads(right[at]), **change}
        if rehash:
            entry["hash"] = hashed(entry["after"], {name: entry[name] for name in FIELDS})
        return whole([*right[:at], json.dumps(entry).encode(), *right[at + 1 :]])

    forged = lines_of([*entries[:at], {**entries[at], "why": "all was well"}, *entries[at + 1 :]])
    lacking = {name: value for name, value in json.loads(right[at]).items() if name != "who"}
    spaced = [json.dumps(json.loads(line), indent=None, separators=(",", ":")).encode() for line in right]
    cases = [
        ("a trail in order", whole(right), None, 0),
        ("a trail in order, whose lines are spaced differently", whole(spaced), None, 0),
        ("a trail in order, and the hash of its last line, noted before", whole(right), hashes[-1], 0),
        ("a trail in order, and the hash of an earlier line: it has grown since", whole(right), hashes[2], 0),
        ("a trail in order, and the hash before the first line", whole(right), "0" * 64, 0),
        ("half a line at the end, left by a crash", whole(right[:5]) + right[5][:30], None, 0),
        ("a reason that was changed", edited({"why": "all was well"}), None, at + 1),
        ("a reason that was changed, with a new hash for its line", edited({"why": "all was well"}, True), None, at + 2),
        ("a reason that was emptied, with a new hash for its line", edited({"why": ""}, True), None, at + 1),
        ("a time that was changed", edited({"when": "2020-01-01T00:00:00Z"}), None, at + 1),
        ("a name that was changed", edited({"who": "Zoe"}), None, at + 1),
        ("an entry that was taken away", whole(right[:at] + right[at + 1 :]), None, at + 1),
        ("the first entry taken away", whole(right[1:]), None, 1),
        ("two entries that changed places", whole([*right[:at], right[at + 1], right[at], *right[at + 2 :]]), None, at + 1),
        ("an entry that was put in twice", whole([*right[: at + 1], right[at], *right[at + 1 :]]), None, at + 2),
        ("a line that is no JSON", whole([*right[:at], b"{oh", *right[at:]]), None, at + 1),
        ("a line that is JSON and no entry", whole([*right[:at], b"[1, 2]", *right[at:]]), None, at + 1),
        ("an empty line", whole([*right[:at], b"", *right[at:]]), None, at + 1),
        ("a line without its field who", whole([*right[:at], json.dumps(lacking).encode(), *right[at + 1 :]]), None, at + 1),
        ("a last line that was changed", whole([*right[:-1], json.dumps({**json.loads(right[-1]), "what": "refused!"}).encode()]), None, 8),
        ("the last two entries cut off, where a hash was noted", whole(right[:-2]), hashes[-1], 7),
        ("all cut off, where a hash was noted", b"", hashes[-1], 1),
        ("a trail that was written anew from one line on, where a hash was noted", whole(forged), hashes[-1], 9),
        ("the same without a noted hash: nobody can tell", whole(forged), None, 0),
    ]
    told = write_trail([step for _, data, head, _ in cases for step in ({"set": data}, {"verify": head})] + [{"remove": True}, {"verify": None}])
    for number, (what, data, _, expected) in enumerate(cases):
        said = told[2 * number + 1]
        assert not said["error"], f"verify stopped at {what}: {said['error']}"
        assert said["value"] == expected and said["value"] is not False, f"verify says {said['value']!r} to {what}, expected {expected}, in a trail of {data.count(10)} whole lines."
        assert said["bytes"] == data, f"verify changed the file, at {what}."
    assert told[-1]["value"] == 0 and not told[-1]["error"], f"verify says {told[-1]['value']!r} {told[-1]['error']} where there is no trail yet, expected 0."


def _is(data, entries, what):
    """Fail where a file is not the trail of these entries."""
    assert data.endswith(b"\n"), f"{what}, and the file does not end with a whole line."
    lines = data.split(b"\n")[:-1]
    assert len(lines) == len(entries), f"{what}, and the trail has {len(lines)} lines, expected {len(entries)}."
    after = "0" * 64
    for number, (line, entry) in enumerate(zip(lines, entries, strict=False), 1):
        try:
            found = json.loads(line)
        except ValueError:
            raise AssertionError(f"{what}, and line {number} is no JSON: {line[:80]!r}") from None
        for name in FIELDS:
            assert found.get(name) == entry[name], f"{what}, and {name} in line {number} is {found.get(name)!r}, expected {entry[name]!r}."
        assert found.get("after") == after, f"{what}, and after in line {number} is not the hash of the line before it (64 zeros in the first)."
        after = hashed(after, entry)
        assert found.get("hash") == after, f"{what}, and hash in line {number} is not SHA-256 of the text in after and the six fields, as the text has it."
