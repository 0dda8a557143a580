"""Stopping code that runs in another thread: an exception that the interpreter raises there.

``PyThreadState_SetAsyncExc`` leaves a note with the interpreter, which is read when the thread next runs
Python; a thread that sleeps in C does not. Python 3.11 keeps *every* thread looking for such a note while
one is open, and a thread that is being traced (a debugger, coverage) then looks for ever when it calls a
function: it hangs until the sleeper wakes. So there a note is never left open: it is offered for a moment,
taken back, and offered again now and then.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterable
from time import sleep
from typing import TypeVar

from .errors import ViewCancelled

__all__ = ["NOTES_HOLD_UP_TRACING", "Stoppable"]

T = TypeVar("T")

#: Whether a note that nobody takes holds up threads that are being traced.
NOTES_HOLD_UP_TRACING = sys.version_info < (3, 12)

_set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Stoppable:
    """Code of somebody else's that one thread runs and another may stop.

    :class:`~flask_nb.errors.ViewCancelled` must reach that code and nothing that its thread does before or
    afterwards. Hence two rules:

    1. The thread says when it is inside that code, and under a lock the exception is set only while it is.
    2. On leaving, under the same lock, an exception that was set and has not arrived is taken back.
    """

    __slots__ = ("_has_struck", "_ident", "_lock", "is_stopped")

    def __init__(self) -> None:
        # A thread that was hit while it held the lock must get it again on its way out.
        self._lock = threading.RLock()
        self._ident: int | None = None  # of the thread that is inside
        self._has_struck = False
        self.is_stopped = False

    def run(self, call: Callable[[], T], *, is_cleanup: bool = False) -> T:
        """Call what may be stopped; only in here can it be.

        :param is_cleanup: run it even after :meth:`stop`.
        :raises ViewCancelled: it was stopped, now or before.
        """
        try:
            try:
                self.enter(is_cleanup=is_cleanup)
                return call()
            finally:
                self.leave()
        except ViewCancelled:
            self.leave()  # it may have arrived in the first one
            raise

    def enter(self, *, is_cleanup: bool = False) -> None:
        """Let the calling thread be stopped from here on.

        :raises ViewCancelled: it was stopped before, and this is no clean-up.
        """
        with self._lock:
            if self.is_stopped and not is_cleanup:
                raise ViewCancelled
            self._ident = threading.get_ident()

    def leave(self) -> None:
        """Let nothing reach the calling thread any more."""
        # No "with": from Python 3.14 on the exception may arrive between __enter__ and the block. An
        # RLock knows its owner, so releasing one that was not yet acquired is an error, not an accident.
        try:
            self._lock.acquire()
            ident, self._ident = self._ident, None
            if self._has_struck and ident is not None:
                # In the place of what has not arrived comes what is awaited here. No function is called in
                # between: where notes hold up tracing, it would not return while another one is open.
                _set_exception(ctypes.c_ulong(ident), ctypes.py_object(_Forgotten))
                for _ in range(1000):  # it arrives at a jump or after a call
                    pass
        except _Forgotten:
            pass
        finally:
            try:
                self._lock.release()
            except RuntimeError:
                pass

    def stop(self) -> None:
        """Stop the code as soon as its thread runs Python; return at once. A second time does nothing."""
        with self._lock:
            if self.is_stopped:
                return
            self.is_stopped = True
            if self._ident is None:
                return
            self._has_struck = True
            if not NOTES_HOLD_UP_TRACING:
                _set_exception(ctypes.c_ulong(self._ident), ctypes.py_object(ViewCancelled))
                return
        _offerer.add(self)

    @property
    def is_inside(self) -> bool:
        """Whether a thread is in that code."""
        return self._ident is not None


class _Forgotten(BaseException):
    """Raised by a thread in itself: taking it closes whatever note was open."""


class _Offerer:
    """Offers the exception to all who are to take it, for a moment and at the same time.

    One by one, there would always be a note open when there are many who sleep, and threads that are traced
    would never get on.
    """

    #: For how many steps of 10 ms a note is open: when somebody is new, long enough for a thread that has to
    #: share the interpreter with some more, else briefly.
    STEP, STEPS, STEPS_FOR_NEW = 0.01, 2, 20

    #: The first and the longest pause between two offers, in seconds. A thread that was hit on its way out
    #: must be out before it is hit again, hence no shorter one.
    FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.25

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._works: set[Stoppable] = set()
        self._thread: threading.Thread | None = None
        self._is_new = threading.Event()

    def add(self, work: Stoppable) -> None:
        """Offer it to one more, until that has been left."""
        with self._lock:
            self._works.add(work)
            self._is_new.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="flask_nb-stopper", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = self.FIRST_PAUSE
        while works := self._still_inside():
            if self._is_new.is_set():
                self._is_new.clear()
                pause = self.FIRST_PAUSE
                _offer(works, self.STEPS_FOR_NEW, self.STEP)
                sleep(pause)  # for those who are traced
            else:
                _offer(works, self.STEPS, self.STEP)
                self._is_new.wait(pause)
                pause = min(2 * pause, self.LONGEST_PAUSE)

    def _still_inside(self) -> list[Stoppable]:
        with self._lock:
            self._works = {work for work in self._works if work.is_inside}
            if not self._works:
                self._thread = None
            return list(self._works)


def _offer(works: Iterable[Stoppable], steps: int, step: float) -> None:
    """Leave the exception for as long as threads that run Python need to take it."""
    own = ctypes.c_ulong(threading.get_ident())
    cancelled, forgotten = ctypes.py_object(ViewCancelled), ctypes.py_object(_Forgotten)
    opened: list[tuple[Stoppable, int]] = []
    # From here on no function of Python is called, or being traced this thread would not come back.
    try:
        for work in works:
            # Who holds the lock is on its way out, and may itself be held up by the note before.
            if not work._lock.acquire(False):
                continue
            ident = work._ident
            if ident is not None:
                _set_exception(ctypes.c_ulong(ident), cancelled)
                opened.append((work, ident))
            work._lock.release()
        for _ in range(steps):
            sleep(step)
            is_any_left = False
            for work, _ident in opened:
                is_any_left = is_any_left or work._ident is not None
            if not is_any_left:
                break
        for _work, ident in opened:  # nobody else opens notes, so these are none but ours
            _set_exception(ctypes.c_ulong(ident), None)
        _set_exception(own, forgotten)
        for _ in range(1000):
            pass
    except _Forgotten:
        pass


_offerer = _Offerer()

if hasattr(os, "register_at_fork"):  # nobody would release its lock in a child
    os.register_at_fork(after_in_child=_offerer.__init__)  # type: ignore[misc]
