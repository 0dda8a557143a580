# mypy: implicit-reexport
# ruff: noqa: F401
"""Requests of the notebook: how they travel, and what happens meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_nb.lazy import offer

if TYPE_CHECKING:
    from .cookies import Cookie, CookieJar
    from .exchange import Exchange, ExchangeResponse
    from .exchanger import Exchanger
    from .failure import Failure
    from .files import FileClient
    from .masks import mask_value
    from .reading import RawResponse
    from .recorder import Recorder, Recording
    from .request import Request
    from .ring import KeptExchange, Ring
    from .seen import Seen
    from .statements import watching_statements
    from .transports import InProcessTransport, SocketTransport
else:
    __getattr__, __all__ = offer(
        __name__,
        {
            "cookies": "Cookie CookieJar",
            "exchange": "Exchange ExchangeResponse",
            "exchanger": "Exchanger",
            "failure": "Failure",
            "files": "FileClient",
            "masks": "mask_value",
            "reading": "RawResponse",
            "recorder": "Recorder Recording",
            "request": "Request",
            "ring": "KeptExchange Ring",
            "seen": "Seen",
            "statements": "watching_statements",
            "transports": "InProcessTransport SocketTransport",
        },
    )
