"""Any WSGI callable as an app: which one it is, what it answers, and what it is not asked for."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from werkzeug.test import Client

from flask_nb import engines
from flask_nb.engines import RouteRow
from flask_nb.engines.near import near_rows
from flask_nb.errors import ForeignAppError, UnsupportedByAppError
from flask_nb.wsgi import NotWSGIError


def site(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]


class Site:
    def __call__(self, env, start):
        return site(env, start)


async def async_site(environ, start_response):
    return []


def adopt(app: Any) -> Any:
    return engines.adopt(app, "site", is_chosen=True)


@pytest.mark.parametrize("app", [site, Site(), functools.partial(site), lambda *args: site(*args)])
def test_a_callable_of_two_arguments_answers(app):
    assert Client(adopt(app).wsgi_app).get("/hello").text == "/hello"


class Answer:
    """An app as PEP 3333 shows it: its instances are the answers."""

    def __init__(self, environ, start_response):
        self.environ, self.start = environ, start_response

    def __iter__(self):
        self.start("200 OK", [("Content-Type", "text/plain")])
        yield self.environ["PATH_INFO"].encode()


def test_a_class_whose_instances_are_answers_is_an_app():
    assert Client(adopt(Answer).wsgi_app).get("/hello").text == "/hello"


def test_no_callable_is_an_app_unless_it_was_chosen():
    with pytest.raises(ForeignAppError, match=r"site holds an app of its own kind.* type %app site"):
        engines.adopt(site, "site")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Site, r"site is the class Site, not an app .* Make one: site = Site\(…\)"),
        (async_site, r"called as async def async_site\(environ, start_response\)\. A WSGI app is a plain"),
        (
            lambda environ, start_response, more: [],
            r"is called as def <lambda>\(environ, start_response, more\)",
        ),
        (lambda environ: [], r"A WSGI app is a plain function of \(environ, start_response\)"),
        (3, "what should be the app is of type int"),
    ],
)
def test_what_is_no_app_says_what_it_is(value, message):
    with pytest.raises(ForeignAppError, match=message):
        adopt(value)


@pytest.mark.parametrize("answer", [None, 200])
def test_an_answer_that_is_none_is_told(answer):
    engine = adopt(lambda environ, start_response: answer)
    with pytest.raises(NotWSGIError, match=f"site returned {type(answer).__name__}, where an iterable"):
        engine.wsgi_app({}, print)


def test_a_coroutine_is_told_and_closed():
    engine = adopt(lambda environ, start_response: async_site(environ, start_response))
    with pytest.raises(NotWSGIError, match="site returned coroutine"):
        engine.wsgi_app({}, print)


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engines.check_definable(engine),
        lambda engine: engine.add_template("a.html", "", "<cell>", 1),
        lambda engine: engine.set_config("a", {}, whole_cell=True),
        lambda engine: engine.set_debug(True),
    ],
)
def test_what_magics_define_is_refused_by_the_name_and_kind_of_the_app(ask):
    with pytest.raises(
        UnsupportedByAppError, match=r"site is a WSGI function: .* magics define .* Flask apps"
    ):
        ask(adopt(site))


def test_urls_contexts_and_withdrawing_are_refused():
    engine = adopt(site)
    with pytest.raises(UnsupportedByAppError, match="builds no URLs from names"):
        engines.check_urls(engine)
    with pytest.raises(UnsupportedByAppError, match="no cell can run as if it were answering"):
        engine.framework()
    with pytest.raises(UnsupportedByAppError, match="whose routes cannot be withdrawn"):
        engine.drop("hello")


def test_an_app_without_hosts_is_asked_as_localhost():
    assert (adopt(site).hosts(), adopt(site).default_host()) == ([], "localhost")


def test_completion_offers_only_what_is_surely_an_app():
    assert [engines.is_app(value) for value in (site, Site(), Site, print, 3)] == [True] + [False] * 4


ROWS = [
    RouteRow("/items/{id}", ("GET",), "item", written_otherwise="/items/<id>"),
    RouteRow("/files/{p:path}", (), "file", written_otherwise="/files/<path:p>"),
]


@pytest.mark.parametrize(
    ("method", "path", "near"),
    [
        ("GET", "/items/3", None),
        ("HEAD", "/items/3", None),
        ("POST", "/files/a/b", None),
        ("GET", "/itms/3", ["GET /items/{id}", "GET /files/{p:path}"]),
        ("GET", "/items", ["GET /items/{id}"]),
        ("GET", "/nothing/like/it", []),
        ("GET", "/items" * 100, []),
    ],
)
def test_rules_that_come_near_are_told_as_the_app_writes_them(method, path, near):
    assert near_rows(ROWS, method, path) == near
