"""Which app is asked, and how."""

from __future__ import annotations

from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flask_nb.errors import ServerError

APP = "from flask_nb import Flask\n{name} = Flask('{name}')\n{name}.get('/who')(lambda: '{name}')"


def text_of(shell: InteractiveShell, line: str) -> str:
    shell.run_cell(f"answer = %get {line}").raise_error()
    return str(shell.user_ns["answer"].text)


@pytest.fixture
def apps(loaded: InteractiveShell) -> InteractiveShell:
    for name in ("app", "admin"):
        loaded.run_cell(APP.format(name=name), cell_id=name).raise_error()
    return loaded


def test_the_variable_app_is_followed(apps: InteractiveShell) -> None:
    assert text_of(apps, "/who") == "app"
    apps.run_cell("app = admin").raise_error()
    assert text_of(apps, "/who") == "admin"


def test_a_chosen_variable_is_followed(apps: InteractiveShell) -> None:
    apps.run_cell("%app admin").raise_error()
    assert text_of(apps, "/who") == "admin"
    apps.run_cell("%%route /new\n'new'").raise_error()
    assert apps.user_ns["admin"].test_client().get("/new").text == "new"


def test_running_an_app_chooses_it(apps: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    apps.run_cell("admin.run(port=0)").raise_error()
    assert capsys.readouterr().out.startswith("serving admin at http://127.0.0.1:")
    assert text_of(apps, "/who") == "admin"


def test_an_app_that_no_variable_holds_is_served_until_the_variable_is_bound_anew(
    apps: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    made = "inner = Flask('inner')\n    inner.get('/who')(lambda: 'inner')\n    inner.run(port=0)"
    apps.run_cell(f"def main():\n    {made}\nmain()").raise_error()
    assert "serving the app at " in capsys.readouterr().out  # Flask itself says more
    assert text_of(apps, "/who") == "inner"
    apps.run_cell(APP.format(name="app"), cell_id="app").raise_error()
    assert text_of(apps, "/who") == "app"


def test_an_app_whose_variable_is_deleted_is_served_no_more(
    apps: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    apps.run_cell("%serve;").raise_error()
    apps.run_cell("del app").raise_error()
    assert "app is not served any more: its variable was deleted" in capsys.readouterr().out
    with pytest.raises(HTTPError) as refused:
        urlopen(apps.run_line_magic("serve", "status").link + "who")
    assert refused.value.code == 503
    refused.value.close()


def test_the_server_serves_the_last_app_while_the_variable_holds_none(apps: InteractiveShell) -> None:
    apps.run_cell("%serve;").raise_error()
    read = "import urllib.request as u\nurl = get_ipython().run_line_magic('serve', 'status').link\n"
    apps.run_cell(f"{read}app = None\nwith u.urlopen(url + 'who') as r: text = r.read()").raise_error()
    assert apps.user_ns["text"] == b"app"


def test_cookies_are_kept_from_request_to_request(apps: InteractiveShell) -> None:
    count = "n = str(int(request.cookies.get('n', 0)) + 1)\nresponse = make_response(n)"
    apps.run_cell(f"%%route /count\n{count}\nresponse.set_cookie('n', n)\nresponse").raise_error()
    assert [text_of(apps, "/count"), text_of(apps, "/count --in-process")] == ["1", "2"]


def test_both_ways_carry_the_same_host(apps: InteractiveShell) -> None:
    apps.run_cell("%%route /host\nrequest.host + ' ' + url_for('host', _external=True)").raise_error()
    expected = "localhost http://localhost/host"
    assert [text_of(apps, "/host"), text_of(apps, "/host --in-process")] == [expected, expected]


def test_expressions_see_the_variables_of_a_function(apps: InteractiveShell) -> None:
    apps.run_cell("%%route /n/<n>\nn").raise_error()
    ask = "def ask(n):\n    r = %get /n/{[n * k for k in (2,)][0]}\n    return r.text\nx = ask(21)"
    apps.run_cell(ask).raise_error()
    assert apps.user_ns["x"] == "42"


def test_a_variable_that_a_body_assigns_is_explained(apps: InteractiveShell) -> None:
    apps.run_cell("total = 1").raise_error()
    apps.run_cell("%%route /add\ntotal += 1\nstr(total)").raise_error()
    apps.run_cell("r = %get /add").raise_error()
    assert "global total" in apps.user_ns["r"]._repr_mimebundle_()[0]["text/plain"]


def test_near_rules_understand_letters_of_any_script(apps: InteractiveShell) -> None:
    apps.run_cell("%%route /größe\n'x'").raise_error()
    apps.run_cell("r = %get /große").raise_error()
    assert list(apps.user_ns["r"].exchange.near_rules) == ["GET /größe"]


def test_a_404_of_the_view_itself_names_no_rules(apps: InteractiveShell) -> None:
    apps.run_cell("%%route /gone\nabort(404)").raise_error()
    apps.run_cell("r = %get /gone").raise_error()
    assert apps.user_ns["r"].exchange.near_rules is None


def test_inspect_reads_the_source_of_a_view(apps: InteractiveShell) -> None:
    apps.run_cell("# above\n%%route /hello/<name>\ntext = f'Hello {name}'\ntext").raise_error()
    apps.run_cell("import inspect\nview = app.view_functions['hello_name']").raise_error()
    apps.run_cell("source = inspect.getsource(view)").raise_error()
    assert apps.user_ns["source"].splitlines() == [
        "def hello_name(name):  # %%route /hello/<name>",
        "    text = f'Hello {name}'",
        "    text",
    ]


def test_a_view_that_is_a_function_can_be_inspected(apps: InteractiveShell) -> None:
    apps.run_cell("%%route /f\n\ndef view():\n    return 'f'").raise_error()
    apps.run_cell("import inspect\nsource = inspect.getsource(view)").raise_error()
    assert apps.user_ns["source"].strip() == "def view():\n    return 'f'"


def test_capture_takes_the_output_of_a_request(apps: InteractiveShell) -> None:
    apps.run_cell("%%route /noisy\nprint('noise')\n'ok'").raise_error()
    apps.run_cell("%%capture kept\nprint('cell')\nr = %get /noisy\nprint('end')").raise_error()
    assert apps.user_ns["kept"].stdout == "cell\nend\n"
    assert apps.user_ns["r"].exchange.output == "noise\n"


def test_a_system_without_sockets_calls_the_app(
    apps: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_nb.notebook.serving._HAS_SOCKETS", False)
    assert text_of(apps, "/who") == "app"
    apps.run_cell("app.run()").raise_error()
    assert isinstance(apps.run_cell("%serve").error_in_exec, ServerError)
    assert "not serving" in apps.run_cell("%serve status").result.text


def test_the_first_app_of_a_cells_own_takes_over_what_was_defined_without_one(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded.run_cell("%%route /early\n'early'", cell_id="early").raise_error()
    capsys.readouterr()
    loaded.run_cell("from flask_nb import Flask\napp = Flask('own')", cell_id="own").raise_error()
    assert capsys.readouterr().out == "the new app has taken over 1 registration of other cells\n"
    assert text_of(loaded, "/early") == "early"
    assert loaded.user_ns["app"].name == "own"


@pytest.mark.parametrize(
    "switch", ["%app admin", "app = admin", "admin.run(port=0)", "own = Flask('own')\n%app own"]
)
def test_only_a_new_app_in_the_followed_variable_takes_over(loaded: InteractiveShell, switch: str) -> None:
    loaded.run_cell("%%route /early\n'early'", cell_id="early").raise_error()
    loaded.run_cell(APP.format(name="admin"), cell_id="admin").raise_error()
    loaded.run_cell(switch, cell_id="switch").raise_error()
    loaded.run_cell("answer = %get /early").raise_error()
    assert loaded.user_ns["answer"].status_code == 404


def test_a_look_at_another_app_keeps_what_the_next_app_takes_over(loaded: InteractiveShell) -> None:
    loaded.run_cell("%%route /early\n'early'", cell_id="early").raise_error()
    loaded.run_cell(APP.format(name="admin"), cell_id="admin").raise_error()
    loaded.run_cell("%app admin\n%app app").raise_error()
    loaded.run_cell("app = Flask('own')", cell_id="own").raise_error()
    assert text_of(loaded, "/early") == "early"


def test_a_second_app_of_another_cell_starts_empty(loaded: InteractiveShell) -> None:
    for number in (1, 2):
        loaded.run_cell(f"from flask_nb import Flask\napp = Flask('app{number}')", cell_id=f"{number}")
        loaded.run_cell(f"%%route /{number}\n'{number}'", cell_id=f"r{number}").raise_error()
    assert text_of(loaded, "/2") == "2"
    loaded.run_cell("answer = %get /1").raise_error()
    assert loaded.user_ns["answer"].status_code == 404


@pytest.mark.usefixtures("only_ours")
def test_names_of_the_installed_flask_in_a_view_are_explained(loaded: InteractiveShell) -> None:
    loaded.run_cell("import flask as other", cell_id="import").raise_error()
    loaded.run_cell("%%route /x\nother.request.path", cell_id="x").raise_error()
    loaded.run_cell("answer = %get /x").raise_error()
    response = loaded.user_ns["answer"]
    assert response.status_code == 500
    assert (
        "type, before anything imports Flask: import flask_nb; flask_nb.as_flask()"
        in response._repr_mimebundle_()[0]["text/plain"]
    )


def test_a_name_of_the_framework_that_a_plain_cell_lacks_is_explained(
    apps: InteractiveShell, engine: str
) -> None:
    apps.run_cell("@app.before_request\ndef note():\n    request.args", cell_id="hook").raise_error()
    apps.run_cell("answer = %get /who").raise_error()
    text = apps.user_ns["answer"]._repr_mimebundle_()[0]["text/plain"]
    package = "flask_nb" if engine == "ours" else "flask"
    assert f"request needs an import in a plain cell: from {package} import request" in text


def test_an_exchange_knows_its_endpoint_rule_and_arguments(loaded: InteractiveShell) -> None:
    loaded.run_cell("%%route /split/<int:people>\n1 / people", cell_id="split").raise_error()
    loaded.run_cell("answer = %get /split/0").raise_error()
    exchange = loaded.user_ns["answer"].exchange
    assert (exchange.endpoint, exchange.rule) == ("split_people", "/split/<int:people>")
    assert exchange.view_args == {"people": 0}
    assert "view split_people, line 2" in exchange.response._repr_mimebundle_()[0]["text/plain"]


def test_a_name_that_other_code_lacks_is_not_explained(
    apps: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lacks_a_name.py").write_text("def view():\n    return request.path\n")
    monkeypatch.syspath_prepend(tmp_path)
    apps.run_cell("import lacks_a_name\napp.get('/lacks')(lacks_a_name.view);", cell_id="l").raise_error()
    apps.run_cell("answer = %get /lacks").raise_error()
    assert "NameError" in apps.user_ns["answer"]._repr_mimebundle_()[0]["text/plain"]
    assert "needs an import" not in apps.user_ns["answer"]._repr_mimebundle_()[0]["text/plain"]
