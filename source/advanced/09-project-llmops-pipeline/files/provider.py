"""The provider of the language models as the desk sees it: HTTP to the server on this machine, a clock, and the outages of the script."""

from llm import Refused, chat, embed
from llm.client import said

MAX_TRIES = 3000


class Clock:
    """Simulated time, in seconds. It goes on where somebody waits or where the provider takes its time."""

    def __init__(self, now=0.0):
        self.now = float(now)

    def sleep(self, seconds):
        """Wait."""
        self.now += max(0.0, float(seconds))


class Provider:
    """Asks the server, and keeps a bill. What fails, and when, is in `outages`, a list of dictionaries:

    {"model": name or None for all, "from": second, "until": second, "times": at most so many calls, "what": …}, where `what` is
    "hang" (no answer comes, and nothing is done), "lost" (the work is done and billed, and the answer is lost on the way), or a status
    such as 503 or 429, with "after": seconds for its Retry-After, or None. `names` are another provider's names for our models.
    """

    def __init__(self, url, clock, elsewhere=False, names=None):
        self.url, self.clock, self.elsewhere, self.names = url, clock, elsewhere, names or {}
        self.outages, self.calls, self.texts_embedded, self.done = [], [], 0, {}

    def chat(self, messages, model, key=None, seconds=10.0):
        """Return {"text", "euros"}. A `key` names the request: the same key again is the same work, done once and billed once.

        Raises TimeoutError after so many seconds without an answer; Refused, with `status` and `retry_after`, where the provider
        refuses: 409 for a key that was used for another request.
        """
        if len(self.calls) > MAX_TRIES:
            raise RuntimeError(f"the provider was called {MAX_TRIES} times for this scene: is there a loop without an end?")
        seconds = max(0.0, float(seconds))
        call = {"now": self.clock.now, "model": model, "key": key, "what": "ok", "euros": 0.0}
        self.calls.append(call)
        what, after = self._outage(model)
        if what is not None:
            call["what"] = what
        if what == "hang":
            self.clock.sleep(seconds)
            raise TimeoutError(f"no answer within {seconds:g} s")
        if isinstance(what, int):
            self.clock.sleep(0.05)
            raise Refused(what, "the provider refuses", after)
        known = self.done.get(key) if key is not None else None
        if known and known[:2] != (model, str(messages)):
            call["what"] = 409
            raise Refused(409, "this key was used for another request")
        if known:
            took, reply = 0.05, known[2]
        else:
            body = chat(self.url, messages, self.names.get(model, model), elsewhere=self.elsewhere)
            took, reply = body.get("simulated_ms", 0.0) / 1000, {"text": said(body), "euros": body.get("euros", 0.0)}
            call["euros"] = reply["euros"]
            if key is not None:
                self.done[key] = model, str(messages), reply
        if what == "lost" or took > seconds:
            self.clock.sleep(seconds)
            raise TimeoutError(f"no answer within {seconds:g} s")
        self.clock.sleep(took)
        return dict(reply)

    def embed(self, texts):
        """Return a list of numbers for each text, all in one request. (Embeddings have no outages here, and cost next to nothing.)"""
        texts = list(texts)
        self.texts_embedded += len(texts)
        model = self.names.get("metro-embed", "metro-embed")
        return embed(self.url, texts, model, elsewhere=self.elsewhere) if texts else []

    def euros(self):
        """Return the bill."""
        return sum(call["euros"] for call in self.calls)

    def _outage(self, model):
        for one in self.outages:
            right_time = one.get("from", 0) <= self.clock.now < one.get("until", float("inf"))
            if one.get("model") in (None, model) and right_time and one.get("times", 1) > 0:
                if "times" in one:
                    one["times"] -= 1
                return one["what"], one.get("after")
        return None, None
