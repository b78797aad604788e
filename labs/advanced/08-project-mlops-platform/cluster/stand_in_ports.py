"""For containers on a machine that has one loopback address only (macOS): Python listens at a port that stands in for the pod's own.

A copy of this file, as `sitecustomize.py`, is run by Python at its start in a container there. CONTAINER_PORTS holds what stands for
what, as {"8000": 53211}.
"""

import importlib.machinery
import importlib.util
import json
import os
import socket
import sys
from typing import Any

_ports = {int(own): other for own, other in json.loads(os.environ.get("CONTAINER_PORTS", "{}")).items()}
_bind = socket.socket.bind


def _bind_elsewhere(self: socket.socket, address: Any) -> None:
    """Bind to the port that stands in for the one that was asked for."""
    if isinstance(address, tuple) and address[1] in _ports:
        address = (address[0], _ports[address[1]], *address[2:])
    _bind(self, address)


socket.socket.bind = _bind_elsewhere  # type: ignore[method-assign,assignment]

# Another sitecustomize, which this one hides, has its turn, too.
_elsewhere = [path for path in sys.path if os.path.abspath(path) != os.path.dirname(os.path.abspath(__file__))]
_spec = importlib.machinery.PathFinder.find_spec("sitecustomize", _elsewhere)
if _spec and _spec.loader:
    _spec.loader.exec_module(importlib.util.module_from_spec(_spec))
