"""A cell that fails leaves what was serving, and a cell that is running leaves it until its end."""

from __future__ import annotations

import threading
from collections import Counter
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from IPython.core.interactiveshell import InteractiveShell

APP = """from flask_nb import Flask
app = Flask(__name__)
@app.get("/a")
def a(): return "{0}"
{1}
@app.get("/b")
def b(): return "{0}"
{2}"""


def browser(shell: InteractiveShell, path: str) -> str:
    """What somebody gets who is not the notebook."""
    url = shell.run_line_magic("serve", "status").link
    try:
        with urlopen(url + path) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        error.close()
        return str(error.code)


def ask(shell: InteractiveShell, path: str) -> str:
    """What a cell gets."""
    shell.run_cell(f"r = %get /{path}", cell_id="asks").raise_error()
    response = shell.user_ns["r"]
    return str(response.text if response.status_code == 200 else response.status_code)


def run(
    shell: InteractiveShell, version: str, middle: str = "", end: str = "", cell_id: str = "app"
) -> object:
    return shell.run_cell(APP.format(version, middle, end), cell_id=cell_id).error_in_exec


@pytest.fixture
def served(loaded: InteractiveShell) -> InteractiveShell:
    """A shell whose app is served, with a route of another cell."""
    run(loaded, "old")
    loaded.run_cell("@app.get('/other')\ndef other(): return 'other'", cell_id="other").raise_error()
    loaded.run_cell("%serve;").raise_error()
    loaded.user_ns["browser"] = lambda path: browser(loaded, path)
    return loaded


LOOK = "seen = browser('a')\nr = %get /a\nhalf = %get /b"


def test_while_the_apps_cell_runs_others_have_the_last_whole_one(served: InteractiveShell) -> None:
    assert run(served, "new", middle=LOOK) is None
    assert served.user_ns["seen"] == "old"
    assert (served.user_ns["r"].text, served.user_ns["half"].status_code) == ("new", 404)
    assert [browser(served, path) for path in ("a", "b", "other")] == ["new", "new", "other"]


@pytest.mark.parametrize("middle", ["", LOOK])
def test_a_cell_that_fails_leaves_the_app_that_served(
    served: InteractiveShell, middle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert isinstance(run(served, "new", middle=f"{middle}\n1/0"), ZeroDivisionError)
    assert capsys.readouterr().out.splitlines()[-1] == (
        "app stays as before this cell failed, and what was served goes on being served, "
        "until the cell runs without an error"
    )
    assert [browser(served, path) for path in ("a", "b", "other")] == ["old", "old", "other"]
    assert [ask(served, path) for path in ("a", "b", "other")] == ["old", "old", "other"]


def test_the_mended_cell_has_what_was_defined_meanwhile(
    served: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(served, "new", middle="1/0")
    served.run_cell("@app.get('/between')\ndef between(): return 'between'", cell_id="between").raise_error()
    served.run_cell("%%route /magic\n'magic';", cell_id="magic").raise_error()
    assert [ask(served, path) for path in ("between", "magic")] == ["between", "magic"]
    capsys.readouterr()
    assert run(served, "mended") is None
    assert capsys.readouterr().out == "the new app has taken over 3 registrations of other cells\n"
    paths = ("a", "b", "other", "between", "magic")
    assert [ask(served, path) for path in paths] == ["mended", "mended", *paths[2:]]
    assert [browser(served, path) for path in paths] == ["mended", "mended", *paths[2:]]


def test_a_cell_that_fails_again_and_again_leaves_the_last_whole_app(served: InteractiveShell) -> None:
    for version in ("one", "two", "three"):
        run(served, version, middle=f"{LOOK}\n1/0")
    assert (browser(served, "a"), ask(served, "b")) == ("old", "old")
    run(served, "mended")
    run(served, "broken", end="1/0")
    assert (browser(served, "a"), ask(served, "b"), ask(served, "other")) == ("mended", "mended", "other")


def test_routes_that_a_mended_cell_no_longer_has_are_gone(served: InteractiveShell) -> None:
    run(served, "new", middle="1/0")
    served.run_cell("from flask_nb import Flask\napp = Flask(__name__)", cell_id="app").raise_error()
    assert (ask(served, "a"), browser(served, "a"), ask(served, "other")) == ("404", "404", "other")


def test_another_cell_that_makes_an_app_and_fails_leaves_it_too(served: InteractiveShell) -> None:
    run(served, "new", middle=f"{LOOK}\n1/0", cell_id="second")
    assert (browser(served, "a"), ask(served, "b")) == ("old", "old")
    run(served, "new", cell_id="second")
    assert (browser(served, "a"), ask(served, "b"), ask(served, "other")) == ("new", "new", "404")


def test_a_variable_that_gets_another_app_keeps_the_old_one_when_its_cell_fails(
    served: InteractiveShell,
) -> None:
    served.run_cell("admin = Flask('admin')\n@admin.get('/a')\ndef a(): return 'admin'", cell_id="admin")
    served.run_cell("app = admin\nr = %get /a\n1/0")
    assert served.user_ns["r"].text == "admin"
    assert (browser(served, "a"), ask(served, "a")) == ("old", "old")


def test_an_app_that_was_never_whole_is_not_what_a_failure_goes_back_to(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, "one", middle="1/0")
    loaded.run_cell("%serve;").raise_error()
    run(loaded, "two", end="1/0")
    assert "stays" not in capsys.readouterr().out
    assert [ask(loaded, path) for path in ("a", "b")] == ["two", "two"]
    assert [browser(loaded, path) for path in ("a", "b")] == ["two", "two"]
    run(loaded, "three")
    assert (browser(loaded, "b"), ask(loaded, "b")) == ("three", "three")


def test_an_app_that_the_cell_has_run_is_served_at_once_and_stays(served: InteractiveShell) -> None:
    run(served, "new", middle="app.run(port=0)\nseen = browser('a')", end="raise KeyboardInterrupt")
    assert served.user_ns["seen"] == "new"
    assert [browser(served, path) for path in ("a", "b", "other")] == ["new", "new", "other"]
    assert [ask(served, path) for path in ("a", "b", "other")] == ["new", "new", "other"]


def test_an_app_under_another_name_stays_as_well(served: InteractiveShell) -> None:
    cell = "api = Flask('api')\n@api.get('/api')\ndef view(): return 'api'\n"
    served.run_cell(cell, cell_id="api").raise_error()
    served.run_cell("@api.get('/more')\ndef more(): return 'more'", cell_id="more").raise_error()
    served.run_cell(cell + "1/0", cell_id="api")
    client = served.user_ns["api"].test_client()
    assert [client.get(path).text for path in ("/api", "/more")] == ["api", "more"]
    served.run_cell(cell, cell_id="api").raise_error()
    assert served.user_ns["api"].test_client().get("/more").text == "more"


BLUEPRINT = "bp = Blueprint('bp', __name__)\n@bp.get('/bp')\ndef inner(): return '{0}'\n"


def test_blueprints_reach_the_app_that_stays(served: InteractiveShell) -> None:
    served.run_cell("from flask_nb import Blueprint\n" + BLUEPRINT.format("bp"), cell_id="bp").raise_error()
    served.run_cell("app.register_blueprint(bp)", cell_id="registers").raise_error()
    run(served, "new", middle="1/0")
    served.run_cell("@bp.get('/late')\ndef late(): return 'late'", cell_id="late").raise_error()
    assert [browser(served, path) for path in ("bp", "late")] == ["bp", "late"]
    run(served, "mended")
    assert [browser(served, path) for path in ("a", "bp", "late")] == ["mended", "bp", "late"]


def test_app_and_blueprint_of_one_cell_stay_together(served: InteractiveShell) -> None:
    served.run_cell("from flask_nb import Blueprint, Flask", cell_id="import").raise_error()
    cell = f"{APP}\n{BLUEPRINT}"
    served.run_cell(cell.format("old", "", ""), cell_id="app").raise_error()
    served.run_cell("app.register_blueprint(bp)", cell_id="registers").raise_error()
    served.run_cell(f"{cell.format('new', '', '')}\n1/0", cell_id="app")
    served.run_cell("@bp.get('/late')\ndef late(): return 'late'", cell_id="late").raise_error()
    assert [browser(served, path) for path in ("a", "bp", "late")] == ["old", "old", "late"]
    served.run_cell(cell.format("mended", "", ""), cell_id="app").raise_error()
    assert [browser(served, path) for path in ("a", "bp", "late")] == ["mended", "mended", "late"]


def test_the_app_of_the_first_route_stays_when_an_own_one_fails(loaded: InteractiveShell) -> None:
    loaded.run_cell("%%route /early\n'early';", cell_id="early").raise_error()
    loaded.run_cell("%serve;").raise_error()
    run(loaded, "new", middle="r = %get /early\n1/0")
    assert loaded.user_ns["r"].text == "early"
    assert (browser(loaded, "early"), browser(loaded, "a"), ask(loaded, "early")) == ("early", "404", "early")
    run(loaded, "mended")
    assert [browser(loaded, path) for path in ("early", "a")] == ["early", "mended"]


def test_without_cell_ids_it_is_the_same(loaded: InteractiveShell) -> None:
    loaded.run_cell(APP.format("old", "", "")).raise_error()
    loaded.run_cell("%serve;").raise_error()
    loaded.run_cell(APP.format("new", "1/0", ""))
    assert (browser(loaded, "a"), ask(loaded, "b")) == ("old", "old")


def test_a_cell_within_a_cell_does_not_publish_what_the_outer_one_has_begun(
    served: InteractiveShell,
) -> None:
    inner = "get_ipython().run_cell('x = 1')\nseen = browser('a')"
    assert run(served, "new", middle=inner) is None
    assert (served.user_ns["seen"], browser(served, "a")) == ("old", "new")


def test_under_load_nobody_sees_half_an_app(served: InteractiveShell) -> None:
    seen: Counter[str] = Counter()
    stop = threading.Event()

    def load() -> None:
        url = served.run_line_magic("serve", "status").link
        while not stop.is_set():
            for path in ("a", "b", "other"):
                try:
                    with urlopen(url + path) as answer:
                        seen[answer.read().decode()] += 1
                except HTTPError as error:
                    error.close()
                    seen[f"{error.code} {path}"] += 1

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for version in range(8):
        end = "1/0" if version % 2 else ""
        run(served, f"version{version}", middle="import time\ntime.sleep(.05)", end=end)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(seen) <= {"old", "other", *(f"version{even}" for even in range(0, 8, 2))}
    assert seen["other"] > 0
