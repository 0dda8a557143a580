"""The files that a program reads by a name alone, which is one of the folder that it is started in."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

_READING = frozenset({"r", "rt", "tr", "rb", "br"})
_READS = frozenset({"read_text", "read_bytes"})


def read_by_name(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.expr, str]]:
    """Yield the names in ``open("schema.sql")`` and ``Path("schema.sql").read_text()``.

    Each comes with the expression that says it: the text alone, or the path that is made of it.
    """
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "open" and _only_reads(node):
            if name := _first_text(node):
                yield node.args[0], name
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _READS:
            path = node.func.value
            is_path = (
                isinstance(path, ast.Call) and isinstance(path.func, ast.Name) and path.func.id == "Path"
            )
            if is_path and len(path.args) == 1 and (name := _first_text(path)):  # type: ignore[attr-defined, arg-type]
                yield path, name


def _first_text(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _only_reads(call: ast.Call) -> bool:
    given = [*call.args[1:2], *(one.value for one in call.keywords if one.arg == "mode")]
    return all(isinstance(mode, ast.Constant) and mode.value in _READING for mode in given)
