"""What differs from Flask on purpose, seen from both sides; the table is in ARCHITECTURE.md.

What needs no Flask beside it is tested elsewhere: redefinition in ``test_owners``, the debugger's address
and PIN in ``test_cli_run``, Hosts in ``tests/test_command.py``.
"""

from __future__ import annotations

import asyncio
import importlib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import werkzeug.serving
from click.testing import CliRunner

from .test_interface import ADDED, DELIBERATE

ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"


@pytest.fixture
def is_ours(framework):
    return framework.__name__ == "flask_nb.web"


@pytest.mark.parametrize("name", [*DELIBERATE, *ADDED])
def test_what_differs_by_name_is_in_the_table(name):
    section = ARCHITECTURE.read_text(encoding="utf-8").partition("## Where `web` differs")[2]
    assert name.removeprefix("app.") in section.partition("\n## ")[0]


def test_objects_have_no_more_public_names_than_the_table_says(framework):
    from flask import Blueprint, Flask

    def more(own, theirs):
        return {name for name in set(dir(own)) - set(dir(theirs)) if not name.startswith("_")}

    is_flask = framework.Flask is Flask
    app = set() if is_flask else {"live"}
    blueprint = set() if is_flask else {"live"}
    assert more(framework.Flask("a"), Flask("a")) == app
    assert more(framework.Blueprint("b", "b"), Blueprint("b", "b")) == blueprint


@pytest.mark.parametrize("method", ["template_filter", "template_test", "template_global"])
def test_a_bare_decorator_of_templates_counts(framework, is_ours, method):
    def own(*args):
        return True

    for scaffold in (framework.Flask("a"), framework.Blueprint("b", "b")):
        app = framework.Flask("c") if isinstance(scaffold, framework.Blueprint) else scaffold
        decorate = getattr(scaffold, method if app is scaffold else f"app_{method}")
        assert (decorate(own) is own) == is_ours
        if app is not scaffold:
            app.register_blueprint(scaffold)
        table = getattr(app.jinja_env, f"{method.rpartition('_')[2]}s")
        assert ("own" in table) == is_ours


def test_an_endpoint_of_a_blueprint_is_bound_as_written(framework, app):
    blueprint = framework.Blueprint("b", __name__)
    blueprint.add_url_rule("/own", "own")
    blueprint.endpoint("b.own")(lambda: "the blueprint's")
    blueprint.endpoint("apps")(lambda: "the app's")
    app.add_url_rule("/apps", "apps")
    app.register_blueprint(blueprint)
    client = app.test_client()
    assert client.get("/own").text == "the blueprint's"
    assert client.get("/apps").text == "the app's"


def test_an_endpoint_of_a_blueprint_may_be_named_without_it(framework, app, is_ours):
    blueprint = framework.Blueprint("b", __name__)
    blueprint.add_url_rule("/", "view")
    blueprint.endpoint("view")(lambda: "bound")
    app.register_blueprint(blueprint)
    if not is_ours:
        with pytest.raises(KeyError, match=r"b\.view"):
            app.test_client().get("/")
    else:
        assert app.test_client().get("/").text == "bound"


@pytest.mark.parametrize("value", [5, object(), ("text", 200, {}, 4), (5, 200)])
def test_a_wrong_value_names_the_endpoint(app, is_ours, value):
    app.add_url_rule("/", "the_culprit", lambda: value)
    with pytest.raises(TypeError) as caught:
        app.test_client().get("/")
    assert ("the_culprit" in str(caught.value)) == is_ours


def test_outside_of_a_request_a_wrong_value_is_a_type_error_too(app):
    with app.app_context(), pytest.raises(TypeError):
        app.make_response(5)


def test_a_key_that_is_set_before_the_sessions_first_use_counts(framework, app, is_ours):
    app.secret_key = None

    def view():
        app.secret_key = "set late"
        framework.session["a"] = 1
        return "stored"

    app.add_url_rule("/", "view", view)
    if is_ours:
        assert app.test_client().get("/").text == "stored"
    else:
        with pytest.raises(RuntimeError, match="secret key"):
            app.test_client().get("/")


def test_a_server_name_that_is_set_before_the_first_url_counts(framework, app, is_ours):
    app.add_url_rule("/", "view")
    with app.app_context():
        app.config["SERVER_NAME"] = "late.example"
        if is_ours:
            assert framework.url_for("view") == "http://late.example/"
        else:
            with pytest.raises(RuntimeError, match="SERVER_NAME"):
                framework.url_for("view")


def test_values_that_a_hook_took_away_are_none(framework, app, is_ours):
    @app.before_request
    def take():
        framework.request.view_args = None

    app.add_url_rule("/", "view", lambda: "called")
    if is_ours:
        assert app.test_client().get("/").text == "called"
    else:
        with pytest.raises(TypeError):
            app.test_client().get("/")


def test_an_error_that_is_handed_over_is_raised_itself(app, is_ours):
    with app.test_request_context(), pytest.raises(ValueError if is_ours else RuntimeError):
        app.handle_user_exception(ValueError())


@pytest.mark.parametrize(("options", "wanted"), [({}, False), ({"use_debugger": True}, True)])
def test_app_run_leaves_the_debugger_out_on_an_open_address(
    app, is_ours, monkeypatch, capsys, options, wanted
):
    given = {}
    monkeypatch.setattr(werkzeug.serving, "run_simple", lambda *args, **options: given.update(options))
    app.run("0.0.0.0", debug=True, load_dotenv=False, **options)
    assert given["use_debugger"] is (wanted if is_ours else True)
    assert ("debugger is off" in capsys.readouterr().err) == (is_ours and not wanted)


def test_a_plugin_that_cannot_be_imported_is_one_line(framework, app, is_ours, monkeypatch):
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda **_: [EntryPoint("bad", "not_there_at_all:command", "g")]
    )
    cli = importlib.import_module(f"{framework.__name__}.cli")
    result = CliRunner().invoke(cli.FlaskGroup(create_app=lambda: app), ["routes"])
    assert (result.exit_code == 0) == is_ours
    assert isinstance(result.exception, ImportError) != is_ours


def test_async_views_answer_where_a_loop_is_running(app, is_ours):
    async def view():
        return "answered"

    async def cell():
        return app.test_client().get("/").status_code

    app.testing = False
    app.add_url_rule("/", "view", view)
    assert asyncio.run(cell()) == (200 if is_ours else 500)


def test_a_part_of_a_request_is_read_when_it_is_asked_for(framework, app, is_ours):
    with app.test_request_context("/made") as ctx:
        ctx.request.environ["PATH_INFO"] = "/changed"
        assert framework.request.path == ("/changed" if is_ours else "/made")


def test_the_page_of_an_error_is_no_stream(app, is_ours):
    streamed = []
    app.after_request(lambda response: streamed.append(response.is_streamed) or response)
    assert app.test_client().get("/none").status_code == 404
    assert streamed == [not is_ours]


@pytest.mark.parametrize(
    ("view", "sent"),
    [
        (lambda request: str(request.json), {"data": "[" * 100_000, "content_type": "application/json"}),
        (lambda request: str(request.authorization), {"headers": {"Authorization": "Basic é"}}),
    ],
)
def test_what_a_client_sends_wrongly_is_a_400(framework, app, is_ours, view, sent):
    app.add_url_rule("/", "view", lambda: view(framework.request), methods=["POST"])
    app.testing = False
    assert app.test_client().post("/", **sent).status_code == (400 if is_ours else 500)


def test_json_that_is_nested_too_deeply_may_be_passed_over_in_silence(framework, app, is_ours):
    app.add_url_rule("/", "view", lambda: str(framework.request.get_json(silent=True)), methods=["POST"])
    app.testing = False
    answer = app.test_client().post("/", data="[" * 100_000, content_type="application/json")
    assert (answer.text == "None") == is_ours
