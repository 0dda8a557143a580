"""A notebook written as a package answers as the notebook's program does, on both engines."""

from __future__ import annotations

import importlib
import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_nb.errors import ProgramError
from flask_nb.project import load
from flask_nb.project.export.package import EngineName, Package
from flask_nb.project.export.sources import write_package
from flask_nb.project.planning import plan_notebook

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
TUTORIALS = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
RUFF = shutil.which("ruff", path=f"{Path(sys.executable).parent}")

Make = Callable[..., Path]


def write(package: Package, folder: Path) -> None:
    for name, data in package.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[Callable[[Package], Any]]:
    """Return the module of a written package; it is forgotten when the test ends."""
    folder, before = tmp_path / "target", set(sys.modules)

    def import_package(package: Package) -> Any:
        write(package, folder)
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
        return importlib.import_module(package.import_name)

    yield import_package
    sys.path[:] = [path for path in sys.path if path != str(folder)]
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture(params=["flask", "flask_nb"])
def app_of(request, importing) -> Callable[..., Any]:
    """Return the app of a notebook's package."""

    def make(path: Path, **test_config: Any) -> Any:
        return importing(write_package(plan_notebook(path), request.param)).create_app(test_config or None)

    return make


def text_of(path: Path, name: str = "made/__init__.py") -> str:
    return write_package(plan_notebook(path), "flask").files[name].decode()


def answer(app: Any, path: str, method: str = "GET", **options: Any) -> tuple[int, str]:
    with app.test_client().open(path, method=method, **options) as response:
        return response.status_code, response.get_data(as_text=True)


def test_a_body_becomes_a_function_with_return(make_notebook, app_of):
    path = make_notebook("%%route /hello/<name>\n# who it is\nshown = name.title()\nf'Hello {shown}!'  # all")
    assert answer(app_of(path), "/hello/ann") == (200, "Hello Ann!") == answer(load(path), "/hello/ann")
    assert "    def hello_name(name):\n        # who it is\n        shown = " in text_of(path)
    assert "return f'Hello {shown}!'  # all" in text_of(path)


def test_strings_of_several_lines_keep_their_columns(make_notebook, app_of):
    path = make_notebook('%%route /\n"""<p>\n  {a}\n</p>"""')
    assert answer(app_of(path), "/") == (200, "<p>\n  {a}\n</p>")


def test_what_needs_no_app_stands_at_the_top(make_notebook, app_of):
    path = make_notebook("items = [1]", "%%route /\nstr(items)", "items.append(2)")
    assert answer(app_of(path), "/") == (200, "[1, 2]")
    assert text_of(path).index("items.append(2)") < text_of(path).index("def create_app")


def test_an_app_is_set_up_with_the_value_of_then(make_notebook, app_of):
    path = make_notebook(
        "n = 1", "%config_from SIZE={n}", "n = 2", "%%route /\n[n, current_app.config['SIZE']]"
    )
    assert answer(app_of(path), "/") == answer(load(path), "/")


def test_global_names_of_the_app_are_its_closure(make_notebook, app_of):
    path = make_notebook(
        "from flask_nb import Flask\napp = Flask(__name__)\ncount = len(app.name) * 0",
        "@app.get('/')\ndef count_up():\n    global count\n    count += 1\n    return str(count)",
    )
    app = app_of(path)
    assert [answer(app, "/")[1], answer(app, "/")[1]] == ["1", "2"]
    assert "nonlocal count" in text_of(path)


def test_a_later_cell_replaces_a_route(make_notebook, app_of):
    path = make_notebook(
        "%%route /a\n'old'",
        "from flask_nb import Flask\napp = Flask(__name__)\n@app.get('/b')\ndef b():\n    return 'old'",
        "%%route /a --endpoint new\n'new'",
        "@app.get('/b')\ndef b():\n    return 'new'",
        "@app.errorhandler(404)\ndef missing(error):\n    return 'old', 404",
        "@app.errorhandler(404)\ndef not_there(error):\n    return 'new', 404",
    )
    app = app_of(path)
    for url in ("/a", "/b", "/c"):
        assert answer(app, url)[1] == "new" == answer(load(path), url)[1]
    assert "old" not in text_of(path).replace("not_there", "").replace("missing", "")


def test_a_blueprint_is_a_module_of_its_own(make_notebook, app_of):
    path = make_notebook(
        "from flask_nb import Flask, Blueprint\napp = Flask(__name__)\nshop = Blueprint('shop', __name__)",
        "items = ['tea']\ndef count():\n    return len(items)",
        "price = 3",
        "@shop.get('/items')\ndef list_items():\n    return [count(), price]",
        "app.register_blueprint(shop, url_prefix='/shop')",
        "%%route /\nurl_for('shop.list_items') + str(items)",
    )
    app = app_of(path)
    assert answer(app, "/shop/items") == answer(load(path), "/shop/items")
    assert answer(app, "/") == (200, "/shop/items['tea']")
    package = write_package(plan_notebook(path), "flask")
    assert set(package.files) == {"made/__init__.py", "made/shop.py", "made/shared.py"}
    assert "price = 3" in package.files["made/shop.py"].decode()


def test_templates_static_files_and_the_schema_go_along(make_notebook, app_of):
    path = make_notebook(
        "%%template hello.html\n<b>{{ 1 + 1 }}</b>",
        "%%static site.css\nb { color: red }",
        "%%writefile schema.sql\nCREATE TABLE tea (name TEXT);",
        "%%route /\nrender_template('hello.html')",
        "%%route /schema\nwith current_app.open_resource('schema.sql') as file:\n    return file.read()",
    )
    (path.parent / "templates").mkdir()
    (path.parent / "templates" / "other.html").write_text("other")
    app = app_of(path)
    assert answer(app, "/") == (200, "<b>2</b>")
    assert answer(app, "/static/site.css")[1] == "b { color: red }\n"
    assert "CREATE TABLE" in answer(app, "/schema")[1]
    assert "made/templates/other.html" in write_package(plan_notebook(path), "flask").files


@pytest.mark.parametrize(
    "read",
    [
        "with open('schema.sql') as file:\n    text = file.read()\ntext",
        "with open('schema.sql', mode='rb') as file:\n    text = file.read().decode()\ntext",
        "Path('schema.sql').read_text()",
    ],
)
def test_a_schema_that_is_opened_by_its_name_is_that_of_the_package(
    make_notebook, app_of, tmp_path, monkeypatch, read
):
    (tmp_path / "schema.sql").write_text("create table t")
    path = make_notebook("from pathlib import Path", f"%%route /\n{read}")
    app = app_of(path)
    monkeypatch.chdir("/")
    assert answer(app, "/") == (200, "create table t")


def test_a_file_that_is_opened_by_its_name_is_told_if_it_stays_behind(make_notebook, tmp_path):
    (tmp_path / "prices.csv").write_text("1")
    path = make_notebook("%%route /\nopen('prices.csv').read()", "%%route /w\nopen('prices.csv', 'w')\n''")
    [note] = write_package(plan_notebook(path), "flask").notes
    assert "line 2: prices.csv lies beside the notebook" in note
    assert 'current_app.open_resource("prices.csv")' in note


def test_secrets_come_from_the_environment(make_notebook, app_of, monkeypatch):
    path = make_notebook(
        "%app --secret-key first-hidden",
        "app.config.update(SECRET_KEY='second-hidden', OTHER=1)",
        "URL = 'postgresql://me:third-hidden@host/db'",
        "%config_from API_TOKEN=fourth-hidden settings.toml",
        "%%route /\ncurrent_app.secret_key + URL",
    )
    (path.parent / "settings.toml").write_text('SIZE = 1\nMAIL_PASSWORD = "fifth-hidden"\n')
    package = write_package(plan_notebook(path), "flask")
    assert not [name for name, data in package.files.items() if b"hidden" in data]
    variables = {secret.variable for secret in package.secrets}
    assert variables == {"SECRET_KEY", "URL", "API_TOKEN", "MAIL_PASSWORD"}
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with pytest.raises(RuntimeError, match=r"SECRET_KEY is not set\. Type: export SECRET_KEY="):
        app_of(path)
    app = app_of(path, **dict.fromkeys(variables, "of-a-test"))
    assert answer(app, "/") == (200, "of-a-testof-a-test")


def test_a_tests_settings_win(make_notebook, app_of):
    path = make_notebook("%config_from A=1", "%%route /\nstr(current_app.config['A'])", "%config_from A=2")
    assert answer(app_of(path), "/") == (200, "2")
    assert answer(app_of(path, A=3), "/") == (200, "3")


def test_a_factory_of_the_notebook_stays_its_own(make_notebook, app_of):
    path = make_notebook(
        "from flask_nb import Flask",
        "def create_app():\n    app = Flask('x')\n    app.add_url_rule('/', view_func=lambda: 'hello')\n"
        "    return app",
    )
    assert answer(app_of(path), "/") == (200, "hello")


def test_classes_and_async_functions_are_views(make_notebook, app_of):
    path = make_notebook(
        "%%route GET,POST /class\nclass Tea(MethodView):\n    def get(self):\n        return 'tea'",
        "%%route /async\nasync def slow():\n    return 'slow'",
        "%%route /stream\nyield request.path\nyield '!'",
    )
    app = app_of(path)
    assert [answer(app, url)[1] for url in ("/class", "/async", "/stream")] == ["tea", "slow", "/stream!"]


def test_modules_beside_the_notebook_go_along(make_notebook, app_of):
    path = make_notebook("import prices\nfrom prices import TEA", "%%route /\n[TEA, prices.cup()]")
    (path.parent / "prices.py").write_text("from more import MORE\nTEA = 3\ndef cup():\n    return MORE\n")
    (path.parent / "more.py").write_text("MORE = 4\n")
    assert answer(app_of(path), "/")[1].split() == answer(app_of(path), "/")[1].split()
    assert {"made/prices.py", "made/more.py"} <= set(write_package(plan_notebook(path), "flask").files)


@pytest.mark.parametrize(
    ("name", "text"),
    [("s.json", '{"SIZE": 5}'), ("s.toml", "SIZE = 5"), ("s.cfg", "SIZE = 5"), ("s", "SIZE = 5")],
)
def test_a_settings_file_that_a_variable_names_is_read_by_its_ending(
    make_notebook, app_of, tmp_path, monkeypatch, name, text
):
    file = tmp_path / name
    file.write_text(text)
    monkeypatch.setenv("SHOP_SETTINGS", str(file))
    path = make_notebook("%config_from env:SHOP_SETTINGS", "%%route /\n[current_app.config['SIZE']]")
    assert answer(app_of(path), "/")[1].strip() == "[5]" == answer(load(path), "/")[1].strip()


def test_a_settings_file_that_no_variable_names_may_be_silent(make_notebook, app_of, monkeypatch):
    monkeypatch.delenv("SHOP_SETTINGS", raising=False)
    path = make_notebook("%config_from env:SHOP_SETTINGS --silent", "%%route /\n'here'")
    assert answer(app_of(path), "/") == (200, "here")


@pytest.mark.parametrize("indent", ["", "    "])
def test_a_submodule_beside_the_notebook_is_called_by_its_full_name(make_notebook, app_of, tmp_path, indent):
    folder = tmp_path / "prices"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "rates.py").write_text("RATE = 2\n")
    (folder / "tax.py").write_text("import prices.rates\n\n\ndef of(x):\n    return x * prices.rates.RATE\n")
    above = "" if indent else "import prices.tax\n"
    path = make_notebook(
        f"{above}from flask_nb import Flask\napp = Flask(__name__)\n@app.get('/')\ndef tax():\n"
        f"{f'{indent}import prices.tax; x = 2' if indent else '    x = 2'}\n    return str(prices.tax.of(x))"
    )
    assert answer(app_of(path), "/") == (200, "4")


def test_commands_of_cells_are_the_apps(make_notebook, app_of):
    path = make_notebook(
        "import click\nfrom flask_nb import Flask\napp = Flask(__name__)",
        "@app.cli.command('init-db')\ndef init_db():\n    click.echo('done')",
    )
    assert app_of(path).test_cli_runner().invoke(args=["init-db"]).output == "done\n"


def test_an_extension_finds_the_packages_framework(make_notebook, tmp_path):
    path = make_notebook(
        "from flask_nb import Flask\nfrom flask_fake import Fake\napp = Flask(__name__)\nfake = Fake(app)",
        "%%route /\nfake.framework",
    )
    source = (
        "from flask import Flask\nclass Fake:\n    def __init__(self, app):\n"
        "        self.framework = Flask.__module__\n        assert isinstance(app, Flask)\n"
    )
    for engine in ("flask", "flask_nb"):
        plan = plan_notebook(path)
        write(write_package(plan, engine), tmp_path / engine)
        (tmp_path / engine / "flask_fake.py").write_text(source)
        code = "import made; print(made.create_app().test_client().get('/').text)"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=tmp_path / engine, capture_output=True, text=True, check=False)
        wanted = "flask.app" if engine == "flask" else "flask_nb.web.app"
        assert done.stdout == f"{wanted}\n", done.stderr


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["%%route /a/b\n1", "%%route /a_b\n2"], "two rules of one endpoint, 'a_b'"),
        (["import asyncio\nx = await asyncio.sleep(0)", "%%route /\nx"], "awaits at the top of a cell"),
        (
            ["%%route /\n1", "from flask_nb import course\ncourse()\napp.x = course"],
            "'course' is for notebooks",
        ),
        (["if 1:\n    %config_from A=1"], "stands within a statement"),
        (["from flask import Flask\napp = Flask('a')", "app = Flask('b')"], "makes 'app' anew"),
        (
            [
                "from flask import *\napp = Flask('a')\nb = Blueprint('b', 'b', url_prefix='/b')",
                "@b.get('/x')\ndef x():\n    return ''",
                "app.register_blueprint(b)",
                "%%route /b/x\n1",
            ],
            "both answer GET /b/x, one for b, one for app",
        ),
        (["app = 1", "%app other", "%%route /\n1"], "defines on 'other'"),
    ],
)
def test_what_no_package_can_hold_is_said(make_notebook, cells, message):
    with pytest.raises(ProgramError, match=message):
        write_package(plan_notebook(make_notebook(*cells)), "flask")


def write_all(folder: Path) -> None:
    """Write the package of each tutorial on each engine, with a name of its own: all are checked at once."""
    engines: tuple[EngineName, ...] = ("flask", "flask_nb")
    for path, engine in itertools.product(sorted(NOTEBOOKS.glob("*.ipynb")), engines):
        named = shutil.copy(path, folder / f"{path.stem}-on-{engine}.ipynb")
        write(write_package(plan_notebook(Path(named)), engine), folder / "packages")


NOT_IN_EXPORTS = """
[mypy]
[mypy-flask_nb.notebook.*,flask_nb.project.*]
follow_imports = skip
"""
"""What ``flask_nb`` has for notebooks; with IPython behind it, it would be half of what mypy reads."""


def test_tutorials_are_clean_to_linters_and_type_checkers(tmp_path, pytestconfig):
    pytest.importorskip("mypy")
    write_all(tmp_path)
    packages = tmp_path / "packages"
    assert len(list(packages.glob("*/__init__.py"))) == 2 * len(TUTORIALS)
    ruff = [RUFF, "check", "--isolated", "--select", "E4,E7,E9,F,I,UP,B", packages]
    cache = getattr(pytestconfig, "cache", None)  # there is none with -p no:cacheprovider
    known = cache.mkdir("mypy") if cache else tmp_path  # of the libraries, most of what mypy reads
    (tmp_path / "mypy.ini").write_text(NOT_IN_EXPORTS)
    settings = (f"--config-file={tmp_path / 'mypy.ini'}", f"--cache-dir={known}")
    mypy = [sys.executable, "-m", "mypy", *settings, packages]
    for command in (ruff, mypy):
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=packages)
        assert done.returncode == 0, done.stdout


def test_a_database_is_made_by_its_command_and_used_by_views(make_notebook, app_of):
    path = make_notebook(
        "import sqlite3\nfrom flask_nb import Flask, g, request\napp = Flask(__name__)",
        "%%writefile schema.sql\ncreate table tea (name text);",
        "def get_db():\n    if 'db' not in g:\n"
        "        g.db = sqlite3.connect(app.root_path + '/teas.db')\n    return g.db",
        "@app.teardown_appcontext\ndef close_db(exc):\n    db = g.pop('db', None)\n"
        "    if db is not None:\n        db.close()",
        "@app.cli.command('init-db')\ndef init_db():\n    with app.open_resource('schema.sql') as file:\n"
        "        get_db().executescript(file.read().decode())",
        "@app.post('/teas')\ndef add():\n    get_db().execute('insert into tea values (?)', [request.json])\n"
        "    get_db().commit()\n    return [name for (name,) in get_db().execute('select name from tea')]",
    )
    app = app_of(path)
    assert app.test_cli_runner().invoke(args=["init-db"]).exit_code == 0
    assert [app.test_client().post("/teas", json=tea).json for tea in ("mint", "green")][-1] == [
        "mint",
        "green",
    ]
