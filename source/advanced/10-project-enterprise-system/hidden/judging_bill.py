"""The judge of the showback and of the page."""

from itertools import pairwise

from judging import short
from pageread import number_in, read_page

from judgekit import drawn


def split(cents, shares):
    """Return each tenant's exact part of an amount, in cents."""
    total = sum(shares.values())
    return {name: cents * share / total if total else cents / len(shares) for name, share in shares.items()}


def draw_usage(rng, tenants, count):
    """Return metered requests, some of them twice, some refused."""
    usage = []
    for number in range(count):
        rows = rng.randint(1, 200)
        usage.append(
            {"id": f"r{number}", "tenant": rng.choice(tenants[:-1]), "rows": rows, "work": round(0.08 + 0.004 * rows, 3), "status": 201}
        )
        usage[-1]["status"] = rng.choice([201, 201, 201, 429, 503, 413, 200])
    again = rng.sample([use for use in usage if use["status"] == 201], 6)
    usage += [dict(use) for use in again]
    rng.shuffle(usage)
    done = rng.sample([use for use in usage if use["status"] == 201], 4)
    usage = [*({**use, "status": 429, "rows": use["rows"] + 3} for use in done[:2]), *usage, *({**use, "status": 200} for use in done[2:])]
    return usage


def judge_showback(bill):
    """Fail where the parts do not sum to the bill, or are not what each tenant used."""
    rng = drawn("showback")
    tenants = ["velo-nord", "ciclo", "roda", "bici", "new-here"]
    worlds = [
        (
            draw_usage(rng, tenants, 60),
            {"compute": rng.randint(10_000, 99_999), "storage": rng.randint(100, 999), "platform": 5 * rng.randint(100, 999) + 2},
        )
    ]
    worlds += [([], {"compute": 1001, "storage": 7, "platform": 503})]
    for usage, amounts in worlds:
        said = bill("showback", usage, amounts, tenants)
        assert isinstance(said, dict) and set(said) == set(tenants), (
            f"showback names {short(sorted(said))}, expected all tenants, also those without a request"
        )
        done = list({use["id"]: use for use in usage if use["status"] == 201}.values())
        used = {what: {name: sum(use[what] for use in done if use["tenant"] == name) for name in tenants} for what in ("work", "rows")}
        right = {
            "compute": split(amounts["compute"], used["work"]),
            "storage": split(amounts["storage"], used["rows"]),
            "platform": split(amounts["platform"], dict.fromkeys(tenants, 1)),
        }
        for line, parts in right.items():
            for name, part in parts.items():
                got = said[name].get(line)
                assert isinstance(got, (int, float)) and got == int(got), f"{name} pays {got!r} cents for {line}, expected whole cents"
                assert abs(got - part) <= 1.0001, (
                    f"{name} pays {got} cents for {line}, expected {part:.2f}, rounded up or down. Each request with status 201 counts once, whatever else stands there under its id; all others cost nothing (200 is an answer given again); compute goes by work, storage by rows, platform evenly"
                )
            total = sum(said[name][line] for name in tenants)
            assert total == amounts[line], (
                f"for {line} the tenants pay {total} cents, the bill says {amounts[line]}: spread the rest, cent by cent"
            )
        for name in tenants:
            pay = said[name]
            assert pay["total"] == sum(pay[line] for line in right), (
                f"{name}'s total is {pay['total']}, its parts sum to {sum(pay[line] for line in right)}"
            )
            assert pay["predictions"] == used["rows"][name], (
                f"{name} had {used['rows'][name]} predictions, showback says {pay['predictions']}"
            )
            if used["rows"][name]:
                price = 1000 * pay["total"] / used["rows"][name]
                assert pay["per_1000"] is not None and abs(pay["per_1000"] - price) <= 0.02, (
                    f"{name}: 1,000 predictions cost {price:.3f} cents, showback says {pay['per_1000']}"
                )
            else:
                assert pay["per_1000"] is None, (
                    f"{name} had no prediction, and 1,000 of them cost {pay['per_1000']}: expected None, for there is no such price"
                )
        assert sum(said[name]["total"] for name in tenants) == sum(amounts.values()), "the tenants' totals do not sum to the bill"


def judge_page(bill):
    """Fail where the page says something else than the record, or cannot be read by everybody."""
    rng = drawn("page")
    evil = f"<script>alert({rng.randint(10, 99)})</script>"
    quoted = f'bici" onclick="alert({rng.randint(10, 99)})'
    costs = {
        name: {
            "compute": 1,
            "storage": 1,
            "platform": 1,
            "total": rng.randint(10_000, 999_999),
            "predictions": rng.randint(1000, 900_000),
            "per_1000": rng.uniform(5, 90),
        }
        for name in ("ciclo", "roda & co", evil, quoted)
    }
    costs["roda & co"] |= {"predictions": 0, "per_1000": None}
    slo = {
        "requests": rng.randint(10_000, 90_000),
        "objective": rng.choice([0.95, 0.97, 0.98, 0.99]),
        "bad": rng.uniform(0.001, 0.09),
        "p95_ms": rng.uniform(100, 900),
        "worst_burn": rng.uniform(0.1, 20),
    }
    events = [
        {"name": name, "found": f"{rng.randint(2, 40)} of 41 <refused>", "held": held}
        for name, held in (("forged tokens", True), ("a flood", False), ("a drill", True))
    ]
    series = {
        "minutes": [0.25 * n for n in range(20)],
        "replicas": [rng.randint(2, 9) for _ in range(20)],
        "work": [rng.uniform(1, 5) for _ in range(20)],
    }
    record = {"title": f"Metro Bikes & tenants, week {rng.randint(2, 50)}", "slo": slo, "events": events, "costs": costs, "series": series}
    record["bill"] = {"compute": rng.randint(100, 999), "storage": 3, "platform": 15}  # not what stands on the page as the bill
    text = bill("page", record)
    assert isinstance(text, str), f"page returns {type(text).__name__}, expected a text"
    said = read_page(text)
    assert "script" not in said["tags"], "a tenant's name became a script in the page: escape all that comes from outside"
    live = sorted(name for name in said["tags"] if name.startswith("on"))
    assert not live, (
        f"a tenant's name with a quotation mark in it became the attribute {live[0]} of an element: escape what stands in attributes, too, with its quotes"
    )
    assert not said["fetched"], f"the page loads {said['fetched'][0]}: expected nothing from elsewhere"
    assert said["lang"] and said["title"] == record["title"], (
        f"the page's title is {said['title']!r}, expected {record['title']!r}, and a language"
    )
    levels = [level for level, _ in said["headings"]]
    assert levels[:1] == [1] and levels.count(1) == 1 and levels.count(2) >= 3 and all(b - a <= 1 for a, b in pairwise(levels)), (
        f"the headings' levels are {levels}, expected one h1, h2 for the three cards, and no level left out"
    )
    assert said["pictures"] and all(len(alt) > 20 for alt in said["pictures"]), (
        f"the pictures' texts are {said['pictures']}, expected one chart at least, each with a text that says what it shows"
    )

    def shown(metric, tenant=""):
        texts = said["numbers"].get((metric, tenant), [])
        assert len(texts) == 1, f"{metric}{f' of {tenant}' if tenant else ''} stands {len(texts)} times on the page, expected once"
        return texts[0]

    for metric, fine in {"requests": 0, "objective": 0.00006, "bad": 0.00006, "p95_ms": 0.51, "worst_burn": 0.051}.items():
        found = number_in(shown(metric))
        assert found is not None and abs(found - slo[metric]) <= fine, (
            f"the page says {metric} {shown(metric)}, the record {slo[metric]:.5g}"
        )
    for each in events:
        verdict = shown(f"event:{each['name']}")
        assert ("held" in verdict.lower()) == each["held"] and ("fail" in verdict.lower()) != each["held"], (
            f"the page says {verdict!r} of {each['name']}, expected {'held' if each['held'] else 'failed'}"
        )
    for name, pay in costs.items():
        euros = number_in(shown("total", name))
        assert euros is not None and abs(euros - pay["total"] / 100) <= 0.0051, (
            f"the page says that {name} pays {shown('total', name)}, the record {pay['total']} cents"
        )
        assert number_in(shown("predictions", name)) == pay["predictions"], (
            f"the page says {shown('predictions', name)} predictions of {name}, the record {pay['predictions']}"
        )
        price = number_in(shown("per_1000", name))
        assert (price is None) == (pay["per_1000"] is None) and (price is None or abs(price - pay["per_1000"]) <= 0.0051), (
            f"the page says that 1,000 predictions cost {name} {shown('per_1000', name)!r}, the record {pay['per_1000']}"
        )
    total = sum(pay["total"] for pay in costs.values())
    found = number_in(shown("bill"))
    assert found is not None and abs(found - total / 100) <= 0.0051, f"the page says that all pay {shown('bill')}, the record {total} cents"
