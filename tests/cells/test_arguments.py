from __future__ import annotations

import pytest

from flask_nb.cells import (
    MagicParser,
    app_parser,
    parse_request,
    parse_route,
    request_parser,
    route_parser,
    routes_parser,
    serve_parser,
)
from flask_nb.errors import MagicArgumentError, MagicHelpRequested

PARSERS = [
    app_parser(),
    request_parser("GET"),
    request_parser("POST"),
    request_parser(None),
    route_parser(),
    routes_parser(),
    serve_parser(),
]


@pytest.fixture
def parser():
    parser = MagicParser("%tea", "WORD", "Make tea.", examples=["%tea green"])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--minutes", type=int, metavar="N")
    parser.add_argument("--milk", action="store_true")
    return parser


def test_flags_stand_anywhere(parser):
    arguments = parser.parse_words(["green", "--minutes", "3", "cup", "--milk", "big"])
    assert (arguments.words, arguments.minutes, arguments.milk) == (["green", "cup", "big"], 3, True)


def test_a_value_may_follow_an_equals_sign_or_begin_with_a_dash(parser):
    assert parser.parse_words(["--minutes=4"]).minutes == 4
    assert parser.parse_words(["--minutes", "-4"]).minutes == -4


def test_what_follows_two_dashes_is_positional(parser):
    assert parser.parse_words(["--milk", "--", "--minutes"]).words == ["--minutes"]


def test_a_negative_number_is_no_flag(parser):
    assert parser.parse_words(["-3", "-"]).words == ["-3", "-"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--minuts", "3"], "unknown flag '--minuts'. Did you mean --minutes?"),
        (["--zzz=1"], "unknown flag '--zzz'. Flags: --help, --minutes, --milk"),
        (["--min", "3"], "unknown flag '--min'"),
        (["-x"], "unknown flag '-x'"),
        (["--minutes"], "--minutes needs a value. Type --minutes N"),
        (["--minutes", "--milk"], "--minutes needs a value. Type --minutes N"),
        (["--minutes", "x"], "argument --minutes: invalid int value: 'x'"),
        (["--milk=1"], "argument --milk: ignored explicit argument '1'"),
    ],
)
def test_a_mistake_is_one_error(parser, words, message, capsys):
    with pytest.raises(MagicArgumentError) as caught:
        parser.parse_words(words)
    assert str(caught.value).startswith(message)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_handed_over_and_not_printed(parser, flag, capsys):
    with pytest.raises(MagicHelpRequested) as caught:
        parser.parse_words(["green", flag])
    assert caught.value.text.startswith("usage: %tea WORD [flags]\n\nMake tea.")
    assert "examples:\n  %tea green" in caught.value.text
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.prog)
def test_the_help_of_each_magic_documents_every_flag(parser, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    text = parser.format_help()
    assert text.startswith(f"usage: {parser.prog}")
    assert all(action.help for action in parser._actions)
    assert max(map(len, text.splitlines())) <= 100


def test_leaving_the_process_is_refused(parser):
    with pytest.raises(MagicArgumentError):
        parser.exit(2, "bye")


@pytest.mark.parametrize("line", ["/items", "POST /items/<int:id>"])
def test_a_rule_without_flags_is_what_the_parser_makes_of_it(line):
    assert parse_route(line, "body") == parse_route(f"{line} --", "body")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("line", ["/items", "items/{id} name=Ann X-Key:abc page==2", "/a b:=[1] c[d]=2"])
def test_a_request_without_flags_is_what_the_parser_makes_of_it(method, line):
    assert parse_request(method, line) == parse_request(method, f"{line} --")


def test_a_line_without_flags_waits_for_no_parser(monkeypatch):
    monkeypatch.delattr(MagicParser, "parse_words")
    assert parse_route("/items/<int:id>", "body").rule == "/items/<int:id>"
    assert parse_request("POST", "/items name=Ann").method == "POST"
