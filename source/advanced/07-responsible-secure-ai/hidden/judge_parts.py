"""Bills of materials and advisories that the learner has not seen."""

import tempfile
from pathlib import Path

from packaging.utils import canonicalize_name
from population import drawn
from post import sbom_of


def parts_cases():
    """Return (bill, advisories, {"affected", "unknown"}, what it is about): each sentence of the task decides one of them."""
    chance = drawn("parts")
    base = chance.choice(["rail", "Rail.Map", "RAIL_map", "map--rail"])
    major = chance.randrange(1, 6)

    def bill(*lines):
        with tempfile.TemporaryDirectory(prefix="judge-") as folder:
            path = Path(folder) / "requirements.txt"
            path.write_text("\n".join(lines) + "\n")
            return sbom_of(path)

    def notice(number, package, *ranges, **fields):
        reaches = [dict(zip(("introduced", "fixed"), reach, strict=False)) if isinstance(reach, tuple) else reach for reach in ranges]
        return {"id": f"X-{number}", "package": package, "ranges": reaches, "extra": None, "withdrawn": None} | fields

    def right(*numbers, unknown=(), package=base):
        return {
            "affected": sorted((f"X-{n}", canonicalize_name(package)) for n in numbers),
            "unknown": sorted(map(canonicalize_name, unknown)),
        }

    name = canonicalize_name(base)
    v = f"{major}.10.2"
    notices = [
        notice(1, name, ("0", f"{major}.9")),
        notice(2, name, (f"{major}.9", f"{major}.10.3")),
        notice(3, name, ("0", v)),
        notice(4, name, (v,)),
        notice(5, name, {"introduced": "0", "last_affected": v}),
        notice(6, name, {"introduced": "0", "last_affected": f"{major}.10.1"}),
        notice(7, name, ("0", "0.1"), (f"{major}.10", f"{major}.11")),
        notice(8, name, ("0",), withdrawn="2026-01-02"),
        notice(9, f"{name}-kit", ("0",)),
        notice(10, name, (f"{major}.10.3",)),
    ]
    cases = [(bill(f"{base}=={v}", "numpy==2.4.6"), notices, right(2, 4, 5, 7), "ranges around one version, more than one in an advisory")]
    candidate = [
        notice(1, name, ("0", f"{major}.0")),
        notice(2, name, (f"{major}.0",)),
        notice(3, name, (f"{major}.0rc1", f"{major}.0rc2")),
    ]
    cases.append((bill(f"{base}=={major}.0rc1"), candidate, right(1, 3), "a release candidate"))
    cases.append(
        (bill(f"{base}==0.dev{major}"), [notice(1, name, ("0", "0.1")), notice(2, name, ("0.1",))], right(1), "a version before 0")
    )
    extras = [
        notice(1, name, ("0",), extra="Blue_Tooth"),
        notice(2, name, ("0",), extra="gps"),
        notice(3, name, ("0",), extra="blue"),
        notice(4, name, ("0", "99")),
    ]
    equipped = bill(f"{base}[blue.tooth,wifi]=={v}")
    for entry in equipped["components"][0]["properties"]:
        entry["value"] = entry["value"].title().replace("-", ".")
    cases.append((equipped, extras, right(1, 4), "extras"))
    cases.append((bill(f"{base}=={v}"), extras, right(4), "advisories on extras that are not installed"))
    cases.append((bill(base, f"{base}-kit>=1"), notices, right(unknown=[base, f"{base}-kit"]), "parts without a version"))
    odd = bill(f"{base}=={v}", "numpy==2.4.6", "pandas==2.3.3")
    for part in odd["components"]:
        part.update({"numpy": {"version": "latest"}, "pandas": {"version": ""}}.get(part["name"], {}))
        part["properties"] = [{"name": "team:owner", "value": "gps"}]
    cases.append(
        (
            odd,
            [*notices[:2], *extras[1:3]],
            right(2, unknown=["numpy", "pandas"]),
            "versions that cannot be read, and properties that are no extras",
        )
    )
    twice = bill(f"{base}=={v}")
    twice["components"].append({**twice["components"][0], "version": f"{major}.8"})
    cases.append((twice, notices[:3], right(1, 2, 3), "a package twice, with two versions"))
    loud = [{**notice(1, base.upper(), ("0",)), "extra": None}]
    loud[0].pop("extra")
    loud[0].pop("withdrawn")
    cases.append(
        (bill(f"{base.upper()}=={v}"), loud, right(1), "an advisory that writes the name in capitals, and leaves out extra and withdrawn")
    )
    return cases
