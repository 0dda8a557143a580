"""The gate before a notebook's app: who passes, and that its advice works as typed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config.loader import PyFileConfigLoader

from flask_nb.notebook.extension import get_host

APP = """
from flask_nb import Flask, request
app = Flask("shop"{options})
{settings}
@app.route("/", methods=["GET", "POST", "OPTIONS"])
def root():
    return request.method + " " + request.host, CORS
@app.get("/from")
def leads():
    return "", 302, {{"Location": "/"}}
CORS = {{}}
"""
SHOP = "https://shop.example"

Reply = tuple[int, str]


@pytest.fixture
def define(loaded: InteractiveShell) -> Callable[..., None]:
    """Make the app, with settings as they would be typed."""

    def define(settings: str = "", options: str = "") -> None:
        loaded.run_cell(APP.format(settings=settings, options=options)).raise_error()

    return define


@pytest.fixture
def browser(loaded: InteractiveShell) -> Callable[..., Reply]:
    """Ask the server as a browser would: over its port, without the notebook's key."""

    def ask(method: str, path: str = "/", **headers: str) -> Reply:
        loaded.run_cell("served = %serve").raise_error()
        port = int(loaded.user_ns["served"].link.rpartition(":")[2].strip("/"))
        with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()

    return ask


def text_of(shell: InteractiveShell, line: str) -> str:
    shell.run_cell(f"answer = {line}").raise_error()
    return str(shell.user_ns["answer"].text)


# --- the notebook's own requests ---


@pytest.mark.parametrize("way", ["", " --in-process"])
@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ("", "localhost"),
        ("app.config['TRUSTED_HOSTS'] = ['demo.example.org']", "demo.example.org"),
        ("app.config['TRUSTED_HOSTS'] = ['.example.org']", "example.org"),
        ("app.config['TRUSTED_HOSTS'] = ['demo.example.org', 'localhost']", "localhost"),
        ("app.config['SERVER_NAME'] = 'demo.example.org'", "demo.example.org"),
        ("app.config['SERVER_NAME'] = 'localhost:5000'", "localhost:5000"),
        (
            "app.config.update(SERVER_NAME='demo.example.org', TRUSTED_HOSTS=['.example.org'])",
            "demo.example.org",
        ),
        ("app.config.update(SERVER_NAME='demo.example.org', TRUSTED_HOSTS=['localhost'])", "localhost"),
    ],
)
def test_a_request_of_the_notebook_has_a_host_that_the_app_trusts(loaded, define, settings, host, way):
    define(settings)
    assert text_of(loaded, f"%get /{way}") == f"GET {host}"
    assert text_of(loaded, f"%get /from{way}") == f"GET {host}"


@pytest.mark.parametrize("way", ["", " --in-process"])
@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://evil.test", "null"])
@pytest.mark.parametrize("server_name", [None, "demo.example.org"])
def test_a_request_of_the_notebook_passes_whatever_its_origin(loaded, define, origin, server_name, way):
    define(f"app.config['SERVER_NAME'] = {server_name!r}")
    assert text_of(loaded, f"%post / a=1 Origin:{origin}{way}").startswith("POST ")


def test_cookies_that_are_set_by_hand_reach_an_app_with_a_name(loaded, define):
    define("app.config['SERVER_NAME'] = 'demo.example.org'\napp.get('/c')(lambda: request.cookies['a'])")
    loaded.run_cell("%cookies set a=1;").raise_error()
    assert text_of(loaded, "%get /c") == "1"


# --- subdomains and hosts ---


DOMAINS = """
app.add_url_rule("/where", "root_where", lambda: "the root", {root})
app.add_url_rule("/where", "api_where", lambda: "the api", {api})
"""


@pytest.fixture(params=["subdomain", "host"])
def domains(request: pytest.FixtureRequest, define: Callable[..., None]) -> str:
    name = "app.config['SERVER_NAME'] = 'example.test'\n"
    if request.param == "subdomain":
        define(name + DOMAINS.format(root="", api="subdomain='api'"), ", subdomain_matching=True")
    else:
        rules = DOMAINS.format(root="host='example.test'", api="host='api.example.test'")
        define(name + rules, ", host_matching=True, static_host='example.test'")
    return str(request.param)


@pytest.mark.parametrize("way", ["", " --in-process"])
def test_subdomains_and_hosts_are_matched(loaded, domains, way):
    assert text_of(loaded, f"%get /where{way}") == "the root"
    assert text_of(loaded, f"%get /where Host:api.example.test{way}") == "the api"
    assert text_of(loaded, f"%get http://api.example.test/where{way}") == "the api"


def test_a_browser_may_use_the_names_of_rules(domains, browser):
    assert browser("GET", "/where", Host="api.example.test") == (200, "the api")
    assert browser("GET", "/where", Host="evil.test")[0] == 400


def test_routes_tell_the_rules_of_two_domains_apart(loaded, domains):
    loaded.run_cell("table = %routes").raise_error()
    lines = [line.split() for line in repr(loaded.user_ns["table"]).splitlines() if "where" in line]
    api = "api" if domains == "subdomain" else "api.example.test"
    assert [line[:4] for line in lines if api in line] == [["GET", api, "/where", "api_where"]]


def test_routes_without_domains_have_no_column_for_them(loaded, define):
    define()
    loaded.run_cell("table = %routes").raise_error()
    assert "domain" not in repr(loaded.user_ns["table"])


# --- other sites ---


def allow(loaded: InteractiveShell, origin: str) -> None:
    loaded.run_cell(f"CORS = {{'Access-Control-Allow-Origin': {origin}}}").raise_error()


def test_what_the_app_allows_passes_and_nothing_else(loaded, define, browser):
    define()
    allow(loaded, repr(SHOP))
    assert browser("POST", Origin=SHOP)[0] == 200
    assert browser("POST", Origin="https://evil.test")[0] == 403


def test_where_everybody_is_allowed_a_local_page_passes(loaded, define, browser):
    define()
    allow(loaded, "'*'")
    assert browser("POST", Origin="http://localhost:3000")[0] == 200
    status, page = browser("POST", Origin=SHOP)
    assert status == 403
    assert "The app allows every origin" in page


def test_no_origin_never_passes(loaded, define, browser):
    define()
    allow(loaded, "'null'")
    loaded.run_cell("%config FlaskNB.trusted_origins = ['https://shop.example']")
    status, page = browser("POST", Origin="null")
    assert status == 403
    assert "trusted_origins" not in page  # for it would not help


def test_asking_the_app_shows_nothing_in_the_notebook(capsys, loaded, define, browser):
    define("app.before_request(lambda: print('asked'))")
    text_of(loaded, "%get /")  # takes the streams back that the capture of this test has replaced
    capsys.readouterr()
    browser("POST", Origin=SHOP)
    assert "asked" not in capsys.readouterr().out


def test_what_the_gate_asks_is_not_traffic(loaded, define, browser):
    define()
    allow(loaded, repr(SHOP))
    browser("POST", Origin=SHOP)
    browser("POST", Origin="https://evil.test")
    kept = get_host(loaded).apps.current.ring.last(9)
    assert [(exchange.method, exchange.code) for exchange in kept] == [("POST", "200"), ("POST", "403")]


# --- advice ---


def advice(page: str) -> list[str]:
    """What a page says to type."""
    return [html.unescape(code) for code in re.findall("<code>(.*?)</code>", page) if "=" in code]


@pytest.fixture
def refusals(define, browser) -> list[tuple[Callable[[], Reply], list[str]]]:
    define()
    ways = [lambda: browser("GET", Host="demo.example.org:5000"), lambda: browser("POST", Origin=SHOP)]
    return [(ask, advice(ask()[1])) for ask in ways]


def test_each_refusal_gives_advice_for_a_cell_and_for_every_notebook(refusals):
    assert [[line.split(".")[0] for line in lines] for _, lines in refusals] == [["%config FlaskNB", "c"]] * 2


def test_advice_for_a_cell_works_as_typed(loaded, refusals):
    for ask, (cell, _) in refusals:
        assert ask()[0] in {400, 403}
        loaded.run_cell(cell).raise_error()
        assert ask()[0] == 200


def test_advice_for_every_notebook_works_as_written(loaded, refusals, tmp_path: Path):
    for ask, (_, line) in refusals:
        (tmp_path / "ipython_config.py").write_text(f"c = get_config()\n{line}\n")
        config = PyFileConfigLoader("ipython_config.py", str(tmp_path)).load_config()
        get_host(loaded).settings.update_config(config)
        assert ask()[0] == 200


@pytest.mark.parametrize("wrong", ["*", "null", "shop.example", "https://shop.example/path"])
def test_what_is_no_origin_cannot_be_trusted(loaded, wrong, caplog):
    loaded.run_cell(f"%config FlaskNB.trusted_origins = [{wrong!r}]")
    assert "is no origin. Write scheme, name and port: 'http://localhost:3000'" in caplog.text


def test_an_origin_may_be_written_with_a_slash_at_its_end(loaded, define, browser):
    define()
    loaded.run_cell("%config FlaskNB.trusted_origins = ['https://shop.example/']").raise_error()
    assert browser("POST", Origin=SHOP)[0] == 200


# --- other ports of this machine ---


def test_a_pasted_curl_for_another_port_is_sent_to_the_app_and_says_so(loaded, define):
    define()
    answer = loaded.run_cell("%%http\ncurl http://localhost:5000/").result
    assert (answer.text, answer.exchange.notes) == (
        "GET localhost",
        ["sent to this notebook's app, not to localhost:5000"],
    )


def test_a_pasted_curl_for_another_app_of_the_notebook_says_what_to_type(loaded, define):
    define()
    loaded.run_cell("app.run(port=0)\nother = Flask('other')\nother.run(port=0)").raise_error()
    first = next(served for served in get_host(loaded).apps if served.followed.label == "app").serving
    paste = f"%%http\ncurl http://localhost:{first.port}/"
    error = str(loaded.run_cell(paste).error_in_exec)
    advice = re.findall(r"Type (%\S+ \S+)", error)
    loaded.run_cell(advice[0] + ";").raise_error()
    assert loaded.run_cell(paste).result.text == "GET localhost"


def test_a_redirect_to_another_port_is_shown_not_followed(loaded, define):
    define("app.get('/away')(lambda: ('', 302, {'Location': 'http://localhost:1/'}))")
    loaded.run_cell("answer = %get /away").raise_error()
    assert loaded.user_ns["answer"].status_code == 302
