"""The adapter for any WSGI callable: served and asked as it is."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from flask_nb.wsgi import NotWSGIError

from .foreign import ForeignEngine
from .frameworks import Framework
from .protocol import StartResponse

ANY_WSGI = Framework("WSGI", "wsgi")


class WSGIEngine(ForeignEngine):
    """A WSGI app of whatever kind as the notebook sees it."""

    def wsgi_app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request.

        :raises NotWSGIError: the app has returned nothing that could be an answer.
        """
        answer = self.app(environ, start_response)
        if inspect.iscoroutine(answer):
            answer.close()
        if not isinstance(answer, Iterable):
            kind = type(answer).__name__
            raise NotWSGIError(f"{self.label} returned {kind}, where an iterable of bytes belongs")
        return answer
