"""The support desk's own small tools: its server, its prompts' history, its tables, its traces as plain data."""

import json
import re
import time
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pandas as pd
from llm import Refused, chat, create_app
from llm.client import said
from mlflow import MlflowClient
from services import serving_app
from sqlalchemy import event
from sqlalchemy.orm import Session

_open = []
RIDES = {
    4711: {"rider": "ana", "minutes": 31, "euros": 3.2},
    4712: {"rider": "ben", "minutes": 12, "euros": 2.0},
    4713: {"rider": "ana", "minutes": 55, "euros": 7.4},
    4790: {"rider": "carla", "minutes": 18, "euros": 2.6},
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "look_up_ride",
            "description": "Look up what a rider's own ride cost and how long it took, by the ride's number.",
            "parameters": {"type": "object", "properties": {"ride": {"type": "integer"}}},
        },
    },
    {
        "type": "function",
        "function": {
            "name": "refund_ride",
            "description": "Pay a ride back to the card.",
            "parameters": {"type": "object", "properties": {"ride": {"type": "integer"}}},
        },
    },
]


def start_server(**settings):
    """Start the simulated server in this process, and return its address. The one before ends. `settings` are those of create_app."""
    while _open:
        _open.pop()[0].__exit__(None, None, None)
    app = create_app(**settings)
    server = serving_app(app)
    address = server.__enter__()
    _open.append((server, app))
    return address


def was_asked(model, texts):
    """Return whether a model of the server, which keeps its last requests, was sent one that has all these texts."""
    words = [" ".join(re.findall(r"\w+", text)) for text in texts]
    sent = [one["request"] for _, app in _open for one in app.state.kept if one["request"]["model"] == model]
    told = [" ".join(re.findall(r"\w+", " ".join(str(message["content"]) for message in one["messages"]))) for one in sent]
    return any(all(one in text for one in words) for text in told)


def shown(articles):
    """Return articles as the text that a prompt shows: id, title, text."""
    return "\n\n".join(f"[{one['id']}] {one['title']}\n{one['text']}" for one in articles)


def forget_prompt(name):
    """Delete a prompt with all its versions, if it is there."""
    client = MlflowClient()
    if name in {prompt.name for prompt in mlflow.genai.search_prompts()}:
        for version in client.search_prompt_versions(name):
            client.delete_prompt_version(name, str(version.version))
        client.delete_prompt(name)


@contextmanager
def ends_after(writes):
    """Let the program in a block end before it has written to MLflow's store once more than so many times."""
    left = [writes]

    def count(session, *_):
        if session.new or session.dirty or session.deleted:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

    event.listen(Session, "before_flush", count)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        event.remove(Session, "before_flush", count)


def play_wiki(name, publish, go_live, back, who_said):
    """Play three weeks: each edit of the wiki is published and goes live; then the log's complaints call versions back.

    Return the log with the versions that may have said each answer, and what was called back.
    """
    forget_prompt(name)
    for edit in json.loads(Path("wiki.json").read_text()):
        go_live(name, publish(name, edit["text"], f"{edit['by']}, {edit['at']}"))
    log = pd.DataFrame(json.loads(Path("weekend.json").read_text()))
    log["versions"] = [list(who_said(name, system)) for system in log["system"]]
    accused = {version for versions in log.loc[log["complaint"], "versions"] for version in versions}
    called = []
    for _ in range(5):
        live = mlflow.genai.load_prompt(f"prompts:/{name}@live").version
        if live not in accused:
            break
        called.append(live)
        back(name)
    return log, called


def spans_of(trace):
    """Return a trace's spans as plain data: id, parent, name, type, start and end (ms), inputs and outputs (texts)."""
    begin = min(span.start_time_ns for span in trace.data.spans)
    return [
        {
            "id": span.span_id,
            "parent": span.parent_id,
            "name": span.name,
            "type": span.span_type,
            "start": (span.start_time_ns - begin) / 1e6,
            "end": (span.end_time_ns - begin) / 1e6,
            "inputs": json.dumps(span.inputs, default=str).replace("\\n", "\n"),
            "outputs": json.dumps(span.outputs, default=str).replace("\\n", "\n"),
        }
        for span in trace.data.spans
    ]


def traces_since(moment):
    """Return the traces in the store that began at this time (a time.time()) or later, the first one first, each as its spans."""
    mlflow.flush_trace_async_logging()
    found = mlflow.search_traces(locations=["0"], return_type="list", max_results=100)
    late = [trace for trace in found if trace.info.request_time >= 1000 * moment - 1]
    return [spans_of(trace) for trace in sorted(late, key=lambda trace: trace.info.request_time)]


def verdicts(judge, url):
    """Ask a judge about the answers in labels.json, and return two tables.

    single: human (yes or no), judge (yes or no), words (the answer's length). pairs: shown (the verdict A, B or tie on a pair) and
    swapped (on the same pair the other way round).
    """
    kept = json.loads(Path("labels.json").read_text())
    single = []
    for one in kept["answers"]:
        text = f"Question: {one['question']}\nReference: {one['reference']}\nAnswer: {one['answer']}"
        verdict = said(chat(url, text, judge)).lower()
        single.append({"human": one["human"], "judge": verdict, "words": len(one["answer"].split())})
    pairs = []
    for one in kept["pairs"]:
        first, second = (
            said(chat(url, f"Question: {one['question']}\nReference: {one['reference']}\nAnswer A: {a}\nAnswer B: {b}", judge))
            for a, b in ((one["a"], one["b"]), (one["b"], one["a"]))
        )
        pairs.append({"shown": first, "swapped": second})
    return pd.DataFrame(single), pd.DataFrame(pairs)


def play_calls(script, call_with):
    """Let `call_with(call, sleep)` make a call whose tries go as the script says: "ok", "timeout", 429, [429, seconds], 400, 503, …

    Return what came back (or the name of the error), how many tries there were, and the waits between them, in seconds.
    """
    waits, tries = [], []

    def call():
        what = script[min(len(tries), len(script) - 1)]
        tries.append(what)
        if what == "ok":
            return "answer"
        if what == "timeout":
            raise TimeoutError("timed out")
        status, after = what if isinstance(what, list) else (what, None)
        raise Refused(status, "refused", after)

    try:
        result = call_with(call, waits.append)
    except (Refused, TimeoutError) as error:
        result = type(error).__name__
    return {"result": result, "tries": len(tries), "waits": [float(wait) for wait in waits]}


def now():
    """Return the time as traces_since takes it."""
    return time.time()
