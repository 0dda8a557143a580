"""Loading, loading again, and unloading without a trace."""

from __future__ import annotations

import sys
import threading
import warnings
from functools import partial

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flask_nb import alias
from flask_nb.live.workspace import current_run
from flask_nb.notebook.extension import get_host
from flask_nb.notebook.settings import FlaskNB
from flask_nb.web import serving

NAMES = {"route", "routes", "serve", "app", "get", "post", "put", "patch", "delete", "head", "options"}


def traces(shell: InteractiveShell) -> dict[str, object]:
    """Everything that the extension touches."""
    return {
        "magics": {kind: set(names) for kind, names in shell.magics_manager.magics.items()},
        "transforms": list(shell.input_transformers_cleanup),
        "ast": list(shell.ast_transformers),
        "checkers": list(shell.prefilter_manager.checkers),
        "events": {name: list(callbacks) for name, callbacks in shell.events.callbacks.items()},
        "settings": [one for one in shell.configurables if isinstance(one, FlaskNB)],
        "streams": (sys.stdout, sys.stderr),
        "warnings": warnings.showwarning,
        "finders": list(sys.meta_path),
        "runner": serving.runner,
        "owner": current_run.get(),
        "threads": settled_threads(),
    }


def settled_threads() -> set[threading.Thread]:
    """All threads, without the timers of an earlier test that were cancelled and are just ending."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(5)
    return set(threading.enumerate())


def test_unloading_leaves_no_trace(shell: InteractiveShell) -> None:
    before = traces(shell)
    shell.run_cell("%load_ext flask_nb").raise_error()
    shell.run_cell("%%route /\n'home'").raise_error()
    shell.run_cell("r = %get /\n%serve;").raise_error()
    assert traces(shell) != before
    shell.run_cell("%unload_ext flask_nb").raise_error()
    assert traces(shell) == before


def test_loading_twice_is_loading_once(loaded: InteractiveShell) -> None:
    before = traces(loaded)
    loaded.run_cell("%load_ext flask_nb").raise_error()
    sys.modules["flask_nb"].load_ipython_extension(loaded)
    assert traces(loaded) == before


def test_reloading_gives_a_new_host_and_keeps_the_app(loaded: InteractiveShell) -> None:
    loaded.run_cell("%%route /\n'home'").raise_error()
    old = get_host(loaded)
    loaded.run_cell("%reload_ext flask_nb").raise_error()
    assert get_host(loaded) is not old
    loaded.run_cell("assert (r := get_ipython().run_line_magic('get', '/')).text == 'home'").raise_error()


def test_the_magics_are_there(loaded: InteractiveShell) -> None:
    magics = loaded.magics_manager.magics
    assert set(magics["line"]) | set(magics["cell"]) >= NAMES
    assert "routes" not in magics["cell"]
    assert "route" not in magics["line"]


def test_a_name_that_is_taken_is_said_and_given_back(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.register_magic_function(lambda line: "theirs", "line", "app")  # type: ignore[arg-type]
    shell.run_cell("%load_ext flask_nb").raise_error()
    said = capsys.readouterr().out.splitlines()
    assert "flask_nb replaces %app, defined by others, until %unload_ext flask_nb" in said
    shell.run_cell("%unload_ext flask_nb").raise_error()
    assert shell.run_cell("%app").result == "theirs"


def test_the_cell_that_loads_owns_what_it_defines(shell: InteractiveShell) -> None:
    cell = (
        "%load_ext flask_nb\nfrom flask_nb import Flask\napp = Flask(__name__)\n"
        "@app.get('/')\ndef home():\n    return 'home'"
    )
    shell.run_cell(cell, cell_id="one").raise_error()
    host = get_host(shell)
    assert host is not None
    assert [row.owner for row in host.followed.engine().routes() if row.rule == "/"] == ["@app.get('/')"]
    shell.run_cell("%get /;\n@app.get('/')\ndef home():\n    return 'new'", cell_id="two").raise_error()
    shell.run_cell("r = %get /").raise_error()
    shell.run_cell("%unload_ext flask_nb").raise_error()
    assert shell.user_ns["r"].text == "new"


def test_what_fails_half_way_is_undone(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    before = traces(shell)
    monkeypatch.setenv("FLASK_NB_PORT", "many")
    shell.run_cell("%load_ext flask_nb")
    assert traces(shell) == before


def test_a_missing_flask_is_offered_and_the_offer_withdrawn(loaded: InteractiveShell) -> None:
    finders = [type(finder).__name__ for finder in sys.meta_path]
    assert finders[-1] == "OfferFinder"


def test_app_run_calls_the_notebooks_server_only_while_loaded(shell: InteractiveShell) -> None:
    before = serving.runner
    shell.run_cell("%load_ext flask_nb").raise_error()
    assert serving.runner is not before
    shell.run_cell("%unload_ext flask_nb").raise_error()
    assert serving.runner is before


def test_the_alias_is_set_on_loading_and_undone(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    for name in ("as_flask", "undo_as_flask"):
        monkeypatch.setattr(alias, name, partial(called.append, name))
    shell.config.FlaskNB.as_flask = True
    shell.run_cell("%load_ext flask_nb").raise_error()
    assert called == ["as_flask"]
    shell.run_cell("%unload_ext flask_nb").raise_error()
    assert called == ["as_flask", "undo_as_flask"]


def test_the_first_route_makes_an_app_in_the_notebooks_folder(
    loaded: InteractiveShell, tmp_path: object
) -> None:
    loaded.user_ns["__vsc_ipynb_file__"] = f"{tmp_path}/notebook.ipynb"
    loaded.run_cell("%%route /\n'home'").raise_error()
    app = loaded.user_ns["app"]
    assert type(app).__name__ == "Flask"
    assert (app.import_name, app.root_path) == ("__main__", str(tmp_path))
