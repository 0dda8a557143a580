"""Asking the app for the files of a page, aside from the notebook's own requests."""

from __future__ import annotations

from flask_nb.errors import RequestError

from .exchanger import Exchanger
from .reading import RawResponse
from .redirects import redirected
from .request import Request
from .waiting import Deadline

MAX_SECONDS = 5.0
"""Seconds that all files of one page may take."""

_MAX_HOPS = 3


class FileClient:
    """Asks the app for files as a browser would for the page that it shows.

    Cookies are sent but not taken, and what the app prints meanwhile belongs to no exchange.

    :param exchanger: the client that brought the page.
    :param page: the request that brought it; files come from the same host.
    """

    def __init__(self, exchanger: Exchanger, page: Request) -> None:
        self._exchanger = exchanger
        self._host = tuple(pair for pair in page.headers if pair[0].lower() == "host")
        self._default_host = page.default_host
        self._timeout = min(MAX_SECONDS, page.timeout)
        self._deadline: Deadline | None = None

    def fetch(self, path: str) -> RawResponse | None:
        """Return what the app answers, cut where that has no end; None if it does not in time."""
        request: Request | None = Request(
            "GET", path, self._host, default_host=self._default_host, takes_streams=False
        )
        # From the first file on: a page may be shown long after it came.
        self._deadline = self._deadline or Deadline(self._timeout)
        for _ in range(_MAX_HOPS):
            if request is None or not (seconds := self._deadline.left):
                return None
            try:
                _, raw, _ = self._exchanger.ask(request.replaced(timeout=seconds))
            except RequestError:
                return None
            if raw.truncated:
                return raw
            request = redirected(request, raw.status_code, raw.header("Location"))
            if request is None:
                return raw
        return None
