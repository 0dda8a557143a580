"""The client of the notebook: sends requests, follows redirects, keeps cookies, tells what happened."""

from __future__ import annotations

import time
from typing import Self

import werkzeug
from werkzeug.datastructures import Headers

from .cookies import CookieJar
from .exchange import Exchange, ExchangeResponse
from .reading import RawResponse
from .recorder import Recorder, Recording
from .redirects import redirected
from .request import Request
from .transports import Transport

MAX_REDIRECTS = 20
"""How many redirects are followed, as browsers do."""

_TEARDOWN_SECONDS = 1.0
_DRAWING_SECONDS = 10.0


class Exchanger:
    """Sends requests and returns responses with what happened meanwhile.

    :param transport: how requests travel; may be exchanged through the attribute of that name.
    :param recorder: notes what happens meanwhile.
    :param cookies: the cookie jar; a new one unless given.
    """

    response_class: type[ExchangeResponse] = ExchangeResponse
    """What responses are made of; a subclass may add how they are shown."""

    is_tracing = False
    """Whether the steps of requests are wanted, too."""

    is_stranger = False
    """Whether the gate is to treat its requests as anybody's."""

    is_in_background = False
    """Whether it sends from threads that are no cell's, which leave the streams as they are."""

    def __init__(self, transport: Transport, recorder: Recorder, cookies: CookieJar | None = None) -> None:
        self.transport = transport
        self.recorder = recorder
        self.cookies = CookieJar() if cookies is None else cookies

    def send(self, request: Request, follow: bool = True) -> ExchangeResponse:
        """Send a request and return the response.

        :param follow: whether to follow redirects within the app; those that were are in ``history``.
        :raises RequestTimeoutError: if the view did not answer in time.
        :raises ConnectionLostError: if the server went away.
        """
        response = self._exchange(request)
        history: list[ExchangeResponse] = []
        while follow and (
            following := redirected(request, response.status_code, response.headers.get("Location"))
        ):
            if len(history) == MAX_REDIRECTS:
                response.exchange.notes.append(f"not followed further: {MAX_REDIRECTS} redirects in a row")
                break
            history.append(response)
            request, response = following, self._exchange(following)
        response.history = tuple(history)
        return response

    def without_cookies(self) -> Self:
        """Return a client with a cookie jar of its own, which is empty."""
        return type(self)(self.transport, self.recorder)

    def as_stranger(self) -> Self:
        """Return a client without cookies whose requests do not pass the gate for being the notebook's."""
        stranger = self.without_cookies()
        stranger.is_stranger = True
        return stranger

    def ask(self, request: Request) -> tuple[Request, RawResponse, Recording]:
        """Send one request with the jar's cookies, and take none.

        :return: the request as it was sent, the response as it came, and what happened meanwhile.
        """
        header = self.cookies.header(request.host, request.path)
        is_settled = request.get_header("Cookie") is not None or "cookie" in request.dropped
        if header is not None and not is_settled:
            request = request.with_header("Cookie", header)
        recording = self.recorder.expect(is_tracing=self.is_tracing, is_stranger=self.is_stranger)
        try:
            return request, self.transport.send(request, recording.key), recording
        finally:
            # A request that was lost on its way must not leave its key behind, for somebody to find.
            self.recorder.forget(recording)

    def _exchange(self, request: Request) -> ExchangeResponse:
        # Here, in the thread of the cell: whoever replaces the streams elsewhere would undo it.
        if not self.is_in_background:
            self.recorder.renew()
        began = time.perf_counter()
        sent, raw, recording = self.ask(request)
        elapsed = time.perf_counter() - began
        if recording.started and not raw.truncated:
            # What the app prints after the last byte, or leaves drawn, belongs to it too.
            recording.wait(_DRAWING_SECONDS if recording.may_have_figures else _TEARDOWN_SECONDS)
        response = self.response_class(
            [raw.body],
            raw.status,
            Headers(_as_written(raw.headers, recording.headers)),
            request=werkzeug.Request(sent.environ()),
        )
        self.cookies.store(sent.host, sent.path, response.headers.getlist("Set-Cookie"))
        # The exchange has the request as it was meant: the jar's cookies would only be noise in it.
        response.exchange = Exchange(
            request=request,
            response=response,
            endpoint=recording.endpoint,
            rule=recording.rule,
            view_args=recording.view_args,
            parts=tuple(recording.parts),
            logs=tuple(recording.logs),
            warnings=tuple(recording.warnings),
            exception=recording.exception,
            failure=recording.failure,
            truncated=raw.truncated,
            near_rules=recording.near_rules,
            notes=dict.fromkeys(recording.notes),
            own_headers=recording.headers,
            seen=recording.seen,
            elapsed=elapsed,
        )
        return response


def _as_written(
    received: tuple[tuple[str, str], ...], own: list[tuple[str, str]] | None
) -> list[tuple[str, str]]:
    """Return the received headers in the app's order and spelling: servers change both."""
    rest = list(received)
    written = []
    for name, value in own or ():
        match = next(
            (pair for pair in rest if pair[0].lower() == name.lower() and pair[1] == value.strip()), None
        )
        if match is not None:
            rest.remove(match)
            written.append((name, match[1]))
    return written + rest
