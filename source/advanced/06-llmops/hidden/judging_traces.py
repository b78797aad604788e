# ruff: noqa: B905, RUF007
"""What the judge cells of traces share: spans of their own, and where time and an answer were lost."""

import re

import mlflow
from judging import _plain


def draw_trace(chance):
    """Return a trace's spans, as plain data, in any order."""
    spans, articles = [], ["A1", "A12", "A123", "A7", "A70"]

    def add(name, parent, start, end, inputs, outputs, kind="UNKNOWN"):
        number = f"s{len(spans)}"
        form = chance.choice(['{{"id": "{}", "text": "text"}}', "[{}] text", "{} text\n"])
        texts = ["\n".join(map(form.format, part)) for part in (inputs, outputs)]
        spans.append(
            {
                "id": number,
                "parent": parent,
                "name": name,
                "type": kind,
                "start": start,
                "end": end,
                "inputs": texts[0],
                "outputs": texts[1],
            }
        )
        return number

    length = chance.uniform(360, 440)  # longer than its steps together
    root = add("desk", None, 0.0, length, articles, [])
    at, held = chance.uniform(0, 10), articles
    for step in range(4):
        end = at + chance.uniform(20, 80)
        kept = [one for one in held if chance.random() < 0.7]
        name = chance.choice(["search", "rerank", "cut", "merge"])
        if step == 2:
            parent = add("group", root, at, end, articles, [])
            for _ in range(3):
                begin = chance.uniform(at, end)
                add(name, parent, begin, chance.uniform(begin, end), held, kept)
            add("inner", parent, at + 1, end - 1, held, kept)
            add("inner", parent, at + 4, end - 6, held, held)
        else:
            add(name, root, at, end, held, kept, "CHAT_MODEL" if chance.random() < 0.3 else "UNKNOWN")
        held, at = kept, end - chance.choice([0, 0, 12])
    add("ask", root, at, length - 5, held, [], "CHAT_MODEL")
    chance.shuffle(spans)
    return spans


def true_self_times(spans):
    """Return for each name the time in which its spans ran and none of their children did."""
    times = {}
    for span in spans:
        edges = {span["start"], span["end"]}
        children = [one for one in spans if one["parent"] == span["id"]]
        for one in children:
            edges |= {min(max(one[edge], span["start"]), span["end"]) for edge in ("start", "end")}
        edges = sorted(edges)
        own = sum(b - a for a, b in zip(edges, edges[1:]) if not any(one["start"] <= a and b <= one["end"] for one in children))
        times[span["name"]] = times.get(span["name"], 0.0) + own
    return times


def mentions(text, article):
    """Return whether a text names an article."""
    return bool(re.search(rf"\b{article}\b", text))


def longer(articles):
    """Return the articles as other desks write them: what one looks for stands in the last of some 1,500 letters."""
    filler = "We are here for you and you are here for us, and that is how it is and was and will be. "
    return [{**one, "text": filler * 15 + one["text"]} for one in articles]


def what_became(asked, articles, given):
    """Return for how many questions, by the traces in the store, the RETRIEVER found the right article, and the model was given it to its end."""
    traces, by_id, searched, kept = stored_traces(), {one["id"]: one for one in articles}, 0, 0
    traces = traces[: len(asked)]  # the newest come first
    assert len(traces) == len(asked), f"{len(asked)} questions left {len(traces)} traces in the store, expected one for each."
    for one, answered in zip(asked, given):
        trace = next((t for t in traces if any(s["parent"] is None and _plain(one["question"]) in _plain(s["inputs"]) for s in t)), None)
        assert trace, f"No root span in the store has the question {one['question']!r} in its inputs."
        root = next(span for span in trace if span["parent"] is None)
        assert _plain(answered) in _plain(root["outputs"]), "A root span does not have in its outputs the answer that desk_answer returned."
        out_of = [span["outputs"] for span in trace if span["type"] == "RETRIEVER"]
        into = [_plain(span["inputs"]) for span in trace if span["type"] == "CHAT_MODEL"]
        assert out_of and into, "A trace in the store lacks a span of type RETRIEVER or of type CHAT_MODEL."
        found = any(mentions(text, one["article"]) for text in out_of)
        searched += found
        kept += found and any(_plain(by_id[one["article"]]["text"][-60:]) in text for text in into)
    return searched, kept


def true_lost(spans, article):
    """Return the name of the first span without children that lost the article, or None."""
    parents = {span["parent"] for span in spans}
    losing = [
        span
        for span in spans
        if span["id"] not in parents
        and span["type"] != "CHAT_MODEL"
        and mentions(span["inputs"], article)
        and not mentions(span["outputs"], article)
    ]
    return min(losing, key=lambda one: one["start"])["name"] if losing else None


def stored_traces():
    """Return the traces in the store, each as its spans."""
    from desk import spans_of

    return [spans_of(trace) for trace in mlflow.search_traces(locations=["0"], return_type="list", max_results=200)]
