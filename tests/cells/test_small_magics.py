from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells import AppArguments, RoutesArguments, parse_app, parse_routes, parse_serve
from flask_nb.cells.serve import ServeArguments
from flask_nb.errors import MagicArgumentError


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ServeArguments()),
        ("start", ServeArguments()),
        ("--port 5000", ServeArguments(port=5000)),
        ("--host 0.0.0.0 restart --port 0", ServeArguments("restart", 0, "0.0.0.0")),
        ("stop  # for now", ServeArguments("stop")),
        ("status", ServeArguments("status")),
    ],
)
def test_serve_lines(line, expected):
    assert parse_serve(line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("stp", "unknown action 'stp'. Did you mean stop?"),
        ("5000", "Type %serve --port 5000"),
        ("stop status", "one action at a time"),
        ("--port 70000", "'70000' is not a port from 0 to 65535"),
        ("--port -1", "'-1' is not a port"),
        ("--port x", "'x' is not a port"),
        ("stop --port 1", "stop takes neither --port nor --host. Type %serve stop"),
        ("--prot 1", "Did you mean --port?"),
    ],
)
def test_serve_mistakes(line, message):
    with pytest.raises(MagicArgumentError) as caught:
        parse_serve(line)
    assert message in str(caught.value)


def test_app_lines():
    assert parse_app("") == AppArguments(None)
    assert parse_app("admin # the other one") == AppArguments("admin")


@pytest.mark.parametrize("line", ["a b", "a.b", "3", "--x", "'a"])
def test_app_mistakes(line):
    with pytest.raises(MagicArgumentError):
        parse_app(line)


def test_routes_lines():
    assert parse_routes("") == RoutesArguments()
    assert parse_routes("--drop a --drop 'b' --drop a --app shop") == RoutesArguments(("a", "b"), "shop")


def test_a_word_of_routes_is_taken_for_what_was_meant():
    with pytest.raises(MagicArgumentError, match="type %routes --drop hello"):
        parse_routes("hello")


@given(st.sampled_from([parse_app, parse_routes, parse_serve]), st.text())
def test_any_line_is_parsed_or_refused(parse, line):
    try:
        parse(line)
    except MagicArgumentError:
        pass
