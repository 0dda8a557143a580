"""What goes wrong is said in one line, and the app serves on as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel


@pytest.fixture(autouse=True)
def served(kernel: Kernel) -> None:
    """A route that has to go on serving."""
    kernel.run("%%route /old\n'old'", "old")


def assert_serves_on(kernel: Kernel) -> None:
    assert kernel.run("%get /old").text.endswith("old")


@pytest.mark.parametrize(
    ("cell", "error", "says"),
    [
        ("%%route /x/<int:\n1", "RuleError", "malformed"),
        ("%%route old\n1", "RuleError", "slash"),
        ("%%route /x/<colour:c>\n1", "RuleError", "unknown converter 'colour'"),
        (
            "%%route /old\n'new'\n%%route /b\n2",
            "CellError",
            "line 3: %%route is below another cell magic",
        ),
        ("%%route /old\n'new' +", "CellSyntaxError", "line 2"),
        ("%%route /old", "CellSyntaxError", "empty"),
        ("%%route /old --colour red\n'new'", "MagicArgumentError", "unknown flag '--colour'"),
        ("%%route\n'new'", "MagicArgumentError", "the rule is missing"),
        ("%get --colour", "MagicArgumentError", "unknown flag '--colour'"),
        ("%get", "MagicArgumentError", "the path is missing"),
        ("%get /{missing}", "MagicArgumentError", "NameError: name 'missing' is not defined"),
        ('%post /old {"a": ', "MagicArgumentError", "not valid JSON"),
        ("%routes --drop nothing", "MagicArgumentError", "no route has the endpoint 'nothing'"),
        ("%serve sideways", "MagicArgumentError", "unknown action"),
        ("%app old.nothing", "MagicArgumentError", "Type %app old:nothing"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_type(
    kernel: Kernel, cell: str, error: str, says: str
) -> None:
    ran = kernel.run(cell, "old")
    assert ran.error is not None
    assert ran.error.startswith(f"{error}: ")
    assert says in ran.error
    assert ran.traceback == ran.error
    assert_serves_on(kernel)


def test_the_code_around_a_function_fails_with_the_users_lines(kernel: Kernel) -> None:
    ran = kernel.run("%%route /old\ntry:\n    {}['k']\nexcept KeyError:\n    1 / 0\ndef old(): ...", "old")
    assert ran.error == "ZeroDivisionError: division by zero"
    assert "----> 5     1 / 0" in ran.traceback
    assert "KeyError: 'k'" in ran.traceback
    assert "flask_nb/" not in ran.traceback
    assert_serves_on(kernel)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("None", "None"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import sys; sys.exit()", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("object()", "TypeError"),
    ],
)
def test_a_view_that_fails_is_a_500_and_no_error_of_the_cell(kernel: Kernel, body: str, says: str) -> None:
    kernel.run(f"%%route /bad\n{body}", "bad")
    ran = kernel.run("%get /bad")
    assert ran.error is None
    assert ran.text.startswith("GET /bad → 500 ")
    assert says in ran.text
    assert_serves_on(kernel)


@pytest.mark.parametrize("way", ["", "--in-process"])
@pytest.mark.parametrize("body", ["while True: pass", "import time\ntime.sleep(60)"])
def test_a_view_that_never_returns_is_stopped(kernel: Kernel, body: str, way: str) -> None:
    kernel.run(f"%%route /hang\n{body}", "hang")
    ran = kernel.run(f"%get /hang --timeout 0.2 {way}")
    assert ran.error is not None
    assert ran.error.startswith("RequestTimeoutError: GET /hang did not answer within 0.2 s")
    assert ran.traceback == ran.error
    assert_serves_on(kernel)


def test_requests_that_hang_are_listed_with_their_age(kernel: Kernel) -> None:
    kernel.run("%%route /sleep\nimport time\ntime.sleep(60)", "hang")
    kernel.run("%get /sleep --timeout 0.1")
    assert "GET /sleep for " in kernel.run("%serve status").text


def test_a_stream_without_end_is_cut(kernel: Kernel) -> None:
    kernel.run("%%route /stream\nwhile True:\n    yield 'x' * 1000", "stream")
    ran = kernel.run("%get /stream")
    assert "cut after 1 MB" in ran.text.splitlines()[0]
    assert kernel.value("len(_.data)") == "1000000"
    assert_serves_on(kernel)


def test_an_answer_beyond_64_MB_is_cut_and_shown_in_part(kernel: Kernel) -> None:
    kernel.run("%%route /big\n'x' * 70_000_000", "big")
    ran = kernel.run("%get /big")
    assert "cut after 64 MB" in ran.text.splitlines()[0]
    assert sum(map(len, ran.outputs[0].values())) < 300_000
    assert_serves_on(kernel)


def test_two_rules_whose_derived_endpoints_meet_do_not_replace_each_other(kernel: Kernel) -> None:
    kernel.run("%%route /a-b\n'first'", "first")
    ran = kernel.run("%%route /a_b\n'second'", "second")
    assert ran.error is not None
    assert ran.error.startswith("EndpointConflictError: ")
    for said in ("'/a_b'", "'/a-b'", "%%route /a-b", "--endpoint"):
        assert said in ran.error
    assert kernel.run("%get /a-b").text.endswith("first")
    assert kernel.run("%%route /a_b --endpoint other\n'second'", "second").error is None


def test_a_path_that_no_rule_matches_names_the_near_ones(kernel: Kernel) -> None:
    kernel.run("%%route /items/<int:id>\nstr(id)", "items")
    ran = kernel.run("%get /itmes/5")
    assert ran.error is None
    assert "404 Not Found" in ran.text
    assert "near: GET /items/<int:id>" in ran.text


def test_what_is_no_app_is_refused(kernel: Kernel) -> None:
    kernel.run("kept, app = app, 5")
    for cell in ("%get /old", "%%route /x\n'x'", "%serve", "%routes"):
        error = kernel.run(cell).error
        assert error is not None
        assert error.startswith("ForeignAppError: ")
        assert "of type int" in error
    kernel.run("app = kept")
    assert_serves_on(kernel)


def test_without_an_app_a_request_says_how_to_make_one(kernel: Kernel) -> None:
    kernel.run("kept = app\ndel app")
    error = kernel.run("%get /old").error
    kernel.run("app = kept")
    assert error is not None
    assert "app = Flask(__name__)" in error


def test_a_try_that_fails_leaves_the_route_serving(kernel: Kernel) -> None:
    ran = kernel.run("%%route /slow --try '/slow --timeout 0.1'\nimport time\ntime.sleep(60)", "slow")
    assert ran.error is not None
    assert ran.error.startswith("RequestTimeoutError")
    assert ran.text == "GET /slow → slow (body)"
    assert_serves_on(kernel)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("from flask_nb import escape", "Type: from markupsafe import escape"),
        ("from flask_nb import Markup", "Type: from markupsafe import Markup"),
        ("from flask_nb import JSONEncoder", "app.json = MyProvider(app)"),
        ("@app.before_first_request\ndef first(): pass", "call the function where the app is made"),
    ],
)
def test_what_flask_has_dropped_is_said_to_have_moved(kernel: Kernel, cell: str, says: str) -> None:
    ran = kernel.run(cell)
    assert ran.error is not None
    assert says in ran.stdout
