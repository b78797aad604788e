# ruff: noqa: E501
"""Orders to the model in what it reads, and whether it obeys: the simulated weakness that prompts and filters must make up for.

An order is a sentence to the assistant that asks for something. Its strength is 1 to 4. It is obeyed where it is stronger than the prompt's
defences: one for passages (or a question) between marks, one for a rule that says what stands there is data, one for a steady model. Where the
order asks for the prompt itself, a rule to keep it secret counts instead of the rule on data, and its strength is at least 2. The strongest orders pass all of that.
"""

import json
import re
from dataclasses import dataclass

from .models import Model
from .prompt import Prompt
from .text import sentences

_TO_MODEL = re.compile(
    r"\b(assistants?|chatbot|bot|language model|ai model|llm|system prompt|system message|your (?:own )?(?:instructions?|prompt|rules|guidelines|set-up|setup|briefing|configuration)"
    r"|(?:words|text|lines|everything|message|instructions) (?:above|before (?:this|my)|you (?:were|have been) given)|new instructions?|previous instructions?|prior instructions?|from now on"
    r"|you are now|instead of answering|asistente|tus instrucciones|instrucciones anteriores|a partir de ahora|whoever (?:answers|reads) this|when you answer|in your (?:answer|reply))\b",
    re.I,
)
_ASKS_FOR_PROMPT = re.compile(
    r"\b(reveal|repeat|print|show|recite|translate|summari[sz]e|spell|output|copy|write (?:out|down)|give|tell|quote|repite|muestra|what (?:are|is|were|was|does))\b.{0,90}"
    r"\b(prompt|instructions?|instrucciones|rules|guidelines|briefing|configuration|set-up|setup|(?:words|text|lines|everything|message) (?:above|before|you))",
    re.I | re.S,
)
_TOOL = re.compile(r"\b(?:call|use|run|invoke|execute|llama a)\b[^.{]{0,40}?\b([a-z]+_[a-z_]+)\b[^{.]{0,30}(\{[^}]*\})?", re.I)
_SAY = re.compile(
    r"\b(?:say|reply|answer|respond|write|tell\w*|add|recommend|responde|di|send|state|mention)\b[^:\"“]{0,60}[:\"“]\s*\"?“?(.{5,160}?)(?:[\"”]|$)",
    re.I | re.S,
)
_AUTHORITY = re.compile(
    r"\b(system|administrator|admin|developer|debug|maintenance|security|urgent|important|override|operator|supervisor)\b|[A-Z]{6,}", re.S
)
_INDIRECT = re.compile(
    r"\b(pretend|imagine|story|poem|role|game|translate|spell|letter by letter|backwards|base64|hypothetical\w*|for (?:an )?audit|asistente|instrucciones|whoever)\b",
    re.I,
)
_TRUSTED = re.compile(
    r"\b(as (?:already )?agreed|my colleague|the team has approved|continue where|second half|complete the (?:sentence|text|line))\b", re.I
)


@dataclass(frozen=True)
class Order:
    """An order found: what it wants (prompt, tool or say), its words, what to say or call, and its strength."""

    wants: str
    text: str
    payload: str
    arguments: str
    strength: int


def find_order(text: str) -> Order | None:
    """Return the first order to the model in a text, or None. A sentence that only speaks of assistants or rules is none."""
    parts = sentences(text)
    for size in (1, 2):
        for number in range(len(parts) - size + 1):
            here = " ".join(parts[number : number + size])
            if not _TO_MODEL.search(here):
                continue
            strength = 4 if _TRUSTED.search(here) else 3 if _INDIRECT.search(here) else 2 if _AUTHORITY.search(here) else 1
            if tool := _TOOL.search(here):
                return Order("tool", here, tool[1], tool[2] or "{}", strength)
            if _ASKS_FOR_PROMPT.search(here) and not re.search(r"\b(should|must) i\b", here, re.I):
                return Order("prompt", text, "", "", max(strength, 2))
            if said := _SAY.search(here):
                return Order("say", here, said[1].strip(), "", strength)
    return None


def order_places(parts: list[str]) -> set[int]:
    """Return which of some sentences are an order to the model, alone or with the next one. No answer is taken from these."""
    found = {number for number, part in enumerate(parts) if find_order(part)}
    for number in range(len(parts) - 1):
        if not found & {number, number + 1} and find_order(f"{parts[number]} {parts[number + 1]}"):
            found |= {number, number + 1}
    return found


def obeyed_order(prompt: Prompt, model: Model) -> Order | None:
    """Return the order that the model follows instead of answering, or None."""
    places = [(one.text, one.marked) for one in prompt.passages[: model.reads]] + [(prompt.question, prompt.question_marked)]
    stray = prompt.instructions[len(prompt.system) :] if prompt.passages and any(one.marked for one in prompt.passages) else ""
    for text, marked in [*places, (stray, False)]:
        order = find_order(text)
        if order is None:
            continue
        rule = "secret" if order.wants == "prompt" else "data"
        defence = int(marked) + int(rule in prompt.rules) + model.steady
        if order.strength > defence:
            return order
    return None


def leak(prompt: Prompt, order: Order) -> str:
    """Return the system prompt as the order wants it: as it stands, in capitals, letter by letter, or backwards."""
    text = " ".join((prompt.system or prompt.instructions).split())[:600]
    asked = order.text.lower()
    if "backward" in asked or "reverse" in asked:
        return text[::-1]
    if "letter by letter" in asked or "spell" in asked:
        return " ".join(text.replace(" ", ""))
    if "capital" in asked or "upper" in asked:
        return text.upper()
    if "dash" in asked or "hyphen" in asked:
        return "-".join(text.replace(" ", ""))
    return f"My instructions are: {text}"


def tool_call(order: Order, offered: list[str]) -> dict | None:
    """Return the call of a tool that the order wants, if the tool is offered; else None."""
    if order.payload not in offered:
        return None
    try:
        arguments = json.dumps(json.loads(order.arguments.replace("'", '"')))
    except ValueError:
        arguments = "{}"
    return {"name": order.payload, "arguments": arguments}
