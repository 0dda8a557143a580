"""Modules that cells import, while they are edited: autoreload, ``%run``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

SHOP = """
from flask_nb import Flask

app = Flask("shop")

@app.get("/")
def home():
    return "{answer}"

@app.get("/{extra}")
def extra():
    return "extra"
"""


@pytest.fixture
def folder(kernel: Kernel) -> Path:
    return Path(kernel.value("__import__('os').getcwd()").strip("'"))


def write(path: Path, source: str, age: int) -> None:
    """Write a module that is *age* seconds old: a reloader goes by the time."""
    path.write_text(source)
    os.utime(path, (path.stat().st_mtime - age,) * 2)


@pytest.mark.parametrize("order", [("autoreload", "flask_nb"), ("flask_nb", "autoreload")])
def test_a_module_that_autoreload_reloads_answers_anew(
    kernel: Kernel, folder: Path, order: tuple[str, str]
) -> None:
    kernel.run("%unload_ext flask_nb")
    name = f"shop_after_{order[0]}"
    write(folder / f"{name}.py", SHOP.format(answer="one", extra="old"), age=9)
    for extension in order:
        kernel.run(f"%reload_ext {extension}", extension)
    kernel.run("%autoreload 2", "autoreload")
    kernel.run(f"from {name} import app", "import")
    assert "one" in kernel.run("%get /", "get").text
    write(folder / f"{name}.py", SHOP.format(answer="two", extra="new"), age=5)
    for _ in range(3):
        ran = kernel.run("%get /", "get")
        assert ("two" in ran.text, ran.stdout) == (True, "")
    assert "extra" in kernel.run("%get /new", "new").text
    assert "404" in kernel.run("%get /old", "old").text
    kernel.run("%autoreload 0", "autoreload")


def test_a_script_that_runs_again_replaces_what_it_made(kernel: Kernel, folder: Path) -> None:
    for answer in ("one", "two"):
        write(folder / "script_of_test.py", SHOP.format(answer=answer, extra=answer), age=0)
        assert kernel.run("%run script_of_test.py", "run").stdout == ""
        assert answer in kernel.run("%get /", "get").text
    assert "404" in kernel.run("%get /one", "one").text


PACKAGE = """
from {framework} import Flask

def create_app():
    from . import pages

    app = Flask(__name__)
    app.register_blueprint(pages.bp)
    return app
"""

PAGES = """
from {framework} import Blueprint

bp = Blueprint("pages", __name__)

@bp.before_request
def hook():
    print("hook of {answer}")

@bp.get("/")
def home():
    return "{answer}"
"""


@pytest.fixture
def package(kernel: Kernel, folder: Path, engine: str, request: pytest.FixtureRequest) -> Path:
    """The module of a package's blueprint; the package has a factory, and is the app."""
    framework = "flask" if engine == "flask" else "flask_nb"
    name = re.sub(r"\W", "_", request.node.name)
    (folder / name).mkdir()
    write(folder / name / "__init__.py", PACKAGE.format(framework=framework), age=9)
    pages = folder / name / "pages.py"
    write(pages, PAGES.format(framework=framework, answer="one"), age=9)
    kernel.run("%reload_ext flask_nb\nglobals().pop('app', None)", "reload")
    assert kernel.run(f"%app {name}:create_app", "app").error is None
    return pages


def edit(module: Path) -> None:
    write(module, module.read_text().replace("one", "two"), age=5)


@pytest.mark.parametrize("together", [True, False])
def test_a_blueprint_whose_module_is_reloaded_answers_anew(
    kernel: Kernel, package: Path, together: bool
) -> None:
    assert "one" in kernel.run("%get /", "get").text
    edit(package)
    reload = f"import importlib, {package.parent.name}.pages as pages; importlib.reload(pages)"
    shown = kernel.run(f"{reload}\n%get /", "reload").text if together else kernel.run(reload).text
    shown += kernel.run("%get /", "get").text
    assert "two" in shown
    assert "one" not in shown


def test_an_edited_module_takes_its_view_back_from_a_cell(kernel: Kernel, package: Path) -> None:
    kernel.run("%%route / --endpoint pages.home\n'mended'", "mend")
    assert "mended" in kernel.run("%get /", "get").text
    edit(package)
    ran = kernel.run(f"import importlib, {package.parent.name}.pages as pages; importlib.reload(pages);", "r")
    assert ran.stdout == "replaces GET / of the cell '%%route / --endpoint pages.home'\n"
    assert f"pages.home  module {package.parent.name}.pages" in kernel.run("%routes").text
    assert "two" in kernel.run("%get /", "get").text


def test_a_factory_makes_an_app_of_a_module_that_autoreload_has_changed(
    kernel: Kernel, package: Path
) -> None:
    name = package.parent.name
    kernel.run(f"%load_ext autoreload\n%autoreload 2\nimport {name}.pages", "autoreload")
    edit(package)
    assert "two" in kernel.run("%get /", "get").text
    assert kernel.run(f"app = {name}.create_app()", "anew").error is None
    assert "two" in kernel.run("%get /", "get").text
    kernel.run("%autoreload 0", "autoreload")


def test_the_variable_follows_what_app_brings_in_again(kernel: Kernel, package: Path) -> None:
    kernel.run("first = app")
    kernel.run(f"%app {package.parent.name}:create_app", "again")
    assert kernel.value("app is first") == "False"
    kernel.run("@app.get('/more')\ndef more(): return 'more'", "more")
    assert "more" in kernel.run("%get /more").text
