"""The forecast service: a small HTTP server on this machine, and the features that Bo wrote for it."""

import json
import os
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

import pandas as pd
import requests
from forecast import FEATURES


def bos_features(request):
    """Return the features of one request. Bo wrote this in January, from memory, while the notebook was closed."""
    hour = datetime.fromisoformat(request["hour"])
    return {
        "hour": hour.hour,
        "weekend": int(hour.weekday() > 5),
        "temperature_c": request["temperature_c"] or 0.0,
        "wet": request["rain_mm"][-1] or 0.0,
        "wind": request["wind_mps"] / 10,
    }


class ForecastService:
    """A service for the time of a `with` block; `url` is its address.

    It answers POST requests to /forecast: `features` turns the request into the model's features, a dictionary.
    """

    def __init__(self, model, features=bos_features, version="1.0"):
        self.model, self.features, self.version = model, features, version

    def __enter__(self):
        for name in ("NO_PROXY", "no_proxy"):  # a company's proxy must not be asked for this machine
            os.environ[name] = "127.0.0.1,localhost"
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/forecast"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request):
        """Return what the service says to a request."""
        begin = time.perf_counter()
        features = pd.DataFrame([dict(self.features(request))])[FEATURES].astype(float)
        trips = float(self.model.predict(features)[0])
        return {"trips": round(trips, 1), "version": self.version, "ms": round(1000 * (time.perf_counter() - begin))}


def ask(url, request):
    """Send one request to the service; return the status and what it said."""
    reply = requests.post(url, json=request, timeout=10)
    return reply.status_code, reply.json()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def server_bind(self):
        """Bind without asking the network for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


def _handler(service):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            try:
                status, said = 200, service.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            except Exception as problem:
                status, said = 500, {"error": f"{type(problem).__name__}: {problem}"}
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    return Handler
