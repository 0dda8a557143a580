"""Ports for the servers that tests start."""

from __future__ import annotations

import socket
from contextlib import suppress
from random import SystemRandom

_RANDOM = SystemRandom()  # pytest-randomly has the workers of a run draw the same numbers from any other


def free_port() -> int:
    """Return a port that nobody has.

    It is below those that the system gives to connections: of these another test may have one at any moment.
    """
    while True:
        port = _RANDOM.randrange(10_000, 20_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
