"""What the judge cells of prompts share: the wiki's texts, and how they are kept."""

import json

from judging import _file
from mlflow import MlflowClient


def wiki_texts():
    """Return the wiki's texts, one for each that differs from the one before."""
    texts = [edit["text"] for edit in json.loads(_file("wiki.json"))]
    return [text for number, text in enumerate(texts) if number == 0 or text != texts[number - 1]]


def as_kept(name):
    """Return the texts of a prompt's versions, in order."""
    return [one.template for one in sorted(MlflowClient().search_prompt_versions(name), key=lambda one: one.version)]
