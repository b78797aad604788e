"""Plays the docks' service: a small HTTP server on this machine that is as unreliable as you tell it to be."""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer


class DockService:
    """A server for the time of a `with` block. `url` is its address; `arrivals` holds the time and the path of each request.

    `data` maps a path to what it answers. `plan` maps a path to what happens to its requests, one after the other (the last one goes on
    for ever): "ok"; a status such as "503"; "slow", which answers after three seconds; "hang up", which closes the connection
    without a word. A path that is not in `data` is answered with 404.
    """

    def __init__(self, data, plan=None):
        self.data, self.plan, self.arrivals = data, plan or {}, []

    def __enter__(self):
        for name in ("NO_PROXY", "no_proxy"):  # a company's proxy must not be asked for this machine
            os.environ[name] = "127.0.0.1,localhost"
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self, path):
        """Return the times, in seconds, at which requests for a path arrived."""
        return [at for at, asked in self.arrivals if asked == path]

    def _next(self, path):
        self.arrivals.append((time.monotonic(), path))
        steps = self.plan.get(path, ["ok"])
        return steps[min(len(self.asked(path)), len(steps)) - 1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def server_bind(self):
        """Bind without asking the network for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        """Say nothing of a client that went away."""


def _handler(service):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            step = service._next(self.path)
            if step == "hang up":
                return
            if step == "slow":
                service._closing.wait(3)
            status = int(step) if step.isdigit() else 200 if self.path in service.data else 404
            body = json.dumps(service.data[self.path] if status == 200 else {"error": status}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    return Handler
