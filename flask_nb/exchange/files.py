"""Asking the app for the files of a page, aside from the notebook's own requests."""

from __future__ import annotations

import dataclasses

from flask_nb.errors import RequestError

from .assets import Fetched
from .cookies import CookieJar
from .reading import RawResponse
from .recorder import Recorder
from .redirects import redirected
from .request import Request
from .transports import Transport
from .waiting import Deadline

MAX_SECONDS = 5.0
"""Seconds that all files of one page may take."""

_MAX_HOPS = 3


class FileClient:
    """Asks the app for files as a browser would for the page that it shows.

    Cookies are sent but not taken, and what the app prints meanwhile belongs to no exchange.

    :param page: the request that brought the page; files come from the same host.
    """

    def __init__(self, transport: Transport, recorder: Recorder, cookies: CookieJar, page: Request) -> None:
        self._transport = transport
        self._recorder = recorder
        self._cookies = cookies
        self._host = tuple(pair for pair in page.headers if pair[0].lower() == "host")
        self._deadline = Deadline(min(MAX_SECONDS, page.timeout))

    def fetch(self, path: str) -> Fetched | None:
        """Return what the app answers, None if it does not in time."""
        request = Request("GET", path, self._host)
        for _ in range(_MAX_HOPS):
            raw = self._answer(request)
            if raw is None or raw.truncated:
                return None
            following = redirected(request, int(raw.status[:3]), raw.header("Location"))
            if following is None:
                return Fetched(int(raw.status[:3]), raw.header("Content-Type"), raw.body)
            request = following
        return None

    def _answer(self, request: Request) -> RawResponse | None:
        seconds = self._deadline.left
        if not seconds:
            return None
        cookies = self._cookies.header(request.host, request.path)
        headers = (*request.headers, ("Cookie", cookies)) if cookies else request.headers
        recording = self._recorder.expect()
        try:
            timed = dataclasses.replace(request, headers=headers, timeout=seconds)
            return self._transport.send(timed, recording.key)
        except RequestError:
            return None
        finally:
            self._recorder.forget(recording)
