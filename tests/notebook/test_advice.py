"""What a message says to type works as it stands there."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import flask_nb

if TYPE_CHECKING:
    from .conftest import Kernel, Ran

FILES = """import pathlib
pathlib.Path("settings.cfg").write_text("GREETING = 'hi'")
pathlib.Path("default_settings.py").write_text("class Production: DEBUG = True")
pathlib.Path("demo.py").write_text("from flask_nb import Flask\\napp = Flask('demo')")
"""
NOTEBOOK = """import os, pathlib, sys
from flask_nb import Flask, request, session
other = Flask("other")
app = Flask(__name__)
os.environ["FLASK_GREETING"] = "hi"
os.environ.pop("APP_SETTINGS", None)
name = "ann"

@app.route("/", methods=["GET", "POST", "PUT"])
@app.route("/items", methods=["GET", "POST", "PUT"])
def index():
    return request.get_data(as_text=True) or f"index {request.query_string.decode()}"

@app.get("/user/<name>")
def user(name):
    return name

@app.get("/user/<name>/posts/<int:number>")
def user_posts(name, number):
    return f"{name} {number}"

@app.post("/form")
def form():
    return request.form["a"]

@app.post("/json")
def json():
    return request.json["a"]

@app.get("/long")
def long():
    print("printed\\n" * 100)
    return "line\\n" * 100

@app.get("/list")
def long_list():
    return list(range(100))

@app.get("/slow")
def slow():
    import time
    time.sleep(0.15)
    return "late"
"""

TAKEN = "import socket; taken = socket.create_server(('127.0.0.1', 0))\n"

# A cell, what its message says to type, and the cell that comes of it. VALUE and the like stand for anything,
# 5977 for a free port.
ADVICE = [
    # --- routes ---
    ("%%route hello\n'x'", "%%route /hello", "{}\n'x'"),
    ("%%route GET,POST hello\n'x'", "%%route GET,POST /hello", "{}\n'x'"),
    ("%%route\n'x'", "%%route /hello", "{}\n'x'"),
    ("%%route PUT\n'x'", "%%route PUT /hello", "{}\n'x'"),
    ("%%route /a --methods GET;POST\n'x'", "--methods GET,POST", "%%route /a {}\n'x'"),
    ("%%route /a --endpoint ''\n'x'", "--endpoint hello", "%%route /a {}\n'x'"),
    ("%%route /a --default a=1\n'x'", "--defaults", "%%route /a {} a=1\n'x'"),
    ("%%route /a", "'Hello'", "%%route /a\n{}"),
    ("%%route /user\n'x'", "--endpoint NAME", "%%route /user {}\n'x'"),
    (
        "%%route /a --subdomain x\n'x'",
        "from flask_nb import Flask; app = Flask(__name__, subdomain_matching=True)",
        "{}",
    ),
    (
        "%%route /a --host x.example\n'x'",
        "from flask_nb import Flask; app = Flask(__name__, host_matching=True, static_host='localhost')",
        "{}",
    ),
    (
        "@app.get('/u/<id>')\ndef u(name): ...",
        "def u(id)",
        "@app.get('/u/<id>')\n{}: return id\n%get /u/1 --expect 200",
    ),
    ("%%route /u/<int:a>/<b>\ndef u(): ...", "def u(a, b)", "%%route /u/<int:a>/<b>\n{}: return b"),
    ("%routes index", "%routes --drop index", "{}"),
    ("%routes --drop", "--drop ENDPOINT", "%routes {}"),
    ("%url_for", "%url_for index", "{}"),
    ("%url_for", "%routes", "{}"),
    ("%url_for user_posts name=x", "number=", "%url_for user_posts name=x {}1"),
    ("%url_for user", "%url_for user name=", "{}ann"),
    ("%url_for use", "user", "%url_for {} name=ann"),
    (
        "%url_for index _scheme=https _external=False",
        "Leave out _external=False",
        "%url_for index _scheme=https",
    ),
    # --- templates and files ---
    ("%%template\nx", "%%template hello.html", "{}\nx"),
    ("%%template ../x.html\nx", "%%template x.html", "{}\nx"),
    ("%%static\nx", "%%static site.css", "{}\nx"),
    ("%%static /etc/x.css\nx", "%%static etc/x.css", "{}\nx"),
    # --- the server ---
    ("%serve 5977", "%serve --port 5977", "{}"),
    ("%serve stop --port 5977", "%serve stop", "{}"),
    ("%serve status --host localhost", "%serve status", "{}"),
    ("%serve --last 5", "%serve log --last N", "{}"),
    ("%serve --port 99999", "such as 5000", "%serve --port 5977"),
    ("%serve --host 192.0.2.1", "--host 0.0.0.0", "%serve {}"),
    ("app.run(port=99999)", "app.run(port=5000)", "{}"),
    ("app.run(host='192.0.2.1')", "host='0.0.0.0'", "app.run({})"),
    ("app.run(prot=5977)", "port", "app.run({}=5977)"),
    (
        TAKEN + "get_ipython().run_line_magic('serve', f'--port {taken.getsockname()[1]}')",
        "--port N",
        "%serve {}",
    ),
    (TAKEN + "app.run(port=taken.getsockname()[1])", "app.run(port=N)", "{}"),
    # --- cookies ---
    ("%cookies theme=dark", "%cookies set theme=dark", "{}"),
    ("%cookies set", "%cookies set theme=dark", "{}"),
    ("%cookies set theme", "%cookies set theme=VALUE", "{}"),
    ("%cookies sett a=b", "set", "%cookies {} a=b"),
    # --- the app and its settings ---
    ("%app demo.app", "%app demo:app", "{}"),
    ("%app admin!", "%app admin", "{}"),
    ("%app demo:app reset", "%app app reset", "{}"),
    ("%app --secret-key ''", "--secret-key dev", "%app {}"),
    ("app.config['SECRET_KEY'] = 5\n%app --secret-key {5}", "--secret-key dev", "%app {}"),
    ("%app name", "from flask_nb import Flask; app = Flask(__name__)", "{}\n%app"),
    ("%app name", "%app NAME", "{}"),
    ("del app\n%get /", "%%route /", "{}\n'x'"),
    ("del app\n%get /", "from flask_nb import Flask; app = Flask(__name__)", "{}\n%get /"),
    ("%config_from", "%config_from settings.cfg", "{}"),
    ("%config_from", "%config_from DEBUG=True", "{}"),
    ("%config_from DEBUG = True", "DEBUG=True", "%config_from {}"),
    ("%config_from debug=True", "DEBUG=True", "%config_from {}"),
    ("%config_from env:", "env:APP_SETTINGS", "%env APP_SETTINGS=settings.cfg\n%config_from {}"),
    ("%config_from env:APP_SETTINGS", "%env APP_SETTINGS=settings.cfg", "{}\n%config_from env:APP_SETTINGS"),
    ("%config_from env:APP_SETTINGS", "--silent", "%config_from env:APP_SETTINGS {}"),
    ("%config_from prefix:", "prefix:FLASK_", "%config_from {}"),
    ("%config_from nowhere.cfg", "--silent", "%config_from nowhere.cfg {}"),
    ("%config_from zzz.zzz", "module:Name", "%config_from default_settings:Production"),
    ("%%config_from settings.cfg\nX = 1", "%config_from settings.cfg", "{}"),
    ("%%config_from --silent\nX = 1", "%config_from SOURCE --silent", "{}"),
    (
        "%config FlaskNB.mask = ['id']",
        "$..id, $.items[*].created_at",
        "%config FlaskNB.mask = '{}'.split(', ')",
    ),
    # --- requests ---
    ("%get", "/items", "%get {} --expect 200"),
    ("%get / -X 'a b'", "-X PUT", "%get / {} --expect 200"),
    ("%get / --expect abc", "201, 2xx or 200,404", "%get / --expect 2xx"),
    ("%get / --expect abc", "200,404", "%get / --expect {}"),
    ("%get / --mask id", "'$..id,$.created'", "%get / --mask {}"),
    ("%get /{", "{name}", "%get /user/{} --expect 200"),
    ("%get /{", "{{", "%get /user/{} --expect 200"),
    ("%get http://ann:pw@localhost/items", "-u user:password", "%get /items {} --expect 200"),
    ("%get http://ann:pw@localhost/items", "/items", "%get {} --expect 200"),
    ("%get http://example.com/items", "/items", "%get {} --expect 200"),
    ("%get localhost:1/items", "/items", "%get {} --expect 200"),
    ("%get / 'X Name:v'", "X-Name:value", "%get / {} --expect 200"),
    ("%get / -H v", "'Name: value'", "%get / -H {} --expect 200"),
    ("%get / --timeout", "--timeout SECONDS", "%get / {} --expect 200"),
    ("%get / --timeout x", "such as 5", "%get / --timeout 5"),
    ("%get /slow --timeout 0.05", "--timeout SECONDS", "%get /slow {} --expect 200"),
    ("%get / --height x", "such as 600", "%get / --height 600"),
    ("%post / a=1 --data x", "name==value", "%post / {} --data x --expect 200"),
    ("%post / -F part", "name=value or name=@path", "%post / -F name=value --expect 200"),
    ("%post / -F part", "name=@path", "%post / -F {} --expect 200"),
    ("%post / a:=NaN", "null", "%post / a:={} --expect 200"),
    ("%post / a[b=1", "name[key]", "%post / {}=1 --expect 200"),
    ("%post / a[b=1", "name[]", "%post / {}=1 --expect 200"),
    ("%post / a[b=1", r"\[", "%post / a{}b=1 --expect 200"),
    ("%post / a[9999999]=1", "name:=[…]", "%post / {} --expect 200"),
    ("%post / --form f:=[1]", "f=text", "%post / --form {} --expect 200"),
    ("%post / {name}", "name={name}", "%post / {} --expect 200"),
    ("%post / {name}", "--data {name}", "%post / {} --expect 200"),
    ("%%post /\nx", "Content-Type:text/plain", "%%post / {} --expect 200\nx"),
    ("%post /form a=1", "--form", "%post /form a=1 {} --expect 200"),
    ("%post /json a=x --form", "--json", "%post /json a=x {} --expect 200"),
    # --- pasted requests ---
    ("%%http", "GET /items", "%%http --expect 200\n{}"),
    ("%%http\nGET", "GET /items", "%%http --expect 200\n{}"),
    ("%%http\nhello there", "POST /items", "%%http --expect 200\n{}"),
    ("%%http\n@x\nGET /", "@name = value", "%%http --expect 200\n{}\nGET /user/{{name}}"),
    ("%%http\n@x={{x}}\nGET /{{x}}", "@x = …", "%%http --expect 200\n{}\nGET /user/{{x}}"),
    ("%%http\nPOST /\na=1", "a blank line", "%%http --expect 200\nPOST /\n\na=1"),
    ("%%http\ncurl", "http://localhost/items", "%%http --expect 200\ncurl {}"),
    ("%%http\ncurl -b jar localhost/", "-b name=value", "%%http --expect 200\ncurl {} localhost/"),
    ("%%http\ncurl --hedaer 'A: b' localhost/", "--header", "%%http --expect 200\ncurl {} 'A: b' localhost/"),
    ("%%http\ncurl http://example.com/items", "/items", "%%http --expect 200\ncurl {}"),
    # --- views and sessions ---
    ("session['a'] = 1", "with app.test_request_context():", "app.secret_key = 'x'\n{} session['a'] = 1"),
    (
        "with app.test_request_context(): session['a'] = 1",
        "app.secret_key",
        "{} = 'x'\nwith app.test_request_context(): session['a'] = 1",
    ),
    (
        "app.test_client(use_cookies=False).session_transaction().__enter__()",
        "use_cookies=True",
        "app.secret_key = 'x'\nwith app.test_client({}).session_transaction() as s: s['a'] = 1",
    ),
]

ANYTHING = {
    "ENDPOINT": "user",
    "NAME": "other",
    "VALUE": "dark",
    "SECONDS": "5",
    "SOURCE": "settings.cfg",
    "log --last N": "log --last 5",
    "[…]": "[1,2]",
    "= …": "= ann",
    "=@path": "=@settings.cfg",
    "port=N": "port=5977",
    "--port N": "--port 5977",
    "5000": "5977",
}


OURS = (
    "from flask_nb import Flask; app = Flask(__name__, ",
    "with app.test_request_context():",
    "app.secret_key",
)
"""What our own framework alone says; Flask has words of its own."""


def said(ran: Ran) -> str:
    return "\n".join(filter(None, [ran.error, ran.text, ran.stdout, ran.stderr]))


@pytest.fixture(scope="module")
def folder(kernel: Kernel) -> None:
    """Files beside the notebook."""
    assert kernel.run(FILES).error is None


@pytest.fixture
def notebook(kernel: Kernel, folder: None) -> Kernel:
    """A notebook with an app, and another in a variable."""
    kernel.run("%reload_ext flask_nb\n%cookies clear;")
    ran = kernel.run(NOTEBOOK)
    assert ran.error is None, ran.traceback
    return kernel


@pytest.fixture
def port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("cell", "advice", "typed"), ADVICE, ids=[f"{cell}-{advice}" for cell, advice, _ in ADVICE]
)
def test_what_a_message_says_to_type_works(
    notebook: Kernel, engine: str, port: str, cell: str, advice: str, typed: str
) -> None:
    if engine != "ours" and advice.startswith(OURS):
        pytest.skip("Flask's own message")
    cell, advice = cell.replace("5977", port), advice.replace("5977", port)
    assert advice in said(notebook.run(cell, "cell"))
    for placeholder, text in ANYTHING.items():
        advice = advice.replace(placeholder, text)
    ran = notebook.run(typed.replace("{}", advice).replace("5977", port), "cell")
    assert "rror" not in said(ran)


@pytest.mark.parametrize("package", ["flask_nb", "flask"])
def test_the_app_that_a_message_says_to_make_takes_the_rule(notebook: Kernel, package: str) -> None:
    notebook.run(f"import {package}\napp = {package}.Flask('a')\ndel Flask")
    cell = "%%route /a --subdomain x\n'x'"
    error = notebook.run(cell, "cell").error
    assert error is not None
    assert notebook.run(error.partition("Make it with: ")[2]).error is None
    assert notebook.run(cell, "cell").error is None


@pytest.mark.parametrize(
    ("cell", "rest"),
    [
        ("%get /long", "_.text"),
        ("%get /long", "_.exchange.output"),
        ("%get /list", "_.text"),
        ("r = %get /long\nr", "_.text"),
        ("%get /long --as found\n%get /items", "found.text"),
        ("for n in range(1):\n    %get /long --as found", "found.exchange.output"),
    ],
)
def test_the_rest_of_what_is_cut_is_where_the_panel_says(notebook: Kernel, cell: str, rest: str) -> None:
    assert f"all of it: {rest}" in notebook.run(cell, "cell").text
    assert len(notebook.value(rest)) > 200


@pytest.mark.parametrize("then", ["%get /items", "None"])
def test_what_is_shown_in_passing_says_how_to_get_hold_of_it(notebook: Kernel, then: str) -> None:
    shown = notebook.run(f"%get /long\n{then}", "cell").text
    assert "all of it: --as page, then page.text" in shown
    notebook.run(f"%get /long --as page\n{then}", "cell")
    assert notebook.value("page.text.count('line')") == "100"


@pytest.mark.parametrize("name", ["jsonify", "redirect"])
def test_the_import_that_a_note_names_mends_the_view(notebook: Kernel, name: str) -> None:
    note = notebook.run(f"@app.get('/n')\ndef n(): return {name}('/')\n%get /n", "view").text
    imported = re.search(rf"from \w+ import {name}", note)
    assert imported
    assert re.search("→ (200|302)", notebook.run(f"{imported[0]}\n%get /n --no-follow").text)


@pytest.mark.parametrize(
    ("module", "advice", "target"),
    [
        ("a = Flask('a'); b = Flask('b')", "'shop:NAME'", "shop:a"),
        ("def create_app(name): return Flask(name)", "'shop:create_app(ARGUMENTS)'", "shop:create_app('a')"),
        ("def build(): return Flask('a')", "'shop:NAME'", "shop:build()"),
    ],
)
def test_what_the_command_says_to_name_is_found(
    tmp_path: Path, module: str, advice: str, target: str
) -> None:
    (tmp_path / "shop.py").write_text(f"from flask_nb import Flask\n{module}\n")

    def routes(*options: str) -> str:
        command = [sys.executable, "-m", "flask_nb", *options, "routes"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return done.stdout + done.stderr

    assert "Name one with --app" in routes()
    assert advice in routes("--app", "shop")
    assert "static" in routes("--app", target)


def test_what_is_to_be_installed_is_what_the_package_asks_for() -> None:
    package = Path(flask_nb.__file__).parent
    sources = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    named = set(re.findall(r"pip install (?:-\S+ )*['\"\\]*([a-zA-Z][\w-]*(?:\[\w+\])?)", sources))
    about = metadata("flask-nb")
    asked = {re.split(r"[^\w-]", line)[0] for line in about.get_all("Requires-Dist", [])}
    extras = {f"flask{dash}nb[{extra}]" for extra in about.get_all("Provides-Extra", []) for dash in "-_"}
    assert named
    assert named <= asked | extras
