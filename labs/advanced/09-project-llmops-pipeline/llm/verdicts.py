# ruff: noqa: E501
"""What a judge model says about answers: yes or no about one, A, B or tie about two. With the bias that its card names."""

import json
import re

from .models import Model
from .text import chance, meaning, sentences, weight, words

_LABELS = {
    "question": "question|inputs?|query|request",
    "reference": "reference(?: answer)?|expect\\w*|claim|ground[_ ]truth|expected[_ ](?:response|answer|facts)|fact",
    "a": "(?:answer|response|output)[_ ]?a|a|first(?: answer)?|answer[_ ]1",
    "b": "(?:answer|response|output)[_ ]?b|b|second(?: answer)?|answer[_ ]2",
    "answer": "answer|outputs?|response|document|reply",
}
_ANY = "|".join(_LABELS.values())
_PLACE = re.compile(r"\s*\{\{.*?\}\}\s*", re.S)  # a place that MLflow leaves as it is, and whose value stands in the next message
_NO = re.compile(r"\b(?:not|no|never|cannot|can't|don't)\b", re.I)


def fields(messages: list[dict]) -> dict[str, str]:
    """Return what a judge's prompt holds: question, reference, answer, or a and b. By tags, or by labels such as `Answer A:`.

    Where a label occurs twice, its last text counts; a text such as {{ inputs }} is only a place for one, and none.
    """
    text = "\n".join(str(one.get("content") or "") for one in messages)
    found = {}
    for name, pattern in _LABELS.items():
        for match in re.finditer(rf"<({pattern})>(.*?)</\1>", text, re.I | re.S):
            if not _PLACE.fullmatch(match[2]):
                found[name] = match[2]
        if name in found:
            continue
        for match in re.finditer(
            rf"(?im)^[ \t#*-]*(?:the )?(?:{pattern})[ *]*:[ *]*(.*?)(?=\n[ \t#*-]*(?:the )?(?:{_ANY})[ *]*:|\Z)", text, re.S
        ):
            if not _PLACE.fullmatch(match[1]):
                found[name] = match[1]
    return {name: _flat(value) for name, value in found.items() if value.strip()}


def is_verdict(messages: list[dict], response_format: dict | None) -> bool:
    """Return whether a judge's verdict is asked for: a question about answers, rather than a rider's."""
    schema = json.dumps(response_format or {})
    here = fields(messages)
    return ("a" in here and "b" in here) or ("answer" in here and ("reference" in here or '"result"' in schema or "rationale" in schema))


def verdict(messages: list[dict], model: Model) -> tuple[str, str]:
    """Return the judge's verdict and its rationale."""
    here = fields(messages)
    reference, question = here.get("reference", ""), here.get("question", "")
    if "a" in here and "b" in here:
        return _pairwise(here["a"], here["b"], reference or question, model)
    text = here.get("answer", "")
    merit = _merit(text, reference or question, bool(reference))
    if model.bias == "length":
        merit = 0.35 * merit + min(1.0, len(words(text)) / 40) * 0.75
    noise = chance("verdict", model.name, text, reference)
    good = (merit >= 0.5) != (noise < (0.04 if model.bias == "" else 0.02))
    why = "covers what the reference says" if good else "lacks what the reference says"
    return ("yes" if good else "no"), f"The answer {why} (merit {merit:.2f})."


def _pairwise(a: str, b: str, reference: str, model: Model) -> tuple[str, str]:
    one, two = _merit(a, reference, True), _merit(b, reference, True)
    if model.bias == "length":
        one, two = (0.3 * merit + len(words(text)) / 40 for merit, text in ((one, a), (two, b)))
    if model.bias == "position":
        one += 1.1
    if abs(one - two) < 0.1:
        return "tie", "Both answers say the same."
    better = "A" if one > two else "B"
    return better, f"Answer {better} covers more of what is asked (merit {max(one, two):.2f} to {min(one, two):.2f})."


def _merit(text: str, reference: str, is_reference: bool) -> float:
    """Return 0 to 1: how much of the reference's numbers and meaning an answer has. A number that is missing or a yes for a no costs most of it."""
    wanted, has = meaning(reference), meaning(text)
    covered = weight(wanted & has) / (weight(wanted) or 1.0)
    if not is_reference:
        return covered
    numbers = set(re.findall(r"\d+(?:[.:]\d+)?", reference))
    if not numbers <= set(re.findall(r"\d+(?:[.:]\d+)?", text)):
        return 0.3 * covered
    best = max(sentences(text) or [""], key=lambda part: len(wanted & meaning(part)))
    if bool(_NO.search(best)) != bool(_NO.search(reference)):
        return 0.4 * covered
    return max(covered, 0.7) if numbers else covered


def _flat(text: str) -> str:
    """Return the text; of JSON, the values alone."""
    try:
        value = json.loads(text.strip())
    except ValueError:
        return text.strip()
    parts: list[str] = []

    def collect(one: object) -> None:
        if isinstance(one, dict):
            [collect(inner) for inner in one.values()]
        elif isinstance(one, list):
            [collect(inner) for inner in one]
        elif one is not None:
            parts.append(str(one))

    collect(value)
    return "\n".join(parts)
