"""An app of our own through its engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import FunctionLoader

from flask_nb import Flask, current_app
from flask_nb.engines import (
    OurEngine,
    RouteRow,
    Workspace,
    adopt,
    is_app,
    replace_runner,
)
from flask_nb.errors import CellError, EndpointConflictError, ForeignAppError
from flask_nb.live.workspace import current_run
from flask_nb.web import serving


@pytest.fixture
def app() -> Flask:
    return Flask("shop", static_folder=None)


@pytest.fixture
def engine(app: Flask) -> OurEngine:
    return OurEngine(app)


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    yield Workspace()
    current_run.set(None)


def add(engine: OurEngine, rule: str, endpoint: str, **options: Any) -> None:
    engine.add_route(rule, endpoint, lambda **values: "ok", **options)


def test_an_app_of_ours_is_adopted_as_itself(app: Flask) -> None:
    assert adopt(app).app is app
    assert adopt(app).name == "shop"


@pytest.mark.parametrize("value", [5, "app", object(), Flask])
def test_what_is_no_app_is_refused(value: object) -> None:
    what = "class Flask" if value is Flask else f"of type {type(value).__name__}"
    with pytest.raises(ForeignAppError, match=what):
        adopt(value)


def test_middleware_around_the_app_takes_part(app: Flask, engine: OurEngine) -> None:
    called = engine.wsgi_app
    app.wsgi_app = lambda environ, start_response: [b"wrapped"]  # type: ignore[method-assign]
    assert list(called({}, lambda *args: None)) == [b"wrapped"]


def test_routes_are_sorted_and_say_who_holds_them(engine: OurEngine, workspace: Workspace) -> None:
    run = workspace.begin("key", "%%route /b", is_certain=True)
    add(engine, "/b", "b", methods=["POST", "GET"])
    workspace.finish(run, succeeded=True)
    add(engine, "/a", "a")
    assert engine.routes() == [
        RouteRow("/a", ("GET",), "a", None),
        RouteRow("/b", ("GET", "POST"), "b", "%%route /b"),
    ]


def test_templates_and_static_files_are_live_or_in_folders(tmp_path: Path) -> None:
    for name in ("templates/mail/a.txt", "static/js/app.js"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    engine = OurEngine.new("names", root_path=str(tmp_path))
    engine.app.live.overlay.add_template("live.html", "")
    engine.app.live.overlay.add_static("live.css", b"")
    assert engine.template_names() == ["live.html", "mail/a.txt"]
    assert engine.static_names() == ["js/app.js", "live.css"]
    assert "jinja_env" not in vars(engine.app)


def test_an_app_without_folders_has_live_templates(app: Flask) -> None:
    app.live.overlay.add_template("live.html", "")
    app.jinja_loader = FunctionLoader(lambda name: None)  # which cannot list
    app.static_folder = None
    assert OurEngine(app).template_names() == ["live.html"]
    assert OurEngine(app).static_names() == []


def test_what_is_an_app_is_told_without_an_error(app: Flask) -> None:
    assert is_app(app)
    assert not any(map(is_app, (None, 5, Flask, current_app, object())))


def test_subdomains_that_the_app_matches_are_hosts_too(tmp_path: Path) -> None:
    app = Flask("shop", root_path=str(tmp_path), subdomain_matching=True)
    app.config["SERVER_NAME"] = "shop.example"
    assert OurEngine(app).hosts() == ["shop.example", ".shop.example"]


def test_hosts_are_those_of_the_configuration(app: Flask, engine: OurEngine) -> None:
    assert engine.hosts() == []
    app.config.update(SERVER_NAME="shop.example:8000", TRUSTED_HOSTS=[".test.example"])
    assert engine.hosts() == ["shop.example:8000", ".test.example"]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/itms", ["GET /items", "POST /items"]),
        ("POST", "/itms", ["POST /items", "GET /items"]),
        ("GET", "/items/x", ["GET /items/<int:id>", "GET /items", "POST /items"]),
        ("GET", "/entirely", ["GET /entirely/<string(length=9):different>"]),
        ("GET", "/", []),
        ("GET", "/items", None),
        ("GET", "/items/5", None),
    ],
)
def test_near_rules_are_those_that_look_alike(
    engine: OurEngine, method: str, path: str, expected: list[str] | None
) -> None:
    add(engine, "/items", "items", methods=["GET", "POST"])
    add(engine, "/items/<int:id>", "item")
    add(engine, "/entirely/<string(length=9):different>", "other")
    assert engine.near_rules(method, path) == expected


def test_async_views_and_hooks_are_told_apart(app: Flask, engine: OurEngine) -> None:
    async def later() -> str:
        return "later"

    engine.add_route("/later", "later", later)
    add(engine, "/now", "now")
    assert engine.is_async("GET", "/later")
    assert not engine.is_async("GET", "/now")
    app.before_request(later)
    assert engine.is_async("GET", "/now")


def test_failures_are_heard_until_told_to_stop(app: Flask, engine: OurEngine) -> None:
    heard: list[tuple[BaseException, bool]] = []
    stop = engine.on_exception(lambda *failure: heard.append(failure))
    app.add_url_rule("/boom", "boom", lambda: str(1 / 0))
    app.test_client().get("/boom")
    stop()
    app.test_client().get("/boom")
    assert [(type(exc), is_handled) for exc, is_handled in heard] == [(ZeroDivisionError, False)]


@pytest.mark.parametrize(("caught", "is_heard"), [(Exception, True), (ZeroDivisionError, False)])
def test_what_a_handler_for_all_has_answered_is_heard_as_handled(
    app: Flask, engine: OurEngine, caught: type[Exception], is_heard: bool
) -> None:
    heard: list[bool] = []
    stop = engine.on_exception(lambda exc, is_handled: heard.append(is_handled))
    app.add_url_rule("/boom", "boom", lambda: str(1 / 0))
    app.register_error_handler(caught, lambda exc: ("sorry", 503))
    assert app.test_client().get("/boom").status_code == 503
    stop()
    app.test_client().get("/boom")
    assert heard == [True] * is_heard


def test_an_http_error_that_a_handler_for_all_answers_is_no_failure(app: Flask, engine: OurEngine) -> None:
    heard: list[BaseException] = []
    engine.on_exception(lambda exc, is_handled: heard.append(exc))
    app.register_error_handler(Exception, lambda exc: ("sorry", 200))
    assert app.test_client().get("/nowhere").text == "sorry"
    assert heard == []


def test_a_path_of_any_length_is_answered_at_once(app: Flask, engine: OurEngine) -> None:
    add(engine, "/items", "items")
    assert engine.near_rules("GET", "/item") == ["GET /items"]
    assert engine.near_rules("GET", "/item" + "s" * 60_000) == []


def test_dropping_an_endpoint_withdraws_all_its_rules(
    app: Flask, engine: OurEngine, workspace: Workspace
) -> None:
    run = workspace.begin("key", "cell", is_certain=True)
    add(engine, "/a", "a", methods=["GET"])
    add(engine, "/b", "b")
    workspace.finish(run, succeeded=True)
    add(engine, "/c", "c")
    assert engine.drop("a") == ["GET /a"]
    assert engine.drop("c") == ["GET /c"]
    assert [row.rule for row in engine.routes()] == ["/b"]
    assert "a" not in app.view_functions


def test_all_that_a_route_may_say_reaches_the_rule(tmp_path: Path) -> None:
    engine = OurEngine(Flask("shop", root_path=str(tmp_path), subdomain_matching=True))
    add(engine, "/p/", "p", defaults={"page": 1}, strict_slashes=False, subdomain="www", methods=["PUT"])
    rule = next(engine.app.url_map.iter_rules("p"))
    assert (rule.defaults, rule.strict_slashes, rule.subdomain) == ({"page": 1}, False, "www")


@pytest.mark.parametrize(
    ("option", "argument"), [("host", "host_matching=True"), ("subdomain", "subdomain_matching=True")]
)
def test_a_host_that_the_app_would_never_look_at_is_refused(
    engine: OurEngine, option: str, argument: str
) -> None:
    with pytest.raises(CellError, match=rf"--{option} would have no effect.*Flask\(__name__, {argument}"):
        add(engine, "/p", "p", **{option: "api"})
    assert engine.routes() == []


def test_derived_endpoints_of_two_rules_do_not_meet(engine: OurEngine, workspace: Workspace) -> None:
    run = workspace.begin("one", "%%route /a-b", is_certain=True)
    add(engine, "/a-b", "a_b", derived=True)
    workspace.finish(run, succeeded=True)
    run = workspace.begin("two", "%%route /a_b", is_certain=True)
    with pytest.raises(EndpointConflictError, match=r"'/a-b' of the cell '%%route /a-b'"):
        add(engine, "/a_b", "a_b", derived=True)
    workspace.finish(run, succeeded=False)
    assert [row.rule for row in engine.routes()] == ["/a-b"]


def test_a_cell_may_change_its_own_rule(engine: OurEngine, workspace: Workspace) -> None:
    for rule in ("/a-b", "/a_b"):
        run = workspace.begin("one", f"%%route {rule}", is_certain=True)
        add(engine, rule, "a_b", derived=True)
        workspace.finish(run, succeeded=True)
    assert [row.rule for row in engine.routes()] == ["/a_b"]


def test_another_cell_may_take_the_same_rule(engine: OurEngine, workspace: Workspace) -> None:
    for key in ("one", "two"):
        run = workspace.begin(key, f"cell {key}", is_certain=True)
        add(engine, "/a", "a", derived=True)
        lines = workspace.finish(run, succeeded=True)
    assert lines == ["replaces GET /a of the cell 'cell one'"]


def test_cells_nest(engine: OurEngine, workspace: Workspace) -> None:
    outer = workspace.begin("outer", "outer", is_certain=True)
    inner = workspace.begin("inner", "inner", is_certain=True)
    workspace.finish(inner, succeeded=False)
    assert current_run.get() is outer
    workspace.finish(outer, succeeded=True)
    assert current_run.get() is None


def test_the_runner_is_replaced_and_put_back(app: Flask) -> None:
    calls: list[tuple[Any, ...]] = []
    before = serving.runner
    undo = replace_runner(lambda *args, **options: calls.append(args))
    app.run(port=8123)
    undo()
    assert calls == [(app, None, 8123)]
    assert serving.runner is before
