"""A small service for the tests of the cluster: what it does is said by its first argument and its environment."""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

BEGIN = time.monotonic()
SICK = Path("sick")


class Handler(BaseHTTPRequestHandler):
    """Answers /ready (503 for READY_AFTER seconds), /healthz (500 once /sicken was asked), and anything else with its version."""

    def do_GET(self) -> None:
        """Answer."""
        status = 200
        if self.path == "/ready" and time.monotonic() - BEGIN < float(os.environ.get("READY_AFTER", "0")):
            status = 503
        elif self.path == "/sicken":
            SICK.touch()
        elif self.path == "/healthz" and SICK.exists():
            status = 500
        body = os.environ.get("VERSION", "1").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server that does not ask for this machine's name."""

    def server_bind(self) -> None:
        """Bind."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


def serve() -> None:
    """Serve at the pod's address until SIGTERM."""

    def end(*_: object) -> None:
        with open(os.environ.get("NOTES", os.devnull), "a") as file:
            file.write("ended by SIGTERM\n")
        sys.exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if "STUBBORN" in os.environ else end)
    print(f"version {os.environ.get('VERSION', '1')} listens", flush=True)
    Server((os.environ["POD_IP"], 8000), Handler).serve_forever()


def fail_until(third: str) -> None:
    """Fail, but in the run of that number: counts in a file that outlives the container."""
    file = Path("count/runs")
    runs = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(runs))
    print(f"run {runs}", flush=True)
    sys.exit(0 if runs == int(third) else 7)


def eat(megabytes: str) -> None:
    """Hold so much memory, and wait."""
    kept = b"x" * (int(megabytes) << 20)
    time.sleep(600)
    print(len(kept))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
