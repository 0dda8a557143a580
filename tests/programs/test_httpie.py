"""Request lines beside HTTPie itself: any words are the request that it makes, or one clear error."""

from __future__ import annotations

import contextlib
import io
import os
from urllib.parse import parse_qsl, unquote

import pytest
from cells.comparison import comparable, our_request, write_files
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flask_nb.errors import MagicArgumentError

from .conftest import need

pytestmark = pytest.mark.programs

KEYS = ["a", "b", "c", "a[b]", "a[]", "a[0]", "X-A", "Accept", "é", "a\\=b", "a[", "a]", "\\1", ""]
OPERATORS = ["=", "=", ":=", "==", ":", ";", "=@", ":=@", "==@", ":@", ""]
VALUES = [
    "",
    "1",
    "x y",
    "é",
    "true",
    "[1, 2]",
    '"s"',
    "a=b",
    "\\=",
    "text.txt",
    "data.json",
    "bytes.bin",
    "no",
]
TYPED = st.text(alphabet="ab=:@;[]\\\"' 1é#", min_size=1)
ITEMS = st.builds("{}{}{}".format, *map(st.sampled_from, (KEYS, OPERATORS, VALUES))) | TYPED.filter(
    lambda word: not word.startswith(("-", "{", "["))
)
PATHS = ["/x", "/x?a=1", "/a b", "/é", "/a%2Fb", "/100%", "/x/../y", "/x?", "/x#f", "/don't", "/x;y"]
OWN = {"user-agent", "accept-encoding", "connection", "host", "content-length"}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    need("httpie")
    folder = tmp_path_factory.mktemp("httpie")
    write_files(folder)
    with contextlib.chdir(folder):
        yield folder


def request_of_httpie(folder, words):
    """Return what HTTPie would send, None where it refuses."""
    from httpie.context import Environment
    from httpie.core import main

    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    complaints = io.StringIO()
    with open(os.devnull, "w") as nowhere:
        environment = Environment(
            config_dir=folder,
            stdin=None,
            stdout=printed,
            stdout_isatty=False,
            stderr=complaints,
            stderr_isatty=False,
            devnull=nowhere,
        )
        arguments = ["http", "--offline", "--print=HB", "--ignore-stdin", "--pretty=none", *words]
        with contextlib.redirect_stderr(complaints), contextlib.suppress(SystemExit):
            main(arguments, env=environment)
    printed.flush()
    return printed.buffer.getvalue()


def as_ours(raw):
    """Return a request as HTTPie prints it in the words of the comparison."""
    head, _blank, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    path, _question, query = first.split(" ")[1].partition("?")
    headers = [[name, value.strip()] for name, _colon, value in (line.partition(":") for line in lines)]
    return {
        "path": unquote(path),
        "query": [list(pair) for pair in parse_qsl(query, keep_blank_values=True)],
        "headers": sorted(
            [name, value.replace("; charset=utf-8", "")]
            for name, value in headers
            if name.lower() not in OWN and (name, value) != ("Accept", "*/*")
        ),
        "body": body.decode("latin-1"),
    }


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["POST", "PUT", "DELETE"]),
    st.sampled_from([[], ["--form"], ["--json"]]),
    st.sampled_from(PATHS),
    st.lists(ITEMS, max_size=3),
)
@example("POST", [], "/x", ["b==", "a==", "b=="])  # HTTPie puts the values of a name together
def test_any_words_are_httpies_request_or_one_clear_error(folder, method, flags, path, items):
    try:
        ours = our_request(method, [*flags, path, *items])
    except MagicArgumentError:
        return
    if any(name == "Content-Type" and value.startswith("multipart") for name, value in ours["headers"]):
        return  # `file@path` makes a form by itself: a difference by intent
    raw = request_of_httpie(folder, [*flags, method, f"http://localhost{path}", *items])
    assert raw, "HTTPie refuses what was sent here"
    assert comparable(ours) == comparable(as_ours(raw))
