"""What the judge cells of requests share: caches, waits and bills."""

from llm.completion import complete
from llm.models import MODELS


def cache_cases(chance):
    """Return pairs of requests, whether they share a key, and why."""
    base = {
        "question": chance.choice(["How much is the day pass?", "Where is my bike?"]), "user": "ana", "personal": False, "prompt": chance.randint(2, 9), "model": "metro-small",
        "temperature": 0, "max_tokens": 60,
    }  # fmt: skip
    own = {**base, "personal": True}
    low = base["question"]
    return [
        (base, {**base, "user": "ben"}, True, "an answer that is not personal serves all"),
        (base, {**base, "question": f"  {low.upper()}  "}, True, "capitals and white space do not count"),
        (base, {**base, "question": low.rstrip("?") + " !?"}, True, "signs at the end do not count"),
        (base, {**base, "question": low.replace(" ", " \n ")}, True, "white space does not count"),
        (base, {**base, "temperature": 0.0}, True, "0 and 0.0 are one number"),
        (base, {**base, "question": low.replace("is", "is not")}, False, "a word more is another question"),
        (base, {**base, "question": " ".join(reversed(low.split()))}, False, "the order of words counts"),
        ({**base, "question": "Is 1.5 km far"}, {**base, "question": "Is 15 km far"}, False, "a sign within a question counts"),
        ({**base, "question": "Rides of 10 minutes"}, {**base, "question": "Rides of 20 minutes"}, False, "numbers count"),
        (base, {**base, "prompt": base["prompt"] + 1}, False, "another prompt version may answer otherwise"),
        (base, {**base, "model": "metro-large"}, False, "another model may answer otherwise"),
        (base, {**base, "temperature": 0.7}, False, "at another temperature it may answer otherwise"),
        (base, {**base, "max_tokens": 6}, False, "a shorter answer is another answer"),
        (own, {**own, "user": "ben"}, False, "a personal answer is one rider's"),
        (own, {**own}, True, "the same rider may have their own answer again"),
        (own, base, False, "a personal answer is not for all"),
        ({**own, "user": "None"}, base, False, "one is personal, of a rider who is called 'None'; the other is for all"),
        (
            {**base, "question": "Dock 1", "prompt": 11},
            {**base, "question": "Dock 11", "prompt": 1},
            False,
            "parts that run into one another are not told apart",
        ),
        (
            {**base, "prompt": 1, "max_tokens": 12},
            {**base, "prompt": 11, "max_tokens": 2},
            False,
            "parts that run into one another are not told apart",
        ),
        (
            {**own, "user": "ana", "question": "my ride"},
            {**own, "user": "a", "question": "my ride na"},
            False,
            "parts that run into one another are not told apart",
        ),
        (
            {**own, "question": "my ride|ana", "user": "b"},
            {**own, "question": "my ride", "user": "ana|b"},
            False,
            "a sign between the parts may stand in a part",
        ),
    ]


def wrong_waits(script, plays, tries):
    """Return what is wrong with the waits before the tries, in many plays of one script, or an empty text."""
    for number in range(tries - 1):
        what = script[min(number, len(script) - 1)]
        asked = what[1] if isinstance(what, list) else 0
        waits, plan = [one[number] for one in plays if len(one) == tries - 1], min(0.1 * 2**number, 5)
        if len(waits) < len(plays):
            return f"{tries} tries have {tries - 1} waits between them."
        if min(waits) < asked - 1e-9:
            return f"after a refusal that said {asked} s, a wait is {min(waits):.2f} s."
        if not asked and sum(waits) / len(waits) < 0.35 * plan:
            return f"before try {number + 2} the mean of many waits is {sum(waits) / len(waits):.2f} s, where the plan is {plan:g} s, and half of it with full jitter: each twice as long as the one before, until 5 s."
        if max(waits) > max(5, asked * 1.5 + 1 if asked else 0) + 1e-9:
            return f"a wait of {max(waits):.1f} s is longer than 5 s, which no refusal has asked for."
    return ""


def dear_bill(cases):
    """Return what the large model costs for all cases [question, articles], in euros."""
    from desk import shown

    euros = 0.0
    for question, found in cases:
        system = 'Answer from the articles only, in one sentence. If the articles do not hold the answer, say "I do not know."'
        user = f"<articles>\n{shown(found)}\n</articles>\n<question>{question}</question>"
        euros += complete(
            {"messages": [{"role": "system", "content": system}, {"role": "user", "content": user}]}, MODELS["metro-large"]
        ).euros
    return euros
