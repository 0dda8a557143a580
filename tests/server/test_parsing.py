"""Requests that can be read in two ways are refused with one answer; others arrive however they are cut."""

from __future__ import annotations

import re
import socket
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_nb.server.heads import MAX_FIELDS, MAX_HEAD, MAX_TARGET, plain_request
from flask_nb.server.parsing import RequestParser

POST = "POST / HTTP/1.1\r\nHost: localhost\r\n"
NEXT = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
CODED = "Transfer-Encoding: chunked\r\n"
CHUNKED = f"{CODED}\r\n"
GET = "GET / HTTP/1.1\r\nHost: localhost\r\n"

REFUSED = {
    # How long is the body? Each carries a second request, which one of the readings would answer.
    "both lengths": (400, f"{POST}Content-Length: 6\r\n{CHUNKED}0\r\n\r\n{NEXT}"),
    "both lengths, the other way": (400, f"{POST}{CODED}Content-Length: 4\r\n\r\n5c\r\n{NEXT}"),
    "two lengths": (400, f"{POST}Content-Length: 5\r\nContent-Length: 0\r\n\r\n{NEXT}"),
    "one length twice": (400, f"{POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello{NEXT}"),
    "a list of lengths": (400, f"{POST}Content-Length: 5, 5\r\n\r\nhello{NEXT}"),
    "an underscore": (400, f"{POST}Content_Length: 5\r\n\r\nhello{NEXT}"),
    "an underscore beside a hyphen": (400, f"{POST}Content-Length: 0\r\nContent_Length: 5\r\n\r\n{NEXT}"),
    "an underscore in the coding": (400, f"{POST}Transfer_Encoding: chunked\r\n\r\n0\r\n\r\n{NEXT}"),
    "a negative length": (400, f"{POST}Content-Length: -5\r\n\r\n{NEXT}"),
    "a length with a sign": (400, f"{POST}Content-Length: +5\r\n\r\nhello{NEXT}"),
    "a hexadecimal length": (400, f"{POST}Content-Length: 0x5\r\n\r\nhello{NEXT}"),
    "a length in other digits": (400, f"{POST}Content-Length: \xb2\r\n\r\n{NEXT}"),
    "a length of 5000 digits": (400, f"{POST}Content-Length: {'9' * 5000}\r\n\r\n{NEXT}"),
    "no length": (400, f"{POST}Content-Length: \r\n\r\n{NEXT}"),
    "a length with a blank within": (400, f"{POST}Content-Length: 1 0\r\n\r\n{NEXT}"),
    "a blank before the colon": (400, f"{POST}Content-Length : 5\r\n\r\nhello{NEXT}"),
    "a length in a folded line": (400, f"{POST}X-A: 1\r\n Content-Length: 5\r\n\r\nhello{NEXT}"),
    "a length that is folded": (400, f"{POST}Content-Length:\r\n 5\r\n\r\nhello{NEXT}"),
    "a coding that is folded": (400, f"{POST}Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n{NEXT}"),
    "two codings": (400, f"{POST}Transfer-Encoding: identity\r\n{CHUNKED}0\r\n\r\n{NEXT}"),
    "chunked twice": (400, f"{POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n{NEXT}"),
    "an unknown coding": (501, f"{POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{NEXT}"),
    "a coding after chunked": (501, f"{POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{NEXT}"),
    "a vertical tab in the coding": (400, f"{POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n{NEXT}"),
    "a coding with HTTP/1.0": (400, f"{POST.replace('1.1', '1.0')}{CHUNKED}0\r\n\r\n{NEXT}"),
    # Where does a chunk end?
    "a chunk without a size": (400, f"{POST}{CHUNKED}x\r\nhello\r\n0\r\n\r\n{NEXT}"),
    "a chunk of negative size": (400, f"{POST}{CHUNKED}-5\r\nhello\r\n0\r\n\r\n{NEXT}"),
    "a chunk with a prefix": (400, f"{POST}{CHUNKED}0x5\r\nhello\r\n0\r\n\r\n{NEXT}"),
    "a chunk that is longer than it says": (400, f"{POST}{CHUNKED}3\r\nhello\r\n0\r\n\r\n{NEXT}"),
    "a chunk with a line feed alone": (400, f"{POST}{CHUNKED}5\nhello\n0\n\n{NEXT}"),
    "a chunk whose line does not end": (400, f"{POST}{CHUNKED}5;{'a' * 5000}"),
    "a length after the last chunk": (400, f"{POST}{CHUNKED}0\r\nContent-Length: 5\r\n\r\n{NEXT}"),
    "a host after the last chunk": (400, f"{POST}{CHUNKED}0\r\nHost: example\r\n\r\n{NEXT}"),
    # Where does a line end, and what is a field?
    "line feeds alone": (400, "GET / HTTP/1.1\nHost: localhost\n\n\r\n\r\n"),
    "a carriage return alone": (400, f"{GET}X-A: 1\rX-B: 2\r\n\r\n"),
    "a line feed in a field": (400, f"{GET}X-A: 1\nContent-Length: 5\r\n\r\n{NEXT}"),
    "a field that is folded": (400, f"{GET}X-A: 1\r\n 2\r\n\r\n"),
    "a first field that is folded": (400, "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n"),
    "a field without a colon": (400, f"{GET}X-A\r\n\r\n"),
    "a field without a name": (400, f"{GET}: 1\r\n\r\n"),
    "a name with a blank": (400, f"{GET}X A: 1\r\n\r\n"),
    "a name in brackets": (400, f"{GET}X[A]: 1\r\n\r\n"),
    "a null byte in a value": (400, f"{GET}X-A: 1\x002\r\n\r\n"),
    "a bell in a value": (400, f"{GET}X-A: 1\x072\r\n\r\n"),
    "two hosts": (400, f"{GET}Host: example\r\n\r\n"),
    "two types": (400, f"{POST}Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n"),
    # What is asked for?
    "no version": (400, "GET /\r\nHost: localhost\r\n\r\n"),
    "another protocol": (400, "GET / HTTQ/1.1\r\n\r\n"),
    "a version to come": (505, "GET / HTTP/2.0\r\n\r\n"),
    "a version of long ago": (505, "GET / HTTP/0.9\r\n\r\n"),
    "a version in two digits": (400, "GET / HTTP/1.10\r\n\r\n"),
    "HTTP/2's own beginning": (505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a method in small letters": (400, "get / HTTP/1.1\r\n\r\n"),
    "a method in brackets": (400, "GE(T / HTTP/1.1\r\n\r\n"),
    "two blanks": (400, "GET  / HTTP/1.1\r\n\r\n"),
    "a blank at the end": (400, "GET / HTTP/1.1 \r\n\r\n"),
    "a blank at the beginning": (400, " GET / HTTP/1.1\r\n\r\n"),
    "a tab for a blank": (400, "GET\t/\tHTTP/1.1\r\n\r\n"),
    "a blank in the path": (400, "GET /a b HTTP/1.1\r\n\r\n"),
    "a null byte in the path": (400, "GET /\x00 HTTP/1.1\r\n\r\n"),
    "a path without a slash": (400, "GET index HTTP/1.1\r\n\r\n"),
    "a star for a path": (400, "GET * HTTP/1.1\r\n\r\n"),
    "a host for a path": (400, "CONNECT localhost:443 HTTP/1.1\r\n\r\n"),
    "a URL that is none": (400, "GET http://[::1/ HTTP/1.1\r\n\r\n"),
    "the handshake of TLS": (400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    "nothing but a line": (400, "hello\r\n\r\n"),
}  # fmt: skip

ANSWERED = {
    "a path": f"{GET}\r\n",
    "a whole URL": "GET http://localhost/a?b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a star for options": "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an empty line before it": f"\r\n{GET}\r\n",
    "an unknown method": "BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a body": f"{POST}Content-Length: 5\r\n\r\nhello",
    "an empty body": f"{POST}Content-Length: 0\r\n\r\n",
    "chunks": f"{POST}{CHUNKED}5\r\nhello\r\n0\r\n\r\n",
    "chunks with more to say": f"{POST}{CHUNKED}5;a=b\r\nhello\r\n0\r\nX-A: 1\r\n\r\n",
    "blanks around a value": f"{POST}Content-Length: \t 5 \t\r\n\r\nhello",
    "other underscores": f"{GET}X_A: 1\r\n\r\n",
    "bytes beyond ASCII": f"{GET}X-A: \xe9\r\n\r\n",
    "HTTP/1.0": "GET / HTTP/1.0\r\n\r\n",
}


class App:
    def __init__(self):
        self.asked = []

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], body))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"hi"]


def answers(server, data):
    """Return all that is answered to these bytes, up to the end of the connection."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        received = b""
        while piece := client.recv(65536):
            received += piece
    return received.decode()


def statuses(text):
    return [int(status) for status in re.findall(r"^HTTP/1\.[01] (\d{3}) ", text, re.M)]


@pytest.mark.parametrize(("status", "request_"), REFUSED.values(), ids=REFUSED)
def test_what_could_be_read_in_two_ways_is_refused_with_one_answer(serve, status, request_):
    app = App()
    text = answers(serve(app), request_.encode("latin-1"))
    assert statuses(text) == [status]
    assert "Connection: close" in text
    assert app.asked == []


@pytest.mark.parametrize("request_", ANSWERED.values(), ids=ANSWERED)
def test_what_is_in_order_is_answered(serve, request_):
    app = App()
    # The validator knows neither the star nor unknown methods.
    assert statuses(answers(serve(app, check=False), request_.encode("latin-1"))) == [200]
    assert len(app.asked) == 1


def test_a_refusal_comes_after_the_answers_to_what_came_before(serve, blocker):
    app = App()
    text = answers(serve(app), f"{GET}\r\n{GET}Content-Length: x\r\n\r\n{NEXT}".encode())
    assert statuses(text) in ([200, 400], [200])  # the client has said that it sends no more
    assert app.asked == [("GET", "/", b"")]


def test_a_refusal_says_why(serve):
    text = answers(serve(App()), REFUSED["both lengths"][1].encode())
    assert "Both content-length and transfer-encoding say how long the body is." in text


def parse(pieces):
    """Feed pieces to parsers, one after the other; return what they make of them."""
    found, parser = [], RequestParser(1000)
    for piece in pieces:
        while piece:
            count = parser.received(piece)
            assert 0 < count <= len(piece) or parser.completed
            piece = piece[count:]
            if parser.completed and not parser.empty:
                body = parser.get_body_stream().read() if parser.error is None else parser.error.code
                found.append((parser.error is None and parser.path, body))
                if parser.error is not None:
                    return found
            if parser.completed:
                parser = RequestParser(1000)
    return found


STREAM = (
    f"{GET}\r\n{POST}Content-Length: 5\r\n\r\nhello{POST}{CHUNKED}5\r\nhello\r\n3;a=b\r\nbye\r\n0\r\n\r\n"
    f"GET /last?a HTTP/1.1\r\nHost: localhost\r\n\r\n"
).encode()


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_requests_are_the_same_however_they_are_cut(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[begin:end] for begin, end in pairwise(edges)]
    assert parse(pieces) == [("/", b""), ("/", b"hello"), ("/", b"hellobye"), ("/last", b"")]


TOKENS = [
    "\r\n",
    "\n",
    " ",
    "GET",
    "/",
    "HTTP/1.1",
    "Content-Length",
    ":",
    "Transfer-Encoding",
    "chunked",
    "5",
    "\x00",
    "é",
]


@given(st.lists(st.sampled_from(TOKENS) | st.text(max_size=5), max_size=40), st.binary(max_size=50))
def test_whatever_arrives_is_parsed_or_refused(words, rest):
    parse(["".join(words).encode() + rest, b"\r\n\r\n" + rest])


# --- the short way --------------------------------------------------------------------------------


def read(request):
    """All that a request says of itself."""
    names = ("command", "request_uri", "path", "query", "version", "headers")
    return [getattr(request, name) for name in names]


def check_plain(head, rest=b""):
    """Compare both readings of a head, if the short way has one."""
    data = head.encode() + rest
    plain = plain_request(data)
    if plain is not None:
        parser = RequestParser(1000)
        assert parser.received(data) == plain[1] == len(data) - len(rest)
        assert (parser.error, parser.completed, parser.content_length) == (None, True, 0)
        assert read(parser) == read(plain[0])
        assert parser.get_body_stream().read() == plain[0].get_body_stream().read() == b""
    return plain is not None


METHODS = st.sampled_from(["GET", "POST", "get", "M-SEARCH", "PRI", "G"])
VERSIONS = st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/1.1 ", "HTTP/1.1\r"])
TARGETS = st.text("/a%41é:;@[]\\?#&=~\"' ", max_size=6) | st.sampled_from(["%2F%zz", "/a?b?c"])
NAMES = st.sampled_from(
    ["Host", "host", "X-A", "X_A", "Cookie", "Expect", "Content-Length", "Transfer-Encoding"]
)
VALUES = st.text('ab0,;="\t é\x7f:', max_size=4) | st.sampled_from(["localhost", "100-continue", "0", "5"])
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from([": ", ":", " : "]), VALUES).map("".join), max_size=3)


@given(METHODS, TARGETS, VERSIONS)
def test_a_plain_line_is_what_the_parser_makes_of_it(method, target, version):
    check_plain(f"GET /{target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
    check_plain(f"{method} /{target} {version}\r\nHost: localhost\r\n\r\n")


@given(FIELDS, st.binary(max_size=6))
@example(["X-A: 1 "], b"")
def test_plain_fields_are_what_the_parser_makes_of_them(fields, rest):
    check_plain("".join(f"{line}\r\n" for line in ["GET /a?b=c HTTP/1.1", *fields, ""]), rest)


@pytest.mark.parametrize(
    "head", [GET, f"{GET}X-A: a b: c\r\n", "BREW /%41?a=%42;c HTTP/1.1\r\nCookie: a=1\r\n"]
)
def test_what_browsers_send_is_plain(head):
    assert check_plain(f"{head}\r\n", b"more")


@pytest.mark.parametrize("request_", [request_ for _, request_ in REFUSED.values()], ids=REFUSED)
def test_what_is_to_be_refused_is_left_to_the_parser(request_):
    assert plain_request(request_.encode("latin-1")) is None


@pytest.mark.parametrize("room", [0, 1])
@pytest.mark.parametrize(
    "fill",
    [
        lambda room: f"GET /{'a' * (MAX_TARGET - room)} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        lambda room: f"{GET}{''.join(f'X-{n}: 1' + chr(13) + chr(10) for n in range(MAX_FIELDS - room))}\r\n",
        lambda room: f"{GET}X-A: {'a' * (MAX_HEAD + 1 - room - len(GET) - 9)}\r\n\r\n",
    ],
    ids=["target", "fields", "head"],
)
def test_the_short_way_has_the_limits_of_the_parser(fill, room):
    data, parser = fill(room).encode(), RequestParser(1000)
    parser.received(data)
    assert (plain_request(data) is not None) == (parser.error is None) == bool(room)


def test_a_head_that_comes_in_pieces_is_answered(serve):
    app, data = App(), f"{GET}\r\n".encode()
    with closing(socket.create_connection(("127.0.0.1", serve(app).port), timeout=20)) as client:
        for byte in data:
            client.sendall(bytes([byte]))
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
    assert len(app.asked) == 1
