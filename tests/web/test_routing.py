"""Rules: matched, redirected, refused, on hosts and subdomains."""

from __future__ import annotations

import uuid

import pytest
from werkzeug.routing import BaseConverter, RequestRedirect, Rule, Submount, ValidationError


def answer(app, rule, endpoint="view", **options):
    app.add_url_rule(rule, endpoint, lambda **values: {"endpoint": endpoint, "values": values}, **options)


@pytest.mark.parametrize(
    ("rule", "path", "values"),
    [
        ("/", "/", {}),
        ("/plain", "/plain", {}),
        ("/é", "/%C3%A9", {}),
        ("/<name>", "/Ann", {"name": "Ann"}),
        ("/<name>", "/a%20b%3F", {"name": "a b?"}),
        ("/<int:n>", "/007", {"n": 7}),
        ("/<int(signed=True):n>", "/-7", {"n": -7}),
        ("/<int(fixed_digits=3):n>", "/007", {"n": 7}),
        ("/<float:x>", "/1.5", {"x": 1.5}),
        ("/<path:p>", "/a/b/c", {"p": "a/b/c"}),
        ("/<path:p>/end", "/a/b/end", {"p": "a/b"}),
        ("/<any(a, 'b c'):x>", "/b%20c", {"x": "b c"}),
        ("/<string(length=2):x>", "/ab", {"x": "ab"}),
        ("/<string(minlength=2):x>", "/abc", {"x": "abc"}),
        ("/a-<a>-b-<b>.txt", "/a-1-b-2.txt", {"a": "1", "b": "2"}),
    ],
)
def test_variables_are_converted(app, client, rule, path, values):
    answer(app, rule)
    assert client.get(path).json == {"endpoint": "view", "values": values}


def test_a_uuid_is_converted(framework, app, client):
    seen = []
    app.add_url_rule("/<uuid:id>", "view", lambda id: seen.append(id) or "")
    client.get("/12345678-1234-5678-1234-567812345678")
    assert seen == [uuid.UUID("12345678123456781234567812345678")]


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/<int:n>", "/-7"),
        ("/<int:n>", "/a"),
        ("/<int(max=5):n>", "/6"),
        ("/<int(min=5):n>", "/4"),
        ("/<float:x>", "/1"),
        ("/<name>", "/a/b"),
        ("/<name>", "/"),
        ("/<any(a, b):x>", "/c"),
        ("/<string(length=2):x>", "/abc"),
        ("/<uuid:x>", "/1234"),
        ("/a", "/A"),
        ("/a", "/a/"),
        ("/a", "/"),
        ("/a", "//b"),
    ],
)
def test_what_does_not_fit_is_not_found(app, client, rule, path):
    answer(app, rule)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("rules", "path", "endpoint"),
    [
        (["/<name>", "/fixed"], "/fixed", "/fixed"),
        (["/<path:p>", "/<name>"], "/a", "/<name>"),
        (["/<name>", "/<int:n>"], "/5", "/<int:n>"),
        (["/<path:p>", "/a/<name>"], "/a/b", "/a/<name>"),
        (["/a/<x>", "/<x>/b"], "/a/b", "/a/<x>"),
        (["/a", "/a/"], "/a/", "/a/"),
        (["/a", "/a/"], "/a", "/a"),
    ],
)
def test_the_more_particular_rule_wins_in_either_order(framework, rules, path, endpoint):
    for order in (rules, rules[::-1]):
        app = framework.Flask(__name__)
        for rule in order:
            answer(app, rule, rule.replace(".", ""))
        assert app.test_client().get(path).json["endpoint"] == endpoint


@pytest.mark.parametrize(
    ("rule", "path", "location"),
    [
        ("/folder/", "/folder", "/folder/"),
        ("/folder/", "/folder?a=1&b=é", "/folder/?a=1&b=%C3%A9"),
        ("/<name>/", "/é", "/%C3%A9/"),
        ("/a/b", "/a//b", "/a/b"),
        ("/a/b/", "/a//b", "/a/b/"),
        ("/<path:p>/x", "/a//b/x", None),
    ],
)
def test_slashes_are_redirected(app, client, rule, path, location):
    answer(app, rule)
    response = client.get(path)
    if location is None:
        assert response.status_code == 200
    else:
        assert response.status_code == 308
        assert response.location == f"http://localhost{location}"


@pytest.mark.parametrize("where", ["rule", "map"])
def test_slashes_can_be_left_alone(app, client, where):
    if where == "map":
        app.url_map.strict_slashes = False
        app.url_map.merge_slashes = False
        answer(app, "/folder/")
    else:
        answer(app, "/folder/", strict_slashes=False, merge_slashes=False)
    assert client.get("/folder").status_code == 200
    assert client.get("//folder/").status_code == 404


def test_a_method_that_no_rule_has_is_not_allowed(app, client):
    answer(app, "/a", "get")
    answer(app, "/a", "post", methods=["POST"])
    answer(app, "/<name>", "delete", methods=["DELETE"])
    response = client.put("/a")
    assert response.status_code == 405
    assert set(response.allow) == {"GET", "HEAD", "OPTIONS", "POST", "DELETE"}
    assert client.post("/a").json["endpoint"] == "post"
    assert client.delete("/a").json["endpoint"] == "delete"
    assert client.open("/a", method="OWN").status_code == 405


def test_the_options_of_a_path_are_those_of_all_its_rules(app, client):
    answer(app, "/a", "get")
    answer(app, "/a", "post", methods=["POST"])
    assert set(client.options("/a").allow) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_defaults_are_values_and_lead_to_the_shorter_path(app, client):
    answer(app, "/pages/", "pages", defaults={"n": 1})
    app.add_url_rule("/pages/<int:n>", "pages")
    assert client.get("/pages/").json["values"] == {"n": 1}
    response = client.get("/pages/1")
    assert (response.status_code, response.location) == (308, "http://localhost/pages/")
    assert client.get("/pages/2").json["values"] == {"n": 2}


def test_redirects_of_rules(app, client):
    answer(app, "/new/<name>", "new")
    app.add_url_rule("/old/<name>", "old", redirect_to="/new/<name>")
    app.add_url_rule("/older/<name>", "older", redirect_to=lambda adapter, name: f"/new/{name}s")
    app.add_url_rule("/alias/<name>", "new", alias=True)
    assert client.get("/old/a").location == "http://localhost/new/a"
    assert client.get("/older/a").location == "http://localhost/new/as"
    assert client.get("/alias/a").location == "http://localhost/new/a"


def test_rules_can_be_for_building_alone(framework, app, client):
    app.add_url_rule("/only", "only", lambda: "", build_only=True)
    assert client.get("/only").status_code == 404
    with app.test_request_context():
        assert framework.url_for("only") == "/only"


def test_converters_can_be_ones_own(framework, app, client):
    class Listing(BaseConverter):
        def to_python(self, value):
            if value == "none":
                raise ValidationError
            return value.split("+")

        def to_url(self, value):
            return "+".join(BaseConverter.to_url(self, part) for part in value)

    app.url_map.converters["list"] = Listing
    answer(app, "/<list:names>")
    assert client.get("/a+b").json["values"] == {"names": ["a", "b"]}
    assert client.get("/none").status_code == 404
    with app.test_request_context():
        assert framework.url_for("view", names=["a", "b"]) == "/a+b"


@pytest.mark.parametrize("rule", ["no slash", "/<unknown:x>", "/<int:>", "/<x>/<x>", "/<int(:x>"])
def test_malformed_rules_are_an_error(app, rule):
    with pytest.raises((ValueError, LookupError, SyntaxError)):
        app.add_url_rule(rule, "view", lambda: "")
    assert app.test_client().get("/").status_code == 404


def test_rules_can_be_added_to_the_map(app, client):
    app.url_map.add(Submount("/sub", [Rule("/a", endpoint="a"), Rule("/<int:n>", endpoint="n")]))
    app.view_functions.update(a=lambda: "a", n=lambda n: str(n))
    assert (client.get("/sub/a").text, client.get("/sub/5").text) == ("a", "5")


def test_the_map_lists_its_rules(app):
    answer(app, "/a", "a")
    answer(app, "/b/<x>", "b", methods=["POST"])
    assert [rule.endpoint for rule in app.url_map.iter_rules()] == ["static", "a", "b"]
    [rule] = app.url_map.iter_rules("b")
    assert (rule.rule, rule.arguments) == ("/b/<x>", {"x"})
    assert rule.methods == {"POST", "OPTIONS"}
    assert app.url_map.is_endpoint_expecting("b", "x")
    assert not app.url_map.is_endpoint_expecting("a", "x")


def test_the_match_is_known_to_the_request(framework, app, client):
    with client:
        answer(app, "/<name>")
        client.get("/Ann")
        request = framework.request
        assert (request.endpoint, request.view_args, request.url_rule.rule) == (
            "view",
            {"name": "Ann"},
            "/<name>",
        )
        assert request.routing_exception is None
        assert (request.blueprint, request.blueprints) == (None, [])
        client.get("/a/b")
        assert (request.endpoint, request.view_args, request.url_rule) == (None, None, None)
        assert request.routing_exception.code == 404  # type: ignore[attr-defined]


# --- hosts ---


def test_rules_can_be_for_a_host(framework):
    app = framework.Flask(__name__, host_matching=True, static_folder=None)
    answer(app, "/", "one", host="one.org")
    answer(app, "/", "two", host="<name>.two.org:81")
    client = app.test_client()
    assert client.get("/", base_url="http://one.org").json["endpoint"] == "one"
    assert client.get("/", base_url="http://x.two.org:81").json["values"] == {"name": "x"}
    assert client.get("/", base_url="http://three.org").status_code == 404
    with app.test_request_context(base_url="http://one.org"):
        assert framework.url_for("two", name="y") == "http://y.two.org:81/"


def test_rules_can_be_for_a_subdomain(framework):
    app = framework.Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    answer(app, "/", "top")
    answer(app, "/", "api", subdomain="api")
    answer(app, "/", "user", subdomain="<user>")
    client = app.test_client()
    assert client.get("/").json["endpoint"] == "top"
    assert client.get("/", subdomain="api").json["endpoint"] == "api"
    assert client.get("/", subdomain="ann").json["values"] == {"user": "ann"}
    with app.test_request_context():
        assert framework.url_for("user", user="bob") == "http://bob.example.org/"
        assert framework.url_for("top") == "/"


def test_subdomains_do_not_count_unless_matched(framework):
    app = framework.Flask(__name__)
    app.config["SERVER_NAME"] = "example.org"
    answer(app, "/")
    client = app.test_client()
    for base in ("http://example.org", "http://sub.example.org", "http://other.net"):
        assert client.get("/", base_url=base).status_code == 200


@pytest.mark.filterwarnings("ignore:Current server name")
def test_with_subdomains_other_hosts_are_not_found(framework):
    app = framework.Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    answer(app, "/")
    assert app.test_client().get("/", base_url="http://other.net").status_code == 404


def test_an_app_may_live_below_a_prefix(framework, app):
    app.add_url_rule("/a", "a", lambda: framework.url_for("a"))
    assert app.test_client().get("/a", base_url="http://localhost/below").text == "/below/a"


@pytest.mark.parametrize(
    ("debug", "method", "code", "refused"),
    [
        (True, "POST", 301, True),
        (True, "PUT", 302, True),
        (True, "GET", 301, False),
        (True, "POST", 308, False),
        (False, "POST", 301, False),
    ],
)
def test_a_redirect_that_loses_a_form_is_an_error_in_debug_mode(
    framework, app, client, monkeypatch, debug, method, code, refused
):
    monkeypatch.setattr(RequestRedirect, "code", code)
    app.debug = debug
    answer(app, "/folder/", methods=["GET", "POST", "PUT"])
    if refused:
        with pytest.raises(framework.debughelpers.FormDataRoutingRedirect, match="http://localhost/folder/"):
            client.open("/folder", method=method, data={"a": 1})
    else:
        assert client.open("/folder", method=method).status_code == code
