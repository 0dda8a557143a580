"""What an app owes to whoever calls it (PEP 3333), held in the same way over a socket and without one."""

from __future__ import annotations

import re
from typing import Any

__all__ = [
    "BODY_READS",
    "CLIENT",
    "NO_HEAD",
    "STARTED_TWICE",
    "NotWSGIError",
    "check_chunk",
    "check_head",
    "error_body",
    "explain",
    "fitting_headers",
    "is_bodiless",
]

#: What belongs to one connection, and so to the server alone (PEP 3333, RFC 2616 §13.5.1).
_HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "te", "trailers", "transfer-encoding", "upgrade",
    }
)  # fmt: skip

_OF_A_BODY = frozenset({"content-length", "content-type"})

#: What would end a header field, and begin another.
_LINE_END = re.compile(r"[\r\n]")

CLIENT = "flask_nb.client"
"""The key of an environ under which others keep what they find out about the client of a connection."""

BODY_READS = "flask_nb.body_reads"
"""The key of an environ that may hold a set: apps add how a view read the body, ``form`` or ``json``."""

NO_HEAD = "the app answered without calling start_response"
STARTED_TWICE = "the app called start_response a second time, and without exc_info"


class NotWSGIError(TypeError):
    """An app has answered with what no server can send."""


def check_head(status: Any, headers: Any) -> None:
    """Refuse a status or headers that would make another answer than the app meant.

    :raises NotWSGIError: in the app, which called ``start_response`` with them.
    """
    if not isinstance(status, str) or _LINE_END.search(status) or not _is_latin(status):
        raise NotWSGIError(f"the status {status!r} is no single line of text")
    code = status.partition(" ")[0]
    if not (code.isdecimal() and len(code) == 3 and code[0] != "0"):
        raise NotWSGIError(f"the status {status!r} does not begin with a number of three digits, such as 200")
    for name, value in map(_pair, headers):
        if not (isinstance(name, str) and isinstance(value, str)):
            raise NotWSGIError(f"the header {name!r}: {value!r} is not text")
        if _LINE_END.search(name) or _LINE_END.search(value):
            raise NotWSGIError(f"the header {name!r}: {value!r} has a line break")
        if not (_is_latin(name) and _is_latin(value)):
            raise NotWSGIError(
                f"the header {name!r}: {value!r} has characters that no header can have: quote them, "
                f"for instance with urllib.parse.quote"
            )
        if name.lower() in _HOP_BY_HOP:
            raise NotWSGIError(f"the header {name!r} is for the server to set")


def _pair(header: Any) -> tuple[Any, Any]:
    if not isinstance(header, tuple | list) or len(header) != 2:
        raise NotWSGIError(f"headers are a list of pairs such as ('Name', 'value'), and {header!r} is none")
    return header[0], header[1]


def is_bodiless(status: str) -> bool:
    """Whether an answer of this status has no body (RFC 9110 §6.4.1)."""
    return status.startswith(("1", "204", "304"))


def fitting_headers(status: str, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers without those of a body that there cannot be: ``return "", 204`` has a type."""
    if not is_bodiless(status):
        return list(headers)
    return [pair for pair in headers if pair[0].lower() not in _OF_A_BODY]


def check_chunk(chunk: Any) -> None:
    """Refuse a part of a body that is not made of bytes."""
    if not isinstance(chunk, bytes):
        raise NotWSGIError(f"the app gave {type(chunk).__name__} for a part of the body, where bytes belong")


def explain(exc: BaseException) -> str:
    """Return the text of the 500 that is answered when an exception has left the app."""
    if isinstance(exc, NotWSGIError):
        return f"{str(exc)[0].upper()}{str(exc)[1:]}."
    return f"The app raised {type(exc).__name__}. The server goes on."


def error_body(status: str, text: str) -> bytes:
    """Return the body of an answer that is given in place of the app's."""
    return f"{status}\n\n{text}\n".encode()


def _is_latin(text: str) -> bool:
    return text.isascii() or all(character <= "\xff" for character in text)
