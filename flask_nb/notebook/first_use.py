"""A cell that sets up ``app`` before anything has made one: the app is made for it, as for a route."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import Any

_ASKING = frozenset(
    {"run", "test_client", "test_cli_runner", "test_request_context", "url_map", "view_functions", "wsgi_app"}
)
"""What is asked of an app that is there already: an empty one would only hide that a cell has not run."""

# Their bodies do not run when the cell does.
_Later = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class AppOnFirstUse(ast.NodeTransformer):
    """Make the app before a cell runs that would fail for want of it. The cell stays as it is.

    :param name: returns the variable that is to hold the app.
    :param is_bound: tells whether a variable is bound.
    :param make: makes the app and binds it.
    """

    def __init__(
        self, name: Callable[[], str], is_bound: Callable[[str], bool], make: Callable[[], object]
    ) -> None:
        self._name = name
        self._is_bound = is_bound
        self._make = make

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Look at a cell's statements."""
        name = self._name()
        if not self._is_bound(name) and not hasattr(builtins, name) and sets_up(node, name):
            self._make()
            print(f"made {name} = Flask(__name__), since no cell had made one")
        return node


def sets_up(module: ast.Module, name: str) -> bool:
    """Say whether a cell uses an attribute of a variable that it does not bind itself."""
    is_used = any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and node.attr not in _ASKING
        for node in _run_at_once(module)
    )
    return is_used and all({name, "*"}.isdisjoint(_bound_by(node)) for node in ast.walk(module))


def _bound_by(node: ast.AST) -> set[str]:
    """What names a node binds; a star is any."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return {name}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(alias.asname or alias.name).partition(".")[0] for alias in names}
    return set()


def _run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is evaluated when the cell runs: of functions the decorators and defaults."""
    yield node
    children: list[Any] = list(ast.iter_child_nodes(node))
    if isinstance(node, _Later):
        children = [*getattr(node, "decorator_list", ()), node.args]
    for child in children:
        yield from _run_at_once(child)
