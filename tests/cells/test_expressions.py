from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells.expressions import Expression, expand_text, find_expression, is_display, parse_text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("a{b}c", ("a", Expression("b"), "c")),
        ("{ a + 1 }{b}", (Expression("a + 1"), Expression("b"))),
        ('{d["}"]}', (Expression('d["}"]'),)),
        ('{"a": 1}', ('{"a": 1}',)),
        ('{"a": {b}}', ('{"a": ', Expression("b"), "}")),
        ("{}", ("{}",)),
        ("{a b}", ("{a b}",)),
        ("\\{a}", ("{a}",)),
        ("\\\\{a}", ("\\\\", Expression("a"))),
        ("{{ a }}", ("{{ a }}",)),
        ("a}", ("a}",)),
        ("C:\\dir", ("C:\\dir",)),
    ],
)
def test_braces_around_an_expression_count(typed, text):
    assert parse_text(typed) == text


def test_values_stand_where_the_expressions_stood():
    assert expand_text(parse_text("n={n}, {n + 1}"), lambda source: eval(source, {"n": 3})) == "n=3, 4"


def test_only_dicts_and_lists_are_displays():
    assert all(map(is_display, ("{}", "[1]", "{1: 2 for _ in x}", " {'a': b}")))
    assert not any(map(is_display, ("{1}", "(1,)", "a", "{a b}", "")))


@given(st.text(st.characters(exclude_characters="{\\")))
def test_text_without_braces_is_itself(typed):
    assert expand_text(parse_text(typed), eval) == typed


@given(st.text(alphabet='{}\\"a1: ,['))
def test_any_text_is_cut_without_loss(typed):
    pieces = parse_text(typed)
    sources = [piece for piece in pieces if isinstance(piece, Expression)]
    assert all(find_expression("{ " + piece.source + "}", 0) for piece in sources)
    if not sources and "\\" not in typed:
        assert "".join(map(str, pieces)) == typed


def test_a_text_full_of_braces_takes_no_age():
    assert parse_text("{" * 3000 + "}" * 3000) == ("{" * 3000 + "}" * 3000,)
