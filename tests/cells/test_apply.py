from __future__ import annotations

import traceback

import flask.views
import pytest

from flask_nb.errors import CellError, CellSyntaxError, RuleError


@pytest.mark.parametrize(
    ("line", "body", "summary"),
    [
        ("/hello/<name>", "f'{request.path} {name}'", "GET /hello/<name> → hello_name (body; uses request)"),
        ("POST /items", "'made', 201", "POST /items → post_items (body)"),
        ("POST,GET /x", "''", "GET,POST /x → post_x (body)"),
        ("/x --endpoint all", "''", "GET /x → all (body)"),
        ("/x", "def view():\n    return jsonify(g.x)", "GET /x → view (function; uses g, jsonify)"),
        ("/x", "async def view():\n    return ''", "GET /x → view (function, async)"),
        ("/x", "yield session.get('a')", "GET /x → x (body, streams; uses session)"),
        ("/x", "await request.x", "GET /x → x (body, async; uses request)"),
        ("/None", "''", "GET /None → None (body)"),
        (
            "/x",
            "from flask.views import View\nclass Items(View):\n    methods = ['PUT', 'GET']",
            "GET,PUT /x → Items (class)",
        ),
    ],
)
def test_a_route_is_summarised_alike_on_every_run(notebook, line, body, summary):
    assert notebook.run(line, body).summary == summary
    notebook.target.app = flask.Flask(__name__)
    assert notebook.run(line, body).summary == summary


def test_a_body_answers(notebook):
    notebook.run("/hello/<name>/<int:n>", "f'Hello {name} {n + 1}'")
    assert notebook.client.get("/hello/Ann/2").text == "Hello Ann 3"


def test_a_function_answers_and_the_rest_of_the_cell_runs_once(notebook):
    notebook.namespace["runs"] = []
    notebook.run("/x", "runs.append(1)\ndef view():\n    return str(len(runs))")
    assert [notebook.client.get("/x").text for _ in "12"] == ["1", "1"]
    assert notebook.namespace["view"]() == "1"


def test_a_class_answers(notebook):
    notebook.namespace["MethodView"] = flask.views.MethodView
    notebook.run(
        "/x --endpoint things",
        "class Things(MethodView):\n    def get(self):\n        return request.endpoint",
    )
    assert notebook.client.get("/x").text == "things"


def test_a_stream_keeps_its_request(notebook):
    notebook.run("/x", "for n in request.args['n']:\n    yield request.path + n")
    response = notebook.client.get("/x?n=12")
    assert response.text == "/x1/x2"
    assert "Content-Length" not in response.headers


def test_an_async_body_answers(notebook):
    notebook.run("/x", "import asyncio\nawait asyncio.sleep(0, 'slept')")
    assert notebook.client.get("/x").text == "slept"


def test_variables_of_rule_host_and_defaults_are_local_names(notebook):
    notebook.target.app = flask.Flask(__name__, host_matching=True, static_host="s")
    notebook.run("/<int:id> --host <user>.x.org --defaults page=2", "f'{user} {id} {page}'")
    assert notebook.client.get("/1", base_url="http://ann.x.org").text == "ann 1 2"


def test_everything_that_was_asked_for_reaches_the_app(notebook):
    notebook.run("PUT /x/ --subdomain a --defaults n=1 --no-strict-slashes --endpoint e", "''")
    assert notebook.target.added == [
        {
            "rule": "/x/",
            "endpoint": "e",
            "derived": False,
            "methods": ("PUT",),
            "defaults": {"n": 1},
            "strict_slashes": False,
            "subdomain": "a",
        }
    ]


@pytest.mark.parametrize(
    ("line", "body", "derived"),
    [("/x", "''", True), ("/x --endpoint x", "''", False), ("/x", "def x(): pass", False)],
)
def test_only_an_endpoint_made_of_the_rule_is_derived(notebook, line, body, derived):
    notebook.run(line, body)
    assert notebook.target.added[0]["derived"] is derived


def test_framework_names_are_imported_and_the_notebooks_own_are_left_alone(notebook):
    notebook.namespace["g"] = "mine"
    notebook.run("/x", "def view():\n    return jsonify(g)")
    assert notebook.namespace["jsonify"] is flask.jsonify
    assert notebook.client.get("/x").json == "mine"


def test_decorators_of_the_framework_are_there_when_the_cell_runs(notebook):
    notebook.run("/x", "@stream_with_context\ndef view():\n    yield request.path")
    assert notebook.client.get("/x").text == "/x"


@pytest.mark.parametrize(
    ("line", "body", "error", "message"),
    [
        ("/x", "", CellSyntaxError, "the cell is empty"),
        ("/x", "def", CellSyntaxError, "line 2: invalid syntax"),
        ("/x", "return 1\ndef view(): pass", CellSyntaxError, "line 2: 'return' outside function"),
        ("/<itn:x>", "''", RuleError, "unknown converter 'itn'. Did you mean int?"),
        ("/x", "class Things: pass", CellError, "the class 'Things', which is not a view"),
        ("/x", "@str\ndef view(): pass", CellError, "the decorators of 'view' turned it into"),
    ],
)
def test_what_cannot_be_a_view_registers_nothing(notebook, line, body, error, message):
    with pytest.raises(error) as caught:
        notebook.run(line, body)
    assert message in str(caught.value)
    assert notebook.target.added == []


@pytest.mark.parametrize("body", ["await x", "ran.append(1)\nasync def view(): pass"])
def test_without_the_extra_an_async_cell_says_what_to_install(notebook, body):
    notebook.target.has_async = False
    notebook.namespace["ran"] = []
    with pytest.raises(CellError, match=r'pip install "flask_nb\[async\]"'):
        notebook.run("/x", body)
    assert (notebook.target.added, notebook.namespace["ran"]) == ([], [])


def test_an_error_of_the_cell_itself_propagates_from_its_line(notebook):
    with pytest.raises(ZeroDivisionError) as caught:
        notebook.run("/x", "y = 1\n1 / 0\ndef view(): pass", filename="<the cell>")
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (frame.filename, frame.lineno) == ("<the cell>", 3)
    assert notebook.target.added == []
