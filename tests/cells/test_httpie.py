"""Request lines beside what HTTPie 3.2.4 makes of the same words.

``httpie_requests.json`` holds method, words and HTTPie's request as ``http --offline --print=HB`` wrote
it (null where it refused), without the headers that are its own: User-Agent, Accept-Encoding, Connection,
Host, Content-Length and an Accept of anything.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flask_nb.errors import MagicArgumentError

from .comparison import comparable, our_request, write_files

CASES = json.loads(Path(__file__).with_name("httpie_requests.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files that the lines name, which nothing changes."""
    folder = tmp_path_factory.mktemp("files")
    write_files(folder)
    return folder


@pytest.fixture
def files(folder, monkeypatch):
    monkeypatch.chdir(folder)


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
