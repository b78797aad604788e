"""The server: a part of OpenAI's interface, on this machine only. `create_app(...)` returns it; it keeps a book of what was asked of it.

Paths: /health, /v1/models, /v1/chat/completions, /v1/embeddings, and /book, which OpenAI has not: the calls so far, with tokens and euros.
"""

import asyncio
import json
import math
import threading
import time
from collections import deque

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

from .completion import Completion, complete
from .embedding import embedding
from .models import EMBEDDING, MODELS, Model, cost
from .text import chance, tokens

LIMITS = [
    "There is no language model here: answers are sentences of the prompt's passages, chosen by shared words, or invented.",
    "With `rewords` some words of an answer are exchanged for others, from a short list; real models say it anew each time.",
    "It knows nothing that the prompt does not hold, cannot reason, count or translate; it reads English, and orders in a little Spanish.",
    "A prompt is read by rules: headings, tags, labels, and words such as 'if … not … say'. Other wordings of a rule may not be seen.",
    "Orders in data are found by patterns and obeyed by arithmetic (strength against defences). Real ones are not so tidy.",
    "The same request has the same reply, at any temperature: chance hangs on the request and its seed. Real models differ.",
    "A token is four letters of a word or another sign; log probabilities are one number for all tokens; embeddings are hashed word stems.",
    "Prices and times are invented. Time is simulated: it is in the reply, and really waited for only in part (`time_scale`).",
    "Judges compare numbers, words and negation with the reference; their biases are planted, and stronger than most that one meets.",
    "No images, audio, files, several choices, batches, organisations or fine-tuning; keys are names of users, not secrets.",
]
MOST_BYTES, MOST_TEXTS = 400_000, 256


def create_app(
    time_scale: float = 0.0,
    per_window: int = 0,
    window_s: float = 1.0,
    stalls: float = 0.0,
    stall_s: float = 0.5,
    seed: int = 0,
    keep: int = 0,
    rewords: bool = False,
) -> FastAPI:
    """Return the server as a FastAPI app.

    time_scale: the share of the simulated time that a reply really takes. per_window: requests that a user (a key) has in each window
    of window_s seconds, 0 for no limit; beyond it the answer is 429 with Retry-After. stalls: the share of requests that take stall_s
    longer; which ones depends on the request and on how often it came. keep: how many of
    the last requests and replies lie in `app.state.kept`. rewords: answers come in the model's own words, as a real one's do.
    """
    app = FastAPI(title="A simulated language model", docs_url=None, redoc_url=None)
    app.state.book = book = deque(maxlen=20_000)
    app.state.kept = kept = deque(maxlen=keep)
    lock, windows, seen = threading.Lock(), {}, {}

    def admit(user: str) -> float:
        """Return 0 if the user may ask now, else the seconds until the next window."""
        if not per_window:
            return 0.0
        with lock:
            now = time.monotonic()
            began, count = windows.get(user, (now, 0))
            if now - began >= window_s:
                began, count = now, 0
            if count >= per_window:
                return window_s - (now - began)
            windows[user] = (began, count + 1)
            return 0.0

    async def wait(ms: float, what: str) -> None:
        with lock:
            if len(seen) > 20_000:
                seen.clear()
            seen[what] = seen.get(what, 0) + 1
        stalled = stalls and chance("stall", seed, what, seen[what]) < stalls
        if (seconds := ms * time_scale / 1000 + (stall_s if stalled else 0.0)) > 0:
            await asyncio.sleep(seconds)

    def note(
        user: str, path: str, model: str, status: int, tokens_in: int = 0, tokens_out: int = 0, euros: float = 0.0, ms: float = 0.0
    ) -> None:
        book.append(
            {
                "user": user,
                "path": path,
                "model": model,
                "status": status,
                "tokens_in": tokens_in,
                "tokens_out": tokens_out,
                "euros": euros,
                "ms": ms,
            }
        )

    async def read(request: Request, path: str) -> tuple[dict, str, JSONResponse | None]:
        user = request.headers.get("authorization", "").removeprefix("Bearer ").strip() or "nobody"
        raw = await request.body()
        if len(raw) > MOST_BYTES:
            return {}, user, _error(413, f"The request has more than {MOST_BYTES} bytes.")
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return {}, user, _error(400, "The body is not a JSON object.")
        if left := admit(user):
            note(user, path, str(body.get("model")), 429)
            headers = {"Retry-After": str(math.ceil(left)), "retry-after-ms": str(math.ceil(left * 1000))}
            return body, user, _error(429, f"Rate limit reached: {per_window} requests in {window_s:g} s.", "rate_limit_exceeded", headers)
        return body, user, None

    @app.get("/health")
    async def health() -> dict:
        return {"status": "ok"}

    @app.get("/v1/models")
    async def models() -> dict:
        return {
            "object": "list",
            "data": [{"id": name, "object": "model", "owned_by": "metro-bikes"} for name in [*MODELS, EMBEDDING.name]],
        }

    @app.get("/book")
    async def read_book() -> list:
        return list(book)

    @app.post("/v1/chat/completions")
    async def chat(request: Request):
        body, user, refused = await read(request, "chat")
        if refused:
            return refused
        name, messages = body.get("model"), body.get("messages")
        if name not in MODELS:
            return _error(404, f"The model {name!r} does not exist. There are {', '.join(MODELS)}.", "model_not_found")
        if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) and "role" in one for one in messages):
            return _error(400, "messages must be a list of objects with role and content.")
        try:
            reply = complete(body, MODELS[name], rewords)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            return _error(400, f"The request cannot be read: {error}")
        await wait(reply.ms, json.dumps(messages))
        kept.append({"request": body, "text": reply.text, "tool": reply.tool})
        note(user, "chat", name, 200, reply.tokens_in, reply.tokens_out, reply.euros, reply.ms)
        if body.get("stream"):
            return StreamingResponse(_stream(reply, name), media_type="text/event-stream")
        return JSONResponse(_chat_body(reply, name, bool(body.get("logprobs"))), headers={"x-simulated-ms": f"{reply.ms:.0f}"})

    @app.post("/v1/embeddings")
    async def embeddings(request: Request):
        body, user, refused = await read(request, "embeddings")
        if refused:
            return refused
        given = body.get("input")
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not texts or len(texts) > MOST_TEXTS or not all(isinstance(one, str) for one in texts):
            return _error(400, f"input must be a text, or a list of 1 to {MOST_TEXTS} texts.")
        count = sum(map(tokens, texts))
        ms = EMBEDDING.first_ms + 0.02 * count
        await wait(ms, json.dumps(texts))
        note(user, "embeddings", EMBEDDING.name, 200, count, 0, cost(EMBEDDING, count, 0), ms)
        data = [{"object": "embedding", "index": number, "embedding": embedding(text)} for number, text in enumerate(texts)]
        return {"object": "list", "model": EMBEDDING.name, "data": data, "usage": {"prompt_tokens": count, "total_tokens": count}}

    return app


def _error(status: int, message: str, code: str = "invalid_request", headers: dict | None = None) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "type": code, "code": code}}, status_code=status, headers=headers)


def _usage(reply: Completion) -> dict:
    return {"prompt_tokens": reply.tokens_in, "completion_tokens": reply.tokens_out, "total_tokens": reply.tokens_in + reply.tokens_out}


def _chat_body(reply: Completion, model: str, logprobs: bool) -> dict:
    message: dict = {"role": "assistant", "content": reply.text if reply.tool is None else None}
    if reply.tool:
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": reply.tool}]
    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
    if logprobs:
        each = round(math.log(reply.sure), 4)
        choice["logprobs"] = {"content": [{"token": word, "logprob": each, "top_logprobs": []} for word in (reply.text or "-").split()]}
    return {
        "id": f"chatcmpl-{chance(reply.text, model):.12f}", "object": "chat.completion", "created": 0, "model": model,
        "choices": [choice], "usage": _usage(reply), "euros": round(reply.euros, 8), "simulated_ms": round(reply.ms, 1),
    }  # fmt: skip


def _stream(reply: Completion, model: str):
    def event(delta: dict, finish: str | None = None, **more: object) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return (
            "data: "
            + json.dumps({"id": "chatcmpl-0", "object": "chat.completion.chunk", "model": model, "choices": [choice], **more})
            + "\n\n"
        )

    yield event({"role": "assistant", "content": ""})
    for number, word in enumerate(reply.text.split(" ")):
        yield event({"content": (" " if number else "") + word})
    yield event({}, reply.finish, usage=_usage(reply))
    yield "data: [DONE]\n\n"


__all__ = ["LIMITS", "Model", "create_app"]
