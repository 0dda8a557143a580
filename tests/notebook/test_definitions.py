"""What cells define besides routes: settings, templates, static files; contexts, URLs, cookies, apps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

Bundle = dict[str, Any]


@pytest.fixture
def nb(loaded: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """A notebook in a folder of its own, with an app."""
    monkeypatch.chdir(tmp_path)
    loaded.run_cell("from flask_nb import Flask\napp = Flask(__name__)", cell_id="app").raise_error()
    return loaded


def result(shell: InteractiveShell, cell: str, cell_id: str | None = None) -> Any:
    ran = shell.run_cell(cell, cell_id=cell_id)
    ran.raise_error()
    return ran.result


def text(shell: InteractiveShell, path: str) -> str:
    return str(shell.user_ns["app"].test_client().get(path).text)


def lines(value: Any) -> list[str]:
    return repr(value).splitlines()


# --- configuration ---


def test_configuration_is_shown_key_by_key_with_secrets_masked(nb: InteractiveShell) -> None:
    table = result(nb, "%config_from DEBUG=True SECRET_KEY=abc API_TOKEN=x GREETING='Good day'")
    assert lines(table) == [
        "key         before   now",
        "DEBUG       False    True",
        "SECRET_KEY  None     <hidden>",
        "API_TOKEN   not set  <hidden>",
        "GREETING    not set  'Good day'",
    ]
    html = table._repr_mimebundle_()["text/html"]
    assert "abc" not in html
    assert "&#x27;Good day&#x27;" in html


def test_secrets_within_values_are_masked(nb: InteractiveShell) -> None:
    cell = "%config_from MAIL={'PASSWORD': 'geheim'} DATABASE_URL=postgres://ann:geheim@db/shop"
    assert "geheim" not in repr(result(nb, cell))


def test_the_same_cell_shows_the_same_table_again(nb: InteractiveShell) -> None:
    tables = [lines(result(nb, "%config_from A=1 DEBUG=True", "c")) for _ in range(3)]
    assert tables[0] == tables[1] == tables[2]


def test_a_rerun_takes_back_what_the_cell_had_set(nb: InteractiveShell) -> None:
    app = nb.user_ns["app"]
    result(nb, "%config_from A=1 TESTING=True", "c")
    result(nb, "%config_from B=1", "c")
    assert ("A" in app.config, app.config["B"], app.config["TESTING"]) == (False, 1, False)
    assert lines(result(nb, "%%config_from\nB = 2\nC = 3\n", "c"))[1:] == [
        "B    not set  2",
        "C    not set  3",
    ]
    result(nb, "1", "c")
    assert not {"A", "B", "C"} & set(app.config)


def test_cells_without_ids_that_begin_alike_keep_their_settings(nb: InteractiveShell) -> None:
    result(nb, "%%config_from\nA = 1\n")
    result(nb, "%%config_from\nB = 2\n")
    assert (nb.user_ns["app"].config["A"], nb.user_ns["app"].config["B"]) == (1, 2)


def test_values_that_would_differ_in_each_run_are_shown_without_addresses(nb: InteractiveShell) -> None:
    nb.user_ns["Settings"] = type("Settings", (), {"THING": object(), "LONG": "x" * 500})
    table = repr(result(nb, "%config_from Settings"))
    assert "<object object at 0x…>" in table
    assert max(map(len, table.splitlines())) < 120


def test_a_setting_whose_repr_fails_is_shown_all_the_same(nb: InteractiveShell) -> None:
    cell = "class Odd:\n    def __repr__(self): 1/0\nclass Settings:\n    ODD = Odd()\n%config_from Settings"
    assert "Odd" in repr(result(nb, cell))


def test_files_are_those_of_the_notebooks_folder(nb: InteractiveShell, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("A = 'file'")
    result(nb, "%config_from settings.toml")
    assert nb.user_ns["app"].config["A"] == "file"


def test_a_cell_of_settings_that_raises_shows_its_line(nb: InteractiveShell) -> None:
    ran = nb.run_cell("# comment\n%%config_from\nA = 1\nB = A / 0\n")
    assert str(ran.error_in_exec) == "the cell, line 4: ZeroDivisionError: division by zero"
    assert "A" not in nb.user_ns["app"].config


def test_a_local_variable_can_be_the_object(nb: InteractiveShell) -> None:
    nb.run_cell("def f():\n    class Local:\n        A = 5\n    %config_from Local\nf()").raise_error()
    assert nb.user_ns["app"].config["A"] == 5


# --- templates and static files ---


def test_a_template_is_live_and_wins_over_its_file(nb: InteractiveShell, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "base.html").write_text("<b>{% block x %}file{% endblock %}</b>")
    result(nb, "%%route /\nrender_template('page.html', n=2)", "route")
    shown = result(nb, "%%template page.html\n{% extends 'base.html' %}{% block x %}{{ n }}{% endblock %}")
    assert repr(shown) == "template page.html (uses base.html; takes n)"
    assert text(nb, "/") == "<b>2</b>"
    result(nb, "%%template base.html\n<i>{% block x %}{% endblock %}</i>\n", "base")
    assert text(nb, "/") == "<i>2</i>"
    result(nb, "1", "base")
    assert text(nb, "/") == "<b>2</b>"


@pytest.mark.parametrize("cell", ["%%template page.html\nhi", "%%static a.txt\nhi", "%config_from A=1"])
def test_a_definition_makes_an_app_where_there_is_none(loaded: InteractiveShell, cell: str) -> None:
    result(loaded, cell)
    assert type(loaded.user_ns["app"]).__name__ == "Flask"


def test_the_first_app_of_a_cell_has_what_was_defined_before_it(loaded: InteractiveShell) -> None:
    for number, cell in enumerate(["%%template page.html\nhi {{ config.A }}", "%config_from A=1"]):
        result(loaded, cell, f"cell {number}")
    result(loaded, "from flask_nb import Flask\napp = Flask(__name__)", "app")
    result(loaded, "%%route /\nrender_template('page.html')", "route")
    assert text(loaded, "/") == "hi 1"


def test_a_template_that_does_not_compile_names_the_line_of_the_cell(nb: InteractiveShell) -> None:
    ran = nb.run_cell("# about\n\n%%template page.html\n<p>\n{% if %}\n")
    assert str(ran.error_in_exec).startswith("line 5: Expected an expression")


def test_a_template_that_fails_shows_the_line_of_its_cell(nb: InteractiveShell) -> None:
    result(nb, "# about\n%%template page.html\n<p>\n{{ 1 / n }}\n")
    result(nb, "%%route /\nrender_template('page.html', n=0)")
    shown = result(nb, "%get /")._repr_mimebundle_()[0]["text/plain"]
    assert "%%template page.html, line 4:   {{ 1 / n }}" in shown
    assert "ZeroDivisionError" in shown


def test_a_static_file_is_live_with_an_etag(nb: InteractiveShell) -> None:
    shown = result(nb, "%%static site.css\np { color: red }\n")
    assert repr(shown) == "static site.css → /static/site.css (text/css, 17 B)"
    client = nb.user_ns["app"].test_client()
    etag = client.get("/static/site.css").headers["ETag"]
    assert client.get("/static/site.css", headers={"If-None-Match": etag}).status_code == 304
    assert text(nb, "/static/site.css") == "p { color: red }\n"


def test_text_of_a_static_file_may_look_like_magics(nb: InteractiveShell) -> None:
    result(nb, "%%static a.txt\n%get /x\n%%route /\n!ls {x} $y\n")
    assert text(nb, "/static/a.txt") == "%get /x\n%%route /\n!ls {x} $y\n"


# --- contexts ---


def test_a_cell_runs_in_a_request_and_keeps_its_names(nb: InteractiveShell, outputs: list[Bundle]) -> None:
    nb.run_cell("%%request_context POST /search?q=tea user=ann --form\nq = request.args['q']\nrequest.form")
    assert nb.user_ns["q"] == "tea"
    assert [output["text/plain"] for output in outputs] == ["ImmutableMultiDict([('user', 'ann')])"]
    assert nb.run_cell("request.path").error_in_exec is not None


def test_what_a_context_shows_is_shown_inside_it(nb: InteractiveShell, outputs: list[Bundle]) -> None:
    nb.run_cell("from flask_nb import request").raise_error()
    nb.run_cell("%%request_context /a\nrequest").raise_error()
    assert "http://localhost/a" in outputs[-1]["text/plain"]
    assert nb.run_cell("_").success


def test_a_silenced_value_is_not_shown(nb: InteractiveShell, outputs: list[Bundle]) -> None:
    nb.run_cell("%%request_context\nrequest.path;\n").raise_error()
    assert outputs == []


def test_magics_work_inside_a_context(nb: InteractiveShell, outputs: list[Bundle]) -> None:
    nb.run_cell("%%route /hello/<name>\nname").raise_error()
    nb.run_cell("%%request_context /\n\n%url_for hello name=A\nurl = %url_for hello name=B\n!echo {url}")
    assert nb.user_ns["url"] == "/hello/B"
    assert "/hello/A" in [output["text/plain"] for output in outputs]


@pytest.mark.parametrize("body", ["1 / 0", "raise SystemExit(1)", "raise KeyboardInterrupt"])
def test_the_context_ends_whatever_the_cell_does(nb: InteractiveShell, body: str) -> None:
    nb.run_cell(f"%%request_context /\n{body}")
    nb.run_cell("from flask_nb import has_request_context\nleft = has_request_context()").raise_error()
    assert nb.user_ns["left"] is False


def test_an_error_in_a_context_shows_the_lines_of_the_cell(
    nb: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    nb.run_cell("# about\n%%request_context /\n\nx = 1\nx / 0\n")
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "----> 5 x / 0" in shown
    assert "/flask_nb/" not in shown


def test_a_context_that_does_not_compile_names_the_line(nb: InteractiveShell) -> None:
    ran = nb.run_cell("%%request_context /\n\n\nx = = 1\n")
    assert str(ran.error_in_exec).startswith("line 4: invalid syntax")
    assert "await" in str(nb.run_cell("%%request_context /\nawait x\n").error_in_exec)


def test_a_context_runs_no_hooks(nb: InteractiveShell) -> None:
    nb.run_cell("ran = []\n@app.before_request\ndef hook():\n    ran.append(1)").raise_error()
    nb.run_cell("%%request_context /\n1").raise_error()
    assert nb.user_ns["ran"] == []


# --- URLs ---


def test_a_url_is_text_that_shows_itself(nb: InteractiveShell, outputs: list[Bundle]) -> None:
    nb.run_cell("%%route /hello/<name>\nname;").raise_error()
    outputs.clear()
    nb.run_cell("%url_for hello name={'A b'}").raise_error()
    nb.run_cell("url = %url_for hello name=Ann _external=True").raise_error()
    assert [output["text/plain"] for output in outputs] == ["/hello/A%20b"]
    assert nb.user_ns["url"] == "http://localhost/hello/Ann"


def test_a_live_url_leads_to_the_server(nb: InteractiveShell) -> None:
    nb.run_cell("%%route /hello/<name>\nname").raise_error()
    url = result(nb, "%url_for hello name=Ann --live")
    nb.run_cell("from urllib.request import urlopen\nwith urlopen(_) as r: body = r.read()").raise_error()
    assert nb.user_ns["body"] == b"Ann"
    assert f'href="{url}"' in url._repr_mimebundle_()["text/html"]


def test_an_expression_that_fails_is_one_line(nb: InteractiveShell) -> None:
    ran = nb.run_cell("%url_for static filename={nobody}")
    assert str(ran.error_in_exec) == (
        "%url_for: the expression {nobody} failed with NameError: name 'nobody' is not defined"
    )


# --- cookies ---


def test_cookies_are_shown_with_what_they_hold(nb: InteractiveShell) -> None:
    nb.run_cell("app.secret_key = 'k'").raise_error()
    nb.run_cell("%%route /n\nsession['n'] = 1\n'set'").raise_error()
    assert lines(result(nb, "%cookies")) == ["no cookies"]
    nb.run_cell("%get /n;").raise_error()
    assert lines(result(nb, "%cookies"))[1] == 'session  <signed {"n": 1}>  /     HttpOnly'


def test_cookies_that_are_set_are_sent(nb: InteractiveShell) -> None:
    nb.run_cell("%%route /theme\nrequest.cookies.get('theme', 'none')").raise_error()
    assert lines(result(nb, "%cookies set theme='dark red' token=abc"))[1:] == [
        "theme   dark red  /",
        "token   <hidden>  /",
    ]
    assert result(nb, "%get /theme").text == "dark red"
    assert "token" in repr(result(nb, "%cookies clear theme"))
    assert result(nb, "%get /theme").text == "none"
    assert lines(result(nb, "%cookies clear")) == ["no cookies"]


def test_a_cookie_can_be_set_to_a_value_of_the_notebook(nb: InteractiveShell) -> None:
    nb.run_cell("def f(theme):\n    return get_ipython().run_line_magic('cookies', 'set theme={theme}')")
    assert lines(result(nb, "f('dark')", "f"))[1:] == ["theme   dark   /"]
    ran = nb.run_cell("%cookies set theme={nobody}")
    assert "the expression {nobody} failed with NameError" in str(ran.error_in_exec)


def test_a_cookie_that_is_not_there_cannot_be_cleared(nb: InteractiveShell) -> None:
    result(nb, "%cookies set a=1 b=2")
    ran = nb.run_cell("%cookies clear a nope")
    assert str(ran.error_in_exec) == "%cookies: there is no cookie 'nope'. There are: a, b"
    assert len(lines(result(nb, "%cookies"))) == 3


# --- the app ---


def test_the_app_is_shown_with_the_settings_that_differ(nb: InteractiveShell) -> None:
    assert lines(result(nb, "%app")) == ["app: Flask '__main__', 1 route"]
    assert lines(result(nb, "%app --debug --secret-key geheim")) == [
        "app: Flask '__main__', 1 route",
        "  DEBUG = True",
        "  SECRET_KEY = <hidden>",
    ]
    assert lines(result(nb, "%app --no-debug"))[1:] == ["  SECRET_KEY = <hidden>"]


def test_the_secret_key_may_come_from_the_notebook(nb: InteractiveShell) -> None:
    nb.run_cell("keys = {'my app': b'k'}").raise_error()
    result(nb, "%app --secret-key {keys['my app']}")
    assert nb.user_ns["app"].secret_key == b"k"
    for line in (
        "%app new --secret-key {keys}",
        "%app new --secret-key {''}",
        "%app new --secret-key {nobody}",
    ):
        assert nb.run_cell(line).error_in_exec is not None
    assert "new" not in nb.user_ns
    assert nb.user_ns["app"].secret_key == b"k"


def test_a_variable_that_does_not_exist_gets_an_app(nb: InteractiveShell) -> None:
    assert repr(result(nb, "%app demo", "demo")) == "demo: a new Flask '__main__', 1 route"
    made = nb.user_ns["demo"]
    nb.run_cell("%%route /\n'demo'").raise_error()
    assert repr(result(nb, "%app demo", "demo")) == "demo: Flask '__main__', 2 routes"
    assert nb.user_ns["demo"] is made
    assert nb.user_ns["app"] is not made


def test_reset_makes_a_fresh_app_each_time(nb: InteractiveShell) -> None:
    for _ in range(2):
        nb.run_cell("%%route /\n'home'", cell_id="route").raise_error()
        before = nb.user_ns["app"]
        assert repr(result(nb, "%app reset", "reset")) == "app: a new Flask '__main__', 1 route"
        assert nb.user_ns["app"] is not before
    assert result(nb, "%get /").status_code == 404


def test_reset_forgets_the_app_that_a_route_had_made(loaded: InteractiveShell) -> None:
    loaded.run_cell("%%route /\n'home'").raise_error()
    assert repr(result(loaded, "%app reset")) == "app: a new Flask '__main__', 1 route"


def test_an_app_of_a_module_is_followed(
    nb: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "from flask_nb import Flask\nweb = Flask('shop')\ndef create_app():\n    return Flask('made')\n"
    (tmp_path / "shop_of_nb.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert repr(result(nb, "%app shop_of_nb:web")) == "shop_of_nb:web: Flask 'shop', 1 route"
    assert repr(result(nb, "%app shop_of_nb:create_app")) == "shop_of_nb:create_app: Flask 'made', 1 route"
    assert repr(result(nb, "%app app")).startswith("app: Flask '__main__'")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("%app number", "what should be the app is of type int"),
        ("%app number reset", "what should be the app is of type int"),
        ("%app no_such_module:app", "no app at no_such_module:app: ModuleNotFoundError"),
        ("%app os:nothing", "The module 'os' has no 'nothing'"),
        ("%app os:path", "'os:path' is a module, not an app"),
    ],
)
def test_what_is_no_app_changes_nothing(nb: InteractiveShell, line: str, says: str) -> None:
    nb.user_ns["number"] = 5
    assert says in str(nb.run_cell(line).error_in_exec)
    assert nb.user_ns["number"] == 5
    assert repr(result(nb, "%app")).startswith("app: ")
