"""A page about what was played, to show: a headline, a picture, the steps, the audit trail. All in one file."""

import base64
import html
import io
from pathlib import Path

import matplotlib.pyplot as plt
from desk import agrees
from pageframe import frame


def build_page(steps, path):
    """Write a page about steps: dictionaries with a name, and how things were afterwards (see looking.py)."""
    last = steps[-1]
    headline = f"Version {last['champion']} serves" if agrees(last) else "Alias, service and answers disagree"
    events = [[step["name"], ", ".join(step["answering"]) or "nobody", *counts(step)] for step in steps]
    trail = [[entry["when"], entry["who"], entry["what"], entry["subject"][:10], entry["why"]] for entry in last["trail"]]
    body = f"""<section>{chart(steps)}</section>
<section><h2>What happened</h2>{table(["event", "answering", "data versions", "models", "in quarantine"], events)}</section>
<section><h2>The audit trail</h2>{table(["when", "who", "what", "subject", "why"], trail)}</section>"""
    Path(path).write_text(frame(headline, body))


def table(heads, rows):
    """Return a table. Names and reasons come from people: whatever they hold, they are text."""
    lines = ["".join(f"<th>{head}</th>" for head in heads)]
    lines += ["".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def counts(step):
    """Return how many data versions, registered models, and deliveries in quarantine there are."""
    return [len(step[name]) for name in ("data", "models", "quarantined")]


def chart(steps):
    """Return a picture of the version that answered after each step."""
    versions = [int(step["answering"][0]) if step["answering"] else 0 for step in steps]
    figure, axes = plt.subplots(figsize=(8, 2.8))
    axes.step(range(1, len(steps) + 1), versions, where="post", marker="o")
    axes.set_xlabel("event, in order")
    axes.set_ylabel("version that answers")
    axes.set_yticks(range(max(versions) + 2))
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=100, bbox_inches="tight")
    plt.close(figure)
    alt = f"Which version answered after each of {len(steps)} events: {', '.join(map(str, versions))} in this order."
    return f'<img style="max-width: 100%" alt="{alt}" src="data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}">'
