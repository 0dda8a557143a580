"""What is said of a request before it is sent."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, Map, Rule, ValidationError

import flask_nb
from flask_nb.engines import RequestExplanation, adopt
from flask_nb.engines.explanations import Said


@pytest.fixture(params=[flask_nb.Flask, flask.Flask], ids=["ours", "Flask"])
def make(request: pytest.FixtureRequest) -> Any:
    """An app with a rule for each pair of a rule and its methods."""

    def make(*rules: str, **options: Any) -> Any:
        app = request.param("shop", **{"static_folder": None, **options})
        for number, rule in enumerate(rules):
            methods, pattern = ("GET", rule) if rule[0] == "/" else rule.split(" ")
            app.add_url_rule(pattern, f"v{number}", lambda **values: "", methods=[methods])
        return app

    return make


def explain(app: Any, path: str, method: str = "GET", host: str = "localhost") -> RequestExplanation:
    return adopt(app).explain_request(method, path, host)


def results(explained: RequestExplanation) -> list[tuple[str, str]]:
    return [(one.row.rule, one.result) for one in explained.candidates]


def test_the_rule_that_answers_comes_before_those_that_would(make):
    explained = explain(make("/<path:rest>", "/items/<name>", "/items/<int:id>"), "/items/7")
    assert results(explained) == [
        ("/items/<int:id>", "answers"),
        ("/items/<name>", "later"),
        ("/<path:rest>", "later"),
    ]
    assert explained.status == 200


def test_a_converter_that_refuses_says_what_it_takes(make):
    explained = explain(make("/items/<int:id>"), "/items/x")
    assert results(explained) == [("/items/<int:id>", "refused")]
    assert explained.candidates[0].said == (Said("<int:id>", "id", "x", False, "it takes digits"),)
    assert (explained.status, explained.near) == (404, ())


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("<float:x>", "3", "it takes digits with a point, such as 1.0"),
        ("<int:x>", "-3", "it takes digits"),
        ("<any(b, a):x>", "c", "it takes a or b"),
        ("<int(min=2, max=5):x>", "9", "it takes numbers from 2 up to 5"),
        ("<uuid:x>", "1", "it takes a UUID"),
        ("<string(length=2):x>", "abc", ""),
        ("<x>", "a/b", "type <path:x> for more than one segment"),
    ],
)
def test_each_converter_of_werkzeug_has_a_reason(make, variable, text, reason):
    said = explain(make(f"/at/{variable}"), f"/at/{text}").candidates[0].said[0]
    assert (said.takes, said.reason) == (False, reason)


def test_of_two_variables_the_one_that_refuses_is_named(make):
    said = explain(make("/<int:year>-<int:month>/<name>"), "/2024-May/x").candidates[0].said
    assert [(one.text, one.takes) for one in said] == [("2024", True), ("May", False), ("x", True)]


def test_a_value_that_is_refused_after_the_match_ends_the_search(make):
    explained = explain(make("/<int(max=5):id>", "/<name>"), "/9")
    assert results(explained) == [("/<int(max=5):id>", "stops"), ("/<name>", "later")]
    assert explained.status == 404


def test_other_methods_are_told_with_what_is_allowed(make):
    explained = explain(make("POST /items", "DELETE /items"), "/items", "PUT")
    assert [result for _, result in results(explained)] == ["method", "method"]
    assert (explained.status, explained.allowed) == (405, ("DELETE", "OPTIONS", "POST"))


def test_a_missing_slash_is_a_redirect_and_one_too_many_is_none(make):
    app = make("/a/", "/b")
    missing, extra = explain(app, "/a"), explain(app, "/b/")
    assert (results(missing), missing.status, missing.location) == ([("/a/", "redirects")], 308, "/a/")
    assert (results(extra), extra.status) == ([("/b", "slash")], 404)


def test_slashes_too_many_are_a_redirect(make):
    explained = explain(make("/a/<b>", "/<path:c>/x"), "/a//b")
    assert (explained.status, explained.location) == (308, "/a/b")


def test_a_rule_of_another_host_is_told(make):
    app = make(host_matching=True, static_host=None)
    app.add_url_rule("/x", "one", lambda: "", host="one.test")
    explained = explain(app, "/x", host="two.test")
    assert (results(explained), explained.status, explained.host) == ([("/x", "domain")], 404, "two.test")
    assert explain(app, "/x", host="one.test").status == 200


def test_a_subdomain_is_matched_below_the_server_name(make):
    app = make(subdomain_matching=True)
    app.config["SERVER_NAME"] = "shop.test"
    app.add_url_rule("/x", "api", lambda: "", subdomain="api")
    assert explain(app, "/x", host="api.shop.test").status == 200
    elsewhere = explain(app, "/x", host="other.test")
    assert elsewhere.status == 404
    assert "does not belong to SERVER_NAME" in elsewhere.answers[0]


def test_an_untrusted_host_gets_400(make):
    app = make("/x")
    app.config["TRUSTED_HOSTS"] = ["shop.test"]
    evil = explain(app, "/x", host="evil.test")
    assert (evil.status, evil.answers[0].endswith("which is not one of TRUSTED_HOSTS")) == (400, True)
    assert explain(app, "/x", host="shop.test").status == 200


def test_the_view_and_its_blueprint_are_named(make):
    app = make()
    package = flask if isinstance(app, flask.Flask) else flask_nb
    admin = package.Blueprint("admin", "shop")

    @admin.get("/admin")
    def overview() -> str:
        return ""

    @admin.before_request
    def check_login() -> None: ...

    @app.before_request
    def load_user() -> None: ...

    app.register_blueprint(admin)
    explained = explain(app, "/admin")
    assert explained.answers == ("answered by the view overview of the blueprint 'admin'",)
    assert [(one.name, one.role) for one in explained.before] == [
        ("load_user", "before_request"),
        ("check_login", "before_request"),
    ]
    assert [one.name for one in explain(app, "/nothing").before] == ["load_user"]


def test_a_handler_of_the_404_is_named(make):
    app = make()

    @app.errorhandler(404)
    def not_found(error: Any) -> str:
        return ""

    assert explain(app, "/x").answers == ("not_found, a handler of errors, answers instead",)


def test_a_static_folder_says_whether_it_has_the_file(make, tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "site.css").write_text("")
    app = make(static_folder="static", root_path=str(tmp_path))
    adopt(app).follow()
    assert explain(app, "/static/site.css").answers == (
        "answered from the static folder static, which has the file site.css",
    )
    assert explain(app, "/static/no.css").answers[0].endswith("which has no file no.css: 404")


def test_options_that_the_app_answers_itself_call_no_view(make):
    assert explain(make("/x"), "/x", "OPTIONS").answers == (
        "the app answers OPTIONS itself, and calls no view",
    )


def test_middleware_is_named_the_outermost_first(make):
    app = make("/x")
    app.wsgi_app = DispatcherMiddleware(ProxyFix(app.wsgi_app), {"/api": lambda environ, start: []})
    layers = [line.partition(" ")[0] for line in explain(app, "/x").middleware]
    assert layers == ["DispatcherMiddleware", "ProxyFix"]


def test_a_mounted_app_is_asked_in_the_place_of_the_outer_one(make):
    app, api = make("/x"), make("/items/<int:id>")
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/api": api.wsgi_app})
    explained = explain(app, "/api/items/3")
    assert (results(explained), explained.path) == ([("/items/<int:id>", "answers")], "/api/items/3")
    assert explained.middleware == (
        "DispatcherMiddleware hands /api to the app 'shop', which gets the path /items/3",
    )


def test_a_mounted_callable_is_told_as_such(make):
    def other(environ: Any, start_response: Any) -> list[bytes]:
        return []

    app = make()
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/api": other})
    explained = explain(app, "/api/x")
    assert explained.status is None
    assert "hands /api to other" in explained.middleware[0]


def test_rules_that_redirect_elsewhere_are_not_called(make):
    app = make()
    app.url_map.add(Rule("/old/<int:id>", endpoint="v", redirect_to=lambda adapter, id: str(1 / 0)))
    app.url_map.add(Rule("/older/<int:id>", endpoint="w", redirect_to="new/<id>"))
    assert (explain(app, "/old/1").status, explain(app, "/old/1").location) == (308, None)
    assert explain(app, "/older/1").location == "/new/1"


def test_defaults_that_lead_to_a_shorter_path_redirect(make):
    app = make()
    app.add_url_rule("/all/", "all", lambda page: "", defaults={"page": 1})
    app.add_url_rule("/all/<int:page>", "all")
    explained = explain(app, "/all/1")
    assert (explained.status, explained.location) == (308, "/all/")
    assert explained.taken is not None
    assert explained.taken.result == "redirects"


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
@pytest.mark.parametrize(
    "path", ["/", "/a", "/a/", "/b/", "/b", "/items/3", "/items/x", "/items///3", "/p/q/r", "/é"]
)
def test_the_status_is_the_one_that_is_answered(make, method, path):
    app = make("/a", "/b/", "/items/<int:id>", "POST /items/<name>", "POST /<path:rest>")
    response = app.test_client().open(path, method=method)
    assert explain(app, path, method).status == response.status_code


# --- the order, against the router itself ---


class Even(BaseConverter):
    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        if int(value) % 2:
            raise ValidationError
        return int(value)


SEGMENTS = [
    "a",
    "b",
    "<x>",
    "<int:x>",
    "<int(max=5):x>",
    "<path:x>",
    "<any(a, c):x>",
    "v<int:x>",
    "<float:x>",
    "<even:x>",
]


@st.composite
def patterns(draw: st.DrawFn) -> str:
    segments: list[str] = draw(st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=2))
    named = [segment.replace("x>", f"x{number}>") for number, segment in enumerate(segments)]
    return "/" + "/".join(named) + (draw(st.sampled_from(["", "/"])))


RULES = st.lists(
    st.tuples(patterns(), st.sampled_from([None, ["GET"], ["POST"]]), st.sampled_from([None, True, False])),
    min_size=4,
    max_size=12,
)
PATHS = st.lists(st.sampled_from(["a", "c", "4", "7", "1.5", "v3", ""]), min_size=1, max_size=3).map(
    lambda s: "/" + "/".join(s)
)


def route(url_map: Map, path: str) -> tuple[int, Any, set[str]]:
    """What the router itself does: the status, the endpoint, and what is allowed after a 405."""
    try:
        return 200, url_map.bind("localhost").match(path, "GET")[0], set()
    except MethodNotAllowed as exc:
        return 405, None, set(exc.valid_methods or ())
    except HTTPException as exc:
        return exc.code or 0, None, set()


@given(RULES, PATHS)
def test_what_is_explained_is_what_the_router_does(rules, path):
    app = flask_nb.Flask("shop", static_folder=None)
    app.url_map.converters["even"] = Even
    for number, (pattern, methods, strict) in enumerate(rules):
        app.url_map.add(Rule(pattern, endpoint=f"v{number}", methods=methods, strict_slashes=strict))
    explained = explain(app, path)
    taken = explained.taken
    status, endpoint, allowed = route(app.url_map, path)
    assert (explained.status, set(explained.allowed)) == (status, allowed)
    if status < 400:
        assert taken is not None
        assert taken.result == ("answers" if status == 200 else "redirects")
        assert endpoint in (None, taken.row.endpoint)
    else:
        assert taken is None or taken.result == "stops"


@given(RULES, PATHS)
def test_a_map_that_is_not_live_is_explained_as_it_routes(rules, path):
    app = flask.Flask("shop", static_folder=None)
    app.url_map = Map(converters={"even": Even})
    for number, (pattern, _, strict) in enumerate(rules):
        app.url_map.add(Rule(pattern, endpoint=f"v{number % 3}", strict_slashes=strict))
    explained = explain(app, path)
    status, endpoint, _ = route(app.url_map, path)
    assert explained.status == status
    assert endpoint in (None, explained.taken.row.endpoint if explained.taken else "")
