"""The assistant: how a rider's question passes through the seven parts. It stays as it is."""

NOT_NOW = "The assistant cannot answer just now. Please ask again in a few minutes, or ring the desk on 555 0100."
LATER = "Many people are asking just now. Please ask again later; in an emergency ring 555 0100."
HELD = "I cannot answer that. Please ask a person of the desk."
UNKNOWN = "I do not know."


def serve(p, request):
    """Answer a rider's request, {"id", "rider", "question"} and perhaps "urgent". What comes twice is answered once."""
    for entry in p.entries("answer"):
        if entry["id"] == request["id"]:
            return {"id": entry["id"], "how": "again", "text": entry["text"], "model": None, "euros": 0.0}
    question, version, parts = request["question"], p.prompts.live(), p.parts
    begin, bill = p.now, p.provider.euros()
    found = parts.corpus.search(p, question)
    kept, model = parts.corpus.look(p, question, version, found), None
    if kept is not None:
        how, text = "cache", kept
    else:
        model = parts.budget.choose(spending(p, request, found))
        how, text = ("later", LATER) if model == "later" else ask(p, p.prompts.text(version), question, found, model, request["id"])
        if how == "model":
            parts.corpus.keep(p, question, version, found, text)
    entry = {"id": request["id"], "rider": request["rider"], "how": how, "text": text, "model": model if how == "model" else None}
    entry |= {"version": version, "euros": p.provider.euros() - bill, "seconds": p.now - begin}
    p.log("answer", question=parts.guard.redact(question), **entry)
    return {name: entry[name] for name in ("id", "how", "text", "model", "euros")}


def ask(p, template, question, found, model, key):
    """Return how it went ("model", "held" or "not now") and the text for the rider."""
    messages = p.parts.guard.build(template, question, found, p.canary)
    reply = p.parts.outage.ask(p, messages, model, key)
    if reply is None:
        return "not now", NOT_NOW
    text = p.parts.guard.check(reply["text"], question, found, p.canary)
    return ("held", HELD) if text is None else ("model", text)


def spending(p, request, found):
    """Return what your part `budget` sees of a request."""
    recent = [one for one in p.entries("answer") if one["now"] > p.now - 3600]
    own = [one for one in recent if one["rider"] == request["rider"]]
    tokens = 120 + sum(len(one["text"]) for one in found) / 4
    told = " ".join(f"{one['title']} {one['text']}" for one in found).lower()
    strange = [word for word in request["question"].lower().split() if len(word) > 4 and word.strip("?.,'")[:5] not in told]
    return {
        "now": p.now,
        "budget": p.budget,
        "spent": sum(one["euros"] for one in recent),
        "rider_asked": len(own),
        "rider_spent": sum(one["euros"] for one in own),
        "prices": {"metro-large": (tokens * 0.004 + 40 * 0.012) / 1000, "metro-small": (tokens * 0.0002 + 40 * 0.0008) / 1000},
        "hard": len(strange) >= 2,
        "urgent": bool(request.get("urgent")),
        "memory": p.memory,
    }
