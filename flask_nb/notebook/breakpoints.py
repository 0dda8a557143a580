"""``breakpoint()`` in a view: the debugger asks and is answered in the cell of the request.

Only the kernel's main thread can ask a person something, and in process a view runs there. A view that the
server answers goes on, and the exchange says what to type. In a cell, and while the front end's own debugger
is attached, ``breakpoint()`` is what it was.
"""

from __future__ import annotations

import inspect
import os
import pdb
import sys
import threading
from bdb import Bdb
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, wraps
from types import FrameType, ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

import IPython.core.debugger
from IPython.core.debugger import InterruptiblePdb

from flask_nb.exchange import Recording, recorder
from flask_nb.exchange.streams import RequestStream
from flask_nb.exchange.waiting import WORKER, resting

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .host import Host

_SERVED = "the server answers in another thread. Send the request with --in-process to stop there"
_OTHER_THREAD = "what is async runs in a thread of its own. Raise an error there instead, and type %debug"
_NO_INPUT = "this front end cannot be asked anything while a cell runs"

Stack = list[tuple[FrameType, int]]


def stop_at_breakpoints(ip: InteractiveShell, host: Host) -> Callable[[], None]:
    """Let ``breakpoint()`` and ``pdb.set_trace()`` stop in views from now on; return what ends that.

    :param host: knows which request the running code answers, and which code is the person's.
    """
    with ExitStack() as undo:
        for holder, name in _CALLS:
            undo.callback(_replace(holder, name, ip, host))
        return undo.pop_all().close


_CALLS: tuple[tuple[ModuleType, str], ...] = (
    (sys, "breakpointhook"),
    (pdb, "set_trace"),
    (IPython.core.debugger, "set_trace"),
)
"""What is called to stop, and the modules that have it."""


def _replace(holder: ModuleType, name: str, ip: InteractiveShell, host: Host) -> Callable[[], None]:
    original = getattr(holder, name)

    def is_own(filename: str) -> bool:
        return host.sources.place(filename) is not None

    @wraps(original)
    def stop(*args: Any, **options: Any) -> Any:
        recording = host.recorder.current()
        if recording is None or (holder is sys and _is_for_another_debugger()):
            return original(*args, **options)
        frame = sys._getframe(1)
        if reason := _reason_not_to(ip, frame):
            call = f"{'breakpoint' if holder is sys else name}() in {frame.f_code.co_name}"
            _say(recording, f"{call}, line {frame.f_lineno}, was passed over: {reason}")
        else:
            ViewDebugger(is_own, lambda: host.recorder.current() is recording).set_trace(frame)
        return None

    def undo() -> None:
        if getattr(holder, name) is stop:
            setattr(holder, name, original)

    setattr(holder, name, stop)
    return undo


def _is_for_another_debugger() -> bool:
    """Whether ``breakpoint()`` is for what the environment names, or the front end's debugger."""
    is_connected = getattr(sys.modules.get("debugpy"), "is_client_connected", None)
    return bool(os.environ.get("PYTHONBREAKPOINT")) or (is_connected is not None and bool(is_connected()))


def _reason_not_to(ip: InteractiveShell, frame: FrameType) -> str:
    """Say why nobody can be asked anything now; empty if somebody can."""
    if threading.current_thread() is not threading.main_thread():
        frames = list(_outwards(frame))
        is_async = any(each.f_code.co_flags & inspect.CO_COROUTINE for each in frames)
        is_of_request = any(map(_is_of_recorder, frames)) and threading.current_thread().name != WORKER
        return _SERVED if is_of_request and not is_async else _OTHER_THREAD
    return "" if getattr(getattr(ip, "kernel", None), "_allow_stdin", True) else _NO_INPUT


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_of_recorder(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") == recorder.__name__


def _say(recording: Recording, words: str) -> None:
    if recording.key:
        recording.notes.append(words)
    else:
        recording.write("stderr", f"{words}\n")  # nobody waits for the exchange: %serve log has it


class _CellStream:
    """The output of the cell, past the request that takes what is printed."""

    def write(self, text: str) -> int:
        stream: Any = sys.stdout
        while isinstance(stream, RequestStream):
            stream = stream.real
        stream.write(text)
        stream.flush()  # before the question that follows
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


class ViewDebugger(InterruptiblePdb):
    """The debugger of one stop in a view: it sees the person's own code, and ends with the request.

    :param is_own: tells of a file's name whether the code in it is the person's.
    :param is_running: tells whether the request is still being answered.
    """

    def __init__(self, is_own: Callable[[str], bool], is_running: Callable[[], bool]) -> None:
        # Its own handler of interrupts would stay behind in the kernel.
        super().__init__(stdout=_CellStream(), nosigint=True)
        self.use_rawinput = True  # it asks through the front end, although its output is not the standard one
        self._is_own = cache(is_own)
        self._is_running = is_running

    def set_trace(self, frame: FrameType | None = None, **options: Any) -> None:
        """Stop at the next line of a frame; what called the app is not watched."""
        super().set_trace(frame, **options)  # type: ignore[no-untyped-call]
        callers = _outwards(frame)
        next(filter(_is_of_recorder, callers), None)
        for caller in callers:
            caller.f_trace = None

    def trace_dispatch(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Go on only while the request does."""
        if not self._is_running():
            sys.settrace(None)
            return None
        return super().trace_dispatch(frame, event, arg)

    def stop_here(self, frame: FrameType) -> bool:
        """Stop in the person's code alone; IPython's own way would print what it has passed over."""
        return self._is_own(frame.f_code.co_filename) and Bdb.stop_here(self, frame)

    def get_stack(self, f: FrameType | None, t: TracebackType | None) -> tuple[Stack, int]:
        """Return the frames of the person's own code in the app, and which of them is the one at hand."""
        stack, index = super().get_stack(f, t)  # type: ignore[no-untyped-call]
        own = [place for place, (frame, _) in enumerate(stack) if place == index or self._is_shown(frame)]
        return [stack[place] for place in own], own.index(index)

    def _is_shown(self, frame: FrameType) -> bool:
        return self._is_own(frame.f_code.co_filename) and any(map(_is_of_recorder, _outwards(frame)))

    def interaction(self, *args: Any, **options: Any) -> None:
        """Ask what to do; no time limit runs out meanwhile."""
        with resting():
            super().interaction(*args, **options)  # type: ignore[no-untyped-call]
