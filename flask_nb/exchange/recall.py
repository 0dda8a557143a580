"""An exchange of the ring as it was: the request to send again, and the exchange to be shown."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

import werkzeug
from werkzeug.datastructures import Headers

from flask_nb.errors import MagicArgumentError

from .exchange import Exchange, ExchangeResponse
from .recorder import KEY_HEADER
from .request import DEFAULT_AGENT, Request
from .ring import KeptExchange

_OURS = frozenset({KEY_HEADER.lower(), "content-length"})
"""Headers that each sending adds anew."""

_PER_CONNECTION = frozenset({"connection", "transfer-encoding", "keep-alive", "upgrade", "te", "expect"})

ResponseT = TypeVar("ResponseT", bound=ExchangeResponse)


def request_of(response: ExchangeResponse) -> Request:
    """Return the same as :func:`sent_request`, to be sent again.

    :raises MagicArgumentError: not all of its body was kept.
    """
    request = sent_request(response)
    if (response.history or (response,))[0].exchange.is_request_cut:
        raise MagicArgumentError(
            f"{request} cannot be sent again: of its body only the first {len(request.body):,} bytes are kept"
        )
    return request


def sent_request(response: ExchangeResponse) -> Request:
    """Return the request that led to a response, with the cookies that went along."""
    first = response.history[0] if response.history else response
    request = first.exchange.request
    cookies = first.request.headers.get("Cookie")
    if cookies is None or request.get_header("Cookie") is not None:
        return request
    return request.with_header("Cookie", cookies)


def recalled(kept: KeptExchange, response_class: type[ResponseT], timeout: float) -> ResponseT:
    """Return the response that is kept in a ring, with its exchange.

    :param response_class: what the response is made of.
    :param timeout: seconds that the request may take when it is sent again.
    """
    request = _request(kept, timeout)
    response = response_class(
        [kept.answer],
        kept.status or "stopped",
        Headers(list(kept.answer_headers)),
        request=werkzeug.Request(request.environ()),
    )
    response.history = ()
    missing = kept.length - len(kept.answer)
    response.exchange = Exchange(
        request=request,
        response=response,
        endpoint=kept.endpoint,
        rule=kept.rule,
        view_args=dict(kept.view_args),
        parts=tuple(kept.parts),
        exception=kept.exception,
        failure=kept.failure,
        truncated=f"{missing:,} more bytes are not kept" if missing > 0 else None,
        own_headers=list(kept.answer_headers),
        seen=kept.seen,
        notes=[kept.refusal] if kept.is_refused else [],
        is_request_cut=kept.body_length > len(kept.body),
        is_refused=kept.is_refused,
    )
    return response


def _request(kept: KeptExchange, timeout: float) -> Request:
    # PEP 3333: a path in the environ is the text of its bytes in latin-1, and decoded.
    path = quote(kept.target.encode("latin-1", "replace"), safe="/:@!$&'()*+,;=-._~")
    headers = [("Content-Type", kept.content_type)] if kept.content_type else []
    headers += [pair for pair in kept.headers if _is_its_own(*pair)]
    return Request(
        kept.method, f"{path}?{kept.query}" if kept.query else path, tuple(headers), kept.body, timeout
    )


def _is_its_own(name: str, value: str) -> bool:
    """Whether a header says something of the request, and not of how it travelled."""
    is_added = (name, value) in {("User-Agent", DEFAULT_AGENT), ("Host", "localhost")}
    return not is_added and name.lower() not in _OURS | _PER_CONNECTION
