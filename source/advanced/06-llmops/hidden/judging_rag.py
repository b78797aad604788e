# ruff: noqa: B905
"""What the judge cells of retrieval share: riders, articles and answers."""

import json
import re

from judging import _file, _plain
from llm.embedding import embedding


def riders():
    """Return the facts and the questions of RIDERS, to be asked in another city."""
    return [(one["fact"], one["question"]) for one in json.loads(_file("riders.json")) if one["fact"]]


def grounded_in(answer, text):
    """Return whether an answer's numbers stand in a text, and most of its longer words do."""
    if not set(re.findall(r"\d+", re.sub(r"\[?\bA\d+\b\]?", "", answer))) <= set(re.findall(r"\d+", text)):
        return False
    words = [word for word in re.findall(r"[a-z]{4,}", answer.lower())]
    return not words or sum(word in text.lower() for word in words) >= 0.5 * len(words)


def nearest(question, articles, k):
    """Return the k articles nearest to a question."""
    asked = embedding(question)
    return sorted(articles, key=lambda one: -sum(a * b for a, b in zip(asked, embedding(f"{one['title']}\n{one['text']}"))))[:k]


def gave(app, answer, model=None):
    """Return whether a server with `keep` has given this answer, or more words around it; `model`: whether this one has."""
    return any(_plain(answer) in _plain(one["text"]) for one in app.state.kept if model in (None, one["request"].get("model")))
