from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells.json_values import dump_json, end_of_brackets, parse_json_text, parse_key, write_fields
from flask_nb.errors import MagicArgumentError


@dataclass
class Point:
    x: int


VALUES = {"n": 3, "name": 'Ann "A"', "d": {"k": [1]}, "when": {1, 2}}


def expand(typed):
    return parse_json_text(typed, "the body").expand(lambda source: eval(source, dict(VALUES)), "the body")


@pytest.mark.parametrize(
    ("typed", "json_text"),
    [
        ('{"a": {n}}', '{"a": 3}'),
        ('{"a": {name}, "b": [{n}, {d}]}', '{"a": "Ann \\"A\\"", "b": [3, {"k": [1]}]}'),
        ('{"a": "hello {name}!"}', '{"a": "hello Ann \\"A\\"!"}'),
        ('{"a": "{d[\\"k\\"]}"}', '{"a": "[1]"}'),
        ('{"a": "\\\\{n}", "b": "{{ n }}"}', '{"a": "{n}", "b": "{{ n }}"}'),
        ('{"price": 1.50, "a":  {}}', '{"price": 1.50, "a":  {}}'),
        ("{n}", "3"),
        ("[]", "[]"),
    ],
)
def test_expressions_in_json_are_written_as_json(typed, json_text):
    assert expand(typed) == json_text


def test_a_value_that_is_no_json_is_refused():
    reason = "a set cannot be written as JSON: set has no form in JSON. Make it a dict"
    with pytest.raises(MagicArgumentError, match=re.escape(f"the body cannot be sent: {reason}")):
        expand('{"a": {when}}')
    with pytest.raises(ValueError, match="float"):
        dump_json(float("nan"))


def test_values_are_written_as_an_app_writes_them():
    value = {"day": date(2024, 2, 1), "price": Decimal("1.50"), "id": UUID(int=1), "point": Point(1)}
    assert json.loads(dump_json(value)) == flask.Flask("x").json.loads(flask.Flask("x").json.dumps(value))


@given(st.text(st.characters(codec="utf-8")))
def test_a_text_within_a_string_arrives_whole(value):
    text = parse_json_text('{"a": "<{x}>"}', "the body").expand(lambda _source: value, "the body")
    assert json.loads(text) == {"a": f"<{value}>"}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("a", ("a",)),
        ("a[b][0][]", ("a", "b", 0, None)),
        ("[]", (None,)),
        ("[2][x]", (2, "x")),
        ("a\\[b\\]", ("a[b]",)),
        ("a[\\1]", ("a", "1")),
        ("", ("",)),
        ("a\\", ("a\\",)),
    ],
)
def test_a_name_has_steps(name, keys):
    assert parse_key(name) == keys


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a[", "the brackets of the field 'a[' do not match"),
        ("a]", "do not match"),
        ("a[b]c", "do not match"),
        ("a[b[c]]", "do not match"),
        ("[a]", "so it is an element of a list"),
        ("a[-1]", "negative index"),
        ("a[1001]", "beyond 1000"),
        ("a[99999999999999]", "beyond 1000"),
        ("a" + "[]" * 60, "nested too deeply"),
    ],
)
def test_a_name_that_cannot_be_read_is_one_error(name, message):
    with pytest.raises(MagicArgumentError) as caught:
        parse_key(name)
    assert message in str(caught.value)


def test_fields_that_do_not_go_together_are_named():
    for fields, message in [
        ([("a", "b"), ("a",)], "'a' is given twice"),
        ([("a",), ("a", "b")], "'a[b]' does not fit: a is already a value"),
        ([("a", None), ("a", "b")], "'a[b]' does not fit: a is already a list"),
        ([(None,), ("a",)], "'a' does not fit: the body is already a list"),
    ]:
        with pytest.raises(MagicArgumentError) as caught:
            write_fields([(keys, "1") for keys in fields])  # type: ignore[attr-defined]
        assert message in str(caught.value)


KEYS = st.text(st.characters(exclude_characters="\\-", codec="utf-8"), min_size=1)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, st.integers(), min_size=1) | st.integers(), min_size=1))
def test_nested_fields_make_the_document_they_came_from(document):
    def escaped(key):
        digits = f"\\{key}" if key.isdecimal() else key
        return digits.replace("[", "\\[").replace("]", "\\]")

    fields = []
    for key, value in document.items():
        members = value.items() if isinstance(value, dict) else [(None, value)]
        for inner, number in members:
            name = escaped(key) if inner is None else f"{escaped(key)}[{escaped(inner)}]"
            fields.append((parse_key(name), str(number)))
    assert json.loads(write_fields(fields)) == document


def test_the_end_of_brackets_passes_over_strings():
    assert end_of_brackets("{'a': '}', \"b\": (1, ']')} rest", 0) == 25
    assert end_of_brackets("{'a': [1}", 0) is None
