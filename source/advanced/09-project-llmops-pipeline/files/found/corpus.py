"""The index of the articles, and the cache of answers."""


def sync(p):
    """Bring the index up to date."""
    known = p.index.all()
    for one in p.articles:
        if one["id"] not in known:
            p.index.put(one["id"], {"article": one, "vector": p.embed([f"{one['title']}\n{one['text']}"])[0]})


def search(p, question, k=3):
    """Return the k nearest articles, the nearest first."""
    (asked,) = p.embed([question])
    near = sorted(p.index.all().values(), key=lambda kept: -sum(a * b for a, b in zip(asked, kept["vector"], strict=True)))
    return [kept["article"] for kept in near[:k]]


def look(p, question, version, found):
    """Return the text that was kept for a question, or None."""
    return p.cache.get(question)


def keep(p, question, version, found, text):
    """Keep an answer."""
    p.cache.put(question, text)
