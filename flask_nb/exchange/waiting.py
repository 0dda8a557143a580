"""Waiting for code that may never end: in another thread, or in this one under a watchdog."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Generic, TypeVar

from flask_nb.errors import ViewCancelled
from flask_nb.stopping import Stoppable

T = TypeVar("T")
WORKER = "flask_nb-exchange"
"""The name of the threads in which calls are waited for."""
_SLICE = 0.25  # Windows delivers an interrupt only between two waits
_EARLY = 0.01  # seconds; a timer may be a little early
_LATE = 1.0  # seconds; a machine that is busy makes a thread late by less


_rested: dict[int, float] = {}
"""By threads: for how many seconds a person was asked; less the moment since which one is."""
_resting: set[int] = set()


@contextmanager
def resting() -> Iterator[None]:
    """Let no time run out for this thread in a block in which a person is asked, such as by a debugger."""
    ident = threading.get_ident()
    if ident in _resting:
        yield
        return
    begun = time.monotonic()
    _resting.add(ident)
    _rested[ident] = _rested.get(ident, 0.0) - begun
    try:
        yield
    finally:
        _resting.discard(ident)
        _rested[ident] += time.monotonic()


def _seconds_rested(ident: int) -> float:
    return _rested.get(ident, 0.0) + (time.monotonic() if ident in _resting else 0.0)


class Deadline:
    """A point in time, which moves on while the thread that sets it is :func:`resting`.

    :param seconds: from now.
    """

    def __init__(self, seconds: float) -> None:
        self._ident = threading.get_ident()
        self._end = time.monotonic() + seconds - _seconds_rested(self._ident)

    @property
    def _over(self) -> float:
        return time.monotonic() - self._end - _seconds_rested(self._ident)

    @property
    def left(self) -> float:
        """Seconds until then, at least 0."""
        return max(0.0, -self._over)

    @property
    def seconds_held(self) -> float:
        """For how long after it no thread had a turn, asked just when the time was up; 0 for none.

        A thread that waits is called when the time is up. It is late when code that never gives up the
        interpreter, such as a regular expression, runs in another.
        """
        late = self._over
        return late if late > _LATE else 0.0


class WorkerCall(Generic[T]):
    """A call in a thread of its own, whose result can be awaited and interrupted.

    :param call: what to call.
    :param context: the context to call it in; an empty one unless given.
    """

    def __init__(self, call: Callable[[], T], context: contextvars.Context | None = None) -> None:
        self._call = call
        self._done = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None
        self._context = context or contextvars.Context()
        self._work = Stoppable()
        self._thread = threading.Thread(target=self._run, name=WORKER, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._context.run(self._work.run, self._call)
        except BaseException as exc:
            self._error = exc
        finally:
            self._done.set()

    def wait(self, deadline: Deadline) -> T:
        """Return what the call returns, or raise what it raises.

        :raises TimeoutError: if the deadline passes first.
        :raises KeyboardInterrupt: at once, if the user interrupts.
        """
        while not self._done.wait(min(_SLICE, deadline.left)):
            if not deadline.left:
                raise TimeoutError
        self._thread.join(1)
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def stop(self) -> None:
        """Stop the call as soon as its thread runs Python code again."""
        self._work.stop()

    def join(self, seconds: float) -> None:
        """Give the thread a moment to end; one that sleeps in C is left to itself then."""
        self._thread.join(seconds)


class Watchdog:
    """Stops what the calling thread runs when the time is up.

    In the main thread it comes as an interrupt, which also ends a sleep; elsewhere as an asynchronous
    exception. It never strikes once :meth:`run` has returned.

    :param seconds: how long.
    """

    def __init__(self, seconds: float) -> None:
        self._work = Stoppable()
        self._lock = threading.Lock()
        self._is_over = False
        self._has_fired = False
        self._ident = threading.get_ident()
        self._can_interrupt = _is_interruptible()
        self._deadline = Deadline(seconds)
        self._timer = self._make_timer()

    def _make_timer(self) -> threading.Timer:
        timer = threading.Timer(self._deadline.left, self._fire)
        timer.daemon = True
        return timer

    def run(self, call: Callable[[], T]) -> T:
        """Return what the call returns.

        :raises TimeoutError: if it was stopped.
        """
        try:
            try:
                with _raising_interrupts():
                    self._start()
                    return self._work.run(call)
            finally:
                self._disarm()
        except (KeyboardInterrupt, ViewCancelled) as exc:
            if not self._has_fired:
                raise
            raise TimeoutError from exc

    def _start(self) -> None:
        if sys.platform != "emscripten":  # no threads there, so nothing can watch
            self._timer.start()

    def _fire(self) -> None:
        with self._lock:
            if self._is_over:
                return
            if self._deadline.left > _EARLY:  # somebody was asked meanwhile
                self._timer = self._make_timer()
                self._timer.start()
                return
            self._has_fired = True
            # What runs may have a handler of its own meanwhile, as asyncio.run() has; it raises as well.
            if self._can_interrupt and callable(signal.getsignal(signal.SIGINT)):
                signal.pthread_kill(self._ident, signal.SIGINT)
            else:
                self._work.stop()

    def _disarm(self) -> None:
        with self._lock:
            self._is_over = True
        self._timer.cancel()


def _is_interruptible() -> bool:
    """Whether an interrupt would raise in this thread, within :func:`_raising_interrupts`."""
    return (
        hasattr(signal, "pthread_kill")
        and threading.current_thread() is threading.main_thread()
        and (signal.getsignal(signal.SIGINT) is signal.default_int_handler or _is_of_asyncio())
    )


def _is_of_asyncio() -> bool:
    """Whether an interrupt would only cancel the task in which this runs, which sees it when it waits."""
    handler = signal.getsignal(signal.SIGINT)
    return isinstance(handler, partial) and getattr(handler.func, "__func__", None) is _ON_SIGINT


_ON_SIGINT = getattr(asyncio.Runner, "_on_sigint", None)


@contextmanager
def _raising_interrupts() -> Iterator[None]:
    """Let an interrupt raise at once, also where a coroutine of ``asyncio.run()`` has called."""
    if not (threading.current_thread() is threading.main_thread() and _is_of_asyncio()):
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
