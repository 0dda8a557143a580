"""Stopping code that runs in another thread: an exception that the interpreter raises there.

``PyThreadState_SetAsyncExc`` leaves a note with the interpreter, which is read when the thread next runs
Python; a thread that sleeps in C does not. Python 3.11 keeps *every* thread looking for such a note while
one is open, and a thread that is being traced (a debugger, coverage) then looks for ever: it hangs until
the sleeper wakes. So there a note is never left open: what is not taken at once is taken back, and
offered again now and then.
"""

from __future__ import annotations

import ctypes
import sys
import threading

#: Whether a note that nobody takes holds up threads that are being traced.
NOTES_HOLD_UP_TRACING = sys.version_info < (3, 12)

_set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc


class _Forgotten(BaseException):
    """Raised by a thread in itself: taking it closes whatever note was open."""


def raise_in_thread(ident: int, exception: type[BaseException]) -> None:
    """Raise an exception in a thread at its next line of Python.

    :param ident: the thread's ``ident``; one that has ended is passed over.
    """
    _set_exception(ctypes.c_ulong(ident), ctypes.py_object(exception))


def take_back(ident: int) -> None:
    """Take back an exception that has not arrived; does nothing when there is none."""
    if not NOTES_HOLD_UP_TRACING:
        _set_exception(ctypes.c_ulong(ident), None)
        return
    other, own = ctypes.c_ulong(ident), ctypes.c_ulong(threading.get_ident())
    forgotten = ctypes.py_object(_Forgotten)
    # No call of a Python function between the two: if this thread is traced, it would not return.
    try:
        _set_exception(other, None)
        _set_exception(own, forgotten)
        for _ in range(1000):  # it arrives at a jump or after a call
            pass
    except _Forgotten:
        pass
