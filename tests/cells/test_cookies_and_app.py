"""The lines of ``%cookies`` and ``%app``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells.app import AppArguments, parse_app
from flask_nb.cells.cookies import CookiesArguments, parse_cookies
from flask_nb.errors import MagicArgumentError


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", CookiesArguments()),
        ("set theme=dark", CookiesArguments("set", (("theme", ("dark",)),))),
        ("set a=1 b='x y'", CookiesArguments("set", (("a", ("1",)), ("b", ("x y",))))),
        ("set a=b=c", CookiesArguments("set", (("a", ("b=c",)),))),
        ("clear", CookiesArguments("clear")),
        ("clear a b a", CookiesArguments("clear", names=("a", "b"))),
    ],
)
def test_cookies_lines(line, expected):
    assert parse_cookies(line) == expected


def test_the_value_of_a_cookie_may_come_from_the_notebook():
    arguments = parse_cookies("set name={ name } b={'x y'}! c=")
    assert arguments.expand({"name": "Ann", "'x y'": "x y"}.get) == [
        ("name", "Ann"),
        ("b", "x y!"),
        ("c", ""),
    ]


@pytest.mark.parametrize("line", ["set a='x\ny'", "set a={value}"])
def test_what_no_cookie_can_hold_is_refused(line):
    with pytest.raises(MagicArgumentError, match="value of 'a' contains a character that no cookie can hold"):
        parse_cookies(line).expand(lambda _source: "x\0")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("theme=dark", "type %cookies set theme=dark"),
        ("sett a=1", "unknown action 'sett'. Did you mean set?"),
        ("set", "what to set is missing"),
        ("set theme", "Type %cookies set theme=VALUE"),
        ("set 'a b'=1", "'a b' cannot be the name of a cookie"),
        ("set =1", "'' cannot be the name"),
        ("clear --all", "unknown flag '--all'"),
    ],
)
def test_cookies_mistakes(line, says):
    with pytest.raises(MagicArgumentError) as caught:
        parse_cookies(line)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("demo", AppArguments("demo")),
        ("shop.web:app", AppArguments("app", "shop.web")),
        ("shop:holder.app", AppArguments("holder.app", "shop")),
        ("reset", AppArguments(reset=True)),
        ("demo reset", AppArguments("demo", reset=True)),
        ("reset demo --debug", AppArguments("demo", debug=True, reset=True)),
        ("--no-debug", AppArguments(debug=False)),
        ("--secret-key 'a b'", AppArguments(secret_key=("a b",))),
    ],
)
def test_app_lines(line, expected):
    assert parse_app(line) == expected


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a b", "one variable at a time, not 'a b'"),
        ("a.b", "'a.b' is neither a variable, nor module:app, nor a file. Type %app a:b"),
        ("3", "Type a name, such as %app admin"),
        ("class", "'class' is neither a variable"),
        ("m:a reset", "To make one here, type %app a reset"),
        ("--debug --no-debug", "not allowed with"),
        ("--secret-key ''", "an empty key signs nothing"),
        ("--secret-key", "--secret-key needs a value. Type --secret-key KEY"),
        ("--debgu", "Did you mean --debug?"),
    ],
)
def test_app_mistakes(line, says):
    with pytest.raises(MagicArgumentError) as caught:
        parse_app(line)
    assert says in str(caught.value)


@given(st.sampled_from([parse_cookies, parse_app]), st.text())
def test_any_line_is_parsed_or_refused(parse, line):
    try:
        parse(line)
    except MagicArgumentError:
        pass
