"""The routes of a Starlette app in a notebook: replaced, withdrawn and told with the cells that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router
from werkzeug.test import Client

from flask_nb import engines
from flask_nb.engines import Workspace


class Notebook:
    """Cells that register on one app."""

    def __init__(self) -> None:
        self.app = Starlette(routes=[route("/before", "old")])
        self.workspace = Workspace()
        self.engine: Any = engines.adopt(self.app, "app", is_chosen=True)
        self.run("app", self.engine.follow)

    def run(self, name: str, cell: Callable[[], Any]) -> list[str]:
        """Run a cell to its end; return what it tells."""
        run = self.workspace.begin(("cell", name), name, is_certain=True)
        cell()
        return self.workspace.finish(run, succeeded=True)

    def define(self, name: str, *routes: Any) -> list[str]:
        return self.run(name, lambda: self.app.router.routes.extend(routes))

    def get(self, path: str, method: str = "GET") -> str:
        response = Client(self.engine.wsgi_app).open(path, method=method, buffered=True)
        return response.text if response.status_code == 200 else str(response.status_code)


@pytest.fixture
def nb() -> Iterator[Notebook]:
    nb = Notebook()
    yield nb
    engines.release(nb.engine)


def route(path: str, text: str, *methods: str) -> Route:
    async def view(request):
        return PlainTextResponse(text)

    return Route(path, view, methods=methods or ["GET"], name=text)


def test_a_cell_that_runs_again_replaces_its_own_route(nb):
    assert nb.define("a", route("/x", "one")) == []
    assert nb.define("a", route("/x", "two")) == []
    assert (nb.get("/x"), len(nb.app.routes)) == ("two", 2)


def test_another_cells_route_is_replaced_and_told(nb):
    nb.define("a", route("/x", "one"))
    assert nb.define("b", route("/x", "two")) == ["replaces GET /x of the cell 'a'"]
    assert nb.get("/x") == "two"


def test_what_a_cell_no_longer_defines_is_withdrawn(nb):
    nb.define("a", route("/x", "one"), route("/y", "two"))
    assert nb.define("a", route("/y", "two")) == ["withdrawn: GET /x"]
    assert (nb.get("/x"), nb.get("/y")) == ("404", "two")


def test_what_a_deleted_cell_had_defined_goes(nb):
    nb.define("a", route("/x", "one"))
    assert nb.workspace.delete([("cell", "a")]) == ["withdrawn: GET /x (its cell was deleted)"]
    assert nb.get("/x") == "404"


def test_what_was_there_before_is_replaced_as_well(nb):
    assert nb.define("a", route("/before", "new")) == ["replaces GET /before, which was there before"]
    assert nb.get("/before") == "new"


def test_an_older_route_keeps_the_methods_that_are_not_taken(nb):
    nb.define("a", route("/x", "one", "GET", "POST"))
    nb.define("b", route("/x", "two"))
    assert (nb.get("/x"), nb.get("/x", "POST")) == ("two", "one")


def test_other_methods_of_a_path_stay(nb):
    nb.define("a", route("/x", "one", "POST"))
    assert nb.define("b", route("/x", "two")) == []
    assert (nb.get("/x"), nb.get("/x", "POST")) == ("two", "one")


def test_two_routes_of_one_run_both_stand_and_the_first_wins(nb):
    nb.define("a", route("/x", "one"), route("/x", "two"))
    assert (nb.get("/x"), len(nb.app.routes)) == ("one", 3)


def test_routes_stand_where_their_cell_first_ran(nb):
    nb.define("a", route("/{name}", "any"))
    nb.define("b", route("/x", "x"))
    nb.define("a", route("/{name}", "any"))
    assert nb.get("/x") == "any"


def test_a_mount_is_replaced_by_its_path(nb):
    nb.define("a", Mount("/m", PlainTextResponse("one"), name="m"))
    assert nb.define("b", Mount("/m", PlainTextResponse("two"), name="m")) == ["replaces /m of the cell 'a'"]
    assert nb.get("/m/") == "two"


def test_routes_are_listed_with_their_cells_and_dropped_by_name(nb):
    nb.define("a", route("/x", "one"))
    assert [(row.rule, row.owner) for row in nb.engine.routes()] == [("/before", None), ("/x", "a")]
    assert (nb.engine.drop("one"), nb.engine.drop("old")) == (["GET /x"], ["GET /before"])
    assert (nb.app.routes, list(nb.engine.live.ledger)) == ([], [])


def test_an_app_that_is_let_go_keeps_its_routes_in_a_plain_list(nb):
    nb.define("a", route("/x", "one"))
    engines.release(nb.engine)
    assert (type(nb.app.router.routes), len(nb.app.routes)) == (list, 2)
    assert nb.define("a", route("/y", "two")) == []


def test_the_frameworks_own_rule_stands_where_it_is_asked_for(nb, monkeypatch):
    monkeypatch.setenv("FLASK_NB_STRICT", "1")
    nb.define("a", route("/x", "one"))
    nb.define("a", route("/x", "two"))
    assert nb.get("/x") == "one"


def test_a_router_that_was_included_is_live_as_well(nb):
    router = Router(routes=[route("/before", "old")])
    included = SimpleNamespace(original_router=router, include_context=SimpleNamespace(prefix="/api"))
    nb.define("a", included)
    nb.run("b", lambda: router.routes.append(route("/x", "one")))
    nb.run("b", lambda: router.routes.append(route("/x", "two")))
    rows = [(row.rule, row.endpoint, row.owner) for row in nb.engine.routes()]
    assert rows[:2] == [("/api/before", "old", None), ("/api/x", "two", "b")]


def test_what_fastapi_keeps_of_its_routes_is_made_anew(nb):
    nb.app.openapi_schema = {"paths": {}}
    nb.define("a", route("/x", "one"))
    assert nb.app.openapi_schema is None
