from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells import parse_request, parse_route, quote_word
from flask_nb.cells.route import RouteDefinition
from flask_nb.errors import MagicArgumentError, MagicHelpRequested, RuleError


def fields_of(line):
    given_values = parse_route(line, "")._asdict()
    plain = RouteDefinition("/")._asdict()
    return {name: value for name, value in given_values.items() if value != plain[name]}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/hello/<name>", {"rule": "/hello/<name>"}),
        ("POST /items", {"rule": "/items", "methods": ("POST",)}),
        ("post /items", {"rule": "/items", "methods": ("POST",)}),
        ("GET,POST /x", {"rule": "/x", "methods": ("GET", "POST")}),
        ("PUT GET PUT /x", {"rule": "/x", "methods": ("PUT", "GET")}),
        ("GET, POST /x", {"rule": "/x", "methods": ("GET", "POST")}),
        ("/x --methods get,PURGE", {"rule": "/x", "methods": ("GET", "PURGE")}),
        ("--endpoint all /x", {"rule": "/x", "endpoint": "all"}),
        (
            "/x --defaults page=1 --defaults q='a b' --defaults on=True --defaults who=Ann",
            {"rule": "/x", "defaults": (("page", 1), ("q", "a b"), ("on", True), ("who", "Ann"))},
        ),
        ("/x/ --no-strict-slashes", {"rule": "/x/", "strict_slashes": False}),
        ("/x --host <user>.example.org", {"rule": "/x", "host": "<user>.example.org"}),
        ("/x --subdomain api", {"rule": "/x", "subdomain": "api"}),
        ("/<any(a,b):x>", {"rule": "/<any(a,b):x>"}),
        ("/<any(a, 'b c'):x>/y", {"rule": "/<any(a, 'b c'):x>/y"}),
        ("'/<any(a, b):x>'", {"rule": "/<any(a, b):x>"}),
        ("/<string(length=2):c>", {"rule": "/<string(length=2):c>"}),
        ("'/a b'", {"rule": "/a b"}),
        ("/x  # note: don't", {"rule": "/x"}),
    ],
)
def test_a_line_says_rule_and_options(line, expected):
    assert {"rule": "/", **fields_of(line)} == expected


def test_the_requests_to_try_are_kept_in_order():
    definition = parse_route("""/items --try /items --try 'POST /items {"a": 1}' --try=/items?q=a""", "x")
    assert definition.tries == (
        parse_request("GET", "/items"),
        parse_request("POST", '/items {"a": 1}'),
        parse_request("GET", "/items?q=a"),
    )


def test_the_body_is_kept_as_it_is():
    definition = parse_route("/", "  x\n\n", body_line=4)
    assert (definition.body, definition.body_line) == ("  x\n\n", 4)


def test_a_definition_can_be_compared_and_kept():
    assert parse_route("POST /x", "a") == parse_route("/x --methods POST", "a")
    assert len({parse_route("/x", "a"), parse_route("/x", "a")}) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "the rule is missing. Type one, such as %%route /hello"),
        ("POST", "such as %%route POST /hello"),
        ("PSOT /x", "'PSOT' is not a known method; one of your own goes into --methods. Did you mean POST?"),
        (
            "/x POST",
            "'POST' after the rule is not understood. Methods come first, such as %%route POST /x",
        ),
        ("POST /x --methods GET", "the methods are given twice"),
        ("/x --methods ,", "--methods ',' is not a list of methods. Type it as --methods GET,POST"),
        ("/x --methods 'A B'", "is not a list of methods"),
        ("/x --endpoint ''", "the endpoint is empty"),
        ("/x --defaults page", "'page' is not of the form name=value, such as page=1"),
        ("/x --defaults 1=2", "not of the form name=value"),
        ("/x --defaults a=1 --defaults a=2", "the default 'a' is given twice"),
        ("/x --host a --subdomain b", "not allowed with argument --host"),
        ("/x --method POST", "unknown flag '--method'. Did you mean --methods?"),
        ("/x --try", "--try needs a value. Type --try REQUEST"),
        ("/x --try '/y --timeout x'", "%%route --try: argument --timeout: 'x' is not a number"),
        ("/x --endpoint 'a", "the quote ' before 'a' is not closed"),
    ],
)
def test_a_mistake_is_one_clear_message(line, message):
    with pytest.raises(MagicArgumentError) as caught:
        parse_route(line, "")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_rule_without_its_slash_is_typed_out():
    with pytest.raises(RuleError, match=r"Type %%route POST /items$"):
        parse_route("POST items", "")


@pytest.mark.parametrize(
    ("request_", "typed"),
    [
        ("/with space/1", "'\"/with space/1\"'"),
        ("POST /a b c n=1 'x=y z'", "'POST \"/a b c\" n=1 \\'x=y z\\''"),
        ("/it's{n + 1} here --fresh", "'\"/it\\'s{n + 1} here\" --fresh'"),
    ],
)
def test_a_path_with_spaces_that_is_tried_is_typed_out_with_both_pairs_of_quotes(request_, typed):
    with pytest.raises(MagicArgumentError, match=r"%%route --try: .* is not understood") as caught:
        parse_route(f"/x --try {quote_word(request_)}", "")
    assert str(caught.value).endswith(f"type --try {typed}")
    (tried,) = parse_route(f"/x --try {typed}", "").tries
    assert " " in "".join(map(str, tried.path))


@pytest.mark.parametrize("request_", ["", "/a n=1 b", "/a b --no-such-flag", "/a {", "/a --help"])
def test_another_mistake_in_a_request_that_is_tried_is_not_taken_for_spaces_in_its_path(request_):
    with pytest.raises(MagicArgumentError) as caught:
        parse_route(f"/x --try {quote_word(request_)}", "")
    assert "belongs to the path" not in str(caught.value)


def test_help_can_be_asked_for():
    with pytest.raises(MagicHelpRequested, match="usage: %%route"):
        parse_route("-h", "")


@given(st.text(), st.text())
def test_any_line_is_a_route_or_one_clear_error(line, body):
    try:
        assert parse_route(line, body).body == body
    except (MagicArgumentError, RuleError):
        pass


@given(st.text(alphabet="/<>:(), '\"=ab1#-\\"))
def test_any_rule_can_be_typed_in_quotes(rule):
    try:
        assert parse_route(quote_word(f"/{rule}"), "").rule == f"/{rule}"
    except RuleError:
        pass
