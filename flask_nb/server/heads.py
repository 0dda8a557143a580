"""The head of a request: its limits, and the short way of one that can be read in one way only.

Most requests have no body, and a head of plain characters. Such a one is taken apart here, in a third of the
time, into what the parser in :mod:`.parsing` would have made of it. All else is left to that parser, above
all whatever is to be refused. It alone decides, and it is imported when there is something to decide.
"""

from __future__ import annotations

import re
from io import BytesIO
from urllib.parse import unquote_to_bytes

__all__ = ["MAX_FIELDS", "MAX_HEAD", "MAX_TARGET", "REASONS", "PlainRequest", "Refused", "plain_request"]

#: What a head may hold: bytes, fields, and bytes of the target.
MAX_HEAD, MAX_FIELDS, MAX_TARGET = 65536, 100, 8192

REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}

#: A path, without a fragment.
_LINE = re.compile(rb"([A-Z]+) ((/[!-\"$->@-~]*)(?:\?([!-\"$-~]*))?) HTTP/1\.1").fullmatch
_FIELD = re.compile(rb"([A-Za-z0-9-]+): ([!-~](?:[ -~]*[!-~])?)").fullmatch

#: What says that a body follows, or is about to.
_OF_A_BODY = frozenset({"CONTENT_LENGTH", "TRANSFER_ENCODING", "EXPECT"})


class Refused(Exception):
    """A request that no app gets to see.

    :param code: the status to answer with.
    :param text: why, in a full sentence.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.body = text


class PlainRequest:
    """A request without a body; the names are those of waitress' parser."""

    __slots__ = ("command", "headers", "path", "query", "request_uri")

    version = "1.1"

    def __init__(self, command: str, target: str, path: str, query: str, headers: dict[str, str]) -> None:
        self.command = command
        self.request_uri = target
        self.path = path
        self.query = query
        self.headers = headers

    def get_body_stream(self) -> BytesIO:
        """Return the body, which is empty."""
        return BytesIO()

    def close(self) -> None:
        """Keep nothing open."""


def plain_request(data: bytes) -> tuple[PlainRequest, int] | None:
    """Return the request with which *data* begins, and how many bytes it has; None where it is not plain."""
    end = data.find(b"\r\n\r\n", 0, MAX_HEAD)
    first, *fields = data[: max(end, 0)].split(b"\r\n")
    line = _LINE(first)
    if line is None or len(line[2]) > MAX_TARGET or len(fields) > MAX_FIELDS:
        return None
    headers: dict[str, str] = {}
    for field in map(_FIELD, fields):
        name = "" if field is None else field[1].decode().upper().replace("-", "_")
        if field is None or name in headers or name in _OF_A_BODY:
            return None
        headers[name] = field[2].decode()
    command, target, path, query = line.groups(b"")
    readable = unquote_to_bytes(path).decode("latin-1")
    request = PlainRequest(command.decode(), target.decode(), readable, query.decode(), headers)
    return request, end + 4
