"""A piece's text as it stands in the package: translated, indented, and without its secrets."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from flask_nb.cells import AppArguments, RoutesArguments
from flask_nb.cells.config import ConfigDefinition
from flask_nb.cells.view import streams
from flask_nb.cells.writing import (
    endpoint_of,
    function_name,
    quote,
    write_class_rule,
    write_decorator,
    write_function,
)
from flask_nb.errors import FlaskNbError, ProgramError

from .. import rules
from ..cell_names import dotted
from .configuring import ConfigWriter
from .imports import Translator
from .opened import read_by_name
from .pieces import Piece
from .secret_values import FoundSecret, find_secrets, read_call
from .slices import Edit, begin_of, end_of, indent

_EMPTY = {
    "List": "list[Any]",
    "Dict": "dict[Any, Any]",
    "set": "set[Any]",
    "list": "list[Any]",
    "dict": "dict[Any, Any]",
}
_FRAMEWORK_CLASSES = rules.BLUEPRINT_CLASSES | {"Flask"}


@dataclass
class Renderer:
    """Renders pieces.

    :param imports: translates imports.
    :param app_names: the names that are bound in ``create_app``.
    :param taken: every name that means something in the notebook.
    :param needed: the names that anything needs.
    :param renames: names that are written otherwise.
    :param config: writes the settings of a cell; called with the piece.
    :param finds: whether a file lies in the package.
    """

    imports: Translator
    app_names: Collection[str]
    taken: set[str]
    needed: Collection[str]
    config: Callable[[Piece], ConfigWriter]
    renames: dict[str, str] = field(default_factory=dict)
    finds: Callable[[str], bool] = lambda name: False

    def render(self, piece: Piece, *, in_app: bool) -> str:
        """Return the text of a piece, without indentation."""
        try:
            if isinstance(piece.definition, (ConfigDefinition, AppArguments, RoutesArguments)):
                return self._definition(piece)
            return self._source(piece, in_app)
        except ProgramError as exc:
            raise exc if str(exc).startswith("the cell") else piece.fail(str(exc)) from None
        except FlaskNbError as exc:
            raise ProgramError.in_cell(piece.cell.name, exc) from None

    def _renamed_function(self, piece: Piece) -> Iterator[Edit]:
        """Rename the notebook's own factory, where the package's has its name."""
        node = piece.node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in self.renames:
            line = node.lineno
            assert piece.source is not None
            column = piece.source.lines[line - 1].encode().index(node.name.encode(), node.col_offset)
            yield Edit((line, column), (line, column + len(node.name)), self.renames[node.name])

    def _definition(self, piece: Piece) -> str:
        writer = self.config(piece)
        definition = piece.definition
        if isinstance(definition, ConfigDefinition):
            lines = writer.write_config(definition)
        elif isinstance(definition, AppArguments):
            lines = writer.write_app(definition)
        else:
            raise piece.fail("%routes --drop is for notebooks. Delete the cell that defines the route")
        return "\n".join([*piece.comments, *lines] if lines else [])

    def _source(self, piece: Piece, in_app: bool) -> str:
        assert piece.source is not None
        piece.source.edits = [*self._edits(piece, in_app)]
        if piece.is_body:
            return "\n".join([*piece.comments, self._body(piece)])
        text = piece.source.render()
        if isinstance(piece.node, ast.Assign) and _wraps_wsgi(piece.node) and not piece.source.tail:
            text += "  # type: ignore[method-assign]"
        if isinstance(piece.node, ast.ClassDef) and piece.route is not None:
            endpoint = piece.route.endpoint or piece.node.name
            text += f"\n\n{write_class_rule(piece.route, piece.app, piece.node.name, endpoint)}"
        return text

    def _body(self, piece: Piece) -> str:
        route = piece.route
        assert route is not None
        endpoint = endpoint_of(route)
        name = function_name(endpoint, self.taken)
        self.taken.add(name)
        decorators = [write_decorator(route, piece.app, None if name == endpoint else endpoint)]

        def render(statements: list[ast.stmt], returned: ast.Expr | None) -> str:
            assert piece.source is not None
            if streams(ast.Module(statements, [])):
                decorators.append("@stream_with_context")
            if returned is not None:
                begin = begin_of(returned)
                piece.source.edits.append(Edit(begin, begin, "return "))
            return indent(piece.source.render())

        function = write_function(route, name, render)
        return "\n".join([*decorators, function])

    # --- edits ---

    def _edits(self, piece: Piece, in_app: bool) -> Iterator[Edit]:
        for secret in self.secrets_of(piece):
            yield Edit.of(secret.node, read_call(secret.variable))
        for node in piece.nodes():
            yield from self._edits_of_node(node, piece, in_app)
        for opened, name in read_by_name(piece.nodes()):
            if self.finds(name):
                path = f"Path(__file__).parent / {quote(name)}"
                yield Edit.of(opened, f"({path})" if isinstance(opened, ast.Call) else path)
        yield from piece.edits
        yield from self._renamed_function(piece)
        for decorator in piece.drops:
            yield self._without(decorator, piece)
        if isinstance(piece.node, (ast.FunctionDef, ast.AsyncFunctionDef)) and piece.route is not None:
            begin = begin_of(piece.node)
            decorated = bool(piece.node.decorator_list)
            is_named = piece.route.endpoint not in (None, piece.node.name)
            endpoint = endpoint_of(piece.route) if is_named or decorated else None
            yield Edit(begin, begin, write_decorator(piece.route, piece.app, endpoint) + "\n")
        if isinstance(piece.node, ast.Expr) and isinstance(piece.node.value, ast.Tuple):
            yield from _edits_of_row(piece.node, piece.node.value.elts)
        if isinstance(piece.node, (ast.Assign, ast.AnnAssign)):
            yield from self._edits_of_assignment(piece, piece.node, in_app)

    @staticmethod
    def secrets_of(piece: Piece) -> list[FoundSecret]:
        """Return the secrets of a piece's statements."""
        trees: list[ast.AST] = [piece.node] if piece.node is not None else []
        if piece.is_body:
            trees = [ast.Module([one for one in piece.nodes() if isinstance(one, ast.stmt)], [])]
        return [secret for tree in trees for secret in find_secrets(tree)]

    def _edits_of_node(self, node: ast.AST, piece: Piece, in_app: bool) -> Iterator[Edit]:
        if isinstance(node, (ast.Import, ast.ImportFrom)) and node is not piece.node:
            yield from self._nested_import(node, piece)
        elif isinstance(node, ast.Global) and in_app:
            outer = [name for name in node.names if name in self.app_names]
            others = [name for name in node.names if name not in outer]
            parts = [f"nonlocal {', '.join(outer)}"] if outer else []
            parts += [f"global {', '.join(others)}"] if others else []
            yield Edit.of(node, f"\n{' ' * node.col_offset}".join(parts))
        elif isinstance(node, ast.Name) and node.id in self.renames:
            yield Edit.of(node, self.renames[node.id])
        elif isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in _FRAMEWORK_CLASSES:
            yield from self._import_name(node)

    def _nested_import(self, node: ast.Import | ast.ImportFrom, piece: Piece) -> Iterator[Edit]:
        modules = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
        if all(self.imports.module(name) == name for name in modules if name):
            return
        found = list(self.imports.imports_of(node, piece.cell.name))
        if isinstance(node, ast.Import):  # what follows calls it by the name that it has there
            names = iter([alias.asname or alias.name.partition(".")[0] for alias in node.names])
            found = [
                one if one.only_loads or one.binds == (name := next(names)) else replace(one, asname=name)
                for one in found
            ]
        lines = map(str, found)
        yield Edit.of(node, f"\n{' ' * node.col_offset}".join(lines))

    @staticmethod
    def _import_name(call: ast.Call) -> Iterator[Edit]:
        """Let an app or a blueprint be that of the package, whose folder has its templates."""
        index = 0 if dotted(call.func).rpartition(".")[2] == "Flask" else 1
        given = call.args[index : index + 1]
        given += [one.value for one in call.keywords if one.arg == "import_name"]
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield Edit.of(value, "__name__")

    @staticmethod
    def _without(decorator: ast.expr, piece: Piece) -> Edit:
        node = piece.node
        assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        index = node.decorator_list.index(decorator)
        column = node.col_offset
        following = node.decorator_list[index + 1 :]
        below = following[0].lineno if following else node.lineno
        return Edit((decorator.lineno, column), (below, column), "")

    def _edits_of_assignment(
        self, piece: Piece, node: ast.Assign | ast.AnnAssign, in_app: bool
    ) -> Iterator[Edit]:
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if not isinstance(target, ast.Name) or node.value is None:
            return
        if in_app and target.id not in self.needed and isinstance(node.value, ast.Call):
            yield Edit(begin_of(node), begin_of(node.value), "")
            return
        if annotation := _annotation(node.value):
            yield Edit(end_of(target), end_of(target), f": {annotation}")


def _wraps_wsgi(node: ast.Assign) -> bool:
    """Whether an app is wrapped in the customary way, in which type checkers see a mistake."""
    return any(isinstance(target, ast.Attribute) and target.attr == "wsgi_app" for target in node.targets)


def _edits_of_row(node: ast.Expr, calls: list[ast.expr]) -> Iterator[Edit]:
    """Write calls that stand in a row, whose values nobody needs, as statements."""
    if not calls or not all(isinstance(call, ast.Call) for call in calls):
        return
    yield Edit(begin_of(node), begin_of(calls[0]), "")
    for before, after in pairwise(calls):
        yield Edit(end_of(before), begin_of(after), "\n")
    yield Edit(end_of(calls[-1]), end_of(node), "")


def _annotation(value: ast.expr) -> str:
    """Return the type of an empty container, which type checkers ask for."""
    kind = type(value).__name__
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return _EMPTY.get(value.func.id, "") if not value.args and not value.keywords else ""
    is_empty = not getattr(value, "elts", None) and not getattr(value, "keys", None)
    return _EMPTY.get(kind, "") if is_empty else ""
