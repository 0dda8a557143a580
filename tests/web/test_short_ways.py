"""Where ours takes a shorter way than Flask, what can be told of it is the same."""

from __future__ import annotations

import gc
import hashlib
import json
from typing import Any

import pytest
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    BadRequestKeyError,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    TooManyRequests,
    Unauthorized,
    default_exceptions,
)
from werkzeug.routing import BaseConverter, BuildError, Map, Rule, ValidationError
from werkzeug.test import create_environ
from werkzeug.wrappers import Request as PlainRequest
from werkzeug.wrappers import Response

from flask_nb import web

# --- matching without an adapter ---


@pytest.fixture
def asked(app):
    """What a converter of the app was asked; it answers 404 or 410 to some values."""
    asked = []

    class Own(BaseConverter):
        def to_python(self, value):
            asked.append(value)
            if value == "gone":
                app.aborter(410)
            return value.upper()

    app.url_map.converters["own"] = Own
    return asked


@pytest.mark.parametrize("path", ["/plain/a", "/defaults/one", "/defaults/two", "/leads/a", "/plain/gone"])
def test_a_converter_is_asked_once_for_a_request(app, client, asked, path):
    app.add_url_rule("/plain/<own:x>", "plain", lambda x: x)
    app.add_url_rule("/defaults/", "defaults", lambda x: x, defaults={"x": "ONE"})
    app.add_url_rule("/defaults/<own:x>", "defaults")
    app.add_url_rule("/leads/<own:x>", "leads", redirect_to="/plain/<x>")
    response = client.get(path)
    assert asked == [path.rpartition("/")[2]]
    assert (response.status_code, response.location) == {
        "/defaults/one": (308, "http://localhost/defaults/"),
        "/leads/a": (308, "http://localhost/plain/A"),
        "/plain/gone": (410, None),
    }.get(path, (200, None))


def test_a_converter_may_read_the_request_and_the_session(framework, app, client):
    class Reading(BaseConverter):
        def to_python(self, value):
            assert framework.request.endpoint is None
            return f"{value} {framework.request.args['q']} {framework.session.get('n')}"

    app.url_map.converters["reading"] = Reading
    app.add_url_rule("/<reading:x>", "view", lambda x: f"{x} {framework.request.endpoint}")
    with client.session_transaction() as session:
        session["n"] = 7
    assert client.get("/a?q=b").text == "a b 7 view"


def test_an_error_of_a_converter_is_the_errors_of_a_view(framework, app, client):
    class Broken(BaseConverter):
        def to_python(self, value):
            raise LookupError(value)

    app.url_map.converters["broken"] = Broken
    app.add_url_rule("/<broken:x>", "view", lambda x: x)
    with pytest.raises(LookupError):
        client.get("/a")
    app.testing = False
    assert client.get("/a").status_code == 500


def test_a_map_of_ones_own_is_asked(framework):
    class Shouting(Map):
        def bind_to_environ(self, *args, **kwargs):
            adapter = super().bind_to_environ(*args, **kwargs)
            adapter.path_info = adapter.path_info.lower()
            return adapter

    class App(framework.Flask):
        url_map_class = Shouting

    app = App("own_map")
    app.add_url_rule("/loud/<x>", "view", lambda x: x)
    assert app.test_client().get("/LOUD/A").text == "a"


def test_a_rule_for_websockets_is_no_page(app, client):
    app.add_url_rule("/socket/<x>", "socket", lambda x: x, websocket=True)
    assert client.get("/socket/a").status_code == 400


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:5000", "127.0.0.1:40123"])
def test_a_plain_rule_leaves_nothing_to_the_garbage_collector(host):
    app: Any = web.Flask("app_under_test")
    app.add_url_rule("/", "index", lambda: {"text": "hello"})
    for turn in range(11):
        list(app(create_environ("/", base_url=f"http://{host}"), lambda status, headers, exc_info=None: None))
        if not turn:
            gc.collect()  # what is made once
    assert gc.collect() == 0


# --- pages of errors ---


class Worded(NotFound):
    description = "Gone <fishing>.\nBack soon."


class Paged(NotFound):
    def get_body(self, *args, **kwargs):
        return "a page of its own"


class Named(NotFound):
    name = "Nowhere"


class Headed(NotFound):
    def get_headers(self, *args, **kwargs):
        return [("Content-Type", "text/plain"), ("Location", "/else where")]


def errors():
    """Make an error of every kind that has a page."""
    for kind in default_exceptions.values():
        yield kind()
    yield from (Worded(), Paged(), Named(), Headed(), HTTPException("no code"), NotFound("a <b>\nc"))
    yield from (NotFound(Markup("<b>bold</b>")), NotFound("<b>bold</b>"), NotFound(response=Response("own")))
    yield from (MethodNotAllowed(["GET", "PUT"]), Unauthorized(www_authenticate=WWWAuthenticate("basic")))
    yield from (
        TooManyRequests(retry_after=7),
        RequestedRangeNotSatisfiable(length=3),
        BadRequestKeyError("k"),
    )


class Bare(HTTPException):
    """Keeps nothing of what Werkzeug's constructor sets."""

    code = 404

    def __init__(self, place):
        self.place = place

    def get_response(self, environ=None, scope=None):
        return Response("", 303, {"Location": self.place})


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_an_error_that_makes_its_response_by_itself_is_asked_for_it(app, client, method):
    @app.route("/", methods=["GET", "POST"])
    def index():
        raise Bare("/login")

    response = client.open("/", method=method)
    assert (response.status_code, response.location) == (303, "/login")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_an_error_is_the_page_that_werkzeug_makes_of_it(framework, app, method):
    app.testing, raised = False, None

    @app.route("/", methods=["GET", "POST"])
    def view():
        raise raised

    for raised in errors():
        if raised.code is None:
            continue  # no status, no page
        environ = create_environ(method=method)
        expected = Response.from_app(raised, environ)
        found = app.test_client().open("/", method=method)
        assert (found.status, found.data) == (expected.status, expected.data)
        assert sorted(found.headers) == sorted(expected.headers)


def test_pages_pass_the_hooks_and_may_be_changed_there(framework, app, client):
    @app.after_request
    def change(response):
        assert isinstance(response, framework.Response)
        seen.append((response.status_code, response.get_data(as_text=True)[:15], response.mimetype))
        response.set_data("changed")
        return response

    seen = []
    for _ in range(2):  # what was kept is not what was changed
        assert client.get("/none").data == b"changed"
    assert seen == [(404, "<!doctype html>", "text/html")] * 2


def test_a_class_of_responses_that_overrides_is_asked_for_pages_too(framework, app, client):
    class Own(framework.Response):
        @classmethod
        def force_type(cls, response, environ=None):
            made = super().force_type(response, environ)
            made.headers["X-Forced"] = "yes"
            return made

    app.response_class = Own
    assert client.get("/none").headers["X-Forced"] == "yes"


def test_what_did_not_match_is_known_to_hooks_handlers_and_the_request(framework, app, client):
    seen = []
    app.before_request(lambda: seen.append(type(framework.request.routing_exception)))
    app.add_url_rule("/posted", "posted", lambda: "", methods=["POST"])

    @app.errorhandler(404)
    @app.errorhandler(405)
    def handle(error):
        return (
            f"{error.code} {error.description[:7]} {error is framework.request.routing_exception}",
            error.code,
        )

    assert client.get("/none").text == "404 The req True"
    assert client.get("/posted").text == "405 The met True"
    assert seen == [NotFound, MethodNotAllowed]


def test_an_error_that_is_trapped_or_unhandled_is_signalled(framework, app, client):
    failed = []
    with framework.got_request_exception.connected_to(lambda app, exception: failed.append(exception), app):
        assert client.get("/none").status_code == 404
        assert not failed
        app.config["TRAP_HTTP_EXCEPTIONS"] = True
        with pytest.raises(NotFound):
            client.get("/none")
    assert [type(error) for error in failed] == [NotFound]


# --- signatures ---


def test_a_secret_key_that_is_changed_counts_from_the_next_request(framework, app, client):
    def view():
        framework.session["n"] = framework.session.get("n", 0) + 1
        return str(framework.session["n"])

    app.add_url_rule("/", "view", view)
    assert [client.get("/").text for _ in range(2)] == ["1", "2"]
    app.secret_key, old = "another key", app.secret_key
    assert client.get("/").text == "1"
    app.config["SECRET_KEY_FALLBACKS"] = [old]
    app.secret_key = "a third"
    assert [client.get("/").text for _ in range(2)] == ["1", "2"]


def test_what_signs_cookies_signs_as_itsdangerous_does(framework, app):
    app.config["SECRET_KEY_FALLBACKS"] = ["old", b"older"]
    serializer = app.session_interface.get_signing_serializer(app)
    plain = URLSafeTimedSerializer(
        ["old", "older", "a key for tests"],
        salt="cookie-session",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
    )
    for salt in (None, "cookie-session", "other"):
        assert plain.loads(serializer.dumps({"a": 1}, salt=salt), salt=salt) == {"a": 1}
        assert serializer.loads(plain.dumps({"a": 1}, salt=salt), salt=salt, max_age=9) == {"a": 1}
    with pytest.raises(BadSignature):
        serializer.loads(plain.dumps({"a": 1}, salt="other"))
    with pytest.raises(BadSignature):
        serializer.loads(f"{plain.dumps({'a': 1})}x")


@pytest.mark.parametrize("vary", [None, "Cookie", "Accept", "accept, COOKIE", "*"])
def test_a_session_adds_to_what_a_response_varies_by(framework, app, client, vary):
    def view():
        framework.session["n"] = 1
        return "", ({} if vary is None else {"Vary": vary})

    app.add_url_rule("/", "view", view)
    said = [part.strip().lower() for part in client.get("/").headers["Vary"].split(",")]
    assert sorted(set(said)) == sorted({"cookie", *(vary or "Cookie").lower().split(", ")})
    assert len(said) == len(set(said))


# --- URLs without an adapter ---


@pytest.fixture
def linked(framework, app):
    """An app whose rules differ by method, defaults, converter and blueprint."""

    class Halved(BaseConverter):
        def to_url(self, value):
            if value % 2:
                raise ValidationError
            return str(value // 2)

    app.url_map.converters["halved"] = Halved
    blueprint = framework.Blueprint("bp", "bp", url_prefix="/<lang>")
    blueprint.add_url_rule("/page", "page", lambda lang: framework.url_for(".page"))
    blueprint.url_defaults(lambda endpoint, values: values.setdefault("lang", "de"))
    app.register_blueprint(blueprint)
    app.add_url_rule("/get/<int:x>", "view", lambda x: "", methods=["GET"])
    app.add_url_rule("/post/<int:x>", "view", methods=["POST"])
    app.add_url_rule("/pages/", "pages", lambda page: "", defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages")
    app.add_url_rule("/halved/<halved:x>", "halved", lambda x: "")
    app.add_url_rule("/files/<path:name>", "file", lambda name: "")
    app.add_url_rule("/<path:name>", "top", lambda name: "")
    app.add_url_rule("/socket", "socket", lambda: "", websocket=True)
    app.add_url_rule("/built", "built", build_only=True)
    app.url_build_error_handlers.append(lambda error, endpoint, values: f"/{endpoint}?{sorted(values)}")
    return app


class Unequal:
    """As a column or an array it has no truth to tell when it is compared."""

    def __eq__(self, other):
        raise TypeError

    def __str__(self):
        return "x"


@pytest.mark.parametrize(
    ("endpoint", "values", "url"),
    [
        ("view", {"x": 7}, "/below/get/7"),
        ("view", {"x": 7, "q": None, "a": ["1", "é&"], "b": 0}, "/below/get/7?a=1&a=%C3%A9%26&b=0"),
        ("view", {"x": 7, "_method": "POST"}, "/below/post/7"),
        ("view", {"x": 7, "_anchor": "a b#é"}, "/below/get/7#a%20b#%C3%A9"),
        ("view", {"x": 7, "_external": True}, "http://localhost/below/get/7"),
        ("view", {"x": 7, "_scheme": "https"}, "https://localhost/below/get/7"),
        ("pages", {}, "/below/pages/"),
        ("pages", {"page": 1}, "/below/pages/"),
        ("pages", {"page": 2}, "/below/pages/2"),
        ("halved", {"x": 8}, "/below/halved/4"),
        ("halved", {"x": 7}, "/halved?['_anchor', '_external', '_method', '_scheme', 'x']"),
        ("view", {}, "/view?['_anchor', '_external', '_method', '_scheme']"),
        ("nowhere", {}, "/nowhere?['_anchor', '_external', '_method', '_scheme']"),
        ("file", {"name": "a/é b"}, "/below/files/a/%C3%A9%20b"),
        ("top", {"name": "/a"}, "/below/a"),
        ("top", {"name": "a", "lang": Unequal()}, "/below/a?lang=x"),
        ("socket", {}, "ws://localhost/below/socket"),
        ("built", {}, "/below/built"),
        ("bp.page", {}, "/below/de/page"),
        ("bp.page", {"lang": "en"}, "/below/en/page"),
        (".pages", {"page": 3}, "/below/pages/3"),
    ],
)
def test_a_url_is_built_as_an_adapter_builds_it(linked, framework, endpoint, values, url):
    with linked.test_request_context("/", base_url="http://localhost/below/"):
        assert framework.url_for(endpoint, **values) == url


def test_a_url_without_a_prefix_begins_with_one_slash(linked, framework):
    with linked.test_request_context("/"):
        assert framework.url_for("top", name="//a/b") == "/a/b"
        assert framework.url_for("pages", page=2, q="a b") == "/pages/2?q=a+b"


def test_a_dot_stands_for_the_blueprint_of_the_request(linked):
    assert linked.test_client().get("/en/page").text == "/de/page"


def test_the_method_of_the_request_is_preferred(linked, framework):
    with linked.test_request_context("/", method="POST"):
        assert framework.url_for("view", x=7) == "/post/7"
    with linked.test_request_context("/", method="DELETE"):
        assert framework.url_for("view", x=7) == "/get/7"


def test_what_no_url_can_be_built_of_is_refused_when_the_rule_is_added(framework, app):
    class Refusing(BaseConverter):
        def to_url(self, value):
            raise ValueError(value)

    app.url_map.converters["refusing"] = Refusing
    with pytest.raises(ValueError, match="None"):
        app.add_url_rule("/<None>", "none")
    with pytest.raises(ValueError, match="7"):
        app.add_url_rule("/<refusing:x>", "default", defaults={"x": 7})


@pytest.mark.parametrize("name", ["rule", "self", "values", "class"])
def test_a_variable_may_have_any_other_name(framework, app, name):
    app.add_url_rule(f"/<{name}>", "view", lambda **values: "")
    with app.test_request_context():
        assert framework.url_for("view", **{name: "a"}) == framework.url_for("view", **{name: "a"}) == "/a"


def test_what_builds_a_url_is_compiled_when_the_first_one_is_built(monkeypatch):
    compiled = []
    compile_builder = Rule._compile_builder
    monkeypatch.setattr(
        Rule,
        "_compile_builder",
        lambda rule, how=True: compiled.append(rule.endpoint) or compile_builder(rule, how),
    )
    app = web.Flask("linked", static_folder=None)
    app.add_url_rule("/<x>", "view", lambda x: "")
    app.add_url_rule("/other", "other", lambda: "")
    assert compiled == []
    with app.test_request_context():
        assert [web.url_for("view", x=1), web.url_for("view", x=2)] == ["/1", "/2"]
    assert compiled == ["view"]


def test_a_rule_of_ones_own_builds_itself(framework):
    class Versioned(Rule):
        def build(self, values, append_unknown=True):
            built = super().build(values, append_unknown)
            return built and (built[0], f"/v2{built[1]}")

    class App(framework.Flask):
        url_rule_class = Versioned

    app = App("own_rule")
    app.add_url_rule("/<x>", "view", lambda x: framework.url_for("view", x=x))
    assert app.test_client().get("/a").text == "/v2/a"


def test_a_rule_of_ones_own_says_what_suits_it(framework):
    class Even(Rule):
        def suitable_for(self, values, method=None):
            return super().suitable_for(values, method) and values["x"] % 2 == 0

    class App(framework.Flask):
        url_rule_class = Even

    app = App("own_rule")
    app.add_url_rule("/<int:x>", "view", lambda x: "")
    with app.test_request_context():
        assert framework.url_for("view", x=2) == "/2"
        with pytest.raises(BuildError):
            framework.url_for("view", x=3)


def test_another_rule_of_an_endpoint_counts_at_once(framework, app):
    app.add_url_rule("/a/<x>", "view", lambda x: "")
    with app.test_request_context():
        assert [framework.url_for("view", x=1), framework.url_for("view", x=1, y=2)] == ["/a/1", "/a/1?y=2"]
        app.url_map.add(Rule("/b/<x>/<y>", endpoint="view"))
        assert [framework.url_for("view", x=1), framework.url_for("view", x=1, y=2)] == ["/a/1", "/b/1/2"]


def test_a_map_of_ones_own_builds_urls(framework):
    class Prefixing(Map):
        def bind_to_environ(self, *args, **kwargs):
            adapter = super().bind_to_environ(*args, **kwargs)
            adapter.script_name = "/own/"
            return adapter

    class App(framework.Flask):
        url_map_class = Prefixing

    app = App("own_map")
    app.add_url_rule("/", "view", lambda: framework.url_for("view"))
    assert app.test_client().get("/").text == "/own/"


def test_a_host_or_subdomain_is_part_of_the_url(framework):
    app = framework.Flask("hosts", host_matching=True, static_folder=None)
    app.add_url_rule("/", "here", lambda: framework.url_for("there"), host="here.test")
    app.add_url_rule("/", "there", lambda: "", host="there.test")
    assert app.test_client().get("/", base_url="http://here.test").text == "http://there.test/"
    app = framework.Flask("subdomains", subdomain_matching=True)
    app.config["SERVER_NAME"] = "a.test"
    app.add_url_rule("/", "view", lambda: framework.url_for("sub"))
    app.add_url_rule("/", "sub", lambda: "", subdomain="sub")
    assert app.test_client().get("/").text == "http://sub.a.test/"


def test_a_subdomain_that_nothing_matches_is_still_part_of_the_url(framework, app):
    app.add_url_rule("/", "sub", lambda: "", subdomain="sub")
    with app.test_request_context("/"):
        assert framework.url_for("sub") == "http://sub.localhost/"


# --- the parts of a request ---

ENVIRONS = [
    {},
    {"PATH_INFO": "", "SCRIPT_NAME": "/below/"},
    {"PATH_INFO": "//a//b", "SCRIPT_NAME": "below"},
    {"PATH_INFO": "/\xc3\xa9/\xff", "SCRIPT_NAME": "/\xc3\xa4/", "QUERY_STRING": "q=%C3%A9"},
    {"SERVER_NAME": "/run/socket", "SERVER_PORT": "unix", "REMOTE_ADDR": ""},
    {"SERVER_PORT": None, "wsgi.url_scheme": "https", "REMOTE_ADDR": "::1", "REQUEST_METHOD": "patch"},
    {"HTTP_HOST": "example.test:8080", "CONTENT_TYPE": "text/plain", "HTTP_X_FORWARDED_FOR": "1.2.3.4"},
]
PARTS = ("method", "scheme", "server", "root_path", "path", "query_string", "remote_addr", "shallow")
DERIVED = (
    "url",
    "base_url",
    "host",
    "full_path",
    "args",
    "is_secure",
    "access_route",
    "mimetype",
    "endpoint",
)


@pytest.mark.parametrize("changed", ENVIRONS)
@pytest.mark.parametrize("missing", [(), ("SERVER_NAME", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")])
def test_a_request_reads_its_environment_as_werkzeug_does(framework, changed, missing):
    environ = {name: value for name, value in create_environ().items() if name not in missing} | changed
    request, plain = framework.Request(environ), PlainRequest(dict(environ))
    for name in (*PARTS, *DERIVED):
        assert getattr(request, name) == getattr(plain, name, None), name
    assert list(request.headers) == list(plain.headers)
    assert environ["werkzeug.request"] is request


def test_the_parts_of_a_request_can_be_set(framework, app):
    with app.test_request_context("/a?b=c"):
        request = framework.request
        request.path, request.headers = "/other", {"X": "y"}
        request.scheme = "https"
        assert (request.full_path, request.headers["X"], request.is_secure) == ("/other?b=c", "y", True)


def test_a_class_of_requests_with_a_constructor_is_called_for_every_request(framework, app, client):
    class Own(framework.Request):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self.path)

    made, app.request_class = [], Own
    app.add_url_rule("/a", "view", lambda: "")
    client.get("/a")
    assert made == ["/a"]


# --- one encoder for an app ---


@pytest.fixture
def dumped(app, client):
    """What the app answers to a view with a dictionary."""
    app.add_url_rule("/", "view", lambda: {"b": "é", "a": {1, 2}.__class__})
    app.json.default = lambda value: value.__name__
    return lambda: client.get("/").text


def test_settings_of_json_count_from_the_next_response(app, dumped):
    assert dumped() == '{"a":"set","b":"\\u00e9"}\n'
    app.json.sort_keys = False
    assert dumped() == '{"b":"\\u00e9","a":"set"}\n'
    app.json.ensure_ascii = False
    assert dumped() == '{"b":"é","a":"set"}\n'
    app.json.default = lambda value: "other"
    assert dumped() == '{"b":"é","a":"other"}\n'
    app.json.compact = False
    assert dumped() == '{\n  "b": "é",\n  "a": "other"\n}\n'
    app.json.mimetype = "application/vnd.own+json"
    assert app.test_client().get("/").mimetype == "application/vnd.own+json"


def test_a_provider_that_is_put_in_later_is_asked(framework, app, dumped):
    class Own(framework.json.provider.DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            return f"own {sorted(obj)} {sorted(kwargs)}"

    dumped()
    app.json = Own(app)
    assert dumped() == "own ['a', 'b'] ['separators']\n"


def test_arguments_of_dumps_win_for_one_call(framework, app):
    class Shouting(json.JSONEncoder):
        def encode(self, o):
            return super().encode(o).upper()

    with app.app_context():
        dumps, value = framework.json.dumps, {"b": [1, float("nan")], "a": "ä"}
        assert dumps(value) == '{"a": "\\u00e4", "b": [1, NaN]}'
        assert dumps(value, sort_keys=False, ensure_ascii=False) == '{"b": [1, NaN], "a": "ä"}'
        assert dumps(value, cls=Shouting, sort_keys=True) == '{"A": "\\U00E4", "B": [1, NAN]}'
        assert dumps(value) == '{"a": "\\u00e4", "b": [1, NaN]}'
        with pytest.raises(ValueError, match="Out of range"):
            dumps(value, allow_nan=False)
        with pytest.raises(TypeError):
            dumps(value, no_such_argument=True)
        with pytest.raises(TypeError):
            dumps({1: 2, "a": 3})


def test_json_is_answered_in_the_class_of_responses(framework, app, client):
    class Own(framework.Response):
        default_status = 203

    app.response_class = Own
    app.add_url_rule("/", "view", lambda: {"a": 1})
    response = client.get("/")
    assert (response.status_code, response.json, response.headers["Content-Length"]) == (203, {"a": 1}, "8")
