"""What goes to the model, and what comes out."""


def build(template, question, found, canary):
    """Return the messages for the model."""
    shown = "\n\n".join(f"[{one['id']}] {one['title']}\n{one['text']}" for one in found)
    return [
        {"role": "system", "content": f"{template} (Internal mark: {canary})"},
        {"role": "user", "content": f"Articles:\n{shown}\n\nQuestion: {question}"},
    ]


def check(text, question, found, canary):
    """Return the text for the rider; None for orders that we know."""
    if canary in text or "ignore" in question.lower() or "system" in question.lower():
        return None
    return text


def redact(text):
    """Return a text for the journal."""
    return text
