"""The line of ``%explain``."""

from __future__ import annotations

import pytest

from flask_nb.cells import parse_explain
from flask_nb.errors import MagicArgumentError


@pytest.mark.parametrize(
    ("line", "method", "path"),
    [
        ("/items/7", "GET", "/items/7"),
        ("items/7?page=2", "GET", "/items/7?page=2"),
        ("POST /items", "POST", "/items"),
        ("post /items", "POST", "/items"),
        ("PROPFIND /items", "PROPFIND", "/items"),
        ("http://localhost/items", "GET", "/items"),
        ("{'/it' + 'ems'}", "GET", "/items"),
        ("/items name=Ann", "GET", "/items"),
    ],
)
def test_a_path_is_a_request_that_is_not_sent(line, method, path):
    request = parse_explain(line).request
    assert request is not None
    resolved = request.expand(eval)
    assert (resolved.method, resolved.path) == (method, path)


def test_a_host_may_stand_behind_the_path():
    request = parse_explain("/items Host:api.example.org").request
    assert request is not None
    assert ("Host", "api.example.org") in request.expand(eval).headers


@pytest.mark.parametrize(
    ("line", "name", "method", "names"),
    [
        ("item", "item", None, []),
        ("post", "post", None, []),
        ("item id=7 page=2", "item", None, ["id", "page"]),
        ("POST item id=7", "item", "POST", ["id"]),
        ("item _method=put", "item", "PUT", []),
        ("/items/<int:id> id=x", "/items/<int:id>", None, ["id"]),
        ("admin.index", "admin.index", None, []),
    ],
)
def test_an_endpoint_or_a_rule_is_a_url(line, name, method, names):
    url = parse_explain(line).url
    assert url is not None
    assert (url.name, url.method, [key for key, _ in url.values]) == (name, method, names)


def test_nothing_means_what_went_wrong_last():
    definition = parse_explain("--app shop")
    assert (definition.request, definition.url, definition.app) == (None, None, "shop")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("GET", "the path is missing. Type one, such as %explain GET /items"),
        ("item 7", "'7' is not of the form name=value"),
        ("/items x", "'x' is not understood"),
        ("/items --bpp x", "unknown flag '--bpp'"),
    ],
)
def test_what_is_not_understood_says_what_to_type(line, words):
    with pytest.raises(MagicArgumentError) as caught:
        parse_explain(line)
    assert words in str(caught.value)


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PURGE", "QUERY", "TRACE", "COPY", "SEARCH"])
def test_a_method_of_somebodys_own_is_not_taken_for_a_mistake(method):
    request = parse_explain(f"{method} /items").request
    assert request is not None
    assert request.method == method


@pytest.mark.parametrize(("typed", "meant"), [("GTE", "GET"), ("PSOT", "POST"), ("DELTE", "DELETE")])
def test_a_misspelt_method_is_told(typed, meant):
    with pytest.raises(MagicArgumentError, match=f"'{typed}' is not a method. Did you mean {meant}?"):
        parse_explain(f"{typed} /items")
