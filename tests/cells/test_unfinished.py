"""Lines that are still being typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells.request_line import request_parser
from flask_nb.cells.route import route_parser
from flask_nb.cells.unfinished import UnfinishedLine, is_in_braces, read_unfinished


def read(text: str) -> UnfinishedLine:
    return read_unfinished(text, request_parser("GET"))


def test_the_word_at_the_cursor_is_not_among_the_words_before() -> None:
    assert read("/items na") == UnfinishedLine(("/items",), ("/items",), "na")
    assert read("/items ") == UnfinishedLine(("/items",), ("/items",), "")
    assert read("") == UnfinishedLine((), (), "")


def test_the_value_of_a_flag_is_no_positional() -> None:
    line = read("--timeout 5 --expect 2")
    assert (line.positionals, line.flag, line.word) == ((), "--expect", "2")


def test_a_value_may_be_joined_to_its_flag() -> None:
    line = read("/items --expect=20")
    assert (line.positionals, line.flag, line.word) == (("/items",), "--expect", "20")


def test_a_flag_without_a_value_is_followed_by_a_word() -> None:
    line = read("--form /it")
    assert (line.flag, line.word) == (None, "/it")


@pytest.mark.parametrize("quote", ["'", '"'])
def test_an_open_quote_holds_spaces(quote: str) -> None:
    line = read_unfinished(f"/hello --try {quote}POST /it", route_parser())
    assert (line.flag, line.word, line.is_quoted) == ("--try", "POST /it", True)


def test_a_closed_quote_is_a_finished_word() -> None:
    assert read("'/a b' --fo").words == ("/a b",)


@pytest.mark.parametrize("text", ["/x/{na", "/items {", '/items {"a": [1,', "a:=[1", "/x/{d['a"])
def test_open_brackets_hold_python_or_json(text: str) -> None:
    assert is_in_braces(text)


@pytest.mark.parametrize("text", ["/x/{name}/", '/items {"a": [1]} --fo', "/<int:id", ""])
def test_closed_brackets_do_not(text: str) -> None:
    assert not is_in_braces(text)


@given(st.text(alphabet=" ab/'\"={}[]<>:-@\\#", max_size=20))
def test_any_text_can_be_read(text: str) -> None:
    line = read(text)
    assert text.endswith(line.word)
