# ruff: noqa: E501
"""What a prompt says: its instructions, its passages (and whether they are marked as data), its question. By rules, not by understanding."""

import re
from dataclasses import dataclass, field

_OPEN = re.compile(r"<([a-zA-Z][\w-]*)((?:\s[^<>]*)?)>")
_QUESTION = re.compile(r"^\s*(?:the )?(?:rider'?s? |user |customer )?(?:question|rider|rider asks|asked)\s*:\s*", re.I | re.M)
_HEADING = re.compile(
    r"^\s*#*\s*(?:the )?(?:help )?(?:articles?|context|sources?|passages?|documents?|data|notes)\b[^\n:.]{0,40}:\s*$", re.I | re.M
)
_ID = re.compile(r"\b[A-Z]\d{2,3}\b")
_QUESTION_TAG = re.compile(r"question|rider|user|query|message|asked", re.I)
_PASSAGE_TAG = re.compile(r"article|passage|context|document|source", re.I)


@dataclass(frozen=True)
class Passage:
    """A piece of the context: its id if it shows one, its text, whether it stands between marks (tags or fences)."""

    id: str
    text: str
    marked: bool


@dataclass(frozen=True)
class Prompt:
    """A prompt, read: `system` is the system message, `instructions` all that is neither question nor passage."""

    system: str
    instructions: str
    question: str
    question_marked: bool
    passages: list[Passage] = field(default_factory=list)
    rules: frozenset[str] = frozenset()


def read_prompt(messages: list[dict]) -> Prompt:
    """Return what the messages say. The last user message holds the question; passages may stand in any user or system message."""
    system = "\n".join(_text(one) for one in messages if one.get("role") in ("system", "developer"))
    users = [_text(one) for one in messages if one.get("role") == "user"]
    passages, plain_system = _take_passages(system, [])
    unmarked, plain_system = _unmarked(plain_system)
    passages += unmarked
    question, marked, rest = "", False, []
    for number, text in enumerate(users):
        asked: list[str] = []
        found, plain = _take_passages(text, asked)
        passages += found
        if number < len(users) - 1:
            rest.append(plain)
            continue
        if asked:
            question, marked = asked[-1], True
            rest.append(plain)
        else:
            question, before = _split_question(plain)
            if not question.strip() and found and not found[-1].id:  # all stands between tags, under whatever name: the question last
                question, marked = passages.pop().text, True
            unmarked, instructions = _unmarked(before)
            passages += unmarked
            rest.append(instructions)
    instructions = "\n".join([plain_system, *rest])
    return Prompt(system, instructions, question.strip(), marked, passages, rules(instructions))


def rules(instructions: str) -> frozenset[str]:
    """Return which rules the instructions set: abstain, cite, brief, json, data, secret."""
    text = " ".join(instructions.lower().split())
    found = set()
    if re.search(
        r"(if|when|unless|where)\b.{0,80}\b(not|no|n't|missing|lack|unanswer|without|fail|unless|silent|absent)\b.{0,160}\b(say|answer|reply|respond|return|write|abstain|refuse|state|output)\b"
        r"|\b(say|answer|reply|respond|return|write|abstain|state|output)\b.{0,100}\b(if|when|unless|where)\b.{0,80}\b(not|no|n't|missing|lack|unless|without|silent|absent)\b",
        text,
    ):
        found.add("abstain")
    if re.search(r"\b(cite|cites|citing|citation|source|sources|\[?id\]?s?)\b", text) and re.search(
        r"\b(cite|give|name|add|list|end|include|mention|with|quote)\b", text
    ):
        found.add("cite")
    if re.search(r"\b(one|single|short|brief|concise|briefly)\b.{0,20}\b(sentence|answer|sentences|answers)?", text) and re.search(
        r"brief|short|concise|(one|single) sentence", text
    ):
        found.add("brief")
    if "json" in text:
        found.add("json")
    is_data = r"(\b(is|are|as|only|holds?|contains?|treat\w*)\b.{0,30}\b(data|quot\w+|material|reference|information|untrusted)\b|\bnot (as )?(instructions?|commands?|orders?)\b|\b(never|do not|don't|not) (ever )?(follow|obey|execute|act on|carry out|take)\b|\bignore\b.{0,40}\b(instruction|order|command))"
    if re.search(is_data, text) and re.search(
        r"(article|passage|context|document|tag|between|inside|within|mark|data|question|message|rider)", text
    ):
        found.add("data")
    if re.search(
        r"\b(never|do not|don't|not|must not|no)\b.{0,60}\b(reveal|repeat|show|disclose|share|give away|print|tell|quote|translate|leak)",
        text,
    ) or re.search(r"\b(keep|is|are|stay)\b.{0,60}\b(secret|confidential|internal)\b", text):
        found.add("secret")
    return frozenset(found)


def abstention(instructions: str) -> str:
    """Return the words with which the instructions want the model to say that it does not know."""
    for quoted in re.findall(r"[\"'“`]([^\"“”`\n]{3,90}?)[\"'”`]", instructions):
        if re.search(r"\b(not|no|unknown|sorry|cannot|can't|don't|none|n/a)\b|_", quoted, re.I):
            return quoted
    if found := re.search(
        r"\b(?:say|answer|reply|respond|return|write|output)(?: with)?(?: exactly)?(?: only)?:? ([A-Z][A-Z_]{3,})\b", instructions
    ):
        return found[1]
    return "I do not know."


def _text(message: dict) -> str:
    content = message.get("content") or ""
    if isinstance(content, list):  # the form with parts
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content)


def _take_passages(text: str, asked: list[str]) -> tuple[list[Passage], str]:
    """Return the marked passages of a text and the text without them. Questions between tags go to `asked`.

    The first closing tag ends a mark, as a reader would see it: what follows a forged one stands outside.
    """
    found, rest, at = [], [], 0
    while match := _OPEN.search(text, at):
        name, close = match[1].lower(), text.find(f"</{match[1]}>", match.end())
        if close < 0:
            rest.append(text[at : match.end()])
            at = match.end()
            continue
        inner = text[match.end() : close]
        rest.append(text[at : match.start()])
        if _QUESTION_TAG.search(name) and not _PASSAGE_TAG.search(name):
            asked.append(inner.strip())
        else:
            known, deeper = " ".join(_ID.findall(match[2])[:1]), []
            nested, beside = _take_passages(inner, deeper)
            if deeper or len("".join(one.text for one in nested)) > len(beside):
                asked += deeper
                found += nested
            else:  # its tags are a part of the text, such as a word in bold
                found += _cut(inner, True, known)
        at = close + len(match[1]) + 3
    plain = "".join(rest) + text[at:]
    for fence in ('"""', "```"):
        parts = plain.split(fence)
        if len(parts) >= 3:
            for inner in parts[1:-1:2]:
                found += _cut(inner, True, "")
            plain = "\n".join(parts[0::2])
    return found, plain


def _split_question(text: str) -> tuple[str, str]:
    """Return the question and the text before it: what follows the last `Question:`, or else the last paragraph."""
    labels = list(_QUESTION.finditer(text))
    if labels:
        return text[labels[-1].end() :], text[: labels[-1].start()]
    paragraphs = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
    if not paragraphs:
        return "", ""
    asking = [number for number, part in enumerate(paragraphs) if "?" in part]
    which = asking[-1] if asking else len(paragraphs) - 1
    return paragraphs[which], "\n\n".join(paragraphs[:which] + paragraphs[which + 1 :])


def _unmarked(text: str) -> tuple[list[Passage], str]:
    """Return the passages of a text without marks, and its instructions. After a heading such as `Articles:` all is context."""
    if heading := _HEADING.search(text):
        return _cut(text[heading.end() :], False, ""), text[: heading.start()]
    passages, instructions = [], []
    for part in re.split(r"\n\s*\n|\n(?=\W{0,3}[A-Z]\d{2,3}\b)", text):
        if _ID.search(part.strip()[:7]):
            passages += _cut(part, False, "")
        else:
            instructions.append(part)
    return passages, "\n\n".join(instructions)


def _cut(text: str, marked: bool, known: str) -> list[Passage]:
    """Return one passage for each article in a text: a line that begins with an id begins one; so does a paragraph."""
    parts = re.split(r"(?m)\n\s*\n|^(?=\W{0,3}[A-Z]\d{2,3}\b)", text.strip())
    parts = [part.strip() for part in parts if part and part.strip()]
    if known:
        return [Passage(known, "\n".join(parts), marked)] if parts else []
    return [Passage((_ID.findall(part[:16]) or [""])[0], part, marked) for part in parts]
