"""The judges of index and cache: articles change, go and come; sync is killed and called again."""

from desk import draw_city, rewrite
from judging import ran
from llm.embedding import embedding

from judgekit import drawn

SURE = [
    "day-cost",
    "month-cost",
    "refund-days",
    "basket-load",
    "pause-time",
    "book-ahead",
    "child-age",
    "student-rate",
    "full-extra",
    "accident-report",
]
SURE += ["data-months", "invite-friends", "group-size", "ebike-cost", "damage-free"]  # both models answer these in any city


def asks(facts, begin, known, words=lambda text: text):
    """Return steps that ask about facts, each by another rider."""
    found = [next(one for one in known if one["fact"] == fact) for fact in facts]
    return [
        {"ask": {"id": f"{begin} {one['fact']}", "rider": f"{begin} {one['fact']}", "question": words(one["question"])}} for one in found
    ]


def near(question, city, k=3):
    """Return the ids of the nearest articles."""
    asked = embedding(question)
    score = {one["id"]: sum(a * b for a, b in zip(asked, embedding(f"{one['title']}\n{one['text']}"), strict=True)) for one in city}
    return sorted(score, key=score.get, reverse=True)[:k]


def world(salt):
    """Return a city, and what happens to it: the articles before and after, the facts that change, go, come and stay, and the new answers."""
    rng = drawn(salt)
    seed = rng.randrange(10**9)
    city, known = draw_city(seed)
    article = {one["fact"]: one["article"] for one in known}
    while True:  # until a question finds nothing that moves, and the one whose article comes found nothing that moves before
        facts = rng.sample(SURE, 9)
        changed, gone, come, stay = facts[:3], facts[3:5], facts[5:6], facts[6:]
        moving = {article[fact] for fact in changed + gone + stay[:1]}
        asked = {one["fact"]: one["question"] for one in known}
        calm = [fact for fact in stay[1:] if not (moving | {article[come[0]]}) & set(near(asked[fact], city, 4))]
        if calm and not moving & set(near(asked[come[0]], [one for one in city if one["id"] != article[come[0]]])):
            break
    new = {fact: rewrite(city, known, fact, seed) for fact in changed}
    texts = {one["id"]: one for one, _ in new.values()}
    before = [one for one in city if one["id"] not in {article[fact] for fact in come}]
    after = [texts.get(one["id"], one) for one in city if one["id"] not in {article[fact] for fact in gone}]
    titled = next(one for one in after if one["id"] == article[stay[0]])
    after = [{**one, "title": f"{one['title']} (new)"} if one is titled else one for one in after]
    rng.shuffle(after)
    return {"seed": seed, "before": before, "after": after, "known": known, "changed": changed, "gone": gone, "come": come, "stay": stay,
            "answers": {fact: answer for fact, (_, answer) in new.items()}, "article": article, "all": facts}  # fmt: skip


def sentences_of(before, after, article, facts):
    """Return sentences that stood in these articles and are published no more."""
    now = " ".join(one["text"] for one in after)
    old = {one["id"]: one["text"] for one in before}
    return [part for fact in facts for part in old[article[fact]].split(". ") if len(part) > 15 and part not in now]


def check_after(there, states, where):
    """Fail where answers or stores are stale."""
    by_fact = dict(zip(there["all"], states, strict=True))
    for fact, state in by_fact.items():
        ran(state, where)
        text = state["value"]["text"]
        question = next(one["question"] for one in there["known"] if one["fact"] == fact)
        if fact in there["changed"]:
            assert there["answers"][fact] in text, (
                f"{where}: to {question!r} the rider reads {text!r}, expected the article's new {there['answers'][fact]}"
            )
        elif fact in there["come"] + there["stay"]:
            right = next(one["answer"] for one in there["known"] if one["fact"] == fact)
            why = (
                "an article was published that answers it; what was kept from before it is stale"
                if fact in there["come"]
                else "nothing has changed there"
            )
            assert right in text, f"{where}: to {question!r} the rider reads {text!r}, expected {right}: {why}"
    last = states[-1]
    assert last["index"] == sorted(one["id"] for one in there["after"]), (
        f"{where}: the index holds {len(last['index'])} articles, or others than the {len(there['after'])} that are published"
    )
    for part in sentences_of(there["before"], there["after"], there["article"], there["changed"] + there["gone"]):
        assert part not in last["texts"], f"{where}: {part!r} is published no more, and lies in the index or the cache"


def judge_stale(play):
    """Event 7."""
    for salt in ("stale one", "stale two"):
        there = world(salt)
        first, again = (asks(there["all"], begin, there["known"]) for begin in ("first", "again"))
        quality = dict.fromkeys(["prices", "times", "accidents", "unknown"], 0.95)
        new_prompt = 'Answer from the articles only, in one short sentence. If they do not hold the answer, say "I do not know."'
        later = asks(there["stay"], "later", there["known"])
        steps = [*first, {"articles": there["after"]}, *again, {"propose": ["m-1", new_prompt, "short"], "quality": quality}, *later]
        states = play(["corpus"], steps, there["seed"], there["before"])
        count = len(first)
        for state in states[: count + 1]:
            ran(state, "corpus.py, before the articles change")
        check_after(there, states[count + 1 : 2 * count + 1], "after articles have changed, gone and come")
        assert states[2 * count + 1]["live"] == 2
        for state in states[2 * count + 2 :]:
            ran(state, "under a new prompt")
            assert state["value"]["how"] == "model", (
                "another prompt is live, and an answer that the old one gave came from the cache: the prompt's version belongs in the key"
            )


def judge_sync_crash(play):
    """Event 8."""
    there = world("sync crash")
    first, again, third = (asks(there["all"], begin, there["known"]) for begin in ("first", "again", "third"))
    count, new = len(first), len(there["changed"]) + len(there["come"]) + 1
    calm = play(["corpus"], [*first, {"articles": there["after"]}, {"articles": there["after"]}, *again], there["seed"], there["before"])
    for state in calm:
        ran(state, "sync, on a calm day")
    assert calm[count]["embedded"] == new, (
        f"{new} articles are new or have changed (one in its title alone), and sync embedded {calm[count]['embedded']} texts: each of these once"
    )
    assert calm[count + 1]["embedded"] == 0, f"nothing has changed, and sync embedded {calm[count + 1]['embedded']} texts"
    assert calm[count + 2]["embedded"] == 1, (
        f"for one question {calm[count + 2]['embedded']} texts were embedded, expected the question alone"
    )
    touched = {there["article"][fact] for fact in there["changed"] + there["gone"] + there["come"] + there["stay"][:1]}
    untouched = [
        fact
        for fact in there["all"]
        if not touched
        & {
            id
            for part in (there["before"], there["after"])
            for id in near(next(one["question"] for one in there["known"] if one["fact"] == fact), part)
        }
    ]
    paid = [
        fact for fact, state in zip(there["all"], calm[count + 2 :], strict=True) if fact in untouched and state["value"]["how"] != "cache"
    ]
    assert len(paid) <= len(untouched) // 2, (
        "articles have changed that were not among those found for a question, and its answer was paid for again: what does not change stays in the cache"
    )
    same = play(
        ["corpus"],
        [
            *first,
            {"articles": there["before"]},
            *asks(there["all"], "again", there["known"], lambda text: f"  {text.upper().replace(' ', '  ')} "),
        ],
        there["seed"],
        there["before"],
    )
    hits = sum(state["value"]["how"] == "cache" for state in same[count + 1 :] if not state["error"])
    assert hits == count, (
        f"nothing has changed, {count} questions came again in capitals and with two spaces between the words, and {hits} were answered from the cache: capitals and spaces make no other question"
    )
    for number in (1, 2, 3, 4, 6, 8, 10, 12, 14):
        steps = [*first, {"articles": there["after"], "kill": ["any", number]}, {"articles": there["after"]}, *third]
        states = play(["corpus"], steps, there["seed"], there["before"])
        ran(states[count], "sync")
        if not states[count]["killed"]:
            break
        ran(states[count + 1], f"sync, killed after its effect {number}, and called again")
        check_after(there, states[count + 2 :], f"sync was killed after its effect {number}, and called again")
