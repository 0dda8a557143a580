"""The table of layers in ARCHITECTURE.md, held against what the modules import."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from spare import SPARE

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "flask_nb"
FREE = {"__init__", "__main__"}
"""Modules that are no layer: the table of contents, and what starts the command."""

ROW = re.compile(r"^\| (?P<layers>`[^|]+) \|[^|]*\| (?P<imports>[^|]+) \| (?P<never>[^|]+) \|$", re.MULTILINE)


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text))


def read_table() -> dict[str, set[str]]:
    """Each layer → the words in its column of what it imports."""
    chapter = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## How a cell")[0]
    return {layer: words(row["imports"]) for row in ROW.finditer(chapter) for layer in words(row["layers"])}


def layer_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def modules_of(layer: str) -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if layer_of(path) == layer]


def is_module(*names: str) -> bool:
    path = PACKAGE.joinpath(*names)
    return path.is_dir() or path.with_suffix(".py").is_file()


@cache
def imported_modules(path: Path) -> list[tuple[str, ...]]:
    """The dotted names that a module imports, in functions and under TYPE_CHECKING too."""
    return [*read_imports(path)]


def read_imports(path: Path) -> Iterator[tuple[str, ...]]:
    package = ("flask_nb", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            for alias in node.names:
                yield (
                    (*base, *(node.module or "").split("."), alias.name)
                    if node.module
                    else (*base, alias.name)
                )


def imported_layers(path: Path) -> set[str]:
    """What a module imports: libraries by their top name, ours by layer."""
    found = set()
    for name in imported_modules(path):
        if name[0] != "flask_nb":
            found.add(name[0])
        elif len(name) > 1 and is_module(name[1]):
            found.add(name[1])
    return found - sys.stdlib_module_names - {"_typeshed", layer_of(path)}


TABLE = read_table()


def test_every_layer_is_in_the_table() -> None:
    layers = {layer_of(path) for path in PACKAGE.rglob("*.py")}
    assert layers - FREE == set(TABLE)


@pytest.mark.parametrize("layer", sorted(set(TABLE) - {"cli"}))
def test_a_layer_imports_only_what_the_table_says(layer: str) -> None:
    beyond = {str(path.relative_to(ROOT)): imported_layers(path) - TABLE[layer] for path in modules_of(layer)}
    assert {path: names for path, names in beyond.items() if names} == {}


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("engines/protocol.py", {"errors", "web", "werkzeug"}),
        ("engines/__init__.py", {"web"}),
        ("gate/gate.py", {"server", "waitress"}),
    ],
)
def test_what_belongs_to_a_neighbour_only_is_not_imported(module: str, names: set[str]) -> None:
    assert imported_layers(PACKAGE / module) & names == set()


def test_what_sends_does_not_know_how_it_looks() -> None:
    assert "panel" not in set().union(*map(imported_layers, modules_of("exchange")))
    shown = {"html", "IPython"}
    names = {name[0] for path in modules_of("exchange") for name in imported_modules(path)}
    assert names & shown == set()


@pytest.mark.parametrize("layer", ["exchange", "live", "panel"])
def test_no_two_modules_of_a_layer_import_each_other(layer: str) -> None:
    graph = {
        path.stem: {
            name[2] for name in imported_modules(path) if name[:2] == ("flask_nb", layer) and name[2:]
        }
        for path in modules_of(layer)
    }
    assert list(TopologicalSorter(graph).static_order())


def test_what_cells_know_of_engines_is_the_protocol_and_for_type_checkers_only() -> None:
    names = {name[:3] for path in modules_of("cells") for name in imported_modules(path) if "engines" in name}
    assert names == {("flask_nb", "engines", "protocol")}
    code = (
        "import sys; from flask_nb.cells import *;"
        "print(*[name for name in sys.modules if name.startswith('flask_nb.')])"
    )
    loaded = SPARE.run(code).stdout
    assert {name.split(".")[1] for name in loaded.split()} == {"cells", "errors", "jsonpath", "lazy"}


def test_no_two_layers_import_each_other() -> None:
    graph = {
        layer: set().union(*(imported_layers(path) for path in modules_of(layer))) & set(TABLE)
        for layer in TABLE
    }
    assert list(TopologicalSorter(graph).static_order())
