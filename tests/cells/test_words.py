from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells import quote_word
from flask_nb.cells.words import split_line
from flask_nb.errors import MagicArgumentError


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  /x   POST\t/y ", ["/x", "POST", "/y"]),
        ("'/search?'", ["/search?"]),
        ("name='Ann Lee' age=3", ["name=Ann Lee", "age=3"]),
        ('name="Ann \\"A\\" Lee"', ['name=Ann "A" Lee']),
        ("""'POST /items {"a": "b\\n"}'""", ['POST /items {"a": "b\\n"}']),
        ("'don\\'t'", ["don't"]),
        ("say=don't do", ["say=don't", "do"]),
        ("""'it'"'s"'""", None),
        ("""'a b'"c d" """, ["a bc d"]),
        ("C:\\new\\dir", ["C:\\new\\dir"]),
        ("/x # a note, isn't it", ["/x"]),
        ("color=#fff", ["color=#fff"]),
        ("''", [""]),
    ],
)
def test_a_line_is_split_into_words(line, words):
    if words is None:
        with pytest.raises(MagicArgumentError):
            split_line(line)
    else:
        assert split_line(line) == words


def test_an_unclosed_quote_is_one_error_that_names_its_place():
    with pytest.raises(MagicArgumentError, match=r"^the quote ' before 'Ann Lee' is not closed"):
        split_line("/x name='Ann Lee")


def test_a_verbatim_stretch_keeps_its_spaces_and_quotes():
    words = split_line(
        "/<any('a', b):x>/y z", verbatim=lambda line, at, _words, _word: 16 if at == 1 else None
    )
    assert words == ["/<any('a', b):x>/y", "z"]


@given(st.lists(st.text()))
def test_quoted_words_come_back_as_they_were(words):
    assert split_line(" ".join(map(quote_word, words))) == words


@given(st.text(alphabet="ab '\"\\=#{}[]\n"))
def test_any_line_is_split_or_refused(line):
    try:
        split_line(line)
    except MagicArgumentError:
        pass


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('file@"our menu.csv"', ["file@our menu.csv"]),
        ("Authorization:'Basic a b' x", ["Authorization:Basic a b", "x"]),
    ],
)
def test_quotes_stand_around_file_names_and_header_values(line, words):
    assert split_line(line) == words
