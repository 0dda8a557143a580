"""``%url_for``: the endpoint that is meant, the values, and what is said when there is no URL."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import BaseConverter

from flask_nb.cells.urls import build_url, parse_url
from flask_nb.engines.ours import OurEngine
from flask_nb.errors import FlaskNbError, MagicArgumentError, UrlError


class ListConverter(BaseConverter):
    def to_url(self, value: Any) -> str:
        return "+".join(value)


@pytest.fixture
def engine() -> OurEngine:
    engine = OurEngine.new("nb")
    engine.app.url_map.converters["list"] = ListConverter

    def view(**values: Any) -> str:
        return ""

    def add(rule: str, endpoint: str, *methods: str) -> None:
        engine.app.add_url_rule(rule, endpoint, view, methods=methods or ("GET",))

    add("/", "index")
    add("/hello/<name>", "hello_name")
    add("/items", "items")
    add("/items", "post_items", "POST")
    add("/items/<int:id>", "items_id")
    add("/users/<list:names>", "users")
    add("/a/<x>/<y>", "pair")
    add("/a/<x>", "pair")
    return engine


def build(engine: OurEngine, line: str, **variables: Any) -> str:
    return build_url(parse_url(line), engine, lambda source: eval(source, variables))


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("index", "/"),
        ("hello_name name=Ann", "/hello/Ann"),
        ("hello name=Ann", "/hello/Ann"),
        ("hello name='Ann B' page=2", "/hello/Ann%20B?page=2"),
        ("/hello/<name> name=Ann", "/hello/Ann"),
        ("/items/<int:id> id=3", "/items/3"),
        ("/items", "/items"),
        ("/items _method=POST", "/items"),
        ("items_id id={2 + 1}", "/items/3"),
        ("users names={['a', 'b']}", "/users/a+b"),
        ("index tag={['a', 'b']}", "/?tag=a&tag=b"),
        ("index q=x{1 + 1}y", "/?q=x2y"),
        ("hello name={user['n']}", "/hello/Ann"),
        ("pair x=1", "/a/1"),
        ("pair x=1 y=2", "/a/1/2"),
        ("static filename=site.css", "/static/site.css"),
        ("index _external=True", "http://localhost/"),
        ("index _external=False", "/"),
        ("index _scheme=https", "https://localhost/"),
        ("index _anchor=top", "/#top"),
        ("index _anchor=of-{user['n']}", "/#of-Ann"),
        ("index --live", "http://localhost/"),
        ("index --local", "http://localhost/"),
        ("index  # the first page", "/"),
    ],
)
def test_urls(engine, line, url):
    assert build(engine, line, user={"n": "Ann"}) == url


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "the endpoint is missing"),
        ("name=Ann", "the endpoint is missing before 'name=Ann'"),
        ("index name", "'name' is not of the form name=value"),
        ("index a-b=1", "'a-b=1' is not of the form name=value"),
        ("index a=1 a=2", "'a' is given twice"),
        ("index _external=perhaps", "_external is True or False, not 'perhaps'"),
        ("index _external=", "_external has no value"),
        ("index _extrenal=True", "unknown option '_extrenal'. Did you mean _external?"),
        ("index _scheme=https _external=False", "Leave out _external=False"),
        ("index --lvie", "Did you mean --live?"),
        ("index --live --local", "not allowed with argument --live"),
        ("index q='x", "not closed"),
    ],
)
def test_mistakes_of_the_line(line, says):
    with pytest.raises(MagicArgumentError) as caught:
        parse_url(line)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("helo_name", "there is no endpoint 'helo_name'. Near: hello_name (/hello/<name>)"),
        ("zzzzz", "there is no endpoint 'zzzzz'. %routes shows them all"),
        ("/helo/<name>", "there is no rule '/helo/<name>'. Near: hello_name (/hello/<name>)"),
        (
            "hello_name",
            "the value of 'name' is missing for /hello/<name>. Type %url_for hello_name name=…",
        ),
        ("hello_name page=2", "Type %url_for hello_name page=2 name=…"),
        ("pair y=1", "the value of 'x' is missing for /a/<x>"),
        ("items_id id=abc", "id='abc' does not fit /items/<int:id>: ValueError"),
        ("index _method=POST", "the endpoint 'index' answers GET, not POST"),
    ],
)
def test_urls_that_cannot_be_built(engine, line, says):
    with pytest.raises(UrlError) as caught:
        build(engine, line)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_beginning_of_several_endpoints_names_them(engine):
    engine.app.add_url_rule("/hello/<int:n>/x", "hello_n_x", lambda n: "")
    with pytest.raises(UrlError, match="'hello' is the start of several endpoints: "):
        build(engine, "hello name=Ann")


def test_a_rule_of_several_endpoints_is_that_of_the_method(engine):
    assert parse_url("/items _method=post").method == "POST"
    engine.app.add_url_rule("/items", "delete_items", lambda: "", methods=["DELETE"])
    with pytest.raises(UrlError, match="belongs to several endpoints: "):
        build(engine, "/items _method=PUT")


def test_an_error_of_an_expression_propagates(engine):
    with pytest.raises(NameError):
        build(engine, "hello name={nobody}")


lines = st.lists(
    st.sampled_from(["index", "hello", "/items", "name=", "{1}", "_external=True", "a=b", "<x>", "'", " "])
    | st.text(max_size=5),
    max_size=6,
).map(" ".join)


@given(lines)
def test_any_line_is_a_url_or_one_error(line):
    engine = OurEngine.new("nb")
    engine.app.add_url_rule("/items/<name>", "items", lambda name: "")
    try:
        url = build_url(parse_url(line), engine, lambda source: 1)
    except FlaskNbError:
        return
    assert url.startswith(("/", "http://localhost/"))
