"""``%app`` brings in an app that stands in a module or a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

MODULE = """
from {package} import Flask

def create_app(name="made"):
    app = Flask(name)
    app.get("/")(lambda: name)
    return app

{app}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a package of one app, from which nothing stays imported."""
    package = "flask" if engine == "flask" else "flask_nb"
    (tmp_path / "shops").mkdir()
    (tmp_path / "shops" / "__init__.py").write_text("")
    (tmp_path / "shops" / "web.py").write_text(MODULE.format(package=package, app="app = create_app('web')"))
    (tmp_path / "factory.py").write_text(MODULE.format(package=package, app=""))
    (tmp_path / "broken.py").write_text("import no_such_thing")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLASK_APP", "")  # so that it is as before afterwards
    monkeypatch.delenv("FLASK_APP")
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] in ("shops", "factory", "broken"):
            del sys.modules[name]


def text_of(shell: InteractiveShell, path: str) -> str:
    shell.run_cell(f"answer = %get {path}").raise_error()
    return str(shell.user_ns["answer"].text)


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("shops.web:app", "web"),
        ("shops/web.py", "web"),
        ("shops/web.py:app", "web"),
        ("shops.web:create_app", "made"),
        ("factory.py", "made"),
        ("\"factory:create_app('test')\"", "test"),
    ],
)
def test_what_flask_run_takes_is_an_app(loaded: InteractiveShell, target: str, answer: str) -> None:
    loaded.run_cell(f"%app {target}").raise_error()
    assert text_of(loaded, "/") == answer


def test_cells_go_on_where_the_module_ends(loaded: InteractiveShell) -> None:
    loaded.run_cell("%app shops.web:app").raise_error()
    loaded.run_cell("@app.get('/more')\ndef more(): return 'more'", cell_id="more").raise_error()
    loaded.run_cell("%%route /\n'mended'", cell_id="route").raise_error()
    assert [text_of(loaded, path) for path in ("/more", "/")] == ["more", "mended"]


def test_what_a_cell_puts_in_the_place_of_a_view_of_the_module_is_told(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded.run_cell("%app shops.web:app").raise_error()
    told = []
    for body in ("'mended'", "'mended again'"):
        loaded.run_cell(f"%%route /\n{body}", cell_id="route").raise_error()
        told.append("replaces GET / of the module 'shops.web'" in capsys.readouterr().out)
    assert told == [True, False]


def test_a_variable_that_holds_something_stays(loaded: InteractiveShell) -> None:
    loaded.run_cell("app = 5").raise_error()
    loaded.run_cell("%app shops.web:app").raise_error()
    assert loaded.user_ns["app"] == 5
    assert text_of(loaded, "/") == "web"


def test_without_an_app_the_configured_one_counts(loaded: InteractiveShell, folder: Path) -> None:
    (folder / ".flaskenv").write_text("FLASK_APP=shops.web:app")
    loaded.run_cell("%app").raise_error()
    assert text_of(loaded, "/") == "web"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("broken:app", "there is no app at broken:app: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("nowhere.py", "there is no app at nowhere.py: ModuleNotFoundError"),
        ("factory:create", "The module 'factory' has no 'create'."),
        ('"factory:create_app(1, 2)"', "does not accept these arguments"),
        ('"factory:create_app(x)"', "must be literals"),
    ],
)
def test_what_cannot_be_brought_in_says_why(loaded: InteractiveShell, target: str, says: str) -> None:
    assert says in str(loaded.run_cell(f"%app {target}").error_in_exec)
