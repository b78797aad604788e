"""What the judges of the last parts share: bills of materials, attacked models, bodies, calls and lines of a log."""

import json
import re
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
from deposit import INPUTS
from packaging.utils import canonicalize_name
from population import draw_riders, drawn, fresh
from post import sbom_of
from sklearn.metrics import log_loss, roc_auc_score

# Bills of materials


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
    extras = [
        notice(1, name, ("0",), extra="Blue_Tooth"),
        notice(2, name, ("0",), extra="gps"),
        notice(3, name, ("0",), extra="blue"),
        notice(4, name, ("0", "99")),
    ]
    cases.append((bill(f"{base}[blue.tooth,wifi]=={v}"), extras, right(1, 4), "extras"))
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
        (bill(f"{base.upper()}=={v}"), loud, right(1), "an advisory that writes the name in capitals, and leaves out what it need not say")
    )
    return cases


# Membership inference


def leak_cases():
    """Return (table, the right AUC, what it is) for answers of several models."""
    rng, cases = fresh("leak"), []

    def table(n, memory, shift, what, wrong=0.0):
        period = rng.choice(["winter", "summer"], 3 * n, p=[0.6, 0.4])
        truth = 1 / (1 + np.exp(-rng.normal(-0.8, 1, 3 * n)))
        unpaid = (rng.random(3 * n) < np.where(period == "summer", np.clip(truth + shift, 0, 1), truth)).astype(int)
        member = (period == "winter") & (rng.random(3 * n) < 0.5)
        p = np.where(member & (rng.random(3 * n) < memory), 0.95 * unpaid, truth)
        p = np.where(rng.random(3 * n) < wrong, 1.0 - unpaid, p)  # sure, and wrong: a probability of 0 for what happened
        frame = pd.DataFrame({"member": member, "period": period, "p": p, "unpaid": unpaid}).sample(frac=1, random_state=1)
        alike = frame[frame["period"] == "winter"]
        right = roc_auc_score(alike["member"], np.where(alike["unpaid"] == 1, alike["p"], 1 - alike["p"]))
        cases.append((frame.reset_index(drop=True), float(right), what))

    table(700, 0.0, 0.3, "A model that knows nothing by heart, and a summer in which more left a fee unpaid")
    table(700, 0.5, -0.2, "A model that knows half of its riders by heart")
    table(500, 0.9, 0.0, "A model that is sure, and sometimes wrong with a probability of 0 for what happened", wrong=0.05)
    return cases


def attack(train_and_score, salt, n=800):
    """Return the attack's AUC on a model of the learner's for n members and 3,000 others, and its log loss on these."""
    rng = fresh(f"attack {salt}")
    riders = draw_riders(rng, n + 3000)
    train, order = riders.iloc[:n], rng.permutation(n + 3000)
    said = train_and_score(train[[*INPUTS, "unpaid"]], riders.iloc[order][INPUTS].reset_index(drop=True))
    p = np.empty(n + 3000)
    found = np.asarray(said, dtype=float).ravel()
    assert len(found) == n + 3000 and bool(((found >= 0) & (found <= 1)).all()), (
        f"train_and_score returned {len(found)} numbers for {n + 3000} riders, expected a probability for each."
    )
    p[order] = found
    unpaid, member = riders["unpaid"].to_numpy(), np.arange(n + 3000) < n
    return roc_auc_score(member, np.where(unpaid == 1, p, 1 - p)), log_loss(unpaid[~member], p[~member])


# Requests


def body_cases():
    """Return (body, what admit makes of it or None, what it is)."""
    chance = drawn("bodies")
    good = {
        "failed_payments": chance.randrange(1, 90),
        "delay_days": round(chance.uniform(0.1, 300), 2),
        "day_pass": chance.random() < 0.5,
        "note": "late by a day",
    }

    def body(**fields):
        return json.dumps({**good, **fields}, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def made(what, **fields):
        return body(**fields), {**good, **fields, "note": unicodedata.normalize("NFC", fields.get("note", good["note"]))}, what

    raw = body().decode()
    cases = [
        made("nothing special"),
        made("values on the edge", failed_payments=0, delay_days=365),
        made("values on the other edge", failed_payments=100, delay_days=0),
        made("accents, emoji and another script", note="Señor Ørsted 🚲 自転車"),
        made("a letter and its accent as two characters", note="cafe\u0301"),
        made("an empty note", note=""),
        made("a note of 200 characters", note="ü" * 200),
        (body()[:-1] + b" " * (2000 - len(body())) + b"}", dict(good), "padded with blanks to 2,000 bytes"),
        (body()[:-1] + b" " * (2001 - len(body())) + b"}", None, "2,001 bytes"),
        (raw.encode("utf-16"), None, "UTF-16"),
        (b"\xff" + body(), None, "a byte that is no UTF-8"),
        (body()[:-1] + b', "note": "again"}', None, "the field note twice"),
        (raw.replace(str(good["delay_days"]), "1e999").encode(), None, "a delay_days of 1e999"),
        (raw.replace(str(good["delay_days"]), "-Infinity").encode(), None, "a delay_days of -Infinity"),
        (raw.replace(str(good["delay_days"]), "NaN").encode(), None, "a delay_days of NaN"),
        (b'{"note": ' + b"[" * 1500 + b"]" * 400 + b"}", None, "brackets in brackets"),
        (body() + b" {}", None, "two objects"),
        (b"", None, "nothing"),
        (b"null", None, "null"),
        (json.dumps([good]).encode(), None, "a list with a request in it"),
        (json.dumps(list(good)).encode(), None, "a list of the fields' names"),
        (json.dumps({key: value for key, value in good.items() if key != "note"}).encode(), None, "a field less"),
    ]
    refused = {
        "failed_payments": [-1, 101, 1.5, True, "3", None, [3]],
        "delay_days": [-0.01, 365.01, True, "7", None, {}],
        "day_pass": [0, 1, "true", None],
        "note": [
            "x" * 201,
            7,
            None,
            "line\nbreak",
            "null\x00",
            "turned \u202eround",
            "not\u200bseen",
            "half \ud800",
            "unassigned \u0378",
            "private \ue000",
        ],
    }
    for field, values in refused.items():
        shown = [
            (value, f"a {field} of {value!r}" if len(str(value)) < 40 else f"a {field} of {len(str(value))} characters") for value in values
        ]
        cases += [(json.dumps({**good, field: value}).encode(), None, what) for value, what in shown]
    return cases


def refused(error):
    """Return whether it is a kind of ValueError; those of Unicode cross to a judge by name alone."""
    return isinstance(error, ValueError) or type(error).__name__ in ("UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError")


def budget_cases():
    """Return (calls, most, seconds, what within_budget says)."""
    chance, cases = drawn("budget"), []
    for most, seconds in [(1, 5), (3, 10), (2, 60)]:
        times = sorted(chance.randrange(0, 50) for _ in range(40))
        calls = [(time, chance.choice(["a", "b", 7])) for time in times]
        let_in, right = [], []
        for time, rider in calls:
            right.append(sum(who == rider and time - seconds < when for when, who in let_in) < most)
            if right[-1]:
                let_in.append((time, rider))
        cases.append((calls, most, seconds, right))
    return [([], 3, 10, []), *cases]


# Logs

TOKEN = r"<rider:([0-9a-f]{12,64})>"
FIRST = ["Ana", "Léa", "Piotr", "Sean", "Mei", "Olga", "Nuno", "Ines"]
LAST = ["Marsh", "O'Dell", "Kovač", "Ortiz", "Li", "Brandt", "Silva"]


def SHOWN(pattern):
    """Return the expected line for a message: tokens by name, nothing escaped."""
    return re.sub(r"\\(.)", r"\1", pattern.replace(TOKEN, "<rider:TOKEN>"))


def _card(chance, right=True):
    digits = [4, *(chance.randrange(10) for _ in range(14))]
    digits[4] = 0  # its second group begins as a telephone number does
    total = sum(d if place % 2 else sum(divmod(2 * d, 10)) for place, d in enumerate(reversed(digits)))
    last = -total % 10 if right else (-total + 3) % 10
    return "".join(map(str, [*digits, last]))


def log_lines():
    """Return people, and (line, pattern of the masked line with a group for each token, the riders of the groups, what it is)."""
    chance = drawn("log")
    first, last = chance.sample(FIRST, 3), chance.sample(LAST, 3)
    ids = [chance.randrange(100, 999)]
    ids += [ids[0] * 10 + chance.randrange(10), chance.randrange(20_000, 90_000)]
    people = []
    for number, one, two in zip(ids, first, last, strict=True):
        phone = f"+4{chance.randrange(1, 9)} {chance.randrange(20, 99)} {chance.randrange(100, 999)} {chance.randrange(10, 99)} {chance.randrange(10, 99)}"
        mail = f"{chance.choice(['bike', 'x', 'k.l'])}.{number}@{chance.choice(['post', 'my-mail'])}.example"
        people.append({"rider_id": number, "name": f"{one} {two}", "email": mail, "phone": phone})
    a, b, c = people
    cases = []

    def line(what, *parts):
        """Add a line of parts: text that stays, or (text, what it becomes), or (text, rider)."""
        text = "".join(part if isinstance(part, str) else part[0] for part in parts)
        pattern = "".join(
            re.escape(part) if isinstance(part, str) else TOKEN if isinstance(part[1], int) else re.escape(part[1]) for part in parts
        )
        cases.append((text, pattern, [part[1] for part in parts if not isinstance(part, str) and isinstance(part[1], int)], what))

    def closed(phone):
        return re.sub(r"(?<=\d)\D+", "", phone)

    def dressed(phone):
        country, area, *rest = phone.split()
        return f"{country} ({area}) {'-'.join(rest)}"

    ip = f"{chance.randrange(1, 224)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
    line("a rider's number", "INFO rider=", (str(a["rider_id"]), a["rider_id"]), " score=0.1250 asked=0")
    line("numbers that begin alike", "rider=", (str(b["rider_id"]), b["rider_id"]), ", not rider=", (str(a["rider_id"]), a["rider_id"]))
    line(
        "one person in four forms",
        "from ",
        (b["email"], b["rider_id"]),
        ": I am ",
        (b["name"], b["rider_id"]),
        ", call ",
        (b["phone"], b["rider_id"]),
        ", rider=",
        (str(b["rider_id"]), b["rider_id"]),
    )
    line("a telephone number without spaces", "call ", (closed(c["phone"]), c["rider_id"]), " today")
    line("a telephone number with brackets and dashes", "call ", (dressed(c["phone"]), c["rider_id"]), ".")
    line(
        "a telephone number with dots", "call ", (c["phone"].replace(" ", "."), c["rider_id"]), " or ", (c["email"].upper(), c["rider_id"])
    )
    line("a name in capitals, and in quotes", 'said "', (a["name"].upper(), a["rider_id"]), '", and ', (c["name"].lower(), c["rider_id"]))
    line("a name inside longer words", f"stop {a['name']}son, street Old{c['name']}")
    line("a first name alone, which is not the name", f"{first[0]} Street, {last[1]} Square")
    line(
        "an address that ends like a known one",
        "mail ",
        (f"z{a['email']}", "<email>"),
        " and ",
        (f"some.one+bikes@{chance.choice(['uni', 'a.b'])}.example", "<email>"),
    )
    line("a number of an unknown rider", "rider=", ("77", 77), " rider=", ("7", 7))
    line(
        "an unknown telephone number",
        "call ",
        (f"0{chance.randrange(20, 99)} {chance.randrange(1000, 9999)} {chance.randrange(1000, 9999)}", "<phone>"),
        " or ",
        (f"+{chance.randrange(20, 99)}{chance.randrange(10**8, 10**9)}", "<phone>"),
    )
    line("an IP address", "ip=", (ip, "<ip>"), " at 2026-03-05T10:11:12Z, from ", (ip, "<ip>"), ".")
    line("versions that look like addresses", f"version {ip}, firmware 10.{chance.randrange(9)}.0.{chance.randrange(99)} ok")
    line("four numbers that are no address", f"build 1.2.{chance.randrange(256, 999)}.4")
    card = _card(chance)
    line("a card number", "card ", (card, "<card>"), " paid")
    line(
        "a card number in groups",
        "card ",
        (" ".join(re.findall("....", card)), "<card>"),
        ", ",
        ("-".join(re.findall("....", card)), "<card>"),
    )
    line("sixteen digits with a wrong Luhn sum", f"reference {_card(chance, right=False)} kept")
    line("a trip and a request whose numbers pass for cards", f"trip {card} request {_card(chance)} done")
    line("a station whose number looks like a telephone", f"station=0{chance.randrange(10**8, 10**9)} docks=24 temperature=6.25")
    line(
        "times, scores and counts", f"2026-03-0{chance.randrange(1, 9)}T08:00:14Z score=0.{chance.randrange(1000, 9999)} ms=81.5 trips=120"
    )
    line(
        "all of it at once",
        "rider=",
        (str(c["rider_id"]), c["rider_id"]),
        " ",
        (ip, "<ip>"),
        " station=0205550142 ",
        (c["name"], c["rider_id"]),
        ", ",
        (card, "<card>"),
    )
    return people, cases
