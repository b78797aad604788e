"""The listening side: a port of loopback, a thread for each connection, and the end of them all."""

import socket
import threading
from contextlib import suppress
from http.server import HTTPServer
from typing import Any

from .simulator_http import Handler
from .simulator_registry import Registry


class Server(HTTPServer):
    """The API on a free port of 127.0.0.1; a thread for each connection, all of which end with `stop`."""

    request_queue_size = 64

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._stopping = False
        super().__init__(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._accept, name="simulator-http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _accept(self) -> None:
        while not self._stopping:
            self.handle_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self._serve, args=(request, client_address), name="simulator-connection", daemon=True)
        self._connections = {one: its for one, its in self._connections.items() if its.is_alive()} | {request: thread}
        thread.start()

    def _serve(self, request: Any, client_address: Any) -> None:
        with suppress(OSError):  # a client that went away in the middle is no error of ours
            self.finish_request(request, client_address)
        self.shutdown_request(request)

    def stop(self) -> None:
        """Ends the accepting thread, closes every connection and waits for their threads."""
        self._stopping = True
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.server_port), timeout=1).close()  # wakes it
        self._thread.join(timeout=5)
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)  # no more requests; what is being answered is
        for thread in self._connections.values():
            thread.join(timeout=5)
        self.server_close()
