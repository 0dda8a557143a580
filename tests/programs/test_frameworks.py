"""Apps of other frameworks under the magics: each is chosen, asked, listed, and fails in the user's lines."""

from __future__ import annotations

import json

import pytest

from .conftest import finish, need, start

pytestmark = pytest.mark.programs

DJANGO = """
import django
from django.conf import settings
from django.http import JsonResponse
from django.urls import path
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["localhost"], SECRET_KEY="x")
django.setup()
def item(request, number):
    return JsonResponse({{"id": number}})
def boom(request):
    return 1 / 0
urlpatterns = [path("items/<int:number>", item, name="item"), path("boom", boom, name="boom")]
from django.core.{0} import get_{0}_application
site = get_{0}_application()
"""

FALCON = """
import falcon.asgi
class Item:
    {0} def on_get(self, request, response, number):
        response.media = {{"id": int(number)}}
class Boom:
    {0} def on_get(self, request, response):
        return 1 / 0
site = {1}()
site.add_route("/items/{{number}}", Item())
site.add_route("/boom", Boom())
"""

STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def item(request):
    return JSONResponse({"id": request.path_params["number"]})
async def boom(request):
    return 1 / 0
site = Starlette(routes=[Route("/items/{number:int}", item), Route("/boom", boom)])
"""

FASTAPI = """
from fastapi import FastAPI
app = FastAPI(openapi_url=None)
@app.get("/items/{number}")
async def item(number: int):
    return {"id": number}
@app.get("/boom")
{0}def boom():
    return 1 / 0
"""

QUART = """
from quart import Quart
app = Quart(__name__, static_folder=None)
@app.get("/items/<int:number>")
async def item(number):
    return {"id": number}
@app.get("/boom")
async def boom():
    return 1 / 0
"""

LITESTAR = """
from litestar import Litestar, get
@get("/items/{number:int}", name="item")
async def item(number: int) -> dict[str, int]:
    return {"id": number}
@get("/boom", name="boom")
async def boom() -> int:
    return 1 // 0
site = Litestar([item, boom], openapi_config=None)
"""

BOTTLE = """
from bottle import Bottle
site = Bottle()
@site.get("/items/<number:int>")
def item(number):
    return {"id": number}
@site.get("/boom")
def boom():
    return 1 / 0
"""

PYRAMID = """
from pyramid.config import Configurator
def item(request):
    return {"id": int(request.matchdict["number"])}
def boom(request):
    return 1 / 0
with Configurator() as config:
    config.add_route("item", "/items/{number}", request_method="GET")
    config.add_route("boom", "/boom", request_method="GET")
    config.add_view(item, route_name="item", renderer="json")
    config.add_view(boom, route_name="boom")
    site = config.make_wsgi_app()
"""

#: Each app: the module that it needs, its cell, what %app says, the rule that %routes shows.
APPS: dict[str, tuple[str, str, str, str]] = {
    "Bottle": ("bottle", BOTTLE, "Bottle app", "/items/<number:int>"),
    "Django": ("django", DJANGO.format("wsgi"), "Django app", "/items/<int:number>"),
    "Django, async": ("django", DJANGO.format("asgi"), "Django app", "/items/<int:number>"),
    "Falcon": ("falcon", FALCON.format("", "falcon.App"), "Falcon app", "/items/{number}"),
    "Falcon, async": ("falcon", FALCON.format("async", "falcon.asgi.App"), "Falcon app", "/items/{number}"),
    "FastAPI": ("fastapi", FASTAPI.replace("{0}", "async "), "FastAPI app", "/items/{number}"),
    "FastAPI, threads": ("fastapi", FASTAPI.replace("{0}", ""), "FastAPI app", "/items/{number}"),
    "Litestar": ("litestar", LITESTAR, "Litestar app", "/items/{number}"),
    "Pyramid": ("pyramid", PYRAMID, "Pyramid app", "/items/{number}"),
    "Quart": ("quart", QUART, "Quart app", "/items/<int:number>"),
    "Starlette": ("starlette", STARLETTE, "Starlette app", "/items/{number:int}"),
}

WITHOUT_URLS = ("Falcon", "Falcon, async")


def show(*cells: str) -> list[str]:
    """Run cells in a shell of their own and return what each showed."""
    shown: list[str] = json.loads(finish(start("run_magics.py", json.dumps(cells))))
    return shown


@pytest.mark.parametrize("name", APPS)
def test_an_app_is_served_asked_listed_and_fails_in_the_users_lines(name):
    module, cell, kind, rule = APPS[name]
    need(module, "a2wsgi")
    variable = "app" if name.startswith(("FastAPI", "Quart")) else "site"
    choose = "%app" if variable == "app" else f"%app {variable}"
    asks = (
        "%get /items/3",
        "%get /items/3 --in-process",
        "%get /boom",
        "%get /itms/3",
        "%routes",
        "%%route /x\n1",
    )
    defined, chosen, item, inside, boom, missing, routes, refused, url = show(
        cell, choose, *asks, "%url_for item number=3"
    )
    assert (defined, chosen.startswith(f"{variable}: {kind} "), "2 routes" in chosen) == ("", True, True)
    assert ['"id": 3' in text for text in (item, inside)] == [True, True]
    assert boom.startswith("GET /boom → 500 Internal Server Error")
    assert "1 / 0\nZeroDivisionError: " in boom.replace("//", "/")
    assert [line for line in boom.splitlines() if ", line " in line] == [
        line for line in boom.splitlines() if line.startswith(("in ", "view ")) and "1 /" in line
    ]
    assert f"near: GET {rule}" in missing
    assert rule in routes
    assert refused.startswith(
        f"UnsupportedByAppError: {variable} is a {kind}: it is served and takes requests"
    )
    if name in WITHOUT_URLS:
        assert "builds no URLs" in url
    else:
        assert url == "/items/3"


def test_a_cell_of_fastapi_replaces_its_own_route_and_that_of_a_router():
    need("fastapi", "a2wsgi")
    router = "from fastapi import APIRouter\nrouter = APIRouter()\napp.include_router(router, prefix='/api')"
    handler = "@{0}.get('/x')\ndef x():\n    return '{1}'"
    shown = show(
        FASTAPI.replace("{0}", "async "),
        router,
        *(handler.format(on, text) for text in ("one", "two") for on in ("app", "router")),
        "%get /x",
        "%get /api/x",
        "%routes",
    )
    assert shown[2:6] == [
        "",
        "",
        "replaces GET /x of the cell '@app.get('/x')'",
        "replaces GET /x of the cell '@router.get('/x')'",
    ]
    assert ['"two"' in text for text in shown[6:8]] == [True, True]
    assert shown[8].count("/x ") == 2


def test_the_schema_of_fastapi_follows_its_routes():
    need("fastapi", "a2wsgi")
    cell = "@app.get('/{0}')\ndef x():\n    return 1"
    ask = "r = %get /openapi.json\nprint(*r.json['paths'])"
    shown = show("from fastapi import FastAPI\napp = FastAPI()", cell.format("a"), ask, cell.format("b"), ask)
    assert (shown[2], shown[4]) == ("/a", "/a /b")


DASH = """
import flask_nb; flask_nb.as_flask()
from dash import Dash, html
site = Dash(__name__)
site.layout = html.Div("hi")
"""


def test_a_dash_app_says_which_app_serves_it():
    need("dash")
    cells = (DASH, "%app site", "server = site.server", "%app server", "%get /_dash-layout")
    _, refused, _, chosen, layout = show(*cells)
    assert refused.endswith("Type: server = site.server, then %app server")
    assert chosen.startswith("server: Flask ")
    assert '"hi"' in layout
