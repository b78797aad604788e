# ruff: noqa: B905, RUF007, RUF021
"""What the judge cells share: stores and servers of their own, traces, judges, evaluations, and requests drawn from LAB_SEED, with their truth."""

import json
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"

import logging

import desk
import mlflow
import numpy as np
import pandas as pd
from llm.completion import complete
from llm.embedding import embedding
from llm.models import MODELS
from llm.server import create_app
from mlflow import MlflowClient
from mlflow.tracking import fluent
from services import serving_app

from judgekit import drawn as dice  # noqa: F401

for _name in ("mlflow", "alembic"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def seed():
    """Return this submission's own seed."""
    return os.environ.get("LAB_SEED", "lab")


@contextmanager
def _store(source):
    uri, registry, active = mlflow.get_tracking_uri(), mlflow.get_registry_uri(), fluent._active_experiment_id
    names = ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_REGISTRY_URI")
    before, here = {name: os.environ.get(name) for name in names}, os.getcwd()
    folder = Path(tempfile.mkdtemp(prefix="judge-"))
    try:
        database = folder / "mlflow.db"
        if source:
            assert Path(source).is_file(), f"There is no store {source}: run the notebook from its beginning."
            for end in ("", "-wal", "-shm"):
                if Path(source + end).is_file():
                    shutil.copyfile(source + end, f"{database}{end}")
        fluent._active_experiment_id = None
        os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
        mlflow.set_tracking_uri(f"sqlite:///{database}")
        mlflow.set_registry_uri(f"sqlite:///{database}")
        os.environ["MLFLOW_TRACKING_URI"] = os.environ["MLFLOW_REGISTRY_URI"] = f"sqlite:///{database}"
        os.chdir(folder)
        mlflow.search_experiments()  # creates the tables, if they are not there
        yield folder
    finally:
        os.chdir(here)
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(registry)
        fluent._active_experiment_id = active
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
        shutil.rmtree(folder, ignore_errors=True)


def own_store():
    """Track to a new store in a temporary folder, in a block."""
    return _store(None)


def copied_store(path):
    """Track to a copy of a store, in a block."""
    return _store(str(Path(path).resolve()))


@contextmanager
def server(**settings):
    """Serve the simulated models in a block. Give the address and the app, whose state has the book."""
    app = create_app(**settings)
    with serving_app(app) as address:
        yield address, app


# Prompts (exercise 1)


def wiki_texts():
    """Return the wiki's texts, one for each that differs from the one before."""
    texts = [edit["text"] for edit in json.loads(_file("wiki.json"))]
    return [text for number, text in enumerate(texts) if number == 0 or text != texts[number - 1]]


def as_kept(name):
    """Return the texts of a prompt's versions, in order."""
    return [one.template for one in sorted(MlflowClient().search_prompt_versions(name), key=lambda one: one.version)]


def live(name):
    """Return the number of the version that is live."""
    return int(MlflowClient().get_prompt_version_by_alias(name, "live").version)


# Traces (exercise 2)


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


def _plain(text):
    """Return a text's words alone, so that a text and its JSON are the same."""
    return " ".join(re.findall(r"\w+", re.sub(r"\\[nrtu\"]", " ", text)))


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


# Retrieval (exercise 3)


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


# Evaluation (exercises 4 and 5)


def exact_cases(chance):
    """Return answers, what is expected, the truth, and why."""
    n = chance.randint(2, 9)
    return [
        (f"It takes {n} minutes.", f"{n} minutes", True, "the words are there"),
        (f"It takes 1{n} minutes.", f"{n} minutes", False, "another number ends alike"),
        (f"It takes {n}0 minutes.", f"{n} minutes", False, "another number begins alike"),
        (f"It is 1.{n} km.", f"{n} km", False, "the digits after a decimal point are no number by themselves"),
        (f"It costs {n}.5 euros", f"{n}", False, "the digits before a decimal point are no number by themselves"),
        (f"It costs {n} euros.", f"{n} euros", True, "a full stop ends a sentence"),
        (f"{n}\n\tEUROS", f"{n} euros", True, "white space and capitals do not count"),
        (f"({n} euros)", f"{n} euros", True, "brackets are no part of the words"),
        (f"within {n} euroscepticisms", f"{n} euros", False, "the word goes on"),
        ("call 555 0177, please", "555 0177", True, "a comma follows"),
        ("write to a+b now", "a+b", True, "a plus sign stands for itself"),
        ("write to aab now", "a+b", False, "a plus sign stands for itself"),
        ("", None, True, "to say nothing is to abstain"),
        (None, None, True, "to say nothing is to abstain"),
        ("Sorry, I  do NOT know.", None, True, "it says that it does not know"),
        (f"I know: {n} euros.", None, False, "it answers"),
        ("", f"{n} euros", False, "nothing is said"),
        ("I do not know.", f"{n} euros", False, "the answer was known"),
    ]


def is_right(row):
    """Return whether the answer of a row of to_judge.json is right."""
    return _true_exact(row["outputs"], row["expectations"]["answer"])


def is_yes(value):
    """Return whether a mark is a yes."""
    return str(value).strip().lower() in ("yes", "true", "1", "1.0")


def rows_marked(traces):
    """Return for each trace of an evaluation its row of to_judge.json, by the question, and the marks in it: {name: (value, source)}."""
    rows, found = json.loads(_file("to_judge.json")), []
    for trace in traces:
        asked = f"{trace.data.request} {trace.info.request_preview}"
        row = next(
            (row for row in rows if row["inputs"]["question"] in asked or json.dumps(row["inputs"]["question"])[1:-1] in asked), None
        )
        marks = {one.name: (one.feedback.value, str(one.source.source_id)) for one in trace.info.assessments if one.feedback}
        found.append((row, marks))
    return found


def _file(name):
    return (Path(desk.__file__).parent / name).read_text(encoding="utf-8")


def _true_exact(output, expected):
    at = output.find(expected)
    return at >= 0 and not output[at - 1 : at].isdigit()


def draw_judge(chance, kind):
    """Return the tables of another judge: single and pairs. What makes it unusable, if anything, is its habit alone."""
    for _ in range(500):
        single, pairs = _judge(chance, kind)
        found = true_audit(single, pairs)
        bias, place, agrees = found["length_bias"], found["position_bias"], found["kappa"] >= 0.65
        if {
            "long": agrees and bias > 0.25 and place <= 0.15,
            "short": agrees and bias < -0.25 and place <= 0.15,
            "first": agrees and abs(bias) <= 0.15 and place > 0.3,
            "second": agrees and abs(bias) <= 0.15 and place > 0.3,
            "fair": found["usable"],
        }.get(kind, True):
            return single, pairs
    raise RuntimeError(f"no judge of the kind {kind!r} could be drawn")


def _judge(chance, kind):
    n = chance.randint(41, 60)
    human = ["yes" if chance.random() < 0.55 else "no" for _ in range(n)]
    words = [chance.randint(4, 60) for _ in range(n)]
    if kind == "no wrong":
        human = ["yes"] * n
    marks = []
    for mark, length in zip(human, words):
        judged = mark if chance.random() < 0.96 else ("no" if mark == "yes" else "yes")
        if (
            kind == "long"
            and length > 32
            and chance.random() < 0.45
            or kind == "short"
            and length < 30
            and chance.random() < 0.45
            or kind == "yes"
        ):
            judged = "yes"
        if kind == "dice":
            judged = chance.choice(["yes", "no"])
        if kind == "three marks" and chance.random() < 0.1:
            judged = "unsure"
        marks.append(judged)
    shown, swapped = [], []
    for _ in range(chance.randint(20, 30)):
        first = chance.choice(["A", "B", "tie"])
        second = {"A": "B", "B": "A", "tie": "tie"}[first]
        if chance.random() < 0.12:
            second = first
        if kind in ("first", "second") and chance.random() < 0.5:
            first = second = "A" if kind == "first" else "B"
        if kind == "ties":
            first = second = "tie"
        shown.append(first)
        swapped.append(second)
    single = pd.DataFrame({"human": human, "judge": marks, "words": words})
    pairs = pd.DataFrame({"shown": shown, "swapped": swapped})
    return single, (pairs.head(0) if kind == "no pairs" else pairs)


def true_audit(single, pairs):
    """Return what audit must say."""
    n = len(single)
    agree = (single["human"] == single["judge"]).mean()
    shares = [table.value_counts() / n for table in (single["human"], single["judge"])]
    chance = sum(shares[0].get(mark, 0) * shares[1].get(mark, 0) for mark in set(shares[0].index))
    kappa = (agree - chance) / (1 - chance) if chance < 1 - 1e-12 else 0.0
    wrong = single[single["human"] == "no"]
    parts = [wrong[wrong["words"] > wrong["words"].median()], wrong[~(wrong["words"] > wrong["words"].median())]]
    long, short = ((part["judge"] == "yes").mean() if len(part) else 0.0 for part in parts)
    same = [a == b and a in ("A", "B") for a, b in zip(pairs["shown"], pairs["swapped"])]
    place = sum(same) / len(same) if same else 0.0
    found = {"kappa": float(kappa), "length_bias": float(long - short), "position_bias": place}
    return {**found, "usable": bool(kappa >= 0.6 and abs(long - short) <= 0.2 and place <= 0.2)}


def draw_evaluation(chance, kind):
    """Return another evaluation: question, slice, live, candidate."""
    for _ in range(300):
        table = _evaluation(chance, kind)
        right = true_gate(table)
        margins = [abs(right["low"]), abs(right["high"]), abs((right["worst_gain"] or 0) + 0.1)]
        means = table.assign(gain=table["candidate"].fillna(0) - table["live"].fillna(0)).groupby("slice")["gain"].mean()
        hides = kind != "few questions, many rows" or means.idxmin() != right["worst"]  # the small slice is the lowest, and does not count
        if min(margins) > 0.02 and right["decision"] == _WANTED[kind] and hides:
            return table
    raise RuntimeError(f"no evaluation of the kind {kind!r} could be drawn")


_WANTED = {
    "paired gain": "ship", "noise": "not proven", "loss": "block", "even loss": "block", "no answers": "ship", "plain gain": "ship", "worse slice": "block", "repeated noise": "not proven",
    "repeated gain": "ship", "uneven": "ship", "seven worse": "ship", "eight worse": "block", "only small slices": "ship", "few questions, many rows": "not proven",
}  # fmt: skip


def _evaluation(chance, kind):
    sizes = {"seven worse": [30, 23, 7], "eight worse": [30, 22, 8], "only small slices": [7] * 8}.get(kind, [24, 20, 16])
    names = chance.sample(["prices", "rules", "lost things", "app", "accidents", "winter", "groups", "data"], len(sizes))
    if kind == "few questions, many rows":
        sizes, names = [12, 6], names[:2]
    rows, number = [], 0
    gain = {
        "paired gain": 0.09, "noise": 0.03, "loss": -0.3, "even loss": -0.06, "no answers": 0.2, "plain gain": 0.22, "worse slice": 0.25, "repeated noise": 0.04,
        "repeated gain": 0.2, "uneven": 0.2, "seven worse": 0.2, "eight worse": 0.2, "only small slices": 0.2, "few questions, many rows": 0.13,
    }[kind]  # fmt: skip
    for which, (name, size) in enumerate(zip(names, sizes)):
        for _ in range(size):
            level = 0.5 if kind == "even loss" else chance.choice([0.0, 0.0, 0.3, 0.5, 0.8])
            shift = chance.gauss(gain, {"paired gain": 0.08, "even loss": 0.02}.get(kind, 0.25))
            if kind in ("worse slice", "seven worse", "eight worse") and which == len(sizes) - 1:
                shift = -abs(chance.gauss(0.3, 0.05))
                level = 0.8
            if kind == "few questions, many rows" and which == 1:
                shift -= 0.18
            times = {"repeated noise": 5, "repeated gain": 3, "uneven": chance.choice([1, 6]), "few questions, many rows": 12}.get(kind, 1)
            if kind == "uneven":  # what riders ask often has gained, the rest has not
                shift += 0.2 if times > 1 else -0.2
            for _ in range(times):
                live = min(1.0, max(0.0, level))
                candidate = min(1.0, max(0.0, level + shift))
                if kind == "no answers" and chance.random() < 0.25:
                    live, candidate = (float("nan"), candidate) if chance.random() < 0.8 else (live, float("nan"))
                rows.append({"question": f"q{number}", "slice": name, "live": live, "candidate": candidate})
            number += 1
    chance.shuffle(rows)
    return pd.DataFrame(rows)


def true_gate(table, seed=5):
    """Return what gate must say, up to the chance of the bootstrap."""
    difference = table["candidate"].fillna(0) - table["live"].fillna(0)
    sums, counts = (getattr(difference.groupby(table["question"]), what)().to_numpy(float) for what in ("sum", "count"))
    drawn = np.random.default_rng(seed).integers(len(sums), size=(4000, len(sums)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [2.5, 97.5])
    worst, worst_gain = None, None
    for name, rows in table.groupby("slice"):
        mean = difference[rows.index].mean()
        if rows["question"].nunique() >= 8 and (worst is None or mean < worst_gain):
            worst, worst_gain = name, float(mean)
    blocked = high < 0 or (worst is not None and worst_gain < -0.1)
    decision = "block" if blocked else "ship" if low > 0 else "not proven"
    return {"gain": float(difference.mean()), "low": low, "high": high, "worst": worst, "worst_gain": worst_gain, "decision": decision}


def check_gate(gate, table, kind):
    """Raise an AssertionError, with the reason, unless gate says the right thing about a table."""
    right = true_gate(table)
    try:
        found = gate(table.copy())
    except Exception as error:
        raise AssertionError(f"On another evaluation ({kind}) gate stopped with {type(error).__name__}: {error}") from None
    assert set(right) <= set(found), f"gate returns {sorted(found)}, expected {sorted(right)}."
    assert abs(found["gain"] - right["gain"]) < 1e-6, (
        f"On another evaluation ({kind}) the gain is {found['gain']:.4f}, expected {right['gain']:.4f}: the mean over all rows, a missing score counts as 0."
    )
    room = 0.012 + 0.12 * (right["high"] - right["low"])
    for name in ("low", "high"):
        assert abs(found[name] - right[name]) <= room, (
            f"On another evaluation ({kind}) the interval is {found['low']:.3f} to {found['high']:.3f}, expected about {right['low']:.3f} to {right['high']:.3f}: draw questions, each with all its rows and both scores; the mean is over all rows drawn."
        )
    assert found["worst"] == right["worst"], (
        f"On another evaluation ({kind}) the worst slice is {found['worst']!r}, expected {right['worst']!r}: of those with 8 different questions or more, or None."
    )
    same = (
        found["worst_gain"] is None
        if right["worst_gain"] is None
        else found["worst_gain"] is not None and abs(found["worst_gain"] - right["worst_gain"]) < 1e-6
    )
    assert same, f"On another evaluation ({kind}) worst_gain is {found['worst_gain']}, expected {right['worst_gain']}."
    assert found["decision"] == right["decision"], (
        f"On another evaluation ({kind}) the decision is {found['decision']!r}, expected {right['decision']!r}: {right['low']:.3f} to {right['high']:.3f}, worst slice {right['worst']} with {right['worst_gain']}."
    )


# Requests (exercise 7)


def cache_cases(chance):
    """Return pairs of requests, whether they share a key, and why."""
    base = {
        "question": chance.choice(["How much is the day pass?", "Where is my bike?"]), "user": "ana", "personal": False, "prompt": chance.randint(2, 9), "model": "metro-small",
        "temperature": 0, "max_tokens": 60,
    }  # fmt: skip
    own = {**base, "personal": True}
    low = base["question"]
    return [
        (base, {**base, "user": "ben"}, True, "an answer that is not personal serves all"),
        (base, {**base, "question": f"  {low.upper()}  "}, True, "capitals and white space do not count"),
        (base, {**base, "question": low.rstrip("?") + " !?"}, True, "signs at the end do not count"),
        (base, {**base, "question": low.replace(" ", " \n ")}, True, "white space does not count"),
        (base, {**base, "temperature": 0.0}, True, "0 and 0.0 are one number"),
        (base, {**base, "question": low.replace("is", "is not")}, False, "a word more is another question"),
        (base, {**base, "question": " ".join(reversed(low.split()))}, False, "the order of words counts"),
        ({**base, "question": "Is 1.5 km far"}, {**base, "question": "Is 15 km far"}, False, "a sign within a question counts"),
        ({**base, "question": "Rides of 10 minutes"}, {**base, "question": "Rides of 20 minutes"}, False, "numbers count"),
        (base, {**base, "prompt": base["prompt"] + 1}, False, "another prompt version may answer otherwise"),
        (base, {**base, "model": "metro-large"}, False, "another model may answer otherwise"),
        (base, {**base, "temperature": 0.7}, False, "at another temperature it may answer otherwise"),
        (base, {**base, "max_tokens": 6}, False, "a shorter answer is another answer"),
        (own, {**own, "user": "ben"}, False, "a personal answer is one rider's"),
        (own, {**own}, True, "the same rider may have their own answer again"),
        (own, base, False, "a personal answer is not for all"),
        ({**own, "user": "None"}, base, False, "one is personal, of a rider who is called 'None'; the other is for all"),
        (
            {**base, "question": "Dock 1", "prompt": 11},
            {**base, "question": "Dock 11", "prompt": 1},
            False,
            "parts that run into one another are not told apart",
        ),
        (
            {**base, "prompt": 1, "max_tokens": 12},
            {**base, "prompt": 11, "max_tokens": 2},
            False,
            "parts that run into one another are not told apart",
        ),
        (
            {**own, "user": "ana", "question": "my ride"},
            {**own, "user": "a", "question": "my ride na"},
            False,
            "parts that run into one another are not told apart",
        ),
        (
            {**own, "question": "my ride|ana", "user": "b"},
            {**own, "question": "my ride", "user": "ana|b"},
            False,
            "a sign between the parts may stand in a part",
        ),
    ]


def wrong_waits(script, plays, tries):
    """Return what is wrong with the waits before the tries, in many plays of one script, or an empty text."""
    for number in range(tries - 1):
        what = script[min(number, len(script) - 1)]
        asked = what[1] if isinstance(what, list) else 0
        waits, plan = [one[number] for one in plays if len(one) == tries - 1], min(0.1 * 2**number, 5)
        if len(waits) < len(plays):
            return f"{tries} tries have {tries - 1} waits between them."
        if min(waits) < asked - 1e-9:
            return f"after a refusal that said {asked} s, a wait is {min(waits):.2f} s."
        if not asked and sum(waits) / len(waits) < 0.35 * plan:
            return f"before try {number + 2} the mean of many waits is {sum(waits) / len(waits):.2f} s, where the plan is {plan:g} s, and half of it with full jitter: each twice as long as the one before, until 5 s."
        if max(waits) > max(5, asked * 1.5 + 1 if asked else 0) + 1e-9:
            return f"a wait of {max(waits):.1f} s is longer than 5 s, which no refusal has asked for."
    return ""


def dear_bill(cases):
    """Return what the large model costs for all cases [question, articles], in euros."""
    from desk import shown

    euros = 0.0
    for question, found in cases:
        system = 'Answer from the articles only, in one sentence. If the articles do not hold the answer, say "I do not know."'
        user = f"<articles>\n{shown(found)}\n</articles>\n<question>{question}</question>"
        euros += complete(
            {"messages": [{"role": "system", "content": system}, {"role": "user", "content": user}]}, MODELS["metro-large"]
        ).euros
    return euros


from attacking import attacks, honest, more_names, outside, rules_in, succeeded  # noqa: E402, F401
