"""A page of metrics on this machine's own network, and what a scraper reads there."""

import threading
import urllib.request
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app


class _Quiet(WSGIRequestHandler):
    def log_message(self, *words):
        pass


@contextmanager
def serving(registry):
    """Serve the registry's metrics over HTTP until the block ends. Gives the page's address; the system chooses the port."""
    server = make_server("127.0.0.1", 0, make_wsgi_app(registry), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def scrape(address):
    """Return the text of the page of metrics."""
    with urllib.request.urlopen(address, timeout=10) as response:
        return response.read().decode()
