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
    from .failure import Failure, exception_message, known_secrets, project_file_name, release_frames
    from .files import FileClient
    from .masks import mask_value
    from .reading import RawResponse
    from .recorder import Recorder, Recording
    from .request import Request
    from .ring import KeptExchange, Ring
    from .secrecy import OTHER_SHAPES, WORD_SHAPES, evidence, is_made, is_no_secret, is_secret_name
    from .seen import Seen
    from .statements import Statement, parameters_text, statement_text, watching_statements
    from .steps import Head, Step, described, name_of, place_of, raised, returned
    from .transports import InProcessTransport, SocketTransport
else:
    __getattr__, __all__ = offer(
        __name__,
        {
            "cookies": "Cookie CookieJar",
            "exchange": "Exchange ExchangeResponse",
            "exchanger": "Exchanger",
            "failure": "Failure exception_message known_secrets project_file_name release_frames",
            "files": "FileClient",
            "masks": "mask_value",
            "reading": "RawResponse",
            "recorder": "Recorder Recording",
            "request": "Request",
            "ring": "KeptExchange Ring",
            "secrecy": "OTHER_SHAPES WORD_SHAPES evidence is_made is_no_secret is_secret_name",
            "seen": "Seen",
            "statements": "Statement parameters_text statement_text watching_statements",
            "steps": "Head Step described name_of place_of raised returned",
            "transports": "InProcessTransport SocketTransport",
        },
    )
