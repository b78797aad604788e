"""Bills of materials and advisories that the learner has not seen: each sentence of the task decides one of them."""

from packaging.utils import canonicalize_name
from post import sbom_of

from judgekit import drawn, own_folder


def parts_problem(match, cases):
    """Return what is wrong with the learner's matches in the cases, or an empty text."""
    for bill, notices, right, what in cases:
        try:
            found = match(bill, notices)
            pairs, unknown = sorted({tuple(pair) for pair in found["affected"]}), sorted(set(found["unknown"]))
        except Exception as error:
            return f"On another bill ({what}) match stopped with {type(error).__name__}: {error}"
        for key, said in [("affected", pairs), ("unknown", unknown)]:
            if said != right[key]:
                return f"On another bill ({what}), {key} is {said}, expected {right[key]}."
    return ""


def _bill(*lines):
    with own_folder() as folder:
        path = folder / "requirements.txt"
        path.write_text("\n".join(lines) + "\n")
        return sbom_of(path)


def _notice(number, package, *ranges, **fields):
    reaches = [dict(zip(("introduced", "fixed"), reach, strict=False)) if isinstance(reach, tuple) else reach for reach in ranges]
    return {"id": f"X-{number}", "package": package, "ranges": reaches, "extra": None, "withdrawn": None} | fields


def _drawn():
    """Return a package's name as a bill has it, normalised, its major version, the version, and what is right where advisories hold for it."""
    chance = drawn("parts")
    base, major = chance.choice(["rail", "Rail.Map", "RAIL_map", "map--rail"]), chance.randrange(1, 6)
    name = canonicalize_name(base)

    def right(*numbers, unknown=()):
        return {"affected": sorted((f"X-{n}", name) for n in numbers), "unknown": sorted(map(canonicalize_name, unknown))}

    return base, name, major, f"{major}.10.2", right


def range_cases():
    """Return (bill, advisories, {"affected", "unknown"}, what it is about) for ranges."""
    base, name, major, v, right = _drawn()
    notices = [
        _notice(1, name, ("0", f"{major}.9")),
        _notice(2, name, (f"{major}.9", f"{major}.10.3")),
        _notice(3, name, ("0", v)),
        _notice(4, name, (v,)),
        _notice(5, name, {"introduced": "0", "last_affected": v}),
        _notice(6, name, {"introduced": "0", "last_affected": f"{major}.10.1"}),
        _notice(7, name, ("0", "0.1"), (f"{major}.10", f"{major}.11")),
        _notice(8, name, ("0",), withdrawn="2026-01-02"),
        _notice(9, f"{name}-kit", ("0",)),
        _notice(10, name, (f"{major}.10.3",)),
    ]
    candidate = [
        _notice(1, name, ("0", f"{major}.0")),
        _notice(2, name, (f"{major}.0",)),
        _notice(3, name, (f"{major}.0rc1", f"{major}.0rc2")),
    ]
    early = [_notice(1, name, ("0", "0.1")), _notice(2, name, ("0.1",))]
    several = "ranges around one version, more than one in an advisory"
    return [
        (_bill(f"{base}=={v}", "numpy==2.4.6"), notices, right(2, 4, 5, 7), several),
        (_bill(f"{base}=={major}.0rc1"), candidate, right(1, 3), "a release candidate"),
        (_bill(f"{base}==0.dev{major}"), early, right(1), "a version before 0"),
    ]


def bill_cases():
    """Return (bill, advisories, {"affected", "unknown"}, what it is about) for what stands in bills."""
    base, name, major, v, right = _drawn()
    notices = [_notice(1, name, ("0", f"{major}.9")), _notice(2, name, (f"{major}.9", f"{major}.10.3"))]
    extras = [
        _notice(1, name, ("0",), extra="blue-tooth"),
        _notice(2, name, ("0",), extra="gps"),
        _notice(3, name, ("0",), extra="blue"),
        _notice(4, name, ("0", "99")),
    ]
    plain = _bill(f"{base}=={v}", "numpy==2.4.6", "pandas==2.3.3")
    odd = {"numpy": {"version": "latest"}, "pandas": {"version": ""}}
    unread = {"components": [part | odd.get(part["name"], {}) for part in plain["components"]]}
    older = [{**part, "version": f"{major}.8"} for part in plain["components"] if canonicalize_name(part["name"]) == name]
    twice = {"components": [*plain["components"], *older]}
    short = [{"id": "X-1", "package": name, "ranges": [{"introduced": "0"}]}]
    return [
        (_bill(f"{base}[Blue.Tooth,wifi]=={v}"), extras, right(1, 4), "extras"),
        (plain, extras, right(4), "advisories on extras that are not installed"),
        (_bill(base, f"{base}-kit>=1"), notices, right(unknown=[base, f"{base}-kit"]), "parts without a version"),
        (unread, notices, right(2, unknown=["numpy", "pandas"]), "versions that cannot be read"),
        (twice, notices, right(1, 2), "a package twice, with two versions"),
        (plain, short, right(1), "an advisory that leaves out extra and withdrawn"),
    ]
