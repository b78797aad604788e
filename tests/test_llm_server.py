"""The server speaks OpenAI's interface as far as the labs need it, refuses what is too much, and its judges have their biases."""

import json
from collections.abc import Iterator

import pytest
from llm.client import Refused, chat, embed, said
from llm.embedding import embedding
from llm.server import create_app
from services import serving_app

HELLO = {"model": "metro-small", "messages": [{"role": "user", "content": "Hello?"}]}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server on loopback."""
    with serving_app(create_app()) as address:
        yield address


def test_a_reply_has_choices_and_usage(url: str) -> None:
    """The tokens are counted, the price follows from them."""
    body = chat(url, "Hello?", logprobs=True)

    assert said(body) and body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
    assert body["euros"] > 0 and body["choices"][0]["logprobs"]["content"][0]["logprob"] < 0


def test_embeddings_come_in_order(url: str) -> None:
    """A list of texts, a list of vectors; texts of one meaning lie near."""
    vectors = embed(url, ["the price of a bicycle", "what a bike costs", "lost property"])

    def dot(one: list[float], two: list[float]) -> float:
        return sum(a * b for a, b in zip(one, two, strict=True))

    assert vectors[1] == embedding("what a bike costs")
    assert dot(vectors[0], vectors[1]) > 0.9 > 0.3 > dot(vectors[0], vectors[2])


def test_streaming_gives_the_same_text(url: str) -> None:
    """Event by event, with [DONE] at the end."""
    import http.client
    from urllib.parse import urlsplit

    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    connection.request("POST", "/v1/chat/completions", json.dumps({**HELLO, "stream": True}))
    lines = [line.removeprefix("data: ") for line in connection.getresponse().read().decode().split("\n\n") if line]
    connection.close()

    assert lines[-1] == "[DONE]"
    assert "".join(json.loads(line)["choices"][0]["delta"].get("content", "") for line in lines[:-1]) == said(chat(url, "Hello?"))


@pytest.mark.parametrize(
    ("model", "messages", "status"),
    [("gpt", [{"role": "user", "content": "x"}], 404), ("metro-small", [], 400), ("metro-small", ["x"], 400)],
)
def test_what_cannot_be_answered_is_refused(url: str, model: str, messages: list, status: int) -> None:
    """An unknown model is 404, a body without messages 400."""
    with pytest.raises(Refused) as refusal:
        chat(url, messages, model)
    assert refusal.value.status == status


def test_beyond_the_limit_it_says_when_to_come_back() -> None:
    """Each user has a limit of their own."""
    with serving_app(create_app(per_window=2, window_s=30)) as limited:
        for _ in range(2):
            chat(limited, "Hello?", user="ada")
        with pytest.raises(Refused) as refusal:
            chat(limited, "Hello?", user="ada")
        chat(limited, "Hello?", user="bo")

    assert refusal.value.status == 429 and 25 < refusal.value.retry_after <= 30


def test_a_stalled_reply_times_out() -> None:
    """The client gives up; the server goes on."""
    with serving_app(create_app(stalls=1.0, stall_s=0.5)) as slow, pytest.raises(TimeoutError):
        chat(slow, "Hello?", seconds=0.1)


def test_the_client_stays_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the environment alone sends nothing elsewhere."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    with pytest.raises(PermissionError, match="not this machine"):
        chat("https://api.openai.com", "Hello?")


def pair(url: str, model: str, a: str, b: str) -> str:
    """Return which of two answers the judge prefers."""
    return said(chat(url, f"Question: What is the fee?\nReference: It costs 3 euros.\nAnswer A: {a}\nAnswer B: {b}", model))


def test_judges_have_the_bias_of_their_card(url: str) -> None:
    """The first is fair, the second likes length, the third whatever comes first."""
    right, wrong = "It costs 3 euros.", "It costs 5 euros."
    long = "Thank you very much indeed for asking us about this today, dear rider of ours, " * 3 + "it costs 5 euros."

    assert [pair(url, "judge-1", *both) for both in ((right, wrong), (wrong, right), (right, long))] == ["A", "B", "A"]
    assert pair(url, "judge-2", right, long) == "B"
    assert [pair(url, "judge-3", *both) for both in ((right, wrong), (wrong, right))] == ["A", "A"]


def test_a_verdict_keeps_to_the_schema(url: str) -> None:
    """As MLflow's judges ask: an object with result and rationale."""
    schema = {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": {"properties": {"result": {"enum": ["yes", "no"]}, "rationale": {}}}},
    }
    messages = 'inputs: {"question": "What is the fee?"}\noutputs: "It costs 3 euros."\nexpectations: {"reference": "3 euros"}'

    assert json.loads(said(chat(url, messages, "judge-1", response_format=schema)))["result"] == "yes"
