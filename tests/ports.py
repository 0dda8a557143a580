"""Ports for the servers and kernels that tests start."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from itertools import cycle
from random import SystemRandom

_FIRST, _OF_A_WORKER, _WORKERS = 10_000, 1_000, 10

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_begin = SystemRandom().randrange(_OF_A_WORKER)  # for another run at the same time begins elsewhere
_ports = cycle(
    _FIRST + _worker * _OF_A_WORKER + (_begin + number) % _OF_A_WORKER for number in range(_OF_A_WORKER)
)


def free_port() -> int:
    """Return a port that nobody has, and that nobody will have at the next moment.

    It is below those that the system gives to connections, and no other worker is told it.
    """
    for port in _ports:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("the ports go round")
