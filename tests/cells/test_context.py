"""``%%request_context``: the request that the cell sees, and its statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells.context import compile_cell, parse_context, request_arguments
from flask_nb.cells.view import ViewSource
from flask_nb.engines.ours import OurEngine
from flask_nb.errors import CellSyntaxError, MagicArgumentError, MagicHelpRequested
from flask_nb.web import request


def see(line, attribute):
    arguments = request_arguments(parse_context(line), lambda source: eval(source, {"n": "a b"}))
    with OurEngine.new("nb").request_context(arguments):
        value = getattr(request, attribute)
        return value.to_dict() if hasattr(value, "to_dict") else value


@pytest.mark.parametrize(
    ("line", "attribute", "value"),
    [
        ("", "path", "/"),
        ("/path?x=1", "path", "/path"),
        ("/path?x=1", "args", {"x": "1"}),
        ("path", "path", "/path"),
        ("/p/{n}", "path", "/p/a b"),
        ("/path", "method", "GET"),
        ("POST /path", "method", "POST"),
        ("/path --method POST", "method", "POST"),
        ("--method=delete /path", "method", "DELETE"),
        ("/path --method POST a=1 --form", "form", {"a": "1"}),
        ('POST /path {"a": 1}', "json", {"a": 1}),
        ("/path", "host", "localhost"),
    ],
)
def test_the_request_is_the_one_that_was_typed(line, attribute, value):
    assert see(line, attribute) == value


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/x --method", "--method needs a method"),
        ("/x --method 5", "--method needs a method"),
        ("/x --as r", "no request is sent, so --as"),
        ("/x --expect 200", "no request is sent, so --expect means nothing here. Leave it out"),
        ("/x --no-follow", "no request is sent, so --no-follow"),
        ("/x --mehtod POST", "unknown flag '--mehtod'"),
    ],
)
def test_mistakes_of_the_line(line, says):
    with pytest.raises(MagicArgumentError) as caught:
        parse_context(line)
    assert says in str(caught.value)


def test_help_is_the_magics_own():
    with pytest.raises(MagicHelpRequested, match="%%request_context /search"):
        parse_context("--help")


@given(st.text())
def test_any_line_is_parsed_or_refused(line):
    try:
        parse_context(line)
    except MagicArgumentError:
        pass


def run(body):
    statements, last = compile_cell(ViewSource(body))
    names = {}
    exec(statements, names)
    value = eval(last, names) if last is not None else None
    return value, {name for name in names if not name.startswith("__")}


@pytest.mark.parametrize(
    ("body", "value", "names"),
    [
        ("a = 1\na + 1", 2, {"a"}),
        ("a = 1\na + 1;", None, {"a"}),
        ("a = 1", None, {"a"}),
        ("'ä' + str(1)  # last", "ä1", set()),
        ("'ä;'", "ä;", set()),
        ("for i in range(2):\n    i", None, {"i"}),
    ],
)
def test_the_last_expression_is_the_value(body, value, names):
    assert run(body) == (value, names)


@pytest.mark.parametrize(
    ("body", "says"),
    [("a =", "line 2: invalid syntax"), ("", "the cell is empty"), ("1\nawait x", "line 3: 'await' outside")],
)
def test_a_cell_that_does_not_compile(body, says):
    with pytest.raises(CellSyntaxError) as caught:
        compile_cell(ViewSource(body))
    assert str(caught.value).startswith(says)


def test_lines_are_those_of_the_cell():
    _statements, last = compile_cell(ViewSource("a = 1\n1 / 0", body_line=4))
    with pytest.raises(ZeroDivisionError) as caught:
        eval(last or "")
    assert caught.traceback[-1].lineno + 1 == 5
