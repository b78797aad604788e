"""Lines of a log about people whom the learner has not seen."""

import re

from judgekit import drawn

TOKEN = r"<rider:([0-9a-f]{12,64})>"
FIRST = ["Ana", "Léa", "Piotr", "Sean", "Mei", "Olga", "Nuno", "Ines"]
LAST = ["Marsh", "O'Dell", "Kovač", "Ortiz", "Li", "Brandt", "Silva"]


def SHOWN(pattern):
    """Return the expected line for a message: tokens by name, nothing escaped."""
    return re.sub(r"\\(.)", r"\1", pattern.replace(TOKEN, "<rider:TOKEN>"))


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
    line(
        "an unknown telephone number with brackets",
        "call ",
        (
            f"+{chance.randrange(50, 99)} ({chance.randrange(20, 99)}) {chance.randrange(1000, 9999)} {chance.randrange(1000, 9999)}",
            "<phone>",
        ),
        ".",
    )
    line("an IP address", "ip=", (ip, "<ip>"), " at 2026-03-05T10:11:12Z, from ", (ip, "<ip>"), ".")
    line("versions that look like addresses", f"version {ip}, firmware 10.{chance.randrange(9)}.0.{chance.randrange(99)} ok")
    line("four numbers that are no address", f"build 1.2.{chance.randrange(256, 999)}.4")
    line(
        "a trip and a request whose numbers look like telephones",
        f"trip 0{chance.randrange(10**9, 10**10)} request 0{chance.randrange(10**9, 10**10)} done",
    )
    line("a station whose number looks like a telephone", f"station=0{chance.randrange(10**8, 10**9)} docks=24 temperature=6.25")
    line("a decimal number after =", f"score=0.{chance.randrange(10**8, 10**9)} asked=0")
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
    )
    return people, cases
