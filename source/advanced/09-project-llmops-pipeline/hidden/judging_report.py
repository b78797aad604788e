"""The judge of the page: its numbers against a journal that it has not seen."""

import math
from itertools import pairwise

from judging import short
from pageread import number_in, read_page

from judgekit import drawn

HOWS = ["model", "cache", "later", "held", "not now"]


def draw_record(rng):
    """Return a record, and what its page must say."""
    now, journal = 0.0, []
    for number in range(rng.randint(60, 90)):
        now += rng.uniform(20, 200)
        how = rng.choice(HOWS + ["model"] * 4 + ["cache"] * 2)
        euros = rng.uniform(0.0001, 0.02) if how in ("model", "held") else 0.0
        journal.append(
            {
                "what": "answer",
                "now": now,
                "id": f"q{number}",
                "rider": "r",
                "how": how,
                "euros": euros,
                "seconds": rng.uniform(0, 8),
                "text": "…",
            }
        )
    answers = list(journal)
    journal += [{**rng.choice(answers), "now": now + 5, "how": "cache", "seconds": 99.0, "euros": 0.0} for _ in range(3)]  # came twice
    moves = [("m-1", "shipped"), ("m <2>", "refused"), ("m-3", "called back")]
    for number, (id, decision) in enumerate(moves):
        entry = {"what": "rollback" if decision == "called back" else "release", "now": now, "id": id, "version": number, "reason": "a & b"}
        journal.insert(rng.randrange(len(answers)), entry if decision == "called back" else {**entry, "decision": decision})
    waits = sorted(one["seconds"] for one in answers)
    right = {"asked": len(answers), "answered": sum(one["how"] in ("model", "cache") for one in answers) / len(answers)}
    right |= {how: sum(one["how"] == how for one in answers) for how in HOWS[1:]}
    right |= {
        "p95": waits[math.ceil(0.95 * len(waits)) - 1],
        "euros": sum(one["euros"] for one in answers),
        "budget": rng.choice([0.2, 0.25, 0.4]),
    }
    right["worst_hour"] = max(sum(each["euros"] for each in answers if one["now"] - 3600 < each["now"] <= one["now"]) for one in answers)
    events = [
        {"name": f'a "spike" {rng.randrange(90)}" onclick="x', "found": "<script>x</script>", "held": False},
        {"name": "a crash", "found": "well", "held": True},
    ]
    record = {"title": f"Metro Bikes & riders, day {rng.randint(2, 50)}", "budget": right["budget"], "journal": journal, "events": events}
    return record, right, moves


def _worst_of_the_clock(record):
    hours = {}
    for one in {one["id"]: one for one in reversed(record["journal"]) if one["what"] == "answer"}.values():
        hours[one["now"] // 3600] = hours.get(one["now"] // 3600, 0.0) + one["euros"]
    return max(hours.values())


def judge_page(draw_page):
    """Fail where the page says something else than the journal, or cannot be read by everybody."""
    rng = drawn("page")
    record, right, moves = draw_record(rng)
    while right["worst_hour"] < 1.02 * _worst_of_the_clock(record):
        record, right, moves = draw_record(rng)
    text = draw_page(record)
    assert isinstance(text, str), f"page returns {type(text).__name__}, expected a text"
    said = read_page(text)
    live = sorted(name for name in said["tags"] if name.startswith("on")) + [name for name in said["tags"] if name == "script"]
    assert not live, f"a text from outside became {live[0]} in the page: escape it, with its quotes"
    assert not said["fetched"], f"the page loads {said['fetched'][0]}: expected nothing from elsewhere"
    assert said["lang"] and said["title"] == record["title"], (
        f"the page's title is {said['title']!r}, expected {record['title']!r}, and a language"
    )
    levels = [level for level, _ in said["headings"]]
    assert levels[:1] == [1] and levels.count(1) == 1 and levels.count(2) >= 3 and all(b - a <= 1 for a, b in pairwise(levels)), (
        f"the headings' levels are {levels}, expected one h1, three h2 at least, and no level left out"
    )
    assert said["pictures"] and all(len(alt) > 20 for alt in said["pictures"]), (
        f"the pictures' texts are {said['pictures']}, expected one at least, each with a text that says what it shows"
    )

    def shown(metric):
        texts = said["numbers"].get((metric, ""), [])
        assert len(texts) == 1, f"{metric} stands {len(texts)} times on the page, expected once"
        return texts[0]

    fine = {"answered": 0.00051, "p95": 0.0051, "euros": 0.000051, "worst_hour": 0.000051, "budget": 0.0051}
    why = {
        "p95": ": the smallest that 95 of 100 did not exceed",
        "worst_hour": ": over any 60 minutes, not over hours of the clock",
        "answered": ": by model or cache",
    }
    for metric, value in right.items():
        found = number_in(shown(metric))
        assert found is not None and abs(found - value) <= fine.get(metric, 0), (
            f"the page says {metric} {short(shown(metric))}, the journal {value:.5g}{why.get(metric, '')}. What came twice counts once, as it came first"
        )
    for id, decision in moves:
        assert shown(f"release:{id}").lower() == decision, (
            f"the page says {shown(f'release:{id}')!r} of the release {id}, the journal {decision!r}"
        )
    for each in record["events"]:
        verdict = shown(f"event:{each['name']}").lower()
        assert ("held" in verdict) == each["held"] and ("fail" in verdict) != each["held"], (
            f"the page says {verdict!r} of {each['name']}, expected {'held' if each['held'] else 'failed'}"
        )
