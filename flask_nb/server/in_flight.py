"""The requests that wait for a thread or have one: who may begin, what is running, how one is stopped."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from flask_nb.errors import ViewCancelled
from flask_nb.stopping import Stoppable

if TYPE_CHECKING:
    from .connection import Connection

#: How many keys of requests that were given up before they began are remembered.
_REFUSED_KEYS = 256

State = Literal["waiting", "running", "abandoned"]


class RunningRequest(NamedTuple):
    """One request that has arrived and not been answered yet.

    :param key: what the request carried in the key header; None for a browser's.
    :param method: its method.
    :param path: its path, without the query.
    :param age: for how many seconds it has waited or run.
    :param state: ``waiting`` for a thread; ``running``; or ``abandoned``: nobody waits for the answer any
        more, and the view has not come back yet.
    """

    key: str | None
    method: str
    path: str
    age: float
    state: State


class Work(Stoppable):
    """One request, from its arrival to the end of its answer."""

    __slots__ = (
        "abandoned", "connection", "ended", "endless", "key",
        "method", "path", "reason", "request", "since", "thread",
    )  # fmt: skip

    def __init__(self, request: Any, key: str | None, connection: Connection | None = None) -> None:
        super().__init__()
        self.request = request
        self.key = key
        self.connection = connection
        self.method: str = request.command
        self.path: str = request.path
        self.since = time.monotonic()
        self.thread: int | None = None  # the one that works on it
        self.reason = ""  # why it is to stop
        self.abandoned = self.ended = self.endless = False

    def describe(self, now: float) -> RunningRequest:
        """Return what others may know of it."""
        state: State = "abandoned" if self.abandoned else "running" if self.thread else "waiting"
        path = self.path.encode("latin-1").decode(errors="replace")
        return RunningRequest(self.key, self.method, path, now - self.since, state)


class InFlight:
    """The requests that wait for a thread or have one.

    There are places for as many views as there shall be at once, and one more for a request of the notebook
    itself, which must get through when browsers have taken all the others. A view that nobody waits for any
    more keeps its thread until it comes back, but not its place.

    :param lock: guards everything in here; re-entrant.
    :param has_room: called under the lock when a place has been given back by somebody else than its thread.
    :param threads: how many requests are worked on at once.
    :param max_threads: how many views may have been abandoned before others are turned away.
    :param grace: seconds that a view that was stopped is given to come back before it is abandoned.
    """

    def __init__(
        self, lock: Any, has_room: Callable[[], None], threads: int, max_threads: int, grace: float
    ) -> None:
        self._threads = threads
        self._max_threads = max_threads
        self.grace = grace
        self._lock = lock
        self._has_room = has_room
        self._queue: deque[Work] = deque()
        self._own_queue: deque[Work] = deque()  # of requests with a key, which come first
        self._works: dict[Work, None] = {}  # those that have begun, in this order
        self._own = self._browsers = 0  # places taken
        self.stuck = 0
        self._refused: deque[str] = deque(maxlen=_REFUSED_KEYS)
        self._ended = threading.Condition(lock)

    # From its arrival to its end.

    def queue(self, work: Work) -> None:
        """Let a request wait for its turn."""
        with self._lock:
            (self._queue if work.key is None else self._own_queue).append(work)

    def take(self) -> Work | None:
        """Begin with the request whose turn it is; None when none waits, or there is no place for it."""
        with self._lock:
            taken = self._own + self._browsers
            if self._own_queue and taken <= self._threads:
                work = self._own_queue.popleft()
                self._own += 1
            elif self._queue and self._browsers < self._threads >= taken:
                work = self._queue.popleft()
                self._browsers += 1
            else:
                return None
            work.thread = threading.get_ident()
            work.since = time.monotonic()
            self._works[work] = None
            return work

    def admit(self, work: Work) -> None:
        """Let a request that was taken reach its view.

        :raises ViewCancelled: it was given up before it began.
        :raises NoThreadLeftError: too many views have never come back.
        """
        if work.key is not None and work.key in self._refused:
            work.reason = work.reason or "it was cancelled before it began"
            work.stop()
        if work.is_stopped:
            raise ViewCancelled
        # The notebook's own requests get through a little longer.
        if self.stuck >= self._max_threads + (self._threads if work.key is not None else 0):
            raise NoThreadLeftError(self.stuck)

    def end(self, work: Work) -> None:
        """Let a request go, and its place; a second time does nothing."""
        with self._lock:
            if work.ended:
                return
            work.ended = True
            del self._works[work]
            if work.abandoned:
                self.stuck -= 1
            else:
                self._leave_place(work)
            if work.is_stopped:
                self._ended.notify_all()

    def drop(self, work: Work) -> None:
        """Forget a request that has not begun."""
        with self._lock:
            queue = self._queue if work.key is None else self._own_queue
            if work in queue:
                queue.remove(work)

    # What others may do meanwhile.

    def snapshot(self) -> list[RunningRequest]:
        """Return the requests: those that have begun, then those that wait."""
        with self._lock:
            now = time.monotonic()
            return [work.describe(now) for work in (*self._works, *self._own_queue, *self._queue)]

    def threads(self) -> set[int | None]:
        """Return the threads that are at work."""
        with self._lock:
            return {work.thread for work in self._works}

    def has_running(self) -> bool:
        """Whether there is a request that may still be answered."""
        with self._lock:
            return bool(self._queue or self._own_queue) or any(not work.abandoned for work in self._works)

    def cancel(self, key: str, reason: str) -> bool:
        """Stop the requests with this key, and abandon those that do not come back in time."""
        with self._lock:
            found = [work for work in self._works if work.key == key]
            if not found:
                self._refused.append(key)
            for work in found:
                _stop(work, reason)
            try:
                self._ended.wait_for(lambda: all(work.ended for work in found), self.grace)
            finally:  # also when an interrupt ends the wait
                for work in found:
                    self._abandon(work)
            return bool(found)

    def stop(self, reason: str, which: Callable[[Work], bool] = lambda work: True) -> list[Work]:
        """Stop requests without waiting for them, and return those that had begun."""
        with self._lock:
            works = [work for work in self._works if which(work)]
            for work in (*works, *filter(which, (*self._own_queue, *self._queue))):
                _stop(work, reason)
            return works

    def abandon(self, work: Work, reason: str) -> None:
        """Stop a request whose answer nobody will read, and give its place back at once."""
        with self._lock:
            _stop(work, reason)
            self._abandon(work)

    def older_than(self, seconds: float) -> list[Work]:
        """Return the requests of browsers that have run for longer, and have not been stopped yet."""
        with self._lock:
            since = time.monotonic() - seconds
            return [w for w in self._works if w.key is None and w.since < since and not w.is_stopped]

    def leave_to_parent(self, lock: Any) -> None:
        """Take another lock, being a copy in a forked process, where nobody will ever release this one."""
        self._lock = lock
        self._ended = threading.Condition(lock)

    def _abandon(self, work: Work) -> None:
        if work.ended or work.abandoned or work.thread is None:
            return
        work.abandoned = True
        self.stuck += 1
        self._leave_place(work)
        self._has_room()
        if work.connection is not None:
            work.connection.close_soon()

    def _leave_place(self, work: Work) -> None:
        if work.key is None:
            self._browsers -= 1
        else:
            self._own -= 1


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
