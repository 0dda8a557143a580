"""Requests of the notebook: how they travel, and what happens meanwhile."""

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

__all__ = [
    "Cookie",
    "CookieJar",
    "Exchange",
    "ExchangeResponse",
    "Exchanger",
    "Failure",
    "FileClient",
    "InProcessTransport",
    "KeptExchange",
    "RawResponse",
    "Recorder",
    "Recording",
    "Request",
    "Ring",
    "Seen",
    "SocketTransport",
    "mask_value",
    "watching_statements",
]
