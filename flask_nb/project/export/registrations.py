"""What a piece registers on apps and blueprints, as far as its source tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from flask_nb.cells.view import ViewSource, form_of
from flask_nb.cells.writing import endpoint_of

from .. import rules
from ..cell_names import dotted
from .pieces import Piece

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


@dataclass(frozen=True)
class Registration:
    """What a decorator, a statement or a route cell registers.

    :param owner: the variable of the app or blueprint.
    :param kind: ``route``, or the method that is called.
    :param name: the endpoint; the hook's function; the error; the blueprint.
    :param rule: of a route.
    :param methods: of a route.
    :param node: the decorator or the call; None for a route cell.
    :param is_derived: the endpoint follows from the rule.
    """

    owner: str
    kind: str
    name: str
    rule: str = ""
    methods: frozenset[str] = frozenset()
    node: ast.expr | None = None
    is_derived: bool = False


def registrations(piece: Piece) -> Iterator[Registration]:
    """Yield what a piece registers."""
    node = piece.node
    if piece.route is not None:
        tree = ViewSource(piece.route.body, piece.route.body_line).parse()
        methods = frozenset(piece.route.methods or ("GET",))
        is_derived = form_of(tree) == "body" and piece.route.endpoint is None
        endpoint = endpoint_of(piece.route)
        yield Registration(piece.app, "route", endpoint, piece.route.rule, methods, None, is_derived)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        for decorator in node.decorator_list:
            yield from _of_decorator(decorator, node.name)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from _of_call(node.value)


def find_prefixes(pieces: list[Piece], blueprints: dict[str, Piece]) -> Iterator[tuple[str, str | None]]:
    """Yield blueprints and what stands before their rules; None where only running it tells."""
    calls = [one.node.value for one in pieces if isinstance(one.node, ast.Expr)]
    for name, piece in blueprints.items():
        made = piece.node.value if isinstance(piece.node, (ast.Assign, ast.AnnAssign)) else None
        registered = [
            call
            for call in calls
            if isinstance(call, ast.Call)
            and dotted(call.func).endswith(".register_blueprint")
            and call.args
            and ast.unparse(call.args[0]) == name
        ]
        given = [_keywords(call).get("url_prefix") for call in registered]
        own = _keywords(made).get("url_prefix") if isinstance(made, ast.Call) else None
        prefix = next(filter(None, given), own)
        is_known = len(registered) == 1 and (prefix is None or isinstance(prefix, ast.Constant))
        yield name, _text(prefix) if is_known else None


def _of_decorator(decorator: ast.expr, function: str) -> Iterator[Registration]:
    call = decorator if isinstance(decorator, ast.Call) else None
    named = call.func if call else decorator
    if not isinstance(named, ast.Attribute) or named.attr not in rules.REGISTERING:
        return
    owner, kind, given = dotted(named.value), named.attr, _keywords(call)
    first = call.args[0] if call and call.args else given.get("rule")
    if kind == "route" or kind in _METHODS:
        endpoint = _text(given.get("endpoint")) or function
        methods = frozenset({kind.upper()}) if kind != "route" else _methods(given.get("methods"))
        yield Registration(owner, "route", endpoint, _text(first), methods, decorator)
    elif kind in ("errorhandler", "app_errorhandler"):
        yield Registration(owner, kind, ast.unparse(first) if first else "", node=decorator)
    else:
        name = _text(first) or _text(given.get("name")) or function
        yield Registration(owner, kind, name, node=decorator)


def _of_call(call: ast.Call) -> Iterator[Registration]:
    if not isinstance(call.func, ast.Attribute) or not call.args:
        return
    owner, kind, given = dotted(call.func.value), call.func.attr, _keywords(call)
    first = ast.unparse(call.args[0])
    if kind == "register_blueprint":
        yield Registration(owner, kind, f"{first} {_text(given.get('name'))}", node=call)
    elif kind == "register_error_handler":
        yield Registration(owner, "errorhandler", first, node=call)
    elif kind == "add_url_rule":
        view = call.args[2] if len(call.args) > 2 else given.get("view_func")
        endpoint = call.args[1] if len(call.args) > 1 else given.get("endpoint")
        name = _text(endpoint) or _view_name(view)
        if name:
            methods = _methods(given.get("methods"))
            yield Registration(owner, "route", name, _text(call.args[0]), methods, call)
    elif kind in rules.REGISTERING and kind not in _METHODS and isinstance(call.args[0], ast.Name):
        yield Registration(owner, kind, first, node=call)


def _view_name(view: ast.expr | None) -> str:
    """Return the endpoint that a view gives: its function's name, or what ``as_view`` is called with."""
    if isinstance(view, ast.Call) and view.args and isinstance(view.func, ast.Attribute):
        return _text(view.args[0])
    return view.id if isinstance(view, ast.Name) else ""


def _keywords(call: ast.Call | None) -> dict[str, ast.expr]:
    return {one.arg: one.value for one in call.keywords if one.arg} if call else {}


def _methods(node: ast.expr | None) -> frozenset[str]:
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return frozenset(_text(one).upper() for one in node.elts)
    return frozenset({"GET"} if node is None else {"?"})


def _text(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""
