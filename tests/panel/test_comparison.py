"""What is told of two exchanges that differ."""

from __future__ import annotations

import json

import pytest
import werkzeug
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.exchange import Exchange, Request
from flask_nb.panel import Difference, Display, Panel, PanelResponse, differences

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)


def panel(
    body: str | bytes,
    mimetype: str = "text/plain",
    status: int = 200,
    mask: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> Panel:
    request = Request("GET", "/")
    response = PanelResponse(
        [body.encode() if isinstance(body, str) else body],
        str(status),
        werkzeug.datastructures.Headers([("Content-Type", mimetype), *headers]),
        request=werkzeug.Request(request.environ()),
    )
    response.history = ()
    response.exchange = Exchange(request, response)
    return Panel(response.exchange, Display(mask=(mask,) if mask else ()))


def of_json(before: object, now: object, mask: str = "") -> list[Difference]:
    return differences(*(panel(json.dumps(value), "application/json", mask=mask) for value in (before, now)))


@given(values)
def test_equal_values_do_not_differ(value):
    assert of_json(value, value) == []


@given(values, values)
def test_what_differs_is_told_and_nothing_else(before, now):
    same = json.dumps(before, sort_keys=True) == json.dumps(now, sort_keys=True)
    assert (of_json(before, now) == []) == same


@pytest.mark.parametrize(
    ("before", "now", "difference"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ("$.a[1].b", "2", "3")),
        ({"a": 1}, {"a": "1"}, ("$.a", "1", '"1"')),
        ({"a": 1}, {}, ("$.a", "1", "")),
        ([], ["x"], ("$[0]", "", '"x"')),
        ({"a b": 1}, {"a b": 2}, ("$['a b']", "1", "2")),
        ({"a": {"b": 1}}, {"a": [1]}, ("$.a", '{ "b": 1 }', "[ 1 ]")),
    ],
)
def test_a_place_in_json_is_told_by_its_path(before, now, difference):
    ((what, old, new),) = of_json(before, now)
    assert (what, old.replace(" ", ""), new.replace(" ", "")) == tuple(
        text if text == what else text.replace(" ", "") for text in difference
    )


def test_what_is_masked_is_not_different():
    assert of_json({"id": 1}, {"id": 2}, mask="$.id") == []


def test_lines_are_told_by_their_number():
    assert differences(panel("one\ntwo\nthree"), panel("one\nzwei\nthree\nfour")) == [
        ("line 2", "two", "zwei"),
        ("line 4", "", "four"),
    ]


def test_status_and_headers_are_told():
    found = differences(
        panel("x", headers=(("X-Way", "a"),)), panel("x", status=404, headers=(("X-Other", "b"),))
    )
    assert found == [
        ("status", "200 OK", "404 Not Found"),
        ("header X-Way", "a", ""),
        ("header X-Other", "", "b"),
    ]


def test_bytes_are_described():
    found = differences(panel(b"\x00\x01", "image/png"), panel(b"\x00\x02\x03", "image/png"))
    assert found == [("body", "image/png, 2 B", "image/png, 3 B")]


def test_secrets_in_headers_are_in_neither():
    found = differences(*(panel("x", headers=(("X-Api-Key", key),)) for key in ("abc123456", "def123456")))
    assert found == []


def test_of_many_differences_the_first_are_told_and_the_rest_counted():
    found = of_json([0] * 200, [1] * 200)
    assert found[-1].what == "… 140 more differences"
