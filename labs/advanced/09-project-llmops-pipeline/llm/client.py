"""Asks a server that speaks OpenAI's interface: the simulated one on this machine, or a real provider that you choose openly.

Nothing leaves this machine by accident: an address elsewhere is refused unless the call says `elsewhere=True`, and the key is read from
OPENAI_API_KEY only then.
"""

import http.client
import json
import os
from urllib.parse import urlsplit

HERE = {"127.0.0.1", "localhost", "::1"}


class Refused(Exception):
    """The server did not answer with 200. `status`, and `retry_after`: seconds to wait before the next try, if it said so."""

    def __init__(self, status: int, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"HTTP {status}: {message}")
        self.status, self.retry_after = status, retry_after


def chat(url, messages, model="metro-small", user="desk", seconds=10.0, elsewhere=False, **options):
    """Return the reply's body to messages: a dictionary with choices and usage. A text counts as one user message.

    `options` are more fields: temperature, max_tokens, response_format, tools, seed, logprobs. `user` is the key on this machine.
    Raises Refused where the server refuses, TimeoutError where it does not answer in so many seconds.
    """
    messages = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
    return _post(url, "/chat/completions", {"model": model, "messages": messages, **options}, user, seconds, elsewhere)


def embed(url, texts, model="metro-embed", user="desk", seconds=10.0, elsewhere=False):
    """Return a list of numbers for each text, all in one request."""
    body = _post(url, "/embeddings", {"model": model, "input": list(texts)}, user, seconds, elsewhere)
    return [one["embedding"] for one in body["data"]]


def said(body) -> str:
    """Return the text of a reply's body; an empty text where it is a tool call."""
    return body["choices"][0]["message"].get("content") or ""


def _post(url: str, path: str, body: dict, user: str, seconds: float, elsewhere: bool) -> dict:
    address = urlsplit(url)
    if address.hostname not in HERE and not elsewhere:
        raise PermissionError(f"{address.hostname} is not this machine: to send these texts there, pass elsewhere=True")
    key = os.environ["OPENAI_API_KEY"] if elsewhere else user
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname, address.port, timeout=seconds)
    base = address.path.rstrip("/")
    base = base if base.endswith("/v1") else f"{base}/v1"
    try:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", "Connection": "close"}
        connection.request("POST", base + path, json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        if response.status != 200:
            after = response.headers.get("retry-after-ms"), response.headers.get("Retry-After")
            wait = float(after[0]) / 1000 if after[0] else float(after[1]) if after[1] and after[1].isdigit() else None
            raise Refused(response.status, text[:300], wait)
        return json.loads(text)
    finally:
        connection.close()
