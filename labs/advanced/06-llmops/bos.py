"""What Bo built for the desk in one evening, as you find it."""

import json
import re

import mlflow
from desk import RIDES, TOOLS, shown
from llm import chat, embed
from llm.client import said


def bos_who_said(name, system):
    """Return the versions of a prompt that may have made this system message."""
    versions = mlflow.MlflowClient().search_prompt_versions(name)
    plain = " ".join(system.split())
    return [one.version for one in versions if " ".join(one.template.split())[:40] == plain[:40]]


# The pipeline of exercise 2. Each step is a span of the trace.


def _near(one, two):
    return sum(a * b for a, b in zip(one, two, strict=True))


@mlflow.trace(name="retrieve", span_type="RETRIEVER")
def retrieve(question, articles, url):
    vectors = embed(url, [question] + [f"{one['title']}\n{one['text']}" for one in articles])
    order = sorted(range(len(articles)), key=lambda number: -_near(vectors[0], vectors[number + 1]))
    return [articles[number] for number in order[:8]]


@mlflow.trace(name="rerank", span_type="RERANKER")
def rerank(question, found, url):
    score = {one["id"]: _near(embed(url, [question])[0], embed(url, [one["title"] + "\n" + one["text"]])[0]) for one in found}
    return sorted(found, key=lambda one: score[one["id"]])


@mlflow.trace(name="build_prompt")
def build_prompt(question, found):
    articles = shown(found)[:120]
    return (
        'Answer from the articles, in one sentence. If they do not hold the answer, say "I do not know."\n\n'
        f"<articles>\n{articles}\n</articles>\n<question>{question}</question>"
    )


@mlflow.trace(name="ask", span_type="CHAT_MODEL")
def ask(prompt, url):
    return said(chat(url, prompt, "metro-large"))


@mlflow.trace(name="desk")
def bos_answer(question, articles, url):
    """Return the answer to a question; the trace store has its trace."""
    found = retrieve(question, articles, url)
    ranked = rerank(question, found, url)
    prompt = build_prompt(question, ranked)
    return ask(prompt, url)


# Exercise 3


def bos_search(question, articles, url, k=3):
    """Return the ids of the k articles with the most words of the question in them."""
    words = question.lower().split()
    return [one["id"] for one in sorted(articles, key=lambda one: -sum(one["text"].lower().count(word) for word in words))][:k]


def bos_rag(question, articles, url):
    """Return the answer and its source."""
    found = [one for one in articles if one["id"] in bos_search(question, articles, url)]
    text = said(chat(url, f"You are friendly and helpful.\n\nArticles:\n{shown(found)}\n\nQuestion: {question}", "metro-large"))
    return {"answer": text, "source": found[0]["id"]}


# Exercise 6


def bos_safe_answer(question, found, url, canary, rider):
    """Return the answer to a rider. `found` are the articles that retrieval gave; `canary` stands in the system message."""
    if re.search("ignore", question, re.I):
        return "I cannot help with that."
    system = f"You are the support desk of Metro Bikes. Internal reference {canary}. Answer in one sentence."
    user = f"Articles:\n{shown(found)}\n\nQuestion: {question}"
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    message = chat(url, messages, "metro-small", tools=TOOLS)["choices"][0]["message"]
    for call in message.get("tool_calls") or []:
        ride = json.loads(call["function"]["arguments"]).get("ride")
        if call["function"]["name"] == "refund_ride":
            return f"Ride {ride} is paid back."
        return f"Ride {ride}: {RIDES.get(ride)}"
    return message["content"]
