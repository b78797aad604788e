# ruff: noqa: E501
"""An answer out of a prompt's passages: the sentence that says most about the question, or an invention where none does."""

import re
from dataclasses import dataclass

from .attacks import order_places
from .models import Model
from .prompt import Prompt, abstention
from .text import chance, meaning, sentences, weight

ENOUGH = 0.55  # the share of the question's meaning that a sentence, with its article, must cover
INVENTED = [
    "You can do that in the app under Settings; it takes about {n} minutes.",
    "Yes, that is possible for {n} euros a month; ask at any staffed station.",
    "The desk does that for you within {n} working days.",
    "That is free of charge up to {n} times a year.",
]
_AMOUNT = re.compile(
    r"\bhow (?:much|many|long|far|old|heavy|often|soon|late|quick\w*)\b|\bwhen\b|\bprice\b|\bcost\b|\bfee\b|\bmaximum\b|\bnumber\b|\buntil\b",
    re.I,
)

_UNITS = {
    unit: rf"\b(?:which|many|of|in|at what|from|below which) (?:\w+ )?{unit}"
    for unit in ("minute", "second", "hour", "day", "week", "month", "year", "cent", "percent", "kg", "km", "degree", "working day")
} | {"euro": r"\beuros\b|\bhow much\b.*\b(cost|pay|is)\b|\bprice\b|\bexpensive\b"}


@dataclass(frozen=True)
class Answer:
    """What the model says: text, the article it took it from, how sure it is (0 to 1), and of what kind: found, abstained, invented."""

    text: str
    source: str
    sure: float
    kind: str


def answer(prompt: Prompt, model: Model, dice: str) -> Answer:
    """Return the model's answer to the prompt's question. `dice` decides what is left to chance."""
    ranked = _ranked(prompt, model)
    if ranked and ranked[0][0] >= ENOUGH:
        slip = len(ranked) > 1 and chance("slip", prompt.question, dice) < model.slips
        _, _, text, source = ranked[1 if slip else 0]
        gap = ranked[0][0] - (ranked[1][0] if len(ranked) > 1 else 0.0)
        sure = min(1.0, 0.45 + 0.4 * ranked[0][0] + 0.3 * min(gap, 0.4)) - (0.25 if slip else 0.0)
        return Answer(text, source, max(0.05, sure), "found")
    best = ranked[0][0] if ranked else 0.0
    if "abstain" in prompt.rules:
        return Answer(abstention(prompt.instructions), "", 0.35 + 0.5 * (ENOUGH - best), "abstained")
    number = 2 + int(chance("number", prompt.question, dice) * 18)
    invented = INVENTED[int(chance("kind", prompt.question) * len(INVENTED))]
    return Answer(invented.format(n=number), "", 0.3 + 0.3 * best, "invented")


def _ranked(prompt: Prompt, model: Model) -> list[tuple[float, int, str, str]]:
    """Return (score, order, sentence, article) for the sentences that the model takes in, the best first."""
    asked = meaning(prompt.question, model.synonyms)
    whole, found = weight(asked) or 1.0, []
    wants_amount = bool(_AMOUNT.search(prompt.question))
    units = [unit for unit, asking in _UNITS.items() if re.search(asking, prompt.question, re.I)]
    for passage in prompt.passages[: model.reads]:
        about = meaning(passage.text, model.synonyms)
        head, *_ = passage.text.split("\n")
        parts = sentences(passage.text)
        orders = order_places(parts)
        for number, sentence in enumerate(parts):
            if number in orders or _is_title(sentence, head, number):
                continue
            here = meaning(sentence, model.synonyms)
            covered = weight(asked & here) + 0.6 * weight((asked & about) - here)
            score = covered / whole + (0.12 if wants_amount and re.search(r"\d", sentence) else 0.0)
            if model.synonyms and covered / whole > 0.2:  # the large model knows what kind of amount is asked for
                score += 0.3 if units and any(re.search(rf"\d\W{{0,2}}(?:\w+ )?{unit}", sentence, re.I) for unit in units) else 0.0
            found.append((score, -len(found), sentence, passage.id))
    return sorted(found, reverse=True)


def _is_title(sentence: str, head: str, number: int) -> bool:
    return number == 0 and sentence == head.strip() and not sentence.endswith((".", "!", "?"))
