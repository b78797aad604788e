"""The judge of the vault: killed anywhere, damaged anywhere, and a disaster over HTTP."""

from judging import short, was_started
from standins import DOOR, QUOTA
from worlds import draw_world

from judgekit import drawn


def made(rng, count):
    """Return so many entries of all kinds."""
    found = []
    for number in range(count):
        entry = {"id": f"{rng.choice(['ciclo', 'roda'])}/{number}-{rng.getrandbits(32):x}", "kind": "forecast", "rows": rng.randint(1, 200)}
        entry |= {"note": "".join(rng.choice('ab é\n"{}1,') for _ in range(rng.choice([3, 90])))}
        if number % 4 == 3:
            entry = {"id": f"revoked/{number}", "kind": "revocation", "jti": f"{rng.getrandbits(32):x}", "rows": number}
        found.append(entry)
    return found


def do(*steps, **more):
    return {"do": [list(step) for step in steps], **more}


def keep(entries):
    return [["record", entry] for entry in entries]


def same(found, right, what):
    """Fail where entries are missing, are there twice, or in another order."""
    assert isinstance(found, list), f"{what}: it stopped with {short(found)}"
    names, due = [entry.get("id") for entry in found], [entry["id"] for entry in right]
    missing, twice = [name for name in due if name not in names], [name for name in set(names) if names.count(name) > 1]
    assert not missing, f"{what}: {len(missing)} of {len(due)} acknowledged entries are lost, {missing[0]} for one"
    assert not twice, f"{what}: {twice[0]} is there {names.count(twice[0])} times"
    assert names == due, f"{what}: the entries are {short(names)}, expected {short(due)}, the oldest first"
    assert found == right, (
        f"{what}: an entry came back changed: {short(next(pair for pair in zip(found, right, strict=True) if pair[0] != pair[1]))}"
    )


def judge_killed(store):
    """Fail where a process that is killed, or a disk that is lost, costs an acknowledged entry, or makes one twice."""
    rng = drawn("killed")
    entries = made(rng, 9)
    day = [*keep(entries[:6]), ["backup"], *keep(entries[6:])]
    calm = store([do(*day), do(["entries"]), ["lose"], do(["restore"], ["entries"])])
    wrong = next((said for said in calm[0]["said"] if isinstance(said, dict) and "error" in said), None)
    assert wrong is None, f"on a calm day record or backup stopped with {wrong and wrong['error']}"
    assert calm[0]["said"][:6] == [True] * 6, f"record said {calm[0]['said'][:6]} for six new entries, expected True"
    same(calm[1]["said"][0], entries, "on a calm day")
    told = calm[2]["said"][0]
    same(calm[2]["said"][1], entries, "disk-a was lost, and restored")
    assert isinstance(told, dict) and told.get("entries") == 9, (
        f"restore says {short(told)}, expected {{'entries': 9}}: whoever restores at night needs the count"
    )
    assert calm[0]["fsyncs"] >= 9, (
        f"{calm[0]['fsyncs']} calls of os.fsync for 9 entries: what is not on the disk when record returns was promised too early"
    )
    again = store([do(*day, *keep(entries[3:5]), ["record", entries[8]]), ["lose"], do(["restore"], *keep(entries[2:4]), ["entries"])])
    assert again[0]["said"][-3:] == [False] * 3, (
        f"entries with ids that are there already: record said {again[0]['said'][-3:]}, expected False"
    )
    assert again[1]["said"][1:3] == [False] * 2, (
        f"after the restore, entries that were there before: record said {again[1]['said'][1:3]}, expected False"
    )
    same(again[1]["said"][-1], entries, "entries were sent again, before and after the disk was lost")
    same(store([do(*day, ["restore"]), ["lose"], do(["restore"], ["restore"], ["entries"])])[1]["said"][-1], entries, "restore ran twice")
    none = store([do(*keep(entries[:5])), ["lose"], do(["restore"], ["entries"], *keep(entries[4:8]), ["entries"])])
    same(none[1]["said"][1], entries[:5], "disk-a was lost before the first backup")
    same(none[1]["said"][-1], entries[:8], "disk-a was lost before the first backup, and the work went on after the restore")
    for back in ([["lose"]], []):
        first, restored = do(*keep(entries[:5])), [["restore"]] if back else []
        torn = store([first, ["half line"], *back, do(*restored, ["entries"], *keep(entries[5:])), ["lose"], do(["restore"], ["entries"])])
        where = "the journal ended in a half line" + (", disk-a was lost, and restored" if back else "")
        same(torn[1]["said"][len(restored)], entries[:5], where)
        same(torn[2]["said"][-1], entries, f"{where}; four more entries were recorded, and then disk-a was lost")
    ends, victim = calm[0]["after"], rng.choice([2, 4, 8])  # the steps of the day; number 6 is the backup
    places = list(range(ends[victim - 1] + 1, ends[victim] + 1))
    places = places if len(places) <= 14 else sorted(rng.sample(places, 14))
    for turn, kill in enumerate([*places, *(rng.randint(ends[5] + 1, ends[6]) for _ in range(2))]):
        lost = turn % 3 == 2
        damage, back = ([["tear"], ["lose"]], [["restore"]]) if lost else ([], [])
        first, second, third = store(
            [do(*day, kill=kill), *damage, do(*back, ["entries"], *keep(entries)), ["lose"], do(["restore"], ["entries"])]
        )
        safe = sum(each is True for each in first["said"])
        where = f"the process was killed after {safe} acknowledged entries" + (", and disk-a was lost" if lost else "")
        there = second["said"][len(back)]
        assert isinstance(there, list), f"{where}: it stopped with {short(there)}"
        same(there[:safe], entries[:safe], where)
        assert len(there) in (safe, safe + 1), f"{where}: {len(there)} entries are there"
        same(third["said"][-1], entries, f"{where}; the callers sent all entries again, and then disk-a was lost")


def judge_backups(store):
    """Fail where a damaged backup, a trimmed journal or a damaged line is not noticed."""
    rng = drawn("backups")
    entries = made(rng, 13)
    day = [*keep(entries[:4]), ["backup"], *keep(entries[4:8]), ["backup"], *keep(entries[8:])]
    same(
        store([do(*day), ["bad backup"], ["lose"], do(["restore"], ["entries"])])[1]["said"][-1],
        entries,
        "the newest backup is damaged, and disk-a was lost",
    )
    same(
        store([do(*day), ["trim", 4], ["lose"], do(["restore"], ["entries"])])[1]["said"][-1],
        entries,
        "the journal was trimmed: the lines that both backups hold are gone, and disk-a was lost",
    )
    same(
        store([do(*day), ["trim", 4], ["bad backup"], ["lose"], do(["restore"], ["entries"])])[1]["said"][-1],
        entries,
        "the journal was trimmed, the newest backup is damaged, and disk-a was lost",
    )
    same(store([do(*day), ["empty store"], do(["restore"], ["entries"])])[1]["said"][-1], entries, "the store's files were torn in half")
    said = store([do(*day), ["bad line", -3], ["lose"], do(["restore"])])[1]["said"][-1]
    assert isinstance(said, dict) and "error" in said, (
        "a line of the journal, after the newest backup, is damaged, and restore goes on as if nothing were: expected an exception that names it, for nobody may guess what it was"
    )


def judge_drill(play):
    """Fail where a disaster under traffic loses an answer, makes one twice, or forgets quotas and revocations."""
    rng = drawn("drill")
    world = draw_world(rng.random())
    world["plans"] = {name: {"rate": 0.01, "burst": 2.2, "weight": 1} for name in world["plans"]}
    world["texts"] = {"door.py": DOOR, "quota.py": QUOTA}
    row = {"rows": [[rng.randint(1, 40), 8, 12.5]]}
    ask = lambda key, body=row, **more: {"ask": ["POST", "/v1/forecasts", body], "as": "a", "key": key, **more}  # noqa: E731
    listing = {"ask": ["GET", "/v1/forecasts"], "as": "a"}
    count = rng.randint(9, 14)
    script = [{"token": "a", "client": "ciclo"}, {"token": "n", "client": "noor"}, {"token": "stolen", "client": "ciclo"}]
    script += [{"ask": ["POST", "/v1/revocations", {"jti": "stolen"}], "as": "n"}]
    script += [ask(f"k{number}") for number in range(count)]
    script += [{"during": ask("slow", {"rows": row["rows"] * 60}), "then": [{"disaster": True}]}]
    script += [listing, {"ask": ["GET", "/v1/forecasts"], "as": "stolen"}, ask("k1"), ask("slow", {"rows": row["rows"] * 60}), listing]
    script += [ask("big", {"rows": row["rows"] * 200}), ask("big2", {"rows": row["rows"] * 200})]
    record = play(["vault"], world, script, 1, 2.0)
    was_started(record, "vault")
    assert record["recovered"] < 5.0, (
        f"from the disaster to the first answer it took {record['recovered']:.1f} s, expected 5 s at most (the RTO)"
    )
    made_, flight = record["answers"][4 : 4 + count], record["answers"][4 + count]
    before, stolen, again, slow, after, *bigs = record["answers"][5 + count :]
    assert all(each["status"] == 201 for each in made_), "over HTTP, before the disaster: not all forecasts were answered with 201"
    assert flight["status"] == 0, "over HTTP: the request under way was answered although the gateway was killed"
    ids = [each["body"]["id"] for each in made_]
    listed = before["body"]["ids"] if before["status"] == 200 else []
    missing = [name for name in ids if name not in listed]
    assert not missing, (
        f"over HTTP, after the disaster: {len(missing)} of {count} forecasts that were answered with 201 are lost (RPO: none)"
    )
    assert stolen["status"] == 401, (
        f"over HTTP, after the disaster: a token that was revoked before is answered with {stolen['status']}, expected 401"
    )
    assert again["body"].get("id") == ids[1], "over HTTP, after the disaster: a request that was sent again made another forecast"
    assert slow["status"] in (200, 201) and len(after["body"]["ids"]) == count + 1, (
        f"over HTTP: a request that the disaster interrupted was sent again; {len(after['body'].get('ids', []))} forecasts are there, expected {count + 1}"
    )
    assert bigs[-1]["status"] == 429, (
        f"over HTTP, after the disaster: a tenant whose bucket was nearly empty before asks for much, and gets {[big['status'] for big in bigs]}; expected 429 in the end: quotas survive, too"
    )
