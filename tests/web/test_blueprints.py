"""Blueprints: registered, nested, renamed, with everything that belongs to them."""

from __future__ import annotations

from typing import Any

import click
import pytest


@pytest.fixture
def blueprint(framework):
    """A blueprint with a page that tells where it is."""
    blueprint = framework.Blueprint("shop", __name__, url_prefix="/shop")

    @blueprint.get("/")
    def index():
        request = framework.request
        return {
            "endpoint": request.endpoint,
            "blueprint": request.blueprint,
            "blueprints": request.blueprints,
            "url": framework.url_for(".index"),
        }

    return blueprint


def test_views_belong_to_the_blueprint(app, client, blueprint):
    app.register_blueprint(blueprint)
    assert client.get("/shop/").json == {
        "endpoint": "shop.index",
        "blueprint": "shop",
        "blueprints": ["shop"],
        "url": "/shop/",
    }
    assert app.blueprints == {"shop": blueprint}
    assert list(app.iter_blueprints()) == [blueprint]


@pytest.mark.parametrize(
    ("own", "given", "rule", "path"),
    [
        (None, None, "/a", "/a"),
        ("/p", None, "/a", "/p/a"),
        ("/p/", None, "/a", "/p/a"),
        ("/p", None, "a", "/p/a"),
        ("/p", None, "", "/p"),
        ("/p", "/q", "/a", "/q/a"),
        ("/p", "", "/a", "/a"),
        (None, "/q", "/", "/q/"),
        ("/<lang>", None, "/a", "/<lang>/a"),
    ],
)
def test_the_prefix_goes_in_front_of_the_rule(framework, app, own, given, rule, path):
    blueprint = framework.Blueprint("b", __name__, url_prefix=own)
    blueprint.add_url_rule(rule, "view", lambda: "")
    app.register_blueprint(blueprint, **({} if given is None else {"url_prefix": given}))
    assert next(app.url_map.iter_rules("b.view")).rule == path


def test_a_blueprint_can_be_registered_twice_under_two_names(app, client, blueprint):
    app.register_blueprint(blueprint)
    with pytest.raises(ValueError, match="shop"):
        app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="second", url_prefix="/second")
    assert client.get("/second/").json["blueprints"] == ["second"]
    assert client.get("/shop/").json["blueprints"] == ["shop"]


def test_two_blueprints_need_two_names(framework, app, blueprint):
    app.register_blueprint(blueprint)
    with pytest.raises(ValueError, match="shop"):
        app.register_blueprint(framework.Blueprint("shop", __name__))


@pytest.mark.parametrize("name", ["", "a.b"])
def test_names_are_not_empty_and_have_no_dots(framework, name):
    with pytest.raises(ValueError, match="name"):
        framework.Blueprint(name, __name__)


def test_endpoints_and_functions_have_no_dots(framework):
    blueprint = framework.Blueprint("b", __name__)
    with pytest.raises(ValueError, match=r"dot|'\.'"):
        blueprint.add_url_rule("/", endpoint="a.b", view_func=lambda: "")

    def view(): ...

    view.__name__ = "a.b"
    with pytest.raises(ValueError, match=r"dot|'\.'"):
        blueprint.add_url_rule("/", view_func=view)


def test_nothing_can_be_added_to_a_registered_blueprint(app, blueprint):
    app.register_blueprint(blueprint)
    for add in (
        lambda: blueprint.get("/late"),
        lambda: blueprint.before_request(print),
        lambda: blueprint.record(print),
    ):
        with pytest.raises(AssertionError, match="'shop'"):
            add()


# --- nesting ---


@pytest.fixture
def nested(framework, app, blueprint):
    """``shop`` within ``mall`` within ``city``."""
    mall = framework.Blueprint("mall", __name__, url_prefix="/mall")
    city = framework.Blueprint("city", __name__, url_prefix="/city")
    mall.register_blueprint(blueprint)
    city.register_blueprint(mall)
    app.register_blueprint(city)
    return app


def test_nested_names_and_prefixes_are_joined(nested):
    assert nested.test_client().get("/city/mall/shop/").json == {
        "endpoint": "city.mall.shop.index",
        "blueprint": "city.mall.shop",
        "blueprints": ["city.mall.shop", "city.mall", "city"],
        "url": "/city/mall/shop/",
    }
    assert list(nested.blueprints) == ["city", "city.mall", "city.mall.shop"]


def test_a_child_may_have_several_parents(framework, app, blueprint):
    for name in ("one", "two"):
        parent = framework.Blueprint(name, __name__, url_prefix=f"/{name}")
        parent.register_blueprint(blueprint)
        app.register_blueprint(parent)
    client = app.test_client()
    assert client.get("/one/shop/").json["endpoint"] == "one.shop.index"
    assert client.get("/two/shop/").json["url"] == "/two/shop/"


def test_a_child_may_be_registered_twice_under_two_names(framework, app, blueprint):
    parent = framework.Blueprint("parent", __name__)
    parent.register_blueprint(blueprint)
    parent.register_blueprint(blueprint, name="again", url_prefix="/again")
    app.register_blueprint(parent)
    assert app.test_client().get("/again/").json["endpoint"] == "parent.again.index"


def test_children_of_one_name_are_an_error(framework, app, blueprint):
    parent = framework.Blueprint("parent", __name__)
    parent.register_blueprint(blueprint)
    parent.register_blueprint(framework.Blueprint("shop", __name__))
    with pytest.raises(ValueError, match=r"parent\.shop"):
        app.register_blueprint(parent)


def test_a_blueprint_cannot_be_its_own_child(framework, blueprint):
    with pytest.raises(ValueError, match="itself"):
        blueprint.register_blueprint(blueprint)


def test_prefixes_given_at_registration_are_joined_too(framework, app, blueprint):
    parent = framework.Blueprint("parent", __name__)
    parent.register_blueprint(blueprint, url_prefix="/c")
    app.register_blueprint(parent, url_prefix="/p")
    assert app.test_client().get("/p/c/").status_code == 200


@pytest.mark.parametrize(
    ("parent", "child", "given", "subdomain"),
    [
        ("api", None, {}, "api"),
        (None, "api", {}, "api"),
        ("outer", "inner", {}, "inner.outer"),
        ("outer", "inner", {"subdomain": "given"}, "inner.given"),
        (None, None, {"subdomain": "given"}, "given"),
    ],
)
def test_subdomains_are_joined(framework, parent, child, given, subdomain):
    app = framework.Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    outer = framework.Blueprint("outer", __name__, subdomain=parent)
    inner = framework.Blueprint("inner", __name__, subdomain=child)
    inner.add_url_rule("/", "view", lambda: "found")
    outer.register_blueprint(inner)
    app.register_blueprint(outer, **given)
    assert app.test_client().get("/", subdomain=subdomain).text == "found"
    assert app.test_client().get("/").status_code == 404


# --- hooks ---


def test_hooks_of_a_blueprint_are_for_its_own_requests(framework, app, client, blueprint):
    log = []
    blueprint.before_request(lambda: log.append("before"))
    blueprint.after_request(lambda response: log.append("after") or response)
    blueprint.teardown_request(lambda error: log.append("teardown"))
    app.add_url_rule("/", "index", lambda: "")
    app.register_blueprint(blueprint)
    client.get("/")
    assert log == []
    client.get("/shop/")
    assert log == ["before", "after", "teardown"]


def test_hooks_for_the_app_are_for_all_requests(app, client, blueprint):
    log = []
    blueprint.before_app_request(lambda: log.append("before"))
    blueprint.after_app_request(lambda response: log.append("after") or response)
    blueprint.teardown_app_request(lambda error: log.append("teardown"))
    blueprint.app_url_value_preprocessor(lambda endpoint, values: log.append(endpoint))
    app.add_url_rule("/", "index", lambda: "")
    app.register_blueprint(blueprint)
    client.get("/")
    assert log == ["index", "before", "after", "teardown"]


def test_handlers_for_the_app_are_for_all_requests(app, client, blueprint):
    blueprint.app_errorhandler(404)(lambda error: ("from the blueprint", 404))
    app.register_blueprint(blueprint)
    assert client.get("/missing").text == "from the blueprint"


def test_url_defaults_are_added_and_taken_out(framework, app, client):
    blueprint = framework.Blueprint("b", __name__, url_prefix="/<lang>")

    @blueprint.url_defaults
    def add_language(endpoint, values):
        values.setdefault("lang", framework.g.lang)

    @blueprint.url_value_preprocessor
    def take_language(endpoint, values):
        framework.g.lang = values.pop("lang")

    blueprint.add_url_rule("/a", "a", lambda: framework.url_for(".b", page=2))
    blueprint.add_url_rule("/b/<int:page>", "b", lambda page: str(page))
    app.register_blueprint(blueprint)
    assert client.get("/de/a").text == "/de/b/2"
    assert client.get("/de/b/2").text == "2"


def test_url_defaults_given_at_registration_win(framework, app, client):
    blueprint = framework.Blueprint("b", __name__, url_defaults={"x": 1, "y": 1})
    blueprint.add_url_rule("/", "view", lambda x, y: f"{x} {y}")
    app.register_blueprint(blueprint, url_defaults={"y": 2})
    assert client.get("/").text == "1 2"


def test_url_defaults_for_the_app_are_for_all_urls(framework, app, blueprint):
    blueprint.app_url_defaults(lambda endpoint, values: values.setdefault("x", endpoint))
    app.add_url_rule("/", "index")
    app.register_blueprint(blueprint)
    with app.test_request_context():
        assert framework.url_for("index") == "/?x=index"


# --- templates ---


@pytest.mark.parametrize("form", ["named", "unnamed", "added"])
def test_filters_tests_and_globals_are_the_apps(framework, app, blueprint, form):
    def twice(value=1):
        return value * 2

    name = "twice" if form == "unnamed" else "own"
    for kind in ("filter", "test", "global"):
        if form == "added":
            getattr(blueprint, f"add_app_template_{kind}")(twice, "own")
        else:
            getattr(blueprint, f"app_template_{kind}")(*(() if form == "unnamed" else ("own",)))(twice)
    app.register_blueprint(blueprint)
    with app.app_context():
        source = f"{{{{ 2|{name} }}}} {{{{ 1 is {name} }}}} {{{{ {name}(5) }}}}"
        assert framework.render_template_string(source) == "4 2 10"


# --- static files ---


@pytest.fixture
def with_files(framework, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("from the blueprint")

    def make(**options):
        return framework.Blueprint("b", __name__, root_path=str(tmp_path), static_folder="files", **options)

    return make


def test_a_blueprint_serves_static_files_under_its_prefix(framework, app, client, with_files):
    app.register_blueprint(with_files(url_prefix="/b"))
    with client.get("/b/files/a.txt") as response:
        assert response.text == "from the blueprint"
    with app.test_request_context():
        assert framework.url_for("b.static", filename="a.txt") == "/b/files/a.txt"


def test_static_files_may_have_another_url(client, app, with_files):
    app.register_blueprint(with_files(static_url_path="/assets"))
    with client.get("/assets/a.txt") as response:
        assert response.text == "from the blueprint"


def test_without_a_prefix_the_apps_static_route_comes_first(framework, tmp_path, with_files):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.txt").write_text("from the app")
    app = framework.Flask("a", root_path=str(tmp_path))
    app.register_blueprint(with_files(static_url_path="/static"))
    with app.test_client().get("/static/a.txt") as response:
        assert response.text == "from the app"


def test_the_age_of_static_files_is_the_blueprints(framework, app, client, tmp_path, with_files):
    blueprint = with_files()
    blueprint.get_send_file_max_age = lambda filename: 11
    app.register_blueprint(blueprint)
    with client.get("/files/a.txt") as response:
        assert response.cache_control.max_age == 11


def test_resources_are_relative_to_the_blueprint(with_files):
    with with_files().open_resource("files/a.txt", "r") as file:
        assert file.read() == "from the blueprint"


def test_a_blueprint_without_files_has_none(framework, blueprint):
    assert not blueprint.has_static_folder
    with pytest.raises(RuntimeError, match="static_folder"):
        blueprint.send_static_file("a.txt")


# --- recording ---


def test_recorded_functions_get_the_setup_state(framework, app, blueprint):
    states: list[Any] = []
    blueprint.record(states.append)
    blueprint.record_once(lambda state: states.append("once"))
    app.register_blueprint(blueprint, url_defaults={"x": 1})
    app.register_blueprint(blueprint, name="second", url_prefix="/second")
    first, _, second = states
    assert (first.app, first.blueprint, first.first_registration) == (app, blueprint, True)
    assert (first.name, first.name_prefix, first.url_prefix, first.subdomain) == ("shop", "", "/shop", None)
    assert first.url_defaults == {"x": 1}
    assert second.first_registration is False
    assert (second.name, second.options["url_prefix"]) == ("second", "/second")


def test_a_state_adds_rules_of_the_blueprint(framework, app, client, blueprint):
    blueprint.record(lambda state: state.add_url_rule("/more", "more", lambda: framework.request.endpoint))
    app.register_blueprint(blueprint)
    assert client.get("/shop/more").text == "shop.more"


def test_a_subclass_may_make_its_own_state(framework, app, client):
    class State(framework.blueprints.BlueprintSetupState):
        def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
            super().add_url_rule(f"/v1{rule}", endpoint, view_func, **options)

    class Blueprint(framework.Blueprint):
        def make_setup_state(self, app, options, first_registration=False):
            return State(self, app, options, first_registration)

    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/a", "a", lambda: "versioned")
    app.register_blueprint(blueprint)
    assert client.get("/v1/a").text == "versioned"


# --- commands ---


@pytest.mark.parametrize(
    ("own", "given", "args"),
    [
        ({}, {}, ["shop", "hello"]),
        ({"cli_group": "own"}, {}, ["own", "hello"]),
        ({"cli_group": None}, {}, ["hello"]),
        ({"cli_group": "own"}, {"cli_group": "given"}, ["given", "hello"]),
        ({}, {"cli_group": None}, ["hello"]),
    ],
)
def test_commands_are_grouped_under_the_blueprint(framework, app, own, given, args):
    blueprint = framework.Blueprint("shop", __name__, **own)
    blueprint.cli.command("hello")(lambda: click.echo("hello"))
    app.register_blueprint(blueprint, **given)
    assert app.test_cli_runner().invoke(args=args).output == "hello\n"


def test_commands_that_are_used_elsewhere_are_named_after_the_blueprint(framework):
    assert framework.Blueprint("b", __name__).cli.name == "b"


def test_a_blueprint_without_commands_has_no_group(app, blueprint):
    app.register_blueprint(blueprint)
    assert "shop" not in app.cli.commands
