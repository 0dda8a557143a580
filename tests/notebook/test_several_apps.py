"""Several apps in one kernel: each with its server, its cookies and its requests."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

APPS = """
from flask_nb import Flask, request
app = Flask("main")
shop = Flask("shop")
@app.get("/who")
def who():
    return "main"
@shop.get("/who")
def shop_who():
    return "shop"
@shop.get("/basket")
def basket():
    return request.cookies.get("basket", "empty")
"""

SITE = """
def site(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "seen=site; Path=/")])
    return [b"site"]
"""

numbers = itertools.count()


@pytest.fixture
def run(kernel: Kernel) -> Callable[..., str]:
    """Run a cell with two apps; return what it showed."""
    kernel.notebook = f"several {next(numbers)} "
    kernel.run("%unload_ext flask_nb\nfor name in ('app', 'shop', 'site', 'blog'): globals().pop(name, None)")
    kernel.run("%load_ext flask_nb")
    ids = itertools.count()

    def run(code: str, cell_id: str = "", **metadata: object) -> str:
        ran = kernel.run(code, cell_id or f"cell {next(ids)}", **metadata)
        return "\n".join(filter(None, [ran.stdout, ran.text, ran.error])).strip()

    assert run(APPS, "apps") == ""
    return run


def url_of(text: str) -> str:
    found = re.search(r"http://\S+?/", text)
    assert found, text
    return found[0]


def fetch(address: str) -> str:
    try:
        with urlopen(address, timeout=20) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        with error:
            return f"{error.code} {error.read().decode()}"


def test_all_are_listed_with_their_kind_their_routes_and_their_address(run):
    run(SITE)
    run("%app site")
    run("%app app --debug")
    address = url_of(run("%serve"))
    assert run("%app").splitlines() == [
        f"app: Flask 'main', 2 routes, at {address}",
        "  DEBUG = True",
        "site: WSGI function 'site'",
        "shop: Flask 'shop', 3 routes",
    ]


def test_one_app_alone_is_described_without_its_address(run):
    run("del shop")
    run("%serve")
    assert run("%app") == "app: Flask 'main', 2 routes"


def test_a_request_may_go_to_another_app_than_the_current_one(run):
    assert run("%get /who").endswith("main")
    assert run("%get /who --app shop").endswith("shop")
    assert run("%get /who --app shop --in-process").endswith("shop")
    assert run("%%http\nGET /who").endswith("main")
    assert run("%app").startswith("app: ")
    assert "/basket" in run("%routes --app shop")
    assert "/basket" not in run("%routes")


def test_each_app_has_a_server_that_goes_on_when_another_is_chosen(run):
    main = url_of(run("%serve"))
    run("%app shop")
    shop = url_of(run("%serve"))
    assert (fetch(f"{main}who"), fetch(f"{shop}who")) == ("main", "shop")
    run("%app app")
    assert url_of(run("%serve status")) == main
    assert url_of(run("%serve --app shop")) == shop
    assert run("%serve stop --app shop").startswith("stopped")
    assert fetch(f"{main}who") == "main"
    assert "not serving" in run("%serve status --app shop")


def test_choosing_an_app_again_starts_no_other_server(run):
    main = url_of(run("%serve"))
    for _ in range(3):
        run("%app shop", "choose shop")
        run("%serve", "serve shop")
        run("%app app", "choose app")
    assert url_of(run("%serve")) == main
    assert run("%serve stop").startswith("2 servers stopped")


def test_servers_of_which_one_was_open_to_others_say_how_it_is_opened_again(run: Callable[..., str]) -> None:
    run("app.run(port=0)\nshop.run(host='0.0.0.0', port=0)")
    said = sorted(run("%serve stop").splitlines())
    assert re.fullmatch(r"app: stopped; .* again", said[0])
    assert re.fullmatch(r"shop: stopped; .* type: %serve --host 0\.0\.0\.0", said[1])


def test_each_app_keeps_its_own_cookies(run):
    run("%cookies set basket=apples --app shop")
    assert run("%get /basket --app shop").endswith("apples")
    assert "basket" not in run("%cookies")
    assert "basket" in run("%cookies --app shop")
    run("%app shop")
    assert run("%get /basket").endswith("apples")
    run("%cookies clear --app shop")
    assert run("%get /basket").endswith("empty")


def test_each_app_keeps_its_own_requests(run):
    run("%get /who")
    run("%get /basket --app shop")
    assert re.findall(r"/\w+", run("%serve log --app shop")) == ["/basket"]
    assert re.findall(r"/\w+", run("%serve log")) == ["/who", "/basket"]


def test_one_app_may_ask_another(run):
    shop = url_of(run("%serve --app shop"))
    run(
        f"@app.get('/relay')\ndef relay():\n    from urllib.request import urlopen\n"
        f"    return urlopen('{shop}who').read()"
    )
    assert run("%get /relay").endswith("shop")
    assert run("%get /relay --in-process").endswith("shop")


def test_an_app_whose_variable_is_deleted_is_served_no_more(run):
    shop = url_of(run("%serve --app shop"))
    assert run("del shop") == "shop is not served any more: its variable was deleted"
    assert fetch(f"{shop}who").startswith("503 there is no app in the variable 'shop'")
    assert "NoAppError: there is no app in the variable 'shop'" in run("%get /who --app shop")
    assert run("%get /who").endswith("main")
    assert run("%app") == "app: Flask 'main', 2 routes"


def test_when_the_current_app_is_gone_the_others_are_named(run):
    run("%app shop")
    run("del shop")
    missing = "there is no app in the variable 'shop'. app holds one: %app app"
    first, second = run("%app").splitlines()
    assert first.startswith(missing)
    assert second == "app: Flask 'main', 2 routes"
    assert missing in run("%get /who")
    run("%app app")
    assert run("%get /who").endswith("main")


def test_a_path_that_another_app_knows_is_told(run):
    assert "app was asked; shop has a rule for it: %app shop" in run("%get /basket")
    assert "was asked" not in run("%get /nowhere")


def test_a_path_that_the_app_before_knows_is_told_with_what_brings_it_back(run):
    run("%%route /mine\n'mine'")
    assert run("app = Flask('again')") == ""
    assert "app is another app now; the one before has a rule for it. " in (answer := run("%get /mine"))
    assert "To go on with that, run the cell '@app.get(\"/who\")' again" in answer
    assert "another app now" not in run("%get /nowhere")
    run(APPS, "apps")
    assert run("%get /mine").endswith("mine")


def test_run_on_the_port_of_another_app_is_refused_and_turns_to_nobody(run):
    port = url_of(run("%serve")).rpartition(":")[2].strip("/")
    assert f"port {port} on 127.0.0.1 is in use by app" in run(f"shop.run(port={port})")
    assert run("%get /who").endswith("main")


def test_an_app_is_not_replaced_by_an_answer(run):
    assert "shop holds an app, which --as shop would replace" in run("%get /who --as shop")
    assert run("%get /who --app shop").endswith("shop")


def test_a_factory_of_the_notebook_is_to_be_called(run):
    run("def create_app():\n    return Flask('made')")
    assert run("%app create_app").endswith("If it makes an app: app = create_app()")
    assert run("%app create_app()").endswith("Type: app = create_app()")


def test_an_app_that_is_made_anew_is_served_where_the_one_before_was(run):
    shop = url_of(run("%serve --app shop"))
    run(APPS.replace('return "shop"', 'return "new shop"'), "apps")
    assert fetch(f"{shop}who") == "new shop"
    assert url_of(run("%serve --app shop")) == shop


def test_a_new_app_is_served_beside_the_one_before(run):
    main = url_of(run("%serve"))
    assert run("%app blog") == "blog: a new Flask '__main__', 1 route"
    run("%%route /\n'blog'", "index")
    assert run("%get /").endswith("blog")
    assert fetch(f"{main}who") == "main"


def test_a_port_that_another_app_has_is_refused_by_that_apps_name(run):
    port = url_of(run("%serve")).rpartition(":")[2].strip("/")
    refused = run(f"%serve --port {port} --app shop")
    assert refused.startswith(f"PortInUseError: port {port} on 127.0.0.1 is in use by app. Choose another")


def test_an_app_that_is_not_there_is_said(run):
    assert run("%get /who --app shoop").startswith("NoAppError: there is no app in the variable 'shoop'")
    assert run("number = 3\n%get /who --app number").startswith(
        "ForeignAppError: what should be the app is of type int"
    )
    assert run("%get /who").endswith("main")
