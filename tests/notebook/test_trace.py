"""What a notebook shows of the inside of a request: folds below the panel, and its steps with `--trace`."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

APP = """from flask_nb import Flask, flash, g, render_template, request, session
from flask_nb.web import Blueprint, stream_with_context, views
app = Flask(__name__)
app.secret_key = "dev"

@app.url_value_preprocessor
def take_language(endpoint, values):
    g.language = (values or {}).pop("language", "en")

@app.before_request
def load_user():
    g.user, g.password = "Ann", "hunter2222"

@app.after_request
def sign(response):
    response.headers["X-Served-By"] = "nb"
    return response

@app.teardown_request
def forget(exc):
    g.pop("user", None)

@app.teardown_appcontext
def close(exc):
    pass

@app.errorhandler(ZeroDivisionError)
def no_zero(exc):
    return "not by zero", 400"""

PAGE = "%%template page.html\n<p>{{ name }}</p>"

VIEWS = """shop = Blueprint("shop", __name__, url_prefix="/shop")

@shop.before_request
def only_paid():
    if request.args.get("free"):
        return "pay first", 402

@shop.get("/<int:number>")
def item(number):
    return {"number": number}

app.register_blueprint(shop)

@app.get("/<language>/page/<name>")
def page(name):
    session["visits"] = session.get("visits", 0) + 1
    session["token"] = "abcdef123456"
    flash("Saved")
    return render_template("page.html", name=name, api_key="abcdef123456")

@app.get("/quiet")
def quiet():
    return "hush"

@app.get("/zero")
def zero():
    return str(1 / 0)

@app.get("/fails")
def fails():
    return str(undefined)

@app.get("/stream")
def stream():
    return app.response_class(stream_with_context(f"{n}" for n in range(3)))

@app.get("/async")
async def slow():
    g.slow = True
    return "async"

@app.get("/inner")
def inner():
    return app.test_client().get("/zero").text

class Items(views.MethodView):
    def get(self):
        return ["tea"]

app.add_url_rule("/items", view_func=Items.as_view("items"))"""


@pytest.fixture(scope="module", autouse=True)
def app(kernel: Kernel) -> None:
    for number, cell in enumerate((APP, PAGE, VIEWS)):
        ran = kernel.run(cell, f"cell {number}")
        assert ran.error is None, ran.traceback


def steps(kernel: Kernel, line: str) -> list[list[str]]:
    """The table of steps that a request shows, its cells without what fills them up."""
    ran = kernel.run(line)
    assert ran.error is None, ran.traceback
    table = ran.text.split("\n\n")[1]
    return [re.split(r" {2,}", row) for row in table.splitlines()]


def html(kernel: Kernel, line: str) -> str:
    """The words of the HTML that a request shows, a bar between them."""
    ran = kernel.run(line)
    assert ran.error is None, ran.traceback
    return unescape(re.sub(r"(?:<[^>]*>)+", "|", ran.outputs[-1]["text/html"]))


FIRST = "def take_language(endpoint, values):"
BEFORE = [
    ["URL preprocessors", "take_language", f"line 6 of {FIRST}", "g.language = 'en'"],
    ["before_request", "load_user", f"line 10 of {FIRST}", "g.user = 'Ann', g.password = <hidden>"],
]
TEARDOWN = [
    ["teardown_request", "forget", f"line 19 of {FIRST}", "g.user removed"],
    ["teardown_appcontext", "close", f"line 23 of {FIRST}"],
]


def between(kernel: Kernel, line: str) -> list[list[str]]:
    """The steps between the hooks before the request and the teardown."""
    table = steps(kernel, line)
    assert table[1:3] == BEFORE
    assert table[-2:] == TEARDOWN
    assert table[-3][0] == "response"
    return table[3:-2]


SIGNED = ["after_request", "sign", f"line 14 of {FIRST}", "X-Served-By: nb"]


def test_the_steps_of_a_request_stand_in_order_with_their_places_and_what_they_changed(
    kernel: Kernel,
) -> None:
    assert steps(kernel, "%get /de/page/Ann --trace --fresh") == [
        ["context push", "/<language>/page/<name> → page, language='de', name='Ann'"],
        [*BEFORE[0][:3], "g.language = 'de', argument language removed"],
        BEFORE[1],
        [
            "view",
            "page",
            "line 14 of def only_paid():",
            "flashed 'Saved', session['visits'] = 1, session['token'] = <hidden>, returned str",
        ],
        ["template", "page.html"],
        SIGNED,
        ["response", "200, text/html, 10 B"],
        *TEARDOWN,
    ]


def test_a_hook_that_answers_early_is_told_and_no_view_comes_after_it(kernel: Kernel) -> None:
    assert between(kernel, "%get /shop/3?free=1 --trace") == [
        ["before_request", "only_paid", "line 3 of def only_paid():", "answered early: (str, int)"],
        SIGNED,
        ["response", "402, text/html, 9 B"],
    ]


def test_the_hook_of_a_blueprint_stands_behind_those_of_the_app(kernel: Kernel) -> None:
    assert [row[:2] for row in between(kernel, "%get /shop/3 --trace")[:2]] == [
        ["before_request", "only_paid"],
        ["view", "item"],
    ]


def test_a_handler_is_told_with_what_the_view_raised(kernel: Kernel) -> None:
    assert between(kernel, "%get /zero --trace") == [
        ["view", "zero", "line 25 of def only_paid():", "raised ZeroDivisionError: division by zero"],
        [
            "error handler",
            "no_zero",
            f"line 27 of {FIRST}",
            "for ZeroDivisionError, returned (str, int)",
        ],
        SIGNED,
        ["response", "400, text/html, 11 B"],
    ]


def test_a_view_that_fails_is_told_and_so_is_what_comes_after_it(kernel: Kernel) -> None:
    view, *after = between(kernel, "%get /fails --trace")
    assert view[-1] == "raised NameError: name 'undefined' is not defined"
    assert [row[0] for row in after] == ["after_request", "response"]


def test_a_stream_is_not_used_up_by_the_trace(kernel: Kernel) -> None:
    ran = kernel.run("%get /stream --trace")
    assert "200, text/html, streamed" in ran.text
    assert ran.text.endswith("\n\n012")


@pytest.mark.parametrize("transport", ["", "--in-process"])
def test_an_async_view_is_told(kernel: Kernel, transport: str) -> None:
    view = between(kernel, f"%get /async --trace {transport}")[0]
    assert view == ["view", "slow", "line 37 of def only_paid():", "g.slow = True, returned str"]


def test_a_view_of_a_class_is_one_step(kernel: Kernel) -> None:
    views = [row for row in between(kernel, "%get /items --trace") if row[0] == "view"]
    assert views == [["view", "Items", "line 47 of def only_paid():", "returned list"]]


def test_where_no_rule_matches_the_hooks_are_told_all_the_same(kernel: Kernel) -> None:
    table = steps(kernel, "%get /nope --trace")
    assert table[0] == ["context push", "404 Not Found"]
    assert [row[0] for row in between(kernel, "%get /nope --trace")] == ["after_request", "response"]


def test_a_request_that_a_view_sends_itself_is_not_among_its_steps(kernel: Kernel) -> None:
    assert [row[0] for row in steps(kernel, "%get /inner --trace")].count("view") == 1


def test_times_are_shown_with_the_flag_alone(kernel: Kernel) -> None:
    assert re.search(r"view +[\d.]+ m?s +quiet", kernel.run("%get /quiet --trace --time").text)


def test_a_trace_is_the_same_in_each_run_and_changes_nothing(kernel: Kernel) -> None:
    kernel.run("plain = %get /quiet\ntraced = %get /quiet --trace\nagain = %get /quiet --trace")
    assert kernel.value("traced._repr_mimebundle_() == again._repr_mimebundle_()") == "True"
    same = "[[pair for pair in one.headers if pair[0] != 'Date'] for one in (plain, traced)]"
    assert kernel.value(f"(lambda one, other: one == other)(*{same})") == "True"


def test_nothing_is_left_on_the_app_and_its_signals_when_the_request_has_ended(kernel: Kernel) -> None:
    kernel.run("from flask_nb.web import before_render_template, message_flashed, request_finished")
    kernel.run("%get /de/page/Ann --trace")
    signals = "(before_render_template, message_flashed, request_finished)"
    assert kernel.value("'ensure_sync' in vars(app)") == "False"
    assert kernel.value(f"[bool(signal.receivers) for signal in {signals}]") == "[False, False, False]"


def test_what_is_folded_is_not_in_the_text(kernel: Kernel) -> None:
    assert kernel.run("%get /de/page/Bo").text == ("GET /de/page/Bo → 200 OK · text/html · 9 B\n\n<p>Bo</p>")


def test_the_panel_folds_open_on_the_route_the_session_and_the_templates(kernel: Kernel) -> None:
    kernel.run("%cookies clear\n%get /de/page/Ann")
    shown = html(kernel, "%get /de/page/Ann")
    assert "|route|rule|/<language>/page/<name>|endpoint|page|language|'de'|name|'Ann'|" in shown
    assert "|session|token|<hidden>|visits|1 → 2|flashed|message: Saved|" in shown
    assert "|1 template|page.html|name|'Ann'|api_key|<hidden>|" in shown


def test_the_panel_folds_open_on_the_body_that_was_sent(kernel: Kernel) -> None:
    sent = "|request body|user|'ann'|password|<hidden>|"
    assert sent in html(kernel, "%post /quiet user=ann password=hunter2222 --form")
    assert '"password": <hidden>' in html(kernel, "%post /quiet user=ann password=hunter2222")


TABLE = """import sqlalchemy as sa
engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
metadata = sa.MetaData()
people = sa.Table("people", metadata, sa.Column("name", sa.String), sa.Column("password", sa.String))
metadata.create_all(engine)

@app.get("/people")
def list_people():
    with engine.begin() as connection:
        connection.execute(people.insert().values(name="Ann", password="hunter2222"))
        for name in ("Ann", "Bo"):
            connection.execute(sa.select(people.c.name).where(people.c.name == name)).all()
    return "done" """


def test_the_panel_folds_open_on_sql_statements_equal_ones_together(kernel: Kernel) -> None:
    assert kernel.run(TABLE, "table").error is None
    shown = html(kernel, "%get /people")
    assert "|3 SQL statements|INSERT INTO people (name, password) VALUES (?, ?)" in shown
    assert "(name='Ann', password=<hidden>)" in shown
    assert "WHERE people.name = ?\n  2 times\n  (name_1='Ann')\n  (name_1='Bo')|" in shown
    assert between(kernel, "%get /people --trace")[0][-1] == "3 SQL statements, returned str"


def test_an_app_whose_steps_are_not_known_says_so(kernel: Kernel) -> None:
    kernel.run(
        "def bare(environ, start_response):\n    start_response('200 OK', [])\n    return [b'x']\n%app bare"
    )
    try:
        text = kernel.run("%get / --trace").text
    finally:
        kernel.run("%app app")
    assert text.split("\n\n")[1:3] == [
        "response      200 OK",
        "bare is a WSGI function: what its middleware, dependencies and handlers do cannot be traced",
    ]
