"""A plan that is run: the app that comes of it, without IPython."""

from __future__ import annotations

import subprocess
import sys
import traceback

import flask
import pytest
from spare import SPARE

from flask_nb import web
from flask_nb.engines import Workspace
from flask_nb.errors import ProgramError
from flask_nb.project import load
from flask_nb.project.planning import plan_notebook

FLASKS = ["flask_nb", "flask"]
EACH_FLASK = pytest.mark.parametrize("package", FLASKS)


@pytest.fixture
def answer(make_notebook):
    """Load a notebook of cells and return what its app answers to a path."""

    def answer(path, *cells):
        return load(make_notebook(*cells)).test_client().get(path).text

    return answer


def test_magics_define_the_app(answer):
    cells = ["%config_from GREETING=Hello", "%%template hi.html\n{{ greeting }} {{ name }}!"]
    route = "%%route /<name>\nrender_template('hi.html', greeting=current_app.config['GREETING'], name=name)"
    assert answer("/Ann", *cells, route) == "Hello Ann!"


@EACH_FLASK
def test_plain_cells_define_the_app_of_the_package_they_import(make_notebook, package):
    app = load(
        make_notebook(
            f"from {package} import Flask, jsonify\napp = Flask(__name__)",
            "@app.get('/')\ndef index():\n    return jsonify(teas)",
            "teas = ['green']",
            "%%static site.css\nbody {}",
            "teas.append('mint')",
        )
    )
    assert type(app).__module__.partition(".")[0] in (package, "flask_nb")
    assert app.test_client().get("/").json == ["green", "mint"]
    assert app.test_client().get("/static/site.css").text == "body {}\n"
    assert isinstance(app, flask.Flask) is (package == "flask")


def test_an_app_that_is_made_late_has_what_cells_above_it_defined(answer):
    late = "from flask_nb import Flask\napp = Flask(__name__)"
    assert answer("/", "%%route /\n'early'", late) == "early"


@EACH_FLASK
def test_a_rule_that_two_cells_define_is_that_of_the_later_one(answer, package):
    app = f"from {package} import Flask\napp = Flask(__name__)"
    first, second = (f"@app.get('/')\ndef index():\n    return '{text}'" for text in ("first", "second"))
    assert answer("/", app, first, second) == "second"


def test_an_app_is_made_for_a_cell_that_sets_it_up(answer):
    assert answer("/", "app.config['A'] = 'set'", "%%route /\ncurrent_app.config['A']") == "set"


def test_requests_prints_and_shell_commands_do_not_run(make_notebook, capfd):
    load(make_notebook("%load_ext flask_nb", "%%route /\n''", "%get /", "!echo shell", "print('printed')"))
    assert capfd.readouterr() == ("", "")


def test_the_module_of_a_notebook_is_there_for_classes_and_pickles(answer):
    cell = "import pickle\nfrom dataclasses import dataclass\n@dataclass\nclass Tea:\n    name: str"
    route = "%%route /\npickle.loads(pickle.dumps(Tea('green'))).name"
    assert answer("/", cell, route) == "green"


def test_modules_beside_the_notebook_and_its_folder_are_found(make_notebook, monkeypatch):
    path = make_notebook("import teas_beside", "%app teas_beside:app")
    (path.parent / "teas_beside.py").write_text("from flask_nb import Flask\napp = Flask('beside')\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert load(path).name == "beside"
    plain = load(make_notebook("from flask_nb import Flask\napp = Flask(__name__)"))
    assert plain.root_path == str(path.parent)


def test_future_imports_and_await_count_for_cells(answer):
    cells = [
        "from __future__ import annotations",
        "import asyncio\nasync def brew():\n    await asyncio.sleep(0)\n    return 'tea'",
        "tea = await brew()",
        "%%route /\ndef index(n: Unknown = 1):\n    return tea + str(index.__annotations__)",
    ]
    assert answer("/", *cells) == "tea{'n': 'Unknown'}"


def test_definitions_within_statements_are_applied(answer):
    cells = ["%app app", "if True:\n    %config_from A=yes", "%%route /\ncurrent_app.config['A']"]
    assert answer("/", *cells) == "yes"


def test_a_traceback_names_the_cell_and_its_line(make_notebook):
    path = make_notebook("%%route /\n''", "import json\nlimit = json.loads('{')\n", "%%route /x\nlimit")
    with pytest.raises(ValueError, match="Expecting") as caught:
        load(path)
    shown = "".join(traceback.format_exception(caught.value))
    assert "File \"<made.ipynb: import json>\", line 2, in <module>\n    limit = json.loads('{')" in shown


def test_a_view_that_fails_is_shown_with_its_cell_and_line(make_notebook):
    app = load(make_notebook("%%route /\nnumber = 0\n1 / number"))
    app.testing = True
    with pytest.raises(ZeroDivisionError) as caught:
        app.test_client().get("/")
    assert '<made.ipynb: %%route />", line 3' in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["%config_from nowhere.cfg"], "the cell '%config_from nowhere.cfg': nowhere.cfg: "),
        (
            ["%%route /<colour:x>\n''"],
            "the cell '%%route /<colour:x>': the rule '/<colour:x>'",
        ),
        (["%%route /a-b\n''", "%%route /a_b\n''"], "the cell '%%route /a_b': "),
        (["%%template a.html\n{% if %}"], "the cell '%%template a.html': line 2: "),
        (["app = 3", "x = app"], "'made.ipynb:app' is a int, not an app."),
    ],
)
def test_what_cannot_be_applied_is_one_message_with_the_cell(make_notebook, cells, message):
    with pytest.raises(ProgramError) as caught:
        load(make_notebook(*cells))
    assert str(caught.value).startswith(message)


def test_a_cell_that_is_tagged_as_failing_may_fail(make_notebook, tag_cell):
    path = make_notebook("%%route /\n''", "app.config['A'] = missing", "app.config['B'] = 1")
    tag_cell(path, 1, "raises-exception")
    assert load(path).config.get("B") == 1


def test_another_app_and_a_factory_can_be_named(make_notebook):
    path = make_notebook(
        "from flask_nb import Flask\none = Flask('one')\ntwo = Flask('two')",
        "def create_app(name='three'):\n    return Flask(name)",
    )
    assert load(path, "two").name == "two"
    assert load(path, "create_app('four')").name == "four"


def test_serving_needs_neither_ipython_nor_a_kernel(make_notebook):
    path = make_notebook("%load_ext flask_nb", "%%route /\n'served'", "%get /")
    code = (
        "import sys\nfrom flask_nb.project import load\n"
        f"print(load({str(path)!r}).test_client().get('/').text)\n"
        "print([name for name in ('IPython', 'ipykernel', 'nbclient', 'nbformat') if name in sys.modules])"
    )
    done = SPARE.run(code)
    assert (done.stdout, done.stderr) == ("served\n[]\n", "")


def test_the_first_cell_of_a_plan_is_not_run(make_notebook, tmp_path):
    marker = tmp_path / "ran"
    path = make_notebook(f"open({str(marker)!r}, 'w').close()\n%app app", "%%route /\n''")
    plan_notebook(path)
    assert not marker.exists()


def test_a_module_that_loads_a_notebook_owns_nothing_of_it(make_notebook, tmp_path):
    path = make_notebook(
        "from flask_nb import Flask, render_template\napp = Flask(__name__)",
        "%%template home.html\nhome",
        "@app.get('/')\ndef home():\n    return render_template('home.html')",
        "%%route /other\n'other'",
    )
    (tmp_path / "wsgi.py").write_text(
        f"from flask_nb.project import load\napp = load({path.name!r})\n"
        "if __name__ == '__main__':\n    print(app.test_client().get('/').text)\n"
    )
    script, imported = "wsgi.py", "import wsgi; print(wsgi.app.test_client().get('/').text)"
    command = [sys.executable, script]
    as_script = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    for ran in (as_script, SPARE.run(imported, cwd=tmp_path)):
        assert (ran.stdout, ran.stderr) == ("home\n", "")


APPS = {package: f"from {package} import Flask, render_template\napp = Flask(__name__)" for package in FLASKS}


def kinds(app):
    """Return the classes of what an app keeps, and of what its map and its templates keep."""
    parts = [app, app.url_map, app.jinja_env]
    return {(name, type(value)) for part in parts for name, value in vars(part).items()}


def test_an_app_that_is_loaded_is_as_a_module_makes_one(make_notebook):
    app = load(make_notebook("%%route /\n''", "%config_from A=1", "app.jinja_env.globals['n'] = 1"))
    plain = web.Flask(__name__)
    assert plain.name
    assert type(app) is web.Flask
    assert kinds(app) == kinds(plain)


def test_tables_of_an_app_of_the_installed_flask_that_is_loaded_are_its_own(make_notebook):
    cells = APPS["flask"], "@app.before_request\ndef hook(): pass", "%config_from A=1", "%%template a.html\n"
    app, plain = load(make_notebook(*cells)), flask.Flask(__name__)
    tables = [name for name, value in vars(plain).items() if isinstance(value, (dict, list))]
    assert {name: type(vars(app)[name]) for name in tables} == {
        name: type(vars(plain)[name]) for name in tables
    }
    assert {type(table) for table in (app.jinja_env.globals, app.jinja_env.filters)} == {dict}


@EACH_FLASK
def test_an_app_that_is_loaded_has_all_that_its_cells_have_defined(answer, package):
    cells = (
        APPS[package],
        "app.config['A'] = 'setting'\napp.jinja_env.filters['loud'] = str.upper",
        "app.wsgi_app = (lambda inner: lambda *args: inner(*args))(app.wsgi_app)",
        "app.extensions['mine'] = app",
        "@app.errorhandler(404)\ndef missing(error):\n    return render_template('page.html'), 404",
        "@app.context_processor\ndef names():\n    return {'own': app.extensions['mine'].name}",
        "%%template page.html\n{{ config.A|loud }} {{ own }} {{ url_for('static', filename='a.css') }}",
        "%%static a.css\nbody {}",
    )
    assert answer("/missing", *cells) == "SETTING made_notebook /static/a.css"
    assert answer("/static/a.css", *cells) == "body {}\n"


@EACH_FLASK
def test_globals_that_come_later_are_seen_by_templates_that_a_cell_has_rendered(
    make_notebook, tmp_path, package
):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("{{ n }}")
    cell = "with app.app_context():\n    app.first = render_template('page.html')"
    app = load(make_notebook(APPS[package], cell))
    app.add_template_global(7, "n")
    assert app.jinja_env.get_template("page.html").render() == "7"


@EACH_FLASK
def test_an_app_that_is_loaded_can_be_followed_by_a_notebook(make_notebook, package):
    app, workspace = load(make_notebook(APPS[package], "%%route /\n'loaded'")), Workspace()
    for text in ("one", "two"):
        run = workspace.begin("cell", "the cell", is_certain=True)
        app.add_url_rule(f"/{text}", "view", lambda text=text: text)
        workspace.finish(run, succeeded=True)
    client = app.test_client()
    assert [client.get(path).text for path in ("/", "/two")] == ["loaded", "two"]
    assert client.get("/one").status_code == 404


def test_an_app_that_a_cell_loads_is_followed_from_the_start(make_notebook):
    path, workspace = make_notebook("%%route /\n'loaded'"), Workspace()
    run = workspace.begin("cell", "the cell")
    app = load(path)
    workspace.finish(run, succeeded=True)
    assert type(app) is not web.Flask
