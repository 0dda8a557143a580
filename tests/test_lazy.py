"""Packages that look their names up when they are first used."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "flask_nb"
OFFERING = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py") if "offer(" in path.read_text())


def table_of(package: str) -> dict[str, set[str]]:
    """The names that a package offers, by module."""
    tree = ast.parse((PACKAGE / package / "__init__.py").read_text())
    (offer,) = (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "offer"
    )
    return {module: set(names.split()) for module, names in ast.literal_eval(offer.args[1]).items()}


def seen_by_type_checkers(package: str) -> dict[str, set[str]]:
    tree = ast.parse((PACKAGE / package / "__init__.py").read_text())
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    return {str(node.module): {alias.name for alias in node.names} for node in imports}


@pytest.mark.parametrize("package", OFFERING)
def test_type_checkers_see_the_names_that_are_offered(package: str) -> None:
    offered, seen = table_of(package), seen_by_type_checkers(package)
    assert {module: seen.get(module) for module in offered} == offered


@pytest.mark.parametrize("package", OFFERING)
def test_each_name_is_there_and_none_is_a_module_of_the_package(package: str) -> None:
    names = set().union(*table_of(package).values())
    module = importlib.import_module(f"flask_nb.{package}")
    assert [name for name in names if not hasattr(module, name)] == []
    assert names & {path.stem for path in (PACKAGE / package).glob("*.py")} == set()


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'flask_nb\.cells' has no attribute 'parse_rout'"):
        importlib.import_module("flask_nb.cells").parse_rout  # noqa: B018


def test_only_the_module_of_a_name_is_imported() -> None:
    code = "import sys; from flask_nb.cells import cell_name; print('flask_nb.cells.checks' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
