"""Werkzeug's debugger, bounded: it would keep the frames of every failure, and all that they hold."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

from werkzeug.debug import DebuggedApplication

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_FAILURES = 20
"""How many failures keep their frames."""


class BoundedDebugger(DebuggedApplication):
    """WSGI middleware that shows a debugger for what leaves the app, for the last failures."""

    def debug_application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        """Answer a request, and let go of the frames of older failures."""
        try:
            yield from super().debug_application(environ, start_response)
        finally:
            self._forget()

    def _forget(self) -> None:
        kept = list(self.frame_contexts.items())  # at once: other threads fail meanwhile
        # All frames of a failure have one and the same list of contexts, and no other failure has it.
        last = [*dict.fromkeys(id(contexts) for _, contexts in kept)][-MAX_FAILURES:]
        old = [frame for frame, contexts in kept if id(contexts) not in last]
        for frame in old:
            self.frames.pop(frame, None)
            self.frame_contexts.pop(frame, None)
        # An exception and the frames that it went through hold each other, and a few large values in them
        # do not make Python look for such circles.
        if old:
            gc.collect()
