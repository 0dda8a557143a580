"""The client of the notebook: sends requests, follows redirects, keeps cookies, tells what happened."""

from __future__ import annotations

import dataclasses
import time

import werkzeug
from werkzeug.datastructures import Headers

from .bodies import body_kind, body_text
from .cookies import CookieJar
from .exchange import Exchange
from .files import FileClient
from .inlining import inlined_page
from .options import Display
from .reading import RawResponse
from .recorder import Recorder, Recording
from .redirects import redirected
from .request import Request
from .response import ExchangeResponse
from .transports import Transport

MAX_REDIRECTS = 20
"""How many redirects are followed, as browsers do."""

_TEARDOWN_SECONDS = 1.0
DEFAULT_DISPLAY = Display()


class Exchanger:
    """Sends requests and returns responses that can show themselves.

    :param transport: how requests travel; may be exchanged through the attribute of that name.
    :param recorder: notes what happens meanwhile.
    :param cookies: the cookie jar; a new one unless given.
    """

    def __init__(self, transport: Transport, recorder: Recorder, cookies: CookieJar | None = None) -> None:
        self.transport = transport
        self.recorder = recorder
        self.cookies = CookieJar() if cookies is None else cookies
        self._failed: Exchange | None = None

    def send(
        self, request: Request, follow: bool = True, display: Display = DEFAULT_DISPLAY
    ) -> ExchangeResponse:
        """Send a request and return the response.

        :param follow: whether to follow redirects within the app; those that were are in ``history``.
        :param display: how the exchange is to be shown.
        :raises RequestTimeoutError: if the view did not answer in time.
        :raises ConnectionLostError: if the server went away.
        """
        response = self._send_one(request)
        history: list[ExchangeResponse] = []
        while follow and (following := _following(request, response)) is not None:
            if len(history) == MAX_REDIRECTS:
                response.exchange.notes.append(f"not followed further: {MAX_REDIRECTS} redirects in a row")
                break
            history.append(response)
            request, response = following, self._send_one(following)
        response.history = tuple(history)
        for each in (*history, response):
            each.exchange.display = display
        self._complete_page(response)
        return response

    def without_cookies(self) -> Exchanger:
        """Return a client with a cookie jar of its own, which is empty."""
        return Exchanger(self.transport, self.recorder)

    def _complete_page(self, response: ExchangeResponse) -> None:
        """Fetch the files of a page now: a display must neither ask the app nor differ from the last one."""
        exchange = response.exchange
        if body_kind(response) == "html":
            client = FileClient(self.transport, self.recorder, self.cookies, exchange.request)
            url = f"http://{exchange.request.host}{exchange.request.path}"
            scripts = exchange.display.scripts
            exchange.page = inlined_page(body_text(response), url, client.fetch, scripts=scripts)

    def _send_one(self, request: Request) -> ExchangeResponse:
        sent = self._with_cookies(request)
        self.recorder.renew()
        recording = self.recorder.expect()
        began = time.perf_counter()
        try:
            raw = self.transport.send(sent, recording.key)
        finally:
            self.recorder.forget(recording)
        elapsed = time.perf_counter() - began
        if recording.started and not raw.truncated:
            recording.wait(_TEARDOWN_SECONDS)  # what the app prints after the last byte belongs to it too
        response = _response(sent, raw, recording)
        self.cookies.store(sent.host, sent.path, response.headers.getlist("Set-Cookie"))
        response.exchange = _exchange(request, response, raw, recording, elapsed)
        self._keep_only(response.exchange)
        return response

    def _with_cookies(self, request: Request) -> Request:
        header = self.cookies.header(request.host, request.path)
        is_settled = request.get_header("Cookie") is not None or "cookie" in request.dropped
        if header is None or is_settled:
            return request
        return dataclasses.replace(request, headers=(*request.headers, ("Cookie", header)))

    def _keep_only(self, exchange: Exchange) -> None:
        """Keep the frames of the last failure only: they hold on to all that the views had in hand."""
        if exchange.exception is None:
            return
        if self._failed is not None and self._failed.exception is not exchange.exception:
            self._failed.release()
        self._failed = exchange


def _following(request: Request, response: ExchangeResponse) -> Request | None:
    return redirected(request, response.status_code, response.headers.get("Location"))


def _response(request: Request, raw: RawResponse, recording: Recording) -> ExchangeResponse:
    headers = Headers(_as_written(raw.headers, recording.headers))
    return ExchangeResponse([raw.body], raw.status, headers, request=werkzeug.Request(request.environ()))


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


def _exchange(
    request: Request, response: ExchangeResponse, raw: RawResponse, recording: Recording, elapsed: float
) -> Exchange:
    return Exchange(
        request=request,
        response=response,
        endpoint=recording.match.endpoint,
        rule=recording.match.rule,
        view_args=recording.match.view_args or {},
        parts=tuple(recording.parts),
        logs=tuple(recording.logs),
        warnings=tuple(recording.warnings),
        exception=recording.exception,
        failure=recording.failure,
        truncated=raw.truncated,
        near_rules=recording.near_rules,
        notes=list(dict.fromkeys(recording.notes)),
        own_headers=recording.headers,
        elapsed=elapsed,
    )
