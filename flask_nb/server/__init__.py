"""The background server: any WSGI app on a socket, within this process, started and stopped at will.

waitress does the HTTP, and this package is the one that loads it. What is added is a life cycle that can be
repeated (bind, serve, drain, close, leave nothing behind) and the means to get rid of a view that does not
come back.

``background``   :class:`BackgroundServer`, what others see: start, stop, restart, cancel
``loop``         what exists between one start and its stop: sockets, threads, and the loop over them
``in_flight``    the requests that views are working on, and how one is stopped
``answering``    between waitress and the app: nothing but an answer comes out of it

Three kinds of threads take part. The **loop thread** owns all sockets: nothing else opens or closes one.
**Worker threads** call the app, one request at a time. Whoever calls :class:`BackgroundServer` only sets
flags, wakes the loop thread and waits for it.
"""

from .background import BackgroundServer
from .in_flight import RunningRequest

__all__ = ["BackgroundServer", "RunningRequest"]
