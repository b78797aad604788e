# ruff: noqa: E501
"""Words, sentences and tokens, as the simulated models count and compare them."""

import hashlib
import re

STOP = set(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "with",
        "and",
        "or",
        "but",
        "if",
        "then",
        "than",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "am",
        "do",
        "does",
        "did",
        "done",
        "can",
        "could",
        "may",
        "might",
        "must",
        "shall",
        "should",
        "will",
        "would",
        "i",
        "me",
        "my",
        "mine",
        "we",
        "us",
        "our",
        "you",
        "your",
        "he",
        "she",
        "it",
        "its",
        "they",
        "them",
        "their",
        "this",
        "that",
        "these",
        "those",
        "there",
        "here",
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "much",
        "many",
        "long",
        "far",
        "often",
        "not",
        "no",
        "yes",
        "please",
        "tell",
        "want",
        "need",
        "get",
        "got",
        "have",
        "has",
        "had",
        "so",
        "just",
        "about",
        "into",
        "out",
        "up",
        "down",
        "over",
        "under",
        "again",
        "any",
        "some",
        "every",
        "each",
        "all",
        "both",
        "one",
        "also",
        "only",
        "very",
        "too",
        "hello",
        "hi",
        "thanks",
        "thank",
        "question",
        "after",
        "before",
        "until",
        "once",
        "same",
        "still",
    ]
)
COMMON = {"bike", "bik", "rid", "rider", "metro", "app"}  # in nearly every article: they tell little
# What people say instead of what the articles say: only the large model and the embeddings know these.
SYNONYMS = {
    "price": "cost", "fee": "cost", "charge": "cost", "pay": "cost", "expensive": "cost", "euro": "cost",
    "bicycle": "bike", "cycle": "bike", "unlock": "open", "release": "open", "luggage": "basket", "kid": "child", "son": "child",
    "daughter": "child", "puncture": "tyre", "flat": "tyre", "smashed": "damage", "broken": "damage", "forgot": "lose", "lost": "lose",
    "forgotten": "lose", "left": "lose", "stop": "pause", "break": "pause", "hour": "open hour", "reimburse": "refund",
    "money": "refund", "repay": "refund", "cancel": "end", "terminate": "end", "quit": "end", "phone": "call", "ring": "call", "telephone": "call",
    "reserve": "book", "electric": "ebike", "e-bike": "ebike", "battery": "ebike", "invite": "friend", "crash": "accident", "collision": "accident",
    "weigh": "weight", "heavy": "weight", "maximum": "most", "limit": "most", "minimum": "least", "youngest": "least", "age": "old", "student": "student",
}  # fmt: skip


def words(text: str) -> list[str]:
    """Return the words of a text, in small letters; numbers and words with a hyphen are one each."""
    return re.findall(r"[a-zà-ÿ0-9]+(?:[-.:][a-zà-ÿ0-9]+)*", text.lower())


def stem(word: str) -> str:
    """Return a word without its common endings: bikes, biking and bike are one."""
    for ending in ("ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


def meaning(text: str, synonyms: bool = True) -> set[str]:
    """Return the stems of the words of a text that carry meaning; with the synonyms, by their common name."""
    found = set()
    for word in words(text):
        if word not in STOP:
            known = SYNONYMS.get(word) or SYNONYMS.get(stem(word)) or SYNONYMS.get(stem(word) + "e") if synonyms else None
            found |= {stem(part) for part in (known or word).split()}
    return found


def weight(stems: set[str]) -> float:
    """Return how much stems tell together: 1 each, 0.25 where nearly every article has it."""
    return sum(0.25 if one in COMMON else 1.0 for one in stems)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]


def tokens(text: str) -> int:
    """Return the number of tokens: about one for four letters of a word, one for each other sign."""
    return sum((len(part) + 3) // 4 for part in re.findall(r"\w+|[^\w\s]", text))


def chance(*parts: object) -> float:
    """Return a number from 0 to 1 that depends on the parts alone: the simulator's dice."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
