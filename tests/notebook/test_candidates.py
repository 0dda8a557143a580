"""What fits into a line, and how it is put in the place of the token that IPython would replace."""

from __future__ import annotations

import argparse
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.completer import CompletionSplitter
from IPython.core.interactiveshell import InteractiveShell

from flask_nb.engines import RouteRow
from flask_nb.notebook.candidates import POSITIONALS, find_paths
from flask_nb.notebook.completion import find_magic, fit_candidates
from flask_nb.notebook.magics import NotebookMagics

UNBOUND: Any = None
PARSERS = NotebookMagics(UNBOUND, UNBOUND, UNBOUND).parsers()
WORDS = st.from_regex(re.compile(r"[\w/<>:=.,{}?-]{1,12}", re.ASCII), fullmatch=True)


def routes(*rules: str) -> list[RouteRow]:
    return [RouteRow(rule, ("GET",), rule) for rule in rules]


@pytest.mark.parametrize("magic", sorted(PARSERS))
def test_a_magic_that_takes_words_has_candidates_for_them(magic: str) -> None:
    takes_words = any(
        not action.option_strings and action.help != argparse.SUPPRESS for action in PARSERS[magic]()._actions
    )
    assert not takes_words or magic.lstrip("%") in POSITIONALS


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["/", "/items/", "/users/"]),
        ("/i", ["/items/"]),
        ("i", ["items/"]),
        ("/items/3", []),
        ("/items/3/", ["/items/3/edit", "/items/3/tags/"]),
        ("/items/3/t", ["/items/3/tags/"]),
        ("/items//", []),
        ("/users/", ["/users/"]),
        ("/other", []),
    ],
)
def test_paths_go_on_to_the_next_variable(typed: str, found: list[str]) -> None:
    known = routes("/", "/items/<int:id>/edit", "/items/<int:id>/tags/<tag>", "/users/<name>")
    assert find_paths(known, typed) == found


@given(word=WORDS, rest=WORDS)
def test_what_is_put_in_makes_the_word_the_candidate(word: str, rest: str) -> None:
    line = f"%get {word}"
    token = CompletionSplitter().split_line(line)
    (fitted,) = fit_candidates([word + rest], word, token)
    assert line.removesuffix(token) + fitted == f"%get {word}{rest}"


def test_a_candidate_with_spaces_is_quoted_where_a_quote_can_be_opened() -> None:
    assert list(fit_candidates(["a b.html"], "a", "a")) == ['"a b.html"']
    assert list(fit_candidates(["a b.html"], "a", "a", is_quoted=True)) == ["a b.html"]
    assert list(fit_candidates(["name=a b"], "name=a", "a")) == []


def test_a_greedy_token_keeps_what_stands_before_the_word() -> None:
    assert list(fit_candidates(["/hello/"], "/he", "'/he", is_quoted=True)) == ["'/hello/"]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("%get /a", ("%get", "/a")),
        ("  x = %get /a", ("%get", "/a")),
        ("y = 1\n%get /a", ("%get", "/a")),
        ("%post /a \\\n  b=1", ("%post", "/a    b=1")),
        ("\n# note\n%%post /a", ("%%post", "/a")),
        ("%%time\n%get /a", ("%get", "/a")),
        ("%%post /a\n%get /a", None),
        ("%get", None),
        ("%ge /a", None),
        ("%other /a", None),
        ("x == y %get", None),
        ("", None),
    ],
)
def test_the_magic_of_a_line_is_found(cell: str, found: tuple[str, str] | None) -> None:
    assert find_magic(cell.split("\n"), PARSERS) == found


def test_without_an_app_there_is_nothing_to_name_and_nothing_fails(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    for magic in PARSERS:
        loaded.Completer._complete(
            full_text=f"{magic} zz", cursor_line=0, cursor_pos=len(magic) + 3, line_buffer=None, text=None
        )
    assert capsys.readouterr() == ("", "")
