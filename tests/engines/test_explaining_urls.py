"""What is said of a URL before it is built."""

from __future__ import annotations

from typing import Any

import flask
import pytest

import flask_nb
from flask_nb.engines import UrlExplanation, adopt


@pytest.fixture(params=[flask_nb.Flask, flask.Flask], ids=["ours", "Flask"])
def app(request: pytest.FixtureRequest) -> Any:
    return request.param("shop", static_folder=None)


def explain(app: Any, endpoint: str, method: str | None = None, **values: Any) -> UrlExplanation:
    return adopt(app).explain_url(endpoint, values, method)


def reasons(explained: UrlExplanation) -> list[tuple[str, str]]:
    return [(one.row.rule, "taken" if one.is_taken else one.reason) for one in explained.rules]


def test_what_no_rule_has_a_variable_for_goes_into_the_query(app):
    app.add_url_rule("/items/<int:id>", "item")
    explained = explain(app, "item", id=3, page=2, nothing=None)
    assert (explained.url, explained.query) == ("/items/3?page=2", ("page",))
    assert reasons(explained) == [("/items/<int:id>", "taken")]


def test_missing_values_are_named_of_the_rule_that_lacks_the_fewest(app):
    app.add_url_rule("/<a>/<b>/<c>", "item")
    app.add_url_rule("/<a>/<b>", "item")
    explained = explain(app, "item", a=1)
    assert (explained.url, explained.missing) == (None, ("b",))
    assert reasons(explained) == [("/<a>/<b>/<c>", "b and c are missing"), ("/<a>/<b>", "b is missing")]


def test_a_value_that_a_converter_refuses_is_told(app):
    app.add_url_rule("/items/<int:id>", "item")
    explained = explain(app, "item", id="x")
    assert explained.url is None
    assert reasons(explained)[0][1].startswith("<int:id> does not take 'x': ValueError")


def test_the_rule_with_the_most_values_is_taken_and_the_others_say_why_not(app):
    app.add_url_rule("/items/", "items", defaults={"page": 1})
    app.add_url_rule("/items/<int:page>", "items")
    assert reasons(explain(app, "items", page=2)) == [
        ("/items/", "page is 1 here, by its defaults"),
        ("/items/<int:page>", "taken"),
    ]
    assert explain(app, "items").url == "/items/"


def test_a_method_chooses_among_the_rules(app):
    app.add_url_rule("/new", "items", methods=["POST"])
    app.add_url_rule("/all", "items", methods=["GET"])
    assert explain(app, "items").url == "/all"
    assert reasons(explain(app, "items", "POST")) == [("/new", "taken"), ("/all", "does not answer POST")]


def test_functions_that_add_values_are_named_and_not_called(app):
    app.add_url_rule("/<language>/", "index")

    @app.url_defaults
    def add_language(endpoint: str, values: Any) -> None:
        raise AssertionError

    explained = explain(app, "index")
    assert explained.missing == ("language",)
    assert explained.notes == ("url_defaults: add_language may add values, and was not called",)


@pytest.mark.parametrize("values", [{"id": 1}, {"id": 1, "name": "x"}, {"name": "x"}, {"page": 1, "id": 2}])
def test_the_url_is_the_one_that_is_built(app, values):
    for rule in ("/i/<int:id>", "/i/<int:id>/<name>", "/n/<name>", "/p/<int:id>/<int:page>"):
        app.add_url_rule(rule, "item")
    explained = explain(app, "item", **values)
    assert explained.url == app.url_map.bind("localhost").build("item", values)
