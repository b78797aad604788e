"""One chat completion: the reply's text or tool call, its tokens, its time and its price."""

import json
import re
from dataclasses import dataclass

from .answering import answer
from .attacks import leak, obeyed_order, tool_call
from .models import Model, cost
from .prompt import Prompt, read_prompt
from .text import chance, meaning, sentences, tokens
from .verdicts import is_verdict, verdict

BEGINNINGS = ["As far as I know, ", "By our articles, ", "I have looked it up: ", "Gladly: "]
OTHER_WORDS = {
    " costs ": " comes to ",
    " within ": " in no more than ",
    " up to ": " at most ",
    " must ": " have to ",
    " gets ": " receives ",
    " carries ": " bears ",
}
CHATTER = ["Thank you for riding with us!", "Have a safe trip, and ask again at any time.", "I hope that helps."]


@dataclass(frozen=True)
class Completion:
    """A reply. `sure` is 0 to 1 (it is what log probabilities are made of); `ms` is simulated time, `euros` the price."""

    text: str
    tool: dict | None
    finish: str
    tokens_in: int
    tokens_out: int
    sure: float
    ms: float
    euros: float


def complete(body: dict, model: Model, rewords: bool = False) -> Completion:
    """Return the model's reply to a request's body. The same body has the same reply; with a temperature, so does the same seed.

    `rewords`: an answer is no sentence of an article as it stands there; the model says it in words of its own.
    """
    messages, wanted = body["messages"], body.get("response_format")
    temperature = float(body.get("temperature") or 0)
    dice = f"{model.name} {body.get('seed', 0) if temperature else ''} {temperature}"
    tokens_in = sum(tokens(str(one.get("content") or "")) + 3 for one in messages)
    tool, sure = None, 0.9
    if is_verdict(messages, wanted):
        text = _as_verdict(*verdict(messages, model), wanted, messages)
    else:
        text, tool, sure = _reply(body, read_prompt(messages), model, dice, temperature, rewords)
    finish, limit = "tool_calls" if tool else "stop", body.get("max_tokens") or body.get("max_completion_tokens")
    if limit and tokens(text) > int(limit):
        finish, text = "length", _cut(text, int(limit))
    tokens_out = tokens(text) + (tokens(json.dumps(tool)) if tool else 0)
    ms = model.first_ms + tokens_in * 0.05 + tokens_out * model.token_ms
    return Completion(text, tool, finish, tokens_in, tokens_out, sure, ms, cost(model, tokens_in, tokens_out))


def _reply(body: dict, prompt: Prompt, model: Model, dice: str, temperature: float, rewords: bool) -> tuple[str, dict | None, float]:
    offered = {one["function"]["name"]: one["function"] for one in body.get("tools") or [] if isinstance(one.get("function"), dict)}
    if order := obeyed_order(prompt, model):
        if order.wants == "prompt":
            return leak(prompt, order), None, 0.8
        if order.wants == "say":
            return order.payload, None, 0.8
        if call := tool_call(order, list(offered)):
            return "", call, 0.8
    if call := _own_call(prompt, offered):
        return "", call, 0.85
    found = answer(prompt, model, dice)
    text = found.text
    if temperature > 0.3 and chance("wording", dice, prompt.question) < temperature / 2:
        text = f"As far as I know: {text[0].lower()}{text[1:]}"
    elif rewords and found.kind == "found":
        text = _reworded(text, prompt.question)
    wanted = body.get("response_format") or {}
    if "json" in prompt.rules or wanted.get("type") in ("json_object", "json_schema"):
        return _as_json(text, found.source, found.kind, prompt, wanted, model, dice), None, found.sure
    if "cite" in prompt.rules and found.source:
        text += f" [{found.source}]"
    if "brief" not in prompt.rules and found.kind != "abstained":
        text += " " + CHATTER[int(chance("chatter", prompt.question) * len(CHATTER))]
    return text, None, found.sure


def _reworded(text: str, question: str) -> str:
    """Return the same in other words. Numbers and their units stay."""
    for one, other in OTHER_WORDS.items():
        text = text.replace(one, other)
    return f"{BEGINNINGS[int(chance('beginning', question) * len(BEGINNINGS))]}{text[0].lower()}{text[1:]}"


def _own_call(prompt: Prompt, offered: dict) -> dict | None:
    """Return a call of the first tool that fits a question about the rider's own things; the numbers in it are its arguments."""
    if not re.search(r"\b(my|mine|i was|i am|i have|did i)\b", prompt.question, re.I) or any(
        one.text.startswith("tool:") for one in prompt.passages
    ):
        return None
    asked = meaning(prompt.question)
    for name, function in offered.items():
        if len(asked & meaning(f"{name.replace('_', ' ')} {function.get('description', '')}")) >= 2:
            keys = list((function.get("parameters") or {}).get("properties") or {})
            numbers = re.findall(r"\b\d+\b", prompt.question)
            return {"name": name, "arguments": json.dumps({key: int(value) for key, value in zip(keys, numbers, strict=False)})}
    return None


def _as_json(text: str, source: str, kind: str, prompt: Prompt, wanted: dict, model: Model, dice: str) -> str:
    schema = (wanted.get("json_schema") or {}).get("schema") or {}
    keys = list(schema.get("properties") or {}) or re.findall(r"[\"'`](\w+)[\"'`]\s*:", prompt.instructions) or ["answer", "sources"]
    value = {}
    for key in dict.fromkeys(keys):
        if re.match(r"(source|cite|citation|article|id)", key):
            value[key] = [source] if source else []
        elif re.match(r"(found|answerable|known)", key):
            value[key] = kind == "found"
        else:
            value[key] = None if kind == "abstained" and re.match("answer", key) else text
    said = json.dumps(value)
    if not wanted and chance("format", dice, prompt.question) < model.chats:
        return f"Sure, here is the JSON:\n```json\n{said}\n```"
    return said


def _as_verdict(said: str, why: str, wanted: dict | None, messages: list[dict]) -> str:
    text = " ".join(str(one.get("content") or "") for one in messages)
    if not wanted and "json" not in text.lower():
        return said
    schema = ((wanted or {}).get("json_schema") or {}).get("schema") or {}
    allowed = ((schema.get("properties") or {}).get("result") or {}).get("enum")
    if allowed and said not in allowed:
        said = next((one for one in allowed if str(one).lower() == said.lower()), allowed[-1])
    return json.dumps({"result": said, "rationale": why})


def _cut(text: str, limit: int) -> str:
    """Return the beginning of the text that has so many tokens."""
    kept = ""
    for part in re.findall(r"\s*\S+", text):
        if tokens(kept + part) > limit:
            break
        kept += part
    return kept or " ".join(sentences(text))[: 4 * limit]
