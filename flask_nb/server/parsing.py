"""One request as it arrives: waitress' parser, with narrower limits and no second reading of a length.

Where a message ends must not be a matter of opinion: if a proxy before us and we disagree, what one takes for
a body is a request to the other (RFC 9112 §11.2). So whatever could be read in two ways is refused.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from waitress.parser import HTTPRequestParser

from .heads import MAX_FIELDS, MAX_HEAD, MAX_TARGET, Refused

__all__ = ["RequestParser"]

#: From so many bytes on a body is kept in a temporary file.
_IN_MEMORY = 524_288

#: Bytes of one line between chunks, and of what may follow the last chunk.
_MAX_CHUNK_LINE, _MAX_TRAILER = 4096, 65536

_FIRST_LINE = re.compile(rb"([^\x00-\x20\x7f]+) ([^\x00-\x20\x7f]+) HTTP/([0-9]\.[0-9])")

#: A path, a whole URL as proxies get it, or the ``*`` of OPTIONS (RFC 9112 §3.2).
_TARGET = re.compile(rb"/|[a-z][a-z0-9+.-]*://", re.I)

#: The fields that may come once only: what they say would depend on who reads them.
_SINGLE = re.compile(
    rb"^(host|content[-_]type|content[-_]length|transfer[-_]encoding)[ \t]*:[ \t]*(.*?)[ \t]*\r?$",
    re.I | re.M,
)
_NO_TRAILER = re.compile(rb"^(content-length|transfer-encoding|host)[ \t]*:", re.I | re.M)
_BLANKS = (b" ", b"\t", b"\v", b"\f")  # waitress would strip them
_FOLD = re.compile(rb"\r\n[ \t]")


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """Takes the bytes of one request; ``error`` says why it is to be refused.

    :param max_body: how many bytes a body may have.
    """

    error: Any

    def __init__(self, max_body: int) -> None:
        super().__init__(
            SimpleNamespace(
                max_request_header_size=MAX_HEAD + 1,
                max_request_body_size=max_body + 1,
                inbuf_overflow=_IN_MEMORY,
                url_scheme="http",
            )
        )
        self.max_body = max_body

    def received(self, data: bytes) -> int:
        """Take some bytes and return how many of them belong to this request."""
        try:
            if not self.header_plus and self.body_rcv is None and data[:1] in _BLANKS:
                raise Refused(400, "The request begins with a blank.")
            count: int = super().received(data)
            self._check_chunk()
        except Refused as exc:
            self._refuse(exc)
            return len(data)
        except ValueError:  # of urlsplit(): brackets that are no IPv6 address
            self._refuse(Refused(400, "The first line names no URL or path."))
            return len(data)
        except OSError as exc:  # a large body goes to a temporary file
            reason = exc.strerror or type(exc).__name__
            self._refuse(
                Refused(507, f"The body could not be kept in the folder for temporary files: {reason}.")
            )
            return len(data)
        if self.error is not None and self.error.code in (413, 431):
            self._refuse(_too_large(self.error.code, self.max_body))
        return count

    def parse_header(self, header_plus: bytes) -> None:
        """Take the whole head."""
        _check_head(header_plus)
        super().parse_header(header_plus)
        if self.content_length > self.max_body:
            raise _too_large(413, self.max_body)

    def _check_chunk(self) -> None:
        if self.chunked and (
            len(self.body_rcv.control_line) > _MAX_CHUNK_LINE or len(self.body_rcv.trailer) > _MAX_TRAILER
        ):
            raise Refused(400, "A chunk of the body begins with a line that does not end.")
        if self.completed and self.chunked and _NO_TRAILER.search(self.body_rcv.trailer):
            raise Refused(400, "What belongs at the head of a request came after its body (RFC 9110 §6.5.1).")

    def _refuse(self, exc: Refused) -> None:
        self.error = exc
        self.completed = True


def _check_head(head: bytes) -> None:
    line, _, fields = head.partition(b"\r\n")
    match = _FIRST_LINE.fullmatch(line)
    if match is None:
        raise Refused(400, "The first line is no request line, such as GET / HTTP/1.1.")
    method, target, version = match.groups()
    if len(target) > MAX_TARGET:
        raise Refused(414, f"The path and query are longer than {MAX_TARGET} bytes.")
    if version not in (b"1.0", b"1.1"):
        raise Refused(505, "This server speaks HTTP/1.1 and HTTP/1.0.")
    if not _TARGET.match(target) and (method, target) != (b"OPTIONS", b"*"):
        raise Refused(400, "The first line names no URL or path.")
    if fields.count(b"\r\n") > MAX_FIELDS + 1:  # the blank line ends with one, too
        raise Refused(431, f"The request has more than {MAX_FIELDS} header fields.")
    if _FOLD.search(head):
        raise Refused(
            400, "A header field goes on in a second line, which HTTP has given up (RFC 9112 §5.2)."
        )
    _check_single(_SINGLE.findall(fields), version)


def _check_single(fields: list[tuple[bytes, bytes]], version: bytes) -> None:
    """Refuse a head that leaves it open who is asked, or how long the body is (RFC 9112 §6)."""
    found = {}
    for name, value in fields:
        normal = name.lower().replace(b"_", b"-").decode()
        if normal in found:
            raise Refused(400, f"The header field {normal} came twice.")
        if b"_" in name:
            raise Refused(400, f"The header field {normal} came with an underscore.")
        found[normal] = value
    length, coding = found.get("content-length"), found.get("transfer-encoding")
    if length is not None and coding is not None:
        raise Refused(400, "Both content-length and transfer-encoding say how long the body is.")
    if length is not None and not re.fullmatch(rb"[0-9]{1,18}", length):
        raise Refused(400, "The content-length is no number.")
    if coding is not None and version == b"1.0":
        raise Refused(400, "HTTP/1.0 has no transfer-encoding.")
    if coding is not None and coding.lower().count(b"chunked") > 1:
        raise Refused(400, "The body is chunked more than once.")


def _too_large(code: int, max_body: int) -> Refused:
    if code == 431:
        return Refused(code, f"The request line and the header fields are longer than {MAX_HEAD} bytes.")
    return Refused(
        code, f"The body is larger than {max_body} bytes. c.FlaskNB.max_body says how much the server takes."
    )
