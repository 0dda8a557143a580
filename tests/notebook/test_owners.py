"""Cells as owners, in every order and in every way a cell can end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, permutations
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flask_nb.live.workspace import current_run

REST = {
    "list": "%%route /items\nstored",
    "add": "%%route POST /items\nstored.append(request.json)\nreturn request.json, 201",
    "one": "%%route /items/<int:n>\n{'item': stored[n]}",
    "change": "%%route PUT /items/<int:n>\nstored[n] = request.json\nreturn stored",
    "remove": "@app.delete('/items/<int:n>')\ndef remove(n):\n    del stored[n]\n    return stored",
}


def exercise(shell: InteractiveShell) -> list[object]:
    shell.user_ns["stored"] = ["tea"]
    client = shell.user_ns["app"].test_client()
    return [
        client.get("/items").json,
        client.post("/items", json="milk").status_code,
        client.get("/items/1").json,
        client.put("/items/0", json="coffee").json,
        client.delete("/items/1").json,
        client.patch("/items").status_code,
    ]


ANSWERS = [["tea"], 201, {"item": "milk"}, ["coffee", "milk"], ["coffee"], 405]


@pytest.fixture
def orders(is_thorough: bool) -> Iterator[tuple[str, ...]]:
    """The orders of five cells, or every fifth of them: each cell stands in each place."""
    return islice(permutations(REST), 0, None, 1 if is_thorough else 5)


@pytest.mark.parametrize("ids", [True, False])
def test_five_rest_routes_in_five_cells_work_in_every_order(
    loaded: InteractiveShell, ids: bool, orders: Iterator[tuple[str, ...]]
) -> None:
    for number, order in enumerate(orders):
        new_app = f"number = {number}\nfrom flask_nb import Flask\napp = Flask(__name__)"
        loaded.run_cell(new_app, cell_id=f"app {number}" if ids else None).raise_error()
        for name in order:
            loaded.run_cell(REST[name] + ";", cell_id=name if ids else None).raise_error()
        assert exercise(loaded) == ANSWERS, order


def test_every_cell_can_run_again_in_every_order(
    loaded: InteractiveShell, orders: Iterator[tuple[str, ...]]
) -> None:
    loaded.run_cell("from flask_nb import Flask\napp = Flask(__name__)", cell_id="app").raise_error()
    for order in orders:
        for name in order:
            loaded.run_cell(REST[name], cell_id=name).raise_error()
        assert exercise(loaded) == ANSWERS, order


EXERCISE = """stored = ["tea"]
a = %get /items
b = %post /items {"is": "milk"}
c = %put /items/0 {"is": "rice"}
d = %get /items/1
e = %delete /items/0
answers = [response.json for response in (a, b, c, d, e)]"""
MILK, RICE = {"is": "milk"}, {"is": "rice"}


def test_the_magics_are_answered_after_every_order_with_and_without_ids(
    loaded: InteractiveShell, orders: Iterator[tuple[str, ...]]
) -> None:
    loaded.run_cell("from flask_nb import Flask\napp = Flask(__name__)", cell_id="app").raise_error()
    for number, order in enumerate(orders):
        for name in order:
            loaded.run_cell(REST[name], cell_id=name if number % 2 else None).raise_error()
        loaded.run_cell(EXERCISE).raise_error()
        assert loaded.user_ns["answers"] == [["tea"], MILK, [RICE, MILK], {"item": MILK}, [MILK]], order


ENDINGS = ["1", "1/0", "x =", "raise KeyboardInterrupt", "", "# nothing", "%nothing"]


def test_a_cell_with_app_and_route_says_nothing_when_it_runs_again(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = "from flask_nb import Flask\napp = Flask(__name__)\n@app.get('/')\ndef home():\n    return 'home'"
    for _ in range(4):
        loaded.run_cell(cell, cell_id="one").raise_error()
    assert capsys.readouterr().out == ""
    assert loaded.user_ns["app"].test_client().get("/").text == "home"


def test_two_cells_that_begin_alike_keep_their_routes_without_ids(loaded: InteractiveShell) -> None:
    for name in ("a", "b"):
        loaded.run_cell(
            f"from flask_nb import Flask\n'{name}'\napp = globals().get('app') or Flask('x')\n"
            f"app.get('/{name}', endpoint='{name}')(lambda: '{name}');"
        ).raise_error()
    client = loaded.user_ns["app"].test_client()
    assert [client.get("/a").text, client.get("/b").text] == ["a", "b"]


@pytest.mark.parametrize("cell", ENDINGS)
def test_between_cells_nobody_is_the_owner(loaded: InteractiveShell, cell: str) -> None:
    loaded.run_cell(cell, cell_id="one")
    assert current_run.get() is None


def test_a_cell_within_a_cell_gives_the_ownership_back(loaded: InteractiveShell) -> None:
    loaded.user_ns["seen"] = seen = []
    loaded.user_ns["owner"] = lambda: seen.append(current_run.get().owner.name)
    inner = "for cell in ('owner() # inner', '', '1/0'): get_ipython().run_cell(cell)"
    loaded.run_cell(f"'outer'; owner()\n{inner}\nowner()", cell_id="one").raise_error()
    assert seen == ["'outer'; owner()", "owner() # inner", "'outer'; owner()"]


def test_a_syntax_error_changes_nothing(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    loaded.run_cell("%%route /a --endpoint a\n'a';", cell_id="one").raise_error()
    loaded.run_cell("def f(:\n", cell_id="one")
    assert loaded.user_ns["app"].test_client().get("/a").status_code == 200


def test_an_imported_module_is_not_retired_with_the_cell(
    loaded: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "from flask_nb import Blueprint\nbp = Blueprint('bp', __name__)\nbp.get('/m')(lambda: 'm')\n"
    (tmp_path / "views_of_a_module.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    loaded.run_cell("from flask_nb import Flask\napp = Flask('x')", cell_id="app").raise_error()
    loaded.run_cell("from views_of_a_module import bp\nimported = bp", cell_id="one").raise_error()
    loaded.run_cell("app.register_blueprint(imported)", cell_id="two").raise_error()
    loaded.run_cell("'nothing'", cell_id="one").raise_error()
    assert loaded.user_ns["app"].test_client().get("/m").text == "m"


def test_a_silent_cell_is_nobodys(loaded: InteractiveShell) -> None:
    loaded.user_ns["seen"] = seen = []
    loaded.user_ns["owner"] = lambda: seen.append(current_run.get())
    loaded.run_cell("owner()", silent=True).raise_error()
    assert seen == [None]


def test_strict_mode_keeps_flasks_own_errors(
    loaded: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded.run_cell("from flask_nb import Flask\napp = Flask('x')").raise_error()
    monkeypatch.setenv("FLASK_NB_STRICT", "1")
    cell = "@app.get('/')\ndef home():\n    return 'home'"
    loaded.run_cell(cell, cell_id="one").raise_error()
    assert isinstance(loaded.run_cell(cell, cell_id="one").error_in_exec, AssertionError)


def test_an_app_that_is_older_than_the_extension_is_followed_from_its_first_cell_on(
    shell: InteractiveShell,
) -> None:
    shell.run_cell("from flask_nb import Flask\napp = Flask('x')", cell_id="app").raise_error()
    shell.run_cell("%load_ext flask_nb", cell_id="load").raise_error()
    shell.run_cell("app.config['COLOUR'] = 'red'; app.extensions['x'] = 1", cell_id="one").raise_error()
    shell.run_cell("'nothing'", cell_id="one").raise_error()
    app = shell.user_ns["app"]
    assert ("COLOUR" in app.config, "x" in app.extensions) == (False, False)
    shell.run_cell("%unload_ext flask_nb").raise_error()
