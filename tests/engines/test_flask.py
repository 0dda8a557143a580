"""An app of the installed Flask, before, while and after cells define it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import flask
import pytest
import werkzeug.serving
from flask.globals import request_ctx
from werkzeug.routing import Map

from flask_nb import engines
from flask_nb.engines import Workspace
from flask_nb.engines.flask import FlaskEngine, LiveBlueprint, LiveFlask
from flask_nb.live.workspace import current_run

Cell = Callable[..., list[str]]


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    yield Workspace()
    current_run.set(None)


@pytest.fixture
def namespace() -> dict[str, Any]:
    return {"__name__": "__main__", "flask": flask}


@pytest.fixture
def cell(workspace: Workspace, namespace: dict[str, Any]) -> Cell:
    """Run a cell as a notebook does, and return the lines that it is told."""

    def run(key: str, source: str) -> list[str]:
        run = workspace.begin(key, key, is_certain=True)
        engines.note_older(workspace, list(namespace.values()))
        exec(source, namespace)
        engines.follow_all(list(namespace.values()))
        return workspace.finish(run, succeeded=True)

    return run


def ask(app: flask.Flask, path: str) -> str:
    return app.test_client().get(path).get_data(as_text=True)


APP = """
app = flask.Flask("notebook")
@app.get("/")
def home(): return "{0}"
"""


def test_an_app_is_adopted_by_the_adapter_of_its_kind() -> None:
    assert isinstance(engines.adopt(flask.Flask("x")), FlaskEngine)


def test_looking_at_an_app_changes_nothing() -> None:
    app = flask.Flask("x")
    engines.adopt(app)
    assert type(app) is flask.Flask
    assert type(app.url_map) is Map


def test_it_stays_of_its_class_and_keeps_its_map(cell: Cell, namespace: dict[str, Any]) -> None:
    cell("app", APP.format("one") + "url_map = app.url_map")
    app = namespace["app"]
    assert isinstance(app, flask.Flask)
    assert type(app).__name__ == "Flask"
    assert app.url_map is namespace["url_map"]


def test_a_cell_that_runs_again_replaces_what_it_had_defined(cell: Cell, namespace: dict[str, Any]) -> None:
    cell("app", APP.format("one"))
    ask(namespace["app"], "/")  # which locks an app of Flask's
    cell("more", "@app.get('/a')\ndef more(): return 'a'\n@app.after_request\ndef hook(r): return r")
    cell("more", "@app.get('/b')\ndef more(): return 'b'")
    assert [ask(namespace["app"], path)[:1] for path in ("/a", "/b")] == ["<", "b"]
    assert not namespace["app"].after_request_funcs[None]


def test_a_new_app_takes_over_what_other_cells_had_defined(cell: Cell, namespace: dict[str, Any]) -> None:
    cell("app", APP.format("one"))
    cell("more", "@app.get('/more')\ndef more(): return 'more'")
    told = cell("app", APP.format("two"))
    assert told == ["the new app has taken over 1 registration of other cells"]
    assert [ask(namespace["app"], path) for path in ("/", "/more")] == ["two", "more"]


def test_the_cell_of_the_app_has_its_own_again(cell: Cell, namespace: dict[str, Any]) -> None:
    cell("app", APP.format("one"))
    assert cell("other", "@app.get('/')\ndef home(): return 'other'") == ["replaces GET / of the cell 'app'"]
    assert "replaces GET / of the cell 'other'" in cell("app", APP.format("two"))
    assert ask(namespace["app"], "/") == "two"


def test_what_does_not_fit_is_told_at_the_end_of_the_cell(cell: Cell) -> None:
    told = cell("app", APP.format("one") + "@app.get('/<int:number>')\ndef view(): return 'x'")
    assert told == [
        "'/<int:number>' and view() do not fit: the rule has variable number, "
        "the function takes no parameters. Write: def view(number)"
    ]


BLUEPRINT = """
bp = flask.Blueprint("bp", "notebook"{0})
@bp.get("/x")
def x(): return "x"
"""


@pytest.mark.parametrize(
    ("made", "registered"), [(', url_prefix="/bp"', ""), ("", ', url_prefix="/bp"'), ("", ', name="other"')]
)
def test_a_blueprint_that_was_registered_unseen_goes_on_bringing_what_it_records(
    cell: Cell, namespace: dict[str, Any], made: str, registered: str
) -> None:
    prefix = "/bp" if "/bp" in made + registered else ""
    cell("app", APP.format("one") + BLUEPRINT.format(made) + f"app.register_blueprint(bp{registered})")
    cell("late", "@bp.get('/late')\ndef late(): return flask.request.endpoint")
    assert ask(namespace["app"], f"{prefix}/x") == "x"
    assert ask(namespace["app"], f"{prefix}/late") == ("other.late" if "other" in registered else "bp.late")
    assert isinstance(namespace["bp"], LiveBlueprint)


def test_a_blueprint_within_another_brings_what_it_records(cell: Cell, namespace: dict[str, Any]) -> None:
    cell("app", APP.format("one"))
    cell("inner", BLUEPRINT.format("") + "outer = flask.Blueprint('outer', 'notebook', url_prefix='/outer')")
    cell("register", "outer.register_blueprint(bp)\napp.register_blueprint(outer)")
    cell("late", "@bp.get('/late')\ndef late(): return 'late'")
    assert [ask(namespace["app"], f"/outer/{path}") for path in ("x", "late")] == ["x", "late"]


def test_what_a_subclass_overrides_counts(cell: Cell, namespace: dict[str, Any]) -> None:
    cell(
        "app",
        "class Company(flask.Flask):\n"
        "    def add_url_rule(self, rule, *args, **options):\n"
        "        super().add_url_rule('/company' + rule, *args, **options)\n"
        "    def dispatch_request(self):\n"
        "        return 'dispatched ' + super().dispatch_request()\n"
        "app = Company('notebook')",
    )
    cell("more", "@app.get('/more')\ndef more(): return 'more'")
    assert ask(namespace["app"], "/company/more") == "dispatched more"
    assert type(namespace["app"]).__mro__.index(namespace["Company"]) < type(namespace["app"]).__mro__.index(
        LiveFlask
    )


def test_another_app_of_its_class_is_as_any_other(cell: Cell, namespace: dict[str, Any]) -> None:
    cell("app", APP.format("one"))
    another = type(namespace["app"])("another")
    assert type(another) is flask.Flask


def test_middleware_around_it_stays(cell: Cell, namespace: dict[str, Any]) -> None:
    around = "old = app.wsgi_app\napp.wsgi_app = lambda environ, start: [*old(environ, start), b'!']"
    cell("app", APP.format("one") + around)
    cell("more", "@app.get('/more')\ndef more(): return 'more'")
    assert ask(namespace["app"], "/more") == "more!"


def test_an_extension_that_holds_on_to_the_map_adds_to_it(cell: Cell, namespace: dict[str, Any]) -> None:
    cell("app", APP.format("one") + "held = app.url_map")
    cell("more", "from werkzeug.routing import Rule\nheld.add(Rule('/held', endpoint='home'))")
    assert ask(namespace["app"], "/held") == "one"


def test_an_app_of_a_module_belongs_to_the_module(cell: Cell, namespace: dict[str, Any]) -> None:
    module = ModuleType("a_shop")
    sys.modules["a_shop"] = module
    try:
        exec("import flask\n" + APP.replace("notebook", "a_shop").format("shop"), vars(module))
        cell("import", "from a_shop import app")
        cell("import", "from a_shop import app")
        assert ask(namespace["app"], "/") == "shop"
        rows = FlaskEngine(namespace["app"]).routes()
        assert [row.owner for row in rows if row.endpoint == "home"] == ["module a_shop"]
    finally:
        del sys.modules["a_shop"]


def test_strictly_it_is_flask(cell: Cell, namespace: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_NB_STRICT", "1")
    cell("app", APP.format("one"))
    ask(namespace["app"], "/")
    with pytest.raises(AssertionError, match="setup method"):
        cell("more", "@app.get('/more')\ndef more(): return 'more'")


def test_a_request_on_its_way_keeps_the_view_of_its_rule(cell: Cell, namespace: dict[str, Any]) -> None:
    cell("app", APP.format("one"))
    cell("page", "@app.get('/page/<a>')\ndef page(a): return a")
    namespace["cell"] = cell
    cell(
        "hook",
        "@app.before_request\ndef change():\n"
        "    cell('page', \"@app.get('/page/<b>')\\ndef page(b): return 'new ' + b\")",
    )
    assert ask(namespace["app"], "/page/1") == "1"
    cell("hook", "")
    assert ask(namespace["app"], "/page/1") == "new 1"


def test_giving_back_leaves_what_was_defined_and_nothing_else(
    cell: Cell, namespace: dict[str, Any], workspace: Workspace
) -> None:
    plain = {name: type(value) for name, value in vars(flask.Flask("notebook")).items()}
    cell("app", APP.format("one") + BLUEPRINT.format("") + "app.register_blueprint(bp)")
    cell(
        "more",
        "@app.get('/more')\ndef more(): return 'more'\n"
        "@app.errorhandler(404)\ndef missing(error): return 'missing'\n"
        "@app.template_filter()\ndef shout(text): return text.upper()\n"
        "@app.before_request\ndef hook(): pass\napp.config['A'] = 1\n"
        "app.extensions['x'] = 1\napp.make_response = app.make_response",
    )
    app = namespace["app"]
    engines.give_back(workspace)
    assert type(app) is flask.Flask
    assert type(namespace["bp"]) is flask.Blueprint
    left = {name: type(value) for name, value in vars(app).items() if name in plain}
    assert left == plain
    assert {*vars(app)} - {*plain} <= {"jinja_env", "make_response", "logger", "name"}
    assert type(app.url_map) is Map
    assert [ask(app, path) for path in ("/", "/more", "/x", "/nowhere")] == ["one", "more", "x", "missing"]
    assert app.jinja_env.from_string("{{ 'a' | shout }}").render() == "A"
    with pytest.raises(AssertionError, match="setup method"):
        app.get("/late")(lambda: "late")


def test_an_app_without_error_handlers_answers_404_when_it_is_given_back(
    cell: Cell, namespace: dict[str, Any], workspace: Workspace
) -> None:
    cell("app", APP.format("one"))
    engines.give_back(workspace)
    assert namespace["app"].test_client().get("/nowhere").status_code == 404


def test_a_template_of_a_cell_knows_a_global_as_long_as_there_is_one(
    cell: Cell, namespace: dict[str, Any]
) -> None:
    cell("app", APP.format("one"))
    app = namespace["app"]
    app.live.overlay.add_template("page.html", "{{ n }} {{ own }}")
    app.jinja_env.globals["n"] = 1
    texts = [app.jinja_env.get_template("page.html", globals={"own": 2}).render() for _ in range(2)]
    del app.jinja_env.globals["n"]
    assert [*texts, app.jinja_env.get_template("page.html").render()] == ["1 2", "1 2", " 2"]


def test_what_runs_an_app_is_put_back() -> None:
    before = werkzeug.serving.run_simple
    ran: list[Any] = []
    undo = engines.replace_runner(lambda *args, **options: ran.append((args, options)))
    app = flask.Flask("x")
    app.run(port=5005, debug=True)
    undo()
    assert ran == [((app, "127.0.0.1", 5005), {})]
    assert werkzeug.serving.run_simple is before


def test_who_has_imported_meanwhile_what_runs_an_app_runs_it_as_werkzeug_does(monkeypatch) -> None:
    ran: list[Any] = []
    monkeypatch.setattr("werkzeug.serving.run_simple", lambda *args, **options: ran.append("werkzeug"))
    undo = engines.replace_runner(lambda *args, **options: ran.append("notebook"))
    imported = werkzeug.serving.run_simple
    undo()
    app = flask.Flask("x")
    monkeypatch.setattr("werkzeug.serving.run_simple", imported)
    app.run(port=5005)
    assert ran == ["werkzeug"]


def test_flask_has_the_private_names_that_the_adapter_leans_on() -> None:
    app, blueprint = flask.Flask("x"), flask.Blueprint("bp", "x")
    for name in ("_check_setup_finished", "_find_error_handler"):
        assert callable(getattr(app, name))
    assert callable(blueprint._check_setup_finished)
    assert blueprint._got_registered_once is False
    assert blueprint._blueprints == []
    blueprint.add_url_rule("/x", view_func=lambda: "x", endpoint="x")
    assert blueprint.deferred_functions[0].__qualname__.startswith("Blueprint.add_url_rule.")
    with app.test_request_context() as context:
        assert request_ctx.url_adapter is not None
        assert {"_session", "session"} & vars(context).keys()
    assert werkzeug.serving.run_simple.__module__ == "werkzeug.serving"
    assert flask.Flask.run.__globals__["__name__"] == "flask.app"


def test_an_app_that_was_there_before_takes_nothing_over(cell: Cell, namespace: dict[str, Any]) -> None:
    cell("app", APP.format("one"))
    cell("more", "@app.get('/more')\ndef more(): return 'more'")
    namespace["older"] = flask.Flask("notebook")
    assert cell("app", "app = older") == ["withdrawn: GET /"]  # of the cell, on the app that it had made
    assert ask(namespace["app"], "/more").startswith("<")
