"""The requests that views are working on, and the way to stop one."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flask_nb.errors import ViewCancelled
from flask_nb.stopping import Stoppable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: Where the channel of a request stands in its environ until the request is admitted.
CHANNEL = "flask_nb.channel"

#: How many keys of requests that were given up before they began are remembered.
_REFUSED_KEYS = 256


@dataclass(frozen=True, slots=True)
class RunningRequest:
    """One request that a view is working on.

    :param key: what the request carried in the key header; None for a browser's.
    :param method: its method.
    :param path: its path, without the query.
    :param age: for how many seconds it has run.
    :param state: ``abandoned`` once it was cancelled and did not come back, else ``running``.
    """

    key: str | None
    method: str
    path: str
    age: float
    state: Literal["running", "abandoned"]


class Work(Stoppable):
    """One request that a worker thread works on."""

    __slots__ = (
        "abandoned", "channel", "ended", "endless", "key", "method", "path", "reason", "since", "thread",
    )  # fmt: skip

    def __init__(self, environ: WSGIEnvironment, key: str | None) -> None:
        super().__init__()
        self.key = key
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace")
        self.channel: Any = environ.pop(CHANNEL, None)
        self.since = time.monotonic()
        self.thread = threading.get_ident()
        self.reason = ""  # why it is to stop
        self.abandoned = self.ended = self.endless = False

    def wake_loop(self, thunk: Callable[[], None] | None = None) -> None:
        """Wake the loop thread, and let it do something where that is given."""
        if self.channel is not None:
            self.channel.server.pull_trigger(thunk)

    def describe(self, now: float) -> RunningRequest:
        """Return what others may know of it."""
        state: Literal["running", "abandoned"] = "abandoned" if self.abandoned else "running"
        return RunningRequest(self.key, self.method, self.path, now - self.since, state)


class InFlight:
    """The requests that views are working on.

    :param set_thread_count: says how many worker threads there shall be.
    :param threads: how many requests are worked on at once.
    :param max_threads: how many threads there may be at most, those of abandoned views included.
    :param grace: seconds that a cancelled view is given to come back before its thread is replaced.
    """

    def __init__(
        self, set_thread_count: Callable[[int], None], threads: int, max_threads: int, grace: float
    ) -> None:
        self._set_thread_count = set_thread_count
        self._threads = threads
        self._max_threads = max_threads
        self._grace = grace
        self._changed = threading.Condition(threading.RLock())
        self._works: dict[Work, None] = {}  # in the order of their beginning
        self._refused: deque[str] = deque(maxlen=_REFUSED_KEYS)
        self._stuck = 0
        self._closed = False

    # What a worker thread calls.

    def begin(self, work: Work) -> None:
        """Take a request in.

        :raises ViewCancelled: it was given up before it began.
        :raises NoThreadLeftError: too many views have never come back.
        """
        with self._changed:
            self._works[work] = None
            if work.key is not None and work.key in self._refused:
                work.reason = "it was cancelled before it began"
                work.stop()
                raise ViewCancelled
            if self._stuck >= self._max_threads:
                raise NoThreadLeftError(self._stuck)

    def end(self, work: Work) -> None:
        """Let a request go; a second time does nothing."""
        with self._changed:
            if work.ended:
                return
            work.ended = True
            del self._works[work]
            if work.abandoned:
                self._stuck -= 1
                self._resize()
            if work.is_stopped:
                self._changed.notify_all()
                work.wake_loop()  # which may wait for the last one to end

    # What other threads call.

    def snapshot(self) -> list[RunningRequest]:
        """Return the requests, the oldest first."""
        with self._changed:
            now = time.monotonic()
            return [work.describe(now) for work in self._works]

    def threads(self) -> set[int]:
        """Return the threads that are at work."""
        with self._changed:
            return {work.thread for work in self._works}

    def has_running(self) -> bool:
        """Whether a request is at work that may still be answered."""
        with self._changed:
            return any(not work.abandoned for work in self._works)

    def cancel(self, key: str, reason: str) -> bool:
        """Stop the requests with this key, and abandon those that do not come back in time."""
        with self._changed:
            found = [work for work in self._works if work.key == key]
            if not found:
                self._refused.append(key)
            for work in found:
                _stop(work, reason)
            try:
                self._changed.wait_for(lambda: all(work.ended for work in found), self._grace)
            finally:  # also when an interrupt ends the wait
                for work in found:
                    self._abandon(work)
            return bool(found)

    def stop(self, *, endless: bool = False) -> list[Any]:
        """Stop all requests, or those alone that never end, and return their channels."""
        with self._changed:
            works = [work for work in self._works if work.endless or not endless]
            for work in works:
                _stop(work, "the server is being stopped")
            return [work.channel for work in works if work.channel is not None]

    def close(self) -> None:
        """Start no more threads."""
        with self._changed:
            self._closed = True

    def _abandon(self, work: Work) -> None:
        if work.ended or work.abandoned:
            return
        work.abandoned = True
        self._stuck += 1
        self._resize()
        if work.channel is not None:
            work.wake_loop(work.channel.handle_close)

    def _resize(self) -> None:
        """Give every stuck thread a replacement; with all of them stuck, keep one to say so."""
        if not self._closed:
            wanted = min(self._threads + self._stuck, self._max_threads)
            self._set_thread_count(wanted + (self._stuck >= self._max_threads))


def _stop(work: Work, reason: str) -> None:
    work.reason = work.reason or reason
    work.stop()


class NoThreadLeftError(Exception):
    """So many views have never come back that there is no thread for another.

    :param stuck: how many.
    """

    def __init__(self, stuck: int) -> None:
        super().__init__(
            f"{stuck} views of this server were cancelled and never came back, so it has no thread left for "
            f"another. Type %serve restart, or restart the kernel"
        )
