"""What ``import flask_nb`` loads and offers."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import flask
import pytest

import flask_nb

HEAVY = {"IPython", "click", "nbformat", "waitress"}


def loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def names_of(module: ModuleType) -> list[str]:
    """What a package exports: its public names, without modules other than ``json``."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and (name == "json" or not isinstance(value, ModuleType))
    ]


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after("import flask_nb") & (HEAVY | {"werkzeug", "jinja2"}) == set()


@pytest.mark.parametrize("statement", ["from flask_nb import Flask", "import flask_nb.web"])
def test_an_app_loads_nothing_of_the_notebook(statement: str) -> None:
    assert (
        loaded_after(statement) & {*("IPython", "nbformat", "nbclient", "waitress", "traitlets", "asyncio")}
        == set()
    )


def test_all_is_sorted_and_each_name_is_there() -> None:
    assert flask_nb.__all__ == sorted(set(flask_nb.__all__))
    assert [name for name in flask_nb.__all__ if not hasattr(flask_nb, name)] == []
    assert set(flask_nb.__all__) <= set(dir(flask_nb))


def test_all_has_what_the_web_package_exports() -> None:
    web = importlib.import_module("flask_nb.web")
    public = {name for name in names_of(web) if name not in ("INTERFACE_VERSION", "annotations")}
    assert public - set(flask_nb.__all__) == set()


@pytest.mark.parametrize("package", ["flask_nb", "flask_nb.web"])
def test_every_name_that_flask_exports_can_be_imported(package: str) -> None:
    module = importlib.import_module(package)
    exported = [name for name in names_of(flask) if name != "annotations"]
    assert len(exported) > 30
    assert [name for name in exported if not hasattr(module, name)] == []


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'flask_nb' has no attribute 'Flsk'"):
        getattr(flask_nb, "Flsk")  # noqa: B009
