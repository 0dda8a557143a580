"""Event streams for whoever wants to be told, which wait in the loop and not in threads.

A view that yields an endless stream keeps a thread, and a few open tabs would keep all of them. These streams
carry the same news to everybody, so nobody has to wait for them: the thread that leads writes them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["Broadcast", "HeldBody"]


class Broadcast:
    """The same news for all who listen.

    :param most: how many may listen at once.
    """

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._listeners: set[Connection] = set()
        self._news = b""

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def is_full(self) -> bool:
        """Whether nobody else can listen."""
        return len(self._listeners) >= self._most

    def send(self, news: bytes) -> None:
        """Tell everybody, and later whoever comes then; what was told before is out of date."""
        with self._lock:
            self._news = news
            listeners = list(self._listeners)
        for connection in listeners:
            connection.push(news)

    def join(self, connection: Connection) -> None:
        """Tell a connection from now on, and the last news at once."""
        with self._lock:
            self._listeners.add(connection)
            news = self._news
        connection.push(news)

    def leave(self, connection: Connection) -> None:
        """Tell a connection no more."""
        with self._lock:
            self._listeners.discard(connection)

    def close(self) -> None:
        """End all streams."""
        with self._lock:
            listeners = list(self._listeners)
        for connection in listeners:
            connection.close_soon()


class HeldBody:
    """The body of an answer that a broadcast goes on with; anywhere but in this server it is empty.

    :param broadcast: what is told.
    """

    def __init__(self, broadcast: Broadcast) -> None:
        self.broadcast = broadcast

    def __iter__(self) -> Iterator[bytes]:
        return iter(())
