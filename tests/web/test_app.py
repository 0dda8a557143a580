"""The app: hooks and handlers in their order, views' values, contexts, resources."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import io
import os
import sys
import threading
import weakref
from wsgiref.validate import validator

import pytest
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, InternalServerError, NotFound
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response as WerkzeugResponse


def serve(app, view, rule="/", **options):
    """Register a view and return a client."""
    app.add_url_rule(rule, "view", view, **options)
    return app.test_client()


# --- what a view may return ---


def wsgi_application(environ, start_response):
    start_response("203 Own", [("X-A", "b"), ("Content-Type", "text/x")])
    return [b"from wsgi"]


@pytest.mark.parametrize(
    ("value", "status", "body", "mimetype"),
    [
        ("é", 200, "é", "text/html"),
        ("", 200, "", "text/html"),
        (b"bytes", 200, "bytes", "text/html"),
        (bytearray(b"array"), 200, "array", "text/html"),
        ({"a": 1}, 200, '{"a":1}\n', "application/json"),
        ([1, 2], 200, "[1,2]\n", "application/json"),
        ([], 200, "[]\n", "application/json"),
        ({}, 200, "{}\n", "application/json"),
        (iter(["a", "b"]), 200, "ab", "text/html"),
        ((piece for piece in (b"a", b"b")), 200, "ab", "text/html"),
        (("a", 201), 201, "a", "text/html"),
        (("a", "201 OWN"), 201, "a", "text/html"),
        (("a", {"X-A": "b"}), 200, "a", "text/html"),
        (("a", [("X-A", "b")]), 200, "a", "text/html"),
        (("a", 202, {"Content-Type": "text/plain"}), 202, "a", "text/plain"),
        (({"a": 1}, 203, {"X-A": "b"}), 203, '{"a":1}\n', "application/json"),
        (("a", None, {"X-A": "b"}), 200, "a", "text/html"),
        (("a", 204, None), 204, "", "text/html"),
        (([1], 400), 400, "[1]\n", "application/json"),
        (WerkzeugResponse("w", 299, mimetype="a/b"), 299, "w", "a/b"),
        ((WerkzeugResponse("w", 299), 298), 298, "w", "text/plain"),
        (wsgi_application, 203, "from wsgi", "text/x"),
        (NotFound("gone"), 404, None, "text/html"),
        ((NotFound(), 410), 410, None, "text/html"),
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0][:40],
)
def test_what_a_view_returns_becomes_a_response(app, value, status, body, mimetype):
    if hasattr(value, "__next__"):
        value = iter(list(value) or ["a", "b"])
    response = serve(app, lambda: value).get("/")
    assert response.status_code == status
    assert body is None or response.text == body
    assert response.mimetype == mimetype


def test_a_response_is_passed_on_as_it_is(framework, app):
    response = framework.Response("same", 201)
    seen = []
    app.after_request(lambda response: seen.append(response) or response)
    assert serve(app, lambda: response).get("/").status_code == 201
    assert seen[0] is response


def test_a_responses_headers_may_be_replaced_by_a_dictionary(framework, app):
    @app.get("/")
    def view():
        response = framework.make_response("text")
        response.headers = {"Content-Length": "4", "X-Own": "1"}
        return response

    assert dict(app.test_client().get("/").headers) == {"Content-Length": "4", "X-Own": "1"}


def test_headers_of_a_tuple_are_added_to_those_of_a_response(framework, app):
    def view():
        response = framework.make_response("a")
        response.headers["X-Kept"] = "1"
        response.headers["X-Changed"] = "1"
        return response, {"X-Changed": "2", "X-List": ["3", "4"]}

    headers = serve(app, view).get("/").headers
    assert (headers["X-Kept"], headers["X-Changed"], headers.getlist("X-List")) == ("1", "2", ["3", "4"])


def test_text_has_a_length_and_a_charset(app):
    response = serve(app, lambda: "é").get("/")
    assert response.headers.to_wsgi_list() == [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "2"),
    ]


def test_head_has_the_headers_of_get_and_no_body(app):
    client = serve(app, lambda: "12345")
    response = client.head("/")
    assert response.text == ""
    assert response.headers["Content-Length"] == "5"


def test_an_app_may_have_its_own_response_and_request_classes(framework):
    class Request(framework.Request):
        greeting = "hello"

    class Response(framework.Response):
        default_mimetype = "text/plain"

    class App(framework.Flask):
        request_class = Request
        response_class = Response

    app = App(__name__)
    response = serve(app, lambda: framework.request.greeting).get("/")
    assert (response.text, response.mimetype) == ("hello", "text/plain")


def test_a_response_class_may_take_other_values(framework):
    class Response(framework.Response):
        @classmethod
        def force_type(cls, response, environ=None):
            if isinstance(response, set):
                response = cls(",".join(sorted(response)))
            return super().force_type(response, environ)

    class App(framework.Flask):
        response_class = Response

        def make_response(self, rv):
            return super().make_response(Response.force_type(rv) if isinstance(rv, set) else rv)

    app = App(__name__)
    assert serve(app, lambda: {"b", "a"}).get("/").text == "a,b"


def test_a_response_class_may_have_another_status(framework, app):
    class Response(framework.Response):
        default_status = 203

    app.response_class = Response
    assert serve(app, lambda: "text").get("/").status_code == 203


def test_a_response_class_may_change_how_text_is_put_in(framework, app):
    class Response(framework.Response):
        def set_data(self, value):
            super().set_data(value.upper())

    app.response_class = Response
    assert serve(app, lambda: "text").get("/").text == "TEXT"


def test_the_response_class_may_be_werkzeugs(app):
    app.response_class = WerkzeugResponse
    response = serve(app, lambda: "text").get("/")
    assert (response.text, response.mimetype) == ("text", "text/plain")


# --- hooks ---


@pytest.fixture
def log():
    return []


def test_hooks_run_in_their_order(framework, app, log):
    app.before_request(lambda: log.append("before 1"))
    app.before_request(lambda: log.append("before 2"))
    app.after_request(lambda response: log.append("after 1") or response)
    app.after_request(lambda response: log.append("after 2") or response)
    app.teardown_request(lambda error: log.append("teardown 1"))
    app.teardown_request(lambda error: log.append("teardown 2"))
    app.teardown_appcontext(lambda error: log.append("appcontext 1"))
    app.teardown_appcontext(lambda error: log.append("appcontext 2"))
    app.url_value_preprocessor(lambda endpoint, values: log.append(f"values {endpoint}"))

    def view():
        log.append("view")

        @framework.after_this_request
        def once(response):
            log.append("this request")
            return response

        return ""

    serve(app, view).get("/")
    assert log[:4] == ["values view", "before 1", "before 2", "view"]
    assert log[4:7] == ["this request", "after 2", "after 1"]
    assert log[7:] == ["teardown 2", "teardown 1", "appcontext 2", "appcontext 1"]


def test_hooks_of_blueprints_lie_inside_those_of_the_app(framework, app, log):
    outer, inner = framework.Blueprint("outer", __name__), framework.Blueprint("inner", __name__)
    for scaffold, name in ((inner, "inner"), (outer, "outer"), (app, "app")):
        scaffold.before_request(lambda name=name: log.append(f"before {name}"))
        scaffold.after_request(lambda response, name=name: log.append(f"after {name}") or response)
        scaffold.teardown_request(lambda error, name=name: log.append(f"teardown {name}"))
        scaffold.url_value_preprocessor(lambda endpoint, values, name=name: log.append(f"values {name}"))
    inner.add_url_rule("/", "index", lambda: "")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.test_client().get("/")
    scopes = ["app", "outer", "inner"]
    assert log == [
        *(f"values {name}" for name in scopes),
        *(f"before {name}" for name in scopes),
        *(f"after {name}" for name in reversed(scopes)),
        *(f"teardown {name}" for name in reversed(scopes)),
    ]


def test_a_hook_before_the_request_may_answer(app, log):
    app.before_request(lambda: "from the hook")
    app.before_request(lambda: log.append("never"))
    app.after_request(lambda response: log.append("after") or response)
    assert serve(app, lambda: log.append("never")).get("/").text == "from the hook"
    assert log == ["after"]


def test_a_hook_after_the_request_may_replace_the_response(framework, app):
    app.after_request(lambda response: framework.Response(response.get_data() + b"!"))
    assert serve(app, lambda: "a").get("/").text == "a!"


def test_hooks_run_for_requests_that_match_nothing(app, log):
    app.before_request(lambda: log.append("before"))
    app.after_request(lambda response: log.append(response.status_code) or response)
    app.test_client().get("/missing")
    assert log == ["before", 404]


def test_values_of_the_rule_can_be_changed_before_the_view(framework, app):
    @app.url_value_preprocessor
    def pull_language(endpoint, values):
        framework.g.language = values.pop("language", None)

    client = serve(app, lambda: framework.g.language, "/<language>/")
    assert client.get("/de/").text == "de"


def test_preprocessors_see_no_values_where_nothing_matched(app, log):
    app.url_value_preprocessor(lambda endpoint, values: log.append((endpoint, values)))
    app.test_client().get("/missing")
    assert log == [(None, None)]


def test_after_this_request_and_copies_need_a_request(framework, app):
    with app.app_context():
        with pytest.raises(RuntimeError, match="after_this_request"):
            framework.after_this_request(lambda response: response)
        with pytest.raises(RuntimeError, match="copy_current_request_context"):
            framework.copy_current_request_context(len)


def test_an_error_in_a_hook_after_the_request_is_a_500(app):
    app.testing = False

    @app.after_request
    def fails(response):
        raise ValueError

    assert serve(app, lambda: "a").get("/").status_code == 500


def test_an_error_in_a_hook_before_the_request_is_handled_like_one_in_a_view(app):
    @app.before_request
    def fails():
        raise ValueError("early")

    app.register_error_handler(ValueError, lambda error: f"handled {error}")
    assert serve(app, lambda: "a").get("/").text == "handled early"


def test_teardown_functions_hear_of_the_error(app, log):
    app.testing = False
    app.teardown_request(log.append)
    app.teardown_appcontext(log.append)

    def view():
        raise ValueError("inside")

    serve(app, view).get("/")
    assert [str(error) for error in log] == ["inside", "inside"]


def test_a_handled_error_is_none_to_teardown_functions(app, log):
    app.register_error_handler(ValueError, lambda error: "handled")
    app.teardown_request(log.append)

    def view():
        raise ValueError

    serve(app, view).get("/")
    assert log == [None]


def test_an_ignored_error_is_none_to_teardown_functions(framework, log):
    class App(framework.Flask):
        def should_ignore_error(self, error):
            return isinstance(error, ValueError)

    app = App(__name__)
    app.teardown_request(log.append)

    def view():
        raise ValueError

    serve(app, view).get("/")
    assert log == [None]


def test_an_error_in_a_teardown_function_leaves_the_server_with_it(framework, app):
    @app.teardown_request
    def fails(error):
        raise ValueError("late")

    client = serve(app, lambda: "a")
    with pytest.raises(ValueError, match="late"):
        client.get("/")
    assert not framework.has_request_context()
    assert not framework.has_app_context()


# --- errors ---


class Base(Exception):
    pass


class Derived(Base):
    pass


def raising(error):
    def view():
        raise error

    return view


def test_the_handler_of_the_nearest_class_counts(app):
    app.register_error_handler(Exception, lambda error: "exception")
    app.register_error_handler(Base, lambda error: "base")
    app.add_url_rule("/base", "base", raising(Base()))
    app.add_url_rule("/derived", "derived", raising(Derived()))
    app.add_url_rule("/other", "other", raising(KeyError()))
    client = app.test_client()
    assert [client.get(f"/{name}").text for name in ("base", "derived", "other")] == [
        "base",
        "base",
        "exception",
    ]
    app.error_handler_spec[None][None][Derived] = lambda error: "derived"
    assert client.get("/derived").text == "derived"


@pytest.mark.parametrize(
    ("registered", "chosen"),
    [
        ([403, Forbidden, HTTPException, Exception], "403"),
        ([Forbidden, HTTPException, Exception], "Forbidden"),
        ([HTTPException, Exception], "HTTPException"),
        ([Exception], "Exception"),
        ([404], None),
        ([], None),
    ],
)
def test_the_handler_of_the_code_comes_before_those_of_wider_classes(app, registered, chosen):
    for key in reversed(registered):
        name = str(key) if isinstance(key, int) else key.__name__
        app.register_error_handler(key, lambda error, name=name: (name, 299))
    response = serve(app, raising(Forbidden())).get("/")
    if chosen is None:
        assert response.status_code == 403
    else:
        assert response.text == chosen


def test_handlers_of_the_innermost_blueprint_come_first(framework, app):
    outer, inner = framework.Blueprint("outer", __name__), framework.Blueprint("inner", __name__)
    inner.add_url_rule("/inner", "view", raising(Derived()))
    outer.add_url_rule("/outer", "view", raising(Derived()))
    inner.register_error_handler(Base, lambda error: "inner base")
    outer.register_error_handler(Derived, lambda error: "outer derived")
    app.register_error_handler(Derived, lambda error: "app derived")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    client = serve(app, raising(Derived()))
    assert [client.get(path).text for path in ("/inner", "/outer", "/")] == [
        "inner base",
        "outer derived",
        "app derived",
    ]


def test_a_code_of_the_app_comes_before_a_class_of_the_blueprint(framework, app):
    blueprint = framework.Blueprint("b", __name__)
    blueprint.add_url_rule("/", "view", raising(Forbidden()))
    blueprint.register_error_handler(Exception, lambda error: "blueprint")
    app.register_error_handler(403, lambda error: "app")
    app.register_blueprint(blueprint)
    assert app.test_client().get("/").text == "app"


def test_a_request_that_matches_nothing_is_the_apps(framework, app):
    blueprint = framework.Blueprint("b", __name__, url_prefix="/b")
    blueprint.register_error_handler(404, lambda error: "blueprint")
    blueprint.add_url_rule("/", "view", raising(NotFound()))
    app.register_error_handler(404, lambda error: "app")
    app.register_blueprint(blueprint)
    client = app.test_client()
    assert client.get("/b/missing").text == "app"
    assert client.get("/b/").text == "blueprint"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (999, ValueError),
        (object, ValueError),
        ("404", TypeError),
        (None, TypeError),
        (ValueError(), TypeError),
        (NotFound(), TypeError),
    ],
)
def test_handlers_are_for_codes_and_exception_classes(app, wrong, error):
    with pytest.raises(error):
        app.register_error_handler(wrong, lambda error: "")


def test_an_unhandled_error_is_a_500_that_handlers_can_shape(app):
    app.testing = False
    error = ValueError("inside")
    client = serve(app, raising(error))
    assert client.get("/").status_code == 500
    app.error_handler_spec[None][500][InternalServerError] = lambda e: (str(e.original_exception), 500)
    assert client.get("/").text == "inside"


def test_a_500_that_was_aborted_has_no_original(app):
    app.register_error_handler(500, lambda error: str(error.original_exception))
    assert serve(app, raising(InternalServerError())).get("/").text == "None"


@pytest.mark.parametrize(
    ("testing", "debug", "setting", "propagates"),
    [
        (False, False, None, False),
        (True, False, None, True),
        (False, True, None, True),
        (True, True, False, False),
        (False, False, True, True),
    ],
)
def test_errors_propagate_in_testing_and_debug_mode_unless_told(app, testing, debug, setting, propagates):
    app.config.update(TESTING=testing, DEBUG=debug, PROPAGATE_EXCEPTIONS=setting)
    client = serve(app, raising(ValueError("inside")))
    if propagates:
        with pytest.raises(ValueError, match="inside"):
            client.get("/")
    else:
        assert client.get("/").status_code == 500


def test_an_error_in_an_error_handler_is_a_500(app):
    app.testing = False
    app.register_error_handler(Base, lambda error: {"a": 1}["missing"])
    app.register_error_handler(500, lambda error: (type(error.original_exception).__name__, 500))
    response = serve(app, raising(Base())).get("/")
    assert (response.status_code, response.text) == (500, "KeyError")


def test_an_error_in_the_handler_of_500_leaves_the_app(app):
    app.testing = False
    app.register_error_handler(500, lambda error: {"a": 1}["missing"])
    client = serve(app, raising(Base()))
    with pytest.raises(KeyError):
        client.get("/")


def test_a_hook_that_fails_after_a_500_does_not_hide_it(app):
    app.testing = False

    @app.after_request
    def fails(response):
        raise ValueError

    assert serve(app, raising(Base())).get("/").status_code == 500


def test_errors_that_are_no_exceptions_pass_through(framework, app):
    client = serve(app, raising(SystemExit(3)))
    app.register_error_handler(Exception, lambda error: "never")
    app.testing = False
    with pytest.raises(SystemExit):
        client.get("/")
    assert not framework.has_request_context()


def test_http_errors_can_be_trapped(app):
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    client = serve(app, raising(NotFound()))
    with pytest.raises(NotFound):
        client.get("/")


@pytest.mark.parametrize(
    ("debug", "trap", "propagates"),
    [(False, None, False), (True, None, True), (True, False, False), (False, True, True)],
)
def test_a_missing_form_field_is_trapped_in_debug_mode(framework, app, debug, trap, propagates):
    app.config.update(DEBUG=debug, TRAP_BAD_REQUEST_ERRORS=trap, TESTING=True)
    client = serve(app, lambda: framework.request.form["field"])
    if propagates:
        with pytest.raises(BadRequest, match="field"):
            client.get("/")
    else:
        response = client.get("/")
        assert response.status_code == 400
        assert ("field" in response.text) is (debug or bool(trap))


def test_an_error_that_carries_a_response_is_that_response(framework, app):
    error = Forbidden(response=framework.Response("own", 299))
    assert serve(app, raising(error)).get("/").text == "own"


def test_redirects_of_routing_are_no_errors_to_handlers(app):
    app.register_error_handler(HTTPException, lambda error: "handled")
    client = serve(app, lambda: "", "/folder/")
    assert client.get("/folder").status_code == 308
    assert client.get("/missing").text == "handled"


# --- setting up ---


def test_nothing_can_be_registered_after_the_first_request(framework, app):
    serve(app, lambda: "").get("/")
    for register in (
        lambda: app.get("/late"),
        lambda: app.add_url_rule("/late", "late"),
        lambda: app.before_request(print),
        lambda: app.register_error_handler(404, print),
        lambda: app.register_blueprint(framework.Blueprint("b", __name__)),
        lambda: app.teardown_appcontext(print),
        lambda: app.template_filter("f"),
        lambda: app.context_processor(print),
        lambda: app.shell_context_processor(print),
        lambda: app.url_defaults(print),
        lambda: app.endpoint("x"),
    ):
        with pytest.raises(AssertionError, match="first request"):
            register()


def test_an_endpoint_belongs_to_one_function(app):
    app.add_url_rule("/a", "view", print)
    app.add_url_rule("/b", "view", print)
    with pytest.raises(AssertionError, match="view"):
        app.add_url_rule("/c", "view", len)


def test_a_function_is_its_endpoint_unless_named(framework, app):
    @app.route("/a")
    def first():
        return framework.request.endpoint

    @app.route("/b", endpoint="other")
    def second():
        return framework.request.endpoint

    client = app.test_client()
    assert (client.get("/a").text, client.get("/b").text) == ("first", "other")


def test_a_rule_can_be_given_its_view_later(app):
    app.add_url_rule("/", endpoint="later")

    @app.endpoint("later")
    def view():
        return "given"

    assert app.test_client().get("/").text == "given"


def test_shortcuts_are_for_one_method(app):
    for method in ("get", "post", "put", "delete", "patch"):
        getattr(app, method)("/", endpoint=method)(lambda method=method: method)
        with pytest.raises(TypeError, match="methods"):
            getattr(app, method)("/", methods=["GET"])
    client = app.test_client()
    assert [getattr(client, method)("/").text for method in ("get", "post", "put", "delete", "patch")] == [
        "get",
        "post",
        "put",
        "delete",
        "patch",
    ]
    assert client.open("/", method="TRACE").status_code == 405


def test_methods_are_a_list_in_any_case(app):
    with pytest.raises(TypeError):
        app.add_url_rule("/", "view", print, methods="GET")
    client = serve(app, lambda: "x", methods=["post", "pUt"])
    assert client.post("/").text == client.put("/").text == "x"
    assert client.get("/").status_code == 405


def test_options_are_answered_by_themselves(framework, app):
    client = serve(app, lambda: "view", methods=["GET", "POST"])
    response = client.options("/")
    assert (response.status_code, response.text) == (200, "")
    assert set(response.allow) == {"GET", "HEAD", "POST", "OPTIONS"}


@pytest.mark.parametrize("how", ["configuration", "argument", "attribute"])
def test_automatic_options_can_be_turned_off(app, how):
    def view():
        return "view"

    options = {}
    if how == "configuration":
        app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    elif how == "argument":
        options["provide_automatic_options"] = False
    else:
        view.provide_automatic_options = False  # type: ignore[attr-defined]
    assert serve(app, view, **options).options("/").status_code == 405


def test_a_view_may_answer_options_itself(framework, app):
    client = serve(app, lambda: framework.request.method, methods=["GET", "options"])
    assert client.options("/").text == "OPTIONS"


def test_attributes_of_a_view_add_methods(app):
    def view():
        return "view"

    view.methods = ["POST"]  # type: ignore[attr-defined]
    view.required_methods = ["PATCH"]  # type: ignore[attr-defined]
    client = serve(app, view)
    assert client.post("/").text == client.patch("/").text == "view"
    assert client.get("/").status_code == 405


def test_options_that_a_decorator_requires_are_still_automatic(app):
    def view():
        return "view"

    view.required_methods = ["OPTIONS"]  # type: ignore[attr-defined]
    response = serve(app, view).options("/")
    assert response.text == ""
    assert set(response.allow) == {"GET", "HEAD", "OPTIONS"}


def test_an_app_may_have_its_own_rule_class(framework):
    from werkzeug.routing import Rule

    class Own(Rule):
        pass

    class App(framework.Flask):
        url_rule_class = Own

    app = App(__name__)
    serve(app, lambda: "")
    assert {type(rule) for rule in app.url_map.iter_rules()} == {Own}


def test_middleware_wraps_wsgi_app(app):
    inner = app.wsgi_app

    def middleware(environ, start_response):
        environ["PATH_INFO"] = "/"
        return inner(environ, start_response)

    app.wsgi_app = middleware
    assert serve(app, lambda: "root").get("/anything").text == "root"


@pytest.mark.parametrize(
    ("import_name", "name"), [("package.module", "package.module"), ("__main__", "main_file")]
)
def test_an_app_is_named_by_its_module(framework, monkeypatch, import_name, name):
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "/somewhere/main_file.py", raising=False)
    app = framework.Flask(import_name, root_path="/")
    assert app.name == name
    assert repr(app) == f"<Flask '{name}'>"


def test_an_app_is_freed_without_the_collector(framework):
    gc.collect()
    gc.disable()
    try:
        app = framework.Flask(__name__)
        serve(app, lambda: "").get("/")
        dead = weakref.ref(app)
        app.view_functions.clear()
        del app
        assert dead() is None
    finally:
        gc.enable()


def test_subclasses_may_override_each_step(framework):
    steps = []

    class App(framework.Flask):
        def preprocess_request(self):
            steps.append("preprocess")
            return super().preprocess_request()

        def dispatch_request(self):
            steps.append("dispatch")
            return super().dispatch_request()

        def make_response(self, rv):
            steps.append("make")
            return super().make_response(f"[{rv}]")

        def process_response(self, response):
            steps.append("process")
            return super().process_response(response)

        def finalize_request(self, rv, from_error_handler=False):
            steps.append("finalize")
            return super().finalize_request(rv, from_error_handler)

        def full_dispatch_request(self):
            steps.append("full")
            return super().full_dispatch_request()

        def do_teardown_request(self, *args):
            steps.append("teardown")
            super().do_teardown_request(*args)

    assert serve(App(__name__), lambda: "a").get("/").text == "[a]"
    assert steps == ["full", "preprocess", "dispatch", "finalize", "make", "process", "teardown"]


STEPS = {
    "/broken": ["handle_user_exception", "handle_exception", "log_exception"],
    "/missing": ["handle_user_exception", "trap_http_exception", "handle_http_exception"],
    "/url": ["url_for", "inject_url_defaults"],
    "/unknown": ["url_for", "inject_url_defaults", "handle_url_build_error"],
}


@pytest.mark.parametrize(("path", "steps"), STEPS.items())
def test_subclasses_may_override_each_step_of_errors_and_urls(framework, path, steps):
    taken = []

    class App(framework.Flask):
        pass

    def overriding(name):
        def step(self, *args, **kwargs):
            taken.append(name)
            return getattr(super(App, self), name)(*args, **kwargs)

        return step

    for name in {name for steps in STEPS.values() for name in steps}:
        setattr(App, name, overriding(name))
    app = App(__name__)
    app.url_build_error_handlers.append(lambda *args: "/handled")
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    app.add_url_rule("/url", "url", lambda: framework.url_for("broken"))
    app.add_url_rule("/unknown", "unknown", lambda: framework.url_for("nowhere"))
    app.test_client().get(path)
    assert taken == steps


def test_a_subclass_is_asked_for_the_url_adapter_of_each_context(framework, tmp_path):
    asked = []

    class App(framework.Flask):
        def create_url_adapter(self, request):
            asked.append(request and request.path)
            return super().create_url_adapter(request)

    app = App(__name__, root_path=str(tmp_path))
    with app.app_context():
        assert asked == [None]
    serve(app, lambda: "view").get("/")
    assert asked == [None, "/", None]


def test_an_app_may_be_given_another_way_to_make_url_adapters(app):
    asked, make = [], app.create_url_adapter
    app.create_url_adapter = lambda request: asked.append(request and request.path) or make(request)
    serve(app, lambda: "view").get("/")
    assert asked == ["/", None]


# --- shell, instance folder, resources ---


def test_the_shell_begins_with_app_and_g(framework, app):
    app.shell_context_processor(lambda: {"own": 1})
    assert app.make_shell_context() == {"app": app, "g": framework.g, "own": 1}


def test_instance_paths_are_absolute(framework, tmp_path):
    with pytest.raises(ValueError, match="absolute"):
        framework.Flask(__name__, instance_path="relative")
    assert framework.Flask(__name__, instance_path=str(tmp_path)).instance_path == str(tmp_path)


def test_a_module_has_its_instance_folder_beside_it(framework, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    package = f"package_for_{framework.__name__.replace('.', '_')}"  # looking for a submodule imports it
    (tmp_path / "single_module.py").write_text("")
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("")
    for name in ("single_module", package, f"{package}.views"):
        assert framework.Flask(name).instance_path == str(tmp_path / "instance")
    sys.modules.pop(package)


def test_an_installed_package_has_its_instance_folder_under_var(framework, tmp_path, monkeypatch):
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    (site / "installed_package").mkdir(parents=True)
    (site / "installed_package" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(site)
    expected = tmp_path / "var" / "installed_package-instance"
    assert framework.Flask("installed_package").instance_path == str(expected)


def test_resources_are_opened_for_reading_only(app, tmp_path):
    (tmp_path / "resource.txt").write_bytes("é".encode())
    with app.open_resource("resource.txt") as file:
        assert file.read() == "é".encode()
    with app.open_resource("resource.txt", "r", encoding="utf-8") as file:
        assert file.read() == "é"
    with pytest.raises(ValueError, match="reading"):
        app.open_resource("resource.txt", "w")


def test_instance_resources_may_be_written(framework, tmp_path):
    app = framework.Flask(__name__, instance_path=str(tmp_path))
    with app.open_instance_resource("a.txt", "w") as file:
        file.write("é")
    with app.open_instance_resource("a.txt", "r") as file:
        assert file.read() == "é"
    with app.open_instance_resource("a.txt") as file:
        assert file.read() == "é".encode()


# --- static files ---


@pytest.fixture
def static(framework, tmp_path):
    (tmp_path / "static" / "sub").mkdir(parents=True)
    (tmp_path / "static" / "a.css").write_text("a {}")
    (tmp_path / "static" / "sub" / "b.js").write_text("b")
    (tmp_path / "secret.txt").write_text("secret")
    return framework.Flask("static_app", root_path=str(tmp_path))


def test_static_files_are_served(framework, static):
    client = static.test_client()
    with client.get("/static/a.css") as response:
        assert (response.text, response.mimetype) == ("a {}", "text/css")
    with client.get("/static/sub/b.js") as response:
        assert response.text == "b"
    with static.test_request_context():
        assert framework.url_for("static", filename="sub/b.js") == "/static/sub/b.js"


def test_static_files_may_have_another_place_and_url(framework, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("a")
    app = framework.Flask("a", root_path=str(tmp_path), static_folder="files/", static_url_path="/assets/")
    assert app.static_folder == str(tmp_path / "files")
    assert app.static_url_path == "/assets"
    with app.test_client().get("/assets/a.txt") as response:
        assert response.text == "a"


def test_static_files_may_be_at_the_root(framework, tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.txt").write_text("a")
    app = framework.Flask("a", root_path=str(tmp_path), static_url_path="")
    with app.test_client().get("/a.txt") as response:
        assert response.text == "a"


def test_an_app_may_have_no_static_files(framework, tmp_path):
    app = framework.Flask("a", root_path=str(tmp_path), static_folder=None)
    assert not app.has_static_folder
    assert app.static_url_path is None
    assert list(app.url_map.iter_rules()) == []
    with pytest.raises(RuntimeError, match="static_folder"):
        app.send_static_file("a.css")


def test_static_hosts_go_with_host_matching(framework):
    with pytest.raises(AssertionError, match="host"):
        framework.Flask(__name__, host_matching=True)
    with pytest.raises(AssertionError, match="host"):
        framework.Flask(__name__, static_host="example.org")
    app = framework.Flask(__name__, host_matching=True, static_host="static.example.org")
    assert next(app.url_map.iter_rules("static")).host == "static.example.org"


def test_the_age_of_static_files_is_configured(static):
    with static.test_client() as client:
        with client.get("/static/a.css") as response:
            assert response.cache_control.no_cache
        static.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
        with client.get("/static/a.css") as response:
            assert response.cache_control.max_age == 3600


# --- contexts ---


def test_contexts_make_the_app_and_the_request_known(framework, app):
    assert not framework.current_app
    assert not framework.request
    with app.app_context() as ctx:
        assert framework.current_app == app
        assert framework.globals.app_ctx == ctx
        with app.test_request_context("/a") as request_ctx:
            assert framework.request.path == "/a"
            assert framework.globals.request_ctx == request_ctx
            assert framework.globals.app_ctx == ctx
    assert not framework.has_app_context()


def test_rules_that_are_added_inside_a_context_are_known_there(framework, app):
    app.config["SERVER_NAME"] = "localhost"
    for context in (app.test_request_context("/"), app.app_context()):
        for name in (f"{type(context).__name__}{n}" for n in "12"):
            with context:
                app.add_url_rule(f"/{name}", endpoint=name)
                assert app.url_for(name, _external=True) == f"http://localhost/{name}"


def test_g_belongs_to_an_app_context(framework, app):
    with app.app_context():
        framework.g.a = 1
        with app.app_context():
            assert "a" not in framework.g
        with app.test_request_context():
            assert framework.g.a == 1
    with app.app_context():
        assert not hasattr(framework.g, "a")


def test_g_is_a_namespace_that_asks_like_a_dictionary(framework, app):
    with app.app_context():
        g = framework.g
        g.a = 1
        assert (g.get("a"), g.get("b"), g.get("b", 2)) == (1, None, 2)
        assert (g.setdefault("a", 5), g.setdefault("c", 5), g.setdefault("d")) == (1, 5, None)
        assert (g.pop("a"), g.pop("a", None)) == (1, None)
        with pytest.raises(KeyError):
            g.pop("a")
        with pytest.raises(AttributeError):
            del g.a
        assert sorted(g) == ["c", "d"]
        assert repr(g) == "<flask.g of 'app_under_test'>"


def test_g_may_be_of_another_class(framework):
    class Globals:
        user = "nobody"

    class App(framework.Flask):
        app_ctx_globals_class = Globals

    with App(__name__).app_context():
        assert framework.g.user == "nobody"


def test_other_apps_contexts_are_apart(framework, app):
    other = framework.Flask("other")
    with app.app_context():
        framework.g.a = 1
        with other.test_request_context():
            assert framework.current_app == other
            assert not hasattr(framework.g, "a")
        assert framework.current_app == app


def test_a_context_can_be_entered_again(framework, app, log):
    app.teardown_request(lambda error: log.append("request"))
    app.teardown_appcontext(lambda error: log.append("app"))
    ctx = app.test_request_context()
    with ctx:
        with ctx:
            pass
        assert log == []
        assert framework.request
    assert log == ["request", "app"]
    with ctx:
        assert framework.request
    assert log == ["request", "app"] * 2


def test_contexts_are_left_in_the_order_they_were_entered(app):
    def leave_wrongly():
        first, second = app.test_request_context("/1"), app.test_request_context("/2")
        first.push()
        second.push()
        with pytest.raises(AssertionError, match="wrong request context"):
            first.pop()

    contextvars.copy_context().run(leave_wrongly)


def test_a_request_context_shows_what_it_is_about(app):
    ctx = app.test_request_context("/a?b=c", method="POST")
    assert repr(ctx) == "<RequestContext 'http://localhost/a?b=c' [POST] of app_under_test>"


def test_a_copied_context_works_in_another_thread(framework, app, log):
    def view():
        framework.g.a = "not copied"
        framework.session["a"] = "shared"

        @framework.copy_current_request_context
        def work(x):
            log.append((framework.request.path, framework.session["a"], framework.g.get("a"), x))

        thread = threading.Thread(target=work, args=(1,))
        thread.start()
        thread.join()
        return ""

    serve(app, view).get("/")
    assert log == [("/", "shared", None, 1)]


def test_contexts_are_none_of_another_threads_business(framework, app, log):
    with app.test_request_context():
        thread = threading.Thread(target=lambda: log.append(framework.has_request_context()))
        thread.start()
        thread.join()
    assert log == [False]


def test_uploads_are_closed_with_the_request(framework, app, client):
    kept = []

    @app.post("/")
    def view():
        kept.append(framework.request.files["f"])
        return ""

    client.post("/", data={"f": (io.BytesIO(b"x"), "f.bin")})
    assert kept[0].stream.closed


def test_the_session_of_a_context_can_be_given(framework, app):
    session = framework.sessions.SecureCookieSession({"a": 1})
    ctx = framework.ctx.RequestContext(app, create_environ(), session=session)
    with ctx:
        assert framework.session["a"] == 1


def test_the_request_of_a_context_can_be_given(framework, app):
    request = framework.Request(create_environ("/given"))
    with framework.ctx.RequestContext(app, request.environ, request=request):
        assert framework.request._get_current_object() is request


@pytest.mark.parametrize("name", ["current_app", "g"])
def test_outside_of_an_app_the_proxies_say_so(framework, name):
    with pytest.raises(RuntimeError, match="outside of application context"):
        getattr(framework, name).name  # noqa: B018


@pytest.mark.parametrize("name", ["request", "session"])
def test_outside_of_a_request_the_proxies_say_so(framework, app, name):
    with app.app_context(), pytest.raises(RuntimeError, match="outside of request context"):
        getattr(framework, name).path  # noqa: B018


# --- async ---


def test_views_hooks_and_handlers_may_be_coroutines(framework, app, log):
    @app.before_request
    async def before():
        await asyncio.sleep(0)
        log.append("before")

    @app.after_request
    async def after(response):
        log.append("after")
        return response

    @app.teardown_request
    async def teardown(error):
        log.append("teardown")

    @app.errorhandler(ValueError)
    async def handle(error):
        return "handled", 299

    async def view(name):
        await asyncio.sleep(0)
        if name == "fail":
            raise ValueError
        return framework.request.path

    client = serve(app, view, "/<name>")
    assert client.get("/a").text == "/a"
    assert log == ["before", "after", "teardown"]
    assert client.get("/fail").status_code == 299


def test_ensure_sync_leaves_functions_alone(app):
    def function(): ...

    async def coroutine(a):
        return a + 1

    assert app.ensure_sync(function) is function
    assert app.ensure_sync(len) is len
    assert app.ensure_sync(coroutine)(1) == 2


# --- the WSGI interface ---


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", ["/", "/json", "/stream", "/missing", "/cookie", "/folder", "/fails"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_the_app_keeps_to_wsgi(framework, app, path, method):
    app.testing = False
    app.add_url_rule("/", "index", lambda: "text")
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/stream", "stream", lambda: framework.stream_with_context(iter(["a", "b"])))
    app.add_url_rule("/cookie", "cookie", lambda: framework.session.update(a=1) or "")
    app.add_url_rule("/folder/", "folder", lambda: "")
    app.add_url_rule("/fails", "fails", lambda: 1 / 0)
    environ = create_environ(path, method=method, errors_stream=io.StringIO())
    body, status, _ = run_wsgi_app(validator(app), environ, buffered=True)
    assert status[:3] in {"200", "308", "404", "405", "500"}
    assert method != "HEAD" or b"".join(body) == b""


# --- running ---


@pytest.fixture
def started(monkeypatch):
    """What the development server was started with, instead of starting it."""
    calls = []

    def run_simple(hostname, port, application, **options):
        calls.append((hostname, port, application, options))

    monkeypatch.setattr("werkzeug.serving.run_simple", run_simple)
    return calls


@pytest.mark.parametrize(
    ("server_name", "host", "port", "expected"),
    [
        (None, None, None, ("127.0.0.1", 5000)),
        (None, "localhost", 8000, ("localhost", 8000)),
        (None, None, "80", ("127.0.0.1", 80)),
        ("example.org", None, None, ("example.org", 5000)),
        ("example.org:81", None, None, ("example.org", 81)),
        ("example.org:81", "0.0.0.0", 0, ("0.0.0.0", 0)),
    ],
)
def test_run_starts_the_development_server(app, started, server_name, host, port, expected):
    app.config["SERVER_NAME"] = server_name
    app.run(host, port, load_dotenv=False)
    [(hostname, number, application, options)] = started
    assert (hostname, number) == expected
    assert application is app
    assert options["threaded"] is True


@pytest.mark.parametrize("debug", [True, False])
def test_run_reloads_and_debugs_in_debug_mode(app, started, debug):
    app.run(debug=debug, load_dotenv=False, use_debugger=False, extra="passed on")
    options = started[0][-1]
    assert app.debug is debug
    assert (options["use_reloader"], options["use_debugger"], options["extra"]) == (debug, False, "passed on")


def test_run_does_nothing_under_the_run_command(app, started, monkeypatch):
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    monkeypatch.setattr("werkzeug.serving.is_running_from_reloader", lambda: True)
    app.run()
    assert started == []
    assert os.environ["FLASK_RUN_FROM_CLI"] == "true"
