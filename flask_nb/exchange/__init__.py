"""Requests of the notebook: how they travel, what happens meanwhile, how they are shown."""

from .cookies import Cookie, CookieJar
from .exchange import Exchange, OutputPart
from .exchanger import Exchanger
from .failure import CellNamer, FailedLine, Failure
from .html import exchange_html
from .jsonpath import JsonPath, mask_json, parse_paths
from .masks import is_secret_name, mask_header, mask_text, mask_url, mask_value
from .options import Display
from .reading import RawResponse
from .recorder import KEY_HEADER, MATCH_KEY, Match, Recorder, Recording
from .request import Request
from .response import ExchangeResponse
from .streams import LogCapture
from .text import exchange_text
from .transports import InProcessTransport, SocketTransport, Transport

__all__ = [
    "KEY_HEADER",
    "MATCH_KEY",
    "CellNamer",
    "Cookie",
    "CookieJar",
    "Display",
    "Exchange",
    "ExchangeResponse",
    "Exchanger",
    "FailedLine",
    "Failure",
    "InProcessTransport",
    "JsonPath",
    "LogCapture",
    "Match",
    "OutputPart",
    "RawResponse",
    "Recorder",
    "Recording",
    "Request",
    "SocketTransport",
    "Transport",
    "exchange_html",
    "exchange_text",
    "is_secret_name",
    "mask_header",
    "mask_json",
    "mask_text",
    "mask_url",
    "mask_value",
    "parse_paths",
]
