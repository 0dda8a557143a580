# mypy: implicit-reexport
# ruff: noqa: F401
"""The background server: any WSGI app on a socket, within this process, started and stopped at will.

``background``   :class:`BackgroundServer`, what others see: start, stop, restart, cancel
``loop``         what exists between one start and its stop: the listening socket, connections, deadlines
``pool``         the threads, which take turns in leading
``connection``   one connection: requests come in, answers go out
``heads``        what a head may hold, and the short way of requests that are plain
``parsing``      any other request as it arrives: waitress' parser, imported when there is one
``answering``    between a connection and the app: nothing but an answer comes out
``broadcast``    event streams, which wait in the loop and keep no thread
``writing``      answers in the form in which they go over the wire
``in_flight``    the requests that wait or run, and how one is stopped

One thread **leads**: it watches all sockets, and it alone opens and closes them. The others work for one
request each, or wait. Whoever calls :class:`BackgroundServer` only sets flags, wakes the leader and waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_nb.lazy import offer

if TYPE_CHECKING:
    from .background import BackgroundServer, uninterrupted
    from .broadcast import Broadcast, HeldBody
    from .in_flight import RunningRequest
    from .parsing import RequestParser
else:
    __getattr__, __all__ = offer(
        __name__,
        {
            "background": "BackgroundServer uninterrupted",
            "broadcast": "Broadcast HeldBody",
            "in_flight": "RunningRequest",
            "parsing": "RequestParser",
        },
    )
