"""The demand service: how many bikes a station needs in the next hour. It answers at the pod's address, on port 8000.

    GET /livez      200 from the start: the process works
    GET /readyz     503 until the model is loaded, then 200
    GET /predict    the forecast, with the service's version and the model's name; it takes a tenth of a second

Environment: POD_IP (the pod's address), MODEL_FILE (below the image's folder), LOAD_SECONDS (a large model takes longer).
It does nothing about SIGTERM. On these nodes it then ends at once, with all that it was answering. As process 1 of a real container
it would ignore the signal, go on, and be killed when the grace period is over, which loses requests, too. Programs should handle it.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

VERSION = Path("VERSION").read_text().strip()
model = {}


def load():
    """Load the model: some seconds, and some memory."""
    time.sleep(float(os.environ.get("LOAD_SECONDS", "0.3")))
    with open(os.environ["MODEL_FILE"]) as file:
        loaded = json.load(file)
    loaded["weights"] = bytearray(os.urandom(1024)) * (loaded["megabytes"] * 1024)
    model.update(loaded)
    print(f"model {model['name']} loaded", flush=True)


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_GET(self):
        """Answer a GET."""
        if self.path == "/livez":
            self.say(200, {"status": "alive"})
        elif self.path == "/readyz":
            self.say(200 if model else 503, {"status": "ready" if model else "loading"})
        elif self.path == "/predict" and model:
            time.sleep(0.1)
            self.say(200, {"version": VERSION, "model": model["name"], "bikes": 12})
        else:
            self.say(503 if self.path == "/predict" else 404, {"error": "no model yet" if self.path == "/predict" else "no such path"})

    def say(self, status, body):
        """Send a reply."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Write no line for each request."""


class Server(ThreadingHTTPServer):
    """A server that does not look its own name up, and lets many clients wait."""

    request_queue_size = 64
    daemon_threads = True

    def server_bind(self):
        """Take the address."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


if not os.path.isfile(os.environ.get("MODEL_FILE", "")):
    sys.exit(f"MODEL_FILE names no model: {os.environ.get('MODEL_FILE')!r}")
threading.Thread(target=load, daemon=True).start()
print(f"demand {VERSION} listens on {os.environ['POD_IP']}:8000", flush=True)
Server((os.environ["POD_IP"], 8000), Handler).serve_forever()
