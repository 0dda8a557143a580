"""Lines of ``%%check``: what they mean, and where one goes wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells import check_parser, parse_checks, parse_request
from flask_nb.cells.checks import GRAMMAR
from flask_nb.cells.expectations import (
    TYPES,
    Contained,
    Element,
    Expectation,
    HeaderValue,
    JsonValue,
    Status,
)
from flask_nb.cells.expressions import Expression
from flask_nb.cells.json_values import JsonText
from flask_nb.errors import CheckSyntaxError, MagicArgumentError, MagicHelpRequested
from flask_nb.jsonpath import Step


def looks(typed):
    """What is looked for behind the arrow of one line."""
    (check,) = parse_checks("", f"GET /x -> {typed}")
    return [expectation.look for expectation in check.expectations]


def value_at(*keys, **options):
    return JsonValue(tuple(map(Step, keys)), "", **options)


def test_a_line_is_a_request_and_what_is_expected():
    (check,) = parse_checks("", 'POST /items {"a": 1} -> 201 $.id:int Location:/items/*')
    assert check.request == parse_request(None, 'POST /items {"a": 1} --no-follow')
    assert [one.look for one in check.expectations] == [
        Status(("201",)),
        value_at("id", type="int"),
        HeaderValue("Location", ("/items/*",)),
    ]


@pytest.mark.parametrize(
    ("typed", "look"),
    [
        ("2xx", Status(("2xx",))),
        ("200,404", Status(("200", "404"))),
        ('"Hello, Ann"', Contained(("Hello, Ann",))),
        ("'say \"a\"'", Contained(('say "a"',))),
        ('"Hello, {name}"', Contained(("Hello, ", Expression("name")))),
        ("$.id", value_at("id")),
        ("$.a[0]['b c']", value_at("a", 0, "b c")),
        ("$..id:object", JsonValue((Step("id", True),), "", type="dict")),
        ("$:list", value_at(type="list")),
        ("$.a=1", value_at("a", value=JsonText(("1",)))),
        ("$.a == 1.5", value_at("a", value=JsonText(("1.5",)))),
        ("$.a != null", value_at("a", value=JsonText(("null",)), differs=True)),
        ('$.a={"b": [1, 2]}', value_at("a", value=JsonText(('{"b": [1, 2]}',)))),
        ("$.a='it'", value_at("a", value=("it",))),
        ("$.a={n}", value_at("a", value=JsonText(("", Expression("n"), "")))),
        ("Location:/items/*", HeaderValue("Location", ("/items/*",))),
        ("Location:/items/{n}", HeaderValue("Location", ("/items/", Expression("n")))),
        ("X-A:'text/html; charset=utf-8'", HeaderValue("X-A", ("text/html; charset=utf-8",))),
        ("content-type:text/*", HeaderValue("content-type", ("text/*",))),
        ("h1", Element("h1")),
        ('h1 "Guests"', Element("h1", ("Guests",))),
        ("li:first-child 'Ann'", Element("li:first-child", ("Ann",))),
        ("li.new:not(.old)", Element("li.new:not(.old)")),
        ("ul > li  a[title='a b']", Element("ul > li a[title='a b']")),
        ("#main .x", Element("#main .x")),
    ],
)  # fmt: skip
def test_each_kind_of_expectation_is_told_by_how_it_begins(typed, look):
    assert looks(typed) == [look]
    assert looks(f"h2 'first' {typed}  # a note")[1:] == [look]


def test_expectations_follow_each_other_in_any_order():
    kinds = [type(look) for look in looks('h1 "a" p 200 "b" $.c:int ul li D:* $.e')]
    assert kinds == [Element, Element, Status, Contained, JsonValue, Element, HeaderValue, JsonValue]


def test_not_turns_one_round_and_as_keeps_its_value():
    (check,) = parse_checks(
        "", 'GET /x -> not "a" $.id:int as item not $.error Location:* as url h1 as title'
    )
    found = [(one.is_negated, one.as_name) for one in check.expectations]
    assert found == [(True, None), (False, "item"), (True, None), (False, "url"), (False, "title")]
    assert check.expectations[1].typed == "$.id:int"


def test_blank_lines_and_comments_count_as_lines_only():
    checks = parse_checks("", "\n# a note\nGET /a -> 200 # one\n\n  GET /b -> 404\n", 2)
    assert [(check.line, check.asked) for check in checks] == [(4, "GET /a"), (6, "GET /b")]


def test_an_arrow_in_json_quotes_or_expressions_is_none():
    (check,) = parse_checks("", """POST /x {"a": " -> "} X-A:'a -> b' -> "a -> b" """)
    assert check.request == parse_request(None, """POST /x {"a": " -> "} X-A:'a -> b' --no-follow""")
    assert [one.look for one in check.expectations] == [Contained(("a -> b",))]


def test_flags_of_the_first_line_count_for_all_and_those_of_a_line_for_it():
    first, second = parse_checks(
        "--app admin --timeout 5", "GET /a -> 200\nGET /b --app shop --follow -> 200"
    )
    assert (first.request.app, first.request.timeout, first.request.follow) == ("admin", 5, False)
    assert (second.request.app, second.request.timeout, second.request.follow) == ("shop", 5, True)


def test_a_status_may_be_expected_with_the_flag():
    (check,) = parse_checks("--mask $.id", "GET /a --expect 404 --mask $.at -> 'x'")
    assert check.expectations[0] == Expectation(Status(("404",)))
    assert check.request.mask == ("$.id", "$.at")


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("GET /x", 7, "what is expected is missing. Type it behind an arrow, such as GET /x -> 200"),
        ("GET /x->200", 7, "the arrow -> needs a space on both sides"),
        ("GET /x ->", 10, "nothing is expected. Type something behind the arrow"),
        ("GET -> 200", 1, "the path is missing after GET"),
        ("-> 200", 1, "the path is missing. Type one, such as /items"),
        ("GET /x --bearr x -> 200", 8, "unknown flag '--bearr'. Did you mean --bearer?"),
        ("GET /x a=1 b c=2 -> 200", 12, "'b' is not understood"),
        ("GET /x 'a -> 200", 8, "the quote ' before 'a -> 200' is not closed"),
        ('POST /x {"a": 1 -> 200', 9, "the JSON body is not valid JSON"),
        ("GET /x -> 600", 11, "'600' is not a status. Type it as 201, 2xx or 200,404"),
        ("GET /x -> 200 201", 15, "there are two statuses"),
        ("GET /x -> 200 hello", 15, "'hello' is not understood. Behind the arrow come a status, \"a text\""),
        ("GET /x -> 404 Not Found", 15, "'Not Found' is not understood"),
        ("GET /x -> \"a", 11, "the quote \" before 'a' is not closed"),
        ("GET /x -> 'a''b'", 14, "Put a space in front of it"),
        ("GET /x -> $.id:itn", 16, "'itn' is not a type. Did you mean int?"),
        ("GET /x -> $.id=abc", 16, "$.id= is missing or not JSON. A text needs quotes: $.id='abc'"),
        ("GET /x -> $.id=", 16, "Type one, such as $.id=1"),
        ("GET /x -> $.id[", 15, "'[' does not go on a JSON path"),
        ("GET /x -> $.id as", 18, "the name behind 'as' is missing"),
        ("GET /x -> $.id as 1x", 19, "'1x' is not a Python name"),
        ("GET /x -> not $.id as x", 11, "what is not there cannot be kept"),
        ("GET /x -> Location: /y", 20, "Type it without a space, or Location:* for any"),
        ("GET /x -> p[", 11, "'p[' is not a CSS selector"),
        ("\tGET /x -> -> 200", 12, "'->' is not understood"),
    ],
)  # fmt: skip
def test_an_error_names_the_place_and_marks_it(line, column, message):
    with pytest.raises(CheckSyntaxError) as caught:
        parse_checks("", f"GET /fine -> 200\n{line}\nGET /fine -> 200")
    words, text, mark = str(caught.value).split("\n")
    assert words.startswith(f"line 3, column {column}: ")
    assert message in words
    assert text == f"    {line}"
    assert mark[4:].replace("\t", " ") == " " * (column - 1) + "^"


def test_the_first_line_holds_flags_only_and_the_cell_is_not_empty():
    with pytest.raises(MagicArgumentError, match="checks belong in the cell, below this line"):
        parse_checks("GET /x -> 200", "")
    with pytest.raises(MagicArgumentError, match="there is no check in the cell"):
        parse_checks("", "# only a note")
    for line, cell in (("--help", ""), ("", "GET /x -h -> 200")):
        with pytest.raises(MagicHelpRequested, match="examples:\n  %%check\n"):
            parse_checks(line, cell)


def test_without_beautifulsoup_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr("flask_nb.cells.selectors.find_spec", lambda name: None)
    assert parse_checks("", "GET /x -> 200 'a'")
    with pytest.raises(MagicArgumentError) as caught:
        parse_checks("", "GET /x -> 200 h1")
    assert str(caught.value).endswith('needs beautifulsoup4. Type %pip install "flask_nb[check]"')


def test_the_examples_of_the_help_and_its_grammar_are_true():
    page = check_parser().format_help()
    assert GRAMMAR in page
    examples = page.partition("examples:")[2].strip().splitlines()
    assert examples[0].strip() == "%%check"
    assert len(parse_checks("", "\n".join(examples[1:]))) == len(examples) - 1
    for name in TYPES:
        assert f'"{name}"' in GRAMMAR


# --- what is written is read back ---

TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\x85"))
PLAIN = TEXTS.filter(lambda text: not set(text) & set("{}\\"))
STEPS = st.builds(Step, st.none() | PLAIN | st.integers(-99, 99), st.booleans())
PATHS = st.lists(STEPS, max_size=4).map(tuple)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | PLAIN,
    lambda inner: st.lists(inner) | st.dictionaries(PLAIN, inner, min_size=1),
    max_leaves=8,
)
SELECTORS = st.sampled_from(
    ["h1", "ul li", "ul > li.new", "#main", "a[href='/x y']", "p:not(.a, .b)", "*", "tr + tr"]
)
NAMES = st.sampled_from(["Location", "X-A", "content-type", "ETag"])


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_text(text):
    return (text,) if text else ()


LOOKS = st.one_of(
    PLAIN.map(lambda text: (quoted(text), Contained(as_text(text)))),
    PATHS.map(lambda path: (f"${''.join(map(str, path))}", JsonValue(path, ""))),
    st.tuples(PATHS, st.sampled_from(list(TYPES))).map(
        lambda pair: (f"${''.join(map(str, pair[0]))}:{pair[1]}", JsonValue(pair[0], "", type=pair[1]))
    ),
    st.tuples(PATHS, VALUES, st.booleans()).map(
        lambda one: (
            f"${''.join(map(str, one[0]))}{' != ' if one[2] else '='}{json.dumps(one[1])}",
            JsonValue(one[0], "", value=JsonText((json.dumps(one[1]),)), differs=one[2]),
        )
    ),
    st.tuples(NAMES, PLAIN).map(
        lambda pair: (f"{pair[0]}:{quoted(pair[1])}", HeaderValue(pair[0], as_text(pair[1])))
    ),
    st.tuples(SELECTORS, PLAIN).map(
        lambda pair: (f"{pair[0]} {quoted(pair[1])}", Element(pair[0], as_text(pair[1])))
    ),
)


@given(st.lists(st.tuples(LOOKS, st.booleans()), min_size=1, max_size=6))
def test_what_is_written_is_read_back(written):
    line = " ".join(f"{'not ' if is_negated else ''}{typed}" for (typed, _look), is_negated in written)
    (check,) = parse_checks("", f"GET /x -> 200 {line}")
    expected = [Expectation(look, is_negated) for (_typed, look), is_negated in written]
    assert list(check.expectations[1:]) == expected


PIECES = [
    "GET /x",
    " -> ",
    "200 ",
    "not ",
    "$.a",
    ":int",
    "='b'",
    " as c",
    '"d"',
    "E:f ",
    "h1 ",
    "{g}",
    "{",
    "'",
    "#",
    "[",
]


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_line_is_a_check_or_one_error_that_names_its_place(line):
    places = []
    try:
        parse_checks("", line)
    except CheckSyntaxError as exc:
        places.append(exc.column)
    except MagicArgumentError:
        pass
    assert all(0 < column <= len(line) + 1 for column in places)
