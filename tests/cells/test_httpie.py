"""Request lines beside what HTTPie 3.2.4 makes of the same words.

``httpie_requests.json`` holds method, words and HTTPie's request as ``http --offline --print=HB`` wrote
it (null where it refused), without the headers that are its own: User-Agent, Accept-Encoding, Connection,
Host, Content-Length and an Accept of anything.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import pytest

from flask_nb.cells import parse_request, quote_word
from flask_nb.errors import MagicArgumentError

CASES = json.loads(Path(__file__).with_name("httpie_requests.json").read_text("utf-8"))


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "text.txt").write_bytes("text é\n".encode())
    (tmp_path / "data.json").write_bytes(b'{"a": [1, 2]}\n')
    (tmp_path / "bytes.bin").write_bytes(b"\x00\xff")
    monkeypatch.chdir(tmp_path)


def our_request(method, words):
    resolved = parse_request(method, " ".join(map(quote_word, words))).expand(eval)
    path, _question, query = resolved.path.partition("?")
    headers = [[name, value.encode("latin-1").decode()] for name, value in resolved.headers]
    body = resolved.body.decode("latin-1")
    for header in headers:
        if found := re.search("boundary=(.*)", header[1]):
            header[1] = header[1].replace(found[1], "BOUNDARY")
            body = body.replace(found[1], "BOUNDARY")
    return {
        "path": unquote(path),
        "query": [list(pair) for pair in parse_qsl(query, keep_blank_values=True)],
        "headers": sorted(headers),
        "body": body,
    }


def comparable(request):
    """Return the request with its body as what it means: HTTPie escapes more, and groups a form's fields."""
    kind = dict(map(tuple, request["headers"])).get("Content-Type", "")
    body = request["body"]
    if kind == "application/x-www-form-urlencoded":
        body = sorted(parse_qsl(body, keep_blank_values=True), key=lambda pair: pair[0])
    elif body.startswith(("{", "[")):
        body = json.loads(body.encode("latin-1"))
    return {**request, "body": body}


@pytest.mark.parametrize(
    ("method", "words", "expected"), CASES, ids=[" ".join([case[0], *case[1]]) for case in CASES]
)
def test_a_line_makes_the_request_that_httpie_makes(method, words, expected, files):
    if expected is None:
        with pytest.raises(MagicArgumentError) as caught:
            our_request(method, words)
        assert "\n" not in str(caught.value)
    else:
        assert comparable(our_request(method, words)) == comparable(expected)
