from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells.shell import split_commands
from flask_nb.errors import MagicArgumentError


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("", []),
        ("curl a  b", [["curl", "a", "b"]]),
        ("curl \\\n  -X PUT \\\r\n  a", [["curl", "-X", "PUT", "a"]]),
        ("curl a\ncurl b\n", [["curl", "a"], ["curl", "b"]]),
        ("""curl 'a "b"' "it's" x'y'z""", [["curl", 'a "b"', "it's", "xyz"]]),
        ('''curl "a \\"b\\" \\$5 \\n"''', [["curl", 'a "b" $5 \\n']]),
        ("curl $'it\\'s\\n\\u00e9\\x41'", [["curl", "it's\néA"]]),
        ("curl a\\ b ''", [["curl", "a b", ""]]),
        ("# first\ncurl a#b # then", [["curl", "a#b"]]),
        ("curl '{\"a\":\n 1}'", [["curl", '{"a":\n 1}']]),
        ("curl 'a'#b", [["curl", "a#b"]]),
        ("curl $ 5$", [["curl", "$", "5$"]]),
    ],
)
def test_commands_are_cut_as_a_shell_cuts_them(text, commands):
    assert split_commands(text) == commands


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("curl a | jq .", "'|' at '| jq .' is for the shell. Paste only the curl command"),
        ("curl http://x/?a=1&b=2", "put a URL with & or ; into quotes"),
        ("curl a; ls", "is for the shell"),
        ("curl > out.txt", "is for the shell"),
        ("curl $TOKEN", "'$TOKEN' is a shell variable. Type its value"),
        ('curl "Bearer ${TOKEN}"', "'${TOKEN}' is a shell variable"),
        ('curl "$(cat x)"', "is a shell variable"),
        ("curl `cat x`", "is for the shell"),
        ("curl 'a", "the quote ' before 'a' is not closed"),
        ('curl "a', "the quote \" before 'a' is not closed"),
    ],
)
def test_what_only_a_shell_can_do_is_refused(text, message):
    with pytest.raises(MagicArgumentError) as caught:
        split_commands(text)
    assert message in str(caught.value)


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1))
def test_quoted_words_come_back(words):
    assert split_commands(" ".join(map(shlex.quote, words))) == [words]


@given(st.text(alphabet="a'\"\\$ \n#|{&"))
def test_any_text_is_cut_or_refused(text):
    try:
        split_commands(text)
    except MagicArgumentError:
        pass
