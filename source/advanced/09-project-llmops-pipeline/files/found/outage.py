"""How the provider is asked."""

from llm import Refused


def ask(p, messages, model, key):
    """Return {"text", "model"}; try until it works."""
    for _ in range(50):
        try:
            return {"text": p.chat(messages, model)["text"], "model": model}
        except (Refused, TimeoutError):
            continue
    return None
